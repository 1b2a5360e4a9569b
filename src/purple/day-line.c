/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "day-line.h"

#include <core.h>

static gboolean prints_no_dates(void)
{
    return g_strcmp0(purple_core_get_ui(), "gnt-purple") == 0;
}

static int day_of(gint64 ts)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(ts / 1000);
    return date != NULL ? g_date_time_get_year(date) * 366 + g_date_time_get_day_of_year(date) : 0;
}

char *mxp_day_line_get(gint64 ts, int *day)
{
    int now = day_of(ts);
    int last = *day != 0 ? *day : day_of(g_get_real_time() / 1000);
    *day = now;
    if (!prints_no_dates() || now == last || now == 0)
        return NULL;
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_local(ts / 1000);
    return g_date_time_format(date, "%A, %x");
}

void mxp_day_line_write(PurpleConversation *conversation, const char *text)
{
    gboolean was_logging = purple_conversation_is_logging(conversation);
    purple_conversation_set_logging(conversation, FALSE);
    purple_conversation_write(conversation, NULL, text, PURPLE_MESSAGE_SYSTEM, time(NULL));
    purple_conversation_set_logging(conversation, was_logging);
}
