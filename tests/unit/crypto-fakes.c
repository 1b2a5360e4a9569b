/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "crypto-fakes.h"

#include "mx-inbound.h"
#include "mx-key-request.h"
#include "mx-share.h"

gint64 fake_shared_index;
guint fake_n_reshared;
char fake_withheld[1000];

/* ---- mx-inbound.h: sessions in memory ---- */

typedef struct {
    MxRoomKey key;
    MxMegolmInbound *session;
} Stored;

static GHashTable *sessions; /* "device room session" -> Stored */

static void stored_free(gpointer data)
{
    Stored *stored = data;
    mx_room_key_clear(&stored->key);
    mx_megolm_inbound_free(stored->session);
    g_free(stored);
}

static Stored *find(MxCrypto *crypto, const char *room_id, const char *session_id)
{
    g_autofree char *name = g_strjoin(" ", crypto->device_id, room_id, session_id, NULL);
    return g_hash_table_lookup(sessions, name);
}

static void copy_key(MxRoomKey *to, const MxRoomKey *from)
{
    *to = *from;
    to->room_id = g_strdup(from->room_id);
    to->session_id = g_strdup(from->session_id);
    to->session_key = NULL;
    to->sender = g_strdup(from->sender);
    to->curve25519 = g_strdup(from->curve25519);
    to->ed25519 = g_strdup(from->ed25519);
    to->forwarder = g_strdup(from->forwarder);
}

void mx_room_key_clear(MxRoomKey *key)
{
    g_free((char *)key->room_id);
    g_free((char *)key->session_id);
    g_free((char *)key->session_key);
    g_free((char *)key->sender);
    g_free((char *)key->curve25519);
    g_free((char *)key->ed25519);
    g_free((char *)key->forwarder);
}

gboolean mx_inbound_add(MxCrypto *crypto, const MxRoomKey *key)
{
    gboolean is_signed = key->source <= MX_KEY_SOURCE_DIRECT;
    MxMegolmInbound *session = is_signed ? mx_megolm_inbound_new(key->session_key, NULL)
                                         : mx_megolm_inbound_import(key->session_key, NULL);
    g_autofree char *id = session != NULL ? mx_megolm_inbound_get_id(session) : NULL;
    if (g_strcmp0(id, key->session_id) != 0) {
        mx_megolm_inbound_free(session);
        return FALSE;
    }
    Stored *stored = g_new0(Stored, 1);
    copy_key(&stored->key, key);
    stored->session = session;
    g_hash_table_insert(
        sessions, g_strjoin(" ", crypto->device_id, key->room_id, key->session_id, NULL), stored);
    mx_key_request_note_arrived(crypto, key->room_id, key->session_id);
    return TRUE;
}

gint64 mx_inbound_get_first_index(MxCrypto *crypto, const char *room_id, const char *session_id)
{
    const Stored *stored = find(crypto, room_id, session_id);
    return stored != NULL ? (gint64)mx_megolm_inbound_get_first_index(stored->session) : -1;
}

char *mx_inbound_export(MxCrypto *crypto, const char *room_id, const char *session_id, gint64 index)
{
    const Stored *stored = find(crypto, room_id, session_id);
    return stored != NULL ? mx_megolm_inbound_export(stored->session, (guint32)index, NULL) : NULL;
}

gboolean mx_inbound_get(MxCrypto *crypto, const char *room_id, const char *session_id,
                        MxRoomKey *key)
{
    const Stored *stored = find(crypto, room_id, session_id);
    if (stored != NULL)
        copy_key(key, &stored->key);
    return stored != NULL;
}

void mx_inbound_note_withheld(MxCrypto *crypto, const char *room_id, const char *session_id,
                              const char *sender, const char *code, const char *reason)
{
    (void)crypto;
    (void)reason;
    g_snprintf(fake_withheld, sizeof fake_withheld, "%s %s %s %s", room_id != NULL ? room_id : "-",
               session_id != NULL ? session_id : "-", sender, code);
}

/* ---- mx-share.h ---- */

gint64 mx_share_get_shared_index(MxCrypto *crypto, const char *room_id, const char *session_id,
                                 const MxDevice *device)
{
    (void)crypto;
    (void)room_id;
    (void)session_id;
    (void)device;
    return fake_shared_index;
}

void mx_share_reshare(MxCrypto *crypto, const MxDevice *device, const char *room_id,
                      const char *session_id)
{
    (void)crypto;
    (void)device;
    (void)room_id;
    (void)session_id;
    fake_n_reshared++;
}

void crypto_fakes_reset(void)
{
    if (sessions != NULL)
        g_hash_table_unref(sessions);
    sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, stored_free);
    fake_shared_index = -1;
    fake_n_reshared = 0;
    fake_withheld[0] = '\0';
}
