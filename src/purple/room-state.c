/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "room-state.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <request.h>

#include "mx-room-state.h"
#include "mx-target.h"
#include "reply.h"

/* ---- what was typed ---- */

#define WORD_ENDS " \t\r\n"

static const char *skip_space(const char *text)
{
    return text + strspn(text, WORD_ENDS);
}

/* The next word, or NULL at the end or before an object. A word in double quotes may have spaces or
 * be empty. The caller frees. */
static char *take_word(const char **at)
{
    *at = skip_space(*at);
    if (**at == '\0' || **at == '{')
        return NULL;
    const char *begin = *at;
    const char *closing = *begin == '"' ? strchr(begin + 1, '"') : NULL;
    if (closing != NULL) {
        *at = closing + 1;
        return g_strndup(begin + 1, closing - begin - 1);
    }
    *at += strcspn(begin, WORD_ENDS);
    return g_strndup(begin, *at - begin);
}

/* ---- answers ---- */

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

static void on_text(MxClient *client, const char *text, const GError *error, gpointer reply)
{
    if (error == NULL) {
        mxp_reply_say(reply, text);
        return;
    }
    g_autofree char *why = g_error_matches(error, MX_ERROR, MX_ERROR_INVALID)
                               ? g_strdup(error->message)
                               : mxp_reply_explain(MXP_DEED_READ_STATE, NULL, error);
    mxp_reply_fail(reply, why);
}

typedef struct {
    MxpReply *reply;
    char *type;
    MxpDeed deed;
} Sent;

static void sent_free(gpointer data)
{
    Sent *sent = data;
    mxp_reply_free(sent->reply);
    g_free(sent->type);
    g_free(sent);
}

static void on_sent(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Sent *sent = data;
    g_autofree char *text = error != NULL ? mxp_reply_explain(sent->deed, sent->type, error)
                            : sent->deed == MXP_DEED_SET_STATE
                                ? g_strdup_printf(_("%s was set."), sent->type)
                                : g_strdup_printf(_("%s was sent."), sent->type);
    if (error != NULL)
        mxp_reply_fail(sent->reply, text);
    else
        mxp_reply_say(sent->reply, text);
}

static Sent *sent_new(MxpAccount *mxp, PurpleConversation *conversation, const char *type,
                      MxpDeed deed)
{
    Sent *sent = g_new0(Sent, 1);
    sent->reply = mxp_reply_new(mxp, conversation);
    sent->type = g_strdup(type);
    sent->deed = deed;
    return sent;
}

/* ---- write ---- */

/* What can shut people out, or cannot be taken back. */
static const char *const grave[] = {
    "m.room.create",     "m.room.encryption", "m.room.history_visibility",
    "m.room.join_rules", "m.room.member",     "m.room.power_levels",
    "m.room.server_acl", "m.room.tombstone",  NULL,
};

/* The account keeps it, since a dialog that dies with the connection frees nothing. */
typedef struct {
    MxpAccount *mxp;
    MxpReply *reply;
    char *room_id, *type, *key, *content;
} Question;

static void question_free(gpointer data)
{
    Question *question = data;
    mxp_reply_free(question->reply);
    g_free(question->room_id);
    g_free(question->type);
    g_free(question->key);
    g_free(question->content);
    g_free(question);
}

void mxp_room_state_clear(MxpAccount *mxp)
{
    g_slist_free_full(g_steal_pointer(&mxp->state_questions), question_free);
}

static void write_state(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                        const char *type, const char *key, const char *content)
{
    mx_client_write_state(mxp->client, room, type, key, content, on_sent,
                          sent_new(mxp, conversation, type, MXP_DEED_SET_STATE), sent_free);
}

static void on_confirmed(Question *question, int action)
{
    MxRoom *room = mx_client_get_room(question->mxp->client, question->room_id);
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        write_state(question->mxp, room, mxp_reply_get_conversation(question->reply),
                    question->type, question->key, question->content);
}

static void on_refused(Question *question, int action)
{
}

static void ask(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation, const char *type,
                const char *key, const char *content)
{
    Question *question = g_new0(Question, 1);
    question->mxp = mxp;
    question->reply = mxp_reply_new(mxp, conversation);
    question->room_id = g_strdup(room->room_id);
    question->type = g_strdup(type);
    question->key = g_strdup(key);
    question->content = g_strdup(content);
    mxp->state_questions = g_slist_prepend(mxp->state_questions, question);
    g_autofree char *primary = g_strdup_printf(_("Set %s of the room “%s”?"), type, room->name);
    purple_request_action(mxp->gc, _("Matrix"), primary,
                          _("It takes the place of all that is set there now. A mistake may shut "
                            "you or others out, and it may not be possible to undo it."),
                          1, mxp->account, NULL, NULL, question, 2, _("Set"),
                          G_CALLBACK(on_confirmed), _("Cancel"), G_CALLBACK(on_refused));
}

static gboolean is_object(const char *content, char **error)
{
    if (mx_client_is_json_object(content))
        return TRUE;
    *error = g_strdup(_("What follows is no JSON object, so nothing was done. It has the form "
                        "{\"name\": \"value\"}, and its numbers are whole ones."));
    return FALSE;
}

static gboolean write_or_ask(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                             const char *type, const char *key, const char *content, char **error)
{
    if (!is_object(content, error))
        return FALSE;
    if (g_strv_contains(grave, type))
        ask(mxp, room, conversation, type, key, content);
    else
        write_state(mxp, room, conversation, type, key, content);
    return TRUE;
}

/* ---- read ---- */

static void read_state(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                       const MxStateQuery *query)
{
    mx_client_read_state(mxp->client, room, query, on_text, mxp_reply_new(mxp, conversation),
                         free_reply);
}

static gboolean is_time(const char *word)
{
    g_auto(MxTarget) target = {0};
    mx_target_read(word, &target);
    return word != NULL && target.kind == MX_TARGET_TIME;
}

static void read_list(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                      const char *typed, const char *at)
{
    g_auto(GStrv) words = g_strsplit_set(skip_space(typed), WORD_ENDS, -1);
    MxStateQuery query = {.at = at};
    if (words[0] != NULL && *words[0] != '\0')
        query.words = (const char *const *)words;
    read_state(mxp, room, conversation, &query);
}

gboolean mxp_room_state_run(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                            const char *typed, char **error)
{
    const char *at = typed != NULL ? typed : "";
    g_autofree char *time = NULL;
    g_autofree char *type = take_word(&at);
    if (g_strcmp0(type, "at") == 0) {
        time = take_word(&at);
        if (!is_time(time)) {
            *error = g_strdup(_("Type /state at and the time of a message, as this window shows "
                                "it: HH:MM or HH:MM:SS."));
            return FALSE;
        }
        g_free(type);
        type = take_word(&at);
    }
    if (type == NULL || g_str_equal(type, "list")) {
        if (type == NULL && *skip_space(at) != '\0') {
            *error = g_strdup(_("Name the type before its content: /state TYPE [KEY] {…}"));
            return FALSE;
        }
        read_list(mxp, room, conversation, at, time);
        return TRUE;
    }
    g_autofree char *key = take_word(&at);
    at = skip_space(at);
    if (*at == '\0') {
        const MxStateQuery query = {.type = type, .key = key, .at = time};
        read_state(mxp, room, conversation, &query);
        return TRUE;
    }
    if (time != NULL || *at != '{') {
        *error = g_strdup(time != NULL ? _("The past cannot be changed; nothing was done.")
                                       : _("That is more than one state key; nothing was done. "
                                           "Put a key with spaces into \"…\"."));
        return FALSE;
    }
    return write_or_ask(mxp, room, conversation, type, key != NULL ? key : "", at, error);
}

/* ---- /event ---- */

/* What has a command of its own, or is made by encrypting alone. */
static const struct {
    const char *type, *why;
} refused[] = {
    {"m.room.redaction", N_("/redact removes messages; nothing was sent.")},
    {"m.room.encrypted", N_("Encrypted events cannot be written by hand; nothing was sent.")},
};

gboolean mxp_room_state_send(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                             const char *typed, char **error)
{
    const char *at = typed != NULL ? typed : "";
    g_autofree char *type = take_word(&at);
    at = skip_space(at);
    if (type == NULL || *type == '\0' || *at == '\0') {
        *error = g_strdup(_("Type /event, the event's type and its content: /event "
                            "org.example.thing {\"name\": \"value\"}"));
        return FALSE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++)
        if (g_str_equal(type, refused[i].type)) {
            *error = g_strdup(_(refused[i].why));
            return FALSE;
        }
    if (!is_object(at, error))
        return FALSE;
    mx_client_send_event(mxp->client, room, type, at, on_sent,
                         sent_new(mxp, conversation, type, MXP_DEED_SEND_EVENT), sent_free);
    return TRUE;
}
