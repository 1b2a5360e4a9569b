# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""V9: an old copy of the account's data is put back, as from a backup, or runs beside the one it was made of. No place
of a ratchet makes two messages, the talk goes on both ways, and it is said."""

import json
import shutil

import pytest
from seat import Seat
from test_encryption import check_heard, direct_with, wait_signed
from test_encryption_crash import talk
from test_encrypted_reading import UNREADABLE
from waiting import wait_until

OLD_COPY = "is an old copy"
SECOND_COPY = "Another program uses a copy"


@pytest.fixture
def direct(alice, js_bob, seat, proxy):
    """(seat, room): the account is connected by way of the proxy, and has talked with Bob in a direct room."""
    one = seat(alice, proxy.base_url)
    one.open()
    wait_signed(js_bob, alice)
    room = direct_with(js_bob, alice)
    one.driver.wait_node(js_bob.user_id)
    talk(one, js_bob, room, "first")
    return one, room


def copy_of(one):
    folder = f"{one.user_dir}.copy"
    shutil.copytree(one.user_dir, folder)
    return folder


def put_back(one, folder):
    shutil.rmtree(one.user_dir)
    shutil.copytree(folder, one.user_dir)


def told(one, words):
    return [event for event in one.driver.events if event["event"] in ("line", "notify") and words in str(event)]


def wait_told(one, words):
    return wait_until(lambda: told(one, words), 20, words)


def check_one_time_keys(proxy):
    """No ID of a one-time key or fallback key was used for two keys."""
    keys = {}
    for request in proxy.requests("POST", "/keys/upload"):
        body = json.loads(request.body)
        for name, key in {**body.get("one_time_keys", {}), **body.get("fallback_keys", {})}.items():
            assert keys.setdefault(name, key["key"]) == key["key"], f"two keys with the ID {name}"
    assert len(keys) >= 51


def check_all_heard(peer, room, person):
    heard = [one for one in peer.messages(room) if one["sender"] == person.user_id]
    assert all(one.is_safe for one in heard), [one for one in heard if not one.is_safe]
    assert peer.client.bodies(room) == [], "in the clear"
    peer.check_no_repeats()


@pytest.mark.parametrize("is_running", [False, True], ids=["made at rest", "made while it ran"])
def test_an_old_copy_is_put_back(direct, js_bob, proxy, is_running):
    one, room = direct
    if not is_running:
        one.quit()
    folder = copy_of(one)
    if not is_running:
        one.open()
    talk(one, js_bob, room, "later", 1)
    one.run(js_bob.user_id, "/discardsession")  # so that the Olm session moves too
    talk(one, js_bob, room, "later still", 4)
    js_bob.new_session(room)
    js_bob.send(room, "with a key of later")
    one.driver.wait_line("with a key of later", js_bob.user_id)
    one.quit()
    put_back(one, folder)
    one.open()
    wait_told(one, OLD_COPY)
    one.driver.wait_line(UNREADABLE, js_bob.user_id)  # the homeserver gives no key twice
    js_bob.new_session(room)
    one.say_to(js_bob.user_id, "back again")
    check_heard(js_bob, room, "back again")
    talk(one, js_bob, room, "afterwards", 5)
    assert not told(one, SECOND_COPY)
    one.quit()
    check_all_heard(js_bob, room, one.person)
    check_one_time_keys(proxy)
    assert len(one.person.device_ids()) == 1
    one.open()  # it is no old copy any more
    talk(one, js_bob, room, "at last", 1)
    assert not told(one, OLD_COPY) and not told(one, SECOND_COPY)
    js_bob.check_no_repeats()


def test_a_copy_runs_beside_the_first(direct, js_bob, proxy):
    """Both are told, by the other's mark; neither uses what the other uses."""
    one, room = direct
    one.quit()
    folder = copy_of(one)
    one.open()
    talk(one, js_bob, room, "alone", 2)
    other = Seat(one.person, proxy.base_url, folder)
    try:
        other.open()
        wait_told(other, OLD_COPY)
        for number in range(3):
            for seat, name in ((one, "first"), (other, "copy")):
                text = f"from the {name} {number}"
                seat.say_to(js_bob.user_id, text)
                check_heard(js_bob, room, text)
        wait_told(one, SECOND_COPY)
        assert len(told(one, SECOND_COPY)) == 1
    finally:
        other.dispose()
    other.check_no_secret_is_told()
    check_all_heard(js_bob, room, one.person)
    check_one_time_keys(proxy)
