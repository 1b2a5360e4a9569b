# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""The fault proxy does what the other tests rely on."""

import http.client
import json
import threading
import time
import urllib.error
import urllib.request

import pytest
from faultproxy import FaultProxy
from faults import Fault, Storm
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BODY = json.dumps({"answer": "x" * 2000}).encode()


class _Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self):
        self.server.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *_args):
        pass


@pytest.fixture
def upstream():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Upstream)
    server.paths = []
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def proxy(upstream):
    proxy = FaultProxy(upstream.server_address[1]).start()
    yield proxy
    proxy.stop()


def get(proxy, path="/a", method="GET", data=None, timeout=5, headers=None):
    request = urllib.request.Request(proxy.base_url + path, method=method, data=data, headers=headers or {})
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        return answer.read()


def test_passes_on_and_counts(proxy, upstream):
    assert get(proxy, "/a?since=1") == BODY
    assert get(proxy, "/b/c", "PUT", b"{}") == BODY
    assert upstream.paths == ["/a?since=1", "/b/c"]
    assert proxy.counters() == {("GET", "/a"): 1, ("PUT", "/b/c"): 1}
    assert proxy.requests("GET", "/a")[0].status == 200
    assert proxy.urls_with_token == 0


def test_keeps_connections_open(proxy, upstream):
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=5)
    for _ in range(3):
        connection.request("GET", "/a")
        assert connection.getresponse().read() == BODY
    assert len(proxy._clients) == 1
    connection.close()


def test_sees_tokens_in_urls_and_keeps_none(proxy):
    get(proxy, "/a?access_token=secret", headers={"Authorization": "Bearer secret"})
    assert proxy.urls_with_token == 1
    assert "secret" not in repr(proxy.seen)
    assert proxy.seen[0].authorized


@pytest.mark.parametrize("fault", [Fault.LIMIT_HEADER, Fault.LIMIT_BODY])
def test_rate_limit(proxy, upstream, fault):
    proxy.rules.add(fault, "/a", "GET", seconds=1.5)
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(proxy)
    body = json.loads(caught.value.read())
    assert caught.value.code == 429 and body["errcode"] == "M_LIMIT_EXCEEDED"
    assert caught.value.headers.get("Retry-After") == ("2" if fault is Fault.LIMIT_HEADER else None)
    assert body.get("retry_after_ms") == (1500 if fault is Fault.LIMIT_BODY else None)
    assert upstream.paths == [] and get(proxy) == BODY


def test_bad_gateway(proxy, upstream):
    proxy.rules.add(Fault.BAD_GATEWAY)
    with pytest.raises(urllib.error.HTTPError) as caught:
        get(proxy)
    assert caught.value.code == 502 and b"<html>" in caught.value.read()
    assert upstream.paths == []


@pytest.mark.parametrize("fault, acted", [(Fault.DROP_REQUEST, False), (Fault.DROP_ANSWER, True)])
def test_drop(proxy, upstream, fault, acted):
    proxy.rules.add(fault, skip=1)
    assert get(proxy) == BODY
    with pytest.raises((http.client.HTTPException, OSError)):
        get(proxy, "/b")
    assert upstream.paths == (["/a", "/b"] if acted else ["/a"])


def test_cut_body(proxy):
    proxy.rules.add(Fault.CUT_BODY)
    with pytest.raises(http.client.IncompleteRead):
        get(proxy)


@pytest.mark.parametrize("fault", [Fault.DELAY_REQUEST, Fault.DELAY_ANSWER, Fault.DRIP])
def test_slow(proxy, upstream, fault):
    proxy.rules.add(fault, seconds=0.6)
    start = time.monotonic()
    assert get(proxy) == BODY
    assert 0.4 < time.monotonic() - start < 3
    assert upstream.paths == ["/a"]


def test_hang(proxy, upstream):
    proxy.rules.add(Fault.HANG)
    with pytest.raises(OSError):
        get(proxy, timeout=0.5)
    assert upstream.paths == []


def test_refuse_and_accept(proxy):
    proxy.refuse()
    with pytest.raises(OSError):
        get(proxy)
    proxy.accept()
    assert get(proxy) == BODY


def test_stand_still_and_flow(proxy):
    proxy.stand_still()
    threading.Timer(0.5, proxy.flow).start()
    start = time.monotonic()
    assert get(proxy) == BODY
    assert time.monotonic() - start > 0.3


def test_storm_is_the_same_for_a_seed():
    first, second = Storm(7), Storm(7)
    picks = [first.pick("GET", "/").fault for _ in range(200)]
    assert picks == [second.pick("GET", "/").fault for _ in range(200)]
    assert 20 < sum(fault is not Fault.NONE for fault in picks) < 60


def test_prefix(upstream):
    proxy = FaultProxy(upstream.server_address[1], prefix="/hs").start()
    assert get(proxy, "/a") == BODY
    assert upstream.paths == ["/a"]
    proxy.stop()
