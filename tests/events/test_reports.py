"""A night's report through the real doors: asked for by the evaluator, linked by the notifier, held up by nobody."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.stub import Stubber
from pydantic import SecretStr

from functions.audit.snapshot import Snapshot
from functions.audit.verdict import AuditState
from functions.runtime import clients
from functions.runtime.report_links import opened
from functions.store.verdicts import settle
from tests.builders import NOW, channel, merchant
from tests.cloud import Cloud
from tests.events.wiring import LINK_KEY, _secret, call, event, started
from tests.store.stories import TTL, audit, night_after
from tests.tables import PREFIX

NIGHT = night_after(1)
POINTER = {"merchant_id": "larkspur", "night": "2026-11-22"}
URL = "https://viewer.lambda-url.us-east-1.on.aws/"


@pytest.fixture
def stored(cloud: Cloud) -> Cloud:
    """Give a merchant whose snapshot waits to be judged."""
    cloud.tables.merchants.save(merchant(alerts={"language": "de"}))
    cloud.tables.audits.expect("larkspur", NIGHT, at=NOW, ttl=TTL)
    cloud.tables.snapshots.put_once(_seen(), ttl=TTL)
    return cloud


def _seen() -> Snapshot:
    return Snapshot.model_validate(channel(bounce_rate="81.2").model_dump() | {"night": NIGHT})


def test_the_evaluator_asks_for_the_report_once_the_verdict_is_written_and_again_when_it_is_called_again(
    stored: Cloud,
) -> None:
    wanted = stored.queue("report")
    with started("evaluator", stored, NIGHTJAR_REPORT_QUEUE_URL=wanted) as module:
        for _ in range(2):
            assert call(module, event("evaluator")) == {"batchItemFailures": []}

    assert stored.messages(wanted) == [POINTER, POINTER]


def test_a_report_that_cannot_be_asked_for_holds_up_no_audit_and_is_counted(
    stored: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    none = "https://sqs.us-east-1.amazonaws.com/123456789012/none"
    with started("evaluator", stored, NIGHTJAR_REPORT_QUEUE_URL=none) as module, Stubber(clients.sqs()) as aws:
        aws.add_client_error("send_message", "AWS.SimpleQueueService.NonExistentQueue")
        assert call(module, event("evaluator")) == {"batchItemFailures": []}

    assert stored.tables.audits.state("larkspur", NIGHT) is AuditState.DONE
    assert '"ReportsNotAsked":[1.0]' in capsys.readouterr().out


def _heard(cloud: Cloud, **changed: str) -> dict[str, Any]:
    """Return what a queue and an email would get of the night's alert."""
    settle(cloud.tables, audit(_seen()), merchant(alerts={"language": "de"}), ttl=TTL)
    said: list[dict[str, Any]] = []
    with started("notifier", cloud, **changed) as module:
        publish = module.notifier.sns.publish

        def heard(**request: Any) -> Any:
            said.append(json.loads(request["Message"]) if request.get("MessageStructure") else {})
            return publish(**request)

        module.notifier.sns.publish = heard
        try:
            call(module, event("notifier"))
        finally:
            module.notifier.sns.publish = publish
    return said[0]


def test_an_email_ends_with_the_link_in_its_own_language_and_no_table_has_it(stored: Cloud) -> None:
    secret = _secret(f"{PREFIX}report-links", LINK_KEY)

    said = _heard(stored, NIGHTJAR_REPORTS_URL=URL, NIGHTJAR_REPORT_SECRET_ID=secret)

    last = said["email"].rstrip("\n").split("\n")[-2:]
    assert last[0] == "Der ganze Bericht:"
    assert last[1].startswith(URL)
    assert opened("/" + last[1].removeprefix(URL), SecretStr(LINK_KEY)) == ("larkspur", NIGHT)
    # Programs and telephones get what they got before; the link is a key, and is kept nowhere.
    assert URL not in said["default"] + said["sms"]
    assert "/r/larkspur" not in str(stored.everything())


def test_without_reports_an_email_is_the_one_that_is_stored(stored: Cloud) -> None:
    said = _heard(stored)

    assert said["email"] == stored.rows("alerts")[0]["email"]


def test_a_message_never_waits_for_its_link(stored: Cloud, capsys: pytest.CaptureFixture[str]) -> None:
    said = _heard(stored, NIGHTJAR_REPORTS_URL=URL, NIGHTJAR_REPORT_SECRET_ID="no-such-secret")

    assert said["email"] == stored.rows("alerts")[0]["email"]
    out = capsys.readouterr().out
    assert re.search(r'"ReportLinksMissing":\s?\[1.0\]', out)
    assert stored.rows("alerts")[0]["state"] == "published"
