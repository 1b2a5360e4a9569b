/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-outbound.h"

#include <string.h>

#include "mx-inbound.h"
#include "mx-old-copy.h"
#include "mx-primitives.h"
#include "mx-room-encryption.h"

#define SEALED_PICKLE "outbound" /* key: ROOM_ID */
/* For so long, and for so many sessions of a room, a device can still ask for what it was given. */
#define PAST_MS (G_GINT64_CONSTANT(30) * 24 * 60 * 60 * 1000)
#define MAX_PAST 50
#define SEALED_KEY "outbound-key" /* key: ROOM_ID SESSION_ID INDEX; m.room_key's session_key */

void mx_outbound_free(MxOutbound *outbound)
{
    if (outbound == NULL)
        return;
    mx_outbound_row_free(outbound->row);
    mx_megolm_outbound_free(outbound->session);
    g_free(outbound);
}

static gboolean save(MxCrypto *crypto, const MxRoomRow *room, const MxOutbound *outbound)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) pickle = mx_megolm_outbound_pickle(outbound->session, &error);
    if (pickle == NULL) {
        mx_store_set_failed(crypto->store, error);
        return FALSE;
    }
    mx_crypto_save(crypto, SEALED_PICKLE, room->room_id, pickle);
    mx_store_save_outbound(crypto->store, outbound->row);
    return TRUE;
}

/* ---- rotation ---- */

/* H5. Settings that were changed since may shorten a session's life, never lengthen it (G5). */
static gboolean is_used_up(MxCrypto *crypto, const MxOutboundRow *row)
{
    MxRoomEncryption settings;
    if (!mx_room_encryption_read(crypto->store, row->room, &settings))
        return TRUE;
    gint64 age = crypto->get_now_ms() - row->created_ms;
    return age < 0 || age >= MIN(row->period_ms, settings.period_ms) ||
           row->n_messages >= MIN(row->period_msgs, settings.period_msgs);
}

MxOutbound *mx_outbound_get(MxCrypto *crypto, const MxRoomRow *room)
{
    g_autoptr(MxOutboundRow) row = mx_store_get_outbound(crypto->store, room->key);
    if (row == NULL || row->stale || is_used_up(crypto, row) ||
        row->shared_history != mx_room_encryption_shares_history(crypto->store, room->key))
        return NULL;
    g_autoptr(GBytes) pickle = mx_crypto_load(crypto, SEALED_PICKLE, room->room_id);
    MxMegolmOutbound *session = pickle != NULL ? mx_megolm_outbound_unpickle(pickle, NULL) : NULL;
    if (session == NULL)
        return NULL;
    MxOutbound *outbound = g_new0(MxOutbound, 1);
    outbound->row = g_steal_pointer(&row);
    outbound->session = session;
    return outbound;
}

/* ---- the end of sessions ---- */

static void remove_keys(MxCrypto *crypto, const MxPastOutbound *past)
{
    g_autofree char *prefix = g_strdup_printf("%s %s ", past->room_id, past->session_id);
    g_autoptr(GPtrArray) keys = mx_store_list_sealed(crypto->store, SEALED_KEY, prefix);
    for (guint i = 0; i < keys->len; i++)
        mx_crypto_save(crypto, SEALED_KEY, g_ptr_array_index(keys, i), NULL);
}

/* What the session before is needed for yet is to give it once more to who was given it (K1): in
 * the end it is forgotten. What has been sent with it stays readable here, by its inbound twin. */
static void end_session(MxCrypto *crypto, const MxRoomRow *room)
{
    gint64 now = crypto->get_now_ms();
    g_autoptr(MxOutboundRow) before = mx_store_get_outbound(crypto->store, room->key);
    if (before != NULL)
        mx_store_add_past_outbound(crypto->store, room->room_id, before->session_id, now);
    g_autoptr(GPtrArray) past =
        mx_store_take_past_outbounds(crypto->store, now - PAST_MS, MAX_PAST);
    for (guint i = 0; i < past->len; i++)
        remove_keys(crypto, g_ptr_array_index(past, i));
}

/* ---- making ---- */

static void add_twin(MxCrypto *crypto, const MxRoomRow *room, const MxOutbound *outbound)
{
    char *session_key = mx_megolm_outbound_get_session_key(outbound->session);
    MxRoomKey key = {
        .room_id = room->room_id,
        .session_id = outbound->row->session_id,
        .session_key = session_key,
        .sender = crypto->user_id,
        .curve25519 = crypto->curve25519,
        .ed25519 = crypto->ed25519,
        .source = MX_KEY_SOURCE_SELF,
        .shared_history = outbound->row->shared_history,
    };
    mx_inbound_add(crypto, &key);
    mx_secret_free(session_key);
}

MxOutbound *mx_outbound_new(MxCrypto *crypto, const MxRoomRow *room)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MxOutbound) outbound = g_new0(MxOutbound, 1);
    MxRoomEncryption settings = {0};
    mx_room_encryption_read(crypto->store, room->key, &settings);
    end_session(crypto, room);
    outbound->session = mx_megolm_outbound_new(&error);
    if (outbound->session == NULL) {
        mx_store_set_failed(crypto->store, error);
        return NULL;
    }
    MxOutboundRow *row = outbound->row = g_new0(MxOutboundRow, 1);
    row->room = room->key;
    row->session_id = mx_megolm_outbound_get_id(outbound->session);
    row->created_ms = crypto->get_now_ms();
    row->period_ms = settings.period_ms;
    row->period_msgs = settings.period_msgs;
    row->shared_history = mx_room_encryption_shares_history(crypto->store, room->key);
    if (!save(crypto, room, outbound))
        return NULL;
    add_twin(crypto, room, outbound);
    return g_steal_pointer(&outbound);
}

char *mx_outbound_encrypt(MxCrypto *crypto, const MxRoomRow *room, MxOutbound *outbound,
                          const char *payload, GError **error)
{
    g_autofree char *body =
        mx_megolm_outbound_encrypt(outbound->session, payload, strlen(payload), error);
    if (body == NULL)
        return NULL;
    outbound->row->n_messages++;
    save(crypto, room, outbound);
    mx_old_copy_note_use(crypto);
    return g_steal_pointer(&body);
}

/* ---- keys ---- */

static char *make_key_name(const char *room_id, const char *session_id, gint64 index)
{
    return g_strdup_printf("%s %s %" G_GINT64_FORMAT, room_id, session_id, index);
}

char *mx_outbound_keep_key(MxCrypto *crypto, const MxRoomRow *room, const MxOutbound *outbound)
{
    g_autofree char *name = make_key_name(room->room_id, outbound->row->session_id,
                                          (gint64)mx_megolm_outbound_get_index(outbound->session));
    char *key = mx_megolm_outbound_get_session_key(outbound->session);
    /* The bytes are the string itself, so that there is no second copy to be zeroed. */
    g_autoptr(GBytes) bytes = g_bytes_new_static(key, strlen(key));
    mx_crypto_save(crypto, SEALED_KEY, name, bytes);
    return key;
}

char *mx_outbound_load_key(MxCrypto *crypto, const char *room_id, const char *session_id,
                           gint64 index)
{
    g_autofree char *name = make_key_name(room_id, session_id, index);
    g_autoptr(GBytes) bytes = mx_crypto_load(crypto, SEALED_KEY, name);
    if (bytes == NULL)
        return NULL;
    gsize len;
    const char *text = g_bytes_get_data(bytes, &len);
    return g_strndup(text, len);
}
