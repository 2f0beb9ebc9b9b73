"""The pages of the sample login: one that asks which account allows what, one that turns an app away."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from console.sample.replies import Reply
from console.sample.story import SampleMerchant

_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem; color: #161823 }}
h1 {{ font-size: 1.4rem }}
label {{ display: block; margin: .4rem 0 }}
select, button {{ font: inherit; padding: .5rem .9rem; margin: .6rem .6rem .6rem 0 }}
small {{ color: #57606a }}
</style>
</head>
<body>
{body}
</body>
</html>
"""
_ASKING = """<h1>An app would like to see your account</h1>
<form method="post">
<input type="hidden" name="request" value="{request}">
<label>Logged in as<br><select name="account">{accounts}</select></label>
<p>It asks for:</p>
{scopes}
<button name="decision" value="allow">Allow</button>
<button name="decision" value="deny">Cancel</button>
</form>
<p><small>This is Nightjar's sample server, not TikTok. Nothing here is real.</small></p>"""


def consent_page(query: str, scopes: Iterable[str], fleet: Iterable[SampleMerchant]) -> Reply:
    """Return the page that asks; ``query`` is the app's request, which the filled-in form brings back."""
    accounts = "".join(f'<option value="{escape(merchant.id)}">{escape(merchant.name)}</option>' for merchant in fleet)
    boxes = "\n".join(
        f'<label><input type="checkbox" name="scopes" value="{escape(scope)}" checked> {escape(scope)}</label>'
        for scope in scopes
    )
    return _page(200, "Log in", _ASKING.format(request=escape(query), accounts=accounts, scopes=boxes))


def refusal_page(what: str, why: str) -> Reply:
    """Return the page for an app that is not answered; ``what`` names the parameter that is wrong."""
    return _page(400, "Something went wrong", f"<h1>Something went wrong</h1><p>{escape(what)}: {escape(why)}</p>")


def _page(status: int, title: str, body: str) -> Reply:
    text = _FRAME.format(title=escape(title), body=body)
    return Reply(status, text.encode(), "text/html; charset=utf-8", {"Cache-Control": "no-store"})
