/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-send-file.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-fetch.h"
#include "mx-image.h"
#include "mx-json.h"
#include "mx-mxc.h"
#include "mx-send-decision.h"
#include "mx-upload-stream.h"

/* Where cameras put the size of a JPEG, thumbnails before it included. */
#define HEAD_BYTES (256 * 1024)
/* An upload whose connection breaks is begun anew so often, after 1 s, 2 s, 4 s and 8 s. */
#define MAX_RETRIES 4

struct _MxSendFile {
    MxClient *client;
    gint64 room; /* 0: the user's direct room, wherever that is */
    char *user_id, *path, *name, *caption, *mimetype;
    GBytes *bytes;
    guint64 size;
    guint width, height;
    gboolean is_encrypted;
    MxAttachmentKey key; /* a new one for each attempt */
    MxUploadStream *stream;
    guint retries, source;
    gboolean is_cancelled;
    GCancellable *cancellable;
    GError *error; /* found before anything was asked */
    MxSendFileProgressFunc progress;
    MxSendFileDoneFunc done;
    gpointer user_data;
};

static void decide(MxSendFile *file);

static void file_free(MxSendFile *file)
{
    g_clear_handle_id(&file->source, g_source_remove);
    g_clear_object(&file->stream);
    g_clear_pointer(&file->bytes, g_bytes_unref);
    mx_memzero(&file->key, sizeof file->key);
    g_clear_error(&file->error);
    g_free(file->user_id);
    g_free(file->path);
    g_free(file->name);
    g_free(file->caption);
    g_free(file->mimetype);
    g_object_unref(file->cancellable);
    g_object_unref(file->client);
    g_free(file);
}

static void finish(MxSendFile *file, const GError *error)
{
    if (!file->is_cancelled && file->client->state != MX_CLIENT_STOPPED)
        file->done(file->client, error, file->user_data);
    file_free(file);
}

static void fail(MxSendFile *file, MxErrorCode code, const char *text)
{
    g_autoptr(GError) error = g_error_new_literal(MX_ERROR, (int)code, text);
    finish(file, error);
}

/* ---- what it is ---- */

static GInputStream *open_file(const MxSendFile *file, GError **error)
{
    if (file->bytes != NULL)
        return g_memory_input_stream_new_from_bytes(file->bytes);
    g_autoptr(GFile) on_disk = g_file_new_for_path(file->path);
    return G_INPUT_STREAM(g_file_read(on_disk, NULL, error));
}

static gboolean find_size(MxSendFile *file, GError **error)
{
    if (file->bytes != NULL) {
        file->size = g_bytes_get_size(file->bytes);
        return TRUE;
    }
    g_autoptr(GFile) on_disk = g_file_new_for_path(file->path);
    g_autoptr(GFileInfo) info = g_file_query_info(
        on_disk, G_FILE_ATTRIBUTE_STANDARD_SIZE "," G_FILE_ATTRIBUTE_STANDARD_TYPE,
        G_FILE_QUERY_INFO_NONE, NULL, error);
    if (info == NULL)
        return FALSE;
    file->size = (guint64)g_file_info_get_size(info);
    if (g_file_info_get_file_type(info) == G_FILE_TYPE_REGULAR)
        return TRUE;
    g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID, _("It is no file."));
    return FALSE;
}

/* The file's own bytes say what it is; its name where they do not. */
static gboolean inspect(MxSendFile *file, GError **error)
{
    gsize len = 0;
    MxImageInfo image;
    if (!find_size(file, error))
        return FALSE;
    g_autoptr(GInputStream) stream = open_file(file, error);
    g_autofree guint8 *head = g_malloc(HEAD_BYTES);
    if (stream == NULL || !g_input_stream_read_all(stream, head, HEAD_BYTES, &len, NULL, error))
        return FALSE;
    if (file->size == 0 || len == 0) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID, _("The file is empty."));
        return FALSE;
    }
    if (mx_image_sniff(head, len, &image)) {
        file->mimetype = g_strdup(image.mimetype);
        file->width = image.width;
        file->height = image.height;
        return TRUE;
    }
    g_autofree char *type = g_content_type_guess(file->name, head, len, NULL);
    file->mimetype = g_content_type_get_mime_type(type);
    if (file->mimetype == NULL)
        file->mimetype = g_strdup("application/octet-stream");
    return TRUE;
}

/* ---- the message ---- */

static const char *get_msgtype(const MxSendFile *file)
{
    if (file->width > 0)
        return "m.image";
    if (g_str_has_prefix(file->mimetype, "video/"))
        return "m.video";
    return g_str_has_prefix(file->mimetype, "audio/") ? "m.audio" : "m.file";
}

static void send_message(MxSendFile *file, const char *mxc)
{
    g_autoptr(JsonObject) content = json_object_new();
    JsonObject *info = json_object_new();
    json_object_set_string_member(content, "msgtype", get_msgtype(file));
    json_object_set_string_member(content, "body",
                                  file->caption != NULL ? file->caption : file->name);
    json_object_set_string_member(content, "filename", file->name);
    json_object_set_string_member(info, "mimetype", file->mimetype);
    json_object_set_int_member(info, "size", (gint64)file->size);
    if (file->width > 0) {
        json_object_set_int_member(info, "w", file->width);
        json_object_set_int_member(info, "h", file->height);
    }
    json_object_set_object_member(content, "info", info);
    if (file->is_encrypted)
        json_object_set_object_member(content, "file", mx_attachment_key_to_json(&file->key, mxc));
    else
        json_object_set_string_member(content, "url", mxc);
    mx_client_send_content(file->client, file->room, file->user_id, content, MX_TEXT_TYPED);
    finish(file, NULL);
}

/* ---- upload ---- */

/* Each attempt has a key of its own: the file may be another one by now. */
static GInputStream *on_open(gpointer user_data, GError **error)
{
    MxSendFile *file = user_data;
    g_clear_object(&file->stream);
    if (file->is_encrypted && !mx_attachment_key_generate(&file->key, error))
        return NULL;
    g_autoptr(GInputStream) base = open_file(file, error);
    if (base == NULL)
        return NULL;
    GInputStream *stream =
        mx_upload_stream_new(base, file->size, file->is_encrypted ? &file->key : NULL);
    if (stream == NULL) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_FAILED,
                            _("The encryption does not work here."));
        return NULL;
    }
    file->stream = MX_UPLOAD_STREAM(g_object_ref(stream));
    return stream;
}

static void on_sent(guint64 sent, gpointer user_data)
{
    MxSendFile *file = user_data;
    if (file->progress != NULL && !file->is_cancelled)
        file->progress(sent, file->user_data);
}

static gboolean on_retry(gpointer data)
{
    MxSendFile *file = data;
    file->source = 0;
    decide(file);
    return G_SOURCE_REMOVE;
}

static void upload_failed(MxSendFile *file, const GError *error)
{
    guint status = mx_error_get_status(error);
    gboolean may_pass = g_error_matches(error, MX_ERROR, MX_ERROR_NETWORK) || status >= 500;
    if (may_pass && file->retries < MAX_RETRIES) {
        file->source = g_timeout_add_seconds(1U << file->retries, on_retry, file);
        file->retries++;
    } else if (status == 413) {
        fail(file, MX_ERROR_INVALID, _("The homeserver does not take files of that size."));
    } else {
        finish(file, error);
    }
}

static void on_uploaded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MxSendFile *file = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = NULL;
    if (!mx_client_take_answer(file->client, source, result, &response, &error) ||
        file->is_cancelled) {
        finish(file, NULL);
        return;
    }
    if (response == NULL) {
        upload_failed(file, error);
        return;
    }
    gsize len;
    const char *text = g_bytes_get_data(response->body, &len);
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, (gssize)len, NULL);
    const char *mxc = mx_json_string(answer, "content_uri");
    if (!mx_mxc_parse(mxc, NULL, NULL)) {
        fail(file, MX_ERROR_BAD_ANSWER, _("The homeserver did not say where it put the upload."));
        return;
    }
    if (file->is_encrypted)
        mx_upload_stream_get_hash(file->stream, file->key.sha256);
    send_message(file, mxc);
}

static void upload(MxSendFile *file)
{
    /* Of an encrypted one the server learns neither name nor kind (M5). */
    g_autoptr(MxRequest) request =
        mx_endpoint_upload_stream(file->is_encrypted ? NULL : file->name,
                                  file->is_encrypted ? "application/octet-stream" : file->mimetype,
                                  on_open, file, file->size);
    mx_request_set_sent_func(request, on_sent, file);
    mx_http_send_async(file->client->http, request, file->cancellable, on_uploaded, file);
}

/* ---- encrypted or not ---- */

typedef struct {
    MxClientJob base;
    MxSendFile *file; /* the main loop's */
    gint64 room;
    gboolean is_plain;
} DecideJob;

static void run_decide(MxStore *store, gpointer data)
{
    DecideJob *job = data;
    mx_send_decide_upload(store, job->room, &job->is_plain, &job->base.error);
}

static void on_decided(gpointer data)
{
    DecideJob *job = data;
    MxSendFile *file = g_steal_pointer(&job->file);
    file->is_encrypted = !job->is_plain;
    if (file->is_cancelled || job->base.error != NULL)
        finish(file, job->base.error);
    else
        upload(file);
}

static void decide_job_free(gpointer data)
{
    DecideJob *job = data;
    if (job->file != NULL) /* the client was stopped meanwhile */
        file_free(job->file);
    mx_client_job_clear(job);
    g_free(job);
}

static void decide(MxSendFile *file)
{
    DecideJob *job = mx_client_job_new(file->client, sizeof *job);
    job->file = file;
    job->room = file->room;
    mx_worker_push(file->client->worker, MX_JOB_USER, run_decide, on_decided, job, decide_job_free);
}

/* ---- how large it may be ---- */

static void ask_limit(MxSendFile *file);

static void on_limit(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MxSendFile *file = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = NULL;
    gsize len = 0;
    if (!mx_client_take_answer(file->client, source, result, &response, &error) ||
        file->is_cancelled) {
        finish(file, NULL);
        return;
    }
    if (response == NULL && mx_error_get_status(error) == 404 && !mx_media_is_old(file->client) &&
        g_strcmp0(mx_error_get_errcode(error), "M_UNRECOGNIZED") == 0) {
        mx_media_set_old(file->client);
        ask_limit(file);
        return;
    }
    const char *text = response != NULL ? g_bytes_get_data(response->body, &len) : "";
    g_autoptr(JsonObject) answer = mx_json_parse_object(text, (gssize)len, NULL);
    gint64 limit = mx_json_int_or(answer, "m.upload.size", -1);
    if (limit < 0 || file->size <= (guint64)limit) {
        decide(file); /* without an answer the upload itself will tell */
        return;
    }
    g_autofree char *size = g_format_size(file->size);
    g_autofree char *most = g_format_size((guint64)limit);
    g_autofree char *sentence =
        g_strdup_printf(_("The file has %s, and the homeserver takes at most %s."), size, most);
    fail(file, MX_ERROR_INVALID, sentence);
}

static void ask_limit(MxSendFile *file)
{
    g_autoptr(MxRequest) request = mx_endpoint_media_config(mx_media_is_old(file->client));
    mx_http_send_async(file->client->http, request, file->cancellable, on_limit, file);
}

static gboolean on_failed_early(gpointer data)
{
    MxSendFile *file = data;
    file->source = 0;
    finish(file, file->error);
    return G_SOURCE_REMOVE;
}

MxSendFile *mx_send_file_start(MxClient *client, const MxFileToSend *what,
                               MxSendFileProgressFunc progress, MxSendFileDoneFunc done,
                               gpointer user_data)
{
    g_return_val_if_fail(client->http != NULL && client->worker != NULL, NULL);
    MxSendFile *file = g_new0(MxSendFile, 1);
    MxRoom *room = what->room != NULL ? what->room : mx_client_get_direct(client, what->user_id);
    file->client = g_object_ref(client);
    file->room = room != NULL ? room->key : 0;
    file->user_id = g_strdup(what->user_id);
    file->path = g_strdup(what->path);
    file->bytes = what->bytes != NULL ? g_bytes_ref(what->bytes) : NULL;
    file->name = g_strdup(what->name);
    file->caption = g_strdup(what->caption);
    file->cancellable = g_cancellable_new();
    file->progress = progress;
    file->done = done;
    file->user_data = user_data;
    if (inspect(file, &file->error))
        ask_limit(file);
    else
        file->source = g_idle_add(on_failed_early, file);
    return file;
}

void mx_send_file_cancel(MxSendFile *file)
{
    file->is_cancelled = TRUE;
    if (file->source != 0)
        file_free(file);
    else
        g_cancellable_cancel(file->cancellable);
}
