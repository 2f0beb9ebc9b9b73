"""Where a merchant's token may go: https, allow-listed hosts, and this machine only when that is allowed."""

import re

import pytest

from functions.audit.errors import ForbiddenHost, InvalidInput
from functions.audit.hosts import DEFAULT_HOSTS, HostPolicy, is_loopback

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


def test_a_forbidden_host_is_an_invalid_input() -> None:
    assert issubclass(ForbiddenHost, InvalidInput)


@pytest.mark.parametrize(
    ("host", "itself"),
    [("localhost", True), ("127.0.0.1", True), ("127.255.255.254", True), ("::1", True), ("128.0.0.1", False),
     ("::2", False), ("localhost.localdomain", False), ("", False)],
)  # fmt: skip
def test_only_this_machine_is_loopback(host: str, *, itself: bool) -> None:
    assert is_loopback(host) is itself
