/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* How a text that is to be sent was meant. */
typedef enum {
    MX_TEXT_TYPED,    /* as it stands; names become links, s/old/new/ is an edit */
    MX_TEXT_MARKDOWN, /* the same, and Markdown formats it */
    MX_TEXT_LITERAL,  /* as it stands and nothing else */
} MxTextFormat;
