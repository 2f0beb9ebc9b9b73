"""Small cloud assemblies, written as a CDK app would write them, for the tests of the embedded AWS."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Resources = Mapping[str, Mapping[str, Any]]

_BUCKET = "cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}"
_CODE = {"S3Bucket": {"Fn::Sub": _BUCKET}, "S3Key": "code.zip"}

ROLE: Mapping[str, Any] = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}


def table(name: str, **properties: object) -> dict[str, Any]:
    return {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": name,
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
            **properties,
        },
    }


def function(name: str, **environment: object) -> dict[str, Any]:
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": name,
            "Runtime": "python3.13",
            "Architectures": ["arm64"],
            "Handler": f"main.{name}",
            "Role": {"Fn::GetAtt": ["Role", "Arn"]},
            "Code": _CODE,
            "Timeout": 10,
            "Environment": {"Variables": environment},
        },
    }


def write_assembly(folder: Path, stacks: Mapping[str, Resources | Sequence[Any]], *, code: str = "") -> Path:
    """Write stacks, each depending on those before it; a template may bring Outputs beside its Resources."""
    assembly = folder / "cdk.out"
    (assembly / "asset.code").mkdir(parents=True)
    (assembly / "asset.code" / "main.py").write_text(code)
    artifacts: dict[str, Any] = {}
    for name, given in stacks.items():
        resources, outputs = (given, {}) if isinstance(given, Mapping) else given
        template = {
            "Resources": resources,
            "Outputs": outputs,
            "Parameters": {
                "BootstrapVersion": {
                    "Type": "AWS::SSM::Parameter::Value<String>",
                    "Default": "/cdk-bootstrap/hnb659fds/version",
                }
            },
        }
        (assembly / f"{name}.template.json").write_text(json.dumps(template))
        (assembly / f"{name}.assets.json").write_text(json.dumps(_assets()))
        earlier = [n for n, a in artifacts.items() if a["type"] == "aws:cloudformation:stack"]
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": f"{name}.template.json"},
            "dependencies": [*earlier, f"{name}.assets"],
        }
        artifacts[f"{name}.assets"] = {
            "type": "cdk:asset-manifest",
            "properties": {"file": f"{name}.assets.json"},
        }
    # Out of order on purpose: only the dependencies say what comes first.
    (assembly / "manifest.json").write_text(json.dumps({"artifacts": dict(reversed(artifacts.items()))}))
    return assembly


def _assets() -> dict[str, Any]:
    return {
        "files": {
            "code": {
                "source": {"path": "asset.code", "packaging": "zip"},
                "destinations": {"here": {"bucketName": _BUCKET, "objectKey": "code.zip"}},
            }
        },
        "dockerImages": {},
    }


_ECHO = """
import os
def echo(event, context):
    asked = event.get("say", "")
    if asked == "environment":
        return dict(os.environ)
    if asked:
        exec(asked)
    return "ok"
"""


def echo_assembly(folder: Path) -> Path:
    """Write a stack with a table `done`, a queue `jobs` and a function `echo`."""
    return write_assembly(
        folder,
        {
            "echo": {
                "Role": ROLE,
                "Table": table("done"),
                "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "jobs"}},
                "Function": function("echo"),
            }
        },
        code=_ECHO,
    )
