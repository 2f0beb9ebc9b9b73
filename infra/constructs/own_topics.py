"""What the notifier may do at the topics of merchants with recipients of their own: a command makes those, not we."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, aws_sns

from infra.constructs.acknowledge import acknowledge
from infra.constructs.function import Function
from infra.constructs.permissions import allow
from infra.stages import Stage


def publish_to_everybody(
    function: Function, stage: Stage, topics: Sequence[aws_sns.ITopic], names: Sequence[str]
) -> None:
    """Let the function publish to the stage's topics and to each merchant's own beside them, and see who subscribes.

    A merchant's topic has the fleet's name, an underscore and the id. No other stage's topic begins like that: a
    stage's name holds no underscore.
    """
    own = [f"arn:{Aws.PARTITION}:sns:{Aws.REGION}:{Aws.ACCOUNT_ID}:{stage.prefix}{name}_*" for name in names]
    function.allow(
        allow(["sns:ListSubscriptionsByTopic", "sns:Publish"], [*(topic.topic_arn for topic in topics), *own]),
        allow(["sns:CheckIfPhoneNumberIsOptedOut", "sns:GetSubscriptionAttributes"], ["*"]),
    )
    reason = "The topics of this stage's merchants, which come and go with their recipients."
    nameless = (
        "X-Ray's two write actions know no resource to be held to, nor do SNS's questions about one subscription."
    )
    acknowledge(
        function.role,
        {
            **{f"AwsSolutions-IAM5[Resource::{_shown(one)}]": reason for one in own},
            "AwsSolutions-IAM5[Resource::*]": nameless,
        },
    )


def _shown(arn: str) -> str:
    for token, name in ((Aws.PARTITION, "Partition"), (Aws.REGION, "Region"), (Aws.ACCOUNT_ID, "AccountId")):
        arn = arn.replace(token, f"<AWS::{name}>")
    return arn
