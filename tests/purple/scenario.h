/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "fake-homeserver.h"
#include "host.h"
#include "sync-body.h"

/* A scenario is a story with the built plugin in the real libpurple, told from both ends: what the
 * user sees (events) and what the homeserver is asked (requests). Each runs in a process of its
 * own; each phase of one is a new process on the same libpurple folder and the same port, that is,
 * a restart. At the end of a phase nothing that matters may be left in either queue: what was not
 * expected has failed. */

#define ALICE "@alice:localhost"
#define BOB "@bob:localhost"
#define CAROL "@carol:localhost"
#define ROOM "!room:localhost"
#define ROOM2 "!second:localhost"
#define DIRECT "!direct:localhost"

typedef struct {
    FakeServer *server;
    PurpleAccount *account; /* set by enable() and log_in() */
    const char *dir;        /* of the scenario: "purple" in it is libpurple's */
    guint phase;
    gboolean quits_at_once; /* set by a phase that quits with things under way: nothing is checked
                               before */
    GPtrArray *kept;        /* what the expect functions lent out */
} Scenario;

typedef void (*ScenarioPhase)(Scenario *s);

typedef struct {
    const char *name;
    ScenarioPhase phases[4];
} ScenarioEntry;

int scenario_main(int argc, char **argv, const ScenarioEntry *entries, gsize n);

/* Ends the process as a crash would, without a word to anybody; the next phase goes on. */
void scenario_die(Scenario *s) G_GNUC_NORETURN;
void scenario_fail(Scenario *s, const char *where, const char *format, ...)
    G_GNUC_PRINTF(3, 4) G_GNUC_NORETURN;

/* ---- expectations ---- */
/* Pairs of member and text, then NULL. The oldest event of the kind must have them; it is waited
 * for and taken away. A member's value is compared as text ("true", "1"); "flags" are joined with
 * "|"; "~name" means "contains",
 * "!name" "does not contain". Returns are borrowed. */
JsonObject *scenario_expect_event(Scenario *s, const char *where, const char *kind,
                                  ...) G_GNUC_NULL_TERMINATED;
JsonObject *scenario_expect_line(Scenario *s, const char *where, const char *name, const char *who,
                                 const char *text, const char *flags);
FakeRequest *scenario_expect_request(Scenario *s, const char *where, const char *endpoint);
void scenario_expect_nothing(Scenario *s, const char *where, guint milliseconds);
void scenario_expect_text(Scenario *s, const char *where, const char *got, const char *wanted);
void scenario_expect_int(Scenario *s, const char *where, gint64 got, gint64 wanted);
void scenario_check(Scenario *s, const char *where, gboolean condition, const char *text);
void scenario_wait(Scenario *s, const char *where, HostCondition condition, gpointer data);

#define FAIL(s, ...) scenario_fail(s, G_STRLOC, __VA_ARGS__)
#define EXPECT_EVENT(s, ...) scenario_expect_event(s, G_STRLOC, __VA_ARGS__, NULL)
/* who and text may be NULL: any */
#define EXPECT_LINE(s, name, who, text, flags)                                                     \
    scenario_expect_line(s, G_STRLOC, name, who, text, flags)
#define EXPECT_REQUEST(s, endpoint) scenario_expect_request(s, G_STRLOC, endpoint)
/* No event and no request that matters for so long. */
#define EXPECT_NOTHING(s, milliseconds) scenario_expect_nothing(s, G_STRLOC, milliseconds)
#define EXPECT_TEXT(s, got, wanted) scenario_expect_text(s, G_STRLOC, got, wanted)
#define EXPECT_INT(s, got, wanted) scenario_expect_int(s, G_STRLOC, got, wanted)
#define CHECK(s, condition) scenario_check(s, G_STRLOC, condition, #condition)
#define WAIT(s, condition, data) scenario_wait(s, G_STRLOC, condition, data)

/* ---- doing ---- */
/* A Matrix account with home_server at the scenario's server, not enabled. */
PurpleAccount *scenario_account(Scenario *s, const char *username, const char *password);
/* Enables ALICE / "secret". */
void enable(Scenario *s);
/* enable(), and everything up to "connected", with one POST /login. */
void log_in(Scenario *s);
/* enable() in a later phase: up to "connected", without a login. */
void come_back(Scenario *s);
/* Disables the account and expects the end of the connection. */
void go_offline(Scenario *s);
/* Until everything pushed is applied and the plugin waits for more; the windows have gone quiet. */
void settle(Scenario *s);
/* Takes the text. */
void push(Scenario *s, char *body);
/* One event in the room's timeline. */
void push_event(Scenario *s, const char *room_id, JsonObject *event);
void set_first(Scenario *s, char *body);
/* First sync: DIRECT with BOB (m.direct) and ROOM "Room" of alice, bob and carol. */
void set_usual_rooms(Scenario *s);
/* Opens a chat and expects its window. */
void open_chat(Scenario *s, const char *room_id);
/* Borrowed, or NULL: the buddy list's node of that name. */
JsonObject *find_node(Scenario *s, const char *name);
guint count_nodes(void);
const char *text_of(JsonObject *object, const char *member); /* or NULL */
/* Lines that are waiting in the queue. */
guint count_lines(void);
void forget_events(Scenario *s);
