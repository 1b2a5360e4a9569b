/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "mx-own-identity.h"

#include <glib/gi18n-lib.h>

#include "mx-client-private.h"
#include "mx-cross-signing.h"
#include "mx-endpoints-crypto.h"
#include "mx-endpoints-register.h"
#include "mx-fetch.h"
#include "mx-json.h"
#include "mx-uia.h"

#define MAX_STAGES 5

typedef void (*EndFunc)(MxCrypto *crypto); /* on the worker, in a transaction */

/* One attempt: a chain of jobs and requests, each of which holds a reference. */
typedef struct {
    MxClient *client;
    gboolean is_reset; /* in place of the one there is */
    char *password;
    MxIdentityResetFunc func; /* or NULL */
    gpointer user_data;
    GDestroyNotify destroy;
    JsonObject *body;
    MxUia *uia;
    guint n_stages;
    gboolean is_first;   /* the account had none */
    gboolean needs_user; /* it fails for want of something that only the user can give */
    GError *error;
    EndFunc func_job; /* what a job does besides */
} Upload;

static void upload_clear(gpointer data)
{
    Upload *upload = data;
    if (upload->destroy != NULL)
        upload->destroy(upload->user_data);
    mx_secret_free(upload->password);
    g_clear_pointer(&upload->body, json_object_unref);
    mx_uia_free(upload->uia);
    g_clear_error(&upload->error);
    g_object_unref(upload->client);
}

static void upload_unref(gpointer upload)
{
    g_rc_box_release_full(upload, upload_clear);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Upload, upload_unref)

static void push(Upload *upload, MxJobFunc run, MxJobDone done)
{
    mx_worker_push(upload->client->worker, MX_JOB_USER, run, done, g_rc_box_acquire(upload),
                   upload_unref);
}

/* ---- the end ---- */

static void run_last(MxStore *store, gpointer data)
{
    Upload *upload = data;
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto == NULL)
        return;
    mx_store_begin(store);
    upload->func_job(crypto);
    if (upload->is_first)
        mx_store_set_value(store, MX_VALUE_RECOVERY_HINT, "1");
    if (!mx_store_commit(store, upload->error == NULL ? &upload->error : NULL))
        mx_crypto_forget(crypto);
}

static void on_last(gpointer data)
{
    Upload *upload = data;
    if (upload->is_first)
        upload->client->is_reminded = FALSE;
    mx_client_crypto_kick(upload->client);
    if (upload->func != NULL)
        upload->func(upload->client, upload->error, upload->user_data);
    else if (upload->error != NULL && upload->needs_user)
        mx_client_emit_account_notice(upload->client, upload->error->message);
}

static void end(Upload *upload, EndFunc func)
{
    upload->func_job = func;
    push(upload, run_last, on_last);
}

static void keep(MxCrypto *crypto)
{
    (void)crypto;
}

/* The keys go only when the homeserver has surely not taken them: with an answer that was lost it
 * may show an identity that nobody has the keys of. What was made for a user without an identity is
 * tried again. */
static EndFunc choose_end(const Upload *upload, const GError *error)
{
    gboolean is_open =
        mx_error_is_transient(error) || g_error_matches(error, MX_ERROR, MX_ERROR_BAD_ANSWER);
    if (upload->is_reset)
        return is_open ? mx_cross_signing_note_unanswered : mx_cross_signing_drop_made;
    return is_open ? mx_cross_signing_try_later : keep;
}

static void fail(Upload *upload, GError *error)
{
    g_clear_error(&upload->error);
    upload->error = error;
    g_message("the homeserver has not taken the identity: %s", error->message);
    end(upload, choose_end(upload, error));
}

/* ---- User-Interactive Authentication ---- */

static void post(Upload *upload, JsonObject *auth);

static void fail_for_page(Upload *upload)
{
    upload->needs_user = TRUE;
    g_autofree char *page =
        mx_endpoint_stage_page(mx_http_get_base_url(upload->client->http),
                               mx_uia_get_stage(upload->uia), mx_uia_get_session(upload->uia));
    g_autofree char *text = g_strdup_printf(
        _("Your homeserver wants you to confirm the new identity on a page of its own, %s, which "
          "cannot be done from here. Make the identity with another program, and then recover it "
          "here."),
        page != NULL ? page : mx_uia_get_stage(upload->uia));
    fail(upload, g_error_new_literal(MX_ERROR, MX_ERROR_FAILED, text));
}

static void answer_password(Upload *upload)
{
    upload->needs_user = TRUE;
    if (mx_uia_has_failed(upload->uia)) {
        fail(upload, g_error_new_literal(MX_ERROR, MX_ERROR_INVALID, _("The password is wrong.")));
        return;
    }
    if (upload->password == NULL) {
        fail(upload, g_error_new_literal(
                         MX_ERROR, MX_ERROR_INVALID,
                         _("Your homeserver wants your password before it takes the identity of "
                           "your account. Choose “Reset identity…” and type it there.")));
        return;
    }
    JsonObject *auth = mx_uia_answer(upload->uia), *identifier = json_object_new();
    json_object_set_string_member(identifier, "type", "m.id.user");
    json_object_set_string_member(identifier, "user", mx_client_get_user_id(upload->client));
    json_object_set_object_member(auth, "identifier", identifier);
    json_object_set_string_member(auth, "password", upload->password);
    post(upload, auth);
}

static void answer_stage(Upload *upload)
{
    if (++upload->n_stages > MAX_STAGES)
        fail(upload, g_error_new_literal(MX_ERROR, MX_ERROR_BAD_ANSWER,
                                         _("The homeserver does not take the identity.")));
    else if (mx_uia_get_kind(upload->uia) == MX_UIA_DUMMY)
        post(upload, mx_uia_answer(upload->uia));
    else if (mx_uia_get_kind(upload->uia) == MX_UIA_PASSWORD)
        answer_password(upload);
    else
        fail_for_page(upload);
}

/* Where the homeserver asks for the password, it may be because another client was faster: then
 * nothing is replaced (O2). */
static void on_present(MxClient *client, JsonObject *answer, const GError *error,
                       gpointer user_data)
{
    Upload *upload = user_data;
    JsonObject *masters = mx_json_object(answer, "master_keys");
    if (error != NULL)
        fail(upload, g_error_copy(error));
    else if (masters != NULL &&
             json_object_has_member(masters, mx_client_get_user_id(upload->client)))
        end(upload, mx_cross_signing_note_uploaded);
    else
        answer_stage(upload);
}

static void ask_present(Upload *upload)
{
    g_autoptr(JsonObject) body = json_object_new();
    JsonObject *users = json_object_new();
    json_object_set_array_member(users, mx_client_get_user_id(upload->client), json_array_new());
    json_object_set_object_member(body, "device_keys", users);
    g_autofree char *text = mx_json_object_to_text(body);
    g_autoptr(MxRequest) request = mx_endpoint_keys_query(text);
    mx_client_fetch(upload->client, request, on_present, g_rc_box_acquire(upload), upload_unref);
}

static void take_challenge(Upload *upload, JsonObject *challenge)
{
    g_autoptr(GError) error = NULL;
    gboolean is_first = upload->n_stages == 0;
    if (!mx_uia_take(upload->uia, challenge, &error))
        fail(upload, g_steal_pointer(&error));
    else if (is_first && !upload->is_reset)
        ask_present(upload);
    else
        answer_stage(upload);
}

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autoptr(Upload) upload = user_data;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = NULL;
    if (!mx_client_take_answer(upload->client, source, result, &response, &error))
        return;
    if (response == NULL) {
        fail(upload, g_steal_pointer(&error));
        return;
    }
    gsize len;
    const char *text = g_bytes_get_data(response->body, &len);
    g_autoptr(JsonObject) body = mx_json_parse_object(text, (gssize)len, NULL);
    if (response->status == 401) {
        take_challenge(upload, body);
        return;
    }
    upload->is_first = !upload->is_reset; /* who resets it is told at once */
    end(upload, mx_cross_signing_note_uploaded);
}

/* Takes auth, which may be NULL. */
static void post(Upload *upload, JsonObject *auth)
{
    if (auth != NULL)
        json_object_set_object_member(upload->body, "auth", auth);
    g_autofree char *text = mx_json_object_to_text(upload->body);
    g_autoptr(MxRequest) request = mx_endpoint_device_signing_upload(text);
    mx_http_send_async(upload->client->http, request, upload->client->cancellable, on_answer,
                       g_rc_box_acquire(upload));
}

/* ---- the beginning ---- */

static void run_begin(MxStore *store, gpointer data)
{
    Upload *upload = data;
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto == NULL) {
        g_set_error_literal(&upload->error, MX_ERROR, MX_ERROR_FAILED,
                            _("The encryption of this account is not open."));
        return;
    }
    mx_store_begin(store);
    gboolean is_made = !upload->is_reset || mx_cross_signing_make(crypto, TRUE, &upload->error);
    if (!mx_store_commit(store, upload->error == NULL ? &upload->error : NULL))
        mx_crypto_forget(crypto);
    else if (is_made)
        upload->body = mx_cross_signing_get_upload(crypto);
}

static void on_begun(gpointer data)
{
    Upload *upload = data;
    if (upload->body != NULL)
        post(upload, NULL);
    else if (upload->func != NULL)
        upload->func(upload->client, upload->error, upload->user_data);
}

static Upload *upload_new(MxClient *client)
{
    Upload *upload = g_rc_box_new0(Upload);
    upload->client = g_object_ref(client);
    upload->uia = mx_uia_new();
    upload->password = g_strdup(client->password);
    return upload;
}

void mx_client_reset_identity(MxClient *client, const char *password, MxIdentityResetFunc func,
                              gpointer user_data, GDestroyNotify destroy)
{
    g_autoptr(Upload) upload = upload_new(client);
    upload->is_reset = TRUE;
    upload->func = func;
    upload->user_data = user_data;
    upload->destroy = destroy;
    if (password != NULL && *password != '\0') {
        mx_secret_free(upload->password);
        upload->password = g_strdup(password);
    }
    push(upload, run_begin, on_begun);
}

void mx_own_identity_publish(MxClient *client)
{
    g_autoptr(Upload) upload = upload_new(client);
    push(upload, run_begin, on_begun);
}

/* ---- the reminder ---- */

typedef struct {
    MxClientJob base;
    gint64 room;
    gboolean is_due;
} HintJob;

static void hint_job_free(gpointer job)
{
    mx_client_job_clear(job);
    g_free(job);
}

static void run_hint(MxStore *store, gpointer data)
{
    HintJob *job = data;
    g_autofree char *hint = mx_store_get_value(store, MX_VALUE_RECOVERY_HINT);
    if (hint == NULL)
        return;
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_RECOVERY_HINT, NULL);
    job->is_due = mx_store_commit(store, &job->base.error);
}

static void on_hint(gpointer data)
{
    HintJob *job = data;
    MxClient *client = job->base.client;
    MxRoom *room = mx_client_get_room_by_key(client, job->room);
    if (job->is_due && room != NULL)
        mx_client_emit_notice(
            client, room,
            _("The identity of your account is on this device alone. Type “/recovery setup” and "
              "keep the recovery key, so that you do not lose it."));
}

/* No dialog at the login: it matters when the user writes. */
void mx_own_identity_remind(MxClient *client, const MxRoom *room)
{
    if (client->is_reminded || client->worker == NULL)
        return;
    client->is_reminded = TRUE;
    HintJob *job = mx_client_job_new(client, sizeof *job);
    job->room = room->key;
    mx_worker_push(client->worker, MX_JOB_USER, run_hint, on_hint, job, hint_job_free);
}
