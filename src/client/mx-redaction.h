/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"
#include "mx-event.h"

/* Events that are taken away (client-server API, "Redactions"): their content leaves the database,
 * and a line says who did it. Worker only, but for the last one. */

/* It names what it takes away. */
gboolean mx_redaction_is(const MxEvent *event);
/* What the event's row keeps of its content: of a redaction the event it takes away, wherever the
 * room version puts that, and the reason; of what was redacted before it came (is_redacted) what is
 * left. JSON text; the caller frees. */
char *mx_redaction_dup_content(const MxEvent *event, gboolean is_redacted);
/* What is left of content by the rules of room version 11. JSON text; the caller frees. */
char *mx_redaction_strip(const char *type, MxJsonSlice content);
/* The own redaction that this event is the echo of is no longer to be sent. */
void mx_redaction_settle_echo(MxStore *store, const MxRoomRow *room, const MxEvent *event);
/* Carries out a stored redaction. content: of its row. room is changed with what it says of itself,
 * and is to be saved. */
void mx_redaction_apply(MxStore *store, MxRoomRow *room, const char *content);
/* The line about a redaction's row, plain text, or NULL: there is nothing to say. Caller frees. */
char *mx_redaction_describe(MxStore *store, const MxTimelineRow *row);

/* Puts a redaction into the room's send queue. reason NULL or empty: none. Its transaction ID,
 * which the caller frees; NULL: error. */
char *mx_redaction_queue(MxStore *store, gint64 room, const char *own_user_id, const char *event_id,
                         const char *reason, GError **error);

/* typed: [TARGET] [reason]; see mx-target.h. error NULL: it is on its way, or the message was not
 * sent yet and never will be. func as in mx-client.h. */
void mx_client_redact(MxClient *client, MxRoom *room, const char *typed, MxRoomFunc func,
                      gpointer user_data, GDestroyNotify destroy);
