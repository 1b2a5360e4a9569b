/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* The ignore list and libpurple's list of blocked people are one. */

#define TYPE "m.ignored_user_list"

static void push_list(Scenario *s, const char *content)
{
    SyncBody *body = sync_body_new();
    g_autofree char *json = json_quotes(content);
    fake_server_set_account_data(s->server, TYPE, json);
    sync_body_account_data(body, TYPE, content);
    push(s, sync_body_end(body));
    settle(s);
}

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
}

static char *denied(Scenario *s)
{
    GString *text = g_string_new(NULL);
    for (GSList *at = s->account->deny; at != NULL; at = at->next)
        g_string_append_printf(text, "%s%s", text->len > 0 ? " " : "", (char *)at->data);
    return g_string_free(text, FALSE);
}

static void expect_denied(Scenario *s, const char *wanted)
{
    g_autofree char *got = denied(s);
    EXPECT_TEXT(s, got, wanted);
}

static void expect_put(Scenario *s, const char *content)
{
    FakeRequest *request = EXPECT_REQUEST(s, "set-account-data");
    g_autofree char *json = json_quotes(content);
    EXPECT_TEXT(s, request->args[1], TYPE);
    EXPECT_TEXT(s, request->body, json);
}

static void command(Scenario *s, const char *name, const char *text, const char *result)
{
    g_autofree char *error = NULL;
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, name), text, &error), result);
    CHECK(s, (error != NULL) == !g_str_equal(result, "OK"));
}

/* Block and Unblock of a buddy; one write each, and no echo of it comes back as a change. */
static void blocked_here(Scenario *s)
{
    start(s);
    EXPECT_INT(s, s->account->perm_deny, PURPLE_PRIVACY_DENY_USERS);
    purple_privacy_deny(s->account, CAROL, FALSE, FALSE);
    expect_put(s, "{'ignored_users':{'" CAROL "':{}}}");
    settle(s);
    expect_denied(s, CAROL);
    purple_privacy_allow(s->account, CAROL, FALSE, FALSE);
    expect_put(s, "{'ignored_users':{}}");
    settle(s);
    expect_denied(s, "");
    EXPECT_NOTHING(s, 200);
}

static void blocked_elsewhere(Scenario *s)
{
    start(s);
    push_list(s, "{'ignored_users':{'" CAROL "':{},'" BOB "':{'why':1}}}");
    expect_denied(s, BOB " " CAROL);
    push_list(s, "{'ignored_users':{'" BOB "':{'why':1}}}");
    expect_denied(s, BOB);
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_count(s->server, "set-account-data"), 0);
}

/* What other clients keep in the list stays there. */
static void rest_is_kept(Scenario *s)
{
    start(s);
    push_list(s, "{'ignored_users':{'" BOB "':{'why':'x'}},'org.example.more':[1,{'a':null}]}");
    purple_privacy_deny_add(s->account, CAROL, FALSE);
    expect_put(s, "{'ignored_users':{'" BOB "':{'why':'x'},'" CAROL
                  "':{}},'org.example.more':[1,{'a':null}]}");
    settle(s);
}

/* Most of it the server leaves out; what comes all the same is not shown. */
static void nothing_is_shown(Scenario *s)
{
    start(s);
    push_event(s, ROOM, event_text(CAROL, "before"));
    settle(s);
    push_list(s, "{'ignored_users':{'" CAROL "':{}}}");
    push_event(s, ROOM, event_text(CAROL, "hidden"));
    open_chat(s, ROOM);
    push_event(s, ROOM, event_text(BOB, "seen"));
    EXPECT_LINE(s, ROOM, BOB, "seen", "RECV");
    settle(s);
    EXPECT_INT(s, count_lines(), 0);
    push_list(s, "{'ignored_users':{}}");
    push_event(s, ROOM, event_text(CAROL, "after"));
    EXPECT_LINE(s, ROOM, CAROL, "after", "RECV");
    forget_events(s);
}

static JsonObject *invitation_by(const char *who)
{
    return event_state("m.room.member", ALICE, who, "{'membership':'invite'}");
}

static void no_invitation(Scenario *s)
{
    SyncBody *body = sync_body_new();
    start(s);
    push_list(s, "{'ignored_users':{'" CAROL "':{}}}");
    sync_body_invite(body, ROOM2, invitation_by(CAROL));
    push(s, sync_body_end(body));
    settle(s);
    EXPECT_NOTHING(s, 600);
}

static guint count_tags(const char *markup)
{
    guint count = 0;
    for (; *markup != '\0'; markup++)
        count += *markup == '<';
    return count;
}

/* Pidgin cuts a line of this kind at 4,096 bytes, and drops the markup of one with 100 tags. */
static void long_list(Scenario *s)
{
    g_autoptr(GString) list = g_string_new("{'ignored_users':{");
    g_autofree char *name = g_strnfill(150, 'a');
    for (guint i = 0; i < 500; i++)
        g_string_append_printf(list, "%s'@%s%u:x.org':{}", i ? "," : "", i % 20 ? "" : name, i);
    g_string_append(list, "}}");
    start(s);
    push_list(s, list->str);
    open_chat(s, ROOM);
    settle(s);
    command(s, ROOM, "ignored", "OK");
    CHECK(s, count_lines() > 5);
    guint found = 0;
    while (count_lines() > 0) {
        JsonObject *line = EXPECT_EVENT(s, "line", "name", ROOM);
        const char *text = text_of(line, "text");
        CHECK(s, strlen(text) < 4000);
        CHECK(s, count_tags(text) < 100);
        for (const char *at = strstr(text, ":x.org"); at != NULL; at = strstr(at + 1, ":x.org"))
            found++;
    }
    EXPECT_INT(s, found, 500);
}

/* Text without a break or a space, and with entities. */
static void long_answer(Scenario *s)
{
    g_autofree char *topic = g_strnfill(16000, '&');
    g_autofree char *content = g_strdup_printf("{'topic':'%s'}", topic);
    SyncBody *body = sync_body_new();
    gsize found = 0;
    start(s);
    sync_body_state(body, ROOM, event_state("m.room.topic", "", BOB, content));
    push(s, sync_body_end(body));
    open_chat(s, ROOM);
    settle(s);
    forget_events(s);
    command(s, ROOM, "topic", "OK");
    do {
        const char *text = text_of(EXPECT_EVENT(s, "line", "name", ROOM), "text");
        CHECK(s, strlen(text) < 4000 && g_str_has_suffix(text, "&amp;"));
        for (const char *at = strstr(text, "&amp;"); at != NULL; at = strstr(at + 1, "&amp;"))
            found++;
    } while (found < 16000);
    settle(s);
}

static gboolean lists_all(gpointer data)
{
    PurpleConversation *room = host_find_conversation(((Scenario *)data)->account, ROOM);
    return g_list_length(purple_conv_chat_get_users(PURPLE_CONV_CHAT(room))) == 3;
}

static void commands(Scenario *s)
{
    start(s);
    open_chat(s, ROOM);
    WAIT(s, lists_all, s);
    settle(s);
    command(s, ROOM, "ignored", "OK");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "nobody");
    command(s, ROOM, "ignore Carol", "OK");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "You ignore " CAROL);
    expect_put(s, "{'ignored_users':{'" CAROL "':{}}}");
    settle(s);
    expect_denied(s, CAROL);
    command(s, ROOM, "ignored", "OK");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", CAROL);
    command(s, ROOM, "unignore " CAROL, "OK");
    EXPECT_EVENT(s, "line", "name", ROOM, "~text", "no longer ignore");
    expect_put(s, "{'ignored_users':{}}");
    command(s, ROOM, "ignore nobody at all", "FAILED");
    command(s, ROOM, "ignore", "FAILED");
    command(s, ROOM, "ignore " ALICE, "FAILED");
    settle(s);
    expect_denied(s, "");
}

/* Something that is nobody's ID does not stay in the list. */
static gboolean denies_nobody(gpointer data)
{
    return ((Scenario *)data)->account->deny == NULL;
}

static void wrong_name(Scenario *s)
{
    start(s);
    purple_privacy_deny_add(s->account, "carol", FALSE);
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "no Matrix ID");
    WAIT(s, denies_nobody, s);
    settle(s);
}

/* "Allow all" cannot be had; nobody is forgotten when libpurple empties its list for it. */
static void modes(Scenario *s)
{
    start(s);
    push_list(s, "{'ignored_users':{'" CAROL "':{}}}");
    s->account->perm_deny = PURPLE_PRIVACY_ALLOW_ALL;
    purple_privacy_deny(s->account, BOB, FALSE, FALSE);
    expect_put(s, "{'ignored_users':{'" CAROL "':{},'" BOB "':{}}}");
    settle(s);
    CHECK(s, purple_privacy_check(s->account, BOB) == FALSE);
    CHECK(s, purple_privacy_check(s->account, CAROL) == FALSE);
    s->account->perm_deny = PURPLE_PRIVACY_ALLOW_ALL;
    serv_set_permit_deny(purple_account_get_connection(s->account));
    EXPECT_EVENT(s, "notify", "level", "info", "~primary", "stay blocked");
    EXPECT_INT(s, s->account->perm_deny, PURPLE_PRIVACY_DENY_USERS);
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "set-account-data"), 1);
}

/* Blocked by an older plugin, on this device alone: the first login brings it to the server. */
static void merged_1(Scenario *s)
{
    set_usual_rooms(s);
    s->account = scenario_account(s, ALICE, "secret");
    purple_privacy_deny_add(s->account, CAROL, TRUE);
    purple_privacy_deny_add(s->account, "nobody", TRUE);
    log_in(s);
    expect_put(s, "{'ignored_users':{'" CAROL "':{}}}");
    settle(s);
    expect_denied(s, CAROL);
}

/* Later the server is right. */
static void merged_2(Scenario *s)
{
    SyncBody *body = sync_body_new();
    sync_body_account_data(body, TYPE, "{'ignored_users':{}}");
    push(s, sync_body_end(body));
    come_back(s);
    expect_denied(s, "");
    EXPECT_NOTHING(s, 100);
}

/* A change typed while the homeserver is away is made when it is back. */
static void kept_1(Scenario *s)
{
    start(s);
    fake_server_always(s->server, "set-account-data", FAKE_502);
    purple_privacy_deny_add(s->account, CAROL, FALSE);
    EXPECT_REQUEST(s, "set-account-data");
    settle(s);
    expect_denied(s, CAROL);
    go_offline(s);
    for (FakeRequest *one; (one = fake_server_take_request(s->server, "set-account-data")) != NULL;)
        fake_request_free(one);
}

static void kept_2(Scenario *s)
{
    come_back(s);
    expect_put(s, "{'ignored_users':{'" CAROL "':{}}}");
    settle(s);
    expect_denied(s, CAROL);
}

static void refused(Scenario *s)
{
    start(s);
    fake_server_once(
        s->server, "set-account-data",
        (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no way\"}"});
    purple_privacy_deny_add(s->account, CAROL, FALSE);
    EXPECT_REQUEST(s, "set-account-data");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "no way");
    settle(s);
    expect_denied(s, "");
}

/* Odd types in the list are nobody. */
static void odd_lists(Scenario *s)
{
    static const char *const odd[] = {
        "{'ignored_users':[]}",     "{'ignored_users':null}",      "{'ignored_users':{'x':{}}}",
        "{'ignored_users':'@a:b'}", "{'ignored_users':{'@:':{}}}", "{}",
    };
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(odd); i++)
        push_list(s, odd[i]);
    expect_denied(s, "");
    push_list(s, "{'ignored_users':{'" CAROL "':1,'" ALICE "':{}}}");
    push_event(s, DIRECT, event_text(BOB, "hello"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "hello", "RECV");
}

int main(int argc, char **argv)
{
    static const ScenarioEntry entries[] = {
        {"blocked-here", {blocked_here}},
        {"blocked-elsewhere", {blocked_elsewhere}},
        {"rest-is-kept", {rest_is_kept}},
        {"nothing-is-shown", {nothing_is_shown}},
        {"no-invitation", {no_invitation}},
        {"commands", {commands}},
        {"long-list", {long_list}},
        {"long-answer", {long_answer}},
        {"wrong-name", {wrong_name}},
        {"modes", {modes}},
        {"merged", {merged_1, merged_2}},
        {"kept", {kept_1, kept_2}},
        {"refused", {refused}},
        {"odd-lists", {odd_lists}},
    };

    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
