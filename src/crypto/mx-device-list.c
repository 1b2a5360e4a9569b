/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-device-list.h"

#include <string.h>

#include "mx-backoff.h"
#include "mx-crypto-private.h"
#include "mx-device-keys.h"
#include "mx-id.h"
#include "mx-identity.h"
#include "mx-json.h"
#include "mx-json-scan.h"
#include "mx-olm.h"
#include "mx-share.h"
#include "mx-signed-json.h"
#include "mx-store-devices.h"

/* Following device lists ("Tracking the device list for a user"): who is asked for when, and what
 * an answer changes. */

#define MAX_USERS 250    /* of one request (D5) */
#define MAX_REQUESTS 2   /* at once */
#define MAX_DEVICES 1000 /* of one user; more is nothing but a burden */
#define QUERY_TIMEOUT_MS 10000
#define PATIENCE_MS 10000 /* D11 */
#define SERVER_FIRST_MS 15000
#define SERVER_CAP_MS (15 * 60 * 1000)
#define RETRY_FIRST_MS 1000
#define RETRY_CAP_MS 60000
#define SPLIT_MS 500 /* before what is left of a refused request */

/* Who wants to know that a device is gone: a row each. */
typedef void (*MxDeviceGoneFunc)(MxCrypto *crypto, const char *user_id, const char *device_id);
static const MxDeviceGoneFunc gone_funcs[] = {
    mx_share_note_device_gone,
    mx_olm_note_device_gone,
};

/* A time in the future, on the wall clock: one that is set back must not make it the far future. */
typedef struct {
    MxBackoff backoff;
    gint64 until_ms, longest_ms;
} Pause;

typedef struct {
    guint64 request;
    gint64 dirty_seq;
} Asked;

/* How long somebody has been waited for (D11). */
typedef struct {
    gint64 since_ms;
    gboolean is_asked; /* at least once; else it may be that others come first */
} Wait;

typedef struct {
    GHashTable *asked;   /* user ID -> Asked: on its way */
    GHashTable *waits;   /* user ID -> Wait: outdated, and waited for or asked for */
    GHashTable *servers; /* server name, or ID of a user that is not taken -> Pause */
    Pause pause;         /* of everything */
    guint n_requests;
    guint max_users;  /* of one request */
    char *last_asked; /* user ID; the next request is for those that follow, in a circle */
} Lists;

gpointer mx_device_list_part_new(void)
{
    Lists *lists = g_new0(Lists, 1);
    lists->asked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    lists->waits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    lists->servers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    mx_backoff_init(&lists->pause.backoff, RETRY_FIRST_MS, RETRY_CAP_MS);
    lists->max_users = MAX_USERS;
    return lists;
}

void mx_device_list_part_free(gpointer data)
{
    Lists *lists = data;
    g_hash_table_unref(lists->asked);
    g_hash_table_unref(lists->waits);
    g_hash_table_unref(lists->servers);
    g_free(lists->last_asked);
    g_free(lists);
}

static Lists *get_lists(MxCrypto *crypto)
{
    return mx_crypto_get_part(crypto, MX_CRYPTO_PART_DEVICE_LIST);
}

/* ---- pauses ---- */

static void pause_start(MxCrypto *crypto, Pause *pause, gint64 wait_ms)
{
    pause->longest_ms = wait_ms;
    pause->until_ms = crypto->get_now_ms() + pause->longest_ms;
}

static void pause_end(Pause *pause)
{
    mx_backoff_reset(&pause->backoff);
    pause->until_ms = 0;
}

static gint64 pause_get_left(MxCrypto *crypto, const Pause *pause)
{
    gint64 left = pause->until_ms - crypto->get_now_ms();
    return left > 0 && left <= pause->longest_ms ? left : 0;
}

static gint64 get_server_pause(MxCrypto *crypto, const char *user_id)
{
    g_autofree char *server = mx_user_id_get_server_name(user_id);
    Pause *pause = g_hash_table_lookup(get_lists(crypto)->servers, server);
    Pause *own = g_hash_table_lookup(get_lists(crypto)->servers, user_id);
    return MAX(pause != NULL ? pause_get_left(crypto, pause) : 0,
               own != NULL ? pause_get_left(crypto, own) : 0);
}

/* ---- who is followed ---- */

void mx_device_list_track(MxCrypto *crypto, const char *user_id)
{
    if (mx_user_id_is_valid(user_id))
        mx_store_track_user(crypto->store, user_id);
}

void mx_device_list_refresh(MxCrypto *crypto, const char *user_id)
{
    mx_store_set_outdated(crypto->store, user_id);
}

static void note_changed(MxCrypto *crypto, const char *user_id)
{
    mx_store_set_outdated(crypto->store, user_id); /* those that are tracked (D2) */
}

/* The homeserver's word alone ends nothing (D2). */
static void note_left(MxCrypto *crypto, const char *user_id)
{
    if (!g_str_equal(user_id, crypto->user_id) &&
        !mx_store_shares_encrypted_room(crypto->store, user_id)) {
        mx_store_untrack_user(crypto->store, user_id);
        g_hash_table_remove(get_lists(crypto)->waits, user_id);
    }
}

static void for_each_user(MxCrypto *crypto, MxJsonSlice list,
                          void (*func)(MxCrypto *crypto, const char *user_id))
{
    MxJsonIter iter;
    MxJsonSlice key, value;
    if (list.text == NULL || list.type != MX_JSON_ARRAY || !mx_json_iter_init(&iter, list))
        return;
    while (mx_json_iter_next(&iter, &key, &value)) {
        g_autofree char *user_id = mx_json_slice_dup_string(value);
        if (user_id != NULL && mx_user_id_is_valid(user_id))
            func(crypto, user_id);
    }
}

void mx_device_list_note_changes(MxCrypto *crypto, MxJsonSlice device_lists)
{
    static const char *const names[] = {"changed", "left", NULL};
    MxJsonSlice values[2];
    if (device_lists.text == NULL || device_lists.type != MX_JSON_OBJECT)
        return;
    mx_json_scan_members(device_lists, names, values);
    for_each_user(crypto, values[0], note_changed);
    for_each_user(crypto, values[1], note_left);
}

void mx_device_list_note_full_sync(MxCrypto *crypto)
{
    mx_store_set_all_outdated(crypto->store);
}

/* ---- how long they are waited for ---- */

static Wait *start_waiting(MxCrypto *crypto, const char *user_id)
{
    GHashTable *waits = get_lists(crypto)->waits;
    Wait *wait = g_hash_table_lookup(waits, user_id);
    if (wait == NULL) {
        wait = g_new0(Wait, 1);
        wait->since_ms = crypto->get_now_ms();
        g_hash_table_insert(waits, g_strdup(user_id), wait);
    }
    return wait;
}

/* The homeserver answers: whose turn has not come yet is worth waiting for again. As the order goes
 * in a circle, it comes. */
static void renew_patience(MxCrypto *crypto)
{
    GHashTableIter iter;
    gpointer wait;
    g_hash_table_iter_init(&iter, get_lists(crypto)->waits);
    while (g_hash_table_iter_next(&iter, NULL, &wait))
        if (!((Wait *)wait)->is_asked)
            ((Wait *)wait)->since_ms = crypto->get_now_ms();
}

gboolean mx_device_list_is_pending(MxCrypto *crypto, const char *user_id)
{
    MxTrackedUser user = mx_store_get_tracked_user(crypto->store, user_id);
    if (!user.tracked || !user.outdated || get_server_pause(crypto, user_id) > 0)
        return FALSE;
    Wait *wait = start_waiting(crypto, user_id);
    return ABS(crypto->get_now_ms() - wait->since_ms) < PATIENCE_MS;
}

/* ---- an answer: one device ---- */

static void warn(MxCrypto *crypto, const MxDevice *device, const char *how)
{
    g_message("the homeserver gives other keys for a device that is known");
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED, 0, device->user_id,
                   device->device_id, how);
}

/* What the homeserver gives under an ID that is known. */
typedef enum {
    DEVICE_SAME,
    DEVICE_REPLACED, /* the one that was known is gone, and nothing speaks against this one */
    DEVICE_VOUCHED,  /* the same, and its owner has signed it */
    DEVICE_OTHER,    /* to be used in no case */
} Likeness;

/* D7: never the new one. A device that was gone and comes back with another fingerprint is another
 * device, as when somebody signs in anew under the same ID; but it is not less than the one before:
 * that a device is not named in one answer costs a homeserver nothing. With the same fingerprint
 * and another identity key it is neither. */
static Likeness compare(MxCrypto *crypto, const MxDeviceRow *known, const MxDevice *device,
                        JsonObject *object)
{
    if (known == NULL)
        return DEVICE_SAME;
    gboolean same_ed25519 = g_str_equal(known->ed25519, device->ed25519);
    if (same_ed25519 && g_str_equal(known->curve25519, device->curve25519))
        return DEVICE_SAME;
    if (!known->gone || same_ed25519)
        return DEVICE_OTHER;
    if (mx_identity_has_signed(crypto, device->user_id, object))
        return DEVICE_VOUCHED;
    return known->signed_by != NULL ? DEVICE_OTHER : DEVICE_REPLACED;
}

/* Whether its owner's identity has signed it. */
static gboolean store_device(MxCrypto *crypto, const MxDevice *device, JsonObject *object,
                             const char *text, gboolean is_blocked)
{
    g_autoptr(MxIdentity) identity = mx_identity_get(crypto, device->user_id);
    gboolean is_signed = mx_identity_has_signed(crypto, device->user_id, object);
    MxDeviceRow row = {
        .user_id = device->user_id,
        .device_id = device->device_id,
        .display_name = device->display_name,
        .curve25519 = device->curve25519,
        .ed25519 = device->ed25519,
        .object = (char *)text,
        .signed_by = is_signed ? identity->self_signing : NULL,
        .blocked = is_blocked,
        .dehydrated = device->is_dehydrated,
    };
    mx_store_save_device(crypto->store, &row);
    return is_signed;
}

/* Whether the device is one of the user's. One that is known stays with its old keys as long as the
 * homeserver names its ID. *is_signed: set when its owner's signature is new. */
static gboolean take_device(MxCrypto *crypto, const char *user_id, const char *device_id,
                            MxJsonSlice slice, gboolean *is_signed)
{
    g_autoptr(MxDeviceRow) known = mx_store_get_device(crypto->store, user_id, device_id);
    gboolean is_known = known != NULL && !known->gone;
    g_autofree char *text = g_strndup(slice.text, slice.len);
    if (is_known && g_str_equal(known->object, text)) {
        /* The same again; the key it may be signed with can be another one. */
        g_autoptr(MxIdentity) identity = mx_identity_get(crypto, user_id);
        if (known->signed_by != NULL && identity != NULL &&
            g_strcmp0(known->signed_by, identity->self_signing) == 0)
            return TRUE;
    }
    g_autoptr(JsonObject) object = mx_signed_json_parse(text, -1, NULL);
    g_autoptr(MxDevice) device =
        object != NULL ? mx_device_parse(object, user_id, device_id) : NULL;
    if (device == NULL)
        return is_known; /* D6 */
    Likeness likeness = compare(crypto, known, device, object);
    if (likeness == DEVICE_OTHER) {
        if (is_known || !g_str_equal(known->object, text)) /* not refused before */
            warn(crypto, device, NULL);
        mx_store_set_refused_device(crypto->store, user_id, device_id, text);
        return is_known;
    }
    if (likeness == DEVICE_REPLACED)
        warn(crypto, device, MX_CRYPTO_DEVICE_REPLACED);
    gboolean is_blocked =
        known != NULL && known->blocked && g_str_equal(known->ed25519, device->ed25519);
    g_autoptr(MxIdentity) now = mx_identity_get(crypto, user_id);
    if (store_device(crypto, device, object, text, is_blocked) &&
        (!is_known || g_strcmp0(known->signed_by, now->self_signing) != 0))
        *is_signed = TRUE;
    return TRUE;
}

static void remove_device(MxCrypto *crypto, const char *user_id, const char *device_id)
{
    mx_store_remove_device(crypto->store, user_id, device_id);
    for (guint i = 0; i < G_N_ELEMENTS(gone_funcs); i++)
        gone_funcs[i](crypto, user_id, device_id);
}

/* ---- an answer: one user ---- */

/* D10: such a device would make a signature of itself look like one of the identity. */
static gboolean is_key_of(const MxIdentity *identity, const char *device_id)
{
    return identity != NULL && (g_strcmp0(device_id, identity->master) == 0 ||
                                g_strcmp0(device_id, identity->new_master) == 0 ||
                                g_strcmp0(device_id, identity->self_signing) == 0 ||
                                g_strcmp0(device_id, identity->user_signing) == 0);
}

static void note_ambiguous(MxCrypto *crypto, const char *user_id, const char *device_id)
{
    gboolean was_ambiguous = mx_store_get_tracked_user(crypto->store, user_id).ambiguous;
    mx_store_set_ambiguous(crypto->store, user_id, device_id != NULL);
    if (device_id == NULL || was_ambiguous)
        return;
    g_message("a device is named like a cross-signing key of its user");
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_DEVICE_KEYS_CHANGED, 0, user_id, device_id, NULL);
    mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, NULL, NULL, NULL);
}

static void take_devices(MxCrypto *crypto, const char *user_id, MxJsonSlice devices)
{
    MxJsonIter iter;
    MxJsonSlice key, value;
    guint n_devices = 0;
    gboolean is_signed = FALSE;
    g_autoptr(MxIdentity) identity = mx_identity_get(crypto, user_id);
    g_autofree char *key_named = NULL;
    g_autoptr(GHashTable) there = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    if (!mx_json_iter_init(&iter, devices))
        return;
    while (mx_json_iter_next(&iter, &key, &value) && n_devices++ < MAX_DEVICES) {
        g_autofree char *device_id = mx_json_slice_dup_string(key);
        if (is_key_of(identity, device_id)) {
            g_free(key_named);
            key_named = g_steal_pointer(&device_id);
        } else if (!g_hash_table_contains(there, device_id) && value.type == MX_JSON_OBJECT &&
                   take_device(crypto, user_id, device_id, value, &is_signed)) {
            g_hash_table_add(there, g_steal_pointer(&device_id));
        }
    }
    note_ambiguous(crypto, user_id, key_named);
    if (is_signed) /* what it had said before may be shown now (U1) */
        mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, user_id, NULL, NULL);
    /* D9 */
    g_autoptr(GPtrArray) rows = mx_store_list_devices(crypto->store, user_id);
    for (guint i = 0; i < rows->len; i++) {
        const MxDeviceRow *row = g_ptr_array_index(rows, i);
        if (!g_hash_table_contains(there, row->device_id))
            remove_device(crypto, user_id, row->device_id);
    }
}

static JsonObject *parse_slice(const MxJsonSlice *slice)
{
    return slice != NULL && slice->type == MX_JSON_OBJECT
               ? mx_signed_json_parse(slice->text, (gssize)slice->len, NULL)
               : NULL;
}

enum { DEVICE_KEYS, MASTER_KEYS, SELF_SIGNING_KEYS, USER_SIGNING_KEYS, FAILURES, N_MEMBERS };

/* index: of each member but the last, user ID -> MxJsonSlice. */
static void take_user(MxCrypto *crypto, const char *user_id, gint64 dirty_seq,
                      GHashTable *const *index)
{
    gboolean is_own = g_str_equal(user_id, crypto->user_id);
    g_autoptr(JsonObject) master = parse_slice(g_hash_table_lookup(index[MASTER_KEYS], user_id));
    g_autoptr(JsonObject) self_signing =
        parse_slice(g_hash_table_lookup(index[SELF_SIGNING_KEYS], user_id));
    g_autoptr(JsonObject) user_signing =
        is_own ? parse_slice(g_hash_table_lookup(index[USER_SIGNING_KEYS], user_id)) : NULL;
    mx_identity_take(crypto, user_id, master, self_signing, user_signing);
    const MxJsonSlice *devices = g_hash_table_lookup(index[DEVICE_KEYS], user_id);
    if (devices == NULL || devices->type != MX_JSON_OBJECT)
        return; /* nothing is said of the devices, so nothing is gone */
    /* Not by an answer from before an upload. */
    if (is_own && mx_store_get_tracked_user(crypto->store, user_id).dirty_seq == dirty_seq)
        mx_device_keys_check_own(crypto, *devices);
    take_devices(crypto, user_id, *devices);
}

/* ---- an answer: all of it ---- */

/* user ID -> MxJsonSlice of what has been asked for. */
static GHashTable *index_users(MxJsonSlice by_user, GHashTable *wanted)
{
    MxJsonIter iter;
    MxJsonSlice key, value;
    GHashTable *index = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    if (by_user.text == NULL || by_user.type != MX_JSON_OBJECT ||
        !mx_json_iter_init(&iter, by_user))
        return index;
    while (mx_json_iter_next(&iter, &key, &value)) {
        g_autofree char *user_id = mx_json_slice_dup_string(key);
        if (g_hash_table_contains(wanted, user_id))
            g_hash_table_replace(index, g_steal_pointer(&user_id), g_memdup2(&value, sizeof value));
    }
    return index;
}

/* D5 */
static void note_server(MxCrypto *crypto, const char *server, gboolean failed)
{
    GHashTable *servers = get_lists(crypto)->servers;
    Pause *pause = g_hash_table_lookup(servers, server);
    if (!failed) {
        g_hash_table_remove(servers, server);
        return;
    }
    if (pause == NULL) {
        pause = g_new0(Pause, 1);
        mx_backoff_init(&pause->backoff, SERVER_FIRST_MS, SERVER_CAP_MS);
        g_hash_table_insert(servers, g_strdup(server), pause);
    }
    if (pause_get_left(crypto, pause) == 0)
        pause_start(crypto, pause, MAX(SERVER_FIRST_MS, mx_backoff_next(&pause->backoff)));
}

static gboolean has_failed(MxJsonSlice failures, const char *server)
{
    return failures.text != NULL && failures.type == MX_JSON_OBJECT &&
           mx_json_scan_member(failures, server).text != NULL;
}

/* users: of this request, user ID -> Asked. */
static void take_answer(MxCrypto *crypto, GHashTable *users, const char *text, gsize len)
{
    static const char *const names[N_MEMBERS + 1] = {
        "device_keys", "master_keys", "self_signing_keys", "user_signing_keys", "failures", NULL};
    MxJsonSlice members[N_MEMBERS];
    mx_json_scan_members(mx_json_scan_root(text, len), names, members);
    GHashTable *index[FAILURES];
    for (guint i = 0; i < FAILURES; i++)
        index[i] = index_users(members[i], users);
    GHashTableIter iter;
    gpointer user_id, asked;
    g_hash_table_iter_init(&iter, users);
    while (g_hash_table_iter_next(&iter, &user_id, &asked)) {
        g_autofree char *server = mx_user_id_get_server_name(user_id);
        gboolean failed = has_failed(members[FAILURES], server);
        note_server(crypto, server, failed);
        note_server(crypto, user_id, FALSE);
        if (failed)
            continue;
        gint64 dirty_seq = ((Asked *)asked)->dirty_seq;
        take_user(crypto, user_id, dirty_seq, index);
        mx_store_set_current(crypto->store, user_id, dirty_seq); /* D4 */
        /* Where it changes all the time, who waits for it waits no longer than for a silent one. */
        if (!mx_store_get_tracked_user(crypto->store, user_id).outdated)
            g_hash_table_remove(get_lists(crypto)->waits, user_id);
    }
    for (guint i = 0; i < FAILURES; i++)
        g_hash_table_unref(index[i]);
}

/* Takes those out of what is on its way that this request asked for. After mx_crypto_forget() that
 * is nobody: they are asked for again, and the older answer does not count (D4). */
static GHashTable *claim_users(Lists *lists, guint64 request)
{
    GHashTable *users = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    GHashTableIter iter;
    gpointer user_id, asked;
    g_hash_table_iter_init(&iter, lists->asked);
    while (g_hash_table_iter_next(&iter, &user_id, &asked)) {
        if (((Asked *)asked)->request != request)
            continue;
        g_hash_table_iter_steal(&iter);
        g_hash_table_insert(users, user_id, asked);
    }
    return users;
}

/* One ID that the homeserver does not like makes it refuse all: smaller requests find it, and it is
 * left alone for a while. */
static void take_refusal(MxCrypto *crypto, Lists *lists, GHashTable *users)
{
    GHashTableIter iter;
    gpointer user_id;
    guint n = g_hash_table_size(users);
    lists->max_users = MAX(n / 2, 1);
    pause_start(crypto, &lists->pause, SPLIT_MS);
    g_hash_table_iter_init(&iter, users);
    while (n == 1 && g_hash_table_iter_next(&iter, &user_id, NULL))
        note_server(crypto, user_id, TRUE);
}

static void on_answer(MxCrypto *crypto, const MxCryptoRequest *request,
                      const MxCryptoAnswer *answer, gpointer user_data)
{
    Lists *lists = get_lists(crypto);
    g_autoptr(GHashTable) users = claim_users(lists, request->id);
    if (g_hash_table_size(users) == 0)
        return;
    lists->n_requests--;
    if (answer->body != NULL && mx_json_scan_validate(answer->body, answer->len)) {
        pause_end(&lists->pause);
        lists->max_users = MIN(lists->max_users * 2, MAX_USERS);
        take_answer(crypto, users, answer->body, answer->len);
        renew_patience(crypto);
    } else if (answer->status >= 400 && !mx_crypto_answer_is_passing(answer)) {
        take_refusal(crypto, lists, users);
    } else {
        /* It may be one of them that it fails with: the others get through in smaller requests. */
        if (answer->status >= 500)
            lists->max_users = MAX(g_hash_table_size(users) / 2, 1);
        pause_start(crypto, &lists->pause, mx_crypto_get_retry_ms(&lists->pause.backoff, answer));
    }
}

/* ---- asking ---- */

static void ask(MxCrypto *crypto, Lists *lists, GPtrArray *users)
{
    g_autoptr(JsonObject) body = json_object_new();
    JsonObject *device_keys = json_object_new();
    json_object_set_int_member(body, "timeout", QUERY_TIMEOUT_MS);
    json_object_set_object_member(body, "device_keys", device_keys);
    for (guint i = 0; i < users->len; i++)
        json_object_set_array_member(device_keys, g_ptr_array_index(users, i), json_array_new());
    mx_crypto_add_request(crypto, MX_CRYPTO_KEYS_QUERY, mx_json_object_to_text(body), on_answer,
                          NULL, NULL);
    for (guint i = 0; i < users->len; i++) {
        const char *user_id = g_ptr_array_index(users, i);
        Asked asked = {crypto->next_request,
                       mx_store_get_tracked_user(crypto->store, user_id).dirty_seq};
        g_hash_table_insert(lists->asked, g_strdup(user_id), g_memdup2(&asked, sizeof asked));
        start_waiting(crypto, user_id)->is_asked = TRUE;
    }
    g_free(lists->last_asked);
    lists->last_asked = g_strdup(g_ptr_array_index(users, users->len - 1));
    lists->n_requests++;
}

static void earlier(gint64 *wait, gint64 other)
{
    if (other > 0)
        *wait = *wait < 0 ? other : MIN(*wait, other);
}

/* Who waits for an answer is to be looked at again when patience ends (D11). */
static void note_patience(MxCrypto *crypto, Lists *lists, gint64 *wait)
{
    GHashTableIter iter;
    gpointer one;
    g_hash_table_iter_init(&iter, lists->waits);
    while (g_hash_table_iter_next(&iter, NULL, &one))
        earlier(wait, ((Wait *)one)->since_ms + PATIENCE_MS - crypto->get_now_ms());
}

/* Where to go on in a list in order: whoever makes the homeserver fail comes last then. */
static guint find_first(const Lists *lists, GPtrArray *users)
{
    for (guint i = 0; lists->last_asked != NULL && i < users->len; i++)
        if (strcmp(g_ptr_array_index(users, i), lists->last_asked) > 0)
            return i;
    return 0;
}

gint64 mx_device_list_collect(MxCrypto *crypto)
{
    Lists *lists = get_lists(crypto);
    gint64 wait = -1;
    mx_store_track_user(crypto->store, crypto->user_id);
    g_autoptr(GPtrArray) outdated = mx_store_list_outdated(crypto->store);
    g_autoptr(GPtrArray) batch = g_ptr_array_new();
    gint64 pause = pause_get_left(crypto, &lists->pause);
    guint first = find_first(lists, outdated);
    earlier(&wait, outdated->len > 0 ? pause : 0);
    for (guint i = 0; pause == 0 && i < outdated->len && lists->n_requests < MAX_REQUESTS; i++) {
        const char *user_id = g_ptr_array_index(outdated, (first + i) % outdated->len);
        gint64 server_pause = get_server_pause(crypto, user_id);
        earlier(&wait, server_pause);
        if (server_pause == 0 && !g_hash_table_contains(lists->asked, user_id))
            g_ptr_array_add(batch, (gpointer)user_id);
        if (batch->len == lists->max_users || (i == outdated->len - 1 && batch->len > 0)) {
            ask(crypto, lists, batch);
            g_ptr_array_set_size(batch, 0);
        }
    }
    note_patience(crypto, lists, &wait);
    return wait;
}
