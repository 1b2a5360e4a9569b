/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-recipients.h"

#include "mx-identity.h"
#include "mx-room-encryption.h"
#include "mx-share.h"
#include "mx-store-devices.h"

#define VALUE_TOLD "share_policy_told" /* U2 was said */

static const char *const policy_names[] = {"signed", "all", "verified"}; /* by MxSharePolicy */

static void recipient_free(gpointer data)
{
    MxRecipient *recipient = data;
    mx_device_free(recipient->device);
    g_free(recipient);
}

void mx_recipients_free(MxRecipients *recipients)
{
    if (recipients == NULL)
        return;
    g_ptr_array_unref(recipients->devices);
    g_ptr_array_unref(recipients->pending);
    g_free(recipients->changed_user);
    g_free(recipients);
}

/* ---- policy ---- */

void mx_share_set_policy(MxStore *store, MxSharePolicy policy)
{
    mx_store_set_value(store, MX_VALUE_ENCRYPT_TO, policy_names[policy]);
}

/* Whoever asked for verified people alone does not get more; the others are told (U2). */
static MxSharePolicy get_policy(MxCrypto *crypto, const MxRoomRow *room)
{
    g_autofree char *name = mx_store_get_value(crypto->store, MX_VALUE_ENCRYPT_TO);
    if (g_strcmp0(name, policy_names[MX_SHARE_WITH_ALL]) == 0)
        return MX_SHARE_WITH_ALL;
    if (g_strcmp0(name, policy_names[MX_SHARE_WITH_VERIFIED]) == 0)
        return MX_SHARE_WITH_VERIFIED;
    g_autoptr(MxIdentity) own = mx_identity_get(crypto, crypto->user_id);
    if (own != NULL)
        return MX_SHARE_WITH_SIGNED;
    g_autofree char *told = mx_store_get_value(crypto->store, VALUE_TOLD);
    if (told == NULL) {
        mx_store_set_value(crypto->store, VALUE_TOLD, "1");
        mx_crypto_tell(crypto, MX_CRYPTO_NEWS_NO_POLICY, room->key, NULL, NULL, NULL);
    }
    return MX_SHARE_WITH_ALL;
}

static const char *judge(const MxDevice *device, MxSharePolicy policy)
{
    if (device->is_blocked)
        return "m.blacklisted";
    MxDeviceTrust least = policy == MX_SHARE_WITH_VERIFIED ? MX_DEVICE_VERIFIED
                          : policy == MX_SHARE_WITH_SIGNED ? MX_DEVICE_SIGNED
                                                           : MX_DEVICE_UNSIGNED;
    if (device->is_dehydrated)
        least = MAX(least, MX_DEVICE_SIGNED);
    return device->trust < least ? "m.unverified" : NULL;
}

/* ---- people ---- */

static GPtrArray *list_users(MxCrypto *crypto, const MxRoomRow *room)
{
    gboolean reaches_invited = mx_room_encryption_reaches_invited(crypto->store, room->key);
    GPtrArray *users = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) members = mx_store_list_members(crypto->store, room->key, -1);
    for (guint i = 0; i < members->len; i++) {
        const MxMemberRow *member = g_ptr_array_index(members, i);
        if (!g_str_equal(member->user_id, crypto->user_id) &&
            (member->membership == MX_MEMBERSHIP_JOIN || reaches_invited))
            g_ptr_array_add(users, g_strdup(member->user_id));
    }
    g_ptr_array_add(users, g_strdup(crypto->user_id)); /* always the own other devices */
    return users;
}

/* What has to come before any key is given: everybody's devices and identities. */
static void look_at_user(MxCrypto *crypto, const char *user_id, MxRecipients *recipients)
{
    if (!mx_store_get_tracked_user(crypto->store, user_id).tracked)
        mx_device_list_track(crypto, user_id);
    if (mx_device_list_is_pending(crypto, user_id))
        g_ptr_array_add(recipients->pending, g_strdup(user_id));
    if (recipients->changed_user != NULL || g_str_equal(user_id, crypto->user_id))
        return;
    g_autoptr(MxIdentity) identity = mx_identity_get(crypto, user_id);
    if (identity != NULL && identity->is_changed)
        recipients->changed_user = g_strdup(user_id);
}

static void add_devices(MxCrypto *crypto, const char *user_id, MxSharePolicy policy,
                        GPtrArray *recipients)
{
    gsize n_devices;
    g_autoptr(GPtrArray) list = mx_device_list_get(crypto, user_id);
    g_autofree MxDevice **devices = (MxDevice **)g_ptr_array_steal(list, &n_devices);
    gboolean is_own = g_str_equal(user_id, crypto->user_id);
    for (gsize i = 0; i < n_devices; i++) {
        if ((is_own && g_str_equal(devices[i]->device_id, crypto->device_id)) ||
            g_str_equal(devices[i]->curve25519, crypto->curve25519)) { /* E10 */
            mx_device_free(devices[i]);
            continue;
        }
        MxRecipient *recipient = g_new0(MxRecipient, 1);
        recipient->device = devices[i];
        recipient->withheld = judge(devices[i], policy);
        g_ptr_array_add(recipients, recipient);
    }
}

MxRecipients *mx_recipients_list(MxCrypto *crypto, const MxRoomRow *room)
{
    MxRecipients *recipients = g_new0(MxRecipients, 1);
    recipients->devices = g_ptr_array_new_with_free_func(recipient_free);
    recipients->pending = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) users = list_users(crypto, room);
    for (guint i = 0; i < users->len; i++)
        look_at_user(crypto, g_ptr_array_index(users, i), recipients);
    if (recipients->changed_user != NULL || recipients->pending->len > 0)
        return recipients;
    MxSharePolicy policy = get_policy(crypto, room);
    for (guint i = 0; i < users->len; i++)
        add_devices(crypto, g_ptr_array_index(users, i), policy, recipients->devices);
    return recipients;
}
