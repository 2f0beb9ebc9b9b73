"""What things are called in the report."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from functions.audit.absence import Reason
from functions.audit.called import REASONS, SOURCES
from functions.audit.evidence import evidence_lines
from functions.audit.language import ENGLISH
from functions.audit.outcome import Area, Status
from functions.audit.text import one_line
from functions.audit.wording import counted

TEXT_LIMIT: Final = 400
NAME_LIMIT: Final = 120
STATUSES: Final[Mapping[Status, str]] = {
    Status.CRITICAL: "critical",
    Status.WARN: "warning",
    Status.NOT_EVALUATED: "could not look",
    Status.INFO: "worth knowing",
    Status.PASS: "good",
}
AREAS: Final[Mapping[Area, tuple[str, str]]] = {
    Area.ACCESS: ("Access", "Is the connection to TikTok healthy?"),
    Area.TRAFFIC: ("Traffic", "Does the traffic that it sends stay?"),
    Area.AUDIENCE: ("Audience", "Does the audience grow and convert?"),
    Area.COMMERCE: ("Commerce", "Does it earn money?"),
}
# What to do where nobody could look.
ADVICE: Final[Mapping[Reason, str]] = {
    Reason.SCOPE_MISSING: "Connect TikTok again and grant every permission asked for.",
    Reason.UNAUTHORIZED: "Connect the account again.",
    Reason.SOURCE_FAILED: "Nothing yet: it is asked again every night.",
    Reason.RATE_LIMITED: "Nothing yet: it is asked again every night.",
    Reason.SOURCE_STALE: "See why the source is late with its figures.",
    Reason.NOT_CONNECTED: "Add the source to the merchant's settings.",
    Reason.NOT_MEASURED: "Have the source measure it, if it is wanted.",
    Reason.SAMPLE_TOO_SMALL: "Nothing: it is judged as soon as there is enough.",
    Reason.NO_PRIOR: "Nothing: the next period has one before it.",
    Reason.MIXED_UNITS: "Nothing: it is judged when both periods are alike.",
    Reason.CHECK_CRASHED: "Tell the operators, who have an alarm of it.",
}
_CENTS_MATTER: Final = 1000
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_KPIS: Final = {"avg_session_duration": "Average session", "session_conversion_rate": "Conversion rate"}


def titled(name: str) -> str:
    """Return the name of a check or KPI as a heading: ``Bounce rate``."""
    return _KPIS.get(name) or name.replace("_", " ").capitalize()


def reason(of: Reason) -> str:
    """Return why nobody could look, as the emails tell it."""
    return REASONS[of]


def source(of: str) -> str:
    """Return who measured something, as the emails tell it; a name that nobody knows stays."""
    return SOURCES.get(of, of)


def day(of: date, *, year: bool = True) -> str:
    """Return a day as people write it, the same in every locale: ``21 November 2026``."""
    return f"{of.day} {_MONTHS[of.month - 1]}" + (f" {of.year}" if year else "")


def text(plain: str) -> str:
    """Return a sentence that may quote others: one line, without control or bidi characters."""
    return one_line(plain, limit=TEXT_LIMIT)


def name(plain: str) -> str:
    """Return somebody else's name of something, as ``text``."""
    return one_line(plain, limit=NAME_LIMIT)


def figure(value: Decimal | int | None, unit: str) -> str:
    """Return a stored figure with its unit, or that there is none."""
    return "not measured" if value is None else ENGLISH.figure(Decimal(value), unit)


def money(value: Decimal | int | None, currency: str) -> str:
    """Return an amount: to the cent while a cent matters."""
    if value is None:
        return "not measured"
    amount = Decimal(value)
    return f"{amount:,.2f} {currency}" if abs(amount) < _CENTS_MATTER else f"{amount:,.0f} {currency}"


def change(percent: Decimal | int) -> str:
    """Return a change with its sign: ``+12.5 %``, with a real minus."""
    value = Decimal(percent)
    sign = "+" if value > 0 else "−" if value < 0 else "±"  # noqa: RUF001 - a minus as wide as the plus
    return f"{sign}{ENGLISH.figure(abs(value), '%')}"


def evidence(plain: Mapping[str, Any], *, without: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """Return evidence line by line."""
    return tuple(evidence_lines(plain, without=without))


def samples(plain: Mapping[str, int]) -> str:
    """Return how much a figure rests on: ``8,000 sessions``."""
    return ", ".join(f"{number:,} {key.replace('_', ' ')}" for key, number in plain.items())


def nights(number: int) -> str:
    """Return so many nights."""
    return counted(number, "night")
