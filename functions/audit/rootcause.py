"""One failure behind many outcomes: what it explains of a merchant's night, and the name by which a fleet shares it.

A failure is named ``source:reason``, as in ``storefront sessions:source_failed`` or ``access_token:rejected``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from functions.audit.absence import Absent, Reason
from functions.audit.merchant import Merchant, Provider
from functions.audit.outcome import Area, Outcome, Status
from functions.audit.snapshot import Snapshot

TOKEN: Final = "access_token"  # noqa: S105 - the id of a check
NO_FETCH: Final = "fetch:source_failed"
# What keeps a check from looking and is nobody's settled state, as a scope that was never granted is.
_FAILURES: Final = (
    Reason.UNAUTHORIZED,
    Reason.SOURCE_FAILED,
    Reason.RATE_LIMITED,
    Reason.SOURCE_STALE,
    Reason.CHECK_CRASHED,
)
_ACCOUNT_SOURCE: Final = "account"
_ACCOUNT: Final = ("token", "basic", "profile", "stats")
_CHANNEL: Final = ("sessions", "pages", "sources")


@dataclass(frozen=True, slots=True)
class RootCause:
    """The broken connection behind a merchant's night: the check that says so, and the failure's name."""

    check_id: str
    failure: str


@dataclass(frozen=True, slots=True)
class Share:
    """From where on a failure is the fleet's: more than ``percent`` of the expected merchants, and ``merchants``."""

    percent: Decimal
    merchants: int


def root_cause(outcomes: Iterable[Outcome]) -> RootCause | None:
    """Return the first thing that is critically wrong with the connection itself, in report order."""
    for outcome in outcomes:
        if outcome.area is Area.ACCESS and outcome.status is Status.CRITICAL and outcome.conditions:
            return RootCause(outcome.check_id, f"{outcome.check_id}:{outcome.conditions[0]}")
    return None


def explains(root: RootCause, outcome: Outcome, merchant: Merchant | None) -> bool:
    """Say whether a dead token is why a check could not look, or why something else is wrong with the connection."""
    if root.check_id != TOKEN or outcome.check_id == TOKEN:
        return False
    if outcome.status is Status.NOT_EVALUATED:
        asked_with_it = outcome.area is Area.ACCESS or _provider(merchant) is Provider.STOREFRONT
        return asked_with_it and Reason.UNAUTHORIZED in outcome.reasons
    return outcome.area is Area.ACCESS and outcome.status is Status.CRITICAL


def failures_of(snapshot: Snapshot, merchant: Merchant | None, outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Return what failed tonight, each failure once. What a dead token explains is no failure of its own."""
    if not snapshot.fetched:
        return (NO_FETCH,)
    root = root_cause(outcomes)
    parts = [
        (source, reason)
        for source, reason in _absences(snapshot, _provider(merchant))
        if not _is_the_tokens(root, source, reason)
    ]
    seen = {reason for _, reason in parts}
    checks = [
        (outcome.check_id, reason)
        for outcome in outcomes
        for reason in outcome.reasons
        if reason in _FAILURES and reason not in seen and not (root and explains(root, outcome, merchant))
    ]
    return tuple(dict.fromkeys(f"{source}:{reason}" for source, reason in (*parts, *checks)))


def _is_the_tokens(root: RootCause | None, source: str, reason: Reason) -> bool:
    dead = root is not None and root.check_id == TOKEN and reason is Reason.UNAUTHORIZED
    return dead and (source == _ACCOUNT_SOURCE or source.startswith(Provider.STOREFRONT))


def _absences(snapshot: Snapshot, provider: Provider) -> Iterator[tuple[str, Reason]]:
    """Yield source and reason of each part that failed: the account as one, the channel's reports by provider."""
    for names, source in ((_ACCOUNT, _ACCOUNT_SOURCE), *(((name,), f"{provider} {name}") for name in _CHANNEL)):
        for name in names:
            part = getattr(snapshot, name)
            if isinstance(part, Absent):
                yield from ((source, cause.reason) for cause in part.causes if cause.reason in _FAILURES)


def _provider(merchant: Merchant | None) -> Provider:
    settings = merchant.analytics if merchant is not None else None
    return settings.provider if settings is not None else Provider.STOREFRONT
