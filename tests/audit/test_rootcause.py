"""A dead token is one failure, whatever it keeps from being seen; every other failure has its source's name."""

from __future__ import annotations

import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.alert import AlertState, released, withheld
from functions.audit.finding import Finding
from functions.audit.merchant import Merchant
from functions.audit.mute import Mute
from functions.audit.outcome import Status
from functions.audit.profile import default_profile
from functions.audit.rootcause import RootCause, failures_of, root_cause
from functions.audit.snapshot import Snapshot
from functions.audit.telling import Held, Why
from functions.audit.verdict import Verdict, audit_of, conclude
from tests.builders import NIGHT, NOW, PERIODS, absent, figures, judged, merchant, mute, sessions, snapshot, token
from tests.store.stories import night_after, revoked

BROKEN = absent(Reason.SOURCE_FAILED)
GA4 = {"provider": "ga4", "property_id": "312345678"}


def night(
    seen: Snapshot,
    shop: Merchant | None = None,
    before: dict[str, Finding] | None = None,
    mutes: tuple[Mute, ...] = (),
) -> Verdict:
    shop = shop or merchant()
    audit = audit_of(seen, shop, default_profile(), evaluated_at=NOW)
    return conclude(audit, shop, before or {}, mutes)


def by_check(verdict: Verdict) -> dict[str, Finding]:
    return {finding.check_id: finding for finding in verdict.findings}


def failures(seen: Snapshot, shop: Merchant | None = None) -> tuple[str, ...]:
    audit = audit_of(seen, shop, default_profile(), evaluated_at=NOW)
    return failures_of(seen, shop, audit.outcomes)


def test_a_revoked_token_is_one_message_that_counts_what_could_not_run() -> None:
    alert = night(revoked()).alert

    assert alert is not None
    assert [(one.check_id, one.why) for one in alert.criticals] == [("access_token", Why.OPENED)]
    assert alert.sms == ("Nightjar: Larkspur Candles is critical: access token: rejected (14 checks could not run)")
    assert "14 checks could not run because of this.\n" in alert.email
    assert {(entry.because, entry.wanted) for entry in alert.held} == {(Held.ROOT_CAUSE_SENT, None)}
    assert len(alert.held) == 14
    assert (alert.state, alert.root) == (
        AlertState.WAITING,
        RootCause("access_token", "access_token:rejected"),
    )


def test_the_next_nights_of_a_revoked_token_are_silent_until_the_reminder() -> None:
    before: dict[str, Finding] = {}
    told: dict[int, AlertState] = {}
    for day in range(9):
        verdict = night(revoked(night=night_after(day)), before=before)
        before = by_check(verdict)
        if verdict.alert:
            told[day] = verdict.alert.state

    # A reminder is no wave: it need not wait for the fleet.
    assert told == {0: AlertState.WAITING, 7: AlertState.PENDING}


def test_findings_that_were_open_go_on_blinded_and_nobody_hears_of_them() -> None:
    bad = snapshot(sessions=sessions(current=figures(bounce_rate="90")))
    before = by_check(night(bad))

    verdict = night(revoked(night=night_after()), before=before)

    assert by_check(verdict)["bounce_rate"].blinded_since == night_after()
    assert verdict.alert is not None
    assert [one.check_id for one in verdict.alert.criticals] == ["access_token"]


def test_what_else_is_wrong_with_the_connection_is_mended_by_the_same_login() -> None:
    """The permission that is missing on record is critical by itself; with a dead token it is no second message."""
    alert = night(revoked(basic=absent(Reason.SCOPE_MISSING))).alert

    assert alert is not None
    assert [one.check_id for one in alert.criticals] == ["access_token"]
    held = {entry.check_id: (entry.because, entry.wanted) for entry in alert.held}
    assert held["account_access"] == (Held.ROOT_CAUSE_SENT, Why.OPENED)


def test_what_does_not_need_the_token_is_told_beside_it() -> None:
    shop = merchant(analytics=GA4)
    alert = night(revoked(sessions=sessions(current=figures(bounce_rate="90"))), shop).alert

    assert alert is not None
    assert [one.check_id for one in alert.criticals] == ["access_token", "bounce_rate"]
    assert "(2 checks could not run), bounce rate 90 %" in alert.sms
    assert alert.instead is not None
    assert alert.instead.sms == "Nightjar: Larkspur Candles is critical: bounce rate 90 %"


def test_another_providers_refusal_is_not_blamed_on_the_token() -> None:
    alert = night(revoked(), merchant(analytics=GA4)).alert

    assert alert is not None
    assert [entry.check_id for entry in alert.held] == ["account_access", "stats_scope"]
    assert "ga4 sessions:unauthorized" in failures(revoked(), merchant(analytics=GA4))


def test_a_muted_token_mutes_what_it_explains() -> None:
    muted = (mute(check_id="access_token"),)
    alert = night(revoked(basic=absent(Reason.SCOPE_MISSING)), mutes=muted).alert

    assert alert is not None
    assert (alert.state, alert.criticals, alert.root) == (AlertState.HELD, (), None)
    assert {entry.because for entry in alert.held} == {Held.MUTED}


def test_an_outage_is_no_root_cause_and_tells_no_merchant() -> None:
    verdict = night(snapshot(token=BROKEN, sessions=BROKEN))

    assert root_cause(verdict.audit.outcomes) is None
    assert verdict.alert is None


def test_a_token_that_ends_soon_is_no_broken_one() -> None:
    ends = judged("access_token", snapshot(token=token(days_left="3")))

    assert ends.status is Status.WARN
    assert root_cause([ends]) is None


def test_good_news_about_the_connection_do_not_wait() -> None:
    before: dict[str, Finding] = {}
    states: list[AlertState | None] = []
    for day, seen in enumerate([revoked(), snapshot(), snapshot()]):
        verdict = night(seen.model_copy(update={"night": night_after(day)}), before=before)
        before = by_check(verdict)
        states.append(verdict.alert.state if verdict.alert else None)

    assert states == [AlertState.WAITING, None, AlertState.PENDING]


@pytest.mark.parametrize(
    ("seen", "named"),
    [
        (snapshot(), ()),
        (snapshot(sessions=BROKEN), ("storefront sessions:source_failed",)),
        (snapshot(token=BROKEN, basic=BROKEN, stats=BROKEN), ("account:source_failed",)),
        (
            snapshot(sessions=absent(Reason.RATE_LIMITED, Reason.SOURCE_STALE), pages=BROKEN),
            (
                "storefront sessions:rate_limited",
                "storefront sessions:source_stale",
                "storefront pages:source_failed",
            ),
        ),
        # States that a shop lives with are no failures.
        (snapshot(stats=absent(Reason.SCOPE_MISSING), sessions=absent(Reason.NOT_CONNECTED)), ()),
        (snapshot(sessions=sessions(current=figures(sessions=5))), ()),
        (revoked(), ()),
        (revoked(pages=BROKEN), ("storefront pages:source_failed",)),
        (
            snapshot(sessions=sessions(current=figures(revenue=BROKEN))),
            ("attributed_revenue:source_failed",),
        ),
        (
            Snapshot.unseen(
                merchant_id="larkspur", night=NIGHT, taken_at=NOW, periods=PERIODS, why=Absent(BROKEN.causes)
            ),
            ("fetch:source_failed",),
        ),
    ],
)
def test_every_failure_has_the_name_of_its_source(seen: Snapshot, named: tuple[str, ...]) -> None:
    assert failures(seen) == named


def test_a_broken_connection_counts_while_nobody_was_told() -> None:
    first = night(revoked())
    second = night(revoked(night=night_after()), before=by_check(first))

    assert first.failures == ("access_token:rejected",)
    assert second.failures == ()


def test_a_released_alert_goes_out_as_it_was_written() -> None:
    alert = night(revoked()).alert
    assert alert is not None

    out = released(alert)

    assert (out.state, out.subject, out.criticals) == (AlertState.PENDING, alert.subject, alert.criticals)


def test_a_withheld_alert_says_why_and_keeps_what_is_the_merchants_own() -> None:
    alone = night(revoked()).alert
    mixed = night(revoked(sessions=sessions(current=figures(bounce_rate="90"))), merchant(analytics=GA4)).alert
    assert alone is not None
    assert mixed is not None

    silent, rest = withheld(alone), withheld(mixed)

    assert (silent.state, silent.criticals, silent.subject, silent.email) == (AlertState.HELD, (), "", "")
    assert (silent.held[0].check_id, silent.held[0].because, silent.held[0].wanted) == (
        "access_token",
        Held.ROOT_CAUSE_SENT,
        Why.OPENED,
    )
    assert (rest.state, [one.check_id for one in rest.criticals]) == (AlertState.PENDING, ["bounce_rate"])
    assert rest.sms == "Nightjar: Larkspur Candles is critical: bounce rate 90 %"
    assert "access" not in rest.subject + rest.email + rest.sms


def test_after_the_close_nothing_waits() -> None:
    verdict = night(revoked())

    sent, kept = verdict.after_close(()), verdict.after_close({"access_token:rejected"})

    assert sent.alert is not None
    assert sent.alert.state is AlertState.PENDING
    assert by_check(sent)["access_token"].last_told_on == NIGHT
    assert kept.alert is not None
    assert kept.alert.state is AlertState.HELD
    assert by_check(kept)["access_token"].last_told_on is None
    # Both count: how many share a failure must not depend on what was made of it.
    assert sent.failures == kept.failures == ("access_token:rejected",)
    assert night(snapshot()).after_close({"access_token:rejected"}) == night(snapshot())
