"""A merchant's own thresholds: merged over the profile, refused when they cannot work."""

import re
from datetime import date
from decimal import Decimal

import pytest
from pydantic import ValidationError

from functions.audit.errors import InvalidInput
from functions.audit.merchant import Override, Severity
from functions.audit.profile import default_profile
from tests.builders import NIGHT, merchant, overriding


@pytest.mark.parametrize(
    ("check_id", "override", "says"),
    [
        ("bounce", {"warn": 65}, "thresholds.bounce: there is no such check; the checks are access_token,"),
        ("bounce_rate", {}, "thresholds.bounce_rate: sets nothing; give warn, critical or conditions"),
        ("bounce_rate", {"expires": NIGHT}, "thresholds.bounce_rate: sets nothing"),
        ("bounce_rate", {"warn": 80, "critical": 80}, "warn 80 can never fire before critical 80"),
        ("bounce_rate", {"warn": 75}, "bounce_rate: warn 75 can never fire before critical 75"),
        ("bounce_rate", {"warn": 80}, "bounce_rate: warn 80 can never fire before critical 75"),
        ("bounce_rate", {"critical": 60}, "bounce_rate: warn 60 can never fire before critical 60"),
        ("bounce_rate", {"critical": 50}, "bounce_rate: warn 60 can never fire before critical 50"),
        ("bounce_rate", {"warn": 80, "expires": date(2020, 1, 1)}, "warn 80 can never fire before critical 75"),
        ("session_conversion_rate", {"warn": "0.5"}, "warn 0.5 can never fire before critical 0.5"),
        ("session_conversion_rate", {"warn": "0.4"}, "warn 0.4 can never fire before critical 0.5"),
        ("session_conversion_rate", {"critical": 1}, "warn 1 can never fire before critical 1"),
        ("session_conversion_rate", {"critical": 2}, "warn 1 can never fire before critical 2"),
        ("pageviews_per_session", {"critical": "1.5"}, "warn 1.5 can never fire before critical 1.5"),
        ("goal_completions", {"critical": 10}, "warn 5 can never fire before critical 10"),
        ("returning_users", {"critical": 0}, "warn 0 can never fire before critical 0"),
        ("access_token", {"critical": 20}, "warn 14 can never fire before critical 20"),
        ("bounce_rate", {"critical": "100.1"}, "bounce_rate.critical: 100.1 is outside 0 to 100 percent"),
        ("bounce_rate", {"warn": -1}, "bounce_rate.warn: -1 is outside 0 to 100 percent"),
        ("session_duration", {"critical": 101}, "session_duration.critical: 101 is outside 0 to 100 percent"),
        ("sessions_trend", {"warn": 101}, "sessions_trend.warn: 101 is outside 0 to 100 percent"),
        ("returning_users", {"warn": 101}, "returning_users.warn: 101 is outside 0 to 100 percent"),
        ("account_access", {"warn": 1}, "this check measures no number"),
        ("stats_scope", {"critical": 1}, "set a severity for one of its conditions: stats_scope_missing"),
        ("access_token", {"conditions": {"expired": "warn"}}, "access_token: there are no such conditions: expired"),
        ("bounce_rate", {"conditions": {"rejected": "warn"}}, "bounce_rate: there are no such conditions: rejected"),
    ],
)
def test_an_override_that_cannot_work_is_refused(check_id: str, override: dict[str, object], says: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(says)):
        default_profile().refuse_unfit(overriding(check_id, **override))


@pytest.mark.parametrize(
    ("check_id", "override"),
    [
        ("bounce_rate", {"warn": "74.999999"}),
        ("bounce_rate", {"critical": "60.000001"}),
        ("bounce_rate", {"warn": 99, "critical": 100}),
        ("bounce_rate", {"warn": 0}),
        ("session_conversion_rate", {"critical": "0.999999"}),
        ("session_conversion_rate", {"warn": "0.500001"}),
        ("goal_completions", {"critical": -20}),
        ("pageviews_per_session", {"warn": 3, "critical": 2}),
        ("session_duration", {"critical": 70}),
        ("access_token", {"conditions": {"rejected": "warn"}}),
        ("account_access", {"conditions": {"personal_account": "critical"}}),
        ("amplify_candidates", {"warn": 5}),
    ],
)
def test_an_override_that_works_is_taken(check_id: str, override: dict[str, object]) -> None:
    shop = overriding(check_id, **override)
    default_profile().refuse_unfit(shop)
    rule = default_profile().rules_for(shop, NIGHT)[check_id]

    assert rule.origin.set_by == "merchant"
    for name, value in override.items():
        if name != "conditions":
            assert getattr(rule, name) == Decimal(str(value))


def test_every_problem_of_a_merchant_is_named_and_whose_it_is() -> None:
    shop = merchant(
        thresholds={
            "bounce_rate": {"warn": 80, "reason": "long pages"},
            "nonsense": {"warn": 1, "reason": "who knows"},
        }
    )

    with pytest.raises(InvalidInput, match=r"^larkspur: .*bounce_rate.*; thresholds\.nonsense"):
        default_profile().refuse_unfit(shop)


@pytest.mark.parametrize(
    "override",
    [
        {"warn": 65},
        {"warn": 65, "reason": ""},
        {"warn": 65, "reason": "  x  "},
        {"warn": "NaN", "reason": "long pages"},
        {"critical": "Infinity", "reason": "long pages"},
        {"warn": "-Infinity", "reason": "long pages"},
        {"wran": 65, "reason": "long pages"},
        {"warn": 65, "reason": "long pages", "expires": "soon"},
        {"conditions": {"rejected": "info"}, "reason": "long pages"},
    ],
)
def test_an_override_that_is_none_is_refused(override: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Override.model_validate(override)


def test_an_override_changes_only_what_it_names() -> None:
    plain = default_profile().all_rules
    shop = overriding("access_token", critical=3, conditions={"rejected": "warn"})
    rules = default_profile().rules_for(shop, NIGHT)
    changed = rules["access_token"].conditions

    assert (rules["access_token"].warn, rules["access_token"].critical) == (Decimal(14), Decimal(3))
    assert (changed["rejected"], changed["invalid_grant"]) == (Severity.WARN, Severity.CRITICAL)
    assert {severity for name, severity in changed.items() if name != "rejected"} == {Severity.CRITICAL}
    assert {name: rule for name, rule in rules.items() if name != "access_token"} == {
        name: rule for name, rule in plain.items() if name != "access_token"
    }


def test_nobody_overriding_means_the_profile_itself() -> None:
    profile = default_profile()

    assert profile.rules_for(None, NIGHT) == profile.rules_for(merchant(), NIGHT) == profile.all_rules
    assert {name: profile.all_rules[name] for name in profile.plain_rules} == profile.plain_rules
