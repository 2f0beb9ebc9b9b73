"""Which request goes where: the wire contract of the sample server without any network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, urlsplit

from console.sample.account import asked_fields, user_info
from console.sample.consent import AUTHORIZE, Consent
from console.sample.ga4 import DATA_API, GoogleAnalytics
from console.sample.ga4_tokens import GOOGLE_TOKEN, GoogleTokens
from console.sample.grants import CLIENT_KEY, CLIENT_SECRET, Grants
from console.sample.lookups import BUSINESS_REFRESH, RESEARCH, Lookups
from console.sample.replies import Reply, error_reply, fault_reply, oauth_error, oauth_reply, unknown_path
from console.sample.shopify import ADMIN, Shopify
from console.sample.storefront import Storefront
from console.sample.story import STOREFRONT, USER_INFO, Renewal, SampleMerchant

TOKEN = "/v2/oauth/token/"  # noqa: S105 - a path
REVOKE = "/v2/oauth/revoke/"
# A second TikTok, as it were: whether user info wants GET or POST is a property of the address, not of the merchant.
POST_ONLY = "/post-only"


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``headers`` have lower-case names."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


class Desk:
    """Answers every request of the wire contract for one fleet. Safe to use from many threads.

    ``google`` is the token service of Google, whose key an audit of Google Analytics needs.
    """

    def __init__(self, fleet: Iterable[SampleMerchant]) -> None:
        everyone = tuple(fleet)
        self._grants = Grants(everyone)
        self._consent = Consent(everyone)
        self._lookups = Lookups(everyone)
        self._storefront = Storefront()
        self._shopify = Shopify(everyone)
        self.google = GoogleTokens()
        self._ga4 = GoogleAnalytics(everyone, self.google)

    def answer(self, request: Request) -> Reply:
        """Answer one request."""
        parts = urlsplit(request.target)
        path = parts.path.removeprefix(POST_ONLY)
        if path == AUTHORIZE:
            return self._authorize(request, parts.query)
        posted = path in {TOKEN, REVOKE, RESEARCH, BUSINESS_REFRESH, ADMIN, GOOGLE_TOKEN} or path.startswith(DATA_API)
        verb = "POST" if posted or (path == USER_INFO and path != parts.path) else "GET"
        if request.method != verb:
            return unknown_path()
        query = _first_values(parts.query)
        match path:
            case "/v2/oauth/token/":
                return self._token(request)
            case "/v2/oauth/revoke/":
                return self._revoke(request)
            case "/v2/user/info/" | "/analytics/sessions" | "/analytics/pages" | "/analytics/sources":
                return self._for_merchant(request, path, query)
            case _:
                return self._by_other_tokens(request, path, query)

    def _for_merchant(self, request: Request, path: str, query: Mapping[str, str]) -> Reply:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        merchant = self._grants.whose(token) if scheme == "Bearer" else None
        if merchant is None:
            return error_reply(401, "access_token_invalid", mark=path)
        if fault := merchant.conduct.faults.get(path):
            reply = fault_reply(fault, mark=f"{merchant.id}:{path}")
        elif path in STOREFRONT:
            reply = self._storefront.answer(merchant, path, query)
        else:
            scopes = self._grants.scopes_of(merchant)
            reply = user_info(merchant, scopes, asked_fields(query.get("fields"), request.body))
        return replace(reply, merchant_id=merchant.id)

    def _by_other_tokens(self, request: Request, path: str, query: Mapping[str, str]) -> Reply:
        match path:
            case "/v2/research/user/info/":
                return self._lookups.research(request.headers.get("authorization", ""), query, request.body)
            case "/open_api/v1.3/business/get/":
                return _of(*self._lookups.business(request.headers.get("access-token", ""), query))
            case "/open_api/v1.3/tt_user/oauth2/refresh_token/":
                return _of(*self._lookups.renew(request.body))
            case "/admin/api/2026-10/graphql.json":
                return self._shopify.answer(request.headers, request.body)
            case "/google/token":
                return self.google.grant(_form(request) or {})
            case _:
                google = path.startswith(DATA_API)
                return self._ga4.answer(path, request.headers, request.body) if google else unknown_path()

    def _token(self, request: Request) -> Reply:
        form = _form(request)
        if form is None:
            return oauth_error(400, "invalid_request", "The body must be form-encoded.")
        if refusal := _wrong_client(form):
            return refusal
        match form.get("grant_type"):
            case "refresh_token":
                return self._refresh(form)
            case "authorization_code":
                return self._redeem(form)
            case "client_credentials":
                return self._lookups.client_token()
            case _:
                return oauth_error(400, "unsupported_grant_type", "There is no such grant type.")

    def _refresh(self, form: Mapping[str, str]) -> Reply:
        presented = form.get("refresh_token", "")
        owner = self._grants.owner(presented)
        if owner is not None and owner.conduct.renewal is Renewal.DOWN:
            return _down(owner)
        answer = self._grants.rotate(presented)
        if answer is None or owner is None:
            return oauth_error(400, "invalid_grant", "Refresh token is invalid or expired.")
        return _of(owner, oauth_reply(answer))

    def _redeem(self, form: Mapping[str, str]) -> Reply:
        owner = self._consent.promised_to(form.get("code", ""))
        if owner is not None and owner.conduct.renewal is Renewal.DOWN:
            return _down(owner)
        promise = self._consent.redeem(form)
        if promise is None:
            return oauth_error(400, "invalid_grant", "Authorization code is expired or used, or its proofs are wrong.")
        return _of(promise.merchant, oauth_reply(self._grants.connect(promise.merchant, promise.scopes)))

    def _revoke(self, request: Request) -> Reply:
        form = _form(request)
        if form is None:
            return oauth_error(400, "invalid_request", "The body must be form-encoded.")
        if refusal := _wrong_client(form):
            return refusal
        token = form.get("token", "")
        owner = self._grants.whose(token)
        if not self._grants.revoke(token):
            return oauth_error(400, "invalid_grant", "Access token is invalid or expired.")
        return _of(owner, oauth_reply({}))

    def _authorize(self, request: Request, query: str) -> Reply:
        match request.method:
            case "GET":
                cookies = SimpleCookie(request.headers.get("cookie", ""))
                return self._consent.ask(query, {name: morsel.value for name, morsel in cookies.items()})
            case "POST":
                return self._consent.decide(parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True))
            case _:
                return unknown_path()


def _of(merchant: SampleMerchant | None, reply: Reply) -> Reply:
    return replace(reply, merchant_id=merchant.id) if merchant else reply


def _down(merchant: SampleMerchant) -> Reply:
    return _of(merchant, oauth_error(503, "temporarily_unavailable", "The service is temporarily unavailable."))


def _wrong_client(form: Mapping[str, str]) -> Reply | None:
    if (form.get("client_key"), form.get("client_secret")) == (CLIENT_KEY, CLIENT_SECRET):
        return None
    return oauth_error(401, "invalid_client", "Client key or secret is incorrect.")


def _form(request: Request) -> dict[str, str] | None:
    """Return the form fields, ``None`` when the body is something else: TikTok does not take JSON here."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return None
    return _first_values(request.body.decode("utf-8", "replace"))


def _first_values(encoded: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(encoded, keep_blank_values=True).items()}
