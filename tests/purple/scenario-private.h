/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "scenario.h"

int scenario_run_phase(const ScenarioEntry *entry, guint phase, const char *dir);
guint scenario_slowness(void); /* from MX_TEST_SLOW, at least 1 */
