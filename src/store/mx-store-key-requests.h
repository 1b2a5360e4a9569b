/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* Requests for keys of rooms ("Key requests"): the own ones, and those of others that wait for an
 * answer. Times are milliseconds of the wall clock. */

typedef struct {
    char *room_id, *session_id; /* the row's key */
    char *request_id;
    char *sender_key;    /* curve25519 of the session's creator, or NULL */
    gint64 asked_ms;     /* when it was sent last; 0: not yet */
    gint64 due_ms;       /* when it is to be sent */
    gboolean is_waiting; /* to be sent (again) */
} MxKeyRequestRow;
void mx_key_request_row_free(MxKeyRequestRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxKeyRequestRow, mx_key_request_row_free)

MxKeyRequestRow *mx_store_get_key_request(MxStore *store, const char *room_id,
                                          const char *session_id); /* or NULL */
void mx_store_save_key_request(MxStore *store, const MxKeyRequestRow *row);
void mx_store_remove_key_request(MxStore *store, const char *room_id, const char *session_id);
/* Of MxKeyRequestRow that are waiting, the first due first. */
GPtrArray *mx_store_list_key_requests(MxStore *store, guint max);
/* Forgets those that were sent last before then. */
void mx_store_prune_key_requests(MxStore *store, gint64 before_ms);

typedef struct {
    gint64 id;
    char *user_id, *device_id, *request_id; /* who asks */
    char *room_id, *session_id;
    gint64 received_ms;
} MxKeyQuestionRow;
void mx_key_question_row_free(MxKeyQuestionRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxKeyQuestionRow, mx_key_question_row_free)

/* id is not read. A device's request of the same ID is replaced. */
void mx_store_add_key_question(MxStore *store, const MxKeyQuestionRow *row);
/* device_id NULL: of all of the user's devices; user_id NULL: of everybody. */
gint64 mx_store_count_key_questions(MxStore *store, const char *user_id, const char *device_id);
GPtrArray *mx_store_list_key_questions(MxStore *store, gint64 after, guint max);
void mx_store_remove_key_question(MxStore *store, gint64 id);
void mx_store_cancel_key_question(MxStore *store, const char *user_id, const char *device_id,
                                  const char *request_id);
