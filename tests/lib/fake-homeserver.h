/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* A homeserver on 127.0.0.1 in this process and main loop. It records every request, answers like a
 * patient server with one user per token, and misbehaves on demand. Its /sync is a log of batches:
 * since=s7 is answered with batch 7 and next_batch s8, as often as it is asked, as a real server
 * does; what is not yet there is waited for.
 *
 * Endpoints by name: versions, well-known, login-flows, login, refresh, logout, whoami, filter,
 * sync, send, messages, members, joined-members, create-room, join, invite, leave, forget,
 * get-account-data, set-account-data, set-room-account-data, profile, receipt, read-markers,
 * redact, state-event, event, context, aliases, directory-entry,
 * typing, presence, capabilities, pushrules, state, set-profile, get-presence, mutual-rooms,
 * kick, ban, unban, upgrade, report-room, report-event, report-user, room-summary,
 * old-room-summary, search-people, thumbnail, download, old-thumbnail, old-download, media-config,
 * upload, register, register-available, token-validity, register-email, keys-upload, keys-query,
 * keys-claim, send-to-device, signatures, device-signing, search, unknown. */

typedef struct _FakeServer FakeServer;

/* port 0: any. tls may be NULL. */
FakeServer *fake_server_new(guint port, GTlsCertificate *tls);
void fake_server_free(FakeServer *server);
guint fake_server_port(FakeServer *server);
const char *fake_server_url(FakeServer *server); /* "http://127.0.0.1:1234" */

/* The network goes: nothing listens, connections break. And comes again, on the same port. */
void fake_server_down(FakeServer *server);
void fake_server_up(FakeServer *server);

/* ---- what was asked ---- */

typedef struct {
    const char *endpoint;
    char *method;
    char *path;  /* encoded, without query */
    char *query; /* encoded, or NULL */
    char *token; /* of the Authorization header, or NULL */
    char *body;  /* never NULL */
    gsize body_len;
    char *args[4]; /* the path's variable parts, decoded: "send" has room, type, transaction ID */
    gint64 time;   /* monotonic, microseconds */
} FakeRequest;

void fake_request_free(FakeRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeRequest, fake_request_free)
/* NULL when the body is no JSON object. */
JsonObject *fake_request_json(const FakeRequest *request);
char *fake_request_query(const FakeRequest *request, const char *name); /* or NULL */

GQueue *fake_server_requests(FakeServer *server); /* borrowed; FakeRequest */
/* The oldest of that endpoint, taken out; NULL when there is none. */
FakeRequest *fake_server_take_request(FakeServer *server, const char *endpoint);
/* How often it was asked since the start, taken out or not. */
guint fake_server_count(FakeServer *server, const char *endpoint);

/* ---- what is answered instead ---- */

typedef enum {
    FAKE_WHOLE,
    FAKE_CUT,    /* half of what Content-Length promises, then the connection closes */
    FAKE_DRIP,   /* a few bytes at a time, whole in the end */
    FAKE_SILENT, /* nothing, and the connection stays open */
    FAKE_CLOSE,  /* not a byte, the connection closes */
} FakeHow;

typedef struct {
    guint status; /* 0: what would have been answered anyway */
    const char *body;
    gsize body_len;           /* 0: up to the first NUL */
    const char *content_type; /* NULL: application/json */
    const char *header;       /* one more header */
    const char *header_value;
    FakeHow how;
    guint delay_ms;
    gboolean process; /* with a status: does what was asked all the same */
} FakeAnswer;

#define FAKE_429_HEADER                                                                            \
    ((FakeAnswer){.status = 429,                                                                   \
                  .header = "Retry-After",                                                         \
                  .header_value = "1",                                                             \
                  .body = "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"error\":\"Too Many Requests\"}"})
#define FAKE_429_BODY                                                                              \
    ((FakeAnswer){.status = 429,                                                                   \
                  .body = "{\"errcode\":\"M_LIMIT_EXCEEDED\",\"error\":\"Too Many Requests\","     \
                          "\"retry_after_ms\":300}"})
#define FAKE_502                                                                                   \
    ((FakeAnswer){.status = 502,                                                                   \
                  .content_type = "text/html",                                                     \
                  .body = "<html><body><h1>502 Bad Gateway</h1></body></html>"})

/* The next request of the endpoint gets it; several wait in line. Copied. */
void fake_server_once(FakeServer *server, const char *endpoint, FakeAnswer answer);
/* Every request, until fake_server_clear(). Those of fake_server_once() come first. */
void fake_server_always(FakeServer *server, const char *endpoint, FakeAnswer answer);
void fake_server_clear(FakeServer *server, const char *endpoint);
guint fake_server_overrides_left(FakeServer *server); /* of fake_server_once() */

/* ---- what the server knows ---- */

void fake_server_set_password(FakeServer *server, const char *password); /* default "secret" */
/* From now on logins give a refresh token, and POST /refresh a new pair: the old access token is
 * refused then. */
void fake_server_set_refresh(FakeServer *server, gboolean refresh);
/* Answer to a /sync without since, next_batch aside; JSON text. */
void fake_server_set_first(FakeServer *server, const char *body);
/* One more batch: JSON text of an object, of which next_batch must be absent. It is never parsed
 * here. */
void fake_server_push(FakeServer *server, const char *body);
/* A /sync waits for what comes after the last batch: all before has been taken. */
gboolean fake_server_is_waited_for(FakeServer *server);
guint fake_server_position(FakeServer *server);
/* The number that the next batch continues from: after a restart of the process. */
void fake_server_set_position(FakeServer *server, guint position);

/* What was sent comes back in the next batch with its transaction ID; default TRUE. */
void fake_server_set_echo(FakeServer *server, gboolean echo);
/* The event that the n-th PUT of new text (from 0) made, as JSON text; caller frees. NULL: no such.
 */
char *fake_server_sent_event(FakeServer *server, guint n, gboolean with_transaction_id);
const char *fake_server_sent_room(FakeServer *server, guint n);
guint fake_server_sent_count(FakeServer *server);

/* GET /messages with this from. Without: an empty chunk and no end. */
void fake_server_set_page(FakeServer *server, const char *room_id, const char *from,
                          const char *body);
void fake_server_set_members(FakeServer *server, const char *room_id, const char *body);
/* POST /join of the alias gives this room; other aliases are not found. */
void fake_server_set_alias(FakeServer *server, const char *alias, const char *room_id);
/* What is there when the client reads it; what it writes replaces it. The state key is empty. */
void fake_server_set_state(FakeServer *server, const char *room_id, const char *type,
                           const char *content);
void fake_server_set_account_data(FakeServer *server, const char *type, const char *content);
const char *fake_server_account_data(FakeServer *server, const char *type); /* or NULL */
/* JSON text of a whole profile. Without: the localpart is the name. */
void fake_server_set_profile(FakeServer *server, const char *user_id, const char *profile);
/* name: "server/media-id". Uploads are "localhost/up1", "localhost/up2", ... */
void fake_server_set_media(FakeServer *server, const char *name, const char *content_type,
                           const void *data, gsize len);
void fake_server_revoke(FakeServer *server, const char *token);
/* What POST /register asks for; JSON text of an array and an object (NULL: {}). Default: the dummy
 * stage. The token is "good" ("bad" is known to be invalid), the password "sesame". */
void fake_server_set_flows(FakeServer *server, const char *flows, const char *params);
/* The person has done it: on a page, or with the link of a mail. */
void fake_server_finish_stage(FakeServer *server, const char *stage);
void fake_server_add_user(FakeServer *server, const char *localpart);
gboolean fake_server_has_user(FakeServer *server, const char *localpart); /* made or added */

/* Every client uploads keys, and asks for those of others; fake_server_requests() leaves that out
 * until somebody wants to see it. fake_server_count() never does. */
void fake_server_show_keys(FakeServer *server);
/* Users may have identities, which it does not know otherwise; password: wanted for the first one
 * too, or NULL. */
void fake_server_take_identities(FakeServer *server, const char *password);
/* keys: device_keys as JSON text; NULL takes the device away. */
void fake_server_set_device(FakeServer *server, const char *user_id, const char *device_id,
                            const char *keys);

/* A device that can be encrypted for, with one-time keys and all; its owner has not signed it
 * unless is_signed, for which the user needs an identity. */
void fake_server_make_device(FakeServer *server, const char *user_id, const char *device_id,
                             gboolean is_signed);
/* A new identity, in place of the one there may be. */
void fake_server_make_identity(FakeServer *server, const char *user_id);

/* User of a token that this server gave, or NULL. Caller frees. */
char *fake_token_user(const char *token);
