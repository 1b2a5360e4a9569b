/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <json-glib/json-glib.h>

#include "mx-device-list.h"
#include "mx-identity.h"
#include "mx-key-request.h"

/* Stands in for what is not there yet; goes when it is. */

#define WEAK __attribute__((weak))

WEAK MxDevice *mx_device_list_find_by_key(MxCrypto *crypto, const char *user_id,
                                          const char *curve25519)
{
    return NULL;
}

WEAK gboolean mx_device_list_is_pending(MxCrypto *crypto, const char *user_id)
{
    return FALSE;
}

WEAK void mx_device_free(MxDevice *device)
{
}

WEAK MxIdentity *mx_identity_get(MxCrypto *crypto, const char *user_id)
{
    return NULL;
}

WEAK void mx_identity_free(MxIdentity *identity)
{
}

WEAK void mx_key_request_want(MxCrypto *crypto, const char *room_id, const char *session_id,
                              const char *sender_curve25519)
{
}

WEAK void mx_key_request_note_arrived(MxCrypto *crypto, const char *room_id, const char *session_id)
{
}
