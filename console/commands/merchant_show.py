"""`nightjar merchants show`: one merchant, from its settings to who hears of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from console import spreadsheet
from console.asked import merchant_named
from console.merchant_card import card
from console.options import (
    EndpointOption,
    MerchantArgument,
    ProfileOption,
    ReadFormat,
    ReadFormatOption,
    RegionOption,
    StageOption,
)
from console.show import console_for_people, moment, output, print_json, said, styled
from console.stage import Stage

# What has a table of its own.
_APART: Final = frozenset({"thresholds", "connections", "last_audit", "open_findings", "mutes", "recipients", "unseen"})


def show(
    merchant_id: MerchantArgument,
    stage: StageOption = "dev",
    profile: ProfileOption = None,
    region: RegionOption = None,
    endpoint_url: EndpointOption = None,
    form: ReadFormatOption = ReadFormat.TABLE,
) -> None:
    """Show one merchant: settings, own thresholds, connections (never a token), mutes, last audit, recipients."""
    at = Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url)
    with at.explained():
        facts = card(at, merchant_named(at, merchant_id), datetime.now(UTC).date())
    with output():
        match form:
            case ReadFormat.JSON:
                print_json(facts)
            case ReadFormat.CSV:
                rows = ({"name": name, "value": value} for name, value in _flat(facts))
                spreadsheet.write_rows(("name", "value"), rows, sys.stdout)
            case ReadFormat.TABLE:
                _show(console_for_people(), facts)


def _flat(facts: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, object]]:
    """Yield every fact by its path: ``tiktok.open_id``. What is not there is not named."""
    for key, value in facts.items():
        name = f"{under}{key}"
        match value:
            case None:
                continue
            case Mapping():
                yield from _flat(value, f"{name}.")
            case [Mapping(), *_]:
                yield from _flat({str(at): one for at, one in enumerate(value, start=1)}, f"{name}.")
            case list() | tuple():
                yield name, ", ".join(map(str, value))
            case _:
                yield name, value


def _show(out: Console, facts: Mapping[str, Any]) -> None:
    settings = {name: value for name, value in facts.items() if name not in _APART}
    _table(out, "", (), [(name.replace("_", " "), _word(value)) for name, value in _flat(settings)])
    unseen = facts["unseen"]
    _table(
        out,
        "Connections",
        ("provider", "state", "access token ends", "renewable until", "may see"),
        [(name, *_connection(stored)) for name, stored in (facts["connections"] or {}).items() if stored is not None],
        nothing=unseen.get("connections", "no token is stored; nightjar connect makes a connection"),
    )
    _table(
        out,
        "Own thresholds",
        ("check", "warn", "critical", "conditions", "until", "reason"),
        [(check_id, *_threshold(one)) for check_id, one in facts["thresholds"].items()],
        nothing="the default profile",
    )
    mutes = [
        [_word(one[name]) for name in ("check_id", "kind", "until", "author", "reason")] for one in facts["mutes"] or ()
    ]
    _table(out, "Mutes", ("check", "kind", "until", "by", "reason"), mutes, nothing=unseen.get("mutes", "none"))
    last = said(unseen["last_audit"]) if "last_audit" in unseen else _last_audit(facts["last_audit"])
    out.print(Text("\nLast audit: ", style="bold").append_text(last))
    findings = facts["open_findings"]
    out.print(Text("Open: ", style="bold").append(f"{findings['critical']} critical, {findings['warn']} warn"))
    out.print(
        Text("Recipients: ", style="bold").append_text(said(unseen.get("recipients") or _told(facts["recipients"])))
    )


def _told(recipients: Mapping[str, int]) -> str:
    own, fleets = recipients["own"], recipients["fleet"]
    return f"{own} of its own and {fleets} of the fleet added by name; nightjar recipients list shows who is confirmed"


def _table(
    out: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, nothing: str = ""
) -> None:
    if title:
        out.print(Text(f"\n{title}: {'' if rows else nothing}".rstrip(), style="bold" if rows else ""))
    if not rows:
        return
    table = Table(box=None, show_header=bool(columns))
    for at in range(len(rows[0])):
        table.add_column(columns[at] if columns else "", overflow="fold")
    for row in rows:
        table.add_row(*(said(cell) for cell in row))
    out.print(table)


def _word(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case _:
            return str(value)


def _connection(stored: Mapping[str, Any]) -> tuple[str, ...]:
    state = f"{stored['state'] or 'stored'} {stored['state_reason'] or ''}".strip()
    ends = (_moment(stored[name]) for name in ("expires_at", "refresh_expires_at"))
    return state, *ends, _scopes(stored["scopes"])


def _moment(instant: str | None) -> str:
    return "" if instant is None else moment(datetime.fromisoformat(instant))


def _scopes(scopes: object) -> str:
    return ", ".join(map(str, scopes)) if isinstance(scopes, list | tuple) else _word(scopes)


def _threshold(one: Mapping[str, Any]) -> tuple[str, ...]:
    conditions = ", ".join(f"{name} {severity}" for name, severity in one["conditions"].items())
    until = _word(one["expires"]) if one["in_force"] else f"{one['expires']}, over"
    return _word(one["warn"]), _word(one["critical"]), conditions, until, one["reason"]


def _last_audit(audit: Mapping[str, Any] | None) -> Text:
    if audit is None:
        return Text("none yet; nightjar run starts one", style="magenta")
    counts = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in audit["counts"].items() if count)
    return said(f"night of {audit['night']}:").append(" ").append_text(styled(audit["state"])).append(f", {counts}")
