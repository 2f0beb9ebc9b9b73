"""The log is an allow-list, and of an error it tells only what we wrote ourselves."""

from __future__ import annotations

import pytest

from functions.audit.errors import Conflict, ForbiddenHost, InvalidMessage, NightjarError
from functions.runtime.telemetry import ALLOWED, about
from tests.runtime.conftest import Log


def test_a_line_has_its_sentence_its_service_and_the_keys_that_are_allowed(log: Log) -> None:
    log.logger.info("Fetched.", extra={"merchant_id": "larkspur", "night": "2026-11-21", "status": "fetched"})

    (line,) = log.lines
    assert (line["message"], line["level"], line["service"]) == ("Fetched.", "INFO", "room-of-a-test")
    assert (line["merchant_id"], line["night"], line["status"]) == ("larkspur", "2026-11-21", "fetched")
    assert set(line) <= ALLOWED


@pytest.mark.parametrize("key", ["access_token", "email", "body", "headers", "url", "event", "exception", "secret"])
def test_a_key_that_nobody_allowed_is_left_out(log: Log, key: str) -> None:
    log.logger.info("Fetched.", extra={key: "MARKED", "merchant_id": "larkspur"})

    assert "MARKED" not in log.text
    assert log.lines[0]["merchant_id"] == "larkspur"


def test_keys_that_are_appended_are_left_out_too(log: Log) -> None:
    log.logger.append_keys(access_token="MARKED")
    log.logger.warning("Something odd.")

    assert "MARKED" not in log.text
    assert log.lines[0]["message"] == "Something odd."


def test_a_traceback_is_left_out(log: Log) -> None:
    try:
        int("MARKED")
    except ValueError:
        log.logger.exception("It failed.")

    assert "MARKED" not in log.text
    assert "Traceback" not in log.text


def test_what_others_wrote_into_their_error_is_not_told() -> None:
    facts = about(_raised(ValueError("the header 'Bearer MARKED' is odd")))

    assert facts["error_type"] == "ValueError"
    assert "error_says" not in facts
    assert "MARKED" not in repr(facts)


@pytest.mark.parametrize("kind", [NightjarError, Conflict, InvalidMessage, ForbiddenHost])
def test_what_we_wrote_into_our_error_is_told(kind: type[NightjarError]) -> None:
    facts = about(_raised(kind("Import the merchant first.")))

    assert (facts["error_type"], facts["error_says"]) == (kind.__name__, "Import the merchant first.")


def test_an_error_tells_where_it_was_raised_without_the_machines_folders() -> None:
    (place,) = _places(about(_raised(KeyError("x"))))

    assert place.startswith("test_telemetry.py:")
    assert place.endswith(" _raised")


def test_the_cause_of_our_error_keeps_its_words_to_itself() -> None:
    error = NightjarError("Ours.")
    error.__cause__ = ValueError("MARKED")

    assert "MARKED" not in repr(about(_raised(error)))


def test_everything_that_an_error_tells_may_be_logged() -> None:
    assert set(about(_raised(NightjarError("Ours.")))) <= ALLOWED


def _raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def _places(facts: dict[str, object]) -> list[str]:
    places = facts["error_at"]
    assert isinstance(places, list)
    return places
