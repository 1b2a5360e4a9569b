/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "plugin.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <accountopt.h>
#include <debug.h>
#include <prpl.h>
#include <version.h>

#include "account.h"
#include "actions.h"
#include "buddies.h"
#include "chat-window.h"
#include "commands.h"
#include "delivery.h"
#include "files.h"
#include "history.h"
#include "images.h"
#include "invites.h"
#include "joining.h"
#include "links.h"
#include "logging.h"
#include "membership.h"
#include "messages.h"
#include "mx-upkeep.h"
#include "own-icon.h"
#include "presence.h"
#include "privacy.h"
#include "profile.h"
#include "receipts.h"
#include "reconnect.h"
#include "register.h"
#include "removal.h"
#include "roomlist.h"
#include "rooms.h"
#include "storage.h"
#include "topic.h"
#include "trust.h"
#include "typing.h"

/* The two tables, and what libpurple wants done when it loads and unloads the plugin. */

static const char *list_icon(PurpleAccount *account, PurpleBuddy *buddy)
{
    return "matrix"; /* also the name of the log folder */
}

static gboolean offline_message(const PurpleBuddy *buddy)
{
    return TRUE; /* the homeserver keeps it */
}

static GHashTable *get_account_text_table(PurpleAccount *account)
{
    GHashTable *table = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(table, "login_label", _("@user:example.org"));
    return table;
}

#define MAX_ICON_BYTES (1024 * 1024)

static PurplePluginProtocolInfo protocol_info = {
    .options = OPT_PROTO_PASSWORD_OPTIONAL | OPT_PROTO_SLASH_COMMANDS_NATIVE |
               OPT_PROTO_CHAT_TOPIC | OPT_PROTO_IM_IMAGE,
    .icon_spec = {"png,jpeg,gif", 0, 0, 512, 512, MAX_ICON_BYTES, PURPLE_ICON_SCALE_SEND},
    .list_icon = list_icon,
    .status_text = mxp_presence_status_text,
    .tooltip_text = mxp_presence_tooltip_text,
    .status_types = mxp_presence_status_types,
    .blist_node_menu = mxp_membership_blist_node_menu,
    .chat_info = mxp_rooms_chat_info,
    .chat_info_defaults = mxp_rooms_chat_info_defaults,
    .login = mxp_account_login,
    .close = mxp_account_close,
    .send_im = mxp_messages_send_im,
    .send_typing = mxp_typing_send,
    .get_info = mxp_profile_get_info,
    .set_status = mxp_presence_set_status,
    .set_idle = mxp_presence_set_idle,
    .register_user = mxp_register_user,
    .add_buddy = mxp_buddies_add,
    .add_buddy_with_invite = mxp_buddies_add_with_invite,
    .remove_buddy = mxp_buddies_remove,
    .add_deny = mxp_privacy_add_deny,
    .rem_deny = mxp_privacy_rem_deny,
    .set_permit_deny = mxp_privacy_set_permit_deny,
    .rename_group = mxp_buddies_rename_group,
    .normalize = mxp_buddies_normalize,
    .convo_closed = mxp_buddies_convo_closed,
    .set_buddy_icon = mxp_own_icon_set,
    .join_chat = mxp_joining_join_chat,
    .reject_chat = mxp_invites_reject_chat,
    .get_chat_name = mxp_rooms_get_chat_name,
    .set_chat_topic = mxp_topic_set_chat_topic,
    .find_blist_chat = mxp_rooms_find_blist_chat,
    .chat_invite = mxp_membership_chat_invite,
    .chat_leave = mxp_chat_window_leave,
    .chat_send = mxp_messages_chat_send,
    .get_cb_alias = mxp_chat_window_get_cb_alias,
    .get_cb_real_name = mxp_chat_window_get_cb_real_name,
    .roomlist_get_list = mxp_roomlist_get_list,
    .roomlist_cancel = mxp_roomlist_cancel,
    .roomlist_expand_category = mxp_roomlist_expand_category,
    .send_file = mxp_files_send_file,
    .new_xfer = mxp_files_new_xfer,
    .offline_message = offline_message,
    .set_public_alias = mxp_profile_set_public_alias,
    .get_public_alias = mxp_profile_get_public_alias,
    .roomlist_room_serialize = mxp_roomlist_room_serialize,
    .get_account_text_table = get_account_text_table,
    .chat_can_receive_file = mxp_files_chat_can_receive_file,
    .chat_send_file = mxp_files_chat_send_file,
    .struct_size = sizeof(PurplePluginProtocolInfo),
};

/* GLib messages of the other folders, to libpurple's debug window. The worker's come from its own
 * thread, where nothing of libpurple may be called. */
typedef struct {
    PurpleDebugLevel level;
    char *text;
} LogLine;

static gboolean on_log_line(gpointer data)
{
    LogLine *line = data;
    purple_debug(line->level, "matrix", "%s\n", line->text);
    g_free(line->text);
    g_free(line);
    return G_SOURCE_REMOVE;
}

static void on_log(const char *domain, GLogLevelFlags level, const char *text, gpointer user_data)
{
    LogLine *line = g_new0(LogLine, 1);
    line->level = level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)
                      ? PURPLE_DEBUG_WARNING
                      : PURPLE_DEBUG_INFO;
    line->text = g_strdup(text);
    g_idle_add(on_log_line, line);
}

static guint log_handler;

/* On the main thread, as the libraries of the encryption ask for. Without them there is no Matrix
 * here: what is said to be encrypted has to be. */
static gboolean start_encryption(PurplePlugin *plugin)
{
    g_autoptr(GError) error = NULL;
    if (mx_client_prepare(&error))
        return TRUE;
    purple_debug_error("matrix", "%s\n", error->message);
    plugin->error = g_strdup(error->message);
    return FALSE;
}

static gboolean on_load(PurplePlugin *plugin)
{
    if (!start_encryption(plugin))
        return FALSE;
    log_handler = g_log_set_handler(
        "pidgin-matrix", G_LOG_LEVEL_MESSAGE | G_LOG_LEVEL_INFO | G_LOG_LEVEL_DEBUG, on_log, NULL);
    mxp_commands_register();
    mxp_links_init(plugin);
    mxp_reconnect_init();
    mxp_removal_init();
    return TRUE;
}

static gboolean on_unload(PurplePlugin *plugin)
{
    mxp_removal_uninit();
    mxp_reconnect_uninit();
    mxp_history_unload();
    mxp_links_uninit(plugin);
    mxp_commands_unregister();
    g_log_remove_handler("pidgin-matrix", log_handler);
    return TRUE;
}

static PurplePluginInfo plugin_info = {
    .magic = PURPLE_PLUGIN_MAGIC,
    .major_version = PURPLE_MAJOR_VERSION,
    .minor_version = 14,
    .type = PURPLE_PLUGIN_PROTOCOL,
    .priority = PURPLE_PRIORITY_DEFAULT,
    .id = MXP_PLUGIN_ID,
    .name = "Matrix",
    .version = MX_VERSION,
    .author = "The pidgin-matrix authors",
    .homepage = "https://matrix.org/",
    .load = on_load,
    .unload = on_unload,
    .extra_info = &protocol_info,
    .actions = mxp_actions_list,
};

static void add_option(const char *text, const char *name)
{
    protocol_info.protocol_options = g_list_append(
        protocol_info.protocol_options, purple_account_option_string_new(text, name, ""));
}

static GList *add_choice(GList *list, const char *text, const char *value)
{
    PurpleKeyValuePair *pair = g_new0(PurpleKeyValuePair, 1);
    pair->key = g_strdup(text);
    pair->value = g_strdup(value);
    return g_list_append(list, pair);
}

static void add_window_option(void)
{
    /* The first one is what an account without the option has. */
    GList *list = add_choice(NULL, _("What the notification settings say"), MXP_OPEN_BY_RULES);
    list = add_choice(list, _("Every message"), MXP_OPEN_ALWAYS);
    list = add_choice(list, _("Nothing"), MXP_OPEN_NEVER);
    protocol_info.protocol_options = g_list_append(
        protocol_info.protocol_options,
        purple_account_option_list_new(_("What opens a window"), MXP_OPTION_OPEN_WINDOWS, list));
}

static void add_member_options(void)
{
    GList *list = add_choice(NULL, _("In rooms of over 100 people"), MXP_HIDE_IN_LARGE);
    list = add_choice(list, _("Always"), MXP_HIDE_ALWAYS);
    list = add_choice(list, _("Never"), MXP_HIDE_NEVER);
    protocol_info.protocol_options =
        g_list_append(protocol_info.protocol_options,
                      purple_account_option_list_new(_("Hide who joins and leaves"),
                                                     MXP_OPTION_HIDE_JOINS, list));
    protocol_info.protocol_options = g_list_append(
        protocol_info.protocol_options,
        purple_account_option_bool_new(_("Show reactions"), MXP_OPTION_REACTIONS, TRUE));
    protocol_info.protocol_options =
        g_list_append(protocol_info.protocol_options,
                      purple_account_option_int_new(_("Members listed in a window"),
                                                    MXP_OPTION_MAX_MEMBERS, MXP_MAX_MEMBERS));
}

static void add_encryption_option(void)
{
    GList *list = add_choice(NULL, _("Devices signed by their owner"), "signed");
    list = add_choice(list, _("All devices"), "all");
    list = add_choice(list, _("Verified people only"), "verified");
    protocol_info.protocol_options = g_list_append(
        protocol_info.protocol_options,
        purple_account_option_list_new(_("Encrypt messages to"), MXP_OPTION_ENCRYPT_TO, list));
}

static void init_plugin(PurplePlugin *plugin)
{
    bindtextdomain(GETTEXT_PACKAGE, MX_LOCALEDIR);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    plugin_info.summary = (char *)_("Matrix");
    plugin_info.description = (char *)_("Rooms and direct chats on the Matrix network.");
    add_option(_("Homeserver (optional)"), "home_server");
    add_option(_("Name of this device"), "device_name");
    add_option(_("Certificate authority file"), "ca_file");
    add_window_option();
    add_member_options();
    protocol_info.protocol_options =
        g_list_append(protocol_info.protocol_options,
                      purple_account_option_bool_new(_("Do not tell others what I have read"),
                                                     MXP_OPTION_PRIVATE_RECEIPTS, FALSE));
    protocol_info.protocol_options =
        g_list_append(protocol_info.protocol_options,
                      purple_account_option_int_new(_("Show pictures of up to (kB)"),
                                                    MXP_OPTION_IMAGE_KB, MXP_IMAGE_KB));
    protocol_info.protocol_options =
        g_list_append(protocol_info.protocol_options,
                      purple_account_option_int_new(_("Last lines shown in a window that opens"),
                                                    MXP_OPTION_LAST_LINES, MXP_LAST_LINES));
    protocol_info.protocol_options =
        g_list_append(protocol_info.protocol_options,
                      purple_account_option_int_new(_("Days of history kept"), MXP_OPTION_KEEP_DAYS,
                                                    MX_KEEP_DEFAULT));
    protocol_info.protocol_options = g_list_append(
        protocol_info.protocol_options,
        purple_account_option_bool_new(_("Write Markdown"), MXP_OPTION_MARKDOWN, FALSE));
    add_encryption_option();
    protocol_info.protocol_options =
        g_list_append(protocol_info.protocol_options,
                      purple_account_option_bool_new(_("Encrypt new direct chats"),
                                                     MXP_OPTION_ENCRYPT_DIRECT, TRUE));
    protocol_info.protocol_options =
        g_list_append(protocol_info.protocol_options,
                      purple_account_option_bool_new(_("Log decrypted messages"),
                                                     MXP_OPTION_LOG_DECRYPTED, TRUE));
}

PURPLE_INIT_PLUGIN(matrix, init_plugin, plugin_info)
