"""Whether anybody would get a message: asked of SNS before it leaves, so that none goes to nobody unnoticed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from functions.audit.errors import NightjarError
from functions.audit.reach import Attributes, Reach, reachable
from functions.audit.recipient import Protocol, Recipient

if TYPE_CHECKING:
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

    from functions.store.audience import Audience

# Ten thousand messages of a night ask for the fleet's recipients a few times a container, and not ten thousand times.
GOOD_FOR: Final = timedelta(minutes=5)


# Who is asked about.
Among: TypeAlias = Callable[[Recipient], bool]


class Hearing:
    """Asks who is there. The fleet's recipients are remembered, but "nobody" is only said of what was just seen."""

    def __init__(
        self, audience: Audience, *, clock: Callable[[], datetime], on_blind: Callable[[Exception], None]
    ) -> None:
        self._audience = audience
        self._clock = clock
        self._on_blind = on_blind
        self._fleet: tuple[Recipient, ...] = ()
        self._seen_at: datetime | None = None

    def of(
        self, merchant_id: str, attributes: Mapping[str, MessageAttributeValueTypeDef], among: Among = lambda _: True
    ) -> Reach:
        """Return whether anybody among these gets a message about this merchant with these attributes.

        Where nobody could look it is ``unknown``: then the message leaves, as it would have.
        """
        return self._of(merchant_id, attributes, among, sure=True)

    def telephones(self, merchant_id: str, attributes: Mapping[str, MessageAttributeValueTypeDef]) -> Reach:
        """Return whether a telephone rings. Most fleets have none: "nobody" may be some minutes old here."""
        return self._of(merchant_id, attributes, _is_telephone, sure=False)

    def readers(self, merchant_id: str, attributes: Mapping[str, MessageAttributeValueTypeDef]) -> Reach:
        """Return whether anybody gets it who is no telephone."""
        return self.of(merchant_id, attributes, lambda one: not _is_telephone(one))

    def _of(
        self, merchant_id: str, attributes: Mapping[str, MessageAttributeValueTypeDef], among: Among, *, sure: bool
    ) -> Reach:
        plain = plain_of(attributes)
        try:
            own = reachable(filter(among, self._audience.of_merchant(merchant_id)), plain)
            if own is Reach.SOMEBODY:
                return own
            now = self._clock()
            fresh = self._seen_at is None or now - self._seen_at >= GOOD_FOR
            fleets = reachable(filter(among, self._look(now) if fresh else self._fleet), plain)
            if fleets is Reach.NOBODY and sure and not fresh:
                fleets = reachable(filter(among, self._look(now)), plain)
        except (BotoCoreError, ClientError, NightjarError) as error:
            self._on_blind(error)
            return Reach.UNKNOWN
        return fleets if own is Reach.NOBODY or fleets is Reach.SOMEBODY else own

    def _look(self, now: datetime) -> tuple[Recipient, ...]:
        self._fleet, self._seen_at = self._audience.of_fleet(), now
        return self._fleet


def _is_telephone(recipient: Recipient) -> bool:
    return recipient.protocol == Protocol.SMS


def plain_of(attributes: Mapping[str, MessageAttributeValueTypeDef]) -> Attributes:
    """Return a message's attributes as the filters see them: a text, or a list of texts."""
    return {
        name: json.loads(value["StringValue"]) if value["DataType"] == "String.Array" else value["StringValue"]
        for name, value in attributes.items()
        if "StringValue" in value
    }
