/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* The list of rooms: the window of libpurple's, and /list. */

#define USUAL_ROOM(id, name) "{'room_id':'" id "','name':'" name "','num_joined_members':5}"

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
}

static void page(Scenario *s, const char *endpoint, const char *text)
{
    g_autofree char *quoted = json_quotes(text);

    fake_server_once(s->server, endpoint, (FakeAnswer){.status = 200, .body = quoted});
}

static void query_is(Scenario *s, const FakeRequest *request, const char *name, const char *wanted)
{
    g_autofree char *value = fake_request_query(request, name);

    EXPECT_TEXT(s, value, wanted);
}

static gboolean is_done(gpointer data)
{
    return !host_roomlist_is_running();
}

static void enter(Scenario *s, const char *server, const char *words)
{
    g_autoptr(JsonObject) inputs = json_object_new();
    JsonObject *request;

    CHECK(s, host_roomlist_open(s->account));
    request = EXPECT_EVENT(s, "request", "primary", "List rooms");
    json_object_set_string_member(inputs, "server", server);
    json_object_set_string_member(inputs, "words", words);
    CHECK(s,
          host_press(json_object_get_int_member(request, "request"), "List", NULL, inputs, NULL));
}

static JsonObject *row(Scenario *s, JsonArray *rows, guint index)
{
    CHECK(s, index < json_array_get_length(rows));
    return json_array_get_object_element(rows, index);
}

static guint count_rows(void)
{
    g_autoptr(JsonArray) rows = host_roomlist_rows();

    return json_array_get_length(rows);
}

static void listed(Scenario *s)
{
    g_autoptr(JsonArray) rows = NULL;
    FakeRequest *request;
    JsonObject *first;

    start(s);
    page(s, "public-rooms",
         "{'chunk':[{'room_id':'!a:far','name':'A <b>bold</b>\\nname','topic':'One\\ntwo <i>',"
         "'canonical_alias':'#a:far','num_joined_members':12,'join_rule':'knock'},"
         "7,{'room_id':'bad'},{'room_id':'!c:far','canonical_alias':'no','topic':[],"
         "'num_joined_members':'x'}],'next_batch':'p2'}");
    page(s, "public-rooms",
         "{'chunk':[" USUAL_ROOM("!a:far", "Again") "," USUAL_ROOM("!b:far", "B") "]}");
    enter(s, " far.example ", "good words");
    request = EXPECT_REQUEST(s, "public-rooms");
    query_is(s, request, "server", "far.example");
    EXPECT_TEXT(s, request->body,
                "{\"limit\":100,\"filter\":{\"generic_search_term\":\"good words\"}}");
    request = EXPECT_REQUEST(s, "public-rooms");
    CHECK(s, strstr(request->body, "\"since\":\"p2\"") != NULL);
    WAIT(s, is_done, NULL);
    rows = host_roomlist_rows();
    EXPECT_INT(s, json_array_get_length(rows), 3);
    first = row(s, rows, 0);
    EXPECT_TEXT(s, text_of(first, "name"), "A <b>bold</b> name");
    EXPECT_TEXT(s, text_of(first, "topic"), "One two <i>");
    EXPECT_TEXT(s, text_of(first, "address"), "#a:far");
    EXPECT_TEXT(s, text_of(first, "join_rule"), "who has asked");
    EXPECT_INT(s, json_object_get_int_member(first, "members"), 12);
    EXPECT_TEXT(s, text_of(row(s, rows, 1), "name"), "!c:far");
    EXPECT_INT(s, json_object_get_int_member(row(s, rows, 1), "members"), 0);
    /* Joined over the server that has told of it. */
    CHECK(s, host_roomlist_join(0));
    request = EXPECT_REQUEST(s, "join");
    EXPECT_TEXT(s, request->args[0], "!a:far");
    CHECK(s, strstr(request->query, "via=far.example") != NULL);
    host_roomlist_close();
}

static void nothing_found(Scenario *s)
{
    JsonObject *request;

    start(s);
    page(s, "public-rooms", "{'chunk':{}}");
    enter(s, "", "");
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "public-rooms")->body, "{\"limit\":100}");
    EXPECT_EVENT(s, "notify", "~secondary", "No room was found.");
    CHECK(s, is_done(NULL));
    enter(s, "no server", "");
    EXPECT_EVENT(s, "notify", "~secondary", "That is no name of a homeserver.");
    CHECK(s, is_done(NULL));
    fake_server_once(s->server, "public-rooms", FAKE_502);
    enter(s, "down.example", "");
    EXPECT_REQUEST(s, "public-rooms");
    EXPECT_EVENT(s, "notify", "~secondary", "The rooms of down.example could not be listed.");
    CHECK(s, is_done(NULL));
    fake_server_once(s->server, "public-rooms", (FakeAnswer){.status = 200, .body = "[]"});
    enter(s, "", "");
    EXPECT_REQUEST(s, "public-rooms");
    EXPECT_EVENT(s, "notify", "~secondary", "The rooms of localhost could not be listed.");
    CHECK(s, host_roomlist_open(s->account));
    request = EXPECT_EVENT(s, "request");
    CHECK(s,
          host_press(json_object_get_int_member(request, "request"), "Cancel", NULL, NULL, NULL));
    CHECK(s, is_done(NULL));
    host_roomlist_close();
    EXPECT_NOTHING(s, 100);
}

/* Stopped with the dialog open, on the way, and by the end of the connection. */
static void stopped(Scenario *s)
{
    start(s);
    CHECK(s, host_roomlist_open(s->account));
    EXPECT_EVENT(s, "request");
    host_roomlist_stop();
    CHECK(s, is_done(NULL));
    fake_server_once(s->server, "public-rooms", (FakeAnswer){.how = FAKE_SILENT, .status = 200});
    enter(s, "", "");
    EXPECT_REQUEST(s, "public-rooms");
    host_roomlist_close();
    fake_server_once(s->server, "public-rooms", (FakeAnswer){.how = FAKE_SILENT, .status = 200});
    enter(s, "", "");
    EXPECT_REQUEST(s, "public-rooms");
    CHECK(s, !is_done(NULL));
    CHECK(s, host_roomlist_open(s->account));
    EXPECT_EVENT(s, "request");
    go_offline(s);
    CHECK(s, is_done(NULL));
    host_roomlist_close();
}

static char *many_rooms(guint from, guint count, const char *next)
{
    GString *text = g_string_new("{\"chunk\":[");

    for (guint i = from; i < from + count; i++)
        g_string_append_printf(text, "%s{\"room_id\":\"!r%u:far\",\"name\":\"Room %u\"}",
                               i == from ? "" : ",", i, i);
    g_string_append(text, "]");
    if (next != NULL)
        g_string_append_printf(text, ",\"next_batch\":\"%s\"", next);
    g_string_append(text, "}");
    return g_string_free(text, FALSE);
}

static void more(Scenario *s)
{
    g_autoptr(JsonArray) rows = NULL;

    start(s);
    for (guint i = 0; i < 6; i++) {
        g_autofree char *next = g_strdup_printf("p%u", i + 1);
        g_autofree char *text = many_rooms(i * 100, 100, i < 5 ? next : NULL);
        fake_server_once(s->server, "public-rooms", (FakeAnswer){.status = 200, .body = text});
    }
    enter(s, "", "words");
    for (guint i = 0; i < 5; i++)
        EXPECT_REQUEST(s, "public-rooms");
    WAIT(s, is_done, NULL);
    EXPECT_INT(s, count_rows(), 501);
    EXPECT_NOTHING(s, 50);
    CHECK(s, host_roomlist_expand(500));
    EXPECT_TEXT(s, EXPECT_REQUEST(s, "public-rooms")->body,
                "{\"limit\":100,\"since\":\"p5\",\"filter\":{\"generic_search_term\":\"words\"}}");
    WAIT(s, is_done, NULL);
    rows = host_roomlist_rows();
    EXPECT_INT(s, json_array_get_length(rows), 601);
    EXPECT_TEXT(s, text_of(row(s, rows, 600), "parent"), "More rooms…");
    host_roomlist_close();
}

/* Pages that lead in a circle, empty ones without end, and one larger than anybody asked for. */
static void hostile_pages(Scenario *s)
{
    g_autofree char *large = many_rooms(0, 100000, NULL);
    guint before;

    start(s);
    page(s, "public-rooms", "{'chunk':[],'next_batch':'a'}");
    page(s, "public-rooms", "{'chunk':[],'next_batch':'b'}");
    page(s, "public-rooms", "{'chunk':[" USUAL_ROOM("!a:x", "A") "],'next_batch':'a'}");
    enter(s, "", "");
    for (guint i = 0; i < 3; i++)
        EXPECT_REQUEST(s, "public-rooms");
    WAIT(s, is_done, NULL);
    EXPECT_INT(s, count_rows(), 1);
    for (guint i = 0; i < 40; i++) {
        g_autofree char *text = g_strdup_printf("{'chunk':[],'next_batch':'n%u'}", i);
        page(s, "public-rooms", text);
    }
    before = fake_server_count(s->server, "public-rooms");
    enter(s, "", "");
    WAIT(s, is_done, NULL);
    EXPECT_INT(s, fake_server_count(s->server, "public-rooms") - before, 20);
    EXPECT_INT(s, count_rows(), 1); /* "More rooms" */
    for (guint i = 0; i < 20; i++)
        EXPECT_REQUEST(s, "public-rooms");
    fake_server_clear(s->server, "public-rooms");
    fake_server_once(s->server, "public-rooms", (FakeAnswer){.status = 200, .body = large});
    enter(s, "", "");
    EXPECT_REQUEST(s, "public-rooms");
    EXPECT_EVENT(s, "notify", "~secondary", "98000 more rooms are not shown.");
    EXPECT_INT(s, count_rows(), 2000);
    host_roomlist_close();
    forget_events(s);
}

static void spaces(Scenario *s)
{
    g_autoptr(JsonArray) rows = NULL;
    FakeRequest *request;

    start(s);
    page(s, "public-rooms", "{'chunk':[{'room_id':'!s:far','name':'Club','room_type':'m.space'}]}");
    enter(s, "far.example", "");
    EXPECT_REQUEST(s, "public-rooms");
    WAIT(s, is_done, NULL);
    EXPECT_INT(s, count_rows(), 2);
    CHECK(s, !host_roomlist_join(0));
    page(s, "hierarchy",
         "{'rooms':[{'room_id':'!s:far','room_type':'m.space','children_state':["
         "{'type':'m.space.child','state_key':'!one','content':{'via':['via.example',5]}},"
         "{'type':'m.space.child','state_key':'!s:far','content':{'via':['x']}}]},"
         "{'room_id':'!one','name':'One'},{'room_id':'!s:far','name':'Itself'},"
         "{'room_id':'!t:far','name':'Inner','room_type':'m.space'}],'next_batch':'h2'}");
    page(s, "hierarchy", "{'rooms':[" USUAL_ROOM("!two:far", "Two") "],'next_batch':'h2'}");
    CHECK(s, host_roomlist_expand(0));
    request = EXPECT_REQUEST(s, "hierarchy");
    EXPECT_TEXT(s, request->args[0], "!s:far");
    query_is(s, request, "max_depth", "1");
    query_is(s, EXPECT_REQUEST(s, "hierarchy"), "from", "h2");
    WAIT(s, is_done, NULL);
    rows = host_roomlist_rows();
    EXPECT_INT(s, json_array_get_length(rows), 6);
    EXPECT_TEXT(s, text_of(row(s, rows, 1), "name"), "The space “Club” itself");
    EXPECT_TEXT(s, text_of(row(s, rows, 2), "name"), "One");
    EXPECT_TEXT(s, text_of(row(s, rows, 2), "parent"), "Club");
    CHECK(s, json_object_get_boolean_member(row(s, rows, 3), "is_category"));
    EXPECT_TEXT(s, text_of(row(s, rows, 5), "name"), "Two");
    /* A circle of spaces ends here. */
    page(s, "hierarchy",
         "{'rooms':[{'room_id':'!t:far'},{'room_id':'!s:far','name':'Club','room_type':'m.space'},"
         "{'room_id':'!t:far','name':'Inner','room_type':'m.space'}]}");
    CHECK(s, host_roomlist_expand(3));
    EXPECT_REQUEST(s, "hierarchy");
    WAIT(s, is_done, NULL);
    EXPECT_INT(s, count_rows(), 6);
    /* A room without a server in its ID is joined over those of the space. */
    CHECK(s, host_roomlist_join(2));
    request = EXPECT_REQUEST(s, "join");
    EXPECT_TEXT(s, request->args[0], "!one");
    CHECK(s, strstr(request->query, "via=via.example") != NULL);
    host_roomlist_close();
}

/* ---- /list ---- */

static void said(Scenario *s, const char *flags, const char *text)
{
    EXPECT_EVENT(s, "line", "name", ROOM, "~flags", flags, "~text", text);
}

static const char *command(Scenario *s, const char *text)
{
    g_autofree char *error = NULL;

    return host_command(host_find_conversation(s->account, ROOM), text, &error);
}

static void by_command(Scenario *s)
{
    FakeRequest *request;

    start(s);
    open_chat(s, ROOM);
    EXPECT_TEXT(s, command(s, "/list more"), "FAILED");
    page(s, "public-rooms",
         "{'chunk':[{'room_id':'!a:far','name':'A <b>','topic':'T <i>','num_joined_members':1,"
         "'canonical_alias':'#a:far','join_rule':'knock'},{'room_id':'!b:far',"
         "'num_joined_members':2}],'next_batch':'p2'}");
    EXPECT_TEXT(s, command(s, "/list far.example good words"), "OK");
    request = EXPECT_REQUEST(s, "public-rooms");
    query_is(s, request, "server", "far.example");
    EXPECT_TEXT(s, request->body,
                "{\"limit\":20,\"filter\":{\"generic_search_term\":\"good words\"}}");
    said(s, "SYSTEM",
         "A &lt;b&gt; – #a:far – 1 member, to be asked: /knock and its address – T &lt;i&gt;<br>"
         "!b:far – https://matrix.to/#/%21b%3Afar?via=far.example&amp;via=far – 2 members<br>"
         "/join and an address joins a room. There are more: /list more.");
    page(s, "public-rooms", "{'chunk':[" USUAL_ROOM("!c:far", "C") "],'next_batch':'p2'}");
    EXPECT_TEXT(s, command(s, "/list more"), "OK");
    CHECK(s, strstr(EXPECT_REQUEST(s, "public-rooms")->body, "\"since\":\"p2\"") != NULL);
    said(s, "SYSTEM", "C – ");
    EXPECT_TEXT(s, command(s, "/list more"), "FAILED");
    page(s, "public-rooms", "{}");
    EXPECT_TEXT(s, command(s, "/list garden"), "OK");
    request = EXPECT_REQUEST(s, "public-rooms");
    query_is(s, request, "server", NULL);
    said(s, "SYSTEM", "localhost lists no such room.");
    fake_server_set_alias(s->server, "#club:far", "!s:far");
    page(s, "hierarchy",
         "{'rooms':[{'room_id':'!s:far','room_type':'m.space'}," USUAL_ROOM("!in:far", "In") "]}");
    EXPECT_TEXT(s, command(s, "/list #club:far"), "OK");
    EXPECT_REQUEST(s, "resolve-alias");
    EXPECT_REQUEST(s, "hierarchy");
    said(s, "SYSTEM", "In – ");
    EXPECT_TEXT(s, command(s, "/list #none:far"), "OK");
    EXPECT_REQUEST(s, "resolve-alias");
    said(s, "ERROR", "The rooms of #none:far could not be listed.");
    EXPECT_NOTHING(s, 100);
}

int main(int argc, char **argv)
{
    static const ScenarioEntry entries[] = {
        {"roomlist-listed", {listed}},
        {"roomlist-nothing-found", {nothing_found}},
        {"roomlist-stopped", {stopped}},
        {"roomlist-more", {more}},
        {"roomlist-hostile-pages", {hostile_pages}},
        {"roomlist-spaces", {spaces}},
        {"roomlist-by-command", {by_command}},
    };

    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
