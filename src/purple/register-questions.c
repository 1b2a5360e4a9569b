/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"
#include "register.h"

#include <glib/gi18n-lib.h>

#include <notify.h>
#include <request.h>

/* What only a person knows. Texts of dialogs are plain: neither program takes them for markup. */

static void on_cancelled(PurpleConnection *gc, PurpleRequestFields *fields)
{
    mxp_register_cancel(gc);
}

static PurpleAccount *get_account(PurpleConnection *gc)
{
    return purple_connection_get_account(gc);
}

/* The sentence about the last answer first. */
static char *join_texts(const char *problem, const char *text)
{
    return problem != NULL ? g_strdup_printf("%s\n\n%s", problem, text) : g_strdup(text);
}

/* Each question is a dialog with fields, even where buttons would do: only of these do both
 * programs say when the window is closed without an answer. group NULL: no fields. */
static void ask(PurpleConnection *gc, const char *primary, const char *secondary,
                PurpleRequestFieldGroup *group, const char *ok_text, GCallback callback)
{
    PurpleRequestFields *fields = purple_request_fields_new();
    if (group != NULL)
        purple_request_fields_add_group(fields, group);
    purple_request_fields(gc, _("Matrix"), primary, secondary, fields, ok_text, callback,
                          _("Cancel"), G_CALLBACK(on_cancelled), get_account(gc), NULL, NULL, gc);
}

/* ---- a line of text ---- */

static void on_text(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxRegister *reg = mxp_register_get(gc);
    if (reg != NULL)
        mx_register_answer(reg, purple_request_fields_get_string(fields, "text"));
}

static const struct {
    MxAskKind kind;
    const char *primary, *secondary, *label;
    gboolean is_masked;
} texts[] = {
    {MX_ASK_NAME, N_("Choose another name"), N_("The account will be created under this name."),
     N_("Name"), FALSE},
    {MX_ASK_SECRET, N_("The homeserver asks for a password"),
     N_("It creates accounts only for those who know it."), N_("Password"), TRUE},
    {MX_ASK_TOKEN, N_("The homeserver asks for a registration token"),
     N_("The people who run it give it to those they invite."), N_("Registration token"), FALSE},
    {MX_ASK_EMAIL, N_("The homeserver asks for an e-mail address"),
     N_("It will send a link there, which you have to open."), N_("E-mail address"), FALSE},
};

static void ask_text(PurpleConnection *gc, const MxQuestion *question, guint index)
{
    g_autofree char *secondary = join_texts(question->problem, _(texts[index].secondary));
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    PurpleRequestField *field =
        purple_request_field_string_new("text", _(texts[index].label), question->text, FALSE);
    purple_request_field_string_set_masked(field, texts[index].is_masked);
    purple_request_field_group_add_field(group, field);
    ask(gc, _(texts[index].primary), secondary, group, _("OK"), G_CALLBACK(on_text));
}

/* ---- the password of the account ---- */

static void on_password(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxRegister *reg = mxp_register_get(gc);
    const char *password = purple_request_fields_get_string(fields, "password");
    const char *again = purple_request_fields_get_string(fields, "again");
    if (reg == NULL)
        return;
    if (g_strcmp0(password, again) != 0)
        mx_register_repeat(reg, _("You have typed two different passwords."));
    else
        mx_register_answer(reg, password);
}

static void add_password(PurpleRequestFieldGroup *group, const char *id, const char *label)
{
    PurpleRequestField *field = purple_request_field_string_new(id, label, NULL, FALSE);
    purple_request_field_string_set_masked(field, TRUE);
    purple_request_field_group_add_field(group, field);
}

static void ask_password(PurpleConnection *gc, const MxQuestion *question)
{
    g_autofree char *primary = g_strdup_printf(_("Choose a password for %s"),
                                               purple_account_get_username(get_account(gc)));
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    add_password(group, "password", _("Password"));
    add_password(group, "again", _("Password again"));
    ask(gc, primary, question->problem, group, _("OK"), G_CALLBACK(on_password));
}

/* ---- the policies ---- */

/* The other fields' IDs are the policies' links. */
#define OPEN_PAGES "open"

static void on_terms(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxRegister *reg = mxp_register_get(gc);
    if (reg == NULL)
        return;
    PurpleRequestFieldGroup *group = purple_request_fields_get_groups(fields)->data;
    GList *policies = purple_request_field_group_get_fields(group)->next;
    if (purple_request_fields_get_bool(fields, OPEN_PAGES)) {
        for (GList *at = policies; at != NULL; at = at->next)
            purple_notify_uri(gc, purple_request_field_get_id(at->data));
        mx_register_repeat(reg, NULL);
        return;
    }
    for (GList *at = policies; at != NULL; at = at->next) {
        if (purple_request_field_bool_get_value(at->data))
            continue;
        mx_register_repeat(reg, _("Without your agreement to all of them there is no account. "
                                  "Tick each box, or cancel."));
        return;
    }
    mx_register_answer(reg, NULL);
}

static void ask_terms(PurpleConnection *gc, const MxQuestion *question)
{
    GString *text = g_string_new(_("Read these pages first:"));
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    purple_request_field_group_add_field(
        group, purple_request_field_bool_new(
                   OPEN_PAGES, _("Open them in a web browser, and ask me again"), FALSE));
    for (guint i = 0; i < question->policies->len; i++) {
        const MxPolicy *policy = g_ptr_array_index(question->policies, i);
        g_autofree char *label = g_strdup_printf(_("I agree to “%s”"), policy->name);
        g_string_append_printf(text, "\n%s:\n%s", policy->name, policy->url);
        purple_request_field_group_add_field(
            group, purple_request_field_bool_new(policy->url, label, FALSE));
    }
    g_autofree char *secondary = join_texts(question->problem, text->str);
    g_string_free(text, TRUE);
    ask(gc, _("The homeserver has terms that you have to agree to"), secondary, group, _("OK"),
        G_CALLBACK(on_terms));
}

/* ---- what is done elsewhere ---- */

static void on_continue(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxRegister *reg = mxp_register_get(gc);
    if (reg != NULL)
        mx_register_answer(reg, NULL);
}

static void on_link(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxRegister *reg = mxp_register_get(gc);
    if (reg != NULL && purple_request_fields_get_bool(fields, "again"))
        mx_register_ask_address(reg);
    else
        on_continue(gc, fields);
}

static void ask_link(PurpleConnection *gc, const MxQuestion *question)
{
    g_autofree char *text = g_strdup_printf(
        _("The homeserver has sent a mail to %s. Open the link in it, then press “Continue”."),
        question->text);
    g_autofree char *secondary = join_texts(question->problem, text);
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    purple_request_field_group_add_field(
        group, purple_request_field_bool_new(
                   "again", _("No mail came: send it again, or to another address"), FALSE));
    ask(gc, _("Confirm your e-mail address"), secondary, group, _("Continue"), G_CALLBACK(on_link));
}

static void ask_page(PurpleConnection *gc, const MxQuestion *question)
{
    g_autofree char *text = g_strdup_printf(
        _("Finish this page in a web browser, then press “Continue”:\n%s"), question->text);
    g_autofree char *secondary = join_texts(question->problem, text);
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    /* In Pidgin only a field's text can be copied; in Finch it is cut off. */
    PurpleRequestField *field =
        purple_request_field_string_new("page", _("Address to copy"), question->text, FALSE);
    purple_request_field_string_set_editable(field, FALSE);
    purple_request_field_group_add_field(group, field);
    if (!question->is_repeated)
        purple_notify_uri(gc, question->text);
    ask(gc, _("The homeserver asks for something on its web page"), secondary, group, _("Continue"),
        G_CALLBACK(on_continue));
}

void mxp_register_ask(PurpleConnection *gc, const MxQuestion *question)
{
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i].kind == question->kind)
            ask_text(gc, question, i);
    if (question->kind == MX_ASK_PASSWORD)
        ask_password(gc, question);
    else if (question->kind == MX_ASK_TERMS)
        ask_terms(gc, question);
    else if (question->kind == MX_ASK_LINK)
        ask_link(gc, question);
    else if (question->kind == MX_ASK_PAGE)
        ask_page(gc, question);
    else if (question->kind == MX_ASK_AGAIN)
        ask(gc, _("The account is not created yet"), question->problem, NULL, _("Try Again"),
            G_CALLBACK(on_continue));
}
