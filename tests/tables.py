"""The ten tables as the stack deploys them, for an AWS that only pretends (a test compares the two)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PREFIX: Final = "nightjar-test-"

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "merchants": ("merchant_id",),
    "tokens": ("merchant_id", "provider"),
    "snapshots": ("merchant_id", "night"),
    "audits": ("merchant_id", "night"),
    "findings": ("merchant_id", "check_id"),
    "alerts": ("merchant_id", "alert_id"),
    "mutes": ("merchant_id", "check_id"),
    "recipients": ("merchant_id", "recipient_id"),
    "nights": ("night",),
    "budgets": ("budget",),
}
INDEXES: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "merchants": {"by_open_id": ("open_id", "merchant_id")},
    "audits": {"by_night": ("night", "merchant_id"), "unfinished": ("pending_night", "merchant_id")},
    "findings": {"open_by_severity": ("open_severity", "merchant_id"), "by_check": ("check_id", "merchant_id")},
    "alerts": {"unsent": ("unsent_night", "merchant_id"), "by_night": ("night", "merchant_id")},
    "mutes": {"by_end": ("until", "merchant_id")},
}
KEYS_ONLY: Final = frozenset({("merchants", "by_open_id"), ("alerts", "by_night")})
STREAMS: Final = {"alerts": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}


def create_tables(client: DynamoDBClient, prefix: str = PREFIX) -> None:
    """Create all ten tables, empty."""
    for name in KEYS:
        client.create_table(**shape(name, prefix))


def shape(name: str, prefix: str = PREFIX) -> dict[str, Any]:
    """Return what ``CreateTable`` wants to know of one table."""
    indexes = INDEXES.get(name, {})
    attributes = sorted({*KEYS[name], *(part for parts in indexes.values() for part in parts)})
    wanted: dict[str, Any] = {
        "TableName": prefix + name,
        "KeySchema": _schema(KEYS[name]),
        "AttributeDefinitions": [{"AttributeName": part, "AttributeType": "S"} for part in attributes],
        "BillingMode": "PAY_PER_REQUEST",
    }
    if indexes:
        wanted["GlobalSecondaryIndexes"] = [
            {
                "IndexName": index,
                "KeySchema": _schema(parts),
                "Projection": {"ProjectionType": "KEYS_ONLY" if (name, index) in KEYS_ONLY else "ALL"},
            }
            for index, parts in indexes.items()
        ]
    if name in STREAMS:
        wanted["StreamSpecification"] = STREAMS[name]
    return wanted


def _schema(parts: tuple[str, ...]) -> list[dict[str, str]]:
    return [{"AttributeName": part, "KeyType": kind} for part, kind in zip(parts, ("HASH", "RANGE"), strict=False)]
