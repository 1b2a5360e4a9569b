/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-raw.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-wanted-encryption.h"
#include "mx-json-push.h"
#include "mx-json.h"
#include "mx-room-encryption.h"

#define PREFIX "/_matrix/client/"
/* The longest answer taken, and how much of it is shown: a window is no place for a /sync. */
#define MAX_ANSWER (1024 * 1024)
#define MAX_SHOWN 12000
/* How often an encoded path may be encoded again. */
#define MAX_LAYERS 4

/* ---- what was typed ---- */

static gboolean refuse(GError **error, const char *sentence)
{
    g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID, sentence);
    return FALSE;
}

static gboolean has_dot_segment(const char *path)
{
    g_auto(GStrv) segments = g_strsplit_set(path, "/\\", -1);
    return g_strv_contains((const char *const *)segments, ".") ||
           g_strv_contains((const char *const *)segments, "..");
}

static gboolean has_control(const char *text)
{
    for (; *text != '\0'; text++)
        if (g_ascii_iscntrl(*text))
            return TRUE;
    return FALSE;
}

/* However often a server or a proxy before it decodes the path, it stays where it is. */
static gboolean stays_in_place(const char *path)
{
    g_autofree char *text = g_strdup(path);
    for (guint layer = 0; layer < MAX_LAYERS; layer++) {
        if (has_dot_segment(text))
            return FALSE;
        g_autofree char *decoded = g_uri_unescape_string(text, NULL);
        if (decoded == NULL) /* further inside that is a "%" of the text itself */
            return layer > 0 && strstr(text, "%00") == NULL;
        if (!g_utf8_validate(decoded, -1, NULL) || has_control(decoded))
            return FALSE;
        if (g_str_equal(decoded, text))
            return TRUE;
        g_free(text);
        text = g_steal_pointer(&decoded);
    }
    return FALSE;
}

/* RFC 3986's characters of a path and a query. */
static gboolean has_url_characters(const char *text)
{
    return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~"
                        "!$&'()*+,;=:@%/?") == strlen(text);
}

static gboolean check_path(const char *path, GError **error)
{
    g_autofree char *alone = g_strndup(path, strcspn(path, "?"));
    g_autofree char *query = g_uri_unescape_string(path + strlen(alone), NULL);
    if (!g_str_has_prefix(path, PREFIX))
        return refuse(error, _("The path has to begin with /_matrix/client/, without a server's "
                               "name before it."));
    if (!has_url_characters(path))
        return refuse(error, _("The path has to be written as in a URL: other characters than "
                               "letters, digits and -._~!$&'()*+,;=:@ as %XX, “#” as %23."));
    if (!stays_in_place(alone))
        return refuse(error, _("The path must not have “.” or “..” for a part, or odd codes."));
    if (query == NULL)
        return refuse(error, _("A code after “?” is broken: “%” itself is %25."));
    if (strstr(query, "access_token") != NULL)
        return refuse(error, _("Leave the access token out: it is added by itself, and belongs "
                               "into no address."));
    return TRUE;
}

static void on_value(MxJsonType type, guint depth, const char *at, gpointer user_data)
{
}

static void on_key(const char *name, gsize len, gpointer user_data)
{
}

static void on_deep(const char *at, gpointer user_data)
{
}

/* Byte for byte, as nothing else here tells where a text stops to be JSON. */
static gboolean check_body(const char *body, GError **error)
{
    static const MxJsonPushHandler nobody = {on_key, on_value, on_value, on_deep, on_deep};
    g_autoptr(MxJsonPush) push = mx_json_push_new(&nobody, NULL);
    for (const char *at = body; *at != '\0'; at++) {
        if (mx_json_push_feed(push, at, 1, NULL))
            continue;
        glong position = g_utf8_pointer_to_offset(body, at) + 1;
        g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                    _("That is no JSON object: character %ld, “%.*s”, does not fit."), position,
                    (int)(g_utf8_next_char(at) - at), at);
        return FALSE;
    }
    if (mx_json_push_finish(push, NULL))
        return TRUE;
    return refuse(error, _("That is no JSON object: it ends too early."));
}

MxRequest *mx_client_raw_new(const char *method, const char *path, const char *body, GError **error)
{
    static const struct {
        const char *name, *body; /* body: what goes along when nothing was typed */
        gboolean takes_body;
    } methods[] = {
        {"GET", NULL, FALSE}, {"POST", "{}", TRUE}, {"PUT", "{}", TRUE}, {"DELETE", NULL, TRUE}};
    for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
        if (g_ascii_strcasecmp(method, methods[i].name) != 0)
            continue;
        if (!check_path(path, error) || (body != NULL && !check_body(body, error)))
            return NULL;
        if (body != NULL && !methods[i].takes_body) {
            refuse(error, _("GET takes no JSON."));
            return NULL;
        }
        MxRequest *request =
            mx_request_new(methods[i].name, path, body != NULL ? body : methods[i].body);
        mx_request_set_max_body(request, MAX_ANSWER);
        mx_request_set_rate_limit_retries(request, 0);
        return request;
    }
    refuse(error, _("The method has to be GET, POST, PUT or DELETE."));
    return NULL;
}

/* The room of ".../rooms/{roomId}/send/...", or NULL; path: without a query. "": one that cannot be
 * read. The caller frees. */
static char *find_room_sent_to(const char *path)
{
    g_auto(GStrv) segments = g_strsplit(path, "/", -1);
    const char *before = NULL, *last = NULL; /* the two before, empty ones left out */
    for (guint i = 0; segments[i] != NULL; i++) {
        if (*segments[i] == '\0')
            continue;
        g_autofree char *segment = g_uri_unescape_string(segments[i], NULL);
        if (g_strcmp0(segment, "send") == 0 && g_strcmp0(before, "rooms") == 0) {
            char *room_id = g_uri_unescape_string(last, NULL);
            return room_id != NULL ? room_id : g_strdup("");
        }
        before = last;
        last = segments[i];
    }
    return NULL;
}

/* G4: the decision about what the user writes, for what is written by hand. It is not encrypted
 * here, so nothing but a room that is known to be plain will do. */
static gboolean check_room(MxStore *store, const char *room_id, GError **error)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room(store, room_id);
    if (room != NULL && room->encrypted)
        return refuse(error, _("That room is encrypted: nothing is sent there in the clear."));
    if (room != NULL && mx_wanted_encryption_is_missing(store, room))
        return refuse(error, _("That room was to be encrypted: nothing is sent there in the "
                               "clear."));
    if (room == NULL || mx_room_encryption_decide(store, room->key) != MX_SEND_PLAIN)
        return refuse(error, _("It is not known here whether that room is encrypted, so nothing is "
                               "sent there in the clear."));
    return TRUE;
}

/* However often a server or a proxy before it decodes the path. */
static gboolean check_target(MxStore *store, const char *target, GError **error)
{
    g_autofree char *path = g_strndup(target, strcspn(target, "?"));
    for (guint layer = 0; layer < MAX_LAYERS && path != NULL; layer++) {
        g_autofree char *room_id = find_room_sent_to(path);
        if (room_id != NULL && !check_room(store, room_id, error))
            return FALSE;
        char *decoded = g_uri_unescape_string(path, NULL);
        g_free(path);
        path = decoded;
    }
    return TRUE;
}

/* ---- the answer ---- */

static gboolean is_secret(const char *member)
{
    static const char *const names[] = {
        "access_token", "refresh_token", "id_access_token", "login_token", "token",
        "password",     "secret",        "private_key",     "session_key", NULL};
    return g_strv_contains(names, member);
}

static void mask(JsonNode *node);

static void mask_object(JsonObject *object)
{
    g_autoptr(GList) names = json_object_get_members(object);
    for (GList *link = names; link != NULL; link = link->next) {
        JsonNode *value = json_object_get_member(object, link->data);
        if (is_secret(link->data) && !JSON_NODE_HOLDS_NULL(value))
            json_object_set_string_member(object, link->data, "…");
        else
            mask(value);
    }
}

static void mask(JsonNode *node)
{
    if (JSON_NODE_HOLDS_OBJECT(node))
        mask_object(json_node_get_object(node));
    else if (JSON_NODE_HOLDS_ARRAY(node))
        for (guint i = 0; i < json_array_get_length(json_node_get_array(node)); i++)
            mask(json_array_get_element(json_node_get_array(node), i));
}

char *mx_client_raw_format(const char *answer, gsize len, gsize max_len, gsize *left_out)
{
    g_autoptr(JsonNode) root = mx_json_parse(answer, (gssize)len, NULL);
    g_autofree char *text = NULL;
    if (root != NULL) {
        mask(root);
        text = json_to_string(root, TRUE);
    } else {
        text = g_utf8_make_valid(answer, (gssize)len);
    }
    gsize all = strlen(text);
    gsize shown = MIN(all, max_len);
    while (shown < all && (text[shown] & 0xc0) == 0x80)
        shown--;
    if (left_out != NULL)
        *left_out = all - shown;
    return g_strndup(text, shown);
}

typedef struct {
    MxClientJob base;
    MxRequest *request;
    GBytes *body;
    guint status;
    char *text;
    gsize left_out;
    MxRawFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} RawJob;

static void raw_job_free(gpointer data)
{
    RawJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    mx_request_unref(job->request);
    g_clear_pointer(&job->body, g_bytes_unref);
    g_free(job->text);
    mx_client_job_clear(job);
    g_free(job);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RawJob, raw_job_free)

/* A megabyte of JSON would hold the main loop. */
static void run_format(MxStore *store, gpointer data)
{
    RawJob *job = data;
    gsize len;
    const char *answer = g_bytes_get_data(job->body, &len);
    job->text = mx_client_raw_format(answer != NULL ? answer : "", len, MAX_SHOWN, &job->left_out);
}

static void on_formatted(gpointer data)
{
    RawJob *job = data;
    job->func(job->base.client, job->status, job->text, job->left_out, NULL, job->user_data);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(RawJob) job = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    MxClient *client = job->base.client;
    if (client->state == MX_CLIENT_STOPPED)
        return;
    if (response != NULL) {
        job->status = response->status;
        job->body = g_bytes_ref(response->body);
        mx_worker_push(client->worker, MX_JOB_USER, run_format, on_formatted, g_steal_pointer(&job),
                       raw_job_free);
        return;
    }
    job->func(client, mx_error_get_status(error), NULL, 0, error, job->user_data);
    /* Any other 401 asks for a password, which is no fault of the token. */
    if (g_strcmp0(mx_error_get_errcode(error), "M_UNKNOWN_TOKEN") == 0)
        mx_session_token_refused(client, error);
}

/* Only the database knows for sure. What it says next reaches the main loop after this, which is
 * sent at once then. */
static void run_check(MxStore *store, gpointer data)
{
    RawJob *job = data;
    check_target(store, mx_request_get_target(job->request), &job->base.error);
}

static void on_checked(gpointer data)
{
    RawJob *checked = data;
    MxClient *client = checked->base.client;
    if (checked->base.error != NULL) {
        checked->func(client, 0, NULL, 0, checked->base.error, checked->user_data);
        return;
    }
    RawJob *job = mx_client_job_new(client, sizeof *job);
    job->request = mx_request_ref(checked->request);
    job->func = checked->func;
    job->user_data = checked->user_data;
    job->destroy = g_steal_pointer(&checked->destroy);
    mx_http_send_async(client->http, job->request, client->cancellable, on_answer, job);
}

void mx_client_raw_send(MxClient *client, MxRequest *request, MxRawFunc func, gpointer user_data,
                        GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL && client->worker != NULL);
    RawJob *job = mx_client_job_new(client, sizeof *job);
    job->request = mx_request_ref(request);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_check, on_checked, job, raw_job_free);
}
