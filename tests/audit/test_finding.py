"""A finding's life: opened, worsened, eased, blinded, sighted, resolved after two good nights, reopened."""

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.audit.finding import Finding, Move, move, turned_critical
from functions.audit.merchant import Severity
from functions.audit.outcome import Status
from tests.builders import NIGHT, outcome

PASS, INFO, WARN, CRITICAL, BLIND = (
    Status.PASS,
    Status.INFO,
    Status.WARN,
    Status.CRITICAL,
    Status.NOT_EVALUATED,
)
BAD = {WARN, CRITICAL}
HISTORIES = st.lists(st.sampled_from(list(Status)), min_size=1, max_size=25)


def live(history: Sequence[Status]) -> list[tuple[Finding, Move]]:
    """Return the finding after each of these nights, and what each did to it."""
    states: list[tuple[Finding, Move]] = []
    before: Finding | None = None
    for day, status in enumerate(history):
        before, happened = move(before, outcome(status), merchant_id="larkspur", night=NIGHT + timedelta(days=day))
        states.append((before, happened))
    return states


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
        ([CRITICAL, WARN], ["opened", "eased"]),
        ([CRITICAL, WARN, CRITICAL], ["opened", "eased", "worsened"]),
        ([WARN, PASS, PASS], ["opened", "eased", "resolved"]),
        ([WARN, INFO, PASS], ["opened", "eased", "resolved"]),
        ([WARN, PASS, PASS, PASS], ["opened", "eased", "resolved", "nothing"]),
        ([CRITICAL, PASS, CRITICAL], ["opened", "eased", "nothing"]),
        ([CRITICAL, PASS, WARN, PASS, PASS], ["opened", "eased", "eased", "eased", "resolved"]),
        ([WARN, BLIND, BLIND], ["opened", "blinded", "nothing"]),
        ([WARN, BLIND, WARN], ["opened", "blinded", "sighted"]),
        ([WARN, BLIND, CRITICAL], ["opened", "blinded", "worsened"]),
        ([CRITICAL, BLIND, WARN], ["opened", "blinded", "eased"]),
        ([WARN, BLIND, PASS, PASS], ["opened", "blinded", "sighted", "resolved"]),
        ([WARN, PASS, BLIND, PASS], ["opened", "eased", "blinded", "resolved"]),
        ([WARN, PASS, PASS, WARN], ["opened", "eased", "resolved", "reopened"]),
        ([WARN, PASS, PASS, BLIND, CRITICAL], ["opened", "eased", "resolved", "nothing", "reopened"]),
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

    assert move(None, blind, merchant_id="larkspur", night=NIGHT)[0].reason == "no_prior,sample_too_small"


@pytest.mark.parametrize(
    ("history", "told"),
    [
        ([CRITICAL], [0]),
        ([CRITICAL, CRITICAL, CRITICAL], [0]),
        ([WARN, WARN, CRITICAL, CRITICAL], [2]),
        ([WARN, PASS, PASS, WARN], []),
        ([CRITICAL, BLIND, BLIND, CRITICAL], [0]),
        ([CRITICAL, PASS, CRITICAL], [0]),
        ([CRITICAL, PASS, PASS, CRITICAL], [0, 3]),
        ([CRITICAL, WARN, CRITICAL], [0, 2]),
        ([WARN, BLIND, CRITICAL], [2]),
        ([BLIND, BLIND], []),
    ],
)
def test_somebody_is_told_once_when_it_turns_critical(history: list[Status], told: list[int]) -> None:
    assert [night for night, state in enumerate(live(history)) if turned_critical(*state)] == told


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
def test_every_history_tells_the_same_story_as_its_plain_reading(history: list[Status]) -> None:
    """Walk a history by hand: an episode runs from the first breach to the second evaluated good night in a row."""
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
            assert finding.severity.value == status.value
        elif status is not BLIND and opened is not None:
            good += 1
            if good == 2:
                assert happened is Move.RESOLVED
                assert finding.resolved_on == night
                opened, good, resolved = None, 0, True
        assert finding.is_open is (opened is not None)
        assert finding.opened_on == opened
        assert finding.nights_open == (0 if opened is None else (night - opened).days + 1)
        assert (finding.last_night, finding.status) == (night, status)
        assert (finding.blinded_since is None) is not (status is BLIND and opened is not None)


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


@given(HISTORIES)
def test_the_same_night_judged_again_from_the_same_state_gives_the_same(history: list[Status]) -> None:
    assert live(history) == live(history)
