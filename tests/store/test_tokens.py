"""The table `tokens`: encrypted under a context of its merchant, and replaced only by who read the newest."""

from __future__ import annotations

import base64
import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from threading import Barrier

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from functions.audit.errors import Conflict, InvalidInput
from functions.audit.grant import TIKTOK_BUSINESS, Grant, State
from functions.store.connections import Connections
from functions.store.tokens import Tokens
from tests.cloud import Cloud, pretended_aws
from tests.fetcher.rotating import granted
from tests.tables import PREFIX

ACCESS, REFRESH = "act.MARKED-access", "rft.MARKED-refresh"
NEVER = Grant(merchant_id="larkspur")
FAR_EAST = timezone(timedelta(hours=13))
INSTANTS = st.none() | st.sampled_from([datetime(2026, 11, 21, 2, 15, 0, 7, tzinfo=zone) for zone in (UTC, FAR_EAST)])
SECRETS = st.none() | st.text("abc.!*-ü", min_size=1, max_size=300).map(SecretStr)
GRANTS = st.builds(
    Grant,
    merchant_id=st.just("larkspur"),
    access_token=SECRETS,
    refresh_token=SECRETS,
    expires_at=INSTANTS,
    refresh_expires_at=INSTANTS,
    scopes=st.none() | st.lists(st.sampled_from(["user.info.basic", "video.list"]), unique=True).map(tuple),
    open_id=st.none() | st.just("723f24d7"),
    connected_at=INSTANTS,
    state=st.sampled_from(State),
    state_reason=st.none() | st.just("banned"),
    state_since=INSTANTS,
)
AGREED = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
STATE = {"state", "state_reason", "state_since"}


def _pair(**changed: object) -> Grant:
    plain = {"merchant_id": "larkspur", "access_token": ACCESS, "refresh_token": REFRESH, "scopes": ("video.list",)}
    return Grant.model_validate(plain | changed)


@given(GRANTS)
@settings(max_examples=10, deadline=None)
def test_a_grant_comes_back_as_it_was_stored(grant: Grant) -> None:
    with pretended_aws() as cloud:
        stored = cloud.tokens.replace(NEVER, grant)

        assert stored == grant.model_copy(update={"version": 1})
        assert cloud.tokens.get("larkspur") == stored


def test_not_even_a_log_at_debug_shows_a_token_on_its_way_to_be_encrypted(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    token = "act.MARKED-on-its-way"
    with caplog.at_level(logging.DEBUG):
        cloud.tokens.connect(Grant(merchant_id="larkspur", access_token=SecretStr(token)))
        cloud.tokens.get("larkspur")

    assert token not in caplog.text
    assert base64.b64encode(token.encode()).decode() not in caplog.text


def test_who_never_connected_has_no_grant(cloud: Cloud) -> None:
    assert cloud.tokens.get("larkspur") is None


def test_no_token_stands_in_the_table(cloud: Cloud) -> None:
    ends = datetime(2026, 11, 22, tzinfo=UTC)
    cloud.tokens.replace(NEVER, _pair(expires_at=ends))

    item = cloud.raw("tokens")[0]

    assert "MARKED" not in repr(item)
    assert set(item["access_token"]) == set(item["refresh_token"]) == {"B"}
    assert item["expires_at"] == {"S": "2026-11-22T00:00:00+00:00"}
    assert item["scopes"] == {"L": [{"S": "video.list"}]}
    assert item["version"] == item["schema_version"] == {"N": "1"}
    assert (item["merchant_id"], item["provider"]) == ({"S": "larkspur"}, {"S": "tiktok"})


def test_a_row_copied_to_another_merchant_does_not_decrypt(cloud: Cloud) -> None:
    cloud.tokens.replace(NEVER, _pair())
    copied = cloud.raw("tokens")[0] | {"merchant_id": {"S": "foxglove"}}
    cloud.dynamodb.put_item(TableName=f"{PREFIX}tokens", Item=copied)

    with pytest.raises(ClientError, match="InvalidCiphertext"):
        cloud.tokens.get("foxglove")


def test_a_grant_of_one_merchant_is_never_stored_under_another(cloud: Cloud) -> None:
    with pytest.raises(InvalidInput, match="foxglove"):
        cloud.tokens.replace(NEVER, _pair(merchant_id="foxglove"))

    assert cloud.raw("tokens") == []


def test_a_pair_that_was_replaced_meanwhile_is_not_written_over(cloud: Cloud) -> None:
    read_early = cloud.tokens.replace(NEVER, _pair())
    newest = cloud.tokens.replace(read_early, _pair(refresh_token="rft.rotated"))

    with pytest.raises(Conflict, match="larkspur") as lost:
        cloud.tokens.replace(read_early, _pair(refresh_token="rft.late"))

    assert newest.version == 2
    assert cloud.tokens.get("larkspur") == newest
    assert "rft" not in str(lost.value)


def test_a_first_pair_never_replaces_one_that_is_there(cloud: Cloud) -> None:
    first = cloud.tokens.replace(NEVER, _pair())

    with pytest.raises(Conflict):
        cloud.tokens.replace(NEVER, _pair(access_token="act.other"))

    assert cloud.tokens.get("larkspur") == first


def test_of_two_refreshes_at_the_same_moment_one_is_stored(cloud: Cloud) -> None:
    read = cloud.tokens.replace(NEVER, _pair())
    ready = Barrier(2)

    def store(name: str) -> bool:
        ready.wait()
        try:
            cloud.tokens.replace(read, _pair(refresh_token=name))
        except Conflict:
            return False
        return True

    names = ["rft.one", "rft.two"]
    with ThreadPoolExecutor(2) as writers:
        won = list(writers.map(store, names))

    now = cloud.tokens.get("larkspur")
    assert sorted(won) == [False, True]
    assert now is not None
    assert now.refresh_token == SecretStr(names[won.index(True)])


def test_a_row_can_be_described_without_the_key(cloud: Cloud) -> None:
    cloud.tokens.replace(NEVER, _pair())

    row = cloud.tokens.describe("larkspur")

    assert row is not None
    assert row["scopes"] == ["video.list"]
    assert isinstance(row["access_token"], bytes)
    assert "MARKED" not in repr(row)


def _connected(cloud: Cloud) -> Grant:
    return cloud.tokens.connect(granted(0, at=AGREED))


def _by_webhook(cloud: Cloud) -> Connections:
    """Return the table as somebody has it who may not use the key."""
    return Connections(cloud.dynamodb, f"{PREFIX}tokens")


def test_how_a_connection_stands_is_plain_and_its_instants_sort_as_texts(cloud: Cloud) -> None:
    _connected(cloud)
    far_east = datetime(2026, 11, 22, 1, 0, tzinfo=FAR_EAST)
    cloud.tokens.lease(granted(0), owner="fetch-1", now=far_east, until=far_east + MINUTE)
    (item,) = cloud.raw("tokens")

    assert item["state"] == {"S": "connected"}
    assert item["open_id"] == {"S": "723f24d7"}
    assert item["connected_at"] == item["state_since"] == {"S": "2026-11-01T12:00:00.000000+00:00"}
    assert item["lease_owner"] == {"S": "fetch-1"}
    assert item["lease_until"] == {"S": "2026-11-21T12:01:00.000000+00:00"}
    assert item["refresh_sent_at"] == {"S": "2026-11-21T12:00:00.000000+00:00"}
    assert "state_reason" not in item


def test_a_row_that_says_nothing_of_its_state_is_connected(cloud: Cloud) -> None:
    cloud.dynamodb.put_item(
        TableName=f"{PREFIX}tokens",
        Item={"merchant_id": {"S": "larkspur"}, "provider": {"S": "tiktok"}, "version": {"N": "3"}},
    )

    assert cloud.tokens.get("larkspur") == Grant(merchant_id="larkspur", version=3)


def test_each_provider_has_a_row_and_a_lease_of_its_own(cloud: Cloud) -> None:
    business = granted(0).model_copy(update={"provider": TIKTOK_BUSINESS})
    for grant in (granted(0), business):
        cloud.tokens.connect(grant)

    leases = [
        cloud.tokens.lease(grant, owner="a", now=AGREED, until=AGREED + MINUTE) for grant in (granted(0), business)
    ]

    assert [lease.provider for lease in leases if lease is not None] == ["tiktok", "tiktok_business"]


def test_without_a_key_that_works_no_lease_is_taken(cloud: Cloud) -> None:
    _connected(cloud)
    before = cloud.raw("tokens")
    tokens = Tokens(cloud.dynamodb, f"{PREFIX}tokens", kms=cloud.kms, key_id="alias/nobody-made-this-one")

    with pytest.raises(ClientError, match="NotFound"):
        tokens.lease(granted(0), owner="a", now=AGREED, until=AGREED + MINUTE)

    assert cloud.raw("tokens") == before


def test_of_two_who_want_the_lease_at_the_same_moment_one_gets_it(cloud: Cloud) -> None:
    grant = _connected(cloud)
    ready = Barrier(2)

    def take(owner: str) -> bool:
        ready.wait()
        return cloud.tokens.lease(grant, owner=owner, now=AGREED, until=AGREED + MINUTE) is not None

    with ThreadPoolExecutor(2) as fetchers:
        won = list(fetchers.map(take, ["a", "b"]))

    now = cloud.tokens.get("larkspur")
    assert sorted(won) == [False, True]
    assert now is not None
    assert now.lease_owner == "ab"[won.index(True)]


def test_a_webhook_marks_the_state_and_nothing_else_and_needs_no_key(cloud: Cloud) -> None:
    _connected(cloud)
    (before,) = cloud.raw("tokens")

    assert _by_webhook(cloud).mark_removed("larkspur", "banned", AGREED + MINUTE)

    (after,) = cloud.raw("tokens")
    assert {name for name in after if after[name] != before.get(name)} == STATE
    assert set(before) - set(after) == set()
    assert after["state_reason"] == {"S": "banned"}


def test_a_delivery_that_comes_again_is_no_news_and_the_first_reason_stays(cloud: Cloud) -> None:
    _connected(cloud)
    marked = [
        _by_webhook(cloud).mark_removed("larkspur", reason, AGREED + MINUTE * minutes)
        for reason, minutes in (("banned", 2), ("banned", 2), ("account_deleted", 3), ("removed", 1))
    ]
    stored = cloud.tokens.get("larkspur")

    assert marked == [True, False, False, False]
    assert stored is not None
    assert (stored.state_reason, stored.state_since) == ("banned", AGREED + 2 * MINUTE)


@pytest.mark.parametrize(("seconds", "news"), [(-1, False), (0, True), (1, True)])
def test_a_removal_of_an_earlier_connection_says_nothing_of_this_one(cloud: Cloud, seconds: int, *, news: bool) -> None:
    _connected(cloud)

    assert _by_webhook(cloud).mark_removed("larkspur", "banned", AGREED + timedelta(seconds=seconds)) is news


def test_a_delivery_from_before_tiktok_accepted_the_token_is_out_of_date(cloud: Cloud) -> None:
    grant = _connected(cloud)
    cloud.tokens.note(grant, State.CONNECTED, None, at=AGREED + 5 * MINUTE)

    assert not _by_webhook(cloud).mark_removed("larkspur", "banned", AGREED + 4 * MINUTE)
    assert _by_webhook(cloud).mark_removed("larkspur", "banned", AGREED + 6 * MINUTE)


@pytest.mark.parametrize("state", [State.RECONNECT_NEEDED, State.LOST_ROTATION])
def test_a_delivery_that_comes_late_still_explains_what_a_fetch_has_found(cloud: Cloud, state: State) -> None:
    grant = _connected(cloud)
    cloud.tokens.note(grant, state, None, at=AGREED + 5 * MINUTE)

    assert _by_webhook(cloud).mark_removed("larkspur", "banned", AGREED + MINUTE)


def test_nobody_is_made_up_by_a_webhook(cloud: Cloud) -> None:
    assert not _by_webhook(cloud).mark_removed("foxglove", "banned", AGREED)
    assert cloud.raw("tokens") == []


def test_a_row_from_before_logins_were_dated_can_be_marked(cloud: Cloud) -> None:
    cloud.tokens.replace(NEVER, _pair())

    assert _by_webhook(cloud).mark_removed("larkspur", "removed", AGREED)
