"""Roles, enforced by the embedded AWS: real sessions, signatures, trust policies and policies, as they were deployed.

What the emulator leaves out of IAM for DynamoDB is added while this lasts, as AWS documents it: the actions and
resources of PartiQL, ``dynamodb:LeadingKeys``, ``dynamodb:FullTableScan``, and policy variables.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError

from console.embedded import EmbeddedAws
from tests.partiql import partition_of, select

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TAG = re.compile(r"\$\{aws:PrincipalTag/(\w+)\}")
_EQUAL = re.compile(r"([#\w]+)\s*=\s*(:\w+)")


@dataclass(frozen=True)
class Door:
    """Gives sessions of the deployed roles to somebody of this account who may assume any role."""

    aws: EmbeddedAws
    key_id: str
    secret: str

    def reader(self, role: str, **tags: str) -> DynamoDBClient:
        """Return DynamoDB as a session of the role sees it.

        Raises:
            botocore.exceptions.ClientError: the role's trust policy refuses.
        """
        reader: DynamoDBClient = self._client("dynamodb", self.session(role, **tags))
        return reader

    def session(self, role: str, **tags: str) -> dict[str, str]:
        """Return the environment in which other programs are a session of the role.

        Raises:
            botocore.exceptions.ClientError: as above.
        """
        own = {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret}
        session = self._client("sts", own).assume_role(
            RoleArn=f"arn:aws:iam::{self.aws.account}:role/{role}",
            RoleSessionName="reader",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )["Credentials"]
        return {
            "AWS_ENDPOINT_URL": self.aws.endpoint,
            "AWS_DEFAULT_REGION": self.aws.region,
            "AWS_ACCESS_KEY_ID": session["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": session["SecretAccessKey"],
            "AWS_SESSION_TOKEN": session["SessionToken"],
        }

    def _client(self, service: Any, session: Mapping[str, str]) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.aws.endpoint,
            region_name=self.aws.region,
            aws_access_key_id=session["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=session["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=session.get("AWS_SESSION_TOKEN"),
        )


@contextmanager
def enforced(aws: EmbeddedAws) -> Iterator[Door]:
    """Have every request judged by the caller's policies while this lasts; nobody else may use the AWS meanwhile."""
    iam = aws.client("iam")
    iam.create_user(UserName="caller")
    allowed = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName="caller", PolicyName="assume", PolicyDocument=document)
    key = iam.create_access_key(UserName="caller")["AccessKey"]
    try:
        with pytest.MonkeyPatch.context() as patch:
            _complete(patch)
            patch.setattr(aws._server.emulator.app, "AUTH", True)
            yield Door(aws, key["AccessKeyId"], key["SecretAccessKey"])
    finally:
        iam.delete_access_key(UserName="caller", AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName="caller", PolicyName="assume")
        iam.delete_user(UserName="caller")


def denied(call: Callable[..., object], **request: Any) -> bool:
    """Say whether a call is refused for want of permission; every other error is raised."""
    try:
        call(**request)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"AccessDeniedException", "AccessDenied"}:
            raise
        return True
    return False


def _complete(patch: pytest.MonkeyPatch) -> None:
    from ministack.core import iam_actions, iam_evaluator

    action, context = iam_actions.extract_iam_action, iam_actions.dynamodb_service_context
    arns, met = iam_actions.dynamodb_resource_arns, iam_evaluator._conditions_met

    def with_partiql(service: str, *request: Any) -> Any:
        found = action(service, *request)
        return "dynamodb:PartiQLSelect" if found == "dynamodb:ExecuteStatement" else found

    def with_keys(body: bytes) -> dict[str, Any]:
        return {**context(body), **_condition_keys(json.loads(body))}

    def with_statements(body: bytes, region: str, account: str) -> Any:
        request = json.loads(body)
        if "Statement" not in request:
            return arns(body, region, account)
        asked = select(request["Statement"], request.get("Parameters", ()))
        suffix = f"/index/{asked.index}" if asked.index else ""
        return [f"arn:aws:dynamodb:{region}:{account}:table/{asked.table}{suffix}"]

    def with_variables(conditions: Any, caller: Any) -> bool:
        tags = {
            name.removeprefix("aws:principaltag/"): value
            for name, value in caller.principal_keys.items()
            if name.startswith("aws:principaltag/")
        }
        written = json.dumps(conditions)
        if not all(name.lower() in tags for name in _TAG.findall(written)):
            return False  # a variable without a value matches nothing
        filled = _TAG.sub(lambda found: json.dumps(tags[found[1].lower()])[1:-1], written)
        return bool(met(json.loads(filled), caller))

    # The emulator takes whoever has the keys of its own environment for root; a test that is a reader in this very
    # process sets those.
    patch.setattr(iam_evaluator, "os", SimpleNamespace(environ=dict(os.environ)))
    patch.setattr(iam_actions, "extract_iam_action", with_partiql)
    patch.setattr(iam_actions, "dynamodb_service_context", with_keys)
    patch.setattr(iam_actions, "dynamodb_resource_arns", with_statements)
    patch.setattr(iam_evaluator, "_conditions_met", with_variables)


def _condition_keys(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return DynamoDB's condition keys of a request: those of the keys that it names, and whether it reads all."""
    if "Statement" in request:
        leading = list(select(request["Statement"], request.get("Parameters", ())).leading)
        found: dict[str, Any] = {"dynamodb:FullTableScan": "false" if leading else "true"}
    else:
        leading, found = _leading(request), {}
    return found | ({"dynamodb:LeadingKeys": leading} if leading else {})


def _leading(request: Mapping[str, Any]) -> list[str]:
    keys = [
        (table, key) for table, asked in (request.get("RequestItems") or {}).items() for key in asked.get("Keys", ())
    ]
    if "Key" in request:
        keys.append((request["TableName"], request["Key"]))
    leading = [key[partition_of(table, None)]["S"] for table, key in keys]
    if "KeyConditionExpression" in request:
        partition = partition_of(request["TableName"], request.get("IndexName"))
        names = request.get("ExpressionAttributeNames", {})
        leading += [
            request["ExpressionAttributeValues"][value]["S"]
            for name, value in _EQUAL.findall(request["KeyConditionExpression"])
            if names.get(name, name) == partition
        ]
    return leading
