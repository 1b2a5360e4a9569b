# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A small Matrix client for the other side of a test: people the plugin talks with, and their servers' answers."""

import itertools
import json
import time
import urllib.error
import urllib.parse
import urllib.request

CLIENT = "/_matrix/client/v3"
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_txn_ids = itertools.count(1)


def quote(text):
    return urllib.parse.quote(text, safe="")


def new_txn_id():
    return f"peer{int(time.time() * 1000)}.{next(_txn_ids)}"


class MatrixError(Exception):
    """A standard error answer; `status`, `errcode` and the whole `body`."""

    def __init__(self, status, body):
        self.status = status
        self.body = body
        self.errcode = body.get("errcode", "") if isinstance(body, dict) else ""
        super().__init__(f"HTTP {status} {body}")


def _decode(raw):
    try:
        return json.loads(raw or b"{}")
    except ValueError:
        return {"raw": raw[:300].decode("utf-8", "replace")}


class Client:
    """One login of one user. Every call blocks; failures raise MatrixError."""

    def __init__(self, base_url, user_id=None, token=None, device_id=None):
        self.base_url = base_url.rstrip("/")
        self.user_id = user_id
        self.token = token
        self.device_id = device_id
        self.since = None

    def request(self, method, path, body=None, query=None, timeout=60):
        url = self.base_url + path
        if query:
            url += "?" + urllib.parse.urlencode(query)
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data=data, method=method, headers=headers)
        try:
            with _opener.open(request, timeout=timeout) as answer:
                return _decode(answer.read())
        except urllib.error.HTTPError as error:
            raise MatrixError(error.code, _decode(error.read())) from None

    def get(self, path, **query):
        return self.request("GET", CLIENT + path, query=query)

    def put(self, path, body):
        return self.request("PUT", CLIENT + path, body)

    def post(self, path, body=None):
        return self.request("POST", CLIENT + path, body or {})

    # Login

    def login(self, user, password, device_name="peer"):
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user},
            "password": password,
            "initial_device_display_name": device_name,
        }
        answer = self.post("/login", body)
        self.user_id = answer["user_id"]
        self.token = answer["access_token"]
        self.device_id = answer["device_id"]
        return self

    def is_token_alive(self):
        try:
            self.get("/account/whoami")
        except MatrixError as error:
            if error.status == 401:
                return False
            raise
        return True

    def devices(self):
        return [device["device_id"] for device in self.get("/devices")["devices"]]

    def set_display_name(self, name):
        self.put(f"/profile/{quote(self.user_id)}/displayname", {"displayname": name})

    def set_profile(self, key, value):
        self.put(f"/profile/{quote(self.user_id)}/{quote(key)}", {key: value})

    def profile(self):
        return self.get(f"/profile/{quote(self.user_id)}")

    # Media

    def upload(self, data, content_type="image/png"):
        """The mxc:// URI of what was uploaded."""
        headers = {"Content-Type": content_type, "Authorization": "Bearer " + self.token}
        url = self.base_url + "/_matrix/media/v3/upload"
        request = urllib.request.Request(url, data=data, method="POST", headers=headers)
        with _opener.open(request, timeout=60) as answer:
            return _decode(answer.read())["content_uri"]

    def download(self, mxc):
        path = f"/_matrix/client/v1/media/download/{mxc.removeprefix('mxc://')}"
        headers = {"Authorization": "Bearer " + self.token}
        request = urllib.request.Request(self.base_url + path, headers=headers)
        with _opener.open(request, timeout=60) as answer:
            return answer.read()

    # Rooms

    def create_room(self, **options):
        return self.post("/createRoom", options)["room_id"]

    def invite(self, room_id, user_id):
        self.post(f"/rooms/{quote(room_id)}/invite", {"user_id": user_id})

    def join(self, room_id):
        self.post(f"/rooms/{quote(room_id)}/join")

    def leave(self, room_id):
        self.post(f"/rooms/{quote(room_id)}/leave")

    def kick(self, room_id, user_id):
        self.post(f"/rooms/{quote(room_id)}/kick", {"user_id": user_id})

    def set_state(self, room_id, event_type, content, state_key=""):
        path = f"/rooms/{quote(room_id)}/state/{quote(event_type)}/{quote(state_key)}"
        return self.put(path, content)["event_id"]

    def state(self, room_id, event_type, state_key=""):
        return self.get(f"/rooms/{quote(room_id)}/state/{quote(event_type)}/{quote(state_key)}")

    def joined_rooms(self):
        return self.get("/joined_rooms")["joined_rooms"]

    def members(self, room_id):
        """User ID -> membership."""
        chunk = self.get(f"/rooms/{quote(room_id)}/members")["chunk"]
        return {event["state_key"]: event["content"]["membership"] for event in chunk}

    # Messages

    def send(self, room_id, content, event_type="m.room.message", txn_id=None):
        path = f"/rooms/{quote(room_id)}/send/{quote(event_type)}/{txn_id or new_txn_id()}"
        return self.put(path, content)["event_id"]

    def say(self, room_id, text, msgtype="m.text"):
        return self.send(room_id, {"msgtype": msgtype, "body": text})

    def send_to_device(self, event_type, device, content):
        """To one device: anything with a user_id and a device_id."""
        path = f"/sendToDevice/{quote(event_type)}/{new_txn_id()}"
        self.put(path, {"messages": {device.user_id: {device.device_id: content}}})

    def read(self, room_id, event_id):
        self.post(f"/rooms/{quote(room_id)}/receipt/m.read/{quote(event_id)}")

    def type(self, room_id, milliseconds):
        """Typing for so long; 0: no longer."""
        body = {"typing": True, "timeout": milliseconds} if milliseconds else {"typing": False}
        self.put(f"/rooms/{quote(room_id)}/typing/{quote(self.user_id)}", body)

    def set_presence(self, presence, message=""):
        body = {"presence": presence, "status_msg": message}
        self.put(f"/presence/{quote(self.user_id)}/status", body)

    def timeline(self, room_id):
        """Every event of the room that this user may see, in the server's order."""
        events, start = [], None
        while True:
            query = {"dir": "b", "limit": 200}
            if start:
                query["from"] = start
            page = self.get(f"/rooms/{quote(room_id)}/messages", **query)
            events.extend(page["chunk"])
            start = page.get("end")
            if not start:
                return events[::-1]

    def bodies(self, room_id, sender=None):
        """The bodies of the room's messages, in the server's order."""
        return [
            event["content"].get("body")
            for event in self.timeline(room_id)
            if event["type"] == "m.room.message" and sender in (None, event["sender"])
        ]

    def sync(self, timeout_ms=0):
        query = {"timeout": timeout_ms}
        if self.since:
            query["since"] = self.since
        answer = self.request(
            "GET", CLIENT + "/sync", query=query, timeout=60 + timeout_ms / 1000
        )
        self.since = answer["next_batch"]
        return answer

    # Account data

    def account_data(self, event_type):
        try:
            return self.get(f"/user/{quote(self.user_id)}/account_data/{quote(event_type)}")
        except MatrixError as error:
            if error.status == 404:
                return {}
            raise

    def set_account_data(self, event_type, content):
        self.put(f"/user/{quote(self.user_id)}/account_data/{quote(event_type)}", content)

    def tag(self, room_id, tag, **content):
        self.put(f"/user/{quote(self.user_id)}/rooms/{quote(room_id)}/tags/{quote(tag)}", content)

    def untag(self, room_id, tag):
        path = f"/user/{quote(self.user_id)}/rooms/{quote(room_id)}/tags/{quote(tag)}"
        self.request("DELETE", CLIENT + path)

    def tags(self, room_id):
        return self.get(f"/user/{quote(self.user_id)}/rooms/{quote(room_id)}/tags")["tags"]

    def mark_direct(self, user_id, room_id):
        """Adds a room to m.direct, and keeps what else is in it."""
        direct = self.account_data("m.direct")
        direct.setdefault(user_id, []).append(room_id)
        self.set_account_data("m.direct", direct)


def create_shared_room(owner, *others, **options):
    """A room of `owner` that the others have joined."""
    room_id = owner.create_room(invite=[other.user_id for other in others], **options)
    for other in others:
        other.join(room_id)
    return room_id


def create_direct(owner, other, **options):
    """A direct room that both sides know as one."""
    room_id = create_shared_room(
        owner, other, is_direct=True, preset="trusted_private_chat", **options
    )
    owner.mark_direct(other.user_id, room_id)
    other.mark_direct(owner.user_id, room_id)
    return room_id


def create_space(owner, *children, **options):
    space = owner.create_room(creation_content={"type": "m.space"}, **options)
    for child in children:
        put_into_space(owner, space, child)
    return space


def put_into_space(owner, space, child):
    server = owner.user_id.split(":", 1)[1]
    owner.set_state(space, "m.space.child", {"via": [server]}, child)
