"""The table `budgets`: what all fetchers share of a source's quota, as the time at which its next turn is due.

Nobody reads a schedule to write it back: it is moved on where it stands, under a condition, so that writers never undo
each other and seldom wait for each other. An answer that gets lost on its way costs the turns that it told of.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import ClientError

from functions.audit.budget import Rate, Spent, Turns, is_idle, take
from functions.audit.errors import Conflict
from functions.store.items import SCHEMA_VERSION, from_item, key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BOOKED: Final = "next_at >= :now AND next_at <= :latest"
MOVE_ON: Final = "SET next_at = next_at + :turns"
IDLE: Final = "attribute_not_exists(next_at) OR next_at < :now OR next_at > :beyond"
BEGIN: Final = "SET next_at = :next, schema_version = :schema"
# Each attempt that fails shows that somebody else's write held meanwhile.
ATTEMPTS: Final = 20


class StoredBudget:
    """One row of `budgets`, for turns of one ``Rate``."""

    def __init__(self, client: DynamoDBClient, table: str, name: str, rate: Rate) -> None:
        self._client = client
        self._table = table
        self._name = name
        self._rate = rate
        self._next_at: Decimal | None = None  # as last seen, to begin with the write that is likelier to hold

    def take(self, turns: int, *, now: Decimal, within: Decimal) -> Turns | Spent:
        """Book so many turns, the last one no later than ``within`` seconds from ``now``; all of them or none.

        Raises:
            Conflict: time and again somebody else wrote first.
        """
        for attempt in range(ATTEMPTS):
            wanted = take(self._next_at, turns, self._rate, now=now, within=within)
            idle = is_idle(self._next_at, self._rate, now=now)
            if attempt and isinstance(wanted, Spent):
                return wanted
            if idle and isinstance(wanted, Turns):
                if self._begin(wanted.next_at, now):
                    return wanted
            elif (booked := self._move_on(turns, now, within)) is not None:
                return take(booked, turns, self._rate, now=now, within=within)
        raise Conflict(f"The budget {self._name} was booked by somebody else {ATTEMPTS} times in a row.")

    def _move_on(self, turns: int, now: Decimal, within: Decimal) -> Decimal | None:
        """Book behind those who are waiting; return where that begins, ``None`` when nobody waits or it is too far."""
        latest = now + within - (turns - 1 - self._rate.burst) * self._rate.interval
        moved = turns * self._rate.interval
        values = {":turns": moved, ":now": now, ":latest": latest}
        return self._next_at - moved if self._wrote(MOVE_ON, BOOKED, values) and self._next_at is not None else None

    def _begin(self, next_at: Decimal, now: Decimal) -> bool:
        """Book where nobody waits; return whether that was still so."""
        schema = Decimal(SCHEMA_VERSION)
        values = {":next": next_at, ":schema": schema, ":now": now, ":beyond": now + self._rate.reach}
        return self._wrote(BEGIN, IDLE, values)

    def _wrote(self, update: str, condition: str, values: Mapping[str, Decimal]) -> bool:
        """Do a write under its condition; return whether it held. Either way the schedule is known afterwards."""
        try:
            answer = self._client.update_item(
                TableName=self._table,
                Key=key(budget=self._name),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeValues={name: {"N": f"{value:f}"} for name, value in values.items()},
                ReturnValues="UPDATED_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "ConditionalCheckFailedException":
                raise
            response: Mapping[str, Any] = error.response
            self._next_at = _next_at(response.get("Item", {}))
            return False
        self._next_at = _next_at(answer["Attributes"])
        return True


def _next_at(row: Mapping[str, Any]) -> Decimal | None:
    due = from_item(row).get("next_at")
    return Decimal(due) if due is not None else None
