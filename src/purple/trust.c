/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "trust.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "confirm.h"
#include "reply.h"

const char *mxp_trust_get_policy(PurpleAccount *account)
{
    const char *policy = purple_account_get_string(account, MXP_OPTION_ENCRYPT_TO, "signed");
    return g_str_equal(policy, "all") || g_str_equal(policy, "verified") ? policy : "signed";
}

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

/* ---- lists ---- */

static const char *get_device_words(const MxDevice *device)
{
    if (device->is_blocked)
        return _("blocked by you");
    switch (device->trust) {
    case MX_DEVICE_VERIFIED:
        return _("verified");
    case MX_DEVICE_SIGNED:
        return _("signed by its owner");
    case MX_DEVICE_UNSIGNED:
        break;
    }
    return _("not signed by its owner");
}

static const char *get_identity_sentence(const MxIdentity *identity)
{
    if (identity == NULL)
        return _("No identity is known of them, so nothing vouches for their devices.");
    if (identity->is_ambiguous)
        return _("One of their devices is named like a key of their identity. Somebody may be "
                 "trying to deceive you: this identity is not believed.");
    if (identity->is_changed)
        return _("Their identity has changed, and you have not accepted the new one (/trust).");
    if (identity->is_verified)
        return _("Their identity is verified.");
    if (identity->was_verified)
        return _("Their identity was verified once, and is so no longer (/untrust ends this).");
    return _("Their identity is the one that was first seen; it is not verified.");
}

static void append_device(GString *text, const MxDevice *device)
{
    g_autofree char *fingerprint = mx_fingerprint_format(device->ed25519);
    g_autofree char *name = device->display_name != NULL
                                ? g_strdup_printf(" (%s)", device->display_name)
                                : g_strdup("");
    g_string_append_printf(text, _("\n%s%s: %s. Fingerprint: %s"), device->device_id, name,
                           get_device_words(device), fingerprint);
}

static void on_devices(MxClient *client, const char *user_id, GPtrArray *devices,
                       const MxIdentity *identity, gpointer user_data)
{
    const MxpReply *reply = user_data;
    gboolean is_own = g_strcmp0(user_id, mx_client_get_user_id(client)) == 0;
    if (devices == NULL) {
        mxp_reply_fail(reply, _("The encryption of this account is not open."));
        return;
    }
    if (devices->len == 0) {
        g_autofree char *none = g_strdup_printf(
            _("No devices are known of %s. They are asked for when you share an encrypted room."),
            user_id);
        mxp_reply_say(reply, none);
        return;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(text, _("Devices of %s."), user_id);
    if (!is_own)
        g_string_append_printf(text, " %s", get_identity_sentence(identity));
    for (guint i = 0; i < devices->len; i++)
        append_device(text, g_ptr_array_index(devices, i));
    mxp_reply_say(reply, text->str);
}

void mxp_trust_list_devices(MxpAccount *mxp, const char *user_id, PurpleConversation *conversation)
{
    mx_client_list_devices(mxp->client, user_id, on_devices, mxp_reply_new(mxp, conversation),
                           free_reply);
}

/* ---- deeds ---- */

typedef struct {
    MxpReply *reply;
    char *done;
} Deed;

static void deed_free(gpointer data)
{
    Deed *deed = data;
    mxp_reply_free(deed->reply);
    g_free(deed->done);
    g_free(deed);
}

static void on_done(MxClient *client, const GError *error, gpointer user_data)
{
    (void)client;
    const Deed *deed = user_data;
    if (error != NULL)
        mxp_reply_fail(deed->reply, error->message);
    else
        mxp_reply_say(deed->reply, deed->done);
}

static char *describe(MxTrustDeed deed, const char *user_id, const char *device_id)
{
    switch (deed) {
    case MX_TRUST_ACCEPT:
        return g_strdup_printf(_("You have accepted the new identity of %s; it is not verified. "
                                 "What waited for it is sent now."),
                               user_id);
    case MX_TRUST_WITHDRAW:
        return g_strdup_printf(_("%s is not verified any more."), user_id);
    case MX_TRUST_BLOCK:
        return g_strdup_printf(
            _("The device %s of %s is blocked: it cannot read what is encrypted from now on."),
            device_id, user_id);
    case MX_TRUST_UNBLOCK:
        break;
    }
    return g_strdup_printf(_("The device %s of %s is blocked no longer."), device_id, user_id);
}

/* Takes reply. */
static void do_deed(MxpReply *reply, MxTrustDeed deed, const char *user_id, const char *device_id)
{
    Deed *state = g_new0(Deed, 1);
    state->reply = reply;
    state->done = describe(deed, user_id, device_id);
    mx_client_trust(reply->mxp->client, deed, user_id, device_id, on_done, state, deed_free);
}

/* ---- a new identity ---- */

/* The lines of one device; more than these nobody compares, and a small screen has no room. */
#define MAX_COMPARED 5

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

/* Finch breaks lines of more than 74 characters within a word. */
static char *describe_new_identity(const MxIdentity *identity, GPtrArray *devices)
{
    g_autofree char *master = mx_fingerprint_format(identity->new_master);
    GString *text = g_string_new(NULL);
    g_string_append_printf(
        text,
        _("Compare this with their program, in a call or face to face, not here:\n"
          "Their new identity:\n%s"),
        master);
    for (guint i = 0; i < MIN(devices->len, MAX_COMPARED); i++) {
        const MxDevice *device = g_ptr_array_index(devices, i);
        g_autofree char *fingerprint = mx_fingerprint_format(device->ed25519);
        g_string_append_printf(text, _("\nTheir device %s:\n%s"), device->device_id, fingerprint);
    }
    if (devices->len > MAX_COMPARED)
        g_string_append(text, _("\n“/devices” lists their other devices."));
    g_string_append(text, _("\nIf it differs, somebody may be reading along: do not accept it."));
    return g_string_free(text, FALSE);
}

static void on_accepted(MxpAccount *mxp, gpointer user_data)
{
    (void)mxp;
    Question *question = user_data;
    do_deed(g_steal_pointer(&question->reply), MX_TRUST_ACCEPT, question->user_id, NULL);
}

static void on_new_identity(MxClient *client, const char *user_id, GPtrArray *devices,
                            const MxIdentity *identity, gpointer user_data)
{
    Question *question = user_data;
    MxpReply *reply = g_steal_pointer(&question->reply);
    if (devices == NULL || identity == NULL || !identity->is_changed ||
        g_strcmp0(user_id, mx_client_get_user_id(client)) == 0) {
        do_deed(reply, MX_TRUST_ACCEPT, user_id, NULL); /* says why there is nothing to do */
        return;
    }
    g_autofree char *primary = g_strdup_printf(_("Accept the new identity of %s?"), user_id);
    g_autofree char *secondary = describe_new_identity(identity, devices);
    Question *next = g_new0(Question, 1);
    next->reply = reply;
    next->user_id = g_strdup(user_id);
    mxp_confirm(reply->mxp, primary, secondary, _("Accept"), on_accepted, next, question_free);
}

void mxp_trust_do(MxpAccount *mxp, MxTrustDeed deed, const char *user_id, const char *device_id,
                  PurpleConversation *conversation)
{
    MxpReply *reply = mxp_reply_new(mxp, conversation);
    if (deed != MX_TRUST_ACCEPT) {
        do_deed(reply, deed, user_id, device_id);
        return;
    }
    Question *question = g_new0(Question, 1);
    question->reply = reply;
    mx_client_list_devices(mxp->client, user_id, on_new_identity, question, question_free);
}
