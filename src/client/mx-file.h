/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-attachment.h"

/* Files in messages (client-server API, "m.image", "m.file", "m.audio", "m.video", "m.sticker"):
 * what the event says of one, which may be wrong in everything. */

typedef enum {
    MX_FILE_FILE,
    MX_FILE_IMAGE,
    MX_FILE_VIDEO,
    MX_FILE_AUDIO,
    MX_FILE_VOICE,
    MX_FILE_STICKER,
} MxFileKind;

/* Where bytes are, and how they are read. */
typedef struct {
    char *mxc; /* valid, or NULL: it cannot be fetched */
    gboolean is_encrypted;
    MxAttachmentKey key;
    gint64 size; /* bytes, or -1 */
} MxFilePlace;

typedef struct {
    MxFileKind kind;
    MxFilePlace place;
    MxFilePlace thumbnail;
    char *name;    /* safe for a file system, never NULL */
    char *caption; /* or NULL */
    guint width, height;
    gint64 duration_ms; /* or -1 */
} MxFile;

void mx_file_free(MxFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxFile, mx_file_free)
MxFile *mx_file_copy(const MxFile *file);

/* type: the event's. NULL: there is no file in it. */
MxFile *mx_file_read(const char *type, MxJsonSlice content);
/* HTML as it came, or NULL: there is no caption, or none with HTML. The caller frees. */
char *mx_file_dup_html_caption(const MxFile *file, MxJsonSlice content);
/* "[image: cat.png, 34 kB, 640×480 – /download]", plain text. The caller frees. */
char *mx_file_describe(const MxFile *file);
