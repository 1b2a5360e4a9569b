/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A tolerant reader of the HTML in messages (client-server API, m.room.message msgtypes). Whatever
 * comes in, what comes out is a tree of the tags and attributes the specification allows; other
 * tags go and their text stays, entities are characters. Nothing here recurses. */

#define MX_HTML_MAX_DEPTH 100      /* deeper tags are left out, their text stays */
#define MX_HTML_MAX_BYTES 0x20000u /* twice what an event can hold */
#define MX_HTML_MAX_NODES 20000

typedef enum {
    MX_HTML_TEXT,
    MX_HTML_ROOT,
    MX_HTML_A,
    MX_HTML_B, /* strong too */
    MX_HTML_BLOCKQUOTE,
    MX_HTML_BR,
    MX_HTML_CAPTION,
    MX_HTML_CODE, /* tt too */
    MX_HTML_DETAILS,
    MX_HTML_DIV,
    MX_HTML_FONT,
    MX_HTML_H1,
    MX_HTML_H2,
    MX_HTML_H3,
    MX_HTML_H4,
    MX_HTML_H5,
    MX_HTML_H6,
    MX_HTML_HR,
    MX_HTML_I, /* em too */
    MX_HTML_IMG,
    MX_HTML_LI,
    MX_HTML_OL,
    MX_HTML_P,
    MX_HTML_PRE,
    MX_HTML_S, /* del and strike too */
    MX_HTML_SPAN,
    MX_HTML_SUB,
    MX_HTML_SUMMARY,
    MX_HTML_SUP,
    MX_HTML_TABLE,
    MX_HTML_TBODY,
    MX_HTML_TD,
    MX_HTML_TH,
    MX_HTML_THEAD,
    MX_HTML_TR,
    MX_HTML_U,
    MX_HTML_UL,
    MX_HTML_N_TAGS,
} MxHtmlTag;

typedef enum {
    MX_HTML_ALT,
    MX_HTML_BG_COLOR, /* "#rrggbb" */
    MX_HTML_COLOR,    /* "#rrggbb" */
    MX_HTML_EMOTICON, /* the image stands for an emoji */
    MX_HTML_FACE,     /* of what libpurple's clients write only */
    MX_HTML_HREF,     /* of a safe scheme */
    MX_HTML_MATHS,
    MX_HTML_SPOILER, /* its reason, may be "" */
    MX_HTML_SRC,     /* an mxc:// URI */
    MX_HTML_START,
    MX_HTML_STYLE, /* of what libpurple's clients write only */
    MX_HTML_TITLE,
    MX_HTML_N_ATTRIBUTES,
} MxHtmlAttribute;

typedef enum {
    MX_HTML_FOREIGN = 1, /* formatted_body; reply fallbacks and scripts go with their text */
    MX_HTML_TYPED = 2,   /* what Pidgin's input field makes */
} MxHtmlSource;

typedef struct _MxHtml MxHtml;
typedef struct _MxHtmlNode MxHtmlNode;
struct _MxHtmlNode {
    MxHtmlTag tag;
    char *text;        /* of MX_HTML_TEXT: UTF-8 */
    char **attributes; /* MX_HTML_N_ATTRIBUTES of them, or NULL */
    MxHtmlNode *parent, *first, *last, *next;
};

/* NULL when it is too large or no UTF-8. */
MxHtml *mx_html_parse(const char *html, MxHtmlSource source);
void mx_html_free(MxHtml *html);
const MxHtmlNode *mx_html_get_root(const MxHtml *html);
const char *mx_html_get_attribute(const MxHtmlNode *node, MxHtmlAttribute attribute); /* or NULL */

/* Calls enter for the node and all below it, in order, and leave behind the children of each. */
typedef void (*MxHtmlVisit)(const MxHtmlNode *node, gpointer user_data);
void mx_html_walk(const MxHtmlNode *node, MxHtmlVisit enter, MxHtmlVisit leave, gpointer user_data);
/* All text below the node. The caller frees. */
char *mx_html_dup_text(const MxHtmlNode *node);

/* The HTML with nothing in it but what may be sent: pictures become their texts. NULL as above; the
 * caller frees. */
char *mx_html_clean(const char *html);

/* http, https, ftp, mailto, magnet, matrix, and nothing in it that an address cannot have. */
gboolean mx_html_is_safe_link(const char *href);
/* "#rrggbb" of "#rgb", "#rrggbb" or one of HTML's sixteen names; else NULL. The caller frees. */
char *mx_html_parse_color(const char *text);
/* The entity at at ('&'), appended as UTF-8. How many bytes it took; 0: it is none. */
gsize mx_html_decode_entity(const char *at, const char *end, GString *decoded);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxHtml, mx_html_free)
