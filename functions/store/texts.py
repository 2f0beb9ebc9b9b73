"""What an alert's row says of its text message: that it is due, held until when, or left."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from functions.audit.alert import TextState
from functions.audit.telling import Held
from functions.store.change import change
from functions.store.items import NOT_OVER, TTL_NAME, Clock, key, now_value, pages, wrote

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# What could not leave is looked for as long as alerts are.
NIGHTS_SWEPT: Final = 8
NOT_LEFT: Final = "#sms_state IN (:due, :held, :overdue)"
_STATES: Final = {"due": TextState.DUE, "held": TextState.HELD, "overdue": TextState.OVERDUE}


class Texts:
    """The attributes ``sms_*`` of the table `alerts`. ``unsent_night`` stays on a row until its text has left too."""

    def __init__(self, client: DynamoDBClient, name: str, *, clock: Clock) -> None:
        self._client = client
        self._name = name
        self._clock = clock

    def record_published(
        self, merchant_id: str, alert_id: str, *, at: datetime, message_id: str, topic_arn: str
    ) -> bool:
        """Note that SNS took the text; return whether this was the first note. Why it was held stays."""
        told = {
            "sms_state": TextState.PUBLISHED,
            "sms_published_at": at,
            "sms_message_id": message_id,
            "sms_topic_arn": topic_arn,
            "unsent_night": None,
        }
        return self._change(merchant_id, alert_id, change(told, NOT_LEFT, given=_STATES))

    def record_held(self, merchant_id: str, alert_id: str, *, until: datetime) -> bool:
        """Note until when the recipient's quiet hours hold the text; return whether it was not held till then yet."""
        told = {"sms_state": TextState.HELD, "sms_held_for": Held.QUIET_HOURS, "sms_held_until": until}
        otherwise = "(#sms_state <> :sms_state OR #sms_held_until <> :sms_held_until)"
        return self._change(merchant_id, alert_id, change(told, NOT_LEFT, otherwise, given=_STATES))

    def record_withheld(self, merchant_id: str, alert_id: str, *, because: Held) -> bool:
        """Note that the text will not leave, and why; return whether this was the first note."""
        told = {"sms_state": TextState.WITHHELD, "sms_held_for": because, "sms_held_until": None, "unsent_night": None}
        return self._change(merchant_id, alert_id, change(told, NOT_LEFT, given=_STATES))

    def unsettled(self, night: date, *, held: bool = True) -> Iterator[tuple[str, str]]:
        """Yield the keys of alerts that left and whose text did not: the night's, then those of the week before.

        ``held``: with those that are held for good reason. An index: a moment behind the table.
        """
        states = {name: state for name, state in _STATES.items() if held or state is not TextState.HELD}
        for back in range(NIGHTS_SWEPT):
            rows = pages(
                self._client,
                TableName=self._name,
                IndexName="unsent",
                KeyConditionExpression="unsent_night = :night",
                FilterExpression=f"#sms_state IN ({', '.join(f':{name}' for name in states)}) AND {NOT_OVER}",
                ProjectionExpression="merchant_id, alert_id",
                ExpressionAttributeNames={"#sms_state": "sms_state", **TTL_NAME},
                ExpressionAttributeValues={
                    **{f":{name}": {"S": state.value} for name, state in states.items()},
                    ":night": {"S": (night - timedelta(days=back)).isoformat()},
                    **now_value(self._clock),
                },
            )
            for row in rows:
                yield row["merchant_id"], row["alert_id"]

    def touch(self, merchant_id: str, alert_id: str, *, at: datetime) -> bool:
        """Have the stream show the row again; return whether its text had still not left.

        The notifier then publishes the text, or makes sure that a schedule is there for when it may leave.
        """
        told = {"sms_state": TextState.OVERDUE, "swept_at": at}
        return self._change(merchant_id, alert_id, change(told, NOT_LEFT, given=_STATES, count_up="sweeps"))

    def _change(self, merchant_id: str, alert_id: str, request: dict[str, Any]) -> bool:
        where = {"TableName": self._name, "Key": key(merchant_id=merchant_id, alert_id=alert_id)}
        return wrote(self._client.update_item, **where, **request)
