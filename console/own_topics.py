"""The topics of a merchant with recipients of its own: made like the stage's, which the deployment made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from console.stage import Stage
from functions.audit.merchant import MERCHANT_ID
from functions.audit.recipient import FLEET, Topics
from functions.store.subscriptions import is_not_found

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


def make_topics(stage: Stage, topics: Topics, merchant_id: str) -> None:
    """Make a merchant's two topics where they are missing, with the key, name and policy of the fleet's.

    For the fleet it only looks whether they are there.

    Raises:
        botocore.exceptions.ClientError: SNS refused, or the stage is not deployed.
    """
    sns: SNSClient = stage.client("sns")
    # SNS refuses to make one that is there when its name for people or a tag was changed meanwhile.
    there = own_topics(stage, topics, merchant_id)
    for fleets, own in zip(topics.both, topics.of(merchant_id).both, strict=True):
        like = sns.get_topic_attributes(TopicArn=fleets)["Attributes"]
        if merchant_id == FLEET or own in there:
            continue
        wanted = {"DisplayName": like.get("DisplayName", ""), "Policy": _only_encrypted(own)}
        if key := like.get("KmsMasterKeyId"):
            wanted["KmsMasterKeyId"] = key
        tags = {"project": "nightjar", "stage": stage.name, "merchant_id": merchant_id}
        sns.create_topic(
            Name=own.rpartition(":")[2],
            Attributes=wanted,
            Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
        )


def own_topics(stage: Stage, topics: Topics, merchant_id: str) -> list[str]:
    """Return which of a merchant's own topics are there; for an id that is none of ours nobody could make any."""
    if not MERCHANT_ID.fullmatch(merchant_id):
        return []
    there = []
    for own in topics.of(merchant_id).both:
        try:
            stage.client("sns").get_topic_attributes(TopicArn=own)
        except ClientError as error:
            if not is_not_found(error):
                raise
        else:
            there.append(own)
    return there


def delete_topics(stage: Stage, topics: Topics, merchant_id: str) -> int:
    """Delete a merchant's own topics, with all subscriptions; return how many there were."""
    there = own_topics(stage, topics, merchant_id)
    for own in there:
        stage.client("sns").delete_topic(TopicArn=own)
    return len(there)


def _only_encrypted(topic_arn: str) -> str:
    """Return the policy that the stage's own topics have: nobody publishes over a plain connection."""
    statement = {
        "Sid": "AllowPublishThroughSSLOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sns:Publish",
        "Resource": topic_arn,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
