# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Much at once: a message with a bit of every formatting, and a room in which a bit of everything happens."""

from matrix import quote
from waiting import wait_until

HTML = """<h3>Plan</h3><p>Some <strong>fat</strong>, <em>slanted</em>, <del>gone</del> and \
<span data-mx-color="#c00000">red</span> words&hellip;</p>
<ul><li>one<ol start="4"><li>four</li></ol></li><li><a href="https://example.org/x">two</a></li></ul>
<blockquote>said before</blockquote>
<pre><code>if a &lt; b:
    c()
</code></pre>
<table><tr><th>k</th><th>v</th></tr><tr><td>1</td><td>2</td></tr></table>
<p>H<sub>2</sub>O <span data-mx-spoiler>the end</span> <img src="mxc://x/y" alt="cat"></p>"""

LINES = [
    "Plan",
    "Some fat, slanted, gone and red words\u2026",
    "\u2022 one",
    "4. four",
    "\u2022 two",
    "> said before",
    "if a < b:",
    "c()",
    "k | v",
    "1 | 2",
    "H_2O [spoiler: the end] cat",
]


NEWS_END = "two Bobs are too many"


def say_busy(person, room_id):
    content = {"msgtype": "m.text", "body": "the body", "format": "org.matrix.custom.html", "formatted_body": HTML}
    return person.client.send(room_id, content)


def make_news(world):
    """Something of each kind in the tea party."""
    room, bob, carol = world.tea, world.bob.client, world.carol.client
    bob.invite(room, carol.user_id)
    carol.join(room)
    carol.set_display_name("Bob")
    name = lambda: bob.state(room, "m.room.member", carol.user_id)["displayname"]  # noqa: E731
    wait_until(lambda: name() == "Bob", 10, "the new name in the room")
    bob.set_state(room, "m.room.topic", {"topic": "Milk & <b>sugar</b>"})
    levels = bob.state(room, "m.room.power_levels")
    levels["users"][world.alice.user_id] = 50
    bob.set_state(room, "m.room.power_levels", levels)
    bob.post(f"/rooms/{quote(room)}/kick", {"user_id": carol.user_id, "reason": NEWS_END})
    carol.set_display_name("Carol")
