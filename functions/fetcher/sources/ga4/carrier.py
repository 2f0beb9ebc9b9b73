"""Carries google-auth's requests over our own guarded client: to Google's token hosts, within size and time.

google-auth asks for nothing but a callable (``google.auth.transport.Request``), so none of its own transports, and
neither of the packages that they need, is ever loaded.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx

from functions.fetcher.network import tls

READ_SECONDS: Final = 8.0
CONNECT_SECONDS: Final = 4.0
WHOLE_SECONDS: Final = 20.0  # of one renewal, with every try of google-auth's and its pauses
_CODE: Final = re.compile(r"[A-Za-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Carried:
    """An answer as google-auth reads it."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class Carrier:
    """One renewal's requests. ``status`` and ``code`` are those of the last answer, ``None`` and "" before any."""

    def __init__(self, client: httpx.Client, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.status: int | None = None
        self.code = ""
        self._client = client
        self._clock = clock
        self._deadline = clock() + WHOLE_SECONDS

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - google-auth's interface; the whole has its own
        **_: Any,  # noqa: ANN401 - as above
    ) -> Carried:
        """Send a request and return the answer.

        Raises:
            google.auth.exceptions.TransportError: there is none. The text holds nothing of what was sent.
        """
        from google.auth.exceptions import TransportError

        self.status, self.code = None, ""
        try:
            self._in_time()
            with self._client.stream(method, url, content=body, headers=dict(headers or {})) as response:
                data = self._read(response)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, TimeoutError):
            raise TransportError("no answer") from None  # type: ignore[no-untyped-call] # google-auth says no types
        self.status, self.code = response.status_code, _code(data) if response.status_code >= 400 else ""  # noqa: PLR2004 - HTTP
        return Carried(response.status_code, dict(response.headers), data)

    def _read(self, response: httpx.Response) -> bytes:
        """Return the body as it is on the wire; the transport caps its size. Packed it was not asked for."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise httpx.DecodingError("packed")
        data = bytearray()
        for piece in response.iter_raw():
            data += piece
            self._in_time()
        return bytes(data)

    def _in_time(self) -> None:
        if self._clock() > self._deadline:
            raise TimeoutError


def new_client(transport: httpx.BaseTransport) -> httpx.Client:
    """Return the client for token requests: no redirects, no proxies, nothing of the environment."""
    return httpx.Client(
        transport=transport,
        verify=tls(),
        follow_redirects=False,
        trust_env=False,
        timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
        headers={"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "nightjar"},
    )


def _code(data: bytes) -> str:
    """Return the error's code, as OAuth (a text) or as Google's other interfaces (an object) give it."""
    try:
        body = json.loads(data)
    except (ValueError, RecursionError):
        return ""
    error = body.get("error") if isinstance(body, dict) else None
    code = error.get("status") if isinstance(error, dict) else error
    return code if isinstance(code, str) and _CODE.fullmatch(code) else ""
