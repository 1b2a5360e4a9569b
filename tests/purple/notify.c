/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

#include <sound.h>

/* Push rules: which lines open their window and are highlighted, and /notify. */

#define SOUND "{'set_tweak':'sound','value':'default'}"
#define LIGHT "{'set_tweak':'highlight'}"
#define MENTION                                                                                    \
    "{'rule_id':'.m.rule.is_user_mention','enabled':true,'conditions':[{"                          \
    "'kind':'event_property_contains','key':'content.m\\\\.mentions.user_ids','value':'" ALICE     \
    "'}],'actions':['notify'," SOUND "," LIGHT "]}"
#define ROOM_MENTION                                                                               \
    "{'rule_id':'.m.rule.is_room_mention','enabled':true,'conditions':[{"                          \
    "'kind':'event_property_is','key':'content.m\\\\.mentions.room','value':true},{"               \
    "'kind':'sender_notification_permission','key':'room'}],'actions':['notify'," LIGHT "]}"
#define OF_TWO                                                                                     \
    "{'rule_id':'.m.rule.room_one_to_one','enabled':true,'conditions':[{"                          \
    "'kind':'room_member_count','is':'2'}],'actions':['notify'," SOUND "]}"
#define KEYWORD "{'rule_id':'cake','enabled':true,'pattern':'cake','actions':['notify'," LIGHT "]}"
#define MUTE(room)                                                                                 \
    "{'rule_id':'" room "','enabled':true,'actions':[],'conditions':[{'kind':'event_match',"       \
    "'key':'room_id','pattern':'" room "'}]}"
#define MASTER "{'rule_id':'.m.rule.master','enabled':true,'conditions':[],'actions':[]}"
#define FOR(room, actions) "{'rule_id':'" room "','enabled':true,'actions':[" actions "]}"
#define RULES(override, content, room)                                                             \
    "{'global':{'override':[" override MENTION "," ROOM_MENTION "],'content':[" content            \
    "],'room':[" room "],'underride':[" OF_TWO "]}}"
#define DEFAULTS RULES("", "", "")

static void push_rules(Scenario *s, const char *rules)
{
    SyncBody *body = sync_body_new();
    sync_body_account_data(body, "m.push_rules", rules);
    push(s, sync_body_end(body));
    settle(s);
}

static void start_with(Scenario *s, const char *rules)
{
    set_usual_rooms(s);
    log_in(s);
    push_rules(s, rules);
    forget_events(s);
}

static JsonObject *mention(const char *sender, const char *body, const char *mentions)
{
    g_autofree char *content =
        g_strdup_printf("{'msgtype':'m.text','body':'%s','m.mentions':{%s}}", body, mentions);
    return event_new("m.room.message", sender, content);
}

static void say_in_command(Scenario *s, const char *name, const char *text, const char *result)
{
    g_autofree char *error = NULL;
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, name), text, &error), result);
    CHECK(s, (error != NULL) == !g_str_equal(result, "OK"));
}

static void expect_rule(Scenario *s, const char *method, const char *path, const char *body)
{
    FakeRequest *request = EXPECT_REQUEST(s, "pushrules");
    g_autofree char *wanted = g_strconcat("/_matrix/client/v3/pushrules/global/", path, NULL);
    g_autofree char *json = body != NULL ? json_quotes(body) : NULL;
    EXPECT_TEXT(s, request->method, method);
    EXPECT_TEXT(s, request->path, wanted);
    EXPECT_TEXT(s, request->body, json != NULL ? json : "");
}

static void mention_opens(Scenario *s)
{
    start_with(s, DEFAULTS);
    push_event(s, ROOM, mention(BOB, "hello", "'user_ids':['" ALICE "']"));
    EXPECT_EVENT(s, "window", "name", ROOM);
    EXPECT_LINE(s, ROOM, BOB, "hello", "RECV|NICK");
    push_event(s, ROOM, mention(BOB, "and all", ""));
    EXPECT_LINE(s, ROOM, BOB, "and all", "RECV");
}

/* The server's count does not open what the rules leave alone, nor does a text in a room of many.
 */
static void quiet_stays_closed(Scenario *s)
{
    SyncBody *body = sync_body_new();
    start_with(s, DEFAULTS);
    sync_body_timeline(body, ROOM, event_text(BOB, "to everybody"));
    sync_body_unread(body, ROOM, 1, 1);
    push(s, sync_body_end(body));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    push_event(s, DIRECT, event_text(BOB, "to you"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "to you", "RECV");
}

static void room_mention_takes_power(Scenario *s)
{
    SyncBody *body = sync_body_new();
    start_with(s, DEFAULTS);
    sync_body_state(body, ROOM,
                    event_state("m.room.power_levels", "", ALICE,
                                "{'users':{'" CAROL "':50},'notifications':{'room':50}}"));
    push(s, sync_body_end(body));
    push_event(s, ROOM, mention(BOB, "@room", "'room':true"));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    push_event(s, ROOM, mention(CAROL, "@room now", "'room':true"));
    EXPECT_EVENT(s, "window", "name", ROOM);
    EXPECT_LINE(s, ROOM, BOB, "@room", "RECV");
    EXPECT_LINE(s, ROOM, CAROL, "@room now", "RECV|NICK");
}

static void keyword_from_another_client(Scenario *s)
{
    start_with(s, DEFAULTS);
    push_event(s, ROOM, event_text(BOB, "cake?"));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    push_rules(s, RULES("", KEYWORD, ""));
    push_event(s, ROOM, event_text(BOB, "Cake!"));
    EXPECT_EVENT(s, "window", "name", ROOM);
    EXPECT_LINE(s, ROOM, BOB, "cake?", "RECV");
    EXPECT_LINE(s, ROOM, BOB, "Cake!", "RECV|NICK");
}

static void muted_stays_closed(Scenario *s)
{
    start_with(s, RULES(MUTE(ROOM) "," MUTE(DIRECT) ",", "", ""));
    push_event(s, ROOM, mention(BOB, "hello", "'user_ids':['" ALICE "']"));
    push_event(s, DIRECT, event_text(BOB, "to you"));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    /* It waits for the user; an open window shows what comes, and makes no sound of it. */
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "to you", "RECV|DELAYED");
    push_event(s, DIRECT, event_text(BOB, "more"));
    EXPECT_LINE(s, BOB, BOB, "more", "RECV|DELAYED");
}

static void master_silences(Scenario *s)
{
    start_with(s, RULES(MASTER ",", "", ""));
    push_event(s, DIRECT, event_text(BOB, "to you"));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "to you", "RECV|DELAYED");
    say_in_command(s, BOB, "notify", "OK");
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "switched off");
}

/* Only what mentions the user opens a direct room of which that was asked, and no option undoes it.
 */
static void mentions_only(Scenario *s)
{
    start_with(s, RULES("", "", FOR(DIRECT, "")));
    purple_account_set_string(s->account, "open_windows", "always");
    push_event(s, DIRECT, mention(BOB, "hello", ""));
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    push_event(s, DIRECT, mention(BOB, "you", "'user_ids':['" ALICE "']"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "hello", "RECV|DELAYED");
    EXPECT_LINE(s, BOB, BOB, "you", "RECV|NICK");
}

static void restart_1(Scenario *s)
{
    start_with(s, RULES(MUTE(DIRECT) ",", "", ""));
    settle(s);
}

/* What the rules say is known from the start, for lines of the first answer too. */
static void restart_2(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_timeline(body, DIRECT, event_text(BOB, "to you"));
    sync_body_timeline(body, ROOM, mention(BOB, "hello", "'user_ids':['" ALICE "']"));
    push(s, sync_body_end(body));
    come_back(s);
    EXPECT_EVENT(s, "window", "name", ROOM);
    EXPECT_LINE(s, ROOM, BOB, "hello", "RECV|NICK|DELAYED");
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
}

static void notify_sets(Scenario *s)
{
    static const char mute[] =
        "{'actions':[],'conditions':[{'kind':'event_match','key':'room_id','pattern':'" ROOM "'}]}";
    start_with(s, DEFAULTS);
    open_chat(s, ROOM);
    say_in_command(s, ROOM, "notify mute", "OK");
    expect_rule(s, "PUT", "override/%21room%3Alocalhost", mute);
    expect_rule(s, "DELETE", "room/%21room%3Alocalhost", NULL);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "is muted");
    say_in_command(s, ROOM, "notify Mentions", "OK");
    expect_rule(s, "PUT", "room/%21room%3Alocalhost", "{'actions':[]}");
    expect_rule(s, "DELETE", "override/%21room%3Alocalhost", NULL);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "Only mentions");
    say_in_command(s, ROOM, "notify all", "OK");
    expect_rule(s, "PUT", "room/%21room%3Alocalhost", "{'actions':['notify'," SOUND "]}");
    expect_rule(s, "DELETE", "override/%21room%3Alocalhost", NULL);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "Every message");
    fake_server_once(s->server, "pushrules", (FakeAnswer){.status = 404, .body = "{}"});
    say_in_command(s, ROOM, "notify default", "OK");
    expect_rule(s, "DELETE", "room/%21room%3Alocalhost", NULL);
    expect_rule(s, "DELETE", "override/%21room%3Alocalhost", NULL);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "account's rules");
    say_in_command(s, ROOM, "notify loudly", "FAILED");
}

/* Rules as other clients may have left them: under another ID, and switched off. */
static void notify_tidies(Scenario *s)
{
    static const char rules[] =
        RULES("{'rule_id':'other','actions':[],'conditions':[{'kind':'event_match','key':'room_id',"
              "'pattern':'" ROOM "'}]},",
              "", "{'rule_id':'" ROOM "','enabled':false,'actions':[]}");
    start_with(s, rules);
    open_chat(s, ROOM);
    say_in_command(s, ROOM, "notify", "OK");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "is muted");
    say_in_command(s, ROOM, "notify mentions", "OK");
    expect_rule(s, "PUT", "room/%21room%3Alocalhost", "{'actions':[]}");
    expect_rule(s, "PUT", "room/%21room%3Alocalhost/enabled", "{'enabled':true}");
    expect_rule(s, "DELETE", "override/%21room%3Alocalhost", NULL);
    expect_rule(s, "DELETE", "override/other", NULL);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "Only mentions");
    push_rules(s, RULES("", "", FOR(ROOM, "'notify'")));
    say_in_command(s, ROOM, "notify", "OK");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "Every message");
}

static void notify_refused(Scenario *s)
{
    start_with(s, DEFAULTS);
    open_chat(s, ROOM);
    fake_server_once(
        s->server, "pushrules",
        (FakeAnswer){.status = 400, .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"No room\"}"});
    say_in_command(s, ROOM, "notify mute", "OK");
    say_in_command(s, ROOM, "notify all", "OK"); /* in its turn */
    expect_rule(s, "PUT", "override/%21room%3Alocalhost",
                "{'actions':[],'conditions':[{'kind':'event_match','key':'room_id','pattern':'" ROOM
                "'}]}");
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", "ERROR", "~text", "No room");
    expect_rule(s, "PUT", "room/%21room%3Alocalhost", "{'actions':['notify'," SOUND "]}");
    expect_rule(s, "DELETE", "override/%21room%3Alocalhost", NULL);
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "Every message");
}

/* Whatever happens on the way: one line says how it went, and the next change is made. */
static void notify_meets_faults(Scenario *s)
{
    const FakeAnswer faults[] = {
        FAKE_429_HEADER,
        FAKE_429_BODY,
        FAKE_502,
        {.how = FAKE_CUT},
        {.how = FAKE_DRIP},
        {.how = FAKE_CLOSE},
        {.status = 200, .body = "<html>"},
    };
    start_with(s, DEFAULTS);
    open_chat(s, ROOM);
    for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
        fake_server_once(s->server, "pushrules", faults[i]);
        say_in_command(s, ROOM, "notify all", "OK");
        EXPECT_EVENT(s, "line", "name", ROOM, "~text", "notif");
        say_in_command(s, ROOM, "notify mute", "OK");
        EXPECT_EVENT(s, "line", "name", ROOM, "~text", "is muted");
    }
    for (FakeRequest *request; (request = fake_server_take_request(s->server, "pushrules"));)
        fake_request_free(request);
}

/* ---- sounds ---- */

static guint sounds;

/* purple_sound_play_event() without its limit of one sound in two seconds. */
static void play(PurpleSoundEventID event, PurpleAccount *account)
{
    if (!GPOINTER_TO_INT(purple_signal_emit_return_1(purple_sounds_get_handle(),
                                                     "playing-sound-event", event, account)))
        sounds++;
}

/* As Pidgin and Finch do. */
static void on_im(PurpleAccount *account, const char *who, const char *text,
                  PurpleConversation *conversation, PurpleMessageFlags flags)
{
    if ((flags & PURPLE_MESSAGE_DELAYED) == 0)
        play(PURPLE_SOUND_RECEIVE, account);
}

static void on_chat(PurpleAccount *account, const char *who, const char *text,
                    PurpleConversation *conversation, PurpleMessageFlags flags)
{
    gboolean is_meant = (flags & PURPLE_MESSAGE_NICK) != 0;
    if ((flags & PURPLE_MESSAGE_DELAYED) == 0)
        play(is_meant ? PURPLE_SOUND_CHAT_NICK : PURPLE_SOUND_CHAT_SAY, account);
}

static void expect_heard(Scenario *s, const char *room_id, JsonObject *event, guint count)
{
    sounds = 0;
    push_event(s, room_id, event);
    settle(s);
    forget_events(s);
    EXPECT_INT(s, sounds, count);
}

/* A window is open; what is heard of it the rules say. */
static void sound_by_rules(Scenario *s)
{
    static int handle;
    void *conversations = purple_conversations_get_handle();
    purple_signal_connect(conversations, "received-im-msg", &handle, PURPLE_CALLBACK(on_im), NULL);
    purple_signal_connect(conversations, "received-chat-msg", &handle, PURPLE_CALLBACK(on_chat),
                          NULL);
    start_with(s, RULES("", KEYWORD, FOR(ROOM2, "'notify'," SOUND)));
    open_chat(s, ROOM);
    expect_heard(s, DIRECT, event_text(BOB, "1"), 1);
    expect_heard(s, ROOM, event_text(BOB, "2"), 1);
    expect_heard(s, ROOM, mention(BOB, "3", "'user_ids':['" ALICE "']"), 1);
    expect_heard(s, ROOM, event_text(BOB, "cake"), 0); /* highlighted, without a sound */
    push_rules(s, RULES(MUTE(DIRECT) ",", "", FOR(ROOM, "")));
    expect_heard(s, DIRECT, event_text(BOB, "4"), 0);
    expect_heard(s, ROOM, event_text(BOB, "5"), 0);
    expect_heard(s, ROOM, mention(BOB, "6", "'user_ids':['" ALICE "']"), 1);
    push_rules(s, RULES(MASTER ",", "", ""));
    expect_heard(s, DIRECT, event_text(BOB, "7"), 0);
    expect_heard(s, ROOM, mention(BOB, "8", "'user_ids':['" ALICE "']"), 0);
    purple_signals_disconnect_by_handle(&handle);
}

static const ScenarioEntry entries[] = {
    {"mention-opens", {mention_opens}},
    {"quiet-stays-closed", {quiet_stays_closed}},
    {"room-mention-takes-power", {room_mention_takes_power}},
    {"keyword-from-another-client", {keyword_from_another_client}},
    {"muted-stays-closed", {muted_stays_closed}},
    {"master-silences", {master_silences}},
    {"mentions-only", {mentions_only}},
    {"rules-over-restart", {restart_1, restart_2}},
    {"notify-sets", {notify_sets}},
    {"notify-tidies", {notify_tidies}},
    {"notify-refused", {notify_refused}},
    {"notify-meets-faults", {notify_meets_faults}},
    {"sound-by-rules", {sound_by_rules}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
