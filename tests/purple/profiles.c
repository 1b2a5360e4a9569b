/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* What is shown of people, the user's own name, and the directory. */

#define PROFILE                                                                                    \
    "{\"displayname\":\"Bob <b>B.</b>\",\"avatar_url\":\"mxc://localhost/red\",\"m.tz\":"          \
    "\"Europe/Berlin\",\"io.fsky.nyx.pronouns\":[{\"language\":\"en\",\"summary\":\"he/him\"}],"   \
    "\"org.example.<i>job\":\"Baker & \\u202etailor\",\"org.example.list\":[1,"                    \
    "{\"<b>\":null}],\"org.example.number\":5,\"org.example.null\":null}"
#define FORBIDDEN                                                                                  \
    (FakeAnswer)                                                                                   \
    {                                                                                              \
        .status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"                    \
    }
static const char red[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\0\0\0\0";

static void start(Scenario *s)
{
    set_usual_rooms(s);
    fake_server_set_media(s->server, "localhost/red", "image/png", red, sizeof red);
    log_in(s);
}

static void command(Scenario *s, const char *name, const char *text, const char *result)
{
    g_autofree char *error = NULL;
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, name), text, &error), result);
    CHECK(s, (error != NULL) == !g_str_equal(result, "OK"));
}

/* serv_get_info(), and the requests that it takes. */
static JsonObject *get_info(Scenario *s, const char *who)
{
    serv_get_info(purple_account_get_connection(s->account), who);
    EXPECT_REQUEST(s, "get-presence");
    EXPECT_REQUEST(s, "mutual-rooms");
    JsonObject *event = EXPECT_EVENT(s, "notify", "kind", "userinfo", "who", who);
    return json_object_get_object_member(event, "pairs");
}

static void expect_pair(Scenario *s, JsonObject *pairs, const char *label, const char *value)
{
    EXPECT_TEXT(s, text_of(pairs, label), value);
}

static void no_mutual_rooms(Scenario *s)
{
    fake_server_always(
        s->server, "mutual-rooms",
        (FakeAnswer){.status = 404, .body = "{\"errcode\":\"M_UNRECOGNIZED\",\"error\":\"?\"}"});
}

static void info(Scenario *s)
{
    start(s);
    fake_server_set_profile(s->server, BOB, PROFILE);
    fake_server_once(s->server, "get-presence",
                     (FakeAnswer){.status = 200,
                                  .body =
                                      "{\"presence\":\"unavailable\",\"status_msg\":\"Out <br>\","
                                      "\"last_active_ago\":600000}"});
    fake_server_always(
        s->server, "mutual-rooms",
        (FakeAnswer){.status = 200, .body = "{\"joined\":[\"" ROOM "\",\"!else:where\",7]}"});
    JsonObject *pairs = get_info(s, BOB);
    EXPECT_REQUEST(s, "thumbnail");
    expect_pair(s, pairs, "Display name", "Bob &lt;b&gt;B.&lt;/b&gt;");
    expect_pair(s, pairs, "Matrix ID", BOB);
    expect_pair(s, pairs, "Pronouns", "he/him");
    CHECK(s, g_str_has_prefix(text_of(pairs, "Time zone"), "Europe/Berlin (it is "));
    expect_pair(s, pairs, "org.example.&lt;i&gt;job", "Baker &amp;    tailor");
    expect_pair(s, pairs, "Presence", "away");
    expect_pair(s, pairs, "Status", "Out &lt;br&gt;");
    CHECK(s, text_of(pairs, "Last active") != NULL);
    CHECK(s, strstr(text_of(pairs, "Rooms in common"), "Room") != NULL);
    expect_pair(s, pairs, "Direct chat", "yes, not encrypted");
    expect_pair(s, pairs, "Ignored", "no");
    CHECK(s, g_str_has_prefix(text_of(pairs, "-"), "<img id=\""));
    expect_pair(s, pairs, "org.example.number", "5");
    expect_pair(s, pairs, "org.example.list", "[1,{&quot;&lt;b&gt;&quot;:null}]");
    CHECK(s, !json_object_has_member(pairs, "org.example.null"));
}

/* Nothing but the ID can be had: the window comes all the same. */
static void info_of_nobody(Scenario *s)
{
    start(s);
    no_mutual_rooms(s);
    fake_server_once(s->server, "profile", (FakeAnswer){.status = 404, .body = "{}"});
    fake_server_once(s->server, "get-presence", FORBIDDEN);
    JsonObject *pairs = get_info(s, "@nobody:localhost");
    expect_pair(s, pairs, "Matrix ID", "@nobody:localhost");
    CHECK(s, strstr(text_of(pairs, "Profile"), "nobody has this Matrix ID") != NULL);
    expect_pair(s, pairs, "Presence", "not known");
    expect_pair(s, pairs, "Rooms in common, as far as known here", "none");
    expect_pair(s, pairs, "Direct chat", "none yet");
    expect_pair(s, pairs, "Avatar", "none");
    EXPECT_REQUEST(s, "unknown"); /* the path before version 1.19 */
}

static void info_of_no_id(Scenario *s)
{
    start(s);
    serv_get_info(purple_account_get_connection(s->account), "bob");
    JsonObject *event = EXPECT_EVENT(s, "notify", "kind", "userinfo", "who", "bob");
    JsonObject *pairs = json_object_get_object_member(event, "pairs");
    CHECK(s, strstr(text_of(pairs, "Profile"), "is no Matrix ID") != NULL);
    EXPECT_NOTHING(s, 100);
}

/* A name of a time zone is a name of a file to GLib. */
static void odd_profiles(Scenario *s)
{
    static const char *const odd[] = {
        "{\"m.tz\":\"../../../etc/passwd\"}",
        "{\"m.tz\":\"/etc/passwd\"}",
        "{\"m.tz\":{}}",
        "{\"displayname\":7,\"avatar_url\":[]}",
        "{\"avatar_url\":\"file:///x\"}",
        "{\"io.fsky.nyx.pronouns\":[{},{\"summary\":1}]}",
        "{\"m.pronouns\":5}",
        "[]",
        "nonsense",
    };
    start(s);
    no_mutual_rooms(s);
    for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
        fake_server_set_profile(s->server, BOB, odd[i]);
        JsonObject *pairs = get_info(s, BOB);
        EXPECT_REQUEST(s, "unknown");
        expect_pair(s, pairs, "Matrix ID", BOB);
        CHECK(s, !json_object_has_member(pairs, "Time zone"));
        CHECK(s, !json_object_has_member(pairs, "Pronouns"));
        expect_pair(s, pairs, "Avatar", "none");
    }
}

/* A profile may hold a whole book. */
static void many_fields(Scenario *s)
{
    g_autoptr(GString) profile = g_string_new("{\"displayname\":\"Bob\"");
    g_autofree char *book = g_strnfill(1000, 'x');
    for (guint i = 0; i < 50; i++)
        g_string_append_printf(profile, ",\"field%02u\":\"%s\"", i, book);
    g_string_append_c(profile, '}');
    start(s);
    no_mutual_rooms(s);
    fake_server_set_profile(s->server, BOB, profile->str);
    fake_server_once(
        s->server, "get-presence",
        (FakeAnswer){.status = 200, .body = "{\"presence\":\"org.matrix.msc3026.busy\"}"});
    JsonObject *pairs = get_info(s, BOB);
    EXPECT_REQUEST(s, "unknown");
    expect_pair(s, pairs, "Presence", "away");
    EXPECT_INT(s, strlen(text_of(pairs, "field19")), 200);
    CHECK(s, !json_object_has_member(pairs, "field20"));
    expect_pair(s, pairs, "Profile", "30 more fields, not shown here");
}

static JsonObject *with_avatar(const char *name, const char *mxc)
{
    g_autofree char *content =
        g_strdup_printf("{'membership':'join','displayname':'%s','avatar_url':'%s'}", name, mxc);
    return event_with_prev(event_state("m.room.member", BOB, BOB, content),
                           "{'membership':'join','displayname':'Bob'}");
}

/* Slow avatars of others do not keep one waiting. */
static void info_is_not_held_up(Scenario *s)
{
    start(s);
    no_mutual_rooms(s);
    for (guint i = 0; i < 3; i++) {
        g_autofree char *mxc = g_strdup_printf("mxc://slow.example/%u", i);
        fake_server_once(s->server, "thumbnail", (FakeAnswer){.status = 200, .how = FAKE_SILENT});
        push_event(s, DIRECT, with_avatar("Bob", mxc));
        EXPECT_REQUEST(s, "thumbnail");
    }
    fake_server_set_profile(s->server, CAROL, PROFILE);
    JsonObject *pairs = get_info(s, CAROL);
    CHECK(s, g_str_has_prefix(text_of(pairs, "-"), "<img id=\""));
    EXPECT_REQUEST(s, "thumbnail");
    EXPECT_REQUEST(s, "unknown");
}

/* Also where libpurple would say it, too. */
static void new_name_is_said_once(Scenario *s)
{
    start(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    push_event(s, DIRECT,
               event_with_prev(event_member(BOB, "join", "Robert"),
                               "{'membership':'join','displayname':'Bob'}"));
    EXPECT_EVENT(s, "line", "name", BOB, "text", "Bob is now known as Robert.");
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    EXPECT_TEXT(s, purple_buddy_get_alias(purple_find_buddy(s->account, BOB)), "Robert");
}

static void expect_whois(Scenario *s, const char *name, const char *text, const char *id)
{
    g_autofree char *wanted = g_strdup_printf("Matrix ID: %s", id);
    command(s, name, text, "OK");
    EXPECT_REQUEST(s, "get-presence");
    EXPECT_REQUEST(s, "mutual-rooms");
    EXPECT_REQUEST(s, "unknown");
    JsonObject *line = EXPECT_EVENT(s, "line", "name", name, "~text", wanted);
    CHECK(s, strstr(text_of(line, "text"), "Ignored: no") != NULL);
}

static gboolean lists_all(gpointer data)
{
    PurpleConversation *room = host_find_conversation(((Scenario *)data)->account, ROOM);
    return g_list_length(purple_conv_chat_get_users(PURPLE_CONV_CHAT(room))) == 3;
}

static void whois(Scenario *s)
{
    start(s);
    no_mutual_rooms(s);
    fake_server_set_profile(s->server, BOB, PROFILE);
    open_chat(s, ROOM);
    WAIT(s, lists_all, s);
    settle(s);
    expect_whois(s, ROOM, "whois Bob", BOB);
    expect_whois(s, ROOM, "whois " CAROL, CAROL);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    expect_whois(s, BOB, "whois", BOB);
    command(s, ROOM, "whois Dave", "FAILED");
    command(s, ROOM, "whois", "FAILED");
    EXPECT_INT(s, count_lines(), 0);
}

static void whois_two_of_a_name(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    push_event(s, ROOM, event_member(CAROL, "join", "Twin"));
    EXPECT_EVENT(s, "line", "~text", "Twin");
    push_event(s, ROOM, event_member(BOB, "join", "Twin"));
    EXPECT_EVENT(s, "line", "~text", "Twin");
    settle(s);
    g_autofree char *error = NULL;
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), "whois Twin", &error),
                "FAILED");
    CHECK(s, error != NULL && strstr(error, "Several people") != NULL);
    no_mutual_rooms(s);
    expect_whois(s, ROOM, "whois Twin (" BOB ")", BOB);
    EXPECT_NOTHING(s, 100);
}

/* ---- the own name ---- */

static void expect_name(Scenario *s, const char *name)
{
    FakeRequest *request = EXPECT_REQUEST(s, "set-profile");
    g_autofree char *body = g_strdup_printf("{\"displayname\":\"%s\"}", name);
    EXPECT_TEXT(s, request->path, "/_matrix/client/v3/profile/%40alice%3Alocalhost/displayname");
    EXPECT_TEXT(s, request->body, body);
}

static const char *own_name(Scenario *s)
{
    return purple_connection_get_display_name(purple_account_get_connection(s->account));
}

static void nick(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    command(s, ROOM, "nick  Alice the Great ", "OK");
    expect_name(s, "Alice the Great");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "is changed");
    EXPECT_TEXT(s, own_name(s), "Alice the Great");
    fake_server_once(s->server, "set-profile", FORBIDDEN);
    command(s, ROOM, "nick Other", "OK");
    expect_name(s, "Other");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "does not let you change it");
    EXPECT_TEXT(s, own_name(s), "Alice the Great");
}

static void name_action(Scenario *s)
{
    g_autoptr(GError) error = NULL;
    start(s);
    CHECK(s, host_run_action(s->account, "Set display name…"));
    JsonObject *request = EXPECT_EVENT(s, "request", "kind", "input");
    CHECK(s, host_press(json_object_get_int_member(request, "request"), "Set", "Al", NULL, &error));
    expect_name(s, "Al");
    settle(s);
    EXPECT_TEXT(s, own_name(s), "Al");
}

static void on_alias(PurpleAccount *account, const char *alias)
{
    purple_account_set_string(account, "test_alias", alias);
}

static gboolean has_alias(gpointer account)
{
    return purple_account_get_string(account, "test_alias", NULL) != NULL;
}

static void public_alias(Scenario *s)
{
    start(s);
    purple_account_set_public_alias(s->account, "Ally", on_alias, on_alias);
    expect_name(s, "Ally");
    WAIT(s, has_alias, s->account);
    purple_account_set_string(s->account, "test_alias", NULL);
    purple_account_get_public_alias(s->account, on_alias, on_alias);
    WAIT(s, has_alias, s->account);
    EXPECT_TEXT(s, purple_account_get_string(s->account, "test_alias", NULL), "Ally");
}

static gboolean is_renamed(gpointer data)
{
    return g_strcmp0(own_name(data), "New Alice") == 0;
}

static gboolean is_nameless(gpointer data)
{
    return own_name(data) == NULL;
}

/* The user's other client changes it; one question, in however many rooms it is told. */
static void name_followed(Scenario *s)
{
    SyncBody *body = sync_body_new();
    start(s);
    guint before = fake_server_count(s->server, "profile");
    fake_server_set_profile(s->server, ALICE, "{\"displayname\":\"New Alice\"}");
    sync_body_timeline(body, ROOM, event_member(ALICE, "join", "New Alice"));
    sync_body_timeline(body, DIRECT, event_member(ALICE, "join", "New Alice"));
    push(s, sync_body_end(body));
    WAIT(s, is_renamed, s);
    EXPECT_INT(s, fake_server_count(s->server, "profile"), before + 1);
    fake_server_set_profile(s->server, ALICE, "{}");
    push_event(s, ROOM, event_member(ALICE, "join", NULL));
    WAIT(s, is_nameless, s);
}

/* ---- the directory ---- */

#define FOUND                                                                                      \
    "{\"limited\":true,\"results\":[{\"user_id\":\"" CAROL                                         \
    "\",\"display_name\":\"Carol <b>&\"},{\"user_id\":\"" CAROL                                    \
    "\"},{\"user_id\":\"no id\"},7,{\"user_id\":\"@dave:far.example\",\"display_name\":[]}]}"

static void search(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    fake_server_once(s->server, "search-people", (FakeAnswer){.status = 200, .body = FOUND});
    command(s, ROOM, "users car ol", "OK");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "search-people")->body,
                "{\"search_term\":\"car ol\",\"limit\":50}");
    JsonObject *results = EXPECT_EVENT(s, "notify", "kind", "searchresults", "~primary", "car ol",
                                       "~secondary", "more");
    g_autofree char *rows = json_to_string(json_object_get_member(results, "rows"), FALSE);
    EXPECT_TEXT(s, rows, "[[\"" CAROL "\",\"Carol <b>&\"],[\"@dave:far.example\",\"\"]]");
    CHECK(s, host_press_row(0, "IM"));
    EXPECT_EVENT(s, "window", "name", CAROL);
    CHECK(s, host_press_row(1, "Add"));
    EXPECT_EVENT(s, "request-add", "who", "@dave:far.example");
    no_mutual_rooms(s);
    CHECK(s, host_press_row(0, "Info"));
    EXPECT_EVENT(s, "notify", "kind", "userinfo", "who", CAROL);
    EXPECT_REQUEST(s, "get-presence");
    EXPECT_REQUEST(s, "mutual-rooms");
    EXPECT_REQUEST(s, "unknown");
}

static void search_action(Scenario *s)
{
    g_autoptr(GError) error = NULL;
    start(s);
    CHECK(s, host_run_action(s->account, "Search for people…"));
    JsonObject *request = EXPECT_EVENT(s, "request", "kind", "input");
    guint number = json_object_get_int_member(request, "request");
    CHECK(s, host_press(number, "Search", " xyz ", NULL, &error));
    EXPECT_REQUEST(s, "search-people");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "knows nobody by “xyz”");
    open_chat(s, ROOM);
    fake_server_once(s->server, "search-people", FORBIDDEN);
    command(s, ROOM, "users a", "OK");
    EXPECT_REQUEST(s, "search-people");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "no directory of people");
}

/* Somebody without a direct room: their name is asked for. */
static gboolean has_server_alias(gpointer buddy)
{
    return purple_buddy_get_server_alias(buddy) != NULL;
}

static void buddy_is_named(Scenario *s)
{
    start(s);
    fake_server_set_profile(
        s->server, CAROL, "{\"displayname\":\"Carol C.\",\"avatar_url\":\"mxc://localhost/red\"}");
    PurpleBuddy *buddy = purple_buddy_new(s->account, CAROL, NULL);
    purple_blist_add_buddy(buddy, NULL, purple_group_new("Friends"), NULL);
    purple_account_add_buddy(s->account, buddy);
    WAIT(s, has_server_alias, buddy);
    EXPECT_TEXT(s, purple_buddy_get_server_alias(buddy), "Carol C.");
    EXPECT_REQUEST(s, "thumbnail");
    settle(s);
    EXPECT_TEXT(s, purple_buddy_icons_get_checksum_for_user(buddy), "mxc://localhost/red");
}

int main(int argc, char **argv)
{
    static const ScenarioEntry entries[] = {
        {"info", {info}},
        {"info-of-nobody", {info_of_nobody}},
        {"info-of-no-id", {info_of_no_id}},
        {"odd-profiles", {odd_profiles}},
        {"many-fields", {many_fields}},
        {"info-is-not-held-up", {info_is_not_held_up}},
        {"new-name-is-said-once", {new_name_is_said_once}},
        {"whois", {whois}},
        {"whois-two-of-a-name", {whois_two_of_a_name}},
        {"nick", {nick}},
        {"name-action", {name_action}},
        {"public-alias", {public_alias}},
        {"name-followed", {name_followed}},
        {"search", {search}},
        {"search-action", {search_action}},
        {"buddy-is-named", {buddy_is_named}},
    };

    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
