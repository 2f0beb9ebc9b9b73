"""The sample server's login is as strict as TikTok's documents: redirects, hex challenges, codes that work once."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from urllib.parse import unquote, urlencode, urlsplit

import httpx
import pytest

from console.sample.fleet import fleet
from console.sample.grants import CLIENT_KEY, CLIENT_SECRET
from console.sample.server import SampleServer

DESKTOP, WEB = "http://127.0.0.1:8585/callback/", "https://agency.example/tiktok/callback"
VERIFIER = "A-verifier.of_the~allowed-characters-0123456789"
CHALLENGE = hashlib.sha256(VERIFIER.encode()).hexdigest()
BASE64URL = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
SCOPES = "user.info.basic,user.info.profile,user.info.stats"


@pytest.fixture
def server() -> Iterator[SampleServer]:
    with SampleServer(fleet(seed=21)) as running:
        yield running
    assert running.errors == []


@pytest.fixture
def browser(server: SampleServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, trust_env=False, timeout=10) as opened:
        yield opened


def request(**changes: str | None) -> str:
    """Return the query of a desktop app's request; ``None`` leaves a parameter out."""
    asked: dict[str, str | None] = {
        "client_key": CLIENT_KEY,
        "response_type": "code",
        "scope": SCOPES,
        "redirect_uri": DESKTOP,
        "state": "a-state",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return urlencode({name: value for name, value in (asked | changes).items() if value is not None})


def web(**changes: str | None) -> str:
    return request(**{"redirect_uri": WEB, "code_challenge": None, "code_challenge_method": None, **changes})


def allow(browser: httpx.Client, query: str, *scopes: str, account: str = "larkspur") -> dict[str, str]:
    """Fill the page in; return what the browser is sent back with, as it stands in the address."""
    form = {"request": query, "account": account, "decision": "allow", "scopes": list(scopes or SCOPES.split(","))}
    return sent_back(browser.post("/v2/auth/authorize/", data=form))


def sent_back(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 303
    return dict(pair.split("=", 1) for pair in urlsplit(answer.headers["location"]).query.split("&"))


def trade(browser: httpx.Client, code: str, **changes: str) -> httpx.Response:
    form = {
        "client_key": CLIENT_KEY,
        "client_secret": CLIENT_SECRET,
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": DESKTOP,
        "code_verifier": VERIFIER,
    }
    return browser.post("/v2/oauth/token/", data=form | changes)


def test_a_code_is_traded_for_a_pair_that_lives(browser: httpx.Client) -> None:
    back = allow(browser, request())
    pair = trade(browser, unquote(back["code"])).json()

    assert (back["state"], unquote(back["scopes"])) == ("a-state", SCOPES)
    assert (pair["open_id"], pair["scope"], pair["token_type"]) == ("open-larkspur", SCOPES, "Bearer")
    seen = browser.get(
        "/v2/user/info/?fields=open_id,follower_count", headers={"Authorization": f"Bearer {pair['access_token']}"}
    )
    assert seen.json()["data"]["user"]["open_id"] == "open-larkspur"


def test_a_code_works_once(browser: httpx.Client) -> None:
    code = unquote(allow(browser, request())["code"])

    assert "access_token" in trade(browser, code).json()
    assert trade(browser, code).json()["error"] == "invalid_grant"


def test_a_code_travels_encoded_and_is_dead_when_decoded_never_or_twice(browser: httpx.Client) -> None:
    for decoded in (lambda code: code, lambda code: unquote(unquote(code))):
        back = allow(browser, request())
        assert "%2A" in back["code"]
        assert "%21" in back["code"]
        assert trade(browser, decoded(back["code"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "wrong",
    [
        {"redirect_uri": "http://127.0.0.1:8585/callback"},
        {"code_verifier": VERIFIER[:-1]},
        {"code_verifier": VERIFIER[:42]},
        {"code_verifier": ""},
        {"client_secret": "guess"},
    ],
)
def test_a_code_with_the_wrong_proofs_gives_nothing(browser: httpx.Client, wrong: dict[str, str]) -> None:
    answer = trade(browser, unquote(allow(browser, request())["code"]), **wrong).json()

    assert answer["error"] in {"invalid_grant", "invalid_client"}
    assert "access_token" not in answer


def test_a_website_needs_no_proof_of_who_began(browser: httpx.Client) -> None:
    code = unquote(allow(browser, web())["code"])

    assert "access_token" in trade(browser, code, redirect_uri=WEB, code_verifier="").json()


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (request(code_challenge=None, code_challenge_method=None), "invalid_request"),
        (request(code_challenge=BASE64URL), "invalid_request"),
        (request(code_challenge=CHALLENGE.upper()), "invalid_request"),
        (request(code_challenge_method="plain"), "invalid_request"),
        (request(state=None), "invalid_request"),
        (request(response_type="token"), "unsupported_response_type"),
        (request(scope="user.info.basic,no.such.scope"), "invalid_scope"),
        (request(scope=""), "invalid_scope"),
    ],
)
def test_a_request_that_breaks_the_rules_goes_back_with_an_error(browser: httpx.Client, query: str, error: str) -> None:
    assert sent_back(browser.get(f"/v2/auth/authorize/?{query}"))["error"] == error


@pytest.mark.parametrize(
    "changes",
    [
        {"client_key": "somebody"},
        {"redirect_uri": "http://127.0.0.1/callback/"},
        {"redirect_uri": "http://192.0.2.7:8585/callback/"},
        {"redirect_uri": f"{DESKTOP}?next=1"},
        {"redirect_uri": f"{WEB}#here"},
        {"redirect_uri": "http://agency.example/callback"},
        {"redirect_uri": f"https://agency.example/{'a' * 490}"},
        {"redirect_uri": None},
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_the_apps(
    browser: httpx.Client, changes: dict[str, str | None]
) -> None:
    answer = browser.get(f"/v2/auth/authorize/?{request(**changes)}")

    assert (answer.status_code, "location" in answer.headers) == (400, False)


def test_the_user_may_cancel(browser: httpx.Client) -> None:
    form = {"request": request(), "account": "larkspur", "decision": "deny"}
    back = sent_back(browser.post("/v2/auth/authorize/", data=form))

    assert (back["error"], back["state"]) == ("access_denied", "a-state")
    assert "code" not in back


def test_what_was_left_unticked_is_not_granted(browser: httpx.Client) -> None:
    back = allow(browser, request(), "user.info.basic")
    pair = trade(browser, unquote(back["code"])).json()

    assert (back["scopes"], pair["scope"]) == ("user.info.basic", "user.info.basic")
    seen = browser.get("/v2/user/info/?fields=username", headers={"Authorization": f"Bearer {pair['access_token']}"})
    assert seen.json()["error"]["code"] == "scope_not_authorized"
    renewed = browser.post(
        "/v2/oauth/token/",
        data={
            "client_key": CLIENT_KEY,
            "client_secret": CLIENT_SECRET,
            "grant_type": "refresh_token",
            "refresh_token": pair["refresh_token"],
        },
    ).json()
    assert renewed["scope"] == "user.info.basic"


def test_the_page_asks_and_what_was_allowed_once_is_not_asked_again_unless_the_app_says_so(
    browser: httpx.Client,
) -> None:
    page = browser.get(f"/v2/auth/authorize/?{request()}")
    assert page.status_code == 200
    assert "Allow" in page.text
    assert "user.info.stats" in page.text

    allow(browser, request())
    assert "code" in sent_back(browser.get(f"/v2/auth/authorize/?{request()}"))
    assert browser.get(f"/v2/auth/authorize/?{request(disable_auto_auth='1')}").status_code == 200


def test_the_page_shows_a_hostile_request_as_text(browser: httpx.Client) -> None:
    hostile = request(state='"><script>alert(1)</script>') + "&more=<script>"
    page = browser.get(f"/v2/auth/authorize/?{hostile}")

    assert page.status_code == 200
    assert "<script" not in page.text


def test_revoking_says_when_the_token_is_dead_already(browser: httpx.Client) -> None:
    pair = trade(browser, unquote(allow(browser, request())["code"])).json()
    form = {"client_key": CLIENT_KEY, "client_secret": CLIENT_SECRET, "token": pair["access_token"]}

    assert browser.post("/v2/oauth/revoke/", data=form).json() == {}
    assert browser.post("/v2/oauth/revoke/", data=form).json()["error"] == "invalid_grant"
