# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Events of one's own classes and content, sent and shown."""

import re

from waiting import wait_until


def open_room(one, room):
    driver = one.open()
    driver.wait_node(room)
    one.open_chat(room)
    driver.wait_event("window", name=room)
    return driver


def test_article_events_from_here(alice, bob, shared_room, seat):
    one = seat(alice)
    driver = open_room(one, shared_room)
    one.run(shared_room, '/event tld.project.foo {"bar": "<b>", "n": [1, {"m": null}]}')
    driver.wait_line("tld.project.foo was sent.", shared_room)

    def find():
        events = bob.client.timeline(shared_room)
        return next((event for event in events if event["type"] == "tld.project.foo"), None)

    event = wait_until(find, 15, "the event")
    assert event["content"] == {"bar": "<b>", "n": [1, {"m": None}]} and event["sender"] == alice.user_id
    # A message of a type that has its own words is a message.
    one.run(shared_room, '/event m.room.message {"msgtype": "m.notice", "body": "by hand"}')
    driver.wait_line("by hand", shared_room)
    assert bob.wait_body(shared_room, "by hand")["content"]["msgtype"] == "m.notice"


def test_article_unknown_events_on_request(alice, bob, shared_room, seat):
    bob.client.set_display_name("Bob")
    one = seat(alice)
    driver = open_room(one, shared_room)
    bob.client.send(shared_room, {"n": 1}, "tld.project.foo")
    bob.client.say(shared_room, "first")
    driver.wait_line("first", shared_room)
    one.run(shared_room, "/showall on")
    driver.wait_line(re.compile("shows every event"), shared_room)
    bob.client.send(shared_room, {"n": "<i>"}, "tld.project.foo")
    driver.wait_line('Bob has sent tld.project.foo: {"n":"<i>"}', shared_room)
    bob.client.set_state(shared_room, "tld.project.bar", {}, "key")
    driver.wait_line("Bob has set tld.project.bar of key: {}", shared_room)
    one.run(shared_room, "/showall off")
    driver.wait_line(re.compile("only what it has words for"), shared_room)
    bob.client.send(shared_room, {"n": 3}, "tld.project.foo")
    bob.client.say(shared_room, "last")
    driver.wait_line("last", shared_room)
    assert not [line for line in driver.lines(shared_room) if '"n":1' in line.text or '"n":3' in line.text]


def test_article_events_not_in_the_clear(alice, bob, shared_room, seat):
    """In an encrypted room they leave as ciphertext."""
    bob.client.set_state(shared_room, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"})
    one = seat(alice)
    open_room(one, shared_room)
    one.run(shared_room, '/event tld.project.foo {"secret": 1}')
    wait_until(
        lambda: any(event["type"] == "m.room.encrypted" for event in bob.client.timeline(shared_room)),
        15,
        "the ciphertext",
        0.2,
    )
    assert all(event["type"] != "tld.project.foo" for event in bob.client.timeline(shared_room))
    assert "secret" not in str(bob.client.timeline(shared_room))
