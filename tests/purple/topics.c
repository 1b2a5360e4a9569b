/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Topic, name and addresses of a room: shown, changed live, set by the user; and its tags. */

#define MIGHTY "{'users':{'" ALICE "':100}}"
#define FORBIDDEN                                                                                  \
    ((FakeAnswer){.status = 403,                                                                   \
                  .body =                                                                          \
                      "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"You don't have permission\"}"})

/* As news of the room's state alone: what its timeline says of it is another file's topic. */
static void push_state(Scenario *s, const char *room_id, JsonObject *event)
{
    SyncBody *body = sync_body_new();

    sync_body_state(body, room_id, event);
    push(s, sync_body_end(body));
}

static void topic_is(Scenario *s, const char *content)
{
    push_state(s, ROOM, event_state("m.room.topic", "", BOB, content));
}

static void start(Scenario *s, const char *topic, const char *power)
{
    SyncBody *body = sync_body_new();

    set_usual_rooms(s); /* for the lists of members */
    sync_body_direct(body, DIRECT, ALICE, BOB);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    if (topic != NULL)
        sync_body_state(body, ROOM, event_state("m.room.topic", "", BOB, topic));
    if (power != NULL)
        sync_body_state(body, ROOM, event_state("m.room.power_levels", "", ALICE, power));
    set_first(s, sync_body_end(body));
    log_in(s);
}

static PurpleConvChat *get_chat(Scenario *s)
{
    return PURPLE_CONV_CHAT(host_find_conversation(s->account, ROOM));
}

static void expect_topic(Scenario *s, const char *topic)
{
    EXPECT_EVENT(s, "topic", "name", ROOM);
    EXPECT_TEXT(s, purple_conv_chat_get_topic(get_chat(s)), topic);
}

static void command(Scenario *s, const char *name, const char *text, const char *result,
                    const char *hint)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, name), text, &error), result);
    if (hint != NULL)
        CHECK(s, error != NULL && strstr(error, hint) != NULL);
}

static void ok(Scenario *s, const char *text)
{
    command(s, ROOM, text, "OK", NULL);
}

/* ---- topic ---- */

static void shown(Scenario *s)
{
    start(s, "{'topic':'Tom & <b>Jerry</b>'}", NULL);
    open_chat(s, ROOM);
    expect_topic(s, "Tom & <b>Jerry</b>");
    EXPECT_TEXT(s, get_chat(s)->who, "Bob");
    ok(s, "/topic");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM", "~text",
                 "Topic, set by Bob: Tom &amp; &lt;b&gt;Jerry&lt;/b&gt;");
    topic_is(s, "{'topic':'Second'}");
    expect_topic(s, "Second");
    topic_is(s, "{'topic':''}");
    expect_topic(s, NULL);
    ok(s, "/topic");
    EXPECT_EVENT(s, "line", "~text", "no topic");
    topic_is(s, "{'m.topic':{'m.text':[{'mimetype':'text/html','body':'<i>no</i>'},"
                "{'body':'Rich one'}]}}");
    expect_topic(s, "Rich one");
    topic_is(s, "{'topic':{'odd':1}}");
    expect_topic(s, NULL);
}

static void set_in_window(Scenario *s, const char *topic)
{
    PurplePluginProtocolInfo *info = PURPLE_PLUGIN_PROTOCOL_INFO(purple_find_prpl(HOST_PRPL));

    info->set_chat_topic(purple_account_get_connection(s->account), get_chat(s)->id, topic);
}

static void lines_and_length(Scenario *s)
{
    g_autofree char *as = g_strnfill(5000, 'a');
    g_autofree char *rest = g_strnfill(2000, 'a'); /* one line takes 3,000 */
    g_autofree char *content = g_strdup_printf("{'topic':'%s'}", as);
    g_autofree char *edited = NULL;

    start(s, "{'topic':'one\\ntwo'}", MIGHTY);
    open_chat(s, ROOM);
    expect_topic(s, "one two");
    /* The line as it is shown is no change, and what is cut off is not lost by one. */
    set_in_window(s, "one two");
    ok(s, "/topic");
    EXPECT_EVENT(s, "line", "~text", "one<br>two");
    topic_is(s, content);
    EXPECT_EVENT(s, "topic", "name", ROOM);
    EXPECT_INT(s, g_utf8_strlen(purple_conv_chat_get_topic(get_chat(s)), -1), 1000);
    ok(s, "/topic");
    EXPECT_EVENT(s, "line", "~text", "Bob: aaa");
    EXPECT_EVENT(s, "line", "~text", rest);
    edited = g_strconcat("b", purple_conv_chat_get_topic(get_chat(s)), NULL);
    set_in_window(s, edited);
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "was not changed");
    EXPECT_NOTHING(s, 100);
}

static void expect_set(Scenario *s, const char *room, const char *type, const char *member,
                       const char *text)
{
    FakeRequest *request = EXPECT_REQUEST(s, "set-state");
    g_autoptr(JsonObject) content = fake_request_json(request);

    EXPECT_TEXT(s, request->args[0], room);
    EXPECT_TEXT(s, request->args[1], type);
    CHECK(s, request->args[2] == NULL);
    EXPECT_TEXT(s, text_of(content, member), text);
}

static void set_topic(Scenario *s)
{
    g_autoptr(JsonObject) content = NULL;
    JsonArray *texts;

    start(s, NULL, MIGHTY);
    open_chat(s, ROOM);
    ok(s, "/topic <b>Bold</b> & lines");
    content = fake_request_json(EXPECT_REQUEST(s, "set-state"));
    EXPECT_TEXT(s, text_of(content, "topic"), "<b>Bold</b> & lines");
    texts =
        json_object_get_array_member(json_object_get_object_member(content, "m.topic"), "m.text");
    EXPECT_TEXT(s, text_of(json_array_get_object_element(texts, 0), "body"), "<b>Bold</b> & lines");
    set_in_window(s, "By hand");
    expect_set(s, ROOM, "m.room.topic", "topic", "By hand");
    topic_is(s, "{'topic':'By hand'}");
    expect_topic(s, "By hand");
    set_in_window(s, "");
    expect_set(s, ROOM, "m.room.topic", "topic", "");
    ok(s, "/topic -");
    expect_set(s, ROOM, "m.room.topic", "topic", "");
    EXPECT_NOTHING(s, 100);
}

static void refused(Scenario *s)
{
    start(s, "{'topic':'Old'}", NULL);
    open_chat(s, ROOM);
    expect_topic(s, "Old");
    /* Without the power the server is not even asked. */
    ok(s, "/topic New");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text",
                 "The topic of Room could not be changed. In this room that takes a power level of "
                 "50, and yours is 0.");
    ok(s, "/name New");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "Room could not be renamed. In this room");
    set_in_window(s, "New");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "power level");
    EXPECT_NOTHING(s, 100);
    push_state(s, ROOM, event_state("m.room.power_levels", "", BOB, MIGHTY));
    settle(s);
    fake_server_once(s->server, "set-state", FORBIDDEN);
    ok(s, "/topic New");
    EXPECT_REQUEST(s, "set-state");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text",
                 "Your power level in this room does not allow it.");
    fake_server_once(s->server, "set-state", FAKE_502);
    ok(s, "/name New");
    EXPECT_REQUEST(s, "set-state");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "Room could not be renamed.");
}

static void reopened(Scenario *s)
{
    start(s, "{'topic':'First'}", NULL);
    open_chat(s, ROOM);
    expect_topic(s, "First");
    CHECK(s, host_close(s->account, ROOM));
    EXPECT_EVENT(s, "window-closed", "name", ROOM);
    topic_is(s, "{'topic':'While closed'}");
    settle(s);
    open_chat(s, ROOM);
    expect_topic(s, "While closed");
}

static void reopened_2(Scenario *s)
{
    topic_is(s, "{'topic':'While offline'}");
    come_back(s);
    open_chat(s, ROOM);
    expect_topic(s, "While offline");
}

/* ---- name and addresses ---- */

static void name(Scenario *s)
{
    start(s, NULL, MIGHTY);
    open_chat(s, ROOM);
    ok(s, "/name");
    EXPECT_EVENT(s, "line", "~text", "called “Room”.<br>It has no address.<br>ID: " ROOM);
    push_state(s, ROOM,
               event_state("m.room.canonical_alias", "", BOB,
                           "{'alias':'#a<b>:x','alt_aliases':['#c:x',7,'#d:x']}"));
    settle(s);
    ok(s, "/name");
    EXPECT_EVENT(s, "line", "~text", "Address: #a&lt;b&gt;:x<br>Other addresses: #c:x, #d:x<br>ID");
    ok(s, "/name A <new> name");
    expect_set(s, ROOM, "m.room.name", "name", "A <new> name");
    push_state(s, ROOM, event_state("m.room.name", "", ALICE, "{'name':'A <new> name'}"));
    settle(s);
    EXPECT_TEXT(s, purple_conversation_get_title(host_find_conversation(s->account, ROOM)),
                "A <new> name");
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "alias"), "A <new> name");
    /* Without a name the address stands for it, without that its people do. */
    ok(s, "/name -");
    expect_set(s, ROOM, "m.room.name", "name", "");
    push_state(s, ROOM, event_state("m.room.name", "", ALICE, "{'name':''}"));
    push_state(s, ROOM, event_state("m.room.canonical_alias", "", BOB, "{}"));
    settle(s);
    EXPECT_TEXT(s, purple_conversation_get_title(host_find_conversation(s->account, ROOM)),
                "Bob and Carol");
    ok(s, "/name");
    EXPECT_EVENT(s, "line", "~text", "no name of its own; “Bob and Carol” stands for it.");
}

static void in_a_direct_chat(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s, NULL, NULL);
    sync_body_state(body, DIRECT, event_state("m.room.power_levels", "", ALICE, MIGHTY));
    push(s, sync_body_end(body));
    settle(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    command(s, BOB, "/topic Holidays", "OK", NULL);
    expect_set(s, DIRECT, "m.room.topic", "topic", "Holidays");
    push_state(s, DIRECT, event_state("m.room.topic", "", ALICE, "{'topic':'Holidays'}"));
    settle(s);
    command(s, BOB, "/topic", "OK", NULL);
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "Holidays");
    CHECK(s, host_open_im(s->account, CAROL) != NULL);
    EXPECT_EVENT(s, "window", "name", CAROL);
    command(s, CAROL, "/topic x", "FAILED", "no room");
}

/* ---- tags ---- */

static void expect_tag(Scenario *s, const char *endpoint, const char *tag)
{
    FakeRequest *request = EXPECT_REQUEST(s, endpoint);

    EXPECT_TEXT(s, request->args[0], ALICE);
    EXPECT_TEXT(s, request->args[1], ROOM);
    EXPECT_TEXT(s, request->args[2], tag);
}

static void tagging(Scenario *s)
{
    FakeAnswer none = {.status = 404, .body = "{\"errcode\":\"M_NOT_FOUND\",\"error\":\"none\"}"};

    start(s, NULL, NULL);
    open_chat(s, ROOM);
    ok(s, "/tag favourite");
    expect_tag(s, "delete-tag", "m.lowpriority");
    expect_tag(s, "set-tag", "m.favourite");
    EXPECT_EVENT(s, "line", "~flags", "SYSTEM", "~text", "one of your favourites");
    fake_server_once(s->server, "delete-tag", none);
    ok(s, "/tag low");
    expect_tag(s, "delete-tag", "m.favourite");
    expect_tag(s, "set-tag", "m.lowpriority");
    EXPECT_EVENT(s, "line", "~text", "low priority");
    ok(s, "/tag none");
    expect_tag(s, "delete-tag", "m.lowpriority");
    expect_tag(s, "delete-tag", "m.favourite");
    EXPECT_EVENT(s, "line", "~text", "neither");
    fake_server_once(s->server, "set-tag", FORBIDDEN);
    ok(s, "/tag favourite");
    expect_tag(s, "delete-tag", "m.lowpriority");
    expect_tag(s, "set-tag", "m.favourite");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "could not be put into another group");
    command(s, ROOM, "/tag", "FAILED", "/tag low");
    command(s, ROOM, "/tag middling", "FAILED", "/tag low");
    EXPECT_NOTHING(s, 100);
}

static void choose(Scenario *s, const char *label)
{
    PurpleBlistNode *node = (PurpleBlistNode *)purple_blist_find_chat(s->account, ROOM);
    PurplePluginProtocolInfo *info = PURPLE_PLUGIN_PROTOCOL_INFO(purple_find_prpl(HOST_PRPL));
    GList *menu = info->blist_node_menu(node);
    gboolean found = FALSE;

    for (GList *l = menu; l != NULL; l = l->next) {
        PurpleMenuAction *action = l->data;
        if (!found && g_str_equal(action->label, label)) {
            found = TRUE;
            ((void (*)(PurpleBlistNode *, gpointer))action->callback)(node, action->data);
        }
        purple_menu_action_free(action);
    }
    g_list_free(menu);
    CHECK(s, found);
}

static void tagging_by_menu(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s, NULL, NULL);
    choose(s, "Add to Favourites");
    expect_tag(s, "delete-tag", "m.lowpriority");
    expect_tag(s, "set-tag", "m.favourite");
    sync_body_room_account_data(body, ROOM, "m.tag", "{'tags':{'m.favourite':{}}}");
    push(s, sync_body_end(body));
    settle(s);
    EXPECT_TEXT(s, text_of(find_node(s, ROOM), "group"), "Favourites");
    choose(s, "Remove from Favourites");
    expect_tag(s, "delete-tag", "m.lowpriority");
    expect_tag(s, "delete-tag", "m.favourite");
    EXPECT_NOTHING(s, 100);
}

static const ScenarioEntry entries[] = {
    {"topic-shown", {shown}},
    {"topic-lines-and-length", {lines_and_length}},
    {"topic-set", {set_topic}},
    {"topic-refused", {refused}},
    {"topic-reopened", {reopened, reopened_2}},
    {"topic-name", {name}},
    {"topic-in-a-direct-chat", {in_a_direct_chat}},
    {"topic-tagging", {tagging}},
    {"topic-tagging-by-menu", {tagging_by_menu}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
