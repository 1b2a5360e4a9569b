/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-json.h"
#include "mx-moderation.h"

/* What JSON can say for certain. */
#define MAX_LEVEL G_GINT64_CONSTANT(9007199254740991)

static const char *const levels[] = {"ban",    "events_default", "invite",       "kick",
                                     "redact", "state_default",  "users_default"};
static const char *const tables[] = {"events", "notifications", "users"};

/* A level that is a text becomes the number it spells; one that spells none was never one. */
static void make_number(JsonObject *object, const char *name)
{
    const char *text = mx_json_string(object, name);
    gint64 level;
    if (text == NULL)
        return;
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    const char *digits = *stripped == '+' ? stripped + 1 : stripped;
    if (g_ascii_string_to_signed(digits, 10, -MAX_LEVEL, MAX_LEVEL, &level, NULL))
        json_object_set_int_member(object, name, level);
    else
        json_object_remove_member(object, name);
}

static void make_numbers(JsonObject *content)
{
    for (guint i = 0; i < G_N_ELEMENTS(levels); i++)
        make_number(content, levels[i]);
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
        JsonObject *table = mx_json_object(content, tables[i]);
        g_autoptr(GList) names = table != NULL ? json_object_get_members(table) : NULL;
        for (GList *at = names; at != NULL; at = at->next)
            make_number(table, at->data);
    }
}

void mx_power_edit(JsonObject *content, const char *creator, const char *user_id, gint64 level)
{
    make_numbers(content);
    if (mx_json_object(content, "users") == NULL)
        json_object_set_object_member(content, "users", json_object_new());
    JsonObject *users = mx_json_object(content, "users");
    if (creator != NULL)
        json_object_set_int_member(users, creator, 100);
    if (level == mx_json_int_or(content, "users_default", 0))
        json_object_remove_member(users, user_id);
    else
        json_object_set_int_member(users, user_id, level);
}
