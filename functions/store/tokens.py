"""The table `tokens`: each pair encrypted under a context of merchant and provider, replaced under a version lock."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from functions.audit.errors import Conflict, InvalidInput
from functions.audit.grant import TIKTOK, Grant
from functions.store.items import at_version, from_item, key, to_item, wrote

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient


class Tokens:
    """The table `tokens`. Only who may use the key can read a token; everything else of a row is plain."""

    def __init__(self, client: DynamoDBClient, name: str, *, kms: KMSClient, key_id: str) -> None:
        self._client = client
        self._name = name
        self._kms = kms
        self._key_id = key_id

    def get(self, merchant_id: str, provider: str = TIKTOK) -> Grant | None:
        """Return a merchant's grant, read consistently and decrypted; ``None`` when there is none."""
        row = self.describe(merchant_id, provider)
        if row is None:
            return None
        return Grant(
            merchant_id=merchant_id,
            provider=provider,
            access_token=self._decrypted(merchant_id, provider, row.get("access_token")),
            refresh_token=self._decrypted(merchant_id, provider, row.get("refresh_token")),
            expires_at=_instant(row.get("expires_at")),
            refresh_expires_at=_instant(row.get("refresh_expires_at")),
            scopes=tuple(row["scopes"]) if "scopes" in row else None,
            version=row["version"],
        )

    def describe(self, merchant_id: str, provider: str = TIKTOK) -> dict[str, Any] | None:
        """Return the row as it is stored, tokens still encrypted; ``None`` when there is none."""
        answer = self._client.get_item(
            TableName=self._name, Key=key(merchant_id=merchant_id, provider=provider), ConsistentRead=True
        )
        return from_item(answer["Item"]) if "Item" in answer else None

    def replace(self, old: Grant, new: Grant) -> Grant:
        """Store ``new`` in place of ``old`` and return it with its new version.

        Raises:
            Conflict: the stored version is no longer that of ``old``.
            InvalidInput: the two are not of the same merchant and provider.
        """
        if (new.merchant_id, new.provider) != (old.merchant_id, old.provider):
            raise InvalidInput(f"The tokens of {new.merchant_id} cannot take the place of those of {old.merchant_id}.")
        stored = new.model_copy(update={"version": old.version + 1})
        item = to_item(
            {
                "merchant_id": old.merchant_id,
                "provider": new.provider,
                "access_token": self._encrypted(new, new.access_token),
                "refresh_token": self._encrypted(new, new.refresh_token),
                "expires_at": new.expires_at,
                "refresh_expires_at": new.refresh_expires_at,
                "scopes": new.scopes,
                "version": stored.version,
            }
        )
        held = wrote(self._client.put_item, TableName=self._name, Item=item, **at_version(old.version))
        if not held:
            raise Conflict(f"the tokens of {old.merchant_id} were replaced by somebody else meanwhile")
        return stored

    def delete(self, merchant_id: str, provider: str = TIKTOK) -> None:
        """Remove a row; one that is not there is no error."""
        self._client.delete_item(TableName=self._name, Key=key(merchant_id=merchant_id, provider=provider))

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


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
