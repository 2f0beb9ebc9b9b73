"""The figures of the report: the KPIs with their course over the nights, and the daily series as charts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.audit.outcome import Status
from functions.audit.periods import Periods
from functions.audit.profile import Profile
from functions.audit.snapshot import Series
from functions.report import words
from functions.report.chart import drawn
from functions.report.drawing import Chart, Daily
from functions.report.gauge import spark
from functions.report.stored import Stored
from functions.report.view import KpiCard

_ARROWS: Final = {1: "up", 0: "level", -1: "down"}
_COUNTS_ITSELF: Final = frozenset({"sessions", "users", "goals", "orders", "pages"})


def past(name: str, of: Stored) -> list[Decimal | None]:
    """Return a KPI over the stored nights; a night without it is a gap."""
    rows = {row["night"]: row.get("kpis", {}).get(name, {}).get("value") for row in of.nights}
    rows[of.night.isoformat()] = of.row["kpis"][name].get("value")
    first = date.fromisoformat(min(rows))
    days = ((first + timedelta(days=at)).isoformat() for at in range((of.night - first).days + 1))
    return [None if (value := rows.get(on)) is None else Decimal(value) for on in days]


def kpi_card(name: str, plain: Mapping[str, Any], values: Sequence[Decimal | None]) -> KpiCard:
    """Return a KPI as it is shown; ``values`` are those of the nights so far."""
    value, prior, percent, unit = plain.get("value"), plain.get("prior"), plain.get("change_percent"), plain["unit"]
    shown = "" if unit == name or unit in _COUNTS_ITSELF else unit
    is_money = name == "revenue"
    reasons = [words.reason(Reason(reason)) for reason in (plain.get("reason") or "").split(",") if reason]
    return KpiCard(
        name=name,
        title=words.titled(name),
        value="" if value is None else words.money(value, "").strip() if is_money else words.figure(value, ""),
        unit=shown,
        prior="" if prior is None else words.money(prior, shown) if is_money else words.figure(prior, shown),
        change="" if percent is None else words.change(percent),
        arrow="" if percent is None else _ARROWS[(percent > 0) - (percent < 0)],
        sentiment=plain["sentiment"],
        source=words.source(plain.get("source") or ""),
        unseen="" if value is not None else "; ".join(reasons) or "nobody knows why",
        spark=spark(values),
    )


def charts(of: Stored, profile: Profile, periods: Periods) -> tuple[tuple[Chart, ...], str]:
    """Return the daily charts, or why there are none."""
    if isinstance(of.snapshot, str):
        return (), of.snapshot
    sessions = of.snapshot.sessions
    series = sessions if isinstance(sessions, Absent) else sessions.series
    if isinstance(series, Absent):
        return (), "Could not look: " + "; ".join(words.text(cause.detail) for cause in series.causes) + "."
    currency = of.merchant.currency if isinstance(sessions, Absent) else sessions.currency
    return tuple(drawn(daily) for daily in _dailies(of, profile, periods, series, currency)), ""


def _dailies(of: Stored, profile: Profile, periods: Periods, series: Series, currency: str) -> Iterable[Daily]:
    outcomes, rules = of.row["outcomes"], profile.plain_rules
    spikes = outcomes.get("viral_spike", {}).get("evidence", {}).get("spikes", ())
    yield Daily(
        "sessions",
        "Sessions",
        "",
        series.start,
        [None if value is None else Decimal(value) for value in series.sessions],
        periods,
        warn_drop=_warn(outcomes, "sessions_trend"),
        times_median=rules["viral_spike"].parameters["times_median"],
        missed=frozenset(date.fromisoformat(spike["date"]) for spike in spikes),
    )
    trend = int(rules["goal_completions"].parameters["trend_days"])
    yield Daily("goals", "Goal completions", "", series.start, series.goal_completions, periods, trend_days=trend)
    yield Daily(
        "revenue",
        f"Revenue, {currency}",
        currency,
        series.start,
        series.revenue,
        periods,
        warn_drop=_warn(outcomes, "attributed_revenue"),
    )


def _warn(outcomes: Mapping[str, Any], check_id: str) -> Decimal | None:
    """Return the threshold that the night was judged by; ``None`` where it was not judged."""
    outcome = outcomes.get(check_id, {})
    if outcome.get("status") in {None, Status.NOT_EVALUATED.value} or outcome.get("warn") is None:
        return None
    return Decimal(outcome["warn"])
