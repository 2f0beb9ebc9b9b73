"""The end of a night: everybody expected gets an audit, coverage is counted, operators are told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from functions.audit.absence import Absent, Reason
from functions.audit.checks import CATALOGUE
from functions.audit.errors import NightjarError
from functions.audit.merchant import Merchant
from functions.audit.message import ascii_line
from functions.audit.night import AuditHead, Coverage, cover, ending_soon, summary_text
from functions.audit.outcome import Status
from functions.audit.profile import Profile
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import AuditState, audit_of
from functions.store.verdicts import settle

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

    from functions.store.tables import Tables

NEVER_CAME = Absent.because(Reason.SOURCE_FAILED, "the fetch never came back before the night was closed")


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing came to: the coverage, alerts stirred up again, and whether this was the first close."""

    coverage: Coverage
    swept: int
    first: bool


@dataclass(frozen=True, slots=True)
class Closer:
    """Everything that closing works with."""

    tables: Tables
    sns: SNSClient
    topic_arn: str
    profile: Profile
    audit_days: int
    on_failure: Callable[[str, Exception], None]

    def close(self, night: date, *, now: datetime) -> Closed:
        """Close a night. Doing it again recounts and tells nobody twice.

        Raises:
            NightjarError: no dispatcher ever opened the night: it cannot be closed, and the missing-night alarm rings.
        """
        row = self.tables.nights.get(night)
        if row is None:
            raise NightjarError(
                f"The night {night} was never opened: the dispatcher did not run. "
                "Look at its log and its dead-letter queue, then start the night by hand."
            )
        heads = [self._settled(head, night, now) for head in self.tables.audits.heads(night)]
        coverage = cover(night, heads)
        swept = self._sweep(night, now)
        first = row.closed_at is None
        if first:
            # Told before it is recorded: a crash in between repeats the summary, and never loses it.
            subject, body = summary_text(coverage, ending_soon(heads))
            self.sns.publish(TopicArn=self.topic_arn, Subject=ascii_line(subject, limit=99), Message=body)
        self.tables.nights.close(coverage, at=now)
        return Closed(coverage, swept, first)

    def _settled(self, head: AuditHead, night: date, now: datetime) -> AuditHead:
        """Return the head; one that is still pending becomes a failed audit whose fifteen outcomes say why."""
        if head.state is not AuditState.PENDING:
            return head
        try:
            written = self._fail(head.merchant_id, night, now)
        except Exception as error:  # noqa: BLE001 - one merchant's trouble must not keep the night from closing
            self.on_failure(head.merchant_id, error)
            return head
        if not written:
            # It was finished while we looked: the index lags behind the table.
            return self.tables.audits.head(head.merchant_id, night) or head
        blind = dict.fromkeys(Status, 0) | {Status.NOT_EVALUATED: len(CATALOGUE)}
        return replace(head, state=AuditState.FAILED, counts=blind, reasons={Reason.SOURCE_FAILED: len(CATALOGUE)})

    def _fail(self, merchant_id: str, night: date, now: datetime) -> bool:
        snapshot = Snapshot.unseen(
            merchant_id=merchant_id,
            night=night,
            taken_at=now,
            periods=self.profile.periods_of(night),
            why=NEVER_CAME,
        )
        # Not validated: whatever key the expected set holds, its night ends with an audit.
        merchant = Merchant.model_construct(id=merchant_id, name=merchant_id)
        audit = audit_of(snapshot, None, self.profile, evaluated_at=now)
        return settle(self.tables, audit, merchant, ttl=now + timedelta(days=self.audit_days)) is not None

    def _sweep(self, night: date, now: datetime) -> int:
        """Touch every alert that never left, so that the stream shows it to the notifier once more."""
        return sum(
            self.tables.alerts.touch(merchant_id, alert_id, at=now)
            for merchant_id, alert_id in self.tables.alerts.unsent(night)
        )
