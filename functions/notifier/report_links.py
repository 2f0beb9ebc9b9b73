"""The link to the night's report, put under an email as it leaves: it is a key, and stands in no table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import SecretStr

from functions.audit.alert import Alert
from functions.audit.errors import NightjarError
from functions.audit.language import ENGLISH_TAG, language
from functions.audit.merchant import MERCHANT_ID
from functions.audit.message import with_report
from functions.runtime.report_links import path_to

if TYPE_CHECKING:
    from functions.store.tables import Tables


@dataclass(frozen=True, slots=True)
class ReportLinks:
    """Everything that it works with. ``url`` is where the viewer is called. ``on_failure`` hears of a missing link."""

    url: str
    key: Callable[[], SecretStr]
    tables: Tables
    on_failure: Callable[[Alert, Exception], None]

    def email(self, alert: Alert) -> str:
        """Return what the email says, with the link under it. No message waits for its link: then it has none."""
        if not MERCHANT_ID.fullmatch(alert.merchant_id):
            return alert.email
        try:
            merchant = self.tables.merchants.get(alert.merchant_id)
            link = self.url.rstrip("/") + path_to(alert.merchant_id, alert.night, self.key())
        except (BotoCoreError, ClientError, NightjarError) as error:
            self.on_failure(alert, error)
            return alert.email
        spoken = language(merchant.alerts.language if merchant else ENGLISH_TAG)
        return with_report(alert.email, link, spoken)
