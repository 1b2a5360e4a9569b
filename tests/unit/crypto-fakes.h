/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "crypto-fixture.h"

/* In the place of parts of the encryption that a test only wants to see called. */

void crypto_fakes_reset(void);

/* What mx_share_get_shared_index() says of every device, and how often keys were given again. */
extern gint64 fake_shared_index;
extern guint fake_n_reshared;
/* Calls of mx-secrets.h */
extern guint fake_n_secrets, fake_n_secret_requests;
/* "room session sender code" of the last mx_inbound_note_withheld(), or "" */
extern char fake_withheld[1000];
