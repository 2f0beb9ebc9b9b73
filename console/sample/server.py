"""The sample TikTok and storefront over HTTP, on a thread of this process, on loopback only."""

from __future__ import annotations

import socket
import sys
import threading
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from console.sample.desk import Desk, Request
from console.sample.replies import Reply, unknown_path
from console.sample.story import SampleMerchant

_HOST: Final = "127.0.0.1"
_LARGEST_BODY = 64 * 1024


@dataclass(frozen=True, slots=True)
class Served:
    """One request that was answered. ``merchant_id`` is ``None`` when no living token said whose it was."""

    method: str
    path: str
    merchant_id: str | None
    status: int


class SampleServer:
    """Answers for a fleet while it is entered.

    ``url`` is the address of every merchant; ``requests`` is what was asked so far, in order of the answers;
    ``errors`` are failures of this server itself, which nothing is printed about.
    """

    def __init__(self, fleet: Iterable[SampleMerchant]) -> None:
        self.url = ""
        self.requests: list[Served] = []
        self.errors: list[BaseException] = []
        self._desk = Desk(fleet)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start to answer, on a free port."""
        self._server = _Server(self)
        self.url = f"http://{_HOST}:{self._server.server_address[1]}"
        # Polled often: `shutdown` waits for the next poll.
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), name="sample-server", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the server, its connections and its threads; a second call does nothing."""
        server, thread = self._server, self._thread
        if server is None or thread is None:
            return
        self._server = self._thread = None
        server.shutdown()
        thread.join()
        server.hang_up()
        server.server_close()

    def count(self, path: str | None = None, merchant_id: str | None = None) -> int:
        """Return how many requests were answered, of this path and this merchant if given."""
        return sum(
            path in (None, served.path) and merchant_id in (None, served.merchant_id) for served in tuple(self.requests)
        )

    def count_by_path(self) -> Counter[str]:
        """Return how many requests were answered for each path."""
        return Counter(served.path for served in tuple(self.requests))

    def google_key_file(self) -> dict[str, str]:
        """Return the key of a service account that this server takes for Google's, while it runs."""
        return self._desk.google.key_file(self.url)

    def answer(self, request: Request) -> Reply:
        """Answer one request and put it on record."""
        reply = self._desk.answer(request)
        self.requests.append(Served(request.method, urlsplit(request.target).path, reply.merchant_id, reply.status))
        return reply


class _Server(ThreadingHTTPServer):
    """One thread for each connection; all of them are known, so that they can be ended."""

    daemon_threads = False
    request_queue_size = 256

    def __init__(self, sample: SampleServer) -> None:
        self.sample = sample
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()
        super().__init__((_HOST, 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401 - as socketserver has it
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """End the connections that clients keep open for later: their threads wait for a request that never comes."""
        with self._guard:
            for connection in self._open:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # the client was quicker

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401, ARG002 - as socketserver has it
        error = sys.exception()
        if error is not None and not isinstance(error, ConnectionError):
            self.sample.errors.append(error)


class _Handler(BaseHTTPRequestHandler):
    """HTTP/1.1 with connections that stay open, each answer in one packet."""

    protocol_version = "HTTP/1.1"
    server_version = "sample"
    sys_version = ""
    # An answer in pieces would meet Nagle's algorithm and the client's delayed acknowledgement: 40 ms each.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server has it
        """Say nothing: what was asked is in ``requests``."""

    def _answer(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > _LARGEST_BODY:
            # What the client still sends is not read, so the connection cannot be used again.
            self.close_connection = True
            self._send(unknown_path())
            return
        body = self.rfile.read(int(length))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._send(self.server.sample.answer(Request(self.command, self.path, headers, body)))

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)
        self.wfile.flush()
