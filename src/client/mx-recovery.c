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

/* Secrets beside the identity. There are two kinds in the specification. */
#define MAX_OTHERS 50

/* A piece of account data on its way there or back. */
typedef struct {
    char *type;
    JsonObject *content; /* to be written; or NULL */
    JsonObject *read;    /* as the homeserver has it; or NULL */
    char *secret;        /* of others than the identity; or NULL */
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
    char *present, *present_id; /* what was typed of the key that is replaced, and its ID */
    GPtrArray *others;          /* the secrets that are stored for that key; char * */
    GPtrArray *carried;         /* Item, with what they are */
    JsonObject *description;    /* of the key, when it is being made */
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
    mx_secret_free(item->secret);
    g_free(item);
}

static Item *item_new(const char *type, JsonObject *content)
{
    Item *item = g_new0(Item, 1);
    item->type = g_strdup(type);
    item->content = content;
    return item;
}

static void add_item(Flow *flow, const char *type, JsonObject *content)
{
    g_ptr_array_add(flow->items, item_new(type, content));
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
    flow->others = g_ptr_array_new_with_free_func(g_free);
    flow->carried = g_ptr_array_new_with_free_func(item_free);
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
    mx_secret_free(flow->present);
    g_free(flow->present_id);
    g_ptr_array_unref(flow->items);
    g_ptr_array_unref(flow->others);
    g_ptr_array_unref(flow->carried);
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

/* Of what /sync has told; each one is asked for anew before it is used. */
static void run_list(MxStore *store, gpointer data)
{
    Flow *flow = data;
    g_autoptr(GPtrArray) types = mx_store_list_account_data(store);
    for (guint i = 0; i < types->len && flow->others->len < MAX_OTHERS; i++) {
        const char *type = g_ptr_array_index(types, i);
        g_autofree char *text = mx_store_get_account_data(store, 0, type);
        g_autoptr(JsonObject) content = text != NULL ? mx_json_parse_object(text, -1, NULL) : NULL;
        if (mx_recovery_is_other_secret(type, content, flow->present_id))
            g_ptr_array_add(flow->others, g_strdup(type));
    }
}

static void on_listed(gpointer data)
{
    Flow *flow = data;
    g_ptr_array_add(flow->others, NULL);
    ((MxHasRecoveryFunc)flow->func)(flow->client, TRUE, (const char *const *)flow->others->pdata,
                                    NULL, flow->user_data);
}

static void on_has(MxClient *client, JsonObject *answer, const GError *error, gpointer user_data)
{
    static const char *const none[] = {NULL};
    Flow *flow = user_data;
    flow->present_id = g_strdup(mx_json_string(answer, "key"));
    if (flow->present_id != NULL)
        push(flow, run_list, on_listed);
    else if (error != NULL && !is_not_there(error))
        ((MxHasRecoveryFunc)flow->func)(client, FALSE, NULL, error, flow->user_data);
    else
        ((MxHasRecoveryFunc)flow->func)(client, FALSE, none, NULL, flow->user_data);
}

void mx_client_has_recovery(MxClient *client, MxHasRecoveryFunc func, gpointer user_data,
                            GDestroyNotify destroy)
{
    g_autoptr(Flow) flow = flow_new(client, G_CALLBACK(func), user_data, destroy);
    get(flow, MX_SECRET_STORAGE_DEFAULT_KEY, on_has);
}

/* ---- setting up ---- */

enum { NEW_DESCRIPTION, NEW_SECRETS, NEW_OTHERS = NEW_SECRETS + MX_CROSS_SIGNING_N_KEYS };

/* FALSE: flow->error. */
static gboolean encrypt_item(Flow *flow, Item *item, const char *secret)
{
    JsonObject *encrypted = mx_secret_storage_encrypt(flow->key, item->type, secret, &flow->error);
    if (encrypted == NULL)
        return FALSE;
    item->content = mx_recovery_merge(item->read, flow->key_id, encrypted);
    return TRUE;
}

/* FALSE: flow->error. */
static gboolean add_secret(Flow *flow, MxCrypto *crypto, MxCrossSigningKey key)
{
    char *seed = mx_cross_signing_get_seed(crypto, key);
    gboolean is_added = FALSE;
    if (seed == NULL)
        fail(flow, MX_ERROR_INVALID,
             _("This device does not have all keys of your identity. Choose “Recover encryption…” "
               "first, or set recovery up on a device that has them."));
    else
        is_added = encrypt_item(flow, g_ptr_array_index(flow->items, NEW_SECRETS + key), seed);
    mx_secret_free(seed);
    return is_added;
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
    for (guint i = NEW_OTHERS; i < flow->items->len - 1; i++) {
        Item *item = g_ptr_array_index(flow->items, i);
        if (!encrypt_item(flow, item, item->secret))
            return;
    }
    flow->recovery_key = mx_recovery_key_encode(flow->key);
}

static gboolean is_item_right(Flow *flow, guint i, const char *secret)
{
    Item *item = g_ptr_array_index(flow->items, i);
    JsonObject *encrypted = mx_secret_storage_find(item->read, flow->key_id);
    char *text = encrypted != NULL
                     ? mx_secret_storage_decrypt(flow->key, item->type, encrypted, NULL)
                     : NULL;
    gboolean is_right = text != NULL && g_strcmp0(text, secret) == 0;
    mx_secret_free(text);
    return is_right;
}

static gboolean are_secrets_right(Flow *flow, MxCrypto *crypto)
{
    gboolean is_right = TRUE;
    for (int i = 0; is_right && i < MX_CROSS_SIGNING_N_KEYS; i++) {
        char *seed = mx_cross_signing_get_seed(crypto, i);
        is_right = is_item_right(flow, NEW_SECRETS + i, seed);
        mx_secret_free(seed);
    }
    for (guint i = NEW_OTHERS; is_right && i < flow->items->len - 1; i++)
        is_right = is_item_right(flow, i, ((Item *)g_ptr_array_index(flow->items, i))->secret);
    return is_right;
}

/* What the user will need one day is opened now, with the key as it will be typed. */
static void run_check(MxStore *store, gpointer data)
{
    Flow *flow = data;
    MxCrypto *crypto = mx_crypto_of(store);
    const char *which = mx_json_string(get_read(flow, flow->items->len - 1), "key");
    gboolean is_right = crypto != NULL &&
                        mx_recovery_key_decode(flow->recovery_key, flow->key, NULL) &&
                        mx_secret_storage_check_key(get_read(flow, NEW_DESCRIPTION), flow->key) ==
                            MX_SECRET_KEY_RIGHT &&
                        g_strcmp0(which, flow->key_id) == 0 && are_secrets_right(flow, crypto);
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
    g_ptr_array_set_size(flow->items, 0);
    add_item(flow, type, g_steal_pointer(&flow->description));
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        add_item(flow, mx_cross_signing_get_name(i), NULL);
    g_ptr_array_extend_and_steal(flow->items, g_ptr_array_ref(flow->carried));
    add_item(flow, MX_SECRET_STORAGE_DEFAULT_KEY, which);
}

/* A secret that is not stored for that key any more is none to be carried over. FALSE: flow->error.
 */
static gboolean carry_over(Flow *flow, const guint8 key[MX_KEY_LEN], const Item *item)
{
    JsonObject *encrypted = mx_secret_storage_find(item->read, flow->present_id);
    if (encrypted == NULL)
        return TRUE;
    char *secret = mx_secret_storage_decrypt(key, item->type, encrypted, NULL);
    if (secret == NULL) {
        g_set_error(&flow->error, MX_ERROR, MX_ERROR_INVALID,
                    _("“%s” cannot be opened with what you typed, and so not be stored for a new "
                      "recovery key. To replace the key without it, leave the present one empty."),
                    item->type);
        return FALSE;
    }
    Item *carried = item_new(item->type, NULL);
    carried->secret = secret;
    g_ptr_array_add(flow->carried, carried);
    return TRUE;
}

/* FALSE: flow->error. */
static gboolean open_present(Flow *flow)
{
    guint8 key[MX_KEY_LEN];
    if (flow->present == NULL)
        return TRUE;
    gboolean is_open = mx_recovery_find_key(get_read(flow, 0), flow->present, key, &flow->error);
    for (guint i = 1; is_open && i < flow->items->len; i++)
        is_open = carry_over(flow, key, g_ptr_array_index(flow->items, i));
    mx_memzero(key, sizeof key);
    return is_open;
}

static void think_make_key(GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
    Flow *flow = data;
    if (!open_present(flow))
        return;
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

static void make_now(gpointer data)
{
    Flow *flow = data;
    if (flow->error != NULL)
        end(flow);
    else
        think(flow, think_make_key, on_key_made);
}

static void on_others_listed(gpointer data)
{
    Flow *flow = data;
    g_autofree char *type = g_strconcat(MX_SECRET_STORAGE_KEY_PREFIX, flow->present_id, NULL);
    add_item(flow, type, NULL);
    for (guint i = 0; i < flow->others->len; i++)
        add_item(flow, g_ptr_array_index(flow->others, i), NULL);
    read_all(flow, make_now);
}

static void on_present_key(MxClient *client, JsonObject *answer, const GError *error,
                           gpointer user_data)
{
    Flow *flow = user_data;
    flow->present_id = g_strdup(mx_json_string(answer, "key"));
    if (flow->present_id == NULL)
        g_clear_pointer(&flow->present, mx_secret_free);
    if (error != NULL && !is_not_there(error))
        flow->error = g_error_copy(error);
    else if (flow->present_id != NULL && !flow->replaces)
        fail(flow, MX_ERROR_INVALID, _("There is a recovery key for this account already."));
    if (flow->error == NULL && flow->present != NULL)
        push(flow, run_list, on_others_listed);
    else
        make_now(flow);
}

void mx_client_set_up_recovery(MxClient *client, const MxRecoveryWish *wish, MxRecoveryFunc func,
                               gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(Flow) flow = flow_new(client, G_CALLBACK(func), user_data, destroy);
    flow->secret = g_strdup(wish->passphrase);
    flow->present = g_strdup(wish->present);
    flow->replaces = wish->replaces;
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
