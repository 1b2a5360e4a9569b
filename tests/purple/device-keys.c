/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "bob-keys.h"
#include "scenario.h"

#include <glib/gstdio.h>
#include <string.h>

/* This device's keys on the homeserver, and whose devices are followed. */

static JsonObject *object_member(JsonObject *object, const char *name)
{
    return object != NULL && json_object_has_member(object, name)
               ? json_object_get_object_member(object, name)
               : NULL;
}

static guint count_keys(const FakeRequest *request, const char *member)
{
    g_autoptr(JsonObject) body = fake_request_json(request);
    JsonObject *keys = object_member(body, member);

    return keys != NULL ? json_object_get_size(keys) : 0;
}

/* Whom a /keys/query asks for: "@alice:localhost @bob:localhost". */
static char *asks_for(const FakeRequest *request)
{
    g_autoptr(JsonObject) body = fake_request_json(request);
    g_autoptr(GList) users = json_object_get_members(object_member(body, "device_keys"));
    GString *text = g_string_new(NULL);

    users = g_list_sort(users, (GCompareFunc)strcmp);
    for (GList *user = users; user != NULL; user = user->next)
        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", (char *)user->data);
    return g_string_free(text, FALSE);
}

static void expect_query(Scenario *s, const char *users)
{
    g_autofree char *asked = asks_for(EXPECT_REQUEST(s, "keys-query"));

    EXPECT_TEXT(s, asked, users);
}

static void start(Scenario *s)
{
    fake_server_show_keys(s->server);
    set_usual_rooms(s);
    log_in(s);
}

static void uploaded(Scenario *s)
{
    FakeRequest *request;

    start(s);
    request = EXPECT_REQUEST(s, "keys-upload");
    EXPECT_INT(s, count_keys(request, "one_time_keys"), 50);
    EXPECT_INT(s, count_keys(request, "fallback_keys"), 1);
    CHECK(s, count_keys(request, "device_keys") > 0);
    expect_query(s, ALICE); /* whom an unencrypted room is shared with is nobody's concern */
    /* Looked at again after the upload (B4), if the first question came before it. */
    host_iterate(300);
    for (FakeRequest *again; (again = fake_server_take_request(s->server, "keys-query")) != NULL;) {
        g_autofree char *asked = asks_for(again);
        EXPECT_TEXT(s, asked, ALICE);
        fake_request_free(again);
    }
    settle(s);
    EXPECT_NOTHING(s, 300);
    EXPECT_INT(s, fake_server_count(s->server, "keys-upload"), 1);
}

static void push_counts(Scenario *s, const char *counts)
{
    push(s, json_quotes(counts));
}

static void refilled(Scenario *s)
{
    FakeRequest *request;

    uploaded(s);
    push_counts(s, "{}"); /* the /sync that is held was asked for before the upload (C6) */
    settle(s);
    push_counts(s, "{'device_one_time_keys_count':{'signed_curve25519':45},"
                   "'device_unused_fallback_key_types':['signed_curve25519']}");
    request = EXPECT_REQUEST(s, "keys-upload");
    EXPECT_INT(s, count_keys(request, "one_time_keys"), 5);
    EXPECT_INT(s, count_keys(request, "device_keys"), 0);
    settle(s);
    EXPECT_NOTHING(s, 300);
}

/* B2: the same bytes after a crash between the upload and its answer. */
static void killed_1(Scenario *s)
{
    g_autofree char *path = g_build_filename(s->dir, "body", NULL);

    fake_server_always(s->server, "keys-upload", (FakeAnswer){.how = FAKE_SILENT});
    start(s);
    g_file_set_contents(path, EXPECT_REQUEST(s, "keys-upload")->body, -1, NULL);
    EXPECT_REQUEST(s, "keys-query");
    scenario_die(s);
}

static void killed_2(Scenario *s)
{
    g_autofree char *path = g_build_filename(s->dir, "body", NULL);
    g_autofree char *before = NULL;

    fake_server_show_keys(s->server);
    CHECK(s, g_file_get_contents(path, &before, NULL, NULL));
    enable(s);
    EXPECT_EVENT(s, "connected");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "keys-upload")->body, before);
    s->quits_at_once = TRUE;
}

/* B3 */
static char *store_file(Scenario *s, const char *name)
{
    g_autofree char *folder = g_build_filename(s->dir, "purple", "matrix", NULL);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);

    return g_build_filename(folder, g_dir_read_name(dir), name, NULL);
}

static void lost_1(Scenario *s)
{
    start(s);
    EXPECT_REQUEST(s, "keys-upload");
    settle(s);
    s->quits_at_once = TRUE;
}

static void lost_2(Scenario *s)
{
    g_autofree char *path = store_file(s, "vault.key");
    FakeRequest *login;

    CHECK(s, g_unlink(path) == 0);
    fake_server_show_keys(s->server);
    enable(s);
    EXPECT_EVENT(s, "notify", "~secondary", "new device");
    login = EXPECT_REQUEST(s, "login");
    EXPECT_REQUEST(s, "logout"); /* so that nobody encrypts for the dead device any more */
    EXPECT_EVENT(s, "connected");
    EXPECT_INT(s, count_keys(EXPECT_REQUEST(s, "keys-upload"), "one_time_keys"), 50);
    CHECK(s, strstr(login->body, "device_id") != NULL);
    settle(s);
    s->quits_at_once = TRUE;
}

/* B4 */
static void wrong_keys(Scenario *s)
{
    g_autoptr(JsonObject) body = NULL;
    FakeRequest *request;

    fake_server_always(s->server, "keys-query", (FakeAnswer){.how = FAKE_SILENT});
    start(s);
    request = EXPECT_REQUEST(s, "keys-upload");
    body = fake_request_json(request);
    {
        JsonObject *device = object_member(body, "device_keys");
        const char *id = json_object_get_string_member(device, "device_id");
        g_autofree char *answer =
            g_strdup_printf("{\"device_keys\":{\"" ALICE "\":{\"%s\":{}}}}", id);
        fake_server_clear(s->server, "keys-query");
        fake_server_always(s->server, "keys-query", (FakeAnswer){.status = 200, .body = answer});
    }
    host_iterate(300);
    fake_server_down(s->server); /* the question that nobody answers fails */
    fake_server_up(s->server);
    EXPECT_EVENT(s, "notify", "~secondary", "other encryption keys");
    s->quits_at_once = TRUE;
}

/* D1, D2 */
static void followed(Scenario *s)
{
    SyncBody *body = sync_body_new();

    uploaded(s);
    sync_body_timeline(
        body, ROOM,
        event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    push(s, sync_body_end(body));
    expect_query(s, BOB " " CAROL);
    push_counts(s, "{'device_lists':{'changed':['" CAROL "','@stranger:localhost']}}");
    expect_query(s, CAROL);
    settle(s);
    forget_events(s);
    while (host_take_event("line") != NULL || host_take_event("window") != NULL)
        ;
    EXPECT_NOTHING(s, 300);
}

/* D7: a device that was away for a moment has come back as another one. */
static void replaced(Scenario *s)
{
    static const char *const devices[] = {NULL, BOB_OTHER_PHONE};
    SyncBody *body = sync_body_new();

    fake_server_set_device(s->server, BOB, "PHONE", BOB_PHONE);
    uploaded(s);
    sync_body_timeline(
        body, ROOM,
        event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    push(s, sync_body_end(body));
    expect_query(s, BOB " " CAROL);
    for (guint i = 0; i < G_N_ELEMENTS(devices); i++) {
        fake_server_set_device(s->server, BOB, "PHONE", devices[i]);
        push_counts(s, "{'device_lists':{'changed':['" BOB "']}}");
        expect_query(s, BOB);
        host_iterate(300);
    }
    EXPECT_EVENT(s, "notify", "~secondary",
                 "The device PHONE of " BOB " has other encryption keys than before.");
    s->quits_at_once = TRUE;
}

static void log_out(Scenario *s)
{
    JsonObject *request;

    CHECK(s, host_run_action(s->account, "Log out"));
    host_iterate(200);
    if ((request = host_take_event("request")) != NULL) {
        JsonArray *buttons = json_object_get_array_member(request, "buttons");
        host_press(json_object_get_int_member(request, "request"),
                   json_array_get_string_element(buttons, 0), NULL, NULL, NULL);
        json_object_unref(request);
    }
}

/* Keys that arrive after the log-out bring the device back. */
static void log_out_while_uploading(Scenario *s)
{
    fake_server_once(s->server, "keys-upload", (FakeAnswer){.delay_ms = 1500});
    start(s);
    log_out(s);
    host_iterate(500);
    EXPECT_INT(s, fake_server_count(s->server, "logout"), 0);
    EXPECT_REQUEST(s, "logout");
    EXPECT_EVENT(s, "disconnected");
    EXPECT_INT(s, fake_server_count(s->server, "keys-upload"), 1);
    s->quits_at_once = TRUE;
}

/* Nobody stays logged in because an answer does not come. */
static void log_out_without_an_answer(Scenario *s)
{
    gint64 start_us;

    fake_server_always(s->server, "keys-upload", (FakeAnswer){.how = FAKE_SILENT});
    start(s);
    EXPECT_REQUEST(s, "keys-upload");
    start_us = g_get_monotonic_time();
    log_out(s);
    EXPECT_REQUEST(s, "logout");
    CHECK(s, g_get_monotonic_time() - start_us < 8 * G_USEC_PER_SEC);
    EXPECT_EVENT(s, "disconnected");
    s->quits_at_once = TRUE;
}

/* What was put off for a log-out that failed is made up for. */
static void log_out_failed(Scenario *s)
{
    fake_server_always(s->server, "keys-upload", (FakeAnswer){.how = FAKE_SILENT});
    start(s);
    EXPECT_REQUEST(s, "keys-upload");
    fake_server_once(s->server, "logout", FAKE_502);
    fake_server_clear(s->server, "keys-upload");
    log_out(s);
    EXPECT_REQUEST(s, "logout");
    EXPECT_EVENT(s, "notify");
    EXPECT_INT(s, count_keys(EXPECT_REQUEST(s, "keys-upload"), "one_time_keys"), 50);
    s->quits_at_once = TRUE;
}

static const ScenarioEntry entries[] = {
    {"uploaded", {uploaded}},
    {"refilled", {refilled}},
    {"killed-before-the-answer", {killed_1, killed_2}},
    {"keys-lost", {lost_1, lost_2}},
    {"wrong-keys", {wrong_keys}},
    {"followed", {followed}},
    {"replaced", {replaced}},
    {"log-out-while-uploading", {log_out_while_uploading}},
    {"log-out-without-an-answer", {log_out_without_an_answer}},
    {"log-out-failed", {log_out_failed}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
