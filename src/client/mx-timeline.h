/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-file.h"
#include "mx-store.h"

/* From stored events to lines in a window, each exactly once: lines are marked as being delivered
 * and committed, then written to the conversation, then marked as shown and committed. A crash in
 * between leaves them marked as being delivered; the next start compares those with the
 * conversation's log. Worker only. */

typedef enum {
    MX_LINE_TEXT,
    MX_LINE_NOTICE,
    MX_LINE_EMOTE,
    MX_LINE_ENCRYPTED,  /* cannot be read here; body says why, in words for the user */
    MX_LINE_UNREADABLE, /* a message without a usable body */
    MX_LINE_STATE,      /* what happened to the room, in body */
    MX_LINE_NOTHING,    /* redacted before it was shown, or nothing to say: written nowhere */
} MxLineKind;

typedef struct {
    gint64 row; /* 0: no event, but a line about them */
    gint64 room, pos;
    MxLineKind kind;
    char *sender;         /* user ID */
    char *sender_name;    /* as the room shows it */
    char *body;           /* plain text, may be NULL for kinds that have none */
    char *formatted_body; /* HTML as it came, NULL when there is none */
    char *about;          /* plain text before the body: what it answers, its thread; or NULL */
    char *reactions;      /* of a line of the past: "👍 Bob, Carol; 🎉 Dave"; or NULL */
    MxFile *file;         /* that it is about, named in body already; or NULL */
    char *mark;           /* what is to be said beside it, in few words; or NULL */
    gboolean is_warned;   /* that is a warning */
    gint64 ts;            /* origin_server_ts in ms */
    gboolean is_own;
    gboolean is_from_here; /* typed on this device */
    gboolean is_delayed;
    gboolean is_highlight;   /* by the push rules */
    gboolean makes_sound;    /* by the push rules */
    gboolean is_muted;       /* by the push rules: no sound, even where the window is open */
    gboolean is_reaction;    /* of a state line: somebody's, or several */
    gint64 told_by;          /* of one of nothing: the row of the line that tells it too, or 0 */
    gboolean is_void;        /* of one of nothing: an edit that no window tells of */
    gboolean is_minor;       /* of a state line: somebody came, went or took another name */
    gboolean is_from_member; /* the sender is in the room still */
    int shown_twins;         /* of a recovered line: shown ones that look just the same */
} MxLine;

void mx_line_free(MxLine *line);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxLine, mx_line_free)
MxLine *mx_line_new(MxStore *store, const MxTimelineRow *row, const char *own_user_id);

/* Events (char *) that the lines which the next mx_timeline_take() gives are about, and that nobody
 * has asked for yet. */
GPtrArray *mx_timeline_list_wanted(MxStore *store, gint64 room, int limit);
/* The room's oldest pending lines, at most limit, marked as being delivered. Lines after a gap that
 * is still being filled, or after an encrypted one that was not tried yet, stay. NULL with an error
 * when the commit failed. */
GPtrArray *mx_timeline_take(MxStore *store, gint64 room, int limit, const char *own_user_id,
                            GError **error);
/* Lines of the room that a killed program was writing. */
GPtrArray *mx_timeline_list_delivering(MxStore *store, gint64 room, const char *own_user_id);
gboolean mx_timeline_set_display(MxStore *store, const GArray *rows, MxDisplay display,
                                 GError **error);
