/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mx-recovery.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-cross-signing.h"
#include "mx-device-list.h"
#include "mx-fetch.h"
#include "mx-json.h"
#include "mx-own-identity.h"
#include "mx-recovery-decision.h"
#include "mx-recovery-key.h"
#include "mx-secret-storage.h"

/* A piece of account data on its way there or back. */
typedef struct {
    char *type;
    JsonObject *content; /* to be written; or NULL */
    JsonObject *read;    /* as the homeserver has it; or NULL */
} Item;

/* One attempt: a chain of requests and jobs, each of which holds a reference. */
typedef struct {
    MxClient *client;
    char *user_id;
    GCallback func;
    gpointer user_data;
    GDestroyNotify destroy;
    GError *error;
    char *secret; /* what the user typed, or NULL */
    guint8 key[MX_KEY_LEN];
    JsonObject *description; /* of the key, when it is being made */
    char *key_id, *recovery_key;
    gboolean replaces;
    gboolean is_signed; /* what was recovered can sign this device */
    GPtrArray *items;   /* Item */
    guint next;
    void (*when_read)(gpointer flow); /* after the last item */
} Flow;

static void item_free(gpointer data)
{
    Item *item = data;
    g_free(item->type);
    g_clear_pointer(&item->content, json_object_unref);
    g_clear_pointer(&item->read, json_object_unref);
    g_free(item);
}

static Item *add_item(Flow *flow, const char *type, JsonObject *content)
{
    Item *item = g_new0(Item, 1);
    item->type = g_strdup(type);
    item->content = content;
    g_ptr_array_add(flow->items, item);
    return item;
}

static JsonObject *get_read(Flow *flow, guint i)
{
    return ((Item *)g_ptr_array_index(flow->items, i))->read;
}

static Flow *flow_new(MxClient *client, GCallback func, gpointer user_data, GDestroyNotify destroy)
{
    Flow *flow = g_rc_box_new0(Flow);
    flow->client = g_object_ref(client);
    flow->user_id = g_strdup(mx_client_get_user_id(client));
    flow->func = func;
    flow->user_data = user_data;
    flow->destroy = destroy;
    flow->items = g_ptr_array_new_with_free_func(item_free);
    return flow;
}

static void flow_clear(gpointer data)
{
    Flow *flow = data;
    if (flow->destroy != NULL)
        flow->destroy(flow->user_data);
    g_object_unref(flow->client);
    g_free(flow->user_id);
    g_clear_error(&flow->error);
    mx_secret_free(flow->secret);
    mx_secret_free(flow->recovery_key);
    mx_memzero(flow->key, sizeof flow->key);
    g_clear_pointer(&flow->description, json_object_unref);
    g_free(flow->key_id);
    g_ptr_array_unref(flow->items);
}

static void flow_unref(gpointer flow)
{
    g_rc_box_release_full(flow, flow_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Flow, flow_unref)

/* ---- steps ---- */

static void get(Flow *flow, const char *type, MxAnswerFunc func)
{
    g_autoptr(MxRequest) request = mx_endpoint_get_account_data(flow->user_id, type);
    mx_client_fetch(flow->client, request, func, g_rc_box_acquire(flow), flow_unref);
}

static void push(Flow *flow, MxJobFunc run, MxJobDone done)
{
    mx_worker_push(flow->client->worker, MX_JOB_USER, run, done, g_rc_box_acquire(flow),
                   flow_unref);
}

/* A passphrase takes up to seconds, which neither the main loop nor the worker has. Nothing else
 * touches the flow meanwhile. */
static void think(Flow *flow, GTaskThreadFunc run, GAsyncReadyCallback done)
{
    g_autoptr(GTask) task = g_task_new(NULL, NULL, done, g_rc_box_acquire(flow));
    g_task_set_task_data(task, flow, NULL);
    g_task_run_in_thread(task, run);
}

static gboolean is_stopped(const Flow *flow)
{
    return flow->client->state == MX_CLIENT_STOPPED;
}

static void end(Flow *flow)
{
    const char *key = flow->error == NULL ? flow->recovery_key : NULL;
    ((MxRecoveryFunc)flow->func)(flow->client, key, flow->error, flow->user_data);
}

static void fail(Flow *flow, MxErrorCode code, const char *text)
{
    g_clear_error(&flow->error);
    flow->error = g_error_new_literal(MX_ERROR, code, text);
}

static gboolean is_not_there(const GError *error)
{
    return mx_error_get_status(error) == 404;
}

static void read_next(Flow *flow);

static void on_read(MxClient *client, JsonObject *answer, const GError *error, gpointer user_data)
{
    Flow *flow = user_data;
    Item *item = g_ptr_array_index(flow->items, flow->next);
    if (error != NULL && !is_not_there(error)) {
        flow->error = g_error_copy(error);
        flow->when_read(flow);
        return;
    }
    g_clear_pointer(&item->read, json_object_unref);
    item->read = answer != NULL ? json_object_ref(answer) : NULL;
    flow->next++;
    read_next(flow);
}

/* Always from the homeserver: what /sync has told may be older. */
static void read_next(Flow *flow)
{
    if (flow->next < flow->items->len)
        get(flow, ((Item *)g_ptr_array_index(flow->items, flow->next))->type, on_read);
    else
        flow->when_read(flow);
}

static void read_all(Flow *flow, void (*when_read)(gpointer flow))
{
    flow->next = 0;
    flow->when_read = when_read;
    read_next(flow);
}

/* ---- is there one ---- */

static void on_has(MxClient *client, JsonObject *answer, const GError *error, gpointer user_data)
{
    Flow *flow = user_data;
    gboolean is_there = mx_json_string(answer, "key") != NULL;
    ((MxHasRecoveryFunc)flow->func)(client, is_there, is_not_there(error) ? NULL : error,
                                    flow->user_data);
}

void mx_client_has_recovery(MxClient *client, MxHasRecoveryFunc func, gpointer user_data,
                            GDestroyNotify destroy)
{
    g_autoptr(Flow) flow = flow_new(client, G_CALLBACK(func), user_data, destroy);
    get(flow, MX_SECRET_STORAGE_DEFAULT_KEY, on_has);
}

/* ---- setting up ---- */

enum { NEW_DESCRIPTION, NEW_SECRETS, NEW_WHICH = NEW_SECRETS + MX_CROSS_SIGNING_N_KEYS };

/* FALSE: flow->error. */
static gboolean add_secret(Flow *flow, MxCrypto *crypto, MxCrossSigningKey key)
{
    const char *name = mx_cross_signing_get_name(key);
    Item *item = g_ptr_array_index(flow->items, NEW_SECRETS + key);
    char *seed = mx_cross_signing_get_seed(crypto, key);
    JsonObject *encrypted = NULL;
    if (seed == NULL)
        fail(flow, MX_ERROR_INVALID,
             _("This device does not have all keys of your identity. Choose “Recover encryption…” "
               "first, or set recovery up on a device that has them."));
    else
        encrypted = mx_secret_storage_encrypt(flow->key, name, seed, &flow->error);
    mx_secret_free(seed);
    if (encrypted == NULL)
        return FALSE;
    item->content = mx_recovery_merge(item->read, flow->key_id, encrypted);
    return TRUE;
}

static void run_make(MxStore *store, gpointer data)
{
    Flow *flow = data;
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto == NULL) {
        fail(flow, MX_ERROR_FAILED, _("The encryption of this account is not open."));
        return;
    }
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        if (!add_secret(flow, crypto, i))
            return;
    flow->recovery_key = mx_recovery_key_encode(flow->key);
}

static gboolean is_secret_right(Flow *flow, MxCrypto *crypto, MxCrossSigningKey key, guint item)
{
    JsonObject *encrypted = mx_secret_storage_find(get_read(flow, item), flow->key_id);
    char *text =
        encrypted != NULL
            ? mx_secret_storage_decrypt(flow->key, mx_cross_signing_get_name(key), encrypted, NULL)
            : NULL;
    char *seed = mx_cross_signing_get_seed(crypto, key);
    gboolean is_right = text != NULL && g_strcmp0(text, seed) == 0;
    mx_secret_free(text);
    mx_secret_free(seed);
    return is_right;
}

/* What the user will need one day is opened now, with the key as it will be typed. */
static void run_check(MxStore *store, gpointer data)
{
    Flow *flow = data;
    MxCrypto *crypto = mx_crypto_of(store);
    const char *which = mx_json_string(get_read(flow, NEW_WHICH), "key");
    gboolean is_right = crypto != NULL &&
                        mx_recovery_key_decode(flow->recovery_key, flow->key, NULL) &&
                        mx_secret_storage_check_key(get_read(flow, NEW_DESCRIPTION), flow->key) ==
                            MX_SECRET_KEY_RIGHT &&
                        g_strcmp0(which, flow->key_id) == 0;
    for (int i = 0; is_right && i < MX_CROSS_SIGNING_N_KEYS; i++)
        is_right = is_secret_right(flow, crypto, i, NEW_SECRETS + i);
    if (!is_right)
        fail(flow, MX_ERROR_BAD_ANSWER,
             _("The homeserver does not give back what was stored for recovery, so recovery is not "
               "set up. Try again."));
    mx_store_begin(store);
    if (is_right)
        mx_store_set_value(store, MX_VALUE_RECOVERY_HINT, NULL);
    mx_store_commit(store, NULL);
}

static void on_checked(gpointer data)
{
    end(data);
}

static void check_set_up(gpointer data)
{
    Flow *flow = data;
    if (flow->error != NULL)
        end(flow);
    else
        push(flow, run_check, on_checked);
}

static void write_next(Flow *flow);

static void on_written(MxClient *client, JsonObject *answer, const GError *error,
                       gpointer user_data)
{
    Flow *flow = user_data;
    if (error != NULL) {
        flow->error = g_error_copy(error);
        end(flow);
        return;
    }
    flow->next++;
    write_next(flow);
}

static void write_next(Flow *flow)
{
    if (flow->next == flow->items->len) {
        read_all(flow, check_set_up);
        return;
    }
    Item *item = g_ptr_array_index(flow->items, flow->next);
    g_autoptr(MxRequest) request =
        mx_endpoint_set_account_data(flow->user_id, item->type, item->content);
    mx_client_fetch(flow->client, request, on_written, g_rc_box_acquire(flow), flow_unref);
}

static void on_made(gpointer data)
{
    Flow *flow = data;
    flow->next = 0;
    if (flow->error != NULL)
        end(flow);
    else
        write_next(flow);
}

static void add_secrets(gpointer data)
{
    Flow *flow = data;
    if (flow->error != NULL)
        end(flow);
    else
        push(flow, run_make, on_made);
}

/* P6, but for one thing: which key it is comes last, so that what was set up before goes on working
 * until all of the new is there. The secrets are read first, as they are stored for other keys too.
 */
static void plan_items(Flow *flow)
{
    g_autofree char *type = g_strconcat(MX_SECRET_STORAGE_KEY_PREFIX, flow->key_id, NULL);
    JsonObject *which = json_object_new();
    json_object_set_string_member(which, "key", flow->key_id);
    add_item(flow, type, g_steal_pointer(&flow->description));
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        add_item(flow, mx_cross_signing_get_name(i), NULL);
    add_item(flow, MX_SECRET_STORAGE_DEFAULT_KEY, which);
}

static void think_make_key(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Flow *flow = data;
    flow->key_id = mx_secret_storage_new_key_id(&flow->error);
    if (flow->key_id != NULL)
        mx_recovery_make_key(flow->secret, flow->key, &flow->description, &flow->error);
}

static void on_key_made(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(Flow) flow = data;
    if (is_stopped(flow))
        return;
    if (flow->error != NULL) {
        end(flow);
        return;
    }
    plan_items(flow);
    read_all(flow, add_secrets);
}

static void on_present_key(MxClient *client, JsonObject *answer, const GError *error,
                           gpointer user_data)
{
    Flow *flow = user_data;
    if (error != NULL && !is_not_there(error))
        flow->error = g_error_copy(error);
    else if (mx_json_string(answer, "key") != NULL && !flow->replaces)
        fail(flow, MX_ERROR_INVALID, _("There is a recovery key for this account already."));
    if (flow->error != NULL)
        end(flow);
    else
        think(flow, think_make_key, on_key_made);
}

void mx_client_set_up_recovery(MxClient *client, const char *passphrase, gboolean replaces,
                               MxRecoveryFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(Flow) flow = flow_new(client, G_CALLBACK(func), user_data, destroy);
    flow->secret = g_strdup(passphrase);
    flow->replaces = replaces;
    get(flow, MX_SECRET_STORAGE_DEFAULT_KEY, on_present_key);
}

/* ---- recovering ---- */

enum { DESCRIPTION, SECRETS }; /* items, when the key is known */

static void take_seeds(Flow *flow, MxStore *store, MxCrypto *crypto, char *seeds[])
{
    const char *const texts[] = {seeds[0], seeds[1], seeds[2]};
    if (mx_cross_signing_get_state(crypto) == MX_IDENTITY_UNKNOWN) {
        fail(flow, MX_ERROR_INVALID,
             _("The homeserver has not shown your identity yet. Try again in a moment."));
        return;
    }
    mx_store_begin(store);
    gboolean is_good = mx_cross_signing_recover(crypto, texts);
    if (!mx_store_commit(store, &flow->error))
        mx_crypto_forget(crypto);
    else if (is_good)
        flow->is_signed = seeds[MX_CROSS_SIGNING_SELF] != NULL;
    else
        fail(flow, MX_ERROR_INVALID,
             _("What is stored for recovery does not belong to the identity that your homeserver "
               "shows; it may have been reset since. Nothing was changed."));
}

static void run_recover(MxStore *store, gpointer data)
{
    Flow *flow = data;
    MxCrypto *crypto = mx_crypto_of(store);
    char *seeds[MX_CROSS_SIGNING_N_KEYS] = {NULL};
    JsonObject *items[MX_CROSS_SIGNING_N_KEYS];
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        items[i] = get_read(flow, SECRETS + i);
    if (crypto == NULL)
        fail(flow, MX_ERROR_FAILED, _("The encryption of this account is not open."));
    else if (mx_recovery_open_secrets(get_read(flow, DESCRIPTION), flow->key, flow->key_id, items,
                                      seeds, &flow->error))
        take_seeds(flow, store, crypto, seeds);
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        mx_secret_free(seeds[i]);
}

static void end_recovery(Flow *flow)
{
    if (flow->error == NULL)
        mx_client_crypto_kick(flow->client);
    ((MxRecoveredFunc)flow->func)(flow->client, flow->is_signed, flow->error, flow->user_data);
}

static void on_recovered(gpointer data)
{
    end_recovery(data);
}

static void think_find_key(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Flow *flow = data;
    mx_recovery_find_key(get_read(flow, DESCRIPTION), flow->secret, flow->key, &flow->error);
}

static void on_key_found(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(Flow) flow = data;
    if (is_stopped(flow))
        return;
    if (flow->error != NULL)
        end_recovery(flow);
    else
        push(flow, run_recover, on_recovered);
}

static void recover_now(gpointer data)
{
    Flow *flow = data;
    if (flow->error != NULL)
        end_recovery(flow);
    else
        think(flow, think_find_key, on_key_found);
}

/* P1 */
static void on_default_key(MxClient *client, JsonObject *answer, const GError *error,
                           gpointer user_data)
{
    Flow *flow = user_data;
    flow->key_id = g_strdup(mx_json_string(answer, "key"));
    if (error != NULL && !is_not_there(error))
        flow->error = g_error_copy(error);
    else if (flow->key_id == NULL)
        fail(flow, MX_ERROR_INVALID,
             _("Recovery is not set up for this account. Set it up on a device that is signed."));
    if (flow->error != NULL) {
        end_recovery(flow);
        return;
    }
    g_autofree char *type = g_strconcat(MX_SECRET_STORAGE_KEY_PREFIX, flow->key_id, NULL);
    add_item(flow, type, NULL);
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        add_item(flow, mx_cross_signing_get_name(i), NULL);
    read_all(flow, recover_now);
}

/* The identity is asked for anew meanwhile: the secrets are compared with it (O4). */
static void run_refresh(MxStore *store, gpointer data)
{
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto == NULL)
        return;
    mx_store_begin(store);
    mx_device_list_refresh(crypto, mx_crypto_get_user_id(crypto));
    mx_store_commit(store, NULL);
}

static void on_refreshed(gpointer data)
{
    Flow *flow = data;
    mx_client_crypto_kick(flow->client);
    get(flow, MX_SECRET_STORAGE_DEFAULT_KEY, on_default_key);
}

void mx_client_recover(MxClient *client, const char *secret, MxRecoveredFunc func,
                       gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(Flow) flow = flow_new(client, G_CALLBACK(func), user_data, destroy);
    flow->secret = g_strdup(secret);
    push(flow, run_refresh, on_refreshed);
}
