"""Whether somebody is told: a pure decision with a named reason, once an episode, and never night after night."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.finding import Finding, Move
from functions.audit.mute import ALL, Mute, acknowledge
from functions.audit.outcome import Status
from functions.audit.profile import default_profile
from functions.audit.telling import (
    Decision,
    Held,
    Hold,
    Send,
    Why,
    decide,
)
from functions.audit.verdict import Audit, AuditState, Verdict, conclude
from tests import builders
from tests.audit.test_finding import bounce
from tests.builders import NIGHT, NOW, PERIODS, merchant, outcome

PASS, WARN, CRITICAL, BLIND = Status.PASS, Status.WARN, Status.CRITICAL, Status.NOT_EVALUATED
Mutes: TypeAlias = tuple[Mute, ...]
PACE = default_profile().pace
HISTORIES = st.lists(st.sampled_from(list(Status)), min_size=1, max_size=40)
RATES = st.lists(st.none() | st.decimals("50", "85", places=1), min_size=1, max_size=60)
OPENED, WORSENED, REOPENED, RESOLVED, STILL = Why.OPENED, Why.WORSENED, Why.REOPENED, Why.RESOLVED, Why.STILL_CRITICAL


def night(day: int) -> date:
    return NIGHT + timedelta(days=day)


def nights(outcomes: Iterable[object], mutes: Sequence[Mutes] = ()) -> list[Verdict]:
    """Return what each night of one check comes to, one after the other, as one merchant's evaluator would see it."""
    before: dict[str, Finding] = {}
    verdicts: list[Verdict] = []
    for day, seen in enumerate(outcomes):
        audit = Audit(
            merchant_id="larkspur",
            night=night(day),
            state=AuditState.DONE,
            outcomes=(seen,),  # type: ignore[arg-type]  # an outcome, of whatever story
            kpis=(),
            periods=PERIODS,
            snapshot_sha256="",
            profile_version="",
            code_version="",
            overrides={},
            pace=PACE,
            failures=(),
            evaluated_at=NOW + timedelta(days=day),
        )
        verdict = conclude(audit, merchant(), before, mutes[day] if day < len(mutes) else ())
        before = {finding.check_id: finding for finding in verdict.findings}
        verdicts.append(verdict)
    return verdicts


def told(outcomes: Iterable[object], mutes: Sequence[Mutes] = ()) -> dict[int, str]:
    """Return why a message was sent, by the number of the night."""
    return {
        day: verdict.alert.criticals[0].why.value
        for day, verdict in enumerate(nights(outcomes, mutes))
        if verdict.alert and verdict.alert.criticals
    }


def held(outcomes: Iterable[object], mutes: Sequence[Mutes] = ()) -> dict[int, tuple[str, str | None]]:
    """Return why nobody was told of what there was to say, by the number of the night."""
    return {
        day: (entry.because.value, entry.wanted)
        for day, verdict in enumerate(nights(outcomes, mutes))
        for entry in (verdict.alert.held if verdict.alert else ())
    }


@pytest.mark.parametrize(
    ("history", "story"),
    [
        ([CRITICAL], {0: "opened"}),
        ([CRITICAL] * 3, {0: "opened"}),
        ([WARN, WARN, CRITICAL, CRITICAL], {2: "worsened"}),
        ([WARN, PASS, PASS, WARN], {}),
        ([CRITICAL, BLIND, BLIND, CRITICAL], {0: "opened"}),
        ([CRITICAL, PASS, CRITICAL], {0: "opened"}),
        ([CRITICAL, PASS, PASS], {0: "opened", 2: "resolved"}),
        ([CRITICAL, WARN, PASS, PASS, PASS], {0: "opened", 3: "resolved"}),
        ([CRITICAL, PASS, PASS, CRITICAL], {0: "opened", 2: "resolved", 3: "reopened"}),
        ([CRITICAL, WARN, CRITICAL], {0: "opened", 2: "worsened"}),
        ([WARN, PASS, PASS, CRITICAL], {3: "reopened"}),
        ([WARN, BLIND, CRITICAL], {2: "worsened"}),
        ([BLIND, BLIND], {}),
        ([WARN, PASS, PASS], {}),
        # Still critical after seven more nights, and again; a night that could not look is no reminder.
        ([CRITICAL] * 15, {0: "opened", 7: "still_critical", 14: "still_critical"}),
        ([*[CRITICAL] * 7, BLIND, CRITICAL], {0: "opened", 8: "still_critical"}),
        ([*[CRITICAL] * 7, PASS, CRITICAL], {0: "opened", 8: "still_critical"}),
        ([CRITICAL, *[WARN] * 8], {0: "opened"}),
    ],
)
def test_somebody_is_told_when_there_is_something_to_say(history: list[Status], story: dict[int, str]) -> None:
    assert told(map(outcome, history)) == story


def mute(until: int, check_id: str = ALL) -> Mute:
    return builders.mute(check_id=check_id, until=night(until), reason="waiting for the new theme")


def muted(until: int, check_id: str = ALL) -> Mutes:
    return (mute(until, check_id),)


def test_what_is_muted_is_noted_each_night_and_told_when_the_mute_is_over() -> None:
    history, around = [outcome(CRITICAL)] * 4, [muted(1)] * 4

    assert held(history, around) == {0: ("muted", OPENED), 1: ("muted", OPENED)}
    assert told(history, around) == {2: "opened"}
    (story,) = nights(history, around)[2].alert.criticals  # type: ignore[union-attr]  # it is there: see above
    assert story.why is OPENED


def test_a_mute_is_for_its_check_or_for_all_of_them() -> None:
    assert told([outcome(CRITICAL)], [muted(9, "cart_abandonment_rate")]) == {0: "opened"}
    assert told([outcome(CRITICAL)], [muted(9, "bounce_rate")]) == told([outcome(CRITICAL)], [muted(9)]) == {}


def test_what_nobody_heard_of_is_not_called_resolved() -> None:
    history = [outcome(status) for status in (CRITICAL, PASS, PASS)]

    assert told(history, [muted(0)]) == {}
    assert held(history, [muted(0)]) == {0: ("muted", OPENED)}
    assert held(history, [(), (), muted(2)]) == {2: ("muted", RESOLVED)}


ONE_MUTE = st.builds(mute, st.integers(-3, 45), st.sampled_from([ALL, "bounce_rate", "cart_abandonment_rate"]))
ONE_ACK = st.builds(
    lambda day: acknowledge(finding(opened_on=night(day)), author="Anna", reason="we know", now=NOW), st.integers(0, 40)
)
MUTES = st.lists(ONE_MUTE | ONE_ACK, max_size=3).map(tuple)


@given(HISTORIES, MUTES)
def test_mutes_hide_messages_and_never_findings(history: list[Status], mutes: tuple[Mute, ...]) -> None:
    """Whatever is muted: the audits, the moves and the findings are the same, but for when somebody was told."""
    outcomes = [outcome(status) for status in history]
    loud, quiet = nights(outcomes), nights(outcomes, [mutes] * len(history))

    for one, other in zip(loud, quiet, strict=True):
        assert (one.audit, one.moves) == (other.audit, other.moves)
        assert [replace(finding, last_told_on=None) for finding in one.findings] == [
            replace(finding, last_told_on=None) for finding in other.findings
        ]


@given(HISTORIES, MUTES)
def test_nothing_is_told_while_it_is_muted_and_nothing_new_is_lost_after(
    history: list[Status], mutes: tuple[Mute, ...]
) -> None:
    spell_told = False
    for verdict in nights(map(outcome, history), [mutes] * len(history)):
        (state,), alert = verdict.findings, verdict.alert
        hidden = any(one.hides("bounce_rate", verdict.audit.night) for one in mutes)
        assert not (hidden and alert and alert.criticals)
        if verdict.moves["bounce_rate"] in {Move.OPENED, Move.REOPENED, Move.WORSENED} or state.critical_since is None:
            spell_told = False
        spell_told = spell_told or bool(alert and any(one.why.is_new for one in alert.criticals))
        if state.status is CRITICAL and not hidden:
            assert spell_told, "no acknowledgement silences what is new, and no mute outlives its end"


def test_that_a_mute_has_ended_is_told_on_the_night_after_it_with_a_reminder() -> None:
    history = [outcome(CRITICAL)] * 6
    around = [(), *[muted(3)] * 5]

    assert told(history, around) == {0: "opened", 4: "still_critical"}
    alert = nights(history, around)[4].alert
    assert alert is not None
    ended = "The mute of all checks by Anna (waiting for the new theme) has ended; its last night was 2026-11-24.\n"
    assert alert.email.count(ended) == 1


def test_the_end_of_a_mute_is_told_once_it_can_be_and_once_only() -> None:
    history = [outcome(status) for status in (CRITICAL, CRITICAL, BLIND, BLIND, *[CRITICAL] * 10)]
    around = [(), *[muted(1, "bounce_rate")] * 13]

    assert told(history, around) == {0: "opened", 4: "still_critical", 11: "still_critical"}
    mails = [verdict.alert.email for verdict in nights(history, around) if verdict.alert and verdict.alert.email]
    assert ["The mute of bounce_rate by Anna" in mail for mail in mails] == [False, True, False]


@pytest.mark.parametrize(
    ("history", "around", "story"),
    [
        # It had resolved, and what comes later is another story than the one that was muted.
        ([CRITICAL, PASS, PASS, CRITICAL], [muted(2)] * 4, {3: "reopened"}),
        ([PASS, CRITICAL], [muted(0)] * 2, {1: "opened"}),
    ],
)
def test_a_mute_that_hid_nothing_of_this_episode_is_not_mentioned(
    history: list[Status], around: list[Mutes], story: dict[int, str]
) -> None:
    outcomes = list(map(outcome, history))

    assert told(outcomes, around) == story
    assert not [one for one in nights(outcomes, around) if one.alert and "The mute" in one.alert.email]


def acknowledged(opened: int = 0) -> Mutes:
    known = acknowledge(finding(opened_on=night(opened)), author="Anna", reason="the theme is being rebuilt", now=NOW)
    return (known,)


def test_what_is_acknowledged_brings_no_reminders_for_as_long_as_it_lasts() -> None:
    history = [outcome(CRITICAL)] * 9

    assert told(history, [(), *[acknowledged()] * 8]) == {0: "opened"}
    assert held(history, [(), *[acknowledged()] * 8]) == {
        7: ("acknowledged", STILL),
        8: ("acknowledged", STILL),
    }


@pytest.mark.parametrize(
    ("history", "story"),
    [
        ([CRITICAL, WARN, CRITICAL], {0: "opened", 2: "worsened"}),
        ([CRITICAL, PASS, PASS, CRITICAL], {0: "opened", 2: "resolved", 3: "reopened"}),
        # The new episode has reminders of its own.
        ([CRITICAL, PASS, PASS, *[CRITICAL] * 8], {0: "opened", 2: "resolved", 3: "reopened", 10: "still_critical"}),
    ],
)
def test_an_acknowledgement_silences_nothing_that_is_new_and_ends_with_its_episode(
    history: list[Status], story: dict[int, str]
) -> None:
    assert told(map(outcome, history), [acknowledged()] * len(history)) == story


def finding(status: Status = CRITICAL, **changed: object) -> Finding:
    usual: dict[str, object] = {"opened_on": NIGHT, "critical_since": NIGHT, "severity": status.severity}
    return Finding("larkspur", "bounce_rate", NIGHT, status, **(usual | changed))  # type: ignore[arg-type]  # a story's


def deciding(of: Finding, happened: Move = Move.OPENED, *, root: Decision | None = None) -> Decision:
    return decide(None, of, happened, remind_nights=7, root=root)


@pytest.mark.parametrize(
    ("root", "because"),
    [
        (Send(OPENED), Held.ROOT_CAUSE_SENT),
        (Hold(Held.NOTHING_NEW), Held.ROOT_CAUSE_SENT),
        (Hold(Held.MUTED, OPENED), Held.MUTED),
        (Hold(Held.ACKNOWLEDGED, STILL), Held.ACKNOWLEDGED),
    ],
)
def test_what_a_root_cause_explains_is_held_as_the_root_cause_is(root: Decision, because: Held) -> None:
    blind = finding(BLIND, severity=None, opened_on=None, critical_since=None)

    assert deciding(finding(), root=root) == Hold(because, OPENED)
    assert deciding(blind, Move.BLINDED, root=root) == Hold(because)


def test_what_there_is_nothing_to_say_about_says_why_not() -> None:
    assert deciding(finding(WARN, critical_since=None)) == Hold(Held.NOT_CRITICAL)
    assert deciding(finding(last_told_on=NIGHT)) == Hold(Held.NOTHING_NEW)
    assert deciding(finding(BLIND, severity=CRITICAL.severity), Move.BLINDED) == Hold(Held.NOT_CRITICAL)
    # A row from before this was counted: it is not told anew because of that.
    assert deciding(finding(critical_since=None)) == Hold(Held.NOTHING_NEW)


def test_every_reason_has_a_counter_of_its_own() -> None:
    assert [why.metric for why in Why] == [
        "AlertsOpened",
        "AlertsReopened",
        "AlertsWorsened",
        "AlertsStillCritical",
        "AlertsResolved",
        "AlertsCorrected",
    ]
    assert {because.metric for because in Held if because.is_noted} == {
        "AlertsHeldMuted",
        "AlertsHeldAcknowledged",
        "AlertsHeldQuietHours",
        "AlertsHeldSmsBudget",
        "AlertsHeldRootCauseSent",
        "AlertsHeldRecipientUnreachable",
    }


def test_a_night_that_is_known_already_tells_nothing() -> None:
    (first,) = nights([outcome(CRITICAL)], [muted(0)])
    known = {one.check_id: one for one in first.findings}

    again = conclude(first.audit, merchant(), known)

    assert (again.findings, again.alert) == (first.findings, None)


@given(HISTORIES, st.lists(st.sampled_from([(), (), muted(999)]), max_size=40))
def test_an_episode_is_opened_once_and_nobody_is_left_untold_without_a_reason(
    history: list[Status], around: list[Mutes]
) -> None:
    """DESIGN 10.3, for every history of one check and whatever is muted on each night."""
    spell_told = False
    for verdict in nights(map(outcome, history), around):
        (state,), alert = verdict.findings, verdict.alert
        whys = [one.why for one in alert.criticals] if alert else []
        if verdict.moves["bounce_rate"] in {Move.OPENED, Move.REOPENED, Move.WORSENED} or state.critical_since is None:
            spell_told = False
        if any(why.is_new for why in whys):
            assert not spell_told, "told as new twice"
            spell_told = True
        if state.status is CRITICAL and not spell_told:
            assert alert is not None
            assert [entry.wanted for entry in alert.held if entry.wanted and entry.wanted.is_new]
        assert state.status is not BLIND or not whys


@given(st.one_of(HISTORIES.map(lambda history: list(map(outcome, history))), RATES.map(lambda rates: [
    outcome(BLIND) if rate is None else bounce(rate) for rate in rates
])))  # fmt: skip
def test_no_history_brings_a_message_night_after_night(history: list[object]) -> None:
    days = told(history)

    for start in days:
        week = [why for day, why in days.items() if start <= day < start + 7]
        assert len(week) <= 3, days
        assert week.count("opened") <= 1
    reminders = [day for day, why in days.items() if why == "still_critical"]
    for reminder in reminders:
        assert max(day for day in days if day < reminder) <= reminder - 7


@given(st.integers(1, 3), st.integers(0, 3), st.integers(3, 10))
def test_what_comes_and_goes_is_told_a_few_times_and_then_weekly_at_most(bad: int, good: int, times: int) -> None:
    """A token that is rejected every third night, say: no figure, and so no margin to be clear of."""
    days = list(told(map(outcome, ([CRITICAL] * bad + [PASS] * good) * times)).values())

    assert days[:3] in (["opened", "resolved", "reopened"], ["opened", *["still_critical"] * 2][: len(days[:3])])
    assert set(days[3:]) <= {"still_critical"}


@given(HISTORIES)
def test_good_news_follow_bad_news_and_end_them(history: list[Status]) -> None:
    bad_news = False
    for why in told(map(outcome, history)).values():
        if why == "resolved":
            assert bad_news
        bad_news = why != "resolved"


def test_the_margin_is_in_the_profile_and_decides() -> None:
    near = [bounce(Decimal(rate)) for rate in ("75.1", "74.9") * 5]
    wide = [bounce(Decimal(rate)) for rate in ("75.1", "70") * 5]

    assert told(near) == {0: "opened", 8: "still_critical"}
    assert told(wide) == {0: "opened", 2: "worsened"}
