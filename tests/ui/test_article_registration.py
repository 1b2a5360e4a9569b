# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The founding article's "registering with flows of stages": "Create this new account on the server", by hand."""

import pytest
from conftest import PASSWORD
from finch import Finch
from homeserver import Synapse
from matrix import Client, MatrixError
from pidgin import Pidgin
from waiting import free_port, wait_until


@pytest.fixture(scope="module")
def registrar(tmp_path_factory):
    """A homeserver that asks for a token, and for agreement to its terms."""
    folder = tmp_path_factory.mktemp("registrar")
    pages = folder / "templates" / "en"
    pages.mkdir(parents=True)
    for page in ("1.0.html", "success.html"):
        (pages / page).write_text("<html>Be kind.</html>")
    settings = {
        "enable_registration": True,
        "registration_requires_token": True,
        "user_consent": {
            "template_dir": str(folder / "templates"),
            "version": "1.0",
            "require_at_registration": True,
            "policy_name": "House & garden rules",
        },
    }
    server = Synapse(folder / "synapse", settings=settings).start()
    server.register("taken", PASSWORD)
    yield server
    server.stop()


def make_token(server):
    path = "/_synapse/admin/v1/registration_tokens/new"
    return server.admin.request("POST", path, {"uses_allowed": 1})["token"]


def check_account(server, name):
    """It exists, with the one device of the program under test."""
    client = Client(server.base_url)

    def log_in():
        try:
            client.login(name, PASSWORD)
        except MatrixError:
            return False
        return True

    def devices():
        return [one for one in client.devices() if one != client.device_id]

    wait_until(log_in, 20, f"the account {name}")
    wait_until(devices, 20, "the program's device")
    assert len(devices()) == 1


class Dialogs:
    """Pidgin's questions, one after the other: all have the same title."""

    def __init__(self, desktop):
        self._desktop = desktop
        self._seen = set()

    def next(self, shot):
        def find():
            return next((one for one in self._desktop.windows("Matrix") if one not in self._seen), None)

        window = wait_until(find, 15, "the next question")
        self._seen.add(window)
        self._desktop.focus(window)
        self._desktop.shot(shot, window)


def test_article_registering_in_pidgin(second_desktop, registrar, plugin, tmp_path):
    desktop = second_desktop
    dialogs = Dialogs(desktop)
    program = Pidgin(desktop, tmp_path / "pidgin", plugin).start()
    try:
        typed = f"@taken:{registrar.server_name}"
        program.add_account(typed, PASSWORD, registrar.base_url, create=True)
        dialogs.next("register-name")
        desktop.key("ctrl+a")
        desktop.type("newpidgin")
        desktop.key("Return")
        dialogs.next("register-token")
        desktop.type(make_token(registrar))
        desktop.key("Return")
        dialogs.next("register-terms")
        desktop.key("Tab", "space", "Return")
        program.wait_connected()
        check_account(registrar, "newpidgin")
        name = program.ask("PurpleAccountGetUsername", program.account())
        assert name == f"@newpidgin:{registrar.server_name}"
        assert program.complaints() == []
    finally:
        program.stop()


def find_question(program, text, shot):
    wait_until(lambda: program.appears(text, 1) or program.keys("M-n"), 20, text)
    program.save_screen(shot)


def test_article_registering_in_finch(registrar, plugin, tmp_path):
    program = Finch(tmp_path / "finch", plugin).start()
    try:
        typed = f"@taken:{registrar.server_name}"
        program.add_account(typed, PASSWORD, registrar.base_url, create=True)
        find_question(program, "Choose another name", "finch-register-name")
        program.keys(*["BSpace"] * len("taken"))
        program.type("newfinch")
        program.keys("Tab", "Enter")
        find_question(program, "asks for a registration token", "finch-register-token")
        program.type(make_token(registrar))
        program.keys("Tab", "Enter")
        find_question(program, "Read these pages first", "finch-register-terms")
        program.keys("Tab", "Space", "Tab", "Enter")
        check_account(registrar, "newfinch")
        assert program.complaints() == []
    finally:
        program.stop()


def test_article_registering_given_up_in_pidgin(second_desktop, plugin, registrar, tmp_path):
    """By closing the window: the account is there, and not connecting any more."""
    desktop = second_desktop
    program = Pidgin(desktop, tmp_path / "pidgin", plugin).start()
    try:
        program.add_account(f"@late:{registrar.server_name}", PASSWORD, f"http://127.0.0.1:{free_port()}", create=True)
        desktop.focus(desktop.wait_window("Matrix"))
        desktop.key("alt+F4")
        wait_until(lambda: not program.ask("PurpleAccountIsConnecting", program.account()), 10, "the end")
        assert program.account() and not desktop.windows("Matrix")
        assert program.complaints() == []
    finally:
        program.stop()


def test_article_registering_given_up_in_finch(registrar, plugin, tmp_path):
    program = Finch(tmp_path / "finch", plugin).start()
    try:
        program.add_account(f"@late:{registrar.server_name}", PASSWORD, f"http://127.0.0.1:{free_port()}", create=True)
        find_question(program, "is not created yet", "finch-register-again")
        program.keys("M-c")
        program.wait_text("Disconnecting account @late")  # in its debug window
        assert program.complaints() == []
    finally:
        program.stop()
