/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-client-private.h"

/* That the user types (client-server API, "Typing Notifications"). It is told for half a minute and
 * has to be renewed; one request of a room at a time, and of several the last one counts. A refused
 * or lost one is not repeated: it would tell of the past. */

#define TIMEOUT_MS 30000

typedef struct {
    gint64 room;
    gboolean wanted, is_told, is_busy, has_changed;
} RoomTyping;

void mx_typing_init(MxClient *client)
{
    client->typing = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
}

void mx_typing_clear(MxClient *client)
{
    g_clear_pointer(&client->typing, g_hash_table_unref);
}

typedef struct {
    MxClient *client;
    gint64 room;
} Sending;

static void tell(MxClient *client, RoomTyping *typing);

static void on_answer(GObject *source, GAsyncResult *result, gpointer user_data)
{
    g_autofree Sending *sending = user_data;
    g_autoptr(MxClient) client = sending->client;
    g_autoptr(GError) error = NULL;
    g_autoptr(MxResponse) response = NULL;
    if (!mx_client_take_answer(client, source, result, &response, &error))
        return;
    RoomTyping *typing = g_hash_table_lookup(client->typing, &sending->room);
    if (client->state == MX_CLIENT_STOPPED || typing == NULL)
        return;
    typing->is_busy = FALSE;
    if (typing->has_changed && response != NULL)
        tell(client, typing);
    else if (!typing->is_told || response == NULL)
        g_hash_table_remove(client->typing, &sending->room);
}

static void tell(MxClient *client, RoomTyping *typing)
{
    MxRoom *room = mx_client_get_room_by_key(client, typing->room);
    if (room == NULL || client->is_signing_in || client->is_signing_out) {
        g_hash_table_remove(client->typing, &typing->room);
        return;
    }
    Sending *sending = g_new0(Sending, 1);
    sending->client = g_object_ref(client);
    sending->room = typing->room;
    typing->is_busy = TRUE;
    typing->has_changed = FALSE;
    typing->is_told = typing->wanted;
    g_autoptr(MxRequest) request =
        mx_endpoint_typing(room->room_id, client->user_id, typing->wanted ? TIMEOUT_MS : 0);
    mx_http_send_async(client->http, request, client->cancellable, on_answer, sending);
}

static void set_typing(MxClient *client, gint64 room, gboolean is_typing)
{
    RoomTyping *typing = g_hash_table_lookup(client->typing, &room);
    if (typing == NULL && !is_typing)
        return; /* nobody was told that the user types */
    if (typing == NULL) {
        typing = g_new0(RoomTyping, 1);
        typing->room = room;
        g_hash_table_insert(client->typing, &typing->room, typing);
    }
    typing->wanted = is_typing;
    typing->has_changed = !typing->is_busy || typing->is_told != is_typing;
    if (!typing->is_busy)
        tell(client, typing);
}

void mx_client_set_typing(MxClient *client, MxRoom *room, gboolean is_typing)
{
    if (client->http != NULL && room->membership == MX_MEMBERSHIP_JOIN &&
        client->state == MX_CLIENT_ONLINE)
        set_typing(client, room->key, is_typing);
}

void mx_typing_stop(MxClient *client, gint64 room)
{
    set_typing(client, room, FALSE);
}

void mx_typing_apply(MxClient *client, const MxEphemeral *ephemeral)
{
    MxRoom *room = mx_client_get_room_by_key(client, ephemeral->room);
    if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        mx_client_emit_typing(client, room, ephemeral->typing);
}
