"""The topics of a merchant with recipients of its own: they get each message before the fleet's do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.audit.alert import Alert
from functions.audit.recipient import own_topic
from functions.store.subscriptions import is_not_found

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

    from functions.store.tables import Tables


@dataclass(frozen=True, slots=True)
class Own:
    """Everything that publishing there works with."""

    tables: Tables
    sns: SNSClient
    clock: Callable[[], datetime]

    def publish(self, alert: Alert, part: str, fleets: str, request: Mapping[str, Any]) -> None:
        """Publish to the merchant's own topic what the topic ``fleets`` gets next, unless it left there; note it.

        The topic follows from the alert's own merchant: no other's can be meant. One by one, each noted before the
        next: a crash in between repeats what was not noted, and nothing is lost.

        Raises:
            botocore.exceptions.ClientError: SNS or DynamoDB refused; the record comes again.
        """
        if not self.tables.recipients.has_own(alert.merchant_id):
            return
        topic_arn = own_topic(fleets, alert.merchant_id)
        if topic_arn in alert.left_own:
            return
        try:
            answer = self.sns.publish(TopicArn=topic_arn, **request)
        except ClientError as error:
            if is_not_found(error):
                return  # its last recipient is being removed, and nobody is there any more
            raise
        self.tables.own_topics.record(
            alert.merchant_id,
            alert.alert_id,
            part,
            at=self.clock(),
            message_id=answer["MessageId"],
            topic_arn=topic_arn,
        )
