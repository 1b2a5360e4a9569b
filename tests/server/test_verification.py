# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Verification by emoji, with matrix-js-sdk and between two of us: begun from either side, agreed on, and not."""

import base64
import re
import shutil
import subprocess
import time

import pytest
from matrix import create_direct
from test_encryption import direct_with
from test_encryption import wait_signed as wait_all_signed
from test_joining import press
from test_recovery import run_action, signed_devices, wait_notice, wait_signed
from waiting import wait_until

ACTION = "Verify with another device…"


def wait_request(seat, since, *buttons, timeout=20):
    """The dialog with these buttons."""

    def has_them(event):
        return set(buttons) <= set(event["buttons"])

    return seat.driver.wait_event("request", timeout, since, where=has_them)


def wait_compare(seat, since):
    """The emoji; where a code is shown first, the user chooses them."""
    instead = "Compare emoji instead"

    def is_it(event):
        return {"They match", instead} & set(event["buttons"])

    dialog = seat.driver.wait_event("request", 20, since, where=is_it)
    if instead in dialog["buttons"]:
        # No person is faster; the peer decrypts events side by side, and could see the start before the ready.
        time.sleep(0.5)
        press(seat.driver, dialog, instead)
        dialog = wait_request(seat, since, "They match", "They don't match")
    return dialog


def read_code(dialog, path):
    """The bytes of the code in a dialog's picture."""
    picture = base64.b64decode(next(one["value"] for one in dialog["details"]["fields"] if one["id"] == "code"))
    path.write_bytes(picture)
    command = ["zbarimg", "--quiet", "--raw", "--oneshot", "-Sbinary", str(path)]
    return subprocess.run(command, check=True, capture_output=True).stdout


def wait_said(seat, since, words, timeout=20):
    """In a window or a dialog, as it is told in either."""

    def find():
        events = seat.driver.find("line", since) + seat.driver.find("notify", since)
        return next((one for one in events if words in str(one)), None)

    return wait_until(find, timeout, f"{words!r} to be said", 0.2)


def words_of(dialog):
    """The names of the emoji, and the numbers, as the dialog shows them."""
    text = dialog["secondary"]
    names = re.findall(r"^\d\.  \S+  (.+)$", text, re.MULTILINE)
    numbers = [int(one) for one in re.search(r"Numbers: (\d+) - (\d+) - (\d+)", text).groups()]
    assert len(names) == 7
    return names, numbers


def wait_sas(peer, number):
    return peer.wait_verification(number=number, where=lambda one: one.get("emoji"))


def check_same(peer_sas, dialog):
    assert (peer_sas["emoji"], peer_sas["decimal"]) == words_of(dialog)


def own_device(seat, peer):
    """The device of the seat, as against that of the peer."""
    return next(one for one in seat.person.device_ids() if one != peer.device_id)


def is_verified(peer, who, device_id):
    return peer.devices(who).get(device_id, {}).get("verified")


def wait_verified(peer, who, device_id):
    wait_until(lambda: is_verified(peer, who, device_id), 20, f"{device_id} to be verified", 0.3)


def wait_trust(peer, who):
    wait_until(lambda: peer.user_trust(who)["verified"], 20, f"{who.user_id} to be verified", 0.3)


def devices_line(seat, window, who):
    """What /devices says of somebody's identity."""
    since = seat.run(window, f"devices {who.user_id}")
    return seat.driver.wait_event("line", 15, since, where=lambda one: "Devices of" in one.text).text


def scan(peer, number, code):
    peer.wait_verification(number=number, phase="Ready")
    peer.call("verify_scan", number=number, code=base64.b64encode(code).decode())


# Own devices


def test_a_new_device_here_is_verified_by_another_client(js, seat, alice):
    """The other client asks; this device trusts the identity, is signed, and is given the secrets."""
    peer = js(alice)
    peer.bootstrap_cross_signing()
    one = seat(alice)
    one.open()
    device_id = own_device(one, peer)
    wait_until(lambda: device_id in peer.devices(alice), 20, "the new device", 0.3)
    since = one.driver.position()
    number = peer.verify(device_id=device_id)
    press(one.driver, wait_request(one, since, "Accept", "Decline"), "Accept")
    dialog = wait_compare(one, since)
    sas = wait_sas(peer, number)
    check_same(sas, dialog)
    peer.call("verify_confirm", number=number)
    press(one.driver, dialog, "They match")
    wait_said(one, since, "Verified:")
    peer.wait_verification(number=number, phase="Done")
    wait_verified(peer, alice, device_id)
    wait_signed(alice, 2)
    # The secrets have come: this device can sign others now.
    third = js(alice)
    since = one.driver.position()
    number = third.verify(device_id=device_id)
    press(one.driver, wait_request(one, since, "Accept"), "Accept")
    dialog = wait_compare(one, since)
    wait_sas(third, number)
    press(one.driver, dialog, "They match")
    third.call("verify_confirm", number=number)
    wait_until(lambda: third.device_id in signed_devices(alice), 20, "the third device to be signed", 0.3)


def test_another_client_is_verified_by_this_device(js, seat, alice):
    """This device asks all others of the user."""
    one = seat(alice)
    one.open()
    wait_signed(alice, 1)
    peer = js(alice)
    peer.devices(alice)
    since = one.driver.position()
    one.driver.command("action", username=one.username, label=ACTION)
    request = peer.wait_verification(phase="Requested")
    wait_request(one, since, "Cancel")
    peer.call("verify_accept", number=request["number"])
    dialog = wait_compare(one, since)
    check_same(wait_sas(peer, request["number"]), dialog)
    press(one.driver, dialog, "They match")
    wait_request(one, since, "Cancel")
    peer.call("verify_confirm", number=request["number"])
    wait_said(one, since, f"Verified: your device {peer.device_id}")
    peer.wait_verification(number=request["number"], phase="Done")
    wait_signed(alice, 2)
    wait_until(lambda: peer.cross_signing_status()["ready"], 20, "the peer's own keys", 0.3)
    assert all(peer.cross_signing_status()["cached"].values())


def test_both_begin_at_once(js, seat, alice):
    """The peer starts as soon as it has accepted, and so does this device, perhaps (N6)."""
    one = seat(alice)
    one.open()
    wait_signed(alice, 1)
    peer = js(alice)
    peer.devices(alice)
    since = one.driver.position()
    run_action(one, ACTION)
    number = peer.wait_verification(phase="Requested")["number"]
    peer.call("verify_accept", number=number)
    shown = wait_request(one, since, "Cancel")
    if "Compare emoji instead" in shown["buttons"]:
        press(one.driver, shown, "Compare emoji instead")
    peer.call("verify_start", number=number)
    dialog = wait_request(one, since, "They match")
    check_same(wait_sas(peer, number), dialog)
    press(one.driver, dialog, "They match")
    peer.call("verify_confirm", number=number)
    wait_said(one, since, "Verified:")


# Other people


@pytest.fixture
def pair(js_bob, seat, alice):
    """Alice's account and Bob at matrix-js-sdk, in an encrypted direct room."""
    one = seat(alice)
    one.open()
    wait_all_signed(js_bob, alice)
    room = direct_with(js_bob, alice)
    one.driver.wait_node(js_bob.user_id)
    js_bob.send(room, "hello Alice")
    one.driver.wait_line("hello Alice", js_bob.user_id)
    return one, js_bob, room


def check_both_trust(one, peer):
    wait_trust(peer, one.person)

    def is_told():
        return "Their identity is verified." in devices_line(one, peer.user_id, peer)

    wait_until(is_told, 20, "the verified identity", 0.5)


def check_nothing_shown(seat, window):
    """N20: not a word of it is a line of the conversation."""
    lines = [one for one in seat.driver.find("line", name=window) if one.is_message]
    assert {one.text for one in lines} <= {"hello Alice", "after"}, lines


def test_somebody_asks_and_is_verified(pair):
    one, peer, room = pair
    since = one.driver.position()
    number = peer.verify(one.person, room)
    dialog = wait_request(one, since, "Accept", "Decline")
    assert peer.user_id in dialog["primary"]
    press(one.driver, dialog, "Accept")
    dialog = wait_compare(one, since)
    check_same(wait_sas(peer, number), dialog)
    press(one.driver, dialog, "They match")
    peer.call("verify_confirm", number=number)
    one.driver.wait_line(f"Verified: {peer.user_id} is who they say they are.", peer.user_id)
    peer.wait_verification(number=number, phase="Done")
    check_both_trust(one, peer)
    peer.send(room, "after")
    one.driver.wait_line("after", peer.user_id)
    check_nothing_shown(one, peer.user_id)
    # Encrypted as the room is: the server has seen nothing of what this side has said.
    own = [event for event in peer.client.timeline(room) if event["sender"] == one.username]
    assert {event["type"] for event in own if "state_key" not in event} == {"m.room.encrypted"}
    # And it stays so.
    one.reopen()
    one.open_im(peer.user_id)
    check_both_trust(one, peer)


def test_somebody_is_asked_by_a_command_and_verified(pair):
    """All of it typed, as one may in a terminal."""
    one, peer, _ = pair
    since = one.run(peer.user_id, "verify")
    number = peer.wait_verification(phase="Requested", user=one.person.user_id)["number"]
    peer.call("verify_accept", number=number)
    dialog = wait_compare(one, since)
    check_same(wait_sas(peer, number), dialog)
    peer.call("verify_confirm", number=number)
    one.run(peer.user_id, "verify match")
    one.driver.wait_line(f"Verified: {peer.user_id} is who they say they are.", peer.user_id)
    check_both_trust(one, peer)
    fields = {"username": one.username, "name": peer.user_id, "text": "verify match"}
    assert "No verification waits" in one.driver.command("command", **fields)["command_error"]


@pytest.mark.parametrize("is_here", [True, False])
def test_a_mismatch_trusts_nobody(pair, is_here):
    one, peer, room = pair
    since = one.driver.position()
    number = peer.verify(one.person, room)
    press(one.driver, wait_request(one, since, "Accept"), "Accept")
    dialog = wait_compare(one, since)
    wait_sas(peer, number)
    if is_here:
        press(one.driver, dialog, "They don't match")
        wait_said(one, since, "The emoji or numbers differ")
    else:
        peer.call("verify_mismatch", number=number)
        wait_said(one, since, "The other side says that the emoji or numbers differ")
    peer.wait_verification(number=number, phase="Cancelled", code="m.mismatched_sas")
    assert not peer.user_trust(one.person)["verified"]
    assert "it is not verified" in devices_line(one, peer.user_id, peer)


def test_cancelling_and_declining(pair):
    one, peer, room = pair
    since = one.driver.position()
    number = peer.verify(one.person, room)
    press(one.driver, wait_request(one, since, "Decline"), "Decline")
    peer.wait_verification(number=number, phase="Cancelled", code="m.user")
    # Taken back by who asked: the dialog goes.
    since = one.driver.position()
    number = peer.verify(one.person, room)
    dialog = wait_request(one, since, "Decline")
    peer.call("verify_cancel", number=number)
    one.driver.wait_event("request-closed", 15, since, request=dialog["request"])
    wait_said(one, since, "The other side has ended it.")
    # This side asks, and thinks better of it.
    before = len(peer.events)
    since = one.run(peer.user_id, "verify")
    wait_said(one, since, "“/verify cancel” ends it.")
    peer.wait_verification(since=before, phase="Requested")
    one.run(peer.user_id, "verify cancel")
    peer.wait_verification(since=before, phase="Cancelled", code="m.user")
    assert not peer.user_trust(one.person)["verified"]


def test_a_program_that_is_killed_ends_it(pair):
    """At the next start both sides hear of it, and nobody is trusted."""
    one, peer, room = pair
    since = one.driver.position()
    number = peer.verify(one.person, room)
    press(one.driver, wait_request(one, since, "Accept"), "Accept")
    wait_compare(one, since)
    wait_sas(peer, number)
    peer.call("verify_confirm", number=number)
    one.kill()
    one.open()
    wait_said(one, 0, "The program was closed in between. Begin again.")
    peer.wait_verification(number=number, phase="Cancelled", code="m.user")
    assert not peer.user_trust(one.person)["verified"]


def test_nobody_to_verify(seat, alice, bob):
    """No identity, no device: said at once, and nothing is sent."""
    room = create_direct(bob.client, alice.client)
    one = seat(alice)
    one.open()
    wait_signed(alice, 1)
    one.driver.wait_node(bob.user_id)
    one.open_im(bob.user_id)
    one.run(bob.user_id, "verify")
    wait_said(one, 0, "They have no identity yet that could be verified")
    one.run(bob.user_id, "verify NOSUCHDEVICE")
    wait_said(one, 0, "No such device of yours is known")
    assert not [one for one in bob.client.timeline(room) if "verification" in str(one)]


# Codes


@pytest.mark.skipif(not shutil.which("zbarimg"), reason="zbarimg (zbar-tools) is not installed")
def test_a_code_of_somebody_else_is_scanned(pair, tmp_path):
    """The picture is read as a camera would, and what it says is given to the other client."""
    one, peer, room = pair
    since = one.driver.position()
    number = peer.verify(one.person, room)
    press(one.driver, wait_request(one, since, "Accept"), "Accept")
    dialog = wait_request(one, since, "Compare emoji instead")
    code = read_code(dialog, tmp_path / "code.pgm")
    assert code.startswith(b"MATRIX\x02\x00")
    scan(peer, number, code)
    dialog = wait_request(one, since, "Yes, it does", "No")
    press(one.driver, dialog, "Yes, it does")
    one.driver.wait_line(f"Verified: {peer.user_id} is who they say they are.", peer.user_id)
    peer.wait_verification(number=number, phase="Done")
    check_both_trust(one, peer)


@pytest.mark.skipif(not shutil.which("zbarimg"), reason="zbarimg (zbar-tools) is not installed")
def test_a_code_of_an_own_device_is_scanned(js, seat, alice, tmp_path):
    """The new device shows it, and so trusts the identity."""
    peer = js(alice)
    peer.bootstrap_cross_signing()
    one = seat(alice)
    one.open()
    device_id = own_device(one, peer)
    wait_until(lambda: device_id in peer.devices(alice), 20, "the new device", 0.3)
    since = one.driver.position()
    number = peer.verify(device_id=device_id)
    press(one.driver, wait_request(one, since, "Accept"), "Accept")
    code = read_code(wait_request(one, since, "Compare emoji instead"), tmp_path / "code.pgm")
    assert code.startswith(b"MATRIX\x02\x02")
    scan(peer, number, code)
    press(one.driver, wait_request(one, since, "Yes, it does"), "Yes, it does")
    wait_said(one, since, "Verified:")
    wait_verified(peer, alice, device_id)
    wait_signed(alice, 2)


# Two of us


def test_two_of_us_in_a_room_that_is_not_encrypted(seat, alice, bob):
    room = create_direct(bob.client, alice.client)
    one, two = seat(alice), seat(bob)
    one.open()
    two.open()
    wait_signed(alice, 1)
    wait_signed(bob, 1)
    one.driver.wait_node(bob.user_id)
    two.driver.wait_node(alice.user_id)
    one.open_im(bob.user_id)
    since, since_two = one.run(bob.user_id, "verify"), two.driver.position()
    press(two.driver, wait_request(two, since_two, "Accept"), "Accept")
    mine, theirs = wait_compare(one, since), wait_compare(two, since_two)
    assert words_of(mine) == words_of(theirs)
    press(one.driver, mine, "They match")
    press(two.driver, theirs, "They match")
    wait_said(one, since, f"Verified: {bob.user_id}")
    wait_said(two, since_two, f"Verified: {alice.user_id}")

    def kinds():
        return [event["type"] for event in bob.client.timeline(room)]

    wait_until(lambda: kinds().count("m.key.verification.done") == 2, 15, "the end on both sides", 0.2)
    assert "m.key.verification.cancel" not in kinds()
    assert not [line for line in two.driver.find("line") if line.is_message]


def test_two_devices_of_ours(seat, alice):
    one, two = seat(alice), seat(alice)
    one.open()
    wait_signed(alice, 1)
    two.open()
    wait_notice(two, 0, "This device is not signed")
    since, since_two = one.driver.position(), two.driver.position()
    run_action(two, ACTION)
    press(one.driver, wait_request(one, since, "Accept"), "Accept")
    mine, theirs = wait_compare(one, since), wait_compare(two, since_two)
    assert words_of(mine) == words_of(theirs)
    press(one.driver, mine, "They match")
    press(two.driver, theirs, "They match")
    wait_said(one, since, "Verified: your device")
    wait_said(two, since_two, "Verified: your device")
    wait_signed(alice, 2)
