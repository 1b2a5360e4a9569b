# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A message with a bit of every formatting, and what people read of it."""

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


def say_busy(person, room_id):
    content = {"msgtype": "m.text", "body": "the body", "format": "org.matrix.custom.html", "formatted_body": HTML}
    return person.client.send(room_id, content)
