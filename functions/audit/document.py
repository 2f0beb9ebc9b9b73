"""A message as JSON for programs. Its schema is published: docs/schemas/alert.schema.json.

Names and codes are those of the tables, in English whatever the language; ``text`` and ``advice`` are for people.
A field, a check or a reason may be added within a ``schema_version``; one that changes or goes makes another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, JsonValue, PlainSerializer, WithJsonSchema

from functions.audit import digest
from functions.audit.absence import Absent, Reason
from functions.audit.digest import Change
from functions.audit.language import Language
from functions.audit.merchant import Merchant
from functions.audit.model import Model
from functions.audit.news import News, Scene
from functions.audit.outcome import Area, EvidenceValue, Status
from functions.audit.periods import Periods
from functions.audit.telling import Why
from functions.audit.text import defanged, untrusted
from functions.audit.wording import stored

SCHEMA_VERSION: Final = 1
REASON_LIMIT: Final = 160
VALUE_LIMIT: Final = 120
ROWS: Final = 10
_DEPTH: Final = 4


def _plain(value: Decimal) -> int | float:
    short = stored(value)
    return int(short) if short == short.to_integral_value() else float(short)


Number = Annotated[Decimal, PlainSerializer(_plain, when_used="json"), WithJsonSchema({"type": "number"})]
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


def document(
    name: str,
    merchant: Merchant,
    scene: Scene,
    news: Sequence[News],
    warnings: Sequence[digest.Warned],
    language: Language,
    subject: str,
) -> str:
    """Return the message as JSON, one line; every text that others wrote is as safe as in the other forms."""
    return Document(
        schema_version=SCHEMA_VERSION,
        kind="alert" if news else "digest",
        merchant_id=merchant.id,
        merchant_name=name,
        alert_id=scene.alert_id,
        night=scene.night,
        language=language.tag,
        subject=subject,
        news=tuple(_told(one, scene, language) for one in news),
        warnings=tuple(_warned(one, language) for one in warnings),
        counts=dict(scene.counts),
        coverage=Coverage(checks=scene.checks, looked=scene.looked),
        not_evaluated=tuple(NotEvaluated(check_id=one.check_id, reasons=one.reasons) for one in scene.unseen),
        periods=_windows(scene.periods),
        sources=scene.sources,
    ).model_dump_json()


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


def _windows(periods: Periods | None) -> Windows | None:
    if periods is None:
        return None
    current, prior = periods.current, periods.prior
    return Windows(current=Window(start=current.start, end=current.end), prior=Window(start=prior.start, end=prior.end))


def _told(one: News, scene: Scene, language: Language) -> Told:
    outcome, kpi = one.outcome, scene.figure_of(one.outcome)
    prior = None if kpi is None or isinstance(kpi.prior, Absent) else kpi.prior
    origin = outcome.origin
    return Told(
        check_id=outcome.check_id,
        area=outcome.area,
        why=one.why,
        status=outcome.status,
        since=one.since,
        value=outcome.value,
        unit=outcome.unit,
        warn=outcome.warn,
        critical=outcome.critical,
        threshold=Threshold(
            set_by="merchant" if origin.set_by == "merchant" else "default",
            reason=untrusted(origin.reason, limit=REASON_LIMIT) if origin.reason else None,
            expires=origin.expires,
        ),
        conditions=outcome.conditions,
        prior=prior,
        prior_unit=kpi.unit if kpi is not None and prior is not None else None,
        explains=one.blinds,
        evidence={key: _safe(value) for key, value in outcome.evidence.items()},
        text=defanged(outcome.check.sentence(outcome, language)),
        advice=None if one.is_good else language.say(outcome.check.advice),
    )


def _warned(one: digest.Warned, language: Language) -> Warned:
    outcome = one.outcome
    return Warned(
        check_id=outcome.check_id,
        area=outcome.area,
        change=one.change,
        status=outcome.status,
        since=one.since,
        value=outcome.value,
        unit=outcome.unit,
        warn=outcome.warn,
        text=defanged(outcome.check.sentence(outcome, language)),
        advice=None if one.is_good else language.say(outcome.check.advice),
    )


def _safe(value: EvidenceValue, depth: int = _DEPTH) -> JsonValue:
    """Return evidence as JSON has it: numbers as numbers, texts safe and capped, lists and depth within bounds."""
    match value:
        case str():
            return untrusted(value, limit=VALUE_LIMIT)
        case Decimal():
            return _plain(value)
        case list() if depth:
            return [_safe(entry, depth - 1) for entry in value[:ROWS]]
        case Mapping() if depth:
            return {key: _safe(entry, depth - 1) for key, entry in value.items()}
        case list() | Mapping():
            return None
        case _:
            return value
