# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: one Synapse and one screen for the run; people and rooms for each of the two programs."""

import importlib.util
import itertools
import os
import shutil
import sys
from dataclasses import dataclass

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(os.path.dirname(HERE), "server"))
sys.path.insert(0, HERE)

from desktop import Desktop  # noqa: E402
from driver import PLUGIN_DIR  # noqa: E402
from homeserver import Synapse  # noqa: E402
from matrix import create_direct, create_shared_room  # noqa: E402
from peers import JsPeer, js_is_missing  # noqa: E402
from seat import Person  # noqa: E402

PROGRAMS = ("pidgin", "finch", "tmux", "Xvfb", "xdotool", "openbox", "dbus-daemon", "gdbus")
PASSWORD = "wonder land %&1"
_counter = itertools.count(1)


def _missing():
    if importlib.util.find_spec("synapse") is None:
        return "Synapse is not installed (tests/server/requirements.txt)"
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    return "not installed: " + ", ".join(absent) if absent else None


def pytest_collection_modifyitems(items):
    reason = _missing()
    if not reason:
        return
    if os.environ.get("CI") == "true":
        raise pytest.UsageError(reason)
    for item in items:
        item.add_marker(pytest.mark.skip(reason=reason))


@dataclass
class World:
    """Alice uses the program under test; the rooms are named as her buddy list shows them."""

    alice: Person
    bob: Person
    carol: Person
    tea: str  # two people, not direct
    hall: str  # three people
    direct: str
    base_url: str


def make_people(synapse):
    """Alice, Bob and Carol."""
    number = next(_counter)
    people = []
    for name in ("alice", "bob", "carol"):
        client = synapse.register(f"{name}{number}", PASSWORD)
        client.set_display_name(name.capitalize())
        people.append(Person(name, PASSWORD, client))
    return people


def make_world(synapse):
    people = make_people(synapse)
    alice, bob, carol = (one.client for one in people)
    tea = create_shared_room(bob, alice, name="Tea party", preset="private_chat")
    hall = create_shared_room(bob, alice, carol, name="Big hall", preset="private_chat")
    direct = create_direct(bob, alice)
    bob.say(tea, "from before the first login")
    return World(*people, tea, hall, direct, synapse.base_url)


@pytest.fixture(scope="session")
def synapse(tmp_path_factory):
    server = Synapse(tmp_path_factory.mktemp("synapse")).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def desktop(tmp_path_factory):
    screen = Desktop(tmp_path_factory.mktemp("screen")).start()
    yield screen
    screen.stop()


@pytest.fixture
def second_desktop(tmp_path):
    """For a program that must be alone on its screen."""
    screen = Desktop(tmp_path / "screen").start()
    yield screen
    screen.stop()


@pytest.fixture(scope="module")
def world(synapse):
    return make_world(synapse)


@pytest.fixture(scope="module")
def js(synapse, tmp_path_factory):
    """js(person): a device of theirs with matrix-js-sdk, cross-signed: what most people are who use Matrix."""
    reason = js_is_missing()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    made = []

    def make(person):
        made.append(JsPeer(person, synapse.base_url, tmp_path_factory.mktemp("js")))
        made[-1].login().start()
        made[-1].bootstrap_cross_signing()
        return made[-1]

    yield make
    for one in made:
        one.dispose()


@pytest.fixture(scope="session")
def plugin():
    path = os.path.join(PLUGIN_DIR, "libmatrix.so")
    if not os.path.exists(path):
        pytest.fail(f"not built: {path}")
    return path
