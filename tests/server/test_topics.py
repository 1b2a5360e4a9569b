# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Topic and name of a room in both directions, and where the power does not suffice."""

import re

import pytest
from matrix import MatrixError, create_direct, create_shared_room
from waiting import wait_until


def open_room(one, room):
    driver = one.open()
    driver.wait_node(room)
    one.open_chat(room)
    driver.wait_event("window", name=room)
    return driver


def wait_topic(driver, room, topic, since=0):
    return driver.wait_event("topic", 15, since, name=room, topic=topic)


def state_of(person, room, event_type, member):
    try:
        return person.client.state(room, event_type).get(member)
    except MatrixError as error:
        if error.status == 404:
            return None
        raise


def wait_state(person, room, event_type, member, value):
    wait_until(lambda: state_of(person, room, event_type, member) == value, 15, f"{member} {value!r}")


def test_topic_from_others(alice, bob, seat, room_version):
    room = create_shared_room(
        bob.client, alice.client, name="Garden", topic="Roses & <i>thorns</i>", room_version=room_version
    )
    one = seat(alice)
    driver = open_room(one, room)
    wait_topic(driver, room, "Roses & <i>thorns</i>")
    bob.client.set_state(room, "m.room.topic", {"topic": "Two\nlines"})
    wait_topic(driver, room, "Two lines")
    since = one.run(room, "/topic")
    driver.wait_line(re.compile(r"Topic, set by .*: Two\nlines"), room, since=since)
    since = driver.position()
    bob.client.set_state(room, "m.room.topic", {"topic": ""})
    wait_topic(driver, room, None, since)


def test_topic_and_name_from_here(alice, bob, seat, room_version):
    bob.client.set_display_name("Bob")
    room = create_shared_room(alice.client, bob.client, name="Mine", room_version=room_version)
    one = seat(alice)
    driver = open_room(one, room)
    one.run(room, "/topic Ten & two")
    wait_state(bob, room, "m.room.topic", "topic", "Ten & two")
    assert bob.client.state(room, "m.room.topic")["m.topic"] == {"m.text": [{"body": "Ten & two"}]}
    wait_topic(driver, room, "Ten & two")
    one.run(room, "/name Ours <3")
    wait_state(bob, room, "m.room.name", "name", "Ours <3")
    driver.wait_node(room, alias="Ours <3")
    driver.wait_event("title", name=room, title="Ours <3")
    since = driver.position()
    one.run(room, "/topic -")
    wait_topic(driver, room, None, since)
    one.run(room, "/name -")
    driver.wait_node(room, alias="Bob")


def test_what_the_power_does_not_allow(alice, shared_room, seat):
    one = seat(alice)
    driver = open_room(one, shared_room)
    for command, sentence in (
        ("/topic No", "The topic of Garden could not be changed. In this room that takes a power level of 50"),
        ("/name No", "Garden could not be renamed. In this room that takes a power level of 50"),
    ):
        since = one.run(shared_room, command)
        line = driver.wait_line(re.compile(re.escape(sentence)), shared_room, since=since)
        assert "ERROR" in line["flags"]
    assert state_of(alice, shared_room, "m.room.topic", "topic") is None
    with pytest.raises(MatrixError, match="403"):
        alice.client.set_state(shared_room, "m.room.topic", {"topic": "No"})


def test_power_given_later(alice, bob, shared_room, seat):
    one = seat(alice)
    driver = open_room(one, shared_room)
    levels = bob.client.state(shared_room, "m.room.power_levels")
    levels["events"]["m.room.topic"] = 0
    bob.client.set_state(shared_room, "m.room.power_levels", levels)
    bob.client.say(shared_room, "now you may")
    driver.wait_line("now you may", shared_room)
    one.run(shared_room, "/topic By all")
    wait_state(bob, shared_room, "m.room.topic", "topic", "By all")


def test_names_and_addresses(alice, bob, seat, synapse):
    alias = "shed" + bob.user_id[4:].split(":")[0]
    room = create_shared_room(bob.client, alice.client, room_alias_name=alias, name="Shed")
    one = seat(alice)
    driver = open_room(one, room)
    since = one.run(room, "/name")
    line = driver.wait_line(re.compile("This room is called “Shed”"), room, since=since)
    assert f"Address: #{alias}:{synapse.server_name}" in line.text and room in line.text


def test_topic_of_a_direct_chat(alice, bob, seat):
    room = create_direct(bob.client, alice.client)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    one.open_im(bob.user_id)
    driver.wait_event("window", name=bob.user_id)
    one.run(bob.user_id, "/topic Between us")
    wait_state(bob, room, "m.room.topic", "topic", "Between us")
