# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Room upgrades: the user is taken along, windows and nodes go on, and /upgrade does it."""

import re

import pytest
from matrix import MatrixError, create_direct, create_shared_room, quote
from test_catchup import numbered
from test_history import show
from test_joining import press, wait_membership, wait_window
from waiting import wait_until


def upgrade(person, room, version):
    return person.client.post(f"/rooms/{quote(room)}/upgrade", {"new_version": version})["replacement_room"]


def open_room(one, room):
    driver = one.open()
    driver.wait_node(room)
    since = one.open_chat(room)
    driver.wait_event("window", 15, since, name=room)
    return driver


def wait_moved(one, person, old, new, name, since):
    """The user is in the new room, and its window and node have taken the old one's place."""
    driver = one.driver
    wait_window(driver, new, since)
    driver.wait_line(f"This room goes on in a new one, “{name}”. Its window is open.", old, since=since)
    driver.wait_node(new, alias=name)
    assert not driver.node(old)
    one.say(new, "we are here")
    person.wait_body(new, "we are here")


@pytest.mark.parametrize("before, after", [("11", "12"), ("10", "11")])
def test_article_upgrade_is_followed(alice, bob, seat, before, after):
    room = create_shared_room(bob.client, alice.client, preset="public_chat", name="Garden", room_version=before)
    one = seat(alice)
    driver = open_room(one, room)
    since = driver.position()
    new = upgrade(bob, room, after)
    wait_moved(one, bob, room, new, "Garden", since)
    assert len([line for line in driver.lines(room, since) if "has moved this room" in line.text]) == 1
    since = driver.position()
    one.say(room, "is anybody there?")
    line = driver.wait_line(re.compile("Not sent: “is anybody there"), room, since=since)
    assert "This room goes on in “Garden”" in line.text
    one.reopen()
    one.driver.wait_node(new, alias="Garden")
    assert not one.driver.node(room)


def test_article_upgrade_by_invitation(alice, bob, seat, room_version):
    """The homeserver of today refuses until the invitation comes, which needs no answer."""
    room = create_shared_room(bob.client, alice.client, preset="private_chat", name="Secret", room_version=room_version)
    one = seat(alice)
    driver = open_room(one, room)
    since = driver.position()
    new = upgrade(bob, room, room_version)
    driver.wait_line(re.compile("As soon as you are invited"), room, since=since)
    bob.client.invite(new, alice.user_id)
    wait_moved(one, bob, room, new, "Secret", since)
    assert not driver.find("request", since)


def test_article_upgrade_of_a_direct_chat(alice, bob, seat):
    room = create_direct(bob.client, alice.client)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    one.open_im(bob.user_id)
    driver.wait_event("window", name=bob.user_id)
    since = driver.position()
    new = upgrade(bob, room, "12")
    bob.client.invite(new, alice.user_id)
    driver.wait_line(re.compile("This conversation goes on in a new room"), bob.user_id, since=since)
    one.say_to(bob.user_id, "the same window")
    bob.wait_body(new, "the same window")
    bob.client.say(new, "the same me")
    driver.wait_line("the same me", bob.user_id)
    wait_until(
        lambda: new in alice.client.account_data("m.direct").get(bob.user_id, []), 15, "m.direct to name the new room"
    )


@pytest.mark.parametrize("before, after", [("11", "12"), ("10", "11")])
def test_article_upgrade_by_command(alice, bob, seat, before, after):
    room = create_shared_room(alice.client, bob.client, preset="private_chat", name="Mine", room_version=before)
    one = seat(alice)
    driver = open_room(one, room)
    since = one.run(room, f"/upgrade {after}")
    asked = driver.wait_event("request", 15, since)
    assert asked["primary"] == f"Upgrade the room “Mine” from version {before} to {after}?"
    assert ("You become its creator" in asked["secondary"]) == (after == "12")
    press(driver, asked, "Upgrade")
    tombstone = wait_until(lambda: state_or_none(bob, room, "m.room.tombstone"), 15, "the tombstone")
    new = tombstone["replacement_room"]
    wait_membership(alice, new, bob.user_id, "invite")
    bob.client.join(new)
    wait_moved(one, bob, room, new, "Mine", since)
    assert alice.client.state(new, "m.room.create")["room_version"] == after


@pytest.mark.parametrize("before, after", [("11", "12"), ("10", "11")])
def test_article_upgrade_history(alice, bob, seat, before, after):
    """/history crosses into the old room, on the device that was there and on one that came later."""
    room = create_shared_room(alice.client, bob.client, preset="public_chat", name="Long", room_version=before)
    old = numbered(60)
    for text in old:
        bob.client.say(room, text)
    one = seat(alice)
    driver = open_room(one, room)
    since = one.run(room, f"/upgrade {after}")
    press(driver, driver.wait_event("request", 15, since), "Upgrade")
    new = wait_until(lambda: state_or_none(bob, room, "m.room.tombstone"), 15, "the tombstone")["replacement_room"]
    bob.client.join(new)
    wait_moved(one, bob, room, new, "Long", since)
    bob.client.say(new, "we were there")
    driver.wait_line("we were there", new)
    recent, _ = show(one, new, "30")
    rest, said = show(one, new, "500")
    assert rest + recent == old
    assert any("Here the room was upgraded. Above is the old one, “Long”" in text for text in show_once(one, new))
    assert any("This is the beginning of the room." in text for text in said)
    one.quit()
    alice.client.leave(room)
    other = seat(alice)
    driver = open_room(other, new)
    messages, said = show(other, new, "500")
    assert messages == [*old, "we are here", "we were there"]
    assert any("Here the room was upgraded" in text for text in said)


def show_once(one, room):
    """In a new window all of it in one go."""
    one.reopen()
    one.driver.wait_node(room)
    since = one.open_chat(room)
    one.driver.wait_event("window", 15, since, name=room)
    return show(one, room, "500")[1]


def state_or_none(person, room, event_type):
    try:
        return person.client.state(room, event_type)
    except MatrixError as error:
        if error.status == 404:
            return None
        raise


def test_article_upgrade_refused(alice, bob, shared_room, seat):
    one = seat(alice)
    driver = open_room(one, shared_room)
    since = one.run(shared_room, "/upgrade")
    driver.wait_line(re.compile("Garden was not upgraded. In this room that takes a power level"), since=since)
    room = create_shared_room(alice.client, bob.client, name="Own", room_version="12")
    driver.wait_node(room)
    since = one.open_chat(room)
    driver.wait_event("window", 15, since, name=room)
    for version, sentence in (("999", "It can make these: 1, 2"), ("12", "has version 12 already")):
        since = one.run(room, f"/upgrade {version}")
        driver.wait_line(re.compile(re.escape(sentence)), room, since=since)
    assert state_or_none(alice, room, "m.room.tombstone") is None


def test_article_upgrade_over_federation(federation, person, seat):
    """Only the server of the tombstone's sender knows the new room: room IDs of today name none."""
    servers = federation(2)
    alice, bob = person("alice", servers[0]), person("bob", servers[1])
    room = bob.client.create_room(preset="public_chat", name="Far", room_version="11", invite=[alice.user_id])
    wait_until(lambda: room in alice.client.sync()["rooms"].get("invite", {}), 15, "the invitation")
    alice.client.join(room)
    one = seat(alice, servers[0].base_url)
    driver = open_room(one, room)
    since = driver.position()
    new = upgrade(bob, room, "12")
    assert ":" not in new
    wait_moved(one, bob, room, new, "Far", since)
