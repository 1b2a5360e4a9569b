/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* The window closes, the person leaves the list, or the account disconnects while the server still
 * thinks. What comes then finds nobody, and touches nothing that is gone. */

#define THINKS_MS 150

static const char picture[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10\x08\0\0\0\0";

static PurpleConnection *gc(Scenario *s)
{
    return purple_account_get_connection(s->account);
}

static void type_line(Scenario *s, const char *name, const char *text)
{
    g_autofree char *error = NULL;
    EXPECT_TEXT(s, host_command(host_find_conversation(s->account, name), text, &error), "OK");
}

/* ---- what is begun ---- */

static void ask_info(Scenario *s)
{
    serv_get_info(gc(s), BOB);
}

static void ask_whois(Scenario *s)
{
    type_line(s, ROOM, "whois " CAROL);
}

static void search(Scenario *s)
{
    type_line(s, ROOM, "users bob");
}

static void set_name(Scenario *s)
{
    type_line(s, ROOM, "nick Alicia");
}

static void set_topic(Scenario *s)
{
    type_line(s, ROOM, "topic new");
}

static void set_tag(Scenario *s)
{
    type_line(s, ROOM, "tag low");
}

static void list_members(Scenario *s)
{
    type_line(s, ROOM, "members");
}

static void block(Scenario *s)
{
    purple_privacy_deny_add(s->account, CAROL, FALSE);
}

static void set_icon(Scenario *s)
{
    g_autofree char *path = g_build_filename(s->dir, "icon.png", NULL);
    g_file_set_contents(path, picture, sizeof picture, NULL);
    CHECK(s, host_set_account_icon(s->account, path));
}

static void type(Scenario *s)
{
    serv_send_typing(gc(s), BOB, PURPLE_TYPING);
}

static void go_away(Scenario *s)
{
    purple_account_set_status(s->account, "away", TRUE, "message", "lunch", NULL);
}

static void read_line(Scenario *s)
{
    host_set_focus(BOB, TRUE);
    push_event(s, DIRECT, event_text(BOB, "hello"));
}

static void get_avatars(Scenario *s)
{
    for (guint i = 0; i < 5; i++) {
        g_autofree char *content = g_strdup_printf(
            "{'membership':'join','displayname':'Bob','avatar_url':'mxc://localhost/%u'}",
            g_random_int());
        push_event(s, DIRECT, event_state("m.room.member", BOB, BOB, content));
    }
}

static const struct {
    const char *endpoint; /* the server thinks about it */
    void (*begin)(Scenario *s);
} deeds[] = {
    {"profile", ask_info},       {"thumbnail", ask_info},     {"get-presence", ask_info},
    {"mutual-rooms", ask_whois}, {"user-directory", search},  {"set-profile", set_name},
    {"set-state", set_topic},    {"delete-tag", set_tag},     {"set-tag", set_tag},
    {"members", list_members},   {"get-account-data", block}, {"set-account-data", block},
    {"upload", set_icon},        {"set-profile", set_icon},   {"typing", type},
    {"presence", go_away},       {"read-markers", read_line}, {"thumbnail", get_avatars},
};

/* ---- how it is interrupted ---- */

static void start(Scenario *s)
{
    set_usual_rooms(s);
    fake_server_set_profile(s->server, BOB,
                            "{\"displayname\":\"Bob\",\"avatar_url\":\"mxc://localhost/red\"}");
    fake_server_set_media(s->server, "localhost/red", "image/png", picture, sizeof picture);
    fake_server_set_members(s->server, ROOM, "{\"chunk\":[]}");
    log_in(s);
}

static gboolean is_asked(gpointer data)
{
    const char *const *endpoint = data;
    for (GList *at = fake_server_requests(*(FakeServer **)(endpoint + 1))->head; at != NULL;
         at = at->next)
        if (g_str_equal(((FakeRequest *)at->data)->endpoint, *endpoint))
            return TRUE;
    return FALSE;
}

static void forget_all(Scenario *s)
{
    g_queue_clear_full(fake_server_requests(s->server), (GDestroyNotify)fake_request_free);
    forget_events(s);
}

static void begin(Scenario *s, guint n)
{
    struct {
        const char *endpoint;
        FakeServer *server;
    } wanted = {deeds[n].endpoint, s->server};
    host_open_im(s->account, BOB);
    host_open_chat(s->account, ROOM);
    settle(s);
    forget_all(s);
    fake_server_always(s->server, deeds[n].endpoint, (FakeAnswer){.delay_ms = THINKS_MS});
    deeds[n].begin(s);
    host_iterate_until(is_asked, &wanted, 1000);
}

static void end(Scenario *s, guint n)
{
    host_iterate(2 * THINKS_MS);
    fake_server_clear(s->server, deeds[n].endpoint);
    forget_all(s);
}

/* Whatever was said on the way is no matter. */
static void finish(Scenario *s)
{
    settle(s);
    host_account_enable(s->account, FALSE);
    host_iterate(THINKS_MS);
    forget_all(s);
}

static void windows_close(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(deeds); i++) {
        begin(s, i);
        host_close(s->account, ROOM);
        host_close(s->account, BOB);
        end(s, i);
    }
    finish(s);
}

static void buddies_go(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(deeds); i++) {
        begin(s, i);
        while (purple_find_buddy(s->account, BOB) != NULL)
            purple_blist_remove_buddy(purple_find_buddy(s->account, BOB));
        end(s, i);
        PurpleBuddy *buddy = purple_buddy_new(s->account, BOB, NULL);
        purple_blist_add_buddy(buddy, NULL, NULL, NULL);
        purple_account_add_buddy(s->account, buddy);
    }
    finish(s);
}

static gboolean is_connected(gpointer account)
{
    return purple_account_is_connected(account);
}

static void account_closes(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(deeds); i++) {
        begin(s, i);
        host_account_enable(s->account, FALSE);
        end(s, i);
        host_account_enable(s->account, TRUE);
        WAIT(s, is_connected, s->account);
    }
    finish(s);
}

/* Within the answer's own slice of the main loop, too. */
static void account_closes_at_once(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(deeds); i++) {
        host_open_im(s->account, BOB);
        host_open_chat(s->account, ROOM);
        settle(s);
        deeds[i].begin(s);
        host_iterate(i);
        host_account_enable(s->account, FALSE);
        host_iterate(THINKS_MS);
        forget_all(s);
        host_account_enable(s->account, TRUE);
        WAIT(s, is_connected, s->account);
    }
    finish(s);
}

/* As when the program ends. */
static void program_ends(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(deeds); i++) {
        begin(s, i);
        forget_all(s);
    }
    s->quits_at_once = TRUE;
}

int main(int argc, char **argv)
{
    static const ScenarioEntry entries[] = {
        {"windows-close", {windows_close}},   {"buddies-go", {buddies_go}},
        {"account-closes", {account_closes}}, {"account-closes-at-once", {account_closes_at_once}},
        {"program-ends", {program_ends}},
    };

    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
