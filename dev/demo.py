# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""dev/try's second half: a homeserver on loopback, alice and bob, and a chat program for alice."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from xml.sax.saxutils import escape

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "server"))
sys.dont_write_bytecode = True

from driver import PLUGIN_DIR  # noqa: E402
from homeserver import Synapse  # noqa: E402
from matrix import create_direct, create_shared_room  # noqa: E402
from seat import Person, Seat  # noqa: E402

PASSWORD = "wonderland"
UI_NAMES = {"pidgin": "gtk-gaim", "finch": "gnt-purple"}
ANSWERS = {
    "hello": "Hello alice! How do you like Matrix?",
    "how are you": "Fine, thank you. It is nice and quiet on this server.",
    "bye": "See you!",
}


class Bob(threading.Thread):
    """Answers whatever anybody writes, until stopped."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self._client = client
        self._stop = threading.Event()
        client.sync()

    def run(self):
        while not self._stop.is_set():
            try:
                self._handle(self._client.sync(2000))
            except OSError:
                self._stop.wait(1)

    def stop(self):
        self._stop.set()

    def _handle(self, answer):
        rooms = answer.get("rooms", {})
        for room_id in rooms.get("invite", {}):
            self._client.join(room_id)
        for room_id, room in rooms.get("join", {}).items():
            for event in room["timeline"]["events"]:
                self._answer(room_id, event)

    def _answer(self, room_id, event):
        body = event["content"].get("body")
        if event["sender"] == self._client.user_id or event["type"] != "m.room.message" or not body:
            return
        known = (reply for word, reply in ANSWERS.items() if word in body.lower())
        self._client.say(room_id, next(known, f"You said: {body}"))


def set_up(server):
    """alice, bob, a room, a direct chat, and something to read."""
    alice = Person("alice", PASSWORD, server.register("alice", PASSWORD))
    bob = Person("bob", PASSWORD, server.register("bob", PASSWORD))
    alice.client.set_display_name("Alice")
    bob.client.set_display_name("Bob")
    room = create_shared_room(bob.client, alice.client, name="Tea party", preset="private_chat")
    direct = create_direct(bob.client, alice.client)
    bob.client.say(room, "Have some tea.")
    alice.client.say(room, "Thank you!")
    bob.client.say(direct, "Hello alice, write me something.")
    return alice, bob, room


ACCOUNTS = """<?xml version='1.0' encoding='UTF-8' ?>
<account version='1.0'>
 <account>
  <protocol>prpl-matrix</protocol>
  <name>{name}</name>
  <password>{password}</password>
  <statuses>
   <status type='available' name='Available' active='true'><attributes/></status>
  </statuses>
  <settings>
   <setting name='home_server' type='string'>{home_server}</setting>
  </settings>
  <settings ui='{ui}'>
   <setting name='auto-login' type='bool'>1</setting>
  </settings>
 </account>
</account>
"""


def write_config(folder, alice, server, ui_name):
    """A fresh libpurple folder with the plugin and alice's account."""
    plugins = os.path.join(folder, "plugins")
    os.makedirs(plugins)
    shutil.copy(os.path.join(PLUGIN_DIR, "libmatrix.so"), plugins)
    text = ACCOUNTS.format(
        name=escape(alice.user_id),
        password=escape(alice.password),
        home_server=escape(server.base_url),
        ui=ui_name,
    )
    path = os.path.join(folder, "accounts.xml")
    with open(path, "w", encoding="utf-8") as file:
        os.chmod(path, 0o600)
        file.write(text)


def run_client(client, folder):
    """Pidgin or Finch in the foreground; its exit code."""
    commands = {
        "pidgin": ["pidgin", f"--config={folder}", "--multiple"],
        "finch": ["finch", "-c", folder],
    }
    # What it prints would spoil Finch's screen.
    with open(os.path.join(folder, "stderr.log"), "wb") as log:
        process = subprocess.Popen(commands[client], stderr=log)
        try:
            return process.wait()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(10)


def open_client(client, folder, server, alice):
    config = os.path.join(folder, "purple")
    write_config(config, alice, server, UI_NAMES[client])
    print(f"Homeserver {server.base_url}, accounts alice and bob, password {PASSWORD}")
    print(f"Opening {client} as {alice.user_id}; bob answers. Quit it to end everything.", flush=True)
    return run_client(client, config)


def show(line):
    when = time.strftime("%H:%M:%S", time.localtime(line["time"]))
    who = (line["alias"] or line["who"] or "*").split(":")[0]
    print(f"({when}) {who}: {line.text}", flush=True)


def talk_headless(folder, server, alice, bob, room):
    """The conversation as a client would show it; 0 when bob has answered in both places."""
    one = Seat(alice, server.base_url, os.path.join(folder, "purple"))
    try:
        driver = one.open()
        names = [node["alias"] or node["name"] for node in driver.buddy_list()]
        print(f"Connected as {alice.user_id}. Buddy list: {', '.join(sorted(names))}")
        one.open_chat(room)
        driver.wait_event("window", name=room)
        one.say_to(bob.user_id, "Hello Bob")
        driver.wait_line("Hello alice! How do you like Matrix?", bob.user_id, 30)
        one.say(room, "More tea & <cake>, please")
        driver.wait_line("You said: More tea & <cake>, please", room, 30)
        for title, name in (("Bob", bob.user_id), ("Tea party", room)):
            print(f"\n--- {title}")
            for line in driver.lines(name):
                show(line)
        one.quit()
    finally:
        one.dispose()
    print("\nBob has answered.")
    return 0


def run(client, folder):
    print("Starting the homeserver ...", flush=True)
    server = Synapse(os.path.join(folder, "synapse"))
    try:
        server.start()
        alice, bob, room = set_up(server)
        peer = Bob(bob.client)
        peer.start()
        if client == "headless":
            return talk_headless(folder, server, alice, bob, room)
        return open_client(client, folder, server, alice)
    finally:
        server.stop()


def on_signal(_number, _frame):
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGHUP, on_signal)
    folder = tempfile.mkdtemp(prefix="pidgin-matrix-try-")
    try:
        return run(sys.argv[1], folder)
    except KeyboardInterrupt:
        return 130
    except AssertionError as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
