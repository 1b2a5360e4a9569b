# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Verification as a person meets it: Alice at Pidgin, Carol at Finch, and Bob at another client."""

import os
import re

import pytest
from conftest import make_people
from driver import BUILD
from finch import Finch
from pidgin import Pidgin
from test_encryption import make_rooms, show_bob, wait_line
from waiting import wait_until

SUCCESS = "is who they say they are"


@pytest.fixture(scope="module")
def people(synapse):
    return make_people(synapse)


@pytest.fixture(scope="module")
def bob(js, people):
    peer = js(people[1])
    peer.bootstrap_cross_signing()
    return peer


def is_trusted(bob, person):
    return bob.user_trust(person)["verified"]


def choose_emoji(desktop):
    """Where the plugin was built to show a code, that comes first."""
    if has_codes():
        next_dialog(desktop, "verification-code")
        desktop.key("Return")


def has_codes():
    with open(os.path.join(BUILD, "config.h"), encoding="utf-8") as file:
        return "#define MX_QRENCODE 1" in file.read()


def wait_sas(bob, number):
    return bob.wait_verification(number=number, where=lambda one: one.get("emoji"))


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
        bob.send(program.room, "hello")
        wait_until(lambda: "Bob" in program.conversations(), 15, "the window of Bob")
        yield program
        assert program.complaints() == []
    finally:
        program.stop()


def next_dialog(desktop, shot):
    window = desktop.focus(desktop.wait_window("Verification"))
    desktop.shot(shot, window)
    return window


def test_pidgin_asked_by_somebody(pidgin, alice, bob, desktop):
    number = bob.verify(alice, pidgin.room)
    next_dialog(desktop, "verification-asked")
    desktop.key("shift+Tab", "Return")
    bob.wait_verification(number=number, phase="Ready")
    choose_emoji(desktop)
    wait_sas(bob, number)
    next_dialog(desktop, "verification-compare")
    desktop.key("shift+Tab", "Return")
    next_dialog(desktop, "verification-waiting")
    bob.call("verify_confirm", number=number)
    window = desktop.wait_window("Bob")
    wait_line(pidgin, window, SUCCESS)
    desktop.wait_no_window("Verification")
    desktop.shot("verification-done", window)
    wait_until(lambda: is_trusted(bob, alice), 15, "Bob's trust", 0.3)


def test_pidgin_a_mismatch_is_loud(pidgin, bob, desktop):
    window = desktop.wait_window("Bob")
    before = len(bob.events)
    pidgin.say(window, "/verify")
    number = bob.wait_verification(since=before, phase="Requested")["number"]
    bob.call("verify_accept", number=number)
    bob.wait_verification(number=number, phase="Ready")
    choose_emoji(desktop)
    wait_sas(bob, number)
    desktop.wait_window("Verification")
    bob.call("verify_mismatch", number=number)
    desktop.wait_no_window("Verification")
    wait_line(pidgin, window, "emoji or numbers differ")
    desktop.shot("verification-mismatch", window)


# Finch


@pytest.fixture(scope="module")
def carol(people):
    return people[2]


@pytest.fixture(scope="module")
def finch(synapse, carol, bob, plugin, tmp_path_factory):
    """In a terminal of the usual size, which has no room for a code."""
    program = Finch(tmp_path_factory.mktemp("finch"), plugin, "80", "24").start()
    try:
        program.add_account(carol.user_id, carol.password, synapse.base_url)
        program.keys("M-c")
        program.room = make_rooms(bob, carol)
        program.wait_screen("Orangery", 20)
        bob.send(program.room, "hello")
        show_bob(program)
        yield program
        assert program.complaints() == []
    finally:
        program.stop()


def test_finch_asked_by_somebody(finch, carol, bob):
    """Every name can be read out, and the buttons are there."""
    number = bob.verify(carol, finch.room)
    wait_until(lambda: "Verification" in str(finch.windows()), 15, "the question")
    finch.show("Verification")
    finch.wait_text("wants to verify you")
    finch.save_screen("finch-verification-asked")
    finch.keys("Enter")
    sas = wait_sas(bob, number)
    wait_until(lambda: "Verification" in str(finch.windows()), 15, "the emoji")
    finch.show("Verification")
    finch.wait_text("They match")
    for name in sas["emoji"]:
        assert re.search(rf"\d\.\s+\S+\s+{name}\b", finch.screen())
    assert " - ".join(str(one) for one in sas["decimal"]) in finch.screen()
    finch.save_screen("finch-verification-compare")
    finch.keys("Enter")
    bob.call("verify_confirm", number=number)
    show_bob(finch)
    finch.wait_text(SUCCESS)
    finch.save_screen("finch-verification-done")
    wait_until(lambda: is_trusted(bob, carol), 15, "Bob's trust", 0.3)
