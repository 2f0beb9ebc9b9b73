"""Whatever the sources answer, a fetch ends with a snapshot that can be stored and judged, and with no exception."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import httpx
import pytest
import respx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.audit.absence import Absent, Reason
from functions.audit.judge import judge
from functions.audit.kpi import kpis_of
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from tests.console.healthy import HEALTHY_GRANT, HEALTHY_USER, healthy_pages, healthy_sessions, healthy_sources
from tests.fetcher.world import KEYS, Memory, World, fetched, grant

ENVELOPE_OK = {"code": "ok", "message": "", "log_id": "L1"}
SOUND: dict[str, Any] = {
    "token": dict(HEALTHY_GRANT),
    **{group: {"data": {"user": dict(HEALTHY_USER)}, "error": ENVELOPE_OK} for group in ("basic", "profile", "stats")},
    "sessions": {"data": healthy_sessions(), "error": ENVELOPE_OK},
    "pages": {"data": healthy_pages(), "error": ENVELOPE_OK},
    "sources": {"data": healthy_sources(), "error": ENVELOPE_OK},
}
CODES = ["ok", "access_token_invalid", "scope_not_authorized", "rate_limit_exceeded", "data_not_ready", "invalid_grant"]
# Keys and values that mean something somewhere, beside those that mean nothing anywhere.
words = st.sampled_from([*CODES, "data", "error", "code", "user", "current", "series", "date", "2026-11-19", "cursor"])
texts = st.one_of(words, st.text(max_size=12), st.text("\ud800\udfff\u202e\r\n\x00", max_size=4))
numbers = st.one_of(
    st.integers(), st.floats(), st.sampled_from([0, -1, 10**15, 10**30, 10**400, 1e308, 100.0, 60.0, 0.1])
)
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
statuses = st.one_of(st.just(200), st.sampled_from([201, 204, 301, 400, 401, 403, 404, 405, 429, 500, 503, 599]))
headers = st.dictionaries(
    st.sampled_from(["Retry-After", "Content-Type", "Content-Encoding", "Location", "Set-Cookie"]),
    st.sampled_from(["0", "99999999999999999999", "gzip", "gzip, br", "text/html; charset=klingon", "a=b", "//", "-1"]),
    max_size=2,
)
quick = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def paths(value: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where everything in a document is to be found."""
    yield so_far
    match value:
        case dict():
            for key, inner in value.items():
                yield from paths(inner, (*so_far, key))
        case list():
            # Two of a list's entries are as good as all of them.
            for at, inner in enumerate(value[:2]):
                yield from paths(inner, (*so_far, at))


PLACES = [(name, path) for name, document in SOUND.items() for path in paths(document)]


def replaced(document: Any, path: tuple[Any, ...], value: object) -> Any:
    if not path:
        return value
    copy = deepcopy(document)
    inside = copy
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = value
    return copy


def night_of(answers: dict[str, Callable[[httpx.Request], httpx.Response]]) -> Snapshot:
    with respx.mock(assert_all_called=False) as router:
        router.route().mock(side_effect=World(answers={**answers}))
        return fetched(grants=Memory(grant(refresh_token="rft.file")), keys=KEYS)


def answer(document: object, status: int = 200, **more: str) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, content=json.dumps(document).encode(), headers=more)


def is_sound(snapshot: Snapshot) -> None:
    """Hold a snapshot to what the rooms after this one rely on."""
    assert Snapshot.model_validate_json(snapshot.encoded) == snapshot
    profile = default_profile()
    outcomes = judge(snapshot, profile, profile.rules_for(None, snapshot.night))
    assert len({outcome.check_id for outcome in outcomes}) == 15
    assert not [outcome for outcome in outcomes if Reason.CHECK_CRASHED in {cause.reason for cause in outcome.causes}]
    assert len(kpis_of(snapshot)) == 16
    encoded = snapshot.encoded.decode()
    assert "rft.file" not in encoded
    assert "app-secret" not in encoded


@pytest.mark.parametrize("name", SOUND)
@quick
@given(document=anything, status=statuses, more=headers)
def test_any_json_from_any_source(name: str, document: object, status: int, more: dict[str, str]) -> None:
    is_sound(night_of({name: answer(document, status, **more)}))


@settings(quick, max_examples=150)
@given(places=st.lists(st.tuples(st.sampled_from(PLACES), anything), min_size=1, max_size=3))
def test_a_sound_answer_with_anything_anywhere(places: list[tuple[tuple[str, tuple[Any, ...]], object]]) -> None:
    documents = dict(SOUND)
    for (name, path), value in places:
        if documents[name] is SOUND[name]:
            documents[name] = replaced(documents[name], path, value)

    is_sound(night_of({name: answer(document) for name, document in documents.items()}))


@quick
@given(body=st.one_of(st.binary(max_size=64), st.text(max_size=64).map(str.encode)), status=statuses, more=headers)
def test_any_bytes_from_every_source(body: bytes, status: int, more: dict[str, str]) -> None:
    def make(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=httpx.ByteStream(body), headers=more)

    snapshot = night_of(dict.fromkeys(SOUND, make))

    is_sound(snapshot)
    for part in (snapshot.token, snapshot.basic, snapshot.stats, snapshot.sessions, snapshot.pages, snapshot.sources):
        assert isinstance(part, Absent)


@quick
@given(
    rows=st.lists(st.one_of(st.just(healthy_sessions()["series"][-1]), anything), max_size=5),
    listed=st.lists(st.one_of(st.just(healthy_pages()["pages"][0]), anything), max_size=5),
    cursor=anything,
    has_more=st.one_of(st.booleans(), anything),
)
def test_any_rows_and_cursors(rows: list[Any], listed: list[Any], cursor: object, has_more: object) -> None:
    listing = {"cursor": cursor, "has_more": has_more}
    documents = {
        "sessions": {**healthy_sessions(), "series": rows},
        "pages": {**healthy_pages(), "pages": listed, **listing},
        "sources": {**healthy_sources(), "sources": listed, **listing},
    }

    is_sound(night_of({name: answer({"data": data, "error": ENVELOPE_OK}) for name, data in documents.items()}))
