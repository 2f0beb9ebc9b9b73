"""What passes between the rooms: small, plain messages that name a merchant and a night."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from functions.audit.merchant import MerchantId
from functions.audit.model import Model


class FetchJob(Model):
    """Dispatcher to fetcher: ask this merchant's sources about this night.

    From ``version`` 2 on it is the evaluator who asks: for the channel once more, because late figures changed it.
    ``postponed``: how often the fetcher sent it back to the queue, because the requests that all merchants share were
    spent.
    """

    merchant_id: MerchantId
    night: date
    postponed: Annotated[int, Field(ge=0)] = 0
    version: Annotated[int, Field(ge=1)] = 1

    @property
    def body(self) -> str:
        """The message as JSON, without what it has in common with every first one."""
        return self.model_dump_json(exclude_defaults=True)

    def once_more(self) -> FetchJob:
        """Return the message that takes this one's place when it is postponed."""
        return self.model_copy(update={"postponed": self.postponed + 1})


class TextJob(Model):
    """Scheduler to notifier: the quiet hours that held this alert's text message are over; deliver it."""

    # Any key of the table: an alert may be of a merchant whose id is not of our form.
    merchant_id: Annotated[str, Field(min_length=1, max_length=2048)]
    alert_id: Annotated[str, Field(min_length=1, max_length=1024)]
    deliver: Literal["sms"] = "sms"


class ReportJob(Model):
    """Evaluator to reporter: this merchant's night was judged, or judged anew; write its report."""

    merchant_id: MerchantId
    night: date

    @property
    def body(self) -> str:
        """The message as JSON."""
        return self.model_dump_json()


class EvaluateJob(Model):
    """Fetcher to evaluator: this version of the snapshot of this merchant and night is stored; judge it."""

    merchant_id: MerchantId
    night: date
    version: Annotated[int, Field(ge=1)] = 1

    @property
    def body(self) -> str:
        """The message as JSON, without what it has in common with every first one."""
        return self.model_dump_json(exclude_defaults=True)
