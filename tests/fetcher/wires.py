"""A network for tests: public addresses lead to servers of this machine, all others to where the test says."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import httpcore


@dataclass
class Wires(httpcore.AsyncNetworkBackend):
    """``servers``: port on this machine by address; ``silent``: addresses that never answer; any other one refuses."""

    servers: dict[str, int] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    dialled: list[str] = field(default_factory=list)
    given_up: list[str] = field(default_factory=list)

    async def connect_tcp(
        self,
        host: str,
        port: int,  # noqa: ARG002 - the test's server has its own
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's interface
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        if host in self.silent:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.given_up.append(host)
                raise
        if host not in self.servers:
            raise httpcore.ConnectError("refused")
        real = httpcore.AnyIOBackend()
        return await real.connect_tcp("127.0.0.1", self.servers[host], timeout, local_address, socket_options)


@dataclass
class SyncWires(httpcore.NetworkBackend):
    """The same for synchronous clients; ``silent`` addresses take all the time that they are given."""

    servers: dict[str, int] = field(default_factory=dict)
    silent: frozenset[str] = frozenset()
    dialled: list[tuple[str, float | None]] = field(default_factory=list)

    def connect_tcp(
        self,
        host: str,
        port: int,  # noqa: ARG002 - the test's server has its own
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        self.dialled.append((host, timeout))
        if host in self.silent:
            raise httpcore.ConnectTimeout("silence")
        if host not in self.servers:
            raise httpcore.ConnectError("refused")
        return httpcore.SyncBackend().connect_tcp(
            "127.0.0.1", self.servers[host], timeout, local_address, socket_options
        )
