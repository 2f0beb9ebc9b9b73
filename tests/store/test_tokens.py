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
from functions.audit.grant import Grant
from tests.cloud import Cloud, pretended_aws
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
)


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
