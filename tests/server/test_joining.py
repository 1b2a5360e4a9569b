# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Rooms come and go by the user's hand: joining, invitations, leaving, making."""

import re
import urllib.parse

import pytest
from matrix import MatrixError, create_shared_room
from waiting import wait_until


def wait_invitation(driver, since=0, where=None):
    return driver.wait_event("request", 15, since, where, title="Invitation")


def press(driver, request, button, **fields):
    driver.command("press", request=request["request"], button=button, **fields)


def wait_window(driver, name, since=0):
    return driver.wait_event("window", 15, since, name=name)


def wait_membership(person, room, user_id, membership):
    wait_until(
        lambda: person.client.members(room).get(user_id) == membership,
        15,
        f"{user_id} to be {membership}",
    )


def public_room(owner, name, **options):
    """Room ID and alias."""
    local = name + owner.user_id[1:].split(":")[0]
    room = owner.client.create_room(
        name=name, room_alias_name=local, preset="public_chat", **options
    )
    return room, f"#{local}:{owner.user_id.split(':', 1)[1]}"


def test_join_by_id_alias_and_link(alice, bob, seat, room_version):
    one = seat(alice)
    driver = one.open()
    rooms = [public_room(bob, f"open{n}", room_version=room_version) for n in range(4)]
    server = bob.user_id.split(":", 1)[1]
    targets = [
        rooms[0][0],
        rooms[1][1],
        "https://matrix.to/#/" + urllib.parse.quote(rooms[2][0], safe="") + "?via=" + server,
        "matrix:r/" + rooms[3][1][1:] + "?action=join",
    ]
    for (room, _), target in zip(rooms, targets):
        one.open_chat(target)
        wait_window(driver, room)
        driver.wait_node(room, type="chat")
        wait_membership(bob, room, alice.user_id, "join")
    one.say(rooms[2][0], "here I am")
    bob.wait_body(rooms[2][0], "here I am")


def test_join_command_with_a_reason(alice, bob, shared_room, seat):
    one = seat(alice)
    driver = one.open()
    room, alias = public_room(bob, "reasons")
    one.open_chat(shared_room)
    wait_window(driver, shared_room)
    one.run(shared_room, f"/join {alias} to see the garden")
    wait_window(driver, room)
    content = bob.client.state(room, "m.room.member", alice.user_id)
    assert content["reason"] == "to see the garden"


def test_joining_what_is_not_open(alice, bob, shared_room, seat, synapse):
    one = seat(alice)
    driver = one.open()
    closed = bob.client.create_room(preset="private_chat")
    since = one.open_chat(closed)
    said = driver.wait_event("notify", 15, since, level="error")
    assert "invited people" in said["secondary"]
    since = one.open_chat(f"#nothing:{synapse.server_name}")
    said = driver.wait_event("notify", 15, since, level="error")
    assert "no such room" in said["secondary"]
    since = one.open_chat("!nowhere:nowhere.invalid")
    driver.wait_event("notify", 30, since, level="error")
    one.open_chat(shared_room)
    wait_window(driver, shared_room)
    one.run(shared_room, f"/join {closed}")
    driver.wait_line(re.compile("invited people"), shared_room)


def test_an_invitation_is_accepted(alice, bob, seat, room_version):
    bob.client.set_display_name("Bob <b>")
    driver = seat(alice).open()
    room = bob.client.create_room(
        name="Tea <i>", preset="private_chat", room_version=room_version
    )
    bob.client.post(
        f"/rooms/{urllib.parse.quote(room)}/invite",
        {"user_id": alice.user_id, "reason": "there is cake"},
    )
    asked = wait_invitation(driver)
    assert asked["primary"] == "Bob <b> invites you to the room “Tea <i>”"
    assert bob.user_id in asked["secondary"] and "there is cake" in asked["secondary"]
    press(driver, asked, "Accept")
    wait_window(driver, room)
    driver.wait_node(room, alias="Tea <i>")
    wait_membership(bob, room, alice.user_id, "join")


def test_an_invitation_to_a_direct_chat(alice, bob, seat, room_version):
    one = seat(alice)
    driver = one.open()
    room = bob.client.create_room(
        is_direct=True,
        preset="trusted_private_chat",
        invite=[alice.user_id],
        room_version=room_version,
    )
    asked = wait_invitation(driver)
    assert "wants to talk to you" in asked["primary"]
    press(driver, asked, "Accept")
    wait_window(driver, bob.user_id)
    driver.wait_node(bob.user_id, type="buddy")
    wait_until(
        lambda: room in alice.client.account_data("m.direct").get(bob.user_id, []),
        15,
        "m.direct to name the room",
    )
    assert driver.node(room) is None
    bob.client.say(room, "good to have you")
    driver.wait_line("good to have you", bob.user_id)
    one.say_to(bob.user_id, "thank you")
    bob.wait_body(room, "thank you")


def test_an_invitation_is_rejected_or_withdrawn(alice, bob, seat):
    driver = seat(alice).open()
    first = bob.client.create_room(name="First", invite=[alice.user_id])
    press(driver, wait_invitation(driver), "Reject")
    wait_membership(bob, first, alice.user_id, "leave")
    since = driver.position()
    second = bob.client.create_room(name="Second", invite=[alice.user_id])
    asked = wait_invitation(driver, since)
    bob.client.kick(second, alice.user_id)
    driver.wait_event("request-closed", 15, since, request=asked["request"])
    assert driver.node(first) is None and driver.node(second) is None


def test_all_invitations_are_refused(alice, bob, shared_room, seat):
    """What else is in the account's data stays, and the homeserver does as it is told."""
    emoji = {"recent_emoji": [{"emoji": "🤔", "total": 19}]}
    alice.client.set_account_data("m.recent_emoji", emoji)
    alice.client.set_account_data("m.key_backup", {"enabled": False})
    alice.client.set_account_data("m.invite_permission_config", {"org.example.more": [1]})
    one = seat(alice)
    driver = one.open()
    one.open_chat(shared_room)
    wait_window(driver, shared_room)
    one.run(shared_room, "/invites block")
    driver.wait_line(re.compile("is told to refuse all invitations"), shared_room)
    config = alice.client.account_data("m.invite_permission_config")
    assert config == {"org.example.more": [1], "default_action": "block"}
    room = bob.client.create_room(name="No")
    with pytest.raises(MatrixError) as refusal:
        bob.client.invite(room, alice.user_id)
    assert refusal.value.status == 403
    other = seat(bob)
    watcher = other.open()
    other.open_chat(room)
    wait_window(watcher, room)
    other.run(room, f"/invite {alice.user_id}")
    watcher.wait_line(re.compile("do not accept invitations from you"), room)
    one.run(shared_room, "/invites allow")
    driver.wait_line(re.compile("Everybody may invite you"), shared_room)
    assert alice.client.account_data("m.invite_permission_config") == {"org.example.more": [1]}
    bob.client.invite(room, alice.user_id)
    wait_invitation(driver)
    assert alice.client.account_data("m.recent_emoji") == emoji
    assert alice.client.account_data("m.key_backup") == {"enabled": False}


def test_an_invitation_to_a_space(alice, bob, seat):
    driver = seat(alice).open()
    space = bob.client.create_room(
        name="Everything", creation_content={"type": "m.space"}, invite=[alice.user_id]
    )
    asked = wait_invitation(driver)
    assert "to the space “Everything”" in asked["primary"]
    press(driver, asked, "Accept")
    driver.wait_event("notify", where=lambda e: "is a space" in (e["secondary"] or ""))
    wait_membership(bob, space, alice.user_id, "join")
    assert driver.node(space) is None


def test_many_invitations_are_one_list(alice, bob, shared_room, seat):
    one = seat(alice)
    one.open()
    one.quit()
    rooms = [bob.client.create_room(name=f"R{n}", invite=[alice.user_id]) for n in range(8)]
    driver = one.open()
    shown = driver.wait_event("notify", title="Invitations")
    assert sorted(row[1] for row in shown["rows"]) == [f"R{n}" for n in range(8)]
    assert not driver.find("request", title="Invitation")
    one.open_chat(shared_room)
    wait_window(driver, shared_room)
    one.run(shared_room, "/invites")
    listed = driver.wait_line(re.compile("Invitations, to be answered"), shared_room).text
    number = re.search(r"(\d+)\. .*“R3”", listed).group(1)
    one.run(shared_room, f"/accept {number}")
    wait_window(driver, rooms[3])
    number = re.search(r"(\d+)\. .*“R5”", listed).group(1)
    one.run(shared_room, f"/reject {number}")
    wait_membership(bob, rooms[5], alice.user_id, "leave")


def test_inviting(alice, bob, person, seat):
    carol = person("carol")
    room = create_shared_room(alice.client, bob.client, name="Garden", preset="private_chat")
    one = seat(alice)
    driver = one.open()
    one.open_chat(room)
    wait_window(driver, room)
    one.run(room, f"/invite {carol.user_id} come and see")
    driver.wait_line(re.compile("has invited"), room)
    content = bob.client.state(room, "m.room.member", carol.user_id)
    assert content["membership"] == "invite" and content["reason"] == "come and see"
    since = one.run(room, f"/invite {bob.user_id}")
    driver.wait_line(re.compile("could not be invited.*in the room already"), room, since=since)
    since = one.run(room, "/invite @nobody:nowhere.invalid")
    driver.wait_line(re.compile("could not be invited"), room, 30, since)


def test_leaving_and_forgetting(alice, bob, seat):
    room = create_shared_room(bob.client, alice.client, name="Garden", preset="private_chat")
    one = seat(alice)
    driver = one.open()
    one.open_chat(room)
    wait_window(driver, room)
    one.run(room, "/leave it rains")
    asked = driver.wait_event("request", primary="Leave the room “Garden”?")
    driver.command("press", request=asked["request"], button="Leave")
    driver.wait_line("You have left this room.", room)
    driver.wait_no_node(room)
    content = bob.client.state(room, "m.room.member", alice.user_id)
    assert content["membership"] == "leave" and content["reason"] == "it rains"
    one.run(room, "/forget")
    driver.wait_event("notify", where=lambda e: "has forgotten" in (e["secondary"] or ""))
    answer = alice.client.sync()
    assert room not in answer.get("rooms", {}).get("leave", {})


def test_a_room_is_made(alice, bob, shared_room, seat):
    one = seat(alice)
    driver = one.open()
    one.open_chat(shared_room)
    wait_window(driver, shared_room)
    since = one.run(shared_room, "/create Tea & cake")
    room = driver.wait_event("window", 15, since)["name"]
    assert alice.client.state(room, "m.room.name")["name"] == "Tea & cake"
    assert alice.client.state(room, "m.room.join_rules")["join_rule"] == "invite"
    driver.wait_node(room, alias="Tea & cake")


def test_a_public_room_is_made_with_the_dialog(alice, bob, seat, synapse):
    one = seat(alice)
    driver = one.open()
    local = "pub" + alice.user_id[1:].split(":")[0]
    inputs = {
        "name": "Open <garden>",
        "topic": "Flowers & more",
        "public": "true",
        "alias": f"#{local}",
        "people": bob.user_id,
    }

    def make():
        since = driver.position()
        driver.command("action", username=one.username, label="Create room…")
        asked = driver.wait_event("request", 15, since, primary="Create a room")
        press(driver, asked, "Create", inputs=inputs)
        return since

    room = driver.wait_event("window", 15, make())["name"]
    assert alice.client.state(room, "m.room.topic")["topic"] == "Flowers & more"
    assert alice.client.state(room, "m.room.join_rules")["join_rule"] == "public"
    alias = alice.client.state(room, "m.room.canonical_alias")["alias"]
    assert alias == f"#{local}:{synapse.server_name}"
    assert bob.client.sync()["rooms"]["invite"].keys() == {room}
    said = driver.wait_event("notify", 15, make(), level="error")
    assert "Another room has that address" in said["secondary"]
    inputs["alias"], inputs["version"] = "", "no-such-version"
    said = driver.wait_event("notify", 15, make(), level="error")
    assert "of that version" in said["secondary"]
