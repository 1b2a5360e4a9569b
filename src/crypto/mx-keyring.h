/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The desktop's keyring (Secret Service API), by libsecret. It may be absent, locked, or wait for a
 * person who has left; so each call has a limit in seconds, after which it counts as refused. The
 * calls wait: never on the main loop. A secret is text. */

/* Set by who wants keys in files whatever the desktop offers, and by the tests. */
#define MX_KEYRING_OFF_VARIABLE "MX_NO_KEYRING"

/* There is a session bus, and nobody wants it left alone. */
gboolean mx_keyring_is_there(void);

typedef enum {
    MX_KEYRING_ANSWERED,
    MX_KEYRING_LOCKED, /* there may be more than it gives now */
    MX_KEYRING_SILENT, /* no answer, or none in time */
} MxKeyringAnswer;

/* Adds to secrets (char *, with mx_secret_free()) what is kept for the user; dir == NULL: in
 * whatever directory. What is locked the user is asked to unlock. */
MxKeyringAnswer mx_keyring_read(const char *user_id, const char *dir, guint seconds,
                                GPtrArray *secrets);
gboolean mx_keyring_write(const char *user_id, const char *dir, guint seconds, const char *secret);
void mx_keyring_forget(const char *user_id, const char *dir, guint seconds);

/* What a keyring does, for tests: NULL brings libsecret back. The functions may wait as long as
 * they like. */
typedef struct {
    MxKeyringAnswer (*read)(const char *user_id, const char *dir, GPtrArray *secrets);
    gboolean (*write)(const char *user_id, const char *dir, const char *secret);
    void (*forget)(const char *user_id, const char *dir);
} MxKeyringFuncs;
void mx_keyring_replace(const MxKeyringFuncs *funcs);
