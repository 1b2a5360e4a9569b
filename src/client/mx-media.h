/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-client.h"
#include "mx-file.h"
#include "mx-image.h"

/* Media in memory, through the user's own homeserver only (client-server API, "Content
 * repository"). */

/* Larger avatars are not shown. */
#define MX_AVATAR_MAX_BYTES (1024u * 1024)

/* picture is one that MX_IMAGE kinds allow, of at most MX_AVATAR_MAX_BYTES and a bearable number of
 * pixels; NULL with an error. Both are borrowed. */
typedef void (*MxPictureFunc)(MxClient *client, GBytes *picture, const MxImageInfo *info,
                              const GError *error, gpointer user_data);
/* The thumbnail of an avatar, or the avatar itself where the server makes none. A few are fetched
 * at a time; an urgent one, for which somebody waits, at once and not for long. func is called
 * once, later, unless the client is stopped before; destroy (may be NULL) is for user_data. mxc is
 * valid. */
void mx_client_fetch_avatar(MxClient *client, const char *mxc, gboolean is_urgent,
                            MxPictureFunc func, gpointer user_data, GDestroyNotify destroy);

/* An emoji's picture, small if the server makes it so; else as avatars. A longer answer than
 * MX_EMOJI_MAX_BYTES is an error. */
#define MX_EMOJI_MAX_BYTES (64u * 1024)
void mx_client_fetch_emoji(MxClient *client, const char *mxc, MxPictureFunc func,
                           gpointer user_data, GDestroyNotify destroy);

/* A picture in a message: as a thumbnail of bearable size if the server makes one, of an encrypted
 * one what place holds. A longer answer than max_bytes is an error. place has an mxc. */
void mx_client_fetch_preview(MxClient *client, const MxFilePlace *place, gsize max_bytes,
                             MxPictureFunc func, gpointer user_data, GDestroyNotify destroy);

/* mxc NULL: it failed. */
typedef void (*MxUploadFunc)(MxClient *client, const char *mxc, const GError *error,
                             gpointer user_data);
void mx_client_upload(MxClient *client, GBytes *content, const char *content_type,
                      MxUploadFunc func, gpointer user_data, GDestroyNotify destroy);
