"""What GA4 refuses and how: each error of its documentation, told apart, and never in Google's words."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.fetcher.sources.channel import Channel
from tests.fetcher.property import GaWorld, Purse, channel, failure, property_world, why
from tests.fetcher.waiting import Hands
from tests.fetcher.world import html, said

NOT_ON_IT = (
    "User does not have sufficient permissions for this property. To learn more about Property ID, see "
    "https://developers.google.com/analytics/devguides/reporting/data/v1/property-id."
)
DAY = "Exhausted property tokens per day. These quota tokens will return in under 24 hours."
HOUR = "Exhausted property tokens for a project per hour. These quota tokens will return in under an hour."
THRESHOLDED = "Exhausted potentially thresholded requests quota. This quota will refresh in under an hour."
AT_ONCE = "Exhausted concurrent requests quota. Please send fewer requests concurrently."
A_MINUTE = "Quota exceeded for quota metric 'Requests' and limit 'Requests per minute per project'."
SERVER = "Exhausted server errors quota. This quota will refresh in under an hour."


def always(answer: httpx.Response | Exception, **how: Any) -> tuple[Channel, GaWorld]:
    """Return what comes of a property that answers this, whatever it is asked."""
    with property_world() as world:
        world.always = answer
        return channel(**how), world


def all_of(seen: Channel) -> set[tuple[str, str]]:
    return {why(part) for part in (seen.sessions, seen.pages, seen.sources)}


@pytest.mark.parametrize(
    ("answer", "reason", "detail"),
    [
        (
            failure(403, "PERMISSION_DENIED", NOT_ON_IT),
            "unauthorized",
            "the service account is not on the property, or there is no such property",
        ),
        (
            failure(403, "PERMISSION_DENIED", "Not enabled.", reason="SERVICE_DISABLED", domain="googleapis.com"),
            "unauthorized",
            "the Google Analytics Data API is not enabled in the project of the credentials",
        ),
        (
            failure(403, "PERMISSION_DENIED", "Scopes.", reason="ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
            "scope_missing",
            "GA4 answered 403 PERMISSION_DENIED: the token lacks the scope analytics.readonly",
        ),
        (
            failure(429, "RESOURCE_EXHAUSTED", DAY),
            "rate_limited",
            "GA4 answered 429 RESOURCE_EXHAUSTED: the day's tokens are spent",
        ),
        (
            failure(429, "RESOURCE_EXHAUSTED", HOUR),
            "rate_limited",
            "GA4 answered 429 RESOURCE_EXHAUSTED: the hour's tokens are spent",
        ),
        (
            failure(429, "RESOURCE_EXHAUSTED", THRESHOLDED),
            "rate_limited",
            "GA4 answered 429 RESOURCE_EXHAUSTED: the hour's requests that may be thresholded are spent",
        ),
        (
            failure(429, "RESOURCE_EXHAUSTED", SERVER),
            "rate_limited",
            "GA4 answered 429 RESOURCE_EXHAUSTED: too many server errors this hour",
        ),
        (
            failure(429, "RESOURCE_EXHAUSTED", "No more."),
            "rate_limited",
            "GA4 answered 429 RESOURCE_EXHAUSTED: a quota is spent",
        ),
        (html(404), "source_failed", "GA4 answered something that is not JSON (HTTP 404)"),
        (html(429), "rate_limited", "GA4 answered something that is not JSON (HTTP 429)"),
        (html(403), "unauthorized", "GA4 answered something that is not JSON (HTTP 403)"),
        (httpx.Response(302, headers={"Location": "https://x.example/"}), "source_failed", "(HTTP 302)"),
        (failure(404, "NOT_FOUND"), "source_failed", "GA4 answered 404 NOT_FOUND: it failed"),
        (failure(418, "I'm a <teapot>"), "source_failed", "GA4 answered 418: it failed"),
        (said(403, {"error": "denied"}), "unauthorized", "GA4 answered without reports (HTTP 403)"),
        (said(403, {"error": {"details": [{"reason": {}}, 7, {"reason": "NEW"}]}}), "unauthorized", "GA4 answered 403"),
    ],
)
def test_what_is_not_worth_repeating_is_asked_once(answer: httpx.Response, reason: str, detail: str) -> None:
    seen, world = always(answer)

    ((found, told),) = all_of(seen)
    assert (found, detail in told) == (reason, True)
    assert len(world.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        html(200),
        said(200, []),
        said(200, {}),
        said(200, {"reports": None}),
        said(200, {"reports": {}}),
        said(200, {"reports": []}),
        said(200, {"reports": [{}] * 6}),
        said(200, {"error": "none", "reports": []}),
        said(200, {"error": {"code": 403, "status": "PERMISSION_DENIED"}}),
    ],
)
def test_a_success_without_the_reports_is_none(answer: httpx.Response) -> None:
    seen, world = always(answer)

    assert {reason for reason, _ in all_of(seen)} <= {"source_failed", "unauthorized"}
    assert len(world.requests) == 2


@pytest.mark.parametrize("answer", [failure(500, "INTERNAL"), failure(503, "UNAVAILABLE"), html(502), html(504)])
def test_a_server_error_is_asked_again_once_because_they_are_rationed(answer: httpx.Response) -> None:
    seen, world = always(answer)

    assert {reason for reason, _ in all_of(seen)} == {"source_failed"}
    assert len(world.requests) == 4


@pytest.mark.parametrize(
    ("error", "detail"),
    [
        (httpx.ConnectError("no"), "GA4 could not be reached"),
        (httpx.ReadTimeout("no"), "GA4 did not answer in time"),
        (httpx.RemoteProtocolError("no"), "GA4 broke off its answer (RemoteProtocolError)"),
    ],
)
def test_what_gets_no_answer_is_asked_again_once(error: Exception, detail: str) -> None:
    seen, world = always(error)

    assert all_of(seen) == {("source_failed", detail)}
    assert len(world.requests) == 4


def test_one_server_error_does_no_harm() -> None:
    with property_world() as world:
        world.calls = {"totals": [failure(500, "INTERNAL")], "commerce": [failure(503, "UNAVAILABLE")]}
        seen = channel()

    assert not isinstance(seen.sessions, Absent)
    assert not isinstance(seen.pages, Absent)


@pytest.mark.parametrize("message", [AT_ONCE, A_MINUTE])
def test_too_many_at_once_is_asked_again_after_a_moment(message: str) -> None:
    hands = Hands()
    with property_world() as world:
        world.calls = {name: [failure(429, "RESOURCE_EXHAUSTED", message)] * 2 for name in ("totals", "commerce")}
        seen = channel(hands=hands)

    assert not isinstance(seen.sessions, Absent)
    assert len(world.requests) == 6
    assert max(hands.pauses) <= 2


def test_too_many_at_once_for_too_long_is_rate_limited() -> None:
    seen, world = always(failure(429, "RESOURCE_EXHAUSTED", AT_ONCE))

    assert all_of(seen) == {("rate_limited", "GA4 answered 429 RESOURCE_EXHAUSTED: too many requests at once")}
    assert len(world.requests) == 6


# A token that is refused.


def test_a_refused_token_is_renewed_once_for_all_calls() -> None:
    purse = Purse()
    with property_world() as world:
        world.calls = {name: [failure(401, "UNAUTHENTICATED")] for name in ("totals", "commerce")}
        seen = channel(access=purse)

    assert not isinstance(seen.sessions, Absent)
    assert purse.renewals == 1
    tokens = [request.headers["authorization"] for request in world.requests]
    assert sorted(tokens) == ["Bearer ya29.one"] * 2 + ["Bearer ya29.two"] * 2


def test_a_new_token_that_is_refused_too_is_the_end() -> None:
    purse = Purse()
    seen, world = always(failure(401, "UNAUTHENTICATED", reason="CREDENTIALS_MISSING"), access=purse)

    told = "GA4 answered 401 UNAUTHENTICATED: it does not accept the token, nor a new one"
    assert all_of(seen) == {("unauthorized", told)}
    assert (purse.renewals, len(world.requests)) == (1, 4)


def test_a_token_that_cannot_be_renewed_says_why() -> None:
    gone = Absent.because(Reason.SOURCE_FAILED, "Google's token service could not be reached")
    seen, world = always(failure(401, "UNAUTHENTICATED"), access=Purse(tokens=["ya29.one", gone]))

    assert all_of(seen) == {("source_failed", "Google's token service could not be reached")}
    assert len(world.requests) == 2


def test_without_a_token_nothing_is_asked() -> None:
    denied = Absent.because(
        Reason.UNAUTHORIZED, "Google does not accept the stored credentials (HTTP 400 invalid_grant)"
    )
    with property_world() as world:
        seen = channel(access=Purse(tokens=[denied]))

    assert seen == Channel.unseen(denied)
    assert world.requests == []


def test_a_token_that_takes_too_long_is_not_waited_for() -> None:
    class Slow(Purse):
        async def token(self, *, renew: bool = False) -> str | Absent:
            import asyncio

            await asyncio.Event().wait()
            return await super().token(renew=renew)

    with property_world() as world:
        seen = channel(access=Slow(), seconds=0.05)

    assert all_of(seen) == {("source_failed", "Google gave no token in time")}
    assert world.requests == []


# A request that is refused.


def test_what_ga4_does_not_take_is_told_by_its_fields() -> None:
    violations = [
        {"field": "requests[0].metrics", "description": "secret"},
        {"field": "bad field <script>"},
        {"field": "dimensions"},
        {"field": 7},
        "x",
    ]
    answer = failure(400, "INVALID_ARGUMENT", "nonsense", fieldViolations=violations)
    seen, _ = always(answer)

    assert all_of(seen) == {
        (
            "source_failed",
            "GA4 answered 400 INVALID_ARGUMENT: it does not take what was asked for (requests[0].metrics, dimensions)",
        )
    }


def test_after_a_refused_batch_each_report_is_asked_for_alone_once() -> None:
    with property_world() as world:
        world.refused["pages"] = "landingPage is not a valid dimension."
        seen = channel()

    assert why(seen.pages)[0] == "source_failed"
    assert not isinstance(seen.sessions, Absent)
    assert not isinstance(seen.sources, Absent)
    assert seen.sessions.current.sessions == 8000
    assert sorted(len(call) for call in world.asked()) == [1, 1, 1, 1, 1, 3, 5]
    assert len(world.of("pages")) == 2


def test_where_everything_is_refused_nothing_is_asked_a_third_time() -> None:
    seen, world = always(failure(400, "INVALID_ARGUMENT"))

    assert {reason for reason, _ in all_of(seen)} == {"source_failed"}
    assert len(world.requests) == 10


def test_one_batch_that_fails_leaves_the_other() -> None:
    with property_world() as world:
        world.calls = {"totals": [failure(403, "PERMISSION_DENIED")]}
        seen = channel()

    assert why(seen.pages)[0] == "unauthorized"
    assert not isinstance(seen.sessions, Absent)
    assert why(seen.sessions.current.sessions)[0] == "unauthorized"
    assert why(seen.sessions.prior)[0] == "unauthorized" if isinstance(seen.sessions.prior, Absent) else True
    assert seen.sessions.current.orders == 58


def test_no_time_left_is_no_call() -> None:
    with property_world() as world:
        seen = channel(seconds=0)

    assert {reason for reason, _ in all_of(seen)} == {"source_failed"}
    assert world.requests == []
