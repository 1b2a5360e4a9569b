# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Push rules: a real server's own ones, and what other clients of the user write into them."""

import time

import pytest
from matrix import MatrixError, create_direct, create_shared_room, quote
from waiting import wait_until

RULES = "/pushrules/global"


@pytest.fixture
def many(alice, bob, person, room_version):
    """A room of three, made by Bob; Carol is an ordinary member."""
    carol = person("carol")
    room = create_shared_room(
        bob.client, alice.client, carol.client, name="Many", room_version=room_version
    )
    return room, carol


def mention(person, room_id, text, **mentions):
    content = {"msgtype": "m.text", "body": text, "m.mentions": mentions}
    return person.client.send(room_id, content)


def find_rule(client, kind, rule_id):
    try:
        return client.get(f"{RULES}/{kind}/{quote(rule_id)}")
    except MatrixError as error:
        if error.status == 404:
            return None
        raise


def check_closed(driver, room):
    """Nothing opens while the next answers come."""
    time.sleep(1.5)
    assert driver.find("window", name=room) == []


def test_a_mention_opens_and_is_highlighted(alice, bob, many, seat):
    room, _carol = many
    driver = seat(alice).open()
    driver.wait_node(room)
    mention(bob, room, "not for you", user_ids=[bob.user_id])
    check_closed(driver, room)
    mention(bob, room, "for you", user_ids=[alice.user_id])
    assert "NICK" in driver.wait_line("for you", room)["flags"]
    assert "NICK" not in driver.wait_line("not for you", room)["flags"]


def test_the_whole_room_is_mentioned_by_those_who_may(alice, bob, many, seat):
    room, carol = many
    driver = seat(alice).open()
    driver.wait_node(room)
    mention(carol, room, "@room by a member", room=True)
    carol.client.say(room, "@room as it was done before")
    check_closed(driver, room)
    mention(bob, room, "@room by an admin", room=True)
    assert "NICK" in driver.wait_line("@room by an admin", room)["flags"]
    assert "NICK" not in driver.wait_line("@room by a member", room)["flags"]


def test_a_keyword_of_another_client(alice, bob, many, seat):
    room, _carol = many
    driver = seat(alice).open()
    driver.wait_node(room)
    bob.client.say(room, "cake?")
    check_closed(driver, room)
    actions = ["notify", {"set_tweak": "sound", "value": "default"}, {"set_tweak": "highlight"}]
    alice.client.put(f"{RULES}/content/cake", {"pattern": "cake", "actions": actions})
    time.sleep(1)
    bob.client.say(room, "pancakes")
    check_closed(driver, room)
    bob.client.say(room, "a piece of Cake, please")
    assert "NICK" in driver.wait_line("a piece of Cake, please", room)["flags"]


def test_notify_mutes_and_unmutes(alice, bob, many, seat):
    room, _carol = many
    direct = create_direct(bob.client, alice.client)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(room)
    driver.wait_node(bob.user_id)
    one.open_im(bob.user_id)
    one.open_chat(room)
    driver.wait_event("window", name=room)
    for name in (room, bob.user_id):
        since = driver.position()
        one.run(name, "/notify mute")
        driver.wait_event("line", 15, since, lambda line: "muted" in line.text, name=name)
        driver.command("close", username=one.username, name=name)
    assert find_rule(alice.client, "override", room)["actions"] == []
    assert find_rule(alice.client, "override", direct)["enabled"]
    time.sleep(1)
    before = len(driver.find("window"))
    mention(bob, room, "are you there?", user_ids=[alice.user_id])
    bob.client.say(direct, "hello?")
    time.sleep(2)
    assert len(driver.find("window")) == before
    assert "are you there?" not in driver.texts(room) and driver.texts(bob.user_id) == []
    one.open_chat(room)
    driver.wait_line("are you there?", room)
    one.run(room, "/notify mentions")
    wait_until(lambda: find_rule(alice.client, "override", room) is None, 15, "no mute rule")
    assert find_rule(alice.client, "room", room)["actions"] == []
    one.run(room, "/notify default")
    wait_until(lambda: find_rule(alice.client, "room", room) is None, 15, "no room rule")
