# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles, avatars, the directory and the ignore list of a real server, seen from other clients as well."""

import struct
import time
import zlib

import pytest
from matrix import create_direct, create_shared_room
from waiting import wait_until

IGNORED = "m.ignored_user_list"


def png(colour, side=64):
    """A square of one colour."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    rows = (b"\0" + bytes(colour) * side) * side
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def icon(one, who):
    return one.driver.command("icon", username=one.username, who=who)


def wait_icon(one, who, mxc):
    wait_until(lambda: icon(one, who).get("checksum") == mxc, 20, f"the icon {mxc}", 0.1)
    return icon(one, who).get("data")


def wait_blocked(one, *wanted):
    def is_it():
        blocked = one.driver.command("blocked", username=one.username)["blocked"]
        return sorted(blocked) == sorted(wanted)

    wait_until(is_it, 15, f"blocked: {wanted}", 0.1)


def wait_ignored(person, *wanted):
    def is_it():
        return sorted(person.client.account_data(IGNORED).get("ignored_users", {})) == sorted(wanted)

    wait_until(is_it, 15, f"ignored on the server: {wanted}", 0.1)


def info(one, who):
    since = one.driver.position()
    one.driver.command("info", username=one.username, who=who)
    return one.driver.wait_event("notify", 30, since, who=who)["pairs"]


def test_a_buddys_name_and_avatar_follow(alice, bob, direct_room, seat):
    one = seat(alice)
    one.open()
    one.driver.wait_node(bob.user_id)
    red = bob.client.upload(png((255, 0, 0)))
    bob.client.set_profile("avatar_url", red)
    first = wait_icon(one, bob.user_id, red)
    blue = bob.client.upload(png((0, 0, 255)))
    bob.client.set_profile("avatar_url", blue)
    assert wait_icon(one, bob.user_id, blue) != first
    bob.client.set_display_name("Robert <b>")
    one.driver.wait_node(bob.user_id, server_alias="Robert <b>")
    one.reopen()
    assert icon(one, bob.user_id)["checksum"] == blue
    bob.client.set_profile("avatar_url", "")
    wait_icon(one, bob.user_id, None)
    one.quit()


def test_an_avatar_that_is_no_picture(alice, bob, direct_room, seat):
    one = seat(alice)
    one.open()
    one.driver.wait_node(bob.user_id)
    bob.client.set_profile("avatar_url", bob.client.upload(b"<html><script></script></html>"))
    bob.client.set_display_name("Marker")
    one.driver.wait_node(bob.user_id, server_alias="Marker")
    time.sleep(1)
    assert icon(one, bob.user_id).get("checksum") is None
    good = bob.client.upload(png((1, 2, 3)))
    bob.client.set_profile("avatar_url", good)
    wait_icon(one, bob.user_id, good)
    one.quit()


def test_information_with_all_fields(alice, bob, direct_room, seat):
    room = create_shared_room(bob.client, alice.client, name="Common <i>room")
    bob.client.set_profile("m.tz", "Asia/Tokyo")
    bob.client.set_profile("org.example.hobby", "Kites & strings")
    bob.client.set_profile("avatar_url", bob.client.upload(png((9, 9, 9))))
    bob.client.put(
        f"/presence/{bob.user_id}/status", {"presence": "unavailable", "status_msg": "At lunch"}
    )
    one = seat(alice)
    driver = one.open()
    driver.wait_node(room)
    pairs = info(one, bob.user_id)
    assert pairs["Matrix ID"] == bob.user_id
    assert pairs["Display name"].startswith("bob")
    assert pairs["Time zone"].startswith("Asia/Tokyo (it is ")
    assert pairs["org.example.hobby"] == "Kites &amp; strings"
    assert pairs["Presence"] == "away" and pairs["Status"] == "At lunch"
    assert "Common &lt;i&gt;room" in pairs["Rooms in common"]
    assert pairs["Direct chat"] == "yes, not encrypted" and pairs["Ignored"] == "no"
    assert pairs["-"].startswith("<img id=")
    nobody = "@nobody:" + bob.user_id.split(":", 1)[1]
    assert "There is none" in info(one, nobody)["Profile"]
    one.open_chat(room)
    since = one.run(room, f"/whois {bob.user_id}")
    line = driver.wait_event("line", 20, since, lambda line: "Kites & strings" in line.text)
    assert f"Matrix ID: {bob.user_id}" in line.text
    one.quit()


def test_the_own_name_both_ways(alice, bob, shared_room, seat):
    one = seat(alice)
    driver = one.open()
    driver.wait_node(shared_room)
    one.open_chat(shared_room)
    driver.wait_event("window", name=shared_room)
    since = one.run(shared_room, "/nick Alice of Wonderland")
    driver.wait_event("line", 15, since, lambda line: "is changed" in line.text)
    assert alice.client.profile()["displayname"] == "Alice of Wonderland"

    def name_in_room():
        return bob.client.state(shared_room, "m.room.member", alice.user_id)["displayname"]

    wait_until(lambda: name_in_room() == "Alice of Wonderland", 15, "the name in the room", 0.1)
    alice.client.set_display_name("Changed elsewhere")
    one.say(shared_room, "hello")
    time.sleep(2)
    one.say(shared_room, "again")
    assert driver.wait_line("again", shared_room)["alias"] == "Changed elsewhere"
    one.quit()


def test_the_own_avatar_both_ways(alice, bob, shared_room, seat, tmp_path):
    picture = tmp_path / "own.png"
    picture.write_bytes(png((10, 200, 10)))
    one = seat(alice)
    one.open()
    one.driver.wait_node(shared_room)
    one.driver.command("set_icon", username=one.username, path=str(picture))
    wait_until(lambda: alice.client.profile().get("avatar_url"), 15, "the own avatar", 0.1)
    mxc = alice.client.profile()["avatar_url"]
    assert bob.client.download(mxc) == picture.read_bytes()
    one.reopen()
    time.sleep(1.5)
    assert alice.client.profile()["avatar_url"] == mxc  # not sent again
    other = alice.client.upload(png((200, 10, 10), 96))
    alice.client.set_profile("avatar_url", other)
    before = len(picture.read_bytes())
    wait_until(
        lambda: icon(one, bob.user_id)["own_size"] not in (0, before), 15, "the icon to follow", 0.1
    )
    time.sleep(1)
    assert alice.client.profile()["avatar_url"] == other  # and not sent back
    one.driver.command("set_icon", username=one.username)
    wait_until(lambda: not alice.client.profile().get("avatar_url"), 15, "no avatar", 0.1)
    one.quit()


def test_people_are_found(alice, person, seat):
    dora = person("doraexplorer")
    dora.client.set_display_name("Dora <the> Explorer")
    one = seat(alice)
    driver = one.open()
    one.open_im(dora.user_id)
    driver.wait_event("window", name=dora.user_id)

    def search():
        since = one.run(dora.user_id, "/users doraexplorer")
        shown = driver.wait_event("notify", 15, since)
        return shown["kind"] == "searchresults" and shown["rows"]

    rows = wait_until(search, 20, "the directory to know Dora", 0.5)
    assert [dora.user_id, "Dora <the> Explorer"] in rows
    since = one.run(dora.user_id, "/users zzznobodyzzz")
    driver.wait_event("line", 15, since, lambda line: "knows nobody" in line.text)
    one.quit()


@pytest.fixture
def circle(alice, bob, person):
    carol = person("carol")
    room = create_shared_room(bob.client, alice.client, carol.client, name="Circle")
    return carol, room


def test_block_is_the_ignore_list(alice, bob, circle, seat):
    carol, room = circle
    direct = create_direct(carol.client, alice.client)
    content = {"ignored_users": {"@far:away.example": {"since": 7}}, "org.example.kept": "yes"}
    alice.client.set_account_data(IGNORED, content)
    one = seat(alice)
    driver = one.open()
    driver.wait_node(room)
    wait_blocked(one, "@far:away.example")
    driver.command("block", username=one.username, who=carol.user_id)
    wait_ignored(alice, "@far:away.example", carol.user_id)
    stored = alice.client.account_data(IGNORED)
    assert stored["org.example.kept"] == "yes"
    assert stored["ignored_users"]["@far:away.example"] == {"since": 7}
    wait_blocked(one, "@far:away.example", carol.user_id)
    one.open_chat(room)
    driver.wait_event("window", name=room)
    carol.client.say(room, "hidden in the room")
    carol.client.say(direct, "hidden in the chat")
    bob.client.say(room, "seen")
    driver.wait_line("seen", room)
    time.sleep(1)
    assert "hidden" not in " ".join(driver.texts(room) + driver.texts(carol.user_id))
    driver.command("block", username=one.username, who=carol.user_id, value=False)
    wait_ignored(alice, "@far:away.example")
    wait_blocked(one, "@far:away.example")
    carol.client.say(room, "heard again")
    driver.wait_line("heard again", room)
    one.quit()


def test_ignoring_in_another_client(alice, circle, seat):
    carol, room = circle
    one = seat(alice)
    driver = one.open()
    driver.wait_node(room)
    carol.client.say(room, "waits unread")
    time.sleep(1)
    alice.client.set_account_data(IGNORED, {"ignored_users": {carol.user_id: {}}})
    wait_blocked(one, carol.user_id)
    other = create_shared_room(carol.client, name="Trap")
    carol.client.invite(other, alice.user_id)
    one.open_chat(room)
    driver.wait_event("window", name=room)
    time.sleep(1.5)
    assert driver.texts(room) == []  # also what came before
    assert driver.find("request") == []
    one.reopen()
    wait_blocked(one, carol.user_id)
    alice.client.set_account_data(IGNORED, {"ignored_users": {}})
    wait_blocked(one)
    wait_ignored(alice)
    time.sleep(1)
    wait_ignored(alice)  # nothing is written back
    one.quit()
