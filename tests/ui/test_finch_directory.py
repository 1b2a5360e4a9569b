# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways into rooms in Finch: addresses, lists of rooms, who may join; and its room list window."""

import pytest
from finch import Finch
from matrix import create_shared_room
from waiting import wait_until


# Finch's window of room lists is too low for its own contents at first.
PREFERENCES = """<?xml version='1.0' encoding='UTF-8' ?>
<pref version='1' name='/'><pref name='finch'><pref name='roomlist'><pref name='size'>
<pref name='width' type='int' value='80'/><pref name='height' type='int' value='30'/>
</pref></pref></pref></pref>
"""


@pytest.fixture(scope="module")
def rooms(world):
    bob = world.bob.client
    listed = {
        "own": create_shared_room(world.alice.client, name="Own garden"),
        "heather": bob.create_room(name="Heather <b>", topic="Grass & <i>more", preset="public_chat"),
        "asked": bob.create_room(name="Walled garden", room_alias_name="walled", preset="public_chat"),
    }
    bob.put(f"/directory/list/room/{listed['heather']}", {"visibility": "public"})
    bob.set_state(listed["asked"], "m.room.join_rules", {"join_rule": "knock"})
    return listed


@pytest.fixture(scope="module")
def finch(world, rooms, plugin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("finch-directory")
    (folder / "prefs.xml").write_text(PREFERENCES)
    program = Finch(folder, plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.keys("M-c")
        program.wait_screen("Bob", 20)
        program.open_from_list("Own garden")
        yield program
    finally:
        program.stop()


def wait_joined(person, room):
    wait_until(lambda: room in person.client.joined_rooms(), 20, f"{person.name} in {room}")


def test_article_aliases(finch, world, rooms):
    server = world.alice.user_id.split(":", 1)[1]
    finch.say("/alias add tulips")
    finch.wait_text(f"#tulips:{server} leads to this room now.")
    finch.say("/alias main tulips")
    finch.wait_text(f"Alice has given this room the address #tulips:{server}.")
    found = world.bob.client.get(f"/directory/room/%23tulips:{server}")
    assert found["room_id"] == rooms["own"]
    finch.say("/alias add #tulips:elsewhere.example")
    finch.wait_text("is an address of another homeserver")
    finch.say("/directory on")
    finch.wait_text("The homeserver's list of rooms has this room.")
    finch.save_screen("finch-aliases")


def test_article_room_list_by_command(finch, world, rooms):
    finch.show("Own garden (")
    finch.say("/list heather")
    finch.wait_text("Heather <b> – ")
    finch.wait_text("1 member – Grass & <i>more")
    finch.save_screen("finch-list")


def test_article_join_rules(finch, world, rooms):
    finch.show("Own garden (")
    finch.say("/joinrule knock")
    finch.wait_text("Alice has closed this room: people may ask to join.")
    finch.say("/joinrule nonsense")
    finch.wait_text("Type /joinrule public, invite or knock")
    world.carol.client.post(f"/knock/{rooms['own']}", {"reason": "I like <roses>"})
    finch.wait_text("Carol asks to join. Reason: I like <roses> (/admit or /deny answers.)")
    finch.say("/knocks")
    finch.wait_text("1. Carol (")
    finch.say("/admit")
    finch.wait_text("Alice has agreed to let Carol join.")
    finch.save_screen("finch-knocks")


def test_article_knock(finch, world, rooms):
    finch.show("Own garden (")
    address = f"#walled:{world.bob.user_id.split(':', 1)[1]}"
    finch.say(f"/join {address}")
    finch.wait_text(f"You can ask to be let in: /knock {address}")
    finch.say(f"/knock {address} let me in")
    finch.wait_text("You have asked to be let into")
    members = world.bob.client.members
    wait_until(lambda: members(rooms["asked"]).get(world.alice.user_id) == "knock", 15, "the knock")
    finch.say("/unknock")
    finch.wait_text("You no longer ask to be let into Walled garden.")


def test_article_room_list(finch, world, rooms):
    """Finch's own window: listed by words, and joined with Enter."""
    finch.keys("M-a")
    finch.wait_screen("Room List")
    finch.keys(*["C-n"] * 7, "Enter")
    finch.wait_screen("┤Room List├")
    finch.keys("Tab", "Tab", "Tab", "Enter")  # the list, "Stop", "Get"
    finch.wait_screen("List rooms")
    finch.save_screen("finch-roomlist-dialog")
    finch.keys("Tab")
    finch.type("Heather")
    finch.keys("Tab", "Enter")
    finch.show("Room List")
    finch.wait_screen("│Heather <b>")
    finch.wait_text("Topic: Grass & <i>more")
    finch.save_screen("finch-roomlist")
    finch.keys("Enter")
    wait_joined(world.alice, rooms["heather"])
    wait_until(lambda: any(one.startswith("Heather <b>") for one in finch.windows()), 10, "its window", 0.1)
    assert finch.complaints() == []
