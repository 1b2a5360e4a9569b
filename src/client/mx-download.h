/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"
#include "mx-file.h"

/* A file from the media repository to disk, through the user's own homeserver (client-server API,
 * "Content repository"). It is never in memory as a whole; what is encrypted is decrypted and
 * hashed on the way. The file has its name when all of it is there and is known to be the one that
 * was sent; until then it is a hidden one beside it, which goes when something fails. */

typedef struct _MxDownload MxDownload;

typedef void (*MxDownloadProgressFunc)(guint64 received, gpointer user_data);
/* error NULL: the file is there. The download is freed. */
typedef void (*MxDownloadDoneFunc)(MxClient *client, const GError *error, gpointer user_data);

/* path: the name it gets. may_replace: a file that is there already. progress may be NULL; done is
 * called once, later, unless the download is cancelled before. */
MxDownload *mx_download_start(MxClient *client, const MxFile *file, const char *path,
                              gboolean may_replace, MxDownloadProgressFunc progress,
                              MxDownloadDoneFunc done, gpointer user_data);
void mx_download_cancel(MxDownload *download);

/* The file that a command means: of the newest message with one, or of the one that TARGET
 * (mx-target.h), the first word of typed, names. *rest: what follows it. Both are borrowed; file is
 * NULL with an error, a sentence for the user. */
typedef void (*MxFileFunc)(MxClient *client, const MxFile *file, const char *rest,
                           const GError *error, gpointer user_data);
void mx_client_find_file(MxClient *client, MxRoom *room, const char *typed, MxFileFunc func,
                         gpointer user_data, GDestroyNotify destroy);
