/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-sign-out.h"

#include <glib/gstdio.h>

#include "mx-endpoints.h"
#include "mx-mark.h"
#include "mx-vault.h"
#include "mx-worker.h"

/* Shorter than a successor waits for the database, which may want to erase it. */
#define LOGOUT_TIMEOUT_S 12

typedef struct {
    char *store_dir;
    gboolean erase;
    MxWorker *worker;
    MxHttp *http;
    char *token, *base_url;
    char *user_id, *mark; /* the type of account data that is to be blanked; or NULL */
    GError *error;
    MxSignOutFunc func;
    gpointer user_data;
} SignOut;

gboolean mx_sign_out_has_store(const char *store_dir)
{
    g_autofree char *path = g_build_filename(store_dir, "account.db", NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static void erase_store(const char *store_dir)
{
    static const char *const names[] = {"account.db", "account.db-wal", "account.db-shm",
                                        "vault.key", "lock"};
    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(store_dir, names[i], NULL);
        g_unlink(path);
    }
    g_rmdir(store_dir);
}

static void finish(SignOut *self)
{
    if (self->worker != NULL)
        mx_worker_stop(self->worker, 2000);
    if (self->erase)
        erase_store(self->store_dir);
    if (self->func != NULL)
        self->func(self->error, self->user_data);
    g_clear_object(&self->http);
    g_clear_error(&self->error);
    g_free(self->token);
    g_free(self->base_url);
    g_free(self->user_id);
    g_free(self->mark);
    g_free(self->store_dir);
    g_free(self);
}

static void run_forget(MxStore *store, gpointer data)
{
    SignOut *self = data;
    g_autoptr(GError) error = NULL;
    if (self->erase)
        mx_vault_forget(store, self->store_dir);
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_ACCESS_TOKEN, NULL);
    mx_store_set_value(store, MX_VALUE_REFRESH_TOKEN, NULL);
    mx_store_set_value(store, MX_VALUE_DEVICE_ID, NULL);
    if (!mx_store_commit(store, &error) && self->error == NULL)
        self->error = g_steal_pointer(&error);
}

static void on_forgotten(gpointer data)
{
    finish(data);
}

static void on_logged_out(GObject *source, GAsyncResult *result, gpointer user_data)
{
    SignOut *self = user_data;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &self->error);
    if (mx_error_get_status(self->error) == 401)
        g_clear_error(&self->error); /* it was over already */
    mx_worker_push(self->worker, MX_JOB_USER, run_forget, on_forgotten, self, NULL);
}

static void run_read(MxStore *store, gpointer data)
{
    SignOut *self = data;
    self->token = mx_store_get_value(store, MX_VALUE_ACCESS_TOKEN);
    self->base_url = mx_store_get_value(store, MX_VALUE_BASE_URL);
    self->user_id = mx_store_get_value(store, MX_VALUE_USER_ID);
    self->mark = mx_mark_get_type(store);
}

static void send_logout(SignOut *self)
{
    g_autoptr(MxRequest) request = mx_endpoint_logout();
    mx_request_set_timeout(request, LOGOUT_TIMEOUT_S);
    mx_request_set_rate_limit_retries(request, 0);
    mx_http_send_async(self->http, request, NULL, on_logged_out, self);
}

static void on_blanked(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, NULL);
    send_logout(user_data);
}

static void on_read(gpointer data)
{
    SignOut *self = data;
    gboolean is_signed_in = self->token != NULL && self->base_url != NULL;
    if (!is_signed_in && !self->erase) {
        finish(self);
        return;
    }
    if (!is_signed_in || self->http == NULL) {
        mx_worker_push(self->worker, MX_JOB_USER, run_forget, on_forgotten, self, NULL);
        return;
    }
    mx_http_set_session(self->http, self->base_url, self->token);
    if (self->mark == NULL || self->user_id == NULL) {
        send_logout(self);
        return;
    }
    g_autoptr(MxRequest) request = mx_mark_new_request(self->user_id, self->mark);
    mx_http_send_async(self->http, request, NULL, on_blanked, self);
}

static void on_opened(const GError *error, gpointer user_data)
{
    SignOut *self = user_data;
    if (error == NULL) {
        mx_worker_push(self->worker, MX_JOB_USER, run_read, on_read, self, NULL);
        return;
    }
    self->error = g_error_copy(error);
    self->erase = FALSE; /* somebody else is using it */
    finish(self);
}

void mx_sign_out(const MxClientConfig *config, gboolean erase, MxSignOutFunc func,
                 gpointer user_data)
{
    SignOut *self = g_new0(SignOut, 1);
    self->store_dir = g_strdup(config->store_dir);
    self->erase = erase;
    self->func = func;
    self->user_data = user_data;
    self->http = mx_http_new(
        config->user_agent, config->proxy, config->proxy_uri,
        config->ca_file != NULL && *config->ca_file != '\0' ? config->ca_file : NULL, &self->error);
    self->worker = mx_worker_new(config->store_dir, on_opened, self);
}
