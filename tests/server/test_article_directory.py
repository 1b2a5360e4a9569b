# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Any number of aliases, public rooms, the published directory."""

import re
import urllib.parse

from matrix import MatrixError, create_shared_room, create_space
from test_federation import alice, bob, one, servers  # noqa: F401
from test_joining import press, public_room, wait_membership, wait_window
from test_topics import state_of, wait_state
from waiting import wait_until


def quote(text):
    return urllib.parse.quote(text, safe="")


def leads_to(person, address):
    """The room an address leads to, or None."""
    try:
        return person.client.get(f"/directory/room/{quote(address)}")["room_id"]
    except MatrixError as error:
        assert error.status == 404
        return None


def say(seat, room, text, answer, timeout=15):
    """Types a command, and waits for what is said to it."""
    since = seat.run(room, text)
    return seat.driver.wait_line(re.compile(answer), room, timeout, since)


def refused(seat, room, text, answer):
    """Types a command that cannot be right: it is not done, and says so."""
    reply = seat.driver.command("command", username=seat.username, name=room, text=text)
    assert reply["status"] == "FAILED" and answer in reply["command_error"]


def list_rooms(seat, server="", words=""):
    """The room list, with its dialog: all rows when it is complete."""
    driver = seat.driver
    since = driver.position()
    driver.command("roomlist", username=seat.username)
    request = driver.wait_event("request", 15, since, primary="List rooms")
    press(driver, request, "List", inputs={"server": server, "words": words})
    return wait_rows(seat)


def wait_rows(seat):
    def rows():
        state = seat.driver.command("roomlist_rows")
        return None if state["running"] else state["rows"]

    return wait_until(rows, 20, "the list of rooms to be complete")


def expand(seat, rows, name):
    seat.driver.command("roomlist_expand", row=[row["name"] for row in rows].index(name))
    return wait_rows(seat)


def publish(person, room):
    person.client.put(f"/directory/list/room/{quote(room)}", {"visibility": "public"})


def test_article_aliases(one, alice, bob, room_version):  # noqa: F811
    alice.client.set_display_name("Alice")
    room = create_shared_room(alice.client, name="Garden", room_version=room_version)
    tag = room[1:7].lower().replace("_", "x").replace("-", "y")
    server = alice.user_id.split(":", 1)[1]
    addresses = [f"#{tag}{n}:{server}" for n in range(3)]
    one.driver.wait_node(room)
    one.open_chat(room)
    wait_window(one.driver, room)
    say(one, room, "/alias", "This room has no address.")
    for address in addresses:
        say(one, room, f"/alias add {address}", "leads to this room now")
        assert leads_to(alice, address) == room
    assert state_of(alice, room, "m.room.canonical_alias", "alt_aliases") == addresses
    one.run(room, f"/alias main {tag}1")
    wait_state(alice, room, "m.room.canonical_alias", "alias", addresses[1])
    one.driver.wait_line(f"Alice has given this room the address {addresses[1]}.", room)
    line = say(one, room, "/alias list", "Main address: ").text
    assert all(address in line for address in addresses) and "does not lead here" not in line
    assert leads_to(bob, addresses[0]) == room  # from the other homeserver
    say(one, room, f"/alias remove {tag}0", "no longer leads to this room")
    assert leads_to(alice, addresses[0]) is None
    assert addresses[0] not in state_of(alice, room, "m.room.canonical_alias", "alt_aliases")
    say(one, room, "/alias main -", "has removed the main address of this room")


def test_article_aliases_that_are_refused(one, alice, bob):  # noqa: F811
    other_room, foreign = public_room(bob, "foreign")
    own_room, taken = public_room(alice, "taken")
    room = create_shared_room(alice.client, name="Plain")
    one.driver.wait_node(room)
    one.open_chat(room)
    wait_window(one.driver, room)
    refused(one, room, "/alias add two words", "That is no address")
    say(one, room, f"/alias add {foreign}", "an address of another homeserver")
    say(one, room, f"/alias remove {foreign}", "an address of another homeserver")
    say(one, room, f"/alias add {taken}", "leads to another room already")
    say(one, room, f"/alias remove {taken}", "leads to another room. Nothing was changed.")
    say(one, room, f"/alias main {taken}", "leads to another room. Nothing was changed.")
    say(one, room, "/alias main nosuchaddress", "There is no such address.")
    assert leads_to(alice, taken) == own_room and leads_to(bob, foreign) == other_room
    assert state_of(alice, room, "m.room.canonical_alias", "alias") is None


def test_article_published_directory(one, alice):  # noqa: F811
    room, address = public_room(alice, "published")
    one.driver.wait_node(room)
    one.open_chat(room)
    wait_window(one.driver, room)
    say(one, room, "/directory", "does not have this room")
    say(one, room, "/directory on", "The homeserver's list of rooms has this room.")
    visibility = alice.client.get(f"/directory/list/room/{quote(room)}")
    assert visibility["visibility"] == "public"
    say(one, room, "/list published", re.escape(address))
    say(one, room, "/directory off", "does not have this room")
    say(one, room, "/list published", "lists no such room")


def test_article_room_list(one, alice, bob):  # noqa: F811
    """More rooms than a page of the other homeserver's list, found by words, and one joined from there."""
    far = bob.user_id.split(":", 1)[1]
    rooms = [bob.client.create_room(name=f"Meadow {n}", preset="public_chat") for n in range(103)]
    named, address = public_room(bob, "Lawn", topic="<b>Grass</b> & more")
    for room in [*rooms, named]:
        publish(bob, room)
    rows = list_rooms(one, far)
    names = {row["name"] for row in rows}
    assert {f"Meadow {n}" for n in range(103)} | {"Lawn"} <= names
    rows = list_rooms(one, far, "lawn")
    assert [row["name"] for row in rows] == ["Lawn"]
    assert rows[0]["topic"] == "<b>Grass</b> & more" and rows[0]["address"] == address
    assert rows[0]["members"] == 1 and rows[0]["join_rule"] == "anybody"
    since = one.driver.position()
    one.driver.command("roomlist_join", row=0)
    wait_window(one.driver, named, since)
    wait_membership(bob, named, alice.user_id, "join")
    since = one.run(named, f"/list {far} meadow")
    line = one.driver.wait_line(re.compile("Meadow"), named, since=since)
    assert "There are more: /list more." in line.text and line.text.count("Meadow") == 20
    line = say(one, named, "/list more", "Meadow")
    assert line.text.count("Meadow") == 20


def test_article_spaces_in_the_room_list(one, alice, bob):  # noqa: F811
    server = bob.user_id.split(":", 1)[1]
    inner_room = bob.client.create_room(name="Inner room", preset="public_chat", room_version="12")
    inner = create_space(bob.client, inner_room, name="Inner space", preset="public_chat")
    outer = create_space(bob.client, inner, name="Outer space", preset="public_chat")
    bob.client.set_state(inner, "m.space.child", {"via": [server]}, outer)  # a circle
    publish(bob, outer)
    rows = list_rooms(one, server, "outer")
    assert [row["name"] for row in rows] == ["Outer space", "The space “Outer space” itself"]
    # The own homeserver knows nothing of what is in a space of another one before somebody is in it.
    since = one.driver.position()
    assert len(expand(one, rows, "Outer space")) == 2
    said = one.driver.wait_event("notify", 15, since, level="error")
    assert "can be seen after joining the space" in said["secondary"]
    one.driver.command("roomlist_join", row=1)
    wait_until(lambda: outer in alice.client.joined_rooms(), 15, "Alice to be in the space")
    rows = expand(one, rows, "Outer space")
    rows = expand(one, rows, "Inner space")
    inside = [row["name"] for row in rows if row["parent"] == "Inner space"]
    assert inside == ["The space “Inner space” itself", "Inner room"]
    since = one.driver.position()
    one.driver.command("roomlist_join", row=[row["name"] for row in rows].index("Inner room"))
    wait_window(one.driver, inner_room, since)
    wait_membership(bob, inner_room, alice.user_id, "join")
