/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "crypto-fixture.h"

/* What the tests of identities have in common. */

/* For CryptoWorld.intercept: the homeserver keeps the signatures that are uploaded. */
gboolean identity_take_signatures(CryptoMachine *machine, const MxCryptoRequest *request,
                                  guint *status, char **body);
void identity_run(CryptoMachine *machine); /* until nothing is due */
/* The machine asks for the user's devices and identity. */
void identity_refresh(CryptoMachine *machine, const char *user_id);
guint identity_count_news(CryptoMachine *machine, MxCryptoNewsKind kind); /* takes all */
/* The homeserver takes what the machine has made, as POST /keys/device_signing/upload. */
void identity_publish(CryptoMachine *machine);
void identity_note_uploaded(CryptoMachine *machine);
/* All of it, from a new machine on. */
void identity_bootstrap(CryptoMachine *machine);
/* With what secret storage gave. */
gboolean identity_recover(CryptoMachine *machine, const char *master, const char *self,
                          const char *user);
void identity_recover_from(CryptoMachine *machine, CryptoMachine *from);
