"""GA4's totals become one period's figures: by name, in percent, 0 only where it was measured."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from functions.audit.absence import Absent
from functions.audit.periods import Periods
from functions.audit.snapshot import PeriodFigures
from tests.builders import NIGHT
from tests.fetcher.property import (
    GaWorld,
    Report,
    current,
    name_of,
    prior,
    property_world,
    report,
    rows_of,
    sessions,
    why,
)

RESTRICTED = {
    "activeMetricRestrictions": [{"metricName": "purchaseRevenue", "restrictedMetricTypes": ["REVENUE_DATA"]}]
}


def measured(report_name: str, **values: str) -> PeriodFigures:
    """Return the current period when a report's metrics have these values."""
    with property_world() as world:
        world.measures(report_name, **values)
        return current()


def test_every_figure_finds_its_place() -> None:
    with property_world():
        seen = sessions()

    assert seen.current == PeriodFigures(
        sessions=8000,
        users=6900,
        new_users=6200,
        returning_users=700,
        bounce_rate=Decimal(63),
        pageviews_per_session=Decimal("1.4"),
        avg_session_duration=Decimal("31.5"),
        session_conversion_rate=Decimal("0.7"),
        carts=400,
        cart_abandonment_rate=Decimal(86),
        goal_completions=Decimal(210),
        orders=58,
        revenue=Decimal("1873.4"),
    )
    assert seen.prior == PeriodFigures(
        sessions=5000,
        users=4300,
        new_users=3550,
        returning_users=750,
        bounce_rate=Decimal(51),
        pageviews_per_session=Decimal("1.9"),
        avg_session_duration=Decimal(74),
        session_conversion_rate=Decimal("1.4"),
        carts=250,
        cart_abandonment_rate=Decimal(72),
        goal_completions=Decimal(240),
        orders=72,
        revenue=Decimal(2412),
    )
    assert (seen.backend, seen.currency, seen.origins) == ("ga4", "GBP", {})
    assert (seen.mixed_currency, seen.mixed_definition, seen.mixed_commerce) == (None, None, None)


def test_columns_and_rows_may_come_in_any_order() -> None:
    shuffle = random.Random(7).shuffle  # noqa: S311 - any order

    def shuffled(request: Any) -> Report:
        made = report(request, rows_of(request))
        metrics = list(range(len(made["metricHeaders"])))
        shuffle(metrics)
        dimensions = list(range(len(made.get("dimensionHeaders", []))))
        shuffle(dimensions)
        made["metricHeaders"] = [made["metricHeaders"][at] for at in metrics]
        if dimensions:
            made["dimensionHeaders"] = [made["dimensionHeaders"][at] for at in dimensions]
        for row in made["rows"]:
            row["metricValues"] = [row["metricValues"][at] for at in metrics]
            row["dimensionValues"] = [row["dimensionValues"][at] for at in dimensions]
        shuffle(made["rows"])
        return made

    with property_world():
        usual = sessions()
    with property_world() as world:
        world.reports = dict.fromkeys(("totals", "audience", "days", "commerce", "funnel", "tracked"), shuffled)
        assert sessions() == usual


def test_ranges_without_their_names_are_told_by_their_numbers() -> None:
    def numbered(request: Any) -> Report:
        names = {"current": "date_range_0", "prior": "date_range_1"}
        return report(request, [([names[key] for key in keys], row) for keys, row in rows_of(request)])

    with property_world() as world:
        world.reports["totals"] = numbered
        seen = sessions()

    assert seen.current.sessions == 8000
    assert isinstance(seen.prior, PeriodFigures)
    assert seen.prior.sessions == 5000


@pytest.mark.parametrize(
    ("text", "goals"),
    [
        ("210", "210"),
        ("210.0", "210.0"),
        ("210.5", "210.5"),
        (" 210 ", "210"),
        ("2.1E2", "210"),
        ("2.1e+02", "210"),
        ("0", "0"),
        ("210.00000000000003", "210"),
        ("1.5E-20", "0"),
        ("-0.0", "0"),
    ],
)
def test_figures_are_texts_of_any_form(text: str, goals: str) -> None:
    assert measured("totals", keyEvents=text).goal_completions == Decimal(goals)


@pytest.mark.parametrize("text", ["", "many", "1,873.40", "1873.4 GBP", "Infinity", "-210", "0x10", "1e999", "²"])
def test_what_is_no_number_or_impossible_failed(text: str) -> None:
    reason, detail = why(measured("totals", keyEvents=text).goal_completions)

    assert reason == "source_failed"
    assert detail.startswith("current.keyEvents is ")


@pytest.mark.parametrize("text", ["8000.5", "-1", "1e16"])
def test_a_count_is_whole_and_no_larger_than_any_shop(text: str) -> None:
    assert why(measured("totals", totalUsers=text).users)[0] == "source_failed"


def test_a_mean_over_nothing_is_not_measured() -> None:
    figures = measured("totals", averageSessionDuration="NaN")

    assert why(figures.avg_session_duration) == ("not_measured", "current.averageSessionDuration is null")


def test_a_column_that_did_not_come_is_not_measured_and_the_others_are() -> None:
    def narrow(request: Any) -> Report:
        made = report(request, rows_of(request))
        at = [header["name"] for header in made["metricHeaders"]].index("newUsers")
        for row in (made["metricHeaders"], *(row["metricValues"] for row in made["rows"])):
            del row[at]
        return made

    with property_world() as world:
        world.reports["totals"] = narrow
        figures = current()

    assert why(figures.new_users) == ("not_measured", "current.newUsers is missing")
    assert figures.users == 6900


# Rates: from the counts, which are exact, and percent.


@pytest.mark.parametrize(
    ("engaged", "stated", "rate"),
    [
        ("2960", "0.63", "63"),
        ("3200", "0.6000000000000001", "60"),
        ("3200", "0.59", "60"),
        ("0", "1", "100"),
        ("8000", "0", "0"),
    ],
)
def test_the_bounce_rate_is_what_the_counts_say(engaged: str, stated: str, rate: str) -> None:
    assert measured("totals", engagedSessions=engaged, bounceRate=stated).bounce_rate == Decimal(rate)


@pytest.mark.parametrize(("engaged", "stated", "rate"), [("8001", "0.63", "63"), ("lots", "0.6000000000000001", "60")])
def test_without_counts_to_go_by_the_bounce_rate_is_the_stated_fraction(engaged: str, stated: str, rate: str) -> None:
    assert measured("totals", engagedSessions=engaged, bounceRate=stated).bounce_rate == Decimal(rate)


@pytest.mark.parametrize("stated", ["63", "1.2", "-0.1"])
def test_a_fraction_above_one_is_no_fraction(stated: str) -> None:
    assert why(measured("totals", engagedSessions="lots", bounceRate=stated).bounce_rate)[0] == "source_failed"


def test_pages_a_session_are_what_the_counts_say() -> None:
    figures = measured("totals", screenPageViews="12000", screenPageViewsPerSession="1.4999999999999998")

    assert figures.pageviews_per_session == Decimal("1.5")


def test_without_counts_pages_a_session_are_as_stated() -> None:
    figures = measured("totals", screenPageViews="many", screenPageViewsPerSession="1.4")

    assert figures.pageviews_per_session == Decimal("1.4")


# Rows that GA4 leaves out.


def test_a_period_that_is_left_out_beside_another_is_a_real_nothing() -> None:
    with property_world() as world:
        for name in ("totals", "audience", "commerce", "funnel"):
            world.without(name, "current")
        seen = sessions()

    now = seen.current
    assert [now.sessions, now.users, now.new_users, now.returning_users] == [0, 0, 0, 0]
    assert [now.carts, now.orders, now.revenue, now.goal_completions] == [0, 0, 0, 0]
    for rate in (now.bounce_rate, now.pageviews_per_session, now.avg_session_duration):
        assert why(rate) == ("not_measured", "current: there were no sessions")
    assert why(now.session_conversion_rate) == ("not_measured", "current.sessions: there were none")
    assert why(now.cart_abandonment_rate) == ("not_measured", "current.carts: there were none")
    assert isinstance(seen.prior, PeriodFigures)
    assert seen.prior.sessions == 5000


def test_an_empty_property_has_nothing_now_and_no_prior_period() -> None:
    with property_world() as world:
        for name in ("totals", "audience", "days", "commerce", "funnel", "pages", "sources"):
            world.says(name, [])
        seen = sessions()

    assert (seen.current.sessions, seen.current.orders, seen.current.carts) == (0, 0, 0)
    told = "GA4 has nothing from TikTok before 2026-10-23, the prior period begins 2026-09-25"
    assert why(seen.prior) == ("no_prior", told)
    assert why(seen.series) == ("sample_too_small", "GA4's daily series is empty")


def test_an_empty_report_may_lack_its_headers_too() -> None:
    bare = {"kind": "analyticsData#runReport", "metadata": {"currencyCode": "GBP", "timeZone": "Europe/London"}}
    with property_world() as world:
        world.reports["commerce"] = bare
        assert current().revenue == 0


@pytest.mark.parametrize("empty", [{}, {"metadata": {}}, {"kind": "analyticsData#pivotReport"}, [], None, "", 0])
def test_what_does_not_say_that_it_is_a_report_is_no_zero(empty: Any) -> None:
    with property_world() as world:
        world.reports["commerce"] = lambda _: empty
        figures = current()

    assert why(figures.revenue)[0] == "source_failed"
    assert why(figures.orders)[0] == "source_failed"
    assert figures.sessions == 8000


def test_a_prior_period_without_any_row_anywhere_was_before_the_propertys_time() -> None:
    with property_world() as world:
        for name in ("totals", "audience", "commerce", "funnel"):
            world.without(name, "prior")
        late = [(["20261023"], ["286", "7.5", "66.9"]), (["20261119"], ["286", "7.5", "66.9"])]
        world.says("days", late)
        seen = sessions()

    assert why(seen.prior)[0] == "no_prior"
    assert seen.current.sessions == 8000


def test_a_quiet_prior_period_is_told_from_none_by_the_days_before_it() -> None:
    with property_world() as world:
        for name in ("totals", "audience", "commerce", "funnel"):
            world.without(name, "prior")
        world.says("days", [(["20260924"], ["12", "1", "0"]), (["20261023"], ["286", "7.5", "66.9"])])
        before = prior()

    assert (before.sessions, before.orders) == (0, 0)


@pytest.mark.parametrize(("first", "compared"), [("20260921", True), ("20260925", True), ("20260926", False)])
def test_a_prior_period_that_is_known_in_part_is_none(first: str, compared: bool) -> None:  # noqa: FBT001 - the outcome
    with property_world() as world:
        world.says("days", [([first], ["286", "7.5", "66.9"]), (["20261119"], ["286", "7.5", "66.9"])])
        before = sessions().prior

    assert isinstance(before, PeriodFigures) is compared
    if not compared:
        told = "GA4 has nothing from TikTok before 2026-09-26, the prior period begins 2026-09-25"
        assert why(before) == ("no_prior", told)


@pytest.mark.parametrize(("first", "compared"), [("20260925", True), ("20260926", False)])
def test_where_small_days_are_held_back_a_period_is_whole_only_if_a_day_before_it_shows(
    first: str,
    compared: bool,  # noqa: FBT001 - the outcome
) -> None:
    with property_world() as world:
        world.says("days", [([first], ["286", "7.5", "66.9"])], metadata={"subjectToThresholding": True})
        before = sessions().prior

    assert isinstance(before, PeriodFigures) is compared
    if not compared:
        assert why(before)[0] == "not_measured"


def test_without_the_days_nobody_knows_whether_the_prior_period_is_whole() -> None:
    with property_world() as world:
        world.refused["days"] = "No."
        before = sessions().prior

    assert not isinstance(before, PeriodFigures)


def test_a_series_that_begins_later_than_the_prior_period_tells_nothing_of_its_beginning() -> None:
    windows = Periods.of_night(NIGHT, period_days=28, lag_days=2, series_days=30)
    with property_world() as world:
        world.says("days", [(["20261119"], ["286", "7.5", "66.9"])])
        assert prior(periods=windows).sessions == 5000
    with property_world() as world:
        world.without("totals", "prior")
        world.says("days", [(["20261119"], ["286", "7.5", "66.9"])])
        assert why(sessions(periods=windows).prior)[0] == "no_prior"


def test_days_of_a_prior_period_that_has_no_total_contradict_it() -> None:
    with property_world() as world:
        world.without("totals", "prior")
        assert why(sessions().prior) == ("source_failed", "GA4 has days of the prior period and no total of it")


def test_a_refund_alone_is_no_visit_and_contradicts_nothing() -> None:
    with property_world() as world:
        world.without("totals", "prior")
        days = [("20260924", "12", "0"), ("20261001", "0", "-20"), ("20261023", "286", "66.9")]
        world.says("days", [([day], [visits, "0", money]) for day, visits, money in days])
        assert prior().sessions == 0


def test_without_the_days_nobody_knows_whether_there_was_a_prior_period() -> None:
    with property_world() as world:
        world.without("totals", "prior")
        world.reports["days"] = {}
        assert why(sessions().prior)[0] == "source_failed"


def test_of_a_prior_period_that_ga4_has_forgotten_in_part_nothing_is_compared() -> None:
    cut = {"dataTruncationType": "DATA_TRUNCATION_TYPE_PROPERTY", "dataTruncationDate": "2026-10-01"}
    with property_world() as world:
        world.notes("totals", dataTruncationReasons=[cut])
        seen = sessions()

    assert why(seen.prior) == (
        "no_prior",
        "GA4 has no data before 2026-10-01, the prior period begins 2026-09-25",
    )
    assert seen.current.sessions == 8000
    assert "data_truncated:property" in seen.flags


# New and returning users.


def test_nobody_returning_is_a_real_zero_beside_new_users() -> None:
    with property_world() as world:
        world.without("audience", "returning")
        assert current().returning_users == 0


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [(["(not set)", "current"], ["6900"])],
        [(["", "current"], ["6900"])],
        [(["new", "current"], ["6500"]), (["(not set)", "current"], ["12"])],
    ],
)
def test_nobody_returning_is_unknown_where_ga4_cannot_tell(rows: Any) -> None:
    with property_world() as world:
        world.says("audience", rows)
        assert why(current().returning_users) == (
            "not_measured",
            "current: GA4 does not tell new users from returning ones",
        )


def test_users_are_never_summed_over_rows() -> None:
    with property_world() as world:
        world.says(
            "audience",
            [
                (["new", "current"], ["6500"]),
                (["returning", "current"], ["900"]),
                (["(not set)", "current"], ["12"]),
                (["new", "prior"], ["3550"]),
            ],
        )
        figures = current()

    assert (figures.users, figures.new_users, figures.returning_users) == (6900, 6200, 900)


# Rows that GA4 holds back.


def test_a_missing_row_is_no_zero_where_small_numbers_are_held_back() -> None:
    with property_world() as world:

        def thresholded(request: Any) -> Report:
            kept = [row for row in rows_of(request) if not set(row[0]) & {"returning", "purchase"}]
            return report(request, kept, metadata={"subjectToThresholding": True})

        world.reports = {"audience": thresholded, "funnel": thresholded}
        seen = sessions()

    assert why(seen.current.returning_users)[0] == "not_measured"
    assert "thresholding" in why(seen.current.returning_users)[1]
    assert why(seen.current.session_conversion_rate)[0] == "not_measured"
    assert why(seen.current.cart_abandonment_rate)[0] == "not_measured"
    assert seen.current.carts == 400
    assert "thresholded" in seen.flags


def test_a_report_that_is_empty_for_a_reason_of_its_own_is_no_zero() -> None:
    with property_world() as world:
        world.says("commerce", [], metadata={"emptyReason": "NO_PURCHASES_FOR_YOU"})
        assert why(current().revenue) == (
            "not_measured",
            "current.purchaseRevenue: GA4 has a reason of its own for missing rows",
        )


# The role that may not see money.


@pytest.mark.parametrize("where", ["totals", "commerce", "pages"])
def test_revenue_that_the_role_may_not_see_is_absent_everywhere_and_never_zero(where: str) -> None:
    with property_world() as world:
        world.measures("commerce", purchaseRevenue="0")
        if where == "commerce":
            world.says(
                "commerce",
                [(["current"], ["520", "58", "58", "0"])],
                metadata={"schemaRestrictionResponse": RESTRICTED},
            )
        else:
            world.notes(where, schemaRestrictionResponse=RESTRICTED)
        seen = sessions()

    assert why(seen.current.revenue) == ("scope_missing", "the role hides purchaseRevenue")
    assert seen.current.orders == 58
    assert not isinstance(seen.series, Absent)
    assert set(seen.series.revenue) == {None}


@pytest.mark.parametrize(
    "schema", ["hidden", [], {"activeMetricRestrictions": {}}, {"activeMetricRestrictions": [{"metricName": 3}]}]
)
def test_restrictions_that_cannot_be_read_hide_the_report(schema: Any) -> None:
    with property_world() as world:
        world.notes("commerce", schemaRestrictionResponse=schema)
        assert why(current().revenue)[0] == "source_failed"


def test_no_restriction_is_no_restriction() -> None:
    with property_world() as world:
        world.notes("commerce", schemaRestrictionResponse={"activeMetricRestrictions": []})
        assert current().revenue == Decimal("1873.4")


# Carts and purchases by sessions.


def test_a_cart_that_nobody_started_leaves_no_rate() -> None:
    with property_world() as world:
        world.without("funnel", "add_to_cart")
        figures = current()

    assert figures.carts == 0
    assert why(figures.cart_abandonment_rate) == ("not_measured", "current.carts: there were none")


def test_more_purchases_than_carts_leave_no_cart_behind() -> None:
    with property_world() as world:
        world.says("funnel", [(["add_to_cart", "current"], ["40"]), (["purchase", "current"], ["56"])])
        figures = current()

    assert [figures.carts, figures.cart_abandonment_rate] == [40, 0]


def test_more_buying_sessions_than_sessions_convert_all_of_them() -> None:
    with property_world() as world:
        world.says("funnel", [(["add_to_cart", "current"], ["9000"]), (["purchase", "current"], ["9000"])])
        assert current().session_conversion_rate == 100


def test_where_ga4_does_not_take_sessions_by_event_the_events_stand_in() -> None:
    with property_world() as world:
        world.refused["funnel"] = "Please remove eventName to make the request compatible."
        seen = sessions()

    assert seen.current.carts == 520
    assert seen.current.cart_abandonment_rate == Decimal(462) * 100 / 520
    assert seen.current.session_conversion_rate == Decimal("0.725")
    assert (seen.current.orders, seen.current.revenue) == (58, Decimal("1873.4"))
    assert {"carts_by_events", "conversions_by_events"} <= set(seen.flags)


def test_where_that_report_merely_failed_nothing_stands_in() -> None:
    with property_world() as world:
        world.reports["funnel"] = {}
        seen = sessions()

    assert why(seen.current.carts)[0] == "source_failed"
    assert why(seen.current.session_conversion_rate)[0] == "source_failed"
    assert "carts_by_events" not in seen.flags


def test_an_event_that_nobody_asked_about_makes_the_report_doubtful() -> None:
    with property_world() as world:
        world.says("funnel", [(["add_to_cart", "current"], ["400"]), (["", "current"], ["56"])])
        assert why(current().session_conversion_rate)[0] == "source_failed"


# What the property is never told of.


def tracked(world: GaWorld, rows: Any, **more: Any) -> PeriodFigures:
    world.says("tracked", rows, **more)
    world.says("funnel", [])
    world.says("commerce", [])
    return current()


def test_no_sale_is_not_measured_where_nobodys_sales_are_recorded() -> None:
    with property_world() as world:
        figures = tracked(world, [])

    told = "since 2026-09-25 the property was told of no purchase by anybody: the shop does not send it"
    for figure in (figures.session_conversion_rate, figures.orders, figures.revenue):
        assert why(figure) == ("not_measured", told)
    assert why(figures.carts)[1] == told.replace("purchase", "add_to_cart")
    assert why(figures.cart_abandonment_rate)[0] == "not_measured"


def test_no_sale_is_a_real_zero_where_others_do_buy() -> None:
    with property_world() as world:
        figures = tracked(world, [(["purchase"], ["1400"])])

    assert [figures.session_conversion_rate, figures.orders, figures.revenue] == [0, 0, 0]
    assert why(figures.carts)[0] == "not_measured"


def test_sales_that_are_there_need_no_other_proof() -> None:
    with property_world() as world:
        world.says("tracked", [])
        figures = current()

    assert (figures.orders, figures.carts, figures.session_conversion_rate) == (58, 400, Decimal("0.7"))


def test_where_that_question_is_held_back_or_not_taken_zero_is_believed() -> None:
    with property_world() as world:
        assert tracked(world, [], metadata={"subjectToThresholding": True}).orders == 0
    with property_world() as world:
        world.refused["tracked"] = "No."
        world.says("funnel", [])
        world.says("commerce", [])
        assert current().orders == 0


def test_where_that_question_failed_zero_is_not_known_to_be_one() -> None:
    with property_world() as world:
        world.reports["tracked"] = {}
        world.says("commerce", [])
        assert why(current().orders)[0] == "source_failed"


def test_orders_are_transactions_else_purchases() -> None:
    assert measured("commerce", transactions="57", ecommercePurchases="58").orders == 57
    assert measured("commerce", transactions="", ecommercePurchases="58").orders == 58


# Key events.


def test_chosen_key_events_are_summed() -> None:
    with property_world():
        figures = current(key_events=["sign_up", "purchase"])

    assert figures.goal_completions == Decimal("208.5")


def test_a_name_that_is_no_key_event_is_named_and_takes_nothing_else_with_it() -> None:
    message = "Field keyEvents:sign_up is not a valid metric. For a list of valid dimensions and metrics, see ..."
    with property_world() as world:
        world.refused = {"goals": message, "goal_days": message}
        seen = sessions(key_events=["sign_up", "purchase"])

    assert why(seen.current.goal_completions) == ("not_measured", "sign_up is no key event of the GA4 property")
    assert seen.current.carts == 400
    assert seen.current.revenue == Decimal("1873.4")
    assert not isinstance(seen.series, Absent)
    assert set(seen.series.goal_completions) == {None}
    assert set(seen.series.sessions) == {286}
    assert sorted(len(call) for call in world.asked()) == [1, 1, 1, 1, 1, 5, 5]


def test_where_google_does_not_say_which_name_is_wrong_all_of_them_may_be() -> None:
    with property_world() as world:
        world.refused = {"goals": "Request contains an invalid argument."}
        figures = current(key_events=["sign_up", "purchase"])

    assert why(figures.goal_completions)[1] == "sign_up or purchase is no key event of the GA4 property"


def test_one_chosen_event_that_was_not_measured_leaves_no_sum() -> None:
    with property_world() as world:
        world.reports["goals"] = lambda request: report(request, [(["current"], ["150", "x"])])
        figures = current(key_events=["sign_up", "purchase"])

    assert why(figures.goal_completions) == ("source_failed", "current.keyEvents:purchase is not a number")


def test_names_tell_every_report_apart() -> None:
    with property_world() as world:
        current(key_events=["sign_up"])

    names = [name_of(request) for call in world.asked() for request in call]
    assert len(names) == len(set(names)) == 10
