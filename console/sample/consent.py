"""TikTok's login as the sample server plays it: who may ask, what the user allows, and a code that works once.

Strict where TikTok's documents are (APIS 2.1, 2.2, 2.6): a desktop redirect needs a challenge in hex, a code is traded
once, with the very redirect address that it was asked for and the verifier of its challenge.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlencode

from console.sample.consent_page import consent_page, refusal_page
from console.sample.grants import CLIENT_KEY
from console.sample.replies import Reply
from console.sample.story import ALL_SCOPES, SampleMerchant

AUTHORIZE = "/v2/auth/authorize/"
ACCOUNT_COOKIE = "sample_account"
KNOWN_SCOPES = (*ALL_SCOPES, "video.list")
_DESKTOP = re.compile(r"https?://(localhost|127\.0\.0\.1):[0-9]{1,5}(/[^?#\s]*)?")
_WEB = re.compile(r"https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]{1,5})?(/[^?#\s]*)?")
_LONGEST_REDIRECT = 511
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True, slots=True)
class Promise:
    """What a code stands for until it is traded."""

    merchant: SampleMerchant
    scopes: tuple[str, ...]
    redirect_uri: str
    challenge: str | None


class Consent:
    """The authorise page of one fleet. Safe to use from many threads."""

    def __init__(self, fleet: Iterable[SampleMerchant]) -> None:
        self._fleet = {merchant.id: merchant for merchant in fleet}
        self._lock = threading.Lock()
        self._promised: dict[str, Promise] = {}
        self._allowed: dict[str, frozenset[str]] = {}
        self._codes = 0

    def ask(self, query: str, cookies: Mapping[str, str]) -> Reply:
        """Answer the browser that comes with an app's request: a page that asks, or at once where all was allowed."""
        request = _first_values(query)
        if refusal := _refusal(request):
            return refusal
        if error := _error(request):
            return _back(request, {"error": error, "error_description": "The request cannot be answered."})
        merchant = self._fleet.get(cookies.get(ACCOUNT_COOKIE, ""))
        wanted = _scopes(request)
        with self._lock:
            allowed = self._allowed.get(merchant.id, frozenset()) if merchant else frozenset()
        if merchant is not None and allowed >= set(wanted) and request.get("disable_auto_auth") != "1":
            return self._allow(request, merchant, wanted)
        return consent_page(query, wanted, self._fleet.values())

    def decide(self, form: Mapping[str, list[str]]) -> Reply:
        """Answer the filled-in page: back to the app with a code, or with the user's refusal."""
        request = _first_values(form.get("request", [""])[0])
        if refusal := _refusal(request):
            return refusal
        merchant = self._fleet.get(form.get("account", [""])[0])
        if form.get("decision") != ["allow"] or merchant is None:
            return _back(request, {"error": "access_denied", "error_description": "User cancelled the authorization"})
        ticked = form.get("scopes", [])
        return self._allow(request, merchant, tuple(scope for scope in _scopes(request) if scope in ticked))

    def redeem(self, form: Mapping[str, str]) -> Promise | None:
        """Take back a code; ``None`` when it was used, was never given, or comes with the wrong proofs.

        A code that was shown once is dead, also when the proofs were wrong.
        """
        with self._lock:
            promise = self._promised.pop(form.get("code", ""), None)
        if promise is None or promise.redirect_uri != form.get("redirect_uri"):
            return None
        if promise.challenge is not None:
            verifier = form.get("code_verifier", "")
            if not _VERIFIER.fullmatch(verifier):
                return None
            if hashlib.sha256(verifier.encode()).hexdigest() != promise.challenge:
                return None
        return promise

    def promised_to(self, code: str) -> SampleMerchant | None:
        """Return whose account a living code stands for."""
        with self._lock:
            promise = self._promised.get(code)
        return promise.merchant if promise else None

    def _allow(self, request: Mapping[str, str], merchant: SampleMerchant, scopes: tuple[str, ...]) -> Reply:
        with self._lock:
            self._codes += 1
            code = _code(merchant, self._codes)
            self._promised[code] = Promise(merchant, scopes, request["redirect_uri"], request.get("code_challenge"))
            self._allowed[merchant.id] = frozenset(scopes)
        cookie = {"Set-Cookie": f"{ACCOUNT_COOKIE}={merchant.id}; Path=/; HttpOnly; SameSite=Lax"}
        return _back(request, {"code": code, "scopes": ",".join(scopes)}, cookie)


def _code(merchant: SampleMerchant, number: int) -> str:
    """Return a code of TikTok's kind. Decoded once too often, its percent sign becomes something else."""
    mark = hashlib.sha256(f"{merchant.seed}:{merchant.id}:{number}:code".encode()).hexdigest()[:40]
    return f"{mark}%2A{number}*1!{number:04}.va"


def _refusal(request: Mapping[str, str]) -> Reply | None:
    """Return the page for a request that must not be answered to its sender: nobody knows whose address that is."""
    if request.get("client_key") != CLIENT_KEY:
        return refusal_page("client_key", "There is no app with this client key.")
    redirect_uri = request.get("redirect_uri", "")
    fits = _DESKTOP.fullmatch(redirect_uri) or _WEB.fullmatch(redirect_uri)
    if not fits or len(redirect_uri) > _LONGEST_REDIRECT:
        return refusal_page("redirect_uri", "The redirect address does not match one that the app has registered.")
    return None


def _error(request: Mapping[str, str]) -> str | None:
    """Return TikTok's name for what is wrong with a request whose sender is known."""
    if request.get("response_type") != "code":
        return "unsupported_response_type"
    if not request.get("state"):
        return "invalid_request"
    wanted = _scopes(request)
    if not wanted or any(scope not in KNOWN_SCOPES for scope in wanted):
        return "invalid_scope"
    challenge = request.get("code_challenge")
    if challenge is None:
        return "invalid_request" if _DESKTOP.fullmatch(request["redirect_uri"]) else None
    well_formed = _HEX_SHA256.fullmatch(challenge) and request.get("code_challenge_method") == "S256"
    return None if well_formed else "invalid_request"


def _scopes(request: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(scope for scope in request.get("scope", "").split(",") if scope)


def _back(request: Mapping[str, str], said: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Reply:
    answer = urlencode({**said, "state": request.get("state", "")}, quote_via=quote, safe="")
    location = f"{request['redirect_uri']}?{answer}"
    return Reply(303, b"", headers={**(headers or {}), "Location": location, "Cache-Control": "no-store"})


def _first_values(encoded: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(encoded, keep_blank_values=True).items()}
