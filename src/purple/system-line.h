/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <conversation.h>

/* Lines that no person has written: answers to commands, and the like. */

/* Writes now, unlogged, in as many lines as Pidgin needs to show all of it. markup: escaped text
 * with <br> in it and no other tag. kind: PURPLE_MESSAGE_SYSTEM or PURPLE_MESSAGE_ERROR. */
void mxp_system_line_write(PurpleConversation *conversation, const char *markup,
                           PurpleMessageFlags kind);
