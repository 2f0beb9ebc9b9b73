"""`/analytics/pages` and `/sources` as parts of the snapshot (wire contract: APIS 4.4, 4.5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import Count, PageSeen, PagesSeen, SourceSeen, SourcesSeen
from functions.audit.text import one_line
from functions.fetcher import figures

LONGEST_TEXT: Final = 200


def pages_seen(rows: list[Any], first: Mapping[str, Any], *, cut: bool) -> PagesSeen | Absent:
    """Return the landing pages; ``first`` is the first answer's data, which holds the totals."""
    pages: list[PageSeen] = []
    for row in rows:
        path = row.get("path") if isinstance(row, dict) else None
        current = _current(row)
        if not isinstance(path, str) or not path or isinstance(current, Absent):
            return Absent.because(Reason.SOURCE_FAILED, "/analytics/pages: an entry is no page with figures")
        shown = one_line(path, limit=LONGEST_TEXT) or "(unreadable path)"
        title = row.get("title")
        pages.append(
            PageSeen(
                path=shown,
                title=one_line(title, limit=LONGEST_TEXT) if isinstance(title, str) else "",
                sessions=figures.count(current, "sessions", within=shown),
                conversion_rate=figures.rate(current, "session_conversion_rate", within=shown),
                revenue=figures.money(current, "revenue", within=shown),
            )
        )
    return PagesSeen(pages=tuple(pages), total_sessions=_total(first, pages, cut=cut), truncated=cut)


def sources_seen(rows: list[Any], *, cut: bool) -> SourcesSeen | Absent:
    """Return the traffic sources, named "source / medium / campaign"."""
    sources: list[SourceSeen] = []
    for row in rows:
        current = _current(row)
        if isinstance(current, Absent):
            return Absent.because(Reason.SOURCE_FAILED, "/analytics/sources: an entry is no source with figures")
        named = [row.get(name) for name in ("source", "medium", "campaign")]
        label = " / ".join(one_line(part, limit=60) for part in named if isinstance(part, str) and part)
        label = label or "(unnamed)"
        sources.append(
            SourceSeen(
                label=label,
                is_paid=row.get("is_paid") is True,
                sessions=figures.count(current, "sessions", within=label),
                conversion_rate=figures.rate(current, "session_conversion_rate", within=label),
                revenue=figures.money(current, "revenue", within=label),
            )
        )
    return SourcesSeen(sources=tuple(sources), truncated=cut)


def _current(row: object) -> Mapping[str, Any] | Absent:
    """Return a row's current figures. None at all is no figures, each of them unmeasured; a wrong type is wrong."""
    if not isinstance(row, dict):
        return Absent.because(Reason.SOURCE_FAILED, "not an object")
    current = row.get("current")
    if current is None:
        return {}
    return current if isinstance(current, dict) else Absent.because(Reason.SOURCE_FAILED, "current is not an object")


def _total(first: Mapping[str, Any], pages: list[PageSeen], *, cut: bool) -> Count:
    """Return the channel's sessions: as stated, else the sum of a complete listing whose every row is known."""
    totals = first.get("totals")
    if isinstance(totals, dict) and "sessions" in totals:
        return figures.count(totals, "sessions", within="totals")
    known = [page.sessions for page in pages if not isinstance(page.sessions, Absent)]
    if totals is not None and not isinstance(totals, dict):
        return Absent.because(Reason.SOURCE_FAILED, "/analytics/pages: totals is not an object")
    if cut or len(known) < len(pages):
        return Absent.because(Reason.NOT_MEASURED, "/analytics/pages: totals.sessions is missing")
    return sum(known)
