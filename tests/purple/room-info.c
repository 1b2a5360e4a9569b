/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* What there is to know about a room, and a room made with options. */

static JsonObject *setting(const char *type, const char *content)
{
    return event_state(type, "", ALICE, content);
}

static void start(Scenario *s, gboolean is_rich)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s);
    sync_body_direct(body, DIRECT, ALICE, BOB);
    sync_body_room(body, ROOM, "Room <b>", ALICE " " BOB " " CAROL);
    if (is_rich) {
        sync_body_state(body, ROOM,
                        setting("m.room.create", "{'room_version':'12','m.federate':false,"
                                                 "'additional_creators':['" BOB "',7],"
                                                 "'predecessor':{'room_id':'!old:x'}}"));
        sync_body_state(body, ROOM,
                        setting("m.room.power_levels", "{'users':{'" CAROL "':50},"
                                                       "'events_default':5}"));
        sync_body_state(body, ROOM, setting("m.room.topic", "{'topic':'two\\nlines'}"));
        sync_body_state(body, ROOM,
                        setting("m.room.join_rules", "{'join_rule':'restricted','allow':"
                                                     "[{'room_id':'" DIRECT "'},5,{}]}"));
        sync_body_state(body, ROOM,
                        setting("m.room.history_visibility", "{'history_visibility':'joined'}"));
        sync_body_state(body, ROOM, setting("m.room.guest_access", "{'guest_access':'odd'}"));
        sync_body_state(body, ROOM,
                        setting("m.room.server_acl", "{'allow':['*'],'deny':['evil.<i>',9],"
                                                     "'allow_ip_literals':false}"));
        sync_body_state(
            body, ROOM,
            setting("m.room.tombstone", "{'replacement_room':'!new:x','body':'moved'}"));
    }
    set_first(s, sync_body_end(body));
    log_in(s);
}

static void command(Scenario *s, const char *text, const char *result, const char *hint)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), result);
    if (hint != NULL && (error == NULL || strstr(error, hint) == NULL))
        FAIL(s, "%s: %s", text, error);
}

static void expect_parts(Scenario *s, const char *text, const char *const *parts)
{
    for (; *parts != NULL; parts++)
        if (strstr(text, *parts) == NULL)
            FAIL(s, "no “%s” in: %s", *parts, text);
}

static void in_the_window(Scenario *s)
{
    static const char *const parts[] = {
        "Name: Room &lt;b&gt;<br>Topic: two<br>lines<br>",
        "Addresses on your homeserver: #one:localhost, #two:localhost<br>",
        "Room ID: " ROOM,
        "Members: 3<br>",
        "Who may join: members of certain rooms, and invited people<br>",
        "Members of these may join: " DIRECT "<br>",
        "Listed in the room directory: yes<br>",
        "Who may read the history: members, from their joining on<br>",
        "Guests without an account: odd<br>",
        "Encrypted: no<br>",
        "Creators, above all: Alice (" ALICE "), Bob (" BOB ")<br>",
        "Moderators: Carol (" CAROL ")<br>",
        "Power needed: 5 to write, 50 to change settings; new members have 0<br>",
        "Homeservers: All servers may take part but these: evil.&lt;i&gt;. Servers without a name, "
        "known by their IP address, may not.<br>",
        "Version: 12<br>",
        "Other homeservers: may not take part<br>",
        "Comes after the room: !old:x<br>",
        "Closed; goes on in: !new:x<br>",
        "Closed because: moved",
        NULL,
    };

    start(s, TRUE);
    open_chat(s, ROOM);
    EXPECT_EVENT(s, "topic", "name", ROOM);
    fake_server_once(s->server, "visibility",
                     (FakeAnswer){.status = 200, .body = "{\"visibility\":\"public\"}"});
    fake_server_once(
        s->server, "aliases",
        (FakeAnswer){.status = 200,
                     .body =
                         "{\"aliases\":[\"#one:localhost\",5,\"nonsense\",\"#two:localhost\"]}"});
    command(s, "/room", "OK", NULL);
    EXPECT_REQUEST(s, "visibility");
    EXPECT_REQUEST(s, "aliases");
    expect_parts(s, text_of(EXPECT_EVENT(s, "line", "~flags", "SYSTEM"), "text"), parts);
    EXPECT_NOTHING(s, 100);
}

/* What the homeserver does not tell is left out. */
static void unknown(Scenario *s)
{
    start(s, FALSE);
    open_chat(s, ROOM);
    fake_server_once(s->server, "visibility", FAKE_502);
    fake_server_once(s->server, "aliases", (FakeAnswer){.status = 200, .body = "[]"});
    command(s, "/room", "OK", NULL);
    EXPECT_REQUEST(s, "visibility");
    EXPECT_REQUEST(s, "aliases");
    const char *text = text_of(EXPECT_EVENT(s, "line", "~flags", "SYSTEM"), "text");
    CHECK(s, strstr(text, "Who may join: invited people<br>") != NULL);
    CHECK(s, strstr(text, "directory") == NULL && strstr(text, "Topic") == NULL);
    EXPECT_NOTHING(s, 100);
}

static void by_menu(Scenario *s)
{
    PurpleBlistNode *node;
    PurplePluginProtocolInfo *info = PURPLE_PLUGIN_PROTOCOL_INFO(purple_find_prpl(HOST_PRPL));
    GList *menu;

    start(s, FALSE);
    node = (PurpleBlistNode *)purple_blist_find_chat(s->account, ROOM);
    menu = info->blist_node_menu(node);
    for (GList *l = menu; l != NULL; l = l->next) {
        PurpleMenuAction *action = l->data;
        if (g_str_equal(action->label, "Room Information…"))
            ((void (*)(PurpleBlistNode *, gpointer))action->callback)(node, action->data);
        purple_menu_action_free(action);
    }
    g_list_free(menu);
    EXPECT_REQUEST(s, "visibility");
    EXPECT_REQUEST(s, "aliases");
    EXPECT_EVENT(s, "notify", "kind", "formatted", "primary", "Room <b>", "~text",
                 "<b>Name:</b> Room &lt;b&gt;<br>");
    EXPECT_NOTHING(s, 100);
}

/* ---- making one ---- */

static void created(Scenario *s)
{
    FakeRequest *request;

    start(s, FALSE);
    open_chat(s, ROOM);
    command(s, "/create Tea & cake --topic Every <day> --history joined --invite " BOB, "OK", NULL);
    request = EXPECT_REQUEST(s, "create-room");
    g_autoptr(JsonObject) body = fake_request_json(request);
    EXPECT_TEXT(s, text_of(body, "name"), "Tea & cake");
    EXPECT_TEXT(s, text_of(body, "topic"), "Every <day>");
    CHECK(s, strstr(request->body, "\"history_visibility\":\"joined\"") != NULL);
    CHECK(s, strstr(request->body, "\"invite\":[\"" BOB "\"]") != NULL);
    EXPECT_EVENT(s, "window", "name", "!new1:localhost");
    settle(s);
    forget_events(s);
    command(s, "/create Tea --colour red", "FAILED",
            "The room was not created. There is no option");
    command(s, "/create Tea --invite bob", "FAILED", "“bob” is no Matrix ID");
    command(s, "/create Tea --state org.x {", "FAILED", "with content in JSON");
    EXPECT_NOTHING(s, 100);
}

static const ScenarioEntry entries[] = {
    {"room-info-in-the-window", {in_the_window}},
    {"room-info-unknown", {unknown}},
    {"room-info-by-menu", {by_menu}},
    {"room-info-created", {created}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
