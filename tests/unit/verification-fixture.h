/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "identity-fixture.h"
#include "mx-identity.h"
#include "mx-verification.h"

/* Machines that verify each other: by to-device messages, and in one room that all are in. */

#define ALICE "@alice:a"
#define BOB "@bob:b"
#define ROOM "!room:a"

typedef struct _VerificationFixture VerificationFixture;
struct _VerificationFixture {
    CryptoWorld *world;
    CryptoMachine *first, *second; /* Alice's: with her identity's seeds; new */
    CryptoMachine *bob;
    GQueue events; /* RoomEvent: of the room, not delivered yet */
    /* Changes a message on its way to `to`, or keeps it back: FALSE. type: without the prefix. */
    gboolean (*tamper)(VerificationFixture *fixture, CryptoMachine *to, const char *type,
                       JsonObject *content);
    GString *log; /* "bob:ready alice:start …", of cancels with the code */
    guint n_tampered;
    char *note;
};

void verification_setup(VerificationFixture *fixture, gconstpointer data);
void verification_teardown(VerificationFixture *fixture, gconstpointer data);
/* After a restart of the machine. */
void verification_rejoin(CryptoMachine *machine);
/* Carries everything until nothing happens any more. */
void verification_settle(VerificationFixture *fixture);

/* The newest picture of the machine's newest flow; ends the test when there is none. */
const MxVerification *verification_look(CryptoMachine *machine);
gboolean verification_has(CryptoMachine *machine); /* any picture, ever */
void verification_assert(CryptoMachine *machine, MxVerificationState state, const char *code);
/* With what is shown last; ends the test when the machine does not want it. Settles. */
void verification_accept(VerificationFixture *fixture, CryptoMachine *machine);
void verification_say(VerificationFixture *fixture, CryptoMachine *machine, gboolean matches);
void verification_cancel(VerificationFixture *fixture, CryptoMachine *machine);
/* second or first asks the other, Alice's first asks Bob in the room … */
guint64 verification_ask(VerificationFixture *fixture, CryptoMachine *machine, const char *user_id);
/* Up to the emoji, which are the same on both sides. */
void verification_compare(VerificationFixture *fixture, CryptoMachine *from, CryptoMachine *to);

/* By to-device message, as if `sender` had sent it; settles. Takes content. */
void verification_inject(VerificationFixture *fixture, CryptoMachine *to, const char *sender,
                         const char *type, JsonObject *content);
void verification_inject_in_room(VerificationFixture *fixture, const char *sender, const char *type,
                                 JsonObject *content);
/* All that trust rests on. The caller frees. */
char *verification_digest(CryptoMachine *machine);
gboolean verification_trusts_user(CryptoMachine *machine, const char *user_id);
gboolean verification_trusts_device(CryptoMachine *machine, CryptoMachine *other);
