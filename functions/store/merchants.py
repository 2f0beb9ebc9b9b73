"""The table `merchants`: settings and own thresholds, written under an optimistic lock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from functions.audit.errors import Conflict, NightjarError
from functions.audit.merchant import Merchant
from functions.audit.profile import sentence
from functions.store.fence import ATTEMPTS, NOT_ERASED
from functions.store.items import Item, at_version, epoch, from_item, key, pages, to_item, wrote

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAGE = 500
BATCH: Final = 100  # BatchGetItem takes no more
BY_OPEN_ID: Final = "by_open_id"
# The settings are the truth. What stands beside them, for keys and indexes, is never read back.
ERASED: Final = "erased"  # the name that a mark has, for readers who want one
_ERASED_AT: Final = "erased_at"
_NOT_SETTINGS: Final = frozenset({"merchant_id", "open_id", "schema_version"})


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that is there and cannot be understood. It is still a merchant that the night must account for."""

    merchant_id: str
    problem: str


class Merchants:
    """The table `merchants`."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self.name = name

    def get(self, merchant_id: str) -> Merchant | None:
        """Return a merchant, read consistently; ``None`` when there is none, or none any more.

        Raises:
            NightjarError: the row cannot be understood.
        """
        answer = self._client.get_item(TableName=self.name, Key=key(merchant_id=merchant_id), ConsistentRead=True)
        if "Item" not in answer or _ERASED_AT in answer["Item"]:
            return None
        row = _read(answer["Item"])
        if isinstance(row, Unreadable):
            raise NightjarError(f"The stored settings of {merchant_id} cannot be read: {row.problem}.")
        return row

    def names(self, merchant_ids: Iterable[str]) -> dict[str, str]:
        """Return what these merchants are called, as far as they are there; a moment behind the table.

        Raises:
            NightjarError: DynamoDB gave only a part of them at every attempt.
        """
        names: dict[str, str] = {}
        left = iter(merchant_ids)
        while some := list(islice(left, BATCH)):
            wanted: dict[str, Any] = {self.name: {"Keys": [key(merchant_id=one) for one in some]}}
            wanted[self.name] |= {"ProjectionExpression": "merchant_id, #name, " + _ERASED_AT}
            wanted[self.name] |= {"ExpressionAttributeNames": {"#name": "name"}}
            for _ in range(ATTEMPTS):
                answer = self._client.batch_get_item(RequestItems=wanted)
                rows = map(from_item, answer["Responses"].get(self.name, ()))
                names |= {row["merchant_id"]: row["name"] for row in rows if "name" in row and _ERASED_AT not in row}
                if not (wanted := dict(answer.get("UnprocessedKeys", {}))):
                    break
            else:
                raise NightjarError("DynamoDB is too busy to name the merchants; try again in a minute.")
        return names

    def save(self, merchant: Merchant) -> Merchant:
        """Store the merchant in place of the version that it was read as; return it with its new version.

        Raises:
            Conflict: somebody else stored another version meanwhile.
        """
        stored = merchant.model_copy(update={"version": merchant.version + 1})
        held = wrote(self._client.put_item, TableName=self.name, Item=_write(stored), **at_version(merchant.version))
        if not held:
            raise Conflict(f"{merchant.id} was stored by somebody else meanwhile")
        return stored

    def index(self, merchant: Merchant) -> None:
        """Make a stored merchant findable by its account, in case its row is older than the index for that.

        Settings and version stay as they are; a row that is of another version by now was written with the account.
        """
        if merchant.tiktok is None or not merchant.version:
            return
        condition = at_version(merchant.version)
        condition["ExpressionAttributeValues"][":open_id"] = {"S": merchant.tiktok.open_id}
        wrote(
            self._client.update_item,
            TableName=self.name,
            Key=key(merchant_id=merchant.id),
            UpdateExpression="SET open_id = :open_id",
            **condition,
        )

    def with_open_id(self, open_id: str) -> Iterator[str]:
        """Yield the ids of all merchants that have this TikTok account: usually one, but several shops may share it.

        The index lags behind the table for a moment.
        """
        rows = pages(
            self._client,
            TableName=self.name,
            IndexName=BY_OPEN_ID,
            KeyConditionExpression="open_id = :open_id",
            ExpressionAttributeValues={":open_id": {"S": open_id}},
        )
        for row in rows:
            yield row["merchant_id"]

    def erase(self, merchant_id: str, *, at: datetime, until: datetime) -> Item | None:
        """Put the mark of an erasure in the place of the merchant's row, until ``until``; return what was there.

        From then on no night writes anything new of it. For other readers the mark is a merchant without settings,
        switched off. No stored merchant has the version 0: who read the row before cannot write it back.
        """
        nobody = Merchant.model_construct(id=merchant_id, name=ERASED, enabled=False)
        mark = _write(nobody) | to_item({_ERASED_AT: at, "ttl": epoch(until)})
        old = self._client.put_item(TableName=self.name, Item=mark, ReturnValues="ALL_OLD").get("Attributes")
        return from_item(old) if old and _ERASED_AT not in old else None

    def erased_at(self, merchant_id: str) -> datetime | None:
        """Return when a merchant was erased, read consistently; ``None`` when there is no mark that says so."""
        answer = self._client.get_item(TableName=self.name, Key=key(merchant_id=merchant_id), ConsistentRead=True)
        mark = answer.get("Item", {}).get(_ERASED_AT)
        return None if mark is None else datetime.fromisoformat(mark["S"])

    def delete(self, merchant_id: str) -> None:
        """Remove a merchant's row; one that is not there is no error."""
        self._client.delete_item(TableName=self.name, Key=key(merchant_id=merchant_id))

    def page(
        self,
        start_after: str | None = None,
        *,
        segment: int | None = None,
        segments: int | None = None,
        limit: int = PAGE,
    ) -> tuple[list[Merchant | Unreadable], str | None]:
        """Return one page of the whole table, or of one segment of it, and where the next page begins, if any."""
        request: dict[str, Any] = {"TableName": self.name, "Limit": limit, "ConsistentRead": True}
        request["FilterExpression"] = NOT_ERASED
        if start_after is not None:
            request["ExclusiveStartKey"] = key(merchant_id=start_after)
        if segments is not None and segments > 1:
            request |= {"Segment": segment, "TotalSegments": segments}
        answer = self._client.scan(**request)
        after = answer.get("LastEvaluatedKey")
        return [_read(item) for item in answer["Items"]], after["merchant_id"]["S"] if after else None

    def all(self) -> Iterator[Merchant | Unreadable]:
        """Yield every merchant."""
        after: str | None = None
        while True:
            rows, after = self.page(after)
            yield from rows
            if after is None:
                return

    def approximate_count(self) -> int:
        """Return how many rows DynamoDB believes there are; it counts anew every six hours."""
        return self._client.describe_table(TableName=self.name)["Table"].get("ItemCount", 0)


def _write(merchant: Merchant) -> Item:
    plain = merchant.model_dump(mode="python", exclude_none=True)
    plain["merchant_id"] = plain.pop("id")
    # Most have none, and an attribute that is there says something.
    plain["extra_checks"] = sorted(merchant.extra_checks) or None
    if merchant.tiktok is not None:
        plain["open_id"] = merchant.tiktok.open_id
        if merchant.tiktok.scopes is not None:
            plain["tiktok"]["scopes"] = sorted(merchant.tiktok.scopes)
    return to_item(plain)


def _read(item: Item) -> Merchant | Unreadable:
    merchant_id: str = item["merchant_id"]["S"]
    try:
        plain = from_item({name: value for name, value in item.items() if name not in _NOT_SETTINGS})
        return Merchant.model_validate({**plain, "id": merchant_id})
    except ValidationError as error:
        return Unreadable(merchant_id, sentence(error))
    except TypeError as error:
        # An attribute of a type that we never write, a string set for example: somebody's hand was at work.
        return Unreadable(merchant_id, str(error))
