/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Outbound Megolm sessions, one a room, and who was given their keys; the keys themselves are
 * sealed rows. */

typedef struct {
    gint64 room;
    char *session_id;
    gint64 created_ms;
    gint64 n_messages;             /* encrypted with it so far */
    gint64 period_ms, period_msgs; /* it is used no longer than that (G5) */
    gboolean shared_history;       /* H8 */
    /* Must not be used any more: set by mx_store_set_outbound_stale() and, where rows of the tables
     * `member` and `room` say that somebody has left or may have, by triggers (H6). */
    gboolean stale;
} MxOutboundRow;
void mx_outbound_row_free(MxOutboundRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxOutboundRow, mx_outbound_row_free)

MxOutboundRow *mx_store_get_outbound(MxStore *store, gint64 room); /* or NULL */
void mx_store_save_outbound(MxStore *store, const MxOutboundRow *row);
void mx_store_set_outbound_stale(MxStore *store, gint64 room);
/* Those whose current session this device was given. */
void mx_store_set_all_outbounds_stale(MxStore *store);
void mx_store_set_outbounds_stale_of(MxStore *store, const char *user_id, const char *device_id);

/* A session that has come to its end at this time (ms). */
void mx_store_add_past_outbound(MxStore *store, const char *room_id, const char *session_id,
                                gint64 ended_ms);
typedef struct {
    char *room_id, *session_id;
} MxPastOutbound;
void mx_past_outbound_free(MxPastOutbound *past);
/* Takes away those that ended at ended_ms or before, and all but the last `max` ones of each room,
 * together with what is known of who was given them: of
 * MxPastOutbound. */
GPtrArray *mx_store_take_past_outbounds(MxStore *store, gint64 ended_ms, guint max);

/* What a device was given of a session, or told why not. */
typedef struct {
    char *user_id, *device_id, *curve25519;
    gint64 index;   /* the key given decrypts from here on; -1: none was given */
    char *withheld; /* the code that was sent instead, or NULL */
} MxShareRow;
void mx_share_row_free(MxShareRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxShareRow, mx_share_row_free)

/* Of MxShareRow. */
GPtrArray *mx_store_list_shares(MxStore *store, const char *room_id, const char *session_id);
MxShareRow *mx_store_get_share(MxStore *store, const char *room_id, const char *session_id,
                               const char *user_id, const char *device_id); /* or NULL */
void mx_store_save_share(MxStore *store, const char *room_id, const char *session_id,
                         const MxShareRow *row);
/* Room keys (gint64) whose current session this device was given. */
GArray *mx_store_list_rooms_shared_with(MxStore *store, const char *user_id, const char *device_id);
