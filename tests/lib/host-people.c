/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-private.h"

/* Icons, and who is blocked. */

const char *host_buddy_icon(PurpleAccount *account, const char *who, GBytes **data)
{
    PurpleBuddy *buddy = purple_find_buddy(account, who);
    PurpleBuddyIcon *icon = buddy != NULL ? purple_buddy_icons_find(account, who) : NULL;
    size_t len = 0;
    gconstpointer bytes = icon != NULL ? purple_buddy_icon_get_data(icon, &len) : NULL;

    if (bytes == NULL)
        return NULL;
    *data = g_bytes_new(bytes, len);
    purple_buddy_icon_unref(icon);
    return purple_buddy_icons_get_checksum_for_user(buddy);
}

gboolean host_set_account_icon(PurpleAccount *account, const char *path)
{
    char *data = NULL;
    gsize len = 0;

    if (path != NULL && !g_file_get_contents(path, &data, &len, NULL))
        return FALSE;
    purple_buddy_icons_set_account_icon(account, (guchar *)data, len);
    return TRUE;
}

void host_block(PurpleAccount *account, const char *who, gboolean block)
{
    if (block)
        purple_privacy_deny(account, who, FALSE, FALSE);
    else
        purple_privacy_allow(account, who, FALSE, FALSE);
}

JsonArray *host_blocked(PurpleAccount *account)
{
    JsonArray *list = json_array_new();

    for (GSList *l = account->deny; l != NULL; l = l->next)
        json_array_add_string_element(list, l->data);
    return list;
}

gsize host_account_icon_size(PurpleAccount *account)
{
    PurpleStoredImage *image = purple_buddy_icons_find_account_icon(account);
    gsize size = image != NULL ? purple_imgstore_get_size(image) : 0;

    purple_imgstore_unref(image);
    return size;
}
