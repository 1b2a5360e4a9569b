# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Redaction, as the founding article has it: the content goes, here and there, and who did it is told."""

import re
import time
from pathlib import Path

from waiting import wait_until


def open_room(one, room):
    driver = one.open()
    driver.wait_node(room)
    one.open_chat(room)
    driver.wait_event("window", name=room)
    return driver


def is_stored(one, text):
    """Whether a file of the account's databases, their logs included, holds the text."""
    files = [path for path in Path(one.user_dir).rglob("account.db*") if path.is_file()]
    assert files
    return any(text.encode() in path.read_bytes() for path in files)


def content_of(person, room, event_id):
    return person.client.get(f"/rooms/{room}/event/{event_id}")["content"]


def test_article_redaction_by_others(alice, bob, person, seat, shared_room, room_version):
    room = bob.client.create_room(invite=[alice.user_id], name="Shed", room_version=room_version)
    alice.client.join(room)
    bob.client.set_display_name("Bob <b>")
    one = seat(alice)
    driver = open_room(one, room)
    event_id = bob.client.say(room, "words to be regretted")
    driver.wait_line("words to be regretted", room)
    wait_until(lambda: is_stored(one, "words to be regretted"), 10, "the words on disk")
    bob.client.put(f"/rooms/{room}/redact/{event_id}/t1", {"reason": "I was <i>tired</i>"})
    line = driver.wait_line(re.compile("has removed a message"), room)
    assert re.fullmatch(r"Bob <b> has removed a message \(\d\d:\d\d\): I was <i>tired</i>", line.text)
    assert not is_stored(one, "words to be regretted")


def test_article_redaction_from_here(alice, bob, seat, room_version):
    room = alice.client.create_room(invite=[bob.user_id], name="Mine", room_version=room_version)
    bob.client.join(room)
    one = seat(alice)
    driver = open_room(one, room)
    one.say(room, "a slip")
    own = bob.wait_body(room, "a slip")["event_id"]
    driver.wait_line("a slip", room)
    one.run(room, "/redact my <slip>")
    driver.wait_line(re.compile(r"has removed a message \(\d\d:\d\d\): my <slip>"), room)
    assert content_of(bob, room, own) == {}
    assert not is_stored(one, "a slip")
    # By name and by time, of others; a wrong one does nothing.
    first = bob.client.say(room, "of bob's")
    driver.wait_line("of bob's", room)
    since = one.run(room, "/redact nobody: x")
    assert "ERROR" in driver.wait_line(re.compile("Nobody called"), room, since=since)["flags"]
    one.run(room, f"/redact {bob.user_id}: off")
    wait_until(lambda: content_of(bob, room, first) == {}, 15, "the redaction")
    second = bob.client.say(room, "of bob's too")
    line = driver.wait_line("of bob's too", room)
    one.run(room, time.strftime("/redact %H:%M:%S", time.localtime(line["time"])))
    wait_until(lambda: content_of(bob, room, second) == {}, 15, "the redaction")


def test_article_redaction_without_power(alice, bob, shared_room, seat):
    one = seat(alice)
    driver = open_room(one, shared_room)
    event_id = bob.client.say(shared_room, "bob's own")
    driver.wait_line("bob's own", shared_room)
    since = one.run(shared_room, f"/redact {bob.user_id}: no")
    driver.wait_line(re.compile("does not allow you to remove messages of others"), shared_room, since=since)
    assert content_of(bob, shared_room, event_id)["body"] == "bob's own"


def test_article_redaction_of_state(alice, bob, shared_room, seat):
    one = seat(alice)
    driver = open_room(one, shared_room)
    event_id = bob.client.set_state(shared_room, "m.room.topic", {"topic": "rude topic"})
    driver.wait_event("topic", name=shared_room, topic="rude topic")
    bob.client.put(f"/rooms/{shared_room}/redact/{event_id}/t2", {})
    driver.wait_line(re.compile(r"has removed an event of .* \(m\.room\.topic, "), shared_room)
    driver.wait_event("topic", name=shared_room, topic=None)
    assert not is_stored(one, "rude topic")


def test_all_messages_of_somebody(alice, bob, person, seat, room_version):
    """Those that are known here go, one after the other, and nobody else's."""
    carol = person("carol")
    room = alice.client.create_room(
        invite=[bob.user_id, carol.user_id], name="Hall", room_version=room_version
    )
    for who in (bob, carol):
        who.client.join(room)
    before = bob.client.say(room, "from before this device came")
    for n in range(30):
        carol.client.say(room, f"filler {n}")
    one = seat(alice)
    driver = open_room(one, room)
    spam = [bob.client.say(room, f"buy {n}") for n in range(12)]
    kept = carol.client.say(room, "not bought")
    driver.wait_line("not bought", room)
    since = one.run(room, f"/redactall {bob.user_id} spam")
    asked = driver.wait_event("request", since=since, where=lambda e: "Remove 12 " in (e["primary"] or ""))
    driver.command("press", request=asked["request"], button="Remove")
    driver.wait_line(re.compile("^12 messages of .*were removed. Those that this device"), room, 60, since)
    assert all(content_of(carol, room, event_id) == {} for event_id in spam)
    assert content_of(carol, room, kept)["body"] == "not bought"
    assert content_of(carol, room, before)["body"].startswith("from before")
    driver.wait_line(re.compile(r"has removed a message of .*: spam$"), room, since=since)
    assert not is_stored(one, "buy 7")
    # Somebody without power is told so before anything is asked of anybody.
    other = seat(carol)
    watcher = open_room(other, room)
    since = other.run(room, f"/redactall {alice.user_id}")
    watcher.wait_line(re.compile("does not allow you to remove messages of others"), room, since=since)
