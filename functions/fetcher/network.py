"""The way out: only to hosts that the policy allows, over connections that ``dial.py`` made; HTTP/1.1, no proxy."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Final

import httpcore
import httpx

from functions.audit.hosts import HostPolicy, Party, is_host_name
from functions.fetcher.dial import AsyncDial, LookUp, Refused, Resolve, SyncDial, resolve

EVERYBODY: Final = frozenset(Party)
LIMITS: Final = httpx.Limits(max_connections=100, max_keepalive_connections=50, keepalive_expiry=5.0)
LARGEST_TOKEN_ANSWER: Final = 1024 * 1024  # bytes on the wire, of the synchronous transport


@cache
def tls() -> ssl.SSLContext:
    """Return the container's one TLS context: reading the world's certificates takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


def guarded_transport(
    policy: HostPolicy,
    *,
    parties: Collection[Party] = EVERYBODY,
    resolver: Resolve = resolve,
    tcp: httpcore.AsyncNetworkBackend | None = None,
    context: ssl.SSLContext | None = None,
) -> httpx.AsyncBaseTransport:
    """Return the transport for an ``httpx.AsyncClient`` that reaches hosts of ``parties`` only.

    What it will not do raises ``Refused``, an ``httpx.ConnectError``, before anything is sent. Name service, wire and
    certificates are arguments for those who bring their own.
    """
    pool = httpcore.AsyncConnectionPool(
        ssl_context=context or tls(),
        max_connections=LIMITS.max_connections,
        max_keepalive_connections=LIMITS.max_keepalive_connections,
        keepalive_expiry=LIMITS.keepalive_expiry,
        network_backend=AsyncDial(LookUp(policy, resolver), tcp),
    )
    return _AsyncTransport(policy, parties, pool)


def public_transport(
    *,
    resolver: Resolve = resolve,
    tcp: httpcore.AsyncNetworkBackend | None = None,
    context: ssl.SSLContext | None = None,
) -> httpx.AsyncBaseTransport:
    """Return the transport for looking at a public page: any host's name, at public addresses, http or https.

    For requests that carry no secret.
    """
    policy = HostPolicy()
    pool = httpcore.AsyncConnectionPool(
        ssl_context=context or tls(), max_connections=4, network_backend=AsyncDial(LookUp(policy, resolver), tcp)
    )
    return _PublicTransport(policy, EVERYBODY, pool)


def guarded_sync_transport(
    policy: HostPolicy,
    *,
    parties: Collection[Party],
    resolver: Resolve = resolve,
    tcp: httpcore.NetworkBackend | None = None,
    context: ssl.SSLContext | None = None,
) -> httpx.BaseTransport:
    """Return the same for an ``httpx.Client``, because google-auth renews its tokens synchronously.

    Give that client ``trust_env=False`` and ``follow_redirects=False``. An answer of more than
    ``LARGEST_TOKEN_ANSWER`` bytes is broken off with ``httpx.ReadError``.
    """
    pool = httpcore.ConnectionPool(
        ssl_context=context or tls(),
        max_connections=LIMITS.max_connections,
        max_keepalive_connections=LIMITS.max_keepalive_connections,
        keepalive_expiry=LIMITS.keepalive_expiry,
        network_backend=SyncDial(LookUp(policy, resolver), tcp),
    )
    return _SyncTransport(policy, parties, pool)


class _AsyncTransport(httpx.AsyncBaseTransport):
    def __init__(self, policy: HostPolicy, parties: Collection[Party], pool: httpcore.AsyncConnectionPool) -> None:
        self._policy, self._parties, self._pool = policy, frozenset(parties), pool

    def _admit(self, request: httpx.Request) -> httpcore.Request:
        return _admitted(request, self._policy, self._parties)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        with _as_httpx():
            came = await self._pool.handle_async_request(self._admit(request))
        assert isinstance(came.stream, AsyncIterable)  # noqa: S101 - what an asynchronous pool gives
        return httpx.Response(
            came.status, headers=came.headers, stream=_AsyncBody(came.stream), extensions=came.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _PublicTransport(_AsyncTransport):
    def _admit(self, request: httpx.Request) -> httpcore.Request:
        # An IP address or a port of its own is no shop's; the standard ports are None in httpx.
        if not is_host_name(request.url.raw_host.decode("ascii")) or request.url.port is not None:
            raise Refused("leads to an address that no shop has")
        return _below(request)


class _SyncTransport(httpx.BaseTransport):
    def __init__(self, policy: HostPolicy, parties: Collection[Party], pool: httpcore.ConnectionPool) -> None:
        self._policy, self._parties, self._pool = policy, frozenset(parties), pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        with _as_httpx():
            came = self._pool.handle_request(_admitted(request, self._policy, self._parties))
        assert isinstance(came.stream, Iterable)  # noqa: S101 - what a synchronous pool gives
        return httpx.Response(
            came.status, headers=came.headers, stream=_SyncBody(came.stream), extensions=came.extensions
        )

    def close(self) -> None:
        self._pool.close()


def _admitted(request: httpx.Request, policy: HostPolicy, parties: frozenset[Party]) -> httpcore.Request:
    """Return the request in the form of the layer below, if the policy lets it pass.

    Whoever asks has checked the base address already; this is for the address that somebody forgot to check.
    """
    url = request.url
    if not policy.permits(url.scheme, url.raw_host.decode("ascii"), url.port, parties):
        raise Refused("is at a host that is not allowed")
    return _below(request)


def _below(request: httpx.Request) -> httpcore.Request:
    """Return the request in the form of the layer below."""
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


class _AsyncBody(httpx.AsyncByteStream):
    def __init__(self, below: AsyncIterable[bytes]) -> None:
        self._below = below

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for part in self._below:
                yield part

    async def aclose(self) -> None:
        await self._below.aclose()  # type: ignore[attr-defined] # httpcore's streams have it, their annotation not


class _SyncBody(httpx.SyncByteStream):
    def __init__(self, below: Iterable[bytes]) -> None:
        self._below = below

    def __iter__(self) -> Iterator[bytes]:
        left = LARGEST_TOKEN_ANSWER
        with _as_httpx():
            for part in self._below:
                left -= len(part)
                if left < 0:
                    raise httpx.ReadError("the answer is too large")
                yield part

    def close(self) -> None:
        self._below.close()  # type: ignore[attr-defined] # as above


@contextmanager
def _as_httpx() -> Iterator[None]:
    """Translate the errors of httpcore into those of httpx, which have the same names."""
    try:
        yield
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        twin: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise twin(str(error)) from error
