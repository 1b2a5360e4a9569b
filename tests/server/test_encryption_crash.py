# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The program dies at every commit boundary of its first encrypted talk, and no ratchet makes two messages of a place,
no key is lost and each message is there once. See test_crash.py for MX_CRASH_AT."""

import os
import time

import pytest
from driver import Driver, DriverEnded
from faults import Fault
from test_crash import CRASHED, needs_crash_points
from test_encrypted_reading import send_all
from test_encryption import check_heard, direct_with, wait_signed
from test_recovery import signed_devices
from waiting import wait_until

LANES = 3
AFTERWARDS = 5  # messages each way after a crash
STRIDE = int(os.environ.get("MX_CRASH_STRIDE", "5"))  # odd: before and after a commit in turn; 1 is every boundary
LIMIT = int(os.environ.get("MX_CRASH_LIMIT", "400"))
PHASES = ("logging in", "first messages", "second messages")


class FirstTalk:
    """Alice logs in for the first time and talks with an encrypting Bob, in a direct room that was there before."""

    def __init__(self, alice, peer, one, is_speaking_first):
        self.alice, self.peer, self.one = alice, peer, one
        self.is_speaking_first = is_speaking_first
        self.room = peer.create_room(alice, direct=True)
        alice.client.mark_direct(peer.user_id, self.room)
        alice.client.join(self.room)
        peer.wait_member(self.room, alice)
        self.given, self.typed, self.drawn = [], [], set()
        self.phase = None  # of PHASES, where it ended

    def _tell(self, text):
        self.peer.send(self.room, text)
        self.given.append(text)
        self.one.driver.wait_line(text, self.peer.user_id)

    def _type(self, text):
        self.typed.append(text)
        self.one.say_to(self.peer.user_id, text)
        self.one.driver.wait_line(text, self.peer.user_id)
        self.drawn.add(text)

    def _wait_heard(self):
        """The peer has read what was typed last; or the program has ended before."""

        def is_heard():
            self._check_runs()
            return self.typed[-1] in self.peer.bodies(self.room)

        wait_until(is_heard, 20, f"{self.typed[-1]} at the peer", 0.02)

    def _check_runs(self):
        if self.one.driver.exit_code is not None:
            raise DriverEnded(f"driver ended with {self.one.driver.exit_code}")

    def _wait_signed(self):
        """One device, which has keys and is signed; the peer knows."""

        def is_signed():
            self._check_runs()
            return signed_devices(self.alice) - {self.alice.client.device_id}

        wait_until(is_signed, 20, "a signed device", 0.05)
        self.peer.devices(self.alice)

    def _exchange(self, name):
        deeds = [lambda: self._type(f"out-{name}-"), lambda: self._tell(f"in-{name}-")]
        for deed in deeds if self.is_speaking_first else reversed(deeds):
            deed()
        self._wait_heard()

    def run(self, number):
        """The script. True when it ended without a crash."""
        try:
            self.phase = PHASES[0]
            self.one.open({"MX_CRASH_AT": str(number)}).wait_node(self.peer.user_id)
            self._wait_signed()
            self.phase = PHASES[1]
            self._exchange("first")
            self.phase = PHASES[2]
            self._exchange("second")
            self.one.quit()
        except (DriverEnded, AssertionError):
            if self.one.driver.wait_end() not in CRASHED:
                raise
            return False
        finally:
            lines = self.one.driver.lines(self.peer.user_id)
            self.drawn |= {line.text for line in lines if line.is_own and line.is_message}
            self.one.dispose()
        return True

    def recover(self):
        """Without the variable: what was begun is done, and a talk follows."""
        self.one.open().wait_node(self.peer.user_id)
        self._wait_signed()
        for step in range(AFTERWARDS):
            self._exchange(f"after{step}")
        wait_until(lambda: self._logged("in") == self.given, 20, f"{self.given}, not {self._logged('in')}")
        self.one.quit()
        self.one.dispose()

    def _logged(self, way):
        return self.one.logged(self.peer.user_id, rf"{way}-\w+-")

    def check(self):
        heard = [one for one in self.peer.messages(self.room) if one["sender"] == self.alice.user_id]
        assert all(one.is_safe for one in heard), [one for one in heard if not one.is_safe]
        bodies = [one.body for one in heard]
        assert bodies == [text for text in self.typed if text in set(bodies)], f"{bodies}, not {self.typed}"
        assert self.drawn <= set(bodies), f"shown and never sent: {self.drawn - set(bodies)}"
        assert self._logged("out") == bodies
        assert self._logged("in") == self.given
        assert self.peer.client.bodies(self.room) == [], "in the clear"
        assert len(self.alice.device_ids()) == 1
        self.peer.check_no_repeats()


@pytest.mark.parametrize("lane", range(LANES))
def test_a_first_encrypted_talk_survives_a_crash(lane, person, js, seat):
    """The lanes share the boundaries: logging in and giving keys, the first messages, and the second ones."""
    peer = js(person("bob"))
    peer.bootstrap_cross_signing()
    needs_crash_points(seat(person("alice")))
    met = []
    for number in range(1 + lane * STRIDE, LIMIT, LANES * STRIDE):
        alice = person("alice")
        talk = FirstTalk(alice, peer, seat(alice), is_speaking_first=lane != 1)
        try:
            is_done = talk.run(number)
            if not is_done:
                talk.recover()
            talk.check()
        except AssertionError as error:
            raise AssertionError(f"MX_CRASH_AT={number}: {error}") from error
        if is_done:
            assert {PHASES[0], PHASES[1]} <= set(met), met
            print(f"up to {number}; {[met.count(one) for one in PHASES]} crashes")
            return
        met.append(talk.phase)
    pytest.fail("the talk never came to its end")


# Ends that no commit decides


@pytest.fixture
def direct(alice, js_bob, seat, proxy):
    """(seat, room): the account is connected by way of the proxy, and knows Bob's encrypted direct room."""
    one = seat(alice, proxy.base_url)
    one.open()
    wait_signed(js_bob, alice)
    return one, direct_with(js_bob, alice)


def talk(one, peer, room, name, count=AFTERWARDS):
    """Some messages each way; gives the texts of (the peer, the account)."""
    given, typed = ([f"{name} {way} {step}" for step in range(count)] for way in ("in", "out"))
    for there, back in zip(given, typed):
        peer.send(room, there)
        one.driver.wait_line(there, peer.user_id)
        one.say_to(peer.user_id, back)
        check_heard(peer, room, back)
    return given, typed


def test_killed_in_the_middle_of_many(js_bob, direct):
    """Sixty messages of three sessions wait, and it is killed whenever some more of them are shown."""
    one, room = direct
    bob = js_bob.user_id
    one.driver.wait_node(bob)
    one.quit()
    texts = [f"message {number:02}" for number in range(60)]
    send_all(js_bob, room, texts, 20)
    shown = [0]
    while len(shown) < 5 and shown[-1] < len(texts):
        one.open()
        one.driver.wait_event("line", name=bob)
        one.kill()
        shown.append(len(one.logged(bob, r"message \d\d")))
    assert 0 < shown[1] < len(texts), f"not in the middle: {shown}"
    one.open()
    given, typed = talk(one, js_bob, room, "afterwards")
    one.quit()
    assert one.logged(bob, r"message \d\d|afterwards in \d") == texts + given
    assert js_bob.bodies(room, one.person.user_id) == typed
    js_bob.check_no_repeats()


def test_a_second_program_is_refused(js_bob, direct, seat):
    """It would use the places of the ratchets a second time."""
    one, room = direct
    one.driver.wait_node(js_bob.user_id)
    talk(one, js_bob, room, "before", 1)
    second = Driver(one.user_dir)
    try:
        second.wait_ready()
        second.add_account(one.username, one.person.password, **one.options)
        refusal = second.wait_event("connection-error", username=one.username)
        assert refusal["reason"] == "NAME_IN_USE" and "Another program" in refusal["text"]
    finally:
        second.dispose()
    talk(one, js_bob, room, "afterwards")
    js_bob.check_no_repeats()
    assert len(one.person.device_ids()) == 1


# A full disk


def wait_told(one, words, since=0):
    """Said in a line or in a dialog."""
    return wait_until(lambda: [one for one in one.driver.events[since:] if words in str(one)], 15, words)


def test_nothing_is_taken_on_a_full_disk(js_bob, direct):
    """What cannot be kept is not sent, and that is said."""
    one, room = direct
    bob = js_bob.user_id
    one.driver.wait_node(bob)
    _, before = talk(one, js_bob, room, "before")
    one.driver.fill_disk()
    one.say_to(bob, "no room for it")
    wait_told(one, "could not be stored and was not sent")
    js_bob.new_session(room)  # the key comes while it cannot be kept
    js_bob.send(room, "while it is full")
    wait_told(one, "database failed")
    one.driver.free_disk()
    one.driver.wait_line("while it is full", bob, 30)
    _, typed = talk(one, js_bob, room, "afterwards")
    assert len(one.driver.find("notify", where=lambda event: "database failed" in str(event))) == 1, "said once"
    assert js_bob.bodies(room, one.person.user_id) == before + typed
    assert js_bob.client.bodies(room) == []
    js_bob.check_no_repeats()


def test_what_waits_when_the_disk_fills_is_sent_afterwards(js_bob, direct, proxy):
    """The second message is stored, and no place of the ratchet can be for it until there is room again."""
    one, room = direct
    bob = js_bob.user_id
    one.driver.wait_node(bob)
    given, before = talk(one, js_bob, room, "before")
    proxy.rules.add(Fault.DELAY_ANSWER, "/send/m.room.encrypted/", "PUT", seconds=1.5)
    for text in ("on its way", "waiting"):
        one.say_to(bob, text)
        one.driver.wait_line(text, bob)
    one.driver.fill_disk()
    wait_told(one, "database failed")
    assert js_bob.wait_safe(room, "on its way")
    time.sleep(1)
    assert "waiting" not in js_bob.bodies(room)
    one.driver.free_disk()
    check_heard(js_bob, room, "waiting")
    more, typed = talk(one, js_bob, room, "afterwards")
    assert js_bob.bodies(room, one.person.user_id) == before + ["on its way", "waiting"] + typed
    assert one.driver.texts(bob, own=False) == given + more
    assert js_bob.client.bodies(room) == []
    js_bob.check_no_repeats()


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/keys/claim"), ("PUT", "/sendToDevice/m.room.encrypted/")], ids=["claim", "send"]
)
def test_keys_that_a_full_disk_has_stopped_are_given_afterwards(js_bob, direct, proxy, method, path):
    """The answer comes that cannot be kept: the message is held, and goes with keys that fit it."""
    one, room = direct
    bob = js_bob.user_id
    one.driver.wait_node(bob)
    proxy.rules.add(Fault.DELAY_ANSWER, path, method, seconds=1.5)
    one.say_to(bob, "the first")
    one.driver.wait_line("the first", bob)
    wait_until(lambda: proxy.requests(method, path), 10, path)
    one.driver.fill_disk()
    time.sleep(3)
    assert js_bob.bodies(room) == js_bob.client.bodies(room) == []
    one.driver.free_disk()
    assert js_bob.wait_safe(room, "the first", 40)
    _, typed = talk(one, js_bob, room, "afterwards")
    assert js_bob.bodies(room, one.person.user_id) == ["the first", *typed]
    js_bob.check_no_repeats()
