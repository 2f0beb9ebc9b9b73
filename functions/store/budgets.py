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
        self._idle = True  # as last found, to begin with the write that is likelier to hold

    def take(self, turns: int, *, now: Decimal, within: Decimal) -> Turns | Spent:
        """Book so many turns, the last one no later than ``within`` seconds from ``now``; all of them or none.

        Raises:
            Conflict: time and again somebody else wrote first.
        """
        fresh = take(None, turns, self._rate, now=now, within=within)
        for _ in range(ATTEMPTS):
            if self._idle and isinstance(fresh, Turns):
                held, next_at = self._begin(fresh.next_at, now)
                before = None
            else:
                held, next_at = self._move_on(turns, now, within)
                before = next_at - turns * self._rate.interval if next_at is not None else None
            found = take(before if held else next_at, turns, self._rate, now=now, within=within)
            if held or isinstance(found, Spent):
                return found
            self._idle = is_idle(next_at, self._rate, now=now)
        raise Conflict(f"The budget {self._name} was booked by somebody else {ATTEMPTS} times in a row.")

    def _begin(self, next_at: Decimal, now: Decimal) -> tuple[bool, Decimal | None]:
        """Book where nobody waits."""
        schema = Decimal(SCHEMA_VERSION)
        values = {":next": next_at, ":schema": schema, ":now": now, ":beyond": now + self._rate.reach}
        return self._write(BEGIN, IDLE, values)

    def _move_on(self, turns: int, now: Decimal, within: Decimal) -> tuple[bool, Decimal | None]:
        """Book behind those who wait, unless that is too far ahead."""
        latest = now + within - (turns - 1 - self._rate.burst) * self._rate.interval
        return self._write(MOVE_ON, BOOKED, {":turns": turns * self._rate.interval, ":now": now, ":latest": latest})

    def _write(self, update: str, condition: str, values: Mapping[str, Decimal]) -> tuple[bool, Decimal | None]:
        """Do a write under its condition; return whether it held, and what the schedule is now."""
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
            refusal: Mapping[str, Any] = error.response
            if refusal["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            return False, _next_at(refusal.get("Item", {}))
        return True, _next_at(answer["Attributes"])


def _next_at(row: Mapping[str, Any]) -> Decimal | None:
    due = from_item(row).get("next_at")
    return Decimal(due) if due is not None else None
