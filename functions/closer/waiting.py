"""The alerts that waited for the close: sent out, or withheld where the whole fleet has the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from functools import partial

from functions.store.tables import Tables
from functions.store.waits import Waited, end_wait

WRITERS = 8  # a wave of ten thousand rejected tokens is through in half a minute


@dataclass(frozen=True, slots=True)
class Waiting:
    """Everything that ending the wait works with. ``shared_on`` names the failures that were the fleet's on a night."""

    tables: Tables
    shared_on: Callable[[date], Collection[str]]
    on_failure: Callable[[str, Exception], None]

    def end(self, night: date) -> Mapping[Waited, int]:
        """End the wait of every alert of that night, and of nights before that were never closed.

        Doing it again, after a crash too, goes on where it ended: what waits no more is left as it is.
        """
        keys = list(self.tables.alerts.waiting(night))
        shared = {of: frozenset(self.shared_on(of)) for of in {night_of(alert_id) for _, alert_id in keys}}
        with ThreadPoolExecutor(WRITERS) as writers:
            return Counter(writers.map(partial(self._end, shared), keys))

    def _end(self, shared: Mapping[date, Collection[str]], key: tuple[str, str]) -> Waited:
        merchant_id, alert_id = key
        try:
            alert = self.tables.alerts.get(merchant_id, alert_id)
            if alert is None or alert.root is None:
                return Waited.NOT_WAITING
            return end_wait(self.tables, alert, shared=alert.root.failure in shared[alert.night])
        except Exception as error:  # noqa: BLE001 - one merchant's trouble must not keep the night from closing
            self.on_failure(merchant_id, error)
            return Waited.NOT_WAITING


def night_of(alert_id: str) -> date:
    """Return the night that an alert belongs to."""
    return date.fromisoformat(alert_id.partition("#")[0])
