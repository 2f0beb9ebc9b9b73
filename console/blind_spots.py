"""What a missing scope costs: the checks that turn bad or blind without it, and the figures that stay unknown.

Nothing is listed by hand: a night is judged in which this one scope is missing and the rest of the account is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.checks import CATALOGUE
from functions.audit.judge import judge
from functions.audit.kpi import kpis_of
from functions.audit.merchant import Merchant
from functions.audit.outcome import Outcome, Status
from functions.audit.profile import Profile
from functions.audit.snapshot import AccountBasic, AccountProfile, AccountStats, Snapshot, TokenSeen
from functions.fetcher.sources.account import FIELDS

# A scope is named for the part of the snapshot that it shows: user.info.stats for stats.
SCOPES: Final[Mapping[str, str]] = {scope: scope.rpartition(".")[2] for scope in FIELDS}
_NOT_ASKED: Final = Absent.because(Reason.NOT_MEASURED, "not asked here")


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """One scope that was not granted. ``outcomes``: the checks that suffer, in report order; ``figures``: lost KPIs."""

    scope: str
    outcomes: tuple[Outcome, ...]
    figures: tuple[str, ...]


def blind_spots(
    granted: Iterable[str], merchant: Merchant, profile: Profile, *, now: datetime
) -> tuple[BlindSpot, ...]:
    """Return what each scope of the audit's own that is not among ``granted`` costs this merchant."""
    there = set(granted)
    return tuple(_without(scope, merchant, profile, now) for scope in SCOPES if scope not in there)


def _without(scope: str, merchant: Merchant, profile: Profile, now: datetime) -> BlindSpot:
    part, why = SCOPES[scope], Absent.because(Reason.SCOPE_MISSING, f"{scope} was not granted")
    snapshot = _seen(merchant, profile, now).model_copy(update={part: why})
    concerned = tuple(check for check in CATALOGUE if part in check.declared)
    outcomes = judge(snapshot, profile, profile.rules_for(merchant, snapshot.night), checks=concerned)
    return BlindSpot(
        scope=scope,
        outcomes=tuple(outcome for outcome in outcomes if outcome.status is not Status.PASS),
        figures=tuple(
            kpi.name for kpi in kpis_of(snapshot) if isinstance(kpi.value, Absent) and why.causes[0] in kpi.value.causes
        ),
    )


def _seen(merchant: Merchant, profile: Profile, now: datetime) -> Snapshot:
    """Return a night on which TikTok told all that it can about the account."""
    night = now.date()
    return Snapshot.unseen(
        merchant_id=merchant.id, night=night, taken_at=now, periods=profile.periods_of(night), why=_NOT_ASKED
    ).model_copy(
        update={
            "token": TokenSeen(days_left=Decimal(365), open_id=_NOT_ASKED),
            "basic": AccountBasic(open_id=_NOT_ASKED, display_name=_NOT_ASKED),
            "profile": AccountProfile(username=_NOT_ASKED, is_verified=_NOT_ASKED),
            "stats": AccountStats(followers=0, following=0, likes=0, videos=0),
        }
    )
