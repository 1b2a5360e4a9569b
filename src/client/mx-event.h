/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-json-scan.h"
#include "mx-store.h"

/* One event as a homeserver sends it (client-server API, "Room event format"). Nothing in it can be
 * trusted: what has the wrong type is not there. */
typedef struct {
    char *type;
    char *sender;
    char *event_id;
    char *state_key;          /* NULL: not a state event */
    char *txn_id;             /* unsigned.transaction_id: sent by this very device */
    gint64 ts;                /* origin_server_ts, ms; 0 when absent */
    MxJsonSlice root;         /* the whole event */
    MxJsonSlice content;      /* an object, inside the text that was parsed; text NULL: absent */
    MxJsonSlice prev_content; /* of state: unsigned.prev_content, an object; text NULL: absent */
    MxJsonSlice redacts;      /* top level, for room versions before 11 */
} MxEvent;

/* json: validated text of one event, which must outlive the result. FALSE when it is no usable
 * event: type missing, or identifiers that are not valid. event_id and sender are wanted for room
 * events (need_ids), not for others. */
gboolean mx_event_parse(MxEvent *event, const char *json, gsize len, gboolean need_ids);
void mx_event_clear(MxEvent *event);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxEvent, mx_event_clear)

/* A name as it may be shown: without control characters and white space around it, at most 200
 * characters; NULL when nothing is left, or name is NULL. The caller frees. */
char *mx_event_tidy_name(const char *name);
/* The same for other words in a line of text: at most max_chars characters. */
char *mx_event_tidy_text(const char *text, glong max_chars);

/* m.room.member's content. display_name is tidied, so that names that look alike are alike; NULL
 * when absent, not a string or empty. avatar_url is a valid mxc:// URI or NULL. */
typedef struct {
    MxMembership membership;
    char *display_name, *avatar_url;
    gboolean is_direct;
} MxMemberContent;
void mx_member_content_parse(MxMemberContent *member, MxJsonSlice content);
void mx_member_content_clear(MxMemberContent *member);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxMemberContent, mx_member_content_clear)

/* The event a redaction takes away: content.redacts (room version 11), else the top level's. NULL:
 * none. */
char *mx_event_dup_redacts(const MxEvent *event);
