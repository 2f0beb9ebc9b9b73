"""Plain values to DynamoDB attributes and back: numbers as numbers, ISO dates, nothing stored for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SCHEMA_VERSION = 1
R = TypeVar("R")
Item = dict[str, Any]
Clock = Callable[[], float]  # seconds since 1970, as TTL counts

MOST_DIGITS = 38  # what DynamoDB keeps of a number
# TTL deletes days late. What is over counts no more: readers pass over it, and whoever writes anew may replace it.
NOT_OVER = "(attribute_not_exists(#ttl) OR #ttl > :now)"
OVER = "#ttl <= :now"
TTL_NAME = {"#ttl": "ttl"}  # a reserved word


def to_item(plain: Mapping[str, Any]) -> Item:
    """Return a table item. Keys whose value is ``None`` are left out: an attribute that is there says something."""
    return {
        key: _typed(value) for key, value in {"schema_version": SCHEMA_VERSION, **plain}.items() if value is not None
    }


def to_value(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values as one attribute of an item: a map."""
    return _typed(plain)


def from_item(item: Mapping[str, Any]) -> Item:
    """Return the plain values of a table item; whole numbers come back as ``int``, binaries as ``bytes``."""
    return {key: _plain(value) for key, value in item.items()}


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


def wrote(write: Callable[..., object], **request: Any) -> bool:  # noqa: ANN401 - the client's own parameters
    """Do a conditional write; return whether its condition held. Every other refusal is raised."""
    return written(write, **request) is not None


def written(write: Callable[..., R], **request: Any) -> R | None:  # noqa: ANN401 - the client's own parameters
    """Do a conditional write and return its answer; ``None`` when its condition did not hold."""
    try:
        return write(**request)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == "ConditionalCheckFailedException":
            return None
        raise


def at_version(version: int) -> dict[str, Any]:
    """Return the condition that a row is still of the version that was read; 0 is "never stored"."""
    if not version:
        return {"ConditionExpression": "attribute_not_exists(merchant_id)"}
    return {
        "ConditionExpression": "#version = :version",
        "ExpressionAttributeNames": {"#version": "version"},
        "ExpressionAttributeValues": {":version": {"N": str(version)}},
    }


def epoch(instant: datetime) -> int:
    """Return the instant as a TTL attribute wants it: whole seconds since 1970."""
    return int(instant.timestamp())


def is_over(row: Mapping[str, Any], clock: Clock) -> bool:
    """Say whether the time of a row is over although TTL has not deleted it yet."""
    return "ttl" in row and row["ttl"] <= clock()


def now_value(clock: Clock) -> Item:
    """Return the value that ``OVER`` and ``NOT_OVER`` compare with."""
    return {":now": {"N": str(int(clock()))}}


def _typed(value: object) -> dict[str, Any]:  # noqa: C901, PLR0911 - one case for each type
    """Return a plain value as DynamoDB's wire format names it.

    boto3 has a serialiser of its own, whose import drags S3 transfers and more into every cold start.
    """
    match value:
        case None:
            return {"NULL": True}
        case bool():
            return {"BOOL": value}
        case int() | Decimal():
            return {"N": _number(Decimal(value))}
        case bytes():
            return {"B": value}
        case Enum():
            return _typed(value.value)
        case str():
            return {"S": value}
        case datetime() | date():
            return {"S": value.isoformat()}
        case Mapping():
            return {"M": {str(name): _typed(entry) for name, entry in value.items()}}
        case list() | tuple():
            return {"L": [_typed(entry) for entry in value]}
        case float():
            raise TypeError("a float would lose digits on its way; store a Decimal")
        case _:
            raise TypeError(f"{type(value).__name__} is not plain data")


def _number(value: Decimal) -> str:
    if not value.is_finite() or len(value.as_tuple().digits) > MOST_DIGITS:
        raise TypeError(f"{value} is no number that a table can hold exactly")
    return f"{value:f}"


def _plain(typed: Mapping[str, Any]) -> Any:  # noqa: ANN401 - plain data of any depth
    ((kind, value),) = typed.items()
    match kind:
        case "NULL":
            return None
        case "N":
            number = Decimal(value)
            return int(number) if number == number.to_integral_value() else number
        case "M":
            return {name: _plain(entry) for name, entry in value.items()}
        case "L":
            return [_plain(entry) for entry in value]
        case "S" | "BOOL" | "B":
            return value
        case "SS":
            return sorted(value)
        case _:
            raise TypeError(f"this table holds no attributes of type {kind}")
