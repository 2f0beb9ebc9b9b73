"""What the stories about trying a threshold share: a shop whose last nights are stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from functions.audit.absence import Reason
from functions.audit.merchant import Merchant
from functions.audit.snapshot import Snapshot
from tests.builders import NOW, absent, channel, merchant, snapshot
from tests.cloud import Cloud
from tests.store.stories import TTL

BLIND = snapshot(sessions=absent(Reason.SOURCE_FAILED))


def nights_ago(nights: int) -> date:
    # The commands look back from today: a story on fixed nights would end one day.
    return datetime.now(UTC).date() - timedelta(days=nights)


def lived(cloud: Cloud, bounces: Mapping[int, str | None], shop: Merchant | None = None, **changed: Any) -> Merchant:
    """Store a shop and its nights, by how many nights ago: the bounce rate, or ``None`` where nobody could look."""
    shop = cloud.tables.merchants.save(shop or merchant(**changed))
    for ago, bounce in bounces.items():
        seen = BLIND if bounce is None else channel(bounce_rate=bounce)
        kept = Snapshot.model_validate(seen.model_dump() | {"merchant_id": shop.id, "night": nights_ago(ago)})
        cloud.tables.snapshots.put_once(kept, ttl=TTL)
        cloud.tables.audits.expect(shop.id, nights_ago(ago), at=NOW, ttl=TTL)
    return shop
