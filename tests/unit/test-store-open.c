/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store-fixture.h"

/* A new account folder, its modes, its lock, and databases that must not be opened. */

static void run_sql(const char *dir, const char *sql)
{
    g_autofree char *path = g_build_filename(dir, "account.db", NULL);
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
}

static int query_number(const char *dir, const char *sql)
{
    g_autofree char *path = g_build_filename(dir, "account.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_step(statement), ==, SQLITE_ROW);
    int number = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

static void assert_mode(const char *dir, const char *name, mode_t mode)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    struct stat info;
    g_assert_cmpint(g_stat(path, &info), ==, 0);
    g_assert_cmphex(info.st_mode & 0777, ==, mode);
}

static void assert_refused(const char *dir, int code)
{
    gboolean held_here = TRUE;
    g_autoptr(GError) error = NULL;
    g_assert_null(mx_store_open(dir, &held_here, &error));
    g_assert_error(error, MX_ERROR, code);
    g_assert_cmpstr(error->message, !=, "");
    g_assert_false(held_here);
}

/* The folder holds the access token: nobody else may look, whatever the umask is. */
static void test_modes(void)
{
    char *parent = store_fixture_make_dir();
    g_autofree char *dir = g_build_filename(parent, "deeper", "account", NULL);
    mode_t old = umask(0);
    MxStore *store = store_fixture_open(dir);
    mx_store_begin(store);
    mx_store_set_value(store, "a", "b");
    store_fixture_commit(store);
    umask(old);
    assert_mode(parent, "deeper", 0700);
    assert_mode(dir, ".", 0700);
    assert_mode(dir, "account.db", 0600);
    assert_mode(dir, "account.db-wal", 0600);
    assert_mode(dir, "account.db-shm", 0600);
    assert_mode(dir, "lock", 0600);
    mx_store_close(store);
    store_fixture_remove_dir(parent);
}

static void test_folder_impossible(void)
{
    char *parent = store_fixture_make_dir();
    g_autofree char *file = g_build_filename(parent, "file", NULL);
    g_autofree char *dir = g_build_filename(file, "account", NULL);
    g_assert_true(g_file_set_contents(file, "x", 1, NULL));
    assert_refused(dir, MX_ERROR_STORE);
    store_fixture_remove_dir(parent);
}

static void test_lock_in_process(void)
{
    char *dir = store_fixture_make_dir();
    gboolean held_here = FALSE;
    g_autoptr(GError) error = NULL;
    MxStore *store = store_fixture_open(dir);
    g_assert_null(mx_store_open(dir, &held_here, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_LOCKED);
    g_assert_true(held_here);
    /* The refused one must not have let go of the first one's lock. */
    g_clear_error(&error);
    g_assert_null(mx_store_open(dir, &held_here, &error));
    g_assert_error(error, MX_ERROR, MX_ERROR_LOCKED);
    mx_store_close(store);
    mx_store_close(store_fixture_open(dir));
    store_fixture_remove_dir(dir);
}

/* The other program: opens, says so, and holds until its input ends. Forked before this process
 * has opened anything. */
static pid_t fork_holder(const char *dir, int *release)
{
    int ready[2], end[2];
    char byte = 0;
    g_assert_cmpint(pipe(ready), ==, 0);
    g_assert_cmpint(pipe(end), ==, 0);
    pid_t child = fork();
    g_assert_cmpint(child, >=, 0);
    if (child == 0) {
        gboolean held_here;
        close(end[1]);
        MxStore *store = mx_store_open(dir, &held_here, NULL);
        if (store == NULL || write(ready[1], "x", 1) != 1)
            _exit(1);
        if (read(end[0], &byte, 1) != 0)
            _exit(2);
        _exit(0); /* as a killed program: nothing is closed by hand */
    }
    close(ready[1]);
    close(end[0]);
    g_assert_cmpint(read(ready[0], &byte, 1), ==, 1);
    close(ready[0]);
    *release = end[1];
    return child;
}

static void test_lock_between_processes(void)
{
    char *dir = store_fixture_make_dir();
    int release, status = -1;
    pid_t child = fork_holder(dir, &release);
    assert_refused(dir, MX_ERROR_LOCKED);
    assert_refused(dir, MX_ERROR_LOCKED); /* a refusal leaves nothing held here */
    close(release);
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    mx_store_close(store_fixture_open(dir));
    store_fixture_remove_dir(dir);
}

static void test_two_accounts(void)
{
    char *one = store_fixture_make_dir();
    char *other = store_fixture_make_dir();
    MxStore *first = store_fixture_open(one);
    MxStore *second = store_fixture_open(other);
    mx_store_set_value(first, MX_VALUE_ACCESS_TOKEN, "secret");
    g_assert_null(mx_store_get_value(second, MX_VALUE_ACCESS_TOKEN));
    mx_store_close(first);
    mx_store_close(second);
    store_fixture_remove_dir(one);
    store_fixture_remove_dir(other);
}

static void test_downgrade(void)
{
    char *dir = store_fixture_make_dir();
    mx_store_close(store_fixture_open(dir));
    int version = query_number(dir, "PRAGMA user_version");
    g_assert_cmpint(version, >, 0);
    g_autofree char *raise = g_strdup_printf("PRAGMA user_version=%d", version + 1);
    g_autofree char *lower = g_strdup_printf("PRAGMA user_version=%d", version);
    run_sql(dir, raise);
    assert_refused(dir, MX_ERROR_STORE);
    g_assert_cmpint(query_number(dir, "PRAGMA user_version"), ==, version + 1);
    run_sql(dir, lower);
    mx_store_close(store_fixture_open(dir)); /* and the lock was let go */
    store_fixture_remove_dir(dir);
}

/* No version of this plugin writes a negative one. */
static void test_negative_version(void)
{
    char *dir = store_fixture_make_dir();
    run_sql(dir, "PRAGMA user_version=-7");
    assert_refused(dir, MX_ERROR_STORE);
    store_fixture_remove_dir(dir);
}

static void test_damaged(void)
{
    static const char *const contents[] = {
        "this is not a database, although it is long enough to have a header and more than that",
        "SQLite format 3",
        "SQLite format 3\nbut what follows the magic is nothing that SQLite would have written....."
        "....................................................................................",
    };
    for (guint i = 0; i < G_N_ELEMENTS(contents); i++) {
        char *dir = store_fixture_make_dir();
        g_autofree char *path = g_build_filename(dir, "account.db", NULL);
        g_autofree char *after = NULL;
        g_assert_true(g_file_set_contents(path, contents[i], -1, NULL));
        assert_refused(dir, MX_ERROR_STORE);
        /* It stays for somebody who may still save something of it. */
        g_assert_true(g_file_get_contents(path, &after, NULL, NULL));
        g_assert_cmpstr(after, ==, contents[i]);
        assert_refused(dir, MX_ERROR_STORE);
        store_fixture_remove_dir(dir);
    }
}

/* The last statements of the migration cannot succeed; then nothing of it may stay. */
static void test_migration_is_whole(void)
{
    char *dir = store_fixture_make_dir();
    run_sql(dir, "CREATE TABLE queue (id INTEGER)");
    assert_refused(dir, MX_ERROR_STORE);
    g_assert_cmpint(query_number(dir, "SELECT count(*) FROM sqlite_master"), ==, 1);
    g_assert_cmpint(query_number(dir, "PRAGMA user_version"), ==, 0);
    run_sql(dir, "DROP TABLE queue");
    mx_store_close(store_fixture_open(dir));
    store_fixture_remove_dir(dir);
}

static void test_durable(void)
{
    char *dir = store_fixture_make_dir();
    MxStore *store = store_fixture_open(dir);
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_DEVICE_ID, "DEVICE");
    store_fixture_commit(store);
    mx_store_begin(store);
    mx_store_set_value(store, MX_VALUE_DEVICE_ID, "never committed");
    mx_store_close(store); /* inside a transaction */
    store = store_fixture_open(dir);
    g_autofree char *device = mx_store_get_value(store, MX_VALUE_DEVICE_ID);
    g_assert_cmpstr(device, ==, "DEVICE");
    g_assert_cmpint(mx_store_get_size(store), >, 0);
    g_assert_cmpint(mx_store_get_size(store) % 512, ==, 0);
    mx_store_close(store);
    mx_store_close(NULL);
    store_fixture_remove_dir(dir);
}

/* Secrets and redacted texts do not stay in free pages. */
static void test_secure_delete(void)
{
    char *dir = store_fixture_make_dir();
    MxStore *store = store_fixture_open(dir);
    mx_store_set_value(store, MX_VALUE_ACCESS_TOKEN, "syt_a_very_secret_token");
    mx_store_set_value(store, MX_VALUE_ACCESS_TOKEN, NULL);
    mx_store_close(store); /* the -wal file goes into the database */
    g_autofree char *path = g_build_filename(dir, "account.db", NULL);
    g_autofree char *wal = g_build_filename(dir, "account.db-wal", NULL);
    g_autofree char *bytes = NULL;
    gsize len;
    g_assert_true(g_file_get_contents(path, &bytes, &len, NULL));
    g_assert_null(memmem(bytes, len, "syt_a_very", 10));
    g_assert_false(g_file_test(wal, G_FILE_TEST_EXISTS));
    store_fixture_remove_dir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/store-open/lock-between-processes", test_lock_between_processes);
    g_test_add_func("/store-open/lock-in-process", test_lock_in_process);
    g_test_add_func("/store-open/modes", test_modes);
    g_test_add_func("/store-open/folder-impossible", test_folder_impossible);
    g_test_add_func("/store-open/two-accounts", test_two_accounts);
    g_test_add_func("/store-open/downgrade", test_downgrade);
    g_test_add_func("/store-open/damaged", test_damaged);
    g_test_add_func("/store-open/migration-is-whole", test_migration_is_whole);
    g_test_add_func("/store-open/durable", test_durable);
    g_test_add_func("/store-open/secure-delete", test_secure_delete);
    g_test_add_func("/store-open/negative-version", test_negative_version);
    return g_test_run();
}
