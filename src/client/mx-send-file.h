/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"

/* A file to a room or a person (client-server API, "Content repository"): uploaded from disk as a
 * stream, encrypted on the way unless the room is known not to be; then a message goes into the
 * send queue as any other. */

typedef struct _MxSendFile MxSendFile;

typedef struct {
    MxRoom *room;        /* or NULL */
    const char *user_id; /* whose direct room it is for, or NULL */
    const char *path;    /* or NULL: bytes */
    GBytes *bytes;
    const char *name;    /* as others shall see it */
    const char *caption; /* or NULL */
} MxFileToSend;

typedef void (*MxSendFileProgressFunc)(guint64 sent, gpointer user_data);
/* error NULL: the message is on its way. Otherwise a sentence for the user. */
typedef void (*MxSendFileDoneFunc)(MxClient *client, const GError *error, gpointer user_data);

/* progress may be NULL; done is called once, later, unless it is cancelled before; then the
 * MxSendFile is gone. */
MxSendFile *mx_send_file_start(MxClient *client, const MxFileToSend *what,
                               MxSendFileProgressFunc progress, MxSendFileDoneFunc done,
                               gpointer user_data);
void mx_send_file_cancel(MxSendFile *file);
