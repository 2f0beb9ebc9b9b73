"""The table `audits`: everybody expected has a row, and what is unfinished can be found."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from functions.audit.absence import Reason
from functions.audit.checks import CATALOGUE
from functions.audit.outcome import Status
from functions.audit.verdict import Audit, AuditState
from functions.store.audits import audit_item
from tests.builders import NIGHT, NOW
from tests.cloud import Cloud
from tests.store.stories import TTL, audit, failed, night_after
from tests.tables import PREFIX


def test_whoever_is_expected_has_a_pending_row(cloud: Cloud) -> None:
    assert cloud.tables.audits.expect("larkspur", NIGHT, at=NOW, ttl=TTL)

    assert cloud.raw("audits") == [
        {
            "schema_version": {"N": "1"},
            "merchant_id": {"S": "larkspur"},
            "night": {"S": "2026-11-21"},
            "state": {"S": "pending"},
            "pending_night": {"S": "2026-11-21"},
            "expected_at": {"S": NOW.isoformat()},
            "ttl": {"N": str(int(TTL.timestamp()))},
        }
    ]
    assert cloud.tables.audits.state("larkspur", NIGHT) is AuditState.PENDING
    assert cloud.tables.audits.state("larkspur", night_after()) is None
    assert cloud.tables.audits.state("foxglove", NIGHT) is None


def test_expecting_again_replaces_neither_a_pending_nor_a_finished_row(cloud: Cloud) -> None:
    cloud.tables.audits.expect("pending", NIGHT, at=NOW, ttl=TTL)
    _put(cloud, audit(merchant_id="larkspur"))
    before = cloud.raw("audits")

    assert not cloud.tables.audits.expect("pending", NIGHT, at=TTL, ttl=TTL)
    assert not cloud.tables.audits.expect("larkspur", NIGHT, at=TTL, ttl=TTL)
    assert cloud.raw("audits") == before


def test_two_dispatchers_at_the_same_moment_expect_a_merchant_once(cloud: Cloud) -> None:
    with ThreadPoolExecutor(4) as writers:
        new = list(writers.map(lambda _: cloud.tables.audits.expect("larkspur", NIGHT, at=NOW, ttl=TTL), range(4)))

    assert new.count(True) == 1


def test_a_finished_audit_holds_every_outcome_and_kpi_as_plain_values(cloud: Cloud) -> None:
    _put(cloud, audit())

    row = cloud.tables.audits.get("larkspur", NIGHT)
    item = cloud.raw("audits")[0]

    assert row is not None
    assert row["state"] == "done"
    assert set(row["outcomes"]) == {check.id for check in CATALOGUE}
    assert len(row["kpis"]) == 16
    assert row["counts"]["critical"] == 1
    assert row["snapshot_sha256"] == audit().snapshot_sha256
    bounce = item["outcomes"]["M"]["bounce_rate"]["M"]
    assert bounce["status"] == {"S": "critical"}
    assert (bounce["value"], bounce["warn"], bounce["critical"]) == ({"N": "81.2"}, {"N": "60"}, {"N": "75"})
    assert bounce["threshold"]["M"] == {"set_by": {"S": "default"}}
    assert item["kpis"]["M"]["bounce_rate"]["M"]["value"] == {"N": "81.2"}
    assert "NULL" not in repr(item["outcomes"]["M"]["access_token"])
    assert item["schema_version"] == {"N": "1"}
    assert "pending_night" not in item


def test_an_absence_is_stored_with_its_reason_and_without_a_value(cloud: Cloud) -> None:
    _put(cloud, failed())

    row = cloud.tables.audits.get("larkspur", NIGHT)

    assert row is not None
    assert row["state"] == "failed"
    assert row["counts"] == dict.fromkeys(("pass", "info", "warn", "critical"), 0) | {"not_evaluated": 15}
    for outcome in row["outcomes"].values():
        assert outcome["status"] == "not_evaluated"
        assert "value" not in outcome
        assert outcome["reasons"] == ["source_failed"]
        assert outcome["causes"] == [{"reason": "source_failed", "detail": "the fetch never came back"}]
    assert row["kpis"]["sessions"]["reason"] == "source_failed"
    assert "value" not in row["kpis"]["sessions"]


def test_the_index_of_a_night_shows_everybody_expected_that_night(cloud: Cloud) -> None:
    cloud.tables.audits.expect("waiting", NIGHT, at=NOW, ttl=TTL)
    cloud.tables.audits.expect("tomorrow", night_after(), at=NOW, ttl=TTL)
    _put(cloud, audit(merchant_id="judged"))
    _put(cloud, failed("lost"))

    heads = {head.merchant_id: head for head in cloud.tables.audits.heads(NIGHT)}

    assert {id_: head.state for id_, head in heads.items()} == {
        "waiting": AuditState.PENDING,
        "judged": AuditState.DONE,
        "lost": AuditState.FAILED,
    }
    assert heads["waiting"].counts == dict.fromkeys(Status, 0)
    assert heads["judged"].counts == audit().counts
    assert heads["lost"].reasons == {Reason.SOURCE_FAILED: 15}
    assert {id_: head.days_left for id_, head in heads.items()} == {"waiting": None, "judged": 300, "lost": None}
    assert cloud.tables.audits.head("judged", NIGHT) == heads["judged"]
    assert cloud.tables.audits.head("nobody", NIGHT) is None


def test_only_pending_rows_are_unfinished(cloud: Cloud) -> None:
    for id_ in ("first", "second", "third"):
        cloud.tables.audits.expect(id_, NIGHT, at=NOW, ttl=TTL)
    cloud.tables.audits.expect("tomorrow", night_after(), at=NOW, ttl=TTL)
    _put(cloud, audit(merchant_id="second"))

    assert sorted(cloud.tables.audits.unfinished(NIGHT)) == ["first", "third"]


def _put(cloud: Cloud, of: Audit) -> None:
    cloud.dynamodb.put_item(TableName=f"{PREFIX}audits", Item=audit_item(of, ttl=TTL))
