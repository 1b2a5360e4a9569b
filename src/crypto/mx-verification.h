/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "mx-crypto.h"
#include "mx-sas.h"

/* Interactive verification ("Key verification framework", "Short Authentication String"): with own
 * devices by to-device messages, with other people in a room (N1). A flow lives in memory alone: a
 * program that ends has ended it, and the other side's runs out. What success writes is written in
 * one transaction, the caller's, as everything here. */

typedef enum {
    MX_VERIFICATION_REQUESTED, /* incoming: the user is to be asked. Else: nobody has answered yet
                                */
    MX_VERIFICATION_READY,     /* both want it; with `qr_code`, until one of them chooses how */
    MX_VERIFICATION_EXCHANGING,
    MX_VERIFICATION_COMPARING, /* the user is to be shown `text`, and asked whether it is the same
                                */
    MX_VERIFICATION_SCANNED,   /* the user is to be asked whether the other device says so too */
    MX_VERIFICATION_CONFIRMED, /* by the user here, not yet by the other side */
    MX_VERIFICATION_VERIFIED,
    MX_VERIFICATION_CANCELLED,  /* `code` says why */
    MX_VERIFICATION_DISMISSED,  /* another device has taken it, or nobody answered here */
    MX_VERIFICATION_IMPOSSIBLE, /* `problem` says why; another own device may be able to */
} MxVerificationState;

typedef enum {
    MX_VERIFICATION_FINE,
    MX_VERIFICATION_NO_METHOD,     /* none in common */
    MX_VERIFICATION_NOT_THEIRS,    /* they have no identity that could be verified */
    MX_VERIFICATION_THEIRS_NEW,    /* it has changed, and is not accepted (/trust) */
    MX_VERIFICATION_NOT_OURS,      /* this device cannot sign with the user's own identity */
    MX_VERIFICATION_NO_DEVICE,     /* there is nobody to ask */
    MX_VERIFICATION_TOO_MANY,      /* flows at once */
    MX_VERIFICATION_NO_RANDOMNESS, /* A8 */
    MX_VERIFICATION_INTERRUPTED,   /* the program was ended */
} MxVerificationProblem;

/* A flow as it is now. */
typedef struct {
    guint64 id; /* of this run of the program */
    char *user_id;
    char *device_id, *device_name; /* NULL: not known yet; the name is anybody's word */
    gint64 room;                   /* 0: by to-device messages */
    gboolean is_own;               /* one of the user's own devices */
    gboolean is_incoming;
    MxVerificationState state;
    MxVerificationProblem problem;
    MxSasText text; /* from COMPARING on */
    gboolean has_emoji;
    GBytes *qr_code;        /* of READY: to be shown; or NULL */
    char *code;             /* of CANCELLED, e.g. "m.mismatched_sas" */
    char *reason;           /* in the other side's words; for codes that nobody knows */
    gboolean is_ended_here; /* CANCELLED by this side */
} MxVerification;
void mx_verification_free(MxVerification *verification);

/* The flows that have changed since the last call, of MxVerification, each as it is now. */
GPtrArray *mx_verification_take_changes(MxCrypto *crypto);

/* ---- what the user does: within a transaction ---- */

/* Asks the user's own device_id (NULL: all others), or, in this room, somebody else. Gives the ID
 * of the flow, whatever becomes of it. */
guint64 mx_verification_request(MxCrypto *crypto, const char *user_id, const char *device_id,
                                gint64 room);
/* The rest is FALSE when the flow is not in the state for it (any more). */
gboolean mx_verification_accept(MxCrypto *crypto, guint64 id);
/* READY, with a code: to compare emoji instead. */
gboolean mx_verification_start(MxCrypto *crypto, guint64 id);
/* N16: matches FALSE cancels with m.mismatched_sas. */
gboolean mx_verification_confirm(MxCrypto *crypto, guint64 id, gboolean matches);
/* Declines, or ends, with m.user. */
gboolean mx_verification_cancel(MxCrypto *crypto, guint64 id);

/* ---- what comes in: within a transaction ---- */

/* A to-device event m.key.verification.* in the clear. */
void mx_verification_receive(MxCrypto *crypto, JsonObject *event);

typedef struct {
    gint64 room;
    const char *event_id, *sender, *type; /* type: after decryption */
    gint64 ts;                            /* origin_server_ts, ms */
    const char *content;                  /* JSON text, with m.relates_to */
    gsize len;
} MxVerificationEvent;
void mx_verification_receive_in_room(MxCrypto *crypto, const MxVerificationEvent *event);

/* How events get into rooms. Puts one into the room's send queue, within the transaction, and gives
 * its transaction ID, for the caller to free. */
typedef char *(*MxVerificationSendFunc)(MxStore *store, gint64 room, const char *type,
                                        const char *content);
void mx_verification_set_sender(MxCrypto *crypto, MxVerificationSendFunc func);

/* The user interface can show codes to be scanned (N2). */
void mx_verification_set_shows_codes(MxCrypto *crypto, gboolean shows_codes);

/* mx-crypto.c */
gint64 mx_verification_collect(MxCrypto *crypto);
gpointer mx_verification_part_new(void);
void mx_verification_part_free(gpointer part);
