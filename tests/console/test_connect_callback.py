"""What comes back from TikTok, heard or pasted: decoded once, believed only with its state, kept for ten minutes."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from console.errors import Unusable
from console.login.callback import Foreign, Granted, Refused, read_callback
from console.login.pasted import Terminal, is_bare_code, read_pasted
from console.login.pending import Pending, PendingLogins, state_folder

STATE = "a-state-of-this-login"
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def code_of(answer: object) -> str:
    assert isinstance(answer, Granted)
    return answer.code.get_secret_value()


def test_the_callback_of_the_documents_is_read() -> None:
    answer = read_callback(f"code=abc%2A1%21&scopes=user.info.basic%2Cuser.info.stats&state={STATE}", STATE)

    assert code_of(answer) == "abc*1!"
    assert isinstance(answer, Granted)
    assert answer.scopes == ("user.info.basic", "user.info.stats")
    assert "abc*1!" not in repr(answer)


@pytest.mark.parametrize("encoded", ["%2A%21", "*!", "%2a!"])
def test_stars_and_exclamation_marks_survive_however_they_travel(encoded: str) -> None:
    assert code_of(read_callback(f"code=x{encoded}y&state={STATE}", STATE)) == "x*!y"


def test_a_percent_sign_of_the_code_itself_is_not_decoded_again() -> None:
    assert code_of(read_callback(f"code=a%252Ab&state={STATE}", STATE)) == "a%2Ab"


def test_a_plus_sign_stays_one() -> None:
    assert code_of(read_callback(f"code=a+b%2Bc&state={STATE}", STATE)) == "a+b+c"


@given(st.text(alphabet=[chr(n) for n in range(0x21, 0x7F)], min_size=1, max_size=300))
def test_any_code_arrives_as_it_was_sent_heard_pasted_or_bare(code: str) -> None:
    query = urlencode({"code": code, "scopes": "user.info.basic", "state": STATE}, quote_via=quote, safe="")

    assert code_of(read_callback(query, STATE)) == code
    assert code_of(read_pasted(f"  'https://agency.example/cb?{query}#_'\n", STATE)) == code
    assert code_of(read_pasted(quote(code, safe=""), STATE)) == code


@given(st.text(max_size=200))
def test_nothing_without_the_state_is_believed(query: str) -> None:
    assert isinstance(read_callback(query, STATE), Foreign)
    assert isinstance(read_callback(f"{query}&code=abc&error=access_denied", STATE), Foreign)


@pytest.mark.parametrize(
    "query",
    [
        "code=abc",
        "code=abc&state=",
        f"code=abc&state={STATE}x",
        f"code=abc&state={STATE[:-1]}",
        f"code=abc&state={STATE.upper()}",
        f"code=abc&state=%FF{STATE}",
        "code=abc&state=\u00e9",
        f"code=abc&state={STATE}&state={STATE}",
        f"code=abc&code=def&state={STATE}",
        f"code=&state={STATE}",
        f"state={STATE}",
        f"code=a%20b&state={STATE}",
        f"code=a%0Ab&state={STATE}",
        f"code=%FF&state={STATE}",
        f"code={'a' * 4097}&state={STATE}",
        "",
    ],
)
def test_what_is_not_this_logins_callback_is_foreign(query: str) -> None:
    assert isinstance(read_callback(query, STATE), Foreign)


def test_a_refusal_is_one_even_if_a_code_comes_with_it() -> None:
    query = f"error=access_denied&error_description=User%20cancelled&code=abc&state={STATE}"

    assert read_callback(query, STATE) == Refused("access_denied")


@pytest.mark.parametrize("text", ["", "   ", "https://agency.example/cb", "two words", "\u00e9", "%FF"])
def test_what_is_neither_an_address_nor_a_code_is_foreign(text: str) -> None:
    assert isinstance(read_pasted(text, STATE), Foreign)


def test_the_authorise_address_pasted_by_mistake_is_no_answer() -> None:
    pasted = f"https://www.tiktok.com/v2/auth/authorize/?client_key=k&response_type=code&state={STATE}"

    assert read_pasted(pasted, STATE) == Foreign("it carries no code")


def test_a_bare_code_is_told_from_an_address() -> None:
    assert is_bare_code("abc%2A1%21")
    assert not is_bare_code("https://agency.example/cb?code=abc")
    assert not is_bare_code("code=abc&state=x")


# What waits for a later run


def login(begun_at: datetime = NOW) -> Pending:
    return Pending(
        state=SecretStr("STATE-MARKED"),
        verifier=SecretStr("VERIFIER-MARKED"),
        redirect_uri="https://agency.example/cb",
        scopes=("user.info.basic",),
        begun_at=begun_at,
    )


@pytest.fixture
def logins(tmp_path: Path) -> PendingLogins:
    return PendingLogins(tmp_path / "state" / "nightjar")


def test_a_login_waits_under_its_own_name(logins: PendingLogins) -> None:
    logins.keep("on stage dev larkspur", login())

    assert logins.find("on stage dev larkspur", NOW) == login()
    assert logins.find("on stage dev brasa", NOW) is None
    assert logins.find("on stage prod larkspur", NOW) is None


def test_a_login_is_for_its_owners_eyes_and_is_not_printed(logins: PendingLogins) -> None:
    logins.keep("x", login())

    (file,) = logins.folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(logins.folder.stat().st_mode) == 0o700
    assert "MARKED" not in repr(login())


@pytest.mark.parametrize(
    ("age", "there"),
    [
        (timedelta(), True),
        (timedelta(minutes=9, seconds=59), True),
        (timedelta(minutes=10), False),
        (timedelta(seconds=-1), False),
    ],
)
def test_a_login_waits_for_ten_minutes(logins: PendingLogins, *, age: timedelta, there: bool) -> None:
    logins.keep("x", login())

    assert (logins.find("x", NOW + age) is not None) is there


def test_a_newer_login_takes_the_place_of_the_older_and_a_dropped_one_is_gone(logins: PendingLogins) -> None:
    logins.keep("x", login(NOW - timedelta(minutes=9)))
    logins.keep("x", login())
    assert len(list(logins.folder.iterdir())) == 1

    logins.drop("x")
    logins.drop("x")
    assert list(logins.folder.iterdir()) == []


def test_sweeping_forgets_what_is_over_or_unreadable_and_nothing_else(logins: PendingLogins) -> None:
    logins.keep("old", login(NOW - timedelta(minutes=11)))
    logins.keep("new", login())
    (logins.folder / "login-broken.json").write_text('{"state": "STATE', encoding="utf-8")
    (logins.folder / "others.json").write_text("somebody else's", encoding="utf-8")

    logins.sweep(NOW)

    assert logins.find("new", NOW) is not None
    assert sorted(path.name for path in logins.folder.iterdir() if "others" in path.name) == ["others.json"]
    assert len(list(logins.folder.iterdir())) == 2


def test_sweeping_a_folder_that_was_never_made_is_nothing(logins: PendingLogins) -> None:
    logins.sweep(NOW)

    assert not logins.folder.exists()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(Unusable, match="cannot be kept"):
        PendingLogins(tmp_path / "file" / "nightjar").keep("x", login())


def test_the_folder_is_the_platforms_own() -> None:
    home = Path("/home/ada")

    assert state_folder({}, platform="linux", home=home) == home / ".local/state/nightjar"
    assert state_folder({"XDG_STATE_HOME": "/var/ada"}, platform="linux", home=home) == Path("/var/ada/nightjar")
    assert state_folder({"XDG_STATE_HOME": "relative"}, platform="linux", home=home) == home / ".local/state/nightjar"
    assert state_folder({}, platform="darwin", home=home) == home / "Library/Application Support/nightjar"


# What is typed into a terminal


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for handle in (reading, writing):
        try:
            os.close(handle)
        except OSError:
            continue  # the story closed it


def ticking() -> float:
    return 0.0


def test_lines_come_one_by_one_however_they_arrive(pipe: tuple[int, int]) -> None:
    terminal = Terminal(pipe[0], clock=ticking)
    os.write(pipe[1], b"one\ntwo\nthr")
    os.write(pipe[1], b"ee\n")

    assert [terminal.line(1), terminal.line(1), terminal.line(1)] == ["one", "two", "three"]


def test_a_last_line_without_an_end_counts_and_then_there_is_none(pipe: tuple[int, int]) -> None:
    terminal = Terminal(pipe[0], clock=ticking)
    os.write(pipe[1], b"last")
    os.close(pipe[1])

    assert [terminal.line(1), terminal.line(1)] == ["last", None]


def test_nobody_waits_longer_than_was_said(pipe: tuple[int, int]) -> None:
    with pytest.raises(Unusable, match="--timeout"):
        Terminal(pipe[0], clock=lambda: 5.0).line(5.0)


def test_a_line_without_end_is_refused(pipe: tuple[int, int]) -> None:
    terminal = Terminal(pipe[0], clock=ticking)
    os.write(pipe[1], b"x" * 20_000)

    with pytest.raises(Unusable, match="too long"):
        terminal.line(1)
