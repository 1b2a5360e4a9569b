# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Text both ways: exactly what was written, once."""

import re
import time

import pytest
from matrix import create_direct, create_shared_room
from waiting import wait_until

TEXTS = {
    "plain": "Hello Bob",
    "markup": "<b>no</b> & &amp; &lt;i&gt; \"double\" 'single' `x`",
    "lines": "one\ntwo\n\nfour",
    "indented": "\tdeep\n    four  two spaces",
    "emoji": "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f \U0001f1e9\U0001f1ea",
    "rtl": "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 abc \u202eevil\u202c",
    "links": "see https://example.org/a_b?c=d&e=%20f#g and http://[::1]:8008/x.",
    "address": "ask @bob:example.org in #room:example.org",
    "percent": "100% %s %n {0} \\n C:\\dir",
    "slash": "//not a command",
    "comment": "<!-- hidden? --> <script>alert(1)</script>",
    "long": "long line " * 600 + "end",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_arrives_exactly(alice, bob, direct_room, seat, text):
    one = seat(alice)
    driver = one.open()
    bob.client.say(direct_room, text)
    line = driver.wait_line(text, bob.user_id)
    assert "RECV" in line["flags"] and "DELAYED" not in line["flags"]
    assert abs(line["time"] - time.time()) < 30
    assert "<script" not in line["text"] and "<!--" not in line["text"]


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_text_is_sent_exactly(alice, bob, direct_room, seat, text):
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    one.say_to(bob.user_id, text)
    event = bob.wait_body(direct_room, text)
    assert event["sender"] == alice.user_id
    assert event["content"] == {"msgtype": "m.text", "body": text, "m.mentions": {}}
    assert driver.wait_line(text, bob.user_id).is_own
    assert driver.texts(bob.user_id) == [text]


def test_typed_markup_is_sent_as_its_text(alice, bob, direct_room, seat):
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    markup = 'a <b>bold</b> <a href="https://example.org/">link</a><br>next &amp; last'
    driver.command("send_im", username=one.username, who=bob.user_id, text=markup)
    bodies = wait_until(lambda: bob.client.bodies(direct_room, alice.user_id), 15, "the message")
    assert bodies[0].startswith("a bold link") and bodies[0].endswith("next & last")
    assert "<" not in bodies[0]


def test_rooms_both_ways(alice, bob, person, seat, room_version):
    carol = person("carol")
    room = create_shared_room(
        bob.client, alice.client, carol.client, name="Three", room_version=room_version
    )
    one = seat(alice)
    driver = one.open()
    driver.wait_node(room)
    one.open_chat(room)
    driver.wait_event("window", name=room)
    bob.client.say(room, "from bob")
    line = driver.wait_line("from bob", room)
    assert line["who"] == bob.user_id
    one.say(room, "from alice")
    bob.wait_body(room, "from alice")
    carol.client.say(room, "from carol")
    driver.wait_line("from carol", room)
    assert driver.texts(room) == ["from bob", "from alice", "from carol"]


def test_emote_and_notice_in(alice, bob, direct_room, seat):
    driver = seat(alice).open()
    bob.client.say(direct_room, "waves <at> you", "m.emote")
    driver.wait_line("/me waves <at> you", bob.user_id)
    bob.client.say(direct_room, "a notice", "m.notice")
    driver.wait_line(re.compile("a notice"), bob.user_id)


def test_text_that_looks_like_an_emote_is_none(alice, bob, direct_room, seat):
    driver = seat(alice).open()
    bob.client.say(direct_room, "/me is only text")
    line = driver.wait_line("/me is only text", bob.user_id)
    assert not line["text"].startswith("/me ")


def test_emote_and_notice_out(alice, bob, direct_room, seat):
    one = seat(alice)
    one.open().wait_node(bob.user_id)
    one.say_to(bob.user_id, "/me waves & smiles")
    assert bob.wait_body(direct_room, "waves & smiles")["content"]["msgtype"] == "m.emote"
    one.run(bob.user_id, "/notice beep & boop")
    assert bob.wait_body(direct_room, "beep & boop")["content"]["msgtype"] == "m.notice"


def test_formatted_messages_are_cleaned_and_unknown_ones_show_their_body(alice, bob, direct_room, seat):
    driver = seat(alice).open()
    html = {"format": "org.matrix.custom.html", "formatted_body": "<b>fat</b><script>x</script>"}
    bob.client.send(direct_room, {"msgtype": "m.text", "body": "**fat**", **html})
    assert driver.wait_line("fat", bob.user_id)["text"] == "<b>fat</b>"
    bob.client.send(direct_room, {"msgtype": "org.example.new", "body": "something <new>"})
    driver.wait_line("[org.example.new] something <new>", bob.user_id)


ODD = [
    {"msgtype": "m.text", "body": ""},
    {"msgtype": "m.text", "body": " \n "},
    {"msgtype": "m.text", "body": "\u0000\u0007\ufffe"},
    {"msgtype": "", "body": "no type"},
    {"msgtype": "m.image", "body": "picture.png", "url": 5, "info": []},
    {"msgtype": "m.text", "body": "x", "formatted_body": {}, "format": 1, "m.relates_to": "y"},
]


def test_odd_messages_do_no_harm(alice, bob, direct_room, seat):
    """What a homeserver lets through; the rest is for the suite whose homeserver says anything."""
    driver = seat(alice).open()
    for content in ODD:
        bob.client.send(direct_room, content)
    bob.client.send(direct_room, {"body": {"deep": [None]}}, "org.example.custom")
    bob.client.say(direct_room, "still there")
    driver.wait_line("still there", bob.user_id)


def test_own_message_from_another_device(alice, bob, direct_room, seat):
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    one.open_im(bob.user_id)
    alice.client.say(direct_room, "from my phone")
    line = driver.wait_line("from my phone", bob.user_id)
    assert line.is_own
    bob.client.say(direct_room, "after it")
    driver.wait_line("after it", bob.user_id)
    assert driver.texts(bob.user_id) == ["from my phone", "after it"]


def test_own_message_from_another_device_without_a_window(alice, bob, direct_room, seat):
    driver = seat(alice).open()
    driver.wait_node(bob.user_id)
    alice.client.say(direct_room, "from my phone")
    bob.client.say(direct_room, "the answer")
    driver.wait_line("the answer", bob.user_id)
    assert driver.texts(bob.user_id) == ["from my phone", "the answer"]


def test_writing_to_a_matrix_id_makes_the_direct_room(alice, bob, seat, person):
    other = {person("carol").user_id: ["!kept:example.org"]}
    alice.client.set_account_data("m.direct", other)
    one = seat(alice)
    driver = one.open()
    one.say_to(bob.user_id, "first words")
    driver.wait_line("first words", bob.user_id)
    rooms = wait_until(
        lambda: alice.client.account_data("m.direct").get(bob.user_id), 15, "m.direct"
    )
    assert len(rooms) == 1
    assert alice.client.account_data("m.direct") == {**other, bob.user_id: rooms}
    alice.wait_body(rooms[0], "first words")
    assert bob.client.sync()["rooms"]["invite"].keys() == {rooms[0]}
    members = alice.client.members(rooms[0])
    assert members == {alice.user_id: "join", bob.user_id: "invite"}
    driver.wait_node(bob.user_id, type="buddy")
    bob.client.join(rooms[0])
    bob.client.say(rooms[0], "hello back")
    driver.wait_line("hello back", bob.user_id)
    one.say_to(bob.user_id, "again")
    bob.wait_body(rooms[0], "again")
    assert alice.client.joined_rooms() == rooms


def test_several_first_words_make_one_room(alice, bob, seat):
    one = seat(alice)
    one.open()
    for number in range(3):
        one.say_to(bob.user_id, f"word {number}")
    wait_until(lambda: alice.client.joined_rooms(), 15, "a room")
    room = alice.client.joined_rooms()[0]
    alice.wait_body(room, "word 2")
    assert alice.client.joined_rooms() == [room]
    assert alice.client.bodies(room) == ["word 0", "word 1", "word 2"]


def test_an_existing_direct_room_is_used(alice, bob, direct_room, seat):
    one = seat(alice)
    one.open()
    one.say_to(bob.user_id, "in the old room")
    bob.wait_body(direct_room, "in the old room")
    assert alice.client.joined_rooms() == [direct_room]


def test_a_partner_who_left_is_invited_again(alice, bob, direct_room, seat):
    bob.client.leave(direct_room)
    one = seat(alice)
    one.open()
    one.say_to(bob.user_id, "come back")

    def invited_to():
        bob.client.since = None
        return list(bob.client.sync().get("rooms", {}).get("invite", {}))

    rooms = wait_until(invited_to, 15, "an invitation", 0.3)
    assert len(rooms) == 1
    alice.wait_body(rooms[0], "come back")


def test_writing_to_nobody_is_an_error_in_the_window(alice, seat):
    one = seat(alice)
    driver = one.open()
    nobody = "@nobody:nowhere.invalid"
    one.say_to(nobody, "anybody?")
    line = driver.wait_event("line", 30, 0, lambda line: not line.is_message, name=nobody)
    assert len(line.text) > 20


def test_two_in_a_named_room_open_the_window(alice, bob, shared_room, seat):
    driver = seat(alice).open()
    driver.wait_node(shared_room)
    bob.client.say(shared_room, "for you")
    driver.wait_line("for you", shared_room)


def test_a_quiet_room_waits_until_it_is_opened(alice, bob, person, seat):
    room = create_shared_room(bob.client, alice.client, person("carol").client, name="Many")
    direct = create_direct(bob.client, alice.client)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(room)
    sent = [bob.client.say(room, f"unread {number}") for number in range(3)]
    bob.client.say(direct, "after them")
    driver.wait_line("after them", bob.user_id)
    assert driver.find("window", name=room) == [] and len(sent) == 3
    time.sleep(1.2)
    one.open_chat(room)
    driver.wait_line("unread 2", room)
    expected = [f"unread {number}" for number in range(3)]
    assert driver.texts(room) == expected
    assert one.logged(room, r"unread \d") == expected
    one.driver.command("close", username=one.username, name=room)
    one.open_chat(room)
    time.sleep(1)
    assert one.logged(room, r"unread \d") == expected


def test_unread_of_a_quiet_room_survives_a_restart(alice, bob, person, seat):
    room = create_shared_room(bob.client, alice.client, person("carol").client, name="Many")
    one = seat(alice)
    driver = one.open()
    driver.wait_node(room)
    bob.client.say(room, "unread 1")
    driver = one.reopen()
    bob.client.say(room, "unread 2")
    driver.wait_node(room)
    time.sleep(1)
    one.open_chat(room)
    driver.wait_line("unread 2", room)
    assert driver.texts(room) == ["unread 1", "unread 2"]
