/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-backoff.h"

#define DRAWS 200

static void test_ranges(void)
{
    static const guint expected[] = {1000, 2000, 4000, 8000, 10000, 10000};
    for (guint draw = 0; draw < DRAWS; draw++) {
        MxBackoff backoff;
        mx_backoff_init(&backoff, 1000, 10000);
        for (gsize i = 0; i < G_N_ELEMENTS(expected); i++) {
            guint wait = mx_backoff_next(&backoff);
            g_assert_cmpuint(wait, >=, expected[i] / 2);
            g_assert_cmpuint(wait, <=, expected[i]);
        }
        mx_backoff_reset(&backoff);
        g_assert_cmpuint(mx_backoff_next(&backoff), <=, 1000);
    }
}

static void test_jitter(void)
{
    guint lowest = G_MAXUINT, highest = 0;
    for (guint draw = 0; draw < DRAWS; draw++) {
        MxBackoff backoff;
        mx_backoff_init(&backoff, 1000, 10000);
        guint wait = mx_backoff_next(&backoff);
        lowest = MIN(lowest, wait);
        highest = MAX(highest, wait);
    }
    g_assert_cmpuint(highest - lowest, >, 200);
}

static void test_extremes(void)
{
    MxBackoff backoff;
    mx_backoff_init(&backoff, G_MAXUINT, G_MAXUINT);
    for (guint i = 0; i < 100; i++)
        g_assert_cmpuint(mx_backoff_next(&backoff), >=, G_MAXUINT / 2);
    mx_backoff_init(&backoff, 0, 0);
    g_assert_cmpuint(mx_backoff_next(&backoff), <=, 1);
    mx_backoff_init(&backoff, 1, 60000);
    backoff.failures = G_MAXUINT;
    g_assert_cmpuint(mx_backoff_next(&backoff), >=, 30000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/backoff/ranges", test_ranges);
    g_test_add_func("/backoff/jitter", test_jitter);
    g_test_add_func("/backoff/extremes", test_extremes);
    return g_test_run();
}
