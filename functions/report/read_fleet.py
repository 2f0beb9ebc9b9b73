"""Fetches what a report of the whole fleet is made of: one night along its index, and never the whole of it at once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from functions.audit.merchant import Severity
from functions.report.fleet_stored import StoredFleet, counted_criticals, counted_heads
from functions.store.reading import Reading

if TYPE_CHECKING:
    from functions.store.tables import Tables

# How far the course of the nights goes back, and within how many the last one is looked for.
NIGHTS: Final = 30
LOOKED_FOR: Final = 7


def last_opened(tables: Tables, night: date) -> date | None:
    """Return the last night up to ``night`` that was opened, of the last seven; ``None`` when none was."""
    nights = (night - timedelta(days=back) for back in range(LOOKED_FOR))
    return next((one for one in nights if tables.nights.get(one) is not None), None)


def stored_fleet(tables: Tables, night: date, *, today: date) -> StoredFleet | None:
    """Return a night of all merchants; ``None`` when nobody opened it."""
    opened = tables.nights.get(night)
    if opened is None:
        return None
    heads = counted_heads(tables.audits.heads(night))
    criticals = counted_criticals(tables.findings.open(Severity.CRITICAL))
    listed = dict.fromkeys(
        [*(head.merchant_id for head in heads.worst), *(one.merchant_id for one in criticals.oldest)]
    )
    return StoredFleet(
        night=night,
        today=today,
        opened_at=opened.opened_at,
        closed_at=opened.closed_at,
        shared=opened.fleet,
        heads=heads,
        criticals=criticals,
        names=tables.merchants.names(listed),
        nights=list(_nights(Reading(tables.client, tables.prefix, clock=tables.clock), night)),
    )


def _nights(reading: Reading, night: date) -> Iterator[dict[str, Any]]:
    """Yield the rows of the nights before; one that nobody opened is empty, once there was a first."""
    begun = False
    for back in range(NIGHTS - 1, 0, -1):
        row = reading.night(night - timedelta(days=back))
        begun = begun or row is not None
        if begun:
            yield row or {}
