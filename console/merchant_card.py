"""One merchant as plain data: settings, own thresholds, connections, mutes, the last audit, and how many are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from botocore.exceptions import ClientError

from console.stage import Stage
from functions.audit.errors import NightjarError
from functions.audit.grant import SHOPIFY, TIKTOK, TIKTOK_BUSINESS
from functions.audit.merchant import Merchant, Severity
from functions.audit.mute import Mute
from functions.audit.recipient import FLEET
from functions.store.reading import Reading

PROVIDERS: Final = (TIKTOK, SHOPIFY, TIKTOK_BUSINESS)
_TOLD: Final = ("state", "state_reason", "state_since", "expires_at", "refresh_expires_at", "scopes", "version")


def card(at: Stage, merchant: Merchant, today: date) -> dict[str, Any]:
    """Return what there is to know of a merchant: a few reads by key, whatever the fleet's size. Never a token.

    ``unseen``: the parts that could not be looked at, which are ``None`` then, and why: a reader's role sees less.

    Raises:
        botocore.exceptions.ClientError: AWS refused for another reason than the caller's rights.
    """
    findings = at.tables.findings.of_merchant(merchant.id).values()
    parts: dict[str, Callable[[], Any]] = {
        "connections": lambda: {provider: _connection(at, merchant.id, provider) for provider in PROVIDERS},
        "last_audit": lambda: _last_audit(Reading(at.client("dynamodb"), at.prefix).last_audit_of(merchant.id)),
        "open_findings": lambda: {
            severity.value: sum(finding.severity is severity for finding in findings) for severity in Severity
        },
        "mutes": lambda: list(_mutes(at, merchant.id, today)),
        "recipients": lambda: {
            name: len(at.tables.recipients.of(of)) for name, of in (("own", merchant.id), ("fleet", FLEET))
        },
    }
    unseen: dict[str, str] = {}
    seen = {name: _look(name, read, unseen) for name, read in parts.items()}
    return {
        **merchant.model_dump(mode="json"),
        "thresholds": {
            check_id: {**override.model_dump(mode="json"), "in_force": override.applies_on(today)}
            for check_id, override in merchant.thresholds.items()
        },
        **seen,
        "unseen": unseen,
    }


def _look(name: str, read: Callable[[], Any], unseen: dict[str, str]) -> Any:  # noqa: ANN401 - whatever is read
    try:
        return read()
    except NightjarError as error:
        unseen[name] = str(error)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "AccessDeniedException":
            raise
        unseen[name] = "These credentials may not look."
    return None


def _connection(at: Stage, merchant_id: str, provider: str) -> dict[str, Any] | None:
    """Return what may be told of the stored tokens: that they are there, when they end, what they may see."""
    row = at.tokens.describe(merchant_id, provider)
    if row is None:
        return None
    kept = {f"has_{name}": name in row for name in ("access_token", "refresh_token")}
    return {**kept, **{name: row.get(name) for name in _TOLD}}


def _last_audit(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if row is None:
        return None
    told = ("night", "state", "evaluated_at", "counts", "reasons", "profile_version")
    return {**{name: row[name] for name in told}, "version": row.get("version", 1)}


def _mutes(at: Stage, merchant_id: str, today: date) -> Iterator[dict[str, Any]]:
    """Yield the rows that are not over yet; one that cannot be understood silences nothing, and says so."""
    for row in at.tables.mutes.rows(merchant_id):
        if not isinstance(row, Mute):
            yield {"check_id": row.check_id, "kind": "unreadable", "until": None, "author": None, "reason": None}
        elif today <= row.until:
            yield {
                "check_id": row.check_id,
                "kind": row.kind.value,
                "until": row.until.isoformat(),
                "author": row.author,
                "reason": row.reason,
            }
