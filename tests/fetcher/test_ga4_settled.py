"""When figures may be used: after the last day has settled in the property's own zone; and in whose days and money."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import available_timezones

import pytest

from functions.audit.absence import Absent
from functions.audit.periods import Periods
from functions.audit.profile import default_profile
from functions.fetcher.sources.channel import Channel
from functions.fetcher.sources.ga4.settled import unsettled, zone_of
from tests.builders import NIGHT
from tests.fetcher.property import METADATA, channel, property_world, sessions, why
from tests.fetcher.world import merchant

# The period's last day, the 19th, ends at midnight in London: 00:00 UTC of the 20th.
END = datetime(2026, 11, 20, tzinfo=UTC)


def after(hours: float, zone: str | None = "Europe/London", merchants: str = "Europe/London") -> Channel:
    """Return the channel so long after the end of the period in London."""
    with property_world() as world:
        world.notes_everywhere(timeZone=zone)
        return channel(now=END + timedelta(hours=hours), timezone=merchants)


def flags(seen: Channel) -> tuple[str, ...]:
    assert not isinstance(seen.sessions, Absent)
    assert not isinstance(seen.pages, Absent)
    assert not isinstance(seen.sources, Absent)
    assert seen.pages.flags == seen.sources.flags == seen.sessions.flags
    return seen.sessions.flags


@pytest.mark.parametrize("hours", [-30, 0, 11.99])
def test_a_day_that_has_hardly_ended_is_not_in_yet(hours: float) -> None:
    seen = after(hours)

    told = "GA4: 2026-11-19 ended less than 12 hours ago in Europe/London, its figures are not in yet"
    assert {why(part) for part in (seen.sessions, seen.pages, seen.sources)} == {("source_stale", told)}


@pytest.mark.parametrize(("hours", "expected"), [(12, ("provisional",)), (47.99, ("provisional",)), (48, ())])
def test_figures_that_may_still_move_are_marked(hours: float, expected: tuple[str, ...]) -> None:
    assert flags(after(hours)) == expected


def test_the_propertys_zone_decides_when_its_day_ended() -> None:
    assert why(after(16, "America/New_York").sessions)[0] == "source_stale"
    assert flags(after(17, "America/New_York")) == ("provisional", "property_timezone_differs")


@pytest.mark.parametrize("zone", [None, "", "Mars/Olympus", "America", "../../etc/passwd", "Europe/London\n"])
def test_without_a_zone_of_the_property_the_merchants_decides(zone: str | None) -> None:
    assert why(after(16, zone, "America/New_York").sessions)[0] == "source_stale"
    assert flags(after(17, zone, "America/New_York")) == ("provisional",)


@pytest.mark.parametrize(
    ("zone", "differs"), [("Europe/London", False), ("Europe/Lisbon", False), ("Europe/Paris", True)]
)
def test_days_that_are_not_the_merchants_are_marked(zone: str, differs: bool) -> None:  # noqa: FBT001 - the outcome
    assert ("property_timezone_differs" in flags(after(60, zone))) is differs


def test_two_days_of_lag_are_enough_in_every_zone_at_every_hour_of_the_night() -> None:
    periods = default_profile().periods_of(NIGHT)
    first_minute = datetime(NIGHT.year, NIGHT.month, NIGHT.day, tzinfo=UTC)

    for name in available_timezones():
        assert unsettled(periods, zone_of(name, merchant().zone), first_minute) is None, name


def test_one_day_of_lag_is_too_little_in_the_americas() -> None:
    periods = Periods.of_night(NIGHT, period_days=28, lag_days=1, series_days=60)
    now = datetime(NIGHT.year, NIGHT.month, NIGHT.day, 2, 15, tzinfo=UTC)

    assert unsettled(periods, zone_of("America/New_York", merchant().zone), now) is not None


def test_a_call_that_failed_says_so_also_when_it_is_too_early() -> None:
    with property_world() as world:
        world.refused = dict.fromkeys(("totals", "audience", "days", "pages", "sources"), "No.")
        world.refused |= dict.fromkeys(("commerce", "funnel", "tracked"), "No.")
        seen = channel(now=END)

    assert why(seen.sessions)[0] == "source_failed"


# Money.


def test_the_currency_is_the_one_that_ga4_says() -> None:
    with property_world() as world:
        world.notes_everywhere(currencyCode="EUR")
        assert sessions(currency="GBP").currency == "EUR"


@pytest.mark.parametrize("said", [None, "", "pounds", 826])
def test_without_a_currency_it_is_the_one_that_was_asked_for(said: object) -> None:
    with property_world() as world:
        world.notes_everywhere(currencyCode=said)
        assert sessions(currency="SEK").currency == "SEK"


def test_a_report_without_metadata_is_as_good_as_another() -> None:
    with property_world() as world:
        for name in ("totals", "audience", "days", "commerce", "funnel"):
            world.notes(name, **dict.fromkeys(METADATA))
        seen = sessions()

    assert seen.current.sessions == 8000


# Warnings.


@pytest.mark.parametrize(
    ("metadata", "flag"),
    [
        ({"samplingMetadatas": [{"samplesReadCount": "500000", "samplingSpaceSize": "2000000"}]}, "sampled"),
        ({"subjectToThresholding": True}, "thresholded"),
        ({"dataLossFromOtherRow": True}, "data_loss_from_other_row"),
        ({"dataTruncationReasons": [{"dataTruncationType": "DATA_TRUNCATION_TYPE_CM360"}]}, "data_truncated:cm360"),
        ({"dataTruncationReasons": ["limit"]}, "data_truncated:limit"),
        ({"dataTruncationReasons": [{"dataTruncationType": "<b>"}, 3, {}]}, "data_truncated:unknown"),
    ],
)
def test_warnings_stay_with_what_they_are_about(metadata: dict[str, object], flag: str) -> None:
    with property_world() as world:
        world.notes("totals", **metadata)
        world.notes("sources", **metadata)
        seen = channel(now=END + timedelta(hours=60))

    assert not isinstance(seen.sessions, Absent)
    assert not isinstance(seen.pages, Absent)
    assert not isinstance(seen.sources, Absent)
    assert (seen.sessions.flags, seen.pages.flags, seen.sources.flags) == ((flag,), (), (flag,))


def test_what_is_false_or_empty_is_no_warning() -> None:
    nothing: dict[str, object] = {
        "samplingMetadatas": [],
        "subjectToThresholding": False,
        "dataLossFromOtherRow": False,
        "dataTruncationReasons": [],
        "emptyReason": "",
    }
    with property_world() as world:
        world.notes_everywhere(**nothing)
        assert flags(channel(now=END + timedelta(hours=60))) == ()


@pytest.mark.parametrize("metadata", [{"samplingMetadatas": True}, {"dataTruncationReasons": "all"}])
def test_a_warning_that_cannot_be_read_hides_its_report(metadata: dict[str, object]) -> None:
    with property_world() as world:
        world.notes("totals", **metadata)
        assert why(sessions().current.sessions)[0] == "source_failed"


def test_a_period_that_ga4_has_forgotten_in_part_is_not_measured() -> None:
    cut = {"dataTruncationType": "DATA_TRUNCATION_TYPE_PROPERTY", "dataTruncationDate": "2026-10-24"}
    with property_world() as world:
        world.notes("days", dataTruncationReasons=[cut])
        seen = channel()

    told = ("not_measured", "GA4 has no data before 2026-10-24, the period begins 2026-10-23")
    assert {why(part) for part in (seen.sessions, seen.pages, seen.sources)} == {told}


@pytest.mark.parametrize("said", ["2026-09-25", "2026-13-40", "yesterday", None, 20261001])
def test_what_was_cut_off_before_both_periods_is_nobodys_loss(said: object) -> None:
    with property_world() as world:
        world.notes("totals", dataTruncationReasons=[{"dataTruncationDate": said}])
        assert not isinstance(sessions().prior, Absent)
