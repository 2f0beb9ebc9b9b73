"""Hears TikTok's answer on this machine: one callback that carries the login's state, and a page for the browser."""

from __future__ import annotations

import errno
import queue
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from console.errors import Unusable
from console.login.addresses import Redirect
from console.login.callback import Foreign, Granted, Refused, read_callback
from console.login.page import HEADERS, Page, failed
from functions.audit.errors import NightjarError

_HOST: Final = "127.0.0.1"
_SECONDS_FOR_THE_PAGE: Final = 5.0
_NOT_OURS: Final = "This is not the answer that Nightjar waits for"
_ONCE: Final = Page(
    HTTPStatus.CONFLICT,
    "This login was answered already",
    ("Nightjar takes the first answer only. The terminal says what came of it.",),
)
_NOT_FOUND: Final = Page(HTTPStatus.NOT_FOUND, "There is nothing here", ("Nightjar listens for TikTok's answer only.",))
_BROKEN_OFF: Final = failed("Nightjar stopped before the login was finished. The terminal says why.")


class Receiver:
    """Listens while it is entered. The browser that brings the answer waits until ``tell`` says what came of it.

    Whatever else knocks (a favicon, another path, another state, a second callback) is turned away and changes nothing.
    """

    def __init__(self, redirect: Redirect, *, state: str) -> None:
        self.redirect_uri = ""
        self._redirect = redirect
        self._state = state
        self._answers: queue.SimpleQueue[Granted | Refused] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._taken = False
        self._page: Page | None = None
        self._told = threading.Event()
        self._shown = threading.Event()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Begin to listen.

        Raises:
            Unusable: the port cannot be had.
        """
        port = self._redirect.port or 0
        try:
            self._server = _Server((_HOST, port), self)
        except OSError as error:
            raise Unusable(_no_port(port, error)) from error
        bound: int = self._server.server_address[1]
        self.redirect_uri = self._redirect.at(bound)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), name="login", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to listen. A browser that still waits is told how it ended."""
        self.tell(failed(str(error)) if isinstance(error, NightjarError) else _BROKEN_OFF)
        if self._taken:
            self._shown.wait(_SECONDS_FOR_THE_PAGE)
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()

    def wait(self, seconds: float) -> Granted | Refused:
        """Return the answer.

        Raises:
            Unusable: none came in time.
        """
        try:
            return self._answers.get(timeout=seconds)
        except queue.Empty:
            raise Unusable(
                f"TikTok did not answer within {seconds:g} seconds. Run this again and allow the app in the browser; "
                "--timeout gives more time. If TikTok showed an error instead of asking, see that the app has "
                f"{self.redirect_uri} registered as a redirect address (docs/guides/tiktok-app.md)."
            ) from None

    def tell(self, page: Page) -> None:
        """Say what the browser is shown; only the first word counts."""
        with self._guard:
            if self._page is None:
                self._page = page
        self._told.set()

    def hear(self, host: str, path: str, query: str) -> Page:
        """Return what one request is answered with; for the callback, that is known when the login is over."""
        port = self.redirect_uri.partition("://")[2].partition("/")[0].rpartition(":")[2]
        # Another name for this machine would be a foreign page's way in (DNS rebinding).
        if host not in {f"{_HOST}:{port}", f"localhost:{port}"}:
            return Page(HTTPStatus.BAD_REQUEST, _NOT_OURS, ("It was asked for under another name.",))
        if path != (self._redirect.path or "/"):
            return _NOT_FOUND
        answer = read_callback(query, self._state)
        if isinstance(answer, Foreign):
            return Page(HTTPStatus.BAD_REQUEST, _NOT_OURS, (f"Nightjar goes on waiting: {answer.why}.",))
        with self._guard:
            if self._taken:
                return _ONCE
            self._taken = True
        self._answers.put(answer)
        self._told.wait()
        assert self._page is not None  # noqa: S101 - told means that there is one
        return self._page

    def shown(self, page: Page) -> None:
        """Note that a page is on its way to the browser."""
        if page is self._page:
            self._shown.set()


class _Server(ThreadingHTTPServer):
    """One thread a connection: browsers open some that they never use, and nobody may wait for those."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(address, _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Say nothing: a browser that went away is no event, and a traceback could quote the address."""


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and nothing else, one request a connection."""

    server_version = "nightjar"
    sys_version = ""
    timeout = 10  # seconds until a connection that says nothing is dropped
    server: _Server

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        page = self.server.receiver.hear(self.headers.get("Host", ""), path, query)
        self._send(page)
        self.server.receiver.shown(page)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002 - as http.server has it
        """Turn away what is no GET or no HTTP, without repeating a word of it."""
        self.close_connection = True
        self._send(Page(HTTPStatus(code), _NOT_OURS, ("Nightjar listens for a browser's GET only.",)))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server has it
        """Say nothing: the address of a callback holds the code."""

    def _send(self, page: Page) -> None:
        body = page.encoded()
        self.send_response(page.status)
        for name, value in {**HEADERS, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _no_port(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        why = "another program listens there, perhaps another nightjar connect"
    elif error.errno == errno.EACCES:
        why = "ports below 1024 are the system's"
    else:
        why = error.strerror or type(error).__name__
    return (
        f"Nightjar cannot listen on port {port} of this machine: {why}. Name another with --port, and register its "
        "address with the app too, or register http://127.0.0.1:*/callback/ and give --port 0."
    )
