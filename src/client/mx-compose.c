/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-compose.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-error.h"
#include "mx-json.h"
#include "mx-markdown.h"
#include "mx-mention.h"
#include "mx-split.h"

/* All in bytes. What servers put around a content: IDs, hashes, signatures, events before. */
#define MAX_EVENT 65536
#define AROUND_EVENT 4096
/* Around the content in the plaintext of an encrypted one, and around the ciphertext. */
#define AROUND_PLAINTEXT 512
#define AROUND_CIPHERTEXT 1024

typedef struct {
    MxStore *store;
    const MxRoomRow *room;
    const char *own_user_id, *also, *msgtype;
    MxTextFormat format;
    JsonObject *relation; /* may be NULL */
    GPtrArray *parts;
} Composer;

/* ---- sizes ---- */

/* A direct room that is still to be made may become an encrypted one. */
static gsize get_limit(const MxRoomRow *room)
{
    gsize limit = MAX_EVENT - AROUND_EVENT;
    if (!room->encrypted && room->membership != MX_MEMBERSHIP_PENDING)
        return limit;
    return (limit - AROUND_CIPHERTEXT) / 4 * 3 - AROUND_PLAINTEXT; /* base64 */
}

static gboolean fits(const MxRoomRow *room, const char *content)
{
    return strlen(content) <= get_limit(room);
}

static void refuse(const MxRoomRow *room, gsize size, const char *why, GError **error)
{
    g_autofree char *its = g_format_size(size);
    g_autofree char *limit = g_format_size(get_limit(room));
    g_set_error(error, MX_ERROR, MX_ERROR_INVALID,
                _("Nothing was sent: that takes %s, and one message holds %s. %s "
                  "Ctrl and the up arrow, in Finch Ctrl+P, bring back what you typed."),
                its, limit, why);
}

gboolean mx_compose_check(const MxRoomRow *room, const char *content, GError **error)
{
    if (fits(room, content))
        return TRUE;
    refuse(room, strlen(content), _("An edit cannot be cut into several; make it shorter."), error);
    return FALSE;
}

/* ---- one message ---- */

/* The text's first len bytes, as what is sent. The caller frees. */
static char *make_part(const Composer *composer, const char *text, gsize len, MxTextFormat format)
{
    gboolean is_first = composer->parts->len == 0;
    g_autofree char *body = g_strndup(text, len);
    g_autoptr(JsonObject) content = json_object_new();
    json_object_set_string_member(content, "msgtype", composer->msgtype);
    json_object_set_string_member(content, "body", body);
    gboolean is_thread = g_strcmp0(mx_json_string(composer->relation, "rel_type"), "m.thread") == 0;
    if (composer->relation != NULL && (is_first || is_thread))
        json_object_set_object_member(content, "m.relates_to", json_object_ref(composer->relation));
    mx_mention_apply(composer->store, composer->room->key, composer->own_user_id, content,
                     is_first ? composer->also : NULL, format);
    return mx_json_object_to_text(content);
}

/* ---- many ---- */

/* A piece of plain text, which is never Markdown: a cut would make some of it. FALSE: it cannot be
 * cut. */
static gboolean add_plain(Composer *composer, const char *text, gsize len)
{
    MxTextFormat format = composer->format == MX_TEXT_MARKDOWN ? MX_TEXT_TYPED : composer->format;
    g_autofree char *piece = g_strndup(text, len);
    for (const char *at = piece; *at != '\0';) {
        gsize next = 0, found, max = MIN(strlen(at), get_limit(composer->room));
        g_autofree char *content = NULL;
        do {
            g_free(g_steal_pointer(&content));
            found = mx_split_find(at, max, &next);
            if (found == 0 || composer->parts->len >= MX_COMPOSE_MAX_PARTS)
                return FALSE;
            content = make_part(composer, at, found, format);
            max = found - 1 - found / 16; /* escapes and links make it longer */
        } while (!fits(composer->room, content));
        g_ptr_array_add(composer->parts, g_steal_pointer(&content));
        at += next;
    }
    return TRUE;
}

static gsize trim_end(const char *text, gsize len)
{
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r'))
        len--;
    return len;
}

static gboolean is_plain(const char *text, gsize len)
{
    g_autofree char *piece = g_strndup(text, len);
    g_autofree char *html = mx_markdown_to_html(piece, NULL, 0);
    return html == NULL;
}

/* The blocks from..to (both included) as one message; NULL: they do not fit. */
static char *make_blocks(const Composer *composer, const char *text, gsize start, gsize end)
{
    gsize len = trim_end(text + start, end - start);
    if (len > get_limit(composer->room))
        return NULL;
    g_autofree char *content = make_part(composer, text + start, len, MX_TEXT_MARKDOWN);
    return fits(composer->room, content) ? g_steal_pointer(&content) : NULL;
}

/* As many blocks from the one that begins at start as fit; ends: where blocks end, from that one
 * on. Returns how many, and the content. */
static guint take_blocks(const Composer *composer, const char *text, gsize start, const gsize *ends,
                         guint n, char **content)
{
    guint fit = 0, too_many = n + 1;
    while (fit + 1 < too_many) {
        guint tried = (fit + too_many) / 2;
        char *made = make_blocks(composer, text, start, ends[tried - 1]);
        if (made == NULL) {
            too_many = tried;
            continue;
        }
        g_free(*content);
        *content = made;
        fit = tried;
    }
    return fit;
}

/* As many whole blocks of Markdown in each message as it holds. A list or a block of code is not
 * cut; a paragraph without any marks is. */
static gboolean add_markdown(Composer *composer, const char *text)
{
    g_autoptr(GArray) blocks = mx_markdown_list_blocks(text);
    gsize start = 0, len = strlen(text);
    g_array_append_val(blocks, len);
    const gsize *ends = (const gsize *)blocks->data;
    for (guint i = 0; i < blocks->len;) {
        char *content = NULL;
        guint n = take_blocks(composer, text, start, ends + i, blocks->len - i, &content);
        if (n > 0 && composer->parts->len >= MX_COMPOSE_MAX_PARTS) {
            g_free(content);
            return FALSE;
        }
        if (n > 0) {
            g_ptr_array_add(composer->parts, content);
        } else {
            gsize end = trim_end(text + start, ends[i] - start);
            if (!is_plain(text + start, end) || !add_plain(composer, text + start, end))
                return FALSE;
            n = 1;
        }
        i += n;
        start = ends[i - 1];
    }
    return TRUE;
}

static gboolean add_parts(Composer *composer, const char *body)
{
    if (composer->format == MX_TEXT_MARKDOWN && !is_plain(body, strlen(body)))
        return add_markdown(composer, body);
    return add_plain(composer, body, strlen(body));
}

static const char *explain_many(void)
{
    return _("It would be too many messages: send it as a file, with /sendfile.");
}

static const char *explain(const Composer *composer, gboolean is_text, gboolean is_formatted)
{
    if (!is_text)
        return _("Make the words with it shorter.");
    if (composer->parts->len >= MX_COMPOSE_MAX_PARTS)
        return explain_many();
    return is_formatted ? _("Formatted text is not cut: send it in parts, or without formatting.")
                        : _("There is no place in it to cut it: send it as a file.");
}

GPtrArray *mx_compose(MxStore *store, const MxRoomRow *room, const char *own_user_id,
                      JsonObject *content, const char *also, MxTextFormat format, GError **error)
{
    g_autofree char *body = g_strdup(mx_json_string(content, "body"));
    g_autofree char *msgtype = g_strdup(mx_json_string(content, "msgtype"));
    g_autoptr(GPtrArray) parts = g_ptr_array_new_with_free_func(g_free);
    gboolean is_html = mx_json_string(content, "formatted_body") != NULL;
    gboolean is_text = g_strcmp0(msgtype, "m.text") == 0 || g_strcmp0(msgtype, "m.emote") == 0 ||
                       g_strcmp0(msgtype, "m.notice") == 0;
    if (is_text && strlen(body) > MX_COMPOSE_MAX_PARTS * MAX_EVENT) {
        refuse(room, strlen(body), explain_many(), error);
        return NULL;
    }
    mx_mention_apply(store, room->key, own_user_id, content, also, format);
    g_autofree char *whole = mx_json_object_to_text(content);
    if (fits(room, whole)) {
        g_ptr_array_add(parts, g_steal_pointer(&whole));
        return g_steal_pointer(&parts);
    }
    Composer composer = {
        store, room, own_user_id, also, msgtype, format, mx_json_object(content, "m.relates_to"),
        parts};
    if (is_text && !is_html && add_parts(&composer, body))
        return g_steal_pointer(&parts);
    refuse(room, strlen(whole),
           explain(&composer, is_text,
                   is_html || (format == MX_TEXT_MARKDOWN && !is_plain(body, strlen(body)))),
           error);
    return NULL;
}
