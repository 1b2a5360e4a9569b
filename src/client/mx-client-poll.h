/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* What the user does with polls. */

typedef enum {
    MX_POLL_VOTE, /* [TARGET] numbers of answers */
    MX_POLL_END,  /* [TARGET] */
    MX_POLL_SHOW, /* [TARGET] how it stands */
} MxPollDeed;

/* typed: see mx-target.h. With an error, a sentence for the user, nothing has changed. text: what
 * is to be said, or NULL: what was done has a line of its own. */
typedef void (*MxPollFunc)(MxClient *client, const char *text, const GError *error,
                           gpointer user_data);
void mx_client_poll(MxClient *client, MxRoom *room, MxPollDeed deed, const char *typed,
                    MxPollFunc func, gpointer user_data, GDestroyNotify destroy);
