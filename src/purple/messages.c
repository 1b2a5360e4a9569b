/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "messages.h"
#include "config.h"

#include <errno.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include <server.h>
#include <util.h>

#include "buddies.h"
#include "chat-window.h"
#include "emoji.h"
#include "files.h"
#include "history.h"
#include "images.h"
#include "markup.h"
#include "mx-id.h"
#include "upgrade.h"

PurpleConversation *mxp_messages_find_conversation(MxpAccount *mxp, MxRoom *room)
{
    return room->direct_user != NULL ? mxp_buddies_find_im(mxp, room->direct_user)
                                     : mxp_chat_window_find(mxp, room->room_id);
}

PurpleConversation *mxp_messages_open_conversation(MxpAccount *mxp, MxRoom *room)
{
    return room->direct_user != NULL ? mxp_buddies_open_im(mxp, room)
                                     : mxp_chat_window_open(mxp, room);
}

/* ---- writing ---- */

static char *get_bare_text(const MxLine *line)
{
    g_autofree char *markup = NULL;
    switch (line->kind) {
    case MX_LINE_TEXT:
    case MX_LINE_NOTICE:
    case MX_LINE_EMOTE:
        if (line->formatted_body != NULL)
            markup = mxp_markup_from_html(line->formatted_body, FALSE);
        return markup != NULL ? purple_markup_strip_html(markup) : g_strdup(line->body);
    case MX_LINE_ENCRYPTED:
        return g_strdup_printf("[%s]", line->body);
    case MX_LINE_UNREADABLE:
        return g_strdup(_("[a message without text]"));
    case MX_LINE_STATE:
        return g_strdup(line->body);
    case MX_LINE_NOTHING:
        break;
    }
    return NULL;
}

/* What a line is about stands before it. An action has to begin with the name of who does it: there
 * it stands behind. */
static char *add_about(const MxLine *line, char *text, const char *line_break, const char *open,
                       const char *about, const char *close)
{
    g_autofree char *owned = text;
    if (owned == NULL || about == NULL)
        return g_steal_pointer(&owned);
    if (line->kind == MX_LINE_EMOTE)
        return g_strconcat(owned, line_break, open, about, close, NULL);
    return g_strconcat(open, about, close, line_break, owned, NULL);
}

char *mxp_messages_get_text(const MxLine *line)
{
    g_autofree char *text = add_about(line, get_bare_text(line), "\n", "", line->about, "");
    if (text == NULL || line->mark == NULL)
        return g_steal_pointer(&text);
    return g_strdup_printf("%s [%s]", text, line->mark);
}

static char *get_bare_markup(const MxLine *line)
{
    gboolean is_emote = line->kind == MX_LINE_EMOTE;
    char *markup =
        line->formatted_body != NULL ? mxp_markup_from_html(line->formatted_body, is_emote) : NULL;
    if (markup != NULL)
        return markup;
    g_autofree char *text = get_bare_text(line);
    return text != NULL ? mxp_markup_from_plain(text, is_emote) : NULL;
}

/* What is to be thought of a message stands behind it, always in words: a warning catches the eye,
 * the rest is quiet. */
static char *get_markup(const MxLine *line)
{
    g_autofree char *about = line->about != NULL ? mxp_markup_escape(line->about) : NULL;
    g_autofree char *markup = add_about(line, get_bare_markup(line), "<br>",
                                        "<font color=\"#77767b\">", about, "</font>");
    if (markup == NULL || line->mark == NULL)
        return g_steal_pointer(&markup);
    g_autofree char *mark = mxp_markup_escape(line->mark);
    return g_strdup_printf("%s <font color=\"%s\">[%s]</font>", markup,
                           line->is_warned ? "#c01c28" : "#77767b", mark);
}

static PurpleMessageFlags get_flags(const MxLine *line)
{
    PurpleMessageFlags flags = line->is_own ? PURPLE_MESSAGE_SEND : PURPLE_MESSAGE_RECV;
    if (line->is_own && !line->is_from_here)
        flags |= PURPLE_MESSAGE_REMOTE_SEND;
    /* Plugins that notify the user pass over lines that come late; what is heard, sounds.c says. */
    if (line->is_delayed || line->is_muted)
        flags |= PURPLE_MESSAGE_DELAYED;
    if (line->is_highlight)
        flags |= PURPLE_MESSAGE_NICK;
    return flags;
}

static void write_im(MxpAccount *mxp, MxRoom *room, const MxLine *line, const char *markup,
                     time_t when)
{
    PurpleMessageFlags flags = get_flags(line);
    if (!line->is_own) {
        /* The partner's line opens the window and makes the sound. A third person can only be a
         * bot. */
        if (g_str_equal(line->sender, room->direct_user)) {
            serv_got_im(mxp->gc, line->sender, markup, flags, when);
            return;
        }
    }
    PurpleConversation *conversation = mxp_buddies_open_im(mxp, room);
    purple_conv_im_write(PURPLE_CONV_IM(conversation), line->is_own ? NULL : line->sender, markup,
                         flags, when);
}

static void write_chat(MxpAccount *mxp, MxRoom *room, const MxLine *line, const char *markup,
                       time_t when)
{
    if (mxp_chat_window_open(mxp, room) == NULL)
        return;
    mxp_member_list_note_sender(mxp_chat_window_get_members(mxp, room->room_id), line);
    serv_got_chat_in(mxp->gc, mxp_chat_window_get_id(mxp, room->room_id), line->sender,
                     get_flags(line), markup, when);
}

/* Pidgin cuts such lines at 4,096 bytes, perhaps inside an entity. */
#define MAX_NOTICE 3000

static char *escape_briefly(const char *text)
{
    g_autofree char *markup = mxp_markup_escape(text);
    glong chars = g_utf8_strlen(text, -1);
    for (; strlen(markup) > MAX_NOTICE; chars = chars * 3 / 4) {
        g_autofree char *beginning = g_utf8_substring(text, 0, chars * 3 / 4);
        g_autofree char *shorter = g_strconcat(beginning, "…", NULL);
        g_free(markup);
        markup = mxp_markup_escape(shorter);
    }
    return g_steal_pointer(&markup);
}

static void write_state(PurpleConversation *conversation, const MxLine *line, time_t when)
{
    g_autofree char *markup = escape_briefly(line->body);
    PurpleMessageFlags flags = PURPLE_MESSAGE_SYSTEM | PURPLE_MESSAGE_NO_LINKIFY;
    if (line->is_delayed)
        flags |= PURPLE_MESSAGE_DELAYED;
    if (conversation != NULL)
        purple_conversation_write(conversation, NULL, markup, flags, when);
}

gboolean mxp_messages_hides_minor(MxpAccount *mxp, const MxRoom *room)
{
    const char *where =
        purple_account_get_string(mxp->account, MXP_OPTION_HIDE_JOINS, MXP_HIDE_IN_LARGE);
    if (g_str_equal(where, MXP_HIDE_ALWAYS))
        return TRUE;
    return !g_str_equal(where, MXP_HIDE_NEVER) && room->people > MXP_LARGE_ROOM;
}

gboolean mxp_messages_shows_reactions(MxpAccount *mxp)
{
    return purple_account_get_bool(mxp->account, MXP_OPTION_REACTIONS, TRUE);
}

gboolean mxp_messages_is_written(MxpAccount *mxp, const MxRoom *room, const MxLine *line)
{
    return line->kind != MX_LINE_NOTHING &&
           !(line->is_reaction && !mxp_messages_shows_reactions(mxp)) &&
           !(line->is_minor && mxp_messages_hides_minor(mxp, room));
}

void mxp_messages_write(MxpAccount *mxp, MxRoom *room, const MxLine *line)
{
    time_t when = line->ts > 0 ? line->ts / 1000 : time(NULL);
    if (!mxp_messages_is_written(mxp, room, line))
        return;
    if (line->kind == MX_LINE_STATE) {
        write_state(mxp_messages_open_conversation(mxp, room), line, when);
        mxp_history_note(mxp, room, line);
        return;
    }
    g_autofree char *markup = get_markup(line);
    if (markup == NULL)
        return;
    mxp_emoji_prepare(mxp, mxp_messages_find_conversation(mxp, room), line);
    mxp->line = line;
    if (room->direct_user != NULL)
        write_im(mxp, room, line, markup, when);
    else
        write_chat(mxp, room, line, markup, when);
    mxp->line = NULL;
    mxp_history_note(mxp, room, line);
    mxp_images_follow(mxp, room, line);
}

void mxp_messages_write_old(MxpAccount *mxp, PurpleConversation *conversation, const MxLine *line)
{
    gboolean is_im = purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM;
    time_t when = line->ts > 0 ? line->ts / 1000 : time(NULL);
    PurpleMessageFlags flags =
        line->is_own ? PURPLE_MESSAGE_SEND | PURPLE_MESSAGE_REMOTE_SEND : PURPLE_MESSAGE_RECV;
    if (line->kind == MX_LINE_STATE) {
        write_state(conversation, line, when);
        return;
    }
    g_autofree char *markup = get_markup(line);
    const char *who =
        is_im && line->is_own ? purple_account_get_username(mxp->account) : line->sender;
    mxp_emoji_prepare(mxp, conversation, line);
    if (markup != NULL)
        purple_conversation_write(conversation, who, markup, flags | PURPLE_MESSAGE_DELAYED, when);
}

void mxp_messages_notice(MxpAccount *mxp, MxRoom *room, const char *text, gboolean is_error)
{
    if (room->membership != MX_MEMBERSHIP_JOIN && room->membership != MX_MEMBERSHIP_PENDING)
        return;
    PurpleConversation *conversation = mxp_messages_open_conversation(mxp, room);
    g_autofree char *markup = escape_briefly(text);
    PurpleMessageFlags flags = is_error ? PURPLE_MESSAGE_ERROR : PURPLE_MESSAGE_SYSTEM;
    if (conversation != NULL)
        purple_conversation_write(conversation, NULL, markup, flags | PURPLE_MESSAGE_NO_LINKIFY,
                                  time(NULL));
}

/* ---- sending ---- */

/* What the user typed, ready to be sent. */
typedef struct {
    const char *msgtype;
    char *body;           /* "" : there is nothing to send */
    char *formatted_body; /* NULL: nothing is formatted, unless by Markdown */
} Typed;

static void typed_clear(Typed *typed)
{
    g_free(typed->body);
    g_free(typed->formatted_body);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Typed, typed_clear)

MxTextFormat mxp_messages_get_format(MxpAccount *mxp)
{
    return purple_account_get_bool(mxp->account, MXP_OPTION_MARKDOWN, FALSE) ? MX_TEXT_MARKDOWN
                                                                             : MX_TEXT_TYPED;
}

static Typed read_typed(const char *markup)
{
    static const char action[] = "/me ";
    g_autofree char *plain = mxp_markup_to_plain(markup);
    gboolean is_emote = g_ascii_strncasecmp(plain, action, strlen(action)) == 0;
    gsize skip = is_emote ? strlen(action) : 0;
    Typed typed = {.msgtype = is_emote ? "m.emote" : "m.text"};
    typed.body = g_strdup(plain + skip);
    if (strstr(markup, "<img") != NULL || strstr(markup, "<IMG") != NULL)
        g_strchomp(typed.body); /* what was between it and the picture */
    typed.formatted_body = mxp_markup_to_html(markup, skip);
    return typed;
}

gboolean mxp_messages_send(MxpAccount *mxp, PurpleConversation *conversation, const char *msgtype,
                           const char *body, const char *html, MxTextFormat format)
{
    const char *name = purple_conversation_get_name(conversation);
    if (purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM) {
        if (!mx_user_id_is_valid(name))
            return FALSE;
        if (!mxp_upgrade_refuses(mxp, mx_client_get_direct(mxp->client, name), body))
            mx_client_send_direct(mxp->client, name, msgtype, body, html, format);
        return TRUE;
    }
    MxRoom *room = mx_client_get_room(mxp->client, name);
    if (room == NULL || room->membership != MX_MEMBERSHIP_JOIN)
        return FALSE;
    if (!mxp_upgrade_refuses(mxp, room, body))
        mx_client_send_message(mxp->client, room, msgtype, body, html, format);
    return TRUE;
}

int mxp_messages_send_im(PurpleConnection *gc, const char *who, const char *markup,
                         PurpleMessageFlags flags)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    g_autofree char *user_id = g_strdup(mxp_buddies_normalize(NULL, who));
    g_auto(Typed) typed = read_typed(markup);
    if (mxp == NULL)
        return -ENOTCONN;
    if (!mx_user_id_is_valid(user_id)) {
        g_autofree char *text =
            g_strdup_printf(_("“%s” is no Matrix ID (@name:server); nothing was sent."), user_id);
        purple_conv_present_error(who, mxp->account, text);
        return 0;
    }
    MxRoom *direct = mx_client_get_direct(mxp->client, user_id);
    if (mxp_upgrade_refuses(mxp, direct, typed.body))
        return 0;
    /* The words first: they are safe at once, however long the pictures take. */
    if (*typed.body != '\0')
        mx_client_send_direct(mxp->client, user_id, typed.msgtype, typed.body, typed.formatted_body,
                              mxp_messages_get_format(mxp));
    mxp_files_send_inserted(mxp, direct, user_id, markup);
    return 0; /* the line is drawn when it is safe in the database */
}

int mxp_messages_chat_send(PurpleConnection *gc, int id, const char *markup,
                           PurpleMessageFlags flags)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    MxRoom *room = mxp != NULL ? mxp_chat_window_get_room(mxp, id) : NULL;
    g_auto(Typed) typed = read_typed(markup);
    if (room == NULL)
        return -ENOTCONN;
    if (mxp_upgrade_refuses(mxp, room, typed.body))
        return 0;
    if (*typed.body != '\0') /* first, as above */
        mx_client_send_message(mxp->client, room, typed.msgtype, typed.body, typed.formatted_body,
                               mxp_messages_get_format(mxp));
    mxp_files_send_inserted(mxp, room, NULL, markup);
    return 0;
}
