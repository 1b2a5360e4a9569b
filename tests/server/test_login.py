# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Adding an account, and staying logged in."""

import glob
import os
import stat

import pytest
from faultproxy import FaultProxy
from faults import Fault
from matrix import Client
from waiting import free_port, wait_until
from webserver import Authority, WebServer, well_known


def connect_and_fail(one, fatal, reason=None):
    """Launches, and gives the sentence of the connection error."""
    driver = one.launch()
    error = driver.wait_event("connection-error", 40, username=one.username)
    assert len(error["text"]) > 20 and error["text"][-1] in ".!?"
    assert error["fatal"] is fatal, error
    if reason:
        assert error["reason"] == reason
    assert not driver.find("connected")
    return error["text"]


def test_full_matrix_id(alice, seat):
    seat(alice).open()
    assert len(alice.device_ids()) == 1


def test_bare_name_with_homeserver(alice, seat):
    one = seat(alice)
    one.username = alice.user_id[1:].split(":")[0]
    one.open()
    assert len(alice.device_ids()) == 1


def test_homeserver_with_path_and_slash(synapse, alice, seat):
    proxy = FaultProxy(synapse.port, prefix="/some/where").start()
    try:
        seat(alice, proxy.base_url + "/").open()
        assert all(one.path.startswith("/some/where/_matrix/") for one in proxy.seen)
        assert not any("//" in one.path for one in proxy.seen)
    finally:
        proxy.stop()


def listen_on_443(pages, context):
    """None while another test, in a process beside this one, has the port."""
    try:
        return WebServer(pages, 443, context)
    except PermissionError:
        pytest.skip("may not listen on port 443")
    except OSError:
        return None


@pytest.fixture
def discovery(synapse, tmp_path):
    """https://localhost/.well-known/matrix/client, which needs a port below 1024."""
    authority = Authority(tmp_path / "authority")
    context, pages = authority.context("localhost"), well_known(synapse.base_url)
    server = wait_until(lambda: listen_on_443(pages, context), 60, "port 443")
    server.ca_file = authority.ca_file
    yield server
    server.stop()


def test_well_known(alice, seat, discovery):
    seat(alice, "", ca_file=discovery.ca_file).open()
    assert "/.well-known/matrix/client" in discovery.paths
    assert len(alice.device_ids()) == 1


def test_well_known_with_a_refused_certificate(alice, seat, discovery):
    one = seat(alice, "")
    one.username = "@alice:localhost"
    text = connect_and_fail(one, fatal=True)
    assert "certificate" in text.lower()
    assert alice.device_ids() == []


def test_refused_certificate_of_the_homeserver(alice, seat, tmp_path):
    server = WebServer({}, 0, Authority(tmp_path / "ca").context("localhost"))
    text = connect_and_fail(seat(alice, server.base_url), fatal=True)
    assert "certificate" in text.lower()
    assert server.paths == []
    server.stop()


def test_wrong_password(alice, seat):
    alice.password = "not the right one"
    text = connect_and_fail(seat(alice), fatal=True, reason="AUTHENTICATION_FAILED")
    assert "password" in text.lower()
    assert alice.device_ids() == []


def test_unknown_user(person, seat):
    nobody = person("carol")
    one = seat(nobody)
    one.username = "@nobody-of-that-name:" + nobody.user_id.split(":", 1)[1]
    connect_and_fail(one, fatal=True, reason="AUTHENTICATION_FAILED")


def test_unreachable_server(alice, seat):
    address = f"http://127.0.0.1:{free_port()}"
    connect_and_fail(seat(alice, address), fatal=False, reason="NETWORK_ERROR")


def test_unknown_host(alice, seat):
    connect_and_fail(seat(alice, "https://no-such-host.invalid"), fatal=False)


def test_server_without_matrix(alice, seat):
    server = WebServer({"/": b"<html>Welcome</html>"})
    connect_and_fail(seat(alice, server.base_url), fatal=True)
    server.stop()


def test_unusable_address(alice, seat):
    connect_and_fail(seat(alice, "ftp://example.org"), fatal=True, reason="INVALID_SETTINGS")


@pytest.mark.parametrize("fault", [Fault.LIMIT_HEADER, Fault.LIMIT_BODY])
def test_rate_limited_login(alice, seat, proxy, fault):
    proxy.rules.add(fault, "/login$", "POST", count=2, seconds=0.5)
    seat(alice, proxy.base_url).open()
    assert [one.status for one in proxy.requests("POST", "/login")] == [429, 429, 200]


def test_one_device_for_ever(alice, seat, proxy):
    one = seat(alice, proxy.base_url)
    one.open()
    devices = alice.device_ids()
    assert len(devices) == 1
    for _ in range(3):
        one.reopen()
    one.driver.disconnect(one.username)
    one.driver.connect(one.username)
    one.kill()
    one.open()
    assert alice.device_ids() == devices
    assert proxy.count("POST", "/login") == 1
    assert proxy.count("POST", "/logout") == 0


def test_no_password_is_needed_with_a_token(alice, seat):
    one = seat(alice)
    one.open()
    one.driver.disconnect(one.username)
    one.quit()
    alice.password = ""
    driver = one.open()
    assert driver.find("request") == []


def test_first_login_without_a_password_asks_for_one(alice, seat):
    password, alice.password = alice.password, None
    one = seat(alice)
    driver = one.launch()
    request = driver.wait_event("request")
    driver.command("press", request=request["request"], button=request["buttons"][0], input=password)
    driver.wait_event("connected", 30)


def test_secrets_are_kept_in_one_private_file(alice, seat):
    one = seat(alice)
    one.open()
    one.quit()
    folder = os.path.join(one.user_dir, "matrix")
    files = [path for path in glob.glob(folder + "/**", recursive=True) if os.path.isfile(path)]
    assert files
    assert all(stat.S_IMODE(os.stat(path).st_mode) & 0o077 == 0 for path in files)
    with open(os.path.join(one.user_dir, "accounts.xml"), encoding="utf-8") as file:
        assert "syt_" not in file.read()


def test_log_out_revokes_the_token(alice, seat):
    one = seat(alice)
    driver = one.open()
    assert len(alice.device_ids()) == 1
    driver.command("action", username=one.username, label="Log out")
    wait_until(lambda: alice.device_ids() == [], 15, "the device to go")


def test_two_accounts_share_nothing(alice, bob, person, seat, shared_room):
    carol = person("carol")
    bob.client.invite(shared_room, carol.user_id)
    carol.client.join(shared_room)
    one = seat(alice)
    driver = one.open()
    driver.log_in(carol.user_id, carol.password, **one.options)
    for username in (one.username, carol.user_id):
        driver.command("open_chat", username=username, chat=shared_room)
        driver.wait_event("window", username=username, name=shared_room)
    bob.client.say(shared_room, "to both")
    for username in (one.username, carol.user_id):
        driver.wait_event("line", 15, 0, lambda line: line.text == "to both", username=username)
    assert len(alice.device_ids()) == len(carol.device_ids()) == 1


def test_a_changed_homeserver_never_sees_the_old_token(alice, seat, synapse, proxy):
    one = seat(alice, proxy.base_url)
    one.open()
    one.driver.disconnect(one.username)
    one.quit()
    stranger = WebServer({"/_matrix/client/versions": b'{"versions": ["v1.11"]}'})
    one.options["home_server"] = stranger.base_url
    driver = one.launch()
    driver.wait_event("connection-error", 40)
    assert stranger.paths and stranger.authorized == 0
    stranger.stop()
    assert len(alice.device_ids()) == 1


def test_a_token_ended_elsewhere(alice, seat, synapse):
    """The password is known, so the account may come back by itself; what it must not do is go on in silence."""
    one = seat(alice)
    driver = one.open()
    since = driver.position()
    path = f"/_synapse/admin/v2/users/{alice.user_id}/delete_devices"
    synapse.admin.request("POST", path, {"devices": alice.device_ids()})
    error = driver.wait_event("connection-error", 20, since)
    assert error["reason"] == "AUTHENTICATION_FAILED" and len(error["text"]) > 20


def test_account_of_the_old_plugin(alice, seat, synapse):
    old = Client(synapse.base_url).login(alice.user_id, alice.password)
    one = seat(alice, access_token=old.token, next_batch="s1_2_3", olm_account_keys="abc")
    one.open()
    wait_until(lambda: not old.is_token_alive(), 15, "the old token to be revoked")
    one.quit()
    with open(os.path.join(one.user_dir, "accounts.xml"), encoding="utf-8") as file:
        text = file.read()
    assert not any(name in text for name in ("access_token", "next_batch", "olm_account_keys"))
    assert len(alice.device_ids()) == 1


def test_user_directory_is_for_one_program(alice, seat):
    """A second program on the same directory is refused with a sentence, and the first goes on."""
    first, second = seat(alice), seat(alice)
    first.open()
    second.user_dir = first.user_dir
    driver = second.launch()
    error = driver.wait_event("connection-error", 20)
    assert len(error["text"]) > 20
    assert len(alice.device_ids()) == 1
