"""The end of a night: everybody expected gets an audit, coverage is counted, operators are told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from functions.audit.absence import Absent, Reason
from functions.audit.checks import CATALOGUE
from functions.audit.errors import NeverOpened
from functions.audit.fleet import fleet_text, shared_failures
from functions.audit.headline import ascii_line
from functions.audit.merchant import Merchant
from functions.audit.mute import ended_text
from functions.audit.night import AuditHead, Coverage, FleetFailure, cover
from functions.audit.outcome import Status
from functions.audit.preflight_facts import Blind
from functions.audit.profile import Profile
from functions.audit.rootcause import NO_FETCH
from functions.audit.snapshot import Snapshot
from functions.audit.summary import Unsent, never_opened_text, summary_text
from functions.audit.verdict import AuditState, audit_of
from functions.closer.nightly import Nightly
from functions.closer.stand_in import StandIn
from functions.closer.waiting import Waiting, night_of
from functions.store.alerts import NIGHTS_SWEPT
from functions.store.verdicts import Kept, settle
from functions.store.waits import Waited

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

    from functions.store.tables import Tables

WRITERS = 8  # where no fetch came back, everybody's audit is written here
NOBODY_KNOWS = Blind("the night was never opened, so nobody was expected")
NEVER_CAME = Absent.because(Reason.SOURCE_FAILED, "the fetch never came back before the night was closed")


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing came to: the coverage, alerts stirred up again, and whether this was the first close.

    ``fleet``: the failures that are the fleet's; ``waited``: what became of the alerts that waited for it.
    """

    coverage: Coverage
    swept: int
    first: bool
    fleet: tuple[FleetFailure, ...] = ()
    waited: Mapping[Waited, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Closer:
    """Everything that closing works with."""

    tables: Tables
    sns: SNSClient
    topic_arn: str
    profile: Profile
    kept: Kept
    nightly: Nightly
    on_failure: Callable[[str, Exception], None]

    def close(self, night: date, *, now: datetime, seconds_left: Callable[[], float]) -> Closed:
        """Close a night. Doing it again recounts and tells nobody twice. ``seconds_left``: until it is stopped.

        Raises:
            NeverOpened: no dispatcher ever opened the night. Operators were told, and the missing-night alarm rings.
        """
        row = self.tables.nights.get(night)
        if row is None:
            checks = self.nightly.check(NOBODY_KNOWS, now=now, seconds_left=seconds_left())
            self._tell(*never_opened_text(night, checks))
            raise NeverOpened(
                f"The night {night} was never opened: the dispatcher did not run. "
                "Look at its log and its dead-letter queue, then start the night by hand."
            )
        with ThreadPoolExecutor(WRITERS) as writers:
            settled = writers.map(lambda head: self._settled(head, night, now), self.tables.audits.heads(night))
            heads = [head for head in settled if head is not None]
        coverage = cover(night, heads)
        fleet = self._shared(night, heads)
        unsent = self._unsent(night)
        swept = self._sweep(night, now)
        waited = Waiting(self.tables, partial(self._shared_on, night, fleet), self.on_failure).end(night)
        StandIn(self.tables, self._tell, self.on_failure).speak(night, now=now)
        first = row.closed_at is None
        if first:
            # Told before it is recorded: a crash in between repeats the messages, and never loses one.
            if any(failure.is_due(night, self.profile.pace.remind_nights) for failure in fleet):
                self._tell(*fleet_text(night, fleet, coverage.expected))
            unmuted = self._unmuted(night)
            # Last, as it takes longest: all that is for merchants has been seen to.
            expected = [head.merchant_id for head in heads]
            checks = self.nightly.check(expected, now=now, seconds_left=seconds_left())
            self._tell(*summary_text(coverage, heads, checks=checks, unsent=unsent, unmuted=unmuted))
        self.tables.nights.close(coverage, fleet, at=now)
        for merchant_id in (*coverage.failed, *coverage.missing):
            # Erased while its name was on its way here: whoever erases looks for names after the audits are gone.
            if self.tables.audits.state(merchant_id, night) is None:
                self.tables.nights.forget(merchant_id, night)
        return Closed(coverage, swept, first, fleet, waited)

    def _tell(self, subject: str, body: str) -> None:
        """Send the operators a message. Its commands name no stage, so that is said once, below."""
        below = f"\nThis is stage {self.tables.stage}: say its commands with --stage {self.tables.stage}.\n"
        self.sns.publish(TopicArn=self.topic_arn, Subject=ascii_line(subject, limit=99), Message=body + below)

    def _shared(self, night: date, heads: Collection[AuditHead]) -> tuple[FleetFailure, ...]:
        last = self.tables.nights.get(night - timedelta(days=1))
        return shared_failures(heads, self.profile.share, night=night, before=last.fleet if last else ())

    def _shared_on(self, night: date, fleet: Collection[FleetFailure], other: date) -> list[str]:
        """Return the failures that were the fleet's on another night than this; it may never have been closed."""
        if other != night:
            row = self.tables.nights.get(other)
            closed = row is not None and row.closed_at is not None
            fleet = row.fleet if row and closed else self._shared(other, list(self.tables.audits.heads(other)))
        return [failure.failure for failure in fleet]

    def _unmuted(self, night: date) -> tuple[str, ...]:
        """Return the announcements of the mutes that ended since the last close, a week ago at the most."""
        since = (night - timedelta(days=back) for back in range(1, NIGHTS_SWEPT))
        last = next((other for other in since if self._was_closed(other)), night - timedelta(days=NIGHTS_SWEPT))
        ended = sorted(
            self.tables.mutes.ended(last, night - timedelta(days=1)),
            key=lambda mute: (mute.merchant_id, mute.check_id),
        )
        return tuple(f"{mute.merchant_id}: {ended_text(mute)}." for mute in ended)

    def _was_closed(self, night: date) -> bool:
        row = self.tables.nights.get(night)
        return row is not None and row.closed_at is not None

    def _settled(self, head: AuditHead, night: date, now: datetime) -> AuditHead | None:
        """Return the head; one that is still pending becomes a failed audit whose fifteen outcomes say why.

        ``None``: the merchant was erased, and is expected no more.
        """
        if head.state is not AuditState.PENDING:
            return head
        try:
            written = self._fail(head, night, now)
        except Exception as error:  # noqa: BLE001 - one merchant's trouble must not keep the night from closing
            self.on_failure(head.merchant_id, error)
            return head
        if not written:
            # It was finished, or erased, while we looked: the index lags behind the table.
            return self.tables.audits.head(head.merchant_id, night)
        checks = len(CATALOGUE) + len(head.extra_checks)
        blind = dict.fromkeys(Status, 0) | {Status.NOT_EVALUATED: checks}
        return replace(
            head,
            state=AuditState.FAILED,
            counts=blind,
            reasons={Reason.SOURCE_FAILED: checks},
            failures=(NO_FETCH,),
        )

    def _fail(self, head: AuditHead, night: date, now: datetime) -> bool:
        merchant_id = head.merchant_id
        snapshot = Snapshot.unseen(
            merchant_id=merchant_id,
            night=night,
            taken_at=now,
            periods=self.profile.periods_of(night),
            why=NEVER_CAME,
            extra_checks=head.extra_checks,
        )
        # Not validated: whatever key the expected set holds, its night ends with an audit.
        merchant = Merchant.model_construct(id=merchant_id, name=merchant_id)
        audit = audit_of(snapshot, None, self.profile, evaluated_at=now)
        return settle(self.tables, audit, merchant, ttl=self.kept.from_(now)) is not None

    def _unsent(self, night: date) -> list[Unsent]:
        """Return what should have left by now: before the close lets go what waited for it."""
        texts = self.tables.texts.unsettled(night, held=False)
        return [
            *(Unsent(merchant_id, night_of(alert_id)) for merchant_id, alert_id in self.tables.alerts.unsent(night)),
            *(Unsent(merchant_id, night_of(alert_id), is_text=True) for merchant_id, alert_id in texts),
        ]

    def _sweep(self, night: date, now: datetime) -> int:
        """Touch every alert that never left, so that the stream shows it to the notifier once more."""
        # Of the texts also those that are held for good reason: their schedule may be gone, and is made again then.
        unsent, texts = list(self.tables.alerts.unsent(night)), list(self.tables.texts.unsettled(night))
        return sum(
            table.touch(merchant_id, alert_id, at=now)
            for table, keys in ((self.tables.alerts, unsent), (self.tables.texts, texts))
            for merchant_id, alert_id in keys
        )
