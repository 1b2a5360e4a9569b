# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages about messages: what others send is read, and what leaves is what a homeserver and other clients take."""

import re

import pytest
from matrix import MatrixError, create_shared_room
from test_encrypted_reading import meet, open_with_keys
from waiting import wait_until


def open_room(one, room):
    driver = one.open()
    driver.wait_node(room)
    one.open_chat(room)
    driver.wait_event("window", name=room)
    return driver


def relation(event_id, rel_type):
    return {"m.relates_to": {"rel_type": rel_type, "event_id": event_id}}


def answer_to(event_id):
    return {"m.relates_to": {"m.in_reply_to": {"event_id": event_id}}}


def text(body, **more):
    return {"msgtype": "m.text", "body": body, **more}


def edit_of(event_id, body):
    return text("* " + body, **{"m.new_content": text(body)}, **relation(event_id, "m.replace"))


def wait_content(person, room, body):
    return person.wait_body(room, body)["content"]


def reactions(person, room, event_id):
    """Key -> how often, as the homeserver counts."""
    path = f"/_matrix/client/v1/rooms/{room}/relations/{event_id}/m.annotation"
    chunk = person.client.request("GET", path)["chunk"]
    keys = [event["content"]["m.relates_to"]["key"] for event in chunk]
    return {key: keys.count(key) for key in keys}


@pytest.fixture
def room(alice, bob, shared_room):
    bob.client.set_display_name("Bob")
    return shared_room


def test_answers(alice, bob, room, seat):
    long_ago = bob.client.say(room, "from before this device came")
    for n in range(30):
        bob.client.say(room, f"filler {n}")
    one = seat(alice)
    driver = open_room(one, room)
    bob.client.send(room, text("I meant that", **answer_to(long_ago)))
    driver.wait_line("> Bob: from before this device came\nI meant that", room)
    asked = bob.client.say(room, "when?")
    driver.wait_line("when?", room)
    one.run(room, "/reply at eight")
    driver.wait_line("> Bob: when?\nat eight", room)
    content = wait_content(bob, room, "at eight")
    assert content["m.relates_to"] == {"m.in_reply_to": {"event_id": asked}}
    assert content["m.mentions"] == {"user_ids": [bob.user_id]}
    since = one.run(room, "/reply 99:99 nothing")
    one.run(room, "/reply nobody: nothing")
    driver.wait_line(re.compile("Nobody called “nobody” has written here; nothing was done"), room, since=since)
    assert "nothing" not in bob.client.bodies(room)


def test_threads(alice, bob, room, seat):
    one = seat(alice)
    driver = open_room(one, room)
    root = bob.client.say(room, "the plan")
    driver.wait_line("the plan", room)
    one.run(room, "/thread I like it")
    driver.wait_line("[thread] Bob: the plan\nI like it", room)
    content = wait_content(bob, room, "I like it")
    own = bob.wait_body(room, "I like it")["event_id"]
    assert content["m.relates_to"] == {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": root},
    }
    within = {"rel_type": "m.thread", "event_id": root, "is_falling_back": False}
    reply = {"m.relates_to": {**within, "m.in_reply_to": {"event_id": own}}}
    bob.client.send(room, text("why?", **reply))
    driver.wait_line(re.compile(r"\[thread\] Bob: the plan\n> .*: I like it\nwhy\?"), room)
    one.run(room, "/reply because")
    content = wait_content(bob, room, "because")
    assert content["m.relates_to"]["event_id"] == root


def test_edits(alice, bob, room, seat):
    one = seat(alice)
    driver = open_room(one, room)
    first = bob.client.say(room, "at eight")
    driver.wait_line("at eight", room)
    bob.client.send(room, edit_of(first, "at nine"))
    driver.wait_line(re.compile(r"\[edited\] \d\d:\d\d\nat nine"), room)
    one.say(room, "fine by mee")
    own = bob.wait_body(room, "fine by mee")["event_id"]
    driver.wait_line("fine by mee", room)
    one.say(room, "s/mee/me/")
    driver.wait_line(re.compile(r"\[edited\] \d\d:\d\d\nfine by me"), room)
    content = wait_content(bob, room, "* fine by me")
    assert content["m.new_content"]["body"] == "fine by me"
    # The homeserver takes it for an edit.
    now = bob.client.get(f"/rooms/{room}/event/{own}")
    assert now["unsigned"]["m.relations"]["m.replace"]["content"]["m.new_content"]["body"] == "fine by me"
    one.run(room, "/edit fine by all")
    wait_content(bob, room, "* fine by all")


def test_reactions(alice, bob, room, seat):
    one = seat(alice)
    driver = open_room(one, room)
    event_id = bob.client.say(room, "lunch?")
    driver.wait_line("lunch?", room)
    one.run(room, "/react 🍕")
    driver.wait_line(re.compile("reacted with 🍕 to Bob: lunch\\?"), room)
    wait_until(lambda: reactions(bob, room, event_id) == {"🍕": 1}, 15, "the reaction")
    content = {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": "👍"}}
    bob.client.send(room, content, "m.reaction")
    driver.wait_line("Bob reacted with 👍 to Bob: lunch?", room)
    since = one.run(room, "/react 🍕")
    driver.wait_line(re.compile("You have reacted so already"), room, since=since)
    one.run(room, "/unreact")
    wait_until(lambda: reactions(bob, room, event_id) == {"👍": 1}, 15, "no reaction")


def test_mentions(alice, bob, room, seat):
    one = seat(alice)
    driver = open_room(one, room)
    one.say(room, "Bob: are you there?")
    content = wait_content(bob, room, "Bob: are you there?")
    assert content["m.mentions"] == {"user_ids": [bob.user_id]}
    link = f'<a href="https://matrix.to/#/{bob.user_id}">Bob</a>: are you there?'
    assert content["formatted_body"] == link
    one.say(room, "nobody is meant")
    assert wait_content(bob, room, "nobody is meant")["m.mentions"] == {}
    bob.client.send(room, text("look", **{"m.mentions": {"user_ids": [alice.user_id]}}))
    assert "NICK" in driver.wait_line("look", room)["flags"]


def test_in_an_encrypted_room(alice, js_bob, seat):
    """Both ways with matrix-js-sdk: relations stand in the clear, texts and mentions do not."""
    one = seat(alice)
    open_with_keys(alice, one)
    room = meet(js_bob, alice, one, direct=True)
    driver, name = one.driver, js_bob.user_id
    first = js_bob.send(room, "a secret question")
    driver.wait_line("a secret question", name)
    one.run(name, "/reply a secret answer")
    driver.wait_line(re.compile(r"> .*: a secret question\na secret answer"), name)
    js_bob.wait_message(room, "a secret answer")
    wire = [event["content"] for event in js_bob.client.timeline(room) if event["type"] == "m.room.encrypted"]
    assert wire[-1]["m.relates_to"]["m.in_reply_to"]
    assert "secret" not in str(wire) and "m.mentions" not in wire[-1]
    one.run(name, "/edit a secret reply")
    js_bob.wait_message(room, "a secret reply")
    js_bob.call("edit", room=room, event_id=first, text="a better question")
    driver.wait_line(re.compile(r"\[edited\] \d\d:\d\d\na better question"), name)
    one.run(name, "/react ✅")
    driver.wait_line(re.compile("reacted with ✅ to .*: a better question"), name)
    wait_until(lambda: "m.reaction" in [e["type"] for e in js_bob.client.timeline(room)], 15, "the reaction")
    # A quarrel in the clear is no edit of what was encrypted (I12).
    forged = edit_of(first, "a forged question")
    js_bob.client.send(room, forged)
    js_bob.send(room, "the end")
    driver.wait_line("the end", name)
    assert not [line for line in driver.texts(name) if "forged" in line]
