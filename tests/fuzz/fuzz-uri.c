/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "mx-id.h"
#include "mx-link.h"
#include "mx-uri.h"

/* What people paste: links to rooms, people and messages, and addresses of homeservers. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_link(const MxLink *link)
{
    g_assert_true(g_utf8_validate(link->id, -1, NULL));
    g_assert_nonnull(strchr(link->kind == MX_LINK_USER    ? "@"
                            : link->kind == MX_LINK_ALIAS ? "#"
                                                          : "!",
                            link->id[0]));
    if (link->event_id != NULL)
        g_assert_true(link->event_id[0] == '$' && g_utf8_validate(link->event_id, -1, NULL));
    g_assert_cmpuint(g_strv_length(link->via), <=, MX_LINK_MAX_VIA);
    /* An identifier alone is a link to itself. */
    g_autoptr(MxLink) again = mx_link_parse(link->id);
    g_assert_nonnull(again);
    g_assert_cmpstr(again->id, ==, link->id);
    g_assert_cmpint(again->kind, ==, link->kind);
}

static void check_base(const char *text)
{
    gboolean is_plain;
    g_autofree char *base = mx_uri_normalize_base(text, &is_plain, NULL);
    if (base == NULL)
        return;
    g_assert_true(g_str_has_prefix(base, is_plain ? "http://" : "https://"));
    g_assert_null(strpbrk(base, "?# \n"));
    g_autofree char *again = mx_uri_normalize_base(base, NULL, NULL);
    g_assert_cmpstr(again, ==, base);
    g_assert_true(mx_uri_same_origin(base, again));
    const char *segments[] = {"_matrix", text, NULL};
    g_autofree char *built = mx_uri_build(base, segments, NULL);
    g_assert_true(g_str_has_prefix(built, base));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(MxLink) link = mx_link_parse(text);
    if (link != NULL)
        check_link(link);
    if (g_utf8_validate(text, -1, NULL))
        check_base(text);
    return 0;
}
