"""The storefront's endpoints: read the query, refuse what the contract refuses, answer from the channel (APIS 4)."""

from __future__ import annotations

import base64
import binascii
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from console.sample.answers import Json, listing_data, page_rows, sessions_data, source_rows
from console.sample.channel import Channel, channel_of
from console.sample.days import Window
from console.sample.replies import Reply, data_reply, error_reply
from console.sample.story import PAGES, SESSIONS, SampleMerchant

_SERIES_DAYS = (30, 92)
_MAX_COUNT = (1, 100)
_KEPT = 256


class BadQueryError(Exception):
    """The request breaks the contract: a parameter is missing or makes no sense."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """What was worked out for one merchant and window: the three endpoints are asked at the same time."""

    channel: Channel
    pages: list[Json]
    sources: list[Json]


class Storefront:
    """Answers ``/analytics/*``. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, Window], _Seen] = OrderedDict()

    def answer(self, merchant: SampleMerchant, path: str, query: Mapping[str, str]) -> Reply:
        """Answer one request of a merchant whose token was accepted."""
        mark = f"{merchant.id}:{path}:{sorted(query.items())}"
        try:
            return data_reply(self._data(merchant, path, query), mark=mark)
        except BadQueryError:
            return error_reply(400, "invalid_params", mark=mark)

    def _data(self, merchant: SampleMerchant, path: str, query: Mapping[str, str]) -> Json:
        if query.get("open_id") != merchant.open_id:
            raise BadQueryError("open_id")
        seen = self._see(merchant, _window(query))
        if path == SESSIONS:
            return sessions_data(seen.channel)
        if query.get("sort", "sessions_desc") != "sessions_desc":
            raise BadQueryError("sort")
        key, rows = ("pages", seen.pages) if path == PAGES else ("sources", seen.sources)
        start = _offset(query.get("cursor", ""), key)
        stop = start + _number(query, "max_count", 50, _MAX_COUNT)
        cursor = _cursor(stop, key) if stop < len(rows) else ""
        return listing_data(seen.channel, key, rows, start=start, stop=stop, cursor=cursor)

    def _see(self, merchant: SampleMerchant, window: Window) -> _Seen:
        key = (merchant.id, window)
        # Held while it is worked out: the merchant's other two requests wait for it instead of doing the same.
        with self._lock:
            seen = self._kept.get(key)
            if seen is None:
                channel = channel_of(merchant, window)
                seen = self._kept[key] = _Seen(channel, page_rows(channel), source_rows(channel))
                if len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return seen


def _window(query: Mapping[str, str]) -> Window:
    start, end = _day(query, "start_date"), _day(query, "end_date")
    compare_start, compare_end = _day(query, "compare_start_date"), _day(query, "compare_end_date")
    if start > end or compare_end != start - timedelta(days=1) or end - start != compare_end - compare_start:
        raise BadQueryError("compare_start_date")
    return Window(start, end, compare_start, compare_end, _number(query, "series_days", 60, _SERIES_DAYS))


def _day(query: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(query[name])
    except (KeyError, ValueError) as error:
        raise BadQueryError(name) from error


def _number(query: Mapping[str, str], name: str, default: int, limits: tuple[int, int]) -> int:
    try:
        number = int(query.get(name, default))
    except ValueError as error:
        raise BadQueryError(name) from error
    if not limits[0] <= number <= limits[1]:
        raise BadQueryError(name)
    return number


def _cursor(offset: int, key: str) -> str:
    return base64.urlsafe_b64encode(f"{key}:{offset}".encode()).decode().rstrip("=")


def _offset(cursor: str, key: str) -> int:
    if not cursor:
        return 0
    try:
        listing, _, offset = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
        if listing == key:
            return int(offset)
    except (binascii.Error, ValueError) as error:
        raise BadQueryError("cursor") from error
    raise BadQueryError("cursor")
