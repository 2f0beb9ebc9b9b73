"""One night over all merchants as plain data: coverage, who was missed, causes, criticals, and messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from functions.audit.ledger import LedgerRow
from functions.audit.night import AuditHead, cover
from functions.audit.outcome import Status
from functions.store.items import Item
from functions.store.nights import figures_of

COLUMNS: Final = ("night", "part", "name", "merchant_id", "count")


class Criticals:
    """Which findings turned critical on a night, and which are not any more; noted while the audits pass by."""

    def __init__(self) -> None:
        self.new: list[dict[str, str]] = []
        self.ended: list[dict[str, str]] = []
        self.heads = 0

    def noting(self, heads: Iterable[AuditHead]) -> Iterator[AuditHead]:
        """Yield the heads again."""
        for head in heads:
            self.heads += 1
            self.new += ({"merchant_id": head.merchant_id, "check_id": check} for check in head.new_criticals)
            self.ended += ({"merchant_id": head.merchant_id, "check_id": check} for check in head.ended_criticals)
            yield head


def night_view(night: date, row: Item, heads: Iterable[AuditHead], messages: Iterable[LedgerRow]) -> dict[str, Any]:
    """Return what there is to know of a night.

    A closed night has its figures from the close; of one that is under way they are counted. Criticals are ``None``
    where the night's audits are no longer stored.
    """
    criticals = Criticals()
    counted = figures_of(cover(night, criticals.noting(heads)))
    figures = row if "closed_at" in row else counted
    kept = criticals.heads > 0 or not figures["expected"]
    return {
        "night": night.isoformat(),
        "opened_at": row["opened_at"],
        "closed_at": row.get("closed_at"),
        "restated_at": row.get("restated_at"),
        **{name: figures[name] for name in counted},
        "outcomes": {status.value: figures["outcomes"][status.value] for status in Status},
        "causes": dict(sorted(figures["causes"].items(), key=lambda cause: (-cause[1], cause[0]))),
        "new_criticals": criticals.new if kept else None,
        "ended_criticals": criticals.ended if kept else None,
        "delivery": _delivery(messages),
    }


def _delivery(messages: Iterable[LedgerRow]) -> dict[str, Any]:
    """Return how many messages went which way, and how many findings were held back for what reason."""
    ways: Counter[tuple[str, str, str]] = Counter()
    held: Counter[str] = Counter()
    there_are = 0
    for row in messages:
        there_are += 1
        ways.update((way.channel.value, way.audience.value, str(way.state)) for way in row.ways)
        held.update(one.because.value for one in row.alert.held)
    return {
        "alerts": there_are,
        "ways": [
            {"channel": channel, "audience": audience, "state": state, "messages": count}
            for (channel, audience, state), count in sorted(ways.items())
        ],
        "held": dict(held.most_common()),
    }


def rows_of(plain: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield a night as rows of a spreadsheet: each figure, and each merchant that is named."""
    totals = ("expected", "audited", "failed", "missing", "coverage_percent", "not_evaluated")
    ways = plain["delivery"]["ways"]
    counts = {
        "coverage": {name: plain[name] for name in totals},
        "outcomes": plain["outcomes"],
        "causes": plain["causes"],
        "fleet_failures": {one["failure"]: one["merchants"] for one in plain["fleet_failures"]},
        "delivery": {f"{one['channel']} {one['audience']} {one['state']}": one["messages"] for one in ways},
        "held": plain["delivery"]["held"],
    }
    for part, figures in counts.items():
        for name, count in figures.items():
            yield {"night": plain["night"], "part": part, "name": name, "count": count}
    for part in ("failed_merchants", "missing_merchants"):
        yield from ({"night": plain["night"], "part": part, "merchant_id": one} for one in plain[part])
    for part in ("new_criticals", "ended_criticals"):
        for one in plain[part] or ():
            yield {"night": plain["night"], "part": part, "name": one["check_id"], "merchant_id": one["merchant_id"]}
