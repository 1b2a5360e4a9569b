# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Formatted text both ways, as another client sees and writes it."""

import os
import re

import pytest
from driver import DriverEnded
from test_crash import CRASHED
from waiting import wait_until

FORMAT = "org.matrix.custom.html"

INCOMING = {
    "inline": ("<strong>b</strong> <em>i</em>", "<b>b</b> <i>i</i>"),
    "list": ("<ol><li>one</li><li>two</li></ol>", "1. one<br>2. two"),
    "code": ("<pre><code>a &lt; b\n</code></pre>", '<font face="monospace">a &lt; b</font>'),
    "link": ('<a href="https://x.org/?a&amp;b">x</a>', '<a href="https://x.org/?a&amp;b">x</a>'),
    "evil": ('<a href="file:///x">y</a><script>z</script><img id="1" alt="pic">', "ypic"),
}

OUTGOING = {
    "bold": ("<b>fat</b> &amp; thin", "fat & thin", "<strong>fat</strong> &amp; thin"),
    "colour": ('<font color="#ff0000">red</font>', "red", '<span data-mx-color="#ff0000">red</span>'),
    "size": ('<font size="5">big</font>', "big", None),
    "address": ('<A HREF="https://x.org/">https://x.org/</A>', "https://x.org/", None),
}


def say_html(person, room, body, html, msgtype="m.text"):
    content = {"msgtype": msgtype, "body": body, "format": FORMAT, "formatted_body": html}
    return person.client.send(room, content)


@pytest.mark.parametrize("html,markup", INCOMING.values(), ids=INCOMING)
def test_formatted_text_arrives(alice, bob, direct_room, seat, html, markup):
    driver = seat(alice).open()
    say_html(bob, direct_room, "the body", html)
    bob.client.say(direct_room, "after it")
    driver.wait_line("after it", bob.user_id)
    lines = [line["text"] for line in driver.lines(bob.user_id) if line.is_message]
    assert lines == [markup, "after it"]


@pytest.mark.parametrize("markup,body,html", OUTGOING.values(), ids=OUTGOING)
def test_formatted_text_is_sent(alice, bob, direct_room, seat, markup, body, html):
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    driver.command("send_im", username=one.username, who=bob.user_id, text=markup)
    content = bob.wait_body(direct_room, body)["content"]
    expected = {"msgtype": "m.text", "body": body, "m.mentions": {}}
    if html:
        expected |= {"format": FORMAT, "formatted_body": html}
    assert content == expected
    driver.wait_line(body, bob.user_id)
    assert len([line for line in driver.lines(bob.user_id) if line.is_message]) == 1


def test_formatted_lines_survive_a_crash_at_every_boundary(alice, bob, direct_room, seat):
    """Each is in the log once, though the log has its markup and the comparison its text."""
    one = seat(alice)
    one.open().wait_node(bob.user_id)
    one.quit()
    given, crashes = [], 0
    for number in range(1, int(os.environ.get("MX_CRASH_LIMIT", "400"))):
        word = f"in-{number}-"
        html = f'<p>see <b>{word}</b></p><ul><li><a href="https://x.org/{number}">this</a></li><li>x &lt; y</li></ul>'
        say_html(bob, direct_room, "the body", html)
        given.append(word)
        try:
            one.open({"MX_CRASH_AT": str(number)})
            one.driver.wait_line(re.compile(word), bob.user_id)
            one.quit()
            crashed = False
        except (DriverEnded, AssertionError):
            assert one.driver.wait_end() in CRASHED
            crashed = True
            crashes += 1
            one.open()
            wait_until(lambda: word in one.logged(bob.user_id, r"in-\d+-"), 30, word)  # noqa: B023
            one.quit()
        one.dispose()
        assert one.logged(bob.user_id, r"in-\d+-") == given, f"MX_CRASH_AT={number}"
        if not crashed:
            break
    assert crashes > 5
