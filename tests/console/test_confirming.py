"""A confirmation link is taken apart, held against the stage, and followed so that only AWS can unsubscribe."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from console.confirming import confirm
from console.errors import Unusable
from console.recipients import Desk
from console.stage import Stage

OWN = "arn:aws:sns:eu-west-1:111122223333:nightjar-test-alerts_larkspur"
LINK = "https://sns.eu-west-1.amazonaws.com/confirmation.html?TopicArn={}&Token=2336412f37&Endpoint=ben@example.com"


class Sns:
    """Takes down what it is asked to confirm."""

    meta = SimpleNamespace(region_name="eu-west-1")

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []

    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": "arn:aws:iam::111122223333:user/anna"}

    def confirm_subscription(self, **request: str) -> dict[str, Any]:
        self.asked.append(request)
        return {"SubscriptionArn": f"{OWN}:1"}


def desk(sns: Sns) -> Desk:
    return Desk(Stage("test", lambda _: sns))


@pytest.mark.parametrize("topic", [OWN, OWN.partition("_")[0], OWN.replace("alerts", "texts")])
def test_a_link_of_the_stage_is_followed_so_that_unsubscribing_takes_a_login(topic: str) -> None:
    sns = Sns()

    assert confirm(desk(sns), LINK.format(topic)) == f"{OWN}:1"
    assert sns.asked == [{"TopicArn": topic, "Token": "2336412f37", "AuthenticateOnUnsubscribe": "true"}]


@pytest.mark.parametrize(
    ("link", "says"),
    [
        (LINK.format(OWN.replace("-test-", "-prod-")), "to another topic than those of stage test"),
        (LINK.format(OWN.replace("alerts_", "alertsx")), "to another topic than those of stage test"),
        (LINK.format(OWN.replace("111122223333", "444455556666")), "to another topic than those of stage test"),
        (LINK.format(OWN).replace("sns.eu-west-1.amazonaws.com", "sns.evil.example"), "Give the link behind"),
        (LINK.format(OWN).replace("https", "http"), "Give the link behind"),
        (LINK.format(OWN).replace("Token", "Tok"), "Give the link behind"),
        ("https://[", "Give the link behind"),
        ("", "Give the link behind"),
    ],
)
def test_any_other_link_is_refused_and_nothing_is_asked(link: str, says: str) -> None:
    sns = Sns()

    with pytest.raises(Unusable, match=says):
        confirm(desk(sns), link)
    assert sns.asked == []
