"""`nightjar audit` on every figure of `/analytics/sessions`: thresholds, floors, nulls, zeros and wrong types."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.console.auditing import CHANNEL, OF_SESSIONS, Desk, Due, Shop, blind, expect
from tests.console.scenarios import World, raw

# Which checks look at which figure of the current and of the prior period (DESIGN §4, APIS 4.7).
RATED = ("bounce_rate", "pageviews_per_session", "session_conversion_rate")
USES = {
    "sessions": (*RATED, "session_duration", "sessions_trend", "amplify_candidates"),
    "users": ("returning_users",),
    "new_users": (),
    "returning_users": ("returning_users",),
    "bounce_rate": ("bounce_rate",),
    "pageviews_per_session": ("pageviews_per_session",),
    "avg_session_duration_sec": ("session_duration",),
    "session_conversion_rate": ("session_conversion_rate", "amplify_candidates"),
    "sessions_with_cart": ("cart_abandonment_rate",),
    "cart_abandonment_rate": ("cart_abandonment_rate",),
    "goal_completions": (),
    "orders": (),
    "revenue": ("attributed_revenue",),
}
USES_BEFORE = {
    "sessions": ("session_duration", "sessions_trend"),
    "avg_session_duration_sec": ("session_duration",),
    "orders": ("attributed_revenue",),
    "revenue": ("attributed_revenue",),
}
KPI_OF = {"avg_session_duration_sec": "avg_session_duration"}
RATES = ("bounce_rate", "session_conversion_rate", "cart_abandonment_rate")


def test_a_healthy_merchant_passes_all_fifteen(desk: Desk, world: World) -> None:
    result = desk.audit(Shop(world))

    expect(result)
    assert result.kpi("followers")["value"] == 18250
    assert result.kpi("sessions") == {
        "value": 8000,
        "prior": 7500,
        "change_percent": 6.666667,
        "unit": "sessions",
        "sentiment": "good",
        "reason": None,
    }
    assert result.kpi("bounce_rate")["sentiment"] == "good"  # lower is better, and it fell
    assert result.kpi("revenue")["unit"] == "GBP"


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("bounce_rate", 0, "pass"),
        ("bounce_rate", 59.999999, "pass"),
        ("bounce_rate", 60, "pass"),
        ("bounce_rate", 60.0, "pass"),
        ("bounce_rate", "60.00", "pass"),
        ("bounce_rate", 60.000001, "warn"),
        ("bounce_rate", "60.0000000001", "warn"),  # however fine: nothing is rounded before it is judged
        ("bounce_rate", "75.0000000001", "critical"),
        ("pageviews_per_session", "1.4999999999", "warn"),
        ("bounce_rate", 74.999999, "warn"),
        ("bounce_rate", 75, "warn"),
        ("bounce_rate", "75.000", "warn"),
        ("bounce_rate", 75.000001, "critical"),
        ("bounce_rate", 100, "critical"),
        ("pageviews_per_session", 1.500001, "pass"),
        ("pageviews_per_session", 1.5, "pass"),
        ("pageviews_per_session", "1.50", "pass"),
        ("pageviews_per_session", 1.499999, "warn"),
        ("pageviews_per_session", 0, "warn"),
        ("cart_abandonment_rate", 0, "pass"),
        ("cart_abandonment_rate", 75, "pass"),
        ("cart_abandonment_rate", 75.000001, "warn"),
        ("cart_abandonment_rate", 85, "warn"),
        ("cart_abandonment_rate", 85.000001, "critical"),
        ("cart_abandonment_rate", 100, "critical"),
        ("returning_users", 0, "warn"),
        ("returning_users", "0", "warn"),
        ("returning_users", 1, "pass"),
    ],
)
def test_a_figure_is_judged_strictly_above_or_below(
    desk: Desk, world: World, name: str, value: object, status: str
) -> None:
    world.sessions["current"][name] = value

    result = desk.audit(Shop(world))

    expect(result, {name: status})
    if name != "returning_users":
        assert result.outcome(name)["value"] == pytest.approx(float(str(value)))


@pytest.mark.parametrize(
    ("rate", "status"),
    [
        (1.000001, "pass"),
        (1, "pass"),
        ("1.0", "pass"),
        (0.999999, "warn"),
        (0.5, "warn"),
        ("0.50", "warn"),
        (0.499999, "critical"),
    ],
)
def test_the_conversion_rate_is_judged_strictly_below(desk: Desk, world: World, rate: object, status: str) -> None:
    world.sessions["current"]["session_conversion_rate"] = rate
    for row in (*world.pages["pages"], *world.sources["sources"]):
        row["current"]["session_conversion_rate"] = 0.5  # neither too bad a page nor one to amplify

    expect(desk.audit(Shop(world)), {"session_conversion_rate": status})


def test_a_measured_conversion_rate_of_0_is_critical_and_nothing_can_be_compared_with_it(
    desk: Desk, world: World
) -> None:
    world.sessions["current"]["session_conversion_rate"] = 0

    expect(
        desk.audit(Shop(world)), {"session_conversion_rate": "critical", "amplify_candidates": ("sample_too_small",)}
    )


@pytest.mark.parametrize(
    ("check", "name", "before", "now", "status"),
    [
        ("session_duration", "avg_session_duration_sec", 100, 50, "pass"),
        ("session_duration", "avg_session_duration_sec", 100, 50.001, "pass"),
        ("session_duration", "avg_session_duration_sec", 100, 49.999, "warn"),
        ("session_duration", "avg_session_duration_sec", "66.6", "33.3", "pass"),
        ("session_duration", "avg_session_duration_sec", 100, 0, "warn"),
        ("session_duration", "avg_session_duration_sec", 100, 1000, "pass"),
        ("sessions_trend", "sessions", 1000, 800, "pass"),
        ("sessions_trend", "sessions", 1000, 801, "pass"),
        ("sessions_trend", "sessions", 1000, 799, "warn"),
        ("sessions_trend", "sessions", 9375, 7500, "pass"),
        ("attributed_revenue", "revenue", "1000.00", "950.00", "pass"),
        ("attributed_revenue", "revenue", "1000.00", "950.01", "pass"),
        ("attributed_revenue", "revenue", "1000.00", "949.99", "warn"),
        ("attributed_revenue", "revenue", 1000, 950, "pass"),
        ("attributed_revenue", "revenue", "2412.00", "2291.40", "pass"),
        ("attributed_revenue", "revenue", "3.00", "2.85", "pass"),
        ("attributed_revenue", "revenue", "1873.40", "1779.73", "pass"),
        ("attributed_revenue", "revenue", "1873.40", "1779.72", "warn"),
        ("sessions_trend", "sessions", 123456789, 98765431, "warn"),
        ("attributed_revenue", "revenue", "1000.00", "0.00", "warn"),
        ("attributed_revenue", "revenue", "1000.00", "-20.00", "warn"),
        ("attributed_revenue", "revenue", "0.01", "99999.00", "pass"),
    ],
)
def test_a_drop_is_judged_strictly_above(
    desk: Desk, world: World, check: str, name: str, before: object, now: object, status: str
) -> None:
    world.sessions["prior"][name] = before
    world.sessions["current"][name] = now

    result = desk.audit(Shop(world))

    expect(result, {check: status})
    a, b = Decimal(str(before)), Decimal(str(now))
    assert result.outcome(check)["value"] == pytest.approx(float((a - b) * 100 / a), abs=1e-6)


@pytest.mark.parametrize(
    ("period", "name", "floor", "checks"),
    [
        ("current", "sessions", 100, USES["sessions"]),
        ("prior", "sessions", 100, USES_BEFORE["sessions"]),
        ("current", "sessions_with_cart", 30, ("cart_abandonment_rate",)),
        ("current", "users", 100, ("returning_users",)),
        ("prior", "orders", 10, ("attributed_revenue",)),
    ],
)
@pytest.mark.parametrize("short", [0, 1, 2])
def test_a_sample_below_its_floor_is_not_judged_and_the_need_is_told(
    desk: Desk, world: World, period: str, name: str, floor: int, checks: tuple[str, ...], short: int
) -> None:
    if name == "sessions":
        world.sessions["prior"]["sessions"] = 100
    world.sessions[period][name] = floor - short

    result = desk.audit(Shop(world))

    expect(result, blind(checks, "sample_too_small") if short else {})
    if short:
        for check in checks:
            assert str(floor) in result.outcome(check)["summary"]


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize("how", ["null", "missing"])
def test_a_null_or_missing_figure_is_not_measured(desk: Desk, world: World, name: str, how: str) -> None:
    if how == "null":
        world.sessions["current"][name] = None
    else:
        del world.sessions["current"][name]

    result = desk.audit(Shop(world))

    expect(result, blind(USES[name], "not_measured"))
    if (kpi := KPI_OF.get(name, name)) in CHANNEL:
        seen = result.kpi(kpi)
        assert (seen["value"], seen["reason"], seen["sentiment"]) == (None, "not_measured", "unknown")


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize("how", ["null", "missing"])
def test_a_null_or_missing_figure_of_the_prior_period_blinds_the_comparisons_only(
    desk: Desk, world: World, name: str, how: str
) -> None:
    if how == "null":
        world.sessions["prior"][name] = None
    else:
        del world.sessions["prior"][name]

    result = desk.audit(Shop(world))

    expect(result, blind(USES_BEFORE.get(name, ()), "not_measured"))
    if (kpi := KPI_OF.get(name, name)) in CHANNEL:
        seen = result.kpi(kpi)
        assert seen["value"] is not None
        assert (seen["prior"], seen["change_percent"], seen["sentiment"]) == (None, None, "unknown")
        assert seen["reason"] is None


@pytest.mark.parametrize("name", USES)
@pytest.mark.parametrize(
    "value",
    ["plenty", "", "62%", "1,873.40", "NaN", "Infinity", [], [5], {}, {"value": 5}, True, False, -1, raw("1e400")],
    ids=repr,
)
def test_a_wrong_type_fails_the_checks_that_look_at_it_and_no_other(
    desk: Desk, world: World, name: str, value: Any
) -> None:
    if name == "revenue" and value == -1:
        value = "-"  # refunds may make revenue negative
    world.sessions["current"][name] = value

    result = desk.audit(Shop(world))

    expect(result, blind(USES[name], "source_failed"))
    if (kpi := KPI_OF.get(name, name)) in CHANNEL:
        assert (result.kpi(kpi)["value"], result.kpi(kpi)["reason"]) == (None, "source_failed")


@pytest.mark.parametrize("name", USES_BEFORE)
@pytest.mark.parametrize("value", ["plenty", [], {}, True, raw("1e400")], ids=repr)
def test_a_wrong_type_in_the_prior_period_fails_the_comparisons_only(
    desk: Desk, world: World, name: str, value: Any
) -> None:
    world.sessions["prior"][name] = value

    expect(desk.audit(Shop(world)), blind(USES_BEFORE[name], "source_failed"))


@pytest.mark.parametrize("name", RATES)
@pytest.mark.parametrize("value", [100.000001, 101, -0.000001, "250"])
def test_a_rate_outside_0_to_100_cannot_be_true(desk: Desk, world: World, name: str, value: object) -> None:
    world.sessions["current"][name] = value

    expect(desk.audit(Shop(world)), blind(USES[name], "source_failed"))


@pytest.mark.parametrize("name", ["sessions", "users", "returning_users", "sessions_with_cart"])
def test_half_a_session_is_no_count(desk: Desk, world: World, name: str) -> None:
    world.sessions["current"][name] = 500.5

    expect(desk.audit(Shop(world)), blind(USES[name], "source_failed"))


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity"])
def test_a_literal_that_is_no_json_fails_the_whole_answer(desk: Desk, world: World, literal: str) -> None:
    world.sessions["current"]["bounce_rate"] = raw(literal)

    result = desk.audit(Shop(world))

    expect(result, blind(OF_SESSIONS, "source_failed"))
    assert {result.kpi(name)["reason"] for name in CHANNEL} == {"source_failed"}


def test_numbers_given_as_text_are_numbers(desk: Desk, world: World) -> None:
    for period in ("current", "prior"):
        figures = world.sessions[period]
        world.sessions[period] = {name: f" {value} " for name, value in figures.items()}
    for row in (*world.sessions["series"], world.pages["totals"], *(page["current"] for page in world.pages["pages"])):
        row.update({name: str(value) for name, value in row.items()})

    result = desk.audit(Shop(world))

    expect(result)
    assert result.kpi("sessions")["value"] == 8000


def test_whole_numbers_written_as_fractions_are_counts(desk: Desk, world: World) -> None:
    world.sessions["current"].update({"sessions": 8000.0, "users": raw("6.9e3"), "orders": "120.0"})

    result = desk.audit(Shop(world))

    expect(result)
    assert (result.kpi("users")["value"], result.kpi("orders")["value"]) == (6900, 120)


def test_a_channel_that_died_is_too_small_to_judge_but_its_lost_revenue_is_real(desk: Desk, world: World) -> None:
    current = world.sessions["current"]
    for name in USES:
        current[name] = None if name in {*RATES, "pageviews_per_session", "avg_session_duration_sec"} else 0
    current["revenue"] = "0.00"

    due: dict[str, Due] = {
        **blind((*USES["sessions"], "cart_abandonment_rate", "returning_users"), "sample_too_small"),
        "attributed_revenue": "warn",
    }
    result = desk.audit(Shop(world))

    expect(result, due)
    assert (result.kpi("sessions")["value"], result.kpi("sessions")["sentiment"]) == (0, "bad")
    assert result.kpi("revenue")["value"] == 0


@pytest.mark.parametrize(
    ("name", "rate", "value"),
    [
        ("sessions_with_cart", "cart_abandonment_rate", 0),
        ("sessions_with_cart", "cart_abandonment_rate", None),
        ("users", "returning_users", 0),
    ],
)
def test_a_rate_over_a_measured_0_is_a_small_sample(
    desk: Desk, world: World, name: str, rate: str, value: object
) -> None:
    world.sessions["current"].update({name: 0, rate: value})

    expect(desk.audit(Shop(world)), blind((rate,), "sample_too_small"))


@pytest.mark.parametrize(
    ("name", "value", "checks"),
    [
        ("sessions", 0, ("session_duration", "sessions_trend")),
        ("avg_session_duration_sec", 0, ("session_duration",)),
        ("orders", 0, ("attributed_revenue",)),
        ("revenue", "0.00", ("attributed_revenue",)),
        ("revenue", 0, ("attributed_revenue",)),
        ("revenue", "-5.00", ("attributed_revenue",)),
    ],
)
def test_a_prior_of_0_has_nothing_to_fall_from(
    desk: Desk, world: World, name: str, value: object, checks: tuple[str, ...]
) -> None:
    world.sessions["prior"][name] = value

    result = desk.audit(Shop(world))

    expect(result, blind(checks, "sample_too_small"))
    kpi = result.kpi(KPI_OF.get(name, name))
    assert kpi["change_percent"] is None
    assert kpi["prior"] is not None


COMPARISONS = ("session_duration", "sessions_trend", "attributed_revenue")


@pytest.mark.parametrize("how", ["null", "missing"])
def test_without_a_prior_period_comparisons_have_no_prior(desk: Desk, world: World, how: str) -> None:
    if how == "null":
        world.sessions["prior"] = None
    else:
        del world.sessions["prior"]

    result = desk.audit(Shop(world))

    expect(result, blind(COMPARISONS, "no_prior"))
    assert {result.kpi(name)["prior"] for name in CHANNEL} == {None}
    assert {result.kpi(name)["sentiment"] for name in CHANNEL} == {"unknown"}
    assert {result.kpi(name)["reason"] for name in CHANNEL} == {None}


@pytest.mark.parametrize("prior", [[], "none", 5, True], ids=repr)
def test_a_prior_period_of_a_wrong_type_fails_the_comparisons(desk: Desk, world: World, prior: object) -> None:
    world.sessions["prior"] = prior

    expect(desk.audit(Shop(world)), blind(COMPARISONS, "source_failed"))


def test_an_empty_prior_period_was_not_measured(desk: Desk, world: World) -> None:
    world.sessions["prior"] = {}

    expect(desk.audit(Shop(world)), blind(COMPARISONS, "not_measured"))


NEED_CURRENT = tuple(check for check in OF_SESSIONS if check not in {"goal_completions", "viral_spike"})


@pytest.mark.parametrize(
    ("current", "reason"),
    [(None, "not_measured"), ([], "source_failed"), ("none", "source_failed"), (7, "source_failed")],
    ids=repr,
)
def test_without_the_current_period_nothing_of_it_is_judged(
    desk: Desk, world: World, current: object, reason: str
) -> None:
    world.sessions["current"] = current

    result = desk.audit(Shop(world))

    assert {tuple(result.outcome(check)["reasons"]) for check in NEED_CURRENT} == {(reason,)}
    assert {result.kpi(name)["reason"] for name in CHANNEL} == {reason}
    assert result.code == 3


def test_all_causes_are_kept_not_only_the_first(desk: Desk, world: World) -> None:
    world.sessions["current"].update({"sessions": 99, "avg_session_duration_sec": None, "bounce_rate": "much"})
    world.sessions["prior"].update({"avg_session_duration_sec": []})

    result = desk.audit(Shop(world))

    assert set(result.outcome("session_duration")["reasons"]) == {"sample_too_small", "not_measured", "source_failed"}
    assert set(result.outcome("bounce_rate")["reasons"]) == {"sample_too_small", "source_failed"}


def test_a_currency_that_changed_between_the_periods_forbids_comparing_money(desk: Desk, world: World) -> None:
    world.sessions["current"]["currency"] = "EUR"
    world.sessions["prior"]["currency"] = "GBP"

    result = desk.audit(Shop(world))

    expect(result, {"attributed_revenue": ("mixed_units",)})
    assert (result.kpi("revenue")["change_percent"], result.kpi("revenue")["sentiment"]) == (None, "unknown")


def test_a_definition_that_changed_between_the_periods_forbids_every_comparison(desk: Desk, world: World) -> None:
    world.sessions["current"]["backend"] = "ga4"
    world.sessions["prior"]["backend"] = "matomo"

    expect(desk.audit(Shop(world)), blind(COMPARISONS, "mixed_units"))


def test_unknown_keys_and_values_are_tolerated(desk: Desk, world: World) -> None:
    for part in (world.sessions, world.sessions["current"], world.sessions["meta"], world.pages, world.user):
        part["something_new"] = {"of": ["any", "kind"]}
    world.sessions["meta"]["backend"] = "a-new-one"

    expect(desk.audit(Shop(world)))
