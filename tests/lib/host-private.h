/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host.h"

/* Takes the event. */
void host_emit(JsonObject *event);
JsonObject *host_event_new(const char *kind);
/* NULL becomes null, text that is no UTF-8 is repaired: a test wants to see it. */
void host_set_text(JsonObject *object, const char *name, const char *text);

void host_ui_install(void);      /* host-ui.c: conversations, connections, buddy list, ... */
void host_ui_connect(void);      /* host-ui.c: signals; after purple_core_init() */
void host_dialogs_install(void); /* host-dialogs.c: requests and notifications */
void host_dialogs_close(void);
/* Gives the handle; host_dialogs_forget() when libpurple takes it back. */
void *host_authorize_request(const char *who, const char *alias, const char *message,
                             GCallback authorize, GCallback deny, void *user_data);
void host_dialogs_forget(void *handle);
