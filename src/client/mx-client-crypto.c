/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-client-crypto.h"

#include "mx-client-private.h"
#include "mx-device-keys.h"
#include "mx-endpoints-crypto.h"
#include "mx-json.h"
#include "mx-own-identity.h"
#include "mx-primitives.h"
#include "mx-sync-crypto.h"
#include "mx-trust.h"
#include "mx-verify.h"

/* A database that cannot be written may be better soon. */
#define RETRY_MS 30000
/* A keyring asks the user for its password: not again and again. */
#define REOPEN_MS (10 * 60 * 1000)
/* The user is waiting to be logged out. */
#define FINISH_MS 5000

/* ---- what the encryption tells ---- */

static void on_room_ready(MxClient *client, const MxCryptoNews *news)
{
    mx_send_queue_kick(client, news->room);
}

static void on_publish_identity(MxClient *client, const MxCryptoNews *news)
{
    mx_own_identity_publish(client);
}

static void on_not_signed(MxClient *client, const MxCryptoNews *news)
{
    mx_client_emit_account_hint(
        client, _("This device is not signed with your identity, so other people's programs may "
                  "refuse to send it keys, and may not show what you write. Choose “Verify with "
                  "another device…” or “Recover encryption…” in the account's menu, or type "
                  "“/verify” in a room, or “/recovery recover”."));
}

static void on_own_device_wrong(MxClient *client, const MxCryptoNews *news)
{
    mx_client_emit_account_notice(
        client,
        _("The homeserver shows other encryption keys for this device than its own. Nothing "
          "is encrypted or sent to encrypted rooms any more. Log out and sign in again; if "
          "this comes back, do not trust this homeserver."));
}

/* V9 */
static void on_old_copy(MxClient *client, const MxCryptoNews *news)
{
    mx_client_emit_account_notice(
        client,
        _("The data of this account is an old copy, as after restoring a backup. Encryption "
          "goes on with new keys. What others wrote in between may stay unreadable here: "
          "ask them to send again what you miss."));
}

static void on_second_copy(MxClient *client, const MxCryptoNews *news)
{
    mx_client_emit_account_notice(
        client, _("Another program uses a copy of this account's data, so each of the two misses "
                  "messages. Remove the account in one of them and add it there anew."));
}

static void on_identity_reset(MxClient *client, const MxCryptoNews *news)
{
    mx_client_emit_account_notice(
        client, _("Your identity was reset after all: the homeserver has taken the new one. Set up "
                  "recovery now (“Set up recovery…”): the old recovery key belongs to the old "
                  "identity."));
}

static void on_device_keys_changed(MxClient *client, const MxCryptoNews *news)
{
    g_autofree char *text =
        g_strcmp0(news->text, MX_CRYPTO_DEVICE_REPLACED) == 0
            ? g_strdup_printf(_("The device %s of %s has other encryption keys than before. If "
                                "they have not signed in anew with it, somebody may be trying to "
                                "read along."),
                              news->device_id, news->user_id)
            : g_strdup_printf(_("The homeserver shows other encryption keys than before for the "
                                "device %s of %s. They are not used. Somebody may be trying to "
                                "read along."),
                              news->device_id, news->user_id);
    mx_client_emit_account_notice(client, text);
}

/* What waited for the user's word may go on. */
static void on_trust(MxClient *client, const MxCryptoNews *news)
{
    mx_send_queue_kick_all(client);
}

/* U2 */
static void on_no_policy(MxClient *client, const MxCryptoNews *news)
{
    MxRoom *room = mx_client_get_room_by_key(client, news->room);
    if (room != NULL)
        mx_client_emit_notice(
            client, room,
            _("Your messages are encrypted for all devices of the people here, also for those that "
              "nobody has confirmed. Set up recovery for your account to change that."));
}

static void on_keys_refused(MxClient *client, const MxCryptoNews *news)
{
    MxRoom *room = mx_client_get_room_by_key(client, news->room);
    if (room == NULL)
        return;
    g_autofree char *text = g_strdup_printf(
        _("The homeserver does not pass on the keys of your messages to some devices here, such as "
          "one of %s. They cannot read what you write. Type “/discardsession” to try again."),
        news->user_id);
    mx_client_emit_room_error(client, room, text);
}

/* One line for each kind that somebody has to know of. */
static const struct {
    MxCryptoNewsKind kind;
    void (*func)(MxClient *client, const MxCryptoNews *news);
} news_funcs[] = {
    {MX_CRYPTO_NEWS_ROOM_READY, on_room_ready},
    {MX_CRYPTO_NEWS_SESSION, mx_decrypt_take_news},
    {MX_CRYPTO_NEWS_TRUST, mx_decrypt_take_news},
    {MX_CRYPTO_NEWS_TRUST, on_trust},
    {MX_CRYPTO_NEWS_NO_POLICY, on_no_policy},
    {MX_CRYPTO_NEWS_KEYS_REFUSED, on_keys_refused},
    {MX_CRYPTO_NEWS_OWN_DEVICE_WRONG, on_own_device_wrong},
    {MX_CRYPTO_NEWS_OLD_COPY, on_old_copy},
    {MX_CRYPTO_NEWS_SECOND_COPY, on_second_copy},
    {MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED, on_device_keys_changed},
    {MX_CRYPTO_NEWS_PUBLISH_IDENTITY, on_publish_identity},
    {MX_CRYPTO_NEWS_NOT_SIGNED, on_not_signed},
    {MX_CRYPTO_NEWS_IDENTITY_RESET, on_identity_reset},
    {MX_CRYPTO_NEWS_IDENTITY_CHANGED, mx_trust_identity_changed},
};

static void hand_on(MxClient *client, GPtrArray *news)
{
    for (guint i = 0; news != NULL && i < news->len; i++) {
        const MxCryptoNews *one = g_ptr_array_index(news, i);
        for (guint j = 0; j < G_N_ELEMENTS(news_funcs); j++)
            if (news_funcs[j].kind == one->kind && client->state != MX_CLIENT_STOPPED)
                news_funcs[j].func(client, one);
    }
}

static void hand_on_verifications(MxClient *client, GPtrArray *verifications)
{
    for (guint i = 0; verifications != NULL && i < verifications->len; i++)
        if (client->state != MX_CLIENT_STOPPED)
            mx_client_emit_verification(client, g_ptr_array_index(verifications, i));
}

/* ---- requests and answers ---- */

/* Takes an answer in, when there is one, and then what is due. */
typedef struct {
    MxClientJob base;
    MxCryptoRequestKind kind;
    guint64 id;             /* of the request that is answered, or 0 */
    gboolean takes_nothing; /* as nothing may be sent any more */
    MxCryptoAnswer answer;
    char *errcode, *server_text;
    GBytes *body;
    char *user_id, *device_id; /* to open it with, when it is not */
    gboolean is_open;
    GPtrArray *requests, *news, *verifications;
    gint64 wait_ms;
    guint64 serial;
} Job;

static void job_free(gpointer data)
{
    Job *job = data;
    g_free(job->errcode);
    g_free(job->server_text);
    g_clear_pointer(&job->body, g_bytes_unref);
    g_free(job->user_id);
    g_free(job->device_id);
    g_clear_pointer(&job->requests, g_ptr_array_unref);
    g_clear_pointer(&job->news, g_ptr_array_unref);
    g_clear_pointer(&job->verifications, g_ptr_array_unref);
    mx_client_job_clear(job);
    g_free(job);
}

static void run_answer(MxCrypto *crypto, Job *job)
{
    job->answer.errcode = job->errcode;
    job->answer.server_text = job->server_text;
    if (job->body != NULL)
        job->answer.body = g_bytes_get_data(job->body, &job->answer.len);
    mx_crypto_answer(crypto, job->id, &job->answer, &job->base.error);
}

static void run_job(MxStore *store, gpointer data)
{
    Job *job = data;
    /* An answer to what another device asked for is nobody's. */
    if (mx_crypto_of(store) == NULL && job->id == 0)
        mx_client_crypto_open(store, job->user_id, job->device_id, &job->base.error);
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto == NULL)
        return;
    job->is_open = TRUE;
    if (job->id != 0)
        run_answer(crypto, job);
    if (job->base.error == NULL && !job->takes_nothing)
        job->requests = mx_crypto_take_requests(crypto, &job->base.error);
    job->wait_ms = mx_crypto_get_wait(crypto);
    job->news = mx_crypto_take_news(crypto);
    job->verifications = mx_verification_take_changes(crypto);
    job->serial = mx_device_keys_get_serial(crypto);
}

static void send_all(MxClient *client, GPtrArray *requests);
static void on_done(gpointer data);

static void push(MxClient *client, Job *job)
{
    /* Megabytes of devices must not hold up what the user does. */
    job->takes_nothing = job->id != 0 && client->is_signing_out;
    gboolean is_large = job->id != 0 && job->kind == MX_CRYPTO_KEYS_QUERY;
    mx_worker_push(client->worker, is_large ? MX_JOB_BULK : MX_JOB_USER, run_job, on_done, job,
                   job_free);
}

typedef struct {
    MxClient *client; /* referenced */
    guint64 id;
    MxCryptoRequestKind kind;
} Sent;

static void finish_if_idle(MxClient *client)
{
    MxCryptoLoop *loop = &client->crypto;
    if (loop->finished == NULL || loop->n_sent > 0)
        return;
    void (*func)(MxClient * client) = g_steal_pointer(&loop->finished);
    g_clear_handle_id(&loop->finish_source, g_source_remove);
    func(client);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autofree Sent *sent = user_data;
    g_autoptr(MxClient) client = sent->client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = NULL;
    client->crypto.n_sent--;
    if (!mx_client_take_answer(client, source, result, &response, &error))
        return;
    Job *job = mx_client_job_new(client, sizeof *job);
    job->id = sent->id;
    job->kind = sent->kind;
    job->answer.status = response != NULL ? response->status : mx_error_get_status(error);
    job->answer.retry_after_ms = mx_error_get_retry_after_ms(error);
    job->errcode = g_strdup(mx_error_get_errcode(error));
    job->server_text = g_strdup(mx_error_get_server_text(error));
    job->body = response != NULL ? g_bytes_ref(response->body) : NULL;
    push(client, job);
    finish_if_idle(client);
}

/* For the encryption as when there is no network: it asks again, should there be another time. */
static void answer_unsent(MxClient *client, const MxCryptoRequest *request)
{
    Job *job = mx_client_job_new(client, sizeof *job);
    job->id = request->id;
    job->kind = request->kind;
    job->answer.retry_after_ms = -1;
    push(client, job);
}

static MxRequest *build_account_data(MxClient *client, const MxCryptoRequest *request)
{
    g_autoptr(JsonObject) content = mx_json_parse_object(request->body, -1, NULL);
    return mx_endpoint_set_account_data(client->user_id, request->event_type, content);
}

static MxRequest *build(MxClient *client, const MxCryptoRequest *request)
{
    switch (request->kind) {
    case MX_CRYPTO_KEYS_UPLOAD:
        return mx_endpoint_keys_upload(request->body);
    case MX_CRYPTO_KEYS_QUERY:
        return mx_endpoint_keys_query(request->body);
    case MX_CRYPTO_KEYS_CLAIM:
        return mx_endpoint_keys_claim(request->body);
    case MX_CRYPTO_SEND_TO_DEVICE:
        return mx_endpoint_send_to_device(request->event_type, request->txn_id, request->body);
    case MX_CRYPTO_ACCOUNT_DATA:
        return build_account_data(client, request);
    case MX_CRYPTO_SIGNATURES:
    default:
        return mx_endpoint_signatures_upload(request->body);
    }
}

static void send_all(MxClient *client, GPtrArray *requests)
{
    MxCryptoLoop *loop = &client->crypto;
    for (guint i = 0; i < requests->len; i++) {
        const MxCryptoRequest *request = g_ptr_array_index(requests, i);
        if (client->is_signing_out) {
            answer_unsent(client, request);
            continue;
        }
        g_autoptr(MxRequest) message = build(client, request);
        Sent *sent = g_new0(Sent, 1);
        sent->client = g_object_ref(client);
        sent->id = request->id;
        sent->kind = request->kind;
        if (loop->cancellable == NULL)
            loop->cancellable = g_cancellable_new();
        loop->n_sent++;
        mx_http_send_async(client->http, message, loop->cancellable, on_answer, sent);
    }
}

static gboolean on_time(gpointer data)
{
    MxClient *client = data;
    client->crypto.source = 0;
    mx_client_crypto_kick(client);
    return G_SOURCE_REMOVE;
}

static void wait_for(MxClient *client, gint64 wait_ms)
{
    g_clear_handle_id(&client->crypto.source, g_source_remove);
    if (wait_ms >= 0)
        client->crypto.source = g_timeout_add((guint)CLAMP(wait_ms, 1, G_MAXINT), on_time, client);
}

static void on_done(gpointer data)
{
    Job *job = data;
    g_autoptr(MxClient) client = g_object_ref(job->base.client);
    MxCryptoLoop *loop = &client->crypto;
    if (job->id == 0)
        loop->is_taking = FALSE;
    if (client->state == MX_CLIENT_STOPPED)
        return;
    if (!job->is_open && job->id == 0)
        mx_client_crypto_opened(client, job->base.error);
    else if (job->is_open)
        mx_client_crypto_opened(client, NULL);
    if (job->is_open)
        loop->serial = job->serial;
    if (job->requests != NULL)
        send_all(client, job->requests);
    if (job->is_open)
        wait_for(client, job->base.error != NULL ? RETRY_MS : job->wait_ms);
    hand_on(client, job->news);
    hand_on_verifications(client, job->verifications);
    if (job->id == 0 && loop->again && client->state != MX_CLIENT_STOPPED) {
        loop->again = FALSE;
        mx_client_crypto_kick(client);
    }
}

void mx_client_crypto_kick(MxClient *client)
{
    MxCryptoLoop *loop = &client->crypto;
    if (client->state == MX_CLIENT_STOPPED || client->worker == NULL || client->is_signing_in ||
        client->is_signing_out || client->device_id == NULL ||
        (loop->failure != NULL && loop->source != 0))
        return;
    if (loop->is_taking) {
        loop->again = TRUE;
        return;
    }
    loop->is_taking = TRUE;
    Job *job = mx_client_job_new(client, sizeof *job);
    job->user_id = g_strdup(client->user_id);
    job->device_id = g_strdup(client->device_id);
    push(client, job);
}

/* ---- the end ---- */

static void cancel_all(MxCryptoLoop *loop)
{
    g_autoptr(GCancellable) cancellable = g_steal_pointer(&loop->cancellable);
    if (cancellable != NULL)
        g_cancellable_cancel(cancellable);
}

static gboolean on_finish_time(gpointer data)
{
    MxClient *client = data;
    client->crypto.finish_source = 0;
    cancel_all(&client->crypto);
    return G_SOURCE_REMOVE;
}

void mx_client_crypto_finish(MxClient *client, void (*func)(MxClient *client))
{
    MxCryptoLoop *loop = &client->crypto;
    g_clear_handle_id(&loop->source, g_source_remove);
    loop->finished = func;
    if (loop->finish_source == 0)
        loop->finish_source = g_timeout_add(FINISH_MS, on_finish_time, client);
    finish_if_idle(client);
}

void mx_client_crypto_clear(MxClient *client)
{
    MxCryptoLoop *loop = &client->crypto;
    g_clear_handle_id(&loop->source, g_source_remove);
    g_clear_handle_id(&loop->finish_source, g_source_remove);
    loop->finished = NULL;
    cancel_all(loop);
    g_clear_pointer(&loop->failure, g_free);
}

/* ---- opening ---- */

gboolean mx_client_prepare(GError **error)
{
    return mx_primitives_init(error);
}

gboolean mx_client_crypto_open(MxStore *store, const char *user_id, const char *device_id,
                               GError **error)
{
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto != NULL && g_str_equal(mx_crypto_get_user_id(crypto), user_id) &&
        g_str_equal(mx_crypto_get_device_id(crypto), device_id))
        return TRUE;
    mx_store_attach(store, NULL, NULL);
    crypto = mx_crypto_open(store, user_id, device_id, error);
    if (crypto == NULL)
        return FALSE;
    mx_verification_set_sender(crypto, mx_verify_send);
    mx_verification_set_shows_codes(crypto, MX_QRENCODE);
    if (mx_sync_crypto_take_stashed(store, error))
        return TRUE;
    /* Not open, as what came first has to be read first; it is tried again. */
    mx_store_attach(store, NULL, NULL);
    return FALSE;
}

void mx_client_crypto_opened(MxClient *client, const GError *error)
{
    MxCryptoLoop *loop = &client->crypto;
    gboolean was_closed = loop->failure != NULL;
    g_clear_pointer(&loop->failure, g_free);
    if (error != NULL) {
        loop->failure = g_strdup(error->message);
        wait_for(client, REOPEN_MS);
    } else if (was_closed) {
        mx_send_queue_kick_all(client);
        mx_decrypt_start(client); /* what came meanwhile */
    }
}

const char *mx_client_crypto_get_failure(MxClient *client)
{
    return client->crypto.failure;
}
