/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-json.h"
#include "mx-moderation.h"
#include "mx-server-acl.h"
#include "mx-server-notice.h"
#include "mx-upgrade.h"
#include "store-fixture.h"

/* Tombstones and predecessors; and texts and contents of moderation. In the texts ' stands for ".
 */

typedef struct {
    char *dir;
    MxStore *store;
    MxRoomRow *room;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer data)
{
    fixture->dir = store_fixture_make_dir();
    fixture->store = store_fixture_open(fixture->dir);
    fixture->room = store_fixture_add_room(fixture->store, "!r:x");
}

static void tear_down(Fixture *fixture, gconstpointer data)
{
    mx_room_row_free(fixture->room);
    mx_store_close(fixture->store);
    store_fixture_remove_dir(fixture->dir);
}

static char *from_quotes(const char *text)
{
    return g_strdelimit(g_strdup(text), "'", '"');
}

static MxJsonSlice scan(const char *text)
{
    return mx_json_scan_root(text, strlen(text));
}

static void test_predecessor(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *create, *room_id, *event_id;
    } cases[] = {
        {"{'predecessor':{'room_id':'!old:x','event_id':'$last'}}", "!old:x", "$last"},
        {"{'predecessor':{'room_id':'!old'}}", "!old", NULL}, /* as of version 12 */
        {"{'predecessor':{'room_id':'!old:x','event_id':7}}", "!old:x", NULL},
        {"{'predecessor':{'room_id':'old'}}", NULL, NULL},
        {"{'predecessor':'!old:x'}", NULL, NULL},
        {"{}", NULL, NULL},
    };
    g_assert_null(mx_upgrade_get_predecessor(fixture->store, fixture->room->key));
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *create = from_quotes(cases[i].create);
        mx_store_set_state(fixture->store, fixture->room->key, "m.room.create", "", "$c", "@a:x",
                           scan(create));
        g_autoptr(MxPredecessor) found =
            mx_upgrade_get_predecessor(fixture->store, fixture->room->key);
        g_assert_cmpstr(found != NULL ? found->room_id : NULL, ==, cases[i].room_id);
        g_assert_cmpstr(found != NULL ? found->event_id : NULL, ==, cases[i].event_id);
    }
}

static void note(Fixture *fixture, const char *sender, const char *content, gboolean is_first)
{
    g_autofree char *text = from_quotes(content);
    MxEvent event = {.sender = (char *)sender, .content = scan(text)};
    mx_upgrade_note(fixture->store, fixture->room, &event, is_first);
}

static void assert_upgrade(Fixture *fixture, MxUpgradeStage stage, const char *successor,
                           const char *via)
{
    g_autoptr(MxUpgradeRow) row = mx_store_get_upgrade(fixture->store, fixture->room->key);
    g_assert_cmpint(row != NULL ? row->stage : MX_UPGRADE_NONE, ==, stage);
    g_assert_cmpstr(row != NULL ? row->successor : NULL, ==, successor);
    g_assert_cmpstr(row != NULL ? row->via : NULL, ==, via);
}

static void test_tombstone(Fixture *fixture, gconstpointer data)
{
    assert_upgrade(fixture, MX_UPGRADE_NONE, NULL, NULL);
    note(fixture, "@a:[::1]:8448", "{'replacement_room':'!n'}", TRUE);
    assert_upgrade(fixture, MX_UPGRADE_KNOWN, "!n", "[::1]:8448");
    note(fixture, "@b:y", "{'replacement_room':'!n'}", FALSE); /* no news */
    assert_upgrade(fixture, MX_UPGRADE_KNOWN, "!n", "[::1]:8448");
    note(fixture, "@b:y", "{'replacement_room':'!m'}", FALSE);
    assert_upgrade(fixture, MX_UPGRADE_FOLLOWED, "!m", "y");
    note(fixture, "@b:y", "{'replacement_room':'!r:x'}", FALSE); /* itself */
    assert_upgrade(fixture, MX_UPGRADE_KNOWN, NULL, "y");
    note(fixture, "@b:y", "{}", FALSE);
    assert_upgrade(fixture, MX_UPGRADE_NONE, NULL, NULL);
    /* Somebody who leads the user to one room after the other is not followed for ever. */
    note(fixture, "@b:y", "{'replacement_room':'!o'}", FALSE);
    note(fixture, "@b:y", "{}", FALSE);
    note(fixture, "@b:y", "{'replacement_room':'!p'}", FALSE);
    assert_upgrade(fixture, MX_UPGRADE_KNOWN, "!p", "y");
    fixture->room->membership = MX_MEMBERSHIP_INVITE; /* an inviter's word */
    note(fixture, "@b:y", "{'replacement_room':'!m'}", FALSE);
    assert_upgrade(fixture, MX_UPGRADE_KNOWN, "!p", "y");
}

static void test_power_edit(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *before, *creator;
        gint64 level;
        const char *after;
    } cases[] = {
        {"{}", NULL, 50, "{'users':{'@b:x':50}}"},
        {"{}", "@a:x", 50, "{'users':{'@a:x':100,'@b:x':50}}"},
        {"{'users':{'@b:x':50,'@c:x':7}}", NULL, 0, "{'users':{'@c:x':7}}"},
        {"{'users':{'@b:x':50},'users_default':10}", NULL, 0,
         "{'users':{'@b:x':0},'users_default':10}"},
        {"{'users':{'@c:x':' +7 ','@d:x':'x'},'ban':'60','odd':'60','events':{'t':'-1'}}", NULL, 5,
         "{'users':{'@c:x':7,'@b:x':5},'ban':60,'odd':'60','events':{'t':-1}}"},
        {"{'users':[1]}", NULL, 5, "{'users':{'@b:x':5}}"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *before = from_quotes(cases[i].before);
        g_autofree char *after = from_quotes(cases[i].after);
        g_autoptr(JsonObject) content = mx_json_parse_object(before, -1, NULL);
        mx_power_edit(content, cases[i].creator, "@b:x", cases[i].level);
        g_autofree char *text = mx_json_object_to_text(content);
        g_autoptr(JsonNode) got = mx_json_parse(text, -1, NULL);
        g_autoptr(JsonNode) wanted = mx_json_parse(after, -1, NULL);
        g_test_message("%s", text);
        g_assert_true(json_node_equal(got, wanted));
    }
}

static void test_server_acl(Fixture *fixture, gconstpointer data)
{
    static const struct {
        const char *content, *text;
    } cases[] = {
        {"{'allow':['*']}", "All servers may take part."},
        {"{'allow':['*'],'deny':['e.x','*.f.x']}",
         "All servers may take part but these: e.x, *.f.x."},
        {"{'allow':['a.x'],'allow_ip_literals':false}",
         "Only these servers may take part: a.x. Servers without a name, known by their IP "
         "address, may not."},
        {"{'allow':['a.x',7,null],'deny':['b.x']}",
         "Only these servers may take part: a.x; but not these: b.x."},
        {"{'deny':['b.x']}", "No server may take part."},
        {"{'allow':['*'],'deny':['*'],'allow_ip_literals':false}", "No server may take part."},
        {"{'allow':'*','allow_ip_literals':'no'}", "No server may take part."},
        {"[]", "No server may take part."},
    };
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *content = from_quotes(cases[i].content);
        g_autofree char *text = mx_server_acl_describe(scan(content));
        g_assert_cmpstr(text, ==, cases[i].text);
    }
    g_autoptr(GString) many = g_string_new("{\"allow\":[\"*\"],\"deny\":[");
    for (guint i = 0; i < 25; i++)
        g_string_append_printf(many, "%s\"s%u.x\"", i > 0 ? "," : "", i);
    g_string_append(many, "]}");
    g_autofree char *text = mx_server_acl_describe(scan(many->str));
    g_assert_nonnull(strstr(text, "s19.x and 5 more."));
}

static char *describe_notice(Fixture *fixture, const char *content)
{
    g_autofree char *text = from_quotes(content);
    return mx_server_notice_describe(fixture->store, fixture->room->key, scan(text));
}

static void test_server_notice(Fixture *fixture, gconstpointer data)
{
    static const char limit[] = "{'body':'Full','admin_contact':'mailto:a@x','server_notice_type':"
                                "'m.server_notice.usage_limit_reached'}";
    static const char tags[] = "{\"tags\":{\"m.server_notice\":{}}}";
    g_autofree char *forged = describe_notice(fixture, limit);
    g_assert_cmpstr(forged, ==, "Full");
    mx_store_set_account_data(fixture->store, fixture->room->key, "m.tag", tags, strlen(tags));
    g_autofree char *real = describe_notice(fixture, limit);
    g_assert_cmpstr(real, ==,
                    "Full\nYour homeserver has reached a limit: until that is settled it sends and "
                    "receives nothing for you.\nWhom to ask: mailto:a@x");
    g_autofree char *other = describe_notice(fixture, "{'body':'Hello','admin_contact':7}");
    g_assert_cmpstr(other, ==, "Hello");
    g_assert_null(describe_notice(fixture, "{'admin_contact':'mailto:a@x'}"));
}

#define add(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/upgrade/predecessor", test_predecessor);
    add("/upgrade/tombstone", test_tombstone);
    add("/moderation/power-edit", test_power_edit);
    add("/moderation/server-acl", test_server_acl);
    add("/moderation/server-notice", test_server_notice);
    return g_test_run();
}
