/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "mx-primitives.h"
#include "mx-ratchet.h"

/* Pickles of a damaged database, as they are and written over a good one: refused, or read as the
 * same that was pickled. */

static GBytes *good; /* of an account */

static void make_pickle(void)
{
    g_assert_true(mx_primitives_init(NULL));
    g_autoptr(MxOlmAccount) account = mx_olm_account_new(NULL);
    g_assert_true(mx_olm_account_generate_one_time_keys(account, 1, NULL));
    good = mx_olm_account_pickle(account, NULL);
}

static void read_all(GBytes *pickle)
{
    g_autoptr(MxOlmAccount) account = mx_olm_account_unpickle(pickle, NULL);
    g_autoptr(MxOlmSession) session = mx_olm_session_unpickle(pickle, NULL);
    g_autoptr(MxMegolmOutbound) outbound = mx_megolm_outbound_unpickle(pickle, NULL);
    g_autoptr(MxMegolmInbound) inbound = mx_megolm_inbound_unpickle(pickle, NULL);
    g_assert_true(session == NULL && outbound == NULL && inbound == NULL);
    if (account == NULL)
        return;
    g_autoptr(GBytes) again = mx_olm_account_pickle(account, NULL);
    g_assert_true(g_bytes_equal(again, good));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (good == NULL)
        make_pickle();
    g_autoptr(GBytes) raw = g_bytes_new(data, size);
    read_all(raw);
    if (size < 2)
        return 0;
    gsize len;
    const guint8 *original = g_bytes_get_data(good, &len);
    gsize at = (data[0] | (gsize)data[1] << 8) % len;
    guint8 *changed = g_memdup2(original, len);
    memcpy(changed + at, data + 2, MIN(size - 2, len - at));
    g_autoptr(GBytes) overwritten = g_bytes_new_take(changed, len);
    read_all(overwritten);
    return 0;
}
