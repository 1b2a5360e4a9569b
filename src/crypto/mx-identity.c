/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-identity.h"

#include "mx-cross-signing.h"
#include "mx-crypto-private.h"
#include "mx-json.h"
#include "mx-signed-json.h"
#include "mx-store-devices.h"

#define ED25519 "ed25519:"
/* In signed_by, before the key whose signature does not count any more. */
#define WITHDRAWN "withdrawn:"

void mx_identity_free(MxIdentity *identity)
{
    if (identity == NULL)
        return;
    g_free(identity->user_id);
    g_free(identity->master);
    g_free(identity->self_signing);
    g_free(identity->user_signing);
    g_free(identity->new_master);
    g_free(identity);
}

/* ---- what is verified ---- */

/* J4: the master key is known to be the user's own, and the homeserver names no other. */
static gboolean is_own_trusted(const MxIdentityRow *own)
{
    return own != NULL && own->new_master == NULL && g_strcmp0(own->trusted, own->master) == 0;
}

/* J3: every link from the own identity to the other one, each looked at when it was stored. */
static gboolean is_verified(MxCrypto *crypto, const MxIdentityRow *row)
{
    if (row->new_master != NULL || mx_store_get_tracked_user(crypto->store, row->user_id).ambiguous)
        return FALSE;
    if (g_str_equal(row->user_id, crypto->user_id))
        return is_own_trusted(row);
    g_autoptr(MxIdentityRow) own = mx_store_get_identity(crypto->store, crypto->user_id);
    return is_own_trusted(own) && own->user_signing != NULL &&
           g_strcmp0(row->signed_by, own->user_signing) == 0;
}

MxIdentity *mx_identity_get(MxCrypto *crypto, const char *user_id)
{
    g_autoptr(MxIdentityRow) row = mx_store_get_identity(crypto->store, user_id);
    if (row == NULL)
        return NULL;
    MxIdentity *identity = g_new0(MxIdentity, 1);
    identity->is_verified = is_verified(crypto, row);
    identity->was_verified = row->was_verified || identity->is_verified;
    identity->is_changed = row->new_master != NULL;
    identity->is_ambiguous = mx_store_get_tracked_user(crypto->store, user_id).ambiguous;
    identity->user_id = g_steal_pointer(&row->user_id);
    identity->master = g_steal_pointer(&row->master);
    identity->self_signing = g_steal_pointer(&row->self_signing);
    identity->user_signing = g_steal_pointer(&row->user_signing);
    identity->new_master = g_steal_pointer(&row->new_master);
    return identity;
}

/* ---- O3: what the homeserver gives is checked link by link ---- */

static gboolean has_usage(JsonObject *object, const char *usage)
{
    JsonArray *usages = mx_json_array(object, "usage");
    return mx_json_array_length(usages) == 1 &&
           g_strcmp0(mx_json_array_string(usages, 0), usage) == 0;
}

/* The one key of a cross-signing object, named by itself. The caller frees; NULL: not one. */
static char *parse_key(JsonObject *object, const char *user_id, const char *usage,
                       guint8 key[MX_KEY_LEN])
{
    JsonObject *keys = mx_json_object(object, "keys");
    if (keys == NULL || g_strcmp0(mx_json_string(object, "user_id"), user_id) != 0 ||
        !has_usage(object, usage) || json_object_get_size(keys) != 1)
        return NULL;
    g_autoptr(GList) names = json_object_get_members(keys);
    const char *name = names->data, *text = mx_json_string(keys, name);
    if (!g_str_has_prefix(name, ED25519) || g_strcmp0(name + strlen(ED25519), text) != 0 ||
        !mx_base64_decode_fixed(text, key, MX_KEY_LEN))
        return NULL;
    /* One spelling of each key: they are compared as text. */
    g_autofree char *canonical = mx_base64_encode(key, MX_KEY_LEN);
    return g_str_equal(canonical, text) ? g_steal_pointer(&canonical) : NULL;
}

static gboolean is_signed_with(JsonObject *object, const char *user_id, const char *key)
{
    guint8 bytes[MX_KEY_LEN];
    if (key == NULL || !mx_base64_decode_fixed(key, bytes, sizeof bytes))
        return FALSE;
    g_autofree char *key_id = g_strconcat(ED25519, key, NULL);
    return mx_signed_json_verify(object, user_id, key_id, bytes);
}

/* A self-signing or user-signing key that the master key has signed, or NULL. */
static char *parse_sub_key(JsonObject *object, const char *user_id, const char *usage,
                           const char *master)
{
    guint8 bytes[MX_KEY_LEN];
    g_autofree char *key = parse_key(object, user_id, usage, bytes);
    return key != NULL && is_signed_with(object, user_id, master) ? g_steal_pointer(&key) : NULL;
}

/* ---- storing ---- */

static void replace(char **field, char *value)
{
    g_free(*field);
    *field = value;
}

static void replace_if(char **field, char *value)
{
    if (value != NULL)
        replace(field, value);
}

/* Whose signature of the master key is known. A signature that the homeserver leaves out today was
 * good yesterday: it stays as long as both keys do. */
static void note_signature(MxCrypto *crypto, MxIdentityRow *row, JsonObject *master)
{
    g_autoptr(MxIdentityRow) own = mx_store_get_identity(crypto->store, crypto->user_id);
    if (own == NULL || own->user_signing == NULL || own->new_master != NULL)
        return;
    g_autofree char *withdrawn = g_strconcat(WITHDRAWN, own->user_signing, NULL);
    if (g_strcmp0(row->signed_by, withdrawn) != 0 &&
        is_signed_with(master, crypto->user_id, own->user_signing))
        replace(&row->signed_by, g_strdup(own->user_signing));
}

static void save(MxCrypto *crypto, MxIdentityRow *row)
{
    if (is_verified(crypto, row))
        row->was_verified = TRUE;
    mx_store_save_identity(crypto->store, row);
}

static void forget_new(MxIdentityRow *row)
{
    g_clear_pointer(&row->new_master, g_free);
    g_clear_pointer(&row->new_self_signing, g_free);
    g_clear_pointer(&row->new_user_signing, g_free);
    g_clear_pointer(&row->new_master_object, g_free);
}

/* With the own identity's keys everybody's signatures have to be looked at again. */
static void check_all_signatures(MxCrypto *crypto)
{
    g_autoptr(GPtrArray) users = mx_store_list_identities(crypto->store);
    for (guint i = 0; i < users->len; i++) {
        g_autoptr(MxIdentityRow) row =
            mx_store_get_identity(crypto->store, g_ptr_array_index(users, i));
        if (row == NULL || g_str_equal(row->user_id, crypto->user_id))
            continue;
        g_autoptr(JsonObject) master = mx_signed_json_parse(row->master_object, -1, NULL);
        note_signature(crypto, row, master);
        save(crypto, row);
    }
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, NULL, NULL, NULL);
}

/* J2, O6: the pinned identity stays until the user accepts the other one. */
static void take_other(MxCrypto *crypto, MxIdentityRow *row, char *key, JsonObject *master,
                       JsonObject *self_signing, JsonObject *user_signing)
{
    gboolean is_news = g_strcmp0(row->new_master, key) != 0;
    forget_new(row);
    row->new_master = g_strdup(key);
    row->new_master_object = mx_json_object_to_text(master);
    row->new_self_signing = parse_sub_key(self_signing, row->user_id, "self_signing", key);
    row->new_user_signing = parse_sub_key(user_signing, row->user_id, "user_signing", key);
    if (g_str_equal(row->user_id, crypto->user_id))
        g_clear_pointer(&row->trusted, g_free);
    mx_store_save_identity(crypto->store, row);
    if (!is_news)
        return;
    if (!g_str_equal(row->user_id, crypto->user_id) || !mx_cross_signing_is_made(crypto, key))
        mx_crypto_tell(crypto, MX_CRYPTO_NEWS_IDENTITY_CHANGED, 0, row->user_id, NULL, NULL);
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, NULL, NULL, NULL);
}

static void take_pinned(MxCrypto *crypto, MxIdentityRow *row, JsonObject *master,
                        JsonObject *self_signing, JsonObject *user_signing)
{
    gboolean was_verified = is_verified(crypto, row), was_changed = row->new_master != NULL;
    gboolean is_own = g_str_equal(row->user_id, crypto->user_id);
    g_autofree char *old_user_signing = g_strdup(row->user_signing);
    forget_new(row);
    replace(&row->master_object, mx_json_object_to_text(master));
    replace_if(&row->self_signing,
               parse_sub_key(self_signing, row->user_id, "self_signing", row->master));
    replace_if(&row->user_signing,
               parse_sub_key(user_signing, row->user_id, "user_signing", row->master));
    note_signature(crypto, row, master);
    save(crypto, row);
    if (is_own && g_strcmp0(old_user_signing, row->user_signing) != 0)
        check_all_signatures(crypto);
    else if (was_changed || was_verified != is_verified(crypto, row))
        mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, is_own ? NULL : row->user_id, NULL, NULL);
}

void mx_identity_take(MxCrypto *crypto, const char *user_id, JsonObject *master,
                      JsonObject *self_signing, JsonObject *user_signing)
{
    guint8 bytes[MX_KEY_LEN];
    g_autofree char *key = parse_key(master, user_id, "master", bytes);
    /* An identity that is left out, or makes no sense, does not unpin the one that is known. */
    if (key == NULL)
        return;
    g_autoptr(MxIdentityRow) row = mx_store_get_identity(crypto->store, user_id);
    if (row == NULL) {
        row = g_new0(MxIdentityRow, 1);
        row->user_id = g_strdup(user_id);
        row->master = g_strdup(key);
    }
    if (g_str_equal(row->master, key))
        take_pinned(crypto, row, master, self_signing, user_signing);
    else
        take_other(crypto, row, key, master, self_signing, user_signing);
}

/* ---- what the user says ---- */

void mx_identity_accept(MxCrypto *crypto, const char *user_id)
{
    g_autoptr(MxIdentityRow) row = mx_store_get_identity(crypto->store, user_id);
    if (row == NULL || row->new_master == NULL)
        return;
    g_autoptr(JsonObject) master = mx_signed_json_parse(row->new_master_object, -1, NULL);
    replace(&row->master, g_steal_pointer(&row->new_master));
    replace(&row->master_object, g_steal_pointer(&row->new_master_object));
    replace(&row->self_signing, g_steal_pointer(&row->new_self_signing));
    replace(&row->user_signing, g_steal_pointer(&row->new_user_signing));
    g_clear_pointer(&row->signed_by, g_free);
    g_clear_pointer(&row->trusted, g_free);
    row->was_verified = FALSE;
    note_signature(crypto, row, master);
    save(crypto, row);
    mx_identity_check_devices(crypto, user_id);
    if (g_str_equal(user_id, crypto->user_id))
        check_all_signatures(crypto);
    else
        mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, user_id, NULL, NULL);
}

void mx_identity_withdraw(MxCrypto *crypto, const char *user_id)
{
    g_autoptr(MxIdentityRow) row = mx_store_get_identity(crypto->store, user_id);
    if (row == NULL)
        return;
    row->was_verified = FALSE;
    /* The homeserver goes on showing the signature: it must not count again. */
    if (row->signed_by != NULL && !g_str_has_prefix(row->signed_by, WITHDRAWN))
        replace(&row->signed_by, g_strconcat(WITHDRAWN, row->signed_by, NULL));
    mx_store_save_identity(crypto->store, row);
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, user_id, NULL, NULL);
}

void mx_identity_set_own_trusted(MxCrypto *crypto, gboolean is_trusted)
{
    g_autoptr(MxIdentityRow) row = mx_store_get_identity(crypto->store, crypto->user_id);
    if (row == NULL || (is_trusted && row->new_master != NULL))
        return;
    replace(&row->trusted, is_trusted ? g_strdup(row->master) : NULL);
    save(crypto, row);
    check_all_signatures(crypto);
}

/* ---- devices ---- */

gboolean mx_identity_has_signed(MxCrypto *crypto, const char *user_id, JsonObject *device_keys)
{
    g_autoptr(MxIdentityRow) row = mx_store_get_identity(crypto->store, user_id);
    return row != NULL && is_signed_with(device_keys, user_id, row->self_signing);
}

void mx_identity_check_devices(MxCrypto *crypto, const char *user_id)
{
    g_autoptr(MxIdentityRow) identity = mx_store_get_identity(crypto->store, user_id);
    g_autoptr(GPtrArray) rows = mx_store_list_devices(crypto->store, user_id);
    for (guint i = 0; i < rows->len; i++) {
        MxDeviceRow *row = g_ptr_array_index(rows, i);
        g_autoptr(JsonObject) object = mx_signed_json_parse(row->object, -1, NULL);
        gboolean is_signed =
            identity != NULL && is_signed_with(object, user_id, identity->self_signing);
        replace(&row->signed_by, is_signed ? g_strdup(identity->self_signing) : NULL);
        mx_store_save_device(crypto->store, row);
    }
}
