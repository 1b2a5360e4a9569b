# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Text that is meant exactly so, typed into both programs; and what was typed comes back, as refusals say."""

from test_article_room import InPidgin, lab, window  # noqa: F401 fixtures


def recall(window):  # noqa: F811
    """The keys that the refusals name, then Enter."""
    if isinstance(window, InPidgin):
        window._desktop.focus(window._window)
        window._desktop.key("ctrl+Up", "Return")
    else:
        window._program.keys("C-p", "Enter")


def test_compose(window, world, lab):  # noqa: F811
    tag = type(window).__name__  # both talk in one room
    window.say(f"/html <b>fat {tag}</b> &amp; thin")
    window.wait(f"fat {tag} & thin")
    sent = world.bob.wait_body(lab, f"fat {tag} & thin")["content"]
    assert sent["formatted_body"] == f"<strong>fat {tag}</strong> &amp; thin"
    window.say(f"/plain *a*  <i>b</i> {tag}")
    window.wait(f"*a*  <i>b</i> {tag}")
    assert "formatted_body" not in world.bob.wait_body(lab, f"*a*  <i>b</i> {tag}")["content"]
    window.say("/html <script>x</script>")
    window.wait("That HTML shows nothing; nothing was sent.")
    recall(window)
    window.say(f"said {tag}")
    world.bob.wait_body(lab, f"said {tag}")
    recall(window)
    window.say(f"end {tag}")
    world.bob.wait_body(lab, f"end {tag}")
    assert world.bob.client.bodies(lab).count(f"said {tag}") == 2
    window.shot("compose")
