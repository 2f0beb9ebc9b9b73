"""What the console's readers ask of the tables of 10,000 merchants, beside what they ask of those of a hundred."""

from __future__ import annotations

import importlib
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import pytest

from console.cli import app
from console.embedded.aws import EmbeddedAws
from functions.audit.night import cover
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import conclude
from functions.store.alerts import alert_item
from functions.store.audits import audit_item
from functions.store.findings import finding_item
from functions.store.tables import Tables
from tests.bench.result import CannotMeasureError, Measured, Side, Tell
from tests.builders import NIGHT, NOW, channel, merchant, snapshot
from tests.calls import GoOn, watch_calls
from tests.store.stories import TTL, audit
from tests.tables import KEYS, create_tables

SMALL: Final = 100
LARGE: Final = 10_000
NIGHTS: Final = 90
SHOP: Final = "shop-00000"
# Of each hundred merchants one is critical and nine are warned.
CRITICAL: Final = 1
WARNED: Final = 9
# What is typed, and whether it must not grow with the fleet.
QUESTIONS: Final = {
    "findings": ("findings", True),
    "findings, oldest first": ("findings --severity warn --sort oldest --limit 20", False),
    "findings, one check as CSV": ("findings --check bounce_rate --sort value --format csv", False),
    "history, 90 nights": (f"history {SHOP} bounce_rate --nights {NIGHTS} --until {NIGHT}", True),
    "explain": (f"explain {SHOP} bounce_rate --night {NIGHT}", True),
    "merchants show": (f"merchants show {SHOP}", True),
    "night": (f"night {NIGHT}", False),
}


@dataclass
class Asked:
    """What one command took: requests, how many of them scan, seconds in all, and seconds beside the requests."""

    requests: int = 0
    scans: int = 0
    seconds: float = 0.0
    own: float = 0.0

    def __str__(self) -> str:
        """Return the seconds in words: those of the AWS in this very process are none of DynamoDB's."""
        return f"{self.seconds:.1f} s with the AWS in this process, {self.own:.2f} s without"


def measure(tell: Tell) -> list[Measured]:
    """Fill two fleets, and let every reader read both."""
    with EmbeddedAws.start() as aws, _credentials():
        for merchants in (SMALL, LARGE):
            tell(f"readers: filling the tables with {merchants:,} merchants")
            _fill(aws, merchants)
        return [_line(name, words, aws, tell, fixed=fixed) for name, (words, fixed) in QUESTIONS.items()]


def _line(name: str, words: str, aws: EmbeddedAws, tell: Tell, *, fixed: bool) -> Measured:
    tell(f"readers: {words}")
    small, large = (_run(words, merchants, aws) for merchants in (SMALL, LARGE))
    if small.scans or large.scans:
        raise CannotMeasureError(f"nightjar {words} scans a table")
    line = Measured(
        f"readers: {name}",
        "requests",
        Side(f"nightjar {words}, {LARGE:,} merchants: {large}", [large.requests]),
        Side(f"the same with {SMALL}: {small}", [small.requests]),
        goal="≤ 2 ×" if fixed else "",
    )
    # A page that is just full has another after it.
    return replace(line, met=line.ratio <= 2 if fixed else None)


def _run(words: str, merchants: int, aws: EmbeddedAws) -> Asked:
    asked, waited = Asked(), 0.0

    def counted(go_on: GoOn, operation: str, parameters: dict[str, Any]) -> Any:
        nonlocal waited
        asked.requests += 1
        asked.scans += operation == "Scan"
        begun = time.perf_counter()
        try:
            return go_on(operation, parameters)
        finally:
            waited += time.perf_counter() - begun

    typed = [*words.split(), "--stage", f"of{merchants}", "--endpoint-url", aws.endpoint]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()):
        watch_calls(patch, counted)
        begun = time.perf_counter()
        app(typed, standalone_mode=False)
        asked.seconds = time.perf_counter() - begun
    asked.own = asked.seconds - waited
    if not out.getvalue():
        raise CannotMeasureError(f"nightjar {words} said nothing")
    return asked


@contextmanager
def _credentials() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}.items():
            patch.setenv(name, value)
        patch.setenv("AWS_DEFAULT_REGION", EmbeddedAws.region)
        yield


def _fill(aws: EmbeddedAws, merchants: int) -> None:
    """Put the items of a fleet straight into the emulator: through its door that takes longer than all the rest."""
    prefix = f"nightjar-of{merchants}-"
    create_tables(aws.client("dynamodb"), prefix)
    tables = Tables(aws.client("dynamodb"), prefix)
    stored = importlib.import_module("ministack.services.dynamodb")._tables

    def put(table: str, item: dict[str, Any]) -> None:
        partition, sort = (item[part]["S"] for part in KEYS[table])
        stored.get_scoped(aws.account, aws.region, prefix + table)["items"][partition][sort] = item

    stories = [channel(bounce_rate="81.2"), channel(bounce_rate="66"), snapshot()]
    items = [list(_items(story, NIGHT)) for story in stories]
    for number in range(merchants):
        story = items[0 if number % 100 < CRITICAL else 1 if number % 100 < CRITICAL + WARNED else 2]
        for table, item in story:
            put(table, {**item, "merchant_id": {"S": f"shop-{number:05}"}})
    for back in range(1, NIGHTS):
        for table, item in _items(stories[0], NIGHT - timedelta(days=back)):
            if table == "audits":
                put(table, {**item, "merchant_id": {"S": SHOP}})
    tables.merchants.save(merchant(id=SHOP))
    tables.snapshots.put_once(Snapshot.model_validate(stories[0].model_dump() | {"merchant_id": SHOP}), ttl=TTL)
    tables.nights.open(NIGHT, at=NOW, ttl=TTL)
    tables.nights.close(cover(NIGHT, ()), at=NOW)


def _items(story: Snapshot, night: date) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what a night writes of a merchant, by table."""
    judged = audit(story, night=night)
    verdict = conclude(judged, merchant(), {})
    yield "audits", audit_item(judged, ttl=TTL, new_criticals=verdict.new_criticals)
    for finding in verdict.findings:
        yield "findings", finding_item(finding)
    if verdict.alert is not None:
        yield "alerts", alert_item(verdict.alert, ttl=TTL)
