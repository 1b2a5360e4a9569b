/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-client.h"

/* What the user says of messages in the window: answers, edits, reactions, threads. */

typedef enum {
    MX_RELATE_REPLY,   /* [TARGET] text */
    MX_RELATE_THREAD,  /* [TARGET] text; in the target's thread, or in one that begins with it */
    MX_RELATE_EDIT,    /* [TARGET] the new text */
    MX_RELATE_REACT,   /* [TARGET] emoji */
    MX_RELATE_UNREACT, /* [TARGET] [emoji] */
} MxRelateDeed;

/* typed: see mx-target.h; its text is of that format. func as in mx-client.h; error NULL: it is on
 * its way. With an error, which is a sentence for the user, nothing has changed. */
void mx_client_relate(MxClient *client, MxRoom *room, MxRelateDeed deed, const char *typed,
                      MxTextFormat format, MxRoomFunc func, gpointer user_data,
                      GDestroyNotify destroy);

/* "s/old/new/" or "s/old/new/g" in a message that is to be sent, and not a literal one: the content
 * of the edit when the user's last message in the window has `old`; else NULL: it is a message like
 * any other. With an error, a sentence, the one that it fits is still on its way. Worker only; the
 * caller frees. */
char *mx_relate_read_substitution(MxStore *store, gint64 room, const char *own_user_id,
                                  JsonObject *content, MxTextFormat format, GError **error);
