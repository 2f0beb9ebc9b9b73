"""What SNS delivered: the exact email and SMS texts, in order."""
# ruff: noqa: SLF001  # the emulator has no public hook for this; its version is pinned

import inspect
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

# The protocols that end at a person: ministack only logs these, it delivers all others itself.
_TO_PEOPLE = ("email", "email-json", "sms")


# What is done instead of delivering: it gets the message's attributes by name, and what would deliver it.
Meddler = Callable[[Mapping[str, str], Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message as it reached one subscription of a topic."""

    protocol: str
    """``email``, ``email-json`` or ``sms``."""
    endpoint: str
    """The email address or the phone number."""
    subject: str
    """The published subject; empty for SMS, which has none."""
    body: str
    """The text for this protocol (``MessageStructure=json`` is resolved)."""
    attributes: Mapping[str, str]
    """The message attributes that filter policies see, by name."""
    topic_arn: str
    message_id: str


class Outbox:
    """Records deliveries to people by standing in front of ministack's own fan-out.

    Which text a protocol gets and whether a filter policy lets it through is decided by ministack's own
    functions, the ones that it uses for the queues and functions that subscribe to the same topic.
    """

    def __init__(self, sns: Any) -> None:  # noqa: ANN401  # ministack carries no types
        self._sns = sns
        self._deliveries: list[Delivery] = []
        self._lock = threading.Lock()
        self._fanout: Callable[..., None] = sns._fanout
        self._signature = inspect.signature(self._fanout)
        self._meddler: Meddler | None = None

    @contextmanager
    def meddled(self, meddler: Meddler) -> Iterator[None]:
        """While this lasts, have every message that is published go through `meddler`, before its publisher hears."""
        self._meddler = meddler
        try:
            yield
        finally:
            self._meddler = None

    def install(self) -> None:
        """Record every fan-out from now on."""
        self._sns._fanout = self._publish

    def remove(self) -> None:
        """Put ministack's own fan-out back."""
        self._sns._fanout = self._fanout

    def deliveries(self) -> list[Delivery]:
        """Everything delivered to people so far, oldest first."""
        with self._lock:
            return list(self._deliveries)

    def _publish(self, *args: object, **kwargs: object) -> None:
        if self._meddler is None:
            self._record_then_deliver(*args, **kwargs)
            return
        published = self._signature.bind(*args, **kwargs).arguments
        self._meddler(_named(published.get("message_attributes")), lambda: self._record_then_deliver(*args, **kwargs))

    def _record_then_deliver(self, *args: object, **kwargs: object) -> None:
        call = self._signature.bind(*args, **kwargs)
        call.apply_defaults()
        published = call.arguments
        topic = self._sns._topic_by_arn_any_scope(published["topic_arn"])
        subscriptions = topic["subscriptions"] if topic else []
        received = [d for s in subscriptions if (d := self._delivery(s, published)) is not None]
        with self._lock:
            self._deliveries.extend(received)
        self._fanout(*args, **kwargs)

    def _delivery(self, subscription: Mapping[str, Any], published: Mapping[str, Any]) -> Delivery | None:
        protocol = subscription["protocol"]
        if protocol not in _TO_PEOPLE or not subscription.get("confirmed"):
            return None
        attributes = published["message_attributes"] or {}
        body = self._sns._resolve_message_for_protocol(published["message"], published["message_structure"], protocol)
        if not self._sns._matches_filter_policy(subscription, attributes, body):
            return None
        return Delivery(
            protocol=protocol,
            endpoint=subscription["endpoint"],
            subject="" if protocol == "sms" else published["subject"] or "",
            body=body,
            attributes=_named(attributes),
            topic_arn=published["topic_arn"],
            message_id=published["msg_id"],
        )


def _named(attributes: Mapping[str, Any] | None) -> Mapping[str, str]:
    return {name: value.get("StringValue", "") for name, value in (attributes or {}).items()}
