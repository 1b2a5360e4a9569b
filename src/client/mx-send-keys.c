/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-send-decision.h"

#define SAY_AFTER_MS 3000
#define SAY_STUCK_MS 12000  /* more than D11's patience, so not for a server that is away */
#define LOOK_AGAIN_MS 10000 /* D11 */
#define MEMBERS_AGAIN_MS 5000

void mx_key_wait_init(MxKeyWait *wait, MxClient *client, gint64 room)
{
    wait->client = client;
    wait->room = room;
}

void mx_key_wait_clear(MxKeyWait *wait)
{
    g_clear_handle_id(&wait->source, g_source_remove);
    g_clear_pointer(&wait->told_user, g_free);
}

void mx_key_wait_end(MxKeyWait *wait)
{
    mx_key_wait_clear(wait);
    wait->since = wait->members_asked = 0;
    wait->is_told = FALSE;
}

static gboolean on_time(gpointer data)
{
    MxKeyWait *wait = data;
    wait->source = 0;
    mx_send_queue_kick(wait->client, wait->room);
    return G_SOURCE_REMOVE;
}

static void look_again_in(MxKeyWait *wait, gint64 ms)
{
    g_clear_handle_id(&wait->source, g_source_remove);
    wait->source = g_timeout_add((guint)CLAMP(ms, 1, LOOK_AGAIN_MS), on_time, wait);
}

/* Once for each reason. */
static void say(MxKeyWait *wait, const char *user_id, const char *text)
{
    MxRoom *room = mx_client_get_room_by_key(wait->client, wait->room);
    if (room == NULL || g_strcmp0(wait->told_user, user_id) == 0)
        return;
    g_free(wait->told_user);
    wait->told_user = g_strdup(user_id);
    mx_client_emit_room_error(wait->client, room, text);
}

/* H13 */
static void say_changed(MxKeyWait *wait, const MxSendJob *job)
{
    g_autofree char *text = g_strdup_printf(
        _("Not sent yet: “%s”. It waits until you accept the new identity of %s with "
          "“/trust %s”."),
        job->body, job->step.user_id, job->step.user_id);
    say(wait, job->step.user_id, text);
}

static void say_no_keys(MxKeyWait *wait, const MxSendJob *job)
{
    const char *why = mx_client_crypto_get_failure(wait->client);
    g_autofree char *text = g_strdup_printf(
        _("Not sent yet: “%s”. This room is encrypted, and the encryption of this account is not "
          "ready. %s"),
        job->body, why != NULL ? why : "");
    say(wait, "", text);
}

/* Said once, while it goes on: nothing is held for long without a word. */
static void say_progress(MxKeyWait *wait, const MxSendJob *job)
{
    MxRoom *room = mx_client_get_room_by_key(wait->client, wait->room);
    wait->is_told = TRUE;
    if (room == NULL)
        return;
    g_autofree char *text = NULL;
    if (job->step.state == MX_SHARE_NEEDS_MEMBERS)
        text = g_strdup_printf(_("Not sent yet: “%s”. The homeserver has not told who is in this "
                                 "room; it is asked again until it does."),
                               job->body);
    else if (job->step.n_all == 0)
        text = g_strdup_printf(_("Not sent yet: “%s”. The homeserver has not told the devices of "
                                 "everybody here; it is asked again until it does."),
                               job->body);
    else
        text = g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "Sending keys to %'u device…",
                                           "Sending keys to %'u devices…", job->step.n_all),
                               job->step.n_all);
    mx_client_emit_notice(wait->client, room, text);
}

/* Gives what is left until it is told, in milliseconds; 0: it is. */
static gint64 tell_in_time(MxKeyWait *wait, const MxSendJob *job, gint64 after_ms)
{
    gint64 now = g_get_monotonic_time();
    if (wait->since == 0)
        wait->since = now;
    gint64 left = after_ms - (now - wait->since) / 1000;
    if (left <= 0 && !wait->is_told)
        say_progress(wait, job);
    return MAX(left, 0);
}

static gboolean wait_for_keys(MxKeyWait *wait, const MxSendJob *job)
{
    gint64 left = tell_in_time(wait, job, job->step.n_all > 0 ? SAY_AFTER_MS : SAY_STUCK_MS);
    look_again_in(wait, left > 0 ? left : LOOK_AGAIN_MS);
    return job->step.has_more;
}

static void on_members(MxClient *client, MxRoom *room, GPtrArray *members, guint total,
                       gpointer user_data)
{
    g_ptr_array_unref(members);
    mx_send_queue_kick(client, room->key);
}

/* D12 */
static void ask_members(MxKeyWait *wait, const MxSendJob *job)
{
    static const MxMemberQuery query = {.limit = 1};
    MxRoom *room = mx_client_get_room_by_key(wait->client, wait->room);
    gint64 now = g_get_monotonic_time();
    if (room != NULL &&
        (wait->members_asked == 0 || now - wait->members_asked >= MEMBERS_AGAIN_MS * 1000)) {
        wait->members_asked = now;
        mx_client_list_members(wait->client, room, &query, on_members, NULL, NULL);
    }
    tell_in_time(wait, job, SAY_STUCK_MS);
    look_again_in(wait, MEMBERS_AGAIN_MS);
}

gboolean mx_key_wait_step(MxKeyWait *wait, const MxSendJob *job)
{
    switch (job->step.state) {
    case MX_SHARE_WAIT:
        return wait_for_keys(wait, job);
    case MX_SHARE_NEEDS_MEMBERS:
        ask_members(wait, job);
        break;
    case MX_SHARE_IDENTITY_CHANGED:
        say_changed(wait, job);
        break;
    default:
        say_no_keys(wait, job);
    }
    return FALSE;
}
