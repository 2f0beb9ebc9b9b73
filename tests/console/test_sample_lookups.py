"""The sample server's other two doors: public counts for the app's own token, account types for a business app's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from console.local_audit import access_of
from console.local_grants import LocalGrants
from console.merchants_file import parse_merchants
from console.sample.account import account_of
from console.sample.fleet import SampleMerchant, fleet
from console.sample.grants import CLIENT_KEY, CLIENT_SECRET
from console.sample.lookups import BUSINESS_APP_ID, BUSINESS_APP_SECRET, BUSINESS_REFRESH, business_pair_of
from console.sample.server import SampleServer
from console.sample.toml import merchants_toml
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import BASIC, PROFILE
from functions.audit.profile import default_profile
from functions.audit.snapshot import AccountStats, Snapshot
from functions.fetcher.fetch import Fetcher
from functions.fetcher.http import Http

FLEET = {merchant.id: merchant for merchant in fleet(seed=21)}
COUNTS = "follower_count,following_count,likes_count,video_count"
NIGHT = date(2026, 11, 21)
HOSTS = HostPolicy(loopback_http=True)
APP = {"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET}


def with_business(merchant: SampleMerchant, *, business: bool) -> SampleMerchant:
    # Without the scope for counts of its own, so that the public ones step in.
    return replace(merchant, conduct=replace(merchant.conduct, scopes=(BASIC, PROFILE), business_account=business))


LARKSPUR = with_business(FLEET["larkspur"], business=True)
POHUTUKAWA = with_business(FLEET["pohutukawa"], business=False)


@pytest.fixture
def server() -> Iterator[SampleServer]:
    with SampleServer([LARKSPUR, POHUTUKAWA, FLEET["brasa"]]) as running:
        yield running
    assert running.errors == []


@pytest.fixture
def client(server: SampleServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=10) as opened:
        yield opened


def client_token(client: httpx.Client, **changed: str) -> dict[str, Any]:
    body: dict[str, Any] = client.post(
        "/v2/oauth/token/", data=APP | {"grant_type": "client_credentials"} | changed
    ).json()
    return body


def research(client: httpx.Client, token: str, username: object, fields: str = COUNTS) -> httpx.Response:
    return client.post(
        "/v2/research/user/info/",
        params={"fields": fields},
        json={"username": username},
        headers={"Authorization": f"Bearer {token}"},
    )


def business(client: httpx.Client, token: str, business_id: str, fields: str = '["is_business_account"]') -> Any:
    return client.get(
        "/open_api/v1.3/business/get/",
        params={"business_id": business_id, "fields": fields},
        headers={"Access-Token": token},
    ).json()


def renewed(client: httpx.Client, refresh_token: str, **changed: str) -> Any:
    form = {
        "client_id": BUSINESS_APP_ID,
        "client_secret": BUSINESS_APP_SECRET,
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
    }
    return client.post("/open_api/v1.3/tt_user/oauth2/refresh_token/", json=form | changed).json()


def test_the_apps_own_token_shows_what_everybody_can_see(client: httpx.Client) -> None:
    given = client_token(client)
    answer = research(client, given["access_token"], account_of(LARKSPUR)["username"])

    assert set(given) == {"access_token", "expires_in", "token_type"}
    assert (answer.status_code, answer.json()["error"]["code"]) == (200, "ok")
    assert answer.json()["data"] == {name: account_of(LARKSPUR)[name] for name in COUNTS.split(",")}


@pytest.mark.parametrize(
    ("token", "username", "fields", "code"),
    [
        ("clt.made-up", "larkspur", COUNTS, "access_token_invalid"),
        (None, "nobody", COUNTS, "invalid_params"),
        (None, "larkspur", "", "invalid_params"),
        (None, "larkspur", "open_id", "invalid_params"),
        (None, ["larkspur"], COUNTS, "invalid_params"),
    ],
)
def test_public_counts_need_a_token_a_name_and_public_fields(
    client: httpx.Client, token: str | None, username: object, fields: str, code: str
) -> None:
    answer = research(client, token or client_token(client)["access_token"], username, fields)

    assert answer.json()["error"]["code"] == code


def test_a_client_token_is_for_the_app_alone(client: httpx.Client) -> None:
    assert client_token(client, client_secret="wrong")["error"] == "invalid_client"
    assert client.get("/v2/research/user/info/").status_code == 404


@pytest.mark.parametrize("merchant", [LARKSPUR, POHUTUKAWA])
def test_the_business_api_says_what_the_account_is(client: httpx.Client, merchant: SampleMerchant) -> None:
    answer = business(client, business_pair_of(merchant, 0).access_token, merchant.open_id)

    assert (answer["code"], answer["message"]) == (0, "OK")
    assert answer["data"] == {"is_business_account": merchant.conduct.business_account}


@pytest.mark.parametrize(
    ("token", "business_id", "fields", "code"),
    [
        ("act.made-up", LARKSPUR.open_id, '["is_business_account"]', 40105),
        (business_pair_of(FLEET["brasa"], 0).access_token, "open-brasa", '["is_business_account"]', 40105),
        (None, POHUTUKAWA.open_id, '["is_business_account"]', 40001),
        (None, LARKSPUR.open_id, "is_business_account", 40002),
        (None, LARKSPUR.open_id, '["audience_ages"]', 40002),
        (None, LARKSPUR.open_id, "[]", 40002),
        (None, LARKSPUR.open_id, "{}", 40002),
    ],
)
def test_the_business_api_refuses_with_a_code_and_status_200(
    client: httpx.Client, token: str | None, business_id: str, fields: str, code: int
) -> None:
    assert business(client, token or business_pair_of(LARKSPUR, 0).access_token, business_id, fields)["code"] == code


def test_a_business_token_is_renewed_and_the_old_pair_dies(client: httpx.Client) -> None:
    old = business_pair_of(LARKSPUR, 0)
    new = renewed(client, old.refresh_token)["data"]

    assert (new["access_token"], new["refresh_token"]) != (old.access_token, old.refresh_token)
    assert business(client, old.access_token, LARKSPUR.open_id)["code"] == 40105
    assert business(client, new["access_token"], LARKSPUR.open_id)["code"] == 0
    assert renewed(client, old.refresh_token)["code"] == 40105


def test_a_business_token_is_renewed_by_its_app_alone(client: httpx.Client) -> None:
    old = business_pair_of(LARKSPUR, 0).refresh_token

    assert renewed(client, old, client_secret=CLIENT_SECRET)["code"] == 40002
    assert renewed(client, old)["code"] == 0


def test_with_a_place_to_keep_it_the_business_token_is_renewed_every_night(
    server: SampleServer, tmp_path: Path
) -> None:
    entries = parse_merchants(
        merchants_toml([LARKSPUR], server.url), source="sample", environment={}, hosts=HOSTS, profile=default_profile()
    )
    environment = {
        "NIGHTJAR_TIKTOK_CLIENT_KEY": CLIENT_KEY,
        "NIGHTJAR_TIKTOK_CLIENT_SECRET": CLIENT_SECRET,
        "NIGHTJAR_TIKTOK_BUSINESS_APP_ID": BUSINESS_APP_ID,
        "NIGHTJAR_TIKTOK_BUSINESS_APP_SECRET": BUSINESS_APP_SECRET,
    }
    access = access_of(environment, keeps_tokens=True)

    async def night(now: datetime) -> str:
        # As another run of the command: all that it knows is in the file.
        grants = LocalGrants(
            [grant for of in entries for grant in of.grants], store=tmp_path / "tokens.json", on_unkept=pytest.fail
        )
        async with Http(HOSTS) as http:
            fetcher = Fetcher(http, grants, access.app_keys, HOSTS, 20, business_keys=access.business_keys)
            periods = default_profile().periods_of(NIGHT)
            return (await fetcher.fetch(entries[0].merchant, NIGHT, periods, now=now)).account_type_from

    now = datetime.now(UTC)
    # Within its day the token is used again; on the next one the pair that was kept brings another.
    nights = [asyncio.run(night(now + timedelta(hours=hours))) for hours in (0, 1, 24)]

    assert nights == ["business_api"] * 3
    assert server.count(BUSINESS_REFRESH) == 2


def test_an_audit_of_the_sample_learns_both(server: SampleServer) -> None:
    entries = parse_merchants(
        merchants_toml([LARKSPUR, POHUTUKAWA], server.url),
        source="sample",
        environment={},
        hosts=HOSTS,
        profile=default_profile(),
    )
    grants = LocalGrants([grant for of in entries for grant in of.grants], store=None, on_unkept=lambda _: None)
    environment = {"NIGHTJAR_TIKTOK_CLIENT_KEY": CLIENT_KEY, "NIGHTJAR_TIKTOK_CLIENT_SECRET": CLIENT_SECRET}
    access = access_of(environment | {"NIGHTJAR_TIKTOK_RESEARCH": "1"}, keeps_tokens=False)

    async def run() -> list[Snapshot]:
        async with Http(HOSTS) as http:
            fetcher = Fetcher(http, grants, access.app_keys, HOSTS, 20, research=access.research)
            periods = default_profile().periods_of(NIGHT)
            return [await fetcher.fetch(of.merchant, NIGHT, periods, now=datetime.now(UTC)) for of in entries]

    larkspur, pohutukawa = asyncio.run(run())

    assert (larkspur.account_type.value, larkspur.account_type_from) == ("business", "business_api")
    # Its merchant says that it is a creator's account, which "no business account" does not contradict.
    assert (pohutukawa.account_type.value, pohutukawa.account_type_from) == ("creator", "merchant")
    assert isinstance(larkspur.public_stats, AccountStats)
    assert larkspur.public_stats.followers == account_of(LARKSPUR)["follower_count"]
