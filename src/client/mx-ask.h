/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client-private.h"

/* A question to the homeserver whose answer is read on the worker, as it may be large. */

/* On the worker. answer: the body as one JSON object, validated. The result is func's. */
typedef gpointer (*MxAskReadFunc)(MxStore *store, MxJsonSlice answer, gconstpointer read_data);
/* On the main loop. result NULL: error. Not called when the client is stopped, or cancellable was
 * cancelled. */
typedef void (*MxAskFunc)(MxClient *client, gpointer result, const GError *error,
                          gpointer user_data);

/* Everything that is given back at the end, by destroy functions that may be NULL. */
typedef struct {
    GCancellable *cancellable; /* NULL: the client's. Referenced */
    MxAskReadFunc read;
    gpointer read_data;
    GDestroyNotify free_read_data, free_result;
    MxAskFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} MxAsk;

/* ask is copied. */
void mx_client_ask(MxClient *client, MxRequest *request, const MxAsk *ask);

/* A callback of the client's users and what it gets, as user_data of an MxAsk. */
typedef struct {
    GCallback func;
    gpointer user_data;
    GDestroyNotify destroy; /* or NULL */
} MxAsked;
MxAsked *mx_asked_new(GCallback func, gpointer user_data, GDestroyNotify destroy);
void mx_asked_free(gpointer asked);
