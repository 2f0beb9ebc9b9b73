"""What the fetcher's stories share: time that costs none, a scripted world behind respx, and a client."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest
import respx

from tests.fetcher.world import World

_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@pytest.fixture(autouse=True)
def _quick_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing here speaks TLS for real: the certificates of the whole world need not be read for every client."""
    monkeypatch.setattr("httpx._transports.default.create_ssl_context", lambda **_: _TLS)


@pytest.fixture
def world() -> Iterator[World]:
    with respx.mock(assert_all_called=False) as router:
        world = World()
        router.route().mock(side_effect=world)
        yield world
