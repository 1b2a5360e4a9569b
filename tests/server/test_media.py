# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files to and from a real server, and what a large one costs."""

import filecmp
import hashlib
import os
import re

import pytest
from homeserver import Synapse
from matrix import create_direct
from test_encrypted import ENCRYPTION
from test_encryption import look_at
from waiting import wait_until

MEBIBYTE = 1024 * 1024
LARGE = 200
MAX_GROWTH_KB = 4096


@pytest.fixture(scope="module")
def roomy(tmp_path_factory):
    """A homeserver that takes large files; others take 50 MiB."""
    server = Synapse(tmp_path_factory.mktemp("roomy"), settings={"max_upload_size": f"{LARGE + 10}M"}).start()
    yield server
    server.stop()


def forget_peak(pid):
    with open(f"/proc/{pid}/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def peak_kb(pid):
    """Of the resident memory since then."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmHWM:\s*(\d+)", status.read())[1])


def send_and_save(one, room, source, target):
    """A file of the disk into a room, and back again as another."""
    since = one.run(room, f"/sendfile {source}")
    one.driver.wait_event("line", 120, since, lambda line: f"[file: {source.name}" in line.text, name=room)
    since = one.run(room, f"/download {target}")
    one.driver.wait_event("line", 120, since, lambda line: "was saved as" in line.text, name=room)
    assert filecmp.cmp(source, target, shallow=False)
    target.unlink()


@pytest.mark.parametrize("state", [[], [ENCRYPTION]], ids=["plain", "encrypted"])
def test_no_memory_is_needed_for_a_large_file(state, roomy, person, seat, tmp_path):
    alice = person("alice", roomy)
    room = alice.client.create_room(name="Attic", preset="private_chat", initial_state=state)
    one = seat(alice, roomy.base_url)
    one.open()
    look_at(one, room)
    pid = one.driver.pid
    piece = os.urandom(MEBIBYTE)
    small, large = tmp_path / "small.bin", tmp_path / "large.bin"
    small.write_bytes(piece * 2)
    with open(large, "wb") as file:
        for _ in range(LARGE):
            file.write(piece)
    send_and_save(one, room, small, tmp_path / "got.bin")
    forget_peak(pid)
    before = peak_kb(pid)
    send_and_save(one, room, large, tmp_path / "got.bin")
    growth = peak_kb(pid) - before
    print(f"{LARGE} MiB there and back: {growth} kB more than {before} kB")
    large.unlink()
    assert growth < MAX_GROWTH_KB


def test_a_file_with_words(alice, bob, seat, tmp_path):
    room_id = create_direct(alice.client, bob.client)
    one = seat(alice)
    one.open()
    source = tmp_path / "some.bin"
    source.write_bytes(os.urandom(MEBIBYTE))
    one.open_im(bob.user_id)
    one.run(bob.user_id, f"/sendfile {source} Here")

    def find():
        events = bob.client.timeline(room_id)
        return next((e["content"] for e in events if e["content"].get("filename") == "some.bin"), None)

    content = wait_until(find, 30, "the file's message", 0.2)
    assert content["body"] == "Here" and content["info"]["size"] == MEBIBYTE
    sent = hashlib.sha256(source.read_bytes()).hexdigest()
    assert hashlib.sha256(bob.client.download(content["url"])).hexdigest() == sent
