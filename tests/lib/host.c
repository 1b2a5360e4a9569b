/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "host-private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEBUG_LINES 20000 /* kept */
#define DUMPED_LINES 400
/* What the debug text may well have for another reason, such as "hello" or a name */
#define SHORTEST_SECRET 12

static struct {
    HostEventFunc func;
    gpointer func_data;
    GQueue events;
    GPtrArray *allowed;
    gboolean fatal;
    gboolean debug;
    GQueue debug_lines;
    GHashTable *secrets; /* set of char * */
    GMutex debug_lock; /* a plugin that breaks the rule and logs on a thread must not break this */
    GThread *main_thread;
} host = {.fatal = TRUE};

/* ---- event loop: nullclient's, on GLib ---- */

typedef struct {
    PurpleInputFunction func;
    guint result;
    gpointer data;
} InputClosure;

static gboolean on_input(GIOChannel *source, GIOCondition condition, gpointer data)
{
    InputClosure *closure = data;
    PurpleInputCondition purple_condition = 0;

    if (condition & (G_IO_IN | G_IO_HUP | G_IO_ERR))
        purple_condition |= PURPLE_INPUT_READ;
    if (condition & (G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL))
        purple_condition |= PURPLE_INPUT_WRITE;
    closure->func(closure->data, g_io_channel_unix_get_fd(source), purple_condition);
    return G_SOURCE_CONTINUE;
}

static guint input_add(gint fd, PurpleInputCondition condition, PurpleInputFunction func,
                       gpointer data)
{
    InputClosure *closure = g_new0(InputClosure, 1);
    GIOChannel *channel = g_io_channel_unix_new(fd);
    GIOCondition wanted = 0;

    closure->func = func;
    closure->data = data;
    if (condition & PURPLE_INPUT_READ)
        wanted |= G_IO_IN | G_IO_HUP | G_IO_ERR;
    if (condition & PURPLE_INPUT_WRITE)
        wanted |= G_IO_OUT | G_IO_HUP | G_IO_ERR | G_IO_NVAL;
    closure->result =
        g_io_add_watch_full(channel, G_PRIORITY_DEFAULT, wanted, on_input, closure, g_free);
    g_io_channel_unref(channel);
    return closure->result;
}

static PurpleEventLoopUiOps eventloop_ops = {
    .timeout_add = g_timeout_add,
    .timeout_remove = g_source_remove,
    .input_add = input_add,
    .input_remove = g_source_remove,
    .timeout_add_seconds = g_timeout_add_seconds,
};

/* ---- log policy ---- */

void host_allow_log(const char *text)
{
    if (host.allowed == NULL)
        host.allowed = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(host.allowed, g_strdup(text));
}

void host_set_fatal_logs(gboolean fatal)
{
    host.fatal = fatal;
}

static gboolean is_allowed(const char *line)
{
    for (guint i = 0; host.allowed != NULL && i < host.allowed->len; i++) {
        if (strstr(line, host.allowed->pdata[i]) != NULL)
            return TRUE;
    }
    return FALSE;
}

static GLogWriterOutput on_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                               gpointer data)
{
    const char *domain = "";
    const char *message = "";
    g_autofree char *line = NULL;

    for (gsize i = 0; i < n_fields; i++) {
        if (g_str_equal(fields[i].key, "GLIB_DOMAIN"))
            domain = fields[i].value;
        else if (g_str_equal(fields[i].key, "MESSAGE"))
            message = fields[i].value;
    }
    line = g_strdup_printf("%s: %s", domain, message);
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING)) {
        fprintf(stderr, "# %s: %s\n", level & G_LOG_LEVEL_WARNING ? "WARNING" : "CRITICAL", line);
        if (host.fatal && !is_allowed(line)) {
            host_dump_debug();
            abort();
        }
    } else if (host.debug) {
        fprintf(stderr, "# %s\n", line);
    }
    return G_LOG_WRITER_HANDLED;
}

static void on_debug_print(PurpleDebugLevel level, const char *category, const char *text)
{
    g_autofree char *line = g_strdup_printf("%s: %s", category ? category : "-", text);

    if (host.fatal && g_thread_self() != host.main_thread && g_strcmp0(category, "matrix") == 0) {
        fprintf(stderr, "# purple_debug was called on a thread: %s\n", line);
        abort();
    }
    g_strchomp(line);
    if (g_strcmp0(category, "nss") == 0 || g_strcmp0(category, "prefs") == 0)
        return; /* hundreds of lines at each start that never explain a failure */
    if (host.debug)
        fprintf(stderr, "# %s\n", line);
    /* A plugin may forward its own GLib messages here; a failed assertion among them counts. */
    if (host.fatal && strstr(line, "assertion '") != NULL && !is_allowed(line)) {
        fprintf(stderr, "# CRITICAL in the debug text: %s\n", line);
        abort();
    }
    g_mutex_lock(&host.debug_lock);
    g_queue_push_tail(&host.debug_lines, g_steal_pointer(&line));
    if (host.debug_lines.length > DEBUG_LINES)
        g_free(g_queue_pop_head(&host.debug_lines));
    g_mutex_unlock(&host.debug_lock);
}

static gboolean on_debug_is_enabled(PurpleDebugLevel level, const char *category)
{
    return TRUE;
}

static PurpleDebugUiOps debug_ops = {
    .print = on_debug_print,
    .is_enabled = on_debug_is_enabled,
};

void host_dump_debug(void)
{
    guint n = host.debug_lines.length;

    for (GList *l = g_queue_peek_nth_link(&host.debug_lines, n - MIN(n, DUMPED_LINES)); l != NULL;
         l = l->next)
        fprintf(stderr, "#   %s\n", (char *)l->data);
}

gboolean host_debug_contains(const char *text)
{
    for (GList *l = host.debug_lines.head; l != NULL; l = l->next) {
        if (strstr(l->data, text) != NULL)
            return TRUE;
    }
    return FALSE;
}

/* ---- secrets ---- */

void host_keep_secret(const char *text)
{
    if (host.secrets == NULL)
        host.secrets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_hash_table_add(host.secrets, g_strdup(text));
}

void host_keep_message(const char *markup)
{
    g_autofree char *text = purple_markup_strip_html(markup);

    g_strstrip(text);
    if (strlen(text) >= SHORTEST_SECRET && strchr(text, ' ') != NULL)
        host_keep_secret(text);
}

const char *host_find_told(void)
{
    GHashTableIter iter;
    gpointer secret;

    if (host.secrets == NULL)
        return NULL;
    g_hash_table_iter_init(&iter, host.secrets);
    while (g_hash_table_iter_next(&iter, &secret, NULL)) {
        if (host_debug_contains(secret))
            return secret;
    }
    return NULL;
}

/* ---- events ---- */

JsonObject *host_event_new(const char *kind)
{
    JsonObject *event = json_object_new();

    json_object_set_string_member(event, "event", kind);
    return event;
}

void host_set_text(JsonObject *object, const char *name, const char *text)
{
    if (text == NULL) {
        json_object_set_null_member(object, name);
        return;
    }
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    json_object_set_string_member(object, name, valid);
}

void host_emit(JsonObject *event)
{
    if (host.func != NULL) {
        host.func(event, host.func_data);
        json_object_unref(event);
        return;
    }
    g_queue_push_tail(&host.events, event);
}

void host_set_event_func(HostEventFunc func, gpointer user_data)
{
    host.func = func;
    host.func_data = user_data;
}

GQueue *host_events(void)
{
    return &host.events;
}

JsonObject *host_take_event(const char *kind)
{
    for (GList *l = host.events.head; l != NULL; l = l->next) {
        JsonObject *event = l->data;
        if (kind == NULL || g_strcmp0(json_object_get_string_member(event, "event"), kind) == 0) {
            g_queue_delete_link(&host.events, l);
            return event;
        }
    }
    return NULL;
}

void host_clear_events(void)
{
    g_queue_clear_full(&host.events, (GDestroyNotify)json_object_unref);
}

/* ---- main loop ---- */

static gboolean on_tick(gpointer data)
{
    return G_SOURCE_CONTINUE;
}

gboolean host_iterate_until(HostCondition condition, gpointer user_data, guint timeout_ms)
{
    gint64 end = g_get_monotonic_time() + (gint64)timeout_ms * 1000;
    guint tick = g_timeout_add(10, on_tick, NULL);
    gboolean met;

    while (!(met = condition(user_data)) && g_get_monotonic_time() < end)
        g_main_context_iteration(NULL, TRUE);
    g_source_remove(tick);
    return met;
}

static gboolean never(gpointer data)
{
    return FALSE;
}

void host_iterate(guint milliseconds)
{
    host_iterate_until(never, NULL, milliseconds);
}

/* ---- start and end ---- */

static GHashTable *get_ui_info(void)
{
    static GHashTable *info;

    if (info == NULL) {
        info = g_hash_table_new(g_str_hash, g_str_equal);
        g_hash_table_insert(info, "name", "mx-host");
        g_hash_table_insert(info, "version", "1");
        g_hash_table_insert(info, "client_type", "pc");
    }
    return info;
}

static void on_debug_ui_init(void)
{
    purple_debug_set_ui_ops(&debug_ops);
}

static void on_ui_init(void)
{
    host_ui_install();
    host_dialogs_install();
}

static PurpleCoreUiOps core_ops = {
    .debug_ui_init = on_debug_ui_init,
    .ui_init = on_ui_init,
    .get_ui_info = get_ui_info,
};

static void set_log_prefs(const HostConfig *config)
{
    purple_prefs_set_bool("/purple/logging/log_ims", config->log);
    purple_prefs_set_bool("/purple/logging/log_chats", config->log);
    purple_prefs_set_bool("/purple/logging/log_system", FALSE);
    if (config->log_format != NULL)
        purple_prefs_set_string("/purple/logging/format", config->log_format);
    /* The network monitor of a test machine must not decide what is tested. */
    purple_network_force_online();
}

void host_start(const HostConfig *config)
{
    host.debug = config->debug;
    host.main_thread = g_thread_self();
    g_log_set_writer_func(on_log, NULL, NULL);
    purple_debug_set_enabled(FALSE);
    purple_util_set_user_dir(config->user_dir);
    if (config->plugin_dir != NULL)
        purple_plugins_add_search_path(config->plugin_dir);
    purple_core_set_ui_ops(&core_ops);
    purple_eventloop_set_ui_ops(&eventloop_ops);
    if (!purple_core_init(HOST_UI)) {
        fprintf(stderr, "# libpurple does not start\n");
        exit(2);
    }
    purple_set_blist(purple_blist_new());
    purple_blist_load();
    purple_prefs_load();
    set_log_prefs(config);
    /* Nobody presses keys here: libpurple would take the user for absent. */
    purple_prefs_set_bool("/purple/away/away_when_idle", FALSE);
    purple_prefs_set_string("/purple/away/idle_reporting", "none");
    host_ui_connect();
    purple_savedstatus_activate(purple_savedstatus_new(NULL, PURPLE_STATUS_AVAILABLE));
}

void host_quit(void)
{
    host_dialogs_close();
    purple_core_quit();
    for (int i = 0; i < 50; i++) {
        while (g_main_context_iteration(NULL, FALSE))
            ;
        g_usleep(1000);
    }
}
