"""All tables, those for readers first."""

from typing import Final

from functions.store.contract.alerts import ALERTS
from functions.store.contract.audits import AUDITS
from functions.store.contract.declare import Table
from functions.store.contract.findings import FINDINGS
from functions.store.contract.merchants import MERCHANTS
from functions.store.contract.mutes import MUTES
from functions.store.contract.nights import NIGHTS
from functions.store.contract.recipients import RECIPIENTS
from functions.store.contract.rest import BUDGETS, SNAPSHOTS, TOKENS

TABLES: Final[tuple[Table, ...]] = (
    FINDINGS,
    AUDITS,
    NIGHTS,
    ALERTS,
    MUTES,
    MERCHANTS,
    RECIPIENTS,
    SNAPSHOTS,
    TOKENS,
    BUDGETS,
)
