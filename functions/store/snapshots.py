"""The table `snapshots`: what a night saw, compressed; each version written once and never replaced."""

from __future__ import annotations

import gzip
import hashlib
import time
import zlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from botocore.exceptions import ClientError
from pydantic import ValidationError

from functions.audit.absence import Absent
from functions.audit.errors import NightjarError
from functions.audit.snapshot import SCHEMA_VERSION, PageSeen, Snapshot, SourceSeen
from functions.store.fence import refusals_of, written_unless_erased
from functions.store.items import (
    NOT_OVER,
    OVER,
    TTL_NAME,
    Clock,
    Item,
    epoch,
    from_item,
    is_over,
    key,
    now_value,
    pages,
    to_item,
    to_value,
)

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

# DynamoDB takes items of 400 KB; this leaves room for everything beside the body.
LARGEST_BODY = 350_000
NOT_THERE_YET = f"attribute_not_exists(merchant_id) OR {OVER}"
VERSION_IS_NEW = f"attribute_exists(merchant_id) AND attribute_not_exists(#version) AND {NOT_OVER}"
TOO_LARGE = "ValidationError"
Row = TypeVar("Row", PageSeen, SourceSeen)


class Snapshots:
    """The table `snapshots`."""

    def __init__(self, client: DynamoDBClient, name: str, *, merchants: str, clock: Clock = time.time) -> None:
        self._client = client
        self._name = name
        self._merchants = merchants
        self._clock = clock

    def put_once(self, snapshot: Snapshot, *, ttl: datetime) -> bool:
        """Store the snapshot unless one of this merchant and night is there; return whether it was stored.

        Of a merchant that was erased meanwhile nothing is stored.
        A listing that would not fit loses its smallest rows and is marked as truncated.
        """
        put = {
            "TableName": self._name,
            "Item": to_item(
                {
                    "merchant_id": snapshot.merchant_id,
                    "night": snapshot.night,
                    **_parts(snapshot),
                    "fetched": snapshot.fetched,
                    "ttl": epoch(ttl),
                }
            ),
            "ConditionExpression": NOT_THERE_YET,
            "ExpressionAttributeNames": TTL_NAME,
            "ExpressionAttributeValues": now_value(self._clock),
        }
        return self._wrote({"Put": put}, snapshot.merchant_id)

    def add_version(self, snapshot: Snapshot, version: int) -> bool:
        """Store what was seen of a night later, beside what was seen first; return whether it was stored.

        ``False``: this version is there already, the night is over or erased, or its item holds no more.
        """
        update = {
            "TableName": self._name,
            "Key": key(merchant_id=snapshot.merchant_id, night=snapshot.night.isoformat()),
            "UpdateExpression": "SET #version = :seen",
            "ConditionExpression": VERSION_IS_NEW,
            "ExpressionAttributeNames": {"#version": _attribute(version), **TTL_NAME},
            "ExpressionAttributeValues": {":seen": to_value(_parts(snapshot)), **now_value(self._clock)},
        }
        try:
            return self._wrote({"Update": update}, snapshot.merchant_id)
        except ClientError as error:
            if TOO_LARGE in refusals_of(error):
                return False
            raise

    def _wrote(self, write: dict[str, Any], merchant_id: str) -> bool:
        return written_unless_erased(self._client, write, merchants=self._merchants, merchant_id=merchant_id)

    def get(self, merchant_id: str, night: date, version: int = 1) -> Snapshot | None:
        """Return the snapshot, read consistently; ``None`` when there is none or its time is over.

        Raises:
            NightjarError: the body is not what was stored for this merchant and night, or of a form that this version
                does not read.
        """
        where = key(merchant_id=merchant_id, night=night.isoformat())
        row = from_item(self._client.get_item(TableName=self._name, Key=where, ConsistentRead=True).get("Item", {}))
        part = row if version == 1 else row.get(_attribute(version))
        return None if not part or is_over(row, self._clock) else self._read(part, merchant_id, night)

    def newest(self, merchant_id: str, first: date, last: date) -> dict[date, tuple[int, Snapshot]]:
        """Return the newest version of each night of a merchant from ``first`` to ``last``, and its number.

        A night that cannot be read by this version is left out.
        """
        nights = self.nights(merchant_id, first, last)
        return {night: found for night, found in nights.items() if not isinstance(found, NightjarError)}

    def nights(self, merchant_id: str, first: date, last: date) -> dict[date, tuple[int, Snapshot] | NightjarError]:
        """Return the same, and for a night that is stored and cannot be read the error that says why."""
        rows = pages(
            self._client,
            TableName=self._name,
            ConsistentRead=True,
            KeyConditionExpression="merchant_id = :merchant AND night BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":merchant": {"S": merchant_id},
                ":first": {"S": first.isoformat()},
                ":last": {"S": last.isoformat()},
            },
        )
        found: dict[date, tuple[int, Snapshot] | NightjarError] = {}
        for row in rows:
            night, version = date.fromisoformat(row["night"]), 1
            while _attribute(version + 1) in row:
                version += 1
            part = row if version == 1 else row[_attribute(version)]
            if is_over(row, self._clock):
                continue
            try:
                found[night] = (version, self._read(part, merchant_id, night))
            except NightjarError as error:
                found[night] = error
        return found

    def _read(self, row: Item, merchant_id: str, night: date) -> Snapshot:
        try:
            encoded = gzip.decompress(row["body"])
            if hashlib.sha256(encoded).hexdigest() != row["sha256"]:
                raise NightjarError(f"The snapshot of {merchant_id} for {night} is not the one that was stored.")
            snapshot = Snapshot.model_validate_json(encoded)
        except (OSError, EOFError, zlib.error, ValidationError) as error:
            raise NightjarError(f"The snapshot of {merchant_id} for {night} cannot be read by this version.") from error
        if snapshot.schema_version != SCHEMA_VERSION:
            raise NightjarError(f"The snapshot of {merchant_id} for {night} cannot be read by this version.")
        if (snapshot.merchant_id, snapshot.night) != (merchant_id, night):
            # A row that was copied by hand would have one merchant judged by what another one did.
            raise NightjarError(f"The snapshot of {merchant_id} for {night} is of another merchant or night.")
        return snapshot


def _attribute(version: int) -> str:
    """Return the attribute that holds a later version: a map of what the item itself holds of the first."""
    return f"version_{version}"


def _parts(snapshot: Snapshot) -> dict[str, Any]:
    """Return what is stored of one version."""
    fitting, body = _fitting(snapshot)
    return {"taken_at": snapshot.taken_at, "sha256": fitting.sha256, "body": body}


def _fitting(snapshot: Snapshot) -> tuple[Snapshot, bytes]:
    """Return the snapshot, its listings halved until it fits, and its compressed body."""
    while True:
        # No time stamp in the header: the same snapshot is the same bytes.
        body = gzip.compress(snapshot.encoded, mtime=0)
        if len(body) <= LARGEST_BODY:
            return snapshot, body
        snapshot = _halved(snapshot)


def _halved(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with only the busier half of its longer listing."""
    pages, sources = snapshot.pages, snapshot.sources
    page_count = 0 if isinstance(pages, Absent) else len(pages.pages)
    source_count = 0 if isinstance(sources, Absent) else len(sources.sources)
    if not isinstance(pages, Absent) and page_count >= source_count and page_count:
        kept = pages.model_copy(update={"pages": _busier_half(pages.pages), "truncated": True})
        return _changed(snapshot, pages=kept)
    if not isinstance(sources, Absent) and source_count:
        less = sources.model_copy(update={"sources": _busier_half(sources.sources), "truncated": True})
        return _changed(snapshot, sources=less)
    raise NightjarError(f"The snapshot of {snapshot.merchant_id} is too large to store even without its listings.")


def _busier_half(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Return the half with the most sessions, in the order listed, whatever order that is.

    Rows of unknown size count as the biggest: a check must still learn that there is something it cannot judge.
    """

    def size(at: int) -> float:
        sessions = rows[at].sessions
        return float("inf") if isinstance(sessions, Absent) else sessions

    busier = sorted(range(len(rows)), key=size, reverse=True)[: len(rows) // 2]
    return tuple(rows[at] for at in sorted(busier))


def _changed(snapshot: Snapshot, **parts: object) -> Snapshot:
    """Return a copy with other parts, and without the encoding that the old one had cached."""
    fields = {name: getattr(snapshot, name) for name in type(snapshot).model_fields}
    return Snapshot.model_construct(**(fields | parts))
