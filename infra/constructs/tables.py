"""The ten tables with their indexes: encrypted with our key, recoverable, expiring, as the stage wants them kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import RemovalPolicy, aws_dynamodb, aws_kms
from constructs import Construct

from infra.stages import Stage

TTL: Final = "ttl"


@dataclass(frozen=True, slots=True)
class Index:
    """A global index: its name, its keys, and whether it holds whole items or nothing but keys."""

    name: str
    partition: str
    sort: str
    keys_only: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A table's keys and indexes, whether it expires, whether it has a stream."""

    partition: str
    sort: str | None = None
    indexes: tuple[Index, ...] = ()
    expires: bool = False
    stream: bool = False


# The names are a contract: other tools read these tables.
SHAPES: Final = {
    # Who reads this index learns whose an account is, and none of the settings. What expires is the mark of an erasure.
    "merchants": Shape(
        "merchant_id", indexes=(Index("by_open_id", "open_id", "merchant_id", keys_only=True),), expires=True
    ),
    "tokens": Shape("merchant_id", "provider"),
    "snapshots": Shape("merchant_id", "night", expires=True),
    "audits": Shape(
        "merchant_id",
        "night",
        indexes=(Index("by_night", "night", "merchant_id"), Index("unfinished", "pending_night", "merchant_id")),
        expires=True,
    ),
    "findings": Shape(
        "merchant_id",
        "check_id",
        indexes=(
            Index("open_by_severity", "open_severity", "merchant_id"),
            Index("by_check", "check_id", "merchant_id"),
        ),
        expires=True,
    ),
    "alerts": Shape(
        "merchant_id",
        "alert_id",
        # Keys only: every other change of a row, and there are several, then costs the index nothing.
        indexes=(
            Index("unsent", "unsent_night", "merchant_id"),
            Index("by_night", "night", "merchant_id", keys_only=True),
        ),
        expires=True,
        stream=True,
    ),
    "mutes": Shape("merchant_id", "check_id", indexes=(Index("by_end", "until", "merchant_id"),), expires=True),
    "recipients": Shape("merchant_id", "recipient_id"),
    "nights": Shape("night", expires=True),
    # Two rows that are written ten times a second and mean nothing a minute later; and what text messages were counted.
    "budgets": Shape("budget", expires=True),
}


class Tables(Construct):
    """All tables of a stage, each under its name: ``tables["audits"]``."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, key: aws_kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._tables = {name: self._table(name, shape, stage, key) for name, shape in SHAPES.items()}

    def __getitem__(self, name: str) -> aws_dynamodb.Table:
        return self._tables[name]

    def _table(self, name: str, shape: Shape, stage: Stage, key: aws_kms.IKey) -> aws_dynamodb.Table:
        table = aws_dynamodb.Table(
            self,
            name.capitalize(),
            table_name=stage.prefix + name,
            partition_key=_string(shape.partition),
            sort_key=_string(shape.sort) if shape.sort else None,
            # A night is one burst a day: paying per request is cheaper than capacity that idles for 23 hours.
            billing_mode=aws_dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=aws_dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=aws_dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=stage.point_in_time_recovery
            ),
            deletion_protection=stage.deletion_protection,
            removal_policy=RemovalPolicy.RETAIN if stage.retain_data else RemovalPolicy.DESTROY,
            time_to_live_attribute=TTL if shape.expires else None,
            stream=aws_dynamodb.StreamViewType.NEW_IMAGE if shape.stream else None,
        )
        projections = aws_dynamodb.ProjectionType
        for index in shape.indexes:
            table.add_global_secondary_index(
                index_name=index.name,
                partition_key=_string(index.partition),
                sort_key=_string(index.sort),
                projection_type=projections.KEYS_ONLY if index.keys_only else projections.ALL,
            )
        return table


def _string(name: str) -> aws_dynamodb.Attribute:
    return aws_dynamodb.Attribute(name=name, type=aws_dynamodb.AttributeType.STRING)
