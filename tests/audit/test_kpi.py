"""The sixteen KPIs: value, prior, change, unit, and whether the change is good."""

from decimal import Decimal

import pytest

from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.kpi import KPI_NAMES, GoodWhen, Kpi, Sentiment, kpis_of
from functions.audit.snapshot import Snapshot
from tests.builders import absent, channel, figures, sessions, snapshot, stats

ACCOUNT = ("followers", "following", "likes", "videos")
UNITS = {
    "followers": "followers",
    "following": "following",
    "likes": "likes",
    "videos": "videos",
    "sessions": "sessions",
    "users": "users",
    "new_users": "users",
    "returning_users": "users",
    "bounce_rate": "%",
    "pageviews_per_session": "pages",
    "avg_session_duration": "s",
    "session_conversion_rate": "%",
    "cart_abandonment_rate": "%",
    "goal_completions": "goals",
    "orders": "orders",
    "revenue": "GBP",
}
CHANNEL = [name for name in UNITS if name not in ACCOUNT]
LOWER = {"bounce_rate", "cart_abandonment_rate"}


def kpis(seen: Snapshot) -> dict[str, Kpi]:
    return {kpi.name: kpi for kpi in kpis_of(seen)}


def reasons(value: object) -> list[Reason]:
    return [cause.reason for cause in causes_of(value)]


def test_there_are_sixteen_in_the_designs_order_with_their_units() -> None:
    found = kpis(snapshot())

    assert {name: kpi.unit for name, kpi in found.items()} == UNITS
    assert tuple(found) == KPI_NAMES == tuple(UNITS)
    assert {name for name, kpi in found.items() if kpi.good_when is GoodWhen.LOWER} == LOWER


def test_the_values_are_the_sources_own() -> None:
    found = kpis(snapshot())

    assert {name: found[name].value for name in ("followers", "likes", "sessions", "bounce_rate", "revenue")} == {
        "followers": 12000,
        "likes": 240000,
        "sessions": 8000,
        "bounce_rate": 52,
        "revenue": 3200,
    }


@pytest.mark.parametrize("name", CHANNEL)
@pytest.mark.parametrize(("now", "change"), [(150, 50), (50, -50), (0, -100)])
def test_a_change_is_in_percent_of_the_prior_and_good_in_the_right_direction(name: str, now: int, change: int) -> None:
    found = kpis(channel(figures(**{name: 100}), **{name: now}))[name]

    assert (found.value, found.prior, found.change_percent) == (Decimal(now), Decimal(100), Decimal(change))
    better = (change > 0) is (name not in LOWER)
    assert found.sentiment is (Sentiment.GOOD if better else Sentiment.BAD)


@pytest.mark.parametrize("name", CHANNEL)
def test_no_change_is_neutral(name: str) -> None:
    found = kpis(channel())[name]

    assert (found.change_percent, found.sentiment) == (Decimal(), Sentiment.NEUTRAL)


@pytest.mark.parametrize("name", CHANNEL)
@pytest.mark.parametrize("now", [0, 7])
def test_from_a_prior_of_nothing_there_is_no_percentage(name: str, now: int) -> None:
    found = kpis(channel(figures(**{name: 0}), **{name: now}))[name]

    assert (found.value, found.prior) == (Decimal(now), Decimal())
    assert reasons(found.change_percent) == [Reason.SAMPLE_TOO_SMALL]
    assert found.sentiment is Sentiment.UNKNOWN


@pytest.mark.parametrize("name", CHANNEL)
def test_without_a_prior_period_the_value_stands_alone(name: str) -> None:
    found = kpis(channel(absent(Reason.NO_PRIOR), **{name: 7}))[name]

    assert found.value == 7
    assert reasons(found.prior) == reasons(found.change_percent) == [Reason.NO_PRIOR]
    assert found.sentiment is Sentiment.UNKNOWN


@pytest.mark.parametrize("name", CHANNEL)
def test_an_absent_value_keeps_its_reason_and_is_no_zero(name: str) -> None:
    found = kpis(channel(figures(**{name: absent(Reason.SOURCE_FAILED)}), **{name: absent()}))[name]

    assert reasons(found.value) == [Reason.NOT_MEASURED]
    assert reasons(found.prior) == [Reason.SOURCE_FAILED]
    assert reasons(found.change_percent) == [Reason.NOT_MEASURED, Reason.SOURCE_FAILED]
    assert found.sentiment is Sentiment.UNKNOWN


def test_without_the_source_all_twelve_are_absent_for_its_reasons() -> None:
    gone = absent(Reason.NOT_CONNECTED)
    found = kpis(snapshot(sessions=gone))

    assert {name for name, kpi in found.items() if kpi.value == kpi.prior == kpi.change_percent == gone} == set(CHANNEL)


def test_without_the_stats_scope_the_four_account_figures_are_absent() -> None:
    found = kpis(snapshot(stats=absent(Reason.SCOPE_MISSING)))

    assert {name for name, kpi in found.items() if isinstance(kpi.value, Absent)} == set(ACCOUNT)
    assert reasons(found["followers"].value) == [Reason.SCOPE_MISSING]


def test_one_unknown_account_figure_leaves_the_others() -> None:
    found = kpis(snapshot(stats=stats(likes=absent(), videos=0)))

    assert reasons(found["likes"].value) == [Reason.NOT_MEASURED]
    assert (found["videos"].value, found["followers"].value) == (Decimal(), Decimal(12000))


@pytest.mark.parametrize("name", ACCOUNT)
def test_account_figures_have_no_prior_and_no_sentiment(name: str) -> None:
    found = kpis(snapshot())[name]

    assert reasons(found.prior) == reasons(found.change_percent) == [Reason.NO_PRIOR]
    assert found.sentiment is Sentiment.UNKNOWN


def test_a_change_of_currency_spoils_the_comparison_of_money_only() -> None:
    found = kpis(snapshot(sessions=sessions(mixed_currency=absent(Reason.MIXED_UNITS))))

    assert {name for name in CHANNEL if isinstance(found[name].change_percent, Absent)} == {"revenue"}
    assert reasons(found["revenue"].change_percent) == [Reason.MIXED_UNITS]
    assert found["revenue"].sentiment is Sentiment.UNKNOWN
    assert found["revenue"].value == found["revenue"].prior == 3200


def test_a_change_of_definition_spoils_every_comparison() -> None:
    found = kpis(snapshot(sessions=sessions(mixed_definition=absent(Reason.MIXED_UNITS))))

    assert {name for name in CHANNEL if reasons(found[name].change_percent) == [Reason.MIXED_UNITS]} == set(CHANNEL)


def test_public_counts_step_in_for_counts_that_could_not_be_seen_and_say_so() -> None:
    public = stats().model_copy(update={"likes": absent(Reason.NOT_MEASURED)})
    found = kpis(snapshot(stats=absent(Reason.SCOPE_MISSING), public_stats=public))

    assert {name: found[name].source for name in ACCOUNT} == {
        "followers": "tiktok_research",
        "following": "tiktok_research",
        "likes": "tiktok",
        "videos": "tiktok_research",
    }
    assert found["followers"].value == 12000
    # What the public does not see either is missing for the account's own reason, not for that of the lookup.
    assert reasons(found["likes"].value) == [Reason.SCOPE_MISSING]


def test_public_counts_never_replace_the_accounts_own() -> None:
    public = stats().model_copy(update={"followers": 7})

    assert kpis(snapshot(public_stats=public))["followers"] == kpis(snapshot())["followers"]


def test_public_counts_that_could_not_be_seen_are_no_reason_of_anything() -> None:
    alone = kpis(snapshot(stats=absent(Reason.SCOPE_MISSING)))

    assert kpis(snapshot(stats=absent(Reason.SCOPE_MISSING), public_stats=absent(Reason.SOURCE_FAILED))) == alone
