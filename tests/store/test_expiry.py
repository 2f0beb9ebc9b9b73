"""TTL deletes days late: a row whose time is over counts no more, for readers and for who writes anew."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from functions.audit.verdict import AuditState
from functions.store.alerts import alert_item
from functions.store.tables import Tables
from functions.store.verdicts import Committed, commit
from tests.builders import NIGHT, NOW, snapshot
from tests.cloud import Cloud
from tests.store.stories import TTL, failed, verdict
from tests.tables import PREFIX

END = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def in_time(cloud: Cloud) -> Tables:
    """The tables one second before the rows of these stories end."""
    return Tables(cloud.dynamodb, PREFIX, clock=lambda: END.timestamp() - 1)


@pytest.fixture
def late(cloud: Cloud) -> Tables:
    """The same tables at the second at which they end; nothing has been deleted."""
    return Tables(cloud.dynamodb, PREFIX, clock=END.timestamp)


def test_an_audit_that_is_over_is_neither_read_nor_counted(in_time: Tables, late: Tables) -> None:
    in_time.audits.expect("larkspur", NIGHT, at=NOW, ttl=END)

    assert in_time.audits.state("larkspur", NIGHT) is AuditState.PENDING
    assert [head.merchant_id for head in in_time.audits.heads(NIGHT)] == ["larkspur"]
    assert list(in_time.audits.unfinished(NIGHT)) == ["larkspur"]
    assert late.audits.state("larkspur", NIGHT) is None
    assert late.audits.get("larkspur", NIGHT) is None
    assert late.audits.head("larkspur", NIGHT) is None
    assert list(late.audits.heads(NIGHT)) == []
    assert list(late.audits.unfinished(NIGHT)) == []


def test_whoever_is_expected_anew_takes_the_place_of_an_audit_that_is_over(in_time: Tables, late: Tables) -> None:
    assert commit(in_time, verdict(), {}, ttl=END) is Committed.WRITTEN

    assert not in_time.audits.expect("larkspur", NIGHT, at=NOW, ttl=TTL)
    assert late.audits.expect("larkspur", NIGHT, at=NOW, ttl=TTL)
    assert late.audits.state("larkspur", NIGHT) is AuditState.PENDING


@pytest.mark.parametrize("state", [AuditState.DONE, AuditState.FAILED])
def test_a_verdict_takes_the_place_of_an_audit_that_is_over(in_time: Tables, late: Tables, state: AuditState) -> None:
    commit(in_time, verdict(), {}, ttl=END)
    before = late.findings.of_merchant("larkspur")
    again = verdict(failed() if state is AuditState.FAILED else None, before)

    assert commit(in_time, again, before, ttl=TTL) is Committed.ALREADY_DONE
    assert commit(late, again, before, ttl=TTL) is Committed.WRITTEN
    assert late.audits.state("larkspur", NIGHT) is state


def test_a_snapshot_that_is_over_may_be_taken_anew(in_time: Tables, late: Tables) -> None:
    in_time.snapshots.put_once(snapshot(), ttl=END)

    assert not in_time.snapshots.put_once(snapshot(scopes=None), ttl=TTL)
    assert late.snapshots.put_once(snapshot(scopes=None), ttl=TTL)
    assert late.snapshots.get("larkspur", NIGHT) == snapshot(scopes=None)


def test_a_night_that_is_over_may_be_opened_anew(in_time: Tables, late: Tables) -> None:
    in_time.nights.open(NIGHT, at=NOW, ttl=END)

    assert late.nights.get(NIGHT) is None
    assert late.nights.open(NIGHT, at=END, ttl=TTL)
    night = late.nights.get(NIGHT)
    assert night is not None
    assert night.opened_at == END


def test_an_alert_that_is_over_is_not_sent_any_more(cloud: Cloud, in_time: Tables, late: Tables) -> None:
    alert = verdict().alert
    assert alert is not None
    cloud.dynamodb.put_item(TableName=f"{PREFIX}alerts", Item=alert_item(alert, ttl=END))

    assert in_time.alerts.get("larkspur", alert.alert_id) == alert
    assert list(in_time.alerts.unsent(NIGHT)) == [("larkspur", alert.alert_id)]
    assert late.alerts.get("larkspur", alert.alert_id) is None
    assert list(late.alerts.unsent(NIGHT)) == []


def test_a_row_that_somebody_wrote_without_an_end_counts_for_ever(cloud: Cloud, late: Tables) -> None:
    late.audits.expect("larkspur", NIGHT, at=NOW, ttl=TTL)
    row = {name: value for name, value in cloud.raw("audits")[0].items() if name != "ttl"}
    cloud.dynamodb.put_item(TableName=f"{PREFIX}audits", Item=row)

    assert late.audits.state("larkspur", NIGHT) is AuditState.PENDING
    assert [head.merchant_id for head in late.audits.heads(NIGHT)] == ["larkspur"]
