"""Where a merchant's settings and tokens live: on a stage, or in a merchants file with a token store beside it.

`connect` and `disconnect` do the same in both; what differs is here.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Final, Protocol

import typer

from console.asked import merchant_named
from console.errors import Unusable
from console.local_audit import KEY, SECRET, app_keys_of
from console.local_grants import LocalGrants
from console.merchants_file import Entry, read_merchants
from console.options import local_hosts
from console.stage import Stage
from functions.audit.errors import Conflict
from functions.audit.grant import TIKTOK, Grant, GrantStore
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import Merchant, TikTok
from functions.audit.profile import default_profile
from functions.fetcher.sources.oauth import AppKeys
from functions.runtime.tiktok_app import stored_app

_TRIES: Final = 3
_GUIDE: Final = "docs/guides/tiktok-app.md"

LocalFileOption = Annotated[
    Path | None, typer.Option("--merchants", metavar="FILE", help="Without a stage: the merchants file (TOML).")
]
LocalStoreOption = Annotated[
    Path | None,
    typer.Option("--store", metavar="FILE", help="Without a stage: the file that keeps tokens (mode 0600)."),
]


class Place(Protocol):
    """A place with one merchant's settings and tokens. Everything may raise ``Unusable``, which says what to do."""

    @property
    def hosts(self) -> HostPolicy:
        """Which hosts tokens may be sent to."""

    @property
    def name(self) -> str:
        """The place in words: "on stage prod"."""

    @property
    def tokens(self) -> GrantStore:
        """The merchant's tokens."""

    def guarded(self) -> AbstractContextManager[None]:
        """Turn what the place itself refuses into ``Unusable``."""

    def merchant(self) -> Merchant:
        """Return the merchant's settings."""

    def app_keys(self) -> AppKeys:
        """Return the TikTok app's keys."""

    def ready(self) -> None:
        """Show now what would keep a pair from being stored: a login cannot be used twice."""

    def connect(self, grant: Grant) -> None:
        """Store a new pair in place of whatever was there, and forget what was wrong with that."""

    def accept(self, tiktok: TikTok) -> str:
        """Make this the merchant's account; return what is left for a person to do, or nothing."""


@dataclass(frozen=True)
class StagePlace:
    """A merchant of a deployed stage."""

    at: Stage
    merchant_id: str
    hosts: HostPolicy

    @property
    def name(self) -> str:
        """The stage in words."""
        return f"on stage {self.at.name}"

    @property
    def tokens(self) -> GrantStore:
        """The stage's tokens table."""
        return self.at.tokens

    def guarded(self) -> AbstractContextManager[None]:
        """Explain what AWS refuses."""
        return self.at.explained()

    def merchant(self) -> Merchant:
        """Return the merchant's settings."""
        return merchant_named(self.at, self.merchant_id)

    def app_keys(self) -> AppKeys:
        """Return the environment's keys where they are set, else those that the stage's functions use."""
        keys = app_keys_of(os.environ)
        if keys is not None:
            return keys
        secret = f"{self.at.prefix}tiktok-app"
        app = stored_app(self.at.client("secretsmanager"), secret)
        if not app.complete:
            raise Unusable(
                f"Nobody has stored the TikTok app's keys on stage {self.at.name} yet: put them into the secret "
                f"{secret} ({_GUIDE}), or set {KEY} and {SECRET}."
            )
        return AppKeys(app.client_key, app.client_secret)

    def ready(self) -> None:
        """Read the row, and have the key encrypt something as a token is."""
        self.at.tokens.describe(self.merchant_id)
        context = {"merchant_id": self.merchant_id, "provider": TIKTOK}
        self.at.client("kms").encrypt(KeyId=self.at.key_alias, Plaintext=b"-", EncryptionContext=context)

    def connect(self, grant: Grant) -> None:
        """Store a new pair in place of whatever was there."""
        self.at.tokens.connect(grant)

    def accept(self, tiktok: TikTok) -> str:
        """Write the account into the merchant's row, whatever else was changed there meanwhile."""
        for _ in range(_TRIES):
            now = self.merchant()
            account = tiktok if now.tiktok is None else now.tiktok.model_copy(update={"open_id": tiktok.open_id})
            try:
                self.at.tables.merchants.save(now.model_copy(update={"tiktok": account}))
            except Conflict:
                continue
            return ""
        raise Unusable(
            f"The tokens of {self.merchant_id} are stored, but its account is not: somebody else kept changing its "
            "settings. Run this again."
        )


@dataclass(frozen=True)
class FilePlace:
    """A merchant of a merchants file. Tokens go to the store file, which only its owner may read."""

    file: Path
    store: Path
    merchant_id: str
    hosts: HostPolicy

    @property
    def name(self) -> str:
        """The store in words."""
        return f"in {self.store}"

    @cached_property
    def tokens(self) -> LocalGrants:
        """The store file, over the tokens that the merchants file names."""
        return LocalGrants(self._entry.grants, store=self.store, on_unkept=lambda _: None)

    def guarded(self) -> AbstractContextManager[None]:
        """Files explain themselves."""
        return nullcontext()

    def merchant(self) -> Merchant:
        """Return the merchant's settings."""
        return self._entry.merchant

    def app_keys(self) -> AppKeys:
        """Return the environment's keys."""
        keys = app_keys_of(os.environ)
        if keys is None:
            raise Unusable(f"Set {KEY} and {SECRET} to the TikTok app's key and secret ({_GUIDE}).")
        return keys

    def ready(self) -> None:
        """Open the store file."""
        self.tokens.get(self.merchant_id)

    def connect(self, grant: Grant) -> None:
        """Store a new pair in place of whatever was there."""
        self.tokens.connect(grant)

    def accept(self, tiktok: TikTok) -> str:
        """Say what belongs into the file: it is its owner's, comments and all, and is not written to."""
        missing = "  [merchant.tiktok]\n" if self.merchant().tiktok is None else ""
        return (
            f'{self.file} names another account. Write this into it, under id = "{self.merchant_id}":\n'
            f'{missing}  open_id = "{tiktok.open_id}"'
        )

    @cached_property
    def _entry(self) -> Entry:
        entries = read_merchants(
            self.file, environment=os.environ, hosts=self.hosts, profile=default_profile(), only=self.merchant_id
        )
        if not entries:
            raise Unusable(f"There is no merchant {self.merchant_id!r} in {self.file}.")
        return entries[0]


def place_of(
    merchant_id: str,
    *,
    merchants: Path | None,
    store: Path | None,
    stage: str,
    profile: str | None,
    region: str | None,
    endpoint_url: str | None,
    allow_host: list[str] | None,
) -> Place:
    """Return the place that the options name: a stage, unless a merchants file and a store are given.

    Raises:
        Unusable: only one of the two files is given, or the stage cannot be used.
    """
    hosts = local_hosts(allow_host)
    if merchants is not None and store is not None:
        return FilePlace(merchants, store, merchant_id, hosts)
    if merchants is not None or store is not None:
        raise Unusable("Without a stage, give both: --merchants FILE has the settings, --store FILE keeps the tokens.")
    return StagePlace(Stage.of(stage, profile=profile, region=region, endpoint_url=endpoint_url), merchant_id, hosts)
