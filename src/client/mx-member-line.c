/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-power.h"
#include "mx-room-name.h"
#include "mx-state-line.h"

/* What became of somebody's membership: client-server API, m.room.member, the table of what it was
 * and is. */

/* The user as the room shows one now; who has left as known before. */
static char *name_of_target(const MxStateChange *change, const MxMemberContent *prev)
{
    g_autofree char *name = mx_room_name_of_member(change->store, change->room, change->state_key);
    if (prev->display_name == NULL || !g_str_equal(name, change->state_key))
        return g_steal_pointer(&name);
    return mx_room_name_of_user(prev->display_name, change->state_key, TRUE);
}

/* Whatever the change of the name was, the other name is not shown with an ID where it is plain. */
static char *describe_rename(const MxStateChange *change, const MxMemberContent *prev,
                             const MxMemberContent *now)
{
    if (g_strcmp0(prev->display_name, now->display_name) == 0)
        return NULL; /* a new picture */
    g_autofree char *old_name = mx_room_name_of_user(prev->display_name, change->state_key, FALSE);
    g_autofree char *name = mx_room_name_of_user(
        now->display_name, change->state_key,
        now->display_name != NULL && mx_store_is_name_shared(change->store, change->room,
                                                             change->state_key, now->display_name));
    return g_strdup_printf(_("%s is now known as %s."), old_name, name);
}

typedef enum { ANY, BY_SELF, BY_OTHER } Actor;

/* Translators: the first %s is who did it, the second one to whom. */
static const struct {
    MxMembership from, to;
    Actor actor;
    gboolean is_minor;
    const char *text;
} transitions[] = {
    {MX_MEMBERSHIP_LEAVE, MX_MEMBERSHIP_JOIN, ANY, TRUE, N_("%s has joined.")},
    {MX_MEMBERSHIP_INVITE, MX_MEMBERSHIP_JOIN, ANY, TRUE, N_("%s has accepted the invitation.")},
    {MX_MEMBERSHIP_KNOCK, MX_MEMBERSHIP_JOIN, ANY, TRUE, N_("%s has joined.")},
    {MX_MEMBERSHIP_LEAVE, MX_MEMBERSHIP_INVITE, BY_OTHER, FALSE, N_("%s has invited %s.")},
    {MX_MEMBERSHIP_KNOCK, MX_MEMBERSHIP_INVITE, BY_OTHER, FALSE,
     N_("%s has agreed to let %s join.")},
    {MX_MEMBERSHIP_LEAVE, MX_MEMBERSHIP_KNOCK, ANY, FALSE, N_("%s asks to join.")},
    {MX_MEMBERSHIP_INVITE, MX_MEMBERSHIP_KNOCK, ANY, FALSE, N_("%s asks to join.")},
    {MX_MEMBERSHIP_JOIN, MX_MEMBERSHIP_LEAVE, BY_SELF, TRUE, N_("%s has left.")},
    {MX_MEMBERSHIP_JOIN, MX_MEMBERSHIP_LEAVE, BY_OTHER, FALSE, N_("%s has removed %s.")},
    {MX_MEMBERSHIP_INVITE, MX_MEMBERSHIP_LEAVE, BY_SELF, FALSE,
     N_("%s has rejected the invitation.")},
    {MX_MEMBERSHIP_INVITE, MX_MEMBERSHIP_LEAVE, BY_OTHER, FALSE,
     N_("%s has withdrawn the invitation of %s.")},
    {MX_MEMBERSHIP_KNOCK, MX_MEMBERSHIP_LEAVE, BY_SELF, FALSE, N_("%s no longer asks to join.")},
    {MX_MEMBERSHIP_KNOCK, MX_MEMBERSHIP_LEAVE, BY_OTHER, FALSE, N_("%s does not let %s join.")},
    {MX_MEMBERSHIP_BAN, MX_MEMBERSHIP_LEAVE, ANY, FALSE, N_("%s has unbanned %s.")},
    {MX_MEMBERSHIP_LEAVE, MX_MEMBERSHIP_BAN, BY_OTHER, FALSE, N_("%s has banned %s.")},
    {MX_MEMBERSHIP_INVITE, MX_MEMBERSHIP_BAN, BY_OTHER, FALSE, N_("%s has banned %s.")},
    {MX_MEMBERSHIP_JOIN, MX_MEMBERSHIP_BAN, BY_OTHER, FALSE, N_("%s has banned %s.")},
    {MX_MEMBERSHIP_KNOCK, MX_MEMBERSHIP_BAN, BY_OTHER, FALSE, N_("%s has banned %s.")},
};

static const char *find_text(MxMembership from, MxMembership to, gboolean by_self,
                             gboolean *is_minor)
{
    for (guint i = 0; i < G_N_ELEMENTS(transitions); i++) {
        Actor actor = transitions[i].actor;
        if (transitions[i].from != from || transitions[i].to != to ||
            (actor != ANY && (actor == BY_SELF) != by_self))
            continue;
        *is_minor = transitions[i].is_minor;
        return _(transitions[i].text);
    }
    return NULL;
}

static char *add_reason(char *sentence, const MxStateChange *change)
{
    g_autofree char *said =
        mx_json_slice_dup_string(mx_json_scan_member(change->content, "reason"));
    g_autofree char *reason = mx_event_tidy_name(said);
    if (reason == NULL)
        return sentence;
    g_autofree char *without = sentence;
    /* Translators: a sentence, and why it was done in the doer's words. */
    return g_strdup_printf(_("%s Reason: %s"), without, reason);
}

/* Who may answer is told how: nobody else has to act upon a line. */
static char *add_answers(char *sentence, const MxStateChange *change)
{
    g_autofree char *own_user_id = mx_store_get_value(change->store, MX_VALUE_USER_ID);
    g_autoptr(MxPower) power = mx_power_load(change->store, change->room);
    if (own_user_id == NULL || !mx_power_may_invite(power, own_user_id))
        return sentence;
    g_autofree char *without = sentence;
    /* Translators: a sentence; the words with a slash are commands. */
    return g_strdup_printf(_("%s (/admit or /deny answers.)"), without);
}

static char *describe_transition(const MxStateChange *change, const char *text,
                                 const MxMemberContent *prev)
{
    g_autofree char *target = name_of_target(change, prev);
    gboolean by_self = g_str_equal(change->sender, change->state_key);
    return add_reason(mx_state_line_fill(text, by_self ? target : change->sender_name, target),
                      change);
}

char *mx_member_line_describe(const MxStateChange *change, gboolean *is_minor)
{
    g_auto(MxMemberContent) prev = {0};
    g_auto(MxMemberContent) now = {0};
    mx_member_content_parse(&prev, change->prev);
    mx_member_content_parse(&now, change->content);
    /* Where it says nothing of before, the user was not there. */
    if (prev.membership == MX_MEMBERSHIP_NONE)
        prev.membership = MX_MEMBERSHIP_LEAVE;
    if (prev.membership == MX_MEMBERSHIP_JOIN && now.membership == MX_MEMBERSHIP_JOIN) {
        *is_minor = TRUE;
        return describe_rename(change, &prev, &now);
    }
    gboolean by_self = g_str_equal(change->sender, change->state_key);
    const char *text = find_text(prev.membership, now.membership, by_self, is_minor);
    if (text == NULL)
        return NULL;
    char *sentence = describe_transition(change, text, &prev);
    return now.membership == MX_MEMBERSHIP_KNOCK ? add_answers(sentence, change) : sentence;
}
