"""A connection is made to an address that was checked, and a host is looked up once.

Every address of the host must be public, and the connection goes to one of these very addresses: a name that changes
between the look and the call (DNS rebinding) changes nothing. One bad address refuses the whole host, because no
provider has one by accident. The host's name is kept for TLS: what is asked for and checked is its certificate.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from itertools import zip_longest
from typing import Any, Final

import httpcore
import httpx

from functions.audit.hosts import HostPolicy, is_loopback
from functions.fetcher.addresses import Address, is_this_machine, not_public

STAGGER: Final = 0.25  # seconds until the next address is tried beside the first (RFC 8305, section 5)
MOST_TRIED: Final = 8  # addresses of a host; all are checked
Resolve = Callable[[str, int], Sequence[str]]
_Dialling = Callable[[str], Coroutine[Any, Any, httpcore.AsyncNetworkStream]]


class Refused(httpx.ConnectError):
    """Nothing was sent, because of where it would have gone. The text completes a sentence about the source."""


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host as the machine's resolver tells them, best first."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass(frozen=True, slots=True)
class LookUp:
    """Finds and checks the addresses of a host. ``resolver`` asks DNS, and is asked once a connection."""

    policy: HostPolicy
    resolver: Resolve = resolve

    def addresses(self, host: str, port: int) -> tuple[str, ...]:
        """Return the addresses in the order in which to try them; at least one.

        Raises:
            Refused: one of them is not public; or not this machine's, where this machine was named.
            httpcore.ConnectError: the host has no address.
        """
        found = self._found(host, port)
        if self.policy.loopback_http and is_loopback(host):
            if not all(map(is_this_machine, found)):
                raise Refused(f"is at {host}, which resolves to an address that is not this machine's")
        else:
            kinds = [kind for kind in map(not_public, found) if kind is not None]
            if kinds:
                raise Refused(f"is at {host}, which resolves to an address that is not public ({kinds[0]})")
        return tuple(map(str, _in_turns(found)))

    def _found(self, host: str, port: int) -> tuple[Address, ...]:
        try:
            return (ip_address(host),)
        except ValueError:
            pass  # a name, then
        try:
            found = tuple(dict.fromkeys(map(ip_address, self.resolver(host, port))))
        except (OSError, ValueError) as error:  # UnicodeError is a ValueError: a label that DNS cannot hold
            raise httpcore.ConnectError("the host has no address") from error
        if not found:
            raise httpcore.ConnectError("the host has no address")
        return found


def _in_turns(addresses: Sequence[Address]) -> tuple[Address, ...]:
    """Return the addresses with the families in turns: where one of the two is broken, the other comes soon."""
    first = [address for address in addresses if address.version == addresses[0].version]
    other = [address for address in addresses if address.version != addresses[0].version]
    turns = (address for pair in zip_longest(first, other) for address in pair if address is not None)
    return tuple(turns)[:MOST_TRIED]


class AsyncDial(httpcore.AsyncNetworkBackend):
    """Connects for ``httpcore.AsyncConnectionPool``: TCP to checked addresses, nothing else."""

    def __init__(self, look_up: LookUp, tcp: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._look_up = look_up
        self._tcp = tcp or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Return a connection to the quickest of the host's checked addresses."""
        try:
            async with asyncio.timeout(timeout):
                addresses = await asyncio.to_thread(self._look_up.addresses, host, port)
                return await _quickest(
                    addresses, lambda at: self._tcp.connect_tcp(at, port, None, local_address, socket_options)
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("no address took the connection in time") from error


async def _quickest(addresses: Sequence[str], dial: _Dialling) -> httpcore.AsyncNetworkStream:
    """Try one address after the other, each a moment after the one before or as soon as that one failed."""
    dialling: set[asyncio.Task[httpcore.AsyncNetworkStream]] = set()
    failure: BaseException | None = None
    left = list(addresses)
    try:
        while left or dialling:
            if left:
                dialling.add(asyncio.create_task(dial(left.pop(0))))
            done, _ = await asyncio.wait(
                dialling, timeout=STAGGER if left else None, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                dialling.discard(task)
                failure = task.exception()
                if failure is None:
                    return task.result()
        assert failure is not None  # noqa: S101 - there is one address at least, and it failed
        raise failure
    finally:
        await _give_up(dialling)


async def _give_up(dialling: Iterable[asyncio.Task[httpcore.AsyncNetworkStream]]) -> None:
    """Stop what is still dialling, and hang up what connected in the same moment as the quickest."""
    for task in dialling:
        task.cancel()
    for came in await asyncio.gather(*dialling, return_exceptions=True):
        if isinstance(came, httpcore.AsyncNetworkStream):
            await came.aclose()


class SyncDial(httpcore.NetworkBackend):
    """The same for ``httpcore.ConnectionPool``, one address after the other: the connect timeout is shared out."""

    def __init__(self, look_up: LookUp, tcp: httpcore.NetworkBackend | None = None) -> None:
        self._look_up = look_up
        self._tcp = tcp or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to the first of the host's checked addresses that takes it."""
        addresses = self._look_up.addresses(host, port)
        share = None if timeout is None else timeout / len(addresses)
        for at in addresses[:-1]:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return self._tcp.connect_tcp(at, port, share, local_address, socket_options)
        return self._tcp.connect_tcp(addresses[-1], port, share, local_address, socket_options)
