/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "unread.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <notify.h>

#include "markup.h"
#include "system-line.h"

/* The conversation by its name: it may be closed when the answer comes. */
typedef struct {
    MxpAccount *mxp;
    PurpleConversationType type; /* UNKNOWN: a window of its own */
    char *name;
} Asked;

static void asked_free(gpointer data)
{
    Asked *asked = data;
    g_free(asked->name);
    g_free(asked);
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    const MxRoom *const *one = a, *const *other = b;
    return g_utf8_collate((*one)->name, (*other)->name);
}

static char *describe(GPtrArray *rooms)
{
    if (rooms->len == 0)
        return g_strdup(_("There are no unread messages."));
    GString *text = g_string_new(_("Unread messages:"));
    g_ptr_array_sort(rooms, compare_names);
    for (guint i = 0; i < rooms->len; i++) {
        const MxRoom *room = g_ptr_array_index(rooms, i);
        g_autofree char *name = mxp_markup_escape(room->name);
        g_string_append_printf(text, "<br>%s (%" G_GINT64_FORMAT ")", name, room->unread);
    }
    return g_string_free(text, FALSE);
}

static void on_unread(MxClient *client, GPtrArray *rooms, gpointer user_data)
{
    Asked *asked = user_data;
    g_autofree char *markup = describe(rooms);
    g_ptr_array_unref(rooms);
    if (asked->type == PURPLE_CONV_TYPE_UNKNOWN) {
        purple_notify_formatted(asked->mxp->gc, _("Matrix"),
                                purple_account_get_username(asked->mxp->account), NULL, markup,
                                NULL, NULL);
        return;
    }
    PurpleConversation *conversation =
        purple_find_conversation_with_account(asked->type, asked->name, asked->mxp->account);
    if (conversation != NULL)
        mxp_system_line_write(conversation, markup, PURPLE_MESSAGE_SYSTEM);
}

void mxp_unread_show(MxpAccount *mxp, PurpleConversation *conversation)
{
    Asked *asked = g_new0(Asked, 1);
    asked->mxp = mxp;
    asked->type = conversation != NULL ? purple_conversation_get_type(conversation)
                                       : PURPLE_CONV_TYPE_UNKNOWN;
    asked->name =
        g_strdup(conversation != NULL ? purple_conversation_get_name(conversation) : NULL);
    mx_client_list_unread(mxp->client, on_unread, asked, asked_free);
}
