"""Cloud assemblies that cannot be deployed say why; equal ones give equal bytes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.embedded import DeployError, EmbeddedAws
from console.embedded.deploy import zipped
from tests.console.embedded_assemblies import ROLE, echo_assembly, function, table, write_assembly

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws.start() as running:
        yield running


def test_a_failing_stack_tells_the_resource_and_the_reason(aws: EmbeddedAws, tmp_path: Path) -> None:
    lost = {"Role": ROLE, "Lost": function("lost", TABLE={"Fn::ImportValue": "NobodysTable"})}
    with pytest.raises(DeployError, match=r"stack wrong ended as ROLLBACK_COMPLETE: Lost .*NobodysTable"):
        aws.deploy(write_assembly(tmp_path, {"wrong": lost}))


def test_a_function_without_its_code_is_not_left_to_answer_for_itself(aws: EmbeddedAws, tmp_path: Path) -> None:
    hollow = function("hollow")
    hollow["Properties"]["Code"] = {"S3Bucket": "somewhere", "S3Key": "nothing.zip"}
    with pytest.raises(DeployError, match="hollow has no code"):
        aws.deploy(write_assembly(tmp_path, {"empty": {"Role": ROLE, "Hollow": hollow}}))


def test_a_resource_that_does_not_exist_here_is_named(aws: EmbeddedAws, tmp_path: Path) -> None:
    unknown = {"Alarm": {"Type": "AWS::Night::Sky", "Properties": {}}}
    with pytest.raises(DeployError, match="AWS::Night::Sky"):
        aws.deploy(write_assembly(tmp_path, {"unknown": unknown}))


def test_stacks_in_a_circle_are_refused(aws: EmbeddedAws, tmp_path: Path) -> None:
    assembly = write_assembly(tmp_path, {"one": {"Table": table("one")}, "two": {"Table": table("two")}})
    manifest = assembly / "manifest.json"
    manifest.write_text(manifest.read_text().replace('["one.assets"]', '["one.assets", "two"]'))
    with pytest.raises(DeployError, match="in a circle"):
        aws.deploy(assembly)


def test_the_same_name_twice_is_refused_by_cloudformation(aws: EmbeddedAws, tmp_path: Path) -> None:
    assembly = write_assembly(tmp_path, {"again": {"Table": table("again")}})
    aws.deploy(assembly)
    with pytest.raises(DeployError, match=r"stack again was refused: .*already exists"):
        aws.deploy(assembly)


def test_a_folder_without_an_assembly_is_said_to_be_one(aws: EmbeddedAws, tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"manifest\.json is missing"):
        aws.deploy(tmp_path)


def test_equal_code_gives_an_equal_zip(tmp_path: Path) -> None:
    first, second = (echo_assembly(tmp_path / name) / "asset.code" for name in ("first", "second"))
    os.utime(second / "main.py", (0, 0))
    assert zipped(first) == zipped(second)
