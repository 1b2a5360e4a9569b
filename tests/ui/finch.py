# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real Finch in a terminal of its own: keys go in through tmux, and what the screen shows comes out."""

import os
import re
import shutil
import subprocess

from desktop import clean_environment
from waiting import wait_until

COLUMNS, ROWS = "140", "45"
_STOCK = re.compile(
    r"Source ID \d+ was not found"
    r"|purple_account_get_protocol_id: assertion|purple_plugins_find_with_id: assertion"
    r"|g_hash_table_remove_internal: assertion"
    r"|invalid cast from 'GntBox' to 'GntWindow'"  # its windows of search results
)
_COMPLAINT = re.compile(r"^\([\d:]+\) (GLib\S*|g_log|libsoup\S*|pidgin-matrix|[Jj]son\S*): |CRITICAL|-WARNING")
_FOCUSED = re.compile(r"\x1b\[44m([^\x1b]*)")


class Finch:
    """`folder` is Finch's configuration, kept over restarts."""

    def __init__(self, folder, plugin, columns=COLUMNS, rows=ROWS):
        self.folder = str(folder)
        self._size = ["-x", columns, "-y", rows]
        self._env = {**clean_environment(self.folder), "TERM": "screen-256color"}
        self._socket = os.path.join(self.folder, "tmux")
        self._runs = 0
        self._is_up = False
        os.makedirs(os.path.join(self.folder, "plugins"), exist_ok=True)
        shutil.copy(plugin, os.path.join(self.folder, "plugins"))

    # Process

    def _tmux(self, *arguments):
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", *arguments]
        result = subprocess.run(command, env=self._env, capture_output=True, text=True, timeout=20, check=False)
        return result.stdout

    @property
    def _log_path(self):
        return os.path.join(self.folder, f"debug-{self._runs}.log")

    def start(self):
        self._runs += 1
        # The terminal stays after Finch's end, so that its last words and exit code can be read.
        command = f"finch -c '{self.folder}' -d 2>'{self._log_path}'; code=$?; echo; echo EXIT $code; sleep 600"
        self._tmux("new-session", "-d", "-s", "f", *self._size, command)
        self._is_up = True
        self.wait_screen("Buddy List", 20)
        return self

    def quit(self):
        """As the user does it; the exit code."""
        self.keys("M-q")
        self.wait_screen(r"EXIT \d+", 15)
        code = int(re.search(r"EXIT (\d+)", self.screen()).group(1))
        self.stop()
        return code

    def stop(self):
        """Ends this terminal's own server, and with it what runs in the terminal."""
        if self._is_up:
            self._tmux("kill-server")
            self._is_up = False

    def complaints(self):
        """Warnings of GLib and ourselves that Finch would not have without this plugin."""
        with open(self._log_path, encoding="utf-8", errors="replace") as file:
            return [one for one in file.read().splitlines() if _COMPLAINT.search(one) and not _STOCK.search(one)]

    # Screen

    def screen(self):
        return self._tmux("capture-pane", "-p", "-t", "f")

    def save_screen(self, name):
        """What is on the screen, for people to look at."""
        shots = os.environ.get("MX_UI_SHOTS") or os.path.join(self.folder, "shots")
        os.makedirs(shots, exist_ok=True)
        with open(os.path.join(shots, f"{name}.txt"), "w", encoding="utf-8") as file:
            file.write(self.screen())

    def shows(self, text):
        """Whether the screen has this text, however it is broken into lines."""
        rows = [re.sub(r"[│▒↑↓]", " ", row) for row in self.screen().splitlines()]
        return re.sub(r"\s+", "", text) in re.sub(r"\s+", "", "".join(rows))

    def count(self, text):
        rows = [re.sub(r"[│▒↑↓]", " ", row) for row in self.screen().splitlines()]
        return re.sub(r"\s+", "", "".join(rows)).count(re.sub(r"\s+", "", text))

    def wait_screen(self, pattern, timeout=10):
        try:
            return wait_until(lambda: re.search(pattern, self.screen()), timeout, f"“{pattern}”", 0.1)
        except AssertionError as error:
            raise AssertionError(f"{error} on the screen:\n{self.screen()}") from None

    def wait_text(self, text, timeout=10):
        try:
            wait_until(lambda: self.shows(text), timeout, f"“{text}”", 0.1)
        except AssertionError as error:
            raise AssertionError(f"{error} on the screen:\n{self.screen()}") from None

    def focused(self):
        """The title of the window that has the keyboard."""
        match = _FOCUSED.search(self._tmux("capture-pane", "-p", "-e", "-t", "f"))
        return match.group(1) if match else ""

    def windows(self):
        """The bar at the bottom, which has a place for each window."""
        rows = [row for row in self.screen().splitlines() if row.strip()]
        return [one.strip() for one in rows[-1].split("│")] if rows else []

    def show(self, title):
        """Brings the window whose title begins so to the front."""
        for _ in range(len(self.windows()) + 2):
            if self.focused().startswith(title):
                return
            before = self.focused()
            self.keys("M-n")
            self._wait_change(before)
        raise AssertionError(f"no window “{title}”:\n{self.screen()}")

    def show_dialog(self, text):
        """Brings a window without a title, such as an error, to the front: the one with this text in a row."""
        wait_until(lambda: "<gnt>" in self.windows(), 15, "a dialog", 0.1)
        for _ in range(len(self.windows()) + 2):
            if self.appears(text, 1):
                return
            self.keys("M-n")
        raise AssertionError(f"no dialog “{text}”:\n{self.screen()}")

    def appears(self, text, timeout):
        try:
            return bool(wait_until(lambda: text in self.screen(), timeout, text, 0.1))
        except AssertionError:
            return False

    def _wait_change(self, before):
        try:
            wait_until(lambda: self.focused() != before, 2, "another window", 0.05)
        except AssertionError:
            pass

    # Keyboard

    def keys(self, *names):
        for name in names:
            self._tmux("send-keys", "-t", "f", name)

    def type(self, text):
        self._tmux("send-keys", "-t", "f", "-l", "--", text)

    def _choose_matrix(self):
        # The letters search in the list that the first of them opens.
        self.type("M")
        self.wait_screen(r"│Matrix +▒?")
        self.type("a")
        self.keys("Enter")
        self.wait_screen(r"Protocol: *│Matrix")

    def add_account(self, user_id, password, home_server, shot=None, create=False):
        """Through the editor, which a fresh Finch opens by itself; create: ticks "Create this account"."""
        self.wait_screen("New Account")
        self.show("New Account")
        self._choose_matrix()
        self.keys("Tab")
        self.type(user_id)
        self.keys("Tab")
        self.type(password)
        self.keys("Tab", "Tab", "Tab")
        if create:
            self.keys("Space")
        self.keys("Tab")
        self.type(home_server)
        # The entry is narrower than an address and shows its end.
        self.wait_screen(re.escape(home_server[-12:]))
        if shot:
            self.save_screen(shot)
        self.keys(*["Tab"] * 16, "Enter")
        # A refused login has taken the tick away again.
        self.wait_screen(r"\[[X ]\] " + re.escape(user_id))

    def open_from_list(self, name):
        """Searches the buddy list and presses Enter on what is found."""
        self.show("Buddy List")
        self.type("/")
        self.type(name)
        self.wait_screen(r"~ " + re.escape(name) + r"|◯ " + re.escape(name))
        self.keys("Enter", "Enter")
        wait_until(lambda: self.focused().startswith(name + " ("), 10, f"the window of {name}", 0.1)

    def say(self, text):
        """Into the window in front."""
        self.type(text)
        self.keys("Enter")
