"""The profile: its numbers are the design's, and what cannot work is refused when it is written."""

import re
from importlib import resources

import pytest

from functions.audit.checks import CATALOGUE
from functions.audit.errors import InvalidInput
from functions.audit.profile import Profile, default_profile, parse_profile
from functions.audit.wording import FLOORS
from tests.builders import NIGHT, PERIODS

TEXT = resources.files("functions.audit").joinpath("profile.toml").read_text(encoding="utf-8")

# The design's table, number by number, in words of its own: nothing else may be in the profile.
DESIGN = """
periods.period_days                                 28
periods.lag_days                                    2
periods.series_days                                 60
floors.sessions                                     100
floors.prior_sessions                               100
floors.carts                                        30
floors.users                                        100
floors.series_days                                  30
floors.prior_orders                                 10
findings.good_nights                                2
findings.slow_nights                                7
findings.margin_percent                             5
findings.return_nights                              14
findings.remind_nights                              7
fleet.share_percent                                 10
fleet.merchants                                     10
access_token.warn                                   14
access_token.rejected                               critical
access_token.invalid_grant                          critical
access_token.lost_rotation                          critical
access_token.disconnected_by_user                   critical
access_token.account_deleted                        critical
access_token.age_changed                            critical
access_token.banned                                 critical
access_token.developer_revoked                      critical
access_token.removed                                critical
account_access.basic_scope_missing                  critical
account_access.profile_scope_missing                warn
account_access.personal_account                     warn
stats_scope.stats_scope_missing                     warn
bounce_rate.warn                                    60
bounce_rate.critical                                75
pageviews_per_session.warn                          1.5
session_duration.warn                               50
sessions_trend.warn                                 20
session_conversion_rate.warn                        1
session_conversion_rate.critical                    0.5
cart_abandonment_rate.warn                          75
cart_abandonment_rate.critical                      85
returning_users.warn                                0
goal_completions.warn                               5
goal_completions.trend_days                         30
attributed_revenue.warn                             5
unconverting_pages.warn                             0
unconverting_pages.min_sessions                     100
unconverting_pages.min_share                        5
unconverting_pages.converting_below                 0.5
amplify_candidates.info                             0
amplify_candidates.min_sessions                     100
amplify_candidates.times_channel                    1.5
viral_spike.warn                                    0
viral_spike.times_median                            3
viral_spike.rise_percent                            20
"""
# Beside the design's: late figures, and what the checks are judged by that are off unless a merchant wants them.
EXTRA = """
late.change_percent                                 1
floors.clicks                                       100
bio_link.broken                                     warn
bio_link.loop                                       warn
bio_link.untagged                                   warn
bio_link.tags_lost                                  warn
click_capture.warn                                  50
"""


def numbers(profile: Profile) -> dict[str, str]:
    found = {
        f"periods.{name}": str(getattr(profile.periods, name).value) for name in type(profile.periods).model_fields
    }
    found |= {
        f"findings.{name}": str(getattr(profile.findings, name).value) for name in type(profile.findings).model_fields
    }
    found |= {f"fleet.{name}": str(getattr(profile.fleet, name).value) for name in type(profile.fleet).model_fields}
    found |= {f"late.{name}": str(getattr(profile.late, name).value) for name in type(profile.late).model_fields}
    found |= {f"floors.{name}": str(floor.value) for name, floor in profile.floors.items()}
    for check_id, settings in {**profile.checks, **profile.extra_checks}.items():
        levels = {"info": settings.info, "warn": settings.warn, "critical": settings.critical}
        found |= {f"{check_id}.{name}": str(level.value) for name, level in levels.items() if level is not None}
        found |= {f"{check_id}.{name}": entry.value.value for name, entry in settings.conditions.items()}
        found |= {f"{check_id}.{name}": str(entry.value) for name, entry in settings.parameters.items()}
    return found


def test_every_number_is_the_designs_and_there_is_no_other() -> None:
    assert numbers(default_profile()) == dict(line.split() for line in (DESIGN + EXTRA).split("\n") if line)


def test_every_number_has_its_reason() -> None:
    count = len((DESIGN + EXTRA).split()) // 2
    assert len(re.findall(r"\bis = ", TEXT)) == len(re.findall(r'\bwhy = ".{10,}"', TEXT)) == count


def test_every_floor_has_its_words_and_the_other_way_round() -> None:
    assert default_profile().floors.keys() == FLOORS.keys()


def test_the_windows_of_a_night_are_the_profiles() -> None:
    assert default_profile().periods_of(NIGHT) == PERIODS


def changed(old: str, new: str) -> str:
    """Return the shipped profile with one thing changed."""
    assert TEXT.count(old) == 1, f"{old!r} is {TEXT.count(old)} times in the profile"
    return TEXT.replace(old, new)


def without(table: str) -> str:
    """Return the shipped profile without one table."""
    rest, found = re.subn(rf"(?ms)^\[{re.escape(table)}\]\n.*?(?=^\[|\Z)", "", TEXT)
    assert found == 1
    return rest


def level(value: str) -> str:
    return f'{{ is = {value}, why = "because the test says so" }}'


BOUNCE_WARN = re.search(r"(?m)^\[checks\.bounce_rate\]\nwarn = .*$", TEXT)
assert BOUNCE_WARN is not None
BOUNCE = BOUNCE_WARN.group()


def bounce(value: str) -> str:
    return changed(BOUNCE, f"[checks.bounce_rate]\nwarn = {level(value)}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (changed("[floors]", "[floors"), "not valid TOML"),
        (changed('version = "2026.11"', 'version = "2026.11"\ncolour = "red"'), "colour: Extra inputs"),
        (changed('version = "2026.11"', ""), "version: Field required"),
        (bounce("75"), "bounce_rate: warn 75 can never fire before critical 75"),
        (bounce("75.1"), "bounce_rate: warn 75.1 can never fire before critical 75"),
        (bounce("-0.1"), "bounce_rate.warn: -0.1 is outside 0 to 100 percent"),
        (changed("critical = { is = 75", "critical = { is = 100.1"), "bounce_rate.critical: 100.1 is outside 0 to 100"),
        (bounce("nan"), "bounce_rate.warn.is"),
        (bounce("inf"), "bounce_rate.warn.is"),
        (bounce("-inf"), "bounce_rate.warn.is"),
        (bounce('"many"'), "bounce_rate.warn.is"),
        (changed(BOUNCE, "[checks.bounce_rate]\nwarn = 60"), "checks.bounce_rate.warn"),
        (changed(BOUNCE, "[checks.bounce_rate]\nwarn = { is = 60 }"), "bounce_rate.warn.why: Field required"),
        (changed(BOUNCE, '[checks.bounce_rate]\nwarn = { is = 60, why = "" }'), "bounce_rate.warn.why"),
        (changed(BOUNCE, f"{BOUNCE}\nwran = {level('50')}"), "bounce_rate.wran: Extra inputs are not permitted"),
        (
            changed("critical = { is = 0.5", "critical = { is = 1"),
            "session_conversion_rate: warn 1 can never fire before critical 1",
        ),
        (
            changed("critical = { is = 0.5", "critical = { is = 1.2"),
            "session_conversion_rate: warn 1 can never fire before critical 1.2",
        ),
        (changed("[checks.bounce_rate]", "[checks.bounce_rat]"), "there are no such checks: bounce_rat"),
        (without("checks.viral_spike.parameters"), "viral_spike: its parameters are rise_percent, times_median"),
        (without("checks.attributed_revenue"), "these checks are missing: attributed_revenue"),
        (without("checks.access_token.conditions"), "access_token: the severity of these conditions is missing"),
        (
            changed("rejected = {", f"expired = {level(chr(34) + 'warn' + chr(34))}\nrejected = {{"),
            "access_token: there are no such conditions: expired",
        ),
        (changed('rejected = { is = "critical"', 'rejected = { is = "fatal"'), "conditions.rejected.is"),
        (changed("trend_days = {", "trend_day = {"), "goal_completions: its parameters are trend_days"),
        (
            changed(BOUNCE, f"{BOUNCE}\n[checks.bounce_rate.parameters]\nfactor = {level('2')}\n[checks.x]"),
            "there are no such checks: x",
        ),
        (changed("carts = {", "cart = {"), "there are no such floors: cart; these floors are missing: carts"),
        (changed("carts = { is = 30", "carts = { is = 0"), "floors.carts: 0 is no floor"),
        (changed("period_days = { is = 28", "period_days = { is = 6"), "periods.period_days: 6 is outside 7 to 45"),
        (changed("period_days = { is = 28", "period_days = { is = 46"), "periods.period_days: 46 is outside 7 to 45"),
        (changed("lag_days = { is = 2", "lag_days = { is = -1"), "periods.lag_days: -1 is outside 0 to 14"),
        (changed("lag_days = { is = 2", "lag_days = { is = 15"), "periods.lag_days: 15 is outside 0 to 14"),
        (changed("series_days = { is = 60", "series_days = { is = 29"), "periods.series_days: 29 is outside 30 to 92"),
        (changed("series_days = { is = 60", "series_days = { is = 93"), "periods.series_days: 93 is outside 30 to 92"),
        (changed("period_days = { is = 28", "period_days = { is = 28.5"), "periods.period_days.is"),
        (changed("good_nights = { is = 2", "good_nights = { is = 0"), "findings.good_nights: 0 is outside 1 to 7"),
        (changed("slow_nights = { is = 7", "slow_nights = { is = 29"), "findings.slow_nights: 29 is outside 1 to 28"),
        (changed("slow_nights = { is = 7", "slow_nights = { is = 1"), "slow_nights: 1 is quicker than good_nights 2"),
        (changed("percent = { is = 5", "percent = { is = -1"), "findings.margin_percent: -1 is outside 0 to 50"),
        (changed("return_nights = { is = 14", "return_nights = { is = 61"), "return_nights: 61 is outside 0 to 60"),
        (changed("share_percent = { is = 10", "share_percent = { is = 0"), "fleet.share_percent: 0 is outside 1 to"),
        (changed("merchants = { is = 10", "merchants = { is = 1"), "fleet.merchants: 1 is outside 2 to 1000000"),
        (changed("remind_nights = { is = 7", "remind_nights = { is = 0"), "remind_nights: 0 is outside 1 to 60"),
    ],
)  # fmt: skip
def test_a_profile_that_cannot_work_is_refused_and_the_place_is_named(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(says)):
        parse_profile(text)


@pytest.mark.parametrize("text", [bounce("0"), bounce("74.999999"), TEXT])
def test_a_profile_just_within_the_limits_is_taken(text: str) -> None:
    assert parse_profile(text).checks.keys() == {check.id for check in CATALOGUE}


def test_what_is_wrong_is_said_all_at_once() -> None:
    text = changed("carts = { is = 30", "carts = { is = 0").replace("lag_days = { is = 2", "lag_days = { is = 15")

    with pytest.raises(InvalidInput, match=r"periods\.lag_days: 15 .*; floors\.carts: 0"):
        parse_profile(text)
