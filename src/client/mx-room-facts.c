/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-room-facts.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-bridge.h"
#include "mx-event.h"
#include "mx-power.h"
#include "mx-room-info.h"
#include "mx-room-name.h"
#include "mx-server-acl.h"

/* So many names stand in one list. */
#define MAX_NAMED 20
#define MAX_WORD 255

typedef struct {
    MxStore *store;
    gint64 room;
    const MxRoomRow *row;
    const MxRoomListing *listing;
    GPtrArray *facts;
} Facts;

static void fact_free(gpointer data)
{
    MxFact *fact = data;
    g_free(fact->label);
    g_free(fact->value);
    g_free(fact);
}

static void add(Facts *facts, const char *label, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    MxFact *fact = g_new0(MxFact, 1);
    fact->label = g_strdup(label);
    fact->value = g_strdup(value);
    g_ptr_array_add(facts->facts, fact);
}

/* ---- contents of state events ---- */

/* text has to outlive the slice. */
static MxJsonSlice get_content(Facts *facts, const char *type, char **text)
{
    *text = mx_store_get_state(facts->store, facts->room, type, "");
    return *text != NULL ? mx_json_scan_root(*text, strlen(*text)) : (MxJsonSlice){0};
}

static MxJsonSlice get_member(MxJsonSlice object, const char *name)
{
    return object.text != NULL && object.type == MX_JSON_OBJECT ? mx_json_scan_member(object, name)
                                                                : (MxJsonSlice){0};
}

static char *get_word(MxJsonSlice object, const char *name)
{
    g_autofree char *word = mx_json_slice_dup_string(get_member(object, name));
    return mx_event_tidy_text(word, MAX_WORD);
}

/* "a, b and 3 more" of an array of strings; NULL: it has none. describe NULL: as they are. */
static char *list_strings(Facts *facts, MxJsonSlice array, const char *member,
                          char *(*describe)(Facts *, const char *))
{
    g_autoptr(GString) text = g_string_new(NULL);
    MxJsonIter iter;
    MxJsonSlice element;
    guint count = 0;
    if (array.text == NULL || array.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, array))
        return NULL;
    while (mx_json_iter_next(&iter, NULL, &element)) {
        g_autofree char *raw =
            mx_json_slice_dup_string(member != NULL ? get_member(element, member) : element);
        g_autofree char *word = mx_event_tidy_text(raw, MAX_WORD);
        if (word == NULL || ++count > MAX_NAMED)
            continue;
        g_autofree char *described = describe != NULL ? describe(facts, word) : g_strdup(word);
        g_string_append_printf(text, "%s%s", count > 1 ? ", " : "", described);
    }
    if (count > MAX_NAMED)
        g_string_append_printf(text, _(" and %u more"), count - MAX_NAMED);
    return count > 0 ? g_strdup(text->str) : NULL;
}

static char *name_room(Facts *facts, const char *room_id)
{
    g_autoptr(MxRoomRow) row = mx_store_get_room(facts->store, room_id);
    g_autofree char *name = row != NULL ? mx_event_tidy_name(row->name) : NULL;
    return name != NULL ? g_strdup_printf("%s (%s)", name, room_id) : g_strdup(room_id);
}

static char *name_person(Facts *facts, const char *user_id)
{
    g_autofree char *name = mx_room_name_of_member(facts->store, facts->room, user_id);
    return strstr(name, user_id) != NULL ? g_steal_pointer(&name)
                                         : g_strdup_printf("%s (%s)", name, user_id);
}

/* What one of a few words means; others stand for themselves. */
typedef struct {
    const char *word, *text;
} Meaning;

static char *translate(const char *word, const Meaning *meanings)
{
    for (; meanings->word != NULL; meanings++)
        if (g_strcmp0(word, meanings->word) == 0)
            return g_strdup(_(meanings->text));
    return g_strdup(word);
}

/* ---- one function a topic ---- */

static void add_names(Facts *facts)
{
    g_autoptr(MxRoomInfo) info = mx_room_info_load(facts->store, facts->room);
    g_autofree char *shown = info->name == NULL ? mx_room_name_compute(facts->store, facts->row, "")
                                                : g_strdup(info->name);
    g_autoptr(GString) others = g_string_new(NULL);
    add(facts, _("Name"), shown);
    add(facts, _("Topic"), info->topic);
    add(facts, _("Address"), info->address);
    for (guint i = 0; i < info->addresses->len; i++)
        g_string_append_printf(others, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(info->addresses, i));
    add(facts, _("Other addresses"), others->str);
    g_string_truncate(others, 0);
    GPtrArray *local = facts->listing->aliases;
    for (guint i = 0; local != NULL && i < MIN(local->len, MAX_NAMED); i++)
        g_string_append_printf(others, "%s%s", i > 0 ? ", " : "",
                               (const char *)g_ptr_array_index(local, i));
    add(facts, _("Addresses on your homeserver"), others->str);
    add(facts, _("Room ID"), facts->row->room_id);
}

static void add_creation(Facts *facts)
{
    g_autofree char *text = NULL;
    MxJsonSlice create = get_content(facts, "m.room.create", &text);
    g_autofree char *version = get_word(create, "room_version");
    g_autofree char *type = get_word(create, "type");
    g_autofree char *creator =
        mx_store_get_state_sender(facts->store, facts->room, "m.room.create", "");
    g_autofree char *named = creator != NULL ? name_person(facts, creator) : NULL;
    g_autofree char *before = get_word(get_member(create, "predecessor"), "room_id");
    g_autofree char *before_named = before != NULL ? name_room(facts, before) : NULL;
    gboolean is_federated = TRUE;
    if (create.text == NULL)
        return;
    mx_json_slice_get_bool(get_member(create, "m.federate"), &is_federated);
    add(facts, _("Version"), version != NULL ? version : "1");
    add(facts, _("Type"), type);
    add(facts, _("Created by"), named);
    add(facts, _("Other homeservers"), is_federated ? _("may take part") : _("may not take part"));
    add(facts, _("Comes after the room"), before_named);
}

static void add_end(Facts *facts)
{
    g_autofree char *text = NULL;
    MxJsonSlice tombstone = get_content(facts, "m.room.tombstone", &text);
    g_autofree char *next = get_word(tombstone, "replacement_room");
    g_autofree char *named = next != NULL ? name_room(facts, next) : NULL;
    g_autofree char *words = get_word(tombstone, "body");
    if (tombstone.text == NULL)
        return;
    add(facts, _("Closed; goes on in"), named != NULL ? named : _("no other room"));
    add(facts, _("Closed because"), words);
}

static void add_encryption(Facts *facts)
{
    g_autofree char *text = NULL;
    MxJsonSlice encryption = get_content(facts, "m.room.encryption", &text);
    g_autofree char *algorithm = get_word(encryption, "algorithm");
    g_autofree char *value = algorithm != NULL ? g_strdup_printf(_("yes (%s)"), algorithm) : NULL;
    if (facts->row->encrypted)
        add(facts, _("Encrypted"), value != NULL ? value : _("yes"));
    else
        add(facts, _("Encrypted"), _("no"));
}

static void add_access(Facts *facts)
{
    static const Meaning rules[] = {
        {"public", N_("anybody")},
        {"invite", N_("invited people")},
        {"knock", N_("invited people; others may ask to")},
        {"restricted", N_("members of certain rooms, and invited people")},
        {"knock_restricted", N_("members of certain rooms, and invited people; others may ask to")},
        {"private", N_("nobody")},
        {NULL},
    };
    static const Meaning guests[] = {
        {"can_join", N_("may join")}, {"forbidden", N_("may not join")}, {NULL}};
    static const Meaning histories[] = {
        {"world_readable", N_("anybody, without joining")},
        {"shared", N_("members, all of it")},
        {"invited", N_("members, from their invitation on")},
        {"joined", N_("members, from their joining on")},
        {NULL},
    };
    static const Meaning listings[] = {{"public", N_("yes")}, {"private", N_("no")}, {NULL}};
    g_autofree char *rule_text = NULL, *history_text = NULL, *guest_text = NULL;
    MxJsonSlice rule = get_content(facts, "m.room.join_rules", &rule_text);
    g_autofree char *join = get_word(rule, "join_rule");
    g_autofree char *rooms = list_strings(facts, get_member(rule, "allow"), "room_id", name_room);
    g_autofree char *history = get_word(
        get_content(facts, "m.room.history_visibility", &history_text), "history_visibility");
    g_autofree char *guest =
        get_word(get_content(facts, "m.room.guest_access", &guest_text), "guest_access");
    g_autofree char *who = translate(join != NULL ? join : "invite", rules);
    g_autofree char *reads = translate(history != NULL ? history : "shared", histories);
    g_autofree char *visiting = translate(guest != NULL ? guest : "forbidden", guests);
    g_autofree char *listed = translate(facts->listing->visibility, listings);
    add(facts, _("Who may join"), who);
    add(facts, _("Members of these may join"), rooms);
    add(facts, _("Listed in the room directory"), listed);
    add(facts, _("Who may read the history"), reads);
    add(facts, _("Guests without an account"), visiting);
}

static void add_people(Facts *facts)
{
    const MxRoomRow *row = facts->row;
    gint64 joined = row->joined_count >= 0
                        ? row->joined_count
                        : mx_store_count_members(facts->store, facts->room, MX_MEMBERSHIP_JOIN);
    gint64 invited = MAX(row->invited_count,
                         mx_store_count_members(facts->store, facts->room, MX_MEMBERSHIP_INVITE));
    g_autofree char *value =
        g_strdup_printf(invited > 0 ? _("%d, and %d invited") : "%d", (int)joined, (int)invited);
    add(facts, _("Members"), value);
}

static void add_role(Facts *facts, const MxPower *power, MxRole role, const char *label)
{
    g_autoptr(GPtrArray) users = mx_power_list_users(power, power);
    g_autoptr(GString) text = g_string_new(NULL);
    guint count = 0;
    for (guint i = 0; i < users->len; i++) {
        const char *user_id = g_ptr_array_index(users, i);
        if (mx_power_get_role(power, user_id) != role || ++count > MAX_NAMED)
            continue;
        g_autofree char *name = name_person(facts, user_id);
        g_string_append_printf(text, "%s%s", count > 1 ? ", " : "", name);
        if (role == MX_ROLE_RAISED)
            g_string_append_printf(text, ": %d", (int)mx_power_get(power, user_id));
    }
    if (count > MAX_NAMED)
        g_string_append_printf(text, _(" and %u more"), count - MAX_NAMED);
    add(facts, label, text->str);
}

static void add_power(Facts *facts)
{
    g_autoptr(MxPower) power = mx_power_load(facts->store, facts->room);
    gint64 write = mx_power_get_needed(power, "m.room.message", FALSE);
    g_autofree char *needed = g_strdup_printf(
        _("%d to write, %d to change settings; new members have %d"), (int)CLAMP(write, -999, 999),
        (int)CLAMP(mx_power_get_needed(power, "m.room.name", TRUE), -999, 999),
        (int)CLAMP(mx_power_get_default(power), -999, 999));
    add_role(facts, power, MX_ROLE_CREATOR, _("Creators, above all"));
    add_role(facts, power, MX_ROLE_ADMIN, _("Administrators"));
    add_role(facts, power, MX_ROLE_MODERATOR, _("Moderators"));
    add_role(facts, power, MX_ROLE_RAISED, _("Others with power"));
    add(facts, _("Power needed"), needed);
}

/* D19 */
static void add_server_acl(Facts *facts)
{
    g_autofree char *text = NULL;
    MxJsonSlice acl = get_content(facts, "m.room.server_acl", &text);
    g_autofree char *sentences = acl.text != NULL ? mx_server_acl_describe(acl) : NULL;
    add(facts, _("Homeservers"), sentences);
}

static void add_bridges(Facts *facts)
{
    g_autoptr(GPtrArray) lines = mx_bridge_list(facts->store, facts->room);
    for (guint i = 0; i < lines->len; i++)
        add(facts, _("Bridged to"), g_ptr_array_index(lines, i));
}

/* In the order of the window. Whoever knows more about rooms adds a line here. */
static void (*const parts[])(Facts *facts) = {
    add_names,      add_people,  add_access,   add_encryption, add_power,
    add_server_acl, add_bridges, add_creation, add_end,
};

GPtrArray *mx_room_facts_load(MxStore *store, gint64 room, const MxRoomListing *listing)
{
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(store, room);
    Facts facts = {
        .store = store,
        .room = room,
        .row = row,
        .listing = listing,
        .facts = g_ptr_array_new_with_free_func(fact_free),
    };
    for (guint i = 0; row != NULL && i < G_N_ELEMENTS(parts); i++)
        parts[i](&facts);
    return facts.facts;
}
