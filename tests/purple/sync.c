/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Missing nothing, repeating nothing: issue point 4, the receiving half. */

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
}

/* A page of /messages: events newest first, as "dir=b" gives them. Takes nothing; texts are
 * numbered downwards from high to low. end NULL: the last page. */
static char *page(const char *sender, int high, int low, const char *end)
{
    JsonArray *chunk = json_array_new();
    g_autoptr(JsonObject) root = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    for (int i = high; i >= low; i--) {
        g_autofree char *text = g_strdup_printf("message %d", i);
        g_autofree char *id = g_strdup_printf("$m%d", i);
        json_array_add_object_element(chunk, event_with_id(event_text(sender, text), id));
    }
    json_object_set_string_member(root, "start", "x");
    json_object_set_array_member(root, "chunk", chunk);
    if (end != NULL)
        json_object_set_string_member(root, "end", end);
    json_node_set_object(node, root);
    return json_to_string(node, FALSE);
}

static void set_page(Scenario *s, const char *room_id, const char *from, char *body)
{
    fake_server_set_page(s->server, room_id, from, body);
    g_free(body);
}

static void push_numbers(Scenario *s, const char *room_id, int low, int high,
                         const char *prev_batch)
{
    SyncBody *body = sync_body_new();

    for (int i = low; i <= high; i++) {
        g_autofree char *text = g_strdup_printf("message %d", i);
        g_autofree char *id = g_strdup_printf("$m%d", i);
        sync_body_timeline(body, room_id, event_with_id(event_text(BOB, text), id));
    }
    if (prev_batch != NULL)
        sync_body_limited(body, room_id, prev_batch);
    push(s, sync_body_end(body));
}

static void expect_numbers(Scenario *s, const char *name, int low, int high)
{
    for (int i = low; i <= high; i++) {
        g_autofree char *text = g_strdup_printf("message %d", i);
        EXPECT_LINE(s, name, BOB, text, NULL);
    }
}

/* ---- gaps ---- */

/* C4: four pages, one of them empty with an end, the last one overlapping with what is known. */
static void set_gap_pages(Scenario *s, const char *room_id)
{
    set_page(s, room_id, "p1", page(BOB, 17, 12, "p2"));
    set_page(s, room_id, "p2", g_strdup("{\"start\":\"x\",\"chunk\":[],\"end\":\"p3\"}"));
    set_page(s, room_id, "p3", page(BOB, 11, 6, "p4"));
    set_page(s, room_id, "p4", page(BOB, 5, 1, NULL));
}

static void gap_direct(Scenario *s)
{
    start(s);
    push_numbers(s, DIRECT, 1, 3, NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 1, 3);
    set_gap_pages(s, DIRECT);
    push_numbers(s, DIRECT, 18, 20, "p1");
    expect_numbers(s, BOB, 4, 20);
    settle(s);
    EXPECT_NOTHING(s, 200);
}

static void gap_open_chat(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    push_numbers(s, ROOM, 1, 3, NULL);
    expect_numbers(s, ROOM, 1, 3);
    set_gap_pages(s, ROOM);
    push_numbers(s, ROOM, 18, 20, "p1");
    push_numbers(s, ROOM, 21, 22, NULL);
    expect_numbers(s, ROOM, 4, 22);
    settle(s);
    EXPECT_NOTHING(s, 200);
}

/* A room whose window is closed is not asked about until it is opened. */
static void gap_waits_for_window(Scenario *s)
{
    start(s);
    push_numbers(s, ROOM, 1, 3, NULL);
    settle(s);
    set_gap_pages(s, ROOM);
    push_numbers(s, ROOM, 18, 20, "p1");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "messages"), 0);
    EXPECT_NOTHING(s, 100);
    open_chat(s, ROOM);
    expect_numbers(s, ROOM, 1, 20);
    settle(s);
    EXPECT_NOTHING(s, 200);
}

/* The process dies in the middle of filling; the rest comes with the next start, nothing twice. */
static void gap_crash_1(Scenario *s)
{
    FakeAnswer silent = {.status = 200, .how = FAKE_SILENT};

    start(s);
    push_numbers(s, DIRECT, 1, 3, NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 1, 3);
    set_gap_pages(s, DIRECT);
    fake_server_set_page(s->server, DIRECT, "p3", "");
    push_numbers(s, DIRECT, 18, 20, "p1");
    host_iterate(500);
    fake_server_always(s->server, "messages", silent);
    host_iterate(200);
    scenario_die(s);
}

static void gap_crash_2(Scenario *s)
{
    set_gap_pages(s, DIRECT);
    come_back(s);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 4, 20);
    settle(s);
    EXPECT_NOTHING(s, 200);
}

/* Ten seconds, then what is there is shown, with a line that says what is missing. */
static void gap_gives_up_waiting(Scenario *s)
{
    FakeAnswer silent = {.status = 200, .how = FAKE_SILENT};
    gint64 started;

    start(s);
    push_numbers(s, DIRECT, 1, 3, NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 1, 3);
    fake_server_always(s->server, "messages", silent);
    started = g_get_monotonic_time();
    push_numbers(s, DIRECT, 18, 20, "p1");
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    host_iterate(10500 - (g_get_monotonic_time() - started) / 1000);
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "earlier");
    expect_numbers(s, BOB, 18, 20);
    settle(s);
}

static void gap_forbidden(Scenario *s)
{
    FakeAnswer answer = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"No\"}"};

    start(s);
    push_numbers(s, DIRECT, 1, 3, NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 1, 3);
    fake_server_once(s->server, "messages", answer);
    push_numbers(s, DIRECT, 18, 20, "p1");
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "missing");
    expect_numbers(s, BOB, 18, 20);
    settle(s);
}

/* ---- the stream token ---- */

/* C11: dropped, and a full sync; nothing is shown or listed twice. */
static void bad_token(Scenario *s)
{
    FakeAnswer bad = {.status = 400,
                      .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"Invalid stream token\"}"};
    SyncBody *body = sync_body_new();

    start(s);
    push_numbers(s, DIRECT, 1, 3, NULL);
    push_numbers(s, ROOM, 101, 102, NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 1, 3);
    settle(s);
    sync_body_direct(body, DIRECT, ALICE, BOB);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    for (int i = 2; i <= 4; i++) {
        g_autofree char *text = g_strdup_printf("message %d", i);
        g_autofree char *id = g_strdup_printf("$m%d", i);
        sync_body_timeline(body, DIRECT, event_with_id(event_text(BOB, text), id));
    }
    set_first(s, sync_body_end(body));
    fake_server_once(s->server, "sync", bad);
    push(s, g_strdup("{}"));
    expect_numbers(s, BOB, 4, 4);
    settle(s);
    EXPECT_NOTHING(s, 100);
    CHECK(s, purple_account_is_connected(s->account));
    EXPECT_INT(s, count_nodes(), 2);
    open_chat(s, ROOM);
    expect_numbers(s, ROOM, 101, 102);
    EXPECT_INT(s, fake_server_count(s->server, "login"), 1);
}

/* ---- state ---- */

/* C2: what is in "state" is no line. */
static void state_is_no_line(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s);
    open_chat(s, ROOM);
    sync_body_state(body, ROOM, event_state("m.room.topic", "", BOB, "{'topic':'New'}"));
    sync_body_state(body, ROOM, event_member("@dave:localhost", "join", "Dave"));
    push(s, sync_body_end(body));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
}

/* C6 */
static void state_after_alone_counts(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s);
    sync_body_state(body, ROOM, event_state("m.room.name", "", BOB, "{'name':'Wrong'}"));
    sync_body_timeline(body, ROOM, event_state("m.room.name", "", BOB, "{'name':'Wrong too'}"));
    sync_body_state_after(body, ROOM, event_state("m.room.name", "", BOB, "{'name':'Right'}"));
    push(s, sync_body_end(body));
    settle(s);
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "alias"), "Right");
}

static void state_order_in_json(Scenario *s)
{
    /* JSON objects have no order: the timeline may stand before the state it needs. */
    const char *body = "{'rooms':{'join':{'!late:localhost':{'timeline':{'events':[{'type':"
                       "'m.room.message','event_id':'$late','sender':'" BOB "',"
                       "'origin_server_ts':1600000000000,'content':{'msgtype':'m.text','body':"
                       "'early'}}]},'state':{'events':[{'type':'m.room.member','event_id':'$lm',"
                       "'sender':'" BOB "','state_key':'" BOB "','origin_server_ts':1,'content':"
                       "{'membership':'join','displayname':'Bobby'}},{'type':'m.room.member',"
                       "'event_id':'$la','sender':'" ALICE "','state_key':'" ALICE "',"
                       "'origin_server_ts':1,'content':{'membership':'join'}}]},'summary':"
                       "{'m.joined_member_count':2,'m.heroes':['" BOB "']}}}},"
                       "'account_data':{'events':[{'type':'m.direct','content':{'" BOB "':"
                       "['!late:localhost']}}]}}";

    log_in(s);
    push(s, json_quotes(body));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_TEXT(s, text_of(EXPECT_LINE(s, BOB, BOB, "early", NULL), "alias"), "Bobby");
    settle(s);
}

/* C8 */
static void empty_sections(Scenario *s)
{
    static const char *const bodies[] = {
        "{}",
        "{'rooms':{}}",
        "{'rooms':{'join':{},'leave':{},'invite':{},'knock':{}}}",
        "{'rooms':{'join':{'!room:localhost':{}}}}",
        "{'rooms':{'join':{'!room:localhost':{'timeline':{},'state':{},'ephemeral':{},"
        "'account_data':{},'summary':{},'unread_notifications':{}}}}}",
        "{'presence':{},'account_data':{},'to_device':{},'device_lists':{},"
        "'device_one_time_keys_count':{'signed_curve25519':50},"
        "'device_unused_fallback_key_types':[]}",
    };

    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++)
        push(s, json_quotes(bodies[i]));
    settle(s);
    EXPECT_INT(s, count_nodes(), 2);
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "alias"), "Room");
    EXPECT_NOTHING(s, 100);
}

/* ---- the network ---- */

static void network_gone_and_back(Scenario *s)
{
    gint64 started;

    start(s);
    push_numbers(s, DIRECT, 1, 1, NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 1, 1);
    settle(s);
    fake_server_down(s->server);
    EXPECT_NOTHING(s, 6000);
    CHECK(s, purple_account_is_connected(s->account));
    fake_server_up(s->server);
    started = g_get_monotonic_time();
    push_numbers(s, DIRECT, 2, 3, NULL);
    expect_numbers(s, BOB, 2, 3);
    CHECK(s, g_get_monotonic_time() - started < 10 * G_TIME_SPAN_SECOND);
    settle(s);
    CHECK(s, purple_account_is_connected(s->account));
}

static void add_to_page(GString *page, const char *id, const char *text, gint64 age_s)
{
    gint64 ts = g_get_real_time() / 1000 - age_s * 1000;
    g_autofree char *event =
        event_to_text(event_with_time(event_with_id(event_text(BOB, text), id), ts));

    g_string_append_printf(page, "%s%s", page->len > 0 ? "," : "{\"chunk\":[", event);
}

static void push_known(Scenario *s, const char *id, const char *text, gint64 age_s)
{
    gint64 ts = g_get_real_time() / 1000 - age_s * 1000;

    push_event(s, ROOM, event_with_time(event_with_id(event_text(BOB, text), id), ts));
    EXPECT_LINE(s, ROOM, BOB, text, NULL);
}

/* The homeserver was away, and has missed more than it fetches by itself: /sync will never tell. */
static void missed_by_the_homeserver(Scenario *s)
{
    g_autoptr(GString) page = g_string_new(NULL);

    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
    push_known(s, "$before", "before", 600);
    settle(s);
    fake_server_down(s->server);
    host_iterate(3500);
    fake_server_up(s->server);
    settle(s);
    push_known(s, "$back", "back again", 0);
    add_to_page(page, "$back", "back again", 0);
    add_to_page(page, "$missed2", "missed two", 1);
    add_to_page(page, "$missed1", "missed one", 2);
    add_to_page(page, "$older", "said before all this", 300);
    add_to_page(page, "$before", "before", 600);
    add_to_page(page, "$history", "not looked at", 1);
    g_string_append(page, "]}");
    fake_server_set_page(s->server, ROOM, "", page->str);
    EXPECT_REQUEST(s, "messages");
    EXPECT_LINE(s, ROOM, BOB, "missed one", "RECV|DELAYED");
    EXPECT_LINE(s, ROOM, BOB, "missed two", "RECV|DELAYED");
    /* Once more, as the homeserver may still be fetching; then it is left in peace. */
    EXPECT_REQUEST(s, "messages");
    push_known(s, "$later", "later", 0);
    settle(s);
}

/* What came while the network was away is marked delayed: the window has not missed it live. */
static void server_restarts_often(Scenario *s)
{
    start(s);
    for (int i = 1; i <= 4; i++) {
        push_numbers(s, DIRECT, i, i, NULL);
        if (i == 1)
            EXPECT_EVENT(s, "window", "name", BOB);
        fake_server_down(s->server);
        host_iterate(300);
        fake_server_up(s->server);
        expect_numbers(s, BOB, i, i);
        settle(s);
    }
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_count(s->server, "login"), 1);
}

/* ---- crashes ---- */

/* Shown, then killed at once: the next start shows it at most where the log does not have it. */
static void crash_after_shown_1(Scenario *s)
{
    start(s);
    push_numbers(s, DIRECT, 1, 5, NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 1, 5);
    scenario_die(s);
}

static guint times_in_log(Scenario *s, const char *name, const char *piece)
{
    g_autofree char *log = host_read_log(s->account, PURPLE_LOG_IM, name);
    guint count = 0;

    for (const char *p = log; (p = strstr(p, piece)) != NULL; p += strlen(piece))
        count++;
    return count;
}

static void crash_after_shown_2(Scenario *s)
{
    come_back(s);
    EXPECT_NOTHING(s, 300);
    push_numbers(s, DIRECT, 6, 6, NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 6, 6);
    for (int i = 1; i <= 6; i++) {
        g_autofree char *text = g_strdup_printf("message %d\n", i);
        EXPECT_INT(s, times_in_log(s, BOB, text), 1);
    }
}

/* Killed in the middle of writing: the log has the first three of five lines. They are not shown
 * again, the others are, and marked as delayed. */
static void die_at_third_line(JsonObject *event, gpointer data)
{
    if (g_strcmp0(text_of(event, "event"), "line") == 0 &&
        g_strcmp0(text_of(event, "text"), "message 3") == 0)
        scenario_die(data);
}

static void crash_while_showing_1(Scenario *s)
{
    start(s);
    settle(s);
    forget_events(s);
    host_set_event_func(die_at_third_line, s);
    push_numbers(s, DIRECT, 1, 5, NULL);
    host_iterate(5000);
    FAIL(s, "the third line did not come");
}

static void crash_while_showing_2(Scenario *s)
{
    enable(s);
    EXPECT_EVENT(s, "connected");
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "message 4", "RECV|DELAYED");
    EXPECT_LINE(s, BOB, BOB, "message 5", "RECV|DELAYED");
    settle(s);
    EXPECT_NOTHING(s, 200);
    for (int i = 1; i <= 5; i++) {
        g_autofree char *text = g_strdup_printf("message %d\n", i);
        EXPECT_INT(s, times_in_log(s, BOB, text), 1);
    }
}

static void crash_while_showing_3(Scenario *s)
{
    come_back(s);
    EXPECT_NOTHING(s, 300);
}

/* The same five words, twice: a line that is in the log from before is not the one that was being
 * written. */
static void crash_same_text_1(Scenario *s)
{
    start(s);
    for (int i = 0; i < 3; i++)
        push_event(s, DIRECT, event_text(BOB, "yes"));
    EXPECT_EVENT(s, "window", "name", BOB);
    for (int i = 0; i < 3; i++)
        EXPECT_LINE(s, BOB, BOB, "yes", "RECV");
    settle(s);
    scenario_die(s);
}

static void crash_same_text_2(Scenario *s)
{
    come_back(s);
    EXPECT_NOTHING(s, 200);
    push_event(s, DIRECT, event_text(BOB, "yes"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "yes", "RECV");
    settle(s);
    EXPECT_INT(s, times_in_log(s, BOB, "yes\n"), 4);
}

static void restart_catches_up_1(Scenario *s)
{
    start(s);
    push_numbers(s, DIRECT, 1, 2, NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 1, 2);
    settle(s);
    go_offline(s);
    push_numbers(s, DIRECT, 3, 4, NULL);
}

/* The batch was made while the first process was still there, but offline. */
static void restart_catches_up_2(Scenario *s)
{
    fake_server_set_position(s->server, fake_server_position(s->server) - 1);
    push_numbers(s, DIRECT, 3, 4, NULL);
    come_back(s);
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "message 3", "RECV|DELAYED");
    EXPECT_LINE(s, BOB, BOB, "message 4", "RECV|DELAYED");
}

static void restart_catches_up_3(Scenario *s)
{
    come_back(s);
    EXPECT_NOTHING(s, 300);
}

/* ---- rejoining ---- */

/* The user interfaces rejoin open chats; that is no join for the server and writes nothing again.
 */
static void rejoin(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    push_numbers(s, ROOM, 1, 3, NULL);
    expect_numbers(s, ROOM, 1, 3);
    settle(s);
    go_offline(s);
    EXPECT_EVENT(s, "line", "name", ROOM, "flags", "SYSTEM", "~text", "disconnected");
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    settle(s);
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_count(s->server, "join"), 0);
    CHECK(s,
          !purple_conv_chat_has_left(PURPLE_CONV_CHAT(host_find_conversation(s->account, ROOM))));
    push_numbers(s, ROOM, 4, 4, NULL);
    expect_numbers(s, ROOM, 4, 4);
    CHECK(s, host_send_chat(s->account, ROOM, "back"));
    EXPECT_LINE(s, ROOM, ALICE, "back", "SEND");
    EXPECT_REQUEST(s, "send");
    settle(s);
}

/* ---- what is asked for ---- */

static void filter(Scenario *s)
{
    set_usual_rooms(s);
    enable(s);
    g_autoptr(JsonObject) login = fake_request_json(EXPECT_REQUEST(s, "login"));
    CHECK(s, json_object_get_boolean_member_with_default(login, "refresh_token", FALSE));
    g_autoptr(JsonObject) body = fake_request_json(EXPECT_REQUEST(s, "filter"));
    JsonObject *room = json_object_get_object_member(body, "room");
    JsonObject *state = json_object_get_object_member(room, "state");
    JsonObject *timeline = json_object_get_object_member(room, "timeline");
    CHECK(s, json_object_get_boolean_member_with_default(state, "lazy_load_members", FALSE));
    EXPECT_INT(s, json_object_get_int_member(timeline, "limit"), 20);
    EXPECT_EVENT(s, "connected");
    settle(s);
}

/* As they were when the last /sync ended, so that what it told is not undone by an answer. */
static void members_are_asked_for_once(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    FakeRequest *request = EXPECT_REQUEST(s, "members");
    g_autofree char *at = fake_request_query(request, "at");
    g_autofree char *left_out = fake_request_query(request, "not_membership");
    CHECK(s, at != NULL && *at != '\0');
    EXPECT_TEXT(s, left_out, "leave");
    EXPECT_EVENT(s, "chat-users", "name", ROOM);
    settle(s);
    CHECK(s, host_close(s->account, ROOM));
    EXPECT_EVENT(s, "window-closed", "name", ROOM);
    open_chat(s, ROOM);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "members"), 1);
}

static const ScenarioEntry entries[] = {
    {"sync-filter", {filter}},
    {"sync-members-once", {members_are_asked_for_once}},
    {"gap-direct", {gap_direct}},
    {"gap-open-chat", {gap_open_chat}},
    {"gap-waits-for-window", {gap_waits_for_window}},
    {"gap-crash", {gap_crash_1, gap_crash_2}},
    {"gap-gives-up-waiting", {gap_gives_up_waiting}},
    {"gap-forbidden", {gap_forbidden}},
    {"bad-token", {bad_token}},
    {"state-is-no-line", {state_is_no_line}},
    {"state-after-alone-counts", {state_after_alone_counts}},
    {"state-order-in-json", {state_order_in_json}},
    {"empty-sections", {empty_sections}},
    {"network-gone-and-back", {network_gone_and_back}},
    {"missed-by-the-homeserver", {missed_by_the_homeserver}},
    {"server-restarts-often", {server_restarts_often}},
    {"crash-after-shown", {crash_after_shown_1, crash_after_shown_2}},
    {"crash-while-showing", {crash_while_showing_1, crash_while_showing_2, crash_while_showing_3}},
    {"crash-same-text", {crash_same_text_1, crash_same_text_2}},
    {"restart-catches-up", {restart_catches_up_1, restart_catches_up_2, restart_catches_up_3}},
    {"rejoin", {rejoin}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
