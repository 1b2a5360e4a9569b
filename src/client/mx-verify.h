/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"
#include "mx-event.h"
#include "mx-verification.h"

/* Interactive verification ("Key verification framework") for the user. How a flow goes on is told
 * by the client's signal "verification-changed". */

/* id: of the flow; 0 and an error, a sentence: nothing was asked. Once, on the main loop, unless
 * the client is stopped before. */
typedef void (*MxVerifyFunc)(MxClient *client, guint64 id, const GError *error, gpointer user_data);
/* Asks somebody in the direct room with them, else in `room` (may be NULL), if they are in it; or
 * the user's own device_id (NULL: all other ones). destroy is for user_data, may be NULL. */
void mx_client_verify(MxClient *client, const char *user_id, const char *device_id, MxRoom *room,
                      MxVerifyFunc func, gpointer user_data, GDestroyNotify destroy);

typedef enum {
    MX_VERIFY_ACCEPT,
    MX_VERIFY_EMOJI, /* instead of the code that is shown */
    MX_VERIFY_MATCH,
    MX_VERIFY_MISMATCH,
    MX_VERIFY_CANCEL,
} MxVerifyDeed;
/* Nothing happens when the flow is not in the state for it any more. */
void mx_client_answer_verification(MxClient *client, guint64 id, MxVerifyDeed deed);

/* ---- worker ---- */

/* An event of a room that is a flow's, and no line (N20). */
gboolean mx_verify_is_request(const MxEvent *event);
/* Within a transaction: what the event, in the clear or decrypted, says to a flow, if anything. */
void mx_verify_take_event(MxStore *store, gint64 room, const MxEvent *event);
/* An MxVerificationSendFunc */
char *mx_verify_send(MxStore *store, gint64 room, const char *type, const char *content);
