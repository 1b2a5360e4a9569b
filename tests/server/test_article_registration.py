# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The founding article's "registering with flows of stages", in today's form, on real homeservers."""

import email
import json
import os
import re
import socketserver
import threading
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from faultproxy import FaultProxy
from faults import Fault
from homeserver import Synapse
from newcomer import PASSWORD, name, newcomer  # noqa: F401, the fixtures
from waiting import wait_until


class _Captcha(BaseHTTPRequestHandler):
    """What Synapse asks whether a captcha was solved."""

    def do_POST(self):
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        body = json.dumps({"success": form.get("response") == ["good"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


class _MailHandler(socketserver.StreamRequestHandler):
    """As much of SMTP as Synapse speaks to a server that wants neither TLS nor a login."""

    def _reply(self, text):
        self.wfile.write(text.encode() + b"\r\n")

    def handle(self):
        self._reply("220 here")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._reply("354 go on")
                lines = iter(self.rfile.readline, b".\r\n")
                self.server.mails.append(b"".join(lines).decode())
            if verb == b"QUIT":
                self._reply("221 bye")
                return
            self._reply("250 fine")


def _serve(server):
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def _write_templates(folder):
    os.makedirs(folder / "en", exist_ok=True)
    (folder / "en" / "1.0.html").write_text("<html>Be kind.</html>")
    (folder / "en" / "success.html").write_text("<html>Thanks.</html>")
    return str(folder)


@pytest.fixture(scope="module")
def open_server(tmp_path_factory):
    """Anybody may have an account; passwords have at least eight characters."""
    settings = {
        "enable_registration": True,
        "enable_registration_without_verification": True,
        "password_config": {"policy": {"enabled": True, "minimum_length": 8}},
    }
    server = Synapse(tmp_path_factory.mktemp("open"), settings=settings).start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory):
    """[registration token, captcha, terms, dummy] in one flow."""
    captcha = _serve(ThreadingHTTPServer(("127.0.0.1", 0), _Captcha))
    folder = tmp_path_factory.mktemp("strict")
    settings = {
        "enable_registration": True,
        "registration_requires_token": True,
        "enable_registration_captcha": True,
        "recaptcha_public_key": "a",
        "recaptcha_private_key": "b",
        "recaptcha_siteverify_api": f"http://127.0.0.1:{captcha.server_address[1]}/siteverify",
        "user_consent": {
            "template_dir": _write_templates(folder / "templates"),
            "version": "1.0",
            "require_at_registration": True,
            "policy_name": "House & garden rules",
        },
    }
    server = Synapse(folder / "synapse", settings=settings).start()
    yield server
    server.stop()
    captcha.shutdown()
    captcha.server_close()


@pytest.fixture(scope="module")
def mail_server(tmp_path_factory):
    """An e-mail address is needed. `mails` are those that were sent."""
    smtp = _serve(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _MailHandler))
    smtp.mails = []
    settings = {
        "enable_registration": True,
        "registrations_require_3pid": ["email"],
        "email": {
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp.server_address[1],
            "notif_from": "Synapse <synapse@localhost>",
            "enable_tls": False,
        },
    }
    server = Synapse(tmp_path_factory.mktemp("mail"), settings=settings).start()
    server.mails = smtp.mails
    yield server
    server.stop()
    smtp.shutdown()
    smtp.server_close()


def _token(server, uses=1):
    path = "/_synapse/admin/v1/registration_tokens/new"
    return server.admin.request("POST", path, {"uses_allowed": uses})["token"]


def _solve_captcha(url):
    session = urllib.parse.parse_qs(urllib.parse.urlparse(url).query)["session"][0]
    with urllib.request.urlopen(url, timeout=10) as page:  # noqa: S310, its address is the homeserver's
        assert page.status == 200
    form = urllib.parse.urlencode({"g-recaptcha-response": "good", "session": session}).encode()
    with urllib.request.urlopen(url, form, timeout=10) as page:  # noqa: S310
        assert page.status == 200


def _mailed_link(mails, name):
    for mail in map(email.message_from_string, mails):
        if name not in mail["To"]:
            continue
        part = next(one for one in mail.walk() if one.get_content_type() == "text/plain")
        text = part.get_payload(decode=True).decode()
        return re.search(r"http://\S+submit_token\S+", text).group()
    return None


# The row of the table


def test_article_registering_with_flows_of_stages(strict_server, newcomer, name):
    one = newcomer(strict_server, name).register()
    one.answer("registration token", input="no such token")
    one.answer("not valid", input=_token(strict_server))
    page = one.driver.wait_event("uri", 20)["uri"]
    one.answer(page, "Continue")
    request = one.question("not finished yet")
    _solve_captcha(page)
    one.press(request, "Continue")
    terms = one.question("House & garden rules:\nhttp")
    one.press(terms, "OK")
    terms = one.question("Tick each box")
    link = terms["details"]["fields"][-1]["id"]
    with urllib.request.urlopen(link, timeout=10) as page:  # noqa: S310
        assert b"Be kind." in page.read()
    one.press(terms, "OK", inputs={link: "true"})
    one.wait_online()
    one.check_one_device(name)
    # The stranger of a minute ago is one who comes back.
    one.driver.disconnect(one.username)
    one.driver.connect(one.username)
    one.check_one_device(name)


@pytest.mark.parametrize("stage", ["token", "captcha", "terms"])
def test_article_registering_aborted(strict_server, newcomer, name, stage):
    token = _token(strict_server)
    one = newcomer(strict_server, name).register()
    if stage != "token":
        one.answer("registration token", input=token)
        page = one.driver.wait_event("uri", 20)["uri"]
    if stage == "terms":
        _solve_captcha(page)
        one.answer(page, "Continue")
    one.answer("", "Cancel")
    one.check_nothing_is_left(name)


# One stage


def test_dummy_alone(open_server, newcomer, name):
    one = newcomer(open_server, name).register()
    one.wait_online()
    one.check_one_device(name)


def test_taken_name_then_another(open_server, newcomer, name):
    open_server.register(name, PASSWORD)
    one = newcomer(open_server, name).register()
    one.answer("already taken", input=name + "b")
    one.wait_online(f"@{name}b:{open_server.server_name}")
    one.check_one_device(name + "b")


def test_bad_name(open_server, newcomer):
    one = newcomer(open_server, "sch\u00f6n").register()
    one.answer("The homeserver says: ", "Cancel")
    one.check_nothing_is_left("sch\u00f6n")


def test_weak_password(open_server, newcomer, name):
    one = newcomer(open_server, name, password="short").register()
    request = one.question("password")
    one.press(request, "OK", inputs={"password": PASSWORD, "again": PASSWORD})
    one.wait_online()
    one.check_one_device(name)


def test_registration_is_disabled(synapse, newcomer, name):
    one = newcomer(synapse, name).register()
    assert "does not let people create accounts" in one.complaint()
    one.check_nothing_is_left(name)


def test_email(mail_server, newcomer, name):
    one = newcomer(mail_server, name).register()
    one.answer("e-mail address", input=f"{name}@example.org")
    link = one.question(f"{name}@example.org")
    one.press(link, "Continue")
    link = one.question("not confirmed yet")
    url = wait_until(lambda: _mailed_link(mail_server.mails, name), 20, "a mail")
    with urllib.request.urlopen(url, timeout=10) as page:  # noqa: S310
        shown = page.read().decode()
    form = dict(re.findall(r'name="([^"]+)" value="([^"]*)"', shown))
    if form:  # newer Synapses ask once more
        data = urllib.parse.urlencode(form).encode()
        urllib.request.urlopen(url.split("?")[0], data, timeout=10).close()  # noqa: S310
    one.press(link, "Continue")
    one.wait_online()
    one.check_one_device(name)


# Lost answers


def test_lost_answer(open_server, newcomer, name):
    proxy = FaultProxy(open_server.port).start()
    try:
        one = newcomer(open_server, name, address=proxy.base_url)
        # The first gives the session; the answer to the second never arrives.
        proxy.rules.add(Fault.DROP_ANSWER, "/register$", "POST", count=1, skip=1)
        one.register()
        one.answer("may have been created", "Try Again")
        one.wait_online()
        one.check_one_device(name)
    finally:
        proxy.stop()


def test_lost_answer_and_given_up(open_server, newcomer, name):
    proxy = FaultProxy(open_server.port).start()
    try:
        one = newcomer(open_server, name, address=proxy.base_url)
        proxy.rules.add(Fault.DROP_ANSWER, "/register$", "POST", count=1, skip=1)
        one.register()
        one.answer("may have been created", "Cancel")
        assert "log in with the password" in one.complaint()
        one.driver.wait_event("disconnected", 20)
        one.driver.connect(one.username)
        one.check_one_device(name)
    finally:
        proxy.stop()
