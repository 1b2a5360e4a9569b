/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Markdown (CommonMark, by libcmark) as Matrix's HTML. HTML in it stays the text it is, addresses
 * keep their underscores, and line breaks are as typed. */

/* A name in the text that is known to be somebody's. */
typedef struct {
    gsize start, len;        /* bytes of the text; in order, and apart from each other */
    const char *href, *text; /* the link that it becomes, with its text; NULL: it stays as it is */
    gboolean is_hidden;      /* set: it stands in code or an address, and is nobody's name there */
} MxMarkdownName;

/* NULL, and nothing set, when nothing of the text is formatted: then it is best sent as it is. The
 * caller frees. */
char *mx_markdown_to_html(const char *text, MxMarkdownName *names, guint n_names);

/* Where the text can be cut without harm: the offsets (gsize, bytes) of its outermost blocks, the
 * first one's not. The caller frees. */
GArray *mx_markdown_list_blocks(const char *text);
