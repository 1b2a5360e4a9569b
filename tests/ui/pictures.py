# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Avatars for people on the screen: made here, so that no file of somebody else's is needed."""

import struct
import zlib


def _chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def draw_face(colour, side=128):
    """A PNG: a face on a coloured disc, clear around it."""

    def pixel(x, y):
        across, down = (2 * x - side) / side, (2 * y - side) / side
        if across * across + down * down > 0.95:
            return b"\0\0\0\0"
        eyes = abs(abs(across) - 0.35) < 0.1 and abs(down + 0.25) < 0.14
        mouth = down > 0.15 and 0.3 < across * across + down * down < 0.42
        return bytes((40, 40, 40, 255)) if eyes or mouth else bytes((*colour, 255))

    rows = b"".join(b"\0" + b"".join(pixel(x, y) for x in range(side)) for y in range(side))
    header = struct.pack(">IIBBBBB", side, side, 8, 6, 0, 0, 0)
    parts = _chunk(b"IHDR", header) + _chunk(b"IDAT", zlib.compress(rows)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def dress(people):
    """Gives each of them an avatar and the rest of a profile."""
    colours = [(250, 200, 60), (110, 200, 120), (120, 160, 240)]
    for person, colour in zip(people, colours, strict=False):
        client = person.client
        client.set_profile("avatar_url", client.upload(draw_face(colour)))
        client.set_profile("m.tz", "Europe/Berlin")
        client.set_profile("org.example.hobby", "Kites & <strings>")
