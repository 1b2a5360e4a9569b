/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <account.h>
#include <connection.h>

#include "mx-register.h"

/* "Create this new account on the server". The connection on which it happens has no MxpAccount: it
 * never goes online, and ends with the account enabled, or with everything as it was. */
void mxp_register_user(PurpleAccount *account);
/* From the hook "close". */
void mxp_register_close(PurpleConnection *gc);

/* For the dialogs. NULL: the connection is no more. */
MxRegister *mxp_register_get(PurpleConnection *gc);
void mxp_register_cancel(PurpleConnection *gc);

/* register-questions.c */
void mxp_register_ask(PurpleConnection *gc, const MxQuestion *question);
