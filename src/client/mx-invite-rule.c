/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-invite-rule.h"

#include <string.h>

#include "mx-client-private.h"
#include "mx-fetch.h"
#include "mx-json.h"

#define TYPE "m.invite_permission_config"
#define ACTION "default_action"
#define BLOCK "block"

/* ---- reading ---- */

typedef struct {
    MxClientJob base;
    gboolean is_blocking;
    MxInviteRuleFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} RuleJob;

static void rule_job_free(gpointer data)
{
    RuleJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_rule(MxStore *store, gpointer data)
{
    RuleJob *job = data;
    g_autofree char *content = mx_store_get_account_data(store, 0, TYPE);
    if (content != NULL)
        job->is_blocking = mx_json_slice_equals(
            mx_json_scan_member(mx_json_scan_root(content, strlen(content)), ACTION), BLOCK);
}

static void on_rule(gpointer data)
{
    RuleJob *job = data;
    if (job->base.client->state != MX_CLIENT_STOPPED)
        job->func(job->base.client, job->is_blocking, job->user_data);
}

void mx_client_get_invite_rule(MxClient *client, MxInviteRuleFunc func, gpointer user_data,
                               GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    RuleJob *job = mx_client_job_new(client, sizeof *job);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_rule, on_rule, job, rule_job_free);
}

/* ---- setting: what the homeserver has is read, changed and written back ---- */

typedef struct {
    gboolean is_blocking;
    MxInviteRuleDoneFunc func;
    gpointer user_data;
    GDestroyNotify destroy; /* NULL: user_data went on to the next request */
} Change;

static void change_free(gpointer data)
{
    Change *change = data;
    if (change->destroy != NULL)
        change->destroy(change->user_data);
    g_free(change);
}

static void on_written(MxClient *client, JsonObject *answer, const GError *error, gpointer data)
{
    Change *change = data;
    change->func(client, error, change->user_data);
}

static void write_rule(MxClient *client, JsonObject *content, Change *change)
{
    /* A value that is missing means that invitations come as usual. */
    json_object_remove_member(content, ACTION);
    if (change->is_blocking)
        json_object_set_string_member(content, ACTION, BLOCK);
    g_autoptr(MxRequest) request = mx_endpoint_set_account_data(client->user_id, TYPE, content);
    mx_client_fetch(client, request, on_written, g_memdup2(change, sizeof *change), change_free);
    change->destroy = NULL;
}

static void on_read(MxClient *client, JsonObject *answer, const GError *error, gpointer data)
{
    Change *change = data;
    if (answer != NULL) {
        write_rule(client, answer, change);
    } else if (mx_error_get_status(error) == 404) {
        g_autoptr(JsonObject) empty = json_object_new();
        write_rule(client, empty, change);
    } else {
        change->func(client, error, change->user_data);
    }
}

void mx_client_set_invite_rule(MxClient *client, gboolean is_blocking, MxInviteRuleDoneFunc func,
                               gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    Change *change = g_new0(Change, 1);
    change->is_blocking = is_blocking;
    change->func = func;
    change->user_data = user_data;
    change->destroy = destroy;
    g_autoptr(MxRequest) request = mx_endpoint_get_account_data(client->user_id, TYPE);
    mx_client_fetch(client, request, on_read, change, change_free);
}
