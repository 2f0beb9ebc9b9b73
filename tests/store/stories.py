"""Verdicts to be stored: a merchant's night as it would be judged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.audit.finding import Finding
from functions.audit.merchant import Merchant
from functions.audit.profile import default_profile
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import Audit, Verdict, audit_of, conclude
from tests.builders import NIGHT, NOW, PERIODS, absent, channel, merchant, snapshot, token

TTL: Final = datetime(2099, 1, 1, tzinfo=UTC)  # no test of ours is to end by the clock on the wall
NEVER_CAME: Final = Absent.because(Reason.SOURCE_FAILED, "the fetch never came back")


def night_after(nights: int = 1) -> date:
    return NIGHT + timedelta(days=nights)


def audit(seen: Snapshot | None = None, shop: Merchant | None = None, **changed: Any) -> Audit:
    """Return the audit of a night: one on which too many visitors bounce, unless another is given."""
    seen = (seen or channel(bounce_rate="81.2")).model_copy(update=changed)
    return audit_of(_anew(seen), shop or merchant(id=seen.merchant_id), default_profile(), evaluated_at=NOW)


def failed(merchant_id: str = "larkspur", night: date = NIGHT) -> Audit:
    """Return the audit of a night on which nobody came back."""
    seen = Snapshot.unseen(merchant_id=merchant_id, night=night, taken_at=NOW, periods=PERIODS, why=NEVER_CAME)
    return audit(seen)


def revoked(condition: str = "rejected", **changed: Any) -> Snapshot:
    """Return a night on which TikTok does not take the token, and everything that needs it is dark."""
    unauthorized = absent(Reason.UNAUTHORIZED)
    dark: dict[str, Any] = dict.fromkeys(("basic", "profile", "stats", "sessions", "pages", "sources"), unauthorized)
    return snapshot(token=token(rejected=condition), **(dark | changed))


def verdict(of: Audit | None = None, before: Mapping[str, Finding] | None = None) -> Verdict:
    """Return what an audit changes."""
    of = of or audit()
    return conclude(of, merchant(id=of.merchant_id), before or {})


def _anew(seen: Snapshot) -> Snapshot:
    # A copy would keep the encoding that the original had cached, and with it the hash.
    return Snapshot.model_validate(seen.model_dump())
