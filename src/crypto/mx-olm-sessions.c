/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-olm-private.h"

#include <string.h>

#include "mx-primitives.h"
#include "mx-store-devices.h"
#include "mx-store-strangers.h"

/* The sessions with one device are a handful of sealed rows "CURVE25519|USER ID|SESSION ID": what a
 * row has in front of the pickle says which one to send with. They are read anew each time, so
 * nothing in memory can be ahead of the database. */

#define SEALED_OLM "olm"

/* The backend's name, creation, order */
#define ID_LEN 2
#define HEADER_LEN (ID_LEN + 8 + 8)

void mx_olm_entry_free(MxOlmEntry *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->key);
    mx_olm_session_free(entry->session);
    g_free(entry);
}

static MxOlmEntry *read_entry(MxCrypto *crypto, const char *key)
{
    g_autoptr(GBytes) row = mx_crypto_load(crypto, SEALED_OLM, key);
    gsize len = 0;
    const guint8 *data = row != NULL ? g_bytes_get_data(row, &len) : NULL;
    if (len <= HEADER_LEN || memcmp(data, mx_ratchet_backend_id(), ID_LEN) != 0)
        return NULL;
    g_autoptr(GBytes) pickle = g_bytes_new_from_bytes(row, HEADER_LEN, len - HEADER_LEN);
    MxOlmSession *session = mx_olm_session_unpickle(pickle, NULL);
    if (session == NULL)
        return NULL;
    MxOlmEntry *entry = g_new0(MxOlmEntry, 1);
    guint64 created, order;
    memcpy(&created, data + ID_LEN, sizeof created);
    memcpy(&order, data + ID_LEN + sizeof created, sizeof order);
    entry->key = g_strdup(key);
    entry->created_ms = (gint64)GUINT64_FROM_BE(created);
    entry->order = GUINT64_FROM_BE(order);
    entry->session = session;
    return entry;
}

static int compare_entries(gconstpointer a, gconstpointer b)
{
    const MxOlmEntry *first = *(MxOlmEntry *const *)a, *second = *(MxOlmEntry *const *)b;
    return first->order < second->order ? 1 : first->order > second->order ? -1 : 0;
}

static char *make_prefix(const char *curve25519, const char *user_id)
{
    return g_strconcat(curve25519, "|", user_id, user_id != NULL ? "|" : NULL, NULL);
}

GPtrArray *mx_olm_sessions_load(MxCrypto *crypto, const char *curve25519, const char *user_id)
{
    GPtrArray *sessions = g_ptr_array_new_with_free_func((GDestroyNotify)mx_olm_entry_free);
    g_autofree char *of_all = make_prefix(curve25519, NULL);
    g_autofree char *of_key = make_prefix(curve25519, MX_OLM_OF_KEY);
    g_autofree char *of_user = make_prefix(curve25519, user_id);
    g_autoptr(GPtrArray) keys = mx_store_list_sealed(crypto->store, SEALED_OLM, of_all);
    for (guint i = 0; i < keys->len; i++) {
        const char *key = g_ptr_array_index(keys, i);
        gboolean is_wanted = g_str_has_prefix(key, of_user) || g_str_has_prefix(key, of_key);
        MxOlmEntry *entry = is_wanted ? read_entry(crypto, key) : NULL;
        if (entry != NULL)
            g_ptr_array_add(sessions, entry);
    }
    g_ptr_array_sort(sessions, compare_entries);
    return sessions;
}

/* A row that cannot be read is no session: it must not hide that a new one is needed. */
gboolean mx_olm_sessions_exist(MxCrypto *crypto, const char *curve25519, const char *user_id)
{
    g_autoptr(GPtrArray) sessions = mx_olm_sessions_load(crypto, curve25519, user_id);
    return sessions->len > 0 &&
           ((const MxOlmEntry *)g_ptr_array_index(sessions, 0))->order != MX_OLM_RETIRED;
}

void mx_olm_sessions_save(MxCrypto *crypto, const MxOlmEntry *entry)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) pickle = mx_olm_session_pickle(entry->session, &error);
    if (pickle == NULL) {
        mx_store_set_failed(crypto->store, error);
        return;
    }
    gsize len;
    const guint8 *data = g_bytes_get_data(pickle, &len);
    guint8 *row = g_malloc(HEADER_LEN + len);
    guint64 created = GUINT64_TO_BE((guint64)entry->created_ms);
    guint64 order = GUINT64_TO_BE(entry->order);
    memcpy(row, mx_ratchet_backend_id(), ID_LEN);
    memcpy(row + ID_LEN, &created, sizeof created);
    memcpy(row + ID_LEN + sizeof created, &order, sizeof order);
    memcpy(row + HEADER_LEN, data, len);
    g_autoptr(GBytes) bytes = mx_secret_bytes_new_take(row, HEADER_LEN + len);
    mx_crypto_save(crypto, SEALED_OLM, entry->key, bytes);
}

static guint64 get_next_order(GPtrArray *sessions)
{
    const MxOlmEntry *first = sessions->len > 0 ? g_ptr_array_index(sessions, 0) : NULL;
    return first != NULL ? first->order + 1 : 1;
}

void mx_olm_sessions_promote(MxCrypto *crypto, GPtrArray *sessions, MxOlmEntry *entry)
{
    if (entry->order != MX_OLM_RETIRED && entry != g_ptr_array_index(sessions, 0))
        entry->order = get_next_order(sessions);
    mx_olm_sessions_save(crypto, entry);
}

void mx_olm_sessions_add(MxCrypto *crypto, const char *curve25519, const char *user_id,
                         MxOlmSession *session)
{
    g_autoptr(GPtrArray) all = mx_olm_sessions_load(crypto, curve25519, NULL);
    g_autoptr(GPtrArray) sessions = mx_olm_sessions_load(crypto, curve25519, user_id);
    g_autofree char *prefix = make_prefix(curve25519, user_id);
    g_autofree char *id = mx_olm_session_get_id(session);
    g_autoptr(MxOlmEntry) entry = g_new0(MxOlmEntry, 1);
    entry->key = g_strconcat(prefix, id, NULL);
    entry->created_ms = crypto->get_now_ms();
    entry->order = get_next_order(all);
    entry->session = session;
    for (guint i = MX_OLM_MAX_SESSIONS - 1; i < sessions->len; i++) {
        const MxOlmEntry *old = g_ptr_array_index(sessions, i);
        mx_crypto_save(crypto, SEALED_OLM, old->key, NULL);
    }
    mx_olm_sessions_save(crypto, entry);
}

/* ---- strangers ---- */

static void forget_key(MxCrypto *crypto, const char *curve25519)
{
    g_autofree char *of_all = make_prefix(curve25519, NULL);
    g_autoptr(GPtrArray) keys = mx_store_list_sealed(crypto->store, SEALED_OLM, of_all);
    for (guint i = 0; i < keys->len; i++)
        mx_crypto_save(crypto, SEALED_OLM, g_ptr_array_index(keys, i), NULL);
    mx_store_remove_olm_peers(crypto->store, curve25519);
}

void mx_olm_note_stranger(MxCrypto *crypto, const char *curve25519)
{
    mx_store_note_stranger(crypto->store, curve25519);
    g_autoptr(GPtrArray) forgotten = mx_store_take_strangers(crypto->store);
    for (guint i = 0; i < forgotten->len; i++)
        forget_key(crypto, g_ptr_array_index(forgotten, i));
}

/* Its last messages may still be on their way. */
void mx_olm_note_device_gone(MxCrypto *crypto, const char *user_id, const char *device_id)
{
    g_autoptr(MxDeviceRow) row = mx_store_get_device(crypto->store, user_id, device_id);
    g_autofree char *curve25519 = row != NULL ? mx_olm_canonical_curve25519(row->curve25519) : NULL;
    if (curve25519 != NULL)
        mx_olm_note_stranger(crypto, curve25519);
}

/* V9. Only the place in the order is rewritten, in all rows. */
void mx_olm_sessions_retire_all(MxCrypto *crypto)
{
    g_autoptr(GPtrArray) keys = mx_store_list_sealed(crypto->store, SEALED_OLM, "");
    for (guint i = 0; i < keys->len; i++) {
        const char *key = g_ptr_array_index(keys, i);
        g_autoptr(GBytes) row = mx_crypto_load(crypto, SEALED_OLM, key);
        gsize len = 0;
        const guint8 *data = row != NULL ? g_bytes_get_data(row, &len) : NULL;
        if (len <= HEADER_LEN)
            continue;
        guint64 order = GUINT64_TO_BE(MX_OLM_RETIRED);
        guint8 *changed = g_memdup2(data, len);
        memcpy(changed + ID_LEN + sizeof order, &order, sizeof order);
        g_autoptr(GBytes) bytes = mx_secret_bytes_new_take(changed, len);
        mx_crypto_save(crypto, SEALED_OLM, key, bytes);
    }
}
