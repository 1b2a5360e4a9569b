# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""This device's keys on a real homeserver."""

import json

from faults import Fault
from matrix import create_shared_room
from waiting import wait_until

ALGORITHM = "signed_curve25519"


def own_device(alice):
    """The one device of alice that has keys: ID and object."""
    found = alice.client.post("/keys/query", {"device_keys": {alice.user_id: []}})["device_keys"].get(alice.user_id, {})
    assert len(found) <= 1
    return next(iter(found.items()), None)


def wait_device(alice):
    wait_until(lambda: own_device(alice) is not None, 20, "the device's keys")
    return own_device(alice)


def claim(who, user_id, device_id):
    answer = who.client.post("/keys/claim", {"one_time_keys": {user_id: {device_id: ALGORITHM}}})
    (name, key), = answer["one_time_keys"][user_id][device_id].items()
    assert name.startswith(f"{ALGORITHM}:")
    return name, key


def test_keys_are_uploaded_and_replenished(alice, bob, shared_room, seat, proxy):
    one = seat(alice, proxy.base_url)
    one.open()
    device_id, keys = wait_device(alice)
    assert set(keys["keys"]) == {f"curve25519:{device_id}", f"ed25519:{device_id}"}
    first = json.loads(proxy.requests("POST", "/keys/upload")[0].body)
    assert len(first["one_time_keys"]) == 50
    assert len(first["fallback_keys"]) == 1
    claimed = dict(claim(bob, alice.user_id, device_id) for _ in range(3))
    assert len(claimed) == 3 and not any(key.get("fallback") for key in claimed.values())
    for name in ("One", "Two"):  # a /sync is answered when there is something to tell
        one.driver.wait_node(create_shared_room(bob.client, alice.client, name=name))
    wait_until(lambda: proxy.count("POST", "/keys/upload") > 1, 40, "more one-time keys")
    more = json.loads(proxy.requests("POST", "/keys/upload")[1].body)
    assert "device_keys" not in more and 1 <= len(more["one_time_keys"]) <= 3
    one.quit()


def test_the_fallback_key_is_replaced_when_it_was_used(alice, bob, shared_room, seat, proxy):
    one = seat(alice, proxy.base_url)
    one.open()
    device_id, _ = wait_device(alice)
    proxy.rules.add(Fault.BAD_GATEWAY, "/keys/upload", count=5)  # nobody fills up in between
    names = [claim(bob, alice.user_id, device_id) for _ in range(51)]
    assert names[-1][1]["fallback"] is True

    def has_new():
        bodies = [json.loads(request.body) for request in proxy.requests("POST", "/keys/upload")[1:]]
        return any("fallback_keys" in body for body in bodies)

    wait_until(has_new, 60, "a new fallback key")
    one.quit()


def test_killed_before_the_answer(alice, bob, shared_room, seat, proxy):
    proxy.rules.add(Fault.DELAY_ANSWER, "/keys/upload", seconds=30)
    one = seat(alice, proxy.base_url)
    one.open()
    device_id, before = wait_device(alice)
    one.kill()
    proxy.rules.clear()
    one.open()
    wait_until(lambda: proxy.count("POST", "/keys/upload") > 1, 20, "the upload again")
    first, second = (request.body for request in proxy.requests("POST", "/keys/upload")[:2])
    assert first == second
    now_id, now = own_device(alice)
    assert (now_id, now["keys"]) == (device_id, before["keys"])  # signatures have come to it
    # It was taken: Bob's next change makes the device ask, and nothing is uploaded any more.
    room = create_shared_room(bob.client, alice.client, name="Later")
    one.driver.wait_node(room)
    assert proxy.count("POST", "/keys/upload") == 2
    one.quit()
