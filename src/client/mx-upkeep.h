/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"
#include "mx-store-retention.h"

/* What the database needs besides what comes and goes: the index of words, what is older than the
 * user wants to keep, and space that nobody uses. Slices on the worker, behind everything else. */

/* Days of history that are kept; 0: all. */
#define MX_KEEP_DEFAULT 365

/* Before mx_client_start(), and again when something has changed. indexes_secret: texts of
 * encrypted rooms may stand in the index, where they are not sealed. */
void mx_client_set_keeping(MxClient *client, int days, gboolean indexes_secret);

/* facts is borrowed. */
typedef void (*MxFactsFunc)(MxClient *client, const MxStoreFacts *facts, gpointer user_data);
void mx_client_get_store_facts(MxClient *client, MxFactsFunc func, gpointer user_data,
                               GDestroyNotify destroy);

/* Worker: the next of what waits for the index, for about so long (us). FALSE with an error: the
 * database. *has_more: something waits still. */
gboolean mx_upkeep_index(MxStore *store, gint64 for_us, gboolean *has_more, GError **error);
