/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"
#include "mx-uia.h"

/* A new account on a homeserver (client-server API, "Account registration"): finds the server,
 * looks whether the name is free, and does the stages of User-Interactive Authentication, asking
 * for what only a person knows. No session is begun and nothing is stored: whoever has the account
 * logs in with its password afterwards, as always. */

typedef enum {
    MX_ASK_NAME,     /* another name; text: the one that was refused */
    MX_ASK_PASSWORD, /* a password for the new account */
    MX_ASK_SECRET,   /* the password that the homeserver wants to see */
    MX_ASK_TOKEN,    /* a registration token */
    MX_ASK_EMAIL,    /* an address; text: the last one, or NULL */
    MX_ASK_TERMS,    /* whether they agree to the policies */
    MX_ASK_LINK,     /* to open the link that was mailed; text: the address */
    MX_ASK_PAGE,     /* to finish a page in the browser; text: its URL */
    MX_ASK_AGAIN,    /* whether to try again */
} MxAskKind;

typedef struct {
    MxAskKind kind;
    const char *problem; /* why it is asked, untrusted plain text, or NULL */
    const char *text;
    GPtrArray *policies;  /* MxPolicy, for MX_ASK_TERMS */
    gboolean is_repeated; /* the same stage was asked before */
} MxQuestion;

typedef struct {
    void (*progress)(int step, const char *text, gpointer user_data); /* steps 0 to 2 */
    /* Answer with mx_register_answer(). The question is borrowed. */
    void (*asked)(const MxQuestion *question, gpointer user_data);
    /* The account exists. user_id: what the homeserver calls it, or NULL if that is not known. */
    void (*created)(const char *user_id, gpointer user_data);
    /* It does not, and asking more is of no use; the message is a sentence for the user. */
    void (*failed)(const GError *error, gpointer user_data);
} MxRegisterFuncs;

#define MX_TYPE_REGISTER (mx_register_get_type())
G_DECLARE_FINAL_TYPE(MxRegister, mx_register, MX, REGISTER, GObject)

/* config: user, home_server, password, user_agent, proxy and ca_file count; copied. funcs must
 * outlive it. Nothing is called before mx_register_start(), and nothing after mx_register_stop() or
 * one of created and failed. */
MxRegister *mx_register_new(const MxClientConfig *config, const MxRegisterFuncs *funcs,
                            gpointer user_data);
void mx_register_start(MxRegister *self);
void mx_register_stop(MxRegister *self);
/* text: what kind says, else NULL. */
void mx_register_answer(MxRegister *self, const char *text);
/* In place of an answer to MX_ASK_PASSWORD, _TERMS or _PAGE: the same question again. */
void mx_register_repeat(MxRegister *self, const char *problem);
/* In place of an answer to MX_ASK_LINK: the address is asked for again, and mailed again. */
void mx_register_ask_address(MxRegister *self);

/* A request that may create the account has not been answered. */
gboolean mx_register_is_uncertain(MxRegister *self);
const char *mx_register_get_localpart(MxRegister *self); /* as it was asked for; borrowed */
const char *mx_register_get_password(MxRegister *self);  /* borrowed, or NULL */
const char *mx_register_get_base_url(MxRegister *self);  /* borrowed, or NULL */
