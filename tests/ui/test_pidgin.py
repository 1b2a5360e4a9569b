# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Pidgin as a person uses it: with the keyboard, and by what its windows show."""

import time

import pytest
from busy import LINES, NEWS_END, make_news, say_busy
from htmllog import read_messages
from pidgin import Pidgin
from waiting import wait_until

HALL_WORDS = "to all of you in the hall"
ANSWER = "Yes: 1 < 2 & 3 > 2, <b>no tag</b>; see https://example.org/a_b?c=d&e=f now"
TITLES = ["Tea party", "Big hall", "Bob"]


@pytest.fixture(scope="module")
def pidgin(desktop, world, plugin, tmp_path_factory):
    """Pidgin with alice's account, put in through the account editor."""
    program = Pidgin(desktop, tmp_path_factory.mktemp("pidgin"), plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url, "editor")
        program.wait_connected()
        yield program
    finally:
        program.stop()


def open_window(pidgin, title):
    """The window with this conversation in front, opened from the list if need be."""
    if title in pidgin.conversations():
        return pidgin.show_tab(title, TITLES)
    return pidgin.open_from_list(title)


def test_account_editor(pidgin, world):
    assert pidgin.protocol() == "prpl-matrix"
    assert len(world.alice.device_ids()) == 1
    assert pidgin.desktop.titles() == ["Buddy List"]


def test_buddy_list(pidgin, desktop):
    expected = {"Matrix": {("chat", "Tea party"), ("chat", "Big hall"), ("buddy", "Bob")}}
    wait_until(lambda: pidgin.buddy_list() == expected, 10, "the rooms and people in the buddy list")
    desktop.shot("buddy-list", desktop.wait_window("Buddy List"))


def test_talking_in_a_room(pidgin, world, desktop):
    window = open_window(pidgin, "Tea party")
    members = sorted([world.alice.user_id, world.bob.user_id])
    wait_until(lambda: pidgin.chat_members("Tea party") == members, 10, "the members")
    world.bob.client.say(world.tea, "Two spoons & a <i>cup</i>?")
    lines = pidgin.wait_text(window, "Two spoons & a <i>cup</i>?")
    assert lines[-1].who == "Bob"
    pidgin.say(window, ANSWER)
    world.bob.wait_body(world.tea, ANSWER)
    pidgin.wait_text(window, ANSWER)
    desktop.shot("room")
    assert world.bob.client.bodies(world.tea, world.alice.user_id) == [ANSWER]


def test_names_are_completed(pidgin, world):
    """The list of members shows names, and Tab finds them."""
    window = open_window(pidgin, "Tea party")
    wait_until(lambda: len(pidgin.chat_members("Tea party")) == 2, 10, "the members")
    desktop = pidgin.desktop
    desktop.focus(window)
    desktop.type("Bo")
    desktop.key("Tab")
    desktop.type("come here")
    desktop.key("Return")
    world.bob.wait_body(world.tea, "Bob: come here")


def test_own_lines_bear_the_own_name(pidgin, world):
    window = open_window(pidgin, "Tea party")
    pidgin.say(window, "whose line is this")
    lines = pidgin.wait_text(window, "whose line is this")
    assert lines[-1].who == "Alice"


def test_direct_message_opens_its_window(pidgin, world, desktop):
    world.bob.client.say(world.direct, "a word in private")
    wait_until(lambda: pidgin.conversations().get("Bob") == world.bob.user_id, 15, "the window of Bob")
    window = pidgin.show_tab("Bob", TITLES)
    lines = pidgin.wait_text(window, "a word in private")
    assert lines[-1].who == "Bob"
    pidgin.say(window, "yes <&> no")
    assert world.bob.wait_body(world.direct, "yes <&> no")["sender"] == world.alice.user_id
    pidgin.wait_text(window, "yes <&> no")
    desktop.shot("direct")


def test_the_partner_reads_types_and_goes_away(pidgin, world, desktop):
    """One quiet grey line, the notice of typing, and a buddy who says why she is not there."""
    window = open_window(pidgin, "Bob")
    pidgin.say(window, "have you seen this?")
    event = world.bob.wait_body(world.direct, "have you seen this?")
    pidgin.wait_text(window, "have you seen this?")
    world.bob.client.read(world.direct, event["event_id"])
    wait_until(
        lambda: any(line.shown.startswith("Read by Bob at ") for line in pidgin.read(window)),
        15,
        "the line about reading",
        0.2,
    )
    world.bob.client.type(world.direct, 25000)
    world.bob.client.set_presence("unavailable", "out for <lunch>, back at two")
    wait_until(lambda: pidgin.is_typing("Bob"), 15, "Bob to type")
    wait_until(lambda: pidgin.status("Bob") == "away", 15, "Bob to be away")
    desktop.shot("read-and-typing")
    desktop.shot("buddy-away", desktop.wait_window("Buddy List"))
    world.bob.client.type(world.direct, 0)
    wait_until(lambda: not pidgin.is_typing("Bob"), 15, "Bob to have typed")
    world.bob.client.set_presence("online")
    wait_until(lambda: pidgin.status("Bob") == "available", 15, "Bob to be back")


def test_typing_and_reading_are_told(pidgin, world):
    """Keys in the window are seen by the partner, and so is that the window was looked at."""
    world.bob.client.sync()
    window = open_window(pidgin, "Bob")
    pidgin.desktop.focus(window)
    pidgin.desktop.type("I am typ")

    def heard(kind):
        room = world.bob.client.sync(200).get("rooms", {}).get("join", {}).get(world.direct, {})
        events = room.get("ephemeral", {}).get("events", [])
        return any(event["type"] == kind and world.alice.user_id in str(event) for event in events)

    wait_until(lambda: heard("m.typing"), 15, "Alice to type")
    pidgin.desktop.type("ing")
    pidgin.desktop.key("Return")
    world.bob.wait_body(world.direct, "I am typing")
    world.bob.client.say(world.direct, "and I am reading")
    wait_until(lambda: heard("m.receipt"), 15, "the receipt")


def test_big_room_stays_quiet(pidgin, world):
    """Without a mention nothing opens; the words wait until the user looks."""
    world.bob.client.say(world.hall, HALL_WORDS)
    # A later message has arrived: so has the one before it.
    world.bob.client.say(world.direct, "after the hall")
    wait_until(lambda: "Bob" in pidgin.conversations(), 15, "the window of Bob")
    pidgin.wait_text(pidgin.show_tab("Bob", TITLES), "after the hall")
    assert "Big hall" not in pidgin.conversations()
    window = open_window(pidgin, "Big hall")
    lines = pidgin.wait_text(window, HALL_WORDS)
    assert lines[-1].who == "Bob"
    wait_until(lambda: len(pidgin.chat_members("Big hall")) == 3, 10, "the members")


def test_mention_in_a_big_room_opens_it(pidgin, world):
    if "Big hall" in pidgin.conversations():
        pidgin.close_tab(open_window(pidgin, "Big hall"))
        wait_until(lambda: "Big hall" not in pidgin.conversations(), 10, "the window to go")
    mentions = {"user_ids": [world.alice.user_id]}
    world.bob.client.send(world.hall, {"msgtype": "m.text", "body": "Alice: hear me", "m.mentions": mentions})
    wait_until(lambda: "Big hall" in pidgin.conversations(), 15, "the window of Big hall")
    pidgin.wait_text(pidgin.show_tab("Big hall", TITLES), "Alice: hear me")


@pytest.fixture
def sounds(pidgin, tmp_path):
    """Gives the sounds that Pidgin has played since."""
    record, player = tmp_path / "sounds", tmp_path / "player"
    player.write_text(f"#!/bin/sh\nbasename \"$1\" >>'{record}'\n", encoding="utf-8")
    player.chmod(0o755)
    record.touch()
    pidgin.set_preference("Path", "/pidgin/sound/command", f"{player} %s")
    pidgin.set_preference("String", "/pidgin/sound/method", "custom")
    for event in ("chat_msg_recv", "im_recv"):
        pidgin.set_preference("Bool", f"/pidgin/sound/enabled/{event}", 1)
    return lambda: record.read_text(encoding="utf-8").split()


def test_a_muted_room_makes_no_sound(pidgin, world, sounds):
    """Not even while its window is open."""
    window = open_window(pidgin, "Tea party")
    world.bob.client.say(world.tea, "to be heard")
    wait_until(sounds, 10, "a sound")
    pidgin.say(window, "/notify mute")
    wait_until(lambda: world.tea in str(world.alice.client.get("/pushrules/")), 10, "the rule")
    pidgin.wait_text(window, "nothing in it notifies you.")  # "This room is muted" stands where names do
    time.sleep(3)  # the same sound is not played twice within two seconds
    heard = sounds()
    world.bob.client.say(world.tea, "not to be heard")
    assert pidgin.wait_text(window, "not to be heard")[-1].who == "Bob"
    assert sounds() == heard
    world.bob.client.say(world.direct, "but this")
    wait_until(lambda: len(sounds()) > len(heard), 10, "the sound of the other window")
    pidgin.say(window, "/notify default")
    pidgin.wait_text(window, "This room notifies you as your account's rules say for all rooms.")


def test_closing_a_window_leaves_no_room(pidgin, world):
    window = open_window(pidgin, "Tea party")
    pidgin.close_tab(window)
    wait_until(lambda: "Tea party" not in pidgin.conversations(), 10, "the window to go")
    assert ("chat", "Tea party") in pidgin.buddy_list()["Matrix"]
    world.bob.client.say(world.tea, "still there?")
    wait_until(lambda: "Tea party" in pidgin.conversations(), 15, "the window to come back")
    pidgin.wait_text(pidgin.show_tab("Tea party", TITLES), "still there?")
    assert world.tea in world.alice.client.joined_rooms()


def test_restart(pidgin, world, desktop):
    """No login, no question, no line twice; what was said meanwhile is there."""
    world.bob.client.say(world.tea, "before the restart")
    wait_until(lambda: "before the restart" in read_messages(pidgin.folder, world.tea), 15, "the line")
    devices = world.alice.device_ids()
    assert pidgin.complaints() == []
    assert pidgin.quit() == 0
    assert pidgin.complaints() == []
    world.bob.client.say(world.tea, "while you were away")
    pidgin.start()
    pidgin.wait_connected()
    wait_until(lambda: "Tea party" in pidgin.conversations(), 15, "the missed message's window")
    window = pidgin.show_tab("Tea party", TITLES)
    pidgin.wait_text(window, "while you were away")
    world.bob.client.say(world.tea, "welcome back")
    shown = [line.text for line in pidgin.wait_text(window, "welcome back") if line.who]
    assert shown == ["while you were away", "welcome back"]
    desktop.shot("restarted")
    assert world.alice.device_ids() == devices
    assert set(desktop.titles()) == {"Buddy List", "Tea party"}
    # All but the one from before the first login, in the server's order, each once.
    assert read_messages(pidgin.folder, world.tea) == world.bob.client.bodies(world.tea)[1:]
    assert pidgin.complaints() == []


def test_what_happens_is_told(pidgin, world, desktop):
    """Names, roles and lines, while they change."""
    window = open_window(pidgin, "Tea party")
    make_news(world)

    def read_all():
        lines = [line.text for line in pidgin.read(window)]
        return lines if any(line.endswith(NEWS_END) for line in lines) else None

    lines = wait_until(read_all, 15, "the news", 0.5)
    # What is before a colon is read as the name of who speaks.
    assert "Carol has accepted the invitation." in lines
    assert "Milk & <b>sugar</b>" in lines
    assert "Alice is now a moderator." in lines
    desktop.shot("news", window)


def test_formatted_text(pidgin, world, desktop):
    """Behind the restart, which compares what was logged with plain bodies."""
    window = open_window(pidgin, "Tea party")
    say_busy(world.bob, world.tea)

    shown = [line.text.replace("\xa0", " ").strip() for line in pidgin.wait_text(window, LINES[-1])]
    first = shown.index(LINES[0])
    assert [text for text in shown[first:] if text] == LINES
    desktop.focus(window)
    desktop.key("ctrl+b")
    desktop.type("in fat letters")
    desktop.shot("formatted")
    desktop.key("Return")
    content = world.bob.wait_body(world.tea, "in fat letters")["content"]
    assert content["formatted_body"] == "<strong>in fat letters</strong>"


def test_an_open_room_becomes_direct(pidgin, world, desktop):
    """The conversation goes on in the person's window, and the room's says so."""
    window = open_window(pidgin, "Tea party")
    world.bob.client.say(world.tea, "newer than what is in the direct room")
    pidgin.wait_text(window, "newer than what is in the direct room")
    before = world.alice.client.account_data("m.direct")
    world.alice.client.mark_direct(world.bob.user_id, world.tea)
    left = "(Tea party)"  # as Pidgin calls what one cannot write in
    desktop.wait_window(r"\(Tea party\)|Bob")
    pidgin.show_tab(left, [left, *TITLES])
    desktop.shot("became-direct")
    world.bob.client.say(world.tea, "now in private")
    pidgin.wait_text(pidgin.show_tab("Bob", [left, *TITLES]), "now in private")
    world.alice.client.set_account_data("m.direct", before)


def test_wrong_password(second_desktop, world, plugin, tmp_path):
    """The sentence stands in the buddy list, and the way to mend it is beside it."""
    desktop = second_desktop
    program = Pidgin(desktop, tmp_path / "wrong", plugin).start()
    try:
        program.add_account(world.carol.user_id, "not my password", world.base_url)
        sentence = wait_until(program.error_sentence, 15, "the error")
        assert "password" in sentence and sentence.endswith(".")
        desktop.shot("wrong-password", desktop.wait_window("Buddy List"))
        program.press_modify_account()
        assert world.carol.device_ids() == []
        assert program.complaints() == []
    finally:
        program.stop()
