"""Whatever GA4 answers, a fetch ends with a channel that can be stored and judged, and nothing missing becomes a 0."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.audit.absence import Absent, Reason
from functions.audit.judge import judge
from functions.audit.kpi import kpis_of
from functions.audit.profile import default_profile
from functions.audit.snapshot import PagesSeen, PeriodFigures, SessionsSeen, SourcesSeen
from functions.fetcher.sources.channel import Channel
from tests.builders import snapshot
from tests.fetcher.property import Report, channel, property_world, report, rows_of

NAMES = ("totals", "audience", "days", "pages", "sources", "commerce", "funnel", "tracked")
WORDS = [
    "reports",
    "rows",
    "error",
    "value",
    "current",
    "prior",
    "date_range_0",
    "20261119",
    "(other)",
    "NaN",
    "1e999",
    "8000",
    "-1",
    "purchaseRevenue",
    "analyticsData#runReport",
    "INVALID_ARGUMENT",
]
texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=8), st.text("\ud800\u202e\r\n\x00²", max_size=3))
numbers = st.one_of(
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0, -1, 10**15, 10**400, 1e308, 0.1]),
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=8,
)
statuses = st.sampled_from([200, 200, 204, 301, 400, 401, 403, 404, 429, 500, 503])
quick = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def is_sound(seen: Channel) -> None:
    """Hold a channel to what the rooms after this one rely on."""
    night = snapshot(sessions=seen.sessions, pages=seen.pages, sources=seen.sources)
    assert type(night).model_validate_json(night.encoded) == night
    profile = default_profile()
    outcomes = judge(night, profile, profile.rules_for(None, night.night))
    assert not [outcome for outcome in outcomes if Reason.CHECK_CRASHED in {cause.reason for cause in outcome.causes}]
    assert len(kpis_of(night)) == 16


def places(value: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where everything in a document is to be found."""
    yield so_far
    match value:
        case dict():
            for key, inner in value.items():
                yield from places(inner, (*so_far, key))
        case list():
            for at, inner in enumerate(value[:2]):
                yield from places(inner, (*so_far, at))


def put(document: Any, place: tuple[Any, ...], value: object) -> Any:
    if not place:
        return value
    copy = deepcopy(document)
    inside = copy
    for step in place[:-1]:
        inside = inside[step]
    inside[place[-1]] = value
    return copy


def dropped(document: Any, place: tuple[Any, ...]) -> Any:
    """Return the document without what stands there, as if it had been left out."""
    copy = deepcopy(document)
    inside = copy
    for step in place[:-1]:
        inside = inside[step]
    del inside[place[-1]]
    return copy


@quick
@given(document=anything, status=statuses)
def test_any_json_for_an_answer(document: object, status: int) -> None:
    with property_world() as world:
        world.always = httpx.Response(status, content=json.dumps(document).encode())
        seen = channel()

    is_sound(seen)
    for part in (seen.sessions, seen.pages, seen.sources):
        assert isinstance(part, Absent)


@quick
@given(document=anything, name=st.sampled_from(NAMES))
def test_any_json_for_a_report_is_that_reports_own_trouble(document: object, name: str) -> None:
    with property_world() as world:
        world.reports[name] = lambda _: document
        seen = channel()

    is_sound(seen)
    assert isinstance(seen.sessions, SessionsSeen)
    assert isinstance(seen.sessions.current, PeriodFigures)
    if name != "pages":
        assert isinstance(seen.pages, PagesSeen)
    if name != "sources":
        assert isinstance(seen.sources, SourcesSeen)
    if name == "commerce":
        assert isinstance(seen.sessions.current.revenue, Absent)


@settings(quick, max_examples=120)
@given(name=st.sampled_from(NAMES), at=st.integers(0, 10**6), value=anything)
def test_a_sound_report_with_anything_anywhere(name: str, at: int, value: object) -> None:
    def made(request: Any) -> Any:
        sound = report(request, rows_of(request))
        where = list(places(sound))
        return put(sound, where[at % len(where)], value)

    with property_world() as world:
        world.reports[name] = made
        is_sound(channel())


@settings(quick, max_examples=80)
@given(name=st.sampled_from(["totals", "commerce", "funnel", "audience"]), at=st.integers(0, 10**6))
def test_what_is_left_out_of_a_report_never_reads_zero(name: str, at: int) -> None:
    gone: list[tuple[Any, ...]] = []

    def made(request: Any) -> Any:
        sound = report(request, rows_of(request))
        # Rows are left out where all is 0, and the number of rows then too: those are GA4's own word for a 0.
        own_word = {("rows",), ("rowCount",), ("rows", 0), ("rows", 1), ()}
        where = [place for place in places(sound) if place not in own_word and place[0] != "propertyQuota"]
        gone.append(where[at % len(where)])
        return dropped(sound, gone[0])

    with property_world() as world:
        world.reports[name] = made
        seen = channel()

    assert isinstance(seen.sessions, SessionsSeen)
    figures = seen.sessions.current
    assert 0 not in [getattr(figures, field) for field in PeriodFigures.model_fields], gone


@quick
@given(
    sessions=st.integers(0, 10**6),
    engaged=st.integers(0, 10**6),
    views=st.integers(0, 10**7),
    carts=st.integers(0, 10**6),
    bought=st.integers(0, 10**6),
    stated=st.floats(0, 1),
)
def test_rates_are_percentages_of_their_own_counts(
    *, sessions: int, engaged: int, views: int, carts: int, bought: int, stated: float
) -> None:
    with property_world() as world:
        counts = {"sessions": sessions, "engagedSessions": engaged, "screenPageViews": views}
        world.measures("totals", **{name: str(count) for name, count in counts.items()}, bounceRate=str(stated))
        world.says("funnel", [(["add_to_cart", "current"], [str(carts)]), (["purchase", "current"], [str(bought)])])
        seen = channel()

    is_sound(seen)
    assert isinstance(seen.sessions, SessionsSeen)
    now = seen.sessions.current
    rates = (now.bounce_rate, now.session_conversion_rate, now.cart_abandonment_rate)
    assert all(isinstance(rate, Absent) or 0 <= rate <= 100 for rate in rates)
    if sessions and engaged <= sessions:
        assert not isinstance(now.bounce_rate, Absent)
        assert abs(now.bounce_rate * sessions - 100 * (sessions - engaged)) < Decimal("1e-15")
    assert isinstance(now.bounce_rate, Absent) is (sessions == 0)
    assert isinstance(now.cart_abandonment_rate, Absent) is (carts == 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_report_of_absurd_depth_is_no_report(name: str) -> None:
    def deep(request: Any) -> Report:
        made = report(request, rows_of(request))
        inner: Any = []
        for _ in range(200):
            inner = [inner]
        return {**made, "rows": inner}

    with property_world() as world:
        world.reports[name] = deep
        is_sound(channel())
