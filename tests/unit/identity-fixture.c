/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "identity-fixture.h"

#include "mx-cross-signing.h"
#include "mx-json.h"

/* What a homeserver does with signatures: adds those of the body to what it has. */
static void merge_signatures(CryptoWorld *world, const char *user_id, const char *name,
                             JsonObject *signed_object)
{
    g_autofree char *device = g_strconcat(user_id, " ", name, NULL);
    g_autofree char *master = g_strconcat("master_keys ", user_id, NULL);
    GHashTable *table =
        g_hash_table_contains(world->device_keys, device) ? world->device_keys : world->identities;
    const char *key = table == world->device_keys ? device : master;
    g_autoptr(JsonObject) stored = crypto_json("%s", (char *)g_hash_table_lookup(table, key));
    if (mx_json_object(stored, "signatures") == NULL)
        json_object_set_object_member(stored, "signatures", json_object_new());
    JsonObject *all = mx_json_object(stored, "signatures");
    JsonObject *given = mx_json_object(signed_object, "signatures");
    g_autoptr(GList) signers = json_object_get_members(given);
    for (GList *at = signers; at != NULL; at = at->next) {
        JsonObject *by = mx_json_object(given, at->data);
        g_autoptr(GList) ids = json_object_get_members(by);
        if (mx_json_object(all, at->data) == NULL)
            json_object_set_object_member(all, at->data, json_object_new());
        for (GList *id = ids; id != NULL; id = id->next)
            json_object_set_string_member(mx_json_object(all, at->data), id->data,
                                          mx_json_string(by, id->data));
    }
    g_hash_table_insert(table, g_strdup(key), mx_json_object_to_text(stored));
}

gboolean identity_take_signatures(CryptoMachine *machine, const MxCryptoRequest *request,
                                  guint *status, char **body)
{
    if (request->kind != MX_CRYPTO_SIGNATURES)
        return FALSE;
    g_autoptr(JsonObject) object = crypto_json("%s", request->body);
    g_autoptr(GList) users = json_object_get_members(object);
    for (GList *user = users; user != NULL; user = user->next) {
        JsonObject *objects = mx_json_object(object, user->data);
        g_autoptr(GList) ids = json_object_get_members(objects);
        for (GList *id = ids; id != NULL; id = id->next)
            merge_signatures(machine->world, user->data, id->data,
                             mx_json_object(objects, id->data));
    }
    *status = 200;
    *body = g_strdup("{\"failures\": {}}");
    return TRUE;
}

void identity_run(CryptoMachine *machine)
{
    while (crypto_machine_run(machine) > 0)
        continue;
}

void identity_refresh(CryptoMachine *machine, const char *user_id)
{
    crypto_machine_begin(machine);
    mx_device_list_track(machine->crypto, user_id);
    mx_device_list_refresh(machine->crypto, user_id);
    crypto_machine_commit(machine);
    identity_run(machine);
}

guint identity_count_news(CryptoMachine *machine, MxCryptoNewsKind kind)
{
    guint n = 0;
    g_autoptr(GPtrArray) news = mx_crypto_take_news(machine->crypto);
    for (guint i = 0; i < news->len; i++)
        n += ((MxCryptoNews *)g_ptr_array_index(news, i))->kind == kind;
    return n;
}

/* The homeserver takes what the machine has made, as POST /keys/device_signing/upload. */
void identity_publish(CryptoMachine *machine)
{
    static const char *const members[][2] = {{"master_key", "master_keys "},
                                             {"self_signing_key", "self_signing_keys "},
                                             {"user_signing_key", "user_signing_keys "}};
    g_autoptr(JsonObject) body = mx_cross_signing_get_upload(machine->crypto);
    g_assert_nonnull(body);
    for (guint i = 0; i < G_N_ELEMENTS(members); i++)
        g_hash_table_insert(machine->world->identities,
                            g_strconcat(members[i][1], machine->user_id, NULL),
                            mx_json_object_to_text(mx_json_object(body, members[i][0])));
}

void identity_note_uploaded(CryptoMachine *machine)
{
    crypto_machine_begin(machine);
    mx_cross_signing_note_uploaded(machine->crypto);
    crypto_machine_commit(machine);
    identity_run(machine);
}

void identity_bootstrap(CryptoMachine *machine)
{
    identity_run(machine);
    identity_publish(machine);
    identity_note_uploaded(machine);
    g_assert_cmpint(mx_cross_signing_get_state(machine->crypto), ==, MX_IDENTITY_READY);
}

gboolean identity_recover(CryptoMachine *machine, const char *master, const char *self,
                          const char *user)
{
    const char *const seeds[] = {master, self, user};
    crypto_machine_begin(machine);
    gboolean is_good = mx_cross_signing_recover(machine->crypto, seeds);
    crypto_machine_commit(machine);
    return is_good;
}

void identity_recover_from(CryptoMachine *machine, CryptoMachine *from)
{
    char *seeds[MX_CROSS_SIGNING_N_KEYS];
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        seeds[i] = mx_cross_signing_get_seed(from->crypto, i);
    g_assert_true(identity_recover(machine, seeds[0], seeds[1], seeds[2]));
    for (guint i = 0; i < MX_CROSS_SIGNING_N_KEYS; i++)
        mx_secret_free(seeds[i]);
    identity_run(machine);
}
