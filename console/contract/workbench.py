"""The tables as a data model that NoSQL Workbench imports, with the examples as its sample data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from console.contract.schema import Schema, schema_of
from functions.store.contract.declare import Table
from functions.store.items import to_item

# Workbench wants dates in its own form, and the model is to be the same whenever it is made.
_DATE: Final = "Nov 21, 2026, 02:15 AM"
_LETTERS: Final = {"string": "S", "number": "N", "integer": "N", "boolean": "BOOL", "object": "M", "array": "L"}
_NO_MYSQL: Final[dict[str, Any]] = {"MySql": {}}


def model(tables: Sequence[Table], examples: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the model of all tables. ``examples``: plain items by the table's name."""
    return {
        "ModelName": "Nightjar",
        "ModelMetadata": {
            "Author": "Nightjar",
            "DateCreated": _DATE,
            "DateLastModified": _DATE,
            "Description": "Nightly audits of TikTok channels. Table names begin with nightjar-<stage>- when deployed.",
            "AWSService": "Amazon DynamoDB",
            "Version": "3.0",
        },
        "DataModel": [_table(table, examples.get(table.name, ())) for table in tables],
    }


def _table(table: Table, examples: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    schema = schema_of(table)
    return {
        "TableName": f"nightjar-{table.name}",
        "KeyAttributes": _keys(table.partition, table.sort),
        "NonKeyAttributes": [
            {"AttributeName": name, "AttributeType": _letter(attribute, schema)}
            for name, attribute in schema["properties"].items()
            if name not in {table.partition, table.sort}
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index.name,
                "KeyAttributes": _keys(index.partition, index.sort),
                "Projection": {"ProjectionType": "KEYS_ONLY" if index.keys_only else "ALL"},
            }
            for index in table.indexes
        ],
        "TableData": [to_item(example) for example in examples],
        "DataAccess": _NO_MYSQL,
        "BillingMode": "PAY_PER_REQUEST",
    }


def _keys(partition: str, sort: str | None) -> dict[str, Any]:
    keys = {"PartitionKey": {"AttributeName": partition, "AttributeType": "S"}}
    return keys | ({"SortKey": {"AttributeName": sort, "AttributeType": "S"}} if sort else {})


def _letter(attribute: Schema, whole: Schema) -> str:
    if "$ref" in attribute:
        attribute = whole["$defs"][attribute["$ref"].rpartition("/")[2]]
    if attribute.get("contentEncoding") == "base64":
        return "B"
    return _LETTERS[attribute.get("type", "integer")]
