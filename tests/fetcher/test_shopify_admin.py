"""What Shopify's door says: every documented error is an absence with its reason, and its rate limit is waited for."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
import respx

from functions.audit.absence import Absent, Reason
from functions.audit.snapshot import SessionsSeen
from functions.fetcher.sources.shopify.bucket import Bucket, Told, told_by
from tests.fetcher.shopify_world import (
    REPORTS,
    SALES,
    SHOP,
    TOKEN,
    Night,
    ShopifyWorld,
    cost,
    detail,
    reasons,
    reply,
    shop_settings,
    shopify,
    table,
    throttled,
    visits,
)
from tests.fetcher.waiting import Hands

UNKNOWN_TOKEN = {"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}


def http(status: int, body: object = None, **headers: str) -> httpx.Response:
    content = b"" if body is None else json.dumps(body).encode()
    return httpx.Response(status, content=content, headers=headers)


def unseen(answer: Any, hands: Hands | None = None) -> tuple[set[Reason], str, int]:
    """Return why nothing can be seen when the shop's settings are answered so, and after how many questions."""
    with shopify(shop=answer) as world:
        channel = Night(hands=hands or Hands()).channel()
    assert isinstance(channel.sessions, Absent)
    assert channel.sessions == channel.pages == channel.sources
    return reasons(channel.sessions), detail(channel.sessions), len(world.requests)


def test_every_question_is_a_post_with_the_token_in_its_own_header() -> None:
    with shopify() as world:
        Night().channel()

    assert len(world.requests) == 9
    for request in world.requests:
        assert (request.method, str(request.url)) == ("POST", f"{SHOP}/admin/api/2026-10/graphql.json")
        assert request.headers["x-shopify-access-token"] == TOKEN
        assert request.headers["content-type"] == "application/json"
        assert "authorization" not in request.headers
        assert TOKEN.encode() not in request.content


def test_a_token_that_is_not_accepted_is_unauthorized_and_asked_with_once() -> None:
    why, said, questions = unseen(http(401, UNKNOWN_TOKEN))

    assert (why, questions) == ({Reason.UNAUTHORIZED}, 1)
    assert said == (
        "Shopify's shop settings: Shopify does not accept the access token: was the app removed from the shop? "
        "(HTTP 401)"
    )


@pytest.mark.parametrize(
    ("status", "reason", "said"),
    [
        (402, Reason.SOURCE_FAILED, "the shop is frozen until its Shopify bill is paid (HTTP 402)"),
        (403, Reason.SCOPE_MISSING, "Shopify forbids it: a scope is missing or was not approved (HTTP 403)"),
        (404, Reason.SOURCE_FAILED, "there is no such shop, or no such version of the interface (HTTP 404)"),
        (423, Reason.SOURCE_FAILED, "Shopify has locked the shop (HTTP 423)"),
    ],
)
@pytest.mark.parametrize("body", [None, {"errors": "Unavailable Shop"}, {"errors": "Not Found"}])
def test_a_shop_that_is_closed_says_so_in_a_sentence(status: int, reason: Reason, said: str, body: object) -> None:
    why, shown, questions = unseen(http(status, body))

    assert (why, questions) == ({reason}, 1)
    assert shown == f"Shopify's shop settings: {said}"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_an_outage_is_asked_again_a_few_times(status: int) -> None:
    why, said, questions = unseen(http(status, {"errors": "Internal Server Error"}))

    assert (why, questions) == ({Reason.SOURCE_FAILED}, 3)
    assert said.endswith(f"(HTTP {status})")


def test_an_internal_error_in_an_answer_that_looks_well_is_asked_again() -> None:
    internal = {"errors": [{"message": "Internal error.", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}]}
    why, said, questions = unseen(internal)

    assert (why, questions) == ({Reason.SOURCE_FAILED}, 3)
    assert said == "Shopify's shop settings answered INTERNAL_SERVER_ERROR"


def test_an_outage_that_passes_leaves_no_trace() -> None:
    with shopify(visits_now=[http(503), table([visits()])]) as world:
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert seen.current.sessions == 6100
    assert world.names().count("visits now") == 2


@pytest.mark.parametrize(
    "body",
    [
        httpx.Response(200, text="<!doctype html><title>Something went wrong</title>"),
        httpx.Response(200, content=b"[]"),
        httpx.Response(200, content=b""),
        httpx.Response(301, headers={"Location": "https://evil.example/"}),
        {},
        {"data": None},
        {"data": []},
        {"data": "ok"},
        {"errors": "a text where a list should be", "data": {"shop": {}}},
        {"errors": {"message": "an object"}},
        {"errors": [{"message": "no code"}]},
        {"errors": ["a text"]},
    ],
)
def test_whatever_is_no_answer_is_no_figure(body: Any) -> None:
    why, said, _ = unseen(body)

    assert why == {Reason.SOURCE_FAILED}
    assert said.startswith("Shopify's shop settings ")


def test_data_beside_an_error_counts_for_nothing() -> None:
    partial = {**table([visits()]), "errors": [{"message": "Timeout", "extensions": {"code": "TIMEOUT"}}]}
    with shopify(visits_now=partial) as world:
        seen = Night().channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert reasons(seen.current.sessions) == {Reason.SOURCE_FAILED}
    assert detail(seen.current.sessions) == "Shopify's sessions report answered TIMEOUT"
    assert world.names().count("visits now") == 1


def test_no_errors_at_all_may_be_written_as_an_empty_list() -> None:
    with shopify(shop={**shop_settings(), "errors": []}):
        assert isinstance(Night().channel().sessions, SessionsSeen)


@pytest.mark.parametrize("code", ["<script>", "x" * 41, "A B", "", "täuschung"])
def test_only_codes_of_a_codes_form_are_repeated(code: str) -> None:
    _, said, _ = unseen({"errors": [{"message": TOKEN, "extensions": {"code": code}}]})

    assert said == "Shopify's shop settings answered an error without a code"


@pytest.mark.parametrize(
    "settings",
    [
        {"shop": None},
        {"shop": {"ianaTimezone": "Atlantis/Capital", "currencyCode": "GBP"}},
        {"shop": {"ianaTimezone": None, "currencyCode": "GBP"}},
        {"shop": {"ianaTimezone": "", "currencyCode": "GBP"}},
        {"shop": {"ianaTimezone": "Europe", "currencyCode": "GBP"}},
        {"shop": {"ianaTimezone": "../../etc/passwd", "currencyCode": "GBP"}},
        {"shop": {"ianaTimezone": "Europe/Lon\x00don", "currencyCode": "GBP"}},
        {"shop": {"ianaTimezone": "\ud800", "currencyCode": "GBP"}},
        {"shop": {"ianaTimezone": "x" * 5000, "currencyCode": "GBP"}},
        {"shop": {"ianaTimezone": "Europe/London", "currencyCode": "pounds"}},
        {"shop": {"ianaTimezone": "Europe/London"}},
    ],
)
def test_a_shop_without_time_zone_or_currency_cannot_be_audited(settings: object) -> None:
    why, said, _ = unseen(reply(settings))

    assert why == {Reason.SOURCE_FAILED}
    assert said.startswith("Shopify's shop settings: ")


def test_a_refusal_for_want_of_points_is_waited_out_to_the_tenth_of_a_second() -> None:
    hands = Hands()
    with shopify(shop=[throttled(requested=502, available=12), shop_settings()]):
        seen = Night(hands=hands).channel().sessions

    assert isinstance(seen, SessionsSeen)
    assert hands.pauses == [pytest.approx(4.9)]  # (502 - 12) / 100


def test_a_refusal_may_come_with_its_own_status() -> None:
    hands = Hands()
    refused = http(429, throttled(requested=502, available=12))
    with shopify(shop=[refused, shop_settings()]):
        assert isinstance(Night(hands=hands).channel().sessions, SessionsSeen)

    assert hands.pauses == [pytest.approx(4.9)]


def test_a_refusal_without_a_code_is_known_by_its_message() -> None:
    hands = Hands()
    refused = {"errors": [{"message": "Throttled"}], "extensions": cost(502, available=12)}
    with shopify(shop=[refused, shop_settings()]):
        assert isinstance(Night(hands=hands).channel().sessions, SessionsSeen)

    assert hands.pauses == [pytest.approx(4.9)]


@pytest.mark.parametrize(("headers", "pause"), [({}, 2.0), ({"Retry-After": "1"}, 2.0), ({"Retry-After": "7"}, 7.0)])
def test_a_refusal_that_tells_no_points_is_waited_out_for_as_long_as_it_says(
    headers: dict[str, str], pause: float
) -> None:
    hands = Hands()
    with shopify(shop=[http(429, None, **headers), shop_settings()]):
        assert isinstance(Night(hands=hands).channel().sessions, SessionsSeen)

    assert hands.pauses == [pause]


def test_a_wait_beyond_the_deadline_is_not_begun() -> None:
    hands = Hands()
    why, said, questions = unseen(throttled(requested=1000, available=0, restore=20), hands)  # 50 s, 45 are left

    assert (why, questions, hands.pauses) == ({Reason.RATE_LIMITED}, 1, [])
    assert said == "Shopify's shop settings: Shopify asks to wait, its rate limit is spent"


def test_refusals_without_end_end() -> None:
    hands = Hands()
    why, _, questions = unseen(throttled(requested=110, available=10), hands)

    assert (why, questions) == ({Reason.RATE_LIMITED}, 6)
    assert hands.pauses == [pytest.approx(1.0)] * 6


def test_what_costs_all_that_the_bucket_holds_is_waited_for() -> None:
    hands = Hands()
    with shopify(shop=[throttled(requested=2000, available=0), shop_settings()]):
        assert isinstance(Night(hands=hands).channel().sessions, SessionsSeen)

    assert hands.pauses == [pytest.approx(20)]


def test_what_costs_more_than_the_bucket_holds_is_not_waited_for() -> None:
    hands = Hands()
    why, said, questions = unseen(throttled(requested=2001, available=2000), hands)

    assert (why, questions, hands.pauses) == ({Reason.SOURCE_FAILED}, 1, [])
    assert said == "Shopify's shop settings costs more points than the shop's bucket holds"


def test_a_question_that_the_bucket_cannot_pay_waits_before_it_is_asked() -> None:
    hands = Hands()
    nearly_empty = {**table([visits()]), "extensions": cost(10, actual=10, available=4)}
    with shopify(carts_now=nearly_empty):
        Night(hands=hands).commerce()

    # The next report costs 10 as the last did, and 4 are there: 6 points at 100 a second.
    assert hands.pauses[0] == pytest.approx(0.06)


def test_a_rate_limit_spent_in_one_report_leaves_the_others() -> None:
    with shopify(pages=throttled(requested=1900, available=0, restore=20)):  # 95 s
        channel = Night().channel()

    assert reasons(channel.pages) == {Reason.RATE_LIMITED}
    assert isinstance(channel.sessions, SessionsSeen)
    assert channel.sessions.current.sessions == 6100


def test_no_more_than_three_questions_are_under_way_at_once() -> None:
    under_way, most, world = 0, 0, ShopifyWorld()

    async def slowly(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(20):
            await asyncio.sleep(0)  # lets everybody else have their turn
        under_way -= 1
        return world(request)

    with respx.mock as router:
        router.route().mock(side_effect=slowly)
        Night().channel()

    assert most == 3
    assert set(world.names()) == {"shop", *REPORTS[:5], *SALES}


def test_the_bucket_is_known_from_what_it_told_and_the_time_since() -> None:
    bucket = Bucket()
    told = Told(requested=62, available=20, maximum=2000, restore=50)

    assert bucket.delay("orders", now=100) == 0  # nothing is known before the first answer
    bucket.learn("orders", told, now=100)
    assert bucket.delay("orders", now=100) == pytest.approx(0.84)  # (62 - 20) / 50
    assert bucket.delay("orders", now=100.5) == pytest.approx(0.34)
    assert bucket.delay("orders", now=101) == 0
    assert bucket.delay("report", now=100) == 0  # what that costs nobody has told


def test_the_bucket_never_holds_more_than_its_maximum() -> None:
    bucket = Bucket()
    bucket.learn("orders", Told(requested=120, available=90, maximum=100, restore=10), now=0)

    assert bucket.delay("orders", now=1000) == pytest.approx(2)  # 120 of at most 100


def test_questions_under_way_have_spent_their_points_already() -> None:
    bucket = Bucket()
    bucket.learn("report", Told(requested=10, available=15, maximum=2000, restore=100), now=0)
    bucket.spend("report")

    assert bucket.delay("report", now=0) == pytest.approx(0.05)  # 5 of 10 are left
    bucket.learn("report", Told(requested=10, available=15, maximum=2000, restore=100), now=0)
    assert bucket.delay("report", now=0) == 0


@pytest.mark.parametrize(
    "extensions",
    [
        None,
        {},
        {"cost": None},
        {"cost": {"requestedQueryCost": 10}},
        {"cost": {"requestedQueryCost": "10", "throttleStatus": {}}},
        cost(10, available=5, restore=0),
        {"cost": {"requestedQueryCost": True, "throttleStatus": cost(1, available=1)["cost"]["throttleStatus"]}},
        cost(-1, available=5),
        cost(10**12, available=5),
    ],
)
def test_a_cost_that_makes_no_sense_tells_nothing(extensions: Any) -> None:
    assert (
        told_by(json.loads(json.dumps({"extensions": extensions}), parse_float=lambda text: int(float(text)))) is None
    )
