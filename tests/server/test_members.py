# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Members of a room: who comes and goes and what is done to them, their names and roles, as lines and in the list."""

import re

import pytest
from matrix import create_shared_room, quote
from waiting import wait_until


def act(person, room, deed, **content):
    person.client.post(f"/rooms/{quote(room)}/{deed}", content)


def line_texts(driver, room, since=0):
    return [line.text for line in driver.lines(room, since)]


def wait_lines(driver, room, texts, since=0):
    """Exactly these lines, in this order."""
    wait_until(lambda: len(line_texts(driver, room, since)) >= len(texts), 20, "the lines")
    assert line_texts(driver, room, since) == texts


def test_each_deed_is_one_line(alice, bob, person, seat):
    carol = person("carol")
    carol.client.set_display_name("Carol <i>")
    bob.client.set_display_name("Bob")
    one = seat(alice)
    room = create_shared_room(bob.client, alice.client, preset="private_chat", name="Deeds")
    bob.client.set_state(room, "m.room.join_rules", {"join_rule": "knock"})
    driver = one.open()
    since = one.open_chat(room)
    driver.wait_event("window", 15, since, name=room)
    act(bob, room, "invite", user_id=carol.user_id, reason="we need you")
    act(carol, room, "leave", reason="no time")
    act(bob, room, "invite", user_id=carol.user_id)
    act(bob, room, "kick", user_id=carol.user_id)
    act(bob, room, "invite", user_id=carol.user_id)
    act(carol, room, "join")
    act(bob, room, "kick", user_id=carol.user_id, reason="too loud")
    carol.client.post(f"/knock/{quote(room)}", {"reason": "sorry"})
    act(bob, room, "kick", user_id=carol.user_id)
    carol.client.post(f"/knock/{quote(room)}", {})
    act(bob, room, "invite", user_id=carol.user_id)
    act(carol, room, "join")
    act(carol, room, "leave")
    act(bob, room, "ban", user_id=carol.user_id, reason="enough")
    act(bob, room, "unban", user_id=carol.user_id)
    bob.client.say(room, "that was it")
    name = "Carol <i>"
    wait_lines(
        driver,
        room,
        [
            f"Bob has invited {name}. Reason: we need you",
            f"{name} has rejected the invitation. Reason: no time",
            f"Bob has invited {name}.",
            f"Bob has withdrawn the invitation of {name}.",
            f"Bob has invited {name}.",
            f"{name} has accepted the invitation.",
            f"Bob has removed {name}. Reason: too loud",
            f"{name} asks to join. Reason: sorry (/admit or /deny answers.)",
            f"Bob does not let {name} join.",
            f"{name} asks to join. (/admit or /deny answers.)",
            f"Bob has agreed to let {name} join.",
            f"{name} has accepted the invitation.",
            f"{name} has left.",
            f"Bob has banned {name}. Reason: enough",
            f"Bob has unbanned {name}.",
            "that was it",
        ],
        since,
    )
    one.reopen()
    since = one.open_chat(room)
    driver = one.driver
    driver.wait_event("window", 15, since, name=room)
    bob.client.say(room, "and not again")
    wait_lines(driver, room, ["and not again"], since)


def test_names_are_unique_live(alice, bob, person, seat, shared_room):
    carol = person("carol")
    one = seat(alice)
    bob.client.set_display_name("Sam")
    driver = one.open()
    since = one.open_chat(shared_room)
    driver.wait_event("window", 15, since, name=shared_room)
    bob.client.say(shared_room, "one")
    assert driver.wait_event("line", 15, since, text="one")["alias"] == "Sam"
    carol.client.set_display_name("Sam")
    act(bob, shared_room, "invite", user_id=carol.user_id)
    act(carol, shared_room, "join")
    bob.client.say(shared_room, "two")
    line = driver.wait_event("line", 15, since, text="two")
    assert line["alias"] == f"Sam ({bob.user_id})"
    carol.client.set_display_name("Max")
    driver.wait_line(re.compile("is now known as Max"), shared_room, since=since)
    bob.client.say(shared_room, "three")
    assert driver.wait_event("line", 15, since, text="three")["alias"] == "Sam"
    said = line_texts(driver, shared_room, since)
    assert said.count(f"Sam ({carol.user_id}) is now known as Max.") + said.count("Sam is now known as Max.") == 1


def test_roles_are_told(alice, bob, seat, room_version):
    bob.client.set_display_name("Bob")
    alice.client.set_display_name("Alice")
    one = seat(alice)
    room = create_shared_room(
        bob.client, alice.client, preset="private_chat", name="Roles", room_version=room_version
    )
    driver = one.open()
    since = one.open_chat(room)
    driver.wait_event("window", 15, since, name=room)
    levels = bob.client.state(room, "m.room.power_levels")
    levels["users"][alice.user_id] = 50
    bob.client.set_state(room, "m.room.power_levels", levels)
    wait_lines(driver, room, ["Bob has changed power levels: Alice is now a moderator."], since)


def test_the_room_itself(alice, bob, seat):
    bob.client.set_display_name("Bob")
    one = seat(alice)
    room = create_shared_room(bob.client, alice.client, preset="private_chat", name="Before")
    driver = one.open()
    since = one.open_chat(room)
    driver.wait_event("window", 15, since, name=room)
    bob.client.set_state(room, "m.room.name", {"name": "After"})
    bob.client.set_state(room, "m.room.topic", {"topic": "All & <b>nothing</b>"})
    bob.client.set_state(room, "m.room.join_rules", {"join_rule": "public"})
    event = bob.client.say(room, "pin me")
    bob.client.set_state(room, "m.room.pinned_events", {"pinned": [event]})
    wait_lines(
        driver,
        room,
        [
            "Bob has named this room “After”.",
            "Bob has changed the topic to: All & <b>nothing</b>",
            "Bob has opened this room: anybody may join.",
            "pin me",
            "Bob has pinned a message (Bob: pin me)",
        ],
        since,
    )


@pytest.mark.parametrize("when", ["always", "rules"])
def test_what_happens_opens_no_window(alice, bob, person, seat, when):
    bob.client.set_display_name("Bob")
    carol = person("carol")
    carol.client.set_display_name("Carol")
    one = seat(alice, open_windows=when)
    room = create_shared_room(bob.client, alice.client, preset="private_chat", name="Quiet")
    driver = one.open()
    since = driver.position()
    act(bob, room, "invite", user_id=carol.user_id)
    bob.client.set_state(room, "m.room.topic", {"topic": "hush"})
    sign = create_shared_room(bob.client, carol.client, preset="private_chat", name="Sign")
    bob.client.invite(sign, alice.user_id)
    driver.wait_event("request", 15, since, title="Invitation")
    assert not driver.find("window", since, name=room)
    since = one.open_chat(room)
    driver.wait_event("window", 15, since, name=room)
    wait_lines(driver, room, ["Bob has invited Carol.", "Bob has changed the topic to: hush"], since)
