/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>
#include <time.h>

/* Members of a room: their names, roles and number in the window's list, and the lines about what
 * happens to them and to the room. */

#define DAVE "@dave:localhost"

static void start_with(Scenario *s, const char *option, const char *value)
{
    set_usual_rooms(s);
    s->account = scenario_account(s, ALICE, "secret");
    if (option != NULL)
        purple_account_set_string(s->account, option, value);
    log_in(s);
    forget_events(s);
}

static PurpleConvChat *chat(Scenario *s)
{
    return PURPLE_CONV_CHAT(host_find_conversation(s->account, ROOM));
}

static guint count_users(Scenario *s)
{
    return g_list_length(purple_conv_chat_get_users(chat(s)));
}

static gboolean has_three(gpointer data)
{
    return count_users(data) == 3;
}

static void open_room(Scenario *s)
{
    open_chat(s, ROOM);
    WAIT(s, has_three, s);
    settle(s);
    forget_events(s);
}

static const char *alias_of(Scenario *s, const char *user_id)
{
    PurpleConvChatBuddy *user = purple_conv_chat_cb_find(chat(s), user_id);
    return user != NULL ? user->alias : NULL;
}

static JsonObject *rename_to(const char *user_id, const char *before, const char *name)
{
    g_autofree char *prev = g_strdup_printf("{'membership':'join','displayname':'%s'}", before);
    return event_with_prev(event_member(user_id, "join", name), prev);
}

/* What somebody does with somebody. */
static JsonObject *deed(const char *who, const char *to, const char *now, const char *before,
                        const char *reason)
{
    const char *name = g_str_equal(to, CAROL) ? "Carol" : "Dave";
    JsonObject *event = event_state("m.room.member", to, who, "{}");
    JsonObject *content = json_object_get_object_member(event, "content");
    g_autofree char *prev = g_strdup_printf("{'membership':'%s','displayname':'%s'}", before, name);

    json_object_set_string_member(content, "membership", now);
    json_object_set_string_member(content, "displayname", name);
    if (reason != NULL)
        json_object_set_string_member(content, "reason", reason);
    return event_with_prev(event, prev);
}

#define EXPECT_STATE(s, line)                                                                      \
    EXPECT_EVENT(s, "line", "name", ROOM, "text", line, "~flags", "SYSTEM", "~flags", "NO_LINKIFY")

/* ---- names and roles ---- */

static void names_are_unique(Scenario *s)
{
    start_with(s, NULL, NULL);
    open_room(s);
    push_event(s, ROOM, event_member(DAVE, "join", "Carol"));
    EXPECT_STATE(s, "Carol (@dave:localhost) has joined.");
    settle(s);
    EXPECT_TEXT(s, alias_of(s, CAROL), "Carol (@carol:localhost)");
    EXPECT_TEXT(s, alias_of(s, DAVE), "Carol (@dave:localhost)");
    push_event(s, ROOM, event_text(CAROL, "it is me"));
    EXPECT_EVENT(s, "line", "text", "it is me", "alias", "Carol (@carol:localhost)");
    push_event(s, ROOM, rename_to(DAVE, "Carol", "David"));
    EXPECT_STATE(s, "Carol is now known as David.");
    settle(s);
    EXPECT_TEXT(s, alias_of(s, CAROL), "Carol");
    EXPECT_TEXT(s, alias_of(s, DAVE), "David");
    push_event(s, ROOM, rename_to(DAVE, "David", CAROL));
    EXPECT_STATE(s, "David is now known as @carol:localhost (@dave:localhost).");
    settle(s);
    EXPECT_TEXT(s, alias_of(s, DAVE), "@carol:localhost (@dave:localhost)");
}

static PurpleConvChatBuddyFlags flags_of(Scenario *s, const char *user_id)
{
    return purple_conv_chat_user_get_flags(chat(s), user_id);
}

static void roles_are_live(Scenario *s)
{
    start_with(s, NULL, NULL);
    open_room(s);
    EXPECT_INT(s, flags_of(s, BOB), PURPLE_CBFLAGS_NONE);
    push_event(
        s, ROOM,
        event_with_prev(event_state("m.room.power_levels", "", ALICE,
                                    "{'users':{'" ALICE "':100,'" BOB "':50,'" CAROL "':1}}"),
                        "{'users':{'" ALICE "':100}}"));
    EXPECT_STATE(s, "Alice has changed power levels: Bob is now a moderator, Carol now has the "
                    "power level 1.");
    settle(s);
    EXPECT_INT(s, flags_of(s, ALICE), PURPLE_CBFLAGS_FOUNDER);
    EXPECT_INT(s, flags_of(s, BOB), PURPLE_CBFLAGS_OP);
    EXPECT_INT(s, flags_of(s, CAROL), PURPLE_CBFLAGS_HALFOP);
    push_event(s, ROOM,
               event_with_prev(event_state("m.room.power_levels", "", ALICE,
                                           "{'users':{'" ALICE "':100},'users_default':50}"),
                               "{'users':{'" ALICE "':100,'" BOB "':50,'" CAROL "':1}}"));
    EXPECT_EVENT(s, "line", "~text", "Carol is now");
    settle(s);
    EXPECT_INT(s, flags_of(s, BOB), PURPLE_CBFLAGS_OP);
    EXPECT_INT(s, flags_of(s, CAROL), PURPLE_CBFLAGS_OP);
    EXPECT_INT(s, count_users(s), 3);
}

/* ---- lines ---- */

static void push_deeds(Scenario *s)
{
    push_event(s, ROOM, deed(BOB, DAVE, "invite", "leave", "come in"));
    push_event(s, ROOM, deed(DAVE, DAVE, "join", "invite", NULL));
    push_event(s, ROOM, deed(BOB, DAVE, "leave", "join", "too <b>loud</b> & rude"));
    push_event(s, ROOM, deed(DAVE, DAVE, "knock", "leave", NULL));
    push_event(s, ROOM, deed(BOB, DAVE, "leave", "knock", NULL));
    push_event(s, ROOM, deed(BOB, DAVE, "ban", "leave", "enough"));
    push_event(s, ROOM, deed(BOB, DAVE, "leave", "ban", NULL));
    push_event(s, ROOM, event_state("m.room.topic", "", BOB, "{'topic':'On <i>topic</i>'}"));
}

static void expect_deeds(Scenario *s)
{
    EXPECT_STATE(s, "Bob has invited Dave. Reason: come in");
    EXPECT_EVENT(s, "line", "~text", "has accepted the invitation.");
    EXPECT_EVENT(s, "line", "~text", "Reason: too &lt;b&gt;loud&lt;/b&gt; &amp; rude");
    EXPECT_EVENT(s, "line", "~text", "asks to join.");
    EXPECT_EVENT(s, "line", "~text", "Bob does not let ");
    EXPECT_EVENT(s, "line", "~text", "Reason: enough");
    EXPECT_EVENT(s, "line", "~text", "Bob has unbanned ");
    EXPECT_STATE(s, "Bob has changed the topic to: On &lt;i&gt;topic&lt;/i&gt;");
}

static int count_in(const char *text, const char *part)
{
    int count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

/* Each once, in order, with the reason; nothing foreign is markup; the log has them. */
static void lines_1(Scenario *s)
{
    start_with(s, NULL, NULL);
    open_room(s);
    push_deeds(s);
    expect_deeds(s);
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    EXPECT_NOTHING(s, 200);
}

static void lines_2(Scenario *s)
{
    enable(s);
    EXPECT_EVENT(s, "connected");
    settle(s);
    forget_events(s);
    open_chat(s, ROOM);
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    g_autofree char *log = host_read_log(s->account, PURPLE_LOG_CHAT, ROOM);
    EXPECT_INT(s, count_in(log, "has unbanned"), 1);
    forget_events(s);
}

/* They open no window, whatever opens one, and are never unread; a window that opens shows them in
 * their place. */
static void lines_wait(Scenario *s)
{
    g_autofree char *error = NULL;

    start_with(s, "open_windows", "always");
    push_deeds(s);
    push_event(s, DIRECT, event_state("m.room.topic", "", BOB, "{'topic':'t'}"));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    CHECK(s, host_find_conversation(s->account, ROOM) == NULL);
    CHECK(s, host_find_conversation(s->account, BOB) == NULL);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_EVENT(s, "line", "name", BOB, "text", "Bob has changed the topic to: t");
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, BOB), "/unread", &error), "OK");
    EXPECT_EVENT(s, "line", "text", "There are no unread messages.");
    push_event(s, ROOM, event_text(BOB, "hello"));
    EXPECT_EVENT(s, "window", "name", ROOM);
    expect_deeds(s);
    EXPECT_LINE(s, ROOM, BOB, "hello", "RECV");
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
}

/* Killed between the line and the word that it was written: it is in the log, and not repeated. */
static void lines_killed_1(Scenario *s)
{
    start_with(s, NULL, NULL);
    open_room(s);
    push_event(s, ROOM, event_state("m.room.topic", "", BOB, "{'topic':'once'}"));
    EXPECT_STATE(s, "Bob has changed the topic to: once");
    scenario_die(s);
}

static void lines_killed_2(Scenario *s)
{
    enable(s);
    EXPECT_EVENT(s, "connected");
    settle(s);
    CHECK(s, host_find_conversation(s->account, ROOM) == NULL);
    forget_events(s);
    open_chat(s, ROOM);
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    g_autofree char *log = host_read_log(s->account, PURPLE_LOG_CHAT, ROOM);
    EXPECT_INT(s, count_in(log, "topic to: once"), 1);
    forget_events(s);
}

/* ---- hiding ---- */

static void push_count(Scenario *s, int joined)
{
    SyncBody *body = sync_body_new();
    sync_body_summary(body, ROOM, joined, 0, NULL);
    push(s, sync_body_end(body));
    settle(s);
}

static void come_and_go(Scenario *s)
{
    push_event(s, ROOM, event_member(DAVE, "join", "Dave"));
    push_event(s, ROOM, rename_to(DAVE, "Dave", "David"));
    push_event(s, ROOM, deed(DAVE, DAVE, "leave", "join", NULL));
    push_event(s, ROOM, deed(BOB, CAROL, "leave", "join", "kick"));
    push_event(s, ROOM, deed(BOB, CAROL, "ban", "leave", NULL));
}

static void expect_all(Scenario *s)
{
    EXPECT_EVENT(s, "line", "~text", "has joined.");
    EXPECT_EVENT(s, "line", "~text", "is now known as");
    EXPECT_EVENT(s, "line", "~text", "has left.");
}

static void expect_hidden(Scenario *s)
{
    EXPECT_STATE(s, "Bob has removed Carol. Reason: kick");
    EXPECT_STATE(s, "Bob has banned Carol.");
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
}

static void hidden_in_large(Scenario *s)
{
    start_with(s, NULL, NULL);
    open_room(s);
    push_count(s, 100);
    come_and_go(s);
    expect_all(s);
    expect_hidden(s);
    push_event(s, ROOM, deed(CAROL, CAROL, "join", "leave", NULL));
    EXPECT_EVENT(s, "line", "~text", "Carol has joined.");
    push_count(s, 101);
    come_and_go(s);
    expect_hidden(s);
}

static void hidden_always(Scenario *s)
{
    start_with(s, "hide_joins", "always");
    open_room(s);
    come_and_go(s);
    expect_hidden(s);
}

static void hidden_never(Scenario *s)
{
    start_with(s, "hide_joins", "never");
    open_room(s);
    push_count(s, 5000);
    come_and_go(s);
    expect_all(s);
    expect_hidden(s);
}

/* ---- many ---- */

#define HUGE 20000

/* Members user0 to user<n - 1>, and alice; of her alone /sync has told. */
static void set_large_room(Scenario *s, guint n)
{
    SyncBody *body = sync_body_new();
    g_autoptr(GString) answer = g_string_new("{\"chunk\":[");
    sync_body_room(body, ROOM, "Large", ALICE);
    sync_body_summary(body, ROOM, n + 1, 0, NULL);
    sync_body_state(body, ROOM,
                    event_state("m.room.power_levels", "", ALICE,
                                "{'users':{'@user7:localhost':50,'" ALICE "':100}}"));
    set_first(s, sync_body_end(body));
    for (guint i = 0; i < n; i++)
        g_string_append_printf(
            answer,
            "{\"type\":\"m.room.member\",\"event_id\":\"$m%u\",\"sender\":\"@user%u:localhost\","
            "\"state_key\":\"@user%u:localhost\",\"origin_server_ts\":1,\"content\":{"
            "\"membership\":\"join\",\"displayname\":\"Person %u\","
            "\"avatar_url\":\"mxc://localhost/%u\"}},",
            i, i, i, i % 15000, i);
    g_autofree char *own = event_to_text(event_member(ALICE, "join", "Alice"));
    g_string_append_printf(answer, "%s]}", own);
    fake_server_set_members(s->server, ROOM, answer->str);
}

static gboolean has_limit(gpointer data)
{
    Scenario *s = data;
    return count_users(s) >= (guint)purple_account_get_int(s->account, "max_members", 2000);
}

static void limit(Scenario *s)
{
    set_large_room(s, 50);
    s->account = scenario_account(s, ALICE, "secret");
    purple_account_set_int(s->account, "max_members", 10);
    log_in(s);
    push_event(s, ROOM, event_text("@user40:localhost", "before"));
    settle(s);
    open_chat(s, ROOM);
    WAIT(s, has_limit, s);
    settle(s);
    EXPECT_INT(s, count_users(s), 10);
    CHECK(s, purple_conv_chat_find_user(chat(s), "@user7:localhost"));
    CHECK(s, purple_conv_chat_find_user(chat(s), "@user40:localhost"));
    CHECK(s, !purple_conv_chat_find_user(chat(s), "@user49:localhost"));
    forget_events(s);
    push_event(s, ROOM, event_text("@user49:localhost", "hello"));
    EXPECT_EVENT(s, "line", "text", "hello", "alias", "Person 49");
    push_event(s, ROOM, event_text("@user49:localhost", "again"));
    EXPECT_EVENT(s, "line", "text", "again");
    settle(s);
    EXPECT_INT(s, count_users(s), 11);
    /* Who comes is not listed; who gets power is. */
    push_event(s, ROOM, event_member(DAVE, "join", "Dave"));
    EXPECT_EVENT(s, "line", "text", "Dave has joined.");
    settle(s);
    EXPECT_INT(s, count_users(s), 11);
    push_event(
        s, ROOM,
        event_state("m.room.power_levels", "", ALICE, "{'users':{'" DAVE "':50,'" ALICE "':100}}"));
    settle(s);
    EXPECT_INT(s, count_users(s), 12);
    EXPECT_INT(s, flags_of(s, DAVE), PURPLE_CBFLAGS_OP);
    EXPECT_INT(s, flags_of(s, "@user7:localhost"), PURPLE_CBFLAGS_NONE);
    forget_events(s);
}

static const char *command(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;
    return host_command(host_find_conversation(s->account, ROOM), text, &error);
}

static void members_are_listed(Scenario *s)
{
    JsonObject *line;
    start_with(s, NULL, NULL);
    open_room(s);
    push_event(s, ROOM, event_member(DAVE, "join", "<i>Carol"));
    EXPECT_EVENT(s, "line", "~text", "has joined.");
    EXPECT_TEXT(s, command(s, "/members"), "OK");
    line = EXPECT_EVENT(s, "line", "~text", "4 members:");
    CHECK(s, strstr(text_of(line, "text"), "&lt;i&gt;Carol (@dave:localhost)") != NULL);
    EXPECT_TEXT(s, command(s, "/members carol LOCAL"), "OK");
    EXPECT_EVENT(s, "line", "~text", "2 members found:", "~text", "Carol (@carol:localhost)",
                 "!text", "Bob", "logged", "false");
    EXPECT_TEXT(s, command(s, "/members nobody"), "OK");
    EXPECT_EVENT(s, "line", "text", "No member of this room is found by that.");
}

/* ---- twenty thousand ---- */

#define HEARTBEAT_MS 2
/* What one slice may take of the main loop: a frame. */
#define LONGEST_MS 16

static gint64 cpu_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * G_TIME_SPAN_SECOND + now.tv_nsec / 1000;
}

typedef struct {
    gint64 last, longest; /* microseconds of this thread's CPU, which other programs cannot take */
} Heart;

static gboolean on_beat(gpointer data)
{
    Heart *heart = data;
    gint64 now = cpu_time();
    heart->longest = MAX(heart->longest, now - heart->last);
    heart->last = now;
    return G_SOURCE_CONTINUE;
}

/* A sanitizer or valgrind watches: time says nothing then. */
static gboolean is_watched(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return TRUE;
#else
    return g_getenv("MX_TEST_SLOW") != NULL;
#endif
}

/* The window of a room of 20,000 opens in slices. */
static void huge(Scenario *s)
{
    Heart heart = {0};
    guint people = is_watched() ? HUGE / 8 : HUGE;
    g_autofree char *said = g_strdup_printf("%u members:", people + 1);
    set_large_room(s, people);
    s->account = scenario_account(s, ALICE, "secret");
    log_in(s);
    settle(s);
    forget_events(s);
    gint64 started = g_get_monotonic_time(), cpu = cpu_time();
    heart.last = cpu;
    guint source = g_timeout_add_full(G_PRIORITY_HIGH, HEARTBEAT_MS, on_beat, &heart, NULL);
    open_chat(s, ROOM);
    WAIT(s, has_limit, s);
    g_test_message("%u members: %.1f s, of them %.0f ms in the main loop, at most %.1f ms at once",
                   people, (g_get_monotonic_time() - started) / 1e6, (cpu_time() - cpu) / 1e3,
                   heart.longest / 1e3);
    CHECK(s, is_watched() || heart.longest <= LONGEST_MS * 1000);
    EXPECT_INT(s, count_users(s), 2000);
    CHECK(s, purple_conv_chat_find_user(chat(s), "@user7:localhost"));
    EXPECT_TEXT(s, command(s, "/members"), "OK");
    EXPECT_EVENT(s, "line", "~text", said);
    settle(s);
    CHECK(s, is_watched() || heart.longest <= LONGEST_MS * 1000);
    g_source_remove(source);
    forget_events(s);
}

/* Pidgin would cut it, and each line of it looks like one of Pidgin's. */
static void removed_with_a_book(Scenario *s)
{
    g_autofree char *book = g_strnfill(9000, 'x');
    g_autofree char *content =
        g_strdup_printf("{'membership':'leave','reason':'because\\n(12:00) Bob: %s'}", book);
    SyncBody *body = sync_body_new();
    start_with(s, NULL, NULL);
    open_room(s);
    sync_body_leave(body, ROOM, event_state("m.room.member", ALICE, BOB, content));
    push(s, sync_body_end(body));
    JsonObject *line = EXPECT_EVENT(s, "line", "name", ROOM, "~text",
                                    "removed from this room by Bob: because (12:00) Bob: xxx");
    CHECK(s, strlen(text_of(line, "text")) < 400);
    forget_events(s);
}

int main(int argc, char **argv)
{
    static const ScenarioEntry entries[] = {
        {"names-are-unique", {names_are_unique}},
        {"roles-are-live", {roles_are_live}},
        {"removed-with-a-book", {removed_with_a_book}},
        {"lines", {lines_1, lines_2}},
        {"lines-wait", {lines_wait}},
        {"lines-killed", {lines_killed_1, lines_killed_2}},
        {"hidden-in-large", {hidden_in_large}},
        {"hidden-always", {hidden_always}},
        {"hidden-never", {hidden_never}},
        {"limit", {limit}},
        {"members-are-listed", {members_are_listed}},
        {"huge", {huge}},
    };
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
