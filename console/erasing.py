"""Erasing a merchant from a stage: in which order, and what is said of what is left."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import typer
from botocore.exceptions import ClientError
from rich.table import Table

from console.agreement import agree
from console.errors import Unusable
from console.own_topics import delete_topics, own_topics
from console.recipients import Desk
from console.show import console_for_people, output
from console.stage import Stage
from console.stored_reports import delete_reports, reports_of
from functions.audit.alert import TextState
from functions.audit.errors import NightjarError
from functions.audit.jobs import TextJob
from functions.audit.text import one_line
from functions.audit.wording import counted
from functions.notifier.later import name_of
from functions.store.erasure import Erasure
from functions.store.text_budget import TextBudget

# A message may lie in a dead-letter queue for 14 days, and for as long again when it is sent back to its queue.
MARK_STAYS: Final = timedelta(days=30)
TRIES: Final = 5  # an index is a moment behind its table
# How long copies live that nobody can take single items out of, and what they are.
COPIES: Final = (
    (1, "the stream of the alerts: what was told"),
    (14, "messages in queues: the id alone"),
    (30, "traces: the id alone"),
    (35, "point-in-time recovery of the tables: everything, tokens encrypted"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One place: how many items of the merchant were removed, and how many were found when it was read again."""

    place: str
    removed: int | None
    left: int


def erase_and_tell(stage: Stage, merchant_id: str, *, ask: bool) -> None:
    """Erase a merchant, print what was done and what is left, and what still holds copies.

    Raises:
        Unusable: there is no such merchant, the answer was no, or something is left.
    """
    now = datetime.now(UTC)
    with stage.explained():
        name = _name(stage, merchant_id)
        question = f"Erase everything about {merchant_id} ({one_line(name, limit=60)}) from {stage.name}, for good?"
        agree(question, yes=not ask)
        lines = erase(stage, merchant_id, now=now)
    table = Table("place", "removed", "left", box=None)
    for line in lines:
        table.add_row(line.place, "" if line.removed is None else str(line.removed), str(line.left))
    with output():
        console_for_people().print(table)
    if left := sum(line.left for line in lines):
        raise Unusable(f"Of {merchant_id} {counted(left, 'item')} are left on stage {stage.name}; say it again.")
    typer.echo(f"{merchant_id} is erased from stage {stage.name}: nothing is left.")
    typer.echo(
        f"Until {(now + MARK_STAYS).date()} a mark without any data keeps what is under way from writing it back; then "
        "the id can be used again. Copies that nobody can take one merchant out of:"
    )
    for copy in copies(now):
        typer.echo(f"  {copy}")


def erase(
    stage: Stage, merchant_id: str, *, now: datetime, sleep: Callable[[float], None] = time.sleep
) -> tuple[Line, ...]:
    """Erase a merchant; return what was done, place by place. Saying it again goes on where it stopped."""
    schedules: list[str] = []

    def cancel(alert: dict[str, Any]) -> None:
        if alert.get("sms_state") == TextState.HELD and _cancelled(stage, alert):
            schedules.append(alert["alert_id"])

    erasure = Erasure(stage.tables, merchant_id, before_alert=cancel)
    topics = Desk(stage).topics
    removed = {"merchants": erasure.mark(at=now, until=now + MARK_STAYS)}
    removed["topics"] = delete_topics(stage, topics, merchant_id)
    removed |= dict(erasure.empty())
    account = topics.alerts.split(":")[4]
    removed["reports"] = delete_reports(stage, account, merchant_id)
    removed["schedules of held text messages"] = len(schedules)
    texts = TextBudget(stage.client("dynamodb"), f"{stage.prefix}budgets", fleet=0, merchant=0)
    removed["budgets"] = texts.forget(merchant_id, today=now.date())
    left = _settled(erasure, sleep) | {"budgets": len(texts.counted(merchant_id, today=now.date()))}
    left["topics"] = len(own_topics(stage, topics, merchant_id))
    left["reports"] = len(reports_of(stage, account, merchant_id))
    return tuple(
        Line(place, removed.get(place), left.get(place, 0)) for place in sorted({*removed, *left}, key=_in_order)
    )


def copies(now: datetime) -> Iterator[str]:
    """Yield what still holds something of an erased merchant, and until when."""
    for days, what in COPIES:
        yield f"{what}, until {(now + timedelta(days=days)).date()}"
    yield "logs: the id alone, for the stage's log_days"
    yield "backups and exports that somebody made by hand, and messages that people got: as long as those keep them"


def _name(stage: Stage, merchant_id: str) -> str:
    """Return what a merchant is called, or what is known of it.

    Raises:
        Unusable: nothing is: a mark for a mistyped id would only keep it from being used.
    """
    try:
        merchant = stage.tables.merchants.get(merchant_id)
    except NightjarError:
        return "its settings cannot be read"
    if merchant is not None:
        return merchant.name
    if stage.tables.merchants.erased_at(merchant_id) is not None:
        return "erased before"
    if any(count for _, count in Erasure(stage.tables, merchant_id).left()):
        return "its settings are gone"
    raise Unusable(f"There is nothing of a merchant {merchant_id!r} on stage {stage.name}.")


def _settled(erasure: Erasure, sleep: Callable[[float], None]) -> dict[str, int]:
    """Return what is left once the indexes had time to follow their tables."""
    for attempt in range(TRIES):
        if attempt:
            sleep(1.0)
        left = dict(erasure.left())
        if not any(left.values()):
            break
    return left


def _cancelled(stage: Stage, alert: dict[str, Any]) -> bool:
    """Delete the schedule that a held text message waits for; return whether it was there."""
    job = TextJob(merchant_id=alert["merchant_id"], alert_id=alert["alert_id"])
    name = name_of(job, datetime.fromisoformat(alert["sms_held_until"]))
    try:
        stage.client("scheduler").delete_schedule(Name=name, GroupName=f"{stage.prefix}texts")
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ResourceNotFoundException":
            return False
        raise
    return True


def _in_order(place: str) -> tuple[bool, str]:
    return place != "merchants", place
