"""The demo's night on a terminal: coverage, the checks over the fleet, criticals, what was not seen, the messages."""

from __future__ import annotations

from typing import Any

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from console.demo.result import Result
from console.show import styled
from functions.audit.evidence import evidence_lines
from functions.audit.outcome import Status
from functions.audit.wording import counted

_PLAIN: dict[str, Any] = {"title_justify": "left", "title_style": "bold", "box": None, "pad_edge": False}
CHECKS_NAMED = 2
CAUSES_SHOWN = 2
_SHOWN = (Status.PASS, Status.INFO, Status.WARN, Status.CRITICAL, Status.NOT_EVALUATED)


def show_night(out: Console, result: Result) -> None:
    """Show what the night found."""
    out.print()
    out.rule(f"[bold]Nightjar, night of {result.night.isoformat()}", align="left")
    for part in (_coverage(result), _checks(result), _criticals(result), _blind(result)):
        out.print(part)
        out.print()


def show_messages(out: Console, result: Result, *, most: int | None = None) -> None:
    """Show the exact texts that SNS delivered: all, or the first ``most``."""
    out.rule(f"[bold]{counted(len(result.messages), 'message')} went out", align="left")
    for message in result.messages[:most]:
        head = f"{message.protocol} to {message.endpoint}"
        about = message.attributes.get("merchant_id")
        if about:
            head += f"  ·  {about}"
        body = Text(message.body.rstrip())
        content = Group(Text(f"Subject: {message.subject}\n", style="bold"), body) if message.subject else body
        out.print(Panel(content, title=head, title_align="left", border_style="dim"))
    if most is not None and most < len(result.messages):
        out.print(f"[dim]and {len(result.messages) - most} more[/]")


def _coverage(result: Result) -> Text:
    coverage = result.coverage
    line = Text.assemble(
        (f"{coverage.audited} of {coverage.expected} merchants audited ", "bold"), f"({coverage.percent:.0f} %). "
    )
    for status in _SHOWN:
        line.append_text(styled(status.value)).append(f" {coverage.outcomes[status]}   ")
    measured = ", ".join(f"{who.replace(', ', ' with ')} {count}" for who, count in result.backends().most_common())
    line.append(f"\nChannels measured by: {measured}.", style="dim")
    if result.failed_messages:
        line.append(f"\n{counted(result.failed_messages, 'message')} ended in a dead-letter queue.", style="bold red")
    return line


def _checks(result: Result) -> Table:
    table = Table(title="The fifteen checks over the fleet", **_PLAIN)
    table.add_column("check")
    for status in _SHOWN:
        table.add_column(status.value.replace("_", " "), justify="right")
    for check_id, counts in result.statuses().items():
        cells = [
            Text(str(counts[status.value]), style=styled(status.value).style)
            if counts[status.value]
            else Text("·", "dim")
            for status in _SHOWN
        ]
        table.add_row(check_id, *cells)
    return table


def _criticals(result: Result) -> Table:
    table = Table(title=counted(len(result.criticals), "critical"), **_PLAIN)
    for column in ("merchant", "check", "what was seen"):
        table.add_column(column, overflow="fold")
    for finding in result.criticals:
        seen = Text(finding.summary)
        for line in evidence_lines(finding.evidence):
            seen.append(f"\n{line}", style="dim")
        table.add_row(finding.merchant_id, Text(finding.check_id, style="bold red"), seen)
    return table


def _blind(result: Result) -> Table:
    table = Table(title="Not evaluated: could not look", **_PLAIN)
    for column in ("merchant", "checks", "reason", "why"):
        table.add_column(column, overflow="fold")
    for blind in result.blind():
        named = ", ".join(blind.checks) if len(blind.checks) <= CHECKS_NAMED else f"{len(blind.checks)} checks"
        more = len(blind.causes) - CAUSES_SHOWN
        why = "; ".join(blind.causes[:CAUSES_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        table.add_row(blind.merchant_id, named, Text(", ".join(blind.reasons), style="magenta"), Text(why))
    return table
