"""The night's summary for the operators: what was covered, what turned, what did not leave, and what took long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final, NamedTuple

from functions.audit.grant import MILESTONES
from functions.audit.night import AuditHead, Coverage, ending_soon
from functions.audit.outcome import Status
from functions.audit.preflight import Checked, Preflight, problems
from functions.audit.wording import counted

NAMED: Final = 50
SOONEST: Final = 10
LISTED: Final = 20
WORST: Final = 5
MUTES_LISTED: Final = 50
# What could not be looked at says so itself.
_CAME_TO: Final = {Preflight.FAIL: "Failed: ", Preflight.WARN: "Warning: ", Preflight.COULD_NOT_LOOK: ""}
_MAY_BE_CLEAR: Final = frozenset({Preflight.PASS, Preflight.WARN})


class Unsent(NamedTuple):
    """A message that should have left before the close, and had not."""

    merchant_id: str
    night: date
    is_text: bool = False

    def told(self, night: date) -> str:
        """Return whose it is, of which night where that is not tonight, and that it is a text message if it is."""
        of = "" if self.night == night else f" of {self.night}"
        return f"{self.merchant_id}{of}{' (text message)' if self.is_text else ''}"


def summary_text(
    coverage: Coverage,
    heads: Sequence[AuditHead] = (),
    *,
    checks: Sequence[Checked],
    unsent: Sequence[Unsent] = (),
    unmuted: Sequence[str] = (),
) -> tuple[str, str]:
    """Return subject and body of the night's summary for the operators. "All clear" only at full coverage.

    ``heads``: every audit of the night. ``checks``: the preflight, which is all clear where nothing failed and all was
    seen. ``unmuted``: the mutes that ended, as ``ended_text`` announces them.
    """
    outcomes = coverage.outcomes
    good = coverage.is_full and not outcomes[Status.CRITICAL] and not outcomes[Status.NOT_EVALUATED] and not unsent
    clear = good and {one.came_to for one in checks} <= _MAY_BE_CLEAR
    body = [
        (
            f"Night of {coverage.night}: {coverage.audited} of {coverage.expected} expected merchants were audited "
            f"({coverage.percent:.1f} %)."
        ),
        "Outcomes: " + ", ".join(f"{count} {status.value}" for status, count in outcomes.items()) + ".",
        *_turned(heads),
        *_uncovered(coverage),
        *_undelivered(unsent, coverage.night),
        *_preflight(checks),
        *_efforts(heads),
        *_endings(heads, unmuted),
    ]
    told = "all clear" if clear else _headline(coverage, heads, checks)
    return f"Nightjar {coverage.night}: {told}", "\n".join(body) + "\n"


def never_opened_text(night: date, checks: Sequence[Checked]) -> tuple[str, str]:
    """Return subject and body of what the operators hear of a night that no dispatcher opened."""
    lines = [
        f"Nobody was audited in the night of {night}: it was never opened, so the dispatcher did not run.",
        "No merchant was told of anything, and no finding has moved.",
        "",
        "Look at the dispatcher's log and its dead-letter queue, then start the night by hand:",
        f"nightjar run --night {night}",
        *_preflight(checks),
    ]
    return f"Nightjar {night}: nobody was audited, the night never began", "\n".join(lines) + "\n"


def _headline(coverage: Coverage, heads: Iterable[AuditHead], checks: Iterable[Checked]) -> str:
    new = sum(len(head.new_criticals) for head in heads)
    critical = f"{coverage.outcomes[Status.CRITICAL]} critical" + (f" ({new} new)" if new else "")
    failed = sum(one.came_to is Preflight.FAIL for one in checks)
    return f"{coverage.audited} of {coverage.expected} audited, {critical}" + (
        f", preflight: {failed} failed" if failed else ""
    )


def _turned(heads: Iterable[AuditHead]) -> list[str]:
    """Tell what turned critical tonight, and what is critical no more."""
    new = sorted((head.merchant_id, head.new_criticals) for head in heads if head.new_criticals)
    over = sorted((head.merchant_id, head.ended_criticals) for head in heads if head.ended_criticals)
    return [*_by_merchant("New criticals", new), *_by_merchant("No longer critical", over)]


def _by_merchant(title: str, checks: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    if not checks:
        return []
    many = f"{title}: {sum(len(ids) for _, ids in checks)} at {counted(len(checks), 'merchant')}."
    return ["", many, *_listed([f"{merchant_id}: {', '.join(ids)}" for merchant_id, ids in checks], LISTED)]


def _uncovered(coverage: Coverage) -> list[str]:
    """Tell what could not be looked at, and why."""
    lines = []
    if coverage.causes:
        causes = ", ".join(f"{reason.value} {count}" for reason, count in coverage.causes.items())
        lines.append(f"Not evaluated because of: {causes}.")
    if coverage.failed:
        lines.append(f"No fetch came back for: {_names(coverage.failed)}.")
    if coverage.missing:
        lines.append(f"Still pending at the close: {_names(coverage.missing)}.")
    if not coverage.expected:
        lines.append("Nobody was expected: is any merchant enabled, and did the dispatcher run?")
    return ["", *lines] if lines else []


def _undelivered(unsent: Sequence[Unsent], night: date) -> list[str]:
    if not unsent:
        return []
    names = [one.told(night) for one in sorted(unsent)]
    have, they = ("has", "It is") if len(names) == 1 else ("have", "They are")
    return ["", f"{counted(len(names), 'message')} {have} not left yet: {_names(names)}. {they} tried again now."]


def _preflight(checks: Sequence[Checked]) -> list[str]:
    """Tell what may keep messages from arriving, the worst first, and what to do; advice for several stands once."""
    found = problems(checks)
    lines = ["", "Preflight, as nightjar doctor shows it:"] if found else []
    for advice, alike in groupby(found, key=lambda one: one.do):
        lines += [f"- {_CAME_TO[one.came_to]}{one.says}" for one in alike]
        lines.append(f"  {advice}")
    return lines


def _efforts(heads: Iterable[AuditHead]) -> list[str]:
    """Tell which fetches took longest, and which asked most: they cost most, of AWS and of everybody's quotas."""
    known = [(head.merchant_id, head.effort) for head in heads if head.effort is not None]
    if not known:
        return []
    slow = sorted(((effort.seconds, name) for name, effort in known), key=_worst_first)[:WORST]
    dear = sorted(((Decimal(effort.requests), name) for name, effort in known), key=_worst_first)[:WORST]
    return [
        "",
        "Slowest: " + ", ".join(f"{name} {seconds} s" for seconds, name in slow) + ".",
        "Most requests: " + ", ".join(f"{name} {requests}" for requests, name in dear) + ".",
    ]


def _worst_first(entry: tuple[Decimal, str]) -> tuple[Decimal, str]:
    return -entry[0], entry[1]


def _endings(heads: Iterable[AuditHead], unmuted: Sequence[str]) -> list[str]:
    lines = []
    if ending := ending_soon(heads):
        lines.append(
            f"Connections that end within {MILESTONES[-1]} days, the soonest first: {_names(ending, listed=SOONEST)}."
        )
    if unmuted:
        lines += ["Mutes that ended:", *_listed(unmuted, MUTES_LISTED)]
    return ["", *lines] if lines else []


def _listed(entries: Sequence[str], most: int) -> list[str]:
    rest = len(entries) - most
    return [*(f"- {entry}" for entry in entries[:most]), *([f"- and {rest} more"] if rest > 0 else [])]


def _names(ids: Sequence[str], listed: int = NAMED) -> str:
    rest = len(ids) - listed
    return ", ".join(ids[:listed]) + (f" and {rest} more" if rest > 0 else "")
