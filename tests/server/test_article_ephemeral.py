# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Typing, presence, transaction IDs and `age`: what the article says of them, with a plugin at both ends."""

import json
import secrets
import time

import pytest
from faults import Fault
from homeserver import Synapse
from matrix import CLIENT, Client, create_direct, quote
from waiting import wait_until


@pytest.fixture
def pair(alice, bob, direct_room, seat):
    """Alice and Bob, both at the plugin, with each other's window open."""
    seats = seat(alice), seat(bob)
    for one, other in zip(seats, reversed(seats)):
        one.open().wait_node(other.person.user_id)
        one.open_im(other.person.user_id)
    time.sleep(0.5)  # the windows are known before the first notice comes
    return seats


def test_typing(pair):
    for one, other in (pair, pair[::-1]):
        who, whom = one.person.user_id, other.person.user_id
        since = other.driver.position()
        one.driver.command("type", username=one.username, who=whom, value=True)
        other.driver.wait_event("typing", since=since, who=who, typing=True)
        since = other.driver.position()
        one.say_to(whom, f"typed by {one.person.name}")
        other.driver.wait_event("typing", since=since, who=who, typing=False)
        other.driver.wait_line(f"typed by {one.person.name}", who)


def test_presence(pair):
    for one, other in (pair, pair[::-1]):
        who = one.person.user_id
        for status, message in (("away", "in the garden"), ("available", "")):
            one.driver.command("set_status", username=one.username, status=status, message=message)
            wanted = {"status": status, "status_text": message or None}
            wait_until(
                lambda: all(other.driver.node(who).get(key) == value for key, value in wanted.items()),
                15,
                f"{who} to be {wanted}",
                0.2,
            )


def test_transaction_ids(alice, bob, direct_room, seat, proxy):
    """A message has one ID for as long as it takes: over requests that are lost, an answer that is, and a restart."""
    one = seat(alice, proxy.base_url)
    one.open().wait_node(bob.user_id)
    proxy.rules.add(Fault.DROP_REQUEST, "/send/", "PUT", count=2)
    one.say_to(bob.user_id, "asked three times")
    bob.wait_body(direct_room, "asked three times", 30)
    paths = [one.path for one in proxy.requests("PUT", "/send/")]
    assert len(paths) == 3 and len(set(paths)) == 1
    proxy.rules.add(Fault.DELAY_ANSWER, "/send/", "PUT", seconds=30)
    one.say_to(bob.user_id, "without an answer")
    bob.wait_body(direct_room, "without an answer")
    one.kill()
    one.open()
    one.say_to(bob.user_id, "after the restart")
    bob.wait_body(direct_room, "after the restart", 30)
    texts = ["asked three times", "without an answer", "after the restart"]
    assert bob.client.bodies(direct_room, alice.user_id) == texts
    assert one.logged(bob.user_id, "|".join(texts)) == texts
    later = {one.path for one in proxy.requests("PUT", "/send/")} - set(paths)
    assert len(later) == 2  # each of the other two has its own


class Clockmaker:
    """A homeserver with an application service, whose events may be of any time."""

    def __init__(self, folder):
        self._token = secrets.token_hex(16)
        path = folder / "registration.yaml"
        path.write_text(json.dumps(self._registered()), encoding="utf-8")
        self.server = Synapse(folder / "synapse", settings={"app_service_config_files": [str(path)]})

    def _registered(self):
        return {
            "id": "clock",
            "url": None,
            "as_token": self._token,
            "hs_token": secrets.token_hex(16),
            "sender_localpart": "clock",
            "namespaces": {"users": [], "aliases": [], "rooms": []},
        }

    def make_client(self):
        body = {"type": "m.login.application_service", "username": "clock", "inhibit_login": True}
        client = Client(self.server.base_url, token=self._token)
        client.user_id = client.post("/register", body)["user_id"]
        return client


@pytest.fixture
def clockmaker(tmp_path):
    one = Clockmaker(tmp_path)
    one.server.start()
    yield one
    one.server.stop()


def test_age(clockmaker, person, seat):
    """A line's time is origin_server_ts, as in every client, even of a clock that is wrong; the order is the server's.
    `age`, which tells how long the server has had an event, is there and contradicts it, and does no harm."""
    alice = person("alice", clockmaker.server)
    clock = clockmaker.make_client()
    room = create_direct(clock, alice.client)
    one = seat(alice, clockmaker.server.base_url)
    driver = one.open()
    driver.wait_node(clock.user_id)
    now = int(time.time())
    times = {"long ago": 1_000_000_000, "now": now, "tomorrow": now + 86400, "then": now}
    for text, seconds in times.items():
        path = f"{CLIENT}/rooms/{quote(room)}/send/m.room.message/{quote(text)}"
        content = {"msgtype": "m.text", "body": text}
        clock.request("PUT", path, content, query={"ts": seconds * 1000})
    driver.wait_line("then", clock.user_id)
    ages = {
        event["content"]["body"]: event["unsigned"]["age"]
        for event in alice.client.timeline(room)
        if event["type"] == "m.room.message"
    }
    assert all(0 <= age < 60000 for age in ages.values()) and len(ages) == len(times)
    lines = [line for line in driver.lines(clock.user_id) if line.is_message]
    assert [(line.text, line["time"]) for line in lines] == list(times.items())
