# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""What a ciphertext of Olm or Megolm tells everybody: which place of which ratchet made it. No place may make two."""

import base64

_VERSION = 3


def _decode(text):
    return base64.b64decode(text + "=" * (-len(text) % 4))


def _varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _fields(data):
    """Tag -> value of the protocol buffer after the version byte; what follows it, as a MAC does, is left alone."""
    assert data[0] == _VERSION, f"version {data[0]}"
    fields, at = {}, 1
    while at < len(data) and data[at] not in fields and data[at] & 7 in (0, 2):
        tag = data[at]
        value, at = _varint(data, at + 1)
        if tag & 7 == 2:
            value, at = data[at : at + value], at + value
        fields[tag] = value
        if tag == 0x22 or (tag == 0x12 and 0x08 in fields):  # the ciphertext is the last
            break
    return fields


def megolm_index(ciphertext):
    return _fields(_decode(ciphertext))[0x08]


def olm_place(kind, body):
    """(ratchet key, counter) of a message to a device; kind 0: a pre-key message, with another one in it."""
    data = _decode(body)
    if kind == 0:
        data = _fields(data)[0x22]
    fields = _fields(data)
    return base64.b64encode(fields[0x0A]).decode(), fields[0x10]
