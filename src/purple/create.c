/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "create.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include <request.h>

#include "joining.h"
#include "mx-id.h"
#include "mx-link.h"
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

/* "name", "#name" or "#name:server" of the own server; NULL: it is none. The caller frees. */
static char *read_alias(MxpAccount *mxp, const char *typed)
{
    g_autofree char *alias = g_strstrip(g_strdup(typed != NULL ? typed : ""));
    char *localpart = alias[0] == '#' ? alias + 1 : alias;
    char *colon = strchr(localpart, ':');
    g_autofree char *own = mx_user_id_get_server_name(mx_client_get_user_id(mxp->client));
    if (colon != NULL && !g_str_equal(colon + 1, own))
        return NULL;
    if (colon != NULL)
        *colon = '\0';
    g_autofree char *whole = g_strdup_printf("#%s:%s", localpart, own);
    return *localpart == '\0' || mx_room_alias_is_valid(whole) ? g_strdup(localpart) : NULL;
}

/* User IDs, with white space or commas between. NULL: *wrong is none. */
static char **read_people(const char *typed, char **wrong)
{
    g_auto(GStrv) words = g_strsplit_set(typed != NULL ? typed : "", " ,;\t\n", -1);
    g_autoptr(GPtrArray) people = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; words[i] != NULL; i++) {
        g_autoptr(MxLink) link = mx_link_parse(words[i]);
        if (*words[i] == '\0')
            continue;
        if (link == NULL || link->kind != MX_LINK_USER) {
            *wrong = g_strdup(words[i]);
            return NULL;
        }
        g_ptr_array_add(people, g_strdup(link->id));
    }
    g_ptr_array_add(people, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&people), FALSE);
}

static void on_fields(PurpleConnection *gc, PurpleRequestFields *fields)
{
    MxpAccount *mxp = PURPLE_CONNECTION_IS_VALID(gc) ? mxp_account_from_gc(gc) : NULL;
    if (mxp == NULL)
        return;
    g_autoptr(MxpReply) reply = mxp_reply_new(mxp, NULL);
    g_autofree char *wrong = NULL;
    g_autofree char *alias = read_alias(mxp, purple_request_fields_get_string(fields, "alias"));
    g_auto(GStrv) people = read_people(purple_request_fields_get_string(fields, "people"), &wrong);
    if (people == NULL) {
        g_autofree char *text = g_strdup_printf(
            _("The room was not created: “%s” is no Matrix ID (@name:server)."), wrong);
        mxp_reply_fail(reply, text);
        return;
    }
    if (alias == NULL) {
        mxp_reply_fail(reply,
                       _("The room was not created: an address is a word without spaces, and "
                         "it can only be one of your own homeserver."));
        return;
    }
    MxNewRoom wanted = {
        .name = purple_request_fields_get_string(fields, "name"),
        .topic = purple_request_fields_get_string(fields, "topic"),
        .alias_localpart = alias,
        .version = purple_request_fields_get_string(fields, "version"),
        .is_public = purple_request_fields_get_bool(fields, "public"),
        .invitees = people,
    };
    create(mxp, &wanted, NULL);
}

static void on_cancelled(PurpleConnection *gc, PurpleRequestFields *fields)
{
}

static void add_text(PurpleRequestFieldGroup *group, const char *id, const char *label)
{
    purple_request_field_group_add_field(group,
                                         purple_request_field_string_new(id, label, NULL, FALSE));
}

static PurpleRequestFields *new_fields(void)
{
    PurpleRequestFields *fields = purple_request_fields_new();
    PurpleRequestFieldGroup *group = purple_request_field_group_new(NULL);
    add_text(group, "name", _("Name"));
    add_text(group, "topic", _("Topic"));
    /* No choice: Finch counts those from one, and Pidgin from zero. */
    purple_request_field_group_add_field(
        group, purple_request_field_bool_new(
                   "public", _("Everybody may join (it is listed in the room directory)"), FALSE));
    add_text(group, "alias", _("Address, if any (#room)"));
    add_text(group, "people", _("Invite (Matrix IDs)"));
    add_text(group, "version", _("Room version, if not the usual one"));
    purple_request_fields_add_group(fields, group);
    return fields;
}

void mxp_create_start(MxpAccount *mxp, const char *name, PurpleConversation *conversation)
{
    if (name != NULL && *name != '\0') {
        MxNewRoom wanted = {.name = name};
        create(mxp, &wanted, conversation);
        return;
    }
    purple_request_fields(mxp->gc, _("Matrix"), _("Create a room"), NULL, new_fields(), _("Create"),
                          G_CALLBACK(on_fields), _("Cancel"), G_CALLBACK(on_cancelled),
                          mxp->account, NULL, NULL, mxp->gc);
}
