# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""What was said while the account was offline, or faster than one answer of the server holds."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from faults import Fault


def numbered(count, start=0):
    return [f"message {number:03}" for number in range(start, start + count)]


def test_offline_messages_come_with_their_own_time(alice, bob, direct_room, seat):
    one = seat(alice)
    one.open().wait_node(bob.user_id)
    one.quit()
    sent = []
    for text in numbered(3):
        bob.client.say(direct_room, text)
        sent.append(time.time())
        time.sleep(1.1)
    time.sleep(2)
    driver = one.open()
    driver.wait_line("message 002", bob.user_id)
    lines = [line for line in driver.lines(bob.user_id) if line.is_message]
    assert [line.text for line in lines] == numbered(3)
    assert all(abs(line["time"] - when) <= 2 for line, when in zip(lines, sent))
    assert all("DELAYED" in line["flags"] for line in lines)
    assert one.logged(bob.user_id, r"message \d+") == numbered(3)


@pytest.mark.parametrize("count", [70, 130])
def test_a_gap_is_filled_in_order(alice, bob, direct_room, seat, count, room_version):
    one = seat(alice)
    one.open().wait_node(bob.user_id)
    one.quit()
    for text in numbered(count):
        bob.client.say(direct_room, text)
    driver = one.open()
    driver.wait_line(numbered(count)[-1], bob.user_id, timeout=30)
    assert driver.texts(bob.user_id) == numbered(count)
    assert one.logged(bob.user_id, r"message \d+") == numbered(count)


def test_a_gap_while_connected(alice, bob, direct_room, seat, proxy):
    one = seat(alice, proxy.base_url)
    driver = one.open()
    driver.wait_node(bob.user_id)
    proxy.refuse()
    for text in numbered(70):
        bob.client.say(direct_room, text)
    proxy.accept()
    bob.client.say(direct_room, "message 070")
    driver.wait_line("message 070", bob.user_id, timeout=40)
    assert driver.texts(bob.user_id) == numbered(71)
    assert not driver.find("disconnected")


def test_faults_while_a_gap_is_filled(alice, bob, direct_room, seat, proxy):
    one = seat(alice, proxy.base_url)
    one.open().wait_node(bob.user_id)
    one.quit()
    for text in numbered(70):
        bob.client.say(direct_room, text)
    proxy.rules.add(Fault.BAD_GATEWAY, "/messages$", "GET")
    proxy.rules.add(Fault.LIMIT_BODY, "/messages$", "GET", seconds=0.3)
    proxy.rules.add(Fault.CUT_BODY, "/messages$", "GET")
    driver = one.open()
    driver.wait_line("message 069", bob.user_id, timeout=40)
    assert driver.texts(bob.user_id) == numbered(70)


def test_a_gap_that_cannot_be_filled_is_said(alice, bob, direct_room, seat, proxy):
    one = seat(alice, proxy.base_url)
    one.open().wait_node(bob.user_id)
    one.quit()
    for text in numbered(70):
        bob.client.say(direct_room, text)
    rule = proxy.rules.add(Fault.BAD_GATEWAY, "/messages$", "GET", count=None)
    driver = one.open()
    driver.wait_line("message 069", bob.user_id, timeout=40)
    said = [line for line in driver.lines(bob.user_id) if not line.is_message]
    assert said and said[0]["time"] > 0
    assert rule.used > 0
    assert driver.texts(bob.user_id) == numbered(70)[-len(driver.texts(bob.user_id)) :]


def test_what_was_read_elsewhere_is_not_shown_again(alice, bob, direct_room, seat):
    one = seat(alice)
    one.open().wait_node(bob.user_id)
    one.quit()
    bob.client.say(direct_room, "read one")
    last = bob.client.say(direct_room, "read two")
    alice.client.read(direct_room, last)
    bob.client.say(direct_room, "unread three")
    driver = one.open()
    driver.wait_line("unread three", bob.user_id)
    assert driver.texts(bob.user_id) == ["unread three"]


def test_own_messages_of_another_device_while_offline(alice, bob, direct_room, seat):
    one = seat(alice)
    one.open().wait_node(bob.user_id)
    one.quit()
    alice.client.say(direct_room, "mine")
    bob.client.say(direct_room, "yours")
    driver = one.open()
    driver.wait_line("yours", bob.user_id)
    assert driver.texts(bob.user_id) == ["mine", "yours"]
    assert driver.texts(bob.user_id, own=True) == ["mine"]


def test_restarts_repeat_nothing(alice, bob, direct_room, shared_room, seat):
    one = seat(alice)
    one.open().wait_node(bob.user_id)
    for number in range(4):
        bob.client.say(direct_room, f"round {number}")
        bob.client.say(shared_room, f"room {number}")
        one.driver.wait_line(f"round {number}", bob.user_id)
        one.driver.wait_line(f"room {number}", shared_room)
        one.reopen()
    time.sleep(1)
    assert one.driver.lines() == []
    assert one.logged(bob.user_id, r"round \d") == [f"round {number}" for number in range(4)]
    assert one.logged(shared_room, r"room \d") == [f"room {number}" for number in range(4)]


def test_state_in_a_gap_is_no_line(alice, bob, shared_room, seat):
    one = seat(alice)
    one.open().wait_node(shared_room)
    one.quit()
    bob.client.set_state(shared_room, "m.room.topic", {"topic": "new topic"})
    bob.client.set_state(shared_room, "m.room.name", {"name": "Renamed"})
    for text in numbered(70):
        bob.client.say(shared_room, text)
    driver = one.open()
    driver.wait_node(shared_room, alias="Renamed")
    driver.wait_line("message 069", shared_room, timeout=30)
    assert driver.texts(shared_room) == numbered(70)


@pytest.mark.parametrize("token", ["nonsense", "s9_bad", "m5~1.2_3", ""])
def test_a_token_that_the_server_does_not_take(alice, bob, direct_room, shared_room, seat, token):
    """The stored place in the stream is damaged: all is asked for again, nothing shown or listed twice or lost."""
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    bob.client.say(direct_room, "message 000")
    driver.wait_line("message 000", bob.user_id)
    one.quit()
    (path,) = Path(one.user_dir).rglob("account.db")
    with closing(sqlite3.connect(path)) as database, database:
        changed = database.execute("UPDATE value SET value = ? WHERE name = 'next_batch'", [token])
        assert changed.rowcount == 1
    bob.client.say(direct_room, "message 001")
    driver = one.open()
    driver.wait_line("message 001", bob.user_id)
    assert driver.texts(bob.user_id) == ["message 001"]
    assert one.logged(bob.user_id, r"message \d+") == numbered(2)
    nodes = driver.buddy_list()
    names = [(node.get("components") or {}).get("room_id", node.get("name")) for node in nodes]
    assert [names.count(name) for name in (bob.user_id, shared_room, direct_room)] == [1, 1, 0]
    assert len(alice.device_ids()) == 1
