"""How many text messages may leave in a night: a row of `budgets` for the fleet, and one for each merchant that sends.

A row holds the marks of the alerts that it counted, not a number: adding one that is there already changes nothing, so
an alert counts once however often its record comes again, and one write both asks and counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from functions.store.items import SCHEMA_VERSION, epoch, key, wrote

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

ROOM: Final = "attribute_not_exists(counted) OR contains(counted, :mark) OR size(counted) < :most"
COUNT: Final = "ADD counted :marks SET next_at = :next, #ttl = :ttl, schema_version = :schema"
KEPT: Final = timedelta(days=8)  # long enough to look into a night that went wrong
MARK_LENGTH: Final = 12  # of 16^12 marks two of ten thousand are hardly ever the same, and the row stays small


@dataclass(frozen=True, slots=True)
class TextBudget:
    """The budgets of a stage: ``fleet`` texts a night for all merchants together, ``merchant`` for each of them."""

    client: DynamoDBClient
    table: str
    fleet: int
    merchant: int

    def take(self, merchant_id: str, alert_id: str, *, on: date) -> bool:
        """Count the alert's text on that day, UTC; return whether there was room for it, or it is counted already.

        The merchant's row is asked first: a merchant that has spent its own takes nothing of the others'.
        """
        mark = sha256(f"{merchant_id}\n{alert_id}".encode()).hexdigest()[:MARK_LENGTH]
        night = f"sms#{on.isoformat()}"
        return self._count(f"{night}#{merchant_id}", mark, self.merchant, on) and self._count(
            night, mark, self.fleet, on
        )

    def counted(self, merchant_id: str, *, today: date) -> list[str]:
        """Return the keys of the rows in which something was counted for a merchant, read consistently."""
        names = (f"sms#{(today - timedelta(days=back)).isoformat()}#{merchant_id}" for back in range(-1, KEPT.days + 3))
        return [
            name
            for name in names
            if "Item" in self.client.get_item(TableName=self.table, Key=key(budget=name), ConsistentRead=True)
        ]

    def forget(self, merchant_id: str, *, today: date) -> int:
        """Take away what was counted for a merchant; return how many rows that were."""
        names = self.counted(merchant_id, today=today)
        for name in names:
            self.client.delete_item(TableName=self.table, Key=key(budget=name))
        return len(names)

    def _count(self, name: str, mark: str, most: int, on: date) -> bool:
        begins = datetime.combine(on, time.min, UTC)
        return wrote(
            self.client.update_item,
            TableName=self.table,
            Key=key(budget=name),
            UpdateExpression=COUNT,
            ConditionExpression=ROOM,
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues={
                ":marks": {"SS": [mark]},
                ":mark": {"S": mark},
                ":most": {"N": str(most)},
                ":next": {"N": str(epoch(begins + timedelta(days=1)))},
                ":ttl": {"N": str(epoch(begins + KEPT))},
                ":schema": {"N": str(SCHEMA_VERSION)},
            },
        )
