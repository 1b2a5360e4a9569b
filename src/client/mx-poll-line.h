/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-poll.h"

/* Polls in words. Worker only where a store is asked for; the callers free. */

/* The question, its answers with their numbers, how to vote. Never NULL. */
char *mx_poll_line_dup_question(MxJsonSlice content);
/* What a vote that was typed here, or the end of a poll, says. NULL: nothing. */
char *mx_poll_line_describe(MxStore *store, const MxTimelineRow *row);
/* "Tea 2, Coffee 1 (3 votes)": what has most votes first. */
char *mx_poll_line_dup_result(const MxPoll *poll, const MxPollTally *tally);
/* "Tea, Coffee". */
char *mx_poll_line_dup_choice(const MxPoll *poll, guint32 vote);
