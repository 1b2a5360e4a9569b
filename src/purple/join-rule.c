/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "join-rule.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-link.h"
#include "rooms.h"

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

char *mxp_join_rule_name_room(MxpAccount *mxp, const char *room_id, const char *name)
{
    MxRoom *room = mx_client_get_room(mxp->client, room_id);
    const char *shown = room != NULL ? room->name : name;
    return shown != NULL ? g_strdup_printf("%s (%s)", shown, room_id) : g_strdup(room_id);
}

static const char *get_sentence(MxJoinRule rule)
{
    switch (rule) {
    case MX_JOIN_RULE_PUBLIC:
        return _("Anybody may join this room.");
    case MX_JOIN_RULE_INVITE:
        return _("Only invited people may join this room.");
    case MX_JOIN_RULE_KNOCK:
        return _("Invited people may join this room. Others may ask to be let in (/knock).");
    case MX_JOIN_RULE_RESTRICTED:
        return _("Invited people may join this room, and members of certain rooms.");
    case MX_JOIN_RULE_KNOCK_RESTRICTED:
        return _("Invited people may join this room, and members of certain rooms. Others may ask "
                 "to be let in (/knock).");
    case MX_JOIN_RULE_UNKNOWN:
        break;
    }
    return _("Its rule about who may join is not known here; invited people may.");
}

static void on_rules(MxClient *client, MxRoom *room, const MxJoinRules *rules, gpointer user_data)
{
    const MxpReply *reply = user_data;
    g_autoptr(GString) text = g_string_new(get_sentence(rules->rule));
    if (mx_join_rule_is_restricted(rules->rule))
        for (guint i = 0; i < rules->allowed->len; i++) {
            g_autofree char *name =
                mxp_join_rule_name_room(reply->mxp, g_ptr_array_index(rules->allowed, i), NULL);
            g_string_append_printf(text, "%s%s", i == 0 ? _("\nTheir rooms: ") : ", ", name);
        }
    mxp_reply_say(reply, text->str);
}

void mxp_join_rule_say(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    mx_client_get_join_rules(mxp->client, room, on_rules, mxp_reply_new(mxp, conversation),
                             free_reply);
}

/* ---- set ---- */

static MxJoinRule find_rule(const char *word)
{
    static const struct {
        const char *word;
        MxJoinRule rule;
    } words[] = {
        {"public", MX_JOIN_RULE_PUBLIC},
        {"invite", MX_JOIN_RULE_INVITE},
        {"knock", MX_JOIN_RULE_KNOCK},
        {"restricted", MX_JOIN_RULE_RESTRICTED},
        {"knock_restricted", MX_JOIN_RULE_KNOCK_RESTRICTED},
    };
    for (guint i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_strcmp0(word, words[i].word) == 0)
            return words[i].rule;
    return MX_JOIN_RULE_UNKNOWN;
}

/* A room ID is taken as it is; an address has to be that of a room the user is in. */
static char *find_room_id(MxpAccount *mxp, const char *typed)
{
    g_autoptr(MxLink) link = mx_link_parse(typed);
    if (link == NULL || link->kind == MX_LINK_USER)
        return NULL;
    MxRoom *room = mxp_rooms_find(mxp, link->id);
    if (room != NULL)
        return g_strdup(room->room_id);
    return link->kind == MX_LINK_ROOM ? g_strdup(link->id) : NULL;
}

static GPtrArray *find_room_ids(MxpAccount *mxp, char **typed, char **error)
{
    g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
    for (; *typed != NULL; typed++) {
        if (**typed == '\0')
            continue;
        char *room_id = find_room_id(mxp, *typed);
        if (room_id == NULL || ids->len >= MX_MAX_ALLOWED) {
            g_free(room_id);
            *error = g_strdup_printf(
                _("“%s” is no room that you are in. Type the main address (#space:example.org) or "
                  "the ID (!abc…) of the space whose members may join."),
                *typed);
            return NULL;
        }
        g_ptr_array_add(ids, room_id);
    }
    g_ptr_array_add(ids, NULL);
    return g_steal_pointer(&ids);
}

typedef struct {
    MxpReply *reply;
    char *room_name;
} Change;

static void change_free(gpointer data)
{
    Change *change = data;
    mxp_reply_free(change->reply);
    g_free(change->room_name);
    g_free(change);
}

/* The room tells of the new rule by itself, to everybody. */
static void on_changed(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Change *change = data;
    if (error == NULL)
        return;
    g_autofree char *text = mxp_reply_explain(MXP_DEED_JOIN_RULE, change->room_name, error);
    mxp_reply_fail(change->reply, text);
}

gboolean mxp_join_rule_set(MxpAccount *mxp, MxRoom *room, const char *words,
                           PurpleConversation *conversation, char **error)
{
    g_auto(GStrv) parts = g_strsplit(words, " ", 0);
    MxJoinRule rule = find_rule(parts[0]);
    gboolean has_more = parts[0] != NULL && parts[1] != NULL;
    if (rule == MX_JOIN_RULE_UNKNOWN || (has_more && !mx_join_rule_is_restricted(rule))) {
        *error = g_strdup(_("Type /joinrule public, invite or knock alone; or /joinrule restricted "
                            "or knock_restricted, if you like with the spaces whose members may "
                            "join."));
        return FALSE;
    }
    g_autoptr(GPtrArray) allowed = has_more ? find_room_ids(mxp, parts + 1, error) : NULL;
    if (has_more && allowed == NULL)
        return FALSE;
    Change *change = g_new0(Change, 1);
    change->reply = mxp_reply_new(mxp, conversation);
    change->room_name = g_strdup(room->name);
    mx_client_set_join_rule(
        mxp->client, room, rule,
        allowed != NULL && allowed->len > 1 ? (const char *const *)allowed->pdata : NULL,
        on_changed, change, change_free);
    return TRUE;
}
