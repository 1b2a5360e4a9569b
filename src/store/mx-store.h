/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <gio/gio.h>

#include "mx-error.h"
#include "mx-json-scan.h"

/* One SQLite database per account, owned by the account's worker thread: nothing here may be called
 * from another.
 *
 * Errors are sticky: a statement that fails inside a transaction is remembered, later ones do
 * nothing, and mx_store_commit() reports the first failure and rolls back. So a caller changes rows
 * without checking each one, and cannot commit half of what it meant. */

typedef struct _MxStore MxStore;

/* Creates dir (0700) and dir/account.db (0600) as needed, takes the directory's exclusive lock and
 * migrates the schema. MX_ERROR_LOCKED: another process has it, or (while *held_here is set to
 * TRUE) this very process still does: then try again shortly. MX_ERROR_STORE: unreadable, damaged,
 * or written by a newer version. */
MxStore *mx_store_open(const char *dir, gboolean *held_here, GError **error);
void mx_store_close(MxStore *store); /* releases the lock last */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxStore, mx_store_close)

/* What belongs to the open database and lives as long: the encryption. destroy may be NULL; it is
 * called when something else is attached, and on closing, while the database is still open. */
void mx_store_attach(MxStore *store, gpointer attachment, GDestroyNotify destroy);
gpointer mx_store_get_attachment(MxStore *store); /* or NULL */
const char *mx_store_get_dir(MxStore *store);
/* From now on a commit survives a loss of power, not only of the program: a ratchet that went back
 * would use a key twice. Not within a transaction. */
void mx_store_set_durable(MxStore *store);

void mx_store_begin(MxStore *store);
gboolean mx_store_commit(MxStore *store, GError **error);
void mx_store_rollback(MxStore *store);
/* Transactions that were committed since it was opened. */
guint64 mx_store_count_commits(MxStore *store);
/* Removes every row: the account logged out, or somebody else's account is now behind this name. */
void mx_store_clear(MxStore *store);
/* What belongs to the keys of one device: sealed rows but those whose kind begins with "kept-",
 * and to-device messages on their way. */
void mx_store_clear_device(MxStore *store);
/* The transaction cannot be committed any more, for a reason of the caller's. */
void mx_store_set_failed(MxStore *store, const GError *error);
/* Bytes on disk, for the account's info. */
gint64 mx_store_get_size(MxStore *store);

/* Small named values: the session, next_batch, the filter. NULL value removes. The caller frees the
 * result. */
char *mx_store_get_value(MxStore *store, const char *name);
void mx_store_set_value(MxStore *store, const char *name, const char *value);

#define MX_VALUE_USER_ID "user_id"
#define MX_VALUE_DEVICE_ID "device_id"
#define MX_VALUE_ACCESS_TOKEN "access_token"
#define MX_VALUE_REFRESH_TOKEN "refresh_token"
#define MX_VALUE_BASE_URL "base_url"
#define MX_VALUE_HOME_SERVER "home_server" /* the option as it was when the token was issued */
#define MX_VALUE_NEXT_BATCH "next_batch"
#define MX_VALUE_FILTER_ID "filter_id"
#define MX_VALUE_OWN_NAME "own_name"
#define MX_VALUE_NEXT_TXN "next_txn"
#define MX_VALUE_FIRST_SYNC_DONE "first_sync_done"
#define MX_VALUE_STATUS_MSG "status_msg" /* the user's own, as the server has it */

/* Rows that only the encryption can read, by kind and key: mx-store-sealed.c. data NULL removes. */
GBytes *mx_store_get_sealed(MxStore *store, const char *kind, const char *key); /* or NULL */
void mx_store_set_sealed(MxStore *store, const char *kind, const char *key, GBytes *data);
/* Keys (char *) of this kind that begin with prefix, in order. prefix "": all. */
GPtrArray *mx_store_list_sealed(MxStore *store, const char *kind, const char *prefix);

/* Account data, global (room 0) and of rooms. content: JSON text. */
char *mx_store_get_account_data(MxStore *store, gint64 room, const char *type);
void mx_store_set_account_data(MxStore *store, gint64 room, const char *type, const char *content,
                               gsize len);
/* Types (char *) of the global account data, in order. */
GPtrArray *mx_store_list_account_data(MxStore *store);

/* ---- rooms: mx-store-rooms.c ---- */

typedef enum {
    MX_MEMBERSHIP_NONE,
    MX_MEMBERSHIP_JOIN,
    MX_MEMBERSHIP_INVITE,
    MX_MEMBERSHIP_LEAVE,
    MX_MEMBERSHIP_BAN,
    MX_MEMBERSHIP_KNOCK,
    MX_MEMBERSHIP_PENDING, /* a direct room that is still to be created for a queued message */
} MxMembership;

MxMembership mx_membership_from_slice(MxJsonSlice slice);

/* One row. Strings are owned. */
typedef struct {
    gint64 key; /* 0 while not stored */
    char *room_id;
    MxMembership membership; /* of the account's user */
    char *name;              /* m.room.name, or NULL */
    char *canonical_alias;   /* or NULL */
    char *room_type;         /* m.room.create's type, "m.space" for one; or NULL */
    char *heroes;            /* JSON array of user IDs, or NULL */
    char *direct_user;       /* the room is this user's IM; or NULL */
    char *read_event_id;     /* own read receipt, or NULL */
    char *prev_batch;        /* history before what is stored goes on here, or NULL */
    gint64 joined_count;     /* -1: the server never said */
    gint64 invited_count;
    gint64 highlight_count, notification_count;
    gint64 top_pos;     /* highest position used in the timeline */
    gint64 last_ts;     /* of the newest message, ms */
    gboolean encrypted; /* once TRUE it stays (E7) */
    gboolean members_complete;
    gboolean hidden; /* the user took it out of the list */
    gboolean synced; /* a /sync has told the room's state */
} MxRoomRow;

void mx_room_row_free(MxRoomRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxRoomRow, mx_room_row_free)

MxRoomRow *mx_store_get_room(MxStore *store, const char *room_id); /* NULL when not there */
MxRoomRow *mx_store_get_room_by_key(MxStore *store, gint64 key);
/* The joined room that is this user's IM, or NULL. */
MxRoomRow *mx_store_find_direct(MxStore *store, const char *user_id);
MxRoomRow *mx_room_row_new(const char *room_id);
void mx_store_save_room(MxStore *store, MxRoomRow *row); /* fills in key */
GPtrArray *mx_store_list_rooms(MxStore *store);          /* of MxRoomRow, all memberships */
void mx_store_set_direct_user(MxStore *store, gint64 room, const char *user_id);
/* Moves queue and timeline of room `from` to the end of room `to` and forgets `from`. */
void mx_store_merge_room(MxStore *store, gint64 from, MxRoomRow *to);

/* State other than m.room.member. content is a JSON object. */
void mx_store_set_state(MxStore *store, gint64 room, const char *type, const char *state_key,
                        const char *event_id, const char *sender, MxJsonSlice content);
char *mx_store_get_state(MxStore *store, gint64 room, const char *type, const char *state_key);
/* Contents (char *) of the state of one type, by state key; the empty object is none. */
GPtrArray *mx_store_list_state(MxStore *store, gint64 room, const char *type, int limit);
char *mx_store_get_state_sender(MxStore *store, gint64 room, const char *type,
                                const char *state_key);

typedef struct {
    char *user_id;
    char *display_name; /* as the member event says, or NULL */
    char *avatar_url;   /* likewise */
    MxMembership membership;
} MxMemberRow;
void mx_member_row_free(MxMemberRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxMemberRow, mx_member_row_free)

void mx_store_set_member(MxStore *store, gint64 room, const char *user_id, MxMembership membership,
                         const char *display_name, const char *avatar_url);
MxMemberRow *mx_store_get_member(MxStore *store, gint64 room, const char *user_id);
/* Joined and invited ones, of MxMemberRow, by user ID. limit < 0: all. */
GPtrArray *mx_store_list_members(MxStore *store, gint64 room, int limit);
/* IDs of the joined rooms that this user has joined too, as far as stored: put into room_ids (of
 * char *). */
void mx_store_list_shared_rooms(MxStore *store, const char *user_id, GPtrArray *room_ids);
gint64 mx_store_count_members(MxStore *store, gint64 room, MxMembership membership);
/* Another joined or invited member has a display name that looks the same. */
gboolean mx_store_is_name_shared(MxStore *store, gint64 room, const char *user_id,
                                 const char *display_name);
/* The one other member whose name looks like this one, or NULL when there is none or more than one.
 * The caller frees. */
char *mx_store_find_only_namesake(MxStore *store, gint64 room, const char *user_id,
                                  const char *display_name);
void mx_store_forget_members(MxStore *store, gint64 room);

/* ---- where rooms are: mx-store-places.c ---- */

/* A joined space's m.space.child for a room. */
typedef struct {
    gint64 space;  /* room key */
    char *content; /* JSON text */
} MxSpaceLink;
void mx_space_link_free(MxSpaceLink *link);

/* Of MxSpaceLink, by the space's room ID. child: a room ID. */
GPtrArray *mx_store_list_parents(MxStore *store, const char *child);
/* State keys of the space's m.space.child, of char *; not necessarily room IDs. */
GPtrArray *mx_store_list_children(MxStore *store, gint64 space);

/* The rooms that the user's list had when the account was last closed. */
void mx_store_add_listed(MxStore *store, const char *room_id);
void mx_store_forget_listed(MxStore *store); /* all */
gboolean mx_store_is_listed(MxStore *store, gint64 room);

/* ---- timeline: mx-store-timeline.c ---- */

/* What the push rules said of a line when it came. */
typedef enum {
    MX_ALERT_NONE = 0,
    MX_ALERT_OPENS = 1 << 0, /* its window */
    MX_ALERT_HIGHLIGHT = 1 << 1,
    MX_ALERT_MUTED = 1 << 2, /* it opens no window, not even of a direct room */
    MX_ALERT_QUIET = 1 << 3, /* no message: what happened to the room; never unread */
    MX_ALERT_SOUND = 1 << 4,
} MxAlert;

/* Whether, and how far, a line has come to the conversation window. */
typedef enum {
    MX_DISPLAY_NONE,       /* never shown by itself: history, state, other types */
    MX_DISPLAY_PENDING,    /* unread */
    MX_DISPLAY_DELIVERING, /* handed to the window; not known to be written */
    MX_DISPLAY_SHOWN,
    MX_DISPLAY_SKIPPED, /* read elsewhere, or more than a window takes */
} MxDisplay;

/* How far the reading of an encrypted event has come: mx-store-encrypted.c. */
typedef enum {
    MX_ROW_PLAIN,      /* nothing to read */
    MX_ROW_WAITING,    /* to be tried */
    MX_ROW_READ,       /* or typed here: type and content are sealed */
    MX_ROW_UNREADABLE, /* for now; `reading` says why */
} MxRowCrypto;

typedef struct {
    gint64 id; /* 0 for a new one */
    gint64 room;
    gint64 pos;     /* order in the room; sparse, so that gaps can be filled */
    char *event_id; /* NULL for an own line without an answer */
    char *sender;
    char *type;
    char *txn_id;       /* own line of this device, else NULL */
    char *content;      /* JSON text of an object */
    char *state_key;    /* of state that is told in a line, else NULL */
    char *prev_content; /* what that state was before (unsigned.prev_content), or NULL */
    gint64 ts;          /* origin_server_ts, ms */
    MxDisplay display;
    gboolean delayed; /* came with a catch-up */
    MxAlert alert;
    /* Of an encrypted room: type and content stand in the database for nobody to read. A row that
     * cannot be opened is one of type m.room.encrypted. */
    gboolean is_secret;
    MxRowCrypto crypto;
    int reading;      /* what the encryption said of it; only it and the lines know the numbers */
    char *session_id; /* of one that is to be tried, perhaps again */
    gboolean is_late; /* it was in a window as unreadable, and is to be shown again */
    const char *relates_to; /* of a new row: the event that it edits or reacts to, or NULL */
} MxTimelineRow;

void mx_timeline_row_free(MxTimelineRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxTimelineRow, mx_timeline_row_free)

/* FALSE, and nothing stored, when the room has the event already. Fills in id. */
gboolean mx_store_add_timeline(MxStore *store, MxTimelineRow *row);
gboolean mx_store_has_event(MxStore *store, gint64 room, const char *event_id);
/* The same, own lines of this device left aside. */
gboolean mx_store_has_synced_event(MxStore *store, gint64 room, const char *event_id);
/* Own line: the row with txn_id gets its event ID. A second row that came with the same event ID
 * goes. FALSE when there is no such row. */
gboolean mx_store_set_event_id(MxStore *store, gint64 room, const char *txn_id,
                               const char *event_id);
/* Of that row; NULL: not known yet. The caller frees. */
char *mx_store_dup_event_id_of_txn(MxStore *store, gint64 room, const char *txn_id);
/* Position of an event, or G_MININT64. */
gint64 mx_store_get_event_pos(MxStore *store, gint64 room, const char *event_id);
/* Where a line stands, and whose it is; without content. NULL when there is none. */
MxTimelineRow *mx_store_get_line(MxStore *store, gint64 id);
/* The sender's newest line of the room that is, or is to be, in a window. */
MxTimelineRow *mx_store_get_newest_line(MxStore *store, gint64 room, const char *sender);
/* Pending lines up to pos become skipped; gives how many. */
int mx_store_skip_pending(MxStore *store, gint64 room, gint64 up_to_pos);
/* Everything of this sender that is pending becomes skipped. */
void mx_store_skip_sender(MxStore *store, const char *sender);
/* Quiet ones do not count. */
gint64 mx_store_count_pending(MxStore *store, gint64 room, const char *but_sender);
/* One of the pending lines above above_pos opens the room's window; in a direct room each does that
 * is not muted. */
gboolean mx_store_has_alert(MxStore *store, gint64 room, gint64 above_pos, const char *but_sender,
                            gboolean is_direct);
/* The oldest `limit` rows in this display state below before_pos, in order. */
GPtrArray *mx_store_list_display(MxStore *store, gint64 room, MxDisplay display, gint64 before_pos,
                                 int limit);
/* Skips all pending but the newest `keep`, and of the quiet ones but the newest `keep_quiet`; gives
 * how many that were not quiet were skipped. */
int mx_store_skip_all_but(MxStore *store, gint64 room, int keep, int keep_quiet);
/* The room was made by this sender a moment before ts (ms), and nobody else has come yet: its first
 * settings are no news. */
gboolean mx_store_is_being_made(MxStore *store, gint64 room, const char *sender, gint64 ts);
/* Who has written lately, the last one first: user IDs. */
GPtrArray *mx_store_list_speakers(MxStore *store, gint64 room);
/* A line that becomes pending again is late, and marked as delayed. */
void mx_store_set_display(MxStore *store, gint64 id, MxDisplay display);
/* How many lines with this sender, content and second are shown already. */
int mx_store_count_shown_twins(MxStore *store, const MxTimelineRow *row);
/* Keys of rooms that hold rows in this state. gint64 each. */
GArray *mx_store_list_rooms_with_display(MxStore *store, MxDisplay display);

/* ---- what is taken away, and what is named: mx-store-redaction.c ---- */

/* The whole row of an event, or NULL. */
MxTimelineRow *mx_store_get_event(MxStore *store, gint64 room, const char *event_id);
/* An event of this type, not encrypted, says something to people. */
gboolean mx_store_is_message(const char *type);
/* Messages that are in a window, the newest first; whole rows. */
GPtrArray *mx_store_list_newest_lines(MxStore *store, gint64 room, int limit);
/* IDs (char *) of the sender's messages that are not taken away, the newest first. */
GPtrArray *mx_store_list_messages_of(MxStore *store, gint64 room, const char *sender, int limit);
/* Later rows of the same sender whose content has the row's event ID somewhere; whole rows. */
GPtrArray *mx_store_list_naming(MxStore *store, const MxTimelineRow *row);
/* With its queue item. */
void mx_store_remove_row_of_txn(MxStore *store, gint64 room, const char *txn_id);
/* content (JSON text) takes the place of what the row had; a pending line is not shown any more.
 * What was there leaves the disk with the commit, its log included. */
void mx_store_blank_row(MxStore *store, const MxTimelineRow *row, const char *content);
/* No later row is of the same type and state key. */
gboolean mx_store_is_newest_of_key(MxStore *store, const MxTimelineRow *row);
/* The event is state of the room (m.room.member aside); the caller frees what is given. */
gboolean mx_store_find_state(MxStore *store, gint64 room, const char *event_id, char **type,
                             char **state_key, char **content);
void mx_store_blank_state(MxStore *store, gint64 room, const char *event_id, const char *content);
/* Events that were taken away before they were stored. */
void mx_store_add_redacted(MxStore *store, gint64 room, const char *event_id);
gboolean mx_store_is_redacted(MxStore *store, gint64 room, const char *event_id);
/* The room's window shows events that nothing else is known about. */
void mx_store_set_shows_all(MxStore *store, gint64 room, gboolean shows_all);
gboolean mx_store_shows_all(MxStore *store, gint64 room);

/* A hole in the timeline, to be filled by GET /messages from `from` backwards to `to`. */
typedef struct {
    gint64 id;
    gint64 room;
    gint64 pos;       /* rows above it came later */
    gint64 next_pos;  /* the next older event found goes here */
    char *from, *to;  /* to may be NULL */
    gboolean waived;  /* later lines no longer wait for it */
    gboolean is_left; /* not filled by itself: only where somebody reads the history */
} MxGapRow;
void mx_gap_row_free(MxGapRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxGapRow, mx_gap_row_free)

#define MX_GAP_SPACE (G_GINT64_CONSTANT(1) << 32)

/* Reserves MX_GAP_SPACE positions above room->top_pos, which moves up. */
void mx_store_add_gap(MxStore *store, MxRoomRow *room, const char *from, const char *to);
/* The same, of a gap that is left. */
void mx_store_add_left_gap(MxStore *store, MxRoomRow *room, const char *from);
/* The newest gap of the room that is not left, which is filled first: what is above it is nearest
 * to the user. NULL: none. */
MxGapRow *mx_store_get_gap(MxStore *store, gint64 room);
/* The lowest gap that later lines wait for, or NULL. */
MxGapRow *mx_store_get_blocking_gap(MxStore *store, gint64 room);
void mx_store_save_gap(MxStore *store, MxGapRow *gap);
void mx_store_remove_gap(MxStore *store, gint64 id);
void mx_store_waive_gaps(MxStore *store, gint64 room);

/* ---- encrypted events and their texts: mx-store-encrypted.c ---- */

/* What is sealed can be read by the encryption alone, which gives these two functions when it
 * opens: rows of `timeline` and `queue` are sealed as they are stored and opened as they are
 * loaded, and nobody between needs to know. kind and key name the row. seal gives NULL with error.
 * reveal gives NULL when it cannot. Both NULL: nothing can be sealed; a transaction that has to
 * fails. */
typedef GBytes *(*MxSealFunc)(gpointer data, const char *kind, const char *key, GBytes *plain,
                              GError **error);
typedef GBytes *(*MxRevealFunc)(gpointer data, const char *kind, const char *key, GBytes *sealed);
void mx_store_set_reveal(MxStore *store, MxSealFunc seal, MxRevealFunc reveal, gpointer data);

/* What is to be tried now (ms, wall clock), at most limit rows of one room, in order; room 0: of
 * the one that has waited longest, those in which lines wait for it first. */
GPtrArray *mx_store_list_waiting(MxStore *store, gint64 room, gint64 now_ms, int limit);
/* In how many ms there will be more; -1: nothing waits. */
gint64 mx_store_get_waiting_ms(MxStore *store, gint64 now_ms);
/* Lines from here on stay until what is encrypted has been tried. G_MAXINT64: none does. */
gint64 mx_store_get_waiting_pos(MxStore *store, gint64 room);
/* The row is tried again at until_ms, for the last time. */
void mx_store_put_off(MxStore *store, gint64 id, gint64 until_ms);
gboolean mx_store_was_put_off(MxStore *store, gint64 id);
/* It says row->type and row->content; these are sealed. display, alert and reading are taken from
 * the row too. is_line: what a window has shown as unreadable is pending again, as a late line. */
void mx_store_set_read(MxStore *store, MxTimelineRow *row, gboolean is_line);
/* display, alert and reading are taken from the row. */
void mx_store_set_unreadable(MxStore *store, const MxTimelineRow *row);
/* Nothing can be read now: no line is to wait for it. Gives the rooms (gint64) in which one did. */
GArray *mx_store_give_up_waiting(MxStore *store, int reading);
/* Nothing sealed can be read. */
gboolean mx_store_is_locked(MxStore *store);
/* A window is about to be told of the row. If it is sealed and that cannot be read, it is told
 * again by mx_store_retry_locked(), which is for when it can, and gives the rooms (gint64). */
void mx_store_note_telling(MxStore *store, gint64 id);
GArray *mx_store_retry_locked(MxStore *store);
/* The room's m.room.encryption is known to be after pos, and nothing before pos was encrypted. */
gboolean mx_store_is_before_encryption(MxStore *store, gint64 room, gint64 pos);
/* The room's first m.room.encryption is at pos: lines before it that wait and have this reading
 * get the other one, unless something was encrypted before. */
void mx_store_note_encryption(MxStore *store, gint64 room, gint64 pos, int from, int to);
/* A key has come: unreadable rows of this session are to be tried. Gives how many. */
int mx_store_retry_session(MxStore *store, gint64 room, const char *session_id);
/* The same for what was unreadable for this reason; sender NULL: of everybody. */
int mx_store_retry_reading(MxStore *store, int reading, const char *sender);
/* What was put off is due now. Gives how many. */
int mx_store_hurry_session(MxStore *store, gint64 room, const char *session_id);

/* ---- what is known of Megolm sessions: mx-store-megolm.c ---- */

/* The message of this index (crypto I8) is this event's, which is noted, or was already. FALSE: it
 * is another's. */
gboolean mx_store_claim_index(MxStore *store, const char *room_id, const char *session_id,
                              gint64 message_index, const char *event_id, gint64 ts);

/* Why a session was not given by this sender (crypto L1). Empty IDs: of any session (L3). */
typedef struct {
    char *code, *reason;
    gint64 ts; /* when that was said, ms */
} MxWithheldRow;
void mx_withheld_row_free(MxWithheldRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxWithheldRow, mx_withheld_row_free)
void mx_store_set_withheld(MxStore *store, const char *room_id, const char *session_id,
                           const char *sender, const MxWithheldRow *row);
MxWithheldRow *mx_store_get_withheld(MxStore *store, const char *room_id, const char *session_id,
                                     const char *sender); /* or NULL */
void mx_store_remove_withheld(MxStore *store, const char *room_id, const char *session_id);

/* ---- send queue: mx-store-queue.c ---- */

typedef enum {
    MX_QUEUE_QUEUED,
    MX_QUEUE_SENDING,   /* handed to the network; after a restart: uncertain */
    MX_QUEUE_UNCERTAIN, /* no answer came */
    MX_QUEUE_FAILED,    /* refused; the user decides */
} MxQueueState;

typedef struct {
    gint64 id;
    gint64 room;
    gint64 row; /* its timeline row */
    char *txn_id;
    char *type;
    char *content;
    char
        *cipher; /* the content as it goes out, of an m.room.encrypted event; NULL: not encrypted */
    gboolean is_secret; /* as of a timeline row */
    MxQueueState state;
    gint64 created_ms;   /* wall clock */
    gint64 uncertain_ms; /* how long it has been without an answer while online */
} MxQueueRow;
void mx_queue_row_free(MxQueueRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxQueueRow, mx_queue_row_free)

void mx_store_add_queue(MxStore *store, MxQueueRow *row); /* fills in id */
/* The oldest item of the room that has not failed: the one to send. NULL: none. */
MxQueueRow *mx_store_get_queue_head(MxStore *store, gint64 room);
MxQueueRow *mx_store_get_queue_by_txn(MxStore *store, const char *txn_id);
void mx_store_set_queue_state(MxStore *store, gint64 id, MxQueueState state, gint64 uncertain_ms);
/* Once, in the transaction that saves the advanced ratchet: each try sends these bytes (V5). */
void mx_store_set_queue_cipher(MxStore *store, gint64 id, const char *cipher);
void mx_store_remove_queue(MxStore *store, gint64 id);
/* Failed items of the room become queued again (resend) or are dropped
 * (discard; their lines stay).
 * Gives how many. */
int mx_store_requeue_failed(MxStore *store, gint64 room);
int mx_store_discard_failed(MxStore *store, gint64 room);
/* The device is another one: its server cannot recognize what was on its way, so the user decides.
 */
void mx_store_fail_uncertain(MxStore *store);
/* Items that a killed process had handed to the network. */
void mx_store_recover_queue(MxStore *store);
/* Everything the room still has to send fails: the room cannot be had. Gives how many. */
int mx_store_fail_queue(MxStore *store, gint64 room);
gint64 mx_store_count_failed(MxStore *store, gint64 room);
/* What room `from` still has to send goes, with its lines, to the end of room `to`. */
void mx_store_move_queue(MxStore *store, gint64 from, MxRoomRow *to);
GArray *mx_store_list_queue_rooms(MxStore *store); /* gint64 room keys with items to send */

/* ---- to-device messages on their way: mx-store-sealed.c ---- */

typedef struct {
    gint64 id;
    char *txn_id, *type, *body; /* body: JSON text, whole, as it is sent each time */
    char *owner, *context;      /* who is told when it has arrived, and of what; may be NULL */
} MxToDeviceRow;
void mx_to_device_row_free(MxToDeviceRow *row);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxToDeviceRow, mx_to_device_row_free)
void mx_store_add_to_device(MxStore *store, const MxToDeviceRow *row); /* id is not read */
/* The next one after that row, or NULL; 0, or a row that is gone: the first. Those of this owner
 * are before all others, since people wait for keys of rooms; else the oldest one is. */
#define MX_TO_DEVICE_FIRST "share"
MxToDeviceRow *mx_store_get_to_device(MxStore *store, gint64 after);
void mx_store_remove_to_device(MxStore *store, gint64 id);
/* owner NULL: all */
gint64 mx_store_count_to_device(MxStore *store, const char *owner, const char *context);

/* A transaction ID that this database has never given out. The caller frees. */
char *mx_store_new_txn_id(MxStore *store);
