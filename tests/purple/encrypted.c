/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>

/* What is seen of encrypted rooms. */

#define NO_KEY                                                                                     \
    "{'algorithm':'m.megolm.v1.aes-sha2','ciphertext':'AwgA',"                                     \
    "'session_id':'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'}"

static void expect_in_log(Scenario *s, const char *name, const char *piece, gboolean is_there)
{
    g_autofree char *log = host_read_log(s->account, PURPLE_LOG_IM, name);

    if ((log != NULL && strstr(log, piece) != NULL) != is_there)
        FAIL(s, "\"%s\" in the log of %s: %s", piece, name, log);
}

static void start_with(Scenario *s, gboolean logs)
{
    set_usual_rooms(s);
    s->account = scenario_account(s, ALICE, "secret");
    purple_account_set_bool(s->account, "log_decrypted", logs);
    log_in(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    push_event(s, DIRECT,
               event_state("m.room.encryption", "", BOB, "{'algorithm':'m.megolm.v1.aes-sha2'}"));
    EXPECT_EVENT(s, "line", "name", BOB, "text", "Bob has switched on encryption.");
}

/* A key may come a moment after its message; later lines wait for it, and then not any more. */
static void waits_for_key(Scenario *s)
{
    start_with(s, TRUE);
    gint64 before = g_get_monotonic_time();
    push_event(s, DIRECT, event_new("m.room.encrypted", BOB, NO_KEY));
    push_event(s, DIRECT, event_text(BOB, "in the clear"));
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "its key has not come");
    CHECK(s, g_get_monotonic_time() - before > 2 * G_USEC_PER_SEC);
    EXPECT_EVENT(s, "line", "name", BOB, "text",
                 "in the clear <font color=\"#c01c28\">[not encrypted]</font>");
    settle(s);
    EXPECT_NOTHING(s, 300);
    expect_in_log(s, BOB, "its key has not come", TRUE);
}

static void does_not_log(Scenario *s)
{
    start_with(s, FALSE);
    push_event(s, DIRECT, event_text(BOB, "not for the log"));
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "not for the log");
    settle(s);
    expect_in_log(s, BOB, "not for the log", FALSE);
}

/* Also in a window that opens later. */
static void does_not_log_later(Scenario *s)
{
    start_with(s, FALSE);
    purple_conversation_destroy(host_find_conversation(s->account, BOB));
    push_event(s, DIRECT, event_text(BOB, "not for the log"));
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "not for the log");
    settle(s);
    forget_events(s);
    expect_in_log(s, BOB, "not for the log", FALSE);
}

/* Nobody waits in a room that is not known to be encrypted. */
static void damaged(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    CHECK(s, host_open_im(s->account, BOB) != NULL);
    EXPECT_EVENT(s, "window", "name", BOB);
    push_event(s, DIRECT, event_new("m.room.encrypted", BOB, "{'algorithm':'x','a':'<b>'}"));
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "not known here");
    settle(s);
    EXPECT_NOTHING(s, 300);
}

static const ScenarioEntry entries[] = {
    {"waits-for-key", {waits_for_key}},
    {"does-not-log", {does_not_log}},
    {"does-not-log-later", {does_not_log_later}},
    {"damaged", {damaged}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
