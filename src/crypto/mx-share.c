/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-share.h"

#include "mx-device-keys.h"
#include "mx-inbound.h"
#include "mx-json.h"
#include "mx-old-copy.h"
#include "mx-olm.h"
#include "mx-outbound.h"
#include "mx-primitives.h"
#include "mx-recipients.h"
#include "mx-room-encryption.h"

/* Giving the keys of outbound sessions to devices. What is stored says who was given what; before
 * each message that is compared with who should have it: whoever is missing gets the key at the
 * present index (H4), and when somebody has it who should not, a new session begins (H6). */

#define OWNER MX_TO_DEVICE_FIRST
/* Devices that a key is encrypted for in one step: a fraction of a millisecond each. */
#define SLICE 100
/* A claim that takes longer holds up no message; such a device gets the key with a later one. */
#define PATIENCE_MS 10000
/* In the place of a code: the homeserver does not take the message for this device. */
#define REFUSED "refused"

/* H9: of no use to anybody by the specification, but there are clients that read nothing without.
 */
#define SENDS_DEVICE TRUE

/* What a room waits for; see mx_share_collect(). */
typedef struct {
    GPtrArray *users;   /* whose devices are being asked for, of char * */
    GPtrArray *devices; /* that one-time keys are being claimed for, of MxDevice */
    char *context;      /* of to-device messages on their way, or NULL */
    gint64 since_ms;    /* when the claims began; 0: there are none */
    gboolean told;      /* that it waits no longer */
} Waiting;

typedef struct {
    GHashTable *waiting; /* &room key -> Waiting */
} Part;

void mx_share_step_clear(MxShareStep *step)
{
    g_clear_pointer(&step->user_id, g_free);
}

/* ---- waiting ---- */

static void waiting_free(gpointer data)
{
    Waiting *waiting = data;
    g_clear_pointer(&waiting->users, g_ptr_array_unref);
    g_clear_pointer(&waiting->devices, g_ptr_array_unref);
    g_free(waiting->context);
    g_free(waiting);
}

gpointer mx_share_part_new(void)
{
    Part *part = g_new0(Part, 1);
    part->waiting = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, waiting_free);
    return part;
}

void mx_share_part_free(gpointer data)
{
    Part *part = data;
    g_hash_table_unref(part->waiting);
    g_free(part);
}

static GHashTable *get_waiting(MxCrypto *crypto)
{
    return ((Part *)mx_crypto_get_part(crypto, MX_CRYPTO_PART_SHARE))->waiting;
}

/* Takes the arrays and context, each of which may be NULL. */
static void wait_for(MxCrypto *crypto, gint64 room, GPtrArray *users, GPtrArray *devices,
                     char *context)
{
    const Waiting *before = g_hash_table_lookup(get_waiting(crypto), &room);
    gboolean claims = devices != NULL && devices->len > 0;
    Waiting *waiting = g_new0(Waiting, 1);
    waiting->users = users;
    waiting->devices = devices;
    waiting->context = context;
    if (claims)
        waiting->since_ms =
            before != NULL && before->since_ms != 0 ? before->since_ms : crypto->get_now_ms();
    g_hash_table_replace(get_waiting(crypto), g_memdup2(&room, sizeof room), waiting);
}

static gint64 get_patience(MxCrypto *crypto, const Waiting *waiting)
{
    if (waiting == NULL || waiting->since_ms == 0)
        return PATIENCE_MS;
    gint64 passed = crypto->get_now_ms() - waiting->since_ms;
    return passed < 0 ? 0 : MAX(PATIENCE_MS - passed, 0);
}

static gboolean has_arrived(MxCrypto *crypto, const char *context)
{
    return mx_store_count_to_device(crypto->store, OWNER, context) == 0;
}

static gboolean is_still_waiting(MxCrypto *crypto, const Waiting *waiting)
{
    if (waiting->context != NULL && !has_arrived(crypto, waiting->context))
        return TRUE;
    for (guint i = 0; waiting->users != NULL && i < waiting->users->len; i++)
        if (mx_device_list_is_pending(crypto, g_ptr_array_index(waiting->users, i)))
            return TRUE;
    if (waiting->since_ms == 0 || get_patience(crypto, waiting) == 0 ||
        mx_olm_is_failing(crypto, PATIENCE_MS))
        return FALSE;
    for (guint i = 0; i < waiting->devices->len; i++)
        if (mx_olm_prepare(crypto, g_ptr_array_index(waiting->devices, i)) == MX_OLM_CLAIMING)
            return TRUE;
    return FALSE;
}

gint64 mx_share_collect(MxCrypto *crypto)
{
    GHashTableIter iter;
    gpointer room, data;
    gint64 wait = -1;
    g_hash_table_iter_init(&iter, get_waiting(crypto));
    while (g_hash_table_iter_next(&iter, &room, &data)) {
        Waiting *waiting = data;
        if (waiting->told)
            continue;
        if (!is_still_waiting(crypto, waiting)) {
            waiting->told = TRUE;
            mx_crypto_tell(crypto, MX_CRYPTO_NEWS_ROOM_READY, *(gint64 *)room, NULL, NULL, NULL);
        } else if (waiting->since_ms != 0 || waiting->users != NULL) {
            gint64 one = get_patience(crypto, waiting);
            wait = wait < 0 ? one : MIN(wait, one);
        }
    }
    return wait;
}

/* ---- contents of to-device messages ---- */

/* H8. Takes session_key, which is overwritten. */
static JsonObject *make_room_key(const char *room_id, const char *session_id,
                                 gboolean shared_history, char *session_key)
{
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "algorithm", MX_ALGORITHM_MEGOLM);
    json_object_set_string_member(content, "room_id", room_id);
    json_object_set_string_member(content, "session_id", session_id);
    json_object_set_string_member(content, "session_key", session_key);
    json_object_set_boolean_member(content, "shared_history", shared_history);
    json_object_set_boolean_member(content, "org.matrix.msc3061.shared_history", shared_history);
    mx_secret_free(session_key);
    return content;
}

/* H10 */
static JsonObject *make_withheld(MxCrypto *crypto, const char *room_id, const char *session_id,
                                 const char *code)
{
    gboolean is_blocked = g_str_equal(code, "m.blacklisted");
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "algorithm", MX_ALGORITHM_MEGOLM);
    json_object_set_string_member(content, "room_id", room_id);
    json_object_set_string_member(content, "session_id", session_id);
    json_object_set_string_member(content, "sender_key", crypto->curve25519);
    json_object_set_string_member(content, "code", code);
    json_object_set_string_member(content, "reason",
                                  is_blocked ? "The sender has blocked this device."
                                             : "This device is not verified or not signed.");
    return content;
}

static void add_message(JsonObject *messages, const MxDevice *device, JsonObject *content)
{
    JsonObject *devices = mx_json_object(messages, device->user_id);
    if (devices == NULL) {
        devices = json_object_new();
        json_object_set_object_member(messages, device->user_id, devices);
    }
    json_object_set_object_member(devices, device->device_id, content);
}

/* ---- one step ---- */

typedef struct {
    MxCrypto *crypto;
    MxRoomRow *room;
    MxOutbound *outbound;
    GHashTable *shares; /* "user device" -> MxShareRow */
    char *context;
    GPtrArray *claiming; /* MxDevice */
    guint n_left;        /* devices that the next step is for */
} Sharing;

static char *make_name(const char *user_id, const char *device_id)
{
    return g_strconcat(user_id, " ", device_id, NULL);
}

static char *make_context(gint64 room, const char *session_id)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %s", room, session_id);
}

static GHashTable *index_shares(MxCrypto *crypto, const MxRoomRow *room, const char *session_id)
{
    GHashTable *index =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)mx_share_row_free);
    gsize n_rows;
    g_autoptr(GPtrArray) list = mx_store_list_shares(crypto->store, room->room_id, session_id);
    g_autofree MxShareRow **rows = (MxShareRow **)g_ptr_array_steal(list, &n_rows);
    for (gsize i = 0; i < n_rows; i++)
        g_hash_table_insert(index, make_name(rows[i]->user_id, rows[i]->device_id), rows[i]);
    return index;
}

/* H7: what it was given counts while it has the same identity key. */
static const MxShareRow *find_share(const Sharing *sharing, const MxDevice *device)
{
    g_autofree char *name = make_name(device->user_id, device->device_id);
    const MxShareRow *share = g_hash_table_lookup(sharing->shares, name);
    return share != NULL && g_str_equal(share->curve25519, device->curve25519) ? share : NULL;
}

static void save_share(Sharing *sharing, const MxDevice *device, gint64 index, const char *withheld)
{
    MxShareRow row = {.user_id = device->user_id,
                      .device_id = device->device_id,
                      .curve25519 = device->curve25519,
                      .index = index,
                      .withheld = (char *)withheld};
    mx_store_save_share(sharing->crypto->store, sharing->room->room_id,
                        sharing->outbound->row->session_id, &row);
}

/* H6: everybody who has the key may have it. */
static gboolean is_held_rightly(const Sharing *sharing, GPtrArray *recipients)
{
    guint n_given = 0, n_rightly = 0;
    GHashTableIter iter;
    gpointer data;
    g_hash_table_iter_init(&iter, sharing->shares);
    while (g_hash_table_iter_next(&iter, NULL, &data))
        n_given += ((MxShareRow *)data)->index >= 0;
    for (guint i = 0; i < recipients->len; i++) {
        const MxRecipient *recipient = g_ptr_array_index(recipients, i);
        const MxShareRow *share = find_share(sharing, recipient->device);
        n_rightly += recipient->withheld == NULL && share != NULL && share->index >= 0;
    }
    return n_given == n_rightly;
}

/* Finds the session to be used, or makes it. FALSE: the transaction has failed. */
static gboolean choose_session(Sharing *sharing, GPtrArray *recipients)
{
    MxCrypto *crypto = sharing->crypto;
    sharing->outbound = mx_outbound_get(crypto, sharing->room);
    if (sharing->outbound != NULL) {
        sharing->shares = index_shares(crypto, sharing->room, sharing->outbound->row->session_id);
        if (is_held_rightly(sharing, recipients))
            return TRUE;
        g_clear_pointer(&sharing->shares, g_hash_table_unref);
        g_clear_pointer(&sharing->outbound, mx_outbound_free);
    }
    sharing->outbound = mx_outbound_new(crypto, sharing->room);
    if (sharing->outbound == NULL)
        return FALSE;
    sharing->shares = index_shares(crypto, sharing->room, sharing->outbound->row->session_id);
    return TRUE;
}

/* Devices that have no key yet and can be given one now. */
static GPtrArray *list_missing(Sharing *sharing, GPtrArray *recipients, gboolean is_patient)
{
    GPtrArray *missing = g_ptr_array_new();
    for (guint i = 0; i < recipients->len; i++) {
        const MxRecipient *recipient = g_ptr_array_index(recipients, i);
        const MxShareRow *share = find_share(sharing, recipient->device);
        if (recipient->withheld != NULL ||
            (share != NULL && (share->index >= 0 || g_strcmp0(share->withheld, REFUSED) == 0)))
            continue;
        MxOlmState state = mx_olm_prepare(sharing->crypto, recipient->device);
        if (state == MX_OLM_READY)
            g_ptr_array_add(missing, recipient->device);
        else if (state == MX_OLM_CLAIMING && !is_patient)
            mx_olm_note_late(sharing->crypto, recipient->device);
        else if (state == MX_OLM_CLAIMING && !mx_olm_is_late(sharing->crypto, recipient->device))
            g_ptr_array_add(sharing->claiming,
                            mx_device_list_find(sharing->crypto, recipient->device->user_id,
                                                recipient->device->device_id));
    }
    return missing;
}

static void give_keys(Sharing *sharing, GPtrArray *missing)
{
    guint n = MIN(missing->len, SLICE);
    sharing->n_left = missing->len - n;
    char *session_key =
        n > 0 ? mx_outbound_keep_key(sharing->crypto, sharing->room, sharing->outbound) : NULL;
    if (session_key == NULL)
        return;
    gint64 index = mx_megolm_outbound_get_index(sharing->outbound->session);
    g_autoptr(JsonObject) messages = json_object_new();
    g_autoptr(JsonObject) content =
        make_room_key(sharing->room->room_id, sharing->outbound->row->session_id,
                      sharing->outbound->row->shared_history, session_key);
    for (guint i = 0; i < n; i++) {
        const MxDevice *device = g_ptr_array_index(missing, i);
        g_autoptr(GError) error = NULL;
        JsonObject *encrypted =
            mx_olm_encrypt(sharing->crypto, device, "m.room_key", content, &error);
        save_share(sharing, device, encrypted != NULL ? index : -1,
                   encrypted != NULL ? NULL : REFUSED);
        if (encrypted != NULL)
            add_message(messages, device, encrypted);
        else
            g_message("a room key could not be encrypted: %s", error->message);
    }
    if (json_object_get_size(messages) > 0)
        mx_crypto_send_to_device(sharing->crypto, "m.room.encrypted", messages, OWNER,
                                 sharing->context);
}

/* H10: once for each device and session. No message waits for it. */
static void tell_withheld(Sharing *sharing, GPtrArray *recipients)
{
    g_autoptr(JsonObject) messages = json_object_new();
    guint n = 0;
    for (guint i = 0; i < recipients->len && n < MX_TO_DEVICE_MAX; i++) {
        const MxRecipient *recipient = g_ptr_array_index(recipients, i);
        const MxShareRow *share = find_share(sharing, recipient->device);
        if (recipient->withheld == NULL ||
            (share != NULL && g_strcmp0(share->withheld, recipient->withheld) == 0))
            continue;
        save_share(sharing, recipient->device, -1, recipient->withheld);
        add_message(messages, recipient->device,
                    make_withheld(sharing->crypto, sharing->room->room_id,
                                  sharing->outbound->row->session_id, recipient->withheld));
        n++;
    }
    if (n > 0)
        mx_crypto_send_to_device(sharing->crypto, "m.room_key.withheld", messages, NULL, NULL);
}

static guint count_eligible(GPtrArray *recipients)
{
    guint n = 0;
    for (guint i = 0; i < recipients->len; i++)
        n += ((MxRecipient *)g_ptr_array_index(recipients, i))->withheld == NULL;
    return n;
}

static void finish(Sharing *sharing, GPtrArray *recipients, MxShareStep *step)
{
    step->n_all = count_eligible(recipients);
    step->n_done = step->n_all - MIN(step->n_all, sharing->n_left + sharing->claiming->len);
    if (sharing->n_left > 0) {
        step->state = MX_SHARE_WAIT;
        step->has_more = TRUE;
    } else if (sharing->claiming->len > 0 || !has_arrived(sharing->crypto, sharing->context)) {
        step->state = MX_SHARE_WAIT;
        wait_for(sharing->crypto, sharing->room->key, NULL, g_ptr_array_ref(sharing->claiming),
                 g_strdup(sharing->context));
    } else {
        step->state = MX_SHARE_READY;
        g_hash_table_remove(get_waiting(sharing->crypto), &sharing->room->key);
    }
}

static void share(Sharing *sharing, GPtrArray *recipients, MxShareStep *step)
{
    gint64 room = sharing->room->key;
    gboolean is_patient =
        get_patience(sharing->crypto, g_hash_table_lookup(get_waiting(sharing->crypto), &room)) >
            0 &&
        !mx_olm_is_failing(sharing->crypto, PATIENCE_MS);
    step->state = MX_SHARE_NO_KEYS;
    if (!choose_session(sharing, recipients))
        return;
    sharing->context = make_context(room, sharing->outbound->row->session_id);
    g_autoptr(GPtrArray) missing = list_missing(sharing, recipients, is_patient);
    give_keys(sharing, missing);
    if (sharing->n_left == 0)
        tell_withheld(sharing, recipients);
    finish(sharing, recipients, step);
}

static void sharing_clear(Sharing *sharing)
{
    mx_room_row_free(sharing->room);
    mx_outbound_free(sharing->outbound);
    g_clear_pointer(&sharing->shares, g_hash_table_unref);
    g_free(sharing->context);
    g_ptr_array_unref(sharing->claiming);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Sharing, sharing_clear)

void mx_share_prepare(MxCrypto *crypto, gint64 room, MxShareStep *step)
{
    MxRoomEncryption settings;
    *step = (MxShareStep){.state = MX_SHARE_NO_KEYS};
    if (crypto == NULL || mx_device_keys_are_wrong(crypto))
        return;
    g_auto(Sharing)
        sharing = {.crypto = crypto,
                   .room = mx_store_get_room_by_key(crypto->store, room),
                   .claiming = g_ptr_array_new_with_free_func((GDestroyNotify)mx_device_free)};
    if (sharing.room == NULL || !mx_room_encryption_read(crypto->store, room, &settings)) {
        step->state = MX_SHARE_UNKNOWN_ALGORITHM;
        return;
    }
    if (!sharing.room->members_complete) {
        step->state = MX_SHARE_NEEDS_MEMBERS;
        return;
    }
    if (!mx_old_copy_is_checked(crypto)) {
        step->state = MX_SHARE_WAIT;
        wait_for(crypto, room, NULL, NULL, NULL);
        return;
    }
    g_autoptr(MxRecipients) recipients = mx_recipients_list(crypto, sharing.room);
    if (recipients->changed_user != NULL) {
        step->state = MX_SHARE_IDENTITY_CHANGED;
        step->user_id = g_steal_pointer(&recipients->changed_user);
    } else if (recipients->pending->len > 0) {
        step->state = MX_SHARE_WAIT;
        wait_for(crypto, room, g_ptr_array_ref(recipients->pending), NULL, NULL);
    } else {
        share(&sharing, recipients->devices, step);
    }
}

/* ---- encryption ---- */

static char *make_payload(const MxRoomRow *room, const char *type, JsonObject *content)
{
    g_autoptr(JsonObject) payload = json_object_new();
    json_object_set_string_member(payload, "type", type);
    json_object_set_object_member(payload, "content", json_object_ref(content));
    json_object_set_string_member(payload, "room_id", room->room_id);
    return mx_json_object_to_text(payload);
}

/* H9 */
static char *make_event_content(MxCrypto *crypto, const MxOutbound *outbound, JsonObject *content,
                                const char *body)
{
    JsonObject *relation = mx_json_object(content, "m.relates_to");
    g_autoptr(JsonObject) event = json_object_new();
    json_object_set_string_member(event, "algorithm", MX_ALGORITHM_MEGOLM);
    json_object_set_string_member(event, "session_id", outbound->row->session_id);
    json_object_set_string_member(event, "ciphertext", body);
    if (SENDS_DEVICE) {
        json_object_set_string_member(event, "sender_key", crypto->curve25519);
        json_object_set_string_member(event, "device_id", crypto->device_id);
    }
    if (relation != NULL)
        json_object_set_object_member(event, "m.relates_to", json_object_ref(relation));
    return mx_json_object_to_text(event);
}

char *mx_share_encrypt(MxCrypto *crypto, gint64 room, const char *type, const char *content,
                       GError **error)
{
    g_autoptr(MxRoomRow) row = mx_store_get_room_by_key(crypto->store, room);
    g_autoptr(MxOutbound) outbound = row != NULL ? mx_outbound_get(crypto, row) : NULL;
    if (outbound == NULL) {
        g_set_error_literal(error, MX_RATCHET_ERROR, MX_RATCHET_ERROR_UNKNOWN_KEY,
                            "No session to encrypt with");
        return NULL;
    }
    g_autoptr(JsonObject) object = mx_json_parse_object(content, -1, error);
    if (object == NULL)
        return NULL;
    char *payload = make_payload(row, type, object);
    g_autofree char *body = mx_outbound_encrypt(crypto, row, outbound, payload, error);
    mx_secret_free(payload);
    return body != NULL ? make_event_content(crypto, outbound, object, body) : NULL;
}

/* ---- what happens to sessions ---- */

void mx_share_discard(MxCrypto *crypto, gint64 room)
{
    mx_store_set_outbound_stale(crypto->store, room);
}

void mx_share_note_device_gone(MxCrypto *crypto, const char *user_id, const char *device_id)
{
    mx_store_set_outbounds_stale_of(crypto->store, user_id, device_id);
}

static gboolean has_refused(GPtrArray *shares)
{
    for (guint i = 0; i < shares->len; i++)
        if (g_strcmp0(((MxShareRow *)g_ptr_array_index(shares, i))->withheld, REFUSED) == 0)
            return TRUE;
    return FALSE;
}

/* The devices in messages have not been given the key after all. With this session it is not tried
 * again: the answer would be the same. */
void mx_share_note_sent(MxCrypto *crypto, const char *type, JsonObject *messages,
                        const char *context, gboolean arrived)
{
    g_auto(GStrv) parts = g_strsplit(context, " ", 2);
    g_autoptr(MxRoomRow) room =
        mx_store_get_room_by_key(crypto->store, g_ascii_strtoll(parts[0], NULL, 10));
    if (arrived || room == NULL || parts[1] == NULL)
        return;
    g_autoptr(GPtrArray) shares = mx_store_list_shares(crypto->store, room->room_id, parts[1]);
    gboolean is_told = has_refused(shares);
    for (guint i = 0; i < shares->len; i++) {
        MxShareRow *row = g_ptr_array_index(shares, i);
        JsonObject *devices = mx_json_object(messages, row->user_id);
        if (devices == NULL || !json_object_has_member(devices, row->device_id))
            continue;
        row->index = -1;
        g_free(row->withheld);
        row->withheld = g_strdup(REFUSED);
        mx_store_save_share(crypto->store, room->room_id, parts[1], row);
        if (!is_told)
            mx_crypto_tell(crypto, MX_CRYPTO_NEWS_KEYS_REFUSED, room->key, row->user_id, NULL,
                           NULL);
        is_told = TRUE;
    }
}

/* ---- once more ---- */

gint64 mx_share_get_shared_index(MxCrypto *crypto, const char *room_id, const char *session_id,
                                 const MxDevice *device)
{
    g_autoptr(MxShareRow) share =
        mx_store_get_share(crypto->store, room_id, session_id, device->user_id, device->device_id);
    return share != NULL && g_str_equal(share->curve25519, device->curve25519) ? share->index : -1;
}

static void reshare(MxCrypto *crypto, const MxDevice *device, const char *room_id,
                    const char *session_id)
{
    gint64 index = mx_share_get_shared_index(crypto, room_id, session_id, device);
    char *session_key =
        index >= 0 ? mx_outbound_load_key(crypto, room_id, session_id, index) : NULL;
    if (session_key == NULL)
        return;
    MxRoomKey key = {0};
    gboolean shared_history =
        mx_inbound_get(crypto, room_id, session_id, &key) && key.shared_history;
    mx_room_key_clear(&key);
    g_autoptr(JsonObject) content = make_room_key(room_id, session_id, shared_history, session_key);
    mx_olm_send(crypto, device, "m.room_key", content);
}

void mx_share_reshare(MxCrypto *crypto, const MxDevice *device, const char *room_id,
                      const char *session_id)
{
    if (room_id != NULL && session_id != NULL) {
        reshare(crypto, device, room_id, session_id);
        return;
    }
    g_autoptr(GArray) rooms =
        mx_store_list_rooms_shared_with(crypto->store, device->user_id, device->device_id);
    for (guint i = 0; i < rooms->len; i++) {
        gint64 key = g_array_index(rooms, gint64, i);
        g_autoptr(MxRoomRow) room = mx_store_get_room_by_key(crypto->store, key);
        g_autoptr(MxOutboundRow) outbound = mx_store_get_outbound(crypto->store, key);
        if (room != NULL && outbound != NULL)
            reshare(crypto, device, room->room_id, outbound->session_id);
    }
}
