/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mx-recovery-decision.h"

#include <glib/gi18n-lib.h>

#include "mx-error.h"
#include "mx-json.h"
#include "mx-recovery-key.h"
#include "mx-secret-storage.h"

static gboolean refuse(GError **error, MxErrorCode code, const char *text)
{
    g_set_error_literal(error, MX_ERROR, (int)code, text);
    return FALSE;
}

gboolean mx_recovery_make_key(const char *passphrase, guint8 key[MX_KEY_LEN],
                              JsonObject **description, GError **error)
{
    g_autoptr(JsonObject) way = NULL;
    if (passphrase != NULL)
        way = mx_secret_storage_new_passphrase(error);
    gboolean is_made = passphrase == NULL
                           ? mx_random(key, MX_KEY_LEN, error)
                           : way != NULL && mx_secret_storage_derive(way, passphrase, key, error);
    *description = is_made ? mx_secret_storage_describe_key(key, way, error) : NULL;
    return *description != NULL;
}

/* Where the description has nothing to check it with, the secrets show whether it is. */
static gboolean is_accepted(JsonObject *description, const guint8 key[MX_KEY_LEN])
{
    MxSecretKeyCheck check = mx_secret_storage_check_key(description, key);
    return check == MX_SECRET_KEY_RIGHT || check == MX_SECRET_KEY_UNVERIFIABLE;
}

static gboolean find_by_passphrase(JsonObject *passphrase, JsonObject *description,
                                   const char *typed, guint8 key[MX_KEY_LEN], GError **error)
{
    if (!mx_secret_storage_derive(passphrase, typed, key, error))
        return FALSE;
    if (is_accepted(description, key))
        return TRUE;
    return refuse(error, MX_ERROR_INVALID,
                  _("This is neither the recovery key nor the passphrase of this account. Look for "
                    "typing mistakes, and try again."));
}

gboolean mx_recovery_find_key(JsonObject *description, const char *typed, guint8 key[MX_KEY_LEN],
                              GError **error)
{
    static const guint8 none[MX_KEY_LEN] = {0};
    g_autoptr(GError) problem = NULL;
    JsonObject *passphrase = mx_json_object(description, "passphrase");
    if (description == NULL)
        return refuse(error, MX_ERROR_INVALID,
                      _("What the homeserver has stored for recovery is incomplete. Set recovery "
                        "up anew on a device that is signed."));
    if (mx_secret_storage_check_key(description, none) == MX_SECRET_KEY_UNSUPPORTED)
        return refuse(error, MX_ERROR_BAD_ANSWER,
                      _("Recovery was set up for this account in a way that is not known here. Use "
                        "the program it was set up with."));
    gboolean is_key = mx_recovery_key_decode(typed, key, &problem);
    if (is_key && is_accepted(description, key))
        return TRUE;
    if (passphrase != NULL)
        return find_by_passphrase(passphrase, description, typed, key, error);
    return refuse(error, MX_ERROR_INVALID,
                  is_key ? _("This is not the recovery key of this account.") : problem->message);
}

/* FALSE: error. */
static gboolean open_secret(JsonObject *description, const guint8 key[MX_KEY_LEN], const char *name,
                            JsonObject *encrypted, char **seed, GError **error)
{
    gboolean is_sure = mx_secret_storage_check_key(description, key) == MX_SECRET_KEY_RIGHT;
    *seed = mx_secret_storage_decrypt(key, name, encrypted, NULL);
    if (*seed != NULL)
        return TRUE;
    return refuse(error, MX_ERROR_INVALID,
                  is_sure ? _("What you typed is right, but what is stored with it is damaged. Set "
                              "recovery up anew on a device that is signed.")
                          : _("What you typed does not open what is stored for recovery: it is "
                              "wrong, or that is damaged. Look for typing mistakes, and try "
                              "again."));
}

gboolean mx_recovery_open_secrets(JsonObject *description, const guint8 key[MX_KEY_LEN],
                                  const char *key_id, JsonObject *const items[],
                                  char *seeds[MX_CROSS_SIGNING_N_KEYS], GError **error)
{
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++) {
        JsonObject *encrypted = mx_secret_storage_find(items[i], key_id);
        if (encrypted != NULL && !open_secret(description, key, mx_cross_signing_get_name(i),
                                              encrypted, &seeds[i], error))
            return FALSE;
    }
    if (seeds[MX_CROSS_SIGNING_MASTER] != NULL)
        return TRUE;
    return refuse(
        error, MX_ERROR_INVALID,
        _("What you typed is right, but your identity is not stored with it. Set recovery "
          "up anew on a device that is signed."));
}

gboolean mx_recovery_is_other_secret(const char *type, JsonObject *content, const char *key_id)
{
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        if (g_str_equal(type, mx_cross_signing_get_name(i)))
            return FALSE;
    return mx_secret_storage_find(content, key_id) != NULL;
}

JsonObject *mx_recovery_merge(JsonObject *present, const char *key_id, JsonObject *encrypted)
{
    g_autofree char *text = present != NULL ? mx_json_object_to_text(present) : NULL;
    JsonObject *content = text != NULL ? mx_json_parse_object(text, -1, NULL) : NULL;
    if (content == NULL)
        content = json_object_new();
    if (mx_json_object(content, "encrypted") == NULL)
        json_object_set_object_member(content, "encrypted", json_object_new());
    json_object_set_object_member(mx_json_object(content, "encrypted"), key_id, encrypted);
    return content;
}
