/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "system-line.h"

#include <string.h>

#include "markup-private.h"

/* Pidgin cuts such lines at 4,096 bytes, perhaps inside an entity. */
#define MAX_BYTES 3000
#define BREAK "<br>"

/* What of it fits into one line. */
static gsize count_fitting(const char *markup)
{
    gsize len = 0;
    for (guint tags = 0; markup[len] != '\0' && len < MAX_BYTES; len++)
        if (markup[len] == '<' && ++tags > MXP_MARKUP_MAX_TAGS)
            break;
    return len;
}

/* So many bytes make a line: up to a break, else a space, else a whole character or entity. */
static gsize find_end(const char *markup)
{
    gsize len = count_fitting(markup);
    if (markup[len] == '\0' || markup[len] == '<')
        return len;
    const char *end = g_strrstr_len(markup, len, BREAK);
    if (end == NULL) /* more of them than Pidgin takes: mxp_markup_from_plain() */
        end = g_strrstr_len(markup, len, "\n");
    if (end == NULL || end < markup + len / 2)
        end = g_strrstr_len(markup, len, " ");
    if (end != NULL && end >= markup + len / 2)
        return end - markup;
    end = g_utf8_find_prev_char(markup, markup + len + 1);
    const char *entity = g_strrstr_len(markup, end - markup, "&");
    if (entity != NULL && entity != markup && memchr(entity, ';', end - entity) == NULL)
        end = entity;
    return end - markup;
}

void mxp_system_line_write(PurpleConversation *conversation, const char *markup,
                           PurpleMessageFlags kind)
{
    do {
        gsize len = find_end(markup);
        g_autofree char *line = g_strndup(markup, len);
        purple_conversation_write(conversation, NULL, line,
                                  kind | PURPLE_MESSAGE_NO_LOG | PURPLE_MESSAGE_NO_LINKIFY,
                                  time(NULL));
        markup += len;
        if (g_str_has_prefix(markup, BREAK))
            markup += strlen(BREAK);
        else if (*markup == ' ' || *markup == '\n')
            markup++;
    } while (*markup != '\0');
}
