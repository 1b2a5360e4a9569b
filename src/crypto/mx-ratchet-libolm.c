/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-ratchet-private.h"

#include <string.h>

#include <olm/olm.h>
#include <olm/inbound_group_session.h>
#include <olm/outbound_group_session.h>

#include "mx-json.h"

/* The one file that sees libolm. It decodes in place and destroys what it is given, so each call
 * gets a copy of its own. olm_session_describe() has overrun its buffer and is never called. */

#define BACKEND_ID "L1"
/* The vault seals the pickles, not this. */
#define PICKLE_KEY "pidgin-matrix"
/* Far beyond the pickle of an account with all its keys (8 KiB) */
#define MAX_PICKLE 65536

const char *mx_ratchet_backend_id(void)
{
    return BACKEND_ID;
}

static gboolean set_error(GError **error, enum OlmErrorCode code)
{
    MxRatchetError ours = MX_RATCHET_ERROR_DAMAGED;
    if (code == OLM_BAD_MESSAGE_KEY_ID)
        ours = MX_RATCHET_ERROR_UNKNOWN_KEY;
    else if (code == OLM_UNKNOWN_MESSAGE_INDEX)
        ours = MX_RATCHET_ERROR_UNKNOWN_INDEX;
    else if (code == OLM_BAD_SESSION_KEY || code == OLM_BAD_SIGNATURE)
        ours = MX_RATCHET_ERROR_BAD_KEY;
    g_set_error(error, MX_RATCHET_ERROR, ours, "libolm's error %d", code);
    return FALSE;
}

static void set_pickle_error(GError **error)
{
    g_set_error_literal(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_PICKLE, "A damaged pickle");
}

static gboolean failed(size_t result)
{
    return result == olm_error();
}

/* A copy for libolm to decode in place; NULL when it can be no pickle. */
static guint8 *copy_pickle(GBytes *pickle, gsize *len, GError **error)
{
    const guint8 *data = g_bytes_get_data(pickle, len);
    if (*len > 0 && *len <= MAX_PICKLE)
        return g_memdup2(data, *len);
    set_pickle_error(error);
    return NULL;
}

/* libolm's four kinds of objects are alike but for their names: make, wipe, pickle, unpickle. */
#define OBJECT(Type, name)                                                                         \
    static Type *name##_make(void)                                                                 \
    {                                                                                              \
        return olm_##name(g_malloc(olm_##name##_size()));                                          \
    }                                                                                              \
                                                                                                   \
    static void name##_wipe(Type *object)                                                          \
    {                                                                                              \
        olm_clear_##name(object);                                                                  \
        g_free(object);                                                                            \
    }                                                                                              \
                                                                                                   \
    static GBytes *name##_pickle(Type *object, GError **error)                                     \
    {                                                                                              \
        gsize len = olm_pickle_##name##_length(object);                                            \
        guint8 *data = g_malloc(len);                                                              \
        gboolean bad =                                                                             \
            failed(olm_pickle_##name(object, PICKLE_KEY, strlen(PICKLE_KEY), data, len));          \
        GBytes *bytes = mx_secret_bytes_new_take(data, len);                                       \
        if (bad)                                                                                   \
            set_pickle_error(error);                                                               \
        if (bad)                                                                                   \
            g_clear_pointer(&bytes, g_bytes_unref);                                                \
        return bytes;                                                                              \
    }                                                                                              \
                                                                                                   \
    static Type *name##_unpickle(GBytes *pickle, GError **error)                                   \
    {                                                                                              \
        gsize len;                                                                                 \
        guint8 *data = copy_pickle(pickle, &len, error);                                           \
        if (data == NULL)                                                                          \
            return NULL;                                                                           \
        Type *object = name##_make();                                                              \
        gboolean bad =                                                                             \
            failed(olm_unpickle_##name(object, PICKLE_KEY, strlen(PICKLE_KEY), data, len));        \
        mx_memzero(data, len);                                                                     \
        g_free(data);                                                                              \
        if (bad)                                                                                   \
            set_pickle_error(error);                                                               \
        if (bad)                                                                                   \
            g_clear_pointer(&object, name##_wipe);                                                 \
        return object;                                                                             \
    }                                                                                              \
    G_DEFINE_AUTOPTR_CLEANUP_FUNC(Type, name##_wipe)

OBJECT(OlmAccount, account)
OBJECT(OlmSession, session)
OBJECT(OlmOutboundGroupSession, outbound_group_session)
OBJECT(OlmInboundGroupSession, inbound_group_session)

/* ---- the account ---- */

struct _MxOlmAccount {
    OlmAccount *olm;
};

/* Takes olm, which may be NULL. */
static MxOlmAccount *wrap_account(OlmAccount *olm)
{
    if (olm == NULL)
        return NULL;
    MxOlmAccount *account = g_new0(MxOlmAccount, 1);
    account->olm = olm;
    return account;
}

MxOlmAccount *mx_olm_account_new(GError **error)
{
    g_autoptr(OlmAccount) olm = account_make();
    gsize len = olm_create_account_random_length(olm);
    g_autofree guint8 *random = mx_ratchet_random(len, error);
    if (random == NULL)
        return NULL;
    olm_create_account(olm, random, len);
    return wrap_account(g_steal_pointer(&olm));
}

void mx_olm_account_free(MxOlmAccount *account)
{
    if (account == NULL)
        return;
    account_wipe(account->olm);
    g_free(account);
}

GBytes *mx_olm_account_pickle(MxOlmAccount *account, GError **error)
{
    return account_pickle(account->olm, error);
}

MxOlmAccount *mx_olm_account_unpickle(GBytes *pickle, GError **error)
{
    return wrap_account(account_unpickle(pickle, error));
}

static void get_key(JsonObject *keys, const char *name, guint8 *key)
{
    const char *text = mx_json_string(keys, name);
    if (key != NULL && !mx_base64_decode_fixed(text, key, MX_KEY_LEN))
        g_assert_not_reached(); /* it is libolm that wrote it */
}

void mx_olm_account_get_keys(MxOlmAccount *account, guint8 curve[32], guint8 ed[32])
{
    gsize len = olm_account_identity_keys_length(account->olm);
    g_autofree char *text = g_malloc(len);
    olm_account_identity_keys(account->olm, text, len);
    g_autoptr(JsonObject) keys = mx_json_parse_object(text, (gssize)len, NULL);
    get_key(keys, "curve25519", curve);
    get_key(keys, "ed25519", ed);
}

char *mx_olm_account_sign(MxOlmAccount *account, const char *text, gsize len)
{
    gsize signature_len = olm_account_signature_length(account->olm);
    char *signature = g_malloc0(signature_len + 1);
    olm_account_sign(account->olm, text, len, signature, signature_len);
    return signature;
}

guint mx_olm_account_get_max_one_time_keys(MxOlmAccount *account)
{
    return (guint)olm_account_max_number_of_one_time_keys(account->olm);
}

gboolean mx_olm_account_generate_one_time_keys(MxOlmAccount *account, guint n, GError **error)
{
    if (n == 0)
        return TRUE;
    gsize len = olm_account_generate_one_time_keys_random_length(account->olm, n);
    g_autofree guint8 *random = mx_ratchet_random(len, error);
    if (random == NULL)
        return FALSE;
    olm_account_generate_one_time_keys(account->olm, n, random, len);
    mx_memzero(random, len);
    return TRUE;
}

/* {"curve25519": {"AAAAAQ": "base64", ...}}, the newest key first, becomes a list with the oldest
 * first: the order in which they are to be claimed. */
static GPtrArray *parse_keys(const char *text, gsize len)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)mx_one_time_key_free);
    g_autoptr(JsonObject) root = mx_json_parse_object(text, (gssize)len, NULL);
    JsonObject *keys = mx_json_object(root, "curve25519");
    g_autoptr(GList) ids = keys != NULL ? json_object_get_members(keys) : NULL;
    for (GList *l = g_list_last(ids); l != NULL; l = l->prev) {
        MxOneTimeKey *key = g_new0(MxOneTimeKey, 1);
        key->id = g_strdup(l->data);
        key->key = g_strdup(mx_json_string(keys, l->data));
        g_ptr_array_add(list, key);
    }
    return list;
}

GPtrArray *mx_olm_account_list_unpublished(MxOlmAccount *account)
{
    gsize len = olm_account_one_time_keys_length(account->olm);
    g_autofree char *text = g_malloc(len);
    gsize written = olm_account_one_time_keys(account->olm, text, len);
    return parse_keys(text, failed(written) ? 0 : written);
}

void mx_olm_account_mark_published(MxOlmAccount *account)
{
    olm_account_mark_keys_as_published(account->olm);
}

gboolean mx_olm_account_generate_fallback(MxOlmAccount *account, GError **error)
{
    gsize len = olm_account_generate_fallback_key_random_length(account->olm);
    g_autofree guint8 *random = mx_ratchet_random(len, error);
    if (random == NULL)
        return FALSE;
    olm_account_generate_fallback_key(account->olm, random, len);
    mx_memzero(random, len);
    return TRUE;
}

MxOneTimeKey *mx_olm_account_get_unpublished_fallback(MxOlmAccount *account)
{
    gsize len = olm_account_unpublished_fallback_key_length(account->olm);
    g_autofree char *text = g_malloc(len);
    gsize written = olm_account_unpublished_fallback_key(account->olm, text, len);
    g_autoptr(GPtrArray) keys = parse_keys(text, failed(written) ? 0 : written);
    return keys->len > 0 ? g_ptr_array_steal_index(keys, 0) : NULL;
}

void mx_olm_account_forget_old_fallback(MxOlmAccount *account)
{
    olm_account_forget_old_fallback_key(account->olm);
}

/* ---- Olm sessions ---- */

struct _MxOlmSession {
    OlmSession *olm;
};

/* Takes olm, which may be NULL. */
static MxOlmSession *wrap_session(OlmSession *olm)
{
    if (olm == NULL)
        return NULL;
    MxOlmSession *session = g_new0(MxOlmSession, 1);
    session->olm = olm;
    return session;
}

MxOlmSession *mx_olm_account_create_outbound(MxOlmAccount *account, const guint8 identity[32],
                                             const guint8 one_time[32], GError **error)
{
    if (!mx_ratchet_check_curve_key(identity, error) ||
        !mx_ratchet_check_curve_key(one_time, error))
        return NULL;
    g_autoptr(OlmSession) olm = session_make();
    gsize len = olm_create_outbound_session_random_length(olm);
    g_autofree guint8 *random = mx_ratchet_random(len, error);
    if (random == NULL)
        return NULL;
    g_autofree char *identity_text = mx_base64_encode(identity, MX_KEY_LEN);
    g_autofree char *one_time_text = mx_base64_encode(one_time, MX_KEY_LEN);
    size_t result =
        olm_create_outbound_session(olm, account->olm, identity_text, strlen(identity_text),
                                    one_time_text, strlen(one_time_text), random, len);
    mx_memzero(random, len);
    if (failed(result)) {
        set_error(error, olm_session_last_error_code(olm));
        return NULL;
    }
    return wrap_session(g_steal_pointer(&olm));
}

static GBytes *session_decrypt(OlmSession *olm, guint type, const MxOlmEnvelope *envelope,
                               GError **error)
{
    g_autofree char *body = g_strdup(envelope->body);
    guint8 *plaintext = g_malloc0(envelope->ciphertext_len);
    size_t len = olm_decrypt(olm, type, body, strlen(body), plaintext, envelope->ciphertext_len);
    if (!failed(len))
        return mx_secret_bytes_new_take(plaintext, len);
    mx_memzero(plaintext, envelope->ciphertext_len);
    g_free(plaintext);
    set_error(error, olm_session_last_error_code(olm));
    return NULL;
}

MxOlmSession *mx_olm_account_create_inbound(MxOlmAccount *account, const guint8 identity[32],
                                            const char *body, GBytes **plaintext, GError **error)
{
    *plaintext = NULL;
    g_auto(MxOlmEnvelope) envelope;
    if (!mx_olm_envelope_read(&envelope, MX_OLM_PRE_KEY, body, error))
        return NULL;
    if (memcmp(envelope.identity, identity, MX_KEY_LEN) != 0) {
        g_set_error_literal(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_DAMAGED,
                            "A message of another device");
        return NULL;
    }
    g_autoptr(OlmSession) olm = session_make();
    g_autofree char *copy = g_strdup(envelope.body);
    if (failed(olm_create_inbound_session(olm, account->olm, copy, strlen(copy)))) {
        set_error(error, olm_session_last_error_code(olm));
        return NULL;
    }
    g_autoptr(GBytes) text = session_decrypt(olm, MX_OLM_PRE_KEY, &envelope, error);
    if (text == NULL)
        return NULL;
    /* The first change of the account, and the last thing that could fail (C7) */
    if (failed(olm_remove_one_time_keys(account->olm, olm))) {
        set_error(error, olm_account_last_error_code(account->olm));
        return NULL;
    }
    *plaintext = g_steal_pointer(&text);
    return wrap_session(g_steal_pointer(&olm));
}

void mx_olm_session_free(MxOlmSession *session)
{
    if (session == NULL)
        return;
    session_wipe(session->olm);
    g_free(session);
}

GBytes *mx_olm_session_pickle(MxOlmSession *session, GError **error)
{
    return session_pickle(session->olm, error);
}

MxOlmSession *mx_olm_session_unpickle(GBytes *pickle, GError **error)
{
    return wrap_session(session_unpickle(pickle, error));
}

char *mx_olm_session_get_id(MxOlmSession *session)
{
    gsize len = olm_session_id_length(session->olm);
    char *id = g_malloc0(len + 1);
    olm_session_id(session->olm, id, len);
    return id;
}

static gboolean session_matches(OlmSession *olm, const MxOlmEnvelope *envelope)
{
    g_autofree char *body = g_strdup(envelope->body);
    return olm_matches_inbound_session(olm, body, strlen(body)) == 1;
}

gboolean mx_olm_session_matches_pre_key(MxOlmSession *session, const guint8 identity[32],
                                        const char *body)
{
    g_auto(MxOlmEnvelope) envelope;
    return mx_olm_envelope_read(&envelope, MX_OLM_PRE_KEY, body, NULL) &&
           memcmp(envelope.identity, identity, MX_KEY_LEN) == 0 &&
           session_matches(session->olm, &envelope);
}

gboolean mx_olm_session_has_received(MxOlmSession *session)
{
    return olm_session_has_received_message(session->olm) != 0;
}

static gboolean check_length(gsize body_len, GError **error)
{
    if (body_len <= MX_RATCHET_MAX_BODY)
        return TRUE;
    g_set_error_literal(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_TOO_LONG, "Too long a text");
    return FALSE;
}

gboolean mx_olm_session_encrypt(MxOlmSession *session, const void *text, gsize len, guint *type,
                                char **body, GError **error)
{
    gsize body_len = olm_encrypt_message_length(session->olm, MIN(len, MX_RATCHET_MAX_BODY));
    if (!check_length(body_len, error))
        return FALSE;
    gsize random_len = olm_encrypt_random_length(session->olm);
    g_autofree guint8 *random = mx_ratchet_random(MAX(random_len, 1), error);
    if (random == NULL)
        return FALSE;
    guint message_type = (guint)olm_encrypt_message_type(session->olm);
    g_autofree char *message = g_malloc0(body_len + 1);
    size_t result = olm_encrypt(session->olm, text, len, random, random_len, message, body_len);
    mx_memzero(random, random_len);
    if (failed(result))
        return set_error(error, olm_session_last_error_code(session->olm));
    *type = message_type;
    *body = g_steal_pointer(&message);
    return TRUE;
}

GBytes *mx_olm_session_decrypt(MxOlmSession *session, guint type, const char *body, GError **error)
{
    g_auto(MxOlmEnvelope) envelope;
    if (!mx_olm_envelope_read(&envelope, type, body, error))
        return NULL;
    /* libolm would decrypt the message inside whatever the keys around it. */
    if (type == MX_OLM_PRE_KEY && !session_matches(session->olm, &envelope)) {
        set_error(error, OLM_BAD_MESSAGE_KEY_ID);
        return NULL;
    }
    return session_decrypt(session->olm, type, &envelope, error);
}

/* ---- outbound Megolm sessions ---- */

struct _MxMegolmOutbound {
    OlmOutboundGroupSession *olm;
};

/* Takes olm, which may be NULL. */
static MxMegolmOutbound *wrap_outbound(OlmOutboundGroupSession *olm)
{
    if (olm == NULL)
        return NULL;
    MxMegolmOutbound *session = g_new0(MxMegolmOutbound, 1);
    session->olm = olm;
    return session;
}

MxMegolmOutbound *mx_megolm_outbound_new(GError **error)
{
    g_autoptr(OlmOutboundGroupSession) olm = outbound_group_session_make();
    gsize len = olm_init_outbound_group_session_random_length(olm);
    g_autofree guint8 *random = mx_ratchet_random(len, error);
    if (random == NULL)
        return NULL;
    olm_init_outbound_group_session(olm, random, len);
    mx_memzero(random, len);
    return wrap_outbound(g_steal_pointer(&olm));
}

void mx_megolm_outbound_free(MxMegolmOutbound *session)
{
    if (session == NULL)
        return;
    outbound_group_session_wipe(session->olm);
    g_free(session);
}

GBytes *mx_megolm_outbound_pickle(MxMegolmOutbound *session, GError **error)
{
    return outbound_group_session_pickle(session->olm, error);
}

MxMegolmOutbound *mx_megolm_outbound_unpickle(GBytes *pickle, GError **error)
{
    return wrap_outbound(outbound_group_session_unpickle(pickle, error));
}

char *mx_megolm_outbound_get_id(MxMegolmOutbound *session)
{
    gsize len = olm_outbound_group_session_id_length(session->olm);
    char *id = g_malloc0(len + 1);
    olm_outbound_group_session_id(session->olm, (guint8 *)id, len);
    return id;
}

guint32 mx_megolm_outbound_get_index(MxMegolmOutbound *session)
{
    return olm_outbound_group_session_message_index(session->olm);
}

char *mx_megolm_outbound_get_session_key(MxMegolmOutbound *session)
{
    gsize len = olm_outbound_group_session_key_length(session->olm);
    char *key = g_malloc0(len + 1);
    olm_outbound_group_session_key(session->olm, (guint8 *)key, len);
    return key;
}

char *mx_megolm_outbound_encrypt(MxMegolmOutbound *session, const void *text, gsize len,
                                 GError **error)
{
    gsize body_len = olm_group_encrypt_message_length(session->olm, MIN(len, MX_RATCHET_MAX_BODY));
    if (!check_length(body_len, error))
        return NULL;
    g_autofree char *body = g_malloc0(body_len + 1);
    if (failed(olm_group_encrypt(session->olm, text, len, (guint8 *)body, body_len))) {
        set_error(error, olm_outbound_group_session_last_error_code(session->olm));
        return NULL;
    }
    return g_steal_pointer(&body);
}

/* ---- inbound Megolm sessions ---- */

struct _MxMegolmInbound {
    OlmInboundGroupSession *olm;
    GBytes *pickle; /* as it was made: libolm's own would tell how far it was used (I14) */
    guint8 signing_key[MX_KEY_LEN];
    char *id; /* the signing key, base64 */
    guint32 first_index;
};

/* Takes olm, and pickle, which may be NULL. */
static MxMegolmInbound *wrap_inbound(OlmInboundGroupSession *olm, GBytes *pickle, GError **error)
{
    g_autoptr(MxMegolmInbound) session = g_new0(MxMegolmInbound, 1);
    session->olm = olm;
    session->first_index = olm_inbound_group_session_first_known_index(olm);
    session->pickle = pickle != NULL ? pickle : inbound_group_session_pickle(olm, error);
    if (session->pickle == NULL)
        return NULL;
    gsize len = olm_inbound_group_session_id_length(olm);
    session->id = g_malloc0(len + 1);
    olm_inbound_group_session_id(olm, (guint8 *)session->id, len);
    if (!mx_base64_decode_fixed(session->id, session->signing_key, MX_KEY_LEN)) {
        set_pickle_error(error);
        return NULL;
    }
    return g_steal_pointer(&session);
}

typedef size_t (*InboundReader)(OlmInboundGroupSession *, const uint8_t *, size_t);

static MxMegolmInbound *read_session_key(const char *text, gboolean exported, GError **error)
{
    char *key = mx_megolm_session_key_check(text, exported, error);
    if (key == NULL)
        return NULL;
    InboundReader reader =
        exported ? olm_import_inbound_group_session : olm_init_inbound_group_session;
    g_autoptr(OlmInboundGroupSession) olm = inbound_group_session_make();
    gsize len = strlen(key);
    size_t result = reader(olm, (guint8 *)key, len);
    mx_memzero(key, len);
    g_free(key);
    if (failed(result)) {
        set_error(error, olm_inbound_group_session_last_error_code(olm));
        return NULL;
    }
    return wrap_inbound(g_steal_pointer(&olm), NULL, error);
}

MxMegolmInbound *mx_megolm_inbound_new(const char *session_key, GError **error)
{
    return read_session_key(session_key, FALSE, error);
}

MxMegolmInbound *mx_megolm_inbound_import(const char *exported, GError **error)
{
    return read_session_key(exported, TRUE, error);
}

void mx_megolm_inbound_free(MxMegolmInbound *session)
{
    if (session == NULL)
        return;
    inbound_group_session_wipe(session->olm);
    g_clear_pointer(&session->pickle, g_bytes_unref);
    g_free(session->id);
    g_free(session);
}

GBytes *mx_megolm_inbound_pickle(MxMegolmInbound *session, GError **error)
{
    return g_bytes_ref(session->pickle);
}

MxMegolmInbound *mx_megolm_inbound_unpickle(GBytes *pickle, GError **error)
{
    OlmInboundGroupSession *olm = inbound_group_session_unpickle(pickle, error);
    if (olm == NULL)
        return NULL;
    gsize len;
    const guint8 *data = g_bytes_get_data(pickle, &len);
    return wrap_inbound(olm, mx_secret_bytes_new_take(g_memdup2(data, len), len), error);
}

char *mx_megolm_inbound_get_id(MxMegolmInbound *session)
{
    return g_strdup(session->id);
}

guint32 mx_megolm_inbound_get_first_index(MxMegolmInbound *session)
{
    return session->first_index;
}

/* libolm counts in a circle, and so would take an index before the first one for one far beyond.
 * Half the circle is more than any sender uses; the way there is 1000 hashes at most. */
static gboolean check_index(MxMegolmInbound *session, guint32 index, GError **error)
{
    if (index < session->first_index)
        return set_error(error, OLM_UNKNOWN_MESSAGE_INDEX);
    if (index - session->first_index >= 1U << 31)
        return set_error(error, OLM_BAD_MESSAGE_FORMAT);
    return TRUE;
}

GBytes *mx_megolm_inbound_decrypt(MxMegolmInbound *session, const char *body, guint32 *index,
                                  GError **error)
{
    g_auto(MxMegolmEnvelope) envelope;
    if (!mx_megolm_envelope_read(&envelope, body, session->signing_key, error) ||
        !check_index(session, envelope.index, error))
        return NULL;
    guint8 *plaintext = g_malloc0(envelope.ciphertext_len);
    guint32 found;
    size_t len = olm_group_decrypt(session->olm, (guint8 *)envelope.body, strlen(envelope.body),
                                   plaintext, envelope.ciphertext_len, &found);
    if (!failed(len)) {
        if (index != NULL)
            *index = envelope.index;
        return mx_secret_bytes_new_take(plaintext, len);
    }
    mx_memzero(plaintext, envelope.ciphertext_len);
    g_free(plaintext);
    set_error(error, olm_inbound_group_session_last_error_code(session->olm));
    return NULL;
}

char *mx_megolm_inbound_export(MxMegolmInbound *session, guint32 index, GError **error)
{
    if (!check_index(session, index, error))
        return NULL;
    gsize len = olm_export_inbound_group_session_length(session->olm);
    char *key = g_malloc0(len + 1);
    if (!failed(olm_export_inbound_group_session(session->olm, (guint8 *)key, len, index)))
        return key;
    set_error(error, olm_inbound_group_session_last_error_code(session->olm));
    mx_secret_free(key);
    return NULL;
}
