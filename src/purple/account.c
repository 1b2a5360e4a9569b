/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "account.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <core.h>
#include <debug.h>
#include <notify.h>
#include <request.h>
#include <util.h>

#include "avatars.h"
#include "buddies.h"
#include "chat-window.h"
#include "commands.h"
#include "confirm.h"
#include "conversion.h"
#include "delivery.h"
#include "emoji.h"
#include "errors.h"
#include "files.h"
#include "history.h"
#include "invites.h"
#include "joining.h"
#include "logging.h"
#include "knocks.h"
#include "membership.h"
#include "message-search.h"
#include "messages.h"
#include "old-plugin.h"
#include "own-icon.h"
#include "privacy.h"
#include "presence.h"
#include "proxy.h"
#include "mx-client-encryption.h"
#include "receipts.h"
#include "reconnect.h"
#include "room-search.h"
#include "roomlist.h"
#include "register.h"
#include "room-state.h"
#include "rooms.h"
#include "sounds.h"
#include "storage.h"
#include "topic.h"
#include "trust.h"
#include "typing.h"
#include "verification-ui.h"
#include "upgrade.h"

#define CONNECT_STEPS 4

MxpAccount *mxp_account_from_gc(PurpleConnection *gc)
{
    return gc != NULL ? gc->proto_data : NULL;
}

MxpAccount *mxp_account_get(PurpleAccount *account)
{
    return mxp_account_from_gc(purple_account_get_connection(account));
}

char *mxp_account_get_store_dir(PurpleAccount *account)
{
    /* purple_escape_filename() gives a static buffer and keeps what is safe in a file name. */
    return g_build_filename(purple_user_dir(), "matrix",
                            purple_escape_filename(purple_account_get_username(account)), NULL);
}

/* ---- what the client says ---- */

static void on_progress(MxClient *client, int step, const char *text, MxpAccount *mxp)
{
    purple_connection_update_progress(mxp->gc, text, step, CONNECT_STEPS);
}

static void on_password_entered(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxpAccount *mxp = PURPLE_CONNECTION_IS_VALID(gc) ? mxp_account_from_gc(gc) : NULL;
    const char *password = purple_request_fields_get_string(fields, "password");
    if (mxp == NULL)
        return;
    if (password == NULL || *password == '\0') {
        purple_connection_error_reason(gc, PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED,
                                       _("A password is needed to log in."));
        return;
    }
    if (purple_request_fields_get_bool(fields, "remember"))
        purple_account_set_remember_password(mxp->account, TRUE);
    purple_account_set_password(mxp->account, password);
    mx_client_set_password(mxp->client, password);
}

static void on_password_cancelled(PurpleConnection *gc, PurpleRequestFields *fields)
{
    if (PURPLE_CONNECTION_IS_VALID(gc))
        purple_connection_error_reason(gc, PURPLE_CONNECTION_ERROR_AUTHENTICATION_FAILED,
                                       _("A password is needed to log in."));
}

static void on_password_needed(MxClient *client, const char *why, MxpAccount *mxp)
{
    /* Not purple_account_request_password(): its question belongs to the account and outlives the
     * connection that asks it. */
    g_autofree char *primary =
        g_strdup_printf(_("Enter the password of %s"), purple_account_get_username(mxp->account));
    PurpleRequestFields *fields = purple_request_fields_new();
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    PurpleRequestField *field =
        purple_request_field_string_new("password", _("Password"), NULL, FALSE);
    purple_request_field_string_set_masked(field, TRUE);
    purple_request_field_set_required(field, TRUE);
    purple_request_field_group_add_field(group, field);
    purple_request_field_group_add_field(
        group, purple_request_field_bool_new("remember", _("Remember password"), FALSE));
    purple_request_fields_add_group(fields, group);
    purple_request_fields(mxp->gc, _("Matrix"), primary, why, fields, _("OK"),
                          G_CALLBACK(on_password_entered), _("Cancel"),
                          G_CALLBACK(on_password_cancelled), mxp->account, NULL, NULL, mxp->gc);
}

static void on_ready(MxClient *client, MxpAccount *mxp)
{
    mxp_old_plugin_forget(mxp->account);
    mxp_reconnect_succeeded(mxp->account);
    /* From here on join_chat() is called for windows that are still open: the rooms are known. */
    PurpleConnection *gc = mxp->gc;
    mxp->is_signing_on = TRUE;
    purple_connection_set_state(gc, PURPLE_CONNECTED);
    if (!PURPLE_CONNECTION_IS_VALID(gc) || mxp_account_from_gc(gc) != mxp)
        return; /* somebody disconnected when told of the connection */
    mxp->is_signing_on = FALSE;
    /* It may have changed meanwhile: the hook is not called while connecting. */
    mxp_presence_set_status(mxp->account, purple_account_get_active_status(mxp->account));
    mxp_buddies_show_present(mxp);
    mxp_invites_resume(mxp);
    mxp_delivery_resume(mxp);
    mxp_avatars_resume(mxp);
}

static void on_room_changed(MxClient *client, MxRoomChange *change, MxpAccount *mxp)
{
    if (change->is_gone)
        mxp_delivery_end(mxp, change);
    mxp_rooms_update(mxp, change);
    mxp_conversion_update(mxp, change);
    mxp_chat_window_update(mxp, change);
    if (change->has_new_topic)
        mxp_topic_update(mxp, change->room);
    mxp_logging_update(mxp, change->room); /* before it is written to */
    mxp_delivery_update(mxp, change);
    mxp_invites_update(mxp, change->room);
    mxp_upgrade_update(mxp, change->room);
    mxp_joining_update(mxp, change->room);
    mxp_knocks_update(mxp, change->room);
}

static void on_room_moved(MxClient *client, MxRoom *from, MxRoom *to, MxpAccount *mxp)
{
    mxp_upgrade_moved(mxp, from, to);
}

static void on_lines_recovered(MxClient *client, MxRoom *room, GPtrArray *lines, MxpAccount *mxp)
{
    mxp_delivery_recover(mxp, room, lines);
}

static void on_own_line(MxClient *client, MxRoom *room, MxLine *line, MxpAccount *mxp)
{
    mxp_delivery_own_line(mxp, room, line);
}

static void on_room_notice(MxClient *client, MxRoom *room, const char *text, gboolean is_error,
                           MxpAccount *mxp)
{
    mxp_messages_notice(mxp, room, text, is_error);
}

static void on_typing_changed(MxClient *client, MxRoom *room, GPtrArray *user_ids, MxpAccount *mxp)
{
    mxp_typing_update(mxp, room, user_ids);
}

static void on_partner_read(MxClient *client, MxRoom *room, gint64 ts, MxpAccount *mxp)
{
    mxp_receipts_partner_read(mxp, room, ts);
}

static void on_presence_changed(MxClient *client, const MxPresence *presence, MxpAccount *mxp)
{
    mxp_presence_update(mxp, presence);
}

static void on_online_changed(MxClient *client, gboolean is_online, MxpAccount *mxp)
{
    if (!is_online)
        mxp_typing_forget(mxp);
}

/* The name of own lines, unless the user has set an alias for the account. */
static void on_own_name(MxClient *client, const char *name, MxpAccount *mxp)
{
    purple_connection_set_display_name(mxp->gc, name);
}

static void on_account_notice(MxClient *client, const char *text, MxpAccount *mxp)
{
    purple_notify_error(mxp->gc, _("Matrix"), purple_account_get_username(mxp->account), text);
}

static void on_account_hint(MxClient *client, const char *text, MxpAccount *mxp)
{
    purple_notify_info(mxp->gc, _("Matrix"), purple_account_get_username(mxp->account), text);
}

static void on_signed_out(MxClient *client, MxpAccount *mxp)
{
    purple_account_set_enabled(mxp->account, purple_core_get_ui(), FALSE);
}

static void on_failed(MxClient *client, GError *error, MxpAccount *mxp)
{
    g_autofree char *text = NULL;
    PurpleConnectionError reason = mxp_errors_get_reason(error, &text);
    purple_debug_info("matrix", "connection ended: %s\n", text);
    mxp_reconnect_failed(mxp->account, reason);
    purple_connection_error_reason(mxp->gc, reason, text);
}

static void connect_signals(MxpAccount *mxp)
{
    static const struct {
        const char *name;
        GCallback callback;
    } handlers[] = {
        {"progress", G_CALLBACK(on_progress)},
        {"password-needed", G_CALLBACK(on_password_needed)},
        {"ready", G_CALLBACK(on_ready)},
        {"room-changed", G_CALLBACK(on_room_changed)},
        {"lines-recovered", G_CALLBACK(on_lines_recovered)},
        {"own-line", G_CALLBACK(on_own_line)},
        {"room-notice", G_CALLBACK(on_room_notice)},
        {"typing-changed", G_CALLBACK(on_typing_changed)},
        {"partner-read", G_CALLBACK(on_partner_read)},
        {"presence-changed", G_CALLBACK(on_presence_changed)},
        {"online-changed", G_CALLBACK(on_online_changed)},
        {"account-notice", G_CALLBACK(on_account_notice)},
        {"account-hint", G_CALLBACK(on_account_hint)},
        {"own-name", G_CALLBACK(on_own_name)},
        {"room-moved", G_CALLBACK(on_room_moved)},
        {"signed-out", G_CALLBACK(on_signed_out)},
        {"failed", G_CALLBACK(on_failed)},
    };
    for (guint i = 0; i < G_N_ELEMENTS(handlers); i++)
        g_signal_connect(mxp->client, handlers[i].name, handlers[i].callback, mxp);
}

/* ---- login and close ---- */

static MxClient *new_client(PurpleAccount *account, PurpleConnection *gc)
{
    g_autofree char *store_dir = mxp_account_get_store_dir(account);
    g_autofree char *proxy_uri = NULL;
    g_autofree char *device_name = g_strdup_printf("%s (pidgin-matrix)", mxp_errors_ui_name());
    MxClientConfig config = {
        .store_dir = store_dir,
        .user = purple_account_get_username(account),
        .home_server = mxp_old_plugin_get_home_server(account),
        .password = purple_connection_get_password(gc),
        .device_name = purple_account_get_string(account, "device_name", ""),
        .user_agent = "pidgin-matrix/" MX_VERSION,
        .ca_file = purple_account_get_string(account, "ca_file", ""),
        .old_token = mxp_old_plugin_get_token(account),
        .old_token_server = mxp_old_plugin_get_token_server(account),
    };
    /* Pidgin stores an option nobody filled in as the empty string. */
    if (*config.device_name == '\0')
        config.device_name = device_name;
    config.proxy = mxp_proxy_get(account, &proxy_uri);
    config.proxy_uri = proxy_uri;
    return mx_client_new(&config);
}

void mxp_account_login(PurpleAccount *account)
{
    PurpleConnection *gc = purple_account_get_connection(account);
    MxpAccount *mxp = g_new0(MxpAccount, 1);
    /* Before any conversation exists: it copies these flags. */
    gc->flags |= PURPLE_CONNECTION_HTML | PURPLE_CONNECTION_NO_BGCOLOR;
    gc->proto_data = mxp;
    /* Finch stores an alias nobody typed as the empty string, which would hide every own name. */
    const char *alias = purple_account_get_alias(account);
    if (alias != NULL && *alias == '\0')
        purple_account_set_alias(account, NULL);
    mxp->account = account;
    mxp->gc = gc;
    mxp->client = new_client(account, gc);
    mxp_presence_init(mxp);
    mxp_receipts_init(mxp);
    mx_client_set_encrypts_direct(
        mxp->client, purple_account_get_bool(mxp->account, MXP_OPTION_ENCRYPT_DIRECT, TRUE));
    mxp_typing_init(mxp);
    mxp_rooms_init(mxp);
    mxp_buddies_init(mxp);
    mxp_chat_windows_init(mxp);
    mxp_conversion_init(mxp);
    mxp_delivery_init(mxp);
    mxp_history_init(mxp);
    mxp_joining_init(mxp);
    mxp_invites_init(mxp);
    mxp_sounds_init(mxp);
    mxp_logging_init(mxp);
    mxp_avatars_init(mxp);
    mxp_emoji_init(mxp);
    mxp_own_icon_init(mxp);
    mxp_privacy_init(mxp);
    mxp_knocks_init(mxp);
    mxp_storage_update(mxp);
    mxp_verification_init(mxp);
    connect_signals(mxp);
    mxp_presence_set_status(account, purple_account_get_active_status(account));
    mx_client_start(mxp->client);
    mx_client_set_encrypt_to(mxp->client, mxp_trust_get_policy(account));
}

void mxp_account_close(PurpleConnection *gc)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    if (mxp == NULL) {
        mxp_register_close(gc);
        return;
    }
    gc->proto_data = NULL;
    purple_signals_disconnect_by_handle(mxp);
    mxp_files_clear(mxp);
    mxp_rooms_remember(mxp);
    mxp_typing_forget(mxp);
    mxp_roomlist_clear(mxp);
    mxp_delivery_clear(mxp); /* its last words still go to the database */
    mxp_history_clear(mxp);
    g_signal_handlers_disconnect_by_data(mxp->client, mxp);
    mx_client_stop(mxp->client);
    g_object_unref(mxp->client);
    mxp_message_search_clear(mxp);
    mxp_room_search_clear(mxp);
    mxp_knocks_clear(mxp);
    mxp_privacy_clear(mxp);
    mxp_own_icon_clear(mxp);
    mxp_avatars_clear(mxp);
    mxp_emoji_clear(mxp);
    mxp_invites_clear(mxp);
    mxp_joining_clear(mxp);
    mxp_conversion_clear(mxp);
    mxp_commands_raw_clear(mxp);
    mxp_room_state_clear(mxp);
    mxp_confirm_clear(mxp);
    mxp_verification_clear(mxp);
    mxp_chat_windows_clear(mxp);
    mxp_buddies_clear(mxp);
    mxp_rooms_clear(mxp);
    mxp_typing_clear(mxp);
    mxp_receipts_clear(mxp);
    mxp_presence_clear(mxp);
    g_free(mxp);
}
