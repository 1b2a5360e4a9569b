/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "confirm.h"
#include "config.h"

#include <glib/gi18n-lib.h>

#include <request.h>

/* The account keeps it, since a dialog that dies with the connection frees nothing. */
typedef struct {
    MxpAccount *mxp;
    MxpConfirmFunc func;
    gpointer user_data;
    GDestroyNotify destroy;
} Confirmation;

static void confirmation_free(gpointer data)
{
    Confirmation *confirmation = data;
    if (confirmation->destroy != NULL)
        confirmation->destroy(confirmation->user_data);
    g_free(confirmation);
}

void mxp_confirm_clear(MxpAccount *mxp)
{
    g_slist_free_full(g_steal_pointer(&mxp->confirmations), confirmation_free);
}

static void end(Confirmation *confirmation)
{
    MxpAccount *mxp = confirmation->mxp;
    mxp->confirmations = g_slist_remove(mxp->confirmations, confirmation);
    confirmation_free(confirmation);
}

static void on_yes(Confirmation *confirmation, int action)
{
    confirmation->func(confirmation->mxp, confirmation->user_data);
    end(confirmation);
}

static void on_no(Confirmation *confirmation, int action)
{
    end(confirmation);
}

void mxp_confirm(MxpAccount *mxp, const char *primary, const char *secondary, const char *yes,
                 MxpConfirmFunc func, gpointer user_data, GDestroyNotify destroy)
{
    Confirmation *confirmation = g_new0(Confirmation, 1);
    confirmation->mxp = mxp;
    confirmation->func = func;
    confirmation->user_data = user_data;
    confirmation->destroy = destroy;
    mxp->confirmations = g_slist_prepend(mxp->confirmations, confirmation);
    purple_request_action(mxp->gc, _("Matrix"), primary, secondary, PURPLE_DEFAULT_ACTION_NONE,
                          mxp->account, NULL, NULL, confirmation, 2, yes, G_CALLBACK(on_yes),
                          _("Cancel"), G_CALLBACK(on_no));
}
