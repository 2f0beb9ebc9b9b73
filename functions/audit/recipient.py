"""Who is told: what we noted of a recipient, what SNS knows of it, and what state that makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field

from functions.audit.merchant import MERCHANT_ID, Severity
from functions.audit.model import Model
from functions.audit.mute import Author
from functions.audit.outcome import Area

FLEET: Final = "*"  # whose recipients hear of every merchant; no merchant is called that
_SHOWN: Final = 3  # of a number's digits, at either end


class Protocol(StrEnum):
    """How a recipient is reached, by SNS's own names. SNS knows more; these are the ones that get messages of ours."""

    EMAIL = "email"
    EMAIL_JSON = "email-json"
    SMS = "sms"
    SQS = "sqs"
    LAMBDA = "lambda"
    HTTPS = "https"


class RecipientState(StrEnum):
    """What became of a recipient. ``unknown``: SNS did not say, which is not the same as gone."""

    CONFIRMED = "confirmed"
    PENDING = "pending"
    DELETED = "deleted"
    OPTED_OUT = "opted_out"
    UNKNOWN = "unknown"


class Entry(Model):
    """What we noted of a recipient: everything but its address, of which ``hint`` shows enough to recognise it.

    ``merchant_id``: whom it hears of, or ``FLEET``. Without ``areas`` it hears of all. ``subscription_arn`` is missing
    when somebody stopped between the note and the subscription.
    """

    merchant_id: str
    recipient_id: Annotated[str, Field(pattern=r"^[a-z-]+-[1-9][0-9]*$")]
    protocol: Protocol
    hint: str
    severities: Annotated[tuple[Severity, ...], Field(min_length=1)]
    areas: tuple[Area, ...] = ()
    subscription_arn: str | None = None
    added_by: Author
    added_at: AwareDatetime


@dataclass(frozen=True, slots=True)
class Subscription:
    """What SNS knows: one line of a topic's list. The address stays out of whatever prints this.

    ``arn`` is missing while SNS keeps it from us: before the confirmation of one that is not ours, and after its end.
    ``policy`` is what filters its messages; ``None``: nothing does.
    """

    topic_arn: str
    arn: str | None
    protocol: str
    endpoint: str = field(repr=False)
    state: RecipientState
    policy: Mapping[str, Any] | None = None
    by_body: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient of a merchant's or of the fleet's topics. Without ``entry`` it was subscribed by other means.

    Without ``subscription`` SNS has none (any more), or ``unknown`` says that its answers contradict each other.
    """

    merchant_id: str
    entry: Entry | None
    subscription: Subscription | None
    unknown: bool = False

    @property
    def state(self) -> RecipientState:
        """Whether messages reach it, and if not, why."""
        if self.subscription is not None:
            return self.subscription.state
        return RecipientState.UNKNOWN if self.unknown else RecipientState.DELETED

    @property
    def protocol(self) -> str:
        """How it is reached."""
        return self.entry.protocol.value if self.entry else self.subscription.protocol if self.subscription else ""

    @property
    def hint(self) -> str:
        """Its address, as far as it may be shown anywhere."""
        if self.entry is not None:
            return self.entry.hint
        return hint_of(self.subscription.protocol, self.subscription.endpoint) if self.subscription else ""


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of a stage: one for what is read, one for telephones, which have quiet hours."""

    alerts: str
    texts: str

    def of(self, merchant_id: str) -> Topics:
        """Return the topics of a merchant with recipients of its own, or the fleet's."""
        if merchant_id == FLEET:
            return self
        return Topics(alerts=own_topic(self.alerts, merchant_id), texts=own_topic(self.texts, merchant_id))

    def for_protocol(self, protocol: str) -> str:
        """Return the topic that a recipient of this kind subscribes to."""
        return self.texts if protocol == Protocol.SMS else self.alerts

    @property
    def both(self) -> tuple[str, str]:
        """The topics, by ARN."""
        return self.alerts, self.texts


def own_topic(fleets: str, merchant_id: str) -> str:
    """Return a merchant's own topic beside one of the fleet's.

    It has the fleet's name and the id behind an underscore, which no stage's name holds: no two of all stages and
    merchants are the same. A topic's name takes no dot, an id no capital.
    """
    if not MERCHANT_ID.fullmatch(merchant_id):
        raise ValueError(f"{merchant_id!r} has no topics: it is no merchant's id")
    return f"{fleets}_{merchant_id.replace('.', 'DOT')}"


def hint_of(protocol: str, endpoint: str) -> str:
    """Return an address so that it can be recognised and not used: ``a…@example.com``, ``+44…789``.

    What names a queue or a function of AWS is no secret. A web hook's path often is one.
    """
    match protocol:
        case Protocol.SMS:
            return f"{endpoint[:_SHOWN]}…{endpoint[-_SHOWN:]}" if len(endpoint) > 2 * _SHOWN else "…"
        case Protocol.EMAIL | Protocol.EMAIL_JSON:
            name, at, host = endpoint.rpartition("@")
            return f"{name[:1] if len(name) > 1 else ''}…{at}{host}"
        case "http" | Protocol.HTTPS:
            scheme, _, rest = endpoint.partition("://")
            return f"{scheme}://{rest.partition('/')[0].rpartition('@')[2].partition('?')[0]}/…"
        case _:
            return endpoint


def policy_of(entry: Entry) -> dict[str, list[str]]:
    """Return what SNS is to filter the recipient's messages by.

    A merchant's recipient is bound to it twice: by the topic, which carries nothing else, and by this. A test message
    names the recipient where an alert names severity and areas, so it passes this policy and no other.
    """
    mark = mark_of_test(entry.recipient_id)
    policy = {"severity": [*(severity.value for severity in entry.severities), mark]}
    if entry.areas:
        policy["areas"] = [*(area.value for area in entry.areas), mark]
    if entry.merchant_id != FLEET:
        policy["merchant_id"] = [entry.merchant_id]
    return policy


def mark_of_test(recipient_id: str) -> str:
    """Return what stands for severity and area in a message that tests one recipient."""
    return f"test:{recipient_id}"


def next_id(protocol: Protocol, taken: Iterable[str]) -> str:
    """Return an id that none of these is: ``email-1``, ``email-2``, … It says nothing about the address."""
    prefix = f"{protocol.value}-"
    numbers = [
        int(one.removeprefix(prefix)) for one in taken if one.startswith(prefix) and one[len(prefix) :].isdigit()
    ]
    return f"{prefix}{max(numbers, default=0) + 1}"
