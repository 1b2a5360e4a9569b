/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "mx-keyring.h"
#include "mx-primitives.h"
#include "mx-vault.h"
#include "store-fixture.h"

/* ---- a keyring ---- */

typedef enum {
    KEYRING_WORKS,
    KEYRING_SILENT,
    KEYRING_LOCKED,
    KEYRING_REFUSES,
    KEYRING_LIES,
    KEYRING_HANGS
} Mood;

static Mood mood;
static char *kept, *kept_user, *kept_dir;
static int reads, writes;
static GMutex hanging; /* held by the test while the keyring is to hang */

static MxKeyringAnswer keyring_read(const char *user_id, const char *dir, GPtrArray *secrets)
{
    reads++;
    if (mood == KEYRING_HANGS) {
        g_mutex_lock(&hanging);
        g_mutex_unlock(&hanging);
    }
    if (mood == KEYRING_SILENT)
        return MX_KEYRING_SILENT;
    if (mood == KEYRING_LOCKED)
        return MX_KEYRING_LOCKED;
    if (kept != NULL && g_str_equal(kept_user, user_id) &&
        (dir == NULL || g_str_equal(kept_dir, dir)))
        g_ptr_array_add(secrets, g_strdup(kept));
    return MX_KEYRING_ANSWERED;
}

static gboolean keyring_write(const char *user_id, const char *dir, const char *secret)
{
    writes++;
    if (mood == KEYRING_REFUSES || mood == KEYRING_LOCKED)
        return FALSE;
    if (mood == KEYRING_LIES)
        return TRUE;
    g_free(kept);
    g_free(kept_user);
    g_free(kept_dir);
    kept = g_strdup(secret);
    kept_user = g_strdup(user_id);
    kept_dir = g_strdup(dir);
    return TRUE;
}

static void keyring_forget(const char *user_id, const char *dir)
{
    g_clear_pointer(&kept, g_free);
}

static const MxKeyringFuncs keyring = {keyring_read, keyring_write, keyring_forget};

/* ---- an account ---- */

typedef struct {
    char *dir, *file;
    MxStore *store;
} Fixture;

static void setup(Fixture *fixture, gconstpointer data)
{
    fixture->dir = store_fixture_make_dir();
    fixture->file = g_build_filename(fixture->dir, "vault.key", NULL);
    fixture->store = store_fixture_open(fixture->dir);
    mx_store_set_value(fixture->store, MX_VALUE_USER_ID, "@me:x");
    mood = KEYRING_WORKS;
    reads = writes = 0;
    mx_keyring_replace(data);
}

static void teardown(Fixture *fixture, gconstpointer data)
{
    mx_keyring_replace(NULL);
    mx_store_close(fixture->store);
    g_free(fixture->file);
    store_fixture_remove_dir(fixture->dir);
    g_clear_pointer(&kept, g_free);
    g_clear_pointer(&kept_user, g_free);
    g_clear_pointer(&kept_dir, g_free);
}

static MxVault *open_vault(Fixture *fixture)
{
    g_autoptr(GError) error = NULL;
    MxVault *vault = mx_vault_open(fixture->store, fixture->dir, &error);
    g_assert_no_error(error);
    g_assert_nonnull(vault);
    return vault;
}

static void assert_refused(Fixture *fixture, int code)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = mx_store_get_value(fixture->store, MX_VALUE_VAULT);
    int writes_before = writes;
    g_assert_null(mx_vault_open(fixture->store, fixture->dir, &error));
    g_assert_error(error, MX_ERROR, code);
    g_autofree char *after = mx_store_get_value(fixture->store, MX_VALUE_VAULT);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpint(writes, ==, writes_before);
}

static GBytes *seal(MxVault *vault)
{
    g_autoptr(GError) error = NULL;
    GBytes *sealed = mx_vault_seal(vault, "session", "1", "secret", 6, &error);
    g_assert_no_error(error);
    return sealed;
}

static void assert_opens(MxVault *vault, GBytes *sealed)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) plain = mx_vault_open_row(vault, "session", "1", sealed, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(g_bytes_get_data(plain, NULL), g_bytes_get_size(plain), "secret", 6);
}

/* ---- rows ---- */

static void assert_closed(MxVault *vault, const char *table, const char *primary_key,
                          GBytes *sealed)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(mx_vault_open_row(vault, table, primary_key, sealed, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_STORE);
    g_assert_null(strstr(error->message, "secret"));
}

static void test_seal(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MxVault) vault = open_vault(fixture);
    g_autoptr(GBytes) one = seal(vault);
    g_autoptr(GBytes) two = seal(vault);
    assert_opens(vault, one);
    assert_opens(vault, two);
    g_assert_false(g_bytes_equal(one, two));
    assert_closed(vault, "session", "2", one);
    assert_closed(vault, "account", "1", one);
    assert_closed(vault, "session1", "", one);
    assert_closed(vault, "", "session", one);

    gsize size;
    const guint8 *bytes = g_bytes_get_data(one, &size);
    g_assert_null(memmem(bytes, size, "secret", 6));
    for (gsize i = 0; i < size; i++) {
        guint8 *copy = g_memdup2(bytes, size);
        copy[i] ^= 1;
        g_autoptr(GBytes) changed = g_bytes_new_take(copy, size);
        assert_closed(vault, "session", "1", changed);
        g_autoptr(GBytes) cut = g_bytes_new(bytes, i);
        assert_closed(vault, "session", "1", cut);
    }
    g_autoptr(GBytes) empty = mx_vault_seal(vault, "session", "1", NULL, 0, NULL);
    g_autoptr(GBytes) nothing = mx_vault_open_row(vault, "session", "1", empty, NULL);
    g_assert_cmpuint(g_bytes_get_size(nothing), ==, 0);
}

static void test_no_randomness(Fixture *fixture, gconstpointer data)
{
    mx_random_fail_after(0);
    assert_refused(fixture, MX_ERROR_FAILED);
    g_assert_false(g_file_test(fixture->file, G_FILE_TEST_EXISTS));
    mx_random_fail_after(-1);
    g_autoptr(MxVault) vault = open_vault(fixture);
    g_autoptr(GError) error = NULL;
    mx_random_fail_after(0);
    g_assert_null(mx_vault_seal(vault, "session", "1", "secret", 6, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_FAILED);
    mx_random_fail_after(-1);
}

/* ---- the key in a file ---- */

static void assert_mode(const char *path, mode_t mode)
{
    GStatBuf info;
    g_assert_cmpint(g_stat(path, &info), ==, 0);
    g_assert_cmpint(info.st_mode & 0777, ==, mode);
}

static void test_file(Fixture *fixture, gconstpointer data)
{
    g_chmod(fixture->dir, 0755);
    g_autoptr(MxVault) vault = open_vault(fixture);
    g_assert_false(mx_vault_is_in_keyring(vault));
    assert_mode(fixture->dir, 0700);
    assert_mode(fixture->file, 0600);
    g_autoptr(GBytes) sealed = seal(vault);
    g_chmod(fixture->file, 0644);
    g_autoptr(MxVault) again = open_vault(fixture);
    assert_opens(again, sealed);
    assert_mode(fixture->file, 0600);
}

static void test_file_lost(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MxVault) vault = open_vault(fixture);
    g_autoptr(GBytes) sealed = seal(vault);
    g_autofree char *key = NULL;
    gsize len;
    g_assert_true(g_file_get_contents(fixture->file, &key, &len, NULL));
    g_assert_cmpuint(len, ==, MX_KEY_LEN);

    g_unlink(fixture->file);
    assert_refused(fixture, MX_ERROR_KEYS_LOST);
    g_assert_false(g_file_test(fixture->file, G_FILE_TEST_EXISTS));
    static const char other[MX_KEY_LEN + 1] = {7};
    const gssize lengths[] = {0, MX_KEY_LEN - 1, MX_KEY_LEN, MX_KEY_LEN + 1};
    for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
        g_assert_true(g_file_set_contents(fixture->file, other, lengths[i], NULL));
        assert_refused(fixture, MX_ERROR_KEYS_LOST);
    }
    g_unlink(fixture->file);
    g_mkdir(fixture->file, 0700);
    assert_refused(fixture, MX_ERROR_STORE);
    g_rmdir(fixture->file);
    g_assert_true(g_file_set_contents(fixture->file, key, (gssize)len, NULL));
    g_autoptr(MxVault) again = open_vault(fixture);
    assert_opens(again, sealed);
}

/* Killed before the marker was written: with half a key, or with all of it. */
static void test_half_made(Fixture *fixture, gconstpointer data)
{
    g_assert_true(g_file_set_contents(fixture->file, "half", 4, NULL));
    g_autoptr(MxVault) vault = open_vault(fixture);
    g_autoptr(GBytes) sealed = seal(vault);
    mx_store_set_value(fixture->store, MX_VALUE_VAULT, NULL);
    g_autoptr(MxVault) again = open_vault(fixture);
    assert_opens(again, sealed);
    g_autofree char *marker = mx_store_get_value(fixture->store, MX_VALUE_VAULT);
    g_assert_true(g_str_has_prefix(marker, "file "));
}

static void test_forget(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MxVault) vault = open_vault(fixture);
    g_autoptr(GBytes) sealed = seal(vault);
    mx_vault_forget(fixture->store, fixture->dir);
    g_assert_false(g_file_test(fixture->file, G_FILE_TEST_EXISTS));
    g_assert_null(kept);
    g_autoptr(MxVault) other = open_vault(fixture);
    assert_closed(other, "session", "1", sealed);
}

static void test_nobody(Fixture *fixture, gconstpointer data)
{
    mx_store_set_value(fixture->store, MX_VALUE_USER_ID, NULL);
    assert_refused(fixture, MX_ERROR_FAILED);
}

/* ---- the key in the keyring ---- */

static void test_keyring(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MxVault) vault = open_vault(fixture);
    g_assert_true(mx_vault_is_in_keyring(vault));
    g_assert_false(g_file_test(fixture->file, G_FILE_TEST_EXISTS));
    g_assert_cmpstr(kept_user, ==, "@me:x");
    g_assert_cmpstr(kept_dir, ==, fixture->dir);
    g_autoptr(GBytes) sealed = seal(vault);
    g_autoptr(MxVault) again = open_vault(fixture);
    assert_opens(again, sealed);
    g_assert_cmpint(writes, ==, 1);
    g_autofree char *marker = mx_store_get_value(fixture->store, MX_VALUE_VAULT);
    g_assert_null(strstr(marker, kept));
    /* The folder was moved. */
    g_free(kept_dir);
    kept_dir = g_strdup("/elsewhere");
    g_autoptr(MxVault) moved = open_vault(fixture);
    assert_opens(moved, sealed);
    /* Killed before the marker was written. */
    g_free(kept_dir);
    kept_dir = g_strdup(fixture->dir);
    mx_store_set_value(fixture->store, MX_VALUE_VAULT, NULL);
    g_autoptr(MxVault) marked = open_vault(fixture);
    assert_opens(marked, sealed);
    g_assert_cmpint(writes, ==, 1);
}

/* Where no key was ever in it, the file serves, and the keyring is not asked again. */
static void test_keyring_fails_at_first(Fixture *fixture, gconstpointer data)
{
    static const Mood moods[] = {KEYRING_SILENT, KEYRING_LOCKED, KEYRING_REFUSES, KEYRING_LIES};
    for (gsize i = 0; i < G_N_ELEMENTS(moods); i++) {
        mood = moods[i];
        g_autoptr(MxVault) vault = open_vault(fixture);
        g_assert_false(mx_vault_is_in_keyring(vault));
        g_autoptr(GBytes) sealed = seal(vault);
        mood = KEYRING_WORKS;
        reads = 0;
        g_autoptr(MxVault) again = open_vault(fixture);
        g_assert_cmpint(reads, ==, 0);
        assert_opens(again, sealed);
        mx_vault_forget(fixture->store, fixture->dir);
    }
}

static void test_keyring_hangs(Fixture *fixture, gconstpointer data)
{
    mood = KEYRING_HANGS;
    g_mutex_lock(&hanging);
    gint64 start = g_get_monotonic_time();
    g_autoptr(MxVault) vault = open_vault(fixture);
    g_assert_cmpint(g_get_monotonic_time() - start, <, 10 * G_TIME_SPAN_SECOND);
    g_mutex_unlock(&hanging);
    g_assert_false(mx_vault_is_in_keyring(vault));
    g_assert_true(g_file_test(fixture->file, G_FILE_TEST_EXISTS));
    g_usleep(100 * 1000); /* the thread that was left behind ends before the fixture does */
}

static void test_keyring_locked_later(Fixture *fixture, gconstpointer data)
{
    g_autoptr(MxVault) vault = open_vault(fixture);
    g_autoptr(GBytes) sealed = seal(vault);
    mood = KEYRING_SILENT;
    assert_refused(fixture, MX_ERROR_KEY_LOCKED);
    mood = KEYRING_LOCKED;
    assert_refused(fixture, MX_ERROR_KEY_LOCKED);
    g_assert_false(g_file_test(fixture->file, G_FILE_TEST_EXISTS));
    mood = KEYRING_WORKS;
    g_autoptr(MxVault) again = open_vault(fixture);
    assert_opens(again, sealed);

    g_autofree char *right = g_steal_pointer(&kept);
    assert_refused(fixture, MX_ERROR_KEYS_LOST);
    kept = g_strdup("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc");
    assert_refused(fixture, MX_ERROR_KEYS_LOST);
    g_free(kept);
    kept = g_strdup("no key");
    assert_refused(fixture, MX_ERROR_KEYS_LOST);
    /* The desktop's session is not there, as in a terminal of another machine. */
    mx_keyring_replace(NULL);
    assert_refused(fixture, MX_ERROR_KEY_LOCKED);
}

static void test_no_bus(Fixture *fixture, gconstpointer data)
{
    g_assert_false(mx_keyring_is_there());
    g_setenv("DBUS_SESSION_BUS_ADDRESS", "", TRUE);
    g_assert_false(mx_keyring_is_there());
    g_setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent", TRUE);
    g_assert_true(mx_keyring_is_there());
    g_setenv(MX_KEYRING_OFF_VARIABLE, "1", TRUE);
    g_assert_false(mx_keyring_is_there());
    g_unsetenv(MX_KEYRING_OFF_VARIABLE);
    /* libsecret itself, with a bus that nobody serves */
    g_autoptr(MxVault) vault = open_vault(fixture);
    g_assert_false(mx_vault_is_in_keyring(vault));
    g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
}

#define ADD(name, keyring_funcs, function)                                                         \
    g_test_add(name, Fixture, keyring_funcs, setup, function, teardown)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* Whoever runs the tests keeps their own keyring. */
    g_unsetenv("DBUS_SESSION_BUS_ADDRESS");
    g_unsetenv(MX_KEYRING_OFF_VARIABLE);
    ADD("/vault/seal", NULL, test_seal);
    ADD("/vault/no-randomness", NULL, test_no_randomness);
    ADD("/vault/file", NULL, test_file);
    ADD("/vault/file-lost", NULL, test_file_lost);
    ADD("/vault/half-made", NULL, test_half_made);
    ADD("/vault/nobody", NULL, test_nobody);
    ADD("/vault/forget", NULL, test_forget);
    ADD("/vault/forget-keyring", &keyring, test_forget);
    ADD("/vault/keyring", &keyring, test_keyring);
    ADD("/vault/keyring-fails-at-first", &keyring, test_keyring_fails_at_first);
    ADD("/vault/keyring-hangs", &keyring, test_keyring_hangs);
    ADD("/vault/keyring-locked-later", &keyring, test_keyring_locked_later);
    ADD("/vault/no-bus", NULL, test_no_bus);
    return g_test_run();
}
