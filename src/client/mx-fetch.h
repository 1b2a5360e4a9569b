/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-client.h"

/* A request whose answer, a small JSON object, is wanted on the main loop. func is called once
 * unless the client is stopped before; answer (borrowed) is NULL when error is set. destroy is for
 * user_data, may be NULL. */
typedef void (*MxAnswerFunc)(MxClient *client, JsonObject *answer, const GError *error,
                             gpointer user_data);
void mx_client_fetch(MxClient *client, MxRequest *request, MxAnswerFunc func, gpointer user_data,
                     GDestroyNotify destroy);
