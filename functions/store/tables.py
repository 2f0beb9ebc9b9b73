"""All tables of one stage, by name."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from functions.audit.budget import Rate
from functions.store.alerts import Alerts
from functions.store.audits import Audits
from functions.store.budgets import StoredBudget
from functions.store.findings import Findings
from functions.store.items import Clock
from functions.store.merchants import Merchants
from functions.store.mutes import Mutes
from functions.store.nights import Nights
from functions.store.own_topics import OwnTopics
from functions.store.recipients import Recipients
from functions.store.snapshots import Snapshots
from functions.store.texts import Texts

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class Tables:
    """The tables whose names begin with ``prefix``, as in ``nightjar-prod-``. Making one costs nothing.

    Tokens are not among them: who wants to read those needs the key too, and asks for ``tokens.Tokens`` by name.
    """

    client: DynamoDBClient
    prefix: str
    clock: Clock = time.time

    @property
    def stage(self) -> str:
        """The stage that they are of, as its commands name it."""
        return self.prefix.removeprefix("nightjar-").removesuffix("-")

    @cached_property
    def merchants(self) -> Merchants:
        """Settings."""
        return Merchants(self.client, f"{self.prefix}merchants")

    @cached_property
    def snapshots(self) -> Snapshots:
        """What nights saw."""
        name = f"{self.prefix}snapshots"
        return Snapshots(self.client, name, merchants=self.merchants.name, clock=self.clock)

    @cached_property
    def audits(self) -> Audits:
        """What nights came to."""
        return Audits(self.client, f"{self.prefix}audits", merchants=self.merchants.name, clock=self.clock)

    @cached_property
    def findings(self) -> Findings:
        """Each check as it stands."""
        return Findings(self.client, f"{self.prefix}findings")

    @cached_property
    def alerts(self) -> Alerts:
        """Outbox and ledger."""
        return Alerts(self.client, f"{self.prefix}alerts", clock=self.clock)

    @cached_property
    def texts(self) -> Texts:
        """What the ledger says of text messages."""
        return Texts(self.client, f"{self.prefix}alerts", clock=self.clock)

    @cached_property
    def own_topics(self) -> OwnTopics:
        """What the ledger says of merchants' own topics."""
        return OwnTopics(self.client, f"{self.prefix}alerts")

    @cached_property
    def mutes(self) -> Mutes:
        """What people do not want to hear of."""
        return Mutes(self.client, f"{self.prefix}mutes")

    @cached_property
    def recipients(self) -> Recipients:
        """Who was added to be told."""
        return Recipients(self.client, f"{self.prefix}recipients")

    @cached_property
    def nights(self) -> Nights:
        """Nights over all merchants."""
        return Nights(self.client, f"{self.prefix}nights", clock=self.clock)

    def budget(self, name: str, rate: Rate) -> StoredBudget:
        """A quota that everybody who asks for this name takes turns of."""
        return StoredBudget(self.client, f"{self.prefix}budgets", name, rate)
