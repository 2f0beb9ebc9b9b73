"""How long it takes to read a snapshot and judge it by fifteen checks, beside the bare thresholds in a rule engine."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from time import perf_counter_ns
from typing import Any, Final

from zen import ZenEngine

from functions.audit.check import Breach
from functions.audit.checks import CATALOGUE
from functions.audit.judge import judge
from functions.audit.outcome import Outcome, Status
from functions.audit.profile import default_profile
from functions.audit.snapshot import Series, Snapshot
from tests import builders
from tests.bench.result import CannotMeasureError, Measured, Side, Tell

GOAL_MICROSECONDS: Final = 100
ROUNDS: Final = 60
CALLS: Final = 100  # of each side in a round: long enough for the clock, short enough to take turns
# The nine checks that compare one figure with a threshold and nothing else.
NUMERIC: Final = (
    "bounce_rate",
    "pageviews_per_session",
    "session_duration",
    "sessions_trend",
    "session_conversion_rate",
    "cart_abandonment_rate",
    "returning_users",
    "goal_completions",
    "attributed_revenue",
)


def measure(tell: Tell, *, rounds: int = ROUNDS) -> list[Measured]:
    """Measure reading and judging, together and apart, and the rule engine, in turn."""
    with _one_core():
        return _measure(tell, rounds)


@contextmanager
def _one_core() -> Iterator[None]:
    """Keep this thread, and those that it starts, on one core: a function has no more than that.

    The engine hands every call to a thread of its own. Woken on another core, that takes up to three times as long,
    by the luck of the scheduler; on one core it is at its best, and the same in every run.
    """
    if not hasattr(os, "sched_setaffinity"):  # macOS has no such thing
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _measure(tell: Tell, rounds: int) -> list[Measured]:
    profile = default_profile()
    rules = profile.plain_rules
    stored = believable().encoded
    snapshot = Snapshot.model_validate_json(stored)
    outcomes = judge(snapshot, profile, rules)
    decision = ZenEngine().create_decision(json.dumps(decision_graph()))
    figures = figures_of(outcomes)
    _agree(outcomes, _rows(decision.evaluate(figures)["result"]))
    sides: Mapping[str, Callable[[], object]] = {
        "both": lambda: judge(Snapshot.model_validate_json(stored), profile, rules),
        "read": partial(Snapshot.model_validate_json, stored),
        "judge": partial(judge, snapshot, profile, rules),
        "engine": partial(decision.evaluate, figures),
    }
    samples: dict[str, list[float]] = {name: [] for name in sides}
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for turn in range(-rounds // 10, rounds):
            tell(f"judging: {max(turn + 1, 0)} of {rounds} rounds")
            for name, side in sides.items():
                microseconds = _a_call_of(side)
                if turn >= 0:
                    samples[name].append(microseconds)
            gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
    engine = Side(f"zen-engine: the {len(NUMERIC)} numeric thresholds alone, figures given", samples["engine"])
    both = Side(f"{len(stored)} bytes of JSON to {len(outcomes)} outcomes", samples["both"])
    return [
        Measured(
            "read a snapshot and judge it",
            "µs",
            both,
            engine,
            goal=f"≤ {GOAL_MICROSECONDS} µs",
            met=both.median <= GOAL_MICROSECONDS,
        ),
        Measured("… of that, reading it", "µs", Side("Snapshot.model_validate_json", samples["read"]), engine),
        Measured("… of that, the fifteen checks", "µs", Side("functions.audit.judge", samples["judge"]), engine),
    ]


def believable() -> Snapshot:
    """Return what a middling shop's night looks like: sixty days of series, ten pages, three sources, all seen."""
    days = range(builders.SERIES_DAYS)
    first = builders.PERIODS.series.end - timedelta(days=builders.SERIES_DAYS - 1)
    series = Series(
        start=date.fromordinal(first.toordinal()),
        sessions=tuple(228 + day * 7 % 61 for day in days),
        goal_completions=tuple(Decimal(11 + day % 5 + day // 9) for day in days),
        revenue=tuple(Decimal(8800 + day * 389 % 4300) / 100 for day in days),
    )
    current = builders.figures(
        bounce_rate="63.07",
        pageviews_per_session="1.62",
        avg_session_duration="31.48",
        session_conversion_rate="0.73",
        cart_abandonment_rate="77.25",
        revenue="3187.42",
    )
    prior = builders.figures(sessions=7412, avg_session_duration="58.91", revenue="3316.05", orders=117)
    pages = [
        builders.page(
            f"/products/no-{at}-soy-wax-candle",
            title=f"Soy wax candle no. {at}",
            sessions=2100 - 190 * at,
            conversion_rate=Decimal(31 + 17 * at) / 100,
            revenue=Decimal(61_240 - 4_811 * at) / 100,
        )
        for at in range(10)
    ]
    sources = [
        builders.source("tiktok / social / bio", sessions=5900, conversion_rate="0.71", revenue="2210.40"),
        builders.source("tiktok / social / autumn", sessions=1600, conversion_rate="1.24", revenue="811.02"),
        builders.source("tiktok / paid / spark", is_paid=True, sessions=500, conversion_rate="0.42", revenue="166.00"),
    ]
    return builders.snapshot(
        sessions=builders.sessions(current=current, prior=prior, series=series),
        pages=builders.pages(*pages),
        sources=builders.sources(*sources),
    )


def figures_of(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the nine figures as a rule engine takes them: worked out already, which is half of our work.

    Raises:
        CannotMeasureError: one of them is absent.
    """
    figures = {outcome.check_id: outcome.value for outcome in outcomes if outcome.check_id in NUMERIC}
    known = {check_id: float(value) for check_id, value in figures.items() if value is not None}
    if missing := set(NUMERIC) - known.keys():
        raise CannotMeasureError(f"the snapshot lacks {', '.join(sorted(missing))}")
    return known


def decision_graph() -> dict[str, Any]:
    """Return the thresholds of the default profile as one decision table in the engine's own format (JDM)."""
    rules = []
    for check in CATALOGUE:
        if check.id in NUMERIC:
            rule = default_profile().plain_rules[check.id]
            for status, cell in _cells(check.breach, rule.warn, rule.critical):
                rules.append(
                    {"_id": f"{check.id}-{status}", check.id: cell, "check": f'"{check.id}"', "status": f'"{status}"'}
                )
    table = {
        "hitPolicy": "collect",
        "inputs": [{"id": check_id, "name": check_id, "field": check_id} for check_id in NUMERIC],
        "outputs": [{"id": name, "name": name, "field": name} for name in ("check", "status")],
        "rules": rules,
    }
    return {
        "nodes": [
            {"id": "in", "type": "inputNode", "name": "request"},
            {"id": "table", "type": "decisionTableNode", "name": "thresholds", "content": table},
            {"id": "out", "type": "outputNode", "name": "response"},
        ],
        "edges": [
            {"id": "1", "type": "edge", "sourceId": "in", "targetId": "table"},
            {"id": "2", "type": "edge", "sourceId": "table", "targetId": "out"},
        ],
    }


def _cells(breach: Breach, warn: Decimal | None, critical: Decimal | None) -> list[tuple[str, str]]:
    """Return each level's cell: strict comparisons, and ``warn`` ends where ``critical`` begins."""
    sign, other = (">", "<=") if breach is Breach.ABOVE else ("<", ">=")
    cells = [] if critical is None else [("critical", f"{sign} {critical}")]
    if warn is not None:
        cells.append(("warn", f"{sign} {warn}" if critical is None else f"$ {sign} {warn} and $ {other} {critical}"))
    return cells


def _rows(result: object) -> list[Mapping[str, str]]:
    # A table that collects answers with a list; the package's own annotation knows objects only.
    return result if isinstance(result, list) else []


def _agree(outcomes: Sequence[Outcome], found: Sequence[Mapping[str, str]]) -> None:
    """Refuse to compare two judges that do not come to the same."""
    ours = {
        outcome.check_id: outcome.status.value
        for outcome in outcomes
        if outcome.check_id in NUMERIC and outcome.status is not Status.PASS
    }
    theirs = {row["check"]: row["status"] for row in found}
    if ours != theirs or not ours:
        raise CannotMeasureError(f"the rule engine comes to {theirs}, the fifteen checks to {ours}")


def _a_call_of(side: Callable[[], object]) -> float:
    """Return the microseconds of a call, after as many again that warm caches and wake the engine's threads."""
    for _ in range(CALLS):
        side()
    start = perf_counter_ns()
    for _ in range(CALLS):
        side()
    return (perf_counter_ns() - start) / CALLS / 1000
