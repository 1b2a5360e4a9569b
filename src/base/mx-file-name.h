/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Bytes of the longest name: with something added it still fits every file system. */
#define MX_FILE_NAME_MAX 200

/* A stranger's name for a file as the name of a file here: one component, that no shell, desktop or
 * file system takes for something else. name may be NULL; "file" when nothing is left of it. The
 * caller frees. */
char *mx_file_name_make_safe(const char *name);
