"""What a rehearsed night left in the tables and in the outbox, read back as any other tool would."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from console.audit_report import plain_of_row
from console.demo.rehearsal import Rehearsal
from console.embedded import Delivery
from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.night import Coverage
from functions.audit.outcome import Status
from functions.audit.plain import finding_plain

PlainAudit = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Blind:
    """What could not be looked at for one merchant, and why."""

    merchant_id: str
    checks: tuple[str, ...]
    reasons: tuple[str, ...]
    causes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """One night as the tables show it. ``audits`` have the shape of `nightjar audit --format json`."""

    night: date
    seed: int
    names: dict[str, str]
    audits: Sequence[PlainAudit]
    criticals: Sequence[Finding]
    coverage: Coverage
    messages: Sequence[Delivery]
    failed_messages: int

    def statuses(self) -> dict[str, Counter[str]]:
        """Return, for each check in report order, how many merchants came to which status."""
        counted: dict[str, Counter[str]] = {}
        for audit in self.audits:
            for outcome in audit["outcomes"]:
                counted.setdefault(outcome["check_id"], Counter())[outcome["status"]] += 1
        return counted

    def backends(self) -> Counter[str]:
        """Return how many merchants' channels were measured by whom, as in ``ga4, sales by shopify``."""
        counted: Counter[str] = Counter()
        for audit in self.audits:
            kpis = audit["kpis"]
            traffic, sales = (
                kpi.get("source") or ("storefront" if kpi["value"] is not None else None)
                for kpi in (kpis["sessions"], kpis["revenue"])
            )
            named = traffic or sales or "nobody"
            counted[named if sales in {None, traffic} or traffic is None else f"{traffic}, sales by {sales}"] += 1
        return counted

    def blind(self) -> list[Blind]:
        """Return, for each merchant, what could not be looked at and every distinct cause of it."""
        found: list[Blind] = []
        for audit in self.audits:
            unseen = [outcome for outcome in audit["outcomes"] if outcome["status"] == Status.NOT_EVALUATED]
            if unseen:
                said = [part for outcome in unseen for part in _causes(outcome["summary"])]
                reasons = [reason for outcome in unseen for reason in outcome["reasons"]]
                found.append(
                    Blind(
                        merchant_id=audit["merchant_id"],
                        checks=tuple(outcome["check_id"] for outcome in unseen),
                        reasons=tuple(dict.fromkeys(reasons)),
                        causes=tuple(dict.fromkeys(said)),
                    )
                )
        return found

    def plain(self) -> dict[str, Any]:
        """Return the whole night as one JSON document."""
        return {
            "night": self.night.isoformat(),
            "seed": self.seed,
            "coverage": {
                "expected": self.coverage.expected,
                "audited": self.coverage.audited,
                "failed": list(self.coverage.failed),
                "missing": list(self.coverage.missing),
                "percent": self.coverage.percent,
                "outcomes": {status.value: count for status, count in self.coverage.outcomes.items()},
                "causes": {reason.value: count for reason, count in self.coverage.causes.items()},
            },
            "audits": list(self.audits),
            "criticals": [finding_plain(finding) for finding in self.criticals],
            "messages": [
                {
                    "protocol": message.protocol,
                    "to": message.endpoint,
                    "subject": message.subject,
                    "body": message.body,
                    "attributes": dict(message.attributes),
                }
                for message in self.messages
            ],
        }


def collect(rehearsal: Rehearsal, night: date, *, seed: int) -> Result:
    """Read the night back."""
    tables = rehearsal.stage.tables
    row = tables.nights.get(night)
    if row is None or row.coverage is None:
        raise LookupError(f"the night {night} is not closed")
    return Result(
        night=night,
        seed=seed,
        names={merchant.id: merchant.name for merchant in rehearsal.fleet},
        audits=[plain_of_row(tables.audits.get(merchant.id, night)) for merchant in rehearsal.fleet],
        criticals=sorted(tables.findings.open(Severity.CRITICAL), key=lambda finding: finding.merchant_id),
        coverage=row.coverage,
        messages=rehearsal.aws.outbox(),
        failed_messages=sum(
            depth.visible for name, depth in rehearsal.aws.queue_depths().items() if name.endswith("-dlq")
        ),
    )


def _causes(summary: str) -> list[str]:
    """Return the single causes of a summary, without the log ids that make each answer's differ."""
    told = summary.removeprefix("Could not look: ").removesuffix(".")
    return [re.sub(r" \(log id [^)]*\)", "", cause) for cause in told.split("; ")]
