/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-room-preview.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-fetch.h"
#include "mx-client-private.h"
#include "mx-endpoints-rooms.h"
#include "mx-json.h"

#define MAX_TOPIC 1000

typedef struct {
    char *target;
    char **via;
    gboolean is_stable; /* the endpoint that is asked */
    MxPreviewFunc func;
    gpointer user_data;
    GDestroyNotify destroy; /* NULL: user_data went on to the next request */
} Preview;

static void preview_free(gpointer data)
{
    Preview *preview = data;
    if (preview->destroy != NULL)
        preview->destroy(preview->user_data);
    g_strfreev(preview->via);
    g_free(preview->target);
    g_free(preview);
}

static const char *describe_rule(const char *rule)
{
    static const struct {
        const char *rule, *text;
    } rules[] = {
        {"public", N_("Anybody may join it.")},
        {"invite", N_("Only invited people may join it.")},
        {"knock", N_("People may ask to join it.")},
        {"restricted", N_("Members of certain rooms may join it.")},
        {"knock_restricted", N_("Members of certain rooms may join it, others may ask to.")},
    };
    for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
        if (g_strcmp0(rules[i].rule, rule) == 0)
            return _(rules[i].text);
    return _("Who may join it is not told.");
}

static const char *describe_membership(const char *membership)
{
    if (g_strcmp0(membership, "join") == 0)
        return _("You are in it.");
    if (g_strcmp0(membership, "invite") == 0)
        return _("You are invited to it.");
    if (g_strcmp0(membership, "ban") == 0)
        return _("You are banned from it.");
    return NULL;
}

/* label may be NULL; without words there is no line. */
static void append_line(GString *text, const char *label, const char *words)
{
    if (words != NULL)
        g_string_append_printf(text, "\n%s%s%s", label != NULL ? label : "",
                               label != NULL ? " " : "", words);
}

static void append_settings(GString *text, JsonObject *summary)
{
    gint64 members;
    g_autofree char *version = mx_event_tidy_name(mx_json_string(summary, "room_version"));
    if (mx_json_int(summary, "num_joined_members", &members) && members >= 0)
        g_string_append_printf(
            text,
            g_dngettext(GETTEXT_PACKAGE, "\n%d member", "\n%d members", MIN(members, G_MAXINT)),
            (int)MIN(members, G_MAXINT));
    append_line(text, NULL, describe_rule(mx_json_string(summary, "join_rule")));
    if (mx_json_bool(summary, "world_readable", FALSE))
        append_line(text, NULL, _("Anybody may read it."));
    if (mx_json_string(summary, "encryption") != NULL ||
        mx_json_string(summary, "im.nheko.summary.encryption") != NULL)
        append_line(text, NULL, _("It is encrypted."));
    append_line(text, _("Version:"), version);
    append_line(text, NULL, describe_membership(mx_json_string(summary, "membership")));
}

static char *describe(const Preview *preview, JsonObject *summary)
{
    g_autofree char *name = mx_event_tidy_name(mx_json_string(summary, "name"));
    g_autofree char *topic = mx_event_tidy_text(mx_json_string(summary, "topic"), MAX_TOPIC);
    g_autofree char *alias = mx_event_tidy_name(mx_json_string(summary, "canonical_alias"));
    g_autofree char *room_id = mx_event_tidy_name(mx_json_string(summary, "room_id"));
    gboolean is_space = g_strcmp0(mx_json_string(summary, "room_type"), "m.space") == 0;
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, is_space ? _("The space “%s”") : _("The room “%s”"),
                           name != NULL ? name : preview->target);
    append_line(text, _("Topic:"), topic);
    append_line(text, _("Address:"), alias);
    append_line(text, _("ID:"), room_id);
    append_settings(text, summary);
    return g_string_free(text, FALSE);
}

static void ask(MxClient *client, Preview *preview);

/* Servers older than version 1.15 of the specification know it by another path. */
static gboolean ask_again(MxClient *client, Preview *preview, const GError *error)
{
    if (!preview->is_stable || g_strcmp0(mx_error_get_errcode(error), "M_UNRECOGNIZED") != 0)
        return FALSE;
    Preview *again = g_new0(Preview, 1);
    again->target = g_strdup(preview->target);
    again->via = g_strdupv(preview->via);
    again->func = preview->func;
    again->user_data = preview->user_data;
    again->destroy = g_steal_pointer(&preview->destroy);
    ask(client, again);
    return TRUE;
}

static void on_summary(MxClient *client, JsonObject *answer, const GError *error, gpointer data)
{
    Preview *preview = data;
    if (error != NULL && ask_again(client, preview, error))
        return;
    g_autofree char *text = answer != NULL ? describe(preview, answer) : NULL;
    preview->func(client, text, error, preview->user_data);
}

static void ask(MxClient *client, Preview *preview)
{
    g_autoptr(MxRequest) request = mx_endpoint_room_summary(
        preview->target, (const char *const *)preview->via, preview->is_stable);
    mx_client_fetch(client, request, on_summary, preview, preview_free);
}

void mx_client_preview(MxClient *client, const char *id_or_alias, const char *const *via,
                       MxPreviewFunc func, gpointer user_data, GDestroyNotify destroy)
{
    g_return_if_fail(client->http != NULL);
    Preview *preview = g_new0(Preview, 1);
    preview->target = g_strdup(id_or_alias);
    preview->via = g_strdupv((char **)via);
    preview->is_stable = TRUE;
    preview->func = func;
    preview->user_data = user_data;
    preview->destroy = destroy;
    ask(client, preview);
}
