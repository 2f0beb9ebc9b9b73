"""Reading the table `alerts` as what it is for people: who was told of what, by which way, or why not."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from functions.audit.alert import AlertState
from functions.audit.errors import Conflict
from functions.audit.ledger import Audience, Channel, LedgerRow, Way
from functions.store.alerts import stored_alert
from functions.store.items import Clock, Item, from_item, is_over, key, pages

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH: Final = 100  # keys that DynamoDB takes at once
ATTEMPTS: Final = 6
LAST: Final = "~"  # after every alert of a night, whose key goes on behind a #


class Ledger:
    """The table `alerts`, read only: by key, or along the index of nights."""

    def __init__(
        self,
        client: DynamoDBClient,
        name: str,
        *,
        clock: Clock = time.time,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._name = name
        self._clock = clock
        self._pause = pause

    def of_merchant(self, merchant_id: str, first: date, last: date) -> Iterator[LedgerRow]:
        """Yield a merchant's rows of these nights, the newest first."""
        rows = pages(
            self._client,
            TableName=self._name,
            KeyConditionExpression="merchant_id = :merchant AND alert_id BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":merchant": {"S": merchant_id},
                ":first": {"S": first.isoformat()},
                ":last": {"S": last.isoformat() + LAST},
            },
            ScanIndexForward=False,
        )
        return self._shown(rows)

    def of_night(self, night: date) -> Iterator[LedgerRow]:
        """Yield a night's rows over all merchants, in their order. An index: a moment behind the table."""
        keys = pages(
            self._client,
            TableName=self._name,
            IndexName="by_night",
            KeyConditionExpression="night = :night",
            ExpressionAttributeValues={":night": {"S": night.isoformat()}},
        )
        batch: list[Item] = []
        for row in keys:
            batch.append(key(merchant_id=row["merchant_id"], alert_id=row["alert_id"]))
            if len(batch) == BATCH:
                yield from self._shown(self._fetched(batch))
                batch = []
        if batch:
            yield from self._shown(self._fetched(batch))

    def _fetched(self, keys: Sequence[Item]) -> Iterator[Item]:
        """Return the rows of these keys, in their order.

        Raises:
            Conflict: DynamoDB left some of them out at every attempt.
        """
        wanted: Any = {self._name: {"Keys": list(keys)}}
        found: list[Item] = []
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(random.uniform(0, 0.1 * 2**attempt))  # noqa: S311 - spreads callers, guards nothing
            answer = self._client.batch_get_item(RequestItems=wanted)
            found += map(from_item, answer["Responses"].get(self._name, []))
            wanted = answer.get("UnprocessedKeys")
            if not wanted:
                return iter(sorted(found, key=lambda row: (row["merchant_id"], row["alert_id"])))
        raise Conflict("DynamoDB is asked too much at the moment; say it again in a minute")

    def _shown(self, rows: Iterator[Item]) -> Iterator[LedgerRow]:
        for row in rows:
            if not is_over(row, self._clock):
                yield LedgerRow(stored_alert(row), tuple(_ways(row)))


def _ways(row: Item) -> Iterator[Way]:
    """Yield which ways the message went, the merchant's own topics first, as they are published to."""
    if "own_published_at" in row:
        yield _left(row, "own_", Channel.READ, Audience.MERCHANT)
    if "published_at" in row:
        yield _left(row, "", Channel.READ, Audience.FLEET)
    elif row["state"] != AlertState.HELD:
        yield Way(Channel.READ, Audience.FLEET, row["state"])
    if "own_sms_published_at" in row:
        yield _left(row, "own_sms_", Channel.SMS, Audience.MERCHANT)
    if "sms_published_at" in row:
        yield _left(row, "sms_", Channel.SMS, Audience.FLEET)
    elif "sms_state" in row:
        until = row.get("sms_held_until")
        yield Way(
            Channel.SMS,
            Audience.FLEET,
            row["sms_state"],
            because=row.get("sms_held_for"),
            until=datetime.fromisoformat(until) if until else None,
        )
    if "operators_told_at" in row:
        at = datetime.fromisoformat(row["operators_told_at"])
        yield Way(Channel.OPERATORS, Audience.OPERATORS, AlertState.PUBLISHED, at=at)


def _left(row: Item, part: str, channel: Channel, audience: Audience) -> Way:
    return Way(
        channel,
        audience,
        AlertState.PUBLISHED,
        at=datetime.fromisoformat(row[f"{part}published_at"]),
        message_id=row.get(f"{part}message_id"),
    )
