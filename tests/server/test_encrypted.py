# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Encrypted rooms: never a plain word into them."""

import re

import pytest
from faults import Fault
from matrix import create_direct, create_shared_room
from waiting import wait_until

MEGOLM = {"algorithm": "m.megolm.v1.aes-sha2"}
CIPHERTEXT = {**MEGOLM, "ciphertext": "AwgAEnAC", "session_id": "s", "sender_key": "k"}
ENCRYPTION = {"type": "m.room.encryption", "state_key": "", "content": MEGOLM}


def check_refused(one, name, send, bob, room):
    since = one.driver.position()
    send("must not leave")

    def is_refusal(line):
        return not line.is_message and "encrypt" in line.text.lower()

    one.driver.wait_event("line", 15, since, is_refusal, name=name)
    bob.client.say(room, "a sign of life")
    assert "must not leave" not in bob.client.bodies(room)


def check_encrypted(one, send, bob, room):
    """What leaves is ciphertext, and says nothing."""
    before = len(ciphertexts(bob, room))
    send("must not leave")
    wait_until(lambda: len(ciphertexts(bob, room)) > before, 20, "a ciphertext", 0.2)
    events = bob.client.timeline(room)
    assert "must not leave" not in str(events)
    content = ciphertexts(bob, room)[-1]
    assert content["algorithm"] == MEGOLM["algorithm"]
    assert set(content) == {"algorithm", "ciphertext", "device_id", "sender_key", "session_id"}


def ciphertexts(bob, room):
    events = bob.client.timeline(room)
    return [one["content"] for one in events if one["type"] == "m.room.encrypted" and one["sender"] != bob.user_id]


@pytest.fixture
def encrypted(alice, bob):
    return create_direct(bob.client, alice.client, initial_state=[ENCRYPTION])


def test_sending_into_a_direct_room(alice, bob, encrypted, seat):
    one = seat(alice)
    one.open().wait_node(bob.user_id)
    check_encrypted(one, lambda text: one.say_to(bob.user_id, text), bob, encrypted)
    assert alice.client.joined_rooms() == [encrypted]


def test_sending_into_a_chat(alice, bob, seat, room_version):
    room = create_shared_room(
        bob.client,
        alice.client,
        name="Secret",
        initial_state=[ENCRYPTION],
        room_version=room_version,
    )
    one = seat(alice)
    one.open().wait_node(room)
    one.open_chat(room)
    one.driver.wait_event("window", name=room)
    check_encrypted(one, lambda text: one.say(room, text), bob, room)


def test_an_encrypted_message_is_named_so(alice, bob, encrypted, seat):
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    bob.client.send(encrypted, CIPHERTEXT, "m.room.encrypted")
    line = driver.wait_line(re.compile("cannot be read: it is damaged"), bob.user_id)
    assert "AwgAEnAC" not in line["text"]


def test_encryption_that_starts_while_connected(alice, bob, direct_room, seat):
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    one.say_to(bob.user_id, "still plain")
    bob.wait_body(direct_room, "still plain")
    bob.client.set_state(direct_room, "m.room.encryption", MEGOLM)
    bob.client.say(direct_room, "now it is on")
    driver.wait_line("now it is on [not encrypted]", bob.user_id)
    check_encrypted(one, lambda text: one.say_to(bob.user_id, text), bob, direct_room)


def test_once_encrypted_always(alice, bob, encrypted, seat):
    """A server, or a person with power, cannot take it back (E7)."""
    one = seat(alice)
    one.open().wait_node(bob.user_id)
    bob.client.set_state(encrypted, "m.room.encryption", {})
    bob.client.say(encrypted, "taken back")
    one.driver.wait_line("taken back [not encrypted]", bob.user_id)
    check_refused(one, bob.user_id, lambda text: one.say_to(bob.user_id, text), bob, encrypted)
    one.reopen()
    one.driver.wait_node(bob.user_id)
    check_refused(one, bob.user_id, lambda text: one.say_to(bob.user_id, text), bob, encrypted)


def test_encryption_that_starts_while_a_message_is_queued(alice, bob, direct_room, seat, proxy):
    one = seat(alice, proxy.base_url)
    one.open().wait_node(bob.user_id)
    proxy.rules.add(Fault.BAD_GATEWAY, "/send/", "PUT", count=None)
    one.say_to(bob.user_id, "must not leave")
    one.driver.wait_line("must not leave", bob.user_id)
    bob.client.set_state(direct_room, "m.room.encryption", MEGOLM)
    bob.client.say(direct_room, "it is on now")
    one.driver.wait_line("it is on now [not encrypted]", bob.user_id, 20)
    proxy.rules.clear()
    wait_until(lambda: ciphertexts(bob, direct_room), 30, "a ciphertext", 0.2)
    assert "must not leave" not in bob.client.bodies(direct_room)
