/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* The send queue: issue point 4, the sending half. */

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
}

static void say(Scenario *s, const char *text)
{
    CHECK(s, host_send_im(s->account, BOB, text));
    EXPECT_LINE(s, BOB, NULL, text, "SEND");
}

/* The next PUT has this text. */
static FakeRequest *expect_request(Scenario *s, const char *text)
{
    FakeRequest *request = EXPECT_REQUEST(s, "send");
    g_autoptr(JsonObject) content = fake_request_json(request);

    EXPECT_TEXT(s, text_of(content, "body"), text);
    return request;
}

/* The same; gives its transaction ID. */
static const char *expect_put(Scenario *s, const char *text)
{
    return expect_request(s, text)->args[2];
}

static void command(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;
    PurpleConversation *conv = host_find_conversation(s->account, BOB);

    EXPECT_TEXT(s, host_command(conv, text, &error), "OK");
}

/* A 403 of this errcode and text. */
static const FakeAnswer forbidden = {
    .status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"You may not <talk> here\"}"};

/* ---- refused ---- */

static void refused_and_resent(Scenario *s)
{
    const char *first;

    start(s);
    fake_server_once(s->server, "send", forbidden);
    say(s, "no way");
    first = expect_put(s, "no way");
    EXPECT_EVENT(s, "line", "name", BOB, "~flags", "ERROR", "~text", "You may not &lt;talk&gt;");
    /* The queue goes on. */
    say(s, "next");
    expect_put(s, "next");
    settle(s);
    command(s, "/resend");
    CHECK(s, expect_put(s, "no way") != NULL && first != NULL);
    settle(s);
    while (host_take_event("line") != NULL)
        ;
    command(s, "/resend");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 3);
    while (host_take_event("line") != NULL)
        ;
}

static void refused_and_discarded(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "send", forbidden);
    say(s, "no way");
    expect_put(s, "no way");
    EXPECT_EVENT(s, "line", "name", BOB, "~flags", "ERROR");
    command(s, "/discard");
    settle(s);
    command(s, "/resend");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 1);
    while (host_take_event("line") != NULL)
        ;
}

static void refused_stays_over_restart_1(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "send", forbidden);
    say(s, "no way");
    expect_put(s, "no way");
    EXPECT_EVENT(s, "line", "name", BOB, "~flags", "ERROR");
    settle(s);
}

static void refused_stays_over_restart_2(Scenario *s)
{
    come_back(s);
    EXPECT_NOTHING(s, 300);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    while (host_take_event("line") != NULL)
        ;
    command(s, "/resend");
    expect_put(s, "no way");
    settle(s);
    while (host_take_event("line") != NULL)
        ;
}

static void too_large(Scenario *s)
{
    FakeAnswer answer = {.status = 413, .body = "{\"errcode\":\"M_TOO_LARGE\",\"error\":\"Big\"}"};
    g_autofree char *text = g_strnfill(70000, 'x');

    start(s);
    fake_server_always(s->server, "send", answer);
    CHECK(s, host_send_im(s->account, BOB, text));
    /* Refused here or there, but with a sentence, and never in silence. */
    EXPECT_EVENT(s, "line", "name", BOB);
    settle(s);
    host_iterate(500);
    while (host_take_event("line") != NULL)
        ;
    for (FakeRequest *r; (r = fake_server_take_request(s->server, "send")) != NULL;)
        fake_request_free(r);
}

/* ---- order and rate limits ---- */

static void one_at_a_time(Scenario *s)
{
    FakeAnswer slow = {.delay_ms = 2000};

    start(s);
    fake_server_once(s->server, "send", slow);
    for (int i = 0; i < 6; i++) {
        g_autofree char *text = g_strdup_printf("line %d", i);
        say(s, text);
    }
    host_iterate(200);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 1);
    for (int i = 0; i < 6; i++) {
        g_autofree char *text = g_strdup_printf("line %d", i);
        expect_put(s, text);
    }
    settle(s);
    EXPECT_NOTHING(s, 100);
}

static void rate_limited(Scenario *s, FakeAnswer answer, guint at_least_ms)
{
    gint64 started;

    start(s);
    fake_server_once(s->server, "send", answer);
    fake_server_once(s->server, "send", answer);
    say(s, "one");
    say(s, "two");
    say(s, "three");
    started = expect_request(s, "one")->time;
    expect_put(s, "one");
    CHECK(s, expect_request(s, "one")->time - started >= at_least_ms * 1000 * 2);
    expect_put(s, "two");
    expect_put(s, "three");
    settle(s);
    EXPECT_NOTHING(s, 100);
}

static void rate_limited_header(Scenario *s)
{
    rate_limited(s, FAKE_429_HEADER, 1000);
}

static void rate_limited_body(Scenario *s)
{
    rate_limited(s, FAKE_429_BODY, 300);
}

static void rate_limited_date(Scenario *s)
{
    FakeAnswer answer = FAKE_429_HEADER;
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autoptr(GDateTime) then = g_date_time_add_seconds(now, 2);
    g_autofree char *date = g_date_time_format(then, "%a, %d %b %Y %H:%M:%S GMT");

    answer.header_value = date;
    start(s);
    fake_server_once(s->server, "send", answer);
    say(s, "one");
    expect_put(s, "one");
    expect_put(s, "one");
    settle(s);
}

static gboolean same_transaction(Scenario *s, const char *text, guint times)
{
    g_autofree char *first = g_strdup(expect_put(s, text));

    for (guint i = 1; i < times; i++) {
        if (!g_str_equal(first, expect_put(s, text)))
            return FALSE;
    }
    return TRUE;
}

static void rate_limited_same_transaction(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "send", FAKE_429_BODY);
    fake_server_once(s->server, "send", FAKE_429_BODY);
    say(s, "one");
    CHECK(s, same_transaction(s, "one", 3));
    settle(s);
}

/* ---- answers that do not come ---- */

/* The server has it, its answer is cut, the echo comes with the sync: not sent again. */
static void cut_but_processed(Scenario *s, FakeHow how)
{
    FakeAnswer cut = {.how = how};

    start(s);
    fake_server_once(s->server, "send", cut);
    say(s, "arrived");
    say(s, "second");
    expect_put(s, "arrived");
    expect_put(s, "second");
    settle(s);
    EXPECT_NOTHING(s, 2500);
    EXPECT_INT(s, fake_server_sent_count(s->server), 2);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 2);
}

static void cut_but_processed_cut(Scenario *s)
{
    cut_but_processed(s, FAKE_CUT);
}

static void cut_but_processed_close(Scenario *s)
{
    cut_but_processed(s, FAKE_CLOSE);
}

/* The server does not have it: sent again with the same transaction ID, but only after a /sync that
 * was asked for later did not contain it. */
static void lost(Scenario *s)
{
    FakeAnswer closed = {.status = 503, .body = "", .how = FAKE_CLOSE};
    FakeAnswer slow_sync = {.delay_ms = 1500};
    g_autofree char *transaction = NULL;
    FakeRequest *again;
    gint64 first;
    guint syncs;

    start(s);
    fake_server_once(s->server, "send", closed);
    syncs = fake_server_count(s->server, "sync");
    fake_server_once(s->server, "sync", slow_sync);
    CHECK(s, host_send_im(s->account, BOB, "lost"));
    EXPECT_LINE(s, BOB, NULL, "lost", "SEND");
    again = EXPECT_REQUEST(s, "send");
    transaction = g_strdup(again->args[2]);
    first = again->time;
    again = EXPECT_REQUEST(s, "send");
    EXPECT_TEXT(s, again->args[2], transaction);
    CHECK(s, again->time - first >= 1400 * 1000);
    CHECK(s, fake_server_count(s->server, "sync") > syncs);
    settle(s);
    EXPECT_NOTHING(s, 100);
    EXPECT_INT(s, fake_server_sent_count(s->server), 1);
}

static void lost_502(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "send", FAKE_502);
    say(s, "lost");
    say(s, "second");
    CHECK(s, same_transaction(s, "lost", 2));
    expect_put(s, "second");
    settle(s);
    EXPECT_NOTHING(s, 100);
    EXPECT_INT(s, fake_server_sent_count(s->server), 2);
}

/* The uncertain message is inside the gap of a limited timeline: the gap is filled before anything
 * is sent again. */
static void lost_in_gap(Scenario *s)
{
    FakeAnswer cut = {.how = FAKE_CUT};
    SyncBody *body;
    g_autofree char *event = NULL;
    g_autofree char *page = NULL;

    start(s);
    fake_server_set_echo(s->server, FALSE);
    fake_server_always(s->server, "sync", (FakeAnswer){.delay_ms = 300});
    fake_server_once(s->server, "send", cut);
    CHECK(s, host_send_im(s->account, BOB, "in the gap"));
    EXPECT_LINE(s, BOB, NULL, "in the gap", "SEND");
    expect_put(s, "in the gap");
    event = fake_server_sent_event(s->server, 0, TRUE);
    page = g_strdup_printf("{\"start\":\"x\",\"chunk\":[%s]}", event);
    fake_server_set_page(s->server, DIRECT, "p1", page);
    body = sync_body_new();
    sync_body_timeline(body, DIRECT, event_text(BOB, "after the gap"));
    sync_body_limited(body, DIRECT, "p1");
    push(s, sync_body_end(body));
    EXPECT_LINE(s, BOB, BOB, "after the gap", NULL);
    fake_server_clear(s->server, "sync");
    settle(s);
    EXPECT_NOTHING(s, 1500);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 1);
}

/* ---- without a network ---- */

static void typed_without_network(Scenario *s)
{
    start(s);
    fake_server_down(s->server);
    host_iterate(300);
    say(s, "one");
    say(s, "two");
    host_iterate(1500);
    fake_server_up(s->server);
    expect_put(s, "one");
    expect_put(s, "two");
    settle(s);
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_sent_count(s->server), 2);
}

static void killed_while_sending_1(Scenario *s)
{
    FakeAnswer silent = {.status = 200, .how = FAKE_SILENT};

    start(s);
    fake_server_always(s->server, "send", silent);
    say(s, "one");
    say(s, "two");
    expect_put(s, "one");
    scenario_die(s);
}

static void killed_while_sending_2(Scenario *s)
{
    come_back(s);
    expect_put(s, "one");
    expect_put(s, "two");
    settle(s);
    EXPECT_NOTHING(s, 300);
    EXPECT_INT(s, fake_server_sent_count(s->server), 2);
}

/* The server got it, the program died before the answer: the echo is recognised after the restart.
 */
static void killed_after_arrival_1(Scenario *s)
{
    FakeAnswer silent = {.how = FAKE_SILENT};

    start(s);
    fake_server_set_echo(s->server, FALSE);
    fake_server_once(s->server, "send", silent);
    say(s, "one");
    {
        g_autofree char *transaction = g_strdup(expect_put(s, "one"));
        g_autofree char *path = g_build_filename(s->dir, "event", NULL);
        g_autofree char *event = fake_server_sent_event(s->server, 0, TRUE);
        g_file_set_contents(path, event, -1, NULL);
    }
    scenario_die(s);
}

static void killed_after_arrival_2(Scenario *s)
{
    g_autofree char *path = g_build_filename(s->dir, "event", NULL);
    g_autofree char *event = NULL;
    g_autofree char *body = NULL;

    CHECK(s, g_file_get_contents(path, &event, NULL, NULL));
    body = g_strdup_printf("{\"rooms\":{\"join\":{\"" DIRECT "\":{\"timeline\":{\"events\":"
                           "[%s]}}}}}",
                           event);
    fake_server_push(s->server, body);
    come_back(s);
    EXPECT_NOTHING(s, 1500);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
}

static void offline_while_sending(Scenario *s)
{
    FakeAnswer silent = {.status = 200, .how = FAKE_SILENT};

    start(s);
    fake_server_once(s->server, "send", silent);
    say(s, "one");
    say(s, "two");
    expect_put(s, "one");
    go_offline(s);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    expect_put(s, "one");
    expect_put(s, "two");
    settle(s);
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_sent_count(s->server), 2);
}

static void quit_while_sending_1(Scenario *s)
{
    FakeAnswer silent = {.status = 200, .how = FAKE_SILENT};

    start(s);
    fake_server_always(s->server, "send", silent);
    CHECK(s, host_send_im(s->account, BOB, "last words"));
    /* Quits before anything was written or sent: the row must be safe all the same. */
    s->quits_at_once = TRUE;
}

static void quit_while_sending_2(Scenario *s)
{
    come_back(s);
    expect_put(s, "last words");
    settle(s);
    while (host_take_event("window") != NULL || host_take_event("line") != NULL)
        ;
}

/* ---- transaction IDs ---- */

static void transactions_1(Scenario *s)
{
    g_autofree char *path = g_build_filename(s->dir, "transactions", NULL);
    g_autofree char *all = NULL;

    start(s);
    say(s, "a");
    say(s, "b");
    {
        g_autofree char *a = g_strdup(expect_put(s, "a"));
        const char *b = expect_put(s, "b");
        CHECK(s, !g_str_equal(a, b));
        all = g_strdup_printf("%s %s", a, b);
    }
    g_file_set_contents(path, all, -1, NULL);
    settle(s);
}

static void transactions_2(Scenario *s)
{
    g_autofree char *path = g_build_filename(s->dir, "transactions", NULL);
    g_autofree char *all = NULL;

    come_back(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    say(s, "c");
    CHECK(s, g_file_get_contents(path, &all, NULL, NULL));
    CHECK(s, strstr(all, expect_put(s, "c")) == NULL);
    settle(s);
}

/* The partner's room cannot be made: said in the window, and the message is not lost. */
static void direct_cannot_be_made(Scenario *s)
{
    PurpleConversation *conv;
    g_autofree char *error = NULL;

    log_in(s);
    fake_server_once(s->server, "create-room", forbidden);
    CHECK(s, host_send_im(s->account, CAROL, "hello"));
    EXPECT_EVENT(s, "window", "name", CAROL);
    EXPECT_LINE(s, CAROL, NULL, "hello", "SEND");
    EXPECT_REQUEST(s, "create-room");
    EXPECT_EVENT(s, "line", "name", CAROL, "~flags", "ERROR");
    settle(s);
    conv = host_find_conversation(s->account, CAROL);
    EXPECT_TEXT(s, host_command(conv, "/resend", &error), "OK");
    EXPECT_REQUEST(s, "create-room");
    EXPECT_REQUEST(s, "set-account-data");
    expect_put(s, "hello");
    settle(s);
    while (host_take_event("line") != NULL)
        ;
}

static const ScenarioEntry entries[] = {
    {"refused-and-resent", {refused_and_resent}},
    {"refused-and-discarded", {refused_and_discarded}},
    {"refused-stays-over-restart", {refused_stays_over_restart_1, refused_stays_over_restart_2}},
    {"too-large", {too_large}},
    {"one-at-a-time", {one_at_a_time}},
    {"rate-limited-header", {rate_limited_header}},
    {"rate-limited-body", {rate_limited_body}},
    {"rate-limited-date", {rate_limited_date}},
    {"rate-limited-same-transaction", {rate_limited_same_transaction}},
    {"cut-but-processed", {cut_but_processed_cut}},
    {"closed-but-processed", {cut_but_processed_close}},
    {"lost", {lost}},
    {"lost-502", {lost_502}},
    {"lost-in-gap", {lost_in_gap}},
    {"typed-without-network", {typed_without_network}},
    {"killed-while-sending", {killed_while_sending_1, killed_while_sending_2}},
    {"killed-after-arrival", {killed_after_arrival_1, killed_after_arrival_2}},
    {"offline-while-sending", {offline_while_sending}},
    {"quit-while-sending", {quit_while_sending_1, quit_while_sending_2}},
    {"transactions-are-unique", {transactions_1, transactions_2}},
    {"direct-cannot-be-made", {direct_cannot_be_made}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
