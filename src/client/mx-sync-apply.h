/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-event.h"
#include "mx-member.h"
#include "mx-push-rules.h"
#include "mx-room.h"
#include "mx-sync-ephemeral.h"
#include "mx-sync-stage.h"
#include "mx-timeline.h"

/* Brings one /sync answer into the database, in one transaction with next_batch, and gives what the
 * main loop has to know of it. Worker only. */

typedef struct {
    MxRoom *room;
    gboolean has_new_lines;    /* pending ones were added */
    gboolean has_new_messages; /* some of them are messages, that may open a window */
    gboolean wants_window;     /* they open the room's window by themselves (design, "Delivery") */
    gboolean has_gap;
    gboolean has_new_topic;
    gboolean was_listed;  /* only while loading: its node was in the list when last seen */
    gboolean was_read;    /* pending lines were read elsewhere */
    gboolean adds_direct; /* m.direct is to be written: an invitation was accepted */
    gboolean is_gone;     /* the user has left, was kicked or banned */
    char *gone_by, *gone_reason;
    GPtrArray
        *last_lines; /* MxLine, being delivered: of a room that is gone, when its window is open */
    GPtrArray
        *members; /* MxMember whose membership, name or role changed, when the window is open */
    gboolean members_stale; /* the window's list is to be made anew */
} MxRoomChange;

typedef struct {
    GPtrArray *rooms;     /* of MxRoomChange */
    GPtrArray *ephemeral; /* of MxEphemeral, of open rooms */
    GPtrArray *presence;  /* of MxPresence */
    char *next_batch;
    MxPushRules *rules;       /* as they are now, or NULL */
    GHashTable *ignored;      /* set of user IDs, when the list has changed; or NULL */
    gboolean changes_profile; /* an own member event has another name or avatar */
} MxSyncChanges;

void mx_room_change_free(MxRoomChange *change);
void mx_sync_changes_free(MxSyncChanges *changes);

typedef struct {
    const char *own_user_id;
    const char *since;      /* NULL: a full sync */
    gboolean is_catch_up;   /* lines are marked delayed */
    GHashTable *open_rooms; /* set of room IDs with a window */
    GHashTable *watched;    /* set of user IDs whose presence matters, besides partners; or NULL */
    MxPushRules *rules;     /* NULL: as stored */
    guint64 keys_serial;    /* mx_device_keys_get_serial() when the answer was asked for */
} MxApplyContext;

/* NULL and an error: nothing has changed. */
MxSyncChanges *mx_sync_apply(MxStore *store, const MxSyncStage *stage,
                             const MxApplyContext *context, GError **error);

typedef struct {
    gint64 pos;
    MxDisplay display;
    gboolean delayed;
    const char *own_user_id;
    const MxPushRules *rules; /* or NULL */
    GHashTable *ignored;      /* set of user IDs, or NULL */
} MxNewLine;

/* Shared with filling gaps: applies one timeline event of a known room that is not state. Gives
 * TRUE when a line that waits to be shown was added; not for one that is to be decrypted first
 * (mx-decrypt.h). */
gboolean mx_sync_apply_message(MxStore *store, MxRoomRow *room, const MxEvent *event,
                               const MxNewLine *line);
/* Types that are shown as a line. */
gboolean mx_sync_apply_is_line(const char *type);
/* Lines up to the own read receipt are no longer pending. Gives how many there were. */
int mx_sync_apply_read(MxStore *store, const MxRoomRow *room);
