/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "../../src/purple/log-tail.h"
#include "../../src/purple/messages.h"

/* Which of the lines that were being written when the program was killed are in the log. The logs
 * are libpurple's own formats, handed to log-tail.c in place of a file. */

static const char *log_text; /* NULL: there is no log */

GList *purple_log_get_logs(PurpleLogType type, const char *name, PurpleAccount *account)
{
    g_assert_cmpint(type, ==, PURPLE_LOG_CHAT);
    g_assert_cmpstr(name, ==, "!r:x");
    return log_text != NULL ? g_list_prepend(NULL, g_new0(PurpleLog, 1)) : NULL;
}

char *purple_log_read(PurpleLog *log, PurpleLogReadFlags *flags)
{
    return g_strdup(log_text);
}

void purple_log_free(PurpleLog *log)
{
    g_free(log);
}

/* As in messages.c, without its windows; the formatted body stands for its text. */
char *mxp_messages_get_text(const MxLine *line)
{
    if (line->formatted_body != NULL)
        return g_strdup(line->formatted_body);
    return line->kind == MX_LINE_ENCRYPTED ? g_strdup("[encrypted]") : g_strdup(line->body);
}

#define NOON (G_GINT64_CONSTANT(1700049600) * 1000) /* 2023-11-15 12:00:00 UTC */

static GPtrArray *lines;

static MxLine *add(gint64 seconds, const char *body)
{
    MxLine *line = g_new0(MxLine, 1);
    line->ts = NOON + seconds * 1000 + 999;
    line->body = g_strdup(body);
    line->sender = g_strdup("@bob:x");
    line->sender_name = g_strdup("Bob");
    g_ptr_array_add(lines, line);
    return line;
}

static void begin(void)
{
    g_clear_pointer(&lines, g_ptr_array_unref);
    lines = g_ptr_array_new_with_free_func((GDestroyNotify)mx_line_free);
}

/* expected: a letter for each line, y when the log has it. */
static void assert_found(const char *expected)
{
    g_autoptr(GArray) found = mxp_log_tail_find(NULL, PURPLE_LOG_CHAT, "!r:x", lines);
    g_autoptr(GString) letters = g_string_new(NULL);
    for (guint i = 0; i < found->len; i++)
        g_string_append_c(letters, g_array_index(found, gboolean, i) ? 'y' : 'n');
    g_assert_cmpstr(letters->str, ==, expected);
}

/* libpurple's HTML logger, and its text logger as purple_log_read() gives it. */
#define HTML(clock, text)                                                                          \
    "<font color=\"#A82F2F\"><font size=\"2\">(" clock ")</font> <b>Bob:</b></font> " text "<br/"  \
    ">\n"
#define TEXT(clock, text) "(" clock ") Bob: " text "<br>"

static void test_found(void)
{
    static const struct {
        const char *log, *found;
    } cases[] = {
        {NULL, "nnn"},
        {"", "nnn"},
        {HTML("12:00:01", "one"), "ynn"},
        {HTML("12:00:01", "one") HTML("12:00:02", "two"), "yyn"},
        {HTML("12:00:01", "one") HTML("12:00:02", "two") HTML("12:00:03", "three"), "yyy"},
        {TEXT("12:00:01", "one") TEXT("12:00:02", "two") TEXT("12:00:03", "three"), "yyy"},
        {"older<br>" HTML("11:59:59", "one") HTML("12:00:01", "one"), "ynn"},
        {HTML("12:00:09", "one"), "nnn"},                           /* another time */
        {HTML("12:00:01", "other"), "nnn"},                         /* another text */
        {HTML("12:00:02", "two"), "nyn"},                           /* not the first one */
        {HTML("12:00:01", "one") HTML("12:00:03", "three"), "yny"}, /* one is missing */
        {HTML("12:00:01", "one") "(12:00:02) tw", "ynn"},           /* cut off in a line */
        {HTML("12:00:01", "one") "(12:00:02) Eve joined.<br>" HTML("12:00:02", "two"), "yyn"},
    };
    begin();
    add(1, "one");
    add(2, "two");
    add(3, "three");
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        log_text = cases[i].log;
        g_test_message("%s", log_text);
        assert_found(cases[i].found);
    }
}

/* The same text twice in a second is in the log twice or it is not; lines that were shown before
 * count. */
static void test_repeated(void)
{
    begin();
    add(1, "ok");
    add(1, "ok");
    log_text = HTML("12:00:01", "ok");
    assert_found("yn");
    log_text = HTML("12:00:01", "ok") HTML("12:00:01", "ok");
    assert_found("yy");
    begin();
    add(1, "ok")->shown_twins = 1;
    log_text = HTML("12:00:01", "ok");
    assert_found("n");
    log_text = HTML("12:00:01", "ok") HTML("12:00:01", "ok");
    assert_found("y");
}

/* What is in the log is the formatted text; two lines that look the same there need two. */
static void test_formatted(void)
{
    begin();
    add(1, "*ok*")->formatted_body = g_strdup("ok");
    add(1, "ok");
    log_text = HTML("12:00:01", "<b>ok</b>");
    assert_found("yn");
    log_text = HTML("12:00:01", "*ok*");
    assert_found("nn");
    log_text = HTML("12:00:01", "<b>ok</b>") HTML("12:00:01", "ok");
    assert_found("yy");
}

/* What is taken for written is lost: another line of the same second must not stand for it. */
static void test_other_lines(void)
{
    static const char *const logs[] = {
        HTML("12:00:01", "hi") HTML("12:00:02", "ok"),  /* the text of a later second */
        HTML("12:00:01", "okay"),                       /* the beginning of another text */
        HTML("12:00:01", "not ok"),                     /* the end of one */
        "<font>(12:00:01)</font> <b>Rokko:</b> hi<br>", /* a part of somebody's name */
    };
    begin();
    add(1, "ok");
    for (guint i = 0; i < G_N_ELEMENTS(logs); i++) {
        log_text = logs[i];
        g_test_message("%s", log_text);
        assert_found("n");
    }
}

/* A text inside a later one's is not it. */
static void test_far_away(void)
{
    g_autofree char *filler = g_strnfill(3000, 'x');
    g_autofree char *log = g_strdup_printf(HTML("12:00:01", "%s") HTML("12:00:05", "one"), filler);
    begin();
    add(1, "one");
    log_text = log;
    assert_found("n");
}

static void test_white_space_and_markup(void)
{
    begin();
    add(1, "a  b\n\tc <d> & e");
    log_text = HTML("12:00:01", "a b<br>c &lt;d&gt; &amp; e");
    assert_found("y");
    log_text = HTML("12:00:01", "a b<br>c e");
    assert_found("n");
}

static void test_kinds(void)
{
    begin();
    add(2, NULL)->kind = MX_LINE_ENCRYPTED;
    add(3, "waves")->kind = MX_LINE_EMOTE;
    log_text = HTML("12:00:02", "[encrypted]") "<font>(12:00:03)</font> <b>***Bob</b> waves<br>";
    assert_found("yy");
    log_text = HTML("12:00:02", "[encrypted]");
    assert_found("yn");
}

/* Only the end is read; and a log need not be UTF-8. */
static void test_large_and_broken(void)
{
    g_autoptr(GString) log = g_string_new(NULL);
    for (guint i = 0; i < 40000; i++)
        g_string_append(log, HTML("11:00:00", "x \xff\xfe"));
    g_string_append(log, HTML("12:00:01", "one"));
    begin();
    add(1, "one");
    log_text = log->str;
    assert_found("y");
}

static void test_no_lines(void)
{
    begin();
    log_text = HTML("12:00:01", "one");
    assert_found("");
}

int main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_setenv("LC_ALL", "C", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/log-tail/found", test_found);
    g_test_add_func("/log-tail/repeated", test_repeated);
    g_test_add_func("/log-tail/formatted", test_formatted);
    g_test_add_func("/log-tail/far-away", test_far_away);
    g_test_add_func("/log-tail/white-space-and-markup", test_white_space_and_markup);
    g_test_add_func("/log-tail/kinds", test_kinds);
    g_test_add_func("/log-tail/large-and-broken", test_large_and_broken);
    g_test_add_func("/log-tail/no-lines", test_no_lines);
    g_test_add_func("/log-tail/other-lines", test_other_lines);
    int result = g_test_run();
    g_clear_pointer(&lines, g_ptr_array_unref);
    return result;
}
