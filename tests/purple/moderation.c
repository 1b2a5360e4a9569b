/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* What a user with power does to others, and what anybody can: report, look at a room before. */

#define LEVELS "{'users':{'" ALICE "':100,'" CAROL "':100,'@mod:localhost':50}}"
#define NEVER(type) (fake_server_count(s->server, type) == 0)

/* What GET /members gives of the room. */
static void serve_members(Scenario *s)
{
    static const char *const people[] = {ALICE,   "Alice",          BOB,   "Bob", CAROL,
                                         "Carol", "@mod:localhost", "Mod", NULL};
    GString *body = g_string_new("{\"chunk\":[");

    for (guint i = 0; people[i] != NULL; i += 2) {
        g_autofree char *event = event_to_text(event_member(people[i], "join", people[i + 1]));
        g_string_append_printf(body, "%s%s", i > 0 ? "," : "", event);
    }
    g_string_append(body, "]}");
    fake_server_set_members(s->server, ROOM, body->str);
    g_string_free(body, TRUE);
}

/* Alice has this power, the room this version. */
static void start(Scenario *s, const char *create, const char *creator, const char *levels)
{
    SyncBody *body = sync_body_new();

    serve_members(s);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL " @mod:localhost");
    sync_body_state(body, ROOM, event_state("m.room.create", "", creator, create));
    if (levels != NULL)
        sync_body_state(body, ROOM, event_state("m.room.power_levels", "", ALICE, levels));
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
    EXPECT_EVENT(s, "chat-users", "name", ROOM); /* now names are known */
    EXPECT_REQUEST(s, "members");
    settle(s);
    forget_events(s);
}

static void start_mighty(Scenario *s)
{
    start(s, "{'room_version':'11'}", ALICE, LEVELS);
}

static void ok(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "OK");
}

static void failed(Scenario *s, const char *text, const char *hint)
{
    g_autofree char *error = NULL;

    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, ROOM), text, &error), "FAILED");
    CHECK(s, error != NULL && strstr(error, hint) != NULL);
}

static void expect_deed(Scenario *s, const char *endpoint, const char *user_id, const char *reason)
{
    FakeRequest *request = EXPECT_REQUEST(s, endpoint);
    g_autoptr(JsonObject) body = fake_request_json(request);

    EXPECT_TEXT(s, request->args[0], ROOM);
    EXPECT_TEXT(s, text_of(body, "user_id"), user_id);
    EXPECT_TEXT(s, text_of(body, "reason"), reason);
}

static void expect_refusal(Scenario *s, const char *words)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", words);
    EXPECT_NOTHING(s, 50);
}

/* ---- kick, ban, unban ---- */

static void deeds(Scenario *s)
{
    start_mighty(s);
    ok(s, "/kick Bob");
    expect_deed(s, "kick", BOB, NULL);
    ok(s, "/kick  " BOB "  too loud & rude ");
    expect_deed(s, "kick", BOB, "too loud & rude");
    ok(s, "/kick https://matrix.to/#/" BOB " link");
    expect_deed(s, "kick", BOB, "link");
    ok(s, "/ban Bob spam");
    expect_deed(s, "ban", BOB, "spam");
    ok(s, "/unban @gone:far.example sorry");
    expect_deed(s, "unban", "@gone:far.example", "sorry");
    EXPECT_NOTHING(s, 100); /* the room's lines tell it */
}

static void named_with_spaces(Scenario *s)
{
    start_mighty(s);
    push_event(s, ROOM,
               event_with_prev(event_member(BOB, "join", "Bob the  Builder"),
                               "{'membership':'join','displayname':'Bob'}"));
    EXPECT_EVENT(s, "line", "~text", "now known as");
    settle(s);
    ok(s, "/kick Bob the  Builder is too loud");
    expect_deed(s, "kick", BOB, "is too loud");
    EXPECT_NOTHING(s, 50);
}

static void become(Scenario *s, const char *user_id, const char *name, const char *before)
{
    g_autofree char *prev = g_strdup_printf("{'membership':'join','displayname':'%s'}", before);
    push_event(s, ROOM, event_with_prev(event_member(user_id, "join", name), prev));
    EXPECT_EVENT(s, "line", "~text", "now known as");
    settle(s);
}

/* A name of two people is none of a third whose name it begins with. */
static void named_as_another(Scenario *s)
{
    start_mighty(s);
    become(s, BOB, "Twin Peaks", "Bob");
    become(s, CAROL, "Twin Peaks", "Carol");
    become(s, "@mod:localhost", "Twin", "Mod");
    failed(s, "/kick Twin Peaks", "Several people here have this name");
    failed(s, "/redactall Twin Peaks spam", "Several people here have this name");
    CHECK(s, NEVER("kick"));
    ok(s, "/kick Twin is too loud");
    expect_deed(s, "kick", "@mod:localhost", "is too loud");
    EXPECT_NOTHING(s, 50);
}

static void not_allowed(Scenario *s)
{
    start(s, "{'room_version':'11'}", CAROL,
          "{'users':{'" ALICE "':50,'" CAROL "':100,"
          "'@mod:localhost':50},'ban':60}");
    ok(s, "/kick Carol");
    expect_refusal(s, CAROL " was not removed. Carol has the power level 100, and yours is 50");
    ok(s, "/kick Mod"); /* an equal */
    expect_refusal(s, "Mod has the power level 50, and yours is 50");
    ok(s, "/ban Bob");
    expect_refusal(s,
                   BOB " was not banned. In this room that takes a power level of 60, and yours");
    ok(s, "/unban Bob");
    expect_refusal(s, BOB " was not unbanned. In this room that takes a power level of 60");
    ok(s, "/kick " ALICE);
    expect_refusal(s, "That is you. /leave");
    ok(s, "/ban " ALICE);
    expect_refusal(s, "That is you.");
    CHECK(s, NEVER("kick") && NEVER("ban") && NEVER("unban"));
}

static void refused(Scenario *s)
{
    FakeAnswer forbidden = {.status = 403,
                            .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"not <there>\"}"};

    start_mighty(s);
    fake_server_once(s->server, "kick", forbidden);
    ok(s, "/kick Bob");
    EXPECT_REQUEST(s, "kick");
    expect_refusal(s, BOB " was not removed. They are not in the room, or you may not do that. "
                          "(The homeserver says: not &lt;there&gt;)");
    fake_server_once(s->server, "ban", FAKE_502);
    ok(s, "/ban Bob");
    EXPECT_REQUEST(s, "ban");
    expect_refusal(s, "was not banned. Another server that is needed for it does not answer");
}

static void bans(Scenario *s)
{
    FakeRequest *request;
    g_autofree char *membership = NULL;

    start_mighty(s);
    ok(s, "/bans");
    EXPECT_REQUEST(s, "members");
    EXPECT_EVENT(s, "line", "~text", "Nobody is banned");
    fake_server_set_members(
        s->server, ROOM,
        "{\"chunk\":[{\"type\":\"m.room.member\",\"state_key\":\"@z:x\",\"sender\":\"@a:x\","
        "\"content\":{\"membership\":\"ban\",\"reason\":\"<b>rude</b>\"}},7,"
        "{\"type\":\"m.room.member\",\"state_key\":\"@b:x\",\"content\":{\"membership\":\"ban\"}},"
        "{\"type\":\"m.room.member\",\"state_key\":\"@c:x\",\"content\":{\"membership\":\"join\"}}"
        "]}");
    ok(s, "/bans");
    request = EXPECT_REQUEST(s, "members");
    membership = fake_request_query(request, "membership");
    EXPECT_TEXT(s, membership, "ban");
    EXPECT_EVENT(s, "line", "~text",
                 "2 people are banned from this room:<br>@b:x<br>@z:x: &lt;b&gt;rude&lt;/b&gt;");
    fake_server_once(s->server, "members", (FakeAnswer){.status = 200, .body = "[]"});
    ok(s, "/bans");
    EXPECT_REQUEST(s, "members");
    expect_refusal(s, "It cannot be told who is banned from Room.");
}

/* ---- power ---- */

static void serve_levels(Scenario *s, const char *levels)
{
    g_autofree char *body = json_quotes(levels);

    fake_server_always(s->server, "state-event", (FakeAnswer){.status = 200, .body = body});
}

/* What was written as the new levels. The caller frees. */
static JsonObject *expect_written(Scenario *s)
{
    FakeRequest *request;

    EXPECT_TEXT(s, EXPECT_REQUEST(s, "state-event")->args[1], "m.room.power_levels");
    request = EXPECT_REQUEST(s, "set-state");
    EXPECT_TEXT(s, request->args[1], "m.room.power_levels");
    return fake_request_json(request);
}

static gint64 level_of(JsonObject *levels, const char *user_id)
{
    return json_object_get_int_member_with_default(json_object_get_object_member(levels, "users"),
                                                   user_id, -1);
}

static void powers(Scenario *s)
{
    g_autoptr(JsonObject) op = NULL, deop = NULL, level = NULL;

    start_mighty(s);
    /* What the server has by now, and what is not known here, stays. */
    serve_levels(s, "{'users':{'" ALICE "':100,'" CAROL "':100,'@new:x':7},'org.example':{'x':[1]},"
                    "'events':{'m.room.name':'30'},'ban':'60','kick':'odd'}");
    ok(s, "/op Bob");
    op = expect_written(s);
    EXPECT_INT(s, level_of(op, BOB), 50);
    EXPECT_INT(s, level_of(op, "@new:x"), 7);
    EXPECT_INT(s, level_of(op, ALICE), 100);
    CHECK(s, json_object_has_member(op, "org.example"));
    EXPECT_INT(s, json_object_get_int_member(op, "ban"), 60);
    CHECK(s, !json_object_has_member(op, "kick"));
    EXPECT_INT(
        s, json_object_get_int_member(json_object_get_object_member(op, "events"), "m.room.name"),
        30);
    ok(s, "/deop Mod");
    deop = expect_written(s);
    EXPECT_INT(s, level_of(deop, "@mod:localhost"), -1);
    ok(s, "/power Bob 73");
    level = expect_written(s);
    EXPECT_INT(s, level_of(level, BOB), 73);
    EXPECT_NOTHING(s, 100);
}

static void powers_refused(Scenario *s)
{
    start_mighty(s);
    ok(s, "/op Mod");
    expect_refusal(s, "Mod has the power level 50 already.");
    ok(s, "/op Carol"); /* who has more keeps it */
    expect_refusal(s, "Carol has the power level 100 already.");
    ok(s, "/deop Carol");
    expect_refusal(s, "Carol has the power level 100, and yours is 100");
    ok(s, "/power Bob 101");
    expect_refusal(s, "Nobody can give more power than they have, and your power level is 100.");
    failed(s, "/power Bob", "a whole number");
    failed(s, "/power Bob ten", "a whole number");
    failed(s, "/power Bob 5.5", "a whole number");
    failed(s, "/power Bob 99999999999999999999", "a whole number");
    failed(s, "/power Nobody 5", "means nobody here");
    failed(s, "/op Bob now", "and nothing else");
    CHECK(s, NEVER("state-event") && NEVER("set-state"));
    fake_server_once(s->server, "state-event", FAKE_502);
    ok(s, "/op Bob");
    EXPECT_REQUEST(s, "state-event");
    expect_refusal(s, "The power level of " BOB " was not changed.");
}

static void press(Scenario *s, const char *button)
{
    JsonObject *request = EXPECT_EVENT(s, "request", "~primary", "Give away your own power");

    CHECK(s, strstr(text_of(request, "secondary"), "cannot undo this") != NULL);
    CHECK(s, host_press(json_object_get_int_member(request, "request"), button, NULL, NULL, NULL));
    EXPECT_EVENT(s, "request-closed");
}

static void own_power(Scenario *s)
{
    g_autoptr(JsonObject) levels = NULL;

    start_mighty(s);
    serve_levels(s, LEVELS);
    ok(s, "/deop " ALICE);
    press(s, "Cancel");
    EXPECT_NOTHING(s, 100);
    ok(s, "/power " ALICE " 50");
    press(s, "Give Away");
    levels = expect_written(s);
    EXPECT_INT(s, level_of(levels, ALICE), 50);
    ok(s, "/deop " ALICE);
    EXPECT_EVENT(s, "request");
    go_offline(s); /* and the question goes with the connection */
    EXPECT_EVENT(s, "request-closed");
    EXPECT_EVENT(s, "line", "~text", "no longer in this chat");
    EXPECT_EVENT(s, "left", "name", ROOM);
}

static void no_levels_yet(Scenario *s)
{
    SyncBody *body = sync_body_new();
    g_autoptr(JsonObject) levels = NULL;

    set_usual_rooms(s);
    sync_body_state(body, ROOM, event_state("m.room.create", "", ALICE, "{'room_version':'9'}"));
    sync_body_state(body, ROOM, event_member(ALICE, "join", "Alice"));
    sync_body_state(body, ROOM, event_member(BOB, "join", "Bob"));
    sync_body_state(body, ROOM, event_state("m.room.name", "", ALICE, "{'name':'Room'}"));
    set_first(s, sync_body_end(body));
    log_in(s);
    open_chat(s, ROOM);
    ok(s, "/op " BOB);
    levels = expect_written(s);
    EXPECT_INT(s, level_of(levels, BOB), 50);
    EXPECT_INT(s, level_of(levels, ALICE), 100); /* as it was without any levels */
    EXPECT_NOTHING(s, 50);
}

static void creators(Scenario *s)
{
    g_autoptr(JsonObject) levels = NULL;

    start(s, "{'room_version':'12','additional_creators':['" CAROL "']}", ALICE, "{'users':{}}");
    ok(s, "/kick Carol");
    expect_refusal(s,
                   "Carol has created this room, and in a room of this version nobody has power");
    ok(s, "/deop Carol");
    expect_refusal(s, "nobody can change the power of its creators");
    ok(s, "/deop " ALICE);
    expect_refusal(s, "nobody can change the power of its creators");
    ok(s, "/power");
    EXPECT_EVENT(s, "line", "~text", "Alice (" ALICE "): creator: more than any level, for ever");
    ok(s, "/op Bob");
    levels = expect_written(s); /* the answer was: there are no levels */
    EXPECT_INT(s, level_of(levels, BOB), 50);
    EXPECT_INT(s, level_of(levels, ALICE), -1);
    EXPECT_INT(s, level_of(levels, CAROL), -1);
    EXPECT_NOTHING(s, 50);
}

static void listed(Scenario *s)
{
    start_mighty(s);
    ok(s, "/power");
    EXPECT_EVENT(s, "line", "~text",
                 "Power levels in this room:<br>Alice (" ALICE "): 100, administrator<br>"
                 "Carol (" CAROL "): 100, administrator<br>Mod (@mod:localhost): 50, moderator<br>"
                 "All others: 0<br>Needed: 0 to write, 0 to invite, 50 to remove people");
    EXPECT_NOTHING(s, 50);
}

/* ---- the room ---- */

static void visibility(Scenario *s)
{
    g_autoptr(JsonObject) content = NULL;

    start_mighty(s);
    ok(s, "/visibility");
    EXPECT_EVENT(s, "line", "~text", "All members can read", "!text", "Anybody");
    ok(s, "/visibility joined");
    content = fake_request_json(EXPECT_REQUEST(s, "set-state"));
    EXPECT_TEXT(s, text_of(content, "history_visibility"), "joined");
    failed(s, "/visibility everyone", "world_readable");
    failed(s, "/visibility shared joined", "world_readable");
    push_event(s, ROOM, event_state("m.room.power_levels", "", CAROL, "{}"));
    settle(s);
    ok(s, "/visibility shared");
    expect_refusal(s, "takes a power level of 50, and yours is 0");
}

static void server_acl(Scenario *s)
{
    start_mighty(s);
    push_event(
        s, ROOM,
        event_state("m.room.server_acl", "", CAROL,
                    "{'allow':['*'],'deny':['*.<evil>.example'],'allow_ip_literals':false}"));
    EXPECT_EVENT(s, "line", "~text",
                 "Carol has changed which servers may take part in this room. All servers may take "
                 "part but these: *.&lt;evil&gt;.example. Servers without a name");
    push_event(
        s, ROOM,
        event_state("m.room.third_party_invite", "token", CAROL, "{'display_name':'d...@e...'}"));
    EXPECT_EVENT(s, "line", "~text", "Carol has invited d...@e...");
}

static void preview(Scenario *s)
{
    FakeRequest *request;
    FakeAnswer answer = {.status = 200,
                         .body = "{\"room_id\":\"!far:x\",\"name\":\"Far <b>away</b>\","
                                 "\"topic\":\"Two\\nlines\",\"num_joined_members\":1,"
                                 "\"join_rule\":\"knock\",\"world_readable\":true,"
                                 "\"canonical_alias\":\"#far:x\",\"membership\":\"ban\"}"};
    g_autofree char *via = NULL;

    start_mighty(s);
    fake_server_once(s->server, "room-summary", answer);
    ok(s, "/preview https://matrix.to/#/!far:x?via=one.example");
    request = EXPECT_REQUEST(s, "room-summary");
    EXPECT_TEXT(s, request->args[0], "!far:x");
    via = fake_request_query(request, "via");
    EXPECT_TEXT(s, via, "one.example");
    EXPECT_EVENT(s, "line", "~text",
                 "The room “Far &lt;b&gt;away&lt;/b&gt;”<br>Topic: Two lines<br>Address: #far:x<br>"
                 "ID: !far:x<br>1 member<br>People may ask to join it.<br>Anybody may read it.<br>"
                 "You are banned from it.");
    answer.body = "{\"name\":7,\"num_joined_members\":-1}";
    fake_server_once(s->server, "old-room-summary", answer);
    ok(s, "/preview #far:x"); /* an older server */
    EXPECT_REQUEST(s, "room-summary");
    EXPECT_REQUEST(s, "old-room-summary");
    EXPECT_EVENT(s, "line", "~text", "The room “#far:x”<br>Who may join it is not told.");
    ok(s, "/preview #far:x");
    EXPECT_REQUEST(s, "room-summary");
    EXPECT_REQUEST(s, "old-room-summary");
    expect_refusal(s, "Nothing can be told of #far:x. Your homeserver shows no rooms beforehand.");
    failed(s, "/preview", "leads to no room");
    failed(s, "/preview " BOB, "leads to no room");
}

/* ---- reports ---- */

static void expect_report(Scenario *s, const char *endpoint, guint arg, const char *target,
                          const char *reason)
{
    FakeRequest *request = EXPECT_REQUEST(s, endpoint);
    g_autoptr(JsonObject) body = fake_request_json(request);

    EXPECT_TEXT(s, request->args[arg], target);
    EXPECT_TEXT(s, text_of(body, "reason"), reason);
}

/* Without an event ID the request would be about the whole room. */
static void report_unsent(Scenario *s)
{
    FakeAnswer no = {.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"Not now\"}"};

    start_mighty(s);
    fake_server_once(s->server, "send", no);
    CHECK(s, host_send_chat(s->account, ROOM, "never to be sent"));
    EXPECT_LINE(s, ROOM, NULL, "never to be sent", "SEND");
    EXPECT_REQUEST(s, "send");
    EXPECT_EVENT(s, "line", "~flags", "ERROR", "~text", "Not sent");
    ok(s, "/report alice: rude");
    expect_refusal(s, "That message is not on the server yet.");
    EXPECT_NOTHING(s, 200);
}

static void reports(Scenario *s)
{
    FakeAnswer none = {.status = 404,
                       .body = "{\"errcode\":\"M_UNRECOGNIZED\",\"error\":\"Unrecognized\"}"};

    start_mighty(s);
    ok(s, "/report");
    expect_refusal(s, "Nobody else has written in this window yet.");
    push_event(s, ROOM, event_with_id(event_text(BOB, "buy <b>now</b>"), "$bad"));
    EXPECT_LINE(s, ROOM, BOB, NULL, NULL);
    push_event(s, ROOM, event_state("m.room.name", "", CAROL, "{'name':'Hall'}"));
    EXPECT_EVENT(s, "line", "~text", "Hall");
    settle(s);
    ok(s, "/report spam again");
    expect_report(s, "report-event", 1, "$bad", "spam again");
    EXPECT_EVENT(s, "line", "~text",
                 "Reported to those who run your homeserver: “Bob: buy &lt;b&gt;now&lt;/b&gt;”");
    ok(s, "/report -- user of mine");
    expect_report(s, "report-event", 1, "$bad", "user of mine");
    EXPECT_EVENT(s, "line", "~text", "Reported");
    ok(s, "/report user Bob he spams");
    expect_report(s, "report-user", 0, BOB, "he spams");
    EXPECT_EVENT(s, "line", "~text", BOB ": reported");
    ok(s, "/report room");
    expect_report(s, "report-room", 0, ROOM, "");
    EXPECT_EVENT(s, "line", "~text", "Hall: reported");
    failed(s, "/report user", "whom you mean");
    fake_server_once(s->server, "report-room", none);
    ok(s, "/report room");
    EXPECT_REQUEST(s, "report-room");
    expect_refusal(s, "Hall was not reported. Your homeserver takes no such reports.");
}

static const ScenarioEntry entries[] = {
    {"moderation-deeds", {deeds}},
    {"moderation-names-with-spaces", {named_with_spaces}},
    {"moderation-named-as-another", {named_as_another}},
    {"moderation-not-allowed", {not_allowed}},
    {"moderation-refused", {refused}},
    {"moderation-bans", {bans}},
    {"moderation-powers", {powers}},
    {"moderation-powers-refused", {powers_refused}},
    {"moderation-own-power", {own_power}},
    {"moderation-no-levels-yet", {no_levels_yet}},
    {"moderation-creators", {creators}},
    {"moderation-powers-listed", {listed}},
    {"moderation-visibility", {visibility}},
    {"moderation-server-acl", {server_acl}},
    {"moderation-preview", {preview}},
    {"moderation-reports", {reports}},
    {"moderation-report-unsent", {report_unsent}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
