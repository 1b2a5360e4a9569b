/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "links.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <core.h>
#include <notify.h>
#include <request.h>

#include "joining.h"
#include "mx-link.h"
#include "plugin.h"
#include "rooms.h"

/* libpurple has taken the URI apart, and of parameters with one name only the last is left. */
static char *put_together(const char *command, GHashTable *parameters)
{
    const char *via = parameters != NULL ? g_hash_table_lookup(parameters, "via") : NULL;
    g_autofree char *encoded = via != NULL ? g_uri_escape_string(via, NULL, FALSE) : NULL;
    return g_strconcat("matrix:", command, encoded != NULL ? "?via=" : NULL, encoded, NULL);
}

static gboolean is_joined(MxpAccount *mxp, const MxLink *link)
{
    MxRoom *room = mxp_rooms_find(mxp, link->id);
    return room != NULL && room->membership == MX_MEMBERSHIP_JOIN;
}

/* The account that is in the room, else the first that is online; NULL: there is none. */
static MxpAccount *choose_account(const MxLink *link)
{
    MxpAccount *chosen = NULL;
    for (GList *l = purple_connections_get_all(); l != NULL; l = l->next) {
        PurpleConnection *gc = l->data;
        const char *protocol = purple_account_get_protocol_id(purple_connection_get_account(gc));
        if (g_strcmp0(protocol, MXP_PLUGIN_ID) != 0 || !PURPLE_CONNECTION_IS_CONNECTED(gc))
            continue;
        MxpAccount *mxp = mxp_account_from_gc(gc);
        if (mxp != NULL && is_joined(mxp, link))
            return mxp;
        if (chosen == NULL)
            chosen = mxp;
    }
    return chosen;
}

static void on_join(PurpleConnection *gc, const char *text)
{
    MxpAccount *mxp = PURPLE_CONNECTION_IS_VALID(gc) ? mxp_account_from_gc(gc) : NULL;
    if (mxp != NULL && !mxp_joining_start(mxp, text, NULL, NULL))
        purple_notify_error(gc, _("Matrix"), _("That leads to no room."), NULL);
}

static void on_cancelled(PurpleConnection *gc, const char *text)
{
}

/* Whoever made the link must not bring the user into a room: it is shown, and asked about. */
static void ask(MxpAccount *mxp, const MxLink *link, const char *uri)
{
    const char *username = purple_account_get_username(mxp->account);
    g_autofree char *primary = g_strdup_printf(_("Join the room %s?"), link->id);
    g_autofree char *secondary =
        g_strdup_printf(_("A link leads there. You would join it as %s."), username);
    purple_request_input(mxp->gc, _("Matrix"), primary, secondary, uri, FALSE, FALSE, NULL,
                         _("Join"), G_CALLBACK(on_join), _("Cancel"), G_CALLBACK(on_cancelled),
                         mxp->account, NULL, NULL, mxp->gc);
}

static gboolean on_uri(const char *scheme, const char *command, GHashTable *parameters,
                       gpointer data)
{
    if (scheme == NULL || command == NULL || g_ascii_strcasecmp(scheme, "matrix") != 0)
        return FALSE;
    g_autofree char *uri = put_together(command, parameters);
    g_autoptr(MxLink) link = mx_link_parse(uri);
    MxpAccount *mxp = link != NULL ? choose_account(link) : NULL;
    if (link == NULL)
        purple_notify_error(NULL, _("Matrix"), _("The link leads to no room and no person."), NULL);
    else if (mxp == NULL)
        purple_notify_error(NULL, _("Matrix"), _("The link cannot be opened"),
                            _("No Matrix account is online."));
    else if (link->kind == MX_LINK_USER || is_joined(mxp, link))
        mxp_joining_start(mxp, uri, NULL, NULL); /* opens a window, and tells nobody */
    else
        ask(mxp, link, uri);
    return TRUE;
}

void mxp_links_init(PurplePlugin *handle)
{
    purple_signal_connect(purple_get_core(), "uri-handler", handle, PURPLE_CALLBACK(on_uri), NULL);
}

void mxp_links_uninit(PurplePlugin *handle)
{
    purple_signal_disconnect(purple_get_core(), "uri-handler", handle, PURPLE_CALLBACK(on_uri));
}
