# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""People in Finch: everything by commands."""

import pytest
from finch import Finch
from pictures import dress
from waiting import wait_until


@pytest.fixture(scope="module")
def finch(world, plugin, tmp_path_factory):
    dress([world.bob, world.carol])
    program = Finch(tmp_path_factory.mktemp("finch-people"), plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.keys("M-c")
        program.wait_screen("Bob", 20)
        program.open_from_list("Tea party")
        yield program
    finally:
        program.stop()


def test_whois(finch, world):
    finch.say(f"/whois {world.bob.user_id}")
    for text in (f"Matrix ID: {world.bob.user_id}", "org.example.hobby: Kites & <strings>", "Avatar: yes"):
        finch.wait_text(text, 20)
    finch.save_screen("finch-whois")


def test_searching_for_people(finch, world):
    name = world.carol.user_id.split(":")[0][1:]

    def search():
        finch.show("Tea party (")
        finch.say(f"/users {name}")
        return finch.appears("Search for people", 2)

    wait_until(search, 20, "the directory to know Carol", 0.1)
    finch.show("Search for people")
    finch.wait_screen("@carol")
    finch.save_screen("finch-search")
    finch.keys("M-c")
    finch.show("Tea party (")
    finch.wait_text(world.carol.user_id + " Carol")  # the window's columns are narrow


def test_ignore(finch, world):
    def ignored():
        return list(world.alice.client.account_data("m.ignored_user_list").get("ignored_users", {}))

    finch.show("Tea party (")
    finch.say(f"/ignore {world.bob.user_id}")
    finch.wait_text("You ignore " + world.bob.user_id)
    wait_until(lambda: ignored() == [world.bob.user_id], 15, "the ignore list", 0.1)
    finch.save_screen("finch-ignore")
    finch.say(f"/unignore {world.bob.user_id}")
    wait_until(lambda: ignored() == [], 15, "the empty ignore list", 0.1)
    assert finch.complaints() == []
