"""Judging a stored night once more: what differs from what is stored, attribute by attribute, and why it may."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from pydantic import ValidationError

from functions.audit.code import code_version
from functions.audit.errors import NightjarError
from functions.audit.merchant import Merchant, Override
from functions.audit.profile import Profile, sentence
from functions.audit.snapshot import Snapshot
from functions.audit.verdict import AuditState, audit_of
from functions.store.audits import audit_item
from functions.store.items import Item, from_item

# What follows from a snapshot and the rules alone. The rest tells of the night around it: times, findings, versions.
JUDGED: Final = ("state", "counts", "reasons", "outcomes", "kpis", "periods", "snapshot_sha256")
# What a verdict that was superseded shares with the one that stands.
_SHARED: Final = ("state", "periods")
FAILED: Final = "the night failed: no fetch came back before it was closed, so there never was a snapshot"
GONE: Final = "the snapshot that it rests on is not stored (any more); snapshots are kept for less time than audits"


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute by its path, as it is stored and as it came out; ``None`` where one of the two has none."""

    what: str
    stored: Any
    again: Any


@dataclass(frozen=True, slots=True)
class Replay:
    """One verdict of a night, judged once more.

    ``unseen``: why that could not be done; whether it is the same is then not known. ``notes``: what was another when
    the stored verdict was made.
    """

    version: int
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    unseen: str | None = None


class Kept(Protocol):
    """Where snapshots are kept: the table."""

    def get(self, merchant_id: str, night: date, version: int) -> Snapshot | None:
        """Return a version of a night; ``None`` when there is none."""
        ...


def replays(row: Item, snapshots: Kept, merchant: Merchant, profile: Profile) -> Iterator[Replay]:
    """Yield every verdict of an audit's row, judged once more from the snapshot that it rests on, the oldest first."""
    night = date.fromisoformat(row["night"])
    earlier: Mapping[str, Item] = row.get("superseded", {})
    shared = {name: row[name] for name in _SHARED if name in row}
    verdicts = {int(version): shared | verdict for version, verdict in earlier.items()}
    for version, verdict in sorted((verdicts | {row.get("version", 1): row}).items()):
        try:
            seen = snapshots.get(merchant.id, night, verdict.get("snapshot_version", 1))
        except NightjarError as error:
            yield Replay(version, unseen=str(error))
            continue
        if seen is None:
            yield Replay(version, unseen=FAILED if verdict.get("state") == AuditState.FAILED else GONE)
            continue
        try:
            ruled, notes = _ruled_then(verdict, merchant, night)
        except ValidationError as error:
            yield Replay(version, unseen=f"the thresholds that it was judged by cannot be read: {sentence(error)}")
            continue
        # When it was judged is not compared, and nothing that is hangs on it.
        again = from_item(audit_item(audit_of(seen, ruled, profile, evaluated_at=seen.taken_at), ttl=seen.taken_at))
        yield Replay(
            version,
            differences=tuple(one for name in JUDGED for one in _differences(name, verdict.get(name), again.get(name))),
            notes=(*notes, *_judged_by_another(verdict, profile)),
        )


def _ruled_then(verdict: Item, merchant: Merchant, night: date) -> tuple[Merchant, tuple[str, ...]]:
    """Return the merchant with the thresholds of its own that the verdict was made by, and how they differ today."""
    if "code_version" not in verdict:
        return merchant, ("it does not say by which thresholds of the merchant's own; judged by those of today",)
    then = {check_id: Override.model_validate(plain) for check_id, plain in verdict.get("overrides", {}).items()}
    now = merchant.overrides_on(night)
    changed = sorted(check_id for check_id in then.keys() | now.keys() if then.get(check_id) != now.get(check_id))
    notes = (f"thresholds that the merchant changed since: {', '.join(changed)}; judged by those of then",)
    return merchant.model_copy(update={"thresholds": then}), notes if changed else ()


def _judged_by_another(verdict: Item, profile: Profile) -> Iterator[str]:
    code = verdict.get("code_version")
    if code != code_version():
        yield f"judged by {f'code {code}' if code else 'code that did not say which'}; here it is {code_version()}"
    stored = verdict.get("profile_version")
    if stored != profile.version:
        named = f"profile {stored}" if stored else "a profile that it does not name"
        yield f"judged by {named}; here it is {profile.version}"


def _differences(what: str, stored: Any, again: Any) -> Iterator[Difference]:  # noqa: ANN401 - plain data of any depth
    if isinstance(stored, Mapping) and isinstance(again, Mapping):
        for name in sorted(stored.keys() | again.keys()):
            yield from _differences(f"{what}.{name}", stored.get(name), again.get(name))
    elif isinstance(stored, list) and isinstance(again, list) and len(stored) == len(again):
        for at, (one, other) in enumerate(zip(stored, again, strict=True)):
            yield from _differences(f"{what}.{at}", one, other)
    elif type(stored) is not type(again) or stored != again:
        yield Difference(what, stored, again)
