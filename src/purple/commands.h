/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <cmds.h>
#include <conversation.h>

#include "account.h"

/* The commands: a table for each topic, in the file of that name. */

typedef struct {
    const char *name; /* NULL ends a table */
    const char *args; /* as purple_cmd_register() wants them */
    PurpleCmdFunc func;
    const char *help;
    PurpleCmdFlag flags; /* besides those of all */
} MxpCommand;

extern const MxpCommand mxp_commands_compose[];    /* commands-compose.c */
extern const MxpCommand mxp_commands_directory[];  /* commands-directory.c */
extern const MxpCommand mxp_commands_encryption[]; /* commands-encryption.c */
extern const MxpCommand mxp_commands_files[];      /* commands-files.c */
extern const MxpCommand mxp_commands_history[];    /* commands-history.c */
extern const MxpCommand mxp_commands_members[];    /* commands-members.c */
extern const MxpCommand mxp_commands_messages[];   /* commands-messages.c */
extern const MxpCommand mxp_commands_moderation[]; /* commands-moderation.c */
extern const MxpCommand mxp_commands_people[];     /* commands-people.c */
extern const MxpCommand mxp_commands_pins[];       /* commands-pins.c */
extern const MxpCommand mxp_commands_polls[];      /* commands-polls.c */
extern const MxpCommand mxp_commands_raw[];        /* commands-raw.c */
extern const MxpCommand mxp_commands_relations[];  /* commands-relations.c */
extern const MxpCommand mxp_commands_rooms[];      /* commands-rooms.c */
extern const MxpCommand mxp_commands_search[];     /* commands-search.c */
extern const MxpCommand mxp_commands_state[];      /* commands-state.c */
extern const MxpCommand mxp_commands_topic[];      /* commands-topic.c */
extern const MxpCommand mxp_commands_trust[];      /* commands-trust.c */
extern const MxpCommand mxp_commands_verify[];     /* commands-verify.c */

void mxp_commands_register(void);
void mxp_commands_unregister(void);

/* The requests that /matrix still asks about: the account keeps them, since a dialog that dies with
 * the connection frees nothing. */
void mxp_commands_raw_clear(MxpAccount *mxp);

/* For the commands' functions: */

/* The room of the window, whatever the membership; or NULL. */
MxRoom *mxp_command_get_room(PurpleConversation *conversation, MxpAccount *mxp);
/* NULL, and *error said, unless the account is connected. */
MxpAccount *mxp_command_get_account(PurpleConversation *conversation, char **error);
/* The same for the window's room, which the user is in. */
MxRoom *mxp_command_get_joined(PurpleConversation *conversation, MxpAccount **mxp, char **error);
/* What was typed after the first words, or NULL. */
const char *mxp_command_get_rest(char **args, guint index);
/* Whom a Matrix ID, a link or, in a room, a name means; in an IM without a word (typed may be NULL)
 * the other one. NULL and *error; *is_shared (may be NULL): it is the name of several people. The
 * caller frees. */
char *mxp_command_find_person(MxpAccount *mxp, PurpleConversation *conversation, const char *typed,
                              gboolean *is_shared, char **error);
