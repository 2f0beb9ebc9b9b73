"""Pages and sources against a minimum of traffic: what the two listing checks share."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Protocol, TypeVar

from functions.audit.absence import Absent, Cause, Reason
from functions.audit.outcome import EvidenceValue
from functions.audit.snapshot import Count, Figure


class Row(Protocol):
    """A page or a source: traffic, conversion and revenue of one line of a listing."""

    @property
    def sessions(self) -> Count: ...
    @property
    def conversion_rate(self) -> Figure: ...
    @property
    def revenue(self) -> Figure: ...


R = TypeVar("R", bound=Row)


def with_traffic(rows: Iterable[R], at_least: Decimal) -> tuple[list[tuple[R, int, Decimal]], tuple[Cause, ...]]:
    """Return the rows that have so many sessions and a known conversion rate, and why others could not be judged.

    A row whose sessions are unknown may be a big one: it is among those that could not be judged.
    """
    known: list[tuple[R, int, Decimal]] = []
    unseen: list[Cause] = []
    for row in rows:
        if isinstance(row.sessions, Absent):
            unseen.extend(row.sessions.causes)
        elif row.sessions >= at_least:
            if isinstance(row.conversion_rate, Absent):
                unseen.extend(row.conversion_rate.causes)
            else:
                known.append((row, row.sessions, row.conversion_rate))
    return known, tuple(dict.fromkeys(unseen))


def cut_short(rows: Sequence[Row], at_least: Decimal, *, truncated: bool) -> tuple[Cause, ...]:
    """Return the cause why the unlisted rest may matter: a truncated list whose smallest row still has the traffic.

    Lists come with the most sessions first (APIS 4.2), so a cut below the minimum loses nothing.
    """
    sizes = [row.sessions for row in rows if not isinstance(row.sessions, Absent)]
    if truncated and (not sizes or min(sizes) >= at_least):
        return (Cause(Reason.NOT_MEASURED, "the source cut its list before the traffic minimum was reached"),)
    return ()


def nothing_listed(rows: Sequence[Row], *, of: str) -> tuple[Cause, ...]:
    """Return the cause why an empty list is no good news: visits have a landing page and a source."""
    return () if rows else (Cause(Reason.NOT_MEASURED, f"the source listed no {of} at all"),)


def line(name: str, row: Row, sessions: int, rate: Decimal) -> dict[str, EvidenceValue]:
    """Return one listed page or source as evidence."""
    revenue = None if isinstance(row.revenue, Absent) else row.revenue
    return {"name": name, "sessions": sessions, "conversion_rate": rate, "revenue": revenue}
