/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mx-store-private.h"
#include "mx-store-search.h"

/* Locks of this process: flock alone cannot tell a second program from our own worker that is still
 * closing. */
static GMutex held_mutex;
static GHashTable *held; /* lock path -> itself */

static gboolean held_add(const char *path)
{
    g_mutex_lock(&held_mutex);
    if (held == NULL)
        held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    gboolean added = g_hash_table_add(held, g_strdup(path));
    g_mutex_unlock(&held_mutex);
    return added;
}

static void held_remove(const char *path)
{
    g_mutex_lock(&held_mutex);
    g_hash_table_remove(held, path);
    g_mutex_unlock(&held_mutex);
}

static gboolean take_lock(MxStore *store, gboolean *held_here, GError **error)
{
    *held_here = !held_add(store->lock_path);
    if (*held_here) {
        g_set_error(error, MX_ERROR, MX_ERROR_LOCKED,
                    _("This account is still being closed. Enable it again in a moment."));
        return FALSE;
    }
    store->lock_fd = g_open(store->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd >= 0 && flock(store->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return TRUE;
    int why = errno;
    held_remove(store->lock_path);
    if (store->lock_fd >= 0)
        g_close(g_steal_fd(&store->lock_fd), NULL);
    if (why == EWOULDBLOCK)
        g_set_error(error, MX_ERROR, MX_ERROR_LOCKED,
                    _("Another program, perhaps Pidgin or Finch, is using this Matrix account with "
                      "the same settings folder. Close it there first."));
    else
        g_set_error(error, MX_ERROR, MX_ERROR_STORE, _("The file %s cannot be opened: %s"),
                    store->lock_path, g_strerror(why));
    return FALSE;
}

static void release_lock(MxStore *store)
{
    if (store->lock_fd < 0)
        return;
    g_close(g_steal_fd(&store->lock_fd), NULL);
    held_remove(store->lock_path);
}

void mx_store_fail(MxStore *store, const char *what)
{
    if (store->failure == NULL)
        store->failure =
            g_error_new(MX_ERROR, MX_ERROR_STORE, _("The account's database failed (%s): %s"), what,
                        sqlite3_errmsg(store->db));
}

void mx_store_set_failed(MxStore *store, const GError *error)
{
    if (store->failure == NULL)
        store->failure = g_error_copy(error);
}

static gboolean open_database(MxStore *store, GError **error)
{
    g_autofree char *path = g_build_filename(store->dir, "account.db", NULL);
    /* The file has its mode before it has content; SQLite gives the same to -wal and -shm. */
    int fd = g_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        g_set_error(error, MX_ERROR, MX_ERROR_STORE, _("The file %s cannot be opened: %s"), path,
                    g_strerror(errno));
        return FALSE;
    }
    g_close(fd, NULL);
    /* auto_vacuum: of a new database, which can then be made smaller in slices. */
    const char *pragmas =
        "PRAGMA auto_vacuum=INCREMENTAL;PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
        "PRAGMA foreign_keys=ON;PRAGMA secure_delete=ON;"
        "PRAGMA cache_size=-8192;PRAGMA temp_store=MEMORY;";
    if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
            SQLITE_OK ||
        sqlite3_exec(store->db, pragmas, NULL, NULL, NULL) != SQLITE_OK) {
        g_set_error(error, MX_ERROR, MX_ERROR_STORE,
                    _("The account's database %s cannot be read: %s"), path,
                    sqlite3_errmsg(store->db));
        return FALSE;
    }
    return mx_store_migrate(store, error);
}

static void on_statement_removed(gpointer statement)
{
    sqlite3_finalize(statement);
}

MxStore *mx_store_open(const char *dir, gboolean *held_here, GError **error)
{
    *held_here = FALSE;
    if (g_mkdir_with_parents(dir, 0700) != 0) {
        g_set_error(error, MX_ERROR, MX_ERROR_STORE, _("The folder %s cannot be made: %s"), dir,
                    g_strerror(errno));
        return NULL;
    }
    MxStore *store = g_new0(MxStore, 1);
    store->lock_fd = -1;
    store->dir = g_strdup(dir);
    store->lock_path = g_build_filename(dir, "lock", NULL);
    store->statements = g_hash_table_new_full(NULL, NULL, NULL, on_statement_removed);
    if (take_lock(store, held_here, error) && open_database(store, error))
        return store;
    mx_store_close(store);
    return NULL;
}

void mx_store_close(MxStore *store)
{
    if (store == NULL)
        return;
    if (store->in_transaction)
        mx_store_rollback(store);
    mx_store_attach(store, NULL, NULL);
    g_hash_table_unref(store->statements);
    sqlite3_close(store->db);
    release_lock(store);
    g_clear_error(&store->failure);
    g_free(store->lock_path);
    g_free(store->dir);
    g_free(store);
}

void mx_store_attach(MxStore *store, gpointer attachment, GDestroyNotify destroy)
{
    gpointer before = g_steal_pointer(&store->attachment);
    if (before != NULL && store->free_attachment != NULL)
        store->free_attachment(before);
    store->attachment = attachment;
    store->free_attachment = destroy;
}

gpointer mx_store_get_attachment(MxStore *store)
{
    return store->attachment;
}

const char *mx_store_get_dir(MxStore *store)
{
    return store->dir;
}

void mx_store_set_durable(MxStore *store)
{
    g_return_if_fail(!store->in_transaction);
    sqlite3_exec(store->db, "PRAGMA synchronous=FULL", NULL, NULL, NULL);
}

/* Statements */

static sqlite3_stmt *get_statement(MxStore *store, const char *sql)
{
    sqlite3_stmt *statement = g_hash_table_lookup(store->statements, sql);
    if (statement != NULL) {
        sqlite3_reset(statement);
        return statement;
    }
    if (sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        mx_store_fail(store, "prepare");
        return NULL;
    }
    g_hash_table_insert(store->statements, (gpointer)sql, statement);
    return statement;
}

static void bind_slice(sqlite3_stmt *statement, int at, MxJsonSlice slice)
{
    if (slice.text == NULL)
        sqlite3_bind_null(statement, at);
    else
        sqlite3_bind_text64(statement, at, slice.text, slice.len, SQLITE_STATIC, SQLITE_UTF8);
}

static void bind_bytes(sqlite3_stmt *statement, int at, GBytes *bytes)
{
    if (bytes == NULL)
        sqlite3_bind_null(statement, at);
    else
        sqlite3_bind_blob64(statement, at, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
                            SQLITE_STATIC);
}

static void bind_all(sqlite3_stmt *statement, const char *format, va_list values)
{
    for (int at = 1; format[at - 1] != '\0'; at++) {
        switch (format[at - 1]) {
        case 's':
            sqlite3_bind_text(statement, at, va_arg(values, const char *), -1, SQLITE_STATIC);
            break;
        case 'j':
            bind_slice(statement, at, va_arg(values, MxJsonSlice));
            break;
        case 'b':
            bind_bytes(statement, at, va_arg(values, GBytes *));
            break;
        case 'i':
            sqlite3_bind_int64(statement, at, va_arg(values, gint64));
            break;
        case 'd':
            sqlite3_bind_int(statement, at, va_arg(values, int));
            break;
        default:
            g_assert_not_reached();
        }
    }
}

static sqlite3_stmt *query_va(MxStore *store, const char *sql, const char *format, va_list values)
{
    if (store->failure != NULL)
        return NULL;
    sqlite3_stmt *statement = get_statement(store, sql);
    if (statement != NULL)
        bind_all(statement, format, values);
    return statement;
}

sqlite3_stmt *mx_store_query(MxStore *store, const char *sql, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    sqlite3_stmt *statement = query_va(store, sql, format, values);
    va_end(values);
    return statement;
}

gboolean mx_store_step(MxStore *store, sqlite3_stmt *statement)
{
    if (statement == NULL)
        return FALSE;
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return TRUE;
    if (result != SQLITE_DONE)
        mx_store_fail(store, "step");
    mx_store_done(statement);
    return FALSE;
}

void mx_store_done(sqlite3_stmt *statement)
{
    if (statement == NULL)
        return;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

int mx_store_exec(MxStore *store, const char *sql, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    sqlite3_stmt *statement = query_va(store, sql, format, values);
    va_end(values);
    if (statement == NULL)
        return 0;
    while (mx_store_step(store, statement))
        ;
    return sqlite3_changes(store->db);
}

gint64 mx_store_query_int(MxStore *store, gint64 fallback, const char *sql, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    sqlite3_stmt *statement = query_va(store, sql, format, values);
    va_end(values);
    if (!mx_store_step(store, statement))
        return fallback;
    gint64 value = sqlite3_column_type(statement, 0) == SQLITE_NULL
                       ? fallback
                       : sqlite3_column_int64(statement, 0);
    mx_store_done(statement);
    return value;
}

char *mx_store_column_dup(sqlite3_stmt *statement, int column)
{
    return g_strdup((const char *)sqlite3_column_text(statement, column));
}

GBytes *mx_store_column_bytes(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) == SQLITE_NULL)
        return NULL;
    const void *data = sqlite3_column_blob(statement, column);
    return g_bytes_new(data, sqlite3_column_bytes(statement, column));
}

char *mx_store_query_text(MxStore *store, const char *sql, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    sqlite3_stmt *statement = query_va(store, sql, format, values);
    va_end(values);
    if (!mx_store_step(store, statement))
        return NULL;
    char *text = mx_store_column_dup(statement, 0);
    mx_store_done(statement);
    return text;
}

/* Transactions */

/* Tests kill the program at every point where something becomes durable: MX_CRASH_AT=2k-1 before
 * the k-th commit of the process, 2k after it. */
static void crash_point(void)
{
#if MX_CRASH_POINTS
    static gint passed = 0;
    const char *at = g_getenv("MX_CRASH_AT");
    int now = g_atomic_int_add(&passed, 1) + 1;
    if (at != NULL && atoi(at) == now)
        _exit(97);
#endif
}

void mx_store_begin(MxStore *store)
{
    g_assert(!store->in_transaction);
    g_clear_error(&store->failure);
    store->in_transaction = TRUE;
    mx_store_exec(store, "BEGIN IMMEDIATE", "");
}

/* secure_delete overwrites what was taken away in the database; the log keeps the pages as they
 * were before until it is written anew. Should this fail, closing the database does it. */
static void empty_log(MxStore *store)
{
    store->empties_log = FALSE;
    sqlite3_exec(store->db, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL);
}

gboolean mx_store_commit(MxStore *store, GError **error)
{
    g_assert(store->in_transaction);
    if (store->failure == NULL) {
        crash_point();
        mx_store_exec(store, "COMMIT", "");
    }
    if (store->failure == NULL) {
        store->in_transaction = FALSE;
        store->n_commits++;
        crash_point();
        if (store->empties_log)
            empty_log(store);
        return TRUE;
    }
    GError *failure = g_steal_pointer(&store->failure);
    mx_store_rollback(store);
    g_propagate_error(error, failure);
    return FALSE;
}

guint64 mx_store_count_commits(MxStore *store)
{
    return store->n_commits;
}

void mx_store_rollback(MxStore *store)
{
    g_clear_error(&store->failure);
    if (!sqlite3_get_autocommit(store->db))
        mx_store_exec(store, "ROLLBACK", "");
    g_clear_error(&store->failure);
    store->in_transaction = FALSE;
    store->empties_log = FALSE;
}

void mx_store_clear(MxStore *store)
{
    mx_store_exec(store, "DELETE FROM queue", "");
    mx_store_search_reset(store); /* before its rows go one by one */
    mx_store_exec(store, "DELETE FROM room", "");
    mx_store_exec(store, "DELETE FROM account_data", "");
    mx_store_exec(store, "DELETE FROM presence", "");
    mx_store_exec(store, "DELETE FROM sealed", "");
    mx_store_clear_device(store);
    mx_store_exec(store, "DELETE FROM megolm_index", "");
    mx_store_exec(store, "DELETE FROM withheld", "");
    mx_store_exec(store, "DELETE FROM stray_key", "");
    mx_store_exec(store, "DELETE FROM crypto_user", "");
    mx_store_exec(store, "DELETE FROM device", "");
    mx_store_exec(store, "DELETE FROM identity", "");
    /* Transaction IDs go on counting: a server may remember the old ones. */
    mx_store_exec(store, "DELETE FROM value WHERE name <> ?", "s", MX_VALUE_NEXT_TXN);
}

gint64 mx_store_get_size(MxStore *store)
{
    return mx_store_query_int(store, 0, "PRAGMA page_count", "") *
           mx_store_query_int(store, 0, "PRAGMA page_size", "");
}

/* Values and account data */

char *mx_store_get_value(MxStore *store, const char *name)
{
    return mx_store_query_text(store, "SELECT value FROM value WHERE name = ?", "s", name);
}

void mx_store_set_value(MxStore *store, const char *name, const char *value)
{
    if (value == NULL)
        mx_store_exec(store, "DELETE FROM value WHERE name = ?", "s", name);
    else
        mx_store_exec(store, "INSERT OR REPLACE INTO value VALUES (?, ?)", "ss", name, value);
}

char *mx_store_get_account_data(MxStore *store, gint64 room, const char *type)
{
    return mx_store_query_text(
        store, "SELECT content FROM account_data WHERE room = ? AND type = ?", "is", room, type);
}

void mx_store_set_account_data(MxStore *store, gint64 room, const char *type, const char *content,
                               gsize len)
{
    MxJsonSlice slice = {content, len, MX_JSON_OBJECT};
    mx_store_exec(store, "INSERT OR REPLACE INTO account_data VALUES (?, ?, ?)", "isj", room, type,
                  slice);
}
