"""Every real event does its work through the real wiring; its poison twin harms nothing but itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
import respx
from pydantic import SecretStr

from functions.audit.errors import InvalidMessage
from functions.audit.grant import Grant
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import Audit, AuditState
from functions.store.verdicts import settle
from tests.builders import channel, merchant
from tests.cloud import Cloud
from tests.events.tiktok import answer_well
from tests.events.wiring import EVENTS, ROOMS, call, event, started
from tests.store.stories import audit

NIGHT = date(2026, 11, 22)
NOW = datetime.now(UTC)
TTL = NOW + timedelta(days=400)
ALERT = "2026-11-22#critical"
POINTER = {"merchant_id": "larkspur", "night": "2026-11-22"}
Start = Callable[[str], ModuleType]


@pytest.fixture
def start(cloud: Cloud) -> Iterator[Start]:
    """Start a room as Lambda does; the night's merchant is in the table."""
    cloud.tables.merchants.save(
        merchant(currency="GBP", tiktok={"open_id": "723f24d7", "account_type": "business"}, analytics={})
    )
    with ExitStack() as rooms:
        yield lambda room: rooms.enter_context(started(room, cloud))


@pytest.fixture
def tiktok() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        answer_well(router)
        yield router


def _connect(cloud: Cloud) -> None:
    grant = Grant(merchant_id="larkspur", access_token=SecretStr("act.sample"), expires_at=NOW + timedelta(hours=9))
    cloud.tokens.replace(Grant(merchant_id="larkspur"), grant)


def _expect(cloud: Cloud) -> None:
    cloud.tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    cloud.tables.audits.expect("larkspur", NIGHT, at=NOW, ttl=TTL)


def _failed(answer: dict[str, Any]) -> list[str]:
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def _heard(cloud: Cloud, module: ModuleType, name: str, do: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a subscriber of the room's topic hears while the event is handled."""
    queue = cloud.queue("subscriber")
    arn = cloud.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    cloud.sns.subscribe(TopicArn=cloud.topic(name), Protocol="sqs", Endpoint=arn)
    call(module, do)
    return cloud.messages(queue)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_real_event_and_its_poison_twin(room: str) -> None:
    assert event(room)
    assert event(f"{room}.poison")


def test_there_is_no_event_of_a_room_that_does_not_exist() -> None:
    assert {path.name.split(".")[0] for path in EVENTS.iterdir()} == set(ROOMS)


def test_the_dispatcher_starts_the_night_of_its_schedule(cloud: Cloud, start: Start) -> None:
    answer = call(start("dispatcher"), event("dispatcher"))

    assert answer == {"night": "2026-11-22", "sent": 1, "already_done": 0, "disabled": 0, "shards": 0}
    assert cloud.messages(cloud.queue("fetch")) == [POINTER]
    assert cloud.tables.audits.state("larkspur", NIGHT) is AuditState.PENDING
    assert cloud.tables.nights.get(NIGHT) is not None


def test_the_dispatcher_refuses_a_schedule_that_was_not_filled_in(cloud: Cloud, start: Start) -> None:
    with pytest.raises(InvalidMessage, match="cannot start or close a night: scheduled_time"):
        call(start("dispatcher"), event("dispatcher.poison"))

    assert cloud.raw("nights") == cloud.raw("audits") == []
    assert cloud.messages(cloud.queue("fetch")) == []


def test_the_fetcher_asks_every_source_and_hands_over(cloud: Cloud, start: Start, tiktok: respx.MockRouter) -> None:
    _connect(cloud)

    assert call(start("fetcher"), event("fetcher")) == {"batchItemFailures": []}

    seen = cloud.tables.snapshots.get("larkspur", NIGHT)
    assert seen is not None
    assert seen.fetched
    assert {request.request.url.path for request in tiktok.calls} == {
        "/v2/user/info/",
        "/analytics/sessions",
        "/analytics/pages",
        "/analytics/sources",
    }
    assert {request.request.headers["authorization"] for request in tiktok.calls} == {"Bearer act.sample"}
    assert cloud.messages(cloud.queue("evaluate")) == [POINTER]


def test_the_fetcher_names_the_poison_and_does_the_rest(cloud: Cloud, start: Start, tiktok: respx.MockRouter) -> None:
    _connect(cloud)
    poison = event("fetcher.poison")

    answer = call(start("fetcher"), poison)

    assert _failed(answer) == [record["messageId"] for record in poison["Records"][:2]]
    assert len(tiktok.calls) > 0
    assert [row["merchant_id"] for row in cloud.rows("snapshots")] == ["larkspur"]
    assert cloud.messages(cloud.queue("evaluate")) == [POINTER]


def test_the_evaluator_judges_what_was_stored(cloud: Cloud, start: Start) -> None:
    _expect(cloud)
    cloud.tables.snapshots.put_once(_seen(), ttl=TTL)

    assert call(start("evaluator"), event("evaluator")) == {"batchItemFailures": []}

    assert cloud.tables.audits.state("larkspur", NIGHT) is AuditState.DONE
    assert len(cloud.rows("audits")[0]["outcomes"]) == len(cloud.raw("findings")) == 15
    assert [row["alert_id"] for row in cloud.rows("alerts")] == [ALERT]


def test_the_evaluator_names_the_poison_and_does_the_rest(cloud: Cloud, start: Start) -> None:
    _expect(cloud)
    cloud.tables.snapshots.put_once(_seen(), ttl=TTL)
    poison = event("evaluator.poison")

    answer = call(start("evaluator"), poison)

    assert _failed(answer) == [record["messageId"] for record in poison["Records"][:2]]
    assert cloud.tables.audits.state("larkspur", NIGHT) is AuditState.DONE


def test_the_notifier_publishes_what_the_stream_shows(cloud: Cloud, start: Start) -> None:
    settle(cloud.tables, _judged(), merchant(), ttl=TTL)

    (heard,) = _heard(cloud, start("notifier"), "alerts", event("notifier"))

    alert = cloud.tables.alerts.get("larkspur", ALERT)
    assert alert is not None
    assert (heard["Subject"], heard["Message"]) == (alert.subject, alert.document)
    assert heard["MessageAttributes"]["merchant_id"] == {"Type": "String", "Value": "larkspur"}
    assert cloud.rows("alerts")[0]["message_id"] == heard["MessageId"]
    assert list(cloud.tables.alerts.unsent(NIGHT)) == []


def test_the_notifier_names_the_poison_and_does_the_rest(cloud: Cloud, start: Start) -> None:
    settle(cloud.tables, _judged(), merchant(), ttl=TTL)
    poison = event("notifier.poison")

    answer = call(start("notifier"), poison)

    assert _failed(answer) == [poison["Records"][0]["dynamodb"]["SequenceNumber"]]
    assert cloud.rows("alerts")[0]["state"] == "published"


def test_the_closer_tells_the_operators_of_a_night_that_never_began_once(cloud: Cloud, start: Start) -> None:
    (heard,) = _heard(cloud, start("closer"), "operators", event("closer"))

    assert heard["Subject"] == "Nightjar 2026-11-22: nobody was audited, the night never began"
    assert cloud.rows("nights") == []


def test_the_closer_ends_the_night_of_its_schedule(cloud: Cloud, start: Start) -> None:
    _expect(cloud)
    cloud.tables.audits.expect("lost", NIGHT, at=NOW, ttl=TTL)
    settle(cloud.tables, _judged(), merchant(), ttl=TTL)
    module = start("closer")

    (heard,) = _heard(cloud, module, "operators", event("closer"))

    assert heard["Subject"] == "Nightjar 2026-11-22: 1 of 2 audited, 1 critical (1 new), preflight: 1 failed"
    assert "- Failed: The stage has no alarms.\n" in heard["Message"]
    assert "- Could not look at nightjar-test-alerts-stream-dlq" in heard["Message"]
    night = cloud.tables.nights.get(NIGHT)
    assert night is not None
    assert night.closed_at is not None
    assert cloud.tables.audits.state("lost", NIGHT) is AuditState.FAILED
    assert cloud.rows("alerts")[0]["sweeps"] == 1
    assert call(module, event("closer")) == {
        "night": "2026-11-22",
        "expected": 2,
        "audited": 1,
        "failed": 1,
        "missing": 0,
    }


def test_the_closer_refuses_a_night_that_is_none(cloud: Cloud, start: Start) -> None:
    _expect(cloud)
    before = cloud.everything()

    with pytest.raises(InvalidMessage, match="cannot start or close a night: night"):
        call(start("closer"), event("closer.poison"))

    assert cloud.everything() == before


def test_the_webhook_marks_the_connection_of_the_account(cloud: Cloud, start: Start) -> None:
    _connect(cloud)

    assert call(start("webhook"), event("webhook"))["statusCode"] == 200

    (row,) = cloud.rows("tokens")
    assert (row["state"], row["state_reason"]) == ("removed", "disconnected_by_user")
    assert row["state_since"] == "2026-11-21T02:14:00.000000+00:00"


def test_the_webhook_does_not_believe_what_was_altered_on_its_way(cloud: Cloud, start: Start) -> None:
    _connect(cloud)
    before = cloud.everything()

    assert call(start("webhook"), event("webhook.poison"))["statusCode"] == 401

    assert cloud.everything() == before


def test_the_reporter_writes_the_report_and_the_viewer_leads_there(cloud: Cloud, start: Start) -> None:
    cloud.tables.snapshots.put_once(_seen(), ttl=TTL)
    settle(cloud.tables, _judged(), merchant(), ttl=TTL)

    assert call(start("reporter"), event("reporter")) == {"batchItemFailures": []}

    answer = call(start("viewer"), event("viewer"))
    assert answer["statusCode"] == 302
    assert "/reports/larkspur/2026-11-22.html?" in answer["headers"]["location"]
    assert answer["headers"]["cache-control"] == "no-store"


def test_the_reporter_names_the_poison_and_does_the_rest(cloud: Cloud, start: Start) -> None:
    settle(cloud.tables, _judged(), merchant(), ttl=TTL)
    poison = event("reporter.poison")

    assert _failed(call(start("reporter"), poison)) == [record["messageId"] for record in poison["Records"][:2]]

    assert call(start("viewer"), event("viewer"))["statusCode"] == 302


def test_the_viewer_opens_no_other_night_with_the_same_signature(
    cloud: Cloud, start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cloud
    asked = event("viewer.poison")

    answer = call(start("viewer"), asked)

    assert (answer["statusCode"], "location" in answer["headers"]) == (404, False)
    assert "There is no report here" in answer["body"]
    # A path is a key to a report: no log has it.
    assert asked["rawPath"].rsplit("/", 1)[1] not in capsys.readouterr().out


@pytest.mark.parametrize("room", ROOMS)
def test_the_same_event_twice_changes_nothing_more(
    cloud: Cloud, start: Start, tiktok: respx.MockRouter, room: str
) -> None:
    assert tiktok
    _connect(cloud)
    _expect(cloud)
    if room in {"evaluator", "notifier", "closer", "reporter"}:
        cloud.tables.snapshots.put_once(_seen(), ttl=TTL)
    if room in {"notifier", "closer", "reporter"}:
        settle(cloud.tables, _judged(), merchant(), ttl=TTL)
        for table in (cloud.tables.alerts, cloud.tables.texts):
            table.record_published("larkspur", ALERT, at=NOW, message_id="m", topic_arn="t")
    module = start(room)
    call(module, event(room))
    before = cloud.everything()

    call(module, event(room))

    assert cloud.everything() == before


@pytest.mark.parametrize("room", ROOMS)
def test_a_real_event_is_counted_under_the_stages_namespace_and_the_rooms_name(
    cloud: Cloud, start: Start, tiktok: respx.MockRouter, capsys: pytest.CaptureFixture[str], room: str
) -> None:
    assert tiktok
    _expect(cloud)
    cloud.tables.snapshots.put_once(_seen(), ttl=TTL)
    if room in {"notifier", "reporter"}:
        settle(cloud.tables, _judged(), merchant(), ttl=TTL)
    call(start(room), event(room))

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    (metrics,) = [line for line in lines if "_aws" in line]
    named = {metric["Name"] for metric in metrics["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert metrics["_aws"]["CloudWatchMetrics"][0]["Namespace"] == "Nightjar/test"
    assert metrics["service"] == room
    assert {
        "dispatcher": {"MerchantsDispatched"},
        "fetcher": set[str](),
        "evaluator": {"AuditsDone"},
        "notifier": {"AlertsPublished"},
        "closer": {"NightClosed", "CoveragePercent", "AuditsFailed", "AuditsMissing", "PreflightFailed"},
        "webhook": {"WebhookCalls", "ConnectionsRemoved"},
        "reporter": {"ReporterBatches", "ReportsWritten"},
        "viewer": {"ViewerCalls", "ReportsOpened"},
    }[room] <= named


def _seen() -> Snapshot:
    return Snapshot.model_validate(channel(bounce_rate="81.2").model_dump() | {"night": NIGHT})


def _judged() -> Audit:
    return audit(_seen())
