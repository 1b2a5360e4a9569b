/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-private.h"

#include <string.h>

/* What a person does with accounts, conversations and the buddy list. */

/* ---- accounts ---- */

PurpleAccount *host_account(const char *prpl, const char *username, const char *password)
{
    PurpleAccount *account = purple_accounts_find(username, prpl);

    if (account == NULL) {
        account = purple_account_new(username, prpl);
        purple_accounts_add(account);
    }
    if (password != NULL) {
        purple_account_set_remember_password(account, TRUE);
        purple_account_set_password(account, password);
    }
    return account;
}

PurpleAccount *host_find_account(const char *username)
{
    for (GList *l = purple_accounts_get_all(); l != NULL; l = l->next) {
        if (g_strcmp0(purple_account_get_username(l->data), username) == 0)
            return l->data;
    }
    return NULL;
}

void host_account_enable(PurpleAccount *account, gboolean enable)
{
    purple_account_set_enabled(account, HOST_UI, enable);
}

gboolean host_account_set_proxy(PurpleAccount *account, const char *type, const char *host,
                                int port, const char *username, const char *password)
{
    static const struct {
        const char *name;
        PurpleProxyType type;
    } types[] = {
        {"global", PURPLE_PROXY_USE_GLOBAL}, {"none", PURPLE_PROXY_NONE},
        {"http", PURPLE_PROXY_HTTP},         {"socks4", PURPLE_PROXY_SOCKS4},
        {"socks5", PURPLE_PROXY_SOCKS5},     {"envvar", PURPLE_PROXY_USE_ENVVAR},
        {"tor", PURPLE_PROXY_TOR},
    };

    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        if (g_strcmp0(types[i].name, type) == 0) {
            PurpleProxyInfo *info = purple_proxy_info_new();
            purple_proxy_info_set_type(info, types[i].type);
            purple_proxy_info_set_host(info, host);
            purple_proxy_info_set_port(info, port);
            purple_proxy_info_set_username(info, username);
            purple_proxy_info_set_password(info, password);
            purple_account_set_proxy_info(account, info);
            return TRUE;
        }
    }
    return FALSE;
}

static GList *actions_of(PurpleAccount *account)
{
    PurpleConnection *gc = purple_account_get_connection(account);
    PurplePlugin *prpl = gc ? purple_connection_get_prpl(gc) : NULL;
    GList *actions;

    if (prpl == NULL || !PURPLE_PLUGIN_HAS_ACTIONS(prpl))
        return NULL;
    actions = PURPLE_PLUGIN_ACTIONS(prpl, gc);
    for (GList *l = actions; l != NULL; l = l->next) {
        PurplePluginAction *action = l->data;
        if (action != NULL) { /* NULL is a separator */
            action->plugin = prpl;
            action->context = gc;
        }
    }
    return actions;
}

static void free_actions(GList *actions)
{
    for (GList *l = actions; l != NULL; l = l->next) {
        if (l->data != NULL)
            purple_plugin_action_free(l->data);
    }
    g_list_free(actions);
}

gboolean host_run_action(PurpleAccount *account, const char *label)
{
    GList *actions = actions_of(account);
    gboolean found = FALSE;

    for (GList *l = actions; l != NULL && !found; l = l->next) {
        PurplePluginAction *action = l->data;
        if (action != NULL && g_strcmp0(action->label, label) == 0) {
            action->callback(action);
            found = TRUE;
        }
    }
    free_actions(actions);
    return found;
}

char **host_action_labels(PurpleAccount *account)
{
    GList *actions = actions_of(account);
    g_autoptr(GStrvBuilder) labels = g_strv_builder_new();

    for (GList *l = actions; l != NULL; l = l->next) {
        if (l->data != NULL)
            g_strv_builder_add(labels, ((PurplePluginAction *)l->data)->label);
    }
    free_actions(actions);
    return g_strv_builder_end(labels);
}

/* ---- conversations ---- */

PurpleConversation *host_find_conversation(PurpleAccount *account, const char *name)
{
    return purple_find_conversation_with_account(PURPLE_CONV_TYPE_ANY, name, account);
}

/* No interface offers to open or send while offline, and libpurple has assertions against it. */
static PurpleConversation *find_or_open_im(PurpleAccount *account, const char *who)
{
    PurpleConversation *conv =
        purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, who, account);

    if (conv == NULL && purple_account_is_connected(account))
        conv = purple_conversation_new(PURPLE_CONV_TYPE_IM, account, who);
    return conv;
}

PurpleConversation *host_open_im(PurpleAccount *account, const char *who)
{
    PurpleConversation *conv = find_or_open_im(account, who);

    if (conv != NULL)
        purple_conversation_present(conv);
    return conv;
}

gboolean host_open_chat(PurpleAccount *account, const char *room_id)
{
    PurpleConnection *gc = purple_account_get_connection(account);
    PurpleConversation *conv =
        purple_find_conversation_with_account(PURPLE_CONV_TYPE_CHAT, room_id, account);
    PurpleChat *chat;
    GHashTable *components = NULL;

    if (gc == NULL)
        return FALSE;
    if (conv != NULL)
        purple_conversation_present(conv);
    chat = purple_blist_find_chat(account, room_id);
    if (chat != NULL) {
        serv_join_chat(gc, purple_chat_get_components(chat));
        return TRUE;
    }
    components = PURPLE_PLUGIN_PROTOCOL_INFO(purple_connection_get_prpl(gc))
                     ->chat_info_defaults(gc, room_id);
    serv_join_chat(gc, components);
    g_hash_table_destroy(components);
    return TRUE;
}

gboolean host_send_im(PurpleAccount *account, const char *who, const char *markup)
{
    PurpleConversation *conv = find_or_open_im(account, who);

    if (conv == NULL || !purple_account_is_connected(account))
        return FALSE;
    purple_conv_im_send(PURPLE_CONV_IM(conv), markup);
    return TRUE;
}

gboolean host_send_chat(PurpleAccount *account, const char *room_id, const char *markup)
{
    PurpleConversation *conv =
        purple_find_conversation_with_account(PURPLE_CONV_TYPE_CHAT, room_id, account);

    if (conv == NULL || !purple_account_is_connected(account))
        return FALSE;
    purple_conv_chat_send(PURPLE_CONV_CHAT(conv), markup);
    return TRUE;
}

gboolean host_close(PurpleAccount *account, const char *name)
{
    PurpleConversation *conv = host_find_conversation(account, name);

    if (conv == NULL)
        return FALSE;
    purple_conversation_destroy(conv);
    return TRUE;
}

const char *host_command(PurpleConversation *conv, const char *text, char **error)
{
    static const char *const names[] = {"OK",         "FAILED",     "NOT_FOUND",
                                        "WRONG_ARGS", "WRONG_PRPL", "WRONG_TYPE"};
    const char *plain = *text == '/' ? text + 1 : text;
    g_autofree char *markup = g_markup_escape_text(plain, -1);
    PurpleCmdStatus status;

    *error = NULL;
    status = purple_cmd_do_command(conv, plain, markup, error);
    return (guint)status < G_N_ELEMENTS(names) ? names[status] : "?";
}

char *host_read_log(PurpleAccount *account, PurpleLogType type, const char *name)
{
    GList *logs = purple_log_get_logs(type, name, account);
    GString *text = g_string_new(NULL);

    logs = g_list_reverse(logs); /* newest first */
    for (GList *l = logs; l != NULL; l = l->next) {
        g_autofree char *part = purple_log_read(l->data, NULL);
        g_string_append(text, part);
        purple_log_free(l->data);
    }
    g_list_free(logs);
    return g_string_free(text, FALSE);
}

/* ---- what there is to see ---- */

static void add_setting(gpointer key, gpointer value, gpointer data)
{
    PurpleValue *setting = value;

    switch (purple_value_get_type(setting)) {
    case PURPLE_TYPE_BOOLEAN:
        json_object_set_boolean_member(data, key, purple_value_get_boolean(setting));
        break;
    case PURPLE_TYPE_INT:
        json_object_set_int_member(data, key, purple_value_get_int(setting));
        break;
    case PURPLE_TYPE_STRING:
        host_set_text(data, key, purple_value_get_string(setting));
        break;
    default:
        break;
    }
}

static void add_component(gpointer key, gpointer value, gpointer data)
{
    host_set_text(data, key, value);
}

static JsonObject *node_new(PurpleBlistNode *node, const char *type, PurpleAccount *account,
                            PurpleGroup *group)
{
    JsonObject *json = json_object_new();
    JsonObject *settings = json_object_new();

    json_object_set_string_member(json, "type", type);
    host_set_text(json, "username", purple_account_get_username(account));
    host_set_text(json, "group", group ? purple_group_get_name(group) : NULL);
    g_hash_table_foreach(node->settings, add_setting, settings);
    json_object_set_object_member(json, "settings", settings);
    json_object_set_boolean_member(json, "saved", PURPLE_BLIST_NODE_SHOULD_SAVE(node) != 0);
    return json;
}

static JsonObject *chat_to_json(PurpleChat *chat)
{
    JsonObject *json = node_new((PurpleBlistNode *)chat, "chat", purple_chat_get_account(chat),
                                purple_chat_get_group(chat));
    JsonObject *components = json_object_new();

    host_set_text(json, "name", purple_chat_get_name(chat));
    host_set_text(json, "alias", chat->alias);
    g_hash_table_foreach(purple_chat_get_components(chat), add_component, components);
    json_object_set_object_member(json, "components", components);
    json_object_set_boolean_member(json, "online",
                                   purple_account_is_connected(purple_chat_get_account(chat)));
    return json;
}

/* What the list and the tooltip show of it. */
static void add_presence(JsonObject *json, PurpleBuddy *buddy)
{
    PurplePlugin *prpl = purple_find_prpl(purple_account_get_protocol_id(buddy->account));
    PurplePluginProtocolInfo *info = PURPLE_PLUGIN_PROTOCOL_INFO(prpl);
    PurplePresence *presence = purple_buddy_get_presence(buddy);
    PurpleNotifyUserInfo *tooltip = purple_notify_user_info_new();
    g_autofree char *text = NULL;
    g_autofree char *tip = NULL;

    host_set_text(json, "status",
                  purple_status_get_id(purple_presence_get_active_status(presence)));
    json_object_set_boolean_member(json, "idle", purple_presence_is_idle(presence));
    if (info != NULL && info->status_text != NULL)
        text = info->status_text(buddy);
    if (info != NULL && info->tooltip_text != NULL)
        info->tooltip_text(buddy, tooltip, TRUE);
    tip = purple_notify_user_info_get_text_with_newline(tooltip, "\n");
    purple_notify_user_info_destroy(tooltip);
    host_set_text(json, "status_text", text);
    host_set_text(json, "tooltip", tip);
}

static JsonObject *buddy_to_json(PurpleBuddy *buddy)
{
    JsonObject *json = node_new((PurpleBlistNode *)buddy, "buddy", purple_buddy_get_account(buddy),
                                purple_buddy_get_group(buddy));

    host_set_text(json, "name", purple_buddy_get_name(buddy));
    host_set_text(json, "alias", purple_buddy_get_alias(buddy));
    host_set_text(json, "local_alias", purple_buddy_get_local_buddy_alias(buddy));
    host_set_text(json, "server_alias", purple_buddy_get_server_alias(buddy));
    json_object_set_boolean_member(json, "online", PURPLE_BUDDY_IS_ONLINE(buddy));
    add_presence(json, buddy);
    return json;
}

JsonArray *host_blist_to_json(void)
{
    JsonArray *nodes = json_array_new();

    for (PurpleBlistNode *node = purple_blist_get_root(); node != NULL;
         node = purple_blist_node_next(node, TRUE)) {
        if (PURPLE_BLIST_NODE_IS_CHAT(node))
            json_array_add_object_element(nodes, chat_to_json((PurpleChat *)node));
        else if (PURPLE_BLIST_NODE_IS_BUDDY(node))
            json_array_add_object_element(nodes, buddy_to_json((PurpleBuddy *)node));
    }
    return nodes;
}

static const char *role_of(PurpleConvChatBuddyFlags flags)
{
    if (flags & PURPLE_CBFLAGS_FOUNDER)
        return "FOUNDER";
    if (flags & PURPLE_CBFLAGS_OP)
        return "OP";
    if (flags & PURPLE_CBFLAGS_HALFOP)
        return "HALFOP";
    if (flags & PURPLE_CBFLAGS_VOICE)
        return "VOICE";
    return "";
}

static void add_chat_details(JsonObject *json, PurpleConvChat *chat)
{
    JsonArray *users = json_array_new();

    for (GList *l = purple_conv_chat_get_users(chat); l != NULL; l = l->next) {
        PurpleConvChatBuddy *buddy = l->data;
        JsonObject *user = json_object_new();
        host_set_text(user, "who", buddy->name);
        host_set_text(user, "alias", buddy->alias);
        json_object_set_string_member(user, "role", role_of(buddy->flags));
        json_array_add_object_element(users, user);
    }
    json_object_set_array_member(json, "users", users);
    host_set_text(json, "topic", purple_conv_chat_get_topic(chat));
    host_set_text(json, "nick", purple_conv_chat_get_nick(chat));
    json_object_set_int_member(json, "id", purple_conv_chat_get_id(chat));
    json_object_set_boolean_member(json, "left", purple_conv_chat_has_left(chat));
}

JsonArray *host_conversations_to_json(void)
{
    JsonArray *list = json_array_new();

    for (GList *l = purple_get_conversations(); l != NULL; l = l->next) {
        PurpleConversation *conv = l->data;
        JsonObject *json = json_object_new();
        gboolean is_chat = purple_conversation_get_type(conv) == PURPLE_CONV_TYPE_CHAT;

        host_set_text(json, "username",
                      purple_account_get_username(purple_conversation_get_account(conv)));
        host_set_text(json, "name", purple_conversation_get_name(conv));
        host_set_text(json, "title", purple_conversation_get_title(conv));
        json_object_set_string_member(json, "kind", is_chat ? "chat" : "im");
        json_object_set_boolean_member(json, "logged", purple_conversation_is_logging(conv));
        if (is_chat)
            add_chat_details(json, PURPLE_CONV_CHAT(conv));
        json_array_add_object_element(list, json);
    }
    return list;
}
