# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""People in Pidgin: avatars in the list, the information window, searching, Block."""

import pytest
from pictures import dress
from pidgin import Pidgin
from waiting import wait_until


@pytest.fixture(scope="module")
def pidgin(desktop, world, plugin, tmp_path_factory):
    dress([world.bob, world.carol])
    program = Pidgin(desktop, tmp_path_factory.mktemp("pidgin-people"), plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.wait_connected()
        yield program
    finally:
        program.stop()


def bob_as_buddy(pidgin, world):
    return pidgin.ask("PurpleFindBuddy", pidgin.account(), world.bob.user_id)


def test_an_avatar_in_the_buddy_list(pidgin, world, desktop):
    wait_until(lambda: bob_as_buddy(pidgin, world), 15, "Bob in the list")
    icon = wait_until(lambda: pidgin.ask("PurpleBuddyGetIcon", bob_as_buddy(pidgin, world)), 15, "his avatar", 0.1)
    assert icon
    desktop.shot("people-list", desktop.wait_window("Buddy List"))


def test_the_information_window(pidgin, world, desktop):
    gc = pidgin.ask("PurpleAccountGetConnection", pidgin.account())
    pidgin.ask("ServGetInfo", gc, world.bob.user_id)
    window = desktop.wait_window("Buddy Information")
    desktop.shot("people-info", window)
    desktop.focus(window)
    desktop.key("Escape")
    desktop.wait_no_window("Buddy Information")
    assert pidgin.complaints() == []


def test_searching_for_people(pidgin, world, desktop):
    window = pidgin.open_from_list("Bob")
    name = world.carol.user_id.split(":")[0][1:]

    def search():
        pidgin.say(window, f"/users {name}")
        return desktop.appears("Search for people", 2)

    wait_until(search, 20, "the directory to know Carol", 0.1)
    results = desktop.wait_window("Search for people")
    desktop.shot("people-search", results)
    desktop.focus(results)
    desktop.key("Escape")
    desktop.wait_no_window("Search for people")


def test_block_in_the_list(pidgin, world, desktop):
    """The menu of a buddy."""

    def press_block():
        pidgin.select_in_list("Bob")
        desktop.key("Escape", "shift+F10")
        desktop.shot("people-menu")
        desktop.key("b")

    def ignored():
        return list(world.alice.client.account_data("m.ignored_user_list").get("ignored_users", {}))

    press_block()
    wait_until(lambda: ignored() == [world.bob.user_id], 15, "the ignore list", 0.1)
    press_block()
    wait_until(lambda: ignored() == [], 15, "the empty ignore list", 0.1)
    assert pidgin.complaints() == []
