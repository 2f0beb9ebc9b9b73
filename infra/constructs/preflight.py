"""What the closer may see of whether a message would arrive. It may change nothing of it."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, aws_sns, aws_sqs

from infra.constructs.acknowledge import acknowledge
from infra.constructs.function import Function
from infra.constructs.own_topics import ABOUT_SUBSCRIPTIONS, acknowledge_own, own_topics
from infra.constructs.permissions import allow
from infra.stages import Stage

_ALARMS = f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:*"
_SHOWN = "arn:<AWS::Partition>:cloudwatch:<AWS::Region>:<AWS::AccountId>:alarm:*"


def let_look(
    function: Function,
    stage: Stage,
    *,
    topics: Sequence[aws_sns.ITopic],
    names: Sequence[str],
    dead: Sequence[aws_sqs.IQueue],
) -> None:
    """Let the function see who subscribes, SNS's limits of text messages, dead letters, and alarms.

    ``names`` are those of the topics beside which merchants have their own.
    """
    own = own_topics(stage, names)
    function.allow(
        allow(["sns:ListSubscriptionsByTopic"], [*(topic.topic_arn for topic in topics), *own]),
        allow([*ABOUT_SUBSCRIPTIONS, "sns:GetSMSAttributes", "sns:GetSMSSandboxAccountStatus"], ["*"]),
        allow(["cloudwatch:GetMetricStatistics"], ["*"]),
        allow(["cloudwatch:DescribeAlarms"], [_ALARMS]),
        allow(["sqs:GetQueueAttributes", "sqs:GetQueueUrl"], [queue.queue_arn for queue in dead]),
    )
    acknowledge_own(function, own)
    nameless = (
        "X-Ray's two write actions know no resource to be held to, nor do SNS's questions about one subscription and "
        "about the account's text messages, nor CloudWatch's about a metric. None but X-Ray's changes anything."
    )
    listing = "CloudWatch lists alarms by the beginning of their names only to who may see every alarm of the account."
    acknowledge(
        function.role,
        {"AwsSolutions-IAM5[Resource::*]": nameless, f"AwsSolutions-IAM5[Resource::{_SHOWN}]": listing},
    )
