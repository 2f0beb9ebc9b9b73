"""DynamoDB's conditional ``UpdateItem`` in memory: as much of its expressions as the writes of a budget use."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from botocore.exceptions import ClientError

_COMPARED = re.compile(r"(\w+) (>=|<=|<|>) (:\w+)")
_MISSING = re.compile(r"attribute_not_exists\((\w+)\)")
_SET = re.compile(r"(\w+) = (?:(\w+) \+ )?(:\w+)")
_OPERATORS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "<": operator.lt,
    ">": operator.gt,
}
Values = Mapping[str, Decimal]


class OneItem:
    """Rows of numbers by their key. ``writes`` counts the attempts."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, Decimal]] = {}
        self.writes = 0

    def update_item(
        self,
        *,
        TableName: str,  # noqa: N803 - DynamoDB's own names
        Key: Mapping[str, Mapping[str, str]],  # noqa: N803
        UpdateExpression: str,  # noqa: N803
        ConditionExpression: str,  # noqa: N803
        ExpressionAttributeValues: Mapping[str, Mapping[str, str]],  # noqa: N803
        ReturnValues: str,  # noqa: N803
        ReturnValuesOnConditionCheckFailure: str,  # noqa: N803
    ) -> dict[str, Any]:
        """Update an item, or refuse with what is there."""
        assert (TableName, ReturnValues, ReturnValuesOnConditionCheckFailure) == (TableName, "UPDATED_NEW", "ALL_OLD")
        self.writes += 1
        ((name, typed),) = Key.items()
        row = self.rows.get(typed["S"], {})
        values = {at: Decimal(value["N"]) for at, value in ExpressionAttributeValues.items()}
        if not _holds(ConditionExpression, row, values):
            response: Any = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "The condition failed"}}
            if row:
                response["Item"] = {name: typed, **_typed(row)}
            raise ClientError(response, "UpdateItem")
        changed = {
            target: values[value] + (row[base] if base else 0)
            for target, base, value in _SET.findall(UpdateExpression.removeprefix("SET "))
        }
        self.rows[typed["S"]] = {**row, **changed}
        return {"Attributes": _typed(changed)}


def _holds(condition: str, row: Values, values: Values) -> bool:
    return any(all(_term(term, row, values) for term in part.split(" AND ")) for part in condition.split(" OR "))


def _term(term: str, row: Values, values: Values) -> bool:
    if missing := _MISSING.fullmatch(term):
        return missing[1] not in row
    compared = _COMPARED.fullmatch(term)
    assert compared is not None, f"{term} is not known here"
    return compared[1] in row and _OPERATORS[compared[2]](row[compared[1]], values[compared[3]])


def _typed(row: Values) -> dict[str, dict[str, str]]:
    return {name: {"N": f"{value:f}"} for name, value in row.items()}
