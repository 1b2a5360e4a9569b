# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Somebody who creates an account with libpurple: a class, and two fixtures that tests import."""

import itertools
import os

import pytest
from driver import Driver
from matrix import Client, MatrixError

PASSWORD = "pass word é%&"
_names = itertools.count(1)


class Newcomer:
    """A libpurple with an account of which the homeserver knows nothing yet."""

    def __init__(self, server, folder, username, home_server, password, options):
        self.server = server
        self.folder = folder
        self.username = username
        self.driver = Driver(folder)
        self.driver.wait_ready()
        if home_server is not None:
            options = {"home_server": home_server, **options}
        self.driver.add_account(username, password, enable=False, **options)
        self._seen = 0

    def register(self):
        self._seen = self.driver.position()
        self.driver.command("register", username=self.username)
        return self

    def question(self, text):
        """The next dialog, which must contain the text."""
        request = self.driver.wait_event("request", 20, self._seen)
        self._seen = self.driver.events.index(request) + 1
        shown = f"{request['primary']}\n{request.get('secondary')}"
        assert text in shown, shown
        return request

    def press(self, request, button, **fields):
        self.driver.command("press", request=request["request"], button=button, **fields)

    def answer(self, text, button="OK", **fields):
        """Answers the next dialog, which must contain the text."""
        self.press(self.question(text), button, **fields)

    def complaint(self):
        notice = self.driver.wait_event("notify", 20, self._seen)
        return f"{notice['primary']}\n{notice.get('secondary')}"

    def wait_online(self, username=None):
        self.driver.wait_event("connected", 30, username=username or self.username)

    def dispose(self):
        self.driver.dispose()
        with open(self.driver.debug_path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        assert "syt_" not in text and PASSWORD not in text

    # What came of it

    def log_in(self, localpart, password=PASSWORD):
        """As another client, which looks whether the account exists."""
        client = Client(self.server.base_url)
        client.login(localpart, password)
        return client

    def check_one_device(self, localpart):
        client = self.log_in(localpart)
        assert len([one for one in client.devices() if one != client.device_id]) == 1
        client.post("/logout")

    def check_nothing_is_left(self, localpart):
        self.driver.wait_event("disconnected", 20)
        with pytest.raises(MatrixError):
            self.log_in(localpart)
        assert not os.path.exists(os.path.join(self.folder, "matrix"))
        status = self.driver.command("status", username=self.username)
        assert not status["enabled"] and not status["connecting"]


@pytest.fixture
def newcomer(tmp_path):
    made = []

    def make(server, localpart, username=None, password=PASSWORD, address="", **options):
        username = username or f"@{localpart}:{server.server_name}"
        home_server = server.base_url if address == "" else address
        folder = str(tmp_path / f"purple{len(made)}")
        made.append(Newcomer(server, folder, username, home_server, password, options))
        return made[-1]

    yield make
    for one in made:
        one.dispose()


@pytest.fixture
def name():
    return f"newcomer{next(_names)}"
