/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-old-copy.h"

#include <string.h>

#include "mx-crypto-private.h"
#include "mx-device-keys.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-olm-private.h"
#include "mx-outbound.h"
#include "mx-primitives.h"
#include "mx-store-share.h"

#define TYPE "pidgin-matrix.database." /* and the device's ID: a type of account data */
#define KIND "marks"                   /* sealed row: own marks, the newest first, with spaces */
/* An upload that was slow may show an older mark once more. */
#define N_MARKS 4
#define MARK_LEN 12 /* random bytes */
#define MARK_MAX 64 /* characters */
#define MEGOLM_VERSION 3
#define MEGOLM_INDEX_TAG 0x08
#define MARK_AGE_MS (G_GINT64_CONSTANT(3600) * 1000)
/* A homeserver that shows strange marks again and again makes no more new sessions than this. */
#define RENEWAL_MS (G_GINT64_CONSTANT(3600) * 1000)
#define RETRY_FIRST_MS 1000
#define RETRY_CAP_MS 60000

typedef struct {
    gboolean is_used;  /* since the newest mark was made */
    gint64 made_ms;    /* the newest mark; 0: not in this run */
    gboolean is_due;   /* it is to be uploaded */
    guint64 in_flight; /* ID of the upload, or 0 */
    gint64 renewed_ms; /* 0: not in this run */
    MxBackoff backoff;
    gint64 not_before_ms;
} Part;

gpointer mx_old_copy_part_new(void)
{
    Part *part = g_new0(Part, 1);
    mx_backoff_init(&part->backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    return part;
}

static Part *get_part(MxCrypto *crypto)
{
    return mx_crypto_get_part(crypto, MX_CRYPTO_PART_OLD_COPY);
}

/* ---- own marks ---- */

/* Of char *, the newest first; the caller frees. */
static GStrv load_marks(MxCrypto *crypto)
{
    g_autoptr(GBytes) data = mx_crypto_load(crypto, KIND, "");
    gsize len = 0;
    const char *bytes = data != NULL ? g_bytes_get_data(data, &len) : "";
    g_autofree char *text = g_strndup(bytes, len);
    return len > 0 ? g_strsplit(text, " ", N_MARKS) : g_new0(char *, 1);
}

static void add_mark(MxCrypto *crypto, const char *mark)
{
    g_auto(GStrv) marks = load_marks(crypto);
    g_autoptr(GString) text = g_string_new(mark);
    for (guint i = 0; marks[i] != NULL && i < N_MARKS - 1; i++)
        g_string_append_printf(text, " %s", marks[i]);
    gsize len = text->len;
    g_autoptr(GBytes) data = g_bytes_new_take(g_string_free(g_steal_pointer(&text), FALSE), len);
    mx_crypto_save(crypto, KIND, "", data);
}

static void make_mark(MxCrypto *crypto, Part *part)
{
    g_autoptr(GError) error = NULL;
    guint8 random[MARK_LEN];
    if (!mx_random(random, sizeof random, &error)) {
        mx_store_set_failed(crypto->store, error);
        return;
    }
    g_autofree char *mark = mx_base64_encode(random, sizeof random);
    add_mark(crypto, mark);
    part->made_ms = MAX(1, crypto->get_now_ms());
    part->is_used = FALSE;
    part->is_due = TRUE;
}

void mx_old_copy_note_use(MxCrypto *crypto)
{
    get_part(crypto)->is_used = TRUE;
}

/* ---- to the homeserver ---- */

char *mx_old_copy_get_type(const char *device_id)
{
    return g_strconcat(TYPE, device_id, NULL);
}

gboolean mx_old_copy_note_blanked(MxCrypto *crypto)
{
    g_auto(GStrv) marks = load_marks(crypto);
    if (marks[0] == NULL)
        return FALSE;
    get_part(crypto)->is_due = TRUE;
    return TRUE;
}

static void on_answer(MxCrypto *crypto, const MxCryptoRequest *request,
                      const MxCryptoAnswer *answer, gpointer user_data)
{
    Part *part = get_part(crypto);
    if (part->in_flight != request->id)
        return;
    part->in_flight = 0;
    if (mx_crypto_answer_is_passing(answer)) {
        part->is_due = TRUE;
        part->not_before_ms = crypto->get_now_ms() + mx_crypto_get_retry_ms(&part->backoff, answer);
        return;
    }
    mx_backoff_reset(&part->backoff);
    if (answer->body == NULL)
        g_message("the homeserver takes no mark of the database (HTTP %u)", answer->status);
}

gint64 mx_old_copy_collect(MxCrypto *crypto)
{
    Part *part = get_part(crypto);
    gint64 now = crypto->get_now_ms(), wait = part->not_before_ms - now;
    if (!crypto->is_synced || part->in_flight != 0)
        return -1;
    if (part->is_used && (part->made_ms == 0 || ABS(now - part->made_ms) >= MARK_AGE_MS))
        make_mark(crypto, part);
    if (!part->is_due)
        return -1;
    if (wait > 0 && wait <= RETRY_CAP_MS)
        return wait;
    g_auto(GStrv) marks = load_marks(crypto);
    if (marks[0] == NULL)
        return -1;
    g_autoptr(JsonObject) body = json_object_new();
    json_object_set_string_member(body, "mark", marks[0]);
    mx_crypto_add_request(crypto, MX_CRYPTO_ACCOUNT_DATA, mx_json_object_to_text(body), on_answer,
                          NULL, NULL);
    MxCryptoRequest *request = g_ptr_array_index(crypto->due, crypto->due->len - 1);
    request->event_type = mx_old_copy_get_type(crypto->device_id);
    part->in_flight = request->id;
    part->is_due = FALSE;
    return -1;
}

/* ---- from the homeserver ---- */

/* Known from now on, and answered with a new mark. mark: or NULL. The other side of a ratchet knows
 * this as a device that has lost its sessions, and takes the new ones; what it sends over the old
 * ones is answered with E6. */
static void renew(MxCrypto *crypto, Part *part, const char *mark)
{
    gint64 now = crypto->get_now_ms();
    if (part->renewed_ms != 0 && ABS(now - part->renewed_ms) < RENEWAL_MS)
        return;
    g_message("this device has encrypted what its database does not know: it is an old copy, or "
              "one is in use");
    if (mark != NULL)
        add_mark(crypto, mark);
    mx_store_set_all_outbounds_stale(crypto->store);
    mx_olm_sessions_retire_all(crypto);
    mx_device_keys_renew(crypto);
    part->renewed_ms = MAX(1, now);
    part->is_used = TRUE;
    part->made_ms = 0;
    mx_crypto_tell(crypto,
                   mark != NULL && crypto->is_synced ? MX_CRYPTO_NEWS_SECOND_COPY
                                                     : MX_CRYPTO_NEWS_OLD_COPY,
                   0, NULL, NULL, NULL);
}

static gboolean is_mark(const char *text)
{
    gsize len = text != NULL ? strlen(text) : 0;
    return len > 0 && len <= MARK_MAX &&
           strspn(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "+/") == len;
}

static void note_mark(MxCrypto *crypto, const char *mark)
{
    g_auto(GStrv) marks = load_marks(crypto);
    if (!is_mark(mark) || g_strv_contains((const char *const *)marks, mark))
        return;
    renew(crypto, get_part(crypto), mark);
}

void mx_old_copy_note_account_data(MxCrypto *crypto, GPtrArray *events)
{
    g_autofree char *type = mx_old_copy_get_type(crypto->device_id);
    for (guint i = 0; i < events->len; i++) {
        const char *text = g_ptr_array_index(events, i);
        MxJsonSlice event = mx_json_scan_root(text, strlen(text));
        if (!mx_json_slice_equals(mx_json_scan_member(event, "type"), type))
            continue;
        g_autofree char *mark = mx_json_slice_dup_string(
            mx_json_scan_member(mx_json_scan_member(event, "content"), "mark"));
        note_mark(crypto, mark);
    }
}

/* The place of its session that a message is of, which its first field says; or -1. */
static gint64 get_index(const char *ciphertext)
{
    gsize len = 0;
    g_autoptr(GBytes) bytes = ciphertext != NULL ? mx_base64_decode(ciphertext, -1) : NULL;
    const guint8 *data = bytes != NULL ? g_bytes_get_data(bytes, &len) : NULL;
    guint64 index = 0;
    if (len < 3 || data[0] != MEGOLM_VERSION || data[1] != MEGOLM_INDEX_TAG)
        return -1;
    for (gsize i = 2; i < MIN(len, 7); i++) {
        index |= (guint64)(data[i] & 0x7f) << (7 * (i - 2));
        if ((data[i] & 0x80) == 0)
            return (gint64)index;
    }
    return -1;
}

static gboolean is_ahead(MxCrypto *crypto, const MxRoomRow *room, const char *session_id,
                         MxJsonSlice content)
{
    if (mx_inbound_get_first_index(crypto, room->room_id, session_id) < 0)
        return TRUE; /* sessions of this device have their twin for ever */
    g_autoptr(MxOutbound) outbound = mx_outbound_get(crypto, room);
    g_autofree char *ciphertext =
        mx_json_slice_dup_string(mx_json_scan_member(content, "ciphertext"));
    return outbound != NULL && g_str_equal(outbound->row->session_id, session_id) &&
           get_index(ciphertext) >= (gint64)mx_megolm_outbound_get_index(outbound->session);
}

void mx_old_copy_note_event(MxCrypto *crypto, const MxRoomRow *room, const char *sender,
                            const char *content, const char *session_id)
{
    MxJsonSlice root = mx_json_scan_root(content, strlen(content));
    if (g_str_equal(sender, crypto->user_id) &&
        mx_json_slice_equals(mx_json_scan_member(root, "device_id"), crypto->device_id) &&
        is_ahead(crypto, room, session_id, root))
        renew(crypto, get_part(crypto), NULL);
}

void mx_old_copy_note_sync(MxCrypto *crypto)
{
    crypto->is_synced = TRUE;
}

void mx_old_copy_note_sync_failed(MxCrypto *crypto)
{
    crypto->is_synced = FALSE;
}

gboolean mx_old_copy_is_checked(MxCrypto *crypto)
{
    if (crypto->is_synced)
        return TRUE;
    g_auto(GStrv) marks = load_marks(crypto);
    return marks[0] == NULL;
}
