# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The founding article's Matrix IDs, typed into the account editors: upper case, an IPv6 literal, several colons."""

import pytest
from conftest import PASSWORD
from finch import Finch
from homeserver import Synapse
from pidgin import Pidgin
from waiting import wait_until


@pytest.fixture(scope="module")
def literal_server(tmp_path_factory):
    """Called [::1]:PORT, and found by that alone."""
    server = Synapse(tmp_path_factory.mktemp("literal"), "[::1]:{port}", address="::1").start()
    yield server
    server.stop()


def wait_device(client):
    def devices():
        return [one for one in client.devices() if one != client.device_id]

    wait_until(devices, 20, "the program's device")
    assert len(devices()) == 1


def test_article_matrix_id_in_pidgin(second_desktop, literal_server, plugin, tmp_path):
    client = literal_server.register("pia", PASSWORD)
    program = Pidgin(second_desktop, tmp_path / "pidgin", plugin).start()
    try:
        program.add_account(client.user_id.replace("@p", "@P"), PASSWORD, "")
        program.wait_connected()
        wait_device(client)
        assert program.complaints() == []
    finally:
        program.stop()


def test_article_matrix_id_in_finch(literal_server, plugin, tmp_path):
    client = literal_server.register("fia", PASSWORD)
    program = Finch(tmp_path / "finch", plugin).start()
    try:
        program.add_account(client.user_id.replace("@f", "@F"), PASSWORD, "")
        wait_device(client)
        assert program.complaints() == []
    finally:
        program.stop()
