"""Success is the code ok in an error object with a 2xx status; anything else becomes its reason."""

from __future__ import annotations

from typing import Any

import pytest

from functions.audit.absence import Reason
from functions.fetcher.answer import Answer
from functions.fetcher.sources.envelope import Failure, open_envelope, passing


def failure(answer: Answer) -> Failure:
    opened = open_envelope(answer, what="/analytics/sessions")
    assert isinstance(opened, Failure)
    return opened


def error(code: object, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": "act.secret", **more}}


def test_ok_with_an_object_is_success() -> None:
    assert open_envelope(Answer(200, {"data": {"a": 1}, **error("ok")}), what="it") == {"a": 1}


@pytest.mark.parametrize("data", [None, [], "data", 5, True])
def test_ok_without_an_object_of_data_failed(data: object) -> None:
    assert failure(Answer(200, {"data": data, **error("ok")})).reason is Reason.SOURCE_FAILED


def test_ok_without_data_failed() -> None:
    assert failure(Answer(200, error("ok"))).reason is Reason.SOURCE_FAILED


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        [],
        0,
        "",
        {"code": None},
        {"code": ""},
        {"code": 0},
        {"code": ["ok"]},
        {"code": "OK"},
        "ok",
        {"code": "Ok"},
    ],
)
def test_without_the_code_ok_it_is_no_success(said: object) -> None:
    assert failure(Answer(200, {"data": {"current": {}}, "error": said})).reason is Reason.SOURCE_FAILED


def test_without_an_error_key_it_is_no_success() -> None:
    assert failure(Answer(200, {"data": {"current": {}}})).reason is Reason.SOURCE_FAILED


@pytest.mark.parametrize("status", [200, 400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("access_token_invalid", Reason.UNAUTHORIZED),
        ("access_token_expired", Reason.UNAUTHORIZED),
        ("scope_not_authorized", Reason.SCOPE_MISSING),
        ("scope_permission_missed", Reason.SCOPE_MISSING),
        ("rate_limit_exceeded", Reason.RATE_LIMITED),
        ("analytics_not_connected", Reason.NOT_CONNECTED),
        ("data_not_ready", Reason.SOURCE_STALE),
    ],
)
def test_a_known_code_decides_whatever_the_status(status: int, code: str, reason: Reason) -> None:
    assert failure(Answer(status, error(code))).reason is reason
    assert failure(Answer(status, {"error": code})).reason is reason


@pytest.mark.parametrize("code", ["invalid_params", "internal_error", "analytics_backend_error", "nobody_knows_this"])
@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (200, Reason.SOURCE_FAILED),
        (302, Reason.SOURCE_FAILED),
        (400, Reason.SOURCE_FAILED),
        (401, Reason.UNAUTHORIZED),
        (403, Reason.UNAUTHORIZED),
        (404, Reason.SOURCE_FAILED),
        (429, Reason.RATE_LIMITED),
        (500, Reason.SOURCE_FAILED),
    ],
)
def test_of_any_other_code_the_status_decides(code: str, status: int, reason: Reason) -> None:
    assert failure(Answer(status, error(code))).reason is reason


@pytest.mark.parametrize(
    ("status", "reason"), [(401, Reason.UNAUTHORIZED), (429, Reason.RATE_LIMITED), (502, Reason.SOURCE_FAILED)]
)
def test_without_json_or_with_a_wrong_ok_the_status_decides(status: int, reason: Reason) -> None:
    assert failure(Answer(status, problem="answered something that is not JSON")).reason is reason
    assert failure(Answer(status, {"data": {}, **error("ok")})).reason is reason


def test_the_detail_names_call_status_code_and_log_id_and_nothing_of_the_message() -> None:
    seen = failure(Answer(500, error("internal_error", log_id="20261121021500CBE8")))

    assert seen.absent.causes[0].detail == "/analytics/sessions answered 500 internal_error (log id 20261121021500CBE8)"


@pytest.mark.parametrize("odd", ["act.secret bearer", "x" * 65, "a\nb", "é", "\ud800", ""])
def test_an_odd_code_or_log_id_is_not_repeated(odd: str) -> None:
    detail = failure(Answer(500, error(odd or "internal_error", log_id=odd))).absent.causes[0].detail

    assert not odd or odd not in detail
    assert detail.isprintable()


@pytest.mark.parametrize("code", ["rate_limit_exceeded", "internal_error", "data_not_ready", "analytics_backend_error"])
@pytest.mark.parametrize("status", [200, 400, 500])
def test_failures_that_pass_are_known_by_their_code(code: str, status: int) -> None:
    assert passing(Answer(status, error(code)))


@pytest.mark.parametrize("status", [None, 429, 500, 502, 503, 504])
def test_failures_that_pass_are_known_by_their_status(status: int | None) -> None:
    assert passing(Answer(status))


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 405, 501])
def test_other_failures_stay(status: int) -> None:
    assert not passing(Answer(status))


@pytest.mark.parametrize("code", ["access_token_invalid", "scope_not_authorized", "analytics_not_connected"])
def test_a_final_word_is_not_asked_for_again(code: str) -> None:
    assert not passing(Answer(503, error(code)))
