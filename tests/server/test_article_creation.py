# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A room made with every setting, the events that come of it, and what is said of the room."""

import re


def open_room(one, room):
    driver = one.open()
    driver.wait_node(room)
    one.open_chat(room)
    driver.wait_event("window", name=room)
    return driver


def create(one, driver, room, words):
    """Types /create into the window of `room`; gives the new room."""
    before = set(one.person.client.joined_rooms())
    since = one.run(room, f"/create {words}")
    driver.wait_event("window", 20, since)
    (new,) = set(one.person.client.joined_rooms()) - before
    return new


def state_of(person, room, event_type, member, key=""):
    return person.client.state(room, event_type, key).get(member)


def test_article_creation_with_every_setting(alice, bob, shared_room, seat, synapse):
    one = seat(alice)
    driver = open_room(one, shared_room)
    alias = "tea" + re.sub(r"\W", "", alice.user_id)
    new = create(
        one,
        driver,
        shared_room,
        f"Tea & <b>cake</b> --topic Every day at 5 --alias #{alias} --version 11 --invite {bob.user_id} --listed"
        " --join knock --history joined --guests forbidden --no-federate"
        ' --power {"events_default": 10, "users": {"' + alice.user_id + '": 100}}'
        ' --state tld.project.foo key {"bar": "--topic"}',
    )
    for event_type, member, value in (
        ("m.room.name", "name", "Tea & <b>cake</b>"),
        ("m.room.topic", "topic", "Every day at 5"),
        ("m.room.canonical_alias", "alias", f"#{alias}:{synapse.server_name}"),
        ("m.room.create", "room_version", "11"),
        ("m.room.create", "m.federate", False),
        ("m.room.join_rules", "join_rule", "knock"),
        ("m.room.history_visibility", "history_visibility", "joined"),
        ("m.room.guest_access", "guest_access", "forbidden"),
        ("m.room.power_levels", "events_default", 10),
    ):
        assert state_of(alice, new, event_type, member) == value, event_type
    assert state_of(alice, new, "tld.project.foo", "bar", "key") == "--topic"
    assert alice.client.members(new)[bob.user_id] == "invite"
    assert alice.client.get(f"/directory/list/room/{new}")["visibility"] == "public"
    # Read back by the plugin itself.
    since = one.run(new, "/room")
    text = driver.wait_line(re.compile("^Name: "), new, since=since).text
    for part in (
        "Name: Tea & <b>cake</b>\nTopic: Every day at 5\n",
        f"Address: #{alias}:{synapse.server_name}\n",
        f"Room ID: {new}\n",
        "Members: 1, and 1 invited\n",
        "Who may join: invited people; others may ask to\n",
        "Listed in the room directory: yes\n",
        "Who may read the history: members, from their joining on\n",
        "Guests without an account: may not join\n",
        "Encrypted: no\n",
        "Administrators: ",
        "Power needed: 10 to write, 50 to change settings",
        "Version: 11\n",
        "Other homeservers: may not take part",
    ):
        assert part in text, text
    since = one.run(new, "/state list")
    assert "tld.project.foo of key" in driver.wait_line(re.compile("state events:"), new, since=since).text


def test_article_creation_of_version_12(alice, shared_room, seat):
    one = seat(alice)
    driver = open_room(one, shared_room)
    new = create(one, driver, shared_room, "Twelve --version 12 --public --encrypted")
    since = one.run(new, "/room")
    text = driver.wait_line(re.compile("^Name: Twelve"), new, since=since).text
    assert "Creators, above all: " in text and f"({alice.user_id})" in text
    assert "Version: 12\n" in text and "Encrypted: yes (m.megolm.v1.aes-sha2)" in text
    assert "Who may join: anybody\n" in text


def test_article_creation_refused(alice, shared_room, seat):
    one = seat(alice)
    driver = open_room(one, shared_room)
    before = alice.client.joined_rooms()
    for words in ("X --colour red", "X --history all", "X --invite bob", "X --state t {"):
        reply = driver.command("command", username=one.username, name=shared_room, text=f"/create {words}")
        assert reply["status"] == "FAILED" and "The room was not created." in reply["command_error"]
    since = one.run(shared_room, "/create X --version 99")
    driver.wait_line(re.compile("Your homeserver cannot make rooms of that version"), shared_room, since=since)
    assert alice.client.joined_rooms() == before


def test_article_server_acl_is_readable(alice, bob, shared_room, seat, synapse):
    bob.client.set_state(
        shared_room, "m.room.server_acl", {"allow": ["*"], "deny": ["*.evil.example"], "allow_ip_literals": True}
    )
    one = seat(alice)
    driver = open_room(one, shared_room)
    one.run(shared_room, "/room")
    text = driver.wait_line(re.compile("^Name: Garden"), shared_room).text
    assert "All servers may take part but these: *.evil.example." in text
