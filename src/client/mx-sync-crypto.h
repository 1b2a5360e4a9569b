/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-sync-apply.h"

/* What a /sync has for the encryption. All of it on the worker. */

/* Before the rooms: to-device events, in their order (F1). Within the transaction that stores
 * next_batch (F2): the homeserver deletes them when it sees that token. */
void mx_sync_crypto_begin(MxStore *store, const MxSyncStage *stage);
/* After the rooms: device lists (who has left is seen by the rooms, D2), and how many keys are left
 * on the homeserver. */
void mx_sync_crypto_end(MxStore *store, const MxSyncStage *stage, const MxApplyContext *context);
/* The transaction has failed. */
void mx_sync_crypto_failed(MxStore *store);
/* The encryption is open again: reads what came while it was not. Commits. */
gboolean mx_sync_crypto_take_stashed(MxStore *store, GError **error);
