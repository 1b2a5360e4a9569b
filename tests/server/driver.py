# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""mx-driver, the headless libpurple program, as a Python object. It speaks JSON lines; see tests/lib/driver.c."""

import contextlib
import html
import itertools
import json
import os
import re
import resource
import signal
import subprocess
import threading
import time

from waiting import wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("MX_BUILD_DIR", os.path.join(ROOT, "build"))
DRIVER = os.path.join(BUILD, "tests", "lib", "mx-driver")
PLUGIN_DIR = os.path.join(BUILD, "src", "purple")


def is_built():
    return os.access(DRIVER, os.X_OK) and os.path.exists(os.path.join(PLUGIN_DIR, "libmatrix.so"))


def to_markup(text):
    """What a libpurple client hands over for text that was typed."""
    return html.escape(text, quote=True).replace("&#x27;", "&apos;").replace("\n", "<br>")


def to_plain(markup):
    """What a reader sees of libpurple markup."""
    text = re.sub(r"<br\s*/?>", "\n", markup, flags=re.IGNORECASE)
    return html.unescape(re.sub(r"<[^>]*>", "", text))


class Line(dict):
    """One line of a conversation, as an event of the driver."""

    @property
    def text(self):
        return to_plain(self["text"])

    @property
    def is_own(self):
        return "SEND" in self["flags"]

    @property
    def is_message(self):
        return not {"SYSTEM", "ERROR"} & set(self["flags"])

    def __repr__(self):
        return f"<{self['name']} {self['who']} {'/'.join(self['flags'])}: {self.text!r}>"


class DriverEnded(AssertionError):
    """The driver's process has ended while the test still wanted something of it."""


class Driver:
    """One process of libpurple in `user_dir`. Events are kept from the start, in order."""

    _numbers = itertools.count(1)

    def __init__(self, user_dir, env=None, log_format="txt"):
        self.user_dir = str(user_dir)
        self.events = []
        self.commands = []  # as they were sent
        self._changed = threading.Condition()
        self._ids = itertools.count(1)
        self._process = self._spawn(env or {}, log_format)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def wait_ready(self):
        ready = self.wait_event("ready", timeout=20)
        assert ready["plugin"], f"the plugin was not loaded:\n{self.debug_tail()}"

    # Process

    def _spawn(self, env, log_format):
        os.makedirs(self.user_dir, exist_ok=True)
        command = [DRIVER, "--user-dir", self.user_dir, "--plugin-dir", PLUGIN_DIR]
        command += ["--log-format", log_format, "--debug"]
        environment = {**os.environ, "LANG": "C.UTF-8", "LANGUAGE": "", "TZ": "UTC", "MX_NO_KEYRING": "1", **env}
        self.debug_path = f"{self.user_dir}.{next(self._numbers)}.stderr"
        with open(self.debug_path, "wb") as debug:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=debug,
                env=environment,
                start_new_session=True,
            )

    def _read(self):
        for raw in self._process.stdout:
            event = json.loads(raw.decode("utf-8", "replace"))
            event["seen"] = time.monotonic()
            with self._changed:
                self.events.append(Line(event) if event["event"] == "line" else event)
                self._changed.notify_all()
        self._process.wait()
        with self._changed:
            self._changed.notify_all()

    @property
    def pid(self):
        return self._process.pid

    @property
    def exit_code(self):
        """None while it runs; negative for a signal."""
        return self._process.poll()

    def freeze(self):
        """The program stands still, as in a machine that sleeps."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    def fill_disk(self):
        """From now on no file can be written, as on a full disk."""
        _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (0, hard))

    def free_disk(self):
        _, hard = resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (hard, hard))

    def kill(self):
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    def wait_end(self, timeout=15):
        self._process.wait(timeout)
        self._reader.join(5)
        return self._process.returncode

    def quit(self, timeout=15):
        """An orderly end; the exit code is the proof that nothing crashed on the way out."""
        if self.exit_code is None:
            self._write({"cmd": "quit"})
        code = self.wait_end(timeout)
        assert code == 0, f"driver ended with {code}:\n{self.debug_tail()}"

    def dispose(self):
        """For clean-up: ends it whatever state it is in."""
        if self.exit_code is None:
            self.kill()
        self._reader.join(5)
        with contextlib.suppress(OSError):  # what was not read any more
            self._process.stdin.close()
        self._process.stdout.close()

    def debug_tail(self, size=3000):
        with open(self.debug_path, encoding="utf-8", errors="replace") as debug:
            return debug.read()[-size:]

    # Commands

    def _write(self, command):
        self.commands.append(command)
        try:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise DriverEnded(f"driver has ended ({self.exit_code})") from None

    def command(self, cmd, timeout=15, **fields):
        """Sends a command and returns its reply event; a refused one is an AssertionError."""
        number = next(self._ids)
        self._write({"cmd": cmd, "id": number, **fields})
        reply = self.wait_event("reply", timeout=timeout, id=number)
        assert reply["ok"], f"{cmd} refused: {reply.get('error')}"
        return reply

    # Events

    def position(self):
        with self._changed:
            return len(self.events)

    def find(self, kind, since=0, where=None, **fields):
        """The events of one kind whose fields equal those given."""
        with self._changed:
            events = self.events[since:]
        return [
            event
            for event in events
            if event["event"] == kind
            and all(event.get(key) == value for key, value in fields.items())
            and (where is None or where(event))
        ]

    def wait_event(self, kind, timeout=15, since=0, where=None, **fields):
        """The first such event, now or within `timeout` seconds."""
        end = time.monotonic() + timeout
        while True:
            found = self.find(kind, since, where, **fields)
            if found:
                return found[0]
            self._wait_for_change(end, kind, fields, timeout)

    def _wait_for_change(self, end, kind, fields, timeout):
        with self._changed:
            if not self._reader.is_alive() and self.exit_code is not None:
                raise DriverEnded(f"driver ended with {self.exit_code}:\n{self.debug_tail()}")
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(self._complaint(kind, fields, timeout))
            self._changed.wait(min(left, 0.2))

    def _complaint(self, kind, fields, timeout):
        last = "\n".join(f"  {event!r}"[:300] for event in self.events[-25:])
        return f"no event {kind} {fields} within {timeout} s; the last were:\n{last}"

    # Accounts

    def add_account(self, username, password, enable=True, **options):
        # What a window shows is new, unless a test wants otherwise.
        options = {"last_lines": 0, **options}
        fields = {"password": password, "options": options, "enable": enable}
        self.command("account", username=username, **fields)

    def log_in(self, username, password, timeout=30, **options):
        since = self.position()
        self.add_account(username, password, **options)
        return self.wait_event("connected", timeout, since, username=username)

    def connect(self, username, timeout=30):
        since = self.position()
        self.command("connect", username=username)
        return self.wait_event("connected", timeout, since, username=username)

    def disconnect(self, username):
        since = self.position()
        self.command("disconnect", username=username)
        return self.wait_event("disconnected", 15, since, username=username)

    # Conversations

    def lines(self, name=None, since=0):
        """Lines of a conversation (all without a name), in the order they were shown."""
        return self.find("line", since, lambda line: name is None or line["name"] == name)

    def texts(self, name, own=None):
        """What people said in a conversation, as read; own: True or False narrows it."""
        return [
            line.text
            for line in self.lines(name)
            if line.is_message and own in (None, line.is_own)
        ]

    def wait_line(self, text, name=None, timeout=15, since=0):
        """The first line whose text is `text`, or for a compiled expression contains it."""

        def is_it(line):
            if name is not None and line["name"] != name:
                return False
            return text.search(line.text) if isinstance(text, re.Pattern) else line.text == text

        return self.wait_event("line", timeout, since, is_it)

    # Buddy list

    def buddy_list(self):
        since = self.position()
        self._write({"cmd": "blist"})
        return self.wait_event("blist", 15, since)["nodes"]

    def node(self, name):
        """The node of a buddy (its Matrix ID) or a chat (its room ID), or None."""
        for node in self.buddy_list():
            components = node.get("components") or {}
            if name in (node.get("name"), components.get("room_id")):
                return node
        return None

    def wait_node(self, name, timeout=15, **fields):
        """The node, once it has those fields."""

        def matching():
            node = self.node(name)
            return node and all(node.get(key) == value for key, value in fields.items()) and node

        return wait_until(matching, timeout, f"buddy list node {name} with {fields}", 0.1)

    def wait_no_node(self, name, timeout=15):
        wait_until(lambda: self.node(name) is None, timeout, f"no node {name}", 0.1)
