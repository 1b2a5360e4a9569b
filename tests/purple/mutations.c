/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* A10: every value of every answer is in turn null, a number, a string, an array, an object, a
 * boolean, or not there. Nothing may crash, warn, hang or stop; what is well-formed around the odd
 * value goes on. */

static const char *const odd_values[] = {
    "null", "17", "-1.5e300", "'text'", "''", "true", "[7]", "[{}]", "{'a':[null]}", NULL /* gone */
};

/* ---- the mutator ---- */

typedef struct {
    int target;
    int at;
    const char *value; /* NULL: the member goes */
} Mutation;

static JsonNode *mutate(JsonNode *node, Mutation *mutation);

static JsonNode *mutate_object(JsonObject *object, Mutation *mutation)
{
    JsonNode *node = json_node_new(JSON_NODE_OBJECT);
    g_autoptr(JsonObject) copy = json_object_new();
    g_autoptr(GList) names = json_object_get_members(object);

    for (GList *l = names; l != NULL; l = l->next) {
        JsonNode *member = mutate(json_object_get_member(object, l->data), mutation);
        if (member != NULL)
            json_object_set_member(copy, l->data, member);
    }
    json_node_set_object(node, copy);
    return node;
}

static JsonNode *mutate_array(JsonArray *array, Mutation *mutation)
{
    JsonNode *node = json_node_new(JSON_NODE_ARRAY);
    g_autoptr(JsonArray) copy = json_array_new();

    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *element = mutate(json_array_get_element(array, i), mutation);
        if (element != NULL)
            json_array_add_element(copy, element);
    }
    json_node_set_array(node, copy);
    return node;
}

/* A copy in which the target-th value, counted in reading order, is another one. */
static JsonNode *mutate(JsonNode *node, Mutation *mutation)
{
    if (mutation->at++ == mutation->target)
        return mutation->value ? json_text(mutation->value) : NULL;
    if (JSON_NODE_HOLDS_OBJECT(node))
        return mutate_object(json_node_get_object(node), mutation);
    if (JSON_NODE_HOLDS_ARRAY(node))
        return mutate_array(json_node_get_array(node), mutation);
    return json_node_copy(node);
}

typedef void (*MutantFunc)(Scenario *s, const char *text, guint n);

static char *mutant_text(JsonNode *node, int target, const char *value, gboolean *done)
{
    Mutation mutation = {target, 0, value};
    g_autoptr(JsonNode) mutant = mutate(node, &mutation);

    *done = mutation.at <= target;
    return mutant ? json_to_string(mutant, FALSE) : g_strdup("");
}

/* first: 1 leaves the whole answer as it is. */
static void for_each_mutant(Scenario *s, const char *template_text, int first, MutantFunc func)
{
    g_autoptr(JsonNode) node = json_text(template_text);
    guint n = 0;

    for (int target = first;; target++) {
        for (guint i = 0; i < G_N_ELEMENTS(odd_values); i++) {
            gboolean done;
            g_autofree char *text = mutant_text(node, target, odd_values[i], &done);
            if (done)
                return;
            func(s, text, n++);
        }
    }
}

static char *replace(const char *text, const char *what, const char *with)
{
    g_auto(GStrv) parts = g_strsplit(text, what, -1);

    return g_strjoinv(with, parts);
}

/* The account still works: a line comes and goes. */
static void check_alive(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_direct(body, DIRECT, ALICE, BOB);
    push(s, sync_body_end(body));
    settle(s);
    forget_events(s);
    push_event(s, DIRECT, event_text(BOB, "still there"));
    for (guint i = 0; i < 100 && count_lines() == 0; i++)
        host_iterate(50);
    EXPECT_LINE(s, BOB, BOB, "still there", NULL);
    settle(s);
    forget_events(s);
    CHECK(s, host_send_im(s->account, BOB, "yes"));
    EXPECT_REQUEST(s, "send");
    settle(s);
    forget_events(s);
}

static void start(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    open_chat(s, ROOM);
}

/* ---- sync ---- */

#define SYNC_TEMPLATE                                                                              \
    "{'account_data':{'events':[{'type':'m.direct','content':{'" BOB "':['" DIRECT "']}},"         \
    "{'type':'m.push_rules','content':{'global':{'override':[]}}}]},"                              \
    "'presence':{'events':[{'type':'m.presence','sender':'" BOB "','content':{'presence':"         \
    "'online'}}]},"                                                                                \
    "'to_device':{'events':[{'type':'m.dummy','sender':'" BOB "','content':{}}]},"                 \
    "'device_lists':{'changed':['" BOB "'],'left':[]},"                                            \
    "'device_one_time_keys_count':{'signed_curve25519':10},"                                       \
    "'rooms':{'join':{'" ROOM "':{"                                                                \
    "'summary':{'m.heroes':['" BOB "'],'m.joined_member_count':3,'m.invited_member_count':0},"     \
    "'state':{'events':[{'type':'m.room.topic','event_id':'$tEVENT','sender':'" BOB "',"           \
    "'state_key':'','origin_server_ts':1600000000000,'content':{'topic':'Topic'}}]},"              \
    "'timeline':{'limited':false,'prev_batch':'p','events':[{'type':'m.room.message',"             \
    "'event_id':'$xEVENT','sender':'" BOB "','origin_server_ts':1600000000000,"                    \
    "'unsigned':{'age':5,'transaction_id':'t'},'content':{'msgtype':'m.text','body':'text',"       \
    "'format':'org.matrix.custom.html','formatted_body':'<b>text</b>','m.mentions':"               \
    "{'user_ids':['" ALICE "']},'m.relates_to':{'rel_type':'m.replace','event_id':'$y'}}}]},"      \
    "'ephemeral':{'events':[{'type':'m.typing','content':{'user_ids':['" BOB "']}},"               \
    "{'type':'m.receipt','content':{'$xEVENT':{'m.read':{'" ALICE "':{'ts':5}}}}}]},"              \
    "'account_data':{'events':[{'type':'m.tag','content':{'tags':{'m.favourite':"                  \
    "{'order':0.5}}}}]},"                                                                          \
    "'unread_notifications':{'notification_count':1,'highlight_count':0}}},"                       \
    "'invite':{'!inv:localhost':{'invite_state':{'events':[{'type':'m.room.member','sender':"      \
    "'" BOB "','state_key':'" ALICE "','content':{'membership':'invite'}}]}}},"                    \
    "'leave':{'!left:localhost':{'timeline':{'events':[]}}}}}"

static void push_mutant(Scenario *s, const char *text, guint n)
{
    g_autofree char *number = g_strdup_printf("%u", n);
    g_autofree char *body = replace(text, "EVENT", number);

    fake_server_push(s->server, body);
    if (n % 20 != 19)
        return;
    settle(s);
    CHECK(s, purple_account_is_connected(s->account));
    forget_events(s);
}

static void mutate_sync(Scenario *s)
{
    start(s);
    for_each_mutant(s, SYNC_TEMPLATE, 1, push_mutant);
    settle(s);
    forget_events(s);
    check_alive(s);
}

#define EVENT_TEMPLATE(event)                                                                      \
    "{'rooms':{'join':{'" ROOM "':{'state':{'events':[" event "]},'timeline':{'events':["          \
    "{'type':'m.room.message','event_id':'$nEVENT','sender':'" CAROL "','origin_server_ts':"       \
    "1600000000000,'content':{'msgtype':'m.text','body':'neighbour'}}," event "]}}}}}"

static void mutate_event(Scenario *s, const char *template_text)
{
    start(s);
    for_each_mutant(s, template_text, 1, push_mutant);
    settle(s);
    forget_events(s);
    check_alive(s);
}

static void mutate_member(Scenario *s)
{
    mutate_event(
        s, EVENT_TEMPLATE("{'type':'m.room.member','event_id':'$mEVENT','sender':'" BOB "',"
                          "'state_key':'" BOB "','origin_server_ts':1600000000000,'content':"
                          "{'membership':'join','displayname':'Bob','avatar_url':'mxc://x/y',"
                          "'reason':'r'},'unsigned':{'prev_content':{'membership':'invite'}}}"));
}

static void mutate_states(Scenario *s)
{
    static const char *const events[] = {
        EVENT_TEMPLATE("{'type':'m.room.name','event_id':'$aEVENT','sender':'" BOB "','state_key':"
                       "'','origin_server_ts':1,'content':{'name':'Name'}}"),
        EVENT_TEMPLATE("{'type':'m.room.canonical_alias','event_id':'$bEVENT','sender':'" BOB "',"
                       "'state_key':'','origin_server_ts':1,'content':{'alias':'#a:b',"
                       "'alt_aliases':['#c:d']}}"),
        EVENT_TEMPLATE("{'type':'m.room.power_levels','event_id':'$cEVENT','sender':'" BOB "',"
                       "'state_key':'','origin_server_ts':1,'content':{'users':{'" BOB "':100},"
                       "'users_default':0,'events':{'m.room.name':50}}}"),
        EVENT_TEMPLATE("{'type':'m.room.create','event_id':'$dEVENT','sender':'" BOB "',"
                       "'state_key':'','origin_server_ts':1,'content':{'room_version':'11',"
                       "'creator':'" BOB "','additional_creators':['" CAROL "']}}"),
        EVENT_TEMPLATE("{'type':'m.room.redaction','event_id':'$eEVENT','sender':'" BOB "',"
                       "'redacts':'$nEVENT','origin_server_ts':1,'content':{'redacts':'$nEVENT',"
                       "'reason':'r'}}"),
        EVENT_TEMPLATE("{'type':'io.element.functional_members','event_id':'$fEVENT','sender':"
                       "'" BOB "','state_key':'','origin_server_ts':1,'content':"
                       "{'service_members':['" CAROL "']}}"),
    };

    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(events); i++)
        for_each_mutant(s, events[i], 5, push_mutant);
    settle(s);
    forget_events(s);
    check_alive(s);
}

/* The neighbour of a broken event is shown. */
static void mutants_neighbour(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(odd_values) - 1; i++) {
        g_autofree char *value = json_quotes(odd_values[i]);
        g_autofree char *before = event_to_text(event_text(BOB, "before"));
        g_autofree char *after = event_to_text(event_text(BOB, "after"));
        g_autofree char *body =
            g_strdup_printf("{\"rooms\":{\"join\":{\"" ROOM "\":{\"timeline\":{\"events\":[%s,%s,"
                            "%s]}},\"!odd:localhost\":%s}}}",
                            before, value, after, value);
        fake_server_push(s->server, body);
        EXPECT_LINE(s, ROOM, BOB, "before", "RECV");
        EXPECT_LINE(s, ROOM, BOB, "after", "RECV");
    }
    settle(s);
}

/* next_batch is the one value without which an answer is none: asked again, nothing lost. */
static void mutate_next_batch(Scenario *s)
{
    static const char *const values[] = {"null", "17", "[]", "{}", "true"};

    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *text = g_strdup_printf("after %s", values[i]);
        FakeAnswer answer = {.status = 200};
        g_autofree char *body = g_strdup_printf("{\"next_batch\":%s}", values[i]);
        answer.body = body;
        fake_server_once(s->server, "sync", answer);
        push(s, g_strdup("{}"));
        push_event(s, ROOM, event_text(BOB, text));
        EXPECT_LINE(s, ROOM, BOB, text, NULL);
        settle(s);
        CHECK(s, purple_account_is_connected(s->account));
    }
}

static const char *const no_answers[] = {
    "",
    "null",
    "[]",
    "17",
    "\"text\"",
    "{",
    "{\"a\":",
    "<html>",
    "{\"a\":1}x",
    "\xef\xbb\xbf{}",
    "{\"\xff\":1}",
    "{\"a\":\"\xed\xa0\x80\"}",
    "{\"a\":\"\\ud800\"}",
};

static void sync_no_json(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(no_answers); i++) {
        g_autofree char *text = g_strdup_printf("number %u", i);
        FakeAnswer answer = {.status = 200, .body = no_answers[i]};
        fake_server_once(s->server, "sync", answer);
        push(s, g_strdup("{}"));
        push_event(s, ROOM, event_text(BOB, text));
        EXPECT_LINE(s, ROOM, BOB, text, NULL);
        settle(s);
        CHECK(s, purple_account_is_connected(s->account));
    }
}

/* ---- logging in ---- */

static gboolean is_decided(gpointer data)
{
    return purple_account_is_connected(data) || purple_account_is_disconnected(data);
}

static const char *mutated_endpoint;

static void log_in_with(Scenario *s, const char *text, guint n)
{
    g_autofree char *user = g_strdup_printf("@mutant%u:localhost", n);
    PurpleAccount *account = scenario_account(s, user, "secret");
    FakeAnswer answer = {.status = 200, .body = text};
    JsonObject *request;

    fake_server_once(s->server, mutated_endpoint, answer);
    host_account_enable(account, TRUE);
    WAIT(s, is_decided, account);
    if (!purple_account_is_connected(account)) {
        JsonObject *error = host_take_event("connection-error");
        if (error == NULL)
            FAIL(s, "no word about %s", text);
        json_object_unref(error);
    }
    while ((request = host_take_event("request")) != NULL)
        json_object_unref(request);
    host_account_enable(account, FALSE);
    forget_events(s);
    fake_server_clear(s->server, mutated_endpoint);
    for (FakeRequest *r; (r = fake_server_take_request(s->server, "login")) != NULL;)
        fake_request_free(r);
    g_queue_clear_full(fake_server_requests(s->server), (GDestroyNotify)fake_request_free);
}

static void mutate_login(Scenario *s)
{
    mutated_endpoint = "login";
    for_each_mutant(s,
                    "{'user_id':'" ALICE "','device_id':'DEV','access_token':'mxt.1.DEV." ALICE
                    "','home_server':'localhost','expires_in_ms':5,'refresh_token':'r',"
                    "'well_known':{'m.homeserver':{'base_url':'http://127.0.0.1:1'}}}",
                    0, log_in_with);
}

static void mutate_login_flows(Scenario *s)
{
    mutated_endpoint = "login-flows";
    for_each_mutant(s, "{'flows':[{'type':'m.login.password'}]}", 0, log_in_with);
}

static void mutate_versions(Scenario *s)
{
    mutated_endpoint = "versions";
    for_each_mutant(s, "{'versions':['v1.11'],'unstable_features':{'org.x':true}}", 0, log_in_with);
}

static void mutate_filter(Scenario *s)
{
    mutated_endpoint = "filter";
    for_each_mutant(s, "{'filter_id':'f'}", 0, log_in_with);
}

/* ---- answers while connected ---- */

static void fill_gap_with(Scenario *s, const char *text, guint n)
{
    g_autofree char *from = g_strdup_printf("p%u", n);
    g_autofree char *number = g_strdup_printf("g%u", n);
    g_autofree char *page = replace(text, "EVENT", number);
    FakeAnswer answer = {.status = 200, .body = page};
    SyncBody *body = sync_body_new();
    gboolean seen = FALSE;

    fake_server_once(s->server, "messages", answer);
    sync_body_timeline(body, ROOM, event_text(BOB, number));
    sync_body_limited(body, ROOM, from);
    push(s, sync_body_end(body));
    for (guint i = 0; i < 200 && !seen; i++) {
        JsonObject *line;
        host_iterate(10);
        if (i % 10 == 9)
            push(s, g_strdup("{}"));
        while (!seen && (line = host_take_event("line")) != NULL) {
            seen = g_strcmp0(text_of(line, "text"), number) == 0;
            json_object_unref(line);
        }
    }
    if (!seen)
        FAIL(s, "the line after the gap did not come after %s", page);
    fake_server_clear(s->server, "messages");
    forget_events(s);
}

static void mutate_messages(Scenario *s)
{
    start(s);
    for_each_mutant(s,
                    "{'start':'x','end':'y','chunk':[{'type':'m.room.message','event_id':'$EVENT',"
                    "'sender':'" BOB "','origin_server_ts':1600000000000,'content':{'msgtype':"
                    "'m.text','body':'inside'}}],'state':[{'type':'m.room.member','event_id':"
                    "'$sEVENT','sender':'" BOB "','state_key':'" BOB "','content':{'membership':"
                    "'join','displayname':'Bob'}}]}",
                    0, fill_gap_with);
    settle(s);
    forget_events(s);
    check_alive(s);
}

static void open_with_members(Scenario *s, const char *text, guint n)
{
    g_autofree char *room = g_strdup_printf("!mm%u:localhost", n);
    FakeAnswer answer = {.status = 200, .body = text};
    SyncBody *body = sync_body_new();

    fake_server_once(s->server, "members", answer);
    sync_body_state(body, room, event_member(ALICE, "join", "Alice"));
    sync_body_summary(body, room, 30, 0, BOB);
    push(s, sync_body_end(body));
    settle(s);
    open_chat(s, room);
    push_event(s, room, event_text(BOB, "line"));
    EXPECT_LINE(s, room, BOB, "line", "RECV");
    host_close(s->account, room);
    forget_events(s);
    fake_server_clear(s->server, "members");
}

static void mutate_members(Scenario *s)
{
    start(s);
    for_each_mutant(s,
                    "{'chunk':[{'type':'m.room.member','event_id':'$e','sender':'" BOB "',"
                    "'state_key':'" BOB "','origin_server_ts':1,'content':{'membership':'join',"
                    "'displayname':'Bob'}}]}",
                    0, open_with_members);
    check_alive(s);
}

/* An answer without an event ID is uncertain: the echo decides. */
static void mutate_send(Scenario *s)
{
    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(no_answers); i++) {
        FakeAnswer answer = {.status = 200, .process = TRUE, .body = no_answers[i]};
        g_autofree char *text = g_strdup_printf("number %u", i);
        fake_server_once(s->server, "send", answer);
        CHECK(s, host_send_chat(s->account, ROOM, text));
        EXPECT_LINE(s, ROOM, ALICE, text, "SEND");
        EXPECT_REQUEST(s, "send");
        settle(s);
    }
    EXPECT_NOTHING(s, 300);
    EXPECT_INT(s, fake_server_sent_count(s->server), G_N_ELEMENTS(no_answers));
}

/* m.direct as another client may have left it: nothing crashes, and the account stays. */
static void mutate_account_data(Scenario *s)
{
    static const char *const contents[] = {"null",
                                           "17",
                                           "\"text\"",
                                           "[]",
                                           "{\"@x:y\":null}",
                                           "{\"@x:y\":17}",
                                           "{\"@x:y\":\"!r:y\"}",
                                           "{\"@x:y\":{}}",
                                           "{\"@x:y\":[null,17,[],{}]}",
                                           "<html>",
                                           ""};

    log_in(s);
    for (guint i = 0; i < G_N_ELEMENTS(contents); i++) {
        g_autofree char *user = g_strdup_printf("@pal%u:localhost", i);
        FakeAnswer answer = {.status = 200, .body = contents[i]};
        fake_server_once(s->server, "get-account-data", answer);
        CHECK(s, host_send_im(s->account, user, "hello"));
        host_iterate(400);
    }
    host_iterate(2000);
    CHECK(s, purple_account_is_connected(s->account));
    forget_events(s);
    for (FakeRequest *r; (r = fake_server_take_request(s->server, "create-room")) != NULL ||
                         (r = fake_server_take_request(s->server, "send")) != NULL ||
                         (r = fake_server_take_request(s->server, "set-account-data")) != NULL;)
        fake_request_free(r);
}

/* An answer without a usable token ends this connection, and the next try gets a good one. */
static void mutate_refresh(Scenario *s)
{
    static const char *const bodies[] = {"{}",
                                         "[]",
                                         "{\"access_token\":null}",
                                         "{\"access_token\":17}",
                                         "{\"access_token\":[]}",
                                         "{\"access_token\":{}}",
                                         "{\"access_token\":\"\"}",
                                         "<html>"};

    fake_server_set_refresh(s->server, TRUE);
    log_in(s);
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        FakeAnswer answer = {.status = 200, .body = bodies[i]};
        FakeAnswer refused = {.status = 401,
                              .body = "{\"errcode\":\"M_UNKNOWN_TOKEN\",\"error\":\"Old\","
                                      "\"soft_logout\":true}"};
        fake_server_once(s->server, "refresh", answer);
        fake_server_once(s->server, "sync", refused);
        push(s, g_strdup("{}"));
        EXPECT_REQUEST(s, "refresh");
        EXPECT_EVENT(s, "connection-error", "reason", "NETWORK_ERROR");
        EXPECT_EVENT(s, "disconnected");
        host_account_enable(s->account, FALSE);
        host_account_enable(s->account, TRUE);
        EXPECT_EVENT(s, "connected");
        settle(s);
    }
    forget_events(s);
}

static void mutate_create_room(Scenario *s)
{
    static const char *const bodies[] = {"{}",
                                         "{\"room_id\":null}",
                                         "{\"room_id\":17}",
                                         "{\"room_id\":\"\"}",
                                         "{\"room_id\":\"nonsense\"}",
                                         "[]"};

    fake_server_set_account_data(s->server, "m.direct", "{\"" BOB "\":[\"" DIRECT "\"]}");
    log_in(s);
    for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
        g_autofree char *user = g_strdup_printf("@friend%u:localhost", i);
        FakeAnswer answer = {.status = 200, .body = bodies[i]};
        fake_server_once(s->server, "create-room", answer);
        CHECK(s, host_send_im(s->account, user, "hello"));
        host_iterate(1000);
    }
    host_iterate(3000);
    forget_events(s);
    for (FakeRequest *r; (r = fake_server_take_request(s->server, "send")) != NULL;)
        fake_request_free(r);
    check_alive(s);
    host_iterate(1000);
    forget_events(s);
    g_queue_clear_full(fake_server_requests(s->server), (GDestroyNotify)fake_request_free);
}

/* ---- as deep and as long as it goes ---- */

static char *nested(const char *open, const char *close, guint levels)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < levels; i++)
        g_string_append(text, open);
    g_string_append(text, "1");
    for (guint i = 0; i < levels; i++)
        g_string_append(text, close);
    return g_string_free(text, FALSE);
}

static void push_deep(Scenario *s, const char *where, const char *deep)
{
    static guint n;
    g_autofree char *quoted = json_quotes(where);
    g_autofree char *number = g_strdup_printf("d%u", n++);
    g_autofree char *numbered = replace(quoted, "EVENT", number);
    g_autofree char *body = replace(numbered, "DEEP", deep);

    fake_server_push(s->server, body);
    settle(s);
    CHECK(s, purple_account_is_connected(s->account));
}

#define DEEP_ROOM(part) "{'rooms':{'join':{'" ROOM "':{" part "}}}}"
#define DEEP_EVENT(content)                                                                        \
    "{'type':'m.room.message','event_id':'$EVENT','sender':'" BOB "','origin_server_ts':"          \
    "1600000000000,'content':" content "}"

static void deep(Scenario *s)
{
    static const char *const places[] = {
        DEEP_ROOM("'timeline':{'events':[" DEEP_EVENT("DEEP") "]}"),
        DEEP_ROOM(
            "'timeline':{'events':[" DEEP_EVENT("{'msgtype':'m.text','body':'x','d':DEEP}") "]}"),
        DEEP_ROOM("'state':{'events':[{'type':'m.room.member','event_id':'$EVENT','sender':'" BOB
                  "','state_key':'" BOB "','content':{'membership':'join','d':DEEP}}]}"),
        DEEP_ROOM("'state':{'events':[{'type':'m.room.power_levels','event_id':'$EVENT','sender':"
                  "'" BOB "','state_key':'','content':{'users':DEEP}}]}"),
        DEEP_ROOM("'timeline':DEEP"),
        DEEP_ROOM("'summary':DEEP"),
        DEEP_ROOM("'unknown':DEEP"),
        "{'account_data':{'events':[{'type':'m.direct','content':DEEP}]}}",
        "{'account_data':{'events':[{'type':'m.direct','content':{'" BOB "':DEEP}}]}}",
        "{'unknown':DEEP}",
    };
    g_autofree char *arrays = nested("[", "]", 32000);
    g_autofree char *objects = nested("{\"a\":", "}", 10800);

    start(s);
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        push_deep(s, places[i], arrays);
        push_deep(s, places[i], objects);
    }
    forget_events(s);
    check_alive(s);
}

static void deep_answers(Scenario *s)
{
    static const char *const endpoints[] = {"versions", "login-flows", "login", "filter"};
    g_autofree char *arrays = nested("[", "]", 32000);
    g_autofree char *members = g_strdup_printf("{\"chunk\":%s}", arrays);

    for (guint i = 0; i < G_N_ELEMENTS(endpoints); i++) {
        mutated_endpoint = endpoints[i];
        log_in_with(s, arrays, i);
    }
    start(s);
    fill_gap_with(s, arrays, 9000);
    fill_gap_with(s, members, 9001);
    open_with_members(s, members, 9000);
    check_alive(s);
}

static void long_texts(Scenario *s)
{
    g_autofree char *text = g_strnfill(60000, 'x');
    g_autofree char *tags = nested("<b>", "", 15000);
    g_autofree char *lines = nested("\n", "", 30000);
    g_autofree char *name = g_strnfill(60000, 'n');
    SyncBody *body = sync_body_new();

    start(s);
    push_event(s, ROOM, event_text(BOB, text));
    push_event(s, ROOM, event_text(BOB, tags));
    push_event(s, ROOM, event_text(BOB, lines));
    settle(s);
    EXPECT_LINE(s, ROOM, BOB, text, "RECV");
    while (host_take_event("line") != NULL)
        ;
    sync_body_state(body, ROOM, event_member(BOB, "join", name));
    sync_body_timeline(body, ROOM, event_text(BOB, "by a long name"));
    push(s, sync_body_end(body));
    settle(s);
    forget_events(s);
    check_alive(s);
}

static const ScenarioEntry entries[] = {
    {"mutate-sync", {mutate_sync}},
    {"mutate-member", {mutate_member}},
    {"mutate-states", {mutate_states}},
    {"mutants-neighbour", {mutants_neighbour}},
    {"mutate-next-batch", {mutate_next_batch}},
    {"sync-no-json", {sync_no_json}},
    {"mutate-login", {mutate_login}},
    {"mutate-login-flows", {mutate_login_flows}},
    {"mutate-versions", {mutate_versions}},
    {"mutate-filter", {mutate_filter}},
    {"mutate-messages", {mutate_messages}},
    {"mutate-members", {mutate_members}},
    {"mutate-send", {mutate_send}},
    {"mutate-create-room", {mutate_create_room}},
    {"mutate-account-data", {mutate_account_data}},
    {"mutate-refresh", {mutate_refresh}},
    {"deep", {deep}},
    {"deep-answers", {deep_answers}},
    {"long-texts", {long_texts}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
