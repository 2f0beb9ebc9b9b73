"""The one place where a reading becomes an outcome: absence, floors, thresholds, conditions and crashes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from functions.audit.absence import Absent, Cause, Reason, causes_of, distinct
from functions.audit.check import Check, Facts, Reading, Unseen
from functions.audit.checks import CATALOGUE
from functions.audit.outcome import Outcome, Status
from functions.audit.profile import Profile, Rule
from functions.audit.snapshot import Snapshot
from functions.audit.wording import floor_noun

_RANK = {Status.PASS: 0, Status.INFO: 1, Status.WARN: 2, Status.CRITICAL: 3}

CrashReport = Callable[[str, Exception], None]


def judge(
    snapshot: Snapshot,
    profile: Profile,
    rules: Mapping[str, Rule],
    *,
    checks: tuple[Check, ...] = CATALOGUE,
    on_crash: CrashReport | None = None,
) -> tuple[Outcome, ...]:
    """Return exactly one outcome for every check, in report order.

    A check that raises becomes ``not_evaluated`` with ``check_crashed``; ``on_crash`` is told its id and the error.
    """
    floors = {name: floor.value for name, floor in profile.floors.items()}
    return tuple(_judge_one(check, snapshot, rules[check.id], floors, on_crash) for check in checks)


def _judge_one(
    check: Check, snapshot: Snapshot, rule: Rule, floors: Mapping[str, int], on_crash: CrashReport | None
) -> Outcome:
    facts = Facts(snapshot, check.declared, rule.parameters)
    if missing := causes_of(*[facts.look(part) for part in check.needs]):
        return _not_evaluated(check, rule, missing)
    try:
        reading = check.measure(facts)
        return _from_reading(check, reading, rule, floors)
    except Unseen as unseen:
        return _not_evaluated(check, rule, unseen.causes)
    except Exception as error:  # noqa: BLE001 - one check's bug must not take the other fourteen with it
        if on_crash is not None:
            on_crash(check.id, error)
        crash = Cause(Reason.CHECK_CRASHED, f"{check.id} failed with {type(error).__name__}")
        return _not_evaluated(check, rule, (crash,))


def _from_reading(check: Check, reading: Reading, rule: Rule, floors: Mapping[str, int]) -> Outcome:
    causes = _causes(reading, floors)
    value = None if causes or isinstance(reading.value, Absent) else reading.value
    status = _by_number(check, value, rule)
    if reading.conditions:
        status = max(status, *_by_condition(reading, rule), key=_RANK.__getitem__)
    if causes and status is Status.PASS:
        # Blind, and nothing bad is known all the same: "could not look", never a pass.
        return _not_evaluated(check, rule, causes, reading)
    return Outcome(
        check=check,
        status=status,
        value=value,
        unit=reading.unit,
        warn=rule.warn,
        critical=rule.critical,
        origin=rule.origin,
        conditions=reading.conditions,
        samples=_sizes(reading),
        evidence=reading.evidence,
    )


def _causes(reading: Reading, floors: Mapping[str, int]) -> tuple[Cause, ...]:
    """Return everything that keeps the figure from being judged: the figure itself, its samples, what was unseen."""
    value = reading.value
    own = value.causes if isinstance(value, Absent) else ()
    thin: list[Cause] = []
    for name, size in reading.samples.items():
        if isinstance(size, Absent):
            thin.extend(size.causes)
        elif size < floors[name]:
            need = f"needs at least {floors[name]} {floor_noun(name)}, saw {size}"
            thin.append(Cause(Reason.SAMPLE_TOO_SMALL, need))
    return distinct((*own, *thin, *reading.unseen)) if own or thin or reading.unseen else ()


def _by_number(check: Check, value: Decimal | None, rule: Rule) -> Status:
    if value is None:
        return Status.PASS
    for status, threshold in ((Status.CRITICAL, rule.critical), (Status.WARN, rule.warn), (Status.INFO, rule.info)):
        if threshold is not None and check.breach.by(value, threshold):
            return status
    return Status.PASS


def _by_condition(reading: Reading, rule: Rule) -> tuple[Status, ...]:
    return tuple(Status(rule.conditions[name].value) for name in reading.conditions)


def _not_evaluated(check: Check, rule: Rule, causes: tuple[Cause, ...], reading: Reading | None = None) -> Outcome:
    return Outcome(
        check=check,
        status=Status.NOT_EVALUATED,
        unit=reading.unit if reading else "",
        warn=rule.warn,
        critical=rule.critical,
        origin=rule.origin,
        causes=causes,
        samples=_sizes(reading) if reading else {},
    )


def _sizes(reading: Reading) -> Mapping[str, int]:
    return {name: size for name, size in reading.samples.items() if not isinstance(size, Absent)}
