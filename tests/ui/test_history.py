# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""/history in Pidgin and Finch: older lines between a heading and an end, across an upgrade."""

import pytest
from finch import Finch
from matrix import create_shared_room, quote
from pidgin import Pidgin

ENCRYPTED = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "x", "session_id": "y"}


@pytest.fixture(scope="module")
def room(world):
    """An old room, and the one that continues it; both are talked in."""
    bob, alice = world.bob.client, world.alice.client
    old = create_shared_room(bob, alice, world.carol.client, name="Orchard", preset="public_chat", room_version="11")
    for number in range(1, 31):
        (bob if number % 3 else alice).say(old, f"apple {number:02}")
    for _ in range(3):
        bob.send(old, ENCRYPTED, "m.room.encrypted")
    new = bob.post(f"/rooms/{quote(old)}/upgrade", {"new_version": "12"})["replacement_room"]
    for person in (alice, world.carol.client):
        person.join(new)
    for number in range(1, 6):
        bob.say(new, f"pear {number}")
    return new


def test_pidgin(room, world, second_desktop, plugin, tmp_path):
    desktop = second_desktop
    program = Pidgin(desktop, tmp_path / "pidgin", plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.wait_connected()
        window = program.open_from_list("Orchard")
        program.wait_text(window, "pear 5")  # the last lines stand there at once
        desktop.shot("pidgin-last-lines", window)
        program.say(window, "/history 18")
        end = "End of the history. Type /history again to go further back."
        lines = program.wait_text(window, end)
        desktop.shot("pidgin-history", window)
        shown = [line.text for line in lines]
        assert [text for text in shown if text.startswith("pear")] == [f"pear {number}" for number in range(1, 6)]
        assert any("Here the room was upgraded" in text for text in shown)
        assert any("3 encrypted messages" in text for text in shown)
        program.say(window, "/history 100")
        lines = program.wait_text(window, "End of the history.")
        apples = [line.text for line in lines if line.text.startswith("apple")]
        assert sorted(apples) == [f"apple {number:02}" for number in range(1, 31)]
        desktop.shot("pidgin-history-beginning", window)
        assert not program.complaints()
    finally:
        program.stop()


def test_finch(room, world, plugin, tmp_path):
    program = Finch(tmp_path / "finch", plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.keys("M-c")
        program.wait_screen("Bob", 20)
        program.open_from_list("Orchard")
        program.wait_text("pear 5")  # as in Pidgin
        program.save_screen("finch-last-lines")
        program.say("/history 18")
        program.wait_text("End of the history. Type /history again to go further back.")
        program.save_screen("finch-history")
        assert program.shows("Here the room was upgraded")
        assert program.shows("3 encrypted messages")
        program.say("/history 100")
        program.wait_text("apple 18")
        program.save_screen("finch-history-beginning")
        assert not program.complaints()
    finally:
        program.stop()
