/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "mx-secrets.h"

#include <string.h>

#include "mx-cross-signing.h"
#include "mx-crypto-private.h"
#include "mx-identity.h"
#include "mx-json.h"

#define REQUEST_TYPE "m.secret.request"
#define SEND_TYPE "m.secret.send"

#define KIND "secrets"        /* sealed rows, JSON */
#define ASKED "asked"         /* {secret's name: {"id", "ms"}} */
#define QUESTIONS "questions" /* {"list": [{"device", "id", "name", "ms"}]} */

#define REPEAT_MS (G_GINT64_CONSTANT(24) * 3600 * 1000)
#define QUESTION_AGE_MS (G_GINT64_CONSTANT(3600) * 1000)
#define MAX_QUESTIONS 20
#define MAX_ID 255 /* bytes */

static gboolean is_id(const char *text)
{
    return text != NULL && *text != '\0' && strlen(text) <= MAX_ID;
}

static JsonObject *load(MxCrypto *crypto, const char *key)
{
    g_autoptr(GBytes) data = mx_crypto_load(crypto, KIND, key);
    gsize len = 0;
    const char *text = data != NULL ? g_bytes_get_data(data, &len) : "";
    JsonObject *object = mx_json_parse_object(text, (gssize)len, NULL);
    return object != NULL ? object : json_object_new();
}

static void save(MxCrypto *crypto, const char *key, JsonObject *object)
{
    char *text = mx_json_object_to_text(object);
    g_autoptr(GBytes) data = g_bytes_new_take(text, strlen(text));
    mx_crypto_save(crypto, KIND, key, data);
}

/* P8: own, verified, and not this one. */
static gboolean is_partner(MxCrypto *crypto, const MxDevice *device)
{
    return device != NULL && g_str_equal(device->user_id, crypto->user_id) &&
           device->trust == MX_DEVICE_VERIFIED && !device->is_blocked && !device->is_dehydrated &&
           !g_str_equal(device->device_id, crypto->device_id);
}

static int find_key(const char *name)
{
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        if (g_strcmp0(name, mx_cross_signing_get_name(i)) == 0)
            return i;
    return -1;
}

/* ---- asking ---- */

/* To all partners. FALSE: there are none. */
static gboolean send_to_partners(MxCrypto *crypto, JsonObject *content)
{
    g_autoptr(GPtrArray) devices = mx_device_list_get(crypto, crypto->user_id);
    g_autoptr(JsonObject) messages = json_object_new();
    JsonObject *own = json_object_new();
    json_object_set_object_member(messages, crypto->user_id, own);
    for (guint i = 0; i < devices->len && json_object_get_size(own) < MX_TO_DEVICE_MAX; i++) {
        const MxDevice *device = g_ptr_array_index(devices, i);
        if (is_partner(crypto, device))
            json_object_set_object_member(own, device->device_id, json_object_ref(content));
    }
    if (json_object_get_size(own) == 0)
        return FALSE;
    mx_crypto_send_to_device(crypto, REQUEST_TYPE, messages, NULL, NULL);
    return TRUE;
}

static JsonObject *make_request(MxCrypto *crypto, const char *action, const char *id)
{
    JsonObject *content = json_object_new();
    json_object_set_string_member(content, "action", action);
    json_object_set_string_member(content, "request_id", id);
    json_object_set_string_member(content, "requesting_device_id", crypto->device_id);
    return content;
}

static gboolean ask(MxCrypto *crypto, JsonObject *asked, const char *name)
{
    g_autofree char *id = mx_store_new_txn_id(crypto->store);
    g_autoptr(JsonObject) content = make_request(crypto, "request", id);
    json_object_set_string_member(content, "name", name);
    if (!send_to_partners(crypto, content))
        return FALSE;
    JsonObject *entry = json_object_new();
    json_object_set_string_member(entry, "id", id);
    json_object_set_int_member(entry, "ms", crypto->get_now_ms());
    json_object_set_object_member(asked, name, entry);
    return TRUE;
}

static gboolean is_missing(MxCrypto *crypto, const MxIdentity *own, MxCrossSigningKey key)
{
    const char *const public[] = {own->master, own->self_signing, own->user_signing};
    char *seed = mx_cross_signing_get_seed(crypto, key);
    guint8 bytes[MX_KEY_LEN];
    gboolean is_here = seed != NULL;
    mx_secret_free(seed);
    return !is_here && mx_base64_decode_fixed(public[key], bytes, sizeof bytes);
}

static void ask_for_missing(MxCrypto *crypto)
{
    g_autoptr(MxIdentity) own = mx_identity_get(crypto, crypto->user_id);
    if (own == NULL || !own->is_verified)
        return;
    g_autoptr(JsonObject) asked = load(crypto, ASKED);
    gboolean is_changed = FALSE;
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++) {
        JsonObject *entry = mx_json_object(asked, mx_cross_signing_get_name(i));
        gint64 age = crypto->get_now_ms() - mx_json_int_or(entry, "ms", 0);
        if (is_missing(crypto, own, i) && (entry == NULL || age < 0 || age >= REPEAT_MS))
            is_changed = ask(crypto, asked, mx_cross_signing_get_name(i)) || is_changed;
    }
    if (is_changed)
        save(crypto, ASKED, asked);
}

void mx_secrets_ask_again(MxCrypto *crypto)
{
    g_autoptr(JsonObject) nothing = json_object_new();
    save(crypto, ASKED, nothing);
}

void mx_secrets_receive(MxCrypto *crypto, const MxOlmMessage *message)
{
    const char *id = mx_json_string(message->content, "request_id");
    const char *secret = mx_json_string(message->content, "secret");
    if (!is_partner(crypto, message->device) || id == NULL || secret == NULL)
        return;
    g_autoptr(JsonObject) asked = load(crypto, ASKED);
    for (int i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++) {
        const char *name = mx_cross_signing_get_name(i);
        if (g_strcmp0(mx_json_string(mx_json_object(asked, name), "id"), id) != 0)
            continue;
        if (!mx_cross_signing_take_seed(crypto, i, secret)) {
            g_message("an own device has sent a secret that is not the one asked for");
            return;
        }
        g_autoptr(JsonObject) content = make_request(crypto, "request_cancellation", id);
        send_to_partners(crypto, content);
        json_object_remove_member(asked, name);
        save(crypto, ASKED, asked);
        mx_crypto_tell(crypto, MX_CRYPTO_NEWS_TRUST, 0, crypto->user_id, NULL, NULL);
        return;
    }
}

/* ---- answering ---- */

static JsonArray *get_questions(JsonObject *state)
{
    JsonArray *list = mx_json_array(state, "list");
    if (list == NULL) {
        list = json_array_new();
        json_object_set_array_member(state, "list", list);
    }
    return list;
}

static void remove_question(JsonArray *list, const char *device_id, const char *id)
{
    for (guint i = mx_json_array_length(list); i > 0; i--) {
        JsonObject *one = mx_json_array_object(list, i - 1);
        if (g_strcmp0(mx_json_string(one, "device"), device_id) == 0 &&
            g_strcmp0(mx_json_string(one, "id"), id) == 0)
            json_array_remove_element(list, i - 1);
    }
}

void mx_secrets_note_request(MxCrypto *crypto, JsonObject *event)
{
    JsonObject *content = mx_json_object(event, "content");
    const char *action = mx_json_string(content, "action");
    const char *device_id = mx_json_string(content, "requesting_device_id");
    const char *id = mx_json_string(content, "request_id");
    const char *name = mx_json_string(content, "name");
    if (!is_id(device_id) || !is_id(id) || action == NULL)
        return;
    g_autoptr(MxDevice) device = mx_device_list_find(crypto, crypto->user_id, device_id);
    if (!is_partner(crypto, device))
        return;
    g_autoptr(JsonObject) state = load(crypto, QUESTIONS);
    JsonArray *list = get_questions(state);
    remove_question(list, device_id, id);
    if (g_str_equal(action, "request") && find_key(name) >= 0 &&
        json_array_get_length(list) < MAX_QUESTIONS) {
        JsonObject *one = json_object_new();
        json_object_set_string_member(one, "device", device_id);
        json_object_set_string_member(one, "id", id);
        json_object_set_string_member(one, "name", name);
        json_object_set_int_member(one, "ms", crypto->get_now_ms());
        json_array_add_object_element(list, one);
    }
    save(crypto, QUESTIONS, state);
}

static void send_secret(MxCrypto *crypto, const MxDevice *device, JsonObject *question)
{
    int key = find_key(mx_json_string(question, "name"));
    char *seed = key >= 0 ? mx_cross_signing_get_seed(crypto, key) : NULL;
    if (seed == NULL)
        return;
    g_autoptr(JsonObject) content = json_object_new();
    json_object_set_string_member(content, "request_id", mx_json_string(question, "id"));
    json_object_set_string_member(content, "secret", seed);
    mx_olm_send(crypto, device, SEND_TYPE, content);
    mx_secret_free(seed);
}

/* FALSE: its device has no session yet, but will. Everything is looked at anew: it may not be
 * verified any more. */
static gboolean answer_one(MxCrypto *crypto, JsonObject *question)
{
    gint64 age = crypto->get_now_ms() - mx_json_int_or(question, "ms", 0);
    g_autoptr(MxDevice) device =
        mx_device_list_find(crypto, crypto->user_id, mx_json_string(question, "device"));
    if (!is_partner(crypto, device) || age < 0 || age > QUESTION_AGE_MS)
        return TRUE;
    MxOlmState state = mx_olm_prepare(crypto, device);
    if (state == MX_OLM_READY)
        send_secret(crypto, device, question);
    return state != MX_OLM_CLAIMING;
}

static void answer_all(MxCrypto *crypto)
{
    g_autoptr(JsonObject) state = load(crypto, QUESTIONS);
    JsonArray *list = get_questions(state);
    guint before = json_array_get_length(list);
    for (guint i = before; i > 0; i--)
        if (answer_one(crypto, mx_json_array_object(list, i - 1)))
            json_array_remove_element(list, i - 1);
    if (json_array_get_length(list) != before)
        save(crypto, QUESTIONS, state);
}

gint64 mx_secrets_collect(MxCrypto *crypto)
{
    ask_for_missing(crypto);
    answer_all(crypto);
    return -1;
}
