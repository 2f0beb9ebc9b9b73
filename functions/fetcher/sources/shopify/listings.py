"""The sessions report by landing page and by source, as the listings of a channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, ItemsView, Iterable
from typing import Final, TypeVar

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import Count, Figure, PageSeen, PagesSeen, SourceSeen, SourcesSeen
from functions.audit.text import one_line
from functions.fetcher.sources.listing import LONGEST_TEXT
from functions.fetcher.sources.shopify.reports import Query, Row, Rows, name_of
from functions.fetcher.sources.shopify.sums import count_of, percent
from functions.fetcher.sources.shopify.tiktok import is_paid
from functions.fetcher.sources.shopify.traffic import COMPLETED, HUMAN, ORIGIN, SESSIONS, WHAT, from_tiktok, organic

K = TypeVar("K")
PAGES: Final = Query(SESSIONS, (SESSIONS, COMPLETED), group=("landing_page_path", *ORIGIN), where=HUMAN)
SOURCES: Final = Query(SESSIONS, (SESSIONS, COMPLETED), group=(*ORIGIN, "utm_campaign"), where=HUMAN)
_LONGEST_PART: Final = 60
_NO_REVENUE: Final = Absent.because(Reason.NOT_MEASURED, f"{WHAT} tells no revenue")


def pages_of(listed: Rows, channel: Count) -> PagesSeen:
    """Return the landing pages, the most visited first. Sessions without a known page count for the channel alone.

    ``channel`` are the sessions of the channel as a whole. Where they are unknown, a whole listing tells them too.
    """
    rows = organic(listed.rows)
    pages = [
        PageSeen(
            path=one_line(path, limit=LONGEST_TEXT) or "(unreadable path)",
            title="",
            sessions=count_of(group, SESSIONS, within=WHAT),
            conversion_rate=_conversion_rate(group),
            revenue=_NO_REVENUE,
        )
        for path, group in _by(rows, lambda row: name_of(row, "landing_page_path"))
        if path is not None
    ]
    cut = _is_cut(listed, rows, channel)
    total = count_of(rows, SESSIONS, within=WHAT) if isinstance(channel, Absent) and not cut else channel
    return PagesSeen(
        pages=tuple(sorted(pages, key=_most_visited)), total_sessions=total, truncated=cut, flags=_flags(cut=cut)
    )


def sources_of(listed: Rows, channel: Count) -> SourcesSeen:
    """Return the sources, the most visited first, named "source / medium / campaign"; paid ones are marked as such."""
    sources = [
        SourceSeen(
            label=" / ".join(one_line(part, limit=_LONGEST_PART) for part in named if part) or "(unnamed)",
            is_paid=is_paid(named[1]),
            sessions=count_of(group, SESSIONS, within=WHAT),
            conversion_rate=_conversion_rate(group),
            revenue=_NO_REVENUE,
        )
        for named, group in _by(from_tiktok(listed.rows), _names)
    ]
    cut = _is_cut(listed, organic(listed.rows), channel)
    return SourcesSeen(sources=tuple(sorted(sources, key=_most_visited)), truncated=cut, flags=_flags(cut=cut))


def _is_cut(listed: Rows, rows: list[Row], channel: Count) -> bool:
    """Say whether rows are missing: the report said so, or they hold fewer sessions than the channel has."""
    sessions = count_of(rows, SESSIONS, within=WHAT)
    short = isinstance(sessions, int) and isinstance(channel, int) and sessions < channel
    return listed.cut or short


def _flags(*, cut: bool) -> tuple[str, ...]:
    return ("truncated",) if cut else ()


def _names(row: Row) -> tuple[str | None, str | None, str | None]:
    source = name_of(row, "utm_source") or name_of(row, "referrer_name")
    return source, name_of(row, "utm_medium"), name_of(row, "utm_campaign")


def _by(rows: Iterable[Row], key: Callable[[Row], K]) -> ItemsView[K, list[Row]]:
    groups: dict[K, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups.items()


def _conversion_rate(rows: list[Row]) -> Figure:
    sessions, completed = count_of(rows, SESSIONS, within=WHAT), count_of(rows, COMPLETED, within=WHAT)
    return percent(completed, sessions, of=f"{WHAT}: sessions that completed the checkout")


def _most_visited(line: PageSeen | SourceSeen) -> tuple[bool, int]:
    """Rank by sessions; a line whose sessions are unknown may be a big one and comes first."""
    known = not isinstance(line.sessions, Absent)
    return known, -line.sessions if isinstance(line.sessions, int) else 0
