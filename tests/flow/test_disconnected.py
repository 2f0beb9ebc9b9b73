"""A shop disconnects in its TikTok app: TikTok says so by webhook, and the next night's finding says why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from console.demo.rehearsal import Rehearsal, rehearse
from console.embedded import EmbeddedAws
from console.sample.designed import TRAFFIC
from console.sample.desk import REVOKE
from console.sample.story import Renewal
from console.sample.toml import CLIENT_KEY, CLIENT_SECRET
from functions.audit.grant import State
from functions.audit.merchant import Severity
from tests.rooms.tiktok_posts import body, header

pytestmark = pytest.mark.slow

NIGHT = date(2026, 11, 21)
PATIENCE = 120.0
# Two shops whose connection is sound; one of them leaves.
LEAVES, STAYS = [shop for shop in TRAFFIC if shop.conduct.renewal is Renewal.ROTATES][:2]


@pytest.fixture(scope="module")
def stage() -> Iterator[Rehearsal]:
    with rehearse([LEAVES, STAYS]) as rehearsal:
        rehearsal.run(NIGHT, timeout=PATIENCE)
        yield rehearsal


def _url(aws: EmbeddedAws) -> str:
    """Return the function's URL as it can be reached here, where no name leads to it."""
    (app,) = aws.client("cloudformation").describe_stacks(StackName="nightjar-demo-app")["Stacks"]
    (url,) = (output["OutputValue"] for output in app["Outputs"] if output["OutputKey"] == "WebhookUrl")
    assert url.startswith("https://")
    return f"{aws.endpoint}/_aws/lambda-url/{url.removeprefix('https://').partition('.')[0]}/"


def _post(stage: Rehearsal, raw: bytes, *, secret: str = CLIENT_SECRET) -> httpx.Response:
    signature = header(raw, secret, datetime.now(UTC))
    headers = {"Content-Type": "application/json", "TikTok-Signature": signature}
    return httpx.post(_url(stage.aws), content=raw, headers=headers, timeout=PATIENCE)


def _told(open_id: str) -> bytes:
    now = int(datetime.now(UTC).timestamp())
    return body(client_key=CLIENT_KEY, user_openid=open_id, create_time=now, content='{"reason": 1}')


def _leave(stage: Rehearsal, merchant_id: str) -> None:
    """Take the permission back, as the shop does in its TikTok app: its tokens are dead from now on."""
    grant = stage.stage.tokens.get(merchant_id)
    assert grant is not None
    assert grant.access_token is not None
    form = {"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET, "token": grant.access_token.get_secret_value()}
    assert httpx.post(f"{stage.server.url}{REVOKE}", data=form, timeout=PATIENCE).status_code == 200


def test_a_stranger_is_not_believed(stage: Rehearsal) -> None:
    answer = _post(stage, _told(STAYS.open_id), secret="a-guess")

    assert (answer.status_code, answer.text) == (401, "Unauthorized")
    grant = stage.stage.tokens.get(STAYS.id)
    assert grant is not None
    assert grant.state is State.CONNECTED


def test_who_disconnected_is_told_by_the_reason_in_the_next_night_and_nobody_else_is(stage: Rehearsal) -> None:
    before = stage.stage.tables.findings.of_merchant(LEAVES.id)["access_token"]
    assert before.severity is not Severity.CRITICAL
    _leave(stage, LEAVES.id)
    told = _told(LEAVES.open_id)

    answers = [_post(stage, told) for _ in range(2)]

    assert [(answer.status_code, answer.text) for answer in answers] == [(200, "OK"), (200, "OK")]
    grant = stage.stage.tokens.get(LEAVES.id)
    assert grant is not None
    assert (grant.state, grant.state_reason) == (State.REMOVED, "disconnected_by_user")

    tomorrow = NIGHT + timedelta(days=1)
    stage.run(tomorrow, timeout=PATIENCE)

    row = stage.stage.tables.audits.get(LEAVES.id, tomorrow)
    assert row is not None
    outcome = row["outcomes"]["access_token"]
    assert (outcome["status"], outcome["conditions"]) == ("critical", ["disconnected_by_user"])
    alert = stage.stage.tables.alerts.get(LEAVES.id, f"{tomorrow}#critical")
    assert alert is not None
    assert "access_token" in alert.email
    stays = stage.stage.tables.audits.get(STAYS.id, tomorrow)
    assert stays is not None
    assert stays["outcomes"]["access_token"]["status"] == "pass"


def test_what_the_webhook_wrote_into_its_log_names_nobody_but_the_merchant(stage: Rehearsal) -> None:
    told = "\n".join(stage.aws.logs(f"{stage.stage.prefix}webhook"))

    assert "A connection was removed." in told
    assert LEAVES.id in told
    for secret in (LEAVES.open_id, STAYS.open_id, CLIENT_SECRET, "TikTok-Signature", "user_openid"):
        assert secret not in told
