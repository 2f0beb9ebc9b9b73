"""A scriptable TikTok and storefront on loopback: healthy by default, every answer of every path can be replaced."""

from __future__ import annotations

import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.console.healthy import HEALTHY_GRANT, HEALTHY_USER, healthy_pages, healthy_sessions, healthy_sources

USER_INFO, TOKEN = "/v2/user/info/", "/v2/oauth/token/"
GROUPS = {"basic": "display_name", "profile": "username", "stats": "follower_count"}
SESSIONS, PAGES, SOURCES = "/analytics/sessions", "/analytics/pages", "/analytics/sources"
STOREFRONT = (SESSIONS, PAGES, SOURCES)
_RAW = re.compile(r'"@raw:(.*?)@"')


def raw(literal: str) -> str:
    """Return a stand-in that ``document`` replaces by the literal itself, such as ``NaN`` or ``1e400``."""
    return f"@raw:{literal}@"


def document(content: object) -> bytes:
    """Return JSON, literals of ``raw`` included."""
    return _RAW.sub(r"\1", json.dumps(content)).encode()


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back. ``cut``: only so many bytes of the body, then the connection ends. ``delay``: seconds before."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: int | None = None


def ok(data: object, **how: Any) -> Reply:
    """Return a success in TikTok's envelope."""
    return Reply(document({"data": data, "error": {"code": "ok", "message": "", "log_id": "20261121EXAMPLE"}}), **how)


def failed(status: int, code: str, **how: Any) -> Reply:
    """Return a failure in TikTok's envelope: an error object and no data."""
    error = {"code": code, "message": "No.", "log_id": "20261121EXAMPLE"}
    return Reply(document({"error": error}), status, **how)


def oauth_failed(status: int, error: str) -> Reply:
    """Return a failure of the token endpoint: there the error is a text."""
    return Reply(document({"error": error, "error_description": "No.", "log_id": "20261121EXAMPLE"}), status)


def html(status: int, text: str = "<html><body>Nothing here</body></html>") -> Reply:
    """Return what a proxy or a gateway says."""
    return Reply(text.encode(), status, {"Content-Type": "text/html"})


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def groups(self) -> frozenset[str]:
        """The scope groups of a user info call, by the fields that it names."""
        if self.path != USER_INFO:
            return frozenset()
        fields = self.query.get("fields", "")
        return frozenset(group for group, name in GROUPS.items() if name in fields)


Answer = Reply | Callable[[Call], Reply]


@dataclass
class World:
    """One merchant's TikTok and storefront. Change the data in place, or give a whole answer for a path.

    A key of ``answers`` is a path, or ``METHOD path``, or a scope group of the user info call, which also answers a
    call for more than that group: with TikTok one field that fails, fails the request. A list is taken one
    answer a call; its last one stays.
    """

    base_url: str
    user: dict[str, Any] = field(default_factory=lambda: dict(HEALTHY_USER))
    sessions: dict[str, Any] = field(default_factory=healthy_sessions)
    pages: dict[str, Any] = field(default_factory=healthy_pages)
    sources: dict[str, Any] = field(default_factory=healthy_sources)
    grant: dict[str, Any] = field(default_factory=lambda: dict(HEALTHY_GRANT))
    accepted: set[str] = field(default_factory=lambda: {"act.file", "act.new"})
    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def to(self, path: str) -> list[Call]:
        """Return the calls of one path."""
        return [call for call in self.calls if call.path == path]

    def reply(self, call: Call) -> Reply:
        """Return the answer to a call: the scripted one, else the healthy one."""
        with self._lock:
            self.calls.append(call)
            keys = (f"{call.method} {call.path}", *sorted(call.groups), call.path)
            for key in keys:
                if key in self.answers:
                    answer = self.answers[key]
                    if isinstance(answer, list):
                        answer = answer.pop(0) if len(answer) > 1 else answer[0]
                    return answer if isinstance(answer, Reply) else answer(call)
        return self.healthy(call)

    def healthy(self, call: Call) -> Reply:
        """Return what an answer to this call is when nothing is wrong."""
        if call.path == TOKEN:
            return Reply(document(self.grant)) if call.method == "POST" else html(405)
        if call.headers.get("authorization", "").removeprefix("Bearer ") not in self.accepted:
            return failed(401, "access_token_invalid")
        if call.method != "GET":
            return html(405)
        wanted = call.query.get("fields", "").split(",")
        said: dict[str, dict[str, Any]] = {
            USER_INFO: {"user": {name: value for name, value in self.user.items() if name in wanted}},
            SESSIONS: self.sessions,
            PAGES: self.pages,
            SOURCES: self.sources,
        }
        return ok(said[call.path]) if call.path in said else html(404, "Unsupported path(Janus)")


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Answer as the world says."""
        parts = urlsplit(self.path)
        prefix, path = self.server.split(parts.path)
        length = int(self.headers.get("content-length") or 0)
        call = Call(
            self.command,
            path,
            {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()},
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            time.monotonic(),
        )
        reply = self.server.worlds[prefix].reply(call)
        if reply.delay:
            self.server.closing.wait(reply.delay)
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(reply.body)), **reply.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body[: reply.cut])
        if reply.cut is not None:
            self.close_connection = True

    def do_POST(self) -> None:
        """Answer a POST alike."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing: stderr is the command's."""


class Server(ThreadingHTTPServer):
    """All worlds behind one port, each under its own path; the world of the empty path has the host to itself."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Door)
        self.worlds: dict[str, World] = {}
        self.closing = threading.Event()

    def world(self, *, bare: bool = False) -> World:
        """Return a new world, healthy throughout."""
        prefix = "" if bare else f"/w{len(self.worlds)}"
        self.worlds[prefix] = World(f"http://127.0.0.1:{self.server_port}{prefix}")
        return self.worlds[prefix]

    def split(self, path: str) -> tuple[str, str]:
        """Return which world a path belongs to, and the path within it."""
        prefix, found, rest = path[1:].partition("/")
        return (f"/{prefix}", f"/{rest}") if found and f"/{prefix}" in self.worlds else ("", path)

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is part of many stories."""

    def shutdown_request(self, request: Any) -> None:
        """Close a connection whose other end may be gone."""
        with contextlib.suppress(OSError):
            super().shutdown_request(request)


@contextmanager
def serving() -> Iterator[Server]:
    """Serve until the block ends."""
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()
