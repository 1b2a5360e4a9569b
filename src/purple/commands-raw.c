/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <request.h>

#include "markup.h"
#include "mx-client-raw.h"
#include "reply.h"

/* /matrix: the homeserver's own interface, by hand. What comes is shown and never logged. */

/* So much of a typed JSON text is repeated in the question. */
#define MAX_ASKED 500

/* ---- the answer ---- */

static char *explain(guint status, const GError *error)
{
    const char *errcode = mx_error_get_errcode(error);
    g_autofree char *name = mx_event_tidy_name(errcode);
    g_autofree char *words = mx_event_tidy_name(mx_error_get_server_text(error));
    if (g_error_matches(error, MX_ERROR, MX_ERROR_INVALID))
        return g_strdup(error->message);
    if (status == 0)
        return g_strdup_printf(_("No answer: %s"), error->message);
    if (status == 401 && name == NULL)
        return g_strdup(_("The homeserver wants to know first that it is really you (status 401). "
                          "That cannot be done here."));
    GString *text = g_string_new(NULL);
    if (name != NULL)
        g_string_append_printf(text, _("The homeserver refuses: %s (status %u)."), name, status);
    else
        g_string_append_printf(text, _("The homeserver refuses, with status %u."), status);
    if (words != NULL)
        g_string_append_printf(text, _(" It says: %s"), words);
    return g_string_free(text, FALSE);
}

static void on_answer(MxClient *client, guint status, const char *text, gsize left_out,
                      const GError *error, gpointer reply)
{
    if (error != NULL) {
        g_autofree char *sentence = explain(status, error);
        mxp_reply_fail(reply, sentence);
        return;
    }
    g_autofree char *head = g_strdup_printf(_("Status %u"), status);
    mxp_reply_say(reply, head);
    mxp_reply_say(reply, text);
    if (left_out == 0)
        return;
    g_autofree char *rest =
        g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "…and %u more byte, which is not shown.",
                                    "…and %u more bytes, which are not shown.", (gulong)left_out),
                        (guint)left_out);
    mxp_reply_say(reply, rest);
}

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

static void send_request(MxpAccount *mxp, MxRequest *request, MxpReply *reply)
{
    mx_client_raw_send(mxp->client, request, on_answer, reply, free_reply);
}

/* ---- the question ---- */

typedef struct {
    MxpAccount *mxp;
    MxRequest *request;
    MxpReply *reply;
} Question;

static void question_free(gpointer data)
{
    Question *question = data;
    mx_request_unref(question->request);
    g_clear_pointer(&question->reply, mxp_reply_free);
    g_free(question);
}

void mxp_commands_raw_clear(MxpAccount *mxp)
{
    g_slist_free_full(g_steal_pointer(&mxp->raw_questions), question_free);
}

static void forget(Question *question)
{
    question->mxp->raw_questions = g_slist_remove(question->mxp->raw_questions, question);
    question_free(question);
}

static void on_confirmed(Question *question, int action)
{
    send_request(question->mxp, question->request, g_steal_pointer(&question->reply));
    forget(question);
}

static void on_refused(Question *question, int action)
{
    mxp_reply_say(question->reply, _("Nothing was sent."));
    forget(question);
}

/* The caller frees. */
static char *shorten(const char *body)
{
    g_autofree char *text = g_utf8_make_valid(body, -1);
    if (g_utf8_strlen(text, -1) <= MAX_ASKED)
        return g_steal_pointer(&text);
    g_autofree char *start = g_utf8_substring(text, 0, MAX_ASKED - 1);
    return g_strconcat(start, "…", NULL);
}

static void ask(MxpAccount *mxp, MxRequest *request, MxpReply *reply)
{
    Question *question = g_new0(Question, 1);
    const char *body = mx_request_get_body(request);
    g_autofree char *shown = shorten(body != NULL ? body : "");
    g_autofree char *text = g_strdup_printf("%s %s\n%s", mx_request_get_method(request),
                                            mx_request_get_target(request), shown);
    question->mxp = mxp;
    question->request = mx_request_ref(request);
    question->reply = reply;
    mxp->raw_questions = g_slist_prepend(mxp->raw_questions, question);
    purple_request_action(mxp->gc, _("Matrix"), _("Send this to your homeserver?"), text,
                          PURPLE_DEFAULT_ACTION_NONE, mxp->account, NULL, NULL, question, 2,
                          _("Send"), G_CALLBACK(on_confirmed), _("Cancel"), G_CALLBACK(on_refused));
}

/* ---- the command ---- */

/* The next word, taken off the text. */
static char *take_word(const char **text)
{
    const char *start = *text + strspn(*text, " \n\t");
    gsize len = strcspn(start, " \n\t");
    *text = start + len + strspn(start + len, " \n\t");
    return g_strndup(start, len);
}

static PurpleCmdRet on_matrix(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    const char *rest = args[0] != NULL ? args[0] : "";
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_autofree char *method = take_word(&rest);
    g_autofree char *path = take_word(&rest);
    g_autofree char *body = g_strchomp(g_strdup(rest));
    if (*path == '\0') {
        *error = g_strdup(_("Type a method, a path and perhaps JSON, for example: "
                            "/matrix GET /_matrix/client/v3/account/whoami"));
        return PURPLE_CMD_RET_FAILED;
    }
    g_autoptr(GError) wrong = NULL;
    g_autoptr(MxRequest) request =
        mx_client_raw_new(method, path, *body != '\0' ? body : NULL, &wrong);
    if (request == NULL) {
        *error = mxp_markup_escape(wrong->message);
        return PURPLE_CMD_RET_FAILED;
    }
    MxpReply *reply = mxp_reply_new(mxp, conversation);
    if (g_str_equal(mx_request_get_method(request), "GET"))
        send_request(mxp, request, reply);
    else
        ask(mxp, request, reply);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_raw[] = {
    {"matrix", "s", on_matrix,
     N_("matrix &lt;GET|POST|PUT|DELETE&gt; &lt;/_matrix/client/…&gt; [JSON]: Sends a request of "
        "your own to the homeserver, and shows the answer. Before anything but GET you are asked."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};
