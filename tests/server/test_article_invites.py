# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Invitations with stripped state, and one-to-one chats that are rooms."""

import pytest
from matrix import MatrixError
from test_joining import press, wait_invitation, wait_membership, wait_window
from waiting import wait_until


def test_invitation_from_stripped_state_alone(alice, bob, seat, room_version):
    """Who invites where to is known, although nobody may look into the room yet."""
    bob.client.set_display_name("Bob <b>")
    driver = seat(alice).open()
    room = bob.client.create_room(name="Tea & <i>", preset="private_chat", room_version=room_version)
    bob.client.invite(room, alice.user_id)
    asked = wait_invitation(driver)
    assert asked["primary"] == "Bob <b> invites you to the room “Tea & <i>”"
    assert bob.user_id in asked["secondary"]
    with pytest.raises(MatrixError):
        alice.client.state(room, "m.room.name")
    assert driver.node(room) is None
    press(driver, asked, "Accept")
    wait_window(driver, room)
    driver.wait_node(room, alias="Tea & <i>")


def test_invitation_into_a_room_without_a_name(alice, bob, seat):
    """The inviter stands for it."""
    bob.client.set_display_name("Bob")
    driver = seat(alice).open()
    room = bob.client.create_room(preset="private_chat")
    bob.client.invite(room, alice.user_id)
    asked = wait_invitation(driver)
    assert "Bob" in asked["primary"] and bob.user_id in asked["secondary"]
    press(driver, asked, "Reject")
    wait_membership(bob, room, alice.user_id, "leave")


def test_one_to_one_is_a_room(alice, bob, seat):
    """Two plugins: writing to an ID makes a room, its invitation is one to talk, and more may come into it."""
    one, other = seat(alice, encrypt_direct=False), seat(bob)
    one.open()
    other.open()
    one.say_to(bob.user_id, "hello")
    asked = wait_invitation(other.driver)
    assert asked["primary"].endswith("wants to talk to you")
    press(other.driver, asked, "Accept")
    wait_window(other.driver, alice.user_id)
    other.driver.wait_line("hello", alice.user_id)
    other.say_to(alice.user_id, "hello yourself")
    one.driver.wait_line("hello yourself", bob.user_id)
    (room,) = alice.client.joined_rooms()
    assert alice.client.members(room) == {alice.user_id: "join", bob.user_id: "join"}
    wait_until(
        lambda: room in bob.client.account_data("m.direct").get(alice.user_id, []), 15, "m.direct"
    )
    assert bob.client.bodies(room) == ["hello", "hello yourself"]


def test_one_to_one_becomes_a_room_of_three(alice, bob, person, seat):
    carol = person("carol")
    one = seat(alice)
    one.open()
    room = bob.client.create_room(is_direct=True, preset="trusted_private_chat", invite=[alice.user_id])
    press(one.driver, wait_invitation(one.driver), "Accept")
    wait_window(one.driver, bob.user_id)
    one.run(bob.user_id, f"/invite {carol.user_id}")
    wait_until(
        lambda: bob.client.members(room).get(carol.user_id) == "invite", 15, "Carol's invitation", 0.2
    )
    carol.client.join(room)
    one.driver.wait_node(room, type="chat")
