/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Addresses of a room, the homeserver's list of rooms, and who may join. */

#define MIGHTY "{'users':{'" ALICE "':100}}"
#define SPACE "!space:localhost"

/* The server has it, whether a /sync has told that or not. */
static void serve(Scenario *s, const char *type, const char *content)
{
    g_autofree char *text = json_quotes(content);

    fake_server_set_state(s->server, ROOM, type, text);
}

static void push_state(Scenario *s, const char *type, const char *content)
{
    SyncBody *body = sync_body_new();

    serve(s, type, content);
    sync_body_state(body, ROOM, event_state(type, "", ALICE, content));
    push(s, sync_body_end(body));
    settle(s);
}

/* version, power, aliases: of ROOM; NULL: as usual, none, none */
static void start(Scenario *s, const char *version, const char *power, const char *aliases)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB);
    if (version != NULL) {
        g_autofree char *create = g_strdup_printf("{'room_version':'%s'}", version);
        sync_body_state(body, ROOM, event_state("m.room.create", "", BOB, create));
    }
    if (power != NULL)
        sync_body_state(body, ROOM, event_state("m.room.power_levels", "", BOB, power));
    if (aliases != NULL) {
        serve(s, "m.room.canonical_alias", aliases);
        sync_body_state(body, ROOM, event_state("m.room.canonical_alias", "", BOB, aliases));
    }
    sync_body_room(body, SPACE, "Club", ALICE " " BOB);
    sync_body_state(
        body, SPACE,
        event_state("m.room.create", "", BOB, "{'type':'m.space','room_version':'10'}"));
    sync_body_state(body, SPACE,
                    event_state("m.room.canonical_alias", "", BOB, "{'alias':'#club:localhost'}"));
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
}

static void ok(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "OK");
}

static void bad(Scenario *s, const char *text, const char *hint)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "FAILED");
    CHECK(s, error != NULL && strstr(error, hint) != NULL);
}

static void expect_content(Scenario *s, const char *type, const char *wanted)
{
    FakeRequest *request;
    g_autofree char *text = json_quotes(wanted);

    EXPECT_TEXT(s, EXPECT_REQUEST(s, "state-event")->args[1], type);
    request = EXPECT_REQUEST(s, "set-state");
    EXPECT_TEXT(s, request->args[1], type);
    EXPECT_TEXT(s, request->body, text);
}

static void said(Scenario *s, const char *flags, const char *text)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", flags, "~text", text);
}

/* ---- addresses ---- */

static void add(Scenario *s)
{
    FakeRequest *request;

    start(s, NULL, MIGHTY, "{'alias':'#main:localhost','odd':[1,{}]}");
    ok(s, "/alias add garden");
    request = EXPECT_REQUEST(s, "add-alias");
    EXPECT_TEXT(s, request->args[0], "#garden:localhost");
    EXPECT_TEXT(s, request->body, "{\"room_id\":\"" ROOM "\"}");
    /* What nobody here knows stays. */
    expect_content(s, "m.room.canonical_alias",
                   "{'alias':'#main:localhost','odd':[1,{}],'alt_aliases':['#garden:localhost']}");
    said(s, "SYSTEM", "#garden:localhost leads to this room now.");
    /* The main one is not named twice. */
    ok(s, "/alias add #main:localhost");
    EXPECT_REQUEST(s, "add-alias");
    EXPECT_REQUEST(s, "state-event");
    said(s, "SYSTEM", "#main:localhost leads to this room now.");
    EXPECT_NOTHING(s, 100);
}

/* What another device has just written is not known here yet, nor what was typed a moment ago. */
static void add_in_a_row(Scenario *s)
{
    start(s, NULL, MIGHTY, "{'alias':'#main:localhost'}");
    serve(s, "m.room.canonical_alias",
          "{'alias':'#main:localhost','alt_aliases':['#other:localhost']}");
    ok(s, "/alias add a");
    ok(s, "/alias add b");
    EXPECT_REQUEST(s, "add-alias");
    EXPECT_REQUEST(s, "add-alias");
    expect_content(s, "m.room.canonical_alias",
                   "{'alias':'#main:localhost','alt_aliases':['#other:localhost','#a:localhost']}");
    expect_content(s, "m.room.canonical_alias",
                   "{'alias':'#main:localhost',"
                   "'alt_aliases':['#other:localhost','#a:localhost','#b:localhost']}");
    said(s, "SYSTEM", "#a:localhost leads to this room now.");
    said(s, "SYSTEM", "#b:localhost leads to this room now.");
    /* One that cannot be read is not written, and those after it are. */
    fake_server_once(s->server, "state-event", FAKE_502);
    ok(s, "/alias main -");
    ok(s, "/joinrule invite");
    EXPECT_REQUEST(s, "state-event");
    said(s, "ERROR", "The main address of Room was not changed.");
    expect_content(s, "m.room.join_rules", "{'join_rule':'invite'}");
    /* What waits when the account is disabled is dropped. */
    fake_server_once(s->server, "state-event", (FakeAnswer){.how = FAKE_SILENT});
    ok(s, "/alias main -");
    ok(s, "/joinrule public");
    EXPECT_REQUEST(s, "state-event");
    host_account_enable(s->account, FALSE);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "The account has disconnected");
    EXPECT_EVENT(s, "left", "name", ROOM);
    EXPECT_EVENT(s, "disconnected");
    EXPECT_NOTHING(s, 100);
}

static void add_taken(Scenario *s)
{
    FakeAnswer taken = {.status = 409, .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"exists\"}"};

    start(s, NULL, MIGHTY, NULL);
    fake_server_set_alias(s->server, "#other:localhost", ROOM2);
    fake_server_set_alias(s->server, "#here:localhost", ROOM);
    fake_server_once(s->server, "add-alias", taken);
    ok(s, "/alias add other");
    EXPECT_REQUEST(s, "add-alias");
    EXPECT_REQUEST(s, "resolve-alias");
    said(s, "ERROR", "#other:localhost leads to another room already. Nothing was changed.");
    fake_server_once(s->server, "add-alias", taken);
    ok(s, "/alias add here");
    EXPECT_REQUEST(s, "add-alias");
    EXPECT_REQUEST(s, "resolve-alias");
    expect_content(s, "m.room.canonical_alias", "{'alt_aliases':['#here:localhost']}");
    said(s, "SYSTEM", "#here:localhost leads to this room now.");
    fake_server_once(
        s->server, "add-alias",
        (FakeAnswer){.status = 400,
                     .body = "{\"errcode\":\"M_INVALID_PARAM\",\"error\":\"Invalid characters\"}"});
    ok(s, "/alias add a%b");
    EXPECT_REQUEST(s, "add-alias");
    said(s, "ERROR", "It has characters that your homeserver does not take.");
    EXPECT_NOTHING(s, 100);
}

static void without_power(Scenario *s)
{
    start(s, NULL, NULL, "{'alias':'#main:localhost'}");
    fake_server_set_alias(s->server, "#new:localhost", ROOM);
    /* Nothing is asked. */
    ok(s, "/alias main new");
    said(s, "ERROR",
         "The main address of Room was not changed. In this room that takes a power "
         "level of 50, and yours is 0.");
    ok(s, "/alias main -");
    said(s, "ERROR", "power level");
    ok(s, "/joinrule invite");
    said(s, "ERROR", "Who may join Room was not changed. In this room that takes a power level");
    EXPECT_NOTHING(s, 100);
    /* Anybody may make one at the homeserver, but the room does not name it. */
    ok(s, "/alias add new");
    EXPECT_REQUEST(s, "add-alias");
    said(s, "SYSTEM", "leads to this room now, but the room does not name it among its addresses");
    EXPECT_NOTHING(s, 100);
}

static void main_address(Scenario *s)
{
    start(s, NULL, MIGHTY, "{'alias':'#old:localhost','alt_aliases':['#new:localhost',5]}");
    fake_server_set_alias(s->server, "#new:localhost", ROOM);
    fake_server_set_alias(s->server, "#other:localhost", ROOM2);
    ok(s, "/alias main #new:localhost");
    EXPECT_REQUEST(s, "resolve-alias");
    expect_content(s, "m.room.canonical_alias",
                   "{'alias':'#new:localhost','alt_aliases':[5,'#old:localhost']}");
    ok(s, "/alias main other");
    EXPECT_REQUEST(s, "resolve-alias");
    said(s, "ERROR", "#other:localhost leads to another room. Nothing was changed.");
    ok(s, "/alias main nowhere");
    EXPECT_REQUEST(s, "resolve-alias");
    said(s, "ERROR", "There is no such address.");
    ok(s, "/alias main -");
    expect_content(s, "m.room.canonical_alias",
                   "{'alt_aliases':[5,'#old:localhost','#new:localhost']}");
    EXPECT_NOTHING(s, 100);
}

static void remove_address(Scenario *s)
{
    start(s, NULL, MIGHTY, "{'alias':'#main:localhost','alt_aliases':['#too:localhost']}");
    fake_server_set_alias(s->server, "#main:localhost", ROOM);
    fake_server_set_alias(s->server, "#too:localhost", ROOM);
    fake_server_set_alias(s->server, "#other:localhost", ROOM2);
    ok(s, "/alias remove too");
    EXPECT_REQUEST(s, "resolve-alias");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "remove-alias")->args[0], "#too:localhost");
    expect_content(s, "m.room.canonical_alias", "{'alias':'#main:localhost'}");
    said(s, "SYSTEM", "#too:localhost no longer leads to this room.");
    ok(s, "/alias remove main");
    EXPECT_REQUEST(s, "resolve-alias");
    EXPECT_REQUEST(s, "remove-alias");
    expect_content(s, "m.room.canonical_alias", "{}");
    said(s, "SYSTEM", "#main:localhost no longer leads to this room.");
    /* Another room's is not taken away from it. */
    ok(s, "/alias remove other");
    EXPECT_REQUEST(s, "resolve-alias");
    said(s, "ERROR", "#other:localhost leads to another room. Nothing was changed.");
    ok(s, "/alias remove none");
    EXPECT_REQUEST(s, "resolve-alias");
    said(s, "ERROR", "There is no address #none:localhost.");
    EXPECT_NOTHING(s, 100);
}

static void list(Scenario *s)
{
    start(s, NULL, NULL,
          "{'alias':'#main:elsewhere','alt_aliases':['#gone:localhost','#a<b>:localhost']}");
    fake_server_set_alias(s->server, "#main:elsewhere", ROOM2);
    fake_server_once(s->server, "aliases",
                     (FakeAnswer){.status = 200,
                                  .body = "{\"aliases\":[\"#a<b>:localhost\",7,\"bad\","
                                          "\"#more:localhost\"]}"});
    fake_server_once(s->server, "visibility",
                     (FakeAnswer){.status = 200, .body = "{\"visibility\":\"public\"}"});
    ok(s, "/alias");
    EXPECT_REQUEST(s, "aliases");
    EXPECT_REQUEST(s, "resolve-alias");
    EXPECT_REQUEST(s, "visibility");
    said(s, "SYSTEM",
         "Main address: #main:elsewhere (which does not lead here)<br>Other addresses: "
         "#gone:localhost (which does not lead here), #a&lt;b&gt;:localhost<br>"
         "Not named by the room: #more:localhost<br>The homeserver's list of rooms has it.");
    /* What cannot be found out is left out. */
    push_state(s, "m.room.canonical_alias", "{}");
    ok(s, "/alias list");
    EXPECT_REQUEST(s, "aliases");
    EXPECT_REQUEST(s, "visibility");
    said(s, "SYSTEM", "This room has no address. /alias add and a name makes one.");
    EXPECT_NOTHING(s, 100);
}

static void bad_input(Scenario *s)
{
    start(s, NULL, MIGHTY, NULL);
    bad(s, "/alias add", "Type /alias list");
    bad(s, "/alias frob #a:localhost", "Type /alias list");
    bad(s, "/alias list more", "Type /alias list");
    bad(s, "/alias add two words", "That is no address");
    bad(s, "/alias add @alice:localhost", "That is no address");
    bad(s, "/alias add !room:localhost", "That is no address");
    bad(s, "/alias add #:localhost", "That is no address");
    bad(s, "/alias main #", "That is no address");
    ok(s, "/alias add #garden:elsewhere");
    said(s, "ERROR", "#garden:elsewhere is an address of another homeserver");
    ok(s, "/alias remove #garden:elsewhere");
    said(s, "ERROR", "Yours end with :localhost.");
    bad(s, "/directory maybe", "Type /directory");
    bad(s, "/joinrule nobody", "Type /joinrule public, invite or knock");
    bad(s, "/joinrule public #club:localhost", "Type /joinrule public");
    bad(s, "/joinrule restricted #unknown:localhost", "is no room that you are in");
    bad(s, "/joinrule restricted @alice:localhost", "is no room that you are in");
    EXPECT_NOTHING(s, 100);
}

static void directory(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"};

    start(s, NULL, NULL, NULL);
    fake_server_once(s->server, "visibility",
                     (FakeAnswer){.status = 200, .body = "{\"visibility\":\"private\"}"});
    ok(s, "/directory");
    EXPECT_REQUEST(s, "visibility");
    said(s, "SYSTEM", "does not have this room. /directory on puts it in.");
    ok(s, "/directory on");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "set-visibility")->body, "{\"visibility\":\"public\"}");
    said(s, "SYSTEM", "The homeserver's list of rooms has this room.");
    ok(s, "/directory off");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "set-visibility")->body, "{\"visibility\":\"private\"}");
    said(s, "SYSTEM", "does not have this room");
    fake_server_once(s->server, "set-visibility", no);
    ok(s, "/directory on");
    EXPECT_REQUEST(s, "set-visibility");
    said(s, "ERROR", "Your homeserver does not let you change it.");
}

/* ---- who may join ---- */

static void join_rule(Scenario *s)
{
    start(s, "10", MIGHTY, NULL);
    ok(s, "/joinrule");
    said(s, "SYSTEM", "Only invited people may join this room.");
    push_state(s, "m.room.join_rules",
               "{'join_rule':'restricted','odd':1,'allow':[{'type':'x.odd'},"
               "{'type':'m.room_membership','room_id':'" SPACE "'},"
               "{'type':'m.room_membership','room_id':'!far:away'}]}");
    ok(s, "/joinrule");
    said(s, "SYSTEM",
         "Invited people may join this room, and members of certain rooms.<br>Their rooms: Club "
         "(!space:localhost), !far:away");
    ok(s, "/joinrule knock_restricted");
    expect_content(s, "m.room.join_rules",
                   "{'join_rule':'knock_restricted','odd':1,'allow':[{'type':'x.odd'},"
                   "{'type':'m.room_membership','room_id':'" SPACE "'},"
                   "{'type':'m.room_membership','room_id':'!far:away'}]}");
    ok(s, "/joinrule restricted #club:localhost !third:away");
    expect_content(s, "m.room.join_rules",
                   "{'join_rule':'restricted','odd':1,'allow':[{'type':'x.odd'},"
                   "{'type':'m.room_membership','room_id':'" SPACE "'},"
                   "{'type':'m.room_membership','room_id':'!third:away'}]}");
    ok(s, "/joinrule public");
    expect_content(s, "m.room.join_rules", "{'join_rule':'public','odd':1}");
    EXPECT_NOTHING(s, 100);
}

static void join_rule_of_space(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s, "10", MIGHTY, NULL);
    ok(s, "/joinrule restricted");
    EXPECT_REQUEST(s, "state-event");
    said(s, "ERROR", "Name the space whose members may join: /joinrule restricted #space");
    sync_body_state(body, SPACE, event_state("m.space.child", ROOM, BOB, "{}"));
    push(s, sync_body_end(body));
    settle(s);
    ok(s, "/joinrule restricted");
    EXPECT_REQUEST(s, "state-event");
    said(s, "ERROR", "Name the space whose members may join: /joinrule restricted #space");
    body = sync_body_new();
    sync_body_state(body, SPACE, event_state("m.space.child", ROOM, BOB, "{'via':['localhost']}"));
    push(s, sync_body_end(body));
    settle(s);
    ok(s, "/joinrule restricted");
    expect_content(s, "m.room.join_rules",
                   "{'join_rule':'restricted','allow':[{'type':'m.room_membership',"
                   "'room_id':'" SPACE "'}]}");
}

static void room_versions(Scenario *s)
{
    static const struct {
        const char *version, *rule, *refused;
    } cases[] = {
        {"6", "knock", "This room has version 6; that is possible from room version 7 on."},
        {"7", "knock", NULL},
        {"7", "restricted " SPACE, "from room version 8 on."},
        {"8", "restricted " SPACE, NULL},
        {"9", "knock_restricted " SPACE, "from room version 10 on."},
        {"10", "knock_restricted " SPACE, NULL},
        {"12", "knock", NULL},
        {"org.example.new", "knock_restricted " SPACE, NULL},
    };

    start(s, "1", MIGHTY, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *create = g_strdup_printf("{'room_version':'%s'}", cases[i].version);
        g_autofree char *text = g_strdup_printf("/joinrule %s", cases[i].rule);
        push_state(s, "m.room.create", create);
        ok(s, text);
        EXPECT_REQUEST(s, "state-event");
        if (cases[i].refused != NULL)
            said(s, "ERROR", cases[i].refused);
        else
            EXPECT_REQUEST(s, "set-state");
    }
    EXPECT_NOTHING(s, 100);
}

int main(int argc, char **argv)
{
    static const ScenarioEntry entries[] = {
        {"aliases-add", {add}},
        {"aliases-add-in-a-row", {add_in_a_row}},
        {"aliases-add-taken", {add_taken}},
        {"aliases-without-power", {without_power}},
        {"aliases-main", {main_address}},
        {"aliases-remove", {remove_address}},
        {"aliases-list", {list}},
        {"aliases-bad-input", {bad_input}},
        {"aliases-directory", {directory}},
        {"aliases-join-rule", {join_rule}},
        {"aliases-join-rule-of-space", {join_rule_of_space}},
        {"aliases-room-versions", {room_versions}},
    };

    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
