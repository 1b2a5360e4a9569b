# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The encrypting peers with each other: what they are trusted with elsewhere, they can do."""

import pytest
from ciphertext import megolm_index, olm_place
from peers import PeerError


@pytest.fixture
def js_alice(js, alice):
    peer = js(alice)
    peer.bootstrap_cross_signing()
    return peer


def meet(one, other, **options):
    room = one.create_room(other, **options)
    other.join(room)
    one.wait_member(room, other)
    return room


def test_js_with_js(js_alice, js_bob):
    room = meet(js_alice, js_bob, direct=True)
    js_alice.send(room, "hello")
    heard = js_bob.wait_safe(room, "hello")
    assert heard["sender"] == js_alice.user_id and heard.index == 0
    sent = js_bob.send(room, "and hello")
    js_alice.wait_safe(room, "and hello")
    js_bob.edit(room, sent, "and hello to you")
    assert js_alice.wait_message(room, "and hello to you")["edit_of"] == sent
    assert js_bob.client.bodies(room) == []  # on the server there is nothing to read
    js_alice.check_no_repeats()
    js_bob.check_no_repeats()
    olm, megolm = js_bob.ciphertexts()
    assert [olm_place(one["type"], one["body"])[1] for one in olm] == [0]
    assert [megolm_index(one["ciphertext"]) for one in megolm] == [0, 0, 1]


def test_js_with_nio(js_bob, nio, alice):
    nio_alice = nio(alice)
    room = meet(js_bob, nio_alice, name="Both engines")
    js_bob.send(room, "from Rust")
    assert nio_alice.wait_message(room, "from Rust")["decrypted"]
    nio_alice.send(room, "from C")
    heard = js_bob.wait_message(room, "from C")
    assert heard["decrypted"] and heard["shield_reason"] == "UNSIGNED_DEVICE"
    assert not js_bob.devices(alice)[nio_alice.device_id]["signed_by_owner"]
    js_bob.check_no_repeats()
    nio_alice.check_no_repeats()


def test_unsigned_devices_are_left_out_by_the_strict(js_bob, nio, alice):
    """MSC4153: neither are they sent keys, nor is what they say taken."""
    nio_alice = nio(alice)
    room = meet(js_bob, nio_alice)
    js_bob.isolate(strict=True)
    refused = nio_alice.send(room, "not signed")
    assert js_bob.wait_unreadable(refused)["failure"] == "UNSIGNED_SENDER_DEVICE"
    sent = js_bob.send(room, "not for her")
    assert nio_alice.wait_event_id(sent)["failure"]


def test_a_client_that_was_away(js_alice, js_bob):
    room = meet(js_alice, js_bob)
    js_bob.stop()
    js_alice.send(room, "while you were away")
    js_bob.start()
    js_bob.wait_safe(room, "while you were away")
    js_bob.send(room, "back")
    js_alice.wait_safe(room, "back")


def test_recovery_and_devices(js_alice, js, alice):
    key = js_alice.bootstrap_secret_storage("correct horse")
    second = js(alice)
    with pytest.raises(PeerError, match="wrong recovery key"):
        second.recover(passphrase="wrong horse")
    assert not js_alice.devices(alice)[second.device_id]["signed_by_owner"]
    second.recover(recovery_key=key)
    assert second.cross_signing_status()["ready"]
    assert js_alice.devices(alice)[second.device_id]["signed_by_owner"]
    second.recover(passphrase="correct horse")
    js_alice.delete_device(second.device_id)
    assert second.device_id not in js_alice.devices(alice)


def test_trust_in_somebody_whose_identity_changes(js_alice, js_bob, js):
    js_alice.bootstrap_secret_storage()
    js_alice.verify_user(js_bob)
    assert js_alice.user_trust(js_bob)["verified"]
    js_bob.bootstrap_cross_signing(reset=True)
    trust = js_alice.user_trust(js_bob)
    assert not trust["verified"] and trust["was_verified"]
    js_alice.accept_identity(js_bob)


def test_repeats_of_a_ratchet_are_found(js_alice, js_bob):
    room = meet(js_alice, js_bob)
    js_alice.send(room, "once")
    js_bob.wait_message(room, "once")
    js_bob.check_no_repeats()
    [event] = [one for one in js_bob.client.timeline(room) if one["type"] == "m.room.encrypted"]
    again = js_alice.client.send(room, event["content"], "m.room.encrypted")
    js_bob.wait_event_id(again)
    with pytest.raises(AssertionError, match="Megolm"):
        js_bob.check_no_repeats()
    [olm], _ = js_bob.ciphertexts()
    message = {olm["recipient_key"]: {"type": olm["type"], "body": olm["body"]}}
    content = {"algorithm": "m.olm.v1.curve25519-aes-sha2", "sender_key": olm["sender_key"], "ciphertext": message}
    js_alice.client.send_to_device("m.room.encrypted", js_bob, content)
    js_alice.send(room, "twice")
    js_bob.wait_message(room, "twice")
    with pytest.raises(AssertionError, match="Olm"):
        js_bob.check_no_repeats()
