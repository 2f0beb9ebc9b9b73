"""What functions may do at the topics of merchants with recipients of their own: a command makes those, not we."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import Aws, aws_sns

from infra.constructs.acknowledge import acknowledge
from infra.constructs.function import Function
from infra.constructs.permissions import allow
from infra.stages import Stage

# Questions about one subscription, which no policy can name.
ABOUT_SUBSCRIPTIONS: Final = ("sns:CheckIfPhoneNumberIsOptedOut", "sns:GetSubscriptionAttributes")


def publish_to_everybody(
    function: Function, stage: Stage, topics: Sequence[aws_sns.ITopic], names: Sequence[str]
) -> None:
    """Let the function publish to the stage's topics and to each merchant's own beside them, and see who subscribes."""
    own = own_topics(stage, names)
    function.allow(
        allow(["sns:ListSubscriptionsByTopic", "sns:Publish"], [*(topic.topic_arn for topic in topics), *own]),
        allow(ABOUT_SUBSCRIPTIONS, ["*"]),
    )
    acknowledge_own(function, own)
    nameless = (
        "X-Ray's two write actions know no resource to be held to, nor do SNS's questions about one subscription."
    )
    acknowledge(function.role, {"AwsSolutions-IAM5[Resource::*]": nameless})


def own_topics(stage: Stage, names: Sequence[str]) -> list[str]:
    """Return the ARNs of the topics that merchants have beside those of these names.

    A merchant's topic has the fleet's name, an underscore and the id. No other stage's topic begins like that: a
    stage's name holds no underscore.
    """
    return [f"arn:{Aws.PARTITION}:sns:{Aws.REGION}:{Aws.ACCOUNT_ID}:{stage.prefix}{name}_*" for name in names]


def acknowledge_own(function: Function, own: Sequence[str]) -> None:
    """Say why the function's policy names them with a star."""
    reason = "The topics of this stage's merchants, which come and go with their recipients."
    acknowledge(function.role, {f"AwsSolutions-IAM5[Resource::{_shown(one)}]": reason for one in own})


def _shown(arn: str) -> str:
    for token, name in ((Aws.PARTITION, "Partition"), (Aws.REGION, "Region"), (Aws.ACCOUNT_ID, "AccountId")):
        arn = arn.replace(token, f"<AWS::{name}>")
    return arn
