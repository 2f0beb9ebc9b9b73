"""The audit profile: thresholds, floors and windows as data, with per-merchant overrides, refused when wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from importlib import resources
from typing import Final

from pydantic import ValidationError

from functions.audit.check import Breach, Check
from functions.audit.checks import CATALOGUE
from functions.audit.errors import InvalidInput
from functions.audit.extra_checks import EXTRAS
from functions.audit.finding import Pace
from functions.audit.merchant import Merchant, Override, Severity
from functions.audit.model import Model
from functions.audit.outcome import Origin
from functions.audit.periods import Periods
from functions.audit.reasoned import (
    LIMITS,
    CheckSettings,
    FindingSettings,
    FleetSettings,
    LateSettings,
    PeriodSettings,
    Reasoned,
)
from functions.audit.rootcause import Share
from functions.audit.wording import FLOORS

_ALL: Final = (*CATALOGUE, *EXTRAS)


@dataclass(frozen=True, slots=True)
class Rule:
    """What one check of one merchant is judged by on one night: the profile with the merchant's override merged in."""

    info: Decimal | None
    warn: Decimal | None
    critical: Decimal | None
    conditions: Mapping[str, Severity]
    parameters: Mapping[str, Decimal]
    origin: Origin


class Profile(Model):
    """The whole profile, valid in itself: see ``problems``."""

    version: str
    periods: PeriodSettings
    floors: dict[str, Reasoned[int]]
    findings: FindingSettings
    fleet: FleetSettings
    late: LateSettings
    checks: dict[str, CheckSettings]
    extra_checks: dict[str, CheckSettings]

    def periods_of(self, night: date) -> Periods:
        """Return the windows that a night looks at."""
        return Periods.of_night(
            night,
            period_days=self.periods.period_days.value,
            lag_days=self.periods.lag_days.value,
            series_days=self.periods.series_days.value,
        )

    @cached_property
    def pace(self) -> Pace:
        """How patient findings are."""
        return Pace(**{name: getattr(self.findings, name).value for name in FindingSettings.model_fields})

    @property
    def share(self) -> Share:
        """From where on a failure is the fleet's."""
        return Share(percent=self.fleet.share_percent.value, merchants=self.fleet.merchants.value)

    @cached_property
    def plain_rules(self) -> Mapping[str, Rule]:
        """The rule of every check when nobody overrides anything."""
        return {check.id: _plain_rule(self.checks[check.id]) for check in CATALOGUE}

    @cached_property
    def all_rules(self) -> Mapping[str, Rule]:
        """The same with the rules of the extra checks, which are judged only where a merchant asks for them."""
        return {**self.plain_rules, **{check.id: _plain_rule(self.extra_checks[check.id]) for check in EXTRAS}}

    def rules_for(self, merchant: Merchant | None, night: date) -> Mapping[str, Rule]:
        """Return the rule of every check for this merchant on this night; expired overrides no longer count."""
        if merchant is None or not merchant.thresholds:
            return self.all_rules
        return {check.id: self._rule(check, merchant.thresholds.get(check.id), night) for check in _ALL}

    def _rule(self, check: Check, override: Override | None, night: date) -> Rule:
        plain = self.all_rules[check.id]
        if override is None or not override.applies_on(night):
            return plain
        return Rule(
            info=plain.info,
            warn=plain.warn if override.warn is None else override.warn,
            critical=plain.critical if override.critical is None else override.critical,
            conditions={**plain.conditions, **override.conditions},
            parameters=plain.parameters,
            origin=Origin(set_by="merchant", reason=override.reason, expires=override.expires),
        )

    def refuse_unfit(self, merchant: Merchant) -> None:
        """Check a merchant's overrides before they are stored.

        Raises:
            InvalidInput: an override names no check, changes nothing, or can never do what it says.
        """
        problems: list[str] = []
        by_id = {check.id: check for check in _ALL}
        for check_id, override in merchant.thresholds.items():
            check = by_id.get(check_id)
            if check is None:
                problems.append(f"thresholds.{check_id}: there is no such check; the checks are {', '.join(by_id)}")
                continue
            if override.warn is None and override.critical is None and not override.conditions:
                problems.append(f"thresholds.{check_id}: sets nothing; give warn, critical or conditions")
            if (
                check.conditions
                and not _judges_numbers(self, check)
                and (override.warn, override.critical) != (None, None)
            ):
                problems.append(
                    f"thresholds.{check_id}: this check measures no number; set a severity for one of its conditions: "
                    f"{', '.join(check.conditions)}"
                )
            problems += _problems(check, self._rule(check, override, override.expires or date.min))
        if problems:
            raise InvalidInput(f"{merchant.id}: " + "; ".join(problems))


def parse_profile(text: str) -> Profile:
    """Return the profile written as TOML.

    Raises:
        InvalidInput: it is not TOML, lacks something, or holds a threshold that cannot work.
    """
    try:
        profile = Profile.model_validate(tomllib.loads(text, parse_float=Decimal))
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"The profile is not valid TOML: {error}") from error
    except ValidationError as error:
        raise InvalidInput(f"The profile is wrong: {sentence(error)}") from error
    problems = [*_outside(profile), *_gaps(profile)]
    if not problems:
        for check in _ALL:
            problems += _problems(check, profile.all_rules[check.id])
    if problems:
        raise InvalidInput("The profile is wrong: " + "; ".join(problems))
    return profile


@cache
def default_profile() -> Profile:
    """Return the profile that comes with Nightjar."""
    return parse_profile(resources.files("functions.audit").joinpath("profile.toml").read_text(encoding="utf-8"))


def sentence(error: ValidationError) -> str:
    """Return what pydantic found wrong as one line that names each place. Input values are left out: may be secret."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    told = ((".".join(map(str, problem["loc"])), problem["msg"].removeprefix("Value error, ")) for problem in problems)
    return "; ".join(f"{place}: {what}" if place else what for place, what in told)


def _plain_rule(settings: CheckSettings) -> Rule:
    return Rule(
        info=settings.info.value if settings.info else None,
        warn=settings.warn.value if settings.warn else None,
        critical=settings.critical.value if settings.critical else None,
        conditions={name: entry.value for name, entry in settings.conditions.items()},
        parameters={name: entry.value for name, entry in settings.parameters.items()},
        origin=Origin(),
    )


def _judges_numbers(profile: Profile, check: Check) -> bool:
    settings = {**profile.checks, **profile.extra_checks}[check.id]
    return bool(settings.info or settings.warn or settings.critical)


def _outside(profile: Profile) -> Iterable[str]:
    for section, limits in LIMITS.items():
        for name, (low, high) in limits.items():
            number = getattr(getattr(profile, section), name).value
            if not low <= number <= high:
                yield f"{section}.{name}: {number} is outside {low} to {high}"
    if profile.pace.slow_nights < profile.pace.good_nights:
        yield f"findings.slow_nights: {profile.pace.slow_nights} is quicker than good_nights {profile.pace.good_nights}"


def _gaps(profile: Profile) -> Iterable[str]:
    ids = {check.id for check in CATALOGUE}
    if unknown := profile.checks.keys() - ids:
        yield f"there are no such checks: {', '.join(sorted(unknown))}"
    if missing := ids - profile.checks.keys():
        yield f"these checks are missing: {', '.join(sorted(missing))}"
    if differing := {check.id for check in EXTRAS} ^ profile.extra_checks.keys():
        yield f"extra_checks are {', '.join(check.id for check in EXTRAS)}; look at {', '.join(sorted(differing))}"
    if unknown := profile.floors.keys() - FLOORS.keys():
        yield f"there are no such floors: {', '.join(sorted(unknown))}"
    if missing := FLOORS.keys() - profile.floors.keys():
        yield f"these floors are missing: {', '.join(sorted(missing))}"
    for name, floor in profile.floors.items():
        if floor.value < 1:
            yield f"floors.{name}: {floor.value} is no floor"


def _problems(check: Check, rule: Rule) -> Iterable[str]:
    for name, threshold in (("info", rule.info), ("warn", rule.warn), ("critical", rule.critical)):
        if threshold is None:
            continue
        if not threshold.is_finite():
            yield f"{check.id}.{name}: {threshold} is not a number"
        elif check.rate and not 0 <= threshold <= 100:  # noqa: PLR2004 - percent
            yield f"{check.id}.{name}: {threshold} is outside 0 to 100 percent"
    if rule.warn is not None and rule.critical is not None and rule.warn.is_finite() and rule.critical.is_finite():
        # A value just bad enough for critical must not be the first that is bad enough for warn.
        never = rule.warn >= rule.critical if check.breach is Breach.ABOVE else rule.warn <= rule.critical
        if never:
            yield f"{check.id}: warn {rule.warn} can never fire before critical {rule.critical}"
    if unknown := rule.conditions.keys() - check.conditions.keys():
        yield f"{check.id}: there are no such conditions: {', '.join(sorted(unknown))}"
    if forgotten := check.conditions.keys() - rule.conditions.keys():
        yield f"{check.id}: the severity of these conditions is missing: {', '.join(sorted(forgotten))}"
    if wrong := check.parameters ^ rule.parameters.keys():
        needed = ", ".join(sorted(check.parameters)) or "none"
        yield f"{check.id}: its parameters are {needed}; look at {', '.join(sorted(wrong))}"
