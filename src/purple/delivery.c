/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "delivery.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <conversation.h>

#include "day-line.h"
#include "emoji.h"
#include "history.h"
#include "log-tail.h"
#include "messages.h"
#include "receipts.h"

#define SLICE_US (8 * 1000)
/* So often it is looked whether a line's emoji are there. */
#define EMOJI_MS 50

typedef struct {
    MxpAccount *mxp;
    char *room_id;
    GPtrArray *lines; /* in hand: being written from next on; NULL while they are asked for */
    guint next;
    guint source;
    int left_out;
    gboolean again; /* more came while the lines were asked for */
    gboolean opens; /* a message opens the window; what happened to the room alone does not */
    int shown_day;  /* of the last line: day-line.h */
} Delivery;

static void ask(Delivery *delivery, MxRoom *room);

/* The line that tells this one; it comes before it. */
static guint get_teller(GPtrArray *lines, guint index)
{
    const MxLine *line = g_ptr_array_index(lines, index);
    for (guint i = 0; line->told_by != 0 && i < index; i++)
        if (((MxLine *)g_ptr_array_index(lines, i))->row == line->told_by)
            return i;
    return index;
}

/* Shown and not shown ones of the lines in hand, to the database. */
static void settle(Delivery *delivery)
{
    if (delivery->lines == NULL)
        return;
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    for (guint i = 0; i < delivery->lines->len; i++)
        g_ptr_array_add(get_teller(delivery->lines, i) < delivery->next ? shown : rest,
                        g_ptr_array_index(delivery->lines, i));
    mx_client_lines_shown(delivery->mxp->client, shown);
    mx_client_lines_not_shown(delivery->mxp->client, rest);
    g_clear_pointer(&delivery->lines, g_ptr_array_unref);
    delivery->next = 0;
}

static void delivery_free(gpointer data)
{
    Delivery *delivery = data;
    g_clear_handle_id(&delivery->source, g_source_remove);
    settle(delivery);
    mxp_history_opened(delivery->mxp, delivery->room_id);
    g_free(delivery->room_id);
    g_free(delivery);
}

void mxp_delivery_init(MxpAccount *mxp)
{
    mxp->to_resume = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    mxp->deliveries = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, delivery_free);
}

void mxp_delivery_clear(MxpAccount *mxp)
{
    g_clear_pointer(&mxp->deliveries, g_hash_table_unref);
    g_clear_pointer(&mxp->to_resume, g_hash_table_unref);
}

/* ---- writing in slices ---- */

static void write_date_before(Delivery *delivery, MxRoom *room, const MxLine *line)
{
    g_autofree char *date = mxp_day_line_get(line->ts, &delivery->shown_day);
    PurpleConversation *conversation =
        date != NULL ? mxp_messages_open_conversation(delivery->mxp, room) : NULL;
    if (conversation != NULL)
        mxp_day_line_write(conversation, date);
}

static void say_left_out(Delivery *delivery, MxRoom *room)
{
    if (delivery->left_out == 0)
        return;
    g_autofree char *text = g_strdup_printf(
        g_dngettext(GETTEXT_PACKAGE,
                    "%d older unread message is not shown here. /history shows it.",
                    "%d older unread messages are not shown here. /history shows them.",
                    delivery->left_out),
        delivery->left_out);
    delivery->left_out = 0;
    PurpleConversation *conversation = mxp_messages_open_conversation(delivery->mxp, room);
    if (conversation != NULL)
        purple_conversation_write(conversation, NULL, text, PURPLE_MESSAGE_SYSTEM, time(NULL));
}

/* The window was closed meanwhile, and this line does not open it again. */
static gboolean may_write(Delivery *delivery, MxRoom *room, const MxLine *line)
{
    return line->kind != MX_LINE_STATE || delivery->opens ||
           mxp_messages_find_conversation(delivery->mxp, room) != NULL;
}

static gboolean on_slice(gpointer data)
{
    Delivery *delivery = data;
    MxpAccount *mxp = delivery->mxp;
    MxRoom *room = mx_client_get_room(mxp->client, delivery->room_id);
    gint64 until = g_get_monotonic_time() + SLICE_US;
    while (room != NULL && delivery->next < delivery->lines->len) {
        MxLine *line = g_ptr_array_index(delivery->lines, delivery->next);
        if (!may_write(delivery, room, line))
            break;
        if (mxp_emoji_is_awaited(mxp, mxp_messages_find_conversation(mxp, room), line)) {
            delivery->source = g_timeout_add(EMOJI_MS, on_slice, delivery);
            return G_SOURCE_REMOVE;
        }
        if (mxp_messages_is_written(mxp, room, line))
            write_date_before(delivery, room, line);
        mxp_messages_write(mxp, room, line);
        mxp_receipts_note(mxp, room, line);
        delivery->next++;
        if (g_get_monotonic_time() >= until && delivery->next < delivery->lines->len)
            return G_SOURCE_CONTINUE;
    }
    delivery->source = 0;
    gboolean is_done = delivery->next == delivery->lines->len;
    settle(delivery);
    if (room != NULL)
        mxp_receipts_flush(mxp, room);
    if (room != NULL && is_done)
        ask(delivery, room);
    else
        g_hash_table_remove(mxp->deliveries, delivery->room_id);
    return G_SOURCE_REMOVE;
}

static void go_on(Delivery *delivery, MxRoom *room)
{
    if (delivery->lines->len > 0) {
        delivery->source = g_idle_add(on_slice, delivery);
        return;
    }
    g_clear_pointer(&delivery->lines, g_ptr_array_unref);
    say_left_out(delivery, room);
    if (delivery->again)
        ask(delivery, room);
    else
        g_hash_table_remove(delivery->mxp->deliveries, room->room_id);
}

static void on_begun(MxpAccount *mxp, MxRoom *room)
{
    Delivery *delivery = g_hash_table_lookup(mxp->deliveries, room->room_id);
    if (delivery != NULL && delivery->lines != NULL && delivery->source == 0)
        go_on(delivery, room);
}

static gboolean opens_window_now(const Delivery *delivery, const MxRoom *room)
{
    for (guint i = 0; delivery->opens && i < delivery->lines->len; i++)
        if (mxp_messages_is_written(delivery->mxp, room, g_ptr_array_index(delivery->lines, i)))
            return TRUE;
    return FALSE;
}

/* What was said before stands above what is new, where it is the very next. TRUE: on_begun() goes
 * on. */
static gboolean begin(Delivery *delivery, MxRoom *room)
{
    gboolean has_window = mxp_messages_find_conversation(delivery->mxp, room) != NULL ||
                          opens_window_now(delivery, room);
    return has_window && delivery->left_out == 0 && mxp_history_open(delivery->mxp, room, on_begun);
}

static void on_lines(MxClient *client, MxRoom *room, GPtrArray *lines, int left_out,
                     gpointer user_data)
{
    MxpAccount *mxp = user_data;
    Delivery *delivery = g_hash_table_lookup(mxp->deliveries, room->room_id);
    if (delivery == NULL) {
        mx_client_lines_not_shown(client, lines);
        g_ptr_array_unref(lines);
        return;
    }
    delivery->left_out += left_out;
    delivery->lines = lines;
    delivery->next = 0;
    if (!begin(delivery, room))
        go_on(delivery, room);
}

static void ask(Delivery *delivery, MxRoom *room)
{
    delivery->again = FALSE;
    mx_client_take_lines(delivery->mxp->client, room, on_lines, delivery->mxp);
}

static void run(MxpAccount *mxp, MxRoom *room, gboolean opens)
{
    Delivery *delivery = g_hash_table_lookup(mxp->deliveries, room->room_id);
    if (delivery != NULL) {
        delivery->again = TRUE;
        delivery->opens |= opens;
        return;
    }
    if (room->direct_user != NULL)
        mx_client_open_room(mxp->client, room); /* an IM window is, or will be, there */
    delivery = g_new0(Delivery, 1);
    delivery->mxp = mxp;
    delivery->room_id = g_strdup(room->room_id);
    delivery->opens = opens;
    g_hash_table_insert(mxp->deliveries, delivery->room_id, delivery);
    ask(delivery, room);
}

void mxp_delivery_run(MxpAccount *mxp, MxRoom *room)
{
    run(mxp, room, FALSE);
}

/* The account's option "open_windows". */
static gboolean opens_window(MxpAccount *mxp, MxRoom *room, gboolean by_rules)
{
    MxNotifyMode mode = mx_client_get_notify_mode(mxp->client, room);
    const char *when =
        purple_account_get_string(mxp->account, MXP_OPTION_OPEN_WINDOWS, MXP_OPEN_BY_RULES);
    /* What was said of this one room counts more. */
    gboolean is_quiet = mode == MX_NOTIFY_MENTIONS || mode == MX_NOTIFY_MUTE;
    if (g_str_equal(when, MXP_OPEN_ALWAYS) && !is_quiet)
        return TRUE;
    return by_rules && !g_str_equal(when, MXP_OPEN_NEVER);
}

void mxp_delivery_update(MxpAccount *mxp, MxRoomChange *change)
{
    MxRoom *room = change->room;
    if (!change->has_new_lines || !PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        return;
    gboolean opens = change->has_new_messages && opens_window(mxp, room, change->wants_window);
    if (opens || mxp_messages_find_conversation(mxp, room) != NULL)
        run(mxp, room, opens);
}

/* Lines that came in an earlier run; what the user has muted since then stays so. */
static gboolean notifies(MxpAccount *mxp, MxRoom *room)
{
    if (mx_client_is_silent(mxp->client) ||
        mx_client_get_notify_mode(mxp->client, room) == MX_NOTIFY_MUTE)
        return FALSE;
    return room->unread > 0 && (room->alerts || room->highlights > 0);
}

void mxp_delivery_resume(MxpAccount *mxp)
{
    g_autoptr(GList) rooms = mx_client_list_rooms(mxp->client);
    for (GList *at = rooms; at != NULL; at = at->next) {
        MxRoom *room = at->data;
        gboolean is_interrupted = g_hash_table_contains(mxp->to_resume, room->room_id);
        gboolean opens = is_interrupted || notifies(mxp, room);
        opens = room->unread > 0 ? opens_window(mxp, room, opens) : is_interrupted;
        if (room->membership == MX_MEMBERSHIP_JOIN &&
            (opens || mxp_messages_find_conversation(mxp, room) != NULL))
            run(mxp, room, opens);
    }
}

void mxp_delivery_end(MxpAccount *mxp, MxRoomChange *change)
{
    MxRoom *room = change->room;
    Delivery *delivery = g_hash_table_lookup(mxp->deliveries, room->room_id);
    for (; delivery != NULL && delivery->lines != NULL && delivery->next < delivery->lines->len;
         delivery->next++)
        mxp_messages_write(mxp, room, g_ptr_array_index(delivery->lines, delivery->next));
    g_hash_table_remove(mxp->deliveries, room->room_id);
    if (change->last_lines == NULL)
        return;
    for (guint i = 0; i < change->last_lines->len; i++)
        mxp_messages_write(mxp, room, g_ptr_array_index(change->last_lines, i));
    mx_client_lines_shown(mxp->client, change->last_lines);
}

void mxp_delivery_own_line(MxpAccount *mxp, MxRoom *room, MxLine *line)
{
    g_autoptr(GPtrArray) lines = g_ptr_array_new();
    g_ptr_array_add(lines, line);
    /* Closed between typing and this moment: the line waits like any other. */
    if (mxp_messages_find_conversation(mxp, room) == NULL) {
        mx_client_lines_not_shown(mxp->client, lines);
        return;
    }
    mxp_messages_write(mxp, room, line);
    mx_client_lines_shown(mxp->client, lines);
}

/* ---- after a crash ---- */

static gboolean has_message(GPtrArray *lines)
{
    for (guint i = 0; i < lines->len; i++)
        if (((MxLine *)g_ptr_array_index(lines, i))->kind != MX_LINE_STATE)
            return TRUE;
    return FALSE;
}

void mxp_delivery_recover(MxpAccount *mxp, MxRoom *room, GPtrArray *lines)
{
    PurpleLogType type = room->direct_user != NULL ? PURPLE_LOG_IM : PURPLE_LOG_CHAT;
    const char *name = room->direct_user != NULL ? room->direct_user : room->room_id;
    g_autoptr(GArray) logged = mxp_log_tail_find(mxp->account, type, name, lines);
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    g_autoptr(GPtrArray) rest = g_ptr_array_new();
    for (guint i = 0; i < lines->len; i++)
        g_ptr_array_add(g_array_index(logged, gboolean, get_teller(lines, i)) ? shown : rest,
                        g_ptr_array_index(lines, i));
    mx_client_lines_shown(mxp->client, shown);
    mx_client_lines_not_shown(mxp->client, rest);
    if (has_message(rest))
        g_hash_table_add(mxp->to_resume, g_strdup(room->room_id));
}
