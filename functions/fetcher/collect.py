"""One fetch message: ask the merchant's sources once, store what was seen, hand over to the evaluator."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from functions.audit.absence import Absent, Reason
from functions.audit.errors import NightjarError
from functions.audit.jobs import EvaluateJob, FetchJob
from functions.audit.merchant import Extra, Merchant
from functions.audit.profile import Profile
from functions.audit.restate import read_again
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import AuditState
from functions.fetcher.gate import Gate

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from functions.store.tables import Tables


# On nights of thousands of merchants nobody is postponed more than about ten times: this is for what goes in circles.
MOST_POSTPONED: Final = 100


class Collected(StrEnum):
    """What became of a fetch message."""

    FETCHED = "fetched"
    GIVEN_UP = "given_up"
    HANDED_OVER_AGAIN = "handed_over_again"
    ALREADY_DONE = "already_done"
    POSTPONED = "postponed"
    ERASED = "erased"
    FETCHED_AGAIN = "fetched_again"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Collector:
    """Everything a fetch works with. ``fetch`` asks the sources of a merchant and returns the snapshot.

    ``queue_url`` is the evaluator's queue, ``own_queue_url`` the one that fetch messages come from; ``gate`` says
    whether a fetch may begin.
    """

    tables: Tables
    sqs: SQSClient
    queue_url: str
    own_queue_url: str
    gate: Gate
    profile: Profile
    snapshot_ttl: Callable[[datetime], datetime]
    max_receives: int
    fetch: Callable[[Merchant, FetchJob, datetime], Awaitable[Snapshot]]
    on_given_up: Callable[[FetchJob, Exception], None]

    async def collect(self, job: FetchJob, *, receive_count: int, now: datetime) -> tuple[Collected, Snapshot | None]:
        """Do one message. Doing it again changes nothing: a stored snapshot is never replaced, only handed over again.

        Raises:
            Exception: something of ours or of AWS failed and there are receives left; on the last one a snapshot of
                absences is stored instead, so that the merchant's night ends with an audit that says so.
        """
        state = self.tables.audits.state(job.merchant_id, job.night)
        if job.version > 1:
            return await self._once_more(job, state, now), None
        if state is AuditState.DONE:
            return Collected.ALREADY_DONE, None
        if self.tables.snapshots.get(job.merchant_id, job.night) is not None:
            self._hand_over(job)
            return Collected.HANDED_OVER_AGAIN, None
        came_of_it = Collected.FETCHED
        extras: Collection[Extra] = ()
        try:
            merchant = self._merchant(job)
            if isinstance(merchant, Merchant):
                extras = merchant.extra_checks
            elif self.tables.merchants.erased_at(job.merchant_id) is not None:
                return Collected.ERASED, None
            if isinstance(merchant, Absent):
                snapshot = self._unseen(job, now, merchant)
            elif _may_wait(job, state) and (delay := self.gate.seconds_to_wait(merchant)) is not None:
                self._postpone(job, delay)
                return Collected.POSTPONED, None
            else:
                snapshot = await self.fetch(merchant, job, now)
        except Exception as error:
            if receive_count < self.max_receives:
                raise
            self.on_given_up(job, error)
            came_of_it = Collected.GIVEN_UP
            why = f"the fetch failed {receive_count} times, last with {type(error).__name__}"
            snapshot = self._unseen(job, now, Absent.because(Reason.SOURCE_FAILED, why), extras)
        self.tables.snapshots.put_once(snapshot, ttl=self.snapshot_ttl(now))
        self._hand_over(job)
        return came_of_it, snapshot

    async def _once_more(self, job: FetchJob, state: AuditState | None, now: datetime) -> Collected:
        """Ask for the channel of a night that is over once more, and store what came beside what was seen first.

        Where it cannot be seen now nothing is stored: what was seen first stands.
        """
        then = self.tables.snapshots.get(job.merchant_id, job.night, job.version - 1)
        if state is not AuditState.DONE or then is None:
            return Collected.ALREADY_DONE
        if self._lacks(job):
            merchant = self._merchant(job)
            if isinstance(merchant, Absent):
                return Collected.UNSEEN
            if job.postponed < MOST_POSTPONED and (delay := self.gate.seconds_to_wait(merchant)) is not None:
                self._postpone(job, delay)
                return Collected.POSTPONED
            seen = read_again(then, await self.fetch(merchant, job, now))
            if seen is None:
                return Collected.UNSEEN
            if not self.tables.snapshots.add_version(seen, job.version) and self._lacks(job):
                return Collected.UNSEEN
        self._hand_over(job)
        return Collected.FETCHED_AGAIN

    def _lacks(self, job: FetchJob) -> bool:
        return self.tables.snapshots.get(job.merchant_id, job.night, job.version) is None

    def _merchant(self, job: FetchJob) -> Merchant | Absent:
        try:
            merchant = self.tables.merchants.get(job.merchant_id)
        except NightjarError as error:
            return Absent.because(Reason.SOURCE_FAILED, str(error))
        return merchant or Absent.because(Reason.NOT_CONNECTED, "the merchant is no longer in the table")

    def _postpone(self, job: FetchJob, delay: int) -> None:
        """Send the message anew, for later; the one at hand is then done, and no receive of its was in vain.

        A crash in between leaves both. Whichever is fetched first stores the snapshot, and the other changes nothing.
        """
        self.sqs.send_message(QueueUrl=self.own_queue_url, MessageBody=job.once_more().body, DelaySeconds=delay)

    def _unseen(self, job: FetchJob, now: datetime, why: Absent, extras: Collection[Extra] = ()) -> Snapshot:
        return Snapshot.unseen(
            merchant_id=job.merchant_id,
            night=job.night,
            taken_at=now,
            periods=self.profile.periods_of(job.night),
            why=why,
            extra_checks=extras,
        )

    def _hand_over(self, job: FetchJob) -> None:
        pointer = EvaluateJob(merchant_id=job.merchant_id, night=job.night, version=job.version)
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=pointer.body)


def _may_wait(job: FetchJob, state: AuditState | None) -> bool:
    """Say whether a fetch may be postponed. After the night's close, or too often, it begins and gets what it gets."""
    return state is not AuditState.FAILED and job.postponed < MOST_POSTPONED
