/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "history.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "chat-window.h"
#include "day-line.h"
#include "markup.h"
#include "messages.h"
#include "system-line.h"

#define SLICE_US (8 * 1000)

/* One asking: first its lines are on their way, then they are written. */
typedef struct {
    MxpAccount *mxp;
    char *room_id;
    guint number;
    gboolean is_by_time;
    MxHistory *history; /* NULL: on its way */
    guint next;
    guint source;
    int day;
    int unreadable;                /* in a row, not yet told of */
    const MxLine *last_unreadable; /* of them; in history */
} Show;

struct _MxpHistories {
    GHashTable *shows;    /* room ID -> Show */
    GHashTable *openings; /* room ID -> MxHistory, for a window that is about to be opened */
    guint last_number;
};

static void show_free(gpointer data)
{
    Show *show = data;
    g_clear_handle_id(&show->source, g_source_remove);
    g_clear_pointer(&show->history, mx_history_free);
    g_free(show->room_id);
    g_free(show);
}

static void watch(void);
static void on_created(PurpleConversation *conversation, MxpAccount *mxp);

void mxp_history_init(MxpAccount *mxp)
{
    watch();
    mxp->histories = g_new0(MxpHistories, 1);
    mxp->histories->openings =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)mx_history_free);
    /* The handle is our own object, and goes with it. */
    purple_signal_connect(purple_conversations_get_handle(), "conversation-created", mxp,
                          PURPLE_CALLBACK(on_created), mxp);
    mxp->histories->shows = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, show_free);
}

void mxp_history_clear(MxpAccount *mxp)
{
    g_hash_table_unref(mxp->histories->shows);
    g_hash_table_unref(mxp->histories->openings);
    g_clear_pointer(&mxp->histories, g_free);
}

void mxp_history_forget(MxpAccount *mxp, const char *room_id)
{
    if (mxp->histories != NULL)
        g_hash_table_remove(mxp->histories->shows, room_id);
}

/* ---- from where on a window shows all ---- */

/* Kept with the window, which outlives connections. Rows have other numbers in another database,
 * which has another device. */
#define PLACE "matrix-history-place"

typedef struct {
    char *device_id;
    MxHistoryPlace place;
} WindowPlace;

static void forget_place(PurpleConversation *conversation)
{
    WindowPlace *place = purple_conversation_get_data(conversation, PLACE);
    if (place == NULL)
        return;
    purple_conversation_set_data(conversation, PLACE, NULL);
    g_free(place->device_id);
    g_free(place);
}

static void on_deleting(PurpleConversation *conversation)
{
    forget_place(conversation);
}

/* Once for all accounts, and not before the first one connects: libpurple loads protocols before it
 * has conversations. */
static int handle;
static gboolean is_watching;

static void watch(void)
{
    if (!is_watching)
        purple_signal_connect(purple_conversations_get_handle(), "deleting-conversation", &handle,
                              PURPLE_CALLBACK(on_deleting), NULL);
    is_watching = TRUE;
}

void mxp_history_unload(void)
{
    purple_signals_disconnect_by_handle(&handle);
    is_watching = FALSE;
    for (GList *at = purple_get_conversations(); at != NULL; at = at->next)
        forget_place(at->data);
}

/* NULL: the window shows nothing yet. */
static MxHistoryPlace *get_place(MxpAccount *mxp, PurpleConversation *conversation)
{
    WindowPlace *place =
        conversation != NULL ? purple_conversation_get_data(conversation, PLACE) : NULL;
    gboolean is_ours =
        place != NULL && g_strcmp0(place->device_id, mx_client_get_device_id(mxp->client)) == 0;
    return is_ours ? &place->place : NULL;
}

static void set_place(MxpAccount *mxp, PurpleConversation *conversation,
                      const MxHistoryPlace *where)
{
    WindowPlace *place = g_new0(WindowPlace, 1);
    forget_place(conversation);
    place->device_id = g_strdup(mx_client_get_device_id(mxp->client));
    place->place = *where;
    purple_conversation_set_data(conversation, PLACE, place);
}

void mxp_history_note(MxpAccount *mxp, MxRoom *room, const MxLine *line)
{
    PurpleConversation *conversation = mxp_messages_find_conversation(mxp, room);
    MxHistoryPlace *place = get_place(mxp, conversation);
    if (conversation == NULL)
        return;
    if (place == NULL)
        set_place(mxp, conversation, &(MxHistoryPlace){.room = line->room, .pos = line->pos});
    else if (place->room == line->room)
        place->pos = MIN(place->pos, line->pos);
}

/* ---- what stands around the lines ---- */

static void say(PurpleConversation *conversation, const char *text)
{
    g_autofree char *markup = mxp_markup_escape(text);
    mxp_system_line_write(conversation, markup, PURPLE_MESSAGE_SYSTEM);
}

/* Local time of the first or the last line with one. */
static char *get_time(const MxHistory *history, gboolean is_last)
{
    for (guint i = 0; i < history->lines->len; i++) {
        guint index = is_last ? history->lines->len - 1 - i : i;
        const MxLine *line = g_ptr_array_index(history->lines, index);
        g_autoptr(GDateTime) time =
            line->row != 0 ? g_date_time_new_from_unix_local(line->ts / 1000) : NULL;
        if (time != NULL)
            return g_date_time_format(time, "%Y-%m-%d %H:%M");
    }
    return g_strdup("?");
}

static void begin(const MxRoom *room, PurpleConversation *conversation, const MxHistory *history)
{
    g_autofree char *from = get_time(history, FALSE);
    g_autofree char *to = get_time(history, TRUE);
    g_autofree char *text =
        g_strdup_printf(_("History of “%s”, from %s to %s:"), room->name, from, to);
    say(conversation, text);
    if (history->trouble != NULL)
        say(conversation, history->trouble);
    else if (history->end == MX_HISTORY_BEGINNING)
        say(conversation, _("This is the beginning of the room."));
    else if (history->end == MX_HISTORY_NO_MORE)
        say(conversation, _("There is nothing older that you may read."));
}

static void finish(const Show *show, PurpleConversation *conversation)
{
    const MxHistory *history = show->history;
    if (show->is_by_time && history->lines->len >= MX_HISTORY_MAX_LINES)
        say(conversation, _("End of what is shown at once. Type the same again to go on."));
    else if (history->end == MX_HISTORY_MORE || history->end == MX_HISTORY_TIRED)
        say(conversation, _("End of the history. Type /history again to go further back."));
    else
        say(conversation, _("End of the history."));
}

static const char *describe_nothing(const MxHistory *history, gboolean is_by_time)
{
    if (history->trouble != NULL)
        return history->trouble;
    switch (history->end) {
    case MX_HISTORY_BEGINNING:
        return _("There is nothing older: this window shows all from the beginning of the room.");
    case MX_HISTORY_NO_MORE:
        return _("There is nothing older that you may read.");
    case MX_HISTORY_TIRED:
        return _("Nothing to show was found so far. Type /history again to look further back.");
    case MX_HISTORY_MORE:
        break;
    }
    return is_by_time ? _("Nothing was said since then that this window does not show already.")
                      : _("There is nothing to show.");
}

/* ---- writing in slices ---- */

static void write_date(Show *show, PurpleConversation *conversation, gint64 ts)
{
    g_autofree char *date = mxp_day_line_get(ts, &show->day);
    if (date != NULL)
        mxp_day_line_write(conversation, date);
}

/* One says why; of many it is said once. */
static void tell_unreadable(Show *show, PurpleConversation *conversation)
{
    MxLine many = {.kind = MX_LINE_STATE};
    int n = show->unreadable;
    if (n == 0)
        return;
    many.ts = show->last_unreadable->ts;
    many.body = g_strdup_printf(g_dngettext(GETTEXT_PACKAGE,
                                            "%d encrypted message that cannot be read here.",
                                            "%d encrypted messages that cannot be read here.", n),
                                n);
    show->unreadable = 0;
    write_date(show, conversation, many.ts);
    mxp_messages_write_old(show->mxp, conversation, n == 1 ? show->last_unreadable : &many);
    g_free(many.body);
}

static void write_line(Show *show, const MxRoom *room, PurpleConversation *conversation,
                       const MxLine *line)
{
    if (line->kind == MX_LINE_ENCRYPTED) {
        show->unreadable++;
        show->last_unreadable = line;
        return;
    }
    tell_unreadable(show, conversation);
    if (!mxp_messages_is_written(show->mxp, room, line))
        return;
    if (line->row == 0) {
        say(conversation, line->body);
        return;
    }
    MxpMemberList *members = mxp_chat_window_get_members(show->mxp, room->room_id);
    if (members != NULL)
        mxp_member_list_note_sender(members, line);
    write_date(show, conversation, line->ts);
    mxp_messages_write_old(show->mxp, conversation, line);
    if (line->reactions == NULL || !mxp_messages_shows_reactions(show->mxp))
        return;
    g_autofree char *reactions = g_strdup_printf(_("Reactions: %s"), line->reactions);
    say(conversation, reactions);
}

/* They are in the window now, as others are: commands may mean them. Not what is an older room's:
 * in its own window, if that is opened, it waits as before. */
static void settle(const Show *show, const MxRoom *room)
{
    g_autoptr(GPtrArray) shown = g_ptr_array_new();
    for (guint i = 0; i < show->history->lines->len; i++) {
        MxLine *line = g_ptr_array_index(show->history->lines, i);
        if (line->row != 0 && line->room == room->key)
            g_ptr_array_add(shown, line);
    }
    mx_client_lines_shown(show->mxp->client, shown);
}

static void write_lines(Show *show, const MxRoom *room, PurpleConversation *conversation,
                        gint64 until)
{
    GPtrArray *lines = show->history->lines;
    while (show->next < lines->len) {
        write_line(show, room, conversation, g_ptr_array_index(lines, show->next++));
        if (g_get_monotonic_time() >= until)
            break;
    }
    if (show->next == lines->len)
        tell_unreadable(show, conversation);
}

/* TRUE: all is written. Each slice brings it on, however slow the machine. */
static gboolean write_some(Show *show, const MxRoom *room, PurpleConversation *conversation)
{
    gint64 until = g_get_monotonic_time() + SLICE_US;
    gboolean was_logging = purple_conversation_is_logging(conversation);
    purple_conversation_set_logging(conversation, FALSE);
    if (show->next == 0)
        begin(room, conversation, show->history);
    write_lines(show, room, conversation, until);
    gboolean is_done = show->next == show->history->lines->len;
    if (is_done)
        finish(show, conversation);
    purple_conversation_set_logging(conversation, was_logging);
    return is_done;
}

static gboolean on_slice(gpointer data)
{
    Show *show = data;
    MxRoom *room = mx_client_get_room(show->mxp->client, show->room_id);
    PurpleConversation *conversation =
        room != NULL ? mxp_messages_find_conversation(show->mxp, room) : NULL;
    if (conversation != NULL && !write_some(show, room, conversation))
        return G_SOURCE_CONTINUE;
    show->source = 0;
    if (conversation != NULL)
        settle(show, room);
    g_hash_table_remove(show->mxp->histories->shows, show->room_id);
    return G_SOURCE_REMOVE;
}

/* ---- asking ---- */

typedef struct {
    MxpAccount *mxp;
    guint number;
} Asked;

static void take(MxpAccount *mxp, MxRoom *room, Show *show, MxHistory *history)
{
    PurpleConversation *conversation = mxp_messages_find_conversation(mxp, room);
    if (conversation != NULL)
        set_place(mxp, conversation, &history->place);
    if (conversation != NULL && history->lines->len == 0)
        say(conversation, describe_nothing(history, show->is_by_time));
    if (conversation == NULL || history->lines->len == 0) {
        mx_history_free(history);
        g_hash_table_remove(mxp->histories->shows, room->room_id);
        return;
    }
    show->history = history;
    show->source = g_idle_add(on_slice, show);
}

static void on_history(MxClient *client, MxRoom *room, MxHistory *history, const GError *error,
                       gpointer user_data)
{
    Asked *asked = user_data;
    MxpAccount *mxp = asked->mxp;
    Show *show = g_hash_table_lookup(mxp->histories->shows, room->room_id);
    if (show == NULL || show->number != asked->number) {
        g_clear_pointer(&history, mx_history_free); /* the window it was for was closed */
    } else if (history == NULL) {
        mxp_messages_notice(mxp, room, error->message, TRUE);
        g_hash_table_remove(mxp->histories->shows, room->room_id);
    } else {
        take(mxp, room, show, history);
    }
}

gboolean mxp_history_show(MxpAccount *mxp, MxRoom *room, const MxHistoryQuery *query, char **error)
{
    MxpHistories *histories = mxp->histories;
    if (g_hash_table_contains(histories->shows, room->room_id)) {
        *error = g_strdup(_("What you asked for before is still on its way."));
        return FALSE;
    }
    const MxHistoryPlace *place = get_place(mxp, mxp_messages_find_conversation(mxp, room));
    MxHistoryQuery wanted = *query;
    wanted.leaves_out_minor = mxp_messages_hides_minor(mxp, room);
    Show *show = g_new0(Show, 1);
    show->mxp = mxp;
    show->room_id = g_strdup(room->room_id);
    show->number = ++histories->last_number;
    show->is_by_time = query->lines == 0;
    show->day = -1;
    g_hash_table_insert(histories->shows, show->room_id, show);
    Asked *asked = g_new0(Asked, 1);
    asked->mxp = mxp;
    asked->number = show->number;
    mx_client_read_history(mxp->client, room, place != NULL ? place : &(MxHistoryPlace){0}, &wanted,
                           on_history, asked, g_free);
    return TRUE;
}

/* ---- when a window is opened ---- */

/* All at once: they are few. */
static void write_opening(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                          MxHistory *history)
{
    Show show = {.mxp = mxp, .room_id = room->room_id, .history = history, .day = -1};
    gboolean was_logging = purple_conversation_is_logging(conversation);
    if (history->lines->len == 0)
        return;
    purple_conversation_set_logging(conversation, FALSE);
    write_lines(&show, room, conversation, G_MAXINT64);
    purple_conversation_set_logging(conversation, was_logging);
    set_place(mxp, conversation, &history->place);
    settle(&show, room);
}

/* By the first new line, within which it is opened. */
static void on_created(PurpleConversation *conversation, MxpAccount *mxp)
{
    const char *name = purple_conversation_get_name(conversation);
    if (purple_conversation_get_account(conversation) != mxp->account)
        return;
    gboolean is_im = purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM;
    MxRoom *room =
        is_im ? mx_client_get_direct(mxp->client, name) : mx_client_get_room(mxp->client, name);
    g_autofree char *room_id = NULL;
    MxHistory *history = NULL;
    if (room == NULL || !g_hash_table_steal_extended(mxp->histories->openings, room->room_id,
                                                     (gpointer *)&room_id, (gpointer *)&history))
        return;
    write_opening(mxp, room, conversation, history);
    mx_history_free(history);
}

/* Or will at once. */
static gboolean shows_some(MxpAccount *mxp, MxRoom *room)
{
    return get_place(mxp, mxp_messages_find_conversation(mxp, room)) != NULL ||
           g_hash_table_contains(mxp->histories->shows, room->room_id);
}

typedef struct {
    MxpAccount *mxp;
    MxpHistoryFunc done;
} Opening;

static void on_last(MxClient *client, MxRoom *room, MxHistory *history, const GError *error,
                    gpointer user_data)
{
    Opening *opening = user_data;
    MxpAccount *mxp = opening->mxp;
    PurpleConversation *conversation = mxp_messages_find_conversation(mxp, room);
    if (history != NULL && shows_some(mxp, room)) {
        mx_history_free(history); /* too late: something was typed, /history perhaps */
    } else if (history != NULL && conversation == NULL) {
        g_hash_table_replace(mxp->histories->openings, g_strdup(room->room_id), history);
    } else if (history != NULL) {
        write_opening(mxp, room, conversation, history);
        mx_history_free(history);
    }
    opening->done(mxp, room);
}

gboolean mxp_history_open(MxpAccount *mxp, MxRoom *room, MxpHistoryFunc done)
{
    int lines = purple_account_get_int(mxp->account, MXP_OPTION_LAST_LINES, MXP_LAST_LINES);
    MxHistoryQuery query = {
        .lines = CLAMP(lines, 0, MXP_LAST_LINES_MAX), .hour = -1, .is_brief = TRUE};
    if (query.lines == 0 || shows_some(mxp, room))
        return FALSE;
    query.leaves_out_minor = mxp_messages_hides_minor(mxp, room);
    Opening *opening = g_new0(Opening, 1);
    opening->mxp = mxp;
    opening->done = done;
    mx_client_read_history(mxp->client, room, &(MxHistoryPlace){0}, &query, on_last, opening,
                           g_free);
    return TRUE;
}

void mxp_history_opened(MxpAccount *mxp, const char *room_id)
{
    if (mxp->histories != NULL)
        g_hash_table_remove(mxp->histories->openings, room_id);
}
