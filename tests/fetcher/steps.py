"""Everything that a fetch does to the world, one step after another, and where it is cut off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, TypeVar

T = TypeVar("T")


class Crash(BaseException):
    """The process ends here and now. Nobody catches it, and nothing of it runs on."""


class Side(Enum):
    """On which side of a step something happens: before it had an effect, or when it had it and nobody knew yet."""

    BEFORE = "before"
    AFTER = "after"


Happening = Callable[[], None]


@dataclass
class Steps:
    """Counts the steps by name. ``plan`` says what happens on a side of the step of a number: a crash, an outage, or
    somebody else's whole turn. ``ahead`` of every step something else may happen, by its name.
    """

    plan: dict[tuple[int, Side], Happening] = field(default_factory=dict)
    ahead: Callable[[str], None] = lambda _: None
    names: list[str] = field(default_factory=list)

    def take(self, name: str, act: Callable[[], T]) -> T:
        number = len(self.names)
        self.names.append(name)
        self.ahead(name)
        self._happens(number, Side.BEFORE)
        result = act()
        self._happens(number, Side.AFTER)
        return result

    def _happens(self, number: int, side: Side) -> None:
        if (happening := self.plan.get((number, side))) is not None:
            happening()


def crash() -> None:
    raise Crash


class Watched:
    """A client or a store of which every call is a step, but for those about something else."""

    def __init__(self, watched: object, steps: Steps, *, unless: str = "tiktok_business") -> None:
        self._watched = watched
        self._steps = steps
        self._unless = unless

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._watched, name)

        def step(*given: Any, **named: Any) -> Any:
            if self._unless in repr((given, named.get("Key"))):
                return call(*given, **named)
            return self._steps.take(name, lambda: call(*given, **named))

        return step
