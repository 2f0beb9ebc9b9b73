"""The TikTok app's keys are read from their secret, kept for minutes, and never repeated."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from functions.audit.errors import NightjarError
from functions.runtime import clients
from functions.runtime.tiktok_app import RememberedApp, TikTokApp, stored_app
from tests.cloud import pretended_aws

APP = TikTokApp(client_key="key", client_secret=SecretStr("MARKED"))


@pytest.mark.parametrize("text", ["MARKED", '{"client_key": ["MARKED"]}', '["MARKED"]'])
def test_keys_that_cannot_be_read_are_an_error_that_repeats_nothing(text: str) -> None:
    with pretended_aws():
        secrets = clients.secrets()
        arn = secrets.create_secret(Name="app", SecretString=text)["ARN"]
        with pytest.raises(NightjarError, match="cannot be read") as failed:
            stored_app(secrets, arn)

    assert "MARKED" not in f"{failed.value!r} {failed.value.__cause__!r}"


def test_a_secret_of_bytes_is_no_keys() -> None:
    with pretended_aws():
        secrets = clients.secrets()
        arn = secrets.create_secret(Name="app", SecretBinary=b"{}")["ARN"]
        with pytest.raises(NightjarError, match="cannot be read"):
            stored_app(secrets, arn)


def test_printing_the_keys_shows_no_secret() -> None:
    assert "MARKED" not in f"{APP!r} {APP}"


@pytest.mark.parametrize(("key", "secret"), [("", "s"), ("k", ""), ("", "")])
def test_half_of_the_keys_are_no_keys(key: str, secret: str) -> None:
    assert not TikTokApp(client_key=key, client_secret=SecretStr(secret)).complete


def test_keys_are_asked_for_again_after_five_minutes_and_not_before() -> None:
    stored = iter(["first", "second", "third"])
    clock = [1000.0]
    app = RememberedApp(lambda: APP.model_copy(update={"client_key": next(stored)}), clock=lambda: clock[0])

    seen = []
    for clock[0] in (1000.0, 1001.0, 1299.9, 1300.0, 1599.9):
        seen.append(app().client_key)

    assert seen == ["first", "first", "first", "second", "second"]


def test_keys_that_nobody_has_stored_yet_are_asked_for_each_time() -> None:
    answers = iter([TikTokApp(), TikTokApp(client_key="key"), APP])
    app = RememberedApp(lambda: next(answers), clock=lambda: 0.0)

    assert [app().complete, app().complete, app().complete, app().complete] == [False, False, True, True]
