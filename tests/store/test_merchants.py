"""The table `merchants`: nobody overwrites what somebody else stored, and no row is overlooked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.audit.errors import Conflict, NightjarError
from functions.audit.merchant import Analytics, Merchant, Override, Severity, TikTok
from functions.store.items import from_item
from functions.store.merchants import Unreadable, _read, _write
from tests.builders import NOW, merchant
from tests.cloud import Cloud
from tests.tables import PREFIX

SCOPES = st.none() | st.frozensets(st.sampled_from(["user.info.basic", "user.info.stats", "video.list"]))
OVERRIDES = st.builds(
    Override,
    warn=st.none() | st.decimals(0, 100, places=3),
    critical=st.none() | st.decimals(0, 100, places=1),
    conditions=st.dictionaries(st.sampled_from(["personal", "missing"]), st.sampled_from(list(Severity))),
    reason=st.sampled_from(["long-form pages", "größer als üblich"]),
    expires=st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1)),
)
MERCHANTS = st.builds(
    Merchant,
    id=st.sampled_from(["larkspur", "a", "0.x_y-z"]),
    name=st.sampled_from(["Larkspur Candles", "花屋", "O'Neill & Söhne"]),
    timezone=st.sampled_from(["UTC", "Europe/London", "Pacific/Auckland"]),
    currency=st.sampled_from(["USD", "GBP", "JPY"]),
    enabled=st.booleans(),
    tiktok=st.none()
    | st.builds(
        TikTok,
        open_id=st.just("723f24d7"),
        account_type=st.sampled_from(["business", "personal", "unknown"]),
        scopes=SCOPES,
        base_url=st.just("https://open.tiktokapis.com"),
    ),
    analytics=st.none() | st.just(Analytics()),
    thresholds=st.dictionaries(st.sampled_from(["bounce_rate", "sessions_trend"]), OVERRIDES),
    version=st.integers(0, 10**9),
)


@given(MERCHANTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_merchant_comes_back_as_it_was_stored(shop: Merchant) -> None:
    assert _read(_write(shop)) == shop


def test_a_stored_merchant_is_read_with_its_new_version(cloud: Cloud) -> None:
    stored = cloud.tables.merchants.save(merchant())

    assert stored.version == 1
    assert cloud.tables.merchants.get("larkspur") == stored


def test_nobody_is_no_merchant(cloud: Cloud) -> None:
    assert cloud.tables.merchants.get("larkspur") is None


def test_a_second_import_of_a_new_merchant_replaces_nothing(cloud: Cloud) -> None:
    first = cloud.tables.merchants.save(merchant(name="The first"))

    with pytest.raises(Conflict, match="larkspur"):
        cloud.tables.merchants.save(merchant(name="The second"))

    assert cloud.tables.merchants.get("larkspur") == first


def test_a_merchant_read_before_another_write_is_not_written_over_it(cloud: Cloud) -> None:
    read_early = cloud.tables.merchants.save(merchant())
    newest = cloud.tables.merchants.save(read_early.model_copy(update={"name": "Renamed"}))

    with pytest.raises(Conflict):
        cloud.tables.merchants.save(read_early.model_copy(update={"enabled": False}))

    assert newest.version == 2
    assert cloud.tables.merchants.get("larkspur") == newest


def test_of_writers_at_the_same_moment_exactly_one_wins(cloud: Cloud) -> None:
    read = cloud.tables.merchants.save(merchant())
    ready = Barrier(4)

    def rename(number: int) -> bool:
        ready.wait()
        try:
            cloud.tables.merchants.save(read.model_copy(update={"name": f"Writer {number}"}))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as writers:
        won = list(writers.map(rename, range(4)))

    assert won.count(True) == 1
    now = cloud.tables.merchants.get("larkspur")
    assert now is not None
    assert (now.name, now.version) == (f"Writer {won.index(True)}", 2)


def test_a_row_that_cannot_be_understood_is_named_and_not_guessed(cloud: Cloud) -> None:
    _put_broken(cloud, "broken")

    with pytest.raises(NightjarError, match=r"settings of broken cannot be read: timezone: .* is not a time zone"):
        cloud.tables.merchants.get("broken")


def test_an_attribute_of_a_type_that_we_never_write_spoils_its_own_row_only(cloud: Cloud) -> None:
    item: dict[str, Any] = {"merchant_id": {"S": "by-hand"}, "name": {"S": "By hand"}, "thresholds": {"NS": ["1", "2"]}}
    cloud.dynamodb.put_item(TableName=f"{PREFIX}merchants", Item=item)
    stored = cloud.tables.merchants.save(merchant())

    rows = {row.merchant_id if isinstance(row, Unreadable) else row.id: row for row in cloud.tables.merchants.all()}

    assert rows["larkspur"] == stored
    assert isinstance(rows["by-hand"], Unreadable)


def test_a_row_is_the_merchant_of_its_key_whatever_else_it_says(cloud: Cloud) -> None:
    cloud.tables.merchants.save(merchant())
    claiming = cloud.raw("merchants")[0] | {"id": {"S": "foxglove"}}
    cloud.dynamodb.put_item(TableName=f"{PREFIX}merchants", Item=claiming)

    assert [row.id for row in cloud.tables.merchants.all() if isinstance(row, Merchant)] == ["larkspur"]


def test_a_page_shows_readable_and_unreadable_rows_alike(cloud: Cloud) -> None:
    _put_broken(cloud, "broken")
    stored = cloud.tables.merchants.save(merchant())

    rows = {row.merchant_id if isinstance(row, Unreadable) else row.id: row for row in cloud.tables.merchants.all()}

    assert rows["larkspur"] == stored
    assert isinstance(rows["broken"], Unreadable)
    assert set(rows) == {"larkspur", "broken"}


def test_pages_and_segments_show_every_merchant_once(cloud: Cloud) -> None:
    ids = [f"shop-{number:02}" for number in range(23)]
    for id_ in ids:
        cloud.tables.merchants.save(merchant(id=id_))

    paged: list[str] = []
    after: str | None = None
    while True:
        rows, after = cloud.tables.merchants.page(after, limit=5)
        paged += [row.id for row in rows if isinstance(row, Merchant)]
        if after is None:
            break

    assert sorted(paged) == ids
    assert cloud.tables.merchants.approximate_count() == 23


def test_settings_are_plain_attributes_with_numbers_as_numbers(cloud: Cloud) -> None:
    shop = merchant(
        tiktok={"open_id": "723f24d7", "scopes": "user.info.stats,user.info.basic"},
        thresholds={"bounce_rate": {"warn": Decimal("65.5"), "reason": "long-form pages", "expires": "2027-01-31"}},
    )

    cloud.tables.merchants.save(shop)

    item = cloud.raw("merchants")[0]
    assert item["schema_version"] == {"N": "1"}
    assert item["version"] == {"N": "1"}
    assert item["thresholds"]["M"]["bounce_rate"]["M"]["warn"] == {"N": "65.5"}
    row = from_item(item)
    assert row["tiktok"]["scopes"] == ["user.info.basic", "user.info.stats"]
    assert row["thresholds"]["bounce_rate"]["expires"] == "2027-01-31"
    assert "analytics" not in row


def test_a_merchant_is_found_by_its_account(cloud: Cloud) -> None:
    cloud.tables.merchants.save(merchant(id="larkspur", tiktok={"open_id": "723f24d7"}))
    cloud.tables.merchants.save(merchant(id="foxglove", tiktok={"open_id": "another"}))
    cloud.tables.merchants.save(merchant(id="no-account"))

    assert list(cloud.tables.merchants.with_open_id("723f24d7")) == ["larkspur"]
    assert list(cloud.tables.merchants.with_open_id("nobodys")) == []


def test_all_merchants_that_share_an_account_are_found(cloud: Cloud) -> None:
    ids = [f"shop-{number:02}" for number in range(12)]
    for id_ in ids:
        cloud.tables.merchants.save(merchant(id=id_, tiktok={"open_id": "723f24d7"}))

    assert sorted(cloud.tables.merchants.with_open_id("723f24d7")) == ids


def test_who_is_asked_for_by_account_shows_keys_and_no_settings(cloud: Cloud) -> None:
    cloud.tables.merchants.save(merchant(tiktok={"open_id": "723f24d7"}))

    (seen,) = cloud.dynamodb.scan(TableName=f"{PREFIX}merchants", IndexName="by_open_id")["Items"]

    assert seen == {"merchant_id": {"S": "larkspur"}, "open_id": {"S": "723f24d7"}}


def test_an_account_that_changes_or_goes_is_found_no_more(cloud: Cloud) -> None:
    stored = cloud.tables.merchants.save(merchant(tiktok={"open_id": "old"}))
    stored = cloud.tables.merchants.save(merchant(tiktok={"open_id": "new"}, version=stored.version))

    assert list(cloud.tables.merchants.with_open_id("old")) == []
    assert list(cloud.tables.merchants.with_open_id("new")) == ["larkspur"]

    cloud.tables.merchants.save(merchant(version=stored.version))

    assert list(cloud.tables.merchants.with_open_id("new")) == []


def test_the_account_is_read_from_the_settings_whatever_stands_beside_them(cloud: Cloud) -> None:
    stored = cloud.tables.merchants.save(merchant(tiktok={"open_id": "723f24d7"}))
    cloud.dynamodb.put_item(
        TableName=f"{PREFIX}merchants", Item=cloud.raw("merchants")[0] | {"open_id": {"S": "by hand"}}
    )

    assert cloud.tables.merchants.get("larkspur") == stored


def test_a_row_from_before_the_index_becomes_findable_and_stays_as_it_is(cloud: Cloud) -> None:
    stored = cloud.tables.merchants.save(merchant(tiktok={"open_id": "723f24d7"}))
    written = cloud.raw("merchants")
    _forget_account(cloud)

    cloud.tables.merchants.index(stored)

    assert cloud.raw("merchants") == written
    assert list(cloud.tables.merchants.with_open_id("723f24d7")) == ["larkspur"]


def test_a_row_that_was_replaced_meanwhile_is_not_given_an_old_account(cloud: Cloud) -> None:
    early = cloud.tables.merchants.save(merchant(tiktok={"open_id": "old"}))
    cloud.tables.merchants.save(merchant(tiktok={"open_id": "new"}, version=early.version))

    cloud.tables.merchants.index(early)

    assert list(cloud.tables.merchants.with_open_id("old")) == []


@pytest.mark.parametrize("account", [None, {"open_id": "723f24d7"}])
def test_nothing_is_written_for_who_has_no_account_or_was_never_stored(
    cloud: Cloud, account: dict[str, str] | None
) -> None:
    cloud.tables.merchants.index(merchant(tiktok=account))

    assert cloud.raw("merchants") == []


def _forget_account(cloud: Cloud) -> None:
    cloud.dynamodb.update_item(
        TableName=f"{PREFIX}merchants", Key={"merchant_id": {"S": "larkspur"}}, UpdateExpression="REMOVE open_id"
    )


def _put_broken(cloud: Cloud, merchant_id: str) -> None:
    item = {"merchant_id": {"S": merchant_id}, "name": {"S": "Broken"}, "timezone": {"S": "Mars/Olympus"}}
    cloud.dynamodb.put_item(TableName=f"{PREFIX}merchants", Item=item)


def test_names_are_read_in_batches_and_asked_for_again_when_dynamodb_is_busy(cloud: Cloud) -> None:
    for number in range(120):
        cloud.tables.merchants.save(merchant(id=f"m{number:03}", name=f"Shop {number}"))
    cloud.tables.merchants.erase("m007", at=NOW, until=NOW)
    ask = cloud.dynamodb.batch_get_item
    asked: list[int] = []

    def busy_once(*, RequestItems: dict[str, Any]) -> Any:  # noqa: N803 - boto3's own name
        keys = RequestItems[PREFIX + "merchants"]["Keys"]
        asked.append(len(keys))
        if len(asked) == 1:
            return {"Responses": {PREFIX + "merchants": []}, "UnprocessedKeys": RequestItems}
        return ask(RequestItems=RequestItems)

    cloud.instead("batch_get_item", busy_once)

    names = cloud.tables.merchants.names([f"m{number:03}" for number in range(121)])

    assert asked == [100, 100, 21]
    assert (len(names), names["m119"]) == (119, "Shop 119")
    assert "m007" not in names


def test_names_that_dynamodb_never_gives_are_an_error_and_no_blank(cloud: Cloud) -> None:
    cloud.instead("batch_get_item", lambda **asked: {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]})

    with pytest.raises(NightjarError, match="too busy"):
        cloud.tables.merchants.names(["larkspur"])
