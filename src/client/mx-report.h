/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* What the administrators of the user's homeserver are told of (I8; client-server API, "Reporting
 * Content"). reason may be NULL. */

/* what: the message as it is shown, "nick: text", borrowed; NULL when there is none. */
typedef void (*MxReportFunc)(MxClient *client, const char *what, const GError *error,
                             gpointer user_data);
/* typed: what follows the command: "[--] [reason]". It is about the last message of somebody else
 * that is in the window; there may be none: MX_ERROR_INVALID. */
void mx_client_report_message(MxClient *client, MxRoom *room, const char *typed, MxReportFunc func,
                              gpointer user_data, GDestroyNotify destroy);
void mx_client_report_room(MxClient *client, const char *room_id, const char *reason,
                           MxRoomFunc func, gpointer user_data, GDestroyNotify destroy);
void mx_client_report_user(MxClient *client, const char *user_id, const char *reason,
                           MxRoomFunc func, gpointer user_data, GDestroyNotify destroy);
