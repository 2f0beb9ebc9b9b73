"""A message as JSON for programs: what happened, filled into the form that is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from pydantic import JsonValue

from functions.audit import digest
from functions.audit.absence import Absent
from functions.audit.document_form import (
    SCHEMA_VERSION,
    Coverage,
    Document,
    NotEvaluated,
    Threshold,
    Told,
    Warned,
    Window,
    Windows,
    plain_number,
)
from functions.audit.language import Language
from functions.audit.merchant import Merchant
from functions.audit.news import News, Scene
from functions.audit.outcome import EvidenceValue
from functions.audit.periods import Periods
from functions.audit.text import defanged, untrusted

REASON_LIMIT: Final = 160
VALUE_LIMIT: Final = 120
ROWS: Final = 10
_DEPTH: Final = 4


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
            return plain_number(value)
        case list() if depth:
            return [_safe(entry, depth - 1) for entry in value[:ROWS]]
        case Mapping() if depth:
            return {key: _safe(entry, depth - 1) for key, entry in value.items()}
        case list() | Mapping():
            return None
        case _:
            return value
