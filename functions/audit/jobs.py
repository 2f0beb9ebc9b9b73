"""What passes between the rooms: small, plain messages that name a merchant and a night."""

from __future__ import annotations

from datetime import date

from functions.audit.merchant import MerchantId
from functions.audit.model import Model


class FetchJob(Model):
    """Dispatcher to fetcher: ask this merchant's sources about this night."""

    merchant_id: MerchantId
    night: date


class EvaluateJob(Model):
    """Fetcher to evaluator: the snapshot of this merchant and night is stored; judge it."""

    merchant_id: MerchantId
    night: date
