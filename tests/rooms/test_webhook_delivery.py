"""What a delivery says: TikTok's JSON inside a function URL's event, and everything that only looks like it."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.audit.grant import REMOVALS, REMOVED
from functions.webhook.delivery import MOST_BYTES, REASONS, OtherEvent, Post, Removal, post_of, told_by
from functions.webhook.refused import Refused
from tests.rooms.tiktok_posts import CLIENT_KEY, body, event

NOW = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)
HAPPENED = datetime(2026, 11, 21, 2, 14, tzinfo=UTC)
# No time limit: a busy machine is no failure.
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def _told(raw: bytes) -> Removal | OtherEvent:
    return told_by(raw, client_key=CLIENT_KEY, now=NOW)


def _comes_to(raw: bytes) -> Removal | OtherEvent | int:
    """Return what is told, or the status with which it is refused."""
    try:
        return _told(raw)
    except Refused as refused:
        return refused.status.value


def _status(raw: bytes) -> int:
    with pytest.raises(Refused) as refused:
        _told(raw)
    return refused.value.status


def test_a_removal_is_whose_why_and_when() -> None:
    assert _told(body()) == Removal("723f24d7", "disconnected_by_user", HAPPENED)


def test_the_example_of_tiktoks_documentation_is_understood() -> None:
    documented = rb"""{
    "client_key": "bwo2m45353a6k85",
    "event": "authorization.removed",
    "create_time": 1615338610,
    "user_openid": "act.example12345Example12345Example",
    "content": "{\"reason\": 1 }"
}"""
    assert told_by(documented, client_key="bwo2m45353a6k85", now=NOW) == Removal(
        "act.example12345Example12345Example", "disconnected_by_user", datetime(2021, 3, 10, 1, 10, 10, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (0, "removed"),
        (1, "disconnected_by_user"),
        (2, "account_deleted"),
        (3, "age_changed"),
        (4, "banned"),
        (5, "developer_revoked"),
        (6, "removed"),
        (-1, "removed"),
        (10**30, "removed"),
    ],
)
def test_each_number_has_its_reason_and_one_that_nobody_knows_is_a_removal_too(number: int, reason: str) -> None:
    told = _told(body(content=json.dumps({"reason": number})))

    assert isinstance(told, Removal)
    assert told.reason == reason


def test_every_reason_that_a_connection_may_be_removed_for_has_its_number() -> None:
    assert {*REASONS.values(), REMOVED} == REMOVALS


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "1",
        "reason=1",
        "[1]",
        "{}",
        '{"reason": "1"}',
        '{"reason": true}',
        '{"reason": 1.5}',
        1,
        [],
        "[" * 9999,
    ],
)
def test_the_permission_is_gone_whatever_is_said_of_the_reason(content: object) -> None:
    told = _told(body(content=content))

    assert isinstance(told, Removal)
    assert told.reason == "removed"


def test_content_that_is_not_wrapped_in_a_string_is_read_all_the_same() -> None:
    told = _told(body(content={"reason": 4}))

    assert isinstance(told, Removal)
    assert told.reason == "banned"


def test_nothing_happens_later_than_we_hear_of_it() -> None:
    told = _told(body(create_time=int((NOW + timedelta(days=2)).timestamp())))

    assert isinstance(told, Removal)
    assert told.at == NOW


@pytest.mark.parametrize("name", ["video.upload.failed", "video.publish.completed", "portability.download.ready"])
def test_another_event_is_known_by_its_name_and_needs_no_more(name: str) -> None:
    bare = json.dumps({"client_key": CLIENT_KEY, "event": name}).encode()

    assert _told(bare) == OtherEvent(name)


@pytest.mark.parametrize("name", ["", "Authorization.Removed", "a b", "a\n{}", "x" * 65, "authorization.removed ", "é"])
def test_a_name_that_could_be_anything_is_not_repeated(name: str) -> None:
    assert _told(body(event=name)) == OtherEvent("(unreadable)")


def test_what_is_for_another_app_is_refused() -> None:
    assert _status(body(client_key="another-app")) == 400


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b'"authorization.removed"',
        b"{}",
        b"{",
        b"\xff\xfe{}",
        b"client_key=aw-sample-key",
        b"[" * MOST_BYTES,
        body()[:-1],
        body(client_key=None),
        body(event=None),
        body(event=7),
        body(user_openid=None),
        body(user_openid=""),
        body(user_openid="   "),
        body(user_openid="x" * 129),
        body(user_openid=["723f24d7"]),
        body(create_time=None),
        body(create_time="yesterday"),
        body(create_time=-1),
        body(create_time=1795227240.5),
        body(create_time=253402300800),
        body(create_time=10**400),
    ],
    ids=lambda raw: repr(raw[:40]),
)
def test_what_is_not_of_tiktoks_form_is_refused(raw: bytes) -> None:
    assert _status(raw) == 400


@quick
@given(st.binary(max_size=400) | JSON.map(lambda plain: json.dumps(plain).encode()))
def test_whatever_the_bytes_are_they_are_understood_or_refused(raw: bytes) -> None:
    assert _comes_to(raw) == 400 or isinstance(_told(raw), OtherEvent)


@quick
@given(st.sampled_from(["client_key", "event", "create_time", "user_openid", "content"]), JSON)
def test_any_value_in_any_place_is_understood_or_refused(place: str, value: Any) -> None:
    match _comes_to(body(**{place: value})):
        case Removal(_, reason, at):
            assert reason in REMOVALS
            assert at <= NOW
        case OtherEvent(name):
            assert name == "(unreadable)" or re.fullmatch("[a-z0-9_.]{1,64}", name)
        case status:
            assert status == 400


@pytest.mark.parametrize("encoded", [False, True])
def test_the_bytes_are_those_that_were_sent_encoded_by_aws_or_not(encoded: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert post_of(event("{é}".encode(), "t=1,s=2", encoded=encoded)) == Post("t=1,s=2", b"{\xc3\xa9}")


@pytest.mark.parametrize("encoded", [False, True])
def test_sixty_four_kibibytes_are_taken_and_one_byte_more_is_not(encoded: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert len(post_of(event(b"x" * 65536, None, encoded=encoded)).body) == 65536
    for size in (65537, 6_000_000):
        with pytest.raises(Refused) as refused:
            post_of(event(b"x" * size, None, encoded=encoded))
        assert refused.value.status == 413


def test_bytes_count_and_not_characters() -> None:
    with pytest.raises(Refused) as refused:
        post_of(event("é".encode() * 40_000, None))

    assert refused.value.status == 413


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "post"])
def test_anything_but_a_post_is_refused(method: str) -> None:
    with pytest.raises(Refused) as refused:
        post_of(event(body(), None, method=method))

    assert refused.value.status == 405


def test_a_post_without_a_body_or_a_signature_is_one_with_nothing_in_it() -> None:
    assert post_of({"requestContext": {"http": {"method": "POST"}}}) == Post(None, b"")


@pytest.mark.parametrize(
    "changed",
    [
        {"body": "***", "isBase64Encoded": True},
        {"body": "e30", "isBase64Encoded": True},
        {"body": "é===", "isBase64Encoded": True},
        {"body": "\ud800"},
        {"body": None},
        {"body": {"client_key": CLIENT_KEY}},
        {"headers": None},
        {"headers": {"tiktok-signature": ["a", "b"]}},
        {"headers": "tiktok-signature"},
        {"requestContext": {}},
        {"requestContext": None},
        {"requestContext": {"http": {"method": 7}}},
    ],
)
def test_what_is_not_an_event_of_a_function_url_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(Refused) as refused:
        post_of(event(b"{}", None) | changed)

    assert refused.value.status == 400


@quick
@given(JSON)
def test_whatever_lambda_is_called_with_it_is_understood_or_refused(anything: Any) -> None:
    whole = anything if isinstance(anything, dict) else {"requestContext": anything}
    for called_with in (whole, event(b"{}", None) | {"body": anything}, event(b"{}", None) | {"headers": anything}):
        with suppress(Refused):
            assert post_of(called_with).signature is None
