/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-backoff.h"

void mx_backoff_init(MxBackoff *backoff, guint first_ms, guint cap_ms)
{
    *backoff = (MxBackoff){MAX(first_ms, 1), MAX(cap_ms, 1), 0};
}

guint mx_backoff_next(MxBackoff *backoff)
{
    /* 2^31 ms is beyond every cap; shifting further would overflow. */
    guint64 range = (guint64)backoff->first_ms << MIN(backoff->failures, 31);
    range = MIN(range, backoff->cap_ms);
    if (backoff->failures < G_MAXUINT)
        backoff->failures++;
    guint64 half = range / 2;
    return (guint)(half + (guint64)(g_random_double() * (double)(range - half + 1)));
}

void mx_backoff_reset(MxBackoff *backoff)
{
    backoff->failures = 0;
}
