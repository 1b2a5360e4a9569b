/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-store.h"

/* The account's own key, and rows sealed with it (crypto V2). */
typedef struct _MxVault MxVault;

MxVault *mx_vault_open(MxStore *store, const char *dir, GError **error);
void mx_vault_free(MxVault *vault);
GBytes *mx_vault_seal(MxVault *vault, const char *table, const char *primary_key, const void *data,
                      gsize len, GError **error);
GBytes *mx_vault_open_row(MxVault *vault, const char *table, const char *primary_key,
                          GBytes *sealed, GError **error);
