"""How audits are shown: one JSON object for programs, a table a merchant for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.errors import Exit
from console.show import print_json, styled
from functions.audit.absence import Absent
from functions.audit.checks import CATALOGUE
from functions.audit.evidence import evidence_lines
from functions.audit.extra_checks import EXTRAS
from functions.audit.kpi import KPI_NAMES, Kpi
from functions.audit.mail import counts_line
from functions.audit.outcome import Status
from functions.audit.plain import kpi_plain, outcome_plain
from functions.audit.verdict import Audit
from functions.audit.wording import figure

REPORTED = ("check_id", "area", "status", "value", "unit", "warn", "critical", "reasons", "summary", "evidence")
KPI_REPORTED = ("value", "prior", "change_percent", "unit", "sentiment", "reason")
# The contract's six keys are complete where TikTok and the storefront measured everything. A channel of which another
# backend measured anything says of every KPI who did (docs/decisions/0014).
PLAIN_SOURCES = frozenset({"tiktok", "storefront"})


def plain_report(night: date, audits: Sequence[Audit]) -> None:
    """Print the audits as the one JSON object that scripts rely on."""
    print_json(
        {
            "night": night.isoformat(),
            "audits": [
                {
                    "merchant_id": audit.merchant_id,
                    "outcomes": [
                        {key: value for key, value in outcome_plain(outcome).items() if key in REPORTED}
                        for outcome in audit.outcomes
                    ],
                    "kpis": _plain_kpis(audit.kpis),
                }
                for audit in audits
            ],
        }
    )


def _plain_kpis(kpis: Sequence[Kpi]) -> dict[str, dict[str, Any]]:
    return _reported({kpi.name: kpi_plain(kpi) for kpi in kpis})


def _reported(kpis: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return of each KPI what is reported of it; what is not stored was ``None``."""
    sources = {kpi.get("source") for kpi in kpis.values()} - {None}
    reported = KPI_REPORTED if sources <= PLAIN_SOURCES else (*KPI_REPORTED, "source")
    return {name: {key: kpi.get(key) for key in reported} for name, kpi in kpis.items()}


def plain_of_row(row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a stored audit in the shape that ``plain_report`` prints; what is not stored was ``None``.

    Raises:
        LookupError: there is no such audit, or it is still pending.
    """
    if row is None or "outcomes" not in row:
        raise LookupError("there is no finished audit")
    outcomes = [
        {key: check.id if key == "check_id" else row["outcomes"][check.id].get(key) for key in REPORTED}
        for check in (*CATALOGUE, *EXTRAS)
        if check in CATALOGUE or check.id in row["outcomes"]
    ]
    kpis = _reported({name: row["kpis"][name] for name in KPI_NAMES})
    return {"merchant_id": row["merchant_id"], "outcomes": outcomes, "kpis": kpis}


def show_report(out: Console, night: date, audits: Sequence[Audit]) -> None:
    """Show each merchant's fifteen outcomes with their evidence, and the KPIs."""
    for audit in audits:
        out.rule(f"[bold]{audit.merchant_id}[/], night of {night.isoformat()}", align="left")
        out.print(counts_line(audit.counts), highlight=False)
        out.print(_outcomes(audit))
        out.print(_kpis(audit))


def exit_code(audits: Sequence[Audit]) -> Exit:
    """Return what the exit code says of the audits: the worst of all."""
    statuses = {outcome.status for audit in audits for outcome in audit.outcomes}
    if Status.CRITICAL in statuses:
        return Exit.CRITICAL
    return Exit.NOT_EVALUATED if Status.NOT_EVALUATED in statuses else Exit.ALL_GOOD


def _outcomes(audit: Audit) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("check", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("what was seen", overflow="fold")
    for outcome in audit.outcomes:
        seen = Text(outcome.summary)
        if outcome.status.severity is not None or outcome.status is Status.INFO:
            for line in evidence_lines(outcome.evidence):
                seen.append(f"\n{line}", style="dim")
        if outcome.origin.reason and outcome.status is not Status.NOT_EVALUATED:
            seen.append(f"\nown threshold: {outcome.origin.reason}", style="dim")
        table.add_row(outcome.check_id, styled(outcome.status.value), seen)
    return table


def _kpis(audit: Audit) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("KPI")
    for column in ("value", "prior", "change"):
        table.add_column(column, justify="right")
    table.add_column("is that good?")
    table.add_column("measured by")
    for kpi in audit.kpis:
        change = kpi.change_percent
        value = kpi.value
        table.add_row(
            kpi.name,
            Text(value.causes[0].reason.value, style="magenta")
            if isinstance(value, Absent)
            else figure(value, kpi.unit),
            "" if isinstance(kpi.prior, Absent) else figure(kpi.prior, kpi.unit),
            "" if isinstance(change, Absent) else f"{change:+.1f} %",
            kpi.sentiment.value if kpi.sentiment.value != "unknown" else "",
            kpi.source or "",
        )
    return table
