# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A room of twenty thousand in real Pidgin: its window opens without a freeze that can be seen."""

import json

import pytest
from faultproxy import FaultProxy, own_answer
from heartbeat import Heartbeat
from pidgin import OBJECT, SERVICE, Pidgin
from waiting import wait_until

PEOPLE = 20000
LISTED = 2000
# Seconds. Opening any window takes Pidgin some 0.1; with less than this more nobody sees a difference.
LONGEST = 0.25


def member_event(number):
    user = f"@crowd{number}:localhost"
    content = {"membership": "join", "displayname": f"Person {number * 7919 % PEOPLE}"}
    return {
        "type": "m.room.member",
        "event_id": f"$crowd{number}",
        "sender": user,
        "state_key": user,
        "origin_server_ts": 1,
        "content": content,
    }


class Crowd(FaultProxy):
    """A homeserver whose rooms are full: lists of members have twenty thousand more."""

    async def _ask_server(self, request):
        answer = await super()._ask_server(request)
        if "/members?" not in request.start:
            return answer
        chunk = json.loads(answer.body)["chunk"] + [member_event(number) for number in range(PEOPLE)]
        return own_answer(200, json.dumps({"chunk": chunk}).encode())


@pytest.fixture
def crowd(synapse):
    proxy = Crowd(synapse.port).start()
    yield proxy
    proxy.stop()


def measure(pidgin, room, is_there):
    """Seconds of the longest hold while the room's window opens."""
    with Heartbeat(pidgin.desktop.env["DBUS_SESSION_BUS_ADDRESS"], SERVICE, OBJECT) as heart:
        pidgin.open_from_list(room)
        wait_until(is_there, 30, f"the members of {room}", 0.5)
    return heart


def test_a_crowd(second_desktop, world, crowd, plugin, tmp_path):
    program = Pidgin(second_desktop, tmp_path / "pidgin", plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, crowd.base_url)
        program.wait_connected()
        wait_until(lambda: ("chat", "Big hall") in program.buddy_list().get("Matrix", ()), 10, "the rooms")
        first = measure(program, "Tea party", lambda: program.chat_size("Tea party") >= LISTED)
        second = measure(program, "Big hall", lambda: program.chat_size("Big hall") >= LISTED)
        for name, heart in (("first window", first), ("second", second)):
            worst = sorted(heart.times)[-5:]
            print(f"{name}: longest {heart.longest * 1000:.0f} ms; {[round(1000 * one) for one in worst]}")
        second_desktop.shot("crowd")
        assert second.longest < LONGEST
    finally:
        program.stop()
