"""The bodies that the storefront answers with (APIS 4.3 to 4.5), as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from console.sample.channel import Channel, Totals, percent
from console.sample.days import Day
from console.sample.listings import PageRow, Part, SourceRow, pages_of, sources_of

Json = dict[str, Any]


def sessions_data(channel: Channel) -> Json:
    """Return the ``data`` of ``/analytics/sessions``."""
    current = _period(channel.current)
    prior = _period(channel.prior) if channel.prior else None
    shop, shape = channel.merchant.shop, channel.merchant.shape
    current |= dict.fromkeys(shape.nulls)
    if shape.currency_before is not None and prior is not None:
        current["currency"], prior["currency"] = shop.currency, shape.currency_before
    meta = _meta(channel) | {
        "attribution": "session_source_contains_tiktok",
        "goal_names": ["sign_up", "add_to_wishlist", "purchase"],
    }
    series = [_day(day) | dict.fromkeys(shape.series_nulls) for day in channel.series]
    return {"current": current, "prior": prior, "series": series, "meta": meta}


def page_rows(channel: Channel) -> list[Json]:
    """Return all rows of ``/analytics/pages``."""
    return [_page(row) for row in pages_of(channel)]


def source_rows(channel: Channel) -> list[Json]:
    """Return all rows of ``/analytics/sources``."""
    return [_source(row) for row in sources_of(channel)]


def listing_data(channel: Channel, key: str, rows: Sequence[Json], *, start: int, stop: int, cursor: str) -> Json:
    """Return the ``data`` of one answer of a listing: the rows from ``start`` to ``stop`` of all ``rows``.

    ``cursor`` leads to the next answer and is empty on the last.
    """
    totals = channel.current
    data: Json = {key: list(rows[start:stop])}
    if key == "pages":
        data["totals"] = {
            "sessions": totals.sessions,
            "conversions": totals.conversions,
            "revenue": _money(totals.revenue),
        }
    return data | {"cursor": cursor, "has_more": bool(cursor), "total": len(rows), "meta": _meta(channel)}


def _period(totals: Totals) -> Json:
    return {
        "start_date": totals.start.isoformat(),
        "end_date": totals.end.isoformat(),
        "sessions": totals.sessions,
        "users": totals.users,
        "new_users": totals.users - totals.returning_users,
        "returning_users": totals.returning_users,
        "engaged_sessions": totals.sessions - totals.bounced,
        "bounced_sessions": totals.bounced,
        "bounce_rate": totals.bounce_rate,
        "pageviews": totals.pageviews,
        "pageviews_per_session": round(totals.pageviews / totals.sessions, 2) if totals.sessions else None,
        "avg_session_duration_sec": totals.duration if totals.sessions else None,
        "converting_sessions": totals.buyers,
        "conversions": totals.conversions,
        "session_conversion_rate": totals.conversion_rate,
        "sessions_with_cart": totals.carts,
        "sessions_with_checkout": totals.checkouts,
        "sessions_with_cart_and_purchase": totals.buyers,
        "cart_abandonment_rate": percent(totals.carts - totals.buyers, totals.carts),
        "goal_completions": totals.goals,
        "orders": totals.conversions,
        "revenue": _money(totals.revenue),
    }


def _day(day: Day) -> Json:
    return {
        "date": day.date.isoformat(),
        "sessions": day.sessions,
        "pageviews": day.pageviews,
        "goal_completions": day.goals,
        "conversions": day.conversions,
        "revenue": _money(day.revenue),
    }


def _page(row: PageRow) -> Json:
    return {
        "path": row.path,
        "title": row.title,
        "current": _page_part(row.current),
        "prior": row.prior and _page_part(row.prior),
    }


def _source(row: SourceRow) -> Json:
    return asdict(row) | {"current": _source_part(row.current), "prior": row.prior and _source_part(row.prior)}


def _page_part(part: Part) -> Json:
    return {
        "sessions": part.sessions,
        "bounce_rate": part.bounce_rate,
        "pageviews": part.pageviews,
        "avg_session_duration_sec": part.duration,
        "conversions": part.conversions,
        "session_conversion_rate": part.conversion_rate,
        "goal_completions": part.goals,
        "revenue": _money(part.revenue),
    }


def _source_part(part: Part) -> Json:
    return {
        "sessions": part.sessions,
        "users": part.users,
        "bounce_rate": part.bounce_rate,
        "conversions": part.conversions,
        "session_conversion_rate": part.conversion_rate,
        "goal_completions": part.goals,
        "revenue": _money(part.revenue),
    }


def _meta(channel: Channel) -> Json:
    shop = channel.merchant.shop
    return {
        "currency": shop.currency,
        "timezone": shop.timezone,
        "data_through": channel.data_through.isoformat(),
        "backend": "sample",
        "sampled": False,
        "thresholded": False,
        "truncated": False,
    }


def _money(amount: Decimal) -> str:
    return f"{amount:f}"
