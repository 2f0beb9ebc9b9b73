"""A number of an answer is read as it was meant, or is an absence that says which figure and why."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from functions.audit.absence import Absent, Reason
from functions.fetcher import figures


def read(literal: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(f'{{"it": {literal}}}', parse_float=Decimal)
    return content


def reason(value: object) -> Reason:
    assert isinstance(value, Absent)
    return value.causes[0].reason


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ("8000", 8000),
        ("0", 0),
        ("8000.0", 8000),
        ("8e3", 8000),
        ('"8000"', 8000),
        ('" 8000 "', 8000),
        ("1000000000000000", 10**15),
    ],
)
def test_a_count_is_a_whole_number_however_it_is_written(literal: str, value: int) -> None:
    counted = figures.count(read(literal), "it", within="current")

    assert counted == value
    assert type(counted) is int


@pytest.mark.parametrize(
    "literal",
    [
        "true",
        "false",
        "[]",
        "{}",
        "[8000]",
        '""',
        '"many"',
        '"1,000"',
        '"8e3"',
        "-1",
        "0.5",
        "1000000000000001",
        "1e400",
    ],
)
def test_what_cannot_be_a_count_failed(literal: str) -> None:
    assert reason(figures.count(read(literal), "it", within="current")) is Reason.SOURCE_FAILED


@pytest.mark.parametrize("kind", [figures.count, figures.rate, figures.amount, figures.money])
def test_null_and_a_missing_key_are_not_measured_and_named(kind: Any) -> None:
    null, missing = kind({"it": None}, "it", within="prior"), kind({}, "it", within="prior")

    assert (reason(null), null.causes[0].detail) == (Reason.NOT_MEASURED, "prior.it is null")
    assert (reason(missing), missing.causes[0].detail) == (Reason.NOT_MEASURED, "prior.it is missing")


@pytest.mark.parametrize("literal", ["0", "100", "100.0", '"63.0"', "63.1234"])
def test_a_rate_lies_between_0_and_100(literal: str) -> None:
    assert figures.rate(read(literal), "it", within="current") == Decimal(literal.strip('"'))


@pytest.mark.parametrize("literal", ["-0.1", "100.0001", "1e9", '"62%"', "true", "[63]"])
def test_what_cannot_be_a_percentage_failed(literal: str) -> None:
    assert reason(figures.rate(read(literal), "it", within="current")) is Reason.SOURCE_FAILED


def test_a_hair_above_a_threshold_stays_above_it() -> None:
    seen = figures.rate(read("60.00000000000001"), "it", within="current")

    assert isinstance(seen, Decimal)
    assert seen > 60


def test_digits_without_an_end_are_rounded_to_six_decimals() -> None:
    assert figures.rate(read("33." + "3" * 5000), "it", within="current") == Decimal("33.333333")
    assert figures.rate(read("1e-4000"), "it", within="current") == 0


def test_money_may_be_negative_and_an_amount_may_not() -> None:
    assert figures.money(read('"-12.50"'), "it", within="current") == Decimal("-12.50")
    assert reason(figures.amount(read('"-12.50"'), "it", within="current")) is Reason.SOURCE_FAILED


@pytest.mark.parametrize(
    "literal", ['"1873,40"', '"GBP 10"', '"NaN"', '"Infinity"', '"1e5"', '"1_000"', "-1e16", "1e16"]
)
def test_what_cannot_be_money_failed(literal: str) -> None:
    assert reason(figures.money(read(literal), "it", within="current")) is Reason.SOURCE_FAILED


@pytest.mark.parametrize("special", ["NaN", "Infinity", "-Infinity", "sNaN"])
def test_a_number_that_is_none_failed_even_if_a_parser_let_it_through(special: str) -> None:
    assert reason(figures.amount({"it": Decimal(special)}, "it", within="current")) is Reason.SOURCE_FAILED


def test_the_detail_never_repeats_a_text_of_the_source() -> None:
    seen = figures.amount({"it": "act.secret"}, "it", within="current")

    assert isinstance(seen, Absent)
    assert seen.causes[0].detail == "current.it is not a number"
