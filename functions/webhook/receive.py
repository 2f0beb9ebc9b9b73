"""A delivery from start to end: is it TikTok's and fresh, what does it say, whose connections does it end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.audit.errors import NightjarError
from functions.runtime.tiktok_app import TikTokApp
from functions.webhook.delivery import OtherEvent, Removal, post_of, told_by
from functions.webhook.signature import check_digest, check_time, parse


@dataclass(frozen=True, slots=True)
class Marked:
    """What a removal came to: the merchants whose connection it ended, and how many others had that account.

    Others were marked before, were connected anew since, or hold no token. Doing it again marks nobody.
    """

    reason: str
    merchant_ids: tuple[str, ...]
    left: int


@dataclass(frozen=True, slots=True)
class Receiver:
    """Everything that a delivery is handled with.

    ``merchants_of`` finds merchants by their account; ``mark`` marks a merchant's connection and says whether that
    changed anything; ``app`` gives the TikTok app's keys as they are stored.
    """

    app: Callable[[], TikTokApp]
    merchants_of: Callable[[str], Iterable[str]]
    mark: Callable[[str, str, datetime], bool]
    on_failure: Callable[[str, Exception], None]

    def receive(self, event: Mapping[str, Any], *, now: datetime) -> Marked | OtherEvent:
        """Take one delivery.

        Raises:
            functions.webhook.refused.Refused: it is not TikTok's, not of this hour, or not readable.
            NightjarError: it is TikTok's, and we could not do what it asks for; it must come again.
        """
        post = post_of(event)
        # What costs nothing first: a flood of junk is to end before anything is looked up.
        sent_at, digest = parse(post.signature)
        check_time(sent_at, now=now)
        app = self.app()
        if not app.complete:
            # With no secret anybody could sign.
            raise NightjarError("The TikTok app's keys are not stored yet, so no delivery can be checked.")
        check_digest(digest, sent_at, post.body, app.client_secret.get_secret_value())
        told = told_by(post.body, client_key=app.client_key, now=now)
        return self._mark(told) if isinstance(told, Removal) else told

    def _mark(self, removal: Removal) -> Marked:
        marked: list[str] = []
        failed = left = 0
        for merchant_id in self.merchants_of(removal.open_id):
            try:
                changed = self.mark(merchant_id, removal.reason, removal.at)
            except Exception as error:  # noqa: BLE001 - one row's trouble must not keep the others from being marked
                self.on_failure(merchant_id, error)
                failed += 1
                continue
            if changed:
                marked.append(merchant_id)
            else:
                left += 1
        if failed:
            raise NightjarError("Not every connection could be marked; TikTok is asked to come again.")
        return Marked(removal.reason, tuple(marked), left)
