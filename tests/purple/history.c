/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* /history: what was said before, page by page, across gaps and upgrades; nothing twice, and
 * nothing of it in the log. */

#define OLD "!old:localhost"
/* Message n was sent n minutes before noon, UTC, of the n-th of January 2020. */
#define DAY_MS (G_GINT64_CONSTANT(24) * 3600 * 1000)
/* Longer than a hole is waited for: mx-history.c. */
#define HISTORY_WAIT_MS (13 * 1000)
#define TIME_MS(n) (G_GINT64_CONSTANT(1577793600000) + (n) * (DAY_MS - 60 * 1000))

static JsonObject *numbered(int n)
{
    g_autofree char *text = g_strdup_printf("message %d", n);
    g_autofree char *id = g_strdup_printf("$m%d", n);
    return event_with_time(event_with_id(event_text(BOB, text), id), TIME_MS(n));
}

static JsonObject *create_event(void)
{
    return event_with_id(event_state("m.room.create", "", BOB, "{'room_version':'10'}"), "$create");
}

/* A page of /messages, the newest first. end NULL: the last one, with the room's beginning. */
static void set_page(Scenario *s, const char *room_id, const char *from, int high, int low,
                     const char *end)
{
    JsonArray *chunk = json_array_new();
    g_autoptr(JsonObject) root = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    for (int i = high; i >= low; i--)
        json_array_add_object_element(chunk, numbered(i));
    if (end == NULL)
        json_array_add_object_element(chunk, create_event());
    json_object_set_array_member(root, "chunk", chunk);
    json_object_set_string_member(root, "start", from);
    if (end != NULL)
        json_object_set_string_member(root, "end", end);
    json_node_set_object(node, root);
    g_autofree char *body = json_to_string(node, FALSE);
    fake_server_set_page(s->server, room_id, from, body);
}

/* The first sync has messages from low to high; what is before goes on at "p1". */
static void start(Scenario *s, const char *room_id, int low, int high)
{
    SyncBody *body = sync_body_new();
    sync_body_direct(body, DIRECT, ALICE, BOB);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    for (int i = low; i <= high; i++)
        sync_body_timeline(body, room_id, numbered(i));
    sync_body_limited(body, room_id, "p1");
    set_first(s, sync_body_end(body));
    log_in(s);
}

static void history(Scenario *s, const char *name, const char *typed)
{
    g_autofree char *text = g_strdup_printf("/history %s", typed);
    g_autofree char *error = NULL;
    const char *result =
        host_command(host_find_conversation(s->account, name), g_strchomp(text), &error);
    if (error != NULL)
        FAIL(s, "%s", error);
    EXPECT_TEXT(s, result, "OK");
}

static void expect_says(Scenario *s, const char *name, const char *text)
{
    EXPECT_EVENT(s, "line", "name", name, "~flags", "SYSTEM", "~text", text);
}

static void expect_numbers(Scenario *s, const char *name, int low, int high)
{
    for (int i = low; i <= high; i++) {
        g_autofree char *text = g_strdup_printf("message %d", i);
        EXPECT_LINE(s, name, BOB, text, "RECV|DELAYED");
    }
}

static void expect_unlogged(Scenario *s, PurpleLogType type, const char *name)
{
    g_autofree char *log = host_read_log(s->account, type, name);
    CHECK(s, strstr(log, "message") == NULL && strstr(log, "istory") == NULL);
}

static void in_a_room(Scenario *s)
{
    start(s, ROOM, 18, 20);
    set_page(s, ROOM, "p1", 17, 10, "p2");
    set_page(s, ROOM, "p2", 9, 1, NULL);
    open_chat(s, ROOM);
    history(s, ROOM, "2");
    expect_says(s, ROOM, "History of “Room”, from 2020-01-19");
    expect_numbers(s, ROOM, 19, 20);
    expect_says(s, ROOM, "Type /history again to go further back.");
    EXPECT_INT(s, fake_server_count(s->server, "messages"), 0);
    history(s, ROOM, "10");
    expect_says(s, ROOM, "History of “Room”, from 2020-01-09");
    expect_numbers(s, ROOM, 9, 18);
    expect_says(s, ROOM, "End of the history");
    history(s, ROOM, "");
    expect_says(s, ROOM, "History of “Room”, from 2020-01-01");
    expect_says(s, ROOM, "This is the beginning of the room.");
    expect_numbers(s, ROOM, 1, 8);
    expect_says(s, ROOM, "End of the history.");
    history(s, ROOM, "");
    expect_says(s, ROOM, "There is nothing older");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "messages"), 2);
    expect_unlogged(s, PURPLE_LOG_CHAT, ROOM);
    EXPECT_NOTHING(s, 200);
}

/* What the window shows already does not come again; what comes afterwards comes once. */
static void around_live_lines(Scenario *s)
{
    start(s, DIRECT, 18, 20);
    set_page(s, DIRECT, "p1", 17, 1, NULL);
    push_event(s, DIRECT, event_text(BOB, "hello"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "hello", "RECV");
    history(s, BOB, "4");
    expect_says(s, BOB, "History of “Bob”");
    expect_numbers(s, BOB, 17, 20);
    expect_says(s, BOB, "End of the history");
    push_event(s, DIRECT, event_text(BOB, "again"));
    EXPECT_LINE(s, BOB, BOB, "again", "RECV");
    history(s, BOB, "1");
    expect_says(s, BOB, "History of “Bob”");
    expect_numbers(s, BOB, 16, 16);
    expect_says(s, BOB, "End of the history");
    /* A new window begins anew. */
    CHECK(s, host_close(s->account, BOB));
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    forget_events(s);
    history(s, BOB, "3");
    expect_says(s, BOB, "History of “Bob”");
    expect_numbers(s, BOB, 20, 20);
    EXPECT_LINE(s, BOB, BOB, "hello", "RECV|DELAYED");
    EXPECT_LINE(s, BOB, BOB, "again", "RECV|DELAYED");
    expect_says(s, BOB, "End of the history");
    g_autofree char *log = host_read_log(s->account, PURPLE_LOG_IM, BOB);
    const char *once = strstr(log, "hello");
    CHECK(s, once != NULL && strstr(once + 1, "hello") == NULL && strstr(log, "message") == NULL);
    settle(s);
    EXPECT_NOTHING(s, 200);
}

static void back_to_a_time(Scenario *s)
{
    start(s, ROOM, 18, 20);
    set_page(s, ROOM, "p1", 17, 1, NULL);
    open_chat(s, ROOM);
    history(s, ROOM, "2020-01-15");
    expect_says(s, ROOM, "from 2020-01-15");
    expect_numbers(s, ROOM, 15, 20);
    expect_says(s, ROOM, "End of the history");
    history(s, ROOM, "2020-01-15 00:00");
    expect_says(s, ROOM, "Nothing was said since then");
    history(s, ROOM, "2020-01-13 00:00:01");
    expect_says(s, ROOM, "from 2020-01-13");
    expect_numbers(s, ROOM, 13, 14);
    expect_says(s, ROOM, "End of the history");
    /* The last such time before what the window shows: message 12 is from a day before. */
    g_autoptr(GDateTime) twelfth = g_date_time_new_from_unix_local(TIME_MS(12) / 1000 - 30);
    g_autofree char *clock = g_date_time_format(twelfth, "%H:%M:%S");
    history(s, ROOM, clock);
    expect_says(s, ROOM, "from 2020-01-12");
    expect_numbers(s, ROOM, 12, 12);
    expect_says(s, ROOM, "End of the history");
    EXPECT_NOTHING(s, 100);
}

static const char *const upgraded =
    "{'room_version':'11','predecessor':{'room_id':'" OLD "','event_id':'$tomb'}}";

/* The older room's lines follow, with a line between; it was never seen on this device. */
static void across_an_upgrade(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_state(body, ROOM, event_state("m.room.create", "", BOB, upgraded));
    sync_body_timeline(body, ROOM, event_state("m.room.create", "", BOB, upgraded));
    for (int i = 18; i <= 20; i++)
        sync_body_timeline(body, ROOM, numbered(i));
    set_first(s, sync_body_end(body));
    log_in(s);
    fake_server_set_state(s->server, OLD, "m.room.tombstone",
                          "{\"replacement_room\":\"" ROOM "\"}");
    fake_server_set_page(s->server, OLD, "", "{\"chunk\":[],\"end\":\"o1\"}");
    set_page(s, OLD, "o1", 17, 11, "o2");
    set_page(s, OLD, "o2", 10, 1, NULL);
    open_chat(s, ROOM);
    history(s, ROOM, "10");
    EXPECT_REQUEST(s, "state-event");
    expect_says(s, ROOM, "History of “Room”, from 2020-01-12");
    expect_numbers(s, ROOM, 12, 17);
    expect_says(s, ROOM, "Here the room was upgraded");
    expect_numbers(s, ROOM, 18, 20);
    expect_says(s, ROOM, "End of the history");
    history(s, ROOM, "500");
    expect_says(s, ROOM, "History of “Room”");
    expect_says(s, ROOM, "This is the beginning of the room.");
    expect_numbers(s, ROOM, 1, 11);
    expect_says(s, ROOM, "End of the history.");
    expect_unlogged(s, PURPLE_LOG_CHAT, ROOM);
    EXPECT_NOTHING(s, 200);
}

static void start_upgraded(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_room(body, OLD, "Old", ALICE " " BOB " " CAROL);
    sync_body_timeline(body, OLD, create_event());
    sync_body_timeline(body, OLD,
                       event_state("m.room.tombstone", "", BOB, "{'replacement_room':'" ROOM "'}"));
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_state(body, ROOM, event_state("m.room.create", "", BOB, upgraded));
    sync_body_timeline(body, ROOM, event_state("m.room.create", "", BOB, upgraded));
    set_first(s, sync_body_end(body));
    log_in(s);
}

/* What waits unread in the older room still does after it was read as history of the newer one. */
static void unread_before_an_upgrade(Scenario *s)
{
    start_upgraded(s);
    push_event(s, OLD, event_text(BOB, "one more word"));
    settle(s);
    open_chat(s, ROOM);
    history(s, ROOM, "");
    expect_says(s, ROOM, "History of “Room”");
    expect_says(s, ROOM, "This is the beginning of the room.");
    expect_says(s, ROOM, "has moved this room");
    EXPECT_LINE(s, ROOM, BOB, "one more word", "RECV|DELAYED");
    expect_says(s, ROOM, "Here the room was upgraded");
    expect_says(s, ROOM, "End of the history");
    forget_events(s);
    open_chat(s, OLD);
    EXPECT_LINE(s, OLD, BOB, "one more word", "RECV");
    forget_events(s);
}

/* Likewise what the server had left out, which nothing else has asked for yet. */
static void gap_before_an_upgrade(Scenario *s)
{
    SyncBody *body = sync_body_new();
    start_upgraded(s);
    sync_body_timeline(body, OLD, event_text(BOB, "the last word"));
    sync_body_limited(body, OLD, "g1");
    push(s, sync_body_end(body));
    settle(s);
    set_page(s, OLD, "g1", 3, 1, NULL);
    open_chat(s, ROOM);
    history(s, ROOM, "3");
    expect_says(s, ROOM, "History of “Room”");
    expect_numbers(s, ROOM, 3, 3);
    EXPECT_LINE(s, ROOM, BOB, "the last word", "RECV|DELAYED");
    expect_says(s, ROOM, "Here the room was upgraded");
    expect_says(s, ROOM, "End of the history");
    forget_events(s);
    open_chat(s, OLD);
    expect_numbers(s, OLD, 1, 3);
    EXPECT_LINE(s, OLD, BOB, "the last word", NULL);
    forget_events(s);
}

/* The older room is closed to the user: what there is, and why there is no more. */
static void refused(Scenario *s)
{
    start(s, ROOM, 19, 20);
    open_chat(s, ROOM);
    fake_server_always(
        s->server, "messages",
        (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"No\"}"});
    history(s, ROOM, "5");
    expect_says(s, ROOM, "History of “Room”");
    expect_says(s, ROOM, "The homeserver does not let you read older messages.");
    expect_numbers(s, ROOM, 19, 20);
    expect_says(s, ROOM, "End of the history");
    history(s, ROOM, "5");
    expect_says(s, ROOM, "The homeserver does not let you read older messages.");
    EXPECT_NOTHING(s, 100);
}

static void unreachable(Scenario *s)
{
    start(s, ROOM, 19, 20);
    set_page(s, ROOM, "p1", 18, 1, NULL);
    open_chat(s, ROOM);
    fake_server_once(s->server, "messages", (FakeAnswer){.status = 500, .body = "{}"});
    fake_server_once(s->server, "messages", FAKE_502);
    history(s, ROOM, "5");
    expect_says(s, ROOM, "History of “Room”");
    expect_says(s, ROOM, "Older messages could not be fetched");
    expect_numbers(s, ROOM, 19, 20);
    expect_says(s, ROOM, "End of the history");
    history(s, ROOM, "5");
    expect_says(s, ROOM, "Older messages could not be fetched");
    history(s, ROOM, "5");
    expect_says(s, ROOM, "History of “Room”");
    expect_numbers(s, ROOM, 14, 18);
    expect_says(s, ROOM, "End of the history");
    EXPECT_NOTHING(s, 100);
}

/* What cannot be read is counted, not left out in silence; one alone says why. What is asked for
 * twice at once is answered once; what belongs to a window that was closed is written nowhere. */
static void odd_ones(Scenario *s)
{
    SyncBody *body = sync_body_new();
    g_autofree char *error = NULL;
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_timeline(body, ROOM, numbered(1));
    for (int i = 0; i < 3; i++)
        sync_body_timeline(body, ROOM, event_new("m.room.encrypted", BOB, "{'algorithm':'x'}"));
    sync_body_timeline(body, ROOM, event_text(ALICE, "mine <b>&amp;"));
    sync_body_timeline(body, ROOM, event_new("m.room.encrypted", BOB, "{'algorithm':'x'}"));
    sync_body_timeline(body, ROOM, event_new("m.room.message", BOB, "{}"));
    set_first(s, sync_body_end(body));
    log_in(s);
    fake_server_always(s->server, "context",
                       (FakeAnswer){.status = 200, .body = "{\"start\":\"c\"}"});
    set_page(s, ROOM, "c", 0, 1, NULL);
    open_chat(s, ROOM);
    history(s, ROOM, "");
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), "/history 5", &error),
                "FAILED");
    CHECK(s, strstr(error, "still on its way") != NULL);
    expect_says(s, ROOM, "History of “Room”");
    expect_says(s, ROOM, "This is the beginning of the room.");
    expect_numbers(s, ROOM, 1, 1);
    expect_says(s, ROOM, "3 encrypted messages that cannot be read here.");
    EXPECT_LINE(s, ROOM, ALICE, "mine &lt;b&gt;&amp;amp;", "SEND|DELAYED|REMOTE_SEND");
    EXPECT_EVENT(s, "line", "name", ROOM, "who", BOB, "~text", "it is encrypted in a way");
    expect_says(s, ROOM, "End of the history.");
    CHECK(s, host_close(s->account, ROOM));
    EXPECT_REQUEST(s, "context");
    open_chat(s, ROOM);
    history(s, ROOM, "5");
    CHECK(s, host_close(s->account, ROOM));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    forget_events(s);
    EXPECT_NOTHING(s, 200);
}

/* The hole that a long absence leaves is filled as ever; then the rest follows below it. */
static void across_a_gap(Scenario *s)
{
    start(s, ROOM, 8, 9);
    set_page(s, ROOM, "p1", 7, 1, NULL);
    set_page(s, ROOM, "g1", 18, 9, "g2");
    SyncBody *body = sync_body_new();
    sync_body_timeline(body, ROOM, numbered(19));
    sync_body_limited(body, ROOM, "g1");
    push(s, sync_body_end(body));
    settle(s);
    open_chat(s, ROOM);
    expect_numbers(s, ROOM, 10, 18);
    EXPECT_LINE(s, ROOM, BOB, "message 19", "RECV");
    history(s, ROOM, "500");
    expect_says(s, ROOM, "History of “Room”, from 2020-01-01");
    expect_says(s, ROOM, "This is the beginning of the room.");
    expect_numbers(s, ROOM, 1, 9);
    expect_says(s, ROOM, "End of the history.");
    forget_events(s);
    EXPECT_NOTHING(s, 200);
}

/* It waits for the hole to be filled when the account goes: nothing of it goes on afterwards. */
static void closed_while_waiting(Scenario *s)
{
    start(s, ROOM, 8, 9);
    open_chat(s, ROOM);
    fake_server_always(s->server, "messages", (FakeAnswer){.delay_ms = 60 * 1000});
    SyncBody *body = sync_body_new();
    sync_body_timeline(body, ROOM, numbered(19));
    sync_body_limited(body, ROOM, "g1");
    push(s, sync_body_end(body));
    EXPECT_REQUEST(s, "messages");
    history(s, ROOM, "500");
    settle(s);
    go_offline(s);
    host_iterate(HISTORY_WAIT_MS);
    forget_events(s);
}

/* ---- what stands in a window that is opened ---- */

static void want_last_lines(Scenario *s, int lines)
{
    purple_account_set_int(s->account, "last_lines", lines);
    purple_account_set_int(s->account, "keep_days", 0); /* these are old */
}

static void opened_by_the_user(Scenario *s)
{
    start(s, ROOM, 17, 20);
    want_last_lines(s, 2);
    open_chat(s, ROOM);
    expect_numbers(s, ROOM, 19, 20);
    settle(s);
    EXPECT_NOTHING(s, 100);
    history(s, ROOM, "1");
    expect_says(s, ROOM, "History of “Room”");
    expect_numbers(s, ROOM, 18, 18);
    expect_says(s, ROOM, "End of the history");
    push_event(s, ROOM, event_text(BOB, "hello"));
    EXPECT_LINE(s, ROOM, BOB, "hello", "RECV");
    CHECK(s, host_close(s->account, ROOM));
    forget_events(s);
    open_chat(s, ROOM);
    expect_numbers(s, ROOM, 20, 20);
    EXPECT_LINE(s, ROOM, BOB, "hello", "RECV|DELAYED");
    g_autofree char *log = host_read_log(s->account, PURPLE_LOG_CHAT, ROOM);
    const char *once = strstr(log, "hello");
    CHECK(s, once != NULL && strstr(once + 1, "hello") == NULL && strstr(log, "message") == NULL);
    settle(s);
    EXPECT_NOTHING(s, 100);
    EXPECT_INT(s, fake_server_count(s->server, "messages"), 0);
}

/* The lines from before stand above the one that opens it, which is the first that sounds. */
static void opened_by_a_line(Scenario *s)
{
    start(s, DIRECT, 18, 20);
    want_last_lines(s, 2);
    push_event(s, DIRECT, event_text(BOB, "hello"));
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_numbers(s, BOB, 19, 20);
    EXPECT_LINE(s, BOB, BOB, "hello", "RECV");
    g_autofree char *log = host_read_log(s->account, PURPLE_LOG_IM, BOB);
    CHECK(s, strstr(log, "hello") != NULL && strstr(log, "message") == NULL);
    push_event(s, DIRECT, event_text(BOB, "again"));
    EXPECT_LINE(s, BOB, BOB, "again", "RECV");
    settle(s);
    EXPECT_NOTHING(s, 100);
}

static int count_said(const char *text)
{
    int n = 0;
    for (GList *at = host_events()->head; at != NULL; at = at->next)
        n += g_strcmp0(json_object_get_string_member_with_default(at->data, "text", ""), text) == 0;
    return n;
}

static gboolean is_ended(gpointer data)
{
    return count_said("End of the history. Type /history again to go further back.") > 0;
}

/* Who asks while the last lines are on their way, however far that is, has each once. */
static void typed_at_once(Scenario *s)
{
    start(s, DIRECT, 17, 20);
    want_last_lines(s, 2);
    for (int steps = 0; steps < 6; steps++) {
        forget_events(s);
        CHECK(s, host_open_im(s->account, BOB) != NULL);
        for (int i = 0; i < steps; i++) {
            g_usleep(300);
            g_main_context_iteration(NULL, FALSE);
        }
        history(s, BOB, "2");
        WAIT(s, is_ended, NULL);
        settle(s);
        EXPECT_INT(s, count_said("message 20"), 1);
        EXPECT_INT(s, count_said("message 19"), 1);
        CHECK(s, host_close(s->account, BOB));
    }
    forget_events(s);
}

/* Windows outlive connections: nothing comes again, and /history goes on where it was. */
static void after_a_reconnect(Scenario *s)
{
    start(s, DIRECT, 17, 20);
    want_last_lines(s, 2);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    expect_numbers(s, BOB, 19, 20);
    settle(s);
    go_offline(s);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    push_event(s, DIRECT, event_text(BOB, "hello"));
    EXPECT_LINE(s, BOB, BOB, "hello", "RECV");
    settle(s);
    forget_events(s);
    history(s, BOB, "1");
    expect_says(s, BOB, "History of “Bob”");
    expect_numbers(s, BOB, 18, 18);
    expect_says(s, BOB, "End of the history");
    EXPECT_NOTHING(s, 100);
}

static JsonObject *reaction(const char *sender, const char *id, const char *key)
{
    g_autofree char *content = g_strdup_printf(
        "{'m.relates_to':{'rel_type':'m.annotation','event_id':'%s','key':'%s'}}", id, key);
    return event_new("m.reaction", sender, content);
}

/* A message of the past as it looks in a window where all of it came live. */
static void with_reactions(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_timeline(body, ROOM, create_event());
    sync_body_timeline(body, ROOM, numbered(1));
    sync_body_timeline(body, ROOM, event_with_time(reaction(BOB, "$m1", "a"), TIME_MS(2)));
    sync_body_timeline(body, ROOM, event_with_time(reaction(CAROL, "$m1", "a"), TIME_MS(3)));
    sync_body_timeline(body, ROOM, reaction(CAROL, "$m1", "a"));
    sync_body_timeline(body, ROOM, reaction(CAROL, "$m1", "b"));
    sync_body_timeline(body, ROOM, numbered(2));
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
    history(s, ROOM, "2");
    expect_says(s, ROOM, "History of “Room”");
    expect_numbers(s, ROOM, 1, 1);
    EXPECT_EVENT(s, "line", "name", ROOM, "text", "Reactions: a Bob, Carol; b Carol");
    expect_numbers(s, ROOM, 2, 2);
    expect_says(s, ROOM, "End of the history");
    CHECK(s, host_close(s->account, ROOM));
    purple_account_set_bool(s->account, "show_reactions", FALSE);
    forget_events(s);
    open_chat(s, ROOM);
    history(s, ROOM, "2");
    expect_says(s, ROOM, "History of “Room”");
    expect_numbers(s, ROOM, 1, 2);
    expect_says(s, ROOM, "End of the history");
    EXPECT_NOTHING(s, 100);
}

/* What has not gone out does not look as if it had. */
static void with_unsent(Scenario *s)
{
    start(s, ROOM, 19, 20);
    fake_server_always(
        s->server, "send",
        (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"No\"}"});
    open_chat(s, ROOM);
    CHECK(s, host_send_chat(s->account, ROOM, "mine"));
    EXPECT_LINE(s, ROOM, ALICE, "mine", "SEND");
    settle(s);
    CHECK(s, host_close(s->account, ROOM));
    forget_events(s);
    open_chat(s, ROOM);
    expect_says(s, ROOM, "1 message could not be sent");
    history(s, ROOM, "1");
    expect_says(s, ROOM, "History of “Room”");
    EXPECT_EVENT(s, "line", "name", ROOM, "who", ALICE, "~text", "mine <font", "~text",
                 "[not sent]");
    expect_says(s, ROOM, "End of the history");
    EXPECT_REQUEST(s, "send");
}

/* Nor does what is on its way, and what it does to others. */
static void with_waiting(Scenario *s)
{
    start(s, ROOM, 19, 20);
    open_chat(s, ROOM);
    history(s, ROOM, "2");
    expect_says(s, ROOM, "History of “Room”");
    expect_numbers(s, ROOM, 19, 20);
    expect_says(s, ROOM, "End of the history");
    settle(s);
    fake_server_always(s->server, "send", (FakeAnswer){.status = 502, .body = "{}"});
    fake_server_always(s->server, "redact", (FakeAnswer){.status = 502, .body = "{}"});
    CHECK(s, host_send_chat(s->account, ROOM, "mine"));
    EXPECT_LINE(s, ROOM, ALICE, "mine", "SEND");
    settle(s);
    g_autofree char *error = NULL;
    host_command(host_find_conversation(s->account, ROOM), "/react x", &error);
    EXPECT_TEXT(s, error, NULL);
    settle(s);
    CHECK(s, host_close(s->account, ROOM));
    forget_events(s);
    open_chat(s, ROOM);
    history(s, ROOM, "3");
    expect_says(s, ROOM, "History of “Room”");
    expect_numbers(s, ROOM, 19, 20);
    EXPECT_EVENT(s, "line", "name", ROOM, "who", ALICE, "~text", "mine <font", "~text",
                 "[not sent yet]");
    expect_says(s, ROOM, "End of the history");
    FakeRequest *request;
    while ((request = fake_server_take_request(s->server, "send")) != NULL)
        fake_request_free(request);
}

#define POLL "org.matrix.msc3381.poll."

static void add_poll(SyncBody *body)
{
    static const char vote[] = "{'m.relates_to':{'rel_type':'m.reference','event_id':'$p'},'" POLL
                               "response':{'answers':['one']}}";
    sync_body_timeline(
        body, ROOM,
        event_with_id(event_new(POLL "start", BOB,
                                "{'" POLL "start':{'question':{'body':'Drinks?'},'answers':[{"
                                "'id':'one','body':'Tea'},{'id':'two','body':'Milk'}]}}"),
                      "$p"));
    sync_body_timeline(body, ROOM, event_new(POLL "response", BOB, vote));
    sync_body_timeline(body, ROOM, event_new(POLL "response", CAROL, vote));
    sync_body_timeline(
        body, ROOM,
        event_new(POLL "end", BOB, "{'m.relates_to':{'rel_type':'m.reference','event_id':'$p'}}"));
}

/* What became of messages since stands where a window would have it. */
static void with_changes(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_timeline(body, ROOM, create_event());
    sync_body_timeline(body, ROOM, numbered(1));
    sync_body_timeline(body, ROOM, numbered(2));
    sync_body_timeline(body, ROOM,
                       event_new("m.room.message", BOB,
                                 "{'msgtype':'m.text','body':'* mended','m.new_content':"
                                 "{'msgtype':'m.text','body':'mended'},'m.relates_to':"
                                 "{'rel_type':'m.replace','event_id':'$m1'}}"));
    sync_body_timeline(body, ROOM, event_new("m.room.redaction", BOB, "{'redacts':'$m2'}"));
    add_poll(body);
    sync_body_timeline(body, ROOM, event_text(CAROL, "cheers"));
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
    history(s, ROOM, "5");
    expect_says(s, ROOM, "History of “Room”");
    EXPECT_EVENT(s, "line", "name", ROOM, "who", BOB, "~text", "mended <font", "~text", "[edited]");
    expect_says(s, ROOM, "has removed a message");
    EXPECT_EVENT(s, "line", "name", ROOM, "who", BOB, "~text", "Drinks?", "~text", "Milk");
    expect_says(s, ROOM, "has ended the poll “Drinks?”: Tea 2, Milk 0 (2 people have voted)");
    EXPECT_EVENT(s, "line", "name", ROOM, "who", CAROL, "~text", "cheers");
    expect_says(s, ROOM, "End of the history");
    EXPECT_NOTHING(s, 100);
}

static const ScenarioEntry entries[] = {
    {"history-opened-by-the-user", {opened_by_the_user}},
    {"history-opened-by-a-line", {opened_by_a_line}},
    {"history-typed-at-once", {typed_at_once}},
    {"history-after-a-reconnect", {after_a_reconnect}},
    {"history-with-reactions", {with_reactions}},
    {"history-with-unsent", {with_unsent}},
    {"history-with-waiting", {with_waiting}},
    {"history-with-changes", {with_changes}},
    {"history-in-a-room", {in_a_room}},
    {"history-around-live-lines", {around_live_lines}},
    {"history-back-to-a-time", {back_to_a_time}},
    {"history-across-an-upgrade", {across_an_upgrade}},
    {"history-unread-before-an-upgrade", {unread_before_an_upgrade}},
    {"history-gap-before-an-upgrade", {gap_before_an_upgrade}},
    {"history-refused", {refused}},
    {"history-unreachable", {unreachable}},
    {"history-odd-ones", {odd_ones}},
    {"history-across-a-gap", {across_a_gap}},
    {"history-closed-while-waiting", {closed_while_waiting}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
