"""Redirect addresses as TikTok lets an app register them, the authorise address, and PKCE with a challenge in hex."""

from __future__ import annotations

import hashlib
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.errors import Unusable
from console.login.addresses import AUTHORIZE, Redirect, authorize_address, check_authorize, parse_redirect
from console.login.proof import Proof, new_proof

SCOPES = ("user.info.basic", "user.info.profile", "user.info.stats")


@pytest.mark.parametrize(
    ("text", "desktop", "heard", "port"),
    [
        ("http://127.0.0.1:8585/callback/", True, True, 8585),
        ("http://localhost:3455/cb", True, True, 3455),
        ("http://localhost:3455", True, True, 3455),
        ("http://127.0.0.1:*/callback/", True, True, 0),
        ("http://127.0.0.1:0/callback/", True, True, 0),
        ("https://localhost:8443/callback/", True, False, 8443),
        ("https://agency.example/tiktok/callback", False, False, None),
        ("https://agency.example:8443/callback/", False, False, None),
        ("https://agency.example/" + "a" * 488, False, False, None),
    ],
)
def test_an_address_that_tiktok_takes_is_taken_as_it_is(
    text: str, *, desktop: bool, heard: bool, port: int | None
) -> None:
    redirect = parse_redirect(text)

    assert (redirect.is_desktop, redirect.can_be_heard, redirect.port) == (desktop, heard, port)
    if port != 0:
        assert redirect.at() == text


def test_any_free_port_becomes_the_one_that_was_found() -> None:
    assert parse_redirect("http://127.0.0.1:*/callback/").at(40123) == "http://127.0.0.1:40123/callback/"
    assert Redirect.here(8585).at(8585) == "http://127.0.0.1:8585/callback/"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://agency.example/callback?next=1", "parameters"),
        ("https://agency.example/callback?", "parameters"),
        ("https://agency.example/callback#here", "fragment"),
        ("http://agency.example/callback", "https://"),
        ("http://127.0.0.2:8585/callback/", "https://"),
        ("http://[::1]:8585/callback/", "https://"),
        ("https://*.agency.example/callback", "written out in full"),
        ("https://agency.example:*/callback", "written out in full"),
        ("http://127.0.0.1/callback/", "name its port"),
        ("http://localhost:/callback/", "name its port"),
        ("http://127.0.0.1:65536/callback/", "not an address"),
        ("http://127.0.0.1:999999/callback/", "not an address"),
        ("https://user:word@agency.example/callback", "user name"),
        ("/callback", "absolute"),
        ("agency.example/callback", "absolute"),
        ("myapp://callback", "https://"),
        ("https://agency.example/c b", "spaces"),
        ("https://agency.example\\@evil.example/", "plain ASCII"),
        ("https://bücher.example/callback", "plain ASCII"),
        ("https://agency.example/\ncallback", "plain ASCII"),
        ("https://[agency.example/callback", "not an address"),
        ("https://agency.example/" + "a" * 489, "512"),
        ("", "plain ASCII"),
    ],
)
def test_an_address_that_tiktok_would_turn_down_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(Unusable, match=re.escape(said)):
        parse_redirect(text)


@pytest.mark.parametrize("page", [AUTHORIZE, "http://127.0.0.1:4000/v2/auth/authorize/", "http://localhost:1/a"])
def test_the_authorise_page_is_tiktoks_or_a_sample_servers(page: str) -> None:
    assert check_authorize(page) == page


@pytest.mark.parametrize(
    "page",
    [
        "https://www.tiktok.com.evil.example/v2/auth/authorize/",
        "https://evil.example/v2/auth/authorize/",
        "https://open.tiktokapis.com/v2/auth/authorize/",
        "http://www.tiktok.com/v2/auth/authorize/",
        "https://www.tiktok.com@evil.example/",
        f"{AUTHORIZE}?client_key=other",
        f"{AUTHORIZE}#x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://192.0.2.7/v2/auth/authorize/",
        "",
        "http://[",
    ],
)
def test_nobody_is_sent_anywhere_else_to_log_in(page: str) -> None:
    with pytest.raises(Unusable):
        check_authorize(page)


def asked(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True, strict_parsing=True))


def test_a_website_asks_as_tiktok_documents_it() -> None:
    address = authorize_address(
        AUTHORIZE,
        "CLIENT_KEY",
        SCOPES,
        "https://app.example.com/tiktok/callback",
        proof=Proof(state="RANDOM", verifier=None),
        ask_again=False,
    )

    assert address == (
        "https://www.tiktok.com/v2/auth/authorize/?client_key=CLIENT_KEY&response_type=code"
        "&scope=user.info.basic,user.info.profile,user.info.stats"
        "&redirect_uri=https%3A%2F%2Fapp.example.com%2Ftiktok%2Fcallback&state=RANDOM"
    )


def test_a_desktop_adds_the_challenge_in_hex_and_may_have_tiktok_ask_again() -> None:
    verifier = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    address = authorize_address(
        AUTHORIZE, "k", SCOPES, "http://127.0.0.1:8585/callback/", proof=Proof("s", verifier), ask_again=True
    )

    sent = asked(address)
    assert sent["disable_auto_auth"] == "1"
    assert sent["code_challenge_method"] == "S256"
    # printf %s VERIFIER | sha256sum
    assert sent["code_challenge"] == "3964294b664613798d1a477eb8ad02118b48d0c5738c427613202f2ed123b5f1"
    assert verifier not in address


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", min_size=64, max_size=64))
def test_whatever_the_randomness_a_challenge_is_the_hex_digest_of_a_verifier_that_tiktok_takes(text: str) -> None:
    proof = new_proof(pkce=True, random=lambda _: text)

    assert proof.verifier is not None
    assert re.fullmatch(r"[A-Za-z0-9\-._~]{43,128}", proof.verifier)
    assert proof.challenge == hashlib.sha256(text.encode()).hexdigest()
    assert re.fullmatch(r"[0-9a-f]{64}", proof.challenge)


def test_proofs_are_never_the_same_never_short_and_never_printed() -> None:
    proofs = [new_proof(pkce=True) for _ in range(200)]

    assert len({proof.state for proof in proofs} | {str(proof.verifier) for proof in proofs}) == 400
    assert all(len(proof.state) >= 43 for proof in proofs)  # 32 bytes as base64url
    assert new_proof(pkce=False).challenge is None
    assert proofs[0].state not in repr(proofs[0])
    assert str(proofs[0].verifier) not in repr(proofs[0])


@given(st.text(max_size=80))
def test_whatever_is_written_as_a_redirect_address_is_taken_or_refused_never_a_crash(text: str) -> None:
    try:
        redirect = parse_redirect(text)
    except Unusable:
        return
    assert redirect.at(1).startswith(("http://127.0.0.1:1", "http://localhost:1", "https://"))
