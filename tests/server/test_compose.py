# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""What is typed, as matrix-js-sdk reads it: Markdown, long texts, every script; in rooms that are encrypted and in
rooms that are not."""

import re

import pytest
from test_encryption import look_at, wait_signed
from waiting import wait_until

FORMAT = "org.matrix.custom.html"
SCRIPTS = (
    "\U0001f469\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f469 \U0001f1e9\U0001f1ea "
    "\U0001f44d\U0001f3fd 1\ufe0f\u20e3 "
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f e\u0301\u0328 "
    "\u05e9\u05b8\u05c1\u05dc\u05d5\u05dd \u200f(\u2067\u0645\u0631\u062d\u0628\u0627\u2069) \u202bx\u202c "
    "\u0915\u094d\u0937\u093f \u1100\u1161\u11a8 zero\u200bwidth < & \"quoted\" 'it'"
)


@pytest.fixture
def one(seat, alice, js_bob):
    one = seat(alice, markdown=True)
    one.open()
    wait_signed(js_bob, alice)
    return one


@pytest.fixture(params=["plain", "encrypted"])
def room(request, one, js_bob):
    room = js_bob.create_room(one.person, name="Words", encrypted=request.param == "encrypted")
    one.person.client.join(room)
    js_bob.wait_member(room, one.person)
    look_at(one, room)
    return room


def own_messages(peer, room, person):
    return [one for one in peer.messages(room) if one["sender"] == person.user_id and one.body is not None]


def test_markdown_is_read_by_others(one, js_bob, room):
    name = js_bob.user_id[1:].split(":")[0]
    pill = f'<a href="https://matrix.to/#/{js_bob.user_id}">{name}</a>'
    said = {
        "*soft* **loud** `a < b`": "<em>soft</em> <strong>loud</strong> <code>a &lt; b</code>",
        "# Title\n\n- one\n- two": "<h1>Title</h1>\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>",
        "```\nx_y_z\n  <b>\n```": "<pre><code>x_y_z\n  &lt;b&gt;\n</code></pre>",
        "_see_ https://x.org/_a_/b_c": "<em>see</em> https://x.org/_a_/b_c",
        f"**@{name}** look": f"<strong>{pill}</strong> look",
        "plain snake_case <b>text</b>": None,
    }
    for text, html in said.items():
        one.say(room, text)
        content = js_bob.wait_message(room, text)["content"]
        assert content.get("formatted_body") == html and content.get("format") == (FORMAT if html else None)
        mentioned = {"user_ids": [js_bob.user_id]} if "@" in text else {}
        assert content["m.mentions"] == mentioned
    one.run(room, "/plain *as* it `is`")
    assert "formatted_body" not in js_bob.wait_message(room, "*as* it `is`")["content"]
    one.run(room, "/html <b>bold</b><script>no</script>")
    assert js_bob.wait_message(room, "bold")["content"]["formatted_body"] == "<strong>bold</strong>"
    one.say(room, "/me *waves*")
    content = js_bob.wait_message(room, "*waves*")["content"]
    assert (content["msgtype"], content["formatted_body"]) == ("m.emote", "<em>waves</em>")


def test_a_long_text_is_read_in_parts(one, js_bob, room):
    lines = "\n".join(f"line {number} \U0001f469\u200d\U0001f4bb \"quoted\"" for number in range(5000))
    one.say(room, lines)
    one.say(room, "after it")

    def read():
        return [message.body for message in own_messages(js_bob, room, one.person)]

    js_bob.wait_message(room, "after it", timeout=60)
    wait_until(lambda: len("\n".join(read())) >= len(lines), 60, "all parts, which may be decrypted one by one")
    bodies = read()
    assert len(bodies) > 3 and "\n".join(bodies[:-1]) == lines
    one.say(room, "x" * 3_000_000)
    one.driver.wait_line(re.compile("one message holds .* send it as a file"), room)
    one.say(room, "still here")
    js_bob.wait_message(room, "still here")
    assert len(own_messages(js_bob, room, one.person)) == len(bodies) + 1


def test_the_largest_texts_fit(one, js_bob, room):
    """No part is refused by the server: what JSON and the ratchet add was reckoned with."""
    for text in ('"' * 100_000, "\u05e9" * 50_000, "\\" * 40_000 + " " + "y" * 60_000):
        one.run(room, "/plain " + text)
    one.say(room, "end")
    js_bob.wait_message(room, "end", timeout=60)
    joined = "".join(message.body for message in own_messages(js_bob, room, one.person)[:-1])
    assert joined.replace(" ", "") == '"' * 100_000 + "\u05e9" * 50_000 + "\\" * 40_000 + "y" * 60_000
    assert not [line for line in one.driver.lines(room) if "Not sent" in line.text]


def test_every_script_comes_through(one, js_bob, room):
    one.run(room, "/plain " + SCRIPTS)
    js_bob.wait_message(room, SCRIPTS, sender=one.person.user_id)
    one.say(room, f"*m* {SCRIPTS}")
    content = js_bob.wait_message(room, f"*m* {SCRIPTS}")["content"]
    escaped = SCRIPTS.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    assert content["formatted_body"] == f"<em>m</em> {escaped}"
    js_bob.send(room, SCRIPTS)
    one.driver.wait_event("line", 15, 0, lambda line: line.text == SCRIPTS and line["who"], name=room)
    html = {"format": FORMAT, "formatted_body": f"<b>{escaped}</b>"}
    js_bob.call("send", room=room, text="the body", content=html)
    one.driver.wait_event("line", 15, 0, lambda line: line["text"][:3] == "<b>" and line.text == SCRIPTS, name=room)
