# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Moderation by commands: what they do on the homeserver, what the room is told, and what is refused."""

import re

import pytest
from matrix import MatrixError, create_shared_room, quote
from test_joining import press, wait_membership
from waiting import wait_until


@pytest.fixture
def carol(person):
    return person("carol")


@pytest.fixture
def bobs_room(alice, bob, carol, room_version):
    """Bob is its creator, Alice a moderator."""
    bob.client.set_display_name("Bob")
    carol.client.set_display_name("Carol Lou")
    room = create_shared_room(
        bob.client, alice.client, carol.client, preset="public_chat", name="Garden", room_version=room_version
    )
    levels = bob.client.state(room, "m.room.power_levels")
    levels["users"][alice.user_id] = 50
    levels["org.example.unknown"] = {"kept": [1, "two"]}
    bob.client.set_state(room, "m.room.power_levels", levels)
    return room


@pytest.fixture
def one(alice, bobs_room, seat):
    made = seat(alice)
    driver = made.open()
    driver.wait_node(bobs_room)
    made.open_chat(bobs_room)
    driver.wait_event("window", name=bobs_room)
    wait_until(lambda: driver.find("chat-users", name=bobs_room), 15, "the members")
    return made


def refused(one, room, command, sentence):
    since = one.run(room, command)
    line = one.driver.wait_line(re.compile(re.escape(sentence)), room, since=since)
    assert "ERROR" in line["flags"]


def test_article_moderation_kick_ban_unban(alice, bob, carol, bobs_room, one):
    driver = one.driver
    since = one.run(bobs_room, "/kick Carol Lou too loud")
    wait_membership(bob, bobs_room, carol.user_id, "leave")
    driver.wait_line(re.compile("has removed Carol Lou. Reason: too loud"), bobs_room, since=since)
    assert len(driver.lines(bobs_room, since)) == 1
    since = one.run(bobs_room, f"/ban {carol.user_id} and stay away")
    wait_membership(bob, bobs_room, carol.user_id, "ban")
    driver.wait_line(re.compile("has banned .* Reason: and stay away"), bobs_room, since=since)
    with pytest.raises(MatrixError, match="403"):
        carol.client.join(bobs_room)
    since = one.run(bobs_room, "/bans")
    text = driver.wait_line(re.compile("1 person is banned"), bobs_room, since=since).text
    assert f"{carol.user_id}: and stay away" in text
    since = one.run(bobs_room, f"/unban {carol.user_id}")
    driver.wait_line(re.compile("has unbanned"), bobs_room, since=since)
    carol.client.join(bobs_room)


def test_article_moderation_refused(alice, bob, carol, bobs_room, one, room_version):
    above = "nobody has power over its creators" if room_version == "12" else "Bob has the power level 100, and yours"
    refused(one, bobs_room, "/kick Bob", above)
    refused(one, bobs_room, f"/ban {bob.user_id}", above)
    refused(one, bobs_room, f"/kick {alice.user_id}", "That is you.")
    refused(one, bobs_room, f"/op {carol.user_id}", "In this room that takes a power level of 100, and yours is 50")
    refused(one, bobs_room, f"/unban {carol.user_id}", "They are not banned")
    refused(one, bobs_room, "/kick @nobody:elsewhere.example", "They are not in the room")
    assert bob.client.members(bobs_room)[carol.user_id] == "join"


def test_article_moderation_power(alice, bob, carol, seat, room_version):
    room = create_shared_room(alice.client, bob.client, name="Mine", room_version=room_version)
    levels = alice.client.state(room, "m.room.power_levels")
    levels["org.example.unknown"] = {"kept": [1, "two"]}
    alice.client.set_state(room, "m.room.power_levels", levels)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(room)
    one.open_chat(room)
    driver.wait_event("window", name=room)

    def level_of(person):
        return alice.client.state(room, "m.room.power_levels")["users"].get(person.user_id)

    for command, level in (("/op {}", 50), ("/power {} 77", 77), ("/deop {}", None)):
        since = one.run(room, command.format(bob.user_id))
        wait_until(lambda level=level: level_of(bob) == level, 15, f"{command} to work", 0.1)
        driver.wait_line(re.compile("has changed power levels"), room, since=since)
    now = alice.client.state(room, "m.room.power_levels")
    assert now["org.example.unknown"] == {"kept": [1, "two"]}
    since = one.run(room, "/power")
    text = driver.wait_line(re.compile("Power levels in this room:"), room, since=since).text
    if room_version == "12":
        assert alice.user_id not in now["users"] and "creator" in text
        refused(one, room, f"/deop {alice.user_id}", "nobody can change the power of its creators")
        return
    assert f"({alice.user_id}): 100, administrator" in text or f"{alice.user_id}: 100, administrator" in text
    since = one.run(room, f"/deop {alice.user_id}")
    asked = driver.wait_event("request", 15, since)
    assert "You cannot undo this" in asked["secondary"]
    press(driver, asked, "Give Away")
    wait_until(lambda: level_of(alice) is None, 15, "the power to be given away", 0.1)


def test_article_moderation_visibility_and_acl(alice, bob, bobs_room, one, room_version):
    driver = one.driver
    refused(one, bobs_room, "/visibility joined", "In this room that takes a power level of 100, and yours is 50")
    levels = bob.client.state(bobs_room, "m.room.power_levels")
    levels["events"]["m.room.history_visibility"] = 50
    bob.client.set_state(bobs_room, "m.room.power_levels", levels)
    driver.wait_line(re.compile("has changed who may do what"), bobs_room)
    since = one.run(bobs_room, "/visibility joined")
    wait_until(
        lambda: bob.client.state(bobs_room, "m.room.history_visibility")["history_visibility"] == "joined",
        15,
        "the visibility",
    )
    driver.wait_line(re.compile("readable for those who had joined before"), bobs_room, since=since)
    since = driver.position()
    server = bob.user_id.split(":", 1)[1]
    bob.client.set_state(bobs_room, "m.room.server_acl", {"allow": [server, "*.example"], "deny": ["bad.example"]})
    driver.wait_line(re.compile("Only these servers may take part: .*but not these: bad.example"), since=since)


def test_article_moderation_preview(alice, bob, carol, bobs_room, one, synapse):
    driver = one.driver
    alias = "shed" + bob.user_id[4:].split(":")[0]
    room = bob.client.create_room(preset="public_chat", name="Shed", topic="Tools", room_alias_name=alias)
    since = one.run(bobs_room, f"/preview #{alias}:{synapse.server_name}")
    text = driver.wait_line(re.compile("The room “Shed”"), bobs_room, since=since).text
    for words in ("Topic: Tools", f"ID: {room}", "1 member", "Anybody may join it."):
        assert words in text
    secret = bob.client.create_room(preset="private_chat", name="Secret")
    refused(one, bobs_room, f"/preview {secret}", f"Nothing can be told of {secret}")


def test_article_moderation_peek(alice, bob, carol, bobs_room, one, synapse):
    """What anybody may read is read without joining; nothing of it stays, and nobody sees it."""
    driver = one.driver
    alias = "window" + bob.user_id[1:].split(":")[0]
    room = bob.client.create_room(
        preset="public_chat",
        name="Window",
        room_alias_name=alias,
        initial_state=[
            {"type": "m.room.history_visibility", "content": {"history_visibility": "world_readable"}}
        ],
    )
    carol.client.join(room)
    for n in range(25):
        bob.client.say(room, f"line {n} <b>")
    carol.client.say(room, "waves", "m.emote")
    for target in (f"#{alias}:{synapse.server_name}", room):
        since = one.run(bobs_room, f"/peek {target}")
        shown = driver.wait_line(re.compile("^The last messages in"), bobs_room, since=since).text
        lines = shown.split("\n")[1:]
        assert len(lines) == 20
        assert re.fullmatch(r"\(\d\d:\d\d\) Bob: line 6 <b>", lines[0])
        assert re.fullmatch(r"\(\d\d:\d\d\) \* Carol Lou waves", lines[-1])
    assert driver.node(room) is None and room not in alice.client.joined_rooms()
    assert alice.user_id not in bob.client.members(room)
    closed = bob.client.create_room(preset="public_chat", name="Closed")
    refused(one, bobs_room, f"/peek {closed}", f"{closed} cannot be read from outside.")
    refused(one, bobs_room, f"/peek #nothing:{synapse.server_name}", "There is no such room.")
    refused(one, bobs_room, "/peek !nowhere:nowhere.invalid", "cannot be read from outside.")


def test_article_moderation_reports(alice, bob, carol, bobs_room, one):
    driver = one.driver
    event = carol.client.say(bobs_room, "buy now")
    driver.wait_line("buy now", bobs_room)
    since = one.run(bobs_room, "/report spam")
    driver.wait_line(re.compile("Reported to those who run your homeserver: “Carol Lou: buy now”"), since=since)
    since = one.run(bobs_room, "/report user Carol Lou spams")
    driver.wait_line(re.compile(f"{re.escape(carol.user_id)}: reported"), since=since)
    since = one.run(bobs_room, "/report room")
    driver.wait_line(re.compile("Garden: reported"), since=since)
    assert event
