/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Edits that the homeserver puts into the messages they are about. */

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
}

static JsonObject *edit_by(const char *sender, const char *id, const char *body, const char *target)
{
    g_autofree char *content =
        g_strdup_printf("{'msgtype':'m.text','body':'* %s','m.new_content':{'msgtype':'m.text',"
                        "'body':'%s'},'m.relates_to':{'rel_type':'m.replace','event_id':'%s'}}",
                        body, body, target);

    return event_with_id(event_new("m.room.message", sender, content), id);
}

/* The message with this edit inside; takes it. */
static JsonObject *message(const char *id, const char *body, JsonObject *edit)
{
    JsonObject *event = event_with_id(event_text(BOB, body), id);
    JsonObject *relations = json_object_new(), *all = json_object_new();

    json_object_set_object_member(relations, "m.replace", edit);
    json_object_set_object_member(all, "m.relations", relations);
    json_object_set_object_member(event, "unsigned", all);
    return event;
}

static void synced(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    push_event(s, ROOM, message("$a", "teh old", edit_by(BOB, "$a2", "the new", "$a")));
    EXPECT_LINE(s, ROOM, BOB, "the new <font color=\"#77767b\">[edited]</font>", "RECV");
    /* It comes by itself too. */
    push_event(s, ROOM, edit_by(BOB, "$a2", "the new", "$a"));
    settle(s);
    EXPECT_NOTHING(s, 100);
    /* A later one is told, and what was there before it is known. */
    push_event(s, ROOM, edit_by(BOB, "$a3", "the newest", "$a"));
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "the newest");
    /* Answers quote what it says now; before that edit is taken away, and after. */
    push_event(s, ROOM, event_new("m.room.redaction", BOB, "{'redacts':'$a3'}"));
    EXPECT_EVENT(s, "line", "~text", "has taken an edit back");
    push_event(s, ROOM,
               event_new("m.room.message", CAROL,
                         "{'msgtype':'m.text','body':'yes','m.relates_to':"
                         "{'m.in_reply_to':{'event_id':'$a'}}}"));
    EXPECT_EVENT(s, "line", "~text", "Bob: the new");
    push_event(s, ROOM, event_new("m.room.redaction", BOB, "{'redacts':'$a2'}"));
    EXPECT_EVENT(s, "line", "~text", "has taken an edit back");
    push_event(s, ROOM,
               event_new("m.room.message", CAROL,
                         "{'msgtype':'m.text','body':'no','m.relates_to':"
                         "{'m.in_reply_to':{'event_id':'$a'}}}"));
    EXPECT_EVENT(s, "line", "~text", "Bob: teh old");
}

/* None of these is one. */
static void invalid(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    push_event(s, ROOM, message("$a", "of Bob", edit_by(CAROL, "$1", "by Carol", "$a")));
    EXPECT_LINE(s, ROOM, BOB, "of Bob", "RECV");
    push_event(s, ROOM, message("$b", "again", edit_by(BOB, "$2", "of another", "$a")));
    EXPECT_LINE(s, ROOM, BOB, "again", "RECV");
    push_event(s, ROOM,
               message("$c", "odd", event_with_id(event_new("m.room.message", BOB, "{}"), "$3")));
    EXPECT_LINE(s, ROOM, BOB, "odd", "RECV");
    push_event(s, ROOM,
               message("$d", "state", event_state("m.room.topic", "", BOB, "{'topic':1}")));
    EXPECT_LINE(s, ROOM, BOB, "state", "RECV");
    push_event(s, ROOM, message("$e", "old server", json_object_new()));
    EXPECT_LINE(s, ROOM, BOB, "old server", "RECV");
    EXPECT_NOTHING(s, 50);
}

/* What was removed is gone in all its texts, the database's file included. */
static void removed(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    push_event(s, ROOM, message("$a", "one", edit_by(BOB, "$a2", "sekrit words", "$a")));
    EXPECT_EVENT(s, "line", "~text", "sekrit words");
    push_event(s, ROOM, event_new("m.room.redaction", BOB, "{'redacts':'$a'}"));
    EXPECT_EVENT(s, "line", "~text", "has removed a message");
    push_event(s, ROOM,
               event_new("m.room.message", CAROL,
                         "{'msgtype':'m.text','body':'oh','m.relates_to':"
                         "{'m.in_reply_to':{'event_id':'$a'}}}"));
    EXPECT_EVENT(s, "line", "~text", "&gt; Bob: a removed message");
}

/* In a page of /messages too, where the edit itself is not. */
static void in_history(Scenario *s)
{
    SyncBody *body = sync_body_new();
    g_autoptr(JsonObject) root = json_object_new();
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    JsonArray *chunk = json_array_new();
    g_autofree char *error = NULL;

    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    sync_body_timeline(body, ROOM, event_text(BOB, "later"));
    sync_body_limited(body, ROOM, "p1");
    set_first(s, sync_body_end(body));
    json_array_add_object_element(chunk,
                                  message("$a", "teh old", edit_by(BOB, "$a2", "the new", "$a")));
    json_object_set_array_member(root, "chunk", chunk);
    json_object_set_string_member(root, "start", "p1");
    json_node_set_object(node, root);
    g_autofree char *page = json_to_string(node, FALSE);
    fake_server_set_page(s->server, ROOM, "p1", page);
    log_in(s);
    open_chat(s, ROOM);
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), "/history 2", &error),
                "OK");
    EXPECT_EVENT(s, "line", "~text", "History of “Room”");
    EXPECT_LINE(s, ROOM, BOB, "the new <font color=\"#77767b\">[edited]</font>", "RECV|DELAYED");
    EXPECT_LINE(s, ROOM, BOB, "later", "RECV|DELAYED");
    EXPECT_EVENT(s, "line", "~text", "End of the history.");
    settle(s);
    forget_events(s);
}

static const ScenarioEntry entries[] = {
    {"bundled-synced", {synced}},
    {"bundled-invalid", {invalid}},
    {"bundled-in-history", {in_history}},
    {"bundled-removed", {removed}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
