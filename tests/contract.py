"""Holds items against the published contract, more strictly than a reader may: nothing undeclared is let through."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from console.contract.schema import as_json, closed, schema_of
from functions.store.contract.catalogue import TABLES

HOW = "if it is meant, declare it in functions/store/contract and run python -m console.contract"
_FORMATS = FormatChecker()


@_FORMATS.checks("date", raises=ValueError)
def _is_date(value: object) -> bool:
    return isinstance(value, str) and date.fromisoformat(value).isoformat() == value


@_FORMATS.checks("date-time", raises=ValueError)
def _is_instant(value: object) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


@cache
def _validator(table: str) -> Draft202012Validator:
    (declared,) = (one for one in TABLES if one.name == table)
    return Draft202012Validator(closed(schema_of(declared)), format_checker=_FORMATS)


def departures(table: str, items: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return where plain items depart from what is declared in functions/store/contract, each way of departing once."""
    found = {
        f"{table}: {'.'.join(map(str, error.absolute_path)) or 'the item'}: {error.message[:200]}; {HOW}"
        for item in items
        for error in _validator(table).iter_errors(as_json(item))
    }
    return sorted(found)
