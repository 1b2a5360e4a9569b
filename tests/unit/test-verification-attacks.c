/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-canonical-json.h"
#include "mx-cross-signing.h"
#include "mx-json.h"
#include "mx-verification-private.h"
#include "verification-fixture.h"

/* Each is refused, and all that trust rests on is as it was. */

#define MINUTE_MS (G_GINT64_CONSTANT(60) * 1000)

typedef struct {
    char *first, *second, *bob;
} Before;

static Before remember(VerificationFixture *fixture)
{
    return (Before){verification_digest(fixture->first), verification_digest(fixture->second),
                    verification_digest(fixture->bob)};
}

static void assert_digest(CryptoMachine *machine, char *before)
{
    g_autofree char *after = verification_digest(machine);
    g_assert_cmpstr(after, ==, before);
    g_free(before);
}

static void assert_unchanged(VerificationFixture *fixture, Before before)
{
    assert_digest(fixture->first, before.first);
    assert_digest(fixture->second, before.second);
    assert_digest(fixture->bob, before.bob);
}

static MxFlow *get_flow(CryptoMachine *machine)
{
    GPtrArray *flows = mx_flows_get(machine->crypto)->flows;
    g_assert_cmpuint(flows->len, >, 0);
    return g_ptr_array_index(flows, flows->len - 1);
}

/* ---- XV1 ---- */

static gboolean other_commitment(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                                 JsonObject *content)
{
    (void)to;
    if (g_str_equal(type, "accept"))
        json_object_set_string_member(content, "commitment", fixture->note);
    return TRUE;
}

static void test_commitment(VerificationFixture *fixture, gconstpointer data)
{
    static const char *const cases[][2] = {
        {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "m.mismatched_commitment"},
        {"AAAA", "m.invalid_message"},
        {"", "m.invalid_message"},
        {"!", "m.invalid_message"},
    };
    (void)data;
    Before before = remember(fixture);
    fixture->tamper = other_commitment;
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_free(fixture->note);
        fixture->note = g_strdup(cases[i][0]);
        verification_ask(fixture, fixture->first, BOB);
        verification_accept(fixture, fixture->bob);
        verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, cases[i][1]);
        verification_assert(fixture->bob, MX_VERIFICATION_CANCELLED, cases[i][1]);
        /* Nothing was shown that a user could compare. */
        g_assert_cmpint(verification_look(fixture->first)->text.numbers[0], ==, 0);
    }
    assert_unchanged(fixture, before);
}

/* The start that was committed to is not the one that was sent. */
static gboolean other_start(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                            JsonObject *content)
{
    (void)fixture;
    (void)to;
    if (g_str_equal(type, "start"))
        json_object_set_string_member(content, "extra", "member");
    return TRUE;
}

static void test_start_changed(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    Before before = remember(fixture);
    fixture->tamper = other_start;
    verification_ask(fixture, fixture->second, ALICE);
    verification_accept(fixture, fixture->first);
    verification_assert(fixture->second, MX_VERIFICATION_CANCELLED, "m.mismatched_commitment");
    assert_unchanged(fixture, before);
}

/* ---- XV2, XV3: MACs as an attacker would like them, who knows the shared secret ---- */

typedef struct {
    const char *name, *key; /* "@device", "@master": the real ones; "@other": of somebody else */
} Claim;

static const char *expand(CryptoMachine *from, const char *word)
{
    g_autoptr(MxIdentity) identity = mx_identity_get(from->crypto, from->user_id);
    if (g_str_equal(word, "@device"))
        return from->device_id;
    if (g_str_equal(word, "@fingerprint"))
        return from->crypto->ed25519;
    if (g_str_equal(word, "@master"))
        return g_intern_string(identity->master);
    return word;
}

static char *make_mac(const MxFlow *flow, CryptoMachine *from, const char *text, const char *key_id)
{
    g_autofree char *info =
        g_strconcat("MATRIX_KEY_VERIFICATION_MAC", from->user_id, from->device_id, flow->user_id,
                    flow->device_id, flow->txn_id, key_id, NULL);
    return mx_sas_get_mac(flow->sas, flow->mac_method, text, info);
}

/* ids NULL: the list as it should be. */
static JsonObject *craft(CryptoMachine *from, const Claim *claims, guint n, const char *ids)
{
    const MxFlow *flow = get_flow(from);
    JsonObject *content = json_object_new(), *mac = json_object_new();
    g_autoptr(GString) list = g_string_new(NULL);
    for (guint i = 0; i < n; i++) {
        g_autofree char *key_id = g_strconcat("ed25519:", expand(from, claims[i].name), NULL);
        g_autofree char *value = make_mac(flow, from, expand(from, claims[i].key), key_id);
        json_object_set_string_member(mac, key_id, value);
    }
    g_autoptr(GList) names = g_list_sort(json_object_get_members(mac), (GCompareFunc)strcmp);
    for (GList *at = names; at != NULL; at = at->next)
        g_string_append_printf(list, "%s%s", list->len > 0 ? "," : "", (char *)at->data);
    g_autofree char *keys = make_mac(flow, from, ids != NULL ? ids : list->str, "KEY_IDS");
    JsonObject *relation =
        crypto_json("{\"rel_type\": \"m.reference\", \"event_id\": \"%s\"}", flow->txn_id);
    json_object_set_object_member(content, "mac", mac);
    json_object_set_string_member(content, "keys", keys);
    json_object_set_object_member(content, "m.relates_to", relation);
    return content;
}

static gboolean drop_bobs_mac(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                              JsonObject *content)
{
    return !(g_str_equal(type, "mac") && to == fixture->first &&
             !json_object_has_member(content, "crafted"));
}

/* Alice has confirmed, and gets this instead of Bob's. */
static void send_crafted(VerificationFixture *fixture, const Claim *claims, guint n,
                         const char *ids)
{
    fixture->tamper = drop_bobs_mac;
    verification_compare(fixture, fixture->first, fixture->bob);
    verification_say(fixture, fixture->first, TRUE);
    JsonObject *content = craft(fixture->bob, claims, n, ids);
    json_object_set_boolean_member(content, "crafted", TRUE);
    verification_inject_in_room(fixture, BOB, "mac", content);
}

#define OTHER "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9/AsrhtHHw"

static const struct {
    Claim claims[4];
    const char *ids;
} bad_macs[] = {
    /* XV2: another key under the right ID */
    {{{"@device", OTHER}, {"@master", "@master"}}, NULL},
    {{{"@device", "@fingerprint"}, {"@master", OTHER}}, NULL},
    /* XV3: fewer or more than were listed; and nothing that was to be proved */
    {{{"@device", "@fingerprint"}, {"@master", "@master"}}, "ed25519:BOB"},
    {{{"@device", "@fingerprint"}, {"@master", "@master"}}, ""},
    {{{"@device", "@fingerprint"}, {"@master", "@master"}, {"MORE", OTHER}}, "ed25519:BOB"},
    {{{"@device", "@fingerprint"}}, NULL},
    {{{"MORE", OTHER}}, NULL},
    {{{NULL}}, NULL},
};

static void test_macs(VerificationFixture *fixture, gconstpointer data)
{
    guint i = GPOINTER_TO_UINT(data), n = 0;
    while (bad_macs[i].claims[n].name != NULL)
        n++;
    Before before = remember(fixture);
    send_crafted(fixture, bad_macs[i].claims, n, bad_macs[i].ids);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.key_mismatch");
    assert_unchanged(fixture, before);
}

/* What is in the list and not known is no harm (N14); and the crafting above is right. */
static void test_unknown_ids(VerificationFixture *fixture, gconstpointer data)
{
    static const Claim claims[] = {
        {"@device", "@fingerprint"}, {"@master", "@master"}, {"MORE", OTHER}};
    (void)data;
    send_crafted(fixture, claims, G_N_ELEMENTS(claims), NULL);
    verification_assert(fixture->first, MX_VERIFICATION_VERIFIED, NULL);
    g_assert_true(verification_trusts_user(fixture->first, BOB));
}

/* N15 */
static void test_ambiguous_id(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    Before before = remember(fixture);
    verification_compare(fixture, fixture->first, fixture->bob);
    MxFlow *flow = get_flow(fixture->first);
    g_free(flow->device_id);
    flow->device_id = g_strdup(flow->master);
    verification_say(fixture, fixture->bob, TRUE);
    verification_say(fixture, fixture->first, TRUE);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.key_mismatch");
    assert_digest(fixture->first, before.first);
    g_free(before.second);
    g_free(before.bob);
}

/* ---- XV4 ---- */

static void test_keys_changed(VerificationFixture *fixture, gconstpointer data)
{
    static const char *const kinds[] = {"master_keys", "self_signing_keys", "user_signing_keys"};
    (void)data;
    CryptoMachine *mallory = crypto_world_add(fixture->world, BOB, "MALLORY");
    identity_run(mallory);
    verification_compare(fixture, fixture->first, fixture->bob);
    /* The homeserver names another identity for Bob. */
    crypto_machine_begin(mallory);
    g_assert_true(mx_cross_signing_make(mallory->crypto, TRUE, NULL));
    crypto_machine_commit(mallory);
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autofree char *name = g_strconcat(kinds[i], " ", BOB, NULL);
        g_hash_table_remove(fixture->world->identities, name);
    }
    identity_publish(mallory);
    identity_refresh(fixture->first, BOB);
    g_autofree char *before = verification_digest(fixture->first);
    verification_say(fixture, fixture->bob, TRUE);
    verification_say(fixture, fixture->first, TRUE);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.key_mismatch");
    g_assert_false(verification_trusts_user(fixture->first, BOB));
    assert_digest(fixture->first, g_steal_pointer(&before));
}

/* A second ephemeral key, after the first was shown. */
static void test_second_key(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    Before before = remember(fixture);
    verification_compare(fixture, fixture->second, fixture->first);
    verification_inject(fixture, fixture->second, ALICE, "key",
                        crypto_json("{\"transaction_id\": \"%s\", \"key\": \"%s\"}",
                                    get_flow(fixture->second)->txn_id, OTHER));
    verification_assert(fixture->second, MX_VERIFICATION_CANCELLED, "m.unexpected_message");
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.unexpected_message");
    assert_unchanged(fixture, before);
}

/* ---- XV5 ---- */

static MxSas *mallory_sas;

static gboolean stand_between(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                              JsonObject *content)
{
    (void)to;
    if (g_str_equal(type, "start")) {
        g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
        json_node_set_object(node, content);
        fixture->note = mx_canonical_json_encode(node, NULL);
    } else if (g_str_equal(type, "accept")) {
        g_autofree char *commitment =
            mx_sas_get_commitment(mx_sas_get_public(mallory_sas), fixture->note);
        json_object_set_string_member(content, "commitment", commitment);
    } else if (g_str_equal(type, "key"))
        json_object_set_string_member(content, "key", mx_sas_get_public(mallory_sas));
    return TRUE;
}

static void test_man_in_the_middle(VerificationFixture *fixture, gconstpointer data)
{
    gboolean is_careless = GPOINTER_TO_INT(data);
    Before before = remember(fixture);
    mallory_sas = mx_sas_new(NULL);
    fixture->tamper = stand_between;
    verification_ask(fixture, fixture->first, BOB);
    verification_accept(fixture, fixture->bob);
    verification_assert(fixture->first, MX_VERIFICATION_COMPARING, NULL);
    verification_assert(fixture->bob, MX_VERIFICATION_COMPARING, NULL);
    g_assert_true(memcmp(&verification_look(fixture->first)->text,
                         &verification_look(fixture->bob)->text, sizeof(MxSasText)) != 0);
    if (is_careless) {
        verification_say(fixture, fixture->bob, TRUE);
        verification_say(fixture, fixture->first, TRUE);
        verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.key_mismatch");
    } else {
        verification_say(fixture, fixture->first, FALSE);
        verification_assert(fixture->bob, MX_VERIFICATION_CANCELLED, "m.mismatched_sas");
    }
    mx_sas_free(mallory_sas);
    assert_unchanged(fixture, before);
}

/* Our own key comes back: the secret would be the attacker's as well. */
static gboolean mirror(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                       JsonObject *content)
{
    (void)fixture;
    if (g_str_equal(type, "key") && get_flow(to)->sas != NULL)
        json_object_set_string_member(content, "key", mx_sas_get_public(get_flow(to)->sas));
    return TRUE;
}

static gboolean low_order(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                          JsonObject *content)
{
    (void)fixture;
    (void)to;
    if (g_str_equal(type, "key"))
        json_object_set_string_member(content, "key",
                                      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    return TRUE;
}

static void test_bad_key(VerificationFixture *fixture, gconstpointer data)
{
    Before before = remember(fixture);
    fixture->tamper = GPOINTER_TO_INT(data) ? mirror : low_order;
    verification_ask(fixture, fixture->first, BOB);
    verification_accept(fixture, fixture->bob);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.invalid_message");
    verification_assert(fixture->bob, MX_VERIFICATION_CANCELLED, "m.invalid_message");
    assert_unchanged(fixture, before);
}

/* ---- XV6 ---- */

static const struct {
    const char *type, *member, *value;
    gboolean is_list;
} downgrades[] = {
    {"start", "message_authentication_codes", "hmac-sha256", TRUE},
    {"start", "key_agreement_protocols", "curve25519", TRUE},
    {"start", "hashes", "sha1", TRUE},
    {"start", "short_authentication_string", "emoji", TRUE},
    {"accept", "message_authentication_code", "hmac-sha256", FALSE},
    {"accept", "key_agreement_protocol", "curve25519", FALSE},
    {"accept", "hash", "sha1", FALSE},
    {"accept", "short_authentication_string", "none", TRUE},
};
static guint downgrade;

static gboolean lower(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                      JsonObject *content)
{
    (void)fixture;
    (void)to;
    if (!g_str_equal(type, downgrades[downgrade].type))
        return TRUE;
    if (!downgrades[downgrade].is_list) {
        json_object_set_string_member(content, downgrades[downgrade].member,
                                      downgrades[downgrade].value);
        return TRUE;
    }
    JsonArray *list = json_array_new();
    json_array_add_string_element(list, downgrades[downgrade].value);
    json_object_set_array_member(content, downgrades[downgrade].member, list);
    return TRUE;
}

static void test_downgrade(VerificationFixture *fixture, gconstpointer data)
{
    downgrade = GPOINTER_TO_UINT(data);
    Before before = remember(fixture);
    fixture->tamper = lower;
    verification_ask(fixture, fixture->first, BOB);
    verification_accept(fixture, fixture->bob);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.unknown_method");
    verification_assert(fixture->bob, MX_VERIFICATION_CANCELLED, "m.unknown_method");
    assert_unchanged(fixture, before);
}

/* ---- XV7 ---- */

static JsonObject *make_message(const char *txn_id)
{
    return crypto_json("{\"transaction_id\": \"%s\", \"from_device\": \"SECOND\", \"methods\": "
                       "[\"m.sas.v1\"], \"method\": \"m.sas.v1\", \"key\": \"%s\", \"mac\": {}, "
                       "\"keys\": \"\", \"commitment\": \"%s\"}",
                       txn_id, OTHER, OTHER);
}

/* Before anybody has agreed, and while the emoji are compared. */
static void test_order(VerificationFixture *fixture, gconstpointer data)
{
    static const char *const types[] = {"ready", "start", "accept", "key", "mac", "done"};
    (void)data;
    Before before = remember(fixture);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
        verification_ask(fixture, fixture->second, ALICE);
        verification_inject(fixture, fixture->first, ALICE, types[i],
                            make_message(get_flow(fixture->first)->txn_id));
        verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.unexpected_message");
        if (g_str_equal(types[i], "mac"))
            continue; /* is kept until the user has confirmed (N17) */
        verification_compare(fixture, fixture->second, fixture->first);
        verification_inject(fixture, fixture->first, ALICE, types[i],
                            make_message(get_flow(fixture->first)->txn_id));
        verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.unexpected_message");
        verification_assert(fixture->second, MX_VERIFICATION_CANCELLED, "m.unexpected_message");
    }
    assert_unchanged(fixture, before);
}

/* A MAC that comes first is not accepted, and one that comes twice ends it (N17). */
static void test_early_mac(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    Before before = remember(fixture);
    verification_compare(fixture, fixture->second, fixture->first);
    verification_inject(fixture, fixture->first, ALICE, "mac",
                        make_message(get_flow(fixture->first)->txn_id));
    verification_assert(fixture->first, MX_VERIFICATION_COMPARING, NULL);
    verification_say(fixture, fixture->first, TRUE);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.key_mismatch");
    verification_compare(fixture, fixture->second, fixture->first);
    for (guint i = 0; i < 2; i++)
        verification_inject(fixture, fixture->first, ALICE, "mac",
                            make_message(get_flow(fixture->first)->txn_id));
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.unexpected_message");
    assert_unchanged(fixture, before);
}

/* Another person's messages with the same transaction are not of this flow. */
static void test_other_sender(VerificationFixture *fixture, gconstpointer data)
{
    static const char *const types[] = {"ready", "accept", "key", "mac", "done", "cancel"};
    (void)data;
    verification_compare(fixture, fixture->second, fixture->first);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        verification_inject(fixture, fixture->first, BOB, types[i],
                            make_message(get_flow(fixture->first)->txn_id));
    verification_assert(fixture->first, MX_VERIFICATION_COMPARING, NULL);
    verification_compare(fixture, fixture->first, fixture->bob);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        verification_inject_in_room(
            fixture, "@mallory:m", types[i],
            crypto_json("{\"m.relates_to\": {\"rel_type\": \"m.reference\", \"event_id\": "
                        "\"%s\"}, \"code\": \"m.user\"}",
                        get_flow(fixture->first)->txn_id));
    verification_assert(fixture->first, MX_VERIFICATION_COMPARING, NULL);
    verification_assert(fixture->bob, MX_VERIFICATION_COMPARING, NULL);
}

/* N7 */
static void test_unknown_transaction(VerificationFixture *fixture, gconstpointer data)
{
    static const char *const types[] = {"ready", "accept", "key", "mac", "done", "cancel"};
    (void)data;
    Before before = remember(fixture);
    for (guint round = 0; round < 3; round++)
        for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
            g_autofree char *txn_id = g_strconcat("unknown-", types[i], NULL);
            verification_inject(fixture, fixture->first, BOB, types[i], make_message(txn_id));
        }
    g_assert_cmpuint(crypto_world_count(fixture->world, fixture->first, MX_CRYPTO_SEND_TO_DEVICE,
                                        "m.key.verification.cancel"),
                     ==, 4);
    g_assert_nonnull(strstr(fixture->log->str, "alice:cancel=m.unknown_transaction>BOB"));
    g_assert_false(verification_has(fixture->first));
    assert_unchanged(fixture, before);
}

/* ---- XV8 ---- */

static void test_storm(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    Before before = remember(fixture);
    verification_compare(fixture, fixture->second, fixture->first);
    g_autofree char *txn_id = g_strdup(get_flow(fixture->first)->txn_id);
    verification_cancel(fixture, fixture->second);
    guint n = crypto_world_count(fixture->world, NULL, MX_CRYPTO_SEND_TO_DEVICE, NULL);
    for (guint i = 0; i < 300; i++) {
        g_autofree char *other = g_strdup_printf("storm%u", i);
        crypto_machine_deliver(fixture->first, ALICE, "m.key.verification.cancel",
                               make_message(txn_id));
        crypto_machine_deliver(fixture->first, BOB, "m.key.verification.cancel",
                               make_message(other));
        crypto_machine_deliver(fixture->first, ALICE, "m.key.verification.key",
                               make_message(txn_id));
    }
    verification_settle(fixture);
    g_assert_cmpuint(crypto_world_count(fixture->world, NULL, MX_CRYPTO_SEND_TO_DEVICE, NULL), ==,
                     n);
    for (guint i = 0; i < 300; i++) {
        g_autofree char *other = g_strdup_printf("keys%u", i);
        crypto_machine_deliver(fixture->first, BOB, "m.key.verification.key", make_message(other));
    }
    verification_settle(fixture);
    g_assert_cmpuint(crypto_world_count(fixture->world, NULL, MX_CRYPTO_SEND_TO_DEVICE, NULL), <=,
                     n + 20);
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.user");
    assert_unchanged(fixture, before);
}

/* Nobody can make more than a few dialogs. */
static void test_many_requests(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    for (guint i = 0; i < 300; i++) {
        CryptoMachine *to = fixture->first;
        crypto_machine_deliver(to, BOB, "m.key.verification.request",
                               crypto_json("{\"from_device\": \"UNKNOWN%u\", \"transaction_id\": "
                                           "\"%u\", \"methods\": [\"m.sas.v1\"], \"timestamp\": "
                                           "%" G_GINT64_FORMAT "}",
                                           i, i, crypto_world_now()));
    }
    crypto_machine_sync(fixture->first);
    g_assert_cmpuint(mx_flows_get(fixture->first->crypto)->flows->len, <=, 20);
    verification_settle(fixture);
    g_assert_false(verification_has(fixture->first));
}

/* ---- XV10, XV11 ---- */

static JsonObject *make_request(const char *device_id, gint64 ts)
{
    return crypto_json("{\"from_device\": \"%s\", \"transaction_id\": \"again\", \"methods\": "
                       "[\"m.sas.v1\"], \"timestamp\": %" G_GINT64_FORMAT "}",
                       device_id, ts);
}

static void test_replay(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    Before before = remember(fixture);
    gint64 now = crypto_world_now();
    verification_inject(fixture, fixture->first, ALICE, "request",
                        make_request("SECOND", now - 10 * MINUTE_MS - 1));
    verification_inject(fixture, fixture->first, ALICE, "request",
                        make_request("SECOND", now + 5 * MINUTE_MS + 1));
    verification_inject(fixture, fixture->first, ALICE, "request", make_request("SECOND", 0));
    g_assert_false(verification_has(fixture->first));
    /* A good one, and the same once more after its end. */
    verification_inject(fixture, fixture->first, ALICE, "request", make_request("SECOND", now));
    verification_assert(fixture->first, MX_VERIFICATION_REQUESTED, NULL);
    verification_cancel(fixture, fixture->first);
    verification_inject(fixture, fixture->first, ALICE, "request", make_request("SECOND", now));
    verification_assert(fixture->first, MX_VERIFICATION_CANCELLED, "m.user");
    assert_unchanged(fixture, before);
}

static void test_foreign_device(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    Before before = remember(fixture);
    gint64 now = crypto_world_now();
    verification_inject(fixture, fixture->first, BOB, "request", make_request("SECOND", now));
    verification_inject(fixture, fixture->first, ALICE, "request", make_request("NONE", now));
    verification_inject(fixture, fixture->first, ALICE, "request", make_request("FIRST", now));
    verification_inject(fixture, fixture->first, BOB, "start", make_message("legacy"));
    verification_inject_in_room(
        fixture, BOB, "request",
        crypto_json("{\"msgtype\": \"m.key.verification.request\", \"from_device\": \"SECOND\", "
                    "\"to\": \"" ALICE "\", \"methods\": [\"m.sas.v1\"]}"));
    verification_inject_in_room(
        fixture, BOB, "request",
        crypto_json("{\"msgtype\": \"m.key.verification.request\", \"from_device\": \"BOB\", "
                    "\"to\": \"@carol:c\", \"methods\": [\"m.sas.v1\"]}"));
    g_assert_false(verification_has(fixture->first));
    g_assert_null(strstr(fixture->log->str, "cancel"));
    g_assert_null(strstr(fixture->log->str, "ready"));
    assert_unchanged(fixture, before);
}

/* One that was not asked answers. */
static gboolean answer_as_other(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                                JsonObject *content)
{
    (void)fixture;
    (void)to;
    if (g_str_equal(type, "ready"))
        json_object_set_string_member(content, "from_device", "NONE");
    return TRUE;
}

static void test_foreign_ready(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    Before before = remember(fixture);
    fixture->tamper = answer_as_other;
    verification_ask(fixture, fixture->first, BOB);
    verification_accept(fixture, fixture->bob);
    verification_assert(fixture->first, MX_VERIFICATION_REQUESTED, NULL);
    verification_ask(fixture, fixture->second, ALICE);
    verification_accept(fixture, fixture->first);
    verification_assert(fixture->second, MX_VERIFICATION_REQUESTED, NULL);
    assert_unchanged(fixture, before);
}

static void add(const char *path, void (*func)(VerificationFixture *fixture, gconstpointer data),
                guint data)
{
    g_test_add(path, VerificationFixture, GUINT_TO_POINTER(data), verification_setup, func,
               verification_teardown);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/verification/XV1-commitment", test_commitment, 0);
    add("/verification/XV1-start-changed", test_start_changed, 0);
    for (guint i = 0; i < G_N_ELEMENTS(bad_macs); i++) {
        g_autofree char *path = g_strdup_printf("/verification/%s-%u", i < 2 ? "XV2" : "XV3", i);
        add(path, test_macs, i);
    }
    add("/verification/XV3-unknown-ids", test_unknown_ids, 0);
    add("/verification/XV3-ambiguous-id", test_ambiguous_id, 0);
    add("/verification/XV4-identity-changed", test_keys_changed, 0);
    add("/verification/XV4-second-key", test_second_key, 0);
    add("/verification/XV5-seen", test_man_in_the_middle, FALSE);
    add("/verification/XV5-not-seen", test_man_in_the_middle, TRUE);
    add("/verification/XV5-mirror", test_bad_key, TRUE);
    add("/verification/XV5-low-order", test_bad_key, FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(downgrades); i++) {
        g_autofree char *path = g_strdup_printf("/verification/XV6-%u", i);
        add(path, test_downgrade, i);
    }
    add("/verification/XV7-order", test_order, 0);
    add("/verification/XV7-early-mac", test_early_mac, 0);
    add("/verification/XV7-other-sender", test_other_sender, 0);
    add("/verification/XV7-unknown-transaction", test_unknown_transaction, 0);
    add("/verification/XV8-storm", test_storm, 0);
    add("/verification/XV8-many-requests", test_many_requests, 0);
    add("/verification/XV10-replay", test_replay, 0);
    add("/verification/XV11-foreign-device", test_foreign_device, 0);
    add("/verification/XV11-foreign-ready", test_foreign_ready, 0);
    return g_test_run();
}
