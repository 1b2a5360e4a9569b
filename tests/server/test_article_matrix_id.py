# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The founding article's Matrix IDs, with a homeserver whose name is not its address; to log in, and to register."""

import pytest
from homeserver import Synapse
from newcomer import PASSWORD, name, newcomer  # noqa: F401, the fixtures
from test_login import listen_on_443
from waiting import wait_until
from webserver import Authority, well_known

OPEN = {"enable_registration": True, "enable_registration_without_verification": True}


@pytest.fixture(scope="module")
def named_server(tmp_path_factory):
    """Called chat.localhost; it listens somewhere else."""
    server = Synapse(tmp_path_factory.mktemp("named"), "chat.localhost", settings=OPEN).start()
    yield server
    server.stop()


@pytest.fixture
def ca_file(named_server, tmp_path):
    """Of https://chat.localhost, which says where the homeserver is."""
    authority = Authority(tmp_path / "authority")
    context, pages = authority.context("chat.localhost"), well_known(named_server.base_url)
    server = wait_until(lambda: listen_on_443(pages, context), 60, "port 443")
    yield authority.ca_file
    assert set(server.paths) == {"/.well-known/matrix/client"}
    server.stop()


@pytest.fixture(scope="module")
def literal_server(tmp_path_factory):
    """Called [::1]:PORT, and just there."""
    folder = tmp_path_factory.mktemp("literal")
    server = Synapse(folder, "[::1]:{port}", settings=OPEN, address="::1").start()
    yield server
    server.stop()


def _check_talks(person, seat):
    """What a window needs: the account is who its homeserver says it is."""
    room = person.client.create_room(name="Own room")
    since = seat.open_chat(room)
    seat.driver.wait_event("window", 15, since, name=room)
    seat.say(room, "here I am")
    assert person.wait_body(room, "here I am")["sender"] == person.user_id


# To log in


def test_article_matrix_id_name_is_not_the_address(named_server, ca_file, person, seat):
    alice = person("alice", named_server)
    one = seat(alice, "", ca_file=ca_file)
    one.open()
    _check_talks(alice, one)


def test_article_matrix_id_ipv6(literal_server, person, seat):
    alice = person("alice", literal_server)
    assert alice.user_id.endswith(f":[::1]:{literal_server.port}")
    one = seat(alice, "")
    one.open()
    _check_talks(alice, one)


def test_article_matrix_id_ipv6_address(literal_server, person, seat):
    alice = person("alice", literal_server)
    seat(alice, literal_server.base_url).open()


def test_article_matrix_id_two_colons(person, seat):
    alice = person("alice")
    assert alice.user_id.count(":") == 2
    one = seat(alice, "")
    one.open()
    _check_talks(alice, one)


def test_article_matrix_id_upper_case(person, seat):
    alice = person("alice")
    one = seat(alice)
    one.username = alice.user_id.replace("@a", "@A")
    one.open()
    _check_talks(alice, one)


# To register


def _register(newcomer, server, localpart, username, connected_as=None, **options):
    one = newcomer(server, localpart, username, **options).register()
    one.wait_online(connected_as)
    one.check_one_device(localpart)


def test_article_matrix_id_registered_by_name(named_server, ca_file, newcomer, name):  # noqa: F811
    _register(newcomer, named_server, name, f"@{name}:chat.localhost", address=None, ca_file=ca_file)


def test_article_matrix_id_registered_with_ipv6(literal_server, newcomer, name):  # noqa: F811
    username = f"@{name}:{literal_server.server_name}"
    _register(newcomer, literal_server, name, username, address=None)


def test_article_matrix_id_registered_in_upper_case(literal_server, newcomer, name):  # noqa: F811
    server = literal_server
    typed, given = (f"@{one}:{server.server_name}" for one in (name.upper(), name))
    _register(newcomer, server, name, typed, given, address=None)


def test_article_matrix_id_registered_at_its_address(named_server, newcomer, name):  # noqa: F811
    """The address typed for the name: the account is called what the homeserver calls it, and goes on working."""
    typed = f"@{name}:127.0.0.1:{named_server.port}"
    _register(newcomer, named_server, name, typed, f"@{name}:chat.localhost", address=None)


@pytest.mark.parametrize("typed", ["@nobody", "nobody", "@nobody:[::1", "@no body:localhost", "@nobody:localhost:x"])
def test_article_matrix_id_that_is_none(named_server, newcomer, typed):  # noqa: F811
    one = newcomer(named_server, "nobody", typed, address=None).register()
    assert "@name:server" in one.complaint()
    one.check_nothing_is_left("nobody")
    assert PASSWORD not in one.driver.debug_tail()
