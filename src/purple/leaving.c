/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "leaving.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <notify.h>
#include <request.h>

#include "membership.h"
#include "mx-link.h"
#include "rooms.h"

/* A dialog takes so many boxes; by its name any space can be left. */
#define MAX_BOXES 40

static gboolean is_joined(const MxRoom *room)
{
    return room != NULL && room->membership == MX_MEMBERSHIP_JOIN;
}

/* ---- /leave ---- */

static gboolean has_name(const MxRoom *room, const char *folded)
{
    g_autofree char *name = g_utf8_casefold(room->name, -1);
    return is_joined(room) && room->direct_user == NULL && g_str_equal(name, folded);
}

/* Not a person's: they are in a window of their own. *count: how many have that name. */
static MxRoom *find_by_name(MxpAccount *mxp, const char *name, guint *count)
{
    g_autofree char *folded = g_utf8_casefold(name, -1);
    g_autoptr(GList) rooms = mx_client_list_rooms(mxp->client);
    MxRoom *found = NULL;
    *count = 0;
    for (GList *at = rooms; at != NULL; at = at->next) {
        if (!has_name(at->data, folded))
            continue;
        found = at->data;
        (*count)++;
    }
    return found;
}

static gboolean leave_named(MxpAccount *mxp, const MxLink *link, const char *reason,
                            PurpleConversation *conversation, char **error)
{
    MxRoom *room = mxp_rooms_find(mxp, link->id);
    if (is_joined(room))
        mxp_membership_ask_leave(mxp, room, reason, conversation);
    else
        *error = g_strdup(_("You are not in that room or space. Type its main address "
                            "(#room:example.org), its ID (!abc…) or its name."));
    return is_joined(room);
}

gboolean mxp_leaving_start(MxpAccount *mxp, MxRoom *own, const char *text,
                           PurpleConversation *conversation, char **error)
{
    g_autofree char *typed = g_strstrip(g_strdup(text != NULL ? text : ""));
    g_auto(GStrv) words = g_strsplit(typed, " ", 2);
    g_autoptr(MxLink) link = *typed != '\0' ? mx_link_parse(words[0]) : NULL;
    guint count = 0;
    if (link != NULL && link->kind != MX_LINK_USER)
        return leave_named(mxp, link, words[1], conversation, error);
    MxRoom *named = *typed != '\0' ? find_by_name(mxp, typed, &count) : NULL;
    if (count > 1) {
        *error = g_strdup_printf(_("There are %u rooms and spaces of that name. Type the main "
                                   "address or the ID of the one to leave; /room tells it, and "
                                   "“Leave spaces…” in the account's menu lists spaces."),
                                 count);
        return FALSE;
    }
    /* Words that name no other room may be the reason for leaving this one, or a slip. */
    if (named != NULL)
        mxp_membership_ask_leave(mxp, named, NULL, conversation);
    else if (is_joined(own) && *typed != '\0')
        mxp_membership_ask_leave(mxp, own, typed, conversation);
    else if (is_joined(own))
        mxp_membership_leave(mxp, own, NULL, conversation);
    else
        *error = g_strdup(_("You are not in this room. /leave and a name, an address or an ID "
                            "leaves another room, or a space."));
    return *error == NULL;
}

/* ---- the dialog ---- */

static void on_fields(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxpAccount *mxp = PURPLE_CONNECTION_IS_VALID(gc) ? mxp_account_from_gc(gc) : NULL;
    PurpleRequestFieldGroup *group = purple_request_fields_get_groups(fields)->data;
    if (mxp == NULL)
        return;
    for (GList *at = purple_request_field_group_get_fields(group); at != NULL; at = at->next) {
        MxRoom *room = mx_client_get_room(mxp->client, purple_request_field_get_id(at->data));
        if (purple_request_field_bool_get_value(at->data) && is_joined(room))
            mxp_membership_leave(mxp, room, NULL, NULL);
    }
}

static void on_cancelled(PurpleConnection *gc, PurpleRequestFields *fields)
{
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const MxRoom *one = a, *other = b;
    int order = g_utf8_collate(one->name, other->name);
    return order != 0 ? order : strcmp(one->room_id, other->room_id);
}

static GList *list_spaces(MxpAccount *mxp)
{
    GList *rooms = mx_client_list_rooms(mxp->client);
    for (GList *at = rooms, *next; at != NULL; at = next) {
        const MxRoom *room = at->data;
        next = at->next;
        if (!room->is_space || !is_joined(room))
            rooms = g_list_delete_link(rooms, at);
    }
    return g_list_sort(rooms, compare_names);
}

static void add_box(PurpleRequestFieldGroup *group, const MxRoom *space)
{
    const char *where = space->canonical_alias != NULL ? space->canonical_alias : space->room_id;
    g_autofree char *label = g_strdup_printf("%s (%s)", space->name, where);
    purple_request_field_group_add_field(
        group, purple_request_field_bool_new(space->room_id, label, FALSE));
}

void mxp_leaving_ask_spaces(MxpAccount *mxp)
{
    g_autoptr(GList) spaces = list_spaces(mxp);
    if (spaces == NULL) {
        purple_notify_info(mxp->gc, _("Matrix"), purple_account_get_username(mxp->account),
                           _("You are in no space."));
        return;
    }
    PurpleRequestFields *fields = purple_request_fields_new();
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    guint shown = 0;
    for (GList *at = spaces; at != NULL && shown < MAX_BOXES; at = at->next, shown++)
        add_box(group, at->data);
    purple_request_fields_add_group(fields, group);
    guint left_out = g_list_length(spaces) - shown;
    g_autofree char *more =
        left_out > 0 ? g_strdup_printf(_(" %u more are not listed: /leave and its name leaves "
                                         "any space."),
                                       left_out)
                     : NULL;
    g_autofree char *text = g_strconcat(mxp_membership_explain_leave(TRUE), more, NULL);
    purple_request_fields(mxp->gc, _("Matrix"), _("Leave spaces"), text, fields, _("Leave"),
                          G_CALLBACK(on_fields), _("Cancel"), G_CALLBACK(on_cancelled),
                          mxp->account, NULL, NULL, mxp->gc);
}
