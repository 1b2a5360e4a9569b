/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* What a room says of itself, for whoever asks: too long to be kept for each. Foreign text. */
typedef struct {
    char *name;           /* as set, or NULL: it is called after its people */
    char *topic;          /* lines of plain text, or NULL */
    char *topic_setter;   /* as the room shows them, or NULL */
    char *address;        /* the canonical alias, or NULL */
    GPtrArray *addresses; /* other published ones (char *), at most MX_ROOM_INFO_ADDRESSES */
    GPtrArray *bridges;   /* lines (char *) about where the room leads to: mx-bridge.h */
    char *visibility;     /* of its history, as the specification writes it; never NULL */
} MxRoomInfo;

#define MX_ROOM_INFO_ADDRESSES 50

/* Worker only. */
MxRoomInfo *mx_room_info_load(MxStore *store, gint64 room);
void mx_room_info_free(MxRoomInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxRoomInfo, mx_room_info_free)

/* The text of an m.room.topic's content: "topic", else the plain one of "m.topic" (client-server
 * API, m.room.topic). Without control characters but line breaks, and at most 16,000 characters.
 * NULL: the room has none. The caller frees. */
char *mx_room_info_read_topic(const char *content);
