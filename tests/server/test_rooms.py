# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The buddy list: what the account has, and what changes while one looks."""

import re

from matrix import create_direct, create_shared_room
from waiting import wait_until


def named(people, *names):
    for one, name in zip(people, names):
        one.client.set_display_name(name)


def test_a_room_has_its_name(alice, bob, seat, room_version):
    room = create_shared_room(
        bob.client, alice.client, name="Tom & <Jerry>", room_version=room_version
    )
    driver = seat(alice).open()
    node = driver.wait_node(room, alias="Tom & <Jerry>")
    assert node["type"] == "chat" and node["group"] == "Matrix"
    assert node["components"]["room_id"] == room


def test_a_room_without_name_has_its_alias(alice, bob, seat, synapse):
    alias = "garden" + bob.user_id[4:].split(":")[0]
    room = create_shared_room(
        bob.client, alice.client, room_alias_name=alias, preset="public_chat"
    )
    seat(alice).open().wait_node(room, alias=f"#{alias}:{synapse.server_name}")


def test_a_room_without_name_and_alias_is_called_after_its_people(alice, bob, person, seat):
    carol, dave = person("carol"), person("dave")
    named((bob, carol, dave), "Bob", "Carol", "Dave")
    pair = create_shared_room(bob.client, alice.client)
    three = create_shared_room(bob.client, alice.client, carol.client)
    driver = seat(alice).open()
    driver.wait_node(pair, alias="Bob")
    driver.wait_node(three, alias="Bob and Carol")
    bob.client.invite(three, dave.user_id)
    driver.wait_node(three, alias="Bob, Carol and Dave")


def test_an_empty_room_says_who_was_there(alice, bob, seat):
    room = create_shared_room(alice.client, bob.client)
    bob.client.leave(room)
    alias = seat(alice).open().wait_node(room)["alias"]
    assert re.fullmatch(r"Empty room \(was @?bob.*\)", alias)


def test_direct_rooms_are_buddies(alice, bob, seat, room_version):
    bob.client.set_display_name("Bob the <Builder>")
    room = create_direct(bob.client, alice.client, room_version=room_version)
    driver = seat(alice).open()
    node = driver.wait_node(bob.user_id, online=True)
    assert node["type"] == "buddy"
    assert node["alias"] == "Bob the <Builder>"
    assert driver.node(room) is None


def test_of_two_direct_rooms_the_newest_is_the_buddy(alice, bob, seat):
    old = create_direct(bob.client, alice.client, name="Old one")
    new = create_direct(bob.client, alice.client, name="New one")
    bob.client.say(new, "first")
    bob.client.say(old, "second")
    bob.client.say(new, "third")
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    driver.wait_node(old, type="chat")
    assert driver.node(new) is None
    one.say_to(bob.user_id, "in the newest")
    driver.wait_line("in the newest", bob.user_id)
    bob.wait_body(new, "in the newest")


def test_a_direct_room_of_three_is_a_chat(alice, bob, person, seat):
    room = create_direct(bob.client, alice.client, name="Three")
    carol = person("carol")
    bob.client.invite(room, carol.user_id)
    carol.client.join(room)
    driver = seat(alice).open()
    driver.wait_node(room, type="chat")
    assert driver.node(bob.user_id) is None


def test_rooms_joined_and_left_elsewhere(alice, bob, seat, room_version):
    driver = seat(alice).open()
    room = create_shared_room(
        bob.client, alice.client, name="Later", room_version=room_version
    )
    driver.wait_node(room, alias="Later")
    alice.client.leave(room)
    driver.wait_no_node(room)


def test_a_kick_removes_the_room(alice, bob, shared_room, seat):
    driver = seat(alice).open()
    driver.wait_node(shared_room)
    bob.client.kick(shared_room, alice.user_id)
    driver.wait_no_node(shared_room)


def test_left_while_offline(alice, shared_room, seat):
    one = seat(alice)
    one.open().wait_node(shared_room)
    one.quit()
    alice.client.leave(shared_room)
    one.open().wait_no_node(shared_room)


def test_names_change_live(alice, bob, shared_room, seat):
    direct = create_direct(bob.client, alice.client)
    driver = seat(alice).open()
    driver.wait_node(shared_room, alias="Garden")
    driver.wait_node(bob.user_id)
    bob.client.set_state(shared_room, "m.room.name", {"name": "Orchard"})
    driver.wait_node(shared_room, alias="Orchard")
    bob.client.set_display_name("Robert")
    driver.wait_node(bob.user_id, alias="Robert")
    assert driver.node(direct) is None


def test_a_room_becomes_direct_and_back(alice, bob, seat):
    room = create_shared_room(bob.client, alice.client, name="Turning")
    driver = seat(alice).open()
    driver.wait_node(room, type="chat")
    alice.client.mark_direct(bob.user_id, room)
    driver.wait_node(bob.user_id, type="buddy")
    driver.wait_no_node(room)
    alice.client.set_account_data("m.direct", {})
    driver.wait_node(room, type="chat")
    driver.wait_no_node(bob.user_id)


def test_an_open_window_becomes_direct_and_back(alice, bob, seat):
    room = create_shared_room(bob.client, alice.client, name="Turning")
    one = seat(alice)
    driver = one.open()
    driver.wait_node(room, type="chat")
    one.open_chat(room)
    alice.client.mark_direct(bob.user_id, room)
    driver.wait_event("window", name=bob.user_id)
    bob.client.say(room, "in private")
    driver.wait_line("in private", name=bob.user_id)
    alice.client.set_account_data("m.direct", {})
    driver.wait_event("left", name=room)
    bob.client.say(room, "in the room")
    driver.wait_line("in the room", name=room)


def outline(driver):
    """The buddy list without what libpurple notes for itself."""
    nodes = driver.buddy_list()
    return sorted((one["type"], one["group"], one["name"], one["alias"]) for one in nodes)


def test_the_list_is_the_same_after_a_restart(alice, bob, shared_room, seat):
    create_direct(bob.client, alice.client)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(shared_room)
    driver.wait_node(bob.user_id)
    before = outline(driver)
    driver = one.reopen()
    driver.wait_node(bob.user_id, online=True)
    assert outline(driver) == before


def test_nothing_opens_at_the_first_login(alice, bob, shared_room, seat):
    direct = create_direct(bob.client, alice.client)
    bob.client.say(direct, "long ago")
    bob.client.say(shared_room, "long ago")
    driver = seat(alice).open()
    driver.wait_node(bob.user_id)
    bob.client.say(direct, "now")
    driver.wait_line("now", bob.user_id)
    assert [event["name"] for event in driver.find("window")] == [bob.user_id]
    assert driver.texts(bob.user_id) == ["now"]


def test_a_window_shows_the_people(alice, bob, shared_room, seat):
    one = seat(alice)
    driver = one.open()
    driver.wait_node(shared_room)
    one.open_chat(shared_room)
    window = driver.wait_event("window", name=shared_room)
    assert window["kind"] == "chat" and window["title"] == "Garden"


def test_a_partner_who_is_gone_gets_a_new_room(alice, bob, seat):
    """Bob has left, and Alice may not invite into that room: writing to him makes one new room."""
    levels = {"invite": 100, "users": {bob.user_id: 100}}
    old = create_direct(bob.client, alice.client, power_level_content_override=levels)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id, type="buddy")
    one.open_im(bob.user_id)
    driver.wait_event("window", name=bob.user_id)
    bob.client.leave(old)
    driver.wait_line(re.compile("has left"), bob.user_id)
    one.say_to(bob.user_id, "where are you?")

    def find_new():
        rooms = alice.client.account_data("m.direct").get(bob.user_id, [])
        return next((room for room in rooms if room != old), None)

    new = wait_until(find_new, 20, "m.direct to name a new room")
    assert old in alice.client.account_data("m.direct")[bob.user_id]
    bob.client.join(new)
    bob.wait_body(new, "where are you?")
    bob.client.say(new, "in here")
    driver.wait_line("in here", bob.user_id)
    one.say_to(bob.user_id, "good")
    bob.wait_body(new, "good")
    assert len(alice.client.joined_rooms()) == 2
