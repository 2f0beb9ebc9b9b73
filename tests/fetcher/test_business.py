"""The Business API says whether it is a business account; when it does not, the merchant's word stands."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest
import respx
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from functions.audit.absence import Absent, Reason
from functions.audit.grant import Grant, State
from functions.audit.judge import judge
from functions.audit.merchant import AccountType
from functions.audit.outcome import Outcome
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.fetcher.fetch import Fetcher
from functions.fetcher.sources.oauth import AppKeys
from tests.builders import NIGHT
from tests.fetcher.waiting import NOW, client
from tests.fetcher.world import HOSTS, PERIODS, Memory, World, fetched, grant, html, merchant, said

PROFILE = default_profile()
OK: dict[str, Any] = {
    "code": 0,
    "message": "OK",
    "request_id": "2026112102150301EXAMPLE",
    "data": {"is_business_account": True, "username": "larkspurcandles", "followers_count": 18250},
}


class Shelf(Memory):
    """A store with a token for the Business API beside TikTok's."""

    def __init__(self, business: Grant) -> None:
        super().__init__(grant())
        self.beside = Memory(business)

    def get(self, merchant_id: str, provider: str = "tiktok") -> Grant | None:
        return self.beside.get(merchant_id) if provider == "tiktok_business" else super().get(merchant_id, provider)

    def lease(self, grant: Grant, *, owner: str, now: datetime, until: datetime) -> Grant | None:
        assert grant.provider == "tiktok_business"
        return self.beside.lease(grant, owner=owner, now=now, until=until)

    def replace(self, old: Grant, new: Grant, *, owner: str | None = None) -> Grant:
        assert old.provider == new.provider == "tiktok_business"
        return self.beside.replace(old, new, owner=owner)

    def note(self, grant: Grant, state: State, reason: str | None, *, at: datetime) -> bool:
        assert grant.provider == "tiktok_business"
        return self.beside.note(grant, state, reason, at=at)

    def release(self, grant: Grant, *, owner: str) -> None:
        assert grant.provider == "tiktok_business"
        self.beside.release(grant, owner=owner)

    @property
    def row(self) -> Grant:
        return self.beside.rows["larkspur"]


def shelf(**changed: Any) -> Shelf:
    plain = {"merchant_id": "larkspur", "provider": "tiktok_business", "access_token": "act.business", "version": 1}
    return Shelf(Grant.model_validate(plain | changed))


def seen(
    stated: str = "unknown", *, grants: Memory | None = None, keys: AppKeys | None = None, **tiktok: Any
) -> Snapshot:
    shop = merchant(tiktok={"open_id": "723f24d7", "account_type": stated, **tiktok})

    async def run() -> Snapshot:
        async with client() as http:
            fetcher = Fetcher(http, grants or shelf(), None, HOSTS, 45, business_keys=keys)
            return await fetcher.fetch(shop, NIGHT, PERIODS, now=NOW)

    return asyncio.run(run())


def kind(snapshot: Snapshot) -> tuple[str, str]:
    return snapshot.account_type.value, snapshot.account_type_from


def unseen(snapshot: Snapshot) -> tuple[Reason, str]:
    assert isinstance(snapshot.account_type_unseen, Absent)
    (cause,) = snapshot.account_type_unseen.causes
    return cause.reason, cause.detail


def outcomes(snapshot: Snapshot) -> list[Outcome]:
    return list(judge(snapshot, PROFILE, PROFILE.rules_for(None, snapshot.night)))


def answered(**data: object) -> httpx.Response:
    return said(200, {**OK, "data": data})


# --- asking


def test_one_field_is_asked_for_with_the_tokens_own_header(world: World) -> None:
    world.answers["business"] = said(200, OK)

    snapshot = seen()

    (request,) = world.to("business")
    assert request.method == "GET"
    assert (request.url.scheme, request.url.host) == ("https", "business-api.tiktok.com")
    assert dict(request.url.params) == {"business_id": "723f24d7", "fields": '["is_business_account"]'}
    assert request.headers["access-token"] == "act.business"
    assert "authorization" not in request.headers
    assert kind(snapshot) == ("business", "business_api")
    assert snapshot.account_type_unseen is None


def test_the_merchants_tiktok_token_never_goes_to_the_business_api(world: World) -> None:
    seen()

    assert "act.file" not in str(world.to("business")[0].headers.raw)
    assert all(
        "access-token" not in request.headers for request in world.requests if request not in world.to("business")
    )


def test_the_business_apps_own_name_for_the_account_is_used_where_it_is_known(world: World) -> None:
    seen(grants=shelf(open_id="business-open-id"))

    assert world.to("business")[0].url.params["business_id"] == "business-open-id"


def test_without_a_token_for_it_the_business_api_is_not_asked(world: World) -> None:
    snapshot = seen("creator", grants=Memory(grant()))

    assert world.to("business") == []
    assert kind(snapshot) == ("creator", "merchant")
    assert snapshot.account_type_unseen is None


def test_a_merchant_without_tiktok_has_no_type(world: World) -> None:
    snapshot = fetched(shop=merchant(tiktok=None), grants=shelf())

    assert world.to("business") == []
    assert kind(snapshot) == ("unknown", "merchant")


def test_a_token_that_is_gone_is_told(world: World) -> None:
    snapshot = seen("business", grants=shelf(access_token=None))

    assert world.to("business") == []
    assert unseen(snapshot) == (Reason.NOT_CONNECTED, "there is no living token for the Business API")


def test_an_address_that_is_not_the_business_apis_is_not_asked(world: World) -> None:
    snapshot = seen("business", business_base_url="https://shop.example")

    assert world.to("business") == []
    assert kind(snapshot) == ("business", "merchant")
    assert unseen(snapshot)[0] is Reason.NOT_CONNECTED


# --- what it says


@pytest.mark.parametrize("stated", ["business", "creator", "personal", "unknown"])
def test_a_business_account_is_one_whatever_the_merchant_said(world: World, stated: str) -> None:
    world.answers["business"] = answered(is_business_account=True)

    assert kind(seen(stated)) == ("business", "business_api")


@pytest.mark.parametrize("stated", ["business", "personal", "unknown"])
def test_an_account_that_is_no_business_account_is_personal(world: World, stated: str) -> None:
    world.answers["business"] = answered(is_business_account=False)

    assert kind(seen(stated)) == ("personal", "business_api")


def test_a_creator_is_no_business_account_either_and_stays_a_creator(world: World) -> None:
    world.answers["business"] = answered(is_business_account=False)

    assert kind(seen("creator")) == ("creator", "merchant")


@pytest.mark.parametrize("value", [None, "true", "yes", 1, 0, [], {}, "business"])
def test_anything_else_leaves_the_merchants_word(world: World, value: object) -> None:
    world.answers["business"] = answered(is_business_account=value)

    snapshot = seen("creator")

    assert kind(snapshot) == ("creator", "merchant")
    assert unseen(snapshot) == (Reason.NOT_MEASURED, "the Business API did not tell is_business_account")


def test_a_field_left_out_leaves_the_merchants_word(world: World) -> None:
    world.answers["business"] = answered(username="larkspurcandles")

    assert kind(seen("business")) == ("business", "merchant")


@pytest.mark.parametrize("code", [0, "0", 0.0])
def test_success_is_code_zero_however_it_is_written(world: World, code: object) -> None:
    world.answers["business"] = said(200, {**OK, "code": code})

    assert kind(seen()) == ("business", "business_api")


@pytest.mark.parametrize("status", [200, 201, 206])
def test_any_success_of_http_will_do(world: World, status: int) -> None:
    world.answers["business"] = said(status, OK)

    assert kind(seen()) == ("business", "business_api")


# --- what goes wrong


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (200, 40001, Reason.SCOPE_MISSING),
        (200, 40002, Reason.SOURCE_FAILED),
        (200, 40100, Reason.RATE_LIMITED),
        (200, 40105, Reason.UNAUTHORIZED),
        (200, 50000, Reason.SOURCE_FAILED),
        (200, 99999, Reason.SOURCE_FAILED),
        (401, 40105, Reason.UNAUTHORIZED),
        (403, 40001, Reason.SCOPE_MISSING),
        (429, 40100, Reason.RATE_LIMITED),
        (429, 1, Reason.RATE_LIMITED),
        (401, 1, Reason.UNAUTHORIZED),
        (500, 0, Reason.SOURCE_FAILED),
        (200, "40105", Reason.UNAUTHORIZED),
    ],
)
def test_a_failure_is_told_by_its_code(world: World, status: int, code: object, reason: Reason) -> None:
    world.answers["business"] = said(status, {**OK, "code": code, "message": "act.business is wrong"})

    snapshot = seen("business")

    assert kind(snapshot) == ("business", "merchant")
    assert unseen(snapshot) == (
        reason,
        f"the Business API answered code {code} (HTTP {status}), request_id 2026112102150301EXAMPLE",
    )


@pytest.mark.parametrize(
    ("answer", "reason", "detail"),
    [
        (said(200, {"code": 0, "data": None}), Reason.SOURCE_FAILED, "the Business API answered ok without data"),
        (said(200, {"code": 0, "data": []}), Reason.SOURCE_FAILED, "the Business API answered ok without data"),
        (said(200, {"message": "OK"}), Reason.SOURCE_FAILED, "the Business API answered without a code (HTTP 200)"),
        (said(200, {"code": True}), Reason.SOURCE_FAILED, "the Business API answered without a code (HTTP 200)"),
        (said(200, {"code": "ok"}), Reason.SOURCE_FAILED, "the Business API answered without a code (HTTP 200)"),
        (said(200, {"code": -1}), Reason.SOURCE_FAILED, "the Business API answered without a code (HTTP 200)"),
        (said(200, {"code": 0.5}), Reason.SOURCE_FAILED, "the Business API answered without a code (HTTP 200)"),
        (said(401, {}), Reason.UNAUTHORIZED, "the Business API answered without a code (HTTP 401)"),
        (html(404), Reason.SOURCE_FAILED, "the Business API answered something that is not JSON (HTTP 404)"),
        (html(403), Reason.UNAUTHORIZED, "the Business API answered something that is not JSON (HTTP 403)"),
        (httpx.ConnectError("no"), Reason.SOURCE_FAILED, "the Business API could not be reached"),
        (httpx.ReadTimeout("slow"), Reason.SOURCE_FAILED, "the Business API did not answer in time"),
    ],
)
def test_what_is_no_answer_is_told_too(world: World, answer: Any, reason: Reason, detail: str) -> None:
    world.answers["business"] = answer

    snapshot = seen("business")

    assert kind(snapshot) == ("business", "merchant")
    assert unseen(snapshot) == (reason, detail)


def test_a_request_id_that_looks_like_none_is_not_repeated(world: World) -> None:
    world.answers["business"] = said(200, {"code": 40105, "request_id": "act.business\n"})

    assert unseen(seen())[1] == "the Business API answered code 40105 (HTTP 200)"


def test_a_passing_failure_is_asked_again(world: World) -> None:
    world.answers["business"] = [said(503, {}), said(200, OK)]

    assert kind(seen()) == ("business", "business_api")


def test_a_store_that_fails_for_this_token_alone_fails_nothing_else(world: World, caplog: Any) -> None:
    class Down(Shelf):
        def get(self, merchant_id: str, provider: str = "tiktok") -> Grant | None:
            if provider == "tiktok_business":
                raise ConnectionError(merchant_id)
            return super().get(merchant_id, provider)

    snapshot = seen("business", grants=Down(shelf().row))

    assert kind(snapshot) == ("business", "merchant")
    assert "ConnectionError" in unseen(snapshot)[1]
    assert len(caplog.records) == 1
    assert not isinstance(snapshot.basic, Absent)
    assert len(world.to("sessions")) == 1


# --- its token lives one day

BUSINESS_KEYS = AppKeys("7301234567890123456", SecretStr("business-secret"))
PAIR: dict[str, Any] = {
    "access_token": "act.business2",
    "expires_in": 86400,
    "open_id": "business-open-id",
    "refresh_token": "rft.business2",
    "refresh_token_expires_in": 31536000,
    "scope": "user.info.basic,user.account.type",
    "token_type": "Bearer",
}
RENEWED = {"code": 0, "message": "OK", "request_id": "R1", "data": PAIR}


def ended(**changed: Any) -> Shelf:
    return shelf(**{"refresh_token": "rft.business", "expires_at": "2026-11-20T02:15:00Z", **changed})


def test_a_token_that_ended_is_renewed_and_the_new_one_stored_before_it_is_used(world: World) -> None:
    world.answers |= {"business_token": said(200, RENEWED), "business": said(200, OK)}
    grants = ended()

    snapshot = seen(grants=grants, keys=BUSINESS_KEYS)

    assert kind(snapshot) == ("business", "business_api")
    (asked,) = world.to("business_token")
    assert (asked.method, asked.url.host) == ("POST", "business-api.tiktok.com")
    assert json.loads(asked.content) == {
        "client_id": "7301234567890123456",
        "client_secret": "business-secret",
        "grant_type": "refresh_token",
        "refresh_token": "rft.business",
    }
    (used,) = world.to("business")
    assert used.headers["access-token"] == "act.business2"
    assert used.url.params["business_id"] == "business-open-id"
    row = grants.row
    assert (row.version, row.state, row.lease_owner, row.refresh_sent_at) == (2, State.CONNECTED, None, None)
    assert row.refresh_token == SecretStr("rft.business2")
    assert row.expires_at == NOW + timedelta(days=1)
    assert row.refresh_expires_at == NOW + timedelta(days=365)
    assert row.scopes == ("user.account.type", "user.info.basic")


def test_what_a_renewal_leaves_out_stays_as_it_was(world: World) -> None:
    world.answers |= {"business_token": said(200, {"code": 0, "data": {"access_token": "act.business2"}})}
    grants = ended(scopes=("user.account.type",), refresh_expires_at="2027-11-20T02:15:00Z")

    seen(grants=grants, keys=BUSINESS_KEYS)

    row = grants.row
    assert (row.access_token, row.refresh_token) == (SecretStr("act.business2"), SecretStr("rft.business"))
    assert (row.scopes, row.expires_at) == (("user.account.type",), None)
    assert row.refresh_expires_at == datetime(2027, 11, 20, 2, 15, tzinfo=UTC)


def test_a_token_that_still_lives_is_used_as_it_is(world: World) -> None:
    world.answers["business"] = said(200, OK)

    snapshot = seen(grants=ended(expires_at="2026-11-21T12:00:00Z"), keys=BUSINESS_KEYS)

    assert world.to("business_token") == []
    assert world.to("business")[0].headers["access-token"] == "act.business"
    assert kind(snapshot)[1] == "business_api"


@pytest.mark.parametrize(
    ("grants", "keys"), [(ended(), None), (shelf(expires_at="2026-11-20T02:15:00Z"), BUSINESS_KEYS)]
)
def test_what_cannot_be_renewed_is_used_as_it_is(world: World, grants: Shelf, keys: AppKeys | None) -> None:
    world.answers["business"] = said(200, {"code": 40105, "message": "expired"})

    snapshot = seen("business", grants=grants, keys=keys)

    assert world.to("business_token") == []
    assert kind(snapshot) == ("business", "merchant")
    assert unseen(snapshot)[0] is Reason.UNAUTHORIZED


def test_a_dead_refresh_token_is_noted_and_is_no_finding(world: World) -> None:
    world.answers["business_token"] = said(200, {"code": 40105, "message": "rft.business is dead"})
    grants = ended()

    snapshot = seen("creator", grants=grants, keys=BUSINESS_KEYS)

    assert kind(snapshot) == ("creator", "merchant")
    assert grants.row.state is State.RECONNECT_NEEDED
    assert world.to("business") == []
    assert outcomes(snapshot) == [
        of._replace(evidence=mine.evidence)
        for of, mine in zip(outcomes(never_asked(AccountType.CREATOR)), outcomes(snapshot), strict=True)
    ]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (said(200, {"code": 40002, "message": "business-secret is wrong"}), State.CONNECTED),
        (said(200, {"code": 40001}), State.CONNECTED),
        (said(500, {"code": 50000}), State.CONNECTED),
        (httpx.ConnectError("no"), State.CONNECTED),
        (html(502), State.LOST_ROTATION),
        (said(200, {"code": 0, "data": {}}), State.LOST_ROTATION),
        (said(200, {"code": 0}), State.LOST_ROTATION),
        (httpx.ReadTimeout("slow"), State.LOST_ROTATION),
    ],
)
def test_a_renewal_that_fails_leaves_the_merchants_word_and_notes_only_what_may_be_lost(
    world: World, answer: Any, state: State
) -> None:
    world.answers["business_token"] = answer
    grants = ended()

    snapshot = seen("business", grants=grants, keys=BUSINESS_KEYS)

    assert kind(snapshot) == ("business", "merchant")
    assert unseen(snapshot)[1].startswith("the Business API's token refresh ")
    assert world.to("business") == []
    assert grants.row.state is state
    assert grants.row.refresh_token == SecretStr("rft.business")
    encoded = snapshot.encoded.decode()
    assert not any(secret in encoded for secret in ("rft.business", "act.business", "business-secret"))


def test_too_many_renewals_are_asked_again_because_nothing_was_used_up(world: World) -> None:
    world.answers["business_token"] = [said(200, {"code": 40100}), said(429, {}), said(200, RENEWED)]
    world.answers["business"] = said(200, OK)
    grants = ended()

    assert kind(seen(grants=grants, keys=BUSINESS_KEYS)) == ("business", "business_api")
    assert grants.row.version == 2


def test_a_renewal_is_not_repeated_where_the_deadline_could_cut_it_off(world: World) -> None:
    # 15 s, less 5 to store and the 8 of a whole attempt: 2 s from now is the last moment.
    limited = httpx.Response(429, headers={"Retry-After": "3"}, json={"code": 40100})
    world.answers["business_token"] = [limited, said(200, RENEWED)]
    grants = ended()

    seen(grants=grants, keys=BUSINESS_KEYS)

    assert len(world.to("business_token")) == 1
    assert grants.row.state is State.CONNECTED


def test_the_apps_secret_is_not_sent_to_another_address(world: World) -> None:
    seen("business", grants=ended(), keys=BUSINESS_KEYS, business_base_url="https://open.tiktokapis.com")

    assert world.to("business_token") == world.to("business") == []


# --- no failure is anybody's

anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)
shaped = st.builds(
    lambda code, field: {"code": code, "data": {"is_business_account": field}, "request_id": "r"},
    st.sampled_from([0, 40001, 40002, 40100, 40105, 50000, None, "0"]),
    st.one_of(st.booleans(), anything),
)
statuses = st.sampled_from([200, 200, 201, 301, 400, 401, 403, 404, 429, 500, 503])


def night(answer: httpx.Response | None, stated: AccountType) -> Snapshot:
    with respx.mock(assert_all_called=False) as router:
        world = World() if answer is None else World(answers={"business": answer})
        router.route().mock(side_effect=world)
        return seen(stated.value, grants=Memory(grant()) if answer is None else shelf())


@cache
def never_asked(stated: AccountType) -> Snapshot:
    return night(None, stated)


@settings(max_examples=100, deadline=None)
@given(document=st.one_of(anything, shaped), status=statuses, stated=st.sampled_from([*AccountType]))
def test_whatever_it_answers_no_outcome_changes_but_by_its_own_word(
    document: Any, status: int, stated: AccountType
) -> None:
    asked = night(httpx.Response(status, content=json.dumps(document).encode()), stated)

    if asked.account_type_from == "merchant":
        assert asked.account_type is stated
        judged, expected = outcomes(asked), outcomes(never_asked(stated))
        assert [of._replace(evidence={}) for of in judged] == [of._replace(evidence={}) for of in expected]
    else:
        assert document["data"]["is_business_account"] is (asked.account_type is AccountType.BUSINESS)
    assert Snapshot.model_validate_json(asked.encoded) == asked
    assert "act.business" not in asked.encoded.decode()
