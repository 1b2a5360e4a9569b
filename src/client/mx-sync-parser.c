/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-sync-parser.h"

#include <string.h>

#include "mx-error.h"
#include "mx-json.h"
#include "mx-json-push.h"

/* MxJsonPush reads the text and reports what is shallow; this file knows which of it is which part.
 * Containers on the way to a part are entered: their members are reported too. Everything else is
 * one value that is either kept whole or passed over.
 *
 * A part of the text that is whole in the piece fed is handed out where it lies; one that goes over
 * the end of a piece is copied into `kept`. Values nested deeper in a part than MX_JSON_MAX_DEPTH
 * are replaced by null, as the receivers give parts to parsers that recurse; the rest of the part
 * stays readable. */

/* A larger part is left out, and the rest of the answer goes on. An event has at most 64 KiB; the
 * largest honest part is the account data of somebody in very many rooms. */
#define MAX_PART_LEN (16 * 1024 * 1024)
/* A buffer that has grown beyond this is given back after its part. */
#define KEEP_BUFFER_LEN (256 * 1024)

/* What the members of a container mean. */
typedef enum {
    SCOPE_PART, /* not entered: the value is a part */
    SCOPE_ROOT,
    SCOPE_ROOMS,
    SCOPE_ROOM_IDS, /* rooms.join and its like: the names are room IDs */
    SCOPE_ROOM,
    SCOPE_INVITED_ROOM,
    SCOPE_KNOCKED_ROOM,
    SCOPE_TIMELINE,
    SCOPE_EVENT_HOLDER, /* an object with "events" */
    SCOPE_EVENTS,       /* the array in it */
} Scope;

/* answer, rooms, join, a room, timeline, events */
#define MAX_SCOPES 6

typedef struct {
    Scope scope; /* where this member is looked for */
    const char *name;
    MxJsonType type; /* a value of another type is passed over */
    Scope inside;
    int what; /* the MxSyncPart, or SCOPE_ROOM_IDS' MxSyncSection */
} Member;

static const Member members[] = {
    {SCOPE_ROOT, "next_batch", MX_JSON_STRING, SCOPE_PART, MX_SYNC_NEXT_BATCH},
    {SCOPE_ROOT, "rooms", MX_JSON_OBJECT, SCOPE_ROOMS, 0},
    {SCOPE_ROOT, "to_device", MX_JSON_OBJECT, SCOPE_EVENT_HOLDER, MX_SYNC_TO_DEVICE},
    {SCOPE_ROOT, "account_data", MX_JSON_OBJECT, SCOPE_EVENT_HOLDER, MX_SYNC_ACCOUNT_DATA},
    {SCOPE_ROOT, "presence", MX_JSON_OBJECT, SCOPE_EVENT_HOLDER, MX_SYNC_PRESENCE},
    {SCOPE_ROOT, "device_lists", MX_JSON_OBJECT, SCOPE_PART, MX_SYNC_DEVICE_LISTS},
    {SCOPE_ROOT, "device_one_time_keys_count", MX_JSON_OBJECT, SCOPE_PART,
     MX_SYNC_ONE_TIME_KEYS_COUNT},
    {SCOPE_ROOT, "device_unused_fallback_key_types", MX_JSON_ARRAY, SCOPE_PART,
     MX_SYNC_UNUSED_FALLBACK_KEYS},

    {SCOPE_ROOMS, "join", MX_JSON_OBJECT, SCOPE_ROOM_IDS, MX_SYNC_SECTION_JOIN},
    {SCOPE_ROOMS, "invite", MX_JSON_OBJECT, SCOPE_ROOM_IDS, MX_SYNC_SECTION_INVITE},
    {SCOPE_ROOMS, "leave", MX_JSON_OBJECT, SCOPE_ROOM_IDS, MX_SYNC_SECTION_LEAVE},
    {SCOPE_ROOMS, "knock", MX_JSON_OBJECT, SCOPE_ROOM_IDS, MX_SYNC_SECTION_KNOCK},

    {SCOPE_ROOM, "state", MX_JSON_OBJECT, SCOPE_EVENT_HOLDER, MX_SYNC_ROOM_STATE},
    {SCOPE_ROOM, "state_after", MX_JSON_OBJECT, SCOPE_EVENT_HOLDER, MX_SYNC_ROOM_STATE_AFTER},
    {SCOPE_ROOM, "org.matrix.msc4222.state_after", MX_JSON_OBJECT, SCOPE_EVENT_HOLDER,
     MX_SYNC_ROOM_STATE_AFTER},
    {SCOPE_ROOM, "timeline", MX_JSON_OBJECT, SCOPE_TIMELINE, MX_SYNC_ROOM_TIMELINE},
    {SCOPE_ROOM, "ephemeral", MX_JSON_OBJECT, SCOPE_EVENT_HOLDER, MX_SYNC_ROOM_EPHEMERAL},
    {SCOPE_ROOM, "account_data", MX_JSON_OBJECT, SCOPE_EVENT_HOLDER, MX_SYNC_ROOM_ACCOUNT_DATA},
    {SCOPE_ROOM, "summary", MX_JSON_OBJECT, SCOPE_PART, MX_SYNC_ROOM_SUMMARY},
    {SCOPE_ROOM, "unread_notifications", MX_JSON_OBJECT, SCOPE_PART, MX_SYNC_ROOM_UNREAD},
    {SCOPE_INVITED_ROOM, "invite_state", MX_JSON_OBJECT, SCOPE_EVENT_HOLDER, MX_SYNC_ROOM_STATE},
    {SCOPE_KNOCKED_ROOM, "knock_state", MX_JSON_OBJECT, SCOPE_EVENT_HOLDER, MX_SYNC_ROOM_STATE},

    {SCOPE_TIMELINE, "limited", MX_JSON_BOOL, SCOPE_PART, MX_SYNC_ROOM_LIMITED},
    {SCOPE_TIMELINE, "prev_batch", MX_JSON_STRING, SCOPE_PART, MX_SYNC_ROOM_PREV_BATCH},
};

/* Members whose name or meaning is not in the table. */
static const Member root_member = {SCOPE_PART, NULL, MX_JSON_OBJECT, SCOPE_ROOT, 0};
static const Member events_member = {SCOPE_PART, NULL, MX_JSON_ARRAY, SCOPE_EVENTS, 0};
static const Member event_member = {SCOPE_PART, NULL, MX_JSON_OBJECT, SCOPE_PART, 0};
static const Member room_members[] = {
    [MX_SYNC_SECTION_JOIN] = {SCOPE_PART, NULL, MX_JSON_OBJECT, SCOPE_ROOM, 0},
    [MX_SYNC_SECTION_INVITE] = {SCOPE_PART, NULL, MX_JSON_OBJECT, SCOPE_INVITED_ROOM, 0},
    [MX_SYNC_SECTION_LEAVE] = {SCOPE_PART, NULL, MX_JSON_OBJECT, SCOPE_ROOM, 0},
    [MX_SYNC_SECTION_KNOCK] = {SCOPE_PART, NULL, MX_JSON_OBJECT, SCOPE_KNOCKED_ROOM, 0},
};

struct _MxSyncParser {
    MxSyncPartFunc on_part;
    gpointer user_data;
    MxJsonPush *push;

    Scope scopes[MAX_SCOPES]; /* the containers entered */
    guint n_scopes;
    const Member *next; /* what the value to come is; NULL: nothing known */
    MxSyncSection section;
    MxSyncPart event_part; /* what the elements of "events" are here */
    GString *room_id;
    gboolean has_next_batch;

    gboolean keeps; /* inside a part */
    MxSyncPart part;
    gboolean in_deep;      /* ... in a value that is replaced */
    const char *keep_from; /* the first byte of this piece that is to be kept and is not yet */
    GString *kept;
};

static Scope current_scope(const MxSyncParser *self)
{
    return self->n_scopes > 0 ? self->scopes[self->n_scopes - 1] : SCOPE_PART;
}

static gboolean is_in_room(const MxSyncParser *self)
{
    return self->n_scopes > 3; /* answer, rooms, join, room */
}

static void hand_out(MxSyncParser *self, MxSyncPart part, const char *json, gsize len)
{
    gboolean in_room = is_in_room(self);
    self->on_part(in_room ? self->section : MX_SYNC_SECTION_NONE,
                  in_room ? self->room_id->str : NULL, part, json, len, self->user_data);
}

/* ---- parts ---- */

static void forget_part(MxSyncParser *self)
{
    self->keeps = FALSE;
    mx_json_push_set_deep(self->push, G_MAXUINT);
    if (self->kept->allocated_len > KEEP_BUFFER_LEN) {
        g_string_free(self->kept, TRUE);
        self->kept = g_string_new(NULL);
    }
}

static void keep_bytes(MxSyncParser *self, const char *end)
{
    gsize len = (gsize)(end - self->keep_from);
    if (self->kept->len + len > MAX_PART_LEN)
        forget_part(self);
    else
        g_string_append_len(self->kept, self->keep_from, (gssize)len);
}

static void begin_part(MxSyncParser *self, MxSyncPart part, guint depth, const char *at)
{
    self->keeps = TRUE;
    self->in_deep = FALSE;
    self->part = part;
    self->keep_from = at;
    g_string_truncate(self->kept, 0);
    mx_json_push_set_deep(self->push, depth + MX_JSON_MAX_DEPTH);
}

static void end_part(MxSyncParser *self, const char *after)
{
    const char *json = self->keep_from;
    gsize len = (gsize)(after - json);
    if (self->kept->len > 0 || len > MAX_PART_LEN) {
        keep_bytes(self, after);
        json = self->kept->str;
        len = self->kept->len;
    }
    if (self->keeps) {
        self->has_next_batch |= self->part == MX_SYNC_NEXT_BATCH;
        hand_out(self, self->part, json, len);
    }
    forget_part(self);
}

static void on_deep_begin(const char *at, gpointer user_data)
{
    MxSyncParser *self = user_data;
    keep_bytes(self, at);
    self->in_deep = TRUE;
    if (self->keeps)
        g_string_append(self->kept, "null");
}

static void on_deep_end(const char *after, gpointer user_data)
{
    MxSyncParser *self = user_data;
    self->in_deep = FALSE;
    self->keep_from = after;
}

/* ---- the way to the parts ---- */

static const Member *find_member(Scope scope, const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(members); i++) {
        if (members[i].scope == scope && strcmp(members[i].name, name) == 0)
            return &members[i];
    }
    gboolean may_hold = scope == SCOPE_EVENT_HOLDER || scope == SCOPE_TIMELINE;
    return may_hold && strcmp(name, "events") == 0 ? &events_member : NULL;
}

static void on_key(const char *name, gsize len, gpointer user_data)
{
    MxSyncParser *self = user_data;
    Scope scope = current_scope(self);
    if (name == NULL) {
        /* No known name and no room ID (255 bytes at most) is as long as that. */
        self->next = NULL;
    } else if (scope == SCOPE_ROOM_IDS) {
        g_string_truncate(self->room_id, 0);
        g_string_append_len(self->room_id, name, (gssize)len);
        self->next = &room_members[self->section];
    } else {
        self->next = find_member(scope, name);
    }
}

static void announce(MxSyncParser *self, const Member *member)
{
    if (member->inside >= SCOPE_ROOM && member->inside <= SCOPE_KNOCKED_ROOM)
        hand_out(self, MX_SYNC_ROOM_BEGIN, NULL, 0);
    else if (member->inside == SCOPE_EVENT_HOLDER && self->event_part == MX_SYNC_ROOM_STATE_AFTER)
        hand_out(self, MX_SYNC_ROOM_STATE_AFTER_PRESENT, NULL, 0);
}

static void enter(MxSyncParser *self, const Member *member)
{
    g_assert(self->n_scopes < MAX_SCOPES);
    self->scopes[self->n_scopes++] = member->inside;
    self->next = NULL;
    mx_json_push_set_watch(self->push, self->n_scopes);
    if (member->inside == SCOPE_ROOM_IDS)
        self->section = (MxSyncSection)member->what;
    else if (member->inside == SCOPE_EVENT_HOLDER || member->inside == SCOPE_TIMELINE)
        self->event_part = (MxSyncPart)member->what;
    announce(self, member);
}

static void on_value_begin(MxJsonType type, guint depth, const char *at, gpointer user_data)
{
    MxSyncParser *self = user_data;
    const Member *member = self->next;
    if (depth == 0)
        member = &root_member;
    else if (current_scope(self) == SCOPE_EVENTS)
        member = &event_member;
    if (member == NULL || member->type != type)
        return;
    if (member->inside != SCOPE_PART)
        enter(self, member);
    else
        begin_part(self, member == &event_member ? self->event_part : (MxSyncPart)member->what,
                   depth, at);
}

static void on_value_end(MxJsonType type, guint depth, const char *after, gpointer user_data)
{
    MxSyncParser *self = user_data;
    if (depth < self->n_scopes) {
        self->n_scopes--;
        mx_json_push_set_watch(self->push, self->n_scopes);
    } else if (self->keeps) {
        end_part(self, after);
    }
}

/* ---- public ---- */

static const MxJsonPushHandler handler = {
    .key = on_key,
    .value_begin = on_value_begin,
    .value_end = on_value_end,
    .deep_begin = on_deep_begin,
    .deep_end = on_deep_end,
};

MxSyncParser *mx_sync_parser_new(MxSyncPartFunc on_part, gpointer user_data)
{
    MxSyncParser *self = g_new0(MxSyncParser, 1);
    self->on_part = on_part;
    self->user_data = user_data;
    self->push = mx_json_push_new(&handler, self);
    self->room_id = g_string_new(NULL);
    self->kept = g_string_new(NULL);
    return self;
}

void mx_sync_parser_free(MxSyncParser *self)
{
    if (self == NULL)
        return;
    mx_json_push_free(self->push);
    g_string_free(self->room_id, TRUE);
    g_string_free(self->kept, TRUE);
    g_free(self);
}

gboolean mx_sync_parser_feed(MxSyncParser *self, const char *data, gsize len, GError **error)
{
    if (len == 0)
        return mx_json_push_feed(self->push, data, len, error);
    self->keep_from = data;
    if (!mx_json_push_feed(self->push, data, len, error))
        return FALSE;
    if (self->keeps && !self->in_deep)
        keep_bytes(self, data + len);
    return TRUE;
}

gboolean mx_sync_parser_finish(MxSyncParser *self, GError **error)
{
    if (!mx_json_push_finish(self->push, error))
        return FALSE;
    if (!self->has_next_batch) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                            _("the /sync answer has no next_batch"));
        return FALSE;
    }
    return TRUE;
}
