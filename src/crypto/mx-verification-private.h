/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-crypto-private.h"
#include "mx-verification.h"

/* For mx-verification*.c. */

#define MX_VERIFICATION_TYPE "m.key.verification."
#define MX_VERIFICATION_REQUEST "m.key.verification.request"
#define MX_METHOD_SAS "m.sas.v1"
#define MX_METHOD_SHOW "m.qr_code.show.v1"
#define MX_METHOD_SCAN "m.qr_code.scan.v1"
#define MX_METHOD_RECIPROCATE "m.reciprocate.v1"
#define MX_CODE_SECRET_LEN 16
#define MX_FLOW_MS (G_GINT64_CONSTANT(10) * 60 * 1000) /* N4 */

typedef struct {
    guint64 id;
    char *txn_id;    /* the transaction's ID, which in rooms is the request's event ID; NULL: an own
                        request whose event ID is not known yet */
    char *queue_txn; /* that request's in the send queue */
    gint64 room;
    char *user_id, *device_id;
    GPtrArray *targets;  /* char *: devices that were asked, until one of them answers */
    char *wanted_device; /* the only one to be asked, or NULL */
    char *device_name, *ed25519, *master; /* N14: fixed when the device is known; or NULL */
    gboolean is_incoming, is_legacy;      /* legacy: it began with a start (N3) */
    MxVerificationState state;
    MxVerificationProblem problem;
    gint64 began_ms, prompt_until_ms;
    gint64 start_ms;     /* READY, answering: when we begin, should they not */
    gboolean is_changed; /* since mx_verification_take_changes() */
    char *code, *reason;
    gboolean is_kept;                /* mx-verification-keep.c */
    gboolean is_ended_here, is_over; /* over: to be forgotten once it is told */

    /* Keys are being asked for: of an own request that is not sent, or of the device; what came
     * meanwhile, of MxHeld. */
    gboolean waits_for_keys, is_unsent, has_refreshed;
    GQueue held;

    /* SAS */
    gboolean we_started, has_emoji;
    MxSas *sas;
    char *start; /* N10: canonical JSON of the start content */
    char *commitment;
    MxSasMac mac_method;
    MxSasText text;
    JsonObject *their_mac; /* N17 */

    /* A code that they may scan */
    gboolean they_scan;
    GBytes *qr_code; /* NULL: none is shown */
    guint8 code_mode, code_secret[MX_CODE_SECRET_LEN];
    gboolean their_done; /* it came before the user here has agreed */
} MxFlow;

typedef struct {
    char *type;
    JsonObject *content;
} MxHeld;
void mx_held_free(gpointer held);

typedef struct {
    GPtrArray *flows; /* MxFlow */
    /* "room user transaction" of those that have ended or were refused: what comes late for them is
     * passed over, and nobody is answered twice (N7). The oldest first. */
    GQueue ended;
    guint64 last_id;
    gboolean has_ended_kept; /* what an earlier run of the program has left */
    gint64 refusals_ms;      /* since then so many transactions that nobody knows were refused */
    guint n_refusals;
} MxFlows;
MxFlows *mx_flows_get(MxCrypto *crypto);
void mx_flows_note_ended(MxFlows *part, gint64 room, const char *user_id, const char *txn_id);
gboolean mx_flows_has_ended(MxFlows *part, gint64 room, const char *user_id, const char *txn_id);

MxFlow *mx_flow_new(MxCrypto *crypto, const char *user_id, const char *txn_id, gint64 room);
gboolean mx_flow_is_own(MxCrypto *crypto, const MxFlow *flow);
gboolean mx_flow_is_at_end(const MxFlow *flow);
void mx_flow_set_state(MxFlow *flow, MxVerificationState state);
void mx_flow_begin(MxCrypto *crypto, MxFlow *flow); /* both want it, and the device is known */
void mx_flow_end(MxCrypto *crypto, MxFlow *flow, MxVerificationState state);
void mx_flow_forget(MxCrypto *crypto, MxFlow *flow); /* as if it had never been */
/* type: after MX_VERIFICATION_TYPE. Takes content. */
void mx_flow_send(MxCrypto *crypto, MxFlow *flow, const char *type, JsonObject *content);
/* Sends a cancel and ends the flow. */
void mx_flow_cancel(MxCrypto *crypto, MxFlow *flow, const char *code);
JsonObject *mx_flow_make_cancel(const char *code);
/* One device has answered (NULL: which one is not known): the others need not. */
void mx_flow_cancel_targets(MxCrypto *crypto, MxFlow *flow, const char *device_id,
                            const char *code);
/* To all devices of the user, for nobody says which one it was. */
void mx_flow_refuse_unknown(MxCrypto *crypto, const char *user_id, const char *txn_id);
/* An own request leaves, as soon as the keys are known that it is about. */
void mx_flow_send_request(MxCrypto *crypto, MxFlow *flow);

/* mx-verification-receive.c */
gboolean mx_flows_are_full(MxCrypto *crypto);
/* user_id NULL: anybody's; of a room. */
MxFlow *mx_flows_find(MxCrypto *crypto, gint64 room, const char *user_id, const char *txn_id);
/* Whether anything could come of it. */
MxVerificationProblem mx_flow_find_problem(MxCrypto *crypto, const char *user_id);
void mx_flow_resume(MxCrypto *crypto, MxFlow *flow);    /* keys may be known now */
void mx_flow_take_held(MxCrypto *crypto, MxFlow *flow); /* what came before */

/* mx-verification-sas.c: messages of a flow whose device is known. */
void mx_flow_start(MxCrypto *crypto, MxFlow *flow);
void mx_flow_take_start(MxCrypto *crypto, MxFlow *flow, JsonObject *content);
void mx_flow_take_accept(MxCrypto *crypto, MxFlow *flow, JsonObject *content);
void mx_flow_take_key(MxCrypto *crypto, MxFlow *flow, JsonObject *content);
void mx_flow_take_mac(MxCrypto *crypto, MxFlow *flow, JsonObject *content);
void mx_flow_confirm(MxCrypto *crypto, MxFlow *flow);
/* N18: what was proved, the device's key or the identity, is trusted. FALSE: that was not enough,
 * and nothing has changed. */
gboolean mx_flow_accept_keys(MxCrypto *crypto, MxFlow *flow, gboolean device, gboolean master);
void mx_flow_succeed(MxCrypto *crypto, MxFlow *flow);
void mx_flow_note_done(MxCrypto *crypto, MxFlow *flow); /* both have said so */

/* mx-verification-keep.c */
/* Writes down, or forgets, that the flow is under way. */
void mx_flow_keep(MxCrypto *crypto, MxFlow *flow);
/* Those that were under way when the program ended: both sides are told. */
void mx_flows_end_kept(MxCrypto *crypto);

/* mx-verification-code.c */
/* FALSE: they cannot scan, or it would prove nothing. */
gboolean mx_flow_make_code(MxCrypto *crypto, MxFlow *flow);
void mx_flow_take_reciprocate(MxCrypto *crypto, MxFlow *flow, JsonObject *content);
void mx_flow_confirm_scan(MxCrypto *crypto, MxFlow *flow);
/* For known answers. */
GBytes *mx_verification_make_code(guint8 mode, const char *txn_id, const guint8 first[MX_KEY_LEN],
                                  const guint8 second[MX_KEY_LEN], const guint8 *secret, gsize len);
