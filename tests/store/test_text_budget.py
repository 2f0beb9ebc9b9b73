"""Text messages are counted by the night, for a merchant and for the fleet, each alert once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.store.text_budget import TextBudget
from tests.builders import NIGHT
from tests.cloud import Cloud, pretended_aws
from tests.tables import PREFIX

TOMORROW = NIGHT + timedelta(days=1)


def budget(cloud: Cloud, *, fleet: int = 100, merchant: int = 100) -> TextBudget:
    return TextBudget(cloud.dynamodb, f"{PREFIX}budgets", fleet, merchant)


def counted(cloud: Cloud) -> dict[str, int]:
    return {row["budget"]["S"]: len(row["counted"]["SS"]) for row in cloud.raw("budgets")}


def test_a_text_is_counted_for_its_merchant_and_for_the_fleet(cloud: Cloud) -> None:
    assert budget(cloud).take("larkspur", "a", on=NIGHT)

    assert counted(cloud) == {"sms#2026-11-21": 1, "sms#2026-11-21#larkspur": 1}
    assert {row["next_at"]["N"] for row in cloud.raw("budgets")} == {"1795305600"}  # 2026-11-22
    assert {row["ttl"]["N"] for row in cloud.raw("budgets")} == {"1795910400"}  # 2026-11-29, midnight UTC
    assert {row["schema_version"]["N"] for row in cloud.raw("budgets")} == {"1"}


def test_the_same_alert_again_is_counted_once_also_when_the_budget_is_spent(cloud: Cloud) -> None:
    small = budget(cloud, fleet=1, merchant=1)
    assert small.take("larkspur", "a", on=NIGHT)
    before = cloud.raw("budgets")

    assert small.take("larkspur", "a", on=NIGHT)
    assert cloud.raw("budgets") == before
    assert not small.take("larkspur", "b", on=NIGHT)
    assert cloud.raw("budgets") == before


def test_a_merchant_that_has_spent_its_own_takes_nothing_of_the_others(cloud: Cloud) -> None:
    small = budget(cloud, fleet=3, merchant=1)
    assert small.take("larkspur", "a", on=NIGHT)
    assert [small.take("larkspur", alert, on=NIGHT) for alert in "bcdef"] == [False] * 5

    assert small.take("foxglove", "a", on=NIGHT)
    assert counted(cloud)["sms#2026-11-21"] == 2


def test_what_the_fleet_has_spent_is_spent_for_everybody_until_the_next_night(cloud: Cloud) -> None:
    small = budget(cloud, fleet=2)
    assert [small.take(merchant, "a", on=NIGHT) for merchant in ("one", "two", "three")] == [True, True, False]

    assert small.take("three", "a", on=TOMORROW)


def test_of_many_at_once_no_more_than_the_budget_get_through(cloud: Cloud) -> None:
    small = budget(cloud, fleet=5)
    with ThreadPoolExecutor(8) as many:
        took = list(many.map(lambda at: small.take(f"shop-{at % 12}", "a", on=NIGHT), range(24)))

    # Twelve alerts, each of which came twice.
    assert sum(took) == 10
    assert counted(cloud)["sms#2026-11-21"] == 5


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 4)), max_size=14), st.integers(1, 4))
@settings(max_examples=8, deadline=None)
def test_whatever_comes_again_in_whatever_order_nobody_gets_more(comers: list[tuple[str, int]], fleet: int) -> None:
    with pretended_aws() as cloud:
        small = budget(cloud, fleet=fleet, merchant=2)
        sent = {comer for comer in comers if small.take(comer[0], str(comer[1]), on=NIGHT)}

        assert len(sent) == min(fleet, sum(min(2, len({c for c in comers if c[0] == shop})) for shop in "abc"))
        assert all(small.take(merchant, str(alert), on=NIGHT) for merchant, alert in sent)
