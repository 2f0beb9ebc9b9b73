"""How numbers read in a sentence and how they are stored."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.wording import figure, floor_noun, plain, stored

# The fetcher lets nothing above 10^15 in, at six decimals; a fall from there to a millionth, in percent, is the most.
LARGEST = Decimal(10) ** 23


@pytest.mark.parametrize(
    ("value", "unit", "reads"),
    [
        ("81.25", "%", "81.2 %"),
        ("0.35", "%", "0.35 %"),
        ("9.999", "%", "10 %"),
        ("60", "%", "60 %"),
        ("0", "%", "0 %"),
        ("1", "pages", "1 page"),
        ("2", "pages", "2 pages"),
        ("1", "days", "1 day"),
        ("1.5", "pages", "1.5 pages"),
        ("1234567.89", "", "1,234,567.9"),
        ("-12.34", "%", "-12.3 %"),
        ("1E+3", "sessions", "1,000 sessions"),
    ],
)
def test_a_figure_reads_as_people_write_it(value: str, unit: str, reads: str) -> None:
    assert figure(Decimal(value), unit) == reads


@pytest.mark.parametrize(
    ("value", "kept"),
    [("60.000000", "60"), ("1.50", "1.5"), ("1E+3", "1000"), ("0.0000004", "0"), ("33.33333333333", "33.333333")],
)
def test_a_stored_number_is_plain_with_at_most_six_decimals(value: str, kept: str) -> None:
    assert str(stored(Decimal(value))) == kept


@given(st.decimals(-LARGEST, LARGEST, places=10))
def test_no_figure_is_too_large_to_be_shown_and_stored(value: Decimal) -> None:
    assert figure(value, "%").endswith(" %")
    assert abs(stored(value) - value) <= abs(value) * Decimal("1E-27") + Decimal("0.0000005")


@given(st.integers(-(10**15), 10**15), st.integers(0, 6))
def test_a_plain_number_is_the_same_number_without_an_exponent(digits: int, places: int) -> None:
    value = Decimal(digits).scaleb(-places)

    assert plain(value) == value
    assert "E" not in str(plain(value))


def test_floors_are_named_in_words() -> None:
    assert floor_noun("prior_orders") == "orders in the prior period"
    assert floor_noun("some_other") == "some other"
