"""Plain values to DynamoDB attributes and back: numbers as numbers, ISO dates, nothing stored for nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.types import Binary, TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SCHEMA_VERSION = 1
Item = dict[str, Any]

_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def to_item(plain: Mapping[str, Any]) -> Item:
    """Return a table item. Keys whose value is ``None`` are left out: an attribute that is there says something."""
    return {
        key: _serialize(_storable(value))
        for key, value in {"schema_version": SCHEMA_VERSION, **plain}.items()
        if value is not None
    }


def from_item(item: Mapping[str, Any]) -> Item:
    """Return the plain values of a table item; whole numbers come back as ``int``, binaries as ``bytes``."""
    return {key: _loaded(_deserialize(value)) for key, value in item.items()}


def key(**parts: str) -> Item:
    """Return a key of string attributes."""
    return {name: {"S": value} for name, value in parts.items()}


def pages(client: DynamoDBClient, **query: Any) -> Iterator[Item]:  # noqa: ANN401 - the client's own parameters
    """Yield the plain items of a Query, page after page."""
    while True:
        answer = client.query(**query)
        for item in answer["Items"]:
            yield from_item(item)
        if not (after := answer.get("LastEvaluatedKey")):
            return
        query["ExclusiveStartKey"] = after


def lost_condition(error: ClientError) -> bool:
    """Say whether a write was refused because its condition did not hold."""
    return error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException"


def epoch(instant: datetime) -> int:
    """Return the instant as a TTL attribute wants it: whole seconds since 1970."""
    return int(instant.timestamp())


def _storable(value: Any) -> Any:  # noqa: ANN401 - plain data of any depth
    match value:
        case float():
            raise TypeError("a float would lose digits on its way; store a Decimal")
        case bool() | int() | Decimal() | bytes() | None:
            return value
        case Enum():
            return value.value
        case str():
            return value
        case datetime() | date():
            return value.isoformat()
        case Mapping():
            return {str(name): _storable(entry) for name, entry in value.items()}
        case list() | tuple():
            return [_storable(entry) for entry in value]
        case _:
            raise TypeError(f"{type(value).__name__} is not plain data")


def _loaded(value: Any) -> Any:  # noqa: ANN401 - plain data of any depth
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else value
        case Binary():
            return bytes(value.value)  # type: ignore[attr-defined]  # the stubs forget it
        case dict():
            return {name: _loaded(entry) for name, entry in value.items()}
        case list():
            return [_loaded(entry) for entry in value]
        case _:
            return value
