/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Exponential waiting with jitter: first, 2*first, 4*first ... capped; each wait is drawn from the
 * upper half of that range, so that many clients of one server do not come back at the same moment.
 * Milliseconds. */
typedef struct {
    guint first_ms, cap_ms, failures;
} MxBackoff;

void mx_backoff_init(MxBackoff *backoff, guint first_ms, guint cap_ms);
guint mx_backoff_next(MxBackoff *backoff);
void mx_backoff_reset(MxBackoff *backoff);
