"""`nightjar replay`: judge a stored night once more, and say whether it comes to the same."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from console import spreadsheet
from console.asked import merchant_named, no_audit
from console.errors import Exit, Unusable
from console.options import (
    EndpointOption,
    MerchantArgument,
    ProfileOption,
    ReadFormat,
    ReadFormatOption,
    RegionOption,
    StageOption,
    night_of,
)
from console.replaying import Replay, replays
from console.show import console_for_people, output, print_json, said
from console.stage import Stage
from functions.audit.code import code_version
from functions.audit.profile import default_profile
from functions.audit.verdict import AuditState
from functions.audit.wording import counted

COLUMNS: Final = ("version", "came_to", "what", "stored", "again", "why")
SHOWN: Final = 80
SAME, DIFFERS, COULD_NOT_LOOK = "same", "differs", "could_not_look"


def replay(
    merchant_id: MerchantArgument,
    night: Annotated[str, typer.Option("--night", metavar="YYYY-MM-DD", help="The night, a UTC date.")],
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: ReadFormatOption = ReadFormat.TABLE,
) -> None:
    """Judge a night once more from its stored snapshot, bit for bit; exit 1 where it differs, 3 where nobody can look.

    Each verdict of the night is judged by the thresholds of its time, those that late figures superseded as well.
    Nothing is written.
    """
    on = night_of(night)
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        merchant = merchant_named(at, merchant_id)
        row = at.tables.audits.get(merchant_id, on)
        if row is None:
            raise no_audit(at, merchant_id, f"of the night {on}", on)
        if "outcomes" not in row and row.get("state", AuditState.PENDING) == AuditState.PENDING:
            raise Unusable(f"The night {on} of {merchant_id} is not judged (yet): look at nightjar night {on}.")
        found = list(replays(row, at.tables.snapshots, merchant, default_profile()))
    with output():
        match form:
            case ReadFormat.JSON:
                judged = [_plain(one) for one in found]
                known = {"merchant_id": merchant_id, "night": on.isoformat(), "code_version": code_version()}
                print_json({**known, "verdicts": judged})
            case ReadFormat.CSV:
                spreadsheet.write_rows(COLUMNS, _rows(found), sys.stdout)
            case ReadFormat.TABLE:
                _show(console_for_people(), found)
    raise typer.Exit(_exit_code(found))


def _came_to(one: Replay) -> str:
    if one.unseen is not None:
        return COULD_NOT_LOOK
    return DIFFERS if one.differences else SAME


def _exit_code(found: Iterable[Replay]) -> Exit:
    came_to = {_came_to(one) for one in found}
    if DIFFERS in came_to:
        return Exit.CRITICAL
    return Exit.NOT_EVALUATED if COULD_NOT_LOOK in came_to else Exit.ALL_GOOD


def _plain(one: Replay) -> dict[str, Any]:
    return {
        "version": one.version,
        "came_to": _came_to(one),
        "why": one.unseen,
        "notes": list(one.notes),
        "differences": [{"what": at.what, "stored": at.stored, "again": at.again} for at in one.differences],
    }


def _rows(found: Iterable[Replay]) -> Iterator[dict[str, object]]:
    """Yield a row for each difference, and one for each verdict that has none."""
    for one in found:
        why = one.unseen or "; ".join(one.notes) or None
        plain = {"version": one.version, "came_to": _came_to(one), "why": why}
        for at in one.differences:
            yield {**plain, "what": at.what, "stored": _shown(at.stored), "again": _shown(at.again)}
        if not one.differences:
            yield plain


def _show(out: Console, found: Sequence[Replay]) -> None:
    for one in found:
        name = "the verdict" if len(found) == 1 else f"version {one.version}"
        match _came_to(one):
            case "same":
                out.print(Text(f"{name}: the same, bit for bit", style="green"))
            case "differs":
                out.print(Text(f"{name}: differs in {counted(len(one.differences), 'attribute')}", style="bold red"))
            case _:
                out.print(Text(f"{name}: could not look: {one.unseen}", style="magenta"))
        for note in one.notes:
            out.print(Text.assemble("  ", said(note)))
        if one.differences:
            table = Table("attribute", "stored", "judged again", box=None)
            for at in one.differences:
                table.add_row(said(at.what), said(_shown(at.stored), limit=SHOWN), said(_shown(at.again), limit=SHOWN))
            out.print(table)


def _shown(value: Any) -> str:  # noqa: ANN401 - plain data of any depth
    """Return a value as one line."""
    match value:
        case None:
            return "absent"
        case str():
            return value
        case Decimal() | int():
            return f"{value}"
        case _:
            return json.dumps(value, default=str, ensure_ascii=False)
