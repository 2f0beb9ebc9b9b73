"""One attempt to connect a merchant: what is asked of TikTok, and what is stored of its answer, if anything is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from console.blind_spots import SCOPES, BlindSpot, blind_spots
from console.errors import Unusable
from console.login.addresses import AUTHORIZE_HOST, authorize_address
from console.login.callback import Granted, Refused
from console.login.exchange import exchange
from console.login.proof import Proof
from console.login.sentences import consent_refused
from console.places import Place
from functions.audit.grant import Grant
from functions.audit.hosts import TIKTOK_API, Party
from functions.audit.merchant import Merchant, TikTok
from functions.audit.profile import default_profile
from functions.fetcher.http import Http
from functions.fetcher.sources.oauth import AppKeys

ALL_SCOPES: Final = tuple(SCOPES)


@dataclass(frozen=True, slots=True)
class Connected:
    """What came of it. ``refused`` are scopes that were asked for in vain; ``left`` is what a person must still do."""

    merchant: Merchant
    grant: Grant
    refused: tuple[str, ...]
    blind: tuple[BlindSpot, ...]
    left: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """Everything that is known before TikTok answers. ``page`` is TikTok's authorise page."""

    place: Place
    merchant: Merchant
    keys: AppKeys
    scopes: tuple[str, ...]
    page: str
    ask_again: bool
    accept_account: bool

    @classmethod
    def at(
        cls, place: Place, *, scopes: Iterable[str], page: str, ask_again: bool = False, accept_account: bool = False
    ) -> Attempt:
        """Return the attempt to connect the place's merchant.

        Raises:
            Unusable: there is no such merchant, it has no account yet, or the app's keys are missing.
        """
        with place.guarded():
            merchant = place.merchant()
            if merchant.tiktok is None and not accept_account:
                raise Unusable(
                    f"{merchant.id} has no TikTok account yet, so Nightjar cannot tell whether the right one logs in. "
                    "Say --accept-account to take the one that does, or give it a [merchant.tiktok] with its open_id."
                )
            keys = place.app_keys()
            place.ready()
            return cls(place, merchant, keys, tuple(scopes), page, ask_again, accept_account)

    def address(self, redirect_uri: str, proof: Proof) -> str:
        """Return the address that the browser opens."""
        return authorize_address(
            self.page, self.keys.client_key, self.scopes, redirect_uri, proof=proof, ask_again=self.ask_again
        )

    def finish(self, answer: Granted | Refused, redirect_uri: str, verifier: str | None, *, now: datetime) -> Connected:
        """Trade the code, see that the account is the merchant's, and only then store the pair.

        Raises:
            Unusable: something of it was refused; then nothing was stored.
        """
        if isinstance(answer, Refused):
            raise Unusable(consent_refused(answer.error))
        grant = asyncio.run(self._exchange(answer, redirect_uri, verifier, now))
        if grant.scopes is None and answer.scopes:
            grant = grant.model_copy(update={"scopes": answer.scopes})
        tiktok = self._account(grant)
        with self.place.guarded():
            # The tokens first: if they cannot be stored, the settings are still those of the old connection.
            self.place.connect(grant)
            left = "" if tiktok == self.merchant.tiktok else self.place.accept(tiktok)
        granted = grant.scopes
        return Connected(
            merchant=self.merchant,
            grant=grant,
            refused=() if granted is None else tuple(scope for scope in self.scopes if scope not in granted),
            blind=() if granted is None else blind_spots(granted, self.merchant, default_profile(), now=now),
            left=left,
        )

    async def _exchange(self, answer: Granted, redirect_uri: str, verifier: str | None, now: datetime) -> Grant:
        async with Http(self.place.hosts) as http:
            return await exchange(
                http,
                self.place.hosts.check(self._base_url, Party.TIKTOK),
                self.keys,
                merchant_id=self.merchant.id,
                code=answer.code,
                redirect_uri=redirect_uri,
                verifier=verifier,
                now=now,
            )

    def _account(self, grant: Grant) -> TikTok:
        """Return the merchant's account as it is from now on.

        Raises:
            Unusable: another account logged in, and nobody said that this is meant.
        """
        tiktok, open_id = self.merchant.tiktok, grant.open_id
        assert open_id is not None  # noqa: S101 - without it the exchange failed
        if tiktok is None:
            return TikTok(open_id=open_id, base_url=self._base_url)
        if tiktok.open_id == open_id:
            return tiktok
        if not self.accept_account:
            raise Unusable(
                f"Another account is logged in at TikTok: it is {open_id}, and {self.merchant.id} is {tiktok.open_id}. "
                "Nothing was stored. Log in to TikTok as the shop and run this again with --ask-again. An app sees an "
                "account under an id of its own, so that other keys (sandbox, another app) show another id: if this is "
                "the shop's account all the same, say --accept-account."
            )
        return tiktok.model_copy(update={"open_id": open_id})

    @property
    def _base_url(self) -> str:
        """Where the code is traded: where the merchant's account is asked, or with whoever plays TikTok."""
        if self.merchant.tiktok is not None:
            return self.merchant.tiktok.base_url
        page = urlsplit(self.page)
        return TIKTOK_API if page.hostname == AUTHORIZE_HOST else f"{page.scheme}://{page.netloc}"
