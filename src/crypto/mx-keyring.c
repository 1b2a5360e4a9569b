/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <libsecret/secret.h>

#include "mx-keyring.h"
#include "mx-primitives.h"

static const SecretSchema schema = {
    .name = "pidgin-matrix.Vault",
    .flags = SECRET_SCHEMA_NONE,
    .attributes = {{"user_id", SECRET_SCHEMA_ATTRIBUTE_STRING},
                   {"directory", SECRET_SCHEMA_ATTRIBUTE_STRING}},
};

/* A call runs on a thread of its own, which is left behind when it takes too long: libsecret has no
 * limits, and what hangs may be any part of the desktop. */
typedef struct _Call Call;
struct _Call {
    gatomicrefcount refs;
    GMutex mutex;
    GCond cond;
    gboolean is_done;
    GCancellable *cancellable;
    void (*run)(Call *call);
    const MxKeyringFuncs *funcs; /* instead of libsecret, or NULL */
    char *user_id, *dir, *secret;
    GPtrArray *secrets;
    MxKeyringAnswer answer; /* of a read */
    gboolean result;        /* of a write */
};

static const MxKeyringFuncs *replacement;

void mx_keyring_replace(const MxKeyringFuncs *funcs)
{
    replacement = funcs;
}

gboolean mx_keyring_is_there(void)
{
    if (replacement != NULL)
        return TRUE;
    const char *bus = g_getenv("DBUS_SESSION_BUS_ADDRESS");
    return bus != NULL && *bus != '\0' && g_getenv(MX_KEYRING_OFF_VARIABLE) == NULL;
}

/* ---- the three calls ---- */

static GHashTable *make_attributes(Call *call)
{
    GHashTable *attributes = g_hash_table_new(g_str_hash, g_str_equal);
    g_hash_table_insert(attributes, (gpointer) "user_id", call->user_id);
    if (call->dir != NULL)
        g_hash_table_insert(attributes, (gpointer) "directory", call->dir);
    return attributes;
}

/* FALSE when it stays locked. */
static gboolean read_item(Call *call, SecretItem *item)
{
    if (!secret_item_load_secret_sync(item, call->cancellable, NULL))
        return FALSE;
    g_autoptr(SecretValue) value = secret_item_get_secret(item);
    const char *text = value != NULL ? secret_value_get_text(value) : NULL;
    if (text != NULL)
        g_ptr_array_add(call->secrets, g_strdup(text));
    return value != NULL;
}

/* What is in a locked keyring is not always found. */
static gboolean is_any_locked(SecretService *service)
{
    gboolean locked = FALSE;
    GList *collections = secret_service_get_collections(service);
    for (GList *at = collections; at != NULL; at = at->next)
        locked = secret_collection_get_locked(at->data) || locked;
    g_list_free_full(collections, g_object_unref);
    return locked;
}

static void read_all(Call *call, SecretService *service)
{
    g_autoptr(GHashTable) attributes = make_attributes(call);
    g_autoptr(GError) error = NULL;
    GList *items = secret_service_search_sync(service, &schema, attributes, SECRET_SEARCH_ALL,
                                              call->cancellable, &error);
    if (error != NULL)
        return;
    if (items != NULL)
        secret_service_unlock_sync(service, items, call->cancellable, NULL, NULL);
    gboolean complete = items != NULL || !is_any_locked(service);
    for (GList *item = items; item != NULL; item = item->next)
        complete = read_item(call, item->data) && complete;
    call->answer = complete ? MX_KEYRING_ANSWERED : MX_KEYRING_LOCKED;
    g_list_free_full(items, g_object_unref);
}

static void run_read(Call *call)
{
    if (call->funcs != NULL) {
        call->answer = call->funcs->read(call->user_id, call->dir, call->secrets);
        return;
    }
    /* One of our own: the shared one may not have heard what was locked and unlocked since. */
    g_autoptr(SecretService) service = secret_service_open_sync(
        SECRET_TYPE_SERVICE, NULL, SECRET_SERVICE_OPEN_SESSION | SECRET_SERVICE_LOAD_COLLECTIONS,
        call->cancellable, NULL);
    if (service != NULL)
        read_all(call, service);
}

static void run_write(Call *call)
{
    if (call->funcs != NULL) {
        call->result = call->funcs->write(call->user_id, call->dir, call->secret);
        return;
    }
    g_autoptr(GHashTable) attributes = make_attributes(call);
    g_autofree char *label = g_strdup_printf(_("Matrix keys of %s"), call->user_id);
    call->result = secret_password_storev_sync(&schema, attributes, SECRET_COLLECTION_DEFAULT,
                                               label, call->secret, call->cancellable, NULL);
}

static void run_forget(Call *call)
{
    if (call->funcs != NULL) {
        call->funcs->forget(call->user_id, call->dir);
        return;
    }
    g_autoptr(GHashTable) attributes = make_attributes(call);
    secret_password_clearv_sync(&schema, attributes, call->cancellable, NULL);
}

/* ---- waiting for them ---- */

static void on_secret_freed(gpointer text)
{
    mx_secret_free(text);
}

static Call *call_new(const char *user_id, const char *dir, void (*run)(Call *))
{
    Call *call = g_new0(Call, 1);
    g_atomic_ref_count_init(&call->refs);
    g_mutex_init(&call->mutex);
    g_cond_init(&call->cond);
    call->cancellable = g_cancellable_new();
    call->run = run;
    call->answer = MX_KEYRING_SILENT;
    call->funcs = replacement;
    call->user_id = g_strdup(user_id);
    call->dir = g_strdup(dir);
    call->secrets = g_ptr_array_new_with_free_func(on_secret_freed);
    return call;
}

static void call_unref(Call *call)
{
    if (!g_atomic_ref_count_dec(&call->refs))
        return;
    g_mutex_clear(&call->mutex);
    g_cond_clear(&call->cond);
    g_object_unref(call->cancellable);
    g_free(call->user_id);
    g_free(call->dir);
    mx_secret_free(call->secret);
    g_ptr_array_unref(call->secrets);
    g_free(call);
}

static gpointer run_call(gpointer data)
{
    Call *call = data;
    call->run(call);
    g_mutex_lock(&call->mutex);
    call->is_done = TRUE;
    g_cond_signal(&call->cond);
    g_mutex_unlock(&call->mutex);
    call_unref(call);
    return NULL;
}

/* FALSE when it took too long: then nothing of the call but its reference is ours. */
static gboolean call_wait(Call *call, guint seconds)
{
    g_atomic_ref_count_inc(&call->refs);
    GThread *thread = g_thread_try_new("matrix-keyring", run_call, call, NULL);
    if (thread == NULL) {
        call_unref(call);
        return FALSE;
    }
    g_thread_unref(thread);
    gint64 end = g_get_monotonic_time() + seconds * G_TIME_SPAN_SECOND;
    gboolean in_time = TRUE;
    g_mutex_lock(&call->mutex);
    while (!call->is_done && in_time)
        in_time = g_cond_wait_until(&call->cond, &call->mutex, end);
    gboolean is_done = call->is_done;
    g_mutex_unlock(&call->mutex);
    if (!is_done)
        g_cancellable_cancel(call->cancellable);
    return is_done;
}

MxKeyringAnswer mx_keyring_read(const char *user_id, const char *dir, guint seconds,
                                GPtrArray *secrets)
{
    Call *call = call_new(user_id, dir, run_read);
    gboolean is_done = call_wait(call, seconds);
    for (guint i = 0; is_done && i < call->secrets->len; i++)
        g_ptr_array_add(secrets, g_strdup(g_ptr_array_index(call->secrets, i)));
    MxKeyringAnswer answer = is_done ? call->answer : MX_KEYRING_SILENT;
    call_unref(call);
    return answer;
}

gboolean mx_keyring_write(const char *user_id, const char *dir, guint seconds, const char *secret)
{
    Call *call = call_new(user_id, dir, run_write);
    call->secret = g_strdup(secret);
    gboolean result = call_wait(call, seconds) && call->result;
    call_unref(call);
    return result;
}

void mx_keyring_forget(const char *user_id, const char *dir, guint seconds)
{
    Call *call = call_new(user_id, dir, run_forget);
    call_wait(call, seconds);
    call_unref(call);
}
