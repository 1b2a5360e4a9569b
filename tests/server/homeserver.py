# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""One Synapse on loopback with SQLite, for tests and for dev/try. Everything is ended by the process ID it started."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import signal
import subprocess
import sys
import urllib.error

from matrix import Client, MatrixError
from waiting import free_port, wait_until

HOST = "127.0.0.1"
_CERTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib", "certs")
_NO_LIMIT = {"per_second": 10000, "burst_count": 10000}
_FLAT_LIMITS = [
    "rc_message",
    "rc_registration",
    "rc_registration_token_validity",
    "rc_admin_redaction",
    "rc_joins_per_room",
    "rc_3pid_validation",
    "rc_third_party_invite",
    "rc_media_create",
    "rc_delayed_event_mgmt",
    "rc_reports",
    "rc_room_creation",
    "rc_user_directory",
]
_NESTED_LIMITS = {
    "rc_login": ["address", "account", "failed_attempts"],
    "rc_joins": ["local", "remote"],
    "rc_invites": ["per_room", "per_user", "per_issuer"],
    "rc_presence": ["per_user"],
}


# A server that comes back is asked again within seconds, not after ten minutes.
_FEDERATION = {
    "client_timeout": "5s",
    "destination_min_retry_interval": "1s",
    "destination_retry_multiplier": 1,
    "destination_max_retry_interval": "2s",
    "max_short_retries": 1,
    "max_short_retry_delay": "1s",
    "max_long_retries": 1,
    "max_long_retry_delay": "1s",
}
_FEDERATION_LIMIT = {
    "window_size": 1000,
    "sleep_limit": 10000,
    "sleep_delay": 10,
    "reject_limit": 10000,
    "concurrent": 100,
}


def _rate_limits():
    limits = {name: _NO_LIMIT for name in _FLAT_LIMITS}
    for name, parts in _NESTED_LIMITS.items():
        limits[name] = {part: _NO_LIMIT for part in parts}
    return limits


class Synapse:
    """A homeserver in `folder`. `server_name` is "localhost:PORT" unless given; "{port}" in it becomes the port.

    A federated one has another port, with TLS and the tests' own authority, where others of its kind find it."""

    def __init__(self, folder, server_name=None, room_version="11", settings=None, federated=False, address=HOST):
        self.folder = str(folder)
        self.port = free_port(HOST)
        self.federation_port = free_port(HOST) if federated else None
        if federated:
            server_name = f"localhost:{self.federation_port}"
        self.server_name = (server_name or "localhost:{port}").format(port=self.port)
        self._address = address
        self.base_url = f"http://{f'[{address}]' if ':' in address else address}:{self.port}"
        self._resources = ["client", "consent"] if "user_consent" in (settings or {}) else ["client"]
        self._secret = secrets.token_hex(16)
        self._process = None
        self._admin = None
        os.makedirs(self.folder, exist_ok=True)
        self._write_files(room_version, settings or {})

    # Files

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _write_json(self, name, value):
        # JSON is YAML
        with open(self._path(name), "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)

    def _write_files(self, room_version, settings):
        seed = base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")
        with open(self._path("signing.key"), "w", encoding="ascii") as file:
            file.write(f"ed25519 a_test {seed}\n")
        self._write_json("log.yaml", self._log_config())
        config = {**self._config(room_version), **_rate_limits()}
        if self.federation_port:
            config.update(self._federation())
        config.update(settings)
        self._write_json("homeserver.yaml", config)

    def _log_config(self):
        handler = {
            "class": "logging.FileHandler",
            "filename": self._path("homeserver.log"),
            "formatter": "line",
        }
        line = "%(asctime)s %(name)s %(levelname)s %(request)s %(message)s"
        return {
            "version": 1,
            "formatters": {"line": {"format": line}},
            "handlers": {"file": handler},
            "root": {"level": "WARNING", "handlers": ["file"]},
            "disable_existing_loggers": False,
        }

    def _listener(self):
        return {
            "port": self.port,
            "type": "http",
            "tls": False,
            "x_forwarded": False,
            "bind_addresses": [self._address],
            "resources": [{"names": self._resources, "compress": False}],
        }

    def _federation(self):
        tls = {
            "port": self.federation_port,
            "type": "http",
            "tls": True,
            "bind_addresses": [HOST],
            "resources": [{"names": ["federation"], "compress": False}],
        }
        certificate = os.path.join(_CERTS, "good.pem")  # with its key
        return {
            "listeners": [self._listener(), tls],
            "tls_certificate_path": certificate,
            "tls_private_key_path": certificate,
            "federation_custom_ca_list": [os.path.join(_CERTS, "ca.pem")],
            "ip_range_whitelist": ["127.0.0.0/8", "::1/128"],
            "allow_public_rooms_over_federation": True,
            "federation": _FEDERATION,
            "rc_federation": _FEDERATION_LIMIT,
        }

    def _config(self, room_version):
        return {
            "server_name": self.server_name,
            "public_baseurl": self.base_url + "/",
            "pid_file": self._path("homeserver.pid"),
            "listeners": [self._listener()],
            "database": {"name": "sqlite3", "args": {"database": self._path("homeserver.db")}},
            "media_store_path": self._path("media"),
            "signing_key_path": self._path("signing.key"),
            "log_config": self._path("log.yaml"),
            "report_stats": False,
            "registration_shared_secret": self._secret,
            "macaroon_secret_key": self._secret,
            "form_secret": self._secret,
            "trusted_key_servers": [],
            "bcrypt_rounds": 4,
            "default_room_version": room_version,
            "url_preview_enabled": False,
            "presence": {"enabled": True},
            "caches": {"sync_response_cache_duration": "0s"},
            "user_directory": {"enabled": True, "search_all_users": True},
            "allow_public_rooms_without_auth": True,
            "room_list_publication_rules": [{"action": "allow"}],
            "alias_creation_rules": [{"action": "allow"}],
        }

    # Process

    def start(self):
        self.spawn()
        return self.wait_up()

    def spawn(self):
        """Starts it without waiting, so that several can start together; see wait_up()."""
        command = [sys.executable, "-m", "synapse.app.homeserver", "-c", self._path("homeserver.yaml")]
        with open(self._path("output.log"), "ab") as output:
            # A session of its own: an interrupt typed at the terminal reaches only us, and we stop it.
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_up(self):
        wait_until(self._is_up, 60, "Synapse to answer", 0.1)
        return self

    @property
    def is_running(self):
        return self._process is not None and self._process.poll() is None

    def _is_up(self):
        if self._process.poll() is not None:
            with open(self._path("output.log"), encoding="utf-8", errors="replace") as output:
                raise AssertionError("Synapse has ended:\n" + output.read()[-3000:])
        try:
            Client(self.base_url).request("GET", "/_matrix/client/versions", timeout=2)
        except (OSError, MatrixError, urllib.error.URLError):
            return False
        return True

    @property
    def pid(self):
        return self._process.pid

    def stop(self):
        """An orderly end, as of a server that is being updated."""
        if self.is_running:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            try:
                self._process.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self):
        if self.is_running:
            self._process.kill()
            self._process.wait(15)

    def restart(self):
        self.stop()
        return self.start()

    def freeze(self):
        """Hung: connections stay open, and nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)

    # People

    def register(self, name, password, admin=False):
        """A new user, logged in as a Client."""
        client = Client(self.base_url)
        nonce = client.request("GET", "/_synapse/admin/v1/register")["nonce"]
        parts = [nonce, name, password, "admin" if admin else "notadmin"]
        digest = hmac.new(self._secret.encode(), "\0".join(parts).encode(), hashlib.sha1)
        body = {
            "nonce": nonce,
            "username": name,
            "password": password,
            "admin": admin,
            "mac": digest.hexdigest(),
        }
        answer = client.request("POST", "/_synapse/admin/v1/register", body)
        client.user_id = answer["user_id"]
        client.token = answer["access_token"]
        client.device_id = answer["device_id"]
        return client

    @property
    def admin(self):
        if not self._admin:
            self._admin = self.register("admin" + secrets.token_hex(3), secrets.token_hex(8), True)
        return self._admin


class Federation:
    """Homeservers that know each other. Any of them can be killed and started again, and keeps its data."""

    def __init__(self, folder):
        self._folder = str(folder)
        self._servers = []

    def take(self, count):
        """The first `count` of them, running; those that are not there yet, or have ended, are started."""
        while len(self._servers) < count:
            folder = os.path.join(self._folder, f"server{len(self._servers)}")
            self._servers.append(Synapse(folder, federated=True))
        servers = self._servers[:count]
        down = [one for one in servers if not one.is_running]
        for one in down:
            one.spawn()
        for one in down:
            one.wait_up()
        return servers

    def stop(self):
        for one in self._servers:
            one.stop()
