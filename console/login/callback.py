"""What TikTok sent the browser back with: a code, the user's refusal, or something that is not ours to answer."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, unquote_plus

from pydantic import SecretStr

from functions.fetcher.sources.oauth import scopes_of

# What a code or a token consists of: visible ASCII, no more than fits an address.
_CODE: Final = re.compile(r"[!-~]{1,4096}")
_NAMES: Final = frozenset({"code", "state", "scopes", "error", "error_description"})


@dataclass(frozen=True, slots=True)
class Granted:
    """The user said yes. ``code`` is decoded, single use, and a secret until then. ``scopes`` empty: nobody told."""

    code: SecretStr
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """TikTok or the user said no. ``error`` is TikTok's name for it, not to be shown before it is recognised."""

    error: str


@dataclass(frozen=True, slots=True)
class Foreign:
    """This does not belong to the login that is waited for; ``why`` says how that was seen."""

    why: str


Callback = Granted | Refused | Foreign


def read_callback(query: str, state: str) -> Callback:
    """Read the query of a callback address; ``state`` is that of the login that was begun.

    Every value is decoded once: a code holds ``*`` and ``!``, which travel encoded, and may hold a percent sign.
    """
    values = _values(query)
    if values is None:
        return Foreign("it names a parameter twice, or in letters that no browser sends")
    # Compared in constant time, and before anything else is believed: whoever knows the state began the login.
    if not hmac.compare_digest(values.get("state", "").encode(), state.encode()):
        return Foreign("it does not carry the state of this login")
    if values.get("error"):
        return Refused(values["error"])
    code = read_code(values.get("code", ""))
    if code is None:
        return Foreign("it carries no code")
    return Granted(code, scopes_of(values.get("scopes", "")))


def read_code(decoded: str) -> SecretStr | None:
    """Return a code that was decoded already; ``None`` when it can be none."""
    return SecretStr(decoded) if _CODE.fullmatch(decoded) else None


def decode_once(text: str) -> str | None:
    """Return what stands encoded in an address; ``None`` when it is not UTF-8. A plus sign stays one."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None


def _values(query: str) -> dict[str, str] | None:
    """Return the parameters of ours; ``None`` when one is there twice, so that nobody can choose which one counts."""
    values: dict[str, str] = {}
    for pair in query.split("&"):
        name, _, encoded = pair.partition("=")
        name = unquote_plus(name)
        if name not in _NAMES:
            continue
        value = decode_once(encoded)
        if value is None or name in values:
            return None
        values[name] = value
    return values
