/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "logging.h"

#include "messages.h"
#include "storage.h"

static void apply(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    /* Only ever off: whether the rest is logged is the user interface's own setting. */
    if (room != NULL && room->encrypted && conversation != NULL &&
        !purple_account_get_bool(mxp->account, MXP_OPTION_LOG_DECRYPTED, TRUE))
        purple_conversation_set_logging(conversation, FALSE);
}

static void on_created(PurpleConversation *conversation, MxpAccount *mxp)
{
    const char *name = purple_conversation_get_name(conversation);
    if (purple_conversation_get_account(conversation) != mxp->account || mxp->client == NULL)
        return;
    apply(mxp,
          purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM
              ? mx_client_get_direct(mxp->client, name)
              : mx_client_get_room(mxp->client, name),
          conversation);
}

void mxp_logging_init(MxpAccount *mxp)
{
    purple_signal_connect(purple_conversations_get_handle(), "conversation-created", mxp,
                          PURPLE_CALLBACK(on_created), mxp);
}

void mxp_logging_update(MxpAccount *mxp, MxRoom *room)
{
    mxp_storage_update(mxp); /* what is not to be logged is not to be found either */
    apply(mxp, room, mxp_messages_find_conversation(mxp, room));
}
