# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Moderation and a room upgrade in both programs, while the window is open."""

import pytest
from finch import Finch
from matrix import MatrixError, create_shared_room
from pidgin import Pidgin
from waiting import wait_until


def make_room(world, name):
    """Alice's own; open, so that the others can go along."""
    return create_shared_room(
        world.alice.client, world.bob.client, world.carol.client, name=name, preset="public_chat", room_version="11"
    )


def wait_gone(world, room):
    wait_until(lambda: world.bob.client.members(room)[world.carol.user_id] == "leave", 15, "Carol to be gone", 0.1)


def wait_successor(world, room):
    def find():
        try:
            return world.bob.client.state(room, "m.room.tombstone")["replacement_room"]
        except MatrixError:
            return None

    return wait_until(find, 15, "the tombstone", 0.1)


def show_successor(finch):
    """Both windows have the same title."""

    def find():
        if finch.appears("This room continues “Shed”.", 1):
            return True
        finch.keys("M-n")
        return False

    wait_until(find, 20, "the new room's window", 0.1)


@pytest.fixture(scope="module")
def rooms(world):
    return {name: make_room(world, name) for name in ("Workshop", "Shed")}


def test_article_moderation_in_pidgin(rooms, world, second_desktop, plugin, tmp_path):
    desktop = second_desktop
    program = Pidgin(desktop, tmp_path / "pidgin", plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.wait_connected()
        window = program.open_from_list("Workshop")
        program.say(window, "/kick Carol too loud")
        wait_gone(world, rooms["Workshop"])
        lines = program.wait_text(window, "too loud")
        assert lines[-1].shown.endswith("Alice has removed Carol. Reason: too loud")
        desktop.shot("moderation-kick", window)
        program.say(window, "/upgrade 12")
        dialog = desktop.wait_window("Matrix")
        desktop.shot("upgrade-question", dialog)
        desktop.focus(dialog)
        desktop.key("shift+Tab")
        desktop.shot("upgrade-focus", dialog)
        desktop.key("Return")
        successor = wait_successor(world, rooms["Workshop"])
        world.bob.client.join(successor)
        world.bob.client.say(successor, "all here again")
        window = desktop.wait_window("Workshop")
        desktop.shot("upgrade-before", window)
        desktop.focus(window)
        desktop.key("ctrl+Tab")
        program.wait_text(window, "all here again")
        desktop.shot("upgrade-after", window)
        assert ("chat", "Workshop") in program.buddy_list()["Matrix"]
        assert not program.complaints()
    finally:
        program.stop()


def test_article_moderation_in_finch(rooms, world, plugin, tmp_path):
    program = Finch(tmp_path / "finch", plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.keys("M-c")
        program.wait_screen("Shed", 20)
        program.open_from_list("Shed")
        program.say("/members")  # names mean somebody when the list is there
        program.wait_text("3 members:")
        program.say("/kick Carol too loud")
        wait_gone(world, rooms["Shed"])
        program.wait_text("Alice has removed Carol. Reason: too loud")
        program.save_screen("finch-kick")
        program.say("/upgrade 12")
        program.show("Matrix")
        program.wait_screen("Upgrade the room")
        program.save_screen("finch-upgrade-question")
        program.keys("Enter")
        wait_successor(world, rooms["Shed"])
        show_successor(program)
        program.save_screen("finch-upgrade-after")
        program.say("/power")
        program.wait_text("creator: more than any level, for ever")
        program.save_screen("finch-power")
        assert not program.complaints()
    finally:
        program.stop()
