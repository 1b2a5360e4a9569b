/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-json-scan.h"
#include "mx-store.h"

/* Polls (MSC3381): under their stable names and those that most programs send still. */

/* More answers are left out; characters of question and answers. */
#define MX_POLL_MAX_ANSWERS 20
#define MX_POLL_MAX_QUESTION 340
#define MX_POLL_MAX_ANSWER 200

gboolean mx_poll_is_start(const char *type);
gboolean mx_poll_is_response(const char *type);
gboolean mx_poll_is_end(const char *type);
/* The names without prefix. */
gboolean mx_poll_is_stable(const char *type);

typedef struct {
    char *question;
    GPtrArray *ids, *answers; /* char *, of each answer */
    guint max_selections;     /* 1 or more */
    gboolean is_disclosed;    /* the votes may be seen before the end */
} MxPoll;
void mx_poll_free(MxPoll *poll);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxPoll, mx_poll_free)

/* NULL: it has no question, or no answers. */
MxPoll *mx_poll_read(MxJsonSlice content);
/* As it was edited last. row: of the start. Worker only. */
MxPoll *mx_poll_load(MxStore *store, const MxTimelineRow *row);

typedef struct {
    guint counts[MX_POLL_MAX_ANSWERS];
    guint voters;
    guint32 own;      /* bit n: the user's own vote */
    gboolean is_part; /* there may be votes that are not known here */
} MxPollTally;

/* Each person's newest valid vote up to until (ms). Worker only. */
void mx_poll_count(MxStore *store, const MxTimelineRow *row, const MxPoll *poll, gint64 until,
                   const char *own_user_id, MxPollTally *tally);
/* The event, of somebody who may end it, that has: the first one. NULL: it is open. Worker only;
 * the caller frees. */
MxTimelineRow *mx_poll_find_end(MxStore *store, const MxTimelineRow *row);
/* end: a poll's, of the room of row, that counts if none came before. */
gboolean mx_poll_may_end(MxStore *store, const MxTimelineRow *row, const MxTimelineRow *end);
/* Bit n for each answer that was chosen; 0: the vote is not valid. */
guint32 mx_poll_read_vote(const MxPoll *poll, MxJsonSlice content);
