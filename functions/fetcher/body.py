"""A body is read whole and within its size, packed or not; memory holds a little more than the limit and no more."""

from __future__ import annotations

import zlib
from typing import Final

import httpx

PACKINGS: Final = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB: Final = zlib.MAX_WBITS | 32


class TooMuch(Exception):
    """The body does not fit, or may not once it is unpacked. The text completes a sentence about the source."""


async def read_body(response: httpx.Response, most: int) -> bytes:
    """Return the unpacked body of at most ``most`` bytes.

    Unpacked here and not by httpx, which unpacks each piece without an end: a thousandfold in memory before anybody
    can count.

    Raises:
        TooMuch: it is larger, packed or unpacked, or packed in a way that was not asked for.
        httpx.DecodingError: it is not packed as it says, or ends too early.
    """
    packing = response.headers.get("content-encoding", "identity").strip().lower()
    if "," in packing:
        raise TooMuch("sent a body packed more than once")
    if packing in {"identity", ""}:
        return await _plain(response, most)
    if packing not in PACKINGS:
        raise TooMuch("sent a body packed in a way that nobody asked for")
    try:
        return await _unpacked(response, most)
    except zlib.error as error:
        raise httpx.DecodingError("the body is not packed as it says") from error


async def _plain(response: httpx.Response, most: int) -> bytes:
    body = bytearray()
    async for piece in response.aiter_raw():
        body += piece
        _fits(len(body), most)
    return bytes(body)


async def _unpacked(response: httpx.Response, most: int) -> bytes:
    body = bytearray()
    packed = 0
    unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
    async for piece in response.aiter_raw():
        packed += len(piece)  # what is packed may well unpack to nothing, without an end
        _fits(packed, most)
        body += unpacker.decompress(piece, most + 1 - len(body))
        _fits(len(body), most)
    if packed and not unpacker.eof:
        raise httpx.DecodingError("the body ends too early")
    return bytes(body)


def _fits(size: int, most: int) -> None:
    if size > most:
        raise TooMuch("sent more than it may")
