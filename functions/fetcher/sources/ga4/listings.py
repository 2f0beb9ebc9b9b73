"""Landing pages and traffic sources out of GA4's reports, organic ones only: paid ones were never asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from functions.audit.absence import Absent
from functions.audit.snapshot import Count, Figure, PageSeen, PagesSeen, SourceSeen, SourcesSeen
from functions.audit.text import one_line
from functions.fetcher.sources.ga4.answers import Answers
from functions.fetcher.sources.ga4.plan import CURRENT, PAGE, PAGES, PURCHASE, RANGE, SOURCE_NAMES, SOURCES, TOTALS
from functions.fetcher.sources.ga4.property import TRUNCATED
from functions.fetcher.sources.ga4.reading import Cell, share

LONGEST_TEXT: Final = 200
LONGEST_NAME: Final = 60
REST: Final = "(other)"  # all the rows that GA4 has no room for, as one
NO_PAGE: Final = frozenset({"", "(not set)", REST})  # a visit that saw no page, or nobody knows which
_UNNAMED: Final = frozenset({"", "(not set)"})
_LOST: Final = "data_loss_from_other_row"
L = TypeVar("L")


def pages_seen(answers: Answers, *, flags: tuple[str, ...]) -> PagesSeen | Absent:
    """Return the landing pages, the most visited first."""
    report = answers.report(PAGES)
    if isinstance(report, Absent):
        return report
    flags, truncated = _worth(answers, PAGES, flags)
    listed = [(row.keys[PAGE], Cell(report, row, row.keys[PAGE])) for row in report.rows]
    pages = [
        _line(answers, one_line(path, limit=LONGEST_TEXT), cell, _page) for path, cell in listed if path not in NO_PAGE
    ]
    total = answers.cell(TOTALS, CURRENT, **{RANGE: CURRENT}).count("sessions")
    if isinstance(total, Absent) and not truncated:
        total = _sum([cell.count("sessions") for _, cell in listed], total)
    return PagesSeen(pages=tuple(pages), total_sessions=total, truncated=truncated, flags=flags)


def sources_seen(answers: Answers, *, flags: tuple[str, ...]) -> SourcesSeen | Absent:
    """Return the sources, named "source / medium / campaign" as far as they have names."""
    report = answers.report(SOURCES)
    if isinstance(report, Absent):
        return report
    flags, truncated = _worth(answers, SOURCES, flags)
    sources = [_line(answers, _label(row.keys), Cell(report, row, _label(row.keys)), _source) for row in report.rows]
    return SourcesSeen(sources=tuple(sources), truncated=truncated, flags=flags)


def _worth(answers: Answers, name: str, more: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """Return the warnings on a listing, and whether rows of it are missing."""
    flags = answers.flags(name)
    return tuple(dict.fromkeys((*flags, *more))), TRUNCATED in flags or _LOST in flags


def _line(answers: Answers, shown: str, cell: Cell, make: Callable[[str, Count, Figure, Figure], L]) -> L:
    """Return one line. Conversions are purchases here: GA4 has no report of pages by sessions that bought."""
    named = Cell(cell.report, cell.row, shown)
    sessions = named.count("sessions")
    bought = answers.told(named.count("ecommercePurchases"), PURCHASE)
    revenue = answers.told(named.money("purchaseRevenue"), PURCHASE)
    return make(shown, sessions, share(bought, sessions, of=shown), revenue)


def _page(path: str, sessions: Count, rate: Figure, revenue: Figure) -> PageSeen:
    return PageSeen(
        path=path or "(unreadable path)", title="", sessions=sessions, conversion_rate=rate, revenue=revenue
    )


def _source(label: str, sessions: Count, rate: Figure, revenue: Figure) -> SourceSeen:
    return SourceSeen(label=label, is_paid=False, sessions=sessions, conversion_rate=rate, revenue=revenue)


def _label(keys: Mapping[str, str]) -> str:
    named = [keys[name] for name in SOURCE_NAMES if keys[name] not in _UNNAMED]
    return " / ".join(filter(None, (one_line(part, limit=LONGEST_NAME) for part in named))) or "(unnamed)"


def _sum(counts: list[Count], otherwise: Absent) -> Count:
    """Return the channel's sessions as the sum of a complete listing; a listing of nothing is no total."""
    known = [count for count in counts if not isinstance(count, Absent)]
    return sum(known) if counts and len(known) == len(counts) else otherwise
