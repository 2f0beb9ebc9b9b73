"""What the report says of the whole fleet: coverage, what is critical, what nobody could see, and who is worst off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from functions.audit.night import AuditHead
from functions.audit.outcome import Status
from functions.audit.verdict import AuditState
from functions.audit.wording import counted
from functions.report import words
from functions.report.fleet_stored import StoredFleet
from functions.report.gauge import Spark, spark

_STATES: Final = {
    AuditState.DONE: "",
    AuditState.FAILED: "nobody came back",
    AuditState.PENDING: "not audited",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of the fleet, and how it went."""

    title: str
    value: str
    said: str
    spark: Spark | None


@dataclass(frozen=True, slots=True)
class CauseRow:
    """A reason why checks could not look: how many checks, of how many merchants."""

    why: str
    checks: str
    merchants: str
    advice: str


@dataclass(frozen=True, slots=True)
class CriticalRow:
    """A finding that is critical."""

    merchant: str
    check: str
    summary: str
    since: str


@dataclass(frozen=True, slots=True)
class MerchantRow:
    """A merchant's night. ``state`` is empty where it was audited; then there is one count for each status."""

    id: str
    name: str
    state: str
    counts: tuple[tuple[Status, str], ...]


@dataclass(frozen=True, slots=True)
class FleetView:
    """The whole report of a fleet. What is cut says so: ``more_criticals``, ``more_merchants``."""

    night: date
    headline: str
    worst: Status
    notes: tuple[str, ...]
    counts: tuple[tuple[Status, int, str], ...]
    figures: tuple[Figure, ...]
    by_check: tuple[tuple[str, str], ...]
    criticals: tuple[CriticalRow, ...]
    more_criticals: str
    causes: tuple[CauseRow, ...]
    merchants: tuple[MerchantRow, ...]
    more_merchants: str


def fleet_view(of: StoredFleet) -> FleetView:
    """Return what is said."""
    heads, criticals = of.heads, of.criticals
    audited = heads.states.get(AuditState.DONE, 0)
    oldest = tuple(
        CriticalRow(
            merchant=_name(of, finding.merchant_id),
            check=words.titled(finding.check_id),
            summary=words.text(finding.summary),
            since=words.day(since) if (since := finding.critical_since or finding.opened_on) else "not known",
        )
        for finding in criticals.oldest
    )
    return FleetView(
        night=of.night,
        headline=(
            f"{audited:,} of {counted(heads.expected, 'merchant')} audited; "
            f"{counted(criticals.total, 'critical finding')} open."
        ),
        worst=_worst(of, audited),
        notes=tuple(_notes(of)),
        counts=tuple((status, heads.outcomes.get(status, 0), said) for status, said in words.STATUSES.items()),
        figures=_figures(of, audited),
        by_check=tuple(
            (words.titled(check_id), f"{number:,}")
            for check_id, number in sorted(criticals.by_check.items(), key=lambda one: (-one[1], one[0]))
        ),
        criticals=oldest,
        more_criticals=_more(criticals.total - len(oldest), "findings --severity critical"),
        causes=tuple(
            CauseRow(
                why=words.reason(reason),
                checks=f"{number:,}",
                merchants=f"{heads.blind_merchants[reason]:,}",
                advice=words.ADVICE[reason],
            )
            for reason, number in sorted(heads.causes.items(), key=lambda one: (-one[1], one[0]))
        ),
        merchants=tuple(_row(of, head) for head in heads.worst),
        more_merchants=_more(heads.expected - len(heads.worst), f"export audits --since {of.night}"),
    )


def _worst(of: StoredFleet, audited: int) -> Status:
    if of.criticals.total:
        return Status.CRITICAL
    return Status.PASS if audited == of.heads.expected and audited else Status.NOT_EVALUATED


def _notes(of: StoredFleet) -> list[str]:
    notes = []
    if (age := (of.today - of.night).days) > 1:
        notes.append(f"These figures are {words.nights(age)} old.")
    if of.closed_at is None:
        notes.append("This night is not closed: the figures are of those who were audited until now.")
    notes += [
        f"Shared by much of the fleet since {words.day(one.since)}: {words.text(one.failure)} "
        f"({counted(one.merchants, 'merchant')})."
        for one in of.shared
    ]
    return notes


def _figures(of: StoredFleet, audited: int) -> tuple[Figure, ...]:
    expected, states = of.heads.expected, of.heads.states
    covered = Decimal(100 * audited) / expected if expected else None
    failed, missing = states.get(AuditState.FAILED, 0), states.get(AuditState.PENDING, 0)
    blind = of.heads.outcomes.get(Status.NOT_EVALUATED, 0)
    critical = of.heads.outcomes.get(Status.CRITICAL, 0)
    return (
        Figure(
            "Coverage",
            words.figure(covered, "%") if covered is not None else "nobody was expected",
            f"{failed:,} came back with nothing, {missing:,} not at all",
            _course(of, "coverage_percent", covered),
        ),
        Figure(
            "Critical tonight",
            f"{critical:,}",
            f"open: {of.criticals.total:,}, at {counted(of.criticals.merchants, 'merchant')}",
            _course(of, "critical", Decimal(critical)),
        ),
        Figure(
            "Could not look",
            f"{blind:,}",
            f"of {sum(of.heads.outcomes.values()):,} checks",
            _course(of, "not_evaluated", Decimal(blind)),
        ),
    )


def _course(of: StoredFleet, name: str, tonight: Decimal | None) -> Spark | None:
    """Return how a figure of the nights went; a night that was not closed is a gap."""
    values: list[Decimal | None] = []
    for row in of.nights:
        value = row.get("outcomes", {}).get(name) if name == "critical" else row.get(name)
        values.append(None if value is None else Decimal(value))
    return spark([*values, tonight])


def _row(of: StoredFleet, head: AuditHead) -> MerchantRow:
    pending = head.state is AuditState.PENDING
    counts = () if pending else tuple((status, f"{head.counts[status]:,}") for status in words.STATUSES)
    name = of.names.get(head.merchant_id, "")
    return MerchantRow(head.merchant_id, words.name(name), _STATES[head.state], counts)


def _name(of: StoredFleet, merchant_id: str) -> str:
    return words.name(of.names.get(merchant_id, "")) or merchant_id


def _more(cut: int, command: str) -> str:
    return f"{cut:,} more are not listed here: nightjar {command} has them all." if cut > 0 else ""
