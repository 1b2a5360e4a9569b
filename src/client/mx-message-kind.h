/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-json-scan.h"

/* The plain text of a message: with where it is, of m.location; with the name of its msgtype where
 * that is not known here (client-server API, "m.room.message msgtypes"). content: of an event of
 * that type. NULL: it has none. The caller frees. */
char *mx_message_kind_dup_text(const char *type, MxJsonSlice content);
/* "geo:51.5,-0.12" and nothing more (RFC 5870). */
gboolean mx_message_kind_is_geo_uri(const char *text);
