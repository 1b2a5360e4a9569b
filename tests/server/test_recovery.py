# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The user's own identity: made at the first login, stored for recovery, and recovered on other devices."""

import re

import pytest
from peers import PeerError
from test_joining import press
from waiting import wait_until

DEFAULT_KEY = "m.secret_storage.default_key"
SECRETS = ("m.cross_signing.master", "m.cross_signing.self_signing", "m.cross_signing.user_signing")


def query(person):
    body = {"device_keys": {person.user_id: []}}
    return person.client.post("/keys/query", body)


def master_key(person):
    keys = query(person).get("master_keys", {}).get(person.user_id, {}).get("keys", {})
    return next(iter(keys.values()), None)


def signed_devices(person):
    """IDs of the devices that carry a signature of the self-signing key."""
    answer = query(person)
    signing = answer.get("self_signing_keys", {}).get(person.user_id, {}).get("keys", {})
    devices = answer["device_keys"].get(person.user_id, {})
    return {
        one
        for one, device in devices.items()
        if set(signing) & set(device.get("signatures", {}).get(person.user_id, {}))
    }


def wait_signed(person, count):
    def are_signed():
        signed = signed_devices(person) - {person.client.device_id}
        return signed if len(signed) >= count else None

    return wait_until(are_signed, 20, f"{count} signed devices", 0.2)


def run_action(seat, label):
    since = seat.driver.position()
    seat.driver.command("action", username=seat.username, label=label)
    return since


def wait_dialog(seat, since, button):
    return seat.driver.wait_event("request", 20, since, where=lambda event: button in event["buttons"])


def wait_notice(seat, since, words):
    return seat.driver.wait_event("notify", 20, since, where=lambda event: words in str(event))


def set_up_recovery(seat, passphrase=""):
    """Gives the recovery key that was shown."""
    since = run_action(seat, "Set up recovery…")
    dialog = wait_dialog(seat, since, "Set up")
    press(seat.driver, dialog, "Set up", inputs={"passphrase": passphrase, "again": passphrase})
    return wait_key(seat, since)


def wait_key(seat, since):
    shown = wait_notice(seat, since, "Keep this recovery key")
    return re.search(r"\bE\w{3}( \w{4}){11}\b", str(shown)).group()


def recover(seat, key="", passphrase="", expected="is recovered"):
    since = run_action(seat, "Recover encryption…")
    dialog = wait_dialog(seat, since, "Recover")
    press(seat.driver, dialog, "Recover", inputs={"key": key, "passphrase": passphrase})
    wait_notice(seat, since, expected)


def test_first_login_makes_an_identity(seat, alice):
    one = seat(alice)
    one.open()
    wait_signed(alice, 1)
    before = master_key(alice)
    assert before
    one.reopen()
    assert master_key(alice) == before
    assert not one.driver.find("notify")


def test_recovery_by_key(seat, alice):
    one, two = seat(alice), seat(alice)
    one.open()
    wait_signed(alice, 1)
    key = set_up_recovery(one)
    assert all(alice.client.account_data(name) for name in (DEFAULT_KEY, *SECRETS))
    two.open()
    wait_notice(two, 0, "This device is not signed")
    assert len(signed_devices(alice)) == 1
    recover(two, key="EsTu " + key, expected="Nothing was recovered")
    assert len(signed_devices(alice)) == 1
    recover(two, key=key)
    wait_signed(alice, 2)


def test_recovery_by_passphrase(seat, alice):
    one, two = seat(alice), seat(alice)
    one.open()
    wait_signed(alice, 1)
    set_up_recovery(one, "correct horse é battery")
    two.open()
    recover(two, passphrase="correct horse e battery", expected="neither the recovery key nor the passphrase")
    recover(two, passphrase="correct horse é battery")
    wait_signed(alice, 2)


def test_recovering_what_another_client_set_up(js, seat, alice):
    peer = js(alice)
    peer.bootstrap_cross_signing()
    key = peer.bootstrap_secret_storage()
    before = master_key(alice)
    one = seat(alice)
    one.open()
    wait_notice(one, 0, "This device is not signed")
    recover(one, key=key)
    wait_signed(alice, 2)
    assert master_key(alice) == before


def test_another_client_recovers_what_was_set_up_here(js, seat, alice):
    one = seat(alice)
    one.open()
    wait_signed(alice, 1)
    key = set_up_recovery(one, "correct horse é battery")
    second = js(alice)
    second.devices(alice)
    second.recover(recovery_key=key)
    wait_signed(alice, 2)
    third = js(alice)
    third.devices(alice)
    third.recover(passphrase="correct horse é battery")
    wait_signed(alice, 3)


def replace_recovery(seat, named, present=""):
    """Gives the new recovery key. named: what is said, before, to be stored with the present one."""
    since = run_action(seat, "Set up recovery…")
    dialog = wait_dialog(seat, since, "Replace")
    assert named in dialog["secondary"]
    press(seat.driver, dialog, "Replace")
    inputs = {"passphrase": "", "again": "", "present": present}
    press(seat.driver, wait_dialog(seat, since, "Set up"), "Set up", inputs=inputs)
    return wait_key(seat, since)


def test_a_new_recovery_key_opens_the_backup_of_another_client(js, seat, alice):
    peer = js(alice)
    peer.bootstrap_cross_signing()
    key = peer.bootstrap_secret_storage(backup=True)
    one = seat(alice)
    one.open()
    recover(one, key=key)
    wait_signed(alice, 2)
    new = replace_recovery(one, "the key of your key backup", key)
    assert new != key
    second = js(alice)
    second.devices(alice)
    second.recover(recovery_key=new)
    second.restore_backup()  # its key comes out of secret storage
    wait_signed(alice, 3)
    left = replace_recovery(one, "the key of your key backup")
    third = js(alice)
    third.devices(alice)
    third.recover(recovery_key=left)
    with pytest.raises(PeerError):
        third.restore_backup()


def test_reset_with_the_password(seat, alice):
    """The homeserver wants the password for this one; a wrong one changes nothing."""
    one, two = seat(alice), seat(alice)
    one.open()
    wait_signed(alice, 1)
    set_up_recovery(one)
    before = master_key(alice)
    two.open()
    wait_notice(two, 0, "not signed with your identity")  # only who knows the old one sees that it changes
    for password, words in (("wrong", "The password is wrong"), (alice.password, "You have a new identity")):
        since = run_action(one, "Reset identity…")
        press(one.driver, wait_dialog(one, since, "Go on"), "Go on")
        press(one.driver, wait_dialog(one, since, "Reset"), "Reset", inputs={"password": password})
        wait_notice(one, since, words)
        assert (master_key(alice) == before) == (password == "wrong")
    since = run_action(one, "Set up recovery…")
    press(one.driver, wait_dialog(one, since, "Replace"), "Replace")
    press(one.driver, wait_dialog(one, since, "Set up"), "Set up", inputs={"passphrase": "", "again": ""})
    key = wait_key(one, since)
    wait_notice(two, 0, "has been changed by another device")
    recover(two, key=key)
    wait_signed(alice, 2)
