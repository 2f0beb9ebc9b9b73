"""The storefront: `/analytics/sessions`, `/pages` and `/sources` (wire contract: APIS 4), asked all at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.audit.merchant import Merchant
from functions.audit.periods import Periods
from functions.audit.snapshot import PagesSeen, SessionsSeen, SourcesSeen
from functions.fetcher.http import Http
from functions.fetcher.sources.envelope import Failure, open_envelope, passing
from functions.fetcher.sources.freshness import staleness
from functions.fetcher.sources.listing import pages_seen, sources_seen
from functions.fetcher.sources.sessions import sessions_seen

MOST_CALLS: Final = 20  # of one listing; 2,000 rows in order of traffic hold everything that a check asks for
ROWS_A_CALL: Final = 100
MOST_ROWS: Final = MOST_CALLS * ROWS_A_CALL  # also of a source that does not keep to what it was asked for


@dataclass(frozen=True, slots=True)
class Question:
    """Whom to ask about what: one merchant, one night's windows. Printing it shows no token."""

    http: Http
    base_url: str
    token: str = field(repr=False)
    open_id: str
    merchant: Merchant
    periods: Periods
    deadline: float

    def parameters(self) -> dict[str, str]:
        """Return the query that all three paths share. Dates are inclusive days of the merchant's time zone."""
        return {
            "open_id": self.open_id,
            "start_date": self.periods.current.start.isoformat(),
            "end_date": self.periods.current.end.isoformat(),
            "compare_start_date": self.periods.prior.start.isoformat(),
            "compare_end_date": self.periods.prior.end.isoformat(),
            "timezone": self.merchant.timezone,
            "currency": self.merchant.currency,
        }

    async def get(self, path: str, parameters: Mapping[str, str]) -> Mapping[str, Any] | Failure:
        """Return the ``data`` of one call."""
        answer = await self.http.call(
            "GET",
            f"{self.base_url}/analytics/{path}",
            deadline=self.deadline,
            headers={"Authorization": f"Bearer {self.token}"},
            again=passing,
            params={**self.parameters(), **parameters},
        )
        return open_envelope(answer, what=f"/analytics/{path}")


async def ask_sessions(question: Question) -> SessionsSeen | Absent:
    """Ask for the channel's totals and its daily series."""
    data = await question.get("sessions", {"series_days": str(question.periods.series.days)})
    if isinstance(data, Failure):
        return data.absent
    return sessions_seen(data, question.periods, currency=question.merchant.currency)


async def ask_pages(question: Question) -> PagesSeen | Absent:
    """Ask for the landing pages, to the end of the listing."""
    listing = await _listing(question, "pages")
    return listing if isinstance(listing, Absent) else pages_seen(listing.rows, listing.first, cut=listing.cut)


async def ask_sources(question: Question) -> SourcesSeen | Absent:
    """Ask for the traffic sources, to the end of the listing."""
    listing = await _listing(question, "sources")
    return listing if isinstance(listing, Absent) else sources_seen(listing.rows, cut=listing.cut)


@dataclass(frozen=True, slots=True)
class _Listing:
    """All rows of a listing in order, the first answer's data, and whether the end was never reached."""

    rows: list[Any]
    first: Mapping[str, Any]
    cut: bool


async def _listing(question: Question, path: str) -> _Listing | Absent:
    """Follow the cursors of a listing. A listing that cannot be read to its end, but for the cap, is absent whole."""
    parameters = {"max_count": str(ROWS_A_CALL)}
    rows: list[Any] = []
    first: Mapping[str, Any] | None = None
    cut = False
    cursors: set[str] = set()
    for _ in range(MOST_CALLS):
        part = await _part(question, path, parameters)
        if isinstance(part, Absent):
            return part
        first = part.data if first is None else first
        rows += part.rows
        cut = cut or part.cut
        if len(rows) > MOST_ROWS:
            return _Listing(rows[:MOST_ROWS], first, cut=True)
        if part.cursor is None:
            return _Listing(rows, first, cut)
        if part.cursor in cursors:
            return _broken(path, "a cursor came again")
        cursors.add(part.cursor)
        parameters["cursor"] = part.cursor
    return _Listing(rows, first or {}, cut=True)


@dataclass(frozen=True, slots=True)
class _Part:
    """One call's share of a listing, and the cursor to the next one; ``None`` at the end."""

    data: Mapping[str, Any]
    rows: list[Any]
    cursor: str | None
    cut: bool


async def _part(question: Question, path: str, parameters: Mapping[str, str]) -> _Part | Absent:
    data = await question.get(path, parameters)
    if isinstance(data, Failure):
        return data.absent
    if (stale := staleness(data, question.periods, what=f"/analytics/{path}")) is not None:
        return stale
    rows, has_more, cursor = data.get(path), data.get("has_more"), data.get("cursor")
    if rows is None:
        return Absent.because(Reason.NOT_MEASURED, f"/analytics/{path} lists nothing: {path} is missing or null")
    if not isinstance(rows, list) or not isinstance(has_more, bool | None):
        return _broken(path, "the listing is not a list, or has_more neither true nor false")
    if has_more and (not isinstance(cursor, str) or not cursor):
        return _broken(path, "there is more, but no cursor to it")
    meta = data.get("meta")
    return _Part(
        data=data,
        rows=rows,
        cursor=cursor if has_more else None,
        cut=isinstance(meta, dict) and meta.get("truncated") is True,
    )


def _broken(path: str, why: str) -> Absent:
    return Absent.because(Reason.SOURCE_FAILED, f"/analytics/{path}: {why}")
