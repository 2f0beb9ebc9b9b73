"""A table's export in S3 as Athena reads it: lines of DynamoDB's JSON, as in ``{"Item": {"night": {"S": "…"}}}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from console.contract.schema import Schema, schema_of
from functions.store.contract.declare import Table

# Numbers are texts in DynamoDB's JSON, of more digits than a double has: a query says what it wants them as.
_SCALARS: Final = {
    "string": "struct<S:string>",
    "number": "struct<N:string>",
    "integer": "struct<N:string>",
    "boolean": "struct<BOOL:boolean>",
}
# `end`, inside it, is a word of Hive's own.
_LEFT_OUT: Final = {"periods"}


def table_name(table: Table) -> str:
    """Return what the table is called in Athena."""
    return f"nightjar_{table.name}"


def ddl(table: Table) -> str:
    """Return the statement that makes the table. What it does not name is still in the files."""
    schema = schema_of(table)
    columns = [
        f"    {name}:{kind}"
        for name, attribute in schema["properties"].items()
        if name not in _LEFT_OUT and (kind := _type(attribute, schema))
    ]
    return "\n".join(
        (
            f"CREATE EXTERNAL TABLE {table_name(table)} (",
            "  Item struct<",
            ",\n".join(columns),
            "  >",
            ")",
            "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'",
            "WITH SERDEPROPERTIES ('case.insensitive' = 'true')",
            f"LOCATION 's3://YOUR-BUCKET/{table.name}/AWSDynamoDB/YOUR-EXPORT/data/'",
            "",
        )
    )


def _type(attribute: Schema, whole: Schema) -> str | None:
    """Return Hive's type of an attribute; ``None`` for what has no shape of its own, as evidence."""
    while "$ref" in attribute:
        attribute = whole["$defs"][attribute["$ref"].rpartition("/")[2]]
    if "properties" in attribute:
        inside = ",".join(_fields(attribute, whole))
        return f"struct<M:struct<{inside}>>"
    if "items" in attribute:
        inner = _type(attribute["items"], whole)
        return f"struct<L:array<{inner}>>" if inner else None
    if isinstance(each := attribute.get("additionalProperties"), dict):
        inner = _type(each, whole)
        return f"struct<M:map<string,{inner}>>" if inner else None
    return _SCALARS.get(attribute["type"])


def _fields(part: Schema, whole: Schema) -> Iterator[str]:
    for name, attribute in part["properties"].items():
        if kind := _type(attribute, whole):
            yield f"{name}:{kind}"
