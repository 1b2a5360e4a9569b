/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <string.h>
#include <time.h>

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

/* ---- four thousand ---- */

#define MANY 4000
#define HEARTBEAT_MS 2
/* What one slice may take of the main loop: a frame. */
#define LONGEST_MS 16

static gint64 cpu_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * G_TIME_SPAN_SECOND + now.tv_nsec / 1000;
}

typedef struct {
    gint64 last, longest; /* microseconds of this thread's CPU, which other programs cannot take */
} Heart;

static gboolean on_beat(gpointer data)
{
    Heart *heart = data;
    gint64 now = cpu_time();
    heart->longest = MAX(heart->longest, now - heart->last);
    heart->last = now;
    return G_SOURCE_CONTINUE;
}

/* A sanitizer or valgrind watches: time says nothing then. */
static gboolean is_watched(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return TRUE;
#else
    return g_getenv("MX_TEST_SLOW") != NULL;
#endif
}

/* All are tried, waited for and told of; the main loop notices little of it. */
static void thousands(Scenario *s)
{
    Heart heart = {0};
    guint many = is_watched() ? MANY / 10 : MANY;
    start_with(s, FALSE);
    SyncBody *body = sync_body_new();
    for (guint i = 0; i < many; i++)
        sync_body_timeline(body, DIRECT, event_new("m.room.encrypted", BOB, NO_KEY));
    sync_body_timeline(body, DIRECT, event_text(BOB, "the last"));
    push(s, sync_body_end(body));
    gint64 started = g_get_monotonic_time(), cpu = cpu_time();
    heart.last = cpu;
    guint source = g_timeout_add_full(G_PRIORITY_HIGH, HEARTBEAT_MS, on_beat, &heart, NULL);
    for (guint i = 0; i < many; i++)
        EXPECT_EVENT(s, "line", "name", BOB, "~text", "its key has not come");
    EXPECT_EVENT(s, "line", "name", BOB, "~text", "the last");
    settle(s);
    g_test_message("%u messages: %.1f s, of them %.0f ms in the main loop, at most %.1f ms at once",
                   many, (g_get_monotonic_time() - started) / 1e6, (cpu_time() - cpu) / 1e3,
                   heart.longest / 1e3);
    CHECK(s, is_watched() || heart.longest <= LONGEST_MS * 1000);
    g_source_remove(source);
    EXPECT_NOTHING(s, 100);
}

static const ScenarioEntry entries[] = {
    {"waits-for-key", {waits_for_key}},
    {"does-not-log", {does_not_log}},
    {"does-not-log-later", {does_not_log_later}},
    {"damaged", {damaged}},
    {"thousands", {thousands}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
