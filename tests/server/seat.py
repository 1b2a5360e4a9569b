# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A person of a test, and the seat at which they use libpurple."""

from dataclasses import dataclass

from driver import Driver, to_markup
from matrix import Client
from record import logged_tokens, read_log
from told import find_told, secrets_of
from waiting import wait_until


@dataclass
class Person:
    name: str
    password: str | None
    client: Client  # another device of theirs, driven by the test

    @property
    def user_id(self):
        return self.client.user_id

    def device_ids(self):
        """Their devices but the test's own."""
        return [one for one in self.client.devices() if one != self.client.device_id]

    def wait_body(self, room_id, text, timeout=15):
        """Waits until the room, as they see it, has a message with this text; gives the event."""

        def find():
            events = self.client.timeline(room_id)
            return next((one for one in events if one["content"].get("body") == text), None)

        return wait_until(find, timeout, f"{text!r} in {room_id}", 0.2)


class Seat:
    """One libpurple user directory with one account, over as many processes as a test wants."""

    def __init__(self, person, base_url, user_dir, **options):
        self.person = person
        self.user_dir = user_dir
        self.options = {"home_server": base_url, **options}
        self.username = person.user_id
        self.driver = None
        self.drivers = []  # of all programs so far

    def launch(self, env=None, log_format="txt"):
        """Starts the program without waiting for the connection."""
        self.driver = Driver(self.user_dir, env, log_format)
        self.drivers.append(self.driver)
        self.driver.wait_ready()
        self.driver.add_account(self.username, self.person.password, **self.options)
        return self.driver

    def open(self, env=None, timeout=30):
        """Starts the program and waits until the account is connected."""
        self.launch(env)
        self.driver.wait_event("connected", timeout, username=self.username)
        return self.driver

    def quit(self):
        self.driver.quit()
        self.driver.dispose()

    def kill(self):
        self.driver.kill()
        self.driver.dispose()

    def reopen(self, env=None):
        self.quit()
        return self.open(env)

    def dispose(self):
        if self.driver:
            self.driver.dispose()

    def check_no_secret_is_told(self):
        """A7, for every test: the debug text of all its programs, which have ended."""
        told = find_told([self], secrets_of(self))
        assert not told, f"in the debug text: {told}"

    # Talking

    def say(self, room_id, text):
        self.driver.command("send_chat", username=self.username, chat=room_id, text=to_markup(text))

    def say_to(self, user_id, text):
        self.driver.command("send_im", username=self.username, who=user_id, text=to_markup(text))

    def open_chat(self, room_id):
        since = self.driver.position()
        self.driver.command("open_chat", username=self.username, chat=room_id)
        return since

    def open_im(self, user_id):
        since = self.driver.position()
        self.driver.command("open_im", username=self.username, who=user_id)
        return since

    def run(self, name, text):
        """A slash command typed into a window."""
        since = self.driver.position()
        self.driver.command("command", username=self.username, name=name, text=text)
        return since

    # Records

    def log(self, name):
        return read_log(self.user_dir, name)

    def logged(self, name, token):
        return logged_tokens(self.user_dir, name, token)
