"""The token is renewed first, stored before it is used, and called revoked only by TikTok's own word."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from functions.audit.absence import Absent, Reason
from functions.audit.grant import Grant, State
from functions.audit.snapshot import SessionsSeen, Snapshot, TokenSeen
from functions.fetcher.sources.oauth import scopes_of
from tests.console.healthy import HEALTHY_GRANT, HEALTHY_USER
from tests.fetcher.waiting import NOW
from tests.fetcher.world import (
    ALL,
    KEYS,
    Memory,
    World,
    failed,
    fetched,
    grant,
    html,
    name_of,
    ok,
    said,
    without,
)

SOURCES = ["GET basic+profile+stats", "GET pages", "GET sessions", "GET sources"]
PAST, SOON, LATER = NOW - timedelta(hours=1), NOW + timedelta(minutes=10), NOW + timedelta(minutes=11)


def renewable(**changed: Any) -> Grant:
    return grant(**{"refresh_token": "rft.file", "expires_at": PAST, **changed})


def invalid_grant(status: int = 400) -> httpx.Response:
    return said(status, {"error": "invalid_grant", "error_description": "rft.file is expired", "log_id": "L1"})


def token_of(snapshot: Snapshot) -> TokenSeen:
    assert isinstance(snapshot.token, TokenSeen)
    return snapshot.token


def absence_of(part: object) -> tuple[Reason, str]:
    assert isinstance(part, Absent)
    return part.causes[0].reason, part.causes[0].detail


def shown(token: Any) -> str | None:
    return None if token is None else str(token.get_secret_value())


def test_an_ended_token_is_renewed_by_a_form_before_anything_is_asked(world: World) -> None:
    snapshot = fetched(grants=Memory(renewable()), keys=KEYS)

    assert world.names()[0] == "POST token"
    assert sorted(world.names()[1:]) == SOURCES
    sent = world.requests[0]
    assert sent.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(sent.content.decode()) == {
        "client_key": ["app-key"],
        "client_secret": ["app-secret"],
        "grant_type": ["refresh_token"],
        "refresh_token": ["rft.file"],
    }
    assert "authorization" not in sent.headers
    assert {request.headers["authorization"] for request in world.requests[1:]} == {"Bearer act.new"}
    assert token_of(snapshot).rejected is None


def test_the_new_pair_is_stored_before_it_is_used(world: World) -> None:
    memory = Memory(renewable())
    stored_by_then: list[int] = []

    def look(_: httpx.Request) -> httpx.Response:
        stored_by_then.append(len(memory.stored))
        return ok({"user": dict(HEALTHY_USER)})

    world.answers["basic"] = look
    fetched(grants=memory, keys=KEYS)

    assert stored_by_then == [1]
    (kept,) = memory.stored
    assert (shown(kept.access_token), shown(kept.refresh_token)) == ("act.new", "rft.new")
    assert kept.expires_at == NOW + timedelta(hours=2)
    assert kept.refresh_expires_at == NOW + timedelta(days=180)
    assert (kept.scopes, kept.version) == (ALL, 2)


@pytest.mark.parametrize(
    ("changed", "calls"),
    [
        ({"expires_at": None}, 1),
        ({"expires_at": PAST}, 1),
        ({"expires_at": SOON}, 1),
        ({"expires_at": LATER}, 0),
        ({"access_token": None, "expires_at": LATER}, 1),
        ({"refresh_token": None}, 0),
    ],
)
def test_it_is_renewed_when_it_may_not_live_through_the_fetch(
    world: World, changed: dict[str, Any], calls: int
) -> None:
    fetched(grants=Memory(renewable(**changed)), keys=KEYS)

    assert world.names().count("POST token") == calls


def test_without_the_apps_keys_the_token_is_used_as_it_is(world: World) -> None:
    fetched(grants=Memory(renewable()), keys=None)

    assert sorted(world.names()) == SOURCES


@pytest.mark.parametrize("known", [{}, {"access_token": None}, {"expires_at": LATER}])
def test_keys_that_cannot_be_read_are_an_outage_and_no_word_against_the_token(
    world: World, known: dict[str, Any]
) -> None:
    world.answers |= dict.fromkeys(("basic", "profile", "stats"), failed(401, "access_token_invalid"))
    unreadable = Absent.because(Reason.SOURCE_FAILED, "the TikTok app's keys could not be read")
    memory = Memory(renewable(**known))

    assert fetched(grants=memory, keys=unreadable).token == unreadable
    assert "POST token" not in world.names()
    assert memory.rows["larkspur"].refresh_sent_at is None


def test_without_keys_and_access_token_there_is_nothing_to_ask_with(world: World) -> None:
    snapshot = fetched(grants=Memory(renewable(access_token=None)), keys=None)

    assert world.requests == []
    for part in (snapshot.token, snapshot.basic, snapshot.stats, snapshot.sessions, snapshot.pages):
        assert absence_of(part)[0] is Reason.UNAUTHORIZED


@pytest.mark.parametrize(
    ("lifetime", "days"),
    [
        (14 * 86400, Decimal(14)),
        (14 * 86400 - 1, Decimal(14 * 86400 - 1) / 86400),
        (0, Decimal(0)),
        ("1209600", Decimal(14)),
        (1209600.0, Decimal(14)),
    ],
)
def test_the_days_left_are_counted_to_the_second(world: World, lifetime: object, days: Decimal) -> None:
    world.answers["token"] = said(200, {**HEALTHY_GRANT, "refresh_expires_in": lifetime})

    assert token_of(fetched(grants=Memory(renewable()), keys=KEYS)).days_left == days


@pytest.mark.usefixtures("world")
def test_the_days_left_on_record_are_exact_to_the_microsecond_and_negative_once_over() -> None:
    ahead = timedelta(days=1, microseconds=500_000)
    for left, seconds in ((ahead, Decimal("86400.5")), (-ahead, Decimal("-86400.5"))):
        snapshot = fetched(grants=Memory(grant(refresh_expires_at=NOW + left)))

        assert token_of(snapshot).days_left == seconds / 86400


@pytest.mark.parametrize("lifetime", [None, "soon", -1, 10**12, True, [], 1.5])
def test_an_end_that_nobody_told_is_unknown_or_the_one_on_record(world: World, lifetime: object) -> None:
    world.answers["token"] = said(200, {**HEALTHY_GRANT, "refresh_expires_in": lifetime, "expires_in": lifetime})
    on_record = NOW + timedelta(days=30)

    unknown = token_of(fetched(grants=Memory(renewable()), keys=KEYS))
    known = token_of(fetched(grants=Memory(renewable(refresh_expires_at=on_record)), keys=KEYS))

    assert absence_of(unknown.days_left)[0] is Reason.NOT_MEASURED
    assert known.days_left == 30


def test_what_the_answer_leaves_out_stays(world: World) -> None:
    world.answers["token"] = said(200, {"access_token": "act.new"})
    memory = Memory(renewable(scopes=("user.info.basic",)))

    fetched(grants=memory, keys=KEYS)

    assert shown(memory.stored[0].refresh_token) == "rft.file"
    assert memory.stored[0].scopes == ("user.info.basic",)
    assert memory.stored[0].expires_at is None


@pytest.mark.parametrize(
    ("text", "scopes"),
    [
        ("user.info.basic,user.info.stats", ("user.info.basic", "user.info.stats")),
        (" user.info.stats  user.info.basic ", ("user.info.basic", "user.info.stats")),
        ("user.info.basic,\tuser.info.basic,", ("user.info.basic",)),
        ("user.info.basic,\ud800,<script>," + "x" * 65, ("user.info.basic",)),
        ("", ()),
    ],
)
def test_scopes_are_separated_by_commas_or_white_space(text: str, scopes: tuple[str, ...]) -> None:
    assert scopes_of(text) == scopes


def test_scopes_of_the_answer_replace_those_on_record(world: World) -> None:
    world.answers["token"] = said(200, {**HEALTHY_GRANT, "scope": "user.info.basic"})

    snapshot = fetched(grants=Memory(renewable()), keys=KEYS)

    assert snapshot.scopes == ("user.info.basic",)
    assert absence_of(snapshot.stats) == (Reason.SCOPE_MISSING, "user.info.stats was not granted")
    assert "GET stats" not in world.names()


@pytest.mark.parametrize("scope", ["", " , ", None, 5, ["user.info.basic"]])
def test_an_answer_without_a_scope_keeps_those_on_record(world: World, scope: object) -> None:
    world.answers["token"] = said(200, {**HEALTHY_GRANT, "scope": scope})

    assert fetched(grants=Memory(renewable()), keys=KEYS).scopes == ALL


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_invalid_grant_is_a_revoked_connection_whatever_the_status(world: World, status: int) -> None:
    world.answers["token"] = invalid_grant(status)

    snapshot = fetched(grants=Memory(renewable()), keys=KEYS)

    assert token_of(snapshot).rejected == "invalid_grant"
    assert world.names().count("POST token") == 1


def test_a_revoked_connection_stays_so_while_the_old_token_still_works(world: World) -> None:
    world.answers["token"] = invalid_grant()

    snapshot = fetched(grants=Memory(renewable(expires_at=None)), keys=KEYS)

    assert token_of(snapshot).rejected == "invalid_grant"
    assert isinstance(snapshot.sessions, SessionsSeen)


def test_a_revoked_connection_without_a_token_asks_nobody(world: World) -> None:
    world.answers["token"] = invalid_grant()

    snapshot = fetched(grants=Memory(renewable(access_token=None)), keys=KEYS)

    assert world.names() == ["POST token"]
    assert token_of(snapshot).rejected == "invalid_grant"
    for part in (snapshot.basic, snapshot.profile, snapshot.stats, snapshot.sessions, snapshot.pages, snapshot.sources):
        assert absence_of(part)[0] is Reason.UNAUTHORIZED


def test_after_invalid_grant_a_newer_stored_token_is_tried_once(world: World) -> None:
    memory = Memory(renewable())

    def refuse_the_old(request: httpx.Request) -> httpx.Response:
        if b"rft.file" in request.content:
            memory.rows["larkspur"] = renewable(refresh_token="rft.other", version=2)
            return invalid_grant()
        return said(200, HEALTHY_GRANT)

    world.answers["token"] = refuse_the_old
    snapshot = fetched(grants=memory, keys=KEYS)

    assert world.names().count("POST token") == 2
    assert token_of(snapshot).rejected is None
    assert memory.rows["larkspur"].version == 3


def test_after_two_invalid_grants_it_is_revoked(world: World) -> None:
    memory = Memory(renewable())

    def refuse(_: httpx.Request) -> httpx.Response:
        count = world.names().count("POST token")
        memory.rows["larkspur"] = renewable(refresh_token=f"rft.{count}", version=1 + count)
        return invalid_grant()

    world.answers["token"] = refuse

    assert token_of(fetched(grants=memory, keys=KEYS)).rejected == "invalid_grant"
    assert world.names().count("POST token") == 2


def test_when_somebody_stored_first_their_token_is_used(world: World) -> None:
    def other_writer(memory: Memory) -> None:
        memory.rows["larkspur"] = renewable(access_token="act.theirs", expires_at=LATER, version=7)

    memory = Memory(renewable(), before=other_writer)
    fetched(grants=memory, keys=KEYS)

    assert memory.stored == []
    assert {request.headers["authorization"] for request in world.requests[1:]} == {"Bearer act.theirs"}


def test_a_token_that_somebody_just_stored_is_not_renewed_once_more_when_it_is_rejected(world: World) -> None:
    def other_writer(memory: Memory) -> None:
        memory.rows["larkspur"] = renewable(access_token="act.theirs", expires_at=LATER, version=7)

    for group in ("basic", "profile", "stats"):
        world.answers[group] = failed(401, "access_token_invalid")
    snapshot = fetched(grants=Memory(renewable(), before=other_writer), keys=KEYS)

    assert token_of(snapshot).rejected == "rejected"
    assert world.names().count("POST token") == 1


OUTAGES: list[Any] = [
    (html(500), Reason.SOURCE_FAILED),
    (html(502), Reason.SOURCE_FAILED),
    (html(200), Reason.SOURCE_FAILED),
    (html(404), Reason.SOURCE_FAILED),
    (said(500, {"error": "server_error"}), Reason.SOURCE_FAILED),
    (said(200, {"error": "server_error"}), Reason.SOURCE_FAILED),
    (said(503, {"error": "temporarily_unavailable"}), Reason.SOURCE_FAILED),
    (said(401, {"error": "invalid_client"}), Reason.SOURCE_FAILED),
    (said(400, {"error": "invalid_request"}), Reason.SOURCE_FAILED),
    (said(400, {"error": "rft.file\nis odd"}), Reason.SOURCE_FAILED),
    (said(200, {"error": "server_error", **HEALTHY_GRANT}), Reason.SOURCE_FAILED),
    (said(200, without(HEALTHY_GRANT, "access_token")), Reason.SOURCE_FAILED),
    (said(200, {**HEALTHY_GRANT, "access_token": ""}), Reason.SOURCE_FAILED),
    (said(200, {**HEALTHY_GRANT, "access_token": 5}), Reason.SOURCE_FAILED),
    (said(200, {**HEALTHY_GRANT, "access_token": "act.\ud800"}), Reason.SOURCE_FAILED),
    (said(200, {**HEALTHY_GRANT, "access_token": "act.\r\nX-Evil: 1"}), Reason.SOURCE_FAILED),
    (said(200, {**HEALTHY_GRANT, "access_token": "a" * 4097}), Reason.SOURCE_FAILED),
    (said(200, {"data": dict(HEALTHY_GRANT), "error": {"code": "ok"}}), Reason.SOURCE_FAILED),
    (said(429, {"error": "rate_limit_exceeded"}), Reason.RATE_LIMITED),
    (html(429), Reason.RATE_LIMITED),
    (failed(429, "rate_limit_exceeded"), Reason.RATE_LIMITED),
    (httpx.ReadTimeout("slow"), Reason.SOURCE_FAILED),
    (httpx.RemoteProtocolError("half"), Reason.SOURCE_FAILED),
    (httpx.ConnectError("refused"), Reason.SOURCE_FAILED),
]


@pytest.mark.parametrize(("answer", "due"), OUTAGES)
def test_an_outage_of_the_token_service_is_never_a_rejected_token(world: World, answer: Any, due: Reason) -> None:
    world.answers["token"] = answer
    for group in ("basic", "profile", "stats"):
        world.answers[group] = failed(401, "access_token_invalid")

    snapshot = fetched(grants=Memory(renewable()), keys=KEYS)
    reason, detail = absence_of(snapshot.token)

    assert reason is due
    assert "rft" not in detail
    assert detail.isprintable()


@pytest.mark.parametrize(("answer", "due"), OUTAGES)
def test_an_outage_without_an_access_token_blinds_everything_with_its_reason(
    world: World, answer: Any, due: Reason
) -> None:
    world.answers["token"] = answer

    snapshot = fetched(grants=Memory(renewable(access_token=None)), keys=KEYS)

    parts = (snapshot.token, snapshot.basic, snapshot.profile, snapshot.stats, snapshot.sessions, snapshot.pages)
    assert {absence_of(part)[0] for part in parts} == {due}
    assert set(world.names()) == {"POST token"}


@pytest.mark.parametrize(("answer", "due"), OUTAGES)
def test_in_an_outage_a_token_that_still_works_is_used(world: World, answer: Any, due: Reason) -> None:
    world.answers["token"] = answer

    snapshot = fetched(grants=Memory(renewable()), keys=KEYS)

    assert due
    assert token_of(snapshot).rejected is None
    assert isinstance(snapshot.sessions, SessionsSeen)


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        (html(429), 3),
        (said(503, {"error": "temporarily_unavailable"}), 3),
        (said(503, {"error": "server_error"}), 3),
        (httpx.ConnectError("refused"), 3),
        (httpx.ConnectTimeout("slow"), 3),
        (httpx.PoolTimeout("crowded"), 3),
        (httpx.WriteTimeout("slow"), 2),
        (httpx.ReadTimeout("slow"), 2),
        (httpx.RemoteProtocolError("half"), 2),
        (html(503), 2),
        (html(500), 2),
        (html(200), 2),
        (html(408), 2),
        (said(500, {"error": "server_error"}), 2),
        (said(200, without(HEALTHY_GRANT, "access_token")), 2),
        (html(404), 1),
        (said(401, {"error": "invalid_client"}), 1),
        (said(200, {"error": "unauthorized_client"}), 1),
        (invalid_grant(429), 1),
    ],
)
def test_a_refresh_is_repeated_freely_if_the_token_cannot_have_been_used_up_and_once_if_it_may(
    world: World, answer: Any, calls: int
) -> None:
    world.answers["token"] = answer
    fetched(grants=Memory(renewable()), keys=KEYS)

    assert world.names().count("POST token") == calls


def test_a_refresh_is_not_repeated_where_the_deadline_could_cut_it_off(world: World) -> None:
    # The deadline, less 5 s to store and the 8 s of a whole attempt: 32 s from now is the last moment.
    limited = failed(429, "rate_limit_exceeded", **{"Retry-After": "33"})
    world.answers["token"] = [limited, said(200, HEALTHY_GRANT)]
    memory = Memory(renewable(access_token=None))
    snapshot = fetched(grants=memory, keys=KEYS)

    assert world.names() == ["POST token"]
    assert absence_of(snapshot.token)[0] is Reason.RATE_LIMITED
    row = memory.rows["larkspur"]
    assert (row.state, row.lease_owner, row.refresh_sent_at) == (State.CONNECTED, None, None)


def test_a_token_that_ended_before_its_time_is_renewed_once_and_asked_with_once_more(world: World) -> None:
    for name in ("basic", "profile", "stats", "sessions", "pages", "sources"):
        world.answers[name] = _only_new

    snapshot = fetched(grants=Memory(renewable(expires_at=LATER)), keys=KEYS)

    assert world.names().count("POST token") == 1
    assert token_of(snapshot).rejected is None
    assert isinstance(snapshot.sessions, SessionsSeen)


def _only_new(request: httpx.Request) -> httpx.Response:
    if request.headers["authorization"] != "Bearer act.new":
        return failed(401, "access_token_invalid")
    return World()(httpx.Request("GET", request.url)) if name_of(request) else html(404)


def test_a_token_that_is_rejected_even_when_new_is_rejected(world: World) -> None:
    for group in ("basic", "profile", "stats"):
        world.answers[group] = failed(401, "access_token_invalid")

    first = fetched(grants=Memory(renewable()), keys=KEYS)
    calls = world.names().count("POST token")
    second = fetched(grants=Memory(renewable(expires_at=LATER)), keys=KEYS)

    assert (token_of(first).rejected, calls) == ("rejected", 1)
    assert (token_of(second).rejected, world.names().count("POST token")) == ("rejected", 2)


def test_an_outage_while_renewing_a_rejected_token_is_no_rejection(world: World) -> None:
    world.answers["token"] = html(502)
    for group in ("basic", "profile", "stats"):
        world.answers[group] = failed(401, "access_token_invalid")

    snapshot = fetched(grants=Memory(renewable(expires_at=LATER)), keys=KEYS)

    assert absence_of(snapshot.token)[0] is Reason.SOURCE_FAILED


def test_no_secret_is_in_the_snapshot(world: World) -> None:
    world.answers["token"] = said(400, {"error": "invalid_request", "error_description": "rft.file app-secret"})
    for group in ("basic", "profile", "stats", "sessions", "pages", "sources"):
        world.answers[group] = said(401, {"error": {"code": "act.file", "message": "act.file", "log_id": "act.file"}})

    encoded = fetched(grants=Memory(renewable()), keys=KEYS).encoded.decode()

    assert not any(secret in encoded for secret in ("rft.file", "app-secret"))
