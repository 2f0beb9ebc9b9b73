"""What a check is: a question that measures, and the words for its good and its bad answer.

A check only measures and declares what it needs. Absence, floors, thresholds and crashes are handled in ``judge``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Generic, NamedTuple, TypeVar, overload

from functions.audit.absence import Absent, Cause, Reason, causes_of, distinct
from functions.audit.language import ENGLISH, Language, marked
from functions.audit.merchant import AccountType, Severity
from functions.audit.outcome import NOTHING, Area, Evidence, Outcome, Status
from functions.audit.periods import Periods
from functions.audit.snapshot import (
    AccountBasic,
    AccountProfile,
    AccountStats,
    BioLinkSeen,
    ClicksSeen,
    Figure,
    PagesSeen,
    PeriodFigures,
    SessionsSeen,
    Snapshot,
    SourcesSeen,
    TokenSeen,
)

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """One part of the snapshot that a check can ask for, typed by what it holds when it could be seen."""

    name: str


TOKEN: Final[Part[TokenSeen]] = Part("token")
BASIC: Final[Part[AccountBasic]] = Part("basic")
PROFILE: Final[Part[AccountProfile]] = Part("profile")
STATS: Final[Part[AccountStats]] = Part("stats")
SESSIONS: Final[Part[SessionsSeen]] = Part("sessions")
PAGES: Final[Part[PagesSeen]] = Part("pages")
SOURCES: Final[Part[SourcesSeen]] = Part("sources")
# Asked for only where the merchant wants to know; see ``extra_checks``.
BIO_LINK: Final[Part[BioLinkSeen]] = Part("bio_link")
CLICKS: Final[Part[ClicksSeen]] = Part("clicks")


class Unseen(Exception):
    """Raised inside a measurement when a value that it needs is absent. Carries every cause."""

    def __init__(self, causes: tuple[Cause, ...]) -> None:
        super().__init__(causes)
        self.causes = causes


class Facts(NamedTuple):
    """What a check may see: only the parts that it declared, and its own parameters of the profile."""

    snapshot: Snapshot
    declared: frozenset[str]
    parameters: Mapping[str, Decimal]

    def see(self, part: Part[T]) -> T:
        """Return the part.

        Raises:
            Unseen: the part is absent.
            LookupError: the check did not declare it (our bug).
        """
        value = self.look(part)
        if isinstance(value, Absent):
            raise Unseen(value.causes)
        return value

    def look(self, part: Part[T]) -> T | Absent:
        """Return the part or its absence, for the checks whose finding is the absence itself."""
        if part.name not in self.declared:
            raise LookupError(f"the check did not declare that it looks at {part.name}")
        value: T | Absent = getattr(self.snapshot, part.name)
        return value

    @property
    def account_type(self) -> AccountType:
        """What the account is, as ``account_type_from`` says."""
        return self.snapshot.account_type

    @property
    def account_type_from(self) -> str:
        """Who says so: ``merchant`` or ``business_api``."""
        return self.snapshot.account_type_from

    @property
    def account_type_unseen(self) -> Absent | None:
        """Why the Business API did not tell the type, where it was asked. Told, and never judged."""
        return self.snapshot.account_type_unseen

    @property
    def periods(self) -> Periods:
        """The windows of the night."""
        return self.snapshot.periods


class Reading(NamedTuple):
    """What a check measured. A named tuple, as ``Facts``: fifteen of each are made for every merchant and night.

    ``value``: the figure that the thresholds judge; ``None`` when the check knows conditions only.
    ``samples``: how many of what the figure rests on; the keys are names of floors in the profile.
    ``conditions``: named breaches, whose severity the profile decides.
    ``unseen``: what kept the check from seeing everything; a breach found all the same still stands.
    """

    value: Figure | None
    unit: str = ""
    samples: Mapping[str, int | Absent] = NOTHING
    conditions: tuple[str, ...] = ()
    unseen: tuple[Cause, ...] = ()
    evidence: Evidence = NOTHING


class Breach(StrEnum):
    """On which side of its thresholds a value is bad. Above and below are strict: on the line is still good."""

    ABOVE = "above"
    BELOW = "below"
    AT_MOST = "at_most"

    def by(self, value: Decimal, threshold: Decimal) -> bool:
        """Say whether ``value`` breaches ``threshold``."""
        match self:
            case Breach.ABOVE:
                return value > threshold
            case Breach.BELOW:
                return value < threshold
            case Breach.AT_MOST:
                return value <= threshold


_LIMITS: Final = {
    (Severity.WARN, Breach.ABOVE): marked("warn above {limit}"),
    (Severity.WARN, Breach.BELOW): marked("warn below {limit}"),
    (Severity.WARN, Breach.AT_MOST): marked("warn at {limit}"),
    (Severity.CRITICAL, Breach.ABOVE): marked("critical above {limit}"),
    (Severity.CRITICAL, Breach.BELOW): marked("critical below {limit}"),
    (Severity.CRITICAL, Breach.AT_MOST): marked("critical at {limit}"),
}


@dataclass(frozen=True, slots=True)
class Check:
    """One of the fifteen questions, or one of those that a merchant may ask beside them.

    ``good`` and ``bad`` are the titles of the two states, ``advice`` says what the merchant can do about the bad one.
    ``needs``: parts without which there is nothing to measure; ``looks_at``: parts whose absence it reads itself.
    ``says``: how the figure reads in a sentence, with ``{value}`` for the number and its unit; ``says_rise``: the same
    for a drop that turned out negative, which is a rise.
    ``rate``: the value is a percentage of a whole, so that a threshold outside 0 to 100 is a mistake.
    ``parameters``: the names of the profile's numbers that the measurement itself uses.
    ``formula``: how the figure comes about, in words, with such names in braces; ``inputs``: what it is made of, each
    by its place in the snapshot.
    """

    id: str
    area: Area
    good: str
    bad: str
    advice: str
    measure: Callable[[Facts], Reading]
    breach: Breach
    says: str
    formula: str
    inputs: tuple[str, ...]
    says_rise: str = ""
    needs: tuple[Part[Any], ...] = ()
    looks_at: tuple[Part[Any], ...] = ()
    rate: bool = False
    conditions: Mapping[str, str] = field(default_factory=dict)
    parameters: frozenset[str] = frozenset()
    declared: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Note the names of all parts that the check may see: they are asked for at every judgement."""
        object.__setattr__(self, "declared", frozenset(part.name for part in (*self.needs, *self.looks_at)))

    def sentence(self, outcome: Outcome, language: Language = ENGLISH, *, limits: bool = True) -> str:
        """Return an outcome of this check in one sentence: title, figure, and, with ``limits``, the thresholds crossed.

        Why nobody could look is told in English only: the details are for whoever mends it.
        """
        if outcome.status is Status.NOT_EVALUATED:
            return "Could not look: " + "; ".join(cause.detail for cause in outcome.causes) + "."
        said = [language.say(self.conditions[name]) for name in outcome.conditions]
        value, good = outcome.value, outcome.status is Status.PASS
        if value is not None and (value or not good):
            rise = self.says_rise if value < 0 else ""
            figure = language.figure(abs(value) if rise else value, outcome.unit)
            said.append(language.say(rise or self.says, value=figure))
            crossed = ", ".join(self.limits(outcome, language))
            if limits and crossed and outcome.status.severity is not None and not outcome.conditions:
                said[-1] += f" ({crossed})"
        title = language.say(self.good if good else self.bad)
        return f"{title}: {', '.join(said)}." if said else f"{title}."

    def limits(self, outcome: Outcome, language: Language = ENGLISH) -> tuple[str, ...]:
        """Return the thresholds that an outcome was judged by: ``warn above 60 %``, ``critical above 75 %``."""
        levels = ((Severity.WARN, outcome.warn), (Severity.CRITICAL, outcome.critical))
        return tuple(
            language.say(_LIMITS[level, self.breach], limit=language.figure(limit, outcome.unit))
            for level, limit in levels
            if limit is not None
        )


@overload
def measured(a: A | Absent, /) -> A: ...
@overload
def measured(a: A | Absent, b: B | Absent, /) -> tuple[A, B]: ...
@overload
def measured(a: A | Absent, b: B | Absent, c: C | Absent, /) -> tuple[A, B, C]: ...
def measured(*values: object) -> object:
    """Return the values, all of them measured.

    Raises:
        Unseen: at least one is absent; carries the causes of all that are.
    """
    if missing := causes_of(*values):
        raise Unseen(missing)
    return values[0] if len(values) == 1 else values


def ratio(value: Figure, over: int | Absent) -> Figure:
    """Return a rate or mean as measured. Over a measured 0 it is null by arithmetic, not because nobody measured it.

    Then (APIS 4.2) ``not_measured`` becomes ``sample_too_small``; every other cause stays.
    """
    if over != 0 or not isinstance(value, Absent):
        return value
    nothing = Cause(Reason.SAMPLE_TOO_SMALL, "there was nothing to measure it on")
    return Absent(distinct(nothing if cause.reason is Reason.NOT_MEASURED else cause for cause in value.causes))


def drop_percent(prior: Decimal | int | Absent, current: Decimal | int | Absent, *, of: str) -> Figure:
    """Return by how many percent ``current`` lies below ``prior``; negative when it rose.

    A prior of 0 (or below, by refunds) has nothing to fall from: ``sample_too_small``.
    """
    if isinstance(prior, Absent) or isinstance(current, Absent):
        return Absent(causes_of(prior, current))
    if prior <= 0:
        return Absent.because(Reason.SAMPLE_TOO_SMALL, f"{of} was {prior} in the prior period")
    # Multiplied before it is divided: 1000 of 5000 is exactly 20, which a threshold of 20 must not see as more.
    return Decimal(prior - current) * HUNDRED / Decimal(prior)


def before(prior: PeriodFigures | Absent, pick: Callable[[PeriodFigures], Figure]) -> Evidence:
    """Return the prior period's figure as evidence, where there is one: a reader wants to know which way it went."""
    value = prior if isinstance(prior, Absent) else pick(prior)
    return NOTHING if isinstance(value, Absent) else {"prior_period": value}


def incomparable(*marks: Absent | None) -> tuple[Cause, ...]:
    """Return the causes that forbid a comparison of the two periods."""
    return distinct(cause for mark in marks if mark is not None for cause in mark.causes)
