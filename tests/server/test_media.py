# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files to and from a real server, and what a large one costs."""

import hashlib
import os

from matrix import create_direct
from waiting import wait_until

LARGE = 48 * 1024 * 1024  # Synapse takes 50 MiB
MAX_GROWTH_KB = 4096


def resident_kb(driver):
    with open(f"/proc/{driver._process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))


def hash_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_large_file_there_and_back(alice, bob, seat, tmp_path):
    room_id = create_direct(alice.client, bob.client)
    one = seat(alice)
    one.open()
    source = tmp_path / "large.bin"
    source.write_bytes(os.urandom(1024 * 1024) * 48)
    small = tmp_path / "small.bin"
    small.write_bytes(b"warm")
    one.driver.command("open_im", username=one.username, who=bob.user_id)
    one.driver.command("command", username=one.username, name=bob.user_id, text=f"/sendfile {small}")
    wait_until(lambda: "small.bin" in bob.client.bodies(room_id), 30, "the small file", 0.2)
    before = resident_kb(one.driver)
    one.driver.command("command", username=one.username, name=bob.user_id, text=f"/sendfile {source} Here")

    def find():
        events = bob.client.timeline(room_id)
        return next((e["content"] for e in events if e["content"].get("filename") == "large.bin"), None)

    wait_until(find, 90, "the file's message", 0.5)
    content = find()
    assert content["body"] == "Here" and content["info"]["size"] == LARGE
    assert hashlib.sha256(bob.client.download(content["url"])).hexdigest() == hash_of(source)
    got = tmp_path / "got.bin"
    one.driver.command("command", username=one.username, name=bob.user_id, text=f"/download {got}")
    wait_until(got.exists, 90, "the download", 0.2)
    assert hash_of(got) == hash_of(source)
    assert resident_kb(one.driver) - before < MAX_GROWTH_KB
