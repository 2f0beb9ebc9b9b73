"""The table `mutes`: what a person does not want to hear of, by whom, why and until when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as day_time
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from functions.audit.mute import Kind, Mute
from functions.store.items import Item, epoch, from_item, key, pages, to_item, wrote

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BY_END: Final = "by_end"
_NOT_SAID: Final = frozenset({"schema_version", "ttl"})
# Long enough to announce the end after nights that could not look, and to answer later who had muted what.
KEPT_AFTER_END: Final = timedelta(weeks=8)
# An acknowledgement hides less than a mute: it must not take the place of one that still lasts.
NO_MUTE_LASTS: Final = "attribute_not_exists(merchant_id) OR #kind = :ack OR #until < :today"


@dataclass(frozen=True, slots=True)
class UnreadableMute:
    """A row that is there and cannot be understood. It silences nothing, and can be taken away."""

    merchant_id: str
    check_id: str


class Mutes:
    """The table `mutes`: one row a merchant and check. Readers ask the row itself whether it is over."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name

    def of_merchant(self, merchant_id: str) -> tuple[Mute, ...]:
        """Return a merchant's mutes, also those that have ended, read consistently.

        One that cannot be understood is left out: rather a message too many than one that nobody gets.
        """
        return tuple(row for row in self.rows(merchant_id) if isinstance(row, Mute))

    def save(self, mute: Mute) -> bool:
        """Store a mute in place of what was there; return whether it was.

        ``False``: an acknowledgement found a mute that still lasts, and left it alone.
        """
        request: dict[str, Any] = {"TableName": self._name, "Item": _write(mute)}
        if mute.kind is Kind.ACK:
            request["ConditionExpression"] = NO_MUTE_LASTS
            request["ExpressionAttributeNames"] = {"#kind": "kind", "#until": "until"}
            today = mute.created_at.astimezone(UTC).date().isoformat()
            request["ExpressionAttributeValues"] = {":ack": {"S": Kind.ACK.value}, ":today": {"S": today}}
        return wrote(self._client.put_item, **request)

    def delete(self, merchant_id: str, check_id: str) -> bool:
        """Take a row away; return whether there was one."""
        gone = self._client.delete_item(
            TableName=self._name, Key=key(merchant_id=merchant_id, check_id=check_id), ReturnValues="ALL_OLD"
        )
        return bool(gone.get("Attributes"))

    def rows(self, merchant_id: str | None = None) -> Iterator[Mute | UnreadableMute]:
        """Yield every row, or every row of a merchant. For people: the whole table is small, and is read whole."""
        if merchant_id is not None:
            yield from map(
                _read,
                pages(
                    self._client,
                    TableName=self._name,
                    ConsistentRead=True,
                    KeyConditionExpression="merchant_id = :merchant",
                    ExpressionAttributeValues={":merchant": {"S": merchant_id}},
                ),
            )
            return
        request: dict[str, Any] = {"TableName": self._name, "ConsistentRead": True}
        while True:
            answer = self._client.scan(**request)
            yield from (_read(from_item(item)) for item in answer["Items"])
            if not (after := answer.get("LastEvaluatedKey")):
                return
            request["ExclusiveStartKey"] = after

    def ended(self, first: date, last: date) -> Iterator[Mute]:
        """Yield the mutes whose last night was one of these. An index: a moment behind the table."""
        for day in range((last - first).days + 1):
            rows = pages(
                self._client,
                TableName=self._name,
                IndexName=BY_END,
                KeyConditionExpression="#until = :until",
                ExpressionAttributeNames={"#until": "until"},
                ExpressionAttributeValues={":until": {"S": (first + timedelta(days=day)).isoformat()}},
            )
            yield from (row for row in map(_read, rows) if isinstance(row, Mute) and row.kind is Kind.MUTE)


def _write(mute: Mute) -> Item:
    over = datetime.combine(mute.until + timedelta(days=1), day_time.min, UTC)
    return to_item({**mute.model_dump(exclude_none=True), "ttl": epoch(over + KEPT_AFTER_END)})


def _read(row: Item) -> Mute | UnreadableMute:
    try:
        return Mute.model_validate(
            {name: value for name, value in row.items() if name not in {"schema_version", "ttl"}}
        )
    except ValidationError:
        return UnreadableMute(row["merchant_id"], row["check_id"])
