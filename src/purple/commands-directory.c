/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "aliases.h"
#include "join-rule.h"
#include "knocks.h"
#include "room-search.h"

/* Ways into a room: its addresses, the lists it is in, who may join. */

/* Typed in place of an address: none. */
#define NOTHING "-"

static PurpleCmdRet change_alias(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation,
                                 const char *word, const char *typed, char **error)
{
    static const struct {
        const char *word;
        void (*func)(MxpAccount *mxp, MxRoom *room, const char *alias,
                     PurpleConversation *conversation);
    } words[] = {
        {"add", mxp_aliases_add},
        {"remove", mxp_aliases_remove},
        {"main", mxp_aliases_set_main},
    };
    for (guint i = 0; typed != NULL && i < G_N_ELEMENTS(words); i++) {
        if (!g_str_equal(words[i].word, word))
            continue;
        if (words[i].func == mxp_aliases_set_main && g_str_equal(typed, NOTHING)) {
            mxp_aliases_set_main(mxp, room, NULL, conversation);
            return PURPLE_CMD_RET_OK;
        }
        g_autofree char *alias = mxp_aliases_complete(mxp, typed, error);
        if (alias == NULL)
            return PURPLE_CMD_RET_FAILED;
        words[i].func(mxp, room, alias, conversation);
        return PURPLE_CMD_RET_OK;
    }
    *error = g_strdup(_("Type /alias list, or /alias add, remove or main and an address."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_alias(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    const char *typed = mxp_command_get_rest(args, 0);
    g_auto(GStrv) words = g_strsplit(typed != NULL ? typed : "list", " ", 2);
    const char *rest = words[1] != NULL ? g_strstrip(words[1]) : NULL;
    if (!g_str_equal(words[0], "list") || rest != NULL)
        return change_alias(mxp, room, conversation, words[0], rest, error);
    mxp_aliases_list(mxp, room, conversation);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_directory(PurpleConversation *conversation, const char *command, char **args,
                                 char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *word = mxp_command_get_rest(args, 0);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (word == NULL)
        mxp_aliases_say_published(mxp, room, conversation);
    else if (g_str_equal(word, "on") || g_str_equal(word, "off"))
        mxp_aliases_publish(mxp, room, g_str_equal(word, "on"), conversation);
    else
        *error = g_strdup(_("Type /directory, /directory on or /directory off."));
    return *error == NULL ? PURPLE_CMD_RET_OK : PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_list(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp != NULL &&
        mxp_room_search_start(mxp, mxp_command_get_rest(args, 0), conversation, error))
        return PURPLE_CMD_RET_OK;
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_joinrule(PurpleConversation *conversation, const char *command, char **args,
                                char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *words = mxp_command_get_rest(args, 0);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (words == NULL)
        mxp_join_rule_say(mxp, room, conversation);
    else if (!mxp_join_rule_set(mxp, room, words, conversation, error))
        return PURPLE_CMD_RET_FAILED;
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_knock(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    gboolean takes_back = g_str_equal(command, "unknock");
    const char *words = mxp_command_get_rest(args, 0);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    gboolean is_done = (takes_back ? mxp_knocks_take_back : mxp_knocks_ask)(
        mxp, words != NULL ? words : "", conversation, error);
    return is_done ? PURPLE_CMD_RET_OK : PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_knocks(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    MxRoom *room = mxp_command_get_room(conversation, mxp);
    gboolean is_joined = room != NULL && room->membership == MX_MEMBERSHIP_JOIN;
    mxp_knocks_list(mxp, is_joined ? room : NULL, conversation);
    return PURPLE_CMD_RET_OK;
}

/* /admit and /deny */
static PurpleCmdRet on_answer(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *who = mxp_command_get_rest(args, 0);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_knocks_answer(mxp, room, who != NULL ? who : "", g_str_equal(command, "admit"),
                      conversation);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_directory[] = {
    {"alias", "s", on_alias,
     N_("alias [list|add|remove|main] [#address]: Lists the room's addresses, makes or removes "
        "one, "
        "or makes one the main one; “-” in place of it: none."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"directory", "s", on_directory,
     N_("directory [on|off]: Whether your homeserver's list of rooms has this room, or puts it in "
        "or takes it out."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"list", "s", on_list,
     N_("list [server] [words], list &lt;space&gt;, list more: Lists the rooms of a homeserver, "
        "those with certain words, or what is in a space."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"joinrule", "s", on_joinrule,
     N_("joinrule [public|invite|knock|restricted|knock_restricted] [spaces]: Shows or sets who "
        "may "
        "join the room; of a restricted one members of the spaces may."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"knock", "s", on_knock,
     N_("knock &lt;room&gt; [reason]: Asks to be let into a room that is not open to all.")},
    {"unknock", "s", on_knock,
     N_("unknock [room]: Takes back that you asked; without a room where you ask at one only."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"knocks", "", on_knocks,
     N_("knocks: Lists who asks to be let into this room, and where you have asked.")},
    {"admit", "s", on_answer,
     N_("admit [number or person] [words]: Invites somebody who asks to be let in; without a "
        "number "
        "the only one."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"deny", "s", on_answer,
     N_("deny [number or person] [reason]: Refuses somebody who asks to be let in; without a "
        "number "
        "the only one."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};
