# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and pictures as both programs show them, and sent with their own means."""

import re

import pytest
from finch import Finch
from pictures import draw_face
from pidgin import Pidgin
from waiting import wait_until

TEXT = b"three eggs, some flour\n"


@pytest.fixture(scope="module")
def pidgin(desktop, world, plugin, tmp_path_factory):
    program = Pidgin(desktop, tmp_path_factory.mktemp("files-pidgin"), plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.wait_connected()
        yield program
    assert program.complaints() == []
    finally:
        program.stop()


@pytest.fixture(scope="module")
def finch(world, plugin, tmp_path_factory):
    program = Finch(tmp_path_factory.mktemp("files-finch"), plugin).start()
    try:
        program.add_account(world.alice.user_id, world.alice.password, world.base_url)
        program.keys("M-c")
        program.wait_screen("Tea party", 20)
        yield program
        assert program.complaints() == []
    finally:
        program.stop()


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.txt"
    path.write_bytes(TEXT)
    return path


def find_file(person, room, name):
    events = person.client.timeline(room)
    return next((one["content"] for one in events if one["content"].get("filename") == name), None)


def send_file(person, room, msgtype, name, data, mimetype, **info):
    url = person.client.upload(data, mimetype)
    content = {"msgtype": msgtype, "body": name, "url": url}
    person.client.send(room, {**content, "info": {"mimetype": mimetype, "size": len(data), **info}})


def talk_of_files(bob, room):
    bob.client.say(room, "What the kite looks like, and the plan for it:")
    send_file(bob, room, "m.image", "kite.png", draw_face((250, 200, 60)), "image/png", w=128, h=128)
    send_file(bob, room, "m.file", "plan <final>.pdf", b"%PDF-1.4\n" * 40000, "application/pdf")
    bob.client.say(room, "Tell me what you think")


def check_sent(world, room):
    content = wait_until(lambda: find_file(world.bob, room, "recipe.txt"), 20, "the file", 0.2)
    assert (content["msgtype"], content["info"]) == ("m.file", {"mimetype": "text/plain", "size": len(TEXT)})
    assert world.bob.client.download(content["url"]) == TEXT


def send_by_menu(pidgin, window, path):
    """Conversation → Send File…, and the path into the dialog that asks which."""
    desktop = pidgin.desktop
    desktop.focus(window)
    desktop.key("alt+c", "n")
    desktop.focus(desktop.wait_window("Open File.*"))
    desktop.type(str(path))
    desktop.key("Return")
    desktop.wait_no_window("Open File.*")


def read_shown(pidgin, window):
    return [line.shown.replace("\xa0", " ") for line in pidgin.read(window)]


@pytest.mark.parametrize("kind", ["direct", "tea"])
def test_send_file_in_pidgin(pidgin, world, kind, recipe):
    name = "Bob" if kind == "direct" else "Tea party"
    window = pidgin.open_from_list(name)
    send_by_menu(pidgin, window, recipe)
    check_sent(world, getattr(world, kind))
    pidgin.desktop.shot(f"files-sent-{kind}")

    def is_shown():
        return any("[file: recipe.txt, 23 bytes – /download]" in line for line in read_shown(pidgin, window))

    wait_until(is_shown, 20, "the own line", 0.2)
    pidgin.desktop.shot(f"files-window-{kind}", window)


def test_a_picture_in_pidgin(pidgin, world):
    window = pidgin.show_tab("Tea party", ["Bob", "Tea party"])
    talk_of_files(world.bob, world.tea)
    wait_until(lambda: any("Tell me what you think" in line for line in read_shown(pidgin, window)), 20, "the talk", 0.2)
    pidgin.desktop.shot("files-picture", window)
    lines = read_shown(pidgin, window)
    assert any("[image: kite.png, " in line and "128×128 – /download]" in line for line in lines)
    assert any("[file: plan _final_.pdf, 360.0 kB – /download]" in line for line in lines)


def test_files_in_finch(finch, world, tmp_path, recipe):
    finch.open_from_list("Big hall")
    talk_of_files(world.bob, world.hall)
    finch.wait_text("Tell me what you think", 20)
    screen = re.sub(r"\s+", " ", finch.screen().replace("\xa0", " "))
    assert "[file: plan _final_.pdf, 360.0 kB – /download]" in screen
    assert re.search(r"\[image: kite\.png, [\d.]+ (kB|bytes), 128×128 – /download\]", screen)
    finch.save_screen("finch-files")
    finch.say(f"/sendfile {recipe}")
    check_sent(world, world.hall)
    finch.wait_text("[file: recipe.txt, 23 bytes", 20)
    finch.say(f"/download Bob: {tmp_path}/got.pdf")
    wait_until((tmp_path / "got.pdf").exists, 20, "the download", 0.2)
    assert (tmp_path / "got.pdf").read_bytes() == b"%PDF-1.4\n" * 40000
    finch.save_screen("finch-files-sent")
