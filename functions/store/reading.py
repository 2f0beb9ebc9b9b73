"""Items as other tools read them: plain, page after page, along a key or an index, never by a scan."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING

from functions.store.items import NOT_OVER, TTL_NAME, Clock, Item, from_item, is_over, key, now_value, pages

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Reading:
    """The tables whose names begin with ``prefix``, for readers. What is over is left out where items end."""

    def __init__(self, client: DynamoDBClient, prefix: str, *, clock: Clock = time.time) -> None:
        self._client = client
        self._prefix = prefix
        self._clock = clock

    def findings_of(self, merchant_id: str) -> Iterator[Item]:
        """Yield every check of a merchant as it stands."""
        return self._rows("findings", "merchant_id", merchant_id)

    def findings_on(self, check_id: str) -> Iterator[Item]:
        """Yield one check over all merchants. An index: a moment behind the table."""
        return self._rows("findings", "check_id", check_id, index="by_check")

    def audits_of(self, merchant_id: str, first: date, last: date) -> Iterator[Item]:
        """Yield a merchant's nights, the oldest first."""
        within = ("night", first.isoformat(), last.isoformat())
        return self._rows("audits", "merchant_id", merchant_id, within=within, ends=True)

    def last_audit_of(self, merchant_id: str) -> Item | None:
        """Return a merchant's newest night that came to an end; ``None`` when there is none."""
        rows = pages(
            self._client,
            TableName=f"{self._prefix}audits",
            KeyConditionExpression="merchant_id = :merchant",
            ExpressionAttributeValues={":merchant": {"S": merchant_id}},
            ScanIndexForward=False,
            # The newest is the one, unless tonight's is still to come.
            Limit=1,
        )
        return next((row for row in rows if "outcomes" in row and not is_over(row, self._clock)), None)

    def audits_on(self, night: date) -> Iterator[Item]:
        """Yield one night of all merchants. An index: a moment behind the table."""
        return self._rows("audits", "night", night.isoformat(), index="by_night", ends=True)

    def alerts_of(self, merchant_id: str, first: date, last: date) -> Iterator[Item]:
        """Yield what a merchant was told of these nights, and what was held back, the oldest first."""
        # An id is the night and what follows "#": "$" is the sign after that.
        within = ("alert_id", first.isoformat(), f"{last.isoformat()}$")
        return self._rows("alerts", "merchant_id", merchant_id, within=within, ends=True)

    def night(self, night: date) -> Item | None:
        """Return a night's row; ``None`` when nobody opened it."""
        name = f"{self._prefix}nights"
        row = from_item(self._client.get_item(TableName=name, Key=key(night=night.isoformat())).get("Item", {}))
        return row if row and not is_over(row, self._clock) else None

    def _rows(
        self,
        table: str,
        partition: str,
        value: str,
        *,
        index: str | None = None,
        within: tuple[str, str, str] | None = None,
        ends: bool = False,
    ) -> Iterator[Item]:
        names, values = {"#key": partition}, {":key": {"S": value}}
        condition = "#key = :key"
        if within is not None:
            names["#sort"], first, last = within
            condition += " AND #sort BETWEEN :first AND :last"
            values |= {":first": {"S": first}, ":last": {"S": last}}
        more = {"IndexName": index} if index else {}
        if ends:
            more["FilterExpression"] = NOT_OVER
            names |= TTL_NAME
            values |= now_value(self._clock)
        return pages(
            self._client,
            TableName=f"{self._prefix}{table}",
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            **more,
        )
