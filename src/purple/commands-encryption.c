/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "commands.h"
#include "confirm.h"
#include "mx-client-encryption.h"
#include "reply.h"

/* Encryption of the window's room. */

typedef struct {
    MxpReply *reply;
    MxpAccount *mxp;
    char *room_id;
} Wish;

static Wish *wish_new(MxpAccount *mxp, const char *room_id, const MxpReply *reply,
                      PurpleConversation *conversation)
{
    Wish *wish = g_new0(Wish, 1);
    wish->mxp = mxp;
    wish->room_id = g_strdup(room_id);
    wish->reply =
        mxp_reply_new(mxp, reply != NULL ? mxp_reply_get_conversation(reply) : conversation);
    return wish;
}

static void wish_free(gpointer data)
{
    Wish *wish = data;
    mxp_reply_free(wish->reply);
    g_free(wish->room_id);
    g_free(wish);
}

static void fail(const Wish *wish, const GError *error)
{
    g_autofree char *text = g_strdup_printf(_("The room was not changed. %s"), error->message);
    mxp_reply_fail(wish->reply, text);
}

/* That it has happened, a line of the room says. */
static void on_encrypted(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    if (error != NULL)
        fail(data, error);
}

static void on_confirmed(MxpAccount *mxp, gpointer data)
{
    Wish *wish = data;
    MxRoom *room = mx_client_get_room(mxp->client, wish->room_id);
    if (room != NULL)
        mx_client_encrypt(mxp->client, room, on_encrypted,
                          wish_new(mxp, wish->room_id, wish->reply, NULL), wish_free);
}

static void on_checked(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Wish *wish = data;
    if (error != NULL) {
        fail(wish, error);
        return;
    }
    mxp_confirm(wish->mxp, _("Encrypt this room for good?"),
                _("From now on messages can be read only by the people in the room, on the devices "
                  "they have now or add later. This cannot be switched off again. Bridges, bots "
                  "and programs that cannot encrypt will see nothing more."),
                _("Encrypt"), on_confirmed, wish_new(wish->mxp, wish->room_id, wish->reply, NULL),
                wish_free);
}

static PurpleCmdRet on_encrypt(PurpleConversation *conversation, const gchar *cmd, gchar **args,
                               gchar **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    mx_client_check_encrypt(mxp->client, room, on_checked,
                            wish_new(mxp, room->room_id, NULL, conversation), wish_free);
    return PURPLE_CMD_RET_OK;
}

static void on_discarded(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Wish *wish = data;
    if (error != NULL)
        mxp_reply_fail(wish->reply, error->message);
    else
        mxp_reply_say(wish->reply, _("Your next message here is encrypted with a new key."));
}

static PurpleCmdRet on_discard_session(PurpleConversation *conversation, const gchar *cmd,
                                       gchar **args, gchar **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    mx_client_discard_session(mxp->client, room, on_discarded,
                              wish_new(mxp, room->room_id, NULL, conversation), wish_free);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_encryption[] = {
    {"encrypt", "", on_encrypt,
     N_("encrypt: Encrypts the room from now on, for good; asks first.")},
    {"discardsession", "", on_discard_session,
     N_("discardsession: Your next message is encrypted with a new key.")},
    {NULL},
};
