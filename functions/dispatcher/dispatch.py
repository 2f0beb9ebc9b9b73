"""The start of a night: the expected set is written first, then one fetch message goes out for each merchant."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from functions.audit.errors import NightjarError
from functions.audit.jobs import FetchJob
from functions.audit.merchant import Merchant
from functions.audit.start import Start
from functions.audit.verdict import AuditState

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.type_defs import SendMessageBatchRequestEntryTypeDef

    from functions.store.tables import Tables

BATCH = 10  # SQS: entries a SendMessageBatch
SEND_ATTEMPTS = 5
WRITERS = 8  # concurrent conditional writes: a page of 500 rows takes well under a second
MERCHANTS_A_SHARD = 5_000  # one invocation dispatches so many in a fraction of its five minutes
SECONDS_TO_SPARE = 30.0  # what is left when a shard hands the rest to a fresh invocation


@dataclass(frozen=True, slots=True)
class Dispatched:
    """What one invocation did: messages sent, merchants already done, merchants switched off, shards started."""

    sent: int = 0
    already_done: int = 0
    disabled: int = 0
    shards: int = 0


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Everything a dispatcher works with. ``start_again`` begins another invocation of itself."""

    tables: Tables
    sqs: SQSClient
    queue_url: str
    audit_days: int
    start_again: Callable[[Start], None]
    seconds_left: Callable[[], float]
    random: Random
    sleep: Callable[[float], None] = time.sleep

    def run(self, start: Start, *, now: datetime) -> Dispatched:
        """Dispatch what ``start`` asks for. Doing it again sends nothing for merchants that are already done.

        Raises:
            NightjarError: a merchant was named that does not exist, or messages could not be sent; those merchants
                are in the expected set all the same, so the night's coverage shows them.
        """
        night = start.of_night
        ttl = now + timedelta(days=self.audit_days)
        self.tables.nights.open(night, at=now, ttl=ttl)
        if start.merchant_id is not None:
            return self._one(start.merchant_id, night, now)
        if start.segments is None and (shards := self._shards()) > 1:
            for segment in range(shards):
                self.start_again(Start(night=night, segment=segment, segments=shards))
            return Dispatched(shards=shards)
        return self._pages(start, night, now)

    def _one(self, merchant_id: str, night: date, now: datetime) -> Dispatched:
        if self.tables.merchants.get(merchant_id) is None:
            raise NightjarError(f"There is no merchant {merchant_id!r}; import it first.")
        return self._expect_and_send([merchant_id], night, now)

    def _shards(self) -> int:
        return -(-self.tables.merchants.approximate_count() // MERCHANTS_A_SHARD)

    def _pages(self, start: Start, night: date, now: datetime) -> Dispatched:
        done = Dispatched()
        after = start.start_after
        while True:
            page, after = self.tables.merchants.page(after, segment=start.segment, segments=start.segments)
            # A row that cannot be read is expected too: its audit will say so, instead of a hole.
            wanted = [
                row.id if isinstance(row, Merchant) else row.merchant_id
                for row in page
                if not isinstance(row, Merchant) or row.enabled
            ]
            part = self._expect_and_send(wanted, night, now)
            done = Dispatched(
                sent=done.sent + part.sent,
                already_done=done.already_done + part.already_done,
                disabled=done.disabled + len(page) - len(wanted),
                shards=done.shards,
            )
            if after is None:
                return done
            if self.seconds_left() < SECONDS_TO_SPARE:
                self.start_again(
                    Start(night=night, segment=start.segment or 0, segments=start.segments or 1, start_after=after)
                )
                return Dispatched(done.sent, done.already_done, done.disabled, shards=1)

    def _expect_and_send(self, merchant_ids: Sequence[str], night: date, now: datetime) -> Dispatched:
        ttl = now + timedelta(days=self.audit_days)

        def is_due(merchant_id: str) -> bool:
            if self.tables.audits.expect(merchant_id, night, at=now, ttl=ttl):
                return True
            return self.tables.audits.state(merchant_id, night) is not AuditState.DONE

        with ThreadPoolExecutor(WRITERS) as writers:
            due = [
                merchant_id
                for merchant_id, wanted in zip(merchant_ids, writers.map(is_due, merchant_ids), strict=True)
                if wanted
            ]
            unsent = sum(writers.map(self._send, _batches([FetchJob(merchant_id=i, night=night) for i in due])))
        if unsent:
            raise NightjarError(
                f"{unsent} of {len(due)} fetch messages could not be sent after {SEND_ATTEMPTS} attempts; "
                "those merchants stay pending. Start the night again: it sends only what is missing."
            )
        return Dispatched(sent=len(due), already_done=len(merchant_ids) - len(due))

    def _send(self, jobs: Sequence[FetchJob]) -> int:
        """Send up to ten messages; return how many SQS still refused after every attempt.

        ``SendMessageBatch`` answers 200 even when entries failed: what it lists as failed is sent again.
        """
        waiting: dict[str, SendMessageBatchRequestEntryTypeDef] = {
            str(at): {"Id": str(at), "MessageBody": job.model_dump_json()} for at, job in enumerate(jobs)
        }
        for attempt in range(SEND_ATTEMPTS):
            if attempt:
                self.sleep(self.random.uniform(0, 0.1 * 2**attempt))
            answer = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=list(waiting.values()))
            for sent in answer.get("Successful", []):
                waiting.pop(sent["Id"], None)
            if not waiting:
                return 0
        return len(waiting)


def _batches(jobs: Sequence[FetchJob]) -> Iterator[Sequence[FetchJob]]:
    return (jobs[at : at + BATCH] for at in range(0, len(jobs), BATCH))
