/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-json-scan.h"

/* Plain text of contents of any type (client-server API, "m.text"; MSC1767). */

/* body, else the first plain text of m.text or of what stood for it before. NULL: there is none.
 * The caller frees. */
char *mx_extensible_dup_text(MxJsonSlice content);
