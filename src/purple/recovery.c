/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "recovery.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <notify.h>
#include <request.h>

#include "confirm.h"
#include "markup.h"
#include "mx-own-identity.h"
#include "mx-recovery.h"
#include "mx-trust.h"
#include "reply.h"
#include "trust.h"

#define MAX_SECRET_NAME 60 /* bytes */
#define MAX_SECRETS_NAMED 5

/* Callbacks of dialogs get the connection and nothing that would have to be freed: a dialog that
 * dies with the connection calls nothing. */

static void say(MxpAccount *mxp, const char *text)
{
    purple_notify_info(mxp->gc, _("Matrix"), purple_account_get_username(mxp->account), text);
}

static void fail(MxpAccount *mxp, MxpDeed deed, const GError *error)
{
    g_autoptr(MxpReply) reply = mxp_reply_new(mxp, NULL);
    g_autofree char *text = mxp_reply_explain(deed, NULL, error);
    mxp_reply_fail(reply, text);
}

static void on_cancelled(PurpleConnection *gc, PurpleRequestFields *fields)
{
    (void)gc;
    (void)fields;
}

static void add_text(PurpleRequestFieldGroup *group, const char *id, const char *label,
                     gboolean is_masked)
{
    PurpleRequestField *field = purple_request_field_string_new(id, label, NULL, FALSE);
    purple_request_field_string_set_masked(field, is_masked);
    purple_request_field_group_add_field(group, field);
}

/* Texts have lines of at most 72 characters: Finch breaks longer ones within a word. */
static void ask(MxpAccount *mxp, const char *primary, const char *secondary,
                PurpleRequestFieldGroup *group, const char *ok, GCallback func)
{
    PurpleRequestFields *fields = purple_request_fields_new();
    purple_request_fields_add_group(fields, group);
    purple_request_fields(mxp->gc, _("Matrix"), primary, secondary, fields, ok, func, _("Cancel"),
                          G_CALLBACK(on_cancelled), mxp->account, NULL, NULL, mxp->gc);
}

static gboolean is_typed(const char *text)
{
    return text != NULL && *text != '\0';
}

/* ---- setting up ---- */

/* In a text that can be copied, and that Finch shows whole: its entries are narrower than the key.
 * Finch does not count on lines wider than a terminal, so the sentence is a short one. The key is
 * letters, digits and spaces, and so is markup as it stands. */
static void show_key(MxpAccount *mxp, const char *key)
{
    g_autofree char *markup = g_strdup_printf("<br>%s", key);
    purple_notify_formatted(
        mxp->gc, _("Recovery Key"), _("Keep this recovery key"),
        _("It is shown this once. Write it down, or put it into a password manager."), markup, NULL,
        NULL);
}

static void on_set_up(MxClient *client, const char *recovery_key, const GError *error,
                      gpointer user_data)
{
    (void)client;
    if (error != NULL)
        fail(user_data, MXP_DEED_SET_UP_RECOVERY, error);
    else
        show_key(user_data, recovery_key);
}

static void set_up(PurpleConnection *gc, PurpleRequestFields *fields, gboolean replaces)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    const char *passphrase = purple_request_fields_get_string(fields, "passphrase");
    const char *again = purple_request_fields_get_string(fields, "again");
    if (mxp == NULL)
        return;
    if (g_strcmp0(is_typed(passphrase) ? passphrase : "", is_typed(again) ? again : "") != 0) {
        purple_notify_error(gc, _("Matrix"), _("Recovery was not set up"),
                            _("The two passphrases differ. Choose “Set up recovery…” again."));
        return;
    }
    const char *present = purple_request_fields_exists(fields, "present")
                              ? purple_request_fields_get_string(fields, "present")
                              : NULL;
    MxRecoveryWish wish = {.passphrase = is_typed(passphrase) ? passphrase : NULL,
                           .replaces = replaces,
                           .present = is_typed(present) ? present : NULL};
    mx_client_set_up_recovery(mxp->client, &wish, on_set_up, mxp, NULL);
}

static void on_set_up_new(PurpleConnection *gc, PurpleRequestFields *fields)
{
    set_up(gc, fields, FALSE);
}

static void on_set_up_again(PurpleConnection *gc, PurpleRequestFields *fields)
{
    set_up(gc, fields, TRUE);
}

static PurpleRequestFieldGroup *new_passphrase_group(void)
{
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    add_text(group, "passphrase", _("Passphrase (optional)"), TRUE);
    add_text(group, "again", _("The passphrase again"), TRUE);
    return group;
}

static void ask_passphrase(MxpAccount *mxp, GCallback func)
{
    PurpleRequestFieldGroup *group = new_passphrase_group();
    ask(mxp, _("Set up recovery"),
        _("You get a recovery key: with it you recover your encryption elsewhere.\n"
          "Whoever else has it can do so too.\n"
          "If you like, a passphrase does the same; not your account's password."),
        group, _("Set up"), func);
}

static void on_replace(MxpAccount *mxp, gpointer user_data)
{
    (void)user_data;
    ask_passphrase(mxp, G_CALLBACK(on_set_up_again));
}

static void on_replace_with_others(MxpAccount *mxp, gpointer user_data)
{
    (void)user_data;
    PurpleRequestFieldGroup *group = new_passphrase_group();
    add_text(group, "present", _("Present recovery key or passphrase"), TRUE);
    ask(mxp, _("Set up recovery"),
        _("You get a recovery key: with it you recover your encryption elsewhere.\n"
          "If you like, a new passphrase does the same.\n"
          "What else is stored with the present key is only carried over if you type\n"
          "that key, or its passphrase. Without it, keep the present key."),
        group, _("Set up"), G_CALLBACK(on_set_up_again));
}

/* The type of a secret comes from the homeserver. */
static const char *name_secret(const char *type)
{
    if (g_str_equal(type, "m.megolm_backup.v1"))
        return _("the key of your key backup");
    if (g_str_equal(type, "org.matrix.msc3814"))
        return _("the key of your dehydrated device");
    gsize len = strlen(type);
    return len <= MAX_SECRET_NAME &&
                   strspn(type, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS "._-") == len
               ? type
               : _("another secret");
}

static void confirm_with_others(MxpAccount *mxp, const char *const *others)
{
    g_autoptr(GString) text =
        g_string_new(_("Recovery is set up already. You get a new recovery key.\n"
                       "This is stored with the one you have, too, by other clients:"));
    for (guint i = 0; others[i] != NULL && i < MAX_SECRETS_NAMED; i++)
        g_string_append_printf(text, "\n• %s", name_secret(others[i]));
    if (g_strv_length((char **)others) > MAX_SECRETS_NAMED)
        g_string_append(text, "\n…");
    g_string_append_printf(text, "\n%s",
                           _("It can only be stored with the new key if you have the present\n"
                             "one, or its passphrase: you are asked for it next."));
    mxp_confirm(mxp, _("Replace your recovery key?"), text->str, _("Replace"),
                on_replace_with_others, NULL, NULL);
}

static void on_has_recovery(MxClient *client, gboolean has_recovery, const char *const *others,
                            const GError *error, gpointer user_data)
{
    (void)client;
    MxpAccount *mxp = user_data;
    if (error != NULL)
        fail(mxp, MXP_DEED_SET_UP_RECOVERY, error);
    else if (has_recovery && others[0] != NULL)
        confirm_with_others(mxp, others);
    else if (has_recovery)
        mxp_confirm(mxp, _("Replace your recovery key?"),
                    _("Recovery is set up already. You get a new recovery key;\n"
                      "the one you have, and its passphrase, are of no use then."),
                    _("Replace"), on_replace, NULL, NULL);
    else
        ask_passphrase(mxp, G_CALLBACK(on_set_up_new));
}

void mxp_recovery_set_up(MxpAccount *mxp)
{
    mx_client_has_recovery(mxp->client, on_has_recovery, mxp, NULL);
}

/* ---- recovering ---- */

static void on_recovered(MxClient *client, gboolean is_signed, const GError *error,
                         gpointer user_data)
{
    (void)client;
    MxpAccount *mxp = user_data;
    if (error != NULL)
        fail(mxp, MXP_DEED_RECOVER, error);
    else if (is_signed)
        say(mxp, _("Your encryption is recovered: this device is signed as yours."));
    else
        say(mxp, _("Your identity is recovered, but this device is not signed: the key that signs "
                   "devices is not stored for recovery. Set recovery up anew on a device that has "
                   "it, then recover here again."));
}

static void on_secret(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    const char *key = purple_request_fields_get_string(fields, "key");
    const char *passphrase = purple_request_fields_get_string(fields, "passphrase");
    if (mxp == NULL)
        return;
    if (is_typed(key) == is_typed(passphrase))
        purple_notify_error(gc, _("Matrix"), _("Nothing was recovered"),
                            _("Type either the recovery key or the passphrase."));
    else
        mx_client_recover(mxp->client, is_typed(key) ? key : passphrase, on_recovered, mxp, NULL);
}

void mxp_recovery_recover(MxpAccount *mxp)
{
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    add_text(group, "key", _("Recovery key"), FALSE);
    add_text(group, "passphrase", _("or passphrase"), TRUE);
    ask(mxp, _("Recover encryption"),
        _("Type the recovery key you were shown, or the passphrase you chose.\n"
          "This device is signed with your identity afterwards."),
        group, _("Recover"), G_CALLBACK(on_secret));
}

/* ---- a new identity ---- */

static void on_reset(MxClient *client, const GError *error, gpointer user_data)
{
    (void)client;
    MxpAccount *mxp = user_data;
    if (error != NULL)
        fail(mxp, MXP_DEED_RESET_IDENTITY, error);
    else
        say(mxp, _("You have a new identity. Set up recovery now (“Set up recovery…”): the old "
                   "recovery key belongs to the old identity. Your other devices have to be "
                   "recovered with the new one."));
}

static void on_password(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    if (mxp != NULL)
        mx_client_reset_identity(mxp->client, purple_request_fields_get_string(fields, "password"),
                                 on_reset, mxp, NULL);
}

static void on_reset_confirmed(MxpAccount *mxp, gpointer user_data)
{
    (void)user_data;
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    add_text(group, "password", _("Password"), TRUE);
    ask(mxp, _("Reset your identity"),
        _("Your homeserver wants the password of your account for this.\n"
          "It cannot be undone."),
        group, _("Reset"), G_CALLBACK(on_password));
}

void mxp_recovery_reset_identity(MxpAccount *mxp)
{
    mxp_confirm(mxp, _("Reset your identity?"),
                _("Everybody you write to is told that your identity has changed.\n"
                  "Verifications are void, and your other devices have to be recovered.\n"
                  "Do it only if you have lost the recovery key and all signed devices."),
                _("Go on"), on_reset_confirmed, NULL, NULL);
}

/* ---- information ---- */

static const char *get_state_sentence(MxOwnIdentityState state)
{
    switch (state) {
    case MX_IDENTITY_READY:
        return _("This device is signed with your identity.");
    case MX_IDENTITY_UNPUBLISHED:
        return _("This device is about to be signed with your identity.");
    case MX_IDENTITY_FOREIGN:
        return _("This device is not signed with your identity: choose “Recover encryption…”, or "
                 "type “/recovery recover”.");
    case MX_IDENTITY_CHANGED:
        return _("Another device has given your account a new identity, which is not accepted here "
                 "yet: choose “Recover encryption…”, or type “/recovery recover”.");
    case MX_IDENTITY_UNKNOWN:
        break;
    }
    return _("The homeserver has not answered yet whether you have an identity.");
}

static const char *get_policy_sentence(PurpleAccount *account)
{
    const char *policy = mxp_trust_get_policy(account);
    if (g_str_equal(policy, "all"))
        return _("Messages are encrypted to all devices.");
    if (g_str_equal(policy, "verified"))
        return _("Messages are encrypted to the devices of verified people only.");
    return _("Messages are encrypted to devices that are signed by their owner.");
}

typedef struct {
    MxpAccount *mxp;
    const char *recovery; /* static */
} Info;

static void on_info(MxClient *client, const MxEncryptionInfo *info, const char *problem,
                    gpointer user_data)
{
    (void)client;
    const Info *asked = user_data;
    g_autoptr(GString) text = g_string_new(NULL);
    if (info == NULL) {
        g_string_append(text, problem != NULL ? problem : _("The encryption is not open."));
    } else {
        g_string_append_printf(text, _("Device ID: %s\nFingerprint: %s\n%s\n%s\n"), info->device_id,
                               info->fingerprint, get_state_sentence(info->identity),
                               asked->recovery);
        g_string_append_printf(text, _("Your devices: %u, of which are signed: %u\n%s"),
                               info->n_devices, info->n_signed,
                               get_policy_sentence(asked->mxp->account));
    }
    g_autofree char *markup = mxp_markup_escape(text->str);
    purple_notify_formatted(asked->mxp->gc, _("Encryption Information"),
                            purple_account_get_username(asked->mxp->account), NULL, markup, NULL,
                            NULL);
}

static void on_recovery_known(MxClient *client, gboolean has_recovery, const char *const *others,
                              const GError *error, gpointer user_data)
{
    (void)others;
    Info *info = g_new0(Info, 1);
    info->mxp = user_data;
    info->recovery = error != NULL  ? _("It is not known whether recovery is set up.")
                     : has_recovery ? _("Recovery is set up.")
                                    : _("Recovery is not set up: choose “Set up recovery…”, or "
                                        "type “/recovery setup”.");
    mx_client_get_encryption_info(client, on_info, info, g_free);
}

void mxp_recovery_show_info(MxpAccount *mxp)
{
    mx_client_has_recovery(mxp->client, on_recovery_known, mxp, NULL);
}
