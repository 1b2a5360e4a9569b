/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Sessions that run out at a bad moment. */

static void save(Scenario *s, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(s->dir, name, NULL);

    g_file_set_contents(path, text, -1, NULL);
}

static char *load(Scenario *s, const char *name)
{
    g_autofree char *path = g_build_filename(s->dir, name, NULL);
    char *text = NULL;

    CHECK(s, g_file_get_contents(path, &text, NULL, NULL));
    return text;
}

/* ---- a crash between the new pair of tokens and its saving (B12) ---- */

static gboolean was_refreshed(gpointer server)
{
    return fake_server_count(server, "refresh") > 0;
}

/* The homeserver has made the pair, and nobody here knows it. */
static void crash_while_refreshing(Scenario *s)
{
    g_autofree char *token = NULL;

    fake_server_set_refresh(s->server, TRUE);
    set_usual_rooms(s);
    log_in(s);
    for (GList *l = fake_server_requests(s->server)->head; l != NULL; l = l->next)
        if (g_str_equal(((FakeRequest *)l->data)->endpoint, "sync")) {
            g_free(token);
            token = g_strdup(((FakeRequest *)l->data)->token);
        }
    save(s, "token", token);
    fake_server_revoke(s->server, token);
    fake_server_once(s->server, "refresh", (FakeAnswer){.how = FAKE_SILENT});
    push(s, g_strdup("{}"));
    WAIT(s, was_refreshed, s->server);
    g_autoptr(JsonObject) body = fake_request_json(EXPECT_REQUEST(s, "refresh"));
    save(s, "refresh", text_of(body, "refresh_token"));
    scenario_die(s);
}

/* The old refresh token serves again: homeservers keep it until the new pair is used. */
static void after_the_crash(Scenario *s)
{
    g_autofree char *token = load(s, "token"), *refresh_token = load(s, "refresh");

    fake_server_set_refresh(s->server, TRUE);
    fake_server_revoke(s->server, token);
    come_back(s);
    g_autoptr(JsonObject) body = fake_request_json(EXPECT_REQUEST(s, "refresh"));
    EXPECT_TEXT(s, text_of(body, "refresh_token"), refresh_token);
    EXPECT_INT(s, fake_server_count(s->server, "refresh"), 1);
    push_event(s, DIRECT, event_text(BOB, "still there"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "still there", NULL);
}

/* ---- the password is wanted again, and not remembered (B13) ---- */

static void with_password(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
}

static JsonObject *come_back_and_be_asked(Scenario *s)
{
    FakeAnswer soft = {.status = 401,
                       .body = "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"error\":\"Soft\","
                               "\"soft_logout\":true}"};

    s->account = scenario_account(s, ALICE, NULL);
    purple_account_set_password(s->account, NULL);
    purple_account_set_remember_password(s->account, FALSE);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    settle(s);
    fake_server_once(s->server, "sync", soft);
    push_event(s, DIRECT, event_text(BOB, "meanwhile"));
    return EXPECT_EVENT(s, "request", "primary", "Enter the password of " ALICE);
}

static void asked_again(Scenario *s)
{
    g_autoptr(JsonObject) inputs = json_object_new();
    guint number = json_object_get_int_member(come_back_and_be_asked(s), "request");

    json_object_set_string_member(inputs, "password", "secret");
    EXPECT_INT(s, fake_server_count(s->server, "login"), 0);
    CHECK(s, host_press(number, "OK", NULL, inputs, NULL));
    g_autoptr(JsonObject) body = fake_request_json(EXPECT_REQUEST(s, "login"));
    CHECK(s, text_of(body, "device_id") != NULL); /* the same device */
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "meanwhile", NULL);
    settle(s);
    CHECK(s, purple_account_is_connected(s->account));
}

static void refused_again(Scenario *s)
{
    guint number = json_object_get_int_member(come_back_and_be_asked(s), "request");

    CHECK(s, host_press(number, "Cancel", NULL, NULL, NULL));
    EXPECT_EVENT(s, "connection-error", "reason", "AUTHENTICATION_FAILED", "fatal", "true");
    EXPECT_EVENT(s, "disconnected");
    EXPECT_INT(s, fake_server_count(s->server, "login"), 0);
}

static const ScenarioEntry entries[] = {
    {"sessions-crash-while-refreshing", {crash_while_refreshing, after_the_crash}},
    {"sessions-password-asked-again", {with_password, asked_again}},
    {"sessions-password-not-given", {with_password, refused_again}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
