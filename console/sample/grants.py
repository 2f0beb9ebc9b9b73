"""The token pairs of the sample merchants, as TikTok keeps them: a refresh rotates the pair, and the old one dies."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass

from console.sample.story import Renewal, SampleMerchant

CLIENT_KEY = "sample-client-key"
CLIENT_SECRET = "sample-client-secret"  # noqa: S105 - known to everybody: it opens nothing but the sample server
ACCESS_SECONDS = 7200
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Pair:
    """An access token and the refresh token that came with it."""

    access_token: str
    refresh_token: str


def pair_of(merchant: SampleMerchant, number: int) -> Pair:
    """Return the merchant's pair after so many refreshes; 0 is the one in the merchants file."""
    mark = hashlib.sha256(f"{merchant.seed}:{merchant.id}:{number}".encode()).hexdigest()[:32]
    return Pair(f"act.sample{mark}", f"rft.sample{mark}")


class Grants:
    """Which tokens live, whose they are. Safe to use from many threads."""

    def __init__(self, fleet: Iterable[SampleMerchant]) -> None:
        self._lock = threading.Lock()
        self._count: dict[str, int] = {}
        self._by_access: dict[str, SampleMerchant] = {}
        self._by_refresh: dict[str, SampleMerchant] = {}
        self._scopes: dict[str, tuple[str, ...]] = {}
        for merchant in fleet:
            conduct, pair = merchant.conduct, pair_of(merchant, 0)
            self._scopes[merchant.id] = conduct.scopes
            if conduct.access_alive:
                self._by_access[pair.access_token] = merchant
            if conduct.renewal in {Renewal.ROTATES, Renewal.DOWN}:
                self._by_refresh[pair.refresh_token] = merchant

    def whose(self, access_token: str) -> SampleMerchant | None:
        """Return the merchant of a living access token."""
        with self._lock:
            return self._by_access.get(access_token)

    def owner(self, refresh_token: str) -> SampleMerchant | None:
        """Return the merchant of a living refresh token."""
        with self._lock:
            return self._by_refresh.get(refresh_token)

    def rotate(self, refresh_token: str) -> dict[str, str | int] | None:
        """Trade a living refresh token for a new pair, in TikTok's form; ``None`` when it is dead.

        Of two who present the same token at the same time, one gets the pair.
        """
        with self._lock:
            merchant = self._by_refresh.get(refresh_token)
            return None if merchant is None else self._next(merchant)

    def connect(self, merchant: SampleMerchant, scopes: tuple[str, ...]) -> dict[str, str | int]:
        """Give a first pair for what the user just allowed, in TikTok's form. An older pair dies."""
        with self._lock:
            self._scopes[merchant.id] = scopes
            return self._next(merchant)

    def scopes_of(self, merchant: SampleMerchant) -> tuple[str, ...]:
        """Return what the merchant's tokens may see."""
        with self._lock:
            return self._scopes[merchant.id]

    def revoke(self, access_token: str) -> bool:
        """Disconnect the user: the access token dies, and the refresh token with it. Say whether it was alive."""
        with self._lock:
            merchant = self._by_access.pop(access_token, None)
            if merchant is not None:
                pair = pair_of(merchant, self._count.get(merchant.id, 0))
                self._by_refresh.pop(pair.refresh_token, None)
            return merchant is not None

    def _next(self, merchant: SampleMerchant) -> dict[str, str | int]:
        number = self._count.get(merchant.id, 0)
        old, pair = pair_of(merchant, number), pair_of(merchant, number + 1)
        self._by_access.pop(old.access_token, None)
        self._by_refresh.pop(old.refresh_token, None)
        self._count[merchant.id] = number + 1
        self._by_access[pair.access_token] = merchant
        self._by_refresh[pair.refresh_token] = merchant
        return {
            "access_token": pair.access_token,
            "expires_in": ACCESS_SECONDS,
            "open_id": merchant.open_id,
            "refresh_expires_in": merchant.conduct.renewable_days * _DAY,
            "refresh_token": pair.refresh_token,
            "scope": ",".join(self._scopes[merchant.id]),
            "token_type": "Bearer",
        }
