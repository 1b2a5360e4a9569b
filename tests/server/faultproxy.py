# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""A reverse proxy between the plugin and a homeserver, in a thread of the test.

It passes requests on, spoils those that a rule names (faults.py), can refuse connections or let bytes stand still, and
counts. It keeps no token anywhere."""

import asyncio
import json
import math
import threading
import time
from collections import Counter
from dataclasses import dataclass

from faults import UNSEEN, Fault, Rules
from waiting import free_port

HOST = "127.0.0.1"
_LIMIT = 64 * 1024 * 1024
_HTML = b"<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>"


class _Gone(Exception):
    """The client has closed its connection, or the proxy has."""


@dataclass
class Message:
    """One HTTP request or answer, body unchunked. `start`: the first line."""

    start: str
    headers: list
    body: bytes

    def header(self, name, default=""):
        for key, value in self.headers:
            if key.lower() == name:
                return value
        return default


@dataclass
class Seen:
    """One request as it came. The path has no query."""

    when: float
    method: str
    path: str
    authorized: bool
    fault: Fault
    status: int = 0
    body: bytes = b""


async def _read_head(reader):
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        raise _Gone from None
    lines = head.decode("latin-1").split("\r\n")
    pairs = (line.split(":", 1) for line in lines[1:] if line)
    return lines[0], [(key, value.strip()) for key, value in pairs]


async def _read_chunks(reader):
    body = b""
    while True:
        size = int((await reader.readline()).split(b";")[0], 16)
        if size == 0:
            await reader.readuntil(b"\r\n")
            return body
        body += await reader.readexactly(size)
        await reader.readexactly(2)


async def _read_message(reader, until_close):
    start, headers = await _read_head(reader)
    message = Message(start, headers, b"")
    length = message.header("content-length")
    if "chunked" in message.header("transfer-encoding").lower():
        message.body = await _read_chunks(reader)
    elif length:
        message.body = await reader.readexactly(int(length))
    elif until_close:
        message.body = await reader.read(-1)
    return message


def _encode(message, close=False):
    drop = {"content-length", "transfer-encoding", "connection", "keep-alive"}
    lines = [message.start]
    lines += [f"{key}: {value}" for key, value in message.headers if key.lower() not in drop]
    lines.append(f"Content-Length: {len(message.body)}")
    lines.append("Connection: " + ("close" if close else "keep-alive"))
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n", message.body


def own_answer(status, body, content_type="application/json", extra=()):
    headers = [("Content-Type", content_type), *extra]
    return Message(f"HTTP/1.1 {status} Fault", headers, body)


def _limit_answer(rule):
    body = {"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many Requests"}
    if rule.fault is Fault.LIMIT_BODY:
        body["retry_after_ms"] = int(rule.seconds * 1000)
        return own_answer(429, json.dumps(body).encode())
    wait = ("Retry-After", str(max(1, math.ceil(rule.seconds))))
    return own_answer(429, json.dumps(body).encode(), extra=[wait])


def _spoiled_answer(rule):
    """What a rule answers in the server's place."""
    if rule.fault is Fault.BAD_GATEWAY:
        return own_answer(502, _HTML, "text/html")
    if rule.fault is Fault.ANSWER:
        return own_answer(rule.status, rule.body)
    return _limit_answer(rule)


class FaultProxy:
    """`base_url` is what the plugin is given; `prefix` is a path that the server behind does not know."""

    def __init__(self, upstream_port, prefix=""):
        self.port = free_port(HOST)
        self.prefix = prefix
        self.base_url = f"http://{HOST}:{self.port}{prefix}"
        self.rules = Rules()
        self.seen = []
        self.urls_with_token = 0
        self._upstream_port = upstream_port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server = None
        self._clients = {}
        self._flowing = None

    # Called by tests

    def start(self):
        self._thread.start()
        self._call(self._open())
        return self

    def stop(self):
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def refuse(self):
        """The network is cut: what is open breaks off, and new connections are refused."""
        self._call(self._close())

    def accept(self):
        self._call(self._open())

    def stand_still(self):
        """The network is cut without a word: connections stay, and no byte passes."""
        self._loop.call_soon_threadsafe(self._flowing.clear)

    def flow(self):
        self._loop.call_soon_threadsafe(self._flowing.set)

    def count(self, method, path_part):
        return len(self.requests(method, path_part))

    def requests(self, method, path_part):
        return [one for one in list(self.seen) if one.method == method and path_part in one.path]

    def counters(self):
        """Requests by method and path."""
        return Counter((one.method, one.path) for one in list(self.seen))

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    # In the thread

    async def _open(self):
        if self._flowing is None:
            self._flowing = asyncio.Event()
            self._flowing.set()
        self._server = await asyncio.start_server(self._on_client, HOST, self.port, limit=_LIMIT)

    async def _close(self):
        if self._server:
            self._server.close()
            self._server = None
        clients = list(self._clients.items())
        for task, writer in clients:
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*(task for task, _ in clients), return_exceptions=True)

    async def _on_client(self, reader, writer):
        task = asyncio.current_task()
        self._clients[task] = writer
        try:
            while True:
                await self._flowing.wait()
                request = await _read_message(reader, until_close=False)
                await self._flowing.wait()
                await self._handle(request, reader, writer)
        except (_Gone, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._clients.pop(task, None)
            writer.transport.abort()

    async def _handle(self, request, reader, writer):
        method, target, _version = request.start.split(" ", 2)
        if "access_token=" in target:
            self.urls_with_token += 1
        path = target.split("?")[0]
        rule = self.rules.pick(method, path)
        authorized = bool(request.header("authorization"))
        seen = Seen(time.monotonic(), method, path, authorized, rule.fault, body=request.body)
        self.seen.append(seen)
        answer = await self._get_answer(request, rule, reader)
        seen.status = int(answer.start.split(" ")[1])
        await self._flowing.wait()
        await self._give(answer, rule, reader, writer)

    async def _get_answer(self, request, rule, reader):
        if rule.fault is Fault.DROP_REQUEST:
            raise _Gone
        if rule.fault is Fault.HANG:
            await self._while_connected(asyncio.Event().wait(), reader)
        if rule.fault in UNSEEN:
            return _spoiled_answer(rule)
        if rule.fault is Fault.DELAY_REQUEST:
            await self._while_connected(asyncio.sleep(rule.seconds), reader)
        answer = await self._while_connected(self._ask_server(request), reader)
        if rule.fault is Fault.DROP_ANSWER:
            raise _Gone
        if rule.fault is Fault.DELAY_ANSWER:
            await self._while_connected(asyncio.sleep(rule.seconds), reader)
        return answer

    @staticmethod
    async def _while_connected(coroutine, reader):
        """Waits for the coroutine, and gives up when the client has hung up."""
        task = asyncio.ensure_future(coroutine)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=0.1)
                if reader.at_eof():
                    raise _Gone
            return task.result()
        finally:
            task.cancel()

    async def _ask_server(self, request):
        method, target, version = request.start.split(" ", 2)
        if not target.startswith(self.prefix + "/"):
            return own_answer(404, b"<html>no such page</html>", "text/html")
        start = f"{method} {target[len(self.prefix):]} {version}"
        try:
            reader, writer = await asyncio.open_connection(HOST, self._upstream_port, limit=_LIMIT)
        except OSError:
            return own_answer(502, _HTML, "text/html")
        try:
            for part in _encode(Message(start, request.headers, request.body), close=True):
                writer.write(part)
            return await _read_message(reader, until_close=True)
        except (_Gone, ConnectionError, asyncio.IncompleteReadError):
            return own_answer(502, _HTML, "text/html")
        finally:
            writer.transport.abort()

    async def _give(self, answer, rule, reader, writer):
        head, body = _encode(answer)
        if rule.fault is Fault.CUT_BODY:
            writer.write(head + body[: len(body) // 2])
            await writer.drain()
            await asyncio.sleep(0.05)
            raise _Gone
        if rule.fault is Fault.DRIP:
            await self._drip(head + body, rule.seconds, reader, writer)
            return
        writer.write(head + body)
        await writer.drain()

    @staticmethod
    async def _drip(data, seconds, reader, writer):
        size = max(1, len(data) // 40)
        for start in range(0, len(data), size):
            if reader.at_eof():
                raise _Gone
            writer.write(data[start : start + size])
            await writer.drain()
            await asyncio.sleep(seconds / 40)
