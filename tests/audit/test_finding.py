"""A finding's life: opened, worsened, improved, blinded, sighted, resolved after two good nights, reopened."""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.audit.finding import Finding, Move, move
from functions.audit.merchant import Severity
from functions.audit.outcome import Outcome, Status
from functions.audit.profile import default_profile
from tests.builders import CHECKS, NIGHT, outcome

PASS, INFO, WARN, CRITICAL, BLIND = (
    Status.PASS,
    Status.INFO,
    Status.WARN,
    Status.CRITICAL,
    Status.NOT_EVALUATED,
)
BAD = {WARN, CRITICAL}
WORSE = {Move.OPENED, Move.REOPENED, Move.WORSENED}
PACE = default_profile().pace
HISTORIES = st.lists(st.sampled_from(list(Status)), min_size=1, max_size=40)


def after(before: Finding | None, outcome: Outcome, night: date) -> tuple[Finding, Move]:
    return move(before, outcome, merchant_id="larkspur", night=night, pace=PACE)


def through(outcomes: Iterable[Outcome]) -> list[tuple[Finding, Move]]:
    """Return the finding after each of these nights, and what each did to it."""
    states: list[tuple[Finding, Move]] = []
    before: Finding | None = None
    for day, seen in enumerate(outcomes):
        before, happened = after(before, seen, NIGHT + timedelta(days=day))
        states.append((before, happened))
    return states


def live(history: Iterable[Status]) -> list[tuple[Finding, Move]]:
    """Return the same for nights whose figures, where there are any, are far from every threshold."""
    return through(map(outcome, history))


def turned_critical(finding: Finding, happened: Move) -> bool:
    return finding.severity is Severity.CRITICAL and happened in WORSE


def bouncing(*rates: str) -> list[tuple[Finding, Move]]:
    """Return the same for nights with these bounce rates, judged by warn above 60 and critical above 75."""
    return through(map(bounce, map(Decimal, rates)))


def bounce(rate: Decimal) -> Outcome:
    status = CRITICAL if rate > 75 else WARN if rate > 60 else PASS
    return outcome(status, value=rate, warn=Decimal(60), critical=Decimal(75))


def moves(*history: Status) -> list[str]:
    return [happened.value for _, happened in live(history)]


@pytest.mark.parametrize(
    ("history", "story"),
    [
        ([PASS], ["nothing"]),
        ([INFO], ["nothing"]),
        ([BLIND], ["nothing"]),
        ([WARN], ["opened"]),
        ([CRITICAL], ["opened"]),
        ([PASS, WARN], ["nothing", "opened"]),
        ([BLIND, CRITICAL], ["nothing", "opened"]),
        ([WARN, WARN], ["opened", "nothing"]),
        ([CRITICAL, CRITICAL], ["opened", "nothing"]),
        ([WARN, CRITICAL], ["opened", "worsened"]),
        ([CRITICAL, WARN], ["opened", "improved"]),
        ([CRITICAL, WARN, CRITICAL], ["opened", "improved", "worsened"]),
        ([WARN, PASS, PASS], ["opened", "improved", "resolved"]),
        ([WARN, INFO, PASS], ["opened", "improved", "resolved"]),
        ([WARN, PASS, PASS, PASS], ["opened", "improved", "resolved", "nothing"]),
        ([CRITICAL, PASS, CRITICAL], ["opened", "improved", "nothing"]),
        ([CRITICAL, PASS, WARN, PASS, PASS], ["opened", "improved", "improved", "improved", "resolved"]),
        ([WARN, BLIND, BLIND], ["opened", "blinded", "nothing"]),
        ([WARN, BLIND, WARN], ["opened", "blinded", "sighted"]),
        ([WARN, BLIND, CRITICAL], ["opened", "blinded", "worsened"]),
        ([CRITICAL, BLIND, WARN], ["opened", "blinded", "improved"]),
        ([WARN, BLIND, PASS, PASS], ["opened", "blinded", "sighted", "resolved"]),
        ([WARN, PASS, BLIND, PASS], ["opened", "improved", "blinded", "resolved"]),
        ([WARN, PASS, PASS, WARN], ["opened", "improved", "resolved", "reopened"]),
        ([WARN, PASS, PASS, BLIND, CRITICAL], ["opened", "improved", "resolved", "nothing", "reopened"]),
    ],
)
def test_the_stories_of_a_finding(history: list[Status], story: list[str]) -> None:
    assert moves(*history) == story


def test_an_opened_finding_holds_what_was_found() -> None:
    opened, _ = live([CRITICAL])[0]

    assert (opened.merchant_id, opened.check_id, opened.status) == ("larkspur", "bounce_rate", CRITICAL)
    assert (opened.severity, opened.is_open, opened.opened_on, opened.nights_open) == (
        Severity.CRITICAL,
        True,
        NIGHT,
        1,
    )
    assert (str(opened.value), opened.unit, opened.reason) == ("81.2", "%", None)
    assert opened.summary.startswith("Too many visitors")


def test_a_blinded_finding_stays_open_and_says_since_when_and_why() -> None:
    (_, _), (first, _), (second, _) = live([CRITICAL, BLIND, BLIND])

    assert (second.status, second.severity, second.is_open) == (BLIND, Severity.CRITICAL, True)
    assert first.blinded_since == second.blinded_since == NIGHT + timedelta(days=1)
    assert (second.reason, second.value) == ("source_failed", None)
    assert (second.opened_on, second.nights_open) == (NIGHT, 3)


def test_a_sighted_finding_is_blind_no_longer() -> None:
    assert live([WARN, BLIND, WARN])[-1][0].blinded_since is None
    assert live([WARN, BLIND, PASS])[-1][0].blinded_since is None


def test_a_finding_stays_open_through_its_first_good_night() -> None:
    first, second = (finding for finding, _ in live([CRITICAL, PASS, PASS])[1:])

    assert (first.status, first.severity, first.good_nights) == (PASS, Severity.CRITICAL, 1)
    assert (second.status, second.severity, second.is_open, second.nights_open) == (PASS, None, False, 0)
    assert second.resolved_on == NIGHT + timedelta(days=2)


def test_a_reopened_finding_begins_a_new_episode() -> None:
    again = live([WARN, PASS, PASS, PASS, CRITICAL])[-1][0]

    assert (again.opened_on, again.nights_open) == (NIGHT + timedelta(days=4), 1)
    assert again.resolved_on == NIGHT + timedelta(days=2)


def test_several_reasons_are_all_named() -> None:
    from functions.audit.absence import Reason
    from tests.builders import absent

    blind = outcome(BLIND, causes=absent(Reason.NO_PRIOR, Reason.SAMPLE_TOO_SMALL).causes)

    assert after(None, blind, NIGHT)[0].reason == "no_prior,sample_too_small"


@pytest.mark.parametrize(
    ("rates", "story"),
    [
        # On the line itself, and just below it: no night of these is a better one.
        (["60.1", "60", "59.9", "57.1"], ["opened", "nothing", "nothing", "nothing"]),
        (["60.1", "57", "57"], ["opened", "improved", "resolved"]),
        (["60.1", "59.9", "57", "57"], ["opened", "nothing", "resolved", "nothing"]),
        (["75.1", "75", "74.9", "71.3"], ["opened", "nothing", "nothing", "nothing"]),
        (["75.1", "71.25"], ["opened", "improved"]),
        (["75.1", "74.9", "75.1", "74.9", "75.1"], ["opened", "nothing", "nothing", "nothing", "nothing"]),
        (["60.1", "59.9", "60.1", "59.9", "60.1"], ["opened", "nothing", "nothing", "nothing", "nothing"]),
        # Good, but not clear of warn: after two such nights it is critical no longer, and not yet resolved.
        (["80", "59", "59", "59"], ["opened", "nothing", "improved", "nothing"]),
        # Next to the line for a week: then it counts.
        (["60.1", *["59.9"] * 7], ["opened", *["nothing"] * 6, "resolved"]),
        (["75.1", *["74.9"] * 7], ["opened", *["nothing"] * 6, "improved"]),
        (["60.1", *["59.9"] * 6, "60.1", "59.9"], ["opened", *["nothing"] * 8]),
    ],
)
def test_a_figure_next_to_its_threshold_steps_down_slowly(rates: list[str], story: list[str]) -> None:
    assert [happened.value for _, happened in bouncing(*rates)] == story


def test_the_status_stays_exact_while_the_severity_waits() -> None:
    finding = bouncing("75.1", "74.9", "59.9")[-1][0]

    assert (finding.status, finding.severity) == (PASS, Severity.CRITICAL)
    assert [state.status for state, _ in bouncing("75.1", "75", "60.1", "60")] == [CRITICAL, WARN, WARN, PASS]


@pytest.mark.parametrize(
    ("check_id", "warn", "near", "clear"),
    [
        ("session_conversion_rate", "1", "1.04", "1.05"),  # bad below
        ("returning_users", "0", "0", "1"),  # bad at none: no margin around nothing
        ("sessions_trend", "20", "19.1", "19"),
    ],
)
def test_the_margin_lies_on_the_good_side(check_id: str, warn: str, near: str, clear: str) -> None:
    check, threshold = CHECKS[check_id], Decimal(warn)

    def seen(status: Status, value: str) -> Outcome:
        return outcome(status, check, value=Decimal(value), warn=threshold)

    opened = [seen(WARN, warn)]
    assert through([*opened, seen(PASS, near), seen(PASS, near)])[-1][1] is Move.NOTHING
    assert through([*opened, seen(PASS, clear), seen(PASS, clear)])[-1][1] is Move.RESOLVED


def test_a_breach_opens_and_worsens_at_once_however_close_to_the_line() -> None:
    assert [happened.value for _, happened in bouncing("60", "60.01", "75", "75.01")] == [
        "nothing",
        "opened",
        "nothing",
        "worsened",
    ]


@pytest.mark.parametrize(
    ("history", "story"),
    [
        # It came back after two good nights: from now on a week must be good.
        ([PASS] * 7, [*["nothing"] * 6, "resolved"]),
        ([PASS, PASS, CRITICAL, PASS, PASS], ["nothing"] * 5),
        ([WARN] * 7, [*["nothing"] * 6, "improved"]),
        ([BLIND, *[PASS] * 7], ["blinded", "sighted", *["nothing"] * 5, "resolved"]),
        # Two weeks critical on end: the past is forgotten.
        ([*[CRITICAL] * 13, PASS, PASS], [*["nothing"] * 13, "improved", "resolved"]),
    ],
)
def test_what_came_back_soon_steps_down_slowly(history: list[Status], story: list[str]) -> None:
    assert moves(CRITICAL, PASS, PASS, CRITICAL, *history)[4:] == story


@pytest.mark.parametrize("nights", [14, 15])
def test_what_comes_back_after_two_weeks_is_a_new_story(nights: int) -> None:
    again = moves(WARN, PASS, *[PASS] * nights, WARN, PASS, PASS)

    assert again[-3:] == ["reopened", *(["nothing"] * 2 if nights == 14 else ["improved", "resolved"])]


@pytest.mark.parametrize(
    ("history", "since"),
    [
        ([CRITICAL, CRITICAL], 0),
        ([WARN, WARN, CRITICAL, BLIND], 2),
        ([CRITICAL, PASS, CRITICAL], 0),
        ([CRITICAL, WARN], None),
        ([CRITICAL, WARN, CRITICAL], 2),
        ([CRITICAL, PASS, PASS], None),
        ([CRITICAL, PASS, PASS, CRITICAL], 3),
        ([WARN], None),
    ],
)
def test_a_finding_knows_since_when_it_is_critical(history: list[Status], since: int | None) -> None:
    expected = None if since is None else NIGHT + timedelta(days=since)
    assert live(history)[-1][0].critical_since == expected


@given(HISTORIES)
def test_not_evaluated_never_opens_nor_resolves_nor_alarms(history: list[Status]) -> None:
    severity: Severity | None = None
    for status, (finding, happened) in zip(history, live(history), strict=True):
        if status is BLIND:
            assert finding.severity is severity
            assert happened in {Move.NOTHING, Move.BLINDED}
            assert not turned_critical(finding, happened)
        severity = finding.severity


@given(HISTORIES)
@example([WARN, PASS, BLIND, PASS, WARN])
def test_an_episode_runs_from_the_first_breach_to_enough_good_nights_in_a_row(history: list[Status]) -> None:
    """Walk a history by hand: two evaluated good nights close it, seven where it came back."""
    opened: date | None = None
    good, resolved = 0, False
    for day, (status, (finding, happened)) in enumerate(zip(history, live(history), strict=True)):
        night = NIGHT + timedelta(days=day)
        if status in BAD:
            if opened is None:
                assert happened is (Move.REOPENED if resolved else Move.OPENED)
                opened = night
            good = 0
            assert finding.severity is not None
            assert finding.severity is Severity.CRITICAL or status is WARN
        elif status is not BLIND and opened is not None:
            good += 1
            if happened is Move.RESOLVED:
                assert good == 2 or (good == 7 and finding.returned_on is not None)
                assert finding.resolved_on == night
                opened, good, resolved = None, 0, True
            assert good < 7
        assert finding.is_open is (opened is not None)
        assert finding.opened_on == opened
        assert finding.nights_open == (0 if opened is None else (night - opened).days + 1)
        assert (finding.last_night, finding.status) == (night, status)
        assert (finding.blinded_since is None) is not (status is BLIND and opened is not None)


@given(HISTORIES)
def test_a_severity_is_as_bad_as_its_night_or_worse_and_critical_knows_since_when(history: list[Status]) -> None:
    for finding, _ in live(history):
        if finding.status in BAD:
            assert finding.severity is Severity.CRITICAL or finding.status is WARN
        assert (finding.critical_since is not None) is (finding.severity is Severity.CRITICAL)
        if finding.critical_since is not None:
            assert finding.opened_on is not None
            assert finding.opened_on <= finding.critical_since <= finding.last_night
        assert 0 <= finding.good_nights <= finding.calm_nights


@given(HISTORIES)
def test_between_two_alarms_lies_something_better(history: list[Status]) -> None:
    alarmed = False
    for finding, happened in live(history):
        if turned_critical(finding, happened):
            assert not alarmed
            assert finding.status is CRITICAL
            alarmed = True
        elif finding.severity is not Severity.CRITICAL:
            alarmed = False
        elif finding.status is CRITICAL:
            assert alarmed, "a finding became critical and nobody was told"


@given(st.lists(st.decimals("70", "80", places=1), min_size=1, max_size=60))
def test_a_figure_that_swings_around_its_threshold_alarms_rarely(rates: list[Decimal]) -> None:
    nights = [day for day, state in enumerate(through(map(bounce, rates))) if turned_critical(*state)]

    # A week of better nights lies before an alarm, unless it is the first return after two quiet weeks.
    gaps = [later - earlier for earlier, later in pairwise(nights)]
    assert all(gap > 7 or before > 14 for before, gap in pairwise(gaps))


@given(st.lists(st.decimals("71.26", "79", places=2), min_size=1, max_size=60), st.integers(2, 9))
def test_a_figure_within_the_margin_alarms_once(rates: list[Decimal], every: int) -> None:
    often = [Decimal("75.01") if day % min(every, 7) == 0 else rate for day, rate in enumerate(rates)]

    assert [day for day, state in enumerate(through(map(bounce, often))) if turned_critical(*state)] == [0]


@given(HISTORIES)
def test_the_same_night_judged_again_from_the_same_state_gives_the_same(history: list[Status]) -> None:
    assert live(history) == live(history)


NIGHTS = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(list(Status))), min_size=1, max_size=30)


@given(NIGHTS)
def test_late_and_repeated_nights_change_nothing(nights: list[tuple[int, Status]]) -> None:
    """Whatever order they come in, a finding is what the nights that were new when they came made of it."""
    before: Finding | None = None
    taken: list[tuple[int, Status]] = []
    for day, status in nights:
        finding, happened = after(before, outcome(status), NIGHT + timedelta(days=day))
        known = before is not None and before.knows(NIGHT + timedelta(days=day))
        if known:
            assert (finding, happened) == (before, Move.NOTHING)
        else:
            assert before is None or before.last_night <= finding.last_night
            taken.append((day, status))
        before = finding
    alone: Finding | None = None
    for day, status in taken:
        alone, _ = after(alone, outcome(status), NIGHT + timedelta(days=day))
    assert before == alone


def test_a_night_that_could_not_look_may_be_looked_at_later_the_same_night() -> None:
    opened, _ = after(None, outcome(CRITICAL), NIGHT - timedelta(days=1))
    blind, _ = after(opened, outcome(BLIND), NIGHT)

    again, nothing = after(blind, outcome(BLIND), NIGHT)
    sighted, happened = after(blind, outcome(PASS), NIGHT)

    assert (again, nothing) == (blind, Move.NOTHING)
    assert (sighted.good_nights, happened) == (1, Move.SIGHTED)
    assert after(sighted, outcome(BLIND), NIGHT) == after(sighted, outcome(PASS), NIGHT) == (sighted, Move.NOTHING)
