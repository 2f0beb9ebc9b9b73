"""One message about one merchant's night: which criticals it tells of, why it is sent, and its texts."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from functions.audit import gsm7
from functions.audit.check import Check
from functions.audit.checks import CATALOGUE
from functions.audit.finding import Move
from functions.audit.merchant import Merchant
from functions.audit.outcome import Evidence, EvidenceValue, Outcome, Status
from functions.audit.text import defanged, untrusted
from functions.audit.wording import figure

SUBJECT_LIMIT = 99  # SNS: fewer than 100 characters
NAME_LIMIT = 60
LISTED = 5
_CHECKS: Mapping[str, Check] = {check.id: check for check in CATALOGUE}


class AlertState(StrEnum):
    """Whether the message has left. ``published`` says that SNS took it, not that anybody read it."""

    PENDING = "pending"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Critical:
    """One check that the message tells of, and what happened to it that night."""

    check_id: str
    area: str
    why: Move
    summary: str


@dataclass(frozen=True, slots=True)
class Alert:
    """The message and, in ``state``, whether it left. One a merchant and night: ``alert_id`` is made from the night."""

    merchant_id: str
    night: date
    criticals: tuple[Critical, ...]
    counts: Mapping[Status, int]
    subject: str
    email: str
    sms: str
    created_at: datetime
    state: AlertState = AlertState.PENDING

    @property
    def alert_id(self) -> str:
        """The second half of the key. The same night can only ever make the same alert."""
        return f"{self.night.isoformat()}#critical"

    @property
    def areas(self) -> tuple[str, ...]:
        """The areas that the criticals belong to, each once."""
        return tuple(dict.fromkeys(critical.area for critical in self.criticals))


def compose(
    merchant: Merchant,
    night: date,
    news: Sequence[tuple[Outcome, Move]],
    counts: Mapping[Status, int],
    *,
    created_at: datetime,
) -> Alert:
    """Return the alert for the outcomes that turned critical on that night."""
    name = untrusted(merchant.name, limit=NAME_LIMIT) or merchant.id
    return Alert(
        merchant_id=merchant.id,
        night=night,
        criticals=tuple(
            Critical(outcome.check_id, outcome.area.value, happened, outcome.summary) for outcome, happened in news
        ),
        counts=counts,
        subject=_subject(name, merchant.id, [outcome for outcome, _ in news]),
        email=_email(name, merchant, night, news, counts),
        sms=_sms(name, merchant.id, [outcome for outcome, _ in news]),
        created_at=created_at,
    )


def counts_line(counts: Mapping[Status, int]) -> str:
    """Return the counts as one line, "not evaluated" always among them."""
    good, noted = counts[Status.PASS], counts[Status.INFO]
    return (
        f"{good + noted} pass, {counts[Status.WARN]} warn, {counts[Status.CRITICAL]} critical, "
        f"{counts[Status.NOT_EVALUATED]} not evaluated"
    )


def ascii_line(text: str, *, limit: int) -> str:
    """Return ``text`` as SNS takes a subject: one line of printable ASCII, at most ``limit`` characters."""
    plain = unicodedata.normalize("NFKD", gsm7.to_gsm7(text)).encode("ascii", "ignore").decode()
    # What was dropped may have stood between a dot and a host's ending: looked at anew, in its final letters.
    return defanged(re.sub(r"[^\x20-\x7e]+|\s+", " ", plain).strip())[:limit].rstrip()


def _label(outcome: Outcome) -> str:
    name = outcome.check_id.replace("_", " ")
    return name if outcome.value is None else f"{name} {figure(outcome.value, outcome.unit)}"


def _subject(name: str, merchant_id: str, outcomes: Sequence[Outcome]) -> str:
    shown = ascii_line(name, limit=40)
    # A name without a single Latin letter would read as question marks: the id says more.
    who = shown if any(char.isalnum() for char in shown) else merchant_id
    for count in range(len(outcomes), 0, -1):
        text = f"Nightjar: {who}: {_listing(outcomes, shown=count)}"
        if len(text) <= SUBJECT_LIMIT:
            return ascii_line(text, limit=SUBJECT_LIMIT)
    return ascii_line(f"Nightjar: {who}: {len(outcomes)} critical", limit=SUBJECT_LIMIT)


def _sms(name: str, merchant_id: str, outcomes: Sequence[Outcome]) -> str:
    """Return the longest listing that fits one part; at the very least, how many criticals there are."""
    shown = gsm7.cut(defanged(gsm7.to_gsm7(name)), 40)
    who = shown if any(char.isalnum() for char in shown) else merchant_id
    for count in range(len(outcomes), 0, -1):
        text = gsm7.to_gsm7(f"Nightjar: {who} is critical: {_listing(outcomes, shown=count)}")
        if gsm7.septets(text) <= gsm7.PART:
            return text
    return gsm7.cut(gsm7.to_gsm7(f"Nightjar: {who}: {len(outcomes)} critical"))


def _listing(outcomes: Sequence[Outcome], *, shown: int | None = None) -> str:
    listed = [_label(outcome) for outcome in outcomes[:shown]]
    rest = len(outcomes) - len(listed)
    return ", ".join(listed) + (f", +{rest} more" if rest else "")


def _email(
    name: str,
    merchant: Merchant,
    night: date,
    news: Sequence[tuple[Outcome, Move]],
    counts: Mapping[Status, int],
) -> str:
    blocks = [f"{name} ({merchant.id}), night of {night.isoformat()}", ""]
    for outcome, happened in news:
        check = _CHECKS[outcome.check_id]
        blocks += [
            f"CRITICAL  {outcome.check_id}  ({happened.value} tonight)",
            outcome.summary,
            *_origin(outcome),
            *(f"  {line}" for line in evidence_lines(outcome.evidence)),
            f"What to do: {check.advice}",
            "",
        ]
    blocks += [
        f"All checks of that night: {counts_line(counts)}.",
        "A check that is not evaluated could not be looked at: it is neither good nor bad.",
    ]
    return "\n".join(blocks) + "\n"


def _origin(outcome: Outcome) -> Iterable[str]:
    if outcome.origin.set_by == "merchant" and outcome.origin.reason:
        yield f"The threshold is the shop's own: {untrusted(outcome.origin.reason, limit=160)}"


def evidence_lines(evidence: Evidence) -> Iterable[str]:
    """Yield evidence as short lines, safe to show and to send: scalars by name, the first rows of each list."""
    for key, value in evidence.items():
        label = key.replace("_", " ")
        if isinstance(value, list):
            yield f"{label}:"
            for row in value[:LISTED]:
                yield f"  - {_row(row)}"
            if len(value) > LISTED:
                yield f"  - and {len(value) - LISTED} more"
        elif value is not None:
            yield f"{label}: {_scalar(value)}"


def _row(row: EvidenceValue) -> str:
    if isinstance(row, dict):
        return ", ".join(f"{key.replace('_', ' ')} {_scalar(value)}" for key, value in row.items() if value is not None)
    return _scalar(row)


def _scalar(value: EvidenceValue) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case str():
            return untrusted(value, limit=120)
        case int():
            return f"{value:,}"
        case None:
            return "unknown"
        case list() | dict():
            return f"{len(value)} entries"
        case _:
            return figure(value, "")
