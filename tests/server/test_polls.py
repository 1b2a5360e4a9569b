# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Polls with matrix-js-sdk as the other side: what Element would send and count."""

import re

from test_encrypted_reading import meet, open_with_keys
from test_relations import open_room
from waiting import wait_until

POLL = "[poll] Lunch?\n1. Rice\n2. Noodles\n(/vote and a number)"


def votes(peer, room, poll):
    return peer.call("poll", room=room, event_id=poll)["votes"]


def wait_votes(peer, room, poll, wanted):
    wait_until(lambda: votes(peer, room, poll) == wanted, 15, f"the votes {wanted}")


def play(alice, js_bob, one, room, name):
    """Both vote, one of them twice; the end tells the result."""
    driver = one.driver
    poll = js_bob.call("send_poll", room=room, question="Lunch?", answers=["Rice", "Noodles"])["event_id"]
    driver.wait_line(POLL, name)
    one.run(name, "/vote 1")
    driver.wait_line(re.compile("voted for “Rice” in the poll “Lunch\\?”"), name)
    wait_votes(js_bob, room, poll, {alice.user_id: ["Rice"]})
    one.run(name, "/vote 2")
    driver.wait_line(re.compile("voted for “Noodles”"), name)
    js_bob.call("vote", room=room, event_id=poll, numbers=[2])
    wait_votes(js_bob, room, poll, {alice.user_id: ["Noodles"], js_bob.user_id: ["Noodles"]})
    js_bob.send(room, "voted")
    driver.wait_line("voted", name)
    since = one.run(name, "/poll")
    driver.wait_line(re.compile("so far: Noodles 2, Rice 0 \\(2 people have voted\\)"), name, since=since)
    js_bob.call("end_poll", room=room, event_id=poll)
    driver.wait_line(re.compile("has ended the poll “Lunch\\?”: Noodles 2, Rice 0"), name)
    since = one.run(name, "/vote 1")
    driver.wait_line(re.compile("There is no open poll in this window"), name, since=since)
    return poll


def test_poll(alice, js_bob, seat):
    room = alice.client.create_room(name="Polls", invite=[js_bob.user_id], preset="trusted_private_chat")
    js_bob.call("join", room=room)
    one = seat(alice)
    open_room(one, room)
    play(alice, js_bob, one, room, room)
    # With the power of whoever has made the room another's poll is ended, and the SDK takes that.
    other = js_bob.call("send_poll", room=room, question="More?", answers=["Yes", "No"], max=2)["event_id"]
    one.driver.wait_line(re.compile("\\[poll\\] More\\?"), room)
    one.run(room, "/vote 1,2")
    wait_votes(js_bob, room, other, {alice.user_id: ["Yes", "No"]})
    one.run(room, "/endpoll")
    one.driver.wait_line(re.compile("has ended the poll “More\\?”: Yes 1, No 1"), room)
    wait_until(lambda: js_bob.call("poll", room=room, event_id=other)["is_ended"], 15, "the end")


def test_poll_in_an_encrypted_room(alice, js_bob, seat):
    """Nothing of it but what it is about stands in the clear."""
    one = seat(alice)
    open_with_keys(alice, one)
    room = meet(js_bob, alice, one, direct=True)
    poll = play(alice, js_bob, one, room, js_bob.user_id)
    wire = [event for event in js_bob.client.timeline(room) if event["sender"] == alice.user_id]
    sent = [event["content"] for event in wire if event["type"] == "m.room.encrypted"]
    assert [one["m.relates_to"]["event_id"] for one in sent if "m.relates_to" in one] == [poll, poll]
    assert "poll" not in str([event["type"] for event in wire]) and "selections" not in str(sent)
