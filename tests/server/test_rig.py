# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The homeserver and the peers of the other tests, by themselves."""

import pytest
from faults import Fault
from homeserver import Synapse
from matrix import Client, MatrixError, create_shared_room
from record import logged_tokens, read_log


def test_people_have_devices_of_their_own(synapse, alice):
    second = Client(synapse.base_url).login(alice.user_id, alice.password)
    assert sorted(alice.client.devices()) == sorted([alice.client.device_id, second.device_id])
    assert alice.device_ids() == [second.device_id]
    second.post("/logout")
    assert not second.is_token_alive() and alice.client.is_token_alive()


def test_wrong_password_is_refused(synapse, alice):
    with pytest.raises(MatrixError) as caught:
        Client(synapse.base_url).login(alice.user_id, "wrong")
    assert caught.value.status == 403 and caught.value.errcode == "M_FORBIDDEN"


def test_rooms_of_both_versions(alice, bob, room_version):
    room = create_shared_room(alice.client, bob.client, room_version=room_version, name="R")
    assert (":" in room) == (room_version == "11")
    alice.client.say(room, "one")
    bob.client.say(room, "two")
    assert alice.client.bodies(room) == ["one", "two"]
    assert bob.client.bodies(room, bob.user_id) == ["two"]


def test_direct_rooms_are_marked(alice, bob, direct_room):
    assert alice.client.account_data("m.direct") == {bob.user_id: [direct_room]}
    assert bob.client.account_data("m.direct") == {alice.user_id: [direct_room]}


def test_same_transaction_is_one_event_through_a_dropped_answer(synapse, proxy, alice, bob, shared_room):
    through = Client(proxy.base_url, alice.user_id, alice.client.token)
    proxy.rules.add(Fault.DROP_ANSWER, "/send/", "PUT")
    with pytest.raises(OSError):
        through.send(shared_room, {"msgtype": "m.text", "body": "once"}, txn_id="t1")
    through.send(shared_room, {"msgtype": "m.text", "body": "once"}, txn_id="t1")
    assert bob.client.bodies(shared_room, alice.user_id) == ["once"]
    assert proxy.count("PUT", "/send/") == 2


def test_server_goes_down_hangs_and_comes_back(tmp_path):
    server = Synapse(tmp_path / "hs", server_name="matrix.test").start()
    try:
        user = server.register("carol", "secret")
        assert user.user_id == "@carol:matrix.test"
        server.freeze()
        with pytest.raises(OSError):
            user.request("GET", "/_matrix/client/versions", timeout=1)
        server.thaw()
        assert user.is_token_alive()
        server.kill()
        with pytest.raises(OSError):
            user.is_token_alive()
        server.start()
        assert user.is_token_alive()
    finally:
        server.stop()


LOG = """\
Conversation with !room:example.org at Tue Nov 24 17:00:00 2026 on @a:example.org (matrix)
(17:00:01) bob: m-1
(17:00:02) alice: a: b
second line m-2
(11/23/26 17:00:03) bob: m-1
(17:00:04) ***bob waves
"""


def test_log_reader(tmp_path):
    folder = tmp_path / "logs" / "matrix" / "@a" / "!room.chat"
    folder.mkdir(parents=True)
    (folder / "2026-11-24.170000+0000UTC.txt").write_text(LOG)
    entries = read_log(tmp_path, "!room:example.org")
    texts = [entry.text for entry in entries]
    assert texts == ["m-1", "a: b\nsecond line m-2", "m-1", "***bob waves"]
    assert logged_tokens(tmp_path, "!room:example.org", r"m-\d+") == ["m-1", "m-2", "m-1"]
    assert read_log(tmp_path, "!other:example.org") == []
