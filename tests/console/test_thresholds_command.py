"""`nightjar thresholds`, as a person types it: tried first, asked about, and saved with a reason or not at all."""

from __future__ import annotations

import io

import pytest

from functions.audit.merchant import Override
from tests.builders import merchant, overriding
from tests.cloud import Cloud
from tests.console.reading import plain, unsafe
from tests.console.test_stage_commands import Say, cloud, say
from tests.console.trying import lived, nights_ago

__all__ = ["cloud", "say"]  # fixtures

REASON = "An impulse shop: many look once."
SET = ("thresholds", "set", "bounce_rate", "--merchant", "larkspur", "--reason", REASON)


def _own(cloud: Cloud, merchant_id: str = "larkspur") -> dict[str, Override]:
    stored = cloud.tables.merchants.get(merchant_id)
    assert stored is not None
    return dict(stored.thresholds)


def test_what_it_would_have_done_is_shown_and_it_is_saved_with_its_reason(cloud: Cloud, say: Say) -> None:
    lived(cloud, {1: "64", 0: "80"})

    said = say(*SET, "--warn", "65", "--until", nights_ago(-30).isoformat(), "--yes")

    assert said.code == 0
    assert "It would have fired on 1 of 2 nights (0 warn, 1 critical)" in plain(said.out)
    assert said.out.splitlines()[-1] == (
        f"bounce_rate of larkspur is judged by warn 65 until {nights_ago(-30)} from the next night on."
    )
    assert _own(cloud) == {"bounce_rate": Override(warn="65", reason=REASON, expires=nights_ago(-30))}


def test_what_is_not_given_stays_as_the_merchant_had_it(cloud: Cloud, say: Say) -> None:
    own = Override(warn="40", critical="70", reason="of old")
    lived(cloud, {0: "64"}, thresholds={"bounce_rate": own, "session_duration": own.model_copy(update={"warn": None})})

    said = say(*SET, "--warn", "50", "--yes")

    assert said.code == 0
    assert _own(cloud)["bounce_rate"] == Override(warn="50", critical="70", reason=REASON)
    assert _own(cloud)["session_duration"].reason == "of old"


def test_what_fits_is_decided_by_the_merchants_own_thresholds_and_not_by_the_profile(cloud: Cloud, say: Say) -> None:
    lived(cloud, {0: "64"}, thresholds={"bounce_rate": Override(critical="90", reason="of old")})

    said = say(*SET, "--warn", "80", "--yes")

    assert (said.code, _own(cloud)["bounce_rate"]) == (0, Override(warn="80", critical="90", reason=REASON))


def test_what_is_over_is_not_taken_over(cloud: Cloud, say: Say) -> None:
    lived(
        cloud, {}, thresholds={"bounce_rate": Override(warn="40", critical="70", reason="over", expires=nights_ago(3))}
    )

    said = say(*SET, "--warn", "72", "--yes")

    assert (said.code, said.err) == (0, "Of the last 30 nights of larkspur no snapshot is stored: not tried first.\n")
    assert _own(cloud)["bounce_rate"] == Override(warn="72", reason=REASON)


def test_where_nobody_answers_nothing_is_saved(cloud: Cloud, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    lived(cloud, {0: "64"})
    monkeypatch.setattr("sys.stdin", io.StringIO())

    said = say(*SET, "--warn", "65")

    assert said.code == 2
    assert said.err.endswith("nightjar: Nobody answered, so nothing was changed; --yes does not ask.\n")
    assert _own(cloud) == {}


def test_two_at_once_do_not_overwrite_each_other(cloud: Cloud, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    lived(cloud, {0: "64"})

    def meanwhile(*_: object, **__: object) -> bool:
        stored = cloud.tables.merchants.get("larkspur")
        assert stored is not None
        cloud.tables.merchants.save(stored.model_copy(update={"name": "Another name"}))
        return True

    monkeypatch.setattr("typer.confirm", meanwhile)
    said = say(*SET, "--warn", "65")

    assert (said.code, _own(cloud)) == (2, {})
    assert said.err.endswith("Nothing was saved: somebody else changed larkspur meanwhile. Look, and try again.\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--warn", "650"), "650 is outside 0 to 100 percent"),
        (("--warn", "80"), "warn 80 can never fire before critical 75"),
        ((), "Propose something for bounce_rate"),
        (("--warn", "65", "--until", "2020-01-01"), "is over already"),
        (("--warn", "65", "--until", "soon"), "soon"),
        (("--warn", "65", "--reason", " "), "reason"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_is_asked(
    cloud: Cloud, say: Say, words: tuple[str, ...], said: str
) -> None:
    lived(cloud, {0: "64"})

    answer = say(*SET, *words)

    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert _own(cloud) == {}


def test_taken_back_the_profile_applies_again(cloud: Cloud, say: Say) -> None:
    cloud.tables.merchants.save(overriding("bounce_rate", warn="50"))
    words = ("thresholds", "unset", "bounce_rate", "--merchant", "larkspur")

    first, second = say(*words), say(*words)

    assert (first.code, first.out) == (
        0,
        "bounce_rate of larkspur is judged by the profile again, from the next night on.\n",
    )
    assert _own(cloud) == {}
    assert (second.code, second.err) == (2, "nightjar: larkspur has no thresholds of its own for bounce_rate.\n")


def test_they_are_listed_with_who_set_them(cloud: Cloud, say: Say) -> None:
    cloud.tables.merchants.save(merchant(thresholds={"bounce_rate": Override(warn="50", reason="[red]\u202eevil")}))

    rows = say("thresholds", "list", "--merchant", "larkspur", "--format", "json").plain["thresholds"]
    table = say("thresholds", "list", "--merchant", "larkspur")
    plain_profile = say("thresholds", "list", "--format", "json").plain["thresholds"]

    (own,) = (row for row in rows if row["check_id"] == "bounce_rate")
    (default,) = (row for row in plain_profile if row["check_id"] == "bounce_rate")
    assert (len(rows), own["warn"], own["critical"], own["set_by"]) == (17, 50, 75, "merchant")
    assert (default["warn"], default["critical"], default["set_by"], default["reason"]) == (60, 75, "default", None)
    assert (table.code, unsafe(table.out)) == (0, [])
    assert "[red]" in table.out
