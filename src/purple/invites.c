/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "invites.h"
#include "config.h"

#include <stdlib.h>

#include <glib/gi18n-lib.h>

#include <notify.h>
#include <privacy.h>
#include <request.h>
#include <server.h>

#include "joining.h"
#include "markup.h"
#include "mx-ignored.h"
#include "reply.h"
#include "rooms.h"

/* More than so many at once are one list. */
#define MAX_DIALOGS 3
/* Those that come together are looked at together. */
#define GATHER_MS 300
/* A list that is open is not taken out of the user's hands for each that comes. */
#define GATHER_OPEN_MS 5000

typedef struct {
    MxpAccount *mxp;
    char *room_id;
    guint number;      /* what the user calls it; never used again in this run */
    gboolean is_shown; /* the user was asked */
    gboolean is_answered;
    gboolean is_rejected; /* and the homeserver knows */
} Invite;

/* The invitation is the handle of its dialog, which so goes with it. */
static void invite_free(gpointer data)
{
    Invite *invite = data;
    purple_request_close_with_handle(invite);
    g_free(invite->room_id);
    g_free(invite);
}

static Invite *find_invite(MxpAccount *mxp, const char *room_id)
{
    for (guint i = 0; i < mxp->invites->len; i++) {
        Invite *invite = g_ptr_array_index(mxp->invites, i);
        if (g_strcmp0(invite->room_id, room_id) == 0)
            return invite;
    }
    return NULL;
}

static MxRoom *get_room(Invite *invite)
{
    return mx_client_get_room(invite->mxp->client, invite->room_id);
}

static const char *get_inviter(const MxRoom *room)
{
    return room->inviter != NULL ? room->inviter : _("somebody");
}

/* By the ignore list, or by what libpurple was told for this device. */
static gboolean is_blocked(MxpAccount *mxp, const MxRoom *room)
{
    return (room->inviter != NULL && mx_client_is_ignored(mxp->client, room->inviter)) ||
           !purple_privacy_check(mxp->account, room->inviter != NULL ? room->inviter : "");
}

/* Those of blocked people wait unseen: libpurple would drop them as silently. */
static gboolean is_waiting(Invite *invite)
{
    MxRoom *room = get_room(invite);
    return !invite->is_answered && room != NULL && !is_blocked(invite->mxp, room);
}

/* The one that waits under this number; 0 is the only one. */
static Invite *find_number(MxpAccount *mxp, guint number)
{
    Invite *found = NULL;
    for (guint i = 0; i < mxp->invites->len; i++) {
        Invite *invite = g_ptr_array_index(mxp->invites, i);
        if ((number != 0 && invite->number != number) || !is_waiting(invite))
            continue;
        if (found != NULL)
            return NULL;
        found = invite;
    }
    return found;
}

static guint count_waiting(MxpAccount *mxp)
{
    guint count = 0;
    for (guint i = 0; i < mxp->invites->len; i++)
        count += is_waiting(g_ptr_array_index(mxp->invites, i));
    return count;
}

/* ---- words ---- */

static char *describe(const MxRoom *room)
{
    const char *who = room->inviter_name != NULL ? room->inviter_name : get_inviter(room);
    if (room->invite_is_direct)
        return g_strdup_printf(_("%s wants to talk to you"), who);
    if (room->is_space)
        return g_strdup_printf(_("%s invites you to the space “%s”"), who, room->name);
    return g_strdup_printf(_("%s invites you to the room “%s”"), who, room->name);
}

static char *describe_more(const MxRoom *room)
{
    GString *text = g_string_new(NULL);
    g_autofree char *inviter = mx_event_tidy_name(get_inviter(room));
    g_autofree char *alias = mx_event_tidy_name(room->canonical_alias);
    g_string_append_printf(text, _("From: %s"), inviter);
    g_string_append_printf(text, _("\nRoom: %s"), room->room_id);
    if (alias != NULL)
        g_string_append_printf(text, " (%s)", alias);
    if (room->invite_reason != NULL)
        g_string_append_printf(text, _("\nReason: %s"), room->invite_reason);
    return g_string_free(text, FALSE);
}

char *mxp_invites_list(MxpAccount *mxp)
{
    if (count_waiting(mxp) == 0)
        return g_strdup(_("There are no invitations."));
    GString *text = g_string_new(_("Invitations, to be answered with /accept and /reject:"));
    for (guint i = 0; i < mxp->invites->len; i++) {
        Invite *invite = g_ptr_array_index(mxp->invites, i);
        MxRoom *room = get_room(invite);
        if (!is_waiting(invite))
            continue;
        g_autofree char *line = describe(room);
        g_autofree char *with_id = g_strdup_printf("%s (%s)", line, get_inviter(room));
        g_autofree char *with_reason = room->invite_reason != NULL
                                           ? g_strdup_printf("%s: %s", with_id, room->invite_reason)
                                           : g_strdup(with_id);
        g_autofree char *markup = mxp_markup_escape(with_reason);
        g_string_append_printf(text, "<br>%u. %s", invite->number, markup);
    }
    return g_string_free(text, FALSE);
}

/* ---- answers ---- */

typedef struct {
    MxpReply *reply;
    char *name;
} Rejected;

static void rejected_free(gpointer data)
{
    Rejected *rejected = data;
    mxp_reply_free(rejected->reply);
    g_free(rejected->name);
    g_free(rejected);
}

static void on_rejected(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Rejected *rejected = data;
    Invite *invite = find_invite(rejected->reply->mxp, room_id);
    if (error == NULL) {
        if (invite != NULL)
            invite->is_rejected = TRUE;
        return;
    }
    g_autofree char *text = mxp_reply_explain(MXP_DEED_REJECT, rejected->name, error);
    mxp_invites_not_answered(rejected->reply->mxp, room_id);
    mxp_reply_fail(rejected->reply, text);
}

static void reject(Invite *invite, PurpleConversation *conversation)
{
    MxpAccount *mxp = invite->mxp;
    MxRoom *room = get_room(invite);
    Rejected *rejected = g_new0(Rejected, 1);
    rejected->reply = mxp_reply_new(mxp, conversation);
    rejected->name = g_strdup(room != NULL ? room->name : invite->room_id);
    mxp_invites_answered(mxp, invite->room_id);
    mx_client_leave(mxp->client, invite->room_id, NULL, on_rejected, rejected, rejected_free);
}

static void answer(Invite *invite, gboolean accept, PurpleConversation *conversation)
{
    if (invite->is_answered)
        return;
    if (accept)
        mxp_joining_start(invite->mxp, invite->room_id, NULL, conversation);
    else
        reject(invite, conversation);
}

gboolean mxp_invites_answer(MxpAccount *mxp, guint number, gboolean accept,
                            PurpleConversation *conversation)
{
    Invite *invite = find_number(mxp, number);
    if (invite != NULL) {
        purple_request_close_with_handle(invite);
        answer(invite, accept, conversation);
    }
    return invite != NULL;
}

/* ---- dialogs ---- */

static void on_accept(Invite *invite, int action)
{
    answer(invite, TRUE, NULL);
}

static void on_reject(Invite *invite, int action)
{
    answer(invite, FALSE, NULL);
}

static void ask(Invite *invite, MxRoom *room)
{
    g_autofree char *primary = describe(room);
    g_autofree char *secondary = describe_more(room);
    purple_request_action(invite, _("Invitation"), primary, secondary, PURPLE_DEFAULT_ACTION_NONE,
                          invite->mxp->account, room->inviter, NULL, invite, 2, _("Accept"),
                          G_CALLBACK(on_accept), _("Reject"), G_CALLBACK(on_reject));
}

/* Comes last, when no other plugin wanted to answer. libpurple's own dialog could not be taken back
 * when the invitation is, so ours takes its place, and libpurple is told no. */
static int on_chat_invited(PurpleAccount *account, const char *who, const char *name,
                           const char *message, GHashTable *components, MxpAccount *mxp)
{
    if (account != mxp->account)
        return 0;
    g_autofree char *room_id = mxp_rooms_get_typed(components);
    Invite *invite = find_invite(mxp, room_id);
    MxRoom *room = mx_client_get_room(mxp->client, room_id);
    if (invite == NULL || room == NULL)
        return 0;
    ask(invite, room);
    mxp->is_asking = TRUE;
    return -1;
}

static void show(Invite *invite)
{
    MxpAccount *mxp = invite->mxp;
    MxRoom *room = get_room(invite);
    invite->is_shown = TRUE;
    GHashTable *components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_hash_table_insert(components, g_strdup(MXP_COMPONENT_ROOM_ID), g_strdup(invite->room_id));
    serv_got_chat_invite(mxp->gc, room->name, get_inviter(room), room->invite_reason, components);
    mxp->is_asking = FALSE;
}

void mxp_invites_reject_chat(PurpleConnection *gc, GHashTable *components)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    g_autofree char *room_id = mxp_rooms_get_typed(components);
    if (mxp == NULL)
        return;
    gboolean is_ours = mxp->is_asking;
    mxp->is_asking = FALSE;
    Invite *invite = is_ours ? NULL : find_invite(mxp, room_id);
    if (invite != NULL)
        answer(invite, FALSE, NULL);
}

/* ---- the list ---- */

static void on_list_closed(gpointer data)
{
    MxpAccount *mxp = data;
    mxp->invite_list = NULL;
}

static void close_list(MxpAccount *mxp)
{
    if (mxp->invite_list != NULL)
        purple_notify_close(PURPLE_NOTIFY_SEARCHRESULTS, mxp->invite_list);
    mxp->invite_list = NULL;
}

static void answer_row(PurpleConnection *gc, GList *row, gboolean accept)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    if (mxp != NULL && row != NULL && row->data != NULL && atoi(row->data) > 0)
        mxp_invites_answer(mxp, atoi(row->data), accept, NULL);
}

static void on_accept_row(PurpleConnection *gc, GList *row, gpointer data)
{
    answer_row(gc, row, TRUE);
}

static void on_reject_row(PurpleConnection *gc, GList *row, gpointer data)
{
    answer_row(gc, row, FALSE);
}

static GList *new_row(Invite *invite, MxRoom *room)
{
    const char *kind = room->invite_is_direct ? _("Person")
                       : room->is_space       ? _("Space")
                                              : _("Room");
    GList *row = g_list_append(NULL, g_strdup_printf("%u", invite->number));
    row = g_list_append(row, g_strdup(room->name));
    row = g_list_append(row, g_strdup(kind));
    row = g_list_append(row, g_strdup(get_inviter(room)));
    return g_list_append(row, g_strdup(room->invite_reason != NULL ? room->invite_reason : ""));
}

static void open_list(MxpAccount *mxp)
{
    static const char *const columns[] = {N_("No."), N_("Name"), N_("Kind"), N_("Invited by"),
                                          N_("Reason")};
    PurpleNotifySearchResults *results = purple_notify_searchresults_new();
    guint count = 0;
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        purple_notify_searchresults_column_add(
            results, purple_notify_searchresults_column_new(_(columns[i])));
    for (guint i = 0; i < mxp->invites->len; i++) {
        Invite *invite = g_ptr_array_index(mxp->invites, i);
        MxRoom *room = get_room(invite);
        if (!is_waiting(invite))
            continue;
        invite->is_shown = TRUE;
        purple_request_close_with_handle(invite);
        purple_notify_searchresults_row_add(results, new_row(invite, room));
        count++;
    }
    purple_notify_searchresults_button_add_labeled(results, _("Accept"), on_accept_row);
    purple_notify_searchresults_button_add_labeled(results, _("Reject"), on_reject_row);
    g_autofree char *primary = g_strdup_printf(
        g_dngettext(GETTEXT_PACKAGE, "You have %u invitation", "You have %u invitations", count),
        count);
    mxp->invite_list = purple_notify_searchresults(
        mxp->gc, _("Invitations"), primary,
        _("To be answered here, or with /invites in any window."), results, on_list_closed, mxp);
}

void mxp_invites_show(MxpAccount *mxp)
{
    close_list(mxp);
    if (count_waiting(mxp) > 0)
        open_list(mxp);
    else
        purple_notify_info(mxp->gc, _("Matrix"), purple_account_get_username(mxp->account),
                           _("There are no invitations."));
}

static gboolean has_new(MxpAccount *mxp)
{
    for (guint i = 0; i < mxp->invites->len; i++) {
        Invite *invite = g_ptr_array_index(mxp->invites, i);
        if (!invite->is_shown && is_waiting(invite))
            return TRUE;
    }
    return FALSE;
}

static void show_new(MxpAccount *mxp)
{
    /* A plugin that answers at once may change the array. */
    for (guint i = 0; i < mxp->invites->len; i++) {
        Invite *invite = g_ptr_array_index(mxp->invites, i);
        if (!invite->is_shown && is_waiting(invite))
            show(invite);
    }
}

static gboolean on_gathered(gpointer data)
{
    MxpAccount *mxp = data;
    gboolean was_open = mxp->invite_list != NULL;
    mxp->invite_source = 0;
    if (!PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        return G_SOURCE_REMOVE;
    close_list(mxp);
    if (count_waiting(mxp) > 0 && (was_open || (has_new(mxp) && count_waiting(mxp) > MAX_DIALOGS)))
        open_list(mxp);
    else
        show_new(mxp);
    return G_SOURCE_REMOVE;
}

static void gather(MxpAccount *mxp)
{
    g_clear_handle_id(&mxp->invite_source, g_source_remove);
    mxp->invite_source = g_timeout_add(GATHER_MS, on_gathered, mxp);
}

static void gather_new(MxpAccount *mxp)
{
    guint wait_ms = mxp->invite_list != NULL ? GATHER_OPEN_MS : GATHER_MS;
    if (mxp->invite_source == 0)
        mxp->invite_source = g_timeout_add(wait_ms, on_gathered, mxp);
}

/* ---- what changes ---- */

void mxp_invites_init(MxpAccount *mxp)
{
    mxp->invites = g_ptr_array_new_with_free_func(invite_free);
    purple_signal_connect_priority(purple_conversations_get_handle(), "chat-invited", mxp,
                                   PURPLE_CALLBACK(on_chat_invited), mxp,
                                   PURPLE_SIGNAL_PRIORITY_HIGHEST);
}

void mxp_invites_clear(MxpAccount *mxp)
{
    g_clear_handle_id(&mxp->invite_source, g_source_remove);
    close_list(mxp);
    g_clear_pointer(&mxp->invites, g_ptr_array_unref);
}

void mxp_invites_resume(MxpAccount *mxp)
{
    if (has_new(mxp))
        gather_new(mxp);
}

void mxp_invites_update(MxpAccount *mxp, MxRoom *room)
{
    Invite *invite = find_invite(mxp, room->room_id);
    if (room->membership == MX_MEMBERSHIP_INVITE && invite != NULL && invite->is_rejected) {
        /* Invited again before a /sync told of the rejection. */
        g_ptr_array_remove(mxp->invites, invite);
        invite = NULL;
    }
    if (room->membership == MX_MEMBERSHIP_INVITE && invite == NULL) {
        invite = g_new0(Invite, 1);
        invite->mxp = mxp;
        invite->room_id = g_strdup(room->room_id);
        invite->number = ++mxp->last_invite;
        g_ptr_array_add(mxp->invites, invite);
        gather_new(mxp);
    } else if (room->membership != MX_MEMBERSHIP_INVITE && invite != NULL) {
        gboolean is_listed = mxp->invite_list != NULL && !invite->is_answered;
        g_ptr_array_remove(mxp->invites, invite);
        if (is_listed)
            gather_new(mxp);
    }
}

static void set_answered(MxpAccount *mxp, const char *room_id, gboolean is_answered)
{
    Invite *invite = find_invite(mxp, room_id);
    if (invite == NULL)
        return;
    invite->is_answered = is_answered;
    if (mxp->invite_list != NULL)
        gather(mxp);
}

void mxp_invites_answered(MxpAccount *mxp, const char *room_id)
{
    set_answered(mxp, room_id, TRUE);
}

void mxp_invites_not_answered(MxpAccount *mxp, const char *room_id)
{
    set_answered(mxp, room_id, FALSE);
}
