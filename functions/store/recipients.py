"""The table `recipients`: who was added, by whom, and for what; no address, which SNS alone keeps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from functions.audit.errors import NightjarError
from functions.audit.profile import sentence
from functions.audit.recipient import Entry
from functions.store.items import Item, from_item, key, pages, to_item, wrote

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Recipients:
    """The table `recipients`: one row for each, under the merchant it hears of, or under ``FLEET``."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name

    def of(self, merchant_id: str) -> tuple[Entry, ...]:
        """Return a merchant's own recipients, or the fleet's, read consistently.

        Raises:
            NightjarError: a row cannot be understood: nobody can say then who is told.
        """
        rows = pages(
            self._client,
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="merchant_id = :merchant",
            ExpressionAttributeValues={":merchant": {"S": merchant_id}},
        )
        return tuple(_read(row) for row in rows)

    def has_own(self, merchant_id: str) -> bool:
        """Say whether a merchant has recipients of its own, and so topics of its own."""
        answer = self._client.query(
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="merchant_id = :merchant",
            ExpressionAttributeValues={":merchant": {"S": merchant_id}},
            ProjectionExpression="merchant_id",
            Limit=1,
        )
        return bool(answer["Items"])

    def all(self) -> Iterator[Entry]:
        """Yield every row, the rows of one merchant one after the other. The table is small, and is read whole.

        Raises:
            NightjarError: a row cannot be understood.
        """
        request: dict[str, Any] = {"TableName": self._name, "ConsistentRead": True}
        while True:
            answer = self._client.scan(**request)
            yield from (_read(from_item(item)) for item in answer["Items"])
            if not (after := answer.get("LastEvaluatedKey")):
                return
            request["ExclusiveStartKey"] = after

    def add(self, entry: Entry) -> bool:
        """Store a new row; return whether its id was free."""
        return wrote(
            self._client.put_item,
            TableName=self._name,
            Item=_write(entry),
            ConditionExpression="attribute_not_exists(merchant_id)",
        )

    def replace(self, entry: Entry) -> bool:
        """Store a row in place of the one with its id; return whether there was one."""
        return wrote(
            self._client.put_item,
            TableName=self._name,
            Item=_write(entry),
            ConditionExpression="attribute_exists(merchant_id)",
        )

    def remove(self, merchant_id: str, recipient_id: str) -> None:
        """Take a row away; one that is not there is no error."""
        self._client.delete_item(TableName=self._name, Key=key(merchant_id=merchant_id, recipient_id=recipient_id))


def _write(entry: Entry) -> Item:
    return to_item(entry.model_dump(exclude_none=True))


def _read(row: Item) -> Entry:
    try:
        return Entry.model_validate({name: value for name, value in row.items() if name != "schema_version"})
    except ValidationError as error:
        what = f"{row.get('recipient_id')} of {row.get('merchant_id')}"
        raise NightjarError(f"The stored recipient {what} cannot be read: {sentence(error)}.") from error
