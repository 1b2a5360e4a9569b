/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-error.h"
#include "mx-json.h"
#include "mx-recovery-decision.h"
#include "mx-recovery-key.h"
#include "mx-secret-storage.h"

/* What is decided about recovery, without a client. */

#define KEY_ID "k1"
#define SEED "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

typedef struct {
    guint8 key[MX_KEY_LEN];
    JsonObject *description;
    JsonObject *items[MX_CROSS_SIGNING_N_KEYS];
    char *seeds[MX_CROSS_SIGNING_N_KEYS];
} Fixture;

static JsonObject *seal(Fixture *f, MxCrossSigningKey key)
{
    JsonObject *encrypted =
        mx_secret_storage_encrypt(f->key, mx_cross_signing_get_name(key), SEED, NULL);
    return mx_recovery_merge(NULL, KEY_ID, encrypted);
}

static void set_up(Fixture *f, gconstpointer passphrase)
{
    g_assert_true(mx_recovery_make_key(passphrase, f->key, &f->description, NULL));
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        f->items[i] = seal(f, i);
}

static void drop_seeds(Fixture *f)
{
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        g_clear_pointer(&f->seeds[i], mx_secret_free);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    drop_seeds(f);
    json_object_unref(f->description);
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        g_clear_pointer(&f->items[i], json_object_unref);
}

static gboolean open_all(Fixture *f, GError **error)
{
    drop_seeds(f);
    return mx_recovery_open_secrets(f->description, f->key, KEY_ID, f->items, f->seeds, error);
}

static void assert_says(GError *error, const char *piece)
{
    g_assert_nonnull(error);
    g_assert_cmpint(error->domain, ==, MX_ERROR);
    if (strstr(error->message, piece) == NULL)
        g_error("\"%s\" does not say \"%s\"", error->message, piece);
    g_error_free(error);
}

static void assert_not_found(JsonObject *description, const char *typed, const char *piece)
{
    GError *error = NULL;
    guint8 key[MX_KEY_LEN];
    g_assert_false(mx_recovery_find_key(description, typed, key, &error));
    assert_says(error, piece);
}

static void test_key(Fixture *f, gconstpointer data)
{
    guint8 found[MX_KEY_LEN], other[MX_KEY_LEN] = {7};
    g_autofree char *typed = mx_recovery_key_encode(f->key);
    g_autofree char *wrong = mx_recovery_key_encode(other);
    g_assert_true(mx_recovery_find_key(f->description, typed, found, NULL));
    g_assert_cmpmem(found, sizeof found, f->key, sizeof f->key);
    assert_not_found(f->description, wrong, "not the recovery key of this account");
    typed[10] = typed[10] == 'a' ? 'b' : 'a';
    assert_not_found(f->description, typed, "of this recovery key is wrong");
}

static void test_passphrase(Fixture *f, gconstpointer passphrase)
{
    guint8 found[MX_KEY_LEN];
    g_autofree char *typed = mx_recovery_key_encode(f->key);
    g_assert_true(mx_recovery_find_key(f->description, passphrase, found, NULL));
    g_assert_cmpmem(found, sizeof found, f->key, sizeof f->key);
    g_assert_true(mx_recovery_find_key(f->description, typed, found, NULL));
    assert_not_found(f->description, "something else", "neither the recovery key nor");
    JsonObject *way = mx_json_object(f->description, "passphrase");
    json_object_set_int_member(way, "iterations", G_GINT64_CONSTANT(10000001)); /* P5 */
    assert_not_found(f->description, passphrase, "unreasonable amount of work");
}

static void test_descriptions(Fixture *f, gconstpointer data)
{
    g_autofree char *typed = mx_recovery_key_encode(f->key);
    assert_not_found(NULL, typed, "is incomplete");
    json_object_set_string_member(f->description, "algorithm", "m.new");
    assert_not_found(f->description, typed, "not known here");
}

static void test_secrets(Fixture *f, gconstpointer data)
{
    GError *error = NULL;
    g_assert_true(open_all(f, NULL));
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        g_assert_cmpstr(f->seeds[i], ==, SEED);
    g_clear_pointer(&f->items[MX_CROSS_SIGNING_SELF], json_object_unref);
    g_assert_true(open_all(f, NULL)); /* the caller sees that it cannot sign */
    g_assert_null(f->seeds[MX_CROSS_SIGNING_SELF]);
    g_clear_pointer(&f->items[MX_CROSS_SIGNING_MASTER], json_object_unref);
    g_assert_false(open_all(f, &error));
    assert_says(error, "your identity is not stored with it");
}

/* A secret under another's name is as good as damaged. */
static void test_damaged(Fixture *f, gconstpointer data)
{
    GError *error = NULL;
    json_object_unref(f->items[MX_CROSS_SIGNING_USER]);
    f->items[MX_CROSS_SIGNING_USER] = json_object_ref(f->items[MX_CROSS_SIGNING_SELF]);
    g_assert_false(open_all(f, &error));
    assert_says(error, "is right, but what is stored with it is damaged");
    error = NULL;
    /* Nothing to check the key with: then it is not known which of the two is wrong. */
    json_object_remove_member(f->description, "mac");
    g_assert_false(open_all(f, &error));
    assert_says(error, "does not open what is stored");
}

static void test_merge(void)
{
    g_autoptr(JsonObject) present = mx_json_parse_object(
        "{\"encrypted\":{\"k0\":{\"mac\":\"0\"},\"k1\":{\"mac\":\"1\"}},\"x\":[1]}", -1, NULL);
    JsonObject *encrypted = json_object_new();
    json_object_set_string_member(encrypted, "mac", "2");
    g_autoptr(JsonObject) merged = mx_recovery_merge(present, "k1", encrypted);
    g_autofree char *text = mx_json_object_to_text(merged);
    g_assert_nonnull(strstr(text, "\"k0\":{\"mac\":\"0\"}"));
    g_assert_nonnull(strstr(text, "\"k1\":{\"mac\":\"2\"}"));
    g_assert_nonnull(strstr(text, "\"x\":[1]"));
    g_autofree char *before = mx_json_object_to_text(present);
    g_assert_nonnull(strstr(before, "\"k1\":{\"mac\":\"1\"}"));
    g_autoptr(JsonObject) odd = mx_json_parse_object("{\"encrypted\":\"x\"}", -1, NULL);
    g_autoptr(JsonObject) mended = mx_recovery_merge(odd, "k1", json_object_new());
    g_assert_nonnull(mx_secret_storage_find(mended, "k1"));
}

#define ADD(name, passphrase, func)                                                                \
    g_test_add("/recovery/" name, Fixture, passphrase, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_true(mx_primitives_init(NULL));
    ADD("key", NULL, test_key);
    ADD("passphrase", "correct horse", test_passphrase);
    ADD("descriptions", NULL, test_descriptions);
    ADD("secrets", NULL, test_secrets);
    ADD("damaged", NULL, test_damaged);
    g_test_add_func("/recovery/merge", test_merge);
    return g_test_run();
}
