/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-crypto.h"

/* To-device events of a /sync, in their order, before its rooms (F1), within its transaction (F2).
 * text: one event, validated JSON. Nothing in it can make the others fail. */
void mx_to_device_receive(MxCrypto *crypto, const char *text, gsize len);
