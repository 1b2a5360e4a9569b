# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The program dies at every commit boundary of its database, and each message is there once, in order, on both sides.

The environment variable MX_CRASH_AT=n makes a build with -Dcrash_points=true abort at the n-th boundary: odd numbers
before a commit, even ones after it. A short talk runs for n = 1, 2, ... until it ends without an abort."""

import os
import signal
import threading
import time

import pytest
from driver import DriverEnded
from matrix import create_direct
from seat import Person
from waiting import wait_until

CRASHED = (-signal.SIGABRT, 97)  # an abort, or the exit code of a crash point
MESSAGES = 3
LANES = 2
LIMIT = int(os.environ.get("MX_CRASH_LIMIT", "400"))
SECONDS = int(os.environ.get("MX_CRASH_SECONDS", "600"))


class Talk:
    """Alice at her seat and Bob on another client, who talk, crash after crash, in one direct room."""

    def __init__(self, alice, bob, one):
        self.alice, self.bob, self.one = alice, bob, one
        self.room = create_direct(bob.client, alice.client)
        self.given, self.typed, self.drawn = [], [], set()
        self.reached = 0

    def _tell(self, word):
        self.bob.client.say(self.room, word)
        self.given.append(word)

    def _type(self, word):
        self.typed.append(word)
        self.one.say_to(self.bob.user_id, word)
        self.one.driver.wait_line(word, self.bob.user_id)

    def run(self, number):
        """The script. True when it ended without a crash."""
        try:
            self.one.open({"MX_CRASH_AT": str(number)})
            for step in range(MESSAGES):
                self._tell(f"in-{number}-{step}-")
                self._type(f"out-{number}-{step}-")
            self._settle(f"in-{number}-{MESSAGES - 1}-", f"out-{number}-{MESSAGES - 1}-")
            self.one.quit()
        except (DriverEnded, AssertionError):
            if self.one.driver.wait_end() not in CRASHED:
                raise
            return False
        finally:
            self._remember_drawn()
            self.one.dispose()
        return True

    def _remember_drawn(self):
        lines = self.one.driver.lines(self.bob.user_id)
        self.drawn |= {line.text for line in lines if line.is_own and line.is_message}

    def _settle(self, given, typed):
        self.one.driver.wait_line(given, self.bob.user_id)
        self.bob.wait_body(self.room, typed)

    def recover(self, number):
        """Starts without the variable; one more message each way shows that everything before it is done."""
        self.one.open()
        self._tell(f"in-{number}-after-")
        self._type(f"out-{number}-after-")
        self.bob.wait_body(self.room, f"out-{number}-after-", 30)
        name, last = self.bob.user_id, f"in-{number}-after-"
        wait_until(lambda: last in self.one.logged(name, r"in-\w+-\w+-"), 30, "the last line")
        self._remember_drawn()
        self.one.quit()
        self.one.dispose()

    def check(self):
        """The peer's record and the own one: equal, in order, nothing twice, nothing lost that had been shown."""
        peer = self.bob.client.bodies(self.room, self.alice.user_id)
        own = self.one.logged(self.bob.user_id, r"out-\w+-\w+-")
        assert peer == [word for word in self.typed if word in set(peer)], "the peer's order"
        assert own == peer, "the own record of what was sent"
        assert self.drawn <= set(peer), f"shown and never sent: {self.drawn - set(peer)}"
        assert self.one.logged(self.bob.user_id, r"in-\w+-\w+-") == self.given


def walk(talk, numbers, failures):
    """Crashes at each of the numbers, until one of them is beyond the end of the script."""
    end = time.monotonic() + SECONDS
    for number in numbers:
        try:
            assert time.monotonic() < end, f"not through after {SECONDS} s, at boundary {number}"
            done = talk.run(number)
            if not done:
                talk.recover(number)
            talk.check()
            talk.reached = number
        except Exception as error:  # reported by the test's own thread
            failures.append((number, error))
            return
        if done:
            return
    failures.append((LIMIT, AssertionError("the script never came to its end")))


def run_lanes(talks, start):
    failures = []
    lanes = [
        threading.Thread(target=walk, args=(talk, range(start + lane, LIMIT, LANES), failures))
        for lane, talk in enumerate(talks)
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    if failures:
        number, error = failures[0]
        raise AssertionError(f"MX_CRASH_AT={number}: {error}") from error


@pytest.fixture
def talks(person, seat):
    def make():
        alice, bob = person("alice"), person("bob")
        talk = Talk(alice, bob, seat(alice))
        talk.one.open().wait_node(bob.user_id)
        talk.one.quit()
        return talk

    return [make() for _ in range(LANES)]


def needs_crash_points(one):
    """Boundary 1 exists in every run; a build without crash points passes it."""
    try:
        one.open({"MX_CRASH_AT": "1"})
    except AssertionError:
        if one.driver.wait_end() in CRASHED:
            return
        raise
    pytest.fail("the plugin was built without -Dcrash_points=true")


def test_a_talk_survives_a_crash_at_every_boundary(talks):
    needs_crash_points(talks[0].one)
    run_lanes(talks, 1)
    # A sync, a line on its way and a line shown for each one in; typed, handed over, answered for each one out
    assert max(talk.reached for talk in talks) > 2 * 6 * MESSAGES - 10


def test_a_first_login_survives_a_crash_at_every_boundary(person, seat):
    """One device for ever, whatever the moment; and the first sync is done again or not at all."""
    for number in range(1, LIMIT):
        alice = person("alice")
        bob: Person = person("bob")
        create_direct(bob.client, alice.client)
        one = seat(alice)
        crashed = False
        try:
            one.open({"MX_CRASH_AT": str(number)}).wait_node(bob.user_id)
            time.sleep(0.3)
        except (DriverEnded, AssertionError):
            assert one.driver.wait_end() in CRASHED
            crashed = True
        if one.driver.exit_code is None:
            one.kill()
        one.open().wait_node(bob.user_id)
        assert len(alice.device_ids()) == 1, f"MX_CRASH_AT={number}"
        one.kill()
        if not crashed:
            return
    pytest.fail("the login never came to its end")
