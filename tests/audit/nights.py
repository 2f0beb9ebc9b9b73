"""Random nights: any part, figure, day or row may be whole, zero, small or absent."""

from typing import Any, Final

from hypothesis import strategies as st

from functions.audit.absence import Absent, Cause, Reason
from functions.audit.snapshot import (
    PageSeen,
    PagesSeen,
    PeriodFigures,
    Series,
    SessionsSeen,
    Snapshot,
    SourceSeen,
    SourcesSeen,
    TokenSeen,
)
from tests.builders import (
    figures,
    page,
    pages,
    series,
    series_with,
    sessions,
    snapshot,
    source,
    sources,
    stats,
    token,
)

CAUSES: Final = st.builds(Cause, st.sampled_from(list(Reason)), st.sampled_from(["one", "another"]))
ABSENCES: Final = st.lists(CAUSES, min_size=1, max_size=3, unique=True).map(lambda causes: Absent(tuple(causes)))


def mostly(healthy: Any, *others: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return mostly the healthy value, sometimes one of the others or an absence: a pass must stay likely."""
    return st.integers(0, 9).flatmap(lambda roll: st.just(healthy) if roll < 8 else st.one_of(ABSENCES, *others))


def seldom_absent(*seen: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return one of these, or an absence one time in eight."""
    return st.integers(0, 7).flatmap(lambda roll: ABSENCES if roll == 7 else st.one_of(*seen))


COUNTS: Final = st.sampled_from([0, 1, 9, 10, 29, 30, 99, 100, 101, 126, 6400])
FIGURES: Final = st.decimals(0, 100, places=2)


@st.composite
def some_figures(draw: st.DrawFn) -> PeriodFigures:
    healthy = figures()
    changed: dict[str, Any] = {}
    for name in PeriodFigures.model_fields:
        value = getattr(healthy, name)
        changed[name] = draw(mostly(value, COUNTS if isinstance(value, int) else FIGURES))
    return figures(**changed)


@st.composite
def some_series(draw: st.DrawFn) -> Series:
    days = draw(st.sampled_from([1, 29, 30, 31, 60]))
    changed: dict[str, Any] = {}
    for name, level in (("sessions", 250), ("goal_completions", 12), ("revenue", 100)):
        odd = st.tuples(st.integers(0, days - 1), st.sampled_from([None, 0, level * 2, level * 4]))
        base = draw(st.sampled_from([level, level, level, 0]))
        column = series_with(draw(st.lists(odd, max_size=4)), level=base, days=days)
        changed[name] = draw(st.sampled_from([getattr(series(days), name), column]))
    return series(days, **changed)


@st.composite
def some_sessions(draw: st.DrawFn) -> SessionsSeen:
    return sessions(
        current=draw(some_figures()),
        prior=draw(seldom_absent(some_figures())),
        series=draw(seldom_absent(st.just(series()), some_series())),
        mixed_currency=draw(mostly(None)),
        mixed_definition=draw(mostly(None)),
    )


def some_pages() -> st.SearchStrategy[PagesSeen]:
    row: st.SearchStrategy[PageSeen] = st.builds(
        page,
        st.sampled_from(["/a", "/b"]),
        sessions=mostly(2000, COUNTS),
        conversion_rate=mostly("1.4", FIGURES),
        revenue=mostly("10", FIGURES),
    )
    return st.builds(
        lambda rows, total, cut: pages(pages=tuple(rows), total_sessions=total, truncated=cut),
        st.lists(row, max_size=4),
        mostly(8000, COUNTS),
        st.booleans(),
    )


def some_sources() -> st.SearchStrategy[SourcesSeen]:
    row: st.SearchStrategy[SourceSeen] = st.builds(
        source, is_paid=st.booleans(), sessions=mostly(2000, COUNTS), conversion_rate=mostly("1.4", FIGURES)
    )
    return st.builds(
        lambda rows, cut: sources(sources=tuple(rows), truncated=cut), st.lists(row, max_size=3), st.booleans()
    )


def some_token() -> st.SearchStrategy[TokenSeen]:
    return st.builds(
        token,
        rejected=st.sampled_from([None, None, None, "rejected", "invalid_grant", "lost_rotation", "banned"]),
        days_left=mostly("300", FIGURES),
    )


@st.composite
def nights(draw: st.DrawFn) -> Snapshot:
    """Return one night of one merchant, with anything missing that can be missing."""
    healthy = snapshot()
    return snapshot(
        token=draw(seldom_absent(some_token())),
        account_type=draw(st.sampled_from(["business", "creator", "personal", "unknown"])),
        basic=draw(seldom_absent(st.just(healthy.basic))),
        profile=draw(seldom_absent(st.just(healthy.profile))),
        stats=draw(seldom_absent(st.builds(stats, followers=mostly(12000)))),
        sessions=draw(seldom_absent(some_sessions())),
        pages=draw(seldom_absent(some_pages())),
        sources=draw(seldom_absent(some_sources())),
    )
