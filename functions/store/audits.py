"""The table `audits`: the expected set of a night, and what each merchant's night came to."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from functions.audit.absence import Reason
from functions.audit.merchant import Extra, Override
from functions.audit.night import AuditHead
from functions.audit.outcome import Status
from functions.audit.plain import kpi_plain, outcome_plain
from functions.audit.snapshot import Effort
from functions.audit.verdict import Audit, AuditState
from functions.store.fence import written_unless_erased
from functions.store.items import (
    NOT_OVER,
    OVER,
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
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NOT_THERE_YET = f"attribute_not_exists(merchant_id) OR {OVER}"
_HEAD = ("counts", "reasons", "failures", "extra_checks", "new_criticals", "ended_criticals", "effort")


class Audits:
    """The table `audits`."""

    def __init__(self, client: DynamoDBClient, name: str, *, merchants: str, clock: Clock = time.time) -> None:
        self._client = client
        self.name = name
        self._merchants = merchants
        self._clock = clock

    def expect(
        self, merchant_id: str, night: date, *, at: datetime, ttl: datetime, extra_checks: Collection[Extra] = ()
    ) -> bool:
        """Write the pending row of a merchant that is expected tonight; return whether it is new.

        ``extra_checks`` are expected of this merchant beside the fifteen. Nobody is expected who was erased.
        """
        item = to_item(
            {
                "merchant_id": merchant_id,
                "night": night,
                "state": AuditState.PENDING,
                "pending_night": night,
                "expected_at": at,
                "extra_checks": sorted(extra_checks) or None,
                "ttl": epoch(ttl),
            }
        )
        put = {
            "TableName": self.name,
            "Item": item,
            "ConditionExpression": NOT_THERE_YET,
            "ExpressionAttributeNames": TTL_NAME,
            "ExpressionAttributeValues": now_value(self._clock),
        }
        return written_unless_erased(self._client, {"Put": put}, merchants=self._merchants, merchant_id=merchant_id)

    def state(self, merchant_id: str, night: date) -> AuditState | None:
        """Return how far a merchant's night has come, read consistently; ``None`` when it is not expected."""
        answer = self._client.get_item(
            TableName=self.name,
            Key=key(merchant_id=merchant_id, night=night.isoformat()),
            ConsistentRead=True,
            ProjectionExpression="#state, #ttl",
            ExpressionAttributeNames={"#state": "state", **TTL_NAME},
        )
        row = self._current(answer.get("Item"))
        return AuditState(row["state"]) if row is not None else None

    def get(self, merchant_id: str, night: date) -> Item | None:
        """Return a row as plain values, read consistently; ``None`` when there is none."""
        answer = self._client.get_item(
            TableName=self.name, Key=key(merchant_id=merchant_id, night=night.isoformat()), ConsistentRead=True
        )
        return self._current(answer.get("Item"))

    def head(self, merchant_id: str, night: date) -> AuditHead | None:
        """Return what the night's summary needs of one audit, read consistently."""
        row = self.get(merchant_id, night)
        return _head(row) if row is not None else None

    def heads(self, night: date) -> Iterator[AuditHead]:
        """Yield what the night's summary needs of each expected merchant. An index: a moment behind the table."""
        names = {
            **{f"#{name}": name for name in ("night", "state", *_HEAD)},
            **{f"#{name}": name for name in ("outcomes", "value", "unit")},
            **TTL_NAME,
        }
        rows = pages(
            self._client,
            TableName=self.name,
            IndexName="by_night",
            KeyConditionExpression="#night = :night",
            FilterExpression=NOT_OVER,
            ProjectionExpression=(
                f"merchant_id, #state, {', '.join(f'#{name}' for name in _HEAD)}, "
                "#outcomes.access_token.#value, #outcomes.access_token.#unit"
            ),
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":night": {"S": night.isoformat()}, **now_value(self._clock)},
        )
        return map(_head, rows)

    def unfinished(self, night: date) -> Iterator[str]:
        """Yield the merchants whose audit of that night is still pending. An index: a moment behind the table."""
        rows = pages(
            self._client,
            TableName=self.name,
            IndexName="unfinished",
            KeyConditionExpression="pending_night = :night",
            FilterExpression=NOT_OVER,
            ProjectionExpression="merchant_id",
            ExpressionAttributeNames=TTL_NAME,
            ExpressionAttributeValues={":night": {"S": night.isoformat()}, **now_value(self._clock)},
        )
        return (row["merchant_id"] for row in rows)

    def _current(self, item: Mapping[str, Any] | None) -> Item | None:
        row = from_item(item) if item else None
        return None if row is None or is_over(row, self._clock) else row


def audit_item(
    audit: Audit,
    *,
    ttl: datetime,
    failures: Sequence[str] = (),
    new_criticals: Sequence[str] = (),
    ended_criticals: Sequence[str] = (),
) -> Item:
    """Return the item of a finished audit. Without ``pending_night``, it leaves the index of unfinished ones.

    ``failures``, ``new_criticals`` and ``ended_criticals`` are the verdict's: what the closer tells of the fleet.
    """
    reasons = Counter(reason.value for outcome in audit.outcomes for reason in outcome.reasons)
    outcomes: dict[str, Any] = {}
    for outcome in audit.outcomes:
        plain = outcome_plain(outcome)
        outcomes[plain.pop("check_id")] = _told(plain)
    periods = audit.periods.model_dump(mode="json")
    return to_item(
        {
            "merchant_id": audit.merchant_id,
            "night": audit.night,
            "state": audit.state,
            "evaluated_at": audit.evaluated_at,
            "counts": {status.value: count for status, count in audit.counts.items()},
            "reasons": dict(reasons),
            "failures": list(failures) or None,
            "new_criticals": list(new_criticals) or None,
            "ended_criticals": list(ended_criticals) or None,
            "effort": audit.effort.model_dump() if audit.effort else None,
            "outcomes": outcomes,
            "kpis": {kpi.name: _told(kpi_plain(kpi)) for kpi in audit.kpis},
            "periods": periods,
            "snapshot_sha256": audit.snapshot_sha256,
            "profile_version": audit.profile_version,
            "code_version": audit.code_version,
            "overrides": {check_id: _override(one) for check_id, one in audit.overrides.items()} or None,
            "ttl": epoch(ttl),
        }
    )


def _override(override: Override) -> dict[str, Any]:
    return {name: value for name, value in override.model_dump().items() if value is not None and value != {}}


def _told(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the entries that say something; inside a map, too, nothing is stored for nothing."""
    return {name: _told(value) if name == "threshold" else value for name, value in plain.items() if value is not None}


def _head(row: Item) -> AuditHead:
    counts, reasons = row.get("counts", {}), row.get("reasons", {})
    return AuditHead(
        merchant_id=row["merchant_id"],
        state=AuditState(row["state"]),
        counts={status: counts.get(status.value, 0) for status in Status},
        reasons={Reason(reason): count for reason, count in reasons.items()},
        days_left=_days_left(row),
        failures=tuple(row.get("failures", ())),
        extra_checks=tuple(Extra(extra) for extra in row.get("extra_checks", ())),
        new_criticals=tuple(row.get("new_criticals", ())),
        ended_criticals=tuple(row.get("ended_criticals", ())),
        effort=Effort(**row["effort"]) if "effort" in row else None,
    )


def _days_left(row: Item) -> Decimal | None:
    """Return for how many days the connection lives on, as the check of the access token measured it."""
    seen = row.get("outcomes", {}).get("access_token", {})
    return Decimal(seen["value"]) if "value" in seen and seen.get("unit") == "days" else None
