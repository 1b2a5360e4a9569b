/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-event.h"

#include "mx-id.h"
#include "mx-mxc.h"
#include "mx-name.h"

enum { TYPE, SENDER, EVENT_ID, STATE_KEY, TS, CONTENT, UNSIGNED, REDACTS, N_FIELDS };
static const char *const fields[] = {"type",      "sender",           "event_id",
                                     "state_key", "origin_server_ts", "content",
                                     "unsigned",  "redacts",          NULL};

static gboolean ids_are_valid(const MxEvent *event)
{
    return event->event_id != NULL && mx_event_id_is_valid(event->event_id) &&
           event->sender != NULL && mx_user_id_is_valid(event->sender);
}

static void read_unsigned(MxEvent *event, MxJsonSlice slice)
{
    static const char *const names[] = {"transaction_id", "prev_content", NULL};
    MxJsonSlice values[2];
    if (slice.text == NULL || slice.type != MX_JSON_OBJECT)
        return;
    mx_json_scan_members(slice, names, values);
    event->txn_id = mx_json_slice_dup_string(values[0]);
    if (values[1].text != NULL && values[1].type == MX_JSON_OBJECT)
        event->prev_content = values[1];
}

gboolean mx_event_parse(MxEvent *event, const char *json, gsize len, gboolean need_ids)
{
    MxJsonSlice values[N_FIELDS];
    memset(event, 0, sizeof *event);
    MxJsonSlice root = mx_json_scan_root(json, len);
    if (root.type != MX_JSON_OBJECT)
        return FALSE;
    mx_json_scan_members(root, fields, values);
    event->root = root;
    event->type = mx_json_slice_dup_string(values[TYPE]);
    event->sender = mx_json_slice_dup_string(values[SENDER]);
    event->event_id = mx_json_slice_dup_string(values[EVENT_ID]);
    event->state_key = mx_json_slice_dup_string(values[STATE_KEY]);
    if (!mx_json_slice_get_int(values[TS], &event->ts) || event->ts < 0)
        event->ts = 0;
    if (values[CONTENT].text != NULL && values[CONTENT].type == MX_JSON_OBJECT)
        event->content = values[CONTENT];
    event->redacts = values[REDACTS];
    read_unsigned(event, values[UNSIGNED]);
    if (event->type != NULL && event->content.text != NULL && (!need_ids || ids_are_valid(event)))
        return TRUE;
    mx_event_clear(event);
    return FALSE;
}

void mx_event_clear(MxEvent *event)
{
    g_clear_pointer(&event->type, g_free);
    g_clear_pointer(&event->sender, g_free);
    g_clear_pointer(&event->event_id, g_free);
    g_clear_pointer(&event->state_key, g_free);
    g_clear_pointer(&event->txn_id, g_free);
}

/* A name comes from strangers; a longer one helps nobody and breaks lists. Characters. */
#define MAX_NAME 200

/* Somebody whose name cannot be seen would seem to be nobody. */
static gboolean is_visible(const char *name)
{
    for (const char *at = name; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        /* U+3164 and its like, U+2800: blank, and yet no spaces. */
        gboolean is_filler =
            c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0 || c == 0x2800;
        if (g_unichar_isgraph(c) && !g_unichar_iszerowidth(c) && !is_filler)
            return TRUE;
    }
    return FALSE;
}

static char *tidy(const char *name, glong max_chars)
{
    g_autofree char *valid = g_utf8_make_valid(name, -1);
    for (char *at = valid; *at != '\0'; at = g_utf8_next_char(at))
        if (mx_name_is_control(g_utf8_get_char(at)))
            memset(at, ' ', g_utf8_next_char(at) - at);
    g_strstrip(valid);
    if (g_utf8_strlen(valid, -1) > max_chars)
        return g_utf8_substring(valid, 0, max_chars);
    return g_steal_pointer(&valid);
}

char *mx_event_tidy_text(const char *text, glong max_chars)
{
    if (text == NULL)
        return NULL;
    g_autofree char *tidied = tidy(text, max_chars);
    return tidied[0] != '\0' ? g_steal_pointer(&tidied) : NULL;
}

char *mx_event_tidy_name(const char *name)
{
    g_autofree char *tidied = mx_event_tidy_text(name, MAX_NAME);
    return tidied != NULL && is_visible(tidied) ? g_steal_pointer(&tidied) : NULL;
}

void mx_member_content_parse(MxMemberContent *member, MxJsonSlice content)
{
    static const char *const names[] = {"membership", "displayname", "avatar_url", "is_direct",
                                        NULL};
    MxJsonSlice values[4];
    memset(member, 0, sizeof *member);
    mx_json_scan_members(content, names, values);
    member->membership = mx_membership_from_slice(values[0]);
    g_autofree char *display_name = mx_json_slice_dup_string(values[1]);
    member->display_name = mx_event_tidy_name(display_name);
    g_autofree char *avatar_url = mx_json_slice_dup_string(values[2]);
    if (mx_mxc_parse(avatar_url, NULL, NULL))
        member->avatar_url = g_steal_pointer(&avatar_url);
    mx_json_slice_get_bool(values[3], &member->is_direct);
}

void mx_member_content_clear(MxMemberContent *member)
{
    g_clear_pointer(&member->display_name, g_free);
    g_clear_pointer(&member->avatar_url, g_free);
}

char *mx_event_dup_redacts(const MxEvent *event)
{
    char *redacts = mx_json_slice_dup_string(mx_json_scan_member(event->content, "redacts"));
    return redacts != NULL ? redacts : mx_json_slice_dup_string(event->redacts);
}
