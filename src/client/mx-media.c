/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-media.h"

#include "mx-client-private.h"
#include "mx-json.h"
#include "mx-mxc.h"

#define AVATAR_PIXELS 96
#define EMOJI_PIXELS 32
/* Of a picture in a window: what servers make thumbnails of without being asked. */
#define PREVIEW_WIDTH 640
#define PREVIEW_HEIGHT 480
#define MAX_AT_ONCE 3
/* From the first request to the last byte, however slowly they drip; less when somebody waits. */
#define MAX_FETCH_S 30
#define MAX_URGENT_S 8
/* What is unpacked takes four bytes a pixel. */
#define MAX_SIDE 2048

typedef struct {
    MxClient *client;
    char *server_name, *media_id;
    gboolean wants_original; /* the server has made no thumbnail */
    gboolean tries_old;      /* an endpoint from before version 1.11 */
    gboolean was_old;        /* the request under way goes to an old endpoint */
    gboolean is_preview;     /* a picture in a message, not an avatar */
    gboolean is_encrypted;
    MxAttachmentKey key;
    guint pixels; /* of an avatar or an emoji */
    gsize max_bytes;
    GCancellable *cancellable;
    guint timer;
    MxPictureFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Fetch;

struct _MxMedia {
    GQueue waiting; /* of Fetch */
    GList *running;
    guint source;
    gboolean is_old; /* the homeserver only has the endpoints from before version 1.11 */
};

static void fetch_free(gpointer data)
{
    Fetch *fetch = data;
    g_clear_handle_id(&fetch->timer, g_source_remove);
    if (fetch->destroy != NULL)
        fetch->destroy(fetch->user_data);
    g_clear_object(&fetch->cancellable);
    mx_memzero(&fetch->key, sizeof fetch->key);
    g_free(fetch->server_name);
    g_free(fetch->media_id);
    g_free(fetch);
}

/* A fetch that waits holds no reference to the client, which owns it; one under way does. */
void mx_media_clear(MxClient *client)
{
    MxMedia *media = client->media;
    if (media == NULL)
        return;
    g_clear_handle_id(&media->source, g_source_remove);
    g_queue_clear_full(&media->waiting, fetch_free);
    for (GList *at = media->running; at != NULL; at = at->next)
        g_cancellable_cancel(((Fetch *)at->data)->cancellable);
}

void mx_media_free(MxMedia *media)
{
    g_free(media);
}

static MxMedia *get_media(MxClient *client)
{
    if (client->media == NULL)
        client->media = g_new0(MxMedia, 1);
    return client->media;
}

gboolean mx_media_is_old(MxClient *client)
{
    return client->media != NULL && client->media->is_old;
}

void mx_media_set_old(MxClient *client)
{
    get_media(client)->is_old = TRUE;
}

/* ---- pictures ---- */

static void send_fetch(Fetch *fetch);
static gboolean on_idle(gpointer client);

static void finish(Fetch *fetch, GBytes *picture, const MxImageInfo *info, const GError *error)
{
    g_autoptr(MxClient) client = fetch->client;
    client->media->running = g_list_remove(client->media->running, fetch);
    if (client->state != MX_CLIENT_STOPPED)
        fetch->func(client, picture, info, error, fetch->user_data);
    fetch_free(fetch);
    /* Later: thousands of quick answers in a row would leave no time for drawing. */
    if (client->state != MX_CLIENT_STOPPED && client->media->source == 0)
        client->media->source = g_idle_add(on_idle, client);
}

/* NULL: it is not what was sent. */
static GBytes *decrypt(const Fetch *fetch, GBytes *bytes)
{
    gsize len;
    const guint8 *data = g_bytes_get_data(bytes, &len);
    g_autofree guint8 *plain = g_malloc(MAX(len, 1));
    g_autoptr(MxAttachmentCipher) cipher =
        mx_attachment_cipher_new(&fetch->key, MX_ATTACHMENT_DECRYPT);
    if (cipher == NULL || !mx_attachment_cipher_next(cipher, data, plain, len) ||
        !mx_attachment_cipher_is_whole(cipher, &fetch->key))
        return NULL;
    return g_bytes_new_take(g_steal_pointer(&plain), len);
}

static void take_picture(Fetch *fetch, GBytes *bytes)
{
    MxImageInfo info;
    g_autoptr(GBytes) picture = fetch->is_encrypted ? decrypt(fetch, bytes) : g_bytes_ref(bytes);
    gsize len = 0;
    const guint8 *data = picture != NULL ? g_bytes_get_data(picture, &len) : NULL;
    if (picture != NULL && mx_image_sniff(data, len, &info) && info.width <= MAX_SIDE &&
        info.height <= MAX_SIDE) {
        finish(fetch, picture, &info, NULL);
        return;
    }
    g_autoptr(GError) error = g_error_new_literal(MX_ERROR, MX_ERROR_BAD_ANSWER,
                                                  _("It is no picture that can be shown here."));
    finish(fetch, NULL, NULL, error);
}

/* What the refusal leaves to be tried. */
static gboolean find_another_way(Fetch *fetch, const GError *error)
{
    guint status = mx_error_get_status(error);
    const char *errcode = mx_error_get_errcode(error);
    gboolean is_unknown = g_strcmp0(errcode, "M_UNRECOGNIZED") == 0 || errcode == NULL;
    if (!fetch->was_old && is_unknown && (status == 404 || status == 405)) {
        /* What says nothing may be something between here and the homeserver. */
        fetch->client->media->is_old |= errcode != NULL;
        fetch->tries_old = TRUE;
        return TRUE;
    }
    if (fetch->wants_original || status < 400 || status == 401 || status == 429 || status >= 500)
        return FALSE;
    fetch->wants_original = TRUE;
    return TRUE;
}

static void on_fetched(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Fetch *fetch = user_data;
    g_autoptr(GError) too_slow =
        g_error_new_literal(MX_ERROR, MX_ERROR_NETWORK, _("It does not come from its server."));
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (fetch->client->state == MX_CLIENT_STOPPED) {
        finish(fetch, NULL, NULL, NULL);
        return;
    }
    if (mx_error_get_status(error) == 401)
        mx_session_token_refused(fetch->client, error);
    if (response != NULL)
        take_picture(fetch, response->body);
    else if (fetch->client->state != MX_CLIENT_STOPPED && find_another_way(fetch, error))
        send_fetch(fetch);
    else
        finish(fetch, NULL, NULL, fetch->timer == 0 ? too_slow : error);
}

static void send_fetch(Fetch *fetch)
{
    const char *server = fetch->server_name, *id = fetch->media_id;
    gboolean is_old = fetch->was_old = fetch->tries_old || fetch->client->media->is_old;
    g_autoptr(MxRequest) request = NULL;
    if (fetch->wants_original)
        request = mx_endpoint_download(server, id, is_old, fetch->max_bytes);
    else if (fetch->is_preview)
        request = mx_endpoint_preview(server, id, PREVIEW_WIDTH, PREVIEW_HEIGHT, is_old,
                                      fetch->max_bytes);
    else
        request = mx_endpoint_thumbnail(server, id, fetch->pixels, is_old, fetch->max_bytes);
    mx_http_send_async(fetch->client->http, request, fetch->cancellable, on_fetched, fetch);
}

static gboolean on_too_slow(gpointer data)
{
    Fetch *fetch = data;
    fetch->timer = 0; /* it has passed */
    g_cancellable_cancel(fetch->cancellable);
    return G_SOURCE_REMOVE;
}

static void start(MxClient *client, Fetch *fetch, guint max_s)
{
    client->media->running = g_list_prepend(client->media->running, fetch);
    fetch->client = g_object_ref(client);
    fetch->cancellable = g_cancellable_new();
    fetch->timer = g_timeout_add_seconds(max_s, on_too_slow, fetch);
    send_fetch(fetch);
}

static void start_waiting(MxClient *client)
{
    MxMedia *media = client->media;
    while (g_list_length(media->running) < MAX_AT_ONCE && !g_queue_is_empty(&media->waiting))
        start(client, g_queue_pop_head(&media->waiting), MAX_FETCH_S);
}

static gboolean on_idle(gpointer data)
{
    MxClient *client = data;
    client->media->source = 0;
    start_waiting(client);
    return G_SOURCE_REMOVE;
}

static Fetch *fetch_new(gsize max_bytes, MxPictureFunc func, gpointer user_data,
                        GDestroyNotify destroy)
{
    Fetch *fetch = g_new0(Fetch, 1);
    fetch->max_bytes = max_bytes;
    fetch->func = func;
    fetch->user_data = user_data;
    fetch->destroy = destroy;
    return fetch;
}

static void begin(MxClient *client, Fetch *fetch, const char *mxc, gboolean is_urgent)
{
    gboolean is_valid = mx_mxc_parse(mxc, &fetch->server_name, &fetch->media_id);
    if (!is_valid || client->http == NULL || client->state == MX_CLIENT_STOPPED) {
        fetch_free(fetch);
        g_return_if_fail(is_valid);
        return;
    }
    MxMedia *media = get_media(client);
    if (is_urgent) {
        start(client, fetch, MAX_URGENT_S);
        return;
    }
    g_queue_push_tail(&media->waiting, fetch);
    start_waiting(client);
}

void mx_client_fetch_avatar(MxClient *client, const char *mxc, gboolean is_urgent,
                            MxPictureFunc func, gpointer user_data, GDestroyNotify destroy)
{
    Fetch *fetch = fetch_new(MX_AVATAR_MAX_BYTES, func, user_data, destroy);
    fetch->pixels = AVATAR_PIXELS;
    begin(client, fetch, mxc, is_urgent);
}

void mx_client_fetch_emoji(MxClient *client, const char *mxc, MxPictureFunc func,
                           gpointer user_data, GDestroyNotify destroy)
{
    Fetch *fetch = fetch_new(MX_EMOJI_MAX_BYTES, func, user_data, destroy);
    fetch->pixels = EMOJI_PIXELS;
    begin(client, fetch, mxc, FALSE);
}

void mx_client_fetch_preview(MxClient *client, const MxFilePlace *place, gsize max_bytes,
                             MxPictureFunc func, gpointer user_data, GDestroyNotify destroy)
{
    Fetch *fetch = fetch_new(max_bytes, func, user_data, destroy);
    fetch->is_preview = TRUE;
    /* The server makes no thumbnail of what it cannot read. */
    fetch->is_encrypted = fetch->wants_original = place->is_encrypted;
    fetch->key = place->key;
    begin(client, fetch, place->mxc, FALSE);
}

/* ---- upload ---- */

typedef struct {
    MxClient *client;
    MxUploadFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Upload;

static void on_uploaded(GObject *source, GAsyncResult *result, gpointer user_data)
{
    Upload *upload = user_data;
    g_autoptr(MxClient) client = upload->client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = mx_http_send_finish(MX_HTTP(source), result, &error);
    if (client->state != MX_CLIENT_STOPPED && mx_error_get_status(error) == 401)
        mx_session_token_refused(client, error);
    if (client->state != MX_CLIENT_STOPPED) {
        gsize len = 0;
        const char *text = response != NULL ? g_bytes_get_data(response->body, &len) : "";
        g_autoptr(JsonObject) answer = mx_json_parse_object(text, len, NULL);
        const char *mxc = mx_json_string(answer, "content_uri");
        gboolean is_valid = mx_mxc_parse(mxc, NULL, NULL);
        if (error == NULL && !is_valid)
            error = g_error_new_literal(MX_ERROR, MX_ERROR_BAD_ANSWER,
                                        _("The homeserver did not say where it put the upload."));
        upload->func(client, is_valid ? mxc : NULL, error, upload->user_data);
    }
    if (upload->destroy != NULL)
        upload->destroy(upload->user_data);
    g_free(upload);
}

void mx_client_upload(MxClient *client, GBytes *content, const char *content_type,
                      MxUploadFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    Upload *upload = g_new0(Upload, 1);
    upload->client = g_object_ref(client);
    upload->func = func;
    upload->user_data = user_data;
    upload->destroy = destroy;
    g_autoptr(MxRequest) request = mx_endpoint_upload(content, content_type);
    mx_http_send_async(client->http, request, client->cancellable, on_uploaded, upload);
}
