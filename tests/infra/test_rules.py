"""What others' rules say of the templates: cfn-lint, and cdk-nag's AwsSolutions and Serverless packs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from infra.app import app_of
from infra.bundling import Target, bundle
from infra.stages import choose
from tests.infra.conftest import RECIPIENTS

pytestmark = pytest.mark.slow

# W3005: the CDK itself writes a DependsOn beside the reference that already implies it.
IGNORED = "W3005"


@pytest.mark.parametrize("stage", ["prod", "demo"])
def test_cfn_lint_finds_nothing(stage: str, synthesised: Callable[[str], Path]) -> None:
    templates = sorted(str(path) for path in synthesised(stage).glob("*.template.json"))
    assert len(templates) == 2
    done = subprocess.run(  # noqa: S603  # our own templates
        [str(Path(sys.executable).with_name("cfn-lint")), "--ignore-checks", IGNORED, "--", *templates],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "with-all-that-is-optional"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    outdir = tmp_path_factory.mktemp("cdk-nag")
    readers = ("111122223333", "arn:aws:iam::444455556666:role/reports") if request.param else ()
    update = {"webhook": request.param, "reports": request.param, "fleet_readers": readers, "tenant_readers": readers}
    stage = choose("prod", recipients=RECIPIENTS).model_copy(update=update)
    app = app_of(stage, outdir, bundle(Target.HOST))
    from aws_cdk import Validations
    from cdk_nag import AwsSolutionsChecks, ServerlessChecks

    Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    with suppress(RuntimeError):  # a finding fails the synth; the report says which
        app.synth()
    reports: list[dict[str, Any]] = json.loads((outdir / "validation-report.json").read_text())["pluginReports"]
    return reports


def test_both_packs_of_cdk_nag_have_looked(report: list[dict[str, Any]]) -> None:
    assert {pack["pluginName"] for pack in report} == {"AwsSolutions", "Serverless"}


def test_cdk_nag_finds_nothing_that_is_not_acknowledged(report: list[dict[str, Any]]) -> None:
    found = [
        (violation["ruleName"], [place["constructPath"] for place in violation["violatingConstructs"]])
        for pack in report
        for violation in pack["violations"]
    ]
    assert found == []
    assert {pack["conclusion"] for pack in report} == {"success"}


def test_every_acknowledgment_has_a_reason_in_words(report: list[dict[str, Any]]) -> None:
    acknowledged = [violation for pack in report for violation in pack["suppressedViolations"]]
    # A bucket is there only with reports.
    assert {violation["ruleName"].partition("[")[0] for violation in acknowledged} - {"AwsSolutions-S1"} == {
        "AwsSolutions-IAM5",
        "AwsSolutions-L1",
        "AwsSolutions-SMG4",
        "AwsSolutions-SQS3",
        "Serverless-LambdaDLQ",
        "Serverless-LambdaEventSourceMappingDestination",
        "Serverless-LambdaLatestVersion",
        "Serverless-SNSRedrivePolicy",
        "Serverless-SQSRedrivePolicy",
    }
    assert all(len(violation["reason"].split()) >= 8 for violation in acknowledged)
