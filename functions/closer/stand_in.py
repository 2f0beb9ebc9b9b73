"""Telling the operators of criticals that no recipient was there to get, each night's once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from functions.audit.alert import Alert
from functions.audit.unreached import unreached_text
from functions.store.tables import Tables
from functions.store.unreached import record_operators_told

WRITERS = 8  # a stage without any recipient has every critical of the night here


@dataclass(frozen=True, slots=True)
class StandIn:
    """Everything that telling works with. ``tell`` sends the operators a subject and a body."""

    tables: Tables
    tell: Callable[[str, str], None]
    on_failure: Callable[[str, Exception], None]

    def speak(self, night: date, *, now: datetime) -> int:
        """Tell them of that night's and of the week's before; return of how many messages.

        Told before it is recorded, as all is: a crash in between tells them again. What comes after this close is told
        by the next.
        """
        keys = list(self.tables.alerts.unreached(night))
        with ThreadPoolExecutor(WRITERS) as workers:
            found = [alert for alert in workers.map(self._alert, keys) if alert is not None]
            if found:
                self.tell(*unreached_text(night, found))
            list(workers.map(partial(self._record, now), found))
        return len(found)

    def _alert(self, key: tuple[str, str]) -> Alert | None:
        try:
            return self.tables.alerts.get(*key)
        except Exception as error:  # noqa: BLE001 - one merchant's trouble must not keep the night from closing
            self.on_failure(key[0], error)
            return None

    def _record(self, now: datetime, alert: Alert) -> bool:
        return record_operators_told(self.tables, alert, at=now)
