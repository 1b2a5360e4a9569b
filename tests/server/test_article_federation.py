# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rooms shared by three homeservers, a plugin on each. Every server has the history; one goes down, even the one
that is named in the room's ID, and the others talk on."""

import itertools

from matrix import quote
from test_joining import public_room, wait_membership, wait_window
from waiting import wait_until

NAMES = ("alice", "bob", "carol")
# A returning Synapse fetches ten missed events of a room by itself, and tells them in order.
LINES_EACH = 3
LINES_OF_A_LONG_OUTAGE = 14
_ALL_LINES = '{"room":{"timeline":{"limit":500}}}'


class Circle:
    """Three people, each at a seat of their own with a homeserver of their own, in rooms of versions 11 and 12."""

    def __init__(self, servers, person, seat):
        self.servers = servers
        self.people = [person(name, server) for name, server in zip(NAMES, servers)]
        self.seats = [seat(one, server.base_url) for one, server in zip(self.people, servers)]
        self.said = {}  # room -> texts
        self._numbers = itertools.count(1)
        self._since, self._shown = [], {}

    def gather(self):
        for one in self.seats:
            one.open()
        for version in ("11", "12"):
            room, alias = public_room(self.people[0], f"circle{version}", room_version=version)
            self.said[room] = []
            self.seats[0].open_chat(room)
            wait_window(self.seats[0].driver, room)
            for one in self.seats[1:]:
                one.open_chat(alias)
                wait_window(one.driver, room)
                for other in self.people[: self.seats.index(one) + 1]:
                    wait_membership(other, room, one.person.user_id, "join")

    def say(self, speaker, lines=1):
        """One person types so many lines into each room; they are in the window at once, whatever the network is."""
        for _ in range(lines):
            text = f"line {next(self._numbers):02} of {NAMES[speaker]}"
            for room, texts in self.said.items():
                texts.append(text)
                self.seats[speaker].say(room, text)
                self.seats[speaker].driver.wait_line(text, room)

    def wait_all(self, readers, timeout=100):
        """Until these people's windows show all that was said. A Synapse that could not reach another one tries again
        with the next event, or after a minute."""
        for reader in readers:
            driver = self.seats[reader].driver
            for room, texts in self.said.items():
                wait_until(
                    lambda: set(texts) <= set(driver.texts(room)),
                    timeout,
                    f"all lines at {NAMES[reader]}'s; has {driver.texts(room)}",
                )

    def others(self, one):
        return [other for other in range(len(NAMES)) if other != one]

    def check(self):
        """Each line once in each window and in each log."""
        for seat in self.seats:
            for room, texts in self.said.items():
                shown = seat.driver.texts(room)
                assert sorted(shown) == sorted(texts)
                assert seat.logged(room, r"line \d+ of \w+") == shown

    def check_order_of_each(self):
        """Everybody's lines are in the order in which they typed them."""
        for seat in self.seats:
            for room, texts in self.said.items():
                for name in NAMES:
                    assert of(name, seat.driver.texts(room)) == of(name, texts)

    def mark(self):
        """From here on check_order() looks."""
        self._since = [one.client.sync()["next_batch"] for one in self.people]
        self._shown = {room: [len(seat.driver.texts(room)) for seat in self.seats] for room in self.said}

    def check_order(self, reader):
        """Other people's lines stand as the reader's own server tells them."""
        answer = self.people[reader].client.get("/sync", since=self._since[reader], filter=_ALL_LINES)
        for room in self.said:
            events = answer["rooms"]["join"][room]["timeline"]["events"]
            told = [one["content"]["body"] for one in events if one["type"] == "m.room.message"]
            shown = self.seats[reader].driver.texts(room)[self._shown[room][reader] :]
            assert without(NAMES[reader], shown) == without(NAMES[reader], told)


def without(name, texts):
    return [text for text in texts if not text.endswith(name)]


def of(name, texts):
    return [text for text in texts if text.endswith(name)]


def test_three_homeservers_and_each_goes_down(federation, person, seat):
    circle = Circle(federation(3), person, seat)
    circle.gather()
    everybody = range(len(NAMES))
    for speaker in everybody:
        circle.say(speaker)
    circle.wait_all(everybody)
    assert [room for room in circle.said if room.endswith(":" + circle.servers[0].server_name)]
    for down in everybody:
        circle.mark()
        circle.servers[down].kill()
        for speaker in circle.others(down):
            circle.say(speaker, LINES_EACH)
        circle.wait_all(circle.others(down))
        circle.say(down, 2)  # waits in the database until the server is back
        federation(3)
        circle.say(circle.others(down)[0])
        circle.wait_all(everybody)
        assert not circle.seats[down].driver.find("disconnected")
        circle.check_order(down)
    circle.check()
    circle.check_order_of_each()


def test_after_a_long_outage_nothing_is_missing(federation, person, seat):
    """Of what a homeserver has missed it fetches, and tells, only the last; the rest is asked for, and comes late."""
    circle = Circle(federation(3), person, seat)
    circle.gather()
    circle.servers[0].kill()
    for speaker in (1, 2):
        circle.say(speaker, LINES_OF_A_LONG_OUTAGE)
    circle.wait_all((1, 2))
    federation(3)
    circle.say(1)
    circle.wait_all(range(len(NAMES)))
    circle.check()


def test_the_history_is_on_every_server(federation, person, seat):
    """Who joins when the first server is gone reads what was said there."""
    circle = Circle(federation(3), person, seat)
    circle.gather()
    circle.say(0, 2)
    circle.wait_all(range(len(NAMES)))
    dora = person("dora", circle.servers[1])
    circle.servers[0].kill()
    for room, texts in circle.said.items():
        dora.client.post(f"/join/{quote(room)}")
        assert dora.client.bodies(room) == texts
    federation(3)
