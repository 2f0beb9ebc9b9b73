"""The start of a night: the expected set is written first, then one fetch message goes out for each merchant."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from functions.audit.errors import NightjarError
from functions.audit.jobs import FetchJob
from functions.audit.merchant import MERCHANT_ID, Extra, Merchant
from functions.audit.start import Start
from functions.audit.verdict import AuditState
from functions.store.merchants import Unreadable

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
    """What one invocation did: messages sent, merchants already done, merchants switched off, shards started.

    ``unsent`` counts the messages that SQS refused to the end, ``refusals`` holds its words for it.
    """

    sent: int = 0
    already_done: int = 0
    disabled: int = 0
    shards: int = 0
    unsent: int = 0
    refusals: frozenset[str] = frozenset()

    def __add__(self, other: Dispatched) -> Dispatched:
        return Dispatched(
            sent=self.sent + other.sent,
            already_done=self.already_done + other.already_done,
            disabled=self.disabled + other.disabled,
            shards=self.shards + other.shards,
            unsent=self.unsent + other.unsent,
            refusals=self.refusals | other.refusals,
        )


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Everything a dispatcher works with. ``start_again`` begins another invocation of itself."""

    tables: Tables
    sqs: SQSClient
    queue_url: str
    audit_days: int
    night_days: int
    start_again: Callable[[Start], None]
    seconds_left: Callable[[], float]
    random: Random
    sleep: Callable[[float], None] = time.sleep

    def run(self, start: Start, *, now: datetime) -> Dispatched:
        """Dispatch what ``start`` asks for. Doing it again sends nothing for merchants that are already done.

        Raises:
            NightjarError: a merchant was named that does not exist, or messages could not be sent. The latter is said
                when everybody else has been dispatched; those merchants are in the expected set all the same, so the
                night's coverage shows them.
        """
        done = self._start(start, now)
        if done.unsent:
            raise NightjarError(
                f"{done.unsent} fetch messages could not be sent ({', '.join(sorted(done.refusals))}), {done.sent} "
                "could; those merchants stay pending. Start the night again: it sends nothing for who is done."
            )
        return done

    def _start(self, start: Start, now: datetime) -> Dispatched:
        night = start.of_night
        self.tables.nights.open(night, at=now, ttl=now + timedelta(days=self.night_days))
        if start.merchant_id is not None:
            return self._one(start.merchant_id, night, now)
        if start.segments is None and (shards := self._shards()) > 1:
            for segment in range(shards):
                self.start_again(Start(night=night, segment=segment, segments=shards))
            return Dispatched(shards=shards)
        return self._pages(start, night, now)

    def _one(self, merchant_id: str, night: date, now: datetime) -> Dispatched:
        merchant = self.tables.merchants.get(merchant_id)
        if merchant is None:
            raise NightjarError(f"There is no merchant {merchant_id!r}; import it first.")
        return self._expect_and_send({merchant_id: merchant.extra_checks}, night, now)

    def _shards(self) -> int:
        return -(-self.tables.merchants.approximate_count() // MERCHANTS_A_SHARD)

    def _pages(self, start: Start, night: date, now: datetime) -> Dispatched:
        done = Dispatched()
        after = start.start_after
        while True:
            page, after = self.tables.merchants.page(after, segment=start.segment, segments=start.segments)
            # A row that cannot be read is expected too: its audit will say so, instead of a hole.
            wanted = {
                row.id if isinstance(row, Merchant) else row.merchant_id: _extras(row)
                for row in page
                if not isinstance(row, Merchant) or row.enabled
            }
            done += self._expect_and_send(wanted, night, now)
            done = replace(done, disabled=done.disabled + len(page) - len(wanted))
            if after is None:
                return done
            if self.seconds_left() < SECONDS_TO_SPARE:
                self.start_again(
                    Start(night=night, segment=start.segment or 0, segments=start.segments or 1, start_after=after)
                )
                return replace(done, shards=1)

    def _expect_and_send(self, wanted: Mapping[str, Collection[Extra]], night: date, now: datetime) -> Dispatched:
        ttl = now + timedelta(days=self.audit_days)

        def is_due(merchant_id: str) -> bool:
            extras = wanted[merchant_id]
            if self.tables.audits.expect(merchant_id, night, at=now, ttl=ttl, extra_checks=extras):
                return True
            # Neither is there a row of who was erased since the page was read.
            return self.tables.audits.state(merchant_id, night) not in {None, AuditState.DONE}

        with ThreadPoolExecutor(WRITERS) as writers:
            due = [
                merchant_id for merchant_id, due_now in zip(wanted, writers.map(is_due, wanted), strict=True) if due_now
            ]
            # No message can name an id that is not of our form: somebody's hand put it into the table. Its row stays
            # pending, and the closer makes a failed audit of it.
            jobs = [FetchJob(merchant_id=i, night=night) for i in due if MERCHANT_ID.fullmatch(i)]
            sent = sum(writers.map(self._send, _batches(jobs)), Dispatched())
        return replace(sent, already_done=len(wanted) - len(due))

    def _send(self, jobs: Sequence[FetchJob]) -> Dispatched:
        """Send up to ten messages; return how many went, and how many SQS still refused after every attempt.

        ``SendMessageBatch`` answers 200 even when entries failed: what it lists as failed is sent again. A call that
        fails as a whole was tried again by the client already.
        """
        waiting: dict[str, SendMessageBatchRequestEntryTypeDef] = {
            str(at): {"Id": str(at), "MessageBody": job.body} for at, job in enumerate(jobs)
        }
        said: set[str] = set()
        for attempt in range(SEND_ATTEMPTS):
            if attempt:
                self.sleep(self.random.uniform(0, 0.1 * 2**attempt))
            try:
                answer = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=list(waiting.values()))
            except (ClientError, BotoCoreError) as error:
                # One batch's trouble must not keep the rest of the fleet from being expected and sent.
                said = {_name_of(error)}
                break
            for sent in answer.get("Successful", []):
                waiting.pop(sent["Id"], None)
            said = {refused["Code"] for refused in answer.get("Failed", [])}
            if not waiting:
                return Dispatched(sent=len(jobs))
        return Dispatched(sent=len(jobs) - len(waiting), unsent=len(waiting), refusals=frozenset(said))


def _extras(row: Merchant | Unreadable) -> Collection[Extra]:
    return row.extra_checks if isinstance(row, Merchant) else ()


def _name_of(error: ClientError | BotoCoreError) -> str:
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code", "an unnamed error")
    return type(error).__name__


def _batches(jobs: Sequence[FetchJob]) -> Iterator[Sequence[FetchJob]]:
    return (jobs[at : at + BATCH] for at in range(0, len(jobs), BATCH))
