"""Where a merchant's token may go: https, allow-listed hosts, and this machine only when that is allowed."""

import re

import pytest

from functions.audit.errors import ForbiddenHost, InvalidInput
from functions.audit.hosts import DEFAULT_HOSTS, TIKTOK_HOSTS, HostPolicy, Party, is_host_name, is_loopback

STRICT = HostPolicy()
MORE = HostPolicy(hosts=DEFAULT_HOSTS | {"shop.example"})
LOCAL = HostPolicy(loopback_http=True)


@pytest.mark.parametrize(
    ("policy", "given", "used"),
    [
        (STRICT, "https://open.tiktokapis.com", "https://open.tiktokapis.com"),
        (STRICT, "https://open.tiktokapis.com/", "https://open.tiktokapis.com"),
        (STRICT, "https://open.tiktokapis.com:443", "https://open.tiktokapis.com:443"),
        (STRICT, "HTTPS://Open.TikTokAPIs.com", "https://Open.TikTokAPIs.com"),
        (MORE, "https://shop.example/tiktok/v1/", "https://shop.example/tiktok/v1"),
        (LOCAL, "http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        (LOCAL, "http://127.8.9.10:1", "http://127.8.9.10:1"),
        (LOCAL, "http://localhost:8080/a/", "http://localhost:8080/a"),
        (LOCAL, "http://[::1]:8080", "http://[::1]:8080"),
        (LOCAL, "https://127.0.0.1:8443", "https://127.0.0.1:8443"),
        (LOCAL, "https://open.tiktokapis.com", "https://open.tiktokapis.com"),
    ],
)
def test_an_allowed_address_is_returned_without_a_trailing_slash(policy: HostPolicy, given: str, used: str) -> None:
    assert policy.check(given) == used


@pytest.mark.parametrize(
    ("policy", "given", "says"),
    [
        (STRICT, "http://open.tiktokapis.com", "must use https"),
        (STRICT, "ftp://open.tiktokapis.com", "must use https"),
        (STRICT, "open.tiktokapis.com", "give scheme, host and path only"),
        (STRICT, "//open.tiktokapis.com", "must use https"),
        (STRICT, "", "give scheme, host and path only"),
        (STRICT, "https://", "give scheme, host and path only"),
        (STRICT, "https:///v2", "give scheme, host and path only"),
        (STRICT, "file:///etc/passwd", "give scheme, host and path only"),
        (STRICT, "https://shop.example", "Allowed: open.tiktokapis.com"),
        (STRICT, "https://evil.open.tiktokapis.com", "is not allowed"),
        (STRICT, "https://open.tiktokapis.com.evil.example", "is not allowed"),
        (STRICT, "https://open.tiktokapis.com.", "is not allowed"),
        (STRICT, "https://open.tiktokapis.com:8443", "is not allowed"),
        (STRICT, "https://open.tiktokapis.com:80", "is not allowed"),
        (STRICT, "https://open.tiktokapis.com:port", "is not an address"),
        (STRICT, "https://open.tiktokapis.com:99999", "is not an address"),
        (STRICT, "https://[::1", "is not an address"),
        (STRICT, "https://open.tiktokapis.com@evil.example", "give scheme, host and path only"),
        (STRICT, "https://open.tiktokapis.com\\@evil.example", "give scheme, host and path only"),
        (STRICT, "https://user:pass@open.tiktokapis.com", "give scheme, host and path only"),
        (STRICT, "https://@open.tiktokapis.com", "give scheme, host and path only"),
        (STRICT, "https://open.tiktokapis.com?next=x", "give scheme, host and path only"),
        (STRICT, "https://open.tiktokapis.com#x", "give scheme, host and path only"),
        (STRICT, "http://127.0.0.1:8080", "must use https"),
        (STRICT, "https://127.0.0.1", "is not allowed"),
        (STRICT, "https://localhost", "is not allowed"),
        (LOCAL, "http://open.tiktokapis.com", "must use https"),
        (LOCAL, "http://0.0.0.0:8080", "must use https"),
        (LOCAL, "http://10.0.0.1", "must use https"),
        (LOCAL, "http://169.254.169.254", "must use https"),
        (LOCAL, "http://2130706433", "must use https"),
        (LOCAL, "http://127.0.0.1.evil.example", "must use https"),
        (LOCAL, "http://localhost.evil.example", "must use https"),
        (LOCAL, "ftp://127.0.0.1", "must use https"),
        (LOCAL, "http://user@127.0.0.1:8080", "give scheme, host and path only"),
        (LOCAL, "https://shop.example", "is not allowed"),
        (STRICT, "https://2130706433", "is not allowed"),
        (STRICT, "https://0x7f000001", "is not allowed"),
        (STRICT, "https://0177.0.0.1", "is not allowed"),
        (STRICT, "https://[::1]", "is not allowed"),
        (STRICT, "https://[::ffff:127.0.0.1]", "is not allowed"),
        (STRICT, "https://open.tiktokapis%2ecom", "is not allowed"),
        (STRICT, "https://open%2etiktokapis.com", "is not allowed"),
        (STRICT, "https://xn--opn-6ma.tiktokapis.com", "is not allowed"),
        (STRICT, "https://open.tiktokapis.com?", "give scheme, host and path only"),
        (STRICT, "https://open.tiktokapis.com/#", "give scheme, host and path only"),
        (STRICT, "https://open.tik\ntokapis.com", "write it in ASCII"),
        (STRICT, " https://open.tiktokapis.com", "write it in ASCII"),
        (STRICT, "https://open.tiktokapis.com\t", "write it in ASCII"),
        (STRICT, "https://open.tiktokapis.com/\x00", "write it in ASCII"),
        (STRICT, "https://open.tiktokapis.com/a b", "write it in ASCII"),
        (STRICT, "https://open.tiktokapis.com\\.evil.example", "write it in ASCII"),
        (STRICT, "https://open.ti\u212atokapis.com", "write it in ASCII"),  # the Kelvin sign, whose lower case is k
        (STRICT, "https://open.tiktokapis。com", "write it in ASCII"),  # an ideographic full stop
        (STRICT, "https://open.tiktokapis.com:٤٤٣", "is not an address"),
        (STRICT, "https://оpen.tiktokapis.com", "write it in ASCII"),  # a Cyrillic o
        (STRICT, "https://open.tiktokapis.com\u200b", "write it in ASCII"),
        (LOCAL, "http://127.1", "must use https"),
        (LOCAL, "http://0177.0.0.1", "must use https"),
        (LOCAL, "http://0x7f.0.0.1", "must use https"),
        (LOCAL, "http://[::ffff:127.0.0.1]:8080", "must use https"),
        (LOCAL, "http://[::1%25lo]:8080", "must use https"),
        (LOCAL, "http://localhost.:8080", "must use https"),
    ],
)
def test_any_other_address_is_refused_and_the_text_says_why(policy: HostPolicy, given: str, says: str) -> None:
    with pytest.raises(ForbiddenHost, match=re.escape(says)):
        policy.check(given)


@pytest.mark.parametrize(
    "given",
    [
        "https://user:hunter2@open.tiktokapis.com",
        "https://open.tiktokapis.com/?key=hunter2",
        "https://open.tiktokapis.com/#hunter2",
        "https://user:hunter2@[::1",
    ],
)
def test_a_refusal_repeats_no_password(given: str) -> None:
    with pytest.raises(ForbiddenHost) as refused:
        STRICT.check(given)

    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    ("party", "given", "allowed"),
    [
        (Party.TIKTOK, "https://open.tiktokapis.com", True),
        (Party.STOREFRONT, "https://open.tiktokapis.com", True),
        (Party.GA4, "https://open.tiktokapis.com", False),
        (Party.GA4, "https://analyticsdata.googleapis.com", True),
        (Party.GA4, "https://oauth2.googleapis.com", False),
        (Party.TIKTOK, "https://analyticsdata.googleapis.com", False),
        (Party.TIKTOK_BUSINESS, "https://business-api.tiktok.com", True),
        (Party.TIKTOK_BUSINESS, "https://open.tiktokapis.com", False),
        (Party.GOOGLE_TOKENS, "https://oauth2.googleapis.com/token", True),
        (Party.GOOGLE_TOKENS, "https://sts.googleapis.com/v1/token", True),
        (Party.GOOGLE_TOKENS, "https://iamcredentials.googleapis.com", True),
        (Party.GOOGLE_TOKENS, "https://www.googleapis.com", True),
        (Party.GOOGLE_TOKENS, "https://sts.amazonaws.com", True),
        (Party.GOOGLE_TOKENS, "https://sts.eu-central-1.amazonaws.com", True),
        (Party.GOOGLE_TOKENS, "https://sts.eu-central-1.amazonaws.com.evil.example", False),
        (Party.GOOGLE_TOKENS, "https://sts.a.b.amazonaws.com", False),
        (Party.GOOGLE_TOKENS, "https://evil-sts.eu-central-1.amazonaws.com", False),
        (Party.STOREFRONT, "https://sts.amazonaws.com", False),
        (Party.SHOPIFY, "https://larkspur.myshopify.com", True),
        (Party.SHOPIFY, "https://larkspur.example", False),
        (Party.SHOPIFY, "https://.myshopify.com", False),
        (Party.SHOPIFY, "https://myshopify.com", False),
        (Party.STOREFRONT, "https://larkspur.myshopify.com", False),
    ],
)
def test_each_party_has_hosts_of_its_own(party: Party, given: str, *, allowed: bool) -> None:
    if allowed:
        assert STRICT.check(given, party) == given
    else:
        with pytest.raises(ForbiddenHost, match="is not allowed"):
            STRICT.check(given, party)


def test_a_storefronts_host_is_not_tiktok_unless_the_operator_says_so() -> None:
    said_so = HostPolicy(tiktok_hosts=TIKTOK_HOSTS | {"proxy.example"})

    with pytest.raises(ForbiddenHost, match=r"Allowed: open\.tiktokapis\.com\. The operator may"):
        MORE.check("https://shop.example", Party.TIKTOK)
    assert said_so.check("https://proxy.example", Party.TIKTOK) == "https://proxy.example"
    with pytest.raises(ForbiddenHost):
        said_so.check("https://proxy.example", Party.STOREFRONT)


@pytest.mark.parametrize(
    "host",
    ["*", "*.example.com", ".example.com", "example.com.", "10.0.0.1", "127.0.0.1", "2130706433", "0x7f.1", "::1",
     "[::1]", "shop.example:443", "https://shop.example", "shop.example/path", "Shop.example", "shöp.example", "shop",
     "", "shop..example", "-shop.example", "shop-.example", "user@shop.example", "a" * 64 + ".example",
     "a." * 127 + "example"],
)  # fmt: skip
def test_the_operator_can_allow_one_hosts_full_name_only(host: str) -> None:
    assert not is_host_name(host)
    with pytest.raises(ForbiddenHost, match=re.escape("give one host's full name in lower case")):
        HostPolicy(hosts=frozenset({"open.tiktokapis.com", host}))
    with pytest.raises(ForbiddenHost, match=re.escape("give one host's full name in lower case")):
        HostPolicy(tiktok_hosts=frozenset({"open.tiktokapis.com", host}))


@pytest.mark.parametrize(
    "host", ["shop.example", "a.b-c.example", "1shop.example", "xn--shp-sna.example", "shop.xn--p1ai"]
)
def test_a_hosts_full_name_can_be_allowed(host: str) -> None:
    assert HostPolicy(hosts=frozenset({host})).check(f"https://{host}/a/") == f"https://{host}/a"


def test_a_forbidden_host_is_an_invalid_input() -> None:
    assert issubclass(ForbiddenHost, InvalidInput)


@pytest.mark.parametrize(
    ("host", "itself"),
    [("localhost", True), ("127.0.0.1", True), ("127.255.255.254", True), ("::1", True), ("128.0.0.1", False),
     ("::2", False), ("localhost.localdomain", False), ("", False),
     ("::ffff:127.0.0.1", False), ("::1%1", False)],
)  # fmt: skip
def test_only_this_machine_is_loopback(host: str, *, itself: bool) -> None:
    assert is_loopback(host) is itself
