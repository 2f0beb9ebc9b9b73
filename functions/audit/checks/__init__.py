"""The fifteen checks in report order; one file each, named by the check's id."""

from functions.audit.check import Check
from functions.audit.checks import (
    access_token,
    account_access,
    amplify_candidates,
    attributed_revenue,
    bounce_rate,
    cart_abandonment_rate,
    goal_completions,
    pageviews_per_session,
    returning_users,
    session_conversion_rate,
    session_duration,
    sessions_trend,
    stats_scope,
    unconverting_pages,
    viral_spike,
)

CATALOGUE: tuple[Check, ...] = (
    access_token.CHECK,
    account_access.CHECK,
    stats_scope.CHECK,
    bounce_rate.CHECK,
    pageviews_per_session.CHECK,
    session_duration.CHECK,
    sessions_trend.CHECK,
    session_conversion_rate.CHECK,
    cart_abandonment_rate.CHECK,
    returning_users.CHECK,
    goal_completions.CHECK,
    attributed_revenue.CHECK,
    unconverting_pages.CHECK,
    amplify_candidates.CHECK,
    viral_spike.CHECK,
)
