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


def new_space(world, name, room_name):
    """A space of Alice's with one room in it."""
    room = create_shared_room(world.bob.client, world.alice.client, name=room_name)
    return create_space(world.alice.client, room, name=name)


def wait_left(world, space):
    wait_until(lambda: space not in world.alice.client.joined_rooms(), 15, "Alice to leave the space")


def test_leaving_spaces_in_pidgin(world, second_desktop, plugin, tmp_path):
    """One by its name, which asks first, and one by ticking it; the rooms stay."""
    desktop = second_desktop
    choir, books = new_space(world, "Choir & more", "Loft"), new_space(world, "Book club", "Shelf")
    program = Pidgin(desktop, tmp_path / "pidgin", plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.wait_connected()
        wait_until(lambda: ("chat", "Loft") in program.buddy_list().get("Choir & more", ()), 15, "the group")
        window = program.open_from_list("Loft")
        program.say(window, "/leave choir & more")
        dialog = desktop.wait_window("Matrix")
        desktop.shot("leave-space", dialog)
        desktop.focus(dialog)
        desktop.key("shift+Tab", "Return")
        wait_left(world, choir)
        program.wait_text(window, "You have left the space “Choir & more”. You are in its rooms still.")
        wait_until(lambda: ("chat", "Loft") in program.buddy_list().get("Matrix", ()), 15, "the room's other group")
        program._open_accounts_menu()
        desktop.key("Down", "Right", "Up", "Up", "Up", "Up", "Return")
        dialog = desktop.wait_window("Matrix")
        desktop.focus(dialog)
        desktop.key("space")
        desktop.shot("leave-spaces", dialog)
        desktop.key("Return")
        wait_left(world, books)
        wait_until(lambda: ("chat", "Shelf") in program.buddy_list().get("Matrix", ()), 15, "the other room's group")
        assert not program.complaints()
    finally:
        program.stop()


def test_leaving_a_space_in_finch(world, plugin, tmp_path):
    space = new_space(world, "Brass band", "Barn")
    program = Finch(tmp_path / "finch", plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.keys("M-c")
        program.wait_screen("Barn", 20)
        program.open_from_list("Barn")
        program.say("/leave brass band")
        program.show("Matrix")
        program.wait_screen("Leave the space")
        program.save_screen("finch-leave-space")
        program.keys("Enter")
        wait_left(world, space)
        program.wait_text("You have left the space “Brass band”. You are in its rooms still.")
        assert not program.complaints()
    finally:
        program.stop()
