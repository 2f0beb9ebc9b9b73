"""Judging one snapshot: pure between one read and one conditional transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from functions.audit.errors import NightjarError
from functions.audit.jobs import EvaluateJob
from functions.audit.judge import CrashReport
from functions.audit.merchant import Merchant
from functions.audit.profile import Profile
from functions.audit.verdict import AuditState, Verdict, audit_of
from functions.store.verdicts import Kept, settle

if TYPE_CHECKING:
    from functions.store.tables import Tables


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Everything an evaluation works with."""

    tables: Tables
    profile: Profile
    kept: Kept
    on_crash: CrashReport
    clock: Callable[[], datetime]

    def evaluate(self, job: EvaluateJob) -> Verdict | None:
        """Judge the snapshot that the message points to and write what it came to.

        Returns the verdict, or ``None`` when this night of this merchant was already done, since replays change
        nothing, or when the merchant was erased.

        Raises:
            NightjarError: the snapshot is not there (yet); the message comes again.
            Conflict: other writers kept winning; the message comes again.
        """
        if self.tables.audits.state(job.merchant_id, job.night) is AuditState.DONE:
            return None
        snapshot = self.tables.snapshots.get(job.merchant_id, job.night)
        if snapshot is None:
            if self.tables.merchants.erased_at(job.merchant_id) is not None:
                return None
            raise NightjarError(f"There is no snapshot of {job.merchant_id} for {job.night}.")
        merchant = self.merchant(job.merchant_id)
        now = self.clock()
        audit = audit_of(snapshot, merchant, self.profile, evaluated_at=now, on_crash=self.on_crash)
        mutes = self.tables.mutes.of_merchant(job.merchant_id)
        return settle(self.tables, audit, merchant, ttl=self.kept.from_(now), mutes=mutes)

    def merchant(self, merchant_id: str) -> Merchant:
        """Return whose thresholds to judge by."""
        try:
            merchant = self.tables.merchants.get(merchant_id)
        except NightjarError:
            merchant = None
        # Gone or unreadable since the fetch: the snapshot is judged all the same, by the default profile.
        return merchant or Merchant(id=merchant_id, name=merchant_id)
