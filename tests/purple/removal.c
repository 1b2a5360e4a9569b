/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "scenario.h"

#include <glib/gstdio.h>

/* The user removes an account: its session is ended from copied data, and he is asked about the
 * store (design 3). */

static char *store_path(Scenario *s)
{
    return g_build_filename(s->dir, "purple", "matrix", NULL);
}

static guint count_files(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;
    guint count = 0;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *child = g_build_filename(path, name, NULL);
        if (g_file_test(child, G_FILE_TEST_IS_DIR))
            count += count_files(child);
        else
            count++;
    }
    return count;
}

/* Gives the question's number. */
static int remove_account(Scenario *s)
{
    JsonObject *request;

    set_usual_rooms(s);
    log_in(s);
    purple_accounts_delete(s->account);
    s->account = NULL;
    EXPECT_EVENT(s, "disconnected");
    request = EXPECT_EVENT(s, "request", "~buttons", "Keep", "~buttons", "Erase");
    EXPECT_REQUEST(s, "logout");
    host_iterate(300);
    return json_object_get_int_member(request, "request");
}

static void removed_and_kept(Scenario *s)
{
    g_autofree char *path = store_path(s);
    int request = remove_account(s);

    CHECK(s, host_press(request, "Keep", NULL, NULL, NULL));
    host_iterate(300);
    CHECK(s, count_files(path) > 0);
    EXPECT_INT(s, fake_server_count(s->server, "logout"), 1);
    /* Added again, it is a new login. */
    enable(s);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
}

static void removed_and_erased(Scenario *s)
{
    g_autofree char *path = store_path(s);
    int request = remove_account(s);

    CHECK(s, host_press(request, "Erase", NULL, NULL, NULL));
    host_iterate(500);
    EXPECT_INT(s, count_files(path), 0);
    EXPECT_INT(s, fake_server_count(s->server, "logout"), 1);
    enable(s);
    EXPECT_REQUEST(s, "login");
    EXPECT_EVENT(s, "connected");
    settle(s);
    EXPECT_INT(s, count_nodes(), 2);
}

/* Nobody answers: the program is left with the question open. */
static void removed_and_quit(Scenario *s)
{
    remove_account(s);
}

static void removed_unreachable(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    fake_server_down(s->server);
    purple_accounts_delete(s->account);
    EXPECT_EVENT(s, "disconnected");
    EXPECT_EVENT(s, "request");
    EXPECT_EVENT(s, "notify", "~secondary", ALICE);
}

static void removed_while_offline(Scenario *s)
{
    set_usual_rooms(s);
    log_in(s);
    go_offline(s);
    purple_accounts_delete(s->account);
    EXPECT_EVENT(s, "request");
    EXPECT_REQUEST(s, "logout");
    host_iterate(300);
}

/* An account that never logged in has nothing to end, and nobody asks. */
static void removed_unused(Scenario *s)
{
    purple_accounts_delete(scenario_account(s, ALICE, "secret"));
    EXPECT_NOTHING(s, 300);
}

static const ScenarioEntry entries[] = {
    {"removed-and-kept", {removed_and_kept}},
    {"removed-and-erased", {removed_and_erased}},
    {"removed-and-quit", {removed_and_quit}},
    {"removed-unreachable", {removed_unreachable}},
    {"removed-while-offline", {removed_while_offline}},
    {"removed-unused", {removed_unused}},
};

int main(int argc, char **argv)
{
    return scenario_main(argc, argv, entries, G_N_ELEMENTS(entries));
}
