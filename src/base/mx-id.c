/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-id.h"

#include <gio/gio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_ID_LEN 255
#define MAX_PORT 65535

static gboolean has_shape(const char *id, char sigil)
{
    if (id == NULL || id[0] != sigil || id[1] == '\0')
        return FALSE;
    gsize len = strlen(id);
    if (len > MAX_ID_LEN || !g_utf8_validate_len(id, len, NULL))
        return FALSE;
    for (const char *at = id; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        if (g_unichar_iscntrl(character) || g_unichar_isspace(character))
            return FALSE;
    }
    return TRUE;
}

static gboolean ends_with_server_name(const char *id)
{
    const char *colon = strchr(id, ':');
    return colon != NULL && mx_server_name_is_valid(colon + 1);
}

/* An empty localpart is allowed: such accounts exist, and their messages must be shown. */
gboolean mx_user_id_is_valid(const char *id)
{
    return has_shape(id, '@') && ends_with_server_name(id);
}

gboolean mx_room_id_is_valid(const char *id)
{
    return has_shape(id, '!');
}

gboolean mx_room_alias_is_valid(const char *id)
{
    return has_shape(id, '#') && ends_with_server_name(id);
}

gboolean mx_event_id_is_valid(const char *id)
{
    return has_shape(id, '$');
}

/* The length of the host part; a port's colon is the one after an IPv6 literal's bracket. */
static gsize host_length(const char *name)
{
    if (name[0] != '[')
        return strcspn(name, ":");
    const char *bracket = strchr(name, ']');
    return bracket != NULL ? (gsize)(bracket - name) + 1 : 0;
}

static gboolean host_is_valid(const char *host, gsize len)
{
    if (len == 0)
        return FALSE;
    if (host[0] == '[') {
        g_autofree char *address = g_strndup(host + 1, len - 2);
        /* A scope ("%eth0") means nothing to anybody else. */
        return strchr(address, ':') != NULL && strchr(address, '%') == NULL &&
               g_hostname_is_ip_address(address);
    }
    for (gsize i = 0; i < len; i++)
        if (!g_ascii_isalnum(host[i]) && host[i] != '-' && host[i] != '.')
            return FALSE;
    return TRUE;
}

static gboolean port_is_valid(const char *port)
{
    gsize len = strspn(port, "0123456789");
    return len > 0 && len <= 5 && port[len] == '\0' && atoi(port) <= MAX_PORT;
}

gboolean mx_server_name_is_valid(const char *name)
{
    if (name == NULL || strlen(name) > MAX_ID_LEN)
        return FALSE;
    gsize len = host_length(name);
    if (!host_is_valid(name, len))
        return FALSE;
    return name[len] == '\0' || (name[len] == ':' && port_is_valid(name + len + 1));
}

char *mx_user_id_get_localpart(const char *user_id)
{
    g_return_val_if_fail(mx_user_id_is_valid(user_id), NULL);
    return g_strndup(user_id + 1, strcspn(user_id + 1, ":"));
}

char *mx_user_id_get_server_name(const char *user_id)
{
    g_return_val_if_fail(mx_user_id_is_valid(user_id), NULL);
    return g_strdup(strchr(user_id, ':') + 1);
}

char *mx_user_id_new(const char *localpart, const char *server_name)
{
    return g_strdup_printf("@%s:%s", localpart, server_name);
}

char *mx_server_name_get_host(const char *server_name)
{
    g_return_val_if_fail(server_name != NULL, NULL);
    return g_strndup(server_name, host_length(server_name));
}
