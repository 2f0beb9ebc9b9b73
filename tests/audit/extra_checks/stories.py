"""Nights on which extra checks were asked for."""

from __future__ import annotations

from typing import Any

from functions.audit.checks import CATALOGUE
from functions.audit.extra_checks import asked_for
from functions.audit.judge import judge
from functions.audit.merchant import Merchant
from functions.audit.outcome import Outcome
from functions.audit.profile import default_profile
from tests.builders import snapshot


def judged(shop: Merchant | None = None, **seen: Any) -> dict[str, Outcome]:
    """Return every outcome of a healthy night on which this was seen too."""
    night, profile = snapshot(**seen), default_profile()
    rules = profile.rules_for(shop, night.night)
    return {one.check_id: one for one in judge(night, profile, rules, checks=(*CATALOGUE, *asked_for(night)))}
