/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "crypto-fixture.h"
#include "mx-olm-private.h"

/* Alice and Bob, a device each, that know each other; and messages between devices. */

#define ALICE "@alice:a"
#define BOB "@bob:b"

typedef struct {
    CryptoWorld *world;
    CryptoMachine *alice, *bob;
} OlmFixture;

void olm_fixture_setup(OlmFixture *fixture, gconstpointer data);
void olm_fixture_teardown(OlmFixture *fixture, gconstpointer data);

MxOlmState olm_fixture_prepare(CryptoMachine *from, CryptoMachine *to);
/* Claims a key, and begins a session. */
void olm_fixture_establish(CryptoMachine *from, CryptoMachine *to);
/* The m.room.encrypted content of a message of type "test"; committed. */
JsonObject *olm_fixture_encrypt(CryptoMachine *from, CryptoMachine *to, const char *text);
/* Takes content. *text, which may be NULL: that of the message, when it is read. */
MxOlmResult olm_fixture_decrypt(CryptoMachine *to, const char *sender, JsonObject *content,
                                char **text);
void olm_fixture_assert_reads(CryptoMachine *to, CryptoMachine *from, JsonObject *content,
                              const char *expected);
/* So many messages, each read when it comes. */
void olm_fixture_pass(CryptoMachine *from, CryptoMachine *to, guint n);
GPtrArray *olm_fixture_load_sessions(CryptoMachine *machine, CryptoMachine *other); /* MxOlmEntry */
guint olm_fixture_count_sessions(CryptoMachine *machine, CryptoMachine *other);
/* Of the ciphertext for that device */
const char *olm_fixture_get_body(JsonObject *content, CryptoMachine *to);
gint64 olm_fixture_get_type(JsonObject *content, CryptoMachine *to);

/* For messages whose payload is as somebody likes it. */
JsonObject *olm_fixture_make_payload(CryptoMachine *from, CryptoMachine *to);
JsonObject *olm_fixture_encrypt_raw(CryptoMachine *from, CryptoMachine *to, const char *payload);
char *olm_fixture_get_device_keys(CryptoMachine *machine); /* as published, JSON text */
