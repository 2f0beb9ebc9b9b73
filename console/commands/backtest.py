"""`nightjar backtest`: on which stored nights a threshold would have fired, before anybody saves it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, Any, Final, NamedTuple

import typer
from rich.table import Table

from console import spreadsheet
from console.asked import check_named, merchant_named
from console.backtesting import Proposal, Tried, counted_up, fires
from console.errors import Exit, Unusable
from console.options import EndpointOption, ProfileOption, ReadFormat, ReadFormatOption, RegionOption, StageOption
from console.progress import progress
from console.show import console_for_people, output, print_json, said
from console.stage import Stage
from console.tried_nights import (
    ANYBODY,
    ConditionOption,
    CriticalOption,
    NightsOption,
    WarnOption,
    in_words,
    last_night,
    proposal_of,
    refuse_unfit,
    show_nights,
    tried_nights,
)
from functions.audit.errors import NightjarError
from functions.audit.plain import number
from functions.audit.wording import counted
from functions.report.read_fleet import LOOKED_FOR, last_opened

NIGHTS: Final = 30
AT_ONCE: Final = 8
# What a person reads; programs get them all.
ROWS: Final = 40
A_NIGHT: Final = ("night", "value", "unit", "today", "new", "why")
A_MERCHANT: Final = ("merchant_id", "judged", "blind", "warn", "critical", "warn_now", "critical_now", "why")


def backtest(  # noqa: PLR0913, PLR0917 - one parameter an option
    check_id: Annotated[str, typer.Option("--check", metavar="ID", help="The check.")],
    warn: WarnOption = None,
    critical: CriticalOption = None,
    condition: ConditionOption = None,
    merchant_id: Annotated[
        str | None, typer.Option("--merchant", metavar="ID", help="This merchant only. Default: all, as a new default.")
    ] = None,
    nights: NightsOption = NIGHTS,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: ReadFormatOption = ReadFormat.TABLE,
) -> None:
    """Tell on which of the stored nights a threshold would have fired. Nothing is saved.

    The nights are judged once more from their snapshots. A night that nobody can judge is told as such, never as quiet.
    """
    proposal = proposal_of(check_named(check_id), warn, critical, condition)
    if merchant_id is None:
        refuse_unfit(ANYBODY, proposal)
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        if merchant_id is not None:
            merchant = merchant_named(at, merchant_id)
            refuse_unfit(merchant, proposal)
            found = tried_nights(at, merchant, proposal, nights=nights, for_all=False)
            if not found:
                raise Unusable(
                    f"Of the last {nights} nights of {merchant_id} no snapshot is stored: nothing to try it on."
                )
            counts = counted_up(found)
        else:
            rows = _over_the_fleet(at, proposal, nights)
            counts = sum((row.counts for row in rows), Counter())
    with output():
        if merchant_id is not None:
            _print_nights(form, merchant_id, proposal, found, counts)
        else:
            _print_merchants(form, proposal, rows, counts)
    raise typer.Exit(Exit.ALL_GOOD if counts["judged"] else Exit.NOT_EVALUATED)


class _Row(NamedTuple):
    """What the nights of one merchant came to; ``why`` says why there are none."""

    merchant_id: str
    counts: Counter[str]
    why: str = ""


def _over_the_fleet(at: Stage, proposal: Proposal, nights: int) -> list[_Row]:
    """Try it on every merchant of the last night, some at a time: of each only its counts are kept."""
    newest = last_opened(at.tables, last_night())
    if newest is None:
        raise Unusable(f"No night was opened in the last {LOOKED_FOR} days. Start one: nightjar run.")
    expected = sorted(head.merchant_id for head in at.tables.audits.heads(newest))
    with ThreadPoolExecutor(AT_ONCE) as pool, progress("Judging", total=len(expected)) as done:
        rows = []
        for row in pool.map(partial(_of_one, at, proposal, nights), expected):
            rows.append(row)
            done()
    return rows


def _of_one(at: Stage, proposal: Proposal, nights: int, merchant_id: str) -> _Row:
    try:
        merchant = at.tables.merchants.get(merchant_id)
    except NightjarError as error:
        return _Row(merchant_id, Counter(), str(error))
    if merchant is None:
        return _Row(merchant_id, Counter(), "not a merchant any more")
    found = tried_nights(at, merchant, proposal, nights=nights, for_all=True)
    return _Row(merchant_id, counted_up(found), "" if found else "no snapshot is stored")


def _print_nights(
    form: ReadFormat, merchant_id: str, proposal: Proposal, found: Sequence[Tried], counts: Counter[str]
) -> None:
    match form:
        case ReadFormat.JSON:
            document = {"check_id": proposal.check.id, "merchant_id": merchant_id, "counts": _plain(counts)}
            print_json({**document, "nights": [_night(one) for one in found]})
        case ReadFormat.CSV:
            spreadsheet.write_rows(A_NIGHT, map(_night, found), sys.stdout)
        case ReadFormat.TABLE:
            out = console_for_people()
            show_nights(out, found)
            out.print(in_words(proposal, counts))


def _print_merchants(form: ReadFormat, proposal: Proposal, rows: Sequence[_Row], counts: Counter[str]) -> None:
    worst_first = sorted(rows, key=_urgency)
    match form:
        case ReadFormat.JSON:
            document = {"check_id": proposal.check.id, "counts": _plain(counts)}
            print_json({**document, "merchants": [_merchant(row) for row in worst_first]})
        case ReadFormat.CSV:
            spreadsheet.write_rows(A_MERCHANT, map(_merchant, worst_first), sys.stdout)
        case ReadFormat.TABLE:
            table = Table("merchant", "judged", "blind", "fires", "today", "why", box=None)
            for row in worst_first[:ROWS]:
                numbers = (row.counts["judged"], row.counts["blind"], fires(row.counts), fires(row.counts, "_now"))
                table.add_row(row.merchant_id, *map(str, numbers), said(row.why))
            out = console_for_people()
            out.print(table)
            if rest := worst_first[ROWS:]:
                known = all(map(_is_known, rest))
                told = "whom it changes less" if known else "not all of whom could be judged on every night"
                out.print(f"and {counted(len(rest), 'more merchant')}, {told}; --format csv has all.")
            out.print(in_words(proposal, counts))
            if unknown := sum(not row.counts["judged"] for row in rows):
                out.print(f"Of {counted(unknown, 'merchant')} no night could be judged.")


def _urgency(row: _Row) -> tuple[int, bool, str]:
    """Return what to sort by: whom it changes most, then those of whom something is not known, then the rest."""
    return (-abs(fires(row.counts) - fires(row.counts, "_now")), _is_known(row), row.merchant_id)


def _is_known(row: _Row) -> bool:
    return bool(row.counts["judged"]) and not row.counts["blind"]


def _plain(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in ("judged", "blind", "warn", "critical", "warn_now", "critical_now")}


def _merchant(row: _Row) -> dict[str, Any]:
    return {"merchant_id": row.merchant_id, **_plain(row.counts), "why": row.why or None}


def _night(one: Tried) -> dict[str, Any]:
    if one.now is None or one.new is None:
        return {"night": one.night.isoformat(), "value": None, "unit": None, "today": None, "new": None, "why": one.why}
    return {
        "night": one.night.isoformat(),
        "value": number(one.new.value),
        "unit": one.new.unit,
        "today": one.now.status.value,
        "new": one.new.status.value,
        "why": ",".join(reason.value for reason in one.new.reasons) or None,
    }
