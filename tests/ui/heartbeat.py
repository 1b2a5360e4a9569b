# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long a program's main loop is held: pings over D-Bus, which it answers from there."""

import os
import socket
import struct
import threading
import time


def _pad(data, size):
    return data + b"\0" * (-len(data) % size)


def _field(code, kind, value):
    text = value.encode()
    return struct.pack("<BB1sBI", code, 1, kind, 0, len(text)) + text + b"\0"


class _Bus:
    """As much of D-Bus as a call without arguments takes."""

    def __init__(self, address):
        options = dict(one.split("=", 1) for one in address.split(":", 1)[1].split(";")[0].split(","))
        abstract = options.get("abstract")
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect("\0" + abstract if abstract else options["path"])
        self._serial = 0
        self._socket.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        while not self._socket.recv(1000).endswith(b"\r\n"):
            pass
        self._socket.sendall(b"BEGIN\r\n")
        self.call("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello")

    def _read(self, count):
        data = b""
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise ConnectionError("the bus is gone")
            data += part
        return data

    def _read_reply(self, serial):
        """Waits for the answer to this call; signals and the like pass by."""
        while True:
            _, kind, _, _, body, _, fields = struct.unpack("<BBBBIII", self._read(16))
            rest = self._read(fields + -fields % 8 + body)
            at = 0
            while at < fields:
                at += -at % 8
                code, length = rest[at], rest[at + 1]
                sign = rest[at + 2 : at + 2 + length]
                at += 3 + length
                at += -at % 4 if sign != b"g" else 0
                if sign == b"u":
                    value = struct.unpack_from("<I", rest, at)[0]
                    if kind in (2, 3) and code == 5 and value == serial:
                        return
                    at += 4
                elif sign == b"g":
                    at += rest[at] + 2
                else:
                    at += struct.unpack_from("<I", rest, at)[0] + 5

    def call(self, destination, path, interface, member):
        self._serial += 1
        fields = b""
        for field in ((1, b"o", path), (2, b"s", interface), (3, b"s", member), (6, b"s", destination)):
            fields = _pad(fields, 8) + _field(*field)
        head = struct.pack("<BBBBIII", ord("l"), 1, 0, 1, 0, self._serial, len(fields))
        self._socket.sendall(_pad(head + fields, 8))
        self._read_reply(self._serial)

    def close(self):
        self._socket.close()


class Heartbeat:
    """A context in which the program is asked all the time; then `longest` is what it took at most, in seconds."""

    def __init__(self, address, service, path):
        self._bus = _Bus(address)
        self._target = (service, path, "org.freedesktop.DBus.Peer", "Ping")
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self.longest = 0.0
        self.times = []

    def _beat(self):
        while not self._ended.is_set():
            started = time.monotonic()
            self._bus.call(*self._target)
            self.times.append(time.monotonic() - started)
            time.sleep(0.002)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_unused):
        self._ended.set()
        self._thread.join(10)
        self._bus.close()
        self.longest = max(self.times)
