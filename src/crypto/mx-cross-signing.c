/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mx-cross-signing.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "mx-backoff.h"
#include "mx-crypto-private.h"
#include "mx-device-keys.h"
#include "mx-device-list.h"
#include "mx-error.h"
#include "mx-identity.h"
#include "mx-json.h"
#include "mx-signed-json.h"
#include "mx-store-devices.h"

#define ED25519 "ed25519:"
#define KIND "kept-xsign" /* sealed: the keys are the user's, and outlive the device */
#define KEPT "kept"
#define MADE "made"            /* on their way to the homeserver */
#define KIND_TOLD "xsign-told" /* by the master key */
/* Objects (JSON text) that were signed, until they are uploaded: other people's master keys, by
 * user ID; own devices, by "user_ID device_ID". */
#define KIND_SIGNATURES "kept-xsign-signature"

#define RETRY_FIRST_MS 1000
#define RETRY_CAP_MS 60000
#define PUBLISH_AGAIN_MS 60000
/* The homeserver does not take a signature, or does not show it. */
#define REFUSED_MS (15 * 60 * 1000)

/* As it is sealed. */
typedef struct {
    guint8 flags; /* kept: which of the seeds are there, 1 << key; made: FLAG_… */
    guint8 seeds[MX_CROSS_SIGNING_N_KEYS][MX_KEY_LEN];
} Seeds;
G_STATIC_ASSERT(sizeof(Seeds) == 1 + MX_CROSS_SIGNING_N_KEYS * MX_KEY_LEN);
#define FLAG_REPLACES 1
#define FLAG_UNANSWERED 2 /* the homeserver may have taken it */
#define FLAG_ALL ((1 << MX_CROSS_SIGNING_N_KEYS) - 1)

typedef struct {
    gboolean is_loaded, has_made, is_told, in_flight;
    Seeds kept, made;
    MxBackoff backoff;
    gint64 until_ms, longest_ms;
    gint64 publish_ms; /* not before that */
} Part;

static const struct {
    const char *secret, *usage, *member; /* member: of the upload */
} names[MX_CROSS_SIGNING_N_KEYS] = {
    [MX_CROSS_SIGNING_MASTER] = {"m.cross_signing.master", "master", "master_key"},
    [MX_CROSS_SIGNING_SELF] = {"m.cross_signing.self_signing", "self_signing", "self_signing_key"},
    [MX_CROSS_SIGNING_USER] = {"m.cross_signing.user_signing", "user_signing", "user_signing_key"},
};

const char *mx_cross_signing_get_name(MxCrossSigningKey key)
{
    return names[key].secret;
}

gpointer mx_cross_signing_part_new(void)
{
    Part *part = g_new0(Part, 1);
    mx_backoff_init(&part->backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    return part;
}

void mx_cross_signing_part_free(gpointer data)
{
    mx_memzero(data, sizeof(Part));
    g_free(data);
}

/* ---- seeds ---- */

static gboolean load(MxCrypto *crypto, const char *key, Seeds *seeds)
{
    g_autoptr(GBytes) data = mx_crypto_load(crypto, KIND, key);
    if (data == NULL || g_bytes_get_size(data) != sizeof *seeds)
        return FALSE;
    memcpy(seeds, g_bytes_get_data(data, NULL), sizeof *seeds);
    return TRUE;
}

static void save(MxCrypto *crypto, const char *key, const Seeds *seeds)
{
    g_autoptr(GBytes) data =
        mx_secret_bytes_new_take(g_memdup2(seeds, sizeof *seeds), sizeof *seeds);
    mx_crypto_save(crypto, KIND, key, data);
}

static Part *get_part(MxCrypto *crypto)
{
    Part *part = mx_crypto_get_part(crypto, MX_CRYPTO_PART_CROSS_SIGNING);
    if (part->is_loaded)
        return part;
    load(crypto, KEPT, &part->kept);
    part->has_made = load(crypto, MADE, &part->made);
    part->is_loaded = TRUE;
    return part;
}

/* The public key, base64. The caller frees. */
static char *derive(const guint8 seed[MX_KEY_LEN])
{
    guint8 public[MX_KEY_LEN];
    mx_ed25519_public_from_seed(seed, public);
    return mx_base64_encode(public, sizeof public);
}

/* O4 */
static gboolean is_seed_of(const guint8 seed[MX_KEY_LEN], const char *public)
{
    g_autofree char *derived = derive(seed);
    return g_strcmp0(derived, public) == 0;
}

static const char *get_public(const MxIdentityRow *own, MxCrossSigningKey key)
{
    if (own == NULL)
        return NULL;
    return key == MX_CROSS_SIGNING_MASTER ? own->master
           : key == MX_CROSS_SIGNING_SELF ? own->self_signing
                                          : own->user_signing;
}

/* The kept seed, if it is the one of the pinned key. */
static const guint8 *find_seed(const Part *part, const MxIdentityRow *own, MxCrossSigningKey key)
{
    gboolean is_there = part->kept.flags & (1 << key);
    return is_there && is_seed_of(part->kept.seeds[key], get_public(own, key))
               ? part->kept.seeds[key]
               : NULL;
}

static MxIdentityRow *get_own(MxCrypto *crypto)
{
    return mx_store_get_identity(crypto->store, crypto->user_id);
}

static gboolean is_trusted(MxCrypto *crypto)
{
    g_autoptr(MxIdentity) own = mx_identity_get(crypto, crypto->user_id);
    return own != NULL && own->is_verified;
}

char *mx_cross_signing_get_seed(MxCrypto *crypto, MxCrossSigningKey key)
{
    g_autoptr(MxIdentityRow) own = get_own(crypto);
    const guint8 *seed = find_seed(get_part(crypto), own, key);
    return seed != NULL ? mx_base64_encode(seed, MX_KEY_LEN) : NULL;
}

gboolean mx_cross_signing_take_seed(MxCrypto *crypto, MxCrossSigningKey key, const char *text)
{
    guint8 seed[MX_KEY_LEN];
    Part *part = get_part(crypto);
    g_autoptr(MxIdentityRow) own = get_own(crypto);
    gboolean is_good = mx_base64_decode_fixed(text, seed, sizeof seed) && own != NULL &&
                       own->new_master == NULL && is_seed_of(seed, get_public(own, key));
    if (is_good) {
        memcpy(part->kept.seeds[key], seed, sizeof seed);
        part->kept.flags |= 1 << key;
        save(crypto, KEPT, &part->kept);
    }
    mx_memzero(seed, sizeof seed);
    return is_good;
}

/* FALSE: not a seed, or not the public key's. */
static gboolean read_seed(const char *text, const char *public, guint8 seed[MX_KEY_LEN])
{
    return mx_base64_decode_fixed(text, seed, MX_KEY_LEN) && is_seed_of(seed, public);
}

/* public: in the order of the enum. Without the master key nothing is proved. */
static gboolean read_seeds(const char *const texts[], const char *const public[], Seeds *seeds)
{
    memset(seeds, 0, sizeof *seeds);
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++) {
        if (texts[i] == NULL)
            continue;
        if (!read_seed(texts[i], public[i], seeds -> seeds[i]))
            return FALSE;
        seeds->flags |= 1 << i;
    }
    return seeds->flags & (1 << MX_CROSS_SIGNING_MASTER);
}

gboolean mx_cross_signing_recover(MxCrypto *crypto,
                                  const char *const seeds[MX_CROSS_SIGNING_N_KEYS])
{
    Part *part = get_part(crypto);
    g_autoptr(MxIdentityRow) own = get_own(crypto);
    if (own == NULL)
        return FALSE;
    const char *const pinned[] = {own->master, own->self_signing, own->user_signing};
    const char *const other[] = {own->new_master, own->new_self_signing, own->new_user_signing};
    Seeds read;
    gboolean is_good = read_seeds(seeds, own->new_master != NULL ? other : pinned, &read);
    if (is_good) {
        part->kept = read;
        save(crypto, KEPT, &part->kept);
        mx_identity_accept(crypto, crypto->user_id);
        mx_identity_set_own_trusted(crypto, TRUE);
        part->until_ms = 0;
    }
    mx_memzero(&read, sizeof read);
    return is_good;
}

/* ---- making an identity ---- */

static void drop_made(MxCrypto *crypto, Part *part)
{
    mx_memzero(&part->made, sizeof part->made);
    part->has_made = FALSE;
    part->is_told = FALSE;
    mx_crypto_save(crypto, KIND, MADE, NULL);
}

void mx_cross_signing_drop_made(MxCrypto *crypto)
{
    Part *part = get_part(crypto);
    if (!(part->made.flags & FLAG_UNANSWERED))
        drop_made(crypto, part);
}

void mx_cross_signing_note_unanswered(MxCrypto *crypto)
{
    Part *part = get_part(crypto);
    if (!part->has_made)
        return;
    part->made.flags |= FLAG_UNANSWERED;
    save(crypto, MADE, &part->made);
    mx_device_list_refresh(crypto, crypto->user_id);
}

gboolean mx_cross_signing_is_made(MxCrypto *crypto, const char *master)
{
    Part *part = get_part(crypto);
    return part->has_made && is_seed_of(part->made.seeds[MX_CROSS_SIGNING_MASTER], master);
}

gboolean mx_cross_signing_make(MxCrypto *crypto, gboolean replaces, GError **error)
{
    Part *part = get_part(crypto);
    g_autoptr(MxIdentityRow) own = get_own(crypto);
    Seeds seeds = {.flags = replaces ? FLAG_REPLACES : 0};
    if (own != NULL && !replaces) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                            _("There is an identity for this account already."));
        return FALSE;
    }
    if (replaces && part->has_made && (part->made.flags & FLAG_UNANSWERED))
        return TRUE; /* the same once more: the homeserver may show it already */
    if (!mx_random((guint8 *)seeds.seeds, sizeof seeds.seeds, error))
        return FALSE;
    part->made = seeds;
    part->has_made = TRUE;
    part->is_told = FALSE;
    save(crypto, MADE, &part->made);
    mx_memzero(&seeds, sizeof seeds);
    return TRUE;
}

static void set_signature(MxCrypto *crypto, JsonObject *object, const guint8 seed[MX_KEY_LEN])
{
    g_autoptr(GError) error = NULL;
    g_autofree char *public = derive(seed);
    g_autofree char *key_id = g_strconcat(ED25519, public, NULL);
    if (!mx_signed_json_sign(object, crypto->user_id, key_id, mx_sign_with_seed, (gpointer)seed,
                             &error))
        g_warning("an identity's key cannot sign: %s", error->message);
}

static gboolean sign_with_account(const void *message, gsize len,
                                  guint8 signature[MX_SIGNATURE_LEN], gpointer data, GError **error)
{
    MxCrypto *crypto = data;
    g_autofree char *text = mx_olm_account_sign(crypto->account, message, len);
    if (mx_base64_decode_fixed(text, signature, MX_SIGNATURE_LEN))
        return TRUE;
    g_set_error_literal(error, MX_ERROR, MX_ERROR_FAILED, "the signature cannot be read");
    return FALSE;
}

static void set_device_signature(MxCrypto *crypto, JsonObject *object)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *key_id = g_strconcat(ED25519, crypto->device_id, NULL);
    if (!mx_signed_json_sign(object, crypto->user_id, key_id, sign_with_account, crypto, &error))
        g_warning("the device's key cannot sign: %s", error->message);
}

static JsonObject *build_key(MxCrypto *crypto, const Seeds *seeds, MxCrossSigningKey key)
{
    g_autofree char *public = derive(seeds->seeds[key]);
    g_autofree char *key_id = g_strconcat(ED25519, public, NULL);
    JsonObject *object = json_object_new(), *keys = json_object_new();
    JsonArray *usage = json_array_new();
    json_array_add_string_element(usage, names[key].usage);
    json_object_set_string_member(keys, key_id, public);
    json_object_set_object_member(object, "keys", keys);
    json_object_set_array_member(object, "usage", usage);
    json_object_set_string_member(object, "user_id", crypto->user_id);
    if (key == MX_CROSS_SIGNING_MASTER)
        set_device_signature(crypto, object);
    else
        set_signature(crypto, object, seeds->seeds[MX_CROSS_SIGNING_MASTER]);
    return object;
}

JsonObject *mx_cross_signing_get_upload(MxCrypto *crypto)
{
    Part *part = get_part(crypto);
    if (!part->has_made)
        return NULL;
    JsonObject *body = json_object_new();
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        json_object_set_object_member(body, names[i].member, build_key(crypto, &part->made, i));
    return body;
}

void mx_cross_signing_note_uploaded(MxCrypto *crypto)
{
    mx_device_list_refresh(crypto, crypto->user_id);
}

/* The homeserver has answered, knows this device, and has no identity. */
static gboolean is_known_to_have_none(MxCrypto *crypto)
{
    MxTrackedUser tracked = mx_store_get_tracked_user(crypto->store, crypto->user_id);
    g_autoptr(MxDevice) device = mx_device_list_find(crypto, crypto->user_id, crypto->device_id);
    return tracked.tracked && !tracked.outdated && device != NULL;
}

/* O1: what was made counts when the homeserver shows it as this user's. */
static void promote(MxCrypto *crypto, Part *part)
{
    gboolean is_unanswered = part->made.flags & FLAG_UNANSWERED;
    part->kept = part->made;
    part->kept.flags = FLAG_ALL;
    save(crypto, KEPT, &part->kept);
    drop_made(crypto, part);
    mx_identity_accept(crypto, crypto->user_id);
    mx_identity_set_own_trusted(crypto, TRUE);
    if (is_unanswered)
        mx_crypto_tell(crypto, MX_CRYPTO_NEWS_IDENTITY_RESET, 0, NULL, NULL, NULL);
    part->until_ms = 0;
}

static void follow_made(MxCrypto *crypto, Part *part, const MxIdentityRow *own)
{
    g_autofree char *master = derive(part->made.seeds[MX_CROSS_SIGNING_MASTER]);
    const char *shown = own == NULL               ? NULL
                        : own->new_master != NULL ? own->new_master
                                                  : own->master;
    if (g_strcmp0(shown, master) == 0) {
        promote(crypto, part);
    } else if (own != NULL && !(part->made.flags & FLAG_REPLACES)) {
        drop_made(crypto, part); /* another client was faster (O2) */
    } else if (own == NULL && !part->is_told && crypto->get_now_ms() >= part->publish_ms) {
        part->is_told = TRUE;
        mx_crypto_tell(crypto, MX_CRYPTO_NEWS_PUBLISH_IDENTITY, 0, NULL, NULL, NULL);
    }
}

void mx_cross_signing_try_later(MxCrypto *crypto)
{
    Part *part = get_part(crypto);
    part->is_told = FALSE;
    part->publish_ms = crypto->get_now_ms() + PUBLISH_AGAIN_MS;
}

/* ---- signatures ---- */

/* O7: nothing is signed but what is understood. The caller unrefs; NULL: it is more than a key. */
static JsonObject *strip_key(const char *text, const char *key)
{
    static const char *const known[] = {"keys", "signatures", "unsigned", "usage", "user_id", NULL};
    g_autoptr(JsonObject) object = mx_signed_json_parse(text, -1, NULL);
    g_autofree char *key_id = g_strconcat(ED25519, key, NULL);
    if (g_strcmp0(mx_json_string(mx_json_object(object, "keys"), key_id), key) != 0)
        return NULL;
    g_autoptr(GList) members = json_object_get_members(object);
    for (GList *at = members; at != NULL; at = at->next)
        if (!g_strv_contains(known, at->data))
            return NULL;
    json_object_remove_member(object, "signatures");
    json_object_remove_member(object, "unsigned");
    return g_steal_pointer(&object);
}

static gboolean is_master_signed(MxCrypto *crypto, const MxIdentityRow *own)
{
    guint8 key[MX_KEY_LEN];
    g_autofree char *key_id = g_strconcat(ED25519, crypto->device_id, NULL);
    g_autoptr(JsonObject) object = mx_signed_json_parse(own->master_object, -1, NULL);
    return object != NULL && mx_base64_decode_fixed(crypto->ed25519, key, sizeof key) &&
           mx_signed_json_verify(object, crypto->user_id, key_id, key);
}

static gboolean is_device_signed(MxCrypto *crypto)
{
    g_autoptr(JsonObject) object =
        mx_device_list_get_object(crypto, crypto->user_id, crypto->device_id);
    return object != NULL && mx_identity_has_signed(crypto, crypto->user_id, object);
}

static void add_master(MxCrypto *crypto, const MxIdentityRow *own, JsonObject *objects)
{
    if (is_master_signed(crypto, own))
        return;
    JsonObject *master = strip_key(own->master_object, own->master);
    if (master == NULL)
        return;
    set_device_signature(crypto, master);
    json_object_set_object_member(objects, own->master, master);
}

static void add_device(MxCrypto *crypto, const Part *part, const MxIdentityRow *own,
                       JsonObject *objects)
{
    const guint8 *seed = find_seed(part, own, MX_CROSS_SIGNING_SELF);
    g_autoptr(MxDevice) known = mx_device_list_find(crypto, crypto->user_id, crypto->device_id);
    if (seed == NULL || known == NULL || is_device_signed(crypto))
        return;
    JsonObject *device = mx_device_keys_get_object(crypto); /* our own words, not the server's */
    json_object_remove_member(device, "signatures");
    set_signature(crypto, device, seed);
    json_object_set_object_member(objects, crypto->device_id, device);
}

static JsonObject *get_objects_of(JsonObject *body, const char *user_id)
{
    if (!json_object_has_member(body, user_id))
        json_object_set_object_member(body, user_id, json_object_new());
    return json_object_get_object_member(body, user_id);
}

static void add_others(MxCrypto *crypto, JsonObject *body)
{
    g_autoptr(GPtrArray) waiting = mx_store_list_sealed(crypto->store, KIND_SIGNATURES, "");
    for (guint i = 0; i < waiting->len; i++) {
        const char *name = g_ptr_array_index(waiting, i);
        g_auto(GStrv) words = g_strsplit(name, " ", 2);
        g_autoptr(GBytes) data = mx_crypto_load(crypto, KIND_SIGNATURES, name);
        g_autoptr(MxIdentityRow) row = mx_store_get_identity(crypto->store, words[0]);
        gsize len = 0;
        const char *text = data != NULL ? g_bytes_get_data(data, &len) : "";
        g_autoptr(JsonObject) object = mx_json_parse_object(text, (gssize)len, NULL);
        if (object != NULL && row != NULL)
            json_object_set_object_member(get_objects_of(body, words[0]),
                                          words[1] != NULL ? words[1] : row->master,
                                          g_steal_pointer(&object));
    }
}

static void begin_pause(MxCrypto *crypto, Part *part, gint64 wait)
{
    part->longest_ms = wait;
    part->until_ms = crypto->get_now_ms() + wait;
}

static void on_signed(MxCrypto *crypto, const MxCryptoRequest *request,
                      const MxCryptoAnswer *answer, gpointer user_data)
{
    Part *part = get_part(crypto);
    GPtrArray *waiting = user_data;
    part->in_flight = FALSE;
    if (mx_crypto_answer_is_passing(answer)) {
        begin_pause(crypto, part, mx_crypto_get_retry_ms(&part->backoff, answer));
        return;
    }
    mx_backoff_reset(&part->backoff);
    begin_pause(crypto, part, REFUSED_MS);
    g_autoptr(JsonObject) body = mx_json_parse_object(answer->body, (gssize)answer->len, NULL);
    JsonObject *failures = mx_json_object(body, "failures");
    if (answer->body == NULL || (failures != NULL && json_object_get_size(failures) > 0))
        g_message("the homeserver refused signatures (HTTP %u)", answer->status);
    for (guint i = 0; i < waiting->len; i++) {
        const char *name = g_ptr_array_index(waiting, i);
        g_auto(GStrv) words = g_strsplit(name, " ", 2);
        if (answer->body != NULL)
            mx_crypto_save(crypto, KIND_SIGNATURES, name, NULL);
        mx_device_list_refresh(crypto, words[0]);
    }
    mx_device_list_refresh(crypto, crypto->user_id);
}

/* Gives the wait until it may be tried again, or -1. */
static gint64 upload_signatures(MxCrypto *crypto, Part *part, const MxIdentityRow *own)
{
    gint64 left = part->until_ms - crypto->get_now_ms();
    if (part->in_flight)
        return -1;
    g_autoptr(JsonObject) body = json_object_new(), objects = json_object_new();
    add_master(crypto, own, objects);
    add_device(crypto, part, own, objects);
    if (json_object_get_size(objects) > 0)
        json_object_set_object_member(body, crypto->user_id, json_object_ref(objects));
    add_others(crypto, body);
    if (json_object_get_size(body) == 0)
        return -1;
    if (left > 0 && left <= part->longest_ms)
        return left;
    part->in_flight = TRUE;
    mx_crypto_add_request(crypto, MX_CRYPTO_SIGNATURES, mx_json_object_to_text(body), on_signed,
                          mx_store_list_sealed(crypto->store, KIND_SIGNATURES, ""),
                          (GDestroyNotify)g_ptr_array_unref);
    return -1;
}

/* Put on its way with the next upload. */
static void sign_later(MxCrypto *crypto, Part *part, const char *name, JsonObject *object,
                       const guint8 seed[MX_KEY_LEN])
{
    set_signature(crypto, object, seed);
    char *text = mx_json_object_to_text(object);
    g_autoptr(GBytes) data = g_bytes_new_take(text, strlen(text));
    mx_crypto_save(crypto, KIND_SIGNATURES, name, data);
    part->until_ms = 0;
}

gboolean mx_cross_signing_sign_user(MxCrypto *crypto, const char *user_id, const char *expected)
{
    Part *part = get_part(crypto);
    g_autoptr(MxIdentityRow) own = get_own(crypto);
    g_autoptr(MxIdentityRow) row = mx_store_get_identity(crypto->store, user_id);
    const guint8 *seed = find_seed(part, own, MX_CROSS_SIGNING_USER);
    if (own == NULL || row == NULL || row->new_master != NULL ||
        g_strcmp0(row->master, expected) != 0 || g_str_equal(user_id, crypto->user_id) ||
        seed == NULL || !is_trusted(crypto) ||
        mx_store_get_tracked_user(crypto->store, user_id).ambiguous)
        return FALSE;
    g_autoptr(JsonObject) object = strip_key(row->master_object, row->master);
    if (object == NULL)
        return FALSE;
    sign_later(crypto, part, user_id, object, seed);
    g_free(row->signed_by);
    row->signed_by = g_strdup(own->user_signing);
    row->was_verified = TRUE;
    mx_store_save_identity(crypto->store, row);
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, user_id, NULL, NULL);
    return TRUE;
}

/* O7: its IDs and keys, and nothing that somebody may have added. The caller unrefs. */
static JsonObject *strip_device(JsonObject *object)
{
    static const char *const known[] = {"algorithms", "device_id", "keys", "user_id", "dehydrated"};
    JsonObject *stripped = json_object_new();
    for (guint i = 0; i < G_N_ELEMENTS(known); i++)
        if (json_object_has_member(object, known[i]))
            json_object_set_member(stripped, known[i], json_object_dup_member(object, known[i]));
    return stripped;
}

gboolean mx_cross_signing_sign_device(MxCrypto *crypto, const char *device_id, const char *expected)
{
    Part *part = get_part(crypto);
    g_autoptr(MxIdentityRow) own = get_own(crypto);
    g_autoptr(MxDeviceRow) row = mx_store_get_device(crypto->store, crypto->user_id, device_id);
    const guint8 *seed = find_seed(part, own, MX_CROSS_SIGNING_SELF);
    if (own == NULL || seed == NULL || own->new_master != NULL || !is_trusted(crypto) ||
        row == NULL || row->gone || g_strcmp0(row->ed25519, expected) != 0)
        return FALSE;
    if (g_strcmp0(row->signed_by, own->self_signing) == 0)
        return TRUE;
    g_autoptr(JsonObject) received = mx_device_list_get_object(crypto, crypto->user_id, device_id);
    if (received == NULL)
        return FALSE;
    g_autoptr(JsonObject) object = strip_device(received);
    g_autofree char *name = g_strconcat(crypto->user_id, " ", device_id, NULL);
    sign_later(crypto, part, name, object, seed);
    g_free(row->signed_by);
    row->signed_by = g_strdup(own->self_signing);
    mx_store_save_device(crypto->store, row);
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, crypto->user_id, NULL, NULL);
    return TRUE;
}

/* ---- */

static void make_first(MxCrypto *crypto, Part *part)
{
    g_autoptr(GError) error = NULL;
    if (!mx_cross_signing_make(crypto, FALSE, &error))
        g_warning("no identity can be made: %s", error->message);
    else
        follow_made(crypto, part, NULL);
}

/* U2: said once for each identity. */
static void tell_not_signed(MxCrypto *crypto, const MxIdentityRow *own)
{
    g_autoptr(GBytes) told = mx_crypto_load(crypto, KIND_TOLD, own->master);
    if (told != NULL || own->new_master != NULL)
        return;
    g_autoptr(GBytes) mark = g_bytes_new_static("1", 1);
    mx_crypto_save(crypto, KIND_TOLD, own->master, mark);
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_NOT_SIGNED, 0, NULL, NULL, NULL);
}

gint64 mx_cross_signing_collect(MxCrypto *crypto)
{
    Part *part = get_part(crypto);
    if (mx_device_keys_are_wrong(crypto))
        return -1;
    g_autoptr(MxIdentityRow) own = get_own(crypto);
    if (part->has_made)
        follow_made(crypto, part, own);
    else if (own == NULL && is_known_to_have_none(crypto))
        make_first(crypto, part);
    if (own == NULL)
        return part->has_made && !part->is_told ? MAX(part->publish_ms - crypto->get_now_ms(), 1)
                                                : -1;
    /* J4: it is held, so it is the user's; also on a new device with the same database. */
    if (!is_trusted(crypto) && own->new_master == NULL &&
        find_seed(part, own, MX_CROSS_SIGNING_MASTER) != NULL)
        mx_identity_set_own_trusted(crypto, TRUE);
    g_autoptr(MxIdentityRow) now = get_own(crypto);
    if (!is_trusted(crypto)) {
        tell_not_signed(crypto, now);
        return -1;
    }
    return upload_signatures(crypto, part, now);
}

MxOwnIdentityState mx_cross_signing_get_state(MxCrypto *crypto)
{
    Part *part = get_part(crypto);
    g_autoptr(MxIdentityRow) own = get_own(crypto);
    if (own == NULL)
        return part->has_made ? MX_IDENTITY_UNPUBLISHED : MX_IDENTITY_UNKNOWN;
    if (own->new_master != NULL)
        return MX_IDENTITY_CHANGED;
    if (!is_trusted(crypto))
        return MX_IDENTITY_FOREIGN;
    if (is_device_signed(crypto))
        return MX_IDENTITY_READY;
    return find_seed(part, own, MX_CROSS_SIGNING_SELF) != NULL ? MX_IDENTITY_UNPUBLISHED
                                                               : MX_IDENTITY_FOREIGN;
}
