/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs each phase of each scenario in a process of its own, several at a time: they mostly wait.
 * Prints TAP.
 *
 * Arguments: names of scenarios; none is all. --list lists them.
 * Environment: MX_PLUGIN_DIR, MX_TEST_JOBS, MX_TEST_SLOW (factor for all time limits), MX_TEST_KEEP
 * (keep the folders), MX_TEST_DEBUG, MX_TEST_WRAPPER (a command put before each, valgrind for
 * instance). */

#define PHASE_SECONDS 90

typedef struct {
    const ScenarioEntry *entry;
    guint phase;
    pid_t pid;
    char *dir;
    char *log;
    gboolean is_second_try;
} Job;

static guint number;
static guint failures;

static guint env_number(const char *name, guint fallback)
{
    const char *text = g_getenv(name);

    return text ? (guint)g_ascii_strtoull(text, NULL, 10) : fallback;
}

static void remove_tree(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR) && !g_file_test(child, G_FILE_TEST_IS_SYMLINK))
            remove_tree(child);
        else
            g_unlink(child);
    }
    g_rmdir(path);
}

/* ---- processes ---- */

static void switch_leak_checker_off(void)
{
    const char *options = g_getenv("ASAN_OPTIONS");
    g_autofree char *more = g_strconcat(options ? options : "", ":detect_leaks=0", NULL);

    g_setenv("ASAN_OPTIONS", more, TRUE);
}

static void exec_phase(Job *job)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *phase = g_strdup_printf("%u", job->phase);
    g_auto(GStrv) wrapper =
        g_strsplit(g_getenv("MX_TEST_WRAPPER") ? g_getenv("MX_TEST_WRAPPER") : "", " ", -1);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    int fd = open(job->log, O_WRONLY | O_CREAT | O_APPEND, 0600);

    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    for (guint i = 0; wrapper[i] != NULL; i++) {
        if (wrapper[i][0] != '\0')
            g_ptr_array_add(argv, wrapper[i]);
    }
    g_ptr_array_add(argv, self);
    g_ptr_array_add(argv, "--phase");
    g_ptr_array_add(argv, (gpointer)job->entry->name);
    g_ptr_array_add(argv, phase);
    g_ptr_array_add(argv, job->dir);
    g_ptr_array_add(argv, NULL);
    if (job->is_second_try)
        switch_leak_checker_off();
    alarm(PHASE_SECONDS * scenario_slowness());
    execvp(argv->pdata[0], (char **)argv->pdata);
    _exit(127);
}

static void start(Job *job)
{
    job->pid = fork();
    if (job->pid == 0)
        exec_phase(job);
}

static Job *job_new(const ScenarioEntry *entry)
{
    Job *job = g_new0(Job, 1);

    job->entry = entry;
    job->dir = g_dir_make_tmp("mx-purple-XXXXXX", NULL);
    job->log = g_build_filename(job->dir, "log", NULL);
    start(job);
    return job;
}

static void print_log(Job *job)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(job->log, &text, NULL, NULL))
        return;
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++)
        printf("#%s%s\n", lines[i][0] == '#' ? "" : " ",
               lines[i][0] == '#' ? lines[i] + 1 : lines[i]);
}

static void report(Job *job, gboolean ok)
{
    printf("%sok %u - %s\n", ok ? "" : "not ", ++number, job->entry->name);
    if (!ok) {
        failures++;
        printf("# in phase %u\n", job->phase);
        print_log(job);
    }
    fflush(stdout);
    if (g_getenv("MX_TEST_KEEP") == NULL)
        remove_tree(job->dir);
    else
        printf("# %s\n", job->dir);
    g_free(job->dir);
    g_free(job->log);
    g_free(job);
}

/* A phase may end in a crash of its own making. */
static gboolean ended_well(Job *job, int status)
{
    g_autofree char *marker = g_build_filename(job->dir, "died", NULL);

    if (WIFEXITED(status))
        return WEXITSTATUS(status) == 0;
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL && g_unlink(marker) == 0)
        return TRUE;
    if (WIFSIGNALED(status))
        printf("# %s: %s\n", job->entry->name, g_strsignal(WTERMSIG(status)));
    return FALSE;
}

/* The leak checker dies while it looks at the thread-local storage of GnuTLS. Such a scenario runs
 * again without it: the rest of the sanitizers is worth having. */
static gboolean checker_failed(Job *job)
{
    g_autofree char *text = NULL;

    return !job->is_second_try && g_file_get_contents(job->log, &text, NULL, NULL) &&
           strstr(text, "LeakSanitizer has encountered a fatal error") != NULL;
}

static void start_again(Job *job)
{
    remove_tree(job->dir);
    g_mkdir_with_parents(job->dir, 0700);
    job->is_second_try = TRUE;
    job->phase = 0;
    start(job);
}

static GList *wait_for_one(GList *jobs)
{
    int status;
    pid_t pid = waitpid(-1, &status, 0);

    for (GList *l = jobs; l != NULL; l = l->next) {
        Job *job = l->data;
        if (job->pid != pid)
            continue;
        if (!ended_well(job, status)) {
            if (checker_failed(job)) {
                start_again(job);
                return jobs;
            }
            report(job, FALSE);
        } else if (job->phase + 1 < G_N_ELEMENTS(job->entry->phases) &&
                   job->entry->phases[job->phase + 1] != NULL) {
            job->phase++;
            start(job);
            return jobs;
        } else {
            report(job, TRUE);
        }
        return g_list_delete_link(jobs, l);
    }
    return jobs;
}

static gboolean is_wanted(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++) {
        if (g_str_equal(argv[i], name))
            return TRUE;
    }
    return argc == 1;
}

static int run_all(int argc, char **argv, const ScenarioEntry *entries, gsize n)
{
    guint limit = env_number("MX_TEST_JOBS", 3);
    GList *jobs = NULL;
    guint count = 0;

    for (gsize i = 0; i < n; i++) {
        if (!is_wanted(argc, argv, entries[i].name))
            continue;
        while (g_list_length(jobs) >= limit)
            jobs = wait_for_one(jobs);
        jobs = g_list_append(jobs, job_new(&entries[i]));
        count++;
    }
    while (jobs != NULL)
        jobs = wait_for_one(jobs);
    printf("1..%u\n", count);
    return failures == 0 ? 0 : 1;
}

static const ScenarioEntry *find_entry(const ScenarioEntry *entries, gsize n, const char *name)
{
    for (gsize i = 0; i < n; i++) {
        if (g_str_equal(entries[i].name, name))
            return &entries[i];
    }
    return NULL;
}

int scenario_main(int argc, char **argv, const ScenarioEntry *entries, gsize n)
{
    if (argc == 5 && g_str_equal(argv[1], "--phase"))
        return scenario_run_phase(find_entry(entries, n, argv[2]), atoi(argv[3]), argv[4]);
    if (argc == 2 && g_str_equal(argv[1], "--list")) {
        for (gsize i = 0; i < n; i++)
            printf("%s\n", entries[i].name);
        return 0;
    }
    return run_all(argc, argv, entries, n);
}
