"""Outcomes, KPIs and findings as plain data: the shapes that the tables store and that programs read as JSON.

The names here are contract: scripts, other tools and the tables rely on them. Numbers are Decimals, rounded to six
decimals only now, after they were judged exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from functions.audit.absence import Absent
from functions.audit.finding import Finding
from functions.audit.kpi import Kpi
from functions.audit.outcome import Evidence, EvidenceValue, Outcome
from functions.audit.wording import stored


def outcome_plain(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome: figure, thresholds and who set them, reasons with their detail, samples, evidence."""
    return {
        "check_id": outcome.check_id,
        "area": outcome.area.value,
        "status": outcome.status.value,
        "value": number(outcome.value),
        "unit": outcome.unit,
        "warn": number(outcome.warn),
        "critical": number(outcome.critical),
        "reasons": [reason.value for reason in outcome.reasons],
        "causes": [{"reason": cause.reason.value, "detail": cause.detail} for cause in outcome.causes],
        "summary": outcome.summary,
        "samples": dict(outcome.samples),
        "conditions": list(outcome.conditions),
        "evidence": evidence_plain(outcome.evidence),
        "threshold": {
            "set_by": outcome.origin.set_by,
            "reason": outcome.origin.reason,
            "expires": outcome.origin.expires.isoformat() if outcome.origin.expires else None,
        },
    }


def kpi_plain(kpi: Kpi) -> dict[str, Any]:
    """Return a KPI. ``reason`` says why the value is absent, all reasons joined by a comma; else it is ``None``."""
    reasons = dict.fromkeys(cause.reason.value for cause in kpi.value.causes) if isinstance(kpi.value, Absent) else ()
    return {
        "value": _figure(kpi.value),
        "prior": _figure(kpi.prior),
        "change_percent": _figure(kpi.change_percent),
        "unit": kpi.unit,
        "good_when": kpi.good_when.value,
        "sentiment": kpi.sentiment.value,
        "reason": ",".join(reasons) or None,
        "source": kpi.source,
    }


def finding_plain(finding: Finding) -> dict[str, Any]:
    """Return a finding as the findings table has it, without the keys that only serve its indexes."""
    dates = (
        "last_night",
        "opened_on",
        "resolved_on",
        "blinded_since",
        "critical_since",
        "calmed_on",
        "returned_on",
        "last_told_on",
    )
    plain: dict[str, Any] = {
        "merchant_id": finding.merchant_id,
        "check_id": finding.check_id,
        "status": finding.status.value,
        "severity": finding.severity.value if finding.severity else None,
        "value": number(finding.value),
        "unit": finding.unit,
        "warn": number(finding.warn),
        "critical": number(finding.critical),
        "summary": finding.summary,
        "reason": finding.reason,
        "nights_open": finding.nights_open,
        "good_nights": finding.good_nights,
        "calm_nights": finding.calm_nights,
        "evidence": evidence_plain(finding.evidence),
    }
    for name in dates:
        day = getattr(finding, name)
        plain[name] = day.isoformat() if day else None
    return plain


def evidence_plain(evidence: Evidence) -> dict[str, Any]:
    """Return evidence with its numbers rounded as they are stored."""
    return {key: _rounded(value) for key, value in evidence.items()}


def number(value: Decimal | None) -> Decimal | None:
    """Return a figure as it is stored."""
    return None if value is None else stored(value)


def _figure(value: Decimal | Absent) -> Decimal | None:
    return None if isinstance(value, Absent) else stored(value)


def _rounded(value: EvidenceValue) -> Any:  # noqa: ANN401 - plain data of any depth
    match value:
        case Decimal():
            return stored(value)
        case list():
            return [_rounded(entry) for entry in value]
        case Mapping():
            return {key: _rounded(entry) for key, entry in value.items()}
        case _:
            return value
