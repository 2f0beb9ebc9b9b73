"""The tokens of a local audit: rotated pairs are kept, or it is said that they are not."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from pydantic import SecretStr

from console.errors import Unusable
from console.local_grants import LocalGrants
from functions.audit.errors import Conflict
from functions.audit.grant import Grant


def grant(refresh: str, *, access: str = "act.0", version: int = 0) -> Grant:
    return Grant(
        merchant_id="larkspur", access_token=SecretStr(access), refresh_token=SecretStr(refresh), version=version
    )


def refresh_of(grants: LocalGrants) -> str:
    found = grants.get("larkspur")
    assert found is not None
    assert found.refresh_token is not None
    return found.refresh_token.get_secret_value()


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
    store.write_text('{"larkspur": {"refresh_token": "rft.secret"')

    with pytest.raises(Unusable) as refused:
        LocalGrants([grant("rft.0")], store=store, on_unkept=quiet)

    assert "rft.secret" not in str(refused.value)
