/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-sync-apply.h"
#include "store-fixture.h"

/* An account's database that is fed /sync answers. In the texts ' stands for ". The account is
 * @me:x. */

typedef struct {
    char *dir;
    MxStore *store;
    GHashTable *open_rooms;
    gboolean is_catch_up;
    gboolean is_full; /* the next answer is one to a request without since */
    guint fed;        /* answers; next_batch is "s1", "s2", … */
    MxSyncChanges *changes;
} SyncFixture;

void sync_fixture_set_up(SyncFixture *fixture, gconstpointer data);
void sync_fixture_tear_down(SyncFixture *fixture, gconstpointer data);

/* The whole text of an answer, in small pieces. FALSE when the parser refused it; a failure of the
 * database ends the test. */
gboolean sync_fixture_try(SyncFixture *fixture, const char *json);
/* An answer with these members beside next_batch. */
void sync_fixture_feed(SyncFixture *fixture, const char *members);
/* An answer with this joined, left, … room alone. */
void sync_fixture_room(SyncFixture *fixture, const char *section, const char *room_id,
                       const char *members);
/* What the last answer changed in the room, or NULL. */
MxRoomChange *sync_fixture_change(SyncFixture *fixture, const char *room_id);
MxRoomRow *sync_fixture_get_room(SyncFixture *fixture, const char *room_id);
gint64 sync_fixture_key(SyncFixture *fixture, const char *room_id); /* ends the test if unknown */

#define assert_pending(fixture, room_id, expected)                                                 \
    store_fixture_assert_list((fixture)->store, sync_fixture_key(fixture, room_id),                \
                              MX_DISPLAY_PENDING, expected)

/* Texts */
#define LINE_TS(id, sender, ts, body)                                                              \
    "{'type':'m.room.message','event_id':'" id "','sender':'" sender "','origin_server_ts':" #ts   \
    ",'content':{'msgtype':'m.text','body':'" body "'}}"
#define LINE(id, sender, body) LINE_TS(id, sender, 1000, body)
#define ECHO(id, txn_id, body)                                                                     \
    "{'type':'m.room.message','event_id':'" id "','sender':'@me:x','origin_server_ts':1000,"       \
    "'unsigned':{'transaction_id':'" txn_id "'},'content':{'msgtype':'m.text','body':'" body "'}}"
#define STATE(id, type, key, sender, content)                                                      \
    "{'type':'" type "','event_id':'" id "','sender':'" sender "','state_key':'" key               \
    "','origin_server_ts':1,'content':" content "}"
#define MEMBER(id, user, membership)                                                               \
    STATE(id, "m.room.member", user, user, "{'membership':'" membership "'}")
#define EVENTS(name, events) "'" name "':{'events':[" events "]}"
#define TIMELINE(events) EVENTS("timeline", events)
#define LIMITED(prev_batch, events)                                                                \
    "'timeline':{'limited':true,'prev_batch':'" prev_batch "','events':[" events "]}"
#define PEOPLE(joined, invited)                                                                    \
    "'summary':{'m.joined_member_count':" #joined ",'m.invited_member_count':" #invited "}"
#define RECEIPT(event_id, type, rest)                                                              \
    EVENTS("ephemeral", "{'type':'m.receipt','content':{'" event_id "':{'" type                    \
                        "':{'@me:x':{'ts':1" rest "}}}}}")
#define DIRECT(content) EVENTS("account_data", "{'type':'m.direct','content':" content "}")
