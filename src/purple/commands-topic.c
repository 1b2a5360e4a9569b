/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "groups.h"
#include "topic.h"

/* Typed in place of a text: takes away what is set. */
#define NOTHING "-"

typedef void (*SayFunc)(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation);
typedef void (*SetFunc)(MxpAccount *mxp, MxRoom *room, const char *text,
                        PurpleConversation *conversation);

static PurpleCmdRet say_or_set(PurpleConversation *conversation, char **args, char **error,
                               SayFunc say, SetFunc set)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *text = mxp_command_get_rest(args, 0);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (text == NULL)
        say(mxp, room, conversation);
    else
        set(mxp, room, g_str_equal(text, NOTHING) ? "" : text, conversation);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_topic(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    return say_or_set(conversation, args, error, mxp_topic_say, mxp_topic_set);
}

static PurpleCmdRet on_name(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    return say_or_set(conversation, args, error, mxp_topic_say_name, mxp_topic_set_name);
}

static PurpleCmdRet on_tag(PurpleConversation *conversation, const char *command, char **args,
                           char **error, void *data)
{
    static const struct {
        const char *word;
        MxPlaceKind kind;
    } words[] = {
        {"favourite", MX_PLACE_FAVOURITE},
        {"favorite", MX_PLACE_FAVOURITE},
        {"low", MX_PLACE_LOW_PRIORITY},
        {"none", MX_PLACE_NONE},
    };
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *word = mxp_command_get_rest(args, 0);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    for (guint i = 0; i < G_N_ELEMENTS(words); i++) {
        if (g_strcmp0(word, words[i].word) != 0)
            continue;
        mxp_groups_set_place(mxp, room, words[i].kind, conversation);
        return PURPLE_CMD_RET_OK;
    }
    *error = g_strdup(_("Type /tag favourite, /tag low or /tag none."));
    return PURPLE_CMD_RET_FAILED;
}

const MxpCommand mxp_commands_topic[] = {
    {"topic", "s", on_topic,
     N_("topic [text]: Shows the room's topic, or sets it; “-” takes it away."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"name", "s", on_name,
     N_("name [text]: Shows the room's name and addresses, or renames it; “-” takes the name "
        "away."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"tag", "w", on_tag,
     N_("tag &lt;favourite|low|none&gt;: Puts the room among your favourites, or those of low "
        "priority, on all your devices."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};
