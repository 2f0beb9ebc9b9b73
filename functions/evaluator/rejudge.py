"""Nights that are over, in the light of late figures: which are to be read again, and what that changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from functions.audit.errors import NightjarError
from functions.audit.jobs import EvaluateJob, FetchJob
from functions.audit.judge import CrashReport
from functions.audit.merchant import Merchant
from functions.audit.news import alert_id
from functions.audit.profile import Profile
from functions.audit.restate import MOST_VERSIONS, NIGHTS, correction, is_outdated, is_same
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import audit_of
from functions.store.items import Item
from functions.store.restatements import Standing, standing, supersede
from functions.store.verdicts import Kept

if TYPE_CHECKING:
    from functions.store.tables import Tables


class Rejudged(StrEnum):
    """What became of a night that was read again."""

    SUPERSEDED = "superseded"
    UNCHANGED = "unchanged"
    NOT_DUE = "not_due"


@dataclass(frozen=True, slots=True)
class Rejudge:
    """Everything that it works with."""

    tables: Tables
    profile: Profile
    kept: Kept
    on_crash: CrashReport
    clock: Callable[[], datetime]

    def outdated(self, job: EvaluateJob) -> tuple[FetchJob, ...]:
        """Return what to ask the sources once more, now that this night was judged. Asking twice changes nothing.

        Called when the night's own verdict is written: what a correction says depends on that.
        """
        first = job.night - timedelta(days=NIGHTS)
        known = self.tables.snapshots.newest(job.merchant_id, first, job.night)
        _, tonight = known.pop(job.night, (0, None))
        if tonight is None:
            return ()
        return tuple(
            FetchJob(merchant_id=job.merchant_id, night=night, version=version + 1)
            for night, (version, then) in known.items()
            if version < MOST_VERSIONS
            and is_outdated(then, tonight, change_percent=self.profile.late.change_percent.value)
        )

    def judge(self, job: EvaluateJob, merchant: Merchant) -> Rejudged:
        """Judge a version of a night's snapshot that late figures made, and write what that changes.

        Both versions are judged by the rules of today, so that a threshold that was changed since corrects nothing.

        Raises:
            NightjarError: the snapshot is not there (yet); the message comes again.
            Conflict: another write was under way; the message comes again.
        """
        row = self.tables.audits.get(job.merchant_id, job.night)
        stands = standing(row) if row is not None else None
        if row is None or stands is None or stands.snapshot_version >= job.version:
            return Rejudged.NOT_DUE
        then = self.tables.snapshots.get(job.merchant_id, job.night, stands.snapshot_version)
        now = self.tables.snapshots.get(job.merchant_id, job.night, job.version)
        if now is None:
            raise NightjarError(f"There is no version {job.version} of {job.merchant_id}'s snapshot for {job.night}.")
        if then is None:
            return Rejudged.NOT_DUE
        return self._compare(row, stands, merchant, then, now, job.version)

    def _compare(
        self, row: Item, stands: Standing, merchant: Merchant, then: Snapshot, now: Snapshot, snapshot_version: int
    ) -> Rejudged:
        at = self.clock()
        old, new = (
            audit_of(seen, merchant, self.profile, evaluated_at=at, on_crash=self.on_crash) for seen in (then, now)
        )
        if is_same(old, new):
            return Rejudged.UNCHANGED
        alert = correction(
            old,
            new,
            merchant,
            version=stands.version + 1,
            told=self._told(merchant.id, stands.version, new.night),
            findings=self.tables.findings.of_merchant(merchant.id),
            mutes=self.tables.mutes.of_merchant(merchant.id),
            stage=self.tables.stage,
        )
        ends = self.kept.from_(at)
        written = supersede(self.tables, row, new, alert, snapshot_version=snapshot_version, alert_ends=ends.alert)
        return Rejudged.SUPERSEDED if written else Rejudged.NOT_DUE

    def _told(self, merchant_id: str, versions: int, night: date) -> tuple[str, ...]:
        """Return the checks that messages about a night told of: its own, and those that corrected it."""
        keys = (alert_id(night, version) for version in range(1, versions + 1))
        sent = (self.tables.alerts.get(merchant_id, key) for key in keys)
        return tuple(critical.check_id for alert in sent if alert is not None for critical in alert.criticals)
