"""The form of a message as JSON for programs. Its schema is published: docs/schemas/alert.schema.json.

Names and codes are those of the tables, in English whatever the language; ``text`` and ``advice`` are for people.
A field, a check or a reason may be added within a ``schema_version``; one that changes or goes makes another.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, JsonValue, PlainSerializer, WithJsonSchema

from functions.audit.absence import Reason
from functions.audit.digest import Change
from functions.audit.model import Model
from functions.audit.outcome import Area, Status
from functions.audit.telling import Why
from functions.audit.wording import stored

SCHEMA_VERSION: Final = 1


def plain_number(value: Decimal) -> int | float:
    """Return a figure as JSON has it: whole where it is."""
    short = stored(value)
    return int(short) if short == short.to_integral_value() else float(short)


Number = Annotated[Decimal, PlainSerializer(plain_number, when_used="json"), WithJsonSchema({"type": "number"})]
Count = Annotated[int, Field(ge=0)]


class _Part(Model):
    """A part of the message. Unlike a setting it may have fields that a reader of today does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Threshold(_Part):
    """Who set what the figure was judged by: Nightjar's default, or the merchant with a reason."""

    set_by: Literal["default", "merchant"]
    reason: str | None
    expires: date | None


class Told(_Part):
    """One check that the message tells of, the most urgent first.

    ``since``: the night on which it turned critical. ``prior``: the figure of the prior period, in ``prior_unit``.
    ``explains``: how many checks could not run because of this.
    """

    check_id: str
    area: Area
    why: Why
    status: Status
    since: date | None
    value: Number | None
    unit: str
    warn: Number | None
    critical: Number | None
    threshold: Threshold
    conditions: tuple[str, ...]
    prior: Number | None
    prior_unit: str | None
    explains: Count
    evidence: dict[str, JsonValue]
    text: str
    advice: str | None


class Warned(_Part):
    """One warning of the daily digest; ``since``: the night on which it opened, for what still is one."""

    check_id: str
    area: Area
    change: Change
    status: Status
    since: date | None
    value: Number | None
    unit: str
    warn: Number | None
    text: str
    advice: str | None


class Coverage(_Part):
    """Of so many checks so many could look."""

    checks: Count
    looked: Count


class NotEvaluated(_Part):
    """A check that could not look, and every reason why. It is neither good nor bad."""

    check_id: str
    reasons: tuple[Reason, ...]


class Window(_Part):
    """Whole days, both ends included, in the merchant's time zone."""

    start: date
    end: date


class Windows(_Part):
    """The period that was judged and the one before it."""

    current: Window
    prior: Window


class Document(_Part):
    """One message of Nightjar about one merchant's night.

    The same message may come twice, with the same ``merchant_id`` and ``alert_id``. A ``digest`` tells of warnings
    alone and has no ``news``; an ``alert`` has some, and the day's warnings beside them where the merchant wants those.
    ``counts`` are the outcomes of all checks by their status; ``sources`` are who measured the night's figures.
    """

    schema_version: Literal[1]
    kind: Literal["alert", "digest"]
    merchant_id: str
    merchant_name: str
    alert_id: str
    night: date
    language: str
    subject: Annotated[str, Field(max_length=99)]
    news: tuple[Told, ...]
    warnings: tuple[Warned, ...]
    counts: dict[Status, Count]
    coverage: Coverage
    not_evaluated: tuple[NotEvaluated, ...]
    periods: Windows | None
    sources: tuple[str, ...]


def schema() -> dict[str, Any]:
    """Return the schema that is published."""
    published = Document.model_json_schema(mode="serialization")
    for part in published["$defs"].values():
        if "enum" in part:
            part.pop("description", None)  # those speak to who reads the code
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:nightjar:alert:{SCHEMA_VERSION}",
        **published,
    }
