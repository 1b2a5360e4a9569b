/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-discovery.h"

#include <string.h>

#include "mx-id.h"
#include "mx-json.h"
#include "mx-uri.h"

#define TIMEOUT_S 30
/* On loopback an answer is there at once or never: some plain servers wait for ever when TLS is
 * spoken to them. */
#define LOCAL_TIMEOUT_S 3
#define RATE_LIMIT_RETRIES 2
/* Both documents are a few hundred bytes; whatever is larger is something else. */
#define MAX_BODY (1024 * 1024)

/* The steps in their order; each ends the task or starts the next. */
typedef struct {
    char *server_name;
    char *base; /* the candidate /versions is asked at */
    /* Such a server is somebody's own, without DNS and often without TLS: nothing that fails before
     * the last candidate is an error. */
    gboolean is_local;
} Discovery;

static void check_versions(GTask *task, char *base);

static void discovery_free(gpointer data)
{
    Discovery *self = data;
    g_free(self->server_name);
    g_free(self->base);
    g_free(self);
}

static MxRequest *new_request(const char *url, gboolean has_fallback)
{
    MxRequest *request = mx_request_new("GET", url, NULL);
    mx_request_set_timeout(request, has_fallback ? LOCAL_TIMEOUT_S : TIMEOUT_S);
    mx_request_set_rate_limit_retries(request, RATE_LIMIT_RETRIES);
    mx_request_set_max_body(request, MAX_BODY);
    return request;
}

/* Says which step failed. Faults of the network and the certificate, and those of a server that may
 * recover, keep their kind; other answers mean that no homeserver is there. */
static GError *explain(const GError *error, const char *step)
{
    if (mx_error_is_cancelled(error))
        return g_error_copy(error);
    if (error->domain == MX_ERROR && (mx_error_is_transient(error) || error->code == MX_ERROR_TLS ||
                                      error->code == MX_ERROR_INVALID)) {
        GError *copy = g_error_copy(error);
        g_prefix_error(&copy, "%s: ", step);
        return copy;
    }
    return g_error_new(MX_ERROR, MX_ERROR_NO_MATRIX,
                       _("There seems to be no Matrix homeserver (%s: %s). Check the Matrix ID and "
                         "the homeserver's address."),
                       step, error->message);
}

/* ---- /versions ---- */

static gboolean is_v1(const char *version)
{
    return version != NULL && g_str_has_prefix(version, "v1.") && g_ascii_isdigit(version[3]);
}

static gboolean check_version_list(JsonObject *answer, const char *base, GError **error)
{
    JsonArray *versions = mx_json_array(answer, "versions");
    guint length = mx_json_array_length(versions), named = 0;
    for (guint i = 0; i < length; i++) {
        const char *version = mx_json_array_string(versions, i);
        if (is_v1(version))
            return TRUE;
        if (version != NULL)
            named++;
    }
    if (named > 0)
        g_set_error(error, MX_ERROR, MX_ERROR_NO_MATRIX,
                    _("The homeserver at %s is too old: it knows no version 1 of Matrix. Ask its "
                      "administrator."),
                    base);
    else
        g_set_error(error, MX_ERROR, MX_ERROR_NO_MATRIX,
                    _("%s does not answer like a Matrix homeserver. Check the address."), base);
    return FALSE;
}

/* The plain address of a local server, if that is what is left to try. */
static char *find_plain_fallback(Discovery *self)
{
    if (!self->is_local || !g_str_has_prefix(self->base, "https://"))
        return NULL;
    return g_strconcat("http://", self->server_name, NULL);
}

static void on_versions(GObject *http, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    Discovery *self = g_task_get_task_data(task);
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(http), result, &error);
    g_autofree char *step = g_strdup_printf(_("asking %s for its Matrix versions"), self->base);
    if (response == NULL) {
        g_autofree char *plain = find_plain_fallback(self);
        gboolean may_be_plain = g_error_matches(error, MX_ERROR, MX_ERROR_NETWORK);
        if (plain != NULL && may_be_plain)
            check_versions(task, g_steal_pointer(&plain));
        else
            g_task_return_error(task, explain(error, step));
        return;
    }
    gsize size;
    const char *text = g_bytes_get_data(response->body, &size);
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, (gssize)size, &error);
    if (answer == NULL)
        g_task_return_error(task, explain(error, step));
    else if (!check_version_list(answer, self->base, &error))
        g_task_return_error(task, g_steal_pointer(&error));
    else
        g_task_return_pointer(task, g_steal_pointer(&self->base), g_free);
}

/* Takes base. */
static void check_versions(GTask *task, char *base)
{
    Discovery *self = g_task_get_task_data(task);
    g_free(self->base);
    self->base = base;
    g_autofree char *plain = find_plain_fallback(self);
    const char *const segments[] = {"_matrix", "client", "versions", NULL};
    g_autofree char *url = mx_uri_build(base, segments, NULL);
    g_autoptr(MxRequest) request = new_request(url, plain != NULL);
    /* An address that only redirects fails later, at the first request that carries the token. */
    mx_request_set_follow_redirects(request, FALSE);
    mx_http_send_async(g_task_get_source_object(task), request, g_task_get_cancellable(task),
                       on_versions, g_object_ref(task));
}

/* ---- /.well-known/matrix/client ---- */

static char *read_well_known(GBytes *body, const char *step, GError **error)
{
    gsize size;
    const char *text = g_bytes_get_data(body, &size);
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, (gssize)size, NULL);
    const char *base_url = mx_json_string(mx_json_object(answer, "m.homeserver"), "base_url");
    if (base_url == NULL) {
        g_set_error(
            error, MX_ERROR, MX_ERROR_NO_MATRIX,
            _("%s: the answer names no homeserver. Is the server name right? Otherwise give "
              "the homeserver's address in the account's settings."),
            step);
        return NULL;
    }
    gboolean is_plain;
    g_autofree char *base = mx_uri_normalize_base(base_url, &is_plain, error);
    if (base == NULL) {
        g_prefix_error(error, "%s: ", step);
        return NULL;
    }
    if (is_plain && !mx_uri_is_loopback(base)) {
        g_set_error(
            error, MX_ERROR, MX_ERROR_INVALID,
            _("%s: the answer names %s, which is not encrypted. Ask the server's administrator."),
            step, base);
        return NULL;
    }
    return g_steal_pointer(&base);
}

static void take_well_known(GTask *task, MxResponse *response, const GError *failure)
{
    Discovery *self = g_task_get_task_data(task);
    g_autofree char *step = g_strdup_printf(_("asking %s for its homeserver"), self->server_name);
    g_autoptr(GError) error = NULL;
    g_autofree char *base = NULL;
    if (response != NULL)
        base = read_well_known(response->body, step, &error);
    else
        error = explain(failure, step);

    gboolean use_name =
        mx_error_get_status(failure) == 404 || (self->is_local && !mx_error_is_cancelled(failure));
    if (base != NULL)
        check_versions(task, g_steal_pointer(&base));
    else if (use_name)
        check_versions(task, g_strconcat("https://", self->server_name, NULL));
    else
        g_task_return_error(task, g_steal_pointer(&error));
}

static void on_well_known(GObject *http, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(GTask) task = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(http), result, &error);
    take_well_known(task, response, error);
}

static void ask_well_known(GTask *task)
{
    Discovery *self = g_task_get_task_data(task);
    g_autofree char *host = mx_server_name_get_host(self->server_name);
    g_autofree char *url = g_strdup_printf("https://%s/.well-known/matrix/client", host);
    g_autoptr(MxRequest) request = new_request(url, self->is_local);
    mx_http_send_async(g_task_get_source_object(task), request, g_task_get_cancellable(task),
                       on_well_known, g_object_ref(task));
}

static gboolean is_local_with_port(const char *server_name)
{
    g_autofree char *host = mx_server_name_get_host(server_name);
    g_autofree char *url = g_strconcat("http://", server_name, NULL);
    return !g_str_equal(host, server_name) && mx_uri_is_loopback(url);
}

void mx_discovery_run_async(MxHttp *http, const char *server_name, const char *typed_homeserver,
                            GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
    g_autoptr(GTask) task = g_task_new(http, cancellable, callback, user_data);
    g_task_set_source_tag(task, mx_discovery_run_async);
    Discovery *self = g_new0(Discovery, 1);
    self->server_name = g_strdup(server_name);
    g_task_set_task_data(task, self, discovery_free);

    if (typed_homeserver != NULL && *typed_homeserver != '\0') {
        GError *error = NULL;
        char *base = mx_uri_normalize_base(typed_homeserver, NULL, &error);
        if (base != NULL)
            check_versions(task, base);
        else
            g_task_return_error(task, error);
    } else if (!mx_server_name_is_valid(server_name)) {
        g_task_return_new_error(task, MX_ERROR, MX_ERROR_INVALID, _("\"%s\" is not a server name"),
                                server_name != NULL ? server_name : "");
    } else {
        self->is_local = is_local_with_port(server_name);
        ask_well_known(task);
    }
}

char *mx_discovery_run_finish(MxHttp *http, GAsyncResult *result, GError **error)
{
    g_return_val_if_fail(g_task_is_valid(result, http), NULL);
    return g_task_propagate_pointer(G_TASK(result), error);
}
