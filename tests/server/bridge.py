# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A bridge between a homeserver and IRC: heisenbridge, as an application service of a Synapse of its own."""

import importlib.util
import json
import os
import secrets
import socket
import subprocess
import sys

from homeserver import HOST, Synapse
from waiting import end, free_port, wait_until

BOT = "heisenbridge"
PUPPETS = "irc_"


def is_missing():
    return importlib.util.find_spec("heisenbridge") is None


class Bridge:
    """`synapse` is there as soon as the bridge is made, and knows it; start() needs both."""

    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.port = free_port(HOST)
        self._registration = os.path.join(self.folder, "registration.yaml")
        with open(self._registration, "w", encoding="utf-8") as file:
            json.dump(self._registered(), file)  # JSON is YAML
        settings = {"app_service_config_files": [self._registration]}
        self.synapse = Synapse(os.path.join(self.folder, "synapse"), settings=settings)
        self.bot = f"@{BOT}:{self.synapse.server_name}"
        self._process = None

    def _registered(self):
        return {
            "id": BOT,
            "url": f"http://{HOST}:{self.port}",
            "as_token": secrets.token_hex(16),
            "hs_token": secrets.token_hex(16),
            "sender_localpart": BOT,
            "rate_limited": False,
            "namespaces": {
                "users": [{"regex": f"@{PUPPETS}.*", "exclusive": True}],
                "aliases": [],
                "rooms": [],
            },
        }

    def start(self):
        self.synapse.start()
        command = [sys.executable, "-m", "heisenbridge", "-c", self._registration]
        command += ["-l", HOST, "-p", str(self.port), self.synapse.base_url]
        with open(os.path.join(self.folder, "output.log"), "ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(self._is_up, 30, "the bridge to listen", 0.1)
        return self

    def _is_up(self):
        assert self._process.poll() is None, f"the bridge has ended, see {self.folder}/output.log"
        with open(os.path.join(self.folder, "output.log"), encoding="utf-8") as output:
            if "bridge is now running" not in output.read():
                return False
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

    def stop(self):
        if self._process:
            end(self._process)
        self.synapse.stop()
