/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "device-fixture.h"
#include "mx-store-devices.h"
#include "store-fixture.h"

/* Many people whose devices are asked for, and a homeserver that fails (D5, D11). */

#define N_USERS 700
#define LAST_USER "@user699:example.org"
#define BAD_USER "@user300:example.org"

static Machine machine;

static void set_up(void)
{
    machine_open(&machine, "MACHINE");
    mx_store_begin(machine.store);
    for (guint i = 0; i < N_USERS; i++) {
        g_autofree char *user_id = g_strdup_printf("@user%03u:example.org", i);
        mx_device_list_track(machine.crypto, user_id);
    }
    store_fixture_commit(machine.store);
}

static gboolean is_pending(const char *user_id)
{
    return mx_device_list_is_pending(machine.crypto, user_id);
}

/* Answers everything that is due; 503 to /keys/query that names who is not answered for, or all of
 * them with NULL. */
static void answer_all(const char *bad_user)
{
    g_autoptr(GPtrArray) requests = machine_take(&machine);
    for (guint i = 0; i < requests->len; i++) {
        const MxCryptoRequest *request = g_ptr_array_index(requests, i);
        if (request->kind == MX_CRYPTO_KEYS_QUERY &&
            (bad_user == NULL || strstr(request->body, bad_user) != NULL))
            machine_refuse(&machine, request->id, 503, "M_UNKNOWN", "no");
        else
            machine_answer(&machine, request->id, "{}");
    }
}

static guint count_outdated(void)
{
    g_autoptr(GPtrArray) outdated = mx_store_list_outdated(machine.store);
    return outdated->len;
}

/* Who is waited for comes late in the order, and the homeserver never gets there. */
static void test_errors_for_ever(void)
{
    set_up();
    g_assert_true(is_pending(LAST_USER)); /* a room begins to wait */
    for (guint i = 0; i < 9; i++) {
        answer_all(NULL);
        g_assert_true(is_pending(LAST_USER));
        gint64 wait = mx_crypto_get_wait(machine.crypto);
        g_assert_cmpint(wait, >, 0);
        g_assert_cmpint(wait, <=, 10000);
        machine_advance(1000);
    }
    machine_advance(1000);
    g_assert_false(is_pending(LAST_USER));
    answer_all(NULL);
    g_assert_false(is_pending(LAST_USER));
    machine_clear(&machine);
}

/* Where all goes well and takes its time, nobody is passed over because others came first. */
static void test_long_queue(void)
{
    set_up();
    g_assert_true(is_pending(LAST_USER));
    for (guint i = 0; i < 3 && count_outdated() > 0; i++) {
        g_assert_true(is_pending(LAST_USER));
        g_autoptr(GPtrArray) requests = machine_take(&machine);
        machine_advance(9000);
        for (guint j = 0; j < requests->len; j++)
            machine_answer(&machine, ((MxCryptoRequest *)g_ptr_array_index(requests, j))->id, "{}");
    }
    g_assert_cmpuint(count_outdated(), ==, 0);
    machine_clear(&machine);
}

static void test_one_bad_user(void)
{
    set_up();
    for (guint i = 0; i < 60 && count_outdated() > 1; i++) {
        answer_all(BAD_USER);
        machine_advance(1000);
    }
    g_assert_cmpuint(count_outdated(), ==, 1);
    g_assert_true(mx_store_get_tracked_user(machine.store, BAD_USER).outdated);
    /* Somebody else's change gets through at once. */
    mx_store_begin(machine.store);
    mx_device_list_refresh(machine.crypto, LAST_USER);
    store_fixture_commit(machine.store);
    for (guint i = 0; i < 10 && count_outdated() > 1; i++) {
        machine_advance(1000);
        answer_all(BAD_USER);
    }
    g_assert_false(mx_store_get_tracked_user(machine.store, LAST_USER).outdated);
    machine_clear(&machine);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/device-list/D11-errors-for-ever", test_errors_for_ever);
    g_test_add_func("/device-list/D11-long-queue", test_long_queue);
    g_test_add_func("/device-list/D5-one-bad-user", test_one_bad_user);
    return g_test_run();
}
