/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client-private.h"

/* The mark of this device's database in the account data (mx-old-copy.h) is of no use when the
 * device has gone. Account data cannot be removed, so it is left blank. */

/* Worker: the type of account data that is to be blanked, which the caller frees; NULL: none. */
char *mx_mark_get_type(MxStore *store);
/* Has a few seconds, and its answer does not matter. */
MxRequest *mx_mark_new_request(const char *user_id, const char *type);
/* Main loop. func is called when there is nothing to wait for any more, unless the client is
 * stopped before. If the device stays after all, the mark comes back. */
void mx_mark_end(MxClient *client, void (*func)(MxClient *client));
