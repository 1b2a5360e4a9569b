/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "crypto-fakes.h"
#include "mx-share.h"

gint64 mx_share_get_shared_index(MxCrypto *crypto, const char *room_id, const char *session_id,
                                 const MxDevice *device)
{
    (void)crypto;
    (void)room_id;
    (void)session_id;
    (void)device;
    return fake_shared_index;
}

void mx_share_reshare(MxCrypto *crypto, const MxDevice *device, const char *room_id,
                      const char *session_id)
{
    (void)crypto;
    (void)device;
    (void)room_id;
    (void)session_id;
    fake_n_reshared++;
}
