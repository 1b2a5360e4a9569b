# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers, threads, edits, reactions, code and pictures, as both programs show them and take them."""

from pictures import draw_face
from test_article_room import lab, window  # noqa: F401 fixtures


def text(body, **more):
    return {"msgtype": "m.text", "body": body, **more}


def about(rel_type, event_id):
    return {"rel_type": rel_type, "event_id": event_id}


def test_relations(window, world, lab):  # noqa: F811
    bob = world.bob.client
    tag = type(window).__name__  # both talk in one room
    first = bob.say(lab, "When do we meet? I can do Tuesday at eight, or any time on Thursday.")
    window.wait("When do we meet?")
    window.say(f"/reply Bob: Tuesday at eigth is <fine> {tag}")
    window.wait(f"Tuesday at eigth is <fine> {tag}")
    world.bob.wait_body(lab, f"Tuesday at eigth is <fine> {tag}")
    window.say("s/eigth/eight/")
    window.wait(f"Tuesday at eight is <fine> {tag}")
    answer = world.bob.wait_body(lab, f"Tuesday at eigth is <fine> {tag}")["event_id"]
    bob.send(lab, {"m.relates_to": {**about("m.annotation", answer), "key": "👍"}}, "m.reaction")
    window.wait("Bob reacted with 👍 to ")
    within = {**about("m.thread", first), "is_falling_back": True, "m.in_reply_to": {"event_id": first}}
    bob.send(lab, text("Who brings the cake?", **{"m.relates_to": within}))
    window.wait("[thread] Bob: When do we meet?")
    window.say("/react Bob: ok")
    window.wait("reacted with ok to Bob: Who brings the cake?")
    window.say("/thread I do")
    window.wait("I do")
    new = text("When do we meet? I can do Tuesday at nine, or any time on Thursday.")
    bob.send(lab, {**new, "m.new_content": new, "m.relates_to": about("m.replace", first)})
    window.wait("do Tuesday at “eight,” → “nine,” or any time on")
    bob.send(lab, {**text("nods"), "msgtype": "m.emote", "m.relates_to": {"m.in_reply_to": {"event_id": answer}}})
    window.wait("nods")
    code = "for (i = 0; i < 8; i++)\n    bake(&cakes[i]);"
    shown = "<p>All by <b>eight</b>:</p><pre><code>for (i = 0; i &lt; 8; i++)\n    bake(&amp;cakes[i]);\n</code></pre>"
    bob.send(lab, text(code, format="org.matrix.custom.html", formatted_body=shown))
    window.wait("bake(&cakes[i]);")
    picture = bob.upload(draw_face((250, 200, 60)), "image/png")
    bob.send(lab, {"msgtype": "m.image", "body": "Like this?", "filename": "cake.png", "url": picture})
    window.wait("Like this?")
    window.say("/reply nobody: x")
    window.wait("Nobody called “nobody” has written here; nothing was done.")
    window.shot("relations")
