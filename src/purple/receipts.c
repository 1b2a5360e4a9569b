/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "receipts.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <conversation.h>
#include <privacy.h>

#include "markup.h"
#include "messages.h"

/* Where Pidgin and Finch keep what the user has not seen of a conversation. */
#define UNSEEN_COUNT "unseen-count"
#define UNSEEN_STATE "unseen-state"

static MxRoom *find_room(MxpAccount *mxp, PurpleConversation *conversation)
{
    const char *name = purple_conversation_get_name(conversation);
    if (purple_conversation_get_account(conversation) != mxp->account)
        return NULL;
    return purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM
               ? mx_client_get_direct(mxp->client, name)
               : mx_client_get_room(mxp->client, name);
}

static gboolean is_idle(MxpAccount *mxp)
{
    return purple_presence_is_idle(purple_account_get_presence(mxp->account));
}

static gboolean is_looked_at(PurpleConversation *conversation)
{
    PurpleConversationUiOps *ops = purple_conversation_get_ui_ops(conversation);
    /* A user interface that knows no focus shows all it has. */
    return ops == NULL || ops->has_focus == NULL || purple_conversation_has_focus(conversation);
}

/* ---- the user's ---- */

/* The furthest line of a room that was shown. */
typedef struct {
    gint64 row, pos;
} Displayed;

static void tell(MxpAccount *mxp, MxRoom *room)
{
    Displayed *line = g_hash_table_lookup(mxp->displayed, room->room_id);
    if (line == NULL || is_idle(mxp))
        return;
    mx_client_mark_read(mxp->client, room, line->row,
                        purple_account_get_bool(mxp->account, MXP_OPTION_PRIVATE_RECEIPTS, FALSE));
    g_hash_table_remove(mxp->displayed, room->room_id);
}

static void on_conversation_updated(PurpleConversation *conversation, PurpleConvUpdateType type,
                                    MxpAccount *mxp)
{
    /* Said on focusing, when has_focus is still FALSE. A line that counts as no message (a notice)
     * says it too, with a state of its own. */
    if (type != PURPLE_CONV_UPDATE_UNSEEN || !PURPLE_CONNECTION_IS_CONNECTED(mxp->gc) ||
        purple_conversation_get_data(conversation, UNSEEN_COUNT) != NULL ||
        purple_conversation_get_data(conversation, UNSEEN_STATE) != NULL)
        return;
    MxRoom *room = find_room(mxp, conversation);
    if (room != NULL)
        tell(mxp, room);
}

/* What was not looked at before its window was closed stays unread. */
static void on_deleting_conversation(PurpleConversation *conversation, MxpAccount *mxp)
{
    MxRoom *room = find_room(mxp, conversation);
    if (room != NULL)
        g_hash_table_remove(mxp->displayed, room->room_id);
}

void mxp_receipts_init(MxpAccount *mxp)
{
    void *handle = purple_conversations_get_handle();
    mxp->displayed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    purple_signal_connect(handle, "conversation-updated", mxp,
                          PURPLE_CALLBACK(on_conversation_updated), mxp);
    purple_signal_connect(handle, "deleting-conversation", mxp,
                          PURPLE_CALLBACK(on_deleting_conversation), mxp);
}

void mxp_receipts_clear(MxpAccount *mxp)
{
    g_clear_pointer(&mxp->displayed, g_hash_table_unref);
}

void mxp_receipts_note(MxpAccount *mxp, MxRoom *room, const MxLine *line)
{
    /* What cannot be read here is still to be read elsewhere. */
    if (line->is_own || line->kind == MX_LINE_NOTHING || line->kind == MX_LINE_ENCRYPTED)
        return;
    /* What could not be read at first, or fetched, is shown after what came later. */
    Displayed *before = g_hash_table_lookup(mxp->displayed, room->room_id);
    Displayed now = {.row = line->row, .pos = line->pos};
    if (before == NULL || before->pos < now.pos)
        g_hash_table_replace(mxp->displayed, g_strdup(room->room_id), g_memdup2(&now, sizeof now));
}

void mxp_receipts_flush(MxpAccount *mxp, MxRoom *room)
{
    if (!g_hash_table_contains(mxp->displayed, room->room_id))
        return;
    PurpleConversation *conversation = mxp_messages_find_conversation(mxp, room);
    if (conversation != NULL && is_looked_at(conversation))
        tell(mxp, room);
}

void mxp_receipts_flush_all(MxpAccount *mxp)
{
    g_autoptr(GList) room_ids = g_hash_table_get_keys(mxp->displayed);
    for (GList *at = room_ids; at != NULL; at = at->next) {
        MxRoom *room = mx_client_get_room(mxp->client, at->data);
        if (room != NULL)
            mxp_receipts_flush(mxp, room);
    }
}

/* ---- the partner's ---- */

static char *describe_time(gint64 ts)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autoptr(GDateTime) then = g_date_time_new_from_unix_local(ts / 1000);
    /* No more than a hint: a clock that is wrong counts as now. */
    if (then == NULL || ts <= 0 || g_date_time_compare(then, now) > 0)
        return g_date_time_format(now, "%H:%M");
    gboolean is_today = g_date_time_get_year(then) == g_date_time_get_year(now) &&
                        g_date_time_get_day_of_year(then) == g_date_time_get_day_of_year(now);
    return g_date_time_format(then, is_today ? "%H:%M" : "%x %H:%M");
}

void mxp_receipts_partner_read(MxpAccount *mxp, MxRoom *room, gint64 ts)
{
    PurpleConversation *conversation = mxp_messages_find_conversation(mxp, room);
    if (conversation == NULL || !purple_privacy_check(mxp->account, room->direct_user))
        return;
    const char *name = room->partner_name != NULL ? room->partner_name : room->direct_user;
    g_autofree char *when = describe_time(ts);
    /* As "Read by Bob at 12:34" */
    g_autofree char *text = g_strdup_printf(_("Read by %s at %s"), name, when);
    g_autofree char *markup = mxp_markup_escape(text);
    /* Without SYSTEM: Pidgin then writes it in grey and leaves the tab as it is. */
    purple_conversation_write(conversation, NULL, markup,
                              PURPLE_MESSAGE_NO_LOG | PURPLE_MESSAGE_NO_LINKIFY, time(NULL));
}
