/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "mx-room-name.h"
#include "sync-fixture.h"

/* An answer that uses every member that is read, with each value in turn replaced by one of every
 * type, or left out. Whatever comes: no warning, no failed transaction, and the next honest answer
 * is applied as ever. The # in identifiers becomes the number of the case, so that each case's
 * events are new. */

static const char answer[] =
    "{'next_batch':'n#',"
    "'account_data':{'events':[{'type':'m.direct','content':{'@bob:x':['!r:x']}}]},"
    "'presence':{'events':[{'type':'m.presence','sender':'@bob:x','content':{}}]},"
    "'to_device':{'events':[{'type':'m.x','sender':'@bob:x','content':{}}]},"
    "'device_one_time_keys_count':{'signed_curve25519':1},"
    "'rooms':{'join':{'!r:x':{"
    "'summary':{'m.heroes':['@bob:x'],'m.joined_member_count':2,'m.invited_member_count':0},"
    "'unread_notifications':{'highlight_count':1,'notification_count':2},"
    "'state':{'events':["
    "{'type':'m.room.member','event_id':'$a#','sender':'@bob:x','state_key':'@bob:x',"
    "'origin_server_ts':1,'content':{'membership':'join','displayname':'Bob',"
    "'avatar_url':'mxc://x/y'}},"
    "{'type':'m.room.member','event_id':'$b#','sender':'@bob:x','state_key':'@me:x',"
    "'origin_server_ts':1,'content':{'membership':'join'}},"
    "{'type':'m.room.name','event_id':'$c#','sender':'@bob:x','state_key':'',"
    "'origin_server_ts':1,'content':{'name':'N'}},"
    "{'type':'m.room.canonical_alias','event_id':'$d#','sender':'@bob:x','state_key':'',"
    "'origin_server_ts':1,'content':{'alias':'#a:x'}},"
    "{'type':'m.room.create','event_id':'$e#','sender':'@bob:x','state_key':'',"
    "'origin_server_ts':1,'content':{'type':'m.space'}},"
    "{'type':'io.element.functional_members','event_id':'$f#','sender':'@bob:x',"
    "'state_key':'','origin_server_ts':1,'content':{'service_members':['@b:x']}}]},"
    "'timeline':{'limited':true,'prev_batch':'p#','events':["
    "{'type':'m.room.message','event_id':'$g#','sender':'@bob:x','origin_server_ts':1000,"
    "'content':{'msgtype':'m.text','body':'x'}},"
    "{'type':'m.room.message','event_id':'$h#','sender':'@me:x','origin_server_ts':1000,"
    "'unsigned':{'transaction_id':'t#'},'content':{'msgtype':'m.text','body':'x'}},"
    "{'type':'m.room.redaction','event_id':'$i#','sender':'@bob:x','redacts':'$g#',"
    "'content':{'redacts':'$g#'}}]},"
    "'ephemeral':{'events':[{'type':'m.receipt','content':{'$g#':{'m.read':{'@me:x':{'ts':1,"
    "'thread_id':'main'}}}}}]},"
    "'account_data':{'events':[{'type':'m.tag','content':{'tags':{}}}]}},"
    "'!after:x':{'state_after':{'events':[{'type':'m.room.member','event_id':'$j#',"
    "'sender':'@bob:x','state_key':'@me:x','origin_server_ts':1,"
    "'content':{'membership':'join'}}]}}},"
    "'invite':{'!i:x':{'invite_state':{'events':[{'type':'m.room.member','sender':'@bob:x',"
    "'state_key':'@me:x','content':{'membership':'invite'}}]}}},"
    "'leave':{'!l:x':{'timeline':{'events':[{'type':'m.room.member','event_id':'$k#',"
    "'sender':'@bob:x','state_key':'@me:x','origin_server_ts':1,"
    "'content':{'membership':'ban','reason':'r'}}]}}},"
    "'knock':{'!k:x':{'knock_state':{'events':[]}}}}}";

static const char *const replacements[] = {
    "null", "true", "5",      "-1.5e300", "\"text\"",
    "\"\"", "[]",   "[[{}]]", "{}",       "{\"a\":{\"b\":[1]}}",
};

typedef struct {
    guint target, seen;
    JsonNode *with; /* NULL: left out */
    gboolean done;
} Mutation;

static void mutate(JsonNode *node, Mutation *mutation);

static void mutate_object(JsonObject *object, Mutation *mutation)
{
    g_autoptr(GList) names = json_object_get_members(object);
    for (GList *at = names; at != NULL && !mutation->done; at = at->next) {
        if (mutation->seen++ != mutation->target) {
            mutate(json_object_get_member(object, at->data), mutation);
            continue;
        }
        mutation->done = TRUE;
        if (mutation->with != NULL)
            json_object_set_member(object, at->data, json_node_copy(mutation->with));
        else
            json_object_remove_member(object, at->data);
    }
}

static void mutate_array(JsonArray *array, Mutation *mutation)
{
    for (guint i = 0; i < json_array_get_length(array) && !mutation->done; i++) {
        if (mutation->seen++ != mutation->target) {
            mutate(json_array_get_element(array, i), mutation);
            continue;
        }
        mutation->done = TRUE;
        json_array_remove_element(array, i);
        if (mutation->with != NULL)
            json_array_add_element(array, json_node_copy(mutation->with));
        return;
    }
}

static void mutate(JsonNode *node, Mutation *mutation)
{
    if (JSON_NODE_HOLDS_OBJECT(node))
        mutate_object(json_node_get_object(node), mutation);
    else if (JSON_NODE_HOLDS_ARRAY(node))
        mutate_array(json_node_get_array(node), mutation);
}

/* The answer with its value number target replaced; NULL when there is no such value. */
static char *make_answer(guint target, const char *replacement, guint number)
{
    g_autofree char *digits = g_strdup_printf("%u", number);
    g_autoptr(GString) text = g_string_new(answer);
    g_string_replace(text, "#a:x", "\x01", 0);
    g_string_replace(text, "#", digits, 0);
    g_string_replace(text, "\x01", "#a:x", 0);
    g_string_replace(text, "'", "\"", 0);
    g_autoptr(JsonNode) root = json_from_string(text->str, NULL);
    g_assert_nonnull(root);
    g_autoptr(JsonNode) with = replacement != NULL ? json_from_string(replacement, NULL) : NULL;
    Mutation mutation = {.target = target, .with = with};
    mutate(root, &mutation);
    return mutation.done ? json_to_string(root, FALSE) : NULL;
}

static void assert_sound(SyncFixture *fixture)
{
    for (guint i = 0; i < fixture->changes->rooms->len; i++) {
        MxRoomChange *change = g_ptr_array_index(fixture->changes->rooms, i);
        g_assert_nonnull(change->room->room_id);
        g_assert_cmpstr(change->room->name, !=, "");
        g_assert_true(g_utf8_validate(change->room->name, -1, NULL));
        g_assert_cmpint(change->room->people, >=, 0);
        g_assert_cmpint(change->room->unread, >=, 0);
        g_assert_cmpint(change->room->key, >, 0);
    }
}

static void assert_goes_on(SyncFixture *fixture, guint number)
{
    g_autofree char *honest = g_strdup_printf(
        "'rooms':{'join':{'!honest:x':{'timeline':{'events':[{'type':'m.room.message',"
        "'event_id':'$honest%u','sender':'@bob:x','origin_server_ts':1,"
        "'content':{'body':'b','msgtype':'m.text'}}]}}}}",
        number);
    sync_fixture_feed(fixture, honest);
    MxRoomChange *change = sync_fixture_change(fixture, "!honest:x");
    g_assert_nonnull(change);
    g_assert_true(change->has_new_lines);
}

static void test_types(SyncFixture *fixture, gconstpointer data)
{
    guint number = 0, applied = 0, target;
    sync_fixture_feed(fixture, "");
    g_hash_table_add(fixture->open_rooms, (gpointer) "!r:x");
    for (target = 0;; target++) {
        for (guint i = 0; i <= G_N_ELEMENTS(replacements); i++) {
            const char *with = i < G_N_ELEMENTS(replacements) ? replacements[i] : NULL;
            g_autofree char *text = make_answer(target, with, ++number);
            if (text == NULL) {
                g_assert_cmpint(target, >, 100); /* every value had its turn */
                g_assert_cmpint(applied, >, number * 9 / 10);
                return;
            }
            g_test_message("%u: %s", target, with != NULL ? with : "left out");
            if (sync_fixture_try(fixture, text)) {
                applied++;
                assert_sound(fixture);
            }
        }
        assert_goes_on(fixture, number);
    }
}

/* The unchanged answer does what the cases above vary. */
static void test_honest(SyncFixture *fixture, gconstpointer data)
{
    sync_fixture_feed(fixture, "");
    g_autofree char *text = make_answer(0, "\"n\"", 1); /* replaces next_batch alone */
    g_assert_true(sync_fixture_try(fixture, text));
    g_assert_cmpint(fixture->changes->rooms->len, ==, 5);
    g_assert_cmpstr(sync_fixture_change(fixture, "!r:x")->room->name, ==, "N");
    g_assert_true(sync_fixture_change(fixture, "!r:x")->room->is_space);
}

/* Half an answer, or none, changes nothing. */
static void test_broken(SyncFixture *fixture, gconstpointer data)
{
    static const char *const texts[] = {
        "",
        "[]",
        "null",
        "{}",
        "{'next_batch':null}",
        "{'next_batch':5}",
        "{'rooms':{}}",
        "{'next_batch':'n','rooms':{'join':{'!new:x':{}}}",
        "{'next_batch':'n','rooms':{'join':{'!new:x':{}}}}}",
        "<html>502</html>",
    };
    sync_fixture_feed(fixture, "");
    for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_test_message("%s", texts[i]);
        g_assert_false(sync_fixture_try(fixture, texts[i]));
    }
    g_assert_null(mx_store_get_room(fixture->store, "!new:x"));
    g_autofree char *next_batch = mx_store_get_value(fixture->store, MX_VALUE_NEXT_BATCH);
    g_assert_cmpstr(next_batch, ==, "s1");
}

/* As deep as 64 KiB go. */
static void test_deep(SyncFixture *fixture, gconstpointer data)
{
    g_autoptr(GString) deep = g_string_new(NULL);
    for (guint i = 0; i < 13000; i++)
        g_string_append(deep, "{'a':");
    g_string_append(deep, "1");
    for (guint i = 0; i < 13000; i++)
        g_string_append(deep, "}");
    sync_fixture_feed(fixture, "");
    g_autofree char *members = g_strdup_printf(
        TIMELINE("{'type':'m.room.message','event_id':'$1','sender':'@bob:x','content':"
                 "{'body':'b','x':%s}}"),
        deep->str);
    sync_fixture_room(fixture, "join", "!r:x", members);
    assert_pending(fixture, "!r:x", "b");
}

#define add(path, func)                                                                            \
    g_test_add(path, SyncFixture, NULL, sync_fixture_set_up, func, sync_fixture_tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/sync-hostile/honest", test_honest);
    add("/sync-hostile/types", test_types);
    add("/sync-hostile/broken", test_broken);
    add("/sync-hostile/deep", test_deep);
    return g_test_run();
}
