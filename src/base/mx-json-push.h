/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-json-scan.h"

/* Reads a JSON object that comes in pieces of any size. All of it is validated (RFC 8259, UTF-8, no
 * byte order mark), but only values with at most `watch` containers around them are reported: most
 * of a /sync answer is deeper than anybody here wants to look, and a call for each of its tokens
 * would cost more than reading it.
 *
 * There is no recursion; each open container costs one bit. Text deeper than MX_JSON_PUSH_MAX_DEPTH
 * is an error. */

#define MX_JSON_PUSH_MAX_DEPTH (1 << 20)
/* A longer member name, as written between its quotes, is reported as NULL. */
#define MX_JSON_PUSH_MAX_KEY 4096

/* depth: the containers around the value. at and after point into the piece that is being fed: at
 * the first byte of the value, and after its last one (the value may have begun in an earlier
 * piece). */
typedef struct {
    /* Decoded as by mx_json_slice_dup_string(), ended by NUL, valid during the call. */
    void (*key)(const char *name, gsize len, gpointer user_data);
    void (*value_begin)(MxJsonType type, guint depth, const char *at, gpointer user_data);
    void (*value_end)(MxJsonType type, guint depth, const char *after, gpointer user_data);
    /* A container with exactly `deep` containers around it. */
    void (*deep_begin)(const char *at, gpointer user_data);
    void (*deep_end)(const char *after, gpointer user_data);
} MxJsonPushHandler;

typedef struct _MxJsonPush MxJsonPush;

/* handler must outlive the result. watch is 0 at first, which reports the root object alone. */
MxJsonPush *mx_json_push_new(const MxJsonPushHandler *handler, gpointer user_data);
void mx_json_push_free(MxJsonPush *push);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxJsonPush, mx_json_push_free)

/* Both may be set from within the handler's calls. */
void mx_json_push_set_watch(MxJsonPush *push, guint depth);
void mx_json_push_set_deep(MxJsonPush *push,
                           guint depth); /* greater than watch; G_MAXUINT: never */

/* FALSE and MX_ERROR_BAD_ANSWER once the text cannot become a JSON object; further calls fail too.
 */
gboolean mx_json_push_feed(MxJsonPush *push, const char *data, gsize len, GError **error);
/* FALSE when the text is incomplete. */
gboolean mx_json_push_finish(MxJsonPush *push, GError **error);
