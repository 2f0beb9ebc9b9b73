"""The sample server speaks the wire contract, rotates tokens for real, and leaves nothing running."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from console.sample.desk import POST_ONLY
from console.sample.fleet import SampleMerchant, fleet
from console.sample.grants import CLIENT_KEY, CLIENT_SECRET, pair_of
from console.sample.server import SampleServer
from console.sample.story import CHANNEL_CHECKS, Renewal

MERCHANTS = {merchant.id: merchant for merchant in fleet(seed=21)}
WINDOW = {
    "start_date": "2026-10-23",
    "end_date": "2026-11-19",
    "compare_start_date": "2026-09-25",
    "compare_end_date": "2026-10-22",
    "series_days": "60",
}
STATS = "follower_count,following_count,likes_count,video_count"


@pytest.fixture
def server() -> Iterator[SampleServer]:
    with SampleServer(MERCHANTS.values()) as running:
        yield running
    assert running.errors == []


@pytest.fixture
def client(server: SampleServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=10) as opened:
        yield opened


def refresh(client: httpx.Client, refresh_token: str, /, **changes: str) -> httpx.Response:
    form = {
        "client_key": CLIENT_KEY,
        "client_secret": CLIENT_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }
    return client.post("/v2/oauth/token/", data=form | changes)


def live_token(client: httpx.Client, merchant_id: str) -> str:
    merchant = MERCHANTS[merchant_id]
    pair = pair_of(merchant, 0)
    if merchant.conduct.access_alive:
        return pair.access_token
    token: str = refresh(client, pair.refresh_token).json()["access_token"]
    return token


def user_info(client: httpx.Client, token: str, fields: str) -> httpx.Response:
    return client.get("/v2/user/info/", params={"fields": fields}, headers={"Authorization": f"Bearer {token}"})


def storefront(client: httpx.Client, token: str, name: str, merchant_id: str, **more: str) -> httpx.Response:
    query = WINDOW | {"open_id": MERCHANTS[merchant_id].open_id} | more
    return client.get(f"/analytics/{name}", params=query, headers={"Authorization": f"Bearer {token}"})


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_a_refresh_gives_a_new_pair_and_the_old_one_dies(client: httpx.Client) -> None:
    old = pair_of(MERCHANTS["larkspur"], 0)
    first = refresh(client, old.refresh_token).json()
    second = refresh(client, first["refresh_token"]).json()
    assert set(first) == {
        "access_token",
        "expires_in",
        "open_id",
        "refresh_expires_in",
        "refresh_token",
        "scope",
        "token_type",
    }
    assert len({old.refresh_token, first["refresh_token"], second["refresh_token"]}) == 3
    assert refresh(client, old.refresh_token).json()["error"] == "invalid_grant"
    assert refresh(client, first["refresh_token"]).json()["error"] == "invalid_grant"
    assert code_of(user_info(client, first["access_token"], "open_id")) == (401, "access_token_invalid")
    assert code_of(user_info(client, second["access_token"], "open_id")) == (200, "ok")


def test_of_many_who_refresh_at_once_one_gets_the_pair(client: httpx.Client) -> None:
    token = pair_of(MERCHANTS["larkspur"], 0).refresh_token
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: refresh(client, token).json(), range(8)))
    assert sum("access_token" in answer for answer in answers) == 1
    assert sum(answer.get("error") == "invalid_grant" for answer in answers) == 7


def test_tokens_are_dead_on_arrival_where_they_can_be_renewed(client: httpx.Client) -> None:
    assert code_of(user_info(client, pair_of(MERCHANTS["larkspur"], 0).access_token, "open_id"))[0] == 401


def test_a_revoked_connection_fails_everywhere(client: httpx.Client) -> None:
    pair = pair_of(MERCHANTS["fjordwool"], 0)
    assert refresh(client, pair.refresh_token).json()["error"] == "invalid_grant"
    answer = user_info(client, pair.access_token, "open_id")
    assert code_of(answer) == (401, "access_token_invalid")
    assert "data" not in answer.json()
    assert code_of(storefront(client, pair.access_token, "sessions", "fjordwool")) == (401, "access_token_invalid")


def test_revoking_kills_both_tokens(client: httpx.Client) -> None:
    pair = refresh(client, pair_of(MERCHANTS["larkspur"], 0).refresh_token).json()
    form = {"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET, "token": pair["access_token"]}
    assert client.post("/v2/oauth/revoke/", data=form).json() == {}
    assert code_of(user_info(client, pair["access_token"], "open_id"))[0] == 401
    assert refresh(client, pair["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_key": "somebody"}, "invalid_client"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"refresh_token": "rft.unknown"}, "invalid_grant"),
    ],
)
def test_oauth_errors_are_strings(client: httpx.Client, changes: dict[str, str], error: str) -> None:
    token = pair_of(MERCHANTS["larkspur"], 0).refresh_token
    assert refresh(client, token, **changes).json()["error"] == error
    assert "access_token" in refresh(client, token).json()


def test_a_json_body_is_not_what_the_token_endpoint_takes(client: httpx.Client) -> None:
    assert client.post("/v2/oauth/token/", json={"grant_type": "refresh_token"}).json()["error"] == "invalid_request"


def test_a_token_service_that_is_down_kills_nothing(client: httpx.Client) -> None:
    answer = refresh(client, pair_of(MERCHANTS["wisla-amber"], 0).refresh_token)
    assert (answer.status_code, answer.json()["error"]) == (503, "temporarily_unavailable")


def test_the_refresh_says_how_long_it_can_be_renewed_and_what_was_granted(client: httpx.Client) -> None:
    ending = refresh(client, pair_of(MERCHANTS["sunda-batik"], 0).refresh_token).json()
    assert ending["refresh_expires_in"] == 9 * 86_400
    partial = refresh(client, pair_of(MERCHANTS["savanna-leather"], 0).refresh_token).json()
    assert partial["scope"] == "user.info.basic,user.info.stats"


def test_only_named_fields_come_back(client: httpx.Client) -> None:
    answer = user_info(client, live_token(client, "larkspur"), "open_id,display_name").json()
    assert answer["data"] == {"user": {"open_id": "open-larkspur", "display_name": "Larkspur Candles"}}
    assert answer["error"]["code"] == "ok"


def test_one_field_without_its_scope_fails_the_whole_request(client: httpx.Client) -> None:
    token = live_token(client, "verveine")
    answer = user_info(client, token, f"open_id,{STATS}")
    assert code_of(answer) == (401, "scope_not_authorized")
    assert "data" not in answer.json()
    assert code_of(user_info(client, token, "open_id")) == (200, "ok")
    assert code_of(user_info(client, live_token(client, "lagos-lamps"), "open_id")) == (401, "scope_not_authorized")


@pytest.mark.parametrize("fields", ["", "shoe_size"])
def test_unknown_or_no_fields_are_invalid(client: httpx.Client, fields: str) -> None:
    assert code_of(user_info(client, live_token(client, "larkspur"), fields)) == (400, "invalid_params")


def test_user_info_is_get_for_most_and_post_behind_the_other_address(client: httpx.Client) -> None:
    headers = {"Authorization": f"Bearer {live_token(client, 'suomi-sauna')}"}
    refused = client.get(f"{POST_ONLY}/v2/user/info/", params={"fields": "open_id"}, headers=headers)
    assert (refused.status_code, refused.text) == (404, "Unsupported path(Janus)")
    by_query = client.post(f"{POST_ONLY}/v2/user/info/", params={"fields": "open_id"}, headers=headers)
    by_body = client.post(f"{POST_ONLY}/v2/user/info/", json={"fields": ["open_id"]}, headers=headers)
    assert code_of(by_query) == code_of(by_body) == (200, "ok")
    assert client.post("/v2/user/info/", params={"fields": "open_id"}, headers=headers).status_code == 404


def test_sessions_come_with_both_periods_series_and_meta(client: httpx.Client) -> None:
    data = storefront(client, live_token(client, "larkspur"), "sessions", "larkspur").json()["data"]
    assert (data["current"]["start_date"], data["prior"]["end_date"]) == ("2026-10-23", "2026-10-22")
    assert len(data["series"]) == 60
    assert data["meta"]["data_through"] == "2026-11-19"
    assert (data["meta"]["currency"], data["meta"]["timezone"]) == ("GBP", "Europe/London")
    assert isinstance(data["current"]["revenue"], str)


def listing(client: httpx.Client, merchant_id: str, name: str, **more: str) -> list[dict[str, Any]]:
    token, cursor, rows = live_token(client, merchant_id), "", []
    for _ in range(50):
        data = storefront(client, token, name, merchant_id, **more, **({"cursor": cursor} if cursor else {})).json()[
            "data"
        ]
        rows += data[name]
        assert data["has_more"] is bool(data["cursor"])
        if not data["has_more"]:
            assert data["total"] == len(rows)
            return rows
        assert data["cursor"] != cursor
        cursor = data["cursor"]
    pytest.fail("the listing does not end")


@pytest.mark.parametrize("max_count", ["7", "50", "100"])
def test_pages_are_paged_to_the_end_without_repeats(client: httpx.Client, max_count: str) -> None:
    rows = listing(client, "larkspur", "pages", max_count=max_count)
    assert len({row["path"] for row in rows}) == len(rows) > 50


def test_pages_come_in_fifties_by_default_with_the_channels_totals(client: httpx.Client) -> None:
    token = live_token(client, "larkspur")
    data = storefront(client, token, "pages", "larkspur").json()["data"]
    current = storefront(client, token, "sessions", "larkspur").json()["data"]["current"]
    assert len(data["pages"]) == 50
    assert data["totals"] == {key: current[key] for key in ("sessions", "conversions", "revenue")}


def test_sources_come_at_once(client: httpx.Client) -> None:
    assert {row["medium"] for row in listing(client, "pohutukawa", "sources")} >= {"social", "paid-social"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"open_id": "open-brasa"},
        {"start_date": "2026-13-40"},
        {"compare_end_date": "2026-10-01"},
        {"compare_start_date": "2026-09-01"},
        {"series_days": "93"},
        {"max_count": "0"},
        {"max_count": "101"},
        {"sort": "revenue_desc"},
        {"cursor": "made up"},
        {"cursor": "c291cmNlczo1"},
    ],
)
def test_requests_that_break_the_contract_are_refused(client: httpx.Client, wrong: dict[str, str]) -> None:
    assert code_of(storefront(client, live_token(client, "larkspur"), "pages", "larkspur", **wrong)) == (
        400,
        "invalid_params",
    )


def test_nobody_sees_anothers_figures(client: httpx.Client) -> None:
    token = live_token(client, "larkspur")
    assert code_of(storefront(client, token, "sessions", "brasa"))[0] == 400
    assert code_of(storefront(client, "act.unknown", "sessions", "larkspur")) == (401, "access_token_invalid")


@pytest.mark.parametrize(
    ("merchant_id", "status", "code"),
    [
        ("kintsugi", 500, "internal_error"),
        ("pampa", 429, "rate_limit_exceeded"),
        ("bloom-foundry", 404, "analytics_not_connected"),
        ("formosa-tea", 401, "scope_not_authorized"),
    ],
)
def test_broken_storefronts_fail_in_their_own_way(
    client: httpx.Client, merchant_id: str, status: int, code: str
) -> None:
    token = live_token(client, merchant_id)
    for name in ("sessions", "pages", "sources"):
        assert code_of(storefront(client, token, name, merchant_id)) == (status, code)
    assert code_of(user_info(client, token, f"open_id,{STATS}")) == (200, "ok")


def test_a_rate_limit_asks_for_more_patience_than_anybody_has(client: httpx.Client) -> None:
    answer = storefront(client, live_token(client, "pampa"), "sessions", "pampa")
    assert int(answer.headers["Retry-After"]) >= 3600


def test_nonsense_is_a_web_page_with_status_200(client: httpx.Client) -> None:
    answer = storefront(client, live_token(client, "baltic-bee"), "sessions", "baltic-bee")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.text.startswith("<!doctype html>")


def test_one_report_can_be_broken_alone(client: httpx.Client) -> None:
    token = live_token(client, "agora-olive")
    assert code_of(storefront(client, token, "pages", "agora-olive")) == (502, "analytics_backend_error")
    assert code_of(storefront(client, token, "sources", "agora-olive")) == (200, "ok")


def test_user_info_can_be_broken_alone(client: httpx.Client) -> None:
    token = live_token(client, "inti-alpaca")
    assert code_of(user_info(client, token, "open_id")) == (500, "internal_error")
    assert code_of(storefront(client, token, "sessions", "inti-alpaca")) == (200, "ok")


def test_stale_data_say_so(client: httpx.Client) -> None:
    answer = storefront(client, live_token(client, "zephyr"), "pages", "zephyr").json()
    assert answer["data"]["meta"]["data_through"] == "2026-11-16"


def test_unknown_paths_are_no_json(client: httpx.Client) -> None:
    assert client.get("/v2/user/info?fields=open_id").text == "Unsupported path(Janus)"
    assert client.get("/v2/oauth/token/").status_code == 404


def test_what_was_asked_is_on_record(client: httpx.Client, server: SampleServer) -> None:
    token = live_token(client, "larkspur")
    user_info(client, token, "open_id")
    user_info(client, "act.unknown", "open_id")
    assert server.count("/v2/user/info/", "larkspur") == 1
    assert server.count(merchant_id="larkspur") == 2
    assert server.count_by_path() == {"/v2/oauth/token/": 1, "/v2/user/info/": 2}
    assert [served.status for served in server.requests] == [200, 200, 401]


def a_night_of(client: httpx.Client, merchant: SampleMerchant) -> int:
    if not merchant.conduct.connected or merchant.conduct.renewal is not Renewal.ROTATES:
        return 0
    token = refresh(client, pair_of(merchant, 0).refresh_token).json()["access_token"]
    headers, query = {"Authorization": f"Bearer {token}"}, WINDOW | {"open_id": merchant.open_id}
    for fields in ("open_id", "username", STATS):
        client.get("/v2/user/info/", params={"fields": fields}, headers=headers)
    for name in ("sessions", "pages", "sources"):
        client.get(f"/analytics/{name}", params=query, headers=headers)
    return 7


def test_two_hundred_merchants_are_answered_within_seconds() -> None:
    merchants = fleet(200, seed=2)
    started = time.monotonic()
    with SampleServer(merchants) as server, httpx.Client(base_url=server.url, trust_env=False, timeout=30) as client:
        with ThreadPoolExecutor(32) as pool:
            asked = sum(pool.map(lambda merchant: a_night_of(client, merchant), merchants))
        assert len(server.requests) == asked > 1_000
        assert server.errors == []
    assert time.monotonic() - started < 30  # a few seconds on two cores; slack for a busy machine


def test_stopping_leaves_neither_threads_nor_a_port_even_with_clients_connected(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = set(threading.enumerate())
    with httpx.Client(trust_env=False, timeout=10) as client, ThreadPoolExecutor(8) as pool:
        server = SampleServer(MERCHANTS.values())
        with server:
            list(pool.map(lambda _: client.get(f"{server.url}/nowhere"), range(16)))
            port = int(server.url.rpartition(":")[2])
            silent = socket.create_connection(("127.0.0.1", port))
        server.stop()
        silent.close()
        assert {thread for thread in set(threading.enumerate()) - before if "ThreadPool" not in thread.name} == set()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    assert capfd.readouterr() == ("", "")


def test_two_servers_run_side_by_side() -> None:
    with SampleServer(fleet(2, seed=1)) as one, SampleServer(fleet(2, seed=1)) as other:
        assert one.url != other.url
        assert httpx.get(f"{other.url}/nowhere", trust_env=False).status_code == 404
        assert (one.requests, len(other.requests)) == ([], 1)


def test_every_storefront_check_is_covered_by_what_a_broken_storefront_declares() -> None:
    assert set(MERCHANTS["kintsugi"].expected) == set(CHANNEL_CHECKS)
    assert len(CHANNEL_CHECKS) == 12
