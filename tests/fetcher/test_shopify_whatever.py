"""Whatever a shop answers: never a crash, never a zero for what is missing, always a night that can be judged."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.absence import Absent, Reason
from functions.audit.judge import judge
from functions.audit.kpi import kpis_of
from functions.audit.profile import default_profile
from functions.audit.snapshot import PeriodFigures, SessionsSeen, Snapshot
from functions.fetcher.sources.blend import blend
from functions.fetcher.sources.channel import Channel, Commerce
from tests.builders import pages, sessions, snapshot, sources
from tests.fetcher.shopify_world import (
    HEALTHY,
    REPORTS_DENIED,
    Night,
    elsewhere,
    listing,
    order,
    reasons,
    shopify,
    table,
    visits,
)
from tests.fetcher.test_blend import shop

words = st.sampled_from(
    [
        "data",
        "errors",
        "rows",
        "columns",
        "name",
        "tiktok",
        "sessions",
        "day",
        "2026-11-19",
        "ready",
        "THROTTLED",
        "GBP",
    ]
)
texts = st.one_of(words, st.text(max_size=12), st.text("\ud800\udfff\u202e\r\n\x00", max_size=4))
numbers = st.one_of(st.integers(), st.floats(), st.sampled_from([0, -1, 10**15, 10**30, 10**400, 1e308, 0.5]))
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
statuses = st.one_of(st.just(200), st.sampled_from([201, 204, 301, 400, 401, 402, 403, 404, 423, 429, 500, 503, 599]))
QUESTIONS = tuple(HEALTHY)
DOCUMENTS = {name: json.loads(json.dumps(answer())) for name, answer in HEALTHY.items()}
few = settings(max_examples=40, deadline=None)


def paths(value: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield so_far
    match value:
        case dict():
            for key, inner in value.items():
                yield from paths(inner, (*so_far, key))
        case list():
            for at, inner in enumerate(value[:2]):
                yield from paths(inner, (*so_far, at))


PLACES = [(name, path) for name, document in DOCUMENTS.items() for path in paths(document)]


def replaced(document: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    copy = deepcopy(document)
    inside = copy
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return copy


def said(document: object, status: int = 200) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(document).encode())


def asked(answers: dict[str, Any], *, denied: bool) -> tuple[Channel, Commerce | Absent]:
    """Ask as the only source and as the commerce sibling; ``denied``: without reports, so that orders are asked for."""
    seen: list[Any] = []
    for ask in (Night().channel, Night().commerce):
        with shopify() as world:
            if denied:
                world.deny_reports()
            world.answers.update(answers)
            seen.append(ask())
    return seen[0], seen[1]


def is_sound(channel: Channel, commerce: Commerce | Absent) -> None:
    beside = blend(Channel(sessions(), pages(), sources()), commerce, shop("storefront"))
    for whole in (channel, beside):
        night = snapshot(sessions=whole.sessions, pages=whole.pages, sources=whole.sources)
        assert Snapshot.model_validate_json(night.encoded) == night
        profile = default_profile()
        outcomes = judge(night, profile, profile.rules_for(None, night.night))
        assert all(Reason.CHECK_CRASHED not in outcome.reasons for outcome in outcomes)
        assert len(kpis_of(night)) == 16


@pytest.mark.parametrize("denied", [False, True])
@few
@given(name=st.sampled_from(QUESTIONS), document=anything, status=statuses)
def test_any_json_to_any_question(denied: bool, name: str, document: object, status: int) -> None:  # noqa: FBT001 - a column of the story
    is_sound(*asked({name: said(document, status)}, denied=denied))


@settings(few, max_examples=120)
@given(places=st.lists(st.tuples(st.sampled_from(PLACES), anything), min_size=1, max_size=3), denied=st.booleans())
def test_a_sound_answer_with_anything_anywhere(
    places: list[tuple[tuple[str, tuple[Any, ...]], object]],
    denied: bool,  # noqa: FBT001 - drawn
) -> None:
    documents = dict(DOCUMENTS)
    for (name, path), value in places:
        if documents[name] is DOCUMENTS[name]:
            documents[name] = replaced(documents[name], path, value)
    changed = {name: said(document) for name, document in documents.items() if document is not DOCUMENTS[name]}

    is_sound(*asked(changed, denied=denied))


@few
@given(body=st.one_of(st.binary(max_size=64), st.text(max_size=64).map(str.encode)), status=statuses)
def test_any_bytes_to_every_question_are_an_absence(body: bytes, status: int) -> None:
    answer = httpx.Response(status, content=body)
    channel, commerce = asked(dict.fromkeys(QUESTIONS, answer), denied=False)

    is_sound(channel, commerce)
    for part in (channel.sessions, channel.pages, channel.sources, commerce):
        assert isinstance(part, Absent)


values = st.one_of(
    st.integers(0, 10**6).map(str), st.decimals(0, 1, places=3).map(str), st.none(), st.sampled_from(["", "x", "-1"])
)
METRICS = (
    "sessions",
    "online_store_visitors",
    "pageviews",
    "pageviews_per_session",
    "average_session_duration",
    "bounce_rate",
    "sessions_with_cart_additions",
    "sessions_that_completed_checkout",
)
rows_of = st.lists(st.fixed_dictionaries(dict.fromkeys(METRICS, values)), min_size=1, max_size=4)


@settings(few, max_examples=120)
@given(rows=rows_of)
def test_a_figure_is_the_sum_of_what_every_row_says_or_absent(rows: list[dict[str, str | None]]) -> None:
    listed = [{**visits(), **row, "utm_medium": f"medium-{at}"} for at, row in enumerate(rows)]
    with shopify(visits_now=table([*listed, elsewhere(visits(70_000))])):
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    for metric, figure in (
        ("sessions", "sessions"),
        ("sessions_with_cart_additions", "carts"),
        ("sessions_that_completed_checkout", "goal_completions"),
    ):
        told = [row[metric] for row in rows]
        value = getattr(seen.current, figure)
        if all(text is not None and _is_count(text) for text in told):
            assert value == sum(int(Decimal(text)) for text in told if text is not None)
        else:
            assert reasons(value) <= {Reason.NOT_MEASURED, Reason.SOURCE_FAILED}
    _rates_are_possible(seen.current)


def _is_count(text: str) -> bool:
    try:
        number = Decimal(text)
    except ArithmeticError:
        return False
    return number >= 0 and number == int(number)


def _rates_are_possible(figures: PeriodFigures) -> None:
    for name in ("bounce_rate", "session_conversion_rate", "cart_abandonment_rate"):
        value = getattr(figures, name)
        assert isinstance(value, Absent) or 0 <= value <= 100


amounts = st.one_of(st.decimals(-100, 10**6, places=2).map(str), st.sampled_from([None, "x", ""]))


@settings(few, max_examples=80)
@given(told=st.lists(amounts, max_size=6))
def test_money_of_orders_is_the_sum_of_all_or_absent(told: list[str | None]) -> None:
    orders = [
        order(at, currentTotalPriceSet={"shopMoney": {"amount": amount, "currencyCode": "GBP"}})
        for at, amount in enumerate(told)
    ]
    with shopify(orders_now=listing(*orders)) as world:
        world.deny_reports()
        seen = Night().channel().sessions

    if all(amount not in {None, "x", ""} for amount in told):
        assert isinstance(seen, SessionsSeen)
        assert (seen.current.orders, seen.current.revenue) == (
            len(told),
            sum((Decimal(str(a)) for a in told), Decimal()),
        )
    else:
        assert reasons(seen) == {Reason.SCOPE_MISSING, Reason.SOURCE_FAILED}


@few
@given(answer=st.sampled_from([REPORTS_DENIED, {"data": None}]), names=st.sets(st.sampled_from(QUESTIONS), min_size=1))
def test_any_set_of_questions_may_fail_at_once(answer: dict[str, Any], names: set[str]) -> None:
    channel, commerce = asked(dict.fromkeys(names, answer), denied=False)

    is_sound(channel, commerce)
    if isinstance(channel.sessions, SessionsSeen) and isinstance(channel.sessions.prior, PeriodFigures):
        now, before = channel.sessions.current.revenue, channel.sessions.prior.revenue
        # Both in one way, or neither; and only the days tell whether the prior period is whole.
        assert isinstance(now, Absent) or isinstance(before, Decimal) or "sales daily" in names
