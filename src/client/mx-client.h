/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-http.h"
#include "mx-member.h"
#include "mx-new-room.h"
#include "mx-room.h"
#include "mx-room-info.h"
#include "mx-store-presence.h"
#include "mx-sync-apply.h"
#include "mx-text-format.h"
#include "mx-timeline.h"

/* A Matrix account that is connected, or getting there: everything a client does, without any user
 * interface. Lives on the main loop; signals come from there. Between mx_client_start() and
 * mx_client_stop() it keeps itself connected.
 */

/* clang-format off */
/* Signals, all on the main loop:
 *
 *  progress (int step, const char *text)       steps 0 to 3 on the way to "ready"
 *  password-needed (const char *why)           answer with mx_client_set_password(); why may be NULL
 *  ready ()                                    once: rooms are known, the first /sync was applied
 *  online-changed (gboolean online)            after "ready": whether the last /sync succeeded
 *  room-changed (MxRoomChange *change)         borrowed
 *  lines-recovered (MxRoom *, GPtrArray *)     a killed program was writing these lines; answer with
 *                                              mx_client_lines_shown() and _not_shown()
 *  own-line (MxRoom *, MxLine *)               a line typed here is safe in the database: write it
 *  room-notice (MxRoom *, const char *text, gboolean is_error)
 *  typing-changed (MxRoom *, GPtrArray *user_ids)    of an open room: who types now; borrowed
 *  partner-read (MxRoom *, gint64 ts)          of an open direct room: the newest own line was read
 *  presence-changed (const MxPresence *)       of a partner, or somebody watched; borrowed
 *  verification-changed (const MxVerification *)    mx-verification.h; borrowed
 *  account-notice (const char *text)
 *  account-hint (const char *text)             nothing is wrong, but there is something to do
 *  own-name (const char *name)                 the user's display name, or NULL
 *  own-avatar (const char *mxc)                the user's avatar on the server, or NULL
 *  ignored-changed ()                          mx-ignored.h
 *  room-moved (MxRoom *from, MxRoom *to)       the new room stands in the closed one's place
 *  signed-out ()                               mx_client_log_out() is done
 *  failed (GError *error)                      it is over; only mx_client_stop() is left */
/* clang-format on */

#define MX_TYPE_CLIENT (mx_client_get_type())
G_DECLARE_FINAL_TYPE(MxClient, mx_client, MX, CLIENT, GObject)

typedef struct {
    const char *store_dir;   /* the account's own folder */
    const char *user;        /* "@localpart:server" or a bare localpart */
    const char *home_server; /* the user's own address, or NULL */
    const char *password;    /* or NULL */
    const char *device_name; /* shown in other clients' lists of devices */
    const char *user_agent;
    MxHttpProxy proxy;
    const char *proxy_uri;
    const char *ca_file; /* or NULL */
    const char
        *old_token; /* a token of an earlier plugin, revoked after the first login; or NULL */
    const char *old_token_server; /* the address it was issued at */
} MxClientConfig;

/* Once, on the main thread, before anything else: the libraries of the encryption. FALSE: MX_ERROR
 * with a sentence for the user. */
gboolean mx_client_prepare(GError **error);

MxClient *mx_client_new(const MxClientConfig *config); /* copies */
void mx_client_start(MxClient *client);
/* Cancels everything and waits, at most 2 s, until what the user typed is in the database. No
 * signal comes afterwards. */
void mx_client_stop(MxClient *client);
void mx_client_set_password(MxClient *client, const char *password);
/* Revokes the token and empties the database: "signed-out", or "account-notice" when the server
 * cannot be reached and nothing was done. */
void mx_client_log_out(MxClient *client);
/* Something says that the network is back: try now instead of later. */
void mx_client_wake(MxClient *client);

const char *mx_client_get_user_id(MxClient *client); /* NULL before the login */
const char *mx_client_get_device_id(MxClient *client);
MxRoom *mx_client_get_room(MxClient *client, const char *room_id);   /* borrowed, or NULL */
MxRoom *mx_client_get_direct(MxClient *client, const char *user_id); /* borrowed, or NULL */
GList *mx_client_list_rooms(MxClient *client); /* borrowed rooms; free the list */

/* A window for the room is there (again): its members are followed, its gaps filled. */
void mx_client_open_room(MxClient *client, MxRoom *room);
void mx_client_close_room(MxClient *client, MxRoom *room);

/* The user took the room out of the list. It stays away until it was left and joined again. */
void mx_client_hide_room(MxClient *client, MxRoom *room);
/* Before mx_client_stop(): IDs (char *) of the rooms that are in the list. What is not there at the
 * next start was taken out meanwhile: see MxRoomChange. Takes the array. */
void mx_client_note_listed(MxClient *client, GPtrArray *room_ids);

/* The next pending lines, oldest first; an empty array when there are none (or they wait for a
 * gap). lines is the callback's. left_out: how many older ones are not shown, only in the first
 * answer after mx_client_open_room(). */
typedef void (*MxLinesFunc)(MxClient *client, MxRoom *room, GPtrArray *lines, int left_out,
                            gpointer user_data);
void mx_client_take_lines(MxClient *client, MxRoom *room, MxLinesFunc func, gpointer user_data);
void mx_client_lines_shown(MxClient *client, GPtrArray *lines);
void mx_client_lines_not_shown(MxClient *client, GPtrArray *lines); /* become pending again */

/* Fresh summaries (of MxRoom) of the joined rooms with unread lines. rooms is the callback's. */
typedef void (*MxUnreadFunc)(MxClient *client, GPtrArray *rooms, gpointer user_data);
void mx_client_list_unread(MxClient *client, MxUnreadFunc func, gpointer user_data,
                           GDestroyNotify destroy);

/* presence: "online", "unavailable" or "offline", static: what asking for news tells others about
 * the user (C13), and what they are told at once when it changes (G7). message may be NULL. */
void mx_client_set_presence(MxClient *client, const char *presence, const char *message);
/* "presence-changed" is wanted for this user, who has no direct room. */
void mx_client_watch_presence(MxClient *client, const char *user_id);

/* The user has looked at this line (MxLine.row) of the room: the server, and with it the user's
 * other devices, are told that all up to it is read. is_private: nobody else is. */
void mx_client_mark_read(MxClient *client, MxRoom *room, gint64 line, gboolean is_private);
/* While the user types it has to be said again within 30 s; sending a message ends it. */
void mx_client_set_typing(MxClient *client, MxRoom *room, gboolean is_typing);

/* Joined and invited members, asked from the server once when the stored list has holes. members is
 * the callback's; total: how many there are beyond the limit, too. query is copied; destroy is for
 * user_data, may be NULL. */
typedef void (*MxMembersFunc)(MxClient *client, MxRoom *room, GPtrArray *members, guint total,
                              gpointer user_data);
void mx_client_list_members(MxClient *client, MxRoom *room, const MxMemberQuery *query,
                            MxMembersFunc func, gpointer user_data, GDestroyNotify destroy);

/* What the push rules say of this room alone. */
MxNotifyMode mx_client_get_notify_mode(MxClient *client, MxRoom *room);
/* The account's notifications are all switched off. */
gboolean mx_client_is_silent(MxClient *client);
/* Changes the rules on the server; "room-notice" says how it went. */
void mx_client_set_notify_mode(MxClient *client, MxRoom *room, MxNotifyMode mode);
const char *mx_client_describe_notify_mode(MxNotifyMode mode); /* a sentence; static */
/* What the user does with rooms. func is called once unless the client is stopped before; the room
 * itself comes, changes or goes with a later /sync. error NULL: done, and room_id is valid.
 * Otherwise room_id may be NULL. destroy is for user_data, may be NULL. All need a login. */
typedef void (*MxRoomFunc)(MxClient *client, const char *room_id, const GError *error,
                           gpointer user_data);
/* via: servers that may know the room, or NULL; reason may be NULL. There is no time-out: joining a
 * large room of other servers takes minutes. */
void mx_client_join(MxClient *client, const char *id_or_alias, const char *const *via,
                    const char *reason, MxRoomFunc func, gpointer user_data,
                    GDestroyNotify destroy);
void mx_client_leave(MxClient *client, const char *room_id, const char *reason, MxRoomFunc func,
                     gpointer user_data, GDestroyNotify destroy);
/* The server drops a room that was left from the user's history. */
void mx_client_forget(MxClient *client, const char *room_id, MxRoomFunc func, gpointer user_data,
                      GDestroyNotify destroy);
void mx_client_invite(MxClient *client, const char *room_id, const char *user_id,
                      const char *reason, MxRoomFunc func, gpointer user_data,
                      GDestroyNotify destroy);

/* The room is joined by itself: one that the user is in leads there (m.room.tombstone). */
gboolean mx_client_is_followed(MxClient *client, const char *room_id);

/* kind: MX_PLACE_FAVOURITE, MX_PLACE_LOW_PRIORITY or MX_PLACE_NONE. Other tags stay. */
void mx_client_set_place(MxClient *client, const char *room_id, MxPlaceKind kind, MxRoomFunc func,
                         gpointer user_data, GDestroyNotify destroy);
/* Empty text: none. Where the user's power is known not to suffice, error is MX_ERROR_INVALID and
 * nothing is asked. */
void mx_client_set_room_name(MxClient *client, MxRoom *room, const char *name, MxRoomFunc func,
                             gpointer user_data, GDestroyNotify destroy);
void mx_client_set_room_topic(MxClient *client, MxRoom *room, const char *topic, MxRoomFunc func,
                              gpointer user_data, GDestroyNotify destroy);
/* visibility: as the specification writes it. */
void mx_client_set_history_visibility(MxClient *client, MxRoom *room, const char *visibility,
                                      MxRoomFunc func, gpointer user_data, GDestroyNotify destroy);
/* info is borrowed. Not called when the room is gone meanwhile. */
typedef void (*MxRoomInfoFunc)(MxClient *client, MxRoom *room, const MxRoomInfo *info,
                               gpointer user_data);
void mx_client_get_info(MxClient *client, MxRoom *room, MxRoomInfoFunc func, gpointer user_data,
                        GDestroyNotify destroy);

void mx_client_create_room(MxClient *client, const MxNewRoom *wanted, MxRoomFunc func,
                           gpointer user_data, GDestroyNotify destroy);

/* Puts a message into the room's send queue. msgtype: "m.text", "m.emote" or "m.notice".
 * formatted_body: HTML, or NULL. What is too long for one becomes several, or is refused with a
 * sentence (A11). */
void mx_client_send_message(MxClient *client, MxRoom *room, const char *msgtype, const char *body,
                            const char *formatted_body, MxTextFormat format);
/* The same to a person: into the direct room, which is made when there is none. */
void mx_client_send_direct(MxClient *client, const char *user_id, const char *msgtype,
                           const char *body, const char *formatted_body, MxTextFormat format);
/* Messages of the room that were refused: again, or never. "room-notice" says how many. */
void mx_client_resend(MxClient *client, MxRoom *room);
void mx_client_discard(MxClient *client, MxRoom *room);
