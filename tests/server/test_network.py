# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A network and a server that come and go: the account stays, nothing is lost, nothing comes twice."""

import re
import time

import pytest
from faults import Fault
from homeserver import Synapse
from matrix import create_direct
from seat import Person
from waiting import wait_until

BACK_WITHIN = 10


def check_back(one, bob, room, word):
    """Both directions work within ten seconds from now, and nobody was told that the account is offline."""
    start = time.monotonic()
    bob.client.say(room, f"{word} in")
    one.say_to(bob.user_id, f"{word} out")
    bob.wait_body(room, f"{word} out", BACK_WITHIN)
    one.driver.wait_line(f"{word} in", bob.user_id, BACK_WITHIN - (time.monotonic() - start))
    assert one.driver.find("disconnected") == []
    assert one.driver.find("connection-error") == []


@pytest.fixture
def own_server(tmp_path):
    server = Synapse(tmp_path / "own-synapse").start()
    yield server
    server.stop()


@pytest.fixture
def own_pair(own_server, seat):
    """Alice at her seat, Bob, and their room, on a server that the test may stop."""
    alice = Person("alice", "secret", own_server.register("alice", "secret"))
    bob = Person("bob", "secret", own_server.register("bob", "secret"))
    room = create_direct(bob.client, alice.client)
    one = seat(alice, own_server.base_url)
    one.open().wait_node(bob.user_id)
    return one, bob, room


def test_server_restart(own_server, own_pair):
    one, bob, room = own_pair
    own_server.stop()
    one.say_to(bob.user_id, "while it is down")
    one.driver.wait_line("while it is down", bob.user_id)
    time.sleep(3)
    own_server.start()
    check_back(one, bob, room, "back")
    assert bob.client.bodies(room, one.person.user_id) == ["while it is down", "back out"]


def test_server_hangs_for_twenty_seconds(own_server, own_pair):
    one, bob, room = own_pair
    own_server.freeze()
    one.say_to(bob.user_id, "while it hangs")
    one.driver.wait_line("while it hangs", bob.user_id)
    time.sleep(20)
    own_server.thaw()
    check_back(one, bob, room, "back")
    assert bob.client.bodies(room, one.person.user_id) == ["while it hangs", "back out"]


def test_suspend(alice, bob, direct_room, seat, proxy):
    """The program sleeps while the connection in use dies without a word; what comes then is late."""
    one = seat(alice, proxy.base_url)
    one.open().wait_node(bob.user_id)
    proxy.stand_still()
    one.driver.freeze()
    time.sleep(27)
    bob.client.say(direct_room, "while asleep")
    proxy.flow()
    one.driver.thaw()
    line = one.driver.wait_line("while asleep", bob.user_id, BACK_WITHIN)
    assert "DELAYED" in line["flags"]
    check_back(one, bob, direct_room, "awake")


@pytest.fixture
def line_up(alice, bob, direct_room, seat, proxy):
    """Alice through the proxy, connected."""
    one = seat(alice, proxy.base_url)
    one.open().wait_node(bob.user_id)
    return one


def test_connections_refused(line_up, bob, direct_room, proxy):
    proxy.refuse()
    bob.client.say(direct_room, "missed")
    for number in range(3):
        line_up.say_to(bob.user_id, f"queued {number}")
    line_up.driver.wait_line("queued 2", bob.user_id)
    time.sleep(15)
    proxy.accept()
    check_back(line_up, bob, direct_room, "back")
    own = bob.client.bodies(direct_room, line_up.person.user_id)
    assert own == ["queued 0", "queued 1", "queued 2", "back out"]
    assert line_up.driver.texts(bob.user_id, own=False) == ["missed", "back in"]


def test_network_stands_still(line_up, bob, direct_room, proxy):
    proxy.stand_still()
    bob.client.say(direct_room, "missed")
    line_up.say_to(bob.user_id, "queued")
    time.sleep(12)
    proxy.flow()
    check_back(line_up, bob, direct_room, "back")
    assert bob.client.bodies(direct_room, line_up.person.user_id) == ["queued", "back out"]


def say_and_count(one, bob, room, count=5, timeout=30):
    """Messages typed at once arrive once each, in order, and are shown once each."""
    texts = [f"typed {number}" for number in range(count)]
    for text in texts:
        one.say_to(bob.user_id, text)
    bob.wait_body(room, texts[-1], timeout)
    bob.client.say(room, "the end")
    one.driver.wait_line("the end", bob.user_id, timeout)
    assert bob.client.bodies(room, one.person.user_id) == texts
    assert one.driver.texts(bob.user_id, own=True) == texts
    assert one.logged(bob.user_id, r"typed \d") == texts
    assert one.driver.find("disconnected") == []


FAULTS = [
    Fault.LIMIT_HEADER,
    Fault.LIMIT_BODY,
    Fault.BAD_GATEWAY,
    Fault.DROP_REQUEST,
    Fault.DROP_ANSWER,
    Fault.CUT_BODY,
    Fault.DRIP,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.lower())
def test_send_meets(line_up, bob, direct_room, proxy, fault):
    proxy.rules.add(fault, "/send/", "PUT", skip=1)
    proxy.rules.add(fault, "/send/", "PUT", skip=2)
    say_and_count(line_up, bob, direct_room)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.lower())
def test_sync_meets(line_up, bob, direct_room, proxy, fault):
    proxy.rules.add(fault, "/sync$", "GET", count=2)
    bob.client.say(direct_room, "one")
    bob.client.say(direct_room, "two")
    line_up.driver.wait_line("two", bob.user_id, BACK_WITHIN)
    assert line_up.driver.texts(bob.user_id) == ["one", "two"]
    assert line_up.driver.find("disconnected") == []


@pytest.mark.parametrize("fault", [Fault.DROP_REQUEST, Fault.BAD_GATEWAY, Fault.CUT_BODY])
def test_first_sync_after_a_start_meets(line_up, bob, direct_room, proxy, fault):
    """Connecting takes longer; it does not fail."""
    line_up.quit()
    bob.client.say(direct_room, "while away")
    proxy.rules.add(fault, "/sync$", "GET", count=2)
    driver = line_up.open()
    driver.wait_line("while away", bob.user_id, BACK_WITHIN)
    assert driver.find("connection-error") == []


def test_answer_to_a_put_comes_after_its_echo(line_up, bob, direct_room, proxy):
    proxy.rules.add(Fault.DELAY_ANSWER, "/send/", "PUT", seconds=3, count=2)
    say_and_count(line_up, bob, direct_room, 3)


def test_real_rate_limit(line_up, alice, bob, direct_room, synapse):
    path = f"/_synapse/admin/v1/users/{alice.user_id}/override_ratelimit"
    limit = {"messages_per_second": 1, "burst_count": 2}
    synapse.admin.request("POST", path, limit)
    say_and_count(line_up, bob, direct_room, 6, 40)


def test_one_sync_at_a_time_and_few_connections(line_up, bob, direct_room, proxy):
    for number in range(5):
        bob.client.say(direct_room, f"count {number}")
        line_up.driver.wait_line(f"count {number}", bob.user_id)
    assert proxy.count("GET", "/sync") < 20
    # The long poll, three files each way, and one for what the user does meanwhile: mx-http.c.
    assert len(proxy._clients) <= 8


def test_a_first_sync_that_takes_long(alice, bob, direct_room, seat, proxy):
    proxy.rules.add(Fault.DELAY_ANSWER, "/sync$", "GET", seconds=25)
    seat(alice, proxy.base_url).open(timeout=60).wait_node(bob.user_id)


def test_a_refused_message_does_not_stop_the_queue(line_up, bob, direct_room, proxy):
    body = b'{"errcode":"M_FORBIDDEN","error":"You may not say this"}'
    proxy.rules.add(Fault.ANSWER, "/send/", "PUT", status=403, body=body)
    line_up.say_to(bob.user_id, "refused")
    line_up.say_to(bob.user_id, "allowed")
    bob.wait_body(direct_room, "allowed")
    failed = line_up.driver.wait_event("line", 15, 0, lambda line: not line.is_message)
    assert "/resend" in failed.text and failed["name"] == bob.user_id
    line_up.run(bob.user_id, "/resend")
    bob.wait_body(direct_room, "refused")
    assert bob.client.bodies(direct_room, line_up.person.user_id) == ["allowed", "refused"]


def test_a_queue_survives_a_kill(line_up, bob, direct_room, proxy):
    proxy.refuse()
    for number in range(3):
        line_up.say_to(bob.user_id, f"kept {number}")
    line_up.driver.wait_line("kept 2", bob.user_id)
    line_up.kill()
    proxy.accept()
    line_up.open()
    bob.wait_body(direct_room, "kept 2", 20)
    texts = [f"kept {number}" for number in range(3)]
    assert bob.client.bodies(direct_room, line_up.person.user_id) == texts
    assert line_up.logged(bob.user_id, r"kept \d") == texts


def test_a_kill_between_the_server_and_its_answer(line_up, bob, direct_room, proxy):
    proxy.rules.add(Fault.DELAY_ANSWER, "/send/", "PUT", seconds=30)
    line_up.say_to(bob.user_id, "unanswered")
    bob.wait_body(direct_room, "unanswered")
    line_up.kill()
    line_up.open()
    line_up.say_to(bob.user_id, "next")
    bob.wait_body(direct_room, "next", 30)
    texts = ["unanswered", "next"]
    assert bob.client.bodies(direct_room, line_up.person.user_id) == texts
    assert line_up.logged(bob.user_id, "unanswered|next") == texts


def test_going_offline_while_the_network_is_away(line_up, bob, proxy):
    proxy.stand_still()
    line_up.say_to(bob.user_id, "later")
    line_up.driver.wait_line("later", bob.user_id)
    start = time.monotonic()
    line_up.quit()
    assert time.monotonic() - start < 6
    proxy.flow()
    line_up.open()
    wait_until(lambda: line_up.logged(bob.user_id, "later") == ["later"], 10, "one line")


def test_a_large_paste_is_refused_or_split(line_up, bob, direct_room):
    text = "x" * 70000
    line_up.say_to(bob.user_id, text)
    line_up.say_to(bob.user_id, "after it")
    bob.wait_body(direct_room, "after it")
    bodies = bob.client.bodies(direct_room, line_up.person.user_id)
    said = [line for line in line_up.driver.lines(bob.user_id) if not line.is_message]
    assert "".join(bodies[:-1]) == text or (bodies == ["after it"] and said)
    assert line_up.driver.find("disconnected") == [] and re.match("after", bodies[-1])
