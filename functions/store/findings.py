"""The table `findings`: each check of each merchant as it stands now."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from functions.audit.finding import Finding
from functions.audit.merchant import Severity
from functions.audit.outcome import Status
from functions.audit.plain import finding_plain
from functions.store.items import Item, epoch, from_item, pages, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Findings:
    """The table `findings`."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self.name = name

    def of_merchant(self, merchant_id: str) -> dict[str, Finding]:
        """Return all findings of a merchant by check id, read consistently."""
        rows = pages(
            self._client,
            TableName=self.name,
            ConsistentRead=True,
            KeyConditionExpression="merchant_id = :merchant",
            ExpressionAttributeValues={":merchant": {"S": merchant_id}},
        )
        return {finding.check_id: finding for finding in map(_finding, rows)}

    def open(self, severity: Severity) -> Iterator[Finding]:
        """Yield the open findings of a severity over all merchants. An index: a moment behind the table."""
        rows = pages(
            self._client,
            TableName=self.name,
            IndexName="open_by_severity",
            KeyConditionExpression="open_severity = :severity",
            ExpressionAttributeValues={":severity": {"S": severity.value}},
        )
        return map(_finding, rows)

    def of_check(self, check_id: str) -> Iterator[Finding]:
        """Yield one check over all merchants. An index: a moment behind the table."""
        rows = pages(
            self._client,
            TableName=self.name,
            IndexName="by_check",
            KeyConditionExpression="check_id = :check",
            ExpressionAttributeValues={":check": {"S": check_id}},
        )
        return map(_finding, rows)


def finding_item(finding: Finding, *, ttl: datetime | None = None) -> Item:
    """Return the item of a finding; ``open_severity`` is there only while it is open.

    ``ttl``: when it ends unless a later night writes it anew. Until DynamoDB deletes it, it still counts: it is the
    state of a merchant that nobody has looked at since.
    """
    plain = finding_plain(finding)
    return to_item(plain | {"open_severity": plain["severity"], "ttl": epoch(ttl) if ttl else None})


def stored_finding(item: Item) -> Finding:
    """Return the finding of a table item as DynamoDB gives it."""
    return _finding(from_item(item))


def _finding(row: Item) -> Finding:
    return Finding(
        merchant_id=row["merchant_id"],
        check_id=row["check_id"],
        last_night=date.fromisoformat(row["last_night"]),
        status=Status(row["status"]),
        severity=Severity(row["severity"]) if "severity" in row else None,
        value=_decimal(row.get("value")),
        unit=row["unit"],
        warn=_decimal(row.get("warn")),
        critical=_decimal(row.get("critical")),
        summary=row["summary"],
        reason=row.get("reason"),
        opened_on=_day(row.get("opened_on")),
        resolved_on=_day(row.get("resolved_on")),
        blinded_since=_day(row.get("blinded_since")),
        critical_since=_day(row.get("critical_since")),
        calmed_on=_day(row.get("calmed_on")),
        returned_on=_day(row.get("returned_on")),
        last_told_on=_day(row.get("last_told_on")),
        good_nights=row["good_nights"],
        calm_nights=row.get("calm_nights") or row["good_nights"],
        evidence=row["evidence"],
    )


def _decimal(value: int | Decimal | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
