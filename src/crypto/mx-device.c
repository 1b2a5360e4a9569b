/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-crypto-private.h"
#include "mx-device-list.h"
#include "mx-id.h"
#include "mx-identity.h"
#include "mx-json.h"
#include "mx-signed-json.h"
#include "mx-store-devices.h"

/* What is known of devices, as the rest of the encryption reads it; and what a device object has to
 * be to become known. */

#define MAX_ID 255 /* bytes; no honest ID comes near */
#define MAX_NAME 200

void mx_device_free(MxDevice *device)
{
    if (device == NULL)
        return;
    g_free(device->user_id);
    g_free(device->device_id);
    g_free(device->display_name);
    g_free(device->curve25519);
    g_free(device->ed25519);
    g_free(device);
}

/* ---- the object ---- */

static gboolean is_device_id(const char *id)
{
    if (id == NULL || *id == '\0' || strlen(id) > MAX_ID || !g_utf8_validate(id, -1, NULL))
        return FALSE;
    for (const char *at = id; *at != '\0'; at++)
        if (g_ascii_iscntrl(*at))
            return FALSE;
    return TRUE;
}

/* The device's key for an algorithm, in the one spelling in which keys are compared. */
static char *parse_key(JsonObject *object, const char *algorithm, const char *device_id,
                       guint8 key[MX_KEY_LEN])
{
    g_autofree char *name = g_strconcat(algorithm, ":", device_id, NULL);
    const char *text = mx_json_string(mx_json_object(object, "keys"), name);
    return mx_base64_decode_fixed(text, key, MX_KEY_LEN) ? mx_base64_encode(key, MX_KEY_LEN) : NULL;
}

static char *parse_name(JsonObject *object)
{
    const char *name = mx_json_string(mx_json_object(object, "unsigned"), "device_display_name");
    if (name == NULL || *name == '\0')
        return NULL;
    g_autofree char *short_name = g_utf8_substring(name, 0, MIN(g_utf8_strlen(name, -1), MAX_NAME));
    return g_steal_pointer(&short_name);
}

MxDevice *mx_device_parse(JsonObject *object, const char *user_id, const char *device_id)
{
    guint8 curve25519[MX_KEY_LEN], ed25519[MX_KEY_LEN];
    if (!is_device_id(device_id) || g_strcmp0(mx_json_string(object, "user_id"), user_id) != 0 ||
        g_strcmp0(mx_json_string(object, "device_id"), device_id) != 0)
        return NULL;
    g_autoptr(MxDevice) device = g_new0(MxDevice, 1);
    device->curve25519 = parse_key(object, "curve25519", device_id, curve25519);
    device->ed25519 = parse_key(object, "ed25519", device_id, ed25519);
    g_autofree char *key_id = g_strconcat("ed25519:", device_id, NULL);
    if (device->curve25519 == NULL || device->ed25519 == NULL ||
        !mx_curve25519_key_is_ok(curve25519) ||
        !mx_signed_json_verify(object, user_id, key_id, ed25519))
        return NULL;
    device->user_id = g_strdup(user_id);
    device->device_id = g_strdup(device_id);
    device->display_name = parse_name(object);
    device->is_dehydrated = mx_json_bool(object, "dehydrated", FALSE);
    return g_steal_pointer(&device);
}

/* ---- what is known ---- */

static MxDeviceTrust judge(MxCrypto *crypto, const MxDeviceRow *row, const MxIdentity *identity)
{
    if (g_str_equal(row->user_id, crypto->user_id) &&
        g_str_equal(row->curve25519, crypto->curve25519) &&
        g_str_equal(row->ed25519, crypto->ed25519))
        return MX_DEVICE_VERIFIED;
    if (identity == NULL || row->signed_by == NULL ||
        g_strcmp0(row->signed_by, identity->self_signing) != 0)
        return MX_DEVICE_UNSIGNED;
    return identity->is_verified ? MX_DEVICE_VERIFIED : MX_DEVICE_SIGNED;
}

static MxDevice *device_new(MxCrypto *crypto, const MxDeviceRow *row, const MxIdentity *identity)
{
    MxDevice *device = g_new0(MxDevice, 1);
    device->user_id = g_strdup(row->user_id);
    device->device_id = g_strdup(row->device_id);
    device->display_name = g_strdup(row->display_name);
    device->curve25519 = g_strdup(row->curve25519);
    device->ed25519 = g_strdup(row->ed25519);
    device->is_blocked = row->blocked;
    device->is_dehydrated = row->dehydrated;
    device->trust = judge(crypto, row, identity);
    return device;
}

GPtrArray *mx_device_list_get(MxCrypto *crypto, const char *user_id)
{
    GPtrArray *devices = g_ptr_array_new_with_free_func((GDestroyNotify)mx_device_free);
    g_autoptr(GPtrArray) rows = mx_store_list_devices(crypto->store, user_id);
    g_autoptr(MxIdentity) identity = mx_identity_get(crypto, user_id);
    for (guint i = 0; i < rows->len; i++)
        g_ptr_array_add(devices, device_new(crypto, g_ptr_array_index(rows, i), identity));
    return devices;
}

MxDevice *mx_device_list_find(MxCrypto *crypto, const char *user_id, const char *device_id)
{
    g_autoptr(MxDeviceRow) row = mx_store_get_device(crypto->store, user_id, device_id);
    if (row == NULL || row->gone)
        return NULL;
    g_autoptr(MxIdentity) identity = mx_identity_get(crypto, user_id);
    return device_new(crypto, row, identity);
}

/* The user's one device with this key; ed25519 NULL: whatever it is. */
static MxDevice *find(MxCrypto *crypto, const char *user_id, const char *curve25519,
                      const char *ed25519)
{
    g_autoptr(GPtrArray) rows = mx_store_list_devices(crypto->store, user_id);
    const MxDeviceRow *found = NULL;
    for (guint i = 0; i < rows->len; i++) {
        const MxDeviceRow *row = g_ptr_array_index(rows, i);
        if (!g_str_equal(row->curve25519, curve25519) ||
            (ed25519 != NULL && !g_str_equal(row->ed25519, ed25519)))
            continue;
        if (found != NULL)
            return NULL;
        found = row;
    }
    /* D8 */
    if (found == NULL ||
        (ed25519 == NULL &&
         mx_store_count_devices_with_key(crypto->store, found->curve25519, found->ed25519) != 1))
        return NULL;
    g_autoptr(MxIdentity) identity = mx_identity_get(crypto, user_id);
    return device_new(crypto, found, identity);
}

MxDevice *mx_device_list_find_by_key(MxCrypto *crypto, const char *user_id, const char *curve25519)
{
    return find(crypto, user_id, curve25519, NULL);
}

MxDevice *mx_device_list_find_by_keys(MxCrypto *crypto, const char *user_id, const char *curve25519,
                                      const char *ed25519)
{
    return find(crypto, user_id, curve25519, ed25519);
}

void mx_device_list_set_blocked(MxCrypto *crypto, const char *user_id, const char *device_id,
                                gboolean is_blocked)
{
    g_autoptr(MxDeviceRow) row = mx_store_get_device(crypto->store, user_id, device_id);
    if (row == NULL)
        return;
    row->blocked = is_blocked;
    mx_store_save_device(crypto->store, row);
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, user_id, NULL, NULL);
}

JsonObject *mx_device_list_get_object(MxCrypto *crypto, const char *user_id, const char *device_id)
{
    g_autoptr(MxDeviceRow) row = mx_store_get_device(crypto->store, user_id, device_id);
    return row != NULL && !row->gone ? mx_signed_json_parse(row->object, -1, NULL) : NULL;
}
