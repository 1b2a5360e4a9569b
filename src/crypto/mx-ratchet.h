/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The boundary to the ratchets of Olm and Megolm ("Olm: A Cryptographic Ratchet", "Megolm group
 * ratchet"). What is behind it can be exchanged; nobody above sees a type of it.
 *
 * Rules that hold for every function:
 * - Everything that comes in is copied, nothing is changed in place, and nothing passed in is
 * owned. What is returned is the caller's: GBytes, strings for g_free(), objects for their _free().
 * - Curve25519 and Ed25519 keys are 32 raw bytes. Message bodies, session keys, signatures and IDs
 * are base64; unpadded going out, padded or not coming in. One that is NULL is damaged.
 * - A call that fails changes nothing: the object's pickle is the same before and after.
 * - mx_primitives_init() has succeeded before. An object belongs to one thread at a time. Objects
 * are zeroed when freed; all _free() take NULL.
 * - Errors are MX_RATCHET_ERROR and name no secret. */

typedef enum {
    MX_RATCHET_ERROR_DAMAGED, /* not what its sender made: malformed, a bad MAC or signature, too
                               * long. An Olm message that was decrypted before, or that more than
                               * 2000 others came before, cannot be told from it. */
    MX_RATCHET_ERROR_UNKNOWN_INDEX, /* Megolm: before the first index of the session */
    MX_RATCHET_ERROR_UNKNOWN_KEY, /* Olm: no such one-time key, or used before; or a pre-key message
                                   * of another session */
    MX_RATCHET_ERROR_BAD_KEY,     /* a key that no honest device has: low order, wrong form or
                                   * wrongly signed */
    MX_RATCHET_ERROR_TOO_LONG,    /* a text that would make a body beyond MX_RATCHET_MAX_BODY */
    MX_RATCHET_ERROR_PICKLE,      /* a pickle that cannot be read */
    MX_RATCHET_ERROR_RANDOM,      /* no random bytes: nothing was made (A8) */
} MxRatchetError;

#define MX_RATCHET_ERROR (mx_ratchet_error_quark())
GQuark mx_ratchet_error_quark(void);

/* Bytes. Events are 64 KiB at most (A9), so no body is longer. */
#define MX_RATCHET_MAX_BODY 65536

typedef struct _MxOlmAccount MxOlmAccount;
typedef struct _MxOlmSession MxOlmSession;
typedef struct _MxMegolmOutbound MxMegolmOutbound;
typedef struct _MxMegolmInbound MxMegolmInbound;

/* The message types of m.olm.v1.curve25519-aes-sha2 */
#define MX_OLM_PRE_KEY 0
#define MX_OLM_NORMAL 1

/* "L1": stored with every pickle, for a pickle can be read only by what wrote it. Static. */
const char *mx_ratchet_backend_id(void);

/* Pickles are made with a constant key: their secrecy comes from the vault that seals the row. The
 * bytes hold secrets and are zeroed when the GBytes is freed. */

/* --- The account: the device's identity keys, its one-time keys and fallback keys --- */

MxOlmAccount *mx_olm_account_new(GError **error);
void mx_olm_account_free(MxOlmAccount *account);
GBytes *mx_olm_account_pickle(MxOlmAccount *account, GError **error);
MxOlmAccount *mx_olm_account_unpickle(GBytes *pickle, GError **error);

/* The public identity keys; either may be NULL. */
void mx_olm_account_get_keys(MxOlmAccount *account, guint8 curve[32], guint8 ed[32]);
/* The Ed25519 signature of len bytes of text, base64 */
char *mx_olm_account_sign(MxOlmAccount *account, const char *text, gsize len);

typedef struct {
    char *id;  /* the key's ID without its algorithm: "AAAAAQ" */
    char *key; /* the public Curve25519 key, base64 */
} MxOneTimeKey;
void mx_one_time_key_free(MxOneTimeKey *key);

/* How many one-time keys an account holds at most; more push the oldest out (C1). */
guint mx_olm_account_get_max_one_time_keys(MxOlmAccount *account);
gboolean mx_olm_account_generate_one_time_keys(MxOlmAccount *account, guint n, GError **error);
/* The one-time keys that are not marked as published: MxOneTimeKey, owned by the array */
GPtrArray *mx_olm_account_list_unpublished(MxOlmAccount *account);
/* Both the one-time keys and the fallback key */
void mx_olm_account_mark_published(MxOlmAccount *account);
/* A new fallback key; the one before is kept until mx_olm_account_forget_old_fallback() (C3). */
gboolean mx_olm_account_generate_fallback(MxOlmAccount *account, GError **error);
MxOneTimeKey *mx_olm_account_get_unpublished_fallback(MxOlmAccount *account); /* or NULL */
void mx_olm_account_forget_old_fallback(MxOlmAccount *account);

/* --- Olm sessions --- */

/* A session to a device, from its identity key and one of its one-time keys. */
MxOlmSession *mx_olm_account_create_outbound(MxOlmAccount *account, const guint8 identity[32],
                                             const guint8 one_time[32], GError **error);
/* A session from a pre-key message (type MX_OLM_PRE_KEY), and that message's plaintext. The account
 * loses the one-time key when and only when the message decrypted (C7); account and session are to
 * be saved together (E3). identity is the event's sender_key, and must be the one in the message.
 * Not for a message that a session matches already (E2): a fallback key would let it in once more.
 */
MxOlmSession *mx_olm_account_create_inbound(MxOlmAccount *account, const guint8 identity[32],
                                            const char *body, GBytes **plaintext, GError **error);

void mx_olm_session_free(MxOlmSession *session);
GBytes *mx_olm_session_pickle(MxOlmSession *session, GError **error);
MxOlmSession *mx_olm_session_unpickle(GBytes *pickle, GError **error);
char *mx_olm_session_get_id(MxOlmSession *session);
/* Whether a pre-key message belongs to this session; FALSE for one that is damaged. */
gboolean mx_olm_session_matches_pre_key(MxOlmSession *session, const guint8 identity[32],
                                        const char *body);
/* Whether a message of the other side was decrypted: what is sent is MX_OLM_NORMAL from then on. */
gboolean mx_olm_session_has_received(MxOlmSession *session);
gboolean mx_olm_session_encrypt(MxOlmSession *session, const void *text, gsize len, guint *type,
                                char **body, GError **error);
/* 40 messages that were left out can be decrypted later, the oldest first forgotten (E8). */
GBytes *mx_olm_session_decrypt(MxOlmSession *session, guint type, const char *body, GError **error);

/* --- Megolm --- */

MxMegolmOutbound *mx_megolm_outbound_new(GError **error);
void mx_megolm_outbound_free(MxMegolmOutbound *session);
GBytes *mx_megolm_outbound_pickle(MxMegolmOutbound *session, GError **error);
MxMegolmOutbound *mx_megolm_outbound_unpickle(GBytes *pickle, GError **error);
char *mx_megolm_outbound_get_id(MxMegolmOutbound *session);
/* The index of the next message, and the session_key that decrypts from it on (a secret) */
guint32 mx_megolm_outbound_get_index(MxMegolmOutbound *session);
char *mx_megolm_outbound_get_session_key(MxMegolmOutbound *session);
char *mx_megolm_outbound_encrypt(MxMegolmOutbound *session, const void *text, gsize len,
                                 GError **error);

/* From an m.room_key's session_key, signed by the session's own key */
MxMegolmInbound *mx_megolm_inbound_new(const char *session_key, GError **error);
/* From the export format (forwarded keys, backup, key files), which is not signed */
MxMegolmInbound *mx_megolm_inbound_import(const char *exported, GError **error);
void mx_megolm_inbound_free(MxMegolmInbound *session);
GBytes *mx_megolm_inbound_pickle(MxMegolmInbound *session, GError **error);
MxMegolmInbound *mx_megolm_inbound_unpickle(GBytes *pickle, GError **error);
char *mx_megolm_inbound_get_id(MxMegolmInbound *session);
guint32 mx_megolm_inbound_get_first_index(MxMegolmInbound *session);
/* Messages decrypt in any order, and again: replays are for the caller to see (I8). index may be
 * NULL. The pickle stays as it was when the session was made (I14). */
GBytes *mx_megolm_inbound_decrypt(MxMegolmInbound *session, const char *body, guint32 *index,
                                  GError **error);
/* The export format from index on, which must not be before the first one (a secret). */
char *mx_megolm_inbound_export(MxMegolmInbound *session, guint32 index, GError **error);

/* mx-ratchet.c: how two copies of what claims to be one session relate (I4). */
typedef enum {
    MX_MEGOLM_EQUAL,       /* the same from the same index on */
    MX_MEGOLM_BETTER,      /* the same, and a decrypts older messages than b */
    MX_MEGOLM_WORSE,       /* the same, and b decrypts older messages than a */
    MX_MEGOLM_UNCONNECTED, /* not one session: different keys, whatever their IDs say */
} MxMegolmOrder;
MxMegolmOrder mx_megolm_inbound_compare(MxMegolmInbound *a, MxMegolmInbound *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxOlmAccount, mx_olm_account_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxOlmSession, mx_olm_session_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxMegolmOutbound, mx_megolm_outbound_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxMegolmInbound, mx_megolm_inbound_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxOneTimeKey, mx_one_time_key_free)
