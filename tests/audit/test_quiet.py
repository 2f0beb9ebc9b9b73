"""Quiet hours by the clock of the recipient's zone, whatever that clock does on some nights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.quiet import ends, is_quiet

ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)
# Half of all instants lie in weeks in which most clocks change.
INSTANTS = st.one_of(
    st.datetimes(datetime(2020, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - aware by timezones
    st.builds(
        lambda year, month, hours: datetime(year, month, 25, tzinfo=UTC) + timedelta(minutes=hours),
        st.integers(2020, 2036),
        st.sampled_from([3, 10]),
        st.integers(0, 9 * 24 * 60),
    ),
)
CLOCK = st.times().map(lambda at: f"{at:%H:%M}")
QUIET = st.tuples(CLOCK, CLOCK).filter(lambda pair: pair[0] != pair[1]).map("-".join)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "end"),
    [
        ("21:00-08:00", "Europe/London", "2026-11-21T02:15", "2026-11-21T08:00"),
        ("21:00-08:00", "Europe/London", "2026-07-21T02:15", "2026-07-21T07:00"),
        ("21:00-08:00", "Europe/London", "2026-11-21T21:00", "2026-11-22T08:00"),
        ("21:00-08:00", "Europe/London", "2026-11-21T07:59:59", "2026-11-21T08:00"),
        ("21:00-08:00", "Europe/London", "2026-11-21T08:00", None),
        ("21:00-08:00", "Europe/London", "2026-11-21T20:59:59", None),
        ("21:00-08:00", "America/Los_Angeles", "2026-11-21T02:15", None),
        ("21:00-08:00", "Asia/Kathmandu", "2026-11-21T02:14", "2026-11-21T02:15"),
        ("00:00-06:00", "UTC", "2026-11-21T00:00", "2026-11-21T06:00"),
        ("13:00-15:00", "UTC", "2026-11-21T14:00:30", "2026-11-21T15:00"),
        ("off", "UTC", "2026-11-21T02:15", None),
        # The night on which an hour is left out, and the one on which an hour comes twice.
        ("21:00-08:00", "Europe/London", "2026-03-28T22:00", "2026-03-29T07:00"),
        ("21:00-08:00", "Europe/London", "2026-10-24T22:00", "2026-10-25T08:00"),
        # It would end at 01:30, which no clock shows that night: it ends when they jump from 01:00 to 02:00.
        ("21:00-01:30", "Europe/London", "2026-03-29T00:10", "2026-03-29T01:00"),
        # 01:30 comes twice: it ends at the first, is quiet once more from the second 01:00, and ends again.
        ("21:00-01:30", "Europe/London", "2026-10-25T00:10", "2026-10-25T00:30"),
        ("21:00-01:30", "Europe/London", "2026-10-25T01:10", "2026-10-25T01:30"),
        # Samoa went to bed on Thursday the 29th and woke on Saturday the 31st.
        ("21:00-08:00", "Pacific/Apia", "2011-12-30T09:00", "2011-12-30T18:00"),
    ],
)
def test_quiet_hours_end_when_the_clocks_say_so(quiet: str, zone: str, now: str, end: str | None) -> None:
    assert ends(quiet, ZoneInfo(zone), utc(now)) == (utc(end) if end else None)


@given(QUIET, ZONES, INSTANTS)
def test_they_end_at_the_first_moment_that_is_not_quiet(quiet: str, zone: ZoneInfo, now: datetime) -> None:
    end = ends(quiet, zone, now)

    if end is None:
        assert not is_quiet(quiet, zone, now)
        return
    assert now < end <= now + timedelta(hours=26)
    assert not is_quiet(quiet, zone, end)
    assert ends(quiet, zone, end) is None
    assert is_quiet(quiet, zone, max(now, end - timedelta(microseconds=1)))
    quarters = range(int((end - now) / timedelta(minutes=15)))
    assert all(is_quiet(quiet, zone, now + timedelta(minutes=15 * quarter)) for quarter in quarters)


@given(QUIET, ZONES, INSTANTS)
def test_half_of_the_clock_is_quiet_and_the_other_half_is_not(quiet: str, zone: ZoneInfo, now: datetime) -> None:
    """Exactly one of a span and its counterpart is quiet, at any instant."""
    begin, _, end = quiet.partition("-")

    assert is_quiet(quiet, zone, now) is not is_quiet(f"{end}-{begin}", zone, now)
