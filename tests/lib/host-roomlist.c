/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-private.h"

/* The window "Room List": one at a time, used as Pidgin uses it. */

static PurpleRoomlist *list;

gboolean host_roomlist_open(PurpleAccount *account)
{
    host_roomlist_close();
    list = purple_roomlist_get_list(purple_account_get_connection(account));
    if (list != NULL)
        purple_roomlist_ref(list);
    return list != NULL;
}

void host_roomlist_stop(void)
{
    if (list != NULL && purple_roomlist_get_in_progress(list))
        purple_roomlist_cancel_get_list(list);
}

void host_roomlist_close(void)
{
    /* Without a connection the core cancels nothing. */
    if (list != NULL && purple_account_get_connection(list->account) != NULL)
        host_roomlist_stop();
    g_clear_pointer(&list, purple_roomlist_unref);
}

gboolean host_roomlist_is_running(void)
{
    return list != NULL && purple_roomlist_get_in_progress(list);
}

static void set_fields(JsonObject *row, PurpleRoomlistRoom *room)
{
    GList *value = purple_roomlist_room_get_fields(room);

    for (GList *at = list->fields; at != NULL && value != NULL;
         at = at->next, value = value->next) {
        PurpleRoomlistField *field = at->data;
        if (field->type == PURPLE_ROOMLIST_FIELD_STRING)
            host_set_text(row, field->name, value->data);
        else
            json_object_set_int_member(row, field->name, GPOINTER_TO_INT(value->data));
    }
}

JsonArray *host_roomlist_rows(void)
{
    JsonArray *rows = json_array_new();

    for (GList *at = list != NULL ? list->rooms : NULL; at != NULL; at = at->next) {
        PurpleRoomlistRoom *room = at->data, *parent = purple_roomlist_room_get_parent(room);
        JsonObject *row = json_object_new();
        set_fields(row, room);
        host_set_text(row, "name", purple_roomlist_room_get_name(room));
        host_set_text(row, "parent", parent != NULL ? purple_roomlist_room_get_name(parent) : NULL);
        json_object_set_boolean_member(row, "is_category",
                                       purple_roomlist_room_get_type(room) ==
                                           PURPLE_ROOMLIST_ROOMTYPE_CATEGORY);
        json_array_add_object_element(rows, row);
    }
    return rows;
}

gboolean host_roomlist_expand(guint row)
{
    PurpleRoomlistRoom *room = list != NULL ? g_list_nth_data(list->rooms, row) : NULL;

    if (room == NULL || purple_roomlist_room_get_type(room) != PURPLE_ROOMLIST_ROOMTYPE_CATEGORY ||
        room->expanded_once)
        return FALSE;
    purple_roomlist_expand_category(list, room);
    room->expanded_once = TRUE;
    return TRUE;
}

gboolean host_roomlist_join(guint row)
{
    PurpleRoomlistRoom *room = list != NULL ? g_list_nth_data(list->rooms, row) : NULL;

    if (room == NULL || purple_roomlist_room_get_type(room) != PURPLE_ROOMLIST_ROOMTYPE_ROOM)
        return FALSE;
    purple_roomlist_room_join(list, room);
    return TRUE;
}
