# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Finch as a person uses it: keys into a terminal, and what the terminal shows."""

import re

import pytest
from busy import LINES, NEWS_END, make_news, say_busy
from finch import Finch
from htmllog import read_messages
from waiting import wait_until

ANSWER = "Yes: 1 < 2 & 3 > 2, <b>no tag</b>; see https://example.org/a_b?c=d&e=f"


@pytest.fixture(scope="module")
def finch(world, plugin, tmp_path_factory):
    """Finch with alice's account, put in through the account editor."""
    program = Finch(tmp_path_factory.mktemp("finch"), plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url, "finch-editor")
        program.keys("M-c")
        program.wait_screen("Bob", 20)
        yield program
    finally:
        program.stop()


def open_window(finch, title):
    if any(one.startswith(title + " (") for one in finch.windows()):
        finch.show(title + " (")
    else:
        finch.open_from_list(title)


def test_account_editor(finch, world):
    assert len(world.alice.device_ids()) == 1


def test_buddy_list(finch):
    finch.show("Buddy List")
    for pattern in (r"- Matrix", r"~ Tea party", r"~ Big hall", r"◯ Bob"):
        finch.wait_screen(pattern)
    finch.save_screen("finch-list")


def test_talking_in_a_room(finch, world):
    open_window(finch, "Tea party")
    world.bob.client.say(world.tea, "Two spoons & a <i>cup</i>?")
    finch.wait_text("Bob: Two spoons & a <i>cup</i>?")
    finch.say(ANSWER)
    world.bob.wait_body(world.tea, ANSWER)
    finch.wait_text(ANSWER)
    finch.save_screen("finch-room")
    assert world.bob.client.bodies(world.tea, world.alice.user_id) == [ANSWER]


def test_members_are_listed_by_name(finch, world):
    open_window(finch, "Tea party")
    finch.say("/users")
    try:
        finch.wait_screen(r"│ *Bob *▒?│")
        finch.save_screen("finch-members")
        finch.wait_screen(r"│ *Alice *▒?│", 3)
    finally:
        finch.say("/users")


def test_direct_message_opens_its_window(finch, world):
    world.bob.client.say(world.direct, "a word in private")
    wait_until(lambda: any(one.startswith("Bob (") for one in finch.windows()), 15, "the window of Bob")
    finch.show("Bob (")
    finch.wait_text("Bob: a word in private")
    finch.say("yes <&> no")
    assert world.bob.wait_body(world.direct, "yes <&> no")["sender"] == world.alice.user_id
    finch.wait_text("yes <&> no")
    finch.save_screen("finch-direct")


def test_the_partner_reads_types_and_goes_away(finch, world):
    open_window(finch, "Bob")
    finch.say("have you seen this?")
    event = world.bob.wait_body(world.direct, "have you seen this?")
    finch.wait_text("have you seen this?")
    world.bob.client.read(world.direct, event["event_id"])
    finch.wait_screen(r"Read by Bob at \d\d:\d\d", 15)
    world.bob.client.type(world.direct, 25000)
    finch.wait_screen(r"Bob is typing", 15)
    finch.save_screen("finch-read-and-typing")
    world.bob.client.type(world.direct, 0)
    world.bob.client.set_presence("unavailable", "out for <lunch>")
    finch.show("Buddy List")
    finch.wait_screen(r"[^◯\s] *Bob", 15)
    finch.save_screen("finch-away")
    world.bob.client.set_presence("online")
    finch.wait_screen(r"◯ Bob", 15)


def test_own_lines_bear_the_own_name(finch, world):
    for title in ("Tea party", "Bob"):
        open_window(finch, title)
        finch.say(f"whose line in {title}")
        finch.wait_text(f"whose line in {title}")
        finch.wait_text(f"Alice: whose line in {title}", 3)


def test_big_room_stays_quiet(finch, world):
    world.bob.client.say(world.hall, "to all in the hall")
    world.bob.client.say(world.direct, "after the hall")
    open_window(finch, "Bob")
    finch.wait_text("after the hall", 15)
    assert not any(one.startswith("Big hall") for one in finch.windows())
    open_window(finch, "Big hall")
    finch.wait_text("Bob: to all in the hall")


def test_closing_a_window_leaves_no_room(finch, world):
    open_window(finch, "Tea party")
    finch.keys("M-c")
    wait_until(lambda: not any(one.startswith("Tea party") for one in finch.windows()), 10, "the window to go")
    world.bob.client.say(world.tea, "still there?")
    open_window(finch, "Tea party")
    finch.wait_text("Bob: still there?", 15)
    assert world.tea in world.alice.client.joined_rooms()


def test_a_room_is_made_with_the_dialog(finch, world):
    """Nobody but invited people may come in unless the box is ticked; labels are whole words."""
    open_window(finch, "Tea party")
    before = set(world.alice.client.joined_rooms())
    for number, (keys, rule) in enumerate([([], "invite"), (["Space"], "public")], 1):
        finch.show("Tea party (")
        finch.say("/create")
        finch.wait_text("Create a room")
        assert not re.search(r"\b_[A-Z]|[A-Z]_[a-z]", finch.screen())
        finch.type(f"Room {number}")
        finch.keys("Tab", "Tab", *keys, *["Tab"] * 7)
        finch.save_screen(f"finch-create-{number}")
        finch.keys("Enter")

        name = f"Room {number}"
        wait_until(lambda: any(one.startswith(name) for one in finch.windows()), 15, "the room's window")
        room = (set(world.alice.client.joined_rooms()) - before).pop()
        before.add(room)
        assert world.alice.client.state(room, "m.room.join_rules")["join_rule"] == rule


def test_restart(finch, world):
    """No login, no question, no line twice; what was said meanwhile is there."""
    world.bob.client.say(world.tea, "before the restart")
    wait_until(lambda: "before the restart" in read_messages(finch.folder, world.tea), 15, "the line")
    devices = world.alice.device_ids()
    assert finch.quit() == 0
    assert finch.complaints() == []
    world.bob.client.say(world.tea, "while you were away")
    finch.start()
    wait_until(lambda: any(one.startswith("Tea party") for one in finch.windows()), 20, "the missed message's window")
    finch.show("Tea party (")
    finch.wait_text("Bob: while you were away")
    world.bob.client.say(world.tea, "welcome back")
    finch.wait_text("Bob: welcome back")
    finch.save_screen("finch-restarted")
    assert finch.count("Bob:") == 2, finch.screen()
    assert not re.search("[Pp]assword", finch.screen())
    assert world.alice.device_ids() == devices
    # All but the one from before the first login, in the server's order, each once.
    assert read_messages(finch.folder, world.tea) == world.bob.client.bodies(world.tea)[1:]
    assert finch.complaints() == []


def test_what_happens_is_told(finch, world):
    open_window(finch, "Tea party")
    make_news(world)
    finch.wait_text("Alice is now a moderator.")
    finch.wait_text(NEWS_END)
    finch.save_screen("finch-news")
    finch.say("/members bob")
    finch.wait_text("1 member found:")
    finch.save_screen("finch-found")


def test_formatted_text(finch, world):
    """Behind the restart, which compares what was logged with plain bodies."""
    open_window(finch, "Tea party")
    say_busy(world.bob, world.tea)
    for line in LINES:
        finch.wait_text(line)
    finch.wait_text("two (https://example.org/x)")
    assert not finch.shows("the body")
    finch.save_screen("finch-formatted")


def test_an_open_room_becomes_direct(finch, world):
    open_window(finch, "Tea party")
    world.bob.client.say(world.tea, "newer than what is in the direct room")
    finch.wait_text("newer than what is in the direct room", 15)
    before = world.alice.client.account_data("m.direct")
    world.alice.client.mark_direct(world.bob.user_id, world.tea)
    finch.wait_text("direct conversation with Bob now", 15)
    finch.save_screen("finch-became-direct")
    world.bob.client.say(world.tea, "now in private")
    open_window(finch, "Bob")
    finch.wait_text("now in private", 15)
    world.alice.client.set_account_data("m.direct", before)


def test_wrong_password(world, plugin, tmp_path):
    program = Finch(tmp_path / "wrong", plugin).start()
    try:
        program.add_account(world.carol.user_id, "not my password", world.base_url)
        program.show_dialog("The homeserver does not accept this name and password")
        program.save_screen("finch-wrong-password")
        assert world.carol.device_ids() == []
        assert program.complaints() == []
    finally:
        program.stop()
