/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-store-devices.h"

#include <string.h>

#include "mx-store-private.h"

/* More to-device events than this do not wait for the keyring: the disk is not a stranger's. */
#define MAX_STASHED 10000
#define MAX_STASHED_BYTES (32 * 1024 * 1024)
#define STASHED_BYTES "stashed_bytes" /* a value: of those that wait */
/* Devices of one user that are gone and remembered. */
#define MAX_GONE 500

/* ---- whose devices are followed ---- */

MxTrackedUser mx_store_get_tracked_user(MxStore *store, const char *user_id)
{
    MxTrackedUser user = {0};
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT tracked, outdated, dirty_seq, ambiguous FROM crypto_user WHERE user_id = ?",
        "s", user_id);
    if (!mx_store_step(store, statement))
        return user;
    user.tracked = sqlite3_column_int(statement, 0);
    user.outdated = sqlite3_column_int(statement, 1);
    user.dirty_seq = sqlite3_column_int64(statement, 2);
    user.ambiguous = sqlite3_column_int(statement, 3);
    mx_store_done(statement);
    return user;
}

void mx_store_track_user(MxStore *store, const char *user_id)
{
    mx_store_exec(store,
                  "INSERT INTO crypto_user (user_id, tracked, outdated) VALUES (?, 1, 1) "
                  "ON CONFLICT (user_id) DO UPDATE SET tracked = 1, outdated = 1, "
                  "dirty_seq = dirty_seq + 1 WHERE tracked = 0",
                  "s", user_id);
}

void mx_store_untrack_user(MxStore *store, const char *user_id)
{
    mx_store_exec(store, "UPDATE crypto_user SET tracked = 0 WHERE user_id = ?", "s", user_id);
}

void mx_store_set_outdated(MxStore *store, const char *user_id)
{
    mx_store_exec(store,
                  "UPDATE crypto_user SET outdated = 1, dirty_seq = dirty_seq + 1 "
                  "WHERE user_id = ? AND tracked = 1",
                  "s", user_id);
}

void mx_store_set_all_outdated(MxStore *store)
{
    mx_store_exec(
        store, "UPDATE crypto_user SET outdated = 1, dirty_seq = dirty_seq + 1 WHERE tracked = 1",
        "");
}

void mx_store_set_current(MxStore *store, const char *user_id, gint64 dirty_seq)
{
    mx_store_exec(store, "UPDATE crypto_user SET outdated = 0 WHERE user_id = ? AND dirty_seq = ?",
                  "si", user_id, dirty_seq);
}

void mx_store_set_ambiguous(MxStore *store, const char *user_id, gboolean ambiguous)
{
    mx_store_exec(store, "UPDATE crypto_user SET ambiguous = ? WHERE user_id = ?", "ds", ambiguous,
                  user_id);
}

GPtrArray *mx_store_list_outdated(MxStore *store)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT user_id FROM crypto_user WHERE tracked = 1 AND outdated = 1 ORDER BY user_id", "");
    while (mx_store_step(store, statement))
        g_ptr_array_add(list, mx_store_column_dup(statement, 0));
    return list;
}

gboolean mx_store_shares_encrypted_room(MxStore *store, const char *user_id)
{
    return mx_store_query_int(
               store, 0,
               "SELECT 1 FROM room JOIN member ON member.room = room.key AND member.user_id = ? "
               "WHERE room.encrypted = 1 AND room.membership = ? AND member.membership IN (?, ?) "
               "LIMIT 1",
               "sddd", user_id, MX_MEMBERSHIP_JOIN, MX_MEMBERSHIP_JOIN, MX_MEMBERSHIP_INVITE) != 0;
}

/* ---- devices ---- */

#define DEVICE_COLUMNS                                                                             \
    "user_id, device_id, display_name, curve25519, ed25519, object, signed_by, blocked, "          \
    "dehydrated, gone"

void mx_device_row_free(MxDeviceRow *row)
{
    if (row == NULL)
        return;
    g_free(row->user_id);
    g_free(row->device_id);
    g_free(row->display_name);
    g_free(row->curve25519);
    g_free(row->ed25519);
    g_free(row->object);
    g_free(row->signed_by);
    g_free(row);
}

static MxDeviceRow *read_device(sqlite3_stmt *statement)
{
    MxDeviceRow *row = g_new0(MxDeviceRow, 1);
    row->user_id = mx_store_column_dup(statement, 0);
    row->device_id = mx_store_column_dup(statement, 1);
    row->display_name = mx_store_column_dup(statement, 2);
    row->curve25519 = mx_store_column_dup(statement, 3);
    row->ed25519 = mx_store_column_dup(statement, 4);
    row->object = mx_store_column_dup(statement, 5);
    row->signed_by = mx_store_column_dup(statement, 6);
    row->blocked = sqlite3_column_int(statement, 7);
    row->dehydrated = sqlite3_column_int(statement, 8);
    row->gone = sqlite3_column_int(statement, 9);
    return row;
}

GPtrArray *mx_store_list_devices(MxStore *store, const char *user_id)
{
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)mx_device_row_free);
    sqlite3_stmt *statement = mx_store_query(
        store,
        "SELECT " DEVICE_COLUMNS " FROM device WHERE user_id = ? AND gone = 0 ORDER BY device_id",
        "s", user_id);
    while (mx_store_step(store, statement))
        g_ptr_array_add(list, read_device(statement));
    return list;
}

MxDeviceRow *mx_store_get_device(MxStore *store, const char *user_id, const char *device_id)
{
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT " DEVICE_COLUMNS " FROM device WHERE user_id = ? AND device_id = ?", "ss",
        user_id, device_id);
    if (!mx_store_step(store, statement))
        return NULL;
    MxDeviceRow *row = read_device(statement);
    mx_store_done(statement);
    return row;
}

void mx_store_save_device(MxStore *store, const MxDeviceRow *row)
{
    mx_store_exec(
        store,
        "INSERT OR REPLACE INTO device (" DEVICE_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        "sssssssddd", row->user_id, row->device_id, row->display_name, row->curve25519,
        row->ed25519, row->object, row->signed_by, row->blocked, row->dehydrated, row->gone);
}

/* `gone` counts up, so that the order is known. */
void mx_store_remove_device(MxStore *store, const char *user_id, const char *device_id)
{
    mx_store_exec(store,
                  "UPDATE device SET gone = 1 + (SELECT max(gone) FROM device WHERE user_id = ?1), "
                  "object = '', display_name = NULL WHERE user_id = ?1 AND device_id = ?2",
                  "ss", user_id, device_id);
    mx_store_exec(store,
                  "DELETE FROM device WHERE user_id = ?1 AND blocked = 0 AND gone > 0 "
                  "AND gone <= (SELECT max(gone) FROM device WHERE user_id = ?1) - ?2",
                  "sd", user_id, MAX_GONE);
}

void mx_store_set_refused_device(MxStore *store, const char *user_id, const char *device_id,
                                 const char *object)
{
    mx_store_exec(store,
                  "UPDATE device SET object = ? WHERE user_id = ? AND device_id = ? AND gone > 0",
                  "sss", object, user_id, device_id);
}

gint64 mx_store_count_devices_with_key(MxStore *store, const char *curve25519, const char *ed25519)
{
    return mx_store_query_int(
        store, 0, "SELECT count(*) FROM device WHERE gone = 0 AND (curve25519 = ? OR ed25519 = ?)",
        "ss", curve25519, ed25519);
}

gboolean mx_store_has_device_with_keys(MxStore *store, const char *curve25519, const char *ed25519)
{
    return mx_store_query_int(
               store, 0,
               "SELECT 1 FROM device WHERE gone = 0 AND curve25519 = ? AND ed25519 = ? LIMIT 1",
               "ss", curve25519, ed25519) != 0;
}

gboolean mx_store_was_device_signed(MxStore *store, const char *user_id, const char *curve25519,
                                    const char *ed25519, const char *self_signing)
{
    return mx_store_query_int(
               store, 0,
               "SELECT 1 FROM device WHERE gone > 0 AND user_id = ? AND curve25519 = ? "
               "AND (?3 IS NULL OR ed25519 = ?3) AND signed_by = ?4 LIMIT 1",
               "ssss", user_id, curve25519, ed25519, self_signing) != 0;
}

/* ---- identities ---- */

#define IDENTITY_COLUMNS                                                                           \
    "user_id, master, self_signing, user_signing, master_object, signed_by, trusted, "             \
    "was_verified, new_master, new_self_signing, new_user_signing, new_master_object"

void mx_identity_row_free(MxIdentityRow *row)
{
    if (row == NULL)
        return;
    g_free(row->user_id);
    g_free(row->master);
    g_free(row->self_signing);
    g_free(row->user_signing);
    g_free(row->master_object);
    g_free(row->signed_by);
    g_free(row->trusted);
    g_free(row->new_master);
    g_free(row->new_self_signing);
    g_free(row->new_user_signing);
    g_free(row->new_master_object);
    g_free(row);
}

MxIdentityRow *mx_store_get_identity(MxStore *store, const char *user_id)
{
    sqlite3_stmt *statement = mx_store_query(
        store, "SELECT " IDENTITY_COLUMNS " FROM identity WHERE user_id = ?", "s", user_id);
    if (!mx_store_step(store, statement))
        return NULL;
    MxIdentityRow *row = g_new0(MxIdentityRow, 1);
    row->user_id = mx_store_column_dup(statement, 0);
    row->master = mx_store_column_dup(statement, 1);
    row->self_signing = mx_store_column_dup(statement, 2);
    row->user_signing = mx_store_column_dup(statement, 3);
    row->master_object = mx_store_column_dup(statement, 4);
    row->signed_by = mx_store_column_dup(statement, 5);
    row->trusted = mx_store_column_dup(statement, 6);
    row->was_verified = sqlite3_column_int(statement, 7);
    row->new_master = mx_store_column_dup(statement, 8);
    row->new_self_signing = mx_store_column_dup(statement, 9);
    row->new_user_signing = mx_store_column_dup(statement, 10);
    row->new_master_object = mx_store_column_dup(statement, 11);
    mx_store_done(statement);
    return row;
}

void mx_store_save_identity(MxStore *store, const MxIdentityRow *row)
{
    mx_store_exec(store,
                  "INSERT OR REPLACE INTO identity (" IDENTITY_COLUMNS
                  ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                  "sssssssdssss", row->user_id, row->master, row->self_signing, row->user_signing,
                  row->master_object, row->signed_by, row->trusted, row->was_verified,
                  row->new_master, row->new_self_signing, row->new_user_signing,
                  row->new_master_object);
}

GPtrArray *mx_store_list_identities(MxStore *store)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    sqlite3_stmt *statement =
        mx_store_query(store, "SELECT user_id FROM identity ORDER BY user_id", "");
    while (mx_store_step(store, statement))
        g_ptr_array_add(list, mx_store_column_dup(statement, 0));
    return list;
}

/* ---- to-device events that came while the encryption was not open ---- */

static gint64 get_stashed_bytes(MxStore *store)
{
    g_autofree char *text = mx_store_get_value(store, STASHED_BYTES);
    return text != NULL ? g_ascii_strtoll(text, NULL, 10) : 0;
}

static void set_stashed_bytes(MxStore *store, gint64 bytes)
{
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, bytes);
    mx_store_set_value(store, STASHED_BYTES, text);
}

void mx_store_add_stashed(MxStore *store, const char *text, gsize len)
{
    MxJsonSlice slice = {text, len, MX_JSON_OBJECT};
    gint64 n = mx_store_query_int(store, 0, "SELECT count(*) FROM stashed", "");
    gint64 bytes = (n > 0 ? get_stashed_bytes(store) : 0) + (gint64)len;
    if (n >= MAX_STASHED || bytes > MAX_STASHED_BYTES)
        return;
    mx_store_exec(store, "INSERT INTO stashed (text) VALUES (?)", "j", slice);
    set_stashed_bytes(store, bytes);
}

GPtrArray *mx_store_take_stashed(MxStore *store, int limit)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
    gint64 last = 0, bytes = 0;
    sqlite3_stmt *statement =
        mx_store_query(store, "SELECT id, text FROM stashed ORDER BY id LIMIT ?", "d", limit);
    while (mx_store_step(store, statement)) {
        last = sqlite3_column_int64(statement, 0);
        char *text = mx_store_column_dup(statement, 1);
        bytes += (gint64)strlen(text);
        g_ptr_array_add(list, text);
    }
    mx_store_exec(store, "DELETE FROM stashed WHERE id <= ?", "i", last);
    if (list->len > 0)
        set_stashed_bytes(store, MAX(0, get_stashed_bytes(store) - bytes));
    return list;
}
