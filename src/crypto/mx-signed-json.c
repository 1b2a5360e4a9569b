/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "mx-canonical-json.h"
#include "mx-error.h"
#include "mx-json.h"
#include "mx-json-scan.h"
#include "mx-signed-json.h"

/* ---- what canonical JSON can hold; all of it over text that is known to be JSON ---- */

static guint escaped_unit(const char *escape)
{
    guint unit = 0;
    for (int i = 2; i < 6; i++)
        unit = unit << 4 | (guint)g_ascii_xdigit_value(escape[i]);
    return unit;
}

/* escape points at "\uXXXX". Gives what follows the character, or NULL for what a JsonNode cannot
 * hold. */
static const char *check_unicode_escape(const char *escape, const char *end)
{
    guint unit = escaped_unit(escape);
    if (unit == 0 || (unit >= 0xdc00 && unit < 0xe000))
        return NULL;
    if (unit < 0xd800 || unit >= 0xe000)
        return escape + 6;
    const char *low = escape + 6;
    if (end - low < 6 || low[0] != '\\' || low[1] != 'u')
        return NULL;
    unit = escaped_unit(low);
    return unit >= 0xdc00 && unit < 0xe000 ? low + 6 : NULL;
}

static gboolean is_string_holdable(MxJsonSlice slice)
{
    const char *at = slice.text, *end = slice.text + slice.len;
    while (at != NULL && (at = memchr(at, '\\', (gsize)(end - at))) != NULL) {
        if (at[1] != 'u') {
            at += 2;
            continue;
        }
        at = check_unicode_escape(at, end);
        if (at == NULL)
            return FALSE;
    }
    return TRUE;
}

static gboolean is_number_holdable(MxJsonSlice slice)
{
    gint64 value;
    for (gsize i = 0; i < slice.len; i++)
        if (slice.text[i] != '-' && !g_ascii_isdigit(slice.text[i]))
            return FALSE;
    return mx_json_slice_get_int(slice, &value);
}

static gboolean is_holdable(MxJsonSlice value, guint depth);

/* The keys of arrays have no text. seen takes the names of an object. */
static gboolean is_key_holdable(MxJsonSlice key, GHashTable *seen)
{
    if (key.text == NULL)
        return TRUE;
    return is_string_holdable(key) && g_hash_table_add(seen, mx_json_slice_dup_string(key));
}

static gboolean is_container_holdable(MxJsonSlice container, guint depth)
{
    MxJsonIter iter;
    MxJsonSlice key, value;
    if (depth > MX_SIGNED_JSON_MAX_DEPTH || !mx_json_iter_init(&iter, container))
        return FALSE;
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    while (mx_json_iter_next(&iter, &key, &value))
        if (!is_key_holdable(key, seen) || !is_holdable(value, depth))
            return FALSE;
    return TRUE;
}

/* depth: the containers around the value. */
static gboolean is_holdable(MxJsonSlice value, guint depth)
{
    switch (value.type) {
    case MX_JSON_OBJECT:
    case MX_JSON_ARRAY:
        return is_container_holdable(value, depth + 1);
    case MX_JSON_STRING:
        return is_string_holdable(value);
    case MX_JSON_NUMBER:
        return is_number_holdable(value);
    case MX_JSON_NULL:
    case MX_JSON_BOOL:
    default:
        return TRUE;
    }
}

JsonObject *mx_signed_json_parse(const char *text, gssize len, GError **error)
{
    gsize size = len >= 0 ? (gsize)len : text != NULL ? strlen(text) : 0;
    if (mx_json_scan_validate(text, size) && !is_holdable(mx_json_scan_root(text, size), 0)) {
        g_set_error_literal(error, MX_ERROR, MX_ERROR_BAD_ANSWER,
                            _("the JSON has no canonical form, so its signature means nothing"));
        return NULL;
    }
    return mx_json_parse_object(text, (gssize)size, error);
}

/* ---- signatures ---- */

/* What is signed, as text. The caller frees. */
static char *signed_text(JsonObject *object, GError **error)
{
    JsonObject *bare = json_object_new();
    JsonObjectIter iter;
    const char *name;
    JsonNode *value;
    json_object_iter_init(&iter, object);
    while (json_object_iter_next(&iter, &name, &value))
        if (!g_str_equal(name, "signatures") && !g_str_equal(name, "unsigned"))
            json_object_set_member(bare, name, json_node_copy(value));
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, bare);
    return mx_canonical_json_encode(node, error);
}

gboolean mx_signed_json_verify(JsonObject *object, const char *user_id, const char *key_id,
                               const guint8 key[MX_KEY_LEN])
{
    if (object == NULL || user_id == NULL || key_id == NULL)
        return FALSE;
    JsonObject *by_user = mx_json_object(mx_json_object(object, "signatures"), user_id);
    guint8 signature[MX_SIGNATURE_LEN];
    if (!mx_base64_decode_fixed(mx_json_string(by_user, key_id), signature, sizeof signature))
        return FALSE;
    g_autofree char *text = signed_text(object, NULL);
    return text != NULL && mx_ed25519_verify(key, text, strlen(text), signature);
}

/* The object that is member `name`, made when there is none. Borrowed. */
static JsonObject *ensure_object(JsonObject *object, const char *name)
{
    if (mx_json_object(object, name) == NULL)
        json_object_set_object_member(object, name, json_object_new());
    return mx_json_object(object, name);
}

gboolean mx_signed_json_sign(JsonObject *object, const char *user_id, const char *key_id,
                             MxSignFunc sign, gpointer data, GError **error)
{
    guint8 signature[MX_SIGNATURE_LEN];
    g_autofree char *text = signed_text(object, error);
    if (text == NULL || !sign(text, strlen(text), signature, data, error))
        return FALSE;
    g_autofree char *encoded = mx_base64_encode(signature, sizeof signature);
    JsonObject *by_user = ensure_object(ensure_object(object, "signatures"), user_id);
    json_object_set_string_member(by_user, key_id, encoded);
    return TRUE;
}

gboolean mx_sign_with_seed(const void *message, gsize len, guint8 signature[MX_SIGNATURE_LEN],
                           gpointer data, GError **error)
{
    mx_ed25519_sign(data, message, len, signature);
    return TRUE;
}
