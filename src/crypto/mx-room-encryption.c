/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-room-encryption.h"

#include <string.h>

#include "mx-crypto-private.h"

#define HOUR_MS G_GINT64_CONSTANT(3600000)
#define PERIOD_MS (7 * 24 * HOUR_MS)
#define PERIOD_MSGS 100
#define MAX_PERIOD_MSGS 10000

void mx_room_encryption_note_state(MxRoomRow *room, const char *type, const char *state_key)
{
    if (g_str_equal(type, "m.room.encryption") && g_strcmp0(state_key, "") == 0)
        room->encrypted = TRUE;
}

MxSendDecision mx_room_encryption_decide(MxStore *store, gint64 room)
{
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, room);
    MxRoomEncryption settings;
    /* A room that cannot be read is not known to be plain. */
    if (row == NULL)
        return MX_SEND_REFUSE;
    if (row->encrypted)
        return mx_room_encryption_read(store, room, &settings) ? MX_SEND_ENCRYPT : MX_SEND_REFUSE;
    return row->synced ? MX_SEND_PLAIN : MX_SEND_HOLD;
}

/* The number, or fallback where there is none that can be read. */
static gint64 read_number(MxJsonSlice value, gint64 fallback)
{
    gint64 number;
    return value.text != NULL && mx_json_slice_get_int(value, &number) ? number : fallback;
}

gboolean mx_room_encryption_read(MxStore *store, gint64 room, MxRoomEncryption *settings)
{
    static const char *const names[] = {"algorithm", "rotation_period_ms", "rotation_period_msgs",
                                        NULL};
    MxJsonSlice values[3];
    g_autofree char *text = mx_store_get_state(store, room, "m.room.encryption", "");
    if (text == NULL)
        return FALSE;
    mx_json_scan_members(mx_json_scan_root(text, strlen(text)), names, values);
    g_autofree char *algorithm = mx_json_slice_dup_string(values[0]);
    settings->period_ms = MAX(read_number(values[1], PERIOD_MS), HOUR_MS);
    settings->period_msgs = CLAMP(read_number(values[2], PERIOD_MSGS), 1, MAX_PERIOD_MSGS);
    return g_strcmp0(algorithm, MX_ALGORITHM_MEGOLM) == 0;
}

static char *dup_visibility(MxStore *store, gint64 room)
{
    g_autofree char *text = mx_store_get_state(store, room, "m.room.history_visibility", "");
    char *visibility = NULL;
    if (text != NULL)
        visibility = mx_json_slice_dup_string(
            mx_json_scan_member(mx_json_scan_root(text, strlen(text)), "history_visibility"));
    return visibility != NULL ? visibility : g_strdup("shared");
}

gboolean mx_room_encryption_shares_history(MxStore *store, gint64 room)
{
    g_autofree char *visibility = dup_visibility(store, room);
    return g_str_equal(visibility, "shared") || g_str_equal(visibility, "world_readable");
}

gboolean mx_room_encryption_reaches_invited(MxStore *store, gint64 room)
{
    g_autofree char *visibility = dup_visibility(store, room);
    return !g_str_equal(visibility, "joined");
}
