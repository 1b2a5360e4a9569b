/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "profile.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <core.h>
#include <imgstore.h>
#include <notify.h>
#include <request.h>

#include "avatars.h"
#include "buddies.h"
#include "markup.h"
#include "mx-id.h"
#include "mx-ignored.h"
#include "mx-media.h"
#include "mx-profile.h"
#include "presence.h"
#include "reply.h"
#include "system-line.h"

/* So many names of rooms in common are written out. */
#define MAX_ROOMS_NAMED 20

/* ---- words: pairs of label and value, both plain text ---- */

typedef struct {
    char *label, *value;
} Pair;

static void pair_free(gpointer data)
{
    Pair *pair = data;
    g_free(pair->label);
    g_free(pair->value);
    g_free(pair);
}

static void add(GPtrArray *pairs, const char *label, const char *value)
{
    if (value == NULL)
        return;
    Pair *pair = g_new0(Pair, 1);
    pair->label = g_strdup(label);
    pair->value = g_strdup(value);
    g_ptr_array_add(pairs, pair);
}

static void add_time_zone(GPtrArray *pairs, const MxPerson *person)
{
    g_autoptr(GTimeZone) zone =
        person->time_zone != NULL ? g_time_zone_new_identifier(person->time_zone) : NULL;
    g_autoptr(GDateTime) now = zone != NULL ? g_date_time_new_now(zone) : NULL;
    if (now == NULL) {
        add(pairs, _("Time zone"), person->time_zone);
        return;
    }
    g_autofree char *clock = g_date_time_format(now, "%H:%M");
    g_autofree char *value = g_strdup_printf(_("%s (it is %s there)"), person->time_zone, clock);
    add(pairs, _("Time zone"), value);
}

static const char *name_presence(const MxPerson *person)
{
    if (person->presence == NULL)
        return _("not known");
    if (g_str_equal(person->presence, "online"))
        return _("online");
    return g_str_equal(person->presence, "unavailable") ? _("away") : _("offline");
}

static void add_presence(GPtrArray *pairs, const MxPerson *person)
{
    add(pairs, _("Presence"), name_presence(person));
    add(pairs, _("Status"), person->status_text);
    g_autofree char *active =
        mxp_presence_describe_active(person->is_currently_active, person->last_active_ms);
    add(pairs, _("Last active"), active);
}

static void add_rooms(GPtrArray *pairs, const MxPerson *person)
{
    const char *label =
        person->has_all_rooms ? _("Rooms in common") : _("Rooms in common, as far as known here");
    guint count = person->rooms->len;
    if (count == 0) {
        add(pairs, label, _("none"));
        return;
    }
    GString *names = g_string_new(NULL);
    for (guint i = 0; i < MIN(count, MAX_ROOMS_NAMED); i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "",
                               (char *)g_ptr_array_index(person->rooms, i));
    if (count > MAX_ROOMS_NAMED)
        g_string_append_printf(
            names,
            g_dngettext(GETTEXT_PACKAGE, " and %u more", " and %u more", count - MAX_ROOMS_NAMED),
            count - MAX_ROOMS_NAMED);
    add(pairs, label, names->str);
    g_string_free(names, TRUE);
}

static void add_direct(GPtrArray *pairs, MxpAccount *mxp, const MxPerson *person)
{
    MxRoom *room = mx_client_get_direct(mxp->client, person->user_id);
    const char *value = room == NULL || room->membership != MX_MEMBERSHIP_JOIN ? _("none yet")
                        : room->encrypted                                      ? _("yes, encrypted")
                                          : _("yes, not encrypted");
    add(pairs, _("Direct chat"), value);
}

static void add_error(GPtrArray *pairs, const MxPerson *person)
{
    guint status = mx_error_get_status(person->error);
    if (person->error == NULL)
        return;
    if (status == 404)
        add(pairs, _("Profile"), _("There is none: nobody has this Matrix ID, or they hide it."));
    else if (status == 403)
        add(pairs, _("Profile"), _("You may not see it."));
    else
        add(pairs, _("Profile"), person->error->message);
}

static void add_more_fields(GPtrArray *pairs, guint count)
{
    g_autofree char *text =
        g_strdup_printf(g_dngettext(GETTEXT_PACKAGE, "%u more field, not shown here",
                                    "%u more fields, not shown here", count),
                        count);
    if (count > 0)
        add(pairs, _("Profile"), text);
}

static GPtrArray *describe(MxpAccount *mxp, const MxPerson *person)
{
    GPtrArray *pairs = g_ptr_array_new_with_free_func(pair_free);
    gboolean is_self = g_strcmp0(person->user_id, mx_client_get_user_id(mxp->client)) == 0;
    add(pairs, _("Display name"), person->display_name);
    add(pairs, _("Matrix ID"), person->user_id);
    add_error(pairs, person);
    add(pairs, _("Pronouns"), person->pronouns);
    add_time_zone(pairs, person);
    for (guint i = 0; i < person->fields->len; i++) {
        MxProfileField *field = g_ptr_array_index(person->fields, i);
        add(pairs, field->key, field->text);
    }
    add_more_fields(pairs, person->more_fields);
    add_presence(pairs, person);
    if (is_self)
        return pairs;
    add_rooms(pairs, person);
    add_direct(pairs, mxp, person);
    add(pairs, _("Ignored"),
        mx_client_is_ignored(mxp->client, person->user_id) ? _("yes") : _("no"));
    return pairs;
}

/* ---- the window ---- */

/* Everything but the avatar, which is fetched last. */
typedef struct {
    MxpAccount *mxp;
    char *who;
    GPtrArray *pairs;
} Info;

static void info_free(gpointer data)
{
    Info *info = data;
    g_free(info->who);
    g_clear_pointer(&info->pairs, g_ptr_array_unref);
    g_free(info);
}

static gboolean shows_pictures(void)
{
    return g_strcmp0(purple_core_get_ui(), "gnt-purple") != 0;
}

static void show_info(const Info *info, GBytes *picture)
{
    PurpleNotifyUserInfo *window = purple_notify_user_info_new();
    int id = 0;
    if (picture != NULL) {
        gsize len;
        gconstpointer data = g_bytes_get_data(picture, &len);
        id = purple_imgstore_add_with_id(g_memdup2(data, len), len, NULL);
        g_autofree char *image = g_strdup_printf("<img id=\"%d\">", id);
        purple_notify_user_info_add_pair(window, NULL, image);
    }
    for (guint i = 0; i < info->pairs->len; i++) {
        Pair *pair = g_ptr_array_index(info->pairs, i);
        g_autofree char *label = mxp_markup_escape(pair->label); /* libpurple does not */
        purple_notify_user_info_add_pair_plaintext(window, label, pair->value);
    }
    purple_notify_userinfo(info->mxp->gc, info->who, window, NULL, NULL);
    purple_notify_user_info_destroy(window);
    if (id != 0)
        purple_imgstore_unref_by_id(id);
}

static void on_picture(MxClient *client, GBytes *picture, const MxImageInfo *kind,
                       const GError *error, gpointer user_data)
{
    Info *info = user_data;
    if (error != NULL)
        add(info->pairs, _("Avatar"), error->message);
    show_info(info, picture);
}

static void on_person(MxClient *client, const MxPerson *person, gpointer user_data)
{
    Info *asked = user_data;
    asked->pairs = describe(asked->mxp, person);
    if (person->avatar_url == NULL || !shows_pictures()) {
        add(asked->pairs, _("Avatar"), person->avatar_url != NULL ? _("yes") : _("none"));
        show_info(asked, NULL);
        return;
    }
    Info *info = g_new0(Info, 1);
    info->mxp = asked->mxp;
    info->who = g_steal_pointer(&asked->who);
    info->pairs = g_steal_pointer(&asked->pairs);
    mx_client_fetch_avatar(client, person->avatar_url, TRUE, on_picture, info, info_free);
}

void mxp_profile_get_info(PurpleConnection *gc, const char *who)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    g_autofree char *user_id = g_strdup(mxp_buddies_normalize(NULL, who));
    if (mxp == NULL)
        return;
    Info *info = g_new0(Info, 1);
    info->mxp = mxp;
    info->who = g_strdup(who);
    if (mx_user_id_is_valid(user_id)) {
        mx_client_look_up(mxp->client, user_id, FALSE, on_person, info, info_free);
        return;
    }
    info->pairs = g_ptr_array_new_with_free_func(pair_free);
    g_autofree char *text = g_strdup_printf(
        _("“%s” is no Matrix ID. It has the form @name:server, for example @alice:example.org."),
        user_id);
    add(info->pairs, _("Profile"), text);
    show_info(info, NULL);
    info_free(info);
}

/* ---- /whois ---- */

static void on_whois(MxClient *client, const MxPerson *person, gpointer user_data)
{
    MxpReply *reply = user_data;
    PurpleConversation *conversation = mxp_reply_get_conversation(reply);
    if (conversation == NULL)
        return;
    g_autoptr(GPtrArray) pairs = describe(reply->mxp, person);
    g_autoptr(GString) text = g_string_new(NULL);
    add(pairs, _("Avatar"), person->avatar_url != NULL ? _("yes") : _("none"));
    for (guint i = 0; i < pairs->len; i++) {
        Pair *pair = g_ptr_array_index(pairs, i);
        g_autofree char *label = mxp_markup_escape(pair->label);
        g_autofree char *value = mxp_markup_escape(pair->value);
        g_string_append_printf(text, "%s%s: %s", i > 0 ? "<br>" : "", label, value);
    }
    mxp_system_line_write(conversation, text->str, PURPLE_MESSAGE_SYSTEM);
}

static void free_reply(gpointer reply)
{
    mxp_reply_free(reply);
}

void mxp_profile_whois(MxpAccount *mxp, const char *user_id, PurpleConversation *conversation)
{
    mx_client_look_up(mxp->client, user_id, FALSE, on_whois, mxp_reply_new(mxp, conversation),
                      free_reply);
}

/* ---- buddies ---- */

static void on_learnt(MxClient *client, const MxPerson *person, gpointer user_data)
{
    MxpAccount *mxp = user_data;
    if (person->error != NULL)
        return;
    mxp_buddies_set_name(mxp, person->user_id, person->display_name);
    mxp_avatars_want(mxp, person->user_id, person->avatar_url);
}

void mxp_profile_learn(MxpAccount *mxp, const char *user_id)
{
    mx_client_look_up(mxp->client, user_id, TRUE, on_learnt, mxp, NULL);
}

/* ---- the own name ---- */

static void on_name_set(MxClient *client, const GError *error, gpointer user_data)
{
    MxpReply *reply = user_data;
    if (error == NULL) {
        mxp_reply_say(reply, _("Your display name is changed."));
        return;
    }
    g_autofree char *text = mxp_reply_explain(MXP_DEED_OWN_NAME, NULL, error);
    mxp_reply_fail(reply, text);
}

void mxp_profile_set_name(MxpAccount *mxp, const char *name, PurpleConversation *conversation)
{
    mx_client_set_display_name(mxp->client, name, on_name_set, mxp_reply_new(mxp, conversation),
                               free_reply);
}

static void on_name_typed(PurpleConnection *gc, const char *name)
{
    MxpAccount *mxp = PURPLE_CONNECTION_IS_VALID(gc) ? mxp_account_from_gc(gc) : NULL;
    g_autofree char *stripped = g_strstrip(g_strdup(name != NULL ? name : ""));
    if (mxp != NULL)
        mxp_profile_set_name(mxp, stripped, NULL);
}

static void on_name_cancelled(PurpleConnection *gc, const char *name)
{
}

void mxp_profile_ask_name(MxpAccount *mxp)
{
    purple_request_input(
        mxp->gc, _("Matrix"), _("Your display name"),
        _("Everybody you share a room with sees it. Empty: your Matrix ID is shown."),
        purple_connection_get_display_name(mxp->gc), FALSE, FALSE, NULL, _("_Set"),
        G_CALLBACK(on_name_typed), _("_Cancel"), G_CALLBACK(on_name_cancelled), mxp->account, NULL,
        NULL, mxp->gc);
}

typedef struct {
    MxpAccount *mxp;
    char *alias;
    PurpleSetPublicAliasSuccessCallback on_set;
    PurpleGetPublicAliasSuccessCallback on_got;
    PurpleSetPublicAliasFailureCallback on_failure;
} AliasCall;

static void alias_call_free(gpointer data)
{
    AliasCall *call = data;
    g_free(call->alias);
    g_free(call);
}

static void on_alias_set(MxClient *client, const GError *error, gpointer user_data)
{
    AliasCall *call = user_data;
    if (error == NULL) {
        if (call->on_set != NULL)
            call->on_set(call->mxp->account, call->alias);
        return;
    }
    g_autofree char *text = mxp_reply_explain(MXP_DEED_OWN_NAME, NULL, error);
    if (call->on_failure != NULL)
        call->on_failure(call->mxp->account, text);
}

void mxp_profile_set_public_alias(PurpleConnection *gc, const char *alias,
                                  PurpleSetPublicAliasSuccessCallback on_success,
                                  PurpleSetPublicAliasFailureCallback on_failure)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    if (mxp == NULL)
        return;
    AliasCall *call = g_new0(AliasCall, 1);
    call->mxp = mxp;
    call->alias = g_strdup(alias != NULL ? alias : "");
    call->on_set = on_success;
    call->on_failure = on_failure;
    mx_client_set_display_name(mxp->client, call->alias, on_alias_set, call, alias_call_free);
}

static void on_alias_got(MxClient *client, const MxPerson *person, gpointer user_data)
{
    AliasCall *call = user_data;
    PurpleAccount *account = call->mxp->account;
    if (person->error == NULL && call->on_got != NULL)
        call->on_got(account, person->display_name);
    else if (person->error != NULL && call->on_failure != NULL)
        call->on_failure(account, person->error->message);
}

void mxp_profile_get_public_alias(PurpleConnection *gc,
                                  PurpleGetPublicAliasSuccessCallback on_success,
                                  PurpleGetPublicAliasFailureCallback on_failure)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    if (mxp == NULL)
        return;
    AliasCall *call = g_new0(AliasCall, 1);
    call->mxp = mxp;
    call->on_got = on_success;
    call->on_failure = on_failure;
    mx_client_look_up(mxp->client, mx_client_get_user_id(mxp->client), TRUE, on_alias_got, call,
                      alias_call_free);
}
