"""The words of a message about one merchant's night: subject, email and SMS. What is told is decided elsewhere."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from functions.audit import gsm7
from functions.audit.merchant import Merchant
from functions.audit.mute import Mute, ended_text
from functions.audit.outcome import Evidence, EvidenceValue, Outcome, Status
from functions.audit.telling import Why
from functions.audit.text import defanged, untrusted
from functions.audit.wording import counted, figure

SUBJECT_LIMIT = 99  # SNS: fewer than 100 characters
NAME_LIMIT = 60
LISTED = 5


@dataclass(frozen=True, slots=True)
class News:
    """One thing that a message tells.

    ``since``: the night on which it turned critical, for what still is. ``blinds``: how many checks could not run
    because of it. ``ended``: the mutes that hid it and are over.
    """

    outcome: Outcome
    why: Why
    since: date | None
    blinds: int = 0
    ended: tuple[Mute, ...] = ()


@dataclass(frozen=True, slots=True)
class Texts:
    """A message, once for each way it can go."""

    subject: str
    email: str
    sms: str


def write(merchant: Merchant, night: date, news: Sequence[News], counts: Mapping[Status, int]) -> Texts:
    """Return the texts of a message that tells these news, in this order."""
    name = untrusted(merchant.name, limit=NAME_LIMIT) or merchant.id
    return Texts(
        subject=_subject(name, merchant.id, news),
        email=_email(name, merchant, night, news, counts),
        sms=_sms(name, merchant.id, news),
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


def _label(news: News) -> str:
    outcome = news.outcome
    label = outcome.check_id.replace("_", " ")
    if news.why is not Why.RESOLVED and outcome.conditions:
        label += ": " + ", ".join(condition.replace("_", " ") for condition in outcome.conditions)
    elif outcome.value is not None:
        label += f" {figure(outcome.value, outcome.unit)}"
    if news.blinds:
        label += f" ({counted(news.blinds, 'check')} could not run)"
    match news.why:
        case Why.STILL_CRITICAL:
            return f"{label} (still)"
        case Why.RESOLVED:
            return f"{label} (resolved)"
        case _:
            return label


def _subject(name: str, merchant_id: str, news: Sequence[News]) -> str:
    shown = ascii_line(name, limit=40)
    # A name without a single Latin letter would read as question marks: the id says more.
    who = shown if any(char.isalnum() for char in shown) else merchant_id
    for count in range(len(news), 0, -1):
        text = f"Nightjar: {who}: {_listing(news, shown=count)}"
        if len(text) <= SUBJECT_LIMIT:
            return ascii_line(text, limit=SUBJECT_LIMIT)
    return ascii_line(f"Nightjar: {who}: {_sum(news)}", limit=SUBJECT_LIMIT)


def _sms(name: str, merchant_id: str, news: Sequence[News]) -> str:
    """Return the longest listing that fits one part; at the very least, how many news there are."""
    shown = gsm7.cut(defanged(gsm7.to_gsm7(name)), 40)
    who = shown if any(char.isalnum() for char in shown) else merchant_id
    says = " is critical" if any(one.why is not Why.RESOLVED for one in news) else ""
    for count in range(len(news), 0, -1):
        text = gsm7.to_gsm7(f"Nightjar: {who}{says}: {_listing(news, shown=count)}")
        if gsm7.septets(text) <= gsm7.PART:
            return text
    return gsm7.cut(gsm7.to_gsm7(f"Nightjar: {who}: {_sum(news)}"))


def _sum(news: Sequence[News]) -> str:
    resolved = sum(one.why is Why.RESOLVED for one in news)
    parts = ((len(news) - resolved, "critical"), (resolved, "resolved"))
    return ", ".join(f"{count} {word}" for count, word in parts if count)


def _listing(news: Sequence[News], *, shown: int | None = None) -> str:
    listed = [_label(one) for one in news[:shown]]
    rest = len(news) - len(listed)
    return ", ".join(listed) + (f", +{rest} more" if rest else "")


def _email(name: str, merchant: Merchant, night: date, news: Sequence[News], counts: Mapping[Status, int]) -> str:
    blocks = [f"{name} ({merchant.id}), night of {night.isoformat()}", ""]
    for one in news:
        outcome, resolved = one.outcome, one.why is Why.RESOLVED
        blocks += [
            f"{'RESOLVED' if resolved else 'CRITICAL'}  {outcome.check_id}  ({_when(one, night)})",
            outcome.summary,
            *((f"{counted(one.blinds, 'check')} could not run because of this.",) if one.blinds else ()),
            *_origin(outcome),
            *(f"{ended_text(mute)}." for mute in one.ended),
            *(f"  {line}" for line in evidence_lines(outcome.evidence)),
        ]
        blocks += [""] if resolved else [f"What to do: {outcome.check.advice}", ""]
    blocks += [
        f"All checks of that night: {counts_line(counts)}.",
        "A check that is not evaluated could not be looked at: it is neither good nor bad.",
    ]
    return "\n".join(blocks) + "\n"


def _when(news: News, night: date) -> str:
    match news.why:
        case Why.RESOLVED:
            return "resolved tonight, after it had been critical"
        case Why.STILL_CRITICAL:
            return f"still critical, since {news.since}"
        case _ if news.since not in {None, night}:
            return f"{news.why.value} on {news.since}, not told before"
        case _:
            return f"{news.why.value} tonight"


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
