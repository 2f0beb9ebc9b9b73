"""What a check may see, how a breach is told from a good value, and how an outcome reads."""

from decimal import Decimal

import pytest

from functions.audit.absence import Absent, Reason, causes_of
from functions.audit.check import (
    BASIC,
    SESSIONS,
    TOKEN,
    Breach,
    Facts,
    Unseen,
    drop_percent,
    measured,
    ratio,
)
from functions.audit.merchant import AccountType
from functions.audit.outcome import Status
from tests.builders import CHECKS, PERIODS, absent, channel, figures, judged, outcome, overriding, snapshot, token


def test_a_check_sees_only_what_it_declared() -> None:
    facts = Facts(snapshot(), frozenset({"token"}), {})

    assert facts.see(TOKEN) == token()
    with pytest.raises(LookupError, match="did not declare that it looks at basic"):
        facts.look(BASIC)


def test_an_absent_part_is_raised_with_every_cause_or_looked_at() -> None:
    gone = absent(Reason.UNAUTHORIZED, Reason.SOURCE_FAILED)
    facts = Facts(snapshot(sessions=gone), frozenset({"sessions"}), {})

    assert facts.look(SESSIONS) == gone
    with pytest.raises(Unseen) as raised:
        facts.see(SESSIONS)
    assert raised.value.causes == gone.causes


def test_the_account_type_and_the_windows_are_always_there() -> None:
    facts = Facts(snapshot(account_type="creator"), frozenset(), {})

    assert facts.account_type is AccountType.CREATOR
    assert facts.periods == PERIODS


@pytest.mark.parametrize(
    ("side", "below", "on", "above"),
    [
        (Breach.ABOVE, False, False, True),
        (Breach.BELOW, True, False, False),
        (Breach.AT_MOST, True, True, False),
    ],
)
def test_above_and_below_are_strict(side: Breach, *, below: bool, on: bool, above: bool) -> None:
    line = Decimal(60)

    assert [side.by(line + step, line) for step in (Decimal("-0.000001"), Decimal(), Decimal("0.000001"))] == [
        below,
        on,
        above,
    ]


def test_measured_gives_the_values_or_every_cause() -> None:
    assert measured(3) == 3
    assert measured(3, Decimal(4)) == (3, Decimal(4))
    with pytest.raises(Unseen) as raised:
        measured(3, absent(Reason.NO_PRIOR), absent(Reason.SOURCE_FAILED))
    assert [cause.reason for cause in raised.value.causes] == [Reason.NO_PRIOR, Reason.SOURCE_FAILED]


def reasons(value: object) -> list[Reason]:
    return [cause.reason for cause in causes_of(value)]


def test_a_rate_of_nothing_is_too_small_and_a_rate_of_something_stays_what_it_was() -> None:
    rate = Decimal("1.5")

    assert ratio(rate, over=100) == rate
    assert ratio(rate, over=0) == rate
    assert reasons(ratio(absent(), over=100)) == [Reason.NOT_MEASURED]
    assert reasons(ratio(absent(), over=0)) == [Reason.SAMPLE_TOO_SMALL]
    assert reasons(ratio(absent(), over=absent(Reason.SOURCE_FAILED))) == [Reason.NOT_MEASURED]
    assert reasons(ratio(absent(Reason.NOT_MEASURED, Reason.SOURCE_FAILED), over=0)) == [
        Reason.SAMPLE_TOO_SMALL,
        Reason.SOURCE_FAILED,
    ]


@pytest.mark.parametrize(
    ("prior", "current", "drop"), [(5000, 4000, 20), (100, 150, -50), (100, 0, 100), (100, -5, 105)]
)
def test_a_drop_is_in_percent_of_what_was(prior: int, current: int, drop: int) -> None:
    assert drop_percent(prior, current, of="it") == drop


@pytest.mark.parametrize("prior", [0, -3])
def test_nothing_can_fall_from_nothing(prior: int) -> None:
    assert drop_percent(prior, 5, of="it") == Absent.because(
        Reason.SAMPLE_TOO_SMALL, f"it was {prior} in the prior period"
    )


def test_a_drop_between_two_absences_names_both() -> None:
    fall = drop_percent(absent(Reason.NO_PRIOR), absent(Reason.SOURCE_FAILED), of="it")

    assert reasons(fall) == [Reason.NO_PRIOR, Reason.SOURCE_FAILED]


def test_a_breach_reads_with_its_figure_and_the_lines_that_it_crossed() -> None:
    assert judged("bounce_rate", channel(bounce_rate="81.25")).summary == (
        "Too many visitors from TikTok leave at once: 81.2 % of sessions bounce (warn above 60 %, critical above 75 %)."
    )
    assert judged("returning_users", channel(returning_users=0)).summary == (
        "Nobody whom TikTok sent has come back: 0 % of users are returning ones (warn at 0 %)."
    )


def test_a_good_value_reads_without_lines() -> None:
    assert (
        judged("bounce_rate", channel(bounce_rate="52")).summary
        == "Visitors from TikTok stay: 52 % of sessions bounce."
    )


def test_a_condition_reads_in_words() -> None:
    assert judged("access_token", snapshot(token=token(rejected="rejected", days_left=absent()))).summary == (
        "The TikTok connection is broken or about to end: TikTok rejects the access token."
    )


def test_what_could_not_be_seen_reads_with_every_cause() -> None:
    said = outcome(
        Status.NOT_EVALUATED,
        CHECKS["bounce_rate"],
        causes=absent(Reason.SOURCE_FAILED, Reason.SAMPLE_TOO_SMALL, detail="why").causes,
    )

    assert said.summary == "Could not look: why (source_failed); why (sample_too_small)."


def test_the_lines_are_the_shops_own_where_it_has_its_own() -> None:
    said = judged("bounce_rate", channel(bounce_rate="70"), overriding("bounce_rate", warn=65, critical=80)).summary

    assert "(warn above 65 %, critical above 80 %)" in said


@pytest.mark.parametrize(
    "name", ["bounce_rate", "pageviews_per_session", "session_conversion_rate", "cart_abandonment_rate"]
)
def test_a_rate_shows_what_it_was_before_where_that_is_known(name: str) -> None:
    assert judged(name, channel(figures(**{name: "33"}))).evidence == {"prior_period": 33}
    assert judged(name, channel(figures(**{name: absent()}))).evidence == {}
    assert judged(name, channel(absent(Reason.NO_PRIOR))).evidence == {}
