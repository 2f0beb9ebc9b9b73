"""The table `alerts`: the outbox that the stream reads, and the ledger of what was told, and of what was not."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from functions.audit.alert import Alert, AlertState, Critical, DigestEntry, HeldBack, TextState
from functions.audit.digest import Change
from functions.audit.errors import InvalidMessage
from functions.audit.message import Texts
from functions.audit.outcome import Status
from functions.audit.rootcause import RootCause
from functions.audit.telling import Held, Why
from functions.store.items import (
    NOT_OVER,
    TTL_NAME,
    Clock,
    Item,
    epoch,
    from_item,
    is_over,
    key,
    now_value,
    pages,
    to_item,
    wrote,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

STILL_PENDING = "#state = :pending"
# What could not leave on its own night is stirred up again for a week: a topic may have been out of order for days.
NIGHTS_SWEPT = 8


class Alerts:
    """The table `alerts`."""

    def __init__(self, client: DynamoDBClient, name: str, *, clock: Clock = time.time) -> None:
        self._client = client
        self.name = name
        self._clock = clock

    def get(self, merchant_id: str, alert_id: str) -> Alert | None:
        """Return an alert as it is now, read consistently; ``None`` when there is none."""
        answer = self._client.get_item(
            TableName=self.name, Key=key(merchant_id=merchant_id, alert_id=alert_id), ConsistentRead=True
        )
        row = from_item(answer.get("Item", {}))
        return stored_alert(row) if row and not is_over(row, self._clock) else None

    def record_published(
        self, merchant_id: str, alert_id: str, *, at: datetime, message_id: str, topic_arn: str, rings: bool = True
    ) -> bool:
        """Note that SNS took the message; return whether this was the first note. ``rings``: it has a text message."""
        # One that is still to leave keeps the row where it can be found.
        rest = ", sms_state = :due" if rings else " REMOVE unsent_night"
        return self._update_pending(
            merchant_id,
            alert_id,
            f"SET #state = :published, published_at = :at, message_id = :message, topic_arn = :topic{rest}",
            {
                **({":due": {"S": TextState.DUE.value}} if rings else {}),
                ":published": {"S": AlertState.PUBLISHED.value},
                ":at": {"S": at.isoformat()},
                ":message": {"S": message_id},
                ":topic": {"S": topic_arn},
            },
        )

    def unsent(self, night: date) -> Iterator[tuple[str, str]]:
        """Yield the keys of alerts that should have left: the night's, then those of the week before.

        An index: a moment behind the table.
        """
        return self._of_state(AlertState.PENDING, night)

    def waiting(self, night: date) -> Iterator[tuple[str, str]]:
        """Yield the keys of alerts that wait for a close: the night's, then those of the week before, as above."""
        return self._of_state(AlertState.WAITING, night)

    def unreached(self, night: date) -> Iterator[tuple[str, str]]:
        """Yield the keys of alerts that nobody got and no operator was told of: as above."""
        return self._of_state(AlertState.HELD, night)

    def _of_state(self, state: AlertState, night: date) -> Iterator[tuple[str, str]]:
        for back in range(NIGHTS_SWEPT):
            rows = pages(
                self._client,
                TableName=self.name,
                IndexName="unsent",
                KeyConditionExpression="unsent_night = :night",
                FilterExpression=f"#state = :state AND {NOT_OVER}",
                ProjectionExpression="merchant_id, alert_id",
                ExpressionAttributeNames={"#state": "state", **TTL_NAME},
                ExpressionAttributeValues={
                    ":state": {"S": state.value},
                    ":night": {"S": (night - timedelta(days=back)).isoformat()},
                    **now_value(self._clock),
                },
            )
            for row in rows:
                yield row["merchant_id"], row["alert_id"]

    def touch(self, merchant_id: str, alert_id: str, *, at: datetime) -> bool:
        """Change a pending alert so that the stream shows it again; return whether it was still pending."""
        return self._update_pending(
            merchant_id,
            alert_id,
            "SET swept_at = :at ADD sweeps :one",
            {":at": {"S": at.isoformat()}, ":one": {"N": "1"}},
        )

    def _update_pending(self, merchant_id: str, alert_id: str, update: str, values: dict[str, Any]) -> bool:
        return wrote(
            self._client.update_item,
            TableName=self.name,
            Key=key(merchant_id=merchant_id, alert_id=alert_id),
            UpdateExpression=update,
            ConditionExpression=STILL_PENDING,
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues={":pending": {"S": AlertState.PENDING.value}, **values},
        )


def alert_item(alert: Alert, *, ttl: datetime) -> Item:
    """Return the item of a new alert; ``unsent_night`` is there until it left, as a text message too, or was held."""
    return to_item(
        {
            "merchant_id": alert.merchant_id,
            "alert_id": alert.alert_id,
            "night": alert.night,
            "counts": {status.value: count for status, count in alert.counts.items()},
            "created_at": alert.created_at,
            "root_cause": {"check_id": alert.root.check_id, "failure": alert.root.failure} if alert.root else None,
            "told_before": alert.told_before,
            "audit_version": alert.version if alert.version > 1 else None,
            "ttl": epoch(ttl),
            **told_plain(alert),
        }
    )


def told_plain(alert: Alert) -> dict[str, Any]:
    """Return the attributes of an alert that the end of its wait may change; ``None`` for those that are not there."""
    unsent = alert.state in {AlertState.WAITING, AlertState.PENDING}
    instead = alert.instead
    return {
        "state": alert.state,
        "unsent_night": alert.night if unsent else None,
        "criticals": [
            {
                "check_id": critical.check_id,
                "area": critical.area,
                "why": critical.why.value,
                "summary": critical.summary,
            }
            for critical in alert.criticals
        ],
        "warnings": [
            {"check_id": one.check_id, "area": one.area, "change": one.change.value, "summary": one.summary}
            for one in alert.warnings
        ]
        or None,
        "held": [_held_plain(entry) for entry in alert.held] or None,
        "areas": list(alert.areas),
        "subject": alert.subject,
        "email": alert.email,
        "sms": alert.sms,
        "document": alert.document,
        "instead": asdict(instead) if instead else None,
    }


def key_of_image(record: Mapping[str, Any]) -> tuple[str, str]:
    """Return merchant and alert id of the row that a stream record shows.

    Raises:
        InvalidMessage: the record shows no row of this table.
    """
    try:
        image = record["dynamodb"]["NewImage"]
        return _text(image["merchant_id"]), _text(image["alert_id"])
    except (KeyError, TypeError) as error:
        raise InvalidMessage("This stream record shows no alert.") from error


def _text(attribute: Mapping[str, Any]) -> str:
    text = attribute["S"]
    if not isinstance(text, str) or not text:
        raise TypeError("a key is a text")
    return text


def _held_plain(entry: HeldBack) -> dict[str, str]:
    plain = {"check_id": entry.check_id, "area": entry.area, "because": entry.because.value, "summary": entry.summary}
    return plain | ({"wanted": entry.wanted.value} if entry.wanted else {})


def stored_alert(row: Item) -> Alert:
    """Return the alert of a row as plain values."""
    return Alert(
        merchant_id=row["merchant_id"],
        night=date.fromisoformat(row["night"]),
        criticals=tuple(
            Critical(entry["check_id"], entry["area"], Why(entry["why"]), entry["summary"])
            for entry in row["criticals"]
        ),
        held=tuple(
            HeldBack(
                entry["check_id"],
                entry["area"],
                Held(entry["because"]),
                Why(entry["wanted"]) if "wanted" in entry else None,
                entry["summary"],
            )
            for entry in row.get("held", ())
        ),
        counts={status: row["counts"][status.value] for status in Status},
        subject=row["subject"],
        email=row["email"],
        sms=row["sms"],
        document=row.get("document", ""),
        created_at=datetime.fromisoformat(row["created_at"]),
        state=AlertState(row["state"]),
        root=RootCause(**row["root_cause"]) if "root_cause" in row else None,
        text=TextState(row["sms_state"]) if "sms_state" in row else None,
        left_own=tuple(row[name] for name in ("own_topic_arn", "own_sms_topic_arn") if name in row),
        told_before=date.fromisoformat(row["told_before"]) if "told_before" in row else None,
        version=row.get("audit_version", 1),
        instead=Texts(**{"document": "", **row["instead"]}) if "instead" in row else None,
        warnings=tuple(
            DigestEntry(one["check_id"], one["area"], Change(one["change"]), one["summary"])
            for one in row.get("warnings", ())
        ),
    )
