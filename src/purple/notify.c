/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "notify.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "messages.h"

static const struct {
    const char *word;
    MxNotifyMode mode;
} words[] = {
    {"all", MX_NOTIFY_ALL},
    {"mentions", MX_NOTIFY_MENTIONS},
    {"mute", MX_NOTIFY_MUTE},
    {"default", MX_NOTIFY_DEFAULT},
};

static void say_what_is_set(MxpAccount *mxp, MxRoom *room)
{
    const char *mode = mx_client_describe_notify_mode(mx_client_get_notify_mode(mxp->client, room));
    g_autofree char *text =
        mx_client_is_silent(mxp->client)
            ? g_strdup_printf(_("%s But all notifications of your account are switched off."), mode)
            : g_strdup(mode);
    mxp_messages_notice(mxp, room, text, FALSE);
}

gboolean mxp_notify_run(MxpAccount *mxp, MxRoom *room, const char *word, char **error)
{
    g_autofree char *wanted = g_strstrip(g_ascii_strdown(word != NULL ? word : "", -1));
    if (*wanted == '\0') {
        say_what_is_set(mxp, room);
        return TRUE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (!g_str_equal(wanted, words[i].word))
            continue;
        mx_client_set_notify_mode(mxp->client, room, words[i].mode);
        return TRUE;
    }
    *error = g_strdup(_("Say /notify all, /notify mentions, /notify mute or /notify default."));
    return FALSE;
}
