"""Which visits are TikTok's, and which of them were paid for."""

from __future__ import annotations

from typing import Any

import pytest

from functions.fetcher.sources.shopify.tiktok import UnreadableVisitError, is_organic_visit, is_paid, names_tiktok

LANDING = "https://larkspur.example/products/candle"


def visit(**said: Any) -> dict[str, Any]:
    nothing = {"source": "direct", "landingPage": LANDING, "referrerUrl": None, "utmParameters": None}
    return nothing | said


def utm(source: object, medium: object = None) -> dict[str, Any]:
    return {"source": source, "medium": medium}


@pytest.mark.parametrize("name", ["tiktok", "TikTok", "tiktok.com", "www.tiktok.com", "TIKTOK_bio", "spark-tiktok"])
def test_a_name_with_tiktok_in_it_is_tiktoks(name: str) -> None:
    assert names_tiktok(None, name)


@pytest.mark.parametrize("names", [(), (None,), ("",), ("tik tok",), ("instagram", "tt"), ("ticktock", None)])
def test_other_names_are_not(names: tuple[str | None, ...]) -> None:
    assert not names_tiktok(*names)


@pytest.mark.parametrize("medium", ["cpc", "CPM", "ppc", "paid", "paid-social", "Paid_Social", "retargeting", " cpc "])
def test_these_mediums_are_paid(medium: str) -> None:
    assert is_paid(medium)


@pytest.mark.parametrize("medium", [None, "", "social", "referral", "video", "unpaid", "bio", "retargeting-free"])
def test_these_mediums_are_not(medium: str | None) -> None:
    assert not is_paid(medium)


@pytest.mark.parametrize(
    "said",
    [
        {"utmParameters": utm("tiktok", "social")},
        {"utmParameters": utm("TikTok")},
        {"referrerUrl": "https://www.tiktok.com/"},
        {"referrerUrl": "https://tiktok.com"},
        {"referrerUrl": "https://M.TikTok.com/@larkspur?lang=en"},
        {"source": "TikTok"},
        {"landingPage": f"{LANDING}?utm_source=tiktok"},
        {"landingPage": f"{LANDING}?UTM_Source=TikTok&x=1#top"},
        {"landingPage": "/products/candle?utm_source=tiktok"},
    ],
)
def test_a_visit_shows_in_any_of_four_ways_that_it_is_tiktoks(said: dict[str, Any]) -> None:
    assert is_organic_visit(visit(**said))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"source": None, "landingPage": None},
        {"utmParameters": {}},
        {"utmParameters": utm("newsletter", "email")},
        {"referrerUrl": "https://tiktok.com.evil.example/"},
        {"referrerUrl": "https://nottiktok.com/"},
        {"referrerUrl": "https://shop.example/?from=tiktok.com"},
        {"referrerUrl": "http://[broken"},
        {"landingPage": "http://[broken?utm_source=tiktok"},
        {"landingPage": f"{LANDING}?ref=tiktok"},
        {"landingPage": "https://larkspur.example/tiktok"},
    ],
)
def test_a_visit_that_only_looks_like_it_is_not(said: dict[str, Any]) -> None:
    assert not is_organic_visit(visit(**said))


@pytest.mark.parametrize(
    "said",
    [
        {"utmParameters": utm("tiktok", "cpc")},
        {"utmParameters": utm("tiktok", "paid-social"), "referrerUrl": "https://www.tiktok.com/"},
        {"landingPage": f"{LANDING}?utm_source=tiktok&utm_medium=cpc"},
        {"source": "TikTok", "landingPage": f"{LANDING}?utm_medium=paid"},
    ],
)
def test_a_paid_visit_is_another_channels(said: dict[str, Any]) -> None:
    assert not is_organic_visit(visit(**said))


@pytest.mark.parametrize(
    "said",
    [
        {"utmParameters": "tiktok"},
        {"utmParameters": utm(5)},
        {"utmParameters": utm("tiktok", ["cpc"])},
        {"source": 5},
        {"landingPage": {}},
        {"referrerUrl": False},
    ],
)
def test_a_visit_of_another_form_is_nobodys_to_guess(said: dict[str, Any]) -> None:
    with pytest.raises(UnreadableVisitError):
        is_organic_visit(visit(**said))
