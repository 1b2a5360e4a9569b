/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-device-keys.h"

#include <string.h>

#include "mx-backoff.h"
#include "mx-crypto-private.h"
#include "mx-device-list.h"
#include "mx-identity.h"
#include "mx-json.h"
#include "mx-signed-json.h"

#define TARGET 50 /* one-time keys on the homeserver (C1): half of what libolm holds */
#define FALLBACK_AGE_MS (7 * G_GINT64_CONSTANT(24) * 3600 * 1000)
#define FALLBACK_KEEP_MS (G_GINT64_CONSTANT(3600) * 1000) /* C3 */
#define RETRY_FIRST_MS 1000
#define RETRY_CAP_MS 60000
#define REFUSED_MS (15 * 60 * 1000)
#define KEY_ID_LEN 16
#define SIGNED_CURVE25519 "signed_curve25519"

#define KIND "device-keys" /* sealed row: State as JSON */

/* What outlives the program. */
typedef struct {
    gboolean is_uploaded, is_wrong;
    gboolean has_old_fallback;
    gint64 fallback_ms; /* the present fallback key was made; 0: there is none */
    gint64 used_ms;     /* it was first seen to be used; 0: it is not */
} State;

typedef struct {
    gboolean is_loaded;
    guint64 in_flight;    /* ID of the upload that is on its way, or 0 */
    gboolean asked_again; /* the identity keys were uploaded once more, as they were not there */
    State state;
    guint64 serial;
    gint64 count; /* one-time keys on the homeserver, -1: not known */
    guint conflicts;
    MxBackoff backoff;
    gint64 until_ms, longest_ms;
} Part;

gpointer mx_device_keys_part_new(void)
{
    Part *part = g_new0(Part, 1);
    part->count = -1;
    mx_backoff_init(&part->backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    return part;
}

/* ---- state ---- */

static void load(MxCrypto *crypto, State *state)
{
    g_autoptr(GBytes) data = mx_crypto_load(crypto, KIND, "");
    gsize len = 0;
    const char *text = data != NULL ? g_bytes_get_data(data, &len) : "";
    g_autoptr(JsonObject) object = mx_json_parse_object(text, (gssize)len, NULL);
    state->is_uploaded = mx_json_bool(object, "uploaded", FALSE);
    state->is_wrong = mx_json_bool(object, "wrong", FALSE);
    state->has_old_fallback = mx_json_bool(object, "old_fallback", FALSE);
    state->fallback_ms = mx_json_int_or(object, "fallback_ms", 0);
    state->used_ms = mx_json_int_or(object, "used_ms", 0);
}

static void save(MxCrypto *crypto, const State *state)
{
    g_autoptr(JsonObject) object = json_object_new();
    json_object_set_boolean_member(object, "uploaded", state->is_uploaded);
    json_object_set_boolean_member(object, "wrong", state->is_wrong);
    json_object_set_boolean_member(object, "old_fallback", state->has_old_fallback);
    json_object_set_int_member(object, "fallback_ms", state->fallback_ms);
    json_object_set_int_member(object, "used_ms", state->used_ms);
    char *text = mx_json_object_to_text(object);
    g_autoptr(GBytes) data = g_bytes_new_take(text, strlen(text));
    mx_crypto_save(crypto, KIND, "", data);
}

static Part *get_part(MxCrypto *crypto)
{
    Part *part = mx_crypto_get_part(crypto, MX_CRYPTO_PART_DEVICE_KEYS);
    if (part->is_loaded)
        return part;
    load(crypto, &part->state);
    /* Anew after mx_crypto_forget(): no /sync of before may count. */
    part->serial = crypto->next_request + 1;
    part->is_loaded = TRUE;
    return part;
}

guint64 mx_device_keys_get_serial(MxCrypto *crypto)
{
    return get_part(crypto)->serial;
}

gboolean mx_device_keys_are_wrong(MxCrypto *crypto)
{
    return get_part(crypto)->state.is_wrong;
}

/* ---- objects ---- */

static gboolean sign(const void *message, gsize len, guint8 signature[MX_SIGNATURE_LEN],
                     gpointer data, GError **error)
{
    MxCrypto *crypto = data;
    g_autofree char *text = mx_olm_account_sign(crypto->account, message, len);
    if (mx_base64_decode_fixed(text, signature, MX_SIGNATURE_LEN))
        return TRUE;
    g_set_error_literal(error, MX_ERROR, MX_ERROR_FAILED, "the signature cannot be read");
    return FALSE;
}

static void sign_object(MxCrypto *crypto, JsonObject *object)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *key_id = g_strconcat("ed25519:", crypto->device_id, NULL);
    if (!mx_signed_json_sign(object, crypto->user_id, key_id, sign, crypto, &error))
        g_warning("own keys cannot be signed: %s", error->message);
}

static void set_key(JsonObject *keys, const char *algorithm, const char *device_id, const char *key)
{
    g_autofree char *name = g_strconcat(algorithm, ":", device_id, NULL);
    json_object_set_string_member(keys, name, key);
}

static JsonObject *build_bare(MxCrypto *crypto)
{
    JsonObject *object = json_object_new(), *keys = json_object_new();
    JsonArray *algorithms = json_array_new();
    json_array_add_string_element(algorithms, "m.olm.v1.curve25519-aes-sha2");
    json_array_add_string_element(algorithms, "m.megolm.v1.aes-sha2");
    json_object_set_array_member(object, "algorithms", algorithms);
    json_object_set_string_member(object, "device_id", crypto->device_id);
    set_key(keys, "curve25519", crypto->device_id, crypto->curve25519);
    set_key(keys, "ed25519", crypto->device_id, crypto->ed25519);
    json_object_set_object_member(object, "keys", keys);
    json_object_set_string_member(object, "user_id", crypto->user_id);
    sign_object(crypto, object);
    return object;
}

/* O7: only the signature is taken over, and only when it is one of this very object. */
static void add_self_signature(MxCrypto *crypto, JsonObject *object)
{
    g_autoptr(JsonObject) known =
        mx_device_list_get_object(crypto, crypto->user_id, crypto->device_id);
    g_autoptr(MxIdentity) own = mx_identity_get(crypto, crypto->user_id);
    if (known == NULL || own == NULL || own->self_signing == NULL)
        return;
    g_autofree char *key_id = g_strconcat("ed25519:", own->self_signing, NULL);
    const char *signature = mx_json_string(
        mx_json_object(mx_json_object(known, "signatures"), crypto->user_id), key_id);
    JsonObject *signatures = mx_json_object(mx_json_object(object, "signatures"), crypto->user_id);
    if (signature == NULL || signatures == NULL)
        return;
    json_object_set_string_member(signatures, key_id, signature);
    if (!mx_identity_has_signed(crypto, crypto->user_id, object))
        json_object_remove_member(signatures, key_id);
}

JsonObject *mx_device_keys_get_object(MxCrypto *crypto)
{
    JsonObject *object = build_bare(crypto);
    add_self_signature(crypto, object);
    return object;
}

/* The ID comes of the key, so that no two keys of this device have one, not even those that an old
 * copy of the database makes once more (V9). */
static char *make_key_id(const MxOneTimeKey *key)
{
    g_autofree char *part = g_strdelimit(g_strndup(key->key, KEY_ID_LEN), "+", '-');
    return g_strconcat(SIGNED_CURVE25519 ":", g_strdelimit(part, "/", '_'), NULL);
}

/* C2: each is signed by itself. */
static void add_one_time_key(MxCrypto *crypto, JsonObject *keys, const MxOneTimeKey *key,
                             gboolean is_fallback)
{
    JsonObject *object = json_object_new();
    g_autofree char *id = make_key_id(key);
    json_object_set_string_member(object, "key", key->key);
    if (is_fallback)
        json_object_set_boolean_member(object, "fallback", TRUE);
    sign_object(crypto, object);
    json_object_set_object_member(keys, id, object);
}

/* What is to be uploaded, or NULL when nothing is. */
static JsonObject *build_upload(MxCrypto *crypto, const State *state)
{
    g_autoptr(JsonObject) body = json_object_new();
    g_autoptr(GPtrArray) one_time = mx_olm_account_list_unpublished(crypto->account);
    g_autoptr(MxOneTimeKey) fallback = mx_olm_account_get_unpublished_fallback(crypto->account);
    /* Identical each time (B2): without the signature that others may have added. */
    if (!state->is_uploaded)
        json_object_set_object_member(body, "device_keys", build_bare(crypto));
    if (one_time->len > 0) {
        JsonObject *keys = json_object_new();
        for (guint i = 0; i < one_time->len; i++)
            add_one_time_key(crypto, keys, g_ptr_array_index(one_time, i), FALSE);
        json_object_set_object_member(body, "one_time_keys", keys);
    }
    if (fallback != NULL) {
        JsonObject *keys = json_object_new();
        add_one_time_key(crypto, keys, fallback, TRUE);
        json_object_set_object_member(body, "fallback_keys", keys);
    }
    return json_object_get_size(body) > 0 ? g_steal_pointer(&body) : NULL;
}

/* ---- answers ---- */

static void begin_pause(MxCrypto *crypto, Part *part, gint64 wait)
{
    part->longest_ms = wait;
    part->until_ms = crypto->get_now_ms() + wait;
}

static gint64 get_pause(MxCrypto *crypto, Part *part)
{
    gint64 left = part->until_ms - crypto->get_now_ms();
    return left > 0 && left <= part->longest_ms ? left : 0;
}

static void note_uploaded(MxCrypto *crypto, Part *part)
{
    mx_olm_account_mark_published(crypto->account);
    mx_crypto_save_account(crypto);
    /* The next /sync says how many there are. Were the answer's own count to be believed, one that
     * is always too low would make keys without end. */
    part->count = -1;
    part->conflicts = 0;
    mx_backoff_reset(&part->backoff);
    if (part->state.is_uploaded)
        return;
    part->state.is_uploaded = TRUE;
    save(crypto, &part->state);
    mx_device_list_refresh(crypto, crypto->user_id); /* B4 */
}

/* C5: the homeserver has another key under an ID of ours, and takes none of them. They go, and new
 * ones get new IDs: at once, and should it refuse these too, after a while. */
static void note_refused(MxCrypto *crypto, Part *part, const MxCryptoAnswer *answer)
{
    gboolean is_conflict = answer->status == 400 && answer->server_text != NULL &&
                           strstr(answer->server_text, "already exists") != NULL;
    if (is_conflict) {
        mx_olm_account_mark_published(crypto->account);
        mx_crypto_save_account(crypto);
    }
    if (is_conflict && part->conflicts++ == 0)
        return;
    g_message("the homeserver refused this device's keys (HTTP %u, %s)%s", answer->status,
              answer->errcode != NULL ? answer->errcode : "no code",
              is_conflict ? ": it and this device are out of step" : "");
    begin_pause(crypto, part, REFUSED_MS);
}

static void on_answer(MxCrypto *crypto, const MxCryptoRequest *request,
                      const MxCryptoAnswer *answer, gpointer user_data)
{
    Part *part = get_part(crypto);
    /* After mx_crypto_forget() all is uploaded once more, and that answer counts: this one must not
     * mark keys as published that it knows nothing of (C6). */
    if (part->in_flight != request->id)
        return;
    part->in_flight = 0;
    part->serial = crypto->next_request + 1;
    if (answer->body != NULL)
        note_uploaded(crypto, part);
    else if (mx_crypto_answer_is_passing(answer))
        begin_pause(crypto, part, mx_crypto_get_retry_ms(&part->backoff, answer));
    else
        note_refused(crypto, part, answer);
}

/* ---- what the homeserver has ---- */

static gboolean has_type(MxJsonSlice types, const char *type)
{
    MxJsonIter iter;
    MxJsonSlice key, value;
    if (!mx_json_iter_init(&iter, types))
        return FALSE;
    while (mx_json_iter_next(&iter, &key, &value))
        if (mx_json_slice_equals(value, type))
            return TRUE;
    return FALSE;
}

void mx_device_keys_note_counts(MxCrypto *crypto, MxJsonSlice counts, MxJsonSlice fallback_types,
                                guint64 serial)
{
    Part *part = get_part(crypto);
    gint64 count = 0;
    if (part->in_flight != 0 || serial != part->serial)
        return; /* C6 */
    if (counts.text != NULL && counts.type == MX_JSON_OBJECT)
        mx_json_slice_get_int(mx_json_scan_member(counts, SIGNED_CURVE25519), &count);
    part->count = MAX(count, 0);
    /* Not there: the homeserver knows no fallback keys (C2). */
    if (fallback_types.text == NULL || fallback_types.type != MX_JSON_ARRAY ||
        part->state.used_ms != 0 || has_type(fallback_types, SIGNED_CURVE25519))
        return;
    part->state.used_ms = MAX(1, crypto->get_now_ms());
    save(crypto, &part->state);
}

static void note_wrong(MxCrypto *crypto, Part *part)
{
    if (part->state.is_wrong)
        return;
    g_message("the homeserver has other keys for this device than this device");
    part->state.is_wrong = TRUE;
    save(crypto, &part->state);
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_OWN_DEVICE_WRONG, 0, crypto->user_id, crypto->device_id,
                   NULL);
}

void mx_device_keys_check_own(MxCrypto *crypto, MxJsonSlice devices)
{
    Part *part = get_part(crypto);
    MxJsonSlice slice = mx_json_scan_member(devices, crypto->device_id);
    if (slice.text == NULL) {
        /* A homeserver that was set back to an older day has lost them. */
        if (part->state.is_uploaded && part->in_flight == 0 && !part->asked_again) {
            part->asked_again = TRUE;
            part->state.is_uploaded = FALSE;
            save(crypto, &part->state);
        }
        return;
    }
    g_autoptr(JsonObject) object = mx_signed_json_parse(slice.text, (gssize)slice.len, NULL);
    g_autoptr(MxDevice) device =
        object != NULL ? mx_device_parse(object, crypto->user_id, crypto->device_id) : NULL;
    if (device == NULL || !g_str_equal(device->curve25519, crypto->curve25519) ||
        !g_str_equal(device->ed25519, crypto->ed25519))
        note_wrong(crypto, part);
}

/* ---- making keys ---- */

/* C1: exactly what is missing. */
static void make_one_time_keys(MxCrypto *crypto, const Part *part)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) waiting = mx_olm_account_list_unpublished(crypto->account);
    gint64 count = part->count;
    if (count < 0 && !part->state.is_uploaded)
        count = 0; /* a device that the homeserver does not know */
    gint64 missing = count < 0 ? 0 : TARGET - count - waiting->len;
    if (missing > 0 &&
        !mx_olm_account_generate_one_time_keys(crypto->account, (guint)missing, &error))
        mx_store_set_failed(crypto->store, error);
}

/* C2, C3. The one before the present one may still be in messages on their way: it is kept for an
 * hour after the present one began to be used, and a new one waits for that. */
static gboolean make_fallback(MxCrypto *crypto, State *state, gint64 *wait)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MxOneTimeKey) waiting = mx_olm_account_get_unpublished_fallback(crypto->account);
    gint64 now = crypto->get_now_ms();
    gboolean is_old = ABS(now - state->fallback_ms) >= FALLBACK_AGE_MS;
    if (waiting != NULL || (state->fallback_ms != 0 && state->used_ms == 0 && !is_old))
        return FALSE;
    gint64 used_for = ABS(now - state->used_ms);
    if (state->has_old_fallback && !is_old && used_for < FALLBACK_KEEP_MS) {
        *wait = FALLBACK_KEEP_MS - used_for;
        return FALSE;
    }
    if (state->has_old_fallback)
        mx_olm_account_forget_old_fallback(crypto->account);
    if (!mx_olm_account_generate_fallback(crypto->account, &error)) {
        mx_store_set_failed(crypto->store, error);
        return FALSE;
    }
    state->has_old_fallback = state->fallback_ms != 0;
    state->fallback_ms = now;
    state->used_ms = 0;
    return TRUE;
}

void mx_device_keys_renew(MxCrypto *crypto)
{
    Part *part = get_part(crypto);
    if (part->state.fallback_ms == 0)
        return;
    part->state.fallback_ms = 1; /* as old as one can be */
    save(crypto, &part->state);
}

gint64 mx_device_keys_collect(MxCrypto *crypto)
{
    Part *part = get_part(crypto);
    gint64 wait = -1, pause_left = get_pause(crypto, part);
    if (part->in_flight != 0 || part->state.is_wrong)
        return -1;
    if (pause_left > 0)
        return pause_left;
    make_one_time_keys(crypto, part);
    if (make_fallback(crypto, &part->state, &wait))
        save(crypto, &part->state);
    g_autoptr(JsonObject) body = build_upload(crypto, &part->state);
    if (body == NULL)
        return wait;
    mx_crypto_save_account(crypto); /* C4: before they leave */
    mx_crypto_add_request(crypto, MX_CRYPTO_KEYS_UPLOAD, mx_json_object_to_text(body), on_answer,
                          NULL, NULL);
    part->in_flight = crypto->next_request;
    return wait;
}
