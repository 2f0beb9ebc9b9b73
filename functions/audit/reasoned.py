"""The numbers of the profile, each with its reason: which there are, and within what limits they can work."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Generic, TypeVar

from pydantic import Field

from functions.audit.merchant import Severity
from functions.audit.model import Model

V = TypeVar("V")
LIMITS: Final = {
    "periods": {"period_days": (7, 45), "lag_days": (0, 14), "series_days": (30, 92)},
    "findings": {
        "good_nights": (1, 7),
        "slow_nights": (1, 28),
        "margin_percent": (0, 50),
        "return_nights": (0, 60),
        "remind_nights": (1, 60),
    },
    "fleet": {"share_percent": (1, 100), "merchants": (2, 1_000_000)},
    "late": {"change_percent": (0, 50)},
}


class Reasoned(Model, Generic[V]):
    """A number (or severity) of the profile, and why it is what it is."""

    value: V = Field(alias="is")
    why: str = Field(min_length=10)


class PeriodSettings(Model):
    """The windows, in days."""

    period_days: Reasoned[int]
    lag_days: Reasoned[int]
    series_days: Reasoned[int]


class FindingSettings(Model):
    """How patient findings are: see ``finding.Pace``."""

    good_nights: Reasoned[int]
    slow_nights: Reasoned[int]
    margin_percent: Reasoned[Decimal]
    return_nights: Reasoned[int]
    remind_nights: Reasoned[int]


class FleetSettings(Model):
    """From where on a failure is the fleet's: see ``fleet.Share``."""

    share_percent: Reasoned[Decimal]
    merchants: Reasoned[int]


class LateSettings(Model):
    """From where on late figures have a night read again: see ``restate``."""

    change_percent: Reasoned[Decimal]


class CheckSettings(Model):
    """What one check is judged by. A level that is left out cannot be reached."""

    info: Reasoned[Decimal] | None = None
    warn: Reasoned[Decimal] | None = None
    critical: Reasoned[Decimal] | None = None
    conditions: dict[str, Reasoned[Severity]] = Field(default_factory=dict)
    parameters: dict[str, Reasoned[Decimal]] = Field(default_factory=dict)
