/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client-private.h"
#include "mx-share.h"

/* For mx-send-queue.c and mx-send-keys.c. */

typedef enum {
    MX_NEXT_NOTHING,
    MX_NEXT_SEND,
    MX_NEXT_WAIT_SYNC,
    MX_NEXT_WAIT_GAP,
    MX_NEXT_REFUSED,    /* encrypted in a way that is not known */
    MX_NEXT_NOT_PLAIN,  /* written for an encrypted room, which this one is not */
    MX_NEXT_PLAIN_FILE, /* its file was uploaded for everybody to read, and the room is encrypted */
    MX_NEXT_WARN,       /* the room before this one was encrypted, and this one is not */
    MX_NEXT_GONE,       /* the user is no longer in the room */
    MX_NEXT_ASK,
    MX_NEXT_PREPARE,       /* the direct room has to be made, or its partner invited again */
    MX_NEXT_ENCRYPT,       /* the direct room was to be encrypted, and is not */
    MX_NEXT_KEYS,          /* to be encrypted, and not everybody has the key yet: job->step */
    MX_NEXT_UNENCRYPTABLE, /* job->encrypt_error */
} MxSendNext;

typedef enum { MX_SENT_OK, MX_SENT_UNCERTAIN, MX_SENT_NOT_NOW, MX_SENT_REFUSED } MxSendResult;

typedef struct {
    MxClientJob base;
    gint64 room;
    char *own_user_id;
    gboolean may_resend;
    gint64 waiting_item; /* not before its time; 0: none */
    MxSendNext next;
    MxQueueRow *item;
    char *room_id, *direct_user;
    gboolean is_pending_room;
    gboolean is_encrypting; /* keys may be on their way */
    MxShareStep step;       /* of MX_NEXT_KEYS */
    GError *encrypt_error;
    /* the answer */
    MxSendResult result;
    char *event_id;
    gint64 uncertain_ms;
    char *body; /* beginning of the text, for lines about it */
} MxSendJob;

void mx_send_job_free(gpointer job);
gboolean mx_send_is_redaction(const MxQueueRow *item);
void mx_send_run_decide(MxStore *store, gpointer job);

/* Asked right before a file's bytes leave. FALSE with an error: they must not leave. Otherwise
 * *is_plain says whether they may leave unencrypted, which they may only into a room that is known
 * and known not to be encrypted. room 0: a direct room still to be made. Worker only. */
gboolean mx_send_decide_upload(MxStore *store, gint64 room, gboolean *is_plain, GError **error);

/* ---- mx-send-keys.c: a message waits for the keys of its room ---- */

typedef struct {
    MxClient *client;
    gint64 room;
    guint source;         /* another look */
    gint64 since;         /* monotonic, us: since when it waits; 0: it does not */
    gint64 members_asked; /* likewise: when the members were last asked for; 0: never */
    gboolean is_told;     /* that it takes long */
    char *told_user;      /* whose identity has changed, as was said; "": that there are no keys */
} MxKeyWait;

void mx_key_wait_init(MxKeyWait *wait, MxClient *client, gint64 room);
void mx_key_wait_clear(MxKeyWait *wait);
/* The message does not wait any more. */
void mx_key_wait_end(MxKeyWait *wait);
/* job->step says what for: does what has to be done, says what has to be said. TRUE: look again at
 * once. */
gboolean mx_key_wait_step(MxKeyWait *wait, const MxSendJob *job);
