/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "history.h"
#include "mx-target.h"

#define DEFAULT_LINES 20

static gboolean is_number(const char *word)
{
    return *word != '\0' && word[strspn(word, "0123456789")] == '\0';
}

static gboolean read_count(const char *word, MxHistoryQuery *query)
{
    if (strlen(word) > 4 || atoi(word) < 1 || atoi(word) > MX_HISTORY_MAX_LINES)
        return FALSE;
    query->lines = atoi(word);
    return TRUE;
}

/* HH:MM[:SS] and nothing else. */
static gboolean read_clock(const char *word, MxHistoryQuery *query)
{
    g_auto(MxTarget) target = {0};
    const char *rest = mx_target_read(word, &target);
    if (target.kind != MX_TARGET_TIME || *rest != '\0')
        return FALSE;
    query->hour = target.hour;
    query->minute = target.minute;
    query->second = MAX(target.second, 0);
    return TRUE;
}

/* YYYY-MM-DD and perhaps HH:MM[:SS]. */
static gboolean read_date(const char *typed, MxHistoryQuery *query)
{
    static const char form[] = "dddd-dd-dd";
    for (guint i = 0; i < strlen(form); i++)
        if (form[i] == 'd' ? !g_ascii_isdigit(typed[i]) : typed[i] != form[i])
            return FALSE;
    const char *rest = typed + strlen(form);
    MxHistoryQuery clock = {0};
    if (*rest != '\0' && (!g_ascii_isspace(*rest) || !read_clock(rest, &clock)))
        return FALSE;
    g_autoptr(GDateTime) date = g_date_time_new_local(atoi(typed), atoi(typed + 5), atoi(typed + 8),
                                                      clock.hour, clock.minute, clock.second);
    if (date == NULL || g_date_time_to_unix(date) <= 0)
        return FALSE;
    query->since_ms = g_date_time_to_unix(date) * 1000;
    return TRUE;
}

static gboolean read_query(const char *typed, MxHistoryQuery *query)
{
    query->hour = -1;
    if (*typed == '\0') {
        query->lines = DEFAULT_LINES;
        return TRUE;
    }
    if (is_number(typed))
        return read_count(typed, query);
    return read_clock(typed, query) || read_date(typed, query);
}

static PurpleCmdRet on_history(PurpleConversation *conversation, const char *command, char **args,
                               char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *rest = mxp_command_get_rest(args, 0);
    g_autofree char *typed = g_strstrip(g_strdup(rest != NULL ? rest : ""));
    MxHistoryQuery query = {0};
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (!read_query(typed, &query)) {
        *error = g_strdup_printf(_("Type /history and how many lines you want (1 to %d), a time "
                                   "(HH:MM) or a date (YYYY-MM-DD, perhaps with a time)."),
                                 MX_HISTORY_MAX_LINES);
        return PURPLE_CMD_RET_FAILED;
    }
    if (query.since_ms > g_get_real_time() / 1000) {
        *error = g_strdup(_("That day is still to come."));
        return PURPLE_CMD_RET_FAILED;
    }
    return mxp_history_show(mxp, room, &query, error) ? PURPLE_CMD_RET_OK : PURPLE_CMD_RET_FAILED;
}

const MxpCommand mxp_commands_history[] = {
    {"history", "s", on_history,
     N_("history [lines|HH:MM|YYYY-MM-DD [HH:MM]]: Shows what was said before: 20 lines, so many, "
        "or back to that time. Each /history goes further back, to the beginning of the room."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};
