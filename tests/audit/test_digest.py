"""The daily digest: every open warning once a night, as new, open, better, unseen or over; none that nobody wants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.absence import Reason
from functions.audit.alert import Alert, AlertState, released, withheld
from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.mute import Kind, Mute
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import Verdict, audit_of, conclude
from tests.builders import NIGHT, NOW, absent, channel, figures, merchant, mute, sessions, snapshot, token

DAILY = merchant(alerts={"digest": "daily"})
BLIND = snapshot(sessions=absent(Reason.SOURCE_FAILED))
WARN, CRITICAL, GOOD = channel(bounce_rate="65"), channel(bounce_rate="90"), channel()


def nights(seen: Sequence[Snapshot], shop: Any = DAILY, mutes: tuple[Mute, ...] = ()) -> list[Verdict]:
    """Return what the nights came to, one after the other."""
    findings: dict[str, Finding] = {}
    told = []
    for at, one in enumerate(seen):
        audit = audit_of(at_night(one, at), shop, default_profile(), evaluated_at=NOW)
        told.append(conclude(audit, shop, findings, mutes))
        findings = {finding.check_id: finding for finding in told[-1].findings}
    return told


def at_night(seen: Snapshot, nights: int) -> Snapshot:
    return Snapshot.model_validate(seen.model_dump() | {"night": NIGHT + timedelta(days=nights)})


def changes(verdict: Verdict) -> dict[str, str]:
    alert = verdict.alert
    return {one.check_id: one.change.value for one in alert.warnings} if alert else {}


def sent(verdict: Verdict) -> Alert:
    assert verdict.alert is not None
    return verdict.alert


def test_nobody_gets_a_digest_who_did_not_ask_for_one() -> None:
    assert [verdict.alert for verdict in nights([WARN, WARN], merchant())] == [None, None]


def test_a_warning_is_new_then_open_then_unseen_then_better_then_over_and_then_there_is_nothing_to_say() -> None:
    told = nights([WARN, WARN, BLIND, WARN, GOOD, GOOD, GOOD])

    assert [changes(verdict).get("bounce_rate") for verdict in told] == [
        "opened",
        "open",
        "blind",
        "open",
        "better",
        "resolved",
        None,
    ]
    assert told[-1].alert is None


def test_a_digest_is_an_email_and_json_and_rings_no_telephone() -> None:
    alert = sent(nights([WARN])[0])

    assert (alert.state, alert.alert_id, alert.sms) == (AlertState.PENDING, "2026-11-21#critical", "")
    assert alert.subject == "Nightjar: Larkspur Candles: 1 warning, 1 new"
    assert (alert.severities, alert.reasons, alert.areas, alert.check_ids) == (
        (Severity.WARN,),
        ("digest",),
        ("traffic",),
        ("bounce_rate",),
    )
    plain = json.loads(alert.document)
    assert (plain["kind"], plain["news"]) == ("digest", [])
    assert [(one["check_id"], one["change"], one["value"]) for one in plain["warnings"]] == [
        ("bounce_rate", "opened", 65)
    ]
    assert "CRITICAL" not in alert.email
    assert "\nWARNING: bounce rate 65 % (opened tonight)\n" in alert.email
    assert "\nnightjar mute larkspur bounce_rate --until 2026-11-28 " in alert.email


def test_what_was_told_on_another_day_takes_a_line() -> None:
    told = nights([WARN, WARN, BLIND, WARN, GOOD, GOOD])

    lines = [[line for line in sent(one).email.splitlines() if "bounce rate" in line] for one in told[1:3]]
    assert lines[0] == ["WARNING: bounce rate 65 % (open since 2026-11-21)"]
    assert lines[1][0] == "WARNING: bounce rate (open since 2026-11-21, could not look tonight)"
    assert "\nRESOLVED: bounce rate 52 % (resolved tonight)\n" in sent(told[5]).email
    assert [sent(one).subject.partition("Candles: ")[2] for one in told] == [
        "1 warning, 1 new",
        *["1 warning"] * 4,
        "1 resolved",
    ]


def test_criticals_and_warnings_of_a_night_are_one_message_in_which_nothing_stands_twice() -> None:
    both = channel(bounce_rate="90", pageviews_per_session="1.2")

    alert = sent(nights([WARN, both])[1])

    assert [one.check_id for one in alert.criticals] == ["bounce_rate"]
    assert [one.check_id for one in alert.warnings] == ["pageviews_per_session"]
    assert alert.severities == (Severity.CRITICAL, Severity.WARN)
    assert alert.reasons == ("worsened", "digest")
    assert alert.subject.endswith("bounce rate 90 %")
    assert alert.email.index("CRITICAL: bounce rate") < alert.email.index("WARNING: pageviews per session")
    assert "pageviews" not in alert.sms
    assert json.loads(alert.document)["kind"] == "alert"


def test_what_is_critical_no_longer_is_told_as_a_warning() -> None:
    told = nights([CRITICAL, WARN, WARN])

    assert [changes(verdict) for verdict in told] == [{}, {"bounce_rate": "improved"}, {"bounce_rate": "open"}]
    assert "WARNING: bounce rate 65 % (no longer critical since tonight)" in sent(told[1]).email


def test_the_end_of_what_was_told_as_critical_is_told_once() -> None:
    over = sent(nights([CRITICAL, WARN, GOOD, GOOD])[3])

    assert [(one.check_id, one.why.value) for one in over.criticals] == [("bounce_rate", "resolved")]
    assert over.warnings == ()
    assert over.email.count("RESOLVED: bounce rate") == 1


@pytest.mark.parametrize("check_id", ["bounce_rate", "all"])
def test_what_is_muted_is_left_out_and_comes_back_when_the_mute_has_ended(check_id: str) -> None:
    mutes = (mute(check_id=check_id, until=NIGHT + timedelta(days=1)),)

    told = nights([WARN, WARN, WARN], mutes=mutes)

    assert [verdict.alert is None for verdict in told] == [True, True, False]
    assert changes(told[2]) == {"bounce_rate": "open"}


def test_what_is_acknowledged_is_left_out_until_something_happens_to_it() -> None:
    known = mute(kind=Kind.ACK, episode=NIGHT, until=NIGHT + timedelta(days=30))

    told = nights([WARN, WARN, GOOD, GOOD], mutes=(known,))

    assert [changes(verdict).get("bounce_rate") for verdict in told] == ["opened", None, None, "resolved"]


def test_a_muted_critical_does_not_hold_the_warnings_back() -> None:
    mutes = (mute(until=NIGHT),)
    both = channel(bounce_rate="90", pageviews_per_session="1.2")

    alert = sent(nights([both], mutes=mutes)[0])

    assert alert.state is AlertState.PENDING
    assert [entry.check_id for entry in alert.held] == ["bounce_rate"]
    assert changes(nights([both], mutes=mutes)[0]) == {"pageviews_per_session": "opened"}


def broken(**changed: Any) -> Snapshot:
    return snapshot(token=token(rejected="rejected"), **changed)


def test_while_a_broken_connection_waits_for_the_close_the_warnings_wait_with_it() -> None:
    shop = merchant(alerts={"digest": "daily"}, analytics={"provider": "ga4", "property_id": "312345678"})
    seen = broken(sessions=sessions(current=figures(bounce_rate="65")))

    waiting = sent(nights([seen], shop)[0])

    assert waiting.state is AlertState.WAITING
    assert [one.check_id for one in waiting.warnings] == ["bounce_rate"]
    assert "access token" in released(waiting).email
    left = withheld(waiting)
    assert (left.state, left.criticals, left.sms) == (AlertState.PENDING, (), "")
    assert left.severities == (Severity.WARN,)
    assert left.subject == "Nightjar: Larkspur Candles: 1 warning, 1 new"
    assert "access token" not in left.email
    assert "bounce rate 65 %" in left.email


def test_a_night_that_failed_has_no_digest_since_it_may_be_judged_once_more() -> None:
    findings = {finding.check_id: finding for finding in nights([WARN])[0].findings}
    failed = Snapshot.unseen(
        merchant_id="larkspur",
        night=NIGHT + timedelta(days=1),
        taken_at=NOW,
        periods=WARN.periods,
        why=absent(Reason.SOURCE_FAILED),
    )

    audit = audit_of(failed, DAILY, default_profile(), evaluated_at=NOW)

    assert conclude(audit, DAILY, findings).alert is None


def test_a_night_that_is_known_already_tells_nothing() -> None:
    first = nights([WARN])[0]
    findings = {finding.check_id: finding for finding in first.findings}

    assert conclude(first.audit, DAILY, findings).alert is None


def test_in_the_merchants_language() -> None:
    shop = merchant(alerts={"digest": "daily", "language": "de"})

    alert = sent(nights([WARN, WARN], shop)[1])

    assert alert.subject == "Nightjar: Larkspur Candles: 1 Warnung"
    assert "\nWARNUNG: Absprungrate 65 % (offen seit 21.11.2026)\n" in alert.email


@given(
    st.lists(st.sampled_from([WARN, CRITICAL, GOOD, BLIND, channel(bounce_rate="60.5")]), min_size=1, max_size=9),
    st.dates(NIGHT - timedelta(days=1), NIGHT + timedelta(days=9)),
)
@settings(max_examples=25, deadline=None)
def test_every_open_warning_that_nobody_muted_is_told_once_each_night(seen: list[Snapshot], until: date) -> None:
    hushed = (mute(until=until),)

    for verdict in nights(seen, mutes=hushed):
        muted = verdict.audit.night <= until
        warned = {finding.check_id for finding in verdict.findings if finding.severity is Severity.WARN}
        told = [one.check_id for one in verdict.alert.warnings] if verdict.alert else []
        assert len(told) == len(set(told))
        assert ("bounce_rate" in told) >= ("bounce_rate" in warned and not muted)
        assert not (muted and "bounce_rate" in told)
        over = set(told) - warned
        assert all(verdict.moves[check_id] == "resolved" for check_id in over)
        assert not {one.check_id for one in (verdict.alert.criticals if verdict.alert else ())} & set(told)
