/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

/* Who types: direct chats, and rooms with a plugin that knows of it. */

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    settle(s);
    forget_events(s);
}

static void open_im(Scenario *s)
{
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    settle(s);
}

static void push_typing(Scenario *s, const char *room_id, const char *content)
{
    SyncBody *body = sync_body_new();
    sync_body_ephemeral(body, room_id, "m.typing", content);
    push(s, sync_body_end(body));
    settle(s);
}

static PurpleTypingState shown(Scenario *s)
{
    return purple_conv_im_get_typing_state(PURPLE_CONV_IM(host_find_conversation(s->account, BOB)));
}

static void typing_in(Scenario *s)
{
    start(s);
    open_im(s);
    push_typing(s, DIRECT, "{'user_ids':['" ALICE "','" BOB "']}");
    EXPECT_INT(s, shown(s), PURPLE_TYPING);
    push_typing(s, DIRECT, "{'user_ids':['" ALICE "']}"); /* the list replaces */
    EXPECT_INT(s, shown(s), PURPLE_NOT_TYPING);
    push_typing(s, DIRECT, "{'user_ids':['" BOB "']}");
    EXPECT_INT(s, shown(s), PURPLE_TYPING);
    push_typing(s, DIRECT, "{'user_ids':5}");
    push_typing(s, DIRECT, "{}");
    push_typing(s, DIRECT, "[]");
    EXPECT_INT(s, shown(s), PURPLE_TYPING);
    push_typing(s, DIRECT, "{'user_ids':[]}");
    EXPECT_INT(s, shown(s), PURPLE_NOT_TYPING);
    push_typing(s, DIRECT, "{'user_ids':[null,{},'bob','" CAROL "','" ALICE "']}");
    EXPECT_INT(s, shown(s), PURPLE_NOT_TYPING);
}

/* A hundred thousand at once are a few, and those who are none are nobody. */
static void typing_of_crowds(Scenario *s)
{
    g_autoptr(GString) content = g_string_new("{'user_ids':['" BOB "'");
    start(s);
    open_im(s);
    open_chat(s, ROOM);
    settle(s);
    for (guint i = 0; i < 100000; i++)
        g_string_append_printf(content, i % 3 ? ",'@u%u:x.org'" : ",'u%u'", i);
    g_string_append(content, "]}");
    push_typing(s, DIRECT, content->str);
    EXPECT_INT(s, shown(s), PURPLE_TYPING);
    push_typing(s, ROOM, content->str);
    push_typing(s, DIRECT, "{'user_ids':[]}");
    EXPECT_INT(s, shown(s), PURPLE_NOT_TYPING);
}

static void typing_ends_with_the_message(Scenario *s)
{
    start(s);
    open_im(s);
    push_typing(s, DIRECT, "{'user_ids':['" BOB "']}");
    EXPECT_INT(s, shown(s), PURPLE_TYPING);
    push_event(s, DIRECT, event_text(BOB, "done"));
    EXPECT_LINE(s, BOB, BOB, "done", "RECV");
    EXPECT_INT(s, shown(s), PURPLE_NOT_TYPING);
}

static void typing_of_the_blocked(Scenario *s)
{
    start(s);
    open_im(s);
    purple_account_set_privacy_type(s->account, PURPLE_PRIVACY_DENY_USERS);
    purple_privacy_deny_add(s->account, BOB, TRUE);
    push_typing(s, DIRECT, "{'user_ids':['" BOB "']}");
    EXPECT_INT(s, shown(s), PURPLE_NOT_TYPING);
}

static gboolean is_offline(gpointer data)
{
    return shown(data) == PURPLE_NOT_TYPING;
}

/* Who typed when the network went is not known to type still. */
static void typing_ends_with_the_network(Scenario *s)
{
    start(s);
    open_im(s);
    push_typing(s, DIRECT, "{'user_ids':['" BOB "']}");
    EXPECT_INT(s, shown(s), PURPLE_TYPING);
    fake_server_down(s->server);
    WAIT(s, is_offline, s);
    fake_server_up(s->server);
    settle(s);
}

static void type(Scenario *s, PurpleTypingState state)
{
    serv_send_typing(purple_account_get_connection(s->account), BOB, state);
}

static void expect_typing(Scenario *s, const char *room_id, gboolean is_typing)
{
    FakeRequest *request = EXPECT_REQUEST(s, "typing");
    EXPECT_TEXT(s, request->args[0], room_id);
    EXPECT_TEXT(s, request->args[1], ALICE);
    EXPECT_TEXT(s, request->body,
                is_typing ? "{\"typing\":true,\"timeout\":30000}" : "{\"typing\":false}");
}

static void typing_out(Scenario *s)
{
    start(s);
    open_im(s);
    type(s, PURPLE_NOT_TYPING);
    EXPECT_NOTHING(s, 200); /* nobody was told otherwise */
    type(s, PURPLE_TYPING);
    expect_typing(s, DIRECT, TRUE);
    settle(s);
    type(s, PURPLE_TYPING); /* renewed */
    expect_typing(s, DIRECT, TRUE);
    settle(s);
    type(s, PURPLE_TYPED);
    expect_typing(s, DIRECT, FALSE);
    settle(s);
    type(s, PURPLE_TYPING);
    expect_typing(s, DIRECT, TRUE);
    settle(s);
    CHECK(s, host_send_im(s->account, BOB, "hello"));
    expect_typing(s, DIRECT, FALSE);
    EXPECT_REQUEST(s, "send");
    EXPECT_LINE(s, BOB, NULL, "hello", "SEND");
    settle(s);
    type(s, PURPLE_NOT_TYPING);
    EXPECT_NOTHING(s, 200);
}

/* One at a time, the last one counts, and a failure is forgotten. */
static void typing_out_slow(Scenario *s)
{
    start(s);
    open_im(s);
    fake_server_once(s->server, "typing", (FakeAnswer){.delay_ms = 300});
    type(s, PURPLE_TYPING);
    expect_typing(s, DIRECT, TRUE);
    type(s, PURPLE_TYPED);
    type(s, PURPLE_TYPING);
    type(s, PURPLE_TYPED);
    expect_typing(s, DIRECT, FALSE);
    settle(s);
    fake_server_once(s->server, "typing", FAKE_429_BODY);
    type(s, PURPLE_TYPING);
    expect_typing(s, DIRECT, TRUE);
    EXPECT_NOTHING(s, 500);
    serv_send_typing(purple_account_get_connection(s->account), CAROL, PURPLE_TYPING);
    EXPECT_NOTHING(s, 200); /* there is no room, and none is made */
}

/* ---- rooms ---- */

static gboolean load_plugin(PurplePlugin *plugin)
{
    PurpleValue *conversation = purple_value_new(PURPLE_TYPE_SUBTYPE, PURPLE_SUBTYPE_CONVERSATION);
    purple_signal_register(purple_conversations_get_handle(), "chat-conversation-typing",
                           purple_marshal_POINTER__POINTER_INT, NULL, 2, conversation,
                           purple_value_new(PURPLE_TYPE_INT));
    return TRUE;
}

static gboolean unload_plugin(PurplePlugin *plugin)
{
    purple_signal_unregister(purple_conversations_get_handle(), "chat-conversation-typing");
    return TRUE;
}

static PurplePluginInfo plugin_info = {
    .magic = PURPLE_PLUGIN_MAGIC,
    .major_version = PURPLE_MAJOR_VERSION,
    .minor_version = PURPLE_MINOR_VERSION,
    .type = PURPLE_PLUGIN_STANDARD,
    .id = (char *)"gtk-grouptyping",
    .name = (char *)"Group typing",
    .load = load_plugin,
    .unload = unload_plugin,
};

static PurplePlugin *add_plugin(Scenario *s)
{
    PurplePlugin *plugin = purple_plugin_new(TRUE, NULL);
    plugin->info = &plugin_info;
    CHECK(s, purple_plugin_register(plugin));
    CHECK(s, purple_plugin_load(plugin));
    return plugin;
}

static guint type_in_room(Scenario *s, PurpleTypingState state)
{
    return GPOINTER_TO_UINT(
        purple_signal_emit_return_1(purple_conversations_get_handle(), "chat-conversation-typing",
                                    host_find_conversation(s->account, ROOM), (int)state));
}

static gboolean is_marked(Scenario *s, const char *user_id)
{
    PurpleConvChat *chat = PURPLE_CONV_CHAT(host_find_conversation(s->account, ROOM));
    return (purple_conv_chat_user_get_flags(chat, user_id) & PURPLE_CBFLAGS_TYPING) != 0;
}

static gboolean has_members(gpointer data)
{
    PurpleConvChat *chat =
        PURPLE_CONV_CHAT(host_find_conversation(((Scenario *)data)->account, ROOM));
    return g_list_length(purple_conv_chat_get_users(chat)) == 3;
}

static gboolean is_carol_op(gpointer data)
{
    PurpleConvChat *chat =
        PURPLE_CONV_CHAT(host_find_conversation(((Scenario *)data)->account, ROOM));
    return (purple_conv_chat_user_get_flags(chat, CAROL) & PURPLE_CBFLAGS_OP) != 0;
}

static void typing_in_rooms(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    WAIT(s, has_members, s);
    push_typing(s, ROOM, "{'user_ids':['" BOB "']}");
    CHECK(s, !is_marked(s, BOB)); /* nobody would draw it */
    PurplePlugin *plugin = add_plugin(s);
    push_typing(s, ROOM, "{'user_ids':['" BOB "','" ALICE "']}");
    CHECK(s, is_marked(s, BOB));
    CHECK(s, !is_marked(s, ALICE));
    push_typing(s, ROOM, "{'user_ids':['" CAROL "']}");
    CHECK(s, !is_marked(s, BOB));
    CHECK(s, is_marked(s, CAROL));
    push_event(s, ROOM,
               event_state("m.room.power_levels", "", ALICE, "{'users':{'" CAROL "':50}}"));
    WAIT(s, is_carol_op, s);
    CHECK(s, is_marked(s, CAROL)); /* a new role is no pause */
    forget_events(s);
    push_typing(s, ROOM, "{'user_ids':[]}");
    CHECK(s, !is_marked(s, CAROL));
    EXPECT_INT(s, type_in_room(s, PURPLE_TYPING), 20);
    expect_typing(s, ROOM, TRUE);
    settle(s);
    CHECK(s, host_send_chat(s->account, ROOM, "hello"));
    expect_typing(s, ROOM, FALSE);
    EXPECT_REQUEST(s, "send");
    EXPECT_LINE(s, ROOM, NULL, "hello", "SEND");
    purple_plugin_unload(plugin);
    push_typing(s, ROOM, "{'user_ids':['" BOB "']}");
    CHECK(s, !is_marked(s, BOB));
    go_offline(s);
    purple_plugin_destroy(plugin);
    forget_events(s);
}

static const ScenarioEntry entries[] = {
    {"typing-in", {typing_in}},
    {"typing-of-crowds", {typing_of_crowds}},
    {"typing-ends-with-the-message", {typing_ends_with_the_message}},
    {"typing-of-the-blocked", {typing_of_the_blocked}},
    {"typing-ends-with-the-network", {typing_ends_with_the_network}},
    {"typing-out", {typing_out}},
    {"typing-out-slow", {typing_out_slow}},
    {"typing-in-rooms", {typing_in_rooms}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
