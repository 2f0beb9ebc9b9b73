"""A channel's own numbers, drawn from its story's ranges by the seed: the same seed, the same numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from random import Random

from console.sample.story import Range, SampleMerchant, Shape

# Shops sell more towards the weekend; each merchant's week is this one, a little bent.
_WEEK = (0.92, 0.90, 0.94, 0.98, 1.06, 1.12, 1.08)
_WITHOUT_CENTS = frozenset({"JPY", "KRW", "CLP", "VND"})


@dataclass(frozen=True, slots=True)
class Rates:
    """One period's rates: percent, pages, seconds and money an order."""

    bounce: float
    pages_per_session: float
    duration: float
    conversion: float
    order_value: float
    abandonment: float
    returning: float
    users: float


@dataclass(frozen=True, slots=True)
class Traits:
    """Everything that is constant about one merchant's channel under one seed."""

    key: str
    shape: Shape
    week: tuple[float, ...]
    sessions: float
    growth: float
    goals: float
    goals_rise: float
    current: Rates
    prior: Rates
    cent: Decimal
    page_count: int
    dud_page: float | None
    star_page: float | None
    star_source: float | None

    def random_for(self, *what: object) -> Random:
        """Return the random numbers for one purpose, independent of what else was drawn before."""
        # S311 is about secrets; these numbers only have to be the same again tomorrow.
        return Random(":".join(map(str, (self.key, *what))))  # noqa: S311


def traits_of(merchant: SampleMerchant) -> Traits:
    """Draw a merchant's numbers."""
    shape = merchant.shape
    key = f"{merchant.seed}:{merchant.id}"
    random = Random(key)  # noqa: S311 - sample figures, no secrets

    def draw(span: Range) -> float:
        return random.uniform(*span)

    growth = 1 + draw(shape.sessions_change) / 100
    current = Rates(
        bounce=draw(shape.bounce),
        pages_per_session=draw(shape.pages_per_session),
        duration=draw(shape.duration),
        conversion=draw(shape.conversion),
        order_value=float(merchant.shop.order_value) * draw((0.94, 1.06)),
        abandonment=draw(shape.abandonment),
        returning=draw(shape.returning),
        users=draw((0.82, 0.9)),
    )
    prior = Rates(
        bounce=current.bounce * draw((0.95, 1.0)),
        pages_per_session=max(1.05, current.pages_per_session * draw((0.97, 1.05))),
        duration=current.duration / (1 + draw(shape.duration_change) / 100),
        conversion=_before(current.conversion, draw(shape.conversion_change)),
        order_value=current.order_value / (1 + draw(shape.order_value_change) / 100),
        abandonment=min(current.abandonment * draw((0.96, 1.0)), 98),
        returning=max(current.returning, 4) * draw((0.9, 1.1)),
        users=draw((0.82, 0.9)),
    )
    return Traits(
        key=key,
        shape=shape,
        week=tuple(level * draw((0.97, 1.03)) for level in _WEEK),
        sessions=draw(shape.sessions),
        growth=growth,
        goals=draw(shape.goals),
        goals_rise=draw(shape.goals_rise),
        current=current,
        prior=prior,
        cent=Decimal(1) if merchant.shop.currency in _WITHOUT_CENTS else Decimal("0.01"),
        page_count=round(draw(shape.page_count)),
        dud_page=shape.dud_page and draw(shape.dud_page),
        star_page=shape.star_page and draw(shape.star_page),
        star_source=shape.star_source and draw(shape.star_source),
    )


def _before(now: float, change: float) -> float:
    """Return the conversion of the prior period; a channel that converts nobody now did convert well once."""
    return now / (1 + change / 100) if now else 1.6
