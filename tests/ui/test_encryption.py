# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Encryption as a person meets it: Alice at Pidgin, Carol at Finch, and Bob at another client."""

import re

import pytest
from conftest import make_people
from finch import Finch
from matrix import create_shared_room
from pidgin import Pidgin
from waiting import wait_until

KEY = re.compile(r"E\w{3}(?: \w{4}){11}")


@pytest.fixture(scope="module")
def people(synapse):
    return make_people(synapse)


@pytest.fixture(scope="module")
def bob(js, people):
    return js(people[1])


def wait_signed(peer, person):
    """Until the program's device is signed: then both may write to each other."""

    def is_signed():
        known = peer.devices(person)
        wanted = person.device_ids()
        return wanted and all(known.get(one, {}).get("signed_by_owner") for one in wanted)

    wait_until(is_signed, 30, f"the signed device of {person.user_id}", 0.2)


def make_rooms(bob, person):
    """An encrypted direct room with Bob, and one that the person may encrypt."""
    create_shared_room(person.client, bob.client, name="Orangery", preset="private_chat")
    wait_signed(bob, person)
    room = bob.create_room(person, direct=True)
    person.client.join(room)
    person.client.mark_direct(bob.user_id, room)
    bob.wait_member(room, person)
    return room


# Pidgin


@pytest.fixture(scope="module")
def alice(people):
    return people[0]


@pytest.fixture(scope="module")
def pidgin(desktop, synapse, alice, bob, plugin, tmp_path_factory):
    program = Pidgin(desktop, tmp_path_factory.mktemp("pidgin"), plugin).start()
    try:
        program.add_account(alice.user_id, alice.password, synapse.base_url)
        program.wait_connected()
        program.room = make_rooms(bob, alice)
        wait_until(lambda: "Orangery" in str(program.buddy_list()), 15, "the room")
        yield program
        assert program.complaints() == []
    finally:
        program.stop()


def next_dialog(pidgin, shot):
    """The program's question, in front."""
    desktop = pidgin.desktop
    window = desktop.focus(desktop.wait_window("Matrix"))
    desktop.shot(shot, window)
    return window


def wait_line(pidgin, window, words):
    def find():
        return next((line.shown for line in pidgin.read(window) if words in line.shown), None)

    return wait_until(find, 20, f"“{words}” in the window", 0.2)


def test_pidgin_text_both_ways(pidgin, bob, desktop):
    bob.send(pidgin.room, "for your eyes <only>")
    wait_until(lambda: "Bob" in pidgin.conversations(), 15, "the window of Bob")
    window = desktop.wait_window("Bob")
    lines = pidgin.wait_text(window, "for your eyes <only>")
    assert lines[-1].who == "Bob"
    pidgin.say(window, "and for yours & no others")
    bob.wait_safe(pidgin.room, "and for yours & no others")
    desktop.shot("encrypted-direct", window)


def test_pidgin_first_login_opens_no_dialog(pidgin, desktop):
    """That there is something to keep, a line says when it matters: once."""
    assert not desktop.windows("Matrix")
    lines = pidgin.read(desktop.wait_window("Bob"))
    assert sum("/recovery setup" in line.shown for line in lines) == 1


def test_pidgin_devices_and_trust(pidgin, bob, desktop):
    window = desktop.wait_window("Bob")
    pidgin.say(window, "/devices")
    wait_line(pidgin, window, bob.device_id)
    pidgin.say(window, "/trust")
    wait_line(pidgin, window, "nothing to accept")
    desktop.shot("devices", window)


def test_pidgin_recovery(pidgin, alice, bob, desktop):
    """From the account's menu; the key can be copied."""
    pidgin._open_accounts_menu()
    desktop.key("Down", "Right", *["Down"] * 8)
    desktop.shot("account-menu")
    desktop.key("Return")
    next_dialog(pidgin, "recovery-setup")
    desktop.key("Return")
    shown = desktop.focus(desktop.wait_window("Recovery Key", 20))
    desktop.shot("recovery-key", shown)
    desktop.key("shift+Tab", "ctrl+a", "ctrl+c", "Escape")
    desktop.wait_no_window("Recovery Key")
    assert key_is_stored(alice)
    desktop.focus(desktop.wait_window("Bob"))
    desktop.key("ctrl+v", "Return")
    wait_until(lambda: KEY.fullmatch(bob.bodies(pidgin.room)[-1].strip()), 15, "the copied key")


def key_is_stored(person):
    return person.client.account_data("m.secret_storage.default_key")


def test_pidgin_encryption_information(pidgin, desktop):
    window = desktop.wait_window("Bob")
    pidgin.say(window, "/recovery")
    dialog = desktop.wait_window("Encryption Information")
    desktop.shot("encryption-information", dialog)
    desktop.focus(dialog)
    desktop.key("Escape")
    desktop.wait_no_window("Encryption Information")


def test_pidgin_encrypting_a_room(pidgin, alice, desktop):
    window = pidgin.open_from_list("Orangery")
    pidgin.say(window, "/encrypt")
    next_dialog(pidgin, "encrypt")
    desktop.key("shift+Tab", "Return")
    wait_line(pidgin, window, "has switched on encryption")
    desktop.shot("encrypted-room", window)


def test_pidgin_changed_identity(pidgin, bob, desktop):
    """A line says what to do; what was typed meanwhile waits for it."""
    window = pidgin.show_tab("Bob", ["Bob", "Orangery"])
    bob.bootstrap_cross_signing(reset=True)
    bob.send(pidgin.room, "it is still me")
    wait_line(pidgin, window, f"/trust {bob.user_id}")
    pidgin.say(window, "is it you?")
    wait_line(pidgin, window, "is it you?")
    desktop.shot("identity-changed-waiting", window)
    pidgin.say(window, "/trust")
    next_dialog(pidgin, "trust-question")
    desktop.key("shift+Tab", "Return")
    bob.wait_safe(pidgin.room, "is it you?")
    wait_line(pidgin, window, "You have accepted")
    desktop.shot("identity-changed", window)


# Finch


@pytest.fixture(scope="module")
def carol(people):
    return people[2]


@pytest.fixture(scope="module")
def finch(synapse, carol, bob, plugin, tmp_path_factory):
    """In a terminal of the usual width."""
    program = Finch(tmp_path_factory.mktemp("finch"), plugin, "80", "36").start()
    try:
        program.add_account(carol.user_id, carol.password, synapse.base_url)
        program.keys("M-c")
        program.room = make_rooms(bob, carol)
        program.wait_screen("Orangery", 20)
        yield program
        assert program.complaints() == []
    finally:
        program.stop()


def show_bob(finch):
    wait_until(lambda: any(one.startswith("Bob (") for one in finch.windows()), 15, "the window of Bob")
    finch.show("Bob (")


def test_finch_text_both_ways(finch, bob):
    bob.send(finch.room, "for your eyes <only>")
    show_bob(finch)
    finch.wait_text("Bob: for your eyes <only>")
    finch.say("and for yours & no others")
    bob.wait_safe(finch.room, "and for yours & no others")
    finch.wait_text("Type “/recovery setup” and keep the recovery key")
    finch.save_screen("finch-encrypted-direct")


def test_finch_devices_and_trust(finch, bob):
    show_bob(finch)
    finch.say("/devices")
    finch.wait_text(bob.device_id)
    finch.say("/trust")
    finch.wait_text("nothing to accept")
    finch.save_screen("finch-devices")


def test_finch_recovery(finch, carol):
    show_bob(finch)
    finch.say("/recovery setup")
    finch.show("Matrix")
    finch.wait_screen("Passphrase")
    finch.save_screen("finch-recovery-setup")
    finch.keys("Tab", "Tab", "Enter")
    wait_until(lambda: key_is_stored(carol), 20, "the recovery key")
    wait_until(lambda: finch.windows()[-1].startswith("Recovery"), 5, "the window with it", 0.1)
    finch.show("Recovery Key")
    finch.save_screen("finch-recovery-key")
    finch.wait_screen(KEY.pattern)
    finch.keys("Enter")


def test_finch_encryption_information(finch):
    show_bob(finch)
    finch.say("/recovery")
    finch.show("Encryption Information")
    finch.wait_text("Recovery is set up.")
    finch.save_screen("finch-encryption-information")
    finch.keys("M-c")


def test_finch_encrypting_a_room(finch):
    finch.open_from_list("Orangery")
    finch.say("/encrypt")
    finch.show("Matrix")
    finch.wait_text("Encrypt this room for good?")
    finch.save_screen("finch-encrypt")
    finch.keys("Enter")
    finch.wait_text("has switched on encryption")
    finch.save_screen("finch-encrypted-room")


def test_finch_changed_identity(finch, bob):
    """The question fits the terminal, with keys that can be read out."""
    show_bob(finch)
    bob.bootstrap_cross_signing(reset=True)
    bob.send(finch.room, "it is still me")
    finch.wait_text("/trust")
    finch.say("/trust")
    finch.show("Matrix")
    finch.wait_text("Their new identity:")
    finch.save_screen("finch-trust-question")
    finch.keys("Enter")
    show_bob(finch)
    finch.wait_text("You have accepted")
    finch.save_screen("finch-identity-changed")
