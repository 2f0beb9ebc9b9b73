"""Read a CDK cloud assembly: the stacks in the order to create them, and their file assets."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from console.embedded.clients import ACCOUNT, REGION
from console.embedded.errors import DeployError

_BOOTSTRAP_DEFAULT = "/cdk-bootstrap/hnb659fds/version"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file or folder that a stack expects in a bucket."""

    path: Path
    zipped: bool
    """Whether the bucket gets the folder as a zip; a ready file goes as it is."""
    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class StackPlan:
    """One stack as the assembly describes it."""

    name: str
    template: Path
    parameters: dict[str, str]
    tags: dict[str, str]
    assets: tuple[Asset, ...]
    bootstrap_parameter: str
    """The SSM parameter in which ``cdk bootstrap`` leaves its version."""


def read_assembly(folder: Path) -> list[StackPlan]:
    """Return the stacks of a cloud assembly, each after those that it depends on.

    Raises:
        DeployError: there is no assembly, it is damaged, or it needs what cannot be run here.
    """
    artifacts: dict[str, dict[str, Any]] = _json(folder / "manifest.json").get("artifacts", {})
    sorter = TopologicalSorter({name: artifact.get("dependencies", []) for name, artifact in artifacts.items()})
    try:
        ordered = [name for name in sorter.static_order() if name in artifacts]
    except CycleError as error:
        raise DeployError(f"the stacks in {folder} depend on each other in a circle: {error.args[1]}") from error
    stacks = [n for n in ordered if artifacts[n]["type"] == "aws:cloudformation:stack"]
    if not stacks:
        raise DeployError(f"no stack in {folder}")
    return [_plan(folder, name, artifacts) for name in stacks]


def _plan(folder: Path, name: str, artifacts: dict[str, dict[str, Any]]) -> StackPlan:
    artifact = artifacts[name]
    properties = artifact["properties"]
    manifests = [
        artifacts[needed]["properties"]["file"]
        for needed in artifact.get("dependencies", [])
        if artifacts.get(needed, {}).get("type") == "cdk:asset-manifest"
    ]
    return StackPlan(
        name=properties.get("stackName", name),
        template=folder / properties["templateFile"],
        parameters=properties.get("parameters", {}),
        tags=properties.get("tags", {}),
        assets=tuple(asset for manifest in manifests for asset in _assets(folder, manifest)),
        bootstrap_parameter=properties.get("bootstrapStackVersionSsmParameter", _BOOTSTRAP_DEFAULT),
    )


def _assets(folder: Path, manifest: str) -> Iterator[Asset]:
    content = _json(folder / manifest)
    if content.get("dockerImages"):
        raise DeployError(f"{manifest} has Docker images: the embedded AWS runs zip functions only")
    for file in content.get("files", {}).values():
        source = file["source"]
        if "path" not in source:
            raise DeployError(f"{manifest} has an asset made by a command ({source}): only files are taken")
        path = folder / source["path"]
        for destination in file["destinations"].values():
            yield Asset(
                path=path,
                zipped=source.get("packaging") == "zip" and path.is_dir(),
                bucket=_here(destination["bucketName"]),
                key=_here(destination["objectKey"]),
            )


def asset_for_template(plan: StackPlan) -> Asset:
    """Where the template itself is put: CloudFormation takes no more than 51,200 bytes inline."""
    digest = hashlib.sha256(plan.template.read_bytes()).hexdigest()
    return Asset(plan.template, zipped=False, bucket=f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}", key=f"{digest}.json")


def _here(text: str) -> str:
    """Fill in what an assembly for no particular account leaves open."""
    for placeholder, value in (("Partition", "aws"), ("AccountId", ACCOUNT), ("Region", REGION)):
        text = text.replace(f"${{AWS::{placeholder}}}", value)
    return text


def _json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DeployError(f"{path} is missing: is this the folder that the CDK app wrote?") from error
    except ValueError as error:
        raise DeployError(f"{path} is not JSON: {error}") from error
    return content
