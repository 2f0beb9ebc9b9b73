"""The table `nights`: each night over all merchants, opened by the dispatcher, closed by the closer."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.audit.absence import Reason
from functions.audit.night import Coverage, Night
from functions.audit.outcome import Status
from functions.audit.wording import stored
from functions.store.items import Item, epoch, from_item, key, lost_condition, to_item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOT_THERE_YET = "attribute_not_exists(night)"
WAS_OPENED = "attribute_exists(night)"


class Nights:
    """The table `nights`."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name

    def open(self, night: date, *, at: datetime, ttl: datetime) -> bool:
        """Write the row of a night that begins; return whether it is new."""
        item = to_item({"night": night, "opened_at": at, "ttl": epoch(ttl)})
        try:
            self._client.put_item(TableName=self._name, Item=item, ConditionExpression=NOT_THERE_YET)
        except ClientError as error:
            if lost_condition(error):
                return False
            raise
        return True

    def close(self, coverage: Coverage, *, at: datetime) -> None:
        """Write the coverage. A repeated close counts anew and keeps when the night was first closed.

        Raises:
            botocore.exceptions.ClientError: nobody opened that night, or DynamoDB refused.
        """
        figures = _figures(coverage)
        names = {f"#{name}": name for name in figures}
        values = {f":{name}": value for name, value in to_item(figures).items() if name != "schema_version"}
        sets = [f"#{name} = :{name}" for name in figures]
        self._client.update_item(
            TableName=self._name,
            Key=key(night=coverage.night.isoformat()),
            UpdateExpression=f"SET closed_at = if_not_exists(closed_at, :at), {', '.join(sets)}",
            ConditionExpression=WAS_OPENED,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":at": {"S": at.isoformat()}, **values},
        )

    def get(self, night: date) -> Night | None:
        """Return a night, read consistently; ``None`` when nobody opened it."""
        answer = self._client.get_item(TableName=self._name, Key=key(night=night.isoformat()), ConsistentRead=True)
        if "Item" not in answer:
            return None
        row = from_item(answer["Item"])
        closed = row.get("closed_at")
        return Night(
            night=night,
            opened_at=datetime.fromisoformat(row["opened_at"]),
            closed_at=datetime.fromisoformat(closed) if closed else None,
            coverage=_coverage(night, row) if closed else None,
        )


def _figures(coverage: Coverage) -> dict[str, Any]:
    outcomes = {status.value: count for status, count in coverage.outcomes.items()}
    return {
        "expected": coverage.expected,
        "audited": coverage.audited,
        "failed": len(coverage.failed),
        "failed_merchants": list(coverage.failed),
        "missing": len(coverage.missing),
        "missing_merchants": list(coverage.missing),
        "not_evaluated": outcomes[Status.NOT_EVALUATED.value],
        "outcomes": outcomes,
        "causes": {reason.value: count for reason, count in coverage.causes.items()},
        "coverage_percent": stored(coverage.percent),
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
