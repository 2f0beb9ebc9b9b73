"""Who is told: an address is only hinted at, a topic belongs to one merchant, a test message reaches one recipient."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.audit.merchant import Severity
from functions.audit.outcome import Area
from functions.audit.reach import Reach, deaf_areas, gets, lets_through, reachable
from functions.audit.recipient import (
    FLEET,
    Protocol,
    Recipient,
    RecipientState,
    Subscription,
    Topics,
    hint_of,
    mark_of_test,
    next_id,
    policy_of,
)
from tests.builders import added

STAGE = "arn:aws:sns:eu-west-1:111122223333:nightjar-prod-"
TOPICS = Topics(alerts=f"{STAGE}alerts", texts=f"{STAGE}texts")
STAGES = st.from_regex(r"[a-z][a-z0-9-]{0,15}", fullmatch=True)
IDS = st.from_regex(r"[a-z0-9][a-z0-9._-]{0,62}", fullmatch=True)
ALERT = {"merchant_id": "larkspur", "severity": "critical", "areas": ["traffic", "commerce"], "reasons": ["opened"]}


def recipient(
    state: RecipientState = RecipientState.CONFIRMED, policy: dict[str, Any] | None = None, **changed: Any
) -> Recipient:
    subscription = Subscription(TOPICS.alerts, "arn", "email", "anna@example.com", state, policy, **changed)
    return Recipient(FLEET, None, subscription)


@pytest.mark.parametrize(
    ("protocol", "endpoint", "hint"),
    [
        ("email", "anna@example.com", "a…@example.com"),
        ("email-json", "a@example.com", "…@example.com"),
        ("sms", "+447700900123", "+44…123"),
        ("sms", "+4477", "…"),
        ("https", "https://anna:secret@hooks.example.com/services/T0/B0/xyz?key=1", "https://hooks.example.com/…"),
        ("https", "https://hooks.example.com?key=1", "https://hooks.example.com/…"),
        ("sqs", "arn:aws:sqs:eu-west-1:111122223333:alerts", "arn:aws:sqs:eu-west-1:111122223333:alerts"),
    ],
)
def test_an_address_is_hinted_at_and_cannot_be_used(protocol: str, endpoint: str, hint: str) -> None:
    assert hint_of(protocol, endpoint) == hint


def test_what_prints_a_subscription_does_not_print_its_address() -> None:
    assert "anna@" not in repr(recipient())
    assert recipient().hint == "a…@example.com"


def test_a_merchants_topics_are_the_fleets_with_its_id_behind_an_underscore() -> None:
    assert TOPICS.of(FLEET) is TOPICS
    assert TOPICS.of("larkspur").both == (f"{STAGE}alerts_larkspur", f"{STAGE}texts_larkspur")
    assert TOPICS.of("anna.shop").alerts == f"{STAGE}alerts_annaDOTshop"
    assert TOPICS.for_protocol("sms") == TOPICS.texts
    assert {TOPICS.for_protocol(one) for one in Protocol if one is not Protocol.SMS} == {TOPICS.alerts}
    with pytest.raises(ValueError, match="has no topics"):
        TOPICS.of("Anna")


@given(STAGES, IDS, STAGES, IDS)
def test_no_two_of_all_stages_and_merchants_share_a_topic(stage: str, one: str, other_stage: str, other: str) -> None:
    mine = Topics(f"nightjar-{stage}-alerts", f"nightjar-{stage}-texts").of(one)
    theirs = Topics(f"nightjar-{other_stage}-alerts", f"nightjar-{other_stage}-texts")

    assert not {*mine.both} & {*theirs.both}
    assert ({*mine.both} & {*theirs.of(other).both} == set()) == ((stage, one) != (other_stage, other))
    assert all(len(name) <= 256 and name.replace("_", "").replace("-", "").isalnum() for name in mine.both)


def test_a_merchants_recipient_is_bound_to_it_by_its_filter_too() -> None:
    assert policy_of(added()) == {"severity": ["critical", "test:email-1"], "merchant_id": ["larkspur"]}
    assert policy_of(added(merchant_id=FLEET, areas=[Area.TRAFFIC], severities=list(Severity))) == {
        "severity": ["warn", "critical", "test:email-1"],
        "areas": ["traffic", "test:email-1"],
    }


@given(
    areas=st.lists(st.sampled_from(Area), unique=True).map(tuple),
    severities=st.lists(st.sampled_from(Severity), min_size=1, unique=True).map(tuple),
    owner=st.sampled_from([FLEET, "larkspur"]),
)
def test_a_test_message_passes_the_filter_of_its_recipient_and_no_other(
    areas: tuple[Area, ...], severities: tuple[Severity, ...], owner: str
) -> None:
    filtered = {"areas": areas, "severities": severities, "merchant_id": owner}
    mark = mark_of_test("email-1")
    message = {"merchant_id": "larkspur", "severity": mark, "areas": [mark]}

    assert lets_through(policy_of(added(**filtered)), message) is True
    assert lets_through(policy_of(added(**filtered, recipient_id="email-2")), message) is False
    heard = "critical" in severities and (not areas or bool({"traffic", "commerce"} & set(areas)))
    assert lets_through(policy_of(added(**filtered)), ALERT) is heard
    assert lets_through(policy_of(added(**filtered)), {**ALERT, "merchant_id": "brasa"}) is (heard and owner == FLEET)


@pytest.mark.parametrize(
    ("policy", "passes"),
    [
        ({}, True),
        ({"severity": ["critical"]}, True),
        ({"severity": ["warn"]}, False),
        ({"areas": ["audience", "commerce"]}, True),
        ({"areas": ["audience"], "severity": [{"prefix": "c"}]}, False),
        ({"severity": [{"prefix": "c"}]}, None),
        ({"severity": [{"prefix": "x"}, "critical"]}, True),
        ({"night": [{"exists": True}]}, False),
        ({"night": [{"exists": False}]}, True),
        ({"$or": [{"severity": ["warn"]}, {"areas": ["access"]}]}, None),
        ({"severity": "critical"}, None),
    ],
)
def test_a_filter_is_judged_as_far_as_it_is_understood(policy: dict[str, Any], *, passes: bool | None) -> None:
    assert lets_through(policy, ALERT) is passes


@pytest.mark.parametrize(
    ("one", "reach"),
    [
        (recipient(), Reach.SOMEBODY),
        (recipient(policy={"severity": ["critical"]}), Reach.SOMEBODY),
        (recipient(policy={"severity": ["warn"]}), Reach.NOBODY),
        (recipient(policy={"severity": [{"prefix": "c"}]}), Reach.UNKNOWN),
        (recipient(policy={"severity": ["critical"]}, by_body=True), Reach.UNKNOWN),
        (recipient(RecipientState.PENDING), Reach.NOBODY),
        (recipient(RecipientState.OPTED_OUT), Reach.NOBODY),
        (recipient(RecipientState.DELETED), Reach.NOBODY),
        (Recipient("larkspur", added(), None), Reach.NOBODY),
        (Recipient("larkspur", added(), None, unknown=True), Reach.UNKNOWN),
    ],
)
def test_only_who_is_confirmed_and_lets_it_through_gets_a_message(one: Recipient, reach: Reach) -> None:
    assert gets(one, ALERT) is reach
    assert reachable([one], ALERT) is reach


def test_one_who_gets_it_is_enough_and_not_to_know_is_not_nobody() -> None:
    nobody, unknown = recipient(RecipientState.PENDING), Recipient("larkspur", added(), None, unknown=True)

    assert reachable([], ALERT) is Reach.NOBODY
    assert reachable([nobody, unknown], ALERT) is Reach.UNKNOWN
    assert reachable([nobody, unknown, recipient()], ALERT) is Reach.SOMEBODY


def test_areas_of_which_nobody_would_hear_are_named() -> None:
    traffic = recipient(policy={"areas": ["traffic"], "merchant_id": ["larkspur"]})

    assert deaf_areas([traffic], "larkspur") == (Area.ACCESS, Area.AUDIENCE, Area.COMMERCE)
    assert deaf_areas([traffic], "brasa") == tuple(Area)
    assert deaf_areas([recipient()], "brasa") == ()


def test_ids_say_how_somebody_is_reached_and_nothing_else() -> None:
    assert next_id(Protocol.EMAIL, []) == "email-1"
    assert next_id(Protocol.EMAIL, ["email-1", "email-7", "email-json-9", "sms-8"]) == "email-8"
    assert next_id(Protocol.EMAIL_JSON, ["email-1"]) == "email-json-1"
