/* SPDX-FileCopyrightText: The pidgin-matrix authors
 * SPDX-License-Identifier: GPL-2.0-or-later */
#include "verification-fixture.h"

#include <string.h>

#include "mx-cross-signing.h"
#include "mx-json.h"

#define PREFIX "m.key.verification."

typedef struct {
    char *sender, *event_id, *type, *content;
    gint64 ts;
} RoomEvent;

static VerificationFixture *present; /* the sender function has no data */
static GHashTable *pictures;         /* machine -> MxVerification */
static guint n_events;

static void event_free(gpointer data)
{
    RoomEvent *event = data;
    g_free(event->sender);
    g_free(event->event_id);
    g_free(event->type);
    g_free(event->content);
    g_free(event);
}

static CryptoMachine *find_machine(MxStore *store)
{
    for (guint i = 0; i < present->world->machines->len; i++) {
        CryptoMachine *machine = g_ptr_array_index(present->world->machines, i);
        if (machine->store == store)
            return machine;
    }
    g_assert_not_reached();
}

static void push_event(const char *sender, const char *event_id, const char *type,
                       const char *content)
{
    RoomEvent *event = g_new0(RoomEvent, 1);
    event->sender = g_strdup(sender);
    event->event_id = g_strdup(event_id);
    event->type = g_strdup(type);
    event->content = g_strdup(content);
    event->ts = crypto_world_now();
    g_queue_push_tail(&present->events, event);
}

/* As the send queue does it, with an answer that comes at once. */
static char *send_in_room(MxStore *store, gint64 room, const char *type, const char *content)
{
    CryptoMachine *machine = find_machine(store);
    char *txn_id = g_strdup_printf("txn%u", ++n_events);
    g_autofree char *event_id = g_strdup_printf("$event%u", n_events);
    MxTimelineRow row = {.room = room,
                         .pos = n_events,
                         .sender = machine->user_id,
                         .type = (char *)type,
                         .content = (char *)content,
                         .txn_id = txn_id,
                         .event_id = event_id};
    g_assert_true(mx_store_add_timeline(store, &row));
    push_event(machine->user_id, event_id, type, content);
    return txn_id;
}

static void add_room(CryptoMachine *machine)
{
    g_autoptr(MxRoomRow) room = mx_room_row_new(ROOM);
    room->membership = MX_MEMBERSHIP_JOIN;
    crypto_machine_begin(machine);
    mx_store_save_room(machine->store, room);
    crypto_machine_commit(machine);
    g_assert_cmpint(room->key, ==, 1);
    mx_verification_set_sender(machine->crypto, send_in_room);
}

void verification_rejoin(CryptoMachine *machine)
{
    mx_verification_set_sender(machine->crypto, send_in_room);
}

void verification_setup(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    present = fixture;
    n_events = 0;
    pictures = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)mx_verification_free);
    fixture->world = crypto_world_new();
    fixture->world->intercept = identity_take_signatures;
    fixture->log = g_string_new(NULL);
    g_queue_init(&fixture->events);
    fixture->first = crypto_world_add(fixture->world, ALICE, "FIRST");
    fixture->bob = crypto_world_add(fixture->world, BOB, "BOB");
    identity_bootstrap(fixture->first);
    identity_bootstrap(fixture->bob);
    fixture->second = crypto_world_add(fixture->world, ALICE, "SECOND");
    identity_run(fixture->second);
    identity_refresh(fixture->second, ALICE);
    identity_refresh(fixture->first, ALICE);
    identity_refresh(fixture->first, BOB);
    identity_refresh(fixture->second, BOB);
    identity_refresh(fixture->bob, ALICE);
    add_room(fixture->first);
    add_room(fixture->second);
    add_room(fixture->bob);
}

void verification_teardown(VerificationFixture *fixture, gconstpointer data)
{
    (void)data;
    g_clear_pointer(&pictures, g_hash_table_unref);
    g_queue_clear_full(&fixture->events, event_free);
    g_string_free(fixture->log, TRUE);
    g_free(fixture->note);
    crypto_world_free(fixture->world);
}

/* ---- carrying ---- */

static void note(CryptoMachine *to, const char *sender, const char *type, JsonObject *content)
{
    g_string_append_printf(present->log, "%.*s:%s", (int)strcspn(sender + 1, ":"), sender + 1,
                           type);
    if (g_str_equal(type, "cancel"))
        g_string_append_printf(present->log, "=%s", mx_json_string(content, "code"));
    g_string_append_printf(present->log, ">%s ", to->device_id);
}

/* FALSE: it does not arrive. */
static gboolean pass_on(CryptoMachine *to, char **text)
{
    g_autoptr(JsonObject) event = crypto_json("%s", *text);
    const char *type = mx_json_string(event, "type");
    if (!g_str_has_prefix(type, PREFIX))
        return TRUE;
    note(to, mx_json_string(event, "sender"), type + strlen(PREFIX),
         mx_json_object(event, "content"));
    if (present->tamper != NULL &&
        !present->tamper(present, to, type + strlen(PREFIX), mx_json_object(event, "content")))
        return FALSE;
    g_free(*text);
    *text = mx_json_object_to_text(event);
    return TRUE;
}

static guint sync_one(CryptoMachine *machine)
{
    guint n = machine->inbox.length;
    for (guint i = 0; i < n; i++) {
        char *text = g_queue_pop_head(&machine->inbox);
        if (pass_on(machine, &text))
            g_queue_push_tail(&machine->inbox, text);
        else
            g_free(text);
    }
    crypto_machine_sync(machine);
    return n;
}

static void take_pictures(CryptoMachine *machine)
{
    g_autoptr(GPtrArray) changes = mx_verification_take_changes(machine->crypto);
    while (changes->len > 0) {
        MxVerification *one = g_ptr_array_steal_index(changes, 0);
        const MxVerification *known = g_hash_table_lookup(pictures, machine);
        if (known == NULL || known->id <= one->id)
            g_hash_table_insert(pictures, machine, one);
        else
            mx_verification_free(one);
    }
}

static void deliver_event(const RoomEvent *event, CryptoMachine *machine)
{
    const char *type =
        g_str_has_prefix(event->type, PREFIX) ? event->type + strlen(PREFIX) : "request";
    g_autoptr(JsonObject) content = crypto_json("%s", event->content);
    gboolean is_echo = g_str_equal(machine->user_id, event->sender);
    if (!is_echo)
        note(machine, event->sender, type, content);
    if (!is_echo && present->tamper != NULL && !present->tamper(present, machine, type, content))
        return;
    g_autofree char *text = mx_json_object_to_text(content);
    MxVerificationEvent one = {.room = 1,
                               .event_id = event->event_id,
                               .sender = event->sender,
                               .type = event->type,
                               .ts = event->ts,
                               .content = text,
                               .len = strlen(text)};
    crypto_machine_begin(machine);
    mx_verification_receive_in_room(machine->crypto, &one);
    crypto_machine_commit(machine);
}

static guint deliver_events(void)
{
    RoomEvent *event;
    guint n = 0;
    for (; (event = g_queue_pop_head(&present->events)) != NULL; n++) {
        for (guint i = 0; i < present->world->machines->len; i++)
            deliver_event(event, g_ptr_array_index(present->world->machines, i));
        event_free(event);
    }
    return n;
}

void verification_settle(VerificationFixture *fixture)
{
    guint n = 1;
    for (guint round = 0; n > 0; round++) {
        g_assert_cmpuint(round, <, 200);
        n = deliver_events();
        for (guint i = 0; i < fixture->world->machines->len; i++) {
            CryptoMachine *machine = g_ptr_array_index(fixture->world->machines, i);
            n += crypto_machine_run(machine) + sync_one(machine) + fixture->events.length;
            take_pictures(machine);
        }
    }
}

/* ---- looking ---- */

gboolean verification_has(CryptoMachine *machine)
{
    take_pictures(machine);
    return g_hash_table_contains(pictures, machine);
}

const MxVerification *verification_look(CryptoMachine *machine)
{
    take_pictures(machine);
    const MxVerification *picture = g_hash_table_lookup(pictures, machine);
    g_assert_nonnull(picture);
    return picture;
}

void verification_assert(CryptoMachine *machine, MxVerificationState state, const char *code)
{
    const MxVerification *picture = verification_look(machine);
    g_assert_cmpint(picture->state, ==, state);
    g_assert_cmpstr(picture->code, ==, code);
}

static guint64 get_id(CryptoMachine *machine)
{
    return verification_look(machine)->id;
}

void verification_accept(VerificationFixture *fixture, CryptoMachine *machine)
{
    crypto_machine_begin(machine);
    g_assert_true(mx_verification_accept(machine->crypto, get_id(machine)));
    crypto_machine_commit(machine);
    verification_settle(fixture);
}

void verification_say(VerificationFixture *fixture, CryptoMachine *machine, gboolean matches)
{
    crypto_machine_begin(machine);
    g_assert_true(mx_verification_confirm(machine->crypto, get_id(machine), matches));
    crypto_machine_commit(machine);
    verification_settle(fixture);
}

void verification_cancel(VerificationFixture *fixture, CryptoMachine *machine)
{
    crypto_machine_begin(machine);
    g_assert_true(mx_verification_cancel(machine->crypto, get_id(machine)));
    crypto_machine_commit(machine);
    verification_settle(fixture);
}

guint64 verification_ask(VerificationFixture *fixture, CryptoMachine *machine, const char *user_id)
{
    crypto_machine_begin(machine);
    guint64 id = mx_verification_request(machine->crypto, user_id, NULL, 1);
    crypto_machine_commit(machine);
    verification_settle(fixture);
    return id;
}

void verification_compare(VerificationFixture *fixture, CryptoMachine *from, CryptoMachine *to)
{
    verification_ask(fixture, from, to->user_id);
    verification_assert(to, MX_VERIFICATION_REQUESTED, NULL);
    g_assert_cmpstr(verification_look(to)->device_id, ==, from->device_id);
    verification_accept(fixture, to);
    verification_assert(from, MX_VERIFICATION_COMPARING, NULL);
    verification_assert(to, MX_VERIFICATION_COMPARING, NULL);
    g_assert_true(verification_look(to)->has_emoji);
    g_assert_cmpmem(&verification_look(from)->text, sizeof(MxSasText), &verification_look(to)->text,
                    sizeof(MxSasText));
}

void verification_inject(VerificationFixture *fixture, CryptoMachine *to, const char *sender,
                         const char *type, JsonObject *content)
{
    g_autofree char *full = g_strconcat(PREFIX, type, NULL);
    crypto_machine_deliver(to, sender, full, content);
    verification_settle(fixture);
}

void verification_inject_in_room(VerificationFixture *fixture, const char *sender, const char *type,
                                 JsonObject *content)
{
    g_autofree char *text = mx_json_object_to_text(content);
    g_autofree char *event_id = g_strdup_printf("$injected%u", ++n_events);
    g_autofree char *full = g_strconcat(PREFIX, type, NULL);
    push_event(sender, event_id, g_str_equal(type, "request") ? "m.room.message" : full, text);
    json_object_unref(content);
    verification_settle(fixture);
}

char *verification_digest(CryptoMachine *machine)
{
    g_autofree char *tables =
        crypto_machine_digest(machine, "to_device value timeline queue room sealed crypto_user "
                                       "olm_peer olm_seen stranger search_queue search_state");
    GString *all = g_string_new(tables);
    static const char *const kinds[] = {"kept-xsign", "kept-xsign-signature"};
    for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GPtrArray) names = mx_store_list_sealed(machine->store, kinds[i], "");
        for (guint j = 0; j < names->len; j++)
            g_string_append_printf(all, " %s:%s", kinds[i], (char *)g_ptr_array_index(names, j));
    }
    return g_string_free(all, FALSE);
}

gboolean verification_trusts_user(CryptoMachine *machine, const char *user_id)
{
    g_autoptr(MxIdentity) identity = mx_identity_get(machine->crypto, user_id);
    return identity != NULL && identity->is_verified;
}

gboolean verification_trusts_device(CryptoMachine *machine, CryptoMachine *other)
{
    g_autoptr(MxDevice) device = crypto_machine_find(machine, other);
    return device->trust == MX_DEVICE_VERIFIED;
}
