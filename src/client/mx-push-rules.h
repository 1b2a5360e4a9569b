/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "mx-push-condition.h"

/* The account's push rules (client-server API, "Push Rules"), made ready once for many events.
 * Never changed afterwards, so worker and main loop may hold the same ones. */

typedef struct _MxPushRules MxPushRules;

/* content of m.push_rules, of any shape: what is not understood is no rule, or one that matches
 * nothing. NULL when it is no JSON object. */
MxPushRules *mx_push_rules_new(const char *content, gsize len);
MxPushRules *mx_push_rules_ref(MxPushRules *rules);
void mx_push_rules_unref(MxPushRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MxPushRules, mx_push_rules_unref)

/* Sound and highlight are set only where notify is. */
typedef struct {
    gboolean notify, sound, highlight;
    /* The user does not want to hear of this room, this sender, or anything: not even where
     * messages are noticed without any rule. */
    gboolean is_muted;
} MxPushResult;

/* What the first rule that matches says. root: one event, from text that is valid JSON. */
MxPushResult mx_push_rules_evaluate(const MxPushRules *rules, MxJsonSlice root,
                                    const MxPushRoom *room);

/* What rules that are about this room alone say of it. */
typedef enum {
    MX_NOTIFY_DEFAULT, /* there is none */
    MX_NOTIFY_ALL,
    MX_NOTIFY_MENTIONS,
    MX_NOTIFY_MUTE,
} MxNotifyMode;

MxNotifyMode mx_push_rules_get_mode(const MxPushRules *rules, const char *room_id);
/* .m.rule.master: the account wants no notification at all. */
gboolean mx_push_rules_is_silent(const MxPushRules *rules);
/* There is a rule of this kind ("override", "room") and ID, and it is disabled. */
gboolean mx_push_rules_is_disabled(const MxPushRules *rules, const char *kind, const char *rule_id);
/* IDs of the override rules that are about this room alone. The caller frees (g_strfreev). */
char **mx_push_rules_dup_overrides(const MxPushRules *rules, const char *room_id);
