"""The table `nights`: each night over all merchants, opened by the dispatcher, closed by the closer."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from functions.audit.absence import Reason
from functions.audit.errors import Conflict, NightjarError
from functions.audit.night import Coverage, FleetFailure, Night
from functions.audit.outcome import Status
from functions.audit.wording import stored
from functions.store.fence import ATTEMPTS
from functions.store.items import (
    OVER,
    TTL_NAME,
    Clock,
    Item,
    epoch,
    from_item,
    is_over,
    key,
    now_value,
    to_item,
    wrote,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOT_THERE_YET = f"attribute_not_exists(night) OR {OVER}"
NOT_CLOSED_YET = "attribute_exists(night) AND attribute_not_exists(closed_at)"
WAS_CLOSED = "attribute_exists(closed_at)"
# An item holds 400 KB and an id up to 63 bytes: on a night when a large fleet fails, not all names fit.
NAMED = 2_000
NAMES = ("failed_merchants", "missing_merchants")


class Nights:
    """The table `nights`."""

    def __init__(self, client: DynamoDBClient, name: str, *, clock: Clock = time.time) -> None:
        self._client = client
        self._name = name
        self._clock = clock

    def open(self, night: date, *, at: datetime, ttl: datetime) -> bool:
        """Write the row of a night that begins; return whether it is new."""
        item = to_item({"night": night, "opened_at": at, "ttl": epoch(ttl)})
        return wrote(
            self._client.put_item,
            TableName=self._name,
            Item=item,
            ConditionExpression=NOT_THERE_YET,
            ExpressionAttributeNames=TTL_NAME,
            ExpressionAttributeValues=now_value(self._clock),
        )

    def close(self, coverage: Coverage, fleet: Sequence[FleetFailure] = (), *, at: datetime) -> bool:
        """Write the coverage and the failures that are the fleet's; return whether that changed anything.

        A repeated close that counts the same changes nothing; one that counts otherwise replaces the figures, notes
        when (``restated_at``) and keeps when the night was first closed.

        Raises:
            NightjarError: nobody opened that night.
        """
        figures = figures_of(coverage, fleet)
        if self._write(coverage.night, figures, "closed_at", at, NOT_CLOSED_YET):
            return True
        row = self._row(coverage.night)
        if row is None:
            raise NightjarError(f"The night {coverage.night} was never opened, so it cannot be closed.")
        if all(row.get(name) == figure for name, figure in figures.items()):
            return False
        return self._write(coverage.night, figures, "restated_at", at, WAS_CLOSED)

    def get(self, night: date) -> Night | None:
        """Return a night, read consistently; ``None`` when nobody opened it."""
        row = self._row(night)
        if row is None:
            return None
        closed = row.get("closed_at")
        return Night(
            night=night,
            opened_at=datetime.fromisoformat(row["opened_at"]),
            closed_at=datetime.fromisoformat(closed) if closed else None,
            coverage=_coverage(night, row) if closed else None,
            fleet=tuple(
                FleetFailure(one["failure"], one["merchants"], date.fromisoformat(one["since"]))
                for one in row.get("fleet_failures", ())
            ),
        )

    def naming(self, merchant_id: str) -> Iterator[date]:
        """Yield the nights whose row names a merchant. For an erasure alone: it reads a row for every night kept."""
        request: dict[str, Any] = {
            "TableName": self._name,
            "ConsistentRead": True,
            "ProjectionExpression": "night",
            "FilterExpression": " OR ".join(f"contains({names}, :merchant)" for names in NAMES),
            "ExpressionAttributeValues": {":merchant": {"S": merchant_id}},
        }
        while True:
            answer = self._client.scan(**request)
            yield from (date.fromisoformat(row["night"]["S"]) for row in answer["Items"])
            if not (after := answer.get("LastEvaluatedKey")):
                return
            request["ExclusiveStartKey"] = after

    def forget(self, merchant_id: str, night: date) -> bool:
        """Take a merchant's name out of the row of a night; the counts stay. Return whether it was named.

        Raises:
            Conflict: somebody else changed the row at every attempt.
        """
        for _ in range(ATTEMPTS):
            answer = self._client.get_item(TableName=self._name, Key=key(night=night.isoformat()), ConsistentRead=True)
            row = from_item(answer.get("Item", {}))
            at = {names: row[names].index(merchant_id) for names in NAMES if merchant_id in row.get(names, ())}
            if not at:
                return False
            held = wrote(
                self._client.update_item,
                TableName=self._name,
                Key=key(night=night.isoformat()),
                UpdateExpression="REMOVE " + ", ".join(f"{names}[{place}]" for names, place in at.items()),
                ConditionExpression=" AND ".join(f"{names}[{place}] = :merchant" for names, place in at.items()),
                ExpressionAttributeValues={":merchant": {"S": merchant_id}},
            )
            if held:
                return True
        raise Conflict(f"the row of the night {night} is being changed by others")

    def _row(self, night: date) -> Item | None:
        answer = self._client.get_item(TableName=self._name, Key=key(night=night.isoformat()), ConsistentRead=True)
        row = from_item(answer.get("Item", {}))
        return row if row and not is_over(row, self._clock) else None

    def _write(self, night: date, figures: dict[str, Any], when: str, at: datetime, condition: str) -> bool:
        values = {f":{name}": value for name, value in to_item(figures).items() if name != "schema_version"}
        return wrote(
            self._client.update_item,
            TableName=self._name,
            Key=key(night=night.isoformat()),
            UpdateExpression=f"SET {when} = :at, " + ", ".join(f"#{name} = :{name}" for name in figures),
            ConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in figures},
            ExpressionAttributeValues={":at": {"S": at.isoformat()}, **values},
        )


def figures_of(coverage: Coverage, fleet: Sequence[FleetFailure] = ()) -> dict[str, Any]:
    """Return what the row of a closed night says of its coverage."""
    outcomes = {status.value: count for status, count in coverage.outcomes.items()}
    return {
        "expected": coverage.expected,
        "audited": coverage.audited,
        "failed": len(coverage.failed),
        "failed_merchants": list(coverage.failed[:NAMED]),
        "missing": len(coverage.missing),
        "missing_merchants": list(coverage.missing[:NAMED]),
        "not_evaluated": outcomes[Status.NOT_EVALUATED.value],
        "outcomes": outcomes,
        "causes": {reason.value: count for reason, count in coverage.causes.items()},
        "coverage_percent": stored(coverage.percent),
        "fleet_failures": [
            {"failure": one.failure, "merchants": one.merchants, "since": one.since.isoformat()} for one in fleet
        ],
    }


def _coverage(night: date, row: Item) -> Coverage:
    # The worst cause first, as the closer counted them: a map in the table has no order of its own.
    causes = sorted(row["causes"].items(), key=lambda cause: (-cause[1], cause[0]))
    return Coverage(
        night=night,
        expected=row["expected"],
        audited=row["audited"],
        failed=tuple(row["failed_merchants"]),
        missing=tuple(row["missing_merchants"]),
        outcomes={status: row["outcomes"][status.value] for status in Status},
        causes={Reason(reason): count for reason, count in causes},
    )
