/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "verification-ui.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <core.h>
#include <request.h>

#include "buddies.h"
#include "mx-event.h"
#include "reply.h"
#include "verification-code.h"
#include "verification-emoji.h"

#define MAX_NAME 60 /* characters of a device's name */

/* One verification that is under way. The account keeps it, since a dialog that dies with the
 * connection frees nothing. */
typedef struct {
    MxpAccount *mxp;
    guint64 id;
    char *user_id;
    MxVerificationState state;
    MxpReply *reply; /* where it was asked for; NULL: nowhere here */
    void *dialog;    /* the libpurple handle of the one that is open, or NULL */
    PurpleRequestType dialog_type;
} Talk;

/* ---- words ---- */

/* The device's own name is anybody's word: it is quoted, on one line. */
static char *describe_device(const MxVerification *verification)
{
    g_autofree char *name = mx_event_tidy_text(verification->device_name, MAX_NAME);
    if (verification->device_id == NULL)
        return g_strdup(_("your other devices"));
    return name != NULL ? g_strdup_printf(_("your device %s (“%s”)"), verification->device_id, name)
                        : g_strdup_printf(_("your device %s"), verification->device_id);
}

static char *describe_other(const MxVerification *verification)
{
    return verification->is_own ? describe_device(verification) : g_strdup(verification->user_id);
}

static const char *explain_problem(const MxVerification *verification)
{
    switch (verification->problem) {
    case MX_VERIFICATION_NO_METHOD:
        return _("Their program offers no way to verify that is known here.");
    case MX_VERIFICATION_NOT_THEIRS:
        return _("They have no identity yet that could be verified: their program has to set up "
                 "its encryption first.");
    case MX_VERIFICATION_THEIRS_NEW:
        return _("Their identity has changed. Look at the new one with “/trust” first.");
    case MX_VERIFICATION_NOT_OURS:
        return verification->is_own
                   ? _("This account has no identity that could be verified.")
                   : _("This device is not signed with your own identity yet. Verify it from "
                       "another device of yours (“/verify” in a room), or choose “Recover "
                       "encryption…” in the account's menu (“/recovery recover”).");
    case MX_VERIFICATION_NO_DEVICE:
        return _("No such device of yours is known. “/devices” lists them.");
    case MX_VERIFICATION_TOO_MANY:
        return _("Too many verifications are under way.");
    case MX_VERIFICATION_INTERRUPTED:
        return _("The program was closed in between. Begin again.");
    case MX_VERIFICATION_NO_RANDOMNESS:
    case MX_VERIFICATION_FINE:
        break;
    }
    return _("Try again later.");
}

/* Of the other side; what this side has decided is said in other words. */
static const struct {
    const char *code, *theirs, *ours;
} codes[] = {
    {"m.user", N_("The other side has ended it."), N_("You have ended it.")},
    {"m.timeout", N_("It took too long."), N_("It took too long.")},
    {"m.accepted", N_("Another device has taken it."), N_("Another device has taken it.")},
    {"m.mismatched_sas",
     N_("The other side says that the emoji or numbers differ. Somebody may be listening in: trust "
        "nothing that came this way until you have found out."),
     N_("The emoji or numbers differ, so somebody may be listening in. Try again another way; if "
        "they differ again, do not trust this connection.")},
    {"m.mismatched_commitment",
     N_("The other side noticed that keys were exchanged on the way. Somebody may be listening "
        "in."),
     N_("Keys were exchanged on the way. Somebody may be listening in.")},
    {"m.key_mismatch",
     N_("The other side found other keys than it knows. Somebody may be listening in, or one side "
        "has no identity to be verified."),
     N_("The keys of the other side are not those that are known here, or do not prove whose they "
        "are.")},
    {"m.unknown_method", N_("The two programs have no way to verify in common."),
     N_("The two programs have no way to verify in common.")},
    {"m.unknown_transaction", N_("The other side no longer knows of it."),
     N_("It is no longer known here.")},
    {"m.unexpected_message", N_("The two programs did not agree on what comes next. Try again."),
     N_("The two programs did not agree on what comes next. Try again.")},
    {"m.invalid_message", N_("The other program did not understand a message. Try again."),
     N_("A message of the other program made no sense. Try again.")},
    {"m.user_mismatch", N_("The other side expected somebody else."),
     N_("Somebody else was expected.")},
};

static char *explain_code(const MxVerification *verification)
{
    if (verification->problem == MX_VERIFICATION_INTERRUPTED)
        return g_strdup(explain_problem(verification));
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
        if (g_strcmp0(codes[i].code, verification->code) == 0)
            return g_strdup(_(verification->is_ended_here ? codes[i].ours : codes[i].theirs));
    g_autofree char *reason = mx_event_tidy_text(verification->reason, 200);
    return reason != NULL ? g_strdup_printf(_("The other side has ended it: “%s”"), reason)
                          : g_strdup(_("The other side has ended it."));
}

/* ---- talks ---- */

static void talk_free(gpointer data)
{
    Talk *talk = data;
    g_free(talk->user_id);
    g_clear_pointer(&talk->reply, mxp_reply_free);
    g_free(talk);
}

static void close_dialog(Talk *talk)
{
    void *dialog = g_steal_pointer(&talk->dialog);
    if (dialog != NULL)
        purple_request_close(talk->dialog_type, dialog);
    talk->dialog_type = PURPLE_REQUEST_ACTION;
}

static void end(Talk *talk)
{
    close_dialog(talk);
    talk->mxp->verifications = g_slist_remove(talk->mxp->verifications, talk);
    talk_free(talk);
}

static Talk *find_talk(MxpAccount *mxp, guint64 id)
{
    for (GSList *at = mxp->verifications; at != NULL; at = at->next)
        if (((Talk *)at->data)->id == id)
            return at->data;
    return NULL;
}

/* The newest is the first. */
static Talk *get_talk(MxpAccount *mxp, guint64 id, const char *user_id)
{
    Talk *talk = find_talk(mxp, id);
    if (talk == NULL) {
        talk = g_new0(Talk, 1);
        talk->mxp = mxp;
        talk->dialog_type = PURPLE_REQUEST_ACTION;
        talk->id = id;
        talk->user_id = g_strdup(user_id);
        mxp->verifications = g_slist_prepend(mxp->verifications, talk);
    }
    return talk;
}

/* Where it was asked for, or the conversation with them; else a dialog. */
static void say(Talk *talk, const char *text, gboolean is_error)
{
    MxpAccount *mxp = talk->mxp;
    PurpleConversation *im =
        purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, talk->user_id, mxp->account);
    PurpleConversation *asked =
        talk->reply != NULL ? mxp_reply_get_conversation(talk->reply) : NULL;
    if (asked == NULL && im == NULL) {
        purple_notify_message(mxp->gc, is_error ? PURPLE_NOTIFY_MSG_ERROR : PURPLE_NOTIFY_MSG_INFO,
                              _("Verification"), text, NULL, NULL, NULL);
        return;
    }
    g_autoptr(MxpReply) reply = mxp_reply_new(mxp, asked != NULL ? asked : im);
    if (is_error)
        mxp_reply_fail(reply, text);
    else
        mxp_reply_say(reply, text);
}

/* ---- dialogs ---- */

static void answer(Talk *talk, MxVerifyDeed deed)
{
    talk->dialog = NULL; /* libpurple closes it */
    talk->dialog_type = PURPLE_REQUEST_ACTION;
    mx_client_answer_verification(talk->mxp->client, talk->id, deed);
}

static void on_accept(Talk *talk, int action)
{
    (void)action;
    answer(talk, MX_VERIFY_ACCEPT);
}

static void on_match(Talk *talk, int action)
{
    (void)action;
    answer(talk, MX_VERIFY_MATCH);
}

static void on_mismatch(Talk *talk, int action)
{
    (void)action;
    answer(talk, MX_VERIFY_MISMATCH);
}

static void on_cancel(Talk *talk, int action)
{
    (void)action;
    answer(talk, MX_VERIFY_CANCEL);
}

/* Texts have lines of at most 72 characters: Finch breaks longer ones within a word. */
static void ask_to_accept(Talk *talk, const MxVerification *verification)
{
    g_autofree char *other = describe_other(verification);
    g_autofree char *primary = g_strdup_printf(
        verification->is_own ? _("Verify %s?") : _("%s wants to verify you"), other);
    talk->dialog = purple_request_action(
        talk->mxp->gc, _("Verification"), primary,
        verification->is_own
            ? _("It asks for that. Accept only if it is you, with the device at hand.\n"
                "Both then show seven emoji, which you compare.")
            : _("You both compare seven emoji, in a call or face to face, not here.\n"
                "Then each of you knows that nobody is in between."),
        PURPLE_DEFAULT_ACTION_NONE, talk->mxp->account, verification->user_id, NULL, talk, 2,
        _("Accept"), G_CALLBACK(on_accept), _("Decline"), G_CALLBACK(on_cancel));
}

/* A line where it was asked for: a dialog could take the keyboard from somebody who writes. Takes
 * text. */
static void wait_for(Talk *talk, const MxVerification *verification, char *text)
{
    g_autofree char *owned = text;
    if (talk->reply != NULL && mxp_reply_get_conversation(talk->reply) != NULL) {
        g_autofree char *line = g_strdup_printf(_("%s. “/verify cancel” ends it."), owned);
        mxp_reply_say(talk->reply, line);
        return;
    }
    talk->dialog = purple_request_action(talk->mxp->gc, _("Verification"), owned, NULL, 0,
                                         talk->mxp->account, verification->user_id, NULL, talk, 1,
                                         _("Cancel"), G_CALLBACK(on_cancel));
}

/* Names beside the emoji: a terminal may lack the pictures, and people read out words. */
static char *describe_text(const MxVerification *verification)
{
    GString *text = g_string_new(NULL);
    const MxSasText *sas = &verification->text;
    for (guint i = 0; verification->has_emoji && i < MX_SAS_N_EMOJI; i++)
        g_string_append_printf(text, "%u.  %s  %s\n", i + 1,
                               mxp_verification_emoji_get_symbol(sas->emoji[i]),
                               mxp_verification_emoji_get_name(sas->emoji[i]));
    g_string_append_printf(text, _("Numbers: %u - %u - %u"), sas->numbers[0], sas->numbers[1],
                           sas->numbers[2]);
    return g_string_free(text, FALSE);
}

static void compare(Talk *talk, const MxVerification *verification)
{
    g_autofree char *text = describe_text(verification);
    g_autofree char *other = describe_other(verification);
    g_autofree char *primary =
        g_strdup_printf(verification->has_emoji ? _("Does %s show the same emoji, in this order?")
                                                : _("Does %s show the same numbers?"),
                        other);
    talk->dialog = purple_request_action(
        talk->mxp->gc, _("Verification"), primary, text, PURPLE_DEFAULT_ACTION_NONE,
        talk->mxp->account, verification->user_id, NULL, talk, 3, _("They match"),
        G_CALLBACK(on_match), _("They don't match"), G_CALLBACK(on_mismatch), _("Cancel"),
        G_CALLBACK(on_cancel));
}

/* ---- how it goes ---- */

static void tell_failure(Talk *talk, const char *beginning, const char *why)
{
    g_autofree char *text = g_strconcat(beginning, " ", why, NULL);
    say(talk, text, TRUE);
    end(talk);
}

static void tell_success(Talk *talk, const MxVerification *verification)
{
    g_autofree char *other = describe_other(verification);
    g_autofree char *text =
        verification->is_own
            ? g_strdup_printf(_("Verified: %s and this one trust each other now."), other)
            : g_strdup_printf(_("Verified: %s is who they say they are."), other);
    say(talk, text, FALSE);
    end(talk);
}

static void tell_dismissed(Talk *talk, const MxVerification *verification)
{
    gboolean was_asked = talk->dialog != NULL && talk->state == MX_VERIFICATION_REQUESTED;
    g_autofree char *other = describe_other(verification);
    g_autofree char *text = g_strdup_printf(
        _("The request to verify %s has ended: another device of yours has answered it, or it was "
          "too old."),
        other);
    if (was_asked)
        say(talk, text, FALSE);
    end(talk);
}

static void tell_cancelled(Talk *talk, const MxVerification *verification)
{
    g_autofree char *other = describe_other(verification);
    g_autofree char *beginning = g_strdup_printf(_("Not verified: %s."), other);
    g_autofree char *why = explain_code(verification);
    tell_failure(talk, beginning, why);
}

static void tell_impossible(Talk *talk, const MxVerification *verification)
{
    g_autofree char *other = describe_other(verification);
    g_autofree char *beginning =
        verification->is_incoming
            ? g_strdup_printf(_("%s: a verification was asked for, but cannot be done here."),
                              other)
            : g_strdup_printf(_("Not verified: %s."), other);
    tell_failure(talk, beginning, explain_problem(verification));
}

static void show_request(Talk *talk, const MxVerification *verification)
{
    g_autofree char *other = describe_other(verification);
    if (verification->is_incoming)
        ask_to_accept(talk, verification);
    else
        wait_for(talk, verification,
                 g_strdup_printf(_("Waiting for %s to accept the verification"), other));
}

/* ---- codes ---- */

#if MX_QRENCODE
static void on_emoji(Talk *talk, int action)
{
    (void)action;
    answer(talk, MX_VERIFY_EMOJI);
}

static void on_emoji_wanted(Talk *talk, PurpleRequestFields *fields)
{
    (void)fields;
    answer(talk, MX_VERIFY_EMOJI);
}

static void on_code_cancelled(Talk *talk, PurpleRequestFields *fields)
{
    (void)fields;
    answer(talk, MX_VERIFY_CANCEL);
}

static void show_image(Talk *talk, const MxVerification *verification, const char *primary)
{
    g_autoptr(GBytes) image = mxp_verification_code_make_image(verification->qr_code);
    gsize len;
    const char *data = g_bytes_get_data(image, &len);
    PurpleRequestFields *fields = purple_request_fields_new();
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    purple_request_field_group_add_field(
        group, purple_request_field_image_new("code", _("Code"), data, len));
    purple_request_fields_add_group(fields, group);
    talk->dialog_type = PURPLE_REQUEST_FIELDS;
    talk->dialog = purple_request_fields(talk->mxp->gc, _("Verification"), primary, NULL, fields,
                                         _("Compare emoji instead"), G_CALLBACK(on_emoji_wanted),
                                         _("Cancel"), G_CALLBACK(on_code_cancelled),
                                         talk->mxp->account, verification->user_id, NULL, talk);
}

/* A terminal has no pictures. */
static void show_blocks(Talk *talk, const MxVerification *verification, const char *primary)
{
    g_autofree char *text = mxp_verification_code_make_text(verification->qr_code);
    talk->dialog = purple_request_action(talk->mxp->gc, _("Verification"), primary, text, 0,
                                         talk->mxp->account, verification->user_id, NULL, talk, 2,
                                         _("Compare emoji instead"), G_CALLBACK(on_emoji),
                                         _("Cancel"), G_CALLBACK(on_cancel));
}

static void show_code(Talk *talk, const MxVerification *verification)
{
    g_autofree char *other = describe_other(verification);
    g_autofree char *primary =
        g_strdup_printf(_("Scan this code with %s, or compare emoji"), other);
    gboolean is_terminal = g_strcmp0(purple_core_get_ui(), "gnt-purple") == 0;
    if (verification->qr_code == NULL)
        return;
    if (!(is_terminal ? mxp_verification_code_fits_terminal
                      : mxp_verification_code_fits)(verification->qr_code))
        mx_client_answer_verification(talk->mxp->client, talk->id, MX_VERIFY_EMOJI);
    else if (is_terminal)
        show_blocks(talk, verification, primary);
    else
        show_image(talk, verification, primary);
}
#endif

static void show_scanned(Talk *talk, const MxVerification *verification)
{
    g_autofree char *other = describe_other(verification);
    g_autofree char *primary = g_strdup_printf(_("Does %s say that the code was right?"), other);
    talk->dialog = purple_request_action(
        talk->mxp->gc, _("Verification"), primary,
        _("Somebody has scanned the code. Look at the other screen: only if it\n"
          "says that it went well, it was scanned there."),
        PURPLE_DEFAULT_ACTION_NONE, talk->mxp->account, verification->user_id, NULL, talk, 2,
        _("Yes, it does"), G_CALLBACK(on_match), _("No"), G_CALLBACK(on_mismatch));
}

static void show_confirmed(Talk *talk, const MxVerification *verification)
{
    g_autofree char *other = describe_other(verification);
    wait_for(talk, verification,
             g_strdup_printf(_("Waiting for %s to say that it is the same there"), other));
}

/* What is shown in each state; the last ones end the talk. Two programs need a moment from READY to
 * COMPARING, for which nothing changes on the screen. */
static void (*const shows[])(Talk *talk, const MxVerification *verification) = {
#if MX_QRENCODE
    [MX_VERIFICATION_READY] = show_code,
#endif
    [MX_VERIFICATION_SCANNED] = show_scanned,     [MX_VERIFICATION_REQUESTED] = show_request,
    [MX_VERIFICATION_COMPARING] = compare,        [MX_VERIFICATION_CONFIRMED] = show_confirmed,
    [MX_VERIFICATION_VERIFIED] = tell_success,    [MX_VERIFICATION_CANCELLED] = tell_cancelled,
    [MX_VERIFICATION_DISMISSED] = tell_dismissed, [MX_VERIFICATION_IMPOSSIBLE] = tell_impossible,
};

static void on_changed(MxClient *client, const MxVerification *verification, MxpAccount *mxp)
{
    (void)client;
    MxVerificationState state = verification->state;
    Talk *talk = get_talk(mxp, verification->id, verification->user_id);
    if (state < MX_VERIFICATION_VERIFIED)
        talk->state = state;
    if (shows[state] == NULL)
        return;
    if (state != MX_VERIFICATION_DISMISSED) /* which asks whether there is one */
        close_dialog(talk);
    shows[state](talk, verification);
}

/* ---- what the user asks for ---- */

typedef struct {
    MxpReply *reply;
    char *user_id;
} Question;

static void question_free(gpointer data)
{
    Question *question = data;
    g_clear_pointer(&question->reply, mxp_reply_free);
    g_free(question->user_id);
    g_free(question);
}

static void on_requested(MxClient *client, guint64 id, const GError *error, gpointer user_data)
{
    (void)client;
    Question *question = user_data;
    if (error != NULL) {
        mxp_reply_fail(question->reply, error->message);
        return;
    }
    Talk *talk = get_talk(question->reply->mxp, id, question->user_id);
    talk->reply = g_steal_pointer(&question->reply);
}

void mxp_verification_start(MxpAccount *mxp, const char *user_id, const char *device_id,
                            PurpleConversation *conversation)
{
    gboolean is_chat =
        conversation != NULL && purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_CHAT;
    MxRoom *room = is_chat
                       ? mx_client_get_room(mxp->client, purple_conversation_get_name(conversation))
                       : NULL;
    Question *question = g_new0(Question, 1);
    question->reply = mxp_reply_new(mxp, conversation);
    question->user_id = g_strdup(user_id);
    mx_client_verify(mxp->client, user_id, device_id, room, on_requested, question, question_free);
}

static void on_chosen(PurpleBlistNode *node, gpointer data)
{
    (void)data;
    PurpleBuddy *buddy = (PurpleBuddy *)node;
    MxpAccount *mxp = mxp_account_get(purple_buddy_get_account(buddy));
    if (mxp != NULL && PURPLE_CONNECTION_IS_CONNECTED(mxp->gc))
        mxp_verification_start(mxp, purple_buddy_get_name(buddy), NULL, NULL);
}

PurpleMenuAction *mxp_verification_new_action(void)
{
    return purple_menu_action_new(_("Verify…"), PURPLE_CALLBACK(on_chosen), NULL, NULL);
}

static gboolean is_wanted(const Talk *talk, MxVerifyDeed deed)
{
    switch (deed) {
    case MX_VERIFY_ACCEPT:
        return talk->state == MX_VERIFICATION_REQUESTED;
    case MX_VERIFY_EMOJI:
        return talk->state == MX_VERIFICATION_READY;
    case MX_VERIFY_MATCH:
    case MX_VERIFY_MISMATCH:
        return talk->state == MX_VERIFICATION_COMPARING || talk->state == MX_VERIFICATION_SCANNED;
    case MX_VERIFY_CANCEL:
        break;
    }
    return TRUE;
}

gboolean mxp_verification_answer(MxpAccount *mxp, MxVerifyDeed deed)
{
    for (GSList *at = mxp->verifications; at != NULL; at = at->next) {
        Talk *talk = at->data;
        if (!is_wanted(talk, deed))
            continue;
        close_dialog(talk);
        mx_client_answer_verification(mxp->client, talk->id, deed);
        return TRUE;
    }
    return FALSE;
}

/* ---- life ---- */

void mxp_verification_init(MxpAccount *mxp)
{
    g_signal_connect(mxp->client, "verification-changed", G_CALLBACK(on_changed), mxp);
}

void mxp_verification_clear(MxpAccount *mxp)
{
    g_slist_free_full(g_steal_pointer(&mxp->verifications), talk_free);
}
