/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "host.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* mx-driver: the host over JSON lines, for test programs in other languages. One JSON object per
 * line: commands on stdin, events on stdout. Each line leaves with its own write() before anything
 * else happens, so that what a killed driver displayed is known to whoever reads.
 *
 * Commands ("id" is given back in {"event":"reply","id":N,"ok":true|false,"error":..}):
 *   account     username, password|null, options{name: string|bool|int}, enable,
 *               proxy{type,host,port,username,password}, prpl
 *   connect, disconnect            username
 *   register    username           ("Create this new account on the server")
 *   send_im     username, who, text (markup)        send_chat  username, chat, text (markup)
 *   open_im     username, who                       open_chat  username, chat
 *   close       username, name                      focus      name, value
 *   command     username, name, text                action     username, label
 *   press_row   row, button                         (of the newest list of results)
 *   roomlist    username    roomlist_rows    roomlist_expand, roomlist_join    row
 *   icon        username, who                       set_icon   username, path|null
 *   block       username, who, value                blocked, info  username, who
 *   actions     username                            press      request, button, input, inputs{id:
 * text} log         username, name, kind                status     username blist, conversations,
 * requests, stall, quit; the end of stdin is a quit too
 *   set_status  username, status, message           idle       username, value
 *   type        username, who, value
 *
 * Events: ready, connecting, progress, connected, disconnected, connection-error, window,
 * window-closed, line, chat-users, title, topic, left, present, typing, notify, uri, request,
 * request-closed, request-add, roomlist*, xfer, reply, and blist/conversations/requests as answers.
 */

#define HEARTBEAT_MS 5

static struct {
    int out;
    GString *in;
    gboolean quit;
    gint64 last_beat; /* microseconds */
    gint64 longest;   /* microseconds over the heartbeat's own interval */
} driver;

/* ---- lines out ---- */

static void write_all(const char *data, gsize len)
{
    while (len > 0) {
        gssize n = write(driver.out, data, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(3); /* nobody reads any more */
        data += n;
        len -= n;
    }
}

static void emit(JsonObject *event, gpointer data)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    g_autofree char *text = NULL;
    g_autofree char *line = NULL;

    json_node_set_object(node, event);
    text = json_to_string(node, FALSE);
    line = g_strconcat(text, "\n", NULL);
    write_all(line, strlen(line));
}

/* ---- commands ---- */

/* What a command works on; found before it runs. */
typedef struct {
    JsonObject *args;
    JsonObject *reply;
    PurpleAccount *account;
} Call;

typedef gboolean (*CommandFunc)(Call *call, GError **error);

static const char *arg(Call *call, const char *name)
{
    return json_object_get_string_member_with_default(call->args, name, NULL);
}

static gboolean fail(GError **error, const char *text)
{
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, text);
    return FALSE;
}

static void set_option(JsonObject *options, const char *name, JsonNode *value, gpointer account)
{
    GType type = JSON_NODE_HOLDS_VALUE(value) ? json_node_get_value_type(value) : G_TYPE_INVALID;

    if (type == G_TYPE_STRING)
        purple_account_set_string(account, name, json_node_get_string(value));
    else if (type == G_TYPE_BOOLEAN)
        purple_account_set_bool(account, name, json_node_get_boolean(value));
    else if (type == G_TYPE_INT64)
        purple_account_set_int(account, name, json_node_get_int(value));
    else
        purple_account_remove_setting(account, name);
}

static gboolean set_proxy(Call *call, PurpleAccount *account, GError **error)
{
    JsonObject *proxy;

    if (!json_object_has_member(call->args, "proxy"))
        return TRUE;
    proxy = json_object_get_object_member(call->args, "proxy");
    if (host_account_set_proxy(account,
                               json_object_get_string_member_with_default(proxy, "type", "none"),
                               json_object_get_string_member_with_default(proxy, "host", NULL),
                               json_object_get_int_member_with_default(proxy, "port", 0),
                               json_object_get_string_member_with_default(proxy, "username", NULL),
                               json_object_get_string_member_with_default(proxy, "password", NULL)))
        return TRUE;
    return fail(error, "unknown proxy type");
}

static gboolean do_account(Call *call, GError **error)
{
    const char *prpl = json_object_get_string_member_with_default(call->args, "prpl", HOST_PRPL);
    PurpleAccount *account;

    if (purple_find_prpl(prpl) == NULL)
        return fail(error, "the plugin is not loaded");
    account = host_account(prpl, arg(call, "username"), arg(call, "password"));
    if (json_object_has_member(call->args, "options"))
        json_object_foreach_member(json_object_get_object_member(call->args, "options"), set_option,
                                   account);
    if (!set_proxy(call, account, error))
        return FALSE;
    if (json_object_get_boolean_member_with_default(call->args, "enable", FALSE))
        host_account_enable(account, TRUE);
    return TRUE;
}

static gboolean do_connect(Call *call, GError **error)
{
    host_account_enable(call->account, TRUE);
    return TRUE;
}

static gboolean do_register(Call *call, GError **error)
{
    purple_account_register(call->account);
    return TRUE;
}

static gboolean do_disconnect(Call *call, GError **error)
{
    host_account_enable(call->account, FALSE);
    return TRUE;
}

static gboolean do_send_im(Call *call, GError **error)
{
    if (!host_send_im(call->account, arg(call, "who"), arg(call, "text")))
        return fail(error, "not connected");
    return TRUE;
}

static gboolean do_send_chat(Call *call, GError **error)
{
    if (!host_send_chat(call->account, arg(call, "chat"), arg(call, "text")))
        return fail(error, "the chat is not open, or not connected");
    return TRUE;
}

static gboolean do_open_chat(Call *call, GError **error)
{
    if (!host_open_chat(call->account, arg(call, "chat")))
        return fail(error, "not connected");
    return TRUE;
}

static gboolean do_open_im(Call *call, GError **error)
{
    if (host_open_im(call->account, arg(call, "who")) == NULL)
        return fail(error, "not connected");
    return TRUE;
}

static gboolean do_close(Call *call, GError **error)
{
    if (!host_close(call->account, arg(call, "name")))
        return fail(error, "no such window");
    return TRUE;
}

static gboolean do_command(Call *call, GError **error)
{
    PurpleConversation *conv = host_find_conversation(call->account, arg(call, "name"));
    g_autofree char *text = NULL;
    const char *status;

    if (conv == NULL)
        return fail(error, "no such window");
    status = host_command(conv, arg(call, "text"), &text);
    json_object_set_string_member(call->reply, "status", status);
    if (text != NULL)
        json_object_set_string_member(call->reply, "command_error", text);
    return TRUE;
}

static gboolean do_focus(Call *call, GError **error)
{
    host_set_focus(arg(call, "name"),
                   json_object_get_boolean_member_with_default(call->args, "value", TRUE));
    return TRUE;
}

static gboolean do_action(Call *call, GError **error)
{
    if (!host_run_action(call->account, arg(call, "label")))
        return fail(error, "no such action, or not connected");
    return TRUE;
}

static gboolean do_actions(Call *call, GError **error)
{
    g_auto(GStrv) labels = host_action_labels(call->account);
    JsonArray *array = json_array_new();

    for (guint i = 0; labels[i] != NULL; i++)
        json_array_add_string_element(array, labels[i]);
    json_object_set_array_member(call->reply, "actions", array);
    return TRUE;
}

static gboolean do_press(Call *call, GError **error)
{
    JsonObject *inputs = NULL;

    if (json_object_has_member(call->args, "inputs"))
        inputs = json_object_get_object_member(call->args, "inputs");
    return host_press(json_object_get_int_member_with_default(call->args, "request", 0),
                      arg(call, "button"), arg(call, "input"), inputs, error);
}

static gboolean do_press_row(Call *call, GError **error)
{
    guint row = json_object_get_int_member_with_default(call->args, "row", 0);

    return host_press_row(row, arg(call, "button")) || fail(error, "no such row or button");
}

static gboolean do_roomlist(Call *call, GError **error)
{
    return host_roomlist_open(call->account) || fail(error, "no list of rooms");
}

static gboolean do_roomlist_rows(Call *call, GError **error)
{
    json_object_set_boolean_member(call->reply, "running", host_roomlist_is_running());
    json_object_set_array_member(call->reply, "rows", host_roomlist_rows());
    return TRUE;
}

static gboolean do_roomlist_expand(Call *call, GError **error)
{
    guint row = json_object_get_int_member_with_default(call->args, "row", 0);

    return host_roomlist_expand(row) || fail(error, "no such category");
}

static gboolean do_roomlist_join(Call *call, GError **error)
{
    guint row = json_object_get_int_member_with_default(call->args, "row", 0);

    return host_roomlist_join(row) || fail(error, "no such room");
}

static gboolean do_log(Call *call, GError **error)
{
    gboolean chat = g_strcmp0(arg(call, "kind"), "chat") == 0;
    g_autofree char *text =
        host_read_log(call->account, chat ? PURPLE_LOG_CHAT : PURPLE_LOG_IM, arg(call, "name"));
    g_autofree char *valid = g_utf8_make_valid(text, -1);

    json_object_set_string_member(call->reply, "text", valid);
    return TRUE;
}

static gboolean do_status(Call *call, GError **error)
{
    PurpleAccount *account = call->account;

    json_object_set_boolean_member(call->reply, "enabled",
                                   purple_account_get_enabled(account, HOST_UI));
    json_object_set_boolean_member(call->reply, "connected", purple_account_is_connected(account));
    json_object_set_boolean_member(call->reply, "connecting",
                                   purple_account_is_connecting(account));
    return TRUE;
}

static gboolean do_icon(Call *call, GError **error)
{
    g_autoptr(GBytes) data = NULL;
    const char *checksum = host_buddy_icon(call->account, arg(call, "who"), &data);
    gsize len = 0;
    gconstpointer bytes = data != NULL ? g_bytes_get_data(data, &len) : NULL;
    g_autofree char *text = data != NULL ? g_base64_encode(bytes, len) : NULL;

    if (checksum != NULL)
        json_object_set_string_member(call->reply, "checksum", checksum);
    if (text != NULL)
        json_object_set_string_member(call->reply, "data", text);
    json_object_set_int_member(call->reply, "own_size", host_account_icon_size(call->account));
    return TRUE;
}

static gboolean do_set_icon(Call *call, GError **error)
{
    return host_set_account_icon(call->account, arg(call, "path")) ||
           fail(error, "the file cannot be read");
}

static gboolean do_block(Call *call, GError **error)
{
    host_block(call->account, arg(call, "who"),
               json_object_get_boolean_member_with_default(call->args, "value", TRUE));
    return TRUE;
}

static gboolean do_blocked(Call *call, GError **error)
{
    json_object_set_array_member(call->reply, "blocked", host_blocked(call->account));
    return TRUE;
}

static gboolean do_info(Call *call, GError **error)
{
    serv_get_info(purple_account_get_connection(call->account), arg(call, "who"));
    return TRUE;
}

static gboolean do_set_status(Call *call, GError **error)
{
    const char *message = arg(call, "message");

    purple_account_set_status(call->account, arg(call, "status"), TRUE, "message",
                              message != NULL ? message : "", NULL);
    return TRUE;
}

static gboolean do_idle(Call *call, GError **error)
{
    gboolean idle = json_object_get_boolean_member_with_default(call->args, "value", TRUE);

    purple_presence_set_idle(purple_account_get_presence(call->account), idle,
                             idle ? time(NULL) - 600 : 0);
    return TRUE;
}

/* As Pidgin does when a key is pressed, and when the text is gone again. */
static gboolean do_type(Call *call, GError **error)
{
    gboolean typing = json_object_get_boolean_member_with_default(call->args, "value", TRUE);

    serv_send_typing(purple_account_get_connection(call->account), arg(call, "who"),
                     typing ? PURPLE_TYPING : PURPLE_NOT_TYPING);
    return TRUE;
}

static void emit_list(const char *kind, const char *member, JsonArray *list)
{
    g_autoptr(JsonObject) event = json_object_new();

    json_object_set_string_member(event, "event", kind);
    json_object_set_array_member(event, member, list);
    emit(event, NULL);
}

static gboolean do_blist(Call *call, GError **error)
{
    emit_list("blist", "nodes", host_blist_to_json());
    return TRUE;
}

static gboolean do_conversations(Call *call, GError **error)
{
    emit_list("conversations", "conversations", host_conversations_to_json());
    return TRUE;
}

static gboolean do_requests(Call *call, GError **error)
{
    emit_list("requests", "requests", host_requests_to_json());
    return TRUE;
}

static gboolean do_stall(Call *call, GError **error)
{
    json_object_set_double_member(call->reply, "stall_ms", driver.longest / 1000.0);
    driver.longest = 0;
    return TRUE;
}

static gboolean do_quit(Call *call, GError **error)
{
    driver.quit = TRUE;
    return TRUE;
}

static const struct {
    const char *name;
    CommandFunc func;
    gboolean needs_account;
    const char *texts[3]; /* members that must be there */
} commands[] = {
    {"account", do_account, FALSE, {"username"}},
    {"connect", do_connect, TRUE},
    {"register", do_register, TRUE},
    {"disconnect", do_disconnect, TRUE},
    {"send_im", do_send_im, TRUE, {"who", "text"}},
    {"send_chat", do_send_chat, TRUE, {"chat", "text"}},
    {"open_chat", do_open_chat, TRUE, {"chat"}},
    {"open_im", do_open_im, TRUE, {"who"}},
    {"close", do_close, TRUE, {"name"}},
    {"command", do_command, TRUE, {"name", "text"}},
    {"focus", do_focus, FALSE, {"name"}},
    {"action", do_action, TRUE, {"label"}},
    {"actions", do_actions, TRUE},
    {"press", do_press, FALSE, {"button"}},
    {"icon", do_icon, TRUE, {"who"}},
    {"set_icon", do_set_icon, TRUE},
    {"block", do_block, TRUE, {"who"}},
    {"blocked", do_blocked, TRUE},
    {"info", do_info, TRUE, {"who"}},
    {"press_row", do_press_row, FALSE, {"button"}},
    {"roomlist", do_roomlist, TRUE},
    {"roomlist_rows", do_roomlist_rows, FALSE},
    {"roomlist_expand", do_roomlist_expand, FALSE},
    {"roomlist_join", do_roomlist_join, FALSE},
    {"log", do_log, TRUE, {"name"}},
    {"status", do_status, TRUE},
    {"set_status", do_set_status, TRUE, {"status"}},
    {"idle", do_idle, TRUE},
    {"type", do_type, TRUE, {"who"}},
    {"blist", do_blist, FALSE},
    {"conversations", do_conversations, FALSE},
    {"requests", do_requests, FALSE},
    {"stall", do_stall, FALSE},
    {"quit", do_quit, FALSE},
};

static gboolean run(Call *call, GError **error)
{
    const char *name = arg(call, "cmd");
    const char *username = arg(call, "username");

    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_strcmp0(commands[i].name, name) != 0)
            continue;
        call->account = username ? host_find_account(username) : NULL;
        if (commands[i].needs_account && call->account == NULL)
            return fail(error, "no such account");
        for (guint t = 0; commands[i].texts[t] != NULL; t++) {
            if (arg(call, commands[i].texts[t]) == NULL)
                return fail(error, "a member is missing");
        }
        return commands[i].func(call, error);
    }
    return fail(error, "unknown command");
}

static void answer(Call *call, gboolean ok, GError *error)
{
    JsonNode *id = json_object_get_member(call->args, "id");

    json_object_set_boolean_member(call->reply, "ok", ok);
    if (error != NULL)
        json_object_set_string_member(call->reply, "error", error->message);
    if (id != NULL)
        json_object_set_member(call->reply, "id", json_node_copy(id));
    if (id != NULL || !ok)
        emit(call->reply, NULL);
}

static void on_line(const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(line, &error);
    g_autoptr(JsonObject) empty = json_object_new();
    g_autoptr(JsonObject) reply = json_object_new();
    Call call = {empty, reply, NULL};
    gboolean ok;

    json_object_set_string_member(reply, "event", "reply");
    if (node == NULL || !JSON_NODE_HOLDS_OBJECT(node)) {
        if (error == NULL)
            fail(&error, "not a JSON object");
        answer(&call, FALSE, error);
        return;
    }
    call.args = json_node_get_object(node);
    ok = run(&call, &error);
    answer(&call, ok, error);
}

/* ---- lines in ---- */

static void take_lines(void)
{
    char *end;

    while (!driver.quit && (end = memchr(driver.in->str, '\n', driver.in->len)) != NULL) {
        g_autofree char *line = g_strndup(driver.in->str, end - driver.in->str);
        g_string_erase(driver.in, 0, end - driver.in->str + 1);
        if (*g_strstrip(line) != '\0')
            on_line(line);
    }
}

static gboolean on_stdin(gint fd, GIOCondition condition, gpointer data)
{
    char buffer[65536];
    gssize n = read(fd, buffer, sizeof buffer);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    if (n <= 0) {
        driver.quit = TRUE;
        return G_SOURCE_REMOVE;
    }
    g_string_append_len(driver.in, buffer, n);
    take_lines();
    return G_SOURCE_CONTINUE;
}

/* Above every other source, so that a late beat means a callback that held the loop. */
static gboolean on_heartbeat(gpointer data)
{
    gint64 now = g_get_monotonic_time();
    gint64 late = now - driver.last_beat - HEARTBEAT_MS * 1000;

    driver.longest = MAX(driver.longest, late);
    driver.last_beat = now;
    return G_SOURCE_CONTINUE;
}

/* ---- main ---- */

static gboolean on_sigterm(gpointer data)
{
    driver.quit = TRUE;
    return G_SOURCE_CONTINUE;
}

static void parse_options(int *argc, char ***argv, HostConfig *config)
{
    static char *user_dir, *plugin_dir, *log, *log_format, **allow;
    static gboolean debug, not_fatal;
    const GOptionEntry entries[] = {
        {"user-dir", 0, 0, G_OPTION_ARG_FILENAME, &user_dir, "libpurple's folder", "DIR"},
        {"plugin-dir", 0, 0, G_OPTION_ARG_FILENAME, &plugin_dir, "where libmatrix.so is", "DIR"},
        {"log", 0, 0, G_OPTION_ARG_STRING, &log, "libpurple's logging (default on)", "on|off"},
        {"log-format", 0, 0, G_OPTION_ARG_STRING, &log_format, "html (default) or txt", "FORMAT"},
        {"debug", 0, 0, G_OPTION_ARG_NONE, &debug, "libpurple's debug text to stderr", NULL},
        {"not-fatal", 0, 0, G_OPTION_ARG_NONE, &not_fatal, "go on after warnings", NULL},
        {"allow", 0, 0, G_OPTION_ARG_STRING_ARRAY, &allow, "a warning to bear", "TEXT"},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_autoptr(GError) error = NULL;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, argc, argv, &error) || user_dir == NULL) {
        g_printerr("%s\n", error ? error->message : "--user-dir is needed");
        exit(2);
    }
    config->user_dir = user_dir;
    config->plugin_dir = plugin_dir;
    config->log = g_strcmp0(log, "off") != 0;
    config->log_format = log_format ? log_format : "html";
    config->debug = debug;
    for (guint i = 0; allow != NULL && allow[i] != NULL; i++)
        host_allow_log(allow[i]);
    host_set_fatal_logs(!not_fatal);
}

static void emit_ready(void)
{
    g_autoptr(JsonObject) event = json_object_new();

    json_object_set_string_member(event, "event", "ready");
    json_object_set_boolean_member(event, "plugin", purple_find_prpl(HOST_PRPL) != NULL);
    json_object_set_int_member(event, "pid", getpid());
    emit(event, NULL);
}

int main(int argc, char **argv)
{
    HostConfig config = {NULL};

    /* Whatever else prints to stdout must not get between the lines. */
    driver.out = dup(STDOUT_FILENO);
    dup2(STDERR_FILENO, STDOUT_FILENO);
    driver.in = g_string_new(NULL);
    parse_options(&argc, &argv, &config);
    host_set_event_func(emit, NULL);
    host_start(&config);
    g_unix_signal_add(SIGTERM, on_sigterm, NULL);
    /* Tests take the files' room away while it runs: an error of write(), as on a full disk. */
    signal(SIGXFSZ, SIG_IGN);
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_stdin, NULL);
    driver.last_beat = g_get_monotonic_time();
    g_timeout_add_full(G_PRIORITY_HIGH, HEARTBEAT_MS, on_heartbeat, NULL, NULL);
    emit_ready();
    while (!driver.quit)
        g_main_context_iteration(NULL, TRUE);
    host_quit();
    return 0;
}
