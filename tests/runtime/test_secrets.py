"""However a night fails, no token and no secret appears in what the fetcher writes, stores or answers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import respx
from pydantic import SecretStr

from functions.audit.absence import Absent
from functions.audit.grant import Grant
from tests.builders import merchant
from tests.cloud import CLIENT_SECRET, Cloud, pretended_aws
from tests.events.tiktok import HOST, answer_well, failure, ok
from tests.events.wiring import call, event, started

ACCESS, REFRESH = "act.MARKED-0ld-access", "rft.MARKED-0ld-refresh"
FRESH_ACCESS, FRESH_REFRESH = "act.MARKED-fresh-access", "rft.MARKED-fresh-refresh"
SECRETS = (ACCESS, REFRESH, FRESH_ACCESS, FRESH_REFRESH, CLIENT_SECRET, "MARKED")
NOW = datetime.now(UTC)
Answer = Callable[[httpx.Request], httpx.Response]


def _fresh(_: httpx.Request) -> httpx.Response:
    pair = {"access_token": FRESH_ACCESS, "refresh_token": FRESH_REFRESH, "expires_in": 86400, "open_id": "723f24d7"}
    return httpx.Response(200, json=pair | {"refresh_expires_in": 31536000, "scope": "user.info.basic"})


def _echo(request: httpx.Request) -> httpx.Response:
    """Answer as a careless proxy does: with everything that it was sent."""
    told = f"{request.headers.get('authorization', '')} {request.content.decode()} {request.url}"
    return failure(400, f"bad {told}", told)


def _echo_as_page(request: httpx.Request) -> httpx.Response:
    return httpx.Response(502, text=f"<html>{request.headers.get('authorization', '')} {request.content.decode()}")


def _echo_as_oauth_error(request: httpx.Request) -> httpx.Response:
    said = request.content.decode()
    return httpx.Response(400, json={"error": said, "error_description": said, "log_id": said})


def _echo_as_data(request: httpx.Request) -> httpx.Response:
    token = request.headers.get("authorization", "")
    return ok({"user": token, "current": token, "series": token, "pages": token, "sources": token, "meta": token})


def _reject(_: httpx.Request) -> httpx.Response:
    return failure(401, "access_token_invalid", f"The access token {ACCESS} is invalid")


def _invalid_grant(_: httpx.Request) -> httpx.Response:
    return httpx.Response(400, json={"error": "invalid_grant", "error_description": f"{REFRESH} is revoked"})


def _break_off(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError(f"broken with {request.headers.get('authorization', '')} {request.content!r}")


def _bug(request: httpx.Request) -> httpx.Response:
    raise ZeroDivisionError(f"our own bug, with {request.headers.get('authorization', '')} {request.content!r}")


@dataclass(frozen=True)
class Stage:
    """The fetcher's night, and everything that it leaves behind for others to read."""

    cloud: Cloud
    capsys: pytest.CaptureFixture[str]
    caplog: pytest.LogCaptureFixture

    def fetch(self, token: Answer, sources: Answer | None, *, times: int = 1) -> str:
        """Return all that was written, stored outside of `tokens`, sent and answered."""
        with respx.mock(assert_all_called=False) as router, started("fetcher", self.cloud) as module:
            module.http.limits = type(module.http.limits)(backoff=0.001, longest_backoff=0.001)
            router.post(f"{HOST}/v2/oauth/token/").mock(side_effect=token)
            if sources is None:
                answer_well(router)
            else:
                router.route(host="open.tiktokapis.com").mock(side_effect=sources)
            message = event("fetcher")
            message["Records"][0]["attributes"]["ApproximateReceiveCount"] = str(times)
            answered = call(module, message)
        written = self.capsys.readouterr()
        items = {name: rows for name, rows in self.cloud.everything().items() if name != "tokens"}
        seen = self.cloud.tables.snapshots.get("larkspur", datetime(2026, 11, 22, tzinfo=UTC).date())
        sent = self.cloud.messages(self.cloud.queue("evaluate"))
        body = seen.encoded.decode() if seen else ""
        return "\n".join([written.out, written.err, self.caplog.text, repr(items), body, repr(sent), repr(answered)])


@pytest.fixture
def stage(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Stage]:
    caplog.set_level(logging.INFO)
    with pretended_aws() as cloud:
        shop = merchant(tiktok={"open_id": "723f24d7", "account_type": "business"}, analytics={})
        cloud.tables.merchants.save(shop)
        grant = Grant(
            merchant_id="larkspur",
            access_token=SecretStr(ACCESS),
            refresh_token=SecretStr(REFRESH),
            expires_at=NOW - timedelta(hours=1),
        )
        cloud.tokens.replace(Grant(merchant_id="larkspur"), grant)
        yield Stage(cloud, capsys, caplog)


def _leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


TOKENS: tuple[Answer, ...] = (_fresh, _invalid_grant, _echo, _echo_as_page, _echo_as_oauth_error, _break_off, _bug)
SOURCES: tuple[Answer | None, ...] = (None, _reject, _echo, _echo_as_page, _echo_as_data, _break_off, _bug)
# Every way in which either side ends, beside every way in which the other may leave a token in hand.
PAIRS = [
    (token, sources)
    for token in TOKENS
    for sources in SOURCES
    if token in {_fresh, _echo} or sources in {None, _reject}
]


def _named(answer: Answer | None) -> str:
    return answer.__name__.strip("_") if answer else "well"


@pytest.mark.parametrize(("token", "sources"), PAIRS, ids=_named)
def test_nothing_secret_is_left_for_others_to_read(stage: Stage, token: Answer, sources: Answer | None) -> None:
    assert _leaks(stage.fetch(token, sources)) == []


def test_a_fresh_pair_is_stored_encrypted(stage: Stage) -> None:
    stage.fetch(_fresh, None)

    stored = stage.cloud.tokens.get("larkspur")
    assert stored is not None
    assert stored.refresh_token == SecretStr(FRESH_REFRESH)
    assert _leaks(repr(stage.cloud.raw("tokens"))) == []
    assert _leaks(repr(stored)) == []


def test_giving_up_on_the_last_receive_tells_the_kind_of_error_and_nothing_of_its_words(stage: Stage) -> None:
    told = stage.fetch(_bug, None, times=5)

    seen = stage.cloud.tables.snapshots.get("larkspur", datetime(2026, 11, 22, tzinfo=UTC).date())
    assert seen is not None
    assert isinstance(seen.token, Absent)
    assert "The last permitted fetch failed" in told
    assert "ZeroDivisionError" in told
    assert _leaks(told) == []


def test_a_row_of_tokens_that_does_not_decrypt_tells_nothing(stage: Stage) -> None:
    blob = {"B": b"MARKED blob"}
    row = stage.cloud.raw("tokens")[0] | {"access_token": blob, "refresh_token": blob}
    stage.cloud.dynamodb.put_item(TableName="nightjar-test-tokens", Item=row)

    told = stage.fetch(_fresh, None)

    assert "A record failed" in told
    assert _leaks(told) == []
