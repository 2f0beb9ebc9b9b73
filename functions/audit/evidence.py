"""Evidence as short lines that are safe to show and to send."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Final

from functions.audit.language import ENGLISH, Language, marked
from functions.audit.outcome import Evidence, EvidenceValue
from functions.audit.text import untrusted

LISTED: Final = 5
VALUE_LIMIT: Final = 120
# What evidence is called and what it says in words of ours; everything else is a figure or somebody else's text.
_NAMES: Final = {
    "account_type": marked("account type"),
    "account_type_from": marked("account type from"),
    "business_api": marked("business api"),
    "candidates": marked("candidates"),
    "channel_conversion_rate": marked("channel conversion rate"),
    "conversion_rate": marked("conversion rate"),
    "currency": marked("currency"),
    "date": marked("date"),
    "days": marked("days"),
    "ends_on": marked("ends on"),
    "goals_rose_percent": marked("goals rose by"),
    "measured_by": marked("measured by"),
    "open_id": marked("open id"),
    "pages": marked("pages"),
    "prior_period": marked("prior period"),
    "reconnect_within": marked("reconnect within (days)"),
    "returning_users": marked("returning users"),
    "revenue": marked("revenue"),
    "revenue_rose_percent": marked("revenue rose by"),
    "sessions": marked("sessions"),
    "spikes": marked("spikes"),
    "times_median": marked("times the median day"),
}
_WORDS: Final = {
    "business": marked("business"),
    "creator": marked("creator"),
    "personal": marked("personal"),
    "not verifiable": marked("not verifiable"),
    "merchant": marked("the merchant"),
    "business_api": marked("TikTok's Business API"),
    "ga4": marked("Google Analytics 4"),
    "shopify": marked("Shopify"),
    "storefront": marked("the storefront"),
}
_IN_WORDS: Final = frozenset({"account_type", "account_type_from", "measured_by"})
_DAYS: Final = frozenset({"date", "ends_on"})
_PERCENT: Final = ("_rate", "_percent")


def evidence_lines(
    evidence: Evidence,
    language: Language = ENGLISH,
    *,
    without: frozenset[str] = frozenset(),
    fold: Callable[[str], Iterable[str]] = lambda line: (line,),
) -> Iterable[str]:
    """Yield evidence line by line: scalars by name, the first rows of each list.

    ``fold`` may break a long line in which there is no word of anybody else's.
    """
    for key, value in evidence.items():
        if key in without or value is None:
            continue
        if not isinstance(value, list):
            yield f"{_name(key, language)}: {_scalar(key, value, language)}"
            continue
        yield f"{_name(key, language)}:"
        for row in value[:LISTED]:
            line = f"- {_row(row, language)}"
            yield from fold(line) if _is_ours(row) else (line,)
        if len(value) > LISTED:
            yield language.count("- and {count} more", "- and {count} more", len(value) - LISTED)


def _is_ours(row: EvidenceValue) -> bool:
    entries = row.items() if isinstance(row, dict) else [("", row)]
    return not any(isinstance(value, str) and key not in _DAYS for key, value in entries)


def _name(key: str, language: Language) -> str:
    return language.say(_NAMES[key]) if key in _NAMES else key.replace("_", " ")


def _row(row: EvidenceValue, language: Language) -> str:
    if not isinstance(row, dict):
        return _scalar("", row, language)
    told = ", ".join(
        f"{_name(key, language)} {_scalar(key, value, language)}"
        for key, value in row.items()
        if key != "name" and value is not None
    )
    return f"{_scalar('name', row['name'], language)}: {told}" if "name" in row else told


def _scalar(key: str, value: EvidenceValue, language: Language) -> str:
    match value:
        case bool():
            return language.say("yes") if value else language.say("no")
        case str():
            return _text(key, value, language)
        case int() | Decimal():
            return language.figure(Decimal(value), "%" if key.endswith(_PERCENT) else "")
        case None:
            return language.say("unknown")
        case _:
            return language.count("{count} entry", "{count} entries", len(value))


def _text(key: str, value: str, language: Language) -> str:
    if key in _IN_WORDS and value in _WORDS:
        return language.say(_WORDS[value])
    if key in _DAYS:
        with suppress(ValueError):  # what is no date is shown as it is
            return language.day(date.fromisoformat(value))
    return untrusted(value, limit=VALUE_LIMIT)
