"""Auditing the merchants of a file against their live sources: the real fetch and the real judge, no AWS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from pydantic import SecretStr

from console.errors import Unusable
from console.merchants_file import Entry
from functions.audit.grant import GrantStore
from functions.audit.hosts import HostPolicy
from functions.audit.profile import Profile
from functions.audit.verdict import Audit, audit_of
from functions.fetcher.fetch import Fetcher
from functions.fetcher.http import Http
from functions.fetcher.sources.oauth import AppKeys

AT_ONCE = 8  # merchants; six requests each stay well inside TikTok's 600 a minute
SECONDS_A_MERCHANT = 20.0
KEY, SECRET = "NIGHTJAR_TIKTOK_CLIENT_KEY", "NIGHTJAR_TIKTOK_CLIENT_SECRET"


def app_keys_of(environment: Mapping[str, str]) -> AppKeys | None:
    """Return the TikTok app's keys; ``None`` when there are none, and tokens are used as they are.

    Raises:
        Unusable: only one of the two is set.
    """
    key, secret = environment.get(KEY, "").strip(), environment.get(SECRET, "").strip()
    if bool(key) != bool(secret):
        raise Unusable(f"Set both {KEY} and {SECRET}, or neither.")
    return AppKeys(key, SecretStr(secret)) if key else None


async def audit_entries(
    entries: Sequence[Entry],
    night: date,
    *,
    now: datetime,
    grants: GrantStore,
    app_keys: AppKeys | None,
    hosts: HostPolicy,
    profile: Profile,
    on_done: Callable[[], None],
) -> list[Audit]:
    """Return the audits in the order of the entries; ``on_done`` is called after each."""
    turn = asyncio.Semaphore(AT_ONCE)
    periods = profile.periods_of(night)
    async with Http(hosts) as http:
        fetcher = Fetcher(http, grants, app_keys, hosts, SECONDS_A_MERCHANT)

        async def one(entry: Entry) -> Audit:
            async with turn:
                snapshot = await fetcher.fetch(entry.merchant, night, periods, now=now)
            on_done()
            return audit_of(snapshot, entry.merchant, profile, evaluated_at=now)

        return await asyncio.gather(*map(one, entries))
