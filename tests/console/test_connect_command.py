"""`nightjar connect` as a person uses it: a browser that comes back, an address that is pasted, and what is said."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import httpx
import pytest

from console.sample.fleet import fleet
from console.sample.server import SampleServer
from tests.console.connecting import COMMAND, KEYS, SCOPES, WEB, Browser, Place


@pytest.fixture
def sample() -> Iterator[SampleServer]:
    with SampleServer(fleet(3, seed=21)) as running:
        yield running
    assert running.errors == []


@pytest.fixture
def browser() -> Iterator[Browser]:
    with httpx.Client(trust_env=False, timeout=30) as client:
        yield Browser(client)


@pytest.fixture
def place(
    tmp_path: Path, sample: SampleServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Place]:
    place = Place(tmp_path, sample.url, monkeypatch, capsys)
    place.write()
    yield place
    place.stop()


LISTEN = ("--no-browser", "--port", "0")


def test_a_browser_comes_back_and_the_shop_is_connected(place: Place, browser: Browser) -> None:
    running = place.start(*LISTEN)
    location = browser.allow(running.address)
    page = browser.visit(location)
    ended = running.finish(None, location.partition("code=")[2].partition("&")[0])

    assert (ended.code, page.status_code) == (0, 200)
    assert "larkspur (Larkspur [b]Candles[/b]) is connected" in ended.out
    assert "Granted: user.info.basic, user.info.profile, user.info.stats." in ended.out
    assert "not granted" not in ended.err
    assert "Larkspur [b]Candles[/b] is connected" in page.text
    kept = place.kept()
    assert kept["access_token"].startswith("act.sample")
    assert kept["refresh_token"].startswith("rft.sample")
    assert (kept["open_id"], kept["state"], kept["version"]) == ("open-larkspur", "connected", 1)
    assert place.waiting() == []


def test_the_users_own_browser_is_opened(place: Place, tmp_path: Path) -> None:
    script = tmp_path / "browser.py"
    script.write_text(
        "import sys, urllib.parse as p, urllib.request as r\n"
        "asked = p.urlsplit(sys.argv[1]).query\n"
        f"form = {{'request': asked, 'account': 'larkspur', 'decision': 'allow', 'scopes': {SCOPES!r}}}\n"
        "r.urlopen(sys.argv[1], p.urlencode(form, doseq=True).encode()).read()\n",
        encoding="utf-8",
    )
    ended = place.start("--port", "0", environment={"BROWSER": f"{sys.executable} {script} %s"}).finish()

    assert ended.code == 0, ended.err
    assert "If no browser opens" in ended.err
    assert place.kept()["state"] == "connected"


def test_a_cancelled_login_says_what_to_do_in_both_places(place: Place, browser: Browser) -> None:
    running = place.start(*LISTEN)
    page = browser.visit(browser.cancel(running.address))
    ended = running.finish()

    assert (ended.code, page.status_code) == (2, 400)
    for told in (ended.err, page.text):
        assert "cancelled at TikTok" in told
        assert "access_denied" in told
    assert place.kept() == {}


def test_what_else_knocks_is_turned_away_and_the_login_goes_on(place: Place, browser: Browser) -> None:
    running = place.start(*LISTEN)
    location = browser.allow(running.address)
    address, _, query = location.partition("?")

    assert browser.visit(address.replace("/callback/", "/favicon.ico")).status_code == 404
    assert browser.visit(f"{address}?code=guess&state=guess").status_code == 400
    assert browser.visit(f"{address}?{query.partition('&state=')[0]}").status_code == 400
    assert browser.visit(location).status_code == 200
    assert running.finish().code == 0


def test_nobody_comes_back_in_time(place: Place) -> None:
    ended = place.start(*LISTEN, "--timeout", "0.3").finish()

    assert ended.code == 2
    assert "TikTok did not answer within 0.3 seconds" in ended.err
    assert "registered as a redirect address" in ended.err


def test_a_port_that_is_taken_is_said_before_anybody_logs_in(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = place.say("--no-browser", "--port", str(taken.getsockname()[1]))

    assert (ended.code, ended.out) == (2, "")
    assert "another program listens there" in ended.err


def test_ctrl_c_ends_it_cleanly(place: Place) -> None:
    running = place.start(*LISTEN)
    running.interrupt()
    ended = running.finish()

    assert ended.code == 130
    assert place.kept() == {}


def test_without_stdin_there_is_nothing_to_paste_into(place: Place) -> None:
    ended = subprocess.run(  # noqa: S602 - our own command, and only a shell closes a handle
        f"exec {shlex.join((COMMAND, *place.words('--paste')))} <&-",
        shell=True,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**os.environ, **KEYS, "XDG_STATE_HOME": str(place.folder)},
    )

    assert (ended.returncode, "no stdin" in ended.stderr) == (2, True)


def test_an_address_is_pasted_while_the_command_waits(place: Place, browser: Browser) -> None:
    running = place.start("--redirect-uri", WEB)
    location = browser.allow(running.address)
    code = unquote(location.partition("code=")[2].partition("&")[0])
    ended = running.finish(f"what?\n\n  '{location}'\n", code, quote(code, safe=""))

    assert ended.code == 0, ended.err
    assert "code_challenge" not in running.address
    assert "That cannot be used" in ended.err
    assert place.kept()["open_id"] == "open-larkspur"
    assert place.waiting() == []


def test_without_a_desktop_the_address_of_this_machine_can_be_pasted_too(place: Place, browser: Browser) -> None:
    begun = place.say("--paste")
    assert (begun.code, "code_challenge_method=S256" in begun.address) == (2, True)
    assert "not connected yet" in begun.err

    ended = place.say("--paste", "--code", browser.allow(begun.address))

    assert ended.code == 0, ended.err


def begin(place: Place, *options: str) -> str:
    """Begin a website's login, which somebody finishes in a later run; return the authorise address."""
    begun = place.say("--redirect-uri", WEB, *options)
    assert begun.code == 2
    assert "not connected yet" in begun.err
    assert len(place.waiting()) == 1
    return begun.address


def test_a_login_is_finished_by_a_later_run_once(place: Place, browser: Browser) -> None:
    location = browser.allow(begin(place))

    ended, again = place.say("--code", location), place.say("--code", location)

    assert (ended.code, again.code) == (0, 2)
    assert "No login of larkspur" in again.err
    assert place.kept()["version"] == 1
    assert place.waiting() == []


def test_the_code_alone_is_enough_however_it_was_copied(place: Place, browser: Browser) -> None:
    location = browser.allow(begin(place))
    code = location.partition("code=")[2].partition("&")[0]
    assert {"%2A", "%21", "%252A"} <= {code[at : at + length] for at in range(len(code)) for length in (3, 5)}

    ended = place.say("--code", code, secrets=(code, unquote(code)))

    assert ended.code == 0, ended.err


def test_the_address_may_be_typed_in_instead_of_standing_in_the_shells_history(place: Place, browser: Browser) -> None:
    location = browser.allow(begin(place))

    assert place.say("--code", "-", typed="").code == 2
    assert place.say("--code", "-", typed=f"{location}\n").code == 0


def test_a_code_that_was_decoded_before_is_dead(place: Place, browser: Browser) -> None:
    location = browser.allow(begin(place))

    ended = place.say("--code", unquote(location.partition("code=")[2].partition("&")[0]))

    assert ended.code == 2
    assert "invalid_grant" in ended.err


def test_another_logins_address_is_not_taken_and_the_own_one_still_is(place: Place, browser: Browser) -> None:
    older = browser.allow(begin(place))
    newer = browser.allow(begin(place))

    wrong, right = place.say("--code", older), place.say("--code", newer)

    assert (wrong.code, right.code) == (2, 0)
    assert "does not carry the state of this login" in wrong.err


def test_the_code_alone_does_not_go_with_taking_any_account(place: Place, browser: Browser) -> None:
    location = browser.allow(begin(place, "--accept-account"))

    ended = place.say("--accept-account", "--code", location.partition("code=")[2].partition("&")[0])

    assert ended.code == 2
    assert "the whole address" in ended.err


def test_another_account_is_not_stored_unless_somebody_says_so(place: Place, browser: Browser) -> None:
    refused = place.say("--code", browser.allow(begin(place), account="brasa"))

    assert refused.code == 2
    assert "Another account is logged in at TikTok: it is open-brasa, and larkspur is open-larkspur" in refused.err
    assert place.kept() == {}

    accepted = place.say("--accept-account", "--code", browser.allow(begin(place), account="brasa"))

    assert accepted.code == 0
    assert '  open_id = "open-brasa"' in accepted.err.splitlines()
    assert place.kept()["open_id"] == "open-brasa"
    assert "open-brasa" not in place.file.read_text(encoding="utf-8")


def test_a_merchant_without_an_account_is_not_connected_to_just_anybody(place: Place, browser: Browser) -> None:
    place.write(open_id=None)

    refused = place.say()

    assert (refused.code, refused.out) == (2, "")
    assert "--accept-account" in refused.err

    accepted = place.say("--accept-account", "--code", browser.allow(begin(place, "--accept-account")))

    assert accepted.code == 0
    assert accepted.err.splitlines()[-2:] == ["  [merchant.tiktok]", '  open_id = "open-larkspur"']


def test_scopes_that_are_missing_name_the_checks_that_suffer(place: Place, browser: Browser) -> None:
    ended = place.say("--code", browser.allow(begin(place), "user.info.basic"))

    assert ended.code == 0
    assert "Granted: user.info.basic." in ended.out
    said = [line.split(maxsplit=2) for line in ended.err.splitlines()]
    assert ["warn", "account_access"] in [words[:2] for words in said]
    assert ["warn", "stats_scope"] in [words[:2] for words in said]
    assert "Follower, like and video counts cannot be read: the permission user.info.stats is missing." in ended.err
    assert "followers, following, likes, videos stay unknown" in ended.err
    assert "--ask-again" in ended.err
    assert place.kept()["scopes"] == ["user.info.basic"]


def test_other_scopes_can_be_asked_for_and_missing_ones_of_the_audit_are_still_named(
    place: Place, browser: Browser
) -> None:
    address = begin(place, "--scopes", "user.info.basic, video.list", "--ask-again")
    assert "scope=user.info.basic,video.list&" in address
    assert "disable_auto_auth=1" in address

    ended = place.say("--code", browser.allow(address, "user.info.basic", "video.list"))

    assert "user.info.profile was not granted" in ended.err
    assert "user.info.stats was not granted" in ended.err
    assert "video.list" in ended.out


def test_a_scope_that_no_check_needs_is_only_mentioned(place: Place, browser: Browser) -> None:
    scopes = ",".join((*SCOPES, "video.list"))
    ended = place.say("--code", browser.allow(begin(place, "--scopes", scopes), *SCOPES))

    assert ended.err.splitlines() == ["video.list was not granted. No check needs it."]


def test_the_next_audit_uses_what_was_stored(place: Place, browser: Browser, sample: SampleServer) -> None:
    place.say("--code", browser.allow(begin(place)))
    files = ("--merchants", str(place.file), "--store", str(place.store))
    audit = subprocess.run(  # noqa: S603 - our own command
        [COMMAND, "audit", *files],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**os.environ, **KEYS},
    )

    assert "TikTok accepts the access token" in audit.stdout
    assert sample.count("/v2/user/info/", "larkspur") >= 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--port", "8585", "--redirect-uri", WEB), "not both"),
        (("--redirect-uri", f"{WEB}?next=1"), "parameters"),
        (("--redirect-uri", "http://agency.example/callback"), "https://"),
        (("--paste", "--port", "0"), "name one with --port"),
        (("--scopes", "user.info.basic,<script>"), "<script>"),
        (("--scopes", ","), "nothing"),
        (("--code", "abc"), "No login of larkspur"),
        (("--authorize-url", "https://evil.example/"), "www.tiktok.com"),
    ],
)
def test_a_call_that_cannot_work_is_refused_before_anybody_logs_in(
    place: Place, options: tuple[str, ...], said: str
) -> None:
    ended = place.say(*options)

    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err


def test_without_the_apps_keys_nobody_is_asked_to_log_in(place: Place) -> None:
    place.monkeypatch.setattr("tests.console.connecting.KEYS", {"NIGHTJAR_TIKTOK_CLIENT_KEY": ""})

    ended = place.say()

    assert (ended.code, ended.out) == (2, "")
    assert "Set NIGHTJAR_TIKTOK_CLIENT_KEY and NIGHTJAR_TIKTOK_CLIENT_SECRET" in ended.err


def test_a_store_that_cannot_be_used_is_said_before_anybody_logs_in(place: Place) -> None:
    place.store.write_text("{}", encoding="utf-8")
    place.store.chmod(0o644)

    ended = place.say()

    assert (ended.code, ended.out) == (2, "")
    assert "can be read by others" in ended.err


def test_one_file_is_not_enough(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Place, "words", lambda self, *_, **__: ("connect", "larkspur", "--store", str(self.store)))

    ended = place.say()

    assert ended.code == 2
    assert "give both" in ended.err
