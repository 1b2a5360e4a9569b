# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Receipts, typing and presence, as another client of the same server sees them and makes them."""

import re
import time

import pytest
from homeserver import Synapse
from matrix import create_direct, quote
from seat import Person, Seat
from waiting import wait_until

READ = re.compile(r"^Read by ")


class Watcher:
    """What a person's other client has heard of one room, and of people's presence."""

    def __init__(self, person, room_id):
        self.client = person.client
        self.room_id = room_id
        self.typing = []
        self.receipts = {}  # (user, type) -> event
        self.presence = {}  # user -> content
        self.unread = None

    def listen(self):
        answer = self.client.sync(200)
        for event in answer.get("presence", {}).get("events", []):
            self.presence[event["sender"]] = event["content"]
        room = answer.get("rooms", {}).get("join", {}).get(self.room_id, {})
        counts = room.get("unread_notifications", {})
        self.unread = counts.get("notification_count", self.unread)
        for event in room.get("ephemeral", {}).get("events", []):
            if event["type"] == "m.typing":
                self.typing = event["content"]["user_ids"]
            else:
                self._note_receipts(event["content"])

    def _note_receipts(self, content):
        for event_id, by_type in content.items():
            for kind, users in by_type.items():
                for user in users:
                    self.receipts[user, kind] = event_id

    def wait(self, condition, what, timeout=15):
        def is_so():
            self.listen()
            return condition()

        wait_until(is_so, timeout, what, 0.1)


def say_and_show(bob, driver, room, text):
    event_id = bob.client.say(room, text)
    driver.wait_line(text, bob.user_id)
    return event_id


def fully_read(person, room):
    path = f"/user/{quote(person.user_id)}/rooms/{quote(room)}/account_data/m.fully_read"
    return person.client.get(path)["event_id"]


def test_a_receipt_goes_out_once_the_line_is_looked_at(alice, bob, direct_room, seat):
    driver = seat(alice).open()
    driver.wait_node(bob.user_id)
    other, phone = Watcher(bob, direct_room), Watcher(alice, direct_room)
    say_and_show(bob, driver, direct_room, "one")
    last = say_and_show(bob, driver, direct_room, "two")
    time.sleep(1.5)
    other.listen()
    assert (alice.user_id, "m.read") not in other.receipts
    phone.wait(lambda: phone.unread == 2, "two unread on the phone")
    driver.command("focus", name=bob.user_id, value=True)
    other.wait(lambda: other.receipts.get((alice.user_id, "m.read")) == last, "the receipt")
    phone.wait(lambda: phone.unread == 0, "nothing unread on the phone")
    assert fully_read(alice, direct_room) == last


def test_a_private_receipt_is_for_oneself(alice, bob, direct_room, seat):
    driver = seat(alice, private_receipts=True).open()
    driver.wait_node(bob.user_id)
    other, phone = Watcher(bob, direct_room), Watcher(alice, direct_room)
    last = say_and_show(bob, driver, direct_room, "one")
    driver.command("focus", name=bob.user_id, value=True)
    mine = (alice.user_id, "m.read.private")
    phone.wait(lambda: phone.receipts.get(mine) == last, "the receipt on the phone")
    phone.wait(lambda: phone.unread == 0, "nothing unread on the phone")
    other.listen()
    assert not any(user == alice.user_id for user, _kind in other.receipts)


def test_reading_by_the_partner_is_said_once(alice, bob, direct_room, seat):
    sitting = seat(alice)
    driver = sitting.open()
    driver.wait_node(bob.user_id)
    sitting.open_im(bob.user_id)
    for text in ("one", "two"):
        sitting.say_to(bob.user_id, text)
        driver.wait_line(text, bob.user_id)
        event = bob.wait_body(direct_room, text)
    bob.client.read(direct_room, event["event_id"])
    driver.wait_line(READ, bob.user_id)
    time.sleep(1)
    lines = [line for line in driver.lines(bob.user_id) if READ.search(line.text)]
    assert len(lines) == 1
    assert not any(READ.search(line) for line in [str(one) for one in sitting.log(bob.user_id)])


def test_typing_both_ways(alice, bob, direct_room, seat):
    sitting = seat(alice)
    driver = sitting.open()
    driver.wait_node(bob.user_id)
    sitting.open_im(bob.user_id)
    time.sleep(0.5)  # the window is known before the answer comes
    bob.client.type(direct_room, 20000)
    driver.wait_event("typing", who=bob.user_id, typing=True)
    since = driver.position()
    bob.client.type(direct_room, 0)
    driver.wait_event("typing", since=since, who=bob.user_id, typing=False)
    other = Watcher(bob, direct_room)
    driver.command("type", username=sitting.username, who=bob.user_id, value=True)
    other.wait(lambda: other.typing == [alice.user_id], "Alice to type")
    sitting.say_to(bob.user_id, "typed")
    other.wait(lambda: other.typing == [], "Alice to have typed")
    bob.wait_body(direct_room, "typed")


def wait_buddy(driver, name, **wanted):
    def is_so():
        node = driver.node(name)
        return node and all(node.get(key) == value for key, value in wanted.items())

    wait_until(is_so, 15, f"{name} to be {wanted}", 0.2)


def test_presence_and_status_both_ways(alice, bob, direct_room, seat):
    sitting = seat(alice)
    driver = sitting.open()
    wait_buddy(driver, bob.user_id, status="available")
    bob.client.set_presence("unavailable", "out for <lunch>")
    wait_buddy(driver, bob.user_id, status="away", status_text="out for &lt;lunch&gt;")
    bob.client.set_presence("online")
    wait_buddy(driver, bob.user_id, status="available", status_text=None)
    other = Watcher(bob, direct_room)

    def is_seen(presence, message=None):
        content = other.presence.get(alice.user_id, {})
        return content.get("presence") == presence and (content.get("status_msg") or None) == message

    def choose(status, message=""):
        driver.command("set_status", username=sitting.username, status=status, message=message)

    other.client.request("GET", "/_matrix/client/v3/sync", query={"set_presence": "online"})
    choose("away", "in a <b>meeting</b>")
    other.wait(lambda: is_seen("unavailable", "in a meeting"), "Alice to be away")
    choose("available")
    other.wait(lambda: is_seen("online"), "Alice to be back")
    driver.command("idle", username=sitting.username, value=True)
    other.wait(lambda: is_seen("unavailable"), "Alice to be idle")
    driver.command("idle", username=sitting.username, value=False)
    other.wait(lambda: is_seen("online"), "Alice to be active")


def test_presence_is_remembered(alice, bob, direct_room, seat):
    sitting = seat(alice)
    driver = sitting.open()
    driver.wait_node(bob.user_id)
    bob.client.set_presence("unavailable", "on holiday")
    wait_buddy(driver, bob.user_id, status="away", status_text="on holiday")
    driver = sitting.reopen()
    wait_buddy(driver, bob.user_id, status="away", status_text="on holiday")


@pytest.fixture(scope="module")
def quiet_synapse(tmp_path_factory):
    """A homeserver without presence."""
    settings = {"presence": {"enabled": False}}
    server = Synapse(tmp_path_factory.mktemp("quiet"), settings=settings).start()
    yield server
    server.stop()


def test_a_server_without_presence(quiet_synapse, tmp_path):
    alice, bob = (
        Person(name, "secret", quiet_synapse.register(name, "secret")) for name in ("alice", "bob")
    )
    room = create_direct(bob.client, alice.client)
    sitting = Seat(alice, quiet_synapse.base_url, tmp_path / "purple")
    try:
        driver = sitting.open()
        wait_buddy(driver, bob.user_id, status="available", online=True)
        driver.command("set_status", username=sitting.username, status="away", message="lunch")
        say_and_show(bob, driver, room, "hello")
        wait_buddy(driver, bob.user_id, status="available", online=True)
        assert driver.find("notify") == []
        sitting.quit()
    finally:
        sitting.dispose()
