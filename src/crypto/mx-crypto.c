/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-backoff.h"
#include "mx-cross-signing.h"
#include "mx-crypto-private.h"
#include "mx-device-keys.h"
#include "mx-device-list.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-key-request.h"
#include "mx-old-copy.h"
#include "mx-olm.h"
#include "mx-primitives.h"
#include "mx-secrets.h"
#include "mx-share.h"
#include "mx-verification.h"

/* What all files of this folder share: the device's account, requests, to-device messages, news. */

#define VALUE_CRYPTO_DEVICE "crypto_device" /* whose keys the store has */
#define RETRY_FIRST_MS 1000
#define RETRY_CAP_MS 60000
/* Back within ten seconds of the network, as everything else. */
#define NO_NETWORK_MS 8000
/* However long a homeserver wants to be left alone, it is asked again. */
#define LONGEST_WAIT_MS (10 * RETRY_CAP_MS)

typedef struct {
    MxCryptoRequest *request; /* a copy of what was handed out, without the body */
    MxCryptoAnswerFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Pending;

/* ---- tables: one line for each file that has something to ask, to be told, or to remember ---- */

static gint64 collect_to_device(MxCrypto *crypto);

static const MxCryptoCollectFunc collectors[] =
    {
        mx_verification_collect, /* wants devices */
        mx_device_keys_collect,   mx_device_list_collect,
        mx_cross_signing_collect, mx_secrets_collect,
        mx_key_request_collect,   mx_olm_collect, /* others want sessions */
        mx_share_collect,         mx_old_copy_collect,
        collect_to_device, /* the last: others add to it */
};

static const struct {
    const char *owner;
    MxToDeviceSentFunc func;
} owners[] = {
    {"share", mx_share_note_sent},
};

typedef struct {
    gint64 last_taken; /* row of to_device that is on its way, or 0 */
    gint64 put_off;    /* the last one that the homeserver has failed with: others come first */
    gboolean has_put_off_first; /* which was of the owner MX_TO_DEVICE_FIRST */
    MxBackoff backoff;
    gint64 not_before_ms;
} ToDevice;

static gpointer to_device_new(void)
{
    ToDevice *queue = g_new0(ToDevice, 1);
    mx_backoff_init(&queue->backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    return queue;
}

static const struct {
    gpointer (*create)(void);
    GDestroyNotify destroy;
} parts[MX_CRYPTO_N_PARTS] = {
    [MX_CRYPTO_PART_TO_DEVICE] = {to_device_new, g_free},
    [MX_CRYPTO_PART_DEVICE_KEYS] = {mx_device_keys_part_new, g_free},
    [MX_CRYPTO_PART_DEVICE_LIST] = {mx_device_list_part_new, mx_device_list_part_free},
    [MX_CRYPTO_PART_OLM] = {mx_olm_part_new, mx_olm_part_free},
    [MX_CRYPTO_PART_SHARE] = {mx_share_part_new, mx_share_part_free},
    [MX_CRYPTO_PART_CROSS_SIGNING] = {mx_cross_signing_part_new, mx_cross_signing_part_free},
    [MX_CRYPTO_PART_OLD_COPY] = {mx_old_copy_part_new, g_free},
    [MX_CRYPTO_PART_VERIFICATION] = {mx_verification_part_new, mx_verification_part_free},
    [MX_CRYPTO_PART_KEY_REQUEST] = {mx_key_request_part_new, mx_key_request_part_free},
    [MX_CRYPTO_PART_INBOUND] = {mx_inbound_part_new, mx_inbound_part_free},
};

gpointer mx_crypto_get_part(MxCrypto *crypto, MxCryptoPart part)
{
    if (crypto->parts[part] == NULL && parts[part].create != NULL)
        crypto->parts[part] = parts[part].create();
    return crypto->parts[part];
}

/* ---- life ---- */

static void pending_free(gpointer data)
{
    Pending *pending = data;
    if (pending->destroy != NULL)
        pending->destroy(pending->user_data);
    mx_crypto_request_free(pending->request);
    g_free(pending);
}

void mx_crypto_request_free(MxCryptoRequest *request)
{
    if (request == NULL)
        return;
    g_free(request->event_type);
    g_free(request->txn_id);
    g_free(request->body);
    g_free(request);
}

void mx_crypto_news_free(MxCryptoNews *news)
{
    g_free(news->user_id);
    g_free(news->device_id);
    g_free(news->text);
    g_free(news);
}

static void drop_parts(MxCrypto *crypto)
{
    for (guint i = 0; i < MX_CRYPTO_N_PARTS; i++)
        if (crypto->parts[i] != NULL)
            parts[i].destroy(g_steal_pointer(&crypto->parts[i]));
}

static GBytes *seal_row(gpointer data, const char *kind, const char *key, GBytes *plain,
                        GError **error)
{
    MxCrypto *crypto = data;
    gsize len;
    const void *bytes = g_bytes_get_data(plain, &len);
    return mx_vault_seal(crypto->vault, kind, key, bytes, len, error);
}

static GBytes *reveal_row(gpointer data, const char *kind, const char *key, GBytes *sealed)
{
    MxCrypto *crypto = data;
    return mx_vault_open_row(crypto->vault, kind, key, sealed, NULL);
}

static void crypto_free(gpointer data)
{
    MxCrypto *crypto = data;
    if (crypto->store != NULL)
        mx_store_set_reveal(crypto->store, NULL, NULL, NULL);
    drop_parts(crypto);
    g_clear_pointer(&crypto->requests, g_hash_table_unref);
    g_clear_pointer(&crypto->due, g_ptr_array_unref);
    g_clear_pointer(&crypto->news, g_ptr_array_unref);
    mx_olm_account_free(crypto->account);
    mx_vault_free(crypto->vault);
    g_free(crypto->user_id);
    g_free(crypto->device_id);
    g_free(crypto->curve25519);
    g_free(crypto->ed25519);
    g_free(crypto);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxCrypto, crypto_free)

static gint64 get_wall_ms(void)
{
    return g_get_real_time() / 1000;
}

static void note_own_keys(MxCrypto *crypto)
{
    guint8 curve25519[MX_KEY_LEN], ed25519[MX_KEY_LEN];
    mx_olm_account_get_keys(crypto->account, curve25519, ed25519);
    g_free(crypto->curve25519);
    g_free(crypto->ed25519);
    crypto->curve25519 = mx_base64_encode(curve25519, sizeof curve25519);
    crypto->ed25519 = mx_base64_encode(ed25519, sizeof ed25519);
}

static gboolean load_account(MxCrypto *crypto)
{
    g_autoptr(GBytes) pickle = mx_crypto_load(crypto, MX_SEALED_ACCOUNT, "");
    MxOlmAccount *account = pickle != NULL ? mx_olm_account_unpickle(pickle, NULL) : NULL;
    if (account == NULL)
        return FALSE;
    mx_olm_account_free(crypto->account);
    crypto->account = account;
    note_own_keys(crypto);
    return TRUE;
}

/* What is bound to a device's keys goes with it. */
static void drop_device(MxCrypto *crypto)
{
    mx_crypto_save(crypto, MX_SEALED_ACCOUNT, "", NULL);
    mx_store_clear_device(crypto->store);
}

/* B2: committed before anything of it is uploaded. */
static gboolean make_account(MxCrypto *crypto, GError **error)
{
    crypto->account = mx_olm_account_new(error);
    if (crypto->account == NULL)
        return FALSE;
    note_own_keys(crypto);
    mx_store_begin(crypto->store);
    drop_device(crypto);
    mx_store_set_value(crypto->store, VALUE_CRYPTO_DEVICE, crypto->device_id);
    mx_crypto_save_account(crypto);
    return mx_store_commit(crypto->store, error);
}

/* In a transaction, as its commit says whether reading worked: keys that could not be read just now
 * are neither lost nor missing. */
static gboolean open_account(MxCrypto *crypto, GError **error)
{
    mx_store_begin(crypto->store);
    g_autofree char *device = mx_store_get_value(crypto->store, VALUE_CRYPTO_DEVICE);
    gboolean is_known = g_strcmp0(device, crypto->device_id) == 0;
    gboolean is_loaded = is_known && load_account(crypto);
    if (!mx_store_commit(crypto->store, error))
        return FALSE;
    if (!is_known)
        return make_account(crypto, error);
    if (is_loaded)
        return TRUE;
    g_set_error_literal(error, MX_ERROR, MX_ERROR_KEYS_LOST,
                        _("The keys of this device can no longer be read. Sign in again, as a new "
                          "device."));
    return FALSE;
}

/* A key that is lost is lost with the device it belonged to (B3); another device begins anew. */
static MxVault *open_vault(MxCrypto *crypto, GError **error)
{
    g_autoptr(GError) failure = NULL;
    const char *dir = mx_store_get_dir(crypto->store);
    MxVault *vault = mx_vault_open(crypto->store, dir, &failure);
    if (vault != NULL)
        return vault;
    mx_store_begin(crypto->store); /* as in open_account() */
    g_autofree char *device = mx_store_get_value(crypto->store, VALUE_CRYPTO_DEVICE);
    if (!mx_store_commit(crypto->store, error))
        return NULL;
    if (!g_error_matches(failure, MX_ERROR, MX_ERROR_KEYS_LOST) ||
        g_strcmp0(device, crypto->device_id) == 0) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    mx_vault_forget(crypto->store, dir);
    return mx_vault_open(crypto->store, dir, error);
}

MxCrypto *mx_crypto_open(MxStore *store, const char *user_id, const char *device_id, GError **error)
{
    if (!mx_primitives_init(error))
        return NULL;
    g_autoptr(MxCrypto) crypto = g_new0(MxCrypto, 1);
    crypto->store = store;
    crypto->get_now_ms = get_wall_ms;
    /* No other machine of this run has given out these. */
    crypto->next_request = (guint64)g_get_monotonic_time();
    crypto->user_id = g_strdup(user_id);
    crypto->device_id = g_strdup(device_id);
    crypto->requests = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, pending_free);
    crypto->due = g_ptr_array_new_with_free_func((GDestroyNotify)mx_crypto_request_free);
    crypto->news = g_ptr_array_new_with_free_func((GDestroyNotify)mx_crypto_news_free);
    crypto->vault = open_vault(crypto, error);
    if (crypto->vault == NULL)
        return NULL;
    mx_store_set_durable(store);
    if (!open_account(crypto, error))
        return NULL;
    mx_store_set_reveal(store, seal_row, reveal_row, crypto);
    mx_store_attach(store, crypto, crypto_free);
    return g_steal_pointer(&crypto);
}

MxCrypto *mx_crypto_of(MxStore *store)
{
    return mx_store_get_attachment(store);
}

/* Requests that nobody has taken yet may rest on what was not stored, and are made again. */
static void drop_due(MxCrypto *crypto)
{
    for (guint i = 0; i < crypto->due->len; i++)
        g_hash_table_remove(crypto->requests,
                            &((MxCryptoRequest *)g_ptr_array_index(crypto->due, i))->id);
    g_ptr_array_set_size(crypto->due, 0);
}

/* Those of transactions before were true, and nobody tells them again. */
static void drop_untrue_news(MxCrypto *crypto)
{
    guint64 n_commits = mx_store_count_commits(crypto->store);
    while (crypto->news->len > 0 &&
           ((MxCryptoNews *)g_ptr_array_index(crypto->news, crypto->news->len - 1))->n_commits ==
               n_commits)
        g_ptr_array_set_size(crypto->news, crypto->news->len - 1);
}

void mx_crypto_forget(MxCrypto *crypto)
{
    drop_parts(crypto);
    drop_due(crypto);
    drop_untrue_news(crypto);
    if (!load_account(crypto))
        g_warning("the device's keys cannot be read any more");
}

const char *mx_crypto_get_user_id(MxCrypto *crypto)
{
    return crypto->user_id;
}

const char *mx_crypto_get_device_id(MxCrypto *crypto)
{
    return crypto->device_id;
}

const char *mx_crypto_get_ed25519(MxCrypto *crypto)
{
    return crypto->ed25519;
}

/* ---- rows ---- */

GBytes *mx_crypto_load(MxCrypto *crypto, const char *kind, const char *key)
{
    g_autoptr(GBytes) sealed = mx_store_get_sealed(crypto->store, kind, key);
    if (sealed == NULL)
        return NULL;
    GBytes *data = mx_vault_open_row(crypto->vault, kind, key, sealed, NULL);
    if (data == NULL)
        g_message("a sealed row of kind %s cannot be opened", kind);
    return data;
}

void mx_crypto_save(MxCrypto *crypto, const char *kind, const char *key, GBytes *data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) sealed = NULL;
    if (data != NULL) {
        gsize len;
        const void *bytes = g_bytes_get_data(data, &len);
        sealed = mx_vault_seal(crypto->vault, kind, key, bytes, len, &error);
        if (sealed == NULL) {
            mx_store_set_failed(crypto->store, error);
            return;
        }
    }
    mx_store_set_sealed(crypto->store, kind, key, sealed);
}

void mx_crypto_save_account(MxCrypto *crypto)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) pickle = mx_olm_account_pickle(crypto->account, &error);
    if (pickle == NULL)
        mx_store_set_failed(crypto->store, error);
    else
        mx_crypto_save(crypto, MX_SEALED_ACCOUNT, "", pickle);
}

/* ---- requests ---- */

static void add_request(MxCrypto *crypto, MxCryptoRequest *request, MxCryptoAnswerFunc func,
                        gpointer user_data, GDestroyNotify destroy)
{
    request->id = ++crypto->next_request;
    Pending *pending = g_new0(Pending, 1);
    pending->request = g_new0(MxCryptoRequest, 1);
    pending->request->id = request->id;
    pending->request->kind = request->kind;
    pending->request->event_type = g_strdup(request->event_type);
    pending->request->txn_id = g_strdup(request->txn_id);
    pending->func = func;
    pending->user_data = user_data;
    pending->destroy = destroy;
    g_hash_table_insert(crypto->requests, &pending->request->id, pending);
    g_ptr_array_add(crypto->due, request);
}

void mx_crypto_add_request(MxCrypto *crypto, MxCryptoRequestKind kind, char *body,
                           MxCryptoAnswerFunc func, gpointer user_data, GDestroyNotify destroy)
{
    MxCryptoRequest *request = g_new0(MxCryptoRequest, 1);
    request->kind = kind;
    request->body = body;
    add_request(crypto, request, func, user_data, destroy);
}

gboolean mx_crypto_answer_is_passing(const MxCryptoAnswer *answer)
{
    return answer->status == 0 || answer->status == 401 || answer->status == 429 ||
           answer->status >= 500;
}

gint64 mx_crypto_get_retry_ms(MxBackoff *backoff, const MxCryptoAnswer *answer)
{
    gint64 wait = mx_backoff_next(backoff);
    return answer->status == 0 ? MIN(wait, NO_NETWORK_MS)
                               : CLAMP(answer->retry_after_ms, wait, LONGEST_WAIT_MS);
}

static gint64 collect(MxCrypto *crypto)
{
    gint64 wait = -1;
    for (guint i = 0; i < G_N_ELEMENTS(collectors); i++) {
        gint64 one = collectors[i](crypto);
        if (one >= 0)
            wait = wait < 0 ? one : MIN(wait, one);
    }
    return wait;
}

static gboolean commit(MxCrypto *crypto, GError **error)
{
    if (mx_store_commit(crypto->store, error))
        return TRUE;
    mx_crypto_forget(crypto);
    return FALSE;
}

GPtrArray *mx_crypto_take_requests(MxCrypto *crypto, GError **error)
{
    mx_store_begin(crypto->store);
    crypto->wait_ms = mx_old_copy_is_checked(crypto) ? collect(crypto) : -1;
    if (!commit(crypto, error))
        return NULL;
    GPtrArray *due = crypto->due;
    crypto->due = g_ptr_array_new_with_free_func((GDestroyNotify)mx_crypto_request_free);
    return due;
}

gint64 mx_crypto_get_wait(MxCrypto *crypto)
{
    return crypto->wait_ms;
}

gboolean mx_crypto_answer(MxCrypto *crypto, guint64 id, const MxCryptoAnswer *answer,
                          GError **error)
{
    Pending *pending = g_hash_table_lookup(crypto->requests, &id);
    if (pending == NULL) /* of another device, which was open then */
        return TRUE;
    g_hash_table_steal(crypto->requests, &id);
    mx_store_begin(crypto->store);
    pending->func(crypto, pending->request, answer, pending->user_data);
    pending_free(pending);
    return commit(crypto, error);
}

/* ---- to-device messages ---- */

void mx_crypto_send_to_device(MxCrypto *crypto, const char *type, JsonObject *messages,
                              const char *owner, const char *context)
{
    g_autofree char *txn_id = mx_store_new_txn_id(crypto->store);
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_object_member(body, "messages", json_object_ref(messages));
    g_autofree char *text = mx_json_object_to_text(body);
    MxToDeviceRow row = {.txn_id = txn_id,
                         .type = (char *)type,
                         .body = text,
                         .owner = (char *)owner,
                         .context = (char *)context};
    mx_store_add_to_device(crypto->store, &row);
}

static void tell_owner(MxCrypto *crypto, const MxToDeviceRow *row, gboolean arrived)
{
    if (row->owner == NULL)
        return;
    g_autoptr(JsonObject) body = mx_json_parse_object(row->body, -1, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(owners); i++)
        if (g_str_equal(owners[i].owner, row->owner))
            owners[i].func(crypto, row->type, mx_json_object(body, "messages"), row->context,
                           arrived);
}

/* What is wrong with it may be its size, or one of those that it is for. */
static gboolean may_be_split(const MxCryptoAnswer *answer)
{
    return answer->status == 400 || answer->status == 413 ||
           g_strcmp0(answer->errcode, "M_TOO_LARGE") == 0;
}

static void add_to_half(JsonObject *half, const char *user_id, const char *device_id,
                        JsonObject *content)
{
    if (!json_object_has_member(half, user_id))
        json_object_set_object_member(half, user_id, json_object_new());
    json_object_set_object_member(json_object_get_object_member(half, user_id), device_id,
                                  json_object_ref(content));
}

/* Deals the messages out to the two halves in turn. FALSE: there is but one. */
static gboolean deal_out(JsonObject *messages, JsonObject *const halves[2])
{
    guint n = 0;
    JsonObjectIter users, devices;
    const char *user_id, *device_id;
    JsonNode *of_user, *content;
    json_object_iter_init(&users, messages);
    while (json_object_iter_next(&users, &user_id, &of_user)) {
        json_object_iter_init(&devices, json_node_get_object(of_user));
        while (json_object_iter_next(&devices, &device_id, &content))
            add_to_half(halves[n++ % 2], user_id, device_id, json_node_get_object(content));
    }
    return n > 1;
}

/* The halves stand in its place, at the end. */
static gboolean split(MxCrypto *crypto, const MxToDeviceRow *row)
{
    g_autoptr(JsonObject) body = mx_json_parse_object(row->body, -1, NULL);
    JsonObject *messages = mx_json_object(body, "messages");
    g_autoptr(JsonObject) first = json_object_new();
    g_autoptr(JsonObject) second = json_object_new();
    if (messages == NULL || !deal_out(messages, (JsonObject *const[]){first, second}))
        return FALSE;
    mx_crypto_send_to_device(crypto, row->type, first, row->owner, row->context);
    mx_crypto_send_to_device(crypto, row->type, second, row->owner, row->context);
    return TRUE;
}

static gboolean is_first(const MxToDeviceRow *row)
{
    return g_strcmp0(row->owner, MX_TO_DEVICE_FIRST) == 0;
}

static void on_to_device_answer(MxCrypto *crypto, const MxCryptoRequest *request,
                                const MxCryptoAnswer *answer, gpointer user_data)
{
    ToDevice *queue = mx_crypto_get_part(crypto, MX_CRYPTO_PART_TO_DEVICE);
    MxToDeviceRow *row = user_data;
    queue->last_taken = 0;
    if (mx_crypto_answer_is_passing(answer)) {
        gint64 wait = mx_crypto_get_retry_ms(&queue->backoff, answer);
        queue->not_before_ms = crypto->get_now_ms() + wait;
        queue->put_off = answer->status >= 500 ? row->id : 0;
        queue->has_put_off_first = is_first(row);
        return;
    }
    mx_backoff_reset(&queue->backoff);
    gboolean is_split = answer->status >= 400 && may_be_split(answer) && split(crypto, row);
    if (answer->status >= 400)
        g_message("the homeserver refused a to-device message of type %s: %s", row->type,
                  answer->errcode != NULL ? answer->errcode : "no reason");
    if (!is_split)
        tell_owner(crypto, row, answer->status < 400);
    mx_store_remove_to_device(crypto->store, row->id);
}

/* One at a time, so that what was said first arrives first; only what the homeserver fails with
 * does not hold up the rest. */
static MxToDeviceRow *get_next_row(MxCrypto *crypto, const ToDevice *queue)
{
    g_autoptr(MxToDeviceRow) first = mx_store_get_to_device(crypto->store, 0);
    /* Keys of rooms wait for none of the others. */
    if (first == NULL || (is_first(first) && !queue->has_put_off_first))
        return g_steal_pointer(&first);
    MxToDeviceRow *row = mx_store_get_to_device(crypto->store, queue->put_off);
    return row != NULL ? row : g_steal_pointer(&first);
}

static gint64 collect_to_device(MxCrypto *crypto)
{
    ToDevice *queue = mx_crypto_get_part(crypto, MX_CRYPTO_PART_TO_DEVICE);
    gint64 wait = queue->not_before_ms - crypto->get_now_ms();
    MxToDeviceRow *row = queue->last_taken == 0 ? get_next_row(crypto, queue) : NULL;
    if (row == NULL)
        return -1;
    /* A clock that was set back must not hold it for long. */
    if (wait > 0 && wait <= LONGEST_WAIT_MS) {
        mx_to_device_row_free(row);
        return wait;
    }
    queue->last_taken = row->id;
    MxCryptoRequest *request = g_new0(MxCryptoRequest, 1);
    request->kind = MX_CRYPTO_SEND_TO_DEVICE;
    request->event_type = g_strdup(row->type);
    request->txn_id = g_strdup(row->txn_id);
    request->body = g_strdup(row->body);
    add_request(crypto, request, on_to_device_answer, row, (GDestroyNotify)mx_to_device_row_free);
    return -1;
}

/* ---- news ---- */

void mx_crypto_tell(MxCrypto *crypto, MxCryptoNewsKind kind, gint64 room, const char *user_id,
                    const char *device_id, const char *text)
{
    MxCryptoNews *news = g_new0(MxCryptoNews, 1);
    news->kind = kind;
    news->n_commits = mx_store_count_commits(crypto->store);
    news->room = room;
    news->user_id = g_strdup(user_id);
    news->device_id = g_strdup(device_id);
    news->text = g_strdup(text);
    g_ptr_array_add(crypto->news, news);
}

GPtrArray *mx_crypto_take_news(MxCrypto *crypto)
{
    GPtrArray *news = crypto->news;
    crypto->news = g_ptr_array_new_with_free_func((GDestroyNotify)mx_crypto_news_free);
    return news;
}
