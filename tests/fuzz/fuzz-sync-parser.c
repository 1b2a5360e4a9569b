/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "mx-json.h"
#include "mx-json-scan.h"
#include "mx-sync-parser.h"

/* The first byte says into what pieces the rest is cut. That must not matter; and what is handed
 * out must be what the receivers can read. */

typedef struct {
    GString *log;
    gboolean ok, saw_next_batch;
} Result;

static guint measure_depth(const char *json, gsize len)
{
    guint depth = 0, deepest = 0;
    gboolean in_string = FALSE;
    for (gsize i = 0; i < len; i++) {
        if (in_string && json[i] == '\\')
            i++;
        else if (json[i] == '"')
            in_string = !in_string;
        else if (!in_string && (json[i] == '{' || json[i] == '['))
            depth++;
        else if (!in_string && (json[i] == '}' || json[i] == ']'))
            depth--;
        deepest = MAX(deepest, depth);
    }
    return deepest;
}

static void check_json(MxSyncPart part, const char *json, gsize len)
{
    g_assert_true(mx_json_scan_validate(json, len));
    g_assert_cmpuint(measure_depth(json, len), <=, MX_JSON_MAX_DEPTH);
    g_autoptr(JsonNode) node = mx_json_parse(json, (gssize)len, NULL);
    g_assert_nonnull(node);
    switch (part) {
    case MX_SYNC_NEXT_BATCH:
    case MX_SYNC_ROOM_PREV_BATCH:
        g_assert_cmpint(json_node_get_value_type(node), ==, G_TYPE_STRING);
        break;
    case MX_SYNC_ROOM_LIMITED:
        g_assert_cmpint(json_node_get_value_type(node), ==, G_TYPE_BOOLEAN);
        break;
    case MX_SYNC_UNUSED_FALLBACK_KEYS:
        g_assert_true(JSON_NODE_HOLDS_ARRAY(node));
        break;
    default:
        g_assert_true(JSON_NODE_HOLDS_OBJECT(node));
    }
}

static void on_part(MxSyncSection section, const char *room_id, MxSyncPart part, const char *json,
                    gsize len, gpointer user_data)
{
    Result *result = user_data;
    gboolean is_mark = part == MX_SYNC_ROOM_BEGIN || part == MX_SYNC_ROOM_STATE_AFTER_PRESENT;
    g_assert_true((json == NULL) == is_mark);
    g_assert_true((room_id == NULL) == (section == MX_SYNC_SECTION_NONE));
    g_assert_true((room_id == NULL) == (part < MX_SYNC_ROOM_BEGIN));
    g_assert_true(room_id == NULL || g_utf8_validate(room_id, -1, NULL));
    if (json != NULL)
        check_json(part, json, len);
    result->saw_next_batch |= part == MX_SYNC_NEXT_BATCH;
    g_string_append_printf(result->log, "%d %s %d ", section, room_id != NULL ? room_id : "", part);
    g_string_append_len(result->log, json != NULL ? json : "", (gssize)len);
    g_string_append_c(result->log, '\n');
}

static Result parse(const char *text, gsize len, gsize chunk)
{
    Result result = {g_string_new(NULL), TRUE, FALSE};
    g_autoptr(MxSyncParser) parser = mx_sync_parser_new(on_part, &result);
    g_autoptr(GError) error = NULL;
    for (gsize at = 0; result.ok && at < len; at += chunk) {
        gsize size = MIN(chunk, len - at);
        g_autofree char *piece = g_memdup2(text + at, size);
        result.ok = mx_sync_parser_feed(parser, piece, size, &error);
    }
    result.ok = result.ok && mx_sync_parser_finish(parser, &error);
    g_assert_true((error == NULL) == result.ok);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data + 1;
    gsize len = size - 1;
    Result whole = parse(text, len, MAX(len, 1));
    Result pieces = parse(text, len, 1 + data[0] % 64);
    g_assert_true(whole.ok == pieces.ok);
    g_assert_cmpstr(whole.log->str, ==, pieces.log->str);

    gboolean is_object =
        mx_json_scan_validate(text, len) && mx_json_scan_root(text, len).type == MX_JSON_OBJECT;
    g_assert_true(whole.ok == (is_object && whole.saw_next_batch));
    g_string_free(whole.log, TRUE);
    g_string_free(pieces.log, TRUE);
    return 0;
}
