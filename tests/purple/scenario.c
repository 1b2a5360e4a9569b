/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define WAIT_MS 30000
#define QUIET_MS 60

/* What may be left over: it says nothing new, or depends on timing. */
static const char *const optional_events[] = {
    "progress",       "connecting", "title",      "present",  "typing",        "topic",
    "request-closed", "left",       "chat-users", "roomlist", "roomlist-room", "roomlist-progress"};
static const char *const optional_requests[] = {
    "versions", "login-flows",    "whoami",           "filter",  "sync",         "messages",
    "members",  "joined-members", "get-account-data", "profile", "room-summary", "set-mark"};

static gboolean is_in(const char *const *list, gsize n, const char *name)
{
    for (gsize i = 0; i < n; i++) {
        if (g_str_equal(list[i], name))
            return TRUE;
    }
    return FALSE;
}

static const char *kind_of(JsonObject *event)
{
    return json_object_get_string_member(event, "event");
}

static gboolean event_matters(JsonObject *event)
{
    return !is_in(optional_events, G_N_ELEMENTS(optional_events), kind_of(event));
}

static gboolean request_matters(const FakeRequest *request)
{
    return !is_in(optional_requests, G_N_ELEMENTS(optional_requests), request->endpoint);
}

guint scenario_slowness(void)
{
    const char *text = g_getenv("MX_TEST_SLOW");
    guint slow = text ? (guint)g_ascii_strtoull(text, NULL, 10) : 1;

    return MAX(slow, 1);
}

/* ---- failing ---- */

static char *to_text(JsonObject *object)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_node_set_object(node, object);
    return json_to_string(node, FALSE);
}

static void dump_queues(Scenario *s)
{
    GQueue *requests = fake_server_requests(s->server);

    fprintf(stderr, "# events that wait:\n");
    for (GList *l = host_events()->head; l != NULL; l = l->next) {
        g_autofree char *text = to_text(l->data);
        fprintf(stderr, "#   %s\n", text);
    }
    fprintf(stderr, "# requests that wait:\n");
    for (GList *l = requests->head; l != NULL; l = l->next) {
        FakeRequest *request = l->data;
        fprintf(stderr, "#   %s: %s %s?%s %.200s\n", request->endpoint, request->method,
                request->path, request->query ? request->query : "", request->body);
    }
    fprintf(stderr, "# libpurple's debug text:\n");
    host_dump_debug();
}

void scenario_fail(Scenario *s, const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fprintf(stderr, "# FAILED at %s: ", where);
    vfprintf(stderr, format, args);
    fprintf(stderr, "\n");
    va_end(args);
    dump_queues(s);
    fflush(stderr);
    _exit(1);
}

void scenario_check(Scenario *s, const char *where, gboolean condition, const char *text)
{
    if (!condition)
        scenario_fail(s, where, "not true: %s", text);
}

void scenario_expect_text(Scenario *s, const char *where, const char *got, const char *wanted)
{
    if (g_strcmp0(got, wanted) != 0)
        scenario_fail(s, where, "got \"%s\", wanted \"%s\"", got, wanted);
}

void scenario_expect_int(Scenario *s, const char *where, gint64 got, gint64 wanted)
{
    if (got != wanted)
        scenario_fail(s, where, "got %" G_GINT64_FORMAT ", wanted %" G_GINT64_FORMAT, got, wanted);
}

/* ---- matching events ---- */

static char *join_array(JsonArray *array)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < json_array_get_length(array); i++)
        g_string_append_printf(text, "%s%s", i ? "|" : "", json_array_get_string_element(array, i));
    return g_string_free(text, FALSE);
}

static char *value_text(JsonObject *event, const char *name)
{
    JsonNode *node = json_object_get_member(event, name);

    if (node == NULL || JSON_NODE_HOLDS_NULL(node))
        return NULL;
    if (JSON_NODE_HOLDS_ARRAY(node))
        return join_array(json_node_get_array(node));
    if (JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == G_TYPE_STRING)
        return g_strdup(json_node_get_string(node));
    return json_to_string(node, FALSE);
}

static gboolean value_matches(JsonObject *event, const char *name, const char *wanted)
{
    char mode = *name == '~' || *name == '!' ? *name : '=';
    g_autofree char *value = value_text(event, mode == '=' ? name : name + 1);

    if (mode == '~')
        return value != NULL && strstr(value, wanted) != NULL;
    if (mode == '!')
        return value == NULL || strstr(value, wanted) == NULL;
    return g_strcmp0(value, wanted) == 0;
}

static gboolean has_event(gpointer kind)
{
    for (GList *l = host_events()->head; l != NULL; l = l->next) {
        if (g_str_equal(kind_of(l->data), kind))
            return TRUE;
    }
    return FALSE;
}

static JsonObject *wait_event(Scenario *s, const char *where, const char *kind)
{
    JsonObject *event;

    host_iterate_until(has_event, (gpointer)kind, WAIT_MS * scenario_slowness());
    event = host_take_event(kind);
    if (event == NULL)
        scenario_fail(s, where, "no event \"%s\" came", kind);
    g_ptr_array_add(s->kept, event);
    return event;
}

JsonObject *scenario_expect_event(Scenario *s, const char *where, const char *kind, ...)
{
    JsonObject *event = wait_event(s, where, kind);
    const char *name;
    va_list args;

    va_start(args, kind);
    while ((name = va_arg(args, const char *)) != NULL) {
        const char *wanted = va_arg(args, const char *);
        if (!value_matches(event, name, wanted)) {
            g_autofree char *text = to_text(event);
            scenario_fail(s, where, "%s is not \"%s\" in %s", name, wanted, text);
        }
    }
    va_end(args);
    return event;
}

JsonObject *scenario_expect_line(Scenario *s, const char *where, const char *name, const char *who,
                                 const char *text, const char *flags)
{
    JsonObject *event = wait_event(s, where, "line");
    g_autofree char *dump = to_text(event);

    if (!value_matches(event, "name", name) || (who != NULL && !value_matches(event, "who", who)) ||
        (text != NULL && !value_matches(event, "text", text)) ||
        (flags != NULL && !value_matches(event, "flags", flags)))
        scenario_fail(s, where, "wanted the line \"%s\" by %s in %s with %s, got %s", text, who,
                      name, flags, dump);
    return event;
}

/* ---- requests and silence ---- */

typedef struct {
    FakeServer *server;
    const char *endpoint;
} RequestWanted;

static gboolean has_request(gpointer data)
{
    RequestWanted *wanted = data;

    for (GList *l = fake_server_requests(wanted->server)->head; l != NULL; l = l->next) {
        if (g_str_equal(((FakeRequest *)l->data)->endpoint, wanted->endpoint))
            return TRUE;
    }
    return FALSE;
}

static void keep_request(gpointer request)
{
    fake_request_free(request);
}

/* Both kinds of kept things share one array; requests are few and live as long as the process. */
FakeRequest *scenario_expect_request(Scenario *s, const char *where, const char *endpoint)
{
    static GPtrArray *requests;
    RequestWanted wanted = {s->server, endpoint};
    FakeRequest *request;

    host_iterate_until(has_request, &wanted, WAIT_MS * scenario_slowness());
    request = fake_server_take_request(s->server, endpoint);
    if (request == NULL)
        scenario_fail(s, where, "no request \"%s\" came", endpoint);
    if (requests == NULL)
        requests = g_ptr_array_new_with_free_func(keep_request);
    g_ptr_array_add(requests, request);
    return request;
}

static gboolean something_matters(gpointer data)
{
    Scenario *s = data;

    for (GList *l = host_events()->head; l != NULL; l = l->next) {
        if (event_matters(l->data))
            return TRUE;
    }
    for (GList *l = fake_server_requests(s->server)->head; l != NULL; l = l->next) {
        if (request_matters(l->data))
            return TRUE;
    }
    return FALSE;
}

void scenario_expect_nothing(Scenario *s, const char *where, guint milliseconds)
{
    if (host_iterate_until(something_matters, s, milliseconds * scenario_slowness()))
        scenario_fail(s, where, "something came that was not expected");
}

void scenario_wait(Scenario *s, const char *where, HostCondition condition, gpointer data)
{
    if (!host_iterate_until(condition, data, WAIT_MS * scenario_slowness()))
        scenario_fail(s, where, "waited in vain");
}

/* ---- doing ---- */

PurpleAccount *scenario_account(Scenario *s, const char *username, const char *password)
{
    PurpleAccount *account = host_account(HOST_PRPL, username, password);

    purple_account_set_string(account, "home_server", fake_server_url(s->server));
    /* What a scenario sees in a window is new. */
    purple_account_set_int(account, "last_lines", 0);
    return account;
}

void enable(Scenario *s)
{
    s->account = scenario_account(s, ALICE, "secret");
    host_account_enable(s->account, TRUE);
}

void log_in(Scenario *s)
{
    enable(s);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

void come_back(Scenario *s)
{
    enable(s);
    EXPECT_EVENT(s, "connected");
    settle(s);
    EXPECT_INT(s, fake_server_count(s->server, "login"), 0);
}

void go_offline(Scenario *s)
{
    host_account_enable(s->account, FALSE);
    EXPECT_EVENT(s, "disconnected");
}

static gboolean is_waited_for(gpointer data)
{
    return fake_server_is_waited_for(data);
}

void settle(Scenario *s)
{
    guint before;

    do {
        before = g_queue_get_length(host_events());
        if (!host_iterate_until(is_waited_for, s->server, 3 * WAIT_MS * scenario_slowness()))
            FAIL(s, "the plugin does not come to ask for news");
        host_iterate(QUIET_MS * scenario_slowness());
    } while (g_queue_get_length(host_events()) != before || !is_waited_for(s->server));
}

void push(Scenario *s, char *body)
{
    fake_server_push(s->server, body);
    g_free(body);
}

void push_event(Scenario *s, const char *room_id, JsonObject *event)
{
    SyncBody *body = sync_body_new();

    sync_body_timeline(body, room_id, event);
    push(s, sync_body_end(body));
}

void set_first(Scenario *s, char *body)
{
    fake_server_set_first(s->server, body);
    g_free(body);
}

/* Everybody's member event, as GET /members gives it. */
static void set_members(Scenario *s, const char *room_id, const char *members)
{
    g_auto(GStrv) users = g_strsplit(members, " ", -1);
    g_autoptr(GString) body = g_string_new("{\"chunk\":[");

    for (guint i = 0; users[i] != NULL; i++) {
        g_autofree char *name = g_strndup(users[i] + 1, strcspn(users[i] + 1, ":"));
        g_autofree char *event = NULL;
        name[0] = g_ascii_toupper(name[0]);
        event = event_to_text(event_member(users[i], "join", name));
        g_string_append_printf(body, "%s%s", i ? "," : "", event);
    }
    g_string_append(body, "]}");
    fake_server_set_members(s->server, room_id, body->str);
}

void set_usual_rooms(Scenario *s)
{
    SyncBody *body = sync_body_new();

    sync_body_direct(body, DIRECT, ALICE, BOB);
    sync_body_room(body, ROOM, "Room", ALICE " " BOB " " CAROL);
    set_first(s, sync_body_end(body));
    set_members(s, DIRECT, ALICE " " BOB);
    set_members(s, ROOM, ALICE " " BOB " " CAROL);
}

void open_chat(Scenario *s, const char *room_id)
{
    CHECK(s, host_open_chat(s->account, room_id));
    EXPECT_EVENT(s, "window", "name", room_id, "kind", "chat");
}

static JsonArray *blist(Scenario *s)
{
    static JsonArray *nodes;

    g_clear_pointer(&nodes, json_array_unref);
    nodes = host_blist_to_json();
    return nodes;
}

JsonObject *find_node(Scenario *s, const char *name)
{
    JsonArray *nodes = blist(s);

    for (guint i = 0; i < json_array_get_length(nodes); i++) {
        JsonObject *node = json_array_get_object_element(nodes, i);
        JsonObject *components = NULL;
        if (json_object_has_member(node, "components"))
            components = json_object_get_object_member(node, "components");
        if (g_strcmp0(text_of(node, "name"), name) == 0 ||
            (components != NULL && g_strcmp0(text_of(components, "room_id"), name) == 0)) {
            g_ptr_array_add(s->kept, json_object_ref(node));
            return node;
        }
    }
    return NULL;
}

guint count_nodes(void)
{
    g_autoptr(JsonArray) nodes = host_blist_to_json();

    return json_array_get_length(nodes);
}

const char *text_of(JsonObject *object, const char *member)
{
    if (object == NULL || !json_object_has_member(object, member))
        return NULL;
    return json_object_get_string_member_with_default(object, member, NULL);
}

guint count_lines(void)
{
    guint count = 0;

    for (GList *l = host_events()->head; l != NULL; l = l->next)
        count += g_str_equal(kind_of(l->data), "line");
    return count;
}

void forget_events(Scenario *s)
{
    host_clear_events();
}

/* ---- one phase, in its own process ---- */

static char *handover_path(Scenario *s)
{
    return g_build_filename(s->dir, "handover", NULL);
}

/* The next phase's server goes on where this one stood. */
static void hand_over(Scenario *s)
{
    g_autofree char *path = handover_path(s);
    g_autofree char *text =
        g_strdup_printf("%u %u", fake_server_port(s->server), fake_server_position(s->server));

    g_file_set_contents(path, text, -1, NULL);
}

static void start_server(Scenario *s)
{
    g_autofree char *path = handover_path(s);
    g_autofree char *text = NULL;
    guint port = 0;
    guint position = 0;

    if (g_file_get_contents(path, &text, NULL, NULL) &&
        sscanf(text, "%u %u", &port, &position) != 2)
        g_error("bad handover");
    s->server = fake_server_new(port, NULL);
    fake_server_set_position(s->server, position);
}

void scenario_die(Scenario *s)
{
    g_autofree char *marker = g_build_filename(s->dir, "died", NULL);

    if (something_matters(s))
        FAIL(s, "something came that was not expected");
    hand_over(s);
    g_file_set_contents(marker, "", 0, NULL);
    kill(getpid(), SIGKILL);
    abort();
}

static void check_end(Scenario *s)
{
    if (something_matters(s))
        FAIL(s, "something is left at the end");
    if (fake_server_overrides_left(s->server) != 0)
        FAIL(s, "an answer of the server was never asked for");
}

/* The password, tokens of the fake homeserver, and what was said. */
static void keep_secrets(void)
{
    static const char *const secrets[] = {"\"secret\"", "password=secret", "mxt.", "mxr."};

    for (guint i = 0; i < G_N_ELEMENTS(secrets); i++)
        host_keep_secret(secrets[i]);
}

static void check_nothing_is_told(Scenario *s)
{
    const char *told = host_find_told();

    if (told != NULL)
        scenario_fail(s, G_STRLOC, "in the debug text: %s", told);
}

static void check_after_quit(Scenario *s)
{
    for (GList *l = fake_server_requests(s->server)->head; l != NULL; l = l->next) {
        if (request_matters(l->data))
            FAIL(s, "a request came while quitting");
    }
}

int scenario_run_phase(const ScenarioEntry *entry, guint phase, const char *dir)
{
    g_autofree char *user_dir = g_build_filename(dir, "purple", NULL);
    HostConfig config = {.user_dir = user_dir,
                         .plugin_dir = g_getenv("MX_PLUGIN_DIR"),
                         .log = TRUE,
                         .log_format = "txt",
                         .debug = g_getenv("MX_TEST_DEBUG") != NULL};
    Scenario s = {.dir = dir, .phase = phase};

    s.kept = g_ptr_array_new_with_free_func((GDestroyNotify)json_object_unref);
    g_mkdir_with_parents(user_dir, 0700);
    start_server(&s);
    keep_secrets();
    host_start(&config);
    if (purple_find_prpl(HOST_PRPL) == NULL)
        FAIL(&s, "the plugin is not loaded");
    entry->phases[phase](&s);
    if (s.quits_at_once) {
        g_queue_clear_full(fake_server_requests(s.server), (GDestroyNotify)fake_request_free);
    } else {
        check_end(&s);
        host_iterate(QUIET_MS);
        check_end(&s);
    }
    host_clear_events();
    hand_over(&s);
    host_quit();
    check_after_quit(&s);
    check_nothing_is_told(&s);
    host_clear_events();
    g_ptr_array_unref(s.kept);
    fake_server_free(s.server);
    return 0;
}
