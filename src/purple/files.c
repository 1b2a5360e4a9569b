/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "files.h"
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include <glib/gi18n-lib.h>

#include <core.h>
#include <imgstore.h>
#include <notify.h>
#include <request.h>
#include <util.h>

#include "buddies.h"
#include "chat-window.h"
#include "messages.h"
#include "mx-download.h"
#include "mx-file-name.h"
#include "mx-id.h"
#include "mx-send-file.h"
#include "reply.h"
#include "upgrade.h"

/* A window redrawn for every few kilobytes would take longer than they do. */
#define PROGRESS_US (200 * 1000)
/* In each direction: more would only make all of them late. */
#define MAX_AT_ONCE 3

typedef struct {
    MxpAccount *mxp;
    PurpleXfer *xfer; /* a reference, or NULL while the user is asked for a name, and for pictures
                         out of a text */
    MxpReply *reply;
    char *room_id, *user_id, *name, *caption, *path;
    GBytes *bytes; /* of a picture out of a text: what is sent instead of path */
    guint message; /* number of the text that it is out of; 0: none */
    MxFile *file;  /* to be fetched; NULL: to be sent */
    gboolean may_replace, is_waiting;
    MxDownload *download;
    MxSendFile *sending;
    gint64 last_progress;
} Transfer;

static Transfer *transfer_new(MxpAccount *mxp, PurpleConversation *conversation)
{
    Transfer *transfer = g_new0(Transfer, 1);
    transfer->mxp = mxp;
    transfer->reply = mxp_reply_new(mxp, conversation);
    mxp->transfers = g_slist_prepend(mxp->transfers, transfer);
    return transfer;
}

static void transfer_free(Transfer *transfer)
{
    transfer->mxp->transfers = g_slist_remove(transfer->mxp->transfers, transfer);
    if (transfer->download != NULL)
        mx_download_cancel(transfer->download);
    if (transfer->sending != NULL)
        mx_send_file_cancel(transfer->sending);
    if (transfer->xfer != NULL) {
        transfer->xfer->data = NULL;
        purple_xfer_unref(transfer->xfer);
    }
    mxp_reply_free(transfer->reply);
    mx_file_free(transfer->file);
    g_clear_pointer(&transfer->bytes, g_bytes_unref);
    g_free(transfer->room_id);
    g_free(transfer->user_id);
    g_free(transfer->name);
    g_free(transfer->caption);
    g_free(transfer->path);
    g_free(transfer);
}

static char *describe_failure(const Transfer *transfer, const char *why)
{
    if (transfer->file != NULL)
        return g_strdup_printf(_("“%s” was not saved. %s"), transfer->file->name, why);
    if (transfer->caption == NULL)
        return g_strdup_printf(_("“%s” was not sent. %s"), transfer->name, why);
    /* The input field is empty by now: what was typed with it must not vanish. */
    return g_strdup_printf(_("“%s” was not sent. %s You had written with it: “%s”"), transfer->name,
                           why, transfer->caption);
}

/* libpurple has left the chats by now, and closes the connection's dialogs in a moment. */
static void say_interrupted(const Transfer *transfer)
{
    PurpleAccount *account = transfer->mxp->account;
    g_autofree char *text = describe_failure(
        transfer, transfer->file != NULL ? _("The connection ended before all of it was there.")
                                         : _("The connection ended before it was uploaded."));
    if (mxp_reply_get_conversation(transfer->reply) != NULL)
        mxp_reply_fail(transfer->reply, text);
    else
        purple_notify_error(account, _("Matrix"), purple_account_get_username(account), text);
}

static gboolean is_running(const Transfer *transfer)
{
    return transfer->download != NULL || transfer->sending != NULL;
}

void mxp_files_clear(MxpAccount *mxp)
{
    while (mxp->transfers != NULL) {
        Transfer *transfer = mxp->transfers->data;
        PurpleXfer *xfer = transfer->xfer;
        if (is_running(transfer) || transfer->is_waiting)
            say_interrupted(transfer);
        if (xfer != NULL)
            purple_xfer_ref(xfer);
        transfer_free(transfer);
        if (xfer == NULL)
            continue;
        purple_xfer_cancel_local(xfer);
        purple_xfer_unref(xfer);
    }
}

/* ---- what the transfer's window shows ---- */

static void on_progress(guint64 bytes, gpointer user_data)
{
    Transfer *transfer = user_data;
    gint64 now = g_get_monotonic_time();
    if (transfer->xfer == NULL || now - transfer->last_progress < PROGRESS_US)
        return;
    transfer->last_progress = now;
    purple_xfer_set_bytes_sent(transfer->xfer, bytes);
    purple_xfer_update_progress(transfer->xfer);
}

/* purple_xfer_start() would open, and so empty, the file under its last name before its content is
 * known to be right. */
static void set_started(PurpleXfer *xfer)
{
    xfer->status = PURPLE_XFER_STATUS_STARTED;
    xfer->start_time = time(NULL);
}

static void start_waiting(MxpAccount *mxp);

static void end_xfer(PurpleXfer *xfer, const GError *error)
{
    xfer->data = NULL;
    if (error != NULL) {
        purple_xfer_cancel_local(xfer); /* the other way to end it would say that they cancelled */
    } else {
        purple_xfer_set_size(xfer, MAX(purple_xfer_get_size(xfer), xfer->bytes_sent));
        purple_xfer_set_bytes_sent(xfer, purple_xfer_get_size(xfer));
        purple_xfer_set_completed(xfer, TRUE);
        purple_xfer_end(xfer);
    }
    purple_xfer_unref(xfer);
}

static void end(Transfer *transfer, const GError *error)
{
    MxpAccount *mxp = transfer->mxp;
    PurpleXfer *xfer = transfer->xfer;
    transfer->download = NULL;
    transfer->sending = NULL;
    transfer->xfer = NULL;
    transfer_free(transfer);
    if (xfer != NULL)
        end_xfer(xfer, error);
    start_waiting(mxp);
}

/* The user has cancelled it, in the transfer's window. */
static void on_cancelled(PurpleXfer *xfer)
{
    Transfer *transfer = xfer->data;
    if (transfer == NULL)
        return;
    MxpAccount *mxp = transfer->mxp;
    transfer_free(transfer);
    start_waiting(mxp);
}

/* ---- whose turn it is ---- */

static void on_sent(MxClient *client, const GError *error, gpointer user_data)
{
    Transfer *transfer = user_data;
    if (error != NULL) {
        g_autofree char *text = describe_failure(transfer, error->message);
        mxp_reply_fail(transfer->reply, text);
    }
    end(transfer, error);
}

static void on_downloaded(MxClient *client, const GError *error, gpointer user_data)
{
    Transfer *transfer = user_data;
    g_autofree char *text = error != NULL ? describe_failure(transfer, error->message)
                                          : g_strdup_printf(_("“%s” was saved as %s."),
                                                            transfer->file->name, transfer->path);
    if (error != NULL)
        mxp_reply_fail(transfer->reply, text);
    else
        mxp_reply_say(transfer->reply, text);
    end(transfer, error);
}

static void start(Transfer *transfer)
{
    MxClient *client = transfer->mxp->client;
    MxRoom *room = transfer->room_id != NULL ? mx_client_get_room(client, transfer->room_id) : NULL;
    transfer->is_waiting = FALSE;
    if (transfer->xfer != NULL)
        set_started(transfer->xfer);
    if (transfer->file != NULL) {
        transfer->download =
            mx_download_start(client, transfer->file, transfer->path, transfer->may_replace,
                              on_progress, on_downloaded, transfer);
        return;
    }
    if (room == NULL && transfer->user_id == NULL) {
        g_autoptr(GError) error =
            g_error_new_literal(MX_ERROR, MX_ERROR_INVALID, _("You are no longer in that room."));
        on_sent(client, error, transfer);
        return;
    }
    MxFileToSend what = {
        .room = room,
        .user_id = transfer->user_id,
        .path = transfer->path,
        .bytes = transfer->bytes,
        .name = transfer->name,
        .caption = transfer->caption,
    };
    transfer->sending = mx_send_file_start(client, &what, on_progress, on_sent, transfer);
}

/* *is_held_back: by another picture of the same text, which is to be seen before it. */
static gboolean is_crowded(const Transfer *transfer, gboolean *is_held_back)
{
    guint running = 0;
    *is_held_back = FALSE;
    for (GSList *at = transfer->mxp->transfers; at != NULL; at = at->next) {
        const Transfer *other = at->data;
        if (!is_running(other) || (other->file != NULL) != (transfer->file != NULL))
            continue;
        running++;
        *is_held_back |= transfer->message != 0 && other->message == transfer->message;
    }
    return running >= MAX_AT_ONCE;
}

/* The oldest that may start now, or NULL. */
static Transfer *find_next(MxpAccount *mxp)
{
    Transfer *next = NULL;
    for (GSList *at = mxp->transfers; at != NULL; at = at->next) {
        Transfer *transfer = at->data;
        gboolean is_held_back;
        if (transfer->is_waiting && !is_crowded(transfer, &is_held_back) && !is_held_back)
            next = transfer;
    }
    return next;
}

static void start_waiting(MxpAccount *mxp)
{
    Transfer *next;
    while ((next = find_next(mxp)) != NULL)
        start(next);
}

/* May end it at once. */
static void start_in_turn(Transfer *transfer)
{
    gboolean is_held_back;
    if (is_crowded(transfer, &is_held_back)) {
        g_autofree char *text =
            transfer->file != NULL
                ? g_strdup_printf(_("“%s” waits until another file is there."),
                                  transfer->file->name)
                : g_strdup_printf(_("“%s” waits until another file is sent."), transfer->name);
        mxp_reply_say(transfer->reply, text);
    }
    transfer->is_waiting = TRUE;
    start_waiting(transfer->mxp);
}

/* ---- sending ---- */

static void on_send_init(PurpleXfer *xfer)
{
    Transfer *transfer = xfer->data;
    if (transfer == NULL)
        return;
    g_autofree char *base = g_path_get_basename(purple_xfer_get_local_filename(xfer));
    transfer->path = g_strdup(purple_xfer_get_local_filename(xfer));
    transfer->name = mx_file_name_make_safe(base);
    start_in_turn(transfer);
}

/* The one that it is for is named as people know them: by an ID, libpurple would write lines of its
 * own into the window. */
static PurpleXfer *new_xfer(Transfer *transfer, PurpleXferType type, const char *who,
                            void (*init)(PurpleXfer *xfer))
{
    PurpleXfer *xfer = purple_xfer_new(transfer->mxp->account, type, who);
    purple_xfer_ref(xfer);
    transfer->xfer = xfer;
    xfer->data = transfer;
    purple_xfer_set_init_fnc(xfer, init);
    purple_xfer_set_cancel_send_fnc(xfer, on_cancelled);
    purple_xfer_set_cancel_recv_fnc(xfer, on_cancelled);
    purple_xfer_set_request_denied_fnc(xfer, on_cancelled);
    return xfer;
}

static PurpleXfer *new_to_person(MxpAccount *mxp, const char *who)
{
    g_autofree char *user_id = g_strdup(mxp_buddies_normalize(NULL, who));
    if (!mx_user_id_is_valid(user_id))
        return NULL;
    PurpleBuddy *buddy = purple_find_buddy(mxp->account, user_id);
    const char *alias = buddy != NULL ? purple_buddy_get_alias(buddy) : user_id;
    Transfer *transfer = transfer_new(
        mxp, purple_find_conversation_with_account(PURPLE_CONV_TYPE_IM, user_id, mxp->account));
    transfer->user_id = g_steal_pointer(&user_id);
    g_autofree char *shown =
        g_strdup_printf(g_str_equal(alias, transfer->user_id) ? "<%s>" : "%s", alias);
    return new_xfer(transfer, PURPLE_XFER_SEND, shown, on_send_init);
}

static PurpleXfer *new_to_room(MxpAccount *mxp, MxRoom *room)
{
    Transfer *transfer = transfer_new(mxp, mxp_messages_find_conversation(mxp, room));
    transfer->room_id = g_strdup(room->room_id);
    return new_xfer(transfer, PURPLE_XFER_SEND, room->name, on_send_init);
}

static void request(PurpleXfer *xfer, const char *path)
{
    if (xfer != NULL && path != NULL)
        purple_xfer_request_accepted(xfer, path);
    else if (xfer != NULL)
        purple_xfer_request(xfer);
}

void mxp_files_send_file(PurpleConnection *gc, const char *who, const char *path)
{
    request(mxp_files_new_xfer(gc, who), path);
}

PurpleXfer *mxp_files_new_xfer(PurpleConnection *gc, const char *who)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    return mxp != NULL ? new_to_person(mxp, who) : NULL;
}

gboolean mxp_files_chat_can_receive_file(PurpleConnection *gc, int id)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    return mxp != NULL && mxp_chat_window_get_room(mxp, id) != NULL;
}

void mxp_files_chat_send_file(PurpleConnection *gc, int id, const char *path)
{
    MxpAccount *mxp = mxp_account_from_gc(gc);
    MxRoom *room = mxp != NULL ? mxp_chat_window_get_room(mxp, id) : NULL;
    if (room != NULL && !mxp_upgrade_refuses(mxp, room, path != NULL ? path : ""))
        request(new_to_room(mxp, room), path);
}

/* Absolute, or from the home folder on. The caller frees. */
static char *expand(const char *typed)
{
    if (g_str_has_prefix(typed, "~/") || g_str_equal(typed, "~"))
        return g_build_filename(g_get_home_dir(), typed + 1, NULL);
    return g_canonicalize_filename(typed, g_get_home_dir());
}

/* File names have spaces: the longest beginning that is a file counts. *rest: into typed. */
static char *take_path(const char *typed, const char **rest)
{
    for (gsize len = strlen(typed); len > 0;) {
        g_autofree char *beginning = g_strchomp(g_strndup(typed, len));
        g_autofree char *path = expand(beginning);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            *rest = typed + len;
            return g_steal_pointer(&path);
        }
        while (len > 0 && typed[len - 1] != ' ')
            len--;
        while (len > 0 && typed[len - 1] == ' ')
            len--;
    }
    return NULL;
}

gboolean mxp_files_send(MxpAccount *mxp, PurpleConversation *conversation, const char *typed,
                        char **error)
{
    const char *name = purple_conversation_get_name(conversation);
    gboolean is_im = purple_conversation_get_type(conversation) == PURPLE_CONV_TYPE_IM;
    MxRoom *room = is_im ? NULL : mx_client_get_room(mxp->client, name);
    const char *rest = NULL;
    g_autofree char *path = take_path(typed, &rest);
    if (path == NULL) {
        *error = g_strdup(_("There is no such file. Type its whole path: /sendfile "
                            "/home/you/picture.png [caption]"));
        return FALSE;
    }
    PurpleXfer *xfer = NULL;
    if (is_im)
        xfer = new_to_person(mxp, name);
    else if (room != NULL && room->membership == MX_MEMBERSHIP_JOIN)
        xfer = new_to_room(mxp, room);
    if (xfer == NULL) {
        *error = g_strdup(_("This window belongs to no room that you are in."));
        return FALSE;
    }
    g_autofree char *caption = g_strstrip(g_strdup(rest));
    if (*caption != '\0')
        ((Transfer *)xfer->data)->caption = g_steal_pointer(&caption);
    request(xfer, path);
    return TRUE;
}

static void send_stored(MxpAccount *mxp, MxRoom *room, const char *user_id,
                        PurpleStoredImage *image, guint message)
{
    PurpleConversation *conversation =
        room != NULL ? mxp_messages_find_conversation(mxp, room) : NULL;
    Transfer *transfer = transfer_new(mxp, conversation);
    const char *name = purple_imgstore_get_filename(image);
    g_autofree char *base = name != NULL ? g_path_get_basename(name) : g_strdup("image");
    transfer->room_id = room != NULL ? g_strdup(room->room_id) : NULL;
    transfer->user_id = g_strdup(user_id);
    transfer->name = mx_file_name_make_safe(base);
    transfer->bytes = g_bytes_new(purple_imgstore_get_data(image), purple_imgstore_get_size(image));
    transfer->message = message;
    start_in_turn(transfer);
}

void mxp_files_send_inserted(MxpAccount *mxp, MxRoom *room, const char *user_id, const char *markup)
{
    static guint last_message;
    const char *start_of_tag, *end_of_tag;
    GData *attributes;
    last_message++;
    while (purple_markup_find_tag("img", markup, &start_of_tag, &end_of_tag, &attributes)) {
        const char *id = g_datalist_get_data(&attributes, "id");
        PurpleStoredImage *image = id != NULL ? purple_imgstore_find_by_id(atoi(id)) : NULL;
        if (image != NULL)
            send_stored(mxp, room, user_id, image, last_message);
        g_datalist_clear(&attributes);
        markup = end_of_tag + 1;
    }
}

/* ---- fetching ---- */

static void on_receive_init(PurpleXfer *xfer)
{
    Transfer *transfer = xfer->data;
    if (transfer == NULL)
        return;
    transfer->path = g_strdup(purple_xfer_get_local_filename(xfer));
    start_in_turn(transfer);
}

static void save_as(Transfer *transfer, const char *path)
{
    MxRoom *room = mx_client_get_room(transfer->mxp->client, transfer->room_id);
    const char *who = room != NULL ? room->name : _("Matrix");
    PurpleXfer *xfer = new_xfer(transfer, PURPLE_XFER_RECEIVE, who, on_receive_init);
    purple_xfer_set_filename(xfer, transfer->file->name);
    if (transfer->file->place.size > 0)
        purple_xfer_set_size(xfer, (size_t)transfer->file->place.size);
    purple_xfer_request_accepted(xfer, path);
}

static void on_name_chosen(gpointer user_data, const char *path)
{
    Transfer *transfer = user_data;
    /* Pidgin has asked whether the file that is there may go; others do not ask. */
    transfer->may_replace = g_strcmp0(purple_core_get_ui(), "gtk-gaim") == 0;
    save_as(transfer, path);
}

static void on_no_name(gpointer user_data, const char *path)
{
    transfer_free(user_data);
}

static void on_found(MxClient *client, const MxFile *file, const char *rest, const GError *error,
                     gpointer user_data)
{
    Transfer *transfer = user_data;
    if (file == NULL) {
        mxp_reply_fail(transfer->reply, error->message);
        transfer_free(transfer);
        return;
    }
    transfer->file = mx_file_copy(file);
    g_autofree char *typed = g_strstrip(g_strdup(rest));
    if (*typed == '\0') {
        purple_request_file(transfer->mxp->gc, _("Save File"), file->name, TRUE,
                            G_CALLBACK(on_name_chosen), G_CALLBACK(on_no_name),
                            transfer->mxp->account, NULL, NULL, transfer);
        return;
    }
    g_autofree char *path = expand(typed);
    if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
        char *inside = g_build_filename(path, file->name, NULL);
        g_free(path);
        path = inside;
    }
    save_as(transfer, path);
}

void mxp_files_download(MxpAccount *mxp, MxRoom *room, const char *typed,
                        PurpleConversation *conversation)
{
    Transfer *transfer = transfer_new(mxp, conversation);
    transfer->room_id = g_strdup(room->room_id);
    mx_client_find_file(mxp->client, room, typed, on_found, transfer, NULL);
}
