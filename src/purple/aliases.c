/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "aliases.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-aliases.h"
#include "mx-id.h"
#include "mx-link.h"
#include "reply.h"

/* What is under way for one address, through several questions to the homeserver. */
typedef struct {
    MxpAccount *mxp;
    MxpReply *reply;
    MxpDeed deed;
    char *room_id, *room_name;
    char *alias; /* or NULL */
} Work;

static Work *work_new(MxpAccount *mxp, MxpDeed deed, const MxRoom *room, const char *alias,
                      PurpleConversation *conversation)
{
    Work *work = g_rc_box_new0(Work);
    work->mxp = mxp;
    work->reply = mxp_reply_new(mxp, conversation);
    work->deed = deed;
    work->room_id = g_strdup(room->room_id);
    work->room_name = g_strdup(room->name);
    work->alias = g_strdup(alias);
    return work;
}

static void work_clear(gpointer data)
{
    Work *work = data;
    mxp_reply_free(work->reply);
    g_free(work->room_id);
    g_free(work->room_name);
    g_free(work->alias);
}

static void work_unref(gpointer work)
{
    g_rc_box_release_full(work, work_clear);
}

static void explain(const Work *work, const GError *error)
{
    gboolean is_about_room = work->deed == MXP_DEED_MAIN_ADDRESS || work->deed == MXP_DEED_PUBLISH;
    g_autofree char *text =
        mxp_reply_explain(work->deed, is_about_room ? work->room_name : work->alias, error);
    mxp_reply_fail(work->reply, text);
}

static void say(const Work *work, const char *format)
{
    g_auto(GStrv) parts = g_strsplit(format, "%s", 2);
    g_autofree char *text = g_strjoinv(work->alias, parts);
    mxp_reply_say(work->reply, text);
}

static void fail_with(const Work *work, const char *format)
{
    g_auto(GStrv) parts = g_strsplit(format, "%s", 2);
    g_autofree char *text = g_strjoinv(work->alias, parts);
    mxp_reply_fail(work->reply, text);
}

/* ---- what is typed ---- */

static char *get_own_server(MxpAccount *mxp)
{
    const char *user_id = mx_client_get_user_id(mxp->client);
    return user_id != NULL ? mx_user_id_get_server_name(user_id) : g_strdup("");
}

static gboolean is_of_own_server(MxpAccount *mxp, const char *alias)
{
    g_autofree char *server = get_own_server(mxp);
    const char *colon = strchr(alias, ':');
    return colon != NULL && g_strcmp0(colon + 1, server) == 0;
}

char *mxp_aliases_complete(MxpAccount *mxp, const char *typed, char **error)
{
    g_autofree char *word = g_strstrip(g_strdup(typed != NULL ? typed : ""));
    g_autoptr(MxLink) link = mx_link_parse(word);
    if (link != NULL && link->kind == MX_LINK_ALIAS && link->id[1] != ':' &&
        strpbrk(link->id, " /") == NULL)
        return g_strdup(link->id);
    g_autofree char *server = get_own_server(mxp);
    const char *name = *word == '#' ? word + 1 : word;
    g_autofree char *alias = strchr(name, ':') != NULL ? g_strdup_printf("#%s", name)
                                                       : g_strdup_printf("#%s:%s", name, server);
    /* The name goes before the first colon. */
    if (link == NULL && *name != '\0' && *name != ':' && strpbrk(name, "#@!/ ") == NULL &&
        mx_room_alias_is_valid(alias))
        return g_steal_pointer(&alias);
    *error = g_strdup_printf(_("That is no address. It has the form #name:server, for example "
                               "#garden:%s, without spaces."),
                             server);
    return NULL;
}

static gboolean refuse_foreign(const Work *work)
{
    if (is_of_own_server(work->mxp, work->alias))
        return FALSE;
    g_autofree char *server = get_own_server(work->mxp);
    g_autofree char *text =
        g_strdup_printf(_("%s is an address of another homeserver: only its own people can make or "
                          "remove it. Yours end with :%s."),
                        work->alias, server);
    mxp_reply_fail(work->reply, text);
    return TRUE;
}

/* ---- add ---- */

static void on_named(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Work *work = data;
    if (error == NULL) {
        say(work, _("%s leads to this room now."));
        return;
    }
    g_autofree char *text = g_strdup_printf(
        _("%s leads to this room now, but the room does not name it among its addresses. %s"),
        work->alias, error->message);
    mxp_reply_say(work->reply, text);
}

static void name_it(Work *work)
{
    MxRoom *room = mx_client_get_room(work->mxp->client, work->room_id);
    if (room != NULL)
        mx_client_edit_aliases(work->mxp->client, room, MX_ALIAS_NAME, work->alias, on_named,
                               g_rc_box_acquire(work), work_unref);
}

static void on_taken(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Work *work = data;
    if (error == NULL && g_str_equal(room_id, work->room_id))
        name_it(work);
    else
        fail_with(work, _("%s leads to another room already. Nothing was changed."));
}

static void on_added(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Work *work = data;
    if (error == NULL)
        name_it(work);
    else if (mx_error_get_status(error) == 409)
        mx_client_resolve_alias(client, work->alias, on_taken, g_rc_box_acquire(work), work_unref);
    else
        explain(work, error);
}

void mxp_aliases_add(MxpAccount *mxp, MxRoom *room, const char *alias,
                     PurpleConversation *conversation)
{
    Work *work = work_new(mxp, MXP_DEED_ADDRESS, room, alias, conversation);
    if (refuse_foreign(work))
        work_unref(work);
    else
        mx_client_add_alias(mxp->client, alias, room->room_id, on_added, work, work_unref);
}

/* ---- remove ---- */

static void on_unnamed(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Work *work = data;
    if (error == NULL) {
        say(work, _("%s no longer leads to this room."));
        return;
    }
    g_autofree char *text =
        g_strdup_printf(_("%s no longer leads to this room, but the room may still name it. %s"),
                        work->alias, error->message);
    mxp_reply_say(work->reply, text);
}

static void on_removed(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    Work *work = data;
    MxRoom *room = mx_client_get_room(client, work->room_id);
    if (error != NULL)
        explain(work, error);
    else if (room != NULL)
        mx_client_edit_aliases(client, room, MX_ALIAS_UNNAME, work->alias, on_unnamed,
                               g_rc_box_acquire(work), work_unref);
}

static void on_found_to_remove(MxClient *client, const char *room_id, const GError *error,
                               gpointer data)
{
    Work *work = data;
    if (mx_error_get_status(error) == 404)
        fail_with(work, _("There is no address %s. /alias lists those of this room."));
    else if (error != NULL)
        explain(work, error);
    else if (!g_str_equal(room_id, work->room_id))
        fail_with(work, _("%s leads to another room. Nothing was changed."));
    else
        mx_client_remove_alias(client, work->alias, work->room_id, on_removed,
                               g_rc_box_acquire(work), work_unref);
}

void mxp_aliases_remove(MxpAccount *mxp, MxRoom *room, const char *alias,
                        PurpleConversation *conversation)
{
    Work *work = work_new(mxp, MXP_DEED_NO_ADDRESS, room, alias, conversation);
    if (refuse_foreign(work))
        work_unref(work);
    else
        mx_client_resolve_alias(mxp->client, alias, on_found_to_remove, work, work_unref);
}

/* ---- main ---- */

/* The room tells of the new one by itself, to everybody. */
static void on_main_set(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    if (error != NULL)
        explain(data, error);
}

static void on_found_for_main(MxClient *client, const char *room_id, const GError *error,
                              gpointer data)
{
    Work *work = data;
    MxRoom *room = mx_client_get_room(client, work->room_id);
    if (error != NULL)
        explain(work, error);
    else if (!g_str_equal(room_id, work->room_id))
        fail_with(work, _("%s leads to another room. Nothing was changed."));
    else if (room != NULL)
        mx_client_edit_aliases(client, room, MX_ALIAS_MAIN, work->alias, on_main_set,
                               g_rc_box_acquire(work), work_unref);
}

static void on_may_set_main(MxClient *client, const char *room_id, const GError *error,
                            gpointer data)
{
    Work *work = data;
    if (error != NULL)
        explain(work, error);
    else
        mx_client_resolve_alias(client, work->alias, on_found_for_main, g_rc_box_acquire(work),
                                work_unref);
}

void mxp_aliases_set_main(MxpAccount *mxp, MxRoom *room, const char *alias,
                          PurpleConversation *conversation)
{
    Work *work = work_new(mxp, MXP_DEED_MAIN_ADDRESS, room, alias, conversation);
    if (alias == NULL)
        mx_client_edit_aliases(mxp->client, room, MX_ALIAS_MAIN, NULL, on_main_set, work,
                               work_unref);
    else
        mx_client_edit_aliases(mxp->client, room, MX_ALIAS_CHECK, NULL, on_may_set_main, work,
                               work_unref);
}

/* ---- list ---- */

typedef struct {
    Work *work;
    MxRoomInfo info; /* address and addresses only */
    GPtrArray *here; /* those of the homeserver, or NULL */
    gboolean main_is_wrong;
} Listing;

static void listing_clear(gpointer data)
{
    Listing *listing = data;
    work_unref(listing->work);
    g_free(listing->info.address);
    g_ptr_array_unref(listing->info.addresses);
    g_clear_pointer(&listing->here, g_ptr_array_unref);
}

static void listing_unref(gpointer listing)
{
    g_rc_box_release_full(listing, listing_clear);
}

static gboolean has(GPtrArray *aliases, const char *alias)
{
    return aliases != NULL && alias != NULL &&
           g_ptr_array_find_with_equal_func(aliases, alias, g_str_equal, NULL);
}

static void append(GString *text, const Listing *listing, const char *before, const char *alias)
{
    gboolean is_wrong = is_of_own_server(listing->work->mxp, alias) && listing->here != NULL &&
                        !has(listing->here, alias);
    if (g_strcmp0(alias, listing->info.address) == 0)
        is_wrong |= listing->main_is_wrong;
    g_string_append_printf(text, "%s%s", before, alias);
    if (is_wrong)
        g_string_append(text, _(" (which does not lead here)"));
}

static char *describe(const Listing *listing)
{
    GString *text = g_string_new(NULL);
    const MxRoomInfo *info = &listing->info;
    guint unnamed = 0;
    if (info->address != NULL)
        append(text, listing, _("Main address: "), info->address);
    for (guint i = 0; i < info->addresses->len; i++)
        append(text, listing,
               i > 0           ? ", "
               : text->len > 0 ? _("\nOther addresses: ")
                               : _("Other addresses: "),
               g_ptr_array_index(info->addresses, i));
    for (guint i = 0; listing->here != NULL && i < listing->here->len; i++) {
        const char *alias = g_ptr_array_index(listing->here, i);
        if (g_strcmp0(alias, info->address) != 0 && !has(info->addresses, alias))
            append(text, listing,
                   unnamed++ > 0   ? ", "
                   : text->len > 0 ? _("\nNot named by the room: ")
                                   : _("Not named by the room: "),
                   alias);
    }
    if (text->len == 0)
        g_string_append(text, _("This room has no address. /alias add and a name makes one."));
    return g_string_free(text, FALSE);
}

static void on_visible(MxClient *client, gboolean is_public, const GError *error, gpointer data)
{
    Listing *listing = data;
    g_autofree char *addresses = describe(listing);
    g_autofree char *text =
        g_strconcat(addresses, "\n",
                    error != NULL ? ""
                    : is_public   ? _("The homeserver's list of rooms has it.")
                                  : _("The homeserver's list of rooms does not have it."),
                    NULL);
    mxp_reply_say(listing->work->reply, g_strchomp(text));
}

static void ask_visible(Listing *listing)
{
    mx_client_get_visibility(listing->work->mxp->client, listing->work->room_id, on_visible,
                             g_rc_box_acquire(listing), listing_unref);
}

static void on_main_resolved(MxClient *client, const char *room_id, const GError *error,
                             gpointer data)
{
    Listing *listing = data;
    listing->main_is_wrong = mx_error_get_status(error) == 404 ||
                             (error == NULL && !g_str_equal(room_id, listing->work->room_id));
    ask_visible(listing);
}

static void on_listed(MxClient *client, GPtrArray *aliases, const GError *error, gpointer data)
{
    Listing *listing = data;
    const char *main_alias = listing->info.address;
    /* Without them what the room says is still worth showing. */
    if (aliases != NULL)
        listing->here = g_ptr_array_ref(aliases);
    if (main_alias != NULL && mx_room_alias_is_valid(main_alias) &&
        !is_of_own_server(listing->work->mxp, main_alias))
        mx_client_resolve_alias(client, main_alias, on_main_resolved, g_rc_box_acquire(listing),
                                listing_unref);
    else
        ask_visible(listing);
}

static void on_info(MxClient *client, MxRoom *room, const MxRoomInfo *info, gpointer data)
{
    Work *work = data;
    Listing *listing = g_rc_box_new0(Listing);
    listing->work = g_rc_box_acquire(work);
    listing->info.address = g_strdup(info->address);
    listing->info.addresses = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < info->addresses->len; i++)
        g_ptr_array_add(listing->info.addresses, g_strdup(g_ptr_array_index(info->addresses, i)));
    mx_client_list_aliases(client, room->room_id, on_listed, listing, listing_unref);
}

void mxp_aliases_list(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    mx_client_get_info(mxp->client, room, on_info,
                       work_new(mxp, MXP_DEED_ADDRESS, room, NULL, conversation), work_unref);
}

/* ---- the homeserver's list of rooms ---- */

static const char *get_published_text(gboolean is_public)
{
    return is_public ? _("The homeserver's list of rooms has this room. /directory off takes it "
                         "out.")
                     : _("The homeserver's list of rooms does not have this room. /directory on "
                         "puts it in.");
}

static void on_visibility(MxClient *client, gboolean is_public, const GError *error, gpointer data)
{
    Work *work = data;
    if (error != NULL)
        explain(work, error);
    else
        mxp_reply_say(work->reply, get_published_text(is_public));
}

void mxp_aliases_say_published(MxpAccount *mxp, MxRoom *room, PurpleConversation *conversation)
{
    mx_client_get_visibility(mxp->client, room->room_id, on_visibility,
                             work_new(mxp, MXP_DEED_PUBLISH, room, NULL, conversation), work_unref);
}

static void on_published(MxClient *client, const char *room_id, const GError *error, gpointer data)
{
    on_visibility(client, TRUE, error, data);
}

static void on_unpublished(MxClient *client, const char *room_id, const GError *error,
                           gpointer data)
{
    on_visibility(client, FALSE, error, data);
}

void mxp_aliases_publish(MxpAccount *mxp, MxRoom *room, gboolean is_public,
                         PurpleConversation *conversation)
{
    mx_client_set_visibility(mxp->client, room->room_id, is_public,
                             is_public ? on_published : on_unpublished,
                             work_new(mxp, MXP_DEED_PUBLISH, room, NULL, conversation), work_unref);
}
