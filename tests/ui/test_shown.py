# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Emoji, stickers, places, pins and links to messages, as both programs show them."""

from pictures import draw_face
from test_article_room import lab, window  # noqa: F401 fixtures


def formatted(body, html):
    return {"msgtype": "m.text", "body": body, "format": "org.matrix.custom.html", "formatted_body": html}


def test_shown(window, world, lab):  # noqa: F811
    bob = world.bob.client
    tag = type(window).__name__  # both talk in one room
    mxc = bob.upload(draw_face((250, 120, 60)))
    emoji = f'<img data-mx-emoticon src="{mxc}" alt=":bob_{tag}:" height="32">'
    first = bob.send(lab, formatted(f"first :bob_{tag}:", f"first {tag} {emoji}"))
    window.wait(f"first {tag}")
    bob.send(lab, {"msgtype": "m.location", "body": f"The pub {tag}", "geo_uri": "geo:51.5,-0.12"})
    window.wait(f"[location: The pub {tag} – geo:51.5,-0.12]")
    info = {"mimetype": "image/png", "w": 128, "h": 128}
    bob.send(lab, {"body": f"A wave {tag}", "url": mxc, "info": info}, "m.sticker")
    window.wait(f"[sticker: A wave {tag}]")
    html = '<span data-mx-maths="E=mc^2"><code>x</code></span> <span data-mx-spoiler="film">they win</span>'
    bob.send(lab, formatted("x", f"{tag} {html}"))
    window.wait(f"{tag} E=mc^2 [spoiler, film: they win]")
    bob.send(lab, formatted("again", f"again {tag} {emoji}{emoji} there"))
    window.wait(f"again {tag}")
    window.shot("shown-kinds")
    window.say("/pin")
    window.wait("has pinned a message")
    window.say("/pins")
    window.wait("Pinned messages:")
    window.say(f"/join https://matrix.to/#/{lab}/{first}")
    window.wait("The message that the link leads to")
    window.wait("[linked]")
    window.shot("shown")
    assert window.complaints() == []
