# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A private screen: Xvfb, a session bus and openbox, and a keyboard to type with. All of it is ended by process ID."""

import os
import shutil
import subprocess

from waiting import end, wait_until

SCREEN = "1280x900x24"
# No service folders: nothing is started on behalf of the bus, so that nothing outlives it.
BUS_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
 <type>session</type>
 <listen>unix:path={folder}/bus</listen>
 <policy context="default">
  <allow send_destination="*" eavesdrop="true"/>
  <allow eavesdrop="true"/>
  <allow own="*"/>
 </policy>
</busconfig>
"""


def clean_environment(folder):
    """Nothing of the real user: a home of its own, plain English, no display."""
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    home = os.path.join(folder, "home")
    os.makedirs(home, exist_ok=True)
    runtime = os.path.join(folder, "run")
    os.makedirs(runtime, mode=0o700, exist_ok=True)
    return {**kept, "HOME": home, "XDG_RUNTIME_DIR": runtime, "LANG": "C.UTF-8", "NO_AT_BRIDGE": "1"}


class Desktop:
    """`folder` is for its logs; pictures go to MX_UI_SHOTS, or a folder below `folder`."""

    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.env = clean_environment(self.folder)
        self._processes = []
        self._shots = os.environ.get("MX_UI_SHOTS") or os.path.join(self.folder, "shots")
        os.makedirs(self._shots, exist_ok=True)

    def start(self):
        try:
            self._start_screen()
            self._start_bus()
            self._start("openbox", "openbox", "--sm-disable")
            wait_until(self._has_window_manager, 20, "openbox")
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self):
        for process in reversed(self._processes):
            end(process)
        self._processes.clear()

    def _start(self, log, *command, **options):
        with open(os.path.join(self.folder, log + ".log"), "ab") as output:
            process = subprocess.Popen(
                command,
                env=self.env,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **options,
            )
        self._processes.append(process)
        return process

    def _start_screen(self):
        # The server picks a free number itself and says which.
        reader, writer = os.pipe()
        command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", SCREEN, "-nolisten", "tcp", "-noreset"]
        self._start("xvfb", *command, pass_fds=[writer])
        os.close(writer)
        with os.fdopen(reader, encoding="ascii") as pipe:
            number = pipe.readline().strip()
        assert number, "Xvfb did not start"
        self.env["DISPLAY"] = f":{number}"

    def _start_bus(self):
        config = os.path.join(self.folder, "bus.conf")
        with open(config, "w", encoding="utf-8") as file:
            file.write(BUS_CONFIG.format(folder=self.folder))
        self._start("bus", "dbus-daemon", f"--config-file={config}", "--nofork")
        socket = os.path.join(self.folder, "bus")
        wait_until(lambda: os.path.exists(socket), 20, "the session bus")
        self.env["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={socket}"

    def launch(self, log, *command):
        """A program of the test's; its output is in `log`.log."""
        return self._start(log, *command)

    def run(self, *command, check=False):
        result = subprocess.run(
            command, env=self.env, capture_output=True, text=True, timeout=30, check=check
        )
        return result.stdout

    def _has_window_manager(self):
        # Only a window manager says how many desktops there are.
        return self.run("xdotool", "get_num_desktops").strip() not in ("", "0")

    # Windows

    def windows(self, title):
        """IDs of visible windows whose whole title matches the expression."""
        found = self.run("xdotool", "search", "--onlyvisible", "--name", f"^({title})$").split()
        return [int(one) for one in found]

    def titles(self):
        found = self.run("xdotool", "search", "--onlyvisible", "--name", "..").split()
        return sorted({self.run("xdotool", "getwindowname", one).strip() for one in found})

    def wait_window(self, title, timeout=15):
        try:
            return wait_until(lambda: self.windows(title), timeout, f"a window “{title}”", 0.1)[0]
        except AssertionError as error:
            self.shot("missing")
            raise AssertionError(f"{error}; there are {self.titles()}") from None

    def appears(self, title, timeout):
        """Whether a window with this title is there within `timeout` seconds."""
        try:
            return bool(wait_until(lambda: self.windows(title), timeout, title, 0.1))
        except AssertionError:
            return False

    def wait_no_window(self, title, timeout=10):
        wait_until(lambda: not self.windows(title), timeout, f"“{title}” to go", 0.1)

    def goes(self, title, timeout):
        try:
            self.wait_no_window(title, timeout)
        except AssertionError:
            return False
        return True

    def focus(self, window):
        def is_active():
            self.run("xdotool", "windowactivate", str(window))
            return self.run("xdotool", "getactivewindow").strip() == str(window)

        wait_until(is_active, 10, f"the keyboard in window {window}", 0.1)
        return window

    # Keyboard

    def enlarge(self, window):
        """For pictures that show more than a few lines."""
        self.run("xdotool", "windowsize", "--sync", str(window), "800", "820", check=True)

    def key(self, *names):
        self.run("xdotool", "key", "--clearmodifiers", "--delay", "25", *names, check=True)

    def type(self, text):
        self.run("xdotool", "type", "--clearmodifiers", "--delay", "12", "--", text, check=True)

    # Pictures

    def shot(self, name, window=None):
        """A picture of a window, or of the whole screen."""
        path = os.path.join(self._shots, name + ".png")
        target = str(window) if window else "root"
        if shutil.which("import"):
            self.run("import", "-window", target, path)
        return path
