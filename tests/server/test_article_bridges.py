# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Bridges: somebody on IRC and somebody at the plugin talk with each other, through an application service."""

import re
import shutil

import bridge
import pytest
from networks import NGIRCD, IrcPeer, Ngircd
from test_joining import press, wait_invitation, wait_window

# Allowed in a nickname, and none of it in a Matrix ID
NICK = "[Rose]^"
PUPPET = "@irc_garden_=5brose=5d=5e:"
CHANNEL = "#roses"


@pytest.fixture(scope="module")
def irc(tmp_path_factory):
    server = Ngircd(tmp_path_factory.mktemp("ngircd")).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def bridged(tmp_path_factory):
    one = bridge.Bridge(tmp_path_factory.mktemp("bridge"))
    try:
        yield one.start()
    finally:
        one.stop()


def accept(driver, since):
    """The invitation that the bridge sends; gives the room's window."""
    press(driver, wait_invitation(driver, since), "Accept")
    return driver.wait_event("window", 20, since)["name"]


def ask_bot(one, bot, text, answer):
    since = one.driver.position()
    one.say_to(bot, text)
    return one.driver.wait_line(re.compile(answer), bot, 20, since)


def open_network(one, bot, port):
    """All of it by talking to the bridge's bot, as its manual says; gives the room of the network."""
    ask_bot(one, bot, "HELP", "ADDNETWORK")
    ask_bot(one, bot, "ADDNETWORK garden", "added")
    ask_bot(one, bot, f"ADDSERVER garden 127.0.0.1 {port}", "added")
    since = one.driver.position()
    one.say_to(bot, "OPEN garden")
    return accept(one.driver, since)


def join_channel(one, network):
    since = one.driver.position()
    say = one.say_to if network.startswith("@") else one.say
    say(network, "CONNECT")
    one.driver.wait_line(re.compile("Hello|MOTD|connected", re.IGNORECASE), network, 30, since)
    since = one.driver.position()
    say(network, f"JOIN {CHANNEL}")
    return accept(one.driver, since)


@pytest.mark.skipif(bridge.is_missing(), reason="heisenbridge is not installed (tests/server/requirements.txt)")
@pytest.mark.skipif(not shutil.which(NGIRCD), reason="ngircd is not installed")
def test_irc_and_the_plugin_talk_through_a_bridge(bridged, irc, person, seat):
    alice = person("alice", bridged.synapse)
    one = seat(alice, bridged.synapse.base_url)
    driver = one.open()
    rose = IrcPeer(irc.port, NICK, CHANNEL)
    try:
        network = open_network(one, bridged.bot, irc.port)
        channel = join_channel(one, network)
        driver.wait_node(channel)
        rose.say("hello from <IRC> & \x02far\x02 away")
        line = driver.wait_line("hello from <IRC> & far away", channel, 20)
        assert line["who"] == PUPPET + bridged.synapse.server_name
        one.say(channel, "hello <Rose> & all")
        rose.wait_heard(alice.user_id[1:].split(":")[0], "hello <Rose> & all", 20)
        one.say(channel, "/me waters the roses")
        rose.wait_heard(alice.user_id[1:].split(":")[0], "\x01ACTION waters the roses\x01", 20)
        since = driver.position()
        rose.close()
        driver.wait_line(re.compile(r"Rose.* has left"), channel, 20, since)
    finally:
        rose.close()
