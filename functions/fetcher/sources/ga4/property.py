"""One GA4 property and the calls to it: a batch of reports, what is left of a listing, a token that was refused."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from functions.audit.absence import Absent, Reason
from functions.fetcher.answer import Answer
from functions.fetcher.sources.channel import Asked
from functions.fetcher.sources.ga4.access import GoogleAccess
from functions.fetcher.sources.ga4.failures import UNAUTHENTICATED, Patience, Refusal, refusal_of
from functions.fetcher.sources.ga4.plan import Wanted
from functions.fetcher.sources.ga4.quota import Quota
from functions.fetcher.sources.ga4.report import Report, Row, read_report

WHAT: Final = "GA4"
TRUNCATED: Final = "truncated"
MOST_ROWS: Final = 2_000  # of one report; in order of traffic they hold everything that a check asks for
MOST_CALLS: Final = 5  # for the rest of one report, should GA4 give fewer rows at a time than it was asked for

Came = Report | Refusal
Reports = Mapping[str, Came]


@dataclass(slots=True)
class Bearer:
    """The token of one fetch. Calls at the same time that are refused with it renew it once between them."""

    access: GoogleAccess
    token: str = field(repr=False)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def instead_of(self, refused: str) -> str | Absent:
        """Return another token than the one that was refused."""
        async with self._turn:
            if self.token == refused:
                new = await self.access.token(renew=True)
                if isinstance(new, Absent):
                    return new
                self.token = new
            return self.token


@dataclass(frozen=True, slots=True)
class Property:
    """Whom to ask, and with what. ``quota`` fills as its answers come."""

    asked: Asked
    bearer: Bearer
    quota: Quota = field(default_factory=Quota)

    async def ask(self, *batches: Sequence[Wanted]) -> Reports:
        """Return every report, or why it is missing. The batches go out at the same time, what they lack afterwards."""
        first = await asyncio.gather(*map(self._first, batches))
        everything = [pair for pairs in first for pair in pairs]
        whole = await asyncio.gather(*(self._whole(wanted, came) for wanted, came in everything))
        return {wanted.name: came for (wanted, _), came in zip(everything, whole, strict=True)}

    async def _first(self, batch: Sequence[Wanted]) -> list[tuple[Wanted, Came]]:
        """Return what came of a batch.

        One report that GA4 does not take fails the whole batch, and no answer says reliably which one it was: each of
        them is then asked for by itself, all at the same time.
        """
        came = await self._batch(batch)
        if isinstance(came, Refusal):
            if not came.for_its_content or len(batch) == 1:
                return [(wanted, came) for wanted in batch]
            alone = await asyncio.gather(*(self._one_more(wanted) for wanted in batch))
            return list(zip(batch, alone, strict=True))
        return list(zip(batch, came, strict=True))

    async def _whole(self, wanted: Wanted, first: Came) -> Came:
        """Return a report with the rows that did not fit into the first answer. Half a report is none."""
        if isinstance(first, Refusal):
            return first
        rows = {_place(row): row for row in first.rows[:MOST_ROWS]}
        came = len(first.rows)
        for _ in range(MOST_CALLS):
            if came >= min(first.row_count, MOST_ROWS):
                break
            more = await self._one_more(wanted.rest(came, MOST_ROWS - came))
            if isinstance(more, Refusal):
                return more
            if not more.rows:
                break
            came += len(more.rows)
            for row in more.rows:
                # Between two calls a row may have moved down the list: then it is there already.
                rows.setdefault(_place(row), row)
        worth = first.worth
        if min(came, MOST_ROWS) < first.row_count:
            worth = replace(worth, flags=tuple(dict.fromkeys((*worth.flags, TRUNCATED))))
        return replace(first, rows=tuple(rows.values())[:MOST_ROWS], worth=worth)

    async def _one_more(self, wanted: Wanted) -> Came:
        """Return a report that takes a call beyond the night's two, if the property's quota is good for one."""
        if (spent := self.quota.short_of(1)) is not None:
            return Refusal(Absent.because(Reason.RATE_LIMITED, f"{WHAT}: {spent} would not last for another call"))
        came = await self._batch([wanted])
        return came if isinstance(came, Refusal) else came[0]

    async def _batch(self, wanted: Sequence[Wanted]) -> tuple[Came, ...] | Refusal:
        """Return the reports in the order in which they were asked for, or why none came."""
        answer = await self._post(wanted)
        if isinstance(answer, Absent):
            return Refusal(answer)
        refusal = refusal_of(answer, what=WHAT)
        if refusal is not None:
            return refusal
        reports = (answer.body or {}).get("reports")
        if not isinstance(reports, list) or len(reports) != len(wanted):
            why = "answered without the reports that were asked for"
            return Refusal(Absent.because(Reason.SOURCE_FAILED, f"{WHAT} {why}"))
        return tuple(self._read(raw, one) for raw, one in zip(reports, wanted, strict=True))

    def _read(self, raw: object, wanted: Wanted) -> Came:
        if isinstance(raw, dict):
            self.quota.note(raw.get("propertyQuota"))
        report = read_report(raw, wanted)
        return Refusal(report) if isinstance(report, Absent) else report

    async def _post(self, wanted: Sequence[Wanted]) -> Answer | Absent:
        token = self.bearer.token
        answer = await self._send(wanted, token)
        if answer.status != UNAUTHENTICATED:
            return answer
        new = await self.bearer.instead_of(token)
        return new if isinstance(new, Absent) else await self._send(wanted, new)

    async def _send(self, wanted: Sequence[Wanted], token: str) -> Answer:
        settings = self.asked.settings
        body: dict[str, Any] = {"requests": [one.request for one in wanted]}
        return await self.asked.http.call(
            "POST",
            f"{settings.base_url}/v1beta/properties/{settings.property_id}:batchRunReports",
            deadline=self.asked.deadline,
            headers={"Authorization": f"Bearer {token}"},
            again=Patience(),
            json=body,
        )


def _place(row: Row) -> tuple[str, ...]:
    return tuple(row.keys.values())
