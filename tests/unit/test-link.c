/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-link.h"

#include <string.h>

/* F13: what leads to rooms and people. */

typedef struct {
    const char *text;
    const char *id; /* NULL: refused */
    MxLinkKind kind;
    const char *event_id;
    const char *via; /* joined with spaces */
    MxLinkAction action;
} Case;

static const Case cases[] = {
    /* identifiers */
    {"!room:example.org", "!room:example.org", MX_LINK_ROOM},
    {"  !room:example.org\n", "!room:example.org", MX_LINK_ROOM},
    {"!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM", "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM",
     MX_LINK_ROOM},
    {"#room:example.org", "#room:example.org", MX_LINK_ALIAS},
    {"#room:[::1]:8448", "#room:[::1]:8448", MX_LINK_ALIAS},
    {"#caf\303\251:example.org", "#caf\303\251:example.org", MX_LINK_ALIAS},
    {"@alice:example.org", "@alice:example.org", MX_LINK_USER},
    {"@alice:localhost:8491", "@alice:localhost:8491", MX_LINK_USER},
    {"#room", NULL},
    {"@alice", NULL},
    {"!", NULL},
    {"#two words:example.org", NULL},
    {"room", NULL},
    {"$event:example.org", NULL},
    {"", NULL},
    {"   ", NULL},
    {NULL, NULL},
    {"#bad\xff:example.org", NULL},
    /* matrix.to */
    {"https://matrix.to/#/#room:example.org", "#room:example.org", MX_LINK_ALIAS},
    {"https://matrix.to/#/%23room%3Aexample.org", "#room:example.org", MX_LINK_ALIAS},
    {"https://matrix.to/#/%21room%3Aexample.org?via=one.org&via=two.org:8448", "!room:example.org",
     MX_LINK_ROOM, NULL, "one.org two.org:8448"},
    {"https://matrix.to/#/!room:example.org/$event:example.org?via=one.org", "!room:example.org",
     MX_LINK_ROOM, "$event:example.org", "one.org"},
    {"https://matrix.to/#/%21room%3Aexample.org/%24a%2Fb", "!room:example.org", MX_LINK_ROOM,
     "$a/b"},
    {"https://matrix.to/#/!room:example.org/$a/b", "!room:example.org", MX_LINK_ROOM, "$a/b"},
    {"https://matrix.to/#/!a%2Fb:example.org", "!a/b:example.org", MX_LINK_ROOM},
    {"https://matrix.to/#/@alice:example.org", "@alice:example.org", MX_LINK_USER},
    {"http://matrix.to/#/@alice:example.org", "@alice:example.org", MX_LINK_USER},
    {"HTTPS://Matrix.To/#/@Alice:example.org", "@Alice:example.org", MX_LINK_USER},
    {"https://www.matrix.to/#/#room:example.org", "#room:example.org", MX_LINK_ALIAS},
    {"matrix.to/#/#room:example.org", "#room:example.org", MX_LINK_ALIAS},
    {"https://matrix.to#/#room:example.org", "#room:example.org", MX_LINK_ALIAS},
    {"https://matrix.to/#/#room:example.org/", "#room:example.org", MX_LINK_ALIAS},
    {"https://matrix.to/#/!room:example.org?via=a.org&via=a.org&via=b%20c&via=&via&x=y",
     "!room:example.org", MX_LINK_ROOM, NULL, "a.org"},
    {"https://matrix.to/#/!room:example.org?via=%5B%3A%3A1%5D%3A80", "!room:example.org",
     MX_LINK_ROOM, NULL, "[::1]:80"},
    {"https://matrix.to/#/!r:a?via=1&via=2&via=3&via=4&via=5&via=6&via=7&via=8&via=9&via=10&via=11",
     "!r:a", MX_LINK_ROOM, NULL, "1 2 3 4 5 6 7 8 9 10"},
    {"https://matrix.to/#/%2", NULL},
    {"https://matrix.to/#/%00", NULL},
    {"https://matrix.to/#/", NULL},
    {"https://matrix.to/", NULL},
    {"https://matrix.to/#/+group:example.org", NULL},
    {"https://matrix.to/#/@alice:example.org/$event", NULL},
    {"https://matrix.to/#/!room:example.org/event", NULL},
    {"https://matrix.to/#/#room:example.org%0Ax", NULL},
    {"https://matrix.to.evil.org/#/#room:example.org", NULL},
    {"https://evil.org/matrix.to/#/#room:example.org", NULL},
    {"ftp://matrix.to/#/#room:example.org", NULL},
    /* matrix: */
    {"matrix:r/room:example.org", "#room:example.org", MX_LINK_ALIAS},
    {"matrix:roomid/room:example.org", "!room:example.org", MX_LINK_ROOM},
    {"matrix:roomid/31hneApxJ?via=one.org", "!31hneApxJ", MX_LINK_ROOM, NULL, "one.org"},
    {"matrix:u/alice:example.org", "@alice:example.org", MX_LINK_USER},
    {"MATRIX:R/room:example.org", "#room:example.org", MX_LINK_ALIAS},
    {"matrix:room/room:example.org", "#room:example.org", MX_LINK_ALIAS},
    {"matrix:user/alice:example.org", "@alice:example.org", MX_LINK_USER},
    {"matrix:roomid/room:example.org/e/event?via=one.org&via=two.org&action=join",
     "!room:example.org", MX_LINK_ROOM, "$event", "one.org two.org", MX_LINK_ACTION_JOIN},
    {"matrix:r/room:example.org/e/a%2Fb", "#room:example.org", MX_LINK_ALIAS, "$a/b"},
    {"matrix:r/room:example.org?action=join", "#room:example.org", MX_LINK_ALIAS, NULL, NULL,
     MX_LINK_ACTION_JOIN},
    {"matrix:u/alice:example.org?action=chat", "@alice:example.org", MX_LINK_USER, NULL, NULL,
     MX_LINK_ACTION_CHAT},
    {"matrix:u/alice:example.org?action=join", "@alice:example.org", MX_LINK_USER},
    {"matrix:r/room:example.org?action=delete", "#room:example.org", MX_LINK_ALIAS},
    {"matrix:r/room:example.org?x=1#part", "#room:example.org", MX_LINK_ALIAS},
    {"matrix:r/two%20words:example.org", NULL},
    {"matrix:r/", NULL},
    {"matrix:r", NULL},
    {"matrix:", NULL},
    {"matrix:group/g:example.org", NULL},
    {"matrix:e/event", NULL},
    {"matrix:r/room:example.org/x/event", NULL},
    {"matrix:r/room:example.org/e", NULL},
    {"matrix:r/room:example.org/e/event/more", NULL},
    {"matrix:u/alice:example.org/e/event", NULL},
    {"matrix://example.org/r/room:example.org", NULL},
    {"matrix:r/room:example.org%", NULL},
};

static void test_table(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(MxLink) link = mx_link_parse(cases[i].text);
        g_autofree char *via = NULL;
        g_test_message("case %" G_GSIZE_FORMAT, i);
        g_assert_cmpstr(link != NULL ? link->id : NULL, ==, cases[i].id);
        if (link == NULL)
            continue;
        via = g_strjoinv(" ", link->via);
        g_assert_cmpint(link->kind, ==, cases[i].kind);
        g_assert_cmpstr(link->event_id, ==, cases[i].event_id);
        g_assert_cmpstr(via, ==, cases[i].via != NULL ? cases[i].via : "");
        g_assert_cmpint(link->action, ==, cases[i].action);
    }
}

/* However it is cut or filled, nothing is read that is not there. */
static void test_pieces(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        gsize len = cases[i].text != NULL ? strlen(cases[i].text) : 0;
        for (gsize k = 0; k < len; k++) {
            g_autofree char *piece = g_strndup(cases[i].text, k);
            g_autoptr(MxLink) link = mx_link_parse(piece);
            g_assert_true(link == NULL || link->id != NULL);
        }
    }
}

static void test_long(void)
{
    g_autofree char *many = g_strnfill(9000, 'a');
    g_autofree char *id = g_strdup_printf("#%s:example.org", many);
    g_autofree char *url = g_strdup_printf("https://matrix.to/#/!r:a?via=%s", many);
    g_autoptr(MxLink) from_id = mx_link_parse(id);
    g_autoptr(MxLink) from_url = mx_link_parse(url);
    g_assert_null(from_id);
    g_assert_null(from_url);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/link/table", test_table);
    g_test_add_func("/link/pieces", test_pieces);
    g_test_add_func("/link/long", test_long);
    return g_test_run();
}
