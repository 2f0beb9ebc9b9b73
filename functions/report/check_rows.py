"""The checks as the report lists them: by area, by what kept them from looking, and the pages that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from functions.audit.absence import Reason
from functions.audit.check import Check
from functions.audit.outcome import Area, Status
from functions.report import words
from functions.report.gauge import gauge
from functions.report.stored import CHECKS, TOLD_ELSEWHERE
from functions.report.view import CheckRow, Group, Listed, Listing, Unseen


def groups(outcomes: Mapping[str, Mapping[str, Any]]) -> Iterable[Group]:
    """Yield the areas with their checks."""
    for area, (title, question) in words.AREAS.items():
        checks = tuple(
            _row(CHECKS[check_id], outcome) for check_id, outcome in outcomes.items() if Area(outcome["area"]) is area
        )
        yield Group(area.value, title, question, checks)


def unseen(outcomes: Mapping[str, Mapping[str, Any]]) -> Iterable[Unseen]:
    """Yield what kept checks from looking, each cause with all its checks."""
    by_reason: dict[Reason, tuple[dict[str, None], dict[str, None]]] = {}
    for check_id, outcome in outcomes.items():
        if outcome["status"] == Status.NOT_EVALUATED.value:
            for cause in outcome["causes"]:
                details, checks = by_reason.setdefault(Reason(cause["reason"]), ({}, {}))
                details[words.text(cause["detail"])] = None
                checks[check_id] = None
    for reason, (details, checks) in by_reason.items():
        why = words.reason(reason)
        named = tuple((check_id, words.titled(check_id)) for check_id in checks)
        yield Unseen(why[:1].upper() + why[1:], tuple(details), named, words.ADVICE[reason])


def listing(outcome: Mapping[str, Any], key: str, currency: str) -> Listing:
    """Return the pages or sources that a check names, or its sentence where it names none."""
    rows = outcome["evidence"].get(key, ())
    listed = tuple(
        Listed(
            name=words.name(str(row["name"])),
            sessions=words.figure(row["sessions"], ""),
            rate=words.figure(row["conversion_rate"], "%"),
            revenue=words.money(row.get("revenue"), currency),
        )
        for row in rows
    )
    if not listed:
        return Listing((), words.text(outcome["summary"]))
    unlisted = int(outcome.get("value") or 0) - len(listed)
    return Listing(listed, "", f"and {unlisted:,} more" if unlisted > 0 else "")


def _row(check: Check, plain: Mapping[str, Any]) -> CheckRow:
    status, unit, threshold = Status(plain["status"]), plain["unit"], plain["threshold"]
    limits = [
        f"{said} {check.breach.value.replace('_', ' ')} {words.figure(plain[said], unit)}"
        for said in ("warn", "critical")
        if plain.get(said) is not None and status is not Status.NOT_EVALUATED
    ]
    origin = f"the merchant's own: {words.text(threshold['reason'])}" if limits and threshold.get("reason") else ""
    if origin and threshold.get("expires"):
        origin += f" (until {words.day(date.fromisoformat(threshold['expires']))})"
    breached = status.severity is not None or status is Status.INFO
    return CheckRow(
        id=check.id,
        title=words.titled(check.id),
        status=status,
        summary=words.text(plain["summary"]),
        limits=", ".join(limits),
        origin=origin,
        rests_on=words.samples(plain["samples"]),
        evidence=words.evidence(plain["evidence"], without=TOLD_ELSEWHERE) if breached else (),
        advice=check.advice if breached else "",
        gauge=gauge(plain, check.breach),
    )
