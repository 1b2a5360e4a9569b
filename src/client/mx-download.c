/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-download.h"
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "mx-client-private.h"
#include "mx-mxc.h"
#include "mx-target.h"

/* So much more than was announced may come: bridges guess sizes. */
#define MAX_EXCESS (1024 * 1024)
/* A file that is still being uploaded. */
#define MAX_WAITS 3
#define WAIT_S 5

struct _MxDownload {
    MxClient *client;
    MxFilePlace place;
    char *server_name, *media_id, *path, *temporary;
    gboolean may_replace, is_cancelled;
    gboolean tries_old; /* the endpoint from before version 1.11 */
    gboolean was_old;   /* that is where the request under way goes */
    guint waits, source;
    int fd;
    GCancellable *cancellable;
    MxAttachmentCipher *cipher;
    GByteArray *buffer;
    guint64 received;
    GError *error; /* of writing */
    MxDownloadProgressFunc progress;
    MxDownloadDoneFunc done;
    gpointer user_data;
};

static void send_request(MxDownload *download);

static void drop_temporary(MxDownload *download)
{
    if (download->fd >= 0)
        close(download->fd);
    download->fd = -1;
    if (download->temporary != NULL)
        g_unlink(download->temporary);
    g_clear_pointer(&download->temporary, g_free);
}

static void download_free(MxDownload *download)
{
    drop_temporary(download);
    g_clear_handle_id(&download->source, g_source_remove);
    g_clear_pointer(&download->cipher, mx_attachment_cipher_free);
    if (download->buffer->len > 0)
        mx_memzero(download->buffer->data, download->buffer->len);
    g_byte_array_unref(download->buffer);
    g_clear_error(&download->error);
    mx_memzero(&download->place.key, sizeof download->place.key);
    g_free(download->server_name);
    g_free(download->media_id);
    g_free(download->path);
    g_object_unref(download->cancellable);
    g_object_unref(download->client);
    g_free(download);
}

static void finish(MxDownload *download, const GError *error)
{
    if (error != NULL)
        drop_temporary(download);
    if (!download->is_cancelled)
        download->done(download->client, error, download->user_data);
    download_free(download);
}

/* ---- writing ---- */

static void set_write_error(MxDownload *download)
{
    int code = errno;
    if (code == ENOSPC || code == EDQUOT)
        g_set_error_literal(&download->error, MX_ERROR, MX_ERROR_FAILED,
                            _("There is no space left for it on that disk."));
    else if (code == EFBIG)
        g_set_error_literal(&download->error, MX_ERROR, MX_ERROR_FAILED,
                            _("It is larger than files may be there."));
    else
        g_set_error(&download->error, MX_ERROR, MX_ERROR_FAILED,
                    _("The file cannot be written: %s."), g_strerror(code));
}

static gboolean open_temporary(MxDownload *download)
{
    g_autofree char *folder = g_path_get_dirname(download->path);
    drop_temporary(download);
    download->received = 0;
    g_clear_pointer(&download->cipher, mx_attachment_cipher_free);
    if (!download->may_replace && g_file_test(download->path, G_FILE_TEST_EXISTS)) {
        g_set_error(&download->error, MX_ERROR, MX_ERROR_INVALID,
                    _("%s is there already. Nothing was downloaded; choose another name."),
                    download->path);
        return FALSE;
    }
    download->temporary = g_build_filename(folder, ".matrix-download-XXXXXX", NULL);
    /* Readable for the user alone, and it stays so. */
    download->fd = g_mkstemp_full(download->temporary, O_WRONLY | O_CLOEXEC, 0600);
    if (download->fd < 0) {
        set_write_error(download);
        g_clear_pointer(&download->temporary, g_free);
        return FALSE;
    }
    if (!download->place.is_encrypted)
        return TRUE;
    download->cipher = mx_attachment_cipher_new(&download->place.key, MX_ATTACHMENT_DECRYPT);
    if (download->cipher == NULL)
        g_set_error_literal(&download->error, MX_ERROR, MX_ERROR_FAILED,
                            _("The encryption does not work here."));
    return download->cipher != NULL;
}

static gboolean write_all(MxDownload *download, const guint8 *data, gsize len)
{
    while (len > 0) {
        gssize written = write(download->fd, data, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0) {
            set_write_error(download);
            return FALSE;
        }
        data += written;
        len -= (gsize)written;
    }
    return TRUE;
}

static gboolean take(MxDownload *download, const guint8 *data, gsize len)
{
    gint64 announced = download->place.size;
    download->received += len;
    if (announced >= 0 && download->received > 2 * (guint64)announced + MAX_EXCESS) {
        g_set_error_literal(&download->error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                            _("The file is much larger than was said. It was not saved."));
        return FALSE;
    }
    if (download->cipher == NULL)
        return write_all(download, data, len);
    g_byte_array_set_size(download->buffer, (guint)len);
    if (mx_attachment_cipher_next(download->cipher, data, download->buffer->data, len))
        return write_all(download, download->buffer->data, len);
    g_set_error_literal(&download->error, MX_ERROR, MX_ERROR_FAILED,
                        _("The encryption does not work here."));
    return FALSE;
}

static void on_chunk(GBytes *chunk, gpointer user_data)
{
    MxDownload *download = user_data;
    gsize len;
    const guint8 *data = g_bytes_get_data(chunk, &len);
    if (download->error != NULL || download->is_cancelled)
        return;
    if (!take(download, data, len)) {
        g_cancellable_cancel(download->cancellable);
        return;
    }
    if (download->progress != NULL)
        download->progress(download->received, download->user_data);
}

/* ---- the end ---- */

/* A link fails where something is, and a name never points at half a file. */
static gboolean give_name(MxDownload *download)
{
    gboolean is_named = !download->may_replace && link(download->temporary, download->path) == 0;
    if (!is_named && !download->may_replace && errno == EEXIST) {
        set_write_error(download);
        return FALSE;
    }
    /* Some file systems have no links. */
    if (!is_named && g_rename(download->temporary, download->path) != 0) {
        set_write_error(download);
        return FALSE;
    }
    if (!is_named)
        g_clear_pointer(&download->temporary, g_free);
    drop_temporary(download);
    return TRUE;
}

static gboolean complete(MxDownload *download)
{
    if (download->cipher != NULL &&
        !mx_attachment_cipher_is_whole(download->cipher, &download->place.key)) {
        g_set_error_literal(&download->error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                            _("It is not the file that was sent: somebody has changed it on its "
                              "way. It was not saved."));
        return FALSE;
    }
    int result = close(download->fd);
    download->fd = -1;
    if (result != 0) {
        set_write_error(download);
        return FALSE;
    }
    return give_name(download);
}

static gboolean on_waited(gpointer data)
{
    MxDownload *download = data;
    download->source = 0;
    send_request(download);
    return G_SOURCE_REMOVE;
}

/* What the refusal leaves to be tried. */
static gboolean try_again(MxDownload *download, const GError *error)
{
    guint status = mx_error_get_status(error);
    const char *errcode = mx_error_get_errcode(error);
    gboolean is_unknown = g_strcmp0(errcode, "M_UNRECOGNIZED") == 0 || errcode == NULL;
    if (!download->was_old && is_unknown && (status == 404 || status == 405)) {
        /* What says nothing may be something between here and the homeserver. */
        if (errcode != NULL)
            mx_media_set_old(download->client);
        download->tries_old = TRUE;
        send_request(download);
        return TRUE;
    }
    if (g_strcmp0(errcode, "M_NOT_YET_UPLOADED") != 0 || download->waits == MAX_WAITS)
        return FALSE;
    download->waits++;
    download->source = g_timeout_add_seconds(WAIT_S, on_waited, download);
    return TRUE;
}

static void on_downloaded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    MxDownload *download = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = NULL;
    if (!mx_client_take_answer(download->client, source, result, &response, &error))
        download->is_cancelled = TRUE;
    if (download->is_cancelled)
        finish(download, NULL);
    else if (download->error != NULL || (response != NULL && !complete(download)))
        finish(download, download->error);
    else if (response != NULL)
        finish(download, NULL);
    else if (!try_again(download, error))
        finish(download, error);
}

static gboolean on_failed_early(gpointer data)
{
    MxDownload *download = data;
    download->source = 0;
    finish(download, download->error);
    return G_SOURCE_REMOVE;
}

static void send_request(MxDownload *download)
{
    MxClient *client = download->client;
    if (!open_temporary(download)) {
        download->source = g_idle_add(on_failed_early, download);
        return;
    }
    download->was_old = download->tries_old || mx_media_is_old(client);
    g_autoptr(MxRequest) request =
        mx_endpoint_download(download->server_name, download->media_id, download->was_old, 0);
    mx_request_set_chunk_func(request, on_chunk, download);
    mx_http_send_async(client->http, request, download->cancellable, on_downloaded, download);
}

MxDownload *mx_download_start(MxClient *client, const MxFile *file, const char *path,
                              gboolean may_replace, MxDownloadProgressFunc progress,
                              MxDownloadDoneFunc done, gpointer user_data)
{
    g_return_val_if_fail(client->http != NULL && file->place.mxc != NULL, NULL);
    MxDownload *download = g_new0(MxDownload, 1);
    download->client = g_object_ref(client);
    download->place = file->place;
    download->place.mxc = NULL;
    download->fd = -1;
    download->path = g_strdup(path);
    download->may_replace = may_replace;
    download->cancellable = g_cancellable_new();
    download->buffer = g_byte_array_new();
    download->progress = progress;
    download->done = done;
    download->user_data = user_data;
    mx_mxc_parse(file->place.mxc, &download->server_name, &download->media_id);
    send_request(download);
    return download;
}

void mx_download_cancel(MxDownload *download)
{
    download->is_cancelled = TRUE;
    drop_temporary(download); /* now: the program may be about to end */
    if (download->source != 0)
        download_free(download);
    else
        g_cancellable_cancel(download->cancellable);
}

/* ---- which one ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    char *own_user_id, *typed, *rest;
    MxFile *file;
    MxFileFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} FindJob;

static void find_job_free(gpointer data)
{
    FindJob *job = data;
    if (job->destroy != NULL)
        job->destroy(job->user_data);
    g_free(job->own_user_id);
    g_free(job->typed);
    g_free(job->rest);
    mx_file_free(job->file);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_find(MxStore *store, gpointer data)
{
    FindJob *job = data;
    const char *rest;
    g_autoptr(MxTimelineRow) row = mx_target_find(store, job->room, job->own_user_id, job->typed,
                                                  MX_TARGET_FILE, &rest, &job->base.error);
    if (row == NULL)
        return;
    job->rest = g_strdup(rest);
    job->file = mx_file_read(row->type, mx_json_scan_root(row->content, strlen(row->content)));
    if (job->file != NULL && job->file->place.mxc != NULL)
        return;
    g_clear_pointer(&job->file, mx_file_free);
    g_set_error_literal(&job->base.error, MX_ERROR, MX_ERROR_INVALID,
                        _("That file cannot be fetched: the message does not say where it is, or "
                          "not how to decrypt it."));
}

static void on_found(gpointer data)
{
    FindJob *job = data;
    job->func(job->base.client, job->file, job->rest, job->base.error, job->user_data);
}

void mx_client_find_file(MxClient *client, MxRoom *room, const char *typed, MxFileFunc func,
                         gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->worker != NULL);
    FindJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    job->own_user_id = g_strdup(client->user_id);
    job->typed = g_strdup(typed);
    job->func = func;
    job->user_data = user_data;
    job->destroy = destroy;
    mx_worker_push(client->worker, MX_JOB_USER, run_find, on_found, job, find_job_free);
}
