"""Whether a message could arrive at all: what was seen of SNS, recipients, dead letters and alarms, judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from functions.audit.preflight_facts import Audiences, Blind, Facts, Spending, named
from functions.audit.recipient import RecipientState
from functions.audit.wording import counted, plain

LISTED: Final = 5
NEARLY_SPENT: Final = 80  # percent of the monthly limit; over the whole of it SNS just stops
LOOK_AGAIN: Final = "Look again: nightjar doctor. A call that AWS refused needs a permission, the closer's or your own."


class Preflight(StrEnum):
    """What one check came to. ``could_not_look`` is neither good nor bad."""

    PASS = "pass"  # noqa: S105 - what a check came to, not a password
    WARN = "warn"
    FAIL = "fail"
    COULD_NOT_LOOK = "could_not_look"


@dataclass(frozen=True, slots=True)
class Checked:
    """One check: what it came to, in one sentence, and what to do about it."""

    check: str
    came_to: Preflight
    says: str
    do: str = ""


def checked(facts: Facts) -> tuple[Checked, ...]:
    """Return every check, always all of them and in the same order."""
    return tuple(check(facts) for check in _CHECKS)


def unseen(why: Blind) -> tuple[Checked, ...]:
    """Return every check where nothing at all could be looked at."""
    return checked(Facts(why, Spending(why, why), why, why, {"the dead-letter queues": why}, why))


def problems(checks: Sequence[Checked]) -> tuple[Checked, ...]:
    """Return what is not as it should be, the worst first."""
    order = (Preflight.FAIL, Preflight.WARN, Preflight.COULD_NOT_LOOK)
    return tuple(one for came_to in order for one in checks if one.came_to is came_to)


def _sandbox(facts: Facts) -> Checked:
    name = "sms_sandbox"
    if (nobody := _no_telephone(name, facts)) is not None:
        return nobody
    if isinstance(facts.sandbox, Blind):
        return _blind(name, "whether SNS keeps this account in its SMS sandbox", facts.sandbox)
    if facts.sandbox:
        return Checked(
            name,
            Preflight.FAIL,
            "The account is in SNS's SMS sandbox: only numbers that were verified there get text messages.",
            "Ask AWS to move the account out of it: SNS console, Text messaging, Exit SMS sandbox.",
        )
    return Checked(name, Preflight.PASS, "The account is out of SNS's SMS sandbox.")


def _spending(facts: Facts) -> Checked:
    name = "sms_spending"
    if (nobody := _no_telephone(name, facts)) is not None:
        return nobody
    limit, spent = facts.spending.limit, facts.spending.spent
    if isinstance(limit, Blind):
        return _blind(name, "SNS's monthly limit for text messages", limit)
    if isinstance(spent, Blind):
        return _blind(name, "what text messages have cost this month", spent)
    says = f"Text messages have cost USD {plain(spent):f} of this month's USD {plain(limit):f}."
    do = "Ask AWS for a higher limit: SNS console, Text messaging, or Service Quotas. Over it SNS drops texts silently."
    if spent >= limit:
        return Checked(name, Preflight.FAIL, says, do)
    if spent * 100 >= limit * NEARLY_SPENT:
        return Checked(name, Preflight.WARN, says, do)
    return Checked(name, Preflight.PASS, says)


def _opted_out(facts: Facts) -> Checked:
    return _of_states(
        "opt_outs",
        facts,
        {RecipientState.OPTED_OUT: Preflight.FAIL},
        good="Nobody has opted out of text messages.",
        bad="opted out of text messages",
        do="Their owners can opt in again, once in 30 days; or remove them: nightjar recipients remove.",
    )


def _subscriptions(facts: Facts) -> Checked:
    return _of_states(
        "subscriptions",
        facts,
        {RecipientState.DELETED: Preflight.FAIL, RecipientState.PENDING: Preflight.WARN},
        good="Every subscription is confirmed and there.",
        bad="not confirmed, or vanished",
        do="Have them confirm within two days, or add them again: nightjar recipients list shows all.",
    )


def _of_states(
    name: str, facts: Facts, wrong: Mapping[RecipientState, Preflight], *, good: str, bad: str, do: str
) -> Checked:
    seen = facts.audiences
    if isinstance(seen, Blind):
        return _blind(name, "who is subscribed", seen)
    worst = next((came_to for state, came_to in wrong.items() if seen.states.get(state)), None)
    if worst is not None:
        found = [f"{who} ({state})" for state in wrong for who in seen.states.get(state, ())]
        return Checked(name, worst, f"{counted(len(found), 'recipient')} {bad}: {listed(found)}.", do)
    if untold := seen.states.get(RecipientState.UNKNOWN):
        return _blind(name, "some recipients", Blind(f"SNS contradicts itself about {listed(untold)}"))
    if seen.unread:
        return _blind(name, *_unread(seen))
    return Checked(name, Preflight.PASS, good)


def _nobody(facts: Facts) -> Checked:
    name = "somebody_to_tell"
    seen = facts.audiences
    if isinstance(seen, Blind):
        return _blind(name, "who is subscribed", seen)
    if seen.strangers:
        return _blind(name, "whether anybody hears of each merchant", seen.strangers)
    if seen.nobody:
        return Checked(
            name,
            Preflight.FAIL,
            f"Of criticals of {counted(len(seen.nobody), 'merchant')} nobody hears, in some area at least: "
            f"{listed(seen.nobody)}.",
            "Add somebody: nightjar recipients add email ADDRESS --merchant ID, or --fleet for every merchant.",
        )
    if seen.unsure:
        what = f"whether anybody hears of {listed(seen.unsure)}"
        return _blind(name, what, Blind(listed(sorted(seen.why)) or "SNS did not say who is subscribed"))
    return Checked(name, Preflight.PASS, "Of every merchant's criticals somebody hears.")


def _dead_letters(facts: Facts) -> Checked:
    name = "dead_letters"
    full = [
        f"{counted(held, 'message')} in {queue}" for queue, held in facts.dead.items() if isinstance(held, int) and held
    ]
    blind = {queue: held for queue, held in facts.dead.items() if isinstance(held, Blind)}
    if full:
        return Checked(
            name,
            Preflight.FAIL,
            f"Something failed for good: {listed(full)}.",
            "Read one with `aws sqs receive-message`; redrive them once the cause is gone.",
        )
    if blind:
        return _blind(name, listed(sorted(blind)), Blind(listed(sorted({one.why for one in blind.values()}))))
    return Checked(name, Preflight.PASS, "The dead-letter queues are empty.")


def _alarms(facts: Facts) -> Checked:
    name = "alarms"
    if isinstance(facts.bells, Blind):
        return _blind(name, "the alarms", facts.bells)
    mute = sorted(bell.name for bell in facts.bells if not bell.tells_operators)
    do = "Deploy the stage again; whoever switched an alarm's actions off may have forgotten to switch them on."
    if not facts.bells:
        return Checked(name, Preflight.FAIL, "The stage has no alarms.", do)
    if mute:
        says = f"{counted(len(mute), 'alarm')} would tell nobody: {listed(mute)}."
        return Checked(name, Preflight.FAIL, says, do)
    return Checked(name, Preflight.PASS, f"{counted(len(facts.bells), 'alarm')} would tell the operators' topic.")


def _operators(facts: Facts) -> Checked:
    name = "operators"
    if isinstance(facts.operators, Blind):
        return _blind(name, "who subscribes to the operators' topic", facts.operators)
    there = [one for one in facts.operators if one.state is RecipientState.CONFIRMED]
    if there:
        return Checked(name, Preflight.PASS, f"{counted(len(there), 'subscriber')} would hear alarms and summaries.")
    waiting = [named(one) for one in facts.operators if one.state is RecipientState.PENDING]
    return Checked(
        name,
        Preflight.FAIL,
        "Nobody would hear an alarm: the operators' topic has no confirmed subscriber"
        + (f", and waits for {listed(waiting)}." if waiting else "."),
        "Deploy with -c operators=ADDRESS, and confirm the mail that SNS sends.",
    )


_CHECKS: Final[tuple[Callable[[Facts], Checked], ...]] = (
    _operators,
    _alarms,
    _dead_letters,
    _nobody,
    _subscriptions,
    _opted_out,
    _sandbox,
    _spending,
)


def _no_telephone(name: str, facts: Facts) -> Checked | None:
    """Return that a check of text messages matters to nobody; ``None`` where it does, or might."""
    seen = facts.audiences
    if isinstance(seen, Blind) or seen.telephones or seen.unread:
        return None
    return Checked(name, Preflight.PASS, "No telephone is told: nothing depends on it.")


def _blind(name: str, what: str, unseen: Blind) -> Checked:
    return Checked(name, Preflight.COULD_NOT_LOOK, f"Could not look at {what}: {unseen.why}.", LOOK_AGAIN)


def _unread(seen: Audiences) -> tuple[str, Blind]:
    about = f"the own recipients of {counted(len(seen.unread), 'merchant')}, {listed(seen.unread)}"
    return about, Blind(listed(sorted(seen.why)))


def listed(names: Sequence[str], limit: int = LISTED) -> str:
    """Return some names in a row, and how many more there are."""
    rest = len(names) - limit
    return "; ".join(names[:limit]) + (f"; and {rest:,} more" if rest > 0 else "")
