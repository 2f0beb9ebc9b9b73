"""Messages to look at: every check with the evidence that it really gives, in somebody else's words."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from functions.audit.absence import Reason
from functions.audit.digest import Change, Warned
from functions.audit.kpi import kpis_of
from functions.audit.mute import Kind, Mute
from functions.audit.news import News, Scene
from functions.audit.outcome import Origin, Outcome, Status
from functions.audit.snapshot import Snapshot
from functions.audit.telling import Why
from tests.builders import (
    CHECKS,
    NIGHT,
    NOW,
    PERIODS,
    absent,
    figures,
    outcome,
    outcomes_of,
    page,
    pages,
    series,
    series_with,
    sessions,
    snapshot,
    source,
    sources,
    token,
)  # fmt: skip

COUNTS = {Status.PASS: 9, Status.INFO: 1, Status.WARN: 2, Status.CRITICAL: 1, Status.NOT_EVALUATED: 2}
SCENE = Scene(NIGHT, COUNTS)


def critical(check_id: str = "bounce_rate", **changed: Any) -> Outcome:
    """Return a critical outcome of a check, judged by limits of its own."""
    return outcome(Status.CRITICAL, CHECKS[check_id], warn=Decimal(60), critical=Decimal(75), **changed)


def bad_night(words: str = "/sale", **changed: Any) -> Snapshot:
    """Return a night on which every check has something to show; ``words`` is what others wrote in it."""
    spike: dict[str, Any] = {"sessions": series_with([(30, 5000)], level=100), "goal_completions": (Decimal(5),) * 60}
    usual: dict[str, Any] = {
        "token": token(days_left="5", open_id=words),
        "account_type": "personal",
        "stats": absent(Reason.SCOPE_MISSING),
        "sessions": sessions(
            current=figures(bounce_rate="81.25", cart_abandonment_rate="91", sessions=3000, revenue="1200.5"),
            series=series(**spike),
        ),
        "pages": pages(
            *(page(f"{words}{at}", conversion_rate="0.2") for at in range(7)), page(words, conversion_rate="9")
        ),
        "sources": sources(source(words, conversion_rate="9")),
    }
    return snapshot(**(usual | changed))


def every_outcome(words: str = "/sale") -> tuple[Outcome, ...]:
    """Return an outcome of every check that is critical, with the evidence of a bad night; of conditions each alone."""
    found: list[Outcome] = []
    for one in outcomes_of(bad_night(words)).values():
        seen = one._replace(status=Status.CRITICAL, warn=Decimal(60), critical=Decimal(75), causes=())
        found.append(seen._replace(conditions=(), value=Decimal("1234.5"), unit=seen.unit or "%"))
        found += [seen._replace(conditions=(condition,)) for condition in seen.check.conditions]
    return tuple(found)


def every_news(words: str = "/sale") -> Iterator[News]:
    """Yield all that a message can tell of: each outcome, for each reason, on its night and later."""
    ended = (muted(words, "all"), muted(words, "bounce_rate"))
    for one in every_outcome(words):
        theirs = one._replace(origin=Origin("merchant", words, NIGHT))
        yield News(one, Why.OPENED, NIGHT, 12, ended)
        yield News(theirs, Why.WORSENED, NIGHT.replace(day=3), 1)
        yield News(theirs._replace(origin=Origin("merchant", words)), Why.REOPENED, NIGHT.replace(day=3))
        yield News(one, Why.STILL_CRITICAL, NIGHT.replace(day=3))
        yield News(one._replace(status=Status.PASS, conditions=(), value=Decimal(-7)), Why.RESOLVED, None)
        yield News(one, Why.CORRECTED, None)
        yield News(one._replace(status=Status.PASS, conditions=()), Why.CORRECTED, None)


def every_warning(words: str = "/sale") -> list[Warned]:
    """Return all that a digest can tell of: each outcome with each change."""
    seen = every_outcome(words)
    return [Warned(seen[at % len(seen)], change, NIGHT.replace(day=3)) for at, change in enumerate([*Change] * 3)]


def whole_scene(words: str = "/sale") -> Scene:
    """Return a night of which all is known, and on which every reason kept a check from looking."""
    blind = [outcome(Status.NOT_EVALUATED, check, causes=absent(reason, detail=words).causes)
             for check, reason in zip(CHECKS.values(), Reason, strict=False)]  # fmt: skip
    return Scene(NIGHT, COUNTS, tuple(blind), kpis_of(bad_night(words)), PERIODS)


def muted(words: str, check_id: str) -> Mute:
    """Return a mute as a row might hold it that our own commands would never have written."""
    return Mute.model_construct(
        merchant_id="larkspur", check_id=check_id, kind=Kind.MUTE, until=NIGHT, author=words, reason=words,
        created_at=NOW, episode=None,
    )  # fmt: skip
