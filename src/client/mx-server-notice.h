/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* What the homeserver itself says (client-server API, "Server Notices"): the body of a message of
 * msgtype "m.server_notice", and what it means and whom to turn to, where it names somebody. That
 * is said only in the room that the homeserver has marked: anybody can write such messages. Plain
 * text; NULL when there is no body. Worker only; the caller frees. */
char *mx_server_notice_describe(MxStore *store, gint64 room, MxJsonSlice content);
