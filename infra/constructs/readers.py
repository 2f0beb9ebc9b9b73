"""Roles for other tools: one that reads the whole fleet, one that is held to a single merchant. Neither can scan."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import CfnOutput, Stack, aws_iam, aws_kms
from constructs import Construct

from infra.constructs.permissions import allow, decrypt_for_tables
from infra.constructs.tables import SHAPES, Tables
from infra.stages import Stage

# Tokens, snapshots and budgets are nobody's business; docs/data says what is in these.
READABLE: Final = ("alerts", "audits", "findings", "merchants", "mutes", "nights")
MERCHANT: Final = "merchant_id"
_ITEMS: Final = ("BatchGetItem", "GetItem", "PartiQLSelect", "Query")
# What a table's keys and indexes are called: tools with a window ask before they query, and see no item by it.
_SHAPE: Final = "DescribeTable"
# An index has no items to get by key.
_ROWS: Final = ("PartiQLSelect", "Query")


class Readers(Construct):
    """The two roles, each only where the stage says who may take it."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage, tables: Tables, key: aws_kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._key = key
        if stage.fleet_readers:
            fleet = [_principal(one) for one in stage.fleet_readers]
            self._role("Fleet", f"{stage.prefix}fleet-reader", fleet, _fleet(tables))
        if stage.tenant_readers:
            tenants = [_named_merchant(_principal(one)) for one in stage.tenant_readers]
            self._role("Tenant", f"{stage.prefix}tenant-reader", tenants, _tenant(tables))

    def _role(
        self,
        construct_id: str,
        name: str,
        trusted: Sequence[aws_iam.IPrincipal],
        statements: Sequence[aws_iam.PolicyStatement],
    ) -> None:
        role = aws_iam.Role(
            self,
            construct_id,
            role_name=name,
            description="Reads Nightjar's tables by key or index; see docs/data",
            assumed_by=aws_iam.CompositePrincipal(*trusted),
        )
        for statement in (*statements, decrypt_for_tables(self._key)):
            role.add_to_policy(statement)
        CfnOutput(Stack.of(self), f"{construct_id}ReaderArn", value=role.role_arn, description="Assume it to read")


def _fleet(tables: Tables) -> list[aws_iam.PolicyStatement]:
    whole = [tables[name].table_arn for name in READABLE]
    indexes = [f"{tables[name].table_arn}/index/{index.name}" for name in READABLE for index in SHAPES[name].indexes]
    return [
        allow(_actions((*_ITEMS, _SHAPE)), whole),
        allow(_actions(_ROWS), indexes),
        _no_full_scan([*whole, *indexes]),
    ]


def _tenant(tables: Tables) -> list[aws_iam.PolicyStatement]:
    """Return what a session reads that carries the tag of one merchant: items whose key begins with it.

    The key of an index is a status, a check or a night: no index can be held to one merchant, so there is none.
    "For all values" holds as well where there is no value, so both keys must be there.
    """
    own = [tables[name].table_arn for name in READABLE if SHAPES[name].partition == MERCHANT]
    held: dict[str, object] = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": [f"${{aws:PrincipalTag/{MERCHANT}}}"]},
        "Null": {"dynamodb:LeadingKeys": "false", f"aws:PrincipalTag/{MERCHANT}": "false"},
    }
    return [allow(_actions(_ITEMS), own, **held), _no_full_scan(own)]


def _no_full_scan(resources: Sequence[str]) -> aws_iam.PolicyStatement:
    """Deny the SELECT that names no key: PartiQL would scan (developer guide, "IAM security policies with PartiQL")."""
    return aws_iam.PolicyStatement(
        effect=aws_iam.Effect.DENY,
        actions=["dynamodb:PartiQLSelect"],
        resources=list(resources),
        conditions={"Bool": {"dynamodb:FullTableScan": "true"}},
    )


def _actions(operations: Sequence[str]) -> list[str]:
    return [f"dynamodb:{operation}" for operation in operations]


def _principal(trusted: str) -> aws_iam.PrincipalBase:
    return aws_iam.ArnPrincipal(trusted) if trusted.startswith("arn:") else aws_iam.AccountPrincipal(trusted)


def _named_merchant(principal: aws_iam.PrincipalBase) -> aws_iam.IPrincipal:
    """Return the principal as one who must name the merchant, and can give the session no other tag."""
    return aws_iam.SessionTagsPrincipal(principal).with_conditions(
        {
            "StringLike": {f"aws:RequestTag/{MERCHANT}": "?*"},
            "ForAllValues:StringEquals": {"aws:TagKeys": [MERCHANT]},
        }
    )
