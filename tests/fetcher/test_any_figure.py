"""Whatever JSON value stands in a figure's place, it is an exact number in range, or an absence that fits."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.audit.absence import Absent, Reason
from functions.fetcher import figures

KINDS = [figures.count, figures.rate, figures.amount, figures.money]
QUADRILLION = 10**15  # 10^15 is the largest figure that is believed
quick = settings(max_examples=150, deadline=None)

# As the client parses: numbers without point or exponent are int, all others Decimal of any size and form.
plain = st.one_of(st.integers(), st.integers(-(10**40), 10**40))
written = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.builds(Decimal, st.from_regex(r"-?[0-9]{1,40}\.[0-9]{1,60}", fullmatch=True)),
    st.builds(Decimal, st.from_regex(r"-?[0-9]{1,5}[eE][+-]?[0-9]{1,4}", fullmatch=True)),
)
texts = st.one_of(st.text(max_size=20), st.from_regex(r"\s?[+-]?[0-9]{0,33}[.,]?[0-9]{0,33}%?\s?", fullmatch=True))
nested = st.one_of(st.lists(plain, max_size=2), st.dictionaries(texts, plain, max_size=2))
values = st.one_of(st.none(), st.booleans(), plain, written, texts, nested)


def reason(value: object) -> Reason:
    assert isinstance(value, Absent)
    (cause,) = value.causes
    assert cause.detail.startswith("current.it ")
    assert cause.detail.isprintable()
    return cause.reason


@pytest.mark.parametrize("kind", KINDS)
@quick
@given(value=values)
def test_any_value_is_a_number_in_range_or_an_absence_that_fits(kind: Any, value: object) -> None:
    seen = kind({"it": value}, "it", within="current")

    if value is None:
        assert reason(seen) is Reason.NOT_MEASURED
    elif isinstance(value, bool | list | dict) or isinstance(seen, Absent):
        assert reason(seen) is Reason.SOURCE_FAILED
    else:
        assert (type(seen) is int) == (kind is figures.count)
        assert Decimal(seen).is_finite()
        least = -QUADRILLION if kind is figures.money else 0
        assert least <= seen <= (100 if kind is figures.rate else QUADRILLION)
        assert len(Decimal(seen).as_tuple().digits) <= 30
        assert abs(Decimal(seen) - Decimal(str(value).strip())) <= Decimal("0.0000005")


@quick
@given(value=st.integers(0, QUADRILLION), kind=st.sampled_from([figures.count, figures.amount, figures.money]))
def test_a_whole_number_in_range_is_itself_as_a_number_and_as_a_text(value: int, kind: Any) -> None:
    assert kind({"it": value}, "it", within="current") == value
    assert kind({"it": str(value)}, "it", within="current") == value


@quick
@given(value=st.decimals(0, 100, places=9))
def test_a_percentage_is_exact_as_a_number_and_as_a_text(value: Decimal) -> None:
    arrived = json.loads(f'{{"it": {value:f}}}', parse_float=Decimal)

    assert figures.rate(arrived, "it", within="current") == value
    assert figures.rate({"it": f" {value:f} "}, "it", within="current") == value


@quick
@given(value=st.one_of(st.integers(max_value=-1), st.integers(min_value=QUADRILLION + 1)))
def test_a_count_below_0_or_beyond_any_shop_failed(value: int) -> None:
    assert reason(figures.count({"it": value}, "it", within="current")) is Reason.SOURCE_FAILED


@quick
@given(value=st.decimals(0, 10**6, places=3).filter(lambda number: number != int(number)))
def test_a_count_with_a_fraction_is_no_count(value: Decimal) -> None:
    assert reason(figures.count({"it": value}, "it", within="current")) is Reason.SOURCE_FAILED


@quick
@given(value=st.text(max_size=20).filter(lambda text: not any(sign.isdecimal() for sign in text)))
def test_a_text_without_a_digit_is_no_number_and_is_not_repeated(value: str) -> None:
    for kind in KINDS:
        seen: object = kind({"it": value}, "it", within="current")
        assert isinstance(seen, Absent)
        assert seen.causes[0].detail == "current.it is not a number"
