# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Matrix among other networks: XMPP, IRC and two Matrix accounts in one Pidgin."""

import os
import re
from contextlib import ExitStack
from functools import partial

import pytest
from configuration import Account, write_accounts, write_autojoined_chat
from conftest import PASSWORD
from htmllog import read_log, read_messages
from matrix import create_shared_room
from networks import HOST, XMPP_DOMAIN, IrcPeer, Ngircd, Prosody, XmppPeer, missing_servers
from pidgin import Pidgin
from waiting import wait_until

CHANNEL = "#kitchen"
XMPP_PEOPLE = {"alice": "alice at xmpp", "dora": "dora at xmpp"}
ALICE_XMPP, DORA = (f"{name}@{XMPP_DOMAIN}" for name in XMPP_PEOPLE)
ALICE_IRC = f"alice@{HOST}"


class Talk:
    """One conversation: its window's title, the log, how the peer speaks, and what was said, in order."""

    def __init__(self, pidgin, title, log, speak, wait_heard):
        self.pidgin, self.title, self._log = pidgin, title, log
        self._speak, self._wait_heard = speak, wait_heard
        self.said = []

    def logged(self):
        return read_messages(self.pidgin.folder, *self._log)

    def disturbances(self):
        """Lines of nobody that tell of a connection that went or came."""
        lines = read_log(self.pidgin.folder, *self._log)
        return [line for line in lines if re.search("account has (dis)?connected|has left|signed o", line)]

    def wait_logged(self):
        wait_until(lambda: self.said == self.logged(), 15, f"{self.title}: {self.said} as the log")

    def peer_says(self, text):
        self.said.append(text)
        self._speak(text)

    def user_says(self, text, titles):
        self.said.append(text)
        self.pidgin.say(self.pidgin.show_tab(self.title, titles), text)
        self._wait_heard(text)


def matrix_talk(pidgin, title, peer, user, room_id, name):
    def wait_heard(text):
        assert peer.wait_body(room_id, text)["sender"] == user.user_id

    return Talk(pidgin, title, (name,), lambda text: peer.client.say(room_id, text), wait_heard)


@pytest.fixture
def peers(tmp_path):
    """The peer on XMPP and the one on IRC."""
    absent = missing_servers()
    if absent:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("not installed: " + ", ".join(absent))
    with ExitStack() as stack:
        prosody = Prosody(tmp_path / "prosody", XMPP_PEOPLE)
        stack.callback(prosody.stop)
        ngircd = Ngircd(tmp_path / "ngircd")
        stack.callback(ngircd.stop)
        dora = XmppPeer(prosody.start().port, "dora", XMPP_PEOPLE["dora"])
        stack.callback(dora.close)
        ivan = IrcPeer(ngircd.start().port, "ivan", CHANNEL)
        stack.callback(ivan.close)
        yield dora, ivan, prosody.port, ngircd.port


@pytest.fixture
def pidgin(second_desktop, world, plugin, tmp_path, peers):
    _, _, xmpp_port, irc_port = peers
    matrix = {"home_server": world.base_url}
    xmpp = {"connect_server": HOST, "port": xmpp_port, "auth_plain_in_clear": True}
    xmpp["connection_security"] = "opportunistic_tls"
    irc = Account("prpl-irc", ALICE_IRC, options={"port": irc_port})
    accounts = [
        Account("prpl-matrix", world.alice.user_id, PASSWORD, matrix),
        Account("prpl-matrix", world.carol.user_id, PASSWORD, matrix),
        Account("prpl-jabber", f"{ALICE_XMPP}/", XMPP_PEOPLE["alice"], xmpp),
        irc,
    ]
    program = Pidgin(second_desktop, tmp_path / "four", plugin)
    write_accounts(program.folder, accounts)
    write_autojoined_chat(program.folder, irc, "IRC", channel=CHANNEL)
    program.start()
    yield program
    program.stop()


def say_everywhere(talks, titles, round_name):
    """Each peer speaks and the user answers in each window; the logs have it all, once and in order."""
    for number, talk in enumerate(talks):
        talk.peer_says(f"{round_name} {number} <&> to you")
    for talk in talks:
        talk.wait_logged()
    for number, talk in enumerate(talks):
        talk.user_says(f"{round_name} {number} <&> answered", titles)
    for talk in talks:
        talk.wait_logged()


def test_four_accounts_in_one_pidgin(pidgin, world, peers):
    dora, ivan, _, _ = peers
    bob, alice, carol = world.bob, world.alice, world.carol
    everybody = {alice.user_id, carol.user_id, f"{ALICE_XMPP}/", ALICE_IRC}
    garden = create_shared_room(bob.client, carol.client, name="Carol's garden", preset="private_chat")
    wait_until(lambda: pidgin.connected() == everybody, 30, "four accounts online")
    others = [
        matrix_talk(pidgin, "Bob", bob, alice, world.direct, bob.user_id),
        Talk(pidgin, "Dora", (DORA, "jabber"), partial(dora.say, ALICE_XMPP), partial(dora.wait_heard, ALICE_XMPP)),
        Talk(pidgin, CHANNEL, (CHANNEL, "irc"), ivan.say, partial(ivan.wait_heard, "alice")),
    ]
    second = matrix_talk(pidgin, "Carol's garden", bob, carol, garden, garden)
    titles = [talk.title for talk in [*others, second]]
    shown = [*titles, f"({second.title})"]  # as Pidgin puts it while the account is away
    wait_until(lambda: CHANNEL in pidgin.conversations(), 15, "the IRC channel")

    say_everywhere([*others, second], shown, "all")
    assert sorted(pidgin.conversations()) == sorted(titles)
    pidgin.desktop.shot("networks")

    pidgin.disable_account(carol.user_id)
    second.peer_says("while you were away")
    say_everywhere(others, shown, "three")
    assert pidgin.connected() == everybody - {carol.user_id}
    assert second.logged() == second.said[:-1]

    pidgin.enable_account(carol.user_id)
    second.wait_logged()
    say_everywhere([*others, second], shown, "again")
    assert pidgin.connected() == everybody
    assert sorted(pidgin.conversations()) == sorted(titles)
    for talk in others:
        assert talk.disturbances() == []
    assert len(second.disturbances()) == 1
    window = pidgin.show_tab(second.title, shown)
    assert [line.text for line in pidgin.read(window) if line.who] == second.said
    pidgin.desktop.shot("networks-again")
    assert pidgin.complaints() == []
    assert pidgin.quit() == 0
