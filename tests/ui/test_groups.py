# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A buddy list with favourites, a space and low priority, and a window with a topic, in both programs."""

import pytest
from finch import Finch
from matrix import create_shared_room, create_space
from pidgin import Pidgin
from waiting import wait_until

TOPIC = "Roses & <b>thorns</b>: what to plant in autumn"


@pytest.fixture(scope="module")
def grouped(world):
    """The world's rooms and two more, in groups; the small room has a topic."""
    alice, bob = world.alice.client, world.bob.client
    attic = create_shared_room(bob, alice, name="Attic")
    create_shared_room(bob, alice, name="Cellar")
    create_space(alice, world.hall, name="Garden club")
    alice.tag(world.tea, "m.favourite")
    alice.tag(attic, "m.lowpriority")
    bob.set_state(world.tea, "m.room.topic", {"topic": TOPIC})
    return world


EXPECTED = {
    "Favourites": {("chat", "Tea party")},
    "Garden club": {("chat", "Big hall")},
    "Low priority": {("chat", "Attic")},
    "Matrix": {("chat", "Cellar"), ("buddy", "Bob")},
}


def test_pidgin(grouped, second_desktop, plugin, tmp_path):
    desktop = second_desktop
    program = Pidgin(desktop, tmp_path / "pidgin", plugin).start()
    try:
        program.add_account(grouped.alice.user_id, grouped.alice.password, grouped.base_url)
        program.wait_connected()
        wait_until(lambda: program.buddy_list() == EXPECTED, 15, "the groups")
        desktop.shot("groups", desktop.wait_window("Buddy List"))
        window = program.open_from_list("Tea party")
        program.say(window, "/topic")
        lines = program.wait_text(window, TOPIC)
        assert lines[-1].shown.endswith(f"Topic, set by Bob: {TOPIC}")
        desktop.shot("topic", window)
        assert not program.complaints()
    finally:
        program.stop()


def test_finch(grouped, plugin, tmp_path):
    program = Finch(tmp_path / "finch", plugin).start()
    try:
        program.add_account(grouped.alice.user_id, grouped.alice.password, grouped.base_url)
        program.keys("M-c")
        program.wait_screen("Garden club", 20)
        program.show("Buddy List")
        for name in ("- Favourites", "~ Tea party", "- Garden club", "~ Big hall", "- Low priority", "~ Attic"):
            program.wait_screen(name)
        program.save_screen("finch-groups")
        program.open_from_list("Tea party")
        program.say("/topic")
        program.wait_text(f"Topic, set by Bob: {TOPIC}")
        program.save_screen("finch-topic")
        assert not program.complaints()
    finally:
        program.stop()
