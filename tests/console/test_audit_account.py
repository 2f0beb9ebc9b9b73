"""`nightjar audit` on the TikTok account: both kinds of 401, scopes, account types, GET and POST, odd users."""

from __future__ import annotations

import json

import pytest

from tests.console.auditing import ACCESS, ANALYTICS, AREAS, CHANNEL, STATS, Desk, Due, Shop, blind, expect
from tests.console.scenarios import PAGES, SESSIONS, STOREFRONT, USER_INFO, Call, Reply, Server, World, failed, html, ok

BEYOND_TOKEN = ("account_access", "stats_scope")


@pytest.mark.parametrize("code", ["access_token_invalid", "access_token_expired"])
@pytest.mark.parametrize("status", [401, 200, 400])
def test_a_token_that_tiktok_rejects_is_critical(desk: Desk, world: World, code: str, status: int) -> None:
    world.answers[USER_INFO] = failed(status, code)

    result = desk.audit(Shop(world))

    expect(result, {"access_token": "critical", **blind(BEYOND_TOKEN, "unauthorized")})
    assert {result.kpi(name)["reason"] for name in STATS} == {"unauthorized"}
    assert result.code == 1


def test_a_token_that_everybody_rejects_blinds_the_rest(desk: Desk, world: World) -> None:
    world.accepted.clear()

    result = desk.audit(Shop(world))

    expect(result, {"access_token": "critical", **blind((*BEYOND_TOKEN, *ANALYTICS), "unauthorized")})
    assert {result.kpi(name)["reason"] for name in (*STATS, *CHANNEL)} == {"unauthorized"}


@pytest.mark.parametrize(("code", "status"), [("scope_not_authorized", 401), ("scope_permission_missed", 400)])
@pytest.mark.parametrize("http", ["200", "own status"])
def test_a_scope_error_proves_the_token_and_names_the_scope(
    desk: Desk, world: World, code: str, status: int, http: str
) -> None:
    world.answers[USER_INFO] = failed(200 if http == "200" else status, code)

    result = desk.audit(Shop(world))

    expect(result, {"account_access": "critical", "stats_scope": "warn"})
    assert {result.kpi(name)["reason"] for name in STATS} == {"scope_missing"}


@pytest.mark.parametrize(
    ("group", "due"),
    [
        ("basic", {"account_access": "critical"}),
        ("profile", {"account_access": "warn"}),
        ("stats", {"stats_scope": "warn"}),
    ],
)
@pytest.mark.parametrize("where", ["live", "file"])
def test_a_scope_that_is_missing_is_found_live_and_on_record(
    desk: Desk, world: World, group: str, due: dict[str, Due], where: str
) -> None:
    scopes: tuple[str, ...] = ("basic", "profile", "stats")
    if where == "live":
        world.answers[group] = failed(401, "scope_not_authorized")
    else:
        scopes = tuple(scope for scope in scopes if scope != group)

    result = desk.audit(Shop(world, scopes=scopes))

    expect(result, due)
    assert {result.kpi(name)["reason"] for name in STATS} == {"scope_missing" if group == "stats" else None}
    if where == "file" and group != "basic":
        assert all(group not in call.groups for call in world.to(USER_INFO))


def test_scopes_that_nobody_recorded_are_asked_for(desk: Desk, world: World) -> None:
    expect(desk.audit(Shop(world, scopes=None)))
    assert [call.groups for call in world.to(USER_INFO)] == [{"basic", "profile", "stats"}]


def test_no_scope_on_record_at_all_is_critical(desk: Desk, world: World) -> None:
    expect(desk.audit(Shop(world, scopes=())), {"account_access": "critical", "stats_scope": "warn"})


def test_one_refused_scope_costs_nothing_but_its_own_fields(desk: Desk, world: World) -> None:
    def strict(call: Call) -> Reply:  # as TikTok: one forbidden field fails the whole request
        forbidden = "follower_count" in call.query["fields"]
        return failed(401, "scope_not_authorized") if forbidden else world.healthy(call)

    world.answers[USER_INFO] = strict

    expect(desk.audit(Shop(world, scopes=None)), {"stats_scope": "warn"})


@pytest.mark.parametrize(
    ("account_type", "status"),
    [("business", "pass"), ("creator", "pass"), ("unknown", "pass"), (None, "pass"), ("personal", "warn")],
)
def test_only_a_personal_account_is_held_against_anybody(
    desk: Desk, world: World, account_type: str | None, status: str
) -> None:
    result = desk.audit(Shop(world, account_type=account_type))

    expect(result, {"account_access": status})
    assert ("verifi" in json.dumps(result.outcome("account_access"))) is (account_type in {"unknown", None})


def test_a_personal_account_is_known_even_when_tiktok_does_not_answer(desk: Desk, world: World) -> None:
    world.answers[USER_INFO] = failed(500, "internal_error")

    expect(
        desk.audit(Shop(world, account_type="personal")),
        {
            "access_token": ("source_failed",),
            "account_access": "warn",
            "stats_scope": ("source_failed",),
        },
    )


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (failed(401, "something_new"), "unauthorized"),
        (failed(200, "something_new"), "source_failed"),
        (failed(400, "invalid_params"), "source_failed"),
        (failed(429, "rate_limit_exceeded"), "rate_limited"),
        (failed(200, "rate_limit_exceeded"), "rate_limited"),
        (failed(500, "internal_error"), "source_failed"),
        (html(200), "source_failed"),
        (html(401), "unauthorized"),
        (html(403), "unauthorized"),
        (html(404, "Unsupported path(Janus)"), "source_failed"),
        (html(405), "source_failed"),
        (html(429), "rate_limited"),
        (html(500), "source_failed"),
        (html(503), "source_failed"),
        (Reply(b""), "source_failed"),
        (Reply(b"{}"), "source_failed"),
        (Reply(b'{"data": {"user": {}}, "error": {"code": "ok"', cut=30), "source_failed"),
        (ok(None), "source_failed"),
        (ok([]), "source_failed"),
        (ok({}), "source_failed"),
        (ok({"user": None}), "source_failed"),
        (ok({"user": []}), "source_failed"),
        (ok({"user": "larkspur"}), "source_failed"),
    ],
)
def test_user_info_that_is_no_answer_is_never_a_rejected_token(
    desk: Desk, world: World, reply: Reply, reason: str
) -> None:
    world.answers[USER_INFO] = reply

    result = desk.audit(Shop(world))

    expect(result, blind(ACCESS, reason))
    assert {result.kpi(name)["reason"] for name in STATS} == {reason}
    assert result.kpi("sessions")["value"] == 8000


@pytest.mark.parametrize(
    ("group", "checks"), [("basic", ("account_access",)), ("profile", ("account_access",)), ("stats", ("stats_scope",))]
)
def test_an_outage_of_one_group_hides_only_that_group(
    desk: Desk, world: World, group: str, checks: tuple[str, ...]
) -> None:
    world.answers[group] = failed(500, "internal_error")

    result = desk.audit(Shop(world))

    expect(result, blind(checks, "source_failed"))
    assert {result.kpi(name)["reason"] for name in STATS} == {"source_failed" if group == "stats" else None}


COUNTS = {
    "follower_count": "followers",
    "following_count": "following",
    "likes_count": "likes",
    "video_count": "videos",
}


@pytest.mark.parametrize("field", COUNTS)
@pytest.mark.parametrize(
    ("value", "seen", "reason"),
    [
        (0, 0, None),
        ("18250", 18250, None),
        (None, None, "not_measured"),
        ("missing", None, "not_measured"),
        ("many", None, "source_failed"),
        (-1, None, "source_failed"),
        (1.5, None, "source_failed"),
        ([], None, "source_failed"),
        (True, None, "source_failed"),
    ],
)
def test_each_count_is_a_value_or_an_absence(
    desk: Desk, world: World, field: str, value: object, seen: object, reason: str | None
) -> None:
    world.user[field] = value
    if value == "missing":
        del world.user[field]

    result = desk.audit(Shop(world))

    expect(result)
    kpi = result.kpi(COUNTS[field])
    assert (kpi["value"], kpi["reason"], kpi["prior"]) == (seen, reason, None)


@pytest.mark.parametrize("user", [{}, {"open_id": 5, "display_name": [], "username": {}, "is_verified": "yes"}])
def test_a_user_of_odd_fields_is_still_a_user(desk: Desk, world: World, user: dict[str, object]) -> None:
    world.user.clear()
    world.user.update(user)

    expect(desk.audit(Shop(world)))


OF_BASIC = {"open_id", "union_id", "avatar_url", "avatar_url_100", "avatar_large_url", "display_name"}
OF_PROFILE = {"bio_description", "profile_deep_link", "is_verified", "username"}


def test_user_info_is_asked_with_one_get_and_the_fields_in_the_query(desk: Desk, world: World) -> None:
    desk.audit(Shop(world))

    (call,) = world.to(USER_INFO)
    assert (call.method, call.body) == ("GET", b"")
    fields = set(call.query["fields"].split(","))
    assert set(COUNTS) < fields <= OF_BASIC | OF_PROFILE | set(COUNTS)


def test_where_one_field_is_forbidden_each_group_is_asked_for_its_own(desk: Desk, world: World) -> None:
    world.answers["stats"] = failed(401, "scope_not_authorized")

    desk.audit(Shop(world))

    whole, *alone = world.to(USER_INFO)
    by_group = {next(iter(call.groups)): set(call.query["fields"].split(",")) for call in alone}
    assert len(whole.groups) == len(alone) == 3
    assert by_group["stats"] == set(COUNTS)
    assert by_group["basic"] <= OF_BASIC
    assert by_group["profile"] <= OF_PROFILE


@pytest.mark.parametrize("refusal", [html(405), html(404, "Unsupported path(Janus)"), failed(404, "invalid_params")])
def test_user_info_that_takes_post_only_is_asked_by_post(desk: Desk, world: World, refusal: Reply) -> None:
    world.answers[f"GET {USER_INFO}"] = refusal
    world.answers[f"POST {USER_INFO}"] = ok({"user": world.user})

    result = desk.audit(Shop(world))

    expect(result)
    assert result.kpi("followers")["value"] == 18250
    posts = [call for call in world.to(USER_INFO) if call.method == "POST"]
    assert len(posts) == 1
    assert all(call.query["fields"] and call.headers["authorization"] == "Bearer act.file" for call in posts)


@pytest.mark.parametrize(
    ("posted", "due"),
    [
        (failed(401, "access_token_invalid"), {"access_token": "critical", **blind(BEYOND_TOKEN, "unauthorized")}),
        (failed(401, "scope_not_authorized"), {"account_access": "critical", "stats_scope": "warn"}),
        (failed(429, "rate_limit_exceeded"), blind(ACCESS, "rate_limited")),
        (failed(500, "internal_error"), blind(ACCESS, "source_failed")),
        (html(404), blind(ACCESS, "source_failed")),
    ],
)
def test_what_the_post_says_counts(desk: Desk, world: World, posted: Reply, due: dict[str, Due]) -> None:
    world.answers |= {f"GET {USER_INFO}": html(405), f"POST {USER_INFO}": posted}

    expect(desk.audit(Shop(world)), due)


def test_a_merchant_without_tiktok_is_not_connected(desk: Desk, world: World) -> None:
    result = desk.audit(Shop(world, tiktok=False))

    expect(result, blind(tuple(AREAS), "not_connected"))
    assert {result.kpi(name)["reason"] for name in (*STATS, *CHANNEL)} == {"not_connected"}
    assert world.calls == []


def test_a_merchant_without_analytics_is_audited_for_its_access(desk: Desk, world: World) -> None:
    result = desk.audit(Shop(world, analytics=False))

    expect(result, blind(ANALYTICS, "not_connected"))
    assert {result.kpi(name)["reason"] for name in CHANNEL} == {"not_connected"}
    assert result.kpi("followers")["value"] == 18250
    assert {call.path for call in world.calls} == {USER_INFO}


def test_a_merchant_without_any_token_is_asked_nothing_and_passes_nothing(desk: Desk, world: World) -> None:
    result = desk.audit(Shop(world, tokens=""))

    assert {outcome["status"] for outcome in result.audits[0]["outcomes"]} == {"not_evaluated"}
    assert {reason for o in result.audits[0]["outcomes"] for reason in o["reasons"]} <= {
        "not_connected",
        "unauthorized",
    }
    assert result.code == 3
    assert world.calls == []


def test_a_storefront_that_rejects_the_token_says_nothing_of_the_tiktok_connection(desk: Desk, world: World) -> None:
    world.answers |= dict.fromkeys(STOREFRONT, failed(401, "access_token_invalid"))

    expect(desk.audit(Shop(world)), blind(ANALYTICS, "unauthorized"))


def test_another_storefront_gets_the_token_and_tiktok_no_analytics(desk: Desk, world: World, server: Server) -> None:
    shop = server.world()
    lines = f'[merchant.analytics]\nprovider = "storefront"\nbase_url = "{shop.base_url}/"'

    expect(desk.audit(Shop(world, analytics=False, more=lines)))
    assert {call.path for call in world.calls} == {USER_INFO}
    assert {call.path for call in shop.calls} == set(STOREFRONT)
    assert {call.path for call in shop.calls} >= {SESSIONS, PAGES}
