# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages both ways through a storm of faults, with the program killed in between: each once, in order."""

import os
import random
import threading
import time

import pytest
from driver import DriverEnded
from faults import Storm
from waiting import wait_until

SEEDS = [int(seed) for seed in os.environ.get("MX_STORM_SEEDS", "20261").split(",")]
EACH_WAY = 200
KILLS = 5
IN, OUT = r"in-\d{3}", r"out-\d{3}"


class StormTalk:
    pause = 0.1

    def __init__(self, one, bob, room, seed):
        self.one, self.bob, self.room = one, bob, room
        self.random = random.Random(seed)
        self.given, self.typed, self.drawn = [], [], []
        self.error = None

    def tell_all(self):
        """Bob's side, in a thread of its own."""
        try:
            for number in range(EACH_WAY):
                self.bob.client.say(self.room, f"in-{number:03}")
                self.given.append(f"in-{number:03}")
                time.sleep(self.pause)
        except Exception as error:  # told by the test's own thread
            self.error = error

    def type_all(self):
        """Alice's side. A message is the user's once its line has been shown."""
        kills = set(self.random.sample(range(5, EACH_WAY - 5), KILLS))
        for number in range(EACH_WAY):
            word = f"out-{number:03}"
            killer = self._arm() if number in kills else None
            self.typed.append(word)
            try:
                self.one.say_to(self.bob.user_id, word)
                self.one.driver.wait_line(word, self.bob.user_id, 30)
                self.drawn.append(word)
                time.sleep(self.pause)
            except DriverEnded:
                pass
            if killer:
                self._come_back(killer, word)

    def _arm(self):
        """A kill at some moment of the next half second."""
        killer = threading.Timer(self.random.uniform(0, 0.5), self.one.driver.kill)
        killer.start()
        return killer

    def _come_back(self, killer, word):
        killer.join()
        self.one.driver.wait_end()
        was_drawn = self.one.driver.find("line", where=lambda line: line.text == word)
        if was_drawn and word not in self.drawn:
            self.drawn.append(word)
        self.one.dispose()
        self.one.open(timeout=90)

    def log(self, token):
        return self.one.logged(self.bob.user_id, token)

    def settle(self):
        """After the storm: everything that is under way arrives."""
        wait_until(lambda: self.log(IN)[-1:] == self.given[-1:], 60, "the last message in")
        self.bob.wait_body(self.room, self.drawn[-1], 60)

    def check(self):
        peer = self.bob.client.bodies(self.room, self.one.person.user_id)
        assert len(peer) == len(set(peer)), "sent twice"
        assert set(self.drawn) <= set(peer), "shown and never sent"
        assert peer == [word for word in self.typed if word in set(peer)], "sent out of order"
        assert self.log(OUT) == peer, "the own record of what was sent"
        assert self.log(IN) == self.given, "the own record of what was received"


@pytest.mark.parametrize("seed", SEEDS)
def test_storm(alice, bob, direct_room, seat, proxy, seed):
    one = seat(alice, proxy.base_url)
    one.open().wait_node(bob.user_id)
    talk = StormTalk(one, bob, direct_room, seed)
    storm = Storm(seed)
    proxy.rules.set_storm(storm)
    peer = threading.Thread(target=talk.tell_all)
    peer.start()
    talk.type_all()
    peer.join()
    proxy.rules.clear()
    assert talk.error is None and set(storm.hits) == set(Storm.FAULTS)
    talk.settle()
    talk.check()
    assert len(talk.typed) == EACH_WAY and not one.driver.find("connection-error", fatal=True)
