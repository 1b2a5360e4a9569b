# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Alice in Pidgin and Bob in Finch, each with a homeserver of their own, in a room of Carol's, whose server is a third.
It goes down, and they talk on; it comes back. Bridges are named, and requests are typed by hand."""

import pytest
from finch import Finch
from homeserver import Federation
from matrix import MatrixError, create_shared_room
from pidgin import Pidgin
from seat import Person
from waiting import wait_until

PASSWORD = "wonder land %&1"
IRC = {
    "protocol": {"id": "irc", "displayname": "IRC"},
    "network": {"id": "libera", "displayname": "Libera.Chat"},
    "channel": {"id": "#story"},
}


@pytest.fixture(scope="module")
def federation(tmp_path_factory):
    servers = Federation(tmp_path_factory.mktemp("federation"))
    yield servers
    servers.stop()


@pytest.fixture(scope="module")
def circle(federation):
    """Alice, Bob and Carol, and the room that Carol's server has named."""
    people = []
    for name, server in zip(("alice", "bob", "carol"), federation.take(3)):
        client = server.register(name, PASSWORD)
        client.set_display_name(name.capitalize())
        people.append(Person(name, PASSWORD, client))
    alice, bob, carol = (one.client for one in people)
    room = create_shared_room(carol, alice, bob, name="Story", preset="private_chat")
    carol.set_state(room, "m.room.power_levels", carol.state(room, "m.room.power_levels") | {"state_default": 0})
    return *people, room


@pytest.fixture(scope="module")
def pidgin(circle, federation, desktop, plugin, tmp_path_factory):
    program = Pidgin(desktop, tmp_path_factory.mktemp("pidgin-story"), plugin).start()
    try:
        program.add_account(circle[0].user_id, PASSWORD, federation.take(3)[0].base_url)
        program.wait_connected()
        program.open_from_list("Story")
        yield program
    finally:
        program.stop()


@pytest.fixture(scope="module")
def finch(circle, federation, plugin, tmp_path_factory):
    program = Finch(tmp_path_factory.mktemp("finch-story"), plugin).start()
    try:
        program.add_account(circle[1].user_id, PASSWORD, federation.take(3)[1].base_url)
        program.keys("M-c")
        program.wait_screen("Story", 20)
        program.open_from_list("Story")
        yield program
    finally:
        program.stop()


def seed(person, room):
    """State that nobody but this test knows of, or None."""
    try:
        return person.client.state(room, "org.example.seed")
    except MatrixError:
        return None


def show(pidgin):
    return pidgin.desktop.wait_window("Story")


def test_article_three_homeservers(circle, federation, pidgin, finch, desktop):
    alice, bob, carol, room = circle
    window = show(pidgin)
    carol.client.say(room, "all three are here")
    finch.wait_text("all three are here")
    pidgin.wait_text(window, "all three are here")
    federation.take(3)[2].kill()
    pidgin.say(window, "her server is down")
    finch.wait_text("Alice: her server is down")
    finch.say("we talk on")
    pidgin.wait_text(window, "we talk on")
    desktop.shot("story-pidgin", window)
    finch.save_screen("story-finch")
    federation.take(3)
    carol.client.say(room, "I am back")  # the others' servers take note, and send what hers has missed
    finch.wait_text("Carol: I am back", 20)
    pidgin.wait_text(window, "I am back")
    # Of what a server has missed others send the newest alone; it asks for what that comes after.
    pidgin.say(window, "welcome back")
    carol.wait_body(room, "welcome back", 30)
    carol.wait_body(room, "we talk on", 30)
    lines = pidgin.wait_text(window, "welcome back")
    words = ["all three are here", "her server is down", "we talk on", "I am back", "welcome back"]
    assert [line.text for line in lines if line.text in words] == words
    for one in (alice, bob, carol):
        assert sorted(one.client.bodies(room)) == sorted(words)


def test_article_bridges(circle, pidgin, finch):
    *_, carol, room = circle
    carol.client.set_state(room, "m.bridge", IRC, "irc://libera/story")
    window = show(pidgin)

    def says_so():
        pidgin.say(window, "/name")
        return any("Bridged to: IRC, Libera.Chat, #story" in line.shown for line in pidgin.read(window))

    wait_until(says_so, 15, "the bridge", 0.5)
    finch.say("/name")
    finch.wait_text("Bridged to: IRC, Libera.Chat, #story")


def test_article_plain_http_requests_in_pidgin(circle, pidgin, desktop):
    alice, *_, room = circle
    window = show(pidgin)
    pidgin.say(window, "/matrix GET /_matrix/client/v3/account/whoami")
    pidgin.wait_text(window, "Status 200")
    assert any(alice.user_id in line.shown for line in pidgin.read(window))
    pidgin.say(window, "/matrix GET /_matrix/federation/v1/version")
    pidgin.say(window, f'/matrix PUT /_matrix/client/v3/rooms/{room}/state/org.example.seed {{"kind": "<rose>"}}')
    question = desktop.wait_window("Matrix")
    desktop.shot("raw-question", question)
    desktop.focus(question)
    desktop.key("shift+Tab", "space")  # the last button
    desktop.wait_no_window("Matrix")
    wait_until(lambda: seed(alice, room) == {"kind": "<rose>"}, 10, "the state", 0.2)
    desktop.shot("raw-answer", window)
    assert any("begin with /_matrix/client/" in line.shown for line in pidgin.read(window))
    assert pidgin.complaints() == []


def test_article_plain_http_requests_in_finch(circle, finch):
    _, bob, _, room = circle
    finch.show("Story (")
    finch.say("/matrix GET /_matrix/client/v3/account/whoami")
    finch.wait_text(f'"user_id" : "{bob.user_id}"')
    finch.save_screen("finch-raw")
    finch.say("/matrix GET //example.org/_matrix/client/versions")
    finch.wait_text("The path has to begin with /_matrix/client/")
    finch.say(f'/matrix PUT /_matrix/client/v3/rooms/{room}/state/org.example.seed {{"kind": "tulip"}}')
    finch.wait_text("Send this to your homeserver?")
    finch.save_screen("finch-raw-question")
    finch.keys("Enter")
    wait_until(lambda: seed(bob, room) == {"kind": "tulip"}, 10, "the state", 0.2)
    finch.show("Story (")
    finch.wait_text("event_id")
    assert finch.complaints() == []
