"""Plain values to attributes and back: nothing loses digits, nothing is stored for nothing."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.absence import Reason
from functions.store.items import epoch, from_item, pages, to_item

PLAIN = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5) | st.integers(-(10**15), 10**15) | st.decimals(-100, 100, places=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["first", "second"]), PLAIN))
def test_plain_values_come_back_as_they_went(plain: dict[str, Any]) -> None:
    back = from_item(to_item(plain))

    assert back == {"schema_version": 1} | {key: value for key, value in plain.items() if value is not None}


@pytest.mark.parametrize("value", [1.5, [1.5], {"deep": [{"er": 0.1}]}], ids=["bare", "in a list", "deep inside"])
def test_a_float_is_refused_wherever_it_hides(value: object) -> None:
    with pytest.raises(TypeError, match=r"float is not plain data|Decimal"):
        to_item({"value": value})


def test_what_is_no_plain_data_is_refused_by_its_type() -> None:
    with pytest.raises(TypeError, match="object is not plain data"):
        to_item({"value": object()})


def test_numbers_dates_and_names_are_stored_as_other_tools_read_them() -> None:
    item = to_item(
        {
            "rate": Decimal("81.25"),
            "count": 0,
            "whole": Decimal(60),
            "night": date(2026, 11, 21),
            "at": datetime(2026, 11, 21, 2, 15, tzinfo=UTC),
            "reason": Reason.SOURCE_FAILED,
            "open": False,
            "nothing": None,
        }
    )

    assert item == {
        "schema_version": {"N": "1"},
        "rate": {"N": "81.25"},
        "count": {"N": "0"},
        "whole": {"N": "60"},
        "night": {"S": "2026-11-21"},
        "at": {"S": "2026-11-21T02:15:00+00:00"},
        "reason": {"S": "source_failed"},
        "open": {"BOOL": False},
    }


def test_bytes_come_back_as_bytes_and_whole_numbers_as_int() -> None:
    back = from_item({"body": {"B": b"\x00\x01"}, "count": {"N": "7"}, "rate": {"N": "7.5"}})

    assert back == {"body": b"\x00\x01", "count": 7, "rate": Decimal("7.5")}
    assert type(back["count"]) is int


def test_an_end_is_stored_in_whole_seconds_since_1970() -> None:
    assert epoch(datetime(2026, 11, 21, 2, 15, 0, 999_999, tzinfo=UTC)) == 1795227300


class TwoPages:
    """A table whose query needs two answers."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def query(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        if "ExclusiveStartKey" in request:
            return {"Items": [{"id": {"S": "third"}}]}
        return {"Items": [{"id": {"S": "first"}}, {"id": {"S": "second"}}], "LastEvaluatedKey": {"id": {"S": "second"}}}


def test_a_query_is_read_to_its_last_page() -> None:
    table = TwoPages()

    found = [row["id"] for row in pages(table, TableName="any")]  # type: ignore[arg-type]  # only query is called

    assert found == ["first", "second", "third"]
    assert table.asked[1] == {"TableName": "any", "ExclusiveStartKey": {"id": {"S": "second"}}}
