# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Integrating all by plain HTTP requests: /matrix against a real homeserver."""

import re

from matrix import create_direct
from test_joining import press

API = "/_matrix/client/v3"


def ask(one, window, text, answer=r"^Status 200$"):
    """A request that asks nothing first; gives the lines after the command."""
    since = one.run(window, f"/matrix {text}")
    one.driver.wait_line(re.compile(answer), window, since=since)
    return since


def confirm(one, window, text, button="Send"):
    since = one.run(window, f"/matrix {text}")
    asked = one.driver.wait_event("request", 15, since, primary="Send this to your homeserver?")
    press(one.driver, asked, button)
    return since


def test_plain_http_requests(alice, bob, seat, room_version):
    room = create_direct(bob.client, alice.client, room_version=room_version)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    one.open_im(bob.user_id)
    since = ask(one, bob.user_id, f"GET {API}/account/whoami")
    driver.wait_line(re.compile(f'"user_id" : "{alice.user_id}"'), bob.user_id, since=since)
    # Every step of the article that is a request: an own event, own state, and reading both.
    since = confirm(one, bob.user_id, f'PUT {API}/rooms/{room}/send/org.example.seed/t1 {{"kind": "<rose>"}}')
    driver.wait_line(re.compile("event_id"), bob.user_id, since=since)
    assert bob.client.timeline(room)[-1]["content"] == {"kind": "<rose>"}
    confirm(one, bob.user_id, f'PUT {API}/rooms/{room}/state/m.room.topic/ {{"topic": "by hand"}}')
    driver.wait_line(re.compile("changed the topic to: by hand"), bob.user_id)
    since = ask(one, bob.user_id, f"GET {API}/rooms/{room}/messages?dir=b&limit=5")
    driver.wait_line(re.compile('"kind" : "<rose>"'), bob.user_id, since=since)
    # A token of somebody else than this program, which is not to be seen
    since = confirm(one, bob.user_id, f"POST {API}/user/{alice.user_id}/openid/request_token")
    driver.wait_line(re.compile('"access_token" : "…"'), bob.user_id, since=since)
    # Refusals
    ask(one, bob.user_id, f"GET {API}/nothing", r"M_UNRECOGNIZED \(status 404\)")
    since = confirm(one, bob.user_id, f"POST {API}/delete_devices {{\"devices\": [\"X\"]}}")
    driver.wait_line(re.compile(r"really you \(status 401\)"), bob.user_id, since=since)
    since = confirm(one, bob.user_id, f"POST {API}/rooms/{room}/leave", "Cancel")
    driver.wait_line("Nothing was sent.", bob.user_id, since=since)
    assert alice.client.joined_rooms() == [room]
    bob.client.say(room, "still here")
    driver.wait_line("still here", bob.user_id)
    assert not driver.find("disconnected")
    assert one.logged(bob.user_id, "Status|event_id|whoami|M_UNREC") == []
