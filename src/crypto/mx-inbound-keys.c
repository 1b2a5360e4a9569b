/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <string.h>

#include "mx-crypto-private.h"
#include "mx-inbound-private.h"
#include "mx-key-request.h"
#include "mx-primitives.h"
#include "mx-store-strangers.h"

/* The inbound sessions: what is known of each stands in one sealed row, which changes only when a
 * better copy of the session comes (I14). */

#define KIND "kept-inbound" /* a new device of the same user reads with them too */
#define FORMAT 1
#define MAX_ID 255
#define SESSION_ID_LEN 43
/* Sessions kept ready: making one anew costs more than a message (W2). */
#define MAX_READY 400
#define MAX_CODE 64
#define MAX_REASON 200

typedef struct {
    char *key;
    MxInboundSession session;
    GList link; /* in used */
} Ready;

typedef struct {
    GHashTable *by_key; /* key -> Ready */
    GQueue used;        /* Ready, the last used one first */
} Inbound;

static void session_clear(MxInboundSession *session)
{
    mx_megolm_inbound_free(session->ratchet);
    g_free(session->sender);
    g_free(session->curve25519);
    g_free(session->ed25519);
    g_free(session->forwarder);
}

static void ready_free(gpointer data)
{
    Ready *ready = data;
    session_clear(&ready->session);
    g_free(ready->key);
    g_free(ready);
}

gpointer mx_inbound_part_new(void)
{
    Inbound *inbound = g_new0(Inbound, 1);
    inbound->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, ready_free);
    return inbound;
}

void mx_inbound_part_free(gpointer part)
{
    Inbound *inbound = part;
    g_hash_table_unref(inbound->by_key);
    g_free(inbound);
}

static void forget_ready(Inbound *inbound, Ready *ready)
{
    g_queue_unlink(&inbound->used, &ready->link);
    g_hash_table_remove(inbound->by_key, ready->key);
}

/* Takes the session's members. */
static MxInboundSession *put_ready(Inbound *inbound, const char *key, MxInboundSession *session)
{
    Ready *before = g_hash_table_lookup(inbound->by_key, key);
    if (before != NULL)
        forget_ready(inbound, before);
    if (inbound->used.length >= MAX_READY)
        forget_ready(inbound, inbound->used.tail->data);
    Ready *ready = g_new0(Ready, 1);
    ready->key = g_strdup(key);
    ready->session = *session;
    memset(session, 0, sizeof *session);
    ready->link.data = ready;
    g_queue_push_head_link(&inbound->used, &ready->link);
    g_hash_table_insert(inbound->by_key, ready->key, ready);
    return &ready->session;
}

/* ---- the row: FORMAT, source, shared_history, four strings with their NUL, the pickle ---- */

static void append_text(GByteArray *bytes, const char *text)
{
    text = text != NULL ? text : "";
    g_byte_array_append(bytes, (const guint8 *)text, strlen(text) + 1);
}

static char *take_text(const guint8 **at, const guint8 *end)
{
    const guint8 *nul = *at < end ? memchr(*at, '\0', end - *at) : NULL;
    if (nul == NULL)
        return NULL;
    char *text = nul > *at ? g_strdup((const char *)*at) : NULL;
    *at = nul + 1;
    return text;
}

static void save(MxCrypto *crypto, const char *key, const MxInboundSession *session)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) pickle = mx_megolm_inbound_pickle(session->ratchet, &error);
    if (pickle == NULL) {
        mx_store_set_failed(crypto->store, error);
        return;
    }
    GByteArray *bytes = g_byte_array_sized_new(1024);
    guint8 head[] = {FORMAT, session->source, session->shared_history};
    gsize len;
    const guint8 *data = g_bytes_get_data(pickle, &len);
    g_byte_array_append(bytes, head, sizeof head);
    append_text(bytes, session->sender);
    append_text(bytes, session->curve25519);
    append_text(bytes, session->ed25519);
    append_text(bytes, session->forwarder);
    /* Room for all of it first: growing would leave a copy of the secret behind. */
    guint head_len = bytes->len;
    guint8 *whole = g_malloc(head_len + len);
    memcpy(whole, bytes->data, head_len);
    memcpy(whole + head_len, data, len);
    g_byte_array_unref(bytes);
    g_autoptr(GBytes) row = mx_secret_bytes_new_take(whole, head_len + len);
    mx_crypto_save(crypto, KIND, key, row);
}

static gboolean load(MxCrypto *crypto, const char *key, MxInboundSession *session)
{
    g_autoptr(GBytes) row = mx_crypto_load(crypto, KIND, key);
    gsize len = 0;
    const guint8 *at = row != NULL ? g_bytes_get_data(row, &len) : NULL;
    const guint8 *end = at != NULL ? at + len : NULL;
    if (at == NULL || len < 3 || at[0] != FORMAT || at[1] > MX_KEY_SOURCE_BUNDLE)
        return FALSE;
    session->source = at[1];
    session->shared_history = at[2] != 0;
    at += 3;
    session->sender = take_text(&at, end);
    session->curve25519 = take_text(&at, end);
    session->ed25519 = take_text(&at, end);
    session->forwarder = take_text(&at, end);
    g_autoptr(GBytes) pickle = g_bytes_new_from_bytes(row, len - (end - at), end - at);
    session->ratchet = mx_megolm_inbound_unpickle(pickle, NULL);
    if (session->ratchet != NULL && session->curve25519 != NULL)
        return TRUE;
    session_clear(session);
    memset(session, 0, sizeof *session);
    return FALSE;
}

static char *make_key(const char *room_id, const char *session_id)
{
    return g_strconcat(room_id, "|", session_id, NULL);
}

gboolean mx_inbound_is_session_id(const char *session_id)
{
    guint8 bytes[MX_KEY_LEN];
    return session_id != NULL && strlen(session_id) == SESSION_ID_LEN &&
           mx_base64_decode_fixed(session_id, bytes, sizeof bytes);
}

MxInboundSession *mx_inbound_find(MxCrypto *crypto, const char *room_id, const char *session_id)
{
    Inbound *inbound = mx_crypto_get_part(crypto, MX_CRYPTO_PART_INBOUND);
    if (!mx_inbound_is_session_id(session_id))
        return NULL;
    g_autofree char *key = make_key(room_id, session_id);
    Ready *ready = g_hash_table_lookup(inbound->by_key, key);
    if (ready != NULL) {
        g_queue_unlink(&inbound->used, &ready->link);
        g_queue_push_head_link(&inbound->used, &ready->link);
        return &ready->session;
    }
    MxInboundSession session = {0};
    return load(crypto, key, &session) ? put_ready(inbound, key, &session) : NULL;
}

/* ---- taking keys ---- */

/* The session's own signature is in the form that its creator gives away, and in no other. */
static gboolean is_signed(MxKeySource source)
{
    return source == MX_KEY_SOURCE_SELF || source == MX_KEY_SOURCE_DIRECT;
}

static gboolean read_key(const MxRoomKey *key, MxInboundSession *session)
{
    guint8 curve25519[MX_KEY_LEN], ed25519[MX_KEY_LEN];
    if (key->room_id == NULL || *key->room_id == '\0' || strlen(key->room_id) > MAX_ID ||
        key->session_key == NULL || !mx_inbound_is_session_id(key->session_id) ||
        !mx_base64_decode_fixed(key->curve25519, curve25519, sizeof curve25519) ||
        (key->ed25519 != NULL && !mx_base64_decode_fixed(key->ed25519, ed25519, sizeof ed25519)))
        return FALSE;
    session->ratchet = is_signed(key->source) ? mx_megolm_inbound_new(key->session_key, NULL)
                                              : mx_megolm_inbound_import(key->session_key, NULL);
    if (session->ratchet == NULL)
        return FALSE;
    g_autofree char *id = mx_megolm_inbound_get_id(session->ratchet); /* I2 */
    if (!g_str_equal(id, key->session_id)) {
        g_clear_pointer(&session->ratchet, mx_megolm_inbound_free);
        return FALSE;
    }
    session->source = key->source;
    session->shared_history = key->shared_history;
    session->sender = g_strdup(key->sender);
    /* One spelling of each key: they are compared as text. */
    session->curve25519 = mx_base64_encode(curve25519, sizeof curve25519);
    session->ed25519 = key->ed25519 != NULL ? mx_base64_encode(ed25519, sizeof ed25519) : NULL;
    session->forwarder = g_strdup(key->forwarder);
    return TRUE;
}

static void swap_strings(char **a, char **b)
{
    char *between = *a;
    *a = *b;
    *b = between;
}

/* I4, I5: what is better of known goes into fresh. FALSE: fresh is of no use. */
static gboolean merge(MxInboundSession *fresh, MxInboundSession *known)
{
    MxMegolmOrder order = mx_megolm_inbound_compare(fresh->ratchet, known->ratchet);
    /* One of the two is forged, and it is not the one that is signed: whoever can write a backup
     * must not keep the true key away with it. */
    if (order == MX_MEGOLM_UNCONNECTED && is_signed(fresh->source) && !is_signed(known->source))
        return TRUE;
    gboolean same_sender =
        fresh->sender == NULL || known->sender == NULL || g_str_equal(fresh->sender, known->sender);
    if (order == MX_MEGOLM_UNCONNECTED || !same_sender ||
        !g_str_equal(fresh->curve25519, known->curve25519))
        return FALSE;
    if (order != MX_MEGOLM_BETTER && fresh->source >= known->source)
        return FALSE;
    if (fresh->source >= known->source) {
        fresh->source = known->source;
        fresh->shared_history = known->shared_history;
        swap_strings(&fresh->sender, &known->sender);
        swap_strings(&fresh->ed25519, &known->ed25519);
        swap_strings(&fresh->forwarder, &known->forwarder);
    }
    if (order == MX_MEGOLM_WORSE) {
        MxMegolmInbound *ratchet = fresh->ratchet;
        fresh->ratchet = known->ratchet;
        known->ratchet = ratchet;
    }
    return TRUE;
}

/* What could not be read for want of it is tried again: noted with the key, so that no crash can
 * come between. */
static void tell(MxCrypto *crypto, const MxRoomKey *key)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room(crypto->store, key->room_id);
    mx_store_remove_withheld(crypto->store, key->room_id, key->session_id); /* L2 */
    mx_key_request_note_arrived(crypto, key->room_id, key->session_id);
    if (room == NULL)
        return;
    mx_store_retry_session(crypto->store, room->key, key->session_id);
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_SESSION, room->key, NULL, NULL, key->session_id);
}

/* What somebody gives unasked for is not kept without end. */
static void limit(MxCrypto *crypto, const MxRoomKey *key)
{
    Inbound *inbound = mx_crypto_get_part(crypto, MX_CRYPTO_PART_INBOUND);
    if ((key->source != MX_KEY_SOURCE_DIRECT && key->source != MX_KEY_SOURCE_BUNDLE) ||
        key->sender == NULL)
        return;
    mx_store_note_stray_key(crypto->store, key->sender, key->room_id, key->session_id);
    g_autoptr(GPtrArray) names = mx_store_take_stray_keys(crypto->store, key->sender);
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        Ready *ready = g_hash_table_lookup(inbound->by_key, name);
        if (ready != NULL)
            forget_ready(inbound, ready);
        mx_crypto_save(crypto, KIND, name, NULL);
    }
}

gboolean mx_inbound_add(MxCrypto *crypto, const MxRoomKey *key)
{
    MxInboundSession session = {0};
    if (!read_key(key, &session))
        return FALSE;
    MxInboundSession *known = mx_inbound_find(crypto, key->room_id, key->session_id);
    if (known != NULL && !merge(&session, known)) {
        session_clear(&session);
        return FALSE;
    }
    Inbound *inbound = mx_crypto_get_part(crypto, MX_CRYPTO_PART_INBOUND);
    g_autofree char *name = make_key(key->room_id, key->session_id);
    gboolean is_new = known == NULL;
    save(crypto, name, put_ready(inbound, name, &session));
    tell(crypto, key);
    if (is_new)
        limit(crypto, key);
    return TRUE;
}

/* ---- giving keys ---- */

gint64 mx_inbound_get_first_index(MxCrypto *crypto, const char *room_id, const char *session_id)
{
    MxInboundSession *session = mx_inbound_find(crypto, room_id, session_id);
    return session != NULL ? (gint64)mx_megolm_inbound_get_first_index(session->ratchet) : -1;
}

char *mx_inbound_export(MxCrypto *crypto, const char *room_id, const char *session_id, gint64 index)
{
    MxInboundSession *session = mx_inbound_find(crypto, room_id, session_id);
    if (session == NULL || index > G_MAXUINT32)
        return NULL;
    gint64 first = mx_megolm_inbound_get_first_index(session->ratchet);
    return mx_megolm_inbound_export(session->ratchet, MAX(index, first), NULL);
}

gboolean mx_inbound_get(MxCrypto *crypto, const char *room_id, const char *session_id,
                        MxRoomKey *key)
{
    MxInboundSession *session = mx_inbound_find(crypto, room_id, session_id);
    memset(key, 0, sizeof *key);
    if (session == NULL)
        return FALSE;
    key->session_key = mx_inbound_export(crypto, room_id, session_id, 0);
    if (key->session_key == NULL)
        return FALSE;
    key->room_id = g_strdup(room_id);
    key->session_id = g_strdup(session_id);
    key->sender = g_strdup(session->sender);
    key->curve25519 = g_strdup(session->curve25519);
    key->ed25519 = g_strdup(session->ed25519);
    key->forwarder = g_strdup(session->forwarder);
    key->source = session->source;
    key->shared_history = session->shared_history;
    return TRUE;
}

void mx_room_key_clear(MxRoomKey *key)
{
    g_free((char *)key->room_id);
    g_free((char *)key->session_id);
    mx_secret_free((char *)key->session_key);
    g_free((char *)key->sender);
    g_free((char *)key->curve25519);
    g_free((char *)key->ed25519);
    g_free((char *)key->forwarder);
    memset(key, 0, sizeof *key);
}

/* ---- withheld ---- */

static char *dup_briefly(const char *text, glong max)
{
    if (text == NULL || !g_utf8_validate(text, -1, NULL))
        return NULL;
    return g_utf8_substring(text, 0, MIN(max, g_utf8_strlen(text, -1)));
}

void mx_inbound_note_withheld(MxCrypto *crypto, const char *room_id, const char *session_id,
                              const char *sender, const char *code, const char *reason)
{
    gboolean is_of_all = room_id == NULL && session_id == NULL;
    if (sender == NULL || strlen(sender) > MAX_ID || code == NULL)
        return;
    if (!is_of_all &&
        (room_id == NULL || strlen(room_id) > MAX_ID || !mx_inbound_is_session_id(session_id)))
        return;
    /* What can be read is not withheld. */
    if (!is_of_all && mx_inbound_get_first_index(crypto, room_id, session_id) == 0)
        return;
    g_autofree char *short_code = dup_briefly(code, MAX_CODE);
    g_autofree char *short_reason = dup_briefly(reason, MAX_REASON);
    MxWithheldRow row = {.code = short_code, .reason = short_reason, .ts = crypto->get_now_ms()};
    if (short_code == NULL)
        return;
    mx_store_set_withheld(crypto->store, is_of_all ? "" : room_id, is_of_all ? "" : session_id,
                          sender, &row);
    g_autoptr(MxRoomRow) room = is_of_all ? NULL : mx_store_get_room(crypto->store, room_id);
    /* What still waits need not wait longer. */
    if (room != NULL)
        mx_store_hurry_session(crypto->store, room->key, session_id);
}
