/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The same as the abandoned purple-matrix's: its users keep accounts, buddy list and logs. */
#define MXP_PLUGIN_ID "prpl-matrix"
