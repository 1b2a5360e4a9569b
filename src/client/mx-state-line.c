/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-state-line.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-id.h"
#include "mx-quote.h"
#include "mx-room-name.h"
#include "mx-server-acl.h"

/* A topic may be a book. Characters. */
#define MAX_WORDS 1000

char *mx_state_line_fill(const char *text, const char *first, const char *second)
{
    g_auto(GStrv) parts = g_strsplit(text, "%s", 3);
    GString *filled = g_string_new(parts[0]);
    if (parts[0] != NULL && parts[1] != NULL)
        g_string_append_printf(filled, "%s%s", first, parts[1]);
    if (parts[0] != NULL && parts[1] != NULL && parts[2] != NULL)
        g_string_append_printf(filled, "%s%s", second != NULL ? second : "", parts[2]);
    return g_string_free(filled, FALSE);
}

/* ---- members of contents ---- */

static char *get_words(MxJsonSlice content, const char *member)
{
    g_autofree char *text = mx_json_slice_dup_string(mx_json_scan_member(content, member));
    return mx_event_tidy_text(text, MAX_WORDS);
}

static gboolean is_same(MxJsonSlice one, MxJsonSlice other)
{
    return one.text != NULL && other.text != NULL && one.len == other.len &&
           memcmp(one.text, other.text, one.len) == 0;
}

/* The member is what it was, or is absent both times. */
static gboolean is_kept(const MxStateChange *change, const char *member)
{
    g_autofree char *now = get_words(change->content, member);
    g_autofree char *before = get_words(change->prev, member);
    return g_strcmp0(now, before) == 0;
}

/* ---- a sentence for each type ---- */

static char *say(const MxStateChange *change, const char *text)
{
    return mx_state_line_fill(text, change->sender_name, NULL);
}

/* changed: with sender and new words; removed: with the sender. */
static char *describe_words(const MxStateChange *change, const char *member, const char *changed,
                            const char *removed)
{
    g_autofree char *words = get_words(change->content, member);
    if (is_kept(change, member))
        return NULL;
    return words != NULL ? mx_state_line_fill(changed, change->sender_name, words)
                         : say(change, removed);
}

static char *describe_name(const MxStateChange *change)
{
    return describe_words(change, "name", _("%s has named this room “%s”."),
                          _("%s has removed the name of this room."));
}

/* E1: "topic" first. m.topic's plain text stands in where that is missing. */
static char *get_topic(MxJsonSlice content)
{
    static const char *const path[] = {"m.topic", "m.text", NULL};
    char *topic = get_words(content, "topic");
    MxJsonSlice at = content, part;
    MxJsonIter iter;
    for (guint i = 0; topic == NULL && path[i] != NULL; i++)
        at = mx_json_scan_member(at, path[i]);
    if (topic != NULL || at.text == NULL || at.type != MX_JSON_ARRAY ||
        !mx_json_iter_init(&iter, at))
        return topic;
    while (topic == NULL && mx_json_iter_next(&iter, NULL, &part)) {
        MxJsonSlice type = mx_json_scan_member(part, "mimetype");
        if (type.text == NULL || mx_json_slice_equals(type, "text/plain"))
            topic = get_words(part, "body");
    }
    return topic;
}

static char *describe_topic(const MxStateChange *change)
{
    g_autofree char *topic = get_topic(change->content);
    g_autofree char *before = get_topic(change->prev);
    if (g_strcmp0(topic, before) == 0)
        return NULL;
    if (topic == NULL)
        return say(change, _("%s has removed the topic."));
    return g_strdup_printf(_("%s has changed the topic to: %s"), change->sender_name, topic);
}

static char *describe_alias(const MxStateChange *change)
{
    if (is_kept(change, "alias")) {
        MxJsonSlice now = mx_json_scan_member(change->content, "alt_aliases");
        MxJsonSlice before = mx_json_scan_member(change->prev, "alt_aliases");
        return is_same(now, before) || (now.text == NULL && before.text == NULL)
                   ? NULL
                   : say(change, _("%s has changed the other addresses of this room."));
    }
    return describe_words(change, "alias", _("%s has given this room the address %s."),
                          _("%s has removed the main address of this room."));
}

static char *describe_avatar(const MxStateChange *change)
{
    g_autofree char *url = get_words(change->content, "url");
    if (is_kept(change, "url"))
        return NULL;
    return url != NULL ? say(change, _("%s has changed the picture of this room."))
                       : say(change, _("%s has removed the picture of this room."));
}

typedef struct {
    const char *value, *text;
} Setting;

static char *describe_setting(const MxStateChange *change, const char *member,
                              const Setting *settings)
{
    MxJsonSlice now = mx_json_scan_member(change->content, member);
    if (change->prev.text == NULL || is_kept(change, member))
        return NULL; /* the first setting comes with the room */
    for (const Setting *setting = settings; setting->value != NULL; setting++)
        if (mx_json_slice_equals(now, setting->value))
            return say(change, _(setting->text));
    return NULL;
}

static char *describe_join_rules(const MxStateChange *change)
{
    static const Setting rules[] = {
        {"public", N_("%s has opened this room: anybody may join.")},
        {"invite", N_("%s has closed this room: only invited people may join.")},
        {"knock", N_("%s has closed this room: people may ask to join.")},
        {"restricted", N_("%s has closed this room: members of certain rooms may join.")},
        {"knock_restricted",
         N_("%s has closed this room: members of certain rooms may join, others may ask to.")},
        {"private", N_("%s has closed this room.")},
        {NULL},
    };
    return describe_setting(change, "join_rule", rules);
}

static char *describe_history(const MxStateChange *change)
{
    static const Setting visibilities[] = {
        {"world_readable", N_("%s has made what is written from now on readable for anybody.")},
        {"shared", N_("%s has made what is written from now on readable for all members.")},
        {"invited", N_("%s has made what is written from now on readable for those who were "
                       "invited before.")},
        {"joined", N_("%s has made what is written from now on readable for those who had joined "
                      "before.")},
        {NULL},
    };
    return describe_setting(change, "history_visibility", visibilities);
}

static char *describe_guests(const MxStateChange *change)
{
    static const Setting access[] = {
        {"can_join", N_("%s lets guests without an account join.")},
        {"forbidden", N_("%s lets no guests without an account join.")},
        {NULL},
    };
    return describe_setting(change, "guest_access", access);
}

static char *describe_encryption(const MxStateChange *change)
{
    g_autofree char *before = get_words(change->prev, "algorithm");
    return before == NULL ? say(change, _("%s has switched on encryption.")) : NULL;
}

/* The way there goes over the server of who has sent the tombstone: others may not know the room.
 */
static char *describe_tombstone(const MxStateChange *change)
{
    g_autofree char *body = get_words(change->content, "body");
    g_autofree char *room_id =
        mx_json_slice_dup_string(mx_json_scan_member(change->content, "replacement_room"));
    const char *server = strchr(change->sender, ':');
    if (room_id == NULL || !mx_room_id_is_valid(room_id) || server == NULL)
        return g_strdup_printf(_("%s has closed this room for good. %s"), change->sender_name,
                               body != NULL ? body : "");
    g_autofree char *escaped = g_uri_escape_string(room_id, NULL, FALSE);
    g_autofree char *via = g_uri_escape_string(server + 1, NULL, FALSE);
    return g_strdup_printf(_("%s has moved this room. It goes on in a new one: "
                             "/join https://matrix.to/#/%s?via=%s"),
                           change->sender_name, escaped, via);
}

static guint count_elements(MxJsonSlice array)
{
    MxJsonIter iter;
    MxJsonSlice value;
    guint count = 0;
    if (array.text == NULL || array.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, array))
        return 0;
    while (mx_json_iter_next(&iter, NULL, &value))
        count++;
    return count;
}

/* The event that the list has at its end, where new ones go, and did not have before. NULL: none.
 */
static char *dup_new_pin(MxJsonSlice list, MxJsonSlice list_before)
{
    MxJsonIter iter;
    MxJsonSlice value;
    g_autofree char *last = NULL;
    for (gboolean more = mx_json_iter_init(&iter, list);
         more && mx_json_iter_next(&iter, NULL, &value);) {
        g_free(last);
        last = mx_json_slice_dup_string(value);
    }
    gboolean has_before = last != NULL && list_before.text != NULL &&
                          list_before.type == MX_JSON_ARRAY &&
                          mx_json_iter_init(&iter, list_before);
    while (has_before && mx_json_iter_next(&iter, NULL, &value))
        if (mx_json_slice_equals(value, last))
            return NULL;
    return g_steal_pointer(&last);
}

static char *describe_new_pin(const MxStateChange *change, MxJsonSlice list,
                              MxJsonSlice list_before)
{
    g_autofree char *event_id = dup_new_pin(list, list_before);
    g_autoptr(MxTimelineRow) row =
        event_id != NULL ? mx_quote_find(change->store, change->room, event_id) : NULL;
    if (row == NULL)
        return say(change, _("%s has pinned a message."));
    g_autofree char *quote = mx_quote_describe(change->store, change->room, row);
    return mx_state_line_fill(_("%s has pinned a message (%s)"), change->sender_name, quote);
}

static char *describe_pinned(const MxStateChange *change)
{
    MxJsonSlice list = mx_json_scan_member(change->content, "pinned");
    MxJsonSlice list_before = mx_json_scan_member(change->prev, "pinned");
    guint now = count_elements(list), before = count_elements(list_before);
    if (now > before)
        return describe_new_pin(change, list, list_before);
    if (now < before)
        return say(change, _("%s has unpinned a message."));
    return now == 0 || is_same(list, list_before)
               ? NULL
               : say(change, _("%s has changed the pinned messages."));
}

static char *describe_server_acl(const MxStateChange *change)
{
    if (is_same(change->content, change->prev))
        return NULL;
    g_autofree char *now = mx_server_acl_describe(change->content);
    g_autofree char *text =
        say(change, _("%s has changed which servers may take part in this room."));
    return g_strdup_printf("%s %s", text, now);
}

static char *describe_third_party(const MxStateChange *change)
{
    g_autofree char *name = get_words(change->content, "display_name");
    g_autofree char *before = get_words(change->prev, "display_name");
    if (name != NULL)
        return g_strdup_printf(_("%s has invited %s."), change->sender_name, name);
    return before != NULL ? g_strdup_printf(_("%s has withdrawn the invitation of %s."),
                                            change->sender_name, before)
                          : NULL;
}

/* ---- all of them ---- */

static const struct {
    const char *type;
    gboolean has_key; /* whatever the state key is; else it must be empty */
    char *(*describe)(const MxStateChange *change);
} types[] = {
    {"m.room.member", TRUE, NULL}, /* mx-member-line.c */
    {"m.room.name", FALSE, describe_name},
    {"m.room.topic", FALSE, describe_topic},
    {"m.room.canonical_alias", FALSE, describe_alias},
    {"m.room.avatar", FALSE, describe_avatar},
    {"m.room.join_rules", FALSE, describe_join_rules},
    {"m.room.history_visibility", FALSE, describe_history},
    {"m.room.guest_access", FALSE, describe_guests},
    {"m.room.encryption", FALSE, describe_encryption},
    {"m.room.power_levels", FALSE, mx_power_line_describe},
    {"m.room.tombstone", FALSE, describe_tombstone},
    {"m.room.pinned_events", FALSE, describe_pinned},
    {"m.room.server_acl", FALSE, describe_server_acl},
    {"m.room.third_party_invite", TRUE, describe_third_party},
};

static gboolean is_own_coming_or_going(const MxEvent *event, const char *own_user_id)
{
    if (!g_str_equal(event->type, "m.room.member") || !g_str_equal(event->state_key, own_user_id))
        return FALSE;
    return !mx_json_slice_equals(mx_json_scan_member(event->content, "membership"), "join") ||
           !mx_json_slice_equals(mx_json_scan_member(event->prev_content, "membership"), "join");
}

gboolean mx_state_line_is_told(const MxEvent *event, const char *own_user_id)
{
    if (event->state_key == NULL || is_own_coming_or_going(event, own_user_id))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_equal(types[i].type, event->type))
            return types[i].has_key || event->state_key[0] == '\0';
    return FALSE;
}

gboolean mx_state_line_is_known(const char *type)
{
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_equal(types[i].type, type))
            return TRUE;
    return FALSE;
}

static MxJsonSlice scan(const char *text)
{
    return text != NULL ? mx_json_scan_root(text, strlen(text)) : (MxJsonSlice){0};
}

char *mx_state_line_describe(MxStore *store, const MxTimelineRow *row, gboolean *is_minor)
{
    g_autofree char *sender_name = mx_room_name_of_member(store, row->room, row->sender);
    MxStateChange change = {
        .store = store,
        .room = row->room,
        .sender = row->sender,
        .sender_name = sender_name,
        .state_key = row->state_key,
        .content = scan(row->content),
        .prev = scan(row->prev_content),
    };
    *is_minor = FALSE;
    if (g_str_equal(row->type, "m.room.member"))
        return mx_member_line_describe(&change, is_minor);
    for (guint i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_equal(types[i].type, row->type))
            return types[i].describe(&change);
    return NULL;
}
