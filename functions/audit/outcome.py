"""What a check came to, and everything that is needed to understand why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from functions.audit.absence import Cause, Reason
from functions.audit.merchant import Severity

if TYPE_CHECKING:
    from functions.audit.check import Check

# Plain data only: it is stored, printed and sent as it is.
EvidenceValue: TypeAlias = "str | int | bool | Decimal | list[EvidenceValue] | dict[str, EvidenceValue] | None"
Evidence: TypeAlias = Mapping[str, EvidenceValue]
NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})


class Status(StrEnum):
    """The five things that an outcome can be. "Could not look" is one of its own, never a pass."""

    PASS = "pass"  # noqa: S105 - a status, no password
    INFO = "info"
    WARN = "warn"
    CRITICAL = "critical"
    NOT_EVALUATED = "not_evaluated"

    @property
    def severity(self) -> Severity | None:
        """The severity of a breach; ``None`` for everything else."""
        return Severity(self.value) if self in {Status.WARN, Status.CRITICAL} else None


class Area(StrEnum):
    """The four questions that the checks belong to."""

    ACCESS = "access"
    TRAFFIC = "traffic"
    AUDIENCE = "audience"
    COMMERCE = "commerce"


@dataclass(frozen=True, slots=True)
class Origin:
    """Who set the threshold that an outcome was judged by: the default profile, or the merchant with its reason."""

    set_by: str = "default"
    reason: str | None = None
    expires: date | None = None


_DEFAULT_ORIGIN = Origin()


class Outcome(NamedTuple):
    """One check, one merchant, one night.

    ``value`` is ``None`` when there is no figure (not evaluated, or a check that knows conditions only).
    ``conditions`` are the named breaches that were found. ``causes`` is empty exactly when the check was evaluated.
    ``samples`` says how much the figure rests on.
    """

    check: Check
    status: Status
    value: Decimal | None = None
    unit: str = ""
    warn: Decimal | None = None
    critical: Decimal | None = None
    origin: Origin = _DEFAULT_ORIGIN
    conditions: tuple[str, ...] = ()
    causes: tuple[Cause, ...] = ()
    samples: Mapping[str, int] = NOTHING
    evidence: Evidence = NOTHING

    @property
    def check_id(self) -> str:
        """The id of the check."""
        return self.check.id

    @property
    def area(self) -> Area:
        """The area of the check."""
        return self.check.area

    @property
    def summary(self) -> str:
        """The outcome in one sentence. Made when it is read: judging thousands of shops needs no prose."""
        return self.check.sentence(self)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The distinct reasons why it was not evaluated, in the order they were found."""
        return tuple(dict.fromkeys(cause.reason for cause in self.causes))
