"""Everything that one night saw of one merchant: each part is a value or an absence with its reason.

Providers fill these models and settle percent or fraction, string or number and null on the way in; nobody asks again
afterwards. Units: rates in percent 0 to 100, durations in seconds, money in ``currency``, days as calendar days.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Final

from pydantic import Field

from functions.audit.absence import Absent
from functions.audit.merchant import AccountType, Extra
from functions.audit.model import Model
from functions.audit.periods import Periods

SCHEMA_VERSION = 1

# "Left to right" tries the value first and the absence only when it does not fit: half the work of trying both.
_IN_ORDER: Final = Field(union_mode="left_to_right")
Count = Annotated[int | Absent, _IN_ORDER]
Figure = Annotated[Decimal | Absent, _IN_ORDER]
Text = Annotated[str | Absent, _IN_ORDER]


class TokenSeen(Model):
    """That TikTok accepted the access token, and how long the refresh token still lives.

    ``rejected``: TikTok's own word that the token is dead (an error code of the documented list), or ``None``.
    ``days_left``: of the refresh token, counted from ``taken_at``; absent when TikTok or the store did not say.
    ``open_id``: the account that the token belongs to, as TikTok answered it.
    """

    rejected: str | None = None
    days_left: Figure
    open_id: Text


class AccountBasic(Model):
    """What the scope ``user.info.basic`` shows."""

    open_id: Text
    display_name: Text


class AccountProfile(Model):
    """What the scope ``user.info.profile`` shows."""

    username: Text
    is_verified: Annotated[bool | Absent, _IN_ORDER]


class AccountStats(Model):
    """What the scope ``user.info.stats`` shows."""

    followers: Count
    following: Count
    likes: Count
    videos: Count


class PeriodFigures(Model):
    """The channel's totals over one period. Rates are the source's own; counts stand beside them."""

    sessions: Count
    users: Count
    new_users: Count
    returning_users: Count
    bounce_rate: Figure
    pageviews_per_session: Figure
    avg_session_duration: Figure
    session_conversion_rate: Figure
    carts: Count
    cart_abandonment_rate: Figure
    goal_completions: Figure
    orders: Count
    revenue: Figure

    @classmethod
    def unseen(cls, why: Absent) -> PeriodFigures:
        """Return a period of which nothing is known, for this reason."""
        return cls.model_validate(dict.fromkeys(cls.model_fields, why))


class Series(Model):
    """Daily figures, one entry a day from ``start`` on without a hole, oldest first; ``None`` is "not measured".

    A day without traffic that the source left out is a real 0 up to its ``data_through``; days before its first entry
    are not in the series at all.
    """

    start: date
    sessions: tuple[int | None, ...]
    goal_completions: tuple[Decimal | None, ...]
    revenue: tuple[Decimal | None, ...]


class SessionsSeen(Model):
    """The channel as a whole. ``prior`` is absent with ``no_prior`` when the source has none.

    ``backend`` is who measured it; ``origins`` names the figures of the periods that somebody else measured, and who.
    ``mixed_currency`` and ``mixed_definition`` are set when the two periods cannot be compared; ``mixed_commerce`` is
    the same as ``mixed_definition`` for the figures in ``origins``. ``flags`` are the sources' own warnings: sampled,
    thresholded, truncated.
    """

    current: PeriodFigures
    prior: Annotated[PeriodFigures | Absent, _IN_ORDER]
    series: Annotated[Series | Absent, _IN_ORDER]
    currency: str
    mixed_currency: Absent | None = None
    mixed_definition: Absent | None = None
    mixed_commerce: Absent | None = None
    backend: str = "storefront"
    origins: dict[str, str] = Field(default_factory=dict)
    flags: tuple[str, ...] = ()

    def measured_by(self, name: str) -> str:
        """Return who measured a figure of the periods, by the figure's name."""
        return self.origins.get(name, self.backend)

    def marks(self, name: str) -> tuple[Absent | None, ...]:
        """Return what forbids a comparison of this figure between the periods, as far as anything does."""
        definition = self.mixed_commerce if name in self.origins else self.mixed_definition
        return (self.mixed_currency, definition) if name == "revenue" else (definition,)

    @property
    def before(self) -> PeriodFigures:
        """The prior period; where there is none, each of its figures is absent for that reason.

        So a comparison names what is missing on both sides, not only that there is no prior period.
        """
        return PeriodFigures.unseen(self.prior) if isinstance(self.prior, Absent) else self.prior


class PageSeen(Model):
    """One landing page. ``path`` and ``title`` are untrusted text, already one line and capped."""

    path: str
    title: str
    sessions: Count
    conversion_rate: Figure
    revenue: Figure


class PagesSeen(Model):
    """Landing pages as listed; ``truncated`` when the listing was cut. ``total_sessions`` is the channel's."""

    pages: tuple[PageSeen, ...]
    total_sessions: Count
    truncated: bool = False
    flags: tuple[str, ...] = ()


class SourceSeen(Model):
    """One source / medium / campaign of the channel. Untrusted text, already one line and capped."""

    label: str
    is_paid: bool
    sessions: Count
    conversion_rate: Figure
    revenue: Figure


class SourcesSeen(Model):
    """Traffic sources as listed; ``truncated`` when the listing was cut."""

    sources: tuple[SourceSeen, ...]
    truncated: bool = False
    flags: tuple[str, ...] = ()


class BioLinkSeen(Model):
    """Where the link in the bio led to.

    ``problem``: ``broken`` or ``loop``, or ``None`` when a page was there. ``status`` is the last HTTP status, ``host``
    where that came from. ``tagged``: the link itself carries ``utm_source``; ``landed_tagged``: the last address does.
    """

    problem: str | None = None
    status: int
    host: str
    redirects: int
    tagged: bool
    landed_tagged: bool


class ClicksSeen(Model):
    """What TikTok counted of the profile over the current period."""

    bio_link: Count


class Effort(Model):
    """What the fetch took: seconds by the clock, waiting for turns included, and requests that were sent to sources."""

    seconds: Decimal
    requests: int

    @classmethod
    def of(cls, seconds: float, requests: int) -> Effort:
        """Return it with the seconds to a tenth."""
        return cls(seconds=Decimal(seconds).quantize(Decimal("0.1")), requests=requests)


class Snapshot(Model):
    """One merchant's night. ``fetched`` is false when no fetch ever came back and all parts are absences for that.

    ``account_type`` is what ``account_type_from`` says: the ``merchant``, or TikTok's ``business_api``;
    ``account_type_unseen`` is why the latter did not tell, where it was asked.
    ``public_stats`` are the counts that everybody can see, asked only where the operator may (Research API) and
    ``stats`` are absent; ``None`` means never asked. So it does of ``bio_link`` and ``clicks``, asked for only where
    the merchant has the check switched on that looks at them. ``effort`` is ``None`` where nothing was fetched.
    """

    schema_version: int = SCHEMA_VERSION
    merchant_id: str
    night: date
    taken_at: datetime
    periods: Periods
    fetched: bool = True
    token: Annotated[TokenSeen | Absent, _IN_ORDER]
    scopes: tuple[str, ...] | None
    account_type: AccountType
    account_type_from: str = "merchant"
    account_type_unseen: Absent | None = None
    basic: Annotated[AccountBasic | Absent, _IN_ORDER]
    profile: Annotated[AccountProfile | Absent, _IN_ORDER]
    stats: Annotated[AccountStats | Absent, _IN_ORDER]
    public_stats: Annotated[AccountStats | Absent, _IN_ORDER] | None = None
    sessions: Annotated[SessionsSeen | Absent, _IN_ORDER]
    pages: Annotated[PagesSeen | Absent, _IN_ORDER]
    sources: Annotated[SourcesSeen | Absent, _IN_ORDER]
    bio_link: Annotated[BioLinkSeen | Absent, _IN_ORDER] | None = None
    clicks: Annotated[ClicksSeen | Absent, _IN_ORDER] | None = None
    effort: Effort | None = None

    @classmethod
    def unseen(
        cls,
        *,
        merchant_id: str,
        night: date,
        taken_at: datetime,
        periods: Periods,
        why: Absent,
        extra_checks: Collection[Extra] = (),
    ) -> Snapshot:
        """Return the snapshot of a night on which nothing at all could be seen, for this reason."""
        return cls(
            merchant_id=merchant_id,
            night=night,
            taken_at=taken_at,
            periods=periods,
            fetched=False,
            token=why,
            scopes=None,
            account_type=AccountType.UNKNOWN,
            basic=why,
            profile=why,
            stats=why,
            sessions=why,
            pages=why,
            sources=why,
            bio_link=why if Extra.BIO_LINK in extra_checks else None,
            clicks=why if Extra.CLICK_CAPTURE in extra_checks else None,
        )

    @cached_property
    def encoded(self) -> bytes:
        """The snapshot as JSON, the form that is stored and hashed."""
        return self.model_dump_json().encode()

    @property
    def sha256(self) -> str:
        """Hash of ``encoded``, in hex: names exactly what a verdict was judged on."""
        return hashlib.sha256(self.encoded).hexdigest()
