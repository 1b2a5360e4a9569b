/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-cross-signing.h"
#include "mx-json.h"
#include "mx-verification-private.h"
#include "verification-fixture.h"

/* Codes that the other side scans (N19): first's flows show them, the others' scanning is done
 * here by hand. */

static void show_codes(CryptoMachine *machine)
{
    mx_verification_set_shows_codes(machine->crypto, TRUE);
}

/* The other side can scan, and says so. */
static gboolean can_scan(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                         JsonObject *content)
{
    if (g_str_equal(type, "done") && to != fixture->first)
        fixture->n_tampered++;
    JsonArray *methods = mx_json_array(content, "methods");
    if (methods == NULL)
        return TRUE;
    json_array_add_string_element(methods, MX_METHOD_SCAN);
    json_array_add_string_element(methods, MX_METHOD_RECIPROCATE);
    return TRUE;
}

/* As in the specification's example. */
static void test_bytes(void)
{
    guint8 first[MX_KEY_LEN], second[MX_KEY_LEN], secret[8];
    for (guint8 i = 0; i < MX_KEY_LEN; i++) {
        first[i] = i;
        second[i] = 0x10 + i;
    }
    for (guint8 i = 0; i < sizeof secret; i++)
        secret[i] = 0x20 + i;
    const char *event_id = "$ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqr";
    g_autoptr(GBytes) code =
        mx_verification_make_code(0, event_id, first, second, secret, sizeof secret);
    gsize len;
    const guint8 *bytes = g_bytes_get_data(code, &len);
    const guint8 head[] = {0x4d, 0x41, 0x54, 0x52, 0x49, 0x58, 0x02, 0x00, 0x00, 0x2d, 0x24, 0x41};
    g_assert_cmpmem(bytes, sizeof head, head, sizeof head);
    g_assert_cmpuint(len, ==, 10 + 45 + 32 + 32 + 8);
    g_assert_cmpmem(bytes + 55, 32, first, 32);
    g_assert_cmpmem(bytes + 87, 32, second, 32);
    g_assert_cmpmem(bytes + 119, 8, secret, 8);
}

static char *get_master(CryptoMachine *machine, const char *user_id)
{
    g_autoptr(MxIdentity) identity = mx_identity_get(machine->crypto, user_id);
    return g_strdup(identity->master);
}

/* What the code of the machine's newest flow has; ends the test when it is not so. */
static void assert_code(CryptoMachine *machine, guint8 mode, const char *first, const char *second)
{
    guint8 keys[2][MX_KEY_LEN];
    gsize len;
    const MxVerification *picture = verification_look(machine);
    g_assert_nonnull(picture->qr_code);
    const guint8 *bytes = g_bytes_get_data(picture->qr_code, &len);
    guint txn_len = bytes[8] << 8 | bytes[9];
    g_assert_true(mx_base64_decode_fixed(first, keys[0], MX_KEY_LEN));
    g_assert_true(mx_base64_decode_fixed(second, keys[1], MX_KEY_LEN));
    g_assert_cmpuint(bytes[7], ==, mode);
    g_assert_cmpmem(bytes + 10 + txn_len, MX_KEY_LEN, keys[0], MX_KEY_LEN);
    g_assert_cmpmem(bytes + 10 + txn_len + MX_KEY_LEN, MX_KEY_LEN, keys[1], MX_KEY_LEN);
    g_assert_cmpuint(len - 10 - txn_len - 2 * MX_KEY_LEN, >=, 8);
}

static MxFlow *get_flow(CryptoMachine *machine)
{
    GPtrArray *flows = mx_flows_get(machine->crypto)->flows;
    g_assert_cmpuint(flows->len, >, 0);
    return g_ptr_array_index(flows, flows->len - 1);
}

/* secret NULL: the right one. */
static JsonObject *make_start(CryptoMachine *from, CryptoMachine *to, const char *secret)
{
    const MxFlow *flow = get_flow(to);
    g_autofree char *right = mx_base64_encode(flow->code_secret, sizeof flow->code_secret);
    return crypto_json("{\"from_device\": \"%s\", \"method\": \"m.reciprocate.v1\", \"secret\": "
                       "\"%s\", \"transaction_id\": \"%s\", \"m.relates_to\": {\"rel_type\": "
                       "\"m.reference\", \"event_id\": \"%s\"}}",
                       from->device_id, secret != NULL ? secret : right, flow->txn_id,
                       flow->txn_id);
}

static void scan(VerificationFixture *fixture, CryptoMachine *from, CryptoMachine *to,
                 const char *secret)
{
    JsonObject *content = make_start(from, to, secret);
    if (get_flow(to)->room != 0)
        verification_inject_in_room(fixture, from->user_id, "start", content);
    else
        verification_inject(fixture, to, from->user_id, "start", content);
}

static void begin(VerificationFixture *fixture, CryptoMachine *asking, CryptoMachine *asked)
{
    fixture->tamper = can_scan;
    verification_ask(fixture, asking, asked->user_id);
    verification_accept(fixture, asked);
}

/* Mode 0 */
static void test_other(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    show_codes(fixture->first);
    begin(fixture, fixture->first, fixture->bob);
    g_autofree char *mine = get_master(fixture->first, ALICE);
    g_autofree char *theirs = get_master(fixture->first, BOB);
    assert_code(fixture->first, 0, mine, theirs);
    scan(fixture, fixture->bob, fixture->first, NULL);
    verification_assert(fixture->first, MX_VERIFICATION_SCANNED, NULL);
    g_assert_false(verification_trusts_user(fixture->first, BOB));
    verification_say(fixture, fixture->first, TRUE);
    verification_assert(fixture->first, MX_VERIFICATION_VERIFIED, NULL);
    g_assert_true(verification_trusts_user(fixture->first, BOB));
    g_assert_cmpuint(fixture->n_tampered, >, 0);
}

/* Modes 1 and 2 */
static void test_own(VerificationFixture *fixture, gconstpointer data)
{
    gboolean is_new = GPOINTER_TO_INT(data);
    CryptoMachine *here = is_new ? fixture->second : fixture->first;
    CryptoMachine *there = is_new ? fixture->first : fixture->second;
    g_autofree char *master = get_master(here, ALICE);
    show_codes(here);
    begin(fixture, here, there);
    if (is_new)
        assert_code(here, 2, here->crypto->ed25519, master);
    else
        assert_code(here, 1, master, there->crypto->ed25519);
    scan(fixture, there, here, NULL);
    verification_assert(here, MX_VERIFICATION_SCANNED, NULL);
    /* They may be done before the user here has answered. */
    verification_inject(fixture, here, ALICE, "done",
                        crypto_json("{\"transaction_id\": \"%s\"}", get_flow(here)->txn_id));
    verification_assert(here, MX_VERIFICATION_SCANNED, NULL);
    verification_say(fixture, here, TRUE);
    verification_assert(here, MX_VERIFICATION_VERIFIED, NULL);
    if (is_new)
        g_assert_true(verification_trusts_user(here, ALICE));
    else
        g_assert_true(verification_trusts_device(here, there));
}

/* Who was asked has a code; who has asked has none, and begins with emoji. */
static void test_asked(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    show_codes(fixture->first);
    begin(fixture, fixture->bob, fixture->first);
    verification_assert(fixture->bob, MX_VERIFICATION_COMPARING, NULL);
    verification_assert(fixture->first, MX_VERIFICATION_COMPARING, NULL);
}

/* The user chooses emoji. */
static void test_emoji_instead(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    show_codes(fixture->first);
    begin(fixture, fixture->first, fixture->bob);
    verification_assert(fixture->first, MX_VERIFICATION_READY, NULL);
    crypto_machine_begin(fixture->first);
    g_assert_true(
        mx_verification_start(fixture->first->crypto, verification_look(fixture->first)->id));
    crypto_machine_commit(fixture->first);
    verification_settle(fixture);
    verification_assert(fixture->first, MX_VERIFICATION_COMPARING, NULL);
    verification_assert(fixture->bob, MX_VERIFICATION_COMPARING, NULL);
}

/* ---- XV9 ---- */

static void test_wrong_secret(VerificationFixture *fixture, gconstpointer data)
{
    static const char *const secrets[] = {"AAAAAAAAAAAAAAAAAAAAAA", "", "AAAA", "!",
                                          "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    (void)data;
    show_codes(fixture->first);
    g_autofree char *before = verification_digest(fixture->first);
    for (guint i = 0; i < G_N_ELEMENTS(secrets); i++) {
        begin(fixture, fixture->first, fixture->bob);
        scan(fixture, fixture->bob, fixture->first, secrets[i]);
        verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.key_mismatch");
    }
    g_autofree char *after = verification_digest(fixture->first);
    g_assert_cmpstr(after, ==, before);
}

/* The user sees nothing on the other screen. */
static void test_not_seen(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    show_codes(fixture->first);
    g_autofree char *before = verification_digest(fixture->first);
    begin(fixture, fixture->first, fixture->bob);
    scan(fixture, fixture->bob, fixture->first, NULL);
    verification_say(fixture, fixture->first, FALSE);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.key_mismatch");
    g_autofree char *after = verification_digest(fixture->first);
    g_assert_cmpstr(after, ==, before);
}

/* Without a code on the screen, of another transaction, by another device. */
static void test_not_shown(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    g_autofree char *before = verification_digest(fixture->first);
    verification_compare(fixture, fixture->first, fixture->bob);
    scan(fixture, fixture->bob, fixture->first, NULL);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.unexpected_message");
    show_codes(fixture->first);
    begin(fixture, fixture->first, fixture->bob);
    JsonObject *content = make_start(fixture->bob, fixture->first, NULL);
    JsonObject *relation = json_object_get_object_member(content, "m.relates_to");
    json_object_set_string_member(relation, "event_id", "$another");
    verification_inject_in_room(fixture, BOB, "start", content);
    verification_assert(fixture->first, MX_VERIFICATION_READY, NULL);
    scan(fixture, fixture->second, fixture->first, NULL);
    verification_assert(fixture->first, MX_VERIFICATION_READY, NULL);
    content = make_start(fixture->second, fixture->first, NULL);
    verification_inject_in_room(fixture, BOB, "start", content);
    verification_assert(fixture->first, MX_VERIFICATION_READY, NULL);
    g_autofree char *after = verification_digest(fixture->first);
    g_assert_cmpstr(after, ==, before);
}

/* A8, and somebody who cannot scan: no code, and emoji as ever. */
static void test_no_code(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    show_codes(fixture->first);
    verification_ask(fixture, fixture->first, BOB);
    verification_accept(fixture, fixture->bob);
    verification_assert(fixture->first, MX_VERIFICATION_COMPARING, NULL);
    g_assert_null(get_flow(fixture->first)->qr_code);
}

static void add(const char *path, void (*func)(VerificationFixture *fixture, gconstpointer data),
                int data)
{
    g_test_add(path, VerificationFixture, GINT_TO_POINTER(data), verification_setup, func,
               verification_teardown);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/verification/code/bytes", test_bytes);
    add("/verification/code/other", test_other, 0);
    add("/verification/code/asked", test_asked, 0);
    add("/verification/code/own-trusted", test_own, FALSE);
    add("/verification/code/own-untrusted", test_own, TRUE);
    add("/verification/code/emoji-instead", test_emoji_instead, 0);
    add("/verification/code/XV9-wrong-secret", test_wrong_secret, 0);
    add("/verification/code/XV9-not-seen", test_not_seen, 0);
    add("/verification/code/XV9-not-shown", test_not_shown, 0);
    add("/verification/code/no-code", test_no_code, 0);
    return g_test_run();
}
