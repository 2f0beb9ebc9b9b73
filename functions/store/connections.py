"""How connections stand: the plain attributes of the table `tokens`, for whom no key is needed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from functions.audit.grant import TIKTOK, Grant, State
from functions.store.change import change
from functions.store.items import Item, from_item, key, wrote

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

NO_LEASE: Final = {"lease_owner": None, "lease_until": None, "refresh_sent_at": None}
IS_THERE: Final = "attribute_exists(merchant_id)"
# A login after the removal made another connection; TikTok's yes after it says that the removal is over. The first
# reason stays: TikTok repeats its deliveries, and a second event follows from the first.
_STILL_THAT_CONNECTION: Final = "(attribute_not_exists(#connected_at) OR #connected_at <= :state_since)"
_NOT_MARKED: Final = "(attribute_not_exists(#state) OR #state <> :state)"
_NOT_ACCEPTED_SINCE: Final = "NOT (#state = :connected AND #state_since > :state_since)"


class Connections:
    """The table `tokens` without its tokens. Instants that are compared are in UTC, to the microsecond."""

    def __init__(self, client: DynamoDBClient, name: str) -> None:
        self._client = client
        self._name = name

    def describe(self, merchant_id: str, provider: str = TIKTOK) -> Item | None:
        """Return the row as it is stored, tokens still encrypted; ``None`` when there is none."""
        answer = self._client.get_item(
            TableName=self._name, Key=key(merchant_id=merchant_id, provider=provider), ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def delete(self, merchant_id: str, provider: str = TIKTOK) -> None:
        """Remove a row; one that is not there is no error."""
        self._client.delete_item(TableName=self._name, Key=key(merchant_id=merchant_id, provider=provider))

    def mark_removed(self, merchant_id: str, reason: str, at: datetime, *, provider: str = TIKTOK) -> bool:
        """Note that the permission is gone since ``at``, and why; return whether that was news.

        Nothing but the state is written. A login or TikTok's acceptance after ``at`` is stronger.
        """
        return self._wrote(
            merchant_id,
            provider,
            change(
                {"state": State.REMOVED, "state_reason": reason, "state_since": stamp(at)},
                IS_THERE,
                _STILL_THAT_CONNECTION,
                _NOT_MARKED,
                _NOT_ACCEPTED_SINCE,
                given={"connected": State.CONNECTED},
            ),
        )

    def note(self, grant: Grant, state: State, reason: str | None, *, at: datetime) -> bool:
        """Note how a connection stands, in place of the state that was read; return whether it still was that one.

        A pair, a login or a webhook's mark that came meanwhile is newer than what is to be noted, and stays.
        """
        standing = {"state": state, "state_reason": reason, "state_since": stamp(at)}
        conditions, read = as_read(grant)
        return self._wrote(grant.merchant_id, grant.provider, change(standing, *conditions, given=read))

    def release(self, grant: Grant, *, owner: str) -> None:
        """Give a lease back, and with it the mark of a refresh. One that somebody else took meanwhile stays theirs."""
        mine = change(NO_LEASE, "#lease_owner = :owner", given={"owner": owner})
        self._wrote(grant.merchant_id, grant.provider, mine)

    def _wrote(self, merchant_id: str, provider: str, request: dict[str, Any]) -> bool:
        keys = key(merchant_id=merchant_id, provider=provider)
        return wrote(self._client.update_item, TableName=self._name, Key=keys, **request)


def as_read(grant: Grant) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the conditions that pair and state are still those of ``grant``, and the values that they name."""
    if not grant.version:
        return ("attribute_not_exists(merchant_id)",), {}
    same_pair = "#version = :read_version"
    if grant.state_since is None:
        return (same_pair, "attribute_not_exists(#state_since)"), {"read_version": grant.version}
    return (
        (same_pair, "#state_since = :read_since"),
        {"read_version": grant.version, "read_since": stamp(grant.state_since)},
    )


def stamp(instant: datetime) -> str:
    """Return the instant so that the order of texts is the order of time."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds")
