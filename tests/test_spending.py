"""What docs/cost.md reckons with: the figures that a benchmark measures, and sums that follow from them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.bench.metering import Meter, size_of, units
from tests.bench.spending import DOCUMENT, documented, figures

TEXT = DOCUMENT.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"merchant_id": {"S": "larkspur"}}, 19),
        ({"a": {"N": "12345"}}, 5),
        ({"a": {"N": "-1.5"}}, 4),
        ({"a": {"BOOL": True}, "b": {"NULL": True}}, 4),
        ({"a": {"M": {"bc": {"S": "def"}}}}, 10),
        ({"a": {"L": [{"S": "é"}, {"N": "1"}]}}, 10),
        ({"a": {"B": "AAEC"}, "s": {"SS": ["xy", "z"]}}, 8),
    ],
)
def test_an_items_bytes_are_its_names_and_values(item: dict[str, Any], size: int) -> None:
    assert size_of(item) == size


@pytest.mark.parametrize(("size", "expected"), [(0, 1), (1024, 1), (1025, 2), (6660, 7)])
def test_a_write_unit_is_a_kibibyte_begun(size: int, expected: int) -> None:
    assert units(size) == expected


def test_a_put_costs_what_its_table_and_indexes_take_and_twice_in_a_transaction() -> None:
    meter = Meter("nightjar-test-")
    pending: dict[str, Any] = {name: {"S": "x"} for name in ("merchant_id", "night", "pending_night")}
    done: dict[str, Any] = {name: {"S": "x"} for name in ("merchant_id", "night")} | {"body": {"S": "x" * 2000}}

    def put(item: dict[str, Any]) -> dict[str, Any]:
        return {"Put": {"TableName": "nightjar-test-audits", "Item": item}}

    def write(*writes: dict[str, Any]) -> float:
        before = meter.writes
        meter.take("TransactWriteItems", {"TransactItems": list(writes)}, 200, {})
        return meter.writes - before

    # Twice the row, once for each of two indexes; twice a condition.
    assert write(put(pending), {"ConditionCheck": {}}) == 2 + 2 + 2
    # Twice two units, the copy in by_night, and that it leaves the index of unfinished ones.
    assert write(put(done)) == 4 + 2 + 1


def test_the_document_names_every_figure_that_is_measured() -> None:
    sizes = {name: [1000] for name in ("snapshots", "audits", "findings", "alerts")}

    assert figures(Meter(""), sizes, 1).keys() == documented(TEXT).keys()


def test_the_documents_sums_follow_from_its_figures() -> None:
    told = documented(TEXT)

    def row(name: str) -> Decimal:
        found = re.search(rf"^\| {name} \|.*\| ([0-9.]+) \| [0-9.]+ \|$", TEXT, re.MULTILINE)
        assert found is not None
        return Decimal(found[1])

    assert row("DynamoDB writes") == round(Decimal(told["write-units"]) * 30_000 * Decimal("0.000000625"), 2)
    assert row("DynamoDB reads") == round(Decimal(told["read-units"]) * 30_000 * Decimal("0.000000125"), 2)
    audits = told["audits-bytes"] * 365_000 / 1e9
    rest = (told["snapshots-bytes"] * 35_000 + told["alerts-bytes"] * told["alerts-a-merchant"] * 365_000) / 1e9
    assert float(row("DynamoDB storage and PITR")) == pytest.approx(
        (2 * audits + rest) * 0.25 + (audits + rest) * 0.2, abs=0.05
    )
    grows = [Decimal(last) for last in re.findall(r"\| [0-9.]+ \| ([0-9.]+) \|$", TEXT, re.MULTILINE)]
    assert sum(grows) == pytest.approx(Decimal("5.5"), abs=Decimal("0.05"))
