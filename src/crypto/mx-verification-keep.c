/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "mx-json.h"
#include "mx-verification-private.h"

/* A flow ends with the program. What is kept of it is enough to tell both sides so. */

#define KIND "verification" /* sealed rows, JSON, by "room transaction" */

static char *make_name(const MxFlow *flow)
{
    return g_strdup_printf("%" G_GINT64_FORMAT " %s", flow->room, flow->txn_id);
}

static void save(MxCrypto *crypto, const MxFlow *flow)
{
    g_autoptr(JsonObject) object = json_object_new();
    g_autofree char *name = make_name(flow);
    json_object_set_string_member(object, "user", flow->user_id);
    json_object_set_string_member(object, "device", flow->device_id);
    json_object_set_string_member(object, "txn", flow->txn_id);
    json_object_set_int_member(object, "room", flow->room);
    json_object_set_int_member(object, "ms", flow->began_ms);
    char *text = mx_json_object_to_text(object);
    g_autoptr(GBytes) data = g_bytes_new_take(text, strlen(text));
    mx_crypto_save(crypto, KIND, name, data);
}

/* From both sides' consent on: before that, the other side's prompt goes by itself. */
void mx_flow_keep(MxCrypto *crypto, MxFlow *flow)
{
    gboolean is_wanted = flow->state >= MX_VERIFICATION_READY && !mx_flow_is_at_end(flow);
    if (flow->txn_id == NULL || is_wanted == flow->is_kept)
        return;
    g_autofree char *name = make_name(flow);
    if (is_wanted)
        save(crypto, flow);
    else
        mx_crypto_save(crypto, KIND, name, NULL);
    flow->is_kept = is_wanted;
}

static void end_kept(MxCrypto *crypto, JsonObject *object)
{
    const char *user_id = mx_json_string(object, "user");
    const char *txn_id = mx_json_string(object, "txn");
    gint64 age = crypto->get_now_ms() - mx_json_int_or(object, "ms", 0);
    if (user_id == NULL || txn_id == NULL)
        return;
    MxFlow *flow = mx_flow_new(crypto, user_id, txn_id, mx_json_int_or(object, "room", 0));
    flow->device_id = g_strdup(mx_json_string(object, "device"));
    flow->problem = MX_VERIFICATION_INTERRUPTED;
    if (age >= 0 && age < MX_FLOW_MS) /* else theirs has run out, too */
        mx_flow_cancel(crypto, flow, "m.user");
    else
        mx_flow_end(crypto, flow, MX_VERIFICATION_CANCELLED);
}

void mx_flows_end_kept(MxCrypto *crypto)
{
    g_autoptr(GPtrArray) names = mx_store_list_sealed(crypto->store, KIND, "");
    for (guint i = 0; i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autoptr(GBytes) data = mx_crypto_load(crypto, KIND, name);
        gsize len = 0;
        const char *text = data != NULL ? g_bytes_get_data(data, &len) : "";
        g_autoptr(JsonObject) object = mx_json_parse_object(text, (gssize)len, NULL);
        end_kept(crypto, object);
        mx_crypto_save(crypto, KIND, name, NULL);
    }
}
