/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-worker.h"
#include "store-fixture.h"

/* The hand-over between the main loop and the worker. Run under -fsanitize=thread, too: see
 * glib-happens-before.c. */

#define GUARD_MS 20000

typedef struct {
    char *dir;
    GThread *main_thread;
    GString *ran;  /* by the worker; read after it has handed back */
    GString *done; /* on the main loop */
    guint opened, destroyed;
    GError *open_error;
    gint gate_closed; /* jobs that heed it wait; atomic */
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->dir = store_fixture_make_dir();
    fixture->main_thread = g_thread_self();
    fixture->ran = g_string_new(NULL);
    fixture->done = g_string_new(NULL);
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    store_fixture_remove_dir(fixture->dir);
    g_string_free(fixture->ran, TRUE);
    g_string_free(fixture->done, TRUE);
    g_clear_error(&fixture->open_error);
}

static gboolean on_guard(gpointer data)
{
    g_assert_not_reached(); /* nothing has happened for GUARD_MS */
    return G_SOURCE_REMOVE;
}

static void wait_for(guint *counter, guint wanted)
{
    guint guard = g_timeout_add(GUARD_MS, on_guard, NULL);
    while (*counter < wanted)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(guard);
}

static void on_opened(const GError *error, gpointer user_data)
{
    Fixture *fixture = user_data;
    g_assert_true(g_thread_self() == fixture->main_thread);
    fixture->opened++;
    if (error != NULL)
        fixture->open_error = g_error_copy(error);
}

typedef struct {
    Fixture *fixture;
    char name;
    gboolean waits; /* for the gate */
    gboolean stores;
} Work;

static void run_work(MxStore *store, gpointer data)
{
    Work *work = data;
    g_assert_nonnull(store);
    g_assert_true(g_thread_self() != work->fixture->main_thread);
    while (work->waits && g_atomic_int_get(&work->fixture->gate_closed))
        g_usleep(500);
    if (work->stores) {
        mx_store_begin(store);
        mx_store_set_value(store, "typed", "yes");
        store_fixture_commit(store);
    }
    g_string_append_c(work->fixture->ran, work->name);
}

static void on_work_done(gpointer data)
{
    Work *work = data;
    g_assert_true(g_thread_self() == work->fixture->main_thread);
    g_string_append_c(work->fixture->done, work->name);
}

static void on_work_destroyed(gpointer data)
{
    Work *work = data;
    g_assert_true(g_thread_self() == work->fixture->main_thread);
    work->fixture->destroyed++;
    g_free(work);
}

static Work *push(MxWorker *worker, Fixture *fixture, MxJobPriority priority, char name)
{
    Work *work = g_new0(Work, 1);
    work->fixture = fixture;
    work->name = name;
    mx_worker_push(worker, priority, run_work, on_work_done, work, on_work_destroyed);
    return work;
}

/* Keeps the worker busy until the gate, which the caller has closed, is opened. */
static void push_gate(MxWorker *worker, Fixture *fixture)
{
    Work *work = g_new0(Work, 1);
    work->fixture = fixture;
    work->name = '(';
    work->waits = TRUE;
    mx_worker_push(worker, MX_JOB_USER, run_work, on_work_done, work, on_work_destroyed);
}

static void push_storing(MxWorker *worker, Fixture *fixture)
{
    Work *work = g_new0(Work, 1);
    work->fixture = fixture;
    work->name = 's';
    work->stores = TRUE;
    mx_worker_push(worker, MX_JOB_USER, run_work, on_work_done, work, on_work_destroyed);
}

/* The thread has let go of the folder, so that everything it did is done. */
static void wait_for_release(Fixture *fixture)
{
    gint64 until = g_get_monotonic_time() + GUARD_MS * G_TIME_SPAN_MILLISECOND;
    for (;;) {
        gboolean held_here;
        MxStore *store = mx_store_open(fixture->dir, &held_here, NULL);
        if (store != NULL) {
            mx_store_close(store);
            return;
        }
        g_assert_true(held_here);
        g_assert_cmpint(g_get_monotonic_time(), <, until);
        g_usleep(2000);
    }
}

static void test_order(Fixture *fixture, gconstpointer data)
{
    MxWorker *worker = mx_worker_new(fixture->dir, on_opened, fixture);
    wait_for(&fixture->opened, 1);
    g_assert_no_error(fixture->open_error);
    g_atomic_int_set(&fixture->gate_closed, 1);
    push_gate(worker, fixture);
    push(worker, fixture, MX_JOB_BULK, '1');
    push(worker, fixture, MX_JOB_USER, 'a');
    push(worker, fixture, MX_JOB_BULK, '2');
    push(worker, fixture, MX_JOB_USER, 'b');
    push(worker, fixture, MX_JOB_BULK, '3');
    push(worker, fixture, MX_JOB_USER, 'c');
    g_atomic_int_set(&fixture->gate_closed, 0);
    wait_for(&fixture->destroyed, 7);
    g_assert_cmpstr(fixture->ran->str, ==, "(abc123");
    g_assert_cmpstr(fixture->done->str, ==, "(abc123");
    mx_worker_stop(worker, 2000);
    wait_for_release(fixture);
    g_assert_cmpint(fixture->opened, ==, 1);
}

/* Callbacks that may be left out, and jobs from before the database is open. */
static void test_no_callbacks(Fixture *fixture, gconstpointer data)
{
    MxWorker *worker = mx_worker_new(fixture->dir, on_opened, fixture);
    Work work = {.fixture = fixture, .name = 'x'};
    mx_worker_push(worker, MX_JOB_USER, run_work, NULL, &work, NULL);
    push(worker, fixture, MX_JOB_USER, 'y');
    g_assert_cmpint(fixture->opened, ==, 0); /* never before the caller is back in its loop */
    wait_for(&fixture->destroyed, 1);
    g_assert_cmpint(fixture->opened, ==, 1);
    g_assert_cmpstr(fixture->ran->str, ==, "xy");
    g_assert_cmpstr(fixture->done->str, ==, "y");
    mx_worker_stop(worker, 2000);
    wait_for_release(fixture);
}

static void test_many(Fixture *fixture, gconstpointer data)
{
    MxWorker *worker = mx_worker_new(fixture->dir, on_opened, fixture);
    for (guint i = 0; i < 2000; i++)
        push(worker, fixture, i % 3 == 0 ? MX_JOB_BULK : MX_JOB_USER, i % 3 == 0 ? '1' : 'a');
    wait_for(&fixture->destroyed, 2000);
    g_assert_cmpint(fixture->ran->len, ==, 2000);
    g_assert_cmpint(fixture->done->len, ==, 2000);
    mx_worker_stop(worker, 2000);
    wait_for_release(fixture);
}

static gpointer open_gate_later(gpointer data)
{
    Fixture *fixture = data;
    g_usleep(150 * 1000);
    g_atomic_int_set(&fixture->gate_closed, 0);
    return NULL;
}

/* What the user typed is committed before stop comes back; what the server sends again is not. */
static void test_stop(Fixture *fixture, gconstpointer data)
{
    MxWorker *worker = mx_worker_new(fixture->dir, on_opened, fixture);
    wait_for(&fixture->opened, 1);
    g_atomic_int_set(&fixture->gate_closed, 1);
    push_gate(worker, fixture);
    push(worker, fixture, MX_JOB_BULK, '1');
    push(worker, fixture, MX_JOB_USER, 'a');
    push_storing(worker, fixture);
    push(worker, fixture, MX_JOB_BULK, '2');
    GThread *opener = g_thread_new("opener", open_gate_later, fixture);
    mx_worker_stop(worker, 10000);
    g_assert_cmpstr(fixture->ran->str, ==, "(as");
    g_thread_join(opener);
    wait_for(&fixture->destroyed, 5);
    g_assert_cmpstr(fixture->ran->str, ==, "(as");
    g_assert_cmpstr(fixture->done->str, ==, ""); /* nobody is there any more to hear of it */
    wait_for_release(fixture);
    MxStore *store = store_fixture_open(fixture->dir);
    g_autofree char *typed = mx_store_get_value(store, "typed");
    g_assert_cmpstr(typed, ==, "yes");
    mx_store_close(store);
}

/* A job that takes long holds the main loop no longer than was agreed, and still ends. */
static void test_stop_waits_so_long(Fixture *fixture, gconstpointer data)
{
    MxWorker *worker = mx_worker_new(fixture->dir, on_opened, fixture);
    wait_for(&fixture->opened, 1);
    g_atomic_int_set(&fixture->gate_closed, 1);
    push_gate(worker, fixture);
    push(worker, fixture, MX_JOB_USER, 'a');
    gint64 begin = g_get_monotonic_time();
    mx_worker_stop(worker, 300);
    gint64 took_ms = (g_get_monotonic_time() - begin) / 1000;
    g_assert_cmpint(took_ms, >=, 295);
    g_assert_cmpint(took_ms, <, 1500);
    g_atomic_int_set(&fixture->gate_closed, 0);
    wait_for(&fixture->destroyed, 2);
    wait_for_release(fixture);
    g_assert_cmpstr(fixture->ran->str, ==, "(a");
    g_assert_cmpstr(fixture->done->str, ==, "");
}

static void test_stop_does_not_dawdle(Fixture *fixture, gconstpointer data)
{
    MxWorker *worker = mx_worker_new(fixture->dir, on_opened, fixture);
    wait_for(&fixture->opened, 1);
    gint64 begin = g_get_monotonic_time();
    mx_worker_stop(worker, 10000);
    g_assert_cmpint(g_get_monotonic_time() - begin, <, 5 * G_TIME_SPAN_SECOND);
    wait_for_release(fixture);
}

/* An answer that was on its way when the account was closed. */
static void test_stop_with_answers_waiting(Fixture *fixture, gconstpointer data)
{
    MxWorker *worker = mx_worker_new(fixture->dir, on_opened, fixture);
    push(worker, fixture, MX_JOB_USER, 'a');
    mx_worker_stop(worker, 2000); /* the loop has not run since */
    wait_for(&fixture->destroyed, 1);
    wait_for_release(fixture);
    g_assert_cmpstr(fixture->ran->str, ==, "a");
    g_assert_cmpstr(fixture->done->str, ==, "");
    g_assert_cmpint(fixture->opened, ==, 0);
}

/* A reconnect: the old worker is still closing. */
static void test_predecessor(Fixture *fixture, gconstpointer data)
{
    MxWorker *old = mx_worker_new(fixture->dir, on_opened, fixture);
    wait_for(&fixture->opened, 1);
    g_atomic_int_set(&fixture->gate_closed, 1);
    push_gate(old, fixture);
    mx_worker_stop(old, 0);
    MxWorker *next = mx_worker_new(fixture->dir, on_opened, fixture);
    push(next, fixture, MX_JOB_USER, 'n');
    for (gint64 until = g_get_monotonic_time() + 200 * 1000; g_get_monotonic_time() < until;) {
        g_main_context_iteration(NULL, FALSE);
        g_usleep(1000);
    }
    g_assert_cmpint(fixture->opened, ==, 1); /* waits, and does not fail */
    g_assert_cmpint(fixture->destroyed, ==, 0);
    g_atomic_int_set(&fixture->gate_closed, 0);
    wait_for(&fixture->opened, 2);
    wait_for(&fixture->destroyed, 2);
    g_assert_no_error(fixture->open_error);
    g_assert_cmpstr(fixture->ran->str, ==, "(n");
    g_assert_cmpstr(fixture->done->str, ==, "n");
    mx_worker_stop(next, 2000);
    wait_for_release(fixture);
}

/* A successor that is stopped while it waits gives up at once. */
static void test_waiting_successor_stops(Fixture *fixture, gconstpointer data)
{
    MxStore *store = store_fixture_open(fixture->dir);
    MxWorker *worker = mx_worker_new(fixture->dir, on_opened, fixture);
    push(worker, fixture, MX_JOB_USER, 'a');
    g_usleep(20 * 1000);
    mx_worker_stop(worker, 2000);
    wait_for(&fixture->destroyed, 1);
    g_assert_cmpstr(fixture->ran->str, ==, "");
    g_assert_cmpint(fixture->opened, ==, 0);
    mx_store_close(store);
}

static void test_cannot_open(Fixture *fixture, gconstpointer data)
{
    g_autofree char *path = g_build_filename(fixture->dir, "account.db", NULL);
    g_assert_true(g_file_set_contents(path,
                                      "no database, but long enough for a header; so long "
                                      "that nobody could say that it was too short for one",
                                      -1, NULL));
    MxWorker *worker = mx_worker_new(fixture->dir, on_opened, fixture);
    push(worker, fixture, MX_JOB_USER, 'a');
    push(worker, fixture, MX_JOB_BULK, '1');
    wait_for(&fixture->destroyed, 2);
    g_assert_cmpint(fixture->opened, ==, 1);
    g_assert_error(fixture->open_error, MX_ERROR, MX_ERROR_STORE);
    g_assert_cmpstr(fixture->ran->str, ==, "");
    g_assert_cmpstr(fixture->done->str, ==, "");
    mx_worker_stop(worker, 2000);
}

#define add(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/worker/order", test_order);
    add("/worker/no-callbacks", test_no_callbacks);
    add("/worker/many", test_many);
    add("/worker/stop", test_stop);
    add("/worker/stop-waits-so-long", test_stop_waits_so_long);
    add("/worker/stop-does-not-dawdle", test_stop_does_not_dawdle);
    add("/worker/stop-with-answers-waiting", test_stop_with_answers_waiting);
    add("/worker/predecessor", test_predecessor);
    add("/worker/waiting-successor-stops", test_waiting_successor_stops);
    add("/worker/cannot-open", test_cannot_open);
    return g_test_run();
}
