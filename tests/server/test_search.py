# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""/search: what this device has stored, and what the homeserver has from before."""

import re

from test_joining import wait_window
from test_relations import edit_of

END = re.compile(r"That is all|Nothing was found|There may be more")


def search(one, name, typed):
    """All that /search writes, as one text: long answers are several lines."""
    since = one.run(name, f"/search {typed}")
    last = one.driver.wait_line(END, name, 30, since)
    assert last.text
    return "\n".join(line.text for line in one.driver.lines(name, since) if not line.is_message)


def open_room(one, room):
    wait_window(one.driver, room, one.open_chat(room))


def test_stored_and_server(alice, bob, shared_room, seat):
    """A word said long before this device was there is found by the homeserver alone, and once."""
    bob.client.say(shared_room, "a zebra from long ago")
    for number in range(40):
        bob.client.say(shared_room, f"filler {number}")
    bob.client.say(shared_room, "a zebra of today")
    one = seat(alice)
    driver = one.open()
    driver.wait_node(shared_room)
    open_room(one, shared_room)
    text = search(one, shared_room, "zebra")
    stored, _, server = text.partition("Found by the homeserver")
    assert "a zebra of today" in stored and "long ago" not in stored
    assert "a zebra from long ago" in server and "of today" not in server
    assert "Nothing was found" in search(one, shared_room, "quagga")
    assert "Nothing was found" in search(one, shared_room, '"today zebra" OR ) *')
    everywhere = search(one, shared_room, "all zebra")
    assert "a zebra of today" in everywhere and "long ago" not in everywhere


def test_removed(alice, bob, shared_room, seat):
    """What the other one removes is not found, here or there."""
    event_id = bob.client.say(shared_room, "the okapi is a secret")
    one = seat(alice)
    driver = one.open()
    driver.wait_node(shared_room)
    open_room(one, shared_room)
    assert "okapi is a secret" in search(one, shared_room, "okapi")
    since = driver.position()
    bob.client.put(f"/rooms/{shared_room}/redact/{event_id}/t1", {})
    driver.wait_line(re.compile("has removed a message"), shared_room, 30, since)
    assert "Nothing was found" in search(one, shared_room, "okapi")


def test_edited(alice, bob, shared_room, seat):
    """A message is found by what it says now, once, here and there."""
    event_id = bob.client.say(shared_room, "the okapi is a secret")
    one = seat(alice)
    driver = one.open()
    driver.wait_node(shared_room)
    open_room(one, shared_room)
    assert "okapi is a secret" in search(one, shared_room, "okapi")
    since = driver.position()
    edit = bob.client.send(shared_room, edit_of(event_id, "the quagga is known"))
    driver.wait_line(re.compile("the quagga is known"), shared_room, 30, since)
    assert "Nothing was found" in search(one, shared_room, "okapi")
    assert search(one, shared_room, "quagga").count("the quagga is known") == 1
    since = driver.position()
    bob.client.put(f"/rooms/{shared_room}/redact/{edit}/t2", {})
    driver.wait_line(re.compile("has taken an edit back"), shared_room, 30, since)
    assert "Nothing was found" in search(one, shared_room, "quagga")
    assert "okapi is a secret" in search(one, shared_room, "okapi")
