/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdint.h>
#include <string.h>

#include "mx-json-scan.h"
#include "mx-json.h"
#include "mx-to-device.h"
#include "olm-fixture.h"

/* To-device events of a hostile homeserver, and of a hostile device: with an odd first byte the
 * rest is what Bob's device says within a good Olm message, so that what is behind the ratchet is
 * reached too. Nothing makes the transaction fail. */

static OlmFixture fixture;

static void set_up(void)
{
    g_setenv("MX_NO_KEYRING", "1", TRUE);
    olm_fixture_setup(&fixture, NULL);
    olm_fixture_establish(fixture.bob, fixture.alice);
    olm_fixture_pass(fixture.bob, fixture.alice, 1);
    olm_fixture_pass(fixture.alice, fixture.bob, 1);
}

static void receive(const char *text)
{
    crypto_machine_begin(fixture.alice);
    mx_to_device_receive(fixture.alice->crypto, text, strlen(text));
    crypto_machine_commit(fixture.alice);
}

/* Bob's keys and Alice's are right; what he says is not his alone to choose. */
static void receive_encrypted(const char *text)
{
    g_autoptr(JsonObject) said = mx_json_parse_object(text, -1, NULL);
    g_autoptr(JsonObject) whole = olm_fixture_make_payload(fixture.bob, fixture.alice);
    if (said == NULL)
        return;
    g_autoptr(GList) names = json_object_get_members(said);
    for (GList *at = names; at != NULL; at = at->next)
        json_object_set_member(whole, at->data, json_object_dup_member(said, at->data));
    g_autofree char *payload = mx_json_object_to_text(whole);
    g_autoptr(JsonObject) content = olm_fixture_encrypt_raw(fixture.bob, fixture.alice, payload);
    crypto_machine_deliver(fixture.alice, BOB, "m.room.encrypted", g_steal_pointer(&content));
    crypto_machine_sync(fixture.alice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (fixture.world == NULL)
        set_up();
    if (size < 2 || size > 20000)
        return 0;
    g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
    if (!mx_json_scan_validate(text, strlen(text)))
        return 0;
    if (data[0] % 2 == 1)
        receive_encrypted(text);
    else
        receive(text);
    return 0;
}
