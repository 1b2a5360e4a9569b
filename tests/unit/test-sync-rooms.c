/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-direct.h"
#include "mx-invitation.h"
#include "mx-room-encryption.h"
#include "mx-store-private.h"
#include "sync-fixture.h"

/* State, members, leaving, and direct rooms, as /sync answers tell them. */

#define ME_AND_BOB                                                                                 \
    EVENTS("state", MEMBER("$m1", "@me:x", "join") "," MEMBER("$m2", "@bob:x", "join"))
#define NAME(id, content) STATE(id, "m.room.name", "", "@bob:x", content)

static void join(SyncFixture *fixture, const char *room_id, const char *members)
{
    sync_fixture_room(fixture, "join", room_id, members);
}

#define assert_name(fixture, room_id, expected)                                                    \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autoptr(MxRoomRow) row_ = sync_fixture_get_room(fixture, room_id);                       \
        g_assert_cmpstr(row_->name, ==, expected);                                                 \
    }                                                                                              \
    G_STMT_END

#define assert_direct(fixture, room_id, expected)                                                  \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autoptr(MxRoomRow) row_ = sync_fixture_get_room(fixture, room_id);                       \
        g_assert_cmpstr(row_->direct_user, ==, expected);                                          \
    }                                                                                              \
    G_STMT_END

static MxMembership membership_of(SyncFixture *fixture, const char *room_id)
{
    g_autoptr(MxRoomRow) row = sync_fixture_get_room(fixture, room_id);
    return row->membership;
}

/* ---- state (C5, C6) ---- */

static void test_state_places(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *members, *name;
    } cases[] = {
        {EVENTS("state", NAME("$1", "{'name':'one'}")), "one"},
        {TIMELINE(NAME("$2", "{'name':'two'}")), "two"},
        /* the timeline comes after the state, in whatever order they are written */
        {TIMELINE(NAME("$4", "{'name':'later'}")) "," EVENTS("state",
                                                             NAME("$3", "{'name':'before'}")),
         "later"},
        {EVENTS("state_after",
                NAME("$5", "{'name':'after'}")) "," TIMELINE(NAME("$6", "{'name':'no'}")),
         "after"},
        {TIMELINE(NAME("$7", "{'name':'no'}")) "," EVENTS("org.matrix.msc4222.state_after",
                                                          NAME("$8", "{'name':'unstable'}")),
         "unstable"},
        {EVENTS("state", NAME("$9", "{'name':'no'}")) "," EVENTS(
             "state_after", NAME("$10", "{'name':'only after'}")),
         "only after"},
        /* present and empty: nothing has changed, whatever the timeline has */
        {EVENTS("state_after", "") "," TIMELINE(NAME("$11", "{'name':'no'}")), "only after"},
        {TIMELINE(NAME("$12", "{'name':'no'}")) ",'state_after':{}", "only after"},
        {TIMELINE(NAME("$13", "{'name':''}")), NULL},
        {TIMELINE(NAME("$14", "{'name':'x'}")), "x"},
        {TIMELINE(NAME("$15", "{}")), NULL},
        {TIMELINE(STATE("$16", "m.room.name", "key", "@bob:x", "{'name':'no'}")), NULL},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        join(fixture, "!r:x", cases[i].members);
        g_test_message("%s", cases[i].members);
        assert_name(fixture, "!r:x", cases[i].name);
    }
    g_autofree char *keyed =
        mx_store_get_state(fixture->store, sync_fixture_key(fixture, "!r:x"), "m.room.name", "key");
    g_assert_cmpstr(keyed, ==, "{\"name\":\"no\"}");
    /* Told, though never unread. */
    g_assert_cmpint(mx_store_count_pending(fixture->store, sync_fixture_key(fixture, "!r:x"), "-"),
                    ==, 0);
}

static void test_room_fields(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!space:x",
         EVENTS(
             "state",
             STATE("$1", "m.room.create", "", "@bob:x", "{'type':'m.space'}") "," STATE(
                 "$2", "m.room.canonical_alias", "", "@bob:x",
                 "{'alias':'#s:x','alt_aliases':['#no:x']}")) "," EVENTS("account_data",
                                                                         "{'type':'m.tag','content'"
                                                                         ":{'tags':{}}}"));
    g_autoptr(MxRoomRow) row = sync_fixture_get_room(fixture, "!space:x");
    g_autofree char *tag = mx_store_get_account_data(fixture->store, row->key, "m.tag");
    g_assert_cmpstr(row->room_type, ==, "m.space");
    g_assert_cmpstr(row->canonical_alias, ==, "#s:x");
    g_assert_cmpstr(tag, ==, "{\"tags\":{}}");
    MxRoomChange *change = sync_fixture_change(fixture, "!space:x");
    g_assert_true(change->room->is_space);
    g_assert_cmpstr(change->room->name, ==, "#s:x");
}

/* A summary says only what has changed. */
static void test_summary(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *members, *heroes;
        gint64 joined, invited;
    } cases[] = {
        {"'timeline':{}", NULL, -1, -1},
        {"'summary':{'m.heroes':['@bob:x'],'m.joined_member_count':2,'m.invited_member_count':1}",
         "[\"@bob:x\"]", 2, 1},
        {"'summary':{'m.joined_member_count':3}", "[\"@bob:x\"]", 3, 1},
        {"'summary':{'m.invited_member_count':0}", "[\"@bob:x\"]", 3, 0},
        {"'summary':{'m.heroes':['@eve:x']}", "[\"@eve:x\"]", 3, 0},
        {"'summary':{}", "[\"@eve:x\"]", 3, 0},
        {"'summary':{'m.heroes':'@no:x','m.joined_member_count':-1,'m.invited_member_count':'5'}",
         "[\"@eve:x\"]", 3, 0},
        {"'summary':null", "[\"@eve:x\"]", 3, 0},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        join(fixture, "!r:x", cases[i].members);
        g_autoptr(MxRoomRow) row = sync_fixture_get_room(fixture, "!r:x");
        g_test_message("%s", cases[i].members);
        g_assert_cmpstr(row->heroes, ==, cases[i].heroes);
        g_assert_cmpint(row->joined_count, ==, cases[i].joined);
        g_assert_cmpint(row->invited_count, ==, cases[i].invited);
    }
}

/* Room version 12: an ID without a server. A server's room can never be taken for a placeholder. */
static void test_room_ids(SyncFixture *fixture, gconstpointer data)
{
    static const char *const good[] = {"!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "!a:x",
                                       "!\xc3\xa9:x:8448"};
    static const char *const bad[] = {"", "a:x", "#a:x", "!pending @bob:x", "!a\\nb"};
    for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
        join(fixture, good[i], ME_AND_BOB "," TIMELINE(LINE("$1", "@bob:x", "a")));
        g_assert_cmpint(fixture->changes->rooms->len, ==, 1);
        g_assert_cmpint(membership_of(fixture, good[i]), ==, MX_MEMBERSHIP_JOIN);
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        join(fixture, bad[i], ME_AND_BOB);
        g_test_message("%s", bad[i]);
        g_assert_cmpint(fixture->changes->rooms->len, ==, 0);
    }
}

/* One room in two places: the later one counts, and it is said once. */
static void test_room_twice(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *first, *second;
        MxMembership membership;
    } cases[] = {
        {"join", "leave", MX_MEMBERSHIP_LEAVE},
        {"leave", "join", MX_MEMBERSHIP_JOIN},
        {"invite", "join", MX_MEMBERSHIP_JOIN},
        {"join", "join", MX_MEMBERSHIP_JOIN},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf("'rooms':{'%s':{'!r:x':{},'!other:x':{}},'%s':{'!r:x':{}}}",
                            cases[i].first, cases[i].second);
        MxMembership before = i > 0 ? cases[i - 1].membership : MX_MEMBERSHIP_NONE;
        sync_fixture_feed(fixture, text);
        /* What was known already is no change. */
        g_assert_cmpint(sync_fixture_change(fixture, "!r:x") != NULL, ==,
                        cases[i].membership != before);
        g_assert_cmpint(membership_of(fixture, "!r:x"), ==, cases[i].membership);
    }
}

/* ---- encryption: once seen, always ---- */

#define ENCRYPTION(id, key, content) STATE(id, "m.room.encryption", key, "@bob:x", content)

static void test_encryption_seen(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *room_id, *members;
        gboolean encrypted;
    } cases[] = {
        {"!1:x", ME_AND_BOB, FALSE},
        {"!2:x", EVENTS("state", ENCRYPTION("$e", "", "{'algorithm':'m.megolm.v1.aes-sha2'}")),
         TRUE},
        {"!3:x", TIMELINE(ENCRYPTION("$e", "", "{}")), TRUE},
        {"!4:x", EVENTS("state_after", ENCRYPTION("$e", "", "{'algorithm':5}")), TRUE},
        {"!5:x", TIMELINE(ENCRYPTION("$e", "x", "{}")), FALSE},
        {"!6:x",
         TIMELINE("{'type':'m.room.encryption','event_id':'$e','sender':'@bob:x',"
                  "'content':{}}"),
         FALSE}, /* no state event */
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        join(fixture, cases[i].room_id, cases[i].members);
        gint64 room = sync_fixture_key(fixture, cases[i].room_id);
        g_test_message("%s", cases[i].members);
        g_assert_cmpint(sync_fixture_change(fixture, cases[i].room_id)->room->encrypted, ==,
                        cases[i].encrypted);
        g_assert_cmpint(mx_room_encryption_decide(fixture->store, room) != MX_SEND_PLAIN, ==,
                        cases[i].encrypted);
    }
    g_assert_cmpint(mx_room_encryption_decide(fixture->store, 4711), ==, MX_SEND_REFUSE);
}

static void test_encryption_stays(SyncFixture *fixture, gconstpointer data)
{
    static const char *const later[] = {
        TIMELINE(ENCRYPTION("$2", "", "{}")),
        TIMELINE(ENCRYPTION("$3", "", "{'algorithm':'none'}")),
        TIMELINE(ENCRYPTION("$4", "", "null")),
        EVENTS("state_after", ""),
        EVENTS("state", STATE("$c", "m.room.create", "", "@bob:x", "{}")),
        TIMELINE("{'type':'m.room.redaction','event_id':'$r','sender':'@bob:x','redacts':'$1',"
                 "'content':{'redacts':'$1'}}"),
    };
    join(fixture, "!r:x", TIMELINE(ENCRYPTION("$1", "", "{'algorithm':'m.megolm.v1.aes-sha2'}")));
    gint64 room = sync_fixture_key(fixture, "!r:x");
    for (guint i = 0; i < G_N_ELEMENTS(later); i++) {
        join(fixture, "!r:x", later[i]);
        g_test_message("%s", later[i]);
        g_assert_cmpint(mx_room_encryption_decide(fixture->store, room), ==, MX_SEND_REFUSE);
    }
    fixture->is_full = TRUE; /* a full sync that hides the event */
    join(fixture, "!r:x", ME_AND_BOB);
    g_assert_cmpint(mx_room_encryption_decide(fixture->store, room), ==, MX_SEND_REFUSE);
    sync_fixture_room(fixture, "leave", "!r:x", TIMELINE(MEMBER("$l", "@me:x", "leave")));
    join(fixture, "!r:x", ME_AND_BOB);
    g_assert_cmpint(mx_room_encryption_decide(fixture->store, room), ==, MX_SEND_REFUSE);
}

/* ---- leaving (C9, C10) ---- */

#define OWN(sender, content) TIMELINE(STATE("$o", "m.room.member", "@me:x", sender, content))

static void test_leave(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *room_id, *members, *by, *reason;
        MxMembership membership;
    } cases[] = {
        {"!self:x", OWN("@me:x", "{'membership':'leave'}"), "@me:x", NULL, MX_MEMBERSHIP_LEAVE},
        {"!kick:x", OWN("@eve:x", "{'membership':'leave'}"), "@eve:x", NULL, MX_MEMBERSHIP_LEAVE},
        {"!ban:x", OWN("@eve:x", "{'membership':'ban','reason':'spam'}"), "@eve:x", "spam",
         MX_MEMBERSHIP_BAN},
        {"!odd:x", OWN("@eve:x", "{'membership':'ban','reason':5}"), "@eve:x", NULL,
         MX_MEMBERSHIP_BAN},
        {"!silent:x", "'timeline':{}", NULL, NULL, MX_MEMBERSHIP_LEAVE},
        {"!state:x",
         EVENTS("state", STATE("$o", "m.room.member", "@me:x", "@eve:x",
                               "{'membership':'leave',"
                               "'reason':'r'}")),
         "@eve:x", "r", MX_MEMBERSHIP_LEAVE},
        {"!after:x",
         EVENTS("state_after",
                STATE("$o", "m.room.member", "@me:x", "@eve:x", "{'membership':'ban'}")),
         "@eve:x", NULL, MX_MEMBERSHIP_BAN},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        join(fixture, cases[i].room_id, ME_AND_BOB);
        sync_fixture_room(fixture, "leave", cases[i].room_id, cases[i].members);
        MxRoomChange *change = sync_fixture_change(fixture, cases[i].room_id);
        g_test_message("%s", cases[i].members);
        g_assert_true(change->is_gone);
        g_assert_false(change->wants_window);
        g_assert_cmpstr(change->gone_by, ==, cases[i].by);
        g_assert_cmpstr(change->gone_reason, ==, cases[i].reason);
        g_assert_cmpint(change->room->membership, ==, cases[i].membership);
        g_assert_cmpint(membership_of(fixture, cases[i].room_id), ==, cases[i].membership);
        /* said again, it is no news */
        sync_fixture_room(fixture, "leave", cases[i].room_id, cases[i].members);
        g_assert_false(sync_fixture_change(fixture, cases[i].room_id)->is_gone);
    }
}

#define STRIPPED(user, membership)                                                                 \
    "{'type':'m.room.member','sender':'@eve:x','state_key':'" user                                 \
    "','content':{'membership':'" membership "'}}"

static void test_invite(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_room(
        fixture, "invite", "!i:x",
        EVENTS("invite_state",
               STRIPPED("@eve:x", "join") "," STRIPPED(
                   "@me:x", "invite") ","
                                      "{'type':'m.room.name','sender':'@eve:x','state_key':'',"
                                      "'content':{'name':'party'}}"));
    g_assert_cmpint(membership_of(fixture, "!i:x"), ==, MX_MEMBERSHIP_INVITE);
    assert_name(fixture, "!i:x", "party");
    g_assert_false(sync_fixture_change(fixture, "!i:x")->is_gone);
    sync_fixture_room(fixture, "leave", "!i:x", OWN("@eve:x", "{'membership':'leave'}"));
    g_assert_cmpint(membership_of(fixture, "!i:x"), ==, MX_MEMBERSHIP_LEAVE);
    g_assert_false(sync_fixture_change(fixture, "!i:x")->is_gone); /* one was never in it */
    sync_fixture_room(fixture, "knock", "!k:x", EVENTS("knock_state", STRIPPED("@me:x", "knock")));
    g_assert_cmpint(membership_of(fixture, "!k:x"), ==, MX_MEMBERSHIP_KNOCK);
}

#define DIRECT_INVITE                                                                              \
    "{'type':'m.room.member','sender':'@bob:x','state_key':'@me:x','content':{'membership':"       \
    "'invite','is_direct':true,'reason':' come\\n'}}"

/* An invitation to a direct chat that was accepted here makes the room the inviter's when it is
 * joined; one that was accepted elsewhere is the other client's affair. */
static void test_invitation_accepted(SyncFixture *fixture, gconstpointer data)
{
    for (int accepted = 0; accepted < 2; accepted++) {
        const char *room_id = accepted ? "!yes:x" : "!no:x";
        sync_fixture_room(fixture, "invite", room_id, EVENTS("invite_state", DIRECT_INVITE));
        MxRoom *room = sync_fixture_change(fixture, room_id)->room;
        g_assert_cmpstr(room->inviter, ==, "@bob:x");
        g_assert_cmpstr(room->invite_reason, ==, "come");
        g_assert_true(room->invite_is_direct);
        g_autoptr(MxInvitation) invitation = mx_invitation_load(fixture->store, room_id);
        invitation->accepted = accepted;
        mx_invitation_save(fixture->store, room_id, invitation);
        /* Told once more, it is the same invitation. */
        sync_fixture_room(fixture, "invite", room_id, EVENTS("invite_state", DIRECT_INVITE));
        join(fixture, room_id, ME_AND_BOB);
        MxRoomChange *change = sync_fixture_change(fixture, room_id);
        g_assert_cmpint(change->adds_direct, ==, accepted);
        g_assert_cmpstr(change->room->direct_user, ==, accepted ? "@bob:x" : NULL);
        g_autoptr(MxInvitation) after = mx_invitation_load(fixture->store, room_id);
        g_assert_null(after);
    }
}

static void test_kicked_and_invited_again(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!r:x", ME_AND_BOB);
    sync_fixture_room(fixture, "invite", "!r:x",
                      EVENTS("invite_state", STRIPPED("@me:x", "invite")));
    g_assert_cmpint(membership_of(fixture, "!r:x"), ==, MX_MEMBERSHIP_INVITE);
    g_assert_true(sync_fixture_change(fixture, "!r:x")->is_gone);
    join(fixture, "!r:x", ME_AND_BOB);
    g_assert_cmpint(membership_of(fixture, "!r:x"), ==, MX_MEMBERSHIP_JOIN);
    g_assert_false(sync_fixture_change(fixture, "!r:x")->is_gone);
}

/* A full sync names every room one is in. */
static void test_full_sync_drops(SyncFixture *fixture, gconstpointer data)
{
    g_autoptr(MxRoomRow) pending = mx_room_row_new("!pending @bob:x");
    pending->membership = MX_MEMBERSHIP_PENDING;
    mx_store_save_room(fixture->store, pending);
    join(fixture, "!gone:x", ME_AND_BOB);
    join(fixture, "!stays:x", ME_AND_BOB);
    sync_fixture_room(fixture, "invite", "!invited:x", "");
    sync_fixture_room(fixture, "leave", "!left:x", "");
    join(fixture, "!stays:x", ""); /* an ordinary answer leaves out what has not changed */
    g_assert_cmpint(membership_of(fixture, "!gone:x"), ==, MX_MEMBERSHIP_JOIN);

    fixture->is_full = TRUE;
    join(fixture, "!stays:x", "");
    g_assert_cmpint(membership_of(fixture, "!gone:x"), ==, MX_MEMBERSHIP_LEAVE);
    g_assert_cmpint(membership_of(fixture, "!stays:x"), ==, MX_MEMBERSHIP_JOIN);
    g_assert_cmpint(membership_of(fixture, "!invited:x"), ==, MX_MEMBERSHIP_LEAVE);
    g_assert_cmpint(membership_of(fixture, "!pending @bob:x"), ==, MX_MEMBERSHIP_PENDING);
    /* Not named is not left: only an explicit rooms.leave takes the room out of the list. */
    g_assert_false(sync_fixture_change(fixture, "!gone:x")->is_gone);
    g_assert_false(sync_fixture_change(fixture, "!stays:x")->is_gone);
    g_assert_false(sync_fixture_change(fixture, "!invited:x")->is_gone);
    g_assert_null(sync_fixture_change(fixture, "!left:x"));
    g_assert_null(sync_fixture_change(fixture, "!pending @bob:x"));
}

/* What the user took out of the list stays out of it until the room is joined again. */
static void test_hidden(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!r:x", ME_AND_BOB);
    g_autoptr(MxRoomRow) row = sync_fixture_get_room(fixture, "!r:x");
    row->hidden = TRUE;
    mx_store_save_room(fixture->store, row);
    join(fixture, "!r:x", TIMELINE(LINE("$1", "@bob:x", "a")));
    g_assert_true(sync_fixture_change(fixture, "!r:x")->room->hidden);
    sync_fixture_room(fixture, "leave", "!r:x", OWN("@me:x", "{'membership':'leave'}"));
    join(fixture, "!r:x", ME_AND_BOB);
    g_assert_false(sync_fixture_change(fixture, "!r:x")->room->hidden);
}

/* ---- members of open windows ---- */

static void test_members(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!r:x", ME_AND_BOB);
    g_assert_null(sync_fixture_change(fixture, "!r:x")->members); /* no window, no list */
    g_hash_table_add(fixture->open_rooms, (gpointer) "!r:x");
    join(fixture, "!r:x",
         TIMELINE(STATE(
             "$1", "m.room.member", "@eve:x", "@eve:x",
             "{'membership':'join','displayname':'Eve'}") "," MEMBER("$2", "@bob:x",
                                                                     "leave") "," STATE("$3",
                                                                                        "m.room."
                                                                                        "member",
                                                                                        "no user",
                                                                                        "@eve:x",
                                                                                        "{'"
                                                                                        "membership"
                                                                                        "':'join'"
                                                                                        "}")));
    GPtrArray *members = sync_fixture_change(fixture, "!r:x")->members;
    g_assert_nonnull(members);
    g_assert_cmpint(members->len, ==, 2);
    MxMember *eve = g_ptr_array_index(members, 0), *bob = g_ptr_array_index(members, 1);
    g_assert_cmpstr(eve->user_id, ==, "@eve:x");
    g_assert_cmpstr(eve->name, ==, "Eve");
    g_assert_cmpint(eve->membership, ==, MX_MEMBERSHIP_JOIN);
    g_assert_cmpstr(bob->user_id, ==, "@bob:x");
    g_assert_cmpint(bob->membership, ==, MX_MEMBERSHIP_LEAVE);
    join(fixture, "!r:x", TIMELINE(LINE("$4", "@eve:x", "x")));
    g_assert_null(sync_fixture_change(fixture, "!r:x")->members);
}

/* ---- direct rooms ---- */

static void test_direct_live(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!r:x", ME_AND_BOB "," PEOPLE(2, 0));
    assert_direct(fixture, "!r:x", NULL);
    sync_fixture_feed(fixture, DIRECT("{'@bob:x':['!r:x']}"));
    assert_direct(fixture, "!r:x", "@bob:x");
    MxRoomChange *change = sync_fixture_change(fixture, "!r:x");
    g_assert_nonnull(change);
    g_assert_cmpstr(change->room->direct_user, ==, "@bob:x");
    g_assert_true(mx_direct_is_listed(fixture->store, "!r:x"));
    g_assert_false(mx_direct_is_listed(fixture->store, "!other:x"));
    sync_fixture_feed(fixture, DIRECT("{'@bob:x':['!r:x']}")); /* no news */
    g_assert_null(sync_fixture_change(fixture, "!r:x"));
    sync_fixture_feed(fixture, DIRECT("{}"));
    assert_direct(fixture, "!r:x", NULL);
    g_assert_null(sync_fixture_change(fixture, "!r:x")->room->direct_user);
}

/* A friend opens a direct room and writes at once: all of it in one answer. */
static void test_direct_new(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_feed(fixture, "");
    sync_fixture_feed(fixture,
                      "'rooms':{'join':{'!r:x':{" ME_AND_BOB "," PEOPLE(2, 0) "," TIMELINE(
                          LINE("$1", "@bob:x", "hi")) "}}}," DIRECT("{'@bob:x':['!r:x']}"));
    MxRoomChange *change = sync_fixture_change(fixture, "!r:x");
    g_assert_cmpstr(change->room->direct_user, ==, "@bob:x");
    g_assert_true(change->wants_window);
    g_assert_true(change->has_new_lines);
}

#define BOTS                                                                                       \
    STATE("$f", "io.element.functional_members", "", "@bob:x",                                     \
          "{'service_members':['@bot:x','@absent:x',5]}")

static void test_direct_people(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *room_id, *user_id, *members;
        gboolean direct;
    } cases[] = {
        {"!pair:x", "@bob:x", ME_AND_BOB "," PEOPLE(2, 0), TRUE},
        {"!nocount:x", "@bob:x", ME_AND_BOB, TRUE},
        {"!invited:x", "@bob:x", ME_AND_BOB "," PEOPLE(1, 1), TRUE},
        {"!alone:x", "@bob:x", PEOPLE(1, 0), TRUE}, /* the partner left: invited again on sending */
        {"!three:x", "@bob:x", ME_AND_BOB "," PEOPLE(3, 0), FALSE},
        {"!third:x", "@bob:x", ME_AND_BOB "," PEOPLE(2, 1), FALSE},
        {"!bot:x", "@bob:x",
         PEOPLE(3, 0) "," EVENTS(
             "state", MEMBER("$1", "@me:x", "join") "," MEMBER("$2", "@bob:x", "join") "," MEMBER(
                          "$3", "@bot:x", "join") "," BOTS),
         TRUE},
        {"!botgone:x", "@bob:x",
         PEOPLE(3, 0) "," EVENTS(
             "state", MEMBER("$1", "@me:x", "join") "," MEMBER("$2", "@bob:x", "join") "," MEMBER(
                          "$3", "@bot:x", "leave") "," BOTS),
         FALSE},
        {"!self:x", "@me:x", PEOPLE(1, 0), TRUE},
        {"!self2:x", "@me:x", ME_AND_BOB "," PEOPLE(2, 0), FALSE},
        {"!bad:x", "bob", ME_AND_BOB "," PEOPLE(2, 0), FALSE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *direct =
            g_strdup_printf(DIRECT("{'%s':['%s']}"), cases[i].user_id, cases[i].room_id);
        join(fixture, cases[i].room_id, cases[i].members);
        sync_fixture_feed(fixture, direct);
        g_test_message("%s", cases[i].room_id);
        assert_direct(fixture, cases[i].room_id, cases[i].direct ? cases[i].user_id : NULL);
    }
}

/* The one with the newest message is the IM, live; the other one is a chat. */
static void test_direct_two(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_feed(fixture, DIRECT("{'@bob:x':['!a:x','!b:x','!unknown:x',null]}"));
    join(fixture, "!a:x",
         ME_AND_BOB "," PEOPLE(2, 0) "," TIMELINE(LINE_TS("$1", "@bob:x", 100, "a")));
    join(fixture, "!b:x",
         ME_AND_BOB "," PEOPLE(2, 0) "," TIMELINE(LINE_TS("$2", "@bob:x", 200, "b")));
    assert_direct(fixture, "!a:x", NULL);
    assert_direct(fixture, "!b:x", "@bob:x");
    join(fixture, "!a:x", TIMELINE(LINE_TS("$3", "@bob:x", 300, "c")));
    assert_direct(fixture, "!a:x", "@bob:x");
    assert_direct(fixture, "!b:x", NULL);
    g_assert_null(sync_fixture_change(fixture, "!b:x")->room->direct_user);
    g_assert_cmpstr(sync_fixture_change(fixture, "!a:x")->room->direct_user, ==, "@bob:x");
    sync_fixture_room(fixture, "leave", "!a:x", OWN("@me:x", "{'membership':'leave'}"));
    assert_direct(fixture, "!a:x", NULL);
    assert_direct(fixture, "!b:x", "@bob:x");
}

/* The same where a bot serves one of them. */
static void test_direct_two_with_bot(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_feed(fixture, DIRECT("{'@bob:x':['!a:x','!b:x']}"));
    join(fixture, "!a:x",
         PEOPLE(3, 0) "," EVENTS(
             "state",
             MEMBER("$1", "@me:x", "join") "," MEMBER("$2", "@bob:x", "join") "," MEMBER(
                 "$3", "@bot:x", "join") "," BOTS) "," TIMELINE(LINE_TS("$4", "@bob:x", 100, "a")));
    join(fixture, "!b:x",
         ME_AND_BOB "," PEOPLE(2, 0) "," TIMELINE(LINE_TS("$2", "@bob:x", 200, "b")));
    assert_direct(fixture, "!b:x", "@bob:x");
    join(fixture, "!a:x", TIMELINE(LINE_TS("$5", "@bob:x", 300, "c")));
    assert_direct(fixture, "!a:x", "@bob:x");
}

/* A third one comes, and leaves again. */
static void test_direct_third(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!r:x", ME_AND_BOB "," PEOPLE(2, 0));
    sync_fixture_feed(fixture, DIRECT("{'@bob:x':['!r:x']}"));
    join(fixture, "!r:x", PEOPLE(3, 0) "," TIMELINE(MEMBER("$1", "@eve:x", "join")));
    assert_direct(fixture, "!r:x", NULL);
    join(fixture, "!r:x", PEOPLE(2, 0) "," TIMELINE(MEMBER("$2", "@eve:x", "leave")));
    assert_direct(fixture, "!r:x", "@bob:x");
}

/* Two are in it, but the partner is not one of them: not the place for what is meant for him. */
static void test_direct_without_partner(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!r:x", ME_AND_BOB "," PEOPLE(2, 0));
    sync_fixture_feed(fixture, DIRECT("{'@bob:x':['!r:x']}"));
    join(fixture, "!r:x",
         PEOPLE(2, 0) "," TIMELINE(
             MEMBER("$1", "@bob:x", "leave") "," MEMBER("$2", "@eve:x", "join")));
    assert_direct(fixture, "!r:x", NULL);
}

static void test_direct_add(SyncFixture *fixture, gconstpointer data)
{
    static const struct {
        const char *before, *after;
    } cases[] = {
        {NULL, "{\"@bob:x\":[\"!n:x\"]}"},
        {"{}", "{\"@bob:x\":[\"!n:x\"]}"},
        {"{\"@bob:x\":[\"!o:x\"],\"odd\":5}", "{\"@bob:x\":[\"!o:x\",\"!n:x\"],\"odd\":5}"},
        {"{\"@bob:x\":[\"!n:x\"]}", "{\"@bob:x\":[\"!n:x\"]}"},
        {"{\"@eve:x\":[\"!n:x\"]}", "{\"@eve:x\":[\"!n:x\"],\"@bob:x\":[\"!n:x\"]}"},
        {"{\"@bob:x\":\"broken\"}", "{\"@bob:x\":[\"!n:x\"]}"},
        {"broken", "{\"@bob:x\":[\"!n:x\"]}"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        if (cases[i].before != NULL)
            mx_store_set_account_data(fixture->store, 0, "m.direct", cases[i].before,
                                      strlen(cases[i].before));
        mx_direct_add(fixture->store, "@bob:x", "!n:x");
        g_autofree char *after = mx_store_get_account_data(fixture->store, 0, "m.direct");
        g_assert_cmpstr(after, ==, cases[i].after);
    }
}

/* What was added here and has not reached the server is not undone by an older m.direct from
 * there. */
static void test_direct_additions(SyncFixture *fixture, gconstpointer data)
{
    join(fixture, "!n:x", ME_AND_BOB "," PEOPLE(2, 0));
    g_assert_null(mx_direct_get_additions(fixture->store));
    mx_direct_add(fixture->store, "@bob:x", "!n:x");
    mx_direct_add(fixture->store, "@eve:x", "!e:x");
    sync_fixture_feed(fixture, DIRECT("{'@dan:x':['!d:x']}"));
    assert_direct(fixture, "!n:x", "@bob:x");
    g_assert_true(mx_direct_is_listed(fixture->store, "!d:x"));
    g_assert_true(mx_direct_is_listed(fixture->store, "!e:x"));
    g_autofree char *additions = mx_direct_get_additions(fixture->store);
    g_assert_cmpstr(additions, ==, "{\"@bob:x\":[\"!n:x\"],\"@eve:x\":[\"!e:x\"]}");
    /* Published meanwhile was less than there is now: what came later stays. */
    mx_direct_forget_additions(fixture->store, "{\"@bob:x\":[\"!n:x\"]}");
    g_autofree char *left = mx_direct_get_additions(fixture->store);
    g_assert_nonnull(strstr(left, "\"@eve:x\":[\"!e:x\"]"));
    mx_direct_forget_additions(fixture->store, left);
    g_assert_null(mx_direct_get_additions(fixture->store));
    sync_fixture_feed(fixture, DIRECT("{}")); /* now the server's word counts */
    assert_direct(fixture, "!n:x", NULL);
}

#define add(path, func)                                                                            \
    g_test_add(path, SyncFixture, NULL, sync_fixture_set_up, func, sync_fixture_tear_down)

static void add_direct(void)
{
    add("/sync-rooms/direct-live", test_direct_live);
    add("/sync-rooms/direct-new", test_direct_new);
    add("/sync-rooms/direct-people", test_direct_people);
    add("/sync-rooms/direct-two", test_direct_two);
    add("/sync-rooms/direct-third", test_direct_third);
    add("/sync-rooms/direct-add", test_direct_add);
    add("/sync-rooms/direct-additions", test_direct_additions);
    add("/sync-rooms/direct-two-with-bot", test_direct_two_with_bot);
    add("/sync-rooms/direct-without-partner", test_direct_without_partner);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/sync-rooms/state-places", test_state_places);
    add("/sync-rooms/room-fields", test_room_fields);
    add("/sync-rooms/summary", test_summary);
    add("/sync-rooms/room-ids", test_room_ids);
    add("/sync-rooms/encryption-seen", test_encryption_seen);
    add("/sync-rooms/encryption-stays", test_encryption_stays);
    add("/sync-rooms/leave", test_leave);
    add("/sync-rooms/invite", test_invite);
    add("/sync-rooms/invitation-accepted", test_invitation_accepted);
    add("/sync-rooms/kicked-and-invited-again", test_kicked_and_invited_again);
    add("/sync-rooms/full-sync-drops", test_full_sync_drops);
    add("/sync-rooms/hidden", test_hidden);
    add("/sync-rooms/members", test_members);
    add_direct();
    add("/sync-rooms/room-twice", test_room_twice);
    return g_test_run();
}
