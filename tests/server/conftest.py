# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: one Synapse for the run, and for each test its own people, proxy and libpurple."""

import importlib.util
import itertools
import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import driver  # noqa: E402
from faultproxy import FaultProxy  # noqa: E402
from matrix import create_direct, create_shared_room  # noqa: E402
from peers import JsPeer, NioPeer, js_is_missing, nio_is_missing  # noqa: E402
from seat import Person, Seat  # noqa: E402
from homeserver import Federation, Synapse  # noqa: E402

IN_CI = os.environ.get("CI") == "true"
_counter = itertools.count(1)


def _missing():
    if importlib.util.find_spec("synapse") is None:
        return "Synapse is not installed (tests/server/requirements.txt)"
    return None


def pytest_collection_modifyitems(items):
    """Without Synapse nothing here can be shown: said once for each test, and never passed over in CI."""
    reason = _missing()
    if not reason:
        return
    if IN_CI:
        raise pytest.UsageError(reason)
    for item in items:
        item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def synapse(tmp_path_factory):
    server = Synapse(tmp_path_factory.mktemp("synapse")).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def federated_servers(tmp_path_factory):
    servers = Federation(tmp_path_factory.mktemp("federation"))
    yield servers
    servers.stop()


@pytest.fixture
def federation(federated_servers):
    """federation(n): n federated homeservers, all of them running whatever a test before has done to them."""
    return federated_servers.take


@pytest.fixture(params=["11", "12"])
def room_version(request):
    return request.param


@pytest.fixture
def person(synapse):
    """A factory of people, each with a name of their own on the server."""

    def make(name, server=synapse):
        password = f"pass word {name} é%&"
        client = server.register(f"{name}{next(_counter)}", password)
        return Person(name, password, client)

    return make


@pytest.fixture
def alice(person):
    return person("alice")


@pytest.fixture
def bob(person):
    return person("bob")


@pytest.fixture
def proxy(synapse):
    """In front of Synapse; at the end no request may have had its token in the URL."""
    proxy = FaultProxy(synapse.port).start()
    yield proxy
    proxy.stop()
    assert proxy.urls_with_token == 0


@pytest.fixture
def seat(synapse, tmp_path):
    """A factory of seats, which end with the test."""
    if not driver.is_built():
        pytest.fail(f"not built: {driver.DRIVER} and {driver.PLUGIN_DIR}/libmatrix.so")
    seats = []

    def make(who, base_url=None, **options):
        folder = tmp_path / f"purple{len(seats)}"
        address = synapse.base_url if base_url is None else base_url
        seats.append(Seat(who, address, folder, **options))
        return seats[-1]

    yield make
    for one in seats:
        one.dispose()
        one.check_no_secret_is_told()


@pytest.fixture
def shared_room(alice, bob):
    """Alice and Bob alone in a named room that is not direct."""
    return create_shared_room(bob.client, alice.client, name="Garden", preset="private_chat")


@pytest.fixture
def direct_room(alice, bob):
    return create_direct(bob.client, alice.client)


def _peers(kind, reason, synapse, tmp_path):
    """A factory of peers of a kind, which end with the test."""
    if reason and IN_CI:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    made = []

    def make(person, base_url=None, **options):
        folder = tmp_path / f"{kind.__name__}{len(made)}"
        made.append(kind(person, base_url or synapse.base_url, folder))
        return made[-1].login().start(**options)

    yield make
    for one in made:
        one.dispose()


@pytest.fixture
def js(synapse, tmp_path):
    """js(person): a new device of theirs with matrix-js-sdk, started."""
    yield from _peers(JsPeer, js_is_missing(), synapse, tmp_path)


@pytest.fixture
def nio(synapse, tmp_path):
    """nio(person): a new device of theirs with matrix-nio, started; it needs no cross-signing, and has none."""
    yield from _peers(NioPeer, nio_is_missing(), synapse, tmp_path)


@pytest.fixture
def js_bob(js, bob):
    """Bob at matrix-js-sdk, cross-signed: what most people are who use Matrix."""
    peer = js(bob)
    peer.bootstrap_cross_signing()
    return peer
