/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "knocks.h"
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include <notify.h>
#include <request.h>

#include "join-rule.h"
#include "mx-directory.h"
#include "mx-id.h"
#include "mx-link.h"
#include "rooms.h"

/* In the set of rooms that the user waits for. */
typedef enum { WAITING = 1, TAKING_BACK } Waiting;

void mxp_knocks_init(MxpAccount *mxp)
{
    mxp->knocks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    mxp->shown_knocks =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
}

/* ---- what became of it ---- */

/* An invitation is told by libpurple's own means. */
void mxp_knocks_update(MxpAccount *mxp, const MxRoom *room)
{
    Waiting waiting = GPOINTER_TO_INT(g_hash_table_lookup(mxp->knocks, room->room_id));
    if (room->membership == MX_MEMBERSHIP_KNOCK) {
        if (waiting == 0)
            g_hash_table_insert(mxp->knocks, g_strdup(room->room_id), GINT_TO_POINTER(WAITING));
        return;
    }
    if (waiting == 0)
        return;
    g_hash_table_remove(mxp->knocks, room->room_id);
    if (waiting == TAKING_BACK || room->membership == MX_MEMBERSHIP_INVITE ||
        room->membership == MX_MEMBERSHIP_JOIN)
        return;
    g_autofree char *text =
        g_strdup_printf(_("You no longer wait to be let into the room “%s”: it was refused, or "
                          "taken back elsewhere."),
                        room->name);
    purple_notify_info(mxp->gc, _("Matrix"), purple_account_get_username(mxp->account), text);
}

/* ---- ask ---- */

typedef struct {
    MxpReply *reply;
    MxpDeed deed;
    char *target; /* as shown; of an own knock as typed */
} Deed;

static Deed *deed_new(MxpAccount *mxp, MxpDeed what, const char *target,
                      PurpleConversation *conversation)
{
    Deed *deed = g_new0(Deed, 1);
    deed->reply = mxp_reply_new(mxp, conversation);
    deed->deed = what;
    deed->target = g_strdup(target);
    return deed;
}

static void deed_free(gpointer data)
{
    Deed *deed = data;
    mxp_reply_free(deed->reply);
    g_free(deed->target);
    g_free(deed);
}

static void on_asked(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Deed *deed = data;
    MxpAccount *mxp = deed->reply->mxp;
    g_autofree char *text = NULL;
    if (error != NULL) {
        text = mxp_reply_explain(MXP_DEED_KNOCK, deed->target, error);
        mxp_reply_fail(deed->reply, text);
        return;
    }
    text = g_strdup_printf(_("You have asked to be let into %s. If they agree there, an invitation "
                             "comes. /knocks shows where you wait, /unknock takes it back."),
                           deed->target);
    if (deed->reply->name != NULL)
        mxp_reply_say(deed->reply, text);
    else
        purple_notify_info(mxp->gc, _("Matrix"), purple_account_get_username(mxp->account), text);
}

static void ask(MxpAccount *mxp, const char *target, const char *const *via, const char *reason,
                PurpleConversation *conversation)
{
    mx_client_knock(mxp->client, target, via, reason, on_asked,
                    deed_new(mxp, MXP_DEED_KNOCK, target, conversation), deed_free);
}

gboolean mxp_knocks_ask(MxpAccount *mxp, const char *words, PurpleConversation *conversation,
                        char **error)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", 2);
    g_autoptr(MxLink) link = mx_link_parse(parts[0]);
    MxRoom *room = link != NULL ? mxp_rooms_find(mxp, link->id) : NULL;
    const char *reason =
        parts[0] != NULL && parts[1] != NULL && *parts[1] != '\0' ? parts[1] : NULL;
    if (link == NULL || link->kind == MX_LINK_USER) {
        *error = g_strdup(_("That leads to no room. Type its address (#room:example.org), its ID "
                            "(!abc…) or a link to it."));
        return FALSE;
    }
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        *error = g_strdup(_("You are in that room already."));
    else if (room != NULL && room->membership == MX_MEMBERSHIP_INVITE)
        *error = g_strdup(_("You are invited to that room: /join and its address joins it."));
    else if (room != NULL && room->membership == MX_MEMBERSHIP_KNOCK)
        *error = g_strdup(_("You have asked there already. /unknock takes it back."));
    if (*error != NULL)
        return FALSE;
    ask(mxp, link->id, (const char *const *)link->via, reason, conversation);
    return TRUE;
}

/* ---- take back ---- */

static void on_taken_back(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Deed *deed = data;
    MxpAccount *mxp = deed->reply->mxp;
    g_autofree char *text = NULL;
    if (error == NULL) {
        text = g_strdup_printf(_("You no longer ask to be let into %s."), deed->target);
        mxp_reply_say(deed->reply, text);
        return;
    }
    if (g_hash_table_contains(mxp->knocks, room_id))
        g_hash_table_insert(mxp->knocks, g_strdup(room_id), GINT_TO_POINTER(WAITING));
    text = mxp_reply_explain(MXP_DEED_LEAVE, deed->target, error);
    mxp_reply_fail(deed->reply, text);
}

static const char *find_waiting(MxpAccount *mxp, const char *typed)
{
    GHashTableIter iter;
    gpointer room_id = NULL;
    g_autoptr(MxLink) link = mx_link_parse(typed);
    MxRoom *room = link != NULL ? mxp_rooms_find(mxp, link->id) : NULL;
    g_hash_table_iter_init(&iter, mxp->knocks);
    if (*typed == '\0')
        return g_hash_table_size(mxp->knocks) == 1 && g_hash_table_iter_next(&iter, &room_id, NULL)
                   ? room_id
                   : NULL;
    return room != NULL && g_hash_table_contains(mxp->knocks, room->room_id) ? room->room_id : NULL;
}

gboolean mxp_knocks_take_back(MxpAccount *mxp, const char *words, PurpleConversation *conversation,
                              char **error)
{
    g_autofree char *typed = g_strstrip(g_strdup(words));
    g_autofree char *room_id = g_strdup(find_waiting(mxp, typed));
    MxRoom *room = room_id != NULL ? mx_client_get_room(mxp->client, room_id) : NULL;
    if (room == NULL) {
        *error = g_strdup(_("You do not wait to be let into that room. /knocks lists where you do; "
                            "type an ID or an address of that list."));
        return FALSE;
    }
    g_hash_table_insert(mxp->knocks, g_strdup(room_id), GINT_TO_POINTER(TAKING_BACK));
    mx_client_leave(mxp->client, room_id, NULL, on_taken_back,
                    deed_new(mxp, MXP_DEED_LEAVE, room->name, conversation), deed_free);
    return TRUE;
}

/* ---- list ---- */

static void append_own(GString *text, MxpAccount *mxp)
{
    GHashTableIter iter;
    gpointer room_id;
    const char *before = _("You wait to be let into: ");
    g_hash_table_iter_init(&iter, mxp->knocks);
    while (g_hash_table_iter_next(&iter, &room_id, NULL)) {
        g_autofree char *name = mxp_join_rule_name_room(mxp, room_id, NULL);
        if (text->len > 0 && *before != ',')
            g_string_append_c(text, '\n');
        g_string_append_printf(text, "%s%s", before, name);
        before = ", ";
    }
}

static void append_knock(GString *text, guint number, const MxKnock *knock)
{
    g_string_append_printf(text, "\n%u. %s", number,
                           knock->name != NULL ? knock->name : knock->user_id);
    if (knock->name != NULL)
        g_string_append_printf(text, " (%s)", knock->user_id);
    if (knock->reason != NULL)
        g_string_append_printf(text, ": %s", knock->reason);
}

typedef struct {
    MxpReply *reply;
    char *room_id;
    char *typed; /* NULL: they are only listed */
    gboolean admit;
} Answer;

static Answer *answer_new(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    Answer *answer = g_new0(Answer, 1);
    answer->reply = mxp_reply_new(mxp, conversation);
    answer->room_id = g_strdup(room->room_id);
    return answer;
}

static void answer_free(gpointer data)
{
    Answer *answer = data;
    mxp_reply_free(answer->reply);
    g_free(answer->room_id);
    g_free(answer->typed);
    g_free(answer);
}

/* Their numbers mean them until the next list, whoever asks meanwhile. */
static void keep_numbers(MxpAccount *mxp, const char *room_id, GPtrArray *knocks)
{
    GPtrArray *shown = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < knocks->len; i++)
        g_ptr_array_add(shown, g_strdup(((MxKnock *)g_ptr_array_index(knocks, i))->user_id));
    g_hash_table_replace(mxp->shown_knocks, g_strdup(room_id), shown);
}

static void on_listed(MxClient *client, GPtrArray *knocks, const GError *error, gpointer data)
{
    const Answer *answer = data;
    const MxpReply *reply = answer->reply;
    g_autoptr(GString) text = g_string_new(NULL);
    if (knocks != NULL)
        keep_numbers(reply->mxp, answer->room_id, knocks);
    if (knocks == NULL) {
        g_string_append(text, _("Who asks to be let into this room could not be found out. "));
        g_string_append(text, error->message);
    } else if (knocks->len == 0) {
        g_string_append(text, _("Nobody asks to be let into this room."));
    } else {
        g_string_append(text, _("They ask to be let into this room:"));
        for (guint i = 0; i < knocks->len; i++)
            append_knock(text, i + 1, g_ptr_array_index(knocks, i));
        g_string_append(text, _("\n/admit and a number lets one in, /deny and a number does not."));
    }
    append_own(text, reply->mxp);
    mxp_reply_say(reply, text->str);
}

void mxp_knocks_list(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    if (room != NULL) {
        mx_client_list_knocks(mxp->client, room->room_id, on_listed,
                              answer_new(mxp, room, conversation), answer_free);
        return;
    }
    g_autoptr(MxpReply) reply = mxp_reply_new(mxp, conversation);
    g_autoptr(GString) text = g_string_new(NULL);
    append_own(text, mxp);
    mxp_reply_say(reply, text->len > 0 ? text->str : _("You wait to be let into no room."));
}

/* ---- answer ---- */

/* The room tells of it by itself. */
static void on_answered(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Deed *deed = data;
    if (error == NULL)
        return;
    g_autofree char *text = mxp_reply_explain(deed->deed, deed->target, error);
    mxp_reply_fail(deed->reply, text);
}

/* What looks like a number or an ID is one: names are chosen by those who ask. shown: or NULL. */
static gboolean is_meant(GPtrArray *knocks, guint index, GPtrArray *shown, const char *word)
{
    const MxKnock *knock = g_ptr_array_index(knocks, index);
    guint64 number;
    if (mx_user_id_is_valid(word))
        return g_str_equal(word, knock->user_id);
    if (word[strspn(word, "0123456789")] != '\0')
        return g_strcmp0(word, knock->name) == 0;
    if (!g_ascii_string_to_unsigned(word, 10, 1, MX_MAX_KNOCKS, &number, NULL))
        return FALSE;
    if (shown == NULL)
        return number == index + 1;
    return number <= shown->len &&
           g_str_equal(g_ptr_array_index(shown, number - 1), knock->user_id);
}

/* The one whom all of it means, or its first word; NULL: none, or several. */
static const MxKnock *find_meant(GPtrArray *knocks, GPtrArray *shown, const char *typed,
                                 const char **reason)
{
    g_auto(GStrv) parts = g_strsplit(typed, " ", 2);
    const MxKnock *found = NULL;
    guint count = 0;
    *reason = NULL;
    if (*typed == '\0')
        return knocks->len == 1 ? g_ptr_array_index(knocks, 0) : NULL;
    for (guint whole = 1; count == 0 && whole <= 2; whole++)
        for (guint i = 0; i < knocks->len; i++)
            if (is_meant(knocks, i, shown, whole == 1 ? typed : parts[0])) {
                found = g_ptr_array_index(knocks, i);
                *reason = whole == 2 && parts[1] != NULL ? typed + strlen(parts[0]) + 1 : NULL;
                count++;
            }
    return count == 1 ? found : NULL;
}

static void on_listed_for_answer(MxClient *client, GPtrArray *knocks, const GError *error,
                                 gpointer data)
{
    const Answer *answer = data;
    MxpAccount *mxp = answer->reply->mxp;
    const char *reason;
    if (knocks == NULL) {
        mxp_reply_fail(answer->reply, error->message);
        return;
    }
    const MxKnock *knock = find_meant(
        knocks, g_hash_table_lookup(mxp->shown_knocks, answer->room_id), answer->typed, &reason);
    if (knock == NULL) {
        mxp_reply_fail(answer->reply, knocks->len == 0
                                          ? _("Nobody asks to be let into this room.")
                                          : _("That means none, or several, of those who ask to be "
                                              "let into this room. /knocks lists them with their "
                                              "numbers."));
        return;
    }
    MxpDeed what = answer->admit ? MXP_DEED_INVITE : MXP_DEED_DENY;
    Deed *deed = deed_new(mxp, what, knock->user_id, mxp_reply_get_conversation(answer->reply));
    if (answer->admit)
        mx_client_invite(client, answer->room_id, knock->user_id, reason, on_answered, deed,
                         deed_free);
    else
        mx_client_deny_knock(client, answer->room_id, knock->user_id, reason, on_answered, deed,
                             deed_free);
}

void mxp_knocks_answer(MxpAccount *mxp, MxRoom *room, const char *who, gboolean admit,
                       PurpleConversation *conversation)
{
    Answer *answer = answer_new(mxp, room, conversation);
    answer->typed = g_strstrip(g_strdup(who));
    answer->admit = admit;
    mx_client_list_knocks(mxp->client, room->room_id, on_listed_for_answer, answer, answer_free);
}

/* ---- a room that could not be joined ---- */

/* The account keeps it, since a dialog that dies with the connection frees nothing. */
typedef struct {
    MxpAccount *mxp;
    MxpReply *reply;
    char *target, *text;
    char **via;
    char *needed; /* the room whose members may join, or NULL */
    gboolean has_knock;
} Refused;

static void refused_clear(gpointer data)
{
    Refused *refused = data;
    g_clear_pointer(&refused->reply, mxp_reply_free);
    g_free(refused->target);
    g_free(refused->text);
    g_free(refused->needed);
    g_strfreev(refused->via);
}

static void refused_unref(gpointer refused)
{
    g_rc_box_release_full(refused, refused_clear);
}

void mxp_knocks_clear(MxpAccount *mxp)
{
    g_clear_pointer(&mxp->knocks, g_hash_table_unref);
    g_clear_pointer(&mxp->shown_knocks, g_hash_table_unref);
    g_slist_free_full(g_steal_pointer(&mxp->offers), refused_unref);
}

static void close_offer(Refused *refused)
{
    refused->mxp->offers = g_slist_remove(refused->mxp->offers, refused);
    refused_unref(refused);
}

static void on_offer_taken(Refused *refused, const char *reason)
{
    g_autofree char *words = g_strstrip(g_strdup(reason != NULL ? reason : ""));
    ask(refused->mxp, refused->target, (const char *const *)refused->via,
        *words != '\0' ? words : NULL, NULL);
    close_offer(refused);
}

static void on_offer_refused(Refused *refused, const char *reason)
{
    close_offer(refused);
}

static void offer(Refused *refused, const char *text)
{
    MxpAccount *mxp = refused->mxp;
    mxp->offers = g_slist_prepend(mxp->offers, g_rc_box_acquire(refused));
    purple_request_input(mxp->gc, _("Matrix"), _("You can ask to be let in"), text, NULL, FALSE,
                         FALSE, NULL, _("Ask to Join"), G_CALLBACK(on_offer_taken), _("Cancel"),
                         G_CALLBACK(on_offer_refused), mxp->account, NULL, NULL, refused);
}

static void say_refused(Refused *refused, const char *needed)
{
    g_autoptr(GString) text = g_string_new(refused->text);
    if (needed != NULL)
        g_string_append_printf(text, _(" Members of %s may join it: join that first."), needed);
    if (!refused->has_knock) {
        mxp_reply_fail(refused->reply, text->str);
    } else if (refused->reply->name == NULL) {
        g_string_append(text, _(" With what words do you ask?"));
        offer(refused, text->str);
    } else {
        g_string_append_printf(text, _(" You can ask to be let in: /knock %s"), refused->target);
        mxp_reply_fail(refused->reply, text->str);
    }
}

static void on_needed_summary(MxClient *client, const MxRoomSummary *summary, gpointer data)
{
    Refused *refused = data;
    g_autofree char *name = mxp_join_rule_name_room(refused->mxp, refused->needed,
                                                    summary != NULL ? summary->name : NULL);
    say_refused(refused, name);
}

static void on_summary(MxClient *client, const MxRoomSummary *summary, gpointer data)
{
    Refused *refused = data;
    if (summary == NULL) {
        mxp_reply_fail(refused->reply, refused->text);
        return;
    }
    refused->has_knock = mx_join_rule_has_knock(summary->rules->rule);
    if (!mx_join_rule_is_restricted(summary->rules->rule) || summary->rules->allowed->len == 0) {
        say_refused(refused, NULL);
        return;
    }
    refused->needed = g_strdup(g_ptr_array_index(summary->rules->allowed, 0));
    if (mx_client_get_room(client, refused->needed) != NULL) {
        on_needed_summary(client, NULL, refused);
        return;
    }
    mx_client_summarize(client, refused->needed, (const char *const *)refused->via,
                        on_needed_summary, g_rc_box_acquire(refused), refused_unref);
}

/* The server of an address is in the room, as a rule; and in the room whose members may join it. */
static char **guess_via(const char *target)
{
    const char *colon = strchr(target, ':');
    const char *const servers[] = {colon != NULL ? colon + 1 : NULL, NULL};
    return g_strdupv((char **)servers);
}

void mxp_knocks_explain_join(MxpReply *reply, const char *target, const char *const *via,
                             const GError *error, const char *text)
{
    if (g_strcmp0(mx_error_get_errcode(error), "M_FORBIDDEN") != 0) {
        mxp_reply_fail(reply, text);
        mxp_reply_free(reply);
        return;
    }
    Refused *refused = g_rc_box_new0(Refused);
    refused->mxp = reply->mxp;
    refused->reply = reply;
    refused->target = g_strdup(target);
    refused->text = g_strdup(text);
    refused->via = via != NULL && *via != NULL ? g_strdupv((char **)via) : guess_via(target);
    mx_client_summarize(reply->mxp->client, target, via, on_summary, refused, refused_unref);
}
