/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* From the account's options to "connected" and back: issue point 1. */

static void save(Scenario *s, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(s->dir, name, NULL);

    g_file_set_contents(path, text, -1, NULL);
}

static char *load(Scenario *s, const char *name)
{
    g_autofree char *path = g_build_filename(s->dir, name, NULL);
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    return text;
}

/* The token of the newest /sync. */
static char *token_in_use(Scenario *s)
{
    for (GList *l = fake_server_requests(s->server)->tail; l != NULL; l = l->prev) {
        FakeRequest *request = l->data;
        if (g_str_equal(request->endpoint, "sync"))
            return g_strdup(request->token);
    }
    return NULL;
}

/* ---- logging in ---- */

static void check_login_body(Scenario *s, const FakeRequest *request, const char *user)
{
    g_autoptr(JsonObject) body = fake_request_json(request);
    JsonObject *identifier = json_object_get_object_member(body, "identifier");

    EXPECT_TEXT(s, text_of(body, "type"), "m.login.password");
    EXPECT_TEXT(s, text_of(identifier, "type"), "m.id.user");
    EXPECT_TEXT(s, text_of(identifier, "user"), user);
    EXPECT_TEXT(s, text_of(body, "password"), "secret");
    CHECK(s, text_of(body, "initial_device_display_name") != NULL);
    CHECK(s, strlen(text_of(body, "initial_device_display_name")) > 0);
    CHECK(s, request->token == NULL);
}

static void login_ok(Scenario *s)
{
    enable(s);
    check_login_body(s, EXPECT_REQUEST(s, "login"), ALICE);
    EXPECT_EVENT(s, "connected", "username", ALICE);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "login"), 1);
    EXPECT_INT(s, fake_server_count(s->server, "filter"), 1);
}

static void login_bare_name(Scenario *s)
{
    s->account = scenario_account(s, "alice", "secret");
    host_account_enable(s->account, TRUE);
    check_login_body(s, EXPECT_REQUEST(s, "login"), "alice");
    EXPECT_EVENT(s, "connected", "username", "alice");
    settle(s);
}

static void login_bare_name_without_server(Scenario *s)
{
    s->account = host_account(HOST_PRPL, "alice", "secret");
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connection-error", "fatal", "true");
    EXPECT_EVENT(s, "disconnected");
}

static void login_not_an_id(Scenario *s)
{
    s->account = scenario_account(s, "@nobody", "secret");
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connection-error", "fatal", "true", "~text", "@");
    EXPECT_EVENT(s, "disconnected");
}

/* A1: the token stands in the header and nowhere else. */
static void login_token_only_in_header(Scenario *s)
{
    g_autofree char *token = NULL;
    g_autofree char *accounts = NULL;
    g_autofree char *path = g_build_filename(s->dir, "purple", "accounts.xml", NULL);

    set_usual_rooms(s);
    log_in(s);
    token = token_in_use(s);
    for (GList *l = fake_server_requests(s->server)->head; l != NULL; l = l->next) {
        FakeRequest *request = l->data;
        CHECK(s, strstr(request->path, token) == NULL);
        CHECK(s, request->query == NULL || strstr(request->query, token) == NULL);
        CHECK(s, request->query == NULL || strstr(request->query, "access_token") == NULL);
        CHECK(s, strstr(request->body, token) == NULL);
    }
    CHECK(s, !host_debug_contains(token));
    CHECK(s, !host_debug_contains("secret"));
    host_iterate(6000); /* libpurple saves accounts.xml after five seconds */
    CHECK(s, g_file_get_contents(path, &accounts, NULL, NULL));
    CHECK(s, strstr(accounts, token) == NULL);
}

static void check_private(Scenario *s, const char *path, guint *files)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    GStatBuf status;

    g_stat(path, &status);
    if (dir == NULL)
        ++*files;
    if ((status.st_mode & 0077) != 0)
        FAIL(s, "%s can be read by others", path);
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        check_private(s, child, files);
    }
}

static void login_database_is_private(Scenario *s)
{
    g_autofree char *path = g_build_filename(s->dir, "purple", "matrix", NULL);
    guint files = 0;

    log_in(s);
    check_private(s, path, &files);
    CHECK(s, files > 0);
}

static void login_path_prefix(Scenario *s)
{
    g_autofree char *url = g_strdup_printf("%s/prefix/", fake_server_url(s->server));

    s->account = scenario_account(s, ALICE, "secret");
    purple_account_set_string(s->account, "home_server", url);
    host_account_enable(s->account, TRUE);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
    for (GList *l = fake_server_requests(s->server)->head; l != NULL; l = l->next) {
        FakeRequest *request = l->data;
        CHECK(s, g_str_has_prefix(request->path, "/prefix/_matrix/"));
    }
}

/* Without an address: the server's own name, and a name of this machine may be plain http. */
static void login_by_loopback_name(Scenario *s)
{
    g_autofree char *user = g_strdup_printf("@alice:127.0.0.1:%u", fake_server_port(s->server));

    s->account = host_account(HOST_PRPL, user, "secret");
    host_account_enable(s->account, TRUE);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

/* The user's own name for the device. */
static void login_device_name(Scenario *s)
{
    g_autoptr(JsonObject) body = NULL;

    s->account = scenario_account(s, ALICE, "secret");
    purple_account_set_string(s->account, "device_name", "Alice's desk");
    host_account_enable(s->account, TRUE);
    body = fake_request_json(EXPECT_REQUEST(s, "login"));
    EXPECT_TEXT(s, text_of(body, "initial_device_display_name"), "Alice's desk");
    /* Named here, so that a lost answer does not make two devices. */
    EXPECT_INT(s, strlen(text_of(body, "device_id")), 10);
    EXPECT_EVENT(s, "connected");
    settle(s);
}

/* ---- the second start ---- */

static void second_start_1(Scenario *s)
{
    g_autofree char *token = NULL;

    log_in(s);
    token = token_in_use(s);
    save(s, "token", token);
}

static void second_start_2(Scenario *s)
{
    g_autofree char *token = NULL;
    g_autofree char *before = load(s, "token");

    come_back(s);
    token = token_in_use(s);
    EXPECT_TEXT(s, token, before);
    EXPECT_INT(s, fake_server_count(s->server, "login"), 0);
    EXPECT_INT(s, fake_server_count(s->server, "filter"), 0);
}

/* With a stored token nobody asks for a password, remembered or not. */
static void no_password_2(Scenario *s)
{
    s->account = scenario_account(s, ALICE, NULL);
    purple_account_set_password(s->account, NULL);
    purple_account_set_remember_password(s->account, FALSE);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "login"), 0);
}

static void offline_online(Scenario *s)
{
    log_in(s);
    for (int i = 0; i < 5; i++) {
        go_offline(s);
        EXPECT_NOTHING(s, 100);
        host_account_enable(s->account, TRUE);
        EXPECT_EVENT(s, "connected");
        settle(s);
    }
    EXPECT_INT(s, fake_server_count(s->server, "login"), 1);
    EXPECT_INT(s, fake_server_count(s->server, "logout"), 0);
}

/* ---- passwords ---- */

static int ask_for_password(Scenario *s)
{
    JsonObject *request;

    s->account = scenario_account(s, ALICE, NULL);
    host_account_enable(s->account, TRUE);
    request = EXPECT_EVENT(s, "request");
    return json_object_get_int_member(request, "request");
}

static void password_asked(Scenario *s)
{
    g_autoptr(GError) error = NULL;
    int request = ask_for_password(s);

    EXPECT_INT(s, fake_server_count(s->server, "login"), 0);
    CHECK(s, host_press(request, "OK", "secret", NULL, &error));
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

static void password_cancelled(Scenario *s)
{
    g_autoptr(GError) error = NULL;
    int request = ask_for_password(s);

    CHECK(s, host_press(request, "Cancel", NULL, NULL, &error));
    EXPECT_EVENT(s, "disconnected");
    while (host_take_event("connection-error") != NULL)
        ;
}

static void password_wrong(Scenario *s)
{
    fake_server_set_password(s->server, "other");
    enable(s);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connection-error", "reason", "AUTHENTICATION_FAILED", "fatal", "true", "~text",
                 " ");
    EXPECT_EVENT(s, "disconnected");
    CHECK(s, !purple_account_get_enabled(s->account, HOST_UI));
    EXPECT_NOTHING(s, 500);
}

/* ---- wrong servers ---- */

/* Gives the sentence. */
static const char *fails_with(Scenario *s, const char *reason, const char *fatal)
{
    JsonObject *event;

    enable(s);
    event = EXPECT_EVENT(s, "connection-error", "reason", reason, "fatal", fatal);
    EXPECT_EVENT(s, "disconnected");
    EXPECT_INT(s, fake_server_count(s->server, "login"), 0);
    return text_of(event, "text");
}

static void server_404(Scenario *s)
{
    FakeAnswer answer = {.status = 404, .content_type = "text/html", .body = "<h1>Not found</h1>"};

    fake_server_once(s->server, "versions", answer);
    CHECK(s, strstr(fails_with(s, "INVALID_SETTINGS", "true"), "127.0.0.1") != NULL);
}

static void server_html(Scenario *s)
{
    FakeAnswer answer = {.status = 200, .content_type = "text/html", .body = "<h1>Hotel</h1>"};

    fake_server_once(s->server, "versions", answer);
    CHECK(s, strstr(fails_with(s, "INVALID_SETTINGS", "true"), "127.0.0.1") != NULL);
}

static void server_too_old(Scenario *s)
{
    FakeAnswer answer = {.status = 200, .body = "{\"versions\":[\"r0.5.0\",\"r0.6.1\"]}"};

    fake_server_once(s->server, "versions", answer);
    CHECK(s, strstr(fails_with(s, "INVALID_SETTINGS", "true"), "old") != NULL);
}

static void server_refuses_connections(Scenario *s)
{
    fake_server_down(s->server);
    fails_with(s, "NETWORK_ERROR", "false");
    fake_server_up(s->server);
    host_account_enable(s->account, FALSE);
    host_account_enable(s->account, TRUE);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

static void server_address_unusable(Scenario *s)
{
    static const char *const bad[] = {"http://", "ftp://x", "http://a b/", "http://[::1", "//"};

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        s->account = scenario_account(s, ALICE, "secret");
        purple_account_set_string(s->account, "home_server", bad[i]);
        host_account_enable(s->account, TRUE);
        EXPECT_EVENT(s, "connection-error", "reason", "INVALID_SETTINGS", "fatal", "true");
        EXPECT_EVENT(s, "disconnected");
    }
}

static void server_without_password_login(Scenario *s)
{
    FakeAnswer answer = {.status = 200, .body = "{\"flows\":[{\"type\":\"m.login.sso\"}]}"};

    fake_server_once(s->server, "login-flows", answer);
    fails_with(s, "AUTHENTICATION_IMPOSSIBLE", "true");
}

/* ---- tokens and their servers ---- */

static gboolean has_login(gpointer server)
{
    return fake_server_count(server, "login") > 0;
}

static void home_server_changed(Scenario *s)
{
    FakeServer *other = fake_server_new(0, NULL);
    g_autofree char *token = NULL;
    guint before;

    log_in(s);
    token = token_in_use(s);
    go_offline(s);
    before = fake_server_count(s->server, "sync");
    purple_account_set_string(s->account, "home_server", fake_server_url(other));
    host_account_enable(s->account, TRUE);
    WAIT(s, has_login, other);
    EXPECT_EVENT(s, "connected");
    for (GList *l = fake_server_requests(other)->head; l != NULL; l = l->next) {
        FakeRequest *request = l->data;
        CHECK(s, g_strcmp0(request->token, token) != 0);
        CHECK(s, strstr(request->body, token) == NULL);
    }
    EXPECT_INT(s, fake_server_count(s->server, "sync"), before);
    go_offline(s);
    fake_server_free(other);
}

static void several_accounts(Scenario *s)
{
    FakeServer *other = fake_server_new(0, NULL);
    g_autofree char *token = NULL;
    PurpleAccount *bob;

    set_usual_rooms(s);
    log_in(s);
    token = token_in_use(s);
    bob = host_account(HOST_PRPL, BOB, "secret");
    purple_account_set_string(bob, "home_server", fake_server_url(other));
    host_account_enable(bob, TRUE);
    EXPECT_EVENT(s, "connected", "username", BOB);
    EXPECT_INT(s, fake_server_count(other, "login"), 1);
    for (GList *l = fake_server_requests(other)->head; l != NULL; l = l->next)
        CHECK(s, g_strcmp0(((FakeRequest *)l->data)->token, token) != 0);
    push_event(s, DIRECT, event_text(BOB, "only for alice"));
    EXPECT_EVENT(s, "window", "username", ALICE, "name", BOB);
    EXPECT_EVENT(s, "line", "username", ALICE, "name", BOB, "text", "only for alice");
    host_account_enable(bob, FALSE);
    EXPECT_EVENT(s, "disconnected", "username", BOB);
    settle(s);
    CHECK(s, purple_account_is_connected(s->account));
    fake_server_free(other);
}

/* ---- the end of a session ---- */

static void press_confirmation(Scenario *s)
{
    JsonObject *request;
    JsonArray *buttons;

    host_iterate(200);
    request = host_take_event("request");
    if (request == NULL)
        return;
    buttons = json_object_get_array_member(request, "buttons");
    host_press(json_object_get_int_member(request, "request"),
               json_array_get_string_element(buttons, 0), NULL, NULL, NULL);
    json_object_unref(request);
}

static void log_out(Scenario *s)
{
    g_autofree char *token = NULL;

    log_in(s);
    token = token_in_use(s);
    CHECK(s, host_run_action(s->account, "Log out"));
    press_confirmation(s);
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "logout")->token, token);
    EXPECT_EVENT(s, "disconnected");
    while (host_take_event("connection-error") != NULL || host_take_event("notify") != NULL)
        ;
    EXPECT_INT(s, fake_server_count(s->server, "logout"), 1);
    /* The device is gone: coming back is a login. */
    host_account_enable(s->account, FALSE);
    host_account_enable(s->account, TRUE);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

static void log_out_unreachable(Scenario *s)
{
    log_in(s);
    fake_server_once(s->server, "logout", FAKE_502);
    CHECK(s, host_run_action(s->account, "Log out"));
    press_confirmation(s);
    EXPECT_REQUEST(s, "logout");
    EXPECT_EVENT(s, "notify");
    settle(s);
    CHECK(s, purple_account_is_connected(s->account));
}

/* Somebody else ended the session: final, with a sentence, and no login by itself. */
static void token_revoked(Scenario *s)
{
    g_autofree char *token = NULL;

    log_in(s);
    token = token_in_use(s);
    fake_server_revoke(s->server, token);
    push(s, g_strdup("{}"));
    EXPECT_EVENT(s, "connection-error", "reason", "AUTHENTICATION_FAILED", "fatal", "true");
    EXPECT_EVENT(s, "disconnected");
    EXPECT_NOTHING(s, 500);
    EXPECT_INT(s, fake_server_count(s->server, "login"), 1);
    host_account_enable(s->account, TRUE);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

/* Soft logout: the same device comes back by its password. */
static void soft_logout(Scenario *s)
{
    FakeAnswer answer = {.status = 401,
                         .body = "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"error\":\"Soft\","
                                 "\"soft_logout\":true}"};
    g_autoptr(JsonObject) second = NULL;
    FakeRequest *request;

    log_in(s);
    fake_server_once(s->server, "sync", answer);
    push(s, g_strdup("{}"));
    request = EXPECT_REQUEST(s, "login");
    second = fake_request_json(request);
    CHECK(s, text_of(second, "device_id") != NULL);
    settle(s);
    CHECK(s, purple_account_is_connected(s->account));
}

/* B12: the token has run out; a new pair comes for the refresh token, and nobody notices. */
static void refresh_1(Scenario *s)
{
    g_autofree char *first = NULL;
    g_autofree char *second = NULL;

    fake_server_set_refresh(s->server, TRUE);
    set_usual_rooms(s);
    log_in(s);
    for (int i = 0; i < 2; i++) {
        first = token_in_use(s);
        fake_server_revoke(s->server, first);
        push_event(s, DIRECT, event_text(BOB, "after"));
        if (i == 0)
            EXPECT_EVENT(s, "window", "name", BOB);
        EXPECT_LINE(s, BOB, BOB, "after", NULL);
        EXPECT_REQUEST(s, "refresh");
        settle(s);
        second = token_in_use(s);
        CHECK(s, g_strcmp0(first, second) != 0);
        g_clear_pointer(&first, g_free);
        g_clear_pointer(&second, g_free);
    }
    CHECK(s, purple_account_is_connected(s->account));
    first = token_in_use(s);
    save(s, "token", first);
}

static void refresh_2(Scenario *s)
{
    g_autofree char *before = load(s, "token");
    g_autofree char *now = NULL;

    come_back(s);
    now = token_in_use(s);
    EXPECT_TEXT(s, now, before);
}

static gboolean has_asked_for_keys(gpointer server)
{
    return fake_server_count(server, "keys-query") > 0;
}

/* A message that meets the 401 is sent again with its transaction ID. */
static void refresh_while_sending(Scenario *s)
{
    g_autofree char *token = NULL;
    g_autofree char *transaction = NULL;

    fake_server_set_refresh(s->server, TRUE);
    set_usual_rooms(s);
    log_in(s);
    /* Nothing else is to meet the 401. */
    WAIT(s, has_asked_for_keys, s->server);
    host_iterate(100);
    token = token_in_use(s);
    fake_server_revoke(s->server, token);
    CHECK(s, host_send_im(s->account, BOB, "hello"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, NULL, "hello", "SEND");
    transaction = g_strdup(EXPECT_REQUEST(s, "send")->args[2]);
    EXPECT_REQUEST(s, "refresh");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[2], transaction);
    settle(s);
    EXPECT_INT(s, fake_server_sent_count(s->server), 1);
    EXPECT_INT(s, fake_server_count(s->server, "refresh"), 1);
}

static void refresh_refused(Scenario *s)
{
    FakeAnswer refused = {.status = 401,
                          .body = "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"error\":\"Gone\"}"};
    g_autofree char *token = NULL;

    fake_server_set_refresh(s->server, TRUE);
    log_in(s);
    token = token_in_use(s);
    fake_server_revoke(s->server, token);
    fake_server_once(s->server, "refresh", refused);
    push(s, g_strdup("{}"));
    EXPECT_REQUEST(s, "refresh");
    EXPECT_EVENT(s, "connection-error", "reason", "AUTHENTICATION_FAILED", "fatal", "true");
    EXPECT_EVENT(s, "disconnected");
    EXPECT_NOTHING(s, 300);
}

/* ---- interrupted ---- */

static gboolean was_asked(gpointer data)
{
    gpointer *pair = data;

    return fake_server_count(pair[0], pair[1]) > 0;
}

static void disable_during(Scenario *s, const char *endpoint)
{
    gpointer pair[] = {s->server, (gpointer)endpoint};
    FakeAnswer silent = {.status = 200, .how = FAKE_SILENT};

    fake_server_once(s->server, endpoint, silent);
    enable(s);
    WAIT(s, was_asked, pair);
    host_account_enable(s->account, FALSE);
    EXPECT_EVENT(s, "disconnected");
    host_iterate(100);
    while (host_take_event("connected") != NULL)
        ;
    for (FakeRequest *r; (r = fake_server_take_request(s->server, "login")) != NULL;)
        fake_request_free(r);
    EXPECT_NOTHING(s, 50);
}

static void disabled_1(Scenario *s)
{
    static const char *const steps[] = {"versions", "login-flows", "login", "filter", "sync"};

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++)
        disable_during(s, steps[i]);
    /* And it still works. */
    enable(s);
    EXPECT_EVENT(s, "connected");
    settle(s);
}

static void disabled_at_once(Scenario *s)
{
    for (int i = 0; i < 20; i++) {
        enable(s);
        host_iterate(i);
        host_account_enable(s->account, FALSE);
        EXPECT_EVENT(s, "disconnected");
        while (host_take_event("connected") != NULL)
            ;
    }
    for (FakeRequest *r; (r = fake_server_take_request(s->server, "login")) != NULL;)
        fake_request_free(r);
}

/* The first sync of a big account: half of it is there, then the user changes his mind. */
static void disabled_in_first_sync(Scenario *s)
{
    gpointer pair[] = {s->server, "sync"};
    FakeAnswer drip = {.how = FAKE_DRIP};

    set_usual_rooms(s);
    fake_server_once(s->server, "sync", drip);
    enable(s);
    WAIT(s, was_asked, pair);
    host_iterate(100);
    host_account_enable(s->account, FALSE);
    EXPECT_EVENT(s, "disconnected");
    fake_request_free(fake_server_take_request(s->server, "login"));
    EXPECT_NOTHING(s, 200);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    settle(s);
    EXPECT_INT(s, count_nodes(), 2);
}

static void quit_during(Scenario *s, const char *endpoint)
{
    gpointer pair[] = {s->server, (gpointer)endpoint};
    FakeAnswer silent = {.status = 200, .how = FAKE_SILENT};

    fake_server_once(s->server, endpoint, silent);
    enable(s);
    WAIT(s, was_asked, pair);
    s->quits_at_once = TRUE;
}

static void quit_during_versions(Scenario *s)
{
    quit_during(s, "versions");
}

static void quit_during_login(Scenario *s)
{
    quit_during(s, "login");
}

static void quit_during_first_sync(Scenario *s)
{
    quit_during(s, "sync");
}

static void quit_while_connected(Scenario *s)
{
    log_in(s);
}

/* ---- accounts of the old plugin ---- */

#define OLD_TOKEN "mxt.0000.OLDDEVICE." ALICE

static void old_account(Scenario *s)
{
    PurpleAccount *account = scenario_account(s, ALICE, "secret");
    FakeRequest *request;

    purple_account_set_string(account, "access_token", OLD_TOKEN);
    purple_account_set_string(account, "olm_account_keys", "pickle");
    purple_account_set_string(account, "next_batch", "s_old");
    enable(s);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    request = EXPECT_REQUEST(s, "logout");
    EXPECT_TEXT(s, request->token, OLD_TOKEN);
    settle(s);
    EXPECT_TEXT(s, purple_account_get_string(account, "access_token", "none"), "none");
    EXPECT_TEXT(s, purple_account_get_string(account, "olm_account_keys", "none"), "none");
    EXPECT_TEXT(s, purple_account_get_string(account, "next_batch", "none"), "none");
    for (GList *l = fake_server_requests(s->server)->head; l != NULL; l = l->next)
        CHECK(s, g_strcmp0(((FakeRequest *)l->data)->token, OLD_TOKEN) != 0);
}

/* What could not be logged in keeps its old token: nobody else would revoke it. */
static void old_account_wrong_password(Scenario *s)
{
    PurpleAccount *account = scenario_account(s, ALICE, "wrong");

    fake_server_set_password(s->server, "other");
    purple_account_set_string(account, "access_token", OLD_TOKEN);
    enable(s);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connection-error", "reason", "AUTHENTICATION_FAILED");
    EXPECT_EVENT(s, "disconnected");
    EXPECT_INT(s, fake_server_count(s->server, "logout"), 0);
}

static const ScenarioEntry entries[] = {
    {"login-ok", {login_ok}},
    {"login-bare-name", {login_bare_name}},
    {"login-bare-name-without-server", {login_bare_name_without_server}},
    {"login-not-an-id", {login_not_an_id}},
    {"login-token-only-in-header", {login_token_only_in_header}},
    {"login-database-is-private", {login_database_is_private}},
    {"login-path-prefix", {login_path_prefix}},
    {"login-by-loopback-name", {login_by_loopback_name}},
    {"login-device-name", {login_device_name}},
    {"second-start", {second_start_1, second_start_2, second_start_2}},
    {"second-start-without-password", {second_start_1, no_password_2}},
    {"offline-online", {offline_online}},
    {"password-asked", {password_asked}},
    {"password-cancelled", {password_cancelled}},
    {"password-wrong", {password_wrong}},
    {"server-404", {server_404}},
    {"server-html", {server_html}},
    {"server-too-old", {server_too_old}},
    {"server-refuses-connections", {server_refuses_connections}},
    {"server-address-unusable", {server_address_unusable}},
    {"server-without-password-login", {server_without_password_login}},
    {"home-server-changed", {home_server_changed}},
    {"several-accounts", {several_accounts}},
    {"log-out", {log_out}},
    {"log-out-unreachable", {log_out_unreachable}},
    {"token-revoked", {token_revoked}},
    {"soft-logout", {soft_logout}},
    {"refresh", {refresh_1, refresh_2}},
    {"refresh-while-sending", {refresh_while_sending}},
    {"refresh-refused", {refresh_refused}},
    {"disabled-during-each-step", {disabled_1}},
    {"disabled-at-once", {disabled_at_once}},
    {"disabled-in-first-sync", {disabled_in_first_sync}},
    {"quit-during-versions", {quit_during_versions}},
    {"quit-during-login", {quit_during_login}},
    {"quit-during-first-sync", {quit_during_first_sync}},
    {"quit-while-connected", {quit_while_connected}},
    {"old-account", {old_account}},
    {"old-account-wrong-password", {old_account_wrong_password}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
