/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* "Create this new account on the server": B7, B8, B9. */

#define TOKEN_TERMS_DUMMY                                                                          \
    "[{\"stages\":[\"m.login.registration_token\",\"m.login.terms\",\"m.login.dummy\"]}]"
#define TERMS                                                                                      \
    "{\"m.login.terms\":{\"policies\":{\"privacy\":{\"version\":\"1\","                            \
    "\"en\":{\"name\":\"Privacy & <b>more</b>\",\"url\":\"https://example.org/privacy\"},"         \
    "\"fr\":{\"name\":\"Vie\",\"url\":\"https://example.org/fr\"}}}}}"

static int completed; /* what the callback was told; 0: nothing */

static void on_registered(PurpleAccount *account, gboolean succeeded, void *data)
{
    completed = succeeded ? 1 : -1;
}

static void start_as(Scenario *s, const char *username, const char *password)
{
    s->account = scenario_account(s, username, password);
    purple_account_set_register_callback(s->account, on_registered, NULL);
    purple_account_register(s->account);
}

static void start(Scenario *s)
{
    start_as(s, ALICE, "secret");
    EXPECT_REQUEST(s, "register-available");
}

/* The request's JSON. Borrowed until the end. */
static JsonObject *expect_post(Scenario *s)
{
    g_autoptr(JsonObject) body = fake_request_json(EXPECT_REQUEST(s, "register"));

    CHECK(s, body != NULL && json_object_get_boolean_member(body, "inhibit_login"));
    g_ptr_array_add(s->kept, json_object_ref(body));
    return body;
}

static JsonObject *expect_auth(Scenario *s, const char *type)
{
    JsonObject *body = expect_post(s);
    JsonObject *auth;

    CHECK(s, json_object_has_member(body, "auth"));
    auth = json_object_get_object_member(body, "auth");
    EXPECT_TEXT(s, text_of(auth, "type"), type);
    return auth;
}

static void expect_session(Scenario *s, JsonObject *auth, const char *session)
{
    EXPECT_TEXT(s, text_of(auth, "session"), session);
}

static void press(Scenario *s, JsonObject *request, const char *button, const char *input)
{
    CHECK(s, host_press(json_object_get_int_member(request, "request"), button, input, NULL, NULL));
}

static void expect_online(Scenario *s, const char *username)
{
    EXPECT_EVENT(s, "disconnected"); /* of the connection that registered */
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected", "username", username);
    settle(s);
    EXPECT_INT(s, completed, 1);
    EXPECT_INT(s, fake_server_count(s->server, "login"), 1);
}

/* Nothing is stored, nobody logged in, and the account is what it was before. */
static void expect_untouched(Scenario *s, const char *username)
{
    g_autofree char *store = g_build_filename(s->dir, "purple", "matrix", NULL);

    EXPECT_EVENT(s, "disconnected");
    host_iterate(50);
    EXPECT_INT(s, completed, 0); /* Pidgin would remove the account */
    EXPECT_INT(s, fake_server_count(s->server, "login"), 0);
    CHECK(s, !fake_server_has_user(s->server, "alice"));
    CHECK(s, !g_file_test(store, G_FILE_TEST_EXISTS));
    CHECK(s, host_find_account(username) == s->account);
    CHECK(s, !purple_account_get_enabled(s->account, HOST_UI));
    EXPECT_TEXT(s, purple_account_get_string(s->account, "home_server", ""),
                fake_server_url(s->server));
}

/* ---- one stage each ---- */

static void dummy(Scenario *s)
{
    start(s);
    JsonObject *first = expect_post(s);
    EXPECT_TEXT(s, text_of(first, "username"), "alice");
    EXPECT_TEXT(s, text_of(first, "password"), "secret");
    CHECK(s, !json_object_has_member(first, "auth"));
    expect_session(s, expect_auth(s, "m.login.dummy"), "session1");
    expect_online(s, ALICE);
    EXPECT_TEXT(s, purple_account_get_password(s->account), "secret");
}

static void without_remembering(Scenario *s)
{
    s->account = scenario_account(s, ALICE, NULL);
    purple_account_set_password(s->account, "secret");
    start(s);
    purple_account_set_remember_password(s->account, FALSE);
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
    CHECK(s, !purple_account_get_remember_password(s->account));
}

static void token(Scenario *s)
{
    JsonObject *request;

    fake_server_set_flows(s->server, "[{\"stages\":[\"m.login.registration_token\"]}]", NULL);
    start(s);
    expect_post(s);
    request = EXPECT_EVENT(s, "request", "~primary", "registration token");
    press(s, request, "OK", " bad ");
    EXPECT_REQUEST(s, "token-validity");
    request = EXPECT_EVENT(s, "request", "~secondary", "not valid");
    press(s, request, "OK", "");
    request = EXPECT_EVENT(s, "request", "~secondary", "no account");
    press(s, request, "OK", "worse"); /* the server finds out later */
    EXPECT_REQUEST(s, "token-validity");
    EXPECT_TEXT(s, text_of(expect_auth(s, "m.login.registration_token"), "token"), "worse");
    /* The server's words are text, not markup: dialogs of both programs show text. */
    request = EXPECT_EVENT(s, "request", "~secondary", "Invalid <b>token</b>");
    press(s, request, "OK", "good");
    EXPECT_REQUEST(s, "token-validity");
    expect_session(s, expect_auth(s, "m.login.registration_token"), "session1");
    expect_online(s, ALICE);
}

static void token_unchecked(Scenario *s)
{
    fake_server_set_flows(s->server, "[{\"stages\":[\"m.login.registration_token\"]}]", NULL);
    fake_server_once(
        s->server, "token-validity",
        (FakeAnswer){.status = 404, .body = "{\"errcode\":\"M_UNRECOGNIZED\",\"error\":\"?\"}"});
    start(s);
    expect_post(s);
    press(s, EXPECT_EVENT(s, "request"), "OK", "good");
    EXPECT_REQUEST(s, "token-validity");
    expect_auth(s, "m.login.registration_token");
    expect_online(s, ALICE);
}

static JsonObject *tick(const char *id)
{
    JsonObject *inputs = json_object_new();

    json_object_set_string_member(inputs, id, "true");
    return inputs;
}

static void terms(Scenario *s)
{
    g_autoptr(JsonObject) open = tick("open");
    g_autoptr(JsonObject) yes = tick("https://example.org/privacy");
    JsonObject *request;

    fake_server_set_flows(s->server, "[{\"stages\":[\"m.login.terms\"]}]", TERMS);
    start(s);
    expect_post(s);
    request = EXPECT_EVENT(s, "request", "~secondary", "https://example.org/privacy", "~secondary",
                           "Privacy & <b>more</b>", "!secondary", "Vie");
    press(s, request, "OK", NULL); /* not ticked */
    EXPECT_INT(s, fake_server_count(s->server, "register"), 1);
    request = EXPECT_EVENT(s, "request", "~secondary", "Tick each box");
    CHECK(s, host_press(json_object_get_int_member(request, "request"), "OK", NULL, open, NULL));
    EXPECT_EVENT(s, "uri", "uri", "https://example.org/privacy");
    request = EXPECT_EVENT(s, "request", "~secondary", "https://example.org/privacy");
    CHECK(s, host_press(json_object_get_int_member(request, "request"), "OK", NULL, yes, NULL));
    expect_auth(s, "m.login.terms");
    expect_online(s, ALICE);
}

static void password(Scenario *s)
{
    JsonObject *request, *auth;

    fake_server_set_flows(s->server, "[{\"stages\":[\"m.login.password\"]}]", NULL);
    start(s);
    expect_post(s);
    request = EXPECT_EVENT(s, "request", "~primary", "password");
    press(s, request, "OK", "wrong");
    expect_auth(s, "m.login.password");
    request = EXPECT_EVENT(s, "request", "~secondary", "Invalid password");
    press(s, request, "OK", "sesame");
    auth = expect_auth(s, "m.login.password");
    EXPECT_TEXT(s, text_of(json_object_get_object_member(auth, "identifier"), "user"), "alice");
    expect_online(s, ALICE);
}

static void email(Scenario *s)
{
    g_autoptr(JsonObject) again = tick("again");
    JsonObject *request;
    g_autoptr(JsonObject) first = NULL;
    g_autoptr(JsonObject) second = NULL;

    fake_server_set_flows(s->server, "[{\"stages\":[\"m.login.email.identity\"]}]", NULL);
    start(s);
    expect_post(s);
    request = EXPECT_EVENT(s, "request", "~primary", "e-mail");
    press(s, request, "OK", "nonsense");
    request = EXPECT_EVENT(s, "request", "~secondary", "no e-mail address");
    press(s, request, "OK", "used@example.org");
    first = fake_request_json(EXPECT_REQUEST(s, "register-email"));
    request = EXPECT_EVENT(s, "request", "~secondary", "already in use");
    press(s, request, "OK", "alice@example.org");
    second = fake_request_json(EXPECT_REQUEST(s, "register-email"));
    EXPECT_INT(s, json_object_get_int_member(first, "send_attempt"), 1);
    EXPECT_INT(s, json_object_get_int_member(second, "send_attempt"), 2);
    request = EXPECT_EVENT(s, "request", "~secondary", "alice@example.org");
    press(s, request, "Continue", NULL); /* too early */
    expect_auth(s, "m.login.email.identity");
    request = EXPECT_EVENT(s, "request", "~secondary", "not confirmed yet");
    CHECK(s, host_press(json_object_get_int_member(request, "request"), "Continue", NULL, again,
                        NULL));
    request = EXPECT_EVENT(s, "request", "~primary", "e-mail");
    press(s, request, "OK", NULL); /* the same address */
    EXPECT_REQUEST(s, "register-email");
    request = EXPECT_EVENT(s, "request", "~secondary", "alice@example.org");
    fake_server_finish_stage(s->server, "m.login.email.identity");
    press(s, request, "Continue", NULL);
    expect_auth(s, "m.login.email.identity");
    expect_online(s, ALICE);
}

/* A stage nobody knows here: on its page, and asked about as often as the user presses. */
static void page(Scenario *s)
{
    JsonObject *request, *auth;
    g_autofree char *url =
        g_strdup_printf("%s/_matrix/client/v3/auth/org.example.quiz/fallback/web?session=session1",
                        fake_server_url(s->server));

    fake_server_set_flows(s->server, "[{\"stages\":[\"org.example.quiz\"]}]", NULL);
    start(s);
    expect_post(s);
    EXPECT_EVENT(s, "uri", "uri", url);
    request = EXPECT_EVENT(s, "request", "~secondary", url, "!secondary", "not finished");
    for (int i = 0; i < 3; i++) {
        press(s, request, "Continue", NULL);
        auth = expect_auth(s, NULL);
        expect_session(s, auth, "session1");
        EXPECT_INT(s, json_object_get_size(auth), 1);
        request = EXPECT_EVENT(s, "request", "~secondary", "not finished", "~secondary", url);
        EXPECT_NOTHING(s, 300); /* and no page is opened again */
    }
    fake_server_finish_stage(s->server, "org.example.quiz");
    press(s, request, "Continue", NULL);
    expect_auth(s, NULL);
    expect_online(s, ALICE);
}

/* ---- several ---- */

static void three_stages(Scenario *s)
{
    g_autoptr(JsonObject) yes = tick("https://example.org/privacy");
    JsonObject *request;

    fake_server_set_flows(s->server, TOKEN_TERMS_DUMMY, TERMS);
    start(s);
    expect_post(s);
    press(s, EXPECT_EVENT(s, "request", "~primary", "token"), "OK", "good");
    EXPECT_REQUEST(s, "token-validity");
    expect_session(s, expect_auth(s, "m.login.registration_token"), "session1");
    request = EXPECT_EVENT(s, "request", "~primary", "terms");
    CHECK(s, host_press(json_object_get_int_member(request, "request"), "OK", NULL, yes, NULL));
    expect_session(s, expect_auth(s, "m.login.terms"), "session1");
    expect_session(s, expect_auth(s, "m.login.dummy"), "session1");
    expect_online(s, ALICE);
}

/* Of the flows on offer the one without a browser, whatever their order. */
static void two_flows(Scenario *s)
{
    fake_server_set_flows(s->server,
                          "[{\"stages\":[\"m.login.recaptcha\"]},"
                          "{\"stages\":[\"m.login.registration_token\",\"m.login.dummy\"]},"
                          "{\"stages\":[\"m.login.recaptcha\",\"m.login.dummy\"]}]",
                          NULL);
    start(s);
    expect_post(s);
    press(s, EXPECT_EVENT(s, "request", "~primary", "token"), "OK", "good");
    EXPECT_REQUEST(s, "token-validity");
    expect_auth(s, "m.login.registration_token");
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
}

static void nothing_to_understand(Scenario *s)
{
    fake_server_set_flows(s->server, "[{\"stages\":[[]]},{}]", NULL);
    start(s);
    expect_post(s);
    EXPECT_EVENT(s, "notify", "~secondary", "cannot be understood");
    expect_untouched(s, ALICE);
}

/* A stage without a question that fails is not tried for ever. */
static void dummy_that_fails(Scenario *s)
{
    fake_server_once(s->server, "register", (FakeAnswer){0});
    fake_server_once(s->server, "register",
                     (FakeAnswer){.status = 401,
                                  .body =
                                      "{\"session\":\"session1\",\"error\":\"No dice\",\"flows\":"
                                      "[{\"stages\":[\"m.login.dummy\"]}]}"});
    start(s);
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    EXPECT_EVENT(s, "notify", "~secondary", "No dice");
    expect_untouched(s, ALICE);
}

/* The session has run out while the person was reading: a new one, and why. */
static void lost_session(Scenario *s)
{
    JsonObject *request;

    fake_server_set_flows(s->server, "[{\"stages\":[\"m.login.registration_token\"]}]", NULL);
    start(s);
    expect_post(s);
    request = EXPECT_EVENT(s, "request", "~primary", "token");
    fake_server_once(
        s->server, "register",
        (FakeAnswer){.status = 400,
                     .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"Unknown session ID\"}"});
    press(s, request, "OK", "good");
    EXPECT_REQUEST(s, "token-validity");
    expect_auth(s, "m.login.registration_token");
    CHECK(s, !json_object_has_member(expect_post(s), "auth"));
    request = EXPECT_EVENT(s, "request", "~secondary", "Unknown session ID");
    press(s, request, "OK", "good");
    EXPECT_REQUEST(s, "token-validity");
    expect_session(s, expect_auth(s, "m.login.registration_token"), "session2");
    expect_online(s, ALICE);
}

/* ---- names and passwords ---- */

static void name_taken(Scenario *s)
{
    JsonObject *request;

    fake_server_add_user(s->server, "alice");
    start(s);
    request = EXPECT_EVENT(s, "request", "~secondary", "User ID already taken.");
    EXPECT_INT(s, fake_server_count(s->server, "register"), 0);
    press(s, request, "OK", "two words");
    request = EXPECT_EVENT(s, "request", "~secondary", "name alone");
    press(s, request, "OK", "@Alicia:localhost");
    EXPECT_REQUEST(s, "register-available");
    EXPECT_TEXT(s, text_of(expect_post(s), "username"), "alicia");
    expect_auth(s, "m.login.dummy");
    expect_online(s, "@alicia:localhost");
    CHECK(s, !fake_server_has_user(s->server, "Alicia"));
}

static void name_refused(Scenario *s, const char *errcode)
{
    g_autofree char *body =
        g_strdup_printf("{\"errcode\":\"%s\",\"error\":\"Not <that> & not so\"}", errcode);

    fake_server_once(s->server, "register-available", (FakeAnswer){.status = 400, .body = body});
    start(s);
    press(s, EXPECT_EVENT(s, "request", "~secondary", "Not <that> & not so"), "Cancel", NULL);
    expect_untouched(s, ALICE);
    EXPECT_INT(s, fake_server_count(s->server, "register"), 0);
}

static void name_invalid(Scenario *s)
{
    name_refused(s, "M_INVALID_USERNAME");
}

static void name_exclusive(Scenario *s)
{
    name_refused(s, "M_EXCLUSIVE");
}

static void upper_case(Scenario *s)
{
    start_as(s, "@Alice:localhost", "secret");
    EXPECT_REQUEST(s, "register-available");
    EXPECT_TEXT(s, text_of(expect_post(s), "username"), "alice");
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
    CHECK(s, host_find_account(ALICE) == s->account);
}

static void bare_name(Scenario *s)
{
    start_as(s, "alice", "secret");
    EXPECT_REQUEST(s, "register-available");
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    expect_online(s, "alice");
}

static void bare_upper_case(Scenario *s)
{
    start_as(s, "Alice", "secret");
    EXPECT_REQUEST(s, "register-available");
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
}

/* The homeserver's name is not its address: what it calls the account is what counts. */
static void another_server_name(Scenario *s)
{
    start_as(s, "@alice:127.0.0.1:1", "secret");
    EXPECT_REQUEST(s, "register-available");
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
    EXPECT_TEXT(s, purple_account_get_string(s->account, "home_server", ""),
                fake_server_url(s->server));
}

/* Found by its name alone, it would not be found by the new one. */
static void server_name_is_address(Scenario *s)
{
    g_autofree char *typed = g_strdup_printf("@alice:127.0.0.1:%u", fake_server_port(s->server));

    s->account = host_account(HOST_PRPL, typed, "secret");
    purple_account_set_register_callback(s->account, on_registered, NULL);
    purple_account_register(s->account);
    EXPECT_REQUEST(s, "register-available");
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
    EXPECT_TEXT(s, purple_account_get_string(s->account, "home_server", ""),
                fake_server_url(s->server));
}

static void not_an_id(Scenario *s)
{
    start_as(s, "@nobody", "secret");
    EXPECT_EVENT(s, "notify", "~secondary", "@name:server");
    expect_untouched(s, "@nobody");
}

static void weak_password(Scenario *s)
{
    g_autoptr(JsonObject) two = json_object_new();
    JsonObject *request;

    fake_server_set_password(s->server, "much longer");
    fake_server_once(s->server, "register",
                     (FakeAnswer){.status = 400,
                                  .body = "{\"errcode\":\"M_WEAK_PASSWORD\",\"error\":\"Weak!\"}"});
    start(s);
    expect_post(s);
    request = EXPECT_EVENT(s, "request", "~secondary", "Weak!");
    json_object_set_string_member(two, "password", "much longer");
    json_object_set_string_member(two, "again", "much linger");
    CHECK(s, host_press(json_object_get_int_member(request, "request"), "OK", NULL, two, NULL));
    request = EXPECT_EVENT(s, "request", "~secondary", "two different");
    json_object_set_string_member(two, "again", "much longer");
    CHECK(s, host_press(json_object_get_int_member(request, "request"), "OK", NULL, two, NULL));
    EXPECT_TEXT(s, text_of(expect_post(s), "password"), "much longer");
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
}

static void no_password(Scenario *s)
{
    g_autoptr(JsonObject) two = json_object_new();
    JsonObject *request;

    start_as(s, ALICE, NULL);
    request = EXPECT_EVENT(s, "request", "~primary", "password", "~primary", ALICE);
    press(s, request, "OK", NULL);
    request = EXPECT_EVENT(s, "request", "~secondary", "needs a password");
    json_object_set_string_member(two, "password", "secret");
    json_object_set_string_member(two, "again", "secret");
    CHECK(s, host_press(json_object_get_int_member(request, "request"), "OK", NULL, two, NULL));
    EXPECT_REQUEST(s, "register-available");
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
}

/* ---- it cannot be done ---- */

static void refused(Scenario *s, guint status, const char *errcode, const char *sentence)
{
    g_autofree char *body =
        g_strdup_printf("{\"errcode\":\"%s\",\"error\":\"Registration <i>no</i>\"}", errcode);

    fake_server_once(s->server, "register-available", (FakeAnswer){.status = 403, .body = body});
    fake_server_once(s->server, "register", (FakeAnswer){.status = status, .body = body});
    start(s);
    expect_post(s);
    EXPECT_EVENT(s, "notify", "~secondary", sentence);
    expect_untouched(s, ALICE);
}

static void disabled(Scenario *s)
{
    refused(s, 403, "M_FORBIDDEN",
            "does not let people create accounts. The homeserver says: "
            "Registration <i>no</i>");
}

static void only_on_its_page(Scenario *s)
{
    refused(s, 404, "M_UNRECOGNIZED", "web page");
}

static void only_on_its_page_forbidden(Scenario *s)
{
    refused(s, 403, "M_UNRECOGNIZED", "web page");
}

/* ---- aborted ---- */

static void abort_at(Scenario *s, const char *stage, const char *params)
{
    g_autofree char *flows = g_strdup_printf("[{\"stages\":[\"%s\",\"m.login.dummy\"]}]", stage);

    fake_server_set_flows(s->server, flows, params);
    start(s);
    expect_post(s);
    press(s, EXPECT_EVENT(s, "request"), "Cancel", NULL);
    EXPECT_INT(s, fake_server_count(s->server, "register"), 1);
    expect_untouched(s, ALICE);
}

static void abort_at_token(Scenario *s)
{
    abort_at(s, "m.login.registration_token", NULL);
}

static void abort_at_terms(Scenario *s)
{
    abort_at(s, "m.login.terms", TERMS);
}

static void abort_at_email(Scenario *s)
{
    abort_at(s, "m.login.email.identity", NULL);
}

static void abort_at_page(Scenario *s)
{
    fake_server_set_flows(s->server, "[{\"stages\":[\"m.login.recaptcha\"]}]", NULL);
    start(s);
    expect_post(s);
    EXPECT_EVENT(s, "uri");
    press(s, EXPECT_EVENT(s, "request"), "Cancel", NULL);
    expect_untouched(s, ALICE);
}

static void abort_at_link(Scenario *s)
{
    fake_server_set_flows(s->server, "[{\"stages\":[\"m.login.email.identity\"]}]", NULL);
    start(s);
    expect_post(s);
    press(s, EXPECT_EVENT(s, "request"), "OK", "alice@example.org");
    EXPECT_REQUEST(s, "register-email");
    press(s, EXPECT_EVENT(s, "request"), "Cancel", NULL);
    expect_untouched(s, ALICE);
}

/* The account is removed, or the program quits, with a question open. */
static void removed_at_stage(Scenario *s)
{
    fake_server_set_flows(s->server, TOKEN_TERMS_DUMMY, TERMS);
    start(s);
    expect_post(s);
    EXPECT_EVENT(s, "request");
    purple_accounts_delete(s->account);
    EXPECT_EVENT(s, "disconnected");
    EXPECT_NOTHING(s, 200);
}

static void quit_at_stage(Scenario *s)
{
    fake_server_set_flows(s->server, TOKEN_TERMS_DUMMY, TERMS);
    start(s);
    expect_post(s);
    EXPECT_EVENT(s, "request");
}

static void disconnected_before_any_answer(Scenario *s)
{
    fake_server_once(s->server, "register-available", (FakeAnswer){.how = FAKE_SILENT});
    start(s);
    purple_account_disconnect(s->account);
    expect_untouched(s, ALICE);
}

/* Another account that is enabled, or this one, is none of its business. */
static void enabled_account_is_untouched(Scenario *s)
{
    fake_server_add_user(s->server, "alice");
    log_in(s);
    go_offline(s);
    host_account_enable(s->account, FALSE);
    purple_account_set_register_callback(s->account, on_registered, NULL);
    purple_account_register(s->account);
    EXPECT_REQUEST(s, "register-available");
    press(s, EXPECT_EVENT(s, "request"), "Cancel", NULL);
    EXPECT_EVENT(s, "disconnected");
    EXPECT_INT(s, completed, 0);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "login"), 1); /* its session is still there */
}

/* ---- lost answers ---- */

static void unreachable(Scenario *s)
{
    fake_server_down(s->server);
    start_as(s, ALICE, "secret");
    JsonObject *request = EXPECT_EVENT(s, "request", "~secondary", "cannot be reached",
                                       "!secondary", "may have been created");
    fake_server_up(s->server);
    press(s, request, "Try Again", NULL);
    EXPECT_REQUEST(s, "register-available");
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
}

static JsonObject *lose_last_answer(Scenario *s)
{
    fake_server_once(s->server, "register", (FakeAnswer){0});
    fake_server_once(s->server, "register", (FakeAnswer){.how = FAKE_CUT});
    start(s);
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    return EXPECT_EVENT(s, "request", "~secondary", "may have been created");
}

static void lost_answer(Scenario *s)
{
    press(s, lose_last_answer(s), "Try Again", NULL);
    expect_session(s, expect_auth(s, "m.login.dummy"), "session1");
    expect_online(s, ALICE);
}

/* A server that has forgotten the session meanwhile: the name was free before. */
static void lost_answer_then_taken(Scenario *s)
{
    JsonObject *request = lose_last_answer(s);

    fake_server_once(
        s->server, "register",
        (FakeAnswer){.status = 400, .body = "{\"errcode\":\"M_USER_IN_USE\",\"error\":\"Taken\"}"});
    press(s, request, "Try Again", NULL);
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
}

/* The person gives up: told so, and the next login works. */
static void lost_answer_then_cancelled(Scenario *s)
{
    press(s, lose_last_answer(s), "Cancel", NULL);
    EXPECT_EVENT(s, "notify", "~primary", "may exist", "~secondary", "log in with the password");
    EXPECT_EVENT(s, "disconnected");
    CHECK(s, fake_server_has_user(s->server, "alice"));
    EXPECT_INT(s, completed, 0);
    enable(s);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

/* Ended by the user while the last request was on its way. */
static void disconnected_at_the_last_request(Scenario *s)
{
    fake_server_once(s->server, "register", (FakeAnswer){0});
    fake_server_once(s->server, "register", (FakeAnswer){.how = FAKE_SILENT});
    start(s);
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    purple_account_disconnect(s->account);
    EXPECT_EVENT(s, "notify", "~primary", "may exist");
    EXPECT_EVENT(s, "disconnected");
}

/* An answer lost in the middle creates nothing. */
static void lost_answer_in_the_middle(Scenario *s)
{
    fake_server_set_flows(
        s->server, "[{\"stages\":[\"m.login.registration_token\",\"m.login.dummy\"]}]", NULL);
    start(s);
    expect_post(s);
    fake_server_once(s->server, "register", (FakeAnswer){.how = FAKE_CLOSE});
    press(s, EXPECT_EVENT(s, "request"), "OK", "good");
    EXPECT_REQUEST(s, "token-validity");
    expect_auth(s, "m.login.registration_token");
    JsonObject *request = EXPECT_EVENT(s, "request", "!secondary", "may have been created");
    press(s, request, "Try Again", NULL);
    expect_auth(s, "m.login.registration_token");
    expect_auth(s, "m.login.dummy");
    expect_online(s, ALICE);
}

#define SESSION                                                                                    \
    ((FakeAnswer){.status = 200,                                                                   \
                  .body = "{\"user_id\":\"@alice:localhost\","                                     \
                          "\"access_token\":\"mxt.1.D.@alice:localhost\"}"})

/* A server that begins a session nobody asked for: it is ended, so that there is one device. */
static void unasked_session(Scenario *s)
{
    fake_server_once(s->server, "register", (FakeAnswer){0});
    fake_server_once(s->server, "register", SESSION);
    start(s);
    expect_post(s);
    expect_auth(s, "m.login.dummy");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "logout")->token, "mxt.1.D.@alice:localhost");
    expect_online(s, ALICE);
}

/* Ended by the user meanwhile. */
static void disconnected_after_creation(Scenario *s)
{
    fake_server_once(s->server, "register", SESSION);
    fake_server_once(s->server, "logout", (FakeAnswer){.how = FAKE_SILENT});
    start(s);
    expect_post(s);
    EXPECT_REQUEST(s, "logout");
    purple_account_disconnect(s->account);
    EXPECT_EVENT(s, "notify", "~primary", "may exist");
    EXPECT_EVENT(s, "disconnected");
}

static const ScenarioEntry entries[] = {
    {"dummy", {dummy}},
    {"without-remembering", {without_remembering}},
    {"token", {token}},
    {"token-unchecked", {token_unchecked}},
    {"terms", {terms}},
    {"password", {password}},
    {"email", {email}},
    {"page", {page}},
    {"three-stages", {three_stages}},
    {"two-flows", {two_flows}},
    {"nothing-to-understand", {nothing_to_understand}},
    {"dummy-that-fails", {dummy_that_fails}},
    {"lost-session", {lost_session}},
    {"name-taken", {name_taken}},
    {"name-invalid", {name_invalid}},
    {"name-exclusive", {name_exclusive}},
    {"upper-case", {upper_case}},
    {"bare-name", {bare_name}},
    {"bare-upper-case", {bare_upper_case}},
    {"another-server-name", {another_server_name}},
    {"server-name-is-address", {server_name_is_address}},
    {"not-an-id", {not_an_id}},
    {"weak-password", {weak_password}},
    {"no-password", {no_password}},
    {"disabled", {disabled}},
    {"only-on-its-page", {only_on_its_page}},
    {"only-on-its-page-forbidden", {only_on_its_page_forbidden}},
    {"abort-at-token", {abort_at_token}},
    {"abort-at-terms", {abort_at_terms}},
    {"abort-at-email", {abort_at_email}},
    {"abort-at-page", {abort_at_page}},
    {"abort-at-link", {abort_at_link}},
    {"removed-at-stage", {removed_at_stage}},
    {"quit-at-stage", {quit_at_stage}},
    {"disconnected-before-any-answer", {disconnected_before_any_answer}},
    {"enabled-account-is-untouched", {enabled_account_is_untouched}},
    {"unreachable", {unreachable}},
    {"lost-answer", {lost_answer}},
    {"lost-answer-then-taken", {lost_answer_then_taken}},
    {"lost-answer-then-cancelled", {lost_answer_then_cancelled}},
    {"disconnected-at-the-last-request", {disconnected_at_the_last_request}},
    {"disconnected-after-creation", {disconnected_after_creation}},
    {"lost-answer-in-the-middle", {lost_answer_in_the_middle}},
    {"unasked-session", {unasked_session}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
