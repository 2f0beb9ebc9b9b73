"""The tokens of a local audit: rotated pairs are kept, or it is said that they are not."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from console.errors import Unusable
from console.local_grants import LocalGrants
from functions.audit.errors import Conflict
from functions.audit.grant import TIKTOK_BUSINESS, Grant, State

NOW = datetime(2026, 11, 21, 2, 15, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def grant(refresh: str, *, access: str = "act.0", version: int = 0) -> Grant:
    return Grant(
        merchant_id="larkspur", access_token=SecretStr(access), refresh_token=SecretStr(refresh), version=version
    )


def refresh_of(grants: LocalGrants) -> str:
    found = grants.get("larkspur")
    assert found is not None
    assert found.refresh_token is not None
    return found.refresh_token.get_secret_value()


def opened(store: Path, *written: Grant) -> LocalGrants:
    return LocalGrants(written, store=store, on_unkept=quiet)


def quiet(_: str) -> None:
    raise AssertionError("nothing should be unkept")


def test_a_rotated_pair_is_kept_for_the_next_run(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    first = LocalGrants([grant("rft.0")], store=store, on_unkept=quiet)
    first.replace(grant("rft.0"), grant("rft.1", access="act.1"))

    assert refresh_of(LocalGrants([grant("rft.0")], store=store, on_unkept=quiet)) == "rft.1"


def test_the_store_is_for_its_owner_only(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    LocalGrants([grant("rft.0")], store=store, on_unkept=quiet).replace(grant("rft.0"), grant("rft.1"))

    assert stat.S_IMODE(store.stat().st_mode) == 0o600


def test_a_new_connection_in_the_merchants_file_wins_over_the_store(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    LocalGrants([grant("rft.0")], store=store, on_unkept=quiet).replace(grant("rft.0"), grant("rft.1"))

    assert refresh_of(LocalGrants([grant("rft.connected-anew")], store=store, on_unkept=quiet)) == "rft.connected-anew"


def test_the_slower_of_two_runs_is_told_that_it_lost(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    one = LocalGrants([grant("rft.0")], store=store, on_unkept=quiet)
    other = LocalGrants([grant("rft.0")], store=store, on_unkept=quiet)
    one.replace(grant("rft.0"), grant("rft.1"))

    with pytest.raises(Conflict):
        other.replace(grant("rft.0"), grant("rft.2"))

    assert refresh_of(other) == "rft.1"


def test_without_a_store_a_rotation_is_said_aloud() -> None:
    said: list[str] = []
    grants = LocalGrants([grant("rft.0")], store=None, on_unkept=said.append)

    grants.replace(grant("rft.0"), grant("rft.1"))

    assert said == ["larkspur"]


def test_without_a_store_a_kept_refresh_token_is_no_news() -> None:
    grants = LocalGrants([grant("rft.0")], store=None, on_unkept=quiet)

    grants.replace(grant("rft.0"), grant("rft.0", access="act.1"))

    assert refresh_of(grants) == "rft.0"


def test_a_broken_store_is_refused_without_quoting_it(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    store.touch(mode=0o600)
    store.write_text('{"larkspur": {"refresh_token": "rft.secret"')

    with pytest.raises(Unusable) as refused:
        LocalGrants([grant("rft.0")], store=store, on_unkept=quiet)

    assert "rft.secret" not in str(refused.value)


def test_who_has_no_token_in_the_merchants_file_is_found_by_the_login_in_the_store(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    opened(store).connect(grant("rft.login").model_copy(update={"connected_at": NOW}))

    assert refresh_of(opened(store)) == "rft.login"
    assert opened(store).get("foxglove") is None


def test_a_login_is_newer_than_the_token_in_the_merchants_file(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    opened(store, grant("rft.0")).connect(grant("rft.login"))

    assert refresh_of(opened(store, grant("rft.0"))) == "rft.login"
    assert refresh_of(opened(store, grant("rft.connected-anew"))) == "rft.connected-anew"


def test_a_login_that_did_not_know_the_merchants_file_is_newer_than_what_it_says(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    opened(store).connect(grant("rft.login"))

    assert refresh_of(opened(store, grant("rft.0"))) == "rft.login"


def test_a_rotated_login_goes_on_from_the_login(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    kept = opened(store).connect(grant("rft.login"))
    opened(store).replace(kept, grant("rft.1"))

    assert refresh_of(opened(store)) == "rft.1"


def test_each_provider_has_a_pair_of_its_own(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    opened(store).connect(grant("rft.tiktok"))
    opened(store).connect(grant("rft.business").model_copy(update={"provider": TIKTOK_BUSINESS}))
    business = opened(store).get("larkspur", TIKTOK_BUSINESS)

    assert business is not None
    assert business.refresh_token == SecretStr("rft.business")
    assert refresh_of(opened(store)) == "rft.tiktok"


def test_two_runs_on_a_machine_share_the_lease(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    one, other = opened(store, grant("rft.0")), opened(store, grant("rft.0"))

    assert one.lease(grant("rft.0"), owner="one", now=NOW, until=NOW + MINUTE) is not None
    assert other.lease(grant("rft.0"), owner="other", now=NOW, until=NOW + MINUTE) is None
    assert other.lease(grant("rft.0"), owner="other", now=NOW + MINUTE, until=NOW + 2 * MINUTE) is not None


def test_a_connection_stands_as_it_was_noted_until_the_merchants_file_has_another_token(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    assert opened(store, grant("rft.0")).note(grant("rft.0"), State.RECONNECT_NEEDED, "invalid_grant", at=NOW)
    noted, anew = opened(store, grant("rft.0")).get("larkspur"), opened(store, grant("rft.1")).get("larkspur")

    assert noted is not None
    assert anew is not None
    assert (noted.state, noted.state_reason, noted.state_since) == (State.RECONNECT_NEEDED, "invalid_grant", NOW)
    assert anew.state is State.CONNECTED


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_store_that_others_can_open_is_refused_and_it_says_what_to_do(tmp_path: Path, mode: int) -> None:
    store = tmp_path / "tokens.json"
    grants = opened(store)
    grants.connect(grant("rft.secret"))
    store.chmod(mode)

    for look in (lambda: opened(store), lambda: grants.get("larkspur"), lambda: grants.connect(grant("rft.other"))):
        with pytest.raises(Unusable, match="chmod 600") as refused:
            look()
        assert "rft" not in str(refused.value)
    assert "rft.other" not in store.read_text()


def test_the_store_stays_for_its_owner_only_whatever_is_written(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    grants = opened(store, grant("rft.0"))
    writes: tuple[Callable[[], object], ...] = (
        lambda: grants.lease(grant("rft.0"), owner="one", now=NOW, until=NOW + MINUTE),
        lambda: grants.release(grant("rft.0"), owner="one"),
        lambda: grants.connect(grant("rft.login")),
    )
    for write in writes:
        write()
        assert stat.S_IMODE(store.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".tokens.json.")] == [".tokens.json.lock"]


def test_a_store_that_an_earlier_release_wrote_is_understood(tmp_path: Path) -> None:
    store = tmp_path / "tokens.json"
    kept = {
        "descends_from": hashlib.sha256(b"rft.0").hexdigest(),
        "access_token": "act.1",
        "refresh_token": "rft.1",
        "expires_at": "2026-11-21T04:15:00Z",
        "refresh_expires_at": None,
        "scopes": ["user.info.basic"],
        "version": 1,
    }
    store.touch(mode=0o600)
    store.write_text(json.dumps({"larkspur": kept}))

    assert refresh_of(opened(store, grant("rft.0"))) == "rft.1"


@pytest.mark.parametrize(
    "text", ["", "[]", "5", '{"larkspur": 5}', '{"larkspur": {}}', '{"larkspur": {"a": "rft.secret"}}']
)
def test_a_store_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    store = tmp_path / "tokens.json"
    store.touch(mode=0o600)
    store.write_text(text)

    with pytest.raises(Unusable) as refused:
        opened(store)

    assert "rft.secret" not in str(refused.value)


def test_without_a_store_a_state_is_remembered_for_the_run(tmp_path: Path) -> None:
    grants = LocalGrants([grant("rft.0")], store=None, on_unkept=quiet)

    assert grants.note(grant("rft.0"), State.LOST_ROTATION, None, at=NOW)
    found = grants.get("larkspur")
    assert found is not None
    assert found.state is State.LOST_ROTATION
    assert list(tmp_path.iterdir()) == []
