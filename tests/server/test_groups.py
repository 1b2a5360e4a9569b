# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Groups of the buddy list, moved live by another client of the same user, and rooms taken out while offline."""

import os
import re

from matrix import create_shared_room, create_space, put_into_space


def test_tags_of_another_client(alice, shared_room, seat):
    driver = seat(alice).open()
    driver.wait_node(shared_room, group="Matrix")
    alice.client.tag(shared_room, "m.favourite", order=0.5)
    driver.wait_node(shared_room, group="Favourites")
    alice.client.untag(shared_room, "m.favourite")
    driver.wait_node(shared_room, group="Matrix")
    alice.client.tag(shared_room, "m.lowpriority")
    driver.wait_node(shared_room, group="Low priority")
    alice.client.tag(shared_room, "u.Plants & more")
    driver.wait_node(shared_room, group="Plants & more")


def test_tags_for_another_client(alice, shared_room, seat):
    one = seat(alice)
    driver = one.open()
    driver.wait_node(shared_room)
    one.open_chat(shared_room)
    driver.wait_event("window", name=shared_room)
    one.run(shared_room, "/tag favourite")
    driver.wait_line(re.compile("one of your favourites now"), shared_room)
    assert list(alice.client.tags(shared_room)) == ["m.favourite"]
    driver.wait_node(shared_room, group="Favourites")
    one.run(shared_room, "/tag low")
    driver.wait_node(shared_room, group="Low priority")
    assert list(alice.client.tags(shared_room)) == ["m.lowpriority"]
    one.run(shared_room, "/tag none")
    driver.wait_node(shared_room, group="Matrix")
    assert alice.client.tags(shared_room) == {}


def test_spaces(alice, bob, shared_room, seat, room_version):
    space = create_space(alice.client, shared_room, name="Work", room_version=room_version)
    other = create_shared_room(bob.client, alice.client, name="Other")
    one = seat(alice)
    driver = one.open()
    driver.wait_node(shared_room, group="Work")
    driver.wait_node(other, group="Matrix")
    assert driver.node(space) is None
    put_into_space(alice.client, space, other)
    driver.wait_node(other, group="Work")
    alice.client.set_state(space, "m.room.name", {"name": "Office"})
    driver.wait_node(shared_room, group="Office")
    driver.wait_node(other, group="Office")
    alice.client.set_state(space, "m.space.child", {}, other)
    driver.wait_node(other, group="Matrix")
    driver = one.reopen()
    driver.wait_node(shared_room, group="Office")
    alice.client.leave(space)
    driver.wait_node(shared_room, group="Matrix")


def test_leaving_a_space(alice, bob, shared_room, seat):
    """By its name, from the window of a room, which stays joined; and by ticking it in the account's menu."""
    space = create_space(alice.client, shared_room, name="Work & play")
    club = create_space(bob.client, shared_room, name="Club", preset="public_chat")
    alice.client.join(club)
    one = seat(alice)
    driver = one.open()
    group = driver.wait_node(shared_room)["group"]
    one.open_chat(shared_room)
    driver.wait_event("window", name=shared_room)
    names = {"Work & play": space, "Club": club}
    first = names.pop(group)
    ((other_name, other),) = names.items()
    since = one.run(shared_room, f"/leave {group.lower()}")
    asked = driver.wait_event("request", since=since, where=lambda e: group in (e["primary"] or ""))
    assert first in alice.client.joined_rooms()
    driver.command("press", request=asked["request"], button="Leave")
    driver.wait_line(f"You have left the space “{group}”. You are in its rooms still.", shared_room)
    driver.wait_node(shared_room, group=other_name)
    assert first not in alice.client.joined_rooms()
    since = driver.position()
    driver.command("action", username=one.username, label="Leave spaces…")
    asked = driver.wait_event("request", since=since, primary="Leave spaces")
    driver.command("press", request=asked["request"], button="Leave", inputs={other: "true"})
    driver.wait_node(shared_room, group="Matrix")
    assert other not in alice.client.joined_rooms() and shared_room in alice.client.joined_rooms()
    reply = driver.command(
        "command", username=one.username, name=shared_room, text=f"/leave {first} once more"
    )
    assert reply["status"] == "FAILED" and "not in that room or space" in reply["command_error"]


def test_a_space_joined_later(alice, bob, shared_room, seat):
    space = create_space(bob.client, shared_room, name="Club")
    driver = seat(alice).open()
    driver.wait_node(shared_room, group="Matrix")
    bob.client.invite(space, alice.user_id)
    alice.client.join(space)
    driver.wait_node(shared_room, group="Club")
    assert driver.node(space) is None


def without_chats(path):
    """What the buddy list's file is after the user has taken the chats out."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(re.sub(r"<chat .*?</chat>", "", text, flags=re.DOTALL))


def test_removed_while_offline(alice, bob, shared_room, seat):
    one = seat(alice)
    one.open().wait_node(shared_room)
    one.quit()
    without_chats(os.path.join(one.user_dir, "blist.xml"))
    driver = one.open()
    later = create_shared_room(bob.client, alice.client, name="Later")
    driver.wait_node(later)
    assert driver.node(shared_room) is None
    driver = one.reopen()
    driver.wait_node(later)
    assert driver.node(shared_room) is None
    assert shared_room in alice.client.joined_rooms()


def test_a_lost_list_hides_nothing(alice, shared_room, seat):
    one = seat(alice)
    one.open().wait_node(shared_room)
    one.quit()
    os.unlink(os.path.join(one.user_dir, "blist.xml"))
    one.open().wait_node(shared_room)
