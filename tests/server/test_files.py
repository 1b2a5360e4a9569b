# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Files and pictures to and from matrix-js-sdk, in rooms that are encrypted and in rooms that are not."""

import os
import struct
import zlib

import pytest
from test_encryption import look_at, wait_signed

WORDS = "two words.bin"


def png(width, height, noise=False):
    """A picture of one colour, or one that cannot be made smaller."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x20\x80\xc0" * width) * height
    if noise:
        rows = b"".join(b"\0" + os.urandom(3 * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
def one(seat, alice, js_bob):
    one = seat(alice, image_kb=100)
    one.open()
    wait_signed(js_bob, alice)
    return one


@pytest.fixture(params=["plain", "encrypted"])
def room(request, one, js_bob):
    room = js_bob.create_room(one.person, name="Pictures", encrypted=request.param == "encrypted")
    one.person.client.join(room)
    js_bob.wait_member(room, one.person)
    look_at(one, room)
    return room


def make(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


def check_place(peer, room, message):
    """Encrypted exactly where the room is; the server has then nothing but ciphertext, without a name."""
    content = message["content"]
    assert ("file" in content) == peer.is_encrypted(room) == message["encrypted"]
    assert ("url" in content) != ("file" in content)


def test_a_file_is_read_by_others(one, js_bob, room, tmp_path):
    data = os.urandom(300_007)
    path = make(tmp_path, WORDS, data)
    one.run(room, f"/sendfile {path} What you wanted")
    message = js_bob.wait_file(room, WORDS)
    content = message["content"]
    assert (content["msgtype"], content["body"]) == ("m.file", "What you wanted")
    assert content["info"] == {"mimetype": "application/octet-stream", "size": len(data)}
    check_place(js_bob, room, message)
    js_bob.save_file(message, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == data
    if "file" in content:
        sealed = js_bob.client.download(content["file"]["url"])
        assert len(sealed) == len(data) and sealed != data


def test_a_picture_is_read_by_others(one, js_bob, room, tmp_path):
    data = png(37, 21)
    one.run(room, f"/sendfile {make(tmp_path, 'small.png', data)}")
    message = js_bob.wait_file(room, "small.png")
    assert message["content"]["msgtype"] == "m.image" and message["content"]["body"] == "small.png"
    assert message["content"]["info"] == {"mimetype": "image/png", "size": len(data), "w": 37, "h": 21}
    check_place(js_bob, room, message)
    js_bob.save_file(message, tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == data


def test_a_file_of_others_is_read(one, js_bob, room, tmp_path):
    data = os.urandom(300_007)
    js_bob.send_file(room, make(tmp_path, WORDS, data), "application/octet-stream")
    line = one.driver.wait_line(f"[file: {WORDS}, 300.0\u00a0kB – /download]", room)
    assert line["who"]
    since = one.run(room, f"/download {tmp_path}/got.bin")
    one.driver.wait_event("line", 30, since, lambda line: "was saved as" in line.text, name=room)
    assert (tmp_path / "got.bin").read_bytes() == data


def test_a_picture_of_others_is_shown(one, js_bob, room, tmp_path):
    data = png(40, 30)
    info = {"w": 40, "h": 30}
    since = one.driver.position()
    js_bob.send_file(room, make(tmp_path, "small.png", data), "image/png", "m.image", info=info)
    one.driver.wait_event("line", 15, since, lambda line: "[image: small.png" in line.text, name=room)
    one.driver.wait_event("line", 15, since, is_picture, name=room)
    one.run(room, f"/download {tmp_path}/got.png")
    one.driver.wait_event("line", 30, since, lambda line: "was saved as" in line.text, name=room)
    assert (tmp_path / "got.png").read_bytes() == data


def is_picture(line):
    return "<img id=" in line["text"].lower()


def test_a_thumbnail_stands_for_a_large_picture(one, js_bob, room, tmp_path):
    """The option says 100 kB: no more than that comes by itself, whatever else is there."""
    large = make(tmp_path, "large.png", png(200, 200, noise=True))
    small = make(tmp_path, "small.png", png(40, 30))
    thumbnail = {"path": str(small), "info": {"mimetype": "image/png", "size": small.stat().st_size, "w": 40, "h": 30}}
    since = one.driver.position()
    js_bob.send_file(room, large, "image/png", "m.image", name="alone.png")
    too_large = {**thumbnail, "path": str(large), "info": {"mimetype": "image/png", "size": large.stat().st_size}}
    js_bob.send_file(room, large, "image/png", "m.image", name="twice.png", thumbnail=too_large)
    js_bob.send_file(room, large, "image/png", "m.image", name="shown.png", thumbnail=thumbnail)
    one.driver.wait_event("line", 15, since, is_picture, name=room)
    assert [is_picture(line) for line in one.driver.lines(room, since)] == [False, False, False, True]
    one.run(room, f"/download {tmp_path}/got.png")
    one.driver.wait_event("line", 30, since, lambda line: "was saved as" in line.text, name=room)
    assert (tmp_path / "got.png").read_bytes() == large.read_bytes()
