"""What is not a public address is never asked, whatever it is called and however it is written."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.fetcher.addresses import is_this_machine, not_public

IPV4 = st.ip_addresses(v=4)  # hypothesis draws the special networks far more often than chance would


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0.0.0.0", "unspecified"),  # noqa: S104 - looked at, never bound
        ("0.255.255.255", "unspecified"),
        ("10.0.0.0", "private"),
        ("10.255.255.255", "private"),
        ("100.64.0.0", "shared by a provider's customers"),
        ("100.100.100.200", "shared by a provider's customers"),
        ("100.127.255.255", "shared by a provider's customers"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.255", "loopback"),
        ("168.63.129.16", "cloud metadata"),
        ("169.254.0.1", "link-local"),
        ("169.254.169.254", "link-local"),
        ("169.254.170.2", "link-local"),
        ("172.16.0.0", "private"),
        ("172.31.255.255", "private"),
        ("192.0.0.192", "reserved"),
        ("192.0.2.1", "reserved"),
        ("192.31.196.1", "reserved"),
        ("192.52.193.1", "reserved"),
        ("192.88.99.1", "reserved"),
        ("192.168.0.1", "private"),
        ("192.175.48.1", "reserved"),
        ("198.18.0.1", "reserved"),
        ("198.19.255.255", "reserved"),
        ("198.51.100.1", "reserved"),
        ("203.0.113.1", "reserved"),
        ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::2", "reserved"),
        ("::127.0.0.1", "reserved"),
        ("::ffff:127.0.0.1", "another address in disguise"),
        ("::ffff:8.8.8.8", "another address in disguise"),
        ("::ffff:0:7f00:1", "reserved"),
        ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("64:ff9b::a00:1", "private"),
        ("64:ff9b:1::808:808", "reserved"),
        ("100::1", "reserved"),
        ("2001::1", "reserved"),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "reserved"),
        ("2001:20::1", "reserved"),
        ("2001:db8::1", "reserved"),
        ("2002:7f00:1::1", "another address in disguise"),
        ("2002:808:808::1", "another address in disguise"),
        ("2620:4f:8000::1", "reserved"),
        ("3fff::1", "reserved"),
        ("5f00::1", "reserved"),
        ("fc00::1", "private"),
        ("fd00:ec2::254", "private"),
        ("fd20:ce::254", "private"),
        ("fe80::1", "link-local"),
        ("fe80::1%2", "link-local"),
        ("fec0::1", "reserved"),
        ("ff02::1", "multicast"),
        ("ff0e::1", "multicast"),
    ],
)
def test_an_address_that_is_not_public_is_named_for_what_it_is(address: str, kind: str) -> None:
    assert not_public(ip_address(address)) == kind


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "142.250.185.74",
        "168.63.129.15",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2600:1f18::1",
        "2606:4700::6810:84e5",
        "2a00:1450:4001:80b::200a",
        "2001:200::1",
        "2001:4860:4860::8888",
        "3ffe:ffff::1",
        "64:ff9b::808:808",
    ],
)
def test_an_ordinary_address_may_be_asked(address: str) -> None:
    assert not_public(ip_address(address)) is None


@given(address=st.one_of(st.ip_addresses(), IPV4.map(lambda four: IPv6Address(f"::ffff:{four}"))))
def test_what_python_does_not_call_global_is_never_asked(address: IPv4Address | IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address.is_unspecified:
        assert not_public(address) is not None


@given(inner=IPV4)
def test_an_address_inside_a_nat64_one_decides(inner: IPv4Address) -> None:
    assert not_public(IPv6Address(int(IPv6Address("64:ff9b::")) + int(inner))) == not_public(inner)


@given(inner=IPV4)
def test_a_mapped_or_tunnelled_address_is_never_asked(inner: IPv4Address) -> None:
    for around in (f"::ffff:{inner}", f"::{inner}", f"2002:{inner.packed[:2].hex()}:{inner.packed[2:].hex()}::1"):
        assert not_public(IPv6Address(around)) is not None


@pytest.mark.parametrize(
    ("address", "itself"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("::ffff:127.0.0.1", False), ("64:ff9b::7f00:1", False),
     ("10.0.0.1", False), ("8.8.8.8", False), ("::", False)],
)  # fmt: skip
def test_only_plain_loopback_is_this_machine(address: str, *, itself: bool) -> None:
    assert is_this_machine(ip_address(address)) is itself
