"""A night's end: everybody expected has an audit, what never left is stirred up, operators are told once."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any, cast

import pytest

from functions.audit.errors import NeverOpened
from functions.audit.merchant import Extra
from functions.audit.night import cover
from functions.audit.outcome import Status
from functions.audit.preflight import Checked, Preflight
from functions.audit.preflight_facts import Blind
from functions.audit.profile import default_profile
from functions.audit.snapshot import Effort
from functions.audit.verdict import AuditState
from functions.closer.close import Closed, Closer
from functions.closer.nightly import Nightly
from functions.store.tables import Tables
from functions.store.verdicts import Kept, settle
from tests.builders import NIGHT, NOW, channel, merchant, mute, snapshot, token
from tests.cloud import Cloud
from tests.rooms.fakes import FakeSns, refused
from tests.store.stories import TTL, audit, failed, night_after
from tests.tables import PREFIX

CLOSING = NOW + timedelta(hours=4)
ID = f"{NIGHT}#critical"


@dataclass
class FakeLook:
    """A preflight that found this, or that breaks. It takes down for whom and for how long it was to look."""

    found: tuple[Checked, ...] = (Checked("operators", Preflight.PASS, "Somebody hears."),)
    breaks: Exception | None = None
    asked: list[tuple[Any, float]] = field(default_factory=list)
    heard: list[int] = field(default_factory=list)

    def check(self, merchants: Any, *, now: datetime, seconds: float) -> tuple[Checked, ...]:
        assert now == CLOSING
        self.asked.append((merchants, seconds))
        if self.breaks:
            raise self.breaks
        return self.found


@dataclass
class Stage:
    """A closer, its topic, and a night that was opened."""

    cloud: Cloud
    sns: FakeSns = field(default_factory=FakeSns)
    preflight: FakeLook = field(default_factory=FakeLook)
    troubles: list[str] = field(default_factory=list)
    seconds_left: float = 290.0

    def close(self, tables: Tables | None = None) -> Closed:
        closer = Closer(
            tables=tables or self.cloud.tables,
            sns=cast("Any", self.sns),
            topic_arn="arn:aws:sns:us-east-1:123456789012:nightjar-test-operators",
            profile=default_profile(),
            kept=Kept.days(audits=90, alerts=90, findings=90),
            nightly=Nightly(
                cast("Any", self.preflight),
                on_checked=lambda checks: self.preflight.heard.append(len(checks)),
                on_failure=lambda error: self.troubles.append(type(error).__name__),
            ),
            on_failure=lambda merchant_id, error: self.troubles.append(f"{merchant_id} {type(error).__name__}"),
        )
        return closer.close(NIGHT, now=CLOSING, seconds_left=lambda: self.seconds_left)

    def expect(self, *ids: str) -> None:
        for id_ in ids:
            self.cloud.tables.audits.expect(id_, NIGHT, at=NOW, ttl=TTL)

    def audited(self, *ids: str, **current: Any) -> None:
        for id_ in ids:
            settle(self.cloud.tables, audit(channel(**current), merchant_id=id_), merchant(id=id_), ttl=TTL)


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    return Stage(cloud)


def test_a_full_night_is_closed_with_its_coverage_and_told(stage: Stage) -> None:
    stage.expect("larkspur", "foxglove")
    stage.audited("larkspur", "foxglove")

    closed = stage.close()

    assert closed.first
    assert closed.coverage.percent == 100
    night = stage.cloud.tables.nights.get(NIGHT)
    assert night is not None
    assert (night.closed_at, night.coverage) == (CLOSING, closed.coverage)
    (told,) = stage.sns.published
    assert told["TopicArn"].endswith("operators")
    assert told["Subject"] == "Nightjar 2026-11-21: all clear"
    assert "2 of 2 expected merchants were audited (100.0 %)" in told["Message"]
    assert told["Message"].endswith("This is stage test: say its commands with --stage test.\n")


def test_who_is_still_pending_becomes_a_failed_audit_of_fifteen_outcomes(stage: Stage) -> None:
    stage.expect("larkspur", "lost")
    stage.audited("larkspur")

    closed = stage.close()

    row = stage.cloud.tables.audits.get("lost", NIGHT)
    assert row is not None
    assert row["state"] == "failed"
    assert len(row["outcomes"]) == 15
    assert {outcome["status"] for outcome in row["outcomes"].values()} == {"not_evaluated"}
    assert {outcome["causes"][0]["detail"] for outcome in row["outcomes"].values()} == {
        "the fetch never came back before the night was closed"
    }
    assert "pending_night" not in row
    assert list(stage.cloud.tables.audits.unfinished(NIGHT)) == []
    assert (closed.coverage.audited, closed.coverage.failed, closed.coverage.missing) == (1, ("lost",), ())
    assert closed.coverage.percent == Decimal(50)
    assert closed.coverage.outcomes[Status.NOT_EVALUATED] == 15
    assert "lost" in stage.sns.published[0]["Message"]
    assert "all clear" not in stage.sns.published[0]["Subject"]
    assert len(stage.cloud.tables.findings.of_merchant("lost")) == 15


def test_of_a_fleet_whose_fetches_never_came_no_merchant_waits_for_another(stage: Stage) -> None:
    stage.expect("harbour", "larkspur")
    real, both_are_here = stage.cloud.dynamodb.query, Barrier(2, timeout=10)

    def together(**request: Any) -> Any:
        if request["TableName"] == f"{PREFIX}findings":
            both_are_here.wait()
        return real(**request)

    stage.cloud.instead("query", together)

    assert stage.close().coverage.failed == ("harbour", "larkspur")
    assert stage.troubles == []


def test_losing_sight_keeps_an_open_finding_open(stage: Stage) -> None:
    night_before = audit(channel(bounce_rate="81.2"), night=night_after(-1))
    settle(stage.cloud.tables, night_before, merchant(), ttl=TTL)
    stage.expect("larkspur")

    stage.close()

    finding = stage.cloud.tables.findings.of_merchant("larkspur")["bounce_rate"]
    assert (finding.status, finding.is_open, finding.blinded_since) == (Status.NOT_EVALUATED, True, NIGHT)
    assert len(stage.cloud.raw("alerts")) == 1


def test_an_audit_that_failed_before_is_counted_and_left_as_it_is(stage: Stage) -> None:
    settle(stage.cloud.tables, failed(), merchant(), ttl=TTL)
    before = stage.cloud.raw("audits")

    closed = stage.close()

    assert closed.coverage.failed == ("larkspur",)
    assert stage.cloud.raw("audits") == before


def test_an_id_of_a_foreign_form_has_its_audit_too(stage: Stage) -> None:
    stage.expect("Shop A")

    closed = stage.close()

    assert stage.troubles == []
    assert closed.coverage.failed == ("Shop A",)
    assert stage.cloud.tables.audits.state("Shop A", NIGHT) is AuditState.FAILED


def test_a_fetch_that_never_came_leaves_extra_checks_blind_where_the_night_expected_them(stage: Stage) -> None:
    stage.cloud.tables.audits.expect("lost", NIGHT, at=NOW, ttl=TTL, extra_checks=[Extra.BIO_LINK])

    closed = stage.close()

    (row,) = stage.cloud.rows("audits")
    assert (len(row["outcomes"]), row["outcomes"]["bio_link"]["status"]) == (16, "not_evaluated")
    assert closed.coverage.outcomes[Status.NOT_EVALUATED] == 16


def test_who_was_erased_during_the_night_is_expected_no_more(stage: Stage) -> None:
    stage.expect("larkspur", "gone", "lost")
    stage.audited("larkspur")
    tables = _with_an_index_that_lags(stage)
    _erase(stage, "gone")

    closed = stage.close(tables)

    assert (closed.coverage.expected, closed.coverage.failed, closed.coverage.missing) == (2, ("lost",), ())
    assert "gone" not in repr(stage.cloud.rows("nights") + stage.cloud.rows("audits") + stage.cloud.rows("findings"))


def test_who_is_erased_while_the_night_is_counted_is_not_named_by_it(stage: Stage) -> None:
    settle(stage.cloud.tables, failed(), merchant(), ttl=TTL)
    stage.expect("lost")
    real = stage.cloud.dynamodb.update_item

    def erased_meanwhile(**request: Any) -> Any:
        _erase(stage, "larkspur")
        return real(**request)

    stage.cloud.instead("update_item", erased_meanwhile)
    stage.close()
    stage.cloud.instead("update_item", real)

    (night,) = stage.cloud.rows("nights")
    assert (night["failed_merchants"], night["failed"]) == (["lost"], 2)


def _erase(stage: Stage, merchant_id: str) -> None:
    stage.cloud.tables.merchants.erase(merchant_id, at=NOW, until=TTL)
    where = {"merchant_id": {"S": merchant_id}, "night": {"S": str(NIGHT)}}
    stage.cloud.dynamodb.delete_item(TableName=f"{PREFIX}audits", Key=where)


def test_a_merchant_that_finishes_while_the_night_is_closed_is_counted_as_audited(stage: Stage) -> None:
    """The index shows it pending, the table has it done."""
    stage.expect("larkspur")
    tables = _with_an_index_that_lags(stage)
    stage.audited("larkspur", bounce_rate="81.2")

    closed = stage.close(tables)

    assert (closed.coverage.audited, closed.coverage.failed, closed.coverage.missing) == (1, (), ())
    assert closed.coverage.outcomes[Status.CRITICAL] == 1


def test_one_merchants_trouble_does_not_keep_the_night_open(stage: Stage) -> None:
    stage.expect("larkspur", "stuck")
    tables = _refusing_to_write(stage, "stuck")

    closed = stage.close(tables)

    assert stage.troubles == ["stuck ClientError"]
    assert (closed.coverage.failed, closed.coverage.missing) == (("larkspur",), ("stuck",))
    assert stage.cloud.tables.nights.get(NIGHT) is not None
    assert "Still pending at the close: stuck" in stage.sns.published[0]["Message"]


def test_only_alerts_of_that_night_that_never_left_are_stirred_up(stage: Stage) -> None:
    stage.audited("left", "stayed", bounce_rate="81.2")
    settle(stage.cloud.tables, audit(merchant_id="other", night=night_after()), merchant(id="other"), ttl=TTL)
    stage.cloud.tables.alerts.record_published("left", ID, at=NOW, message_id="m", topic_arn="t")
    stage.cloud.tables.texts.record_published("left", ID, at=NOW, message_id="m", topic_arn="t")

    closed = stage.close()

    assert closed.swept == 1
    sweeps = {row["merchant_id"]: row.get("sweeps") for row in stage.cloud.rows("alerts")}
    assert sweeps == {"left": None, "stayed": 1, "other": None}


def test_closing_again_counts_anew_and_tells_nobody_twice(stage: Stage) -> None:
    stage.expect("larkspur", "late")
    stage.audited("larkspur")
    stage.close()
    stage.audited("late")

    again = stage.close()

    assert not again.first
    assert len(stage.sns.published) == 1
    night = stage.cloud.tables.nights.get(NIGHT)
    assert night is not None
    assert night.coverage is not None
    assert night.coverage.audited == 2


def test_closing_a_closed_night_again_changes_nothing(stage: Stage) -> None:
    stage.expect("larkspur", "lost")
    stage.audited("larkspur")
    stage.close()
    before = stage.cloud.everything()

    stage.close()

    assert stage.cloud.everything() == before


def test_a_night_that_was_never_opened_is_told_to_the_operators_and_refused(cloud: Cloud) -> None:
    stage = Stage(cloud)

    with pytest.raises(NeverOpened, match="2026-11-21 was never opened"):
        stage.close()

    (told,) = stage.sns.published
    assert told["TopicArn"].endswith("operators")
    assert told["Subject"] == "Nightjar 2026-11-21: nobody was audited, the night never began"
    assert cloud.raw("nights") == []
    ((merchants, _),) = stage.preflight.asked
    assert merchants == Blind("the night was never opened, so nobody was expected")


UNHEARD = Checked("operators", Preflight.FAIL, "Nobody would hear an alarm.", "Confirm the mail that SNS sends.")


def test_a_preflight_that_fails_is_told_with_what_to_do_and_nothing_is_all_clear(stage: Stage) -> None:
    stage.expect("larkspur", "foxglove")
    stage.audited("larkspur", "foxglove")
    stage.preflight.found = (UNHEARD,)

    stage.close()

    (told,) = stage.sns.published
    assert told["Subject"] == "Nightjar 2026-11-21: 2 of 2 audited, 0 critical, preflight: 1 failed"
    assert "- Failed: Nobody would hear an alarm.\n  Confirm the mail that SNS sends.\n" in told["Message"]
    assert [(sorted(merchants), seconds) for merchants, seconds in stage.preflight.asked] == [
        (["foxglove", "larkspur"], 45.0)
    ]


def test_closing_again_looks_at_nothing_again(stage: Stage) -> None:
    stage.close()
    stage.close()

    assert len(stage.preflight.asked) == 1


def test_a_preflight_that_breaks_keeps_no_night_open_and_counts_as_not_looked(stage: Stage) -> None:
    stage.expect("larkspur")
    stage.audited("larkspur")
    stage.preflight.breaks = ZeroDivisionError("larkspur")

    stage.close()

    (told,) = stage.sns.published
    assert "all clear" not in told["Subject"]
    assert "Could not look at the alarms: looking itself failed (ZeroDivisionError).\n" in told["Message"]
    assert stage.troubles == ["ZeroDivisionError"]
    assert stage.preflight.heard == [8]
    night = stage.cloud.tables.nights.get(NIGHT)
    assert night is not None
    assert night.closed_at == CLOSING


def test_a_preflight_leaves_the_time_that_closing_needs(stage: Stage) -> None:
    stage.seconds_left = 50.0

    stage.close()

    assert [seconds for _, seconds in stage.preflight.asked] == [20.0]


def test_what_turned_and_what_is_over_tonight_is_told(stage: Stage) -> None:
    shops = ("larkspur", "foxglove")
    for at in (-2, -1):
        worse = audit(channel(bounce_rate="81.2"), night=night_after(at), merchant_id="foxglove")
        settle(stage.cloud.tables, worse, merchant(id="foxglove"), ttl=TTL)
    stage.expect(*shops)
    stage.audited("larkspur", bounce_rate="81.2")
    stage.audited("foxglove", bounce_rate="61")

    stage.close()

    body = stage.sns.published[0]["Message"]
    assert "New criticals: 1 at 1 merchant.\n- larkspur: bounce_rate\n" in body
    assert "No longer critical: 1 at 1 merchant.\n- foxglove: bounce_rate\n" in body


def test_what_the_fetches_took_is_told(stage: Stage) -> None:
    stage.expect("larkspur")
    seen = channel().model_copy(update={"effort": Effort.of(3.14159, 12)})
    settle(stage.cloud.tables, audit(seen), merchant(), ttl=TTL)

    stage.close()

    body = stage.sns.published[0]["Message"]
    assert "Slowest: larkspur 3.1 s." in body
    assert "Most requests: larkspur 12." in body


def test_a_message_that_should_have_left_long_ago_is_told_and_one_that_waits_for_this_close_is_not(
    stage: Stage,
) -> None:
    lost = audit(channel(bounce_rate="81.2"), night=night_after(-1), merchant_id="lost")
    settle(stage.cloud.tables, lost, merchant(id="lost"), ttl=TTL)
    stage.expect("broken")
    broken = audit(snapshot(token=token(rejected="rejected")), merchant_id="broken")
    settle(stage.cloud.tables, broken, merchant(id="broken"), ttl=TTL)

    stage.close()

    body = stage.sns.published[-1]["Message"]
    assert "1 message has not left yet: lost of 2026-11-20. It is tried again now." in body


def test_a_night_that_expected_nobody_is_not_all_clear(stage: Stage) -> None:
    closed = stage.close()

    assert closed.coverage.percent == 0
    assert "0 of 0 audited" in stage.sns.published[0]["Subject"]
    assert "Nobody was expected" in stage.sns.published[0]["Message"]


def test_a_crash_between_telling_and_closing_repeats_the_summary_and_never_loses_it(stage: Stage) -> None:
    stage.expect("larkspur")
    stage.audited("larkspur")
    crashes = iter([MemoryError()])

    def crash_once() -> None:
        for crash in crashes:
            raise crash

    stage.sns.after = crash_once

    with pytest.raises(MemoryError):
        stage.close()
    night = stage.cloud.tables.nights.get(NIGHT)
    assert night is not None
    assert night.closed_at is None

    assert stage.close().first
    assert len(stage.sns.published) == 2


def test_a_topic_that_refuses_leaves_the_night_open_for_the_next_try(stage: Stage) -> None:
    stage.expect("larkspur")

    def refuse() -> None:
        raise refused("AuthorizationError", "Publish")

    stage.sns.before = refuse

    with pytest.raises(Exception, match="AuthorizationError"):
        stage.close()

    night = stage.cloud.tables.nights.get(NIGHT)
    assert night is not None
    assert night.closed_at is None


def _with_an_index_that_lags(stage: Stage) -> Tables:
    """Return tables whose index of a night's audits goes on showing what it shows now."""
    query = stage.cloud.dynamodb.query
    shown = query(
        TableName=f"{PREFIX}audits",
        IndexName="by_night",
        KeyConditionExpression="night = :night",
        ExpressionAttributeValues={":night": {"S": str(NIGHT)}},
    )

    class Lagging:
        def query(self, **request: Any) -> Any:
            return shown if request.get("IndexName") == "by_night" else query(**request)

        def __getattr__(self, name: str) -> Any:
            return getattr(stage.cloud.dynamodb, name)

    return Tables(cast("Any", Lagging()), PREFIX)


def _refusing_to_write(stage: Stage, merchant_id: str) -> Tables:
    class Refusing:
        def transact_write_items(self, **request: Any) -> Any:
            if request["TransactItems"][0]["Put"]["Item"]["merchant_id"]["S"] == merchant_id:
                raise refused("ThrottlingException", "TransactWriteItems")
            return stage.cloud.dynamodb.transact_write_items(**request)

        def __getattr__(self, name: str) -> Any:
            return getattr(stage.cloud.dynamodb, name)

    return Tables(cast("Any", Refusing()), PREFIX)


def test_texts_that_are_due_or_held_are_stirred_up_too(stage: Stage) -> None:
    stage.audited("due", "held", "left", bounce_rate="81.2")
    texts = stage.cloud.tables.texts
    for shop in ("due", "held", "left"):
        stage.cloud.tables.alerts.record_published(shop, ID, at=NOW, message_id="m", topic_arn="t")
    texts.record_held("held", ID, until=CLOSING + timedelta(hours=2))
    texts.record_published("left", ID, at=NOW, message_id="m", topic_arn="t")

    assert stage.close().swept == 2

    states = {row["merchant_id"]: row["sms_state"] for row in stage.cloud.rows("alerts")}
    assert states == {"due": "overdue", "held": "overdue", "left": "published"}


def test_the_summary_announces_the_mutes_that_ended(stage: Stage) -> None:
    stage.cloud.tables.nights.open(night_after(-1), at=NOW, ttl=TTL)
    stage.cloud.tables.nights.close(cover(night_after(-1), []), at=NOW)
    for shop, last in (("long-ago", -2), ("larkspur", -1), ("tonight", 0)):
        stage.cloud.tables.mutes.save(mute(shop, "all", until=night_after(last), reason="see https://evil.example"))

    stage.close()
    stage.close()

    (told,) = stage.sns.published
    assert (
        told["Message"]
        .partition("Mutes that ended:\n")[2]
        .startswith(
            "- larkspur: The mute of all checks by Anna (see https[:]//evil[.]example) has ended; "
            "its last night was 2026-11-20.\n"
        )
    )
    assert "long-ago" not in told["Message"]
    assert "tonight" not in told["Message"]


def test_mutes_that_ended_on_nights_that_nobody_closed_are_announced_by_the_next_close(stage: Stage) -> None:
    for day in range(1, 10):
        stage.cloud.tables.mutes.save(mute(f"m{day}", until=night_after(-day)))

    stage.close()

    lines = [line.split(":")[0] for line in stage.sns.published[0]["Message"].splitlines() if line.startswith("- ")]
    assert lines == [f"- m{day}" for day in range(1, 9)]


def test_the_summary_names_the_connections_that_end_soon(stage: Stage) -> None:
    stage.expect("larkspur", "foxglove", "revoked")
    stage.audited("foxglove")
    for id_, seen in (("larkspur", token(days_left="6.5")), ("revoked", token(days_left="5", rejected="banned"))):
        settle(stage.cloud.tables, audit(snapshot(token=seen), merchant_id=id_), merchant(id=id_), ttl=TTL)

    stage.close()

    (told,) = stage.sns.published
    assert "end within 30 days, the soonest first: larkspur in 6 days.\n" in told["Message"]
