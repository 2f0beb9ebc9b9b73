"""The sample fleet as a merchants file (DESIGN 9): what ``nightjar audit`` and ``nightjar merchants import`` read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from console.sample.desk import POST_ONLY
from console.sample.ga4 import ga4_toml
from console.sample.grants import CLIENT_KEY, CLIENT_SECRET, pair_of
from console.sample.lookups import business_pair_of
from console.sample.shopify import shopify_toml
from console.sample.story import Renewal, SampleMerchant, SampleOverride
from functions.audit.merchant import Provider

__all__ = ["CLIENT_KEY", "CLIENT_SECRET", "merchants_toml"]


def merchants_toml(fleet: Iterable[SampleMerchant], base_url: str) -> str:
    """Return the file, with the tokens inside: they are sample secrets and open only the sample server."""
    return "\n".join(line for merchant in fleet for line in (*_merchant(merchant, base_url), ""))


def _merchant(merchant: SampleMerchant, base_url: str) -> Iterator[str]:
    shop, conduct = merchant.shop, merchant.conduct
    yield f"# {merchant.story}"
    yield "[[merchant]]"
    yield f"id = {_text(shop.id)}"
    yield f"name = {_text(shop.name)}"
    yield f"timezone = {_text(shop.timezone)}"
    yield f"currency = {_text(shop.currency)}"
    if conduct.connected:
        pair, address = pair_of(merchant, 0), base_url + (POST_ONLY if conduct.post_only else "")
        scopes = conduct.scopes if conduct.recorded_scopes is None else conduct.recorded_scopes
        yield "  [merchant.tiktok]"
        yield f"  open_id = {_text(merchant.open_id)}"
        yield f"  account_type = {_text(merchant.account_type.value)}"
        yield f"  scopes = [{', '.join(map(_text, scopes))}]"
        if conduct.has_access_token:
            yield f"  access_token = {_text(pair.access_token)}"
        if conduct.renewal is not Renewal.NONE:
            yield f"  refresh_token = {_text(pair.refresh_token)}"
        yield f"  base_url = {_text(address)}"
        if conduct.business_account is not None:
            business = business_pair_of(merchant, 0)
            yield f"  business_token = {_text(business.access_token)}"
            yield f"  business_refresh_token = {_text(business.refresh_token)}"
            yield f"  business_base_url = {_text(base_url)}"
    if merchant.analytics is Provider.STOREFRONT and conduct.connected:
        yield "  [merchant.analytics]"
        yield '  provider = "storefront"'
        yield f"  base_url = {_text(base_url)}"
    if merchant.analytics is Provider.GA4:
        yield from ga4_toml(merchant, base_url)
    if conduct.shopify is not None:
        alone = merchant.analytics is Provider.SHOPIFY
        yield from shopify_toml(merchant, base_url, table="analytics" if alone else "commerce")
    # The sample night may be run at any hour; nobody sleeps beside these telephones.
    yield "  [merchant.alerts]"
    yield '  quiet = "off"'
    for override in merchant.overrides:
        yield from _override(override)


def _override(override: SampleOverride) -> Iterator[str]:
    yield f"  [merchant.thresholds.{override.check_id}]"
    if override.warn is not None:
        yield f"  warn = {override.warn}"
    if override.critical is not None:
        yield f"  critical = {override.critical}"
    yield f"  reason = {_text(override.reason)}"
    if override.expires is not None:
        yield f"  expires = {override.expires.isoformat()}"


def _text(value: str) -> str:
    """Return a TOML basic string. JSON's escapes are all TOML's too; only DEL needs one that JSON leaves out."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
