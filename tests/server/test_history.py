# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""/history: what was said before this device, or while its window was closed, back to the beginning."""

import re
import time
from datetime import datetime, timezone

from matrix import create_shared_room
from test_catchup import numbered
from test_joining import wait_window

BEGIN = re.compile(r"^History of|^There is nothing older|^Nothing was said since")
END = re.compile(r"^End of ")


def show(one, name, typed=""):
    """What /history writes: texts of the messages, and what stands around them."""
    since = one.run(name, f"/history {typed}".strip())
    first = one.driver.wait_line(BEGIN, name, 30, since)
    if first.text.startswith("History of"):
        one.driver.wait_line(END, name, 30, since)
    lines = one.driver.lines(name, since)
    messages = [line.text for line in lines if line.is_message]
    said = [line.text for line in lines if not line.is_message]
    assert all("DELAYED" in line["flags"] for line in lines if line.is_message)
    return messages, said


def open_room(one, room):
    since = one.open_chat(room)
    wait_window(one.driver, room, since)


def test_back_to_the_beginning(alice, bob, shared_room, seat, room_version):
    """250 messages: before this device, seen by it, and behind a gap; then all again from the database."""
    for text in numbered(120):
        bob.client.say(shared_room, text)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(shared_room)
    one.quit()
    for text in numbered(130, 120):
        bob.client.say(shared_room, text)
    driver = one.open()
    driver.wait_node(shared_room)
    open_room(one, shared_room)
    driver.wait_line("message 249", shared_room, 30)
    live = driver.texts(shared_room)
    assert live == numbered(130, 120)
    older = []
    for _ in range(10):
        messages, said = show(one, shared_room, "37")
        older = messages + older
        if any("the beginning of the room" in text for text in said):
            break
    assert older == numbered(120)
    assert show(one, shared_room)[0] == []
    assert one.logged(shared_room, r"message \d+") == numbered(130, 120)
    one.reopen()
    one.driver.wait_node(shared_room)
    open_room(one, shared_room)
    messages, said = show(one, shared_room, "500")
    assert messages == numbered(250)
    assert any("the beginning of the room" in text for text in said)
    assert one.logged(shared_room, r"message \d+") == numbered(130, 120)


def test_of_a_direct_chat(alice, bob, direct_room, seat):
    before = numbered(60)
    for text in before[:30]:
        bob.client.say(direct_room, text)
    time.sleep(2)
    middle = datetime.fromtimestamp(time.time(), timezone.utc)
    for text in before[30:]:
        bob.client.say(direct_room, text)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(bob.user_id)
    one.open_im(bob.user_id)
    driver.wait_event("window", name=bob.user_id)
    bob.client.say(direct_room, "now")
    driver.wait_line("now", bob.user_id)
    assert show(one, bob.user_id, "10")[0] == before[50:]
    assert show(one, bob.user_id, f"{middle:%H:%M:%S}")[0] == before[30:50]
    assert show(one, bob.user_id, f"{middle:%Y-%m-%d %H:%M:%S}")[0] == []
    assert show(one, bob.user_id, "5")[0] == before[25:30]
    assert show(one, bob.user_id, "500")[0] == before[:25]
    assert "message" not in one.log(bob.user_id)
    assert not driver.find("sound")


def test_joined_late(alice, bob, seat):
    """What was said before one came is not told, and not called the room's beginning."""
    room = bob.client.create_room(preset="public_chat", name="Late")
    bob.client.set_state(room, "m.room.history_visibility", {"history_visibility": "joined"})
    for text in numbered(30):
        bob.client.say(room, text)
    alice.client.join(room)
    for text in numbered(40, 30):
        bob.client.say(room, text)
    one = seat(alice)
    one.open().wait_node(room)
    open_room(one, room)
    messages, said = show(one, room, "500")
    assert messages == numbered(40, 30)
    assert any("nothing older that you may read" in text for text in said)


def test_what_can_be_read_before_joining(alice, bob, person, seat):
    room = create_shared_room(bob.client, person("carol").client, preset="public_chat", name="Open")
    for text in numbered(60):
        bob.client.say(room, text)
    one = seat(alice)
    driver = one.open()
    alice.client.join(room)
    driver.wait_node(room)
    open_room(one, room)
    bob.client.say(room, "welcome")
    driver.wait_line("welcome", room)
    messages, said = show(one, room, "500")
    assert messages == numbered(60)
    assert any("the beginning of the room" in text for text in said)


def test_without_the_homeserver(alice, bob, seat, proxy):
    """Then there is what is stored."""
    room = create_shared_room(bob.client, alice.client, name="Far")
    for text in numbered(40):
        bob.client.say(room, text)
    one = seat(alice, proxy.base_url)
    one.open().wait_node(room)
    open_room(one, room)
    proxy.refuse()
    messages, said = show(one, room, "100")
    assert messages == numbered(40)[-len(messages) :] and 10 <= len(messages) <= 20
    assert any("could not be fetched" in text for text in said)
    proxy.accept()
    assert show(one, room, "500")[0] == numbered(40)[: -len(messages)]


def test_between_two_stays(alice, bob, person, seat):
    """Left and joined again: what is stored of the first stay and what came later are joined."""
    room = create_shared_room(bob.client, alice.client, person("carol").client, preset="public_chat", name="Again")
    for text in numbered(10):
        bob.client.say(room, text)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(room)
    open_room(one, room)
    since = one.run(room, "/leave")
    driver.wait_line(re.compile("You have left this room"), room, 15, since)
    for text in numbered(50, 10):
        bob.client.say(room, text)
    alice.client.join(room)
    one.reopen()
    one.driver.wait_node(room)
    open_room(one, room)
    bob.client.say(room, "message 060")
    one.driver.wait_line("message 060", room)
    messages, said = show(one, room, "500")
    assert messages == numbered(60)
    assert any("the beginning of the room" in text for text in said)


def test_last_lines_after_a_restart(alice, bob, shared_room, seat, room_version):
    """A window begins with what was said before it, and then has what is new; the log has each once."""
    one = seat(alice, last_lines=5)
    one.open()
    open_room(one, shared_room)
    for text in numbered(10):
        bob.client.say(shared_room, text)
    one.driver.wait_line("message 009", shared_room)
    one.quit()
    for text in numbered(3, 10):
        bob.client.say(shared_room, text)
    one.open()
    one.driver.wait_node(shared_room)
    open_room(one, shared_room)
    one.driver.wait_line("message 012", shared_room, 30)
    assert one.driver.texts(shared_room) == numbered(8, 5)
    assert show(one, shared_room, "2")[0] == numbered(2, 3)
    assert one.logged(shared_room, r"message \d+") == numbered(13)
