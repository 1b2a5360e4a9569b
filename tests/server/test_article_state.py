# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole state of a room, the state at a message, and the parent of a state event."""

import re
import time

import pytest
from matrix import MatrixError


def open_room(one, room):
    driver = one.open()
    driver.wait_node(room)
    one.open_chat(room)
    driver.wait_event("window", name=room)
    return driver


def ask(one, driver, room, command, pattern):
    since = one.run(room, command)
    return driver.wait_line(re.compile(pattern, re.DOTALL), room, since=since).text


def test_article_whole_state(alice, bob, seat, shared_room):
    bob.client.set_state(shared_room, "tld.project.foo", {"bar": "<b>"}, "a key")
    one = seat(alice)
    driver = open_room(one, shared_room)
    text = ask(one, driver, shared_room, "/state", "state events:")
    for event_type in ("m.room.create", "m.room.power_levels", "m.room.name", "tld.project.foo of a key"):
        assert f"\n{event_type}, set by {bob.user_id}" in text
    assert "and 2 m.room.member" in text
    text = ask(one, driver, shared_room, "/state list member alice", "state event")
    assert text == f"1 state event:\nm.room.member of {alice.user_id}, set by {alice.user_id}"


def test_article_parent_of_a_state_event(alice, bob, seat, shared_room, room_version):
    one = seat(alice)
    driver = open_room(one, shared_room)
    for value in (1, 2):
        bob.client.set_state(shared_room, "tld.project.foo", {"bar": value}, "k")
    text = ask(one, driver, shared_room, "/state tld.project.foo k", "tld.project.foo of k, set by ")
    assert bob.user_id in text and '"bar" : 2' in text
    assert re.search(r'Before:\n\{\n +"bar" : 1\n\}', text)
    assert "no such state" in ask(one, driver, shared_room, "/state tld.project.none", "state")


def test_article_state_at_a_message(alice, bob, seat, shared_room):
    one = seat(alice)
    driver = open_room(one, shared_room)
    bob.client.set_state(shared_room, "m.room.topic", {"topic": "of the morning"})
    bob.client.say(shared_room, "good morning")
    line = driver.wait_line("good morning", shared_room)
    bob.client.set_state(shared_room, "m.room.topic", {"topic": "of the evening"})
    clock = time.strftime("%H:%M:%S", time.localtime(line["time"]))
    text = ask(one, driver, shared_room, f"/state at {clock} m.room.topic", "m.room.topic, set by")
    assert '"of the morning"' in text and "evening" not in text
    assert "m.room.topic" in ask(one, driver, shared_room, f"/state at {clock}", "state events:")
    assert "evening" in ask(one, driver, shared_room, "/state m.room.topic", "m.room.topic, set by")


def test_article_own_state(alice, bob, seat):
    room = alice.client.create_room(invite=[bob.user_id], name="Mine")
    bob.client.join(room)
    one = seat(alice)
    driver = open_room(one, room)
    ask(one, driver, room, '/state tld.project.foo "a key" {"bar": {"n": 1}}', "tld.project.foo was set")
    assert bob.client.state(room, "tld.project.foo", "a key") == {"bar": {"n": 1}}
    # What can shut people out is asked for first.
    levels = bob.client.state(room, "m.room.power_levels")
    one.run(room, '/state m.room.power_levels {"users": {}}')
    request = driver.wait_event("request", where=lambda event: "power_levels" in event["primary"])
    driver.command("press", request=request["request"], button="Cancel")
    assert bob.client.state(room, "m.room.power_levels") == levels


def test_article_state_without_power(alice, bob, seat, shared_room):
    one = seat(alice)
    driver = open_room(one, shared_room)
    ask(one, driver, shared_room, '/state tld.project.foo {"bar": 1}', "tld.project.foo was not set.*power level")
    with pytest.raises(MatrixError, match="404"):
        bob.client.state(shared_room, "tld.project.foo")
