/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <purple.h>

/* A user interface without a screen on the real libpurple: what Pidgin and Finch would show becomes
 * a JSON object, what a person would do is a function. libpurple is global, hence one host per
 * process and no handle.
 *
 * Every event has the member "event", its kind; tests/lib/driver.c lists the kinds. What Pidgin and
 * Finch do by themselves is done here too, because the plugin must bear it: they rejoin open chats
 * at "signed-on", write a line into them at "signing-off", disable an account after a fatal error,
 * and count unseen lines. */

#define HOST_UI "mx-host"
#define HOST_PRPL "prpl-matrix"

typedef struct {
    const char *user_dir;
    const char *plugin_dir; /* NULL: only the installed plugins */
    gboolean log;
    const char *log_format; /* "html", "txt"; NULL is libpurple's default */
    gboolean debug;         /* libpurple's debug text to stderr */
} HostConfig;

typedef void (*HostEventFunc)(JsonObject *event, gpointer user_data);

void host_start(const HostConfig *config);
/* Quits libpurple and drains the main loop: a callback into what was freed shows itself here. */
void host_quit(void);
/* With a function each event goes there at once; without, into the queue. */
void host_set_event_func(HostEventFunc func, gpointer user_data);

/* ---- queue ---- */
/* The oldest event of the kind (NULL: any), taken out of the queue; NULL when there is none. */
JsonObject *host_take_event(const char *kind);
/* Borrowed. */
GQueue *host_events(void);
void host_clear_events(void);

/* ---- log policy ---- */
/* Warnings and criticals of GLib end the process, unless "domain: message" contains an allowed
 * text. */
void host_allow_log(const char *text);
void host_set_fatal_logs(gboolean fatal);
/* The last lines of libpurple's debug text. */
void host_dump_debug(void);
/* TRUE when it contains the text. */
gboolean host_debug_contains(const char *text);
/* What must never be in it: this text, and that of a message, unless it is a short one. */
void host_keep_secret(const char *text);
void host_keep_message(const char *markup);
/* One of them that is in it, or NULL. */
const char *host_find_told(void);

/* ---- main loop ---- */
typedef gboolean (*HostCondition)(gpointer user_data);
gboolean host_iterate_until(HostCondition condition, gpointer user_data, guint timeout_ms);
void host_iterate(guint milliseconds);

/* ---- accounts ---- */
/* From accounts.xml, or new. password NULL: as it was. */
PurpleAccount *host_account(const char *prpl, const char *username, const char *password);
PurpleAccount *host_find_account(const char *username);
void host_account_enable(PurpleAccount *account, gboolean enable);
/* type: "none", "http", "socks4", "socks5", "tor", "envvar", "global" */
gboolean host_account_set_proxy(PurpleAccount *account, const char *type, const char *host,
                                int port, const char *username, const char *password);
/* The account action with this label. FALSE: not connected or no such action. */
gboolean host_run_action(PurpleAccount *account, const char *label);
char **host_action_labels(PurpleAccount *account);

/* ---- conversations ---- */
PurpleConversation *host_find_conversation(PurpleAccount *account, const char *name);
/* NULL: not connected. */
PurpleConversation *host_open_im(PurpleAccount *account, const char *who);
/* As a double click in the buddy list, or for a room that is not there as a rejoin. */
gboolean host_open_chat(PurpleAccount *account, const char *room_id);
/* FALSE: not connected, or the chat is not open. */
gboolean host_send_im(PurpleAccount *account, const char *who, const char *markup);
gboolean host_send_chat(PurpleAccount *account, const char *room_id, const char *markup);
gboolean host_close(PurpleAccount *account, const char *name);
/* text with its slash. Gives "OK", "FAILED", "NOT_FOUND", ...; error: caller frees, may be NULL. */
const char *host_command(PurpleConversation *conv, const char *text, char **error);
void host_set_focus(const char *name, gboolean focus);
/* All logs of the conversation, as text. */
char *host_read_log(PurpleAccount *account, PurpleLogType type, const char *name);

/* ---- people ---- */
/* Gives the icon's checksum, or NULL, and its bytes. */
const char *host_buddy_icon(PurpleAccount *account, const char *who, GBytes **data);
/* path NULL: no icon. FALSE: the file cannot be read. */
gboolean host_set_account_icon(PurpleAccount *account, const char *path);
/* As in a buddy's menu. */
void host_block(PurpleAccount *account, const char *who, gboolean block);
/* Who is blocked, and the account's icon (its size in bytes). */
JsonArray *host_blocked(PurpleAccount *account);
gsize host_account_icon_size(PurpleAccount *account);

/* ---- list of rooms ---- */
/* FALSE: the plugin has none. Another one is closed before. */
gboolean host_roomlist_open(PurpleAccount *account);
void host_roomlist_stop(void);
void host_roomlist_close(void);
gboolean host_roomlist_is_running(void);
/* Of objects: the fields, "name", "parent" (its name, or null), "is_category". */
JsonArray *host_roomlist_rows(void);
/* Rows from 0, in the order in which they came. FALSE: it is none of that kind. */
gboolean host_roomlist_expand(guint row);
gboolean host_roomlist_join(guint row);

/* ---- what there is to see ---- */
JsonArray *host_blist_to_json(void);
JsonArray *host_conversations_to_json(void);
JsonArray *host_requests_to_json(void);
guint host_blist_updates(void);

/* ---- requests ---- */
/* input: the text of an input, file or choice, or of the first string field. inputs: field id ->
 * text. Both may be NULL. */
gboolean host_press(guint request, const char *button, const char *input, JsonObject *inputs,
                    GError **error);
/* The newest list of search results: how many rows it has (0: no list), and a button pressed with a
 * row chosen, from 0. */
guint host_result_rows(void);
gboolean host_press_row(guint row, const char *label);
