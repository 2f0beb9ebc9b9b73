"""`nightjar audit` against sources that answer badly, late, halfway or not at all."""

from __future__ import annotations

import gzip
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest

from console import local_audit
from functions.audit.budget import Rate
from tests.console.auditing import (
    ACCESS,
    ANALYTICS,
    AREAS,
    CHANNEL,
    OF_PAGES,
    OF_SESSIONS,
    OF_SOURCES,
    STATS,
    Desk,
    Shop,
    blind,
    expect,
)
from tests.console.healthy import healthy_sessions
from tests.console.scenarios import (
    PAGES,
    SESSIONS,
    SOURCES,
    STOREFRONT,
    TOKEN,
    USER_INFO,
    Call,
    Reply,
    Server,
    World,
    document,
    failed,
    html,
    ok,
)

OF = {SESSIONS: OF_SESSIONS, PAGES: OF_PAGES, SOURCES: OF_SOURCES}
OK_ERROR = {"code": "ok", "message": "", "log_id": "1"}
BY_CODE = {
    "access_token_invalid": (401, "unauthorized"),
    "access_token_expired": (401, "unauthorized"),
    "scope_not_authorized": (401, "scope_missing"),
    "scope_permission_missed": (400, "scope_missing"),
    "rate_limit_exceeded": (429, "rate_limited"),
    "invalid_params": (400, "source_failed"),
    "internal_error": (500, "source_failed"),
    "analytics_not_connected": (404, "not_connected"),
    "data_not_ready": (503, "source_stale"),
    "analytics_backend_error": (502, "source_failed"),
}


def body(content: object, status: int = 200) -> Reply:
    return Reply(document(content), status)


@pytest.mark.parametrize("code", BY_CODE)
@pytest.mark.parametrize("http", ["200", "own status"])
def test_an_error_code_decides_whatever_the_http_status(desk: Desk, world: World, code: str, http: str) -> None:
    status, reason = BY_CODE[code]
    world.answers |= dict.fromkeys(STOREFRONT, failed(200 if http == "200" else status, code))

    result = desk.audit(Shop(world))

    expect(result, blind(ANALYTICS, reason))
    assert {result.kpi(name)["reason"] for name in CHANNEL} == {reason}
    assert {result.kpi(name)["value"] for name in CHANNEL} == {None}
    assert result.kpi("followers")["value"] == 18250


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (failed(200, "something_new"), "source_failed"),
        (failed(200, "OK"), "source_failed"),
        (failed(401, "something_new"), "unauthorized"),
        (failed(403, "something_new"), "unauthorized"),
        (failed(429, "something_new"), "rate_limited"),
        (failed(500, "something_new"), "source_failed"),
        (html(200), "source_failed"),
        (html(401), "unauthorized"),
        (html(403), "unauthorized"),
        (html(404, "Unsupported path(Janus)"), "source_failed"),
        (html(405), "source_failed"),
        (html(429), "rate_limited"),
        (html(500), "source_failed"),
        (html(502), "source_failed"),
        (html(503), "source_failed"),
        (html(504), "source_failed"),
        (Reply(status=204, headers={"Content-Length": "0"}), "source_failed"),
        (Reply(b""), "source_failed"),
        (Reply(b"null"), "source_failed"),
        (Reply(b"[]"), "source_failed"),
        (Reply(b'"ok"'), "source_failed"),
        (Reply(b"42"), "source_failed"),
        (Reply(b'{"data": {"current": '), "source_failed"),
        (Reply(b"{}"), "source_failed"),
        (body({"data": healthy_sessions()}), "source_failed"),  # a success names its code
        (body({"data": healthy_sessions(), "error": None}), "source_failed"),
        (body({"data": healthy_sessions(), "error": {}}), "source_failed"),
        (body({"data": healthy_sessions(), "error": []}), "source_failed"),
        (body({"data": healthy_sessions(), "error": {"code": None}}), "source_failed"),
        (body({"data": healthy_sessions(), "error": {"code": 0}}), "source_failed"),
        (body({"data": healthy_sessions(), "error": "server_error"}), "source_failed"),
        (body({"error": "access_token_invalid"}, 401), "unauthorized"),
        (body({"error": OK_ERROR}), "source_failed"),
        (body({"error": OK_ERROR, "data": None}), "source_failed"),
        (body({"error": OK_ERROR, "data": []}), "source_failed"),
        (body({"error": OK_ERROR, "data": "none"}), "source_failed"),
        (body({"error": OK_ERROR, "data": {}}, 500), "source_failed"),
        (body({"error": OK_ERROR, "data": {}}, 401), "unauthorized"),
        (Reply('{"error": {"code": "ok"}, "data": {"a": "caf\u00e9"}}'.encode("latin-1")), "source_failed"),
        (Reply(b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "source_failed"),
        (Reply(b'{"data": {"current": {}}', headers={"Content-Length": "5000"}, cut=24), "source_failed"),
        (Reply(b'{"a": "' + b"x" * 10_000_000 + b'"}'), "source_failed"),
        (
            Reply(gzip.compress(b'{"a": "' + b"x" * 10_000_000 + b'"}'), headers={"Content-Encoding": "gzip"}),
            "source_failed",
        ),
        (Reply(b"no gzip", headers={"Content-Encoding": "gzip"}), "source_failed"),
        (Reply(status=302, headers={"Location": "/elsewhere"}), "source_failed"),
    ],
)
def test_an_answer_that_is_none_is_an_absence_with_its_reason(
    desk: Desk, world: World, reply: Reply, reason: str
) -> None:
    world.answers |= dict.fromkeys(STOREFRONT, reply)

    result = desk.audit(Shop(world))

    expect(result, blind(ANALYTICS, reason))
    assert "act.file" not in result.out + result.err


@pytest.mark.parametrize("path", STOREFRONT)
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (failed(500, "internal_error"), "source_failed"),
        (failed(429, "rate_limit_exceeded"), "rate_limited"),
        (failed(404, "analytics_not_connected"), "not_connected"),
        (failed(401, "scope_not_authorized"), "scope_missing"),
        (html(200), "source_failed"),
        (ok([]), "source_failed"),
    ],
)
def test_one_source_that_fails_leaves_the_others_alone(
    desk: Desk, world: World, path: str, reply: Reply, reason: str
) -> None:
    world.answers[path] = reply

    expect(desk.audit(Shop(world)), blind(OF[path], reason))


def test_different_causes_of_two_sources_are_both_kept(desk: Desk, world: World) -> None:
    world.answers |= {PAGES: failed(429, "rate_limit_exceeded"), SOURCES: failed(404, "analytics_not_connected")}

    expect(
        desk.audit(Shop(world)),
        {"unconverting_pages": ("rate_limited",), "amplify_candidates": ("rate_limited", "not_connected")},
    )


GOOD = ok(healthy_sessions()).body


@pytest.mark.parametrize(
    "reply",
    [
        Reply(gzip.compress(GOOD), headers={"Content-Encoding": "gzip"}),
        Reply(b"\xef\xbb\xbf" + GOOD),
        Reply(GOOD, headers={"Content-Type": "text/html; charset=latin-1"}),
        Reply(b"\r\n  " + GOOD + b"\n\n"),
        Reply(GOOD, 201),
        Reply(GOOD.replace(b"ga4", "caf\u00e9 \U0001f602".encode())),
    ],
)
def test_odd_but_sound_answers_are_read(desk: Desk, world: World, reply: Reply) -> None:
    world.answers[SESSIONS] = reply

    expect(desk.audit(Shop(world)))


@pytest.mark.parametrize("path", [*STOREFRONT, USER_INFO])
@pytest.mark.parametrize(
    "first", [failed(500, "internal_error"), html(502), failed(503, "data_not_ready"), html(429), Reply(GOOD, cut=40)]
)
def test_what_passes_in_a_moment_is_asked_again(desk: Desk, world: World, path: str, first: Reply) -> None:
    asked = False

    def flaky(call: Call) -> Reply:
        nonlocal asked
        first_time, asked = not asked, True
        return first if first_time else world.healthy(call)

    world.answers[path] = flaky

    expect(desk.audit(Shop(world)))


@pytest.mark.parametrize("reply", [failed(500, "internal_error"), html(503), failed(429, "rate_limit_exceeded")])
def test_what_does_not_pass_is_not_asked_for_ever(desk: Desk, world: World, reply: Reply) -> None:
    world.answers[SESSIONS] = reply

    desk.audit(Shop(world))

    assert 2 <= len(world.to(SESSIONS)) <= 5


@pytest.mark.parametrize("reply", [failed(400, "invalid_params"), failed(401, "access_token_invalid"), html(404)])
def test_what_cannot_get_better_is_asked_once(desk: Desk, world: World, reply: Reply) -> None:
    world.answers[SESSIONS] = reply

    desk.audit(Shop(world))

    assert len(world.to(SESSIONS)) == 1


def test_a_retry_after_is_honoured(desk: Desk, world: World) -> None:
    world.answers[SESSIONS] = [failed(429, "rate_limit_exceeded", headers={"Retry-After": "1"}), ok(world.sessions)]

    expect(desk.audit(Shop(world)))
    first, second = world.to(SESSIONS)
    assert second.at - first.at >= 1


@pytest.mark.parametrize("seconds", ["3600", "date", "99999999"])
def test_a_retry_after_beyond_the_deadline_gives_up_at_once(desk: Desk, world: World, seconds: str) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    after = {"Retry-After": later if seconds == "date" else seconds}
    world.answers[SESSIONS] = failed(429, "rate_limit_exceeded", headers=after)
    begun = time.monotonic()

    expect(desk.audit(Shop(world)), blind(OF_SESSIONS, "rate_limited"))
    assert time.monotonic() - begun < 5
    assert len(world.to(SESSIONS)) == 1


@pytest.mark.parametrize("after", ["", "soon", "-5", "1e9"])
def test_an_unreadable_retry_after_is_ignored(desk: Desk, world: World, after: str) -> None:
    world.answers[SESSIONS] = [failed(429, "rate_limit_exceeded", headers={"Retry-After": after}), ok(world.sessions)]

    expect(desk.audit(Shop(world)))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_the_token_goes_nowhere(
    desk: Desk, world: World, server: Server, status: int
) -> None:
    elsewhere = server.world()
    for path in (*STOREFRONT, USER_INFO):
        world.answers[path] = Reply(b"", status, {"Location": elsewhere.base_url + path})

    expect(desk.audit(Shop(world)), blind(tuple(AREAS), "source_failed"))
    assert elsewhere.calls == []


@pytest.mark.parametrize("path", STOREFRONT)
def test_a_source_that_hangs_is_left_behind_and_the_others_are_untouched(desk: Desk, world: World, path: str) -> None:
    desk.limits(read=0.2, connect=0.2)
    world.answers[path] = Reply(b"", delay=30)
    begun = time.monotonic()

    expect(desk.audit(Shop(world)), blind(OF[path], "source_failed"))
    assert time.monotonic() - begun < 5


def test_user_info_that_hangs_is_no_rejected_token(desk: Desk, world: World) -> None:
    desk.limits(read=0.2)
    world.answers[USER_INFO] = Reply(b"", delay=30)

    result = desk.audit(Shop(world))

    expect(result, blind(ACCESS, "source_failed"))
    assert {result.kpi(name)["reason"] for name in STATS} == {"source_failed"}


def test_a_merchant_has_only_so_many_seconds(desk: Desk, world: World) -> None:
    assert local_audit.SECONDS_A_MERCHANT <= 25
    desk.monkeypatch.setattr(local_audit, "SECONDS_A_MERCHANT", 0.5)
    world.answers |= dict.fromkeys((*STOREFRONT, USER_INFO, TOKEN), Reply(b"", delay=30))
    desk.keys()
    begun = time.monotonic()

    expect(
        desk.audit(Shop(world, tokens='access_token = "act.file"\nrefresh_token = "rft.file"')),
        blind(tuple(AREAS), "source_failed"),
    )
    assert time.monotonic() - begun < 5


def test_a_host_that_nobody_answers_at_is_source_failed(desk: Desk, world: World) -> None:
    dead = World("http://127.0.0.1:1")

    result = desk.audit(Shop(dead, id="dead"), Shop(world, id="alive"))

    expect(result, blind(tuple(AREAS), "source_failed"), of=0)
    expect(result, of=1, only=False)


def test_one_merchants_broken_server_leaves_the_other_merchant_untouched(
    desk: Desk, world: World, server: Server
) -> None:
    broken = server.world()
    broken.answers |= {path: html(200) for path in (*STOREFRONT, USER_INFO)}

    result = desk.audit(Shop(broken, id="broken", tokens='access_token = "act.broken"'), Shop(world, id="fine"))

    assert [audit["merchant_id"] for audit in result.audits] == ["broken", "fine"]
    expect(result, blind(tuple(AREAS), "source_failed"), of=0)
    expect(result, of=1, only=False)
    assert {call.headers["authorization"] for call in broken.calls} == {"Bearer act.broken"}
    assert {call.headers["authorization"] for call in world.calls} == {"Bearer act.file"}


def test_a_cookie_of_one_merchants_answer_is_never_sent_for_another(desk: Desk, server: Server) -> None:
    shops = [server.world() for _ in range(2)]
    shops[0].answers[SESSIONS] = ok(healthy_sessions(), headers={"Set-Cookie": "shop=first; Path=/"})
    shops[1].answers[SESSIONS] = [ok(healthy_sessions(), delay=0.2)]
    shops[1].answers[PAGES] = [failed(500, "internal_error", delay=0.3), ok(shops[1].pages)]

    desk.audit(*(Shop(world, id=f"shop{at}") for at, world in enumerate(shops)))

    assert all("cookie" not in call.headers for world in shops for call in world.calls)


@pytest.mark.parametrize("path", STOREFRONT)
@pytest.mark.parametrize(
    ("through", "reason"),
    [
        ("2026-11-18", "source_stale"),
        ("2025-01-01", "source_stale"),
        ("2026-11-19", None),
        ("2026-11-19T23:59:59Z", None),
        ("2026-11-20", None),
        ("2026-12-31", None),
        (None, None),
        ("missing", None),
        ("soon", "source_failed"),
        ("", "source_failed"),
        (20261119, "source_failed"),
        ([], "source_failed"),
        ("2026-02-30", "source_failed"),
    ],
)
def test_data_must_reach_the_end_of_the_period(
    desk: Desk, world: World, path: str, through: object, reason: str | None
) -> None:
    data = {SESSIONS: world.sessions, PAGES: world.pages, SOURCES: world.sources}[path]
    data["meta"]["data_through"] = through
    if through == "missing":
        del data["meta"]["data_through"]

    expect(desk.audit(Shop(world)), blind(OF[path], reason) if reason else {})


@pytest.mark.parametrize("path", STOREFRONT)
@pytest.mark.parametrize(
    ("meta", "reason"), [(None, None), ("missing", None), ("text", "source_failed"), ([], "source_failed")]
)
def test_meta_may_be_left_out_but_must_be_an_object(
    desk: Desk, world: World, path: str, meta: object, reason: str | None
) -> None:
    data = {SESSIONS: world.sessions, PAGES: world.pages, SOURCES: world.sources}[path]
    data["meta"] = meta
    if meta == "missing":
        del data["meta"]

    expect(desk.audit(Shop(world)), blind(OF[path], reason) if reason else {})


def test_each_source_is_asked_as_the_wire_contract_says(desk: Desk, world: World) -> None:
    desk.audit(Shop(world))

    common = {
        "open_id": "723f24d7",
        "start_date": "2026-10-23",
        "end_date": "2026-11-19",
        "compare_start_date": "2026-09-25",
        "compare_end_date": "2026-10-22",
        "timezone": "Europe/London",
        "currency": "GBP",
    }
    (sessions,), (pages,), (sources,) = (world.to(path) for path in STOREFRONT)
    assert sessions.query == {**common, "series_days": "60"}
    for listing in (pages, sources):
        assert common.items() <= listing.query.items()
        assert 1 <= int(listing.query["max_count"]) <= 100
        assert "cursor" not in listing.query
    for call in world.calls:
        assert call.method == "GET"
        assert call.headers["authorization"] == "Bearer act.file"
        assert "application/json" in call.headers["accept"]


def test_another_night_looks_at_other_days(desk: Desk, world: World) -> None:
    desk.audit(Shop(world), night="2027-03-01")

    (call,) = world.to(SESSIONS)
    assert (call.query["start_date"], call.query["end_date"]) == ("2027-01-31", "2027-02-27")
    assert (call.query["compare_start_date"], call.query["compare_end_date"]) == ("2027-01-03", "2027-01-30")


def test_a_few_merchants_at_once_wait_for_nobody(desk: Desk, world: World, server: Server) -> None:
    # Four requests each: a burst that the quota allows. The next turn would be due in a quarter of an hour.
    desk.monkeypatch.setattr(local_audit, "TIKTOK_RATE", Rate(Decimal(1000), burst=7, reach=Decimal(100_000)))

    result = desk.audit(Shop(world), Shop(server.world(), id="marigold"))

    expect(result)
    expect(result, of=1)


def test_merchants_of_a_file_share_tiktoks_quota_and_what_it_does_not_hold_is_rate_limited(
    desk: Desk, world: World, server: Server
) -> None:
    desk.monkeypatch.setattr(local_audit, "TIKTOK_RATE", Rate(Decimal(1000), burst=3, reach=Decimal(100_000)))
    desk.monkeypatch.setattr(local_audit, "AT_ONCE", 1)

    result = desk.audit(Shop(world), Shop(other := server.world(), id="marigold"))

    expect(result, only=False)
    expect(result, blind(tuple(AREAS), "rate_limited"), of=1, only=False)
    assert {result.kpi(name, of=1)["reason"] for name in (*STATS, *CHANNEL)} == {"rate_limited"}
    assert other.calls == []
    assert result.code == 3
