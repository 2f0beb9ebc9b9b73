"""A verdict is written whole or not at all, once, and never over what is newer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from functions.audit.errors import Conflict
from functions.audit.finding import Finding
from functions.audit.outcome import Status
from functions.audit.verdict import Audit, AuditState, Verdict
from functions.store.findings import finding_item
from functions.store.tables import Tables
from functions.store.verdicts import ATTEMPTS, Committed, commit, settle
from tests.builders import NIGHT, NOW, channel, merchant, mute
from tests.cloud import Cloud
from tests.store.stories import TTL, audit, failed, night_after, verdict
from tests.tables import PREFIX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass
class Spy:
    """The real client, with something done before each transaction; keeps what was asked for."""

    client: DynamoDBClient
    before_write: Callable[[], None] = lambda: None
    transactions: int = 0

    def transact_write_items(self, **request: Any) -> Any:
        self.transactions += 1
        self.before_write()
        return self.client.transact_write_items(**request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


def _settle(tables: Tables, of: Audit) -> Verdict | None:
    return settle(tables, of, merchant(id=of.merchant_id), ttl=TTL)


def _commit(cloud: Cloud, of: Verdict, before: Mapping[str, Finding] | None = None) -> Committed:
    return commit(cloud.tables, of, before or {}, ttl=TTL)


def _spied(cloud: Cloud, before_write: Callable[[], None]) -> tuple[Spy, Tables]:
    spy = Spy(cloud.dynamodb, before_write)
    return spy, Tables(cast("DynamoDBClient", spy), PREFIX)


def test_audit_findings_and_alert_are_written_in_one_transaction(cloud: Cloud) -> None:
    cloud.tables.audits.expect("larkspur", NIGHT, at=NOW, ttl=TTL)
    spy, tables = _spied(cloud, lambda: None)

    written = _settle(tables, audit())

    assert written is not None
    assert spy.transactions == 1
    assert cloud.tables.audits.state("larkspur", NIGHT) is AuditState.DONE
    assert list(cloud.tables.audits.unfinished(NIGHT)) == []
    findings = [finding_item(finding, ttl=TTL) for finding in written.findings]
    assert cloud.raw("findings") == sorted(findings, key=repr)
    assert written.alert is not None
    assert cloud.tables.alerts.get("larkspur", written.alert.alert_id) == written.alert
    for table in ("audits", "findings", "alerts"):
        assert {item["schema_version"]["N"] for item in cloud.raw(table)} == {"1"}


def test_a_quiet_night_writes_no_alert(cloud: Cloud) -> None:
    written = _settle(cloud.tables, audit(channel()))

    assert written is not None
    assert written.alert is None
    assert cloud.raw("alerts") == []


def test_writing_the_same_verdict_again_changes_nothing(cloud: Cloud) -> None:
    first = verdict()
    assert _commit(cloud, first) is Committed.WRITTEN
    before = cloud.everything()

    assert _commit(cloud, first) is Committed.ALREADY_DONE
    assert _settle(cloud.tables, audit()) is None
    assert _settle(cloud.tables, audit(channel())) is None
    assert cloud.everything() == before


def test_the_criticals_of_a_second_night_are_not_told_again(cloud: Cloud) -> None:
    _settle(cloud.tables, audit())

    second = _settle(cloud.tables, audit(night=night_after()))

    assert second is not None
    assert second.alert is None
    assert len(cloud.raw("alerts")) == 1
    finding = cloud.tables.findings.of_merchant("larkspur")["bounce_rate"]
    assert (finding.last_night, finding.opened_on) == (night_after(), NIGHT)


def test_the_night_of_the_message_is_written_with_it(cloud: Cloud) -> None:
    _settle(cloud.tables, audit())

    findings = cloud.tables.findings.of_merchant("larkspur")

    assert findings["bounce_rate"].last_told_on == NIGHT
    assert {finding.last_told_on for check_id, finding in findings.items() if check_id != "bounce_rate"} == {None}


def test_what_is_held_back_is_noted_and_told_when_nothing_is_in_the_way_any_more(cloud: Cloud) -> None:
    muted = (mute(until=NIGHT),)
    settle(cloud.tables, audit(), merchant(), ttl=TTL, mutes=muted)
    held = cloud.rows("alerts")[0]

    _settle(cloud.tables, audit(night=night_after()))

    assert (held["state"], held["held"][0]["because"], held["held"][0]["wanted"]) == ("held", "muted", "opened")
    told = cloud.tables.alerts.get("larkspur", f"{night_after()}#critical")
    assert told is not None
    assert [(one.check_id, one.why.value) for one in told.criticals] == [("bounce_rate", "opened")]
    assert cloud.tables.findings.of_merchant("larkspur")["bounce_rate"].last_told_on == night_after()


def test_a_critical_is_told_again_after_seven_more_nights(cloud: Cloud) -> None:
    for nights in range(9):
        _settle(cloud.tables, audit(night=night_after(nights)))

    told = [(row["night"], row["criticals"][0]["why"]) for row in cloud.rows("alerts")]
    assert told == [("2026-11-21", "opened"), ("2026-11-28", "still_critical")]


def test_a_critical_that_is_good_for_two_nights_is_told_as_resolved(cloud: Cloud) -> None:
    _settle(cloud.tables, audit())
    for nights in (1, 2, 3):
        _settle(cloud.tables, audit(channel(), night=night_after(nights)))

    told = [(row["night"], row["criticals"][0]["why"]) for row in cloud.rows("alerts")]
    assert told == [("2026-11-21", "opened"), ("2026-11-23", "resolved")]


def test_a_verdict_over_findings_that_changed_meanwhile_writes_nothing(cloud: Cloud) -> None:
    stale = verdict(audit(night=night_after()))
    _settle(cloud.tables, audit())
    before = cloud.everything()

    with pytest.raises(Conflict, match="larkspur"):
        _commit(cloud, stale)

    assert cloud.everything() == before


@pytest.mark.parametrize(
    "changed",
    [
        {"last_night": NIGHT - timedelta(days=1)},
        {"good_nights": 1},
        {"status": Status.WARN},
        {"last_told_on": None},
        {"last_told_on": NIGHT - timedelta(days=1)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_a_finding_must_be_just_as_it_was_read(cloud: Cloud, changed: dict[str, Any]) -> None:
    _settle(cloud.tables, audit())
    read = cloud.tables.findings.of_merchant("larkspur")
    otherwise = read | {"bounce_rate": replace(read["bounce_rate"], **changed)}

    with pytest.raises(Conflict):
        _commit(cloud, verdict(audit(night=night_after()), otherwise), otherwise)


def test_who_lost_a_race_reads_again_and_judges_by_the_newer_findings(cloud: Cloud) -> None:
    quicker = iter([audit()])

    def overtake() -> None:
        for of in quicker:
            _settle(cloud.tables, of)

    spy, tables = _spied(cloud, overtake)

    written = _settle(tables, audit(night=night_after()))

    assert spy.transactions == 2
    assert written is not None
    assert written.alert is None, "the other night told it already"
    assert cloud.tables.findings.of_merchant("larkspur")["bounce_rate"].opened_on == NIGHT
    assert len(cloud.raw("alerts")) == 1


def test_who_loses_every_race_says_so(cloud: Cloud) -> None:
    nights = iter(range(1, 1 + ATTEMPTS))

    def overtake() -> None:
        _settle(cloud.tables, audit(night=night_after(next(nights))))

    spy, tables = _spied(cloud, overtake)

    with pytest.raises(Conflict, match="larkspur"):
        _settle(tables, audit(night=night_after(30)))

    assert spy.transactions == ATTEMPTS
    assert cloud.tables.audits.state("larkspur", night_after(30)) is None


def test_an_older_night_writes_its_audit_only_and_tells_nobody(cloud: Cloud) -> None:
    _settle(cloud.tables, audit(channel(), night=night_after()))
    findings = cloud.raw("findings")

    late = _settle(cloud.tables, audit())

    assert late is not None
    assert late.alert is None
    assert cloud.tables.audits.state("larkspur", NIGHT) is AuditState.DONE
    assert cloud.raw("findings") == findings
    assert cloud.raw("alerts") == []


def test_an_alert_that_is_in_the_outbox_already_keeps_no_verdict_from_being_written(cloud: Cloud) -> None:
    first = _settle(cloud.tables, audit())
    assert first is not None
    for item in (*cloud.raw("audits"), *cloud.raw("findings")):
        name = "findings" if "check_id" in item else "audits"
        wanted = ("merchant_id", "check_id" if name == "findings" else "night")
        cloud.dynamodb.delete_item(TableName=PREFIX + name, Key={part: item[part] for part in wanted})
    alerts = cloud.raw("alerts")

    assert _settle(cloud.tables, audit()) is not None

    assert cloud.tables.audits.state("larkspur", NIGHT) is AuditState.DONE
    assert len(cloud.raw("findings")) == 15
    assert cloud.raw("alerts") == alerts


def test_a_night_without_a_fetch_never_takes_the_place_of_an_audit(cloud: Cloud) -> None:
    _settle(cloud.tables, audit())
    before = cloud.everything()

    assert _settle(cloud.tables, failed()) is None
    assert cloud.everything() == before


def test_an_audit_that_comes_late_takes_the_place_of_a_night_without_a_fetch(cloud: Cloud) -> None:
    _settle(cloud.tables, failed())
    assert cloud.tables.audits.state("larkspur", NIGHT) is AuditState.FAILED

    written = _settle(cloud.tables, audit())

    assert written is not None
    assert written.alert is not None
    assert cloud.tables.audits.state("larkspur", NIGHT) is AuditState.DONE
    assert len(cloud.raw("alerts")) == 1


def test_a_night_fails_once(cloud: Cloud) -> None:
    cloud.tables.audits.expect("larkspur", NIGHT, at=NOW, ttl=TTL)
    assert _settle(cloud.tables, failed()) is not None
    before = cloud.everything()

    assert _settle(cloud.tables, failed()) is None
    assert cloud.everything() == before


def test_evaluators_at_the_same_moment_write_one_verdict_and_one_alert(cloud: Cloud) -> None:
    ready = Barrier(4)

    def evaluate(_: int) -> bool:
        ready.wait()
        return _settle(cloud.tables, audit()) is not None

    with ThreadPoolExecutor(4) as evaluators:
        won = list(evaluators.map(evaluate, range(4)))

    assert won.count(True) == 1
    assert len(cloud.raw("audits")) == len(cloud.raw("alerts")) == 1
    assert len(cloud.raw("findings")) == 15


def test_nothing_of_one_merchant_is_written_under_another(cloud: Cloud) -> None:
    _settle(cloud.tables, audit(channel(), merchant_id="foxglove"))
    before = {name: items for name, items in cloud.everything().items() if items}

    _settle(cloud.tables, audit(merchant_id="larkspur"))

    after = cloud.everything()
    for name, items in before.items():
        assert [item for item in after[name] if item["merchant_id"]["S"] == "foxglove"] == items
    for name in ("audits", "findings", "alerts"):
        mine = [item for item in after[name] if item["merchant_id"]["S"] == "larkspur"]
        assert mine
        assert "foxglove" not in repr(mine)


@pytest.mark.parametrize(
    ("code", "reasons", "expected"),
    [
        ("TransactionInProgressException", [], Conflict),
        ("TransactionCanceledException", ["None", "TransactionConflict"], Conflict),
        ("TransactionCanceledException", ["TransactionConflict", "None"], Conflict),
        ("TransactionCanceledException", ["None", "ThrottlingError"], ClientError),
        ("TransactionCanceledException", ["None", "ItemCollectionSizeLimitExceeded"], ClientError),
        ("ProvisionedThroughputExceededException", [], ClientError),
    ],
)
def test_a_refusal_means_what_it_says(cloud: Cloud, code: str, reasons: list[str], expected: type[Exception]) -> None:
    def refuse() -> None:
        answer: Any = {"Error": {"Code": code}, "CancellationReasons": [{"Code": reason} for reason in reasons]}
        raise ClientError(answer, "TransactWriteItems")

    _, tables = _spied(cloud, refuse)

    with pytest.raises(expected):
        commit(tables, verdict(), {}, ttl=TTL)
