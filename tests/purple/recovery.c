/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <glib/gstdio.h>
#include <string.h>

/* Setting up recovery and recovering, as the dialogs tell of it: each failure is one clear
 * sentence, and changes nothing. */

#define PASSPHRASE "correct horse"
#define MASTER "m.cross_signing.master"
#define SELF "m.cross_signing.self_signing"
#define USER "m.cross_signing.user_signing"
#define DEFAULT_KEY "m.secret_storage.default_key"

static void forget_all(Scenario *s)
{
    FakeRequest *request;

    settle(s);
    forget_events(s);
    while ((request = g_queue_pop_head(fake_server_requests(s->server))) != NULL)
        fake_request_free(request);
}

static gboolean is_device_signed(gpointer data)
{
    return fake_server_count(data, "signatures") > 0;
}

static void start(Scenario *s)
{
    fake_server_take_identities(s->server, NULL);
    set_usual_rooms(s);
    log_in(s);
    WAIT(s, is_device_signed, s->server);
    forget_all(s);
}

static void command(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    host_command(host_find_conversation(s->account, ROOM), text, &error);
}

static guint ask(Scenario *s, const char *label, const char *primary)
{
    CHECK(s, host_run_action(s->account, label));
    return (guint)json_object_get_int_member(EXPECT_EVENT(s, "request", "primary", primary),
                                             "request");
}

static void answer(Scenario *s, guint request, const char *button, const char *a, const char *value,
                   const char *b, const char *other)
{
    g_autoptr(JsonObject) inputs = json_object_new();

    json_object_set_string_member(inputs, a, value);
    json_object_set_string_member(inputs, b, other);
    CHECK(s, host_press(request, button, NULL, inputs, NULL));
}

static void set_up(Scenario *s, const char *passphrase, const char *again)
{
    answer(s, ask(s, "Set up recovery…", "Set up recovery"), "Set up", "passphrase", passphrase,
           "again", again);
}

/* The key that was shown. */
static char *expect_key(Scenario *s)
{
    JsonObject *shown = EXPECT_EVENT(s, "notify", "primary", "Keep this recovery key", "~secondary",
                                     "Write it down, or put it into a password manager");
    const char *text = json_object_get_string_member(shown, "text");
    const char *key = strchr(text, 'E');

    CHECK(s, key != NULL && strlen(key) == 59);
    return g_strdup(key);
}

static char *set_up_well(Scenario *s, const char *passphrase)
{
    set_up(s, passphrase, passphrase);
    char *key = expect_key(s);
    forget_all(s);
    return key;
}

static void recover(Scenario *s, const char *key, const char *passphrase)
{
    answer(s, ask(s, "Recover encryption…", "Recover encryption"), "Recover", "key", key,
           "passphrase", passphrase);
}

/* All that recovery has stored, as text. */
static char *get_stored(Scenario *s)
{
    static const char *const types[] = {DEFAULT_KEY, MASTER, SELF, USER};
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        const char *content = fake_server_account_data(s->server, types[i]);
        g_string_append_printf(text, "%s\n", content != NULL ? content : "-");
    }
    return g_string_free(text, FALSE);
}

static const char *get_state(Scenario *s)
{
    CHECK(s, host_run_action(s->account, "Encryption information…"));
    return json_object_get_string_member(EXPECT_EVENT(s, "notify", "title",
                                                      "Encryption "
                                                      "Information"),
                                         "text");
}

/* One sentence, and nothing else has happened. */
static void expect_refused(Scenario *s, const char *sentence)
{
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", sentence);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "set-account-data"), 0);
}

/* ---- setting up ---- */

static void set_up_by_key(Scenario *s)
{
    start(s);
    CHECK(s, strstr(get_state(s), "Recovery is not set up") != NULL);
    g_autofree char *key = set_up_well(s, "");
    g_autofree char *stored = get_stored(s);

    CHECK(s, strstr(stored, "-\n") == NULL);
    CHECK(s, strstr(get_state(s), "Recovery is set up.") != NULL);
    forget_all(s);
    recover(s, key, "");
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "this device is signed as yours");
    forget_all(s);
}

static void set_up_by_passphrase(Scenario *s)
{
    start(s);
    g_free(set_up_well(s, PASSPHRASE));
    recover(s, "", PASSPHRASE);
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "this device is signed as yours");
    forget_all(s);
}

static void passphrases_differ(Scenario *s)
{
    start(s);
    set_up(s, "one", "other");
    EXPECT_EVENT(s, "notify", "level", "error", "primary", "Recovery was not set up", "~secondary",
                 "The two passphrases differ");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "set-account-data"), 0);
    forget_all(s);
}

/* The homeserver fails in the middle: what was set up before is in force, and works. */
static void set_up_refused(Scenario *s)
{
    start(s);
    g_autofree char *key = set_up_well(s, "");
    g_autofree char *which = g_strdup(fake_server_account_data(s->server, DEFAULT_KEY));
    FakeAnswer fine = {0};
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"Not here\"}"};

    fake_server_once(s->server, "set-account-data", fine);
    fake_server_once(s->server, "set-account-data", fine);
    fake_server_once(s->server, "set-account-data", no);
    CHECK(s, host_press(ask(s, "Set up recovery…", "Replace your recovery key?"), "Replace", NULL,
                        NULL, NULL));
    guint request = (guint)json_object_get_int_member(
        EXPECT_EVENT(s, "request", "primary", "Set up recovery"), "request");
    answer(s, request, "Set up", "passphrase", "", "again", "");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "Recovery was not set up.");
    EXPECT_TEXT(s, fake_server_account_data(s->server, DEFAULT_KEY), which);
    forget_all(s);
    recover(s, key, "");
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "this device is signed as yours");
    forget_all(s);
}

/* What other programs have stored beside stays. */
static void others_stay(Scenario *s)
{
    start(s);
    fake_server_set_account_data(
        s->server, MASTER, "{\"encrypted\":{\"other\":{\"iv\":\"a\"}},\"org.example\":\"x\"}");
    g_free(set_up_well(s, ""));
    const char *stored = fake_server_account_data(s->server, MASTER);
    CHECK(s, strstr(stored, "\"other\":{\"iv\":\"a\"}") != NULL);
    CHECK(s, strstr(stored, "\"org.example\":\"x\"") != NULL);
}

/* ---- replacing ---- */

#define BACKUP "m.megolm_backup.v1"
/* A key, what another client says of it, and what it has stored for it. */
#define PRESENT_KEY "EsT1 H3Wm yHnZ VYce KwM9 c6Gk nX71 3FkR Yz9x vary hjQh 5m7X"
#define DESCRIPTION                                                                                \
    "{'iv':'ABEiM0RVZncImaq7zN3u/w==','mac':'bvhkXLvfau43nqKBCuRyNO14upHu2dAikngQRq/jr30=',"       \
    "'algorithm':'m.secret_storage.v1.aes-hmac-sha2'}"
#define STORED                                                                                     \
    "{'encrypted':{'PRESENT':{'iv':'ABEiM0RVZncImaq7zN3u/w==','ciphertext':"                       \
    "'SCTcivJDQW9BLAvlkhtRf0NOtOcX2/TSMSG+HnhTwG2JB1qpjtIv/3y4F08=',"                              \
    "'mac':'C4AFiHbFTEBw945S8xfgivQiuudElMzFL7pAT+zJB8Q='}}}"

static void set_account_data(Scenario *s, const char *type, const char *content)
{
    g_autofree char *json = json_quotes(content);
    SyncBody *body = sync_body_new();

    sync_body_account_data(body, type, content);
    fake_server_set_account_data(s->server, type, json);
    push(s, sync_body_end(body));
}

static void start_with_backup(Scenario *s, const char *stored)
{
    start(s);
    set_account_data(s, DEFAULT_KEY, "{'key':'PRESENT'}");
    set_account_data(s, "m.secret_storage.key.PRESENT", DESCRIPTION);
    set_account_data(s, BACKUP, stored);
    forget_all(s);
}

/* What is stored beside the identity is named first, and the key that it needs is asked for. */
static void replace(Scenario *s, const char *named, const char *present)
{
    g_autoptr(JsonObject) inputs = json_object_new();

    CHECK(s, host_run_action(s->account, "Set up recovery…"));
    JsonObject *dialog =
        EXPECT_EVENT(s, "request", "primary", "Replace your recovery key?", "~secondary", named);
    CHECK(s, host_press((guint)json_object_get_int_member(dialog, "request"), "Replace", NULL, NULL,
                        NULL));
    dialog = EXPECT_EVENT(s, "request", "primary", "Set up recovery");
    json_object_set_string_member(inputs, "passphrase", "");
    json_object_set_string_member(inputs, "again", "");
    json_object_set_string_member(inputs, "present", present);
    CHECK(s, host_press((guint)json_object_get_int_member(dialog, "request"), "Set up", NULL,
                        inputs, NULL));
}

static gboolean is_backup_stored(Scenario *s)
{
    g_autoptr(JsonNode) which =
        json_from_string(fake_server_account_data(s->server, DEFAULT_KEY), NULL);
    const char *id = json_object_get_string_member(json_node_get_object(which), "key");

    return strstr(fake_server_account_data(s->server, BACKUP), id) != NULL;
}

/* Twice: what was carried over is opened with the key that was shown. */
static void others_carried(Scenario *s)
{
    start_with_backup(s, STORED);
    replace(s, "\n• the key of your key backup\n", PRESENT_KEY);
    g_autofree char *key = expect_key(s);
    CHECK(s, is_backup_stored(s));
    CHECK(s, strstr(fake_server_account_data(s->server, BACKUP), "SCTcivJDQW9") != NULL);
    forget_all(s);
    replace(s, "the key of your key backup", key);
    g_free(expect_key(s));
    CHECK(s, is_backup_stored(s));
    forget_all(s);
}

/* Without the present key the new one is for the identity alone. */
static void others_left(Scenario *s)
{
    start_with_backup(s, STORED);
    replace(s, "the key of your key backup", "");
    g_autofree char *key = expect_key(s);
    CHECK(s, !is_backup_stored(s));
    forget_all(s);
    recover(s, key, "");
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "this device is signed as yours");
    forget_all(s);
}

/* All or nothing: another key, and a secret that is damaged, which is shown by its type. */
static void others_refused(Scenario *s)
{
    start_with_backup(s, STORED);
    replace(s, "the key of your key backup",
            "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d");
    expect_refused(s, "This is not the recovery key of this account.");
    set_account_data(s, "<b>x", STORED);
    set_account_data(s, "org.example.secret", STORED);
    forget_all(s);
    replace(s, "another secret\n• the key of your key backup\n• org.example.secret\n", PRESENT_KEY);
    expect_refused(s, "cannot be opened with what you typed");
    EXPECT_TEXT(s, fake_server_account_data(s->server, DEFAULT_KEY), "{\"key\":\"PRESENT\"}");
    forget_all(s);
}

/* ---- recovering ---- */

static void not_set_up(Scenario *s)
{
    start(s);
    recover(s, "EsTc", "");
    expect_refused(s, "Recovery is not set up for this account.");
    forget_all(s);
}

static void wrong_key(Scenario *s)
{
    start(s);
    g_free(set_up_well(s, ""));
    g_autofree char *before = get_stored(s);
    guint writes = fake_server_count(s->server, "set-account-data");

    /* Another account's; a typing mistake; nothing at all. */
    recover(s, "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d", "");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "Nothing was recovered.");
    recover(s, "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4e", "");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "Nothing was recovered.");
    recover(s, "", "");
    EXPECT_EVENT(s, "notify", "level", "error", "primary", "Nothing was recovered", "~secondary",
                 "either the recovery key or the passphrase");
    g_autofree char *after = get_stored(s);
    EXPECT_TEXT(s, after, before);
    EXPECT_INT(s, fake_server_count(s->server, "set-account-data"), writes);
    forget_all(s);
}

static void wrong_passphrase(Scenario *s)
{
    start(s);
    g_free(set_up_well(s, PASSPHRASE));
    recover(s, "", "battery staple");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary",
                 "neither the recovery key nor the passphrase");
    forget_all(s);
}

static void damaged_secret(Scenario *s)
{
    start(s);
    g_autofree char *key = set_up_well(s, "");
    g_autofree char *stored = g_strdup(fake_server_account_data(s->server, MASTER));
    char *mac = strstr(stored, "\"mac\":\"") + strlen("\"mac\":\"");

    mac[0] = mac[0] == 'A' ? 'B' : 'A';
    fake_server_set_account_data(s->server, MASTER, stored);
    recover(s, key, "");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "what is stored with it is damaged");
    fake_server_set_account_data(s->server, MASTER, "{\"encrypted\":{}}");
    recover(s, key, "");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary",
                 "your identity is not stored with it");
    forget_all(s);
}

static void unreasonable_work(Scenario *s)
{
    start(s);
    g_free(set_up_well(s, PASSPHRASE));
    g_autoptr(JsonNode) which =
        json_from_string(fake_server_account_data(s->server, DEFAULT_KEY), NULL);
    g_autofree char *type =
        g_strconcat("m.secret_storage.key.",
                    json_object_get_string_member(json_node_get_object(which), "key"), NULL);
    g_autofree char *text = g_strdup(fake_server_account_data(s->server, type));
    g_auto(GStrv) parts = g_strsplit(text, "500000", 2);
    g_autofree char *huge = g_strjoinv("4294967296", parts);

    CHECK(s, !g_str_equal(huge, text));
    fake_server_set_account_data(s->server, type, huge);
    recover(s, "", PASSPHRASE);
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "unreasonable amount of work");
    forget_all(s);
}

static void server_away(Scenario *s)
{
    start(s);
    g_autofree char *key = set_up_well(s, "");
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"Not here\"}"};

    fake_server_once(s->server, "get-account-data", no);
    recover(s, key, "");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "Nothing was recovered.");
    forget_all(s);
}

/* ---- another device ---- */

static char *store_file(Scenario *s, const char *name)
{
    g_autofree char *folder = g_build_filename(s->dir, "purple", "matrix", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

    return g_build_filename(folder, g_dir_read_name(dir), name, NULL);
}

/* The keys are gone from here: what comes back is a new device, unsigned. */
static void become_new_device(Scenario *s)
{
    g_autofree char *path = store_file(s, "vault.key");

    go_offline(s);
    host_iterate(300);
    CHECK(s, g_unlink(path) == 0);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "notify", "~secondary", "new device");
    EXPECT_EVENT(s, "connected");
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "This device is not signed");
    forget_all(s);
}

static void new_device(Scenario *s)
{
    start(s);
    g_autofree char *key = set_up_well(s, "");
    become_new_device(s);
    recover(s, "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d", "");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "Nothing was recovered.");
    CHECK(s, strstr(get_state(s), "This device is not signed") != NULL);
    recover(s, key, "");
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "this device is signed as yours");
    host_iterate(500);
    settle(s);
    CHECK(s, strstr(get_state(s), "This device is signed with your identity.") != NULL);
    forget_all(s);
}

/* The key that signs devices is not stored: that is not said to be signed. */
static void master_alone(Scenario *s)
{
    start(s);
    g_autofree char *key = set_up_well(s, "");
    become_new_device(s);
    fake_server_set_account_data(s->server, SELF, "{}");
    fake_server_set_account_data(s->server, USER, "{}");
    recover(s, key, "");
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary",
                 "Your identity is recovered, but this device is not signed");
    forget_all(s);
    open_chat(s, ROOM);
    command(s, "/devices");
    EXPECT_EVENT(s, "line", "~text", "not signed by its owner");
    forget_all(s);
}

/* ---- a new identity ---- */

static void reset_with(Scenario *s, const char *password)
{
    g_autoptr(JsonObject) inputs = json_object_new();

    CHECK(s,
          host_press(ask(s, "Reset identity…", "Reset your identity?"), "Go on", NULL, NULL, NULL));
    guint request = (guint)json_object_get_int_member(
        EXPECT_EVENT(s, "request", "primary", "Reset your identity"), "request");
    json_object_set_string_member(inputs, "password", password);
    CHECK(s, host_press(request, "Reset", NULL, inputs, NULL));
}

static void show_own_keys(Scenario *s)
{
    push(s, g_strdup("{\"device_lists\":{\"changed\":[\"" ALICE "\"]}}"));
    settle(s);
}

static void reset_refused(Scenario *s)
{
    start(s);
    fake_server_take_identities(s->server, "another");
    reset_with(s, "wrong");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "Your identity was not reset.");
    reset_with(s, "another");
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "You have a new identity.");
    show_own_keys(s);
    CHECK(s, host_take_event("notify") == NULL); /* that somebody else has */
    forget_all(s);
}

/* The homeserver has taken the new identity, and its answer is lost: what the user has by then is
 * the one that the homeserver shows, with all its keys. */
static void reset_unanswered_1(Scenario *s)
{
    FakeAnswer usual = {0};
    FakeAnswer lost = FAKE_502;

    start(s);
    lost.process = TRUE;
    fake_server_take_identities(s->server, "another");
    fake_server_once(s->server, "device-signing", usual);
    fake_server_once(s->server, "device-signing", lost);
    guint signatures = fake_server_count(s->server, "signatures");
    reset_with(s, "another");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "Your identity was not reset.");
    EXPECT_INT(s, fake_server_overrides_left(s->server), 0);
    EXPECT_EVENT(s, "notify", "~secondary", "Your identity was reset after all");
    host_iterate(500);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "signatures"), signatures + 1);
    CHECK(s, strstr(get_state(s), "This device is signed with your identity.") != NULL);
    CHECK(s, host_take_event("notify") == NULL); /* nobody else has changed it */
    forget_all(s);
}

/* What may have arrived is not thrown away by a second attempt that surely does not. */
static void reset_unanswered_twice(Scenario *s)
{
    FakeAnswer usual = {0};
    FakeAnswer lost = FAKE_502;

    start(s);
    lost.process = TRUE;
    fake_server_take_identities(s->server, "another");
    fake_server_always(s->server, "keys-query", FAKE_502);
    fake_server_once(s->server, "device-signing", usual);
    fake_server_once(s->server, "device-signing", lost);
    reset_with(s, "another");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "Your identity was not reset.");
    reset_with(s, "wrong");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "The password is wrong.");
    fake_server_clear(s->server, "keys-query");
    EXPECT_EVENT(s, "notify", "~secondary", "Your identity was reset after all");
    CHECK(s, strstr(get_state(s), "with your identity.") != NULL);
    forget_all(s);
}

static void reset_unanswered_2(Scenario *s)
{
    come_back(s);
    CHECK(s, strstr(get_state(s), "This device is signed with your identity.") != NULL);
    forget_all(s);
    g_autofree char *key = set_up_well(s, "");
    recover(s, key, "");
    EXPECT_EVENT(s, "notify", "level", "info", "~secondary", "this device is signed as yours");
    forget_all(s);
}

/* ---- the reminder ---- */

static void push_encryption(Scenario *s)
{
    push_event(s, ROOM,
               event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    settle(s);
}

/* Said when the user writes into an encrypted room, also after a restart, and once. */
static void reminded_1(Scenario *s)
{
    start(s);
    push_encryption(s);
    forget_all(s);
}

static void reminded_2(Scenario *s)
{
    come_back(s);
    open_chat(s, ROOM);
    forget_all(s);
    CHECK(s, host_send_chat(s->account, ROOM, "hello"));
    EXPECT_EVENT(s, "line", "text", "hello");
    EXPECT_EVENT(s, "line", "~text", "/recovery setup");
    forget_all(s);
}

static void reminded_3(Scenario *s)
{
    come_back(s);
    open_chat(s, ROOM);
    forget_all(s);
    command(s, "/discardsession");
    forget_all(s);
    CHECK(s, host_send_chat(s->account, ROOM, "hello again"));
    EXPECT_EVENT(s, "line", "text", "hello again");
    settle(s);
    CHECK(s, host_take_event("line") == NULL);
    forget_all(s);
}

static const ScenarioEntry entries[] = {
    {"set-up-by-key", {set_up_by_key}},
    {"set-up-by-passphrase", {set_up_by_passphrase}},
    {"passphrases-differ", {passphrases_differ}},
    {"set-up-refused", {set_up_refused}},
    {"others-stay", {others_stay}},
    {"others-carried", {others_carried}},
    {"others-left", {others_left}},
    {"others-refused", {others_refused}},
    {"not-set-up", {not_set_up}},
    {"wrong-key", {wrong_key}},
    {"wrong-passphrase", {wrong_passphrase}},
    {"damaged-secret", {damaged_secret}},
    {"unreasonable-work", {unreasonable_work}},
    {"server-away", {server_away}},
    {"new-device", {new_device}},
    {"master-alone", {master_alone}},
    {"reset-refused", {reset_refused}},
    {"reset-unanswered", {reset_unanswered_1, reset_unanswered_2}},
    {"reset-unanswered-twice", {reset_unanswered_twice}},
    {"reminded", {reminded_1, reminded_2, reminded_3}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
