/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "moderation.h"
#include "upgrade.h"

/* What JSON, and so a homeserver, can say for certain. */
#define MAX_LEVEL G_GINT64_CONSTANT(9007199254740991)

/* Takes the first word out of what was typed; NULL: there is none. *rest: the others, stripped, or
 * NULL. The caller frees both. */
static char *take_word(char **args, char **rest)
{
    g_autofree char *typed = g_strstrip(g_strdup(args[0] != NULL ? args[0] : ""));
    g_auto(GStrv) words = g_strsplit_set(typed, " \t\n", 2);
    *rest = NULL;
    if (words[0] == NULL || *words[0] == '\0')
        return NULL;
    if (words[1] != NULL && *g_strstrip(words[1]) != '\0')
        *rest = g_strdup(words[1]);
    return g_strdup(words[0]);
}

/* No name has more words. */
#define MAX_WORDS 20

static void cut_words(char *text)
{
    char *at = text;
    for (guint words = 1; (at = strchr(at, ' ')) != NULL && words < MAX_WORDS; words++)
        at++;
    if (at != NULL)
        *at = '\0';
}

/* Names have spaces: the longest beginning of what was typed that is somebody's name counts, and
 * when several people have that one, nobody is meant. *rest: what follows it, or NULL. The caller
 * frees both. */
static char *take_person(MxpAccount *mxp, PurpleConversation *conversation, const char *typed,
                         char **rest, char **error)
{
    g_autofree char *all = g_strstrip(g_strdup(typed != NULL ? typed : ""));
    g_autofree char *name = g_strdup(all);
    *rest = NULL;
    cut_words(name);
    for (;;) {
        g_autofree char *why = NULL;
        gboolean is_shared = FALSE;
        char *user_id = *name != '\0'
                            ? mxp_command_find_person(mxp, conversation, name, &is_shared, &why)
                            : NULL;
        char *space = strrchr(name, ' ');
        if (user_id != NULL) {
            g_autofree char *left = g_strstrip(g_strdup(all + strlen(name)));
            *rest = *left != '\0' ? g_steal_pointer(&left) : NULL;
            return user_id;
        }
        if (space == NULL || is_shared) {
            *error = why != NULL ? g_steal_pointer(&why)
                                 : g_strdup(_("Type whom you mean: a name, or a Matrix ID (for "
                                              "example @alice:example.org)."));
            return NULL;
        }
        *space = '\0';
        g_strchomp(name);
    }
}

/* ---- kick, ban, unban ---- */

static PurpleCmdRet moderate(PurpleConversation *conversation, MxModeration deed, char **args,
                             char **error)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_autofree char *reason = NULL;
    g_autofree char *user_id = take_person(mxp, conversation, args[0], &reason, error);
    if (user_id == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_moderation_do(mxp, room, deed, user_id, reason, conversation);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_kick(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    return moderate(conversation, MX_MODERATE_KICK, args, error);
}

static PurpleCmdRet on_ban(PurpleConversation *conversation, const char *command, char **args,
                           char **error, void *data)
{
    return moderate(conversation, MX_MODERATE_BAN, args, error);
}

static PurpleCmdRet on_unban(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    return moderate(conversation, MX_MODERATE_UNBAN, args, error);
}

static PurpleCmdRet on_bans(PurpleConversation *conversation, const char *command, char **args,
                            char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_moderation_list_bans(mxp, room, conversation);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_redact_all(PurpleConversation *conversation, const char *command,
                                  char **args, char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    g_autofree char *reason = NULL;
    g_autofree char *user_id = take_person(mxp, conversation, args[0], &reason, error);
    if (user_id == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_moderation_redact_all(mxp, room, user_id, reason, conversation);
    return PURPLE_CMD_RET_OK;
}

/* ---- power ---- */

/* /op and /deop */
static PurpleCmdRet on_op(PurpleConversation *conversation, const char *command, char **args,
                          char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    MxPowerWish wish = g_str_equal(command, "op") ? MX_POWER_WISH_OP : MX_POWER_WISH_DEOP;
    g_autofree char *rest = NULL;
    g_autofree char *user_id = take_person(mxp, conversation, args[0], &rest, error);
    if (user_id != NULL && rest == NULL) {
        mxp_moderation_set_power(mxp, room, user_id, wish, 0, conversation);
        return PURPLE_CMD_RET_OK;
    }
    if (user_id != NULL)
        *error = g_strdup(_("Type one name, or one Matrix ID, and nothing else."));
    return PURPLE_CMD_RET_FAILED;
}

/* The last word is the level. */
static gboolean take_level(const char *typed, char **who, gint64 *level)
{
    g_autofree char *text = g_strstrip(g_strdup(typed));
    char *space = strrchr(text, ' ');
    const char *digits = space != NULL ? space + 1 : "";
    if (*digits == '+')
        digits++;
    if (!g_ascii_string_to_signed(digits, 10, -MAX_LEVEL, MAX_LEVEL, level, NULL))
        return FALSE;
    *space = '\0';
    *who = g_strstrip(g_strdup(text));
    return TRUE;
}

static PurpleCmdRet on_power(PurpleConversation *conversation, const char *command, char **args,
                             char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    const char *typed = mxp_command_get_rest(args, 0);
    g_autofree char *who = NULL;
    gint64 level;
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (typed == NULL) {
        mxp_moderation_list_power(mxp, room, conversation);
        return PURPLE_CMD_RET_OK;
    }
    if (!take_level(typed, &who, &level)) {
        *error = g_strdup(_("Type a name or a Matrix ID and a whole number, for example "
                            "/power @alice:example.org 50."));
        return PURPLE_CMD_RET_FAILED;
    }
    g_autofree char *user_id = mxp_command_find_person(mxp, conversation, who, NULL, error);
    if (user_id == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_moderation_set_power(mxp, room, user_id, MX_POWER_WISH_LEVEL, level, conversation);
    return PURPLE_CMD_RET_OK;
}

/* ---- the room ---- */

static PurpleCmdRet on_visibility(PurpleConversation *conversation, const char *command,
                                  char **args, char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    g_autofree char *rest = NULL;
    g_autofree char *word = take_word(args, &rest);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (word == NULL) {
        mxp_moderation_say_visibility(mxp, room, conversation);
        return PURPLE_CMD_RET_OK;
    }
    if (rest == NULL && mxp_moderation_set_visibility(mxp, room, word, conversation))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("Type /visibility shared (all members), invited or joined (since they "
                        "were), or world_readable (anybody)."));
    return PURPLE_CMD_RET_FAILED;
}

static PurpleCmdRet on_upgrade(PurpleConversation *conversation, const char *command, char **args,
                               char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    g_autofree char *rest = NULL;
    g_autofree char *version = take_word(args, &rest);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (rest != NULL) {
        *error = g_strdup(_("Type one room version, for example /upgrade 12, or none for your "
                            "homeserver's choice."));
        return PURPLE_CMD_RET_FAILED;
    }
    mxp_upgrade_start(mxp, room, version, conversation);
    return PURPLE_CMD_RET_OK;
}

/* /preview and /peek */
static PurpleCmdRet on_preview(PurpleConversation *conversation, const char *command, char **args,
                               char **error, void *data)
{
    MxpAccount *mxp = mxp_command_get_account(conversation, error);
    const char *typed = args[0] != NULL ? args[0] : "";
    if (mxp == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (g_str_equal(command, "peek") ? mxp_moderation_peek(mxp, typed, conversation)
                                     : mxp_moderation_preview(mxp, typed, conversation))
        return PURPLE_CMD_RET_OK;
    *error = g_strdup(_("That leads to no room. Type its address (#room:example.org), its ID "
                        "(!abc…) or a matrix.to or matrix: link."));
    return PURPLE_CMD_RET_FAILED;
}

/* ---- report ---- */

static PurpleCmdRet report_user(MxpAccount *mxp, PurpleConversation *conversation,
                                const char *typed, char **error)
{
    g_autofree char *reason = NULL;
    g_autofree char *user_id = take_person(mxp, conversation, typed, &reason, error);
    if (user_id == NULL)
        return PURPLE_CMD_RET_FAILED;
    mxp_moderation_report_user(mxp, user_id, reason, conversation);
    return PURPLE_CMD_RET_OK;
}

static PurpleCmdRet on_report(PurpleConversation *conversation, const char *command, char **args,
                              char **error, void *data)
{
    MxpAccount *mxp;
    MxRoom *room = mxp_command_get_joined(conversation, &mxp, error);
    g_autofree char *rest = NULL;
    g_autofree char *word = take_word(args, &rest);
    if (room == NULL)
        return PURPLE_CMD_RET_FAILED;
    if (g_strcmp0(word, "user") == 0)
        return report_user(mxp, conversation, rest, error);
    if (g_strcmp0(word, "room") == 0)
        mxp_moderation_report_room(mxp, room, rest, conversation);
    else
        mxp_moderation_report_message(mxp, room, args[0], conversation);
    return PURPLE_CMD_RET_OK;
}

const MxpCommand mxp_commands_moderation[] = {
    {"kick", "s", on_kick,
     N_("kick &lt;name or @user:server&gt; [reason]: Removes somebody from the room."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"ban", "s", on_ban,
     N_("ban &lt;name or @user:server&gt; [reason]: Removes somebody from the room for good."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"unban", "s", on_unban,
     N_("unban &lt;@user:server&gt; [reason]: Lets somebody in again who was banned."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"bans", "", on_bans, N_("bans: Lists who is banned from the room, and why.")},
    {"redactall", "s", on_redact_all,
     N_("redactall &lt;name or @user:server&gt; [reason]: Removes all messages of somebody that "
        "this device knows; asks first."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"op", "s", on_op, N_("op &lt;name or @user:server&gt;: Makes somebody a moderator."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"deop", "s", on_op,
     N_("deop &lt;name or @user:server&gt;: Makes somebody an ordinary member."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"power", "s", on_power,
     N_("power [name or @user:server, level]: Lists who has what power in the room, or sets "
        "somebody's power level: a number, 50 for moderators, 100 for administrators."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"visibility", "s", on_visibility,
     N_("visibility [shared|invited|joined|world_readable]: Says or sets who can read what is "
        "written in the room."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"upgrade", "s", on_upgrade,
     N_("upgrade [version]: Replaces the room by one of a newer version; asks first."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"peek", "s", on_preview,
     N_("peek &lt;room&gt;: Shows the last messages of a room that anybody may read, without "
        "joining it."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"preview", "s", on_preview,
     N_("preview &lt;room&gt;: Tells of a room before you join it: name, topic, members."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {"report", "s", on_report,
     N_("report [message] [reason], report user &lt;name or @user:server&gt; [reason], report room "
        "[reason]: Reports a message (12:34, or nick:; else the last one of somebody else), a "
        "person or the room to those who "
        "run your homeserver."),
     PURPLE_CMD_FLAG_ALLOW_WRONG_ARGS},
    {NULL},
};
