/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What people write down to lead others to a room or a person: an identifier, a matrix.to link or a
 * matrix: URI (appendices, "URIs"). Reading one asks nobody and does nothing. */

typedef enum {
    MX_LINK_ROOM, /* id is a room ID */
    MX_LINK_ALIAS,
    MX_LINK_USER,
} MxLinkKind;

/* What a matrix: URI suggests; nothing to be done without asking. */
typedef enum {
    MX_LINK_ACTION_NONE,
    MX_LINK_ACTION_JOIN,
    MX_LINK_ACTION_CHAT,
} MxLinkAction;

/* So many servers of a link are kept: each one may be asked for minutes. */
#define MX_LINK_MAX_VIA 10

typedef struct {
    MxLinkKind kind;
    char *id;       /* valid, with its sigil */
    char *event_id; /* or NULL */
    char **via;     /* valid server names, each once, ended by NULL; never NULL */
    MxLinkAction action;
} MxLink;

/* White space around text is allowed. NULL: it is none of these. The caller frees. */
MxLink *mx_link_parse(const char *text);
void mx_link_free(MxLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxLink, mx_link_free)
