/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mx-sync-apply.h"
#include "store-fixture.h"

/* Typing and others' receipts in 2,000 rooms without a window: reading the answer, and what comes
 * after that. An argument chooses one way, for counting instructions: "read" reads alone, "apply"
 * does everything. */

#define N_ROOMS 2000
#define ROUNDS 20

static char *make_answer(const char *members)
{
    GString *text = g_string_new("{\"next_batch\":\"s1\",\"rooms\":{\"join\":{");
    for (guint room = 0; room < N_ROOMS; room++)
        g_string_append_printf(text, "%s\"!room%u:example.org\":{%s}", room > 0 ? "," : "", room,
                               members);
    g_string_append(text, "}}}");
    return g_string_free(text, FALSE);
}

static void on_part(MxSyncSection section, const char *room_id, MxSyncPart part, const char *json,
                    gsize len, gpointer user_data)
{
}

static void read_alone(const char *text)
{
    g_autoptr(MxSyncParser) parser = mx_sync_parser_new(on_part, NULL);
    if (!mx_sync_parser_feed(parser, text, strlen(text), NULL) ||
        !mx_sync_parser_finish(parser, NULL))
        exit(1);
}

static void apply(MxStore *store, const char *text)
{
    g_autoptr(MxSyncStage) stage = mx_sync_stage_new();
    g_autoptr(GHashTable) open_rooms = g_hash_table_new(g_str_hash, g_str_equal);
    MxApplyContext context = {
        .own_user_id = "@me:example.org", .since = "s0", .open_rooms = open_rooms};
    mx_sync_stage_set_open_rooms(stage, context.own_user_id, g_hash_table_ref(open_rooms));
    if (!mx_sync_stage_feed(stage, text, strlen(text), NULL) || !mx_sync_stage_finish(stage, NULL))
        exit(1);
    MxSyncChanges *changes = mx_sync_apply(store, stage, &context, NULL);
    if (changes == NULL)
        exit(1);
    mx_sync_changes_free(changes);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "both";
    char *dir = store_fixture_make_dir();
    MxStore *store = store_fixture_open(dir);
    g_autofree char *rooms = make_answer("\"summary\":{\"m.joined_member_count\":3}");
    g_autofree char *text = make_answer(
        "\"timeline\":{\"events\":[],\"prev_batch\":\"p\",\"limited\":false},\"state\":{\"events\":"
        "[]},\"account_data\":{\"events\":[]},\"unread_notifications\":{\"notification_count\":0,"
        "\"highlight_count\":0},\"summary\":{},\"ephemeral\":{\"events\":[{\"type\":\"m.typing\","
        "\"content\":{\"user_ids\":[\"@bob:example.org\"]}},{\"type\":\"m.receipt\",\"content\":{"
        "\"$0123456789012345678901234567890123456789012\":{\"m.read\":{\"@bob:example.org\":{"
        "\"ts\":1700000000000}}}}}]}");
    apply(store, rooms);
    gint64 times[2] = {0};
    for (guint i = 0; i < ROUNDS; i++) {
        gint64 start = g_get_monotonic_time();
        if (!g_str_equal(way, "apply"))
            read_alone(text);
        gint64 between = g_get_monotonic_time();
        if (!g_str_equal(way, "read"))
            apply(store, text);
        times[0] += between - start;
        times[1] += g_get_monotonic_time() - between;
    }
    printf("%u rooms: read %.2f ms, read and applied %.2f ms\n", N_ROOMS, times[0] / 1e3 / ROUNDS,
           times[1] / 1e3 / ROUNDS);
    mx_store_close(store);
    store_fixture_remove_dir(dir);
    return 0;
}
