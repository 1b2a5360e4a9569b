/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-invitation.h"

#include "mx-id.h"
#include "mx-json.h"

static char *value_name(const char *room_id)
{
    return g_strconcat("invitation to ", room_id, NULL);
}

MxInvitation *mx_invitation_load(MxStore *store, const char *room_id)
{
    g_autofree char *name = value_name(room_id);
    g_autofree char *text = mx_store_get_value(store, name);
    g_autoptr(JsonObject) object = text != NULL ? mx_json_parse_object(text, -1, NULL) : NULL;
    if (object == NULL)
        return NULL;
    MxInvitation *invitation = g_new0(MxInvitation, 1);
    invitation->inviter = g_strdup(mx_json_string(object, "inviter"));
    invitation->reason = g_strdup(mx_json_string(object, "reason"));
    invitation->is_direct = mx_json_bool(object, "is_direct", FALSE);
    invitation->accepted = mx_json_bool(object, "accepted", FALSE);
    return invitation;
}

void mx_invitation_save(MxStore *store, const char *room_id, const MxInvitation *invitation)
{
    g_autofree char *name = value_name(room_id);
    g_autoptr(JsonObject) object = json_object_new();
    if (invitation->inviter != NULL)
        json_object_set_string_member(object, "inviter", invitation->inviter);
    if (invitation->reason != NULL)
        json_object_set_string_member(object, "reason", invitation->reason);
    json_object_set_boolean_member(object, "is_direct", invitation->is_direct);
    json_object_set_boolean_member(object, "accepted", invitation->accepted);
    g_autofree char *text = mx_json_object_to_text(object);
    mx_store_set_value(store, name, text);
}

void mx_invitation_remove(MxStore *store, const char *room_id)
{
    g_autofree char *name = value_name(room_id);
    mx_store_set_value(store, name, NULL);
}

void mx_invitation_free(MxInvitation *invitation)
{
    if (invitation == NULL)
        return;
    g_free(invitation->inviter);
    g_free(invitation->reason);
    g_free(invitation);
}
