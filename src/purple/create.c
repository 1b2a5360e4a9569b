/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "create.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <request.h>

#include "joining.h"
#include "mx-id.h"
#include "reply.h"

typedef struct {
    MxpReply *reply;
    char *name;
} Created;

static void created_free(gpointer data)
{
    Created *created = data;
    mxp_reply_free(created->reply);
    g_free(created->name);
    g_free(created);
}

static void on_created(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Created *created = data;
    if (error == NULL) {
        mxp_joining_expect(created->reply->mxp, room_id, created->name);
        return;
    }
    g_autofree char *text = mxp_reply_explain(MXP_DEED_CREATE, NULL, error);
    mxp_reply_fail(created->reply, text);
}

static void create(MxpAccount *mxp, const MxNewRoom *wanted, PurpleConversation *conversation)
{
    Created *created = g_new0(Created, 1);
    created->reply = mxp_reply_new(mxp, conversation);
    created->name = g_strdup(wanted->name);
    mx_client_create_room(mxp->client, wanted, on_created, created, created_free);
}

/* ---- the dialog ---- */

static char *get_own_server(MxpAccount *mxp)
{
    return mx_user_id_get_server_name(mx_client_get_user_id(mxp->client));
}

static char *get_text(PurpleRequestFields *fields, const char *id)
{
    return g_strdup(purple_request_fields_get_string(fields, id));
}

/* NULL and *error: it is not what it has to be. */
static MxNewRoom *read_fields(MxpAccount *mxp, PurpleRequestFields *fields, GError **error)
{
    g_autoptr(MxNewRoom) wanted = mx_new_room_new();
    g_autofree char *own = get_own_server(mxp);
    wanted->name = get_text(fields, "name");
    wanted->topic = get_text(fields, "topic");
    wanted->version = get_text(fields, "version");
    wanted->is_public = purple_request_fields_get_bool(fields, "public");
    wanted->is_local = !purple_request_fields_get_bool(fields, "federate");
    wanted->history =
        g_strdup(purple_request_fields_get_bool(fields, "history") ? "shared" : "joined");
    wanted->guests =
        g_strdup(purple_request_fields_get_bool(fields, "guests") ? "can_join" : "forbidden");
    wanted->alias_localpart =
        mx_new_room_read_alias(purple_request_fields_get_string(fields, "alias"), own);
    if (!mx_new_room_add_people(wanted, purple_request_fields_get_string(fields, "people"), error))
        return NULL;
    if (wanted->alias_localpart != NULL)
        return g_steal_pointer(&wanted);
    g_set_error_literal(error, MX_ERROR, MX_ERROR_INVALID,
                        _("An address is a word without spaces, and it can only be one of your "
                          "own homeserver."));
    return NULL;
}

static char *explain(const GError *error)
{
    return g_strdup_printf(_("The room was not created. %s"), error->message);
}

static void on_fields(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxpAccount *mxp = PURPLE_CONNECTION_IS_VALID(gc) ? mxp_account_from_gc(gc) : NULL;
    g_autoptr(GError) error = NULL;
    if (mxp == NULL)
        return;
    g_autoptr(MxNewRoom) wanted = read_fields(mxp, fields, &error);
    if (wanted != NULL) {
        create(mxp, wanted, NULL);
        return;
    }
    g_autoptr(MxpReply) reply = mxp_reply_new(mxp, NULL);
    g_autofree char *text = explain(error);
    mxp_reply_fail(reply, text);
}

static void on_cancelled(PurpleConnection *gc, PurpleRequestFields *fields)
{
}

static void add_text(PurpleRequestFieldGroup *group, const char *id, const char *label)
{
    purple_request_field_group_add_field(group,
                                         purple_request_field_string_new(id, label, NULL, FALSE));
}

/* No choices anywhere: Finch counts those from one, and Pidgin from zero. */
static void add_box(PurpleRequestFieldGroup *group, const char *id, const char *label,
                    gboolean is_ticked)
{
    purple_request_field_group_add_field(group,
                                         purple_request_field_bool_new(id, label, is_ticked));
}

static PurpleRequestFields *new_fields(void)
{
    PurpleRequestFields *fields = purple_request_fields_new();
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    add_text(group, "name", _("Name"));
    add_text(group, "topic", _("Topic"));
    add_box(group, "public", _("Everybody may join (it is listed in the room directory)"), FALSE);
    add_text(group, "alias", _("Address, if any (#room)"));
    add_text(group, "people", _("Invite (Matrix IDs)"));
    add_text(group, "version", _("Room version, if not the usual one"));
    add_box(group, "history", _("New members may read what was written before they came"), TRUE);
    add_box(group, "federate", _("People of other homeservers may take part"), TRUE);
    add_box(group, "guests", _("Guests without an account may join"), FALSE);
    purple_request_fields_add_group(fields, group);
    return fields;
}

gboolean mxp_create_start(MxpAccount *mxp, const char *typed, PurpleConversation *conversation,
                          char **sentence)
{
    if (typed != NULL && *typed != '\0') {
        g_autoptr(GError) error = NULL;
        g_autofree char *own = get_own_server(mxp);
        g_autoptr(MxNewRoom) wanted = mx_new_room_parse(typed, own, &error);
        if (wanted == NULL)
            *sentence = explain(error);
        else
            create(mxp, wanted, conversation);
        return wanted != NULL;
    }
    purple_request_fields(mxp->gc, _("Matrix"), _("Create a room"), NULL, new_fields(), _("Create"),
                          G_CALLBACK(on_fields), _("Cancel"), G_CALLBACK(on_cancelled),
                          mxp->account, NULL, NULL, mxp->gc);
    return TRUE;
}
