"""attributed_revenue: more than 5 % less than in the prior period is a warning, on 10 prior orders or more."""

import pytest

from functions.audit.absence import Reason
from functions.audit.outcome import Status
from tests.builders import absent, channel, figures, judged, overriding, sessions, snapshot


@pytest.mark.parametrize(
    ("now", "status"),
    [
        ("1800.00", Status.PASS),
        ("1000.00", Status.PASS),
        ("950.01", Status.PASS),
        ("950.00", Status.PASS),
        ("949.99", Status.WARN),
        ("0", Status.WARN),
        ("-20.00", Status.WARN),
    ],
)
def test_a_fall_by_more_than_a_twentieth_is_a_warning(now: str, status: Status) -> None:
    outcome = judged("attributed_revenue", channel(figures(revenue="1000.00"), revenue=now))

    assert (outcome.status, outcome.unit, outcome.critical) == (status, "%", None)
    assert outcome.evidence == {"currency": "GBP", "measured_by": "storefront"}


@pytest.mark.parametrize(
    ("orders", "status"), [(10, Status.WARN), (9, Status.NOT_EVALUATED), (0, Status.NOT_EVALUATED)]
)
def test_ten_orders_in_the_prior_period_are_the_least(orders: int, status: Status) -> None:
    outcome = judged("attributed_revenue", channel(figures(orders=orders), revenue="1"))

    assert outcome.status is status
    assert outcome.reasons == ((Reason.SAMPLE_TOO_SMALL,) if status is Status.NOT_EVALUATED else ())


def test_too_few_orders_say_how_many_are_needed() -> None:
    outcome = judged("attributed_revenue", channel(figures(orders=9)))

    assert outcome.summary == "Could not look: needs at least 10 orders in the prior period, saw 9."


@pytest.mark.parametrize("before", ["0", "-5.00"])
def test_a_prior_of_nothing_has_nothing_to_fall_from(before: str) -> None:
    assert judged("attributed_revenue", channel(figures(revenue=before))).reasons == (Reason.SAMPLE_TOO_SMALL,)


def test_a_missing_prior_period_hides_no_other_cause() -> None:
    assert judged("attributed_revenue", channel(absent(Reason.NO_PRIOR))).reasons == (Reason.NO_PRIOR,)
    assert judged("attributed_revenue", channel(absent(Reason.NO_PRIOR), revenue=absent())).reasons == (
        Reason.NO_PRIOR,
        Reason.NOT_MEASURED,
    )


def test_unknown_revenue_or_orders_are_not_measured() -> None:
    for seen in (
        channel(revenue=absent()),
        channel(figures(revenue=absent())),
        channel(figures(orders=absent())),
    ):
        outcome = judged("attributed_revenue", seen)
        assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.NOT_MEASURED,))


@pytest.mark.parametrize("mark", ["mixed_currency", "mixed_definition"])
def test_periods_in_different_units_are_not_compared(mark: str) -> None:
    seen = snapshot(sessions=sessions(current=figures(revenue="1"), **{mark: absent(Reason.MIXED_UNITS)}))
    outcome = judged("attributed_revenue", seen)

    assert (outcome.status, outcome.reasons) == (Status.NOT_EVALUATED, (Reason.MIXED_UNITS,))


def test_a_change_of_currency_and_of_definition_are_both_kept() -> None:
    seen = snapshot(
        sessions=sessions(
            mixed_currency=absent(Reason.MIXED_UNITS, detail="GBP and EUR"),
            mixed_definition=absent(Reason.MIXED_UNITS, detail="ga4 and shopify"),
        )
    )

    assert len(judged("attributed_revenue", seen).causes) == 2


@pytest.mark.parametrize(("now", "status"), [("700.00", Status.WARN), ("699.99", Status.CRITICAL)])
def test_a_shop_may_add_a_critical_level(now: str, status: Status) -> None:
    seen = channel(figures(revenue="1000.00"), revenue=now)

    assert judged("attributed_revenue", seen, overriding("attributed_revenue", critical=30)).status is status
