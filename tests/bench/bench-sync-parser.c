/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mx-sync-parser.h"

/* Reads a /sync answer as the network brings it. The answer is made here (rooms of 20 members and
 * 20 messages, about 10 MB), or read from the file that is named as argument. */

#define N_ROOMS 820
#define N_EVENTS 20
#define PIECE_LEN 65536
#define ROUNDS 5

typedef struct {
    guint64 parts, bytes;
} Count;

static void append_member(GString *text, guint room, guint i)
{
    g_string_append_printf(
        text,
        "%s{\"type\":\"m.room.member\",\"state_key\":\"@user%u:example.org\",\"sender\":"
        "\"@user%u:example.org\",\"content\":{\"membership\":\"join\",\"displayname\":\"User "
        "No. %u\",\"avatar_url\":\"mxc://example.org/AbCdEfGhIjKlMnOpQrStUvWx\"},\"event_id\":"
        "\"$%043u\",\"origin_server_ts\":17000%08u,\"unsigned\":{\"age\":%u}}",
        i > 0 ? "," : "", i, i, i, room * N_EVENTS + i, room * N_EVENTS + i, room + i);
}

static void append_message(GString *text, guint room, guint i)
{
    static const char *const bodies[] = {
        "Good morning! Has anybody seen the keys of the meeting room? They are not on the board.",
        "Yes.",
        "Gr\xc3\xbc\xc3\x9f"
        "e aus K\xc3\xb6ln \xf0\x9f\x90\xb1, ich bin erst um zehn da",
        "> quoted \\\"line\\\"\\n\\nand what I think about it: not much, to be honest, but see "
        "https://example.org/a/rather/long/path?with=a&query for what others think",
    };
    g_string_append_printf(
        text,
        "%s{\"type\":\"m.room.message\",\"sender\":\"@user%u:example.org\",\"content\":{"
        "\"msgtype\":"
        "\"m.text\",\"body\":\"%s\"},\"event_id\":\"$%043u\",\"origin_server_ts\":17100%08u,"
        "\"unsigned\":{\"age\":%u}}",
        i > 0 ? "," : "", i, bodies[i % G_N_ELEMENTS(bodies)], room * N_EVENTS + i,
        room * N_EVENTS + i, room + i);
}

static GString *make_answer(void)
{
    GString *text = g_string_new("{\"next_batch\":\"s1\",\"device_one_time_keys_count\":"
                                 "{\"signed_curve25519\":50},\"rooms\":{\"join\":{");
    for (guint room = 0; room < N_ROOMS; room++) {
        g_string_append_printf(text, "%s\"!room%u:example.org\":{\"state\":{\"events\":[",
                               room > 0 ? "," : "", room);
        for (guint i = 0; i < N_EVENTS; i++)
            append_member(text, room, i);
        g_string_append(text,
                        "]},\"timeline\":{\"limited\":true,\"prev_batch\":\"p1\",\"events\":[");
        for (guint i = 0; i < N_EVENTS; i++)
            append_message(text, room, i);
        g_string_append(text, "]},\"unread_notifications\":{\"notification_count\":3,"
                              "\"highlight_count\":0}}");
    }
    g_string_append(text, "}}}");
    return text;
}

static void on_part(MxSyncSection section, const char *room_id, MxSyncPart part, const char *json,
                    gsize len, gpointer user_data)
{
    Count *count = user_data;
    count->parts++;
    count->bytes += len;
}

static Count read_answer(const char *text, gsize len)
{
    Count count = {0, 0};
    g_autoptr(MxSyncParser) parser = mx_sync_parser_new(on_part, &count);
    g_autoptr(GError) error = NULL;
    for (gsize at = 0; error == NULL && at < len; at += PIECE_LEN)
        mx_sync_parser_feed(parser, text + at, MIN(PIECE_LEN, len - at), &error);
    if (error == NULL)
        mx_sync_parser_finish(parser, &error);
    if (error != NULL) {
        fprintf(stderr, "%s\n", error->message);
        exit(1);
    }
    return count;
}

int main(int argc, char **argv)
{
    g_autoptr(GString) text = NULL;
    if (argc > 1) {
        g_autofree char *contents = NULL;
        gsize len;
        g_autoptr(GError) error = NULL;
        if (!g_file_get_contents(argv[1], &contents, &len, &error)) {
            fprintf(stderr, "%s\n", error->message);
            return 1;
        }
        text = g_string_new_len(contents, (gssize)len);
    } else {
        text = make_answer();
    }

    gint64 best = G_MAXINT64;
    Count count = {0, 0};
    for (int i = 0; i < ROUNDS; i++) {
        gint64 start = g_get_monotonic_time();
        count = read_answer(text->str, text->len);
        best = MIN(best, MAX(g_get_monotonic_time() - start, 1));
    }
    printf("%" G_GSIZE_FORMAT " bytes, %" G_GUINT64_FORMAT " parts of %" G_GUINT64_FORMAT
           " bytes: %.2f ms, %.0f MB/s (best of %d)\n",
           text->len, count.parts, count.bytes, (double)best / 1000.0,
           (double)text->len / (double)best, ROUNDS);
    return 0;
}
