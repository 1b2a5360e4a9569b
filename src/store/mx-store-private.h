/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <sqlite3.h>

#include "mx-store.h"

struct _MxStore {
    sqlite3 *db;
    char *dir, *lock_path;
    int lock_fd;
    gboolean in_transaction;
    guint64 n_commits;
    gboolean empties_log; /* content was taken away: it must not stay in the write-ahead log */
    GError *failure;      /* the first one since begin; see mx-store.h */
    gpointer attachment;
    GDestroyNotify free_attachment;
    MxSealFunc seal;
    MxRevealFunc reveal;
    gpointer reveal_data;
    GHashTable *statements; /* SQL literal (by address) -> sqlite3_stmt */
};

/* sql must be a literal: prepared statements are kept by its address. format has a letter for each
 * parameter: s const char * (may be NULL), j MxJsonSlice by value, b GBytes * (may be NULL), i
 * gint64, d int. */
sqlite3_stmt *mx_store_query(MxStore *store, const char *sql, const char *format, ...);
/* TRUE while there is a row; resets the statement at the end. */
gboolean mx_store_step(MxStore *store, sqlite3_stmt *statement);
void mx_store_done(sqlite3_stmt *statement);
/* For statements without rows; gives the number of changed rows. */
int mx_store_exec(MxStore *store, const char *sql, const char *format, ...);
/* The first column of the first row, or fallback. */
gint64 mx_store_query_int(MxStore *store, gint64 fallback, const char *sql, const char *format,
                          ...);
char *mx_store_query_text(MxStore *store, const char *sql, const char *format, ...);
char *mx_store_column_dup(sqlite3_stmt *statement, int column);
GBytes *mx_store_column_bytes(sqlite3_stmt *statement, int column); /* a copy; NULL for NULL */
/* id, pos, next_pos, from_token, to_token, waived; or NULL. The caller frees. */
MxGapRow *mx_store_read_gap(MxStore *store, sqlite3_stmt *statement, gint64 room);
void mx_store_fail(MxStore *store, const char *what);

/* mx-store-encrypted.c */
#define MX_TIMELINE_COLUMNS                                                                        \
    "id, room, pos, event_id, sender, type, txn_id, content, state_key, prev_content, ts, "        \
    "display, delayed, alert, crypto, reading, session_id, late, sealed"
MxTimelineRow *mx_store_read_timeline(MxStore *store, sqlite3_stmt *statement);
/* Of what is a message; who reads rows of these asks mx_store_is_message() too: what was sealed may
 * be anything. */
#define MX_MESSAGE_TYPES                                                                           \
    "'m.room.message', 'm.room.encrypted', 'm.sticker', 'm.poll.start', "                          \
    "'org.matrix.msc3381.poll.start'"
#define MX_SEALED_TYPE "m.room.encrypted"
#define MX_SEALED_CONTENT "{\"sealed\":true}"
/* NULL: the transaction has failed. */
GBytes *mx_store_seal(MxStore *store, const char *kind, const char *key, const char *type,
                      const char *content);
/* Puts what was sealed in the place of type and content. FALSE: it cannot be opened. */
gboolean mx_store_reveal(MxStore *store, const char *kind, const char *key, GBytes *sealed,
                         char **type, char **content);

/* mx-store-search.c. row: "new." and the like */
#define MX_SEARCH_TABLE                                                                            \
    "CREATE VIRTUAL TABLE search USING fts5 (text, columnsize = 0, "                               \
    "tokenize = \"unicode61 remove_diacritics 2 categories 'L* M* N* Co So'\")"
#define MX_SEARCH_HAS_WORDS(row)                                                                   \
    row "state_key IS NULL AND " row "content <> '{}' AND "                                        \
        "(" row "type IN ('m.room.message', 'm.sticker', 'm.poll.start', "                         \
        "'org.matrix.msc3381.poll.start') OR " row "sealed IS NOT NULL)"

gboolean mx_store_migrate(MxStore *store, GError **error);
