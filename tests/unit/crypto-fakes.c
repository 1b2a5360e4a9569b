/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "crypto-fakes.h"

#include "mx-inbound.h"
#include "mx-secrets.h"
#include "mx-share.h"

gint64 fake_shared_index;
guint fake_n_reshared, fake_n_secrets, fake_n_secret_requests;
char fake_withheld[1000];

/* The linker puts these in the place of the functions without __wrap_. */
#define WRAP(name) __wrap_##name

void WRAP(mx_inbound_note_withheld)(MxCrypto *crypto, const char *room_id, const char *session_id,
                                    const char *sender, const char *code, const char *reason);
gint64 WRAP(mx_share_get_shared_index)(MxCrypto *crypto, const char *room_id,
                                       const char *session_id, const MxDevice *device);
void WRAP(mx_share_reshare)(MxCrypto *crypto, const MxDevice *device, const char *room_id,
                            const char *session_id);
void WRAP(mx_secrets_receive)(MxCrypto *crypto, const MxOlmMessage *message);
void WRAP(mx_secrets_note_request)(MxCrypto *crypto, JsonObject *event);

void WRAP(mx_inbound_note_withheld)(MxCrypto *crypto, const char *room_id, const char *session_id,
                                    const char *sender, const char *code, const char *reason)
{
    (void)crypto;
    (void)reason;
    g_snprintf(fake_withheld, sizeof fake_withheld, "%s %s %s %s", room_id != NULL ? room_id : "-",
               session_id != NULL ? session_id : "-", sender, code);
}

gint64 WRAP(mx_share_get_shared_index)(MxCrypto *crypto, const char *room_id,
                                       const char *session_id, const MxDevice *device)
{
    (void)crypto;
    (void)room_id;
    (void)session_id;
    (void)device;
    return fake_shared_index;
}

void WRAP(mx_share_reshare)(MxCrypto *crypto, const MxDevice *device, const char *room_id,
                            const char *session_id)
{
    (void)crypto;
    (void)device;
    (void)room_id;
    (void)session_id;
    fake_n_reshared++;
}

void WRAP(mx_secrets_receive)(MxCrypto *crypto, const MxOlmMessage *message)
{
    (void)crypto;
    (void)message;
    fake_n_secrets++;
}

void WRAP(mx_secrets_note_request)(MxCrypto *crypto, JsonObject *event)
{
    (void)crypto;
    (void)event;
    fake_n_secret_requests++;
}

void crypto_fakes_reset(void)
{
    fake_shared_index = -1;
    fake_n_reshared = fake_n_secrets = fake_n_secret_requests = 0;
    fake_withheld[0] = '\0';
}
