/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* The account's one worker thread. It alone touches the database and parses large answers; the main
 * loop gives it jobs and gets owned results back. Jobs of one priority run in the order they were
 * pushed; the user's go before bulk. */

typedef struct _MxWorker MxWorker;

typedef enum {
    MX_JOB_USER, /* something typed or looked at; run before close() lets go */
    MX_JOB_BULK, /* sync; dropped at the end, the server sends it again */
} MxJobPriority;

typedef void (*MxJobFunc)(MxStore *store, gpointer data); /* on the worker thread */
typedef void (*MxJobDone)(gpointer data);                 /* on the main loop */
/* error is NULL when the database is open. Called once, on the main loop. */
typedef void (*MxWorkerOpened)(const GError *error, gpointer user_data);

/* Starts the thread, which opens the store in dir, waiting up to 30 s for a predecessor in this
 * process to let go of it. No job runs before that, and none at all when it fails. */
MxWorker *mx_worker_new(const char *dir, MxWorkerOpened on_opened, gpointer user_data);
/* data goes to run on the worker, then to done (may be NULL) and destroy (may be NULL) on the main
 * loop. After mx_worker_stop() done is no longer called, destroy still is. */
void mx_worker_push(MxWorker *worker, MxJobPriority priority, MxJobFunc run, MxJobDone done,
                    gpointer data, GDestroyNotify destroy);
/* Lets the user's jobs finish, for at most wait_ms; the thread then closes the store by itself and
 * ends. The worker must not be used afterwards. */
void mx_worker_stop(MxWorker *worker, guint wait_ms);
