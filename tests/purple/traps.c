/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* libpurple's traps, one by one; TRAPS.md says which is where. */

static PurplePluginProtocolInfo *prpl(void)
{
    return PURPLE_PLUGIN_PROTOCOL_INFO(purple_find_prpl(HOST_PRPL));
}

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
}

static PurpleConvChat *chat_of(Scenario *s, const char *room_id)
{
    PurpleConversation *conv = host_find_conversation(s->account, room_id);

    CHECK(s, conv != NULL);
    return PURPLE_CONV_CHAT(conv);
}

static guint count_chats(void)
{
    return g_list_length(purple_get_chats());
}

/* ---- the table (1.0, 1.1, 1.2) ---- */

/* That load() connected no signal of a subsystem that does not exist yet shows itself as a critical
 * before this. */
static void table(Scenario *s)
{
    PurplePluginProtocolInfo *info = prpl();

    EXPECT_INT(s, info->struct_size, sizeof(PurplePluginProtocolInfo));
    EXPECT_TEXT(s, info->list_icon(NULL, NULL), "matrix");
    CHECK(s, info->login != NULL && info->close != NULL && info->status_types != NULL);
    CHECK(s, info->options & OPT_PROTO_PASSWORD_OPTIONAL);
    CHECK(s, !(info->options & OPT_PROTO_UNIQUE_CHATNAME));
    CHECK(s, !(info->options & OPT_PROTO_NO_PASSWORD));
    CHECK(s, info->options & OPT_PROTO_SLASH_COMMANDS_NATIVE);
    CHECK(s, info->chat_info_defaults != NULL && info->chat_info != NULL);
    CHECK(s, info->find_blist_chat != NULL && info->get_chat_name != NULL);
    CHECK(s, info->rename_group != NULL);
    CHECK(s, info->keepalive == NULL);
    CHECK(s, purple_find_prpl(HOST_PRPL)->info->prefs_info == NULL);
}

static void status_types(Scenario *s)
{
    PurpleAccount *account = scenario_account(s, ALICE, "secret");
    GList *types = prpl()->status_types(account);
    gboolean online = FALSE;
    gboolean offline = FALSE;

    for (GList *l = types; l != NULL; l = l->next) {
        PurpleStatusPrimitive primitive = purple_status_type_get_primitive(l->data);
        online |= primitive == PURPLE_STATUS_AVAILABLE;
        offline |= primitive == PURPLE_STATUS_OFFLINE;
        CHECK(s, purple_status_type_get_id(l->data) != NULL);
    }
    CHECK(s, online && offline);
    g_list_free_full(types, (GDestroyNotify)purple_status_type_destroy);
}

static void free_entries(GList *entries)
{
    g_list_free_full(entries, g_free);
}

/* Called without a connection for offline accounts. */
static void chat_info_offline(Scenario *s)
{
    GList *list = prpl()->chat_info(NULL);
    struct proto_chat_entry *entry = list ? list->data : NULL;
    GHashTable *components;
    PurpleChat *chat;

    CHECK(s, entry != NULL);
    EXPECT_TEXT(s, entry->identifier, "room_id");
    free_entries(list);
    components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_insert(components, g_strdup("room_id"), g_strdup(ROOM));
    chat = purple_chat_new(scenario_account(s, ALICE, "secret"), NULL, components);
    purple_blist_add_chat(chat, NULL, NULL);
    EXPECT_TEXT(s, purple_chat_get_name(chat), ROOM);
}

static void chat_info_defaults(Scenario *s)
{
    GHashTable *components;

    start(s);
    components = prpl()->chat_info_defaults(purple_account_get_connection(s->account), NULL);
    CHECK(s, components != NULL);
    g_hash_table_destroy(components);
    components = prpl()->chat_info_defaults(purple_account_get_connection(s->account), ROOM);
    EXPECT_TEXT(s, g_hash_table_lookup(components, "room_id"), ROOM);
    g_hash_table_destroy(components);
}

static void expect_chat_name(Scenario *s, const char *value, const char *wanted)
{
    GHashTable *components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autofree char *name = NULL;

    if (value != NULL)
        g_hash_table_insert(components, g_strdup("room_id"), g_strdup(value));
    name = prpl()->get_chat_name(components);
    if (wanted != NULL)
        EXPECT_TEXT(s, name, wanted);
    g_hash_table_destroy(components);
}

static void get_chat_name(Scenario *s)
{
    expect_chat_name(s, ROOM, ROOM);
    expect_chat_name(s, "", NULL);
    expect_chat_name(s, NULL, NULL);
}

/* Room IDs are case-sensitive, and the result lives in static storage. */
static void normalize(Scenario *s)
{
    PurpleAccount *account = scenario_account(s, ALICE, "secret");
    g_autofree char *first = g_strdup(purple_normalize(account, "!AbC:localhost"));
    g_autofree char *second = g_strdup(purple_normalize(account, "!aBc:localhost"));

    EXPECT_TEXT(s, first, "!AbC:localhost");
    EXPECT_TEXT(s, second, "!aBc:localhost");
    EXPECT_TEXT(s, prpl()->normalize(account, "  @bob:localhost "), "@bob:localhost");
    CHECK(s, prpl()->normalize(NULL, "any \303\244 text") != NULL);
    CHECK(s, prpl()->normalize(account, "") != NULL);
    start(s);
    EXPECT_TEXT(s, purple_normalize(account, "!AbC:localhost"), first);
}

static void account_text_table(Scenario *s)
{
    GHashTable *text = prpl()->get_account_text_table(NULL);

    CHECK(s, g_hash_table_lookup(text, "login_label") != NULL);
    g_hash_table_destroy(text);
}

/* Pidgin stores every option it shows, an untouched one as "". */
static void empty_options(Scenario *s)
{
    PurpleAccount *account = scenario_account(s, ALICE, "secret");

    for (GList *l = prpl()->protocol_options; l != NULL; l = l->next) {
        const char *name = purple_account_option_get_setting(l->data);
        if (purple_account_option_get_type(l->data) == PURPLE_PREF_STRING &&
            !g_str_equal(name, "home_server"))
            purple_account_set_string(account, name, "");
    }
    start(s);
}

/* ---- joining chats (1.3) ---- */

static void join_chat_without_components(Scenario *s)
{
    PurpleConnection *gc;
    GHashTable *components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    start(s);
    gc = purple_account_get_connection(s->account);
    serv_join_chat(gc, NULL);
    serv_join_chat(gc, components);
    g_hash_table_insert(components, g_strdup("room_id"), (gpointer) "");
    serv_join_chat(gc, components);
    /* From a room list: a key that is no string. */
    g_hash_table_insert(components, g_strdup("members"), GINT_TO_POINTER(12));
    g_hash_table_insert(components, g_strdup("room_id"), (gpointer)ROOM);
    serv_join_chat(gc, components);
    g_hash_table_destroy(components); /* as soon as join_chat is back */
    EXPECT_EVENT(s, "window", "name", ROOM);
    settle(s);
    while (host_take_event("notify") != NULL || host_take_event("line") != NULL)
        ;
    EXPECT_INT(s, fake_server_count(s->server, "join"), 0);
    EXPECT_INT(s, count_chats(), 1);
}

/* Twice open is one window, and libpurple still finds it by its name. */
static void no_second_conversation(Scenario *s)
{
    PurpleConversation *conv;

    start(s);
    open_chat(s, ROOM);
    for (int i = 0; i < 3; i++) {
        CHECK(s, host_open_chat(s->account, ROOM));
        settle(s);
    }
    EXPECT_INT(s, count_chats(), 1);
    conv = host_find_conversation(s->account, ROOM);
    CHECK(s, conv != NULL);
    CHECK(s, purple_find_chat(purple_account_get_connection(s->account),
                              purple_conv_chat_get_id(PURPLE_CONV_CHAT(conv))) == conv);
}

static void chat_ids(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    CHECK(s, purple_conv_chat_get_id(chat_of(s, ROOM)) > 0);
    CHECK(s, host_close(s->account, ROOM));
    EXPECT_EVENT(s, "window-closed");
    open_chat(s, ROOM);
    CHECK(s, purple_conv_chat_get_id(chat_of(s, ROOM)) > 0);
}

/* Finch sets the title of a window once, when it is made. */
static void title_at_creation(Scenario *s)
{
    start(s);
    CHECK(s, host_open_chat(s->account, ROOM));
    EXPECT_EVENT(s, "window", "name", ROOM, "title", "Room");
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB, "title", "Bob");
}

static void find_blist_chat(Scenario *s)
{
    start(s);
    CHECK(s, purple_blist_find_chat(s->account, ROOM) != NULL);
    CHECK(s, purple_blist_find_chat(s->account, "!nosuch:localhost") == NULL);
    CHECK(s, purple_blist_find_chat(s->account, DIRECT) == NULL);
}

/* The open window is there again although the plugin is asked before it has asked the server. */
static void rejoin_before_sync(Scenario *s)
{
    FakeAnswer slow = {.status = 200, .how = FAKE_SILENT};

    start(s);
    open_chat(s, ROOM);
    settle(s);
    go_offline(s);
    forget_events(s);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    CHECK(s, !purple_conv_chat_has_left(chat_of(s, ROOM)));
    EXPECT_INT(s, fake_server_count(s->server, "join"), 0);
    fake_server_once(s->server, "send", slow);
    settle(s);
    fake_server_clear(s->server, "send");
    EXPECT_INT(s, count_chats(), 1);
}

/* Rejoining a room that is gone meanwhile. */
static void rejoin_a_room_that_is_gone(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start(s);
    open_chat(s, ROOM);
    settle(s);
    go_offline(s);
    sync_body_leave(body, ROOM, event_member(ALICE, "leave", NULL));
    push(s, sync_body_end(body));
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    settle(s);
    while (host_take_event("line") != NULL || host_take_event("notify") != NULL)
        ;
    EXPECT_INT(s, fake_server_count(s->server, "join"), 0);
    CHECK(s, find_node(s, ROOM) == NULL);
}

/* ---- members (1.3) ---- */

static gboolean has_user(Scenario *s, const char *room_id, const char *user)
{
    return purple_conv_chat_find_user(chat_of(s, room_id), user);
}

static guint count_users(Scenario *s, const char *room_id)
{
    return g_list_length(purple_conv_chat_get_users(chat_of(s, room_id)));
}

/* The list comes with an answer of its own. */
static void expect_users(Scenario *s, const char *room_id, guint wanted)
{
    for (guint n = 0; n < 50 && count_users(s, room_id) != wanted; n++)
        host_iterate(100);
    EXPECT_INT(s, count_users(s, room_id), wanted);
}

static void member_list(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    settle(s);
    expect_users(s, ROOM, 3);
    CHECK(s, has_user(s, ROOM, ALICE) && has_user(s, ROOM, BOB) && has_user(s, ROOM, CAROL));
    EXPECT_INT(s, count_lines(), 0);
}

/* Finch prints the whole list with new_arrivals FALSE, both print a line with TRUE unless the
 * plugin objects. */
static void member_adds_are_silent(Scenario *s)
{
    JsonObject *event;

    start(s);
    open_chat(s, ROOM);
    settle(s);
    while ((event = host_take_event("chat-users")) != NULL) {
        CHECK(s, !json_object_has_member(event, "added") ||
                     json_object_get_boolean_member(event, "new_arrivals"));
        json_object_unref(event);
    }
    push_event(s, ROOM, event_member("@dave:localhost", "join", "Dave"));
    settle(s);
    CHECK(s, has_user(s, ROOM, "@dave:localhost"));
    push_event(s, ROOM, event_member("@dave:localhost", "leave", NULL));
    settle(s);
    CHECK(s, !has_user(s, ROOM, "@dave:localhost"));
    /* Lines of our own about who came are not made by libpurple. */
    for (JsonObject *line; (line = host_take_event("line")) != NULL;) {
        CHECK(s, strstr(text_of(line, "text"), "entered the room") == NULL);
        CHECK(s, strstr(text_of(line, "text"), "left the room") == NULL);
        json_object_unref(line);
    }
}

static void members_not_twice(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    settle(s);
    for (int i = 0; i < 3; i++)
        push_event(s, ROOM, event_member(BOB, "join", "Bob"));
    settle(s);
    expect_users(s, ROOM, 3);
    go_offline(s);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    settle(s);
    expect_users(s, ROOM, 3);
    forget_events(s);
}

/* purple_conv_chat_rename_user(x, x) corrupts the list. */
static void member_renamed(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    settle(s);
    /* Not Bob: he is a buddy, and the buddy's alias stands above a room's. */
    push_event(s, ROOM,
               event_with_prev(event_member(CAROL, "join", "Caroline"),
                               "{'membership':'join','displayname':'Carol'}"));
    EXPECT_EVENT(s, "line", "name", ROOM, "text", "Carol is now known as Caroline.");
    settle(s);
    for (JsonObject *event; (event = host_take_event("chat-users")) != NULL;) {
        CHECK(s, !json_object_has_member(event, "renamed"));
        json_object_unref(event);
    }
    expect_users(s, ROOM, 3);
    EXPECT_TEXT(s, purple_conv_chat_cb_find(chat_of(s, ROOM), CAROL)->alias, "Caroline");
    EXPECT_INT(s, count_lines(), 0);
}

/* Also asked with the conversation's own name, for system lines. */
static gboolean lists_carol(gpointer data)
{
    return purple_conv_chat_find_user(chat_of(data, ROOM), CAROL);
}

static void cb_alias(Scenario *s)
{
    PurpleConnection *gc;
    char *alias;
    int id;

    start(s);
    open_chat(s, ROOM);
    WAIT(s, lists_carol, s);
    gc = purple_account_get_connection(s->account);
    id = purple_conv_chat_get_id(chat_of(s, ROOM));
    alias = prpl()->get_cb_alias(gc, id, ROOM);
    CHECK(s, alias == NULL);
    alias = prpl()->get_cb_alias(gc, id, "@nobody:localhost");
    CHECK(s, alias == NULL);
    alias = prpl()->get_cb_alias(gc, id, CAROL);
    EXPECT_TEXT(s, alias, "Carol");
    g_free(alias);
    CHECK(s, prpl()->get_cb_alias(gc, 999, CAROL) == NULL);
    purple_conversation_write(host_find_conversation(s->account, ROOM), NULL, "system",
                              PURPLE_MESSAGE_SYSTEM, time(NULL));
    EXPECT_EVENT(s, "line", "text", "system");
}

/* Own messages count as received when the nick is not the user ID. */
static void own_nick(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    settle(s);
    EXPECT_TEXT(s, purple_conv_chat_get_nick(chat_of(s, ROOM)), ALICE);
    push_event(s, ROOM, event_text(ALICE, "from elsewhere"));
    EXPECT_EVENT(s, "line", "text", "from elsewhere", "~flags", "SEND", "!flags", "RECV");
    go_offline(s);
    forget_events(s);
    host_account_enable(s->account, TRUE);
    EXPECT_EVENT(s, "connected");
    settle(s);
    EXPECT_TEXT(s, purple_conv_chat_get_nick(chat_of(s, ROOM)), ALICE);
}

/* ---- lines (1.4) ---- */

/* Pidgin paints a NO_LOG line without sender and time. */
static void no_no_log(Scenario *s)
{
    start(s);
    for (int i = 0; i < 3; i++)
        push_event(s, ROOM, event_text(BOB, "waits"));
    settle(s);
    open_chat(s, ROOM);
    for (int i = 0; i < 3; i++) {
        JsonObject *line = EXPECT_EVENT(s, "line", "!flags", "NO_LOG");
        CHECK(s, json_object_get_boolean_member(line, "logged"));
    }
    CHECK(s, purple_conversation_is_logging(host_find_conversation(s->account, ROOM)));
}

/* Pidgin cuts system and error lines at 4,096 bytes, perhaps inside a tag. */
static void system_lines_are_short(Scenario *s)
{
    g_autofree char *long_text = g_strnfill(20000, '<');
    g_autofree char *body =
        g_strdup_printf("{\"errcode\":\"M_FORBIDDEN\",\"error\":\"%s\"}", long_text);
    FakeAnswer answer = {.status = 403, .body = body};

    start(s);
    open_chat(s, ROOM);
    fake_server_once(s->server, "send", answer);
    CHECK(s, host_send_chat(s->account, ROOM, "x"));
    EXPECT_REQUEST(s, "send");
    EXPECT_LINE(s, ROOM, ALICE, "x", "SEND");
    settle(s);
    CHECK(s, count_lines() > 0);
    for (JsonObject *line; (line = host_take_event("line")) != NULL;) {
        CHECK(s, strlen(text_of(line, "text")) < 4096);
        json_object_unref(line);
    }
}

static guint count_tags(const char *text)
{
    guint count = 0;

    for (const char *p = text; (p = strchr(p, '<')) != NULL; p++)
        count++;
    return count;
}

/* Pidgin strips all markup from a message with more than a hundred '<'. */
static void few_tags(Scenario *s)
{
    GString *text = g_string_new(NULL);
    g_autofree char *plain = NULL;
    GString *shown = g_string_new(NULL);

    for (int i = 0; i < 300; i++)
        g_string_append_printf(text, "line %d\n", i);
    start(s);
    push_event(s, DIRECT, event_text(BOB, text->str));
    EXPECT_EVENT(s, "window", "name", BOB);
    settle(s);
    CHECK(s, count_lines() > 0);
    for (JsonObject *line; (line = host_take_event("line")) != NULL;) {
        CHECK(s, count_tags(text_of(line, "text")) <= 100);
        plain = purple_markup_strip_html(text_of(line, "text"));
        g_string_append(shown, plain);
        g_clear_pointer(&plain, g_free);
        json_object_unref(line);
    }
    CHECK(s, strstr(shown->str, "line 0") != NULL && strstr(shown->str, "line 299") != NULL);
    g_string_free(text, TRUE);
    g_string_free(shown, TRUE);
}

/* libpurple makes mail links of "@a:b" in system lines unless told not to. */
static void no_linkify(Scenario *s)
{
    SyncBody *body = sync_body_new();
    JsonObject *event = event_member(ALICE, "leave", "Alice");

    start(s);
    open_chat(s, ROOM);
    json_object_set_string_member(event, "sender", BOB);
    sync_body_leave(body, ROOM, event);
    push(s, sync_body_end(body));
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "SYSTEM", "~flags", "NO_LINKIFY");
    settle(s);
    forget_events(s);
}

/* conversation-updated and has_focus as Pidgin does them; more of it: receipts.c. */
static void focus(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    push_event(s, ROOM, event_text(BOB, "unseen"));
    EXPECT_LINE(s, ROOM, BOB, "unseen", "RECV");
    host_set_focus(ROOM, TRUE);
    EXPECT_REQUEST(s, "read-markers");
    push_event(s, ROOM, event_text(BOB, "seen"));
    EXPECT_LINE(s, ROOM, BOB, "seen", "RECV");
    EXPECT_REQUEST(s, "read-markers");
    host_set_focus(ROOM, FALSE);
    settle(s);
}

/* ---- blist and groups (1.1) ---- */

/* With NULL libpurple removes and adds each buddy of the group on the server. */
static void group_renamed(Scenario *s)
{
    PurpleBuddy *buddy;

    start(s);
    buddy = purple_find_buddy(s->account, BOB);
    purple_blist_rename_group(purple_buddy_get_group(buddy), "Friends");
    EXPECT_NOTHING(s, 200);
    EXPECT_TEXT(s, text_of(find_node(s, BOB), "group"), "Friends");
    EXPECT_INT(s, fake_server_count(s->server, "leave"), 0);
    EXPECT_INT(s, fake_server_count(s->server, "create-room"), 0);
    settle(s);
}

/* To add somebody is not to write to him. */
static void buddy_added(Scenario *s)
{
    PurpleBuddy *buddy;
    PurpleGroup *group = purple_group_new("Friends");

    start(s);
    buddy = purple_buddy_new(s->account, CAROL, NULL);
    purple_blist_add_buddy(buddy, NULL, group, NULL);
    purple_account_add_buddy(s->account, buddy);
    EXPECT_NOTHING(s, 300);
    EXPECT_INT(s, fake_server_count(s->server, "create-room"), 0);
}

static void features(Scenario *s)
{
    start(s);
    CHECK(s, purple_account_get_connection(s->account)->flags & PURPLE_CONNECTION_HTML);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    CHECK(s, purple_conversation_get_features(host_find_conversation(s->account, BOB)) &
                 PURPLE_CONNECTION_HTML);
}

/* ---- commands ---- */

static void unknown_command(Scenario *s)
{
    g_autofree char *error = NULL;

    start(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, BOB), "/nosuch x", &error),
                "NOT_FOUND");
    EXPECT_NOTHING(s, 100);
}

static void commands_without_anything_to_do(Scenario *s)
{
    static const char *const commands[] = {"/resend", "/discard"};

    start(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    CHECK(s, host_open_im(s->account, "@stranger:localhost") != NULL);
    EXPECT_EVENT(s, "window", "name", "@stranger:localhost");
    open_chat(s, ROOM);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        static const char *const names[] = {BOB, "@stranger:localhost", ROOM};
        for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
            g_autofree char *error = NULL;
            host_command(host_find_conversation(s->account, names[n]), commands[i], &error);
            settle(s);
        }
    }
    forget_events(s);
    EXPECT_INT(s, fake_server_count(s->server, "send"), 0);
}

/* A name that is no Matrix ID cannot be written to, and says so. */
static void im_to_nonsense(Scenario *s)
{
    static const char *const names[] = {"bob", "@bob", "#room:localhost", "!room:localhost", "x y"};

    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        CHECK(s, host_send_im(s->account, names[i], "hello"));
        EXPECT_EVENT(s, "window", "name", names[i]);
        settle(s);
        CHECK(s, host_take_event("line") != NULL);
        forget_events(s);
    }
    EXPECT_INT(s, fake_server_count(s->server, "create-room"), 0);
}

/* ---- unloading (1.0.5) ---- */

static void module_stays_mapped(Scenario *s)
{
    FakeAnswer silent = {.status = 200, .how = FAKE_SILENT};
    g_autofree char *maps = NULL;

    fake_server_once(s->server, "sync", silent);
    enable(s);
    EXPECT_REQUEST(s, "login");
    host_iterate(300);
    CHECK(s, purple_plugin_is_loaded(purple_find_prpl(HOST_PRPL)));
    CHECK(s, g_file_get_contents("/proc/self/maps", &maps, NULL, NULL));
    CHECK(s, strstr(maps, "libmatrix.so") != NULL);
    /* The rest is the host's: it quits with the request in flight and drains the main loop. */
}

/* Five seconds of doing nothing: no timer of the plugin burns or asks. */
static void idle(Scenario *s)
{
    guint syncs;

    start(s);
    syncs = fake_server_count(s->server, "sync");
    EXPECT_NOTHING(s, 5000);
    EXPECT_INT(s, fake_server_count(s->server, "sync"), syncs);
}

/* Away and back while connected and while connecting. */
static void status_changes(Scenario *s)
{
    start(s);
    purple_account_set_status(s->account, "away", TRUE, "message", "lunch <b>", NULL);
    host_iterate(100);
    purple_account_set_status(s->account, "available", TRUE, NULL);
    host_iterate(100);
    purple_account_set_status(s->account, "offline", TRUE, NULL);
    EXPECT_EVENT(s, "disconnected");
    purple_account_set_status(s->account, "available", TRUE, NULL);
    EXPECT_EVENT(s, "connected");
    settle(s);
    for (FakeRequest *request; (request = fake_server_take_request(s->server, "presence")) != NULL;)
        fake_request_free(request);
}

/* Requests are the connection's: they go with it, and their cancel callback is not called. */
static void request_dies_with_connection(Scenario *s)
{
    JsonObject *request;

    s->account = scenario_account(s, ALICE, NULL);
    host_account_enable(s->account, TRUE);
    request = EXPECT_EVENT(s, "request");
    host_account_enable(s->account, FALSE);
    EXPECT_EVENT(s, "request-closed");
    EXPECT_EVENT(s, "disconnected");
    CHECK(s, !host_press(json_object_get_int_member(request, "request"), "OK", "x", NULL, NULL));
    host_iterate(200);
    while (host_take_event("connection-error") != NULL)
        ;
}

/* libpurple takes a negative time for "now". */
static void odd_times(Scenario *s)
{
    static const gint64 times[] = {-5000, 0, 999, 4102444800000, G_MAXINT64 / 2};

    start(s);
    push_event(s, DIRECT, event_text(BOB, "opens"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "opens", "RECV");
    for (guint i = 0; i < G_N_ELEMENTS(times); i++) {
        push_event(s, DIRECT, event_with_time(event_text(BOB, "when?"), times[i]));
        EXPECT_LINE(s, BOB, BOB, "when?", "RECV");
    }
    settle(s);
}

/* The database of a session is not the account's settings: accounts.xml is not written with each
 * /sync. */
static void sync_writes_no_settings(Scenario *s)
{
    g_autofree char *path = g_build_filename(s->dir, "purple", "accounts.xml", NULL);
    g_autofree char *before = NULL;
    g_autofree char *after = NULL;

    start(s);
    host_iterate(6000); /* libpurple's timer */
    CHECK(s, g_file_get_contents(path, &before, NULL, NULL));
    for (int i = 0; i < 5; i++)
        push_event(s, ROOM, event_text(BOB, "x"));
    settle(s);
    host_iterate(6000);
    CHECK(s, g_file_get_contents(path, &after, NULL, NULL));
    EXPECT_TEXT(s, after, before);
}

static const ScenarioEntry entries[] = {
    {"trap-table", {table}},
    {"trap-status-types", {status_types}},
    {"trap-chat-info-offline", {chat_info_offline}},
    {"trap-chat-info-defaults", {chat_info_defaults}},
    {"trap-get-chat-name", {get_chat_name}},
    {"trap-normalize", {normalize}},
    {"trap-account-text-table", {account_text_table}},
    {"trap-empty-options", {empty_options}},
    {"trap-join-chat-without-components", {join_chat_without_components}},
    {"trap-no-second-conversation", {no_second_conversation}},
    {"trap-chat-ids", {chat_ids}},
    {"trap-title-at-creation", {title_at_creation}},
    {"trap-find-blist-chat", {find_blist_chat}},
    {"trap-rejoin-before-sync", {rejoin_before_sync}},
    {"trap-rejoin-a-room-that-is-gone", {rejoin_a_room_that_is_gone}},
    {"trap-member-list", {member_list}},
    {"trap-member-adds-are-silent", {member_adds_are_silent}},
    {"trap-members-not-twice", {members_not_twice}},
    {"trap-member-renamed", {member_renamed}},
    {"trap-cb-alias", {cb_alias}},
    {"trap-own-nick", {own_nick}},
    {"trap-no-no-log", {no_no_log}},
    {"trap-system-lines-are-short", {system_lines_are_short}},
    {"trap-few-tags", {few_tags}},
    {"trap-no-linkify", {no_linkify}},
    {"trap-focus", {focus}},
    {"trap-group-renamed", {group_renamed}},
    {"trap-buddy-added", {buddy_added}},
    {"trap-features", {features}},
    {"trap-unknown-command", {unknown_command}},
    {"trap-commands-without-anything-to-do", {commands_without_anything_to_do}},
    {"trap-im-to-nonsense", {im_to_nonsense}},
    {"trap-module-stays-mapped", {module_stays_mapped}},
    {"trap-idle", {idle}},
    {"trap-status-changes", {status_changes}},
    {"trap-request-dies-with-connection", {request_dies_with_connection}},
    {"trap-odd-times", {odd_times}},
    {"trap-sync-writes-no-settings", {sync_writes_no_settings}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
