#!/usr/bin/python3
# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A Matrix client with matrix-nio and libolm, driven by JSON lines as peer-js.mjs is; see tests/server/peers.py.

It knows nothing of cross-signing, trusts every device, and keeps its store in the folder given."""

import asyncio
import json
import logging
import sys

import nio

ENCRYPTION = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


def put(value):
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def check(answer):
    if isinstance(answer, (nio.ErrorResponse, nio.LoginError)):
        raise RuntimeError(f"{type(answer).__name__}: {answer.message}")
    return answer


class Client(nio.AsyncClient):
    """Keeps what came over the wire: nio puts the decrypted events into the place of the others."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.olm_messages = []
        self.megolm_messages = {}

    async def parse_body(self, transport_response):
        body = await super().parse_body(transport_response)
        for event in body.get("to_device", {}).get("events", []):
            if event["type"] == "m.room.encrypted":
                self.read_to_device(event["sender"], event["content"])
        for room_id, room in body.get("rooms", {}).get("join", {}).items():
            for event in room["timeline"]["events"]:
                if event["type"] == "m.room.encrypted" and "ciphertext" in event["content"]:
                    self.read_room_event(room_id, event)
        return body

    def read_to_device(self, sender, content):
        for recipient, message in content.get("ciphertext", {}).items():
            keys = {"sender_key": content.get("sender_key"), "recipient_key": recipient}
            self.olm_messages.append({"sender": sender, **keys, **message})

    def read_room_event(self, room_id, event):
        content = event["content"]
        self.megolm_messages[event["event_id"]] = {
            "room": room_id,
            "event_id": event["event_id"],
            "sender": event["sender"],
            "session_id": content.get("session_id"),
            "ciphertext": content["ciphertext"],
        }


class Peer:
    def __init__(self, folder):
        self.folder = folder
        self.client = None
        self.syncing = None
        self.preparing = asyncio.Lock()

    # Events

    def tell(self, room, event, **fields):
        seen = self.client.megolm_messages.get(event.event_id, {})
        told = {"event": "message", "room": room.room_id, "event_id": event.event_id, "sender": event.sender}
        ratchet = {"session_id": seen.get("session_id"), "ciphertext": seen.get("ciphertext")}
        put({**told, "time": event.server_timestamp, **ratchet, **fields})

    def on_message(self, room, event):
        content = event.source["content"]
        text = content.get("m.new_content", content).get("body")
        what = {"type": "m.room.message", "msgtype": content.get("msgtype"), "body": text, "content": content}
        self.tell(room, event, **what, encrypted=event.decrypted, decrypted=event.decrypted, failure=None)

    def on_failure(self, room, event):
        what = {"type": "m.room.encrypted", "body": None, "content": event.source["content"]}
        self.tell(room, event, **what, encrypted=True, decrypted=False, failure="NOT_DECRYPTED")

    # Client

    async def login(self, base_url, user, password, device_name="nio peer"):
        config = nio.AsyncClientConfig(encryption_enabled=True)
        self.client = Client(base_url, user, store_path=self.folder, config=config)
        answer = check(await self.client.login(password, device_name=device_name))
        return {"user_id": answer.user_id, "device_id": answer.device_id, "access_token": answer.access_token}

    def trust_all(self):
        for device in self.client.device_store:
            if not device.verified:
                self.client.verify_device(device)

    async def prepare(self):
        """What a client owes its server after each sync: its keys, the devices of others, sessions with them."""
        async with self.preparing:
            if self.client.should_upload_keys:
                check(await self.client.keys_upload())
            if self.client.should_query_keys:
                check(await self.client.keys_query())
            self.trust_all()
            await self.client.send_to_device_messages()

    async def start(self):
        self.client.add_event_callback(self.on_message, nio.RoomMessage)
        self.client.add_event_callback(self.on_failure, nio.MegolmEvent)
        check(await self.client.sync(timeout=0, full_state=True))
        await self.prepare()
        self.syncing = asyncio.ensure_future(self.run_sync())
        keys = self.client.olm.account.identity_keys
        return {"user_id": self.client.user_id, "device_id": self.client.device_id, **keys}

    async def run_sync(self):
        while True:
            answer = await self.client.sync(timeout=10000)
            if isinstance(answer, nio.ErrorResponse):
                await asyncio.sleep(0.2)
                continue
            await self.prepare()

    async def wait_room(self, room):
        for _ in range(300):
            if room in self.client.rooms:
                return
            await asyncio.sleep(0.05)
        raise RuntimeError(f"room {room} did not come")

    # Rooms and messages

    async def create_room(self, encrypted=True, name=None, invite=(), direct=False):
        state = [ENCRYPTION] if encrypted else []
        answer = check(
            await self.client.room_create(name=name, invite=invite, is_direct=direct, initial_state=state)
        )
        await self.wait_room(answer.room_id)
        return {"room": answer.room_id}

    async def invite(self, room, user):
        check(await self.client.room_invite(room, user))

    async def join(self, room):
        check(await self.client.join(room))
        await self.wait_room(room)

    async def leave(self, room):
        check(await self.client.room_leave(room))

    async def send(self, room, text):
        await self.wait_room(room)
        await self.prepare()
        content = {"msgtype": "m.text", "body": text}
        answer = await self.client.room_send(room, "m.room.message", content, ignore_unverified_devices=True)
        return {"event_id": check(answer).event_id}

    async def ciphertexts(self):
        return {"olm": self.client.olm_messages, "megolm": list(self.client.megolm_messages.values())}

    async def quit(self):
        if self.syncing:
            self.syncing.cancel()
        if self.client:
            await self.client.close()


async def answer(peer, command):
    number, name = command.pop("id"), command.pop("cmd")
    try:
        if name.startswith("_") or not asyncio.iscoroutinefunction(getattr(peer, name, None)):
            raise RuntimeError(f"no command {name}")
        put({"event": "reply", "id": number, "ok": True, "result": await getattr(peer, name)(**command) or {}})
    except Exception as error:  # whatever it is, the test is told
        put({"event": "reply", "id": number, "ok": False, "error": f"{type(error).__name__}: {error}"})
    return name != "quit"


async def main():
    logging.disable(logging.CRITICAL)
    peer = Peer(sys.argv[1])
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    put({"event": "ready"})
    while line := await reader.readline():
        if not await answer(peer, json.loads(line)):
            break


if __name__ == "__main__":
    asyncio.run(main())
