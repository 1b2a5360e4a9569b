# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rooms of another homeserver, that can be slow or down. Alice uses the plugin; Bob's server is the other one."""

import re
import urllib.parse

import pytest
from faultproxy import FaultProxy
from faults import Fault
from matrix import MatrixError
from test_joining import press, public_room, wait_invitation, wait_membership, wait_window
from waiting import wait_until


@pytest.fixture
def servers(federation):
    return federation(2)


@pytest.fixture
def alice(servers, person):
    return person("alice", servers[0])


@pytest.fixture
def bob(servers, person):
    return person("bob", servers[1])


@pytest.fixture
def one(servers, alice, seat):
    """Alice's seat, connected."""
    made = seat(alice, servers[0].base_url)
    made.open()
    return made


def wait_talk(one, bob, room):
    """Words go both ways."""
    one.say(room, "from far away")
    bob.wait_body(room, "from far away")
    bob.client.say(room, "good to have you")
    one.driver.wait_line("good to have you", room)


def join_remote(one, bob, room, target):
    """Joins, and takes part in the talk."""
    one.open_chat(target)
    wait_window(one.driver, room)
    wait_membership(bob, room, one.person.user_id, "join")
    wait_talk(one, bob, room)


def test_three_servers_talk_while_one_is_down(federation, person):
    """What the other tests rely on: a killed server comes back with its data, and the others go on without it."""
    servers = federation(3)
    people = [person(name, server) for name, server in zip(("alice", "bob", "carol"), servers)]
    clients = [one.client for one in people]
    room, alias = public_room(people[0], "story")
    for client in clients[1:]:
        client.post(f"/join/{urllib.parse.quote(alias)}")
    servers[0].kill()
    clients[1].say(room, "alice's server is down")
    people[2].wait_body(room, "alice's server is down")
    federation(3)
    clients[0].say(room, "and back")  # the others' servers take note, and send what she has missed
    people[0].wait_body(room, "alice's server is down", 30)
    people[1].wait_body(room, "and back", 30)


def test_join_by_alias_and_links(one, bob, room_version):
    rooms = [public_room(bob, f"far{n}", room_version=room_version) for n in range(4)]
    server = bob.user_id.split(":", 1)[1]
    quoted = [urllib.parse.quote(room, safe="") for room, _ in rooms]
    targets = [
        rooms[0][1],
        f"https://matrix.to/#/{quoted[1]}?via={server}",
        f"matrix:roomid/{quoted[2][3:]}?via=nowhere.invalid&via={server}",
        f"matrix:r/{rooms[3][1][1:]}?action=join",
    ]
    for (room, _), target in zip(rooms, targets):
        join_remote(one, bob, room, target)


def test_a_room_id_alone_names_no_server(one, bob):
    room, _ = public_room(bob, "alone", room_version="12")
    since = one.open_chat(room)
    said = one.driver.wait_event("notify", 20, since, level="error")
    assert "A link that names servers" in said["secondary"]


def test_a_slow_join_says_so(servers, alice, bob, seat):
    """And one request is enough, however long it takes."""
    proxy = FaultProxy(servers[0].port).start()
    proxy.rules.add(Fault.DELAY_REQUEST, "/join/", "POST", seconds=5)
    room, alias = public_room(bob, "slow")
    one = seat(alice, proxy.base_url)
    driver = one.open()
    since = one.open_chat(alias)
    said = driver.wait_event("notify", 10, since, level="info")
    assert said["secondary"].startswith(f"Still joining {alias}")
    assert not driver.find("window", since, name=room)
    wait_window(driver, room, since)
    wait_talk(one, bob, room)
    assert proxy.count("POST", "/join/") == 1
    proxy.stop()


def test_a_join_while_their_server_hangs(servers, one, bob):
    """Nothing but a word of patience, and the room opens when that server goes on."""
    room, alias = public_room(bob, "hung")
    servers[1].freeze()
    try:
        since = one.open_chat(alias)
        said = one.driver.wait_event("notify", 10, since, level="info")
        assert "Still joining" in said["secondary"]
    finally:
        servers[1].thaw()
    wait_window(one.driver, room, since)
    wait_talk(one, bob, room)


def test_a_join_while_their_server_is_down(servers, one, bob):
    _, alias = public_room(bob, "down")
    servers[1].kill()
    since = one.open_chat(alias)
    said = one.driver.wait_event("notify", 40, since, level="error")
    assert said["secondary"].startswith(f"{alias} could not be joined. Another server")


def test_an_invitation_from_another_server(one, bob, room_version):
    room = bob.client.create_room(name="Far garden", preset="private_chat", room_version=room_version)
    bob.client.invite(room, one.person.user_id)
    asked = wait_invitation(one.driver)
    assert asked["primary"] == f"{bob.user_id[1:].split(':')[0]} invites you to the room “Far garden”"
    assert bob.user_id in asked["secondary"]
    press(one.driver, asked, "Accept")
    wait_window(one.driver, room)
    one.driver.wait_node(room, alias="Far garden")
    wait_talk(one, bob, room)


def test_an_invitation_from_another_server_to_talk(one, bob):
    room = bob.client.create_room(is_direct=True, preset="trusted_private_chat", invite=[one.person.user_id])
    press(one.driver, wait_invitation(one.driver), "Accept")
    wait_window(one.driver, bob.user_id)
    one.say_to(bob.user_id, "hello over there")
    bob.wait_body(room, "hello over there")


def test_an_invitation_from_another_server_is_rejected_or_withdrawn(one, bob):
    first = bob.client.create_room(name="First", invite=[one.person.user_id])
    press(one.driver, wait_invitation(one.driver), "Reject")
    wait_membership(bob, first, one.person.user_id, "leave")
    since = one.driver.position()
    second = bob.client.create_room(name="Second", invite=[one.person.user_id])
    asked = wait_invitation(one.driver, since)
    bob.client.kick(second, one.person.user_id)
    one.driver.wait_event("request-closed", 15, since, request=asked["request"])


def test_an_invitation_of_a_server_that_is_down(servers, federation, one, bob):
    """Accepting fails with a sentence and can be tried again; rejecting needs nobody."""
    first = bob.client.create_room(name="First", invite=[one.person.user_id])
    asked = wait_invitation(one.driver)
    servers[1].kill()
    since = one.driver.position()
    press(one.driver, asked, "Accept")
    said = one.driver.wait_event("notify", 40, since, level="error")
    assert re.match("First could not be joined. .*server", said["secondary"]), said
    federation(2)
    one.driver.command("action", username=one.username, label="Invitations")
    shown = one.driver.wait_event("notify", 15, since, title="Invitations")
    assert [row[1] for row in shown["rows"]] == ["First"]
    one.open_chat(first)
    wait_window(one.driver, first)
    wait_talk(one, bob, first)


def test_rejecting_an_invitation_of_a_server_that_is_down(servers, one, bob):
    bob.client.create_room(name="First", invite=[one.person.user_id])
    asked = wait_invitation(one.driver)
    servers[1].kill()
    since = one.driver.position()
    press(one.driver, asked, "Reject")

    def is_rejected():
        return not one.person.client.sync()["rooms"].get("invite")

    one.person.client.since = None
    wait_until(is_rejected, 30, "the invitation to be rejected", 0.5)
    assert not one.driver.find("notify", since, level="error")


def test_leaving_a_room_whose_server_is_down(servers, federation, one, bob):
    room, alias = public_room(bob, "left")
    join_remote(one, bob, room, alias)
    servers[1].kill()
    one.run(room, "/leave")
    one.driver.wait_line("You have left this room.", room, 30)
    one.driver.wait_no_node(room)
    federation(2)
    bob.client.say(room, "here again")  # alice's server takes note, and sends what his has missed
    wait_membership(bob, room, one.person.user_id, "leave")


def test_inviting_somebody_of_a_server_that_is_down(servers, one, bob):
    room = one.person.client.create_room(name="Mine", preset="private_chat")
    one.open_chat(room)
    wait_window(one.driver, room)
    servers[1].kill()
    since = one.run(room, f"/invite {bob.user_id}")
    said = one.driver.wait_line(re.compile("could not be invited"), room, 40, since)
    assert "server" in said.text
    with pytest.raises(MatrixError):
        one.person.client.state(room, "m.room.member", bob.user_id)
