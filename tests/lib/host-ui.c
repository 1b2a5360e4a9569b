/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-private.h"

/* The recorders for everything that is no dialog, and what Pidgin and Finch do by themselves. */

#define REJOIN_KEY "want-to-rejoin" /* the same key as in Pidgin and Finch */
#define UNSEEN_KEY "unseen-count"   /* likewise */
#define REJOIN_TEXT                                                                                \
    "The account has disconnected and you are no longer in this chat. You will automatically "     \
    "rejoin the chat when the account reconnects."

static GHashTable *focused; /* names of conversations */
/* Conversation -> name: libpurple frees it before it tells us of the end. */
static GHashTable *window_names;
static guint blist_updates;

static JsonObject *connection_event(const char *kind, PurpleConnection *gc)
{
    JsonObject *event = host_event_new(kind);

    host_set_text(event, "username",
                  purple_account_get_username(purple_connection_get_account(gc)));
    return event;
}

static const char *kind_of(PurpleConversation *conv)
{
    return purple_conversation_get_type(conv) == PURPLE_CONV_TYPE_CHAT ? "chat" : "im";
}

static JsonObject *conversation_event(const char *kind, PurpleConversation *conv)
{
    JsonObject *event = host_event_new(kind);

    host_set_text(event, "username",
                  purple_account_get_username(purple_conversation_get_account(conv)));
    host_set_text(event, "name", purple_conversation_get_name(conv));
    return event;
}

/* ---- conversations ---- */

static void create_conversation(PurpleConversation *conv)
{
    JsonObject *event = conversation_event("window", conv);

    g_hash_table_insert(window_names, conv, g_strdup(purple_conversation_get_name(conv)));
    host_set_text(event, "title", purple_conversation_get_title(conv));
    json_object_set_string_member(event, "kind", kind_of(conv));
    host_emit(event);
}

static void destroy_conversation(PurpleConversation *conv)
{
    JsonObject *event = conversation_event("window-closed", conv);

    host_set_text(event, "name", g_hash_table_lookup(window_names, conv));
    host_emit(event);
    g_hash_table_remove(window_names, conv);
}

static JsonArray *flags_to_json(PurpleMessageFlags flags)
{
    static const struct {
        PurpleMessageFlags flag;
        const char *name;
    } names[] = {
        {PURPLE_MESSAGE_SEND, "SEND"},
        {PURPLE_MESSAGE_RECV, "RECV"},
        {PURPLE_MESSAGE_SYSTEM, "SYSTEM"},
        {PURPLE_MESSAGE_AUTO_RESP, "AUTO_RESP"},
        {PURPLE_MESSAGE_ACTIVE_ONLY, "ACTIVE_ONLY"},
        {PURPLE_MESSAGE_NICK, "NICK"},
        {PURPLE_MESSAGE_NO_LOG, "NO_LOG"},
        {PURPLE_MESSAGE_WHISPER, "WHISPER"},
        {PURPLE_MESSAGE_ERROR, "ERROR"},
        {PURPLE_MESSAGE_DELAYED, "DELAYED"},
        {PURPLE_MESSAGE_RAW, "RAW"},
        {PURPLE_MESSAGE_IMAGES, "IMAGES"},
        {PURPLE_MESSAGE_NOTIFY, "NOTIFY"},
        {PURPLE_MESSAGE_NO_LINKIFY, "NO_LINKIFY"},
        {PURPLE_MESSAGE_INVISIBLE, "INVISIBLE"},
        {PURPLE_MESSAGE_REMOTE_SEND, "REMOTE_SEND"},
    };
    JsonArray *array = json_array_new();

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        if (flags & names[i].flag)
            json_array_add_string_element(array, names[i].name);
    }
    return array;
}

static void count_unseen(PurpleConversation *conv, PurpleMessageFlags flags)
{
    int count;

    if (!(flags & PURPLE_MESSAGE_RECV) || purple_conversation_has_focus(conv))
        return;
    count = GPOINTER_TO_INT(purple_conversation_get_data(conv, UNSEEN_KEY));
    purple_conversation_set_data(conv, UNSEEN_KEY, GINT_TO_POINTER(count + 1));
    purple_conversation_update(conv, PURPLE_CONV_UPDATE_UNSEEN);
}

static void write_conv(PurpleConversation *conv, const char *name, const char *alias,
                       const char *message, PurpleMessageFlags flags, time_t mtime)
{
    JsonObject *event = conversation_event("line", conv);

    json_object_set_string_member(event, "kind", kind_of(conv));
    host_set_text(event, "who", name);
    host_set_text(event, "alias", alias);
    host_set_text(event, "text", message);
    json_object_set_array_member(event, "flags", flags_to_json(flags));
    json_object_set_int_member(event, "time", mtime);
    json_object_set_boolean_member(
        event, "logged", purple_conversation_is_logging(conv) && !(flags & PURPLE_MESSAGE_NO_LOG));
    if (flags & (PURPLE_MESSAGE_SEND | PURPLE_MESSAGE_RECV) && !(flags & PURPLE_MESSAGE_SYSTEM))
        host_keep_message(message);
    host_emit(event);
    count_unseen(conv, flags);
}

static void chat_add_users(PurpleConversation *conv, GList *buddies, gboolean new_arrivals)
{
    JsonObject *event = conversation_event("chat-users", conv);
    JsonArray *added = json_array_new();
    JsonObject *aliases = json_object_new();

    for (GList *l = buddies; l != NULL; l = l->next) {
        PurpleConvChatBuddy *buddy = l->data;
        json_array_add_string_element(added, buddy->name);
        host_set_text(aliases, buddy->name, buddy->alias);
    }
    json_object_set_array_member(event, "added", added);
    json_object_set_object_member(event, "aliases", aliases);
    json_object_set_boolean_member(event, "new_arrivals", new_arrivals);
    host_emit(event);
}

static void chat_rename_user(PurpleConversation *conv, const char *old_name, const char *new_name,
                             const char *new_alias)
{
    JsonObject *event = conversation_event("chat-users", conv);

    host_set_text(event, "renamed", old_name);
    host_set_text(event, "to", new_name);
    host_emit(event);
}

static void chat_remove_users(PurpleConversation *conv, GList *users)
{
    JsonObject *event = conversation_event("chat-users", conv);
    JsonArray *removed = json_array_new();

    for (GList *l = users; l != NULL; l = l->next)
        json_array_add_string_element(removed, l->data);
    json_object_set_array_member(event, "removed", removed);
    host_emit(event);
}

static void chat_update_user(PurpleConversation *conv, const char *user)
{
    JsonObject *event = conversation_event("chat-users", conv);

    host_set_text(event, "updated", user);
    host_emit(event);
}

static void present(PurpleConversation *conv)
{
    host_emit(conversation_event("present", conv));
}

static gboolean has_focus(PurpleConversation *conv)
{
    return g_hash_table_contains(focused, purple_conversation_get_name(conv));
}

static void seen(gpointer data, gpointer name)
{
    PurpleConversation *conv = data;

    if (g_strcmp0(purple_conversation_get_name(conv), name) != 0)
        return;
    purple_conversation_set_data(conv, UNSEEN_KEY, NULL);
    purple_conversation_update(conv, PURPLE_CONV_UPDATE_UNSEEN);
}

void host_set_focus(const char *name, gboolean focus)
{
    if (!focus) {
        g_hash_table_remove(focused, name);
        return;
    }
    /* As in Pidgin: has_focus is still FALSE while the update is announced. */
    g_list_foreach(purple_get_conversations(), seen, (gpointer)name);
    g_hash_table_add(focused, g_strdup(name));
}

static gboolean smiley_add(PurpleConversation *conv, const char *smile, gboolean remote)
{
    JsonObject *event = conversation_event("smiley", conv);

    host_set_text(event, "smiley", smile);
    host_emit(event);
    return remote;
}

static void smiley_write(PurpleConversation *conv, const char *smile, const guchar *data,
                         gsize size)
{
    JsonObject *event = conversation_event("smiley-data", conv);

    host_set_text(event, "smiley", smile);
    json_object_set_int_member(event, "size", (gint64)size);
    host_emit(event);
}

static void smiley_close(PurpleConversation *conv, const char *smile)
{
    JsonObject *event = conversation_event("smiley-end", conv);

    host_set_text(event, "smiley", smile);
    host_emit(event);
}

static PurpleConversationUiOps conversation_ops = {
    .create_conversation = create_conversation,
    .destroy_conversation = destroy_conversation,
    .write_conv = write_conv,
    .chat_add_users = chat_add_users,
    .chat_rename_user = chat_rename_user,
    .chat_remove_users = chat_remove_users,
    .chat_update_user = chat_update_user,
    .present = present,
    .has_focus = has_focus,
    .custom_smiley_add = smiley_add,
    .custom_smiley_write = smiley_write,
    .custom_smiley_close = smiley_close,
};

/* ---- connections and accounts ---- */

static void connect_progress(PurpleConnection *gc, const char *text, size_t step, size_t step_count)
{
    JsonObject *event = connection_event("progress", gc);

    host_set_text(event, "text", text);
    host_emit(event);
}

static void connected(PurpleConnection *gc)
{
    JsonObject *event = connection_event("connected", gc);

    host_set_text(event, "display_name", purple_connection_get_display_name(gc));
    host_emit(event);
}

static void disconnected(PurpleConnection *gc)
{
    host_emit(connection_event("disconnected", gc));
}

static const char *reason_name(PurpleConnectionError reason)
{
    static const char *const names[] = {
        "NETWORK_ERROR",
        "INVALID_USERNAME",
        "AUTHENTICATION_FAILED",
        "AUTHENTICATION_IMPOSSIBLE",
        "NO_SSL_SUPPORT",
        "ENCRYPTION_ERROR",
        "NAME_IN_USE",
        "INVALID_SETTINGS",
        "CERT_NOT_PROVIDED",
        "CERT_UNTRUSTED",
        "CERT_EXPIRED",
        "CERT_NOT_ACTIVATED",
        "CERT_HOSTNAME_MISMATCH",
        "CERT_FINGERPRINT_MISMATCH",
        "CERT_SELF_SIGNED",
        "CERT_OTHER_ERROR",
        "OTHER_ERROR",
    };

    return (guint)reason < G_N_ELEMENTS(names) ? names[reason] : "?";
}

static void report_disconnect_reason(PurpleConnection *gc, PurpleConnectionError reason,
                                     const char *text)
{
    JsonObject *event = connection_event("connection-error", gc);
    gboolean fatal = purple_connection_error_is_fatal(reason);

    json_object_set_string_member(event, "reason", reason_name(reason));
    host_set_text(event, "text", text);
    json_object_set_boolean_member(event, "fatal", fatal);
    host_emit(event);
    if (fatal)
        purple_account_set_enabled(purple_connection_get_account(gc), HOST_UI, FALSE);
}

static PurpleConnectionUiOps connection_ops = {
    .connect_progress = connect_progress,
    .connected = connected,
    .disconnected = disconnected,
    .report_disconnect_reason = report_disconnect_reason,
};

static void notify_added(PurpleAccount *account, const char *remote_user, const char *id,
                         const char *alias, const char *message)
{
    JsonObject *event = host_event_new("notify");

    json_object_set_string_member(event, "kind", "added");
    host_set_text(event, "who", remote_user);
    host_set_text(event, "text", message);
    host_emit(event);
}

static void *request_authorize(PurpleAccount *account, const char *remote_user, const char *id,
                               const char *alias, const char *message, gboolean on_list,
                               PurpleAccountRequestAuthorizationCb authorize_cb,
                               PurpleAccountRequestAuthorizationCb deny_cb, void *user_data)
{
    return host_authorize_request(remote_user, alias, message, G_CALLBACK(authorize_cb),
                                  G_CALLBACK(deny_cb), user_data);
}

static PurpleAccountUiOps account_ops = {
    .notify_added = notify_added,
    .request_add = notify_added,
    .request_authorize = request_authorize,
    .close_account_request = host_dialogs_forget,
};

/* ---- buddy list, room list, file transfers ---- */

static void blist_update(PurpleBuddyList *list, PurpleBlistNode *node)
{
    blist_updates++;
}

static void blist_new_node(PurpleBlistNode *node)
{
    blist_updates++;
}

guint host_blist_updates(void)
{
    return blist_updates;
}

static void request_add_buddy(PurpleAccount *account, const char *username, const char *group,
                              const char *alias)
{
    JsonObject *event = host_event_new("request-add");

    host_set_text(event, "who", username);
    host_emit(event);
}

static void request_add_chat(PurpleAccount *account, PurpleGroup *group, const char *alias,
                             const char *name)
{
    request_add_buddy(account, name, NULL, alias);
}

static PurpleBlistUiOps blist_ops = {
    .new_node = blist_new_node,
    .update = blist_update,
    .remove = blist_update,
    .request_add_buddy = request_add_buddy,
    .request_add_chat = request_add_chat,
};

static void roomlist_create(PurpleRoomlist *list)
{
    list->ui_data = list;
    host_emit(host_event_new("roomlist"));
}

static void roomlist_add_room(PurpleRoomlist *list, PurpleRoomlistRoom *room)
{
    JsonObject *event = host_event_new("roomlist-room");

    host_set_text(event, "name", purple_roomlist_room_get_name(room));
    host_emit(event);
}

static void roomlist_in_progress(PurpleRoomlist *list, gboolean flag)
{
    JsonObject *event = host_event_new("roomlist-progress");

    json_object_set_boolean_member(event, "running", flag);
    host_emit(event);
}

static PurpleRoomlistUiOps roomlist_ops = {
    .create = roomlist_create,
    .add_room = roomlist_add_room,
    .in_progress = roomlist_in_progress,
};

static void xfer_event(const char *what, PurpleXfer *xfer)
{
    JsonObject *event = host_event_new("xfer");

    json_object_set_string_member(event, "what", what);
    host_set_text(event, "who", purple_xfer_get_remote_user(xfer));
    host_set_text(event, "filename", purple_xfer_get_filename(xfer));
    json_object_set_int_member(event, "size", purple_xfer_get_size(xfer));
    json_object_set_int_member(event, "sent", purple_xfer_get_bytes_sent(xfer));
    json_object_set_boolean_member(event, "completed", purple_xfer_is_completed(xfer));
    host_emit(event);
}

static void xfer_new(PurpleXfer *xfer)
{
    xfer_event("new", xfer);
}

static void xfer_destroy(PurpleXfer *xfer)
{
    xfer_event("destroy", xfer);
}

static void xfer_add(PurpleXfer *xfer)
{
    xfer_event("add", xfer);
}

static void xfer_update_progress(PurpleXfer *xfer, double percent)
{
    xfer_event("progress", xfer);
}

static void xfer_cancel_local(PurpleXfer *xfer)
{
    xfer_event("cancel-local", xfer);
}

static void xfer_cancel_remote(PurpleXfer *xfer)
{
    xfer_event("cancel-remote", xfer);
}

static PurpleXferUiOps xfer_ops = {
    .new_xfer = xfer_new,
    .destroy = xfer_destroy,
    .add_xfer = xfer_add,
    .update_progress = xfer_update_progress,
    .cancel_local = xfer_cancel_local,
    .cancel_remote = xfer_cancel_remote,
};

void host_ui_install(void)
{
    focused = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    window_names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    purple_conversations_set_ui_ops(&conversation_ops);
    purple_connections_set_ui_ops(&connection_ops);
    purple_accounts_set_ui_ops(&account_ops);
    purple_blist_set_ui_ops(&blist_ops);
    purple_roomlist_set_ui_ops(&roomlist_ops);
    purple_xfers_set_ui_ops(&xfer_ops);
}

/* ---- what Pidgin and Finch do by themselves ---- */

static GList *chats_of(PurpleConnection *gc)
{
    GList *chats = NULL;

    for (GList *l = purple_get_chats(); l != NULL; l = l->next) {
        if (purple_conversation_get_account(l->data) == purple_connection_get_account(gc))
            chats = g_list_prepend(chats, l->data);
    }
    return g_list_reverse(chats);
}

static void rejoin(PurpleConnection *gc, PurpleConversation *conv)
{
    PurplePluginProtocolInfo *info = PURPLE_PLUGIN_PROTOCOL_INFO(purple_connection_get_prpl(gc));
    const char *name = purple_conversation_get_name(conv);
    PurpleChat *chat = purple_blist_find_chat(purple_connection_get_account(gc), name);
    GHashTable *components = NULL;

    if (chat != NULL)
        components = purple_chat_get_components(chat);
    else if (info->chat_info_defaults != NULL)
        components = info->chat_info_defaults(gc, name);
    serv_join_chat(gc, components);
    if (chat == NULL && components != NULL)
        g_hash_table_destroy(components);
}

static void on_signed_on(PurpleConnection *gc, gpointer data)
{
    g_autoptr(GList) chats = chats_of(gc);

    for (GList *l = chats; l != NULL; l = l->next) {
        if (purple_conversation_get_data(l->data, REJOIN_KEY) == NULL)
            continue;
        purple_conversation_set_data(l->data, REJOIN_KEY, NULL);
        rejoin(gc, l->data);
    }
}

static void on_signing_off(PurpleConnection *gc, gpointer data)
{
    g_autoptr(GList) chats = chats_of(gc);

    for (GList *l = chats; l != NULL; l = l->next) {
        if (purple_conv_chat_has_left(PURPLE_CONV_CHAT(l->data)))
            continue;
        purple_conversation_set_data(l->data, REJOIN_KEY, GINT_TO_POINTER(TRUE));
        purple_conversation_write(l->data, NULL, REJOIN_TEXT, PURPLE_MESSAGE_SYSTEM, time(NULL));
    }
}

static void on_autojoin(PurpleConnection *gc, gpointer data)
{
    for (PurpleBlistNode *node = purple_blist_get_root(); node != NULL;
         node = purple_blist_node_next(node, FALSE)) {
        PurpleChat *chat = (PurpleChat *)node;
        if (PURPLE_BLIST_NODE_IS_CHAT(node) &&
            purple_chat_get_account(chat) == purple_connection_get_account(gc) &&
            purple_blist_node_get_bool(node, "gtk-autojoin"))
            serv_join_chat(gc, purple_chat_get_components(chat));
    }
}

static void on_account_connecting(PurpleAccount *account, gpointer data)
{
    JsonObject *event = host_event_new("connecting");

    host_set_text(event, "username", purple_account_get_username(account));
    host_emit(event);
}

static void on_conversation_updated(PurpleConversation *conv, PurpleConvUpdateType type,
                                    gpointer data)
{
    JsonObject *event;

    if (!g_hash_table_contains(window_names, conv))
        return; /* its window is not there yet */
    if (type == PURPLE_CONV_UPDATE_TITLE) {
        event = conversation_event("title", conv);
        host_set_text(event, "title", purple_conversation_get_title(conv));
        host_emit(event);
    } else if (type == PURPLE_CONV_UPDATE_TOPIC) {
        event = conversation_event("topic", conv);
        host_set_text(event, "topic", purple_conv_chat_get_topic(PURPLE_CONV_CHAT(conv)));
        host_emit(event);
    } else if (type == PURPLE_CONV_UPDATE_CHATLEFT) {
        host_emit(conversation_event("left", conv));
    }
}

static void on_typing(PurpleAccount *account, const char *who, gpointer typing)
{
    JsonObject *event = host_event_new("typing");

    host_set_text(event, "username", purple_account_get_username(account));
    host_set_text(event, "who", who);
    json_object_set_boolean_member(event, "typing", GPOINTER_TO_INT(typing));
    host_emit(event);
}

void host_ui_connect(void)
{
    static int handle;
    void *connections = purple_connections_get_handle();
    void *conversations = purple_conversations_get_handle();

    purple_signal_connect(connections, "signed-on", &handle, PURPLE_CALLBACK(on_signed_on), NULL);
    purple_signal_connect(connections, "signing-off", &handle, PURPLE_CALLBACK(on_signing_off),
                          NULL);
    purple_signal_connect(connections, "autojoin", &handle, PURPLE_CALLBACK(on_autojoin), NULL);
    purple_signal_connect(purple_accounts_get_handle(), "account-connecting", &handle,
                          PURPLE_CALLBACK(on_account_connecting), NULL);
    purple_signal_connect(conversations, "conversation-updated", &handle,
                          PURPLE_CALLBACK(on_conversation_updated), NULL);
    purple_signal_connect(conversations, "buddy-typing", &handle, PURPLE_CALLBACK(on_typing),
                          GINT_TO_POINTER(TRUE));
    purple_signal_connect(conversations, "buddy-typing-stopped", &handle,
                          PURPLE_CALLBACK(on_typing), GINT_TO_POINTER(FALSE));
}
