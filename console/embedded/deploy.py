"""Bring a CDK cloud assembly into the embedded AWS, as ``cdk bootstrap`` and ``cdk deploy`` would."""

import io
import time
import zipfile
from pathlib import Path
from typing import Any

from console.embedded.assembly import Asset, StackPlan, asset_for_template, read_assembly
from console.embedded.clients import Clients
from console.embedded.errors import DeployError

_BOOTSTRAP_VERSION = "30"
_STACK_SECONDS = 60.0
_POLL_SECONDS = 0.02
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]

# The oldest time that a zip can hold: the same folder gives the same bytes, whenever it was written.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


class Deployment:
    """One deployment; templates go in exactly as they were synthesised."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._buckets: set[str] = set()
        self._uploaded: set[tuple[str, str]] = set()

    def deploy(self, folder: Path) -> dict[str, dict[str, str]]:
        """Create all stacks of an assembly in order and return the outputs of each.

        Raises:
            DeployError: with the reasons that CloudFormation gave.
        """
        plans = read_assembly(folder)
        for plan in plans:
            self._bootstrap(plan)
            for asset in plan.assets:
                self._upload(asset)
        return {plan.name: self._create(plan) for plan in plans}

    def _bootstrap(self, plan: StackPlan) -> None:
        self._clients.get("ssm").put_parameter(
            Name=plan.bootstrap_parameter, Value=_BOOTSTRAP_VERSION, Type="String", Overwrite=True
        )

    def _upload(self, asset: Asset) -> None:
        if (asset.bucket, asset.key) in self._uploaded:
            return
        s3 = self._clients.get("s3")
        if asset.bucket not in self._buckets:
            s3.create_bucket(Bucket=asset.bucket)
            self._buckets.add(asset.bucket)
        try:
            content = zipped(asset.path) if asset.zipped else asset.path.read_bytes()
        except OSError as error:
            raise DeployError(f"asset {asset.path} cannot be read: {error.strerror}") from error
        s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=content)
        self._uploaded.add((asset.bucket, asset.key))

    def _create(self, plan: StackPlan) -> dict[str, str]:
        from botocore.exceptions import ClientError

        template = asset_for_template(plan)
        self._upload(template)
        cloudformation = self._clients.get("cloudformation")
        try:
            cloudformation.create_stack(
                StackName=plan.name,
                TemplateURL=f"{self._clients.endpoint}/{template.bucket}/{template.key}",
                Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in plan.parameters.items()],
                Tags=[{"Key": k, "Value": v} for k, v in plan.tags.items()],
                Capabilities=_CAPABILITIES,
            )
        except ClientError as error:
            raise DeployError(f"stack {plan.name} was refused: {error.response['Error']['Message']}") from error
        stack = self._settled(plan.name)
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise DeployError(self._why(plan.name, stack))
        self._refuse_functions_without_code(plan.name)
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def _settled(self, name: str) -> dict[str, Any]:
        cloudformation = self._clients.get("cloudformation")
        deadline = time.monotonic() + _STACK_SECONDS
        while time.monotonic() < deadline:
            stack: dict[str, Any] = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            time.sleep(_POLL_SECONDS)
        raise DeployError(f"stack {name} was not created within {_STACK_SECONDS:g} s")

    def _refuse_functions_without_code(self, stack: str) -> None:
        """AWS would not have created these; ministack does, and has them answer with a made-up success."""
        pages = self._clients.get("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        for resource in (r for page in pages for r in page["StackResourceSummaries"]):
            if resource["ResourceType"] == "AWS::Lambda::Function":
                name = resource["PhysicalResourceId"]
                if not self._clients.get("lambda").get_function_configuration(FunctionName=name)["CodeSize"]:
                    raise DeployError(f"function {name} has no code: the assembly has no asset for it")

    def _why(self, name: str, stack: dict[str, Any]) -> str:
        pages = self._clients.get("cloudformation").get_paginator("describe_stack_events").paginate(StackName=name)
        events = [event for page in pages for event in page["StackEvents"]]
        reasons = [
            f"{e['LogicalResourceId']} ({e['ResourceType']}): {e['ResourceStatusReason']}"
            for e in reversed(events)
            if e["ResourceStatus"].endswith("_FAILED") and e.get("ResourceStatusReason")
        ]
        own = stack.get("StackStatusReason", "no reason given")
        return f"stack {name} ended as {stack['StackStatus']}: {'; '.join(reasons) or own}"


def zipped(folder: Path) -> bytes:
    """Zip a folder so that equal contents give equal bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (path.stat().st_mode & 0xFFFF) << 16
            archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()
