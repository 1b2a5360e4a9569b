/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-file.h"
#include "config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "mx-event.h"
#include "mx-file-name.h"
#include "mx-mxc.h"

/* Nothing on a screen is larger; also the number of characters of a name in a line. */
#define MAX_SIDE 100000
#define MAX_SHOWN_NAME 80

static void place_clear(MxFilePlace *place)
{
    g_free(place->mxc);
    mx_memzero(&place->key, sizeof place->key);
}

void mx_file_free(MxFile *file)
{
    if (file == NULL)
        return;
    place_clear(&file->place);
    place_clear(&file->thumbnail);
    g_free(file->name);
    g_free(file->caption);
    g_free(file);
}

MxFile *mx_file_copy(const MxFile *file)
{
    MxFile *copy = g_memdup2(file, sizeof *file);
    copy->place.mxc = g_strdup(file->place.mxc);
    copy->thumbnail.mxc = g_strdup(file->thumbnail.mxc);
    copy->name = g_strdup(file->name);
    copy->caption = g_strdup(file->caption);
    return copy;
}

/* ---- reading ---- */

static gboolean find_kind(const char *type, MxJsonSlice content, MxFileKind *kind)
{
    static const struct {
        const char *msgtype;
        MxFileKind kind;
    } kinds[] = {
        {"m.image", MX_FILE_IMAGE},
        {"m.file", MX_FILE_FILE},
        {"m.video", MX_FILE_VIDEO},
        {"m.audio", MX_FILE_AUDIO},
    };
    *kind = MX_FILE_STICKER;
    if (g_str_equal(type, "m.sticker"))
        return TRUE;
    MxJsonSlice msgtype = mx_json_scan_member(content, "msgtype");
    for (guint i = 0; i < G_N_ELEMENTS(kinds) && g_str_equal(type, "m.room.message"); i++) {
        if (!mx_json_slice_equals(msgtype, kinds[i].msgtype))
            continue;
        *kind = kinds[i].kind;
        if (*kind == MX_FILE_AUDIO &&
            (mx_json_scan_member(content, "org.matrix.msc3245.voice").text != NULL ||
             mx_json_scan_member(content, "m.voice").text != NULL))
            *kind = MX_FILE_VOICE;
        return TRUE;
    }
    return FALSE;
}

static gboolean is_object(MxJsonSlice slice)
{
    return slice.text != NULL && slice.type == MX_JSON_OBJECT;
}

static gint64 read_int(MxJsonSlice slice, gint64 max)
{
    gint64 value;
    return mx_json_slice_get_int(slice, &value) && value >= 0 && value <= max ? value : -1;
}

/* With an EncryptedFile nothing else counts: whoever took its key for broken and went for a url
 * beside it would show what somebody else has put there. */
static void read_place(MxFilePlace *place, MxJsonSlice file, MxJsonSlice url, MxJsonSlice info)
{
    place->size = -1;
    place->is_encrypted = file.text != NULL && file.type != MX_JSON_NULL;
    if (place->is_encrypted) {
        if (!mx_attachment_key_read(&place->key, file))
            return;
        url = mx_json_scan_member(file, "url");
    }
    if (is_object(info))
        place->size = read_int(mx_json_scan_member(info, "size"), G_MAXINT64);
    g_autofree char *mxc = mx_json_slice_dup_string(url);
    if (mx_mxc_parse(mxc, NULL, NULL))
        place->mxc = g_steal_pointer(&mxc);
}

static void read_info(MxFile *file, MxJsonSlice info)
{
    static const char *const names[] = {
        "w", "h", "duration", "thumbnail_file", "thumbnail_url", "thumbnail_info", NULL};
    MxJsonSlice values[6];
    file->thumbnail.size = file->duration_ms = -1;
    if (!is_object(info))
        return;
    mx_json_scan_members(info, names, values);
    file->width = (guint)MAX(read_int(values[0], MAX_SIDE), 0);
    file->height = (guint)MAX(read_int(values[1], MAX_SIDE), 0);
    file->duration_ms = read_int(values[2], G_MAXINT);
    read_place(&file->thumbnail, values[3], values[4], values[5]);
}

MxFile *mx_file_read(const char *type, MxJsonSlice content)
{
    static const char *const names[] = {"body", "filename", "file", "url", "info", NULL};
    MxJsonSlice values[5];
    MxFileKind kind;
    if (!is_object(content) || !find_kind(type, content, &kind))
        return NULL;
    mx_json_scan_members(content, names, values);
    MxFile *file = g_new0(MxFile, 1);
    file->kind = kind;
    g_autofree char *body = mx_json_slice_dup_string(values[0]);
    g_autofree char *filename = mx_json_slice_dup_string(values[1]);
    gboolean has_caption = filename != NULL && body != NULL && *body != '\0' &&
                           !g_str_equal(body, filename) && kind != MX_FILE_STICKER;
    file->name = mx_file_name_make_safe(filename != NULL ? filename : body);
    file->caption = has_caption ? g_steal_pointer(&body) : NULL;
    read_place(&file->place, values[2], values[3], values[4]);
    read_info(file, values[4]);
    return file;
}

char *mx_file_dup_html_caption(const MxFile *file, MxJsonSlice content)
{
    if (file->caption == NULL ||
        !mx_json_slice_equals(mx_json_scan_member(content, "format"), "org.matrix.custom.html"))
        return NULL;
    return mx_json_slice_dup_string(mx_json_scan_member(content, "formatted_body"));
}

/* ---- words ---- */

static const char *name_kind(MxFileKind kind)
{
    switch (kind) {
    case MX_FILE_IMAGE:
        return _("image");
    case MX_FILE_VIDEO:
        return _("video");
    case MX_FILE_AUDIO:
        return _("audio");
    case MX_FILE_VOICE:
        return _("voice message");
    case MX_FILE_STICKER:
        return _("sticker");
    case MX_FILE_FILE:
        break;
    }
    return _("file");
}

char *mx_file_describe(const MxFile *file)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autofree char *name = mx_event_tidy_text(file->name, MAX_SHOWN_NAME);
    g_string_printf(text, "[%s: %s", name_kind(file->kind), name != NULL ? name : file->name);
    if (file->kind == MX_FILE_STICKER) {
        g_string_append_c(text, ']');
        return g_strdup(text->str);
    }
    if (file->place.size >= 0) {
        g_autofree char *size = g_format_size((guint64)file->place.size);
        g_string_append_printf(text, ", %s", size);
    }
    if (file->width > 0 && file->height > 0)
        g_string_append_printf(text, ", %u×%u", file->width, file->height);
    if (file->duration_ms >= 0)
        g_string_append_printf(text, ", %d:%02d", (int)(file->duration_ms / 60000),
                               (int)(file->duration_ms / 1000 % 60));
    g_string_append(text,
                    file->place.mxc != NULL ? " – /download]" : _(" – it cannot be fetched]"));
    return g_strdup(text->str);
}
