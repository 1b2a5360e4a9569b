/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "account.h"

/* Pictures of others in the window, under the line that tells of them, where the program can show
 * some. */

/* Account option: of at most so many kB; 0: none. */
#define MXP_OPTION_IMAGE_KB "image_kb"
#define MXP_IMAGE_KB 2048

/* The line was written: its picture, if it has one, follows as soon as it is there. */
void mxp_images_follow(MxpAccount *mxp, MxRoom *room, const MxLine *line);
