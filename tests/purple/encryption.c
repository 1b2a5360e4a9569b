/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "bob-keys.h"
#include "scenario.h"

#include <string.h>
#include <time.h>

/* What the user sends into encrypted rooms: nothing leaves in the clear, whatever happens. */

#define SECRET "a secret"
#define MEGOLM "{'algorithm':'m.megolm.v1.aes-sha2'}"

static void push_encryption(Scenario *s, const char *room_id)
{
    push_event(s, room_id, event_state("m.room.encryption", "", BOB, MEGOLM));
}

static void forget_all(Scenario *s)
{
    FakeRequest *request;

    forget_events(s);
    while ((request = g_queue_pop_head(fake_server_requests(s->server))) != NULL)
        fake_request_free(request);
}

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    push_encryption(s, ROOM);
    EXPECT_EVENT(s, "line", "~text", "switched on encryption");
    settle(s);
    forget_events(s);
}

static char *member(const FakeRequest *request, const char *name)
{
    g_autoptr(JsonObject) body = fake_request_json(request);

    return g_strdup(json_object_get_string_member_with_default(body, name, ""));
}

/* The next PUT into the room is ciphertext. Gives its body. */
static char *expect_ciphertext(Scenario *s)
{
    FakeRequest *request = EXPECT_REQUEST(s, "send");
    g_autofree char *algorithm = member(request, "algorithm");

    EXPECT_TEXT(s, request->args[1], "m.room.encrypted");
    EXPECT_TEXT(s, algorithm, "m.megolm.v1.aes-sha2");
    CHECK(s, strstr(request->body, SECRET) == NULL);
    CHECK(s, strstr(request->body, "msgtype") == NULL);
    return g_strdup(request->body);
}

static void command(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    host_command(host_find_conversation(s->account, ROOM), text, &error);
}

static void say(Scenario *s)
{
    CHECK(s, host_send_chat(s->account, ROOM, SECRET));
    EXPECT_EVENT(s, "line", "~flags", "SEND", "text", SECRET);
}

static void sent(Scenario *s)
{
    g_autofree char *first = NULL, *second = NULL;

    start(s);
    say(s);
    first = expect_ciphertext(s);
    EXPECT_EVENT(s, "line", "~text", "Set up recovery"); /* U2, once */
    say(s);
    second = expect_ciphertext(s);
    CHECK(s, !g_str_equal(first, second));
    settle(s);
    EXPECT_NOTHING(s, 200);
}

/* V5: the answer was lost; the same bytes go again, with the same transaction ID. */
static void lost_answer(Scenario *s)
{
    g_autofree char *first = NULL, *second = NULL;
    FakeAnswer lost = {.status = 503, .body = "", .how = FAKE_CLOSE};

    start(s);
    fake_server_once(s->server, "send", lost);
    say(s);
    first = expect_ciphertext(s);
    second = expect_ciphertext(s);
    EXPECT_TEXT(s, second, first);
    settle(s);
    forget_all(s);
}

/* The homeserver does not carry keys: that is said once, and holds nothing up. */
static void keys_refused(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"};

    fake_server_set_device(s->server, BOB, "PHONE", BOB_PHONE);
    fake_server_always(s->server, "keys-claim", (FakeAnswer){.status = 200, .body = BOB_CLAIMED});
    fake_server_always(s->server, "send-to-device", no);
    start(s);
    say(s);
    EXPECT_EVENT(s, "line", "~text", "Set up recovery"); /* U2, once */
    EXPECT_EVENT(
        s, "line", "~flags", "ERROR", "~text",
        "does not pass on the keys of your messages to some devices here, such as one of " BOB);
    g_free(expect_ciphertext(s));
    settle(s);
    forget_all(s);
    say(s);
    g_free(expect_ciphertext(s));
    settle(s);
    EXPECT_NOTHING(s, 200);
}

/* A refusal fails the message; /resend sends the same again. */
static void refused(Scenario *s)
{
    g_autofree char *first = NULL, *second = NULL;
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"Not here\"}"};

    start(s);
    fake_server_once(s->server, "send", no);
    say(s);
    first = expect_ciphertext(s);
    settle(s);
    forget_all(s);
    command(s, "/resend");
    second = expect_ciphertext(s);
    EXPECT_TEXT(s, second, first);
    settle(s);
    forget_all(s);
}

/* G2: not plaintext either when the way of encrypting is not known. */
static void unknown_way(Scenario *s)
{
    start(s);
    push_event(s, ROOM, event_state("m.room.encryption", "", BOB, "{'algorithm':'m.new'}"));
    settle(s);
    forget_all(s);
    say(s);
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "not known here");
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
}

/* G4: whatever a person can type or a plugin can send. */
static void every_way(Scenario *s)
{
    static const char *const texts[] = {
        SECRET,
        "/me has " SECRET,
        "/notice " SECRET,
        "/event org.x {\"a\":\"" SECRET "\"}",
        "/event m.room.message {\"msgtype\":\"m.text\",\"body\":\"" SECRET "\"}",
        "/plain " SECRET,
        "/rainbow " SECRET,
        "/shrug " SECRET,
        "/spoiler " SECRET,
        "/html <b>" SECRET "</b>",
        "/say " SECRET,
        "/redact " SECRET,
        "/topic",
        "/name",
    };

    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        if (texts[i][0] == '/')
            command(s, texts[i]);
        else
            host_send_chat(s->account, ROOM, texts[i]);
        settle(s);
    }
    for (GList *at = fake_server_requests(s->server)->head; at != NULL; at = at->next) {
        const FakeRequest *request = at->data;
        CHECK(s, strstr(request->body, SECRET) == NULL);
        CHECK(s, !g_str_equal(request->endpoint, "send") ||
                     g_str_equal(request->args[1], "m.room.encrypted"));
    }
    CHECK(s, fake_server_count(s->server, "send") >= 4);
    settle(s);
    forget_all(s);
}

/* H12: the program was ended while the answer was awaited. */
static void interrupted_1(Scenario *s)
{
    start(s);
    fake_server_always(s->server, "send", (FakeAnswer){.status = 503, .body = ""});
    say(s);
    g_free(expect_ciphertext(s));
    forget_all(s);
    scenario_die(s);
}

static void interrupted_2(Scenario *s)
{
    FakeRequest *request;

    come_back(s);
    request = EXPECT_REQUEST(s, "send");
    EXPECT_TEXT(s, request->args[1], "m.room.encrypted");
    CHECK(s, strstr(request->body, SECRET) == NULL);
    settle(s);
    forget_all(s);
}

static void switched_on(Scenario *s)
{
    FakeRequest *request;
    g_autofree char *algorithm = NULL;
    JsonObject *dialog;

    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    push_event(s, ROOM,
               event_state("m.room.power_levels", "", BOB,
                           "{'users':{'@alice:localhost':100,'@bob:localhost':100}}"));
    settle(s);
    forget_all(s);
    command(s, "/encrypt");
    dialog = EXPECT_EVENT(s, "request", "~primary", "for good");
    CHECK(s,
          host_press(json_object_get_int_member(dialog, "request"), "Encrypt", NULL, NULL, NULL));
    request = EXPECT_REQUEST(s, "set-state");
    algorithm = member(request, "algorithm");
    EXPECT_TEXT(s, request->args[1], "m.room.encryption");
    EXPECT_TEXT(s, algorithm, "m.megolm.v1.aes-sha2");
    settle(s);
    forget_all(s);
    /* From then on, although no /sync has shown the event. */
    say(s);
    g_free(expect_ciphertext(s));
    settle(s);
    forget_all(s);
}

/* A new direct room is encrypted from its beginning, if its partner has a device that can do that.
 */
static void new_direct_room(Scenario *s)
{
    FakeRequest *request;

    set_usual_rooms(s);
    log_in(s);
    CHECK(s, host_send_im(s->account, "@bot:localhost", SECRET));
    request = EXPECT_REQUEST(s, "create-room");
    CHECK(s, strstr(request->body, "m.megolm") == NULL);
    settle(s);
    forget_all(s);
    fake_server_set_device(s->server, CAROL, "DEVICE", "{\"keys\":{}}");
    CHECK(s, host_send_im(s->account, CAROL, SECRET));
    request = EXPECT_REQUEST(s, "create-room");
    CHECK(s, strstr(request->body, "m.megolm.v1.aes-sha2") != NULL);
    /* This homeserver does not do what it is asked for: the message waits until it has. */
    request = EXPECT_REQUEST(s, "set-state");
    EXPECT_TEXT(s, request->args[1], "m.room.encryption");
    CHECK(s, strstr(request->body, "m.megolm.v1.aes-sha2") != NULL);
    g_free(expect_ciphertext(s));
    settle(s);
    forget_all(s);
}

/* A homeserver that does not let a direct room be encrypted: nothing leaves before the user has
 * been told, and has said that it may. */
static void no_encryption(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"Not here\"}"};
    g_autofree char *error = NULL;
    FakeRequest *request;

    set_usual_rooms(s);
    log_in(s);
    fake_server_always(s->server, "set-state", no);
    fake_server_set_device(s->server, CAROL, "DEVICE", "{\"keys\":{}}");
    CHECK(s, host_send_im(s->account, CAROL, SECRET));
    EXPECT_REQUEST(s, "create-room");
    EXPECT_REQUEST(s, "set-state");
    EXPECT_EVENT(s, "line", "~flags", "SEND", "text", SECRET);
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "refuses that: Not here. Type /resend");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
    forget_all(s);
    host_command(host_find_conversation(s->account, CAROL), "/resend", &error);
    request = EXPECT_REQUEST(s, "send");
    CHECK(s, strstr(request->body, SECRET) != NULL);
    settle(s);
    forget_all(s);
}

/* The same for rooms that are made with encryption, by either way of asking for it. */
static void made_room(Scenario *s)
{
    static const char *const commands[] = {
        "/create Tea --encrypted",
        "/create Cake --state m.room.encryption {\"algorithm\":\"m.megolm.v1.aes-sha2\"}"};
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"Not here\"}"};
    g_autofree char *error = NULL;
    FakeRequest *request;

    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *room = g_strdup_printf("!new%u:localhost", i + 1);
        host_command(host_find_conversation(s->account, ROOM), commands[i], &error);
        EXPECT_EVENT(s, "window", "name", room, "kind", "chat");
        settle(s);
        forget_all(s);
        CHECK(s, host_send_chat(s->account, room, SECRET));
        request = EXPECT_REQUEST(s, "set-state");
        EXPECT_TEXT(s, request->args[0], room);
        EXPECT_TEXT(s, request->args[1], "m.room.encryption");
        g_free(expect_ciphertext(s));
        settle(s);
        forget_all(s);
    }
    fake_server_always(s->server, "set-state", no);
    host_command(host_find_conversation(s->account, ROOM), commands[0], &error);
    EXPECT_EVENT(s, "window", "name", "!new3:localhost", "kind", "chat");
    settle(s);
    forget_all(s);
    guint sent = fake_server_count(s->server, "send");
    CHECK(s, host_send_chat(s->account, "!new3:localhost", SECRET));
    EXPECT_EVENT(s, "line", "~flags", "SEND", "text", SECRET);
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "refuses that: Not here. Type /resend");
    settle(s);
    /* Another line is no such word, nor is /resend after /discard. */
    CHECK(s, host_send_chat(s->account, "!new3:localhost", SECRET));
    EXPECT_EVENT(s, "line", "~flags", "SEND", "text", SECRET);
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "refuses that: Not here. Type /resend");
    settle(s);
    host_command(host_find_conversation(s->account, "!new3:localhost"), "/discard", &error);
    settle(s);
    host_command(host_find_conversation(s->account, "!new3:localhost"), "/resend", &error);
    settle(s);
    forget_all(s);
    CHECK(s, host_send_chat(s->account, "!new3:localhost", SECRET));
    EXPECT_EVENT(s, "line", "~flags", "SEND", "text", SECRET);
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "refuses that: Not here. Type /resend");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), sent);
    host_command(host_find_conversation(s->account, "!new3:localhost"), "/resend", &error);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), sent + 1);
    forget_all(s);
}

/* ---- the mark of the database (V9) ---- */

static gboolean has_mark(gpointer data)
{
    return fake_server_count(data, "set-mark") > 0;
}

/* Encrypts something. Gives the type of the mark. */
static char *make_mark(Scenario *s)
{
    start(s);
    say(s);
    WAIT(s, has_mark, s->server);
    FakeRequest *request = EXPECT_REQUEST(s, "set-mark");
    CHECK(s, strstr(request->body, "\"mark\"") != NULL);
    char *type = g_strdup(request->args[1]);
    settle(s);
    forget_all(s);
    return type;
}

static void log_out(Scenario *s)
{
    CHECK(s, host_run_action(s->account, "Log out"));
}

/* It goes before the device does; where the device stays, it is put back. */
static void log_out_with_mark(Scenario *s)
{
    g_autofree char *type = make_mark(s);

    fake_server_once(s->server, "logout", FAKE_502);
    log_out(s);
    EXPECT_REQUEST(s, "logout");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "set-mark")->body, "{}");
    EXPECT_EVENT(s, "notify", "~secondary", "you are still logged in");
    CHECK(s, strstr(EXPECT_REQUEST(s, "set-mark")->body, "\"mark\"") != NULL);
    settle(s);
    forget_all(s);
    log_out(s);
    EXPECT_REQUEST(s, "logout");
    EXPECT_TEXT(s, fake_server_account_data(s->server, type), "{}");
    EXPECT_EVENT(s, "disconnected");
    s->quits_at_once = TRUE;
}

/* Nobody stays logged in because of it. */
static void log_out_with_silent_mark(Scenario *s)
{
    g_autofree char *type = make_mark(s);
    gint64 start_us = g_get_monotonic_time();

    fake_server_always(s->server, "set-mark", (FakeAnswer){.how = FAKE_SILENT});
    log_out(s);
    EXPECT_REQUEST(s, "logout");
    CHECK(s, g_get_monotonic_time() - start_us < 6 * G_USEC_PER_SEC);
    EXPECT_EVENT(s, "disconnected");
    s->quits_at_once = TRUE;
}

/* A removed account is logged out, too. */
static void removed_with_mark(Scenario *s)
{
    g_autofree char *type = make_mark(s);
    SyncBody *body = sync_body_new();

    sync_body_account_data(body, type, fake_server_account_data(s->server, type));
    push(s, sync_body_end(body));
    settle(s);
    purple_accounts_delete(s->account);
    s->account = NULL;
    EXPECT_EVENT(s, "disconnected");
    EXPECT_EVENT(s, "request", "~buttons", "Keep");
    EXPECT_REQUEST(s, "logout");
    EXPECT_TEXT(s, fake_server_account_data(s->server, type), "{}");
    s->quits_at_once = TRUE;
}

/* What was typed into an encrypted conversation does not leave in the clear because its partner has
 * gone: the new room is to be encrypted, and where the homeserver makes it a plain one, nothing is
 * sent. */
static void partner_gone(Scenario *s)
{
    SyncBody *body = sync_body_new();
    FakeRequest *request;

    set_usual_rooms(s);
    log_in(s);
    push_encryption(s, DIRECT);
    settle(s);
    sync_body_timeline(body, DIRECT, event_member(BOB, "leave", NULL));
    sync_body_summary(body, DIRECT, 1, 0, BOB);
    push(s, sync_body_end(body));
    settle(s);
    forget_all(s);
    fake_server_set_account_data(s->server, "m.direct", "{\"" BOB "\":[\"" DIRECT "\"]}");
    fake_server_always(
        s->server, "invite",
        (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"});
    fake_server_always(
        s->server, "set-state",
        (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"});
    CHECK(s, host_send_im(s->account, BOB, SECRET));
    request = EXPECT_REQUEST(s, "create-room");
    CHECK(s, strstr(request->body, "m.megolm.v1.aes-sha2") != NULL);
    EXPECT_EVENT(s, "line", "~text", "switched on encryption");
    EXPECT_EVENT(s, "line", "~flags", "SEND", "text", SECRET);
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "Type /resend to try again");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
    forget_all(s);
}

/* ---- a thousand ---- */

#define PEOPLE 100
#define DEVICES_EACH 10
#define SHARE_MS 4000 /* the first message to devices takes so long, so that it is told */
#define BEAT_MS 2

typedef struct {
    gint64 last, longest; /* microseconds of this thread's CPU, which other programs cannot take */
} Heart;

static gint64 cpu_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * G_TIME_SPAN_SECOND + now.tv_nsec / 1000;
}

static gboolean on_beat(gpointer data)
{
    Heart *heart = data;
    gint64 now = cpu_time();
    heart->longest = MAX(heart->longest, now - heart->last);
    heart->last = now;
    return G_SOURCE_CONTINUE;
}

static void set_thousand_devices(Scenario *s)
{
    SyncBody *body = sync_body_new();
    g_autoptr(GString) members = g_string_new("{\"chunk\":["), names = g_string_new(ALICE);

    for (guint i = 0; i < PEOPLE; i++) {
        g_autofree char *user = g_strdup_printf("@user%u:localhost", i);
        g_string_append_printf(names, " %s", user);
        g_string_append_printf(members,
                               "%s{\"type\":\"m.room.member\",\"event_id\":\"$m%u\",\"sender\":"
                               "\"%s\",\"state_key\":\"%s\",\"origin_server_ts\":1,"
                               "\"content\":{\"membership\":\"join\"}}",
                               i > 0 ? "," : "", i, user, user);
        for (guint j = 0; j < DEVICES_EACH; j++) {
            g_autofree char *device_id = g_strdup_printf("DEVICE%u", j);
            fake_server_make_device(s->server, user, device_id, FALSE);
        }
    }
    g_string_append(members, "]}");
    sync_body_direct(body, DIRECT, ALICE, BOB);
    sync_body_room(body, ROOM, "Room", names->str);
    set_first(s, sync_body_end(body));
    fake_server_set_members(s->server, ROOM, members->str);
}

/* All devices in the messages of this kind, each counted once. */
static guint count_given(Scenario *s)
{
    g_autoptr(GHashTable) given = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (FakeRequest *request;
         (request = fake_server_take_request(s->server, "send-to-device")) != NULL;) {
        g_autoptr(JsonObject) body = fake_request_json(request);
        JsonObject *messages = json_object_get_object_member(body, "messages");
        g_autoptr(GList) users = json_object_get_members(messages);
        for (GList *user = users; user != NULL; user = user->next) {
            g_autoptr(GList) ids =
                json_object_get_members(json_object_get_object_member(messages, user->data));
            for (GList *id = ids; id != NULL; id = id->next)
                CHECK(s, g_hash_table_add(given,
                                          g_strconcat(user->data, " ", (char *)id->data, NULL)));
        }
        fake_request_free(request);
    }
    return g_hash_table_size(given);
}

static gboolean is_sharing(gpointer data)
{
    return fake_server_count(data, "send-to-device") > 0;
}

/* Lines of two windows, in either order. */
static void expect_both(Scenario *s, const char *one, const char *other)
{
    JsonObject *line = EXPECT_EVENT(s, "line");
    gboolean is_one = g_str_equal(json_object_get_string_member(line, "text"), one);

    EXPECT_TEXT(s, json_object_get_string_member(line, "text"), is_one ? one : other);
    EXPECT_EVENT(s, "line", "text", is_one ? other : one);
}

/* The first message into a room of a thousand devices: it is told what goes on, other rooms are
 * used meanwhile, and then it goes out once, after everybody has got the key. */
static void thousand_devices(Scenario *s)
{
    Heart heart = {0};

    fake_server_show_keys(s->server);
    set_thousand_devices(s);
    fake_server_once(s->server, "send-to-device", (FakeAnswer){.delay_ms = SHARE_MS});
    log_in(s);
    open_chat(s, ROOM);
    gint64 started = cpu_time();
    heart.last = started;
    guint source = g_timeout_add_full(G_PRIORITY_HIGH, BEAT_MS, on_beat, &heart, NULL);
    push_encryption(s, ROOM);
    EXPECT_EVENT(s, "line", "~text", "switched on encryption");
    say(s);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "Set up recovery");
    WAIT(s, is_sharing, s->server);
    CHECK(s, host_send_im(s->account, BOB, "meanwhile"));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[1], "m.room.message");
    expect_both(s, "meanwhile", "Sending keys to 1000 devices…");
    g_free(expect_ciphertext(s));
    g_source_remove(source);
    g_test_message("%.0f ms in the main loop, at most %.1f ms at once",
                   (cpu_time() - started) / 1e3, heart.longest / 1e3);
    EXPECT_INT(s, count_given(s), PEOPLE * DEVICES_EACH);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 2);
    forget_all(s);
}

static const ScenarioEntry entries[] = {
    {"encryption-sent", {sent}},
    {"encryption-lost-answer", {lost_answer}},
    {"encryption-refused", {refused}},
    {"encryption-keys-refused", {keys_refused}},
    {"encryption-unknown-way", {unknown_way}},
    {"encryption-every-way", {every_way}},
    {"encryption-interrupted", {interrupted_1, interrupted_2}},
    {"encryption-switched-on", {switched_on}},
    {"encryption-new-direct-room", {new_direct_room}},
    {"encryption-no-encryption", {no_encryption}},
    {"encryption-made-room", {made_room}},
    {"encryption-log-out-with-mark", {log_out_with_mark}},
    {"encryption-log-out-with-silent-mark", {log_out_with_silent_mark}},
    {"encryption-removed-with-mark", {removed_with_mark}},
    {"encryption-partner-gone", {partner_gone}},
    {"thousand-devices", {thousand_devices}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
