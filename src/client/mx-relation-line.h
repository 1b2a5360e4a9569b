/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-json-scan.h"
#include "mx-store.h"

/* How a message's line tells what it is about. Worker only. */

typedef struct {
    char *content;      /* JSON text that says what the line is to say */
    char *about;        /* what stands before it: a quote, a thread, that it is an edit; or NULL */
    char *body;         /* plain text in place of the content's, or NULL */
    gboolean is_answer; /* the content's body may begin with lines that quote */
    MxTimelineRow
        *edit; /* whose text the content is, in place of the one it was sent with; or NULL */
    gboolean is_nothing; /* an edit that is none, or whose text has been told already */
} MxRelatedLine;
void mx_related_line_clear(MxRelatedLine *line);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MxRelatedLine, mx_related_line_clear)

/* row: a message. */
void mx_related_line_read(MxRelatedLine *line, MxStore *store, const MxTimelineRow *row);

/* In a look back the edited message itself, older than its edit, has the new text. */
gboolean mx_related_line_is_told_before(MxStore *store, const MxTimelineRow *row);

/* What is different, in a few words around it: "… at “eight” → “nine” …". NULL: too much is. The
 * caller frees. */
char *mx_relation_describe_change(const char *before, const char *now);
