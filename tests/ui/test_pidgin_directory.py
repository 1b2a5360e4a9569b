# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways into rooms in Pidgin: the room list, addresses, who may join."""

import re

import pytest
from matrix import create_shared_room, create_space
from pidgin import Pidgin
from waiting import wait_until


def publish(person, room):
    person.client.put(f"/directory/list/room/{room}", {"visibility": "public"})


@pytest.fixture(scope="module")
def rooms(world):
    """Alice's own one, and Bob's that the homeserver lists."""
    bob = world.bob.client
    inner = bob.create_room(name="Inner lawn", preset="public_chat")
    listed = {
        "own": create_shared_room(world.alice.client, name="Own garden"),
        "meadow": bob.create_room(name="Meadow <b>", topic="Grass & <i>clover", preset="public_chat"),
        "inner": inner,
        "space": create_space(bob, inner, name="Meadow club", preset="public_chat"),
    }
    for name in ("meadow", "space"):
        publish(world.bob, listed[name])
    for n in range(30):
        publish(world.bob, bob.create_room(name=f"Meadow {n:02}", preset="public_chat"))
    return listed


@pytest.fixture(scope="module")
def pidgin(desktop, world, rooms, plugin, tmp_path_factory):
    program = Pidgin(desktop, tmp_path_factory.mktemp("pidgin-directory"), plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.wait_connected()
        yield program
    finally:
        program.stop()


def wait_joined(person, room):
    wait_until(lambda: room in person.client.joined_rooms(), 20, f"{person.name} in {room}")


def get_list(pidgin, desktop, words):
    """Answers the dialog before the list; gives the window when the list is complete."""
    desktop.focus(desktop.wait_window("Matrix"))
    desktop.key("Tab")
    desktop.type(words)
    return wait_listed(pidgin, desktop, lambda: desktop.key("Return"))


def wait_listed(pidgin, desktop, start):
    """The plugin lets go of a list when it is complete, and libpurple's debug text says so."""
    count = pidgin.debug_log().count("unreffing list")
    start()
    wait_until(lambda: pidgin.debug_log().count("unreffing list") > count, 15, "the list of rooms", 0.1)
    return desktop.focus(desktop.wait_window("Room List"))


def click(desktop, window, x, y, times=1):
    desktop.run("xdotool", "mousemove", "--window", str(window), str(x), str(y))
    desktop.run("xdotool", "click", "--repeat", str(times), "--delay", "80", "1")
    desktop.run("xdotool", "mousemove", "1200", "880")  # or the row's tooltip is the list's second window


FIRST_ROW, SECOND_ROW, THIRD_ROW = 94, 119, 144


def test_article_room_list(pidgin, world, rooms, desktop):
    """Searched, a room joined with a double click, a space opened and a room in it joined with the button."""
    pidgin.ask("PurpleRoomlistShowWithAccount", pidgin.account())
    desktop.shot("roomlist-dialog", desktop.wait_window("Matrix"))
    desktop.shot("roomlist", get_list(pidgin, desktop, "Meadow"))
    desktop.key("alt+g")
    window = get_list(pidgin, desktop, "clover")  # it is in the topic
    desktop.shot("roomlist-one", window)
    click(desktop, window, 60, FIRST_ROW, times=2)
    wait_joined(world.alice, rooms["meadow"])
    desktop.wait_window(re.escape("Meadow <b>"))
    desktop.focus(window)
    desktop.key("alt+g")
    get_list(pidgin, desktop, "club")
    wait_listed(pidgin, desktop, lambda: click(desktop, window, 22, FIRST_ROW))
    desktop.shot("roomlist-space", window)
    click(desktop, window, 80, THIRD_ROW)
    desktop.key("alt+j")
    wait_joined(world.alice, rooms["inner"])
    desktop.focus(window)
    desktop.key("alt+c")
    desktop.wait_no_window("Room List")
    assert pidgin.complaints() == []


def wait_shown(pidgin, window, text):
    """A line with this text; pidgin.wait_text() takes what is before a colon for a name."""
    wait_until(lambda: any(text in line.shown for line in pidgin.read(window)), 15, text, 0.2)


def own_garden(pidgin, desktop):
    if desktop.windows("Own garden"):
        return desktop.wait_window("Own garden")
    return pidgin.open_from_list("Own garden")


def test_article_aliases(pidgin, world, rooms, desktop):
    window = own_garden(pidgin, desktop)
    server = world.alice.user_id.split(":", 1)[1]
    pidgin.say(window, "/alias add roses")
    wait_shown(pidgin, window, f"#roses:{server} leads to this room now.")
    pidgin.say(window, "/alias main roses")
    wait_shown(pidgin, window, f"Alice has given this room the address #roses:{server}.")
    found = world.bob.client.get(f"/directory/room/%23roses:{server}")
    assert found["room_id"] == rooms["own"]
    pidgin.say(window, "/alias add #roses:elsewhere.example")
    pidgin.say(window, "/directory on")
    wait_shown(pidgin, window, "The homeserver's list of rooms has this room. /directory off takes it out.")
    pidgin.say(window, "/alias")
    desktop.shot("aliases", window)
    assert pidgin.complaints() == []


def test_article_join_rules(pidgin, world, rooms, desktop):
    """Who may join is set, and somebody who asks is let in."""
    window = own_garden(pidgin, desktop)
    pidgin.say(window, "/joinrule knock")
    wait_shown(pidgin, window, "Alice has closed this room: people may ask to join.")
    world.carol.client.post(f"/knock/{rooms['own']}", {"reason": "I like <roses>"})
    wait_shown(pidgin, window, "Carol asks to join. Reason: I like <roses> (/admit or /deny answers.)")
    pidgin.say(window, "/knocks")
    pidgin.say(window, "/admit Carol")
    wait_shown(pidgin, window, "Alice has agreed to let Carol join.")
    desktop.shot("knocks", window)
    world.carol.client.join(rooms["own"])
    assert pidgin.complaints() == []


def test_article_knock(pidgin, world, rooms, desktop):
    room = world.bob.client.create_room(name="Closed garden", preset="public_chat")
    world.bob.client.set_state(room, "m.room.join_rules", {"join_rule": "knock"})
    window = own_garden(pidgin, desktop)
    pidgin.say(window, f"/join {room}")
    wait_shown(
        pidgin,
        window,
        f"{room} could not be joined. It is open to invited people only, or you are banned from it. (The homeserver "
        f"says: You are not invited to this room.) You can ask to be let in: /knock {room}",
    )
    pidgin.say(window, f"/knock {room} please")
    members = world.bob.client.members
    wait_until(lambda: members(room).get(world.alice.user_id) == "knock", 15, "the knock")
    pidgin.say(window, "/unknock")
    wait_shown(pidgin, window, "You no longer ask to be let into Closed garden.")
    assert pidgin.complaints() == []


def test_article_knock_by_joining(pidgin, world, desktop):
    """What joins without a window to speak in asks in a dialog."""
    room = world.bob.client.create_room(name="Walled garden", preset="public_chat")
    world.bob.client.set_state(room, "m.room.join_rules", {"join_rule": "knock"})
    desktop.focus(desktop.wait_window("Buddy List"))
    desktop.key("ctrl+c")
    dialog = desktop.focus(desktop.wait_window("Join a Chat"))
    desktop.shot("join-chat", dialog)
    desktop.type(room)
    desktop.key("Return")
    dialog = desktop.focus(desktop.wait_window("Matrix"))
    desktop.shot("knock-dialog", dialog)
    desktop.type("hello <there>")
    desktop.key("Return")
    members = world.bob.client.members
    wait_until(lambda: members(room).get(world.alice.user_id) == "knock", 15, "the knock")
    assert pidgin.complaints() == []
