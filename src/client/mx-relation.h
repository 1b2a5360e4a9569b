/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-event.h"

/* What an event says of another one (client-server API, "Forming relationships between events",
 * "Rich replies", "Event replacements", "Event annotations and reactions", "Threading"). Worker
 * only where a store is asked for. */

typedef enum {
    MX_RELATION_NONE,
    MX_RELATION_REPLY,
    MX_RELATION_THREAD,
    MX_RELATION_EDIT,
    MX_RELATION_REACTION,
    MX_RELATION_REFERENCE, /* an answer to a poll, or its end */
} MxRelationKind;

typedef struct {
    MxRelationKind kind;
    char *event_id; /* what is answered, edited or reacted to; of a thread its root */
    char *reply_to; /* in a thread: what is answered; NULL: nothing but the thread */
    char *key;      /* of a reaction, as it came */
} MxRelation;
void mx_relation_clear(MxRelation *relation);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxRelation, mx_relation_clear)

/* Fills in relation. content: of an event of that type; anything odd is no relation. */
void mx_relation_read(MxRelation *relation, const char *type, MxJsonSlice content);
void mx_relation_read_row(MxRelation *relation, const MxTimelineRow *row);
/* What the event edits, reacts to or votes in, for MxTimelineRow.relates_to; NULL: nothing. In
 * encrypted events it stands in the clear. The caller frees. */
char *mx_relation_dup_target(const MxEvent *event);
char *mx_relation_dup_target_of(const char *type, MxJsonSlice content);
/* A reaction, which has a line though it is no message. */
gboolean mx_relation_is_reaction(const char *type);
/* The same of all such types: the end of a poll too. */
gboolean mx_relation_is_told(const char *type);

typedef enum {
    MX_EDIT_NONE,    /* the row is no edit */
    MX_EDIT_VALID,   /* "Validity of replacement events"; crypto I12 */
    MX_EDIT_INVALID, /* nobody is told of it */
    MX_EDIT_UNKNOWN, /* what it is about is not here, or cannot be read */
} MxEditState;
/* target: the row of what relation names, or NULL. */
MxEditState mx_relation_judge_edit(const MxRelation *relation, const MxTimelineRow *edit,
                                   const MxTimelineRow *target);
/* The valid edit that counts, or NULL. The caller frees. */
MxTimelineRow *mx_relation_find_newest_edit(MxStore *store, const MxTimelineRow *target);
/* The one that counted before this one. */
MxTimelineRow *mx_relation_find_edit_before(MxStore *store, const MxTimelineRow *target,
                                            const MxTimelineRow *edit);
/* It came inside of target, so that whoever was shown that has seen it. */
gboolean mx_relation_came_bundled(MxStore *store, const MxTimelineRow *edit,
                                  const MxTimelineRow *target);
/* m.new_content of an edit; what the message says now, that of the edit that counts or its own.
 * JSON text; the caller frees. */
char *mx_relation_dup_new_content(const MxTimelineRow *edit);
char *mx_relation_dup_content(MxStore *store, const MxTimelineRow *row);

/* The plain body of such a content, without the lines that old clients put before an answer. NULL:
 * there is none. relation: of the event. The caller frees. */
char *mx_relation_dup_body(const MxRelation *relation, MxJsonSlice content);
/* Takes those lines away; text as it is when there are none. The caller frees. */
char *mx_relation_strip_fallback(const char *body);
