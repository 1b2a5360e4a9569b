# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an encrypting client of others says, as the account reads it: all of it, once, and in order."""

import json
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from driver import DriverEnded
from faults import Fault
from test_catchup import numbered
from test_crash import CRASHED, needs_crash_points, run_lanes
from test_device_keys import wait_device
from test_encryption import wait_signed
from test_history import open_room, show
from waiting import wait_until

ENCRYPTED = "m.room.encrypted"
UNREADABLE = re.compile("cannot be read")
LANES = 2
CAUGHT_UP = 24  # more than a /sync gives of one room at once


def open_with_keys(alice, one, env=None):
    driver = one.open(env)
    wait_device(alice)
    return driver


def meet(peer, alice, one, **options):
    """A room of the peer's that the account has joined; the peer knows it."""
    room = peer.create_room(alice, **options)
    if options.get("direct"):
        alice.client.mark_direct(peer.user_id, room)
    alice.client.join(room)
    peer.wait_member(room, alice)
    one.driver.wait_node(peer.user_id if options.get("direct") else room)
    return room


def send_all(peer, room, texts, session_of=None):
    for number, text in enumerate(texts):
        if session_of and number and number % session_of == 0:
            peer.new_session(room)
        peer.send(room, text)


def wait_all(driver, name, texts, timeout=30):
    driver.wait_line(texts[-1], name, timeout)
    assert driver.texts(name) == texts


def ciphertext_of(peer, room, event_id):
    return next(one["content"] for one in peer.client.timeline(room) if one["event_id"] == event_id)


def files_of(one):
    """All the files that the account leaves, as bytes: database, write-ahead log, and the debug text."""
    folder = Path(one.user_dir)
    paths = [path for path in folder.rglob("*") if path.is_file()]
    paths += folder.parent.glob(f"{folder.name}.*.stderr")
    return {path: path.read_bytes() for path in paths}


def holding(one, *words):
    return [str(path) for path, data in files_of(one).items() if any(word.encode() in data for word in words)]


@pytest.fixture
def direct(alice, js_bob, seat):
    """(seat, room): the account is connected, and knows Bob's encrypted direct room."""
    one = seat(alice)
    open_with_keys(alice, one)
    return one, meet(js_bob, alice, one, direct=True)


def test_text_is_read(alice, js_bob, direct):
    one, room = direct
    js_bob.client.set_display_name("Bob the builder")
    js_bob.send(room, "hello <b>& you</b>")
    line = one.driver.wait_line("hello <b>& you</b>", js_bob.user_id)
    assert line.is_message and not line.is_own and line["who"] == js_bob.user_id
    assert "DELAYED" not in line["flags"]
    assert abs(line["time"] - time.time()) < 10
    [entry] = [entry for entry in one.log(js_bob.user_id) if "hello" in entry.rest]
    name = entry.rest.split(": ", 1)[0]
    assert name in ("Bob the builder", js_bob.user_id)


def test_many_messages_of_many_sessions(alice, js_bob, direct):
    one, room = direct
    texts = numbered(200)
    send_all(js_bob, room, texts, 20)
    wait_all(one.driver, js_bob.user_id, texts, 60)
    assert one.logged(js_bob.user_id, r"message \d+") == texts
    assert len({one["session_id"] for one in js_bob.messages(room)}) == 10


def test_a_chat_opens_its_window_for_a_mention_alone(alice, js_bob, js, person, seat):
    """Push rules judge what was read, not that something came."""
    one = seat(alice)
    driver = open_with_keys(alice, one)
    carol = js(person("carol"))
    room = js_bob.create_room(alice, carol, name="Garden")
    alice.client.join(room)
    carol.join(room)
    js_bob.wait_member(room, alice)
    js_bob.wait_member(room, carol)
    driver.wait_node(room)
    send_all(js_bob, room, ["one", "two"])
    carol.wait_message(room, "two")
    time.sleep(1)
    assert not driver.find("window", name=room)
    localpart = alice.user_id[1:].split(":")[0]
    mention = {"m.mentions": {"user_ids": [alice.user_id]}}
    js_bob.call("send", room=room, text=f"{localpart}: three", content=mention)
    driver.wait_event("window", name=room)
    wait_all(driver, room, ["one", "two", f"{localpart}: three"])
    assert "NICK" in driver.lines(room)[-1]["flags"]


# Keys that come late


class Withheld:
    """Bob's keys go through a proxy that keeps them, until they are wanted."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.rule = proxy.rules.add(Fault.ANSWER, f"/sendToDevice/{ENCRYPTED}", "PUT", count=None)

    def give(self, peer):
        """All that were kept."""
        self.proxy.rules.clear()
        for request in self.proxy.requests("PUT", f"/sendToDevice/{ENCRYPTED}"):
            peer.client.put(request.path.removeprefix("/_matrix/client/v3"), json.loads(request.body))


@pytest.fixture
def slow(alice, bob, js, seat, proxy):
    """(seat, peer, room, what keeps its keys)"""
    one = seat(alice)
    open_with_keys(alice, one)
    peer = js(bob, proxy.base_url)
    peer.bootstrap_cross_signing()
    room = meet(peer, alice, one, direct=True)
    return one, peer, room, Withheld(proxy)


def test_a_key_a_moment_late_is_waited_for(slow):
    one, peer, room, withheld = slow
    send_all(peer, room, numbered(3))
    time.sleep(1)
    assert one.driver.texts(peer.user_id) == []
    withheld.give(peer)
    wait_all(one.driver, peer.user_id, numbered(3))


def test_a_late_key(slow):
    """Said that it cannot be read, and later what it says, once; what is readable does not wait for it."""
    one, peer, room, withheld = slow
    send_all(peer, room, ["late 1", "late 2"])

    def unreadable():
        return [line for line in one.driver.lines(peer.user_id) if UNREADABLE.search(line.text)]

    wait_until(lambda: len(unreadable()) == 2, 20, "two messages that cannot be read")
    withheld.proxy.rules.clear()
    peer.new_session(room)
    peer.send(room, "in time")
    one.driver.wait_line("in time", peer.user_id)
    withheld.give(peer)
    one.driver.wait_line("late 2 [read late]", peer.user_id)
    texts = [text for text in one.driver.texts(peer.user_id) if not UNREADABLE.search(text)]
    assert texts == ["in time", "late 1 [read late]", "late 2 [read late]"]
    one.reopen()
    peer.send(room, "after")
    one.driver.wait_line("after", peer.user_id)
    assert one.driver.texts(peer.user_id) == ["after"]


def test_a_late_key_after_a_restart(slow):
    one, peer, room, withheld = slow
    peer.send(room, "late")
    one.driver.wait_line(UNREADABLE, peer.user_id, 20)
    one.kill()
    withheld.give(peer)
    one.open()
    one.driver.wait_line("late [read late]", peer.user_id)
    one.reopen()
    time.sleep(1)
    assert one.driver.texts(peer.user_id) == []


# Offline


@pytest.mark.parametrize("count", [15, 70, 130])
def test_what_was_said_while_offline(alice, js_bob, direct, count):
    one, room = direct
    js_bob.send(room, "before")
    one.driver.wait_line("before", js_bob.user_id)
    one.quit()
    texts = numbered(count)
    send_all(js_bob, room, texts, 25)
    wait_all(one.open(), js_bob.user_id, texts, 40)
    assert one.logged(js_bob.user_id, r"message \d+") == texts
    one.reopen()
    time.sleep(1)
    assert one.driver.lines() == []


def test_killed_while_it_catches_up(alice, js_bob, direct):
    """At moments that no commit decides."""
    one, room = direct
    one.quit()
    texts = []
    for turn in range(6):
        some = [f"turn {turn} message {number:02}" for number in range(30)]
        send_all(js_bob, room, some, 7)
        texts += some
        one.open()
        time.sleep(0.15 * turn)
        one.kill()
    one.open()
    js_bob.send(room, "turn 9 message 99")
    one.driver.wait_line("turn 9 message 99", js_bob.user_id, 40)
    one.quit()
    assert one.logged(js_bob.user_id, r"turn \d message \d\d") == texts + ["turn 9 message 99"]


class CatchUp:
    """One account that is killed at a commit while it reads what it has missed; see test_crash.walk()."""

    def __init__(self, alice, peer, one):
        self.alice, self.peer, self.one = alice, peer, one
        open_with_keys(alice, one)
        self.room = meet(peer, alice, one, direct=True)
        one.quit()
        self.given = []
        self.reached = 0

    def _tell(self, texts):
        self.peer.new_session(self.room)
        send_all(self.peer, self.room, texts)
        self.given += texts

    def run(self, number):
        self._tell([f"in-{number}-{step:02}-" for step in range(CAUGHT_UP)])
        try:
            self.one.open({"MX_CRASH_AT": str(number)})
            self.one.driver.wait_line(self.given[-1], self.peer.user_id, 30)
            self.one.quit()
        except (DriverEnded, AssertionError):
            if self.one.driver.wait_end() not in CRASHED:
                raise
            return False
        finally:
            self.one.dispose()
        return True

    def recover(self, number):
        self.one.open()
        self._tell([f"in-{number}-99-"])
        wait_until(lambda: self.given[-1] in self._logged(), 40, "the last line")
        self.one.quit()
        self.one.dispose()

    def _logged(self):
        return self.one.logged(self.peer.user_id, r"in-\w+-\w+-")

    def check(self):
        assert self._logged() == self.given


def test_it_survives_a_crash_at_every_boundary_of_a_catch_up(person, js, seat):
    talks = []
    for _ in range(LANES):
        alice, peer = person("alice"), js(person("bob"))
        peer.bootstrap_cross_signing()
        talks.append(CatchUp(alice, peer, seat(alice)))
    needs_crash_points(talks[0].one)
    run_lanes(talks, 1)
    # A batch and a few lines for a window are a commit each, twice a boundary
    assert max(talk.reached for talk in talks) > 20


# What else happens to messages


def test_a_redacted_message(alice, js_bob, direct):
    one, room = direct
    kept = js_bob.send(room, "shown and removed")
    one.driver.wait_line("shown and removed", js_bob.user_id)
    js_bob.redact(room, kept)
    one.driver.wait_line(re.compile("has removed a message"), js_bob.user_id)
    one.quit()
    js_bob.redact(room, js_bob.send(room, "never seen"))
    js_bob.send(room, "after it")
    one.open()
    one.driver.wait_line("after it", js_bob.user_id)
    assert one.driver.texts(js_bob.user_id) == ["after it"]
    messages, _ = show(one, js_bob.user_id)
    assert "shown and removed" not in messages and "never seen" not in messages
    (path,) = Path(one.user_dir).rglob("account.db")
    one.quit()
    query = "SELECT content, sealed, session_id FROM timeline WHERE event_id = ?"
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute(query, [kept]).fetchall()
    assert rows == [("{}", None, None)]


def wait_devices(alice, count):
    """Until so many devices of hers have keys; the test's own has none."""

    def have():
        found = alice.client.post("/keys/query", {"device_keys": {alice.user_id: []}})["device_keys"]
        return len(found.get(alice.user_id, {})) == count

    wait_until(have, 20, f"the keys of {count} devices")


def test_history(alice, js_bob, seat):
    """What came before this device cannot be read, and says so; what it has read can be, from the database too."""
    first, second = seat(alice), seat(alice)
    open_with_keys(alice, first)
    first.quit()
    room = js_bob.create_room(alice, name="Garden")
    alice.client.join(room)
    js_bob.wait_member(room, alice)
    send_all(js_bob, room, numbered(30))
    driver = second.open()
    wait_devices(alice, 2)
    driver.wait_node(room)
    js_bob.devices(alice)
    send_all(js_bob, room, numbered(5, 30))
    wait_all(driver, room, numbered(5, 30))
    messages, said = show(second, room, "30")
    assert messages == [] and "30 encrypted messages that cannot be read here." in said
    second.reopen()
    open_room(second, room)
    messages, _ = show(second, room, "20")
    assert messages[-5:] == numbered(5, 30)
    assert second.logged(room, r"message \d+") == numbered(5, 30)


def test_history_is_asked_for_while_lines_come(alice, js_bob, direct):
    """It reads what waits, and takes nothing away from the window."""
    one, room = direct
    js_bob.send(room, "first")
    one.driver.wait_line("first", js_bob.user_id)
    one.quit()
    texts = numbered(60)
    send_all(js_bob, room, texts, 20)
    one.open()
    one.open_im(js_bob.user_id)
    for _ in range(10):
        one.run(js_bob.user_id, "/history 5")
        time.sleep(0.05)
    wait_until(lambda: texts[-1] in one.logged(js_bob.user_id, r"message \d+"), 20, "the last line")
    assert one.logged(js_bob.user_id, r"message \d+") == texts


def test_edits_and_reactions(alice, js_bob, direct):
    one, room = direct
    sent = js_bob.send(room, "frist")
    one.driver.wait_line("frist", js_bob.user_id)
    js_bob.edit(room, sent, "first")
    relation = {"m.relates_to": {"rel_type": "m.annotation", "event_id": sent, "key": "👍"}}
    js_bob.client.send(room, relation, "m.reaction")
    js_bob.send(room, "next")
    one.driver.wait_line("next", js_bob.user_id)
    first, edited, last = one.driver.texts(js_bob.user_id)
    assert (first, last) == ("frist", "next")
    assert re.fullmatch(r"\[edited\] \d\d:\d\d\nfirst", edited)
    js_bob.redact(room, sent)
    one.driver.wait_line(re.compile("has removed a message"), js_bob.user_id)
    one.quit()
    assert not [path for path in holding(one, "frist", "* first") if "/logs/" not in path]


def test_own_messages_of_another_device(alice, js_bob, js, seat):
    """It was there before, and has made the identity."""
    other = js(alice)
    other.bootstrap_cross_signing()
    one = seat(alice)
    one.open()
    wait_devices(alice, 2)
    room = meet(js_bob, alice, one, direct=True)
    js_bob.devices(alice)
    other.send(room, "from my telephone")
    js_bob.send(room, "from Bob")
    wait_all(one.driver, js_bob.user_id, ["from my telephone", "from Bob"])
    assert one.driver.texts(js_bob.user_id, own=True) == ["from my telephone"]
    one.quit()
    other.send(room, "again from it")
    js_bob.send(room, "again from Bob")
    wait_all(one.open(), js_bob.user_id, ["again from it", "again from Bob"])


@pytest.mark.parametrize("encrypt_to", ["signed", "all"])
def test_a_device_that_its_owner_has_not_signed(alice, bob, js, seat, encrypt_to):
    """What it says is kept back (U1), unless the account's option says otherwise."""
    one = seat(alice, encrypt_to=encrypt_to)
    driver = open_with_keys(alice, one)
    peer = js(bob)
    wait_signed(peer, alice)
    room = meet(peer, alice, one, direct=True)
    peer.send(room, "who am I")
    if encrypt_to == "all":
        line = driver.wait_line(re.compile("^who am I"), peer.user_id)
        assert line.text == "who am I [from a device that its owner has not signed]"
    else:
        driver.wait_line(re.compile("that is not shown. .* not signed by its owner"), peer.user_id)
        assert "who am I" not in driver.texts(peer.user_id)


def test_plaintext_is_marked(alice, js_bob, direct):
    one, room = direct
    js_bob.client.say(room, "in the clear")
    assert one.driver.wait_line(re.compile("in the clear"), js_bob.user_id).text == "in the clear [not encrypted]"


def test_a_repeated_ciphertext(alice, js_bob, direct):
    """Under another event ID, also after a restart; and the message itself is not lost by it."""
    one, room = direct
    content = ciphertext_of(js_bob, room, js_bob.send(room, "pay 10 coins"))
    one.driver.wait_line("pay 10 coins", js_bob.user_id)
    repeats = re.compile("it repeats an earlier one")
    js_bob.client.send(room, content, ENCRYPTED)
    one.driver.wait_line(repeats, js_bob.user_id)
    one.reopen()
    js_bob.client.send(room, content, ENCRYPTED)
    one.driver.wait_line(repeats, js_bob.user_id)
    assert one.logged(js_bob.user_id, "pay 10 coins") == ["pay 10 coins"]
    messages, _ = show(one, js_bob.user_id)
    assert messages.count("pay 10 coins") == 1


def test_somebody_elses_ciphertext(alice, js_bob, person, js, seat):
    """Carol says again, as her own, what Bob has said."""
    one = seat(alice)
    driver = open_with_keys(alice, one)
    carol = js(person("carol"))
    room = js_bob.create_room(alice, carol, name="Garden")
    alice.client.join(room)
    carol.join(room)
    js_bob.wait_member(room, carol)
    js_bob.wait_member(room, alice)
    driver.wait_node(room)
    open_room(one, room)
    sent = js_bob.send(room, "I am Bob")
    driver.wait_line("I am Bob", room)
    carol.client.send(room, ciphertext_of(carol, room, sent), ENCRYPTED)
    line = driver.wait_line(re.compile("its sender is not who has encrypted it"), room)
    assert line["who"] == carol.user_id
    assert driver.texts(room).count("I am Bob") == 1


# What is left on the disk


def test_nothing_in_the_clear(alice, js_bob, seat):
    """With the log off there is no word of it in any file, at any moment, killed or closed."""
    one = seat(alice, log_decrypted=False)
    open_with_keys(alice, one)
    room = meet(js_bob, alice, one, direct=True)
    js_bob.send(room, "heliotrope one")
    one.driver.wait_line("heliotrope one", js_bob.user_id)
    assert holding(one, "heliotrope") == []
    one.kill()
    send_all(js_bob, room, [f"heliotrope {number}" for number in range(40)])
    one.open()
    one.driver.wait_line("heliotrope 39", js_bob.user_id)
    assert holding(one, "heliotrope") == []
    one.kill()
    assert holding(one, "heliotrope") == []
    one.open()
    one.open_im(js_bob.user_id)
    messages, _ = show(one, js_bob.user_id, "50")
    assert "heliotrope 39" in messages
    one.quit()
    assert holding(one, "heliotrope") == []


def test_only_log_and_index_are_in_the_clear(alice, js_bob, direct):
    one, room = direct
    js_bob.send(room, "heliotrope")
    one.driver.wait_line("heliotrope", js_bob.user_id)
    one.quit()
    found = holding(one, "heliotrope")
    assert [path for path in found if "/logs/matrix/" not in path and not path.endswith("/account.db")] == []
    assert [path for path in found if "/logs/matrix/" in path]
