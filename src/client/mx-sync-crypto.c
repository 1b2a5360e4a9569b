/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-sync-crypto.h"

#include <string.h>

#include "mx-crypto.h"
#include "mx-device-keys.h"
#include "mx-device-list.h"
#include "mx-old-copy.h"
#include "mx-store-devices.h"
#include "mx-to-device.h"

#define STASH_SLICE 100

void mx_sync_crypto_begin(MxStore *store, const MxSyncStage *stage)
{
    MxCrypto *crypto = mx_crypto_of(store);
    for (guint i = 0; i < stage->to_device->len; i++) {
        const char *text = g_ptr_array_index(stage->to_device, i);
        if (crypto != NULL)
            mx_to_device_receive(crypto, text, strlen(text));
        else
            /* The keyring is locked, say. Nobody will send it again. */
            mx_store_add_stashed(store, text, strlen(text));
    }
}

static MxJsonSlice get_slice(const char *text)
{
    return text != NULL ? mx_json_scan_root(text, strlen(text)) : (MxJsonSlice){0};
}

void mx_sync_crypto_end(MxStore *store, const MxSyncStage *stage, const MxApplyContext *context)
{
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto == NULL) {
        if (context->since == NULL || stage->device_lists != NULL)
            mx_store_set_all_outdated(store);
        return;
    }
    mx_old_copy_note_account_data(crypto, stage->account_data);
    mx_old_copy_note_sync(crypto);
    if (context->since == NULL)
        mx_device_list_note_full_sync(crypto);
    mx_device_list_note_changes(crypto, get_slice(stage->device_lists));
    mx_device_keys_note_counts(crypto, get_slice(stage->key_counts),
                               get_slice(stage->fallback_types), context->keys_serial);
}

void mx_sync_crypto_failed(MxStore *store)
{
    MxCrypto *crypto = mx_crypto_of(store);
    if (crypto == NULL)
        return;
    mx_old_copy_note_sync_failed(crypto);
    mx_crypto_forget(crypto);
}

gboolean mx_sync_crypto_take_stashed(MxStore *store, GError **error)
{
    MxCrypto *crypto = mx_crypto_of(store);
    for (guint n = STASH_SLICE; n == STASH_SLICE;) {
        mx_store_begin(store);
        g_autoptr(GPtrArray) events = mx_store_take_stashed(store, STASH_SLICE);
        n = events->len;
        for (guint i = 0; i < n; i++) {
            const char *text = g_ptr_array_index(events, i);
            mx_to_device_receive(crypto, text, strlen(text));
        }
        if (!mx_store_commit(store, error)) {
            mx_crypto_forget(crypto);
            return FALSE;
        }
    }
    return TRUE;
}
