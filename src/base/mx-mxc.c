/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-mxc.h"

#include <string.h>

#include "mx-id.h"

#define SCHEME "mxc://"
#define MAX_MEDIA_ID 255

static gboolean media_id_is_valid(const char *id)
{
    gsize len = strlen(id);
    for (gsize i = 0; i < len; i++)
        if (!g_ascii_isalnum(id[i]) && id[i] != '-' && id[i] != '_')
            return FALSE;
    return len > 0 && len <= MAX_MEDIA_ID;
}

gboolean mx_mxc_parse(const char *uri, char **server_name, char **media_id)
{
    if (uri == NULL || !g_str_has_prefix(uri, SCHEME))
        return FALSE;
    const char *rest = uri + strlen(SCHEME);
    const char *slash = strchr(rest, '/');
    if (slash == NULL || !media_id_is_valid(slash + 1))
        return FALSE;
    g_autofree char *server = g_strndup(rest, slash - rest);
    /* ".." is made of a host name's characters, but no path may have it. */
    if (server[0] == '.' || !mx_server_name_is_valid(server))
        return FALSE;
    if (server_name != NULL)
        *server_name = g_steal_pointer(&server);
    if (media_id != NULL)
        *media_id = g_strdup(slash + 1);
    return TRUE;
}
