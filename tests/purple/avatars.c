/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* Avatars as buddy icons and the account's icon, and what hostile media cannot do. */

#define PNG(width) "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0" width "\0\0\0\x10\x08\0\0\0\0rest"
static const char red[] = PNG("\x10");
static const char blue[] = PNG("\x20");
#define RED "mxc://far.example/red"
#define BLUE "mxc://far.example/blue"

static void set_pictures(Scenario *s)
{
    fake_server_set_media(s->server, "far.example/red", "image/png", red, sizeof red);
    fake_server_set_media(s->server, "far.example/blue", "image/png", blue, sizeof blue);
}

static JsonObject *member_with(const char *user, const char *name, const char *mxc)
{
    g_autofree char *avatar =
        mxc != NULL ? g_strdup_printf(",'avatar_url':'%s'", mxc) : g_strdup("");
    g_autofree char *content =
        g_strdup_printf("{'membership':'join','displayname':'%s'%s}", name, avatar);
    return event_state("m.room.member", user, user, content);
}

/* Bob's profile changes: his member event in the direct room. */
static void push_avatar(Scenario *s, const char *mxc)
{
    push_event(
        s, DIRECT,
        event_with_prev(member_with(BOB, "Bob", mxc), "{'membership':'join','displayname':'Bob'}"));
}

static void start(Scenario *s)
{
    set_usual_rooms(s);
    set_pictures(s);
    log_in(s);
}

static const char *checksum(Scenario *s)
{
    return purple_buddy_icons_get_checksum_for_user(purple_find_buddy(s->account, BOB));
}

static void expect_icon(Scenario *s, const char *data, gsize len)
{
    PurpleBuddyIcon *icon = purple_buddy_icons_find(s->account, BOB);
    size_t size = 0;
    gconstpointer got = icon != NULL ? purple_buddy_icon_get_data(icon, &size) : NULL;
    EXPECT_INT(s, size, len);
    CHECK(s, got != NULL && memcmp(got, data, len) == 0);
    purple_buddy_icon_unref(icon);
}

static gboolean has_checksum(gpointer data)
{
    Scenario *s = data;
    return checksum(s) != NULL;
}

static gboolean has_none(gpointer data)
{
    return !has_checksum(data);
}

static void shown_changed_removed(Scenario *s)
{
    start(s);
    push_avatar(s, RED);
    FakeRequest *request = EXPECT_REQUEST(s, "thumbnail");
    EXPECT_TEXT(s, request->path, "/_matrix/client/v1/media/thumbnail/far.example/red");
    EXPECT_TEXT(s, request->query, "width=96&height=96&method=crop&animated=false");
    CHECK(s, request->token != NULL);
    WAIT(s, has_checksum, s);
    EXPECT_TEXT(s, checksum(s), RED);
    expect_icon(s, red, sizeof red);
    push_avatar(s, BLUE);
    EXPECT_REQUEST(s, "thumbnail");
    settle(s);
    EXPECT_TEXT(s, checksum(s), BLUE);
    expect_icon(s, blue, sizeof blue);
    push_avatar(s, NULL);
    WAIT(s, has_none, s);
    CHECK(s, purple_buddy_icons_find(s->account, BOB) == NULL);
    settle(s);
}

/* ---- of a room ---- */

static PurpleBlistNode *get_node(Scenario *s)
{
    return (PurpleBlistNode *)purple_blist_find_chat(s->account, ROOM);
}

static gboolean is_shown(gpointer data)
{
    return purple_buddy_icons_node_has_custom_icon(get_node(data));
}

static gboolean is_not_shown(gpointer data)
{
    return !is_shown(data);
}

static void expect_room_icon(Scenario *s, const char *data, gsize len)
{
    PurpleStoredImage *image = purple_buddy_icons_node_find_custom_icon(get_node(s));
    CHECK(s, image != NULL && purple_imgstore_get_size(image) == len &&
                 memcmp(purple_imgstore_get_data(image), data, len) == 0);
    purple_imgstore_unref(image);
}

static void push_room_avatar(Scenario *s, const char *content)
{
    SyncBody *body = sync_body_new();
    sync_body_state(body, ROOM, event_state("m.room.avatar", "", BOB, content));
    push(s, sync_body_end(body));
}

static void room_is_shown(Scenario *s)
{
    start(s);
    push_room_avatar(s, "{'url':'" RED "'}");
    EXPECT_REQUEST(s, "thumbnail");
    WAIT(s, is_shown, s);
    expect_room_icon(s, red, sizeof red);
    push_room_avatar(s, "{'url':'" BLUE "'}");
    EXPECT_REQUEST(s, "thumbnail");
    settle(s);
    expect_room_icon(s, blue, sizeof blue);
    push_room_avatar(s, "{'url':7}");
    WAIT(s, is_not_shown, s);
    push_room_avatar(s, "{'url':'" RED "'}");
    EXPECT_REQUEST(s, "thumbnail");
    WAIT(s, is_shown, s);
    settle(s);
}

/* It is fetched once in its life; and what the user puts in its place stays there. */
static void room_is_shown_2(Scenario *s)
{
    come_back(s);
    EXPECT_INT(s, fake_server_count(s->server, "thumbnail"), 0);
    expect_room_icon(s, red, sizeof red);
    purple_buddy_icons_node_set_custom_icon(get_node(s), g_memdup2(blue, sizeof blue), sizeof blue);
    set_pictures(s);
    push_room_avatar(s, "{}");
    settle(s);
    expect_room_icon(s, blue, sizeof blue);
}

static void push_membership(Scenario *s, const char *membership, int invited)
{
    SyncBody *body = sync_body_new();
    sync_body_summary(body, DIRECT, 1, invited, BOB);
    sync_body_timeline(body, DIRECT, event_member(BOB, membership, NULL));
    push(s, sync_body_end(body));
    settle(s);
}

/* Whoever leaves keeps the face by which he is known. */
static void stays_with_the_buddy(Scenario *s)
{
    start(s);
    push_avatar(s, RED);
    EXPECT_REQUEST(s, "thumbnail");
    WAIT(s, has_checksum, s);
    push_membership(s, "leave", 0);
    push_membership(s, "invite", 1);
    EXPECT_TEXT(s, checksum(s), RED);
}

static void once_1(Scenario *s)
{
    start(s);
    push_avatar(s, RED);
    EXPECT_REQUEST(s, "thumbnail");
    WAIT(s, has_checksum, s);
    settle(s);
}

/* An unchanged one is never fetched again. */
static void once_2(Scenario *s)
{
    set_pictures(s);
    come_back(s);
    push_event(s, DIRECT, member_with(BOB, "Bobby", RED));
    settle(s);
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_count(s->server, "thumbnail"), 0);
    expect_icon(s, red, sizeof red);
}

/* A server without the endpoints of version 1.11 is asked the old way from then on. */
static void old_server(Scenario *s)
{
    start(s);
    fake_server_once(
        s->server, "thumbnail",
        (FakeAnswer){.status = 404, .body = "{\"errcode\":\"M_UNRECOGNIZED\",\"error\":\"?\"}"});
    fake_server_always(
        s->server, "old-thumbnail",
        (FakeAnswer){.status = 200, .body = red, .body_len = sizeof red, .content_type = "x/y"});
    push_avatar(s, RED);
    EXPECT_REQUEST(s, "thumbnail");
    FakeRequest *request = EXPECT_REQUEST(s, "old-thumbnail");
    EXPECT_TEXT(s, request->path, "/_matrix/media/v3/thumbnail/far.example/red");
    CHECK(s, request->token == NULL);
    WAIT(s, has_checksum, s);
    push_avatar(s, BLUE);
    EXPECT_REQUEST(s, "old-thumbnail");
    settle(s);
    EXPECT_TEXT(s, checksum(s), BLUE);
}

static void no_thumbnail(Scenario *s)
{
    start(s);
    fake_server_once(
        s->server, "thumbnail",
        (FakeAnswer){.status = 400, .body = "{\"errcode\":\"M_UNKNOWN\",\"error\":\"no\"}"});
    push_avatar(s, RED);
    EXPECT_REQUEST(s, "thumbnail");
    FakeRequest *request = EXPECT_REQUEST(s, "download");
    EXPECT_TEXT(s, request->path, "/_matrix/client/v1/media/download/far.example/red");
    WAIT(s, has_checksum, s);
    expect_icon(s, red, sizeof red);
}

/* A redirect is followed, and the token stays behind. */
static void elsewhere(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "thumbnail",
                     (FakeAnswer){.status = 307,
                                  .header = "Location",
                                  .header_value = "/_matrix/media/v3/download/cdn.example/red"});
    fake_server_once(s->server, "old-download",
                     (FakeAnswer){.status = 200, .body = red, .body_len = sizeof red});
    push_avatar(s, RED);
    CHECK(s, EXPECT_REQUEST(s, "thumbnail")->token != NULL);
    CHECK(s, EXPECT_REQUEST(s, "old-download")->token == NULL);
    WAIT(s, has_checksum, s);
    expect_icon(s, red, sizeof red);
}

/* The homeserver is away for a moment. */
static void comes_later(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "thumbnail", FAKE_502);
    push_avatar(s, RED);
    EXPECT_REQUEST(s, "thumbnail");
    settle(s);
    CHECK(s, checksum(s) == NULL);
    fake_server_down(s->server);
    host_iterate(300);
    fake_server_up(s->server);
    WAIT(s, has_checksum, s);
    EXPECT_REQUEST(s, "thumbnail");
    settle(s);
}

/* What is no picture of a bearable size, or does not come, is nothing, and asked for once. */
static void refused(Scenario *s, FakeAnswer answer)
{
    start(s);
    fake_server_once(s->server, "thumbnail", answer);
    push_avatar(s, RED);
    EXPECT_REQUEST(s, "thumbnail");
    settle(s);
    CHECK(s, checksum(s) == NULL);
    push_event(s, DIRECT, member_with(BOB, "Bobby", RED));
    settle(s);
    CHECK(s, checksum(s) == NULL);
    EXPECT_NOTHING(s, 100);
}

static void html(Scenario *s)
{
    refused(s, (FakeAnswer){.status = 200,
                            .content_type = "image/png",
                            .body = "<html><script>alert(1)</script></html>"});
    fake_server_down(s->server);
    host_iterate(300);
    fake_server_up(s->server);
    settle(s); /* not asked for again either */
    EXPECT_NOTHING(s, 100);
}

static void svg(Scenario *s)
{
    refused(s, (FakeAnswer){.status = 200,
                            .content_type = "image/svg+xml",
                            .body = "<svg xmlns='http://www.w3.org/2000/svg'/>"});
}

static void bomb(Scenario *s)
{
    static const char tall[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\x01\x86\xa0\x08\0\0\0\0";
    refused(s, (FakeAnswer){.status = 200, .body = tall, .body_len = sizeof tall});
}

static void huge(Scenario *s)
{
    gsize len = 2 * 1024 * 1024;
    g_autofree char *data = g_malloc0(len);
    memcpy(data, red, sizeof red);
    refused(s, (FakeAnswer){.status = 200, .body = data, .body_len = len});
}

static void empty(Scenario *s)
{
    refused(s, (FakeAnswer){.status = 200, .content_type = "image/png", .body = ""});
}

static void cut(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "thumbnail",
                     (FakeAnswer){.status = 200,
                                  .body = red,
                                  .body_len = sizeof red,
                                  .content_type = "image/png",
                                  .how = FAKE_CUT});
    push_avatar(s, RED);
    EXPECT_REQUEST(s, "thumbnail");
    settle(s);
    CHECK(s, checksum(s) == NULL);
}

/* A silent server holds up nothing, also not the end. */
static void silent(Scenario *s)
{
    start(s);
    fake_server_once(s->server, "thumbnail",
                     (FakeAnswer){.status = 200, .body = "x", .how = FAKE_SILENT});
    push_avatar(s, RED);
    EXPECT_REQUEST(s, "thumbnail");
    push_event(s, DIRECT, event_text(BOB, "hello"));
    EXPECT_EVENT(s, "window", "name", BOB);
    EXPECT_LINE(s, BOB, BOB, "hello", "RECV");
}

static void tricks(Scenario *s)
{
    static const char *const wrong[] = {
        "mxc://far.example/../../v3/account/whoami",
        "mxc://../red",
        "mxc://far.example/red?x=1",
        "mxc://far.example/%2e%2e",
        "http://far.example/red.png",
        "file:///etc/passwd",
        "mxc://far.example/",
    };
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
        push_avatar(s, wrong[i]);
    settle(s);
    EXPECT_NOTHING(s, 100);
    EXPECT_INT(s, fake_server_count(s->server, "unknown"), 0);
    CHECK(s, checksum(s) == NULL);
}

/* Many buddies: never more than a few requests at a time. */
static void many(Scenario *s)
{
    SyncBody *body = sync_body_new();
    g_autoptr(GString) direct = g_string_new("{");
    for (guint i = 0; i < 40; i++) {
        g_autofree char *room = g_strdup_printf("!dm%u:localhost", i);
        g_autofree char *user = g_strdup_printf("@u%u:localhost", i);
        g_autofree char *mxc = g_strdup_printf("mxc://far.example/u%u", i);
        g_autofree char *both = g_strdup_printf(ALICE " %s", user);
        g_autofree char *name = g_strdup_printf("far.example/u%u", i);
        sync_body_room(body, room, NULL, both);
        sync_body_state(body, room, member_with(user, "U", mxc));
        g_string_append_printf(direct, "%s'%s':['%s']", i > 0 ? "," : "", user, room);
        fake_server_set_media(s->server, name, "image/png", red, sizeof red);
    }
    g_string_append_c(direct, '}');
    sync_body_account_data(body, "m.direct", direct->str);
    set_first(s, sync_body_end(body));
    fake_server_always(s->server, "thumbnail",
                       (FakeAnswer){.status = 200, .body = "x", .how = FAKE_SILENT});
    log_in(s);
    host_iterate(200);
    EXPECT_INT(s, fake_server_count(s->server, "thumbnail"), 3);
    for (guint i = 0; i < 3; i++)
        EXPECT_REQUEST(s, "thumbnail");
}

/* ---- the own one ---- */

static void choose(Scenario *s, const char *data, gsize len)
{
    purple_buddy_icons_set_account_icon(s->account, g_memdup2(data, len), len);
}

static void expect_profile_put(Scenario *s, const char *body)
{
    FakeRequest *request = EXPECT_REQUEST(s, "set-profile");
    EXPECT_TEXT(s, request->path, "/_matrix/client/v3/profile/%40alice%3Alocalhost/avatar_url");
    EXPECT_TEXT(s, request->body, body);
}

static void own_1(Scenario *s)
{
    start(s);
    choose(s, red, sizeof red);
    FakeRequest *request = EXPECT_REQUEST(s, "upload");
    EXPECT_INT(s, request->body_len, sizeof red);
    CHECK(s, memcmp(request->body, red, sizeof red) == 0);
    expect_profile_put(s, "{\"avatar_url\":\"mxc://localhost/up1\"}");
    settle(s);
    choose(s, red, sizeof red); /* Pidgin says it again */
    EXPECT_NOTHING(s, 200);
}

/* The unchanged one is not uploaded again at the next login. */
static void own_2(Scenario *s)
{
    fake_server_set_profile(s->server, ALICE, "{\"avatar_url\":\"mxc://localhost/up1\"}");
    come_back(s);
    EXPECT_NOTHING(s, 200);
    EXPECT_INT(s, fake_server_count(s->server, "upload"), 0);
    EXPECT_INT(s, fake_server_count(s->server, "thumbnail"), 0);
    choose(s, NULL, 0);
    expect_profile_put(s, "{\"avatar_url\":\"\"}");
    settle(s);
}

static gboolean has_account_icon(gpointer data)
{
    PurpleStoredImage *image = purple_buddy_icons_find_account_icon(data);
    gboolean has = image != NULL;
    purple_imgstore_unref(image);
    return has;
}

static gboolean has_no_account_icon(gpointer account)
{
    return !has_account_icon(account);
}

/* Another client of the user changes the avatar, and takes it away. */
static void own_followed(Scenario *s)
{
    start(s);
    fake_server_set_profile(s->server, ALICE, "{\"avatar_url\":\"" BLUE "\"}");
    push_event(s, ROOM, member_with(ALICE, "Alice", BLUE));
    EXPECT_REQUEST(s, "thumbnail");
    WAIT(s, has_account_icon, s->account);
    settle(s);
    EXPECT_NOTHING(s, 100); /* what was followed is not sent back */
    fake_server_set_profile(s->server, ALICE, "{}");
    push_event(s, ROOM, member_with(ALICE, "Alice", NULL));
    WAIT(s, has_no_account_icon, s->account);
    settle(s);
}

/* A first login takes the user's avatar, and does not replace it by Pidgin's icon of all accounts.
 */
static void own_first_login(Scenario *s)
{
    set_usual_rooms(s);
    set_pictures(s);
    fake_server_set_profile(s->server, ALICE, "{\"avatar_url\":\"" BLUE "\"}");
    s->account = scenario_account(s, ALICE, "secret");
    choose(s, red, sizeof red);
    log_in(s);
    EXPECT_REQUEST(s, "thumbnail");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "upload"), 0);
    PurpleStoredImage *image = purple_buddy_icons_find_account_icon(s->account);
    CHECK(s, memcmp(purple_imgstore_get_data(image), blue, sizeof blue) == 0);
    purple_imgstore_unref(image);
}

/* Without one on the server the icon is what the user wants to be seen. */
static void own_first_icon(Scenario *s)
{
    set_usual_rooms(s);
    s->account = scenario_account(s, ALICE, "secret");
    choose(s, red, sizeof red);
    log_in(s);
    EXPECT_REQUEST(s, "upload");
    expect_profile_put(s, "{\"avatar_url\":\"mxc://localhost/up1\"}");
    settle(s);
}

static void own_refused(Scenario *s)
{
    start(s);
    fake_server_once(
        s->server, "upload",
        (FakeAnswer){.status = 413, .body = "{\"errcode\":\"M_TOO_LARGE\",\"error\":\"big\"}"});
    choose(s, red, sizeof red);
    EXPECT_REQUEST(s, "upload");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "too large");
    fake_server_once(
        s->server, "set-profile",
        (FakeAnswer){.status = 403, .body = "{\"errcode\":\"M_FORBIDDEN\",\"error\":\"no\"}"});
    choose(s, blue, sizeof blue);
    EXPECT_REQUEST(s, "upload");
    EXPECT_REQUEST(s, "set-profile");
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "does not let you change it");
    choose(s, "<svg/>", 6);
    EXPECT_EVENT(s, "notify", "level", "error", "~secondary", "choose a PNG");
}

int main(int argc, char **argv)
{
    static const ScenarioEntry entries[] = {
        {"room-is-shown", {room_is_shown, room_is_shown_2}},
        {"shown-changed-removed", {shown_changed_removed}},
        {"stays-with-the-buddy", {stays_with_the_buddy}},
        {"once", {once_1, once_2}},
        {"old-server", {old_server}},
        {"no-thumbnail", {no_thumbnail}},
        {"elsewhere", {elsewhere}},
        {"comes-later", {comes_later}},
        {"html", {html}},
        {"svg", {svg}},
        {"bomb", {bomb}},
        {"huge", {huge}},
        {"empty", {empty}},
        {"cut", {cut}},
        {"silent", {silent}},
        {"tricks", {tricks}},
        {"many", {many}},
        {"own", {own_1, own_2}},
        {"own-followed", {own_followed}},
        {"own-first-login", {own_first_login}},
        {"own-first-icon", {own_first_icon}},
        {"own-refused", {own_refused}},
    };

    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
