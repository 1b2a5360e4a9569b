/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-backoff.h"
#include "mx-client-crypto.h"
#include "mx-client.h"
#include "mx-crypto.h"
#include "mx-endpoints.h"
#include "mx-verification.h"
#include "mx-worker.h"

typedef enum {
    MX_CLIENT_NEW,
    MX_CLIENT_OPENING, /* the database */
    MX_CLIENT_LOGIN,   /* discovery, password, POST /login */
    MX_CLIENT_LOADING, /* stored rooms to the main loop */
    MX_CLIENT_SYNCING, /* before the first /sync was applied */
    MX_CLIENT_ONLINE,
    MX_CLIENT_OFFLINE, /* was online; tries again by itself */
    MX_CLIENT_STOPPED,
} MxClientState;

/* The /sync loop. */
typedef struct {
    GCancellable *cancellable; /* of the request in flight, or NULL */
    char *since;
    MxBackoff backoff;
    guint retry_source;
    guint apply_source;
    GPtrArray *pending; /* MxRoomChange, not applied yet */
    guint next_pending;
    GPtrArray *ephemeral, *presence; /* likewise, after the rooms; or NULL */
    guint next_ephemeral, next_presence;
    guint64 started, applied; /* serial numbers of requests */
    gint64 last_success;      /* monotonic, us */
    gboolean hurry;           /* the next request must not hold */
    gboolean failed_last;
    gboolean store_failed;  /* the user was told */
    gboolean is_committing; /* an answer is with the worker */
    gboolean is_loading;    /* pending holds stored rooms, not an answer */
} MxSyncLoop;

typedef struct _MxMedia MxMedia; /* mx-media.c */
typedef struct _MxLookBack MxLookBack;

/* Changes of m.ignored_user_list on their way to the server: mx-ignored.c */
typedef struct {
    MxBackoff backoff;
    guint source;
    gboolean is_busy, again;
} MxIgnoring;
typedef struct _MxOwnPresence MxOwnPresence;

/* Encrypted lines that are being read: mx-decrypt-loop.c */
typedef struct {
    MxBackoff backoff;
    guint source;
    gboolean is_busy, again;
} MxDecrypting;

/* Of the database: mx-upkeep.c */
typedef struct {
    int keep_days;
    gboolean indexes_secret, is_started, is_busy, again;
    gint64 room; /* where forgetting has come to; 0: nowhere */
    guint source;
} MxUpkeep;

struct _MxClient {
    GObject parent_instance;

    char *store_dir, *user, *home_server, *password, *device_name, *user_agent, *proxy_uri,
        *ca_file, *old_token, *old_token_server;
    MxHttpProxy proxy;

    MxClientState state;
    gboolean is_ready;
    MxOwnPresence *own_presence; /* mx-presence.c */
    GHashTable *watched;         /* set of user IDs: mx-presence.c */
    gboolean is_signing_out;
    gboolean is_reminded;   /* see mx_own_identity_remind() */
    gboolean is_signing_in; /* a login or a refresh of the token is under way */
    MxWorker *worker;
    MxHttp *http;
    GCancellable *cancellable; /* everything but /sync */
    char *user_id, *device_id, *filter_id, *refresh_token;

    GHashTable *rooms;      /* room ID -> MxRoom */
    GHashTable *by_key;     /* &room->key -> MxRoom, borrowed */
    GHashTable *direct;     /* user ID -> room ID */
    GHashTable *open_rooms; /* set of room IDs */
    GHashTable *opened_now; /* set of room IDs whose first lines are still to be taken */

    MxPushRules *rules;    /* as the last /sync left them, or NULL */
    GQueue notify_changes; /* mx-client-notify.c */
    GQueue state_edits;    /* that wait for the one before them: mx-state-edit.c */
    gboolean is_editing_state;

    MxSyncLoop sync;
    MxCryptoLoop crypto;
    gboolean keeps_direct_plain; /* new direct rooms are not encrypted */
    gboolean places_loaded;      /* the user's list was compared with the stored rooms */
    gboolean queues_listed;      /* what an earlier run left was looked for */
    GHashTable *queues;          /* room key -> MxQueueRoom (mx-send-queue.c) */
    GHashTable *redact_runs;     /* room key -> Run (mx-redact-all.c), or NULL */
    GHashTable *receipts;        /* room key -> RoomReceipts (mx-receipts.c) */
    GHashTable *typing;          /* room key -> RoomTyping (mx-typing.c) */
    GHashTable *upgrades;        /* room ID of the new room -> Follow (mx-client-upgrade.c) */
    GHashTable *gaps;            /* room key -> GapFill (mx-gap.c) */
    GSList *history_waits;       /* mx-history.c */
    MxLookBack *look_back;       /* mx-look-back.c; NULL: there was no silence yet */
    MxBackoff publish_backoff;   /* m.direct: mx-direct-room.c */
    guint publish_source;
    gboolean publish_busy, publish_again;
    MxMedia *media;       /* NULL: nothing was asked for */
    guint profile_source; /* mx-own-profile.c */
    GHashTable *ignored;  /* set of user IDs; NULL before it is loaded */
    MxIgnoring ignoring;
    MxDecrypting decrypting;
    gint64 quotes_pause_until; /* monotonic, us: mx-quote-fetch.c */
    MxUpkeep upkeep;
    guint clock_source;
    gint64 clock_last; /* wall clock, us */
};

/* mx-client.c */
void mx_client_emit_failed(MxClient *client, GError *error); /* takes error */
void mx_client_emit_notice(MxClient *client, MxRoom *room, const char *text);
void mx_client_emit_room_error(MxClient *client, MxRoom *room, const char *text);
void mx_client_emit_progress(MxClient *client, int step, const char *text);
void mx_client_emit_password_needed(MxClient *client, const char *why);
void mx_client_emit_own_line(MxClient *client, MxRoom *room, MxLine *line);
void mx_client_emit_account_notice(MxClient *client, const char *text);
void mx_client_emit_account_hint(MxClient *client, const char *text);
void mx_client_emit_own_name(MxClient *client, const char *name);
void mx_client_emit_own_avatar(MxClient *client, const char *mxc);
void mx_client_emit_ignored_changed(MxClient *client);
void mx_client_emit_room_moved(MxClient *client, MxRoom *from, MxRoom *to);
void mx_client_emit_signed_out(MxClient *client);
void mx_client_emit_typing(MxClient *client, MxRoom *room, GPtrArray *user_ids);
void mx_client_emit_partner_read(MxClient *client, MxRoom *room, gint64 ts);
void mx_client_emit_verification(MxClient *client, const MxVerification *verification);
void mx_client_emit_presence(MxClient *client, const MxPresence *presence);
/* Stores the summary in place of the old one and says so. Takes nothing. */
void mx_client_put_change(MxClient *client, MxRoomChange *change);
void mx_client_know_room(MxClient *client, MxRoom *room); /* into the maps, without a signal */
void mx_client_emit_recovered(MxClient *client, gint64 room, GPtrArray *lines);
void mx_client_forget_room(MxClient *client, const char *room_id);
MxRoom *mx_client_get_room_by_key(MxClient *client, gint64 key);
void mx_client_set_state(MxClient *client, MxClientState state);

/* A job for the worker that belongs to this client: run gets job->store-side fields, done the same
 * on the main loop. Embedded as the first member of each job's own struct. */
typedef struct {
    MxClient *client; /* referenced; the worker must not touch it */
    GError *error;
} MxClientJob;
gpointer mx_client_job_new(MxClient *client, gsize size);
void mx_client_job_clear(gpointer job); /* drops client and error */

/* Ends what mx_http_send_async() began; a token that is no longer taken is dealt with. FALSE: the
 * client was stopped, and nothing may be done any more. Otherwise *response is the caller's, or
 * NULL with error. */
gboolean mx_client_take_answer(MxClient *client, GObject *source, GAsyncResult *result,
                               MxResponse **response, GError **error);

/* mx-session.c */
void mx_session_start(MxClient *client);
void mx_session_password_given(MxClient *client);
/* The server no longer takes the token (error: its 401). */
void mx_session_token_refused(MxClient *client, const GError *error);
/* The server does not know the stored filter: its text goes along from now on. */
void mx_session_forget_filter(MxClient *client);
void mx_session_log_out(MxClient *client);

/* mx-sync.c */
void mx_sync_start(MxClient *client);
/* Goes on with a new token. */
void mx_sync_resume(MxClient *client);
void mx_sync_stop(MxClient *client);
/* Asks for nothing more until mx_sync_resume(). */
void mx_sync_pause(MxClient *client);
/* Applies stored rooms (MxRoomChange) and MxPresence in slices, then starts the loop. Takes the
 * arrays. */
void mx_sync_load(MxClient *client, GPtrArray *changes, GPtrArray *presence);
/* Tries again after the usual wait. */
void mx_sync_retry(MxClient *client, const GError *error);
/* Ends a held request, so that the next answer shows the present. */
void mx_sync_hurry(MxClient *client);

/* mx-client-send.c */
/* What is typed here becomes a line, being delivered, and an item of the send queue; within a
 * transaction. content: JSON text. room is saved. The caller owns the line. */
MxLine *mx_send_add(MxStore *store, MxRoomRow *room, const char *own_user_id, const char *type,
                    const char *content);
/* The same of what is no line. Gives its transaction ID, for the caller to free. */
char *mx_send_add_hidden(MxStore *store, MxRoomRow *room, const char *own_user_id, const char *type,
                         const char *content);

/* mx-send-queue.c */
void mx_send_queue_init(MxClient *client);
void mx_send_queue_clear(MxClient *client);
void mx_send_queue_kick(MxClient *client, gint64 room);
void mx_send_queue_kick_all(MxClient *client);

/* mx-receipts.c */
void mx_receipts_init(MxClient *client);
void mx_receipts_clear(MxClient *client);
/* Tells what could not be told before. */
void mx_receipts_kick_all(MxClient *client);
void mx_receipts_apply(MxClient *client, const MxEphemeral *ephemeral);

/* mx-typing.c */
void mx_typing_init(MxClient *client);
void mx_typing_clear(MxClient *client);
/* A message is sent: whoever was told that the user types is told that that is over. */
void mx_typing_stop(MxClient *client, gint64 room);
void mx_typing_apply(MxClient *client, const MxEphemeral *ephemeral);

/* mx-presence.c */
void mx_presence_init(MxClient *client);
void mx_presence_clear(MxClient *client);
const char *mx_presence_get_state(MxClient *client); /* for /sync; static, or NULL */
/* Before the first /sync: the status message that the server has, or NULL. */
void mx_presence_set_told(MxClient *client, const char *message);
void mx_presence_kick(MxClient *client);

/* mx-client-notify.c */
void mx_client_notify_clear(MxClient *client);
/* What was said of one room alone is said of the other, unless something is already. */
void mx_client_move_notify_mode(MxClient *client, MxRoom *from, MxRoom *to);

/* mx-client-send.c */
/* Puts a message into the send queue of the room, or of the user's direct room (room 0), which is
 * made when there is none. content is changed. */
void mx_client_send_content(MxClient *client, gint64 room, const char *direct_user,
                            JsonObject *content, MxTextFormat format);

/* mx-client-rooms.c */
/* Sends the request for the user; func as in mx-client.h. room_id NULL: the answer names it. */
void mx_client_call(MxClient *client, const char *room_id, MxRequest *request, MxRoomFunc func,
                    gpointer user_data, GDestroyNotify destroy);

/* mx-client-places.c */
/* Every stored room was told, and what is missing in the list taken note of. */
void mx_client_places_loaded(MxClient *client);
/* mx-media.c */
void mx_media_clear(MxClient *client);
void mx_media_free(MxMedia *media);
/* The homeserver only has the endpoints from before version 1.11. */
gboolean mx_media_is_old(MxClient *client);
void mx_media_set_old(MxClient *client);

/* mx-own-profile.c */
void mx_own_profile_ask(MxClient *client);
/* It may have: asks in a moment. */
void mx_own_profile_changed(MxClient *client);
void mx_own_profile_stop(MxClient *client);

/* mx-ignored.c */
void mx_ignored_init(MxClient *client);
void mx_ignored_stop(MxClient *client);
void mx_ignored_take(MxClient *client, GHashTable *ignored); /* takes the set; says so */
/* Writes what the server does not have yet. */
void mx_ignored_publish(MxClient *client);

/* mx-decrypt-loop.c */
void mx_decrypt_start(MxClient *client); /* the worker has the encryption open, or never will */
void mx_decrypt_stop(MxClient *client);
void mx_decrypt_kick(MxClient *client);
/* Takes the changes out of the array. */
void mx_decrypt_tell(MxClient *client, GPtrArray *changes);
void mx_decrypt_take_news(MxClient *client, const MxCryptoNews *news);

/* mx-upkeep.c */
void mx_upkeep_start(MxClient *client); /* like mx_decrypt_start() */
void mx_upkeep_stop(MxClient *client);
void mx_upkeep_kick(MxClient *client); /* something was stored, or taken away */

/* mx-client-upgrade.c */
void mx_upgrade_init(MxClient *client);
void mx_upgrade_clear(MxClient *client);
void mx_upgrade_room_changed(MxClient *client, MxRoom *room);
void mx_upgrade_kick_all(MxClient *client);

/* mx-gap.c */
void mx_gap_init(MxClient *client);
void mx_gap_clear(MxClient *client);
/* wants_window: lines that wait for it open the room's window. */
void mx_gap_fill(MxClient *client, gint64 room, gboolean wants_window);
void mx_gap_retry_all(MxClient *client);
/* Of GET /messages, the members' "state". Worker only. is_long_ago: who is not known by now is not
 * taken for a member of today. */
void mx_gap_learn_members(MxStore *store, gint64 room, MxJsonSlice state, gboolean is_long_ago);

/* mx-history.c */
/* What waits holds the client: as long as it is there, the client is. */
void mx_history_clear(MxClient *client);
/* Nothing of the room is being filled any more. */
void mx_history_gap_filled(MxClient *client, gint64 room);

/* mx-look-back.c */
void mx_look_back_clear(MxClient *client);
/* A /sync has failed, or succeeded (last_success is that of the one before). */
void mx_look_back_failed(MxClient *client);
void mx_look_back_succeeded(MxClient *client);
/* Something was said in the room: what the server has missed may be before it. */
void mx_look_back_at(MxClient *client, MxRoom *room);
