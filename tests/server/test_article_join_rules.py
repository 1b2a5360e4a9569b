# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Public and invite-only rooms, those where one asks to be let in, and those for members of a space."""

import re

from matrix import create_shared_room, create_space
from test_article_directory import quote, refused, say
from test_federation import alice, bob, one, servers  # noqa: F401
from test_joining import press, public_room, wait_invitation, wait_membership, wait_window
from test_topics import state_of, wait_state
from waiting import wait_until


def open_room(seat, room):
    seat.driver.wait_node(room)
    seat.open_chat(room)
    wait_window(seat.driver, room)


def closed_room(owner, name, **rule):
    """A room with an address and such a rule."""
    room, address = public_room(owner, name)
    owner.client.set_state(room, "m.room.join_rules", rule)
    return room, address


def wait_waiting(seat, home, room):
    wait_until(lambda: room in say(seat, home, "/knocks", ".").text, 15, "a room to wait for")


def knock(person, room, server, reason=""):
    body = {"reason": reason} if reason else {}
    person.client.post(f"/knock/{quote(room)}?server_name={quote(server)}", body)


def test_article_join_rules_shown_and_set(one, alice, room_version):  # noqa: F811
    room = create_shared_room(alice.client, name="Garden", room_version=room_version)
    space = create_space(alice.client, name="Club")
    open_room(one, room)
    one.driver.wait_event("connected")
    say(one, room, "/joinrule", "Only invited people may join this room.")
    for rule in ("public", "knock", "invite"):
        one.run(room, f"/joinrule {rule}")
        wait_state(alice, room, "m.room.join_rules", "join_rule", rule)
    since = one.run(room, f"/joinrule restricted {space}")
    wait_state(alice, room, "m.room.join_rules", "join_rule", "restricted")
    allow = [{"type": "m.room_membership", "room_id": space}]
    assert state_of(alice, room, "m.room.join_rules", "allow") == allow
    one.driver.wait_line(re.compile("members of certain rooms may join"), room, since=since)
    say(one, room, "/joinrule", re.escape(f"Their rooms: Club ({space})"))
    one.run(room, "/joinrule knock_restricted")
    wait_state(alice, room, "m.room.join_rules", "join_rule", "knock_restricted")
    assert state_of(alice, room, "m.room.join_rules", "allow") == allow
    refused(one, room, "/joinrule everybody", "Type /joinrule")


def test_article_join_rules_of_old_rooms(one, alice):  # noqa: F811
    room = create_shared_room(alice.client, name="Old", room_version="6")
    open_room(one, room)
    say(one, room, "/joinrule knock", "possible from room version 7 on")
    assert state_of(alice, room, "m.room.join_rules", "join_rule") == "invite"


def test_article_knock_and_be_let_in(one, alice, bob):  # noqa: F811
    """A room of another homeserver: refused, asked to be let in, let in."""
    room, address = closed_room(bob, "knocked", join_rule="knock")
    home = create_shared_room(alice.client, name="Home")
    open_room(one, home)
    say(one, home, f"/join {address}", re.escape(f"You can ask to be let in: /knock {address}"), 30)
    say(one, home, f"/knock {address} <please>", "You have asked to be let into", 30)
    wait_membership(bob, room, alice.user_id, "knock")
    wait_waiting(one, home, room)
    since = one.driver.position()
    bob.client.invite(room, alice.user_id)
    press(one.driver, wait_invitation(one.driver, since), "Accept")
    wait_window(one.driver, room)
    wait_membership(bob, room, alice.user_id, "join")


def test_article_knock_taken_back_and_refused(one, alice, person, servers):  # noqa: F811
    """On one homeserver: Synapse tells another one neither that a knock was taken back, nor that it was refused."""
    dave = person("dave", servers[0])
    room, address = closed_room(dave, "refused", join_rule="knock")
    home = create_shared_room(alice.client, name="Home")
    open_room(one, home)
    say(one, home, f"/knock {address}", "You have asked to be let into", 30)
    wait_membership(dave, room, alice.user_id, "knock")
    wait_waiting(one, home, room)
    say(one, home, "/unknock", "You no longer ask to be let into")
    wait_membership(dave, room, alice.user_id, "leave")
    wait_until(lambda: room not in say(one, home, "/knocks", ".").text, 15, "no room to wait for")
    say(one, home, f"/knock {address}", "You have asked to be let into", 30)
    wait_waiting(one, home, room)
    since = one.driver.position()
    dave.client.kick(room, alice.user_id)
    said = one.driver.wait_event("notify", 20, since)
    assert "You no longer wait to be let into" in said["secondary"]
    say(one, home, f"/knock #nosuchroom:{servers[0].server_name}", "could not ask", 30)
    refused(one, home, "/knock nonsense", "That leads to no room.")


def test_article_knocks_are_answered(one, alice, bob, person, servers):  # noqa: F811
    room, _ = closed_room(alice, "asked", join_rule="knock")
    carol = person("carol", servers[1])
    server = alice.user_id.split(":", 1)[1]
    open_room(one, room)
    say(one, room, "/knocks", "Nobody asks")
    bob.client.set_display_name("Bob <b>")
    knock(bob, room, server, "let me <in>")
    line = one.driver.wait_line(re.compile("asks to join"), room, 20).text
    assert "Reason: let me <in>" in line and "/admit or /deny answers" in line
    knock(carol, room, server)
    wait_until(lambda: "2. " in say(one, room, "/knocks", ".").text, 15, "two who ask")
    assert f"Bob <b> ({bob.user_id}): let me <in>" in say(one, room, "/knocks", "They ask").text
    say(one, room, "/deny", "none, or several")
    one.run(room, f"/deny {carol.user_id} not today")
    wait_membership(alice, room, carol.user_id, "leave")
    one.run(room, "/admit Bob <b>")
    wait_membership(alice, room, bob.user_id, "invite")
    bob.client.join(room)
    wait_membership(alice, room, bob.user_id, "join")


def test_article_restricted_join(one, alice, bob):  # noqa: F811
    """The room of another homeserver's space is refused with the space's name, then joined through it."""
    server = bob.user_id.split(":", 1)[1]
    space = create_space(bob.client, name="Club of Bob", preset="public_chat")
    allow = [{"type": "m.room_membership", "room_id": space}]
    room, address = closed_room(bob, "members", join_rule="restricted", allow=allow)
    home = create_shared_room(alice.client, name="Home")
    open_room(one, home)
    # Who is not in the space is told by the homeserver's words alone, unless one may ask to be let in.
    line = say(one, home, f"/join {address}", "could not be joined", 30).text
    assert "You do not belong to any of the required rooms/spaces" in line
    rule = {"join_rule": "knock_restricted", "allow": allow}
    bob.client.set_state(room, "m.room.join_rules", rule)
    line = say(one, home, f"/join {address}", "could not be joined", 30).text
    assert f"Members of Club of Bob ({space}) may join it" in line, line
    since = one.run(home, f"/join https://matrix.to/#/{space}?via={server}")
    one.driver.wait_line(re.compile("is a space: you are in it now"), home, 30, since)
    since = one.run(home, f"/join {address}")
    wait_window(one.driver, room, since)
    wait_membership(bob, room, alice.user_id, "join")
