/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Groups of the buddy list: tags and spaces, what the user has moved, renamed and removed (design,
 * "Chats"). */

#define SPACE "!aspace:localhost"
#define SPACE2 "!bspace:localhost"
#define FAVOURITE "{'tags':{'m.favourite':{'order':0.25}}}"
#define LOW "{'tags':{'m.lowpriority':{}}}"
#define VIA "{'via':['localhost']}"

static void add_space(SyncBody *body, const char *space, const char *name)
{
    g_autofree char *content = g_strdup_printf("{'name':'%s'}", name);

    sync_body_state(
        body, space,
        event_state("m.room.create", "", ALICE, "{'room_version':'10','type':'m.space'}"));
    sync_body_state(body, space, event_member(ALICE, "join", "Alice"));
    sync_body_state(body, space, event_state("m.room.name", "", ALICE, content));
}

static void add_child(SyncBody *body, const char *space, const char *room_id, const char *content)
{
    sync_body_timeline(body, space, event_state("m.space.child", room_id, ALICE, content));
}

static void add_room(SyncBody *body, const char *room_id, const char *name)
{
    sync_body_room(body, room_id, name, ALICE " " BOB " " CAROL);
}

static void start(Scenario *s)
{
    SyncBody *body = sync_body_new();

    add_room(body, ROOM, "Room");
    add_room(body, ROOM2, "Second");
    set_first(s, sync_body_end(body));
    log_in(s);
}

/* ROOM in the space "Work", ROOM2 in none. */
static void start_with_space(Scenario *s)
{
    SyncBody *body = sync_body_new();

    add_room(body, ROOM, "Room");
    add_room(body, ROOM2, "Second");
    add_space(body, SPACE, "Work");
    add_child(body, SPACE, ROOM, VIA);
    set_first(s, sync_body_end(body));
    log_in(s);
}

static void tag(Scenario *s, const char *room_id, const char *content)
{
    SyncBody *body = sync_body_new();

    sync_body_room_account_data(body, room_id, "m.tag", content);
    push(s, sync_body_end(body));
    settle(s);
}

static void push_child(Scenario *s, const char *space, const char *room_id, const char *content)
{
    SyncBody *body = sync_body_new();

    add_child(body, space, room_id, content);
    push(s, sync_body_end(body));
    settle(s);
}

static void rename_room(Scenario *s, const char *room_id, const char *name)
{
    g_autofree char *content = g_strdup_printf("{'name':'%s'}", name);

    push_event(s, room_id, event_state("m.room.name", "", ALICE, content));
    settle(s);
}

static void expect_group(Scenario *s, const char *name, const char *group)
{
    JsonObject *node = find_node(s, name);

    CHECK(s, node != NULL);
    EXPECT_TEXT(s, text_of(node, "group"), group);
}

static void move_to(Scenario *s, const char *room_id, const char *name)
{
    PurpleGroup *group = purple_find_group(name);

    if (group == NULL) {
        group = purple_group_new(name);
        purple_blist_add_group(group, NULL);
    }
    purple_blist_add_chat(purple_blist_find_chat(s->account, room_id), group, NULL);
}

/* ---- tags ---- */

static void tags(Scenario *s)
{
    start(s);
    expect_group(s, ROOM, "Matrix");
    tag(s, ROOM, FAVOURITE);
    expect_group(s, ROOM, "Favourites");
    expect_group(s, ROOM2, "Matrix");
    tag(s, ROOM, LOW);
    expect_group(s, ROOM, "Low priority");
    CHECK(s, purple_find_group("Favourites") == NULL);
    tag(s, ROOM, "{'tags':{'u.Bücher & <co>':{},'u.Zoo':{},'u.':{},'odd':3}}");
    expect_group(s, ROOM, "Bücher & <co>");
    tag(s, ROOM, "{'tags':{'m.server_notice':{}}}");
    expect_group(s, ROOM, "Server notices");
    tag(s, ROOM, "{'tags':{}}");
    expect_group(s, ROOM, "Matrix");
    tag(s, ROOM, "{'tags':['m.favourite']}");
    tag(s, ROOM, "{'tags':{'m.favourite':true}}");
    expect_group(s, ROOM, "Matrix");
}

static void tags_restart(Scenario *s)
{
    come_back(s);
    expect_group(s, ROOM, "Matrix");
    tag(s, ROOM, FAVOURITE);
    tag(s, ROOM2, FAVOURITE);
    CHECK(s, purple_find_group("Matrix") == NULL);
    expect_group(s, ROOM2, "Favourites");
}

/* ---- spaces ---- */

static void spaces(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start_with_space(s);
    EXPECT_INT(s, count_nodes(), 2);
    expect_group(s, ROOM, "Work");
    expect_group(s, ROOM2, "Matrix");
    push_child(s, SPACE, ROOM2, VIA);
    expect_group(s, ROOM2, "Work");
    CHECK(s, purple_find_group("Matrix") == NULL);
    /* A favourite stands above a space, a space above low priority; then the first ID. */
    tag(s, ROOM, FAVOURITE);
    expect_group(s, ROOM, "Favourites");
    tag(s, ROOM, LOW);
    expect_group(s, ROOM, "Work");
    add_space(body, SPACE2, "Other");
    add_child(body, SPACE2, ROOM, VIA);
    push(s, sync_body_end(body));
    settle(s);
    expect_group(s, ROOM, "Work");
    push_child(s, SPACE, ROOM, "{}");
    expect_group(s, ROOM, "Other");
    push_child(s, SPACE2, ROOM, "{'via':[]}");
    expect_group(s, ROOM, "Low priority");
    CHECK(s, purple_find_group("Other") == NULL);
}

static void space_left_and_joined(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start_with_space(s);
    sync_body_leave(body, SPACE, event_member(ALICE, "leave", NULL));
    push(s, sync_body_end(body));
    settle(s);
    expect_group(s, ROOM, "Matrix");
    CHECK(s, purple_find_group("Work") == NULL);
    body = sync_body_new();
    add_space(body, SPACE, "Work again");
    push(s, sync_body_end(body));
    settle(s);
    expect_group(s, ROOM, "Work again");
}

static void space_renamed(Scenario *s)
{
    PurpleGroup *group;

    start_with_space(s);
    group = purple_find_group("Work");
    rename_room(s, SPACE, "Office");
    expect_group(s, ROOM, "Office");
    CHECK(s, purple_find_group("Office") == group); /* its place in the list stays */
    CHECK(s, purple_find_group("Work") == NULL);
    /* What the user calls it is left alone, and is still ours. */
    purple_blist_rename_group(group, "Mine");
    rename_room(s, SPACE, "Third");
    expect_group(s, ROOM, "Mine");
    push_child(s, SPACE, ROOM2, VIA);
    expect_group(s, ROOM2, "Mine");
    tag(s, ROOM, FAVOURITE);
    expect_group(s, ROOM, "Favourites");
}

/* Others in the group are not taken along. */
static void space_renamed_among_others(Scenario *s)
{
    start_with_space(s);
    move_to(s, ROOM2, "Work");
    rename_room(s, SPACE, "Office");
    expect_group(s, ROOM, "Office");
    expect_group(s, ROOM2, "Work");
    CHECK(s, ((PurpleBlistNode *)purple_find_group("Work"))->next ==
                 (PurpleBlistNode *)purple_find_group("Office"));
}

static void spaces_of_one_name(Scenario *s)
{
    SyncBody *body = sync_body_new();

    start_with_space(s);
    add_space(body, SPACE2, "Work");
    add_child(body, SPACE2, ROOM2, VIA);
    push(s, sync_body_end(body));
    settle(s);
    expect_group(s, ROOM2, "Work");
    rename_room(s, SPACE2, "Play");
    expect_group(s, ROOM2, "Play");
    expect_group(s, ROOM, "Work");
}

static void space_renamed_while_offline(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_timeline(body, SPACE, event_state("m.room.name", "", ALICE, "{'name':'While away'}"));
    push(s, sync_body_end(body));
    come_back(s);
    settle(s);
    expect_group(s, ROOM, "While away");
}

static guint place_of(const char *group)
{
    guint place = 0;

    for (PurpleBlistNode *node = purple_blist_get_root(); node != NULL; node = node->next, place++)
        if (g_str_equal(purple_group_get_name((PurpleGroup *)node), group))
            return place;
    return G_MAXUINT;
}

/* In whatever order they are made, and where the user's own stand. */
static void order(Scenario *s)
{
    purple_blist_add_group(purple_group_new("Friends"), NULL);
    start_with_space(s);
    tag(s, ROOM2, LOW);
    rename_room(s, SPACE, "Z");
    CHECK(s, place_of("Friends") == 0);
    CHECK(s, place_of("Z") == 1);
    CHECK(s, place_of("Low priority") == 2);
    tag(s, ROOM2, "{'tags':{'u.Own':{}}}");
    CHECK(s, place_of("Own") == 1);
    tag(s, ROOM2, FAVOURITE);
    CHECK(s, place_of("Favourites") == 1);
    CHECK(s, place_of("Z") == 2);
    tag(s, ROOM2, "{}");
    CHECK(s, place_of("Matrix") == 2);
}

/* 2,000 rooms in 50 spaces, half of them favourites; then all of them move. */
static void many(Scenario *s)
{
    SyncBody *body = sync_body_new();

    for (guint i = 0; i < 50; i++) {
        g_autofree char *space = g_strdup_printf("!space%u:localhost", i);
        g_autofree char *name = g_strdup_printf("Space %u", i);
        add_space(body, space, name);
        for (guint k = i; k < 2000; k += 50) {
            g_autofree char *room_id = g_strdup_printf("!r%u:localhost", k);
            add_child(body, space, room_id, VIA);
        }
    }
    for (guint k = 0; k < 2000; k++) {
        g_autofree char *room_id = g_strdup_printf("!r%u:localhost", k);
        sync_body_room(body, room_id, "R", ALICE " " BOB);
        if (k % 2 == 0)
            sync_body_room_account_data(body, room_id, "m.tag", FAVOURITE);
    }
    set_first(s, sync_body_end(body));
    log_in(s);
    EXPECT_INT(s, count_nodes(), 2000);
    expect_group(s, "!r1:localhost", "Space 1");
    expect_group(s, "!r2:localhost", "Favourites");
    body = sync_body_new();
    for (guint k = 0; k < 2000; k++) {
        g_autofree char *room_id = g_strdup_printf("!r%u:localhost", k);
        sync_body_room_account_data(body, room_id, "m.tag", k % 2 == 0 ? "{}" : FAVOURITE);
    }
    push(s, sync_body_end(body));
    settle(s);
    expect_group(s, "!r1:localhost", "Favourites");
    expect_group(s, "!r2:localhost", "Space 2");
}

/* ---- the user's hand ---- */

static void moved_1(Scenario *s)
{
    start_with_space(s);
    move_to(s, ROOM, "Mine");
    tag(s, ROOM, FAVOURITE);
    expect_group(s, ROOM, "Mine");
    rename_room(s, SPACE, "Office");
    expect_group(s, ROOM, "Mine");
}

static void moved_2(Scenario *s)
{
    come_back(s);
    tag(s, ROOM, LOW);
    expect_group(s, ROOM, "Mine");
}

static void added_by_the_user(Scenario *s)
{
    GHashTable *components = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    log_in(s);
    g_hash_table_insert(components, g_strdup("room_id"), g_strdup(ROOM));
    purple_blist_add_chat(purple_chat_new(s->account, NULL, components), purple_group_new("Matrix"),
                          NULL);
    SyncBody *body = sync_body_new();
    add_room(body, ROOM, "Room");
    sync_body_room_account_data(body, ROOM, "m.tag", FAVOURITE);
    push(s, sync_body_end(body));
    settle(s);
    expect_group(s, ROOM, "Matrix");
}

/* A buddy is where the user has put it, whatever the room's tags are. */
static void buddies_stay(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    tag(s, DIRECT, FAVOURITE);
    expect_group(s, BOB, "Matrix");
}

/* ---- removed while the account was offline ---- */

static PurpleChat *find_chat_offline(PurpleAccount *account, const char *room_id)
{
    for (PurpleBlistNode *node = purple_blist_get_root(); node != NULL;
         node = purple_blist_node_next(node, TRUE)) {
        PurpleChat *chat = (PurpleChat *)node;
        if (PURPLE_BLIST_NODE_IS_CHAT(node) && purple_chat_get_account(chat) == account &&
            g_strcmp0(g_hash_table_lookup(purple_chat_get_components(chat), "room_id"), room_id) ==
                0)
            return chat;
    }
    return NULL;
}

static void removed_offline_1(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    EXPECT_INT(s, count_nodes(), 2);
}

static void removed_offline_2(Scenario *s)
{
    PurpleBuddy *buddy;

    s->account = scenario_account(s, ALICE, NULL);
    purple_blist_remove_chat(find_chat_offline(s->account, ROOM));
    come_back(s);
    EXPECT_INT(s, count_nodes(), 1);
    push_event(s, ROOM, event_text(BOB, "hello"));
    settle(s);
    CHECK(s, find_node(s, ROOM) == NULL);
    go_offline(s);
    buddy = purple_find_buddy(s->account, BOB);
    purple_blist_remove_buddy(buddy);
    come_back(s);
    settle(s);
    CHECK(s, find_node(s, BOB) == NULL);
    EXPECT_INT(s, fake_server_count(s->server, "leave"), 0);
}

static void removed_offline_3(Scenario *s)
{
    SyncBody *body = sync_body_new();

    come_back(s);
    EXPECT_INT(s, count_nodes(), 0);
    sync_body_leave(body, ROOM, event_member(ALICE, "leave", NULL));
    push(s, sync_body_end(body));
    body = sync_body_new();
    add_room(body, ROOM, "Room");
    push(s, sync_body_end(body));
    settle(s);
    EXPECT_INT(s, count_nodes(), 1);
}

/* A list that was lost was not emptied by the user. */
static void list_lost(Scenario *s)
{
    PurpleBlistNode *node;

    s->account = scenario_account(s, ALICE, NULL);
    purple_blist_remove_account(s->account);
    while ((node = purple_blist_get_root()) != NULL) {
        while (node->child != NULL) {
            if (PURPLE_BLIST_NODE_IS_CHAT(node->child))
                purple_blist_remove_chat((PurpleChat *)node->child);
            else
                purple_blist_remove_buddy((PurpleBuddy *)node->child->child);
        }
        purple_blist_remove_group((PurpleGroup *)node);
    }
    come_back(s);
    EXPECT_INT(s, count_nodes(), 2);
}

/* What a crash did not save comes back. */
static void crash_1(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    scenario_die(s);
}

/* Left, saved without it, joined again, and not saved any more. */
static void crash_between(Scenario *s)
{
    SyncBody *body = sync_body_new();

    come_back(s);
    sync_body_leave(body, ROOM, event_member(ALICE, "leave", NULL));
    push(s, sync_body_end(body));
    settle(s);
    host_iterate(6000); /* libpurple writes its list after five seconds */
    body = sync_body_new();
    add_room(body, ROOM, "Room");
    push(s, sync_body_end(body));
    settle(s);
    EXPECT_INT(s, count_nodes(), 2);
    scenario_die(s);
}

static void crash_2(Scenario *s)
{
    come_back(s);
    EXPECT_INT(s, count_nodes(), 2);
}

/* Moving a buddy is not removing it. */
static void buddy_moved(Scenario *s)
{
    PurpleGroup *group = purple_group_new("Friends");

    set_usual_rooms(s);
    log_in(s);
    purple_blist_add_group(group, NULL);
    purple_blist_add_contact(purple_buddy_get_contact(purple_find_buddy(s->account, BOB)), group,
                             NULL);
    push_event(s, DIRECT, event_state("m.room.name", "", BOB, "{'name':'x'}"));
    settle(s);
    expect_group(s, BOB, "Friends");
    purple_blist_add_buddy(purple_find_buddy(s->account, BOB), NULL, purple_group_new("Others"),
                           NULL);
    push_event(s, DIRECT, event_state("m.room.name", "", BOB, "{'name':'y'}"));
    settle(s);
    expect_group(s, BOB, "Others");
}

static const ScenarioEntry entries[] = {
    {"groups-tags", {tags, tags_restart}},
    {"groups-spaces", {spaces}},
    {"groups-space-left-and-joined", {space_left_and_joined}},
    {"groups-space-renamed", {space_renamed}},
    {"groups-space-renamed-among-others", {space_renamed_among_others}},
    {"groups-spaces-of-one-name", {spaces_of_one_name}},
    {"groups-space-renamed-while-offline", {start_with_space, space_renamed_while_offline}},
    {"groups-order", {order}},
    {"groups-many", {many}},
    {"groups-moved-by-the-user", {moved_1, moved_2}},
    {"groups-added-by-the-user", {added_by_the_user}},
    {"groups-buddies-stay", {buddies_stay}},
    {"groups-removed-offline", {removed_offline_1, removed_offline_2, removed_offline_3}},
    {"groups-list-lost", {removed_offline_1, list_lost}},
    {"groups-crash", {crash_1, crash_2}},
    {"groups-crash-between", {removed_offline_1, crash_between, crash_2}},
    {"groups-buddy-moved", {buddy_moved}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
