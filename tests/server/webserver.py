# SPDX-FileCopyrightText: The pidgin-matrix authors
# SPDX-License-Identifier: GPL-2.0-or-later
"""Small web servers that are no homeserver: .well-known over TLS with a private authority, and a plain site."""

import json
import os
import ssl
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"


def _openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


class Authority:
    """A certificate authority of the test's own. `ca_file` is what a client must trust."""

    def __init__(self, folder):
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.ca_file = os.path.join(self.folder, "ca.pem")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        options = [*curve, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2"]
        _openssl(self.folder, "req", "-x509", *options, "-subj", "/CN=Test authority")

    def context(self, *names):
        """A server's TLS context with a certificate for `names`."""
        alternatives = ",".join(f"DNS:{name}" for name in names) + f",IP:{HOST}"
        with open(os.path.join(self.folder, "san.cnf"), "w", encoding="ascii") as file:
            file.write(f"subjectAltName={alternatives}\n")
        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        subject = ["-subj", f"/CN={names[0]}"]
        _openssl(self.folder, "req", *curve, "-keyout", "tls.key", "-out", "tls.csr", *subject)
        signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"]
        extra = ["-days", "1", "-extfile", "san.cnf"]
        _openssl(self.folder, "x509", "-req", "-in", "tls.csr", *signer, "-out", "tls.crt", *extra)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.folder}/tls.crt", f"{self.folder}/tls.key")
        return context


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.paths.append(self.path)
        self.server.authorized += "Authorization" in self.headers
        body = self.server.pages.get(self.path)
        self.send_response(404 if body is None else 200)
        body = b"<html>Not found</html>" if body is None else body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    do_PUT = do_POST

    def log_message(self, *_args):
        pass


class WebServer:
    """Serves `pages` (path -> bytes) and 404 else; remembers the paths asked for."""

    def __init__(self, pages=None, port=0, context=None):
        self._server = ThreadingHTTPServer((HOST, port), _Handler)
        self._server.daemon_threads = True
        self._server.pages = pages or {}
        self._server.paths = []
        self._server.authorized = 0
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        scheme = "https" if context else "http"
        self.base_url = f"{scheme}://localhost:{self._server.server_address[1]}"

    @property
    def paths(self):
        return list(self._server.paths)

    @property
    def authorized(self):
        """How many requests carried an Authorization header."""
        return self._server.authorized

    def stop(self):
        self._server.shutdown()
        self._server.server_close()


def well_known(base_url):
    return {"/.well-known/matrix/client": json.dumps({"m.homeserver": {"base_url": base_url}}).encode()}
