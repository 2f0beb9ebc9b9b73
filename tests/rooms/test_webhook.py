"""A delivery ends the connections of the account that it names, once, with the reason, and nothing else changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from functions.audit.errors import NightjarError
from functions.audit.grant import Grant, State
from functions.runtime.tiktok_app import TikTokApp
from functions.store.connections import Connections
from functions.webhook.delivery import OtherEvent
from functions.webhook.receive import Marked, Receiver
from functions.webhook.refused import Refused
from tests.builders import NOW, merchant
from tests.cloud import CLIENT_SECRET, Cloud, pretended_aws
from tests.rooms.tiktok_posts import CLIENT_KEY, OPEN_ID, body, event, header
from tests.tables import PREFIX

APP = TikTokApp(client_key=CLIENT_KEY, client_secret=SecretStr(CLIENT_SECRET))
HAPPENED = NOW - timedelta(minutes=1)
DONE = Marked("disconnected_by_user", ("larkspur",), left=0)
AGAIN = Marked("disconnected_by_user", (), left=1)


@dataclass
class Stage:
    """A receiver on a pretended stage, with a shop that has TikTok's account 723f24d7."""

    cloud: Cloud
    app: TikTokApp = APP
    refuse: frozenset[str] = frozenset()
    troubles: list[str] = field(default_factory=list)

    def receive(self, called_with: dict[str, Any], *, now: datetime = NOW) -> Marked | OtherEvent:
        connections = Connections(self.cloud.dynamodb, f"{PREFIX}tokens")

        def mark(merchant_id: str, reason: str, at: datetime) -> bool:
            if merchant_id in self.refuse:
                raise TimeoutError("MARKED")
            return connections.mark_removed(merchant_id, reason, at)

        receiver = Receiver(
            app=lambda: self.app,
            merchants_of=self.cloud.tables.merchants.with_open_id,
            mark=mark,
            on_failure=lambda merchant_id, error: self.troubles.append(f"{merchant_id} {type(error).__name__}"),
        )
        return receiver.receive(called_with, now=now)

    def connect(self, merchant_id: str, open_id: str = OPEN_ID, *, at: datetime | None = None) -> None:
        self.cloud.tables.merchants.save(merchant(id=merchant_id, tiktok={"open_id": open_id}))
        grant = Grant(merchant_id=merchant_id, access_token=SecretStr("act.sample"), connected_at=at)
        self.cloud.tokens.replace(Grant(merchant_id=merchant_id), grant)

    def state(self, merchant_id: str = "larkspur") -> tuple[State, str | None, datetime | None]:
        grant = self.cloud.tokens.get(merchant_id)
        assert grant is not None
        return grant.state, grant.state_reason, grant.state_since


@pytest.fixture
def stage(cloud: Cloud) -> Stage:
    shop = Stage(cloud)
    shop.connect("larkspur", at=NOW - timedelta(days=40))
    return shop


def _signed(raw: bytes, *, sent_at: datetime = NOW, encoded: bool = False) -> dict[str, Any]:
    return event(raw, header(raw, CLIENT_SECRET, sent_at), encoded=encoded)


@pytest.mark.parametrize("encoded", [False, True])
def test_a_removal_marks_the_connection_with_its_reason_and_its_time(stage: Stage, encoded: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert stage.receive(_signed(body(), encoded=encoded)) == DONE

    assert stage.state() == (State.REMOVED, "disconnected_by_user", HAPPENED)


def test_the_tokens_and_everything_else_stay_as_they_were(stage: Stage) -> None:
    before = stage.cloud.everything()

    stage.receive(_signed(body()))

    after = stage.cloud.everything()
    (row,), (marked,) = before.pop("tokens"), after.pop("tokens")
    assert after == before
    changed = {name for name in {*row, *marked} if row.get(name) != marked.get(name)}
    assert changed <= {"state", "state_reason", "state_since"}


def test_all_shops_that_share_the_account_are_marked_and_nobody_elses(stage: Stage) -> None:
    stage.connect("larkspur-outlet")
    stage.connect("foxglove", "another-account")

    came = stage.receive(_signed(body(content='{"reason": 4}')))

    assert isinstance(came, Marked)
    assert sorted(came.merchant_ids) == ["larkspur", "larkspur-outlet"]
    assert stage.state("larkspur-outlet") == (State.REMOVED, "banned", HAPPENED)
    assert stage.state("foxglove")[0] is State.CONNECTED


def test_an_account_that_nobody_has_is_nothing_to_do(stage: Stage) -> None:
    before = stage.cloud.everything()

    assert stage.receive(_signed(body(user_openid="nobodys"))) == Marked("disconnected_by_user", (), left=0)

    assert stage.cloud.everything() == before


def test_a_shop_without_tokens_gets_no_row(stage: Stage) -> None:
    stage.cloud.tokens.delete("larkspur")

    assert stage.receive(_signed(body())) == AGAIN

    assert stage.cloud.raw("tokens") == []


def test_a_late_delivery_does_not_break_a_connection_made_since(stage: Stage) -> None:
    stage.connect("relogged", "other", at=HAPPENED + timedelta(microseconds=1))

    came = stage.receive(_signed(body(user_openid="other")))

    assert came == AGAIN
    assert stage.state("relogged")[0] is State.CONNECTED


@settings(max_examples=10, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-240, 0)), min_size=1, max_size=6))
def test_the_first_of_many_deliveries_counts_and_the_others_change_nothing(repeats: list[tuple[int, int]]) -> None:
    with pretended_aws() as cloud:
        shop = Stage(cloud)
        shop.connect("larkspur", at=NOW - timedelta(days=40))
        assert shop.receive(_signed(body())) == DONE
        before = cloud.everything()

        for reason, seconds in repeats:
            raw = body(content=f'{{"reason": {reason}}}')
            came = shop.receive(_signed(raw, sent_at=NOW + timedelta(seconds=seconds)))
            assert isinstance(came, Marked)
            assert (came.merchant_ids, came.left) == ((), 1)

        assert cloud.everything() == before


def test_another_event_changes_nothing(stage: Stage) -> None:
    before = stage.cloud.everything()

    assert stage.receive(_signed(body(event="video.upload.failed"))) == OtherEvent("video.upload.failed")

    assert stage.cloud.everything() == before


@pytest.mark.parametrize(
    ("called_with", "status"),
    [
        (event(body(), None), 401),
        (event(body(), "t=1,s=2"), 401),
        (event(body(), header(body(), "another-secret", NOW)), 401),
        (event(body(), header(body(), CLIENT_SECRET, NOW - timedelta(hours=1))), 401),
        (event(body(user_openid="foxglove"), header(body(), CLIENT_SECRET, NOW)), 401),
        (event(b"{}", header(b"{}", CLIENT_SECRET, NOW)), 400),
        (event(b"x" * 65537, header(b"x" * 65537, CLIENT_SECRET, NOW)), 413),
        (event(body(), header(body(), CLIENT_SECRET, NOW), method="GET"), 405),
        ({}, 400),
    ],
)
def test_what_is_refused_changes_nothing(stage: Stage, called_with: dict[str, Any], status: int) -> None:
    before = stage.cloud.everything()

    with pytest.raises(Refused) as refused:
        stage.receive(called_with)

    assert refused.value.status == status
    assert stage.cloud.everything() == before


def test_a_stale_delivery_that_is_signed_anew_is_taken(stage: Stage) -> None:
    late = NOW + timedelta(hours=71)
    with pytest.raises(Refused, match="too old"):
        stage.receive(_signed(body()), now=late)

    assert stage.receive(_signed(body(), sent_at=late), now=late) == DONE
    assert stage.state()[2] == HAPPENED


@pytest.mark.parametrize("key", ["client_key", "client_secret"])
def test_without_our_own_secret_nobody_is_believed_and_tiktok_is_to_come_again(stage: Stage, key: str) -> None:
    empty: Any = "" if key == "client_key" else SecretStr("")
    stage.app = APP.model_copy(update={key: empty})
    raw = body(client_key="" if key == "client_key" else CLIENT_KEY)
    forged = event(raw, header(raw, stage.app.client_secret.get_secret_value(), NOW))

    with pytest.raises(NightjarError, match="not stored yet") as failed:
        stage.receive(forged)

    assert not isinstance(failed.value, Refused)
    assert stage.state()[0] is State.CONNECTED


def test_junk_is_refused_before_anything_is_looked_up(stage: Stage) -> None:
    def never(*_: Any) -> Any:
        raise AssertionError("asked")

    receiver = Receiver(app=never, merchants_of=never, mark=never, on_failure=never)
    for junk in (event(body(), None), event(body(), header(body(), "any", NOW - timedelta(hours=1))), event(b"", "t=")):
        with pytest.raises(Refused):
            receiver.receive(junk, now=NOW)
    assert stage.state()[0] is State.CONNECTED


def test_one_rows_trouble_keeps_no_other_from_being_marked_and_has_tiktok_come_again(stage: Stage) -> None:
    stage.connect("zinnia")
    stage.refuse = frozenset({"larkspur"})

    with pytest.raises(NightjarError, match="Not every connection"):
        stage.receive(_signed(body()))

    assert stage.troubles == ["larkspur TimeoutError"]
    assert stage.state("zinnia")[0] is State.REMOVED
    stage.refuse = frozenset()
    assert stage.receive(_signed(body())) == Marked("disconnected_by_user", ("larkspur",), left=1)
