/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fake-homeserver.h"

#include <libsoup/soup.h>

typedef struct {
    char *room_id;
    char *type;
    char *transaction_id;
    char *event_id;
    char *sender;
    char *content;
    gint64 time_ms;
} FakeSent;

typedef struct _FakeRegistering FakeRegistering; /* fake-register.c */

struct _FakeServer {
    SoupServer *soup;
    GTlsCertificate *tls;
    guint port;
    char *url;
    GQueue requests;
    GHashTable *counts; /* endpoint -> count */
    GHashTable *once;   /* endpoint -> GQueue of FakeAnswer */
    GHashTable *always; /* endpoint -> FakeAnswer */
    GList *held;        /* GIOStream: silent or dripping connections */
    GList *waiting;     /* FakeWaiting: long polls */
    /* what the server knows: fake-answers.c */
    char *password;
    char *first;
    GPtrArray *batches;
    guint base; /* number of the first batch */
    gboolean echo;
    gboolean refresh;
    GPtrArray *sent;      /* FakeSent */
    GHashTable *pages;    /* "room from" -> body */
    GHashTable *members;  /* room -> body */
    GHashTable *aliases;  /* alias -> room */
    GHashTable *data;     /* type -> content */
    GHashTable *revoked;  /* token */
    GHashTable *profiles; /* user ID -> JSON text */
    GHashTable *media;    /* "server/media-id" -> FakeMedia */
    GHashTable *devices;  /* "user device" -> FakeDevice: fake-keys.c */
    gboolean shows_keys, takes_identities;
    char *identity_password;
    JsonObject *identities;      /* "master_keys" and the like -> user -> object */
    GHashTable *made_identities; /* user ID -> what fake-made-keys.c keeps of one */
    FakeRegistering *registering;
    guint uploads;
    guint rooms;
    guint wake_timer;
};

/* What an endpoint answers. body NULL: not yet (a long poll). */
typedef struct {
    guint status;
    char *body;
    gsize len;                /* 0: up to the first NUL */
    const char *content_type; /* NULL: JSON */
} FakeReply;

typedef struct {
    char *content_type;
    char *data;
    gsize len;
} FakeMedia;

void fake_answers_init(FakeServer *server);
void fake_answers_clear(FakeServer *server);
FakeReply fake_answer(FakeServer *server, const FakeRequest *request);
/* The answer to a /sync that can be given now, or a NULL body. */
FakeReply fake_answer_sync(FakeServer *server, const FakeRequest *request);
/* fake-people.c */
void fake_people_init(FakeServer *server);
void fake_people_clear(FakeServer *server);
FakeReply fake_answer_profile(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_set_profile(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_media(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_media_config(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_upload(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_search(FakeServer *server, const FakeRequest *request);
/* fake-keys.c */
void fake_keys_init(FakeServer *server);
/* Takes key. */
void fake_keys_add_one_time(FakeServer *server, const char *user_id, const char *device_id,
                            const char *key_id, JsonObject *key);
void fake_keys_clear(FakeServer *server);
gboolean fake_keys_is_hidden(FakeServer *server, const char *endpoint);
/* What each /sync says of the keys: members without braces; caller frees. */
char *fake_keys_counts(FakeServer *server, const char *token);
FakeReply fake_answer_keys_upload(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_keys_query(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_device_signing(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_signatures(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_keys_claim(FakeServer *server, const FakeRequest *request);
/* fake-register.c */
void fake_register_init(FakeServer *server);
void fake_register_clear(FakeServer *server);
FakeReply fake_answer_register(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_register_available(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_token_validity(FakeServer *server, const FakeRequest *request);
FakeReply fake_answer_register_email(FakeServer *server, const FakeRequest *request);
char *fake_token_device(const char *token); /* caller frees */
FakeReply fake_reply_error(guint status, const char *errcode, const char *error);
/* fake-homeserver.c: a batch has come. */
void fake_server_wake(FakeServer *server);
