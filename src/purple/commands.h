/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

void mxp_commands_register(void);
void mxp_commands_unregister(void);
