/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* GET /_matrix/client/v3/sync, read as it arrives. The parser is fed bytes in pieces of any size
 * and hands out each part as one complete, validated piece of JSON text as soon as its last byte is
 * there; it keeps only the part that is incomplete. Parts come in the order of the text, and JSON
 * objects have none: the receiver must not rely on state coming before timeline. Unknown members
 * are validated and skipped. */

typedef enum {
    MX_SYNC_SECTION_NONE, /* not inside a room */
    MX_SYNC_SECTION_JOIN,
    MX_SYNC_SECTION_INVITE,
    MX_SYNC_SECTION_LEAVE,
    MX_SYNC_SECTION_KNOCK,
} MxSyncSection;

typedef enum {
    /* outside rooms */
    MX_SYNC_NEXT_BATCH,           /* the string, quotes included */
    MX_SYNC_TO_DEVICE,            /* one event each */
    MX_SYNC_ACCOUNT_DATA,         /* one event each */
    MX_SYNC_PRESENCE,             /* one event each */
    MX_SYNC_DEVICE_LISTS,         /* the whole value */
    MX_SYNC_ONE_TIME_KEYS_COUNT,  /* device_one_time_keys_count, the whole value */
    MX_SYNC_UNUSED_FALLBACK_KEYS, /* device_unused_fallback_key_types, the whole value */
    /* in a room */
    MX_SYNC_ROOM_BEGIN, /* json is NULL; the room is named even when its object is empty */
    MX_SYNC_ROOM_STATE, /* one event each; invite_state and knock_state too */
    MX_SYNC_ROOM_STATE_AFTER_PRESENT, /* json is NULL: state_after (or its unstable name) exists,
                                         even if empty */
    MX_SYNC_ROOM_STATE_AFTER,         /* one event each; also org.matrix.msc4222.state_after */
    MX_SYNC_ROOM_TIMELINE,            /* one event each */
    MX_SYNC_ROOM_LIMITED,             /* timeline.limited: true or false */
    MX_SYNC_ROOM_PREV_BATCH,          /* timeline.prev_batch, the string */
    MX_SYNC_ROOM_EPHEMERAL,           /* one event each */
    MX_SYNC_ROOM_ACCOUNT_DATA,        /* one event each */
    MX_SYNC_ROOM_SUMMARY,             /* the whole value */
    MX_SYNC_ROOM_UNREAD,              /* unread_notifications, the whole value */
} MxSyncPart;

/* room_id is decoded, NULL outside rooms. json (len bytes, not ended by NUL) is valid only during
 * the call. A part whose JSON type is not what the comment above says is skipped, never handed out:
 * events are objects. */
typedef void (*MxSyncPartFunc)(MxSyncSection section, const char *room_id, MxSyncPart part,
                               const char *json, gsize len, gpointer user_data);

typedef struct _MxSyncParser MxSyncParser;

MxSyncParser *mx_sync_parser_new(MxSyncPartFunc on_part, gpointer user_data);
void mx_sync_parser_free(MxSyncParser *parser);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxSyncParser, mx_sync_parser_free)

/* FALSE and MX_ERROR_BAD_ANSWER once the text is no JSON object in UTF-8; further calls fail too.
 */
gboolean mx_sync_parser_feed(MxSyncParser *parser, const char *data, gsize len, GError **error);
/* FALSE when the text is incomplete, or had no next_batch. */
gboolean mx_sync_parser_finish(MxSyncParser *parser, GError **error);
