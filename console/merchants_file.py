"""The merchants file: TOML, the same for `nightjar audit` and `nightjar merchants import` (see the README)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, SecretStr, StringConstraints, ValidationError, model_validator

from console.file_tokens import Tokens
from functions.audit.errors import InvalidInput
from functions.audit.grant import SHOPIFY, TIKTOK, TIKTOK_BUSINESS, Grant
from functions.audit.hosts import TIKTOK_API, TIKTOK_BUSINESS_API, HostPolicy, Party
from functions.audit.merchant import (
    AccountType,
    Alerts,
    Analytics,
    Extra,
    Merchant,
    Override,
    Provider,
    ScopeName,
    TikTok,
)
from functions.audit.model import Model
from functions.audit.profile import Profile, sentence

LARGEST_FILE = 32 * 1024 * 1024
VariableName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class _TikTokTable(Model):
    """``[merchant.tiktok]`` as written: the account and where its tokens are to be found."""

    open_id: str
    account_type: AccountType = AccountType.UNKNOWN
    scopes: list[ScopeName] | str | None = None
    base_url: str = TIKTOK_API
    access_token: SecretStr | None = None
    access_token_env: VariableName | None = None
    refresh_token: SecretStr | None = None
    refresh_token_env: VariableName | None = None
    username: str | None = None
    bio_link: str | None = None
    business_base_url: str = TIKTOK_BUSINESS_API
    business_token: SecretStr | None = None
    business_token_env: VariableName | None = None
    business_refresh_token: SecretStr | None = None
    business_refresh_token_env: VariableName | None = None

    @model_validator(mode="after")
    def _one_place_each(self) -> _TikTokTable:
        for name in ("access_token", "refresh_token", "business_token", "business_refresh_token"):
            if getattr(self, name) is not None and getattr(self, f"{name}_env") is not None:
                raise ValueError(f"give {name} or {name}_env, not both")
        return self


class _AnalyticsTable(Model):
    """``[merchant.analytics]`` or ``[merchant.commerce]`` as written. The access token is Shopify's."""

    provider: Provider = Provider.STOREFRONT
    base_url: str = ""
    property_id: str | None = None
    key_events: list[str] = Field(default_factory=list)
    shop: str | None = None
    access_token: SecretStr | None = None
    access_token_env: VariableName | None = None

    @model_validator(mode="after")
    def _one_place(self) -> _AnalyticsTable:
        if self.access_token is not None and self.access_token_env is not None:
            raise ValueError("give access_token or access_token_env, not both")
        if self.provider is not Provider.SHOPIFY and (self.access_token or self.access_token_env):
            raise ValueError("an access token belongs to provider shopify only")
        return self


class _MerchantTable(Model):
    """``[[merchant]]`` as written."""

    id: str
    name: str
    timezone: str = "UTC"
    currency: str = "USD"
    enabled: bool = True
    tiktok: _TikTokTable | None = None
    analytics: _AnalyticsTable | None = None
    commerce: _AnalyticsTable | None = None
    thresholds: dict[str, Override] = Field(default_factory=dict)
    alerts: Alerts = Alerts()
    extra_checks: frozenset[Extra] = frozenset()


class _File(Model):
    """The whole file."""

    merchant: list[_MerchantTable] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """One merchant of the file, its secrets kept apart from its settings."""

    merchant: Merchant
    grants: tuple[Grant, ...]


def read_merchants(
    path: Path, *, environment: Mapping[str, str], hosts: HostPolicy, profile: Profile, only: str | None = None
) -> list[Entry]:
    """Return the merchants of a file, all of them valid; with ``only``, that one's, if the file has it.

    The variables that the other merchants name need not be set then.

    Raises:
        InvalidInput: the file cannot be read, is not TOML, or a merchant in it cannot be used; names every problem.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise InvalidInput(f"{path} is larger than {LARGEST_FILE >> 20} MiB; split it.")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InvalidInput(f"There is no file {path}. Give the path of a merchants file with --merchants.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path} cannot be read as a text file in UTF-8: {error}") from error
    return parse_merchants(text, source=str(path), environment=environment, hosts=hosts, profile=profile, only=only)


def parse_merchants(
    text: str,
    *,
    source: str,
    environment: Mapping[str, str],
    hosts: HostPolicy,
    profile: Profile,
    only: str | None = None,
) -> list[Entry]:
    """Return the merchants written in ``text``; ``source`` names it in errors.

    Raises:
        InvalidInput: as for ``read_merchants``.
    """
    try:
        plain: dict[str, Any] = tomllib.loads(text, parse_float=Decimal)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput(f"{source} is not valid TOML: {error}") from error
    try:
        file = _File.model_validate(plain)
    except ValidationError as error:
        raise InvalidInput(f"{source}: {_located(error, plain)}") from error
    problems: list[str] = []
    entries: list[Entry] = []
    seen: set[str] = set()
    for table in file.merchant:
        if table.id in seen:
            problems.append(f"{table.id}: this id is used twice")
        seen.add(table.id)
        try:
            merchant = _merchant(table, hosts, profile)
            if only in {None, table.id}:
                entries.append(Entry(merchant, _grants(table, merchant, environment)))
        except InvalidInput as error:
            problems.append(str(error))
    if problems:
        raise InvalidInput(f"{source}: " + "\n".join(problems))
    return entries


def _merchant(table: _MerchantTable, hosts: HostPolicy, profile: Profile) -> Merchant:
    try:
        merchant = Merchant(
            id=table.id,
            name=table.name,
            timezone=table.timezone,
            currency=table.currency,
            enabled=table.enabled,
            tiktok=_tiktok(table.tiktok, hosts),
            analytics=_analytics(table.analytics, hosts),
            commerce=_analytics(table.commerce, hosts),
            thresholds=table.thresholds,
            alerts=table.alerts,
            extra_checks=table.extra_checks,
        )
    except ValidationError as error:
        raise InvalidInput(f"{table.id}: {sentence(error)}") from error
    except InvalidInput as error:
        raise InvalidInput(f"{table.id}: {error}") from error
    profile.refuse_unfit(merchant)
    return merchant


def _tiktok(table: _TikTokTable | None, hosts: HostPolicy) -> TikTok | None:
    if table is None:
        return None
    return TikTok.model_validate(
        {
            "open_id": table.open_id,
            "account_type": table.account_type,
            "scopes": table.scopes,
            "base_url": hosts.check(table.base_url, Party.TIKTOK),
            "username": table.username,
            "bio_link": table.bio_link,
            "business_base_url": hosts.check(table.business_base_url, Party.TIKTOK_BUSINESS),
        }
    )


def _analytics(table: _AnalyticsTable | None, hosts: HostPolicy) -> Analytics | None:
    if table is None:
        return None
    settings = Analytics.model_validate(table.model_dump(exclude={"access_token", "access_token_env"}))
    return settings.model_copy(update={"base_url": hosts.check(settings.base_url, Party(settings.provider))})


def _grants(table: _MerchantTable, merchant: Merchant, environment: Mapping[str, str]) -> tuple[Grant, ...]:
    """Return the tokens of a merchant, from the file or from the variables that it names."""
    tokens = Tokens(merchant, environment)
    found: list[Grant | None] = []
    if table.tiktok is not None:
        account = table.tiktok
        found = [
            tokens.of(
                TIKTOK,
                access=(account.access_token, account.access_token_env),
                refresh=(account.refresh_token, account.refresh_token_env),
            ),
            tokens.of(
                TIKTOK_BUSINESS,
                access=(account.business_token, account.business_token_env),
                refresh=(account.business_refresh_token, account.business_refresh_token_env),
            ),
        ]
    shops = [of for of in (table.analytics, table.commerce) if of is not None and of.provider is Provider.SHOPIFY]
    found += [tokens.of(SHOPIFY, access=(shop.access_token, shop.access_token_env)) for shop in shops[:1]]
    return tuple(grant for grant in found if grant is not None)


def _located(error: ValidationError, plain: Mapping[str, Any]) -> str:
    """Return the problems with the merchant's id in place of its number, where the file has one."""
    lines = []
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        where = list(problem["loc"])
        if len(where) > 1 and where[0] == "merchant" and isinstance(where[1], int):
            table = plain["merchant"][where[1]]
            named = table.get("id") if isinstance(table, dict) else None
            where[:2] = [str(named) if isinstance(named, str) else f"merchant number {where[1] + 1}"]
        lines.append(f"{'.'.join(map(str, where))}: {_why(problem['type'], problem['msg'])}")
    return "\n".join(lines)


def _why(kind: str, message: str) -> str:
    match kind:
        case "missing":
            return "is missing; the README shows a whole merchants file"
        case "extra_forbidden":
            return "is not a setting; the README lists them all"
        case _:
            return message.removeprefix("Value error, ")
