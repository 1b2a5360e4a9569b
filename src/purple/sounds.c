/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "sounds.h"

#include <sound.h>

/* TRUE: it is not played. */
static gboolean on_playing(PurpleSoundEventID event, const PurpleAccount *account, MxpAccount *mxp)
{
    const MxLine *line = mxp->line;
    if (account != mxp->account || line == NULL)
        return FALSE;
    /* Hearing everybody in a chat is an option of the program, and off unless somebody wants it. */
    if (event == PURPLE_SOUND_CHAT_SAY)
        return line->is_muted;
    return !line->makes_sound;
}

void mxp_sounds_init(MxpAccount *mxp)
{
    purple_signal_connect(purple_sounds_get_handle(), "playing-sound-event", mxp,
                          PURPLE_CALLBACK(on_playing), mxp);
}
