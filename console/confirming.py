"""Following the link of a confirmation email in the recipient's place, so that no mail scanner can unsubscribe it."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qs, urlsplit

from console.errors import Unusable
from console.recipients import Desk

_HOST: Final = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")


def confirm(desk: Desk, link: str) -> str:
    """Confirm the subscription of a link that SNS sent; return SNS's name of it. The link itself is never opened.

    Its owner's unsubscribe link then asks for an AWS login: only who runs the stage ends the subscription.

    Raises:
        Unusable: it is no such link, or one of another topic than this stage's.
    """
    try:
        parts = urlsplit(link)
        is_one = parts.scheme == "https" and _HOST.fullmatch(parts.hostname or "") is not None
    except ValueError:
        is_one = False
    asked = parse_qs(parts.query) if is_one else {}
    topic_arn, token = (asked.get(name, [""])[0] for name in ("TopicArn", "Token"))
    if not topic_arn or not token:
        raise Unusable(
            'Give the link behind "Confirm subscription" in the email, in quotes: '
            "https://sns.REGION.amazonaws.com/confirmation.html?TopicArn=…&Token=…"
        )
    if not any(topic_arn == fleets or topic_arn.startswith(f"{fleets}_") for fleets in desk.topics.both):
        raise Unusable(f"This link confirms a subscription to another topic than those of stage {desk.stage.name}.")
    answer = desk.sns.confirm_subscription(TopicArn=topic_arn, Token=token, AuthenticateOnUnsubscribe="true")
    return answer["SubscriptionArn"]
