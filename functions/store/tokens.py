"""The table `tokens`: each pair encrypted under a context of merchant and provider, renewed under a lease."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from functions.audit.errors import Conflict, InvalidInput
from functions.audit.grant import TIKTOK, Grant, State
from functions.store.change import change
from functions.store.connections import IS_THERE, NO_LEASE, Connections, as_read, stamp
from functions.store.items import SCHEMA_VERSION, Item, from_item, key, written

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient

# botocore writes whole requests and answers at DEBUG, tokens on their way to be encrypted among them.
logging.getLogger("botocore").setLevel(logging.INFO)

_INSTANTS: Final = ("expires_at", "refresh_expires_at", "connected_at", "state_since", "lease_until", "refresh_sent_at")
_TEXTS: Final = ("open_id", "state_reason", "lease_owner")
# "Or one's own": the client sends a request again whose answer was lost.
_FREE: Final = "(attribute_not_exists(#lease_until) OR #lease_until <= :now OR #lease_owner = :lease_owner)"


class Tokens(Connections):
    """The table `tokens`. Only who may use the key can read a token; everything else of a row is plain."""

    def __init__(self, client: DynamoDBClient, name: str, *, kms: KMSClient, key_id: str) -> None:
        super().__init__(client, name)
        self._kms = kms
        self._key_id = key_id

    def get(self, merchant_id: str, provider: str = TIKTOK) -> Grant | None:
        """Return a merchant's grant, read consistently and decrypted; ``None`` when there is none."""
        row = self.describe(merchant_id, provider)
        return None if row is None else self._grant(row)

    def lease(self, grant: Grant, *, owner: str, now: datetime, until: datetime) -> Grant | None:
        """Take the right to renew, which ends by itself at ``until``, and note that a refresh is about to be sent.

        Returns the grant as it is now: a quicker fetch may have renewed it since ``grant`` was read. Its
        ``refresh_sent_at`` is ``now``, or older when a refresh was sent whose sender never came back. ``None``:
        somebody else holds the lease, or the grant is gone.
        """
        # What would keep the new pair from being stored shall show before the old one is used up.
        self._encrypted(grant, SecretStr("-"))
        answer = written(
            self._client.update_item,
            TableName=self._name,
            Key=key(merchant_id=grant.merchant_id, provider=grant.provider),
            ReturnValues="ALL_NEW",
            **change(
                {"lease_owner": owner, "lease_until": stamp(until)},
                IS_THERE,
                _FREE,
                unless_there={"refresh_sent_at": stamp(now)},
                given={"now": stamp(now)},
            ),
        )
        if answer is None:
            return None
        row = from_item(answer["Attributes"])
        return grant.model_copy(update=_plain(row)) if row["version"] == grant.version else self._grant(row)

    def replace(self, old: Grant, new: Grant, *, owner: str | None = None) -> Grant:
        """Store ``new`` in place of ``old`` and return it with its new version. The lease of ``owner`` ends with it.

        A pair that comes after its lease has ended, or after a webhook has marked the connection, is stored all the
        same as long as nobody stored another: the one that is there was used up for it. Lease and state stay then.

        Raises:
            Conflict: the stored version is no longer that of ``old``.
            InvalidInput: the two are not of the same merchant and provider.
        """
        if (new.merchant_id, new.provider) != (old.merchant_id, old.provider):
            raise InvalidInput(f"The tokens of {new.merchant_id} cannot take the place of those of {old.merchant_id}.")
        pair = self._pair(new) | {"version": old.version + 1}
        whole = pair | _standing(new) | NO_LEASE
        (same_pair, *same_state), read = as_read(old)
        given = {name: value for name, value in read.items() if name == "read_version"}
        if owner is None:
            stored = self._updated(new, change(whole, same_pair, given=given))
        else:
            mine = change(whole, same_pair, *same_state, "#lease_owner = :owner", given=read | {"owner": owner})
            stored = self._updated(new, mine) or self._updated(new, change(pair, same_pair, given=given))
        if stored is None:
            raise Conflict(f"the tokens of {old.merchant_id} were replaced by somebody else meanwhile")
        return stored

    def connect(self, grant: Grant) -> Grant:
        """Store what a login brought and return it with its version: whatever was there before is over.

        ``connected_at`` is when the user agreed. A refresh that is under way finds another version, and gives up.
        """
        fresh = grant.model_copy(
            update={"state": State.CONNECTED, "state_reason": None, "state_since": grant.connected_at}
        )
        request = change(self._pair(fresh) | _standing(fresh) | NO_LEASE, count_up="version")
        stored = self._updated(fresh, request)
        assert stored is not None  # noqa: S101 - there is no condition that could fail
        return stored

    def _updated(self, grant: Grant, request: dict[str, Any]) -> Grant | None:
        answer = written(
            self._client.update_item,
            TableName=self._name,
            Key=key(merchant_id=grant.merchant_id, provider=grant.provider),
            ReturnValues="ALL_NEW",
            **request,
        )
        return None if answer is None else grant.model_copy(update=_plain(from_item(answer["Attributes"])))

    def _grant(self, row: Item) -> Grant:
        merchant_id, provider = row["merchant_id"], row["provider"]
        return Grant(
            merchant_id=merchant_id,
            provider=provider,
            access_token=self._decrypted(merchant_id, provider, row.get("access_token")),
            refresh_token=self._decrypted(merchant_id, provider, row.get("refresh_token")),
            **_plain(row),
        )

    def _pair(self, grant: Grant) -> Item:
        return {
            "access_token": self._encrypted(grant, grant.access_token),
            "refresh_token": self._encrypted(grant, grant.refresh_token),
            "expires_at": grant.expires_at,
            "refresh_expires_at": grant.refresh_expires_at,
            "scopes": grant.scopes,
            "open_id": grant.open_id,
            "connected_at": _stamped(grant.connected_at),
            "schema_version": SCHEMA_VERSION,
        }

    def _encrypted(self, grant: Grant, token: SecretStr | None) -> bytes | None:
        if token is None:
            return None
        answer = self._kms.encrypt(
            KeyId=self._key_id,
            Plaintext=token.get_secret_value().encode(),
            EncryptionContext=_context(grant.merchant_id, grant.provider),
        )
        return answer["CiphertextBlob"]

    def _decrypted(self, merchant_id: str, provider: str, blob: bytes | None) -> SecretStr | None:
        """Return the token. A row copied to another merchant does not decrypt: the context is not its own."""
        if blob is None:
            return None
        answer = self._kms.decrypt(
            KeyId=self._key_id, CiphertextBlob=blob, EncryptionContext=_context(merchant_id, provider)
        )
        return SecretStr(answer["Plaintext"].decode())


def _context(merchant_id: str, provider: str) -> dict[str, str]:
    return {"merchant_id": merchant_id, "provider": provider}


def _standing(grant: Grant) -> Item:
    return {"state": grant.state, "state_reason": grant.state_reason, "state_since": _stamped(grant.state_since)}


def _plain(row: Item) -> dict[str, Any]:
    """Return what a row says besides its tokens, as the fields of a grant."""
    return {
        "scopes": tuple(row["scopes"]) if "scopes" in row else None,
        "state": State(row.get("state", State.CONNECTED)),
        "version": row["version"],
        **{name: row.get(name) for name in _TEXTS},
        **{name: datetime.fromisoformat(row[name]) if name in row else None for name in _INSTANTS},
    }


def _stamped(instant: datetime | None) -> str | None:
    return None if instant is None else stamp(instant)
