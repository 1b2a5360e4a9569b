# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Two other networks on loopback, each with a server of its own and somebody to talk with: prosody and ngircd."""

import base64
import os
import re
import shutil
import socket
import subprocess
import threading
import xml.etree.ElementTree as ET
from html import escape

from waiting import end, free_port, wait_until

HOST = "127.0.0.1"
XMPP_DOMAIN = "localhost"
# Not in everybody's PATH
NGIRCD = "/usr/sbin/ngircd"
_STREAM = (
    f"<?xml version='1.0'?><stream:stream to='{XMPP_DOMAIN}' version='1.0' xmlns='jabber:client'"
    " xmlns:stream='http://etherx.jabber.org/streams'>"
)
_PROSODY = """
run_as_root = true
data_path = "{folder}/data"
pidfile = "{folder}/prosody.pid"
log = {{ info = "{folder}/prosody-info.log" }}
interfaces = {{ "{host}" }}
c2s_ports = {{ {port} }}
s2s_ports = {{ }}
modules_enabled = {{ "roster", "saslauth", "disco", "presence", "message", "iq", "ping" }}
modules_disabled = {{ "s2s", "tls", "offline" }}
c2s_require_encryption = false
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "internal"
VirtualHost "{domain}"
"""
_NGIRCD = """[Global]
Name = irc.example.net
Info = Tests
Listen = {host}
Ports = {port}
MotdPhrase = Hello
{user}
[Limits]
MaxConnectionsIP = 0
[Options]
DNS = no
Ident = no
PAM = no
"""


def missing_servers():
    return [name for name in ("prosody", NGIRCD) if not shutil.which(name)]


class Server:
    """A server in a folder of its own, on a free port, ended by its process ID."""

    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.port = free_port(HOST)
        self._process = None

    def command(self):
        raise NotImplementedError

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def start(self):
        with open(os.path.join(self.folder, "output.log"), "ab") as output:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until(self._is_up, 20, f"{type(self).__name__} to listen", 0.1)
        return self

    def _is_up(self):
        assert self._process.poll() is None, f"{type(self).__name__} has ended, see {self.folder}/output.log"
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0

    def stop(self):
        if self._process:
            end(self._process)


class Prosody(Server):
    """`people`: name -> password. All of them are in each other's rosters."""

    def __init__(self, folder, people):
        super().__init__(folder)
        self._people = people

    def command(self):
        for name, password in self._people.items():
            self.write(f"data/{XMPP_DOMAIN}/accounts/{name}.dat", f'return {{ ["password"] = "{password}"; }};\n')
            items = "".join(
                f'["{other}@{XMPP_DOMAIN}"] = {{ subscription = "both"; name = "{other.capitalize()}";'
                ' groups = { ["XMPP"] = true; }; };\n'
                for other in self._people
                if other != name
            )
            roster = f"return {{ [false] = {{ version = 1; }};\n{items} }};\n"
            self.write(f"data/{XMPP_DOMAIN}/roster/{name}.dat", roster)
        text = _PROSODY.format(folder=self.folder, host=HOST, port=self.port, domain=XMPP_DOMAIN)
        return ["prosody", "-F", "--config", self.write("prosody.cfg.lua", text)]


class Ngircd(Server):
    def command(self):
        # As root it would look for a user of its own to become.
        user = "ServerUID = root\nServerGID = root" if os.getuid() == 0 else ""
        path = self.write("ngircd.conf", _NGIRCD.format(host=HOST, port=self.port, user=user))
        return [NGIRCD, "-n", "-f", path]


class Peer:
    """One connection of plain TCP; what it was told stands in `heard`, as (from, text)."""

    def __init__(self, port):
        self.heard = []
        self._socket = socket.create_connection((HOST, port), timeout=20)
        self._reader = threading.Thread(target=self._read, daemon=True)

    def send(self, text):
        self._socket.sendall(text.encode())

    def receive(self):
        """Some bytes; an error when the server has closed."""
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the server has closed the connection")
        return data

    def listen(self):
        self._socket.settimeout(None)
        self._reader.start()
        return self

    def _read(self):
        try:
            while True:
                self.take(self.receive())
        except OSError:
            pass  # closed

    def take(self, data):
        raise NotImplementedError

    def wait_heard(self, who, text, timeout=15):
        wait_until(lambda: (who, text) in self.heard, timeout, f"{text!r} from {who}; heard: {self.heard}", 0.1)

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # the server was quicker
        self._socket.close()
        if self._reader.is_alive():
            self._reader.join(5)


class XmppPeer(Peer):
    """RFC 6120 and 6121, as little of them as a conversation needs."""

    def __init__(self, port, name, password):
        super().__init__(port)
        self._parser = None
        self._depth = 0
        self._open_stream()
        secret = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
        self.send(f"<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{secret}</auth>")
        assert self._next_stanza().tag.endswith("}success")
        self._open_stream()
        self.send("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>")
        assert self._next_stanza().get("type") == "result"
        self.send("<presence/>")
        self.listen()

    def _open_stream(self):
        self._parser = ET.XMLPullParser(["start", "end"])
        self._depth = 0
        self.send(_STREAM)
        assert self._next_stanza().tag.endswith("}features")

    def _next_stanza(self):
        while True:
            for stanza in self._stanzas():
                return stanza
            self._parser.feed(self.receive())

    def _stanzas(self):
        for event, element in self._parser.read_events():
            self._depth += 1 if event == "start" else -1
            if event == "end" and self._depth == 1:
                yield element

    def take(self, data):
        self._parser.feed(data)
        for stanza in self._stanzas():
            text = stanza.findtext("{jabber:client}body")
            if stanza.tag == "{jabber:client}message" and text is not None:
                self.heard.append((stanza.get("from").split("/")[0], text))

    def say(self, who, text):
        self.send(f"<message to='{who}' type='chat'><body>{escape(text)}</body></message>")


class IrcPeer(Peer):
    """RFC 2812, in one channel."""

    def __init__(self, port, nick, channel):
        super().__init__(port)
        self.channel = channel
        self._rest = b""
        self._is_in = threading.Event()
        # A user name is narrower than a nickname.
        self.send(f"NICK {nick}\r\nUSER {re.sub(r'[^a-z]', '', nick.lower())} 0 * :{nick}\r\n")
        self.listen()
        self.send(f"JOIN {channel}\r\n")
        assert self._is_in.wait(15), f"{nick} could not join {channel}"

    def take(self, data):
        *lines, self._rest = (self._rest + data).split(b"\r\n")
        for line in lines:
            self._take_line(line.decode("utf-8", "replace"))

    def _take_line(self, line):
        if line.startswith("PING"):
            self.send("PONG" + line[4:] + "\r\n")
            return
        words = line.split(" ", 3)
        if len(words) > 1 and words[1] == "366":  # the end of the list of names
            self._is_in.set()
        if len(words) == 4 and words[1] == "PRIVMSG":
            self.heard.append((words[0][1:].split("!")[0], words[3].lstrip(":")))

    def say(self, text):
        self.send(f"PRIVMSG {self.channel} :{text}\r\n")
