"""How much of TikTok's quota a night of 5,000 merchants uses, in virtual time, and whether TikTok ever said no."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from functions.fetcher.collect import Collected
from tests.bench.result import CannotMeasureError, Measured, Side, Tell
from tests.simulation.night import Night, Plan, rush

GOAL: Final = 0.97
PLANS: Final = {
    "budget: 5,000 merchants, 20 fetchers": Plan(),
    "… a fifth of the storefronts on TikTok's host": Plan(own_storefront=0.2),
    "… and 100 fetchers": Plan(own_storefront=0.2, fetchers=100),
}


def measure(tell: Tell) -> list[Measured]:
    """Let each night pass once: it is the same every time."""
    lines = []
    for name, plan in PLANS.items():
        tell(name)
        night = rush(plan)
        _be_sure(night)
        line = Measured(
            name,
            "",
            Side(f"requests in each whole minute, {_in_words(night)}", [float(count) for count in night.each_minute]),
            Side("the requests that TikTok allows in a minute", [float(plan.quota)]),
            goal=f"≥ {GOAL} ×",
        )
        lines.append(replace(line, met=night.used >= GOAL and not night.said[429]))
    return lines


def _in_words(night: Night) -> str:
    postponed = night.came_of[Collected.POSTPONED]
    return (
        f"{night.used:.3f} of the quota over {night.busy_until / 60:.0f} minutes, {night.most_in_a_minute} in the "
        f"fullest one, {night.said[429]} × 429, {postponed:,} times postponed, {max(night.receives)} receive a message"
    )


def _be_sure(night: Night) -> None:
    """Refuse figures of a night that missed somebody."""
    if len(night.stored) != night.plan.merchants or set(night.fetched.values()) != {1}:
        raise CannotMeasureError("not every merchant was fetched exactly once")
