"""The sample's Google checks whom it talks to, understands what it is asked, and answers as GA4 does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from console.sample.fleet import SampleMerchant, fleet
from console.sample.ga4 import property_id
from console.sample.ga4_story import Ga4Conduct, Ga4Fault
from console.sample.server import SampleServer
from tests.console.ga4_questions import (
    BEFORE,
    FROM_TIKTOK,
    GRANT_TYPE,
    NOW,
    ORGANIC,
    PAID,
    SIXTY,
    assertion,
    question,
    rows,
    token_of,
)

EVERYBODY = {merchant.id: merchant for merchant in fleet(seed=21)}


def with_ga4(merchant_id: str, **conduct: Any) -> SampleMerchant:
    merchant = EVERYBODY[merchant_id]
    return replace(merchant, conduct=replace(merchant.conduct, ga4=Ga4Conduct(**conduct)))


FLEET = (
    with_ga4("larkspur"),
    with_ga4("pohutukawa"),
    with_ga4("first-light"),
    with_ga4("soho-sweets", fault=Ga4Fault.NO_ECOMMERCE),
    with_ga4("brasa", fault=Ga4Fault.REVENUE_HIDDEN),
    with_ga4("merlion-mochi", fault=Ga4Fault.THRESHOLDED),
    with_ga4("spreelicht", fault=Ga4Fault.EVENTS_REFUSED),
    with_ga4("nordlys", currency="EUR", timezone="Europe/Madrid", rows=5),
    with_ga4("skargard", tokens=14),
)


@pytest.fixture(scope="module")
def server() -> Iterator[SampleServer]:
    with SampleServer(FLEET) as running:
        yield running
    assert running.errors == []


@pytest.fixture(scope="module")
def client(server: SampleServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=10) as opened:
        yield opened


@pytest.fixture(scope="module")
def token(server: SampleServer, client: httpx.Client) -> str:
    return token_of(client, server.google_key_file())


def batch(client: httpx.Client, token: str, *requests: Any, merchant_id: str = "larkspur") -> httpx.Response:
    number = property_id(EVERYBODY[merchant_id])
    return client.post(
        f"/v1beta/properties/{number}:batchRunReports",
        json={"requests": list(requests)},
        headers={"Authorization": f"Bearer {token}"},
    )


def report(client: httpx.Client, token: str, request: Any, **how: str) -> dict[str, Any]:
    answer = batch(client, token, request, **how)
    assert answer.status_code == 200, answer.text
    (only,) = answer.json()["reports"]
    assert isinstance(only, dict)
    return only


# The token service.


def test_the_key_file_opens_the_token_service(server: SampleServer, client: httpx.Client) -> None:
    plain = server.google_key_file()

    assert plain == server.google_key_file()
    assert plain["type"] == "service_account"
    assert plain["token_uri"] == f"{server.url}/google/token"
    answer = client.post("/google/token", data={"grant_type": GRANT_TYPE, "assertion": assertion(plain)})
    assert set(answer.json()) == {"access_token", "expires_in", "token_type"}


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"aud": "https://oauth2.example/token"}, "invalid_grant"),
        ({"iss": "somebody@else.iam.gserviceaccount.com"}, "invalid_grant"),
        ({"scope": "https://www.googleapis.com/auth/analytics.edit"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"exp": int(time.time()) - 120}, "invalid_grant"),
        ({"exp": int(time.time()) + 7200}, "invalid_grant"),
        ({"iat": int(time.time()) + 600, "exp": int(time.time()) + 1200}, "invalid_grant"),
        ({"exp": None}, "invalid_grant"),
        ({"header": {"alg": "none"}}, "invalid_grant"),
    ],
)
def test_a_claim_that_is_wrong_is_refused(
    server: SampleServer, client: httpx.Client, changed: dict[str, Any], error: str
) -> None:
    signed = assertion(server.google_key_file(), **changed)
    answer = client.post("/google/token", data={"grant_type": GRANT_TYPE, "assertion": signed})

    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_another_key_is_refused(server: SampleServer, client: httpx.Client) -> None:
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    forged = assertion(server.google_key_file() | {"private_key": pem.decode()})
    answer = client.post("/google/token", data={"grant_type": GRANT_TYPE, "assertion": forged})

    assert answer.json() == {
        "error": "invalid_grant",
        "error_description": "Invalid JWT Signature.",
        "log_id": answer.json()["log_id"],
    }


@pytest.mark.parametrize("signed", ["", "a.b", "a.b.c", "....", "é"])
def test_what_is_no_assertion_is_refused(client: httpx.Client, signed: str) -> None:
    answer = client.post("/google/token", data={"grant_type": GRANT_TYPE, "assertion": signed})

    assert answer.json()["error"] == "invalid_grant"


def test_forms_only_and_one_grant_type_only(server: SampleServer, client: httpx.Client) -> None:
    signed = assertion(server.google_key_file())

    assert client.post("/google/token", json={"assertion": signed}).json()["error"] == "unsupported_grant_type"
    form = {"grant_type": "client_credentials", "assertion": signed}
    assert client.post("/google/token", data=form).json()["error"] == "unsupported_grant_type"
    assert client.get("/google/token").status_code == 404


# Whose property.


@pytest.mark.parametrize("other", ["x", "ya29.sample"])
def test_without_a_living_token_nobody_is_let_in(client: httpx.Client, other: str) -> None:
    answer = batch(client, other, question("sessions"))

    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


def test_a_property_of_somebody_else_is_not_told_from_none(client: httpx.Client, token: str) -> None:
    answer = batch(client, token, question("sessions"), merchant_id="grachten")

    assert (answer.status_code, answer.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize("path", ["/v1beta/properties/G-ABC:batchRunReports", "/v1beta/properties/1:run", "/v1beta/x"])
def test_a_path_that_google_does_not_know_is_a_web_page(client: httpx.Client, token: str, path: str) -> None:
    answer = client.post(path, json={}, headers={"Authorization": f"Bearer {token}"})

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=UTF-8")


def test_who_was_asked_about_is_on_record(server: SampleServer, client: httpx.Client, token: str) -> None:
    batch(client, token, question("sessions"))

    assert server.requests[-1].merchant_id == "larkspur"


# What GA4 takes.


@pytest.mark.parametrize(
    "request_",
    [
        "totals",
        {},
        question(),
        question("sessions", dateRanges=[]),
        question("sessions", dateRanges=[NOW, BEFORE, SIXTY, SIXTY, SIXTY]),
        question("sessions", dateRanges=[{"startDate": "2026-11-19", "endDate": "2026-10-23"}]),
        question("sessions", dateRanges=[{"startDate": "yesterday"}]),
        question("sessions", dateRanges=["today"]),
        question("sessions", dateRanges=[NOW | {"name": "date_range_0"}]),
        question("sessions", dateRanges=[NOW | {"name": "RESERVED_x"}]),
        question("sessions", "sessions"),
        question("visits"),
        question("keyEvents:newsletter"),
        question(*(f"metric{at}" for at in range(11))),
        question("sessions", dimensions=[{"name": "browser"}]),
        question("sessions", dimensions=[{"name": "date"}, {"name": "landingPage"}]),
        question("totalUsers", dimensions=[{"name": "date"}]),
        question("eventCount"),
        question("sessions", limit="0"),
        question("sessions", limit="250001"),
        question("sessions", limit=True),
        question("sessions", offset="-1"),
        question("sessions", orderBys=[{"desc": True}]),
        question("sessions", orderBys=[{"metric": {"metricName": "totalUsers"}}]),
        question("sessions", dimensionFilter={}),
        question("sessions", dimensionFilter={"maybe": FROM_TIKTOK}),
        question("sessions", dimensionFilter={"filter": {"fieldName": "city", "stringFilter": {"value": "x"}}}),
        question("sessions", dimensionFilter={"filter": {"fieldName": "sessionSource"}}),
        question(
            "sessions",
            dimensionFilter={
                "filter": {"fieldName": "sessionSource", "stringFilter": {"matchType": "LIKE", "value": ""}}
            },
        ),
        question("sessions", dimensionFilter={"filter": {"fieldName": "eventName", "stringFilter": {"value": "x"}}}),
        question("sessions", dateRanges=[{"startDate": "2026-11-01", "endDate": "2026-11-19"}]),
        question("sessions", metricz=[]),
    ],
)
def test_what_ga4_does_not_take_fails_the_batch(client: httpx.Client, token: str, request_: Any) -> None:
    answer = batch(client, token, question("sessions"), request_)

    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert answer.json()["error"]["details"][0]["fieldViolations"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"requests": {}}', b'{"requests": []}'])
def test_what_is_no_batch_is_refused(client: httpx.Client, token: str, body: bytes) -> None:
    number = property_id(EVERYBODY["larkspur"])
    answer = client.post(
        f"/v1beta/properties/{number}:batchRunReports", content=body, headers={"Authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 400


def test_six_requests_are_too_many(client: httpx.Client, token: str) -> None:
    assert batch(client, token, *[question("sessions")] * 6).status_code == 400


# What it answers.


def test_a_report_has_the_documented_shape(client: httpx.Client, token: str) -> None:
    plain = report(client, token, question("sessions", "bounceRate", returnPropertyQuota=True))

    assert plain["dimensionHeaders"] == [{"name": "dateRange"}]
    assert plain["metricHeaders"] == [
        {"name": "sessions", "type": "TYPE_INTEGER"},
        {"name": "bounceRate", "type": "TYPE_FLOAT"},
    ]
    assert plain["rowCount"] == 2
    assert plain["kind"] == "analyticsData#runReport"
    assert plain["metadata"] == {"currencyCode": "GBP", "timeZone": "Europe/London"}
    assert set(plain["propertyQuota"]) == {
        "tokensPerDay",
        "tokensPerHour",
        "concurrentRequests",
        "serverErrorsPerProjectPerHour",
        "potentiallyThresholdedRequestsPerHour",
        "tokensPerProjectPerHour",
    }
    for values in rows(plain).values():
        assert all(isinstance(value, str) for value in values)
        assert 0 < float(values[1]) < 1


def test_ranges_without_names_are_numbered_and_one_range_has_no_column(client: httpx.Client, token: str) -> None:
    unnamed = [{key: of[key] for key in ("startDate", "endDate")} for of in (NOW, BEFORE)]
    both = report(client, token, question("sessions", dateRanges=unnamed))
    one = report(client, token, question("sessions", dateRanges=unnamed[:1]))

    assert set(rows(both)) == {("date_range_0",), ("date_range_1",)}
    assert "dimensionHeaders" not in one
    assert rows(one)[()] == rows(both)[("date_range_0",)]


def test_the_same_visits_are_told_by_day_by_source_and_by_kind(client: httpx.Client, token: str) -> None:
    names = [{"name": name} for name in ("sessionSource", "sessionMedium", "sessionCampaignName")]
    whole, daily, sources, kinds = (
        rows(report(client, token, asked))
        for asked in (
            question("sessions", "totalUsers", "newUsers", "ecommercePurchases", "purchaseRevenue"),
            question(
                "sessions", "ecommercePurchases", "purchaseRevenue", dimensions=[{"name": "date"}], dateRanges=[NOW]
            ),
            question("sessions", "ecommercePurchases", dimensions=names, dateRanges=[NOW]),
            question("totalUsers", dimensions=[{"name": "newVsReturning"}]),
        )
    )
    sessions, users, new, bought, revenue = whole[("current",)]

    assert len(daily) == 28
    assert sum(int(day[0]) for day in daily.values()) == int(sessions)
    assert sum(int(day[1]) for day in daily.values()) == int(bought)
    assert round(sum(float(day[2]) for day in daily.values()), 2) == float(revenue)
    assert [sum(int(row[at]) for row in sources.values()) for at in (0, 1)] == [int(sessions), int(bought)]
    assert int(kinds["new", "current"][0]) == int(new)
    assert int(kinds["returning", "current"][0]) == int(users) - int(new)


def test_landing_pages_and_the_visits_without_one_are_all_visits(client: httpx.Client, token: str) -> None:
    asked = question("sessions", dimensions=[{"name": "landingPage"}], dateRanges=[NOW])
    listed = rows(report(client, token, asked))
    (whole,) = rows(report(client, token, question("sessions", dateRanges=[NOW]))).values()

    assert ("(not set)",) in listed
    assert sum(int(row[0]) for row in listed.values()) == int(whole[0])


def test_the_filter_decides_whose_visits_are_counted(client: httpx.Client, token: str) -> None:
    def sessions(dimension_filter: Any) -> int:
        asked = question("sessions", dateRanges=[NOW], dimensionFilter=dimension_filter)
        found = rows(report(client, token, asked))
        return int(found[()][0]) if found else 0

    organic, tiktok, everybody = sessions(ORGANIC), sessions(FROM_TIKTOK), sessions(None)
    assert organic < tiktok < everybody
    assert sessions({"andGroup": {"expressions": [FROM_TIKTOK, PAID]}}) == tiktok - organic
    assert sessions({"notExpression": FROM_TIKTOK}) == everybody - tiktok
    assert sessions({"orGroup": {"expressions": [ORGANIC, {"notExpression": FROM_TIKTOK}]}}) == (
        organic + everybody - tiktok
    )
    assert 0 < sessions(_source("tiktok.com", "EXACT")) < organic
    assert sessions(_source("TIKTOK", "BEGINS_WITH")) == tiktok
    assert sessions(_source(".com", "ENDS_WITH")) == sessions(_source("tiktok.com", "EXACT"))
    assert sessions(_source("TikTok", "CONTAINS", caseSensitive=True)) == 0
    assert sessions(_source("^goo", "PARTIAL_REGEXP")) == everybody - tiktok
    chosen = {"filter": {"fieldName": "sessionSource", "inListFilter": {"values": ["Google", "x"]}}}
    assert sessions(chosen) == everybody - tiktok


def _source(value: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"filter": {"fieldName": "sessionSource", "stringFilter": {"matchType": kind, "value": value, **more}}}


def test_rows_come_in_the_order_that_was_asked_for_and_in_parts(client: httpx.Client, token: str) -> None:
    order = [{"desc": True, "metric": {"metricName": "sessions"}}]
    asked = question("sessions", dimensions=[{"name": "landingPage"}], dateRanges=[NOW], orderBys=order)
    whole = report(client, token, asked)
    sizes = [int(row["metricValues"][0]["value"]) for row in whole["rows"]]
    first, rest = (report(client, token, asked | part) for part in ({"limit": "50"}, {"offset": "50", "limit": 200}))

    assert sizes == sorted(sizes, reverse=True)
    assert first["rows"] + rest["rows"] == whole["rows"]
    assert first["rowCount"] == rest["rowCount"] == whole["rowCount"] == len(whole["rows"]) > 80


def test_without_an_order_nobody_can_rely_on_one(client: httpx.Client, token: str) -> None:
    asked = question("sessions", dimensions=[{"name": "date"}], dateRanges=[SIXTY])
    days = list(rows(report(client, token, asked)))
    ordered = list(rows(report(client, token, asked | {"orderBys": [{"dimension": {"dimensionName": "date"}}]})))

    assert days != ordered == sorted(days)
    assert ordered[0] == ("20260921",)


def test_key_events_are_all_or_one(client: httpx.Client, token: str) -> None:
    names = ("keyEvents", "keyEvents:sign_up", "keyEvents:add_to_wishlist", "keyEvents:purchase")
    for asked in (question(*names), question(*names, dimensions=[{"name": "date"}], dateRanges=[SIXTY])):
        for whole, *parts in rows(report(client, token, asked)).values():
            assert float(whole) == sum(map(float, parts)) > 0


def test_events_are_told_by_sessions_and_by_their_number(client: httpx.Client, token: str) -> None:
    asked = question("sessions", "eventCount", dimensions=[{"name": "eventName"}])
    events = rows(report(client, token, asked))
    (carts, adds), (bought, purchases) = (map(int, events[name, "current"]) for name in ("add_to_cart", "purchase"))

    assert {name for name, _ in events} == {
        "session_start",
        "page_view",
        "add_to_cart",
        "begin_checkout",
        "purchase",
    }
    assert bought < carts < adds
    assert bought <= purchases


def test_a_young_property_leaves_the_prior_period_out(client: httpx.Client, token: str) -> None:
    whole = rows(report(client, token, question("sessions"), merchant_id="first-light"))
    kept = rows(report(client, token, question("sessions", keepEmptyRows=True), merchant_id="first-light"))
    asked = question("sessions", dimensions=[{"name": "date"}], dateRanges=[SIXTY])
    days = rows(report(client, token, asked, merchant_id="first-light"))

    assert set(whole) == set(kept) == {("current",)}
    assert len(days) == 12


# What is wrong with a property.


def test_hidden_revenue_reads_zero_and_says_so(client: httpx.Client, token: str) -> None:
    plain = report(client, token, question("purchaseRevenue", "transactions"), merchant_id="brasa")

    assert [row[0] for row in rows(plain).values()] == ["0", "0"]
    assert plain["metadata"]["schemaRestrictionResponse"]["activeMetricRestrictions"] == [
        {"metricName": "purchaseRevenue", "restrictedMetricTypes": ["REVENUE_DATA"]}
    ]
    assert (
        "schemaRestrictionResponse" not in report(client, token, question("sessions"), merchant_id="brasa")["metadata"]
    )


def test_small_numbers_are_held_back(client: httpx.Client, token: str) -> None:
    asked = question("totalUsers", dimensions=[{"name": "newVsReturning"}])
    plain = report(client, token, asked, merchant_id="merlion-mochi")

    assert plain["metadata"]["subjectToThresholding"] is True
    assert ("returning", "current") not in rows(plain)


def test_a_property_that_takes_no_sessions_by_event_refuses_the_batch(client: httpx.Client, token: str) -> None:
    by_event = question("sessions", dimensions=[{"name": "eventName"}])

    assert batch(client, token, question("sessions"), by_event, merchant_id="spreelicht").status_code == 400
    assert batch(client, token, question("sessions"), merchant_id="spreelicht").status_code == 200


def test_a_shop_that_sends_no_ecommerce_events_has_none_from_anybody(client: httpx.Client, token: str) -> None:
    asked = question("eventCount", dimensions=[{"name": "eventName"}], dimensionFilter=None)
    events = rows(report(client, token, asked, merchant_id="soho-sweets"))

    assert {name for name, _ in events} == {"session_start", "page_view"}


def test_the_propertys_own_currency_and_zone_are_told(client: httpx.Client, token: str) -> None:
    plain = report(client, token, question("sessions", currencyCode="DKK"), merchant_id="nordlys")

    assert plain["metadata"] == {"currencyCode": "EUR", "timeZone": "Europe/Madrid"}


def test_fewer_rows_may_come_than_were_asked_for(client: httpx.Client, token: str) -> None:
    asked = question("sessions", dimensions=[{"name": "landingPage"}], dateRanges=[NOW])
    plain = report(client, token, asked, merchant_id="nordlys")

    assert (len(plain["rows"]), plain["rowCount"] > 5) == (5, True)


def test_tokens_are_spent_and_then_there_are_none(client: httpx.Client, token: str) -> None:
    asked = question("sessions", returnPropertyQuota=True)
    left = [
        report(client, token, asked, merchant_id="skargard")["propertyQuota"]["tokensPerHour"]["remaining"]
        for _ in range(2)
    ]
    answer = batch(client, token, asked, merchant_id="skargard")

    assert left == [8, 2]
    assert (answer.status_code, answer.json()["error"]["status"]) == (429, "RESOURCE_EXHAUSTED")
