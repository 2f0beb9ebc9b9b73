"""A merchant's stored nights under thresholds that are not saved yet: read, and shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console.backtesting import Proposal, Tried, fires, tried, with_override
from console.errors import Unusable
from console.show import said, styled
from console.stage import Stage
from functions.audit.check import Check
from functions.audit.merchant import Merchant, Severity
from functions.audit.outcome import Outcome
from functions.audit.profile import default_profile
from functions.audit.wording import counted, figure

# A merchant who has set nothing.
ANYBODY: Final = Merchant(id="anybody", name="anybody")
# As long as any stage keeps snapshots.
MOST_NIGHTS: Final = 400

WarnOption = Annotated[str | None, typer.Option("--warn", metavar="NUMBER", help="From where on it warns.")]
CriticalOption = Annotated[
    str | None, typer.Option("--critical", metavar="NUMBER", help="From where on it is critical.")
]
ConditionOption = Annotated[
    list[str] | None,
    typer.Option("--condition", metavar="NAME=SEVERITY", help="How bad a named breach is, warn or critical; repeat."),
]
NightsOption = Annotated[
    int, typer.Option("--nights", min=1, max=MOST_NIGHTS, metavar="N", help="How many nights are looked back at.")
]


def proposal_of(check: Check, warn: str | None, critical: str | None, conditions: Sequence[str] | None) -> Proposal:
    """Return what was proposed with a call. Whether it fits depends on whom it is for: see ``refuse_unfit``.

    Raises:
        Unusable: it proposes nothing, or what is no number or no severity.
    """
    if warn is None and critical is None and not conditions:
        raise Unusable(f"Propose something for {check.id}: --warn, --critical or --condition NAME=SEVERITY.")
    return Proposal(
        check, _number("--warn", warn), _number("--critical", critical), dict(map(_condition, conditions or ()))
    )


def refuse_unfit(merchant: Merchant, proposal: Proposal) -> None:
    """Refuse what the merchants file would refuse, too.

    Raises:
        functions.audit.errors.InvalidInput: it could never do what it says.
    """
    own = merchant.overrides_on(last_night()).get(proposal.check.id)
    default_profile().refuse_unfit(with_override(merchant, proposal.check, proposal.over(own)))


def last_night() -> date:
    """Return the last night that may be stored."""
    return datetime.now(UTC).date()


def tried_nights(at: Stage, merchant: Merchant, proposal: Proposal, *, nights: int, for_all: bool) -> list[Tried]:
    """Return the last nights of a merchant, those before its first stored one left out; one Query."""
    today = last_night()
    stored = at.tables.snapshots.nights(merchant.id, today - timedelta(days=nights - 1), today)
    if not stored:
        return []
    # Tonight may still be to come. Every other night that left nothing is one of which nobody can say anything.
    last = today if today in stored else today - timedelta(days=1)
    return list(tried(proposal, merchant, stored, default_profile(), first=min(stored), last=last, for_all=for_all))


def show_nights(out: Console, nights: Sequence[Tried]) -> None:
    """Print a row for each night: its figure, what it is by today's thresholds and by the new ones."""
    table = Table("night", box=None)
    table.add_column("value", justify="right")
    for column in ("today", "new", "why"):
        table.add_column(column)
    for one in nights:
        if one.now is None or one.new is None:
            table.add_row(one.night.isoformat(), "", "", "", said(one.why))
            continue
        table.add_row(
            one.night.isoformat(),
            "" if one.new.value is None else figure(one.new.value, one.new.unit),
            styled(one.now.status.value),
            styled(one.new.status.value),
            said(_why(one.new)),
        )
    out.print(table)


def in_words(proposal: Proposal, counts: Counter[str]) -> Text:
    """Return what the nights came to together, as one sentence."""
    judged, new, now = counts["judged"], fires(counts), fires(counts, "_now")
    if not judged:
        return Text(
            f"Nobody can say: on none of {counted(counts['blind'], 'night')} could {proposal.check.id} be judged."
        )
    sentence = (
        f"It would have fired on {new} of {counted(judged, 'night')} ({counts['warn']} warn, {counts['critical']} "
        f"critical); today's thresholds fire on {now} ({counts['warn_now']} warn, {counts['critical_now']} critical)."
    )
    unknown = f" On {counted(counts['blind'], 'more night')} nobody can say." if counts["blind"] else ""
    return Text(sentence + unknown)


def _why(outcome: Outcome) -> str:
    return "; ".join(f"{cause.reason.value}: {cause.detail}" for cause in outcome.causes)


def _number(option: str, text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise Unusable(f"{option} {text!r} is not a number; write it as 65 or 0.5.") from None
    if not number.is_finite():
        raise Unusable(f"{option} {text!r} is not a number; write it as 65 or 0.5.")
    return number


def _condition(text: str) -> tuple[str, Severity]:
    name, _, severity = text.partition("=")
    try:
        return name, Severity(severity)
    except ValueError:
        raise Unusable(f"--condition {text!r} is not NAME=warn or NAME=critical.") from None
