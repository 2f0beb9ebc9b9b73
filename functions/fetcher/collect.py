"""One fetch message: ask the merchant's sources once, store what was seen, hand over to the evaluator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from functions.audit.absence import Absent, Reason
from functions.audit.errors import NightjarError
from functions.audit.jobs import EvaluateJob, FetchJob
from functions.audit.merchant import Merchant
from functions.audit.profile import Profile
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import AuditState

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from functions.store.tables import Tables


class Collected(StrEnum):
    """What became of a fetch message."""

    FETCHED = "fetched"
    GIVEN_UP = "given_up"
    HANDED_OVER_AGAIN = "handed_over_again"
    ALREADY_DONE = "already_done"


@dataclass(frozen=True, slots=True)
class Collector:
    """Everything a fetch works with. ``fetch`` asks the sources of a merchant and returns the snapshot."""

    tables: Tables
    sqs: SQSClient
    queue_url: str
    profile: Profile
    snapshot_ttl: Callable[[datetime], datetime]
    max_receives: int
    fetch: Callable[[Merchant, FetchJob, datetime], Snapshot]
    on_given_up: Callable[[FetchJob, Exception], None]

    def collect(self, job: FetchJob, *, receive_count: int, now: datetime) -> tuple[Collected, Snapshot | None]:
        """Do one message. Doing it again changes nothing: a stored snapshot is never replaced, only handed over again.

        Raises:
            Exception: something of ours or of AWS failed and there are receives left; on the last one a snapshot of
                absences is stored instead, so that the merchant's night ends with an audit that says so.
        """
        if self.tables.audits.state(job.merchant_id, job.night) is AuditState.DONE:
            return Collected.ALREADY_DONE, None
        if self.tables.snapshots.get(job.merchant_id, job.night) is not None:
            self._hand_over(job)
            return Collected.HANDED_OVER_AGAIN, None
        came_of_it = Collected.FETCHED
        try:
            snapshot = self._see(job, now)
        except Exception as error:
            if receive_count < self.max_receives:
                raise
            self.on_given_up(job, error)
            came_of_it = Collected.GIVEN_UP
            why = f"the fetch failed {receive_count} times, last with {type(error).__name__}"
            snapshot = self._unseen(job, now, Absent.because(Reason.SOURCE_FAILED, why))
        self.tables.snapshots.put_once(snapshot, ttl=self.snapshot_ttl(now))
        self._hand_over(job)
        return came_of_it, snapshot

    def _see(self, job: FetchJob, now: datetime) -> Snapshot:
        try:
            merchant = self.tables.merchants.get(job.merchant_id)
        except NightjarError as error:
            return self._unseen(job, now, Absent.because(Reason.SOURCE_FAILED, str(error)))
        if merchant is None:
            gone = Absent.because(Reason.NOT_CONNECTED, "the merchant is no longer in the table")
            return self._unseen(job, now, gone)
        return self.fetch(merchant, job, now)

    def _unseen(self, job: FetchJob, now: datetime, why: Absent) -> Snapshot:
        periods = self.profile.periods_of(job.night)
        return Snapshot.unseen(merchant_id=job.merchant_id, night=job.night, taken_at=now, periods=periods, why=why)

    def _hand_over(self, job: FetchJob) -> None:
        pointer = EvaluateJob(merchant_id=job.merchant_id, night=job.night)
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=pointer.model_dump_json())
