/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-inbound.h"
#include "mx-share.h"

/* In the place of parts that are not written yet: nobody is known, nothing is kept. */

#define WEAK __attribute__((weak))

WEAK gboolean mx_inbound_add(MxCrypto *crypto, const MxRoomKey *key)
{
    return FALSE;
}

WEAK gint64 mx_inbound_get_first_index(MxCrypto *crypto, const char *room_id,
                                       const char *session_id)
{
    return -1;
}

WEAK char *mx_inbound_export(MxCrypto *crypto, const char *room_id, const char *session_id,
                             gint64 index)
{
    return NULL;
}

WEAK gboolean mx_inbound_get(MxCrypto *crypto, const char *room_id, const char *session_id,
                             MxRoomKey *key)
{
    return FALSE;
}

WEAK void mx_room_key_clear(MxRoomKey *key)
{
}

WEAK void mx_inbound_note_withheld(MxCrypto *crypto, const char *room_id, const char *session_id,
                                   const char *sender, const char *code, const char *reason)
{
}

WEAK gint64 mx_share_get_shared_index(MxCrypto *crypto, const char *room_id, const char *session_id,
                                      const MxDevice *device)
{
    return -1;
}

WEAK void mx_share_reshare(MxCrypto *crypto, const MxDevice *device, const char *room_id,
                           const char *session_id)
{
}
