"""Why a check came to what it did on a night: formula, inputs, thresholds and their origin, sample, gaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from console.inputs import Input, formula_of, inputs_of
from functions.audit.absence import Absent
from functions.audit.check import Check
from functions.audit.plain import evidence_plain
from functions.audit.profile import Profile
from functions.audit.reasoned import CheckSettings
from functions.audit.wording import floor_noun
from functions.report.stored import Stored

LEVELS: Final = ("info", "warn", "critical")


def explanation(check: Check, found: Stored, profile: Profile) -> dict[str, Any]:
    """Return the explanation as plain data: what is stored, joined with what the profile says of it.

    ``profile`` is the one in use; where the night was judged by another version, its words are left out.
    """
    outcome = dict(found.outcomes())[check.id]
    same = found.row["profile_version"] == profile.version
    own = found.row.get("overrides", {}).get(check.id)
    settings = {**profile.checks, **profile.extra_checks}[check.id]
    seen = found.snapshot
    return {
        "merchant_id": found.merchant.id,
        "check_id": check.id,
        "night": found.night.isoformat(),
        "version": found.row.get("version", 1),
        "status": outcome["status"],
        "summary": outcome["summary"],
        "value": outcome.get("value"),
        "unit": outcome["unit"] or ("%" if check.rate else ""),
        "formula": formula_of(check, profile.all_rules[check.id].parameters),
        "inputs": [] if isinstance(seen, str) else [_input(one) for one in inputs_of(check, seen)],
        "inputs_unseen": seen if isinstance(seen, str) else None,
        "periods": found.row["periods"],
        "thresholds": list(_thresholds(check, outcome, settings, own, same=same)),
        "conditions": list(_conditions(check, outcome, settings, own, same=same)),
        "samples": list(_samples(outcome, profile)),
        "causes": list(outcome["causes"]),
        "evidence": dict(outcome["evidence"]),
        "advice": check.advice,
        "judged_by": {
            "profile_version": found.row["profile_version"],
            "explained_by": profile.version,
            "code_version": found.row.get("code_version"),
            "snapshot_sha256": found.row["snapshot_sha256"],
        },
        "finding": _finding(check.id, found),
    }


def _input(one: Input) -> dict[str, Any]:
    value, causes = (None, one.value.causes) if isinstance(one.value, Absent) else (one.value, ())
    return {
        "name": one.name,
        "path": one.path,
        "value": evidence_plain({"value": value})["value"],
        "unit": one.unit,
        "source": one.source,
        "causes": [{"reason": why.reason.value, "detail": why.detail} for why in causes],
    }


def _thresholds(
    check: Check, outcome: Mapping[str, Any], settings: CheckSettings, own: Mapping[str, Any] | None, *, same: bool
) -> Iterator[dict[str, Any]]:
    """Yield each number that the outcome was judged by, with who set it and why.

    ``own``: the merchant's override that was in force. Older audits do not have it: there the number itself tells.
    """
    threshold = outcome["threshold"]
    for level in LEVELS:
        default = getattr(settings, level)
        # What only tells good news is not stored with the outcome: no merchant can change it.
        number = outcome.get(level) if level != "info" else default and default.value
        if number is None:
            continue
        differs = default is None or default.value != number
        is_own = threshold.get("set_by", "default") != "default" and (differs if own is None else level in own)
        yield {
            "level": level,
            "breach": check.breach.value,
            "value": Decimal(number),
            "set_by": threshold["set_by"] if is_own else "default",
            "reason": threshold.get("reason") if is_own else default.why if same and default and not differs else None,
            "expires": threshold.get("expires") if is_own else None,
        }


def _conditions(
    check: Check, outcome: Mapping[str, Any], settings: CheckSettings, own: Mapping[str, Any] | None, *, same: bool
) -> Iterator[dict[str, Any]]:
    """Yield what was found wrong by name, how bad that is, and who says so."""
    theirs = (own or {}).get("conditions", {})
    for name in outcome.get("conditions", ()):
        default = settings.conditions.get(name) if same else None
        is_own = name in theirs
        yield {
            "name": name,
            "says": check.conditions.get(name, name.replace("_", " ")),
            "severity": theirs[name] if is_own else default.value.value if default else None,
            "set_by": outcome["threshold"]["set_by"] if is_own else "default",
            "reason": outcome["threshold"].get("reason") if is_own else default.why if default else None,
        }


def _samples(outcome: Mapping[str, Any], profile: Profile) -> Iterator[dict[str, Any]]:
    for name, seen in outcome["samples"].items():
        floor = profile.floors.get(name)
        yield {
            "of": floor_noun(name),
            "seen": seen,
            "needed": floor.value if floor else None,
            "reason": floor.why if floor else None,
        }


def _finding(check_id: str, found: Stored) -> dict[str, Any] | None:
    """Return how the check stands now, after whatever nights there were since."""
    finding = found.findings.get(check_id)
    if finding is None:
        return None
    days: dict[str, date | None] = {"opened_on": finding.opened_on, "resolved_on": finding.resolved_on}
    return {
        "severity": finding.severity.value if finding.severity else None,
        "nights_open": finding.nights_open,
        **{name: day.isoformat() if day else None for name, day in days.items()},
        "last_night": finding.last_night.isoformat(),
    }
