/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sodium.h>
#include <string.h>
#include <unistd.h>

#include "mx-keyring.h"
#include "mx-primitives.h"
#include "mx-vault.h"

#define FILE_NAME "vault.key"
#define PLACE_FILE "file"
#define PLACE_KEYRING "keyring"
/* A first key has another place to go to; for one that is in the keyring alone, a person may have
 * to type the keyring's password. */
#define SECONDS_FOR_NEW 5
#define SECONDS_FOR_KEPT 30

/* Of a sealed row: a byte for the format, the nonce, the ciphertext with its code. */
#define FORMAT 1
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define CODE_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES
#define HEAD_LEN (1 + NONCE_LEN)
/* Which library wrote the ratchets inside: a build with another one must not take them for its own.
 */
#define BACKEND "L1"

struct _MxVault {
    guint8 key[MX_KEY_LEN];
    gboolean is_in_keyring;
};

void mx_vault_free(MxVault *vault)
{
    if (vault == NULL)
        return;
    mx_memzero(vault, sizeof *vault);
    g_free(vault);
}

gboolean mx_vault_is_in_keyring(MxVault *vault)
{
    return vault->is_in_keyring;
}

/* ---- the marker: "PLACE CHECK" ---- */

/* Tells keys apart without telling anything of them. The caller frees. */
static char *make_check(const guint8 key[MX_KEY_LEN])
{
    static const char what[] = "pidgin-matrix vault check";
    guint8 code[MX_SHA256_LEN];
    mx_hmac_sha256(key, MX_KEY_LEN, what, strlen(what), code);
    return mx_base64_encode(code, sizeof code / 2);
}

static gboolean has_check(const guint8 key[MX_KEY_LEN], const char *check)
{
    g_autofree char *own = make_check(key);
    return g_strcmp0(own, check) == 0;
}

static gboolean write_marker(MxStore *store, MxVault *vault, GError **error)
{
    g_autofree char *check = make_check(vault->key);
    g_autofree char *marker =
        g_strconcat(vault->is_in_keyring ? PLACE_KEYRING : PLACE_FILE, " ", check, NULL);
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_VAULT, marker);
    return mx_store_commit(store, error);
}

/* ---- the file ---- */

static gboolean fail_file(const char *path, GError **error)
{
    g_set_error(error, MX_ERROR, MX_ERROR_STORE, _("The key file %s cannot be used: %s"), path,
                g_strerror(errno));
    return FALSE;
}

/* FALSE without an error: there is no file, or not a whole key in it. */
static gboolean read_file(const char *path, guint8 key[MX_KEY_LEN], GError **error)
{
    guint8 more[MX_KEY_LEN + 1];
    int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0);
    if (fd < 0)
        return errno == ENOENT ? FALSE : fail_file(path, error);
    gssize len = read(fd, more, sizeof more);
    gboolean failed = len < 0 || fchmod(fd, 0600) != 0;
    if (failed)
        fail_file(path, error);
    g_close(fd, NULL);
    gboolean is_whole = !failed && len == MX_KEY_LEN;
    if (is_whole)
        memcpy(key, more, MX_KEY_LEN);
    mx_memzero(more, sizeof more);
    return is_whole;
}

static gboolean sync_folder(const char *dir)
{
    int fd = g_open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    gboolean synced = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        g_close(fd, NULL);
    return synced;
}

/* On the disk before anything that was sealed with it can be. A file that is there already holds no
 * whole key (see read_file()), and nothing was sealed yet. */
static gboolean write_file(const char *dir, const char *path, const guint8 key[MX_KEY_LEN],
                           GError **error)
{
    g_unlink(path);
    int fd = g_open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail_file(path, error);
    gssize len = write(fd, key, MX_KEY_LEN);
    if (len >= 0 && len < MX_KEY_LEN)
        errno = ENOSPC;
    gboolean written = len == MX_KEY_LEN && fsync(fd) == 0 && sync_folder(dir);
    if (!written)
        fail_file(path, error);
    g_close(fd, NULL);
    return written;
}

/* ---- a key that is kept ---- */

static gboolean fail_lost(const char *path, GError **error)
{
    if (path != NULL)
        g_set_error(error, MX_ERROR, MX_ERROR_KEYS_LOST,
                    _("The file %s, which holds the key of this account's encryption, is missing "
                      "or is another one. Put it back from a backup, or log out and sign in again: "
                      "that makes a new device."),
                    path);
    else
        g_set_error_literal(
            error, MX_ERROR, MX_ERROR_KEYS_LOST,
            _("The key of this account's encryption is not in your keyring any more. Bring the "
              "keyring back as it was, or log out and sign in again: that makes a new device."));
    return FALSE;
}

static gboolean load_from_file(MxVault *vault, const char *path, const char *check, GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (read_file(path, vault->key, &failure) && has_check(vault->key, check))
        return TRUE;
    if (failure == NULL)
        return fail_lost(path, error);
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

static gboolean decode_key(const char *text, guint8 key[MX_KEY_LEN])
{
    return mx_base64_decode_fixed(text, key, MX_KEY_LEN);
}

static void on_secret_freed(gpointer text)
{
    mx_secret_free(text);
}

/* The one with this check, wherever its directory was: people move their files. */
static gboolean load_from_keyring(MxVault *vault, const char *user_id, const char *check,
                                  GError **error)
{
    g_autoptr(GPtrArray) secrets = g_ptr_array_new_with_free_func(on_secret_freed);
    MxKeyringAnswer answer = MX_KEYRING_SILENT;
    if (mx_keyring_is_there())
        answer = mx_keyring_read(user_id, NULL, SECONDS_FOR_KEPT, secrets);
    for (guint i = 0; i < secrets->len; i++)
        if (decode_key(g_ptr_array_index(secrets, i), vault->key) && has_check(vault->key, check))
            return TRUE;
    if (answer == MX_KEYRING_ANSWERED)
        return fail_lost(NULL, error);
    g_set_error_literal(
        error, MX_ERROR, MX_ERROR_KEY_LOCKED,
        _("The key of this account's encryption is in your keyring, which does not give it. Unlock "
          "the keyring of your desktop, then enable the account again."));
    return FALSE;
}

static gboolean load(MxVault *vault, const char *user_id, const char *path, const char *marker,
                     GError **error)
{
    const char *check = strchr(marker, ' ');
    check = check != NULL ? check + 1 : "";
    vault->is_in_keyring = g_str_has_prefix(marker, PLACE_KEYRING " ");
    return vault->is_in_keyring ? load_from_keyring(vault, user_id, check, error)
                                : load_from_file(vault, path, check, error);
}

/* ---- a first key ---- */

/* TRUE when the keyring has it for certain: it is read back. A key that an interrupted start left
 * there is taken. */
static gboolean put_into_keyring(MxVault *vault, const char *user_id, const char *dir)
{
    g_autoptr(GPtrArray) secrets = g_ptr_array_new_with_free_func(on_secret_freed);
    if (!mx_keyring_is_there() ||
        mx_keyring_read(user_id, dir, SECONDS_FOR_NEW, secrets) == MX_KEYRING_SILENT)
        return FALSE;
    if (secrets->len == 0) {
        char *text = mx_base64_encode(vault->key, MX_KEY_LEN);
        gboolean written = mx_keyring_write(user_id, dir, SECONDS_FOR_NEW, text);
        mx_secret_free(text);
        if (!written)
            return FALSE;
        mx_keyring_read(user_id, dir, SECONDS_FOR_NEW, secrets);
    }
    guint8 key[MX_KEY_LEN];
    gboolean found = secrets->len > 0 && decode_key(g_ptr_array_index(secrets, 0), key);
    if (found)
        memcpy(vault->key, key, MX_KEY_LEN);
    mx_memzero(key, sizeof key);
    return found;
}

static gboolean make(MxVault *vault, const char *user_id, const char *dir, const char *path,
                     GError **error)
{
    g_autoptr(GError) failure = NULL;
    if (read_file(path, vault->key, &failure))
        return TRUE;
    if (failure != NULL) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (!mx_random(vault->key, MX_KEY_LEN, error))
        return FALSE;
    vault->is_in_keyring = put_into_keyring(vault, user_id, dir);
    return vault->is_in_keyring || write_file(dir, path, vault->key, error);
}

static gboolean load_or_make(MxVault *vault, MxStore *store, const char *dir, GError **error)
{
    /* In a transaction, as its commit says whether reading worked: a marker that could not be read
     * must not look like none. */
    mx_store_begin(store);
    g_autofree char *user_id = mx_store_get_value(store, MX_VALUE_USER_ID);
    g_autofree char *marker = mx_store_get_value(store, MX_VALUE_VAULT);
    g_autofree char *path = g_build_filename(dir, FILE_NAME, NULL);
    if (!mx_store_commit(store, error))
        return FALSE;
    if (user_id == NULL) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_FAILED,
                            _("Nobody is signed in to this account yet."));
        return FALSE;
    }
    if (marker != NULL)
        return load(vault, user_id, path, marker, error);
    return make(vault, user_id, dir, path, error) && write_marker(store, vault, error);
}

MxVault *mx_vault_open(MxStore *store, const char *dir, GError **error)
{
    g_return_val_if_fail(store != NULL && dir != NULL, NULL);
    if (!mx_primitives_init(error))
        return NULL;
    g_chmod(dir, 0700);
    g_autoptr(MxVault) vault = g_new0(MxVault, 1);
    return load_or_make(vault, store, dir, error) ? g_steal_pointer(&vault) : NULL;
}

void mx_vault_forget(MxStore *store, const char *dir)
{
    g_autofree char *user_id = mx_store_get_value(store, MX_VALUE_USER_ID);
    g_autofree char *marker = mx_store_get_value(store, MX_VALUE_VAULT);
    g_autofree char *path = g_build_filename(dir, FILE_NAME, NULL);
    gboolean in_keyring = marker != NULL && g_str_has_prefix(marker, PLACE_KEYRING);
    g_unlink(path);
    if (in_keyring && user_id != NULL && mx_keyring_is_there())
        mx_keyring_forget(user_id, dir, SECONDS_FOR_NEW);
    mx_store_set_value(store, MX_VALUE_VAULT, NULL);
}

/* ---- rows ---- */

/* What a row is bound to: "table\0primary key\0backend". */
static GByteArray *make_binding(const char *table, const char *primary_key)
{
    GByteArray *binding = g_byte_array_new();
    g_byte_array_append(binding, (const guint8 *)table, (guint)strlen(table) + 1);
    g_byte_array_append(binding, (const guint8 *)primary_key, (guint)strlen(primary_key) + 1);
    g_byte_array_append(binding, (const guint8 *)BACKEND, strlen(BACKEND));
    return binding;
}

GBytes *mx_vault_seal(MxVault *vault, const char *table, const char *primary_key, const void *data,
                      gsize len, GError **error)
{
    g_autoptr(GByteArray) binding = make_binding(table, primary_key);
    g_autofree guint8 *sealed = g_malloc(HEAD_LEN + len + CODE_LEN);
    sealed[0] = FORMAT;
    if (!mx_random(sealed + 1, NONCE_LEN, error))
        return NULL;
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + HEAD_LEN, NULL, data, len, binding->data,
                                               binding->len, NULL, sealed + 1, vault->key);
    return g_bytes_new_take(g_steal_pointer(&sealed), HEAD_LEN + len + CODE_LEN);
}

GBytes *mx_vault_open_row(MxVault *vault, const char *table, const char *primary_key,
                          GBytes *sealed, GError **error)
{
    gsize size;
    const guint8 *data = g_bytes_get_data(sealed, &size);
    if (size >= HEAD_LEN + CODE_LEN && data[0] == FORMAT) {
        gsize len = size - HEAD_LEN - CODE_LEN;
        guint8 *plain = g_malloc(len + 1);
        g_autoptr(GBytes) result = mx_secret_bytes_new_take(plain, len);
        g_autoptr(GByteArray) binding = make_binding(table, primary_key);
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, data + HEAD_LEN,
                                                       size - HEAD_LEN, binding->data, binding->len,
                                                       data + 1, vault->key) == 0)
            return g_steal_pointer(&result);
    }
    g_set_error(error, MX_ERROR, MX_ERROR_STORE,
                _("A sealed row of the account's database (%s) is damaged."), table);
    return NULL;
}
