"""The command `nightjar audit` itself: its files, options, thresholds, exit codes, stdout and stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.console.auditing import AREAS, Desk, Shop, expect
from tests.console.healthy import NIGHT, page
from tests.console.scenarios import PAGES, SESSIONS, TOKEN, Server, World, failed, serving

COMMAND = str(Path(sys.executable).with_name("nightjar"))


def shell(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command in a process of its own, as a user's script does."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NIGHTJAR_")}
    return subprocess.run(  # noqa: S603 - our own command
        [COMMAND, *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**kept, **environment},
    )


def a_file(folder: Path, *shops: Shop) -> str:
    file = folder / "shops.toml"
    file.write_text("\n".join(shop.toml() for shop in shops), encoding="utf-8")
    return str(file)


def test_a_script_gets_json_on_stdout_nothing_on_stderr_and_0(tmp_path: Path) -> None:
    with serving() as server:
        world = server.world(bare=True)
        world.pages["pages"].append(page("/caf\u00e9-\U0001f56f", 300, 9))
        done = shell(
            "audit",
            "--merchants",
            a_file(tmp_path, Shop(world)),
            "--format",
            "json",
            "--night",
            NIGHT,
            PYTHONIOENCODING="ascii",  # a script's pipe may know no more than this
        )

    assert (done.returncode, done.stderr) == (0, "")
    plain = json.loads(done.stdout)
    assert plain["night"] == NIGHT
    candidates = next(o for o in plain["audits"][0]["outcomes"] if o["check_id"] == "amplify_candidates")
    assert candidates["evidence"]["candidates"][0]["name"] == "/caf\u00e9-\U0001f56f"


def test_a_narrow_terminal_still_gets_its_table(tmp_path: Path) -> None:
    with serving() as server:
        world = server.world(bare=True)
        world.pages["pages"].append(page("/caf\u00e9-\U0001f56f", 3000, 0))
        done = shell("audit", "--merchants", a_file(tmp_path, Shop(world)), "--night", NIGHT, PYTHONIOENCODING="ascii")

    assert (done.returncode, done.stderr) == (0, "")
    assert "/caf?-?" in done.stdout


def test_a_script_sees_critical_as_1_and_the_rotation_on_stderr_alone(tmp_path: Path) -> None:
    with serving() as server:
        world = server.world(bare=True)
        world.sessions["current"]["bounce_rate"] = 80
        world.answers[PAGES] = failed(404, "analytics_not_connected")
        tokens = 'access_token_env = "SHOP_ACCESS"\nrefresh_token_env = "SHOP_REFRESH"'
        done = shell(
            "audit",
            "--merchants",
            a_file(tmp_path, Shop(world, tokens=tokens)),
            "--format",
            "json",
            "--night",
            NIGHT,
            SHOP_ACCESS="act.file",
            SHOP_REFRESH="rft.file",
            NIGHTJAR_TIKTOK_CLIENT_KEY="the-key",
            NIGHTJAR_TIKTOK_CLIENT_SECRET="the-secret",
        )

    assert done.returncode == 1
    assert len(json.loads(done.stdout)["audits"]) == 1
    assert "larkspur" in done.stderr
    for secret in ("act.file", "rft.file", "act.new", "rft.new", "the-secret"):
        assert secret not in done.stdout + done.stderr


def test_a_script_sees_what_could_not_be_looked_at_as_3(tmp_path: Path) -> None:
    with serving() as server:
        world = server.world(bare=True)
        world.answers[SESSIONS] = failed(404, "analytics_not_connected")
        done = shell("audit", "--merchants", a_file(tmp_path, Shop(world)), "--night", NIGHT, "--format", "table")

    assert (done.returncode, done.stderr) == (3, "")
    assert all(check_id in done.stdout for check_id in AREAS)
    assert "not evaluated" in done.stdout
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("audit",),
        ("audit", "--merchants", "/nowhere/shops.toml"),
        ("audit", "--merchants", "/nowhere/shops.toml", "--no-such-option"),
    ],
)
def test_a_script_sees_a_wrong_call_as_2(arguments: tuple[str, ...]) -> None:
    done = shell(*arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "night", ["2026-02-30", "20261121", "tomorrow", "", "2026-11-21T00:00", "21.11.2026", "0000-00-00"]
)
def test_a_night_that_is_none_is_refused(desk: Desk, world: World, night: str) -> None:
    result = desk.audit(Shop(world), night=night)

    assert (result.code, result.out) == (2, "")
    assert "YYYY-MM-DD" in result.err
    assert world.calls == []


@pytest.mark.parametrize(
    "options", [("--format", "xml"), ("--frobnicate",), ("extra",), ("--merchant",), ("--night",)], ids=" ".join
)
def test_an_option_that_is_none_is_refused(desk: Desk, world: World, options: tuple[str, ...]) -> None:
    result = desk.audit(Shop(world), options=options)

    assert (result.code, result.out) == (2, "")
    assert result.err
    assert world.calls == []


def test_one_merchant_can_be_picked(desk: Desk, world: World, server: Server) -> None:
    other = server.world()

    result = desk.audit(Shop(world), Shop(other, id="wren"), options=("--merchant", "wren"))

    expect(result)
    assert [audit["merchant_id"] for audit in result.audits] == ["wren"]
    assert world.calls == []


def test_a_merchant_that_is_not_in_the_file_is_a_mistake(desk: Desk, world: World) -> None:
    result = desk.audit(Shop(world), options=("--merchant", "nobody"))

    assert (result.code, result.out) == (2, "")
    assert "nobody" in result.err
    assert world.calls == []


def test_the_worst_merchant_decides_the_exit_code(desk: Desk, world: World, server: Server) -> None:
    bad, unseen = server.world(), server.world()
    bad.sessions["current"]["cart_abandonment_rate"] = 90
    unseen.answers[SESSIONS] = failed(404, "analytics_not_connected")

    assert desk.audit(Shop(world), Shop(unseen, id="unseen")).code == 3
    assert desk.audit(Shop(unseen, id="unseen"), Shop(bad, id="bad"), Shop(world)).code == 1


def test_warnings_and_good_news_alone_are_0(desk: Desk, world: World) -> None:
    world.sessions["current"]["bounce_rate"] = 70
    world.pages["pages"].append(page("/winner", 500, 9))

    result = desk.audit(Shop(world))

    expect(result, {"bounce_rate": "warn", "amplify_candidates": "info"})
    assert result.code == 0


def test_without_a_night_it_is_tonight(desk: Desk, world: World) -> None:
    file = a_file(desk.folder, Shop(world))
    before = datetime.now(UTC).date()

    result = desk.run("audit", "--merchants", file, "--format", "json")

    assert json.loads(result.out)["night"] in {before.isoformat(), datetime.now(UTC).date().isoformat()}


def test_the_table_shows_every_check_and_every_merchant(desk: Desk, world: World, server: Server) -> None:
    other = server.world()
    other.sessions["current"]["bounce_rate"] = 80
    other.pages["pages"].append(page("/bad\x1b[31m\u202e", 3000, 0))

    result = desk.run(
        "audit", "--merchants", a_file(desk.folder, Shop(world), Shop(other, id="wren")), "--night", NIGHT
    )

    assert result.code == 1
    assert result.err == ""
    for word in ("larkspur", "wren", "critical", "followers", *AREAS):
        assert word in result.out
    assert "\x1b" not in result.out
    assert "\u202e" not in result.out


def test_a_token_may_be_named_by_its_variable(desk: Desk, world: World) -> None:
    desk.monkeypatch.setenv("LARKSPUR_TIKTOK", "act.file")

    expect(desk.audit(Shop(world, tokens='access_token_env = "LARKSPUR_TIKTOK"')))


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_variable_that_is_not_set_is_named(desk: Desk, world: World, value: str | None) -> None:
    desk.monkeypatch.delenv("LARKSPUR_TIKTOK", raising=False)
    if value is not None:
        desk.monkeypatch.setenv("LARKSPUR_TIKTOK", value)

    result = desk.audit(Shop(world, tokens='access_token_env = "LARKSPUR_TIKTOK"'))

    assert (result.code, result.out) == (2, "")
    assert "LARKSPUR_TIKTOK" in result.err
    assert "larkspur" in result.err


def test_another_merchants_variable_is_not_asked_for(desk: Desk, world: World, server: Server) -> None:
    desk.monkeypatch.delenv("WREN_TIKTOK", raising=False)
    other = Shop(server.world(), id="wren", tokens='access_token_env = "WREN_TIKTOK"')

    expect(desk.audit(Shop(world), other, options=("--merchant", "larkspur")))


TIKTOK = '[merchant.tiktok]\nopen_id = "1"\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "merchant = []",
        "merchant = 5",
        "[[merchant",
        "[[merchants]]\nid = 'a'",
        "[[merchant]]\nname = 'A'",
        "[[merchant]]\nid = 'a'",
        "[[merchant]]\nid = 5\nname = 'A'",
        "[[merchant]]\nid = 'UPPER case'\nname = 'A'",
        "[[merchant]]\nid = 'a'\nname = 'A'\nsurprise = 1",
        "[[merchant]]\nid = 'a'\nname = 'A'\ntimezone = 'Europe/Nowhere'",
        "[[merchant]]\nid = 'a'\nname = 'A'\ncurrency = 'pounds'",
        "[[merchant]]\nid = 'a'\nname = 'A'\n[[merchant]]\nid = 'a'\nname = 'B'",
        "[[merchant]]\nid = 'a'\nname = 'A'\n[merchant.tiktok]\naccount_type = 'business'",
        "[[merchant]]\nid = 'a'\nname = 'A'\n[merchant.analytics]\nprovider = 'crystal-ball'",
        f"[[merchant]]\nid = 'a'\nname = 'A'\n{TIKTOK}account_type = 'vip'",
        f"[[merchant]]\nid = 'a'\nname = 'A'\n{TIKTOK}access_token = 'x'\naccess_token_env = 'Y'",
        f"[[merchant]]\nid = 'a'\nname = 'A'\n{TIKTOK}base_url = 'http://open.tiktokapis.com'",
        f"[[merchant]]\nid = 'a'\nname = 'A'\n{TIKTOK}base_url = 'https://evil.example'",
        f"[[merchant]]\nid = 'a'\nname = 'A'\n{TIKTOK}base_url = 'https://open.tiktokapis.com.evil.example'",
        f"[[merchant]]\nid = 'a'\nname = 'A'\n{TIKTOK}base_url = 'https://open.tiktokapis.com@evil.example'",
        f"[[merchant]]\nid = 'a'\nname = 'A'\n{TIKTOK}base_url = 'http://169.254.169.254'",
        f"[[merchant]]\nid = 'a'\nname = 'A'\n{TIKTOK}base_url = 'file:///etc/passwd'",
        f"[[merchant]]\nid = 'a'\nname = 'A'\n{TIKTOK}base_url = ''",
        "[[merchant]]\nid = 'a'\nname = 'A'\n[merchant.analytics]\nbase_url = 'ftp://127.0.0.1'",
    ],
)
def test_a_file_that_cannot_be_used_is_refused_before_anybody_is_asked(desk: Desk, text: str) -> None:
    file = desk.folder / "shops.toml"
    file.write_text(text, encoding="utf-8")

    result = desk.run("audit", "--merchants", str(file), "--format", "json")

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("nightjar: ")
    assert "Traceback" not in result.err
    assert "errors.pydantic.dev" not in result.err


@pytest.mark.parametrize(
    "content", [b"\xff\xfe[[merchant]]", "[[merchant]]\nname = 'caf\u00e9'".encode("latin-1"), b"\x00"]
)
def test_a_file_that_is_no_text_is_refused(desk: Desk, content: bytes) -> None:
    file = desk.folder / "shops.toml"
    file.write_bytes(content)

    assert desk.run("audit", "--merchants", str(file)).code == 2


def test_a_folder_is_no_file(desk: Desk) -> None:
    result = desk.run("audit", "--merchants", str(desk.folder))

    assert (result.code, result.out) == (2, "")


def test_one_wrong_merchant_among_good_ones_refuses_the_file(desk: Desk, world: World) -> None:
    wrong = Shop(world, id="wren", more="[merchant.thresholds.bounce_rate]\nwarn = 65")

    result = desk.audit(Shop(world), wrong)

    assert (result.code, result.out) == (2, "")
    assert "wren" in result.err
    assert world.calls == []


def thresholds(check: str, *lines: str) -> str:
    return "\n".join([f"[merchant.thresholds.{check}]", *lines])


REASON = 'reason = "long-form landing pages"'


@pytest.mark.parametrize(
    ("bounce", "lines", "status", "warn", "critical"),
    [
        (65, ("warn = 65",), "pass", 65, 75),
        (65.1, ("warn = 65",), "warn", 65, 75),
        (65.5, ("warn = 65.5",), "pass", 65.5, 75),
        (80, ("critical = 80",), "warn", 60, 80),
        (80.1, ("critical = 80",), "critical", 60, 80),
        (90, ("warn = 90", "critical = 95"), "pass", 90, 95),
        (65, ("warn = 65", f"expires = {NIGHT}"), "pass", 65, 75),  # its last night
        (65, ("warn = 65", "expires = 2026-11-20"), "warn", 60, 75),
        (65, ("warn = 65", "expires = 2027-01-01"), "pass", 65, 75),
    ],
)
def test_a_merchants_own_thresholds_judge_until_they_expire(
    desk: Desk, world: World, bounce: float, lines: tuple[str, ...], status: str, warn: float, critical: float
) -> None:
    world.sessions["current"]["bounce_rate"] = bounce

    outcome = desk.audit(Shop(world, more=thresholds("bounce_rate", *lines, REASON))).outcome("bounce_rate")

    assert (outcome["status"], outcome["warn"], outcome["critical"]) == (status, warn, critical)


def test_a_critical_may_be_added_to_any_check(desk: Desk, world: World) -> None:
    world.sessions["current"]["pageviews_per_session"] = 1.1

    result = desk.audit(Shop(world, more=thresholds("pageviews_per_session", "critical = 1.2", REASON)))

    assert result.outcome("pageviews_per_session")["status"] == "critical"
    assert result.code == 1


def test_thresholds_are_one_merchants_own(desk: Desk, world: World, server: Server) -> None:
    other = server.world()
    world.sessions["current"]["bounce_rate"] = other.sessions["current"]["bounce_rate"] = 63

    result = desk.audit(Shop(world, more=thresholds("bounce_rate", "warn = 65", REASON)), Shop(other, id="wren"))

    assert [result.outcome("bounce_rate", of=at)["status"] for at in (0, 1)] == ["pass", "warn"]


@pytest.mark.parametrize(
    ("check", "lines"),
    [
        ("bounce_rate", ("warn = 65",)),  # no reason
        ("bounce_rate", ("warn = 65", 'reason = ""')),
        ("bounce_rate", (REASON,)),  # sets nothing
        ("bounce_rate", ("warn = 75", REASON)),  # can never fire before the critical at 75
        ("bounce_rate", ("warn = 80", REASON)),
        ("bounce_rate", ("critical = 50", REASON)),
        ("bounce_rate", ("warn = 101", "critical = 102", REASON)),
        ("bounce_rate", ("warn = -1", REASON)),
        ("bounce_rate", ("warn = nan", REASON)),
        ("bounce_rate", ("warn = inf", REASON)),
        ("bounce_rate", ('warn = "much"', REASON)),
        ("bounce_rate", ("warn = true", REASON)),
        ("bounce_rate", ("warns = 65", REASON)),
        ("bounce_rate", ("warn = 65", REASON, 'expires = "soon"')),
        ("session_conversion_rate", ("warn = 0.5", REASON)),
        ("session_conversion_rate", ("critical = 1", REASON)),
        ("no_such_check", ("warn = 65", REASON)),
        ("stats_scope", ("warn = 5", REASON)),
    ],
)
def test_a_threshold_that_cannot_work_is_refused(desk: Desk, world: World, check: str, lines: tuple[str, ...]) -> None:
    result = desk.audit(Shop(world, more=thresholds(check, *lines)))

    assert (result.code, result.out) == (2, "")
    assert check in result.err
    assert world.calls == []


@pytest.mark.parametrize("token", ["act\u00e9", "act.\U0001f56f", "a b", "x" * 9000])
def test_a_token_of_odd_characters_crashes_nothing(desk: Desk, world: World, token: str) -> None:
    result = desk.audit(Shop(world, tokens=f'access_token = "{token}"\nrefresh_token = "{token}"'))

    assert result.code in {1, 3}
    assert token not in result.out + result.err
    assert world.to(TOKEN) == []
