"""Public counts step in where the account's own could not be seen, as far as TikTok lets us; nothing rests on it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.absence import Absent, Reason
from functions.audit.judge import judge
from functions.audit.kpi import kpis_of
from functions.audit.merchant import Merchant
from functions.audit.outcome import Outcome
from functions.audit.profile import default_profile
from functions.audit.snapshot import AccountStats, Snapshot
from functions.fetcher.fetch import Fetcher
from functions.fetcher.sources.research import Research
from tests.builders import NIGHT
from tests.fetcher.waiting import NOW, client
from tests.fetcher.world import ALL, HOSTS, KEYS, PERIODS, Memory, World, failed, grant, html, merchant, ok, said

PROFILE = default_profile()
COUNTS = {"follower_count": 18250, "following_count": 312, "likes_count": 240118, "video_count": 143}
PUBLIC = {"display_name": "Larkspur Candles", "is_verified": False, **COUNTS}
SEEN = AccountStats(followers=18250, following=312, likes=240118, videos=143)
CLIENT_TOKEN = {"access_token": "clt.one", "expires_in": 7200, "token_type": "Bearer"}
# Without the scope for counts of its own, and with one that tells the username.
NO_STATS = grant(scopes=ALL[:2])


def named(**changed: Any) -> Merchant:
    return merchant(tiktok={"open_id": "723f24d7", "account_type": "business", "username": "@larkspur"} | changed)


def nights(
    *nows: datetime,
    research: Research | None = None,
    grants: Memory | None = None,
    shop: Merchant | None = None,
) -> list[Snapshot]:
    """Return what fetches one after the other see, all in the same container."""

    async def run() -> list[Snapshot]:
        async with client() as http:
            at_work = Research(KEYS) if research is None else research
            fetcher = Fetcher(http, grants or Memory(NO_STATS), None, HOSTS, 45, research=at_work)
            return [await fetcher.fetch(shop or merchant(), NIGHT, PERIODS, now=now) for now in nows or (NOW,)]

    return asyncio.run(run())


def public(world: World, **more: Any) -> AccountStats | Absent | None:
    world.answers.setdefault("client_token", said(200, CLIENT_TOKEN))
    return nights(**more)[0].public_stats


def why(found: object) -> tuple[Reason, str]:
    assert isinstance(found, Absent)
    (cause,) = found.causes
    return cause.reason, cause.detail


def outcomes(snapshot: Snapshot) -> Sequence[Outcome]:
    return judge(snapshot, PROFILE, PROFILE.rules_for(None, snapshot.night))


@pytest.fixture
def world(world: World) -> World:
    world.answers |= {"client_token": said(200, CLIENT_TOKEN), "research": ok(PUBLIC)}
    return world


# --- when it is asked


def test_counts_that_could_not_be_seen_are_looked_up_by_the_username_of_the_same_night(world: World) -> None:
    (snapshot,) = nights()

    assert snapshot.public_stats == SEEN
    assert isinstance(snapshot.stats, Absent)
    assert outcomes(snapshot) == healthy()
    (request,) = world.to("research")
    assert (request.method, str(request.url.copy_with(query=None))) == (
        "POST",
        "https://open.tiktokapis.com/v2/research/user/info/",
    )
    assert request.url.params["fields"] == "follower_count,following_count,likes_count,video_count"
    assert json.loads(request.content) == {"username": "larkspurcandles"}
    assert request.headers["authorization"] == "Bearer clt.one"
    followers = kpis_of(snapshot)[0]
    assert followers.value == 18250
    assert followers.source == "tiktok_research"


def test_the_client_token_is_asked_for_with_the_apps_keys_alone(world: World) -> None:
    nights()

    (request,) = world.to("client_token")
    assert str(request.url) == "https://open.tiktokapis.com/v2/oauth/token/"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(request.content.decode()) == {
        "client_key": ["app-key"],
        "client_secret": ["app-secret"],
        "grant_type": ["client_credentials"],
    }


def test_counts_of_the_accounts_own_are_not_looked_up_again(world: World) -> None:
    (snapshot,) = nights(grants=Memory(grant()))

    assert snapshot.public_stats is None
    assert world.to("research") == world.to("client_token") == []


def test_where_it_is_switched_off_nobody_asks(world: World) -> None:
    async def run() -> Snapshot:
        async with client() as http:
            return await Fetcher(http, Memory(NO_STATS), KEYS, HOSTS, 45).fetch(merchant(), NIGHT, PERIODS, now=NOW)

    assert asyncio.run(run()).public_stats is None
    assert world.to("research") == world.to("client_token") == []


def test_a_merchant_without_tiktok_is_not_looked_up(world: World) -> None:
    assert nights(shop=merchant(tiktok=None))[0].public_stats is None
    assert world.to("research") == []


@pytest.mark.parametrize("profile", [failed(500, "internal_error"), ok({"user": {"username": None}})])
def test_the_name_in_the_settings_will_do_where_tiktok_does_not_tell_it(world: World, profile: httpx.Response) -> None:
    world.answers["profile"] = profile

    assert nights(shop=named())[0].public_stats == SEEN
    assert json.loads(world.to("research")[0].content) == {"username": "larkspur"}


def test_tonights_name_comes_before_the_one_in_the_settings(world: World) -> None:
    nights(shop=named())

    assert json.loads(world.to("research")[0].content) == {"username": "larkspurcandles"}


@pytest.mark.usefixtures("world")
def test_an_account_that_was_never_connected_can_be_looked_up_all_the_same() -> None:
    assert nights(shop=named(), grants=Memory())[0].public_stats == SEEN


def test_without_any_name_there_is_nobody_to_look_up(world: World) -> None:
    (snapshot,) = nights(grants=Memory())

    assert why(snapshot.public_stats) == (Reason.NOT_CONNECTED, "no username is known to look the account up by")
    assert world.to("research") == world.to("client_token") == []


@pytest.mark.parametrize("name", ["Larkspur Candles", "a" * 65, "larkspur/../x", "läckerli", "@@larkspur"])
def test_a_name_that_cannot_be_one_is_not_sent(world: World, name: str) -> None:
    world.answers["profile"] = ok({"user": {"username": name}})

    assert why(public(world))[0] is Reason.NOT_CONNECTED
    assert world.to("research") == []


def test_an_address_that_is_not_allowed_gets_neither_keys_nor_token(world: World) -> None:
    (snapshot,) = nights(shop=named(base_url="https://evil.example"))

    assert why(snapshot.public_stats)[0] is Reason.NOT_CONNECTED
    assert world.to("research") == world.to("client_token") == []


# --- what it says


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Reason.NOT_MEASURED),
        (-1, Reason.SOURCE_FAILED),
        ("many", Reason.SOURCE_FAILED),
        (1.5, Reason.SOURCE_FAILED),
    ],
)
def test_each_count_is_read_for_itself(world: World, name: str, value: object, reason: Reason) -> None:
    world.answers["research"] = ok({**PUBLIC, name: value})
    field = {"follower_count": "followers", "following_count": "following", "likes_count": "likes"}.get(name, "videos")

    found = public(world)

    assert isinstance(found, AccountStats)
    assert why(getattr(found, field))[0] is reason
    assert found.model_copy(update={field: getattr(SEEN, field)}) == SEEN


def test_a_count_of_zero_is_a_count(world: World) -> None:
    world.answers["research"] = ok(dict.fromkeys(COUNTS, 0))

    assert public(world) == AccountStats(followers=0, following=0, likes=0, videos=0)


def test_counts_below_a_user_level_are_not_where_they_belong(world: World) -> None:
    world.answers["research"] = ok({"user": PUBLIC})
    (snapshot,) = nights()

    assert isinstance(snapshot.public_stats, AccountStats)
    assert why(snapshot.public_stats.followers) == (Reason.NOT_MEASURED, "research.follower_count is missing")
    followers = kpis_of(snapshot)[0]
    assert (followers.value, followers.source) == (snapshot.stats, "tiktok")


# --- what goes wrong


@pytest.mark.parametrize(
    ("answer", "reason", "detail"),
    [
        (failed(401, "scope_not_authorized"), Reason.SCOPE_MISSING, "answered 401 scope_not_authorized"),
        (failed(400, "invalid_params"), Reason.SOURCE_FAILED, "answered 400 invalid_params"),
        (failed(429, "rate_limit_exceeded"), Reason.RATE_LIMITED, "answered 429 rate_limit_exceeded"),
        (failed(200, "rate_limit_exceeded"), Reason.RATE_LIMITED, "answered 200 rate_limit_exceeded"),
        (failed(500, "internal_error"), Reason.SOURCE_FAILED, "answered 500 internal_error"),
        (failed(401, "access_token_invalid"), Reason.UNAUTHORIZED, "answered 401 access_token_invalid"),
        (said(200, {"error": {"code": "ok"}}), Reason.SOURCE_FAILED, "answered ok without data"),
        (html(404), Reason.SOURCE_FAILED, "answered something that is not JSON (HTTP 404)"),
        (html(429), Reason.RATE_LIMITED, "answered something that is not JSON (HTTP 429)"),
        (httpx.ConnectError("no"), Reason.SOURCE_FAILED, "could not be reached"),
        (httpx.ReadTimeout("slow"), Reason.SOURCE_FAILED, "did not answer in time"),
    ],
)
def test_a_failure_is_told_for_what_it_is(world: World, answer: Any, reason: Reason, detail: str) -> None:
    world.answers["research"] = answer

    found = why(public(world))

    assert found[0] is reason
    assert found[1].removeprefix("the Research API ").removesuffix(" (log id 20261121EXAMPLE)") == detail


@pytest.mark.parametrize(
    ("answer", "said_so"),
    [
        (said(401, {"error": "invalid_client", "error_description": "app-secret"}), "invalid_client (HTTP 401)"),
        (said(200, {"error": "invalid_client"}), "invalid_client (HTTP 200)"),
        (said(400, {"error": "NOT A CODE app-secret"}), "an answer without a token (HTTP 400)"),
        (said(200, {"token_type": "Bearer"}), "an answer without a token (HTTP 200)"),
        (said(200, {"access_token": ""}), "an answer without a token (HTTP 200)"),
        (said(200, {"access_token": "clt.\n"}), "an answer without a token (HTTP 200)"),
        (html(502), "answered something that is not JSON (HTTP 502)"),
        (httpx.ConnectError("no"), "could not be reached"),
    ],
)
def test_without_a_client_token_nobody_is_looked_up(world: World, answer: Any, said_so: str) -> None:
    world.answers["client_token"] = answer

    assert why(public(world)) == (Reason.SOURCE_FAILED, f"the Research API gave no client token: {said_so}")
    assert world.to("research") == []


def test_random_failures_of_the_research_api_are_asked_again(world: World) -> None:
    world.answers["research"] = [failed(500, "internal_error"), ok(PUBLIC)]

    assert public(world) == SEEN


# --- tokens and quota


def test_a_client_token_serves_until_it_ends(world: World) -> None:
    later = (NOW, NOW + timedelta(minutes=114), NOW + timedelta(minutes=115), NOW + timedelta(minutes=120))
    nights(*later)

    # It lives two hours; in its last five minutes nothing is begun with it.
    assert [name for name in world.names() if "research" in name or "client" in name] == [
        "POST client_token",
        "POST research",
        "POST research",
        "POST client_token",
        "POST research",
        "POST research",
    ]


def test_a_client_token_of_unknown_life_is_not_kept(world: World) -> None:
    world.answers["client_token"] = said(200, {"access_token": "clt.one"})
    nights(NOW, NOW)

    assert len(world.to("client_token")) == 2


def test_a_client_token_that_ended_before_its_time_is_replaced_once(world: World) -> None:
    world.answers["client_token"] = [said(200, CLIENT_TOKEN), said(200, CLIENT_TOKEN | {"access_token": "clt.two"})]
    world.answers["research"] = [failed(401, "access_token_invalid"), ok(PUBLIC)]

    assert nights()[0].public_stats == SEEN
    assert [request.headers["authorization"] for request in world.to("research")] == [
        "Bearer clt.one",
        "Bearer clt.two",
    ]


def test_a_client_token_that_is_never_taken_ends_after_the_second(world: World) -> None:
    world.answers["research"] = failed(401, "access_token_invalid")

    assert why(nights()[0].public_stats)[0] is Reason.UNAUTHORIZED
    assert len(world.to("client_token")) == len(world.to("research")) == 2


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("research", failed(429, "rate_limit_exceeded")),
        ("research", html(429)),
        ("research", failed(401, "scope_not_authorized")),
        ("client_token", said(401, {"error": "invalid_client"})),
    ],
)
def test_what_will_be_answered_all_day_is_asked_once_a_day(world: World, name: str, answer: httpx.Response) -> None:
    world.answers[name] = answer
    midnight = datetime(2026, 11, 22, tzinfo=UTC)

    found = [seen.public_stats for seen in nights(NOW, NOW + timedelta(hours=1), midnight - timedelta(seconds=1))]

    assert isinstance(found[0], Absent)
    assert found[0] == found[1] == found[2]
    assert len(world.to(name)) == 1


def test_the_next_day_it_is_asked_again(world: World) -> None:
    world.answers["research"] = [failed(429, "rate_limit_exceeded"), ok(PUBLIC)]

    found = [seen.public_stats for seen in nights(NOW, datetime(2026, 11, 22, tzinfo=UTC))]

    assert why(found[0])[0] is Reason.RATE_LIMITED
    assert found[1] == SEEN


def test_an_outage_closes_nothing(world: World) -> None:
    world.answers["research"] = [*[failed(500, "internal_error")] * 3, ok(PUBLIC)]

    assert [isinstance(seen.public_stats, Absent) for seen in nights(NOW, NOW)] == [True, False]


def test_merchants_at_the_same_time_share_one_client_token(world: World) -> None:
    async def run() -> list[Snapshot]:
        async with client() as http:
            fetcher = Fetcher(http, Memory(NO_STATS), None, HOSTS, 45, research=Research(KEYS))
            return await asyncio.gather(*(fetcher.fetch(merchant(), NIGHT, PERIODS, now=NOW) for _ in range(8)))

    assert [seen.public_stats for seen in asyncio.run(run())] == [SEEN] * 8
    assert len(world.to("client_token")) == 1


def test_printing_it_shows_no_secret() -> None:
    research = Research(KEYS)
    with respx.mock as router:
        router.route().mock(side_effect=World({"client_token": said(200, CLIENT_TOKEN), "research": ok(PUBLIC)}))
        nights(research=research)

    assert "clt.one" not in f"{research!r} {research}"
    assert "app-secret" not in f"{research!r} {research}"


# --- no failure is anybody's

anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
shaped = st.builds(
    lambda code, counts: {"data": counts, "error": {"code": code, "message": "", "log_id": "L"}},
    st.sampled_from(["ok", "scope_not_authorized", "access_token_invalid", "rate_limit_exceeded", "internal_error"]),
    st.one_of(st.dictionaries(st.sampled_from([*COUNTS]), anything), anything),
)
statuses = st.sampled_from([200, 200, 201, 301, 400, 401, 403, 404, 429, 500, 503])


def night(answers: dict[str, httpx.Response]) -> Snapshot:
    with respx.mock(assert_all_called=False) as router:
        router.route().mock(side_effect=World(answers={**answers}))
        return nights()[0]


@cache
def healthy() -> Sequence[Outcome]:
    """Return what the checks come to where nobody asks the Research API."""

    async def run() -> Snapshot:
        async with client() as http:
            return await Fetcher(http, Memory(NO_STATS), None, HOSTS, 45).fetch(merchant(), NIGHT, PERIODS, now=NOW)

    with respx.mock(assert_all_called=False) as router:
        router.route().mock(side_effect=World())
        return outcomes(asyncio.run(run()))


@settings(max_examples=100, deadline=None)
@given(document=st.one_of(anything, shaped), status=statuses, of=st.sampled_from(["client_token", "research"]))
def test_whatever_it_answers_no_outcome_changes(document: Any, status: int, of: str) -> None:
    answer = httpx.Response(status, content=json.dumps(document).encode())
    snapshot = night({"client_token": said(200, CLIENT_TOKEN), "research": ok(PUBLIC), of: answer})

    assert outcomes(snapshot) == healthy()
    assert snapshot.public_stats is not None
    assert Snapshot.model_validate_json(snapshot.encoded) == snapshot
    assert len(kpis_of(snapshot)) == 16
    assert "clt.one" not in snapshot.encoded.decode()
