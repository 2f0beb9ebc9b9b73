"""The two roles for other tools: what they may read, for whom they are, and that nobody has them who was not named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.store.contract.catalogue import TABLES
from infra.stages import DEFAULT_FILE, StageError, choose
from tests.infra.templates import Properties, Stacks, listed

pytestmark = pytest.mark.slow

READS = {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:PartiQLSelect", "dynamodb:Query"}
NO_FULL_SCAN = {"Bool": {"dynamodb:FullTableScan": "true"}}


def _role(demo: Stacks, who: str) -> Properties:
    return demo.data.named("IAM::Role", "RoleName", f"nightjar-demo-{who}-reader")


def _statements(demo: Stacks, who: str) -> list[Properties]:
    return demo.data.statements_of(f"Readers{who.capitalize()}")


def _tables(demo: Stacks, resources: Any) -> set[str]:
    """Return the tables and indexes that a statement names, as in ``findings`` and ``findings/index/by_check``."""
    names = {id_: table["TableName"] for id_, table in demo.data.of_type("DynamoDB::Table").items()}
    found = set()
    for resource in listed(resources):
        arn, suffix = resource["Fn::Join"][1] if "Fn::Join" in resource else (resource, "")
        found.add(names[arn["Fn::GetAtt"][0]].removeprefix("nightjar-demo-") + suffix)
    return found


def test_nobody_reads_a_stage_that_names_nobody(prod: Stacks) -> None:
    assert prod.data.of_type("IAM::Role") == {}
    assert prod.data.of_type("IAM::Policy") == {}


def test_a_fleets_reader_may_read_what_is_published_for_readers(demo: Stacks) -> None:
    tables, indexes, never, _ = _statements(demo, "fleet")
    readable = {table.name: table for table in TABLES if table.readable}
    assert _tables(demo, tables["Resource"]) == set(readable)
    assert set(tables["Action"]) == READS | {"dynamodb:DescribeTable"}
    assert _tables(demo, indexes["Resource"]) == {
        f"{name}/index/{index.name}" for name, table in readable.items() for index in table.indexes
    }
    assert set(indexes["Action"]) == {"dynamodb:PartiQLSelect", "dynamodb:Query"}
    assert (never["Effect"], never["Action"], never["Condition"]) == ("Deny", "dynamodb:PartiQLSelect", NO_FULL_SCAN)
    everything = _tables(demo, tables["Resource"]) | _tables(demo, indexes["Resource"])
    assert _tables(demo, never["Resource"]) == everything


def test_a_tenants_reader_is_held_to_the_merchant_of_its_session_and_has_no_index(demo: Stacks) -> None:
    own, never, _ = _statements(demo, "tenant")
    assert _tables(demo, own["Resource"]) == {table.name for table in TABLES if table.of_one_merchant}
    assert set(own["Action"]) == READS
    assert own["Condition"] == {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["${aws:PrincipalTag/merchant_id}"]},
        "Null": {"dynamodb:LeadingKeys": "false", "aws:PrincipalTag/merchant_id": "false"},
    }
    assert (never["Effect"], never["Action"], never["Condition"]) == ("Deny", "dynamodb:PartiQLSelect", NO_FULL_SCAN)
    assert _tables(demo, never["Resource"]) == _tables(demo, own["Resource"])
    assert "/index/" not in json.dumps([own, never])


@pytest.mark.parametrize("who", ["fleet", "tenant"])
def test_the_key_decrypts_for_dynamodb_on_their_behalf_and_for_nothing_else(demo: Stacks, who: str) -> None:
    *_, decrypt = _statements(demo, who)
    through = [{"Fn::Join": ["", ["dynamodb.", {"Ref": "AWS::Region"}, ".amazonaws.com"]]}]
    assert decrypt["Action"] == "kms:Decrypt"
    assert decrypt["Condition"] == {"StringEquals": {"kms:ViaService": through}}


@pytest.mark.parametrize("who", ["fleet", "tenant"])
def test_a_reader_can_do_nothing_that_was_not_said(demo: Stacks, who: str) -> None:
    role = _role(demo, who)
    assert "ManagedPolicyArns" not in role
    assert "Policies" not in role
    statements = _statements(demo, who)
    assert "*" not in json.dumps(statements)
    shape = {"dynamodb:DescribeTable"} if who == "fleet" else set()
    actions = {action for statement in statements for action in listed(statement["Action"])}
    assert actions == READS | {"kms:Decrypt"} | shape
    for never in ("TablesTokens", "TablesSnapshots", "TablesBudgets"):
        assert never not in json.dumps(statements)


def test_who_takes_the_tenants_role_names_one_merchant_and_nothing_else(demo: Stacks) -> None:
    (trust,) = _role(demo, "tenant")["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert trust["Condition"] == {
        "StringLike": {"aws:RequestTag/merchant_id": "?*"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["merchant_id"]},
    }
    (trust,) = _role(demo, "fleet")["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Action"], trust.get("Condition")) == ("sts:AssumeRole", None)
    assert json.dumps(trust["Principal"]).count("000000000000:root") == 1


@pytest.mark.parametrize("trusted", ["111122223333", "arn:aws:iam::111122223333:role/service/reports"])
def test_an_account_or_a_role_can_be_trusted(trusted: str) -> None:
    assert choose("prod", recipients={"fleet_readers": [trusted]}).fleet_readers == (trusted,)


@pytest.mark.parametrize(
    "trusted",
    ["*", "1111", "arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/*", "١" * 12],
)
def test_nobody_in_particular_cannot(trusted: str) -> None:
    with pytest.raises(
        StageError, match=rf"{DEFAULT_FILE.name}.*\n.*tenant_readers\[0\]: neither an account nor a role"
    ):
        choose("prod", recipients={"tenant_readers": [trusted]})
