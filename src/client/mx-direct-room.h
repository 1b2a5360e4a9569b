/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client-private.h"

/* Makes a direct room ready for a queued message (D7): creates it and writes m.direct, or invites
 * the partner who has left again, else creates a new one. */

typedef enum {
    MX_DIRECT_READY,
    MX_DIRECT_REFUSED, /* the waiting messages are marked as failed, and the reason was said */
    MX_DIRECT_LATER,   /* no answer: call again after the next /sync */
} MxDirectOutcome;

typedef void (*MxDirectRoomFunc)(MxClient *client, gint64 room, MxDirectOutcome outcome,
                                 const GError *error);

/* is_pending: room is the placeholder of a room that is still to be made. is_second_try: an earlier
 * attempt had no answer, so the room may exist already: it is looked for first. */
void mx_direct_room_prepare(MxClient *client, gint64 room, const char *room_id, const char *user_id,
                            gboolean is_pending, gboolean is_second_try, MxDirectRoomFunc func);

/* Writes m.direct entries to the server that a killed program or a lost network left behind. */
void mx_direct_room_publish(MxClient *client);

/* The room ID that stands for the user's direct room until it exists. The caller frees. */
char *mx_direct_room_placeholder(const char *user_id);
