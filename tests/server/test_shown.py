# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is shown of the rest that matrix-js-sdk sends: stickers, emoji, places, unknown kinds, links, pins."""

import re

import test_files
from test_files import make, png

one, room = test_files.one, test_files.room
PINS = "m.room.pinned_events"


def html(body, formatted):
    return {"msgtype": "m.text", "body": body, "format": "org.matrix.custom.html", "formatted_body": formatted}


def test_kinds(one, js_bob, room, tmp_path):
    driver = one.driver
    path = make(tmp_path, "s.png", png(64, 64))
    info = {"mimetype": "image/png", "w": 64, "h": 64, "size": path.stat().st_size}
    js_bob.call("send_sticker", room=room, path=str(path), body="A wave", info=info)
    driver.wait_line("[sticker: A wave]", room)
    driver.wait_event("line", name=room, where=lambda line: "<img id=" in line["text"])
    place = {"msgtype": "m.location", "body": "The pub", "geo_uri": "geo:51.5,-0.12"}
    cases = [
        ("m.room.message", place, "[location: The pub – geo:51.5,-0.12]"),
        ("m.room.message", {"msgtype": "org.example.dance", "body": "a waltz"}, "[org.example.dance] a waltz"),
        ("m.room.message", html("x", '<span data-mx-maths="\\frac{a}{b}"><code>a/b</code></span>'), "\\frac{a}{b}"),
        ("org.example.weather", {"body": "Rain"}, re.compile("has sent org.example.weather: Rain")),
    ]
    for type_, content, wanted in cases:
        js_bob.call("send_event", room=room, type=type_, content=content)
        driver.wait_line(wanted, room)


def test_custom_emoji(one, js_bob, room):
    mxc = js_bob.client.upload(png(40, 40))
    emoji = f'<img data-mx-emoticon src="{mxc}" alt=":wave:" title=":wave:" height="32">'
    js_bob.call("send", room=room, text=":wave:", content=html(":wave:", emoji))
    one.driver.wait_line(":wave:", room)
    assert one.driver.find("smiley-end", name=room, smiley=":wave:")


def test_link_to_a_message(one, js_bob, room):
    """From before what /sync brings, with the edit that the homeserver puts into it, and read where it is encrypted."""
    one.quit()
    target = js_bob.send(room, "teh first words")
    js_bob.edit(room, target, "the newest words")
    for n in range(30):
        js_bob.send(room, f"filler {n}")
    driver = one.open()
    driver.wait_node(room)
    since = driver.position()
    one.open_chat(room)
    one.run(room, f"/join https://matrix.to/#/{room}/{target}?via=localhost")
    driver.wait_line(re.compile("^The message that the link leads to, of \\d{4}-"), room, 30, since)
    driver.wait_line(re.compile("^the newest words.*linked\\]$"), room, 15, since)
    one.run(room, f"/join https://matrix.to/#/{room}/$nothing")
    driver.wait_line(re.compile("does not exist in this room, or you may not read it"), room)


def test_pins(one, js_bob, room):
    driver, alice = one.driver, one.person
    first, second = js_bob.send(room, "rules of the house"), js_bob.send(room, "the second")
    driver.wait_line("the second", room)
    js_bob.client.set_state(room, PINS, {"pinned": [first]})
    driver.wait_line(re.compile("has pinned a message"), room)
    since = one.run(room, "/pins")
    driver.wait_line(re.compile("1\\. \\d{4}-.*: rules of the house"), room, 15, since)
    since = one.run(room, "/pin")
    driver.wait_line(re.compile("takes a power level of 50, and yours is 0"), room, 15, since)
    since = driver.position()
    levels = js_bob.client.state(room, "m.room.power_levels")
    levels["users"][alice.user_id] = 50
    js_bob.client.set_state(room, "m.room.power_levels", levels)
    driver.wait_line(re.compile("power"), room, 15, since)
    since = one.run(room, "/pin")
    driver.wait_line(re.compile("has pinned a message"), room, 15, since)
    assert js_bob.client.state(room, PINS)["pinned"] == [first, second]
    one.run(room, "/unpin 1")
    driver.wait_line(re.compile("has unpinned a message"), room)
    assert js_bob.client.state(room, PINS)["pinned"] == [second]
