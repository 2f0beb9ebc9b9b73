"""`nightjar doctor`, as a person types it: what it prints, and what its exit code says."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from functions.closer.preflight import DEAD
from tests.builders import merchant
from tests.cloud import REGION, Cloud
from tests.console.test_stage_commands import Say, cloud, say
from tests.tables import PREFIX

__all__ = ["cloud", "say"]  # fixtures


@pytest.fixture
def fleet(cloud: Cloud) -> Cloud:
    """Give a stage on which all is well: two merchants, one recipient of both, one operator, an alarm."""
    for shop in ("larkspur", "brasa"):
        cloud.tables.merchants.save(merchant(id=shop))
    for name in DEAD:
        cloud.queue(name)
    cloud.topic("texts")
    cloud.sns.subscribe(TopicArn=cloud.topic("alerts"), Protocol="email", Endpoint="anna@example.com")
    operators = cloud.topic("operators")
    cloud.sns.subscribe(TopicArn=operators, Protocol="email", Endpoint="ops@example.com")
    _alarm(operators)
    return cloud


def _alarm(*actions: str) -> None:
    boto3.client("cloudwatch", region_name=REGION).put_metric_alarm(
        AlarmName=f"{PREFIX}app-NightMissing",
        MetricName="NightClosed",
        Namespace="Nightjar/test",
        ComparisonOperator="LessThanThreshold",
        Threshold=1,
        Period=86_400,
        EvaluationPeriods=1,
        Statistic="Sum",
        AlarmActions=list(actions),
    )


def came_to(plain: Any) -> dict[str, str]:
    return {one["check"]: one["came_to"] for one in plain["checks"]}


@pytest.mark.usefixtures("fleet")
def test_where_all_is_well_it_says_so_and_leaves_with_0(say: Say) -> None:
    said = say("doctor", "--format", "json", "--seconds", "600")

    assert (said.code, set(came_to(said.plain).values()), len(said.plain["checks"])) == (0, {"pass"}, 8)
    assert said.err == "8 checks on stage test, 0 of them blind.\n"


@pytest.mark.usefixtures("fleet")
def test_what_failed_leaves_with_1_and_says_what_to_do(say: Say) -> None:
    _alarm()

    said = say("doctor")

    assert said.code == 1
    assert f"1 alarm would tell nobody: {PREFIX}app-NightMissing." in said.out
    assert "Deploy the stage again" in said.out


def test_what_could_not_be_looked_at_leaves_with_3(fleet: Cloud, say: Say) -> None:
    # This pretended AWS does not say whether it is in the sandbox, and a telephone is told.
    fleet.sns.subscribe(TopicArn=fleet.topic("texts"), Protocol="sms", Endpoint="+447700900123")

    said = say("doctor", "--format", "json")

    assert said.code == 3
    assert came_to(said.plain)["sms_sandbox"] == "could_not_look"
    assert "7700900" not in said.out


@pytest.mark.parametrize("enabled", [True, False])
def test_only_merchants_that_are_audited_need_somebody_to_tell(fleet: Cloud, say: Say, *, enabled: bool) -> None:
    fleet.sns.delete_topic(TopicArn=fleet.topic("alerts"))
    for shop in ("larkspur", "brasa"):
        stored = fleet.tables.merchants.get(shop)
        assert stored is not None
        fleet.tables.merchants.save(stored.model_copy(update={"enabled": enabled}))

    found = came_to(say("doctor", "--format", "json").plain)

    assert found["somebody_to_tell"] == ("fail" if enabled else "pass")
