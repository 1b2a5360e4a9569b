/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-json-scan.h"

/* An m.room.server_acl's content in sentences (client-server API, "Server ACLs for rooms"): which
 * servers may take part. Plain text, never NULL; the caller frees. */
char *mx_server_acl_describe(MxJsonSlice content);
