"""The merchants file: what it may say, and what the error says when it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.merchants_file import Entry, parse_merchants, read_merchants
from functions.audit.errors import InvalidInput
from functions.audit.hosts import HostPolicy
from functions.audit.merchant import AccountType
from functions.audit.profile import default_profile

CONTRACT = """
[[merchant]]
id = "larkspur"
name = "Larkspur Candles"
timezone = "Europe/London"
currency = "GBP"
  [merchant.tiktok]
  open_id = "723f24d7"
  account_type = "business"
  scopes = ["user.info.basic", "user.info.profile", "user.info.stats"]
  access_token_env = "LARKSPUR_TIKTOK"
  base_url = "https://open.tiktokapis.com"
  [merchant.analytics]
  provider = "storefront"
  base_url = "https://open.tiktokapis.com"
  [merchant.thresholds.bounce_rate]
  warn = 65
  reason = "long-form landing pages"
"""


def parse(text: str, environment: dict[str, str] | None = None) -> list[Entry]:
    return parse_merchants(
        text,
        source="shops.toml",
        environment={"LARKSPUR_TIKTOK": "act.sample"} if environment is None else environment,
        hosts=HostPolicy(loopback_http=True),
        profile=default_profile(),
    )


def test_the_contract_example_is_read_whole() -> None:
    (entry,) = parse(CONTRACT)

    assert entry.merchant.id == "larkspur"
    assert entry.merchant.tiktok is not None
    assert entry.merchant.tiktok.account_type is AccountType.BUSINESS
    assert entry.merchant.thresholds["bounce_rate"].warn == 65
    (grant,) = entry.grants
    assert grant.access_token is not None
    assert grant.access_token.get_secret_value() == "act.sample"


BUSINESS = CONTRACT.replace(
    "  base_url =",
    """  username = "@larkspurcandles"
  business_token_env = "LARKSPUR_BUSINESS"
  business_refresh_token = "rft.business"
  base_url =""",
    1,
)


def test_a_token_for_the_business_api_is_a_grant_of_its_own() -> None:
    (entry,) = parse(BUSINESS, {"LARKSPUR_TIKTOK": "act.sample", "LARKSPUR_BUSINESS": "act.business"})

    assert [grant.provider for grant in entry.grants] == ["tiktok", "tiktok_business"]
    business = entry.grants[1]
    assert business.access_token is not None
    assert business.refresh_token is not None
    assert business.access_token.get_secret_value() == "act.business"
    assert business.refresh_token.get_secret_value() == "rft.business"
    assert business.scopes is None
    assert entry.merchant.tiktok is not None
    assert entry.merchant.tiktok.username == "@larkspurcandles"
    assert entry.merchant.tiktok.business_base_url == "https://business-api.tiktok.com"


def test_a_merchant_never_holds_a_secret() -> None:
    (entry,) = parse(CONTRACT)

    assert "act.sample" not in entry.merchant.model_dump_json()
    assert "act.sample" not in repr(entry)


def test_scopes_left_out_are_unknown_not_empty() -> None:
    without = "\n".join(line for line in CONTRACT.splitlines() if "scopes" not in line)

    (entry,) = parse(without)

    assert entry.merchant.tiktok is not None
    assert entry.merchant.tiktok.scopes is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('id = "larkspur"', 'id = "Lark Spur"', "cannot be a merchant's id"),
        ('timezone = "Europe/London"', 'timezone = "Mars/Olympus"', "not a time zone"),
        ('currency = "GBP"', 'currency = "pounds"', "larkspur: currency: 'pounds' is not a currency"),
        ('open_id = "723f24d7"', "", "larkspur.tiktok.open_id"),
        ('account_type = "business"', 'account_type = "vip"', "larkspur.tiktok.account_type"),
        ('provider = "storefront"', 'provider = "matomo"', "larkspur.analytics.provider"),
        ("warn = 65", "warn = 80", "can never fire"),
        ("warn = 65", "warn = 650", "outside 0 to 100"),
        ('reason = "long-form landing pages"', "", "larkspur.thresholds.bounce_rate.reason"),
        ("thresholds.bounce_rate", "thresholds.bounced", "no such check"),
        ("warn = 65", "wran = 65", "larkspur.thresholds.bounce_rate.wran"),
        ("[merchant.analytics]", "[merchant.analytic]", "larkspur.analytic"),
        ('base_url = "https://open.tiktokapis.com"', 'base_url = "http://open.tiktokapis.com"', "must use https"),
        ('base_url = "https://open.tiktokapis.com"', 'base_url = "https://evil.example"', "not allowed"),
        ('access_token_env = "LARKSPUR_TIKTOK"', 'access_token_env = "UNSET_VARIABLE"', "UNSET_VARIABLE is not set"),
        ("access_token_env", 'access_token = "x"\n  access_token_env', "not both"),
        ("access_token_env", 'business_token = "x"\n  business_token_env = "X"\n  access_token_env', "not both"),
        ("access_token_env", 'business_token_env = "UNSET"\n  access_token_env', "variable UNSET is not set"),
        ("access_token_env", 'username = "Larkspur Candles"\n  access_token_env', "larkspur: username"),
        (
            "access_token_env",
            'business_base_url = "https://open.tiktokapis.com"\n  access_token_env',
            "Allowed: business-api.tiktok.com",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(old: str, new: str, said: str) -> None:
    assert old in CONTRACT

    with pytest.raises(InvalidInput) as refused:
        parse(CONTRACT.replace(old, new))

    assert "shops.toml" in str(refused.value)
    assert said in str(refused.value)


def test_a_refusal_never_repeats_a_token() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(CONTRACT.replace('access_token_env = "LARKSPUR_TIKTOK"', 'access_token = ["act.secret"]'))

    assert "act.secret" not in str(refused.value)


def test_every_problem_is_told_at_once() -> None:
    two = CONTRACT.replace("warn = 65", "warn = 80") + CONTRACT.replace("larkspur", "brasa").replace(
        "Europe/London", "X"
    )

    with pytest.raises(InvalidInput) as refused:
        parse(two)

    assert "larkspur" in str(refused.value)
    assert "brasa" in str(refused.value)


def test_an_id_used_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match="larkspur: this id is used twice"):
        parse(CONTRACT + CONTRACT)


@pytest.mark.parametrize("text", ["", "merchant = 3", "[[merchant]", "[merchant]\nid = 'a'", "merchant = []"])
def test_a_file_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"shops\.toml"):
        parse(text)


@pytest.mark.parametrize("content", [None, b"\xff\xfe[["])
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "shops.toml"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(InvalidInput, match=r"shops\.toml"):
        read_merchants(path, environment={}, hosts=HostPolicy(), profile=default_profile())


def test_what_is_missing_from_a_table_is_said_without_a_name_for_the_whole_of_it() -> None:
    with pytest.raises(InvalidInput) as refused:
        parse(
            CONTRACT.replace('provider = "storefront"\n  base_url = "https://open.tiktokapis.com"', 'provider = "ga4"')
        )

    wanted = "shops.toml: larkspur: provider ga4 needs property_id, the number of the GA4 property"
    assert str(refused.value) == wanted
