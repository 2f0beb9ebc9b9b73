"""Fetches what a report is made of: along keys and indexes, so much and no more."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.audit.errors import NightjarError
from functions.audit.merchant import Merchant
from functions.audit.snapshot import Snapshot
from functions.report.stored import Stored
from functions.store.reading import Reading

if TYPE_CHECKING:
    from functions.store.tables import Tables

# How far a KPI's course goes back, and how long after its last audit a merchant still has a report.
NIGHTS: Final = 30


def stored(tables: Tables, merchant: Merchant, night: date, *, exactly: bool, today: date) -> Stored | None:
    """Return a merchant's night, or with ``exactly`` off its last finished one up to ``night``; ``None``: none is."""
    first = night - timedelta(days=NIGHTS - 1)
    reading = Reading(tables.client, tables.prefix, clock=tables.clock)
    rows = [row for row in reading.audits_of(merchant.id, first, night) if "outcomes" in row]
    if exactly:
        # By its key, as it is this moment: what was just written may be missing along a range.
        this = tables.audits.get(merchant.id, night)
        if this is None or "outcomes" not in this:
            return None
        rows = [*(row for row in rows if row["night"] != this["night"]), this]
    if not rows:
        return None
    row = rows[-1]
    on = date.fromisoformat(row["night"])
    return Stored(
        merchant=merchant,
        night=on,
        row=row,
        findings=tables.findings.of_merchant(merchant.id),
        snapshot=_seen(tables, merchant.id, on, row),
        nights=rows[:-1],
        today=today,
        mutes=tables.mutes.of_merchant(merchant.id),
    )


def _seen(tables: Tables, merchant_id: str, night: date, row: dict[str, Any]) -> Snapshot | str:
    try:
        seen = tables.snapshots.get(merchant_id, night, row.get("snapshot_version", 1))
    except NightjarError as error:
        return str(error)
    except ClientError as error:
        # Readers' roles see audits and findings, and no snapshot.
        if error.response.get("Error", {}).get("Code") != "AccessDeniedException":
            raise
        return "These credentials may not read what that night saw, so that there are no daily figures to show."
    if seen is None:
        return "What that night saw is no longer stored, so that there are no daily figures to show."
    if seen.sha256 != row["snapshot_sha256"]:
        return "What is stored of that night is not what was judged, so that its daily figures are not shown."
    return seen
