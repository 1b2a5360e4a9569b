/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-to-device.h"

/* Until mx-to-device.c is there. */
__attribute__((weak)) void mx_to_device_receive(MxCrypto *crypto, const char *text, gsize len)
{
}
