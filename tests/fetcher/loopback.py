"""A real server on loopback that says exactly the bytes it is told to, at the pace it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Speak = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Line:
    """Where the server listens, and what arrived: the first line of each request."""

    url: str = ""
    asked: list[str] = field(default_factory=list)


@asynccontextmanager
async def serving(*speakers: Speak) -> AsyncIterator[Line]:
    """Serve one connection a request: the first request is answered by the first speaker, the last one stays."""
    line = Line()
    tasks: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            line.asked.append(head.split(b"\r\n")[0].decode())
            await speakers[min(len(line.asked), len(speakers)) - 1](writer)
        except (ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            pass  # the other side went away, or the story is over
        finally:
            writer.close()
            with suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            tasks.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    line.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield line
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=5)


def says(*parts: bytes, pause: float = 0.0) -> Speak:
    """Return a speaker that sends these parts with a pause before each, then hangs up."""

    async def speak(writer: asyncio.StreamWriter) -> None:
        for part in parts:
            if pause:
                await asyncio.sleep(pause)
            writer.write(part)
            await writer.drain()

    return speak


def response(body: bytes, *headers: bytes, length: int | None = None, status: bytes = b"200 OK") -> bytes:
    """Return a whole HTTP response; ``length`` is what it claims, if not the truth."""
    claimed = b"Content-Length: %d" % (len(body) if length is None else length)
    return b"\r\n".join((b"HTTP/1.1 " + status, claimed, b"Connection: close", *headers, b"", body))
