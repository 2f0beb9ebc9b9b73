"""What an alert's row says of the merchant's own topics: which of them took it, and when."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from functions.store.change import change
from functions.store.items import key, wrote

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# Under which names each is noted: the message that is read, and the one that telephones get.
READ: Final = "own_"
TEXT: Final = "own_sms_"
STILL_THERE: Final = "attribute_exists(#alert_id)"


class OwnTopics:
    """The attributes ``own_*`` of the table `alerts`."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name

    def record(
        self, merchant_id: str, alert_id: str, part: str, *, at: datetime, message_id: str, topic_arn: str
    ) -> bool:
        """Note that the topic took it; return whether the row is still there."""
        told = {f"{part}published_at": at, f"{part}message_id": message_id, f"{part}topic_arn": topic_arn}
        where = {"TableName": self._name, "Key": key(merchant_id=merchant_id, alert_id=alert_id)}
        return wrote(self._client.update_item, **where, **change(told, STILL_THERE))
