"""What the stories about the console's readers share: a fleet of three nights, and a look at what they ask AWS for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from functions.audit.absence import Reason
from functions.audit.snapshot import Snapshot
from functions.store.verdicts import settle
from tests.builders import absent, channel, merchant, snapshot
from tests.calls import GoOn, watch_calls
from tests.cloud import Cloud, pretended_aws
from tests.store.stories import TTL, audit, night_after
from tests.tables import PREFIX, create_tables

FIRST: Final = night_after(-2)
MIDDLE: Final = night_after(-1)
LAST: Final = night_after(0)
EMPTY: Final = "nightjar-empty-"
# A name that turns the line round, breaks it, colours it, and is markup and a formula as well.
HOSTILE: Final = "=1+1\u202e[red]\x1b[31m\r\n[/]evil"

# larkspur bounced a little, could not be looked at, and bounces much; brasa converts too few; cinder cannot be seen.
_SEEN: Final = {
    ("larkspur", FIRST): channel(bounce_rate="62.5"),
    ("larkspur", MIDDLE): snapshot(sessions=absent(Reason.SOURCE_FAILED, detail=HOSTILE)),
    ("larkspur", LAST): channel(bounce_rate="81.25"),
    ("brasa", LAST): channel(session_conversion_rate="0.75", bounce_rate="70"),
    ("cinder", LAST): snapshot(sessions=absent(Reason.RATE_LIMITED), pages=absent(Reason.RATE_LIMITED)),
}


@pytest.fixture(scope="module")
def fleet() -> Iterator[Cloud]:
    """Give a stage that is only read: three merchants, the first of them known for three nights; and an empty one."""
    with pretended_aws() as cloud:
        create_tables(cloud.dynamodb, EMPTY)
        cloud.kms.create_alias(AliasName="alias/nightjar-test", TargetKeyId=cloud.key_arn)
        for shop in ("larkspur", "brasa", "cinder"):
            cloud.tables.merchants.save(merchant(id=shop, name=HOSTILE))
        for (shop, night), seen in _SEEN.items():
            of = merchant(id=shop, name=HOSTILE)
            taken = Snapshot.model_validate(seen.model_dump() | {"merchant_id": shop, "night": night})
            cloud.tables.snapshots.put_once(taken, ttl=TTL)
            settle(cloud.tables, audit(taken), of, ttl=TTL)
        yield cloud


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what AWS is asked for, and have every Query answer one item at a time."""
    seen: list[str] = []

    def noted(go_on: GoOn, operation: str, parameters: dict[str, Any]) -> Any:
        of = parameters.get("TableName", "").removeprefix(PREFIX)
        seen.append(" ".join(part for part in (operation, of, parameters.get("IndexName")) if part))
        more = {"Limit": 1} if operation == "Query" else {}
        return go_on(operation, {**parameters, **more})

    watch_calls(monkeypatch, noted)
    return seen


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what is printed go to a terminal of 60 columns that knows colours."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "60")


def plain(text: str) -> str:
    """Return what a terminal shows, without colours and with the lines of a cell put together."""
    return " ".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("│", " ").split())


def widest(text: str) -> int:
    """Return how many columns of a terminal the longest line takes."""
    return max(map(len, re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).splitlines()))


def unsafe(text: str) -> list[str]:
    """Return what no terminal may be sent: control and bidi characters that are not line ends."""
    return [char for char in text if char != "\n" and (ord(char) < 32 or char in "\x7f\u202e\u2028")]
