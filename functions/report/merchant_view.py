"""What the report says of one merchant: decided from what is stored, without a store, a clock or a browser."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from functions.audit.finding import Finding
from functions.audit.kpi import KPI_NAMES
from functions.audit.merchant import Severity
from functions.audit.mute import Mute
from functions.audit.outcome import Status
from functions.audit.periods import Period, Periods
from functions.audit.profile import Profile
from functions.audit.verdict import AuditState
from functions.report import words
from functions.report.check_rows import groups, listing, unseen
from functions.report.figures import charts, kpi_card, past
from functions.report.stored import CHECKS, TOLD_ELSEWHERE, Stored
from functions.report.view import MerchantView, OpenFinding

_SEVERITIES: Final = {Severity.CRITICAL: 0, Severity.WARN: 1}


def merchant_view(of: Stored, profile: Profile) -> MerchantView:
    """Return what is said."""
    outcomes = dict(of.outcomes())
    counts = Counter(Status(outcome["status"]) for outcome in outcomes.values())
    periods = Periods.model_validate(of.row["periods"])
    drawings, charts_unseen = charts(of, profile, periods)
    failed = of.row["state"] == AuditState.FAILED
    # What the shop counts in, which need not be what its settings say.
    currency = of.row["kpis"].get("revenue", {}).get("unit") or of.merchant.currency
    kpis, blind = of.row["kpis"], counts[Status.NOT_EVALUATED] > 0
    return MerchantView(
        id=of.merchant.id,
        name=words.name(of.merchant.name) or of.merchant.id,
        night=of.night,
        headline="Nobody could look that night." if failed else _headline(counts),
        worst=next((status for status in words.STATUSES if counts[status]), Status.PASS),
        stale=_stale(of),
        counts=tuple((status, counts[status], said) for status, said in words.STATUSES.items()),
        facts=_facts(of, periods),
        findings_as_of=_as_of(of),
        nothing_open=f"Nothing is known to be open, but {_blind(counts)}." if blind else "Nothing is open.",
        is_blind=blind,
        open=tuple(_open(finding, of) for finding in sorted(of.findings.values(), key=_worst_first) if finding.is_open),
        kpis=tuple(kpi_card(name, kpis[name], past(name, of)) for name in KPI_NAMES if name in kpis),
        charts=drawings,
        charts_unseen=charts_unseen,
        fix=listing(outcomes["unconverting_pages"], "pages", currency),
        amplify=listing(outcomes["amplify_candidates"], "candidates", currency),
        groups=tuple(groups(outcomes)),
        unseen=tuple(unseen(outcomes)),
        made_of=_made_of(of),
    )


def _headline(counts: Mapping[Status, int]) -> str:
    blind = counts[Status.NOT_EVALUATED]
    found = [
        f"{counts[status]} {word}{'' if counts[status] == 1 else many}"
        for status, word, many in ((Status.CRITICAL, "critical", ""), (Status.WARN, "warning", "s"))
        if counts[status]
    ]
    if found:
        return ", ".join([*found, *([_blind(counts)] if blind else [])]) + "."
    if blind:
        return f"Nothing bad was seen, but {_blind(counts)}."
    return "All is well: every check could look, and none found anything bad."


def _blind(counts: Mapping[Status, int]) -> str:
    return f"{counts[Status.NOT_EVALUATED]} could not be looked at"


def _stale(of: Stored) -> str:
    """Return how old the night is, where a newer one could be there."""
    age = (of.today - of.night).days
    return f"These figures are {words.nights(age)} old." if age > 1 else ""


def _facts(of: Stored, periods: Periods) -> tuple[tuple[str, str], ...]:
    sources = dict.fromkeys(kpi["source"] for kpi in of.row["kpis"].values() if kpi.get("source"))
    return (
        ("Period", _span(periods.current)),
        ("Compared with", _span(periods.prior)),
        ("Time zone", of.merchant.timezone),
        ("Measured by", ", ".join(words.source(source) for source in sources) or "nobody could be asked"),
    )


def _span(period: Period) -> str:
    year = period.start.year != period.end.year
    return f"{words.day(period.start, year=year)} – {words.day(period.end)}"  # noqa: RUF001 - from and to


def _as_of(of: Stored) -> str:
    """Return how old the findings are where they are not of this very night."""
    last = max((finding.last_night for finding in of.findings.values()), default=of.night)
    return "" if last == of.night else f"As they stand after the night of {words.day(last)}."


def _worst_first(finding: Finding) -> tuple[int, int, str]:
    severity = _SEVERITIES[finding.severity] if finding.severity else len(_SEVERITIES)
    return severity, -finding.nights_open, finding.check_id


def _open(finding: Finding, of: Stored) -> OpenFinding:
    state = ""
    if finding.blinded_since is not None:
        state = f"Nobody could look since {words.day(finding.blinded_since)}; it stays open."
    elif finding.status in {Status.PASS, Status.INFO}:
        state = "It was better last night, but not for long enough yet."
    check = CHECKS.get(finding.check_id)
    return OpenFinding(
        id=finding.check_id,
        title=words.titled(finding.check_id),
        severity=finding.severity or Severity.WARN,
        summary=words.text(finding.summary),
        age=words.nights(finding.nights_open),
        since=words.day(finding.opened_on) if finding.opened_on else "",
        told=f"told on {words.day(finding.told_night)}" if finding.told_night else "",
        state=state,
        hushed=next((said for mute in of.mutes if (said := _hushed(mute, finding, of.today))), ""),
        advice=check.advice if check else "",
        evidence=words.evidence(finding.evidence, without=TOLD_ELSEWHERE),
    )


def _hushed(mute: Mute, finding: Finding, today: date) -> str:
    if mute.hides(finding.check_id, today):
        return words.text(f"Muted until {words.day(mute.until)} by {mute.author}: {mute.reason}")
    if mute.acknowledges(finding):
        return words.text(f"Acknowledged by {mute.author}: {mute.reason}")
    return ""


def _made_of(of: Stored) -> tuple[tuple[str, str], ...]:
    judged = datetime.fromisoformat(of.row["evaluated_at"]).astimezone(ZoneInfo(of.merchant.timezone))
    version = of.row.get("version")
    again = (("Verdict", f"version {version}: late figures changed an earlier one"),) if version else ()
    return (
        ("Judged", f"{words.day(judged.date())}, {judged:%H:%M} ({of.merchant.timezone})"),
        ("Profile", str(of.row["profile_version"])),
        ("Snapshot", str(of.row["snapshot_sha256"])[:16]),
        *again,
    )
