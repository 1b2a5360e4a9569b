# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Encrypted text with other clients' engines: read by who should, once, and by nobody else."""

import re

import pytest
from matrix import create_direct
from waiting import wait_until

MEGOLM = {"algorithm": "m.megolm.v1.aes-sha2"}
EVERY_DEVICE = {"encrypt_to": "all"}  # account option: keys for devices that nobody has signed too (U3)
ENCRYPTION = {"type": "m.room.encryption", "state_key": "", "content": MEGOLM}


@pytest.fixture
def one(seat, alice, js_bob):
    """Alice's account, connected, its device known and signed."""
    one = seat(alice)
    one.open()
    wait_signed(js_bob, alice)
    return one


def wait_signed(peer, person):
    """Until all devices of a person, but the test's own, have keys that their owner has signed."""

    def are_signed():
        known = peer.devices(person)
        wanted = person.device_ids()
        return wanted and all(known.get(one, {}).get("signed_by_owner") for one in wanted)

    wait_until(are_signed, 30, f"the signed devices of {person.user_id}", 0.2)


def direct_with(peer, person):
    """The peer's direct room with a person, who has joined it by another device."""
    room = peer.create_room(person, direct=True)
    person.client.join(room)
    person.client.mark_direct(peer.user_id, room)
    peer.wait_member(room, person)
    return room


def room_with(peer, one, *others, **options):
    """A room of the peer with the account `one`, which looks at it, and with other peers."""
    person = one.person
    room = peer.create_room(person, *others, **{"name": "Secret garden", **options})
    for other in others:
        other.join(room)
        peer.wait_member(room, other)
    person.client.join(room)
    peer.wait_member(room, person)
    look_at(one, room)
    return room


def look_at(one, room):
    one.driver.wait_node(room)
    one.open_chat(room)
    one.driver.wait_event("window", name=room)


def check_heard(peer, room, text):
    """The peer reads it, has nothing to warn of, and the server has not seen it; gives the message."""
    heard = peer.wait_safe(room, text)
    assert text not in peer.client.bodies(room)
    return heard


# Text


def test_text_both_ways_in_a_direct_room(one, js_bob):
    bob = js_bob.user_id
    room = direct_with(js_bob, one.person)
    one.driver.wait_node(bob)
    js_bob.send(room, "hello Alice")
    one.driver.wait_line("hello Alice", bob)
    one.say_to(bob, "hello Bob")
    check_heard(js_bob, room, "hello Bob")
    for number in range(3):
        js_bob.send(room, f"from Bob {number}")
        one.driver.wait_line(f"from Bob {number}", bob)
        one.say_to(bob, f"from Alice {number}")
        assert check_heard(js_bob, room, f"from Alice {number}").index == number + 1
    heard = ["hello Alice", *(f"from Bob {number}" for number in range(3))]
    assert one.driver.texts(bob, own=False) == heard
    js_bob.check_no_repeats()


def test_text_both_ways_in_a_room(one, js_bob, js, person, room_version):
    js_carol = js(person("carol"))
    js_carol.bootstrap_cross_signing()
    room = room_with(js_bob, one, js_carol, version=room_version)
    js_bob.send(room, "from Bob")
    one.driver.wait_line("from Bob", room)
    js_carol.send(room, "from Carol")
    one.driver.wait_line("from Carol", room)
    one.say(room, "from Alice")
    for peer in (js_bob, js_carol):
        check_heard(peer, room, "from Alice")
        peer.check_no_repeats()


def test_two_accounts_with_each_other(one, js_bob, seat, person):
    dave = person("dave")
    other = seat(dave)
    other.open()
    wait_signed(js_bob, dave)
    alice = one.person
    room = create_direct(dave.client, alice.client, initial_state=[ENCRYPTION])
    one.driver.wait_node(dave.user_id)
    other.driver.wait_node(alice.user_id)
    for number in range(3):
        one.say_to(dave.user_id, f"from Alice {number}")
        other.driver.wait_line(f"from Alice {number}", alice.user_id)
        other.say_to(alice.user_id, f"from Dave {number}")
        one.driver.wait_line(f"from Dave {number}", dave.user_id)
    assert alice.client.bodies(room) == []


def test_libolm_of_others_can_read_and_is_read(seat, alice, js_bob, nio, person):
    one = seat(alice, **EVERY_DEVICE)
    one.open()
    wait_signed(js_bob, alice)
    nio_carol = nio(person("carol"))
    room = room_with(js_bob, one, nio_carol)
    nio_carol.send(room, "from libolm")
    one.driver.wait_line(re.compile("^from libolm .*not signed"), room)
    one.say(room, "to libolm")
    assert nio_carol.wait_message(room, "to libolm")["decrypted"]


# Who can read


def test_invited_then_joined(one, js_bob):
    """What is said between the invitation and the joining is for the invited too."""
    alice = one.person
    room = js_bob.create_room(alice, name="Invited", visibility="invited")
    js_bob.send(room, "while you were invited")
    alice.client.join(room)
    js_bob.wait_member(room, alice)
    look_at(one, room)
    one.driver.wait_line("while you were invited", room)
    one.say(room, "I can read it")
    check_heard(js_bob, room, "I can read it")


def test_late_join(one, js_bob):
    """What was said before is not to be read, and what follows is."""
    alice = one.person
    room = js_bob.create_room(name="Late", visibility="joined")
    js_bob.send(room, "before you came")
    js_bob.invite(room, alice)
    alice.client.join(room)
    js_bob.wait_member(room, alice)
    look_at(one, room)
    js_bob.send(room, "after you came")
    one.driver.wait_line("after you came", room)
    one.say(room, "here I am")
    check_heard(js_bob, room, "here I am")
    assert "before you came" not in one.driver.texts(room)


def test_a_device_is_added(one, js_bob, js):
    """It reads what comes from then on, without a new session (H4, H6)."""
    room = room_with(js_bob, one)
    one.say(room, "first")
    first = check_heard(js_bob, room, "first")
    second_device = js(js_bob.person)
    js_bob.sign_device(second_device.device_id)
    js_bob.send(room, "a new device")
    one.driver.wait_line("a new device", room)
    one.say(room, "second")
    heard = check_heard(second_device, room, "second")
    assert heard["session_id"] == first["session_id"] and heard.index == 1
    assert second_device.wait_event_id(first["event_id"])["failure"]


def test_a_device_is_removed(one, js_bob, js):
    """Another session, for those who are left (H6)."""
    second_device = js(js_bob.person)
    js_bob.sign_device(second_device.device_id)
    room = room_with(js_bob, one)
    one.say(room, "to both")
    first = check_heard(js_bob, room, "to both")
    second_device.wait_message(room, "to both")
    js_bob.delete_device(second_device.device_id)
    js_bob.send(room, "it is gone")
    one.driver.wait_line("it is gone", room)
    one.say(room, "to one")
    assert check_heard(js_bob, room, "to one")["session_id"] != first["session_id"]


@pytest.mark.parametrize("is_kicked", [False, True], ids=["leaves", "kicked"])
def test_a_member_goes(one, js_bob, js, person, is_kicked):
    """Another session, of which who has gone has no key (H6)."""
    js_carol = js(person("carol"))
    js_carol.bootstrap_cross_signing()
    room = room_with(js_bob, one, js_carol)
    one.say(room, "to all")
    first = check_heard(js_bob, room, "to all")
    check_heard(js_carol, room, "to all")
    if is_kicked:
        js_bob.kick(room, js_carol)
    else:
        js_carol.leave(room)
    js_bob.wait_member(room, js_carol, "leave")
    js_bob.send(room, "gone")
    one.driver.wait_line("gone", room)
    one.say(room, "to who is left")
    second = check_heard(js_bob, room, "to who is left")
    assert second["session_id"] != first["session_id"]
    assert second["session_id"] not in js_carol.room_keys(room)


def test_the_visibility_of_the_history_changes(one, js_bob):
    """Another session when those who come later may no longer read (H6)."""
    room = room_with(js_bob, one, visibility="shared")
    one.say(room, "for all who come")
    first = check_heard(js_bob, room, "for all who come")
    js_bob.set_history_visibility(room, "joined")
    js_bob.send(room, "changed")
    one.driver.wait_line("changed", room)
    one.say(room, "for who is here")
    assert check_heard(js_bob, room, "for who is here")["session_id"] != first["session_id"]


# Coming back


def test_a_restart_goes_on_with_the_session(one, js_bob):
    bob = js_bob.user_id
    room = direct_with(js_bob, one.person)
    one.driver.wait_node(bob)
    js_bob.send(room, "before")
    one.driver.wait_line("before", bob)
    one.say_to(bob, "before too")
    first = check_heard(js_bob, room, "before too")
    one.reopen()
    one.driver.wait_node(bob)
    js_bob.send(room, "afterwards")
    one.driver.wait_line("afterwards", bob)
    one.say_to(bob, "afterwards too")
    second = check_heard(js_bob, room, "afterwards too")
    assert second["session_id"] == first["session_id"] and second.index > first.index
    js_bob.check_no_repeats()


def test_what_was_said_while_offline(one, js_bob):
    """Keys of several sessions wait at the server, and all is read in order, once."""
    bob = js_bob.user_id
    room = direct_with(js_bob, one.person)
    one.driver.wait_node(bob)
    one.quit()
    texts = [f"message {number}" for number in range(6)]
    for number, text in enumerate(texts):
        js_bob.send(room, text)
        if number % 2:
            js_bob.new_session(room)
    one.open()
    one.driver.wait_line(texts[-1], bob)
    assert one.driver.texts(bob) == texts
    one.say_to(bob, "read all")
    check_heard(js_bob, room, "read all")


def test_the_other_side_was_away(one, js_bob):
    bob = js_bob.user_id
    room = direct_with(js_bob, one.person)
    one.driver.wait_node(bob)
    js_bob.stop()
    for number in range(3):
        one.say_to(bob, f"message {number}")
        one.driver.wait_line(f"message {number}", bob)
    js_bob.start()
    for number in range(3):
        check_heard(js_bob, room, f"message {number}")
    js_bob.check_no_repeats()


# MSC4153


def test_a_strict_peer_takes_the_account(one, js_bob):
    js_bob.isolate(strict=True)
    room = room_with(js_bob, one)
    js_bob.send(room, "for signed devices")
    one.driver.wait_line("for signed devices", room)
    one.say(room, "from a signed device")
    check_heard(js_bob, room, "from a signed device")


def test_the_account_is_strict_by_default(one, js_bob, nio, person):
    """U1: no keys for a device that nobody has signed, and nothing shown of what it says."""
    nio_carol = nio(person("carol"))
    room = room_with(js_bob, one, nio_carol)
    nio_carol.send(room, "from an unsigned device")
    js_bob.wait_message(room, "from an unsigned device")
    sent_before = len(nio_carol.messages(room))
    one.say(room, "not for unsigned devices")
    heard = check_heard(js_bob, room, "not for unsigned devices")
    assert nio_carol.wait_event_id(heard["event_id"])["failure"]
    assert len(nio_carol.messages(room)) > sent_before
    assert "from an unsigned device" not in one.driver.texts(room)
