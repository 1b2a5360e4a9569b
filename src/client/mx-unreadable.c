/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-unreadable.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include "mx-event.h"
#include "mx-inbound.h"

#define MAX_REASON 200

static const char *const sentences[] = {
    [MX_READ_OK] = N_("A message that was read once, but can no longer be opened here. Read it in "
                      "another program."),
    [MX_READ_NO_KEY] = N_("A message that cannot be read yet: its key has not come. It is asked "
                          "for."),
    [MX_READ_INDEX_TOO_OLD] =
        N_("A message that cannot be read: the key that was given to this device begins later. "
           "Ask the sender to write it again."),
    [MX_READ_UNSIGNED_DEVICE] =
        N_("A message that is not shown. The sender's device is not signed by its owner; they "
           "should verify it."),
    [MX_READ_WRONG_SENDER] =
        N_("A message that is not shown: its sender is not who has encrypted it. Ask the sender "
           "in another way whether they wrote something."),
    [MX_READ_REPLAY] = N_("A message that is not shown: it repeats an earlier one under another "
                          "name. Tell whoever runs your homeserver."),
    [MX_READ_DAMAGED] =
        N_("A message that cannot be read: it is damaged. Ask the sender to write it again."),
    [MX_READ_UNKNOWN_ALGORITHM] =
        N_("A message that cannot be read: it is encrypted in a way that is not known here. Read "
           "it in another program."),
    [MX_READ_NOT_TRIED] =
        N_("A message that cannot be read yet: the encryption of this account is not ready. It is "
           "shown here when it is."),
};

static const struct {
    const char *code;
    const char *sentence;
} withheld[] = {
    {"m.blacklisted", N_("A message that cannot be read: its sender has blocked this device. Ask "
                         "them to unblock it.")},
    {"m.unverified", N_("A message that cannot be read: its sender gives keys to verified devices "
                        "alone. Verify this device.")},
    {"m.unauthorised", N_("A message that cannot be read: its sender says that it is not for you. "
                          "Ask them if you need it.")},
    {"m.unavailable", N_("A message that cannot be read: the device that was asked does not have "
                         "its key. Ask the sender to write it again.")},
    {"m.no_olm", N_("A message that cannot be read: its sender's device could not reach this one "
                    "safely. Ask them to write it again.")},
    {"m.history_not_shared", N_("A message that cannot be read: it is from before you came, and "
                                "that is not shared in this room. Ask somebody who was there.")},
};

static char *describe_withheld(MxStore *store, const MxTimelineRow *row)
{
    g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(store, row->room);
    g_autoptr(MxWithheldRow) why = NULL;
    if (room != NULL && row->session_id != NULL)
        why = mx_store_get_withheld(store, room->room_id, row->session_id, row->sender);
    if (why == NULL)
        why = mx_store_get_withheld(store, "", "", row->sender);
    for (guint i = 0; why != NULL && i < G_N_ELEMENTS(withheld); i++)
        if (g_str_equal(withheld[i].code, why->code))
            return g_strdup(_(withheld[i].sentence));
    g_autofree char *reason =
        why != NULL ? mx_event_tidy_text(why->reason != NULL ? why->reason : why->code, MAX_REASON)
                    : NULL;
    return g_strdup_printf(_("A message that cannot be read: its sender has not given the key "
                             "(%s). Ask them to."),
                           reason != NULL ? reason : "?");
}

char *mx_unreadable_describe(MxStore *store, const MxTimelineRow *row)
{
    MxReadResult result = row->is_secret ? MX_READ_OK : MX_READING_RESULT(row->reading);
    if (result == MX_READ_WITHHELD)
        return describe_withheld(store, row);
    if (result >= G_N_ELEMENTS(sentences) ||
        (result == MX_READ_OK && (!row->is_secret || mx_store_is_locked(store))))
        result = MX_READ_NOT_TRIED;
    return g_strdup(_(sentences[result]));
}

static const struct {
    const char *words; /* NULL: nothing */
    gboolean is_warning;
} marks[] = {
    [MX_SHIELD_GREY] = {N_("sender not certain"), FALSE},
    [MX_SHIELD_RED_UNSIGNED] = {N_("from a device that its owner has not signed"), TRUE},
    [MX_SHIELD_RED_UNKNOWN_DEVICE] = {N_("from an unknown device"), TRUE},
    [MX_SHIELD_RED_IDENTITY_CHANGED] = {N_("the sender's identity has changed"), TRUE},
    [MX_SHIELD_RED_NOT_ENCRYPTED] = {N_("not encrypted"), TRUE},
};

char *mx_unreadable_dup_mark(const MxTimelineRow *row, gboolean *is_warning)
{
    MxShield shield = MX_READING_SHIELD(row->reading);
    const char *words = shield < G_N_ELEMENTS(marks) ? marks[shield].words : NULL;
    *is_warning = words != NULL && marks[shield].is_warning;
    if (!row->is_late || row->crypto != MX_ROW_READ)
        return words != NULL ? g_strdup(_(words)) : NULL;
    return words != NULL ? g_strdup_printf("%s, %s", _("read late"), _(words))
                         : g_strdup(_("read late"));
}
