/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Every kind of request meets every kind of fault (A6, A7): both forms of 429, a proxy's 502 in
 * HTML, a body that is cut, one that drips, a connection that closes without a word. */

typedef struct {
    const char *name;
    FakeAnswer answer;
    gboolean is_patience; /* only needs waiting: nothing else may become of it */
} Fault;

static const Fault faults[] = {
    {"429 with Retry-After",
     {.status = 429,
      .header = "Retry-After",
      .header_value = "1",
      .body = "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"error\":\"Too Many Requests\"}"},
     TRUE},
    {"429 with retry_after_ms",
     {.status = 429,
      .body = "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"error\":\"Too Many Requests\","
              "\"retry_after_ms\":200}"},
     TRUE},
    {"502 HTML",
     {.status = 502, .content_type = "text/html", .body = "<html><h1>502</h1></html>"},
     FALSE},
    {"cut body", {.how = FAKE_CUT}, FALSE},
    {"slow drip", {.how = FAKE_DRIP}, TRUE},
    {"closed connection", {.status = 503, .body = "", .how = FAKE_CLOSE}, FALSE},
};

/* ---- on the way to "connected" ---- */

static gboolean is_decided(gpointer data)
{
    PurpleAccount *account = data;

    return purple_account_is_connected(account) || purple_account_is_disconnected(account);
}

static void forget(Scenario *s)
{
    forget_events(s);
    for (FakeRequest *r; (r = fake_server_take_request(s->server, "login")) != NULL;)
        fake_request_free(r);
}

static void check_failure(Scenario *s, const Fault *fault, const char *endpoint)
{
    JsonObject *error = host_take_event("connection-error");

    if (error == NULL)
        FAIL(s, "%s at %s: the connection went without a word", fault->name, endpoint);
    if (fault->is_patience)
        FAIL(s, "%s at %s should have been waited out, but: %s", fault->name, endpoint,
             text_of(error, "text"));
    if (json_object_get_boolean_member(error, "fatal") ||
        g_strcmp0(text_of(error, "reason"), "NETWORK_ERROR") != 0)
        FAIL(s, "%s at %s gave %s: %s", fault->name, endpoint, text_of(error, "reason"),
             text_of(error, "text"));
    json_object_unref(error);
}

static void log_in_through(Scenario *s, const Fault *fault, const char *endpoint, guint n)
{
    g_autofree char *user = g_strdup_printf("@user%u:localhost", n);
    PurpleAccount *account = scenario_account(s, user, "secret");

    fake_server_once(s->server, endpoint, fault->answer);
    host_account_enable(account, TRUE);
    WAIT(s, is_decided, account);
    if (!purple_account_is_connected(account)) {
        check_failure(s, fault, endpoint);
        host_account_enable(account, FALSE);
        host_account_enable(account, TRUE);
        WAIT(s, is_decided, account);
    }
    if (!purple_account_is_connected(account))
        FAIL(s, "%s at %s: not connected afterwards", fault->name, endpoint);
    host_account_enable(account, FALSE);
    forget(s);
}

static void through(Scenario *s, const char *endpoint)
{
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++)
        log_in_through(s, &faults[i], endpoint, i);
}

static void fault_versions(Scenario *s)
{
    through(s, "versions");
}

static void fault_login_flows(Scenario *s)
{
    through(s, "login-flows");
}

static void fault_login(Scenario *s)
{
    through(s, "login");
}

static void fault_filter(Scenario *s)
{
    through(s, "filter");
}

static void fault_first_sync(Scenario *s)
{
    through(s, "sync");
}

/* ---- while connected ---- */

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
}

static void fault_sync(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *text = g_strdup_printf("after %s", faults[i].name);
        fake_server_once(s->server, "sync", faults[i].answer);
        push(s, g_strdup("{}"));
        push_event(s, DIRECT, event_text(BOB, text));
        EXPECT_LINE(s, BOB, BOB, text, NULL);
        settle(s);
        CHECK(s, purple_account_is_connected(s->account));
    }
    EXPECT_NOTHING(s, 100);
}

static void fault_send(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *after = g_strdup_printf("after %s", faults[i].name);
        fake_server_once(s->server, "send", faults[i].answer);
        CHECK(s, host_send_im(s->account, BOB, faults[i].name));
        CHECK(s, host_send_im(s->account, BOB, after));
        EXPECT_LINE(s, BOB, NULL, faults[i].name, "SEND");
        EXPECT_LINE(s, BOB, NULL, after, "SEND");
        for (guint n = 0; n < 100 && fake_server_sent_count(s->server) < 2 * i + 2; n++)
            host_iterate(100);
        EXPECT_INT(s, fake_server_sent_count(s->server), 2 * i + 2);
        {
            g_autofree char *first = fake_server_sent_event(s->server, 2 * i, FALSE);
            g_autofree char *second = fake_server_sent_event(s->server, 2 * i + 1, FALSE);
            g_autofree char *first_body = g_strdup_printf("\"body\":\"%s\"", faults[i].name);
            g_autofree char *second_body = g_strdup_printf("\"body\":\"%s\"", after);
            CHECK(s, strstr(first, first_body) != NULL);
            CHECK(s, strstr(second, second_body) != NULL);
        }
        settle(s);
    }
    for (FakeRequest *r; (r = fake_server_take_request(s->server, "send")) != NULL;)
        fake_request_free(r);
    EXPECT_NOTHING(s, 300);
}

/* The gap is filled in the end, and the later line has waited for it. */
static void fault_messages(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *from = g_strdup_printf("p%u", i);
        g_autofree char *event = event_to_text(event_text(BOB, "inside"));
        g_autofree char *page = g_strdup_printf("{\"start\":\"x\",\"chunk\":[%s]}", event);
        SyncBody *body = sync_body_new();
        fake_server_set_page(s->server, DIRECT, from, page);
        fake_server_once(s->server, "messages", faults[i].answer);
        sync_body_timeline(body, DIRECT, event_text(BOB, faults[i].name));
        sync_body_limited(body, DIRECT, from);
        push(s, sync_body_end(body));
        for (guint n = 0; n < 40 && count_lines() < 2; n++) {
            host_iterate(200);
            if (n % 5 == 4)
                push(s, g_strdup("{}"));
        }
        EXPECT_LINE(s, BOB, BOB, "inside", NULL);
        EXPECT_LINE(s, BOB, BOB, faults[i].name, NULL);
        settle(s);
    }
    EXPECT_NOTHING(s, 100);
}

/* A list of members that does not come is no reason to lose a line. */
static void fault_members(Scenario *s)
{
    SyncBody *body = sync_body_new();

    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *room = g_strdup_printf("!m%u:localhost", i);
        sync_body_state(body, room, event_member(ALICE, "join", "Alice"));
        sync_body_summary(body, room, 300, 0, BOB);
    }
    set_first(s, sync_body_end(body));
    log_in(s);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *room = g_strdup_printf("!m%u:localhost", i);
        guint asked = fake_server_count(s->server, "members");
        fake_server_once(s->server, "members", faults[i].answer);
        open_chat(s, room);
        push_event(s, room, event_text(BOB, faults[i].name));
        EXPECT_LINE(s, room, BOB, faults[i].name, "RECV");
        settle(s);
        CHECK(s, fake_server_count(s->server, "members") > asked);
    }
    host_iterate(1500);
    EXPECT_NOTHING(s, 100);
}

static gboolean has_sent(gpointer data)
{
    return fake_server_sent_count(data) > 0;
}

/* What was refused once, or written at the same time, must not be lost (I3). */
static void expect_in_direct(Scenario *s, const char *user, const char *what)
{
    g_autofree char *quoted = g_strdup_printf("\"%s\"", user);

    for (guint n = 0; n < 100; n++) {
        const char *content = fake_server_account_data(s->server, "m.direct");
        if (content != NULL && strstr(content, quoted) != NULL)
            return;
        host_iterate(100);
    }
    FAIL(s, "%s: m.direct does not name the room of %s: %s", what, user,
         fake_server_account_data(s->server, "m.direct"));
}

/* Making the direct room: the message arrives in the end, and m.direct names the room. */
static void direct_through(Scenario *s, const char *endpoint)
{
    log_in(s);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *user = g_strdup_printf("@friend%u:localhost", i);
        guint before = fake_server_sent_count(s->server);
        fake_server_once(s->server, endpoint, faults[i].answer);
        CHECK(s, host_send_im(s->account, user, "hello"));
        EXPECT_EVENT(s, "window", "name", user);
        EXPECT_LINE(s, user, NULL, "hello", "SEND");
        for (guint n = 0; n < 100 && fake_server_sent_count(s->server) == before; n++)
            host_iterate(100);
        if (fake_server_sent_count(s->server) != before + 1)
            FAIL(s, "%s at %s: nothing was sent", faults[i].name, endpoint);
        expect_in_direct(s, user, faults[i].name);
        settle(s);
        EXPECT_INT(s, count_lines(), 0);
        if (find_node(s, user) == NULL)
            FAIL(s, "%s at %s: no buddy", faults[i].name, endpoint);
    }
    CHECK(s, has_sent(s->server));
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *user = g_strdup_printf("@friend%u:localhost", i);
        expect_in_direct(s, user, "in the end");
    }
    for (guint i = 0; i < 3; i++) {
        static const char *const all[] = {"create-room", "set-account-data", "send"};
        for (FakeRequest *r; (r = fake_server_take_request(s->server, all[i])) != NULL;)
            fake_request_free(r);
    }
}

static void fault_create_room(Scenario *s)
{
    direct_through(s, "create-room");
}

static void fault_set_account_data(Scenario *s)
{
    direct_through(s, "set-account-data");
}

static void fault_get_account_data(Scenario *s)
{
    direct_through(s, "get-account-data");
}

/* The partner has left and is invited again; the message waits for that. */
static void fault_invite(Scenario *s)
{
    SyncBody *body = sync_body_new();
    g_autofree char *direct = NULL;
    GString *content = g_string_new("{");

    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *user = g_strdup_printf("@friend%u:localhost", i);
        g_autofree char *room = g_strdup_printf("!d%u:localhost", i);
        g_autofree char *members = g_strdup_printf(ALICE " %s", user);
        sync_body_room(body, room, NULL, members);
        sync_body_timeline(body, room, event_member(user, "leave", NULL));
        sync_body_summary(body, room, 1, 0, user);
        g_string_append_printf(content, "%s'%s':['%s']", i ? "," : "", user, room);
    }
    direct = g_strdup_printf("%s}", content->str);
    g_string_free(content, TRUE);
    sync_body_account_data(body, "m.direct", direct);
    set_first(s, sync_body_end(body));
    log_in(s);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *user = g_strdup_printf("@friend%u:localhost", i);
        g_autofree char *room = g_strdup_printf("!d%u:localhost", i);
        fake_server_once(s->server, "invite", faults[i].answer);
        CHECK(s, host_send_im(s->account, user, "come back"));
        EXPECT_EVENT(s, "window", "name", user);
        EXPECT_LINE(s, user, NULL, "come back", "SEND");
        EXPECT_TEXT(s, EXPECT_REQUEST(s, "send")->args[0], room);
        settle(s);
        EXPECT_INT(s, count_lines(), 0);
    }
    for (FakeRequest *r; (r = fake_server_take_request(s->server, "invite")) != NULL;)
        fake_request_free(r);
}

/* The token has run out, and the way to a new one is bumpy. */
static void fault_refresh(Scenario *s)
{
    fake_server_set_refresh(s->server, TRUE);
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *token = NULL;
        for (GList *l = fake_server_requests(s->server)->tail; l != NULL && !token; l = l->prev) {
            FakeRequest *request = l->data;
            if (g_str_equal(request->endpoint, "sync"))
                token = g_strdup(request->token);
        }
        /* A cut answer has used the refresh token up: the session is then over by right. */
        if (faults[i].answer.how == FAKE_CUT)
            continue;
        fake_server_once(s->server, "refresh", faults[i].answer);
        fake_server_revoke(s->server, token);
        push_event(s, DIRECT, event_text(BOB, faults[i].name));
        EXPECT_LINE(s, BOB, BOB, faults[i].name, NULL);
        push_event(s, DIRECT, event_text(BOB, "and on"));
        EXPECT_LINE(s, BOB, BOB, "and on", NULL);
        settle(s);
        CHECK(s, purple_account_is_connected(s->account));
    }
    for (FakeRequest *r; (r = fake_server_take_request(s->server, "refresh")) != NULL;)
        fake_request_free(r);
}

static void fault_logout(Scenario *s)
{
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autofree char *user = g_strdup_printf("@leaver%u:localhost", i);
        PurpleAccount *account = scenario_account(s, user, "secret");
        host_account_enable(account, TRUE);
        WAIT(s, is_decided, account);
        fake_server_once(s->server, "logout", faults[i].answer);
        for (guint n = 0; n < 3 && purple_account_is_connected(account); n++) {
            CHECK(s, host_run_action(account, "Log out"));
            host_iterate(2500);
        }
        CHECK(s, purple_account_is_disconnected(account));
        forget(s);
        for (FakeRequest *r; (r = fake_server_take_request(s->server, "logout")) != NULL;)
            fake_request_free(r);
    }
}

/* Rate limits for a while on everything: a busy server is no broken one. */
static void everything_is_limited(Scenario *s)
{
    static const char *const all[] = {"versions", "login-flows", "login", "filter",
                                      "sync",     "messages",    "send",  "members"};

    set_usual_rooms(s);
    for (guint i = 0; i < G_N_ELEMENTS(all) - 3; i++) {
        fake_server_once(s->server, all[i], FAKE_429_BODY);
        fake_server_once(s->server, all[i], FAKE_429_HEADER);
    }
    enable(s);
    /* Ten waits of about a second each are more than one event is waited for. */
    for (guint n = 0; n < 300 && fake_server_count(s->server, "sync") < 3; n++)
        host_iterate(100);
    EXPECT_EVENT(s, "connected");
    while (fake_server_count(s->server, "login") < 3)
        host_iterate(50);
    forget(s);
    settle(s);
    EXPECT_INT(s, count_nodes(), 2);
}

static const ScenarioEntry entries[] = {
    {"fault-versions", {fault_versions}},
    {"fault-login-flows", {fault_login_flows}},
    {"fault-login", {fault_login}},
    {"fault-filter", {fault_filter}},
    {"fault-first-sync", {fault_first_sync}},
    {"fault-sync", {fault_sync}},
    {"fault-send", {fault_send}},
    {"fault-messages", {fault_messages}},
    {"fault-members", {fault_members}},
    {"fault-create-room", {fault_create_room}},
    {"fault-set-account-data", {fault_set_account_data}},
    {"fault-get-account-data", {fault_get_account_data}},
    {"fault-invite", {fault_invite}},
    {"fault-refresh", {fault_refresh}},
    {"fault-logout", {fault_logout}},
    {"everything-is-limited", {everything_is_limited}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
