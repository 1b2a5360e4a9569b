# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Encrypting Matrix clients of others, to talk with: matrix-js-sdk with its Rust encryption, which is the engine of
Element, and matrix-nio with libolm. Each is a process of its own, see peer/peer-js.mjs and peer/peer-nio.py.

Every method blocks until the peer has done it; what a peer refuses is a PeerError."""

import contextlib
import itertools
import json
import os
import subprocess
import threading
import time

from ciphertext import megolm_index, olm_place
from matrix import Client
from peer import install

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "peer")
_PYTHON = "/usr/bin/python3"  # the distribution's, which has its package of matrix-nio


class PeerError(AssertionError):
    """The peer has refused a command, or has ended."""


def js_is_missing():
    """Why there is no JsPeer, or None."""
    if install.is_installed(install.peer_dir()):
        return None
    return "the encrypting peer is not installed (tests/server/peer/install.py)"


def nio_is_missing():
    probe = "import nio.crypto, sys; sys.exit(not nio.crypto.ENCRYPTION_ENABLED)"
    result = subprocess.run([_PYTHON, "-c", probe], capture_output=True, check=False)
    return "matrix-nio with libolm is not installed (python3-matrix-nio)" if result.returncode else None


class Message(dict):
    """What a peer made of an event of a room; its keys are those of describe() in peer-js.mjs."""

    @property
    def body(self):
        return self["body"]

    @property
    def index(self):
        """Of the ratchet of its Megolm session."""
        return megolm_index(self["ciphertext"])

    @property
    def is_safe(self):
        """Came encrypted, could be read, and nothing to warn of beyond an owner whom nobody has verified."""
        return self["decrypted"] and self.get("shield") in ("NONE", None)

    def __repr__(self):
        keys = ("room", "sender", "body", "encrypted", "decrypted", "failure", "shield", "shield_reason")
        return f"<{ {key: self.get(key) for key in keys} }>"


class Peer:
    """One device of one user in one process. Events are kept from the start, in order."""

    command_line = None  # of the process

    def __init__(self, person, base_url, folder):
        self.person = person
        self.base_url = base_url
        self.folder = str(folder)
        self.client = None  # the same device for matrix.py's requests, once logged in
        self.keys = {}  # ed25519 and curve25519, once started
        self.events = []
        self._ids = itertools.count(1)
        self._changed = threading.Condition()
        os.makedirs(self.folder, exist_ok=True)
        self.debug_path = os.path.join(self.folder, "stderr")
        with open(self.debug_path, "wb") as debug:
            self._process = subprocess.Popen(
                [part.format(folder=self.folder) for part in self.command_line],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=debug,
                env={**os.environ, "MX_PEER_DIR": install.peer_dir(), "PYTHONDONTWRITEBYTECODE": "1"},
                start_new_session=True,
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    # Process

    @property
    def user_id(self):
        return self.person.user_id

    @property
    def device_id(self):
        return self.client.device_id

    def _read(self):
        for raw in self._process.stdout:
            event = json.loads(raw)
            with self._changed:
                self.events.append(Message(event) if event["event"] == "message" else event)
                self._changed.notify_all()
        self._process.wait()
        with self._changed:
            self._changed.notify_all()

    def debug_tail(self, size=3000):
        with open(self.debug_path, encoding="utf-8", errors="replace") as debug:
            return debug.read()[-size:]

    def kill(self):
        self._process.kill()
        self._process.wait(10)

    def dispose(self):
        """An orderly end when it still listens, and an end at any rate."""
        if self._process.poll() is None:
            with contextlib.suppress(AssertionError):
                self.call("quit", 5)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
        self._reader.join(5)
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        self._process.stdout.close()

    # Commands and events

    def wait(self, find, timeout, what):
        """The first true value of find(events), which is asked again with each event that comes."""
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                found = find(self.events)
                if found:
                    return found
                left = end - time.monotonic()
                if not self._reader.is_alive():
                    raise PeerError(f"the peer ended with {self._process.poll()}:\n{self.debug_tail()}")
                if left <= 0:
                    told = [one for one in self.events if one["event"] != "reply"]
                    last = "\n".join(f"  {event!r}"[:400] for event in told[-15:])
                    raise AssertionError(f"{self.user_id}: waited {timeout} s in vain for {what}; the last:\n{last}")
                self._changed.wait(min(left, 0.5))

    def call(self, cmd, timeout=30, /, **fields):
        number = next(self._ids)
        try:
            self._process.stdin.write(json.dumps({"id": number, "cmd": cmd, **fields}).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise PeerError(f"the peer has ended ({self._process.poll()}):\n{self.debug_tail()}") from None

        def reply(events):
            return next((one for one in reversed(events) if one["event"] == "reply" and one["id"] == number), None)

        answer = self.wait(reply, timeout, f"the reply to {cmd}")
        if not answer["ok"]:
            raise PeerError(f"{cmd}: {answer['error']}")
        return answer["result"]

    # Being there

    def login(self):
        who = {"user": self.user_id, "password": self.person.password}
        answer = self.call("login", base_url=self.base_url, **who)
        self.client = Client(self.base_url, answer["user_id"], answer["access_token"], answer["device_id"])
        return self

    def start(self, **options):
        """Waits until its keys are known to the server and the first sync is done."""
        self.keys = self.call("start", 60, **options)
        return self

    # Rooms

    def create_room(self, *invited, **options):
        """An encrypted room with those users (of `user_id`) invited; options: encrypted, name, direct, visibility."""
        room = self.call("create_room", invite=[one.user_id for one in invited], **options)["room"]
        for one in invited:
            self.wait_member(room, one, "invite")
        return room

    def invite(self, room, who):
        self.call("invite", room=room, user=who.user_id)

    def join(self, room):
        self.call("join", room=room)

    def leave(self, room):
        self.call("leave", room=room)

    def wait_member(self, room, who, membership="join", timeout=15):
        """Until the peer knows of the membership; what it sends from then on is for them too."""

        def find(events):
            changes = [one for one in events if one["event"] == "membership"]
            theirs = [one["membership"] for one in changes if (one["room"], one["user"]) == (room, who.user_id)]
            return theirs and theirs[-1] == membership

        self.wait(find, timeout, f"{who.user_id} to be {membership} in {room}")

    # Messages

    def send(self, room, text):
        return self.call("send", room=room, text=text)["event_id"]

    def messages(self, room=None):
        """Those of a room (all without one), each as it is known now, in the order of the server's times."""
        with self._changed:
            found = [one for one in self.events if one["event"] == "message" and room in (None, one["room"])]
        latest = {one["event_id"]: one for one in found}
        return sorted(latest.values(), key=lambda one: one["time"])

    def bodies(self, room, sender=None):
        return [one.body for one in self.messages(room) if sender in (None, one["sender"])]

    def _wait_for(self, what, timeout, is_it):
        def find(events):
            return next((one for one in events if one["event"] == "message" and is_it(one)), None)

        return self.wait(find, timeout, what)

    def wait_message(self, room, text, sender=None, timeout=15):
        """The message with this text, read."""

        def is_it(one):
            return (one["room"], one.body) == (room, text) and sender in (None, one["sender"])

        return self._wait_for(f"{text!r} in {room}", timeout, is_it)

    def wait_safe(self, room, text, timeout=15):
        """The same, and that there is nothing to warn of, perhaps after a look at its sender's keys."""

        def is_it(one):
            return (one["room"], one.body) == (room, text) and one.is_safe

        return self._wait_for(f"{text!r} in {room}, safe", timeout, is_it)

    def wait_event_id(self, event_id, timeout=15, where=None):
        """What it makes of an event, read or a failure; `where` narrows it to a state it gets to."""

        def is_it(one):
            return one["event_id"] == event_id and (where is None or where(one))

        return self._wait_for(f"event {event_id}", timeout, is_it)

    def wait_unreadable(self, event_id, timeout=15):
        return self.wait_event_id(event_id, timeout, lambda one: one["failure"])

    # Verification (JsPeer)

    def verify(self, who=None, room=None, device_id=None):
        """Asks somebody in a room, or the own device or devices. Gives the number of the request."""
        user = who.user_id if who else None
        return self.call("verify", user=user, room=room, device_id=device_id)["number"]

    def wait_verification(self, timeout=20, since=0, where=None, **fields):
        """A state of a request: phase, user, device_id, room, code; with emoji and decimal once they are shown."""

        def find(events):
            found = [one for one in events[since:] if one["event"] == "verification"]
            found = [one for one in found if all(one.get(key) == value for key, value in fields.items())]
            return next((one for one in found if where is None or where(one)), None)

        return self.wait(find, timeout, f"a verification with {fields}")

    # Ratchets

    def ciphertexts(self):
        """(Olm messages to this device, Megolm messages of its rooms), as they came over the wire."""
        answer = self.call("ciphertexts")
        return answer["olm"], answer["megolm"]

    def check_no_repeats(self):
        """No ciphertext came twice, and no place of a ratchet made two of them."""
        olm, megolm = self.ciphertexts()
        places = [(one["sender_key"], *olm_place(one["type"], one["body"])) for one in olm]
        assert len(set(places)) == len(places), "a place of an Olm ratchet was used twice"
        places = [(one["sender"], one["session_id"], megolm_index(one["ciphertext"])) for one in megolm]
        assert len(set(places)) == len(places), "an index of a Megolm session was used twice"


class JsPeer(Peer):
    """matrix-js-sdk. `stop` and `start` are a restart with the same device; the end of the process loses its keys."""

    command_line = [install.node(install.peer_dir()), os.path.join(_FOLDER, "peer-js.mjs")]

    def stop(self):
        self.call("stop")

    def logout(self):
        self.call("logout")

    def edit(self, room, event_id, text):
        return self.call("edit", room=room, event_id=event_id, text=text)["event_id"]

    def send_file(self, room, path, mimetype, msgtype="m.file", **options):
        """Encrypted where the room is; options: info, thumbnail ({path, info}), content. Gives the event's ID."""
        info = {"mimetype": mimetype, "size": os.path.getsize(path), **options.pop("info", {})}
        name = options.pop("name", os.path.basename(path))
        fields = {"path": str(path), "name": name, "msgtype": msgtype, "info": info, **options}
        return self.call("send_file", 60, room=room, **fields)["event_id"]

    def wait_file(self, room, name, timeout=30):
        """The message with the file of this name, read."""

        def is_it(one):
            return (one["room"], one["content"].get("filename")) == (room, name)

        return self._wait_for(f"{name} in {room}", timeout, is_it)

    def save_file(self, message, path):
        """The file of a message, decrypted if it is encrypted."""
        self.call("save_file", 60, content=message["content"], path=str(path))

    def redact(self, room, event_id):
        self.call("redact", room=room, event_id=event_id)

    def kick(self, room, who):
        self.call("kick", room=room, user=who.user_id)

    def load_history(self, room):
        self.call("load_history", room=room)

    def encrypt_room(self, room):
        self.call("encrypt_room", room=room)

    def is_encrypted(self, room):
        return self.call("is_encrypted", room=room)["encrypted"]

    def set_history_visibility(self, room, visibility):
        self.call("set_history_visibility", room=room, visibility=visibility)

    def new_session(self, room):
        """The next message begins another Megolm session."""
        self.call("new_session", room=room)

    def to_device(self, kind=None):
        """The to-device events that came in the clear, such as m.room_key.withheld and m.room_key_request."""
        return [one for one in self.call("to_device")["events"] if kind in (None, one["type"])]

    def room_keys(self, room):
        """The IDs of the sessions of a room that it can decrypt."""
        return list(self.exported_keys(room))

    def exported_keys(self, room):
        """Session ID -> its key as it is exported, of the sessions of a room."""
        keys = self.call("room_keys")["keys"]
        return {one["session_id"]: one["session_key"] for one in keys if one["room"] == room}

    # Trust

    def isolate(self, strict):
        """MSC4153: only with devices that their owners have signed."""
        self.call("isolate", strict=strict)

    def bootstrap_cross_signing(self, reset=False):
        self.call("bootstrap_cross_signing", reset=reset)

    def cross_signing_status(self):
        return self.call("cross_signing_status")

    def devices(self, who):
        """Device ID -> what is known of it, asked anew from the server."""
        return {one["device_id"]: one for one in self.call("devices", user=who.user_id)["devices"]}

    def user_trust(self, who):
        return self.call("user_trust", user=who.user_id)

    def sign_device(self, device_id):
        """Signs another device of its own user, as after a verification."""
        self.call("sign_device", device_id=device_id)

    def verify_user(self, who):
        """Signs the identity of somebody, as after a verification."""
        self.call("verify_user", user=who.user_id)

    def accept_identity(self, who):
        """The new identity of somebody whose identity has changed."""
        self.call("accept_identity", user=who.user_id)

    def delete_device(self, device_id):
        self.call("delete_device", device_id=device_id)

    # Recovery

    def bootstrap_secret_storage(self, passphrase=None, backup=False):
        """The recovery key."""
        return self.call("bootstrap_secret_storage", 60, passphrase=passphrase, backup=backup)["recovery_key"]

    def recover(self, recovery_key=None, passphrase=None):
        """Its user's cross-signing keys out of the secret storage; signs itself with them."""
        self.call("recover", 60, recovery_key=recovery_key, passphrase=passphrase)

    def backup_on(self):
        return self.call("backup_on")["version"]

    def backup_off(self):
        self.call("backup_off")

    def restore_backup(self):
        return self.call("restore_backup", 60)


class NioPeer(Peer):
    """matrix-nio with libolm: text alone, trusts every device, and is signed by nobody."""

    command_line = [_PYTHON, os.path.join(_FOLDER, "peer-nio.py"), "{folder}"]
