# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The founding article's steps about rooms and their events, typed in both programs: an invitation answered, a message
removed, state read and written, an event of one's own, a room made with settings and looked at."""

import time

import pytest
from finch import Finch
from matrix import create_shared_room
from pidgin import Pidgin
from waiting import wait_until


class InPidgin:
    """A window of Pidgin, typed into and read."""

    def __init__(self, program, name):
        self._program = program
        self._desktop = program.desktop
        self._window = program.open_from_list(name)
        self._desktop.enlarge(self._window)
        self._name = name

    def say(self, text):
        self._program.say(self._window, text)

    def wait(self, text):
        def is_shown():
            lines = self._program.read(self._window)
            return any(text in line.shown.replace("\xa0", " ") for line in lines)

        wait_until(is_shown, 20, f"{text!r} in the window", 0.2)

    def shot(self, name):
        self._desktop.shot("article-" + name, self._window)

    def wait_room(self, name):
        wait_until(lambda: name in self._program.conversations(), 20, f"the window of {name}")
        self._program.show_tab(self._name, [self._name, name])

    def wait_invited(self):
        self._desktop.shot("article-invitation", self._desktop.wait_window("Invitation"))

    def open_information(self):
        """From the window's own menu, which holds what the menu of the list's line does."""
        self._desktop.focus(self._window)
        self._desktop.key("alt+c", "o")
        self._desktop.shot("article-menu")
        self._desktop.key("Down", "Down", "Return")
        dialog = self._desktop.wait_window("Room Information")
        self._desktop.shot("article-information", dialog)
        self._desktop.focus(dialog)
        self._desktop.key("Escape")

    def complaints(self):
        return self._program.complaints()


class InFinch:
    """The same of Finch."""

    def __init__(self, program, name):
        self._program = program
        self._name = name
        program.open_from_list(name)

    def say(self, text):
        self._program.show(self._name + " (")
        self._program.say(text)

    def wait(self, text):
        self._program.wait_text(text, 20)

    def shot(self, name):
        self._program.save_screen("finch-article-" + name)

    def wait_room(self, name):
        wait_until(lambda: any(one.startswith(name) for one in self._program.windows()), 20, f"the window of {name}")

    def wait_invited(self):
        wait_until(lambda: "Invitation" in self._program.windows(), 20, "the invitation", 0.2)

    def open_information(self):
        """Finch shows nothing of a protocol in the menu of a room: /room alone is its way."""

    def complaints(self):
        return self._program.complaints()


@pytest.fixture(scope="module")
def lab(world):
    """A room of Alice's own."""
    return create_shared_room(world.alice.client, world.bob.client, name="Lab")


@pytest.fixture(scope="module", params=["pidgin", "finch"])
def window(request, world, lab, plugin, tmp_path_factory):
    folder = tmp_path_factory.mktemp("article-" + request.param)
    account = (world.alice.user_id, world.alice.password, world.base_url)
    if request.param == "pidgin":
        program = Pidgin(request.getfixturevalue("desktop"), folder, plugin).start()
    else:
        program = Finch(folder, plugin).start()
    try:
        program.add_account(*account)
        if request.param == "pidgin":
            program.wait_connected()
            yield InPidgin(program, "Lab")
        else:
            program.keys("M-c")
            program.wait_screen("Lab", 20)
            yield InFinch(program, "Lab")
    finally:
        program.stop()


def content_of(world, room, event_id):
    return world.bob.client.get(f"/rooms/{room}/event/{event_id}")["content"]


def test_article_invites(window, world):
    """What is known of the room is what the invitation brings along; the answer is typed."""
    name = "Orchard of " + type(window).__name__[2:]
    room = world.bob.client.create_room(name=name, invite=[world.alice.user_id])
    window.wait_invited()
    window.say("/invites")
    window.wait(name)
    window.shot("invites")
    window.say("/accept")
    wait_until(lambda: world.bob.client.members(room)[world.alice.user_id] == "join", 15, "Alice in it", 0.2)
    window.wait_room(name)


def test_article_redaction(window, world, lab):
    event_id = world.bob.client.say(lab, "words to be regretted")
    window.wait("words to be regretted")
    window.say("/redact Bob: off <topic>")
    wait_until(lambda: content_of(world, lab, event_id) == {}, 15, "the redaction", 0.1)
    window.wait("Alice has removed a message of Bob's (")
    window.wait("): off <topic>")
    world.bob.client.put(f"/rooms/{lab}/redact/{world.bob.client.say(lab, 'a slip')}/t{time.time()}", {})
    window.wait("Bob has removed a message (")
    window.say("/redact nobody: x")
    window.wait("Nobody called “nobody” has written here; nothing was done.")
    window.shot("redaction")


def test_article_state(window, world, lab):
    for value in ("old", "new"):
        world.bob.client.say(lab, f"before the {value} one")
        window.wait(f"before the {value} one")
        window.say('/state tld.project.foo {"bar": "' + value + '"}')
        window.wait("tld.project.foo was set.")
        wait_until(lambda v=value: read(world, lab).get("bar") == v, 15, "the state", 0.1)
    window.say("/state tld.project.foo")
    window.wait("tld.project.foo, set by " + world.alice.user_id)
    window.wait('"bar" : "new"')
    window.wait("Before:")
    window.shot("state-event")
    window.say("/state list project")
    window.wait("1 state event:")
    window.say("/state tld.project.foo {")
    window.wait("What follows is no JSON object, so nothing was done.")
    events = world.bob.client.timeline(lab)[::-1]
    said = next(one for one in events if one["content"].get("body") == "before the new one")
    clock = time.strftime("%H:%M:%S", time.localtime(said["origin_server_ts"] / 1000))
    window.say(f"/state at {clock} tld.project.foo")
    window.wait('"bar" : "old"')
    window.shot("state-list")


def read(world, room):
    try:
        return world.bob.client.state(room, "tld.project.foo")
    except Exception:  # not there yet
        return {}


def test_article_events(window, world, lab):
    window.say('/event tld.project.thing {"n": 1}')
    window.wait("tld.project.thing was sent.")
    assert any(one["type"] == "tld.project.thing" for one in world.bob.client.timeline(lab))
    window.say("/showall on")
    window.wait("From now on this window shows every event of the room.")
    world.bob.client.send(lab, {"n": "<2>"}, "tld.project.thing")
    window.wait('Bob has sent tld.project.thing: {"n":"<2>"}')
    window.say("/showall off")
    window.wait("This window shows only what it has words for.")


def test_article_creation(window, world):
    before = set(world.alice.client.joined_rooms())
    window.say("/create Lounge --topic Sofas --history joined --join knock --colour red")
    window.wait("The room was not created. There is no option --colour.")
    assert set(world.alice.client.joined_rooms()) == before
    window.say("/create Lounge --topic Sofas --history joined --join knock")
    window.wait_room("Lounge")
    (room,) = set(world.alice.client.joined_rooms()) - before
    assert world.alice.client.state(room, "m.room.history_visibility")["history_visibility"] == "joined"
    assert world.alice.client.state(room, "m.room.join_rules")["join_rule"] == "knock"
    world.alice.client.leave(room)


def test_article_room_information(window, lab):
    window.say("/room")
    for text in ("Room ID: " + lab, "Who may join: invited people", "Administrators: Alice (", "Version: "):
        window.wait(text)
    window.shot("room")
    window.open_information()
    assert not window.complaints()
