"""The fifteen checks as a table in Markdown, made from the catalogue and the profile, so that it cannot drift."""

from __future__ import annotations

import sys
from decimal import Decimal

from functions.audit.check import Breach, Check
from functions.audit.checks import CATALOGUE
from functions.audit.profile import Rule, default_profile
from functions.audit.wording import plain

_SIGNS = {Breach.ABOVE: ">", Breach.BELOW: "<", Breach.AT_MOST: "≤"}


def markdown() -> str:
    """Return the table, one row a check in report order."""
    rules = default_profile().plain_rules
    rows = ["| id | area | question | warn | critical |", "|---|---|---|---|---|"]
    rows += [
        f"| `{check.id}` | {check.area.value} | {_question(check)} | {_level(check, rules[check.id], 'warn')} "
        f"| {_level(check, rules[check.id], 'critical')} |"
        for check in CATALOGUE
    ]
    return "\n".join(rows) + "\n"


def _question(check: Check) -> str:
    """Return the first line of the check's own module: the question that it answers."""
    return (sys.modules[check.measure.__module__].__doc__ or "").partition("\n")[0]


def _level(check: Check, rule: Rule, level: str) -> str:
    """Return what brings the check to this level, in the profile's own numbers."""
    number: Decimal | None = getattr(rule, level)
    said = [] if number is None else [f"{_SIGNS[check.breach]} {plain(number)}{' %' if check.rate else ''}"]
    said += [check.conditions[name] for name, severity in rule.conditions.items() if severity.value == level]
    if level == "warn" and rule.info is not None:
        said.append(f"`info` when {_SIGNS[check.breach]} {plain(rule.info)}")
    return "; ".join(said) or "-"


if __name__ == "__main__":
    sys.stdout.write(markdown())
